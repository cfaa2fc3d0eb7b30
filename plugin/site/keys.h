/* SPDX-License-Identifier: Apache-2.0 */
/** @file keys.h
 * A site whose key was rotated. Pseudonyms of one value under several keys are one: an alias event (`key_alias`) says so, the older one stands
 * for all, and every event is read with it. So whatever compares pseudonyms - patients, exams, series, labellers, values - knows nothing of keys.
 *
 * Written with each message are the pseudonyms of the current key alone, and an alias for each of them whose value is known to the ledger
 * under an older key. Values that are new since the rotation are never named under an older key. Private to the site.
 */
#ifndef ES_PLUGIN_SITE_KEYS_H
#define ES_PLUGIN_SITE_KEYS_H

#include "plugin/site/internal.h"

struct es_rename {
    struct es_pseudonym to;
    uint32_t seq; /* of the alias event */
    bool image;   /* of a mask's grid: the event names the exam */
};
/** What is kept of a ledger with more than one key. 27 bytes a distinct pseudonym of an older key, 50 an alias. */
struct es_renames {
    struct es_index known; /* pseudonyms of older keys that events hold, and of a shared ledger those of the current key */
    struct es_index from;
    struct es_rename *to; /* [from.count] */
    uint32_t room;
    bool clash;           /* two that were taken for different values turned out to be one: everything is to be read anew */
};
void es_renames_free(struct es_renames *renames);

/** What stands for a pseudonym. */
struct es_pseudonym es_site_renamed(const struct es_site *site, const struct es_pseudonym *p);
/** Put into an event what stands for each of its pseudonyms. Not of an alias event. */
void es_site_rename_event(const struct es_site *site, struct es_event *event);
/** The same for a kept mask. */
void es_site_rename_mask(const struct es_site *site, struct es_mask *mask);
/** Is a pseudonym known to the ledger, or that of an erased person? */
bool es_site_knows(struct es_site *site, const struct es_pseudonym *p);
/** Take a renamed event's pseudonyms into `known`; of an alias event the alias. false: out of memory. */
bool es_site_note_names(struct es_site *site, struct es_event *event, uint32_t seq);
/** es_ledger_walk_event_id() under every pseudonym that the event id goes by. */
ES_MUST_USE enum es_errc es_site_walk_event_id(struct es_site *site, const struct es_pseudonym *event_id,
                                               bool (*each)(void *context, const struct es_entry *entry), void *context,
                                               struct es_error *err);
/** Hold the key against what a `key` event recorded. @return ES_E_STATE when it is missing or another */
ES_MUST_USE enum es_errc es_site_note_key(struct es_site *site, const struct es_event *event, struct es_error *err);
/** Before a walk of the whole ledger: make room for renames; of a shared one read all aliases first, since chains are read one by one. */
ES_MUST_USE enum es_errc es_site_begin_names(struct es_site *site, struct es_error *err);
/** Record keys that the ledger does not know yet. */
ES_MUST_USE enum es_errc es_site_record_keys(struct es_site *site, struct es_error *err);

/** One message under all keys. */
struct es_former {
    struct es_site *site;
    struct es_form *forms; /* one a value that was hashed */
    size_t n_forms;
    uint32_t forms_room;
    struct es_event *aliases; /* to be appended before the event */
    size_t n_aliases;
    uint32_t aliases_room;
    bool duplicate, forgotten;
};
/** Make an event of a message, and learn of its past: aliases, whether it was taken under an older key, whether its person was erased. */
ES_MUST_USE enum es_errc es_former_make(struct es_former *former, struct es_site *site, const struct es_message *message,
                                        struct es_event *out, struct es_error *err);
void es_former_clear(struct es_former *former);

#endif
