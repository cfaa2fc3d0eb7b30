/* SPDX-License-Identifier: Apache-2.0 */
/* One stream: its sheet, swept over every grouping; and, when some exams lie before the plan's day, swept again without them. */
#include <stdlib.h>
#include <string.h>

#include "plugin/report/build/build.h"

const char *es_report_level(const struct es_report *report, uint8_t axis, uint8_t level)
{
    if (level == 0) return "unknown";
    return level < report->levels[axis].count ? report->levels[axis].names[level] : "other";
}

void es_report_group_key(struct es_report *report, cJSON *parent, const char *name, struct es_group_key key)
{
    cJSON *out = es_tree_object(&report->tree, parent, name);
    const struct es_grouping *grouping = &report->groupings[key.grouping];
    for (uint8_t i = 0; i < grouping->n; i++)
        es_tree_text_as(&report->tree, out, report->config->axes[grouping->axis[i]].name,
                        es_report_level(report, grouping->axis[i], key.level[i]));
}

bool es_report_same_key(struct es_group_key a, struct es_group_key b, uint8_t axes)
{
    if (a.grouping != b.grouping) return false;
    for (uint8_t i = 0; i < axes; i++)
        if (a.level[i] != b.level[i]) return false;
    return true;
}

/** What is read from rows and not from sums: curves, drift and the search for weak groups. */
static enum es_errc draw(struct es_report *report, const struct es_sheet *sheet, struct es_report_part *part, struct es_error *err)
{
    part->curves = cJSON_CreateObject();
    part->drift = cJSON_CreateObject();
    part->weak = cJSON_CreateObject();
    if (!part->curves || !part->drift || !part->weak) return es_fail(err, ES_E_MEMORY, "no memory for curves and drift");
    enum es_errc e = es_report_drift(report, sheet, part->drift, err);
    if (e != ES_OK || report->config->models[part->stream->model].findings[part->stream->finding].task != ES_TASK_BINARY) return e;
    e = es_report_weak(report, sheet, part->weak, err);
    if (e == ES_OK) e = es_report_missing(report, sheet, part, err);
    if (e != ES_OK) return e;
    return es_report_curves(report, sheet, part->stream->threshold, part->curves, err);
}

/** Whose references stand, and where senders contradict themselves or each other. */
static cJSON *references(struct es_report *report, const struct es_sheet_holder *holder)
{
    struct es_tree *t = &report->tree;
    cJSON *out = cJSON_CreateObject();
    if (!out) {
        t->failed = true;
        return NULL;
    }
    cJSON *sources = es_tree_object(t, out, "sources");
    for (size_t i = 0; i < holder->n_sources; i++)
        es_tree_number_as(t, sources, holder->sources[i].source, (double)holder->sources[i].cases);
    /* why a case whose reference stands is in no figure; for staff, as the cases are few */
    cJSON *lost = report->options->audience == ES_AUDIENCE_INTERNAL && holder->sheet.measures ? es_tree_object(t, out, "not_compared") : NULL;
    for (int why = ES_COMPARED_YES; lost && why < ES_COMPARED_KINDS; why++)
        es_tree_count(t, lost, why == ES_COMPARED_YES ? "both_empty" : es_compared_name((enum es_compared)why), holder->not_compared[why]);
    es_tree_count(t, out, "sources_disagree", holder->sources_disagree);
    es_tree_count(t, out, "decision_mismatch", holder->decision_mismatch);
    es_tree_count(t, out, "decision_changed", holder->decision_changed);
    return out;
}

