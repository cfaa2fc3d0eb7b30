/* SPDX-License-Identifier: Apache-2.0 */
/* From a site and two versions to a tree: what exists, what is compared, and the top of it. */
#include "plugin/report/versions/versions.h"

#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/report/versions/between.h"
#include "plugin/report/view.h"

static const char *const sides[] = {"before", "after"};

/* ---- what exists ---- */

/** Add ", name" to a list, cut where it would not fit. */
static void append(char *out, size_t size, const char *name)
{
    const size_t used = strlen(out), need = strlen(name);
    if (used + need + 3 > size) return;
    if (used) memcpy(out + used, ", ", 3);
    memcpy(out + strlen(out), name, need + 1);
}

static enum es_errc unknown_model(const struct es_config *config, const char *name, struct es_error *err)
{
    char list[90] = "";
    for (size_t i = 0; i < config->n_models; i++) append(list, sizeof list, config->models[i].name);
    return es_fail(err, ES_E_ARG, "no model \"%.30s\" is configured; there are: %s", name, list);
}

/** Streams of a model stand by version, so a version that was seen last is not seen again later. */
static enum es_errc check_versions(const struct es_report *report, uint16_t model, const char *const versions[2], struct es_error *err)
{
    char list[90] = "";
    const char *last = "";
    bool found[2] = {false, false};
    for (size_t i = 0; i < report->n_streams; i++) {
        const struct es_stream *s = &report->streams[i];
        if (s->model != model || !s->version[0]) continue;
        for (int side = 0; side < 2; side++) found[side] |= strcmp(s->version, versions[side]) == 0;
        if (strcmp(last, s->version) != 0) append(list, sizeof list, s->version);
        last = s->version;
    }
    for (int side = 0; side < 2; side++)
        if (!found[side])
            return es_fail(err, ES_E_ARG, "no result of version \"%.30s\" is known; versions there are: %s", versions[side],
                           list[0] ? list : "none");
    return strcmp(versions[0], versions[1]) != 0 ? ES_OK : es_fail(err, ES_E_ARG, "both versions are \"%.30s\"", versions[0]);
}

/* ---- one finding ---- */

/** Under which thresholds and references each version ran: what the comparison pools. */
static void settings(struct es_report *report, cJSON *finding, uint16_t model, uint16_t number, const char *const versions[2])
{
    struct es_tree *t = &report->tree;
    cJSON *out = es_tree_object(t, finding, "settings");
    for (int side = 0; side < 2; side++) {
        cJSON *list = es_tree_array(t, out, sides[side]);
        for (size_t i = 0; i < report->n_streams; i++) {
            const struct es_stream *s = &report->streams[i];
            if (s->model != model || s->finding != number || strcmp(s->version, versions[side]) != 0) continue;
            cJSON *entry = es_tree_object(t, list, NULL);
            es_report_day(t, entry, "from", s->from);
            es_report_day(t, entry, "to", s->to);
            es_tree_number(t, entry, "threshold", s->threshold);
            es_tree_text_or_null(t, entry, "reference_source", s->reference_source);
        }
    }
}

struct unit_count {
    const char *name;
    uint64_t units, patients;
};

static void units_of(const struct es_pairs *pairs, struct unit_count counts[5])
{
    uint32_t last[5];
    memset(last, 0xff, sizeof last);
    counts[4].units = pairs->maturing;
    counts[4].patients = pairs->maturing_patients;
    for (uint32_t row = 0; row < pairs->rows; row++) {
        const bool before = pairs->decision[0][row] != ES_NO_ANSWER, after = pairs->decision[1][row] != ES_NO_ANSWER;
        const bool told = pairs->label[row] != ES_NO_ANSWER;
        if (!told && !(before && after)) continue;
        const int which = !told ? 3 : before && after ? 0 : before ? 1 : 2;
        counts[which].units++;
        counts[which].patients += last[which] != pairs->patient[row];
        last[which] = pairs->patient[row];
    }
}

/** Sums over everyone, so they are shown only where everyone's own cells are, and where no one of them is small. */
static void units(struct es_report *report, const struct es_disclosure *rule, cJSON *finding, const struct es_pairs *pairs, bool hidden,
                  const struct es_pair_beside *beside)
{
    struct es_tree *t = &report->tree;
    struct unit_count counts[5] = {{"compared", 0, 0}, {"only_before", 0, 0}, {"only_after", 0, 0}, {"without_reference", 0, 0}, {"maturing", 0, 0}};
    const uint64_t least = rule->kind == ES_DISCLOSE_NHS ? 8 : rule->kind == ES_DISCLOSE_FLOOR ? rule->floor : 0;
    cJSON *out = es_tree_object(t, finding, "units");
    units_of(pairs, counts);
    for (size_t i = 0; i < 5; i++) {
        if (hidden || (counts[i].patients > 0 && counts[i].patients < least) || !es_pair_beside_units(beside, counts[i].name, counts[i].units))
            es_tree_text(t, out, counts[i].name, ES_SUPPRESSED_WORD);
        else if (rule->kind == ES_DISCLOSE_NHS)
            es_tree_count(t, out, counts[i].name, (counts[i].units + 2) / 5 * 5);
        else
            es_tree_count(t, out, counts[i].name, counts[i].units);
    }
}

