/* SPDX-License-Identifier: Apache-2.0 */
/* A message that comes after a rotation: what of it is known under an older key. */
#include <stdlib.h>
#include <string.h>

#include "plugin/event/pseudonyms.h"
#include "plugin/site/keys.h"

/* One value under all keys. */
struct es_form {
    enum es_pseudonym_kind kind;
    struct es_pseudonym names[ES_MAX_KEYS]; /* by epoch - 1 */
    struct es_pseudonym stands;             /* what stands for it */
};

static bool watch(void *context, enum es_pseudonym_kind kind, const char *issuer, const struct es_pseudonym *forms, unsigned epochs)
{
    struct es_former *former = context;
    if (!ES_GROW(former->forms, former->forms_room, former->n_forms + 1)) return false;
    struct es_form *form = &former->forms[former->n_forms++];
    *form = (struct es_form){.kind = kind};
    memcpy(form->names, forms, epochs * sizeof *forms);
    const bool cut = kind == ES_PSEUDONYM_VALUE && issuer && strcmp(issuer, "units") == 0;
    for (unsigned e = 0; e < epochs && cut; e++) es_cut_hash(&form->names[e], ES_CUT_UNITS);
    form->stands = form->names[epochs - 1];
    return true;
}

static bool same(const struct es_pseudonym *a, const struct es_pseudonym *b) { return memcmp(a, b, sizeof *a) == 0; }

/* @param study  of a mask's grid: whose alias it is, so that it goes with the person; else NULL */
static bool add_alias(struct es_former *former, const struct es_pseudonym *from, const struct es_pseudonym *to, const struct es_pseudonym *study)
{
    for (size_t i = 0; i < former->n_aliases; i++)
        if (same(&former->aliases[i].unit_id, from)) return true;
    if (!ES_GROW(former->aliases, former->aliases_room, former->n_aliases + 1)) return false;
    struct es_event *alias = &former->aliases[former->n_aliases++];
    *alias = (struct es_event){.kind = ES_EVENT_KEY_ALIAS, .unit_id = *from, .same_as = *to, .study_day = ES_NO_DAY, .valid_from = ES_NO_DAY,
                               .produced = ES_NO_INSTANT, .sent = ES_NO_INSTANT};
    if (study) alias->study = *study;
    return true;
}

/* What stands for one value, and the aliases that say so. *tried: epochs under which it is known. */
static bool settle_form(struct es_former *former, struct es_form *form, bool tried[ES_MAX_KEYS])
{
    struct es_site *site = former->site;
    const unsigned epochs = es_key_epochs(site->key);
    bool found = false;
    for (unsigned e = 0; e < epochs; e++) {
        const struct es_pseudonym *name = &form->names[e];
        const bool known = es_site_knows(site, name);
        if (known) tried[e] = true;
        if (known && !found) {
            found = true;
            form->stands = es_site_renamed(site, name);
        }
        const struct es_pseudonym now = es_site_renamed(site, name);
        if (found && (known || e + 1 == epochs) && !same(&now, &form->stands) && !add_alias(former, name, &form->stands, NULL)) return false;
    }
    return true;
}

/* The images of a mask are named nowhere but in the mask: those of an exam that is known under an older key may be, too. */
static bool settle_grid(struct es_former *former, const struct es_event *event)
{
    const unsigned epochs = es_key_epochs(former->site->key);
    const struct es_pseudonym *study = NULL;
    bool mask = false;
    for (size_t i = 0; i < event->n_findings; i++) mask = mask || event->findings[i].mask_form;
    for (size_t i = 0; i < former->n_forms && mask && !study; i++)
        if (same(&former->forms[i].names[epochs - 1], &event->study)) study = &former->forms[i].stands;
    if (!study || study->bytes[0] == epochs) return true;
    for (size_t i = 0; i < former->n_forms; i++) {
        struct es_form *form = &former->forms[i];
        if ((form->kind != ES_PSEUDONYM_SERIES && form->kind != ES_PSEUDONYM_INSTANCE) || form->stands.bytes[0] < epochs) continue;
        form->stands = form->names[study->bytes[0] - 1];
        if (!add_alias(former, &form->names[epochs - 1], &form->stands, &event->study)) return false;
    }
    return true;
}

