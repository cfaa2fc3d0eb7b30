/* SPDX-License-Identifier: Apache-2.0 */
/** @file disclosure.h
 * Inside disclosure control: one finding's counts as a table of cells, groups by keys.
 *
 * Rules: METRICS G2 (primary suppression of 1..N-1, complements within lines), STANDARDS 4.3 (the NHS small-number rule).
 * Hundepool et al., Statistical Disclosure Control, Wiley (2012), DOI 10.1002/9781118348239, chapter 4.
 * Then audits of all sums together (disclosure/audit.c, disclosure/solve.c), and what earlier releases
 * showed is compared with what is to be shown (disclosure/between.c).
 */
#ifndef ES_PLUGIN_REPORT_DISCLOSURE_DISCLOSURE_H
#define ES_PLUGIN_REPORT_DISCLOSURE_DISCLOSURE_H

#include "plugin/report/build/build.h"

enum es_cell_key {
    ES_CELL_CASES,
    ES_CELL_PATIENTS,
    ES_CELL_POSITIVES,
    ES_CELL_NEGATIVES,
    ES_CELL_SEEN,
    ES_CELL_EXCLUDED,
    ES_CELL_INELIGIBLE,
    ES_CELL_ELIGIBILITY_UNKNOWN,
    ES_CELL_ELIGIBLE,
    ES_CELL_RESULTED,
    ES_CELL_REJECTED,
    ES_CELL_FAILED,
    ES_CELL_PENDING,
    ES_CELL_MISSING,
    ES_CELL_REFERENCED,
    ES_CELL_INDETERMINATE,
    ES_CELL_MATURING,
    ES_CELL_OVERDUE,
    ES_CELL_LATE,
    ES_CELL_OUT_OF_SCOPE,
    ES_CELL_ALERTS,
    ES_CELL_ALERTS_VERIFIED,
    ES_CELL_NON_ALERTS,
    ES_CELL_NON_ALERTS_VERIFIED,
    ES_CELL_TP, /* the confusion table is not printed, but follows from the rates that are */
    ES_CELL_FN,
    ES_CELL_FP,
    ES_CELL_TN,
    ES_CELL_EXACT, /* levels: equal, one away, further; cases are their sum */
    ES_CELL_ONE_OFF,
    ES_CELL_FAR,
    ES_CELL_DRAWN, /* masks: cases with a voxel in either mask; in one of them; in both */
    ES_CELL_ONE_EMPTY,
    ES_CELL_TWO_DRAWN,
    ES_CELL_LESIONS, /* lesions of the references: found, missed; and marks on none */
    ES_CELL_FOUND,
    ES_CELL_MISSED,
    ES_CELL_FALSE_MARKS,
    ES_CELL_UNSCORED, /* from here on: what two numbers that are printed leave of one another (leftovers.c) */
    ES_CELL_UNDECIDED,
    ES_CELL_UNDECIDED_POSITIVES,
    ES_CELL_UNDECIDED_NEGATIVES,
    ES_CELL_EARLY_ALERTS, /* verified, and not in the confusion table */
    ES_CELL_EARLY_NON_ALERTS,
    ES_CELL_UNSEEN_POSITIVES, /* failed, rejected, missing */
    ES_CELL_BEFORE_TP, /* of the confusion table, but not in the cases that bear verdicts */
    ES_CELL_BEFORE_FN,
    ES_CELL_BEFORE_FP,
    ES_CELL_BEFORE_TN,
    ES_CELL_KEYS
};

struct es_cell {
    double value;
    double people; /* patients behind it; units where patients are not known */
    bool hidden;
    bool held;  /* differs too little from what an earlier release showed: small, whatever its size */
    bool small; /* hidden for its own sake: of few people; else only so that others stay hidden */
    bool left_out; /* hidden, and were it 0: nothing is known of it, so that no sum it stands in tells anything */
};

/** What is applied. */
struct es_release_rule {
    enum es_disclosure_kind kind;
    double floor; /* people of 1 .. floor-1 are not shown */
    bool external;
    bool held;  /* a count of the finding differs by few from an earlier release */
    bool later; /* one differs at all: what is made of counts that are printed nowhere cannot be compared, and is left out */
};

/** Groups that differ in the level of one axis only, and the group they add up to. */
struct es_release_line {
    size_t first, n; /* members: table->members[first .. first+n) */
    size_t total;    /* SIZE_MAX: not printed */
};

