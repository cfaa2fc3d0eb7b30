/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "dicom/readers.h"

static void read_uid(const struct es_elements *elements, uint32_t tag, char out[ES_UID_SIZE])
{
    const struct es_element *e = es_elements_find(elements, tag);
    out[0] = '\0';
    if (!e || e->flags) return;
    if (es_text_ascii(es_elements_value(elements, e), e->length, out, ES_UID_SIZE) != ES_TEXT_OK || !es_text_is_uid(out))
        out[0] = '\0';
}

static void read_id(const struct es_elements *elements, uint32_t tag, char out[ES_ID_SIZE])
{
    /* a cut identifier could be somebody else's: none at all is safer */
    if (es_element_text(elements, tag, out, ES_ID_SIZE) != ES_TEXT_OK || es_text_is_dummy(out)) out[0] = '\0';
}

/** The entity of an issuer: UniversalEntityID, which is unique, else LocalNamespaceEntityID (PS3.3 table 10-17). */
static void read_issuer(const struct es_elements *elements, uint32_t sequence, char out[ES_ID_SIZE])
{
    static const uint32_t leaves[] = {0x00400032, 0x00400031};
    const struct es_element *charset = es_elements_find(elements, 0x00080005);
    for (size_t i = 0; i < sizeof leaves / sizeof leaves[0]; i++) {
        const struct es_element *e = es_elements_nested(elements, sequence, 0, leaves[i]);
        if (!e || e->flags) continue;
        if (es_text_decode(charset ? es_elements_value(elements, charset) : "", charset ? charset->length : 0,
                           es_elements_value(elements, e), e->length, out, ES_ID_SIZE) == ES_TEXT_OK)
            return;
    }
    out[0] = '\0';
}

void es_identity_read(const struct es_elements *elements, struct es_identity *out)
{
    *out = (struct es_identity){.study_day = INT32_MIN};
    read_uid(elements, 0x0020000D, out->study_uid);
    read_uid(elements, 0x0020000E, out->series_uid);
    read_uid(elements, 0x00080018, out->sop_uid);
    read_uid(elements, 0x00080016, out->sop_class_uid);
    if (!out->sop_uid[0]) read_uid(elements, 0x00020003, out->sop_uid);
    if (!out->sop_class_uid[0]) read_uid(elements, 0x00020002, out->sop_class_uid);
    read_id(elements, 0x00080050, out->accession);
    read_issuer(elements, 0x00080051, out->accession_issuer);
    read_id(elements, 0x00100020, out->patient_id);
    read_id(elements, 0x00100021, out->patient_issuer);
    if (!out->patient_issuer[0]) read_issuer(elements, 0x00100024, out->patient_issuer);
    const struct es_element *date = es_elements_find(elements, 0x00080020);
    int32_t day = 0;
    if (date && es_text_date(es_elements_value(elements, date), date->length, &day)) out->study_day = day;
}
