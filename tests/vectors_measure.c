/* SPDX-License-Identifier: Apache-2.0 */
/* Vector files B4 and C: histograms, error moments, agreement, masks, detection. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/agreement.h"
#include "metrics/detection.h"
#include "metrics/histogram.h"
#include "metrics/moments.h"
#include "metrics/overlap.h"
#include "vectors_kernels.h"

/** Fill a row of counts from [[bin, count], ...]. */
static bool fill(const cJSON *pairs, uint64_t *row, uint32_t bins)
{
    const cJSON *pair = NULL;
    cJSON_ArrayForEach(pair, pairs)
    {
        const uint64_t bin = es_vec_whole(cJSON_GetArrayItem(pair, 0));
        if (bin >= bins) return false;
        row[bin] += es_vec_whole(cJSON_GetArrayItem(pair, 1));
    }
    return true;
}

/** The raw AUROC comes from scores that the vector does not carry: it must lie within the bounds. */
static void check_inside(struct es_vec *v, const char *field, double lo, double hi)
{
    const cJSON *want = es_vec_want(v, field);
    if (want == NULL) return;
    es_vec_saw(v, field);
    v->fields++;
    const double raw = es_vec_number(want), slack = v->abs + v->rel * fabs(raw);
    if (isnan(raw) ? isnan(lo) : (raw >= lo - slack && raw <= hi + slack)) return;
    es_vec_fail(v, field, "outside the bounds");
}

void es_vec_histogram(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const uint64_t bins = es_vec_in_whole(v, "K");
        if (bins > ES_HISTOGRAM_MAX_BINS || !es_histogram_bins_ok((uint32_t)bins)) {
            es_vec_fail(v, "K", "not a number of bins");
            continue;
        }
        struct es_histogram h = {.bins = (uint32_t)bins, .positive = es_vec_alloc(bins, sizeof(uint64_t)),
                                 .negative = es_vec_alloc(bins, sizeof(uint64_t))};
        struct es_histogram_auroc a;
        if (fill(cJSON_GetObjectItemCaseSensitive(v->in, "h1"), h.positive, h.bins) &&
            fill(cJSON_GetObjectItemCaseSensitive(v->in, "h0"), h.negative, h.bins) && es_histogram_auroc(&h, &a)) {
            es_vec_check_count(v, "m", a.m);
            es_vec_check_count(v, "n", a.n);
            es_vec_check_count(v, "auc_num2", a.num2);
            es_vec_check(v, "auc_bin", a.auroc);
            es_vec_check(v, "T", a.same_bin);
            es_vec_check(v, "auc_lo", a.lo);
            es_vec_check(v, "auc_hi", a.hi);
            check_inside(v, "auc_raw", a.lo, a.hi);
            es_vec_check(v, "var_bin", a.variance);
            es_vec_check(v, "ap_bin", a.average_precision);
        } else {
            es_vec_fail(v, "h1", "cannot be counted");
        }
        free(h.positive);
        free(h.negative);
    }
}

static struct es_moments moments_of(struct es_vec *v, const char *name)
{
    struct es_moments m = {0};
    size_t n = 0;
    double *d = es_vec_in_array(v, name, &n);
    for (size_t i = 0; i < n; i++)
        if (!es_moments_add(&m, d[i])) es_vec_fail(v, name, "refused");
    free(d);
    return m;
}

static bool same_moments(const struct es_moments *a, const struct es_moments *b)
{
    return a->n == b->n && es_exact_sum_equal(&a->sum, &b->sum) && es_exact_sum_equal(&a->magnitude, &b->magnitude) &&
           es_exact_product_equal(&a->square, &b->square) && (a->n == 0 || (a->min == b->min && a->max == b->max));
}

/** Merge the shards forwards and backwards: both must be the whole, to the bit. */
static void check_shards(struct es_vec *v, const struct es_moments *whole)
{
    const cJSON *shards = cJSON_GetObjectItemCaseSensitive(v->in, "shards");
    const int count = cJSON_GetArraySize(shards);
    size_t n = 0;
    double *d = es_vec_in_array(v, "d", &n);
    struct es_moments *merged = es_vec_alloc(2, sizeof *merged);
    for (int direction = 0; direction < 2; direction++)
        for (int i = 0; i < count; i++) {
            const cJSON *shard = cJSON_GetArrayItem(shards, direction ? count - 1 - i : i);
            const uint64_t end = es_vec_whole(cJSON_GetArrayItem(shard, 1));
            struct es_moments part = {0};
            for (uint64_t k = es_vec_whole(cJSON_GetArrayItem(shard, 0)); k < end && k < n; k++) (void)es_moments_add(&part, d[k]);
            (void)es_moments_merge(&merged[direction], &part);
        }
    if (!same_moments(&merged[0], whole) || !same_moments(&merged[1], whole)) es_vec_fail(v, "shards", "merged to other bits");
    free(merged);
    free(d);
}

