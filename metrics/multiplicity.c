/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/multiplicity.h"

#include <math.h>

#include "metrics/verdict.h"

static bool before(const double *p, uint32_t a, uint32_t b)
{
    return p[a] < p[b] || (p[a] == p[b] && a < b);
}

static void sift(const double *p, uint32_t *heap, size_t root, size_t n)
{
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && before(p, heap[child], heap[child + 1])) child++;
        if (!before(p, heap[root], heap[child])) return;
        const uint32_t swap = heap[root];
        heap[root] = heap[child];
        heap[child] = swap;
    }
}

/** Indices of the defined p-values, ascending (heapsort); NAN ones get their NAN. Returns how many are defined. */
static size_t ascending(const double *p, size_t n, uint32_t *index, double *adjusted)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++) {
        adjusted[i] = NAN;
        if (!isnan(p[i])) index[m++] = (uint32_t)i;
    }
    for (size_t i = m / 2; i > 0; i--) sift(p, index, i - 1, m);
    for (size_t end = m; end > 1; end--) {
        const uint32_t swap = index[0];
        index[0] = index[end - 1];
        index[end - 1] = swap;
        sift(p, index, 0, end - 1);
    }
    return m;
}

/** Step-down: the k-th smallest p times what is left of the family's weight over its own. Equal p-values get the same answer
 * whatever their order, since the running maximum starts from the first of them, whose factor is the whole remaining weight. */
void es_holm_weighted(const double *p, const double *weight, size_t n, uint32_t *scratch, double *adjusted)
{
    const size_t m = ascending(p, n, scratch, adjusted);
    double remaining = 0, running = 0;
    for (size_t k = 0; k < m; k++) remaining += weight[scratch[k]];
    /* The order of closed testing is that of p over weight; a selection per step keeps it exact. */
    for (size_t k = 0; k < m; k++) {
        size_t least = k;
        for (size_t j = k + 1; j < m; j++) {
            const double a = p[scratch[j]] / weight[scratch[j]], b = p[scratch[least]] / weight[scratch[least]];
            if (a < b || (a == b && scratch[j] < scratch[least])) least = j;
        }
        const uint32_t i = scratch[least];
        scratch[least] = scratch[k];
        scratch[k] = i;
        running = fmax(running, fmin(1, remaining * (p[i] / weight[i])));
        adjusted[i] = running;
        remaining = 0;
        for (size_t j = k + 1; j < m; j++) remaining += weight[scratch[j]];
    }
}

void es_holm(const double *p, size_t n, uint32_t *scratch, double *adjusted)
{
    const size_t m = ascending(p, n, scratch, adjusted);
    double running = 0;
    for (size_t k = 0; k < m; k++) {
        running = fmax(running, fmin(1, (double)(m - k) * p[scratch[k]]));
        adjusted[scratch[k]] = running;
    }
}

/** Step-up from the largest p: running minimum of factor(rank) p. */
static void step_up(const double *p, size_t n, uint32_t *scratch, double *adjusted, double scale, bool by_rank)
{
    const size_t m = ascending(p, n, scratch, adjusted);
    double running = 1;
    for (size_t k = m; k > 0; k--) {
        const double factor = by_rank ? scale * (double)m / (double)k : (double)(m - k + 1);
        running = fmin(running, factor * p[scratch[k - 1]]);
        adjusted[scratch[k - 1]] = running;
    }
}

void es_hochberg(const double *p, size_t n, uint32_t *scratch, double *adjusted)
{
    step_up(p, n, scratch, adjusted, 1, false);
}

void es_benjamini_hochberg(const double *p, size_t n, uint32_t *scratch, double *adjusted)
{
    step_up(p, n, scratch, adjusted, 1, true);
}

void es_benjamini_yekutieli(const double *p, size_t n, uint32_t *scratch, double *adjusted)
{
    size_t m = 0;
    double harmonic = 0;
    for (size_t i = 0; i < n; i++) m += !isnan(p[i]);
    for (size_t k = m; k > 0; k--) harmonic += 1 / (double)k;
    step_up(p, n, scratch, adjusted, harmonic, true);
}
