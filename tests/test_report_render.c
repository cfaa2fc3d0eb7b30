/* SPDX-License-Identifier: Apache-2.0 */
/* Whole outputs, byte for byte. ES_RENEW_GOLDEN=1 rewrites testdata/golden/; the diff is then reviewed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/report/report.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;

static cJSON *mixed(enum es_audience audience)
{
    stand_in_init(&site);
    stand_in_mixed(&site);
    site.config.internal = (struct es_disclosure){ES_DISCLOSE_FLOOR, 5};
    site.retrospect = true;
    memcpy(site.config.note, "Hand-made rows.", sizeof "Hand-made rows.");
    return stand_in_release(&site, audience);
}

static void same_as_golden(const struct es_bytes *got, const char *name)
{
    char relative[160];
    size_t len = 0;
    snprintf(relative, sizeof relative, "golden/%s", name);
    const char *path = es_testdata(relative), *renew = getenv("ES_RENEW_GOLDEN");
    if (renew && strcmp(renew, "1") == 0) {
        FILE *f = fopen(path, "wb");
        CU_ASSERT_PTR_NOT_NULL_FATAL(f);
        CU_ASSERT_EQUAL(fwrite(got->data, 1, got->len, f), got->len);
        CU_ASSERT_EQUAL(fclose(f), 0);
        return;
    }
    char *want = es_test_slurp(path, &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(want);
    const bool same = len == got->len && memcmp(want, got->data, len) == 0;
    CU_ASSERT(same);
    if (!same) {
        size_t at = 0, line = 1;
        while (at < len && at < got->len && (unsigned char)want[at] == got->data[at]) line += want[at++] == '\n';
        printf("    %s differs in line %zu (byte %zu); ES_RENEW_GOLDEN=1 rewrites it\n", name, line, at);
    }
    free(want);
}

typedef enum es_errc (*renderer)(const cJSON *, struct es_bytes *, struct es_error *);
static enum es_errc as_text(const cJSON *release, struct es_bytes *out, struct es_error *err)
{
    return es_render_text(release, 120, out, err);
}

static void render(enum es_audience audience, renderer with, const char *name)
{
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    cJSON *release = mixed(audience);
    CU_ASSERT_EQUAL_FATAL(with(release, &bytes, &err), ES_OK);
    CU_ASSERT_EQUAL(bytes.data[bytes.len], '\0');
    CU_ASSERT_EQUAL(bytes.data[bytes.len - 1], '\n');
    same_as_golden(&bytes, name);
    es_bytes_free(&bytes);
    CU_ASSERT_PTR_NULL(bytes.data);
    cJSON_Delete(release);
}

static void json_is_as_reviewed(void)
{
    render(ES_AUDIENCE_INTERNAL, es_render_json, "mixed.json");
}

static void json_for_others_is_as_reviewed(void)
{
    render(ES_AUDIENCE_EXTERNAL, es_render_json, "mixed-external.json");
}

static void csv_is_as_reviewed(void)
{
    render(ES_AUDIENCE_INTERNAL, es_render_csv, "mixed.csv");
}

static void openmetrics_is_as_reviewed(void)
{
    render(ES_AUDIENCE_INTERNAL, es_render_openmetrics, "mixed-openmetrics.txt");
}

static void text_is_as_reviewed(void)
{
    render(ES_AUDIENCE_INTERNAL, as_text, "mixed-terminal.txt");
}

static void json_reads_back_as_the_release(void)
{
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    cJSON *release = mixed(ES_AUDIENCE_INTERNAL), *back = NULL;
    CU_ASSERT_EQUAL_FATAL(es_render_json(release, &bytes, &err), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_json_parse(&back, (const char *)bytes.data, bytes.len, false, &err), ES_OK);
    CU_ASSERT_TRUE(cJSON_Compare(release, back, true));
    es_bytes_free(&bytes);
    cJSON_Delete(back);
    cJSON_Delete(release);
}

/** A small release around one group with these names; what is under test is how they are escaped. */
static cJSON *named(const char *model, const char *level)
{
    char text[1200];
    struct es_error err = {0};
    cJSON *release = NULL;
    snprintf(text, sizeof text,
             "{\"schema\":\"evensight-report/1\",\"site\":\"A\",\"axes\":[{\"name\":\"my axis\"},{\"name\":\"site\"}],"
             "\"metrics\":[{\"name\":\"sensitivity\",\"doc\":\"d\"}],\"models\":[{\"name\":\"%s\",\"version\":null,\"epochs\":[],"
             "\"findings\":[{\"finding\":\"f\",\"epoch\":1,\"groups\":[{\"group\":{\"my axis\":\"%s\",\"site\":\"x\"},\"cases\":5,"
             "\"metrics\":{\"sensitivity\":{\"status\":\"estimated\",\"value\":-0.25,\"lo\":null,\"hi\":1e-7,\"n\":5,\"patients\":5}}}]}]}]}",
             model, level);
    CU_ASSERT_EQUAL_FATAL(es_json_parse(&release, text, strlen(text), false, &err), ES_OK);
    return release;
}

static char *rendered(renderer with, cJSON *release)
{
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(with(release, &bytes, &err), ES_OK);
    cJSON_Delete(release);
    return (char *)bytes.data;
}

