/* SPDX-License-Identifier: Apache-2.0 */
/* Every series that the host holds, a bounded step at a time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/worker/catchup_internal.h"

void es_catchup_walk_reset(struct es_catchup *catchup)
{
    free(catchup->instances);
    catchup->instances = NULL;
    catchup->instance_count = catchup->instance_at = 0;
    catchup->page_count = catchup->page_at = 0;
    catchup->offset = 0;
    catchup->last_series[0] = '\0';
    catchup->state.series_walked = 0;
}

/* The next page of series; it begins with the last one seen, so that a deletion in between shows. */
static enum es_errc next_page(struct es_catchup *catchup, struct es_inbox *inbox, struct es_error *err)
{
    const uint64_t since = catchup->offset > 0 ? catchup->offset - 1 : 0;
    size_t count = 0;
    if (!es_inbox_host_enter(inbox)) return es_fail(err, ES_E_BUSY, "the host is closed");
    const enum es_errc rc = catchup->host->series(catchup->host->context, since, ES_HOST_ROWS, catchup->page, &count, err);
    es_inbox_host_leave(inbox);
    if (rc != ES_OK) return rc;
    catchup->page_count = catchup->page_at = 0;
    if (catchup->offset > 0 && (count == 0 || strcmp(catchup->page[0], catchup->last_series) != 0)) {
        catchup->offset = 0; /* series before it were deleted: begin again, what was committed lately is passed over */
        return ES_OK;
    }
    catchup->page_count = count;
    catchup->page_at = catchup->offset > 0 ? 1 : 0;
    if (catchup->page_at == count) catchup->walk_done = true;
    return ES_OK;
}

static enum es_errc next_series(struct es_catchup *catchup, struct es_inbox *inbox, struct es_error *err)
{
    const char *series = catchup->page[catchup->page_at];
    if (!es_inbox_host_enter(inbox)) return es_fail(err, ES_E_BUSY, "the host is closed");
    const enum es_errc rc = catchup->host->instances(catchup->host->context, series, &catchup->instances,
                                                     &catchup->instance_count, err);
    es_inbox_host_leave(inbox);
    if (rc == ES_E_REFUSED) catchup->instance_count = 0;
    else if (rc != ES_OK) return rc;
    catchup->instance_at = 0;
    snprintf(catchup->last_series, sizeof catchup->last_series, "%s", series);
    catchup->page_at++;
    catchup->offset++;
    catchup->state.series_walked++;
    return ES_OK;
}

enum es_errc es_catchup_walk_step(struct es_catchup *catchup, struct es_inbox *inbox, struct es_site *site, struct es_load *load,
                              struct es_error *err)
{
    enum es_errc rc = ES_OK;
    for (unsigned done = 0; rc == ES_OK && done < ES_HOST_ROWS && !catchup->walk_done;) {
        if (catchup->instance_at < catchup->instance_count) {
            const char *id = catchup->instances[catchup->instance_at];
            if (!es_catchup_is_committed(catchup, load, id) && !es_aside_has(&catchup->aside, id))
                rc = es_catchup_fetch(catchup, inbox, es_site_config(site), id, NULL, load, err);
            if (rc == ES_OK) catchup->instance_at++;
            done++;
        } else if (catchup->page_at < catchup->page_count) {
            free(catchup->instances);
            catchup->instances = NULL;
            catchup->instance_count = 0;
            rc = next_series(catchup, inbox, err);
            done++;
        } else {
            rc = next_page(catchup, inbox, err);
            done++;
        }
    }
    return rc;
}
