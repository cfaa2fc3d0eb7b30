/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/event/findings.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/event/names.h"

/* One finding in the making. */
struct making {
    const struct es_finding *sent;
    struct es_finding *kept;
    enum es_event_kind kind;
    const struct es_config *config;
    const struct es_key *key;
    struct es_error *err;
    char what[40]; /* findings[3] */
};

static enum es_errc refuse(const struct making *m, const char *why)
{
    return es_fail(m->err, ES_E_REFUSED, "%s: %s", m->what, why);
}

/* A number as kept: 0 when it was not given, never -0. */
static double kept(bool has, double value)
{
    return has && value != 0 ? value : 0;
}

static bool finite_point(const double point[3])
{
    return isfinite(point[0]) && isfinite(point[1]) && isfinite(point[2]);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct es_finding *)a)->name, ((const struct es_finding *)b)->name);
}

static int by_place(const void *a, const void *b)
{
    return es_lesion_order(a, b);
}

static enum es_errc make_lesion(const struct making *m, const struct es_lesion *sent, struct es_lesion *out)
{
    if (!sent->has_place) return refuse(m, "found a lesion without place or box, expected one of them");
    if (!finite_point(sent->place) || (sent->has_corner && !finite_point(sent->corner)) || (sent->has_radius && !isfinite(sent->radius)) ||
        (sent->has_score && !isfinite(sent->score)))
        return refuse(m, "found a lesion with a number that is not finite");
    if (sent->has_corner && sent->has_radius) return refuse(m, "found a lesion with box and radius, expected one of them");
    if (sent->has_radius && !(sent->radius > 0)) return refuse(m, "found a lesion's radius that is not above 0");
    *out = (struct es_lesion){.has_place = true, .has_corner = sent->has_corner, .has_radius = sent->has_radius, .has_score = sent->has_score};
    for (int i = 0; i < 3; i++) {
        out->place[i] = kept(true, sent->place[i]);
        out->corner[i] = kept(sent->has_corner, sent->corner[i]);
        if (sent->has_corner && sent->corner[i] < sent->place[i])
            return refuse(m, "found a lesion's box whose second corner lies below its first");
    }
    out->radius = kept(sent->has_radius, sent->radius);
    out->score = kept(sent->has_score, sent->score);
    return ES_OK;
}

static enum es_errc make_lesions(const struct making *m)
{
    const struct es_finding *f = m->sent;
    m->kept->has_lesions = f->has_lesions;
    if (!f->has_lesions || f->n_lesions == 0) return ES_OK;
    if (f->n_lesions > ES_MAX_EVENT_LESIONS) return refuse(m, "found more than 256 lesions, expected fewer");
    m->kept->lesions = calloc(f->n_lesions, sizeof *m->kept->lesions);
    if (m->kept->lesions == NULL) return es_fail(m->err, ES_E_MEMORY, "findings: no memory for lesions");
    m->kept->n_lesions = f->n_lesions;
    for (size_t i = 0; i < f->n_lesions; i++) {
        const enum es_errc code = make_lesion(m, &f->lesions[i], &m->kept->lesions[i]);
        if (code != ES_OK) return code;
    }
    qsort(m->kept->lesions, m->kept->n_lesions, sizeof *m->kept->lesions, by_place);
    return ES_OK;
}

static bool share(bool has, double value)
{
    return !has || (value >= 0 && value <= 1);
}

/* METRICS C3: two empty masks define no number; one empty mask makes Dice and IoU 0 and leaves distances undefined. */
static enum es_errc make_overlap(const struct making *m)
{
    const struct es_overlap_values *v = &m->sent->overlap;
    struct es_overlap_values *out = &m->kept->overlap;
    const bool distances = v->has_hd95 || v->has_surface_distance;
    const enum es_overlap_state state = v->state == ES_OVERLAP_NONE ? ES_OVERLAP_MEASURED : v->state;
    if ((unsigned)state > ES_OVERLAP_NOT_COMPARABLE) return refuse(m, "found another \"empty\", expected both, result or reference");
    if (!share(v->has_dice, v->dice) || !share(v->has_iou, v->iou)) return refuse(m, "found a dice or iou outside 0..1");
    if ((v->has_hd95 && !(v->hd95 >= 0 && isfinite(v->hd95))) ||
        (v->has_surface_distance && !(v->surface_distance >= 0 && isfinite(v->surface_distance))))
        return refuse(m, "found a distance that is negative or not finite");
    if (v->has_volume_difference && !(v->volume_difference >= -1 && isfinite(v->volume_difference)))
        return refuse(m, "found a volume_difference below -1 or not finite, expected (result - reference) / reference");
    if (state == ES_OVERLAP_MEASURED && !v->has_dice) return refuse(m, "found no dice, expected it, or \"empty\"");
    if ((state == ES_OVERLAP_BOTH_EMPTY || state == ES_OVERLAP_NOT_COMPARABLE) && (v->has_dice || v->has_iou || v->has_volume_difference))
        return refuse(m, state == ES_OVERLAP_BOTH_EMPTY ? "found numbers of two empty masks, expected none"
                                                        : "found numbers of masks that cannot be compared, expected none");
    if (state != ES_OVERLAP_MEASURED && distances) return refuse(m, "found a distance to an empty mask, expected none");
    if ((state == ES_OVERLAP_RESULT_EMPTY || state == ES_OVERLAP_REFERENCE_EMPTY) && ((v->has_dice && v->dice > 0) || (v->has_iou && v->iou > 0)))
        return refuse(m, "found an overlap with an empty mask, expected 0");
    if (state == ES_OVERLAP_REFERENCE_EMPTY && v->has_volume_difference)
        return refuse(m, "found a volume_difference from an empty reference, expected none");
    const bool one = state == ES_OVERLAP_RESULT_EMPTY || state == ES_OVERLAP_REFERENCE_EMPTY;
    *out = (struct es_overlap_values){.state = state, .has_dice = v->has_dice || one, .has_iou = v->has_iou || one,
        .has_volume_difference = v->has_volume_difference, .has_hd95 = v->has_hd95, .has_surface_distance = v->has_surface_distance};
    out->dice = kept(v->has_dice, v->dice);
    out->iou = kept(v->has_iou, v->iou);
    out->volume_difference = kept(v->has_volume_difference, v->volume_difference);
    out->hd95 = kept(v->has_hd95, v->hd95);
    out->surface_distance = kept(v->has_surface_distance, v->surface_distance);
    return ES_OK;
}

