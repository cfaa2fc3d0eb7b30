/* SPDX-License-Identifier: Apache-2.0 */
/* The six rows of README.md, as they are printed there. The limits are Wilson's on effective counts (K/(K-1) of K patients: 4/3 of 2, 1 of 1,
 * 1/2 of 1): R 4.2.2, w <- function(x,n) { z<-qnorm(.975); p<-x/n; (p+z^2/2/n+c(-1,1)*z*sqrt(p*(1-p)/n+z^2/4/n^2))/(1+z^2/n) },
 * w(4/3,2) 0.1594 0.9547; w(1,1) 0.2065 1; w(.5,1) 0.0546 0.9454. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

static struct es_site site;

static void row(uint8_t sex, uint8_t diseased, uint8_t alert)
{
    stand_in_add(&site, 1, (struct stand_in_row){.sex = sex, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE,
                                                 .label = diseased, .decision = alert});
}

/** As the README prints it: "0.67 [0.16, 0.95], 3 positives", or "not estimable: ..." */
static void printed(const cJSON *release, const char *label, char *out, size_t size)
{
    const struct es_view_metric m = es_view_metric(stand_in_group(release, label), "sensitivity");
    char value[24], lo[24], hi[24];
    es_view_fixed(m.value, 2, value, sizeof value);
    es_view_fixed(m.lo, 2, lo, sizeof lo);
    es_view_fixed(m.hi, 2, hi, sizeof hi);
    if (m.status == ES_VIEW_ESTIMATED)
        snprintf(out, size, "%s [%s, %s], %llu positive%s", value, lo, hi, (unsigned long long)m.n.n, m.n.n == 1 ? "" : "s");
    else
        snprintf(out, size, "not estimable: %s", m.words);
}

static void six_rows_are_printed_as_the_readme_says(void)
{
    static const char *const labels[] = {"everyone", "sex F", "sex M", "sex unknown"};
    static const char *const rows[] = {"everyone", "F", "M", "unknown"};
    stand_in_init(&site);
    row(1, 1, 1), row(1, 0, 0), row(2, 0, 0), row(2, 0, 1), row(0, 1, 0), row(0, 1, 1);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    char *readme = es_test_slurp(ES_SOURCE_DIR "/README.md", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(readme);
    for (size_t i = 0; i < 4; i++) {
        char text[160] = "", line[240];
        printed(release, labels[i], text, sizeof text);
        snprintf(line, sizeof line, "| %s | %s", rows[i], text);
        if (!strstr(readme, line)) printf("    not in README.md: %s\n", line);
        CU_ASSERT_PTR_NOT_NULL(strstr(readme, line));
    }
    free(readme);
    cJSON_Delete(release);
}

/** One table of metrics: each row of the catalogue is in the report, in its list of definitions, in the table and on the OpenMetrics page. */
static void every_metric_of_the_catalogue_is_in_every_output(void)
{
    struct es_error err = {0};
    struct es_bytes csv = {0}, open = {0}, page = {0};
    stand_in_init(&site);
    stand_in_mixed(&site);
    cJSON *release = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
    CU_ASSERT_EQUAL_FATAL(es_render_csv(release, &csv, &err), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_render_openmetrics(release, &open, &err), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_render_html(release, &page, &err), ES_OK);
    const cJSON *everyone = stand_in_group(release, "everyone");
    for (size_t i = 0; i < es_metrics_count; i++) {
        const struct es_metric *m = &es_metrics[i];
        if (!(m->tasks & ES_TASK_BINARY)) continue;
        char text[160];
        CU_ASSERT_TRUE(es_view_metric(everyone, m->name).status != ES_VIEW_ABSENT);
        CU_ASSERT_STRING_EQUAL(es_view_title(release, m->name), m->title);
        snprintf(text, sizeof text, ",\"%s\",", m->name);
        CU_ASSERT_PTR_NOT_NULL(strstr((const char *)csv.data, text));
        snprintf(text, sizeof text, "# TYPE evensight_%s gauge", m->name);
        CU_ASSERT_PTR_NOT_NULL(strstr((const char *)open.data, text));
        CU_ASSERT_PTR_NOT_NULL(strstr((const char *)page.data, m->title));
    }
    es_bytes_free(&csv);
    es_bytes_free(&open);
    es_bytes_free(&page);
    cJSON_Delete(release);
}

static const struct es_test tests[] = {{"six_rows_are_printed_as_the_readme_says", six_rows_are_printed_as_the_readme_says},
                                       {"every_metric_of_the_catalogue_is_in_every_output", every_metric_of_the_catalogue_is_in_every_output},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_readme", tests, argc, argv);
}
