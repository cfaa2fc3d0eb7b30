/* SPDX-License-Identifier: Apache-2.0 */
/* From a site to a release: the top of the tree, and the order in which its parts are made. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/hash.h"
#include "plugin/base/time.h"
#include "plugin/report/build/build.h"
#include "plugin/report/record/between.h"
#include "plugin/version.h"

void es_report_day(struct es_tree *t, cJSON *parent, const char *name, int32_t value)
{
    char text[ES_DAY_TEXT] = "";
    if (value != ES_NO_DAY) es_day_format(value, text);
    es_tree_text_or_null(t, parent, name, text);
}

enum es_errc es_report_provenance(struct es_report *report, cJSON *release, const char *schema, struct es_error *err)
{
    struct es_tree *t = &report->tree;
    char text[ES_INSTANT_TEXT] = "", link[2 * ES_SHA256_SIZE + 1];
    struct es_head *basis = NULL;
    size_t n_heads = 0;
    uint64_t last = 0;
    es_tree_text(t, release, "schema", schema);
    es_tree_text(t, release, "site", report->config->site);
    es_tree_text(t, release, "software", "evensight " ES_VERSION);
    if (report->config->note[0]) es_tree_text(t, release, "note", report->config->note);
    if (report->now != ES_NO_INSTANT) es_instant_format(report->now, text);
    es_tree_text_or_null(t, release, "as_of", text);
    const enum es_errc code = es_site_heads(report->site, &basis, &n_heads, err);
    if (code != ES_OK) return code;
    cJSON *ledger = es_tree_object(t, release, "ledger"), *heads = es_tree_array(t, ledger, "heads");
    const uint64_t configurations = es_site_configurations(report->site, &last);
    es_tree_count(t, ledger, "configurations", configurations);
    for (size_t i = 0; i < n_heads; i++) {
        cJSON *entry = es_tree_object(t, heads, NULL);
        es_hex(basis[i].link, sizeof basis[i].link, link);
        es_tree_text(t, entry, "node", basis[i].node);
        es_tree_count(t, entry, "seq", basis[i].seq);
        es_tree_text(t, entry, "link", link);
    }
    free(basis);
    return ES_OK;
}

static void period(struct es_report *report, cJSON *release, const struct es_cohort_counts *counts)
{
    struct es_tree *t = &report->tree;
    cJSON *out = es_tree_object(t, release, "period");
    es_report_day(t, out, "from", report->options->from);
    es_report_day(t, out, "to", report->options->to);
    es_tree_text(t, out, "by", "exam_date");
    es_report_day(t, out, "first_exam", counts->first_day);
    es_report_day(t, out, "last_exam", counts->last_day);
}

void es_report_disclosure(struct es_report *report, cJSON *release, const struct es_disclosure *rule)
{
    struct es_tree *t = &report->tree;
    cJSON *out = es_tree_object(t, release, "disclosure");
    es_tree_text(t, out, "audience", report->options->audience == ES_AUDIENCE_EXTERNAL ? "external" : "internal");
    char text[24] = "none";
    if (rule->kind == ES_DISCLOSE_NHS) memcpy(text, "nhs", sizeof "nhs");
    if (rule->kind == ES_DISCLOSE_FLOOR) {
        char digits[11];
        size_t n = 0;
        for (uint32_t v = rule->floor; v || n == 0; v /= 10) digits[n++] = (char)('0' + v % 10);
        memcpy(text, "floor:", 6);
        for (size_t i = 0; i < n; i++) text[6 + i] = digits[n - 1 - i];
        text[6 + n] = '\0';
    }
    es_tree_text(t, out, "rule", text);
}

/** Keywords and linked names that axes are made of, each once. */
static void attributes(struct es_report *report, cJSON *release)
{
    static const enum es_attribute_state order[] = {ES_ATTRIBUTE_PRESENT,    ES_ATTRIBUTE_ABSENT,   ES_ATTRIBUTE_BLANK,
                                                    ES_ATTRIBUTE_INVALID,    ES_ATTRIBUTE_NOT_STATED, ES_ATTRIBUTE_UNMAPPED,
                                                    ES_ATTRIBUTE_CONFLICT};
    struct es_tree *t = &report->tree;
    cJSON *out = es_tree_object(t, release, "attributes");
    for (size_t a = 0; a < report->config->n_axes; a++) {
        const struct es_axis_config *axis = &report->config->axes[a];
        const char *name = axis->linked[0] ? axis->linked : axis->attribute;
        if (cJSON_GetObjectItemCaseSensitive(out, name)) continue;
        uint64_t counts[ES_ATTRIBUTE_STATES] = {0};
        es_cohort_attribute_states(es_site_cohort(report->site), name, report->options->from, report->options->to, counts);
        cJSON *states = es_tree_object_as(t, out, name);
        for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
            es_tree_count(t, states, es_attribute_state_name(order[i]), counts[order[i]]);
    }
}

