/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, closing and asking a site. */
#include "plugin/site/site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/base/time.h"
#include "plugin/site/keys.h"

void es_site_clear(struct es_site *site)
{
    es_cohort_free(site->cohort);
    es_graph_clear(&site->graph);
    for (size_t i = 0; i < site->n_chains; i++) {
        free(site->chains[i].config.text);
        free(site->chains[i].plan.text);
    }
    free(site->chains);
    site->chains = NULL;
    site->n_chains = 0;
    es_index_clear(&site->forgotten);
    free(site->releases.items);
    site->releases = (struct es_list){0};
    es_renames_free(site->renames);
    site->renames = NULL;
    free(site->pairs);
    site->pairs = NULL;
    site->n_pairs = site->pairs_room = 0;
    site->cohort = NULL;
    site->config_document = site->plan_document = NULL;
}

/* A key is made only for a ledger that was never written: another key would make every patient a new one. */
static enum es_errc open_key(struct es_site *site, struct es_error *err)
{
    const struct es_config *config = site->config;
    bool is_new = false;
    const bool there = access(config->key_file, F_OK) == 0 || errno != ENOENT;
    if (there) return es_key_read(&site->key, config->key_file, err);
    const enum es_errc code = es_ledger_is_new(config->ledger, &is_new, err);
    if (code != ES_OK) return code;
    if (!is_new)
        return es_fail(err, ES_E_STATE, "key: %.110s is not there, but the ledger was made with one: restore it from a backup",
                       config->key_file);
    if (site->mode != ES_SITE_WRITE) return es_fail(err, ES_E_IO, "key: %.150s is not there, and there is no ledger yet", config->key_file);
    return es_key_create(&site->key, config->key_file, err);
}

/* What decides the numbers is part of the record, so that a report can be made again as of any event. */
static enum es_errc record_documents(struct es_site *site, struct es_error *err)
{
    const struct es_config *config = site->config;
    enum es_errc code = ES_OK;
    if (config->document && (!site->config_document || strcmp(site->config_document, config->document) != 0))
        code = es_site_append_document(site, ES_EVENT_CONFIG, config->document, err);
    if (code == ES_OK && config->plan_document &&
        (!site->plan_document || strcmp(site->plan_document, config->plan_document) != 0))
        code = es_site_append_document(site, ES_EVENT_PLAN, config->plan_document, err);
    return code;
}

static enum es_errc open_ledger(struct es_site *site, bool writer, struct es_error *err)
{
    const struct es_config *config = site->config;
    enum es_errc code = es_ledger_open(&site->ledger, config->ledger, config->node, es_key_id(es_key_at(site->key, 1)), writer, writer, err);
    return code == ES_OK && writer ? es_ledger_spool(site->ledger, config->spool, err) : code;
}

/* count > 0: as the ledger stood at these points. */
static enum es_errc open_site(struct es_site **out, const struct es_config *config, enum es_site_mode mode, const struct es_head *points,
                              size_t count, const struct es_progress *progress, struct es_error *err)
{
    struct es_site *site = calloc(1, sizeof *site);
    const bool writer = mode == ES_SITE_WRITE;
    *out = NULL;
    if (!site) return es_fail(err, ES_E_MEMORY, "site: out of memory");
    site->config = config;
    site->mode = mode;
    site->now = ES_NO_INSTANT;
    site->progress = progress && progress->report ? progress : NULL;
    enum es_errc code = open_key(site, err);
    if (code == ES_OK) code = open_ledger(site, writer, err);
    if (code == ES_OK && count > 0) code = es_site_turn_back(site, points, count, err);
    if (code == ES_OK) code = es_names_new(&site->names, site->config, site->key, err);
    if (code == ES_OK) code = es_cohort_new(&site->cohort, site->config, err);
    if (code == ES_OK) code = es_site_replay(site, false, err);
    if (code == ES_OK && writer) code = es_ledger_inspect(site->ledger, ES_LEDGER_AT_ONCE, err);
    if (code == ES_OK && writer) code = es_site_hand_over(site, err);
    if (code == ES_OK && writer) code = es_site_record_keys(site, err);
    if (code == ES_OK && writer) code = record_documents(site, err);
    if (code == ES_OK && writer) code = es_site_compare_masks(site, err); /* a stop may have come between two masks and their comparison */
    site->progress = NULL;
    site->dirty = true;
    if (code != ES_OK) {
        es_site_close(site);
        return code;
    }
    *out = site;
    return ES_OK;
}

