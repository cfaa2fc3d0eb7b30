/* SPDX-License-Identifier: Apache-2.0 */
/* The chain and what is done with it; the file that it stands in has tests of its own, test_ledger_file.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ledger_world.h"
#include "plugin/ledger/store.h"
#include "testlib.h"

/* Expected: Python 3.11 hashlib.sha256 over the bytes that ledger/ledger.h names, salt 00..0f, body 01 02 03, node "A":
 *   leaf = sha256(salt + body)
 *   link = sha256(bytes(32) + pack('<I', 1) + b'A' + pack('<Qq', 1, 1772359331000000) + leaf)
 *   link = sha256(link + pack('<I', 1) + b'A' + pack('<Qq', 2, -5) + leaf) */
static void leaf_and_links_are_the_ones_python_computes(void)
{
    struct es_hasher *hasher = NULL;
    uint8_t salt[ES_SALT_SIZE], leaf[ES_LEAF_SIZE], link[ES_LINK_SIZE] = {0};
    char hex[2 * ES_LEAF_SIZE + 1];
    for (int i = 0; i < ES_SALT_SIZE; i++) salt[i] = (uint8_t)i;
    CU_ASSERT_EQUAL_FATAL(es_hasher_new(&hasher, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_chain_leaf(hasher, salt, (const uint8_t *)"\1\2\3", 3, leaf, NULL), ES_OK);
    es_hex(leaf, sizeof leaf, hex);
    CU_ASSERT_STRING_EQUAL(hex, "05938e9a8bcf8b547d6692489e06ec0e7b01a9681babd5a543694007e70b73d3");
    CU_ASSERT_EQUAL_FATAL(es_chain_link(hasher, link, "A", 1, INT64_C(1772359331000000), leaf, link, NULL), ES_OK);
    es_hex(link, sizeof link, hex);
    CU_ASSERT_STRING_EQUAL(hex, "2ae4dd9d648196fd1eacd73a2dca5bfe0bdbcf9b28497a9a9b4c6772e70df087");
    CU_ASSERT_EQUAL_FATAL(es_chain_link(hasher, link, "A", 2, -5, leaf, link, NULL), ES_OK);
    es_hex(link, sizeof link, hex);
    CU_ASSERT_STRING_EQUAL(hex, "f589fc19dbaec33d694b42e619e258752691ab74ed7cc96a5f87c128270d6f07");
    es_hasher_free(hasher);
}

struct seen {
    uint64_t count, last;
    bool equal;
};
static bool see(void *context, const struct es_entry *entry)
{
    struct seen *seen = context;
    uint8_t body[8];
    const struct es_entry expected = entry_of((uint32_t)entry->seq, body);
    seen->equal = seen->equal && entry->seq == seen->last + 1 && entry->received == expected.received &&
                  entry->sent == expected.sent && memcmp(entry->identity, expected.identity, ES_IDENTITY_SIZE) == 0 &&
                  memcmp(&entry->event_id, &expected.event_id, sizeof entry->event_id) == 0 && entry->len == 8 &&
                  memcmp(entry->body, body, 8) == 0;
    seen->last = entry->seq;
    return ++seen->count < 1000;
}

static void what_was_appended_is_read_back_after_reopening(void)
{
    fresh_path();
    struct es_ledger *ledger = open_or_fail(true, true);
    append(ledger, 1, 20);
    es_ledger_close(ledger);
    ledger = open_or_fail(false, true);
    append(ledger, 21, 25);
    struct seen seen = {.equal = true};
    CU_ASSERT_EQUAL(es_ledger_walk(ledger, 0, UINT64_MAX, see, &seen, NULL), ES_OK);
    CU_ASSERT_EQUAL(seen.count, 25);
    CU_ASSERT_TRUE(seen.equal);
    seen = (struct seen){.equal = true, .last = 3};
    CU_ASSERT_EQUAL(es_ledger_walk(ledger, 3, 7, see, &seen, NULL), ES_OK);
    CU_ASSERT_EQUAL(seen.count, 4);
    CU_ASSERT_TRUE(seen.equal);
    struct es_entry entry;
    uint8_t *body = NULL, expected[8];
    (void)entry_of(9, expected);
    CU_ASSERT_EQUAL_FATAL(es_ledger_read(ledger, 9, &entry, &body, NULL), ES_OK);
    CU_ASSERT_EQUAL(entry.received, 1009);
    CU_ASSERT_EQUAL(memcmp(body, expected, 8), 0);
    free(body);
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_ledger_read(ledger, 99, &entry, &body, &err), ES_E_STATE);
    CU_ASSERT_STRING_EQUAL(err.text, "entry 99: not in the ledger");
    uint64_t seq = 0, entries = 0;
    CU_ASSERT_EQUAL(es_ledger_find(ledger, entry.identity, &seq, NULL), ES_OK);
    CU_ASSERT_EQUAL(seq, 9);
    CU_ASSERT_EQUAL(es_ledger_verify(ledger, &entries, NULL), ES_OK);
    CU_ASSERT_EQUAL(entries, 25);
    es_ledger_close(ledger);
}