/* Why, by the count of `unpaired` that it is a part of: each adds up to it, and disclosure sees to each as a line. */
static void unpaired_why(struct es_tree *t, cJSON *out, const struct es_cohort_counts *counts)
{
    static const char *const kinds[2] = {"results_without_exam", "references_without_exam"};
    for (int kind = 0; kind < 2; kind++) {
        cJSON *of = es_tree_object(t, out, kinds[kind]);
        for (int i = ES_ORPHAN_STUDY; i <= ES_ORPHAN_OTHER_ISSUER; i++)
            es_tree_count(t, of, es_orphan_name((enum es_orphan)i), counts->orphans[kind][i]);
    }
    cJSON *ambiguous = es_tree_object(t, out, "ambiguous");
    uint64_t exams = counts->ambiguous;
    for (int i = ES_ORPHAN_IMAGES; i < ES_ORPHANS; i++) {
        const uint64_t both = counts->orphans[0][i] + counts->orphans[1][i];
        es_tree_count(t, ambiguous, es_orphan_name((enum es_orphan)i), both);
        exams -= both;
    }
    es_tree_count(t, ambiguous, "exam_of_patient_without_issuer", exams);
}

static void beside(struct es_report *report, cJSON *release, const struct es_cohort_counts *counts)
{
    struct es_tree *t = &report->tree;
    cJSON *excluded = es_tree_object(t, release, "excluded");
    for (int i = ES_EXCLUDED_NOT + 1; i < ES_EXCLUSIONS; i++)
        es_tree_count(t, excluded, es_exclusion_name((enum es_exclusion)i), counts->excluded[i]);
    attributes(report, release);
    cJSON *unpaired = es_tree_object(t, release, "unpaired");
    es_tree_count(t, unpaired, "results_without_exam", counts->results_without_exam);
    es_tree_count(t, unpaired, "references_without_exam", counts->references_without_exam);
    es_tree_count(t, unpaired, "ambiguous", counts->ambiguous);
    es_tree_count(t, unpaired, "unknown_model", counts->unknown_model);
    es_tree_count(t, unpaired, "unknown_finding", counts->unknown_finding);
    unpaired_why(t, es_tree_object(t, release, "unpaired_why"), counts);
    cJSON *corrections = es_tree_object(t, release, "corrections");
    es_tree_count(t, corrections, "revised", counts->revised);
    es_tree_count(t, corrections, "retracted", counts->retracted);
    es_tree_count(t, corrections, "sources_disagree", counts->sources_disagree);
}

