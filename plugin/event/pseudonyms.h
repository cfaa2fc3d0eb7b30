/* SPDX-License-Identifier: Apache-2.0 */
/** @file pseudonyms.h
 * A walk over every keyed hash of an event: identifiers, lists of references, values outside vocabularies, hashed names, the sender's
 * event id. Sides, which carry no key, are passed over. Pure.
 */
#ifndef ES_PLUGIN_EVENT_PSEUDONYMS_H
#define ES_PLUGIN_EVENT_PSEUDONYMS_H

#include "plugin/event/event.h"

#define ES_CUT_UNITS 15 /* hex digits of hashed units (names.h) */

/** @param p  may be changed: another pseudonym is then in its place
 * @param personal  it names one person's things, and no labeller, device, organisation or value
 * @return false to stop */
typedef bool es_pseudonym_visit(void *context, struct es_pseudonym *p, bool personal);
/** Visit all; lists are sorted again afterwards. A hashed name that is cut off stands for the pseudonym whose further digits are 0.
 * @return false when a visit stopped */
bool es_event_pseudonyms(struct es_event *event, es_pseudonym_visit *visit, void *context);
/** Make the hex digits of a pseudonym from the given place on 0. */
void es_cut_hash(struct es_pseudonym *hash, size_t digits);

#endif
