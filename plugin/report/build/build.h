/* SPDX-License-Identifier: Apache-2.0 */
/** @file build.h
 * Inside es_report_build(): what its parts hand each other. Nothing here is for renderers.
 *
 * Order of work: groupings from the plan and the configuration; one part (sheet and sweep) a stream; the tree with every estimate;
 * the family's correction; disclosure; and the summary last, so that its words can say no more than the disclosed tree does.
 */
#ifndef ES_PLUGIN_REPORT_BUILD_BUILD_H
#define ES_PLUGIN_REPORT_BUILD_BUILD_H

#include "metrics/catalogue.h"
#include "metrics/mean_gap.h"
#include "metrics/monitor.h"
#include "metrics/standardise.h"
#include "metrics/verification.h"
#include "plugin/report/report.h"
#include "plugin/report/tree.h"

/** Everyone, each axis, the configured intersections, and those that only the plan names. */
#define ES_MAX_GROUPINGS (1 + ES_MAX_AXES + ES_MAX_INTERSECTIONS + 64)

/** Member of a group, a comparison and the like that disclosure reads and removes: people behind the numbers. */
#define ES_HIDDEN "hidden"

/** Beside the sweep: what verification bounds and external disclosure need of one group. */
struct es_tally {
    uint64_t unverified[2];                   /* window closed without a reference, by decision: non-alerts, alerts */
    uint32_t stage_patients[ES_STAGE_COUNT];  /* patients with a unit in each leaf of the funnel */
};

/** Exam days of the first and last referenced case; ES_NO_DAY when none has a day. */
struct es_report_span {
    int32_t first, last;
};

/** One stream, swept. */
struct es_report_part {
    const struct es_stream *stream;
    struct es_sweep *sweep;   /* owned: every row of the period */
    struct es_tally *tallies; /* owned: one a group of `sweep` */
    struct es_sweep *judge;   /* owned, rows from the plan's day on; NULL when that is all rows (use `sweep`) */
    struct es_tally *judge_tallies;
    struct es_report_span span, judge_span;
    struct es_mean_gap *means; /* owned; of each group of `sweep` the plan names, where a mean is judged sequentially; else NULL */
    struct es_gap_sums (*firsts)[2]; /* owned; Mode "strict": of each group of `sweep` and each rate, one case a patient; else NULL */
    struct es_standard_table adjusted[2], judge_adjusted[2]; /* owned, by rate: each gap given each other axis; of the cases of
                                                                `sweep` and of `judge` */
    cJSON *weak, *missingness; /* "exploratory", "missingness"; owned as curves */
    struct es_comparison *labelled; /* owned, by group of `sweep`: labelled rate against the rest, of groups of one axis; NULL when the
                                       finding is not binary */
    cJSON *curves, *drift;    /* owned until es_report_groups() puts them into the tree */
    cJSON *references;        /* the same */
    cJSON *charts, *alarms, *series, *expected; /* as curves */
    cJSON *groups;            /* in the tree */
};

/** One comparison of the primary family, waiting for its correction. */
struct es_trial {
    const struct es_metric *metric;
    const struct es_report_part *part;
    struct es_group_key key;
    const struct es_summary *summary; /* of the judging sweep */
    struct es_gap_sums sums;          /* what a sequential verdict is drawn from */
    struct es_comparison raw;         /* at the uncorrected level */
    cJSON *node;                      /* in the tree: filled when the correction is known */
    const struct es_mean_gap *mean;   /* of a mean judged sequentially; NULL for rates and in Mode "fixed" */
    double margin, weight;
    double adjusted, adjusted_tost;   /* p-values */
    bool turned;                      /* unverified cases could turn the difference's sign */
    struct es_corrected_gap corrected;/* the difference corrected for partial verification; NAN where there is none or nothing to correct */
    bool ai_aware;                    /* references of group or rest may have been made in sight of the AI result */
    bool from_plan_day;               /* rests on the cases from the plan's day on only */
};

/** What was found on a trial, by either kind of test. */
struct es_ruling {
    struct es_comparison comparison;
    enum es_verdict verdict;
    const char *mode, *reason; /* "sequential", "strict", "fixed"; reason NULL unless not_enough */
    double level, lo, hi;      /* the interval the verdict was drawn from, and the confidence it has by itself */
    double percent;            /* confidence in the whole family, in per cent */
    enum es_interval plain;    /* method of the fixed-size 95 % interval beside it */
    double plain_lo, plain_hi;
    double p, p_adjusted;
    double alpha;              /* level of the test that more cases would have to pass */
};

