/* SPDX-License-Identifier: Apache-2.0 */
/** @file ledger_ahead.h
 * Single reads of a ledger that go on where earlier ones stopped. Private to the SQLite store.
 *
 * When a whole ledger is read again, its bundles ask for their entries one by one, but seldom at random: exams stand in the order of
 * their bundles, so do results, so do references. Each such stretch is a walk that is left open and stepped, at a third of the cost of a
 * read by key. Reads that belong to no stretch are not slower than before.
 */
#ifndef ES_PLUGIN_LEDGER_AHEAD_H
#define ES_PLUGIN_LEDGER_AHEAD_H

#include <sqlite3.h>
#include <stdint.h>

#define ES_AHEAD_WALKS 8   /* stretches at once */
#define ES_AHEAD_RECENT 16 /* reads by key that are remembered, to see where a stretch begins */

/** `{0}` is empty. Only within one snapshot: es_ahead_stop() before it ends and before anything is written. */
struct es_ahead {
    sqlite3_stmt *walk[ES_AHEAD_WALKS]; /* prepared when first needed */
    uint64_t at[ES_AHEAD_WALKS];        /* seq of the row a walk stands on; 0: it is not open */
    uint64_t used[ES_AHEAD_WALKS];      /* turn of its last use */
    uint64_t recent[ES_AHEAD_RECENT], turn;
};

/** Stand on the row of a seq, 1 .. INT64_MAX.
 * @param sql  of a walk: rows from ?1 on, ascending by seq, which is column 0
 * @param row  written on SQLITE_ROW: borrowed until the next call
 * @return SQLITE_ROW; SQLITE_DONE when this seq is better read by key; else the code of an error */
int es_ahead_row(struct es_ahead *ahead, sqlite3 *db, const char *sql, uint64_t seq, sqlite3_stmt **row);
/** Leave all walks; they may be opened again. */
void es_ahead_stop(struct es_ahead *ahead);
void es_ahead_free(struct es_ahead *ahead);

#endif
