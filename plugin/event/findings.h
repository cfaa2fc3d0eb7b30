/* SPDX-License-Identifier: Apache-2.0 */
/** @file findings.h
 * The findings of a message, by the rules of its kind. Private to make.c and findings.c.
 */
#ifndef ES_PLUGIN_EVENT_FINDINGS_H
#define ES_PLUGIN_EVENT_FINDINGS_H

#include "plugin/event/event.h"

/** Check a message's findings and put them into the event, sorted by name: finite numbers, -0 as 0, and what was not given as zero, so
 * that equal findings are equal bytes.
 * @param event  its findings are owned by it also after a failure
 * @return ES_E_REFUSED by the finding's place, or by its name where it is configured; ES_E_MEMORY */
ES_MUST_USE enum es_errc es_event_findings(struct es_event *event, const struct es_message *message, const struct es_config *config,
                                           const struct es_key *key, struct es_error *err);

#endif
