/* SPDX-License-Identifier: Apache-2.0 */
/* A key rotated, and persons erased under several keys, in a ledger that two nodes share, on a real PostgreSQL server
 * (tests/postgresql/run.sh). What one node alone does: test_rotation.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "shared_node.h"
#include "testlib.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)

/* The keys as the file of a node holds them. */
static char *keys_of(const struct node *node)
{
    char *text = es_test_slurp(node_path(node, "site.key"), NULL);
    if (!text) CU_FAIL_FATAL("no key file");
    return text;
}

/* As the manual says: all nodes stop, one rotates, all get the file. */
static void rotate_all(struct node *a, struct node *b)
{
    struct es_error err = {0};
    node_close(b);
    if (es_site_rotate(a->site, &err) != ES_OK) {
        fprintf(stderr, "%s\n", err.text);
        CU_FAIL_FATAL("rotate");
    }
    char *keys = keys_of(a), folder[256];
    snprintf(folder, sizeof folder, "%s", b->folder);
    node_open(b, "south", folder, keys, NET);
    free(keys);
}

static void start_both(struct node *a, struct node *b)
{
    node_start(a, "north");
    node_start(b, "south");
}

static void both_know_all(struct node *a, struct node *b)
{
    refresh(a);
    refresh(b);
    refresh(a);
    same_cohorts(a, b);
}

static void end_both(struct node *a, struct node *b)
{
    node_close(a);
    node_close(b);
}

/* Rows of a table for which a condition holds. */
static long rows(const char *table, const char *where)
{
    char command[900], line[40] = "";
    snprintf(command, sizeof command, "psql -q -X -A -t '%s' -c \"SELECT count(*) FROM evensight.%s WHERE %s\"", url, table, where);
    FILE *pipe = popen(command, "r");
    const bool good = pipe && fgets(line, sizeof line, pipe);
    if (!good || pclose(pipe) != 0) CU_FAIL_FATAL("psql");
    return strtol(line, NULL, 10);
}

