/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "dicom/csv_table.h"
#include "testlib.h"

/* What was handed over, as one line: "1:a|b" a record, "2#text" a comment. */
struct seen {
    char text[512];
    size_t records, stop_at;
};

static bool take_record(void *context, size_t line, const char *const *cells, size_t n)
{
    struct seen *s = context;
    size_t at = strlen(s->text);
    at += (size_t)snprintf(s->text + at, sizeof s->text - at, "%zu:", line);
    for (size_t i = 0; i < n && i < ES_CSV_TABLE_CELLS; i++) at += (size_t)snprintf(s->text + at, sizeof s->text - at, "%s|", cells[i]);
    (void)snprintf(s->text + at, sizeof s->text - at, "%zu ", n);
    return ++s->records != s->stop_at;
}

static bool take_comment(void *context, size_t line, const char *text, size_t len)
{
    struct seen *s = context;
    const size_t at = strlen(s->text);
    (void)snprintf(s->text + at, sizeof s->text - at, "%zu%.*s ", line, (int)len, text);
    return strncmp(text, "#stop", 5) != 0;
}

static enum es_errc read_text(const char *text, struct seen *seen, size_t *line, const char **fault)
{
    const struct es_csv_table table = {.context = seen, .record = take_record, .comment = take_comment};
    return es_csv_table_read(&table, text, strlen(text), line, fault);
}

static void records_and_comments_have_their_lines(void)
{
    static const struct {
        const char *text, *seen;
        size_t line;
    } cases[] = {
        {"", "", 0},
        {"a,b", "1:a|b|2 ", 1},
        {"# x\r\n\n\r\na,\"b,\"\"c\"\"\"\r\n#y\n d , \n", "1# x\r 4:a|b,\"c\"|2 5#y 6:d||2 ", 6},
        {"1,2,3,4,5,6,7,8,9\n,\n", "1:1|2|3|4|5|6|7|8|9 2:||2 ", 2},
        {"a\n#stop\nb\n", "1:a|1 2#stop ", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct seen seen = {0};
        size_t line = 99;
        const char *fault = NULL;
        CU_ASSERT_EQUAL(read_text(cases[i].text, &seen, &line, &fault), ES_OK);
        CU_ASSERT_STRING_EQUAL(seen.text, cases[i].seen);
        CU_ASSERT_EQUAL(line, cases[i].line);
        CU_ASSERT_PTR_NULL(fault);
        if (strcmp(seen.text, cases[i].seen) != 0) printf("    %s\n", seen.text);
    }
}

static void a_caller_may_stop_and_may_leave_comments_out(void)
{
    struct seen seen = {.stop_at = 2};
    const struct es_csv_table table = {.context = &seen, .record = take_record};
    static const char text[] = "#stop\na\nb\nc\n";
    size_t line = 0;
    const char *fault = NULL;
    CU_ASSERT_EQUAL(es_csv_table_read(&table, text, sizeof text - 1, &line, &fault), ES_OK);
    CU_ASSERT_STRING_EQUAL(seen.text, "2:a|1 3:b|1 ");
    CU_ASSERT_EQUAL(line, 3);
}

static void a_fault_has_its_line(void)
{
    static const char *const cases[] = {"a\n\"b\nc\"\n", "a\nb\"c\n", "a\n\"b\"c\n", "a\n\"b\n"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct seen seen = {0};
        size_t line = 0;
        const char *fault = NULL;
        CU_ASSERT_EQUAL(read_text(cases[i], &seen, &line, &fault), ES_E_PARSE);
        CU_ASSERT_EQUAL(line, 2);
        CU_ASSERT_STRING_EQUAL(seen.text, "1:a|1 ");
        CU_ASSERT_PTR_NOT_NULL_FATAL(fault);
        CU_ASSERT_PTR_NOT_NULL(strstr(fault, "error parsing data"));
    }
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"records_and_comments_have_their_lines", records_and_comments_have_their_lines},
                                           {"a_caller_may_stop_and_may_leave_comments_out", a_caller_may_stop_and_may_leave_comments_out},
                                           {"a_fault_has_its_line", a_fault_has_its_line},
                                           {NULL, NULL}};
    return es_test_main("csv_table", tests, argc, argv);
}
