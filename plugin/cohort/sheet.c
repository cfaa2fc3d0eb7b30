/* SPDX-License-Identifier: Apache-2.0 */
/* One stream's columns in patient order, and where each unit stands in the funnel at an instant (DESIGN 8). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/time.h"
#include "plugin/cohort/internal.h"

/* ---- patient order ---- */

struct placed {
    const struct es_pseudonym *patient;
    uint64_t key;
    uint32_t exam;
    int32_t day;
};
static int by_place(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    const int order = es_pseudonym_set(a->patient) || es_pseudonym_set(b->patient)
        ? memcmp(a->patient->bytes, b->patient->bytes, ES_PSEUDONYM_SIZE)
        : 0;
    if (order) return order;
    if (a->day != b->day) return a->day < b->day ? -1 : 1;
    return a->key < b->key ? -1 : a->key > b->key;
}

enum es_errc es_cohort_order(const struct es_cohort *cohort, struct es_error *err)
{
    struct es_order *order = cohort->order;
    uint32_t n = 0;
    if (!order->stale) return ES_OK;
    const size_t used = cohort->used_exams;
    struct placed *placed = calloc(used ? used : 1, sizeof *placed);
    if (placed && order->room < used) {
        uint32_t *exams = realloc(order->exams, used * sizeof *exams);
        if (exams) {
            order->exams = exams;
            order->room = (uint32_t)used;
        }
    }
    if (!placed || order->room < used) {
        free(placed);
        return es_fail(err, ES_E_MEMORY, "cohort: out of memory");
    }
    for (uint32_t i = 0; i < cohort->n_exams; i++) {
        const struct es_exam_row *exam = &cohort->exams[i];
        if (exam->used) placed[n++] = (struct placed){&cohort->patients.keys[exam->patient], exam->key, i, exam->day};
    }
    qsort(placed, n, sizeof *placed, by_place);
    for (uint32_t i = 0; i < n; i++) order->exams[i] = placed[i].exam;
    order->count = n;
    order->stale = false;
    free(placed);
    return ES_OK;
}

/* ---- stage ---- */

/* End of the exam's day plus a window; INT64_MAX past the end of time. Exams without a day: INT64_MIN, the window is closed. */
static int64_t window_end(int32_t day, int64_t window)
{
    int64_t end;
    if (day == ES_NO_DAY) return INT64_MIN;
    if (__builtin_add_overflow(((int64_t)day + 1) * ES_MICROSECONDS_A_DAY, window, &end)) return INT64_MAX;
    return end;
}

enum es_stage es_case_stage(const struct es_exam_row *exam, const struct es_case_row *row, const struct es_clock *clock)
{
    if (exam->excluded != ES_EXCLUDED_NOT || row->excluded) return ES_STAGE_EXCLUDED;
    if (row->eligible == ES_ELIGIBLE_NO) return ES_STAGE_INELIGIBLE;
    if (row->eligible == ES_ELIGIBLE_UNKNOWN) return ES_STAGE_ELIGIBILITY_UNKNOWN;
    switch (row->result) {
    case ES_RESULT_REJECTED: return ES_STAGE_REJECTED;
    case ES_RESULT_FAILED:
    case ES_RESULT_TIMEOUT: return ES_STAGE_FAILED;
    case ES_RESULT_OK: break;
    default: return clock->now < window_end(exam->day, clock->expect_within) ? ES_STAGE_PENDING : ES_STAGE_MISSING;
    }
    if (clock->now < window_end(exam->day, clock->reference_within)) return ES_STAGE_MATURING;
    if (!row->has_reference) return ES_STAGE_OVERDUE;
    const bool answered = row->label != ES_NO_ANSWER || (!clock->binary && row->compared == ES_COMPARED_YES);
    return row->evaluable && answered ? ES_STAGE_REFERENCED : ES_STAGE_INDETERMINATE;
}

