/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/event/event.h"

#include <stdlib.h>
#include <string.h>

#include "dicom/secret.h"
#include "plugin/base/time.h"

const char *es_event_kind_name(enum es_event_kind kind)
{
    static const char *const names[ES_EVENT_KINDS] = {
        "",        "exam",         "result", "failure", "reference", "alias", "patient_alias",
        "retract", "demographics", "plan",   "config",  "release",   "alarm", "overlap", "erasure",
        "key",     "key_alias"};
    return (unsigned)kind < ES_EVENT_KINDS ? names[kind] : "";
}

void es_message_init(struct es_message *message)
{
    memset(message, 0, sizeof *message);
    message->study_day = ES_NO_DAY;
    message->valid_from = ES_NO_DAY;
    message->produced = ES_NO_INSTANT;
    message->sent = ES_NO_INSTANT;
}

void es_finding_clear(struct es_finding *finding)
{
    free(finding->lesions);
    es_mask_free(finding->voxels);
    free(finding->mask_form);
    *finding = (struct es_finding){0};
}

static void clear_findings(struct es_finding *findings, size_t count)
{
    for (size_t i = 0; i < count; i++) es_finding_clear(&findings[i]);
}

static int number_order(double a, double b)
{
    return a < b ? -1 : a > b;
}

int es_lesion_order(const struct es_lesion *a, const struct es_lesion *b)
{
    int order = 0;
    for (int i = 0; i < 3 && order == 0; i++) order = number_order(a->place[i], b->place[i]);
    if (order == 0) order = (int)a->has_corner - (int)b->has_corner;
    for (int i = 0; i < 3 && order == 0; i++) order = number_order(a->corner[i], b->corner[i]);
    if (order == 0) order = (int)a->has_radius - (int)b->has_radius;
    if (order == 0) order = number_order(a->radius, b->radius);
    if (order == 0) order = (int)a->has_score - (int)b->has_score;
    return order != 0 ? order : number_order(a->score, b->score);
}

void es_message_clear(struct es_message *message)
{
    if (message == NULL) return;
    clear_findings(message->findings, message->n_findings);
    es_secret_free(message->series_refs);
    es_secret_free(message->image_refs);
    es_secret_free(message->study_refs);
    free(message->document);
    explicit_bzero(message, sizeof *message);
}

void es_event_clear(struct es_event *event)
{
    if (event == NULL) return;
    free(event->attributes);
    if (event->findings != NULL) clear_findings(event->findings, event->n_findings);
    free(event->findings);
    free(event->series_refs);
    free(event->image_refs);
    free(event->study_refs);
    free(event->document);
    memset(event, 0, sizeof *event);
}

int64_t es_event_instant(const struct es_event *event)
{
    int64_t instant = ES_NO_INSTANT;
    if (event->kind != ES_EVENT_EXAM && event->kind != ES_EVENT_RESULT && event->kind != ES_EVENT_FAILURE && event->kind != ES_EVENT_REFERENCE)
        return instant;
    if (event->study_day != ES_NO_DAY) instant = ((int64_t)event->study_day + 1) * ES_MICROSECONDS_A_DAY;
    return event->produced != ES_NO_INSTANT && event->produced > instant ? event->produced : instant;
}
