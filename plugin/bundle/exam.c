/* SPDX-License-Identifier: Apache-2.0 */
/* Exams of a bundle: their day, patient, exclusion, merged attributes, and which models they are meant for. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/bundle/internal.h"

struct es_pseudonym es_patient_key(const struct es_pseudonym *patient, const struct es_pseudonym *issuer)
{
    struct es_pseudonym key;
    uint64_t a[2], b[2];
    memcpy(a, patient->bytes + 1, sizeof a); /* byte 0 is the epoch of the key */
    memcpy(b, issuer->bytes + 1, sizeof b);
    a[0] ^= b[0];
    a[1] ^= b[1];
    key.bytes[0] = patient->bytes[0];
    memcpy(key.bytes + 1, a, sizeof a);
    return key;
}

/* Put in by its bytes, unless it is there. */
static void want(struct es_wanted *out, const char *keyword, bool linked)
{
    size_t at = out->n;
    int order = 1;
    while (at > 0 && (order = strcmp(keyword, out->keyword[at - 1])) < 0) at--;
    if (at > 0 && order == 0) {
        out->linked[at - 1] |= linked;
        return;
    }
    if (out->n == ES_MAX_WANTED) return;
    memmove(&out->keyword[at + 1], &out->keyword[at], (out->n - at) * sizeof out->keyword[0]);
    memmove(&out->linked[at + 1], &out->linked[at], (out->n - at) * sizeof out->linked[0]);
    out->keyword[at] = keyword;
    out->linked[at] = linked;
    out->n++;
}

void es_bundle_wanted(const struct es_config *config, struct es_wanted *out)
{
    *out = (struct es_wanted){0};
    for (size_t i = 0; i < config->n_axes; i++)
        want(out, config->axes[i].linked[0] ? config->axes[i].linked : config->axes[i].attribute, config->axes[i].linked[0] != '\0');
    for (size_t i = 0; i < config->n_models; i++) {
        const struct es_eligibility *rule = &config->models[i].eligible;
        if (rule->n_modality) want(out, "Modality", false);
        if (rule->n_body_part) want(out, "BodyPartExamined", false);
        if (rule->n_view) want(out, "ViewPosition", false);
        if (rule->min_age >= 0 || rule->max_age >= 0) want(out, "PatientAge", false);
    }
}

static const struct es_event_attribute *attribute_of(const struct es_event *event, const char *keyword)
{
    for (size_t i = 0; i < event->n_attributes; i++)
        if (strcmp(event->attributes[i].keyword, keyword) == 0) return &event->attributes[i];
    return NULL;
}

/* How much a state tells. Equal ranks with values that differ are a conflict; a greater rank wins. */
static int telling(enum es_attribute_state state)
{
    switch (state) {
    case ES_ATTRIBUTE_ABSENT: return 0;
    case ES_ATTRIBUTE_BLANK: return 1;
    case ES_ATTRIBUTE_INVALID: return 2;
    case ES_ATTRIBUTE_NOT_STATED: return 3;
    default: return 4; /* UNMAPPED, PRESENT, CONFLICT */
    }
}

/* Commutative and associative, so that no order of images can matter. */
static void merge(struct es_event_attribute *into, const struct es_event_attribute *from)
{
    const int left = telling(into->state), right = telling(from->state);
    if (right < left) return;
    if (right > left) {
        *into = *from;
        return;
    }
    if (left < 4) return;
    if (into->state == from->state && strcmp(into->value, from->value) == 0 &&
        es_pseudonym_order(&into->unmapped, &from->unmapped) == 0)
        return;
    into->state = ES_ATTRIBUTE_CONFLICT;
    into->value[0] = '\0';
    memset(&into->unmapped, 0, sizeof into->unmapped);
}

static bool usable(const struct es_event *event, const struct es_derived_exam *exam, bool image_seen)
{
    if (exam->excluded == ES_EXCLUDED_NOT && event->excluded != ES_EXCLUDED_NOT) return false;
    return !image_seen || event->attribute_source != ES_SOURCE_RESULT_OBJECT;
}

static bool image_seen(const struct es_bundle *bundle, const struct es_exam_range *range)
{
    for (size_t i = 0; i < range->count; i++)
        if (bundle->exam_events[range->first + i]->attribute_source != ES_SOURCE_RESULT_OBJECT) return true;
    return false;
}

