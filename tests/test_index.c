/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "plugin/pseudonym/index.h"
#include "testlib.h"

static struct es_pseudonym key_of(uint32_t number)
{
    struct es_pseudonym key = {{0}};
    memcpy(key.bytes + 13, &number, sizeof number); /* all alike but for the last bytes: the hash must spread them */
    key.bytes[0] = 1;
    return key;
}

static void keys_get_numbers_in_the_order_of_their_first_appearance(void)
{
    struct es_index index = {0};
    uint32_t number = 99;
    bool added = false;
    const struct es_pseudonym a = key_of(7), b = key_of(8);
    CU_ASSERT_EQUAL(es_index_find(&index, &a), ES_INDEX_NONE);
    CU_ASSERT_TRUE_FATAL(es_index_add(&index, &a, &number, &added));
    CU_ASSERT_EQUAL(number, 0);
    CU_ASSERT_TRUE(added);
    CU_ASSERT_EQUAL(es_index_find(&index, &b), ES_INDEX_NONE);
    CU_ASSERT_TRUE_FATAL(es_index_add(&index, &b, &number, NULL));
    CU_ASSERT_EQUAL(number, 1);
    CU_ASSERT_TRUE_FATAL(es_index_add(&index, &a, &number, &added));
    CU_ASSERT_EQUAL(number, 0);
    CU_ASSERT_FALSE(added);
    CU_ASSERT_EQUAL(es_index_find(&index, &b), 1);
    es_index_clear(&index);
    CU_ASSERT_EQUAL(index.count, 0);
}

static void keys_that_differ_in_any_one_byte_are_different(void)
{
    struct es_index index = {0};
    for (int byte = 0; byte < ES_PSEUDONYM_SIZE; byte++)
        for (int bit = 0; bit < 8; bit++) {
            struct es_pseudonym key = {{0}};
            uint32_t number = 0;
            key.bytes[byte] = (uint8_t)(1u << bit);
            CU_ASSERT_TRUE_FATAL(es_index_add(&index, &key, &number, NULL));
            CU_ASSERT_EQUAL(number, (uint32_t)(byte * 8 + bit));
        }
    CU_ASSERT_EQUAL(index.count, ES_PSEUDONYM_SIZE * 8);
    es_index_clear(&index);
}

/* 2,000,000 keys, each found again; steps a key stay what linear probing at most 3/4 full gives (Knuth, TAOCP 3, 6.4: 2.5 for a
 * hit and 8.5 for a miss), and twice the keys are twice the steps. */
static void two_million_keys_cost_a_constant_number_of_steps_each(void)
{
    struct es_index index = {0};
    uint64_t half = 0;
    for (uint32_t i = 0; i < 2000000; i++) {
        const struct es_pseudonym key = key_of(i * 2654435761u);
        uint32_t number = 0;
        CU_ASSERT_TRUE_FATAL(es_index_add(&index, &key, &number, NULL));
        CU_ASSERT_EQUAL_FATAL(number, i);
        if (i == 999999) half = index.steps;
    }
    CU_ASSERT_TRUE(index.steps < 2000000u * 9u);
    CU_ASSERT_TRUE(index.steps < half * 3);
    index.steps = 0;
    for (uint32_t i = 0; i < 2000000; i++) {
        const struct es_pseudonym key = key_of(i * 2654435761u);
        uint32_t number = 0;
        CU_ASSERT_EQUAL_FATAL(es_index_find(&index, &key), i);
        CU_ASSERT_TRUE_FATAL(es_index_add(&index, &key, &number, NULL) && number == i);
    }
    CU_ASSERT_TRUE(index.steps < 2000000u * 3u);
    CU_ASSERT_TRUE(es_index_bytes(&index) < 2000000u * 33u);
    es_index_clear(&index);
}

/* The keys' memory is asked for in steps; a size past the ceiling is refused before anything is multiplied. */
static void an_index_at_its_ceiling_refuses_and_stays_as_it_was(void)
{
    struct es_index index = {0};
    uint32_t number = 5;
    const struct es_pseudonym a = key_of(1), b = key_of(2);
    CU_ASSERT_TRUE_FATAL(es_index_add(&index, &a, &number, NULL));
    const struct es_index before = index;
    index.count = index.keys_room = ES_INDEX_MAX - 1; /* as if full; the table says where to look */
    CU_ASSERT_FALSE(es_index_add(&index, &b, &number, NULL));
    CU_ASSERT_EQUAL(number, 0);
    CU_ASSERT_EQUAL(index.count, ES_INDEX_MAX - 1);
    CU_ASSERT_PTR_EQUAL(index.keys, before.keys);
    index.count = before.count;
    index.keys_room = before.keys_room;
    CU_ASSERT_EQUAL(es_index_find(&index, &a), 0);
    es_index_clear(&index);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"keys_get_numbers_in_the_order_of_their_first_appearance", keys_get_numbers_in_the_order_of_their_first_appearance},
        {"keys_that_differ_in_any_one_byte_are_different", keys_that_differ_in_any_one_byte_are_different},
        {"two_million_keys_cost_a_constant_number_of_steps_each", two_million_keys_cost_a_constant_number_of_steps_each},
        {"an_index_at_its_ceiling_refuses_and_stays_as_it_was", an_index_at_its_ceiling_refuses_and_stays_as_it_was},
        {NULL, NULL}};
    return es_test_main("index", tests, argc, argv);
}
