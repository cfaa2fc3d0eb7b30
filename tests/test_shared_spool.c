/* SPDX-License-Identifier: Apache-2.0 */
/* A node that was away while others erased a person or rotated the key, on a real PostgreSQL server (tests/postgresql/run.sh). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shared_node.h"
#include "shared_proxy.h"
#include "testlib.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)

/* North speaks through a relay, south straight to the server. */
static bool start_both(struct proxy *proxy, struct node *a, struct node *b)
{
    if (!fresh_database()) return false;
    proxy_start(proxy);
    node_start(a, "north");
    snprintf(url, sizeof url, "%s", direct);
    node_start(b, "south");
    return true;
}

static void end_both(struct proxy *proxy, struct node *a, struct node *b)
{
    node_close(a);
    node_close(b);
    proxy_end(proxy);
}

static size_t forget(struct node *node, const char *patient)
{
    struct es_sought who = {0};
    struct es_person person;
    snprintf(who.patient_id, sizeof who.patient_id, "%s", patient);
    CU_ASSERT_EQUAL_FATAL(es_site_find_person(node->site, &who, &person, NULL), ES_OK);
    const size_t count = person.count;
    CU_ASSERT_EQUAL(es_site_forget(node->site, &person, NULL), ES_OK);
    es_person_clear(&person);
    return count;
}

