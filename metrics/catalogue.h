/* SPDX-License-Identifier: Apache-2.0 */
/** @file catalogue.h
 * Every metric is one row of one table: the report, the CSV header, the man page's list and the tests are walked from it.
 */
#ifndef ES_METRICS_CATALOGUE_H
#define ES_METRICS_CATALOGUE_H

#include "metrics/sweep.h"
#include "metrics/verdict.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Tasks a metric speaks of; a bit each. */
enum es_task {
    ES_TASK_BINARY = 1u << 0,
    ES_TASK_ORDINAL = 1u << 1,
    ES_TASK_MEASUREMENT = 1u << 2,
    ES_TASK_SEGMENTATION = 1u << 3,
    ES_TASK_DETECTION = 1u << 4,
    ES_TASK_DECIDED = 1u << 5 /* beside another: a threshold makes decisions and labels of it, its scores are no probabilities */
};
/** What the sweep gathers for a metric. */
enum es_kernel { ES_KERNEL_RATIO, ES_KERNEL_MEAN, ES_KERNEL_RANK, ES_KERNEL_FIT, ES_KERNEL_CURVE };
/** What the denominator counts, for "cases needed" and the minimum. */
enum es_denominator { ES_PER_CASE, ES_PER_POSITIVE, ES_PER_NEGATIVE, ES_PER_ALERT, ES_PER_NON_ALERT, ES_PER_ELIGIBLE_POSITIVE,
                      ES_PER_LESION };

/** Confidence and the smallest denominators. `{0}` is not valid; see es_level_default(). */
struct es_level {
    double alpha;          /* two-sided, in (0,1); 0.05 */
    double equivalence;    /* per side, for parity; 0.05 */
    uint32_t min_cases;    /* units of the denominator in group and rest for a verdict; 10 */
    uint32_t min_patients; /* patients for a verdict; 50 */
};
struct es_level es_level_default(void);

struct es_metric {
    const char *name;   /* snake_case, as in the report: "sensitivity" */
    const char *title;  /* for people: "Sensitivity" */
    const char *unit;   /* "proportion", "ratio", "logit", "cases", "mm", "levels"; "value": the units of the measurement */
    const char *doc;    /* one sentence: what it is, with its formula */
    const char *source; /* paper with DOI, or standard */
    const char *more;   /* words when the group's value is higher than the rest's: "found more often" */
    const char *less;   /* words when it is lower: "missed more often" */
    uint32_t tasks;     /* enum es_task bits */
    enum es_kernel kernel;
    enum es_denominator denominator;
    enum es_interval interval;
    uint32_t min_n;
    bool verdict;       /* may bear a verdict (DESIGN 8: not PPV, NPV, accuracy, alert rate) */
    struct es_estimate (*finish)(const struct es_summary *, const struct es_level *);
    /* difference group - rest: value, se (joint), intervals; NULL where none is offered. An estimated difference of sensitivity or
     * specificity has reason ES_VERIFICATION when the unverified could turn its sign: es_verdict_of() then says not enough */
    bool (*compare)(const struct es_summary *, const struct es_level *, double margin, struct es_comparison *);
};

extern const struct es_metric es_metrics[];
extern const size_t es_metrics_count;
/** NULL when no metric has this name. */
const struct es_metric *es_metric_find(const char *name);

/** An interval that takes every case for a patient of its own. */
struct es_unclustered {
    enum es_interval method;
    double lo, hi;
};
#define ES_MAX_UNCLUSTERED 2
/** The intervals that published figures mostly carry, to be laid beside them and for nothing else: they are too narrow where patients
 * have several cases. Of a rate Wilson's and Clopper and Pearson's, of an AUROC DeLong's.
 * @param estimate  of this metric and summary
 * @return how many were written; 0 for other metrics, and where nothing was estimated */
size_t es_metric_unclustered(const struct es_metric *metric, const struct es_summary *summary, const struct es_estimate *estimate,
                             const struct es_level *level, struct es_unclustered out[ES_MAX_UNCLUSTERED]);

#ifdef __cplusplus
}
#endif
#endif
