/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "metrics/search_parts.h"

size_t es_search_cells(const struct es_search_cases *cases, const struct es_grouping *grouping)
{
    size_t cells = 1;
    for (unsigned k = 0; k < grouping->n; k++) cells *= cases->codes[grouping->axis[k]];
    return cells;
}

static uint32_t cell_of(const struct es_search_cases *cases, const struct es_grouping *g, const uint8_t *code)
{
    uint32_t cell = 0;
    for (unsigned k = 0; k < g->n; k++) cell = cell * cases->codes[g->axis[k]] + code[k];
    return cell;
}

/** The cell where two agree; false when a known code of one contradicts the other. */
static bool meet(unsigned n, const uint8_t *a, const uint8_t *b, uint8_t *out)
{
    for (unsigned k = 0; k < n; k++) {
        if (a[k] && b[k] && a[k] != b[k]) return false;
        out[k] = a[k] ? a[k] : b[k];
    }
    return true;
}

/** Products of a pattern with another cell of the same patient that agrees with it. */
static void add_pair(struct es_cell *at, const struct es_touch *p, const struct es_touch *q)
{
    const uint64_t px = p->x, pn = p->n, qx = q->x, qn = q->n;
    at->cxx += 2 * px * qx;
    at->cxn += px * qn + qx * pn;
    at->cnn += 2 * pn * qn;
    if (q->pattern) return;
    /* q is a full cell and the meet is q itself */
    at->gxx += qx * px;
    at->gxn += qx * pn;
    at->gnx += qn * px;
    at->gnn += qn * pn;
}

/** One patient's cells. */
static void add_patient(const struct es_search_cases *cases, const struct es_grouping *g, struct es_search_work *w, uint32_t touched)
{
    uint64_t x = 0, n = 0;
    uint8_t all[ES_MAX_GROUPING_AXES] = {0}, code[ES_MAX_GROUPING_AXES] = {0};
    bool agree = true;
    for (uint32_t i = 0; i < touched; i++) {
        x += w->touch[i].x;
        n += w->touch[i].n;
        agree = agree && meet(g->n, all, w->touch[i].code, all);
    }
    for (uint32_t i = 0; i < touched; i++) {
        const struct es_touch *t = &w->touch[i];
        struct es_cell *c = &w->cells[t->cell];
        es_cluster_add(&c->own, t->x, t->n);
        c->vxx += x * t->x;
        c->vxn += x * t->n;
        c->vnx += n * t->x;
        c->vnn += n * t->n;
        w->slot[t->cell] = 0;
        if (!t->pattern) continue;
        /* each pair once: with the full cells, and with the patterns further on */
        for (uint32_t j = 0; j < touched; j++)
            if (j != i && (j > i || !w->touch[j].pattern) && meet(g->n, t->code, w->touch[j].code, code))
                add_pair(&w->cells[cell_of(cases, g, code)], t, &w->touch[j]);
    }
    if (!agree) return;
    struct es_cell *c = &w->cells[cell_of(cases, g, all)];
    c->within++;
    for (uint32_t i = 0; i < touched; i++) c->within_own += w->touch[i].cell == (uint32_t)(c - w->cells);
}

void es_search_count(const struct es_search_cases *cases, const struct es_grouping *g, struct es_search_work *w)
{
    const uint8_t *column[ES_MAX_GROUPING_AXES] = {NULL, NULL, NULL};
    uint32_t touched = 0;
    memset(w->cells, 0, es_search_cells(cases, g) * sizeof *w->cells);
    for (unsigned k = 0; k < g->n; k++) column[k] = cases->code[g->axis[k]];
    for (uint32_t i = 0; i < cases->count; i++) {
        struct es_touch t = {0, 0, 0, {0, 0, 0}, false};
        if (i && cases->patient[i] != cases->patient[i - 1]) {
            add_patient(cases, g, w, touched);
            touched = 0;
        }
        for (unsigned k = 0; k < g->n; k++) {
            t.code[k] = column[k][i];
            t.cell = t.cell * cases->codes[g->axis[k]] + t.code[k];
            t.pattern = t.pattern || t.code[k] == 0;
        }
        if (w->slot[t.cell] == 0) {
            w->touch[touched] = t;
            w->slot[t.cell] = ++touched;
        }
        struct es_touch *at = &w->touch[w->slot[t.cell] - 1];
        at->x += cases->success[i];
        at->n++;
    }
    if (touched) add_patient(cases, g, w, touched);
}

struct es_gap_sums es_search_sums(const struct es_search_cases *cases, const struct es_grouping *g, const struct es_cell *cells,
                                  const uint8_t *code)
{
    const struct es_cell *own = &cells[cell_of(cases, g, code)];
    struct es_cluster_sums rest = cases->all;
    for (unsigned mask = 0; mask < 1u << g->n; mask++) {
        uint8_t pattern[ES_MAX_GROUPING_AXES] = {0, 0, 0};
        for (unsigned k = 0; k < g->n; k++) pattern[k] = mask >> k & 1 ? 0 : code[k];
        const struct es_cell *c = &cells[cell_of(cases, g, pattern)];
        rest.patients -= c->within;
        rest.x -= c->own.x;
        rest.n -= c->own.n;
        /* unsigned: what is taken away before it is added comes back whole */
        rest.xx += c->own.xx + c->cxx - 2 * c->vxx;
        rest.xn += c->own.xn + c->cxn - c->vxn - c->vnx;
        rest.nn += c->own.nn + c->cnn - 2 * c->vnn;
    }
    return (struct es_gap_sums){.group = own->own,
                                .rest = rest,
                                .xx = own->vxx - own->own.xx - own->gxx,
                                .xn = own->vnx - own->own.xn - own->gxn,
                                .nx = own->vxn - own->own.xn - own->gnx,
                                .nn = own->vnn - own->own.nn - own->gnn,
                                .shared = own->own.patients - own->within_own};
}
