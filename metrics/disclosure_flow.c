/* SPDX-License-Identifier: Apache-2.0 */
/* How far one hidden cell of a table can move while all totals stay: a maximum flow around it. */
#include <stdlib.h>
#include <string.h>

#include "metrics/disclosure.h"

/* Nodes are rows, then columns. A hidden cell may grow without limit (row to column) and shrink by its count (column to row). */
struct flow {
    uint32_t rows, columns;
    const uint8_t *hidden;
    uint64_t *count; /* owned: what the cells hold at present */
    uint32_t *from;  /* owned: the node before, by node */
    uint32_t *queue; /* owned */
    uint32_t skip_row, skip_column; /* the cell itself takes no part */
};

#define UNSEEN UINT32_MAX

static void flow_end(struct flow *f)
{
    free(f->count);
    free(f->from);
    free(f->queue);
}

static bool flow_start(struct flow *f, const struct es_table *t, const uint8_t *hidden, uint32_t row, uint32_t column)
{
    const size_t cells = (size_t)t->rows * t->columns, nodes = (size_t)t->rows + t->columns;
    *f = (struct flow){.rows = t->rows, .columns = t->columns, .hidden = hidden, .skip_row = row, .skip_column = column};
    f->count = calloc(cells, sizeof *f->count);
    f->from = calloc(nodes, sizeof *f->from);
    f->queue = calloc(nodes, sizeof *f->queue);
    if (f->count == NULL || f->from == NULL || f->queue == NULL) {
        flow_end(f);
        return false;
    }
    memcpy(f->count, t->count, cells * sizeof *f->count);
    return true;
}

/** The cell between a row node and a column node, when it is hidden and not the one asked about. */
static bool edge(const struct flow *f, uint32_t row, uint32_t column, size_t *at)
{
    *at = (size_t)row * f->columns + column;
    return f->hidden[*at] && !(row == f->skip_row && column == f->skip_column);
}

/** Breadth first from `source`; true when `sink` was reached. */
static bool search(struct flow *f, uint32_t source, uint32_t sink)
{
    const uint32_t nodes = f->rows + f->columns;
    uint32_t head = 0, tail = 0;
    size_t at;
    for (uint32_t i = 0; i < nodes; i++) f->from[i] = UNSEEN;
    f->from[source] = source;
    f->queue[tail++] = source;
    while (head < tail && f->from[sink] == UNSEEN) {
        const uint32_t node = f->queue[head++];
        const bool is_row = node < f->rows;
        for (uint32_t i = 0; i < (is_row ? f->columns : f->rows); i++) {
            const uint32_t next = is_row ? f->rows + i : i;
            if (f->from[next] != UNSEEN) continue;
            if (!(is_row ? edge(f, node, i, &at) : edge(f, i, node - f->rows, &at) && f->count[at] > 0)) continue;
            f->from[next] = node;
            f->queue[tail++] = next;
        }
    }
    return f->from[sink] != UNSEEN;
}

/** Push as much as `most` along the path found: cells on the way to a column grow, on the way to a row shrink. */
static uint64_t push(struct flow *f, uint32_t source, uint32_t sink, uint64_t most)
{
    size_t at;
    for (uint32_t node = sink; node != source; node = f->from[node])
        if (node < f->rows && edge(f, node, f->from[node] - f->rows, &at) && f->count[at] < most) most = f->count[at];
    for (uint32_t node = sink; node != source; node = f->from[node]) {
        if (node < f->rows) {
            (void)edge(f, node, f->from[node] - f->rows, &at);
            f->count[at] -= most;
        } else {
            (void)edge(f, f->from[node], node - f->rows, &at);
            f->count[at] += most;
        }
    }
    return most;
}

static uint64_t maximum(struct flow *f, uint32_t source, uint32_t sink, uint64_t most)
{
    uint64_t total = 0;
    while (total < most && search(f, source, sink)) total += push(f, source, sink, most - total);
    return total;
}

/** One printed total over all cells of a single row or column: the hidden ones share what it leaves. */
static void single_line(const struct es_table *t, const uint8_t *hidden, size_t cell, struct es_interval_u64 *out)
{
    uint64_t sum = 0;
    size_t others = 0;
    for (size_t i = 0; i < (size_t)t->rows * t->columns; i++) {
        if (!hidden[i]) continue;
        sum += t->count[i];
        others += i != cell;
    }
    *out = (struct es_interval_u64){others > 0 ? 0 : sum, sum};
}

bool es_disclosure_limits(const struct es_table *table, const uint8_t *hidden, uint32_t row, uint32_t column,
                          struct es_interval_u64 *out)
{
    if (row >= table->rows || column >= table->columns) return false;
    const size_t cell = (size_t)row * table->columns + column;
    if (!hidden[cell]) return false;
    if (table->rows == 1 || table->columns == 1) {
        single_line(table, hidden, cell, out);
        return true;
    }
    const uint64_t now = table->count[cell];
    const uint32_t row_node = row, column_node = table->rows + column;
    struct flow f;
    if (!flow_start(&f, table, hidden, row, column)) return false;
    /* the cell grows by what can be brought back from its column to its row, and shrinks by the reverse */
    const uint64_t up = maximum(&f, column_node, row_node, UINT64_MAX / 4);
    memcpy(f.count, table->count, (size_t)table->rows * table->columns * sizeof *f.count);
    const uint64_t down = maximum(&f, row_node, column_node, now);
    flow_end(&f);
    *out = (struct es_interval_u64){now - down, now + up};
    return true;
}
