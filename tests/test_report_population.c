/* SPDX-License-Identifier: Apache-2.0 */
/* The reference population: its file, and the shares of a release against it. Expected numbers are worked by hand; the distance
 * was computed apart from its definition (Lin 1991). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/config/population.h"
#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;
static const char census[] = "# from the census\naxis,level,share,source,date\nsex,F,0.5,\"ONS, 2021\",2021-03-21\nsex,M,.5,\"ONS, 2021\",2021-03-21\n";

static void every_fault_has_its_line(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "ReferencePopulation: line 0: rows: found \"none\", expected axis,level,share and at least one row"},
        {"axis,level\n", "ReferencePopulation: line 1: header: found \"other columns\", expected axis,level,share[,source[,date]]"},
        {"axis,level,part\n", "ReferencePopulation: line 1: header: found \"part\", expected share"},
        {"axis,level,share\nsex,F\n", "ReferencePopulation: line 2: columns: found \"fewer\", expected as many as in the header"},
        {"axis,level,share\n\n#\nsize,F,1\n", "ReferencePopulation: line 4: axis: found \"size\", expected the name of an axis"},
        {"axis,level,share\nsex,unknown,1\n", "ReferencePopulation: line 2: level: found \"unknown\", expected a known level"},
        {"axis,level,share\nsex,F,51%\n", "ReferencePopulation: line 2: share: found \"51%\", expected a number from 0 to 1"},
        {"axis,level,share\nsex,F,1.01\n", "ReferencePopulation: line 2: share: found \"1.01\", expected a number from 0 to 1"},
        {"axis,level,share\nsex,F,-0.5\n", "ReferencePopulation: line 2: share: found \"-0.5\", expected a number from 0 to 1"},
        {"axis,level,share\nsex,F,.\n", "ReferencePopulation: line 2: share: found \".\", expected a number from 0 to 1"},
        {"axis,level,share\nsex,F,0.5\nsex,F,0.5\n", "ReferencePopulation: line 3: level: found \"F\", expected each level of an axis once"},
        {"axis,level,share,source\nsex,F,0.5,A\nsex,M,0.5,B\n", "ReferencePopulation: line 3: source: found \"B\", expected what line 2 says for the same axis"},
        {"axis,level,share,source,date\nsex,F,1,A,21/3/2021\n", "ReferencePopulation: line 2: date: found \"21/3/2021\", expected YYYY, YYYY-MM or YYYY-MM-DD"},
        {"axis,level,share\nsex,F,0.5\nsex,M,0.4\n", "ReferencePopulation: shares of axis \"sex\": found a sum of 900 per mille, expected 990 to 1010"},
        {"axis,level,share\nsex,\"F,1\n", "ReferencePopulation: line 2: record: found \"error parsing data while strict checking\", expected well-formed CSV on one line"}};
    stand_in_init(&site);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_population *population = NULL;
        struct es_error err = {0};
        CU_ASSERT_EQUAL(es_population_parse(&population, cases[i].text, strlen(cases[i].text), &site.config, &err), ES_E_CONFIG);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].words);
        if (strcmp(err.text, cases[i].words) != 0) printf("    %s\n", err.text);
        CU_ASSERT_PTR_NULL(population);
    }
}

static enum es_audience audience = ES_AUDIENCE_INTERNAL;

static cJSON *build(const char *text)
{
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_population_parse(&site.config.population, text, strlen(text), &site.config, &err), ES_OK);
    cJSON *release = stand_in_release(&site, audience);
    es_population_free(site.config.population);
    site.config.population = NULL;
    return release;
}

static void seen(uint8_t sex, uint32_t count, uint8_t stage)
{
    stand_in_add(&site, count, (struct stand_in_row){.sex = sex, .age = 1, .stage = stage, .label = stage == ES_STAGE_REFERENCED ? 1 : ES_NO_ANSWER,
                                                     .decision = stage == ES_STAGE_REFERENCED ? 1 : ES_NO_ANSWER});
    for (uint32_t i = 1; stage != ES_STAGE_REFERENCED && i <= count; i++) site.rows[site.n - i].score = NAN;
}

static const cJSON *step_of(const cJSON *release, const char *step)
{
    return es_view_at(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(release, "representation"), 0), "steps", step);
}

/** 60 F, 40 M, 20 unknown seen; of M 10 were ineligible. */
static void shares_are_held_against_the_reference(void)
{
    stand_in_init(&site);
    seen(1, 60, ES_STAGE_REFERENCED);
    seen(2, 30, ES_STAGE_REFERENCED);
    seen(2, 10, ES_STAGE_INELIGIBLE);
    seen(0, 20, ES_STAGE_REFERENCED);
    cJSON *release = build(census);
    const cJSON *entry = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(release, "representation"), 0);
    CU_ASSERT_STRING_EQUAL(es_view_string(entry, "source"), "ONS, 2021");
    CU_ASSERT_STRING_EQUAL(es_view_string(entry, "date"), "2021-03-21");
    const cJSON *all = step_of(release, "seen"), *f = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(all, "levels"), 0);
    CU_ASSERT_EQUAL(es_view_number(all, "n"), 100);
    CU_ASSERT_EQUAL(es_view_number(all, "unknown"), 20);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(all, "chi2"), 4, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(all, "p"), 0.04550026389635842, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(all, "js_distance"), 0.08543510262458846, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(f, "share"), 0.6, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(f, "ratio"), 1.2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(f, "residual"), 2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(f, "lo"), 2 * 0.5020, 2e-4); /* Wilson 60/100: 0.5020 to 0.6906 */
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(f, "hi"), 2 * 0.6906, 2e-4);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(f, "share_if_no_unknown"), 0.5, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(f, "share_if_all_unknown"), 2.0 / 3, 1e-15);
    /* eligible: 30 M of 90; 80 % of the reference is 0.4, and (30 + k) / (90 + k) >= 0.4 from k = 10 on */
    const cJSON *m = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(step_of(release, "eligible"), "levels"), 1);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(m, "share"), 1.0 / 3, 1e-15);
    CU_ASSERT_EQUAL(es_view_number(m, "shortfall"), 10);
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &bytes, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "Reference: ONS, 2021, 2021-03-21"));
    es_bytes_free(&bytes);
    cJSON_Delete(release);
}