enum es_errc es_site_open(struct es_site **out, const struct es_config *config, enum es_site_mode mode,
                          const struct es_progress *progress, struct es_error *err)
{
    return open_site(out, config, mode, NULL, 0, progress, err);
}

enum es_errc es_site_open_as_of(struct es_site **out, const struct es_config *config, const struct es_head *points, size_t count,
                                const struct es_progress *progress, struct es_error *err)
{
    return open_site(out, config, ES_SITE_READ, points, count, progress, err);
}

void es_site_close(struct es_site *site)
{
    if (!site) return;
    es_site_clear(site);
    es_names_free(site->names);
    es_ledger_close(site->ledger);
    es_key_close(site->key);
    es_config_free(site->owned);
    free(site);
}

const struct es_config *es_site_config(const struct es_site *site) { return site->config; }
struct es_cohort *es_site_cohort(struct es_site *site) { return site->cohort; }
struct es_ledger *es_site_ledger(struct es_site *site) { return site->ledger; }
const struct es_key *es_site_key(const struct es_site *site) { return site->key; }
int64_t es_site_now(const struct es_site *site) { return site->now; }

uint64_t es_site_basis(const struct es_site *site) { return site->basis; }

int32_t es_site_plan_day(const struct es_site *site, bool *declared_in_retrospect, uint64_t *plan_seq)
{
    int32_t since = ES_NO_DAY;
    *declared_in_retrospect = false;
    *plan_seq = site->plan_seq;
    if (site->plan_seq == 0) return ES_NO_DAY;
    const int32_t recorded = es_instant_day(site->plan_received);
    if (site->config->plan_document && strcmp(site->plan_document, site->config->plan_document) == 0) {
        since = site->config->plan.since_day;
    } else {
        struct es_config *stored = NULL;
        if (site->config_document && es_config_from_documents(&stored, site->config_document, site->plan_document, NULL) == ES_OK)
            since = stored->plan.since_day;
        es_config_free(stored);
    }
    if (since == ES_NO_DAY) return recorded;
    *declared_in_retrospect = since < recorded;
    return since;
}

bool es_site_is_shared(const struct es_site *site, bool *away)
{
    uint64_t waiting;
    *away = es_ledger_is_away(site->ledger, &waiting);
    return es_ledger_is_shared(site->ledger);
}

enum es_errc es_site_walk_releases(struct es_site *site, bool (*each)(void *context, const char *document, size_t chain), void *context,
                                   bool *whole, struct es_error *err)
{
    *whole = true;
    for (uint32_t i = 0; i < site->releases.count && *whole; i++) {
        struct es_event event;
        bool there = false;
        const enum es_errc code = es_site_read(site, site->releases.items[i], NULL, &event, &there, err);
        if (code != ES_OK) return code;
        size_t chain = 0;
        uint64_t seq;
        (void)es_ledger_place(site->ledger, site->releases.items[i], &chain, &seq);
        if (there && event.document) *whole = each(context, event.document, chain);
        if (there) es_event_clear(&event);
    }
    return ES_OK;
}

uint64_t es_site_configurations(const struct es_site *site, uint64_t *seq)
{
    *seq = site->config_seq;
    return site->configurations;
}

bool es_site_take_dirty(struct es_site *site)
{
    const bool dirty = site->dirty;
    site->dirty = false;
    return dirty;
}

enum es_errc es_site_verify(struct es_site *site, uint64_t *entries, struct es_error *err)
{
    struct es_site copy = {.config = site->config, .key = site->key, .names = site->names, .ledger = site->ledger, .now = ES_NO_INSTANT};
    char difference[120];
    enum es_errc code = es_ledger_verify(site->ledger, entries, err);
    if (site->earlier) code = code == ES_OK ? es_site_same_limits(&copy, site, err) : code;
    if (code == ES_OK) code = es_cohort_new(&copy.cohort, site->config, err);
    if (code == ES_OK) code = es_site_replay(&copy, true, err);
    if (code == ES_OK && !es_cohort_same(site->cohort, copy.cohort, difference, sizeof difference))
        code = es_fail(err, ES_E_STATE, "the cohort is not the one of the ledger: %s", difference);
    if (code == ES_OK && site->now != copy.now)
        code = es_fail(err, ES_E_STATE, "the last event's instant is not the one of the ledger");
    es_site_clear(&copy);
    return code;
}
