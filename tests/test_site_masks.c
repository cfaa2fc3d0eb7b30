/* SPDX-License-Identifier: Apache-2.0 */
/* Masks through a site: which overlap events come of segmentations, in whatever order, and what becomes of the masks. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "dicom/dataset.h"
#include "plugin/ledger/masks.h"
#include "seg_make.h"
#include "site_world.h"
#include "testlib.h"

#define FIXED_KEY "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
static const char form[] =
    "{\"Site\":\"A\",\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\",\"MaskStoreLimit\":1,"
    "\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}],"
    "\"Models\":[{\"Name\":\"seg\",\"Recognise\":{\"AlgorithmName\":\"SegNet\"},\"Findings\":[{\"Name\":\"liver\",\"Task\":\"segmentation\","
    "\"From\":[{\"Seg\":{\"Property\":\"10200004,SCT\",\"Measure\":\"mask\"}}]}]}]}";

/** Two planes of 4 x 8: 12 voxels; the same a column on; 8 of the first. */
static const uint8_t cube[64] = {[10] = 1, [11] = 1, [12] = 1, [18] = 1, [19] = 1, [20] = 1, [42] = 1, [43] = 1, [44] = 1, [50] = 1, [51] = 1, [52] = 1};
static const uint8_t moved[64] = {[11] = 1, [12] = 1, [13] = 1, [19] = 1, [20] = 1, [21] = 1, [43] = 1, [44] = 1, [45] = 1, [51] = 1, [52] = 1, [53] = 1};
static const uint8_t part[64] = {[10] = 1, [11] = 1, [18] = 1, [19] = 1, [42] = 1, [43] = 1, [50] = 1, [51] = 1};
static const uint8_t none[64];

static struct seg_plan plan_of(const char *maker, unsigned object, const char *time, const uint8_t *voxels)
{
    const struct seg_plan plan = {.syntax = EXPLICIT_UID, .type = "BINARY", .maker = maker, .exam = 1, .object = object, .time = time, .rows = 4,
                                  .columns = 8, .planes = 2, .bits = 1, .row_spacing = 0.5, .column_spacing = 2, .between = 3, .thickness = 3,
                                  .step = 3, .voxels = voxels, .reader = "Reader^One", .sex = "F"};
    return plan;
}

static void take_made(struct es_world *world, struct made m)
{
    struct es_facts facts;
    struct es_message **messages = NULL;
    size_t count = 0;
    char why[160];
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_messages_from_facts(&facts, world->config, "", false, &messages, &count, why, sizeof why, NULL), ES_OK);
    CU_ASSERT_EQUAL(count, 1);
    for (size_t i = 0; i < count; i++) {
        struct es_receipt receipt;
        struct es_error err = {0};
        const struct es_message *message = messages[i];
        CU_ASSERT_EQUAL_FATAL(es_site_take(world->site, &message, 1, &receipt, &err), ES_OK);
        if (receipt.outcome == ES_OUTCOME_REFUSED && !strstr(receipt.error.text, "erased")) CU_FAIL("refused");
    }
    es_messages_free(messages, count);
    es_facts_free(&facts);
    free(m.p);
}

static void take(struct es_world *world, const struct seg_plan *plan) { take_made(world, make_seg(plan)); }

/** The overlap events of a ledger, in the order of their values. */
struct overlaps {
    struct es_event list[32];
    size_t n;
};
static bool collect(void *context, const struct es_entry *entry)
{
    struct overlaps *all = context;
    struct es_event event;
    if (!entry->body) return true;
    if (es_event_decode(&event, entry->body, entry->len, NULL) != ES_OK) return false;
    if (event.kind != ES_EVENT_OVERLAP || all->n == 32) {
        es_event_clear(&event);
        return true;
    }
    memcpy(event.identity, entry->identity, sizeof event.identity);
    all->list[all->n++] = event;
    return true;
}
static int by_identity(const void *a, const void *b)
{
    return memcmp(((const struct es_event *)a)->identity, ((const struct es_event *)b)->identity, ES_IDENTITY_SIZE);
}
static struct overlaps *overlaps_of(struct es_world *world)
{
    static struct overlaps all;
    all.n = 0;
    CU_ASSERT_EQUAL_FATAL(es_ledger_walk(es_site_ledger(world->site), 0, UINT64_MAX, collect, &all, NULL), ES_OK);
    qsort(all.list, all.n, sizeof all.list[0], by_identity);
    return &all;
}
static void forget_overlaps(struct overlaps *all)
{
    for (size_t i = 0; i < all->n; i++) es_event_clear(&all->list[i]);
    all->n = 0;
}

