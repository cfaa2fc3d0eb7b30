/* SPDX-License-Identifier: Apache-2.0 */
/** @file table.h
 * The rows of testdata/predictions/nih-chexnet/predictions.csv, and what the demo stream makes up around them.
 *
 * Real: age, sex, view, the network's seven probabilities, the labels mined from the reports (NIH ChestX-ray14). Invented,
 * always in the same way: UIDs under one root, accession numbers, and study dates between 2024-01-01 and 2025-12-31, in which a
 * patient's follow-ups rise. One image is one exam.
 */
#ifndef ES_TESTDATA_STREAM_TABLE_H
#define ES_TESTDATA_STREAM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STREAM_FINDINGS 7
/** Arc of the made-up root under 2.25 (PS3.5 B.2), so that no real UID can be met. */
#define STREAM_ROOT "2.25.174402931563218076437216541909237541"
#define STREAM_MODEL "chexnet"      /* the configuration's name of the model */
#define STREAM_ALGORITHM "CheXNet"  /* AlgorithmName in the objects */
#define STREAM_VERSION "a011a9a"    /* commit of the reproduction that made the scores */

/** One finding: its column, its name in the configuration, its SNOMED CT code and meaning. */
struct stream_finding {
    const char *column, *name, *code, *meaning;
};
extern const struct stream_finding stream_findings[STREAM_FINDINGS];

/** One image. Text is as in the file. */
struct stream_row {
    uint32_t patient, follow_up, age; /* age in whole years */
    char sex[2], view[4];
    char score[STREAM_FINDINGS][24];  /* decimal text, character for character */
    uint8_t label[STREAM_FINDINGS];
    int32_t day;                      /* invented StudyDate, days since 1970-01-01 */
};

/** Read the file. *rows is the caller's (free). Says what is wrong on stderr. @return false then */
bool stream_read(const char *path, struct stream_row **rows, size_t *count);
/** How many leading rows hold the first `patients` whole patients, or at least `exams` exams of whole patients; 0: no limit. */
size_t stream_take(const struct stream_row *rows, size_t count, size_t patients, size_t exams);

/** What a UID under the root names. */
enum stream_uid { STREAM_STUDY = 1, STREAM_IMAGE_SERIES, STREAM_IMAGE, STREAM_REPORT_SERIES, STREAM_REPORT };
void stream_uid(const struct stream_row *row, enum stream_uid what, char out[65]);
/** A tracking UID of one finding of the report. */
void stream_tracking_uid(const struct stream_row *row, int finding, char out[65]);
void stream_patient_id(const struct stream_row *row, char out[32]);
void stream_accession(const struct stream_row *row, char out[32]);
/** YYYYMMDD of a day, with `between` between the parts. */
void stream_date(int32_t day, const char *between, char out[16]);

/** The row as JSON Lines events: the exam and the result, the same that the two objects say, and the reference. */
void stream_write_exam(FILE *out, const struct stream_row *row);
void stream_write_result(FILE *out, const struct stream_row *row);
void stream_write_reference(FILE *out, const struct stream_row *row);

#ifdef __cplusplus
}
#endif
#endif