/** One sheet, swept and tallied; the sheet is gone afterwards. @param shapes  whose sweep this is: gets curves, drift and first cases; may be NULL */
static enum es_errc sweep_rows(struct es_report *report, const struct es_stream *stream, int32_t from, struct es_sweep **sweep,
                               struct es_tally **tallies, struct es_standard_table *adjusted,
                               struct es_report_span *span, struct es_report_part *shapes,
                               struct es_error *err)
{
    struct es_sheet_holder holder = {0};
    enum es_errc e = es_cohort_sheet(es_site_cohort(report->site), stream, from, report->options->to, report->now, report->plan_day,
                                     &holder, err);
    if (e != ES_OK) return e;
    const char *fault = "";
    for (size_t a = 0; a < report->config->n_axes && e == ES_OK; a++)
        if (holder.levels[a].count != report->levels[a].count)
            e = es_fail(err, ES_E_STATE, "axis %zu has %u levels in a sheet and %u in the cohort", a, holder.levels[a].count,
                        report->levels[a].count);
    if (e == ES_OK && !es_sheet_check(&holder.sheet, &fault)) e = es_fail(err, ES_E_STATE, "sheet: %s", fault);
    if (e == ES_OK && !es_sweep_run(&holder.sheet, report->groupings, report->n_groupings, sweep))
        e = es_fail(err, ES_E_MEMORY, "no memory to sweep %u rows over %zu groupings", holder.sheet.rows, report->n_groupings);
    if (e == ES_OK) {
        *tallies = es_report_tally(report, &holder.sheet, *sweep);
        if (!*tallies) e = es_fail(err, ES_E_MEMORY, "no memory to tally %u rows", holder.sheet.rows);
    }
    if (e == ES_OK) *span = es_report_span(&holder.sheet);
    if (e == ES_OK && report->config->models[stream->model].findings[stream->finding].task == ES_TASK_BINARY)
        e = es_report_standardise(&holder.sheet, adjusted, err);
    if (e == ES_OK && shapes) shapes->references = references(report, &holder);
    if (e == ES_OK && shapes) e = draw(report, &holder.sheet, shapes, err);
    if (e == ES_OK && shapes) e = es_report_firsts(report, &holder.sheet, shapes, err);
    if (e == ES_OK && shapes) e = es_report_means(report, &holder.sheet, shapes, err);
    if (e == ES_OK && shapes) e = es_report_alarms(report, &holder.sheet, shapes, err);
    if (e == ES_OK && shapes) e = es_report_series(report, &holder.sheet, shapes, err);
    if (e == ES_OK && shapes) e = es_report_expectation(report, &holder.sheet, shapes, err);
    es_sheet_holder_clear(&holder);
    return e;
}

enum es_errc es_report_sweep(struct es_report *report, struct es_report_part *part, struct es_error *err)
{
    const int32_t from = report->options->from;
    const enum es_errc e = sweep_rows(report, part->stream, from, &part->sweep, &part->tallies, part->adjusted, &part->span, part, err);
    if (e != ES_OK) return e;
    const bool early = es_sweep_count(part->sweep) > 0 && es_summary_marked(es_sweep_summary(part->sweep, 0), ES_MARK_EXPLORATORY) > 0;
    if (!early || report->plan_day == ES_NO_DAY) return ES_OK;
    const int32_t day = from != ES_NO_DAY && from > report->plan_day ? from : report->plan_day;
    return sweep_rows(report, part->stream, day, &part->judge, &part->judge_tallies, part->judge_adjusted, &part->judge_span, NULL, err);
}

void es_report_part_clear(struct es_report_part *part)
{
    es_sweep_free(part->sweep);
    es_sweep_free(part->judge);
    free(part->tallies);
    free(part->judge_tallies);
    free(part->means);
    free(part->firsts);
    for (int rate = 0; rate < 2; rate++) {
        es_standard_table_free(&part->adjusted[rate]);
        es_standard_table_free(&part->judge_adjusted[rate]);
    }
    cJSON_Delete(part->curves);
    cJSON_Delete(part->drift);
    cJSON_Delete(part->weak);
    cJSON_Delete(part->charts);
    cJSON_Delete(part->alarms);
    cJSON_Delete(part->references);
    cJSON_Delete(part->missingness);
    free(part->labelled);
    cJSON_Delete(part->series);
    cJSON_Delete(part->expected);
    *part = (struct es_report_part){0};
}