static void vocabulary(struct es_report *report, cJSON *release)
{
    struct es_tree *t = &report->tree;
    cJSON *axes = es_tree_array(t, release, "axes");
    uint32_t tasks = 0;
    for (size_t a = 0; a < report->config->n_axes; a++) {
        const struct es_axis_config *axis = &report->config->axes[a];
        cJSON *out = es_tree_object(t, axes, NULL);
        es_tree_text(t, out, "name", axis->name);
        es_tree_text(t, out, axis->linked[0] ? "linked" : "attribute", axis->linked[0] ? axis->linked : axis->attribute);
        cJSON *levels = es_tree_array(t, out, "levels");
        for (uint8_t l = 1; l < report->levels[a].count; l++) es_tree_text(t, levels, NULL, report->levels[a].names[l]);
        es_tree_text(t, levels, NULL, "unknown");
    }
    for (size_t m = 0; m < report->config->n_models; m++)
        for (size_t f = 0; f < report->config->models[m].n_findings; f++) tasks |= es_finding_tasks(&report->config->models[m].findings[f]);
    cJSON *metrics = es_tree_array(t, release, "metrics");
    for (size_t i = 0; i < es_metrics_count; i++) {
        if (!(es_metrics[i].tasks & tasks)) continue;
        cJSON *out = es_tree_object(t, metrics, NULL);
        es_tree_text(t, out, "name", es_metrics[i].name);
        es_tree_text(t, out, "title", es_metrics[i].title);
        es_tree_text(t, out, "unit", es_metrics[i].unit);
        es_tree_text(t, out, "doc", es_metrics[i].doc);
        es_tree_text(t, out, "source", es_metrics[i].source);
    }
}

void es_report_not_estimable(struct es_tree *t, cJSON *out, enum es_reason reason)
{
    es_tree_text(t, out, "status", "not_estimable");
    es_tree_text(t, out, "why", es_reason_code(reason));
    es_tree_text(t, out, "words", es_reason_words(reason));
}

/** Epochs are counted within a finding, as thresholds are a finding's own: each row names its finding. */
static void epoch(struct es_report *report, cJSON *epochs, const struct es_stream *stream, const char *finding)
{
    struct es_tree *t = &report->tree;
    cJSON *out = es_tree_object(t, epochs, NULL);
    es_tree_count(t, out, "id", stream->epoch);
    es_report_day(t, out, "from", stream->from);
    es_report_day(t, out, "to", stream->to);
    es_tree_number(t, out, "threshold", stream->threshold);
    es_tree_text_or_null(t, out, "reference_source", stream->reference_source);
    es_tree_text(t, out, "cause", stream->cause);
    es_tree_text(t, out, "finding", finding);
}

static enum es_errc models(struct es_report *report, cJSON *release, struct es_error *err)
{
    struct es_tree *t = &report->tree;
    cJSON *list = es_tree_array(t, release, "models"), *epochs = NULL, *findings = NULL;
    for (size_t i = 0; i < report->n_streams; i++) {
        const struct es_stream *stream = &report->streams[i], *before = i ? stream - 1 : NULL;
        const struct es_model_config *model = &report->config->models[stream->model];
        const struct es_finding_config *finding = &model->findings[stream->finding];
        if (!before || before->model != stream->model || strcmp(before->version, stream->version) != 0) {
            cJSON *out = es_tree_object(t, list, NULL);
            es_tree_text(t, out, "name", model->name);
            es_tree_text_or_null(t, out, "version", stream->version);
            epochs = es_tree_array(t, out, "epochs");
            findings = es_tree_array(t, out, "findings");
        }
        epoch(report, epochs, stream, finding->name);
        cJSON *out = es_tree_object(t, findings, NULL);
        es_tree_text(t, out, "finding", finding->name);
        es_tree_text(t, out, "task", es_task_name(finding->task));
        es_tree_text(t, out, "unit", es_unit_type_name(finding->unit));
        if (finding->units[0]) es_tree_text(t, out, "units", finding->units);
        es_tree_count(t, out, "epoch", stream->epoch);
        report->parts[i].stream = stream;
        enum es_errc e = es_report_sweep(report, &report->parts[i], err);
        if (e == ES_OK) e = es_report_groups(report, &report->parts[i], out, err);
        if (e != ES_OK) {
            es_error_prefix(err, "report of %s, %s", model->name, finding->name);
            return e;
        }
    }
    return es_report_judge(report, err);
}

