/* SPDX-License-Identifier: Apache-2.0 */
/* One ledger that several nodes share, on a real PostgreSQL server. tests/postgresql/run.sh starts one and tells its URL and how to stop and
 * start it; without it these are skipped. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugin/base/time.h"
#include "plugin/ledger/chains.h"
#include "shared_node.h"
#include "testlib.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)
static void what_one_node_takes_the_other_counts(void)
{
    struct node a, b;
    if (!fresh_database()) return;
    node_start(&a, "north");
    node_start(&b, "south");
    CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&b, es_say_result(1, "1.0", "effusion", 0.7, AT(DAY) + 60)), ES_OUTCOME_TAKEN); /* its exam is at the other node */
    CU_ASSERT_EQUAL(take(&b, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_DUPLICATE);                /* and known there */
    refresh(&a);
    refresh(&b);
    CU_ASSERT_EQUAL(take(&a, es_say_reference(1, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 1))), ES_OUTCOME_TAKEN);
    refresh(&b);
    CU_ASSERT_EQUAL(exams_of(a.site), 1);
    same_cohorts(&a, &b);
    struct es_head *heads = NULL;
    size_t n = 0;
    CU_ASSERT_EQUAL_FATAL(es_site_heads(b.site, &heads, &n, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(n, 2);
    CU_ASSERT_STRING_EQUAL(heads[0].node, "north");
    CU_ASSERT_EQUAL(heads[0].seq, 4); /* configuration, plan, exam, reference */
    CU_ASSERT_STRING_EQUAL(heads[1].node, "south");
    CU_ASSERT_EQUAL(heads[1].seq, 1); /* the same configuration and plan are not recorded twice */
    /* The moment before the reference, from either node. */
    heads[0].seq = 3;
    struct es_site *then = NULL;
    CU_ASSERT_EQUAL_FATAL(es_site_open_as_of(&then, b.config, heads, n, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_site_now(then), AT(DAY + 1) * 1000000); /* the exam's day, not the reference's */
    es_site_close(then);
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_site_open_as_of(&then, b.config, &(struct es_head){.node = "west", .seq = 1}, 1, NULL, &err), ES_E_ARG);
    CU_ASSERT_STRING_EQUAL(err.text, "as of node west: not in the ledger");
    free(heads);
    node_close(&a);
    node_close(&b);
}

static void a_restarted_node_reads_every_chain(void)
{
    struct node a, b;
    if (!fresh_database()) return;
    node_start(&a, "north");
    node_start(&b, "south");
    for (unsigned i = 1; i <= 40; i++) {
        struct node *node = i % 3 == 0 ? &a : &b;
        (void)take(node, es_say_exam(i, i, DAY + (int32_t)i, i % 2 ? "F" : "M", "050Y"));
        (void)take(i % 2 ? &a : &b, es_say_result(i, "1.0", "effusion", 0.01 * i, AT(DAY + (int)i) + 60));
    }
    struct es_message *alias = es_say(ES_EVENT_ALIAS, 7);
    snprintf(alias->same_as, sizeof alias->same_as, "1.2.3.9");
    (void)take(&b, alias);
    refresh(&a);
    refresh(&b);
    same_cohorts(&a, &b);
    struct node again = {0};
    node_close(&b);
    node_start(&again, "south");
    same_cohorts(&again, &a);
    node_close(&a);
    node_close(&again);
}

static void a_retraction_reaches_the_other_node_s_event(void)
{
    struct node a, b;
    if (!fresh_database()) return;
    node_start(&a, "north");
    node_start(&b, "south");
    struct es_message *exam = es_say_exam(1, 1, DAY, "F", "050Y");
    snprintf(exam->event_id, sizeof exam->event_id, "e1");
    (void)take(&a, exam);
    struct es_message *retraction = es_say(ES_EVENT_RETRACT, 0);
    snprintf(retraction->retract_event_id, sizeof retraction->retract_event_id, "e1");
    snprintf(retraction->reason, sizeof retraction->reason, "mistake");
    CU_ASSERT_EQUAL(take(&b, retraction), ES_OUTCOME_TAKEN); /* before it knows of the exam */
    refresh(&b);
    refresh(&a);
    CU_ASSERT_EQUAL(exams_of(a.site), 0);
    same_cohorts(&a, &b);
    node_close(&a);
    node_close(&b);
}

static void a_second_writer_of_a_chain_and_another_key_are_refused(void)
{
    struct node a;
    struct es_ledger *ledger = NULL;
    struct es_error err = {0};
    char words[120];
    if (!fresh_database()) return;
    node_start(&a, "north");
    char key[64];
    snprintf(key, sizeof key, "%s", es_key_id(es_site_key(a.site)));
    snprintf(words, sizeof words, "ledger: node north is being written by process %ld on ", (long)getpid());
    CU_ASSERT_EQUAL(es_ledger_open(&ledger, url, "north", key, true, true, &err), ES_E_BUSY);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_ledger_open(&ledger, url, "west", "ffff", true, true, &err), ES_E_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "this is key ffff: every node needs the same key file"));
    CU_ASSERT_EQUAL_FATAL(es_ledger_open(&ledger, url, "north", key, false, false, NULL), ES_OK); /* a reader is welcome */
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_ledger_note_set(ledger, "x", "y", &err), ES_E_STATE);
    CU_ASSERT_STRING_EQUAL(err.text, "ledger: opened for reading, a note was to be written");
    es_ledger_close(ledger);
    node_close(&a);
    CU_ASSERT_EQUAL_FATAL(es_ledger_open(&ledger, url, "north", key, false, true, NULL), ES_OK); /* the lease went with its holder */
    es_ledger_close(ledger);
}

