/* SPDX-License-Identifier: Apache-2.0 */
/* The sweep's pass over columns of measures. Rests by the identity of sweep_patients.c, without its short cuts: over one patient let T be
 * the known rows and o what is outside of a group; the rest's sum of o o' is everyone's T T' less T T' - o o' for each patient who has
 * a row that is not known to be outside. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/detection.h"
#include "metrics/measures.h"
#include "metrics/special.h"
#include "metrics/sweep_work.h"

#define GRID_BITS 32

unsigned es_quantities(enum es_measures kind)
{
    static const uint8_t quantities[ES_MEASURES_KINDS] = {[ES_MEASURES_VALUES] = 3, [ES_MEASURES_LEVELS] = 3, [ES_MEASURES_OVERLAP] = 6,
                                                          [ES_MEASURES_LESIONS] = 2};
    return (unsigned)kind < ES_MEASURES_KINDS ? quantities[kind] : 0;
}

/** A row's value of a quantity and its weight; weight 0: it has none. */
struct term {
    double v;
    uint32_t w;
};

static bool pairs(enum es_measures kind)
{
    return kind == ES_MEASURES_VALUES || kind == ES_MEASURES_LEVELS;
}

/** NAN where a row has none: two empty masks have no overlap. */
static double value_of(const struct es_sheet *s, uint32_t row, unsigned quantity)
{
    const double a = s->measure[0][row], d = a - s->measure[1][row];
    if (s->measures == ES_MEASURES_VALUES) return quantity == ES_Q_ERROR ? d : quantity == ES_Q_ABSOLUTE ? fabs(d) : d * d;
    if (s->measures == ES_MEASURES_LEVELS) return quantity == ES_Q_SHIFT ? d : quantity == ES_Q_EXACT ? d == 0 : fabs(d) <= 1;
    if (s->measures == ES_MEASURES_LESIONS) return s->measure[2][row];
    if (a == ES_PART_BOTH_EMPTY) return (double)NAN;
    return quantity == ES_Q_EMPTY ? a != ES_PART_MEASURED : s->measure[1 + quantity][row];
}

static struct term term_of(const struct es_sheet *s, uint32_t row, unsigned quantity)
{
    const double a = s->measure[0][row], b = s->measure[1][row];
    if (s->stage[row] != ES_STAGE_REFERENCED || isnan(a) || (pairs(s->measures) && isnan(b))) return (struct term){0, 0};
    if (s->measures == ES_MEASURES_LESIONS && quantity == ES_Q_FOUND) return (struct term){b, (uint32_t)a};
    const double v = value_of(s, row, quantity);
    return isfinite(v) ? (struct term){v, 1} : (struct term){0, 0};
}

/** Counts and shares stand on their own grid. */
static bool whole_numbers(enum es_measures kind, unsigned quantity)
{
    return kind == ES_MEASURES_LEVELS || kind == ES_MEASURES_LESIONS || (kind == ES_MEASURES_OVERLAP && quantity == ES_Q_EMPTY);
}

/** A power of two of which 2^GRID_BITS steps reach from lo to hi; origin on its grid when that is fine enough to be exact. */
static struct es_scale scale_between(double lo, double hi)
{
    int exponent = 0;
    if (!(hi > lo)) return (struct es_scale){isfinite(lo) ? lo : 0, 1};
    (void)frexp(hi - lo, &exponent);
    return (struct es_scale){lo, ldexp(1, exponent - GRID_BITS)};
}

static int64_t on_grid(double v, const struct es_scale *scale)
{
    return (int64_t)llrint((v - scale->origin) / scale->step);
}

static void make_scales(struct es_work *w)
{
    const struct es_sheet *s = w->sheet;
    double low = INFINITY, high = -INFINITY;
    for (unsigned q = 0; q < es_quantities(s->measures); q++) {
        double lo = INFINITY, hi = -INFINITY;
        w->scale[q] = (struct es_scale){0, 1};
        if (whole_numbers(s->measures, q)) continue;
        for (uint32_t row = 0; row < s->rows; row++) {
            const struct term t = term_of(s, row, q);
            if (t.w == 0) continue;
            lo = fmin(lo, t.v);
            hi = fmax(hi, t.v);
        }
        w->scale[q] = scale_between(lo, hi);
    }
    w->pair_scale = (struct es_scale){0, 1};
    if (s->measures != ES_MEASURES_VALUES) return;
    for (uint32_t row = 0; row < s->rows; row++) {
        if (term_of(s, row, ES_Q_ERROR).w == 0) continue;
        low = fmin(low, fmin(s->measure[0][row], s->measure[1][row]));
        high = fmax(high, fmax(s->measure[0][row], s->measure[1][row]));
    }
    w->pair_scale = scale_between(low, high);
}