static struct es_mask_stock stock_of(struct es_world *world)
{
    struct es_mask_stock stock = {0};
    CU_ASSERT_EQUAL(es_ledger_masks_stock(es_site_ledger(world->site), &stock, NULL), ES_OK);
    return stock;
}

static void a_result_and_a_reference_make_one_overlap(void)
{
    struct es_world world;
    const struct seg_plan ai = plan_of("AUTOMATIC", 1, "100000", moved), manual = plan_of("MANUAL", 2, "110000", cube);
    es_world_open(&world, form);
    take_made(&world, make_slice(&ai, 0));
    take(&world, &ai);
    struct overlaps *all = overlaps_of(&world);
    CU_ASSERT_EQUAL(all->n, 0);
    take(&world, &manual);
    all = overlaps_of(&world);
    CU_ASSERT_EQUAL_FATAL(all->n, 1);
    const struct es_event *event = &all->list[0];
    const struct es_overlap_values *v = &event->findings[0].overlap;
    CU_ASSERT_STRING_EQUAL(event->model_name, "seg");
    CU_ASSERT_STRING_EQUAL(event->method, ES_MASK_METHOD);
    CU_ASSERT_STRING_EQUAL(event->findings[0].name, "liver");
    CU_ASSERT_EQUAL(v->state, ES_OVERLAP_MEASURED);
    CU_ASSERT_DOUBLE_EQUAL(v->dice, 2.0 / 3, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(v->iou, 0.5, 1e-15);
    CU_ASSERT(v->has_volume_difference && v->volume_difference == 0);
    CU_ASSERT_DOUBLE_EQUAL(v->hd95, 2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(v->surface_distance, 2.0 / 3, 1e-12);
    CU_ASSERT_EQUAL(event->produced, INT64_C(20513) * 86400000000 + INT64_C(39600000000)); /* of the later, 11:00 */
    forget_overlaps(all);
    CU_ASSERT_EQUAL(stock_of(&world).masks, 2);
    take(&world, &manual); /* the same again adds nothing */
    all = overlaps_of(&world);
    CU_ASSERT_EQUAL(all->n, 1);
    forget_overlaps(all);
    uint64_t entries = 0;
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, NULL), ES_OK);
    es_world_close(&world);
}

/** All orders of n things, by Heap's method without recursion. */
static bool next_order(size_t *order, size_t *count, size_t n, size_t *at)
{
    while (*at < n) {
        if (count[*at] < *at) {
            const size_t i = *at, k = i % 2 ? count[i] : 0, swap = order[k];
            order[k] = order[i];
            order[i] = swap;
            count[i]++;
            *at = 1;
            return true;
        }
        count[*at] = 0;
        ++*at;
    }
    return false;
}

/* Two results (the second of another version), a reference and its correction, with the image first or last: 24 orders, and the same four
 * overlaps. */
