/* SPDX-License-Identifier: Apache-2.0 */
/* Memory for what is in clear, as memory; that it is in no core file is test_core.c's. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dicom/secret.h"
#include "testlib.h"

static void blocks_are_zero_and_apart(void)
{
    enum { BLOCKS = 400 };
    static unsigned char *blocks[BLOCKS];
    for (int turn = 0; turn < 3; turn++) {
        for (size_t i = 0; i < BLOCKS; i++) {
            const size_t size = i * i + 1; /* up to 160 KB: all sizes, and pages of their own */
            blocks[i] = es_secret_new(size);
            CU_ASSERT_PTR_NOT_NULL_FATAL(blocks[i]);
            CU_ASSERT_EQUAL((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
            for (size_t k = 0; k < size; k++)
                if (blocks[i][k] != 0) CU_FAIL_FATAL("not zero");
            memset(blocks[i], (int)(i % 255) + 1, size);
        }
        for (size_t i = 0; i < BLOCKS; i++)
            for (size_t k = 0; k < i * i + 1; k++)
                if (blocks[i][k] != i % 255 + 1) CU_FAIL_FATAL("overwritten by another");
        for (size_t i = 0; i < BLOCKS; i++) es_secret_free(blocks[(i * 7 + (size_t)turn) % BLOCKS]);
    }
    es_secret_free(NULL);
}

static void a_block_grows_with_what_it_holds(void)
{
    char *block = NULL;
    for (size_t size = 1; size < 300000; size = size * 2 + 1) {
        block = es_secret_resize(block, size);
        CU_ASSERT_PTR_NOT_NULL_FATAL(block);
        block[size - 1] = 'x';
        for (size_t at = 1; at <= size; at = at * 2 + 1)
            if (block[at - 1] != 'x') CU_FAIL_FATAL("lost");
    }
    es_secret_free(block);
    char *text = es_secret_text("as it was");
    CU_ASSERT_STRING_EQUAL(text, "as it was");
    es_secret_free(text);
}

static void more_than_there_can_be_is_none(void)
{
    CU_ASSERT_PTR_NULL(es_secret_list(SIZE_MAX / 2, 3));
    CU_ASSERT_PTR_NULL(es_secret_stack_new(SIZE_MAX));
#if !defined(__SANITIZE_ADDRESS__)
    CU_ASSERT_PTR_NULL(es_secret_new(SIZE_MAX));
    CU_ASSERT_PTR_NULL(es_secret_new(SIZE_MAX - 100));
#endif
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"blocks_are_zero_and_apart", blocks_are_zero_and_apart},
                                           {"a_block_grows_with_what_it_holds", a_block_grows_with_what_it_holds},
                                           {"more_than_there_can_be_is_none", more_than_there_can_be_is_none},
                                           {NULL, NULL}};
    return es_test_main("secret", tests, argc, argv);
}
