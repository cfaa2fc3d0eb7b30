/* SPDX-License-Identifier: Apache-2.0 */
/* Erasing a person, and staying so: the erasure event, and what it keeps away.
 *
 * Identities stay in the ledger, so that the same message comes as a duplicate. But a message with other words about the same person (a
 * changed configuration reads more of the same image) has another identity. So the erasure event holds, for each pseudonym of the person, a keyed
 * hash of the pseudonym: it cannot be followed back to an exam or an identifier without the site's key and the identifier itself, and suffices to refuse.
 * Document: {"entries":[[first,last],...],"forgotten":[hex,...]}; ranges ascend. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/hash.h"
#include "plugin/json.h"
#include "plugin/site_internal.h"

enum es_errc es_forgotten_name(const struct es_key *key, const char *what, const struct es_pseudonym *name, struct es_pseudonym *out)
{
    char hex[2 * ES_PSEUDONYM_SIZE + 1];
    es_hex(name->bytes, ES_PSEUDONYM_SIZE, hex);
    return es_key_pseudonym(key, ES_PSEUDONYM_FORGOTTEN, what, hex, out);
}

/* ---- the document ---- */

static bool put_ranges(cJSON *list, const struct es_person *person)
{
    for (size_t i = 0; i < person->count;) {
        size_t k = i;
        while (k + 1 < person->count && person->seqs[k + 1] == person->seqs[k] + 1) k++;
        const double ends[2] = {(double)person->seqs[i], (double)person->seqs[k]};
        cJSON *range = cJSON_CreateDoubleArray(ends, 2);
        if (!range || !cJSON_AddItemToArray(list, range)) {
            cJSON_Delete(range);
            return false;
        }
        i = k + 1;
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

static enum es_errc make_document(const struct es_person *person, char **out, struct es_error *err)
{
    cJSON *root = cJSON_CreateObject();
    cJSON *entries = root ? cJSON_AddArrayToObject(root, "entries") : NULL;
    cJSON *forgotten = root ? cJSON_AddArrayToObject(root, "forgotten") : NULL;
    const bool good = entries && forgotten && put_ranges(entries, person) && put_hashes(forgotten, person);
    const enum es_errc code = good ? es_json_canonical(root, out, err) : es_fail(err, ES_E_MEMORY, "erasure: out of memory");
    cJSON_Delete(root);
    return code;
}

static enum es_errc read_document(const char *document, cJSON **out, struct es_error *err)
{
    const enum es_errc code = es_json_parse(out, document, strlen(document), false, err);
    if (code != ES_OK) return code;
    if (cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(*out, "entries")) && cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(*out, "forgotten")))
        return ES_OK;
    cJSON_Delete(*out);
    *out = NULL;
    return es_fail(err, ES_E_PARSE, "erasure: found no lists of entries and of hashes");
}

enum es_errc es_erasure_least(const char *document, uint64_t *least, struct es_error *err)
{
    cJSON *root = NULL;
    enum es_errc code = read_document(document, &root, err);
    if (code != ES_OK) return code;
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(root, "entries"), 0), 0);
    if (!cJSON_IsNumber(first) || !(first->valuedouble >= 1) || first->valuedouble > 9007199254740992.0 || first->valuedouble != floor(first->valuedouble))
        code = es_fail(err, ES_E_PARSE, "erasure: found no first entry");
    else *least = (uint64_t)first->valuedouble;
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

static bool is_forgotten(struct es_site *site, const char *what, const struct es_pseudonym *name)
{
    struct es_pseudonym hash;
    if (!es_pseudonym_set(name)) return false;
    return es_forgotten_name(site->key, what, name, &hash) == ES_OK && es_index_find(&site->forgotten, &hash) != ES_INDEX_NONE;
}

bool es_site_is_forgotten(struct es_site *site, const struct es_event *event)
{
    if (site->forgotten.count == 0) return false; /* nearly always */
    if (es_pseudonym_set(&event->patient)) {
        const struct es_pseudonym key = es_patient_key(&event->patient, &event->patient_issuer);
        if (is_forgotten(site, "patient", &key) || is_forgotten(site, "any_issuer", &event->patient)) return true;
    }
    if (is_forgotten(site, "study", &event->study) || is_forgotten(site, "study", &event->same_as)) return true;
    if (event->kind == ES_EVENT_PATIENT_ALIAS && es_pseudonym_set(&event->same_as)) {
        const struct es_pseudonym key = es_patient_key(&event->same_as, &event->same_as_issuer);
        if (is_forgotten(site, "patient", &key) || is_forgotten(site, "any_issuer", &event->same_as)) return true;
    }
    for (size_t i = 0; i < event->n_study_refs; i++)
        if (is_forgotten(site, "study", &event->study_refs[i])) return true;
    /* An accession number alone may be another's by now: only where nothing else tells whose exam it is. */
    return !es_pseudonym_set(&event->study) && is_forgotten(site, "accession", &event->accession);
}

/* ---- erasing ---- */

/* Everything anew from what is left: the one way that cannot leave a trace in memory. */
static enum es_errc rebuild(struct es_site *site, struct es_error *err)
{
    es_site_clear(site);
    site->now = ES_NO_INSTANT;
    site->basis = site->config_seq = site->plan_seq = site->configurations = 0;
    site->now_stale = site->people_stale = false;
    site->dirty = true;
    const enum es_errc code = es_cohort_new(&site->cohort, site->config, err);
    return code == ES_OK ? es_site_replay(site, false, err) : code;
}

enum es_errc es_site_forget(struct es_site *site, const struct es_person *person, struct es_error *err)
{
    char *document = NULL;
    if (site->mode != ES_SITE_WRITE) return es_fail(err, ES_E_STATE, "site: opened for reading, a person was to be erased");
    if (person->count == 0) return es_ledger_scrub(site->ledger, err); /* perhaps an earlier erasure could not */
    enum es_errc code = make_document(person, &document, err);
    if (code == ES_OK) code = es_site_erase(site, person->seqs, person->count, document, err);
    free(document);
    if (code != ES_OK && code != ES_E_BUSY) return code;
    struct es_error inner = {0};
    const enum es_errc rebuilt = rebuild(site, &inner);
    return rebuilt == ES_OK ? code : es_fail(err, rebuilt, "%s", inner.text);
}
