/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/overlap.h"

#include <math.h>
#include <stdlib.h>

#include "metrics/bootstrap.h"
#include "metrics/distance.h"

/** The box that holds both masks, as a grid of three axes; axes that the caller's grid lacks have one voxel. */
struct box {
    uint32_t size[3];       /* of the whole grid */
    uint32_t from[3], n[3]; /* the box within it */
    bool there[3];          /* is the axis one of the caller's? */
    double spacing[3];
};

enum mask { AI, REF, MASKS };

bool es_grid_voxels(const struct es_grid *grid, size_t *out)
{
    size_t voxels = 1;
    if (grid->axes < 1 || grid->axes > 3) return false;
    for (uint32_t a = 0; a < grid->axes; a++)
        if (grid->size[a] > ES_OVERLAP_MAX_SIZE || !(grid->spacing[a] >= 1e-9 && grid->spacing[a] <= 1e9) ||
            __builtin_mul_overflow(voxels, (size_t)grid->size[a], &voxels))
            return false;
    *out = voxels;
    return true;
}

/** Counts and the box of the union. */
static void look(const struct es_grid *grid, const uint8_t *ai, const uint8_t *ref, struct es_overlap *o, struct box *b)
{
    const uint32_t lead = 3 - grid->axes;
    uint32_t low[3] = {UINT32_MAX, UINT32_MAX, UINT32_MAX}, high[3] = {0, 0, 0};
    for (uint32_t a = 0; a < 3; a++) {
        b->there[a] = a >= lead;
        b->size[a] = b->there[a] ? grid->size[a - lead] : 1;
        b->spacing[a] = b->there[a] ? grid->spacing[a - lead] : 1.0;
    }
    size_t i = 0;
    uint32_t at[3];
    for (at[0] = 0; at[0] < b->size[0]; at[0]++)
        for (at[1] = 0; at[1] < b->size[1]; at[1]++)
            for (at[2] = 0; at[2] < b->size[2]; at[2]++, i++) {
                if (ai[i] == 0 && ref[i] == 0) continue;
                o->n_ai += ai[i] != 0;
                o->n_ref += ref[i] != 0;
                o->n_both += ai[i] != 0 && ref[i] != 0;
                for (int a = 0; a < 3; a++) {
                    if (at[a] < low[a]) low[a] = at[a];
                    if (at[a] > high[a]) high[a] = at[a];
                }
            }
    const bool any = o->n_ai + o->n_ref > 0;
    for (int a = 0; a < 3; a++) {
        b->from[a] = any ? low[a] : 0;
        b->n[a] = any ? high[a] - low[a] + 1 : 0;
    }
}

/** Is a foreground voxel on the surface: has it a background face neighbour, or the edge of the grid beside it? */
static bool on_surface(const struct box *b, const uint8_t *mask, size_t index, const uint32_t at[3])
{
    size_t stride = 1;
    for (int a = 2; a >= 0; a--) {
        if (b->there[a]) {
            if (at[a] == 0 || at[a] + 1 == b->size[a]) return true;
            if (mask[index - stride] == 0 || mask[index + stride] == 0) return true;
        }
        stride *= b->size[a];
    }
    return false;
}

/** Mark the surface voxels of a mask within the box; returns how many. */
static uint64_t mark_surface(const struct box *b, const uint8_t *mask, uint8_t *surface)
{
    uint64_t count = 0;
    size_t out = 0;
    for (uint32_t x = 0; x < b->n[0]; x++)
        for (uint32_t y = 0; y < b->n[1]; y++)
            for (uint32_t z = 0; z < b->n[2]; z++, out++) {
                const uint32_t at[3] = {b->from[0] + x, b->from[1] + y, b->from[2] + z};
                const size_t index = ((size_t)at[0] * b->size[1] + at[1]) * b->size[2] + at[2];
                surface[out] = mask[index] != 0 && on_surface(b, mask, index, at);
                count += surface[out];
            }
    return count;
}

/** Distances in mm from each surface voxel of one mask to the surface of the other, in ascending order. */
static void directed(const struct box *b, const uint8_t *from, const uint8_t *to, double *field, size_t voxels,
                     struct es_distance_line *line, double *out, uint64_t count)
{
    for (size_t i = 0; i < voxels; i++) field[i] = to[i] ? 0.0 : (double)INFINITY;
    es_distance_squared(field, b->n, b->spacing, line);
    uint64_t k = 0;
    for (size_t i = 0; i < voxels; i++)
        if (from[i]) out[k++] = sqrt(field[i]);
    es_sort_doubles(out, count);
}