static void an_identity_is_kept_once_within_a_batch_and_across(void)
{
    fresh_path();
    struct es_ledger *ledger = open_or_fail(true, true);
    uint8_t bodies[3][8];
    struct es_entry entries[3] = {entry_of(1, bodies[0]), entry_of(2, bodies[1]), entry_of(1, bodies[2])};
    enum es_taken taken[3];
    CU_ASSERT_EQUAL_FATAL(es_ledger_append(ledger, entries, 3, taken, NULL), ES_OK);
    CU_ASSERT_EQUAL(taken[0], ES_TAKEN);
    CU_ASSERT_EQUAL(taken[1], ES_TAKEN);
    CU_ASSERT_EQUAL(taken[2], ES_DUPLICATE);
    CU_ASSERT_EQUAL_FATAL(es_ledger_append(ledger, entries, 3, taken, NULL), ES_OK);
    for (int i = 0; i < 3; i++) CU_ASSERT_EQUAL(taken[i], ES_DUPLICATE);
    struct es_head *heads = NULL, at = {0};
    size_t count = 0;
    CU_ASSERT_EQUAL_FATAL(es_ledger_heads(ledger, &heads, &count, NULL), ES_OK);
    CU_ASSERT_EQUAL(count, 1);
    CU_ASSERT_EQUAL(heads[0].seq, 2);
    CU_ASSERT_STRING_EQUAL(heads[0].node, "A");
    CU_ASSERT_EQUAL(es_ledger_head_at(ledger, NULL, 2, &at, NULL), ES_OK);
    CU_ASSERT_EQUAL(memcmp(at.link, heads[0].link, sizeof at.link), 0);
    CU_ASSERT_EQUAL(es_ledger_head_at(ledger, NULL, 1, &at, NULL), ES_OK);
    CU_ASSERT_NOT_EQUAL(memcmp(at.link, heads[0].link, sizeof at.link), 0);
    free(heads);
    es_ledger_close(ledger);
}

