/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes of one ledger and what outsiders are shown: whoever makes a release lays it beside all others. On a real PostgreSQL server, as
 * test_shared.c. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/record/between.h"
#include "plugin/report/view.h"
#include "shared_node.h"
#include "testlib.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)
#define OUTSIDE "\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}],\"Disclosure\":{\"External\":\"floor:5\",\"ReleaseEvery\":\"30d\"}," NET

static void start_outside(struct node *node, const char *name) { node_open(node, name, NULL, NODE_KEY, OUTSIDE); }

/** So many cases with a result and a final reference, from number `first` on. */
static void add_cases(struct node *node, unsigned first, unsigned count, int32_t day)
{
    for (unsigned i = first; i < first + count; i++) {
        (void)take(node, es_say_exam(i, i, day, i % 2 ? "F" : "M", "050Y"));
        (void)take(node, es_say_result(i, "1.0", "effusion", i % 4 < 2 ? 0.9 : 0.1, AT(day) + 60));
        (void)take(node, es_say_reference(i, "report", ES_REFERENCE_FINAL, i % 3 != 0, AT(day + 1)));
    }
}

static char *release_of(struct node *node, struct es_error *err)
{
    cJSON *release = NULL;
    if (es_report_external(node->site, true, &release, err) != ES_OK) return NULL;
    char *text = cJSON_PrintUnformatted(release);
    cJSON_Delete(release);
    return text;
}

static int standing(struct node *node, uint64_t *turn)
{
    cJSON *list = NULL;
    CU_ASSERT_EQUAL_FATAL(es_between_read(node->site, NULL, &list, turn, NULL), ES_OK);
    const int n = cJSON_GetArraySize(list);
    cJSON_Delete(list);
    return n;
}

/* The second node has not heard of the first one's release, and of three cases that it took: its own would differ by these. */
static void of_two_made_at_once_one_stands(void)
{
    struct node a, b;
    uint64_t turn = 0;
    struct es_error err = {0};
    if (!fresh_database()) return;
    start_outside(&a, "north");
    start_outside(&b, "south");
    add_cases(&a, 1, 40, DAY);
    refresh(&b);
    add_cases(&b, 101, 3, DAY); /* only south knows of them */
    char *one = release_of(&a, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(one);
    CU_ASSERT_EQUAL(standing(&b, &turn), 0); /* not heard of */
    CU_ASSERT_EQUAL(turn, 1);
    char *two = release_of(&b, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(two);
    CU_ASSERT_STRING_EQUAL(one, two);
    refresh(&a);
    for (int i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL(standing(i ? &b : &a, &turn), 1);
        CU_ASSERT_EQUAL(turn, 2);
    }
    /* The next is made by south, beside north's: three cases more are too few to be told. */
    add_cases(&b, 201, 1, DAY + 40);
    free(two);
    two = release_of(&b, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(two);
    CU_ASSERT_STRING_NOT_EQUAL(one, two);
    CU_ASSERT_PTR_NOT_NULL(strstr(two, "\"earlier_releases\":1"));
    free(one);
    one = release_of(&a, &err); /* has not heard of it, and its time is not told here yet: the first stands */
    refresh(&a);
    free(one);
    one = release_of(&a, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(one);
    CU_ASSERT_STRING_EQUAL(one, two);
    /* After a restart, which reads chain by chain, the order is the same. */
    node_restart(&a, "north", NULL, OUTSIDE);
    free(one);
    one = release_of(&a, &err);
    CU_ASSERT_PTR_NOT_NULL_FATAL(one);
    CU_ASSERT_STRING_EQUAL(one, two);
    CU_ASSERT_EQUAL(standing(&a, &turn), 2);
    CU_ASSERT_EQUAL(turn, 3);
    same_cohorts(&a, &b);
    free(one);
    free(two);
    node_close(&a);
    node_close(&b);
}

struct race {
    struct node *node;
    pthread_barrier_t *barrier;
    char *text;
};
static void *run_race(void *argument)
{
    struct race *race = argument;
    struct es_error err = {0};
    pthread_barrier_wait(race->barrier);
    race->text = release_of(race->node, &err);
    if (!race->text) fprintf(stderr, "%s\n", err.text);
    return NULL;
}

static void racing_nodes_show_the_same(void)
{
    enum { ROUNDS = 6, NODES = 3 };
    static const char *const names[NODES] = {"east", "north", "south"};
    struct node nodes[NODES];
    uint64_t turn = 0;
    if (!fresh_database()) return;
    for (int i = 0; i < NODES; i++) start_outside(&nodes[i], names[i]);
    add_cases(&nodes[0], 1, 30, DAY);
    for (int round = 0; round < ROUNDS; round++) {
        struct race races[NODES];
        pthread_t threads[NODES];
        pthread_barrier_t barrier;
        for (int i = 0; i < NODES; i++) refresh(&nodes[i]);
        for (int i = 0; i < NODES; i++) add_cases(&nodes[i], 1000u * (unsigned)(round + 1) + 100u * (unsigned)i, 2, DAY + 40 * (round + 1));
        (void)pthread_barrier_init(&barrier, NULL, NODES);
        for (int i = 0; i < NODES; i++) {
            races[i] = (struct race){&nodes[i], &barrier, NULL};
            CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, run_race, &races[i]), 0);
        }
        for (int i = 0; i < NODES; i++) pthread_join(threads[i], NULL);
        (void)pthread_barrier_destroy(&barrier);
        for (int i = 0; i < NODES; i++) {
            CU_ASSERT_PTR_NOT_NULL_FATAL(races[i].text);
            CU_ASSERT_STRING_EQUAL(races[i].text, races[0].text);
        }
        for (int i = 0; i < NODES; i++) free(races[i].text);
    }
    for (int i = 0; i < NODES; i++) {
        refresh(&nodes[i]);
        CU_ASSERT_EQUAL(standing(&nodes[i], &turn), ROUNDS);
        CU_ASSERT_EQUAL(turn, ROUNDS + 1);
    }
    for (int i = 0; i < NODES; i++) node_close(&nodes[i]);
}

static void none_is_made_while_the_ledger_is_away(void)
{
    struct node a;
    struct es_error err = {0};
    uint64_t turn = 0;
    if (!fresh_database()) return;
    start_outside(&a, "north");
    add_cases(&a, 1, 30, DAY);
    control("stop");
    CU_ASSERT_PTR_NULL(release_of(&a, &err));
    CU_ASSERT_EQUAL(err.code, ES_E_IO);
    control("start");
    refresh(&a);
    err = (struct es_error){0};
    char *text = release_of(&a, &err);
    CU_ASSERT_PTR_NOT_NULL(text);
    CU_ASSERT_EQUAL(standing(&a, &turn), 1);
    free(text);
    node_close(&a);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"of_two_made_at_once_one_stands", of_two_made_at_once_one_stands},
        {"racing_nodes_show_the_same", racing_nodes_show_the_same},
        {"none_is_made_while_the_ledger_is_away", none_is_made_while_the_ledger_is_away},
        {NULL, NULL},
    };
    return es_test_main("shared_release", tests, argc, argv);
}