static void any_order_gives_the_same_overlaps(void)
{
    struct seg_plan plans[4] = {plan_of("AUTOMATIC", 1, "100000", moved), plan_of("AUTOMATIC", 3, "120000", part), plan_of("MANUAL", 2, "110000", cube),
                                plan_of("MANUAL", 4, "130000", part)};
    plans[1].version = "2.0";
    size_t order[4] = {0, 1, 2, 3}, count[4] = {0}, at = 1, orders = 0;
    uint8_t expected[4][ES_IDENTITY_SIZE];
    const char *parent = es_test_tempdir();
    do {
        struct es_world world;
        char folder[300];
        (void)snprintf(folder, sizeof folder, "%s/%zu", parent, orders);
        CU_ASSERT_EQUAL_FATAL(mkdir(folder, 0700), 0);
        es_world_open_in(&world, form, folder, FIXED_KEY);
        if (orders % 2 == 0) take_made(&world, make_slice(&plans[0], 0));
        for (size_t i = 0; i < 4; i++) take(&world, &plans[order[i]]);
        if (orders % 2 == 1) take_made(&world, make_slice(&plans[0], 0));
        struct overlaps *all = overlaps_of(&world);
        CU_ASSERT_EQUAL_FATAL(all->n, 4);
        for (size_t i = 0; i < 4; i++) {
            if (orders == 0) memcpy(expected[i], all->list[i].identity, ES_IDENTITY_SIZE);
            CU_ASSERT_EQUAL(memcmp(expected[i], all->list[i].identity, ES_IDENTITY_SIZE), 0);
        }
        forget_overlaps(all);
        es_world_close(&world);
        orders++;
        at = 1;
    } while (next_order(order, count, 4, &at));
    CU_ASSERT_EQUAL(orders, 24);
}

static void an_alias_that_joins_two_studies_brings_their_masks_together(void)
{
    struct es_world world;
    struct seg_plan ai = plan_of("AUTOMATIC", 1, "100000", moved);
    const struct seg_plan manual = plan_of("MANUAL", 2, "110000", cube);
    es_world_open(&world, form);
    take(&world, &manual);
    struct es_message *message = es_say(ES_EVENT_ALIAS, 0);
    struct made m = make_seg(&ai); /* the same object, but its study has another name */
    for (size_t i = 0; i + 40 < m.len; i++)
        if (memcmp(m.p + i, SEG_ROOT ".1.1.1", sizeof SEG_ROOT ".1.1.1" - 1) == 0) m.p[i + sizeof SEG_ROOT ".1.1.1" - 2] = '7';
    for (size_t i = 0; i + 40 < m.len; i++) /* and it names no series that would join them */
        if (memcmp(m.p + i, SEG_ROOT ".1.2.1", sizeof SEG_ROOT ".1.2.1" - 1) == 0) m.p[i + sizeof SEG_ROOT ".1.2.1" - 2] = '9';
    take_made(&world, m);
    struct overlaps *all = overlaps_of(&world);
    CU_ASSERT_EQUAL(all->n, 0);
    forget_overlaps(all);
    snprintf(message->study_uid, sizeof message->study_uid, SEG_ROOT ".1.1.7");
    snprintf(message->same_as, sizeof message->same_as, SEG_ROOT ".1.1.1");
    CU_ASSERT_EQUAL(es_world_take(&world, message), ES_OUTCOME_TAKEN);
    all = overlaps_of(&world);
    CU_ASSERT_EQUAL_FATAL(all->n, 1);
    CU_ASSERT_DOUBLE_EQUAL(all->list[0].findings[0].overlap.dice, 2.0 / 3, 1e-15);
    forget_overlaps(all);
    es_world_close(&world);
}

static void other_grids_are_told_by_name_and_give_no_number(void)
{
    struct es_world world;
    struct seg_plan ai = plan_of("AUTOMATIC", 1, "100000", moved), manual = plan_of("MANUAL", 2, "110000", cube);
    manual.row_spacing = 0.7;
    es_world_open(&world, form);
    take(&world, &manual);
    take(&world, &ai);
    struct overlaps *all = overlaps_of(&world);
    CU_ASSERT_EQUAL_FATAL(all->n, 1);
    CU_ASSERT_EQUAL(all->list[0].findings[0].overlap.state, ES_OVERLAP_NOT_COMPARABLE);
    CU_ASSERT_FALSE(all->list[0].findings[0].overlap.has_dice);
    CU_ASSERT_STRING_EQUAL(all->list[0].reason, "other_grid");
    forget_overlaps(all);
    es_world_close(&world);
}