static void a_tampered_entry_is_named(void)
{
    static const struct { const char *sql, *words; } cases[] = {
        {"UPDATE entry SET body = x'00' WHERE seq = 4", "entry 4: its body is not the one that was recorded"},
        {"UPDATE entry SET received = received + 1 WHERE seq = 3", "entry 3: link does not follow from entry 2"},
        {"UPDATE entry SET link = zeroblob(32) WHERE seq = 2", "entry 2: link does not follow from entry 1"},
        {"UPDATE entry SET leaf = zeroblob(32) WHERE seq = 1", "entry 1: its body is not the one that was recorded"},
        {"DELETE FROM entry WHERE seq = 3", "entry 4: found where entry 3 was expected"},
        {"UPDATE entry SET salt = NULL WHERE seq = 5", "entry 5: half erased (salt or body is left)"},
        {"UPDATE entry SET link = x'00' WHERE seq = 2", "entry 2: a column has not the length it was written with"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fresh_path();
        struct es_ledger *ledger = open_or_fail(true, true);
        append(ledger, 1, 6);
        es_ledger_close(ledger);
        tamper(cases[i].sql);
        expect_verify(ES_E_STATE, cases[i].words);
    }
    fresh_path();
    struct es_ledger *ledger = open_or_fail(true, true);
    append(ledger, 1, 6);
    es_ledger_close(ledger);
    tamper("DELETE FROM entry WHERE seq > 4");
    expect_open(false, false, ES_E_STATE, "the last entry is 4, the head was noted as 6");
}

static void an_erased_entry_leaves_no_byte_and_the_chain_verifies(void)
{
    fresh_path();
    struct es_ledger *ledger = open_or_fail(true, true);
    static const char secret[] = "BODY-THAT-MUST-GO";
    static const struct es_pseudonym called = {{0xE1, 0x7A, 0x05, 0xCC, 0x91}};
    struct es_entry entry = {.received = 1, .sent = 77, .identity = {9}, .event_id = called, .body = (const uint8_t *)secret, .len = sizeof secret};
    enum es_taken taken;
    CU_ASSERT_EQUAL_FATAL(es_ledger_append(ledger, &entry, 1, &taken, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_ledger_erase(ledger, &(uint64_t){1}, 1, NULL, NULL), ES_OK);
    uint64_t entries = 0;
    CU_ASSERT_EQUAL(es_ledger_verify(ledger, &entries, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_ledger_append(ledger, &entry, 1, &taken, NULL), ES_OK);
    CU_ASSERT_EQUAL(taken, ES_DUPLICATE); /* a resend does not bring it back */
    uint8_t *body = NULL;
    CU_ASSERT_EQUAL(es_ledger_read(ledger, 1, &entry, &body, NULL), ES_OK);
    CU_ASSERT_PTR_NULL(body);
    CU_ASSERT_FALSE(es_pseudonym_set(&entry.event_id));
    CU_ASSERT_EQUAL(entry.sent, ES_NO_INSTANT);
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_ledger_erase(ledger, &(uint64_t){2}, 1, NULL, &err), ES_E_ARG);
    CU_ASSERT_STRING_EQUAL(err.text, "entry 2: not in the ledger, whose last is 1");
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    for (size_t i = 0; i < 3; i++) {
        char name[1400];
        size_t len = 0;
        snprintf(name, sizeof name, "%s%s", ledger_path, suffixes[i]);
        char *bytes = es_test_slurp(name, &len);
        CU_ASSERT_PTR_NULL(bytes ? memmem(bytes, len, secret, sizeof secret - 1) : NULL);
        CU_ASSERT_PTR_NULL(bytes ? memmem(bytes, len, &called, sizeof called) : NULL);
        free(bytes);
    }
    es_ledger_close(ledger);
}

static void a_second_writer_is_told_who_writes(void)
{
    char words[100];
    fresh_path();
    struct es_ledger *ledger = open_or_fail(true, true);
    snprintf(words, sizeof words, "is being written by process %ld on ", (long)getpid());
    expect_open(false, true, ES_E_BUSY, words);
    struct es_ledger *reader = open_or_fail(false, false);
    append(ledger, 1, 2);
    uint64_t entries = 0;
    CU_ASSERT_EQUAL(es_ledger_verify(reader, &entries, NULL), ES_OK);
    CU_ASSERT_EQUAL(entries, 2);
    es_ledger_close(reader);
    es_ledger_close(ledger);
    ledger = open_or_fail(false, true); /* given back on close */
    es_ledger_close(ledger);
}

static void a_dead_writer_s_lease_is_taken_over_and_its_commits_are_there(void)
{
    fresh_path();
    const pid_t child = fork();
    if (child == 0) {
        struct es_ledger *ledger = NULL;
        uint8_t body[8];
        struct es_entry entry = entry_of(1, body);
        enum es_taken taken;
        if (es_ledger_open(&ledger, ledger_url, "A", KEY, true, true, NULL) != ES_OK) _exit(1);
        if (es_ledger_append(ledger, &entry, 1, &taken, NULL) != ES_OK) _exit(2);
        _exit(0); /* without closing: as if killed */
    }
    int status = -1;
    CU_ASSERT_EQUAL_FATAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL_FATAL(status, 0);
    struct es_ledger *ledger = open_or_fail(false, true);
    append(ledger, 2, 3);
    uint64_t entries = 0;
    CU_ASSERT_EQUAL(es_ledger_verify(ledger, &entries, NULL), ES_OK);
    CU_ASSERT_EQUAL(entries, 3);
    es_ledger_close(ledger);
}

static void other_rules_of_normalisation_are_refused_by_number(void)
{
    struct es_ledger *ledger = NULL;
    struct es_error err = {0};
    fresh_path();
    es_ledger_close(open_or_fail(true, true));
    tamper("UPDATE meta SET value = '2' WHERE name = 'normalisation' AND value = '1'");
    for (int writer = 0; writer <= 1; writer++) {
        err = (struct es_error){0};
        CU_ASSERT_EQUAL(es_ledger_open(&ledger, ledger_url, "A", KEY, false, writer, &err), ES_E_UNSUPPORTED);
        CU_ASSERT_STRING_EQUAL(err.text, "ledger: its identifiers were normalised by rules 2, this version has rules 1: use the Evensight that wrote it");
    }
    tamper("DELETE FROM meta WHERE name = 'normalisation'"); /* as it was before this was kept: rules 1 */
    CU_ASSERT_EQUAL_FATAL(es_ledger_open(&ledger, ledger_url, "A", KEY, false, true, NULL), ES_OK);
    es_ledger_close(ledger);
}

static void another_key_or_site_is_refused_by_name(void)
{
    fresh_path();
    struct es_ledger *ledger = open_or_fail(true, true);
    es_ledger_close(ledger);
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_ledger_open(&ledger, ledger_url, "A", "ffff", false, true, &err), ES_E_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "was made with key 0123456789abcdef, this is key ffff: restore its key file from a backup"));
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_ledger_open(&ledger, ledger_url, "B", KEY, false, false, &err), ES_E_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "was made with site A, this is site B"));
}

