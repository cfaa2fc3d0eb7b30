/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "dicom/vocabulary.h"
#include "testlib.h"

static void builtins_are_there_without_any_file(void)
{
    const char *const *names = es_vocabulary_builtins();
    CU_ASSERT_PTR_NOT_NULL_FATAL(names[0]);
    size_t n = 0;
    for (; names[n]; n++) CU_ASSERT_STRING_EQUAL(es_vocabulary_name(es_vocabulary_builtin(names[n])), names[n]);
    CU_ASSERT_EQUAL(n, 10);
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

static size_t codes_of(const struct es_vocabulary *v)
{
    size_t n = 0;
    while (es_vocabulary_code(v, n)) n++;
    return n;
}

static size_t names_of(const struct es_vocabulary *v, bool groups)
{
    size_t n = 0;
    while (es_vocabulary_levels(v, groups)[n]) n++;
    return n;
}

/* Levels and groups as the sources count them: PS3.16 CID 7458 (3), CID 7459 (3); ISO 3166-1 (249) in six regions; ISO 639-2 without
 * the local range (486; "und" is no level), 184 of them with two letters and 20 with a
 * bibliographic code, and 55 members of macrolanguages; ONS census 2021 (17 codes in use, 5 groups); OMB 1997 (5 and
 * Other Race; 2) and 2024 (7). Every level and group of codes in use is a code of itself: what is kept can be looked up again. */
static void every_list_is_as_long_as_its_source(void)
{
    static const struct { const char *name; size_t codes, levels, groups; } lists[] = {
        {"dicom-gender-identity", 8, 3, 3},    {"dicom-sex", 3, 3, 3},          {"dicom-sex-parameters", 6, 3, 3},
        {"iso-3166-1", 3 * 249, 249, 6},       {"iso-639", 486 + 184 + 20 + 55, 485 + 55, 0},   {"nhs-ethnic-category", 19, 16, 5},
        {"nhs-ethnic-category-2021", 20, 17, 5}, {"omb-1997-ethnicity", 13, 2, 2}, {"omb-1997-race", 20, 6, 6}, {"omb-2024", 23, 7, 7}};
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const struct es_vocabulary *v = es_vocabulary_builtin(lists[i].name);
        CU_ASSERT_PTR_NOT_NULL_FATAL(v);
        if (codes_of(v) != lists[i].codes || names_of(v, false) != lists[i].levels)
            printf("    %s: %zu codes, %zu levels, %zu groups\n", lists[i].name, codes_of(v), names_of(v, false), names_of(v, true));
        CU_ASSERT_EQUAL(codes_of(v), lists[i].codes);
        CU_ASSERT_EQUAL(names_of(v, false), lists[i].levels);
        if (lists[i].groups) CU_ASSERT_EQUAL(names_of(v, true), lists[i].groups);
        for (const char *const *level = es_vocabulary_levels(v, false); *level; level++) {
            const struct es_term term = es_vocabulary_find(v, *level);
            CU_ASSERT_EQUAL_FATAL(term.state, ES_ATTRIBUTE_PRESENT);
            CU_ASSERT_STRING_EQUAL(term.level, *level);
        }
    }
}

