/* SPDX-License-Identifier: Apache-2.0 */
/* Pixels to runs: native or RLE, packed bits, fractions or labels. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/seg_internal.h"

#define RLE_SYNTAX "1.2.840.10008.1.2.5"
#define RLE_HEADER 64    /* PS3.5 G.5: sixteen unsigned longs */
#define FIRST_ROOM 4096u /* runs */
#define NOT_DESCRIBED UINT16_MAX /* a label that is drawn and that no item of SegmentSequence has */
_Static_assert(ES_MAX_SEG_SEGMENTS < NOT_DESCRIBED, "every segment + 1 is told from it");

/** A run and its segment, as found. */
struct found {
    struct es_seg_run run;
    uint32_t segment;
};
struct pixels {
    struct seg_reading *r;
    struct es_pixels stored;
    const void *fragment;    /* the last that was taken; NULL */
    uint8_t *frame;          /* owned; one unpacked RLE frame */
    uint8_t *planes;         /* owned; its byte planes before they are joined */
    size_t frame_bytes;
    uint16_t *of_label;      /* owned; label to segment + 1 */
    struct found *found;     /* owned */
    size_t n_found, room;
};

static bool room_for_one(struct pixels *p)
{
    if (p->n_found < p->room) return true;
    const size_t more = p->room ? p->room * 2 : FIRST_ROOM;
    struct found *bigger = realloc(p->found, more * sizeof *bigger);
    if (!bigger) return false;
    p->found = bigger;
    p->room = more;
    return true;
}

/** One frame's bytes; frames are asked for in order. @param bit where its first pixel begins. @return NULL: facts->unread says why */
static const uint8_t *frame_bytes(struct pixels *p, uint32_t number, bool wanted, uint64_t *bit)
{
    const uint8_t *bytes = NULL;
    size_t len = 0;
    const uint32_t segments = p->r->bits == 16 ? 2 : 1;
    if (p->stored.native) {
        *bit = (uint64_t)number * p->r->rows * p->r->columns * p->r->bits;
        return p->stored.native;
    }
    *bit = 0;
    p->fragment = es_dataset_fragment(p->r->dataset, p->fragment, &bytes, &len);
    if (!wanted) return NULL;
    if (!bytes || len < RLE_HEADER) {
        es_seg_unread(p->r->facts, "frame %u: found no RLE fragment", number + 1);
        return NULL;
    }
    for (uint32_t s = 0; s < segments; s++) {
        const uint8_t *at = bytes + 4 + (size_t)4 * s;
        const size_t from = (size_t)at[0] | (size_t)at[1] << 8 | (size_t)at[2] << 16 | (size_t)at[3] << 24;
        const size_t count = p->frame_bytes / segments;
        if (bytes[0] != segments || from < RLE_HEADER || from > len || !es_rle_unpack(bytes + from, len - from, p->planes + s * count, count)) {
            es_seg_unread(p->r->facts, "frame %u: its RLE segments do not give %zu bytes", number + 1, p->frame_bytes);
            return NULL;
        }
    }
    if (segments == 1) return p->planes;
    const size_t count = p->frame_bytes / 2; /* the most significant bytes come first */
    for (size_t i = 0; i < count; i++) {
        p->frame[2 * i] = p->planes[count + i];
        p->frame[2 * i + 1] = p->planes[i];
    }
    return p->frame;
}

static uint32_t value_at(const uint8_t *bytes, uint64_t pixel, uint32_t bits)
{
    if (bits == 8) return bytes[pixel];
    if (bits == 16) return (uint32_t)bytes[2 * pixel] | (uint32_t)bytes[2 * pixel + 1] << 8;
    return (uint32_t)bytes[pixel >> 3] >> (pixel & 7) & 1;
}

