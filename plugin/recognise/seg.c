/* SPDX-License-Identifier: Apache-2.0 */
/* Segmentations: AUTOMATIC segments are results of a model, MANUAL ones references, SEMIAUTOMATIC ones what the rule says. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/seg.h"
#include "dicom/sr.h"
#include "plugin/event/event.h"
#include "plugin/mask/mask.h"
#include "plugin/recognise/explain.h"
#include "plugin/recognise/internal.h"

#define REFERENCE_SOURCE "segmentation" /* of a reference that a human drew */

static enum es_seg_role role_of(const struct es_seg_segment *segment, const struct es_from_rule *rule)
{
    switch (segment->maker) {
    case ES_SEG_AUTOMATIC: return ES_ROLE_RESULT;
    case ES_SEG_MANUAL: return ES_ROLE_REFERENCE;
    case ES_SEG_SEMIAUTOMATIC: return rule->semiautomatic;
    default: return ES_ROLE_NONE;
    }
}

const char *es_seg_refusal(const struct es_from_rule *rule, enum es_seg_role role, const struct es_seg_segment *segment)
{
    char wanted[ES_FACT_VALUE], found[ES_FACT_VALUE];
    if (role_of(segment, rule) != role) return "SegmentAlgorithmType";
    if (rule->concept.value[0] != '\0' && !es_code_same(&rule->concept, &segment->property)) return "Property";
    if (rule->label[0] == '\0') return NULL;
    es_attribute_fold(rule->label, wanted, sizeof wanted);
    es_attribute_fold(segment->label, found, sizeof found);
    return strcmp(wanted, found) == 0 ? NULL : "Label";
}

static void read_size(const struct es_seg_facts *seg, const struct es_from_rule *rule, const size_t *chosen, size_t count, struct es_reading *out)
{
    const bool volume = rule->measure == ES_MEASURE_VOLUME;
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += volume ? seg->segments[chosen[i]].volume_ml : seg->segments[chosen[i]].area_mm2;
    *out = (struct es_reading){.kind = ES_READ_NUMBER, .number = sum, .units = volume ? "mL" : "mm2"};
    if (!isnan(sum)) return;
    out->kind = ES_READ_NOTHING;
    out->unusable = isnan(seg->spacing[0]) ? "a segment of pixels whose spacing is not said" : "a segment on planes whose distance is not said";
}

bool es_seg_reading(const struct es_seg_facts *seg, const struct es_from_rule *rule, enum es_seg_role role, struct es_reading *out,
                    struct es_mask **mask)
{
    size_t *chosen = malloc((seg->n_segments > 0 ? seg->n_segments : 1) * sizeof *chosen), count = 0;
    *mask = NULL;
    *out = (struct es_reading){.kind = ES_READ_NOTHING, .units = "", .unusable = "a segment for which there is no memory"};
    if (chosen == NULL) return true;
    for (size_t i = 0; i < seg->n_segments; i++)
        if (es_seg_refusal(rule, role, &seg->segments[i]) == NULL) chosen[count++] = i;
    if (count > 0 && seg->unread[0] != '\0') out->unusable = "a segment whose pixels cannot be read";
    else if (count > 0 && rule->measure == ES_MEASURE_MASK) {
        if (es_mask_of_seg(mask, seg, chosen, count, NULL) == ES_OK) out->unusable = NULL;
    } else if (count > 0) read_size(seg, rule, chosen, count, out);
    free(chosen);
    return count > 0;
}

/* ---- what a human drew ---- */

static enum es_errc add_reference(struct es_gathering *g, const char *model, const struct es_finding_config *finding, size_t number)
{
    const struct es_from_rule *rule = &finding->from[number];
    struct es_reading reading;
    struct es_mask *mask = NULL;
    if (rule->kind != ES_FROM_SEG || !es_seg_reading(g->facts->seg, rule, ES_ROLE_REFERENCE, &reading, &mask)) return ES_OK;
    const bool usable = mask != NULL || reading.kind != ES_READ_NOTHING;
    es_trace_segments(g->trace, model, finding->name, number, rule, ES_ROLE_REFERENCE, usable ? NULL : reading.unusable);
    es_trace_rule(g->trace, model, finding->name, number, rule, usable, !usable);
    if (!usable) {
        es_gather_tell(g, finding->name, reading.unusable);
        return ES_OK;
    }
    struct es_message *m = es_gather_reference(g, finding, 0, REFERENCE_SOURCE, ES_REFERENCE_FINAL);
    if (m == NULL) {
        es_mask_free(mask);
        return g->err->code == ES_E_MEMORY ? ES_E_MEMORY : ES_OK;
    }
    es_gather_copy(m->labeller, sizeof m->labeller, g->facts->seg->reader);
    struct es_finding *out = &m->findings[m->n_findings++];
    *out = (struct es_finding){.evaluable = true, .mask = mask != NULL, .voxels = mask, .has_value = mask == NULL};
    es_gather_copy(out->name, sizeof out->name, finding->name);
    if (mask == NULL) out->value = rule->scale > 0 ? reading.number * rule->scale : reading.number;
    if (mask == NULL) es_gather_copy(out->units, sizeof out->units, reading.units);
    return ES_OK;
}

enum es_errc es_seg_references(struct es_gathering *g)
{
    enum es_errc code = ES_OK;
    if (g->facts->seg == NULL || g->facts->report == NULL) return ES_OK;
    for (size_t i = 0; i < g->config->n_models; i++) {
        const struct es_model_config *model = &g->config->models[i];
        for (size_t k = 0; k < model->n_findings; k++)
            for (size_t r = 0; r < model->findings[k].n_from && code == ES_OK; r++)
                code = add_reference(g, model->name, &model->findings[k], r);
    }
    return code;
}
