/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an outline and DCMTK show one object alike, element by element through every call of dataset.h. */
#ifndef ES_TESTS_OUTLINE_COMPARE_H
#define ES_TESTS_OUTLINE_COMPARE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/outline.h"

static inline const char *outline_same_value(const struct es_item *a, const struct es_item_cursor *x, const struct es_item *b,
                                             const struct es_item_cursor *y)
{
    static const size_t rooms[] = {1, 5, 17, 65, 257, 1024, 70000};
    static char left[70000], right[70000];
    for (size_t i = 0; i < sizeof rooms / sizeof rooms[0]; i++) {
        if (es_cursor_text(x, left, rooms[i]) != es_cursor_text(y, right, rooms[i]) || strcmp(left, right) != 0) return "text at a cursor";
        if (es_item_text(a, x->tag, left, rooms[i]) != es_item_text(b, y->tag, right, rooms[i]) || strcmp(left, right) != 0) return "text by tag";
        /* DCMTK gives whole numbers of a value that does not fit; of a private creator it has made a string, without padding, to know its block. */
        const bool creator = (x->tag >> 16 & 1) != 0 && (x->tag & 0xFFFF) >= 0x10 && (x->tag & 0xFFFF) <= 0xFF;
        if (rooms[i] % 8 != 0 || creator) continue;
        const size_t n = es_cursor_bytes(x, left, rooms[i]);
        if (n != es_cursor_bytes(y, right, rooms[i]) || memcmp(left, right, n) != 0) return "bytes at a cursor";
        if (n != es_item_bytes(a, x->tag, left, rooms[i]) || n != es_item_bytes(b, y->tag, right, rooms[i]) || memcmp(left, right, n) != 0)
            return "bytes by tag";
    }
    double one = 0, two = 0;
    if (es_cursor_number(x, &one) != es_cursor_number(y, &two) || memcmp(&one, &two, sizeof one) != 0) return "number at a cursor";
    if (es_item_number(a, x->tag, &one) != es_item_number(b, y->tag, &two) || memcmp(&one, &two, sizeof one) != 0) return "number by tag";
    return NULL;
}

/* The depth is bounded by ES_OUTLINE_DEPTH: a outline has no more. */
static inline const char *outline_same_item(const struct es_item *a, const struct es_item *b)
{
    struct es_item_cursor x = {.at = NULL}, y = {.at = NULL};
    if (es_item_count(a) != es_item_count(b)) return "number of elements";
    for (;;) {
        const bool more = es_item_walk(a, &x);
        if (more != es_item_walk(b, &y)) return "elements";
        if (!more) return NULL;
        if (x.tag != y.tag || strcmp(x.vr, y.vr) != 0 || x.sequence != y.sequence || x.length != y.length) return "tag, VR or length";
        struct es_item_cursor found, other;
        if (!es_item_find(a, x.tag, &found) || found.at != x.at || es_item_find(a, x.tag ^ 1, &found) != es_item_find(b, x.tag ^ 1, &other))
            return "element by tag";
        const char *why = outline_same_value(a, &x, b, &y);
        const struct es_item *i = NULL, *j = NULL;
        do {
            i = es_cursor_next(&x, i);
            j = es_cursor_next(&y, j);
            if (!why && (i != NULL) != (j != NULL)) why = "items at a cursor";
            if (!why && i) why = outline_same_item(i, j);
        } while (!why && i);
        if (why) return why;
        for (i = j = NULL; x.sequence;) {
            i = es_item_next(a, x.tag, i);
            j = es_item_next(b, y.tag, j);
            if ((i != NULL) != (j != NULL)) return "items by tag";
            if (!i) break;
        }
    }
}

/* True also when there is no outline of it. */
static inline bool outline_agrees(const void *bytes, size_t len, const char **why)
{
    struct es_outline *outline = NULL;
    struct es_dataset *dataset = NULL;
    *why = NULL;
    if (es_outline_new(&outline, bytes, len, len) != ES_OK) return true;
    if (es_dataset_parse(&dataset, bytes, len, ES_DATASET_WHOLE, NULL) != ES_OK) *why = "DCMTK reads nothing";
    else if (es_dataset_broken(dataset)) *why = es_dataset_broken(dataset);
    else *why = outline_same_item(es_outline_root(outline), es_dataset_root(dataset));
    es_dataset_free(dataset);
    es_outline_free(outline);
    return *why == NULL;
}

#endif
