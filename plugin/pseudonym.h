/* SPDX-License-Identifier: Apache-2.0 */
/** @file pseudonym.h
 * The site's key, and what it makes of identifiers: one byte of key epoch and 16 bytes of HMAC-SHA256 (RFC 2104, FIPS 180-4).
 *
 * HMAC input: length-prefixed (kind, issuer, normalised value), so that no two kinds or splits can collide. OpenSSL stands
 * behind pseudonym.c and hash.c only.
 */
#ifndef ES_PLUGIN_PSEUDONYM_H
#define ES_PLUGIN_PSEUDONYM_H

#include <stdbool.h>
#include <stdint.h>

#include "dicom/error.h"

#define ES_PSEUDONYM_SIZE 17
#define ES_NORMALISATION 1 /* version of the rules in es_normalise_*; stored with the key's id */

/** All zero: absent. */
struct es_pseudonym {
    uint8_t bytes[ES_PSEUDONYM_SIZE];
};
static inline bool es_pseudonym_set(const struct es_pseudonym *p)
{
    uint8_t any = 0;
    for (int i = 0; i < ES_PSEUDONYM_SIZE; i++) any |= p->bytes[i];
    return any != 0;
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
    ES_PSEUDONYM_FORGOTTEN = 14 /* a pseudonym that was erased, in hex; issuer = what it named (site_forget.c) */
};

/** The site's key. Opaque; its bytes are wiped on close and kept out of core dumps. Immutable: any thread may use it. */
struct es_key;

/** Read a key file (64 hex digits and a newline). @return ES_OK, ES_E_IO (not there, not readable), ES_E_STATE (ill-formed) */
ES_MUST_USE enum es_errc es_key_read(struct es_key **out, const char *path, struct es_error *err);
/** Create a key file (0640, O_EXCL) with random bytes and read it. Only for an empty ledger. */
ES_MUST_USE enum es_errc es_key_create(struct es_key **out, const char *path, struct es_error *err);
/** A key from 32 given bytes, for tests. */
ES_MUST_USE enum es_errc es_key_from_bytes(struct es_key **out, const uint8_t bytes[32], struct es_error *err);
void es_key_close(struct es_key *key);
/** Key id: 8 bytes of HMAC of a fixed text, in hex; stored in the ledger, tells one key from another. */
const char *es_key_id(const struct es_key *key);

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