static void notes_are_kept_replaced_and_deleted(void)
{
    fresh_path();
    struct es_ledger *ledger = open_or_fail(true, true);
    char value[8] = "x";
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_ledger_note_get(ledger, "cursor", value, sizeof value, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(value, "");
    CU_ASSERT_EQUAL(es_ledger_note_set(ledger, "cursor", "41", NULL), ES_OK);
    CU_ASSERT_EQUAL(es_ledger_note_set(ledger, "cursor", "42", NULL), ES_OK);
    es_ledger_close(ledger);
    ledger = open_or_fail(false, true);
    CU_ASSERT_EQUAL(es_ledger_note_get(ledger, "cursor", value, sizeof value, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(value, "42");
    CU_ASSERT_EQUAL(es_ledger_note_set(ledger, "long", "12345678", NULL), ES_OK);
    CU_ASSERT_EQUAL(es_ledger_note_get(ledger, "long", value, sizeof value, &err), ES_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.text, "ledger: value of \"long\" has 8 bytes, room for 7");
    CU_ASSERT_EQUAL(es_ledger_note_set(ledger, "cursor", "", NULL), ES_OK);
    CU_ASSERT_EQUAL(es_ledger_note_get(ledger, "cursor", value, sizeof value, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(value, "");
    es_ledger_close(ledger);
}

static void a_ledger_is_new_until_it_has_a_key(void)
{
    bool is_new = false;
    fresh_path();
    CU_ASSERT_EQUAL(es_ledger_is_new(ledger_url, &is_new, NULL), ES_OK);
    CU_ASSERT_TRUE(is_new);
    FILE *file = fopen(ledger_path, "w");
    fclose(file);
    CU_ASSERT_EQUAL(es_ledger_is_new(ledger_url, &is_new, NULL), ES_OK);
    CU_ASSERT_TRUE(is_new);
    es_ledger_close(open_or_fail(true, true));
    CU_ASSERT_EQUAL(es_ledger_is_new(ledger_url, &is_new, NULL), ES_OK);
    CU_ASSERT_FALSE(is_new);
}

struct counted {
    uint64_t calls, last;
};
static bool count_each(void *context, const struct es_entry *entry)
{
    struct counted *counted = context;
    counted->calls++;
    counted->last = entry->seq;
    return true;
}

static void a_held_reader_sees_one_snapshot_until_it_is_released(void)
{
    fresh_path();
    struct es_ledger *writer = open_or_fail(true, true), *reader = open_or_fail(false, false);
    struct counted counted = {0};
    append(writer, 1, 3);
    CU_ASSERT_EQUAL_FATAL(es_ledger_hold(reader, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_ledger_hold(reader, NULL), ES_OK); /* nested */
    CU_ASSERT_EQUAL(es_ledger_walk(reader, 0, UINT64_MAX, count_each, &counted, NULL), ES_OK);
    append(writer, 4, 5);
    es_ledger_release(reader);
    counted = (struct counted){0};
    CU_ASSERT_EQUAL(es_ledger_walk(reader, 0, UINT64_MAX, count_each, &counted, NULL), ES_OK);
    CU_ASSERT_EQUAL(counted.calls, 3);
    CU_ASSERT_EQUAL(es_ledger_visit(reader, 4, count_each, &counted, NULL), ES_OK);
    CU_ASSERT_EQUAL(counted.calls, 3); /* not called: it is not there yet */
    es_ledger_release(reader);
    CU_ASSERT_EQUAL(es_ledger_visit(reader, 4, count_each, &counted, NULL), ES_OK);
    CU_ASSERT_EQUAL(counted.calls, 4);
    CU_ASSERT_EQUAL(counted.last, 4);
    CU_ASSERT_EQUAL_FATAL(es_ledger_hold(writer, NULL), ES_OK);
    es_ledger_release(writer);
    es_ledger_release(writer); /* one too many does nothing */
    append(writer, 6, 6);
    es_ledger_close(reader);
    es_ledger_close(writer);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"leaf_and_links_are_the_ones_python_computes", leaf_and_links_are_the_ones_python_computes},
        {"what_was_appended_is_read_back_after_reopening", what_was_appended_is_read_back_after_reopening},
        {"an_identity_is_kept_once_within_a_batch_and_across", an_identity_is_kept_once_within_a_batch_and_across},
        {"a_held_reader_sees_one_snapshot_until_it_is_released", a_held_reader_sees_one_snapshot_until_it_is_released},
        {"a_tampered_entry_is_named", a_tampered_entry_is_named},
        {"an_erased_entry_leaves_no_byte_and_the_chain_verifies", an_erased_entry_leaves_no_byte_and_the_chain_verifies},
        {"a_second_writer_is_told_who_writes", a_second_writer_is_told_who_writes},
        {"a_dead_writer_s_lease_is_taken_over_and_its_commits_are_there", a_dead_writer_s_lease_is_taken_over_and_its_commits_are_there},
        {"another_key_or_site_is_refused_by_name", another_key_or_site_is_refused_by_name},
        {"other_rules_of_normalisation_are_refused_by_number", other_rules_of_normalisation_are_refused_by_number},
        {"notes_are_kept_replaced_and_deleted", notes_are_kept_replaced_and_deleted},
        {"a_ledger_is_new_until_it_has_a_key", a_ledger_is_new_until_it_has_a_key},
        {NULL, NULL}};
    return es_test_main("ledger", tests, argc, argv);
}
