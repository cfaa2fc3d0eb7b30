/* SPDX-License-Identifier: Apache-2.0 */
/* Functional groups (PS3.3 C.7.6.16) to planes: where each frame lies, and what lies between planes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/seg_internal.h"
#include "dicom/text.h"

#define SPACING_TOLERANCE 0.01      /* of a spacing */
#define DIRECTION_TOLERANCE 1e-3    /* of a direction cosine */
#define MAX_SPACING 1e4             /* mm; more is no spacing */

/** Numbers of a DS value. @return whether exactly `count` of them were there */
static bool numbers(const struct es_item *item, uint32_t tag, size_t count, double *out)
{
    char text[128];
    const char *at = text;
    if (!item || !es_item_text(item, tag, text, sizeof text)) return false;
    for (size_t i = 0; i < count; i++) {
        const size_t len = strcspn(at, "\\");
        if (!es_text_number(at, len, &out[i]) || (at[len] == '\0') != (i + 1 == count)) return false;
        at += len + 1;
    }
    return true;
}

static bool spacing_of(const struct es_item *item, uint32_t tag, size_t count, double *out)
{
    double value[2];
    if (!numbers(item, tag, count, value)) return false;
    for (size_t i = 0; i < count; i++)
        if (!(value[i] > 0 && value[i] < MAX_SPACING)) return false;
    memcpy(out, value, count * sizeof *out);
    return true;
}

/** The item of a functional group macro: the frame's own, else the shared one. */
static const struct es_item *macro(const struct es_item *frame, const struct es_item *shared, uint32_t sequence)
{
    const struct es_item *item = frame ? es_item_next(frame, sequence, NULL) : NULL;
    return item || !shared ? item : es_item_next(shared, sequence, NULL);
}

/* ---- one frame ---- */

/** What all frames share: once it differs between two frames it is unknown. */
struct agreement {
    bool seen[4], broken[4];
};
enum { PIXELS, ORIENTATION, ORIGIN, SLICES };

static void agree(struct agreement *a, int what, double *kept, const double *found, size_t count, double tolerance)
{
    for (size_t i = 0; a->seen[what] && i < count; i++)
        if (!(fabs(kept[i] - found[i]) <= tolerance)) a->broken[what] = true;
    if (!a->seen[what]) memcpy(kept, found, count * sizeof *kept);
    a->seen[what] = true;
}

static void read_measures(struct seg_reading *r, struct agreement *a, const struct es_item *measures)
{
    double pixel[2], between = 0;
    if (spacing_of(measures, 0x00280030, 2, pixel)) agree(a, PIXELS, r->facts->spacing, pixel, 2, 1e-6);
    else a->broken[PIXELS] = true;
    if (spacing_of(measures, 0x00180088, 1, &between)) agree(a, SLICES, &r->between, &between, 1, 1e-6);
    if (isnan(r->thickness)) (void)spacing_of(measures, 0x00180050, 1, &r->thickness);
}

static bool unit_vectors(double o[6])
{
    const double row = sqrt(o[0] * o[0] + o[1] * o[1] + o[2] * o[2]), column = sqrt(o[3] * o[3] + o[4] * o[4] + o[5] * o[5]);
    const double dot = o[0] * o[3] + o[1] * o[4] + o[2] * o[5];
    if (!(fabs(row - 1) < 0.01 && fabs(column - 1) < 0.01 && fabs(dot) < 0.01)) return false;
    for (int i = 0; i < 3; i++) {
        o[i] /= row;
        o[3 + i] /= column;
    }
    return true;
}

static void read_place(struct seg_reading *r, struct agreement *a, const struct es_item *frame, const struct es_item *shared,
                       struct seg_frame *out)
{
    double o[6], p[3], origin[2];
    const bool oriented = numbers(macro(frame, shared, 0x00209116), 0x00200037, 6, o) && unit_vectors(o);
    const bool placed = numbers(macro(frame, shared, 0x00209113), 0x00200032, 3, p);
    if (!oriented || !placed) {
        a->broken[ORIENTATION] = true;
        return;
    }
    agree(a, ORIENTATION, r->facts->orientation, o, 6, DIRECTION_TOLERANCE);
    const double normal[3] = {o[1] * o[5] - o[2] * o[4], o[2] * o[3] - o[0] * o[5], o[0] * o[4] - o[1] * o[3]};
    origin[0] = p[0] * o[0] + p[1] * o[1] + p[2] * o[2];
    origin[1] = p[0] * o[3] + p[1] * o[4] + p[2] * o[5];
    agree(a, ORIGIN, r->facts->origin, origin, 2, ES_SEG_SAME_PLACE);
    out->position = p[0] * normal[0] + p[1] * normal[1] + p[2] * normal[2];
}

