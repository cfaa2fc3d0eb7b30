/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/mask/mask.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/seg.h"

#define MAX_NUMBER 20 /* digits of a run's number */

void es_mask_free(struct es_mask *mask)
{
    if (mask == NULL) return;
    free(mask->planes);
    free(mask->runs);
    free(mask);
}

uint64_t es_mask_voxels(const struct es_mask *mask)
{
    uint64_t voxels = 0;
    for (size_t i = 0; i < mask->n_runs; i++) voxels += mask->runs[i].length;
    return voxels;
}

static enum es_errc begin(struct es_mask **out, size_t planes, size_t runs, struct es_error *err)
{
    struct es_mask *mask = calloc(1, sizeof *mask);
    if (mask != NULL) {
        mask->planes = calloc(planes > 0 ? planes : 1, sizeof *mask->planes);
        mask->runs = malloc((runs > 0 ? runs : 1) * sizeof *mask->runs);
    }
    if (mask == NULL || mask->planes == NULL || mask->runs == NULL) {
        es_mask_free(mask);
        return es_fail(err, ES_E_MEMORY, "mask: no room for %zu runs", runs);
    }
    mask->spacing[0] = mask->spacing[1] = mask->slice_spacing = (double)NAN;
    mask->n_planes = planes;
    for (size_t i = 0; i < planes; i++) mask->planes[i].position = (double)NAN;
    *out = mask;
    return ES_OK;
}

static int by_place(const void *left, const void *right)
{
    const struct es_mask_run *a = left, *b = right;
    if (a->plane != b->plane) return a->plane < b->plane ? -1 : 1;
    if (a->row != b->row) return a->row < b->row ? -1 : 1;
    return (a->column > b->column) - (a->column < b->column);
}

size_t es_mask_settle(struct es_mask_run *runs, size_t count)
{
    size_t kept = 0;
    qsort(runs, count, sizeof *runs, by_place);
    for (size_t i = 0; i < count; i++) {
        const struct es_mask_run *next = &runs[i];
        struct es_mask_run *last = kept > 0 ? &runs[kept - 1] : NULL;
        if (last != NULL && last->plane == next->plane && last->row == next->row && next->column <= last->column + last->length) {
            const uint32_t end = next->column + next->length;
            if (end > last->column + last->length) last->length = end - last->column;
        } else {
            runs[kept++] = *next;
        }
    }
    return kept;
}

/* ---- from a segmentation ---- */

static void take_shape(struct es_mask *mask, const struct es_seg_facts *seg)
{
    mask->rows = seg->rows;
    mask->columns = seg->columns;
    memcpy(mask->spacing, seg->spacing, sizeof mask->spacing);
    mask->slice_spacing = seg->slice_spacing;
    mask->has_orientation = seg->has_orientation;
    if (seg->has_orientation) {
        memcpy(mask->orientation, seg->orientation, sizeof mask->orientation);
        memcpy(mask->origin, seg->origin, sizeof mask->origin);
    }
    memcpy(mask->space, seg->frame_of_reference, sizeof mask->space);
    for (size_t i = 0; i < seg->n_planes; i++) {
        memcpy(mask->planes[i].image, seg->planes[i].instance, sizeof mask->planes[i].image);
        mask->planes[i].frame = seg->planes[i].frame;
        mask->planes[i].position = seg->planes[i].position;
    }
}

enum es_errc es_mask_of_seg(struct es_mask **out, const struct es_seg_facts *seg, const size_t *segments, size_t count, struct es_error *err)
{
    size_t runs = 0;
    if (seg->unread[0] != '\0') return es_fail(err, ES_E_REFUSED, "mask: %s", seg->unread);
    for (size_t i = 0; i < count; i++) runs += seg->segments[segments[i]].n_runs; /* all of them are at most ES_MAX_SEG_RUNS */
    struct es_mask *mask = NULL;
    const enum es_errc code = begin(&mask, seg->n_planes, runs, err);
    if (code != ES_OK) return code;
    take_shape(mask, seg);
    for (size_t i = 0; i < count; i++) {
        const struct es_seg_segment *s = &seg->segments[segments[i]];
        for (size_t k = 0; k < s->n_runs; k++)
            mask->runs[mask->n_runs++] = (struct es_mask_run){s->runs[k].plane, s->runs[k].row, s->runs[k].column, s->runs[k].length};
    }
    mask->n_runs = es_mask_settle(mask->runs, mask->n_runs);
    *out = mask;
    return ES_OK;
}
_Static_assert(ES_MAX_SEG_RUNS <= ES_MAX_MASK_RUNS && ES_MAX_SEG_FRAMES <= ES_MAX_MASK_PLANES && ES_MAX_SEG_MATRIX <= ES_MAX_MASK_SIDE,
               "every segmentation that is read makes a mask");

/* ---- from runs in text ---- */

static bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/* The next number. False: no digits, or too many. @param at moved behind it and the blanks behind it */
static bool next_number(const char **at, const char *end, uint64_t *out)
{
    const char *from = *at;
    *out = 0;
    while (*at < end && **at >= '0' && **at <= '9' && *at - from < MAX_NUMBER) *out = *out * 10 + (uint64_t)(*(*at)++ - '0');
    const bool number = *at > from && *at - from < MAX_NUMBER && (*at == end || is_blank(**at));
    while (*at < end && is_blank(**at)) (*at)++;
    return number;
}

