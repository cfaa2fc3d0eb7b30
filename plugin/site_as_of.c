/* SPDX-License-Identifier: Apache-2.0 */
/* A site as it stood behind an earlier entry: the ledger's prefix, read with the configuration and plan that were recorded by then. */
#include <stdlib.h>
#include <string.h>

#include "plugin/site_internal.h"

/* What one walk of the whole ledger finds out about a point in it. */
struct moment {
    uint64_t seq;
    char *config, *plan; /* owned: the last documents by then */
    uint64_t erasure;    /* a later entry that took entries out of the prefix; 0: none */
    enum es_errc code;
    struct es_error *err;
};

static enum es_errc take_document(struct moment *moment, const struct es_entry *entry, enum es_event_kind kind)
{
    struct es_event event;
    uint64_t least = 0;
    enum es_errc code = es_event_decode(&event, entry->body, entry->len, moment->err);
    if (code != ES_OK) return code;
    if (kind == ES_EVENT_ERASURE) {
        code = entry->seq > moment->seq ? es_erasure_least(event.document, &least, moment->err) : ES_OK;
        if (least != 0 && least <= moment->seq) moment->erasure = entry->seq;
    } else if (entry->seq <= moment->seq) {
        char **kept = kind == ES_EVENT_CONFIG ? &moment->config : &moment->plan;
        free(*kept);
        *kept = event.document; /* taken over */
        event.document = NULL;
    }
    es_event_clear(&event);
    return code;
}

static bool each_document(void *context, const struct es_entry *entry)
{
    struct moment *moment = context;
    if (!entry->body) return true;
    const enum es_event_kind kind = es_event_peek(entry->body, entry->len);
    if (kind != ES_EVENT_CONFIG && kind != ES_EVENT_PLAN && kind != ES_EVENT_ERASURE) return true;
    moment->code = take_document(moment, entry, kind);
    if (moment->code != ES_OK) es_error_prefix(moment->err, "entry %llu", (unsigned long long)entry->seq);
    return moment->code == ES_OK && moment->erasure == 0;
}

static enum es_errc find_moment(struct es_ledger *ledger, struct moment *moment, struct es_error *err)
{
    struct es_head head;
    const unsigned long long seq = moment->seq;
    if (seq == 0) return es_fail(err, ES_E_ARG, "as of entry 0: entries are counted from 1");
    moment->err = err;
    enum es_errc code = es_ledger_head_at(ledger, moment->seq, &head, err);
    if (code == ES_E_STATE) err->code = code = ES_E_ARG; /* no such entry: the asker's mistake */
    if (code == ES_OK) code = es_ledger_walk(ledger, 0, UINT64_MAX, each_document, moment, err);
    if (code == ES_OK) code = moment->code;
    if (code != ES_OK) return code;
    if (moment->erasure != 0)
        return es_fail(err, ES_E_ARG, "as of entry %llu: entries before it were erased on request at entry %llu; reports as of that entry or later can be made",
                       seq, (unsigned long long)moment->erasure);
    if (!moment->config || !moment->plan)
        return es_fail(err, ES_E_ARG, "as of entry %llu: no configuration and plan were recorded by then", seq);
    return ES_OK;
}

/* The configuration of then; where things stand is of now. */
static enum es_errc take_configuration(struct es_site *site, const struct moment *moment, struct es_error *err)
{
    const struct es_config *now = site->config;
    const enum es_errc code = es_config_from_documents(&site->owned, moment->config, moment->plan, err);
    if (code != ES_OK) {
        es_error_prefix(err, "the configuration as of entry %llu", (unsigned long long)moment->seq);
        return code;
    }
    memcpy(site->owned->ledger, now->ledger, sizeof now->ledger);
    memcpy(site->owned->key_file, now->key_file, sizeof now->key_file);
    memcpy(site->owned->root, now->root, sizeof now->root);
    site->config = site->owned;
    site->until = moment->seq;
    return ES_OK;
}

enum es_errc es_site_turn_back(struct es_site *site, uint64_t seq, struct es_error *err)
{
    struct moment moment = {.seq = seq};
    enum es_errc code = find_moment(site->ledger, &moment, err);
    if (code == ES_OK) code = take_configuration(site, &moment, err);
    free(moment.config);
    free(moment.plan);
    return code;
}
