/* SPDX-License-Identifier: Apache-2.0 */
/* Masks: kept when their event is taken, compared when both of a pair are there, removed with their person.
 *
 * Every result's mask is compared with every reference's of the same bundle, unit and finding, superseded ones too: which of them count
 * is decided when a bundle is derived, so that no order of arrival can matter. What an overlap event says depends on the two masks alone,
 * and so does its identity: comparing twice adds nothing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/time.h"
#include "plugin/ledger/masks.h"
#include "plugin/site/keys.h"

/* ---- keeping ---- */

static bool has_mask(const struct es_finding *finding)
{
    uint8_t any = 0;
    for (int i = 0; i < ES_IDENTITY_SIZE; i++) any |= finding->mask_address[i];
    return any != 0;
}

enum es_errc es_site_keep_masks(struct es_site *site, const struct es_event *events, size_t count, struct es_error *err)
{
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < events[i].n_findings; k++) n += events[i].findings[k].mask_form != NULL;
    if (n == 0) return ES_OK;
    struct es_kept_mask *masks = calloc(n, sizeof *masks);
    if (!masks) return es_fail(err, ES_E_MEMORY, "site: out of memory");
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < events[i].n_findings; k++) {
            const struct es_finding *finding = &events[i].findings[k];
            if (!finding->mask_form) continue;
            struct es_kept_mask *mask = &masks[kept++];
            memcpy(mask->identity, events[i].identity, sizeof mask->identity);
            memcpy(mask->address, finding->mask_address, sizeof mask->address);
            mask->produced = events[i].produced;
            mask->bytes = finding->mask_form;
            mask->len = finding->mask_form_len;
        }
    }
    struct es_error inner = {0};
    enum es_errc code = es_ledger_masks_keep(site->ledger, masks, kept, (uint64_t)site->config->mask_store_limit << 20, &inner);
    if (code == ES_E_UNSUPPORTED) code = ES_OK; /* a ledger that keeps none: the event is taken, and is never compared */
    else if (code != ES_OK) (void)es_fail(err, code, "%s", inner.text);
    free(masks);
    return code;
}

enum es_errc es_site_forget_masks(struct es_site *site, const uint64_t *seqs, size_t count, struct es_error *err)
{
    struct es_mask_stock stock;
    enum es_errc code = es_ledger_masks_stock(site->ledger, &stock, err);
    for (size_t i = 0; i < count && code == ES_OK && stock.masks > 0; i++) {
        struct es_entry entry = {0};
        uint8_t *body = NULL;
        code = es_ledger_read(site->ledger, seqs[i], &entry, &body, err);
        if (code == ES_OK) code = es_ledger_masks_forget(site->ledger, entry.identity, err);
        free(body);
    }
    return code;
}

/* ---- which pairs ---- */

static const struct es_finding *find(const struct es_event *event, const char *name)
{
    for (size_t i = 0; i < event->n_findings; i++)
        if (strcmp(event->findings[i].name, name) == 0) return &event->findings[i];
    return NULL;
}

static bool is_compared(const struct es_event *const *events, size_t count, const struct es_event *result, const struct es_event *reference,
                        const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (events[i]->kind == ES_EVENT_OVERLAP && memcmp(events[i]->result_identity, result->identity, ES_IDENTITY_SIZE) == 0 &&
            memcmp(events[i]->reference_identity, reference->identity, ES_IDENTITY_SIZE) == 0 && find(events[i], name))
            return true;
    return false;
}

static bool add_pair(struct es_site *site, uint32_t result, uint32_t reference, const char *name)
{
    if (site->n_pairs == ES_MAX_MASK_PAIRS) return true;
    if (!ES_GROW(site->pairs, site->pairs_room, (uint64_t)site->n_pairs + 1)) return false;
    struct es_mask_pair *pair = &site->pairs[site->n_pairs++];
    *pair = (struct es_mask_pair){.result = result, .reference = reference};
    memcpy(pair->finding, name, strlen(name) + 1);
    return true;
}

static int by_entries(const void *left, const void *right)
{
    const struct es_mask_pair *a = left, *b = right;
    if (a->result != b->result) return a->result < b->result ? -1 : 1;
    if (a->reference != b->reference) return a->reference < b->reference ? -1 : 1;
    return strcmp(a->finding, b->finding);
}

bool es_site_join_pairs(struct es_site *site, const struct es_site *other)
{
    for (size_t i = 0; i < other->n_pairs; i++)
        if (!add_pair(site, other->pairs[i].result, other->pairs[i].reference, other->pairs[i].finding)) return false;
    if (other->n_pairs > 0) qsort(site->pairs, site->n_pairs, sizeof *site->pairs, by_entries);
    return true;
}

