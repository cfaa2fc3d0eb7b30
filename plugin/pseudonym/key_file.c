/* SPDX-License-Identifier: Apache-2.0 */
/* The key file: read, created, and given one more key. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/base/hash.h"
#include "plugin/pseudonym/pseudonym.h"

#define LINE (2 * ES_KEY_SIZE + 1) /* hex digits and a newline */
#define PATH_SIZE 1024

/* What a key file holds. Wiped by whoever made it. */
struct keys {
    uint8_t bytes[ES_MAX_KEYS][ES_KEY_SIZE];
    size_t count;
    uid_t user;
    gid_t group;
};

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

/* One line: a key that is not among those before. */
static enum es_errc parse_line(struct keys *keys, const char *line, size_t len, const char *path, struct es_error *err)
{
    char hex[LINE];
    enum es_errc code = ES_OK;
    if (keys->count == ES_MAX_KEYS) return es_fail(err, ES_E_STATE, "key file %s: found more than %d keys", path, ES_MAX_KEYS);
    if (len != 2 * ES_KEY_SIZE)
        return es_fail(err, ES_E_STATE, "key file %s: line %zu: found %s characters, expected 64 hex digits and a newline", path, keys->count + 1,
                       len < 2 * ES_KEY_SIZE ? "fewer" : "more");
    memcpy(hex, line, len);
    hex[len] = '\0';
    if (!es_unhex(hex, keys->bytes[keys->count], ES_KEY_SIZE))
        code = es_fail(err, ES_E_STATE, "key file %s: line %zu: found a character that is no hex digit, expected 64 hex digits", path, keys->count + 1);
    for (size_t i = 0; i < keys->count && code == ES_OK; i++)
        if (memcmp(keys->bytes[i], keys->bytes[keys->count], ES_KEY_SIZE) == 0)
            code = es_fail(err, ES_E_STATE, "key file %s: line %zu: found the key of line %zu again, expected another", path, keys->count + 1, i + 1);
    keys->count++;
    OPENSSL_cleanse(hex, sizeof hex);
    return code;
}

static enum es_errc parse(struct keys *keys, const char *text, size_t len, const char *path, struct es_error *err)
{
    enum es_errc code = ES_OK;
    if (len > 0 && text[len - 1] == '\n') len--;
    for (size_t at = 0; code == ES_OK && at <= len;) {
        const char *end = memchr(text + at, '\n', len - at);
        const size_t length = end ? (size_t)(end - text) - at : len - at;
        code = parse_line(keys, text + at, length, path, err);
        at += length + 1;
    }
    return code;
}

static enum es_errc read_file(struct keys *keys, const char *path, struct es_error *err)
{
    char text[ES_MAX_KEYS * LINE + 2];
    struct stat status;
    *keys = (struct keys){0};
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return es_fail(err, ES_E_IO, "key file %s: %s", path, strerror(errno));
    const ssize_t n = fstat(fd, &status) == 0 ? read_some(fd, text, sizeof text) : -1;
    const int reason = errno;
    (void)close(fd);
    if (n < 0) return es_fail(err, ES_E_IO, "key file %s: %s", path, strerror(reason));
    keys->user = status.st_uid;
    keys->group = status.st_gid;
    const enum es_errc code = parse(keys, text, (size_t)n, path, err);
    OPENSSL_cleanse(text, sizeof text);
    return code;
}

enum es_errc es_key_read(struct es_key **out, const char *path, struct es_error *err)
{
    struct keys keys;
    enum es_errc code = read_file(&keys, path, err);
    if (code == ES_OK) code = es_key_from_list(out, (const uint8_t(*)[ES_KEY_SIZE])keys.bytes, keys.count, err);
    OPENSSL_cleanse(&keys, sizeof keys);
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
    char directory[PATH_SIZE];
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

/* A new file that holds the keys, durable but for its directory's entry. */
static bool write_file(const struct keys *keys, const char *path, bool owned)
{
    char text[ES_MAX_KEYS * LINE + 1];
    for (size_t i = 0; i < keys->count; i++) {
        es_hex(keys->bytes[i], ES_KEY_SIZE, text + i * LINE);
        text[(i + 1) * LINE - 1] = '\n';
    }
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
    bool good = fd >= 0;
    if (good && owned && (keys->user != geteuid() || keys->group != getegid())) good = fchown(fd, keys->user, keys->group) == 0;
    good = good && fchmod(fd, 0640) == 0 && write_all(fd, text, keys->count * LINE) && fsync(fd) == 0;
    OPENSSL_cleanse(text, sizeof text);
    if (fd < 0) return false;
    const int reason = errno;
    good = close(fd) == 0 && good;
    if (!good) (void)unlink(path);
    if (reason) errno = reason;
    return good;
}

enum es_errc es_key_create(struct es_key **out, const char *path, struct es_error *err)
{
    struct keys keys = {.count = 1};
    struct stat status;
    enum es_errc code = es_random(keys.bytes[0], ES_KEY_SIZE, err);
    if (code != ES_OK) return code;
    errno = 0;
    if (lstat(path, &status) == 0) code = es_fail(err, ES_E_IO, "key file %s: cannot be created: %s", path, strerror(EEXIST));
    else if (!write_file(&keys, path, false)) code = es_fail(err, ES_E_IO, "key file %s: cannot be created: %s", path, strerror(errno));
    else if (!sync_directory_of(path)) {
        (void)unlink(path);
        code = es_fail(err, ES_E_IO, "key file %s: cannot be written: %s", path, strerror(errno));
    }
    if (code == ES_OK) code = es_key_from_list(out, (const uint8_t(*)[ES_KEY_SIZE])keys.bytes, 1, err);
    OPENSSL_cleanse(&keys, sizeof keys);
    return code;
}

enum es_errc es_key_add(struct es_key **out, const char *path, struct es_error *err)
{
    struct keys keys;
    char beside[PATH_SIZE];
    const int n = snprintf(beside, sizeof beside, "%s.new", path);
    enum es_errc code = read_file(&keys, path, err);
    if (code == ES_OK && (n < 0 || (size_t)n >= sizeof beside)) code = es_fail(err, ES_E_LIMIT, "key file: its path is too long");
    if (code == ES_OK && keys.count == ES_MAX_KEYS)
        code = es_fail(err, ES_E_LIMIT, "key file %s: holds %d keys already, at most %d are told apart", path, ES_MAX_KEYS, ES_MAX_KEYS);
    if (code == ES_OK) code = es_random(keys.bytes[keys.count++], ES_KEY_SIZE, err);
    if (code == ES_OK) {
        (void)unlink(beside); /* of an attempt that was cut short: the lease keeps others away */
        errno = 0;
        bool good = write_file(&keys, beside, true);
        if (good && rename(beside, path) != 0) {
            const int reason = errno;
            (void)unlink(beside);
            errno = reason;
            good = false;
        }
        if (!good) code = es_fail(err, ES_E_IO, "key file %s: no key can be added: %s", path, strerror(errno));
        else if (!sync_directory_of(path)) code = es_fail(err, ES_E_IO, "key file %s: was given a key, its folder cannot be synchronised: %s", path, strerror(errno));
    }
    if (code == ES_OK) code = es_key_from_list(out, (const uint8_t(*)[ES_KEY_SIZE])keys.bytes, keys.count, err);
    OPENSSL_cleanse(&keys, sizeof keys);
    return code;
}
