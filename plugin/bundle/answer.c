/* SPDX-License-Identifier: Apache-2.0 */
/* What the results of one unit and version say together: one answer, or why none came. */
#include <math.h>

#include "metrics/exact_sum.h"
#include "plugin/base/units.h"
#include "plugin/bundle/internal.h"

bool es_event_came(const struct es_event *event)
{
    return event->kind == ES_EVENT_RESULT && (event->result_status == ES_RESULT_OK || event->result_status == 0);
}

/* What one result, or several of finer units, say of a unit. */
struct answer {
    bool has_score;
    double score, threshold_sent;
    uint8_t decision;
    bool mismatch;
    int64_t produced;
};

static struct answer answer_of(const struct es_cell *cell, const struct es_finding_config *config)
{
    const struct es_finding *finding = cell->finding;
    struct answer out = {.score = NAN, .threshold_sent = NAN, .decision = ES_NO_ANSWER, .produced = cell->result->event->produced};
    if (!finding) { /* the result came without it, and that means no */
        out.decision = 0;
        return out;
    }
    const enum es_measures kind = es_task_measures(config->task);
    if (finding->has_threshold) out.threshold_sent = finding->threshold;
    if (kind == ES_MEASURES_VALUES || kind == ES_MEASURES_LEVELS) {
        out.has_score = es_finding_value(config, finding, &out.score) == ES_COMPARED_YES;
        if (kind == ES_MEASURES_VALUES && finding->has_threshold &&
            !es_units_convert(finding->threshold, finding->units, config->units, &out.threshold_sent))
            out.threshold_sent = NAN;
    } else {
        out.has_score = finding->has_score || (finding->has_value && kind == ES_MEASURES_NONE);
        if (out.has_score) out.score = finding->has_score ? finding->score : finding->value;
    }
    const double threshold = isnan(out.threshold_sent) ? config->threshold : out.threshold_sent;
    if (finding->has_decision) {
        out.decision = finding->decision;
        out.mismatch = out.has_score && !isnan(out.threshold_sent) &&
                       finding->decision != es_finding_alerts(config, out.score, out.threshold_sent);
    } else if (out.has_score && !isnan(threshold) && kind != ES_MEASURES_LESIONS && kind != ES_MEASURES_OVERLAP) {
        out.decision = es_finding_alerts(config, out.score, threshold);
    }
    return out;
}

static void keep_answer(struct es_derived_case *out, const struct es_cell *cell, const struct answer *answer)
{
    out->result = ES_RESULT_OK;
    out->result_pairing = cell->result->rule;
    out->device = cell->result->event->device;
    out->threshold_sent = answer->threshold_sent;
    out->has_score = answer->has_score;
    out->score = answer->score;
    out->decision = answer->decision;
    out->has_decision = answer->decision != ES_NO_ANSWER;
    out->mismatch = answer->mismatch;
    out->produced = answer->produced;
}

static bool same_finer(const struct es_cell *a, const struct es_cell *b)
{
    return a->result->event->unit == b->result->event->unit &&
           es_pseudonym_order(&a->result->event->unit_id, &b->result->event->unit_id) == 0;
}

int es_cell_tells(const struct es_cell *cell)
{
    const struct es_finding *f = cell->finding;
    if (!es_event_came(cell->result->event)) return 0;
    if (!f) return 2;
    return f->has_score || f->has_value || f->has_decision || f->has_level || f->has_lesions || f->mask || f->category[0] != '\0' ? 3 : 1;
}

/* Which of successive results of one (finer) unit: the first produced of those that tell most is counted, the latest of them is what a
 * workstation shows by now. */
enum pick { PICK_FIRST, PICK_LATEST };

static const struct es_cell *pick_of(const struct es_cell *cells, size_t n, enum pick pick)
{
    const struct es_cell *best = NULL;
    for (size_t i = 0; i < n; i++) {
        const int told = es_cell_tells(&cells[i]), least = best ? es_cell_tells(best) + (pick == PICK_FIRST) : 1;
        if (told >= least) best = &cells[i];
    }
    return best;
}

static bool earlier(const struct es_cell *a, const struct es_cell *b)
{
    return es_first_produced(a->result->event, b->result->event) < 0;
}

/* Scores that were met. The order of the units is that of their pseudonyms, which another key changes: so the sum is exact. */
struct scores {
    struct es_exact_sum sum;
    unsigned count;
};

static void add_answer(struct answer *sum, const struct answer *one, struct scores *scores)
{
    if (one->has_score) {
        if (!sum->has_score || one->score > sum->score) sum->score = one->score;
        sum->has_score = true;
        scores->count += es_exact_sum_add(&scores->sum, one->score);
    }
    if (one->decision == 1 || sum->decision == ES_NO_ANSWER) sum->decision = one->decision;
    if (!(one->threshold_sent == sum->threshold_sent)) sum->threshold_sent = NAN; /* only one that all share is kept */
    sum->mismatch |= one->mismatch;
    if (one->produced > sum->produced) sum->produced = one->produced; /* complete when the last came */
}

