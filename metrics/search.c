/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/multiplicity.h"
#include "metrics/search_parts.h"
#include "metrics/special.h"

/** A search under way. */
struct hunt {
    const struct es_sheet *sheet;
    const struct es_search_plan *plan;
    struct es_search_cases cases;
    struct es_search_work work;
    bool pair[ES_MAX_AXES][ES_MAX_AXES]; /* some cell of the two axes has enough cases */
    struct es_search out;
    size_t room;
};

static void cases_free(struct es_search_cases *c)
{
    free(c->patient);
    free(c->success);
    for (unsigned a = 0; a < ES_MAX_AXES; a++) free(c->code[a]);
}

/** Levels with enough cases get codes of their own, in order; the other known ones share the next. */
static void code_axis(struct hunt *h, uint8_t axis, const uint32_t *rows)
{
    struct es_search_cases *c = &h->cases;
    uint64_t count[ES_MAX_LEVELS] = {0};
    uint8_t code[ES_MAX_LEVELS] = {0};
    bool rare = false;
    for (uint32_t i = 0; i < c->count; i++) count[h->sheet->level[axis][rows[i]]]++;
    for (unsigned l = 1; l < h->sheet->axis_levels[axis]; l++)
        if (count[l] >= h->plan->min_cases) {
            code[l] = ++c->searched[axis];
            c->level[axis][code[l]] = (uint8_t)l;
        }
    for (unsigned l = 1; l < h->sheet->axis_levels[axis]; l++)
        if (code[l] == 0) {
            code[l] = (uint8_t)(c->searched[axis] + 1);
            rare = rare || count[l];
        }
    c->codes[axis] = (uint8_t)(c->searched[axis] + 1 + rare);
    for (uint32_t i = 0; i < c->count; i++) c->code[axis][i] = code[h->sheet->level[axis][rows[i]]];
}

/** Totals over patients, and the longest patient. */
static void total(struct es_search_cases *c)
{
    for (uint32_t i = 0, x = 0, n = 0; i < c->count; i++) {
        x += c->success[i];
        n++;
        if (i + 1 < c->count && c->patient[i + 1] == c->patient[i]) continue;
        es_cluster_add(&c->all, x, n);
        if (n > c->longest) c->longest = n;
        x = n = 0;
    }
}

static bool gather(struct hunt *h)
{
    struct es_search_cases *c = &h->cases;
    const struct es_sheet *s = h->sheet;
    for (uint32_t row = 0; row < s->rows; row++) c->count += es_case_counts(s, &h->plan->rule, row);
    const size_t room = c->count ? c->count : 1;
    uint32_t *rows = malloc(room * sizeof *rows), n = 0;
    c->patient = malloc(room * sizeof *c->patient);
    c->success = malloc(room);
    bool fits = rows && c->patient && c->success;
    for (uint8_t a = 0; a < s->axes && fits; a++) fits = (c->code[a] = malloc(room)) != NULL;
    if (fits) {
        for (uint32_t row = 0; row < s->rows; row++) {
            if (!es_case_counts(s, &h->plan->rule, row)) continue;
            rows[n] = row;
            c->patient[n] = s->patient[row];
            c->success[n++] = es_case_success(s, row);
        }
        for (uint8_t a = 0; a < s->axes; a++) code_axis(h, a, rows);
        total(c);
    }
    free(rows);
    return fits;
}

/** Cells of the largest crossing there can be: the axes with most codes. */
static bool work_open(struct hunt *h)
{
    size_t most[ES_MAX_GROUPING_AXES] = {1, 1, 1}, cells = 1;
    for (uint8_t a = 0; a < h->sheet->axes; a++) {
        size_t codes = h->cases.codes[a];
        for (unsigned k = 0; k < h->plan->depth; k++)
            if (codes > most[k]) {
                const size_t swap = most[k];
                most[k] = codes;
                codes = swap;
            }
    }
    for (unsigned k = 0; k < ES_MAX_GROUPING_AXES; k++) cells *= most[k]; /* at most 67^3 */
    h->work.cells = malloc(cells * sizeof *h->work.cells);
    h->work.slot = calloc(cells, sizeof *h->work.slot);
    h->work.touch = malloc((h->cases.longest ? h->cases.longest : 1) * sizeof *h->work.touch);
    return h->work.cells && h->work.slot && h->work.touch;
}

static void assess(struct es_weak_group *w, double alpha)
{
    const struct es_gap_sums *s = &w->sums;
    w->deff = es_gap_deff(s);
    w->group = (double)s->group.x / (double)s->group.n;
    w->rest = (double)s->rest.x / (double)s->rest.n;
    w->harm = w->rest - w->group;
    const struct es_two_by_two t = {(double)s->group.x / w->deff, (double)s->group.n / w->deff, (double)s->rest.x / w->deff,
                                    (double)s->rest.n / w->deff};
    const struct es_limits limits = es_miettinen_nurminen(&t, alpha);
    w->harm_least = -limits.hi;
    w->harm_most = -limits.lo;
    w->p = es_norm_cdf(es_score_z(&t, 0, true));
}

static bool append(struct hunt *h, const struct es_weak_group *w)
{
    if (h->out.count == h->room) {
        const size_t room = h->room ? 2 * h->room : 256;
        struct es_weak_group *grown = realloc(h->out.found, room * sizeof *grown);
        if (!grown) return false;
        h->out.found = grown;
        h->room = room;
    }
    h->out.found[h->out.count++] = *w;
    return true;
}

static bool enough(const struct es_search_plan *plan, const struct es_cluster_sums *arm)
{
    return arm->n >= plan->min_cases && arm->patients >= plan->min_patients;
}

