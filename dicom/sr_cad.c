/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/sr_cad.h"

#include <string.h>

#include "dicom/sr_item.h"

enum es_sr_cad_place es_sr_cad_place(const struct es_code *concept, const char *type)
{
    static const struct {
        const char *value, *type;
        enum es_sr_cad_place place;
    } places[] = {{"111059", "CODE", ES_SR_CAD_FINDING},        {"111015", "CODE", ES_SR_CAD_FINDING},
                  {"111034", "CONTAINER", ES_SR_CAD_IMPRESSION}, {"111063", "CONTAINER", ES_SR_CAD_SUCCEEDED},
                  {"111062", "CONTAINER", ES_SR_CAD_SUCCEEDED}, {"111025", "CONTAINER", ES_SR_CAD_FAILED},
                  {"111024", "CONTAINER", ES_SR_CAD_FAILED},    {"111022", "CODE", ES_SR_CAD_PERFORMED},
                  {"111004", "CODE", ES_SR_CAD_PERFORMED}};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (es_code_is(concept, places[i].value, "DCM") && strcmp(type, places[i].type) == 0) return places[i].place;
    return ES_SR_CAD_NOT;
}

static enum es_cad_summary summary_of(const struct es_item *item)
{
    static const struct {
        const char *value;
        enum es_cad_summary summary;
    } rows[] = {{"111241", ES_CAD_WITHOUT},      {"111242", ES_CAD_WITH},  {"111243", ES_CAD_PARTLY_WITHOUT},
                {"111244", ES_CAD_PARTLY_WITH},  {"111245", ES_CAD_FAILED}, {"111222", ES_CAD_WITHOUT},
                {"111223", ES_CAD_PARTLY_WITHOUT}, {"111224", ES_CAD_FAILED}, {"111225", ES_CAD_NOT_ATTEMPTED}};
    struct es_code value;
    if (!es_code_read(item, ES_SR_CODE_VALUE, &value)) return ES_CAD_NONE;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (es_code_is(&value, rows[i].value, "DCM")) return rows[i].summary;
    return ES_CAD_NONE;
}

bool es_sr_cad_observe(struct es_sr_cad *cad, const struct es_item *item, const struct es_code *concept)
{
    if (es_code_is(concept, "111017", "DCM")) cad->overall = summary_of(item);
    else if (es_code_is(concept, "111064", "DCM")) cad->detections = summary_of(item);
    else if (es_code_is(concept, "111065", "DCM")) cad->analyses = summary_of(item);
    else return false;
    return true;
}

/** The parts: what was not attempted says nothing beside what was. */
static enum es_cad_summary both(enum es_cad_summary a, enum es_cad_summary b)
{
    if (a == ES_CAD_NONE || a == b) return b;
    if (b == ES_CAD_NONE || b == ES_CAD_NOT_ATTEMPTED) return a;
    return a == ES_CAD_NOT_ATTEMPTED ? b : ES_CAD_PARTLY_WITHOUT;
}

enum es_cad_summary es_sr_cad_conclude(const struct es_sr_cad *cad, bool findings)
{
    if (cad->overall != ES_CAD_NONE) return cad->overall;
    const enum es_cad_summary parts = both(cad->detections, cad->analyses);
    if (findings && parts == ES_CAD_WITHOUT) return ES_CAD_WITH;
    return findings && parts == ES_CAD_PARTLY_WITHOUT ? ES_CAD_PARTLY_WITH : parts;
}