enum es_stage es_derived_stage(const struct es_config *config, const struct es_derived *derived, const struct es_derived_case *row, int64_t now)
{
    const struct es_model_config *model = &config->models[row->model];
    const struct es_finding_config *finding = &model->findings[row->finding];
    const struct es_exam_row exam = {.day = derived->exams[row->exam].day, .excluded = (uint8_t)derived->exams[row->exam].excluded};
    const struct es_case_row kept = {.result = (unsigned)row->result & 7u, .label = row->label & 3u, .eligible = (unsigned)row->eligible & 3u,
                                     .has_reference = row->has_reference, .evaluable = row->evaluable, .excluded = row->excluded,
                                     .compared = (unsigned)row->compared & 7u};
    return es_case_stage(&exam, &kept, &(struct es_clock){.now = now, .expect_within = model->expect_within_us,
                         .reference_within = finding->reference_within_us, .plan_day = ES_NO_DAY, .binary = finding->task == 1u});
}

static uint8_t mark_of(const struct es_exam_row *exam, const struct es_case_row *row, const struct es_clock *clock)
{
    uint32_t mark = 0;
    if (row->eligible == ES_ELIGIBLE_NO && row->result == ES_RESULT_OK) mark |= ES_MARK_OUT_OF_SCOPE;
    if (row->result == ES_RESULT_OK && row->produced != ES_NO_INSTANT && exam->day != ES_NO_DAY &&
        row->produced > window_end(exam->day, clock->expect_within))
        mark |= ES_MARK_LATE;
    if (row->mismatch) mark |= ES_MARK_DECISION_MISMATCH;
    if (row->has_reference && row->saw_ai != ES_SAW_NO) mark |= ES_MARK_AI_AWARE;
    if (clock->plan_day != ES_NO_DAY && exam->day < clock->plan_day) mark |= ES_MARK_EXPLORATORY;
    if (row->has_reference && row->evaluable && row->label != ES_NO_ANSWER) mark |= ES_MARK_HAS_REFERENCE;
    return (uint8_t)mark;
}

/* ---- columns ---- */

struct columns {
    double *score;
    uint32_t *patient;
    int32_t *day;
    uint8_t *decision, *label, *stage, *mark, *axis_levels, *level[ES_MAX_AXES];
    const uint8_t **level_list;
    double *measure[ES_MAX_MEASURES];
    const double **measure_list;
    uint32_t *mark_from;
    struct es_level_maps maps;
};

static size_t place(size_t *used, size_t count, size_t size)
{
    const size_t at = *used;
    *used += (count * size + 15) & ~(size_t)15;
    return at;
}

/* One block for all columns: rows are below 2^32, so nothing here can overflow 64 bits. */
static bool allocate(const struct es_cohort *cohort, size_t rows, enum es_measures kind, struct columns *out, void **memory)
{
    size_t measures[ES_MAX_MEASURES];
    const size_t axes = cohort->config->n_axes;
    size_t used = 0, levels[ES_MAX_AXES];
    const size_t score = place(&used, rows, sizeof(double)), patient = place(&used, rows, sizeof(uint32_t));
    const size_t day = place(&used, rows, sizeof(int32_t)), decision = place(&used, rows, 1), label = place(&used, rows, 1);
    const size_t stage = place(&used, rows, 1), mark = place(&used, rows, 1), axis_levels = place(&used, ES_MAX_AXES, 1);
    const size_t list = place(&used, ES_MAX_AXES, sizeof(uint8_t *));
    for (size_t i = 0; i < axes; i++) levels[i] = place(&used, rows, 1);
    const size_t measure_list = place(&used, ES_MAX_MEASURES, sizeof(double *));
    for (unsigned i = 0; i < es_measure_columns(kind); i++) measures[i] = place(&used, rows, sizeof(double));
    const size_t mark_from = place(&used, kind == ES_MEASURES_LESIONS ? rows + 1 : 0, sizeof(uint32_t));
    unsigned char *bytes = calloc(used, 1);
    if (!bytes) return false;
    out->score = (void *)(bytes + score);
    out->patient = (void *)(bytes + patient);
    out->day = (void *)(bytes + day);
    out->decision = bytes + decision;
    out->label = bytes + label;
    out->stage = bytes + stage;
    out->mark = bytes + mark;
    out->axis_levels = bytes + axis_levels;
    out->level_list = (void *)(bytes + list);
    for (size_t i = 0; i < axes; i++) out->level_list[i] = out->level[i] = bytes + levels[i];
    out->measure_list = (void *)(bytes + measure_list);
    for (unsigned i = 0; i < es_measure_columns(kind); i++) out->measure_list[i] = out->measure[i] = (void *)(bytes + measures[i]);
    out->mark_from = kind == ES_MEASURES_LESIONS ? (void *)(bytes + mark_from) : NULL;
    *memory = bytes;
    return true;
}