void es_vec_moments(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const struct es_moments m = moments_of(v, "d");
        const struct es_error_summary s = es_moments_summary(&m, 0.05);
        check_shards(v, &m);
        es_vec_check_count(v, "n", s.n);
        es_vec_check(v, "mean", s.mean);
        es_vec_check(v, "var", s.variance);
        es_vec_check(v, "sd", s.sd);
        es_vec_check(v, "m2", s.m2);
        es_vec_check(v, "mae", s.mae);
        es_vec_check(v, "rmse", s.rmse);
        es_vec_check(v, "min", s.min);
        es_vec_check(v, "max", s.max);
        es_vec_check_pair(v, "ci_mean", s.lo, s.hi);
    }
}

static void check_agreement(struct es_vec *v, double alpha)
{
    struct es_agreement a = {0};
    size_t n = 0, m = 0;
    double *x = es_vec_in_array(v, "x", &n), *y = es_vec_in_array(v, "y", &m);
    for (size_t i = 0; i < n && i < m; i++)
        if (!es_agreement_add(&a, x[i], y[i])) es_vec_fail(v, "x", "refused");
    free(x);
    free(y);
    const struct es_agreement_summary s = es_agreement_summary(&a, alpha);
    es_vec_check_count(v, "n", s.n);
    es_vec_check(v, "ba.bias", s.bias.value);
    es_vec_check(v, "ba.sd", s.sd);
    es_vec_check_pair(v, "ba.loa", s.lower.value, s.upper.value);
    es_vec_check_pair(v, "ba.bias_ci", s.bias.lo, s.bias.hi);
    es_vec_check_pair(v, "ba.loa_lo_ci", s.lower.lo, s.lower.hi);
    es_vec_check_pair(v, "ba.loa_hi_ci", s.upper.lo, s.upper.hi);
    es_vec_check_pair(v, "ba.loa_lo_ci_1986", s.lower_1986[0], s.lower_1986[1]);
    es_vec_check_pair(v, "ba.loa_hi_ci_1986", s.upper_1986[0], s.upper_1986[1]);
    es_vec_check(v, "ccc", s.ccc.value);
    es_vec_check_pair(v, "ccc_ci", s.ccc.lo, s.ccc.hi);
    es_vec_check(v, "icc31", s.icc31.value);
    es_vec_check_pair(v, "icc31_ci", s.icc31.lo, s.icc31.hi);
    es_vec_check(v, "icc21", s.icc21.value);
    es_vec_check_pair(v, "icc21_ci", s.icc21.lo, s.icc21.hi);
}

void es_vec_agreement(struct es_vec *v)
{
    while (es_vec_next(v)) {
        const double alpha = es_vec_in(v, "alpha");
        if (cJSON_GetObjectItemCaseSensitive(v->in, "d1") == NULL) {
            check_agreement(v, alpha);
            continue;
        }
        const struct es_moments d1 = moments_of(v, "d1"), d2 = moments_of(v, "d2");
        const struct es_welch w = es_welch(&d1, &d2, alpha);
        es_vec_check(v, "diff", w.difference);
        es_vec_check(v, "t", w.t);
        es_vec_check(v, "df", w.df);
        es_vec_check(v, "p", w.p);
        es_vec_check_pair(v, "ci", w.lo, w.hi);
    }
}

/** A mask from run lengths [[start, length], ...]; free() it. NULL when a run leaves the grid. */
static uint8_t *mask_of(const cJSON *runs, size_t voxels)
{
    uint8_t *mask = es_vec_alloc(voxels, 1);
    const cJSON *run = NULL;
    cJSON_ArrayForEach(run, runs)
    {
        const uint64_t start = es_vec_whole(cJSON_GetArrayItem(run, 0)), length = es_vec_whole(cJSON_GetArrayItem(run, 1));
        if (start > voxels || length > voxels - start) {
            free(mask);
            return NULL;
        }
        memset(mask + start, 1, length);
    }
    return mask;
}

