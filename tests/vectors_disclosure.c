/* SPDX-License-Identifier: Apache-2.0 */
/* Vector file G2. One-dimensional patterns are exact. Of a two-dimensional table any pattern will do that hides every primary
 * cell and passes the audit; the pattern given is audited as well, and its limits must be the ones given. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/disclosure.h"
#include "vectors_kernels.h"

/** Mark the cells of [[row, column, ...], ...]. */
static void mark(const cJSON *cells, uint8_t *marks, uint32_t columns, size_t size)
{
    const cJSON *cell = NULL;
    cJSON_ArrayForEach(cell, cells)
    {
        const uint64_t at = es_vec_whole(cJSON_GetArrayItem(cell, 0)) * columns + es_vec_whole(cJSON_GetArrayItem(cell, 1));
        if (at < size) marks[at] = 1;
    }
}

static void check_marks(struct es_vec *v, const char *field, const uint8_t *got, uint32_t columns, size_t size)
{
    if (!es_vec_has(v, field)) return;
    uint8_t *want = es_vec_alloc(size, 1);
    es_vec_saw(v, field);
    v->fields++;
    mark(es_vec_want(v, field), want, columns, size);
    if (memcmp(want, got, size) != 0) es_vec_fail(v, field, "other cells");
    free(want);
}

/** expect.audit_intervals, [[row, column, lo, hi], ...], against the limits under this pattern. */
static void check_intervals(struct es_vec *v, const struct es_table *t, const uint8_t *pattern)
{
    const cJSON *list = es_vec_want(v, "audit_intervals"), *item = NULL;
    if (list == NULL) return;
    es_vec_saw(v, "audit_intervals");
    cJSON_ArrayForEach(item, list)
    {
        const uint32_t row = (uint32_t)es_vec_whole(cJSON_GetArrayItem(item, 0));
        const uint32_t column = (uint32_t)es_vec_whole(cJSON_GetArrayItem(item, 1));
        struct es_interval_u64 limits;
        v->fields++;
        if (!es_disclosure_limits(t, pattern, row, column, &limits) || limits.lo != es_vec_whole(cJSON_GetArrayItem(item, 2)) ||
            limits.hi != es_vec_whole(cJSON_GetArrayItem(item, 3)))
            es_vec_fail(v, "audit_intervals", "other limits");
    }
}

static void check_rounded(struct es_vec *v, const struct es_table *t)
{
    const cJSON *rows = es_vec_want(v, "rounded5"), *row = NULL, *cell = NULL;
    size_t at = 0;
    if (rows == NULL) return;
    es_vec_saw(v, "rounded5");
    cJSON_ArrayForEach(row, rows) cJSON_ArrayForEach(cell, row)
    {
        v->fields++;
        if (at >= (size_t)t->rows * t->columns || es_disclosure_round(t->count[at], 5) != es_vec_whole(cell))
            es_vec_fail(v, "rounded5", "another number");
        at++;
    }
}

static void check_pattern(struct es_vec *v, const struct es_table *t, const uint8_t *primary, const uint8_t *hidden,
                          const uint8_t *given)
{
    const size_t size = (size_t)t->rows * t->columns;
    const bool line = t->rows == 1 || t->columns == 1, same = memcmp(hidden, given, size) == 0;
    uint64_t narrowest = 0, count = 0;
    for (size_t i = 0; i < size; i++) {
        if (primary[i] && !hidden[i]) es_vec_fail(v, "hidden", "shows a primary cell");
        count += hidden[i];
    }
    if (!es_disclosure_audit(t, hidden, NULL)) es_vec_fail(v, "safe", "own pattern fails the audit");
    if (line || same) {
        check_marks(v, "hidden", hidden, t->columns, size);
        es_vec_check_count(v, "n_hidden", count);
    } else {
        es_vec_saw(v, "hidden");
        es_vec_saw(v, "n_hidden");
    }
    check_intervals(v, t, given);
    es_vec_check_bool(v, "safe", es_disclosure_audit(t, given, &narrowest));
    if (narrowest == UINT64_MAX) es_vec_check(v, "audit_min_width", (double)NAN);
    else es_vec_check_count(v, "audit_min_width", narrowest);
}

static void check_table(struct es_vec *v, const struct es_table *t)
{
    const size_t size = (size_t)t->rows * t->columns;
    uint8_t *primary = es_vec_alloc(size, 1), *hidden = es_vec_alloc(size, 1), *given = es_vec_alloc(size, 1);
    const enum es_disclosure_action action = es_disclosure_hide(t, hidden);
    for (size_t i = 0; i < size; i++) primary[i] = es_disclosure_small(t, t->count[i]);
    mark(es_vec_want(v, "hidden"), given, t->columns, size);
    es_vec_check_bool(v, "margin_primary", action == ES_DISCLOSURE_COLLAPSE);
    es_vec_check_text(v, "action", action == ES_DISCLOSURE_COLLAPSE ? "collapse" : "publish");
    check_marks(v, "primary", primary, t->columns, size);
    if (action == ES_DISCLOSURE_FAILED) es_vec_fail(v, "action", "the table was refused");
    if (action == ES_DISCLOSURE_PUBLISH) {
        check_pattern(v, t, primary, hidden, given);
    } else {
        /* nothing of the table is shown: what a pattern would have given away is only audited */
        check_intervals(v, t, given);
        uint64_t narrowest = 0, count = 0;
        for (size_t i = 0; i < size; i++) count += given[i];
        const bool safe = es_disclosure_audit(t, given, &narrowest);
        es_vec_saw(v, "hidden");
        es_vec_check_count(v, "n_hidden", count);
        es_vec_check_bool(v, "safe", safe);
        if (narrowest == UINT64_MAX || count == 0) es_vec_check(v, "audit_min_width", (double)NAN);
        else es_vec_check_count(v, "audit_min_width", narrowest);
    }
    check_rounded(v, t);
    free(primary);
    free(hidden);
    free(given);
}

void es_vec_disclosure(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const cJSON *rows = cJSON_GetObjectItemCaseSensitive(v->in, "table"), *row = NULL, *cell = NULL;
        struct es_table t = {.rows = (uint32_t)cJSON_GetArraySize(rows), .k = es_vec_in_whole(v, "k")};
        t.columns = (uint32_t)cJSON_GetArraySize(cJSON_GetArrayItem(rows, 0));
        t.zero_is_sensitive = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(v->in, "zero_is_sensitive"));
        uint64_t *count = es_vec_alloc((size_t)t.rows * t.columns, sizeof *count);
        size_t at = 0;
        cJSON_ArrayForEach(row, rows)
        {
            if ((uint32_t)cJSON_GetArraySize(row) != t.columns) break;
            cJSON_ArrayForEach(cell, row) count[at++] = es_vec_whole(cell);
        }
        t.count = count;
        if (at == (size_t)t.rows * t.columns && at > 0) check_table(v, &t);
        else es_vec_fail(v, "table", "not a table");
        free(count);
    }
}
