/* SPDX-License-Identifier: Apache-2.0 */
/** @file sheet.h
 * One finding's columns, copied out in patient order: the snapshot that a sweep reads.
 *
 * Rows of one patient are adjacent. Everything is an index or a number: the sheet knows neither names nor DICOM.
 */
#ifndef ES_METRICS_SHEET_H
#define ES_METRICS_SHEET_H

#include "metrics/estimate.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ES_MAX_AXES 16    /* axes of one configuration */
#define ES_MAX_LEVELS 66  /* levels of one axis: unknown + MaximumLevels (64) + other */

/** Where a unit stands in the funnel: exactly one leaf each, so that every line adds up.
 * seen = excluded + ineligible + eligibility_unknown + eligible; eligible = resulted + rejected + failed + pending + missing;
 * resulted = referenced + indeterminate + maturing + overdue. */
enum es_stage {
    ES_STAGE_EXCLUDED,
    ES_STAGE_INELIGIBLE,
    ES_STAGE_ELIGIBILITY_UNKNOWN,
    ES_STAGE_REJECTED,
    ES_STAGE_FAILED,
    ES_STAGE_PENDING,
    ES_STAGE_MISSING,
    ES_STAGE_REFERENCED,    /* result, reference, and the reference window is closed: counts for performance */
    ES_STAGE_INDETERMINATE, /* a reference came and says it cannot be told */
    ES_STAGE_MATURING,      /* result, window still open */
    ES_STAGE_OVERDUE,       /* result, window closed, no reference */
    ES_STAGE_COUNT
};
/** snake_case name of a stage, as in the report's funnel. */
const char *es_stage_name(enum es_stage stage);

/** Per-row marks beside the stage. */
enum es_row_mark {
    ES_MARK_OUT_OF_SCOPE = 1u << 0,     /* an ineligible unit that was given a result */
    ES_MARK_LATE = 1u << 1,             /* the result came after ExpectWithin */
    ES_MARK_DECISION_MISMATCH = 1u << 2,/* decision sent differs from score >= threshold sent */
    ES_MARK_AI_AWARE = 1u << 3,         /* reader_saw_ai is not "no" */
    ES_MARK_EXPLORATORY = 1u << 4,      /* exam before the plan's date: bears no verdict */
    ES_MARK_HAS_REFERENCE = 1u << 5     /* a reference with a label is there, window closed or not */
};

#define ES_NO_ANSWER 2u /* decision or label that is not there */

/** What the columns of measures of a sheet are; doubles, NAN where there is none. A row whose first column is NAN is not compared. */
enum es_measures {
    ES_MEASURES_NONE,    /* no columns: decisions, labels and scores are all there is */
    ES_MEASURES_VALUES,  /* the model's value, the reference's: same units */
    ES_MEASURES_LEVELS,  /* the model's level, the reference's: whole numbers */
    ES_MEASURES_OVERLAP, /* state (enum es_overlap_part), Dice, IoU, relative volume difference, HD95 in mm, surface distance in mm */
    ES_MEASURES_LESIONS, /* lesions of the reference, of those found at the operating point, false marks there */
    ES_MEASURES_KINDS
};
#define ES_MAX_MEASURES 6
/** Columns of a kind. */
unsigned es_measure_columns(enum es_measures kind);
/** Values of the state column: which of the two masks have a voxel (METRICS C3). */
enum es_overlap_part { ES_PART_MEASURED = 1, ES_PART_BOTH_EMPTY = 2, ES_PART_RESULT_EMPTY = 3, ES_PART_REFERENCE_EMPTY = 4 };

/** A mark of a model on one unit: the best on a lesion of the reference, or one that is on none. */
struct es_mark {
    double score; /* finite */
    bool hit;
};

/** Borrowed columns, each `rows` long. `{0}` is an empty sheet. */
struct es_sheet {
    uint32_t rows; /* at most 2^31 - 1, so that a doubled placement fits 32 bits */
    uint32_t patients;         /* patient indices are 0 .. patients-1 */
    uint8_t axes;              /* <= ES_MAX_AXES */
    const uint32_t *patient;   /* non-decreasing; every index 0 .. patients-1 occurs */
    const uint8_t *const *level; /* [axes][rows]; 0 is unknown, else 1 .. axis_levels-1 */
    const uint8_t *axis_levels;  /* [axes]; number of levels, unknown included: >= 1 */
    const double *score;       /* NAN: none. Finite otherwise */
    const uint8_t *decision;   /* 0, 1 or ES_NO_ANSWER: what was alerted */
    const uint8_t *label;      /* 0, 1 or ES_NO_ANSWER: the reference standard; a referenced row has one unless there are measures */
    const uint8_t *stage;      /* enum es_stage */
    const uint8_t *mark;       /* enum es_row_mark bits */
    const int32_t *exam_day;   /* days since 1970-01-01; INT32_MIN: not known */
    enum es_measures measures;
    const double *const *measure; /* [es_measure_columns()][rows] */
    const struct es_mark *marks;  /* of ES_MEASURES_LESIONS, row after row; NULL when no mark has a score */
    const uint32_t *mark_from;    /* [rows + 1]: marks of row i are mark_from[i] .. mark_from[i + 1] - 1; NULL with marks */
};

/** Is the sheet well formed (order, ranges, no NaN where a number is promised)? Names the first fault.
 * @param fault  written when false: a static sentence
 * @return true when every rule above holds */
bool es_sheet_check(const struct es_sheet *sheet, const char **fault);

#ifdef __cplusplus
}
#endif
#endif