static bool ai_aware(const struct es_pairs *pairs)
{
    for (uint32_t row = 0; row < pairs->rows; row++)
        if (pairs->ai_aware[row]) return true;
    return false;
}

/** One grouping in both measures. @param out  a list of each measure */
static bool one_grouping(struct es_report *report, const struct es_disclosure *rule, const struct es_pairs *pairs, size_t number, cJSON *const out[ES_PAIR_MEASURES],
                         bool *hidden, const struct es_pair_beside *beside)
{
    const struct es_grouping *grouping = &report->groupings[number];
    struct es_pair_verdict verdicts[ES_PAIR_MEASURES] = {{0}};
    struct es_pair_group *groups = NULL;
    size_t count = 0;
    bool ok = es_pairs_count(pairs, grouping, (uint32_t)number, &groups, &count), moved = false;
    for (int m = 0; ok && m < ES_PAIR_MEASURES; m++)
        ok = es_pair_judge(report, rule, report->options->audience, groups, count, (enum es_pair_measure)m, &verdicts[m]);
    if (ok) es_pair_beside_hide(beside, verdicts);
    for (int m = 0; ok && m < ES_PAIR_MEASURES; m++) {
        es_pair_put(report, rule, &verdicts[m], grouping, out[m]);
        moved |= es_pair_beside_moved(beside, (enum es_pair_measure)m, cJSON_GetArrayItem(out[m], cJSON_GetArraySize(out[m]) - 1));
    }
    if (ok && moved) { /* an answer was corrected, or one patient stands in the place of another */
        es_pair_hide_all(verdicts);
        for (int m = 0; m < ES_PAIR_MEASURES; m++) {
            cJSON_DeleteItemFromArray(out[m], cJSON_GetArraySize(out[m]) - 1);
            es_pair_put(report, rule, &verdicts[m], grouping, out[m]);
        }
    }
    if (ok) es_pair_beside_note(beside, verdicts);
    for (int m = 0; m < ES_PAIR_MEASURES; m++) {
        if (ok && number == 0 && count > 0) *hidden |= verdicts[m].results[0].hidden;
        es_pair_verdict_clear(&verdicts[m]);
    }
    free(groups);
    return ok && !report->tree.failed;
}

static enum es_errc measures(struct es_report *report, const struct es_disclosure *rule, cJSON *finding, const struct es_pairs *pairs,
                             bool *hidden, const struct es_pair_beside *beside, struct es_error *err)
{
    struct es_tree *t = &report->tree;
    cJSON *list = es_tree_array(t, finding, "measures"), *groupings[ES_PAIR_MEASURES];
    for (int m = 0; m < ES_PAIR_MEASURES; m++) {
        cJSON *out = es_tree_object(t, list, NULL);
        es_tree_text(t, out, "measure", es_pair_measure_name((enum es_pair_measure)m));
        groupings[m] = es_tree_array(t, out, "groupings");
    }
    for (size_t g = 0; g < report->n_groupings; g++)
        if (!one_grouping(report, rule, pairs, g, groupings, hidden, beside))
            return es_fail(err, ES_E_MEMORY, "no memory to compare over %zu groupings", report->n_groupings);
    return ES_OK;
}

static enum es_errc one_finding(struct es_report *report, const struct es_versions_options *options, const struct es_disclosure *rule,
                                uint16_t model, uint16_t number, cJSON *out, struct es_error *err)
{
    struct es_tree *t = &report->tree;
    const struct es_finding_config *config = &report->config->models[model].findings[number];
    struct es_pairs pairs = {0};
    bool hidden = false;
    if (config->task != ES_TASK_BINARY) { /* named, so that silence is not taken for "unchanged" */
        cJSON *left_out = es_tree_object(t, cJSON_GetObjectItemCaseSensitive(out, "not_compared"), NULL);
        es_tree_text(t, left_out, "finding", config->name);
        es_tree_text(t, left_out, "task", es_task_name(config->task));
        return ES_OK;
    }
    enum es_errc e = es_cohort_pairs(es_site_cohort(report->site), model, number, options->versions, options->from, options->to, report->now,
                                     &pairs, err);
    if (e != ES_OK) return e;
    cJSON *finding = es_tree_object(t, cJSON_GetObjectItemCaseSensitive(out, "findings"), NULL);
    es_tree_text(t, finding, "finding", config->name);
    es_tree_text(t, finding, "unit", es_unit_type_name(config->unit));
    es_tree_bool(t, finding, "ai_aware", ai_aware(&pairs));
    settings(report, finding, model, number, options->versions);
    struct es_pair_beside beside;
    if (!es_pair_beside_open(&beside, report, options, rule, config->name)) e = es_fail(err, ES_E_MEMORY, "no memory for earlier releases");
    if (e == ES_OK) e = measures(report, rule, finding, &pairs, &hidden, &beside, err);
    if (e == ES_OK) units(report, rule, finding, &pairs, hidden, &beside);
    es_pair_beside_close(&beside);
    es_pairs_clear(&pairs);
    return e;
}

