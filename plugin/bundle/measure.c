/* SPDX-License-Identifier: Apache-2.0 */
/* What a result and a reference come to beside a decision and a label: values in one unit, levels, overlaps, lesions. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/base/units.h"
#include "plugin/bundle/internal.h"
#include "plugin/event/names.h"

#define LEAST_IOU 0.1 /* METRICS C4 */

const char *es_compared_name(enum es_compared compared)
{
    static const char *const names[ES_COMPARED_KINDS] = {"", "compared", "no_value", "units", "level", "no_overlap", "other_grid"};
    return (unsigned)compared < ES_COMPARED_KINDS ? names[compared] : "";
}

size_t es_case_measures_size(const struct es_case_measures *measures)
{
    return sizeof *measures + measures->n_marks * sizeof measures->marks[0];
}

enum es_measures es_task_measures(uint32_t task)
{
    switch (task) {
    case ES_TASK_ORDINAL: return ES_MEASURES_LEVELS;
    case ES_TASK_MEASUREMENT: return ES_MEASURES_VALUES;
    case ES_TASK_SEGMENTATION: return ES_MEASURES_OVERLAP;
    case ES_TASK_DETECTION: return ES_MEASURES_LESIONS;
    default: return ES_MEASURES_NONE;
    }
}

/* ---- values and levels ---- */

/* A word, or a number by its digits, is the configured level of that name. */
static enum es_compared level_of(const struct es_finding_config *config, const struct es_finding *finding, double *out)
{
    char text[ES_NAME_SIZE], folded[ES_FACT_VALUE], other[ES_FACT_VALUE];
    const double number = finding->has_level ? finding->level : finding->has_value ? finding->value : finding->has_score ? finding->score : (double)NAN;
    if (isnan(number) && finding->category[0] == '\0') return ES_COMPARED_NO_VALUE;
    const bool whole = number == floor(number) && fabs(number) <= 1000;
    if (finding->category[0] == '\0' && !whole) return ES_COMPARED_LEVEL;
    if (config->n_levels == 0) {
        if (finding->category[0] != '\0') return ES_COMPARED_LEVEL;
        *out = number;
        return ES_COMPARED_YES;
    }
    if (finding->category[0] == '\0') (void)snprintf(text, sizeof text, "%.0f", number);
    else memcpy(text, finding->category, sizeof text);
    es_attribute_fold(text, folded, sizeof folded);
    for (size_t i = 0; i < config->n_levels; i++) {
        es_attribute_fold(config->levels[i], other, sizeof other);
        if (strcmp(folded, other) != 0) continue;
        *out = (double)i;
        return ES_COMPARED_YES;
    }
    return ES_COMPARED_LEVEL;
}

enum es_compared es_finding_value(const struct es_finding_config *config, const struct es_finding *finding, double *out)
{
    double value = (double)NAN;
    enum es_compared compared = ES_COMPARED_NO_VALUE;
    if (config->task == ES_TASK_ORDINAL) compared = level_of(config, finding, &value);
    else if (finding->has_value)
        compared = es_units_convert(finding->value, finding->units, config->units, &value) ? ES_COMPARED_YES : ES_COMPARED_UNITS;
    *out = compared == ES_COMPARED_YES ? value : (double)NAN;
    return compared;
}

/* ---- overlaps ---- */

static bool told(const struct es_event *overlap)
{
    uint8_t any = 0;
    for (size_t i = 0; i < ES_IDENTITY_SIZE; i++) any |= overlap->result_identity[i];
    return any != 0;
}

/* Of the two events; or, where the sender compared, of the unit, model and version. */
static bool concerns(const struct es_bundle *bundle, const struct es_event *overlap, const struct es_finding_config *config,
                     const struct es_event *result, const struct es_event *reference, const struct es_derived_case *row)
{
    if (told(overlap))
        return memcmp(overlap->result_identity, result->identity, ES_IDENTITY_SIZE) == 0 &&
               memcmp(overlap->reference_identity, reference->identity, ES_IDENTITY_SIZE) == 0;
    const struct es_pseudonym study = es_bundle_study(bundle, &overlap->study);
    return overlap->unit == config->unit && es_pseudonym_order(&overlap->unit_id, &row->unit) == 0 &&
           strcmp(overlap->model_name, result->model_name) == 0 && strcmp(overlap->model_version, result->model_version) == 0 &&
           es_pseudonym_order(&study, &bundle->out->exams[row->exam].study) == 0;
}

/* The latest made stands; of one instant the method with the greater name. Arrival decides nothing. */
static bool stands_above(const struct es_event *a, const struct es_event *b)
{
    int order = a->produced < b->produced ? -1 : a->produced > b->produced;
    if (order == 0) order = strcmp(a->method, b->method);
    return (order ? order : memcmp(a->identity, b->identity, ES_IDENTITY_SIZE)) > 0;
}