/** Groups that cross two axes, as a table. */
struct es_release_square {
    size_t rows, columns;
    size_t *at; /* owned: [ES_MAX_LEVELS][ES_MAX_LEVELS]; SIZE_MAX: nobody */
};

/** What an earlier release told of the same finding, laid beside the table's groups. */
struct es_release_then {
    const cJSON **group; /* [groups]: the group as it was shown, of a comparison its key; NULL: it was not there */
    double *value;       /* [groups][ES_CELL_KEYS]: the true count; NAN where it was not shown */
    double *people;      /* [groups][ES_CELL_KEYS]: behind it */
    const cJSON *finding; /* NULL: told by a comparison of versions */
};

struct es_release_table {
    struct es_release_rule rule;
    const char *place; /* "model|version|finding|epoch", by which it is found in another release; borrowed */
    struct es_release_then *then; /* owned; the earlier releases that had this finding */
    size_t n_then;
    size_t groups;
    cJSON **group;          /* owned list, borrowed items */
    struct es_cell *cells;  /* owned: [groups][ES_CELL_KEYS] */
    struct es_release_line *lines; /* owned; only for outsiders' floor */
    size_t n_lines, lines_size;
    size_t *members;        /* owned */
    size_t n_members, members_size;
    struct es_release_square *squares; /* owned; as lines */
    size_t n_squares;
};

/** One count over all groups, for the audit. */
struct es_release_column {
    const uint64_t *value; /* [groups] */
    uint8_t *hidden;       /* [groups]; 1 is added where more must go */
    const uint8_t *small;  /* [groups]: 1 for what must not be worked out; hidden is 1 there */
    uint64_t least;        /* what every hidden count is known to reach: 1 where zeros are always shown, else 0 */
};
/** A sum: cells[0] is the total of the others. Cells are group * ES_CELL_KEYS + key. */
struct es_release_sum {
    size_t *cells;
    size_t n;
};

/** @return false when memory ran out */
bool es_release_table_make(struct es_release_table *table, cJSON *finding, struct es_release_rule rule);
void es_release_table_free(struct es_release_table *table);
/** Find the lines that groups form. @return false when memory ran out */
bool es_release_lines(struct es_release_table *table);
/** Find the two-axis tables. @return false when memory ran out */
bool es_release_squares(struct es_release_table *table);
void es_release_squares_free(struct es_release_table *table);
/** Exact limits within each line and each two-axis table; whole lines are hidden where they meet.
 * @param failed  set when memory ran out: the column is not to be shown
 * @return was more hidden? */
bool es_release_audit_column(const struct es_release_table *table, const struct es_release_column *column, bool *failed);
/** Does a sum say anything? Not where a count of it is left out. */
bool es_release_sum_known(const struct es_release_table *table, const struct es_release_sum *sum);
enum es_release_solved { ES_RELEASE_SOLVED, ES_RELEASE_TOO_LARGE, ES_RELEASE_NO_MEMORY };
/** Mark the small cells whose count all sums together tell, whole numbers being whole. @param told  [groups * ES_CELL_KEYS]: 1 is added */
enum es_release_solved es_release_determined(const struct es_release_table *table, const struct es_release_sum *sums, size_t n_sums,
                                             uint8_t *told);
/** Limits and determined cells over all sums at once. @param leftover  ES_CELL_KEYS: the sums of all other counts; else the one whose lines
 * these are @return was more hidden? */
bool es_release_audit_sums(struct es_release_table *table, const struct es_release_sum *sums, size_t n_sums, size_t leftover);
/* disclosure/then.c and between.c: after earlier releases, under their outsiders' rules. */
/** Lay what earlier releases of either kind told beside a table.
 * @param tables   of all findings, by `place`; their counts as they are, whatever was hidden since
 * @param number   of the table
 * @param earlier  list of records (record/between.h); NULL: none @return false when memory ran out */