static void who_was_erased_while_it_waited_is_not_handed_over(void)
{
    struct proxy proxy;
    struct node a, b;
    if (!start_both(&proxy, &a, &b)) return;
    CU_ASSERT_EQUAL(take(&b, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&b, es_say_exam(2, 2, DAY, "M", "050Y")), ES_OUTCOME_TAKEN);
    proxy.mode = PROXY_REFUSE;
    CU_ASSERT_EQUAL(take(&a, es_say_exam(11, 1, DAY + 1, "F", "050Y")), ES_OUTCOME_TAKEN); /* another exam of the person */
    CU_ASSERT_EQUAL(take(&a, es_say_result(1, "1.0", "effusion", 0.7, AT(DAY) + 60)), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(12, 2, DAY + 1, "M", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(forget(&b, "PAT1"), 1);
    proxy.mode = PROXY_PASS;
    refresh(&a);
    refresh(&b);
    CU_ASSERT_EQUAL(exams_of(a.site), 2);
    CU_ASSERT_EQUAL(counts_of(b.site).patients, 1);
    CU_ASSERT_EQUAL(counts_of(b.site).results_without_exam, 0);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM evensight.entry WHERE node = 'north' AND body IS NOT NULL"), 3); /* configuration, plan, patient 2 */
    CU_ASSERT_NOT_EQUAL(access(node_path(&a, "spool.db"), F_OK), 0);
    same_cohorts(&a, &b);
    end_both(&proxy, &a, &b);
}

static void the_same_after_a_stop_between(void)
{
    struct proxy proxy;
    struct node a, b;
    if (!start_both(&proxy, &a, &b)) return;
    CU_ASSERT_EQUAL(take(&b, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    proxy.mode = PROXY_REFUSE;
    CU_ASSERT_EQUAL(take(&a, es_say_exam(11, 1, DAY + 1, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(12, 2, DAY + 1, "M", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(forget(&b, "PAT1"), 1);
    node_restart(&a, "north", NULL, NET); /* straight to the server now */
    CU_ASSERT_EQUAL(exams_of(a.site), 1);
    refresh(&b);
    same_cohorts(&a, &b);
    end_both(&proxy, &a, &b);
}

/* Taken in the moment between the erasure at one node and its news at the other. */
static void what_a_node_took_before_it_knew_is_erased_too(void)
{
    struct proxy proxy;
    struct node a, b;
    if (!start_both(&proxy, &a, &b)) return;
    CU_ASSERT_EQUAL(take(&b, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(2, 2, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    refresh(&a);
    refresh(&b);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(11, 1, DAY + 1, "F", "050Y")), ES_OUTCOME_TAKEN); /* south does not know */
    CU_ASSERT_EQUAL(forget(&b, "PAT1"), 1);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(21, 1, DAY + 2, "F", "050Y")), ES_OUTCOME_TAKEN); /* nor north */
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM evensight.entry WHERE body IS NULL"), 1);
    refresh(&a);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM evensight.entry WHERE body IS NULL"), 3);
    CU_ASSERT_EQUAL(exams_of(a.site), 1);
    refresh(&b);
    same_cohorts(&a, &b);
    end_both(&proxy, &a, &b);
}

static void a_node_that_was_away_while_another_rotated_waits_for_the_key(void)
{
    struct proxy proxy;
    struct node a, b;
    struct es_error err = {0};
    struct es_receipt receipt;
    uint64_t waiting = 0;
    char words[100];
    if (!start_both(&proxy, &a, &b)) return;
    CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    proxy.mode = PROXY_REFUSE;
    CU_ASSERT_EQUAL(take(&a, es_say_exam(2, 2, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    usleep(300000); /* its session has ended at the server, too */
    refresh(&b);
    /* It is not there, but it did not end in good order: its spool may hold something. */
    snprintf(words, sizeof words, "ledger: node north (process %ld on ", (long)getpid());
    CU_ASSERT_EQUAL(es_site_rotate(b.site, &err), ES_E_BUSY);
    CU_ASSERT_EQUAL(strncmp(err.text, words, strlen(words)), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "has not ended in good order and may have something in its spool"));
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "remove its row from evensight.lease"));
    /* Somebody says that it is gone for good; it is not. */
    sql("DELETE FROM evensight.lease WHERE node = 'north'");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_site_rotate(b.site, &err), ES_OK);
    proxy.mode = PROXY_PASS;
    for (int i = 0; i < 100; i++) {
        err = (struct es_error){0};
        if (es_site_refresh(a.site, &err) == ES_E_STATE) break;
        usleep(100000);
    }
    CU_ASSERT_EQUAL(strncmp(err.text, "key: the ledger was made with 2 keys or more, ", 46), 0);
    CU_ASSERT_FALSE(es_ledger_is_away(es_site_ledger(a.site), &waiting));
    CU_ASSERT_EQUAL(waiting, 1);
    struct es_message *exam = es_say_exam(3, 3, DAY, "F", "050Y");
    const struct es_message *list[] = {exam};
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_site_take(a.site, list, 1, &receipt, &err), ES_E_STATE); /* under the older key nothing is added */
    CU_ASSERT_EQUAL(strncmp(err.text, "key: the ledger was made with 2 keys or more, ", 46), 0);
    es_unsay(exam);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM evensight.entry"), 4); /* configuration, plan, exam, key */
    char *keys = es_test_slurp(node_path(&b, "site.key"), NULL);
    node_restart(&a, "north", keys, NET);
    free(keys);
    CU_ASSERT_EQUAL(exams_of(a.site), 2); /* what waited is handed over now */
    CU_ASSERT_EQUAL(take(&a, es_say_exam(2, 2, DAY, "F", "050Y")), ES_OUTCOME_DUPLICATE);
    CU_ASSERT_EQUAL(take(&b, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_DUPLICATE);
    refresh(&b);
    refresh(&a);
    CU_ASSERT_EQUAL(counts_of(b.site).patients, 2);
    same_cohorts(&a, &b);
    end_both(&proxy, &a, &b);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"who_was_erased_while_it_waited_is_not_handed_over", who_was_erased_while_it_waited_is_not_handed_over},
        {"the_same_after_a_stop_between", the_same_after_a_stop_between},
        {"what_a_node_took_before_it_knew_is_erased_too", what_a_node_took_before_it_knew_is_erased_too},
        {"a_node_that_was_away_while_another_rotated_waits_for_the_key", a_node_that_was_away_while_another_rotated_waits_for_the_key},
        {NULL, NULL},
    };
    return es_test_main("shared_spool", tests, argc, argv);
}
