/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/pseudonym.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/hash.h"

#define KEY_SIZE 32
#define KEY_EPOCH 1 /* first byte of every pseudonym; a later key counts on */
#define BLOCK 64    /* SHA-256's block, for HMAC (RFC 2104) */
#define KEY_ID_SIZE 8

/* On pages of its own that are left out of core dumps: what can make a pseudonym lies nowhere else for longer than a call. */
struct es_key {
    uint8_t inner[BLOCK], outer[BLOCK]; /* the key, padded and masked (RFC 2104 section 2) */
    char id[2 * KEY_ID_SIZE + 1];
    EVP_MD *md;
};

/* HMAC by its definition over EVP digests: OpenSSL's own HMAC keeps key state on the ordinary heap. */
static bool hmac(const struct es_key *key, const struct es_hash_part *parts, size_t count, uint8_t out[ES_SHA256_SIZE])
{
    uint8_t inner[ES_SHA256_SIZE];
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = context != NULL && EVP_DigestInit_ex2(context, key->md, NULL) == 1 &&
                EVP_DigestUpdate(context, key->inner, BLOCK) == 1;
    for (size_t i = 0; good && i < count; i++)
        good = parts[i].len == 0 || EVP_DigestUpdate(context, parts[i].bytes, parts[i].len) == 1;
    good = good && EVP_DigestFinal_ex(context, inner, NULL) == 1 && EVP_DigestInit_ex2(context, key->md, NULL) == 1 &&
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
    if (!hmac(key, &part, 1, digest)) return es_fail(err, ES_E_UNSUPPORTED, "key: the OpenSSL library offers no SHA-256");
    es_hex(digest, KEY_ID_SIZE, key->id);
    return ES_OK;
}

enum es_errc es_key_from_bytes(struct es_key **out, const uint8_t bytes[32], struct es_error *err)
{
    struct es_key *key = mmap(NULL, sizeof *key, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (key == MAP_FAILED) return es_fail(err, ES_E_MEMORY, "key: no memory");
    (void)madvise(key, sizeof *key, MADV_DONTDUMP);
    (void)mlock(key, sizeof *key); /* out of swap where the limits allow it */
    for (size_t i = 0; i < BLOCK; i++) {
        const uint8_t byte = i < KEY_SIZE ? bytes[i] : 0;
        key->inner[i] = byte ^ 0x36;
        key->outer[i] = byte ^ 0x5c;
    }
    key->md = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    enum es_errc code = key->md != NULL ? key_make_id(key, err)
                                        : es_fail(err, ES_E_UNSUPPORTED, "key: the OpenSSL library offers no SHA-256");
    if (code != ES_OK) {
        es_key_close(key);
        return code;
    }
    *out = key;
    return ES_OK;
}

void es_key_close(struct es_key *key)
{
    if (key == NULL) return;
    EVP_MD_free(key->md);
    OPENSSL_cleanse(key, sizeof *key);
    (void)munmap(key, sizeof *key);
}

const char *es_key_id(const struct es_key *key)
{
    return key->id;
}

/* Read at most `size` bytes; -1 with errno on failure. */
static ssize_t read_some(int fd, char *buffer, size_t size)
{
    size_t have = 0;
    while (have < size) {
        const ssize_t n = read(fd, buffer + have, size - have);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        have += (size_t)n;
    }
    return (ssize_t)have;
}

enum es_errc es_key_read(struct es_key **out, const char *path, struct es_error *err)
{
    char text[2 * KEY_SIZE + 8];
    uint8_t bytes[KEY_SIZE];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return es_fail(err, ES_E_IO, "key file %s: %s", path, strerror(errno));
    const ssize_t n = read_some(fd, text, sizeof text - 1);
    const int reason = errno;
    (void)close(fd);
    if (n < 0) return es_fail(err, ES_E_IO, "key file %s: %s", path, strerror(reason));
    size_t len = (size_t)n;
    if (len > 0 && text[len - 1] == '\n') len--;
    text[len] = '\0';
    enum es_errc code;
    if (len != 2 * KEY_SIZE)
        code = es_fail(err, ES_E_STATE, "key file %s: found %s characters, expected 64 hex digits and a newline", path,
                       len < 2 * KEY_SIZE ? "fewer" : "more");
    else if (!es_unhex(text, bytes, KEY_SIZE))
        code = es_fail(err, ES_E_STATE, "key file %s: found a character that is no hex digit, expected 64 hex digits", path);
    else
        code = es_key_from_bytes(out, bytes, err);
    OPENSSL_cleanse(text, sizeof text);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return code;
}

static bool write_all(int fd, const char *text, size_t len)
{
    while (len > 0) {
        const ssize_t n = write(fd, text, len);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

/* The directory's entry must be durable too: a ledger whose key is gone is lost. */
static bool sync_directory_of(const char *path)
{
    char directory[1024];
    const char *slash = strrchr(path, '/');
    const size_t len = slash == NULL ? 0 : (size_t)(slash - path);
    if (len >= sizeof directory) return false;
    memcpy(directory, path, len);
    directory[len] = '\0';
    const int fd = open(slash == NULL ? "." : len == 0 ? "/" : directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return false;
    const bool good = fsync(fd) == 0;
    (void)close(fd);
    return good;
}

enum es_errc es_key_create(struct es_key **out, const char *path, struct es_error *err)
{
    uint8_t bytes[KEY_SIZE];
    char text[2 * KEY_SIZE + 2];
    enum es_errc code = es_random(bytes, sizeof bytes, err);
    if (code != ES_OK) return code;
    es_hex(bytes, KEY_SIZE, text);
    text[2 * KEY_SIZE] = '\n';
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0) {
        code = es_fail(err, ES_E_IO, "key file %s: cannot be created: %s", path, strerror(errno));
    } else {
        bool good = fchmod(fd, 0640) == 0 && write_all(fd, text, 2 * KEY_SIZE + 1) && fsync(fd) == 0;
        const int reason = errno;
        good = close(fd) == 0 && good && sync_directory_of(path);
        if (good) {
            code = es_key_from_bytes(out, bytes, err);
        } else {
            (void)unlink(path);
            code = es_fail(err, ES_E_IO, "key file %s: cannot be written: %s", path, strerror(reason));
        }
    }
    OPENSSL_cleanse(text, sizeof text);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return code;
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
    const size_t issuer_len = issuer == NULL ? 0 : strlen(issuer), value_len = strlen(value);
    if (issuer_len > UINT16_MAX || value_len > UINT16_MAX) return ES_E_ARG;
    uint8_t head[9] = {1, 0, 0, 0, (uint8_t)kind}, middle[4], digest[ES_SHA256_SIZE];
    put_length(head + 5, issuer_len);
    put_length(middle, value_len);
    const struct es_hash_part parts[] = {{head, sizeof head}, {issuer, issuer_len}, {middle, sizeof middle}, {value, value_len}};
    if (!hmac(key, parts, 4, digest)) return ES_E_MEMORY;
    out->bytes[0] = KEY_EPOCH;
    memcpy(out->bytes + 1, digest, ES_PSEUDONYM_SIZE - 1);
    return ES_OK;
}