/* --- Patients --- */

/** One patient's sums in one group. */
struct es_measure_patient {
    bool any;
    int64_t k[ES_QUANTITIES];
    uint64_t n[ES_QUANTITIES];
};

static void add_sums(struct es_mean_sums *m, int64_t k, uint64_t n, bool away)
{
    const es_i128 sign = away ? -1 : 1;
    m->n += away ? -n : n;
    m->patients += n == 0 ? 0 : away ? UINT64_MAX : 1;
    m->k += sign * k;
    m->kk += sign * (es_i128)k * k;
    m->kn += sign * (es_i128)k * (es_i128)n;
    m->nn += sign * (es_i128)n * (es_i128)n;
}

static void add_joint(struct es_mean_joint *j, int64_t k, uint64_t n, int64_t other_k, uint64_t other_n)
{
    j->kk += (es_i128)k * other_k;
    j->kn += (es_i128)k * (es_i128)other_n;
    j->nk += (es_i128)n * other_k;
    j->nn += (es_i128)n * (es_i128)other_n;
    j->shared += n > 0 && other_n > 0;
}

/** Scratch of one grouping. */
struct passing {
    struct es_work *w;
    struct es_measured **of;           /* [slots] */
    struct es_measure_patient *own, *near; /* [slots]: rows in the group; rows not known to be outside, those of no known level apart */
    uint32_t *touched, *wider;
    struct es_mean_sums base[ES_QUANTITIES]; /* all known rows */
    unsigned quantities;
};

static void add_to(struct es_measure_patient *into, const struct es_measure_patient *from, unsigned quantities)
{
    into->any = true;
    for (unsigned q = 0; q < quantities; q++) {
        into->k[q] += from->k[q];
        into->n[q] += from->n[q];
    }
}

/** One patient is complete. */
static void add_patient(struct passing *p, uint32_t touched)
{
    struct es_work *w = p->w;
    struct es_measure_patient total;
    uint32_t wider = 0;
    memset(&total, 0, sizeof total);
    for (uint32_t i = 0; i < touched; i++) {
        const uint32_t slot = p->touched[i];
        for (unsigned q = 0; q < p->quantities; q++) add_sums(&p->of[slot]->group[q], p->own[slot].k[q], p->own[slot].n[q], false);
        if (es_work_all_unknown(w, slot)) continue;
        add_to(&total, &p->own[slot], p->quantities);
        for (uint32_t k = w->wider_from[slot]; k < w->wider_from[slot + 1]; k++) {
            const uint32_t g = w->wider_list[k];
            if (!p->near[g].any) p->wider[wider++] = g;
            add_to(&p->near[g], &p->own[slot], p->quantities);
        }
    }
    for (unsigned q = 0; q < p->quantities; q++) add_sums(&p->base[q], total.k[q], total.n[q], false);
    for (uint32_t i = 0; i < wider; i++) {
        const uint32_t g = p->wider[i];
        for (unsigned q = 0; q < p->quantities; q++) {
            const int64_t k = total.k[q] - p->near[g].k[q];
            const uint64_t n = total.n[q] - p->near[g].n[q];
            add_sums(&p->of[g]->rest[q], total.k[q], total.n[q], true);
            add_sums(&p->of[g]->rest[q], k, n, false);
            add_joint(&p->of[g]->joint[q], p->own[g].k[q], p->own[g].n[q], k, n);
        }
        memset(&p->near[g], 0, sizeof p->near[g]);
    }
    for (uint32_t i = 0; i < touched; i++) {
        const uint32_t slot = p->touched[i];
        for (unsigned q = 0; es_work_all_unknown(w, slot) && q < p->quantities; q++)
            add_joint(&p->of[slot]->joint[q], p->own[slot].k[q], p->own[slot].n[q], total.k[q], total.n[q]);
        memset(&p->own[slot], 0, sizeof p->own[slot]);
    }
}

static void settle(struct passing *p)
{
    for (uint32_t g = 0; g < p->w->slots; g++)
        for (unsigned q = 0; q < p->quantities; q++) {
            struct es_mean_sums *rest = &p->of[g]->rest[q];
            const struct es_mean_sums *base = &p->base[q];
            if (p->w->summary[g].axes == 0) {
                memset(rest, 0, sizeof *rest); /* everyone has no rest */
                continue;
            }
            rest->n += base->n;
            rest->patients += base->patients;
            rest->k += base->k;
            rest->kk += base->kk;
            rest->kn += base->kn;
            rest->nn += base->nn;
        }
}

