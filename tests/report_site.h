/* SPDX-License-Identifier: Apache-2.0 */
/** @file report_site.h
 * A stand-in for a site: hand-made sheets behind the calls that es_report_build() makes, so that a report can be tested without a
 * ledger. It takes the place of plugin/site/site.c and plugin/cohort/cohort.c in the programs that link it.
 */
#ifndef ES_TESTS_REPORT_SITE_H
#define ES_TESTS_REPORT_SITE_H

#include <cJSON.h>

#include "plugin/report/report.h"
#include "plugin/site/site.h"

#define STAND_IN_ROWS 4000
#define ES_STAND_IN_RELEASES 512

/** One row as a test wants it. */
struct stand_in_row {
    uint32_t patient;
    uint8_t sex;  /* 0 unknown, 1 F, 2 M, 3 O */
    uint8_t age;  /* 0 unknown, 1 "0-59", 2 "60+" */
    uint8_t stage, mark, decision, label;
    double score;
    int32_t day;
    double measure[ES_MAX_MEASURES]; /* columns of the site's kind of measures; a NAN in the first: not compared */
};

struct es_site {
    struct es_config config;
    struct es_finding_config finding;
    struct es_model_config model;
    struct stand_in_row rows[STAND_IN_ROWS]; /* in patient order */
    uint32_t n;
    int32_t plan_day;
    bool retrospect;
    enum es_measures measures; /* columns the sheet has */
    int32_t days;            /* that have passed since its first moment */
    char *releases[ES_STAND_IN_RELEASES]; /* documents of the events taken: stand_in_end() */
    size_t n_releases;
};

/** Two axes (sex F M O, age 0-59 60+) and their crossing; plan: sensitivity (margin 0.1, floor 0.7) and specificity by sex, age, and F 60+. */
void stand_in_init(struct es_site *site);
/** Free what it holds. */
void stand_in_end(struct es_site *site);
/** Add rows of new patients, one row a patient, all alike but for score. */
void stand_in_add(struct es_site *site, uint32_t count, struct stand_in_row like);
/** Add positives of a sex and an age, one row a patient: so many with an alert, then so many without. */
void stand_in_positives(struct es_site *site, uint8_t sex, uint8_t age, uint32_t found, uint32_t missed);
/** A mixed stream of 1,200 units with every leaf of the funnel, unknowns, and patients with two exams. */
void stand_in_mixed(struct es_site *site);

/** An empty stand-in with disclosure for outsiders of this kind and floor, and a release every so many days. */
void stand_in_for_outsiders(struct es_site *site, enum es_disclosure_kind kind, uint32_t floor, int64_t every_days);
/** What outsiders are shown now; recorded where `record`. Ends the test where there is none. @return owned */
cJSON *stand_in_external(struct es_site *site, bool record);
/** The release of all days of a stand-in. Ends the test where it cannot be built. @return owned */
cJSON *stand_in_release(struct es_site *site, enum es_audience audience);
/** A member of the release's first finding, as "groups"; NULL where it has none. Ends the test where there is no finding. */
const cJSON *stand_in_part(const cJSON *release, const char *name);
/** The entry of a list whose group has this label ("everyone", "sex F", "sex F, age 60+"); of this metric, unless it is NULL. NULL: none has. */
const cJSON *stand_in_entry(const cJSON *list, const char *label, const char *metric);
/** A group of the first finding by its label, and its comparison with its rest on a metric; NULL where there is none. */
const cJSON *stand_in_group(const cJSON *release, const char *label);
const cJSON *stand_in_rest(const cJSON *release, const char *label, const char *metric);
/** Do these words stand in a sentence of the summary? */
bool stand_in_said(const cJSON *release, const char *words);

#endif
