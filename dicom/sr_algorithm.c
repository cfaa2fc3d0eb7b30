/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/sr_algorithm.h"

#include <stdio.h>
#include <string.h>

#include "dicom/text.h"

#define TAG_TEXT_VALUE 0x0040A160u
#define TAG_UID 0x0040A124u
#define TAG_CODE 0x0040A168u

/** Fill an empty field from an item's TextValue. */
static void take_text(const struct es_sr_observation *o, const struct es_item *item, char out[ES_FACT_VALUE])
{
    char raw[257];
    if (out[0]) return;
    (void)es_item_text(item, TAG_TEXT_VALUE, raw, sizeof raw);
    (void)es_text_decode(o->charset, o->charset_len, raw, strlen(raw), out, ES_FACT_VALUE);
}

static void take_uid(const struct es_item *item, char out[ES_UID_SIZE])
{
    if (out[0]) return;
    if (!es_item_text(item, TAG_UID, out, ES_UID_SIZE) || !es_text_is_uid(out)) out[0] = '\0';
}

/** TID 4019: 111000 family, 111001 name, 111003 version, 122405 manufacturer. */
static bool identify(struct es_sr_observation *o, const struct es_item *item, const char *concept, const struct es_item *parent, bool in_group)
{
    static const char *const ours[] = {"111000", "111001", "111003", "122405"};
    size_t which = 0;
    while (which < 4 && strcmp(concept, ours[which]) != 0) which++;
    if (which == 4) return false;
    struct es_sr_identification *id = in_group ? &o->group : &o->container;
    if (!id->parent) id->parent = parent;
    if (id->parent != parent) return true;
    struct es_code family;
    switch (which) {
    case 0:
        if (es_code_read(item, TAG_CODE, &family)) memcpy(id->family, family.value, sizeof id->family);
        break;
    case 1: take_text(o, item, id->name); break;
    case 2: take_text(o, item, id->version); break;
    default: take_text(o, item, id->manufacturer); break;
    }
    return true;
}

static bool observe_person(struct es_sr_observation *o, const struct es_item *item, const char *concept)
{
    if (strcmp(concept, "121005") == 0) { /* Observer Type */
        struct es_code type;
        if (es_code_read(item, TAG_CODE, &type)) {
            if (es_code_is(&type, "121006", "DCM")) o->person = true;
            if (es_code_is(&type, "121007", "DCM")) o->device = true;
        }
        return true;
    }
    if (strcmp(concept, "121008") == 0) { /* Person Observer Name: that there is one, never who */
        o->person = true;
        return true;
    }
    return false;
}

bool es_sr_observe(struct es_sr_observation *o, const struct es_item *item, const struct es_code *concept, const struct es_item *parent,
                   bool in_group)
{
    const char *value = concept->value;
    if (strcmp(concept->scheme, "DCM") != 0) return false;
    if (identify(o, item, value, parent, in_group)) return true;
    if (observe_person(o, item, value)) return true;
    if (strcmp(value, "121012") == 0) take_uid(item, o->device_uid);
    else if (strcmp(value, "121013") == 0) take_text(o, item, o->device_name);
    else if (strcmp(value, "121014") == 0) take_text(o, item, o->device_manufacturer);
    else if (strcmp(value, "121015") == 0) take_text(o, item, o->device_model);
    else return false;
    o->device = true;
    return true;
}

static void copy(char out[ES_FACT_VALUE], const char *from)
{
    (void)snprintf(out, ES_FACT_VALUE, "%s", from);
}

static void from_identification(const struct es_sr_observation *o, const struct es_sr_identification *id, enum es_algorithm_source source,
                                struct es_algorithm *out)
{
    out->source = source;
    copy(out->name, id->name[0] ? id->name : id->family);
    copy(out->version, id->version);
    copy(out->manufacturer, id->manufacturer[0] ? id->manufacturer : o->device_manufacturer);
    memcpy(out->device_uid, o->device_uid, sizeof out->device_uid);
}

void es_sr_conclude(const struct es_sr_observation *o, const struct es_algorithm *fallback, struct es_algorithm *out)
{
    *out = *fallback;
    const bool group = o->group.name[0] || o->group.family[0], container = o->container.name[0] || o->container.family[0];
    if (group) {
        from_identification(o, &o->group, ES_ALGORITHM_TID4019_GROUP, out);
    } else if (container) {
        from_identification(o, &o->container, ES_ALGORITHM_TID4019_CONTAINER, out);
    } else if (o->device_name[0] || o->device_model[0] || o->device_uid[0]) {
        out->source = ES_ALGORITHM_DEVICE_OBSERVER;
        copy(out->name, o->device_name[0] ? o->device_name : o->device_model);
        copy(out->version, o->device_name[0] ? o->device_model : "");
        copy(out->manufacturer, o->device_manufacturer);
        memcpy(out->device_uid, o->device_uid, sizeof out->device_uid);
    }
}
