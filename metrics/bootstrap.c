/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/bootstrap.h"

#include <math.h>
#include <stdlib.h>

#include "metrics/philox.h"

uint32_t es_bootstrap_weight(const struct es_bootstrap *b, uint64_t patient, uint32_t replicate)
{
    const uint64_t counter[4] = {patient, replicate, 0, 0}, key[2] = {b->seed, b->stream};
    uint64_t word[4];
    es_philox(counter, key, word);
    return es_poisson_weight(word[0]);
}

bool es_bootstrap_add(struct es_bootstrap *b, uint64_t patient, uint64_t x, uint64_t n)
{
    uint64_t room;
    if (__builtin_mul_overflow(x > n ? x : n, (uint64_t)ES_POISSON_THRESHOLDS, &room) ||
        __builtin_add_overflow(b->ceiling, room, &room))
        return false;
    b->ceiling = room;
    for (uint32_t r = 0; r < b->replicates; r++) {
        const uint64_t w = es_bootstrap_weight(b, patient, r);
        b->x[r] += w * x;
        b->n[r] += w * n;
    }
    return true;
}

bool es_bootstrap_merge(struct es_bootstrap *into, const struct es_bootstrap *from)
{
    uint64_t room;
    if (into->seed != from->seed || into->stream != from->stream || into->replicates != from->replicates ||
        __builtin_add_overflow(into->ceiling, from->ceiling, &room))
        return false;
    into->ceiling = room;
    for (uint32_t r = 0; r < into->replicates; r++) {
        into->x[r] += from->x[r];
        into->n[r] += from->n[r];
    }
    return true;
}

struct es_bootstrap_summary es_bootstrap_summary(const struct es_bootstrap *b, double alpha, double *scratch)
{
    struct es_bootstrap_summary s = {.usable = 0, .se = NAN, .lo = NAN, .hi = NAN};
    for (uint32_t r = 0; r < b->replicates; r++)
        if (b->n[r] > 0) scratch[s.usable++] = (double)b->x[r] / (double)b->n[r];
    if (s.usable == 0) return s;
    es_sort_doubles(scratch, s.usable);
    s.lo = es_quantile_sorted(scratch, s.usable, alpha / 2.0);
    s.hi = es_quantile_sorted(scratch, s.usable, 1.0 - alpha / 2.0);
    if (s.usable < 2) return s;
    double mean = 0.0, m2 = 0.0;
    for (uint32_t i = 0; i < s.usable; i++) mean += scratch[i];
    mean /= s.usable;
    for (uint32_t i = 0; i < s.usable; i++) m2 += (scratch[i] - mean) * (scratch[i] - mean);
    s.se = sqrt(m2 / (s.usable - 1.0));
    return s;
}

double es_quantile_sorted(const double *sorted, uint64_t n, double p)
{
    if (n == 0) return NAN;
    const double place = p * ((double)n - 1.0);
    const double whole = floor(place);
    const uint64_t i = (uint64_t)whole;
    if (i + 1 >= n) return sorted[n - 1];
    return sorted[i] + (sorted[i + 1] - sorted[i]) * (place - whole);
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void es_sort_doubles(double *values, uint64_t n)
{
    if (n > 1) qsort(values, (size_t)n, sizeof *values, ascending);
}