/* ---- the tree ---- */

static void top(struct es_report *report, const struct es_versions_options *options, const struct es_disclosure *rule, cJSON *out)
{
    struct es_tree *t = &report->tree;
    const struct es_plan *plan = &report->config->plan;
    cJSON *period = es_tree_object(t, out, "period");
    es_report_day(t, period, "from", options->from);
    es_report_day(t, period, "to", options->to);
    es_tree_text(t, period, "by", "exam_date");
    es_report_disclosure(report, out, rule);
    cJSON *model = es_tree_object(t, out, "compared");
    es_tree_text(t, model, "model", options->model);
    for (int side = 0; side < 2; side++) es_tree_text(t, model, sides[side], options->versions[side]);
    cJSON *method = es_tree_object(t, out, "method");
    es_tree_number(t, method, "alpha", plan->alpha);
    es_tree_count(t, method, "minimum_cases", plan->min_cases);
    es_tree_count(t, method, "minimum_patients", plan->min_patients);
    es_tree_text(t, method, "cases", "units that both versions decided, with a label and a closed reference window");
    es_tree_text(t, method, "interval", "Tango score interval; pairs divided by the patient-clustered design effect of the difference");
    es_tree_text(t, method, "p", "McNemar on the same effective pairs; adjusted by Holm over the judged groups of one grouping");
    es_tree_text(t, method, "mode", "fixed");
    es_tree_object(t, out, "summary"); /* stands first for readers; filled last */
}

static enum es_errc build(struct es_report *report, const struct es_versions_options *options, cJSON *out, struct es_error *err)
{
    const struct es_disclosure *rule = options->audience == ES_AUDIENCE_EXTERNAL ? &report->config->external : &report->config->internal;
    const int model = es_config_model(report->config, options->model);
    if (model < 0) return unknown_model(report->config, options->model, err);
    enum es_errc e = es_cohort_streams(es_site_cohort(report->site), &report->streams, &report->n_streams, err);
    if (e == ES_OK) e = check_versions(report, (uint16_t)model, options->versions, err);
    for (size_t a = 0; e == ES_OK && a < report->config->n_axes; a++)
        e = es_cohort_levels(es_site_cohort(report->site), a, &report->levels[a], err);
    if (e != ES_OK) return e;
    es_report_groupings(report);
    e = es_report_provenance(report, out, "evensight-compare/1", err);
    if (e != ES_OK) return e;
    top(report, options, rule, out);
    es_tree_array(&report->tree, out, "findings");
    es_tree_array(&report->tree, out, "not_compared");
    for (size_t f = 0; e == ES_OK && f < report->config->models[model].n_findings; f++)
        e = one_finding(report, options, rule, (uint16_t)model, (uint16_t)f, out, err);
    if (e == ES_OK) es_pair_summary(&report->tree, out);
    if (e == ES_OK && report->tree.failed) e = es_fail(err, ES_E_MEMORY, "no memory for the comparison");
    return e;
}

enum es_errc es_versions_build(struct es_site *site, const struct es_versions_options *options, cJSON **out, struct es_error *err)
{
    return es_versions_build_after(site, options, NULL, out, err);
}

enum es_errc es_versions_build_after(struct es_site *site, const struct es_versions_options *options, const struct es_between *between, cJSON **out,
                                     struct es_error *err)
{
    const struct es_report_options as_report = {options->from, options->to, options->audience};
    *out = NULL;
    if (options->from != ES_NO_DAY && options->to != ES_NO_DAY && options->from > options->to)
        return es_fail(err, ES_E_ARG, "the period ends before it begins");
    struct es_report *report = calloc(1, sizeof *report);
    cJSON *tree = cJSON_CreateObject();
    enum es_errc e = report && tree ? ES_OK : es_fail(err, ES_E_MEMORY, "no memory for a comparison");
    if (e == ES_OK) {
        report->site = site;
        report->options = &as_report;
        report->between = between;
        report->config = es_site_config(site);
        report->now = es_site_now(site);
        e = build(report, options, tree, err);
    }
    if (report) {
        for (size_t a = 0; a < ES_MAX_AXES; a++) es_levels_clear(&report->levels[a]);
        free(report->streams);
    }
    free(report);
    if (e != ES_OK) cJSON_Delete(tree);
    else *out = tree;
    return e;
}
