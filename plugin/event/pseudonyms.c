/* SPDX-License-Identifier: Apache-2.0 */
/* Every keyed hash that an event holds, by the body's own table: none can be overlooked when a field is added. */
#include "plugin/event/pseudonyms.h"

#include <stdlib.h>
#include <string.h>

#include "plugin/base/hash.h"
#include "plugin/event/body.h"

#define DIGITS ((size_t)2 * ES_PSEUDONYM_SIZE)

void es_cut_hash(struct es_pseudonym *hash, size_t digits)
{
    for (size_t i = 0; i < ES_PSEUDONYM_SIZE; i++) {
        if (2 * i >= digits) hash->bytes[i] = 0;
        else if (2 * i + 1 >= digits) hash->bytes[i] &= 0xF0;
    }
}

struct walk {
    es_pseudonym_visit *visit;
    void *context;
    bool good;
};

static void see(struct walk *walk, struct es_pseudonym *p, bool personal)
{
    if (walk->good && es_pseudonym_set(p) && p->bytes[0] != 0) walk->good = walk->visit(walk->context, p, personal);
}

/* "~" and hex, perhaps cut off. */
static void see_name(struct walk *walk, char *name)
{
    char hex[DIGITS + 1], back[DIGITS + 1];
    struct es_pseudonym p;
    if (name[0] != '~') return; /* nearly always */
    const size_t digits = strlen(name + 1);
    if (digits == 0 || digits > DIGITS) return;
    memset(hex, '0', DIGITS);
    hex[DIGITS] = '\0';
    memcpy(hex, name + 1, digits);
    if (!es_unhex(hex, p.bytes, sizeof p.bytes)) return;
    see(walk, &p, false);
    es_hex(p.bytes, sizeof p.bytes, back);
    memcpy(name + 1, back, digits);
}

/* Whom a field may name: of one person, or of labellers, devices and organisations. */
static bool is_personal(const struct es_event *event, size_t offset)
{
    if (offset == offsetof(struct es_event, unit_id)) return event->unit == ES_UNIT_SERIES || event->unit == ES_UNIT_IMAGE;
    return offset != offsetof(struct es_event, accession_issuer) && offset != offsetof(struct es_event, patient_issuer) &&
           offset != offsetof(struct es_event, same_as_issuer) && offset != offsetof(struct es_event, device) &&
           offset != offsetof(struct es_event, labeller);
}

static int by_bytes(const void *a, const void *b) { return memcmp(a, b, sizeof(struct es_pseudonym)); }
static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct es_finding *)a)->name, ((const struct es_finding *)b)->name);
}

static void see_list(struct walk *walk, struct es_pseudonym *list, size_t count)
{
    for (size_t i = 0; i < count; i++) see(walk, &list[i], true);
    if (count > 1) qsort(list, count, sizeof *list, by_bytes);
}

static void see_findings(struct walk *walk, struct es_finding *findings, size_t count)
{
    bool named = false;
    for (size_t i = 0; i < count; i++) {
        named = named || findings[i].name[0] == '~';
        see_name(walk, findings[i].name);
        see_name(walk, findings[i].units);
        see_name(walk, findings[i].category);
    }
    if (named && count > 1) qsort(findings, count, sizeof *findings, by_name);
}

bool es_event_pseudonyms(struct es_event *event, es_pseudonym_visit *visit, void *context)
{
    struct walk walk = {visit, context, true};
    for (size_t i = 0; i < EVENT_FIELDS; i++) {
        const struct body_field *field = &event_body_fields[i];
        char *member = (char *)event + field->offset;
        if (field->type == TYPE_PSEUDONYM) see(&walk, (struct es_pseudonym *)(void *)member, is_personal(event, field->offset));
        else if (field->type == TYPE_PSEUDONYMS)
            see_list(&walk, *(struct es_pseudonym **)(void *)member, *(size_t *)(void *)((char *)event + field->beside));
        else if (field->type == TYPE_TEXT) see_name(&walk, member);
    }
    for (size_t i = 0; i < event->n_attributes; i++) see(&walk, &event->attributes[i].unmapped, false);
    see_findings(&walk, event->findings, event->n_findings);
    see(&walk, &event->event_id, true);
    return walk.good;
}