struct es_report {
    const struct es_between *between; /* NULL: none */
    struct es_site *site;
    const struct es_config *config;
    const struct es_report_options *options;
    int64_t now;
    int32_t plan_day;
    bool retrospect;
    uint64_t plan_seq;
    struct es_levels levels[ES_MAX_AXES];
    struct es_grouping groupings[ES_MAX_GROUPINGS];
    size_t n_groupings;
    struct es_stream *streams;
    size_t n_streams;
    struct es_report_part *parts;
    struct es_trial *trials;
    size_t n_trials, trials_size;
    cJSON *plan_node; /* "plan" in the tree */
    struct es_tree tree;
};

/* build/build.c */
/** A day, or null for ES_NO_DAY. */
void es_report_day(struct es_tree *tree, cJSON *parent, const char *name, int32_t day);
/** Site, software, note, instant and ledger head. */
ES_MUST_USE enum es_errc es_report_provenance(struct es_report *report, cJSON *release, const char *schema, struct es_error *err);
/** The audience and the rule applied to it. */
void es_report_disclosure(struct es_report *report, cJSON *release, const struct es_disclosure *rule);

/* plan.c */
void es_report_groupings(struct es_report *report);
/** The plan's row for a metric, NULL when it has none. */
const struct es_plan_metric *es_report_plan_metric(const struct es_report *report, const char *name);
/** Does the plan name this group? Its weight (E2: 1, 1/4, 1/16), or 0. Groups with an unknown level never are. */
double es_report_weight(const struct es_report *report, struct es_group_key key, bool nobody);
void es_report_plan(struct es_report *report, cJSON *release);

/* part.c */
ES_MUST_USE enum es_errc es_report_sweep(struct es_report *report, struct es_report_part *part, struct es_error *err);
void es_report_part_clear(struct es_report_part *part);
/** The name of a level: "unknown" for 0. */
const char *es_report_level(const struct es_report *report, uint8_t axis, uint8_t level);
/** {"sex":"F","age":"80+"} under `name`. */
void es_report_group_key(struct es_report *report, cJSON *parent, const char *name, struct es_group_key key);
bool es_report_same_key(struct es_group_key a, struct es_group_key b, uint8_t axes);

/* group.c */
/** Counts of a funnel in printing order; ends with NULL. */
extern const char *const es_funnel_keys[];
/** Does the metric rest on references that may have been made in sight of the AI result (DESIGN 8, verification)? */
bool es_report_ai_aware(const struct es_summary *summary, const struct es_metric *metric);
ES_MUST_USE enum es_errc es_report_groups(struct es_report *report, struct es_report_part *part, cJSON *finding,
                                          struct es_error *err);

/* compare.c */
ES_MUST_USE enum es_errc es_report_compare(struct es_report *report, const struct es_report_part *part, size_t index,
                                           cJSON *against_rest, struct es_error *err);
/** Correct the family and fill the waiting comparisons. */
ES_MUST_USE enum es_errc es_report_judge(struct es_report *report, struct es_error *err);

/** Do unverified cases stand against this verdict? They do where they could turn the difference's sign, unless the plan declares the
 * correction and the corrected difference, with its fixed-size limits, says the same: 0 outside the 1 - alpha limits on the same side
 * for a disparity, the 1 - 2 alpha limits within the margin for parity. */
bool es_report_blocked(const struct es_report *report, const struct es_trial *trial, enum es_verdict verdict);
/** Verification comes after the plan's minima and before the rest. @return NULL for a verdict */
const char *es_report_reason(const struct es_trial *trial, const struct es_comparison *c, const struct es_plan *plan, bool blocked);

/* sequential.c: verdicts that may be looked at every day (METRICS F, J2, J4, J5) */
/** The rate whose sequential form exists. @return false for other metrics */
bool es_report_rate(const struct es_metric *metric, enum es_rate *rate);
/** First cases of every group the plan names, while the sheet is there; nothing in other modes than "strict". */
ES_MUST_USE enum es_errc es_report_firsts(const struct es_report *report, const struct es_sheet *sheet, struct es_report_part *part,
                                          struct es_error *err);