/* Latest valid_from on or before the exam day; ties by identity. */
static void apply_linked(const struct es_bundle *bundle, const struct es_derived_exam *exam, struct es_event_attribute *out)
{
    const struct es_event *best = NULL;
    const struct es_event_attribute *found = NULL;
    if (!es_pseudonym_set(&exam->patient)) return;
    for (size_t i = 0; i < bundle->n_linked; i++) {
        const struct es_event *event = bundle->linked[i];
        const struct es_event_attribute *attribute = attribute_of(event, out->keyword);
        const struct es_pseudonym patient = es_patient_key(&event->patient, &event->patient_issuer);
        if (!attribute || attribute->state == ES_ATTRIBUTE_ABSENT || event->valid_from > exam->day ||
            es_pseudonym_order(&patient, &exam->patient) != 0)
            continue;
        if (best && (event->valid_from < best->valid_from ||
                     (event->valid_from == best->valid_from && memcmp(event->identity, best->identity, ES_IDENTITY_SIZE) <= 0)))
            continue;
        best = event;
        found = attribute;
    }
    if (found) *out = *found;
}

static enum es_errc merge_attributes(struct es_bundle *bundle, const struct es_wanted *wanted, size_t number)
{
    struct es_derived_exam *exam = &bundle->out->exams[number];
    const struct es_exam_range *range = &bundle->ranges[number];
    const bool seen = image_seen(bundle, range);
    if (wanted->n == 0) return ES_OK;
    exam->attributes = es_arena_take(bundle->keep, wanted->n, sizeof *exam->attributes);
    if (!exam->attributes) return es_fail(bundle->err, ES_E_MEMORY, "bundle: out of memory");
    exam->n_attributes = wanted->n;
    for (size_t i = 0; i < wanted->n; i++) {
        struct es_event_attribute *out = &exam->attributes[i];
        memcpy(out->keyword, wanted->keyword[i], strlen(wanted->keyword[i]) + 1);
        if (wanted->linked[i]) {
            apply_linked(bundle, exam, out);
            continue;
        }
        for (size_t k = 0; k < range->count; k++) {
            const struct es_event *event = bundle->exam_events[range->first + k];
            const struct es_event_attribute *attribute = attribute_of(event, out->keyword);
            if (attribute && usable(event, exam, seen)) merge(out, attribute);
        }
    }
    return ES_OK;
}

/* An exam is excluded when every image is. The first reason in enum order. */
static enum es_exclusion exclusion_of(const struct es_bundle *bundle, const struct es_exam_range *range)
{
    enum es_exclusion first = ES_EXCLUSIONS;
    for (size_t i = 0; i < range->count; i++) {
        const enum es_exclusion own = bundle->exam_events[range->first + i]->excluded;
        if (own == ES_EXCLUDED_NOT) return ES_EXCLUDED_NOT;
        if (own < first) first = own;
    }
    return first == ES_EXCLUSIONS ? ES_EXCLUDED_NOT : first;
}

static void describe(struct es_bundle *bundle, size_t number)
{
    struct es_derived_exam *exam = &bundle->out->exams[number];
    const struct es_exam_range *range = &bundle->ranges[number];
    exam->day = ES_NO_DAY;
    exam->excluded = exclusion_of(bundle, range);
    for (size_t i = 0; i < range->count; i++) {
        const struct es_event *event = bundle->exam_events[range->first + i];
        if (event->study_day != ES_NO_DAY && (exam->day == ES_NO_DAY || event->study_day < exam->day)) exam->day = event->study_day;
        /* Two patients of one study: the smaller pseudonym, whichever image came first. */
        const struct es_pseudonym patient = es_patient_key(&event->patient, &event->patient_issuer);
        if (es_pseudonym_set(&event->patient) &&
            (!es_pseudonym_set(&exam->patient) || es_pseudonym_order(&patient, &exam->patient) < 0))
            exam->patient = patient;
    }
}

struct keyed {
    const struct es_event *event;
    struct es_pseudonym study;
};
static int by_study(const void *left, const void *right)
{
    const struct keyed *a = left, *b = right;
    const int order = es_pseudonym_order(&a->study, &b->study);
    return order ? order : memcmp(a->event->identity, b->event->identity, ES_IDENTITY_SIZE);
}

