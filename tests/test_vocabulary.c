/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/vocabulary.h"
#include "testlib.h"

static void builtins_are_there_without_any_file(void)
{
    const char *const *names = es_vocabulary_builtins();
    CU_ASSERT_PTR_NOT_NULL_FATAL(names[0]);
    size_t n = 0;
    for (; names[n]; n++) CU_ASSERT_STRING_EQUAL(es_vocabulary_name(es_vocabulary_builtin(names[n])), names[n]);
    CU_ASSERT_EQUAL(n, 2);
    CU_ASSERT_PTR_NULL(es_vocabulary_builtin("no-such"));
}

/* PS3.3 C.7.1.1: M, F, O. */
static void sex_has_three_values(void)
{
    const struct es_vocabulary *v = es_vocabulary_builtin("dicom-sex");
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    CU_ASSERT_STRING_EQUAL(es_vocabulary_find(v, " f ").level, "F");
    CU_ASSERT_EQUAL(es_vocabulary_find(v, "O").state, ES_ATTRIBUTE_PRESENT);
    CU_ASSERT_EQUAL(es_vocabulary_find(v, "U").state, ES_ATTRIBUTE_UNMAPPED);
    CU_ASSERT_EQUAL(es_vocabulary_find(v, "M\\F").state, ES_ATTRIBUTE_UNMAPPED);
    CU_ASSERT_EQUAL(es_vocabulary_find(v, "男").state, ES_ATTRIBUTE_UNMAPPED);
    CU_ASSERT_EQUAL(es_vocabulary_find(v, "  ").state, ES_ATTRIBUTE_BLANK);
    CU_ASSERT_PTR_NULL(es_vocabulary_find(v, "U").level);
}

/* NHS Data Dictionary, ETHNIC CATEGORY (2001): sixteen categories in five groups; Z not stated; 99 not known. */
static void nhs_categories_have_their_groups(void)
{
    static const char *const groups[][2] = {{"ABC", "White"}, {"DEFG", "Mixed"}, {"HJKL", "Asian"}, {"MNP", "Black"}, {"RS", "Other"}};
    const struct es_vocabulary *v = es_vocabulary_builtin("nhs-ethnic-category");
    CU_ASSERT_PTR_NOT_NULL_FATAL(v);
    size_t n = 0;
    for (size_t g = 0; g < 5; g++)
        for (const char *c = groups[g][0]; *c; c++, n++) {
            const char code[2] = {*c, '\0'};
            const struct es_term term = es_vocabulary_find(v, code);
            CU_ASSERT_EQUAL_FATAL(term.state, ES_ATTRIBUTE_PRESENT);
            CU_ASSERT_STRING_EQUAL(term.level, code);
            CU_ASSERT_STRING_EQUAL(term.group, groups[g][1]);
            CU_ASSERT_STRING_EQUAL(es_vocabulary_levels(v, false)[n], code);
        }
    CU_ASSERT_PTR_NULL(es_vocabulary_levels(v, false)[n]);
    for (size_t g = 0; g < 5; g++) CU_ASSERT_STRING_EQUAL(es_vocabulary_levels(v, true)[g], groups[g][1]);
    CU_ASSERT_PTR_NULL(es_vocabulary_levels(v, true)[5]);
    CU_ASSERT_EQUAL(es_vocabulary_find(v, "z").state, ES_ATTRIBUTE_NOT_STATED);
    CU_ASSERT_EQUAL(es_vocabulary_find(v, "99").state, ES_ATTRIBUTE_ABSENT);
    CU_ASSERT_EQUAL(es_vocabulary_find(v, "X").state, ES_ATTRIBUTE_ABSENT);
    CU_ASSERT_EQUAL(es_vocabulary_find(v, "I").state, ES_ATTRIBUTE_UNMAPPED);
    CU_ASSERT_EQUAL(es_vocabulary_find(v, "Caucasian").state, ES_ATTRIBUTE_UNMAPPED);
    CU_ASSERT(es_vocabulary_order(v, "A") < es_vocabulary_order(v, "S"));
    CU_ASSERT(es_vocabulary_order(v, "White") < es_vocabulary_order(v, "Other"));
    CU_ASSERT_EQUAL(es_vocabulary_order(v, "Z"), UINT32_MAX);
}

