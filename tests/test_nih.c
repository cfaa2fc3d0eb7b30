/* SPDX-License-Identifier: Apache-2.0 */
/* Real predictions through the whole path (messages, ledger, cohort, sheet, report) against figures of others:
 * published_auc.csv (John Zech, reproduce-chexnet) and expected/ (scikit-learn, pROC, statsmodels; testdata/predictions/README.md). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "csv_rows.h"
#include "plugin/report/report.h"
#include "plugin/report/view.h"

#define BATCH 2000

/* ---- a site fed with JSON lines ---- */

struct feed {
    struct es_config *config;
    struct es_site *site;
    struct es_message *pool[BATCH];
    struct es_receipt *receipts;
    size_t n;
    uint64_t taken;
};

static void feed_flush(struct feed *f)
{
    struct es_error err = {0};
    if (f->n == 0) return;
    const enum es_errc e = es_site_take(f->site, (const struct es_message *const *)f->pool, f->n, f->receipts, &err);
    if (e != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(e, ES_OK);
    for (size_t i = 0; i < f->n; i++) {
        if (f->receipts[i].outcome != ES_OUTCOME_TAKEN) printf("    %s\n", f->receipts[i].error.text);
        CU_ASSERT_EQUAL_FATAL(f->receipts[i].outcome, ES_OUTCOME_TAKEN);
        es_message_clear(f->pool[i]);
        f->taken++;
    }
    f->n = 0;
}

static void feed_line(struct feed *f, const char *line)
{
    struct es_error err = {0};
    const enum es_errc e = es_message_from_json(f->pool[f->n], line, strlen(line), &err);
    if (e != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(e, ES_OK);
    if (++f->n == BATCH) feed_flush(f);
}

static void feed_open(struct feed *f, const char *rest)
{
    char text[6000];
    struct es_error err = {0};
    const char *dir = es_test_tempdir();
    *f = (struct feed){0};
    snprintf(text, sizeof text, "{\"Site\":\"test\",\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\",%s}", dir, dir, rest);
    enum es_errc e = es_config_parse(&f->config, text, strlen(text), dir, &err);
    if (e != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(e, ES_OK);
    e = es_site_open(&f->site, f->config, ES_SITE_WRITE, NULL, &err);
    if (e != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(e, ES_OK);
    f->receipts = calloc(BATCH, sizeof *f->receipts);
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->receipts);
    for (size_t i = 0; i < BATCH; i++) {
        f->pool[i] = malloc(sizeof *f->pool[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(f->pool[i]);
        es_message_init(f->pool[i]);
    }
}

static void feed_close(struct feed *f)
{
    es_site_close(f->site);
    es_config_free(f->config);
    free(f->receipts);
    for (size_t i = 0; i < BATCH; i++) free(f->pool[i]);
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static cJSON *report_of(struct feed *f, const char *what)
{
    cJSON *release = NULL;
    struct es_error err = {0};
    const struct es_report_options options = {ES_NO_DAY, ES_NO_DAY, ES_AUDIENCE_INTERNAL};
    const double start = seconds();
    const enum es_errc e = es_report_build(f->site, &options, &release, &err);
    if (e != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(e, ES_OK);
    printf("    %s: report built in %.2f s\n", what, seconds() - start);
    return release;
}

/** PatientAge of whole years, as DICOM writes it; under one year in months, as scanners do. */
static void age_text(double years, char out[8])
{
    if (years < 1)
        memcpy(out, "006M", 5);
    else
        snprintf(out, 8, "%03dY", (int)years);
}

/* ---- comparing ---- */

static const cJSON *group_of(const cJSON *groups, const char *label)
{
    const cJSON *group;
    cJSON_ArrayForEach(group, groups)
    {
        char own[ES_VIEW_LABEL];
        es_view_label(cJSON_GetObjectItemCaseSensitive(group, "group"), own, sizeof own);
        if (strcmp(own, label) == 0) return group;
    }
    return NULL;
}

/** One row of expected/ against one group: n, and every rate that the row has. */
static void same_figures(const struct csv_table *expected, const cJSON *group)
{
    static const struct {
        const char *column, *metric;
    } rates[] = {{"sens", "sensitivity"}, {"spec", "specificity"}, {"ppv", "ppv"}, {"npv", "npv"}, {"auroc", "auroc"}};
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(group, "cases"), csv_number(expected, "n"), 0);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(cJSON_GetObjectItemCaseSensitive(group, "denominators"), "positives"), csv_number(expected, "n_pos"), 0);
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        const double want = csv_number(expected, rates[i].column), got = es_view_metric(group, rates[i].metric).value;
        CU_ASSERT(isnan(want) ? isnan(got) : fabs(got - want) <= 1e-9);
    }
}

/** "F|60-79" of dim "sex|age_band" as a label: "sex F, age 60-79". @return false for a dim that the report does not cross */
static bool label_of(const char *dim, const char *group, char *out, size_t size)
{
    static const struct {
        const char *dim, *first, *second;
    } dims[] = {{"sex", "sex", NULL}, {"age_band", "age", NULL}, {"view", "view", NULL}, {"race", "race", NULL},
                {"sex|age_band", "sex", "age"}, {"sex|view", "sex", "view"}, {"sex|race", "sex", "race"}};
    if (strcmp(dim, "all") == 0) return snprintf(out, size, "everyone") > 0;
    for (size_t i = 0; i < sizeof dims / sizeof dims[0]; i++) {
        if (strcmp(dims[i].dim, dim) != 0) continue;
        const char *bar = strchr(group, '|');
        int first = bar ? (int)(bar - group) : (int)strlen(group);
        const char *level = group, *other = bar ? bar + 1 : "";
        if (strncmp(group, "female", 6) == 0) level = "F", first = 1;
        if (strncmp(group, "male", 4) == 0) level = "M", first = 1;
        if (strcmp(group, "(missing)") == 0) level = "unknown", first = 7;
        if (strcmp(other, "(missing)") == 0) other = "unknown";
        if (dims[i].second)
            snprintf(out, size, "%s %.*s, %s %s", dims[i].first, first, level, dims[i].second, other);
        else
            snprintf(out, size, "%s %.*s", dims[i].first, first, level);
        return true;
    }
    return false;
}

static const cJSON *groups_of(const cJSON *release, const char *finding)
{
    struct es_view_finding at = {0};
    while (es_view_next(release, &at))
        if (strcmp(at.name, finding) == 0) return cJSON_GetObjectItemCaseSensitive(at.finding, "groups");
    return NULL;
}

/** Every row of the "all" subset that the report has a group for. @return rows compared */
static size_t compare_all(const cJSON *release, const char *file, const char *only)
{
    struct csv_table expected;
    size_t compared = 0;
    CU_ASSERT_TRUE_FATAL(csv_table_open(&expected, es_testdata(file)));
    while (csv_table_next(&expected)) {
        char label[ES_VIEW_LABEL];
        if (strcmp(csv_text(&expected, "subset"), "all") != 0) continue;
        if (!label_of(csv_text(&expected, "dim"), csv_text(&expected, "group"), label, sizeof label)) continue;
        const cJSON *group = group_of(groups_of(release, only ? only : csv_text(&expected, "task")), label);
        if (!group) printf("    no group %s\n", label);
        CU_ASSERT_PTR_NOT_NULL_FATAL(group);
        same_figures(&expected, group);
        compared++;
    }
    free(expected.text);
    return compared;
}

/* ---- the two data sets ---- */

static const char *const findings[7] = {"Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Pneumothorax"};
/* Youden's on all images, three digits: the thresholds of expected/nih-chexnet.csv, asserted there by its counts. */
static const char *const thresholds[7] = {"0.0768", "0.0226", "0.0321", "0.0112", "0.11", "0.0195", "0.0278"};

static void nih_config(char *out, size_t size)
{
    int at = snprintf(out, size,
                      "\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"},{\"Name\":\"age\",\"Attribute\":\"PatientAge\",\"Bands\":[0,18,40,60,80]},"
                      "{\"Name\":\"view\",\"Attribute\":\"ViewPosition\"},{\"Name\":\"ethnicity\",\"Attribute\":\"EthnicGroup\",\"Vocabulary\":\"nhs-ethnic-category\"}],"
                      "\"Intersections\":[[\"sex\",\"age\"],[\"sex\",\"view\"]],\"Disclosure\":{\"Internal\":\"none\"},"
                      "\"Plan\":{\"PrimaryMetrics\":[\"sensitivity\",\"specificity\"],\"PrimaryGroups\":[\"sex\",\"age\",\"view\"],\"Since\":\"20240101\","
                      "\"Margin\":{\"sensitivity\":0.05}},"
                      "\"Models\":[{\"Name\":\"chexnet\",\"Recognise\":{\"AlgorithmName\":\"CheXNet\"},\"Findings\":[");
    for (int i = 0; i < 7; i++)
        at += snprintf(out + at, size - (size_t)at, "%s{\"Name\":\"%s\",\"Task\":\"binary\",\"Unit\":\"exam\",\"Threshold\":%s,\"ReferenceWithin\":\"1d\","
                       "\"From\":[{\"JSON\":\"$.%s\"}]}", i ? "," : "", findings[i], thresholds[i], findings[i]);
    snprintf(out + at, size - (size_t)at, "]}]");
}

static void nih_feed(struct feed *f)
{
    struct csv_table t;
    uint32_t row = 0;
    CU_ASSERT_TRUE_FATAL(csv_table_open(&t, es_testdata("predictions/nih-chexnet/predictions.csv")));
    while (csv_table_next(&t)) {
        char line[2000], age[8];
        age_text(csv_number(&t, "age"), age);
        row++;
        snprintf(line, sizeof line,
                 "{\"event\":\"exam\",\"study_uid\":\"1.2.826.0.1.3680043.10.1.%u\",\"patient_id\":\"P%s\",\"study_date\":\"20240115\","
                 "\"demographics\":{\"PatientSex\":\"%s\",\"PatientAge\":\"%s\"},\"acquisition\":{\"Modality\":\"DX\",\"ViewPosition\":\"%s\"}}",
                 row, csv_text(&t, "patient_id"), csv_text(&t, "sex"), age, csv_text(&t, "view"));
        feed_line(f, line);
        int at = snprintf(line, sizeof line, "{\"event\":\"result\",\"study_uid\":\"1.2.826.0.1.3680043.10.1.%u\",\"model\":{\"name\":\"chexnet\",\"version\":\"1.0\"},"
                          "\"produced\":\"2024-01-15T10:00:00Z\",\"status\":\"ok\",\"findings\":[", row);
        for (int i = 0; i < 7; i++) {
            char column[40];
            snprintf(column, sizeof column, "prob_%s", findings[i]);
            at += snprintf(line + at, sizeof line - (size_t)at, "%s{\"finding\":\"%s\",\"score\":%s}", i ? "," : "", findings[i], csv_text(&t, column));
        }
        snprintf(line + at, sizeof line - (size_t)at, "]}");
        feed_line(f, line);
        at = snprintf(line, sizeof line, "{\"event\":\"reference\",\"study_uid\":\"1.2.826.0.1.3680043.10.1.%u\",\"source\":\"radiology-report\",\"status\":\"final\","
                      "\"established\":\"2024-01-18T10:00:00Z\",\"reader_saw_ai\":\"no\",\"findings\":[", row);
        for (int i = 0; i < 7; i++) {
            char column[40];
            snprintf(column, sizeof column, "label_%s", findings[i]);
            at += snprintf(line + at, sizeof line - (size_t)at, "%s{\"finding\":\"%s\",\"label\":%s}", i ? "," : "", findings[i], csv_text(&t, column));
        }
        snprintf(line + at, sizeof line - (size_t)at, "]}");
        feed_line(f, line);
    }
    feed_flush(f);
    CU_ASSERT_EQUAL(row, 22433);
    free(t.text);
}

static void chexnet_by_group_is_as_others_computed(void)
{
    static struct feed f;
    char config[4000];
    struct csv_table published;
    nih_config(config, sizeof config);
    feed_open(&f, config);
    const double start = seconds();
    nih_feed(&f);
    printf("    nih-chexnet: %llu messages taken in %.1f s\n", (unsigned long long)f.taken, seconds() - start);
    cJSON *release = report_of(&f, "nih-chexnet");
    size_t rows = 0;
    CU_ASSERT_TRUE_FATAL(csv_table_open(&published, es_testdata("predictions/nih-chexnet/published_auc.csv")));
    while (csv_table_next(&published)) {
        const cJSON *everyone = cJSON_GetArrayItem(groups_of(release, csv_text(&published, "label")), 0);
        CU_ASSERT_DOUBLE_EQUAL(es_view_metric(everyone, "auroc").value, csv_number(&published, "auc"), 1e-9);
        rows++;
    }
    CU_ASSERT_EQUAL(rows, 7);
    /* a finding: everyone, 2 sexes, 5 age bands, 2 views, 10 sex x age, 4 sex x view */
    CU_ASSERT_EQUAL(compare_all(release, "predictions/expected/nih-chexnet.csv", NULL), 7 * 24);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(group_of(groups_of(release, "Effusion"), "ethnicity unknown"), "cases"), 22433, 0);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(es_view_at(release, "attributes", "EthnicGroup"), "absent"), 22433, 0);
    cJSON_Delete(release);
    free(published.text);
    feed_close(&f);
}

static void support2_shows_race_by_linkage_and_its_missing(void)
{
    static struct feed f;
    struct csv_table t;
    uint32_t row = 0;
    feed_open(&f, "\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"},{\"Name\":\"age\",\"Attribute\":\"PatientAge\",\"Bands\":[0,18,40,60,80]},"
                  "{\"Name\":\"race\",\"Linked\":\"race\"}],\"Intersections\":[[\"sex\",\"age\"],[\"sex\",\"race\"]],"
                  "\"Models\":[{\"Name\":\"support\",\"Recognise\":{\"AlgorithmName\":\"SUPPORT\"},\"Findings\":[{\"Name\":\"alive\",\"Task\":\"binary\","
                  "\"Unit\":\"exam\",\"Threshold\":0.5,\"ReferenceWithin\":\"1d\",\"From\":[{\"JSON\":\"$.alive\"}]}]}]");
    CU_ASSERT_TRUE_FATAL(csv_table_open(&t, es_testdata("predictions/support2/predictions.csv")));
    while (csv_table_next(&t)) {
        char line[800], age[8];
        age_text(csv_number(&t, "age"), age);
        row++;
        snprintf(line, sizeof line, "{\"event\":\"exam\",\"study_uid\":\"1.2.826.0.1.3680043.10.2.%u\",\"patient_id\":\"S%s\",\"study_date\":\"20240115\","
                 "\"demographics\":{\"PatientSex\":\"%s\",\"PatientAge\":\"%s\"}}", row, csv_text(&t, "patient_id"), *csv_text(&t, "sex") == 'f' ? "F" : "M", age);
        feed_line(&f, line);
        if (*csv_text(&t, "race")) {
            snprintf(line, sizeof line, "{\"event\":\"demographics\",\"patient_id\":\"S%s\",\"attributes\":{\"race\":\"%s\"},\"source\":\"linkage\",\"valid_from\":\"20200101\"}",
                     csv_text(&t, "patient_id"), csv_text(&t, "race"));
            feed_line(&f, line);
        }
        if (*csv_text(&t, "surv6m")) {
            snprintf(line, sizeof line, "{\"event\":\"result\",\"study_uid\":\"1.2.826.0.1.3680043.10.2.%u\",\"model\":{\"name\":\"support\",\"version\":\"1\"},"
                     "\"produced\":\"2024-01-15T10:00:00Z\",\"status\":\"ok\",\"findings\":[{\"finding\":\"alive\",\"score\":%s}]}", row, csv_text(&t, "surv6m"));
            feed_line(&f, line);
        }
        snprintf(line, sizeof line, "{\"event\":\"reference\",\"study_uid\":\"1.2.826.0.1.3680043.10.2.%u\",\"source\":\"follow-up\",\"status\":\"final\","
                 "\"established\":\"2024-01-18T10:00:00Z\",\"reader_saw_ai\":\"no\",\"findings\":[{\"finding\":\"alive\",\"label\":%s}]}", row, csv_text(&t, "alive_180d"));
        feed_line(&f, line);
    }
    feed_flush(&f);
    free(t.text);
    cJSON *release = report_of(&f, "support2");
    /* everyone, 2 sexes, 4 age bands, 6 races with missing, 8 sex x age, 12 sex x race */
    CU_ASSERT_EQUAL(compare_all(release, "predictions/expected/support2.csv", "alive"), 33);
    const cJSON *unknown = group_of(groups_of(release, "alive"), "race unknown");
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(unknown, "cases"), 42, 0);
    CU_ASSERT_DOUBLE_EQUAL(es_view_number(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(groups_of(release, "alive"), 0), "funnel"), "missing"), 1, 0);
    cJSON_Delete(release);
    feed_close(&f);
}

