/* SPDX-License-Identifier: Apache-2.0 */
/* What a segmentation says, as JSON: one object a segment. */
#include <math.h>
#include <stdio.h>

#include "dicom/seg.h"
#include "plugin/program/facts_json.h"

static bool text(cJSON *node, const char *key, const char *value)
{
    return value[0] == '\0' || cJSON_AddStringToObject(node, key, value) != NULL;
}

static bool number(cJSON *node, const char *key, double value)
{
    return isnan(value) || cJSON_AddNumberToObject(node, key, value) != NULL;
}

static bool code(cJSON *node, const char *key, const struct es_code *c)
{
    char both[sizeof c->value + sizeof c->scheme + 1];
    if (c->value[0] == '\0') return true;
    (void)snprintf(both, sizeof both, "%s,%s", c->value, c->scheme);
    return text(node, key, both);
}

static bool segment(cJSON *list, const struct es_seg_segment *s)
{
    cJSON *node = cJSON_CreateObject();
    if (node == NULL || !cJSON_AddItemToArray(list, node)) {
        cJSON_Delete(node);
        return false;
    }
    return number(node, "number", s->number) && text(node, "label", s->label) && code(node, "property", &s->property) &&
           code(node, "category", &s->category) && text(node, "made", es_seg_maker_name(s->maker)) &&
           text(node, "algorithm", s->algorithm_name) && text(node, "version", s->algorithm_version) &&
           number(node, "voxels", (double)s->voxels) && number(node, "planes", s->planes) && number(node, "area_mm2", s->area_mm2) &&
           number(node, "volume_ml", s->volume_ml);
}

bool es_seg_json(cJSON *parent, const struct es_seg_facts *seg)
{
    cJSON *node = cJSON_AddObjectToObject(parent, "segmentation"), *list = NULL;
    if (node == NULL || !text(node, "type", es_seg_type_name(seg->type)) || !text(node, "unread", seg->unread) ||
        !number(node, "frames", seg->frames) || !number(node, "planes", (double)seg->n_planes) || !number(node, "rows", seg->rows) ||
        !number(node, "columns", seg->columns) || !number(node, "row_spacing_mm", seg->spacing[0]) ||
        !number(node, "column_spacing_mm", seg->spacing[1]) || !number(node, "slice_spacing_mm", seg->slice_spacing) ||
        !text(node, "slice_spacing_by", es_seg_slices_name(seg->slices)) || !number(node, "skipped", (double)seg->skipped))
        return false;
    list = cJSON_AddArrayToObject(node, "segments");
    for (size_t i = 0; list != NULL && i < seg->n_segments; i++)
        if (!segment(list, &seg->segments[i])) return false;
    return list != NULL;
}