/** Its place in the total pixel matrix (PS3.3 C.8.12.14); positions there count from 1. @return whether it is a tile */
static bool read_tile(const struct es_item *frame, struct seg_frame *out)
{
    double column = 0, row = 0, z = NAN;
    const struct es_item *slide = frame ? es_item_next(frame, 0x0048021A, NULL) : NULL;
    if (!slide || !es_item_number(slide, 0x0048021E, &column) || !es_item_number(slide, 0x0048021F, &row)) return false;
    if (!(column >= 1 && column <= ES_MAX_SEG_MATRIX && row >= 1 && row <= ES_MAX_SEG_MATRIX)) return false;
    out->column = (uint32_t)column - 1;
    out->row = (uint32_t)row - 1;
    out->position = numbers(slide, 0x0040074A, 1, &z) ? z / 1000 : 0; /* ZOffsetInSlideCoordinateSystem is in micrometres */
    return true;
}

/** The one source image of a frame; none when it names several. */
static void read_source(const struct es_item *frame, const struct es_item *shared, struct seg_frame *out)
{
    const struct es_item *derivation = macro(frame, shared, 0x00089124);
    const struct es_item *source = derivation ? es_item_next(derivation, 0x00082112, NULL) : NULL;
    double number = 0;
    char text[17];
    if (!source || es_item_next(derivation, 0x00082112, source)) return;
    if (!es_item_text(source, 0x00081155, out->instance, sizeof out->instance) || !es_text_is_uid(out->instance)) out->instance[0] = '\0';
    if (es_item_text(source, 0x00081160, text, sizeof text) && es_text_number(text, strlen(text), &number) && number >= 1 &&
        number <= UINT32_MAX)
        out->source_frame = (uint32_t)number;
}

static void read_segment_number(struct seg_reading *r, const struct es_item *frame, const struct es_item *shared, struct seg_frame *out)
{
    double number = 0;
    out->segment = ES_MAX_SEG_SEGMENTS;
    if (r->facts->type == ES_SEG_LABELMAP) return;
    const struct es_item *id = macro(frame, shared, 0x0062000A);
    if (id && es_item_number(id, 0x0062000B, &number) && number >= 0) out->segment = es_seg_find(r->facts, (uint32_t)number);
    else if (!id && r->facts->n_segments == 1) out->segment = 0;
    if (out->segment == ES_MAX_SEG_SEGMENTS) r->facts->skipped++;
}

/* ---- TILED_FULL: places follow from the order of frames ---- */

static bool is_tiled_full(const struct es_item *root)
{
    char text[17];
    return es_item_text(root, 0x00209311, text, sizeof text) && strcmp(text, "TILED_FULL") == 0;
}

/** Tiles by columns, then rows, then focal planes, then segments (PS3.3 C.7.6.17.3); one focal plane is read. */
static void place_tiles(struct seg_reading *r)
{
    double columns = 0, rows = 0;
    (void)es_item_number(r->root, 0x00480006, &columns);
    (void)es_item_number(r->root, 0x00480007, &rows);
    const bool label = r->facts->type == ES_SEG_LABELMAP;
    if (!(columns >= 1 && columns <= ES_MAX_SEG_MATRIX && rows >= 1 && rows <= ES_MAX_SEG_MATRIX)) {
        es_seg_unread(r->facts, "TILED_FULL without TotalPixelMatrixColumns and -Rows");
        return;
    }
    const uint32_t across = ((uint32_t)columns + r->columns - 1) / r->columns, down = ((uint32_t)rows + r->rows - 1) / r->rows;
    const uint64_t tiles = (uint64_t)across * down, expected = tiles * (label ? 1 : r->facts->n_segments);
    if (expected != r->facts->frames) {
        es_seg_unread(r->facts, "TILED_FULL with %u frames, expected %llu", r->facts->frames, (unsigned long long)expected);
        return;
    }
    for (uint32_t i = 0; i < r->facts->frames; i++) {
        struct seg_frame *f = &r->frames[i];
        const uint32_t tile = (uint32_t)(i % tiles);
        f->segment = label ? ES_MAX_SEG_SEGMENTS : (uint32_t)(i / tiles);
        f->column = tile % across * r->columns;
        f->row = tile / across * r->rows;
        f->position = 0;
    }
}

/* ---- planes ---- */

static int by_place(const void *left, const void *right)
{
    const struct seg_frame *a = *(struct seg_frame *const *)left, *b = *(struct seg_frame *const *)right;
    if (a->position < b->position || a->position > b->position) return a->position < b->position ? -1 : 1;
    const int order = strcmp(a->instance, b->instance);
    if (order != 0) return order;
    if (a->source_frame != b->source_frame) return a->source_frame < b->source_frame ? -1 : 1;
    return (a > b) - (a < b); /* both point into one array: the order of the object */
}