enum es_errc es_cohort_level_maps(const struct es_cohort *cohort, struct es_levels *levels, struct es_level_maps *maps, struct es_error *err)
{
    for (size_t i = 0; i < cohort->config->n_axes; i++) {
        const struct es_axis_config *axis = &cohort->config->axes[i];
        enum es_errc code = es_cohort_levels(cohort, i, &levels[i], err);
        if (code != ES_OK) return code;
        maps->attribute[i] = es_cohort_attribute(cohort, axis->linked[0] ? axis->linked : axis->attribute);
        if (maps->attribute[i] < 0) return es_fail(err, ES_E_STATE, "cohort: axis %zu has no attribute", i);
        maps->map[i] = calloc((size_t)cohort->dictionaries[maps->attribute[i]].count + 1, 1);
        if (!maps->map[i]) return es_fail(err, ES_E_MEMORY, "cohort: out of memory");
        code = es_cohort_level_map(cohort, i, &levels[i], maps->map[i], err);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

void es_level_maps_clear(struct es_level_maps *maps)
{
    for (size_t i = 0; i < ES_MAX_AXES; i++) free(maps->map[i]);
    *maps = (struct es_level_maps){0};
}

static void put_row(const struct es_cohort *cohort, const struct columns *columns, uint32_t at, const struct es_case_row *row,
                    const struct es_clock *clock)
{
    const struct es_exam_row *exam = &cohort->exams[row->exam];
    /* the score ranks only where there is a label to rank by; what alerts below its threshold ranks the other way round */
    const bool ranks = row->has_score && (clock->binary || row->label != ES_NO_ANSWER);
    columns->score[at] = ranks ? (clock->alert_below ? -row->score : row->score) : (double)NAN;
    columns->day[at] = exam->day;
    columns->decision[at] = row->decision;
    columns->label[at] = row->label;
    columns->stage[at] = (uint8_t)es_case_stage(exam, row, clock);
    columns->mark[at] = mark_of(exam, row, clock);
    for (size_t i = 0; i < cohort->config->n_axes; i++)
        columns->level[i][at] = es_level_of(&columns->maps, cohort, row->exam, i);
}

/* The measures of a row that is in the sheet, and its marks. */
static void put_measures(const struct columns *columns, const struct es_case_measures *m, unsigned count, uint32_t at,
                         struct es_sheet_holder *out, uint32_t *n_marks, bool *scored)
{
    for (unsigned i = 0; i < count; i++) columns->measure[i][at] = m ? m->value[i] : (double)NAN;
    if (!columns->mark_from) return;
    columns->mark_from[at] = *n_marks;
    for (uint32_t i = 0; m && out->marks && i < m->n_marks; i++) out->marks[(*n_marks)++] = m->marks[i];
    columns->mark_from[at + 1] = *n_marks;
    if (m && !m->marked) *scored = false;
}

/* Room for the marks of all of a slot's cases. */
static bool allocate_marks(const struct es_slot *slot, struct es_sheet_holder *out)
{
    size_t all = 0;
    for (uint32_t i = 0; i < slot->count; i++) all += slot->measures[i] ? slot->measures[i]->n_marks : 0;
    if (all >= UINT32_MAX) return false;
    out->marks = calloc(all + 1, sizeof *out->marks);
    return out->marks != NULL;
}

/* Why a case whose reference stands is in no figure. */
static void tell_compared(const struct es_case_row *row, const struct es_case_measures *m, enum es_stage stage, struct es_sheet_holder *out)
{
    if (!row->evaluable || (stage != ES_STAGE_REFERENCED && stage != ES_STAGE_INDETERMINATE)) return;
    if (row->compared != ES_COMPARED_YES) out->not_compared[row->compared]++;
    else if (m && m->value[0] == ES_PART_BOTH_EMPTY && isnan(m->value[1])) out->not_compared[ES_COMPARED_YES]++;
}

/* Whose word stands: counted by setting, then by the settings' source. */
static void tell_reference(const struct es_case_row *row, enum es_stage stage, uint64_t *by_setting, struct es_sheet_holder *out)
{
    out->decision_mismatch += row->mismatch;
    out->decision_changed += row->decision_changed;
    if (stage != ES_STAGE_REFERENCED && stage != ES_STAGE_INDETERMINATE) return;
    by_setting[row->setting]++;
    out->sources_disagree += row->sources_disagree;
}

static int by_source(const void *left, const void *right)
{
    return strcmp(((const struct es_source_count *)left)->source, ((const struct es_source_count *)right)->source);
}

static bool list_sources(const struct es_cohort *cohort, const uint64_t *by_setting, struct es_sheet_holder *out)
{
    size_t n = 0, unique = 0;
    for (uint32_t i = 0; i < cohort->n_settings; i++) n += by_setting[i] > 0;
    if (n == 0) return true;
    out->sources = calloc(n, sizeof *out->sources);
    if (!out->sources) return false;
    n = 0;
    for (uint32_t i = 0; i < cohort->n_settings; i++) {
        if (by_setting[i] == 0) continue;
        memcpy(out->sources[n].source, cohort->by_number[i]->key.source, sizeof out->sources[n].source);
        out->sources[n++].cases = by_setting[i];
    }
    qsort(out->sources, n, sizeof *out->sources, by_source);
    for (size_t i = 0; i < n; i++) {
        if (unique > 0 && strcmp(out->sources[i].source, out->sources[unique - 1].source) == 0)
            out->sources[unique - 1].cases += out->sources[i].cases;
        else
            out->sources[unique++] = out->sources[i];
    }
    out->n_sources = unique;
    return true;
}

static void fill(const struct es_cohort *cohort, const struct es_stream *stream, const struct es_epochs *epochs, int32_t from,
                 int32_t to, const struct es_clock *clock, const struct columns *columns, uint64_t *by_setting, struct es_sheet_holder *out)
{
    const uint32_t number = cohort->slot_of_model[stream->model] + stream->finding;
    const struct es_slot *slot = &cohort->slots[number];
    const enum es_measures kind = es_task_measures(cohort->config->models[stream->model].findings[stream->finding].task);
    uint32_t last = ES_NO_ROW, rows = 0, patients = 0, n_marks = 0;
    bool scored = true;
    for (uint32_t i = 0; i < cohort->order->count; i++) {
        const struct es_exam_row *exam = &cohort->exams[cohort->order->exams[i]];
        if (!es_in_period(exam->day, from, to)) continue;
        for (uint32_t at = es_first_case(cohort, cohort->order->exams[i], number); at != ES_NO_ROW; at = slot->rows[at].next) {
            if (epochs->count > 1 && es_epoch_of(cohort, epochs, &slot->rows[at]) + 1 != stream->epoch) continue;
            if (exam->patient != last) patients++;
            last = exam->patient;
            columns->patient[rows] = patients - 1;
            put_row(cohort, columns, rows, &slot->rows[at], clock);
            if (kind != ES_MEASURES_NONE) {
                const struct es_case_measures *m = slot->measures[at];
                put_measures(columns, m, es_measure_columns(kind), rows, out, &n_marks, &scored);
                tell_compared(&slot->rows[at], m, (enum es_stage)columns->stage[rows], out);
            }
            tell_reference(&slot->rows[at], (enum es_stage)columns->stage[rows++], by_setting, out);
        }
    }
    out->sheet = (struct es_sheet){.rows = rows, .patients = patients, .axes = (uint8_t)cohort->config->n_axes,
        .patient = columns->patient, .level = columns->level_list, .axis_levels = columns->axis_levels, .score = columns->score,
        .decision = columns->decision, .label = columns->label, .stage = columns->stage, .mark = columns->mark,
        .exam_day = columns->day, .measures = kind, .measure = columns->measure_list,
        .marks = scored ? out->marks : NULL, .mark_from = columns->mark_from};
}

enum es_errc es_cohort_sheet(const struct es_cohort *cohort, const struct es_stream *stream, int32_t from, int32_t to, int64_t now,
                             int32_t plan_day, struct es_sheet_holder *out, struct es_error *err)
{
    struct es_sheet_holder holder = {0};
    struct columns columns = {0};
    struct es_epochs epochs = {0};
    if (stream->model >= cohort->config->n_models || stream->finding >= cohort->config->models[stream->model].n_findings)
        return es_fail(err, ES_E_ARG, "cohort: model %u finding %u is not configured", stream->model, stream->finding);
    const struct es_model_config *model = &cohort->config->models[stream->model];
    const struct es_finding_config *finding = &model->findings[stream->finding];
    const uint32_t number = cohort->slot_of_model[stream->model] + stream->finding;
    const struct es_clock clock = {.now = now, .expect_within = model->expect_within_us, .reference_within = finding->reference_within_us,
                                .plan_day = plan_day, .binary = finding->task == 1u, .alert_below = finding->alert_below};
    const enum es_measures kind = es_task_measures(finding->task);
    enum es_errc code = es_cohort_order(cohort, err);
    if (code == ES_OK) code = es_cohort_epochs(cohort, number, &epochs, err);
    if (code == ES_OK && (stream->epoch == 0 || stream->epoch > epochs.count))
        code = es_fail(err, ES_E_ARG, "cohort: epoch %u asked for, there are %u", stream->epoch, epochs.count);
    if (code == ES_OK && !allocate(cohort, cohort->slots[number].used, kind, &columns, &holder.memory))
        code = es_fail(err, ES_E_MEMORY, "cohort: out of memory");
    if (code == ES_OK && kind == ES_MEASURES_LESIONS && !allocate_marks(&cohort->slots[number], &holder))
        code = es_fail(err, ES_E_MEMORY, "cohort: out of memory");
    if (code == ES_OK) code = es_cohort_level_maps(cohort, holder.levels, &columns.maps, err);
    for (size_t i = 0; code == ES_OK && i < cohort->config->n_axes; i++) columns.axis_levels[i] = holder.levels[i].count;
    uint64_t *by_setting = calloc((size_t)cohort->n_settings + 1, sizeof *by_setting);
    if (code == ES_OK && !by_setting) code = es_fail(err, ES_E_MEMORY, "cohort: out of memory");
    if (code == ES_OK) {
        fill(cohort, stream, &epochs, from, to, &clock, &columns, by_setting, &holder);
        if (!list_sources(cohort, by_setting, &holder)) code = es_fail(err, ES_E_MEMORY, "cohort: out of memory");
    }
    free(by_setting);
    es_epochs_clear(&epochs);
    es_level_maps_clear(&columns.maps);
    if (code != ES_OK) es_sheet_holder_clear(&holder);
    else *out = holder;
    return code;
}

void es_sheet_holder_clear(struct es_sheet_holder *holder)
{
    if (!holder) return;
    for (size_t i = 0; i < ES_MAX_AXES; i++) es_levels_clear(&holder->levels[i]);
    free(holder->memory);
    free(holder->marks);
    free(holder->sources);
    memset(holder, 0, sizeof *holder);
}
