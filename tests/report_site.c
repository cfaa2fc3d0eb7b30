/* SPDX-License-Identifier: Apache-2.0 */
#include "report_site.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/report/view.h"
#include "testlib.h"

static const char *const sexes[] = {"unknown", "F", "M", "O"}, *const ages[] = {"unknown", "0-59", "60+"};
#define DAY0 20000 /* 2024-10-04 */

static void plan(struct es_plan *p)
{
    *p = (struct es_plan){.since_day = INT32_MIN, .alpha = 0.05, .false_alarms_per_year = 1, .min_cases = 10, .min_patients = 50};
    static struct es_plan_group groups[3]; /* the same for every stand-in */
    groups[0] = (struct es_plan_group){.n = 1, .axis = {0}, .reason = "women are missed more often", .source = "10.1038/s41591-021-01595-0"};
    groups[1] = (struct es_plan_group){.n = 1, .axis = {1}};
    groups[2] = (struct es_plan_group){.n = 2, .axis = {0, 1}};
    memcpy(groups[2].level[0], "F", 2);
    memcpy(groups[2].level[1], "60+", 4);
    p->groups = groups;
    p->n_groups = 3;
    p->n_metrics = 2;
    p->metrics[0] = (struct es_plan_metric){.name = "sensitivity", .primary = true, .margin = 0.1, .floor = 0.7};
    p->metrics[1] = (struct es_plan_metric){.name = "specificity", .primary = true, .margin = (double)NAN, .floor = (double)NAN};
}

void stand_in_init(struct es_site *s)
{
    *s = (struct es_site){.plan_day = DAY0};
    s->finding = (struct es_finding_config){.name = "effusion", .task = ES_TASK_BINARY, .unit = ES_UNIT_EXAM, .threshold = 0.5};
    s->model = (struct es_model_config){.name = "chexnet", .findings = &s->finding, .n_findings = 1};
    s->config.models = &s->model;
    s->config.n_models = 1;
    memcpy(s->config.site, "A", 2);
    s->config.n_axes = 2;
    s->config.axes[0] = (struct es_axis_config){.name = "sex", .attribute = "PatientSex"};
    s->config.axes[1] = (struct es_axis_config){.name = "age", .attribute = "PatientAge"};
    s->config.n_intersections = 1;
    s->config.intersections[0] = (struct es_intersection){.n = 2, .axis = {0, 1}};
    s->config.internal = (struct es_disclosure){ES_DISCLOSE_ALL, 0};
    s->config.external = (struct es_disclosure){ES_DISCLOSE_FLOOR, 5};
    plan(&s->config.plan);
}

void stand_in_add(struct es_site *s, uint32_t count, struct stand_in_row like)
{
    uint32_t patient = s->n ? s->rows[s->n - 1].patient + 1 : 0;
    if (like.day == 0) like.day = DAY0 + 10;
    for (uint32_t i = 0; i < count && s->n < STAND_IN_ROWS; i++) {
        like.patient = patient++;
        s->rows[s->n] = like;
        /* scores on the decision's side of the threshold, all apart */
        s->rows[s->n].score = (like.decision == 1 ? 0.5 : 0.0) + 0.4999 * (i + 1) / (count + 1);
        s->n++;
    }
}

void stand_in_positives(struct es_site *s, uint8_t sex, uint8_t age, uint32_t found, uint32_t missed)
{
    struct stand_in_row row = {.sex = sex, .age = age, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE, .label = 1, .decision = 1};
    stand_in_add(s, found, row);
    row.decision = 0;
    stand_in_add(s, missed, row);
}

