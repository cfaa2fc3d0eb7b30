/* SPDX-License-Identifier: Apache-2.0 */
/* How the scores and the mix of patients and equipment move from month to month (METRICS F4): each month against the first
 * complete calendar quarter, every index beside what no change at all would give. Months are of the exam. A month over fewer
 * patients than the floor is suppressed; for outsiders, where months add up to a printed total, never few.
 *
 * An index with all its digits, beside the number of units, tells how many units of each level a month has: there are few tables that
 * give it. So outsiders see those of an axis only where none of these counts is small, in any month, and under nhs none. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/arms.h"
#include "metrics/calibration.h"
#include "metrics/drift.h"
#include "plugin/base/time.h"
#include "plugin/report/build/build.h"
#include "plugin/report/disclosure/disclosure.h"

#define BINS 10
#define MAX_MONTHS 1200 /* a hundred years: further apart are wrong dates */

/** Counts of one month: scores by bin, then levels of each axis. */
struct month {
    uint64_t score[BINS], level[ES_MAX_AXES][ES_MAX_LEVELS];
    uint64_t units, scored;
    uint32_t patients;
    uint32_t last; /* patient counted last, plus one */
    bool hidden;
};

struct months {
    struct month *list; /* owned */
    int32_t first;      /* month of list[0] */
    size_t count;
    bool probability;
    double edge[BINS - 1]; /* ascending; of scores that are no probabilities: bin i takes edge[i-1] < score <= edge[i] */
    uint32_t bins;         /* of scores; 0: no score in the reference quarter */
    size_t base;           /* first month of the reference quarter */
    bool score_hidden, axis_hidden[ES_MAX_AXES]; /* whose indices are not shown */
};

static bool dated(const struct es_sheet *s, uint32_t row)
{
    return s->exam_day[row] != INT32_MIN && s->stage[row] != ES_STAGE_EXCLUDED;
}

static bool count_rows(struct months *m, const struct es_sheet *s)
{
    int32_t from = INT32_MAX, to = INT32_MIN;
    m->probability = true;
    m->bins = BINS;
    for (uint32_t r = 0; r < s->rows; r++) {
        if (!dated(s, r)) continue;
        const int32_t month = es_month_of_day(s->exam_day[r]);
        if (month < from) from = month;
        if (month > to) to = month;
        if (!isnan(s->score[r]) && (s->score[r] < 0 || s->score[r] > 1)) m->probability = false;
    }
    if (from > to || (int64_t)to - from >= MAX_MONTHS) return true; /* no dated unit, or dates that cannot be */
    m->first = from;
    m->list = calloc((size_t)(to - from) + 1, sizeof *m->list);
    if (!m->list) return false;
    m->count = (size_t)(to - from) + 1;
    for (uint32_t r = 0; r < s->rows; r++) {
        if (!dated(s, r)) continue;
        struct month *at = &m->list[es_month_of_day(s->exam_day[r]) - from];
        at->units++;
        for (uint8_t a = 0; a < s->axes; a++) at->level[a][s->level[a][r]]++;
        if (!isnan(s->score[r])) {
            at->scored++;
            if (m->probability) at->score[es_calibration_bin(s->score[r], BINS)]++;
        }
    }
    return true;
}

/** Rows of one patient are adjacent, but not in order of months. */
static bool count_patients(struct months *m, const struct es_sheet *s)
{
    for (uint32_t r = 0; m->count && r < s->rows; r++) {
        if (!dated(s, r)) continue;
        struct month *at = &m->list[es_month_of_day(s->exam_day[r]) - m->first];
        if (at->last == s->patient[r] + 1) continue;
        at->last = s->patient[r] + 1;
        at->patients++;
    }
    return true;
}

