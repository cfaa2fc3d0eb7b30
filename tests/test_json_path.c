/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/base/json_path.h"
#include "testlib.h"

/* The document of RFC 9535 1.5, Figure 1. */
static const char store[] =
    "{\"store\":{\"book\":["
    "{\"category\":\"reference\",\"author\":\"Nigel Rees\",\"title\":\"Sayings of the Century\",\"price\":8.95},"
    "{\"category\":\"fiction\",\"author\":\"Evelyn Waugh\",\"title\":\"Sword of Honour\",\"price\":12.99},"
    "{\"category\":\"fiction\",\"author\":\"Herman Melville\",\"title\":\"Moby Dick\",\"isbn\":\"0-553-21311-3\",\"price\":8.99},"
    "{\"category\":\"fiction\",\"author\":\"J. R. R. Tolkien\",\"title\":\"The Lord of the Rings\",\"isbn\":\"0-395-19395-8\",\"price\":22.99}],"
    "\"bicycle\":{\"color\":\"red\",\"price\":399}}}";

static cJSON *parsed(const char *text)
{
    cJSON *root = NULL;
    CU_ASSERT_EQUAL_FATAL(es_json_parse(&root, text, strlen(text), false, NULL), ES_OK);
    return root;
}

/* What a path selects, as canonical texts with a space between. */
static void expect(const cJSON *root, const char *text, const char *expected)
{
    struct es_json_path *path = NULL;
    struct es_error err = {0};
    const cJSON *found[16];
    char all[512] = "";
    if (es_json_path_new(&path, text, &err) != ES_OK) printf("    %s: %s\n", text, err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(path);
    bool limited = true;
    const size_t count = es_json_path_find(path, root, found, 16, &limited);
    CU_ASSERT_FALSE(limited);
    CU_ASSERT_FATAL(count <= 16);
    for (size_t i = 0; i < count; i++) {
        char *one = NULL;
        CU_ASSERT_EQUAL_FATAL(es_json_canonical(found[i], &one, NULL), ES_OK);
        (void)snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i > 0 ? " " : "", one);
        free(one);
    }
    CU_ASSERT_STRING_EQUAL(all, expected);
    if (strcmp(all, expected) != 0) printf("    %s: %s\n", text, all);
    CU_ASSERT_PTR_EQUAL(es_json_path_first(path, root), count > 0 ? found[0] : NULL);
    es_json_path_free(path);
}

/* Expected: RFC 9535 1.5 table 2 and 2.3, the rows that lie in the subset. */
static void the_examples_of_the_standard_hold(void)
{
    cJSON *root = parsed(store);
    expect(root, "$.store.book[*].author", "\"Nigel Rees\" \"Evelyn Waugh\" \"Herman Melville\" \"J. R. R. Tolkien\"");
    expect(root, "$.store.bicycle.*", "\"red\" 399");
    expect(root, "$.store.book[2].title", "\"Moby Dick\"");
    expect(root, "$.store.book[-1].title", "\"The Lord of the Rings\"");
    expect(root, "$.store.book[?@.isbn].price", "8.99 22.99");
    expect(root, "$.store.book[?@.category==\"reference\"].price", "8.95");
    expect(root, "$.store.book[?@['category']!='fiction'].price", "8.95");
    expect(root, "$.store.book[?@.price==12.99].author", "\"Evelyn Waugh\"");
    expect(root, "$.store.bicycle[\"color\"]", "\"red\"");
    expect(root, "$.store.bicycle['color']", "\"red\"");
    cJSON_Delete(root);
}

/* RFC 9535 2.3.1.3, 2.3.3.3, 2.3.5.2.2: names with odd letters, indices past the end, nothing compared with something. */
static void what_is_not_there_selects_nothing(void)
{
    cJSON *root = parsed("{\"o\":{\"j j\":{\"k.k\":3}},\"'\":{\"@\":2},\"a\":[\"a\",\"b\"],\"n\":null,\"t\":[{\"x\":1},{\"x\":null},{\"y\":true}],"
                         "\"00741000\":{\"Value\":[\"CANCELED\"]},\"\\\\\":4}");
    expect(root, "$", "{\"'\":{\"@\":2},\"00741000\":{\"Value\":[\"CANCELED\"]},\"\\\\\":4,\"a\":[\"a\",\"b\"],\"n\":null,\"o\":{\"j j\":{\"k.k\":3}},\"t\":[{\"x\":1},{\"x\":null},{\"y\":true}]}");
    expect(root, "$.o['j j']['k.k']", "3");
    expect(root, "$.o[\"j j\"][\"k.k\"]", "3");
    expect(root, "$[\"'\"][\"@\"]", "2");
    expect(root, "$['\\'']['@']", "2");
    expect(root, "$['\\\\']", "4");
    expect(root, "$.a[1]", "\"b\"");
    expect(root, "$.a[-2]", "\"a\"");
    expect(root, "$.a[-3]", "");
    expect(root, "$.a[2]", "");
    expect(root, "$.a.b", "");
    expect(root, "$.o[0]", "");
    expect(root, "$.n", "null");
    expect(root, "$.n[0]", "");
    expect(root, "$.n.*", "");
    expect(root, "$.t[?@.x==null]", "{\"x\":null}");
    expect(root, "$.t[?@.x!=1]", "{\"x\":null} {\"y\":true}");
    expect(root, "$.t[?@.y==true]", "{\"y\":true}");
    expect(root, "$.t[?@.y==false]", "");
    expect(root, "$.a[?@==\"b\"]", "\"b\"");
    expect(root, "@[\"00741000\"].Value[0]", "\"CANCELED\"");
    cJSON_Delete(root);
    struct es_json_path *path = NULL;
    CU_ASSERT_EQUAL_FATAL(es_json_path_new(&path, "@.a", NULL), ES_OK);
    CU_ASSERT_TRUE(es_json_path_is_current(path));
    CU_ASSERT_PTR_NULL(es_json_path_first(path, NULL));
    es_json_path_free(path);
    CU_ASSERT_EQUAL_FATAL(es_json_path_new(&path, "$.a", NULL), ES_OK);
    CU_ASSERT_FALSE(es_json_path_is_current(path));
    es_json_path_free(path);
    es_json_path_free(NULL);
}

