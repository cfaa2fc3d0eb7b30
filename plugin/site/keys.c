/* SPDX-License-Identifier: Apache-2.0 */
/* Several keys of one site: what stands for what, which keys the ledger was made with, and one key more. */
#include "plugin/site/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/event/pseudonyms.h"

void es_renames_free(struct es_renames *renames)
{
    if (!renames) return;
    es_index_clear(&renames->known);
    es_index_clear(&renames->from);
    free(renames->to);
    free(renames);
}

/* ---- what stands for what ---- */

/* Aliases lead to older keys, hence at most as many steps as there are keys. */
struct es_pseudonym es_site_renamed(const struct es_site *site, const struct es_pseudonym *p)
{
    struct es_renames *renames = site->renames;
    struct es_pseudonym name = *p;
    uint32_t at = 0;
    for (int step = 0; renames && step < ES_MAX_KEYS && at != ES_INDEX_NONE; step++) {
        at = es_index_find(&renames->from, &name);
        if (at != ES_INDEX_NONE) name = renames->to[at].to;
    }
    return name;
}

struct renaming {
    const struct es_site *site;
};
static bool rename_one(void *context, struct es_pseudonym *p, bool personal)
{
    const struct renaming *renaming = context;
    (void)personal;
    *p = es_site_renamed(renaming->site, p);
    return true;
}

void es_site_rename_event(const struct es_site *site, struct es_event *event)
{
    if (!site->renames || site->renames->from.count == 0 || event->kind == ES_EVENT_KEY_ALIAS) return;
    struct renaming renaming = {site};
    (void)es_event_pseudonyms(event, rename_one, &renaming);
}

void es_site_rename_mask(const struct es_site *site, struct es_mask *mask)
{
    if (!site->renames || site->renames->from.count == 0) return;
    mask->space_hash = es_site_renamed(site, &mask->space_hash);
    for (size_t i = 0; i < mask->n_planes; i++) mask->planes[i].source = es_site_renamed(site, &mask->planes[i].source);
}

bool es_site_knows(struct es_site *site, const struct es_pseudonym *p)
{
    return site->renames && (es_index_find(&site->renames->known, p) != ES_INDEX_NONE || es_index_find(&site->renames->from, p) != ES_INDEX_NONE ||
                             es_site_is_forgotten_name(site, "name", p));
}

enum es_errc es_site_pseudonym(struct es_site *site, enum es_pseudonym_kind kind, const char *issuer, const char *value,
                               struct es_pseudonym *out)
{
    const unsigned epochs = es_key_epochs(site->key);
    enum es_errc code = ES_OK;
    for (unsigned epoch = 1; epoch <= epochs && code == ES_OK; epoch++) {
        code = es_key_pseudonym(es_key_at(site->key, epoch), kind, issuer, value, out);
        if (code != ES_OK || !es_pseudonym_set(out) || !es_site_knows(site, out)) continue;
        *out = es_site_renamed(site, out);
        return ES_OK;
    }
    return code;
}

/* ---- noting ---- */

struct noting {
    struct es_site *site;
    bool current; /* pseudonyms of the current key too */
};
static bool note_one(void *context, struct es_pseudonym *p, bool personal)
{
    const struct noting *noting = context;
    uint32_t number;
    (void)personal;
    if (!noting->current && p->bytes[0] >= es_key_epochs(noting->site->key)) return true;
    return es_index_add(&noting->site->renames->known, p, &number, NULL);
}

static bool note_alias(struct es_site *site, const struct es_event *event, uint32_t seq)
{
    struct es_renames *renames = site->renames;
    const struct es_pseudonym *from = &event->unit_id, *to = &event->same_as;
    uint32_t at;
    bool added = false;
    if (from->bytes[0] <= to->bytes[0] || to->bytes[0] == 0) return true; /* leads nowhere older: no alias of ours */
    if (!ES_GROW(renames->to, renames->room, (uint64_t)renames->from.count + 1)) return false;
    if (!es_index_add(&renames->from, from, &at, &added)) return false;
    if (added || to->bytes[0] < renames->to[at].to.bytes[0])
        renames->to[at] = (struct es_rename){*to, seq, es_pseudonym_set(&event->study)};
    if (added && es_index_find(&renames->known, from) != ES_INDEX_NONE) renames->clash = true;
    return true;
}

bool es_site_note_names(struct es_site *site, struct es_event *event, uint32_t seq)
{
    struct noting noting = {site, es_ledger_is_shared(site->ledger)};
    if (!site->renames) return true;
    return event->kind == ES_EVENT_KEY_ALIAS ? note_alias(site, event, seq) : es_event_pseudonyms(event, note_one, &noting);
}