static enum es_errc load(const char *text, struct es_vocabulary **out, struct es_error *err)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/list.csv", es_test_tempdir());
    FILE *f = fopen(path, "wb");
    if (!f) abort();
    (void)fwrite(text, 1, strlen(text), f);
    (void)fclose(f);
    return es_vocabulary_load(out, path, err);
}

#define HEAD "code,level,group,state,order\n"

static void a_file_is_loaded_with_quotes_and_comments(void)
{
    struct es_vocabulary *v = NULL;
    CU_ASSERT_EQUAL_FATAL(load("# a list\n" HEAD "\r\n\"a,b\",One,\"G \"\"1\"\"\",present,2\r\n# more\nc,Two,G2,present,1\n", &v, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(es_vocabulary_name(v), "list");
    CU_ASSERT_STRING_EQUAL(es_vocabulary_find(v, "A,B").group, "G \"1\"");
    CU_ASSERT_STRING_EQUAL(es_vocabulary_levels(v, false)[0], "Two");
    es_vocabulary_free(v);
    es_vocabulary_free(NULL);
}

static void wrong_files_are_refused_by_line(void)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "vocabulary list: columns code,level,group,state,order expected"},
        {"a,b\n", "vocabulary list: line 1: columns code,level,group,state,order expected"},
        {HEAD, "vocabulary list: no codes"},
        {HEAD "A,A,White,present\n", "vocabulary list: line 2: 5 columns expected"},
        {HEAD "A,A,White,present,1,2\n", "vocabulary list: line 2: 5 columns expected"},
        {"# x\n" HEAD "A,A,White,maybe,1\n", "vocabulary list: line 3: state is none of present, not_stated, absent"},
        {HEAD "A,A,White,present,x\n", "vocabulary list: line 2: order is no whole number"},
        {HEAD ",A,White,present,1\n", "vocabulary list: line 2: code is blank"},
        {HEAD "A,,White,present,1\n", "vocabulary list: line 2: a present code needs a level and a group"},
        {HEAD "Z,Z,,not_stated,1\n", "vocabulary list: line 2: only a present code has a level and a group"},
        {HEAD "A,A,White,present,1\na,B,White,present,2\n", "vocabulary list: code a has two meanings"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_error err = {0};
        struct es_vocabulary *v = NULL;
        CU_ASSERT_EQUAL(load(cases[i].text, &v, &err), ES_E_PARSE);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].error);
        if (strcmp(err.text, cases[i].error) != 0) printf("    %s\n", err.text);
        CU_ASSERT_PTR_NULL(v);
    }
    struct es_error err = {0};
    struct es_vocabulary *v = NULL;
    CU_ASSERT_EQUAL(load(HEAD "\"A,A,White,present,1\n", &v, &err), ES_E_PARSE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "line 2"));
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_vocabulary_load(&v, "/nonexistent.csv", &err), ES_E_IO);
    CU_ASSERT_STRING_EQUAL(err.text, "vocabulary nonexistent: No such file or directory");
}

static void equal_lines_may_repeat(void)
{
    struct es_vocabulary *v = NULL;
    CU_ASSERT_EQUAL_FATAL(load(HEAD "A,A,White,present,1\na,A,White,present,1\n", &v, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(es_vocabulary_find(v, "a").level, "A");
    es_vocabulary_free(v);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"builtins_are_there_without_any_file", builtins_are_there_without_any_file},
                                           {"sex_has_three_values", sex_has_three_values},
                                           {"nhs_categories_have_their_groups", nhs_categories_have_their_groups},
                                           {"a_file_is_loaded_with_quotes_and_comments", a_file_is_loaded_with_quotes_and_comments},
                                           {"wrong_files_are_refused_by_line", wrong_files_are_refused_by_line},
                                           {"equal_lines_may_repeat", equal_lines_may_repeat},
                                           {NULL, NULL}};
    return es_test_main("vocabulary", tests, argc, argv);
}
