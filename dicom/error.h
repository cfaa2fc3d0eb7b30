/* SPDX-License-Identifier: Apache-2.0 */
/** @file error.h
 * One failure, in a struct the caller owns. Its text says what was found and what was expected, never a patient's value.
 */
#ifndef ES_DICOM_ERROR_H
#define ES_DICOM_ERROR_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ES_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ES_MUST_USE __attribute__((warn_unused_result))
#define ES_COLD __attribute__((cold)) /* whatever leads here is laid out apart from what usually runs */
#else
#define ES_PRINTF(fmt, args)
#define ES_MUST_USE
#define ES_COLD
#endif

enum es_errc {
    ES_OK,
    ES_E_ARG,         /* the caller's arguments are off */
    ES_E_PARSE,       /* bytes are not what they should be */
    ES_E_UNSUPPORTED, /* well formed, but not something we read */
    ES_E_LIMIT,       /* past a named ceiling */
    ES_E_MEMORY,
    ES_E_IO,          /* the file system or the store said no */
    ES_E_STATE,       /* not in a state in which this can be done: broken chain, other key */
    ES_E_CONFIG,      /* the configuration is wrong */
    ES_E_REFUSED,     /* one message was refused; the rest goes on */
    ES_E_BUSY         /* somebody else holds the lease */
};

#define ES_ERROR_TEXT 240

/** One failure. Lives on the caller's stack; nothing to free. `{0}` is "no failure". */
struct es_error {
    enum es_errc code;        /* ES_OK until set; the first failure stays */
    uint32_t tag;             /* 0xGGGGEEEE of the attribute at fault, or 0 */
    uint64_t offset;          /* its place in the input in bytes, when tag is set */
    char text[ES_ERROR_TEXT]; /* one line; never a patient's value */
};

/** Record a failure and return its code: `return es_fail(err, ES_E_PARSE, ...);`. err may be NULL; the first failure stays. */
enum es_errc es_fail(struct es_error *err, enum es_errc code, const char *fmt, ...) ES_PRINTF(3, 4) ES_COLD;
enum es_errc es_fail_at(struct es_error *err, enum es_errc code, uint32_t tag, uint64_t offset, const char *fmt, ...)
    ES_PRINTF(5, 6) ES_COLD;
/** Put "where: " before the text of a failure that passed through here. */
void es_error_prefix(struct es_error *err, const char *fmt, ...) ES_PRINTF(2, 3) ES_COLD;
/** snake_case word for a code, e.g. "parse". */
const char *es_errc_name(enum es_errc code);

#ifdef __cplusplus
}
#endif
#endif