static void a_newer_schema_and_an_empty_database_are_named(void)
{
    struct es_ledger *ledger = NULL;
    struct es_error err = {0};
    char command[700];
    bool is_new = false;
    if (!fresh_database()) return;
    CU_ASSERT_EQUAL(es_ledger_is_new(url, &is_new, NULL), ES_OK);
    CU_ASSERT_TRUE(is_new);
    CU_ASSERT_EQUAL(es_ledger_open(&ledger, url, "A", "k", false, false, &err), ES_E_IO);
    CU_ASSERT_STRING_EQUAL(err.text, "ledger: the database holds no ledger");
    CU_ASSERT_EQUAL_FATAL(es_ledger_open(&ledger, url, "A", "k", true, true, NULL), ES_OK);
    es_ledger_close(ledger);
    CU_ASSERT_EQUAL(es_ledger_is_new(url, &is_new, NULL), ES_OK);
    CU_ASSERT_FALSE(is_new);
    snprintf(command, sizeof command, "psql -q -X '%s' -c \"UPDATE evensight.meta SET value = '7' WHERE name = 'schema'\"", url);
    CU_ASSERT_EQUAL(system(command), 0);
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_ledger_open(&ledger, url, "A", "k", true, true, &err), ES_E_UNSUPPORTED);
    CU_ASSERT_STRING_EQUAL(err.text, "ledger: the database has schema 7, this version reads 1: use the newer Evensight that wrote it");
    snprintf(command, sizeof command, "psql -q -X '%s' -c \"UPDATE evensight.meta SET value = '1' WHERE name = 'schema'\" -c \"UPDATE evensight.meta SET"
                                      " value = '2' WHERE name = 'normalisation' AND value = '1'\"", url);
    CU_ASSERT_EQUAL(system(command), 0);
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_ledger_open(&ledger, url, "A", "k", true, true, &err), ES_E_UNSUPPORTED);
    CU_ASSERT_STRING_EQUAL(err.text, "ledger: its identifiers were normalised by rules 2, this version has rules 1: use the Evensight that wrote it");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_ledger_open(&ledger, "postgresql://evensight:sesame@127.0.0.1:1/none", "A", "k", true, true, &err), ES_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "ledger: no connection: "));
    CU_ASSERT_PTR_NULL(strstr(err.text, "sesame"));
}

