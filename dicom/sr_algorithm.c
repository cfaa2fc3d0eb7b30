/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/sr_algorithm.h"

#include <stdio.h>
#include <string.h>

#include "dicom/report.h"
#include "dicom/sr_item.h"
#include "dicom/text.h"

#define TAG_TEXT_VALUE 0x0040A160u
#define TAG_UID 0x0040A124u
#define MAX_CHILDREN 4096 /* of one item looked at for TID 4019 */

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
static void take_identification(const struct es_sr_observation *o, const struct es_item *item, const char *concept, struct es_algorithm *out,
                                char family[ES_FACT_VALUE])
{
    struct es_code code;
    if (strcmp(concept, "111001") == 0) take_text(o, item, out->name);
    else if (strcmp(concept, "111003") == 0) take_text(o, item, out->version);
    else if (strcmp(concept, "122405") == 0) take_text(o, item, out->manufacturer);
    else if (strcmp(concept, "111000") == 0 && !family[0] && es_code_read(item, ES_SR_CODE_VALUE, &code))
        memcpy(family, code.value, ES_FACT_VALUE);
}

bool es_sr_identify(const struct es_sr_observation *o, const struct es_item *item, bool in_group, struct es_algorithm *out)
{
    struct es_algorithm found = {.source = in_group ? ES_ALGORITHM_TID4019_GROUP : ES_ALGORITHM_TID4019_CONTAINER};
    char family[ES_FACT_VALUE] = "";
    size_t seen = 0;
    const struct es_item *child = NULL;
    while (seen++ < MAX_CHILDREN && (child = es_item_next(item, ES_SR_CONTENT, child)) != NULL) {
        struct es_code concept;
        if (es_code_read(child, 0x0040A043, &concept) && strcmp(concept.scheme, "DCM") == 0)
            take_identification(o, child, concept.value, &found, family);
    }
    if (!found.name[0]) memcpy(found.name, family, sizeof found.name);
    if (!found.name[0]) return false;
    *out = found;
    return true;
}

static bool observe_person(struct es_sr_observation *o, const struct es_item *item, const char *concept)
{
    if (strcmp(concept, "121005") == 0) { /* Observer Type */
        struct es_code type;
        if (es_code_read(item, ES_SR_CODE_VALUE, &type)) {
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

void es_sr_observe(struct es_sr_observation *o, const struct es_item *item, const struct es_code *concept)
{
    const char *value = concept->value;
    if (strcmp(concept->scheme, "DCM") != 0 || observe_person(o, item, value)) return;
    if (strcmp(value, "121012") == 0) take_uid(item, o->device_uid);
    else if (strcmp(value, "121013") == 0) take_text(o, item, o->device_name);
    else if (strcmp(value, "121014") == 0) take_text(o, item, o->device_manufacturer);
    else if (strcmp(value, "121015") == 0) take_text(o, item, o->device_model);
    else return;
    o->device = true;
}

void es_sr_performed(struct es_sr_observation *o, const struct es_code *what, uint32_t algorithm, bool succeeded)
{
    const uint64_t bit = UINT64_C(1) << algorithm;
    if (succeeded) o->succeeded |= bit;
    else o->failed |= bit;
    if (o->n_performed < ES_MAX_SR_PERFORMED) o->performed[o->n_performed++] = (struct es_sr_performed){*what, algorithm};
}
_Static_assert(ES_MAX_REPORT_ALGORITHMS <= 64, "a bit for every algorithm");

static void copy(char out[ES_FACT_VALUE], const char *from)
{
    (void)snprintf(out, ES_FACT_VALUE, "%s", from);
}

/** Algorithm 0 is what is known outside any identification: the device observer before the equipment. */
static void complete(const struct es_sr_observation *o, struct es_report_facts *r)
{
    struct es_algorithm *first = &r->algorithms[0];
    for (size_t i = 1; i < r->n_algorithms; i++) {
        struct es_algorithm *a = &r->algorithms[i];
        if (!a->manufacturer[0]) copy(a->manufacturer, o->device_manufacturer);
        memcpy(a->device_uid, o->device_uid, sizeof a->device_uid);
        memcpy(a->series_description, first->series_description, sizeof a->series_description);
    }
    if (!o->device_name[0] && !o->device_model[0] && !o->device_uid[0]) return;
    first->source = ES_ALGORITHM_DEVICE_OBSERVER;
    copy(first->name, o->device_name[0] ? o->device_name : o->device_model);
    copy(first->version, o->device_name[0] ? o->device_model : "");
    copy(first->manufacturer, o->device_manufacturer);
    memcpy(first->device_uid, o->device_uid, sizeof first->device_uid);
}

static uint32_t best_for(const struct es_sr_observation *o, const struct es_code *finding)
{
    for (size_t i = 0; i < o->n_performed && finding->value[0]; i++)
        if (es_code_same(&o->performed[i].what, finding)) return o->performed[i].algorithm;
    if (o->n_performed > 0) return o->performed[0].algorithm;
    return o->container > 0 ? o->container - 1 : 0;
}

/** Algorithm 0 leaves when others stand for all there is. */
static void drop_first(struct es_report_facts *r)
{
    if (r->n_algorithms < 2) return;
    for (size_t i = 0; i < r->n_findings; i++)
        if (r->findings[i].algorithm == 0) return;
    for (size_t i = 0; i < r->n_texts; i++)
        if (r->texts[i].algorithm == 0) return;
    memmove(&r->algorithms[0], &r->algorithms[1], (--r->n_algorithms) * sizeof r->algorithms[0]);
    r->failed_algorithms >>= 1;
    for (size_t i = 0; i < r->n_findings; i++) r->findings[i].algorithm--;
    for (size_t i = 0; i < r->n_texts; i++) r->texts[i].algorithm--;
}

void es_sr_conclude(const struct es_sr_observation *o, struct es_report_facts *report)
{
    struct es_report_facts *r = report;
    complete(o, r);
    for (size_t i = 0; i < r->n_findings; i++)
        if (r->findings[i].algorithm == 0) r->findings[i].algorithm = best_for(o, &r->findings[i].finding);
    for (size_t i = 0; i < r->n_texts; i++)
        if (r->texts[i].algorithm == 0) r->texts[i].algorithm = best_for(o, &r->texts[i].finding);
    const uint32_t first = r->n_findings > 0 ? r->findings[0].algorithm : o->first > 0 ? o->first - 1 : 0;
    r->algorithm = r->algorithms[first];
    r->failed_algorithms = o->failed & ~o->succeeded;
    drop_first(r);
}
