/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/object.h"

#include <stdio.h>
#include <string.h>

#include "dicom/references.h"
#include "dicom/report.h"
#include "dicom/sr.h"
#include "dicom/tag_values.h"
#include "dicom/text.h"

#define MAX_DESCRIBED 64 /* segments or contributions looked at for an algorithm */

struct charset {
    const char *bytes;
    size_t len;
};

static void take(const struct charset *cs, const struct es_item *item, uint32_t tag, char out[ES_FACT_VALUE])
{
    char raw[257];
    (void)es_item_text(item, tag, raw, sizeof raw);
    (void)es_text_decode(cs->bytes, cs->len, raw, strlen(raw), out, ES_FACT_VALUE);
}

/** SegmentationAlgorithmIdentificationSequence (0062,0007), else SegmentAlgorithmName of a segment not made by hand: the first of them. */
static bool from_segments(const struct charset *cs, const struct es_item *root, struct es_algorithm *out)
{
    size_t seen = 0;
    const struct es_item *segment = NULL;
    while (seen++ < MAX_DESCRIBED && (segment = es_item_next(root, 0x00620002, segment)) != NULL) {
        struct es_algorithm found = *out;
        char type[17];
        const struct es_item *id = es_item_next(segment, 0x00620007, NULL);
        found.manufacturer[0] = found.version[0] = found.name[0] = found.device_uid[0] = '\0';
        if (id) {
            take(cs, id, 0x00660036, found.name);
            take(cs, id, 0x00660031, found.version);
            take(cs, id, 0x00240202, found.manufacturer); /* AlgorithmSource */
        }
        (void)es_item_text(segment, 0x00620008, type, sizeof type);
        if (!found.name[0] && strcmp(type, "MANUAL") != 0) take(cs, segment, 0x00620009, found.name);
        if (!found.name[0]) continue;
        found.source = ES_ALGORITHM_SEGMENT;
        *out = found;
        return true;
    }
    return false;
}

/** IHE AIR 6.5.3.1: a contribution whose purpose is processing by an algorithm, or is not said. */
static bool is_algorithm(const struct es_item *contribution)
{
    struct es_code purpose;
    if (!es_code_read(contribution, 0x0040A170, &purpose)) return true;
    return es_code_is(&purpose, "109102", "DCM") || strcmp(purpose.scheme, "99IHE") == 0;
}

static bool from_contributions(const struct charset *cs, const struct es_item *root, struct es_algorithm *out)
{
    size_t seen = 0;
    const struct es_item *item = NULL;
    while (seen++ < MAX_DESCRIBED && (item = es_item_next(root, 0x0018A001, item)) != NULL) {
        struct es_algorithm found = *out;
        if (!is_algorithm(item)) continue;
        take(cs, item, 0x00081090, found.name);
        take(cs, item, 0x00080070, found.manufacturer);
        take(cs, item, 0x00181020, found.version);
        if (!es_item_text(item, 0x00181002, found.device_uid, sizeof found.device_uid) || !es_text_is_uid(found.device_uid))
            found.device_uid[0] = '\0';
        if (!found.name[0] && !found.device_uid[0]) continue;
        found.source = ES_ALGORITHM_CONTRIBUTING_EQUIPMENT;
        *out = found;
        return true;
    }
    return false;
}

enum es_errc es_object_read(const struct es_item *root, const struct es_elements *elements, struct es_facts *facts,
                            struct es_error *err)
{
    const struct es_element *e = es_elements_find(elements, 0x00080005);
    const struct charset cs = {e ? es_elements_value(elements, e) : "", e ? e->length : 0};
    if (!from_segments(&cs, root, &facts->algorithm)) (void)from_contributions(&cs, root, &facts->algorithm);
    if (facts->kind != ES_OBJECT_SR && facts->kind != ES_OBJECT_RESULT) return ES_OK;
    struct es_report_facts *report = es_report_new(&facts->algorithm);
    if (!report) return es_fail(err, ES_E_MEMORY, "report: no memory");
    es_report_time(root, report);
    enum es_errc code = facts->kind == ES_OBJECT_SR ? es_sr_read(root, cs.bytes, cs.len, report, err) : es_references_object(root, report, err);
    if (code == ES_OK) code = es_tag_values_read(root, cs.bytes, cs.len, report, err);
    if (code == ES_OK) facts->report = report;
    else es_report_free(report);
    return code;
}
