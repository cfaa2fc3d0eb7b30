/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/report/build/build.h"
#include "plugin/report/view.h"

/* Two places, or as many more as it takes that what excludes 0 does not read as 0.00. */
static int places(double nearest)
{
    int digits = 2;
    for (double half = 0.005; nearest < half && digits < 6; half /= 10) digits++;
    return digits;
}

void es_report_words(char *out, size_t size, const struct es_metric *metric, double group, double rest, double difference, double lo,
                     double hi, double percent, bool adjusted)
{
    char g[24], r[24], d[24], l[24], h[24], p[24], interval[120] = "";
    const bool differs = lo > 0 || hi < 0; /* shown to be another: then the difference is told, however small */
    const int digits = differs ? places(fabs(difference)) : 2, of_limits = differs ? places(fmin(fabs(lo), fabs(hi))) : 2;
    es_view_fixed(group, digits, g, sizeof g);
    es_view_fixed(rest, digits, r, sizeof r);
    es_view_fixed(difference, digits, d, sizeof d);
    es_view_fixed(lo, of_limits, l, sizeof l);
    es_view_fixed(hi, of_limits, h, sizeof h);
    es_view_fixed(percent, percent == floor(percent) ? 0 : 1, p, sizeof p);
    if (!isnan(lo) && !isnan(hi)) {
        if (adjusted) snprintf(interval, sizeof interval, ", %s to %s (%s %% family-wise)", l, h, p);
        else snprintf(interval, sizeof interval, ", %s %% %s to %s", p, l, h);
    }
    const char *direction = strcmp(g, r) == 0 ? "the same to two places" : "nearly the same";
    if (difference >= 0.005 || (differs && difference > 0)) direction = metric && metric->more ? metric->more : "higher";
    if (difference <= -0.005 || (differs && difference < 0)) direction = metric && metric->less ? metric->less : "lower";
    snprintf(out, size, "%s: %s against %s; difference %s%s", direction, g, r, d, interval);
}