static double mean(const double *values, uint64_t n)
{
    double sum = 0.0;
    for (uint64_t i = 0; i < n; i++) sum += values[i];
    return sum / (double)n;
}

static void distances(struct es_overlap *o, double *d)
{
    const uint64_t a = o->surface_ai, r = o->surface_ref;
    double *back = d + a;
    const double mean_a = mean(d, a), mean_r = mean(back, r);
    o->hd = fmax(d[a - 1], back[r - 1]);
    o->hd95 = fmax(es_quantile_sorted(d, a, 0.95), es_quantile_sorted(back, r, 0.95));
    o->masd = (mean_a + mean_r) / 2.0;
    es_sort_doubles(d, a + r);
    o->assd = mean(d, a + r);
    o->hd95_pooled = es_quantile_sorted(d, a + r, 0.95);
}

static enum es_overlap_result surfaces(const struct box *b, const uint8_t *const mask[MASKS], struct es_overlap *o)
{
    enum es_overlap_result result = ES_OVERLAP_NO_MEMORY;
    const size_t voxels = (size_t)b->n[0] * b->n[1] * b->n[2]; /* no more than the grid's */
    uint32_t longest = b->n[0];
    for (int a = 1; a < 3; a++)
        if (b->n[a] > longest) longest = b->n[a];
    struct es_distance_line line = {0};
    uint8_t *surface[MASKS] = {calloc(voxels, 1), calloc(voxels, 1)};
    double *field = calloc(voxels, sizeof *field), *d = NULL;
    if (surface[AI] == NULL || surface[REF] == NULL || field == NULL || !es_distance_line_init(&line, longest)) goto out;
    o->surface_ai = mark_surface(b, mask[AI], surface[AI]);
    o->surface_ref = mark_surface(b, mask[REF], surface[REF]);
    d = calloc((size_t)(o->surface_ai + o->surface_ref), sizeof *d);
    if (d == NULL) goto out;
    directed(b, surface[AI], surface[REF], field, voxels, &line, d, o->surface_ai);
    directed(b, surface[REF], surface[AI], field, voxels, &line, d + o->surface_ai, o->surface_ref);
    distances(o, d);
    result = ES_OVERLAP_OK;
out:
    es_distance_line_free(&line);
    free(surface[AI]);
    free(surface[REF]);
    free(field);
    free(d);
    return result;
}

enum es_overlap_result es_overlap_measure(const struct es_grid *grid, const uint8_t *ai, const uint8_t *ref,
                                          struct es_overlap *out)
{
    size_t voxels;
    if (!es_grid_voxels(grid, &voxels)) return ES_OVERLAP_BAD_GRID;
    struct es_overlap o = {.dice = NAN, .iou = NAN, .relative_difference = NAN, .hd = NAN, .hd95 = NAN, .hd95_pooled = NAN,
                           .assd = NAN, .masd = NAN};
    struct box b = {0};
    look(grid, ai, ref, &o, &b);
    double unit = 1.0;
    for (uint32_t a = 0; a < grid->axes; a++) unit *= grid->spacing[a];
    o.volume_ai = (double)o.n_ai * unit;
    o.volume_ref = (double)o.n_ref * unit;
    o.volume_difference = ((double)o.n_ai - (double)o.n_ref) * unit;
    o.both_empty = o.n_ai == 0 && o.n_ref == 0;
    o.one_empty = (o.n_ai == 0) != (o.n_ref == 0);
    if (o.n_ref > 0) o.relative_difference = ((double)o.n_ai - (double)o.n_ref) / (double)o.n_ref;
    if (!o.both_empty) {
        o.dice = 2.0 * (double)o.n_both / ((double)o.n_ai + (double)o.n_ref);
        o.iou = (double)o.n_both / ((double)(o.n_ai - o.n_both) + (double)o.n_ref);
    }
    if (o.n_ai > 0 && o.n_ref > 0) {
        const uint8_t *const mask[MASKS] = {ai, ref};
        const enum es_overlap_result result = surfaces(&b, mask, &o);
        if (result != ES_OVERLAP_OK) return result;
    }
    *out = o;
    return ES_OVERLAP_OK;
}
