/* SPDX-License-Identifier: Apache-2.0 */
/* Masks in a ledger that several nodes share, on a real PostgreSQL server (tests/postgresql/run.sh): one half of a pair here, the other
 * there; the server away; erasure; the limit. What the numbers of an overlap are is test_site_masks.c's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dicom/dataset.h"
#include "plugin/ledger/masks.h"
#include "seg_make.h"
#include "shared_node.h"
#include "testlib.h"

static const char seg[] = "\"MaskStoreLimit\":1,\"Models\":[{\"Name\":\"seg\",\"Recognise\":{\"AlgorithmName\":\"SegNet\"},\"Findings\":["
                          "{\"Name\":\"liver\",\"Task\":\"segmentation\",\"From\":[{\"Seg\":{\"Property\":\"10200004,SCT\",\"Measure\":\"mask\"}}]}]}]";

/* Two planes of 4 x 8: 12 voxels; the same a column on. */
static const uint8_t cube[64] = {[10] = 1, [11] = 1, [12] = 1, [18] = 1, [19] = 1, [20] = 1, [42] = 1, [43] = 1, [44] = 1, [50] = 1, [51] = 1, [52] = 1};
static const uint8_t moved[64] = {[11] = 1, [12] = 1, [13] = 1, [19] = 1, [20] = 1, [21] = 1, [43] = 1, [44] = 1, [45] = 1, [51] = 1, [52] = 1, [53] = 1};

static struct seg_plan plan_of(bool model, unsigned exam)
{
    const struct seg_plan plan = {.syntax = EXPLICIT_UID, .type = "BINARY", .maker = model ? "AUTOMATIC" : "MANUAL", .exam = exam,
                                  .object = model ? 1 : 2, .time = model ? "100000" : "110000", .rows = 4, .columns = 8, .planes = 2, .bits = 1,
                                  .row_spacing = 0.5, .column_spacing = 2, .between = 3, .thickness = 3, .step = 3, .voxels = model ? moved : cube,
                                  .reader = "Reader^One", .sex = "F"};
    return plan;
}