static void add_pair(struct es_measured *m, const struct es_sheet *s, uint32_t row, const struct es_scale *scale)
{
    struct es_pair_sums *p = &m->pair;
    const es_i128 x = on_grid(s->measure[0][row], scale), y = on_grid(s->measure[1][row], scale);
    p->n++;
    p->x += x;
    p->y += y;
    p->xx += x * x;
    p->yy += y * y;
    p->xy += x * y;
}

static void walk_rows(struct passing *p)
{
    struct es_work *w = p->w;
    const struct es_sheet *s = w->sheet;
    uint32_t touched = 0;
    for (uint32_t row = 0; row < s->rows; row++) {
        const uint32_t slot = w->slot_of[w->row_profile[row]];
        struct es_measure_patient *own = &p->own[slot];
        for (unsigned q = 0; q < p->quantities; q++) {
            const struct term t = term_of(s, row, q);
            if (t.w == 0) continue;
            if (!own->any) p->touched[touched++] = slot;
            own->any = true;
            own->k[q] += on_grid(t.v, &w->scale[q]);
            own->n[q] += t.w;
        }
        if (pairs(s->measures) && term_of(s, row, 0).w) add_pair(p->of[slot], s, row, &w->pair_scale);
        if (s->measures == ES_MEASURES_OVERLAP && s->stage[row] == ES_STAGE_REFERENCED)
            p->of[slot]->both_empty += s->measure[0][row] == ES_PART_BOTH_EMPTY;
        if (row + 1 < s->rows && s->patient[row + 1] == s->patient[row]) continue;
        if (touched) add_patient(p, touched);
        touched = 0;
    }
    settle(p);
}

/* --- Concordance and limits of agreement --- */

/** What a group's influences are made with; limits in units of the standard deviation. */
struct centre {
    double x, y, shift, xx, yy, xy, sd, below, concordance;
    bool concordant, limits; /* defined */
};

static struct centre centre_of(const struct es_pair_sums *p, const struct es_scale *scale)
{
    const struct es_pair_moments m = es_pair_moments_of(p);
    struct centre c = {.shift = m.shift, .xx = m.xx, .yy = m.yy, .xy = m.xy};
    if (p->n == 0) return c;
    c.x = scale->origin + scale->step * ((double)p->x / (double)p->n);
    c.y = scale->origin + scale->step * ((double)p->y / (double)p->n);
    c.sd = sqrt(m.dd);
    c.below = m.xx + m.yy + m.shift * m.shift;
    c.concordance = 2 * m.xy / c.below;
    c.concordant = c.below > 0;
    c.limits = p->n >= 2 && m.dd > 0;
    return c;
}

/** One pair's influence on each statistic; 0 where that is not defined. */
static void influences(const struct centre *c, double x, double y, double z, double out[ES_LINEARS])
{
    const double a = x - c->x, b = y - c->y, e = a - b;
    out[ES_LINEAR_CONCORDANCE] = out[ES_LINEAR_LOWER] = out[ES_LINEAR_UPPER] = 0;
    if (c->concordant) {
        const double over = 2 * (a * b - c->xy), below = a * a - c->xx + b * b - c->yy + 2 * c->shift * e;
        out[ES_LINEAR_CONCORDANCE] = (over - c->concordance * below) / c->below;
    }
    if (!c->limits) return;
    const double u = e / c->sd, wide = z * (u * u - 1) / 2;
    out[ES_LINEAR_LOWER] = u - wide;
    out[ES_LINEAR_UPPER] = u + wide;
}

/** Influences of one patient in one group. */
struct es_influence {
    es_i128 sum[ES_LINEARS];
    bool any;
};

static void finish_influences(struct passing *p, struct es_influence *of, uint32_t touched)
{
    for (uint32_t i = 0; i < touched; i++) {
        struct es_pair_sums *pair = &p->of[p->touched[i]]->pair;
        struct es_influence *one = &of[p->touched[i]];
        pair->patients++;
        for (int l = 0; l < ES_LINEARS; l++)
            if (__builtin_mul_overflow(one->sum[l], one->sum[l], &one->sum[l]) ||
                __builtin_add_overflow(pair->squares[l], one->sum[l], &pair->squares[l]))
                pair->linear = false;
        memset(one, 0, sizeof *one);
    }
}