enum es_errc es_bundle_exams(struct es_bundle *bundle)
{
    const size_t n = bundle->n_exam_events;
    struct es_wanted wanted;
    if (n == 0) return ES_OK;
    struct keyed *keyed = es_arena_take(&bundle->arena, n, sizeof *keyed);
    bundle->ranges = es_arena_take(&bundle->arena, n, sizeof *bundle->ranges);
    bundle->out->exams = es_arena_take(bundle->keep, n, sizeof *bundle->out->exams);
    if (!keyed || !bundle->ranges || !bundle->out->exams) return es_fail(bundle->err, ES_E_MEMORY, "bundle: out of memory");
    for (size_t i = 0; i < n; i++)
        keyed[i] = (struct keyed){bundle->exam_events[i], es_bundle_study(bundle, &bundle->exam_events[i]->study)};
    es_bundle_sort(keyed, n, sizeof *keyed, by_study);
    for (size_t i = 0; i < n; i++) {
        bundle->exam_events[i] = keyed[i].event;
        if (i == 0 || es_pseudonym_order(&keyed[i].study, &keyed[i - 1].study) != 0) {
            bundle->ranges[bundle->out->n_exams].first = i;
            bundle->out->exams[bundle->out->n_exams++].study = keyed[i].study;
        }
        bundle->ranges[bundle->out->n_exams - 1].count++;
    }
    es_bundle_wanted(bundle->config, &wanted);
    for (size_t i = 0; i < bundle->out->n_exams; i++) {
        describe(bundle, i);
        const enum es_errc code = merge_attributes(bundle, &wanted, i);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

/* ---- eligibility ---- */

static bool listed(const char *value, const char *entries, size_t stride, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(value, entries + i * stride) == 0) return true;
    return false;
}

/* Any image with a listed value is enough; "no" needs every image to say another. */
static enum es_eligible by_list(const struct es_bundle *bundle, uint32_t exam, enum es_unit_type type, const struct es_pseudonym *unit,
                                const char *keyword, const char *entries, size_t stride, size_t n)
{
    const struct es_exam_range *range = &bundle->ranges[exam];
    const bool seen = image_seen(bundle, range);
    bool told = false, untold = false;
    if (n == 0) return ES_ELIGIBLE_YES;
    for (size_t i = 0; i < range->count; i++) {
        const struct es_event *event = bundle->exam_events[range->first + i];
        if (!usable(event, &bundle->out->exams[exam], seen) || !es_unit_has(type, unit, event)) continue;
        const struct es_event_attribute *attribute = attribute_of(event, keyword);
        if (attribute && attribute->state == ES_ATTRIBUTE_PRESENT) {
            if (listed(attribute->value, entries, stride, n)) return ES_ELIGIBLE_YES;
            told = true;
        } else {
            untold = true;
        }
    }
    return told && !untold ? ES_ELIGIBLE_NO : ES_ELIGIBLE_UNKNOWN;
}

/* Whole years of a kept age: "84", or days under two years as "540d". -1 when it is neither. */
static int32_t age_years(const char *value)
{
    int32_t number = 0;
    size_t i = 0;
    for (; i < 4 && isdigit((unsigned char)value[i]); i++) number = number * 10 + (value[i] - '0');
    if (i == 0) return -1;
    if (value[i] == 'd' && value[i + 1] == '\0') return number / 365;
    return value[i] == '\0' ? number : -1;
}

/* Ages over 89 are kept as 90 (DESIGN 5): a limit beyond 90 cannot be told for them. */
static enum es_eligible by_age(const struct es_derived_exam *exam, int32_t min_age, int32_t max_age)
{
    int32_t age = -1;
    if (min_age < 0 && max_age < 0) return ES_ELIGIBLE_YES;
    for (size_t i = 0; i < exam->n_attributes; i++)
        if (strcmp(exam->attributes[i].keyword, "PatientAge") == 0 && exam->attributes[i].state == ES_ATTRIBUTE_PRESENT)
            age = age_years(exam->attributes[i].value);
    if (age < 0) return ES_ELIGIBLE_UNKNOWN;
    if (age >= 90 && (min_age > 90 || max_age >= 90))
        return min_age > 90 || max_age < 120 ? ES_ELIGIBLE_UNKNOWN : ES_ELIGIBLE_YES;
    return (min_age < 0 || age >= min_age) && (max_age < 0 || age <= max_age) ? ES_ELIGIBLE_YES : ES_ELIGIBLE_NO;
}

enum es_eligible es_bundle_eligible(const struct es_bundle *bundle, uint32_t exam, enum es_unit_type type, const struct es_pseudonym *unit,
                                    const struct es_eligibility *rule)
{
    const enum es_eligible answers[] = {
        by_list(bundle, exam, type, unit, "Modality", rule->modality[0], sizeof rule->modality[0], rule->n_modality),
        by_list(bundle, exam, type, unit, "BodyPartExamined", rule->body_part[0], sizeof rule->body_part[0], rule->n_body_part),
        by_list(bundle, exam, type, unit, "ViewPosition", rule->view[0], sizeof rule->view[0], rule->n_view),
        by_age(&bundle->out->exams[exam], rule->min_age, rule->max_age)};
    enum es_eligible worst = ES_ELIGIBLE_YES;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (answers[i] < worst) worst = answers[i];
    return worst;
}