static enum es_compared overlap_of(const struct es_bundle *bundle, const struct es_finding_config *config, const struct es_event *result,
                                   const struct es_event *reference, const struct es_derived_case *row, double *out)
{
    const struct es_event *best = NULL;
    const struct es_overlap_values *v = NULL;
    for (size_t i = 0; i < bundle->n_overlaps; i++) {
        const struct es_event *overlap = bundle->overlaps[i];
        const struct es_finding *finding = es_event_finding(overlap, config->name);
        if (!finding || !concerns(bundle, overlap, config, result, reference, row) || (best && !stands_above(overlap, best))) continue;
        best = overlap;
        v = &finding->overlap;
    }
    if (!v) return ES_COMPARED_NO_OVERLAP;
    if (v->state == ES_OVERLAP_NOT_COMPARABLE) return ES_COMPARED_OTHER_GRID;
    out[0] = (double)v->state; /* the same numbers in both enums */
    if (v->has_dice) out[1] = v->dice;
    if (v->has_iou) out[2] = v->iou;
    if (v->has_volume_difference) out[3] = v->volume_difference;
    if (v->has_hd95) out[4] = v->hd95;
    if (v->has_surface_distance) out[5] = v->surface_distance;
    return ES_COMPARED_YES;
}
_Static_assert((int)ES_OVERLAP_MEASURED == (int)ES_PART_MEASURED && (int)ES_OVERLAP_BOTH_EMPTY == (int)ES_PART_BOTH_EMPTY &&
                   (int)ES_OVERLAP_RESULT_EMPTY == (int)ES_PART_RESULT_EMPTY &&
                   (int)ES_OVERLAP_REFERENCE_EMPTY == (int)ES_PART_REFERENCE_EMPTY,
               "states of an overlap are kept as they came");

/* ---- lesions ---- */

/* A box around a lesion; a point is a box of no size. */
struct extent {
    double low[3], high[3], centre[3];
    bool ball;
    double radius;
};

static struct extent extent_of(const struct es_lesion *lesion)
{
    struct extent e = {.ball = lesion->has_radius, .radius = lesion->radius};
    for (int i = 0; i < 3; i++) {
        e.low[i] = lesion->has_corner ? lesion->place[i] : lesion->place[i] - lesion->radius;
        e.high[i] = lesion->has_corner ? lesion->corner[i] : lesion->place[i] + lesion->radius;
        e.centre[i] = lesion->has_corner ? (e.low[i] + e.high[i]) / 2 : lesion->place[i];
    }
    return e;
}

