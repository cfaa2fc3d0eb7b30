/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plugin/base/pages.h"
#include "testlib.h"

#define SIZE 24 /* of an item; a page is no multiple of it */

/* From one item to 24 MiB: through malloc(), over to pages, and from pages to more of them. */
static void what_is_there_stays_however_it_is_kept(void)
{
    struct { uint64_t a, b, c; } *items = NULL;
    _Static_assert(sizeof *items == SIZE, "");
    uint32_t room = 0, moves = 0, great = 0;
    for (uint32_t i = 0; i < 1000000; i++) {
        const uint32_t before = room;
        CU_ASSERT_TRUE_FATAL(ES_PAGES_GROW(items, room, (uint64_t)i + 1));
        CU_ASSERT_TRUE_FATAL(room > i);
        moves += room != before;
        great += room != before && (size_t)room * SIZE >= ES_PAGES_LEAST;
        items[i].a = i;
        items[i].c = ~(uint64_t)i;
    }
    for (uint32_t i = 0; i < 1000000; i++) CU_ASSERT_TRUE_FATAL(items[i].a == i && items[i].c == ~(uint64_t)i);
    CU_ASSERT_TRUE(moves < 60); /* log(1,000,000 / 16) / log(1.25) is 50 */
    CU_ASSERT_TRUE(great > 5 && great < moves);
    ES_PAGES_FREE(items, room);
}

static void what_cannot_be_had_changes_nothing(void)
{
    char *items = NULL;
    uint32_t room = 0;
    for (uint64_t need = 8; need <= 2 * ES_PAGES_LEAST; need += 2 * ES_PAGES_LEAST - 8) { /* of malloc(), then of pages */
        CU_ASSERT_TRUE_FATAL(ES_PAGES_GROW(items, room, need));
        items[need - 1] = 'x';
        const void *was = items;
        const uint32_t had = room;
        CU_ASSERT_FALSE(ES_PAGES_GROW(items, room, UINT32_MAX));
        CU_ASSERT_FALSE(ES_PAGES_GROW(items, room, UINT64_MAX)); /* need + need / 4 would be small again */
        CU_ASSERT_FALSE(es_pages_grow((void **)&items, &room, (uint64_t)had + 1, SIZE_MAX / had));
        CU_ASSERT_EQUAL(room, had);
        CU_ASSERT_PTR_EQUAL(items, was);
        CU_ASSERT_EQUAL(items[need - 1], 'x');
    }
    CU_ASSERT_PTR_NULL(es_pages_new(UINT64_MAX, 2));
    CU_ASSERT_PTR_NULL(es_pages_new(UINT64_MAX / 4, 1));
    ES_PAGES_FREE(items, room);
    es_pages_free(NULL, 5, 5);
}

static void what_is_new_is_zeroed(void)
{
    static const uint64_t counts[] = {1, ES_PAGES_LEAST / 8 - 1, ES_PAGES_LEAST / 8, ES_PAGES_LEAST};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        uint64_t *items = es_pages_new(counts[i], sizeof *items), any = 0;
        CU_ASSERT_PTR_NOT_NULL_FATAL(items);
        for (uint64_t k = 0; k < counts[i]; k++) any |= items[k];
        CU_ASSERT_EQUAL(any, 0);
        memset(items, 0xFF, counts[i] * sizeof *items);
        ES_PAGES_FREE(items, counts[i]);
    }
}

static void items_of_no_size_have_room(void)
{
    void *items = NULL;
    uint32_t room = 0;
    CU_ASSERT_TRUE(es_pages_grow(&items, &room, 3, 0));
    CU_ASSERT_TRUE(room >= 3);
    CU_ASSERT_PTR_NOT_NULL(items);
    CU_ASSERT_TRUE(es_pages_grow(&items, &room, 2 * ES_PAGES_LEAST, 0));
    es_pages_free(items, room, 0);
}

static const struct es_test tests[] = {{"what_is_there_stays_however_it_is_kept", what_is_there_stays_however_it_is_kept},
                                       {"what_cannot_be_had_changes_nothing", what_cannot_be_had_changes_nothing},
                                       {"what_is_new_is_zeroed", what_is_new_is_zeroed},
                                       {"items_of_no_size_have_room", items_of_no_size_have_room},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("pages", tests, argc, argv);
}