bool es_release_then_read(struct es_release_table *tables, size_t n_tables, size_t number, const cJSON *earlier);
void es_release_then_free(struct es_release_table *table);
/** Mark the counts that differ from an earlier one by few, and those behind whom few came or went. */
void es_release_hold(struct es_release_table *table);
/** Hide more where what is shown tells by how few the counts that are hidden, now or then, changed together. @return was more hidden? */
bool es_release_between(struct es_release_table *table, const struct es_release_sum *sums, size_t n_sums);
/** Would this figure, which differs from an earlier one, tell of few? It rests on the same number of cases as then. */
bool es_release_figure_held(const struct es_release_table *table, size_t group, const cJSON *metric);
/** Would a figure be shown as another than the one in a record? */
bool es_release_moved(double now, double then);
/** Withhold the months and bins that differ by few from earlier ones. */
void es_release_sections_held(struct es_tree *tree, const struct es_release_table *table, cJSON *finding);
/** The same of the counts outside the findings; before they are disclosed. */
void es_release_beside_held(struct es_tree *tree, cJSON *release, const cJSON *earlier, const struct es_release_rule *rule);
/** Note what the table shows, with the true counts: one entry of "cells" in a release's record. */
void es_release_note(struct es_tree *tree, cJSON *cells, const struct es_release_table *table);
/** What the report says of what is held as a section. */
#define ES_HELD_WORDS "too few patients more than in an earlier report to show without disclosing one"
/** Is a metric a plain share x / n? */
bool es_release_is_rate(const char *metric);
/** The two cells of each rate are told where the rate is; each other cell where its count is printed. */
bool es_release_told(const struct es_release_table *table, size_t group, size_t key);

/** Hide small cells and what they follow from. */
void es_release_hide(struct es_release_table *table);
/** Write the cells back: the word, or the rounded number. */
void es_release_write(struct es_tree *tree, struct es_release_table *table);
/** Estimates, floors and comparisons of every group, after the cells are decided. */
void es_release_statistics(struct es_tree *tree, struct es_release_table *table);

/** disclosure/measures.c: the cells from ES_CELL_EXACT on, from what a group's metrics tell. */
void es_release_measures_read(const cJSON *group, struct es_cell *cells);
/** Does this metric tell a hidden one of them? */
bool es_release_measures_hidden(const char *metric, const struct es_cell *cells);
/** Do two metrics tell of the same cells? */
bool es_release_measures_family(const char *a, const char *b);
/** Do figures of what was compared rest on numbers of cases that differ, in any group, by few? Then none of these numbers is shown. */
bool es_release_compared_few(const struct es_release_table *table);
/** Is this figure a count over its n, so that it tells n? */
bool es_release_tells_n(const char *metric);
void es_release_compared_hide(struct es_tree *tree, cJSON *metrics);

/** standardised.c: suppress entries of "adjusted_for". For staff those over few patients; for outsiders, where any cell of the two axes
 * that crossed is small, in either rate, so that no gap tells what the crossing hides; under nhs all, as they cannot be made of
 * rounded counts. */
void es_release_adjusted(struct es_tree *tree, cJSON *comparison, const struct es_release_rule *rule);
/** need.c: exams a case would tell, with the cases shown, how many exams of the group ended otherwise: not for outsiders. */
void es_release_need(struct es_tree *tree, cJSON *comparison);
/** weak.c: take weak groups out of the list and count them. For staff those of few patients; for outsiders all that the report does not
 * show among its groups already, with the same figures, as a new cell could be subtracted from another; under nhs all. */
void es_release_weak(struct es_tree *tree, cJSON *finding, const struct es_release_rule *rule);
/** leftovers.c: the cells from ES_CELL_UNSCORED on, once the others are read. */
void es_release_leftovers_read(const cJSON *group, struct es_cell *cells);
/** Hide what would tell a hidden one; mark those as hidden that nothing tells any more. */
void es_release_leftovers_tie(struct es_cell *cells);
/** Does this metric, or its n, tell a hidden one? */
bool es_release_leftovers_hidden(const char *metric, const struct es_cell *cells);
/** Do the figures of the cases that bear verdicts, beside those of all cases, tell of few? @param metric  of the comparison or floor */
bool es_release_before_hidden(const char *metric, const struct es_cell *cells);
/** Charts and alarms, after the statistics are decided (disclosure/monitoring.c). */
void es_release_monitoring(struct es_tree *tree, const cJSON *finding, const struct es_release_rule *rule);
/** Take what only we may see out of them, whatever the rule. */
void es_release_monitoring_strip(const cJSON *finding);

/** disclosure/verification.c: after the cells are decided. `missingness` and the verification of each group. */
void es_release_verification(struct es_tree *tree, const struct es_release_table *table, cJSON *finding);
/** Take their hidden members out. */
void es_release_verification_strip(cJSON *finding);
/** Is a count over so many people too small to show? 0 is shown. */
bool es_release_small(const struct es_release_rule *rule, double people);
/** NHS: to the nearest 5. */
double es_release_round5(double count);

#endif