static void csv_defuses_formulas_and_doubles_quotes(void)
{
    static const char *const bad[] = {"=1+1", "+1", "-1", "@x", "\\tx"};
    static const char *const shown[] = {"\"'=1+1\"", "\"'+1\"", "\"'-1\"", "\"'@x\"", "\"'\tx\""};
    for (size_t i = 0; i < 5; i++) {
        char *csv = rendered(es_render_csv, named(bad[i], "L"));
        CU_ASSERT_PTR_NOT_NULL(strstr(csv, shown[i]));
        free(csv);
    }
    char *csv = rendered(es_render_csv, named("a\\\"b", "L"));
    CU_ASSERT_PTR_NOT_NULL(strstr(csv, "\"a\"\"b\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(csv, ",-0.25,,1e-07,5,5,")); /* a negative number stays a number; null is empty */
    free(csv);
}

static void openmetrics_escapes_labels_and_names_axes_apart(void)
{
    char *text = rendered(es_render_openmetrics, named("a\\\"b\\\\c\\nd", "L"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "model=\"a\\\"b\\\\c\\nd\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "my_axis=\"L\",axis2_site=\"x\"} -0.25\n"));
    CU_ASSERT_STRING_EQUAL(text + strlen(text) - 6, "# EOF\n");
    CU_ASSERT_PTR_NULL(strstr(text, "evensight_sensitivity_lo{")); /* not known: no sample, not 0 */
    free(text);
}

/** Characters, not bytes: continuation bytes are left out. */
static size_t width_of(const char *line, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++) n += ((unsigned char)line[i] & 0xc0) != 0x80;
    return n;
}

static void text_keeps_to_its_width_and_shows_unknown(void)
{
    static const unsigned widths[] = {80, 100, 132};
    for (size_t w = 0; w < 3; w++) {
        struct es_bytes bytes = {0};
        struct es_error err = {0};
        cJSON *release = mixed(ES_AUDIENCE_INTERNAL);
        CU_ASSERT_EQUAL_FATAL(es_render_text(release, widths[w], &bytes, &err), ES_OK);
        for (const char *line = (const char *)bytes.data; *line;) {
            const char *end = strchr(line, '\n');
            CU_ASSERT(width_of(line, (size_t)(end - line)) <= widths[w]);
            line = end + 1;
        }
        CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "sex unknown"));
        es_bytes_free(&bytes);
        cJSON_Delete(release);
    }
}

static void columns_line_up_for_names_beyond_ascii(void)
{
    char *text = rendered(as_text, named("m", "\\u00c4\\u00d6\\u00dc"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  group                cases"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "  my axis \xc3\x84\xc3\x96\xc3\x9c, site x      5"));
    free(text);
}

static void what_is_no_release_is_refused(void)
{
    static const renderer all[] = {es_render_json, es_render_csv, es_render_openmetrics, as_text};
    cJSON *other = cJSON_Parse("{\"schema\":\"evensight-report/9\",\"models\":[]}");
    for (size_t i = 0; i < 4; i++) {
        struct es_bytes bytes = {0};
        struct es_error err = {0};
        CU_ASSERT_EQUAL(all[i](other, &bytes, &err), ES_E_PARSE);
        CU_ASSERT_STRING_EQUAL(err.text, "release: schema is \"evensight-report/9\", expected \"evensight-report/1\"");
        CU_ASSERT_PTR_NULL(bytes.data);
    }
    cJSON_Delete(other);
}

static void a_release_nested_too_deep_is_refused(void)
{
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    cJSON *release = named("m", "L"), *at = cJSON_AddArrayToObject(release, "deep");
    for (int i = 0; i < ES_JSON_MAX_DEPTH; i++) {
        cJSON *next = cJSON_CreateArray();
        CU_ASSERT_TRUE(cJSON_AddItemToArray(at, next));
        at = next;
    }
    CU_ASSERT_EQUAL(es_render_json(release, &bytes, &err), ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, "a release nests at most 32 deep; this one is deeper");
    cJSON_Delete(release);
}

static const struct es_test tests[] = {{"json_is_as_reviewed", json_is_as_reviewed},
                                       {"json_for_others_is_as_reviewed", json_for_others_is_as_reviewed},
                                       {"csv_is_as_reviewed", csv_is_as_reviewed},
                                       {"openmetrics_is_as_reviewed", openmetrics_is_as_reviewed},
                                       {"text_is_as_reviewed", text_is_as_reviewed},
                                       {"json_reads_back_as_the_release", json_reads_back_as_the_release},
                                       {"csv_defuses_formulas_and_doubles_quotes", csv_defuses_formulas_and_doubles_quotes},
                                       {"openmetrics_escapes_labels_and_names_axes_apart", openmetrics_escapes_labels_and_names_axes_apart},
                                       {"text_keeps_to_its_width_and_shows_unknown", text_keeps_to_its_width_and_shows_unknown},
                                       {"columns_line_up_for_names_beyond_ascii", columns_line_up_for_names_beyond_ascii},
                                       {"what_is_no_release_is_refused", what_is_no_release_is_refused},
                                       {"a_release_nested_too_deep_is_refused", a_release_nested_too_deep_is_refused},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_render", tests, argc, argv);
}