/* Spot values, looked up by hand in the sources named in each file. "" level: the state. */
static void codes_mean_what_their_source_says(void)
{
    static const struct { const char *list, *value, *level, *group; enum es_attribute_state state; } cases[] = {
        {"dicom-gender-identity", "446151000124109^SCT", "male", "male", ES_ATTRIBUTE_PRESENT},
        {"dicom-gender-identity", "33791000087105^sct", "nonbinary", "nonbinary", ES_ATTRIBUTE_PRESENT},
        {"dicom-gender-identity", "M", "", "", ES_ATTRIBUTE_UNMAPPED},
        {"dicom-gender-identity", "446151000124109^99LOCAL", "", "", ES_ATTRIBUTE_UNMAPPED},
        {"dicom-sex-parameters", "131230^DCM", "female-typical", "female-typical", ES_ATTRIBUTE_PRESENT},
        {"dicom-sex-parameters", "131232^DCM", "specified", "specified", ES_ATTRIBUTE_PRESENT},
        {"iso-3166-1", "GB", "GB", "Europe", ES_ATTRIBUTE_PRESENT},      {"iso-3166-1", "gbr", "GB", "Europe", ES_ATTRIBUTE_PRESENT},
        {"iso-3166-1", "826", "GB", "Europe", ES_ATTRIBUTE_PRESENT},     {"iso-3166-1", "KEN", "KE", "Africa", ES_ATTRIBUTE_PRESENT},
        {"iso-3166-1", "004", "AF", "Asia", ES_ATTRIBUTE_PRESENT},       {"iso-3166-1", "Utopia", "", "", ES_ATTRIBUTE_UNMAPPED},
        {"iso-639", "en", "en", "en", ES_ATTRIBUTE_PRESENT},             {"iso-639", "eng^ISO639_2", "en", "en", ES_ATTRIBUTE_PRESENT},
        {"iso-639", "ger", "de", "de", ES_ATTRIBUTE_PRESENT},            {"iso-639", "deu", "de", "de", ES_ATTRIBUTE_PRESENT},
        {"iso-639", "en-GB^RFC5646", "en", "en", ES_ATTRIBUTE_PRESENT},  {"iso-639", "yue^ISO639_3", "yue", "zh", ES_ATTRIBUTE_PRESENT},
        {"iso-639", "cmn", "cmn", "zh", ES_ATTRIBUTE_PRESENT},           {"iso-639", "nn", "nn", "no", ES_ATTRIBUTE_PRESENT},
        {"iso-639", "und", "", "", ES_ATTRIBUTE_ABSENT},                 {"iso-639", "en-GB", "", "", ES_ATTRIBUTE_UNMAPPED},
        {"nhs-ethnic-category-2021", "R", "R", "Asian", ES_ATTRIBUTE_PRESENT}, {"nhs-ethnic-category", "R", "R", "Other", ES_ATTRIBUTE_PRESENT},
        {"nhs-ethnic-category-2021", "T", "T", "White", ES_ATTRIBUTE_PRESENT}, {"nhs-ethnic-category-2021", "Z", "", "", ES_ATTRIBUTE_NOT_STATED},
        {"omb-1997-race", "2054-5^CDCREC", "Black", "Black", ES_ATTRIBUTE_PRESENT}, {"omb-1997-race", "ASKU", "", "", ES_ATTRIBUTE_NOT_STATED},
        {"omb-1997-race", "2135-2", "", "", ES_ATTRIBUTE_UNMAPPED},      {"omb-1997-ethnicity", "2186-5", "Not Hispanic", "Not Hispanic", ES_ATTRIBUTE_PRESENT},
        {"omb-2024", "Middle Eastern or North African", "MENA", "MENA", ES_ATTRIBUTE_PRESENT}, {"omb-2024", "2135-2", "Hispanic", "Hispanic", ES_ATTRIBUTE_PRESENT},
        {"omb-2024", "2076-8^CDCREC", "NHPI", "NHPI", ES_ATTRIBUTE_PRESENT}, {"omb-2024", "UNK", "", "", ES_ATTRIBUTE_ABSENT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct es_term term = es_vocabulary_find(es_vocabulary_builtin(cases[i].list), cases[i].value);
        if (term.state != cases[i].state || (term.level && strcmp(term.level, cases[i].level) != 0)) printf("    %s: %s\n", cases[i].list, cases[i].value);
        CU_ASSERT_EQUAL(term.state, cases[i].state);
        if (cases[i].level[0]) {
            CU_ASSERT_PTR_NOT_NULL_FATAL(term.level);
            CU_ASSERT_STRING_EQUAL(term.level, cases[i].level);
            CU_ASSERT_STRING_EQUAL(term.group, cases[i].group);
        }
    }
}

static cJSON *iso_codes(const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "/usr/share/iso-codes/json/iso_%s.json", name);
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    char *text = calloc(1, 1 << 20);
    if (!text) abort();
    const size_t n = fread(text, 1, (1 << 20) - 1, file);
    (void)fclose(file);
    cJSON *tree = cJSON_ParseWithLength(text, n);
    free(text);
    return tree;
}

static void means(const struct es_vocabulary *v, const cJSON *entry, const char *key, const char *level)
{
    const cJSON *code = cJSON_GetObjectItemCaseSensitive(entry, key);
    if (!cJSON_IsString(code)) return;
    const struct es_term term = es_vocabulary_find(v, code->valuestring);
    CU_ASSERT_PTR_NOT_NULL_FATAL(term.level);
    CU_ASSERT_STRING_EQUAL(term.level, level);
}

