/* SPDX-License-Identifier: Apache-2.0 */
/** @file order_measures.h
 * Messages about measurements, levels, masks and lesions for the test of order: values in several units, words and numbers of levels, marks,
 * overlaps that name what was compared and such that do not, by two methods, revisions and retractions of all of them.
 */
#ifndef ES_TESTS_ORDER_MEASURES_H
#define ES_TESTS_ORDER_MEASURES_H

#include "site_world.h"

/** The model, with a comma before it, for a configuration's list. */
#define ES_ORDER_GAUGE                                                                                                             \
    ",{\"Name\":\"gauge\",\"Recognise\":{\"AlgorithmName\":\"Gauge\"},\"Findings\":["                                              \
    "{\"Name\":\"lvef\",\"Task\":\"measurement\",\"Units\":\"%\",\"Range\":[0,100],\"Threshold\":40,\"AlertWhen\":\"below\",\"ReferenceWithin\":\"1d\"}," \
    "{\"Name\":\"heart\",\"Task\":\"segmentation\",\"ReferenceWithin\":\"1d\"},"                                                   \
    "{\"Name\":\"density\",\"Task\":\"ordinal\",\"Levels\":[\"A\",\"B\",\"C\",\"D\"],\"ReferenceWithin\":\"1d\"},"                 \
    "{\"Name\":\"mark\",\"Task\":\"detection\",\"Threshold\":0.5,\"ReferenceWithin\":\"1d\"}]}"

/** Hand every message to keep(). Studies 71 to 76, patients 41 to 46, days from 20070 on. */
void es_order_measures(struct es_message *(*keep)(struct es_message *));
/** Overlaps name two events by identity, which the key decides. */
void es_order_measures_name(const struct es_site *site);
/** The events that overlaps name. @return how many, at most 6 */
size_t es_order_measures_named(const struct es_message *out[6]);

#endif
