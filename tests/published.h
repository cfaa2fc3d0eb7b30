/* SPDX-License-Identifier: Apache-2.0 */
/** @file published.h
 * The tables of published predictions for tests, and the scored cases of one group in score order. Part of test_published.c.
 */
#ifndef ES_TESTS_PUBLISHED_H
#define ES_TESTS_PUBLISHED_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_rows.h"
#include "metrics/confusion.h"
#include "metrics/order.h"
#include "metrics/ranking.h"

enum { MAX_ROWS = 23000 };

static size_t compared;

/** Equal within 1e-9 absolute and relative; what the file leaves blank (or NA) is not there to be compared. */
static void near(double got, const struct csv_table *t, const char *column)
{
    const double want = csv_number(t, column);
    if (isnan(want)) return;
    compared++;
    const bool same = fabs(got - want) <= 1e-9 + 1e-9 * fabs(want);
    if (!same) {
        printf("   ");
        for (size_t i = 0; i < 8; i++) printf(" %s", t->cell[i]);
        printf(" %s: expected %.15g, got %.15g\n", column, want, got);
    }
    CU_ASSERT_TRUE(same);
}

/* --- The rows of a data set --- */

/** A data set: its cases, as text, and how a dimension's level is read from them. */
struct set {
    const char *name, *file;
    size_t rows;
    char *(*cell)[CSV_CELLS];
    struct csv_table table;
    bool *first; /* [rows]: the earliest image of its patient */
};

static const char *value(const struct set *s, size_t row, const char *column)
{
    for (size_t i = 0; i < s->table.columns; i++)
        if (strcmp(s->table.column[i], column) == 0) return s->cell[row][i];
    return "";
}

static double decimal(const char *at)
{
    char *end = NULL;
    const double x = strtod(at, &end);
    return *at && *end == '\0' ? x : (double)NAN;
}

/** Patients stand in no order in the file; the follow-up number tells which image of a patient came first. */
static void find_first(struct set *s)
{
    static size_t earliest[MAX_ROWS * 2];
    memset(earliest, 0, sizeof earliest); /* 1 + row, by patient number */
    for (size_t row = 0; row < s->rows; row++) {
        const size_t patient = (size_t)decimal(value(s, row, "patient_id"));
        CU_ASSERT_TRUE_FATAL(patient < MAX_ROWS * 2);
        const size_t other = earliest[patient];
        if (other == 0 || decimal(value(s, row, "follow_up")) < decimal(value(s, other - 1, "follow_up"))) earliest[patient] = row + 1;
    }
    for (size_t i = 0; i < MAX_ROWS * 2; i++)
        if (earliest[i] > 0) s->first[earliest[i] - 1] = true;
}

static bool set_open(struct set *s, const char *name, const char *file)
{
    *s = (struct set){.name = name, .file = file};
    if (!csv_table_open(&s->table, es_bulkdata(file))) return false;
    s->cell = calloc(MAX_ROWS, sizeof *s->cell);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->cell);
    while (s->rows < MAX_ROWS && csv_table_next(&s->table)) memcpy(s->cell[s->rows++], s->table.cell, sizeof s->table.cell);
    s->first = calloc(MAX_ROWS, sizeof *s->first);
    CU_ASSERT_PTR_NOT_NULL_FATAL(s->first);
    if (strcmp(file, "predictions/nih-chexnet/predictions.csv") == 0) find_first(s);
    return true;
}

static void set_close(struct set *s)
{
    free(s->table.text);
    free(s->cell);
    free(s->first);
}

/** Level of a row on one dimension. */
static const char *level(const struct set *s, size_t row, const char *dimension)
{
    static const char *const bands[] = {"0-17", "18-39", "40-59", "60-79", "80+"};
    if (strcmp(dimension, "all") == 0) return "all";
    if (strcmp(dimension, "age_band") == 0) {
        const double age = decimal(value(s, row, "age"));
        return bands[age < 18 ? 0 : age < 40 ? 1 : age < 60 ? 2 : age < 80 ? 3 : 4];
    }
    const char *at = value(s, row, dimension);
    return *at ? at : "(missing)";
}

/** Is the row in the group? dim and group may be crossings: "sex|view" "F|AP". */
static bool in_group(const struct set *s, size_t row, const char *dim, const char *group)
{
    char dims[64], groups[64], *d = dims, *g = groups;
    snprintf(dims, sizeof dims, "%s", dim);
    snprintf(groups, sizeof groups, "%s", group);
    for (char *next_d, *next_g; d && g; d = next_d, g = next_g) {
        if ((next_d = strchr(d, '|'))) *next_d++ = '\0';
        if ((next_g = strchr(g, '|'))) *next_g++ = '\0';
        if (strcmp(level(s, row, d), g) != 0) return false;
    }
    return true;
}

static double label_of(const struct set *s, size_t row, const char *column)
{
    return strcmp(column, "poor") == 0 ? strcmp(value(s, row, "outcome"), "Poor") == 0 : decimal(value(s, row, column));
}

/** Scored cases of a group in score order, with what the kernels need. */
struct cases {
    uint32_t n, all;
    double score[MAX_ROWS], logit[MAX_ROWS], mean[MAX_ROWS];
    uint8_t label[MAX_ROWS];
    uint32_t order[MAX_ROWS], spare[MAX_ROWS], point_n[MAX_ROWS], point_positives[MAX_ROWS];
    uint64_t key[2 * MAX_ROWS], placed[MAX_ROWS];
    struct es_ranks ranks;
};

static void gather(const struct set *s, const char *subset, const char *dim, const char *group, const char *score, const char *label,
                   struct cases *c)
{
    const bool first_only = strcmp(subset, "first image of each patient") == 0;
    c->n = c->all = 0;
    for (size_t row = 0; row < s->rows; row++) {
        if (first_only && !s->first[row]) continue;
        if (!in_group(s, row, dim, group)) continue;
        c->all++;
        const double p = decimal(value(s, row, score));
        if (isnan(p)) continue;
        c->score[c->n] = p;
        c->label[c->n] = label_of(s, row, label) == 1;
        c->order[c->n] = c->n;
        c->n++;
    }
    memset(&c->ranks, 0, sizeof c->ranks);
    es_order_by_score(c->score, c->order, c->n, c->key, c->spare);
    es_rank_place(c->score, c->label, c->order, c->n, c->placed);
    for (uint32_t i = 0; i < c->n; i++) {
        uint64_t one[ES_PLACES] = {0};
        one[c->label[i] ? ES_PLACED_POSITIVE : ES_PLACED_NEGATIVE] = c->placed[i];
        one[c->label[i] ? ES_POSITIVES : ES_NEGATIVES] = 1;
        es_ranks_add(&c->ranks, one);
    }
}

static struct es_confusion confusion(const struct cases *c, double threshold)
{
    struct es_confusion out = {0, 0, 0, 0};
    for (uint32_t i = 0; i < c->n; i++) {
        const bool alert = c->score[i] >= threshold;
        uint64_t *const cell[2][2] = {{&out.tn, &out.fp}, {&out.fn, &out.tp}};
        ++*cell[c->label[i]][alert];
    }
    return out;
}

#endif
