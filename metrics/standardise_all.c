/* SPDX-License-Identifier: Apache-2.0 */
/* All gaps of a rate at once. Each pair of axes is counted once; a patient with one case adds a square that his cell alone decides, so
 * only patients with several cases are walked. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/int128.h"
#include "metrics/standardise_parts.h"

/* A patient's term times all cases, |N u| <= 2 N < 2^33, on this grid stays below 2^61; sum (N u)^2 <= 2^33 sum N |u| <= 2^67, on the
 * squared grid below 2^123. */
#define GRID 0x1p28

/** Cases of the rule, in patient order. */
struct cases {
    uint32_t count, singles; /* all; patients with one case */
    uint32_t *row;           /* [count]; rows of patients with several cases behind `singles` */
    uint32_t *several;       /* [groups + 1]: where each patient with several cases starts in row[] */
    uint32_t patients;       /* with several cases */
};

/** Counts of two axes, [level of a][level of b][failure, success]. */
struct cell {
    uint32_t n[2];
};
/** Terms of one level of the first axis on the grid, [level of the second][in the group][success]. */
struct terms {
    int64_t mh[ES_MAX_LEVELS][2][2], direct[ES_MAX_LEVELS][2][2];
    bool used[ES_MAX_LEVELS];
};
struct pair {
    const struct es_sheet *sheet;
    const struct cases *cases;
    uint8_t a, b;
    struct cell *all, *single; /* [levels of a][levels of b] */
    struct terms terms;
    double alpha;
};

/* Patients with one case first, then the others together, both in the sheet's order. */
static bool gather(const struct es_sheet *s, const struct es_case_rule *rule, struct cases *c)
{
    uint32_t *row = malloc(((size_t)s->rows + 1) * sizeof *row), *mine = NULL;
    if (!row) return false;
    for (uint32_t r = 0; r < s->rows; r++)
        if (es_case_counts(s, rule, r)) row[c->count++] = r;
    c->row = malloc(((size_t)c->count + 1) * sizeof *c->row);
    c->several = mine = malloc(((size_t)c->count / 2 + 2) * sizeof *c->several);
    if (!c->row || !mine) {
        free(row);
        return false;
    }
    for (int pass = 0, at = 0; pass < 2; pass++)
        for (uint32_t i = 0, end; i < c->count; i = end) {
            for (end = i + 1; end < c->count && s->patient[row[end]] == s->patient[row[i]];) end++;
            if ((end - i > 1) != (pass == 1)) continue;
            if (pass == 0) c->singles++;
            else mine[c->patients++] = (uint32_t)at;
            for (uint32_t k = i; k < end; k++) c->row[at++] = row[k];
        }
    mine[c->patients] = c->count;
    free(row);
    return true;
}

static size_t cell_at(const struct pair *p, uint8_t a, uint8_t b)
{
    return (size_t)a * p->sheet->axis_levels[p->b] + b;
}

static void count_pair(struct pair *p)
{
    const uint8_t *a = p->sheet->level[p->a], *b = p->sheet->level[p->b];
    for (uint32_t i = 0; i < p->cases->count; i++) {
        const uint32_t row = p->cases->row[i];
        struct cell *cells = i < p->cases->singles ? p->single : p->all;
        cells[cell_at(p, a[row], b[row])].n[es_case_success(p->sheet, row)]++;
    }
    const size_t n = (size_t)p->sheet->axis_levels[p->a] * p->sheet->axis_levels[p->b];
    for (size_t i = 0; i < n; i++)
        for (int x = 0; x < 2; x++) p->all[i].n[x] += p->single[i].n[x];
}

/** Is a case of this level in the group (1), in its rest (0), or in neither (-1)? */
static int side(uint8_t at, uint8_t level)
{
    return at == level ? 1 : at != 0 ? 0 : -1;
}

static void strata_of(const struct pair *p, uint8_t level, struct es_standard_strata *out)
{
    memset(out, 0, sizeof *out);
    for (uint8_t a = 0; a < p->sheet->axis_levels[p->a]; a++) {
        const int arm = side(a, level);
        for (uint8_t b = 0; arm >= 0 && b < p->sheet->axis_levels[p->b]; b++) {
            const uint32_t *n = p->all[cell_at(p, a, b)].n;
            struct es_stratum *s = &out->at[b];
            if (arm) {
                s->ng += (uint64_t)n[0] + n[1];
                s->xg += n[1];
            } else {
                s->nr += (uint64_t)n[0] + n[1];
                s->xr += n[1];
            }
        }
    }
}

static void make_terms(struct terms *t, const struct es_standard_strata *strata, double scale)
{
    memset(t, 0, sizeof *t);
    for (unsigned k = 1; k < ES_MAX_LEVELS; k++) {
        t->used[k] = strata->mh[k] > 0;
        for (int i = 0; t->used[k] && i < 4; i++) {
            const bool group = i & 2, success = i & 1;
            t->mh[k][group][success] = llrint(scale * es_standard_term(&strata->at[k], strata->mh[k], group, success));
            t->direct[k][group][success] = llrint(scale * es_standard_term(&strata->at[k], strata->direct[k], group, success));
        }
    }
}

static es_u128 square(int64_t v)
{
    const uint64_t u = v < 0 ? (uint64_t)0 - (uint64_t)v : (uint64_t)v;
    return (es_u128)u * u;
}

