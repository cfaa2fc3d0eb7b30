/* SPDX-License-Identifier: Apache-2.0 */
/* What catchup.c (the log, the cursor, what is remembered) and catchup_walk.c (all series) share. */
#ifndef ES_PLUGIN_CATCHUP_INTERNAL_H
#define ES_PLUGIN_CATCHUP_INTERNAL_H

#include "plugin/worker/aside.h"
#include "plugin/worker/catchup.h"
#include "plugin/worker/doubt.h"

struct es_catchup {
    const struct es_host *host;
    struct es_catchup_state state;
    bool loaded, checked;
    uint64_t mark_seq;
    char mark[2 * ES_PSEUDONYM_SIZE + 1];
    /* of the step in progress */
    uint64_t next_cursor, next_mark_seq;
    char next_date[ES_HOST_DATE_SIZE], date[ES_HOST_DATE_SIZE], next_mark[2 * ES_PSEUDONYM_SIZE + 1];
    bool walk_done;
    struct es_doubt doubt;
    /* objects that could not be read */
    struct es_aside aside;
    unsigned pause_ms; /* before the first is asked for again */
    bool noted_again, walk_waits; /* NOTE_AGAIN stands; a walk came to its end, but for them */
    /* of the walk */
    uint64_t offset;
    char last_series[ES_HOST_ID_SIZE];
    char (*page)[ES_HOST_ID_SIZE]; /* series of one call */
    size_t page_count, page_at;
    char (*instances)[ES_HOST_ID_SIZE];
    size_t instance_count, instance_at;
};

/** Does what was committed of the object, or is in `load`, stand for what the host holds? */
bool es_catchup_is_committed(const struct es_catchup *catchup, const struct es_load *load, const char *id);
/** The walk begins with the first series. */
void es_catchup_walk_reset(struct es_catchup *catchup);
/** One bounded step of it; `walk_done` when it came to the end. */
ES_MUST_USE enum es_errc es_catchup_walk_step(struct es_catchup *catchup, struct es_inbox *inbox, struct es_site *site, struct es_load *load,
                                              struct es_error *err);

#endif
