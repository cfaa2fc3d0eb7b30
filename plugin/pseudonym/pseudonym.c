/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/pseudonym/pseudonym.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/mman.h>

#include "plugin/base/hash.h"

#define BLOCK 64 /* SHA-256's block, for HMAC (RFC 2104) */
#define KEY_ID_SIZE 8

struct ring;
struct es_key {
    struct ring *ring;
    uint8_t epoch;                      /* first byte of every pseudonym */
    uint8_t inner[BLOCK], outer[BLOCK]; /* the key, padded and masked (RFC 2104 section 2) */
    char id[2 * KEY_ID_SIZE + 1];
};
/* On pages of its own that are left out of core dumps: what can make a pseudonym lies nowhere else for longer than a call. */
struct ring {
    EVP_MD *md;
    bool (*watch)(void *context, enum es_pseudonym_kind kind, const char *issuer, const struct es_pseudonym *forms, unsigned epochs);
    void *context;
    unsigned count;
    struct es_key keys[ES_MAX_KEYS];
};

/* HMAC by its definition over EVP digests: OpenSSL's own HMAC keeps key state on the ordinary heap. */
static bool hmac(const struct es_key *key, const struct es_hash_part *parts, size_t count, uint8_t out[ES_SHA256_SIZE])
{
    uint8_t inner[ES_SHA256_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL && EVP_DigestInit_ex2(context, key->ring->md, NULL) == 1 &&
                EVP_DigestUpdate(context, key->inner, BLOCK) == 1;
    for (size_t i = 0; good && i < count; i++)
        good = parts[i].len == 0 || EVP_DigestUpdate(context, parts[i].bytes, parts[i].len) == 1;
    good = good && EVP_DigestFinal_ex(context, inner, NULL) == 1 && EVP_DigestInit_ex2(context, key->ring->md, NULL) == 1 &&
           EVP_DigestUpdate(context, key->outer, BLOCK) == 1 && EVP_DigestUpdate(context, inner, sizeof inner) == 1 &&
           EVP_DigestFinal_ex(context, out, NULL) == 1;
    EVP_MD_CTX_free(context); /* clears the digest's state */
    OPENSSL_cleanse(inner, sizeof inner);
    return good;
}

static enum es_errc key_make_id(struct es_key *key, struct es_error *err)
{
    static const char text[] = "evensight key id";
    const struct es_hash_part part = {text, sizeof text - 1};
    uint8_t digest[ES_SHA256_SIZE];
    if (!hmac(key, &part, 1, digest)) return es_fail(err, ES_E_UNSUPPORTED, "key: found no SHA-256 in the OpenSSL library, or no memory for it");
    es_hex(digest, KEY_ID_SIZE, key->id);
    return ES_OK;
}

/* `bytes` of one key behind the other. */
static enum es_errc make_ring(struct es_key **out, const uint8_t *bytes, size_t count, struct es_error *err)
{
    if (count == 0 || count > ES_MAX_KEYS) return es_fail(err, ES_E_LIMIT, "key: found %zu keys, expected 1 to %d", count, ES_MAX_KEYS);
    struct ring *ring = mmap(NULL, sizeof *ring, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (ring == MAP_FAILED) return es_fail(err, ES_E_MEMORY, "key: no memory");
    (void)madvise(ring, sizeof *ring, MADV_DONTDUMP);
    (void)mlock(ring, sizeof *ring); /* out of swap where the limits allow it */
    ring->count = (unsigned)count;
    ring->md = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    enum es_errc code = ring->md != NULL ? ES_OK : es_fail(err, ES_E_UNSUPPORTED, "key: found no SHA-256 in the OpenSSL library, or no memory for it");
    for (size_t k = 0; k < count; k++) {
        struct es_key *key = &ring->keys[k];
        key->ring = ring;
        key->epoch = (uint8_t)(k + 1);
        for (size_t i = 0; i < BLOCK; i++) {
            const uint8_t byte = i < ES_KEY_SIZE ? bytes[k * ES_KEY_SIZE + i] : 0;
            key->inner[i] = byte ^ 0x36;
            key->outer[i] = byte ^ 0x5c;
        }
        if (code == ES_OK) code = key_make_id(key, err);
    }
    if (code != ES_OK) es_key_close(&ring->keys[0]);
    else *out = &ring->keys[count - 1];
    return code;
}

enum es_errc es_key_from_list(struct es_key **out, const uint8_t (*bytes)[ES_KEY_SIZE], size_t count, struct es_error *err)
{
    return make_ring(out, &bytes[0][0], count, err);
}

enum es_errc es_key_from_bytes(struct es_key **out, const uint8_t bytes[ES_KEY_SIZE], struct es_error *err)
{
    return make_ring(out, bytes, 1, err);
}

void es_key_close(struct es_key *key)
{
    if (key == NULL) return;
    struct ring *ring = key->ring;
    EVP_MD_free(ring->md);
    OPENSSL_cleanse(ring, sizeof *ring);
    (void)munmap(ring, sizeof *ring);
}

unsigned es_key_epochs(const struct es_key *key)
{
    return key->ring->count;
}

const struct es_key *es_key_at(const struct es_key *key, unsigned epoch)
{
    return &key->ring->keys[epoch - 1];
}

void es_key_watch(struct es_key *key, bool (*watch)(void *context, enum es_pseudonym_kind kind, const char *issuer,
                                                    const struct es_pseudonym *forms, unsigned epochs), void *context)
{
    key->ring->watch = watch;
    key->ring->context = context;
}

const char *es_key_id(const struct es_key *key)
{
    return key->id;
}

enum es_errc es_key_identity(const struct es_key *key, const void *body, size_t len, uint8_t out[16])
{
    const struct es_hash_part part = {body, len};
    uint8_t digest[ES_SHA256_SIZE];
    if (!hmac(key, &part, 1, digest)) return ES_E_MEMORY;
    memcpy(out, digest, 16);
    return ES_OK;
}

static void put_length(uint8_t out[4], size_t len)
{
    for (int i = 0; i < 4; i++) out[i] = (uint8_t)(len >> (8 * i));
}

enum es_errc es_key_pseudonym(const struct es_key *key, enum es_pseudonym_kind kind, const char *issuer, const char *value,
                              struct es_pseudonym *out)
{
    memset(out, 0, sizeof *out);
    if (value[0] == '\0') return ES_OK;
    const struct ring *ring = key->ring;
    const size_t issuer_len = issuer == NULL ? 0 : strlen(issuer), value_len = strlen(value);
    if (issuer_len > UINT16_MAX || value_len > UINT16_MAX) return ES_E_ARG;
    uint8_t head[9] = {1, 0, 0, 0, (uint8_t)kind}, middle[4], digest[ES_SHA256_SIZE];
    put_length(head + 5, issuer_len);
    put_length(middle, value_len);
    const struct es_hash_part parts[] = {{head, sizeof head}, {issuer, issuer_len}, {middle, sizeof middle}, {value, value_len}};
    const bool watched = ring->watch != NULL && key->epoch == ring->count;
    struct es_pseudonym forms[ES_MAX_KEYS];
    for (unsigned k = watched ? 0 : key->epoch - 1u; k < key->epoch; k++) {
        if (!hmac(&ring->keys[k], parts, 4, digest)) return ES_E_MEMORY;
        forms[k].bytes[0] = ring->keys[k].epoch;
        memcpy(forms[k].bytes + 1, digest, ES_PSEUDONYM_SIZE - 1);
    }
    *out = forms[key->epoch - 1u];
    return !watched || ring->watch(ring->context, kind, issuer, forms, ring->count) ? ES_OK : ES_E_MEMORY;
}