static uint64_t last_seq(struct es_site *site)
{
    struct es_head *heads = NULL;
    struct es_error err = {0};
    size_t n = 0;
    CU_ASSERT_EQUAL_FATAL(es_ledger_heads(es_site_ledger(site), &heads, &n, &err), ES_OK);
    const uint64_t seq = n ? heads[0].seq : 0;
    free(heads);
    return seq;
}

static void a_release_is_recorded_once_and_changes_no_report(void)
{
    static struct feed f;
    struct es_error err = {0};
    struct es_bytes before = {0}, after = {0};
    feed_open(&f, "\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}],\"Models\":[{\"Name\":\"m\",\"Recognise\":{\"AlgorithmName\":\"M\"},"
                  "\"Findings\":[{\"Name\":\"f\",\"Task\":\"binary\",\"Unit\":\"exam\",\"Threshold\":0.5,\"From\":[{\"JSON\":\"$.f\"}]}]}]");
    feed_line(&f, "{\"event\":\"exam\",\"study_uid\":\"1.2.3\",\"patient_id\":\"P1\",\"study_date\":\"20240115\",\"demographics\":{\"PatientSex\":\"F\"}}");
    feed_flush(&f);
    cJSON *release = report_of(&f, "one exam");
    const uint64_t start = last_seq(f.site);
    CU_ASSERT_EQUAL_FATAL(es_report_record(f.site, release, &err), ES_OK);
    CU_ASSERT_EQUAL(last_seq(f.site), start + 1);
    CU_ASSERT_EQUAL_FATAL(es_report_record(f.site, release, &err), ES_OK); /* the same release: a duplicate */
    CU_ASSERT_EQUAL(last_seq(f.site), start + 1);
    cJSON *again = report_of(&f, "the same exam");
    CU_ASSERT_EQUAL_FATAL(es_render_json(release, &before, &err), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_render_json(again, &after, &err), ES_OK);
    CU_ASSERT_TRUE(before.len == after.len && memcmp(before.data, after.data, before.len) == 0);
    es_bytes_free(&before);
    es_bytes_free(&after);
    cJSON_Delete(release);
    cJSON_Delete(again);
    feed_close(&f);
}

static const struct es_test tests[] = {{"chexnet_by_group_is_as_others_computed", chexnet_by_group_is_as_others_computed},
                                       {"support2_shows_race_by_linkage_and_its_missing", support2_shows_race_by_linkage_and_its_missing},
                                       {"a_release_is_recorded_once_and_changes_no_report", a_release_is_recorded_once_and_changes_no_report},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("nih", tests, argc, argv);
}