/** Sums of one group: all its cases, or in Mode "strict" the first of each patient. @param summary  of the judging sweep
 * @param index  in part->sweep */
struct es_gap_sums es_report_sums(const struct es_report_part *part, size_t index, const struct es_summary *summary, enum es_rate rate);
/* sequential_mean.c */
/** Has the metric a sequential form as a mean? Its bounds: of a bias, from the finding's Range. */
bool es_report_mean(const struct es_finding_config *finding, const struct es_metric *metric, double bounds[2]);
/** Means of every group the plan names, while the sheet is there. */
ES_MUST_USE enum es_errc es_report_means(const struct es_report *report, const struct es_sheet *sheet, struct es_report_part *part,
                                         struct es_error *err);
void es_report_rule_mean(const struct es_report *report, const struct es_trial *trial, double total, struct es_ruling *out);
/** The weight of the whole family, as the plan and the levels make it: it does not depend on which groups could be compared.
 * @param epochs  > 0: in how many families' worth of comparisons alpha is spent (1 when no finding has two epochs); may be NULL */
double es_report_family(const struct es_report *report, double *epochs);
/** Charts that run at once: every finding x primary rate x (everyone and every group of the plan); at least 1 (METRICS J6). */
uint32_t es_report_charts(const struct es_report *report);
void es_report_rule_sequential(const struct es_report *report, const struct es_trial *trial, double total, struct es_ruling *out);
/** Cases still needed in the group until the sequential interval decides with power 0.8; NAN when none would do. */
double es_report_sequential_need(const struct es_trial *trial, const struct es_ruling *ruling);

/* need.c */
struct es_report_span es_report_span(const struct es_sheet *sheet);
/** Add "cases_needed" to a comparison that could not be decided: {"positives" or "negatives", "exams", "months", "until", "words"}, or null when
 * none would do. */
void es_report_need(struct es_report *report, const struct es_trial *trial, const struct es_ruling *ruling);

/* tally.c */
/** @return NULL when memory ran out; free() */
struct es_tally *es_report_tally(const struct es_report *report, const struct es_sheet *sheet, const struct es_sweep *sweep);
/** Could the unverified cases turn the sign of a difference of sensitivity or specificity? (DESIGN 8, verification) */
bool es_report_turned(const struct es_report *report, const struct es_sweep *sweep, const struct es_tally *tallies, size_t index,
                      const struct es_metric *metric, double difference);

/* words.c */
/** "missed more often: 0.72 against 0.84; difference -0.12, 95 % -0.17 to -0.07". The minus sign is U+2212.
 * @param lo,hi     NAN: no interval is told
 * @param percent   its level
 * @param adjusted  says so behind the interval */
void es_report_words(char *out, size_t size, const struct es_metric *metric, double group, double rest, double difference, double lo,
                     double hi, double percent, bool adjusted);

/* summary.c */
/** Fill "summary" from the disclosed tree. */
void es_report_summary(struct es_tree *tree, cJSON *release);
/* new_versions.c */
/** "new_versions" of the summary: versions whose first exam day is later than that of another version of the model, each with a sentence. */
void es_report_new_versions(struct es_tree *tree, const cJSON *release, cJSON *summary, cJSON *sentences);

/* standardised.c: gaps given another axis (METRICS J8) */
/** Both rates of a sheet, while it is there. @param tables  [2], empty; owned by the caller */
ES_MUST_USE enum es_errc es_report_standardise(const struct es_sheet *sheet, struct es_standard_table *tables, struct es_error *err);
/** Add "adjusted_for" to a comparison of a rate between a level of one axis and its rest; nothing for other comparisons. */
void es_report_adjusted(struct es_report *report, const struct es_standard_table *tables, struct es_group_key key,
                        const struct es_metric *metric, cJSON *comparison);

/* weak.c: groups that nobody named */
/** Search all conjunctions of up to three levels for groups that do worse than their rest. @param out  "exploratory" */
ES_MUST_USE enum es_errc es_report_weak(struct es_report *report, const struct es_sheet *sheet, cJSON *out, struct es_error *err);

/* verification.c */
/** Labelled rates and attributes missing by AI result, while the sheet is there: part->labelled, part->missingness. */
ES_MUST_USE enum es_errc es_report_missing(struct es_report *report, const struct es_sheet *sheet, struct es_report_part *part,
                                           struct es_error *err);
