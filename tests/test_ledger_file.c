/* SPDX-License-Identifier: Apache-2.0 */
/* The SQLite file that a ledger stands in: what is none, older and newer ones, and one that is read-only, locked, damaged, gone. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger_world.h"
#include "plugin/site/site.h"
#include "testlib.h"

static void what_is_no_ledger_says_what_it_is(void)
{
    struct es_ledger *ledger = NULL;
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_ledger_open(&ledger, "mysql://x", "A", KEY, true, true, &err), ES_E_CONFIG);
    CU_ASSERT_STRING_EQUAL(err.text, "ledger: found \"mysql://x\", expected \"sqlite:\" and the path of a file, or \"postgresql://\"");
    fresh_path();
    expect_open(false, false, ES_E_IO, "No such file or directory");
    expect_open(false, true, ES_E_IO, "No such file or directory");
    char folder[1100];
    snprintf(folder, sizeof folder, "%s", es_test_tempdir());
    snprintf(ledger_url, sizeof ledger_url, "sqlite:%s", folder);
    expect_open(true, true, ES_E_IO, "is a directory, expected a file");
    snprintf(ledger_url, sizeof ledger_url, "sqlite:%s/none/ledger.db", folder);
    expect_open(true, true, ES_E_IO, "ledger: its directory ");
    expect_open(true, true, ES_E_IO, "/none: No such file or directory");
    snprintf(ledger_path, sizeof ledger_path, "%s/text", folder);
    snprintf(ledger_url, sizeof ledger_url, "sqlite:%s", ledger_path);
    FILE *file = fopen(ledger_path, "w");
    for (int i = 0; i < 1000; i++) fputs("this is no data base\n", file);
    fclose(file);
    expect_open(true, true, ES_E_STATE, "is no SQLite file, or its start is damaged");
    expect_open(false, false, ES_E_STATE, "is no SQLite file, or its start is damaged");
    fresh_path();
    tamper("CREATE TABLE other (a)");
    expect_open(true, true, ES_E_STATE, "is an SQLite file of another program");
}

static void a_newer_schema_is_refused_with_advice(void)
{
    fresh_path();
    struct es_ledger *ledger = open_or_fail(true, true);
    es_ledger_close(ledger);
    tamper("PRAGMA user_version = 3");
    expect_open(false, true, ES_E_UNSUPPORTED, "has schema 3, this version reads up to 2: use the newer Evensight that wrote it");
    expect_open(false, false, ES_E_UNSUPPORTED, "has schema 3");
}

/* As another user, without the right to write: checked in a child, since tests may run as root, who may do everything. */
static int as_nobody(int (*check)(void))
{
    const pid_t child = fork();
    if (child == 0) {
        if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0)) _exit(77);
        _exit(check());
    }
    int status = -1;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
static int read_only_checks(void)
{
    struct es_ledger *ledger = NULL;
    struct es_error err = {0};
    uint64_t entries = 0;
    if (es_ledger_open(&ledger, ledger_url, "A", KEY, true, true, &err) != ES_E_IO) return 1;
    if (!strstr(err.text, "Permission denied")) return 2;
    if (es_ledger_open(&ledger, ledger_url, "A", KEY, false, false, NULL) != ES_OK) return 3;
    if (es_ledger_verify(ledger, &entries, NULL) != ES_OK || entries != 3) return 4;
    uint8_t body[8];
    struct es_entry entry = entry_of(9, body);
    enum es_taken taken;
    err = (struct es_error){0};
    if (es_ledger_append(ledger, &entry, 1, &taken, &err) != ES_E_STATE || !strstr(err.text, "opened for reading")) return 5;
    es_ledger_close(ledger);
    return 0;
}
static void a_read_only_ledger_is_read_and_its_writer_is_refused(void)
{
    fresh_path();
    struct es_ledger *ledger = open_or_fail(true, true);
    append(ledger, 1, 3);
    es_ledger_close(ledger);
    char folder[1200];
    snprintf(folder, sizeof folder, "%s", ledger_path);
    *strrchr(folder, '/') = '\0';
    CU_ASSERT_EQUAL_FATAL(chmod(ledger_path, 0444), 0);
    CU_ASSERT_EQUAL_FATAL(chmod(folder, 0555), 0);
    const int result = as_nobody(read_only_checks);
    chmod(folder, 0755);
    if (result == 77) es_test_skip("no right to become another user");
    else CU_ASSERT_EQUAL(result, 0);
}

