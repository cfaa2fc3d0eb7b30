/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "dicom/elements.h"
#include "testlib.h"

static struct es_elements set;

static void clear(void)
{
    memset(&set, 0, sizeof set);
}

static void a_set_is_flat_and_small(void)
{
    static struct es_elements copy;
    clear();
    CU_ASSERT(sizeof set <= 4096);
    (void)es_elements_add(&set, 0x00100040, 0, 0, "CS", "F ", 2);
    memcpy(&copy, &set, sizeof copy);
    memset(&set, 0xAA, sizeof set);
    const struct es_element *e = es_elements_find(&copy, 0x00100040);
    CU_ASSERT_PTR_NOT_NULL_FATAL(e);
    CU_ASSERT_EQUAL(e->length, 1);
    CU_ASSERT_EQUAL(es_elements_value(&copy, e)[0], 'F');
}

static void padding_of_text_goes_and_bytes_stay(void)
{
    clear();
    CU_ASSERT_EQUAL(es_elements_add(&set, 0x00080018, 0, 0, "UI", "1.2\0", 4)->length, 3);
    CU_ASSERT_EQUAL(es_elements_add(&set, 0x00080070, 0, 0, "LO", "    ", 4)->length, 0);
    CU_ASSERT_EQUAL(es_elements_add(&set, 0x001021C0, 0, 0, "US", "\4\0", 2)->length, 2);
}

static void unknown_vr_is_that_of_the_table(void)
{
    clear();
    CU_ASSERT_NSTRING_EQUAL(es_elements_add(&set, 0x00102162, 0, 0, "UN", "x", 1)->vr, "UC", 2);
    CU_ASSERT_NSTRING_EQUAL(es_elements_add(&set, 0x001021C0, 0, 0, NULL, "\4\0", 2)->vr, "US", 2);
    CU_ASSERT_NSTRING_EQUAL(es_elements_add(&set, 0x00101010, 0, 0, "IS", "25", 2)->vr, "IS", 2);
}

static void long_values_are_cut_and_marked(void)
{
    char text[ES_MAX_ELEMENT_VALUE + 1];
    memset(text, 'x', sizeof text);
    clear();
    CU_ASSERT_EQUAL(es_elements_add(&set, 0x00080070, 0, 0, "LO", text, sizeof text - 1)->flags, 0);
    CU_ASSERT_EQUAL(set.unusual, 0);
    const struct es_element *e = es_elements_add(&set, 0x00081090, 0, 0, "LO", text, sizeof text);
    CU_ASSERT_EQUAL(e->flags, ES_ELEMENT_CUT);
    CU_ASSERT_EQUAL(e->length, ES_MAX_ELEMENT_VALUE);
    CU_ASSERT_EQUAL(set.unusual, 1);
}

static void a_full_set_says_so(void)
{
    char text[ES_MAX_ELEMENT_VALUE];
    memset(text, 'x', sizeof text);
    clear();
    for (int i = 0; i < ES_ELEMENT_BYTES / ES_MAX_ELEMENT_VALUE + 1; i++) (void)es_elements_add(&set, 0x00080070, 0, 0, "LO", text, sizeof text);
    CU_ASSERT_EQUAL(set.used, ES_ELEMENT_BYTES);
    CU_ASSERT_EQUAL(set.unusual, 1);
    clear();
    for (int i = 0; i < ES_MAX_ELEMENTS; i++) CU_ASSERT_PTR_NOT_NULL(es_elements_add(&set, 0x00080070, 0, 0, "LO", "x", 1));
    CU_ASSERT_EQUAL(set.unusual, 0);
    CU_ASSERT_PTR_NULL(es_elements_add(&set, 0x00080070, 0, 0, "LO", "x", 1));
    CU_ASSERT_EQUAL(set.unusual, 1);
}

static void nested_leaves_have_their_item(void)
{
    clear();
    (void)es_elements_add(&set, 0x00102161, 0, 0, "SQ", NULL, 0);
    (void)es_elements_add(&set, 0x00080100, 0x00102161, 0, "SH", "A", 1);
    (void)es_elements_add(&set, 0x00080100, 0x00102161, 2, "SH", "B", 1);
    CU_ASSERT_EQUAL(es_elements_items(&set, 0x00102161), 3);
    CU_ASSERT_EQUAL(es_elements_items(&set, 0x00081032), 0);
    CU_ASSERT_PTR_NULL(es_elements_find(&set, 0x00080100));
    CU_ASSERT_PTR_NULL(es_elements_nested(&set, 0x00102161, 1, 0x00080100));
    const struct es_element *e = es_elements_nested(&set, 0x00102161, 2, 0x00080100);
    CU_ASSERT_PTR_NOT_NULL_FATAL(e);
    CU_ASSERT_EQUAL(es_elements_value(&set, e)[0], 'B');
}

static void equality_sees_values_flags_and_order(void)
{
    static struct es_elements other;
    clear();
    memset(&other, 0, sizeof other);
    (void)es_elements_add(&set, 0x00100040, 0, 0, "CS", "F", 1);
    (void)es_elements_add(&other, 0x00100040, 0, 0, "CS", "F ", 2);
    CU_ASSERT(es_elements_equal(&set, &other));
    other.bytes[0] = 'M';
    CU_ASSERT_FALSE(es_elements_equal(&set, &other));
    other.bytes[0] = 'F';
    other.element[0].flags = ES_ELEMENT_WRONG_VR;
    CU_ASSERT_FALSE(es_elements_equal(&set, &other));
    other.element[0].flags = 0;
    (void)es_elements_add(&other, 0x00101010, 0, 0, "AS", "", 0);
    CU_ASSERT_FALSE(es_elements_equal(&set, &other));
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"a_set_is_flat_and_small", a_set_is_flat_and_small},
                                           {"padding_of_text_goes_and_bytes_stay", padding_of_text_goes_and_bytes_stay},
                                           {"unknown_vr_is_that_of_the_table", unknown_vr_is_that_of_the_table},
                                           {"long_values_are_cut_and_marked", long_values_are_cut_and_marked},
                                           {"a_full_set_says_so", a_full_set_says_so},
                                           {"nested_leaves_have_their_item", nested_leaves_have_their_item},
                                           {"equality_sees_values_flags_and_order", equality_sees_values_flags_and_order},
                                           {NULL, NULL}};
    return es_test_main("elements", tests, argc, argv);
}