static bool walk_pairs(struct passing *p)
{
    const struct es_work *w = p->w;
    const struct es_sheet *s = w->sheet;
    struct centre *centre = calloc((size_t)w->slots + 1, sizeof *centre);
    struct es_influence *of = calloc((size_t)w->slots + 1, sizeof *of);
    const double z = es_norm_isf(0.025); /* limits of agreement are 95 % limits whatever the level of their intervals */
    uint32_t touched = 0;
    for (uint32_t g = 0; centre && of && g < w->slots; g++) {
        p->of[g]->pair.step = w->pair_scale.step;
        p->of[g]->pair.linear = true;
        centre[g] = centre_of(&p->of[g]->pair, &w->pair_scale);
    }
    for (uint32_t row = 0; centre && of && row < s->rows; row++) {
        const uint32_t slot = w->slot_of[w->row_profile[row]];
        if (term_of(s, row, 0).w) {
            double influence[ES_LINEARS];
            influences(&centre[slot], s->measure[0][row], s->measure[1][row], z, influence);
            if (!of[slot].any) p->touched[touched++] = slot;
            of[slot].any = true;
            for (int l = 0; l < ES_LINEARS; l++) {
                if (!(fabs(influence[l]) < 0x1p30)) p->of[slot]->pair.linear = false;
                else of[slot].sum[l] += llrint(influence[l] * ES_LINEAR_GRID);
            }
        }
        if (row + 1 < s->rows && s->patient[row + 1] == s->patient[row]) continue;
        finish_influences(p, of, touched);
        touched = 0;
    }
    const bool done = centre && of;
    free(centre);
    free(of);
    return done;
}

/* --- Marks --- */

/** Mean sensitivity of the free-response curve of one group (METRICS C4). */
static bool froc_of_group(const struct es_work *w, uint32_t slot, struct es_measured *m)
{
    const struct es_sheet *s = w->sheet;
    const size_t all = s->mark_from[s->rows];
    struct es_marks marks = {.hits = calloc(all + 1, sizeof(double)), .misses = calloc(all + 1, sizeof(double))};
    bool done = marks.hits && marks.misses;
    for (uint32_t row = 0; done && row < s->rows; row++) {
        if (w->slot_of[w->row_profile[row]] != slot || term_of(s, row, ES_Q_FALSE).w == 0) continue;
        marks.images++;
        marks.lesions += (uint64_t)s->measure[0][row];
        for (uint32_t i = s->mark_from[row]; i < s->mark_from[row + 1]; i++) {
            if (s->marks[i].hit) marks.hits[marks.hit_count++] = s->marks[i].score;
            else marks.misses[marks.miss_count++] = s->marks[i].score;
        }
    }
    struct es_froc_point *points = done ? calloc(es_froc_capacity(&marks), sizeof *points) : NULL;
    if (points) m->froc = es_froc_score(&marks, points, es_froc(&marks, points));
    done = points != NULL;
    free(points);
    free(marks.hits);
    free(marks.misses);
    return done;
}

/* --- All --- */

static bool make_measured(struct passing *p)
{
    struct es_work *w = p->w;
    for (uint32_t g = 0; g < w->slots; g++) {
        struct es_measured *m = calloc(1, sizeof *m);
        if (!m) return false;
        w->summary[g].measured = p->of[g] = m; /* owned by the sweep */
        m->kind = w->sheet->measures;
        m->froc = (double)NAN;
        m->marked = w->sheet->marks != NULL;
        memcpy(m->scale, w->scale, sizeof m->scale);
    }
    return true;
}

bool es_work_measures(struct es_work *w)
{
    const size_t n = (size_t)w->slots + 1;
    const struct es_sheet *s = w->sheet;
    if (!s->measures) return true;
    if (w->slots > 0 && w->summary[0].axes == 0) make_scales(w); /* the grouping of everyone comes first */
    struct passing p = {.w = w, .quantities = es_quantities(s->measures)};
    p.of = calloc(n, sizeof *p.of);
    p.own = calloc(n, sizeof *p.own);
    p.near = calloc(n, sizeof *p.near);
    p.touched = calloc(n, sizeof *p.touched);
    p.wider = calloc(n, sizeof *p.wider);
    bool done = p.of && p.own && p.near && p.touched && p.wider && make_measured(&p);
    if (done) walk_rows(&p);
    if (done && pairs(s->measures)) done = walk_pairs(&p);
    for (uint32_t g = 0; done && s->marks && g < w->slots; g++) done = froc_of_group(w, g, p.of[g]);
    free(p.of);
    free(p.own);
    free(p.near);
    free(p.touched);
    free(p.wider);
    return done;
}
