/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/worker/load.h"

#include <stdlib.h>
#include <string.h>

#define REMEMBERED (1u << 17) /* committed objects: 1 MiB of hashes */
#define MAX_DONE 1024         /* objects of one flush */

struct es_load {
    struct es_message **messages;
    size_t n, room;
    uint64_t done[MAX_DONE]; /* hashes of the ids that the next flush settles */
    size_t n_done;
    struct es_load_counts counts;
    uint64_t remembered[REMEMBERED];
};

enum es_errc es_load_new(struct es_load **out, struct es_error *err)
{
    *out = calloc(1, sizeof **out);
    return *out != NULL ? ES_OK : es_fail(err, ES_E_MEMORY, "memory ran out");
}

void es_load_free(struct es_load *load)
{
    if (load == NULL) return;
    es_messages_free(load->messages, load->n);
    free(load);
}

size_t es_load_waiting(const struct es_load *load) { return load->n; }
bool es_load_any(const struct es_load *load) { return load->n > 0 || load->n_done > 0; }
const struct es_load_counts *es_load_counted(const struct es_load *load) { return &load->counts; }

bool es_load_committed(const struct es_load *load, const char *id)
{
    const uint64_t hash = es_host_id_hash(id);
    return load->remembered[hash % REMEMBERED] == hash;
}

void es_load_forget_one(struct es_load *load, const char *id)
{
    const uint64_t hash = es_host_id_hash(id);
    if (load->remembered[hash % REMEMBERED] == hash) load->remembered[hash % REMEMBERED] = 0;
    for (size_t i = 0; i < load->n_done; i++)
        if (load->done[i] == hash) load->done[i--] = load->done[--load->n_done];
}

void es_load_forget(struct es_load *load) { memset(load->remembered, 0, sizeof load->remembered); }

static void settle(struct es_load *load, const char *id)
{
    if (load->n_done < MAX_DONE) load->done[load->n_done++] = es_host_id_hash(id); /* one not kept is read again, no more */
}

static enum es_errc add(struct es_load *load, struct es_message **messages, size_t count, struct es_error *err)
{
    if (load->n + count > load->room) {
        const size_t room = load->n + count + ES_LOAD_MESSAGES;
        struct es_message **more = reallocarray(load->messages, room, sizeof *more);
        if (more == NULL) {
            es_messages_free(messages, count);
            return es_fail(err, ES_E_MEMORY, "memory ran out");
        }
        load->messages = more;
        load->room = room;
    }
    memcpy(load->messages + load->n, messages, count * sizeof *messages);
    load->n += count;
    free(messages); /* the list; what it held is ours now */
    return ES_OK;
}

static enum es_errc from_facts(struct es_load *load, const struct es_config *config, const char *id, const struct es_facts *facts,
                               const char *remote_aet, bool archive_copy, struct es_error *err)
{
    struct es_message **messages = NULL;
    size_t count = 0;
    char why[160];
    struct es_error refused = {0};
    const enum es_errc rc =
        es_messages_from_facts(facts, config, remote_aet, archive_copy, &messages, &count, why, sizeof why, &refused);
    if (rc == ES_E_MEMORY) return es_fail(err, rc, "%s", refused.text);
    if (rc == ES_OK && count > 0) {
        const enum es_errc added = add(load, messages, count, err);
        if (added != ES_OK) return added; /* not settled: the host's log is to bring it again */
    } else {
        if (rc != ES_OK) load->counts.refused++;
        else load->counts.silent++;
        es_messages_free(messages, 0);
    }
    settle(load, id);
    return ES_OK;
}

enum es_errc es_load_elements(struct es_load *load, const struct es_config *config, const char *id, const struct es_elements *elements,
                              bool archive_copy, struct es_error *err)
{
    struct es_facts facts = {0};
    struct es_error why = {0};
    const enum es_errc read = es_facts_from_elements(elements, &facts, &why);
    if (read == ES_E_MEMORY) return es_fail(err, read, "%s", why.text);
    if (read != ES_OK) {
        es_load_lost(load, id, ES_LOAD_UNREADABLE);
        return ES_OK;
    }
    load->counts.skimmed++;
    const enum es_errc rc = from_facts(load, config, id, &facts, "", archive_copy, err);
    es_facts_free(&facts);
    return rc;
}

enum es_errc es_load_bytes(struct es_load *load, const struct es_config *config, const char *id, const void *bytes, size_t len,
                           const char *remote_aet, bool archive_copy, struct es_error *err)
{
    struct es_facts facts = {0};
    struct es_error why = {0};
    const enum es_errc rc = es_facts_read(bytes, len, &facts, &why);
    if (rc == ES_E_MEMORY) return es_fail(err, rc, "%s", why.text);
    if (rc != ES_OK) {
        es_load_lost(load, id, ES_LOAD_UNREADABLE);
        return ES_OK;
    }
    load->counts.fetched++;
    const enum es_errc taken = from_facts(load, config, id, &facts, remote_aet, archive_copy, err);
    es_facts_free(&facts);
    return taken;
}

void es_load_lost(struct es_load *load, const char *id, enum es_load_lost why)
{
    if (why == ES_LOAD_GONE) load->counts.gone++;
    else if (why == ES_LOAD_TOO_LARGE) load->counts.too_large++;
    else load->counts.unreadable++;
    settle(load, id);
}

static void count_outcomes(struct es_load_counts *counts, const struct es_receipt *receipts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        switch (receipts[i].outcome) {
        case ES_OUTCOME_TAKEN: counts->taken++; break;
        case ES_OUTCOME_REVISED: counts->revised++; break;
        case ES_OUTCOME_DUPLICATE: counts->duplicate++; break;
        case ES_OUTCOME_REFUSED: counts->refused++; break;
        }
    }
}

enum es_errc es_load_flush(struct es_load *load, struct es_site *site, struct es_error *err)
{
    if (load->n > 0) {
        struct es_receipt *receipts = calloc(load->n, sizeof *receipts);
        if (receipts == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
        const enum es_errc rc =
            es_site_take(site, (const struct es_message *const *)load->messages, load->n, receipts, err);
        if (rc == ES_OK) count_outcomes(&load->counts, receipts, load->n);
        free(receipts);
        if (rc != ES_OK) return rc;
        es_messages_free(load->messages, load->n);
        load->messages = NULL;
        load->n = load->room = 0;
    }
    for (size_t i = 0; i < load->n_done; i++) load->remembered[load->done[i] % REMEMBERED] = load->done[i];
    load->n_done = 0;
    return ES_OK;
}
