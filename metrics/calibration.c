/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/calibration.h"

#include <math.h>

#include "metrics/special.h"

double es_logit_clipped(double p)
{
    return es_logit(fmin(1 - ES_LOGIT_CLIP, fmax(ES_LOGIT_CLIP, p)));
}

unsigned es_calibration_bin(double p, unsigned bins)
{
    const double at = floor(p * bins);
    unsigned k = at < bins ? (unsigned)at : bins - 1;
    /* p * bins may round up to the edge; the edge itself is the quotient. */
    if (k > 0 && p < (double)k / bins) k--;
    return k;
}

static unsigned right_closed_bin(double p, unsigned bins)
{
    const unsigned k = es_calibration_bin(p, bins);
    return k > 0 && p == (double)k / bins ? k - 1 : k;
}

bool es_calibration_error(const double *p, const uint8_t *y, size_t n, unsigned bins, bool right_closed, double *expected,
                          double *maximal)
{
    struct {
        double n, o, e;
    } bin[ES_MAX_BINS] = {{0, 0, 0}};
    if (n == 0 || bins == 0 || bins > ES_MAX_BINS) return false;
    for (size_t i = 0; i < n; i++) {
        const unsigned k = right_closed ? right_closed_bin(p[i], bins) : es_calibration_bin(p[i], bins);
        bin[k].n++;
        bin[k].o += y[i];
        bin[k].e += p[i];
    }
    double sum = 0, worst = 0;
    for (unsigned k = 0; k < bins; k++) {
        if (bin[k].n == 0) continue;
        const double gap = fabs(bin[k].o - bin[k].e);
        sum += gap;
        worst = fmax(worst, gap / bin[k].n);
    }
    *expected = sum / (double)n;
    *maximal = worst;
    return true;
}

bool es_brier(const double *p, const uint8_t *y, size_t n, struct es_brier *out)
{
    enum { BINS = 10 };
    double count[BINS] = {0}, o[BINS] = {0}, e[BINS] = {0}, all = (double)n, positives = 0;
    struct es_brier b = {0, 0, 0, 0, 0, 0};
    if (n == 0) return false;
    for (size_t i = 0; i < n; i++) {
        const unsigned k = es_calibration_bin(p[i], BINS);
        count[k]++;
        o[k] += y[i];
        e[k] += p[i];
        positives += y[i];
        b.score += (p[i] - y[i]) * (p[i] - y[i]);
    }
    const double rate = positives / all;
    for (int k = 0; k < BINS; k++) {
        if (count[k] == 0) continue;
        o[k] /= count[k];
        e[k] /= count[k];
        b.reliability += count[k] * (e[k] - o[k]) * (e[k] - o[k]);
        b.resolution += count[k] * (o[k] - rate) * (o[k] - rate);
    }
    for (size_t i = 0; i < n; i++) {
        const unsigned k = es_calibration_bin(p[i], BINS);
        b.within_variance += (p[i] - e[k]) * (p[i] - e[k]);
        b.within_covariance += 2 * (p[i] - e[k]) * (y[i] - o[k]);
    }
    *out = (struct es_brier){b.score / all,       b.reliability / all,     b.resolution / all,
                             rate * (1 - rate),   b.within_variance / all, b.within_covariance / all};
    return true;
}

double es_observed_expected(double observed, double expected, double n, double alpha, struct es_limits *limits)
{
    const double none = (double)NAN;
    *limits = (struct es_limits){none, none};
    if (!(n > 0)) return NAN;
    if (!(expected > 0)) return observed > 0 ? (double)INFINITY : none;
    const double ratio = observed / expected;
    if (observed > 0) {
        const double factor = exp(es_norm_isf(alpha / 2) * sqrt(fmax(0, 1 - observed / n) / observed));
        *limits = (struct es_limits){ratio / factor, ratio * factor};
    }
    return ratio;
}

double es_spiegelhalter(const double *p, const uint8_t *y, size_t n)
{
    double sum = 0, variance = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (y[i] - p[i]) * (1 - 2 * p[i]);
        variance += (1 - 2 * p[i]) * (1 - 2 * p[i]) * p[i] * (1 - p[i]);
    }
    return variance > 0 ? sum / sqrt(variance) : (double)NAN;
}

double es_net_benefit(const double *p, const uint8_t *y, size_t n, double threshold, double *all)
{
    double tp = 0, fp = 0, positives = 0;
    const double odds = threshold / (1 - threshold), total = (double)n;
    *all = NAN;
    if (n == 0 || !(threshold >= 0 && threshold < 1)) return NAN;
    for (size_t i = 0; i < n; i++) {
        positives += y[i];
        if (p[i] < threshold) continue;
        tp += y[i];
        fp += 1 - y[i];
    }
    *all = positives / total - (total - positives) / total * odds;
    return tp / total - fp / total * odds;
}
