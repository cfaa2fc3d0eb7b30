/* SPDX-License-Identifier: Apache-2.0 */
/* What an archive's storing thread does with us: places in the inbox, filled and handed over; nothing left behind on that thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/secret.h"
#include "dicom/storing.h"
#include "plugin/worker/inbox.h"
#include "testlib.h"

static struct es_stored taken;

static struct es_inbox *new_inbox(void)
{
    struct es_inbox *inbox = NULL;
    CU_ASSERT_EQUAL_FATAL(es_inbox_new(&inbox, NULL), ES_OK);
    return inbox;
}

static struct es_stored *reserve(struct es_inbox *inbox, const char *id)
{
    struct es_stored *item = es_inbox_reserve(inbox, id);
    CU_ASSERT_PTR_NOT_NULL_FATAL(item);
    item->kind = ES_ITEM_FETCH;
    snprintf(item->id, sizeof item->id, "%s", id);
    return item;
}

/* Two threads of a host may fill at once, and the second be done first. */
static void what_was_reserved_first_is_taken_first(void)
{
    struct es_inbox *inbox = new_inbox();
    struct es_stored *first = reserve(inbox, "first"), *second = reserve(inbox, "second");
    size_t waiting = 0;
    uint64_t offered = 0, refused = 0;
    CU_ASSERT_PTR_NOT_EQUAL(first, second);
    CU_ASSERT_EQUAL(es_inbox_wait(inbox, 0, 1).items, 0);
    CU_ASSERT_FALSE(es_inbox_take(inbox, &taken));
    es_inbox_commit(inbox, second);
    CU_ASSERT_FALSE(es_inbox_take(inbox, &taken));
    es_inbox_counts(inbox, &waiting, &offered, &refused);
    CU_ASSERT_EQUAL(waiting, 2);
    CU_ASSERT_EQUAL(offered, 2);
    es_inbox_commit(inbox, first);
    CU_ASSERT_EQUAL(es_inbox_wait(inbox, 0, 1).items, 2);
    CU_ASSERT_TRUE(es_inbox_take(inbox, &taken));
    CU_ASSERT_STRING_EQUAL(taken.id, "first");
    CU_ASSERT_TRUE(es_inbox_take(inbox, &taken));
    CU_ASSERT_STRING_EQUAL(taken.id, "second");
    CU_ASSERT_FALSE(es_inbox_take(inbox, &taken));
    es_inbox_free(inbox);
}

/* The ring goes round, and a full one refuses and says how often. */
static void a_full_inbox_refuses_and_counts(void)
{
    struct es_inbox *inbox = new_inbox();
    size_t waiting = 0;
    uint64_t offered = 0, refused = 0;
    char id[16];
    es_inbox_commit(inbox, reserve(inbox, "kept"));
    for (int i = 0; i < ES_INBOX_ITEMS + 10; i++) { /* never empty: round the end */
        snprintf(id, sizeof id, "%d", i);
        es_inbox_commit(inbox, reserve(inbox, id));
        CU_ASSERT_TRUE(es_inbox_take(inbox, &taken));
        if (i > 0) CU_ASSERT_EQUAL(strtol(taken.id, NULL, 10), i - 1);
    }
    for (int i = 1; i < ES_INBOX_ITEMS; i++) es_inbox_commit(inbox, reserve(inbox, "more"));
    CU_ASSERT_PTR_NULL(es_inbox_reserve(inbox, "id"));
    es_inbox_counts(inbox, &waiting, &offered, &refused);
    CU_ASSERT_EQUAL(waiting, ES_INBOX_ITEMS);
    CU_ASSERT_EQUAL(offered, 2 * ES_INBOX_ITEMS + 11);
    CU_ASSERT_EQUAL(refused, 1);
    CU_ASSERT_TRUE(es_inbox_take(inbox, &taken));
    CU_ASSERT_PTR_NOT_NULL(es_inbox_reserve(inbox, "id"));
    es_inbox_stop(inbox);
    CU_ASSERT_PTR_NULL(es_inbox_reserve(inbox, "id"));
    CU_ASSERT_TRUE(es_inbox_wait(inbox, 1000, 1).stop);
    es_inbox_free(inbox);
}

#if defined __x86_64__
/* A pattern in the lowest and highest vector register of those that memcpy() uses here; what is in them afterwards. */
static void registers_are_wiped(void)
{
    uint8_t pattern[16], low[16], high[16] = {0};
    const bool wide = __builtin_cpu_supports("avx512f");
    memset(pattern, 0xA5, sizeof pattern);
    __asm__ volatile("movdqu %0, %%xmm0\n\tmovdqu %0, %%xmm15" : : "m"(pattern) : "xmm0", "xmm15");
    if (wide) __asm__ volatile("vinserti32x4 $3, %0, %%zmm31, %%zmm31" : : "m"(pattern)); /* its topmost 128 bits */
    es_secret_wipe_stack();
    __asm__ volatile("movdqu %%xmm15, %0" : "=m"(low));
    if (wide) __asm__ volatile("vextracti32x4 $3, %%zmm31, %0" : "=m"(high));
    for (size_t i = 0; i < sizeof low; i++) CU_ASSERT_TRUE(low[i] == 0 && high[i] == 0);
}
#else
static void registers_are_wiped(void) { es_test_skip("x86-64 only"); }
#endif

/* Code and tables are read only as hints: wherever the bytes end. */
static void asking_ahead_reads_nothing(void)
{
    static const char few[8] = "few";
    es_storing_prefetch();
    es_prefetch(few, 4096);
    es_prefetch(few, 0);
    CU_ASSERT_STRING_EQUAL(few, "few");
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"what_was_reserved_first_is_taken_first", what_was_reserved_first_is_taken_first},
        {"a_full_inbox_refuses_and_counts", a_full_inbox_refuses_and_counts},
        {"registers_are_wiped", registers_are_wiped},
        {"asking_ahead_reads_nothing", asking_ahead_reads_nothing},
        {NULL, NULL}};
    return es_test_main("storing", tests, argc, argv);
}
