/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "dicom/error.h"
#include "testlib.h"

static void the_first_failure_stays(void)
{
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_fail(&err, ES_E_PARSE, "found %d, expected %d", 3, 4), ES_E_PARSE);
    CU_ASSERT_EQUAL(es_fail_at(&err, ES_E_IO, 1, 2, "later"), ES_E_IO);
    CU_ASSERT_EQUAL(err.code, ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, "found 3, expected 4");
    CU_ASSERT_EQUAL(err.tag, 0);
    CU_ASSERT_EQUAL(es_fail(NULL, ES_E_LIMIT, "nobody listens"), ES_E_LIMIT);
}

static void text_is_one_line_with_its_place(void)
{
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_fail_at(&err, ES_E_PARSE, 0x00101010, 77, "a\nb\x7f"), ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, "a b ");
    CU_ASSERT_EQUAL(err.tag, 0x00101010);
    CU_ASSERT_EQUAL(err.offset, 77);
    es_error_prefix(&err, "file %d", 2);
    CU_ASSERT_STRING_EQUAL(err.text, "file 2: a b ");
}

static void a_prefix_of_no_failure_is_nothing(void)
{
    struct es_error err = {0};
    es_error_prefix(&err, "where");
    es_error_prefix(NULL, "where");
    CU_ASSERT_STRING_EQUAL(err.text, "");
}

static void every_code_has_a_word(void)
{
    for (int code = ES_OK; code <= ES_E_BUSY; code++) CU_ASSERT_STRING_NOT_EQUAL(es_errc_name((enum es_errc)code), "unknown");
    CU_ASSERT_STRING_EQUAL(es_errc_name((enum es_errc)99), "unknown");
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"the_first_failure_stays", the_first_failure_stays},
                                           {"text_is_one_line_with_its_place", text_is_one_line_with_its_place},
                                           {"a_prefix_of_no_failure_is_nothing", a_prefix_of_no_failure_is_nothing},
                                           {"every_code_has_a_word", every_code_has_a_word},
                                           {NULL, NULL}};
    return es_test_main("error", tests, argc, argv);
}
