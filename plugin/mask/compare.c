/* SPDX-License-Identifier: Apache-2.0 */
/* Two masks on their common grid: which planes are the same, how much they share, how far apart their surfaces are. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/overlap.h"
#include "plugin/mask/mask.h"

#define SPACING_TOLERANCE 0.001  /* of a pixel spacing */
#define DIRECTION_TOLERANCE 1e-3 /* of a direction cosine */
#define PIXEL_TOLERANCE 0.05     /* of a pixel, for the offset of two grids */
#define PLANE_TOLERANCE 0.1      /* of a slice spacing; mm where that is unknown */
#define SLICE_TOLERANCE 0.01     /* of a slice spacing, between the two that were said */

const char *es_mask_match_name(enum es_mask_match match)
{
    static const char *const names[ES_MASK_MATCHES] = {"compared", "other_image", "other_grid", "other_planes"};
    return match < ES_MASK_MATCHES ? names[match] : "unknown";
}

enum { RESULT, REFERENCE, BOTH };

/* One plane of either mask and the plane of the common grid that it is. */
struct spot {
    const struct es_mask_plane *plane;
    uint32_t *z; /* where that is kept for its mask */
};
struct alignment {
    const struct es_mask *mask[BOTH];
    int64_t row, column;  /* added to the reference's to have the result's */
    double spacing[3];    /* mm between planes, rows, columns; NAN */
    bool one_space;       /* positions of both are of one frame of reference, as far as is said */
    struct spot *spots;   /* owned; of both masks */
    size_t n_spots;
    uint32_t *z[BOTH];    /* owned */
    uint32_t depth;       /* planes of the common grid */
};

static bool same_name(const struct es_pseudonym *a, const struct es_pseudonym *b)
{
    return es_pseudonym_set(a) && memcmp(a, b, sizeof *a) == 0;
}

/* ---- in the plane ---- */

static bool whole_pixels(double distance, double spacing, int64_t *out)
{
    if (isnan(spacing)) {
        *out = 0;
        return fabs(distance) <= PIXEL_TOLERANCE;
    }
    const double pixels = round(distance / spacing);
    *out = (int64_t)fmax(fmin(pixels, ES_MAX_MASK_SIDE), -(double)ES_MAX_MASK_SIDE);
    return fabs(distance / spacing - pixels) <= PIXEL_TOLERANCE && fabs(pixels) <= ES_MAX_MASK_SIDE;
}

static bool align_in_plane(struct alignment *a)
{
    const struct es_mask *result = a->mask[RESULT], *reference = a->mask[REFERENCE];
    for (int i = 0; i < 2; i++) {
        const double x = result->spacing[i], y = reference->spacing[i];
        if (!isnan(x) && !isnan(y) && fabs(x - y) > SPACING_TOLERANCE * x) return false;
        a->spacing[1 + i] = isnan(x) ? y : x;
    }
    if (!result->has_orientation || !reference->has_orientation || !a->one_space)
        return result->rows == reference->rows && result->columns == reference->columns;
    for (int i = 0; i < 6; i++)
        if (fabs(result->orientation[i] - reference->orientation[i]) > DIRECTION_TOLERANCE) return false;
    return whole_pixels(reference->origin[0] - result->origin[0], a->spacing[2], &a->column) &&
           whole_pixels(reference->origin[1] - result->origin[1], a->spacing[1], &a->row);
}

/* ---- planes ---- */

static int by_source(const void *left, const void *right)
{
    const struct es_mask_plane *a = ((const struct spot *)left)->plane, *b = ((const struct spot *)right)->plane;
    const int order = memcmp(&a->source, &b->source, sizeof a->source);
    if (order != 0) return order;
    return (a->frame > b->frame) - (a->frame < b->frame);
}

static int by_position(const void *left, const void *right)
{
    const struct es_mask_plane *a = ((const struct spot *)left)->plane, *b = ((const struct spot *)right)->plane;
    return (a->position > b->position) - (a->position < b->position);
}

