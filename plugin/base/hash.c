/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/base/hash.h"

#include <limits.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

struct es_hasher {
    EVP_MD *md;
    EVP_MD_CTX *context;
};

void es_hash_setup(void)
{
    uint8_t some[ES_SHA256_SIZE];
    /* Whoever needs one that there is not is told then. */
    if (es_sha256(NULL, 0, some, NULL) == ES_OK && es_random(some, sizeof some, NULL) == ES_OK) return;
}

enum es_errc es_hasher_new(struct es_hasher **out, struct es_error *err)
{
    struct es_hasher *hasher = calloc(1, sizeof *hasher);
    if (hasher == NULL) return es_fail(err, ES_E_MEMORY, "hasher: no memory");
    hasher->md = EVP_MD_fetch(NULL, "SHA2-256", NULL); /* fetched once: an implicit fetch a digest costs more than the digest */
    hasher->context = EVP_MD_CTX_new();
    if (hasher->md == NULL || hasher->context == NULL) {
        es_hasher_free(hasher);
        return es_fail(err, ES_E_UNSUPPORTED, "hasher: found no SHA-256 in the OpenSSL library, or no memory for it");
    }
    *out = hasher;
    return ES_OK;
}

void es_hasher_free(struct es_hasher *hasher)
{
    if (hasher == NULL) return;
    EVP_MD_CTX_free(hasher->context);
    EVP_MD_free(hasher->md);
    free(hasher);
}

enum es_errc es_hasher_sha256(struct es_hasher *hasher, const struct es_hash_part *parts, size_t count,
                              uint8_t out[ES_SHA256_SIZE], struct es_error *err)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    bool good = EVP_DigestInit_ex2(hasher->context, hasher->md, NULL) == 1;
    for (size_t i = 0; good && i < count; i++)
        good = parts[i].len == 0 || EVP_DigestUpdate(hasher->context, parts[i].bytes, parts[i].len) == 1;
    good = good && EVP_DigestFinal_ex(hasher->context, digest, &size) == 1 && size == ES_SHA256_SIZE;
    if (!good) return es_fail(err, ES_E_UNSUPPORTED, "SHA-256: the OpenSSL library refused to hash");
    memcpy(out, digest, ES_SHA256_SIZE);
    return ES_OK;
}

enum es_errc es_sha256(const struct es_hash_part *parts, size_t count, uint8_t out[ES_SHA256_SIZE], struct es_error *err)
{
    struct es_hasher *hasher = NULL;
    enum es_errc code = es_hasher_new(&hasher, err);
    if (code == ES_OK) code = es_hasher_sha256(hasher, parts, count, out, err);
    es_hasher_free(hasher);
    return code;
}

enum es_errc es_random(void *out, size_t len, struct es_error *err)
{
    if (len > 1u << 20) return es_fail(err, ES_E_ARG, "random: %zu bytes asked for, at most 1048576 are given", len);
    if (RAND_bytes(out, (int)len) != 1) return es_fail(err, ES_E_IO, "random: the system gave no random bytes");
    return ES_OK;
}

void es_hex(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
    out[2 * len] = '\0';
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

bool es_unhex(const char *text, uint8_t *out, size_t len)
{
    if (strlen(text) != 2 * len) return false;
    for (size_t i = 0; i < 2 * len; i++)
        if (nibble(text[i]) < 0) return false;
    for (size_t i = 0; i < len; i++) out[i] = (uint8_t)(nibble(text[2 * i]) << 4 | nibble(text[2 * i + 1]));
    return true;
}

char *es_base64_encode(const void *bytes, size_t len)
{
    if (len > (size_t)1 << 30) return NULL;
    unsigned char *out = malloc(len / 3 * 4 + 5);
    if (out == NULL) return NULL;
    out[EVP_EncodeBlock(out, bytes, (int)len)] = '\0';
    return (char *)out;
}

char *es_base64_decode(const char *text, size_t *out_len)
{
    const size_t len = strlen(text);
    int first = 0, last = 0;
    if (len > INT_MAX / 2) return NULL;
    unsigned char *out = malloc(len / 4 * 3 + 4);
    EVP_ENCODE_CTX *context = EVP_ENCODE_CTX_new();
    bool good = out != NULL && context != NULL;
    if (good) {
        EVP_DecodeInit(context);
        good = EVP_DecodeUpdate(context, out, &first, (const unsigned char *)text, (int)len) >= 0 && EVP_DecodeFinal(context, out + first, &last) == 1;
    }
    EVP_ENCODE_CTX_free(context);
    if (good) {
        *out_len = (size_t)first + (size_t)last;
        out[*out_len] = '\0';
        return (char *)out;
    }
    free(out);
    return NULL;
}
