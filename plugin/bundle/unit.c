/* SPDX-License-Identifier: Apache-2.0 */
/* Units of an exam: which there are by what was imaged, which header is of which, and which coarser unit a finer one is part of. */
#include <string.h>

#include "plugin/bundle/internal.h"

#define SIDE_L 1u
#define SIDE_R 2u

/* ImageLaterality (0020,0062) speaks of the image, Laterality (0020,0060) of the series: the first that tells (PS3.3
 * C.8.11.2 DX Anatomy Imaged, C.8.11.7 Mammography Image; C.7.3.1 General Series). */
static unsigned sides_of(const struct es_event *event)
{
    static const char *const keywords[] = {"ImageLaterality", "Laterality"};
    for (size_t k = 0; k < sizeof keywords / sizeof keywords[0]; k++)
        for (size_t i = 0; i < event->n_attributes; i++) {
            const struct es_event_attribute *a = &event->attributes[i];
            if (a->state != ES_ATTRIBUTE_PRESENT || strcmp(a->keyword, keywords[k]) != 0) continue;
            if (strcmp(a->value, "L") == 0) return SIDE_L;
            if (strcmp(a->value, "R") == 0) return SIDE_R;
            if (strcmp(a->value, "B") == 0) return SIDE_L | SIDE_R;
        }
    return 0;
}

static bool same(const struct es_pseudonym *a, const struct es_pseudonym *b) { return es_pseudonym_order(a, b) == 0; }

static unsigned side_of_unit(const struct es_pseudonym *unit)
{
    const struct es_pseudonym left = es_side_unit('L'), right = es_side_unit('R');
    return same(unit, &left) ? SIDE_L : same(unit, &right) ? SIDE_R : 0;
}

bool es_unit_has(enum es_unit_type type, const struct es_pseudonym *unit, const struct es_event *event)
{
    if (!es_pseudonym_set(unit)) return true;
    switch (type) {
    case ES_UNIT_SERIES: return !es_pseudonym_set(&event->series) || same(&event->series, unit);
    case ES_UNIT_IMAGE: return !es_pseudonym_set(&event->instance) || same(&event->instance, unit);
    case ES_UNIT_SIDE: {
        const unsigned sides = sides_of(event);
        return sides == 0 || (sides & side_of_unit(unit)) != 0;
    }
    default: return true;
    }
}

/* Headers that count towards an exam's units: of an exam that is not excluded, only those that are not. */
static bool counts(const struct es_bundle *bundle, uint32_t exam, const struct es_event *event)
{
    return bundle->out->exams[exam].excluded != ES_EXCLUDED_NOT || event->excluded == ES_EXCLUDED_NOT;
}

size_t es_units_seen(const struct es_bundle *bundle, uint32_t exam, enum es_unit_type type, struct es_pseudonym *out)
{
    const struct es_exam_range *range = &bundle->ranges[exam];
    unsigned sides = 0;
    size_t n = 0;
    for (size_t i = 0; i < range->count; i++) {
        const struct es_event *event = bundle->exam_events[range->first + i];
        if (!counts(bundle, exam, event)) continue;
        if (type == ES_UNIT_SERIES && es_pseudonym_set(&event->series)) out[n++] = event->series;
        if (type == ES_UNIT_IMAGE && es_pseudonym_set(&event->instance)) out[n++] = event->instance;
        if (type == ES_UNIT_SIDE) sides |= sides_of(event);
    }
    if (sides & SIDE_L) out[n++] = es_side_unit('L');
    if (sides & SIDE_R) out[n++] = es_side_unit('R');
    return n;
}

bool es_unit_excluded(const struct es_bundle *bundle, uint32_t exam, enum es_unit_type type, const struct es_pseudonym *unit)
{
    const struct es_exam_range *range = &bundle->ranges[exam];
    bool any = false;
    for (size_t i = 0; i < range->count; i++) {
        const struct es_event *event = bundle->exam_events[range->first + i];
        if (!es_unit_has(type, unit, event)) continue;
        if (event->excluded == ES_EXCLUDED_NOT) return false;
        any = true;
    }
    return any;
}

/* What the headers say of a finer unit's side or series; false: they do not, or say two things. */
static bool part_of(const struct es_bundle *bundle, uint32_t exam, enum es_unit_type type, const struct es_event *from,
                    struct es_pseudonym *out)
{
    const struct es_exam_range *range = &bundle->ranges[exam];
    const struct es_pseudonym none = {{0}};
    unsigned sides = 0;
    *out = none;
    for (size_t i = 0; i < range->count; i++) {
        const struct es_event *event = bundle->exam_events[range->first + i];
        const bool mine = from->unit == ES_UNIT_IMAGE ? same(&event->instance, &from->unit_id) : same(&event->series, &from->unit_id);
        if (!mine) continue;
        if (type == ES_UNIT_SIDE) {
            sides |= sides_of(event);
        } else if (es_pseudonym_set(&event->series)) {
            if (es_pseudonym_set(out) && !same(out, &event->series)) return false;
            *out = event->series;
        }
    }
    if (sides == SIDE_L) *out = es_side_unit('L');
    if (sides == SIDE_R) *out = es_side_unit('R');
    return es_pseudonym_set(out);
}

enum es_part es_unit_part(const struct es_bundle *bundle, uint32_t exam, enum es_unit_type type, const struct es_event *event,
                          struct es_pseudonym *unit)
{
    *unit = (struct es_pseudonym){{0}};
    if (event->unit == type) {
        if (type != ES_UNIT_EXAM) *unit = event->unit_id;
        return ES_PART_WHOLE;
    }
    if (type == ES_UNIT_EXAM) return ES_PART_FINER;
    const bool finer = es_unit_finer(event->unit, type);
    return finer && part_of(bundle, exam, type, event, unit) ? ES_PART_FINER : ES_PART_NONE;
}

bool es_unit_finer(enum es_unit_type finer, enum es_unit_type coarser)
{
    switch (coarser) {
    case ES_UNIT_EXAM: return finer != ES_UNIT_EXAM;
    case ES_UNIT_SERIES: return finer == ES_UNIT_IMAGE;
    case ES_UNIT_SIDE: return finer == ES_UNIT_IMAGE || finer == ES_UNIT_SERIES;
    default: return false;
    }
}

/* ---- references of finer units ---- */

static bool held(const struct es_pseudonym *units, size_t n, const struct es_pseudonym *unit)
{
    for (size_t i = 0; i < n; i++)
        if (same(&units[i], unit)) return true;
    return false;
}

bool es_unit_complete(const struct es_bundle *bundle, uint32_t exam, enum es_unit_type type, const struct es_pseudonym *whole,
                      enum es_unit_type finer, const struct es_pseudonym *told, size_t n_told, struct es_pseudonym *room)
{
    size_t expected = 0;
    if (finer == ES_UNIT_LESION) return false; /* nobody says how many there are */
    const size_t n = es_units_seen(bundle, exam, finer, room);
    for (size_t i = 0; i < n; i++) {
        const struct es_event of = {.unit = finer, .unit_id = room[i]};
        struct es_pseudonym unit;
        if (type != ES_UNIT_EXAM && (es_unit_part(bundle, exam, type, &of, &unit) != ES_PART_FINER || !same(&unit, whole))) continue;
        expected++;
        if (!held(told, n_told, &room[i])) return false;
    }
    if (expected > 0) return true;
    const struct es_pseudonym left = es_side_unit('L'), right = es_side_unit('R');
    return finer == ES_UNIT_SIDE && held(told, n_told, &left) && held(told, n_told, &right);
}
