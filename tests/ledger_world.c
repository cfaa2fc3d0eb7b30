/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger_world.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "testlib.h"

char ledger_url[1300], ledger_path[1200];

void fresh_path(void)
{
    snprintf(ledger_path, sizeof ledger_path, "%s/ledger.db", es_test_tempdir());
    snprintf(ledger_url, sizeof ledger_url, "sqlite:%s", ledger_path);
}

struct es_ledger *open_or_fail(bool create, bool writer)
{
    struct es_ledger *ledger = NULL;
    struct es_error err = {0};
    if (es_ledger_open(&ledger, ledger_url, "A", KEY, create, writer, &err) != ES_OK) CU_FAIL_FATAL("ledger does not open");
    return ledger;
}

struct es_entry entry_of(uint32_t n, uint8_t body[8])
{
    struct es_entry entry = {.received = 1000 + n, .sent = n % 2 ? (int64_t)n : ES_NO_INSTANT, .body = body, .len = 8};
    memset(body, 0xA5, 8);
    memcpy(body, &n, sizeof n);
    memcpy(entry.identity, &n, sizeof n);
    if (n % 3 == 0) entry.event_id.bytes[4] = 7;
    return entry;
}

void append(struct es_ledger *ledger, uint32_t from, uint32_t to)
{
    for (uint32_t n = from; n <= to; n++) {
        uint8_t body[8];
        struct es_entry entry = entry_of(n, body);
        enum es_taken taken = ES_DUPLICATE;
        struct es_error err = {0};
        CU_ASSERT_EQUAL_FATAL(es_ledger_append(ledger, &entry, 1, &taken, &err), ES_OK);
        CU_ASSERT_EQUAL(taken, ES_TAKEN);
        CU_ASSERT_EQUAL(entry.seq, n);
    }
}

void tamper(const char *sql)
{
    sqlite3 *db = NULL;
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(ledger_path, &db), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

void damage(int64_t first, int64_t last)
{
    uint8_t noise[16384];
    struct stat status;
    uint8_t told[2] = {0};
    const int fd = open(ledger_path, O_RDWR);
    CU_ASSERT_TRUE_FATAL(fd >= 0 && fstat(fd, &status) == 0);
    memset(noise, 0x5A, sizeof noise);
    CU_ASSERT_EQUAL_FATAL(pread(fd, told, sizeof told, 16), 2); /* the size of a page, sqlite.org/fileformat2.html 1.3.2 */
    const int64_t size = told[0] * 256 + told[1];
    CU_ASSERT_TRUE_FATAL(size > 0 && size <= (int64_t)sizeof noise);
    for (int64_t at = first * size; at <= last * size && at + size <= status.st_size; at += size)
        CU_ASSERT_EQUAL_FATAL(pwrite(fd, noise, (size_t)size, at), size);
    close(fd);
}

void expect_words(const struct es_error *err, const char *words)
{
    if (strstr(err->text, words)) return;
    fprintf(stderr, "found \"%s\", expected \"%s\"\n", err->text, words);
    CU_FAIL("other words");
}

void expect_open(bool create, bool writer, enum es_errc code, const char *words)
{
    struct es_ledger *ledger = NULL;
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_ledger_open(&ledger, ledger_url, "A", KEY, create, writer, &err), code);
    CU_ASSERT_PTR_NULL(ledger);
    CU_ASSERT_EQUAL(err.code, code);
    expect_words(&err, words);
}

void expect_verify(enum es_errc code, const char *words)
{
    struct es_ledger *ledger = open_or_fail(false, false);
    struct es_error err = {0};
    uint64_t entries = 0;
    CU_ASSERT_EQUAL(es_ledger_verify(ledger, &entries, &err), code);
    expect_words(&err, words);
    es_ledger_close(ledger);
}