static void every_fault_has_its_text(void)
{
    static const struct {
        const char *path, *text;
    } cases[] = {
        {"", "at character 1: found the end, expected \"$\" (the document) or \"@\" (the record)"},
        {"effusion", "at character 1: found \"e\", expected \"$\" (the document) or \"@\" (the record)"},
        {"$effusion", "at character 2: found \"e\", expected \".\" or \"[\""},
        {"$.", "at character 3: found the end, expected a name of letters, digits and _ (others stand as [\"name\"])"},
        {"$..a", "at character 3: found \".\", expected a name of letters, digits and _ (others stand as [\"name\"])"},
        {"$.a-b", "at character 4: found \"-\", expected \".\" or \"[\""},
        {"$.9", "at character 3: found \"9\", expected a name of letters, digits and _ (others stand as [\"name\"])"},
        {"$[a]", "at character 3: found \"a\", expected an index of at most 1000000, \"*\", \"?\" or a name in quotes"},
        {"$[1:2]", "at character 4: found \":\", expected \"]\""},
        {"$[9999999]", "at character 10: found \"]\", expected an index of at most 1000000, \"*\", \"?\" or a name in quotes"},
        {"$[-0]", "at character 5: found \"]\", expected 1 or more after the minus"},
        {"$[\"a]", "at character 6: found the end, expected the closing quote"},
        {"$[\"a\\u0041\"]", "at character 6: found \"u\", expected the quote or a backslash after a backslash"},
        {"$[?a]", "at character 4: found \"a\", expected \"@\""},
        {"$[?@]", "at character 5: found \"]\", expected a member after \"@\", \"==\" or \"!=\""},
        {"$[?@[*]==1]", "at character 6: found \"*\", expected an index of at most 1000000, \"*\", \"?\" or a name in quotes"},
        {"$[?@.a==]", "at character 9: found \"]\", expected a text in quotes, a number, true, false or null"},
        {"$[?@.a==1.2.3]", "at character 9: found \"1\", expected a number as in JSON"},
        {"$[?@.a>1]", "at character 7: found \">\", expected \"]\""},
        {"$.a\t", "at character 4: found byte 0x09, expected \".\" or \"[\""},
        {"$.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a", "at character 34: found \".\", expected at most 16 steps"},
        {"$[?@.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a]", "at character 37: found \".\", expected at most 16 steps"},
        {"$.\xff", "found bytes that are no UTF-8 text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_json_path *path = NULL;
        struct es_error err = {0};
        CU_ASSERT_EQUAL(es_json_path_new(&path, cases[i].path, &err), ES_E_CONFIG);
        CU_ASSERT_PTR_NULL(path);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].text);
        if (strcmp(err.text, cases[i].text) != 0) printf("    %s: %s\n", cases[i].path, err.text);
        es_json_path_free(path);
    }
    char longest[ES_JSON_PATH_SIZE + 1];
    memset(longest, 'a', sizeof longest);
    memcpy(longest, "$.", 2);
    struct es_json_path *path = NULL;
    longest[ES_JSON_PATH_SIZE - 1] = '\0';
    CU_ASSERT_EQUAL(es_json_path_new(&path, longest, NULL), ES_OK);
    es_json_path_free(path);
    longest[ES_JSON_PATH_SIZE - 1] = 'a';
    longest[ES_JSON_PATH_SIZE] = '\0';
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_json_path_new(&path, longest, &err), ES_E_CONFIG);
    CU_ASSERT_STRING_EQUAL(err.text, "found 256 bytes, expected at most 255");
}

/* Wild cards on lists of lists would visit n^k values. */
static void a_look_is_given_up_at_its_bound(void)
{
    cJSON *root = cJSON_CreateArray();
    for (int i = 0; i < 400; i++) {
        cJSON *inner = cJSON_CreateArray();
        for (int k = 0; k < 400; k++) cJSON_AddItemToArray(inner, cJSON_CreateNumber(k));
        cJSON_AddItemToArray(root, inner);
    }
    struct es_json_path *path = NULL;
    bool limited = false;
    const cJSON *found[2] = {NULL, NULL};
    CU_ASSERT_EQUAL_FATAL(es_json_path_new(&path, "$[*][*]", NULL), ES_OK);
    const size_t count = es_json_path_find(path, root, found, 2, &limited);
    CU_ASSERT_TRUE(limited);
    CU_ASSERT(count > 2 && count < ES_JSON_PATH_VISITS);
    CU_ASSERT_DOUBLE_EQUAL(found[1]->valuedouble, 1, 0);
    es_json_path_free(path);
    cJSON_Delete(root);
}

static const struct es_test tests[] = {
    {"the_examples_of_the_standard_hold", the_examples_of_the_standard_hold},
    {"what_is_not_there_selects_nothing", what_is_not_there_selects_nothing},
    {"every_fault_has_its_text", every_fault_has_its_text},
    {"a_look_is_given_up_at_its_bound", a_look_is_given_up_at_its_bound},
    {NULL, NULL},
};

int main(int argc, char **argv) { return es_test_main("json_path", tests, argc, argv); }
