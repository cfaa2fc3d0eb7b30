/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/references.h"

#include <stdlib.h>
#include <string.h>

#include "dicom/readers.h"
#include "dicom/secret.h"

/** Add a UID to one of the report's lists. Lists double from 16; the newest are looked at first, since references repeat. */
static enum es_errc add(char (**list)[ES_UID_SIZE], size_t *count, const char *uid, struct es_report_facts *report, struct es_error *err)
{
    if (!es_text_is_uid(uid)) return ES_OK;
    const size_t len = strlen(uid); /* UIDs of one object begin alike: their ends tell them apart */
    for (size_t i = *count; i-- > 0;)
        if ((*list)[i][len - 1] == uid[len - 1] && memcmp((*list)[i], uid, len + 1) == 0) return ES_OK;
    if (*count >= ES_MAX_SR_REFERENCES) {
        report->items_skipped++;
        return ES_OK;
    }
    if (*count == 0 || (*count >= 16 && (*count & (*count - 1)) == 0)) {
        const size_t room = *count ? *count * 2 : 16;
        char(*more)[ES_UID_SIZE] = es_secret_resize(*list, room * sizeof **list);
        if (!more) return es_fail(err, ES_E_MEMORY, "references: no room for %zu", room);
        *list = more;
    }
    memcpy((*list)[*count], uid, len + 1);
    ++*count;
    return ES_OK;
}

enum es_errc es_references_series(const char *uid, struct es_report_facts *report, struct es_error *err)
{
    return add(&report->series, &report->n_series, uid, report, err);
}

/** Items of a sequence of SOP instance references. @param images counts those that are images, others counts the rest */
static enum es_errc read_list(const struct es_item *item, uint32_t list, struct es_report_facts *report, size_t *images, size_t *others,
                              struct es_error *err)
{
    for (const struct es_item *i = es_item_next(item, list, NULL); i; i = es_item_next(item, list, i)) {
        char class_uid[ES_UID_SIZE], uid[ES_UID_SIZE];
        if (!es_item_text(i, 0x00081150, class_uid, sizeof class_uid) || !es_item_text(i, 0x00081155, uid, sizeof uid)) continue;
        if (es_kind_of_class(class_uid) != ES_OBJECT_IMAGE) {
            ++*others;
            continue;
        }
        ++*images;
        const enum es_errc code = add(&report->images, &report->n_images, uid, report, err);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

/** Items of ReferencedSOPSequence. */
static enum es_errc read_instances(const struct es_item *item, struct es_report_facts *report, size_t *images, size_t *others,
                                   struct es_error *err)
{
    return read_list(item, 0x00081199, report, images, others, err);
}

enum es_errc es_references_item(const struct es_item *item, struct es_report_facts *report, struct es_error *err)
{
    size_t images = 0, others = 0;
    return read_instances(item, report, &images, &others, err);
}

static enum es_errc read_study(const struct es_item *study, struct es_report_facts *report, struct es_error *err)
{
    char uid[ES_UID_SIZE];
    enum es_errc code = ES_OK;
    if (es_item_text(study, 0x0020000D, uid, sizeof uid)) code = add(&report->studies, &report->n_studies, uid, report, err);
    const struct es_item *series = NULL;
    while (code == ES_OK && (series = es_item_next(study, 0x00081115, series)) != NULL) {
        size_t images = 0, others = 0;
        code = read_instances(series, report, &images, &others, err);
        if (code == ES_OK && (images > 0 || others == 0) && es_item_text(series, 0x0020000E, uid, sizeof uid))
            code = es_references_series(uid, report, err);
    }
    return code;
}

enum es_errc es_references_evidence(const struct es_item *root, struct es_report_facts *report, struct es_error *err)
{
    static const uint32_t sequences[] = {0x0040A375, 0x0040A385};
    for (size_t s = 0; s < sizeof sequences / sizeof sequences[0]; s++) {
        const struct es_item *study = NULL;
        while ((study = es_item_next(root, sequences[s], study)) != NULL) {
            const enum es_errc code = read_study(study, report, err);
            if (code != ES_OK) return code;
        }
    }
    return ES_OK;
}

/** Series with their instances: ReferencedSeriesSequence of presentation states (0008,1140) and segmentations (0008,114A). */
static enum es_errc read_series(const struct es_item *root, struct es_report_facts *report, struct es_error *err)
{
    static const uint32_t lists[] = {0x00081140, 0x0008114A, 0x00081199};
    const struct es_item *series = NULL;
    enum es_errc code = ES_OK;
    while (code == ES_OK && (series = es_item_next(root, 0x00081115, series)) != NULL) {
        char uid[ES_UID_SIZE];
        size_t images = 0, others = 0;
        for (size_t i = 0; code == ES_OK && i < sizeof lists / sizeof lists[0]; i++)
            code = read_list(series, lists[i], report, &images, &others, err);
        if (code == ES_OK && (images > 0 || others == 0) && es_item_text(series, 0x0020000E, uid, sizeof uid))
            code = es_references_series(uid, report, err);
    }
    return code;
}

/** DerivationImageSequence (0008,9124) with its sources, and ReferencedImageSequence, of functional groups. */
static enum es_errc read_group(const struct es_item *group, struct es_report_facts *report, size_t *images, size_t *others, struct es_error *err)
{
    enum es_errc code = read_list(group, 0x00081140, report, images, others, err);
    const struct es_item *derivation = NULL;
    while (code == ES_OK && (derivation = es_item_next(group, 0x00089124, derivation)) != NULL)
        code = read_list(derivation, 0x00082112, report, images, others, err);
    return code;
}

/** Shared and per-frame functional groups (PS3.3 C.7.6.16.2.6, C.7.6.16.2.5), for an object that names its sources nowhere else. */
static enum es_errc read_frames(const struct es_item *root, struct es_report_facts *report, struct es_error *err)
{
    static const uint32_t groups[] = {0x52009229, 0x52009230};
    size_t images = 0, others = 0, frames = 0;
    enum es_errc code = ES_OK;
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++) {
        const struct es_item *group = NULL;
        while (code == ES_OK && frames++ < ES_MAX_REFERRING_FRAMES && (group = es_item_next(root, groups[i], group)) != NULL)
            code = read_group(group, report, &images, &others, err);
    }
    return code;
}

enum es_errc es_references_object(const struct es_item *root, struct es_report_facts *report, struct es_error *err)
{
    /* ReferencedImageSequence, SourceImageSequence, SourceInstanceSequence */
    static const uint32_t lists[] = {0x00081140, 0x00082112, 0x00420013};
    size_t images = 0, others = 0;
    enum es_errc code = es_references_evidence(root, report, err);
    if (code == ES_OK) code = read_series(root, report, err);
    for (size_t i = 0; code == ES_OK && i < sizeof lists / sizeof lists[0]; i++)
        code = read_list(root, lists[i], report, &images, &others, err);
    /* StudiesContainingOtherReferencedInstancesSequence: other studies, with their series */
    const struct es_item *study = NULL;
    while (code == ES_OK && (study = es_item_next(root, 0x00081200, study)) != NULL) code = read_study(study, report, err);
    if (code == ES_OK && report->n_images == 0) code = read_frames(root, report, err);
    return code;
}
