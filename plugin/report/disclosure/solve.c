/* SPDX-License-Identifier: Apache-2.0 */
/* What do all the printed sums together tell of a hidden count? A linear program over the hidden cells, which are whole, and at least 1 as
 * zeros are printed: between what limits can a count of few people lie? Subtractions chained over several tables, which no table shows by
 * itself, are found this way. Simplex method with Bland's rule, which cannot cycle (Math Oper Res 2:103 (1977),
 * DOI 10.1287/moor.2.2.103). The coefficients are +-1, so binary64 with a tolerance tells 0 from not 0; what could not be settled
 * within MAX_PIVOTS counts as told. */
#include <math.h>
#include <stdlib.h>

#include "plugin/report/disclosure/disclosure.h"

#define MAX_UNKNOWN 400 /* cells of one system: the work grows with the cube */
#define MAX_PIVOTS 5000 /* of one question */
#define ZERO 1e-9

struct system {
    size_t unknowns, rows, *number; /* of each cell; SIZE_MAX: printed */
    size_t *cell;                   /* of each unknown */
    double *a;                      /* [rows][unknowns + 1]: the last is the right side; unknowns count from 1 upwards */
    double *cost;                   /* [unknowns + 1] */
    size_t *basis;                  /* [rows]: unknown that the row gives; SIZE_MAX: an artificial one */
};

static double *row_of(const struct system *s, size_t row)
{
    return s->a + row * (s->unknowns + 1);
}

static bool gather(const struct es_release_table *t, const struct es_release_sum *sums, size_t n_sums, struct system *s)
{
    const size_t cells = t->groups * ES_CELL_KEYS;
    s->number = calloc(cells + 1, sizeof *s->number);
    s->cell = calloc(cells + 1, sizeof *s->cell);
    if (!s->number || !s->cell) return false;
    for (size_t i = 0; i < cells; i++) s->number[i] = SIZE_MAX;
    for (size_t e = 0; e < n_sums; e++) {
        bool any = false;
        for (size_t i = 0; i < sums[e].n && es_release_sum_known(t, &sums[e]); i++) {
            const size_t cell = sums[e].cells[i];
            if (!t->cells[cell].hidden || !(t->cells[cell].value > 0)) continue;
            any = true;
            if (s->number[cell] == SIZE_MAX) {
                s->number[cell] = s->unknowns;
                s->cell[s->unknowns++] = cell;
            }
        }
        s->rows += any;
    }
    return true;
}

/** Each sum, its right side made from the true counts, not below 0. */
static void fill(const struct es_release_table *t, const struct es_release_sum *sums, size_t n_sums, struct system *s)
{
    size_t at = 0;
    for (size_t e = 0; e < n_sums; e++) {
        double *row = row_of(s, at), right = 0;
        bool any = false;
        for (size_t i = 0; i < sums[e].n && es_release_sum_known(t, &sums[e]); i++) {
            const size_t number = s->number[sums[e].cells[i]];
            if (number == SIZE_MAX) continue;
            row[number] += i ? 1 : -1;
            right += (i ? 1 : -1) * (t->cells[sums[e].cells[i]].value - 1);
            any = true;
        }
        if (!any) continue;
        for (size_t j = 0; right < 0 && j < s->unknowns; j++) row[j] = -row[j];
        row[s->unknowns] = fabs(right);
        s->basis[at++] = SIZE_MAX;
    }
}

static void pivot(struct system *s, size_t r, size_t column)
{
    double *row = row_of(s, r);
    const double by = row[column];
    for (size_t j = 0; j <= s->unknowns; j++) row[j] /= by;
    for (size_t i = 0; i <= s->rows; i++) {
        double *other = i == s->rows ? s->cost : row_of(s, i);
        const double f = other[column];
        if (i == r || f == 0) continue;
        for (size_t j = 0; j <= s->unknowns; j++) other[j] -= f * row[j];
        other[column] = 0;
    }
    s->basis[r] = column;
}