/* A run of pixels in row order, cut at the ends of rows. */
static bool add_stretch(struct es_mask *mask, size_t *room, uint64_t from, uint64_t length)
{
    while (length > 0) {
        const uint64_t column = from % mask->columns, left = mask->columns - column, here = length < left ? length : left;
        if (mask->n_runs == *room) {
            const size_t more = *room * 2;
            struct es_mask_run *bigger = realloc(mask->runs, more * sizeof *bigger);
            if (bigger == NULL) return false;
            mask->runs = bigger;
            *room = more;
        }
        mask->runs[mask->n_runs++] = (struct es_mask_run){0, (uint32_t)(from / mask->columns), (uint32_t)column, (uint32_t)here};
        from += here;
        length -= here;
    }
    return true;
}

static enum es_errc read_runs(struct es_mask *mask, const char *text, size_t len, struct es_error *err)
{
    const uint64_t pixels = (uint64_t)mask->rows * mask->columns;
    const char *at = text, *end = text + len;
    size_t room = 1024, number = 0;
    while (at < end && is_blank(*at)) at++;
    while (at < end) {
        uint64_t start = 0, length = 0;
        number += 2;
        if (!next_number(&at, end, &start)) return es_fail(err, ES_E_PARSE, "number %zu: found no whole number, expected a start", number - 1);
        if (at == end) return es_fail(err, ES_E_PARSE, "number %zu: found a start without a length", number - 1);
        if (!next_number(&at, end, &length)) return es_fail(err, ES_E_PARSE, "number %zu: found no whole number, expected a length", number);
        if (start == 0 || length == 0 || start > pixels || length > pixels - start + 1)
            return es_fail(err, ES_E_PARSE, "number %zu: found a run outside pixels 1..%llu", number - 1, (unsigned long long)pixels);
        if (mask->n_runs + length / mask->columns + 2 > ES_MAX_MASK_RUNS)
            return es_fail(err, ES_E_LIMIT, "more than %u runs", ES_MAX_MASK_RUNS);
        if (!add_stretch(mask, &room, start - 1, length)) return es_fail(err, ES_E_MEMORY, "mask: no room for %zu runs", room * 2);
    }
    return ES_OK;
}

enum es_errc es_mask_of_runs(struct es_mask **out, const char *text, size_t len, uint32_t rows, uint32_t columns, struct es_error *err)
{
    struct es_mask *mask = NULL;
    if (rows == 0 || columns == 0 || rows > ES_MAX_MASK_SIDE || columns > ES_MAX_MASK_SIDE)
        return es_fail(err, ES_E_PARSE, "found %u rows and %u columns, expected 1..%u", rows, columns, ES_MAX_MASK_SIDE);
    enum es_errc code = begin(&mask, 1, 1024, err);
    if (code != ES_OK) return code;
    mask->rows = rows;
    mask->columns = columns;
    code = read_runs(mask, text, len, err);
    if (code != ES_OK) {
        es_mask_free(mask);
        return code;
    }
    mask->n_runs = es_mask_settle(mask->runs, mask->n_runs);
    *out = mask;
    return ES_OK;
}

enum es_errc es_mask_of_bytes(struct es_mask **out, const uint8_t *bytes, uint32_t rows, uint32_t columns, struct es_error *err)
{
    struct es_mask *mask = NULL;
    size_t room = 1024;
    if (rows == 0 || columns == 0 || rows > ES_MAX_MASK_SIDE || columns > ES_MAX_MASK_SIDE)
        return es_fail(err, ES_E_PARSE, "found %u rows and %u columns, expected 1..%u", rows, columns, ES_MAX_MASK_SIDE);
    enum es_errc code = begin(&mask, 1, room, err);
    if (code != ES_OK) return code;
    mask->rows = rows;
    mask->columns = columns;
    for (uint32_t row = 0; row < rows && code == ES_OK; row++) {
        const uint8_t *line = bytes + (size_t)row * columns;
        for (uint32_t from = 0, to; from < columns && code == ES_OK; from = to) {
            for (to = from + 1; to < columns && (line[to] != 0) == (line[from] != 0);) to++;
            if (line[from] == 0) continue;
            if (mask->n_runs >= ES_MAX_MASK_RUNS) code = es_fail(err, ES_E_LIMIT, "more than %u runs", ES_MAX_MASK_RUNS);
            else if (!add_stretch(mask, &room, (uint64_t)row * columns + from, to - from))
                code = es_fail(err, ES_E_MEMORY, "mask: no room for %zu runs", room * 2);
        }
    }
    if (code == ES_OK) *out = mask;
    else es_mask_free(mask);
    return code;
}

enum es_errc es_mask_join(struct es_mask *into, const struct es_mask *other, struct es_error *err)
{
    if (into->rows != other->rows || into->columns != other->columns || into->n_planes != other->n_planes)
        return es_fail(err, ES_E_REFUSED, "mask: found %u x %u x %zu beside %u x %u x %zu, expected equal shapes", other->rows, other->columns,
                       other->n_planes, into->rows, into->columns, into->n_planes);
    if (into->n_runs + other->n_runs > ES_MAX_MASK_RUNS) return es_fail(err, ES_E_LIMIT, "more than %u runs", ES_MAX_MASK_RUNS);
    struct es_mask_run *runs = realloc(into->runs, (into->n_runs + other->n_runs + 1) * sizeof *runs);
    if (runs == NULL) return es_fail(err, ES_E_MEMORY, "mask: out of memory");
    into->runs = runs;
    memcpy(into->runs + into->n_runs, other->runs, other->n_runs * sizeof *runs);
    into->n_runs += other->n_runs;
    into->n_runs = es_mask_settle(into->runs, into->n_runs);
    return ES_OK;
}
