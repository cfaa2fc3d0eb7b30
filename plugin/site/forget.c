/* SPDX-License-Identifier: Apache-2.0 */
/* Erasing a person, and staying so: the erasure event, and what it keeps away.
 *
 * Identities stay in the ledger, so that the same message comes as a duplicate. But a message with other words about the same person (a
 * changed configuration reads more of the same image) has another identity. So the erasure event holds, for each pseudonym of the person, a keyed
 * hash of the pseudonym: it cannot be followed back to an exam or an identifier without the site's key and the identifier itself, and suffices to refuse.
 * Document: {"entries":{node:[[first,last],...]},"forgotten":[hex,...],"known":{node:seq}}; ranges of seqs ascend. Known is how far each
 * chain was known to the one who erased: what another node appended behind that, before it learned of the erasure, is erased by whoever sees it
 * first. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/hash.h"
#include "plugin/base/json.h"
#include "plugin/site/internal.h"

enum es_errc es_forgotten_name(const struct es_key *key, const char *what, const struct es_pseudonym *name, struct es_pseudonym *out)
{
    char hex[2 * ES_PSEUDONYM_SIZE + 1];
    es_hex(name->bytes, ES_PSEUDONYM_SIZE, hex);
    return es_key_pseudonym(es_key_at(key, 1), ES_PSEUDONYM_FORGOTTEN, what, hex, out);
}

/* ---- the document ---- */

/* The person's entries of one chain, as ranges. */
static bool put_ranges(const struct es_site *site, cJSON *list, const struct es_person *person, size_t chain)
{
    uint64_t first = 0, last = 0;
    for (size_t i = 0; i <= person->count; i++) {
        size_t at = SIZE_MAX;
        uint64_t seq = 0;
        if (i < person->count && (!es_ledger_place(site->ledger, person->seqs[i], &at, &seq) || at != chain)) continue;
        if (i < person->count && last != 0 && seq == last + 1) {
            last = seq;
            continue;
        }
        if (last != 0) {
            const double ends[2] = {(double)first, (double)last};
            cJSON *range = cJSON_CreateDoubleArray(ends, 2);
            if (!range || !cJSON_AddItemToArray(list, range)) {
                cJSON_Delete(range);
                return false;
            }
        }
        first = last = seq;
    }
    return true;
}

static bool put_chains(const struct es_site *site, cJSON *entries, const struct es_person *person, const struct es_head *heads, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cJSON *list = cJSON_CreateArray();
        if (!list || !put_ranges(site, list, person, i)) {
            cJSON_Delete(list);
            return false;
        }
        if (cJSON_GetArraySize(list) == 0) cJSON_Delete(list);
        else if (!cJSON_AddItemToObject(entries, heads[i].node, list)) return false;
    }
    return true;
}

static bool put_hashes(cJSON *list, const struct es_person *person)
{
    for (size_t i = 0; i < person->n_forgotten; i++) {
        char hex[2 * ES_PSEUDONYM_SIZE + 1];
        es_hex(person->forgotten[i].bytes, ES_PSEUDONYM_SIZE, hex);
        cJSON *item = cJSON_CreateString(hex);
        if (!item || !cJSON_AddItemToArray(list, item)) {
            cJSON_Delete(item);
            return false;
        }
    }
    return true;
}

static enum es_errc make_document(const struct es_site *site, const struct es_person *person, char **out, struct es_error *err)
{
    struct es_head *heads = NULL;
    size_t count = 0;
    enum es_errc code = es_ledger_heads(site->ledger, &heads, &count, err);
    if (code != ES_OK) return code;
    cJSON *root = cJSON_CreateObject();
    cJSON *entries = root ? cJSON_AddObjectToObject(root, "entries") : NULL;
    cJSON *forgotten = root ? cJSON_AddArrayToObject(root, "forgotten") : NULL;
    cJSON *known = root ? cJSON_AddObjectToObject(root, "known") : NULL;
    bool good = entries && forgotten && known && put_chains(site, entries, person, heads, count) && put_hashes(forgotten, person);
    for (size_t i = 0; i < count && good; i++) good = cJSON_AddNumberToObject(known, heads[i].node, (double)heads[i].seq) != NULL;
    code = good ? es_json_canonical(root, out, err) : es_fail(err, ES_E_MEMORY, "erasure: out of memory");
    cJSON_Delete(root);
    free(heads);
    return code;
}

static enum es_errc read_document(const char *document, cJSON **out, struct es_error *err)
{
    const enum es_errc code = es_json_parse(out, document, strlen(document), false, err);
    if (code != ES_OK) return code;
    if (cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(*out, "entries")) && cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(*out, "forgotten")))
        return ES_OK;
    cJSON_Delete(*out);
    *out = NULL;
    return es_fail(err, ES_E_PARSE, "erasure: found no entries and hashes");
}