static bool grid_of(const struct es_vec *v, struct es_grid *grid)
{
    size_t axes = 0, spacings = 0;
    double *shape = es_vec_in_array(v, "shape", &axes), *spacing = es_vec_in_array(v, "spacing", &spacings);
    const bool ok = shape && spacing && axes == spacings && axes >= 1 && axes <= 3;
    *grid = (struct es_grid){.axes = (uint32_t)axes};
    for (size_t i = 0; ok && i < axes; i++) {
        grid->size[i] = (uint32_t)shape[i];
        grid->spacing[i] = spacing[i];
    }
    free(shape);
    free(spacing);
    return ok;
}

static void check_overlap(struct es_vec *v, const struct es_overlap *o)
{
    es_vec_check_count(v, "n_ai", o->n_ai);
    es_vec_check_count(v, "n_ref", o->n_ref);
    es_vec_check_count(v, "n_inter", o->n_both);
    es_vec_check(v, "vol_ai", o->volume_ai);
    es_vec_check(v, "vol_ref", o->volume_ref);
    es_vec_check(v, "vol_diff", o->volume_difference);
    es_vec_check(v, "rvd", o->relative_difference);
    es_vec_check_bool(v, "both_empty", o->both_empty);
    es_vec_check_bool(v, "one_empty", o->one_empty);
    es_vec_check(v, "dice", o->dice);
    es_vec_check(v, "iou", o->iou);
    es_vec_check_count(v, "n_surf_ai", o->surface_ai);
    es_vec_check_count(v, "n_surf_ref", o->surface_ref);
    es_vec_check(v, "hd", o->hd);
    es_vec_check(v, "hd95", o->hd95);
    es_vec_check(v, "hd95_pooled", o->hd95_pooled);
    es_vec_check(v, "assd", o->assd);
    es_vec_check(v, "masd", o->masd);
}

void es_vec_overlap(struct es_vec *v)
{
    while (es_vec_next(v)) {
        struct es_grid grid;
        struct es_overlap o;
        size_t voxels;
        if (!grid_of(v, &grid) || !es_grid_voxels(&grid, &voxels)) {
            es_vec_fail(v, "shape", "not a grid");
            continue;
        }
        uint8_t *ai = mask_of(cJSON_GetObjectItemCaseSensitive(v->in, "ai"), voxels);
        uint8_t *ref = mask_of(cJSON_GetObjectItemCaseSensitive(v->in, "ref"), voxels);
        if (ai && ref && es_overlap_measure(&grid, ai, ref, &o) == ES_OVERLAP_OK) check_overlap(v, &o);
        else es_vec_fail(v, "ai", "cannot be measured");
        free(ai);
        free(ref);
    }
}

static void check_froc(struct es_vec *v, struct es_marks *marks)
{
    const size_t capacity = es_froc_capacity(marks);
    struct es_froc_point *points = es_vec_alloc(capacity, sizeof *points);
    double *column = es_vec_alloc(capacity, sizeof *column);
    const size_t count = es_froc(marks, points);
    for (size_t i = 0; i < count; i++) column[i] = points[i].fppi;
    es_vec_check_array(v, "curve_fppi", column, count);
    for (size_t i = 0; i < count; i++) column[i] = points[i].sensitivity;
    es_vec_check_array(v, "curve_sens", column, count);
    size_t rates = 0;
    double *rate = es_vec_in_array(v, "fppi_points", &rates);
    for (size_t i = 0; i < rates; i++) rate[i] = es_froc_sensitivity(marks, points, count, rate[i]);
    es_vec_check_array(v, "sens_at", rate, rates);
    free(rate);
    es_vec_check(v, "froc_score", es_froc_score(marks, points, count));
    es_vec_check(v, "camelyon", es_froc_score_camelyon(marks, points, count));
    /* the lowest threshold: every mark. Without any mark it is (0, 0), as far as there are lesions and images */
    const double hits = (double)marks->hit_count, misses = (double)marks->miss_count;
    es_vec_check(v, "sensitivity", marks->lesions ? hits / (double)marks->lesions : (double)NAN);
    es_vec_check(v, "fppi", marks->images ? misses / (double)marks->images : (double)NAN);
    free(column);
    free(points);
}

void es_vec_detection(struct es_vec *v)
{
    while (es_vec_next(v)) {
        struct es_marks marks = {.lesions = es_vec_in_whole(v, "n_lesions"), .images = es_vec_in_whole(v, "n_images")};
        marks.hits = es_vec_in_array(v, "tp_scores", &marks.hit_count);
        marks.misses = es_vec_in_array(v, "fp_scores", &marks.miss_count);
        check_froc(v, &marks);
        free(marks.hits);
        free(marks.misses);
    }
}
