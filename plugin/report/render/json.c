/* SPDX-License-Identifier: Apache-2.0 */
/* The release as JSON text (RFC 8259): members in the release's order, one a line where they nest, numbers in the shortest form that
 * reads back to the same binary64. cJSON's own printer depends on the locale and prints 17 digits where 16 do. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/report/render/page.h"

void es_bytes_free(struct es_bytes *bytes)
{
    if (!bytes) return;
    free(bytes->data);
    *bytes = (struct es_bytes){0};
}

static void put_number(struct es_page *page, double value)
{
    char text[ES_JSON_NUMBER_SIZE];
    if (!isfinite(value)) {
        es_page_put(page, "null");
        return;
    }
    es_json_number(value, text);
    es_page_put(page, text);
}

static void put_string(struct es_page *page, const char *text)
{
    es_page_put(page, "\"");
    for (const char *at = text; *at;) {
        char bytes[5] = {0};
        const uint32_t c = es_utf8_next(&at);
        if (c == '"')
            es_page_put(page, "\\\"");
        else if (c == '\\')
            es_page_put(page, "\\\\");
        else if (c == '\n')
            es_page_put(page, "\\n");
        else if (c < 0x20)
            es_page_putf(page, "\\u%04x", (unsigned)c);
        else {
            bytes[es_utf8_put(c, bytes)] = '\0';
            es_page_put(page, bytes);
        }
    }
    es_page_put(page, "\"");
}

static void indent(struct es_page *page, int depth)
{
    static const char spaces[] = "\n                                ";
    char line[sizeof spaces];
    memcpy(line, spaces, (size_t)depth + 1);
    line[depth + 1] = '\0';
    es_page_put(page, line);
}

/** Nothing nested inside: printed on one line. */
static bool flat(const cJSON *item)
{
    const cJSON *child;
    cJSON_ArrayForEach(child, item) if (child->child) return false;
    return true;
}

/** @return false when the tree is deeper than ES_JSON_MAX_DEPTH */
static bool put_item(struct es_page *page, const cJSON *item, int depth)
{
    if (depth >= ES_JSON_MAX_DEPTH) return false;
    if (cJSON_IsNumber(item)) {
        put_number(page, item->valuedouble);
    } else if (cJSON_IsString(item)) {
        put_string(page, item->valuestring);
    } else if (cJSON_IsBool(item)) {
        es_page_put(page, cJSON_IsTrue(item) ? "true" : "false");
    } else if (cJSON_IsArray(item) || cJSON_IsObject(item)) {
        const bool object = cJSON_IsObject(item), line = flat(item);
        const cJSON *child;
        es_page_put(page, object ? "{" : "[");
        cJSON_ArrayForEach(child, item)
        {
            if (child != item->child) es_page_put(page, line ? ", " : ",");
            if (!line) indent(page, depth + 1);
            if (object) {
                put_string(page, child->string);
                es_page_put(page, ": ");
            }
            if (!put_item(page, child, depth + 1)) return false;
        }
        if (!line) indent(page, depth);
        es_page_put(page, object ? "}" : "]");
    } else {
        es_page_put(page, "null");
    }
    return true;
}

enum es_errc es_render_json(const cJSON *release, struct es_bytes *out, struct es_error *err)
{
    const enum es_errc e = es_view_check(release, err);
    return e == ES_OK ? es_page_json(release, out, err) : e;
}

enum es_errc es_page_json(const cJSON *tree, struct es_bytes *out, struct es_error *err)
{
    struct es_page page = {0};
    if (!put_item(&page, tree, 0)) {
        free(page.data);
        return es_fail(err, ES_E_PARSE, "a release nests at most %d deep; this one is deeper", ES_JSON_MAX_DEPTH);
    }
    es_page_put(&page, "\n");
    return es_page_take(&page, out, err);
}
