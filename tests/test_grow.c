/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "plugin/base/grow.h"
#include "testlib.h"

static void room_grows_by_a_quarter_and_keeps_what_is_there(void)
{
    int *items = NULL;
    uint32_t room = 0, moves = 0;
    for (uint32_t i = 0; i < 100000; i++) {
        const uint32_t before = room;
        CU_ASSERT_TRUE_FATAL(ES_GROW(items, room, (uint64_t)i + 1));
        CU_ASSERT_TRUE_FATAL(room > i);
        moves += room != before;
        items[i] = (int)i;
    }
    for (uint32_t i = 0; i < 100000; i++) CU_ASSERT_EQUAL_FATAL(items[i], (int)i);
    CU_ASSERT_TRUE(moves < 50); /* log(100,000 / 16) / log(1.25) is 39 */
    free(items);
}

static void what_cannot_be_had_changes_nothing(void)
{
    char *items = malloc(8);
    const void *was = items;
    uint32_t room = 8;
    CU_ASSERT_TRUE(ES_GROW(items, room, 8));
    CU_ASSERT_FALSE(ES_GROW(items, room, UINT32_MAX));
    CU_ASSERT_FALSE(ES_GROW(items, room, UINT64_MAX)); /* need + need / 4 would be small again */
    CU_ASSERT_FALSE(es_grow((void **)&items, &room, 16, SIZE_MAX / 16));
    CU_ASSERT_EQUAL(room, 8);
    CU_ASSERT_PTR_EQUAL(items, was);
    free(items);
}

static void items_of_no_size_have_room(void)
{
    void *items = NULL;
    uint32_t room = 0;
    CU_ASSERT_TRUE(es_grow(&items, &room, 3, 0));
    CU_ASSERT_TRUE(room >= 3);
    CU_ASSERT_PTR_NOT_NULL(items);
    free(items);
}

static const struct es_test tests[] = {{"room_grows_by_a_quarter_and_keeps_what_is_there", room_grows_by_a_quarter_and_keeps_what_is_there},
                                       {"what_cannot_be_had_changes_nothing", what_cannot_be_had_changes_nothing},
                                       {"items_of_no_size_have_room", items_of_no_size_have_room},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("grow", tests, argc, argv);
}
