/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/detection.h"

#include <math.h>
#include <stdlib.h>

size_t es_froc_capacity(const struct es_marks *marks) { return marks->hit_count + marks->miss_count + 1; }

static int descending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

static bool sort_scores(double *scores, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (isnan(scores[i])) return false;
    if (count > 1) qsort(scores, count, sizeof *scores, descending);
    return true;
}

size_t es_froc(struct es_marks *marks, struct es_froc_point *points)
{
    if (!sort_scores(marks->hits, marks->hit_count) || !sort_scores(marks->misses, marks->miss_count)) return 0;
    size_t hit = 0, miss = 0, count = 1;
    points[0] = (struct es_froc_point){INFINITY, 0.0, 0.0};
    while (hit < marks->hit_count || miss < marks->miss_count) {
        const double next_hit = hit < marks->hit_count ? marks->hits[hit] : (double)-INFINITY;
        const double next_miss = miss < marks->miss_count ? marks->misses[miss] : (double)-INFINITY;
        const double threshold = next_hit > next_miss ? next_hit : next_miss;
        while (hit < marks->hit_count && marks->hits[hit] == threshold) hit++;
        while (miss < marks->miss_count && marks->misses[miss] == threshold) miss++;
        points[count++] = (struct es_froc_point){
            threshold,
            marks->images > 0 ? (double)miss / (double)marks->images : (double)NAN,
            marks->lesions > 0 ? (double)hit / (double)marks->lesions : (double)NAN,
        };
    }
    return count;
}

double es_froc_sensitivity(const struct es_marks *marks, const struct es_froc_point *points, size_t count, double fppi)
{
    if (marks->lesions == 0 || marks->images == 0 || count == 0 || !(fppi >= 0.0)) return NAN;
    size_t low = 0, high = count; /* the last point with points[low].fppi <= fppi */
    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;
        if (points[middle].fppi <= fppi) low = middle;
        else high = middle;
    }
    if (low + 1 == count) return points[low].sensitivity;
    const struct es_froc_point *a = &points[low], *b = &points[low + 1];
    return a->sensitivity + (b->sensitivity - a->sensitivity) * ((fppi - a->fppi) / (b->fppi - a->fppi));
}

static double mean_at(const struct es_marks *marks, const struct es_froc_point *points, size_t count, double from, int rates)
{
    double sum = 0.0;
    for (int i = 0; i < rates; i++) sum += es_froc_sensitivity(marks, points, count, ldexp(from, i));
    return sum / rates;
}

double es_froc_score(const struct es_marks *marks, const struct es_froc_point *points, size_t count)
{
    return mean_at(marks, points, count, 0.125, 7);
}

double es_froc_score_camelyon(const struct es_marks *marks, const struct es_froc_point *points, size_t count)
{
    return mean_at(marks, points, count, 0.25, 6);
}