static bool same_source(const struct spot *a, const struct spot *b)
{
    return es_pseudonym_set(&a->plane->source) && by_source(a, b) == 0;
}

/* Does an image, and frame of it, stand in both masks? Spots are sorted by source. */
static bool share_an_image(const struct alignment *a)
{
    const uint32_t *end = a->z[RESULT] + a->mask[RESULT]->n_planes; /* whose it is, by where its z is kept */
    bool seen[BOTH] = {false, false};
    for (size_t i = 0; i < a->n_spots; i++) {
        if (i > 0 && !same_source(&a->spots[i - 1], &a->spots[i])) seen[RESULT] = seen[REFERENCE] = false;
        if (!es_pseudonym_set(&a->spots[i].plane->source)) continue;
        seen[a->spots[i].z >= a->z[RESULT] && a->spots[i].z < end ? RESULT : REFERENCE] = true;
        if (seen[RESULT] && seen[REFERENCE]) return true;
    }
    return false;
}

/* By images: equal ones are one plane, and nothing is known of distances between different ones. A plane without its image could be any. */
static bool number_by_source(struct alignment *a)
{
    for (size_t i = 0; i < a->n_spots; i++) {
        if (!es_pseudonym_set(&a->spots[i].plane->source)) return false;
        if (i > 0 && !same_source(&a->spots[i - 1], &a->spots[i])) a->depth++;
        *a->spots[i].z = a->depth;
    }
    a->depth++;
    a->spacing[0] = (double)NAN;
    return true;
}

/* By positions, on the lattice of the slice spacing where that is known. Images must not contradict. */
static bool number_by_position(struct alignment *a)
{
    const double x = a->mask[RESULT]->slice_spacing, y = a->mask[REFERENCE]->slice_spacing, slice = isnan(x) ? y : x;
    if (!isnan(x) && !isnan(y) && fabs(x - y) > SLICE_TOLERANCE * x) return false;
    a->spacing[0] = slice;
    qsort(a->spots, a->n_spots, sizeof *a->spots, by_position);
    const double first = a->n_spots > 0 ? a->spots[0].plane->position : 0;
    for (size_t i = 0; i < a->n_spots; i++) {
        const double position = a->spots[i].plane->position;
        if (isnan(slice)) {
            if (i > 0 && position - a->spots[i - 1].plane->position > PLANE_TOLERANCE) a->depth++;
        } else {
            const double steps = round((position - first) / slice);
            if (steps >= ES_MAX_MASK_SIDE || fabs((position - first) / slice - steps) > PLANE_TOLERANCE) return false;
            a->depth = (uint32_t)steps;
        }
        *a->spots[i].z = a->depth;
    }
    a->depth++;
    qsort(a->spots, a->n_spots, sizeof *a->spots, by_source);
    for (size_t i = 1; i < a->n_spots; i++)
        if (same_source(&a->spots[i - 1], &a->spots[i]) && *a->spots[i - 1].z != *a->spots[i].z) return false;
    return true;
}

static enum es_mask_match align(struct alignment *a)
{
    const struct es_mask *result = a->mask[RESULT], *reference = a->mask[REFERENCE];
    const bool named = es_pseudonym_set(&result->space_hash) && es_pseudonym_set(&reference->space_hash);
    const bool equal = same_name(&result->space_hash, &reference->space_hash);
    bool positions = true;
    for (int m = 0; m < BOTH; m++)
        for (size_t i = 0; i < a->mask[m]->n_planes; i++) {
            a->spots[a->n_spots++] = (struct spot){&a->mask[m]->planes[i], &a->z[m][i]};
            positions = positions && !isnan(a->mask[m]->planes[i].position);
        }
    qsort(a->spots, a->n_spots, sizeof *a->spots, by_source);
    if (!equal && !share_an_image(a)) return ES_MASK_OTHER_IMAGE;
    a->one_space = equal || !named;
    if (!align_in_plane(a)) return ES_MASK_OTHER_GRID;
    const bool numbered = positions && a->one_space ? number_by_position(a) : number_by_source(a);
    return numbered ? ES_MASK_COMPARED : ES_MASK_OTHER_PLANES;
}