/** Difference corrected for partial verification (Begg and Greenes); NAN when the metric is no such rate, when every case is verified, or
 * when a cell of the table is empty. @param deff  of the naive difference */
struct es_corrected_gap es_report_corrected(const struct es_report *report, const struct es_summary *summary,
                                            const struct es_metric *metric, double deff);
/** Add "verification" of a group. @param index  in part->sweep */
void es_report_verification(struct es_report *report, const struct es_report_part *part, size_t index, cJSON *parent);

/* curves.c */
/** ROC points and calibration bins of everyone and each level, thinned and merged as the audience's rule asks. @param out  "curves" */
ES_MUST_USE enum es_errc es_report_curves(struct es_report *report, const struct es_sheet *sheet, double threshold, cJSON *out,
                                          struct es_error *err);
/** score_figures.c: "figures" of a group's scores. @param rows  with score and label, ascending score
 * @param threshold  of net benefit; NAN: none is made
 * @return false when memory ran out */
ES_MUST_USE bool es_report_score_figures(struct es_tree *tree, cJSON *parent, const struct es_sheet *sheet, const uint32_t *rows, uint32_t n,
                                         bool probability, double threshold, bool staff);
/** Suppress the curves of groups that do not show their AUROC. */
void es_release_curves(struct es_tree *tree, cJSON *finding);

/* drift.c */
/** Months against the first complete calendar quarter (METRICS F4). @param out  "drift" */
ES_MUST_USE enum es_errc es_report_drift(struct es_report *report, const struct es_sheet *sheet, cJSON *out, struct es_error *err);

/* alarms.c */
/** A chart for everyone and each group of the plan, per primary rate (METRICS F5, J3, J6), and the alarms they raised.
 * @param part  gets `charts` and `alarms` */
ES_MUST_USE enum es_errc es_report_alarms(struct es_report *report, const struct es_sheet *sheet, struct es_report_part *part,
                                          struct es_error *err);

/* series.c */
/** Each primary rate at the end of each month, with its confidence sequence, for everyone and each group of the plan. @param part  gets `series` */
ES_MUST_USE enum es_errc es_report_series(struct es_report *report, const struct es_sheet *sheet, struct es_report_part *part,
                                          struct es_error *err);

/* expectation.c */
/** What results without a reference would come to if scores were calibrated (METRICS H2). @param part  gets `expected` */
ES_MUST_USE enum es_errc es_report_expectation(struct es_report *report, const struct es_sheet *sheet, struct es_report_part *part,
                                               struct es_error *err);

/* exploratory.c */
/** Add "p_anytime": valid however often one looks; null where there is none. */
void es_report_anytime(struct es_report *report, const struct es_summary *summary, const struct es_metric *metric, double margin, cJSON *node);
/** Fill "p_adjusted" of every exploratory comparison that is shown. */
void es_report_exploratory(struct es_tree *tree, const cJSON *release);

/* fairness.c */
/** Add "fairness" to every finding: gaps between the levels of each axis (METRICS D1), from the disclosed tree. */
void es_report_fairness(struct es_tree *tree, cJSON *release);

/* representation.c */
/** Fill "representation" from the disclosed tree, when there is a reference population. */
void es_report_representation(struct es_report *report, cJSON *release);

/* disclosure/disclosure.c */
/** Say of a statistic that it is not estimable: its status, the code of the reason ("why") and the reason in words. */
void es_report_not_estimable(struct es_tree *t, cJSON *out, enum es_reason reason);
/**
 * Apply disclosure control to a built tree and strip its hidden members.
 *
 * none: nothing is withheld. floor:N for staff: a statistic over 1..N-1 patients is suppressed; counts are shown.
 * floor:N for others: every cell of 1..N-1 patients, each proportion whose cells are, and complements so that no suppressed cell
 * follows from its line. nhs: STANDARDS 4.3 (0 stays, 1-7 suppressed, others to the nearest 5, rates from rounded values).
 * @param between  earlier releases that this one must not be subtracted from; NULL: a release by itself
 */
struct es_between;
void es_release_disclose(struct es_tree *tree, cJSON *release, const struct es_disclosure *rule, enum es_audience audience,
                         const struct es_between *between);

#endif