/* Every row against Debian's package iso-codes, where it is installed. */
static void the_iso_lists_agree_with_debian_s(void)
{
    cJSON *countries = iso_codes("3166-1"), *languages = iso_codes("639-2");
    const struct es_vocabulary *country = es_vocabulary_builtin("iso-3166-1"), *language = es_vocabulary_builtin("iso-639");
    const cJSON *entry = NULL;
    if (!countries || !languages) {
        cJSON_Delete(countries);
        cJSON_Delete(languages);
        es_test_skip("iso-codes is not installed");
        return;
    }
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(countries, "3166-1"))
    {
        const char *level = cJSON_GetObjectItemCaseSensitive(entry, "alpha_2")->valuestring;
        means(country, entry, "alpha_2", level);
        means(country, entry, "alpha_3", level);
        means(country, entry, "numeric", level);
    }
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(languages, "639-2"))
    {
        const cJSON *two = cJSON_GetObjectItemCaseSensitive(entry, "alpha_2"), *three = cJSON_GetObjectItemCaseSensitive(entry, "alpha_3");
        if (strcmp(three->valuestring, "und") == 0 || strchr(three->valuestring, '-')) continue; /* the local range qaa-qtz */
        const char *level = two ? two->valuestring : three->valuestring;
        means(language, entry, "alpha_2", level);
        means(language, entry, "alpha_3", level);
        means(language, entry, "bibliographic", level);
    }
    cJSON_Delete(countries);
    cJSON_Delete(languages);
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
    CU_ASSERT_EQUAL_FATAL(load("# Schemes: 99ABC  X\r\n" HEAD "a,One,G1,present,1\n", &v, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(es_vocabulary_find(v, "A^99abc").level, "One");
    CU_ASSERT_STRING_EQUAL(es_vocabulary_find(v, "a^x").level, "One");
    CU_ASSERT_EQUAL(es_vocabulary_find(v, "a^y").state, ES_ATTRIBUTE_UNMAPPED);
    CU_ASSERT_STRING_EQUAL(es_vocabulary_scheme(v, 1), "x");
    CU_ASSERT_PTR_NULL(es_vocabulary_scheme(v, 2));
    es_vocabulary_free(v);
}

static void wrong_files_are_refused_by_line(void)
{
    static const struct {
        const char *text, *error;
    } cases[] = {
        {"", "vocabulary list: found no header, expected columns code,level,group,state,order"},
        {"a,b\n", "vocabulary list: line 1: found other columns, expected columns code,level,group,state,order"},
        {HEAD, "vocabulary list: found no codes, expected at least one"},
        {HEAD "A,A,White,present\n", "vocabulary list: line 2: found 4 columns, expected 5"},
        {HEAD "A,A,White,present,1,2\n", "vocabulary list: line 2: found 6 columns, expected 5"},
        {"# x\n" HEAD "A,A,White,maybe,1\n", "vocabulary list: line 3: found state \"maybe\", expected present, not_stated or absent"},
        {HEAD "A,A,White,present,x\n", "vocabulary list: line 2: found order \"x\", expected a whole number of at most 9 digits"},
        {HEAD ",A,White,present,1\n", "vocabulary list: line 2: found a blank code, expected one"},
        {HEAD "A,,White,present,1\n", "vocabulary list: line 2: found a present code without level or group, expected both"},
        {HEAD "Z,Z,,not_stated,1\n", "vocabulary list: line 2: found a level or group of a code that is not present, expected none"},
        {"# Schemes: A23456789012345678\n" HEAD "A,A,White,present,1\n", "vocabulary list: line 1: found more or longer schemes, expected at most 8 words of at most 16 characters"},
        {"# Schemes: A B C D E F G H I\n" HEAD "A,A,White,present,1\n", "vocabulary list: line 1: found more or longer schemes, expected at most 8 words of at most 16 characters"},
        {HEAD "A,A,White,present,1\na,B,White,present,2\n", "vocabulary list: found code \"a\" with two meanings, expected one"},
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
                                           {"every_list_is_as_long_as_its_source", every_list_is_as_long_as_its_source},
                                           {"codes_mean_what_their_source_says", codes_mean_what_their_source_says},
                                           {"the_iso_lists_agree_with_debian_s", the_iso_lists_agree_with_debian_s},
                                           {"a_file_is_loaded_with_quotes_and_comments", a_file_is_loaded_with_quotes_and_comments},
                                           {"wrong_files_are_refused_by_line", wrong_files_are_refused_by_line},
                                           {"equal_lines_may_repeat", equal_lines_may_repeat},
                                           {NULL, NULL}};
    return es_test_main("vocabulary", tests, argc, argv);
}
