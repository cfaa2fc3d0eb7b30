/* SPDX-License-Identifier: Apache-2.0 */
/** @file pseudonym.h
 * The site's key, and what it makes of identifiers: one byte of key epoch and 16 bytes of HMAC-SHA256 (RFC 2104, FIPS 180-4).
 *
 * HMAC input: length-prefixed (kind, issuer, normalised value), so that no two kinds or splits can collide. OpenSSL stands
 * behind pseudonym.c and base/hash.c only.
 */
#ifndef ES_PLUGIN_PSEUDONYM_H
#define ES_PLUGIN_PSEUDONYM_H

#include <stdbool.h>
#include <stdint.h>

#include "dicom/error.h"

#define ES_PSEUDONYM_SIZE 17
#define ES_NORMALISATION 1 /* version of the rules in es_normalise_*; a ledger keeps it beside the key's id */

/** All zero: absent. */
struct es_pseudonym {
    uint8_t bytes[ES_PSEUDONYM_SIZE];
};
static inline bool es_pseudonym_set(const struct es_pseudonym *p)
{
    uint64_t low, high; /* two words and a byte: this is asked several times of every event */
    __builtin_memcpy(&low, p->bytes, sizeof low);
    __builtin_memcpy(&high, p->bytes + 8, sizeof high);
    return (low | high | p->bytes[16]) != 0;
}

/** What is hashed; domain separation. Values are part of the stored format: never renumber. */
enum es_pseudonym_kind {
    ES_PSEUDONYM_STUDY = 1,
    ES_PSEUDONYM_SERIES = 2,
    ES_PSEUDONYM_INSTANCE = 3,
    ES_PSEUDONYM_ACCESSION = 4,
    ES_PSEUDONYM_ACCESSION_ISSUER = 5,
    ES_PSEUDONYM_PATIENT = 6,
    ES_PSEUDONYM_PATIENT_ISSUER = 7,
    ES_PSEUDONYM_LABELLER = 8,
    ES_PSEUDONYM_DEVICE = 9,
    ES_PSEUDONYM_UNIT = 10,
    ES_PSEUDONYM_VALUE = 11,    /* an attribute value outside its vocabulary; issuer = the attribute's keyword */
    ES_PSEUDONYM_EVENT_ID = 12, /* the sender's event_id; issuer = its source */
    ES_PSEUDONYM_HOST = 13,     /* a host's own id (for a remembered row of its log) */
    ES_PSEUDONYM_FORGOTTEN = 14 /* a pseudonym that was erased, in hex; issuer = what it named (site/forget.c) */
};

#define ES_KEY_SIZE 32
#define ES_MAX_KEYS 16 /* epochs of one site: fifteen rotations */

/** The site's key: the current one, with every earlier one behind it. Opaque; its bytes are wiped on close and kept out of core dumps.
 * Immutable but for es_key_watch(): any thread may use it while nobody watches. */
struct es_key;

/** Read a key file: one key a line, 64 hex digits each, oldest first; the last is the current one. The epoch of a key is its line, from 1.
 * @return ES_OK, ES_E_IO (not there, not readable), ES_E_STATE (ill-formed) */
ES_MUST_USE enum es_errc es_key_read(struct es_key **out, const char *path, struct es_error *err);
/** Create a key file (0640, O_EXCL) with random bytes and read it. Only for an empty ledger. */
ES_MUST_USE enum es_errc es_key_create(struct es_key **out, const char *path, struct es_error *err);
/** Put one more random key behind those of the file, durably: written beside it, same owner, 0640, synchronised, renamed; and read it.
 * @return ES_OK; ES_E_LIMIT: it holds ES_MAX_KEYS; ES_E_IO, ES_E_STATE: the file is as it was */
ES_MUST_USE enum es_errc es_key_add(struct es_key **out, const char *path, struct es_error *err);
/** Keys from given bytes, oldest first; count from 1 to ES_MAX_KEYS. */
ES_MUST_USE enum es_errc es_key_from_list(struct es_key **out, const uint8_t (*bytes)[ES_KEY_SIZE], size_t count, struct es_error *err);
/** The same of one key, for tests. */
ES_MUST_USE enum es_errc es_key_from_bytes(struct es_key **out, const uint8_t bytes[ES_KEY_SIZE], struct es_error *err);
/** Close with all its epochs. Only what read, create, add and from_* gave. NULL is allowed. */
void es_key_close(struct es_key *key);
/** How many keys there are: the epoch of the current one. */
unsigned es_key_epochs(const struct es_key *key);
/** The key of an epoch, 1 to es_key_epochs(): what it names is what was named then. Lives as long as `key`. */
const struct es_key *es_key_at(const struct es_key *key, unsigned epoch);
/** Key id: 8 bytes of HMAC of a fixed text, in hex; stored in the ledger, tells one key from another. */
const char *es_key_id(const struct es_key *key);
/** While set, every pseudonym that the current key makes is told under all epochs: forms[0] is that of epoch 1. NULL ends it.
 * @param watch  returns false when it has no memory: the pseudonym then fails with ES_E_MEMORY */
void es_key_watch(struct es_key *key, bool (*watch)(void *context, enum es_pseudonym_kind kind, const char *issuer,
                                                    const struct es_pseudonym *forms, unsigned epochs), void *context);

/** HMAC-SHA256 of bytes under the key, cut to 16 bytes: the identity of a body. */
ES_MUST_USE enum es_errc es_key_identity(const struct es_key *key, const void *body, size_t len, uint8_t out[16]);
/** Pseudonym of a value. An empty value gives the absent pseudonym. The value must be normalised by the caller (below). */
ES_MUST_USE enum es_errc es_key_pseudonym(const struct es_key *key, enum es_pseudonym_kind kind, const char *issuer,
                                          const char *value, struct es_pseudonym *out);

/** Normalise an accession number or patient identifier: trim, upper case, strip the configured prefix, then leading zeros
 * (one digit stays). Placeholders (blank, "0", "UNKNOWN", "ANONYMOUS", "NONE", "TEST", "NA", all the same character repeated, ...) become "".
 * @param out  at least ES_ID_SIZE bytes */
void es_normalise_id(const char *value, const char *prefix, char *out, size_t size);

#endif
