/* SPDX-License-Identifier: Apache-2.0 */
/** @file ledger_world.h
 * A ledger in an SQLite file of its own, entries made of numbers, and a tamperer: what the tests of the ledger share.
 */
#ifndef ES_TESTS_LEDGER_WORLD_H
#define ES_TESTS_LEDGER_WORLD_H

#include "plugin/ledger/ledger.h"

#define KEY "0123456789abcdef"

/** Of the test's ledger; set by fresh_path(). */
extern char ledger_url[1300], ledger_path[1200];

void fresh_path(void);
struct es_ledger *open_or_fail(bool create, bool writer);
/** Entry number n: identity and body are made of n. */
struct es_entry entry_of(uint32_t n, uint8_t body[8]);
void append(struct es_ledger *ledger, uint32_t from, uint32_t to);
/** Change the file behind the ledger's back, as a tamperer would. */
void tamper(const char *sql);
/** Overwrite the file's pages of 4096 bytes from `first` to `last`, counted from 0; past the end there is nothing to overwrite. */
void damage(int64_t first, int64_t last);
/** Opening must fail with this code and these words. */
void expect_open(bool create, bool writer, enum es_errc code, const char *words);
void expect_verify(enum es_errc code, const char *words);
void expect_words(const struct es_error *err, const char *words);

#endif
