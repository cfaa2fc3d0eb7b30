/* SPDX-License-Identifier: Apache-2.0 */
/* Damage by hand in the tables of a shared ledger, on a real PostgreSQL server (tests/postgresql/run.sh): each column changed once. Whoever opens
 * the ledger or verifies it is told which entry of which node is wrong. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shared_node.h"
#include "testlib.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)

#define FLIP(column) "UPDATE evensight.entry SET " column " = set_byte(" column ", 5, get_byte(" column ", 5) # 1) WHERE node = 'north' AND seq = 4"
#define NUMBER(column) "UPDATE evensight.entry SET " column " = " column " + 1 WHERE node = 'north' AND seq = 4"

/* As `evensight verify` does: opened for reading, then proved. */
static enum es_errc verify(const struct node *node, struct es_error *err)
{
    struct es_site *site = NULL;
    uint64_t entries = 0;
    enum es_errc code = es_site_open(&site, node->config, ES_SITE_READ, NULL, err);
    if (code == ES_OK) code = es_site_verify(site, &entries, err);
    es_site_close(site);
    if (code == ES_OK) CU_ASSERT_EQUAL(entries, 7);
    return code;
}

static void each_column_that_is_changed_is_named(void)
{
    /* north: configuration, plan, two exams, a result; south: a reference, an exam */
    static const struct {
        const char *sql, *words; /* NULL: it stands beside the chain */
    } cases[] = {
        {FLIP("identity"), "node north: entry 4: its identity is not the one of its body"},
        {"UPDATE evensight.entry SET node = 'south' WHERE node = 'north' AND seq = 4", "node south: ledger: the last entry is 4, the head was noted as 2"},
        {"UPDATE evensight.entry SET node = 'west' WHERE node = 'north' AND seq = 4", "node north: entry 4 is not there, expected every one up to the last"},
        {NUMBER("seq"), "node north: entry 4 is not there, expected every one up to the last"},
        {"UPDATE evensight.entry SET seq = 9 WHERE node = 'north' AND seq = 5", "node north: ledger: the last entry is 9, the head was noted as 5"},
        {NUMBER("received"), "node north: entry 4: link does not follow from entry 3"},
        {FLIP("salt"), "node north: entry 4: its body is not the one that was recorded"},
        {"UPDATE evensight.entry SET salt = NULL WHERE node = 'north' AND seq = 4", "node north: entry 4: half erased (salt or body is left)"},
        {FLIP("body"), "node north: entry 4"},
        {"UPDATE evensight.entry SET body = body || '\\x00' WHERE node = 'north' AND seq = 4", "node north: entry 4"},
        {"UPDATE evensight.entry SET body = NULL WHERE node = 'north' AND seq = 4", "node north: entry 4: half erased (salt or body is left)"},
        {FLIP("leaf"), "node north: entry 4: its body is not the one that was recorded"},
        {FLIP("link"), "node north: entry 4: link does not follow from entry 3"},
        {"UPDATE evensight.entry SET link = '\\x00' WHERE node = 'north' AND seq = 4", "node north: entry 4: a column has not the length it was written with"},
        {"DELETE FROM evensight.entry WHERE node = 'north' AND seq = 4", "node north: entry 4 is not there, expected every one up to the last"},
        {"DELETE FROM evensight.entry WHERE node = 'north' AND seq = 5", "node north: ledger: the last entry is 4, the head was noted as 5"},
        {"UPDATE evensight.entry SET received = received + 1 WHERE node = 'south' AND seq = 1", "node south: entry 1: link does not follow from entry 0"},
        {"UPDATE evensight.head SET seq = seq + 1 WHERE node = 'south'", "node south: ledger: the last entry is 2, the head was noted as 3"},
        {"UPDATE evensight.head SET node = 'west' WHERE node = 'south'", "node west: ledger: the last entry is 0, the head was noted as 2"},
        {"UPDATE evensight.meta SET value = 'x' WHERE name = 'key'", "ledger: the database was made with key x"},
        /* DESIGN: leaf = SHA256(salt || body); what the sender called and dated its message stands beside the body */
        {"UPDATE evensight.entry SET sent = 1 WHERE node = 'north' AND seq = 4", NULL},
        {"UPDATE evensight.entry SET event_id = '\\x0102030405060708090a0b0c0d0e0f1011' WHERE node = 'north' AND seq = 4", NULL},
    };
    struct node a, b;
    if (!fresh_database()) return;
    node_start(&a, "north");
    node_start(&b, "south");
    (void)take(&a, es_say_exam(1, 1, DAY, "F", "050Y"));
    (void)take(&a, es_say_exam(2, 2, DAY, "F", "050Y"));
    (void)take(&a, es_say_result(1, "1.0", "effusion", 0.7, AT(DAY) + 60));
    (void)take(&b, es_say_reference(1, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 1)));
    (void)take(&b, es_say_exam(3, 3, DAY, "F", "050Y"));
    es_site_close(a.site);
    es_site_close(b.site);
    a.site = b.site = NULL;
    sql("CREATE SCHEMA kept; CREATE TABLE kept.entry AS TABLE evensight.entry; CREATE TABLE kept.head AS TABLE evensight.head; CREATE TABLE kept.meta AS TABLE"
        " evensight.meta");
    CU_ASSERT_EQUAL(verify(&a, NULL), ES_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_error err = {0};
        char command[400];
        snprintf(command, sizeof command, "%s", cases[i].sql);
        char *escaped = strstr(command, "'\\x");
        if (escaped) { /* through the shell's double quotes */
            memmove(escaped + 2, escaped + 1, strlen(escaped + 1) + 1);
            escaped[1] = '\\';
        }
        sql(command);
        const enum es_errc code = verify(&a, &err);
        const bool good = cases[i].words ? code != ES_OK && strstr(err.text, cases[i].words) : code == ES_OK;
        if (!good) {
            fprintf(stderr, "%s\nfound %d: %s\nexpected: %s\n", cases[i].sql, (int)code, err.text, cases[i].words ? cases[i].words : "nothing");
            CU_FAIL("damage");
        }
        sql("TRUNCATE evensight.entry, evensight.head, evensight.meta; INSERT INTO evensight.entry TABLE kept.entry; INSERT INTO evensight.head TABLE kept.head;"
            " INSERT INTO evensight.meta TABLE kept.meta");
    }
    CU_ASSERT_EQUAL(verify(&a, NULL), ES_OK);
    node_close(&a);
    node_close(&b);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"each_column_that_is_changed_is_named", each_column_that_is_changed_is_named}, {NULL, NULL}};
    return es_test_main("shared_verify", tests, argc, argv);
}