static void empty_masks_are_states(void)
{
    static const struct {
        const uint8_t *ai, *manual;
        enum es_overlap_state state;
    } cases[] = {{none, none, ES_OVERLAP_BOTH_EMPTY}, {none, cube, ES_OVERLAP_RESULT_EMPTY}, {cube, none, ES_OVERLAP_REFERENCE_EMPTY}};
    for (size_t i = 0; i < 3; i++) {
        struct es_world world;
        const struct seg_plan ai = plan_of("AUTOMATIC", 1, "100000", cases[i].ai), manual = plan_of("MANUAL", 2, "110000", cases[i].manual);
        es_world_open(&world, form);
        take(&world, &ai);
        take(&world, &manual);
        struct overlaps *all = overlaps_of(&world);
        CU_ASSERT_EQUAL_FATAL(all->n, 1);
        CU_ASSERT_EQUAL(all->list[0].findings[0].overlap.state, cases[i].state);
        forget_overlaps(all);
        es_world_close(&world);
    }
}

/* A mask of noise is some 25 KiB: 1 MiB holds some forty. Those that were compared go first, then the oldest. */
static void past_the_limit_compared_masks_go_first_and_the_dropped_are_counted(void)
{
    struct es_world world;
    static uint8_t noise[2 * 128 * 128];
    struct seg_plan plan = plan_of("AUTOMATIC", 1, "100000", noise);
    uint32_t state = 1;
    plan.rows = plan.columns = 128;
    es_world_open(&world, form);
    struct seg_plan ai = plan_of("AUTOMATIC", 1, "100000", moved), manual = plan_of("MANUAL", 2, "110000", cube);
    take(&world, &ai);
    take(&world, &manual);
    for (unsigned i = 0; i < 60; i++) {
        for (size_t k = 0; k < sizeof noise; k++) {
            state = state * 1664525u + 1013904223u;
            noise[k] = (uint8_t)(state >> 31);
        }
        plan.exam = 2 + i;
        take(&world, &plan);
        if (i == 0) CU_ASSERT_EQUAL(stock_of(&world).masks, 3);
    }
    const struct es_mask_stock stock = stock_of(&world);
    CU_ASSERT(stock.bytes <= 1 << 20 && stock.masks > 20 && stock.masks < 62);
    CU_ASSERT_EQUAL(stock.masks + stock.dropped, 62);
    /* the compared pair is gone: a correction of the reference finds no partner, and nothing is made up */
    const struct seg_plan corrected = plan_of("MANUAL", 4, "130000", part);
    take(&world, &corrected);
    struct overlaps *all = overlaps_of(&world);
    CU_ASSERT_EQUAL(all->n, 1);
    forget_overlaps(all);
    take(&world, &ai); /* until the result is sent again: its event is a duplicate, its mask is not there */
    take(&world, &corrected);
    es_world_reopen(&world, ES_SITE_WRITE);
    all = overlaps_of(&world);
    CU_ASSERT_EQUAL(all->n, 2);
    forget_overlaps(all);
    es_world_close(&world);
}

static void nothing_is_kept_where_the_limit_is_nought(void)
{
    struct es_world world;
    char text[sizeof form];
    const struct seg_plan ai = plan_of("AUTOMATIC", 1, "100000", moved), manual = plan_of("MANUAL", 2, "110000", cube);
    memcpy(text, form, sizeof form);
    strstr(text, "Limit\":1")[7] = '0';
    es_world_open(&world, text);
    take(&world, &ai);
    take(&world, &manual);
    struct overlaps *all = overlaps_of(&world);
    CU_ASSERT_EQUAL(all->n, 0);
    forget_overlaps(all);
    CU_ASSERT_EQUAL(stock_of(&world).masks, 0);
    CU_ASSERT_EQUAL(stock_of(&world).dropped, 2);
    es_world_close(&world);
}

