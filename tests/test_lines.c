/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "plugin/base/lines.h"
#include "testlib.h"

#define MOST 8

/** What is read, as "number:len:text|"; a line that is too long as "number:len>". */
static void expect(const char *bytes, size_t len, const char *expected)
{
    char got[512] = "";
    struct es_lines lines;
    FILE *in = fmemopen((void *)(uintptr_t)bytes, len, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    CU_ASSERT_FATAL(es_lines_open(&lines, in, MOST));
    for (enum es_line line; (line = es_lines_next(&lines)) != ES_LINE_END;) {
        char one[64];
        (void)snprintf(one, sizeof one, "%d:%zu%s%s%s", (int)lines.number, lines.len, line == ES_LINE_READ ? ":" : ">",
                       line == ES_LINE_READ ? lines.text : "", line == ES_LINE_READ ? "|" : "");
        es_test_append(got, sizeof got, one);
    }
    CU_ASSERT_EQUAL(lines.done, len);
    CU_ASSERT_STRING_EQUAL(got, expected);
    if (strcmp(got, expected) != 0) printf("    %s\n    %s\n", got, expected);
    es_lines_close(&lines);
    (void)fclose(in);
}

static void lines_end_at_lf_crlf_or_the_end(void)
{
    expect("a\nbc\r\n\r\nd", 9, "1:1:a|2:2:bc|3:0:|4:1:d|");
    expect("a\n", 2, "1:1:a|");
    expect("\n\n", 2, "1:0:|2:0:|");
    expect("a\rb\r\r\nc\r", 8, "1:4:a\rb\r|2:1:c|");
    expect("a\0b\n", 4, "1:3:a|"); /* a zero byte is a byte */
}

static void a_line_is_too_long_by_one_byte(void)
{
    expect("12345678\n123456789\nx", 20, "1:8:12345678|2:9>3:1:x|");
    expect("12345678\r\n123456789\r\n12345678\r", 30, "1:8:12345678|2:9>3:8:12345678|");
    expect("12345678\rx\n12345678901234567890", 31, "1:10>2:20>");
}

static ssize_t endless(void *left, char *out, size_t len)
{
    size_t *n = left;
    if (len > *n) len = *n;
    memset(out, 'x', len);
    *n -= len;
    return (ssize_t)len;
}

/* 64 MiB without a line feed, into memory for 8 bytes: AddressSanitizer and valgrind see what is written beyond. */
static void what_has_no_line_feed_takes_no_memory(void)
{
    size_t left = (size_t)64 << 20;
    struct es_lines lines;
    FILE *in = fopencookie(&left, "r", (cookie_io_functions_t){.read = endless});
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    CU_ASSERT_FATAL(es_lines_open(&lines, in, MOST));
    CU_ASSERT_EQUAL(es_lines_next(&lines), ES_LINE_TOO_LONG);
    CU_ASSERT_EQUAL(lines.len, (size_t)64 << 20);
    CU_ASSERT_EQUAL(es_lines_next(&lines), ES_LINE_END);
    es_lines_close(&lines);
    (void)fclose(in);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"lines_end_at_lf_crlf_or_the_end", lines_end_at_lf_crlf_or_the_end},
                                           {"a_line_is_too_long_by_one_byte", a_line_is_too_long_by_one_byte},
                                           {"what_has_no_line_feed_takes_no_memory", what_has_no_line_feed_takes_no_memory},
                                           {NULL, NULL}};
    return es_test_main("lines", tests, argc, argv);
}