/** A level that nobody has is a row of 0; one that the reference does not know is listed apart. */
static void every_level_has_its_row(void)
{
    stand_in_init(&site);
    seen(1, 50, ES_STAGE_REFERENCED);
    seen(2, 50, ES_STAGE_REFERENCED);
    seen(3, 3, ES_STAGE_REFERENCED);
    cJSON *release = build("axis,level,share\nsex,F,0.5\nsex,X,0.5\n");
    const cJSON *level, *step = step_of(release, "referenced");
    bool off = false, nobody = false;
    cJSON_ArrayForEach(level, cJSON_GetObjectItemCaseSensitive(step, "levels"))
    {
        const char *name = es_view_string(level, "level"), *status = es_view_string(level, "status");
        off |= strcmp(name, "M") == 0 && strcmp(status, "off_reference") == 0;
        nobody |= strcmp(name, "X") == 0 && es_view_number(level, "share") == 0;
    }
    CU_ASSERT(off && nobody);
    CU_ASSERT_STRING_EQUAL(es_view_string(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(release, "representation"), 0), "axis"), "sex");
    CU_ASSERT_EQUAL(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(release, "representation")), 1); /* age has no reference */
    cJSON_Delete(release);
}

static void a_suppressed_level_shows_nothing_to_outsiders(void)
{
    stand_in_init(&site);
    site.config.external = (struct es_disclosure){ES_DISCLOSE_FLOOR, 5};
    seen(1, 50, ES_STAGE_REFERENCED);
    seen(2, 50, ES_STAGE_REFERENCED);
    seen(3, 3, ES_STAGE_REFERENCED);
    audience = ES_AUDIENCE_EXTERNAL;
    cJSON *release = build("axis,level,share\nsex,F,0.5\nsex,X,0.5\n");
    audience = ES_AUDIENCE_INTERNAL;
    const cJSON *level, *step = step_of(release, "referenced");
    bool hidden = false;
    cJSON_ArrayForEach(level, cJSON_GetObjectItemCaseSensitive(step, "levels"))
    {
        hidden |= strcmp(es_view_string(level, "level"), "O") == 0 && strcmp(es_view_string(level, "status"), "suppressed") == 0 &&
                  isnan(es_view_number(level, "n"));
    }
    CU_ASSERT_TRUE(hidden);
    CU_ASSERT_TRUE(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(step, "suppressed_levels_together")));
    cJSON_Delete(release);
}

static const struct es_test tests[] = {{"every_fault_has_its_line", every_fault_has_its_line},
                                       {"shares_are_held_against_the_reference", shares_are_held_against_the_reference},
                                       {"every_level_has_its_row", every_level_has_its_row},
                                       {"a_suppressed_level_shows_nothing_to_outsiders", a_suppressed_level_shows_nothing_to_outsiders},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_population", tests, argc, argv);
}