static double distance2(const double a[3], const double b[3])
{
    double sum = 0;
    for (int i = 0; i < 3; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

static bool holds(const struct extent *e, const double place[3])
{
    if (e->ball) return distance2(e->centre, place) <= e->radius * e->radius;
    for (int i = 0; i < 3; i++)
        if (place[i] < e->low[i] || place[i] > e->high[i]) return false;
    return true;
}

/* Boxes of a plane have no depth: an axis on which both are flat and equal is left out. */
static double iou_of(const struct extent *a, const struct extent *b)
{
    double both = 1, one = 1, other = 1;
    int axes = 0;
    for (int i = 0; i < 3; i++) {
        if (a->low[i] == a->high[i] && b->low[i] == b->high[i] && a->low[i] == b->low[i]) continue;
        const double common = fmin(a->high[i], b->high[i]) - fmax(a->low[i], b->low[i]);
        both *= fmax(0, common);
        one *= a->high[i] - a->low[i];
        other *= b->high[i] - b->low[i];
        axes++;
    }
    const double whole = one + other - both;
    return axes > 0 && whole > 0 ? both / whole : 0;
}

/* The lesion a mark is on: of several the one whose centre is nearest, then the first; SIZE_MAX: none. */
static size_t lesion_under(const struct es_finding_config *config, const struct es_lesion *mark, const struct es_finding *reference)
{
    const struct extent e = extent_of(mark);
    size_t best = SIZE_MAX;
    double nearest = INFINITY;
    for (size_t i = 0; i < reference->n_lesions; i++) {
        const struct extent lesion = extent_of(&reference->lesions[i]);
        const bool point = !reference->lesions[i].has_corner && !reference->lesions[i].has_radius;
        const bool on = config->match_iou ? iou_of(&e, &lesion) >= LEAST_IOU : point ? holds(&e, lesion.centre) : holds(&lesion, e.centre);
        const double away = distance2(e.centre, lesion.centre);
        if (!on || !(away < nearest)) continue;
        best = i;
        nearest = away;
    }
    return best;
}

/* Members one by one, so that the padding stays zero. */
static void add_mark(struct es_case_measures *out, double score, bool hit)
{
    struct es_mark *mark = &out->marks[out->n_marks++];
    mark->score = score;
    mark->hit = hit;
}

/* Further marks on a lesion that has one are neither hits nor false (as in the LUNA16 challenge). */
static bool match_lesions(struct es_bundle *bundle, const struct es_finding_config *config, const struct es_finding *answer,
                          const struct es_finding *reference, struct es_case_measures *out)
{
    const double threshold = answer->has_threshold ? answer->threshold : config->threshold;
    double *best = es_arena_take(&bundle->arena, reference->n_lesions + 1, sizeof *best);
    bool *hit = es_arena_take(&bundle->arena, reference->n_lesions + 1, sizeof *hit), *found = es_arena_take(&bundle->arena, reference->n_lesions + 1, sizeof *found);
    if (!best || !hit || !found) return false;
    double falsely = 0, all = 0;
    out->marked = 1;
    for (size_t i = 0; i < answer->n_lesions; i++) {
        const struct es_lesion *mark = &answer->lesions[i];
        const size_t under = lesion_under(config, mark, reference);
        const bool counts = !mark->has_score || isnan(threshold) || mark->score >= threshold;
        out->marked &= mark->has_score;
        if (under == SIZE_MAX) {
            falsely += counts;
            add_mark(out, mark->score, false);
            continue;
        }
        if (!hit[under] || mark->score > best[under]) best[under] = mark->score;
        hit[under] = true;
        found[under] |= counts;
    }
    for (size_t i = 0; i < reference->n_lesions; i++) {
        all += found[i];
        if (hit[i]) add_mark(out, best[i], true);
    }
    out->value[0] = (double)reference->n_lesions;
    out->value[1] = all;
    out->value[2] = falsely;
    return true;
}

/* ---- one row ---- */

static enum es_compared compare(struct es_bundle *bundle, const struct es_finding_config *config, const struct es_event *result,
                                const struct es_finding *answer, const struct es_label *label, const struct es_derived_case *row,
                                struct es_case_measures *out, bool *memory)
{
    const struct es_finding *finding = label->finding;
    const enum es_measures kind = es_task_measures(config->task);
    enum es_compared compared = ES_COMPARED_NO_VALUE;
    if (kind == ES_MEASURES_OVERLAP) return overlap_of(bundle, config, result, label->reference->event, row, out->value);
    if (!answer) return ES_COMPARED_NO_VALUE;
    if (kind == ES_MEASURES_LESIONS) {
        if (!answer->has_lesions || !finding->has_lesions) return ES_COMPARED_NO_VALUE;
        *memory = match_lesions(bundle, config, answer, finding, out);
        return ES_COMPARED_YES;
    }
    if (!row->has_score) { /* several finer units come to one score; why there is none the first of them tells */
        compared = es_finding_value(config, answer, &out->value[0]);
        return compared == ES_COMPARED_YES ? ES_COMPARED_NO_VALUE : compared;
    }
    compared = es_finding_value(config, finding, &out->value[1]);
    out->value[0] = row->score;
    /* without configured units each side is in the base of its own kind: those must be one kind */
    if (compared == ES_COMPARED_YES && kind == ES_MEASURES_VALUES && strcmp(es_units_base(answer->units), es_units_base(finding->units)) != 0)
        return ES_COMPARED_UNITS;
    return compared;
}

/* What a threshold makes of the reference, unless it was told. */
static void label_by_threshold(const struct es_finding_config *config, const struct es_finding *finding, struct es_derived_case *row)
{
    double value = (double)NAN;
    if (config->task != ES_TASK_MEASUREMENT && config->task != ES_TASK_ORDINAL) return;
    if (row->label != ES_NO_ANSWER || !finding->evaluable || isnan(config->threshold)) return;
    if (es_finding_value(config, finding, &value) == ES_COMPARED_YES) row->label = es_finding_alerts(config, value, config->threshold);
}

bool es_bundle_measure(struct es_bundle *bundle, const struct es_finding_config *config, const struct es_event *result,
                       const struct es_finding *answer, const struct es_label *label, struct es_derived_case *row)
{
    bool memory = true;
    if (es_task_measures(config->task) == ES_MEASURES_NONE || !label) return true;
    label_by_threshold(config, label->finding, row);
    if (!result || !label->finding->evaluable) return true;
    const size_t most = (answer ? answer->n_lesions : 0) + label->finding->n_lesions; /* at most 512 */
    struct es_case_measures *out = es_arena_take(bundle->keep, 1, sizeof *out + most * sizeof out->marks[0]);
    if (!out) return false;
    for (int i = 0; i < ES_MAX_MEASURES; i++) out->value[i] = (double)NAN;
    row->compared = compare(bundle, config, result, answer, label, row, out, &memory);
    if (row->compared == ES_COMPARED_YES && memory) row->measures = out;
    return memory;
}