static void a_locked_file_is_said_to_be_locked(void)
{
    fresh_path();
    struct es_ledger *ledger = open_or_fail(true, true);
    sqlite3 *db = NULL;
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(ledger_path, &db), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    uint8_t body[8];
    struct es_entry entry = entry_of(1, body);
    enum es_taken taken;
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_ledger_append(ledger, &entry, 1, &taken, &err), ES_E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "is locked by another program for more than 5 s"));
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(db);
    append(ledger, 1, 1); /* and nothing was left half done */
    es_ledger_close(ledger);
}

/* ---- older versions ---- */

#define OLD_ENTRIES 39 /* testdata/ledger/README.md */
static const char config_text[] =
    "{\"Evensight\":{\"Site\":\"A\",\"Ledger\":\"%s\",\"PseudonymKeyFile\":\"%s/version-1.key\","
    "\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}],"
    "\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\",\"Task\":\"binary\",\"Threshold\":0.5,\"ReferenceWithin\":\"0d\"}]}],"
    "\"Disclosure\":{\"Internal\":\"none\"}}}";

/* The stored ledger of version 1, copied to a fresh path. */
static struct es_config *old_ledger(void)
{
    char text[4096], from[1200];
    size_t len = 0;
    struct es_config *config = NULL;
    struct es_error err = {0};
    fresh_path();
    snprintf(from, sizeof from, "%s/testdata/ledger/version-1.db", ES_SOURCE_DIR);
    char *bytes = es_test_slurp(from, &len);
    FILE *file = fopen(ledger_path, "wb");
    CU_ASSERT_TRUE_FATAL(bytes && file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
    free(bytes);
    snprintf(text, sizeof text, config_text, ledger_url, ES_SOURCE_DIR "/testdata/ledger");
    CU_ASSERT_EQUAL_FATAL(es_config_parse(&config, text, strlen(text), NULL, &err), ES_OK);
    return config;
}

static int64_t number(const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(ledger_path, &db), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(sqlite3_step(statement), SQLITE_ROW);
    const int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return value;
}

/* Every table and index with its words, sorted; owned by the caller. */
static char *schema(void)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *statement = NULL;
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(ledger_path, &db), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(sqlite3_prepare_v2(db, "SELECT group_concat(line, x'0a') FROM (SELECT name || ': ' || coalesce(sql, '') AS line FROM sqlite_schema ORDER BY name)", -1,
                                             &statement, NULL), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(sqlite3_step(statement), SQLITE_ROW);
    char *text = strdup((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(db);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    return text;
}

/* Exams of the one model and finding, whatever came of them. */
static uint32_t units(struct es_site *site)
{
    struct es_stream *streams = NULL;
    struct es_sheet_holder holder = {0};
    size_t n = 0;
    CU_ASSERT_EQUAL_FATAL(es_cohort_streams(es_site_cohort(site), &streams, &n, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(n, 1);
    CU_ASSERT_EQUAL_FATAL(es_cohort_sheet(es_site_cohort(site), streams, ES_NO_DAY, ES_NO_DAY, es_site_now(site), ES_NO_DAY, &holder, NULL), ES_OK);
    const uint32_t rows = holder.sheet.rows;
    es_sheet_holder_clear(&holder);
    free(streams);
    return rows;
}

static void site_holds(const struct es_config *config, enum es_site_mode mode, uint64_t least)
{
    struct es_site *site = NULL;
    struct es_error err = {0};
    uint64_t entries = 0;
    CU_ASSERT_EQUAL_FATAL(es_site_open(&site, config, mode, NULL, &err), ES_OK);
    CU_ASSERT_EQUAL(es_site_verify(site, &entries, &err), ES_OK);
    CU_ASSERT_STRING_EQUAL(err.text, "");
    CU_ASSERT_TRUE(entries >= least);
    CU_ASSERT_EQUAL(units(site), 12);
    es_site_close(site);
}

static void older_tables_come_forward_and_keep_every_entry(void)
{
    /* As the last program of that version left it, and as the first one would have. */
    static const char *const layouts[] = {"SELECT 1", "DROP INDEX entry_event_id"};
    fresh_path();
    es_ledger_close(open_or_fail(true, true));
    char *fresh = schema();
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        struct es_config *config = old_ledger();
        tamper(layouts[i]);
        site_holds(config, ES_SITE_READ, OLD_ENTRIES);
        CU_ASSERT_EQUAL(number("PRAGMA user_version"), 1); /* who only reads changes nothing */
        site_holds(config, ES_SITE_WRITE, OLD_ENTRIES);
        CU_ASSERT_EQUAL(number("PRAGMA user_version"), 2);
        CU_ASSERT_EQUAL(number("SELECT min(seq) * 1000 + count(*) FROM entry WHERE seq <= 39"), 1000 + OLD_ENTRIES);
        char *raised = schema();
        CU_ASSERT_STRING_EQUAL(raised, fresh);
        free(raised);
        site_holds(config, ES_SITE_WRITE, OLD_ENTRIES); /* and again, when there is nothing to raise */
        es_config_free(config);
    }
    free(fresh);
}

static void a_step_forward_that_fails_changes_nothing(void)
{
    struct es_config *config = old_ledger();
    struct es_site *site = NULL;
    struct es_error err = {0};
    tamper("DROP INDEX entry_event_id; CREATE VIEW mask_of_address AS SELECT 1"); /* in the way of an index of that name */
    CU_ASSERT_EQUAL(es_site_open(&site, config, ES_SITE_WRITE, NULL, &err), ES_E_IO);
    expect_words(&err, "from schema 1 to 2: ledger: ");
    expect_words(&err, "mask_of_address");
    CU_ASSERT_EQUAL(number("PRAGMA user_version"), 1);
    CU_ASSERT_EQUAL(number("SELECT count(*) FROM sqlite_schema WHERE name IN ('entry_event_id', 'mask', 'mask_of')"), 0); /* the steps before it are undone */
    tamper("DROP VIEW mask_of_address");
    site_holds(config, ES_SITE_WRITE, OLD_ENTRIES);
    es_config_free(config);
}

/* ---- damage ---- */

static void of_300(void)
{
    fresh_path();
    struct es_ledger *ledger = open_or_fail(true, true);
    append(ledger, 1, 300);
    es_ledger_close(ledger);
}

/* An index of masks: appending and opening do not read it. */
static void damage_index(void)
{
    const int64_t root = number("SELECT rootpage FROM sqlite_schema WHERE name = 'mask_of_address'") - 1;
    damage(root, root);
}

static void a_damaged_page_names_the_entry_that_cannot_be_read(void)
{
    of_300();
    const int64_t leaf = number("SELECT pageno FROM dbstat WHERE name = 'entry' AND pagetype = 'leaf' LIMIT 1 OFFSET 1") - 1;
    damage(leaf, leaf);
    expect_verify(ES_E_STATE, "cannot be read: ledger: ");
    expect_verify(ES_E_STATE, "is damaged (");
}

static void a_damaged_file_is_found_when_it_is_opened_for_writing(void)
{
    of_300();
    struct es_ledger *ledger = open_or_fail(false, true);
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_ledger_inspect(ledger, UINT64_MAX, &err), ES_OK);
    CU_ASSERT_EQUAL(es_ledger_sound(ledger, true, &err), ES_OK);
    es_ledger_close(ledger);
    damage_index();
    ledger = open_or_fail(false, true); /* nothing that opening reads is damaged */
    CU_ASSERT_EQUAL(es_ledger_inspect(ledger, UINT64_MAX, &err), ES_E_STATE);
    expect_words(&err, "is damaged (");
    expect_words(&err, "; restore it from a backup");
    es_ledger_close(ledger);
}

static void damage_found_beside_ends_all_appending(void)
{
    of_300();
    damage_index();
    struct es_ledger *ledger = open_or_fail(false, true);
    struct es_error err = {0};
    uint8_t body[8];
    struct es_entry entry = entry_of(301, body);
    enum es_taken taken;
    CU_ASSERT_EQUAL_FATAL(es_ledger_inspect(ledger, 0, &err), ES_OK); /* larger than that: looked at beside */
    CU_ASSERT_EQUAL(es_ledger_sound(ledger, true, &err), ES_E_STATE);
    expect_words(&err, "is damaged (");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_ledger_append(ledger, &entry, 1, &taken, &err), ES_E_STATE);
    expect_words(&err, "; restore it from a backup");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_ledger_scrub(ledger, &err), ES_E_STATE);
    es_ledger_close(ledger);
    CU_ASSERT_EQUAL(number("SELECT max(seq) FROM entry NOT INDEXED"), 300);
}

static void a_look_beside_stands_in_nobody_s_way(void)
{
    of_300();
    struct es_ledger *ledger = open_or_fail(false, true);
    CU_ASSERT_EQUAL_FATAL(es_ledger_inspect(ledger, 0, NULL), ES_OK);
    append(ledger, 301, 400);
    CU_ASSERT_EQUAL(es_ledger_erase(ledger, &(uint64_t){7}, 1, NULL, NULL), ES_OK); /* the journal is cut although it is read */
    CU_ASSERT_EQUAL(es_ledger_sound(ledger, true, NULL), ES_OK);
    append(ledger, 401, 410);
    es_ledger_close(ledger);
    ledger = open_or_fail(false, true);
    CU_ASSERT_EQUAL_FATAL(es_ledger_inspect(ledger, 0, NULL), ES_OK);
    es_ledger_close(ledger); /* before it has ended */
    expect_verify(ES_OK, "");
}

/* One byte of an identity in the index alone: pages are in order, rows are not. */
static void an_index_that_lost_a_row_is_found_by_the_proof(void)
{
    of_300();
    size_t len = 0, hits = 0;
    uint8_t body[8];
    const struct es_entry entry = entry_of(222, body);
    char *bytes = es_test_slurp(ledger_path, &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    const size_t size = (size_t)number("PRAGMA page_size");
    for (size_t page = size; page + size <= len; page += size) {
        if (bytes[page] != 0x0a) continue; /* leaf of an index, sqlite.org/fileformat2.html 1.6 */
        char *at = memmem(bytes + page, size, entry.identity, ES_IDENTITY_SIZE);
        if (!at) continue;
        at[ES_IDENTITY_SIZE - 1] ^= 1;
        hits++;
    }
    CU_ASSERT_EQUAL_FATAL(hits, 1);
    FILE *file = fopen(ledger_path, "wb");
    CU_ASSERT_TRUE_FATAL(file && fwrite(bytes, 1, len, file) == len && fclose(file) == 0);
    free(bytes);
    expect_verify(ES_E_STATE, "missing from index entry_identity");
}

static void what_goes_into_a_file_that_is_gone_is_not_acknowledged(void)
{
    char aside[1300];
    fresh_path();
    struct es_ledger *ledger = open_or_fail(true, true);
    struct es_error err = {0};
    uint8_t body[8];
    struct es_entry entry = entry_of(4, body);
    enum es_taken taken;
    append(ledger, 1, 3);
    snprintf(aside, sizeof aside, "%s.aside", ledger_path);
    CU_ASSERT_EQUAL_FATAL(rename(ledger_path, aside), 0);
    CU_ASSERT_EQUAL(es_ledger_append(ledger, &entry, 1, &taken, &err), ES_E_STATE);
    expect_words(&err, "is gone (No such file or directory): put it back");
    FILE *other = fopen(ledger_path, "w");
    CU_ASSERT_TRUE_FATAL(other && fclose(other) == 0);
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_ledger_append(ledger, &entry, 1, &taken, &err), ES_E_STATE);
    expect_words(&err, "another file stands at ");
    CU_ASSERT_EQUAL_FATAL(rename(aside, ledger_path), 0);
    append(ledger, 4, 5);
    es_ledger_close(ledger);
    expect_verify(ES_OK, "");
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"what_is_no_ledger_says_what_it_is", what_is_no_ledger_says_what_it_is},
        {"a_newer_schema_is_refused_with_advice", a_newer_schema_is_refused_with_advice},
        {"older_tables_come_forward_and_keep_every_entry", older_tables_come_forward_and_keep_every_entry},
        {"a_step_forward_that_fails_changes_nothing", a_step_forward_that_fails_changes_nothing},
        {"a_read_only_ledger_is_read_and_its_writer_is_refused", a_read_only_ledger_is_read_and_its_writer_is_refused},
        {"a_locked_file_is_said_to_be_locked", a_locked_file_is_said_to_be_locked},
        {"a_damaged_page_names_the_entry_that_cannot_be_read", a_damaged_page_names_the_entry_that_cannot_be_read},
        {"a_damaged_file_is_found_when_it_is_opened_for_writing", a_damaged_file_is_found_when_it_is_opened_for_writing},
        {"damage_found_beside_ends_all_appending", damage_found_beside_ends_all_appending},
        {"a_look_beside_stands_in_nobody_s_way", a_look_beside_stands_in_nobody_s_way},
        {"an_index_that_lost_a_row_is_found_by_the_proof", an_index_that_lost_a_row_is_found_by_the_proof},
        {"what_goes_into_a_file_that_is_gone_is_not_acknowledged", what_goes_into_a_file_that_is_gone_is_not_acknowledged},
        {NULL, NULL}};
    return es_test_main("ledger_file", tests, argc, argv);
}