/* What a result or a reference says. */
static enum es_errc make_answer(const struct making *m)
{
    const struct es_finding *f = m->sent;
    struct es_finding *out = m->kept;
    const bool reference = m->kind == ES_EVENT_REFERENCE;
    if ((f->has_score && !isfinite(f->score)) || (f->has_value && !isfinite(f->value)) || (f->has_threshold && !isfinite(f->threshold)))
        return refuse(m, "found a number that is not finite");
    if (f->has_label && f->label != 0 && f->label != 1) return refuse(m, "found another label, expected 0 or 1");
    if (f->has_level && f->category[0] != '\0') return refuse(m, "found level and category, expected one of them");
    if (reference && f->evaluable && !f->has_label && !f->has_value && !f->has_level && f->category[0] == '\0' && !f->has_lesions && !f->mask)
        return refuse(m, "found none of label, value, level, category, lesions and mask, expected one, or \"evaluable\":false");
    out->evaluable = !reference || f->evaluable;
    out->has_score = f->has_score;
    out->has_value = f->has_value;
    out->has_threshold = f->has_threshold;
    out->has_decision = f->has_decision;
    out->has_label = f->has_label && out->evaluable;
    out->has_level = f->has_level && out->evaluable;
    out->mask = f->mask || f->voxels != NULL;
    out->score = kept(f->has_score, f->score);
    out->value = kept(f->has_value, f->value);
    out->threshold = kept(f->has_threshold, f->threshold);
    out->decision = f->has_decision && f->decision;
    out->label = out->has_label ? f->label : 0;
    out->level = out->has_level ? f->level : 0;
    if (f->voxels != NULL && out->evaluable) {
        const enum es_errc code = es_mask_encode(f->voxels, m->key, &out->mask_form, &out->mask_form_len, out->mask_address, m->err);
        if (code != ES_OK) return code;
    }
    return make_lesions(m);
}

static enum es_errc make_finding(const struct making *m)
{
    const struct es_finding *f = m->sent;
    struct es_finding *out = m->kept;
    out->evaluable = true;
    enum es_errc code = es_name_keep(m->config, m->key, ES_NAMES_FINDING, f->name, out->name, sizeof out->name, m->err);
    if (code == ES_OK && out->name[0] == '\0') return refuse(m, "found no name, expected \"finding\"");
    if (code == ES_OK && m->kind == ES_EVENT_OVERLAP) return make_overlap(m);
    if (code == ES_OK) code = es_name_keep(m->config, m->key, ES_NAMES_UNITS, f->has_value ? f->units : "", out->units, sizeof out->units, m->err);
    if (code == ES_OK) code = es_name_keep(m->config, m->key, ES_NAMES_CATEGORY, f->category, out->category, sizeof out->category, m->err);
    return code == ES_OK ? make_answer(m) : code;
}

enum es_errc es_event_findings(struct es_event *event, const struct es_message *message, const struct es_config *config,
                               const struct es_key *key, struct es_error *err)
{
    struct making m = {.kind = message->kind, .config = config, .key = key, .err = err};
    if (message->n_findings == 0) /* a cancellation without findings cancels all that was said */
        return message->kind == ES_EVENT_REFERENCE && message->reference_status != ES_REFERENCE_CANCELLED
                   ? es_fail(err, ES_E_REFUSED, "findings: found none, expected at least one")
                   : ES_OK;
    if (message->n_findings > ES_MAX_EVENT_FINDINGS) return es_fail(err, ES_E_REFUSED, "findings: found more than 256, expected fewer");
    event->findings = calloc(message->n_findings, sizeof *event->findings);
    if (event->findings == NULL) return es_fail(err, ES_E_MEMORY, "findings: no memory");
    event->n_findings = message->n_findings;
    for (size_t i = 0; i < message->n_findings; i++) {
        m.sent = &message->findings[i];
        m.kept = &event->findings[i];
        (void)snprintf(m.what, sizeof m.what, "findings[%zu]", i);
        const enum es_errc code = make_finding(&m);
        if (code != ES_OK) return code;
    }
    qsort(event->findings, event->n_findings, sizeof *event->findings, by_name);
    for (size_t i = 1; i < event->n_findings; i++)
        if (by_name(&event->findings[i - 1], &event->findings[i]) == 0)
            return es_fail(err, ES_E_REFUSED, "finding %s: given twice, expected once",
                           event->findings[i].name[0] == '~' ? "(not configured)" : event->findings[i].name);
    return ES_OK;
}
