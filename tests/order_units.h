/* SPDX-License-Identifier: Apache-2.0 */
/** @file order_units.h
 * Messages about images and sides for the test of order: a screening model with findings of an exam, a side and an image, several
 * versions, failures, references by two sources that a precedence settles, an alias, a retraction.
 */
#ifndef ES_TESTS_ORDER_UNITS_H
#define ES_TESTS_ORDER_UNITS_H

#include "site_world.h"

/** The configuration of the world, with the screening model in it. */
extern const char es_order_config[];
/** Hand every message to keep(). Studies 51 to 55 and 58, patients 31 to 35, days from 20060 on. */
void es_order_units(struct es_message *(*keep)(struct es_message *));

#endif