/** Find the first calendar quarter that lies wholly between the first and the last dated exam. @return false when none does */
static bool baseline(struct months *m, const struct es_sheet *s)
{
    int32_t from = INT32_MAX, to = INT32_MIN;
    for (uint32_t r = 0; r < s->rows; r++) {
        if (!dated(s, r)) continue;
        if (s->exam_day[r] < from) from = s->exam_day[r];
        if (s->exam_day[r] > to) to = s->exam_day[r];
    }
    for (size_t i = 0; i + 3 <= m->count; i++) {
        const int32_t month = m->first + (int32_t)i;
        if (((month % 3) + 3) % 3 != 0 || es_month_first_day(month) < from || es_month_first_day(month + 3) - 1 > to) continue;
        m->base = i;
        return true;
    }
    return false;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool in_quarter(const struct months *m, const struct es_sheet *s, uint32_t row)
{
    if (!dated(s, row) || isnan(s->score[row])) return false;
    const int64_t at = (int64_t)es_month_of_day(s->exam_day[row]) - m->first - (int64_t)m->base;
    return at >= 0 && at < 3;
}

static uint32_t bin_of(const struct months *m, double score)
{
    uint32_t bin = 0;
    if (m->probability) return es_calibration_bin(score, BINS);
    while (bin + 1 < m->bins && score > m->edge[bin]) bin++;
    return bin;
}

/** Scores on any scale are counted between the deciles of the reference quarter, equal ones merged. @return false when memory ran out */
static bool between_deciles(struct months *m, const struct es_sheet *s)
{
    size_t n = 0;
    double *scores = m->probability ? NULL : malloc(((size_t)s->rows + 1) * sizeof *scores);
    if (m->probability) return true;
    if (!scores) return false;
    for (uint32_t r = 0; r < s->rows; r++)
        if (in_quarter(m, s, r)) scores[n++] = s->score[r];
    qsort(scores, n, sizeof *scores, by_size);
    m->bins = n > 0;
    for (size_t k = 1; n > 0 && k < BINS; k++) {
        const double decile = scores[(k * n - 1) / BINS];
        if (decile < scores[n - 1] && (m->bins == 1 || decile > m->edge[m->bins - 2])) m->edge[m->bins++ - 1] = decile;
    }
    free(scores);
    for (uint32_t r = 0; m->bins > 0 && r < s->rows; r++) {
        if (!dated(s, r) || isnan(s->score[r])) continue;
        m->list[es_month_of_day(s->exam_day[r]) - m->first].score[bin_of(m, s->score[r])]++;
    }
    return true;
}

/** Small months, and for outsiders the next smallest while those hidden are one, or few together. */
static void hide(struct months *m, double floor, bool external)
{
    for (size_t i = 0; i < m->count; i++) m->list[i].hidden = m->list[i].patients > 0 && m->list[i].patients < floor;
    for (bool more = external; more;) {
        size_t hidden = 0, least = SIZE_MAX;
        uint64_t units = 0;
        for (size_t i = 0; i < m->count; i++) {
            hidden += m->list[i].hidden;
            units += m->list[i].hidden ? m->list[i].units : 0;
            if (!m->list[i].hidden && m->list[i].units > 0 && (least == SIZE_MAX || m->list[i].units < m->list[least].units)) least = i;
        }
        more = hidden > 0 && (hidden == 1 || (double)units < floor) && least != SIZE_MAX;
        if (more) m->list[least].hidden = true;
    }
}

/** Is a count of fewer than `floor` patients among those that the indices of an axis (of the scores: axis == s->axes) tell: a level of a
 * month, or of all months that are hidden and of no date together? @return true also when memory ran out */
static bool tells_few(const struct months *m, const struct es_sheet *s, uint8_t axis, double floor)
{
    const size_t levels = axis < s->axes ? ES_MAX_LEVELS : BINS;
    struct {
        uint32_t last, patients; /* last: patient counted last, plus one */
    } *cell = calloc((m->count + 1) * levels, sizeof *cell);
    bool few = !cell;
    for (size_t i = 0; i < 3; i++) few |= m->list[m->base + i].hidden; /* the quarter less the months that are shown */
    for (uint32_t r = 0; cell && r < s->rows; r++) {
        if (s->stage[r] == ES_STAGE_EXCLUDED || (axis == s->axes && isnan(s->score[r]))) continue;
        const size_t month = dated(s, r) ? (size_t)(es_month_of_day(s->exam_day[r]) - m->first) : m->count;
        const size_t row = month < m->count && !m->list[month].hidden ? month : m->count;
        const size_t at = row * levels + (axis < s->axes ? s->level[axis][r] : bin_of(m, s->score[r]));
        if (cell[at].last == s->patient[r] + 1) continue;
        cell[at].last = s->patient[r] + 1;
        cell[at].patients++;
    }
    for (size_t i = 0; cell && i < (m->count + 1) * levels; i++) few |= cell[i].patients > 0 && cell[i].patients < floor;
    free(cell);
    return few;
}

static void index_of(struct es_tree *t, cJSON *out, const uint64_t *now, const uint64_t *reference, uint32_t bins)
{
    struct es_drift d;
    if (!es_drift(now, reference, bins, &d)) return;
    es_tree_number(t, out, "psi", d.n_now ? d.psi : (double)NAN);
    es_tree_number(t, out, "psi_expected", d.psi_expected);
    es_tree_number(t, out, "js_bits", d.js_bits);
    /* Near equality the divergence is chi-square / 8 in nats, and PSI is chi-square: so are their expectations. */
    es_tree_number(t, out, "js_bits_expected", d.psi_expected / (8 * log(2)));
}

/** Levels that occur in either, so that levels nobody has do not raise what is expected. */
static void axis_index(struct es_tree *t, cJSON *out, const uint64_t *now, const uint64_t *reference, uint8_t levels)
{
    uint64_t a[ES_MAX_LEVELS], b[ES_MAX_LEVELS];
    uint32_t kept = 0;
    for (uint8_t l = 0; l < levels; l++) {
        if (now[l] == 0 && reference[l] == 0) continue;
        a[kept] = now[l];
        b[kept++] = reference[l];
    }
    if (kept > 1) index_of(t, out, a, b, kept); /* one level alone cannot move: no index, not 0 */
}

static void month_name(int32_t month, char out[ES_DAY_TEXT])
{
    es_day_format(es_month_first_day(month), out);
    if (strlen(out) > 3) out[strlen(out) - 3] = '\0'; /* the day goes */
}

static void one_month(struct es_report *report, cJSON *list, const struct months *m, size_t i, const struct month *base, bool rounded)
{
    struct es_tree *t = &report->tree;
    const struct month *now = &m->list[i];
    char name[ES_DAY_TEXT];
    cJSON *out = es_tree_object(t, list, NULL);
    month_name(m->first + (int32_t)i, name);
    es_tree_text(t, out, "month", name);
    if (now->hidden) {
        es_tree_text(t, out, "status", ES_SUPPRESSED_WORD);
        return;
    }
    es_tree_text(t, out, "status", now->units ? "estimated" : "not_estimable");
    es_tree_number(t, out, "n", rounded ? es_release_round5((double)now->units) : (double)now->units);
    es_tree_number(t, out, "scored", rounded ? es_release_round5((double)now->scored) : (double)now->scored);
    es_tree_number(t, out, "patients", rounded ? es_release_round5(now->patients) : now->patients);
    if (now->units == 0) return;
    if (m->bins > 1) {
        cJSON *score = es_tree_object(t, out, "score");
        if (m->score_hidden) es_tree_text(t, score, "status", ES_SUPPRESSED_WORD);
        else index_of(t, score, now->score, base->score, m->bins);
    }
    cJSON *axes = es_tree_object(t, out, "axes");
    for (size_t a = 0; a < report->config->n_axes; a++) {
        cJSON *axis = es_tree_object_as(t, axes, report->config->axes[a].name);
        if (m->axis_hidden[a]) es_tree_text(t, axis, "status", ES_SUPPRESSED_WORD);
        else axis_index(t, axis, now->level[a], base->level[a], report->levels[a].count);
    }
}

static void sum(struct month *out, const struct month *months)
{
    for (int i = 0; i < 3; i++) {
        out->units += months[i].units;
        out->scored += months[i].scored;
        for (int b = 0; b < BINS; b++) out->score[b] += months[i].score[b];
        for (int a = 0; a < ES_MAX_AXES; a++)
            for (int l = 0; l < ES_MAX_LEVELS; l++) out->level[a][l] += months[i].level[a][l];
    }
}

enum es_errc es_report_drift(struct es_report *report, const struct es_sheet *sheet, cJSON *out, struct es_error *err)
{
    struct es_tree *t = &report->tree;
    const bool external = report->options->audience == ES_AUDIENCE_EXTERNAL;
    const struct es_disclosure *d = external ? &report->config->external : &report->config->internal;
    const bool rounded = d->kind == ES_DISCLOSE_NHS, strict = external && d->kind == ES_DISCLOSE_FLOOR;
    struct months m = {0};
    char name[ES_DAY_TEXT];
    struct month *base = calloc(1, sizeof *base);
    bool ok = base && count_rows(&m, sheet) && count_patients(&m, sheet);
    if (ok && m.count == 0) {
        es_tree_text(t, out, "status", "not_estimable");
        es_tree_text(t, out, "words", "no exam has a date");
    } else if (ok && !baseline(&m, sheet)) {
        es_tree_text(t, out, "status", "not_estimable");
        es_tree_text(t, out, "words", "no calendar quarter lies wholly within the exams");
    } else if (ok && !between_deciles(&m, sheet)) {
        ok = false;
    } else if (ok) {
        hide(&m, rounded ? 8 : d->kind == ES_DISCLOSE_FLOOR ? d->floor : 0, strict);
        m.score_hidden = rounded || (strict && tells_few(&m, sheet, sheet->axes, d->floor));
        for (uint8_t a = 0; a < sheet->axes; a++) m.axis_hidden[a] = rounded || (strict && tells_few(&m, sheet, a, d->floor));
        sum(base, &m.list[m.base]);
        es_tree_text(t, out, "status", "estimated");
        es_tree_text(t, out, "words", "for one look at a fixed size: not for daily looking; no verdict");
        month_name(m.first + (int32_t)m.base, name);
        es_tree_text(t, out, "baseline_from", name);
        month_name(m.first + (int32_t)m.base + 2, name);
        es_tree_text(t, out, "baseline_to", name);
        es_tree_text(t, out, "scores", m.probability ? "tenths" : m.bins > 1 ? "deciles_of_the_quarter" : "none_to_compare");
        cJSON *list = es_tree_array(t, out, "months");
        for (size_t i = 0; i < m.count; i++) one_month(report, list, &m, i, base, rounded);
    }
    free(m.list);
    free(base);
    return ok && !t->failed ? ES_OK : es_fail(err, ES_E_MEMORY, "no memory for drift over %zu months", m.count);
}