/** The next combination of codes 1 .. searched, last axis fastest; false after the last. */
static bool next_code(const struct es_search_cases *c, const struct es_grouping *g, uint8_t *code)
{
    for (unsigned k = g->n; k > 0; k--) {
        if (code[k - 1] < c->searched[g->axis[k - 1]]) {
            code[k - 1]++;
            return true;
        }
        code[k - 1] = 1;
    }
    return false;
}

/** Count one crossing and test what has enough cases. */
static bool cross(struct hunt *h, const struct es_grouping *g)
{
    uint8_t code[ES_MAX_GROUPING_AXES] = {1, 1, 1};
    es_search_count(&h->cases, g, &h->work);
    h->out.crossings++;
    do {
        struct es_weak_group w = {.grouping = *g, .sums = es_search_sums(&h->cases, g, h->work.cells, code), .adds = true};
        if (w.sums.group.n >= h->plan->min_cases && g->n == 2) h->pair[g->axis[0]][g->axis[1]] = true;
        if (!enough(h->plan, &w.sums.group) || !enough(h->plan, &w.sums.rest)) continue;
        for (unsigned k = 0; k < g->n; k++) w.level[k] = h->cases.level[g->axis[k]][code[k]];
        assess(&w, h->plan->alpha);
        if (!append(h, &w)) return false;
    } while (next_code(&h->cases, g, code));
    return true;
}

/** Can some conjunction of these axes have enough cases? */
static bool promising(const struct hunt *h, const struct es_grouping *g)
{
    for (unsigned k = 0; k < g->n; k++)
        if (h->cases.searched[g->axis[k]] == 0) return false;
    if (g->n < 3) return true;
    return h->pair[g->axis[0]][g->axis[1]] && h->pair[g->axis[0]][g->axis[2]] && h->pair[g->axis[1]][g->axis[2]];
}

/** All combinations of n axes in ascending order. */
static bool cross_all(struct hunt *h, uint8_t n)
{
    struct es_grouping g = {.n = n, .axis = {0, 1, 2}};
    if (n > h->sheet->axes) return true;
    for (;;) {
        if (!promising(h, &g)) h->out.skipped++;
        else if (!cross(h, &g)) return false;
        unsigned k = n;
        while (k > 0 && g.axis[k - 1] == h->sheet->axes - n + (k - 1)) k--;
        if (k == 0) return true;
        g.axis[k - 1]++;
        for (; k < n; k++) g.axis[k] = (uint8_t)(g.axis[k - 1] + 1);
    }
}

/** Fewer axes first, then axes, then levels: the order in which they were found. */
static int by_key(const void *left, const void *right)
{
    const struct es_weak_group *a = left, *b = right;
    if (a->grouping.n != b->grouping.n) return a->grouping.n < b->grouping.n ? -1 : 1;
    const int axes = memcmp(a->grouping.axis, b->grouping.axis, a->grouping.n);
    return axes ? axes : memcmp(a->level, b->level, a->grouping.n);
}

static int by_harm(const void *left, const void *right)
{
    const struct es_weak_group *a = left, *b = right;
    if (a->harm_least != b->harm_least) return a->harm_least > b->harm_least ? -1 : 1;
    return by_key(left, right);
}

/** Does it do worse than each of its parts that was tested? */
static void mark_inherited(struct es_search *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct es_weak_group *w = &s->found[i];
        for (unsigned mask = 1; mask + 1 < 1u << w->grouping.n; mask++) {
            struct es_weak_group part = {.grouping = {.n = 0}};
            for (unsigned k = 0; k < w->grouping.n; k++) {
                if (!(mask >> k & 1)) continue;
                part.level[part.grouping.n] = w->level[k];
                part.grouping.axis[part.grouping.n++] = w->grouping.axis[k];
            }
            const struct es_weak_group *found = bsearch(&part, s->found, s->count, sizeof part, by_key);
            if (found && found->harm_least >= w->harm_least) w->adds = false;
        }
    }
}

static bool correct(struct es_search *s)
{
    const size_t n = s->count ? s->count : 1;
    double *p = malloc(n * sizeof *p), *adjusted = malloc(n * sizeof *adjusted);
    uint32_t *scratch = malloc(n * sizeof *scratch);
    const bool fits = p && adjusted && scratch;
    if (fits) {
        for (size_t i = 0; i < s->count; i++) p[i] = s->found[i].p;
        es_benjamini_hochberg(p, s->count, scratch, adjusted);
        for (size_t i = 0; i < s->count; i++) s->found[i].p_adjusted = adjusted[i];
    }
    free(p);
    free(adjusted);
    free(scratch);
    return fits;
}

bool es_search_run(const struct es_sheet *sheet, const struct es_search_plan *plan, struct es_search *out)
{
    struct hunt h;
    memset(&h, 0, sizeof h);
    *out = (struct es_search){0};
    if (plan->depth < 1 || plan->depth > ES_MAX_GROUPING_AXES || plan->min_cases < 1 || !(plan->alpha > 0 && plan->alpha < 1))
        return false;
    h.sheet = sheet;
    h.plan = plan;
    bool fits = gather(&h) && work_open(&h);
    for (uint8_t n = 1; n <= plan->depth && fits; n++) fits = cross_all(&h, n);
    fits = fits && correct(&h.out);
    cases_free(&h.cases);
    free(h.work.cells);
    free(h.work.slot);
    free(h.work.touch);
    if (!fits) {
        es_search_free(&h.out);
        return false;
    }
    mark_inherited(&h.out);
    if (h.out.count) qsort(h.out.found, h.out.count, sizeof *h.out.found, by_harm);
    *out = h.out;
    return true;
}

void es_search_free(struct es_search *search)
{
    free(search->found);
    *search = (struct es_search){0};
}
