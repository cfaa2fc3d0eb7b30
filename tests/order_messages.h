/* SPDX-License-Identifier: Apache-2.0 */
/** @file order_messages.h
 * A set of messages that uses every rule by which events meet: aliases, retractions, revisions, accession numbers, issuers, linked attributes.
 */
#ifndef ES_TESTS_ORDER_MESSAGES_H
#define ES_TESTS_ORDER_MESSAGES_H

#include "site_world.h"

#define ES_ORDER_MOST 330
#define ES_ORDER_NAMED 11 /* the message that the last one retracts by its identity, to be filled in */

extern struct es_message *es_order_messages[ES_ORDER_MOST];
extern size_t es_order_n_messages;
/** Fill the list; the last message is a retraction that still lacks the identity. */
void es_order_fill(void);
void es_order_free(void);

#endif
