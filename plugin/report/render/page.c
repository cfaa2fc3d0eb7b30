/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/report/render/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for n more bytes and a NUL. */
static bool room(struct es_page *page, size_t n)
{
    size_t need = 0;
    if (page->failed) return false;
    if (__builtin_add_overflow(page->len, n, &need) || __builtin_add_overflow(need, 1, &need) || need > ES_MAX_PAGE) {
        page->failed = ES_E_LIMIT;
        return false;
    }
    if (need <= page->size) return true;
    size_t size = page->size ? page->size : 65536;
    while (size < need) size *= 2; /* need <= ES_MAX_PAGE, so this ends below twice that */
    char *data = realloc(page->data, size);
    if (!data) {
        page->failed = ES_E_MEMORY;
        return false;
    }
    page->data = data;
    page->size = size;
    return true;
}

static void put(struct es_page *page, const char *bytes, size_t n)
{
    if (!room(page, n)) return;
    memcpy(page->data + page->len, bytes, n);
    page->len += n;
    page->data[page->len] = '\0';
}

void es_page_put(struct es_page *page, const char *markup)
{
    put(page, markup, strlen(markup));
}

void es_page_putf(struct es_page *page, const char *fmt, ...)
{
    char text[401];
    va_list args;
    va_start(args, fmt);
    const int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n > 0) put(page, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

void es_page_text(struct es_page *page, const char *text)
{
    for (uint32_t c; (c = es_utf8_next(&text)) != 0;) {
        char bytes[4];
        switch (c) {
        case '&':
            es_page_put(page, "&amp;");
            break;
        case '<':
            es_page_put(page, "&lt;");
            break;
        case '>':
            es_page_put(page, "&gt;");
            break;
        case '"':
            es_page_put(page, "&quot;");
            break;
        case '\'':
            es_page_put(page, "&#39;");
            break;
        default:
            put(page, bytes, es_utf8_put(c, bytes));
        }
    }
}

void es_page_fixed(struct es_page *page, double value, int decimals)
{
    char text[40];
    es_view_fixed(value, decimals, text, sizeof text);
    es_page_put(page, text);
}

void es_page_limits(struct es_page *page, double lo, double hi, int decimals)
{
    es_page_fixed(page, lo, decimals);
    es_page_put(page, " to ");
    es_page_fixed(page, hi, decimals);
}

void es_page_p(struct es_page *page, double p)
{
    if (isfinite(p) && p < 0.001) es_page_put(page, "&lt;0.001");
    else es_page_fixed(page, p, 3);
}

void es_page_plain(struct es_page *page, const char *text)
{
    while (*text) {
        char bytes[5] = {0};
        uint32_t c = es_utf8_next(&text);
        if (c == '\n' || c == '\t') c = ' ';
        bytes[es_utf8_put(c, bytes)] = '\0';
        es_page_put(page, bytes);
    }
}

void es_page_count(struct es_page *page, struct es_view_count count)
{
    char text[40];
    es_view_count_text(count, text, sizeof text);
    if (count.shown == ES_SHOWN_SUPPRESSED) es_page_put(page, "<span class=\"mute\">suppressed</span>");
    else es_page_put(page, text);
}

void es_page_share(struct es_page *page, struct es_view_count part, struct es_view_count whole)
{
    char percent[16];
    es_view_percent(part, whole, percent, sizeof percent);
    es_page_count(page, part);
    if (strcmp(percent, "--") != 0) {
        es_page_put(page, " <span class=\"sub\">(");
        es_page_text(page, percent);
        es_page_put(page, ")</span>");
    }
}

void es_page_label(struct es_page *page, const cJSON *group)
{
    const cJSON *level = NULL;
    if (es_view_axes(group) == 0) es_page_put(page, "everyone");
    cJSON_ArrayForEach(level, group)
    {
        const char *value = cJSON_IsString(level) ? level->valuestring : "";
        es_page_put(page,
                    level == group->child ? "<span class=\"g\">" : ", <span class=\"g\">"); /* a line breaks between axes */
        es_page_text(page, level->string ? level->string : "");
        es_page_put(page, " ");
        es_page_text(page, strcmp(value, "*") == 0 ? "(every level)" : value);
        es_page_put(page, "</span>");
    }
}

void es_page_finding(struct es_page *page, const struct es_view_finding *at)
{
    es_page_text(page, at->model_name);
    if (at->version[0]) {
        es_page_put(page, " ");
        es_page_text(page, at->version);
    }
    es_page_put(page, ", ");
    es_page_text(page, at->name);
    if (at->epoch_id > 1) es_page_putf(page, ", epoch %u", at->epoch_id);
}

enum es_errc es_page_take(struct es_page *page, struct es_bytes *out, struct es_error *err)
{
    const enum es_errc failed = page->failed;
    if (failed) {
        free(page->data);
        *page = (struct es_page){0};
        if (failed == ES_E_LIMIT) return es_fail(err, failed, "page: longer than %zu bytes", (size_t)ES_MAX_PAGE);
        return es_fail(err, failed, "page: out of memory");
    }
    out->data = (unsigned char *)page->data;
    out->len = page->len;
    *page = (struct es_page){0};
    return ES_OK;
}
