/* SPDX-License-Identifier: Apache-2.0 */
/** @file names.h
 * Names and short texts that a sender may choose freely: what of them is kept in clear.
 *
 * Names of models and findings that the configuration has are kept as the configuration writes them; letters' case and outer blanks
 * make no difference. Any other is kept as "~" and the hex of its keyed pseudonym (ES_PSEUDONYM_VALUE; issuer "model" or "finding";
 * folded as es_attribute_fold() does), so that nothing personal can hide in it, and so that a model or finding which is configured
 * later still finds it: es_names_put_back().
 * Tokens are 1 to 32 of A-Z a-z 0-9 and _.+- with at most 8 digits. Pure but for memory; any thread.
 */
#ifndef ES_PLUGIN_EVENT_NAMES_H
#define ES_PLUGIN_EVENT_NAMES_H

#include "dicom/vocabulary.h"
#include "plugin/event/event.h"

#define ES_TOKEN_MAX 32
#define ES_TOKEN_DIGITS 8
#define ES_HASHED_NAME (1 + 2 * ES_PSEUDONYM_SIZE) /* "~" and hex; fits ES_NAME_SIZE */

/** What a name names; the text is the issuer of its hash. */
enum es_name_kind { ES_NAMES_MODEL, ES_NAMES_FINDING, ES_NAMES_VERSION, ES_NAMES_MANUFACTURER, ES_NAMES_UNITS, ES_NAMES_CATEGORY };

/** Is this a token? "" is none. */
bool es_is_token(const char *text);
/** A name as kept. A version, manufacturer or category that is a token, and usual units (UCUM), stay in clear; all else is hashed. "" and blanks
 * stay "".
 * @param out  size bytes: ES_NAME_SIZE; 17 for units, whose hash is cut
 * @return ES_OK or ES_E_MEMORY */
ES_MUST_USE enum es_errc es_name_keep(const struct es_config *config, const struct es_key *key, enum es_name_kind kind, const char *name,
                                      char *out, size_t size, struct es_error *err);

/** The hashes of all configured names, and of the codes of the axes' vocabularies, under every key. */
struct es_names;
/** @param config  borrowed: must outlive it */
ES_MUST_USE enum es_errc es_names_new(struct es_names **out, const struct es_config *config, const struct es_key *key,
                                      struct es_error *err);
void es_names_free(struct es_names *names);
/** Give an event as read from the ledger the configured names, and the vocabularies' levels, that its hashes stand for; findings are
 * sorted again. The identity stays
 * that of the body. */
void es_names_put_back(const struct es_names *names, struct es_event *event);

#endif