/* ---- what they share ---- */

/* Runs in the common grid, of both masks. Rows and columns are moved so that none is negative. */
static bool common_runs(const struct alignment *a, struct es_mask_run *runs[BOTH], size_t count[BOTH])
{
    for (int m = 0; m < BOTH; m++) {
        const struct es_mask *mask = a->mask[m];
        runs[m] = malloc((mask->n_runs > 0 ? mask->n_runs : 1) * sizeof *runs[m]);
        if (runs[m] == NULL) return false;
        const int64_t row = m == REFERENCE ? a->row : 0, column = m == REFERENCE ? a->column : 0;
        for (size_t i = 0; i < mask->n_runs; i++) {
            const struct es_mask_run *run = &mask->runs[i];
            runs[m][i] = (struct es_mask_run){a->z[m][run->plane], (uint32_t)(run->row + row + ES_MAX_MASK_SIDE),
                                              (uint32_t)(run->column + column + ES_MAX_MASK_SIDE), run->length};
        }
        count[m] = es_mask_settle(runs[m], mask->n_runs);
    }
    return true;
}

static uint64_t total(const struct es_mask_run *runs, size_t count)
{
    uint64_t voxels = 0;
    for (size_t i = 0; i < count; i++) voxels += runs[i].length;
    return voxels;
}

static int row_order(const struct es_mask_run *a, const struct es_mask_run *b)
{
    if (a->plane != b->plane) return a->plane < b->plane ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

/* Voxels of both: one walk along two sorted lists. */
static uint64_t shared(const struct es_mask_run *a, size_t n_a, const struct es_mask_run *b, size_t n_b)
{
    uint64_t voxels = 0;
    for (size_t i = 0, k = 0; i < n_a && k < n_b;) {
        const int order = row_order(&a[i], &b[k]);
        const uint32_t a_end = a[i].column + a[i].length, b_end = b[k].column + b[k].length;
        if (order == 0) {
            const uint32_t from = a[i].column > b[k].column ? a[i].column : b[k].column, to = a_end < b_end ? a_end : b_end;
            if (to > from) voxels += to - from;
        }
        if (order < 0 || (order == 0 && a_end <= b_end)) i++;
        else k++;
    }
    return voxels;
}

/* ---- distances ---- */

struct box {
    uint32_t low[3], size[3];
    size_t voxels;
};

/* @return false when there is nothing in it, or too much */
static bool bound(struct es_mask_run *const runs[BOTH], const size_t count[BOTH], struct box *box)
{
    uint32_t low[3] = {UINT32_MAX, UINT32_MAX, UINT32_MAX}, high[3] = {0, 0, 0};
    for (int m = 0; m < BOTH; m++)
        for (size_t i = 0; i < count[m]; i++) {
            const struct es_mask_run *run = &runs[m][i];
            const uint32_t from[3] = {run->plane, run->row, run->column}, to[3] = {run->plane, run->row, run->column + run->length - 1};
            for (int x = 0; x < 3; x++) {
                if (from[x] < low[x]) low[x] = from[x];
                if (to[x] > high[x]) high[x] = to[x];
            }
        }
    box->voxels = 1;
    for (int x = 0; x < 3; x++) {
        box->low[x] = low[x];
        if (low[x] > high[x]) return false;
        box->size[x] = high[x] - low[x] + 1;
        if (__builtin_mul_overflow(box->voxels, (size_t)box->size[x], &box->voxels)) return false;
    }
    return box->voxels <= ES_MAX_MASK_BOX;
}

static void paint(uint8_t *bytes, const struct box *box, const struct es_mask_run *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const size_t plane = runs[i].plane - box->low[0], row = runs[i].row - box->low[1], column = runs[i].column - box->low[2];
        memset(bytes + (plane * box->size[1] + row) * box->size[2] + column, 1, runs[i].length);
    }
}

