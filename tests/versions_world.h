/* SPDX-License-Identifier: Apache-2.0 */
/** @file versions_world.h
 * A small site whose model "net" had versions 1.0, 2.0 and 3.0-beta, for tests of comparisons: exams told by what each version said of them.
 */
#ifndef ES_TESTS_VERSIONS_WORLD_H
#define ES_TESTS_VERSIONS_WORLD_H

#include "plugin/report/versions/versions.h"
#include "site_world.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)

extern struct es_world versions_world;
extern unsigned versions_study; /* the last one's number */

/** Open it, with this rule for staff; outsiders: floor:3. */
void versions_start(const char *internal);
void versions_take(struct es_message *message);
/** One exam with what each version said (-1: nothing, else an alert) and its label (-1: none). */
void versions_unit(unsigned patient, const char *sex, int before, int after, int label, int32_t day);
/** So many patients with one on DAY. */
void versions_units(unsigned count, const char *sex, int before, int after, int label);
/** The last event closes all windows: an exam 40 days later that nobody answered. */
void versions_close_windows(void);
/** 1.0 against 2.0. Ends the test where it cannot be made. @return owned */
cJSON *versions_compared(enum es_audience audience);
const cJSON *versions_get(const cJSON *object, const char *name);
/** Of the first finding: a measure's (0 sensitivity, 1 specificity) grouping (everyone, sex, age, both), and a group of it. */
const cJSON *versions_grouping(const cJSON *tree, int measure, int number);
const cJSON *versions_group(const cJSON *tree, int measure, int number, int index);
/** M: 40 both right, 12 only before, 2 only after, 6 neither. F: 20, 3, 1, 6, and five that one version alone saw; ten without the disease. */
void versions_levelled_down(void);
/** Does a group of a comparison show any number? */
bool versions_has_numbers(const cJSON *group);

#endif