/** Pivot until the cost is least, or at most `enough`. @return false when that could not be settled */
static bool minimise(struct system *s, double enough)
{
    for (int step = 0; step < MAX_PIVOTS; step++) {
        size_t column = 0, row = SIZE_MAX;
        double best = INFINITY;
        if (-s->cost[s->unknowns] <= enough) return true;
        while (column < s->unknowns && s->cost[column] > -ZERO) column++;
        if (column == s->unknowns) return true;
        for (size_t i = 0; i < s->rows; i++) {
            const double *at = row_of(s, i);
            if (at[column] < ZERO) continue;
            const double ratio = at[s->unknowns] / at[column];
            if (ratio < best - ZERO || (ratio < best + ZERO && s->basis[i] < s->basis[row])) {
                best = ratio;
                row = i;
            }
        }
        if (row == SIZE_MAX) { /* without a limit */
            s->cost[s->unknowns] = INFINITY;
            return true;
        }
        pivot(s, row, column);
    }
    return false;
}

/** From artificial unknowns to a solution. @return false when none was found: the true counts are one, so this is a matter of digits */
static bool start(struct system *s)
{
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = 0; j <= s->unknowns; j++) s->cost[j] -= row_of(s, i)[j];
    if (!minimise(s, ZERO) || fabs(s->cost[s->unknowns]) > 1e-6) return false;
    for (size_t i = 0; i < s->rows;) {
        size_t j = 0;
        if (s->basis[i] == SIZE_MAX) {
            while (j < s->unknowns && fabs(row_of(s, i)[j]) < 1e-7) j++;
            if (j == s->unknowns) { /* says nothing that the others do not */
                s->rows--;
                for (size_t k = 0; k <= s->unknowns; k++) row_of(s, i)[k] = row_of(s, s->rows)[k];
                s->basis[i] = s->basis[s->rows];
                continue;
            }
            pivot(s, i, j);
        }
        i++;
    }
    return true;
}

/** The least of sign * unknown, or one that is at most `enough`; NAN when it could not be settled. */
static double least(struct system *s, size_t unknown, double sign, double enough)
{
    for (size_t j = 0; j <= s->unknowns; j++) s->cost[j] = 0;
    s->cost[unknown] = sign;
    for (size_t i = 0; i < s->rows; i++)
        for (size_t j = 0; s->basis[i] == unknown && j <= s->unknowns; j++) s->cost[j] -= sign * row_of(s, i)[j];
    return minimise(s, enough) ? -s->cost[s->unknowns] : (double)NAN;
}

/** Do the limits hold one whole number only? The true count is one, so one step away from it is enough. */
static bool pinned(struct system *s, size_t unknown, double truth)
{
    const double value = truth - 1;
    if (value >= 1 && least(s, unknown, 1, value - 1 + ZERO) <= value - 1 + 1e-6) return false;
    return !(least(s, unknown, -1, -(value + 1) - ZERO) <= -(value + 1) + 1e-6);
}

enum es_release_solved es_release_determined(const struct es_release_table *t, const struct es_release_sum *sums, size_t n_sums,
                                             uint8_t *told)
{
    struct system s = {0};
    enum es_release_solved out = ES_RELEASE_SOLVED;
    if (!gather(t, sums, n_sums, &s)) out = ES_RELEASE_NO_MEMORY;
    else if (s.unknowns > MAX_UNKNOWN) out = ES_RELEASE_TOO_LARGE;
    if (out == ES_RELEASE_SOLVED) {
        s.a = calloc((s.rows + 1) * (s.unknowns + 1), sizeof *s.a);
        s.cost = calloc(s.unknowns + 1, sizeof *s.cost);
        s.basis = calloc(s.rows + 1, sizeof *s.basis);
        if (!s.a || !s.cost || !s.basis) out = ES_RELEASE_NO_MEMORY;
    }
    if (out == ES_RELEASE_SOLVED) {
        fill(t, sums, n_sums, &s);
        const bool started = start(&s);
        for (size_t j = 0; j < s.unknowns; j++) {
            const struct es_cell *cell = &t->cells[s.cell[j]];
            if (cell->small && (!started || pinned(&s, j, cell->value))) told[s.cell[j]] = 1;
        }
    }
    free(s.a);
    free(s.cost);
    free(s.basis);
    free(s.number);
    free(s.cell);
    return out;
}