void stand_in_mixed(struct es_site *s)
{
    static const uint8_t stages[16] = {ES_STAGE_REFERENCED, ES_STAGE_REFERENCED, ES_STAGE_REFERENCED, ES_STAGE_REFERENCED,
                                       ES_STAGE_REFERENCED, ES_STAGE_REFERENCED, ES_STAGE_EXCLUDED,   ES_STAGE_INELIGIBLE,
                                       ES_STAGE_ELIGIBILITY_UNKNOWN, ES_STAGE_REJECTED, ES_STAGE_FAILED, ES_STAGE_PENDING,
                                       ES_STAGE_MISSING, ES_STAGE_INDETERMINATE, ES_STAGE_MATURING, ES_STAGE_OVERDUE};
    uint32_t seed = 12345, patient = 0;
    for (uint32_t i = 0; i < 1200; i++) {
        seed = seed * 1664525u + 1013904223u;
        const uint32_t a = seed >> 8;
        if (i && a % 4 != 0) patient++; /* every fourth is a second exam */
        struct stand_in_row r = {.patient = patient, .sex = (uint8_t)(patient % 97 == 0 ? 3 : patient % 23 == 0 ? 0 : 1 + patient % 2),
                                 .age = (uint8_t)(patient % 31 == 0 ? 0 : 1 + (patient / 2) % 2), .day = DAY0 + (int32_t)(i % 90)};
        r.stage = stages[(a >> 4) % 16];
        r.label = (uint8_t)((a >> 9) % 3 == 0);
        r.score = (double)((a >> 2) % 1009) / 1009 * 0.6 + (r.label ? 0.4 : 0.0);
        r.decision = r.score >= 0.5;
        if (r.stage < ES_STAGE_REFERENCED) {
            r.score = NAN;
            r.decision = ES_NO_ANSWER;
        }
        if (r.stage != ES_STAGE_REFERENCED) r.label = ES_NO_ANSWER;
        if (r.stage == ES_STAGE_REFERENCED) r.mark |= ES_MARK_HAS_REFERENCE;
        if (r.stage == ES_STAGE_INELIGIBLE && a % 3 == 0) r.mark |= ES_MARK_OUT_OF_SCOPE;
        if (r.stage == ES_STAGE_REFERENCED && a % 41 == 0) r.mark |= ES_MARK_LATE;
        s->rows[s->n++] = r;
    }
}

/* What a test asks of a release. */

cJSON *stand_in_release(struct es_site *site, enum es_audience audience)
{
    cJSON *release = NULL;
    struct es_error err = {0};
    const struct es_report_options options = {ES_NO_DAY, ES_NO_DAY, audience};
    CU_ASSERT_EQUAL_FATAL(es_report_build(site, &options, &release, &err), ES_OK);
    return release;
}

const cJSON *stand_in_part(const cJSON *release, const char *name)
{
    struct es_view_finding at = {0};
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    return cJSON_GetObjectItemCaseSensitive(at.finding, name);
}

const cJSON *stand_in_entry(const cJSON *list, const char *label, const char *metric)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, list)
    {
        char own[ES_VIEW_LABEL];
        es_view_label(cJSON_GetObjectItemCaseSensitive(entry, "group"), own, sizeof own);
        if (strcmp(own, label) == 0 && (!metric || strcmp(es_view_string(entry, "metric"), metric) == 0)) return entry;
    }
    return NULL;
}

const cJSON *stand_in_group(const cJSON *release, const char *label)
{
    return stand_in_entry(stand_in_part(release, "groups"), label, NULL);
}

const cJSON *stand_in_rest(const cJSON *release, const char *label, const char *metric)
{
    return es_view_at(stand_in_group(release, label), "against_rest", metric);
}

bool stand_in_said(const cJSON *release, const char *words)
{
    const cJSON *sentence;
    cJSON_ArrayForEach(sentence, es_view_at(release, "summary", "sentences"))
        if (strstr(sentence->valuestring, words)) return true;
    return false;
}

/* What es_report_build() asks of a site and its cohort. */

const struct es_config *es_site_config(const struct es_site *site)
{
    return &site->config;
}

struct es_cohort *es_site_cohort(struct es_site *site)
{
    return (struct es_cohort *)site;
}

static struct es_site *of(const struct es_cohort *cohort)
{
    return (struct es_site *)(uintptr_t)cohort;
}

int64_t es_site_now(const struct es_site *site)
{
    return INT64_C(1740000000000000) + site->days * INT64_C(86400000000); /* 2025-02-19T21:20:00Z */
}

bool es_site_is_whole(const struct es_site *site)
{
    (void)site;
    return true;
}

enum es_errc es_site_refresh(struct es_site *site, struct es_error *err)
{
    (void)site;
    (void)err;
    return ES_OK;
}