/* The first entry of a chain's ranges decides: they ascend. */
static enum es_errc touches(const struct es_site *site, const cJSON *ranges, const struct es_head *head, size_t chain, bool *touched,
                            struct es_error *err)
{
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetArrayItem(ranges, 0), 0);
    if (!cJSON_IsNumber(first) || !(first->valuedouble >= 1) || first->valuedouble > (double)head->seq)
        return es_fail(err, ES_E_PARSE, "erasure: found no first entry of a chain");
    if (chain < site->n_chains && (uint64_t)first->valuedouble <= site->chains[chain].limit) *touched = true;
    return ES_OK;
}

enum es_errc es_erasure_touches(const struct es_site *site, const char *document, bool *touched, struct es_error *err)
{
    cJSON *root = NULL;
    struct es_head *heads = NULL;
    size_t count = 0;
    *touched = false;
    enum es_errc code = read_document(document, &root, err);
    if (code == ES_OK) code = es_ledger_heads(site->ledger, &heads, &count, err);
    for (size_t i = 0; i < count && code == ES_OK; i++) {
        const cJSON *ranges = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(root, "entries"), heads[i].node);
        if (ranges) code = touches(site, ranges, &heads[i], i, touched, err);
    }
    free(heads);
    cJSON_Delete(root);
    return code;
}

/* ---- keeping away ---- */

enum es_errc es_site_note_erasure(struct es_site *site, const struct es_event *event, struct es_error *err)
{
    cJSON *root = NULL;
    const cJSON *item;
    enum es_errc code = read_document(event->document ? event->document : "", &root, err);
    if (code != ES_OK) return code;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "forgotten"))
    {
        struct es_pseudonym name;
        uint32_t number;
        if (!cJSON_IsString(item) || !es_unhex(item->valuestring, name.bytes, ES_PSEUDONYM_SIZE))
            code = es_fail(err, ES_E_PARSE, "erasure: found a hash that is none");
        else if (!es_index_add(&site->forgotten, &name, &number, NULL)) code = es_fail(err, ES_E_MEMORY, "site: out of memory");
        if (code != ES_OK) break;
    }
    cJSON_Delete(root);
    return code;
}

bool es_site_is_forgotten_name(struct es_site *site, const char *what, const struct es_pseudonym *name)
{
    struct es_pseudonym hash;
    if (site->forgotten.count == 0 || !es_pseudonym_set(name)) return false;
    return es_forgotten_name(site->key, what, name, &hash) == ES_OK && es_index_find(&site->forgotten, &hash) != ES_INDEX_NONE;
}

bool es_site_is_forgotten(struct es_site *site, const struct es_event *event)
{
    if (site->forgotten.count == 0) return false; /* nearly always */
    if (es_pseudonym_set(&event->patient)) {
        const struct es_pseudonym key = es_patient_key(&event->patient, &event->patient_issuer);
        if (es_site_is_forgotten_name(site, "patient", &key) || es_site_is_forgotten_name(site, "any_issuer", &event->patient)) return true;
    }
    if (es_site_is_forgotten_name(site, "study", &event->study) || es_site_is_forgotten_name(site, "study", &event->same_as)) return true;
    if (event->kind == ES_EVENT_PATIENT_ALIAS && es_pseudonym_set(&event->same_as)) {
        const struct es_pseudonym key = es_patient_key(&event->same_as, &event->same_as_issuer);
        if (es_site_is_forgotten_name(site, "patient", &key) || es_site_is_forgotten_name(site, "any_issuer", &event->same_as)) return true;
    }
    for (size_t i = 0; i < event->n_study_refs; i++)
        if (es_site_is_forgotten_name(site, "study", &event->study_refs[i])) return true;
    /* An accession number alone may be another's by now: only where nothing else tells whose exam it is. */
    return !es_pseudonym_set(&event->study) && es_site_is_forgotten_name(site, "accession", &event->accession);
}

/* ---- erasing ---- */

enum es_errc es_site_forget(struct es_site *site, const struct es_person *person, struct es_error *err)
{
    char *document = NULL;
    if (site->mode != ES_SITE_WRITE) return es_fail(err, ES_E_STATE, "site: opened for reading, a person was to be erased");
    if (person->count == 0) return es_ledger_scrub(site->ledger, err); /* perhaps an earlier erasure could not */
    enum es_errc code = make_document(site, person, &document, err);
    if (code == ES_OK) code = es_site_forget_masks(site, person->seqs, person->count, err); /* first: a stop between leaves no mask */
    if (code == ES_OK) code = es_site_erase(site, person->seqs, person->count, document, err);
    free(document);
    if (code != ES_OK && code != ES_E_BUSY) return code;
    struct es_error inner = {0};
    const enum es_errc rebuilt = es_site_rebuild(site, &inner); /* the one way that leaves no trace in memory */
    return rebuilt == ES_OK ? code : es_fail(err, rebuilt, "%s", inner.text);
}

