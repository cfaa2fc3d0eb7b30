/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/base/charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"

bool es_charset_known(const char *charset)
{
    const iconv_t to = iconv_open("UTF-8", charset);
    if (to == (iconv_t)-1) return false;
    (void)iconv_close(to);
    return true;
}

static enum es_errc none(const char *charset, struct es_error *err)
{
    return es_fail(err, ES_E_PARSE, "found bytes that are no text of the character set %.32s", charset);
}

static enum es_errc copy(const char *bytes, size_t len, char **out, size_t *out_len, struct es_error *err)
{
    if (!es_utf8_valid(bytes, len)) return none("UTF-8", err);
    char *text = malloc(len + 1);
    if (text == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    memcpy(text, bytes, len);
    text[len] = '\0';
    *out = text;
    *out_len = len;
    return ES_OK;
}

enum es_errc es_charset_decode(const char *charset, const char *bytes, size_t len, char **out, size_t *out_len, struct es_error *err)
{
    size_t room;
    if (__builtin_mul_overflow(len, (size_t)4, &room) || __builtin_add_overflow(room, (size_t)1, &room))
        return es_fail(err, ES_E_LIMIT, "found %zu bytes, expected fewer", len);
    if (charset == NULL || charset[0] == '\0') return copy(bytes, len, out, out_len, err);
    const iconv_t to = iconv_open("UTF-8", charset);
    if (to == (iconv_t)-1) return es_fail(err, ES_E_PARSE, "found the character set %.32s, expected one that iconv -l lists", charset);
    char *text = malloc(room), *at = text; /* no character of a set takes more than four bytes of UTF-8 for one of its own */
    char *from = (char *)(uintptr_t)bytes;
    size_t left = len, free_left = room - 1;
    const bool good = text != NULL && iconv(to, &from, &left, &at, &free_left) != (size_t)-1 && iconv(to, NULL, NULL, &at, &free_left) != (size_t)-1;
    (void)iconv_close(to);
    if (text == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    const size_t n = (size_t)(at - text);
    if (!good || !es_utf8_valid(text, n)) {
        free(text);
        return none(charset, err);
    }
    text[n] = '\0';
    *out = text;
    *out_len = n;
    return ES_OK;
}