/** Frames in order of place, positions first; those of one place are one plane. */
static enum es_errc make_planes(struct seg_reading *r, bool positions, struct es_error *err)
{
    struct es_seg_facts *f = r->facts;
    struct seg_frame **order = malloc(f->frames * sizeof *order);
    f->planes = malloc(f->frames * sizeof *f->planes);
    if (!order || !f->planes) {
        free(order);
        return es_fail(err, ES_E_MEMORY, "segmentation: no room for %u frames", f->frames);
    }
    for (uint32_t i = 0; i < f->frames; i++) {
        order[i] = &r->frames[i];
        if (!positions) order[i]->position = 0;
    }
    qsort(order, f->frames, sizeof *order, by_place);
    for (uint32_t i = 0; i < f->frames; i++) {
        struct es_seg_plane *last = f->n_planes ? &f->planes[f->n_planes - 1] : NULL;
        const bool source = last && strcmp(last->instance, order[i]->instance) == 0 && last->frame == order[i]->source_frame;
        if (!last || (positions ? order[i]->position - last->position > ES_SEG_SAME_PLACE : !source || !last->instance[0])) {
            last = &f->planes[f->n_planes++];
            *last = (struct es_seg_plane){.position = order[i]->position, .frame = order[i]->source_frame};
            memcpy(last->instance, order[i]->instance, sizeof last->instance);
        } else if (!source) { /* tiles of one image, or several images at one place: none of them is the one */
            if (strcmp(last->instance, order[i]->instance) != 0) last->instance[0] = '\0';
            last->frame = 0;
        }
        order[i]->plane = (uint32_t)(f->n_planes - 1);
    }
    for (size_t i = 0; !positions && i < f->n_planes; i++) f->planes[i].position = NAN;
    free(order);
    return ES_OK;
}

/** Is a distance a whole multiple of a step, one or more? */
static bool is_multiple(double distance, double step)
{
    const double times = round(distance / step);
    return times >= 1 && fabs(distance - times * step) <= SPACING_TOLERANCE * step;
}

/** The rule of seg.h: SpacingBetweenSlices, positions, thickness. */
static void settle_slices(struct seg_reading *r, bool positions, bool broken)
{
    struct es_seg_facts *f = r->facts;
    double least = INFINITY;
    bool even = positions && f->n_planes > 1;
    if (broken) r->between = NAN;
    for (size_t i = 1; positions && i < f->n_planes; i++) least = fmin(least, f->planes[i].position - f->planes[i - 1].position);
    for (size_t i = 1; even && i < f->n_planes; i++) even = is_multiple(f->planes[i].position - f->planes[i - 1].position, least);
    if (!isnan(r->between) && (!isfinite(least) || is_multiple(least, r->between))) {
        f->slice_spacing = r->between;
        f->slices = ES_SLICES_BETWEEN;
    } else if (even) {
        f->slice_spacing = least;
        f->slices = ES_SLICES_POSITIONS;
    } else if (!isfinite(least) && !isnan(r->thickness)) {
        f->slice_spacing = r->thickness;
        f->slices = ES_SLICES_THICKNESS;
    }
}

enum es_errc es_seg_frames(struct seg_reading *r, struct es_error *err)
{
    struct es_seg_facts *f = r->facts;
    struct agreement a = {{0}, {0}};
    const struct es_item *shared = es_item_next(r->root, 0x52009229, NULL), *frame = NULL;
    bool tiles = is_tiled_full(r->root), positions = true;
    r->frames = calloc(f->frames, sizeof *r->frames);
    if (!r->frames) return es_fail(err, ES_E_MEMORY, "segmentation: no room for %u frames", f->frames);
    if (tiles) place_tiles(r);
    for (uint32_t i = 0; i < f->frames; i++) {
        struct seg_frame *out = &r->frames[i];
        if (i == 0 || frame) frame = es_item_next(r->root, 0x52009230, frame);
        read_measures(r, &a, macro(frame, shared, 0x00289110));
        read_source(frame, shared, out);
        if (is_tiled_full(r->root)) continue;
        out->position = NAN;
        read_segment_number(r, frame, shared, out);
        if (read_tile(frame, out)) tiles = true;
        else read_place(r, &a, frame, shared, out);
        positions = positions && !isnan(out->position);
    }
    if (a.broken[PIXELS]) f->spacing[0] = f->spacing[1] = NAN;
    f->has_orientation = !tiles && a.seen[ORIENTATION] && a.seen[ORIGIN] && !a.broken[ORIENTATION] && !a.broken[ORIGIN];
    if (a.broken[ORIENTATION]) positions = positions && tiles;
    enum es_errc code = make_planes(r, positions, err);
    if (code == ES_OK) settle_slices(r, positions && !tiles, a.broken[SLICES]);
    for (uint32_t i = 0; i < f->frames; i++) {
        if (r->frames[i].row + r->rows > f->rows) f->rows = r->frames[i].row + r->rows;
        if (r->frames[i].column + r->columns > f->columns) f->columns = r->frames[i].column + r->columns;
    }
    return code;
}
