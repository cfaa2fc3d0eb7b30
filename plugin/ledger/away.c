/* SPDX-License-Identifier: Apache-2.0 */
/* A store that may go away, and come back: what is appended meanwhile waits in the spool. */
#include "plugin/ledger/internal.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/base/time.h"

#define FIRST_PAUSE_US 1000000  /* before the first attempt to come back; doubled up to the longest */
#define LONGEST_PAUSE_US 60000000

enum es_errc es_ledger_spool(struct es_ledger *ledger, const char *path, struct es_error *err)
{
    if (!ledger->type->away || !ledger->writer) return ES_OK; /* a file beside a file would be of no use */
    return es_spool_open(&ledger->spool, path, ledger->node, ledger->key_id, err);
}

bool es_ledger_is_shared(const struct es_ledger *ledger) { return ledger->type->nodes != NULL; }
bool es_ledger_is_away(const struct es_ledger *ledger, uint64_t *waiting)
{
    *waiting = ledger->spool ? es_spool_count(ledger->spool) : 0;
    return es_ledger_is_gone(ledger);
}
uint64_t es_ledger_count(const struct es_ledger *ledger) { return es_chains_count(&ledger->chains); }

static enum es_errc try_to_come_back(struct es_ledger *ledger, struct es_error *err)
{
    const int64_t now = es_clock_monotonic();
    if (now < ledger->try_at) return es_fail(err, ES_E_IO, "ledger: the store does not answer");
    const enum es_errc code = ledger->type->come_back(ledger->store, err);
    ledger->pause = code == ES_OK ? 0 : ledger->pause == 0 ? FIRST_PAUSE_US : ledger->pause * 2 > LONGEST_PAUSE_US ? LONGEST_PAUSE_US : ledger->pause * 2;
    ledger->try_at = now + ledger->pause;
    return code;
}

static enum es_errc drain_batch(void *context, struct es_entry *entries, size_t count, struct es_error *err)
{
    struct es_ledger *ledger = context;
    enum es_taken *taken = calloc(count, sizeof *taken);
    if (!taken) return es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    const enum es_errc code = es_ledger_append_now(ledger, entries, count, taken, err);
    free(taken);
    return code;
}

/* A store that may go away keeps masks (store.h). */
static enum es_errc drain_mask(void *context, const struct es_kept_mask *mask, uint64_t limit, struct es_error *err)
{
    return es_ledger_masks_keep_now(context, mask, 1, limit, err);
}

static enum es_errc drain_dropped(void *context, uint64_t count, struct es_error *err)
{
    struct es_ledger *ledger = context;
    return ledger->type->masks->add_dropped(ledger->store, count, err);
}

enum es_errc es_ledger_refresh(struct es_ledger *ledger, struct es_error *err)
{
    if (!ledger->type->nodes) return ES_OK;
    const enum es_errc code = es_ledger_is_gone(ledger) ? try_to_come_back(ledger, err) : ES_OK;
    return code == ES_OK ? es_ledger_load_heads(ledger, err) : code;
}

enum es_errc es_ledger_hand_over(struct es_ledger *ledger, bool (*unwanted)(void *context, const struct es_entry *entry), void *context,
                                 struct es_error *err)
{
    const struct es_spool_heir heir = {.context = ledger, .append = drain_batch, .keep = drain_mask, .add_dropped = drain_dropped};
    if (!ledger->spool || es_ledger_is_gone(ledger)) return ES_OK;
    const enum es_errc code = es_spool_discard(ledger->spool, unwanted, context, err);
    return code == ES_OK ? es_spool_drain(ledger->spool, &heir, err) : code;
}