enum es_errc es_site_find_pairs(struct es_site *site, const struct es_event *const *events, const uint32_t *seqs, size_t count,
                                struct es_error *err)
{
    if (site->mode != ES_SITE_WRITE) return ES_OK;
    for (size_t i = 0; i < count; i++) {
        const struct es_event *result = events[i];
        for (size_t f = 0; result->kind == ES_EVENT_RESULT && f < result->n_findings; f++) {
            const char *name = result->findings[f].name;
            for (size_t k = 0; has_mask(&result->findings[f]) && k < count; k++) {
                const struct es_event *reference = events[k];
                const struct es_finding *drawn = reference->kind == ES_EVENT_REFERENCE ? find(reference, name) : NULL;
                if (!drawn || !has_mask(drawn) || reference->unit != result->unit ||
                    memcmp(&reference->unit_id, &result->unit_id, sizeof result->unit_id) != 0 ||
                    is_compared(events, count, result, reference, name))
                    continue;
                if (!add_pair(site, seqs[i], seqs[k], name)) return es_fail(err, ES_E_MEMORY, "site: out of memory");
            }
        }
    }
    return ES_OK;
}

/* ---- comparing ---- */

static enum es_errc read_mask(struct es_site *site, const struct es_finding *finding, struct es_mask **out, struct es_error *err)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    *out = NULL;
    enum es_errc code = es_ledger_mask_read(site->ledger, finding->mask_address, &bytes, &len, err);
    if (code == ES_OK && bytes) code = es_mask_decode(out, bytes, len, err);
    if (code == ES_OK && *out) es_site_rename_mask(site, *out);
    free(bytes);
    return code;
}

/* Numbers as an event keeps them: what is not defined is absent. */
static struct es_overlap_values values_of(const struct es_mask_overlap *o)
{
    struct es_overlap_values v = {.state = ES_OVERLAP_MEASURED};
    if (o->match != ES_MASK_COMPARED) v.state = ES_OVERLAP_NOT_COMPARABLE;
    else if (o->n_result == 0 && o->n_reference == 0) v.state = ES_OVERLAP_BOTH_EMPTY;
    else if (o->n_result == 0) v.state = ES_OVERLAP_RESULT_EMPTY;
    else if (o->n_reference == 0) v.state = ES_OVERLAP_REFERENCE_EMPTY;
    v.has_dice = !isnan(o->dice);
    v.has_iou = !isnan(o->iou);
    v.has_volume_difference = !isnan(o->volume_difference);
    v.has_hd95 = !isnan(o->hd95);
    v.has_surface_distance = !isnan(o->surface_distance);
    v.dice = v.has_dice ? o->dice : 0;
    v.iou = v.has_iou ? o->iou : 0;
    v.volume_difference = v.has_volume_difference ? o->volume_difference : 0;
    v.hd95 = v.has_hd95 ? o->hd95 : 0;
    v.surface_distance = v.has_surface_distance ? o->surface_distance : 0;
    return v;
}

/* Whose it is stands in the result; when it happened, in the later of both. */
static enum es_errc make_event(const struct es_event *result, const struct es_event *reference, const char *name,
                               const struct es_mask_overlap *overlap, struct es_event *out, struct es_error *err)
{
    const struct es_event *later = reference->produced > result->produced ? reference : result;
    *out = (struct es_event){.kind = ES_EVENT_OVERLAP, .study = result->study, .accession = result->accession,
        .accession_issuer = result->accession_issuer, .patient = result->patient, .patient_issuer = result->patient_issuer,
        .study_day = result->study_day, .unit = result->unit, .unit_id = result->unit_id, .device = result->device,
        .model_rule = result->model_rule, .produced = later->produced, .zone_known = later->zone_known, .valid_from = ES_NO_DAY,
        .sent = ES_NO_INSTANT};
    memcpy(out->model_name, result->model_name, sizeof out->model_name);
    memcpy(out->model_version, result->model_version, sizeof out->model_version);
    memcpy(out->model_manufacturer, result->model_manufacturer, sizeof out->model_manufacturer);
    memcpy(out->result_identity, result->identity, ES_IDENTITY_SIZE);
    memcpy(out->reference_identity, reference->identity, ES_IDENTITY_SIZE);
    memcpy(out->method, ES_MASK_METHOD, sizeof ES_MASK_METHOD);
    if (overlap->match != ES_MASK_COMPARED) {
        const char *why = es_mask_match_name(overlap->match);
        memcpy(out->reason, why, strlen(why) + 1);
    }
    out->findings = calloc(1, sizeof *out->findings);
    if (!out->findings) return es_fail(err, ES_E_MEMORY, "site: out of memory");
    out->n_findings = 1;
    out->findings[0] = (struct es_finding){.evaluable = true, .overlap = values_of(overlap)};
    memcpy(out->findings[0].name, name, strlen(name) + 1);
    return ES_OK;
}

#define AT_ONCE 256 /* overlaps of one commit: each derives the bundle anew */

/* A mask that was compared, of one event. */
struct used {
    uint8_t identity[ES_IDENTITY_SIZE], address[ES_MASK_ADDRESS_SIZE];
};

/* What came of the pairs so far. */
struct comparing {
    struct es_site *site;
    struct es_event events[AT_ONCE];
    size_t n;
    struct used *used; /* owned; two a pair, each mask as often as it was compared */
    size_t n_used;
    uint32_t room;
};

