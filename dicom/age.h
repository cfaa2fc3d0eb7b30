/* SPDX-License-Identifier: Apache-2.0 */
/** @file age.h
 * PatientAge (0010,1010) AS: read, judged against what else the header says, and written in one form.
 *
 * PS3.5 6.2: exactly nnnD, nnnW, nnnM or nnnY. Written as nnnD below two years (730 days), else as nnnY: whole days or years,
 * rounded down; a week has 7 days, a month 365.25/12, a year 365.25. What was given in years stays in years: 000Y is some day of the
 * first year, not the first day. Pure; any thread.
 */
#ifndef ES_DICOM_AGE_H
#define ES_DICOM_AGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ES_MAX_AGE_YEARS 120    /* nobody older than 122 is on record; 122Y in headers is a slip or a dummy birth date */
#define ES_INFANT_DAYS 730      /* below this, days are kept */
#define ES_INFANT_MAX_KG 30.0   /* no child under two weighs more: with 45 kg or 80 kg beside it, 000Y is an adult's */
#define ES_INFANT_MAX_M 1.3     /* nor is one taller */
#define ES_AGE_TOLERANCE_DAYS 366 /* PatientAge and birth date may differ by a year: age at another date, rounding */

/** What else bears on an age. Zero and NAN mean "not given" where they can. */
struct es_age_evidence {
    bool birth_known;      /* a PatientBirthDate and a StudyDate that can be believed */
    int32_t birth_age;     /* days from birth to study */
    int32_t birth_years;   /* birthdays passed */
    double weight_kg;      /* NAN when not given or not a number */
    double size_m;
    bool dummies;          /* the header fills what it does not know with zeroes or dummy dates */
};

/** One age. */
struct es_age {
    bool valid;
    int32_t days;       /* completed days (an estimate unless given in D); when valid */
    int32_t years;      /* completed years; when valid */
    bool in_years;      /* was given as nnnY */
    const char *reason; /* static; when not valid: "ill_formed", "no_unit", "implausible", "dummy" */
};

/** Read the text of PatientAge, trimmed; lower-case units and one or two digits are ill-formed like all else but nnn[DWMY]. */
struct es_age es_age_read(const char *text, size_t len);
/** Judge a valid age: implausible when the size, weight or birth date of somebody older stands beside an infant's age, or when it
 * is above ES_MAX_AGE_YEARS; dummy when 000Y stands among other zeroes. */
struct es_age es_age_judge(struct es_age age, const struct es_age_evidence *evidence);
/** Whether an age and a believed birth date differ by more than one year: completed years for nnnY, ES_AGE_TOLERANCE_DAYS else. */
bool es_age_conflicts(const struct es_age *age, const struct es_age_evidence *evidence);
/** Write a valid age as nnnD or nnnY. @param out at least 5 bytes */
void es_age_write(const struct es_age *age, char *out);
/** Age by birth and study day, whether a birth date can be believed at all: not one of the dummies 1700, 1800, 1900-01-01,
 * not after the study, and at most ES_MAX_AGE_YEARS. */
bool es_age_from_birth(int32_t birth_day, int32_t study_day, struct es_age *out);

#ifdef __cplusplus
}
#endif
#endif