enum es_errc es_site_walk_event_id(struct es_site *site, const struct es_pseudonym *event_id,
                                   bool (*each)(void *context, const struct es_entry *entry), void *context, struct es_error *err)
{
    const struct es_renames *renames = site->renames;
    enum es_errc code = es_ledger_walk_event_id(site->ledger, event_id, each, context, err);
    for (uint32_t i = 0; renames && i < renames->from.count && code == ES_OK; i++) {
        const struct es_pseudonym from = renames->from.keys[i], to = es_site_renamed(site, &from);
        if (memcmp(&to, event_id, sizeof to) == 0) code = es_ledger_walk_event_id(site->ledger, &from, each, context, err);
    }
    return code;
}

struct before {
    struct es_site *site;
    enum es_errc code;
    struct es_error *err;
};
static bool each_alias(void *context, const struct es_entry *entry)
{
    struct before *before = context;
    struct es_event event;
    if (!entry->body || !es_site_sees(before->site, entry->seq) || es_event_peek(entry->body, entry->len) != ES_EVENT_KEY_ALIAS) return true;
    before->code = es_site_decode(before->site, entry, NULL, &event, before->err);
    if (before->code != ES_OK) return false;
    if (!es_site_note_names(before->site, &event, (uint32_t)entry->seq)) before->code = es_fail(before->err, ES_E_MEMORY, "site: out of memory");
    es_event_clear(&event);
    return before->code == ES_OK;
}

enum es_errc es_site_begin_names(struct es_site *site, struct es_error *err)
{
    struct before before = {site, ES_OK, err};
    site->keys = 1;
    if (es_key_epochs(site->key) == 1) return ES_OK;
    if (!site->renames) site->renames = calloc(1, sizeof *site->renames);
    if (!site->renames) return es_fail(err, ES_E_MEMORY, "site: out of memory");
    if (!es_ledger_is_shared(site->ledger)) return ES_OK;
    const enum es_errc code = es_ledger_walk(site->ledger, 0, UINT64_MAX, each_alias, &before, err);
    return code == ES_OK ? before.code : code;
}

/* ---- keys ---- */

enum es_errc es_site_note_key(struct es_site *site, const struct es_event *event, struct es_error *err)
{
    cJSON *root = NULL;
    enum es_errc code = es_json_parse(&root, event->document ? event->document : "", event->document ? strlen(event->document) : 0, false, err);
    if (code != ES_OK) return code;
    const cJSON *epoch = cJSON_GetObjectItemCaseSensitive(root, "epoch"), *id = cJSON_GetObjectItemCaseSensitive(root, "key");
    if (!cJSON_IsNumber(epoch) || !cJSON_IsString(id) || !(epoch->valuedouble >= 2) || epoch->valuedouble > ES_MAX_KEYS) {
        code = es_fail(err, ES_E_PARSE, "key: found no epoch and id of one");
    } else {
        const unsigned number = (unsigned)epoch->valuedouble, have = es_key_epochs(site->key);
        if (number > have)
            code = es_fail(err, ES_E_STATE, "key: the ledger was made with %u keys or more, %.80s holds %u: restore its newest backup", number,
                           site->config->key_file, have);
        else if (strcmp(es_key_id(es_key_at(site->key, number)), id->valuestring) != 0)
            code = es_fail(err, ES_E_STATE, "key: key %u of the ledger is %.16s, that of %.70s is %s: restore the right file", number, id->valuestring,
                           site->config->key_file, es_key_id(es_key_at(site->key, number)));
        else if (number > site->keys) site->keys = number;
    }
    cJSON_Delete(root);
    return code;
}

enum es_errc es_site_record_keys(struct es_site *site, struct es_error *err)
{
    enum es_errc code = ES_OK;
    while (code == ES_OK && site->keys < es_key_epochs(site->key)) {
        char document[64];
        const unsigned next = site->keys + 1;
        (void)snprintf(document, sizeof document, "{\"epoch\":%u,\"key\":\"%s\"}", next, es_key_id(es_key_at(site->key, next)));
        code = es_site_append_document(site, ES_EVENT_KEY, document, err);
        if (code == ES_OK && site->keys < next) break; /* it waits in the spool */
    }
    return code;
}

enum es_errc es_site_rotate(struct es_site *site, struct es_error *err)
{
    struct es_key *key = NULL;
    struct es_names *names = NULL;
    if (site->mode != ES_SITE_WRITE) return es_fail(err, ES_E_STATE, "site: opened for reading, a key was to be added");
    enum es_errc code = es_ledger_alone(site->ledger, err);
    if (code == ES_OK) code = es_site_refresh(site, err); /* what other nodes appended before they stopped has names of the older keys */
    if (code == ES_OK) code = es_key_add(&key, site->config->key_file, err);
    if (code == ES_OK) code = es_names_new(&names, site->config, key, err);
    if (code != ES_OK) {
        es_key_close(key);
        return code;
    }
    es_names_free(site->names);
    es_key_close(site->key);
    site->names = names;
    site->key = key;
    code = es_site_rebuild(site, err); /* what is known under older keys was not kept so far */
    return code == ES_OK ? es_site_record_keys(site, err) : code;
}