static bool add_used(struct comparing *c, const struct es_event *event, const struct es_finding *finding)
{
    if (!ES_GROW(c->used, c->room, (uint64_t)c->n_used + 1)) return false;
    struct used *used = &c->used[c->n_used++];
    memcpy(used->identity, event->identity, sizeof used->identity);
    memcpy(used->address, finding->mask_address, sizeof used->address);
    return true;
}

/* A mask that is gone, or an entry erased meanwhile, leaves the pair as it is: not compared. */
static enum es_errc compare(struct comparing *c, const struct es_mask_pair *pair, const struct es_event *result,
                            const struct es_event *reference, struct es_error *err)
{
    const struct es_finding *a = find(result, pair->finding), *b = find(reference, pair->finding);
    struct es_mask *masks[2] = {NULL, NULL};
    struct es_mask_overlap overlap;
    if (!a || !b) return ES_OK;
    enum es_errc code = read_mask(c->site, a, &masks[0], err);
    if (code == ES_OK && masks[0]) code = read_mask(c->site, b, &masks[1], err);
    if (code == ES_OK && masks[0] && masks[1]) {
        code = es_mask_compare(masks[0], masks[1], &overlap, err);
        if (code == ES_OK && !(add_used(c, result, a) && add_used(c, reference, b))) code = es_fail(err, ES_E_MEMORY, "site: out of memory");
        if (code == ES_OK) code = make_event(result, reference, pair->finding, &overlap, &c->events[c->n], err);
        if (code == ES_OK) c->n++;
    }
    es_mask_free(masks[0]);
    es_mask_free(masks[1]);
    return code;
}

static enum es_errc compare_entries(struct comparing *c, const struct es_mask_pair *pair, struct es_error *err)
{
    struct es_event result = {0}, reference = {0};
    bool there[2] = {false, false};
    enum es_errc code = es_site_read(c->site, pair->result, NULL, &result, &there[0], err);
    if (code == ES_OK) code = es_site_read(c->site, pair->reference, NULL, &reference, &there[1], err);
    if (code == ES_OK && there[0] && there[1]) code = compare(c, pair, &result, &reference, err);
    if (there[0]) es_event_clear(&result);
    if (there[1]) es_event_clear(&reference);
    return code;
}

static enum es_errc append(struct comparing *c, struct es_error *err)
{
    const size_t n = c->n;
    c->n = 0;
    return es_site_append_events(c->site, c->events, n, err);
}

static int by_use(const void *left, const void *right) { return memcmp(left, right, sizeof(struct used)); }

/* Each once. */
static enum es_errc mark_used(struct comparing *c, struct es_error *err)
{
    enum es_errc code = ES_OK;
    if (c->n_used == 0) return ES_OK;
    qsort(c->used, c->n_used, sizeof *c->used, by_use);
    for (size_t i = 0; i < c->n_used && code == ES_OK; i++)
        if (i == 0 || by_use(&c->used[i], &c->used[i - 1]) != 0)
            code = es_ledger_mask_compared(c->site->ledger, c->used[i].identity, c->used[i].address, err);
    return code;
}

static enum es_errc compare_all(struct es_site *site, const struct es_mask_pair *pairs, size_t count, struct es_error *err)
{
    struct comparing *c = calloc(1, sizeof *c);
    if (!c) return es_fail(err, ES_E_MEMORY, "site: out of memory");
    c->site = site;
    enum es_errc code = ES_OK;
    for (size_t i = 0; i < count && code == ES_OK; i++) {
        code = compare_entries(c, &pairs[i], err);
        if (code == ES_OK && c->n == AT_ONCE) code = append(c, err);
    }
    if (code == ES_OK) code = append(c, err);
    if (code == ES_OK) code = mark_used(c, err);
    for (size_t i = 0; i < c->n; i++) es_event_clear(&c->events[i]);
    free(c->used);
    free(c);
    return code;
}

enum es_errc es_site_compare_masks(struct es_site *site, struct es_error *err)
{
    struct es_mask_pair *pairs = site->pairs;
    const size_t count = site->n_pairs;
    const uint32_t room = site->pairs_room;
    if (count == 0) return ES_OK;
    site->pairs = NULL; /* appending derives bundles again, which finds the pairs that are still open: taken up with the next message */
    site->n_pairs = site->pairs_room = 0;
    const enum es_errc code = compare_all(site, pairs, count, err);
    free(site->pairs);
    if (code == ES_OK) {
        site->pairs = pairs;
        site->pairs_room = room;
        site->n_pairs = 0;
    } else { /* all of them again: what was compared is a duplicate then */
        site->pairs = pairs;
        site->pairs_room = room;
        site->n_pairs = count;
        uint64_t waiting;
        if (es_ledger_is_away(site->ledger, &waiting)) site->stale = true; /* an overlap may be in the ledger and not in the cohort */
    }
    return code;
}
