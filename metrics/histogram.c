/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/histogram.h"

#include <math.h>

bool es_histogram_bins_ok(uint32_t bins)
{
    return bins >= 2 && bins <= ES_HISTOGRAM_MAX_BINS && (bins & (bins - 1)) == 0;
}

bool es_histogram_add(struct es_histogram *h, double score, bool positive)
{
    uint64_t *count = &h->out_of_range;
    if (score >= 0.0 && score <= 1.0) { /* false for NaN */
        uint32_t bin = (uint32_t)(score * h->bins);
        if (bin >= h->bins) bin = h->bins - 1; /* score 1 */
        count = positive ? &h->positive[bin] : &h->negative[bin];
    }
    if (*count == UINT64_MAX) return false;
    ++*count;
    return true;
}

bool es_histogram_merge(struct es_histogram *into, const struct es_histogram *from)
{
    uint64_t sum;
    if (into->bins != from->bins) return false;
    for (uint32_t k = 0; k < into->bins; k++)
        if (__builtin_add_overflow(into->positive[k], from->positive[k], &sum) ||
            __builtin_add_overflow(into->negative[k], from->negative[k], &sum))
            return false;
    if (__builtin_add_overflow(into->out_of_range, from->out_of_range, &sum)) return false;
    for (uint32_t k = 0; k < into->bins; k++) {
        into->positive[k] += from->positive[k];
        into->negative[k] += from->negative[k];
    }
    into->out_of_range += from->out_of_range;
    return true;
}

/** Sum of a row.
 * @return false past 2^63 - 1, the room that the products below need */
static bool total(const uint64_t *count, uint32_t bins, uint64_t *out)
{
    uint64_t sum = 0;
    for (uint32_t k = 0; k < bins; k++)
        if (__builtin_add_overflow(sum, count[k], &sum) || sum > (uint64_t)INT64_MAX) return false;
    *out = sum;
    return true;
}

/** DeLong variance from twice the placements: 2 V10 n = 2 below + here for a positive, 2 V01 m = 2 above + here for a negative.
 * Deviations from the mean are formed exactly: (count * twice - num2) / (2 m n). */
static double variance(const struct es_histogram *h, uint64_t m, uint64_t n, es_u128 num2)
{
    if (m < 2 || n < 2) return NAN;
    const double pairs2 = 2.0 * (double)m * (double)n;
    double s10 = 0.0, s01 = 0.0;
    uint64_t negatives_below = 0, positives_above = m;
    for (uint32_t k = 0; k < h->bins; k++) {
        const uint64_t pos = h->positive[k], neg = h->negative[k];
        positives_above -= pos;
        const es_i128 u = (es_i128)m * (2 * negatives_below + neg) - (es_i128)num2;
        const es_i128 v = (es_i128)n * (2 * positives_above + pos) - (es_i128)num2;
        const double du = (double)u / pairs2, dv = (double)v / pairs2;
        s10 += (double)pos * du * du;
        s01 += (double)neg * dv * dv;
        negatives_below += neg;
    }
    return s10 / ((double)m - 1.0) / (double)m + s01 / ((double)n - 1.0) / (double)n;
}

bool es_histogram_auroc(const struct es_histogram *h, struct es_histogram_auroc *out)
{
    uint64_t m, n;
    if (!total(h->positive, h->bins, &m) || !total(h->negative, h->bins, &n)) return false;
    es_u128 num2 = 0, same = 0;
    uint64_t below = 0;
    for (uint32_t k = 0; k < h->bins; k++) {
        num2 += (es_u128)h->positive[k] * (2 * below + h->negative[k]);
        same += (es_u128)h->positive[k] * h->negative[k];
        below += h->negative[k];
    }
    *out = (struct es_histogram_auroc){.m = m, .n = n, .num2 = num2, .auroc = NAN, .same_bin = NAN, .lo = NAN, .hi = NAN,
                                       .variance = NAN, .average_precision = NAN};
    if (m > 0 && n > 0) {
        const es_u128 pairs = (es_u128)m * n;
        out->auroc = (double)num2 / (double)(2 * pairs);
        out->same_bin = (double)same / (double)pairs;
        out->lo = (double)(num2 - same) / (double)(2 * pairs); /* same-bin pairs are one half of num2's ties: never negative */
        out->hi = (double)(num2 + same) / (double)(2 * pairs);
        out->variance = variance(h, m, n, num2);
    }
    if (m > 0) {
        uint64_t tp = 0, fp = 0;
        out->average_precision = 0.0;
        for (uint32_t k = h->bins; k-- > 0;) {
            tp += h->positive[k];
            fp += h->negative[k];
            if (h->positive[k] > 0)
                out->average_precision += (double)h->positive[k] / (double)m * ((double)tp / ((double)tp + (double)fp));
        }
    }
    return true;
}

void es_histogram_counts(const struct es_histogram *h, uint32_t bin, uint64_t *tp, uint64_t *fp, uint64_t *fn, uint64_t *tn)
{
    uint64_t c[4] = {0};
    for (uint32_t k = 0; k < h->bins; k++) {
        c[k >= bin ? 0 : 2] += h->positive[k];
        c[k >= bin ? 1 : 3] += h->negative[k];
    }
    *tp = c[0];
    *fp = c[1];
    *fn = c[2];
    *tn = c[3];
}
