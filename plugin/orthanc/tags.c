/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "plugin/orthanc/tags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/skim.h"
#include "dicom/text.h"
#include "dicom/vr.h"

#define CHARACTER_SET 0x00080005u

static const cJSON *find(const cJSON *tags, uint32_t tag)
{
    char key[16];
    snprintf(key, sizeof key, "%04x,%04x", (unsigned)(tag >> 16), (unsigned)(tag & 0xffffu));
    return cJSON_GetObjectItemCaseSensitive(tags, key);
}

/* Numbers in bytes (US, FL) come as decimal text; only the first value is kept, as readers want one. Orthanc may have set a locale. */
static void add_binary(struct es_elements *out, const struct es_attribute *row, const char *text)
{
    double value = 0;
    if (!es_text_number(text, strcspn(text, "\\"), &value)) {
        (void)es_elements_add(out, row->tag, 0, 0, row->vr, "", 0);
    } else if (memcmp(row->vr, "FL", 2) == 0) {
        const float number = (float)value;
        (void)es_elements_add(out, row->tag, 0, 0, row->vr, &number, sizeof number);
    } else if (memcmp(row->vr, "US", 2) == 0 && value >= 0 && value <= UINT16_MAX) {
        const uint16_t number = (uint16_t)value;
        (void)es_elements_add(out, row->tag, 0, 0, row->vr, &number, sizeof number);
    }
}

/* Leaves of the items of a sequence of codes. Their tags are the keys "gggg,eeee" of the item. */
static void add_codes(struct es_elements *out, uint32_t parent, const cJSON *items, unsigned *count)
{
    const cJSON *item = NULL, *leaf = NULL;
    cJSON_ArrayForEach(item, items) {
        if (*count == ES_MAX_CODE_ITEMS) return;
        cJSON_ArrayForEach(leaf, item) {
            char *end = NULL;
            const unsigned long group = strtoul(leaf->string, &end, 16);
            const unsigned long element = *end == ',' ? strtoul(end + 1, NULL, 16) : 0;
            const uint32_t tag = (uint32_t)(group << 16 | (element & 0xffffu));
            if (es_attribute_nested(tag) && cJSON_IsString(leaf))
                (void)es_elements_add(out, tag, parent, *count, NULL, leaf->valuestring, strlen(leaf->valuestring));
        }
        ++*count;
    }
}

static void add_sequence(struct es_elements *out, const struct es_attribute *row, const cJSON *items)
{
    unsigned count = 0;
    (void)es_elements_add(out, row->tag, 0, 0, row->vr, "", 0);
    if (row->codes == row->tag) add_codes(out, row->tag, items, &count);
    else {
        const cJSON *item = NULL;
        cJSON_ArrayForEach(item, items) add_codes(out, row->tag, find(item, row->codes), &count);
    }
}

/* null: binary, or UN because Orthanc's dictionary has no such tag. Its bytes are read by us. */
static void add_raw(struct es_elements *out, const struct es_attribute *row, const struct orthanc_content *content)
{
    const void *bytes = NULL;
    size_t len = 0;
    if (!content->read(content->context, row->tag, &bytes, &len)) {
        (void)es_elements_add(out, row->tag, 0, 0, row->vr, "", 0);
        return;
    }
    if (memcmp(row->vr, "SQ", 2) == 0) {
        unsigned next = 0;
        (void)es_elements_add(out, row->tag, 0, 0, row->vr, "", 0);
        if (es_skim_sequence(row, bytes, len, out, &next, NULL) != ES_OK) out->unusual = 1;
    } else (void)es_elements_add(out, row->tag, 0, 0, row->vr, bytes, len);
    content->release(content->context);
}

void orthanc_tags_read(const cJSON *tags, const struct orthanc_content *content, struct es_elements *out)
{
    static const char utf8[] = "ISO_IR 192";
    es_elements_clear(out);
    (void)es_elements_add(out, CHARACTER_SET, 0, 0, "CS", utf8, sizeof utf8 - 1);
    for (size_t i = 0; i < es_n_attributes; i++) {
        const struct es_attribute *row = &es_attributes[i];
        const cJSON *value = find(tags, row->tag);
        if (value == NULL || row->tag == CHARACTER_SET) continue;
        if (cJSON_IsNull(value)) add_raw(out, row, content);
        else if (cJSON_IsArray(value)) {
            if (memcmp(row->vr, "SQ", 2) == 0) add_sequence(out, row, value);
        } else if (!cJSON_IsString(value)) continue;
        else if (es_vr_is_binary(row->vr)) add_binary(out, row, value->valuestring);
        else (void)es_elements_add(out, row->tag, 0, 0, row->vr, value->valuestring, strlen(value->valuestring));
    }
}
