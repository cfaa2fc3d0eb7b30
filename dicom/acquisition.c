/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "dicom/readers.h"

void es_acquisition_read(const struct es_elements *elements, const struct es_attribute *row, const struct es_element *e, struct es_fact *out)
{
    es_fact_read(elements, row, e, out);
    if (row->vr[0] == 'C' && row->vr[1] == 'S') es_text_upper(out->value); /* PS3.5 6.2: CS is upper case */
}

void es_equipment_read(const struct es_elements *elements, enum es_object_kind kind, struct es_algorithm *out)
{
    *out = (struct es_algorithm){.source = ES_ALGORITHM_NONE};
    (void)es_element_text(elements, 0x0008103E, out->series_description, sizeof out->series_description);
    if (kind == ES_OBJECT_IMAGE || kind == ES_OBJECT_DIRECTORY) return;
    (void)es_element_text(elements, 0x00080070, out->manufacturer, sizeof out->manufacturer);
    (void)es_element_text(elements, 0x00081090, out->name, sizeof out->name);
    (void)es_element_text(elements, 0x00181020, out->version, sizeof out->version);
    (void)es_element_text(elements, 0x00181002, out->device_uid, sizeof out->device_uid);
    if (!es_text_is_uid(out->device_uid)) out->device_uid[0] = '\0';
    if (out->manufacturer[0] || out->name[0]) out->source = ES_ALGORITHM_EQUIPMENT;
}
