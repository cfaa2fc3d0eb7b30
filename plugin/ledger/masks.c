/* SPDX-License-Identifier: Apache-2.0 */
/* Masks beside the chain, whatever store keeps them. While the store is away they wait in the spool, as their events do. */
#include <stdlib.h>

#include "plugin/ledger/internal.h"

static enum es_errc no_masks(struct es_error *err)
{
    return es_fail(err, ES_E_UNSUPPORTED, "ledger: this kind of ledger keeps no masks");
}

static bool look_at_body(void *context, const struct es_row *row)
{
    *(bool *)context = row->entry.body == NULL;
    return false;
}

/* An erased person's mask must not come back with a message that is sent again, or that waited in the spool. The store is asked, not the
 * heads: another node may have written and erased the entry since they were read. */
static enum es_errc is_erased(struct es_ledger *ledger, const uint8_t *identity, bool *erased, struct es_error *err)
{
    char node[ES_NAME_SIZE] = "";
    uint64_t seq = 0;
    *erased = false;
    const enum es_errc code = ledger->type->find(ledger->store, identity, node, &seq, err);
    return code == ES_OK && seq > 0 ? ledger->type->read(ledger->store, node, seq, false, look_at_body, erased, err) : code;
}

enum es_errc es_ledger_masks_keep_now(struct es_ledger *ledger, const struct es_kept_mask *masks, size_t count, uint64_t limit,
                                      struct es_error *err)
{
    struct es_kept_mask *wanted = calloc(count, sizeof *wanted);
    size_t n = 0;
    enum es_errc code = wanted ? ES_OK : es_fail(err, ES_E_MEMORY, "ledger: out of memory");
    for (size_t i = 0; i < count && code == ES_OK; i++) {
        bool erased;
        code = is_erased(ledger, masks[i].identity, &erased, err);
        if (code == ES_OK && !erased) wanted[n++] = masks[i];
    }
    if (code == ES_OK && n > 0) code = ledger->type->masks->keep(ledger->store, wanted, n, limit, err);
    free(wanted);
    return code;
}

enum es_errc es_ledger_masks_keep(struct es_ledger *ledger, const struct es_kept_mask *masks, size_t count, uint64_t limit, struct es_error *err)
{
    struct es_error inner = {0};
    enum es_errc code = ES_E_IO;
    if (!ledger->writer) return es_fail(err, ES_E_STATE, "ledger: opened for reading, a mask was to be kept");
    if (count == 0) return ES_OK;
    if (!ledger->type->masks) return no_masks(err);
    if (!es_ledger_is_gone(ledger)) code = es_ledger_masks_keep_now(ledger, masks, count, limit, &inner);
    if (code == ES_OK || !ledger->spool || !es_ledger_is_gone(ledger))
        return code == ES_OK ? ES_OK : es_fail(err, code, "%s", inner.text[0] ? inner.text : "ledger: the store does not answer");
    return es_spool_keep_masks(ledger->spool, masks, count, limit, err);
}

enum es_errc es_ledger_mask_read(struct es_ledger *ledger, const uint8_t address[ES_MASK_ADDRESS_SIZE], uint8_t **bytes,
                                 size_t *len, struct es_error *err)
{
    *bytes = NULL;
    return ledger->type->masks ? ledger->type->masks->read(ledger->store, address, bytes, len, err) : ES_OK;
}

enum es_errc es_ledger_mask_compared(struct es_ledger *ledger, const uint8_t identity[ES_IDENTITY_SIZE],
                                      const uint8_t address[ES_MASK_ADDRESS_SIZE], struct es_error *err)
{
    if (!ledger->writer) return es_fail(err, ES_E_STATE, "ledger: opened for reading, a mask was to be marked");
    return ledger->type->masks ? ledger->type->masks->compared(ledger->store, identity, address, err) : no_masks(err);
}

enum es_errc es_ledger_masks_forget(struct es_ledger *ledger, const uint8_t identity[ES_IDENTITY_SIZE], struct es_error *err)
{
    if (!ledger->writer) return es_fail(err, ES_E_STATE, "ledger: opened for reading, masks were to be removed");
    return ledger->type->masks ? ledger->type->masks->forget(ledger->store, identity, err) : ES_OK;
}

enum es_errc es_ledger_masks_stock(struct es_ledger *ledger, struct es_mask_stock *out, struct es_error *err)
{
    *out = (struct es_mask_stock){0};
    return ledger->type->masks ? ledger->type->masks->stock(ledger->store, out, err) : ES_OK;
}

enum es_errc es_ledger_masks_walk(struct es_ledger *ledger, bool (*each)(void *context, const struct es_kept_mask *mask), void *context,
                                  struct es_error *err)
{
    return ledger->type->masks && ledger->type->masks->walk ? ledger->type->masks->walk(ledger->store, each, context, err) : no_masks(err);
}

enum es_errc es_ledger_masks_clear(struct es_ledger *ledger, struct es_error *err)
{
    if (!ledger->writer) return es_fail(err, ES_E_STATE, "ledger: opened for reading, masks were to be removed");
    return ledger->type->masks && ledger->type->masks->clear ? ledger->type->masks->clear(ledger->store, err) : no_masks(err);
}