static void patients_and_exams_stay_who_they_were_at_both_nodes(void)
{
    struct node a, b;
    if (!fresh_database()) return;
    start_both(&a, &b);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&b, es_say_exam(2, 2, DAY, "M", "060Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&b, es_say_result(1, "1.0", "effusion", 0.9, AT(DAY) + 60)), ES_OUTCOME_TAKEN);
    for (unsigned turn = 0; turn < 2; turn++) {
        rotate_all(&a, &b);
        /* what was taken at either node, under whatever key, is taken no second time at either */
        CU_ASSERT_EQUAL(take(&a, es_say_exam(2, 2, DAY, "M", "060Y")), ES_OUTCOME_DUPLICATE);
        CU_ASSERT_EQUAL(take(&b, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_DUPLICATE);
        CU_ASSERT_EQUAL(take(&a, es_say_result(1, "1.0", "effusion", 0.9, AT(DAY) + 60)), ES_OUTCOME_DUPLICATE);
        /* another exam of each patient at the other node; and of one who is new */
        CU_ASSERT_EQUAL(take(&b, es_say_exam(10 + turn, 1, DAY + 1, "F", "050Y")), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL(take(&a, es_say_exam(20 + turn, 2, DAY + 1, "M", "060Y")), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL(take(&b, es_say_exam(30 + turn, 30 + turn, DAY + 1, "M", "060Y")), ES_OUTCOME_TAKEN);
        /* a result comes to the node that did not see its exam, before it has learnt of it */
        CU_ASSERT_EQUAL(take(&a, es_say_result(30 + turn, "1.0", "effusion", 0.2, AT(DAY + 1) + 60)), ES_OUTCOME_TAKEN);
        both_know_all(&a, &b);
        CU_ASSERT_EQUAL(counts_of(a.site).patients, 3 + turn);
        node_restart(&a, "north", NULL, NET);
        both_know_all(&a, &b);
    }
    /* a label after two rotations, at the node that did not see the exam */
    CU_ASSERT_EQUAL(take(&a, es_say_reference(2, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 1))), ES_OUTCOME_TAKEN);
    both_know_all(&a, &b);
    CU_ASSERT_EQUAL(counts_of(b.site).references_without_exam, 0);
    CU_ASSERT_EQUAL(counts_of(b.site).results_without_exam, 0);
    CU_ASSERT_EQUAL(exams_of(b.site), 8);
    CU_ASSERT_EQUAL(counts_of(b.site).patients, 4);
    end_both(&a, &b);
}

/* Both nodes meet a known exam again before either heard of the other's alias. */
static void the_same_alias_of_both_nodes_is_one(void)
{
    struct node a, b;
    if (!fresh_database()) return;
    start_both(&a, &b);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    rotate_all(&a, &b);
    CU_ASSERT_EQUAL(take(&a, es_say_result(1, "1.0", "effusion", 0.9, AT(DAY) + 60)), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&b, es_say_reference(1, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 1))), ES_OUTCOME_TAKEN);
    both_know_all(&a, &b);
    CU_ASSERT_EQUAL(counts_of(a.site).references_without_exam + counts_of(a.site).results_without_exam, 0);
    CU_ASSERT_EQUAL(exams_of(a.site), 1);
    end_both(&a, &b);
}

/* A person who is new after the rotation and comes to both nodes at once. */
static void one_who_is_new_to_both_is_one(void)
{
    struct node a, b;
    if (!fresh_database()) return;
    start_both(&a, &b);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    rotate_all(&a, &b);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(2, 9, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&b, es_say_exam(3, 9, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&b, es_say_exam(2, 9, DAY, "F", "050Y")), ES_OUTCOME_DUPLICATE);
    both_know_all(&a, &b);
    CU_ASSERT_EQUAL(counts_of(b.site).patients, 2);
    CU_ASSERT_EQUAL(exams_of(b.site), 3);
    end_both(&a, &b);
}

static size_t forget(struct node *node, const char *patient)
{
    struct es_sought who = {0};
    struct es_person person;
    struct es_error err = {0};
    snprintf(who.patient_id, sizeof who.patient_id, "%s", patient);
    if (es_site_find_person(node->site, &who, &person, &err) != ES_OK) {
        fprintf(stderr, "%s\n", err.text);
        CU_FAIL_FATAL("no person");
    }
    const size_t count = person.count;
    if (es_site_forget(node->site, &person, &err) != ES_OK) {
        fprintf(stderr, "%s\n", err.text);
        CU_FAIL("forget");
    }
    es_person_clear(&person);
    return count;
}

static void stays_away(struct node *node, struct es_message *message)
{
    const struct es_receipt receipt = node_receipt(node, message);
    CU_ASSERT_EQUAL(receipt.outcome, ES_OUTCOME_REFUSED);
    CU_ASSERT_STRING_EQUAL(receipt.error.text, "of a person who was erased from this ledger on request");
}

static void who_was_erased_stays_away_under_every_key_at_both_nodes(void)
{
    struct node a, b;
    if (!fresh_database()) return;
    start_both(&a, &b);
    for (unsigned i = 1; i <= 3; i++) CU_ASSERT_EQUAL(take(i % 2 ? &a : &b, es_say_exam(i, i, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    refresh(&b);
    CU_ASSERT_EQUAL(forget(&b, "PAT1"), 1); /* before any rotation, at the other node */
    rotate_all(&a, &b);
    /* patient 2: entries of both keys in both chains, and the aliases that join them */
    CU_ASSERT_EQUAL(take(&a, es_say_exam(12, 2, DAY + 1, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&b, es_say_result(2, "1.0", "effusion", 0.9, AT(DAY) + 60)), ES_OUTCOME_TAKEN);
    both_know_all(&a, &b);
    const long before = rows("entry", "body IS NULL");
    CU_ASSERT_EQUAL(before, 1);
    const size_t erased = forget(&a, "PAT2");
    CU_ASSERT_TRUE(erased >= 3 + 2); /* two exams, a result; the aliases of patient and study */
    CU_ASSERT_EQUAL(rows("entry", "body IS NULL") - before, (long)erased);
    CU_ASSERT_EQUAL(rows("entry", "body IS NULL AND salt IS NOT NULL"), 0);
    CU_ASSERT_EQUAL(rows("entry", "identity IS NULL OR leaf IS NULL"), 0);
    both_know_all(&a, &b);
    CU_ASSERT_EQUAL(exams_of(b.site), 1);
    for (int turn = 0; turn < 3; turn++) {
        struct node *node = turn == 1 ? &b : &a, *other = turn == 1 ? &a : &b;
        stays_away(node, es_say_exam(80, 2, DAY, "F", "050Y"));
        stays_away(other, es_say_exam(2, 0, DAY, "F", "050Y"));
        stays_away(node, es_say_reference(12, "report", ES_REFERENCE_FINAL, 1, AT(DAY)));
        stays_away(other, es_say_exam(71, 1, DAY, "F", "050Y"));
        stays_away(node, es_say_exam(1, 1, DAY, "F", "050Y"));
        if (turn == 0) rotate_all(&a, &b);
        else node_restart(&a, "north", NULL, NET);
        both_know_all(&a, &b);
    }
    CU_ASSERT_EQUAL(take(&b, es_say_exam(90, 3, DAY + 2, "F", "050Y")), ES_OUTCOME_TAKEN); /* others come as ever */
    both_know_all(&a, &b);
    CU_ASSERT_EQUAL(counts_of(a.site).patients, 1);
    CU_ASSERT_EQUAL(exams_of(a.site), 2);
    end_both(&a, &b);
}

static void a_node_that_runs_is_named_and_nothing_is_rotated(void)
{
    struct node a, b;
    struct es_error err = {0};
    char words[120];
    if (!fresh_database()) return;
    start_both(&a, &b);
    snprintf(words, sizeof words, "ledger: node south is being written by process %ld on ", (long)getpid());
    CU_ASSERT_EQUAL(es_site_rotate(a.site, &err), ES_E_BUSY);
    CU_ASSERT_EQUAL(strncmp(err.text, words, strlen(words)), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, ", expected no other node: stop it first"));
    char *keys = keys_of(&a);
    CU_ASSERT_STRING_EQUAL(keys, NODE_KEY);
    free(keys);
    CU_ASSERT_EQUAL(es_key_epochs(es_site_key(a.site)), 1);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    node_close(&b);
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_site_rotate(a.site, &err), ES_OK);
    node_close(&a);
}

static void a_node_with_another_key_file_is_told_which_it_needs(void)
{
    struct node a, b;
    struct es_error err = {0};
    char folder[256], text[200];
    if (!fresh_database()) return;
    start_both(&a, &b);
    CU_ASSERT_EQUAL(take(&b, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    snprintf(folder, sizeof folder, "%s", b.folder);
    node_close(&b);
    CU_ASSERT_EQUAL(es_site_rotate(a.site, NULL), ES_OK);
    /* the file from before */
    CU_ASSERT_EQUAL(node_try(&b, "south", folder, NULL, NET, &err), ES_E_STATE);
    CU_ASSERT_EQUAL(strncmp(err.text, "key: the ledger was made with 2 keys or more, ", 46), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "holds 1: restore its newest backup"));
    node_close(&b);
    /* rotated by itself: another second key */
    snprintf(text, sizeof text, "%s%s", NODE_KEY, "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a\n");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(node_try(&b, "south", folder, text, NET, &err), ES_E_STATE);
    CU_ASSERT_EQUAL(strncmp(err.text, "key: key 2 of the ledger is ", 28), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "restore the right file"));
    node_close(&b);
    /* none at all: none is made */
    CU_ASSERT_EQUAL(unlink(node_path(&b, "site.key")), 0);
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(node_try(&b, "south", folder, NULL, NET, &err), ES_E_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "is not there, but the ledger was made with one: restore it from a backup"));
    CU_ASSERT_NOT_EQUAL(access(node_path(&b, "site.key"), F_OK), 0);
    node_close(&b);
    char *keys = keys_of(&a);
    node_open(&b, "south", folder, keys, NET);
    free(keys);
    CU_ASSERT_EQUAL(take(&b, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_DUPLICATE);
    both_know_all(&a, &b);
    end_both(&a, &b);
}

/* After a rotation the server goes away: what comes waits in the spool under the new key, and its aliases with it. */
static void while_the_server_is_away_both_keys_hold(void)
{
    struct node a, b;
    uint64_t waiting = 0;
    if (!fresh_database()) return;
    start_both(&a, &b);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(4, 4, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(forget(&a, "PAT4"), 1);
    rotate_all(&a, &b);
    both_know_all(&a, &b);
    control("kill");
    CU_ASSERT_EQUAL(take(&b, es_say_exam(11, 1, DAY + 1, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&b, es_say_result(1, "1.0", "effusion", 0.9, AT(DAY) + 60)), ES_OUTCOME_TAKEN);
    stays_away(&b, es_say_exam(41, 4, DAY + 1, "F", "050Y"));
    (void)take(&b, es_say_exam(1, 1, DAY, "F", "050Y")); /* taken under the first key: known to be so when the server is back */
    CU_ASSERT_TRUE(es_ledger_is_away(es_site_ledger(b.site), &waiting));
    CU_ASSERT_TRUE(waiting >= 3);
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_site_rotate(b.site, &err), ES_E_IO); /* who else writes cannot be seen */
    CU_ASSERT_EQUAL(es_key_epochs(es_site_key(b.site)), 2);
    control("start");
    both_know_all(&a, &b);
    CU_ASSERT_EQUAL(exams_of(a.site), 2);
    CU_ASSERT_EQUAL(counts_of(a.site).patients, 1);
    CU_ASSERT_EQUAL(counts_of(a.site).results_without_exam, 0);
    end_both(&a, &b);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"patients_and_exams_stay_who_they_were_at_both_nodes", patients_and_exams_stay_who_they_were_at_both_nodes},
        {"the_same_alias_of_both_nodes_is_one", the_same_alias_of_both_nodes_is_one},
        {"one_who_is_new_to_both_is_one", one_who_is_new_to_both_is_one},
        {"who_was_erased_stays_away_under_every_key_at_both_nodes", who_was_erased_stays_away_under_every_key_at_both_nodes},
        {"a_node_that_runs_is_named_and_nothing_is_rotated", a_node_that_runs_is_named_and_nothing_is_rotated},
        {"a_node_with_another_key_file_is_told_which_it_needs", a_node_with_another_key_file_is_told_which_it_needs},
        {"while_the_server_is_away_both_keys_hold", while_the_server_is_away_both_keys_hold},
        {NULL, NULL},
    };
    return es_test_main("shared_rotation", tests, argc, argv);
}
