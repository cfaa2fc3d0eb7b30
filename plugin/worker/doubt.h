/* SPDX-License-Identifier: Apache-2.0 */
/** @file doubt.h
 * Which rows of a host's log may not be passed for the sake of what was committed of their objects before: an object may be stored again
 * under its id with other content, and the inbox may refuse that. For the worker's thread.
 */
#ifndef ES_PLUGIN_DOUBT_H
#define ES_PLUGIN_DOUBT_H

#include "plugin/worker/inbox.h"

#define ES_DOUBT_NOWHERE UINT64_MAX
#define ES_DOUBT_MS 60000u /* a storing thread may take so long at least from its row in the log to our inbox */

struct es_doubt {
    struct es_id_set refused;
    bool overflowed;    /* since the log's end was asked for */
    uint64_t until;     /* up to this row what was refused has to be read */
    uint64_t back_from; /* the cursor went back from here: up to it all but what was refused was settled */
    uint64_t passed[2]; /* the cursor before the first row that was passed unread since then, and in the minute before */
    uint64_t since;     /* milliseconds */
};

/** Nothing is refused or passed. */
void es_doubt_init(struct es_doubt *doubt);
/** The log is read from elsewhere: no row counts as passed or settled. */
void es_doubt_restart(struct es_doubt *doubt);
/** The inbox refused something. */
void es_doubt_overflowed(struct es_doubt *doubt, struct es_inbox *inbox);
/** Was the object refused, or may have been? */
bool es_doubt_refused(const struct es_doubt *doubt, const char *id);
/** A row is passed unread; `cursor` is before it. */
void es_doubt_passed(struct es_doubt *doubt, uint64_t cursor, uint64_t now_ms);
/** The cursor to go back to before the log is read on; ES_DOUBT_NOWHERE: none. */
uint64_t es_doubt_back(const struct es_doubt *doubt, uint64_t cursor);
void es_doubt_went_back(struct es_doubt *doubt, uint64_t from);
/** Was this row settled before the cursor went back? */
bool es_doubt_settled(const struct es_doubt *doubt, uint64_t seq, const char *id);
/** The log was asked, and is to be read from `cursor`; `last` is its end. */
void es_doubt_asked(struct es_doubt *doubt, uint64_t cursor, uint64_t last);

#endif