/* One type of finer unit is combined, the coarsest of which something came: a model that scores sides and their images would count
 * twice in a mean. */
static size_t coarsest(const struct es_cell *cells, size_t n, size_t *first)
{
    static const unsigned char coarseness[ES_UNIT_TYPES] = {
        [ES_UNIT_EXAM] = 5, [ES_UNIT_SIDE] = 4, [ES_UNIT_SERIES] = 3, [ES_UNIT_IMAGE] = 2, [ES_UNIT_LESION] = 1};
    size_t count = 0;
    unsigned char best = 0;
    for (size_t from = 0, to; from < n; from = to) { /* sorted by type */
        const enum es_unit_type type = cells[from].result->event->unit;
        bool any = false;
        for (to = from; to < n && cells[to].result->event->unit == type; to++) any |= es_event_came(cells[to].result->event);
        if (!any || coarseness[type] <= best) continue;
        best = coarseness[type];
        *first = from;
        count = to - from;
    }
    return count;
}

/* Several finer units to one: cells are sorted by finer unit. */
static const struct es_cell *combine(const struct es_finding_config *config, const struct es_cell *cells, size_t n, enum pick pick,
                                     struct es_derived_case *out)
{
    const enum es_combine rule = config->combine;
    const struct es_cell *chosen = NULL;
    struct answer sum = {.score = NAN, .threshold_sent = NAN, .decision = ES_NO_ANSWER, .produced = ES_NO_INSTANT};
    struct scores scores = {0};
    for (size_t from = 0, to; from < n; from = to) {
        for (to = from + 1; to < n && same_finer(&cells[from], &cells[to]);) to++;
        const struct es_cell *cell = pick_of(cells + from, to - from, pick);
        if (!cell) continue;
        const struct answer one = answer_of(cell, config);
        if (rule == ES_COMBINE_FIRST || rule == ES_COMBINE_LATEST) {
            if (chosen && earlier(cell, chosen) != (rule == ES_COMBINE_FIRST)) continue;
            sum = one;
            chosen = cell;
        } else {
            if (!chosen) sum.threshold_sent = one.threshold_sent;
            add_answer(&sum, &one, &scores);
            if (!chosen) chosen = cell;
        }
    }
    if (!chosen) return NULL;
    if (rule == ES_COMBINE_MEAN && scores.count > 0) {
        const double threshold = isnan(sum.threshold_sent) ? config->threshold : sum.threshold_sent;
        sum.score = es_exact_sum_value(&scores.sum) / scores.count;
        if (!isnan(threshold)) sum.decision = es_finding_alerts(config, sum.score, threshold);
    }
    keep_answer(out, chosen, &sum);
    return chosen;
}

int es_failure_order(const struct es_event *a, const struct es_event *b)
{
    const int left = a->result_status == ES_RESULT_REJECTED ? 2 : a->result_status == ES_RESULT_FAILED;
    const int right = b->result_status == ES_RESULT_REJECTED ? 2 : b->result_status == ES_RESULT_FAILED;
    return left != right ? left - right : es_first_produced(b, a);
}

/* @return NULL, and nothing is written, when none came */
static const struct es_cell *decide_by(const struct es_finding_config *config, const struct es_cell *cells, size_t n, enum pick pick,
                                       struct es_derived_case *out)
{
    size_t exact = 0;
    while (exact < n && !cells[exact].finer) exact++;
    const struct es_cell *cell = pick_of(cells, exact, pick);
    size_t first = 0;
    const size_t count = coarsest(cells + exact, n - exact, &first);
    const struct es_cell *combined = !cell || es_cell_tells(cell) == 1 ? combine(config, cells + exact + first, count, pick, out) : NULL;
    if (combined || !cell) return combined;
    const struct answer answer = answer_of(cell, config);
    keep_answer(out, cell, &answer);
    return cell;
}

const struct es_cell *es_bundle_decide(const struct es_finding_config *config, const struct es_cell *cells, size_t n, struct es_derived_case *out)
{
    const struct es_cell *cell = decide_by(config, cells, n, PICK_FIRST, out);
    if (cell && n > 1) {
        struct es_derived_case latest = {.decision = ES_NO_ANSWER};
        (void)decide_by(config, cells, n, PICK_LATEST, &latest);
        out->decision_changed = latest.decision != ES_NO_ANSWER && out->decision != ES_NO_ANSWER && latest.decision != out->decision;
    }
    if (cell) return cell;
    for (size_t i = 0; i < n; i++)
        if (!cell || es_failure_order(cells[i].result->event, cell->result->event) > 0) cell = &cells[i];
    if (!cell) return NULL;
    out->result = cell->result->event->result_status;
    out->result_pairing = cell->result->rule;
    out->device = cell->result->event->device;
    out->produced = cell->result->event->produced;
    return NULL;
}
