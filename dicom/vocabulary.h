/* SPDX-License-Identifier: Apache-2.0 */
/** @file vocabulary.h
 * Code lists that turn what a header says into a level: DICOM sex, NHS ethnic category, ... each one a CSV file.
 *
 * CSV columns: code,level,group,state,order — `code` as it may be found (compared trimmed and case-folded), `level` the value it
 * means, `group` its high-level group, `state` present|not_stated|absent (e.g. NHS 99 "not known" is absent-like), `order`
 * the printing order. Lines starting with # say source and version. A code may stand on several lines only with equal meaning.
 * A line "# Schemes: SCT DCM" names the coding schemes of the codes: "CODE^SCT", as code sequences are read, means CODE then. A language tag
 * of RFC 5646 ("en-GB^RFC5646") that is no code counts by its first subtag.
 */
#ifndef ES_DICOM_VOCABULARY_H
#define ES_DICOM_VOCABULARY_H

#include "dicom/facts.h"

#ifdef __cplusplus
extern "C" {
#endif

/** A loaded vocabulary. Opaque, immutable after load: any thread may read. */
struct es_vocabulary;

/** One answer. Strings are borrowed from the vocabulary. */
struct es_term {
    enum es_attribute_state state; /* PRESENT, NOT_STATED, ABSENT (the code says "not known") or UNMAPPED */
    const char *level;             /* "A"; NULL unless PRESENT */
    const char *group;             /* "White"; NULL unless PRESENT */
};

/** Make the built-in vocabularies ready, as the calls below do on first use: only here a lack of memory can be told from a name that
 * is not there. A later call tries again. @return ES_OK or ES_E_MEMORY */
ES_MUST_USE enum es_errc es_vocabulary_builtins_ready(struct es_error *err);
/** A vocabulary shipped inside the library ("dicom-sex", "omb-2024", ...; see dicom/vocabularies/): no file is opened. NULL when there is none. */
const struct es_vocabulary *es_vocabulary_builtin(const char *name);
/** Names of the built-in vocabularies; ends with NULL. */
const char *const *es_vocabulary_builtins(void);
/** Load a CSV file of the form above. */
ES_MUST_USE enum es_errc es_vocabulary_load(struct es_vocabulary **out, const char *path, struct es_error *err);
void es_vocabulary_free(struct es_vocabulary *vocabulary);
const char *es_vocabulary_name(const struct es_vocabulary *vocabulary);
/** Look a value up: trimmed, case-folded. A blank value is BLANK. */
struct es_term es_vocabulary_find(const struct es_vocabulary *vocabulary, const char *value);
/** The i-th code, as it is compared; NULL behind the last. Borrowed. */
const char *es_vocabulary_code(const struct es_vocabulary *vocabulary, size_t i);
/** The i-th scheme, folded; NULL behind the last. Borrowed. */
const char *es_vocabulary_scheme(const struct es_vocabulary *vocabulary, size_t i);
/** The order of a level or group in printing; UINT32_MAX when unknown to the vocabulary. */
uint32_t es_vocabulary_order(const struct es_vocabulary *vocabulary, const char *level_or_group);
/** Levels (groups = false) or high-level groups (true) in printing order; ends with NULL; borrowed. */
const char *const *es_vocabulary_levels(const struct es_vocabulary *vocabulary, bool groups);

#ifdef __cplusplus
}
#endif
#endif