uint64_t es_site_basis(const struct es_site *site) { return site->n; }

enum es_errc es_site_heads(const struct es_site *site, struct es_head **heads, size_t *count, struct es_error *err)
{
    struct es_head *head = calloc(1, sizeof *head);
    if (!head) return es_fail(err, ES_E_MEMORY, "no memory");
    *head = (struct es_head){.node = "A", .seq = site->n};
    for (size_t i = 0; i < sizeof head->link; i++) head->link[i] = (uint8_t)i;
    *heads = head;
    *count = 1;
    return ES_OK;
}

void stand_in_end(struct es_site *s)
{
    for (size_t i = 0; i < s->n_releases; i++) free(s->releases[i]);
    s->n_releases = 0;
}

enum es_errc es_site_take(struct es_site *site, const struct es_message *const *messages, size_t count, struct es_receipt *receipts,
                          struct es_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (site->n_releases == ES_STAND_IN_RELEASES) return es_fail(err, ES_E_LIMIT, "the stand-in takes %d events", ES_STAND_IN_RELEASES);
        receipts[i] = (struct es_receipt){.outcome = ES_OUTCOME_TAKEN};
        site->releases[site->n_releases] = strdup(messages[i]->document);
        if (!site->releases[site->n_releases++]) return es_fail(err, ES_E_MEMORY, "no memory");
    }
    return ES_OK;
}

bool es_site_is_shared(const struct es_site *site, bool *away)
{
    (void)site;
    return *away = false;
}

enum es_errc es_site_walk_releases(struct es_site *site, bool (*each)(void *context, const char *document, size_t chain), void *context,
                                   bool *whole, struct es_error *err)
{
    (void)err;
    *whole = true;
    for (size_t i = 0; i < site->n_releases && *whole; i++) *whole = each(context, site->releases[i], 0);
    return ES_OK;
}

int32_t es_site_plan_day(const struct es_site *site, bool *retrospect, uint64_t *seq)
{
    *retrospect = site->retrospect;
    *seq = 2;
    return site->plan_day;
}

uint64_t es_site_configurations(const struct es_site *site, uint64_t *seq)
{
    (void)site;
    *seq = 1;
    return 1;
}

enum es_errc es_cohort_levels(const struct es_cohort *cohort, size_t axis, struct es_levels *out, struct es_error *err)
{
    (void)cohort;
    const char *const *names = axis == 0 ? sexes : ages;
    *out = (struct es_levels){.count = axis == 0 ? 4 : 3};
    out->names = calloc(out->count, sizeof *out->names);
    if (!out->names) return es_fail(err, ES_E_MEMORY, "levels");
    for (uint8_t i = 0; i < out->count; i++) out->names[i] = strdup(names[i]);
    return ES_OK;
}

void es_levels_clear(struct es_levels *levels)
{
    for (uint8_t i = 0; i < levels->count; i++) free(levels->names[i]);
    free(levels->names);
    *levels = (struct es_levels){0};
}

enum es_errc es_cohort_streams(const struct es_cohort *cohort, struct es_stream **streams, size_t *count, struct es_error *err)
{
    *streams = calloc(1, sizeof **streams);
    if (!*streams) return es_fail(err, ES_E_MEMORY, "streams");
    **streams = (struct es_stream){.version = "1.0", .epoch = 1, .from = DAY0, .to = DAY0 + 89, .threshold = 0.5,
                                   .reference_source = "radiology-report", .cause = "first"};
    (void)cohort;
    *count = 1;
    return ES_OK;
}

enum es_errc es_cohort_count(const struct es_cohort *cohort, int32_t from, int32_t to, struct es_cohort_counts *out, struct es_error *err)
{
    (void)from;
    (void)to;
    (void)err;
    *out = (struct es_cohort_counts){.exams = of(cohort)->n, .first_day = DAY0, .last_day = DAY0 + 89, .ambiguous = 3, .revised = 12};
    return ES_OK;
}