static void stand(const struct es_former *former, struct es_pseudonym *p)
{
    const unsigned epochs = es_key_epochs(former->site->key);
    for (size_t i = 0; i < former->n_forms; i++)
        if (same(&former->forms[i].names[epochs - 1], p)) {
            *p = former->forms[i].stands;
            return;
        }
}

/* Is it of a person who was erased, as known by whatever stands for each name? */
static bool is_forgotten(const struct es_former *former, const struct es_event *event)
{
    struct es_event view = {.kind = event->kind, .study = event->study, .same_as = event->same_as, .accession = event->accession,
                            .patient = event->patient, .patient_issuer = event->patient_issuer, .same_as_issuer = event->same_as_issuer};
    struct es_pseudonym *names[] = {&view.study, &view.same_as, &view.accession, &view.patient, &view.patient_issuer, &view.same_as_issuer};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) stand(former, names[i]);
    bool forgotten = es_site_is_forgotten(former->site, &view);
    for (size_t i = 0; i < event->n_study_refs && !forgotten; i++) {
        struct es_event one = {.kind = event->kind, .study = event->study_refs[i]};
        stand(former, &one.study);
        forgotten = es_site_is_forgotten(former->site, &one);
    }
    return forgotten;
}

/* *number: of the entry; 0 as well when a shared ledger went away just now: what comes goes to the spool. */
static enum es_errc find(struct es_site *site, const uint8_t identity[ES_IDENTITY_SIZE], uint64_t *number, struct es_error *err)
{
    struct es_error inner = {0};
    uint64_t waiting;
    *number = 0;
    const enum es_errc code = es_ledger_find(site->ledger, identity, number, &inner);
    if (code == ES_OK || (code == ES_E_IO && es_ledger_is_away(site->ledger, &waiting))) return ES_OK;
    return es_fail(err, code, "%s", inner.text);
}

/* The same message as it was made under an older key: taken then? */
static enum es_errc try_epoch(struct es_former *former, const struct es_message *message, unsigned epoch, struct es_error *err)
{
    struct es_site *site = former->site;
    const struct es_key *key = es_key_at(site->key, epoch);
    struct es_event event;
    uint8_t *body = NULL;
    size_t len = 0;
    uint64_t number = 0, waiting;
    enum es_errc code = es_event_make(&event, message, site->config, key, err);
    if (code != ES_OK) return code;
    former->forgotten = former->forgotten || es_site_is_forgotten(site, &event);
    code = es_event_encode(&event, key, &body, &len, err);
    if (code == ES_OK && !es_ledger_is_away(site->ledger, &waiting)) code = find(site, event.identity, &number, err);
    former->duplicate = former->duplicate || number != 0;
    free(body);
    es_event_clear(&event);
    return code;
}

enum es_errc es_former_make(struct es_former *former, struct es_site *site, const struct es_message *message, struct es_event *out,
                            struct es_error *err)
{
    const unsigned epochs = es_key_epochs(site->key);
    bool tried[ES_MAX_KEYS] = {false}, good = true;
    *former = (struct es_former){.site = site};
    es_key_watch(site->key, watch, former);
    enum es_errc code = es_event_make(out, message, site->config, site->key, err);
    es_key_watch(site->key, NULL, NULL);
    if (code != ES_OK) return code;
    for (size_t i = 0; i < former->n_forms && good; i++) good = settle_form(former, &former->forms[i], tried);
    good = good && settle_grid(former, out);
    if (!good) code = es_fail(err, ES_E_MEMORY, "site: out of memory");
    if (code == ES_OK) former->forgotten = is_forgotten(former, out);
    /* One that names nothing could have been taken under any key. */
    for (unsigned e = 1; e < epochs && code == ES_OK; e++)
        if (tried[e - 1] || former->n_forms == 0 || site->forgotten.count > 0) code = try_epoch(former, message, e, err);
    if (code != ES_OK) es_event_clear(out);
    return code;
}

void es_former_clear(struct es_former *former)
{
    free(former->forms);
    free(former->aliases);
    *former = (struct es_former){0};
}