static void a_tampered_chain_is_named_with_its_node(void)
{
    struct node a;
    struct es_error err = {0};
    uint64_t entries = 0;
    char command[700];
    if (!fresh_database()) return;
    node_start(&a, "north");
    (void)take(&a, es_say_exam(1, 1, DAY, "F", "050Y"));
    snprintf(command, sizeof command, "psql -q -X '%s' -c 'UPDATE evensight.entry SET received = received + 1 WHERE seq = 3'", url);
    CU_ASSERT_EQUAL(system(command), 0);
    CU_ASSERT_EQUAL(es_site_verify(a.site, &entries, &err), ES_E_STATE);
    CU_ASSERT_STRING_EQUAL(err.text, "node north: entry 3: link does not follow from entry 2");
    node_close(&a);
}

static void who_is_erased_at_one_node_is_gone_at_the_other(void)
{
    struct node a, b;
    struct es_person person;
    struct es_receipt receipt;
    if (!fresh_database()) return;
    node_start(&a, "north");
    node_start(&b, "south");
    (void)take(&a, es_say_exam(1, 1, DAY, "F", "050Y"));
    (void)take(&b, es_say_result(1, "1.0", "effusion", 0.7, AT(DAY) + 60));
    (void)take(&b, es_say_exam(2, 2, DAY, "M", "050Y"));
    refresh(&a);
    refresh(&b);
    CU_ASSERT_EQUAL_FATAL(es_site_find_person(a.site, &(struct es_sought){.patient_id = "PAT1"}, &person, NULL), ES_OK);
    CU_ASSERT_EQUAL(person.count, 2); /* one entry in each chain */
    CU_ASSERT_EQUAL(es_site_forget(a.site, &person, NULL), ES_OK);
    es_person_clear(&person);
    refresh(&b);
    CU_ASSERT_EQUAL(exams_of(b.site), 1);
    same_cohorts(&a, &b);
    struct es_message *again = es_say_exam(3, 1, DAY + 3, "F", "050Y");
    const struct es_message *list[] = {again};
    CU_ASSERT_EQUAL(es_site_take(b.site, list, 1, &receipt, NULL), ES_OK);
    CU_ASSERT_EQUAL(receipt.outcome, ES_OUTCOME_REFUSED);
    es_unsay(again);
    node_close(&a);
    node_close(&b);
}

/* ---- both at once ---- */

#define BATCHES 60
#define EACH 20
static void write_many(const char *node, const char *key, unsigned from)
{
    struct es_ledger *ledger = NULL;
    struct es_error err = {0};
    if (es_ledger_open(&ledger, url, node, key, true, true, &err) != ES_OK) _exit(1);
    for (unsigned batch = 0; batch < BATCHES; batch++) {
        struct es_entry entries[EACH];
        enum es_taken taken[EACH];
        for (unsigned i = 0; i < EACH; i++) {
            const unsigned number = from + (batch * EACH + i) * 2 / 3; /* a third of them twice, and half of all at both nodes */
            entries[i] = (struct es_entry){.received = 1, .sent = ES_NO_INSTANT, .body = (const uint8_t *)"body", .len = 4};
            memcpy(entries[i].identity, &number, sizeof number);
        }
        enum es_errc code = ES_E_BUSY;
        for (int attempt = 0; code == ES_E_BUSY && attempt < 20; attempt++) {
            err = (struct es_error){0};
            code = es_ledger_append(ledger, entries, EACH, taken, &err);
        }
        if (code != ES_OK) _exit(2);
    }
    es_ledger_close(ledger);
    _exit(0);
}