static enum es_outcome take_made(struct node *node, struct made m)
{
    struct es_facts facts;
    struct es_message **messages = NULL;
    struct es_receipt receipt = {0};
    struct es_error err = {0};
    size_t count = 0;
    char why[160];
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_messages_from_facts(&facts, node->config, "", false, &messages, &count, why, sizeof why, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(count, 1);
    const struct es_message *message = messages[0];
    if (es_site_take(node->site, &message, 1, &receipt, &err) != ES_OK) {
        fprintf(stderr, "%s\n", err.text);
        CU_FAIL_FATAL("take");
    }
    es_messages_free(messages, count);
    es_facts_free(&facts);
    free(m.p);
    return receipt.outcome;
}

static enum es_outcome take_plan(struct node *node, const struct seg_plan *plan) { return take_made(node, make_seg(plan)); }

static enum es_outcome take_mask(struct node *node, bool model, unsigned exam)
{
    const struct seg_plan plan = plan_of(model, exam);
    return take_plan(node, &plan);
}

static bool count_overlap(void *context, const struct es_entry *entry)
{
    struct es_event event;
    if (!entry->body || es_event_peek(entry->body, entry->len) != ES_EVENT_OVERLAP) return true;
    if (es_event_decode(&event, entry->body, entry->len, NULL) != ES_OK) return false;
    if (event.n_findings == 1 && event.findings[0].overlap.dice > 0.66 && event.findings[0].overlap.dice < 0.67) ++*(unsigned *)context; /* 2/3 */
    es_event_clear(&event);
    return true;
}
static unsigned overlaps_of(struct node *node)
{
    unsigned n = 0;
    CU_ASSERT_EQUAL(es_ledger_walk(es_site_ledger(node->site), 0, UINT64_MAX, count_overlap, &n, NULL), ES_OK);
    return n;
}

static struct es_mask_stock stock_of(struct node *node)
{
    struct es_mask_stock stock = {0};
    CU_ASSERT_EQUAL(es_ledger_masks_stock(es_site_ledger(node->site), &stock, NULL), ES_OK);
    return stock;
}

static void same(struct node *a, struct node *b)
{
    char difference[160] = "";
    uint64_t entries = 0;
    if (!es_cohort_same(es_site_cohort(a->site), es_site_cohort(b->site), difference, sizeof difference)) {
        fprintf(stderr, "%s\n", difference);
        CU_FAIL("cohorts differ");
    }
    CU_ASSERT_EQUAL(es_site_verify(a->site, &entries, NULL), ES_OK);
}

static void erase(struct node *node)
{
    struct es_person person = {0};
    struct es_sought sought = {0};
    static const char line[] = "{\"patient_id\":\"P1\"}";
    if (es_sought_parse(&sought, line, sizeof line - 1, NULL) != ES_OK || es_site_find_person(node->site, &sought, &person, NULL) != ES_OK)
        CU_FAIL_FATAL("not found");
    CU_ASSERT(person.count > 0);
    CU_ASSERT_EQUAL(es_site_forget(node->site, &person, NULL), ES_OK);
    es_person_clear(&person);
}

/* ---- pairs ---- */

static void whichever_node_learns_of_both_compares(void)
{
    for (int first = 0; first < 2; first++) {
        struct node a, b;
        if (!fresh_database()) return;
        node_open(&a, "north", NULL, NODE_KEY, seg);
        node_open(&b, "south", NULL, NODE_KEY, seg);
        CU_ASSERT_EQUAL(stock_of(&b).masks, 0); /* no table of masks yet */
        CU_ASSERT_EQUAL(take_mask(&a, first == 0, 1), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL(take_mask(&b, first != 0, 1), ES_OUTCOME_TAKEN); /* knows nothing of the other half */
        CU_ASSERT_EQUAL(stock_of(&a).masks, 2);
        CU_ASSERT_EQUAL(overlaps_of(&b), 0);
        refresh(first == 0 ? &b : &a);
        CU_ASSERT_EQUAL(overlaps_of(first == 0 ? &b : &a), 1);
        refresh(&a);
        refresh(&b);
        CU_ASSERT_EQUAL(overlaps_of(&a), 1);
        CU_ASSERT_EQUAL(overlaps_of(&b), 1);
        same(&a, &b);
        node_close(&a);
        node_close(&b);
    }
}

/* Each process takes one half of every pair and refreshes at once: both compare what both learn of. */
#define PAIRS 12
static void work(const char *name, bool model, int ready, int go)
{
    struct node node;
    char byte = 0;
    struct es_error err = {0};
    node_open(&node, name, NULL, NODE_KEY, seg);
    if (write(ready, &byte, 1) != 1 || read(go, &byte, 1) != 1) _exit(1);
    for (unsigned i = 1; i <= PAIRS; i++) {
        (void)take_mask(&node, model, i);
        if (es_site_refresh(node.site, &err) != ES_OK) _exit(2);
    }
    node_close(&node);
    _exit(0);
}

static void what_both_nodes_compare_at_once_is_one(void)
{
    struct node c;
    int ready[2], go[2], status = 0;
    char byte = 0;
    if (!fresh_database()) return;
    if (pipe(ready) != 0 || pipe(go) != 0) CU_FAIL_FATAL("pipe");
    const pid_t one = fork();
    if (one == 0) work("north", true, ready[1], go[0]);
    const pid_t two = fork();
    if (two == 0) work("south", false, ready[1], go[0]);
    CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
    CU_ASSERT_EQUAL(read(ready[0], &byte, 1), 1);
    CU_ASSERT_EQUAL(write(go[1], "go", 2), 2);
    CU_ASSERT_EQUAL(waitpid(one, &status, 0), one);
    CU_ASSERT_EQUAL(status, 0);
    CU_ASSERT_EQUAL(waitpid(two, &status, 0), two);
    CU_ASSERT_EQUAL(status, 0);
    node_open(&c, "west", NULL, NODE_KEY, seg); /* compares what the faster one left when it ended */
    CU_ASSERT_EQUAL(overlaps_of(&c), PAIRS);
    uint64_t entries = 0;
    CU_ASSERT_EQUAL(es_site_verify(c.site, &entries, NULL), ES_OK);
    node_close(&c);
    for (int i = 0; i < 2; i++) {
        close(ready[i]);
        close(go[i]);
    }
}

/* ---- away ---- */

static void a_mask_that_comes_while_the_server_is_away_is_not_lost(void)
{
    struct node a, b;
    char spool[300];
    if (!fresh_database()) return;
    node_open(&a, "north", NULL, NODE_KEY, seg);
    node_open(&b, "south", NULL, NODE_KEY, seg);
    CU_ASSERT_EQUAL(take_mask(&b, false, 1), ES_OUTCOME_TAKEN);
    snprintf(spool, sizeof spool, "%s/spool.db", a.folder);
    control("kill");
    CU_ASSERT_EQUAL(take_mask(&a, true, 1), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take_mask(&a, true, 1), ES_OUTCOME_DUPLICATE);
    CU_ASSERT_EQUAL(access(spool, F_OK), 0);
    struct es_mask_stock stock;
    CU_ASSERT_EQUAL(es_ledger_masks_stock(es_site_ledger(a.site), &stock, NULL), ES_E_IO);
    control("start");
    refresh(&a); /* hands over, learns of the reference, compares */
    CU_ASSERT_NOT_EQUAL(access(spool, F_OK), 0);
    CU_ASSERT_EQUAL(stock_of(&a).masks, 2);
    CU_ASSERT_EQUAL(stock_of(&a).dropped, 0);
    CU_ASSERT_EQUAL(overlaps_of(&a), 1);
    refresh(&b);
    CU_ASSERT_EQUAL(overlaps_of(&b), 1);
    same(&a, &b);
    node_close(&a);
    node_close(&b);
}

static void a_mask_of_an_earlier_life_s_spool_is_handed_over(void)
{
    struct node a, again;
    if (!fresh_database()) return;
    node_open(&a, "north", NULL, NODE_KEY, seg);
    CU_ASSERT_EQUAL(take_mask(&a, false, 1), ES_OUTCOME_TAKEN);
    control("kill");
    CU_ASSERT_EQUAL(take_mask(&a, true, 1), ES_OUTCOME_TAKEN);
    node_close(&a);
    control("start");
    node_open(&again, "north", a.folder, NODE_KEY, seg);
    CU_ASSERT_EQUAL(stock_of(&again).masks, 2);
    CU_ASSERT_EQUAL(overlaps_of(&again), 1);
    node_close(&again);
}

/* A mask of noise; its stored form has some 25 KiB: 1 MiB holds some forty. */
static void take_noise(struct node *node, unsigned exam)
{
    static uint8_t noise[2 * 128 * 128];
    struct seg_plan plan = plan_of(true, exam);
    uint32_t state = exam;
    for (size_t k = 0; k < sizeof noise; k++) {
        state = state * 1664525u + 1013904223u;
        noise[k] = (uint8_t)(state >> 31);
    }
    plan.rows = plan.columns = 128;
    plan.voxels = noise;
    (void)take_plan(node, &plan);
}

static void what_the_spool_had_no_room_for_is_counted(void)
{
    struct node a;
    if (!fresh_database()) return;
    node_open(&a, "north", NULL, NODE_KEY, seg);
    control("kill");
    for (unsigned i = 1; i <= 50; i++) take_noise(&a, i);
    control("start");
    refresh(&a);
    const struct es_mask_stock stock = stock_of(&a);
    CU_ASSERT(stock.bytes <= 1 << 20 && stock.masks > 20 && stock.masks < 50);
    CU_ASSERT_EQUAL(stock.masks + stock.dropped, 50);
    node_close(&a);
}

static void without_a_spool_a_mask_is_refused_while_the_server_is_away(void)
{
    static const uint8_t bytes[] = {1, 2, 3};
    const struct es_kept_mask mask = {.identity = {1}, .address = {2}, .produced = 3, .bytes = bytes, .len = sizeof bytes};
    struct es_ledger *ledger = NULL, *reader = NULL;
    struct es_error err = {0};
    uint8_t *found = NULL;
    size_t len = 0;
    if (!fresh_database()) return;
    CU_ASSERT_EQUAL_FATAL(es_ledger_open(&ledger, url, "north", "k", true, true, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_ledger_masks_forget(ledger, mask.identity, NULL), ES_OK); /* no tables yet */
    CU_ASSERT_EQUAL(es_ledger_mask_compared(ledger, mask.identity, mask.address, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_ledger_mask_read(ledger, mask.address, &found, &len, NULL), ES_OK);
    CU_ASSERT_PTR_NULL(found);
    CU_ASSERT_EQUAL(es_ledger_masks_keep(ledger, &mask, 1, 100, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_ledger_open(&reader, url, "west", "k", false, false, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_ledger_mask_read(reader, mask.address, &found, &len, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(len, sizeof bytes);
    CU_ASSERT_EQUAL(memcmp(found, bytes, len), 0);
    free(found);
    CU_ASSERT_EQUAL(es_ledger_masks_keep(reader, &mask, 1, 100, &err), ES_E_STATE);
    CU_ASSERT_STRING_EQUAL(err.text, "ledger: opened for reading, a mask was to be kept");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_ledger_masks_clear(ledger, &err), ES_E_UNSUPPORTED); /* all nodes' masks are not one node's to clear */
    CU_ASSERT_STRING_EQUAL(err.text, "ledger: this kind of ledger keeps no masks");
    es_ledger_close(reader);
    control("kill");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_ledger_masks_keep(ledger, &mask, 1, 100, &err), ES_E_IO);
    CU_ASSERT_STRING_EQUAL(err.text, "ledger: the PostgreSQL server does not answer");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_ledger_masks_keep(ledger, &mask, 1, 100, &err), ES_E_IO);
    CU_ASSERT_STRING_EQUAL(err.text, "ledger: the store does not answer");
    CU_ASSERT_EQUAL(es_ledger_mask_read(ledger, mask.address, &found, &len, NULL), ES_E_IO);
    CU_ASSERT_PTR_NULL(found);
    CU_ASSERT_EQUAL(es_ledger_masks_forget(ledger, mask.identity, NULL), ES_E_IO);
    control("start");
    es_ledger_close(ledger);
}

/* ---- limit ---- */

static void past_the_limit_compared_masks_go_first(void)
{
    struct node a;
    if (!fresh_database()) return;
    node_open(&a, "north", NULL, NODE_KEY, seg);
    (void)take_mask(&a, true, 100);
    (void)take_mask(&a, false, 100);
    CU_ASSERT_EQUAL(overlaps_of(&a), 1);
    for (unsigned i = 1; i <= 60; i++) take_noise(&a, i);
    const struct es_mask_stock stock = stock_of(&a);
    CU_ASSERT(stock.bytes <= 1 << 20 && stock.masks > 20 && stock.masks < 62);
    CU_ASSERT_EQUAL(stock.masks + stock.dropped, 62);
    struct seg_plan corrected = plan_of(false, 100);
    corrected.object = 4;
    corrected.time = "130000";
    (void)take_plan(&a, &corrected); /* the result's mask is gone */
    CU_ASSERT_EQUAL(overlaps_of(&a), 1);
    node_close(&a);
}

/* The same masks and limit in either store: the same ones stay. Lengths 10 each; limit 30 of 60. */
static void both_stores_drop_the_same(void)
{
    static const uint8_t bytes[10];
    static const int64_t produced[] = {5, 5, 1, 9, ES_NO_INSTANT, 7};
    struct es_ledger *ledgers[2] = {NULL, NULL};
    char file[300];
    if (!fresh_database()) return;
    snprintf(file, sizeof file, "sqlite:%s/l.db", es_test_tempdir());
    CU_ASSERT_EQUAL_FATAL(es_ledger_open(&ledgers[0], file, "north", "k", true, true, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_ledger_open(&ledgers[1], url, "north", "k", true, true, NULL), ES_OK);
    static const bool stays[] = {false, true, false, false, false, true}; /* the newest, 9, was compared: it goes first; 5 twice: lower address goes */
    for (int k = 0; k < 2; k++) {
        struct es_kept_mask mask = {.bytes = bytes, .len = sizeof bytes};
        struct es_mask_stock stock;
        for (uint8_t i = 0; i < 6; i++) {
            mask.identity[0] = mask.address[0] = (uint8_t)(i + 1);
            mask.produced = produced[i];
            CU_ASSERT_EQUAL(es_ledger_masks_keep(ledgers[k], &mask, 1, 60, NULL), ES_OK);
            if (i == 3) CU_ASSERT_EQUAL(es_ledger_mask_compared(ledgers[k], mask.identity, mask.address, NULL), ES_OK);
        }
        CU_ASSERT_EQUAL(es_ledger_masks_keep(ledgers[k], &mask, 1, 25, NULL), ES_OK);
        CU_ASSERT_EQUAL(es_ledger_masks_stock(ledgers[k], &stock, NULL), ES_OK);
        CU_ASSERT_EQUAL(stock.masks, 2);
        CU_ASSERT_EQUAL(stock.bytes, 20);
        CU_ASSERT_EQUAL(stock.dropped, 4);
        for (uint8_t i = 0; i < 6; i++) {
            uint8_t *found = NULL;
            size_t len;
            mask.address[0] = (uint8_t)(i + 1);
            CU_ASSERT_EQUAL(es_ledger_mask_read(ledgers[k], mask.address, &found, &len, NULL), ES_OK);
            CU_ASSERT_EQUAL(found != NULL, stays[i]);
            free(found);
        }
        mask.len = 26; /* by itself too large: pushes nothing out */
        mask.address[0] = 99;
        CU_ASSERT_EQUAL(es_ledger_masks_keep(ledgers[k], &mask, 1, 25, NULL), ES_OK);
        CU_ASSERT_EQUAL(es_ledger_masks_stock(ledgers[k], &stock, NULL), ES_OK);
        CU_ASSERT_EQUAL(stock.masks, 2);
        CU_ASSERT_EQUAL(stock.dropped, 5);
        es_ledger_close(ledgers[k]);
    }
}

/* ---- a key more ---- */

/* One half under the first key at one node, the other half under the second at the other. */
static void a_pair_across_a_rotation_is_compared(void)
{
    for (int model_first = 0; model_first < 2; model_first++) {
        struct node a, b;
        if (!fresh_database()) return;
        node_open(&a, "north", NULL, NODE_KEY, seg);
        node_open(&b, "south", NULL, NODE_KEY, seg);
        CU_ASSERT_EQUAL(take_mask(&a, model_first, 1), ES_OUTCOME_TAKEN);
        node_close(&b);
        CU_ASSERT_EQUAL_FATAL(es_site_rotate(a.site, NULL), ES_OK);
        char *keys = es_test_slurp(node_path(&a, "site.key"), NULL);
        node_open(&b, "south", b.folder, keys, seg);
        free(keys);
        CU_ASSERT_EQUAL(take_mask(&b, model_first, 1), ES_OUTCOME_DUPLICATE); /* as it was taken, under the older key */
        CU_ASSERT_EQUAL(stock_of(&b).masks, 1);
        CU_ASSERT_EQUAL(take_mask(&b, !model_first, 1), ES_OUTCOME_TAKEN);
        refresh(&a);
        refresh(&b);
        CU_ASSERT_EQUAL(stock_of(&b).masks, 2);
        CU_ASSERT_EQUAL(overlaps_of(&a), 1);
        CU_ASSERT_EQUAL(overlaps_of(&b), 1);
        same(&a, &b);
        node_close(&a);
        node_close(&b);
    }
}

/* ---- erasure ---- */

static struct seg_plan of_person(bool model, unsigned exam, const char *patient)
{
    struct seg_plan plan = plan_of(model, exam);
    plan.patient = patient;
    return plan;
}

static void an_erased_person_s_masks_go_from_every_node_and_stay_away(void)
{
    struct node a, b;
    const struct seg_plan ai = of_person(true, 1, "P1"), other = of_person(true, 2, "P2"), manual = of_person(false, 1, "P1");
    if (!fresh_database()) return;
    node_open(&a, "north", NULL, NODE_KEY, seg);
    node_open(&b, "south", NULL, NODE_KEY, seg);
    (void)take_made(&a, make_slice(&ai, 0)); /* whose exam it is */
    (void)take_plan(&a, &ai);
    (void)take_plan(&a, &other);
    refresh(&b);
    CU_ASSERT_EQUAL(stock_of(&b).masks, 2);
    erase(&b);
    CU_ASSERT_EQUAL(stock_of(&a).masks, 1);
    CU_ASSERT_EQUAL(take_plan(&a, &ai), ES_OUTCOME_DUPLICATE); /* sent again to a node that has not learned of it */
    CU_ASSERT_EQUAL(stock_of(&a).masks, 1);
    refresh(&a);
    CU_ASSERT_EQUAL(take_plan(&a, &manual), ES_OUTCOME_REFUSED);
    CU_ASSERT_EQUAL(overlaps_of(&a), 0);
    same(&a, &b);
    node_close(&a);
    node_close(&b);
}

static void who_was_erased_while_a_mask_waited_stays_erased(void)
{
    struct node a, b;
    const struct seg_plan ai = of_person(true, 1, "P1");
    if (!fresh_database()) return;
    node_open(&a, "north", NULL, NODE_KEY, seg);
    node_open(&b, "south", NULL, NODE_KEY, seg);
    (void)take_made(&b, make_slice(&ai, 0));
    (void)take_plan(&b, &ai);
    CU_ASSERT_EQUAL(stock_of(&b).masks, 1);
    control("kill");
    CU_ASSERT_EQUAL(take_plan(&a, &ai), ES_OUTCOME_TAKEN); /* into the spool: whether it is known cannot be asked */
    control("start");
    refresh(&b);
    erase(&b);
    CU_ASSERT_EQUAL(stock_of(&b).masks, 0);
    refresh(&a);
    CU_ASSERT_EQUAL(stock_of(&a).masks, 0);
    same(&a, &b);
    node_close(&a);
    node_close(&b);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"whichever_node_learns_of_both_compares", whichever_node_learns_of_both_compares},
        {"what_both_nodes_compare_at_once_is_one", what_both_nodes_compare_at_once_is_one},
        {"a_mask_that_comes_while_the_server_is_away_is_not_lost", a_mask_that_comes_while_the_server_is_away_is_not_lost},
        {"a_mask_of_an_earlier_life_s_spool_is_handed_over", a_mask_of_an_earlier_life_s_spool_is_handed_over},
        {"what_the_spool_had_no_room_for_is_counted", what_the_spool_had_no_room_for_is_counted},
        {"without_a_spool_a_mask_is_refused_while_the_server_is_away", without_a_spool_a_mask_is_refused_while_the_server_is_away},
        {"past_the_limit_compared_masks_go_first", past_the_limit_compared_masks_go_first},
        {"both_stores_drop_the_same", both_stores_drop_the_same},
        {"a_pair_across_a_rotation_is_compared", a_pair_across_a_rotation_is_compared},
        {"an_erased_person_s_masks_go_from_every_node_and_stay_away", an_erased_person_s_masks_go_from_every_node_and_stay_away},
        {"who_was_erased_while_a_mask_waited_stays_erased", who_was_erased_while_a_mask_waited_stays_erased},
        {NULL, NULL}};
    es_dicom_process_setup(true);
    return es_test_main("shared_masks", tests, argc, argv);
}
