/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "dicom/readers.h"

static bool says(const struct es_elements *elements, uint32_t tag, const char *word)
{
    char text[ES_FACT_VALUE];
    if (es_element_text(elements, tag, text, sizeof text) != ES_TEXT_OK) return false;
    es_text_upper(text);
    return strcmp(text, word) == 0;
}

/** Whether an element has one of the words in it. They end with NULL. */
static bool mentions(const struct es_elements *elements, uint32_t tag, const char *const *words)
{
    char text[ES_MAX_ELEMENT_VALUE + 1];
    if (es_element_text(elements, tag, text, sizeof text) == ES_TEXT_BLANK) return false;
    for (; *words; words++)
        if (es_text_contains(text, *words)) return true;
    return false;
}

static bool filled(const struct es_elements *elements, uint32_t tag)
{
    char text[ES_FACT_VALUE];
    return es_element_text(elements, tag, text, sizeof text) != ES_TEXT_BLANK;
}

/** Whether a species code is there that is not Homo sapiens: 337915000 (SCT), L-85B00 (SRT), CID 7454. */
static bool other_species(const struct es_elements *elements)
{
    const unsigned items = es_elements_items(elements, 0x00102202);
    for (unsigned i = 0; i < items; i++) {
        const struct es_element *e = es_elements_nested(elements, 0x00102202, i, 0x00080100);
        if (!e || e->length == 0) continue;
        const char *value = es_elements_value(elements, e);
        const bool human = (e->length == 9 && memcmp(value, "337915000", 9) == 0) || (e->length == 7 && memcmp(value, "L-85B00", 7) == 0);
        if (!human) return true;
    }
    return false;
}

/** PS3.3 C.7.1.1: the attributes of a non-human patient; or an institution that calls itself veterinary. */
static bool veterinary(const struct es_elements *elements)
{
    static const uint32_t places[] = {0x00102299, 0x00080080}; /* ResponsibleOrganization, InstitutionName */
    static const char *const words[] = {"veterinar", "animal hospital", "animal clinic", "tierklinik", "zoolog", NULL};
    if (filled(elements, 0x00102203) || filled(elements, 0x00102292) || es_elements_items(elements, 0x00102293) > 0) return true;
    if (other_species(elements)) return true;
    if (filled(elements, 0x00102201) && !says(elements, 0x00102201, "HUMAN") && !says(elements, 0x00102201, "HOMO SAPIENS"))
        return true;
    for (size_t p = 0; p < sizeof places / sizeof places[0]; p++)
        if (mentions(elements, places[p], words)) return true;
    return false;
}

/** QualityControlSubject (PS3.3 C.7.1.1), or "phantom" as identifier or body part. */
static bool phantom(const struct es_elements *elements)
{
    static const char *const words[] = {"phantom", NULL};
    return says(elements, 0x00100200, "YES") || mentions(elements, 0x00100020, words) || says(elements, 0x00180015, "PHANTOM");
}

enum es_exclusion es_exclusion_read(const struct es_elements *elements, bool *identity_removed)
{
    *identity_removed = says(elements, 0x00120062, "YES");
    if (phantom(elements)) return ES_EXCLUDED_PHANTOM;
    if (veterinary(elements)) return ES_EXCLUDED_VETERINARY;
    if (says(elements, 0x00280300, "YES") || says(elements, 0x00280300, "BOTH")) return ES_EXCLUDED_QUALITY_CONTROL;
    return ES_EXCLUDED_NOT;
}