static void two_nodes_that_write_at_once_keep_both_chains(void)
{
    struct es_ledger *ledger = NULL;
    uint64_t entries = 0;
    int status = 0;
    if (!fresh_database()) return;
    const pid_t one = fork();
    if (one == 0) write_many("north", "k", 0);
    const pid_t two = fork();
    if (two == 0) write_many("south", "k", BATCHES * EACH / 3);
    CU_ASSERT_EQUAL(waitpid(one, &status, 0), one);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(waitpid(two, &status, 0), two);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL_FATAL(es_ledger_open(&ledger, url, "west", "k", false, false, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_ledger_verify(ledger, &entries, NULL), ES_OK);
    CU_ASSERT_EQUAL(entries, BATCHES * EACH); /* 800 identities each, 400 of them the same: once */
    es_ledger_close(ledger);
}

/* ---- away ---- */

static bool file_holds(const char *path, const char *text)
{
    size_t len = 0;
    char *bytes = es_test_slurp(path, &len);
    const bool found = bytes && memmem(bytes, len, text, strlen(text));
    free(bytes);
    return found;
}

static void while_the_server_is_away_nothing_is_lost(void)
{
    struct node a, b;
    char spool[300];
    uint64_t waiting = 0;
    if (!fresh_database()) return;
    node_start(&a, "north");
    node_start(&b, "south");
    (void)take(&a, es_say_exam(1, 1, DAY, "F", "050Y"));
    refresh(&b);
    snprintf(spool, sizeof spool, "%s/spool.db", a.folder);
    control("kill");
    CU_ASSERT_EQUAL(take(&a, es_say_exam(2, 2, DAY + 1, "M", "050Y")), ES_OUTCOME_TAKEN); /* acknowledged: it is in the spool */
    CU_ASSERT_EQUAL(take(&a, es_say_result(1, "1.0", "effusion", 0.7, AT(DAY) + 60)), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(2, 2, DAY + 1, "M", "050Y")), ES_OUTCOME_DUPLICATE);
    CU_ASSERT_TRUE(es_ledger_is_away(es_site_ledger(a.site), &waiting));
    CU_ASSERT_EQUAL(waiting, 2);
    CU_ASSERT_EQUAL(access(spool, F_OK), 0);
    char wal[310]; /* as in the ledger: pseudonyms only */
    snprintf(wal, sizeof wal, "%s-wal", spool);
    CU_ASSERT_TRUE(file_holds(spool, "PatientSex") || file_holds(wal, "PatientSex"));
    CU_ASSERT_FALSE(file_holds(spool, "PAT2") || file_holds(wal, "PAT2"));
    CU_ASSERT_FALSE(file_holds(spool, "1.2.3.") || file_holds(wal, "1.2.3."));
    CU_ASSERT_EQUAL(es_site_refresh(a.site, NULL), ES_E_IO);
    CU_ASSERT_EQUAL(exams_of(a.site), 1);
    unsigned tries = 0; /* asked a hundred times a second for 2.5 s; it tries after 0 s, 1 s, 3 s, ... */
    for (int i = 0; i < 250; i++) {
        struct es_error err = {0};
        CU_ASSERT_EQUAL(es_site_refresh(a.site, &err), ES_E_IO);
        tries += strncmp(err.text, "ledger: no connection: ", 23) == 0;
        usleep(10000);
    }
    CU_ASSERT_TRUE(tries >= 1 && tries <= 3);
    control("start");
    for (int i = 0; i < 100 && es_site_refresh(a.site, NULL) != ES_OK; i++) usleep(100000); /* pauses of 1, 2, ... s */
    for (int i = 0; i < 100 && es_site_refresh(b.site, NULL) != ES_OK; i++) usleep(100000);
    refresh(&a);
    CU_ASSERT_FALSE(es_ledger_is_away(es_site_ledger(a.site), &waiting));
    CU_ASSERT_EQUAL(waiting, 0);
    CU_ASSERT_NOT_EQUAL(access(spool, F_OK), 0);
    CU_ASSERT_EQUAL(exams_of(a.site), 2);
    refresh(&b);
    same_cohorts(&a, &b);
    node_close(&a);
    node_close(&b);
}

