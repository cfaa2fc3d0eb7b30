/* SPDX-License-Identifier: Apache-2.0 */
/** @file hash.h
 * SHA-256 (FIPS 180-4), for the ledger's chain and for the digests of releases. OpenSSL's EVP stands behind it.
 *
 * Thread safe: each call uses a context of its own; a struct es_hasher belongs to one thread at a time.
 */
#ifndef ES_PLUGIN_HASH_H
#define ES_PLUGIN_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dicom/error.h"

#define ES_SHA256_SIZE 32

/** Let OpenSSL make its tables now, at a program's start, instead of at the first hash and the first random bytes: it does not check every
 * allocation of the thousands that this takes, and ends the process where one fails. Need not be called. */
void es_hash_setup(void);

/** One piece of what is hashed. */
struct es_hash_part {
    const void *bytes; /* borrowed; may be NULL when len is 0 */
    size_t len;
};

/** SHA-256 of the parts, one after the other, without copying them together.
 * @param out  written whole on ES_OK
 * @return ES_OK, ES_E_MEMORY, ES_E_UNSUPPORTED (the library offers no SHA-256) */
ES_MUST_USE enum es_errc es_sha256(const struct es_hash_part *parts, size_t count, uint8_t out[ES_SHA256_SIZE],
                                   struct es_error *err);

/** A hasher that is used again and again, for loops over many entries: no allocation a call. */
struct es_hasher;
/** @return ES_OK, ES_E_MEMORY, ES_E_UNSUPPORTED */
ES_MUST_USE enum es_errc es_hasher_new(struct es_hasher **out, struct es_error *err);
ES_MUST_USE enum es_errc es_hasher_sha256(struct es_hasher *hasher, const struct es_hash_part *parts, size_t count,
                                          uint8_t out[ES_SHA256_SIZE], struct es_error *err);
/** NULL is allowed. */
void es_hasher_free(struct es_hasher *hasher);

/** Random bytes from the operating system's generator (salts, keys). @return ES_OK, ES_E_IO */
ES_MUST_USE enum es_errc es_random(void *out, size_t len, struct es_error *err);

/** Lower-case hex of bytes. @param out  2 * len + 1 characters, NUL included */
void es_hex(const uint8_t *bytes, size_t len, char *out);
/** Hex (either case) to bytes; the whole of `text` must be 2 * len hex digits. @return false, and `out` untouched, when it is not */
bool es_unhex(const char *text, uint8_t *out, size_t len);

/** Bytes to base64, in one line. @return owned by the caller (free); NULL when memory ran out or there are more than 1 GiB of them */
char *es_base64_encode(const void *bytes, size_t len);
/** Base64 (RFC 4648; line feeds inside are allowed) to bytes.
 * @param out  owned by the caller (free), NUL-terminated beyond *out_len; NULL when the text is none or memory ran out */
char *es_base64_decode(const char *text, size_t *out_len);

#endif