static enum es_errc fill(struct es_report *report, cJSON *release, struct es_error *err)
{
    const struct es_disclosure *rule =
        report->options->audience == ES_AUDIENCE_EXTERNAL ? &report->config->external : &report->config->internal;
    struct es_cohort_counts counts = {0};
    enum es_errc e = es_cohort_count(es_site_cohort(report->site), report->options->from, report->options->to, &counts, err);
    if (e == ES_OK) e = es_report_provenance(report, release, "evensight-report/1", err);
    if (e != ES_OK) return e;
    period(report, release, &counts);
    es_report_plan(report, release);
    es_report_disclosure(report, release, rule);
    es_tree_object(&report->tree, release, "summary"); /* stands first for readers; filled last */
    beside(report, release, &counts);
    vocabulary(report, release);
    if (report->tree.failed) return es_fail(err, ES_E_MEMORY, "no memory for the report");
    if (report->config->population) es_tree_array(&report->tree, release, "representation"); /* filled when the groups are disclosed */
    e = models(report, release, err);
    if (e != ES_OK) return e;
    es_release_disclose(&report->tree, release, rule, report->options->audience, report->between);
    es_report_exploratory(&report->tree, release);
    es_report_fairness(&report->tree, release);
    es_report_representation(report, release);
    es_report_summary(&report->tree, release);
    return report->tree.failed ? es_fail(err, ES_E_MEMORY, "no memory for the release") : ES_OK;
}

static enum es_errc prepare(struct es_report *report, struct es_error *err)
{
    enum es_errc e = ES_OK;
    report->config = es_site_config(report->site);
    report->now = es_site_now(report->site);
    report->plan_day = es_site_plan_day(report->site, &report->retrospect, &report->plan_seq);
    es_report_groupings(report);
    for (size_t a = 0; a < report->config->n_axes && e == ES_OK; a++)
        e = es_cohort_levels(es_site_cohort(report->site), a, &report->levels[a], err);
    if (e == ES_OK) e = es_cohort_streams(es_site_cohort(report->site), &report->streams, &report->n_streams, err);
    if (e != ES_OK) return e;
    report->parts = calloc(report->n_streams ? report->n_streams : 1, sizeof *report->parts);
    return report->parts ? ES_OK : es_fail(err, ES_E_MEMORY, "no memory for %zu streams", report->n_streams);
}

enum es_errc es_report_build_after(struct es_site *site, const struct es_report_options *options, const struct es_between *between, cJSON **out,
                                   struct es_error *err)
{
    if (options->from != ES_NO_DAY && options->to != ES_NO_DAY && options->from > options->to)
        return es_fail(err, ES_E_ARG, "the period ends before it begins");
    if (!es_site_is_whole(site)) {
        const enum es_errc mended = es_site_refresh(site, err);
        if (mended != ES_OK) return mended;
    }
    struct es_report *report = calloc(1, sizeof *report);
    cJSON *release = cJSON_CreateObject();
    enum es_errc e = report && release ? ES_OK : es_fail(err, ES_E_MEMORY, "no memory for a report");
    if (report) {
        report->site = site;
        report->options = options;
        report->between = between;
    }
    if (e == ES_OK) e = prepare(report, err);
    if (e == ES_OK) e = fill(report, release, err);
    if (report) {
        for (size_t i = 0; report->parts && i < report->n_streams; i++) es_report_part_clear(&report->parts[i]);
        for (size_t a = 0; a < ES_MAX_AXES; a++) es_levels_clear(&report->levels[a]);
        free(report->parts);
        free(report->streams);
        free(report->trials);
        free(report);
    }
    if (e != ES_OK)
        cJSON_Delete(release);
    else
        *out = release;
    return e;
}

enum es_errc es_report_build(struct es_site *site, const struct es_report_options *options, cJSON **out, struct es_error *err)
{
    return es_report_build_after(site, options, NULL, out, err);
}
