/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/sr_item.h"

#include <math.h>
#include <string.h>

#include "dicom/text.h"

#define MAX_MODIFIERS_READ 256 /* children of one item looked at */

void es_sr_content(const struct es_item *item, struct es_sr_content *out)
{
    (void)es_item_text(item, 0x0040A040, out->type, sizeof out->type);
    (void)es_item_text(item, 0x0040A010, out->relationship, sizeof out->relationship);
    (void)es_code_read(item, 0x0040A043, &out->concept);
}

bool es_sr_is_site(const struct es_code *c)
{
    static const struct es_code site = {"363698007", "SCT"};
    return es_code_same(c, &site);
}

static bool is_finding(const struct es_code *c)
{
    return es_code_is(c, "121071", "DCM");
}

bool es_sr_is_header(const struct es_code *c)
{
    return is_finding(c) || es_sr_is_site(c) || es_code_is(c, "276214006", "SCT") || es_code_is(c, "111000", "DCM");
}

/** CID 244 (Laterality), CID 6022 (Side). 0: not one of them. */
static char side_of(const struct es_code *value)
{
    static const struct {
        struct es_code code;
        char side;
    } sides[] = {{{"7771000", "SCT"}, 'L'},  {{"24028007", "SCT"}, 'R'}, {{"51440002", "SCT"}, 'B'},
                 {{"80248007", "SCT"}, 'L'}, {{"73056007", "SCT"}, 'R'}, {{"63762007", "SCT"}, 'B'}};
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++)
        if (es_code_same(value, &sides[i].code)) return sides[i].side;
    return 0;
}

static bool is_laterality(const struct es_code *concept)
{
    static const struct es_code laterality = {"272741003", "SCT"};
    return es_code_same(concept, &laterality);
}

/** A site tells its side by its own code, or by a Laterality below it (TID 1410 and 1411, row Finding Site). */
static char side_of_site(const struct es_item *site, const struct es_code *value)
{
    size_t seen = 0;
    const struct es_item *child = NULL;
    while (seen++ < MAX_MODIFIERS_READ && (child = es_item_next(site, ES_SR_CONTENT, child)) != NULL) {
        struct es_sr_content c;
        struct es_code told;
        es_sr_content(child, &c);
        if (strcmp(c.type, "CODE") == 0 && is_laterality(&c.concept) && es_code_read(child, ES_SR_CODE_VALUE, &told)) return side_of(&told);
    }
    return side_of(value);
}

void es_sr_group(const struct es_item *group, struct es_code *finding, struct es_code *site, char *side)
{
    struct es_code told;
    size_t seen = 0;
    const struct es_item *child = NULL;
    while (seen++ < ES_MAX_SR_ITEMS && (child = es_item_next(group, ES_SR_CONTENT, child)) != NULL) {
        struct es_sr_content c;
        es_sr_content(child, &c);
        if (strcmp(c.type, "CODE") != 0) continue;
        if (is_finding(&c.concept) && !finding->value[0]) (void)es_code_read(child, ES_SR_CODE_VALUE, finding);
        if (es_sr_is_site(&c.concept) && !site->value[0] && es_code_read(child, ES_SR_CODE_VALUE, site) && !*side) *side = side_of_site(child, site);
        if (is_laterality(&c.concept) && es_code_read(child, ES_SR_CODE_VALUE, &told) && side_of(&told)) *side = side_of(&told);
    }
}

void es_sr_number(const struct es_item *item, struct es_sr_finding *out, struct es_report_faults *faults)
{
    (void)es_code_read(item, 0x0040A301, &out->qualifier);
    const struct es_item *value = es_item_next(item, 0x0040A300, NULL);
    char text[65] = "";
    if (value) (void)es_code_read(value, 0x004008EA, &out->units);
    if (value && es_item_number(value, 0x0040A161, &out->number) && isfinite(out->number)) {
        out->has_number = true;
        return;
    }
    out->number = 0;
    if (value && !es_item_text(value, 0x0040A30A, text, sizeof text) && text[0] != '\0') {
        faults->bad_numbers++; /* too long for a DS */
        return;
    }
    if (text[0] == '\0') {
        faults->empty_numbers++;
        return;
    }
    out->has_number = es_text_number(text, strlen(text), &out->number);
    if (!out->has_number) faults->bad_numbers++;
}

static enum es_rendering_intent intent_of(const struct es_code *value)
{
    if (es_code_is(value, "111150", "DCM")) return ES_INTENT_REQUIRED;
    if (es_code_is(value, "111151", "DCM")) return ES_INTENT_OPTIONAL;
    return es_code_is(value, "111152", "DCM") ? ES_INTENT_HIDDEN : ES_INTENT_NONE;
}

void es_sr_modifiers(const struct es_item *item, struct es_sr_finding *out)
{
    size_t seen = 0;
    const struct es_item *child = NULL;
    while (seen++ < MAX_MODIFIERS_READ && (child = es_item_next(item, ES_SR_CONTENT, child)) != NULL) {
        struct es_sr_content c;
        struct es_code value;
        es_sr_content(child, &c);
        if (strcmp(c.relationship, "HAS CONCEPT MOD") != 0 || strcmp(c.type, "CODE") != 0) continue;
        if (!es_code_read(child, ES_SR_CODE_VALUE, &value) || es_code_is(&c.concept, "111000", "DCM")) continue;
        if (is_laterality(&c.concept) && side_of(&value)) out->side = side_of(&value);
        if (es_sr_is_site(&c.concept)) {
            const char side = side_of_site(child, &value);
            out->site = value;
            if (side) out->side = side;
        }
        else if (es_code_is(&c.concept, "111056", "DCM")) out->intent = intent_of(&value);
        else if (out->n_modifiers < ES_MAX_MODIFIERS) out->modifiers[out->n_modifiers++] = value;
    }
}