/* ---- what another node appended before it knew ---- */

struct leftovers {
    struct es_site *site;
    const struct es_head *heads;
    size_t n_chains;
    uint64_t after, *known; /* [n_chains]: behind which a leftover may stand */
    uint64_t *seqs;
    size_t n, room;
    enum es_errc code;
    struct es_error *err;
};

/* What the one who erased knew of each chain. */
static void note_known(struct leftovers *left, const char *document)
{
    cJSON *root = NULL;
    if (!document || read_document(document, &root, NULL) != ES_OK) return;
    const cJSON *known = cJSON_GetObjectItemCaseSensitive(root, "known");
    for (size_t i = 0; known && i < left->n_chains; i++) {
        const cJSON *seq = cJSON_GetObjectItemCaseSensitive(known, left->heads[i].node);
        const double number = cJSON_IsNumber(seq) && seq->valuedouble >= 1 ? seq->valuedouble : 0;
        if (number < (double)left->known[i]) left->known[i] = (uint64_t)number;
    }
    cJSON_Delete(root);
}

static bool each_learned(void *context, const struct es_entry *entry)
{
    struct leftovers *left = context;
    struct es_event event;
    size_t chain = 0;
    uint64_t seq = 0;
    if (es_ledger_place(left->site->ledger, entry->seq, &chain, &seq) && chain < left->n_chains && seq - 1 < left->known[chain]) left->known[chain] = seq - 1;
    if (!entry->body || es_event_peek(entry->body, entry->len) != ES_EVENT_ERASURE) return true;
    left->code = es_site_decode(left->site, entry, NULL, &event, left->err);
    if (left->code != ES_OK) return false;
    note_known(left, event.document);
    es_event_clear(&event);
    return true;
}

static bool add_leftover(struct leftovers *left, uint64_t number)
{
    if (left->n == left->room) {
        const size_t room = left->room * 2 + 16;
        uint64_t *seqs = reallocarray(left->seqs, room, sizeof *seqs);
        if (!seqs) return false;
        left->seqs = seqs;
        left->room = room;
    }
    left->seqs[left->n++] = number;
    return true;
}

static bool each_leftover(void *context, const struct es_entry *entry)
{
    struct leftovers *left = context;
    struct es_event event;
    size_t chain = 0;
    uint64_t seq = 0;
    if (!entry->body || !es_ledger_place(left->site->ledger, entry->seq, &chain, &seq) || chain >= left->n_chains || seq <= left->known[chain]) return true;
    left->code = es_site_decode(left->site, entry, NULL, &event, left->err);
    if (left->code != ES_OK) return false;
    const bool forgotten = es_site_is_forgotten(left->site, &event);
    es_event_clear(&event);
    if (forgotten && !add_leftover(left, entry->seq)) left->code = es_fail(left->err, ES_E_MEMORY, "site: out of memory");
    return left->code == ES_OK;
}

static enum es_errc find_leftovers(struct leftovers *left, struct es_error *err)
{
    left->known = malloc(left->n_chains * sizeof *left->known);
    if (!left->known) return es_fail(err, ES_E_MEMORY, "site: out of memory");
    for (size_t i = 0; i < left->n_chains; i++) left->known[i] = UINT64_MAX;
    enum es_errc code = es_ledger_walk(left->site->ledger, left->after, UINT64_MAX, each_learned, left, err);
    if (code == ES_OK) code = left->code;
    if (code == ES_OK) code = es_ledger_walk(left->site->ledger, 0, UINT64_MAX, each_leftover, left, err);
    return code == ES_OK ? left->code : code;
}

enum es_errc es_site_forget_leftovers(struct es_site *site, uint64_t after, struct es_error *err)
{
    struct es_head *heads = NULL;
    struct leftovers left = {.site = site, .after = after, .err = err};
    enum es_errc code = es_ledger_heads(site->ledger, &heads, &left.n_chains, err);
    left.heads = heads;
    if (code == ES_OK) code = find_leftovers(&left, err);
    if (code == ES_OK && left.n > 0) code = es_site_forget(site, &(struct es_person){.seqs = left.seqs, .count = left.n}, err);
    free(left.known);
    free(left.seqs);
    free(heads);
    return code;
}