static enum es_errc distances(const struct alignment *a, struct es_mask_run *const runs[BOTH], const size_t count[BOTH],
                              struct es_mask_overlap *out, struct es_error *err)
{
    struct box box;
    struct es_overlap o;
    const bool flat = a->depth == 1;
    if (isnan(a->spacing[1]) || isnan(a->spacing[2]) || (!flat && isnan(a->spacing[0])) || !bound(runs, count, &box)) return ES_OK;
    struct es_grid grid = {.axes = flat ? 2 : 3};
    for (uint32_t i = 0; i < grid.axes; i++) {
        grid.size[i] = box.size[flat ? i + 1 : i];
        grid.spacing[i] = a->spacing[flat ? i + 1 : i];
    }
    uint8_t *bytes = calloc(2, box.voxels);
    if (bytes == NULL) return es_fail(err, ES_E_MEMORY, "masks: no room for %zu voxels", box.voxels);
    paint(bytes, &box, runs[RESULT], count[RESULT]);
    paint(bytes + box.voxels, &box, runs[REFERENCE], count[REFERENCE]);
    const enum es_overlap_result result = es_overlap_measure(&grid, bytes, bytes + box.voxels, &o);
    free(bytes);
    if (result == ES_OVERLAP_NO_MEMORY) return es_fail(err, ES_E_MEMORY, "masks: no room to measure %zu voxels", box.voxels);
    if (result != ES_OVERLAP_OK) return ES_OK; /* a spacing past what the kernel takes: no distance */
    out->hd95 = o.hd95;
    out->surface_distance = o.assd;
    return ES_OK;
}

static enum es_errc measure(const struct alignment *a, struct es_mask_overlap *out, struct es_error *err)
{
    struct es_mask_run *runs[BOTH] = {NULL, NULL};
    size_t count[BOTH] = {0, 0};
    enum es_errc code = common_runs(a, runs, count) ? ES_OK : es_fail(err, ES_E_MEMORY, "masks: out of memory");
    if (code == ES_OK) {
        out->n_result = total(runs[RESULT], count[RESULT]);
        out->n_reference = total(runs[REFERENCE], count[REFERENCE]);
        out->n_both = shared(runs[RESULT], count[RESULT], runs[REFERENCE], count[REFERENCE]);
        const double sum = (double)(out->n_result + out->n_reference), both = (double)out->n_both;
        if (sum > 0) out->dice = 2 * both / sum;
        if (sum > 0) out->iou = both / (sum - both);
        if (out->n_reference > 0) out->volume_difference = ((double)out->n_result - (double)out->n_reference) / (double)out->n_reference;
        if (out->n_result > 0 && out->n_reference > 0) code = distances(a, runs, count, out, err);
    }
    free(runs[RESULT]);
    free(runs[REFERENCE]);
    return code;
}

enum es_errc es_mask_compare(const struct es_mask *result, const struct es_mask *reference, struct es_mask_overlap *out, struct es_error *err)
{
    const double none = (double)NAN;
    struct alignment a = {.mask = {result, reference}};
    struct es_mask_overlap found = {.dice = none, .iou = none, .volume_difference = none, .hd95 = none, .surface_distance = none};
    const size_t planes = result->n_planes + reference->n_planes; /* of twice ES_MAX_MASK_PLANES at most */
    enum es_errc code = ES_OK;
    a.spots = malloc((planes > 0 ? planes : 1) * sizeof *a.spots);
    a.z[RESULT] = calloc(planes > 0 ? planes : 1, sizeof *a.z[RESULT]);
    if (a.spots == NULL || a.z[RESULT] == NULL) code = es_fail(err, ES_E_MEMORY, "masks: no room for %zu planes", planes);
    if (code == ES_OK) {
        a.z[REFERENCE] = a.z[RESULT] + result->n_planes;
        found.match = align(&a);
        if (found.match == ES_MASK_COMPARED) code = measure(&a, &found, err);
    }
    free(a.spots);
    free(a.z[RESULT]);
    if (code == ES_OK) *out = found;
    return code;
}