static void a_spool_from_an_earlier_life_is_handed_over(void)
{
    struct node a, again;
    char from[300];
    if (!fresh_database()) return;
    node_start(&a, "north");
    control("kill");
    CU_ASSERT_EQUAL(take(&a, es_say_exam(5, 5, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    snprintf(from, sizeof from, "%s/spool.db", a.folder);
    node_close(&a);
    control("start");
    node_open(&again, "north", a.folder, NULL, NET); /* where its configuration says */
    CU_ASSERT_EQUAL(exams_of(again.site), 1);
    CU_ASSERT_NOT_EQUAL(access(from, F_OK), 0);
    node_close(&again);
}

static void chains_number_their_entries_once(void)
{
    struct es_chains chains = {0};
    const uint8_t link[ES_LINK_SIZE] = {1};
    const struct es_chain *chain;
    uint64_t seq;
    CU_ASSERT_PTR_NOT_NULL_FATAL(es_chains_of(&chains, "a"));
    CU_ASSERT_TRUE(es_chains_extend(&chains, es_chains_of(&chains, "a"), 3, link));
    CU_ASSERT_TRUE(es_chains_extend(&chains, es_chains_of(&chains, "b"), 2, link));
    CU_ASSERT_TRUE(es_chains_extend(&chains, es_chains_of(&chains, "a"), 4, link));
    CU_ASSERT_EQUAL(es_chains_count(&chains), 6);
    CU_ASSERT_EQUAL(es_chains_number(&chains, "a", 4), 6);
    CU_ASSERT_EQUAL(es_chains_number(&chains, "b", 1), 4);
    CU_ASSERT_EQUAL(es_chains_number(&chains, "b", 3), 0);
    CU_ASSERT_EQUAL(es_chains_number(&chains, "c", 1), 0);
    CU_ASSERT_TRUE(es_chains_place(&chains, 5, &chain, &seq));
    CU_ASSERT_STRING_EQUAL(chain->node, "b");
    CU_ASSERT_EQUAL(seq, 2);
    CU_ASSERT_FALSE(es_chains_place(&chains, 0, &chain, &seq));
    CU_ASSERT_FALSE(es_chains_place(&chains, 7, &chain, &seq));
    CU_ASSERT_EQUAL(es_chains_run(&chains, 1, UINT64_MAX, &chain, &seq), 3);
    CU_ASSERT_EQUAL(es_chains_run(&chains, 2, 2, &chain, &seq), 1);
    CU_ASSERT_EQUAL(es_chains_run(&chains, 4, UINT64_MAX, &chain, &seq), 2);
    CU_ASSERT_EQUAL(es_chains_run(&chains, 6, UINT64_MAX, &chain, &seq), 1);
    CU_ASSERT_EQUAL(es_chains_run(&chains, 7, UINT64_MAX, &chain, &seq), 0);
    es_chains_clear(&chains);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"chains_number_their_entries_once", chains_number_their_entries_once},
        {"what_one_node_takes_the_other_counts", what_one_node_takes_the_other_counts},
        {"a_restarted_node_reads_every_chain", a_restarted_node_reads_every_chain},
        {"a_retraction_reaches_the_other_node_s_event", a_retraction_reaches_the_other_node_s_event},
        {"a_second_writer_of_a_chain_and_another_key_are_refused", a_second_writer_of_a_chain_and_another_key_are_refused},
        {"a_newer_schema_and_an_empty_database_are_named", a_newer_schema_and_an_empty_database_are_named},
        {"a_tampered_chain_is_named_with_its_node", a_tampered_chain_is_named_with_its_node},
        {"who_is_erased_at_one_node_is_gone_at_the_other", who_is_erased_at_one_node_is_gone_at_the_other},
        {"two_nodes_that_write_at_once_keep_both_chains", two_nodes_that_write_at_once_keep_both_chains},
        {"while_the_server_is_away_nothing_is_lost", while_the_server_is_away_nothing_is_lost},
        {"a_spool_from_an_earlier_life_is_handed_over", a_spool_from_an_earlier_life_is_handed_over},
        {NULL, NULL},
    };
    return es_test_main("shared", tests, argc, argv);
}
