/* SPDX-License-Identifier: Apache-2.0 */
/** @file ledger_sqlite.h
 * What the two files of the SQLite store share: ledger_sqlite.c (the chain) and ledger_sqlite_masks.c (masks beside it).
 */
#ifndef ES_PLUGIN_LEDGER_SQLITE_H
#define ES_PLUGIN_LEDGER_SQLITE_H

#include <sqlite3.h>

#include "plugin/ledger_store.h"

/** The open data base of a store. Borrowed. */
sqlite3 *es_sqlite_db(struct es_store *store);
/** An SQLite result code as ours, in words. */
enum es_errc es_sqlite_refuse(const struct es_store *store, int result, struct es_error *err);
extern const struct es_mask_store_type es_sqlite_masks;

#endif