/** The segment of one pixel; ES_MAX_SEG_SEGMENTS: none. */
static uint32_t segment_at(struct pixels *p, const struct seg_frame *frame, const uint8_t *bytes, uint64_t pixel)
{
    const struct seg_reading *r = p->r;
    const uint32_t value = value_at(bytes, pixel, r->bits);
    if (r->facts->type == ES_SEG_LABELMAP) {
        if (p->of_label[value] == 0) {
            r->facts->skipped += value != 0; /* 0 needs no description: it is what is not drawn on */
            p->of_label[value] = NOT_DESCRIBED;
        }
        return p->of_label[value] != NOT_DESCRIBED ? p->of_label[value] - 1u : ES_MAX_SEG_SEGMENTS;
    }
    if (value == 0) return ES_MAX_SEG_SEGMENTS;
    if (r->facts->type == ES_SEG_BINARY) return frame->segment;
    const double fraction = fmin(value / r->full, 1);
    r->fractions[frame->segment] += fraction;
    return fraction >= 0.5 ? frame->segment : ES_MAX_SEG_SEGMENTS;
}

enum outcome { WHOLE, TOO_MANY, NO_MEMORY };

static enum outcome read_row(struct pixels *p, const struct seg_frame *frame, const uint8_t *bytes, uint64_t first, uint32_t row)
{
    const uint32_t columns = p->r->columns;
    const bool packed = p->r->bits == 1;
    uint32_t last = ES_MAX_SEG_SEGMENTS;
    for (uint32_t c = 0; c < columns; c++) {
        const uint64_t pixel = first + c;
        if (packed && last == ES_MAX_SEG_SEGMENTS && (pixel & 7) == 0 && c + 8 <= columns && bytes[pixel >> 3] == 0) {
            c += 7;
            continue;
        }
        const uint32_t segment = segment_at(p, frame, bytes, pixel);
        if (segment == last) {
            if (segment != ES_MAX_SEG_SEGMENTS) p->found[p->n_found - 1].run.length++;
            continue;
        }
        last = segment;
        if (segment == ES_MAX_SEG_SEGMENTS) continue;
        if (p->n_found >= ES_MAX_SEG_RUNS) return TOO_MANY;
        if (!room_for_one(p)) return NO_MEMORY;
        p->found[p->n_found++] = (struct found){{frame->plane, frame->row + row, frame->column + c, 1}, segment};
    }
    return WHOLE;
}

static enum outcome read_frames(struct pixels *p)
{
    const struct seg_reading *r = p->r;
    for (uint32_t i = 0; i < r->facts->frames; i++) {
        const struct seg_frame *frame = &r->frames[i];
        uint64_t bit = 0;
        const bool wanted = r->facts->type == ES_SEG_LABELMAP || frame->segment != ES_MAX_SEG_SEGMENTS;
        const uint8_t *bytes = frame_bytes(p, i, wanted, &bit);
        if (!wanted) continue;
        if (!bytes) return WHOLE;
        const uint64_t first = bit / r->bits;
        for (uint32_t row = 0; row < r->rows; row++) {
            const enum outcome outcome = read_row(p, frame, bytes, first + (uint64_t)row * r->columns, row);
            if (outcome != WHOLE) return outcome;
        }
    }
    return WHOLE;
}

/* ---- runs of each segment ---- */

static int by_run(const void *left, const void *right)
{
    const struct found *a = left, *b = right;
    if (a->segment != b->segment) return a->segment < b->segment ? -1 : 1;
    if (a->run.plane != b->run.plane) return a->run.plane < b->run.plane ? -1 : 1;
    if (a->run.row != b->run.row) return a->run.row < b->run.row ? -1 : 1;
    return (a->run.column > b->run.column) - (a->run.column < b->run.column);
}

/** Does a run begin where the one before it of its segment still is, or ends? */
static bool joins(const struct found *last, const struct found *next)
{
    return last->segment == next->segment && last->run.plane == next->run.plane && last->run.row == next->run.row &&
           next->run.column <= last->run.column + last->run.length;
}