static void an_erased_person_s_masks_go_and_stay_away(void)
{
    struct es_world world;
    struct seg_plan ai = plan_of("AUTOMATIC", 1, "100000", moved), other = plan_of("AUTOMATIC", 1, "100000", part);
    other.exam = 2;
    other.patient = "P2";
    es_world_open(&world, form);
    take_made(&world, make_slice(&ai, 0));
    take(&world, &ai);
    take(&world, &other);
    CU_ASSERT_EQUAL(stock_of(&world).masks, 2);
    struct es_person person = {0};
    struct es_sought sought = {0};
    struct es_error err = {0};
    static const char line[] = "{\"patient_id\":\"P1\"}";
    if (es_sought_parse(&sought, line, sizeof line - 1, &err) != ES_OK ||
        es_site_find_person(world.site, &sought, &person, &err) != ES_OK)
        CU_FAIL_FATAL("not found");
    CU_ASSERT_EQUAL(es_site_forget(world.site, &person, NULL), ES_OK);
    es_person_clear(&person);
    CU_ASSERT_EQUAL(stock_of(&world).masks, 1);
    take(&world, &ai);
    const struct seg_plan manual = plan_of("MANUAL", 2, "110000", cube);
    take(&world, &manual);
    CU_ASSERT_EQUAL(stock_of(&world).masks, 1);
    struct overlaps *all = overlaps_of(&world);
    CU_ASSERT_EQUAL(all->n, 0);
    forget_overlaps(all);
    es_world_close(&world);
}

static bool count_overlaps(void *context, const struct es_entry *entry)
{
    *(size_t *)context += entry->body && es_event_peek(entry->body, entry->len) == ES_EVENT_OVERLAP;
    return true;
}

/* More pairs than one commit takes, from one batch of messages: each once, and nothing is left for the next message. */
static void many_pairs_of_one_batch_are_all_compared(void)
{
    enum { EACH = 18 };
    struct es_world world;
    struct es_message **lists[2 * EACH], *batch[2 * EACH];
    struct es_receipt receipts[2 * EACH];
    size_t overlaps = 0;
    uint64_t entries = 0;
    es_world_open(&world, form);
    for (unsigned i = 0; i < 2 * EACH; i++) {
        struct es_facts facts;
        size_t count = 0;
        char why[160], time[8];
        snprintf(time, sizeof time, "1000%02u", i);
        const struct seg_plan plan = plan_of(i < EACH ? "AUTOMATIC" : "MANUAL", i + 1, time, i < EACH ? moved : cube);
        struct made m = make_seg(&plan);
        CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
        CU_ASSERT_EQUAL_FATAL(es_messages_from_facts(&facts, world.config, "", false, &lists[i], &count, why, sizeof why, NULL), ES_OK);
        CU_ASSERT_EQUAL_FATAL(count, 1);
        batch[i] = lists[i][0];
        es_facts_free(&facts);
        free(m.p);
    }
    CU_ASSERT_EQUAL_FATAL(es_site_take(world.site, (const struct es_message *const *)batch, 2 * EACH, receipts, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_ledger_walk(es_site_ledger(world.site), 0, UINT64_MAX, count_overlaps, &overlaps, NULL), ES_OK);
    CU_ASSERT_EQUAL(overlaps, EACH * EACH);
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, NULL), ES_OK);
    for (size_t i = 0; i < 2 * EACH; i++) es_messages_free(lists[i], 1);
    es_world_close(&world);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"a_result_and_a_reference_make_one_overlap", a_result_and_a_reference_make_one_overlap},
        {"any_order_gives_the_same_overlaps", any_order_gives_the_same_overlaps},
        {"an_alias_that_joins_two_studies_brings_their_masks_together", an_alias_that_joins_two_studies_brings_their_masks_together},
        {"other_grids_are_told_by_name_and_give_no_number", other_grids_are_told_by_name_and_give_no_number},
        {"empty_masks_are_states", empty_masks_are_states},
        {"past_the_limit_compared_masks_go_first_and_the_dropped_are_counted", past_the_limit_compared_masks_go_first_and_the_dropped_are_counted},
        {"nothing_is_kept_where_the_limit_is_nought", nothing_is_kept_where_the_limit_is_nought},
        {"an_erased_person_s_masks_go_and_stay_away", an_erased_person_s_masks_go_and_stay_away},
        {"many_pairs_of_one_batch_are_all_compared", many_pairs_of_one_batch_are_all_compared},
        {NULL, NULL}};
    es_dicom_process_setup(true);
    return es_test_main("site_masks", tests, argc, argv);
}