void es_cohort_attribute_states(const struct es_cohort *cohort, const char *keyword, int32_t from, int32_t to,
                                uint64_t counts[ES_ATTRIBUTE_STATES])
{
    const struct es_site *s = of(cohort);
    const bool sex = strcmp(keyword, "PatientSex") == 0;
    (void)from;
    (void)to;
    for (uint32_t i = 0; i < s->n; i++) counts[(sex ? s->rows[i].sex : s->rows[i].age) ? ES_ATTRIBUTE_PRESENT : ES_ATTRIBUTE_ABSENT]++;
}

/** Columns in one block, in patient order with patients numbered anew. */
struct columns {
    uint32_t patient[STAND_IN_ROWS];
    uint8_t sex[STAND_IN_ROWS], age[STAND_IN_ROWS], decision[STAND_IN_ROWS], label[STAND_IN_ROWS], stage[STAND_IN_ROWS], mark[STAND_IN_ROWS];
    double score[STAND_IN_ROWS];
    int32_t day[STAND_IN_ROWS];
    const uint8_t *level[2];
    double measure[ES_MAX_MEASURES][STAND_IN_ROWS];
    const double *measures[ES_MAX_MEASURES];
};

enum es_errc es_cohort_sheet(const struct es_cohort *cohort, const struct es_stream *stream, int32_t from, int32_t to, int64_t now,
                             int32_t plan_day, struct es_sheet_holder *out, struct es_error *err)
{
    static const uint8_t counts[] = {4, 3};
    const struct es_site *s = of(cohort);
    struct columns *c = calloc(1, sizeof *c);
    uint32_t n = 0, patients = 0;
    (void)stream;
    (void)now;
    if (!c) return es_fail(err, ES_E_MEMORY, "columns");
    for (uint32_t i = 0; i < s->n; i++) {
        const struct stand_in_row *r = &s->rows[i];
        if ((from != ES_NO_DAY && r->day < from) || (to != ES_NO_DAY && r->day > to)) continue;
        static uint32_t last;
        if (n == 0 || r->patient != last) patients++;
        last = r->patient;
        c->patient[n] = patients - 1;
        c->sex[n] = r->sex;
        c->age[n] = r->age;
        c->decision[n] = r->decision;
        c->label[n] = r->label;
        c->stage[n] = r->stage;
        c->mark[n] = (uint8_t)(r->mark | (plan_day != ES_NO_DAY && r->day < plan_day ? ES_MARK_EXPLORATORY : 0));
        c->score[n] = r->score;
        for (size_t m = 0; m < ES_MAX_MEASURES; m++) c->measure[m][n] = r->stage == ES_STAGE_REFERENCED ? r->measure[m] : (double)NAN;
        c->day[n++] = r->day;
    }
    c->level[0] = c->sex;
    c->level[1] = c->age;
    for (size_t m = 0; m < ES_MAX_MEASURES; m++) c->measures[m] = c->measure[m];
    *out = (struct es_sheet_holder){.memory = c};
    out->sheet = (struct es_sheet){.rows = n, .patients = patients, .axes = 2, .patient = c->patient, .level = c->level, .axis_levels = counts,
                                   .score = c->score, .decision = c->decision, .label = c->label, .stage = c->stage, .mark = c->mark,
                                   .exam_day = c->day, .measures = s->measures, .measure = c->measures};
    enum es_errc e = es_cohort_levels(cohort, 0, &out->levels[0], err);
    if (e == ES_OK) e = es_cohort_levels(cohort, 1, &out->levels[1], err);
    return e;
}

void es_sheet_holder_clear(struct es_sheet_holder *holder)
{
    for (size_t a = 0; a < 2; a++) es_levels_clear(&holder->levels[a]);
    free(holder->memory);
    *holder = (struct es_sheet_holder){0};
}

void stand_in_for_outsiders(struct es_site *site, enum es_disclosure_kind kind, uint32_t floor, int64_t every_days)
{
    stand_in_init(site);
    site->config.external = (struct es_disclosure){.kind = kind, .floor = floor};
    site->config.release_every_us = every_days * INT64_C(86400000000);
}

cJSON *stand_in_external(struct es_site *site, bool record)
{
    cJSON *out = NULL;
    struct es_error err = {0};
    if (es_report_external(site, record, &out, &err) != ES_OK) {
        fprintf(stderr, "    %s\n", err.text);
        CU_FAIL_FATAL("no report");
    }
    return out;
}