static void add_singles(const struct pair *p, uint8_t level, es_u128 squares[2], struct es_standardised *out)
{
    for (uint8_t a = 0; a < p->sheet->axis_levels[p->a]; a++) {
        const int arm = side(a, level);
        for (uint8_t b = 1; arm >= 0 && b < p->sheet->axis_levels[p->b]; b++) {
            const uint32_t *n = p->single[cell_at(p, a, b)].n;
            if (!p->terms.used[b]) continue;
            for (int x = 0; x < 2; x++) {
                squares[0] += n[x] * square(p->terms.mh[b][arm][x]);
                squares[1] += n[x] * square(p->terms.direct[b][arm][x]);
                out->patients += n[x];
                *(arm ? &out->patients_group : &out->patients_rest) += n[x];
            }
        }
    }
}

static void add_several(const struct pair *p, uint8_t level, es_u128 squares[2], struct es_standardised *out)
{
    const uint8_t *a = p->sheet->level[p->a], *b = p->sheet->level[p->b];
    for (uint32_t i = 0; i < p->cases->patients; i++) {
        int64_t mh = 0, direct = 0;
        bool in[2] = {false, false};
        for (uint32_t k = p->cases->several[i]; k < p->cases->several[i + 1]; k++) {
            const uint32_t row = p->cases->row[k];
            const int arm = side(a[row], level);
            if (arm < 0 || !p->terms.used[b[row]]) continue;
            const bool x = es_case_success(p->sheet, row);
            mh += p->terms.mh[b[row]][arm][x];
            direct += p->terms.direct[b[row]][arm][x];
            in[arm] = true;
        }
        squares[0] += square(mh);
        squares[1] += square(direct);
        out->patients += in[0] || in[1];
        out->patients_rest += in[0];
        out->patients_group += in[1];
    }
}

static void one_level(struct pair *p, uint8_t level, struct es_standardised *out)
{
    struct es_standard_strata strata;
    es_u128 squares[2] = {0, 0};
    *out = (struct es_standardised){.crude = NAN};
    strata_of(p, level, &strata);
    es_standard_weigh(&strata, out);
    const double all = (double)(out->cases_group + out->cases_rest);
    if (out->strata) {
        make_terms(&p->terms, &strata, all * GRID);
        add_singles(p, level, squares, out);
        add_several(p, level, squares, out);
    }
    const double unit = out->strata ? 1 / (all * GRID) : 0;
    es_standard_finish(&strata, (double)squares[0] * unit * unit, (double)squares[1] * unit * unit, p->alpha, out);
}

static uint64_t least_of(const struct pair *p)
{
    const size_t n = (size_t)p->sheet->axis_levels[p->a] * p->sheet->axis_levels[p->b];
    uint64_t least = 0;
    for (size_t i = 0; i < n; i++)
        for (int x = 0; x < 2; x++)
            if (p->all[i].n[x] && (!least || p->all[i].n[x] < least)) least = p->all[i].n[x];
    return least;
}

static size_t place(const struct es_standard_table *t, uint8_t axis, uint8_t level, uint8_t by)
{
    return t->first[axis] + (size_t)level * (t->axes - 1u) + by - (by > axis ? 1u : 0u);
}

static bool one_pair(struct pair *p, struct es_standard_table *out)
{
    const size_t cells = (size_t)p->sheet->axis_levels[p->a] * p->sheet->axis_levels[p->b];
    p->all = calloc(cells, sizeof *p->all);
    p->single = calloc(cells, sizeof *p->single);
    const bool fits = p->all && p->single;
    if (fits) {
        count_pair(p);
        out->least[p->a][p->b] = least_of(p);
        for (uint8_t l = 0; l < p->sheet->axis_levels[p->a]; l++) one_level(p, l, &out->entry[place(out, p->a, l, p->b)]);
    }
    free(p->all);
    free(p->single);
    return fits;
}

bool es_standardise_all(const struct es_sheet *sheet, const struct es_case_rule *rule, double alpha, struct es_standard_table *out)
{
    struct cases cases = {0};
    size_t entries = 0;
    *out = (struct es_standard_table){.axes = sheet->axes};
    for (uint8_t a = 0; a < sheet->axes; a++) {
        out->first[a] = entries;
        entries += (size_t)sheet->axis_levels[a] * (sheet->axes - 1u);
    }
    out->entry = calloc(entries + 1, sizeof *out->entry);
    bool fits = out->entry && gather(sheet, rule, &cases);
    for (uint8_t a = 0; a < sheet->axes && fits; a++)
        for (uint8_t b = 0; b < sheet->axes && fits; b++) {
            struct pair p = {.sheet = sheet, .cases = &cases, .a = a, .b = b, .alpha = alpha};
            fits = a == b || one_pair(&p, out);
        }
    free(cases.row);
    free(cases.several);
    if (!fits) es_standard_table_free(out);
    return fits;
}

const struct es_standardised *es_standard_at(const struct es_standard_table *table, uint8_t axis, uint8_t level, uint8_t by)
{
    return &table->entry[place(table, axis, level, by)];
}

void es_standard_table_free(struct es_standard_table *table)
{
    free(table->entry);
    *table = (struct es_standard_table){0};
}
