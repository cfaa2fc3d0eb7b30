/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/ledger_ahead.h"

#include <string.h>

/* A walk is stepped over this many rows rather than left for a read by key. */
#define GAP 4

static void leave(struct es_ahead *ahead, unsigned i)
{
    if (ahead->at[i] != 0) sqlite3_reset(ahead->walk[i]);
    ahead->at[i] = 0;
}

/* Step a walk to `seq`, or past it when there is no such row. */
static int step_to(struct es_ahead *ahead, unsigned i, uint64_t seq, sqlite3_stmt **row)
{
    int result = SQLITE_ROW;
    while (ahead->at[i] < seq && (result = sqlite3_step(ahead->walk[i])) == SQLITE_ROW)
        ahead->at[i] = (uint64_t)sqlite3_column_int64(ahead->walk[i], 0);
    ahead->used[i] = ++ahead->turn;
    *row = ahead->walk[i];
    if (result == SQLITE_ROW && ahead->at[i] == seq) return SQLITE_ROW;
    if (result != SQLITE_ROW) leave(ahead, i);
    return result == SQLITE_ROW ? SQLITE_DONE : result;
}

static int start_at(struct es_ahead *ahead, sqlite3 *db, const char *sql, uint64_t seq, sqlite3_stmt **row)
{
    unsigned oldest = 0;
    for (unsigned i = 1; i < ES_AHEAD_WALKS; i++)
        if (ahead->used[i] < ahead->used[oldest]) oldest = i;
    leave(ahead, oldest);
    int result = ahead->walk[oldest] ? SQLITE_OK : sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &ahead->walk[oldest], NULL);
    if (result == SQLITE_OK) result = sqlite3_bind_int64(ahead->walk[oldest], 1, (sqlite3_int64)seq);
    if (result == SQLITE_OK) result = sqlite3_step(ahead->walk[oldest]);
    if (result != SQLITE_ROW) {
        sqlite3_reset(ahead->walk[oldest]);
        return result;
    }
    ahead->at[oldest] = (uint64_t)sqlite3_column_int64(ahead->walk[oldest], 0);
    return step_to(ahead, oldest, seq, row);
}

int es_ahead_row(struct es_ahead *ahead, sqlite3 *db, const char *sql, uint64_t seq, sqlite3_stmt **row)
{
    for (unsigned i = 0; i < ES_AHEAD_WALKS; i++)
        if (ahead->at[i] != 0 && seq >= ahead->at[i] && seq - ahead->at[i] <= GAP) return step_to(ahead, i, seq, row);
    for (unsigned i = 0; i < ES_AHEAD_RECENT; i++)
        if (ahead->recent[i] != 0 && seq > ahead->recent[i] && seq - ahead->recent[i] <= GAP) {
            ahead->recent[i] = 0;
            return start_at(ahead, db, sql, seq, row);
        }
    ahead->recent[++ahead->turn % ES_AHEAD_RECENT] = seq;
    return SQLITE_DONE;
}

void es_ahead_stop(struct es_ahead *ahead)
{
    for (unsigned i = 0; i < ES_AHEAD_WALKS; i++) leave(ahead, i);
    memset(ahead->recent, 0, sizeof ahead->recent);
}

void es_ahead_free(struct es_ahead *ahead)
{
    for (unsigned i = 0; i < ES_AHEAD_WALKS; i++) sqlite3_finalize(ahead->walk[i]);
    memset(ahead, 0, sizeof *ahead);
}
