/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/error.h"

#include <stdio.h>
#include <string.h>

ES_PRINTF(5, 0)
static enum es_errc fail(struct es_error *err, enum es_errc code, uint32_t tag, uint64_t offset, const char *fmt, va_list args)
{
    if (!err || err->code != ES_OK) return code;
    err->code = code;
    err->tag = tag;
    err->offset = offset;
    (void)vsnprintf(err->text, sizeof err->text, fmt, args);
    for (char *p = err->text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = ' '; /* one line, whatever a callee's text held */
    return code;
}

enum es_errc es_fail(struct es_error *err, enum es_errc code, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fail(err, code, 0, 0, fmt, args);
    va_end(args);
    return code;
}

enum es_errc es_fail_at(struct es_error *err, enum es_errc code, uint32_t tag, uint64_t offset, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fail(err, code, tag, offset, fmt, args);
    va_end(args);
    return code;
}

void es_error_prefix(struct es_error *err, const char *fmt, ...)
{
    if (!err || err->code == ES_OK) return;
    char old[ES_ERROR_TEXT], where[ES_ERROR_TEXT];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(where, sizeof where, fmt, args);
    va_end(args);
    (void)snprintf(err->text, sizeof err->text, "%.110s: %.120s", where, old);
}

const char *es_errc_name(enum es_errc code)
{
    static const char *const names[] = {"ok", "argument", "parse", "unsupported", "limit", "memory",
                                        "io", "state",    "config", "refused",    "busy"};
    return (size_t)code < sizeof names / sizeof names[0] ? names[code] : "unknown";
}
