/* SPDX-License-Identifier: Apache-2.0 */
/* A site as it stood at an earlier moment: prefixes of the ledger's chains, read with the configuration and plan that were recorded by then. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/site/internal.h"

/* What one walk of the whole ledger finds out about the moment. Documents are noted in a site of their own, as a replay would. */
struct moment {
    struct es_site *site;
    uint64_t erasure; /* number of a later entry that took entries out of the prefix; 0: none */
    enum es_errc code;
    struct es_error *err;
};

/* Did the erasure take an entry that the moment sees? */
static enum es_errc look_at_erasure(struct moment *moment, const struct es_event *event, uint64_t number)
{
    bool touched = false;
    const enum es_errc code = es_erasure_touches(moment->site, event->document ? event->document : "", &touched, moment->err);
    if (touched) moment->erasure = number;
    return code;
}

static bool each_document(void *context, const struct es_entry *entry)
{
    struct moment *moment = context;
    struct es_event event;
    if (!entry->body) return true;
    const enum es_event_kind kind = es_event_peek(entry->body, entry->len);
    const bool seen = es_site_sees(moment->site, entry->seq);
    if (kind != ES_EVENT_ERASURE && (!seen || (kind != ES_EVENT_CONFIG && kind != ES_EVENT_PLAN))) return true;
    if (kind == ES_EVENT_ERASURE && seen) return true;
    moment->code = es_event_decode(&event, entry->body, entry->len, moment->err);
    if (moment->code != ES_OK) return false;
    moment->code = kind == ES_EVENT_ERASURE ? look_at_erasure(moment, &event, entry->seq)
                                            : es_site_note_document(moment->site, &event, entry->seq, entry->received, moment->err);
    es_event_clear(&event);
    return moment->code == ES_OK && moment->erasure == 0;
}

/* Limits of the chains; those that are not named are not read. */
static enum es_errc set_limits(struct es_site *site, const struct es_head *points, size_t count, struct es_error *err)
{
    struct es_head *heads = NULL;
    size_t n = 0;
    enum es_errc code = es_ledger_heads(site->ledger, &heads, &n, err);
    if (code != ES_OK) return code;
    site->chains = calloc(n ? n : 1, sizeof *site->chains);
    site->n_chains = site->chains ? n : 0;
    site->earlier = true;
    if (!site->chains) code = es_fail(err, ES_E_MEMORY, "site: out of memory");
    for (size_t i = 0; i < count && code == ES_OK; i++) {
        const char *node = points[i].node[0] ? points[i].node : site->config->node;
        size_t at = 0;
        while (at < n && strcmp(heads[at].node, node) != 0) at++;
        if (at == n) code = es_fail(err, ES_E_ARG, "as of node %s: not in the ledger", node);
        else if (points[i].seq == 0) code = es_fail(err, ES_E_ARG, "as of entry 0: entries are counted from 1");
        else if (points[i].seq > heads[at].seq)
            code = es_fail(err, ES_E_ARG, "as of entry %llu: not in the ledger, whose last is %llu", (unsigned long long)points[i].seq,
                           (unsigned long long)heads[at].seq);
        else site->chains[at].limit = points[i].seq;
    }
    free(heads);
    return code;
}

/* "entry 12", or "A:12, B:7" in a ledger of several chains. */
static void name_points(const struct es_site *site, const struct es_head *points, size_t count, char *out, size_t size)
{
    size_t at = 0;
    if (!es_ledger_is_shared(site->ledger)) {
        (void)snprintf(out, size, "entry %llu", (unsigned long long)points[0].seq);
        return;
    }
    out[0] = '\0';
    for (size_t i = 0; i < count && at < size; i++) {
        const int n = snprintf(out + at, size - at, "%s%s:%llu", i ? ", " : "", points[i].node[0] ? points[i].node : site->config->node,
                               (unsigned long long)points[i].seq);
        at += n > 0 ? (size_t)n : 0;
    }
}

static enum es_errc find_moment(struct es_site *site, const struct es_head *points, size_t count, struct es_error *err)
{
    struct moment moment = {.site = site, .err = err};
    char words[80];
    size_t chain;
    uint64_t seq;
    enum es_errc code = set_limits(site, points, count, err);
    if (code == ES_OK) code = es_ledger_walk(site->ledger, 0, UINT64_MAX, each_document, &moment, err);
    if (code == ES_OK) code = moment.code;
    if (code != ES_OK) return code;
    name_points(site, points, count, words, sizeof words);
    if (moment.erasure != 0 && es_ledger_place(site->ledger, moment.erasure, &chain, &seq))
        return es_fail(err, ES_E_ARG, "as of %s: entries before it were erased on request at entry %llu; reports as of that entry or later can be made",
                       words, (unsigned long long)seq);
    if (!site->config_document || !site->plan_document)
        return es_fail(err, ES_E_ARG, "as of %s: no configuration and plan were recorded by then", words);
    return ES_OK;
}

/* The configuration of then; where things stand is of now. */
static enum es_errc take_configuration(struct es_site *site, struct es_error *err)
{
    const struct es_config *now = site->config;
    const enum es_errc code = es_config_from_documents(&site->owned, site->config_document, site->plan_document, err);
    if (code != ES_OK) {
        es_error_prefix(err, "the configuration as of then");
        return code;
    }
    memcpy(site->owned->ledger, now->ledger, sizeof now->ledger);
    memcpy(site->owned->node, now->node, sizeof now->node);
    memcpy(site->owned->key_file, now->key_file, sizeof now->key_file);
    memcpy(site->owned->root, now->root, sizeof now->root);
    site->config = site->owned;
    return ES_OK;
}

enum es_errc es_site_turn_back(struct es_site *site, const struct es_head *points, size_t count, struct es_error *err)
{
    enum es_errc code = find_moment(site, points, count, err);
    if (code == ES_OK) code = take_configuration(site, err);
    site->configurations = 0; /* the replay counts them */
    return code;
}