static enum es_errc keep_runs(struct pixels *p, struct es_error *err)
{
    struct es_seg_facts *f = p->r->facts;
    size_t kept = 0;
    for (size_t i = 1; i < p->n_found; i++)
        if (by_run(&p->found[i - 1], &p->found[i]) > 0) {
            qsort(p->found, p->n_found, sizeof *p->found, by_run);
            break;
        }
    for (size_t i = 0; i < p->n_found; i++) {
        struct found *last = kept ? &p->found[kept - 1] : NULL;
        if (last && joins(last, &p->found[i])) {
            const uint32_t end = p->found[i].run.column + p->found[i].run.length;
            if (end > last->run.column + last->run.length) last->run.length = end - last->run.column;
        } else {
            p->found[kept++] = p->found[i];
        }
    }
    f->runs = malloc((kept ? kept : 1) * sizeof *f->runs);
    if (!f->runs) return es_fail(err, ES_E_MEMORY, "segmentation: no room for %zu runs", kept);
    for (size_t i = 0; i < kept; i++) {
        struct es_seg_segment *s = &f->segments[p->found[i].segment];
        f->runs[i] = p->found[i].run;
        if (s->n_runs++ == 0) s->runs = &f->runs[i];
    }
    return ES_OK;
}

/* ---- preparation ---- */

/** Label to segment. */
static enum es_errc map_labels(struct pixels *p, struct es_error *err)
{
    p->of_label = calloc(65536, sizeof *p->of_label);
    if (!p->of_label) return es_fail(err, ES_E_MEMORY, "segmentation: no room for labels");
    for (size_t i = p->r->facts->n_segments; i-- > 0;) p->of_label[p->r->facts->segments[i].number] = (uint16_t)(i + 1);
    return ES_OK;
}

static enum es_errc prepare(struct pixels *p, struct es_error *err)
{
    struct seg_reading *r = p->r;
    const uint64_t bits = (uint64_t)r->rows * r->columns * r->bits;
    const uint64_t all = (bits * r->facts->frames + 7) / 8;
    es_dataset_pixels(r->dataset, &p->stored);
    if (es_dataset_broken(r->dataset))
        es_seg_unread(r->facts, "the object is cut off or broken");
    else if (p->stored.native && p->stored.native_len < all)
        es_seg_unread(r->facts, "pixel data of %zu bytes, expected %llu", p->stored.native_len, (unsigned long long)all);
    else if (!p->stored.native && p->stored.fragments == 0)
        es_seg_unread(r->facts, "no pixel data that can be read");
    else if (!p->stored.native && strcmp(p->stored.syntax, RLE_SYNTAX) != 0)
        es_seg_unread(r->facts, "pixel data compressed by other than RLE");
    else if (!p->stored.native && p->stored.fragments < r->facts->frames)
        es_seg_unread(r->facts, "%u fragments, expected %u", p->stored.fragments, r->facts->frames);
    if (r->facts->unread[0]) return ES_OK;
    r->fractions = calloc(r->facts->n_segments, sizeof *r->fractions);
    if (!r->fractions) return es_fail(err, ES_E_MEMORY, "segmentation: out of memory");
    p->frame_bytes = (size_t)((bits + 7) / 8);
    if (!p->stored.native) {
        p->frame = malloc(p->frame_bytes);
        p->planes = malloc(p->frame_bytes);
        if (!p->frame || !p->planes) return es_fail(err, ES_E_MEMORY, "segmentation: no room for a frame of %zu bytes", p->frame_bytes);
    }
    return r->facts->type == ES_SEG_LABELMAP ? map_labels(p, err) : ES_OK;
}

enum es_errc es_seg_pixels(struct seg_reading *r, struct es_error *err)
{
    struct pixels p = {.r = r};
    enum es_errc code = prepare(&p, err);
    if (code == ES_OK && !r->facts->unread[0]) {
        const enum outcome outcome = read_frames(&p);
        if (outcome == NO_MEMORY) code = es_fail(err, ES_E_MEMORY, "segmentation: no room for more than %zu runs", p.n_found);
        if (outcome == TOO_MANY) es_seg_unread(r->facts, "more than %u runs", ES_MAX_SEG_RUNS);
        if (code == ES_OK && !r->facts->unread[0]) code = keep_runs(&p, err);
    }
    free(p.frame);
    free(p.planes);
    free(p.of_label);
    free(p.found);
    return code;
}
