/* SPDX-License-Identifier: Apache-2.0 */
/* Rows of the cohort: taken in and replaced bundle by bundle. */
#include "plugin/cohort/cohort.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/cohort/internal.h"

enum es_errc es_cohort_new(struct es_cohort **out, const struct es_config *config, struct es_error *err)
{
    struct es_cohort *cohort = calloc(1, sizeof *cohort);
    size_t slots = 0;
    *out = NULL;
    for (size_t i = 0; i < config->n_models; i++) slots += config->models[i].n_findings;
    if (cohort) {
        cohort->order = calloc(1, sizeof *cohort->order);
        cohort->slots = calloc(slots ? slots : 1, sizeof *cohort->slots);
    }
    if (!cohort || !cohort->order || !cohort->slots) {
        es_cohort_free(cohort);
        return es_fail(err, ES_E_MEMORY, "cohort: out of memory");
    }
    cohort->config = config;
    cohort->free_exam = ES_NO_ROW;
    es_bundle_wanted(config, &cohort->wanted);
    for (size_t i = 0; i < config->n_models; i++) {
        cohort->slot_of_model[i] = cohort->n_slots;
        for (size_t k = 0; k < config->models[i].n_findings; k++)
            cohort->slots[cohort->n_slots++] =
                (struct es_slot){.model = (uint16_t)i, .finding = (uint16_t)k, .free = ES_NO_ROW, .dirty = true,
                                  .measured = es_task_measures(config->models[i].findings[k].task) != ES_MEASURES_NONE,
                                  .divided = config->models[i].findings[k].unit != ES_UNIT_EXAM};
    }
    *out = cohort;
    return ES_OK;
}

void es_cohort_free(struct es_cohort *cohort)
{
    if (!cohort) return;
    for (size_t i = 0; i < ES_MAX_WANTED; i++) es_dictionary_free(&cohort->dictionaries[i]);
    for (uint32_t i = 0; i < cohort->n_slots; i++) {
        struct es_slot *slot = &cohort->slots[i];
        for (uint32_t row = 0; slot->measures && row < slot->count; row++) free(slot->measures[row]);
        free(slot->measures);
        ES_PAGES_FREE(slot->units, slot->units_room);
        ES_PAGES_FREE(slot->rows, slot->room);
    }
    HASH_CLEAR(hh, cohort->settings);
    for (uint32_t i = 0; i < cohort->n_settings; i++) free(cohort->by_number[i]);
    struct es_trouble *trouble, *next;
    HASH_ITER(hh, cohort->troubles, trouble, next)
    {
        HASH_DEL(cohort->troubles, trouble);
        free(trouble);
    }
    es_index_clear(&cohort->patients);
    if (cohort->order) free(cohort->order->exams);
    free(cohort->order);
    free(cohort->scratch);
    free(cohort->by_number);
    ES_PAGES_FREE(cohort->exams, cohort->exams_room);
    es_pages_free(cohort->codes, cohort->codes_room, cohort->wanted.n * sizeof *cohort->codes);
    es_pages_free(cohort->first, cohort->first_room, cohort->n_slots * sizeof *cohort->first);
    free(cohort->slots);
    ES_PAGES_FREE(cohort->bundles, cohort->bundles_room);
    free(cohort);
}

/* A bundle's rows in the cohort's form, made before anything is changed. */
struct incoming {
    struct es_exam_row *exams;
    uint16_t *codes;
    struct es_case_row *cases;
    uint64_t *units;                    /* [n_cases]: of the unit's pseudonym; 0: the exam */
    struct es_case_measures **measures; /* [n_cases], owned until they are put */
    size_t n_cases;
    uint32_t *slots;  /* [n_cases] */
    uint32_t *places; /* [n_exams]: row that an exam has or gets */
};

/* What of a bundle's measures was not put into the cohort. */
static void free_incoming(struct incoming *in)
{
    for (size_t i = 0; i < in->n_cases; i++) free(in->measures[i]);
}

/* A piece of the scratch, aligned for anything. */
static void *piece(char **at, size_t bytes)
{
    void *out = *at;
    *at += (bytes + 15) & ~(size_t)15;
    return out;
}

/* Room for a bundle's rows; kept for the next bundle. */
static bool room_for(struct es_cohort *cohort, const struct es_derived *derived, struct incoming *in)
{
    const size_t exams = derived->n_exams, cases = derived->n_cases, codes = cohort->wanted.n * sizeof *in->codes;
    size_t bytes, more;
    if (__builtin_mul_overflow(exams, sizeof *in->exams + codes + sizeof *in->places, &bytes) ||
        __builtin_mul_overflow(cases, sizeof *in->cases + sizeof *in->slots + sizeof *in->units + sizeof *in->measures, &more) ||
        __builtin_add_overflow(bytes, more, &bytes) ||
        __builtin_add_overflow(bytes, (size_t)(7 * 16), &bytes))
        return false;
    if (bytes > cohort->scratch_size) {
        void *grown = realloc(cohort->scratch, bytes);
        if (!grown) return false;
        cohort->scratch = grown;
        cohort->scratch_size = bytes;
    }
    char *at = cohort->scratch;
    in->exams = piece(&at, exams * sizeof *in->exams);
    in->codes = piece(&at, exams * codes);
    in->places = piece(&at, exams * sizeof *in->places);
    in->cases = piece(&at, cases * sizeof *in->cases);
    in->slots = piece(&at, cases * sizeof *in->slots);
    in->units = piece(&at, cases * sizeof *in->units);
    in->measures = piece(&at, cases * sizeof *in->measures);
    in->n_cases = derived->n_cases;
    for (size_t i = 0; i < cases; i++) in->measures[i] = NULL;
    return true;
}

static const struct es_pseudonym *patient_of(const struct es_derived_exam *exam)
{
    return es_pseudonym_set(&exam->patient) ? &exam->patient : &exam->study;
}

void es_cohort_prefetch(const struct es_cohort *cohort, const struct es_derived *derived, bool deep)
{
    for (size_t i = 0; i < derived->n_exams; i++) (void)es_index_prefetch(&cohort->patients, es_index_hash(patient_of(&derived->exams[i])), deep);
}

static bool take_exam(struct es_cohort *cohort, const struct es_derived_exam *exam, struct es_exam_row *out, uint16_t *codes)
{
    static const struct es_event_attribute absent = {.state = ES_ATTRIBUTE_ABSENT};
    *out = (struct es_exam_row){.key = es_short_key(&exam->study), .day = exam->day, .excluded = (uint8_t)exam->excluded, .used = 1};
    if (!es_index_add(&cohort->patients, patient_of(exam), &out->patient, NULL))
        return false;
    size_t at = 0; /* both lists are sorted by keyword */
    for (size_t i = 0; i < cohort->wanted.n; i++) {
        while (at < exam->n_attributes && strcmp(exam->attributes[at].keyword, cohort->wanted.keyword[i]) < 0) at++;
        const bool there = at < exam->n_attributes && strcmp(exam->attributes[at].keyword, cohort->wanted.keyword[i]) == 0;
        if (!es_value_code(&cohort->dictionaries[i], there ? &exam->attributes[at] : &absent, &codes[i])) return false;
    }
    return true;
}

static bool take_case(struct es_cohort *cohort, const struct es_derived_case *row, struct es_case_row *out)
{
    memset(out, 0, sizeof *out);
    out->score = row->has_score ? row->score : (double)NAN;
    out->produced = row->produced;
    out->established = row->established;
    out->result = (unsigned)row->result & 7u;
    out->result_pairing = (unsigned)row->result_pairing & 7u;
    out->reference_pairing = (unsigned)row->reference_pairing & 7u;
    out->decision = row->decision & 3u;
    out->label = row->label & 3u;
    out->eligible = (unsigned)row->eligible & 3u;
    out->saw_ai = (unsigned)row->saw_ai & 3u;
    out->has_reference = row->has_reference;
    out->evaluable = row->evaluable;
    out->sources_disagree = row->sources_disagree;
    out->mismatch = row->mismatch;
    out->decision_changed = row->decision_changed;
    out->has_score = row->has_score;
    out->excluded = row->excluded;
    out->compared = (unsigned)row->compared & 7u;
    return es_setting_number(cohort, row, &out->setting);
}

static bool copy_measures(const struct es_case_measures *from, struct es_case_measures **out)
{
    const size_t size = es_case_measures_size(from);
    *out = malloc(size);
    if (*out) memcpy(*out, from, size);
    return *out != NULL;
}

static bool take_bundle(struct es_cohort *cohort, const struct es_derived *derived, struct incoming *in)
{
    if (!room_for(cohort, derived, in)) return false;
    for (size_t i = 0; i < derived->n_exams; i++)
        if (!take_exam(cohort, &derived->exams[i], &in->exams[i], in->codes + i * cohort->wanted.n)) return false;
    for (size_t i = 0; i < derived->n_cases; i++) {
        if (!take_case(cohort, &derived->cases[i], &in->cases[i])) return false;
        in->units[i] = es_pseudonym_set(&derived->cases[i].unit) ? es_short_key(&derived->cases[i].unit) : 0;
        in->slots[i] = cohort->slot_of_model[derived->cases[i].model] + derived->cases[i].finding;
        if (derived->cases[i].measures && !copy_measures(derived->cases[i].measures, &in->measures[i])) return false;
    }
    return true;
}

static bool reserve(struct es_cohort *cohort, uint32_t bundle, const struct es_derived *derived, const struct incoming *in)
{
    const uint64_t exams = (uint64_t)cohort->n_exams + derived->n_exams;
    if (!ES_PAGES_GROW(cohort->bundles, cohort->bundles_room, (uint64_t)bundle + 1)) return false;
    while (cohort->n_bundles <= bundle) cohort->bundles[cohort->n_bundles++] = ES_NO_ROW; /* room beyond is not touched, so takes no memory */
    if (!es_pages_grow((void **)&cohort->codes, &cohort->codes_room, exams, cohort->wanted.n * sizeof *cohort->codes)) return false;
    if (!es_pages_grow((void **)&cohort->first, &cohort->first_room, exams, cohort->n_slots * sizeof *cohort->first)) return false;
    if (!ES_PAGES_GROW(cohort->exams, cohort->exams_room, exams)) return false;
    for (size_t i = 0, end; i < derived->n_cases; i = end) {
        struct es_slot *slot = &cohort->slots[in->slots[i]];
        for (end = i + 1; end < derived->n_cases && in->slots[end] == in->slots[i];) end++;
        /* Other exams of the bundle may add to the same slot: room for all of the bundle's cases is enough. */
        if (!ES_PAGES_GROW(slot->rows, slot->room, (uint64_t)slot->count + derived->n_cases)) return false;
        if (slot->divided && !ES_PAGES_GROW(slot->units, slot->units_room, (uint64_t)slot->count + derived->n_cases)) return false;
        const uint32_t before_measures = slot->measures_room;
        if (slot->measured && !ES_GROW(slot->measures, slot->measures_room, (uint64_t)slot->count + derived->n_cases)) return false;
        for (uint32_t at = before_measures; at < slot->measures_room; at++) slot->measures[at] = NULL;
    }
    return true;
}

static void drop_chain(struct es_cohort *cohort, uint32_t exam, uint32_t number)
{
    struct es_slot *slot = &cohort->slots[number];
    uint32_t *first = &cohort->first[(size_t)exam * cohort->n_slots + number];
    for (uint32_t row = *first, next; row != ES_NO_ROW; row = next) {
        next = slot->rows[row].next;
        slot->rows[row].exam = ES_NO_ROW;
        if (slot->measured) {
            free(slot->measures[row]);
            slot->measures[row] = NULL;
        }
        slot->rows[row].next = slot->free;
        slot->free = row;
        slot->used--;
        slot->dirty = true;
    }
    *first = ES_NO_ROW;
}

static void drop_exam(struct es_cohort *cohort, uint32_t exam)
{
    for (uint32_t slot = 0; slot < cohort->n_slots; slot++) drop_chain(cohort, exam, slot);
    cohort->exams[exam] = (struct es_exam_row){.next = cohort->free_exam};
    cohort->free_exam = exam;
    cohort->used_exams--;
    cohort->order->stale = true;
}

static uint32_t new_exam(struct es_cohort *cohort)
{
    uint32_t exam = cohort->free_exam;
    if (exam != ES_NO_ROW) cohort->free_exam = cohort->exams[exam].next;
    else exam = cohort->n_exams++;
    for (uint32_t slot = 0; slot < cohort->n_slots; slot++) cohort->first[(size_t)exam * cohort->n_slots + slot] = ES_NO_ROW;
    cohort->exams[exam] = (struct es_exam_row){0};
    cohort->used_exams++;
    cohort->order->stale = true;
    return exam;
}

/* Exams of the bundle that stay keep their row; the others go. */
static void place_exams(struct es_cohort *cohort, uint32_t bundle, const struct es_derived *derived, struct incoming *in)
{
    for (size_t i = 0; i < derived->n_exams; i++) in->places[i] = ES_NO_ROW;
    for (uint32_t row = cohort->bundles[bundle], next; row != ES_NO_ROW; row = next) {
        size_t low = 0;
        next = cohort->exams[row].next;
        while (low < derived->n_exams && (in->exams[low].key != cohort->exams[row].key || in->places[low] != ES_NO_ROW)) low++;
        if (low < derived->n_exams) in->places[low] = row;
        else drop_exam(cohort, row);
    }
    cohort->bundles[bundle] = ES_NO_ROW;
    for (size_t i = derived->n_exams; i-- > 0;) {
        if (in->places[i] == ES_NO_ROW) in->places[i] = new_exam(cohort);
        struct es_exam_row *row = &cohort->exams[in->places[i]];
        uint16_t *codes = cohort->codes + (size_t)in->places[i] * cohort->wanted.n;
        const uint16_t *fresh = in->codes + i * cohort->wanted.n;
        const size_t bytes = cohort->wanted.n * sizeof *codes;
        if (row->patient != in->exams[i].patient || row->day != in->exams[i].day) cohort->order->stale = true;
        if (!row->used || row->patient != in->exams[i].patient || row->day != in->exams[i].day ||
            row->excluded != in->exams[i].excluded || (bytes && memcmp(codes, fresh, bytes) != 0))
            for (uint32_t slot = 0; slot < cohort->n_slots; slot++) cohort->slots[slot].dirty = true;
        *row = in->exams[i];
        if (bytes) memcpy(codes, fresh, bytes);
        row->next = cohort->bundles[bundle];
        cohort->bundles[bundle] = in->places[i];
    }
}

#define CASE_HEAD offsetof(struct es_case_row, score) /* exam and next are ours, the rest is compared */

static bool same_measures(const struct es_case_measures *a, const struct es_case_measures *b)
{
    if (!a || !b) return a == b;
    return a->n_marks == b->n_marks && memcmp(a, b, es_case_measures_size(a)) == 0;
}

/* Are cases [from, to) what the chain that begins at row holds? */
static bool same_chain(const struct es_slot *slot, uint32_t row, const struct incoming *in, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        if (row == ES_NO_ROW || memcmp((const char *)&slot->rows[row] + CASE_HEAD, (const char *)&in->cases[i] + CASE_HEAD,
                                       sizeof in->cases[i] - CASE_HEAD) != 0)
            return false;
        if (es_unit_of(slot, row) != in->units[i] || (slot->measured && !same_measures(slot->measures[row], in->measures[i]))) return false;
        row = slot->rows[row].next;
    }
    return row == ES_NO_ROW;
}

/* Cases [from, to) in place of what the exam has in the slot. */
static void put_chain(struct es_cohort *cohort, uint32_t exam, uint32_t number, const struct incoming *in, size_t from, size_t to)
{
    struct es_slot *slot = &cohort->slots[number];
    uint32_t *first = &cohort->first[(size_t)exam * cohort->n_slots + number];
    if (same_chain(slot, *first, in, from, to)) return;
    drop_chain(cohort, exam, number);
    slot->dirty = true;
    for (size_t i = to; i-- > from;) {
        uint32_t row = slot->free;
        if (row != ES_NO_ROW) slot->free = slot->rows[row].next;
        else row = slot->count++;
        slot->rows[row] = in->cases[i];
        slot->rows[row].exam = exam;
        if (slot->measured) {
            slot->measures[row] = in->measures[i];
            in->measures[i] = NULL;
        }
        if (slot->divided) slot->units[row] = in->units[i];
        slot->rows[row].next = *first;
        *first = row;
        slot->used++;
    }
}

enum es_errc es_cohort_replace(struct es_cohort *cohort, uint32_t bundle, const struct es_derived *derived, struct es_error *err)
{
    struct incoming in = {0};
    enum es_errc code = ES_OK;
    if (bundle >= ES_INDEX_MAX) return es_fail(err, ES_E_LIMIT, "cohort: more bundles than %u", ES_INDEX_MAX);
    if (!take_bundle(cohort, derived, &in) || !reserve(cohort, bundle, derived, &in))
        code = es_fail(err, ES_E_MEMORY, "cohort: out of memory");
    if (code == ES_OK) code = es_cohort_trouble(cohort, bundle, derived, err);
    if (code == ES_OK) {
        size_t at = 0;
        place_exams(cohort, bundle, derived, &in);
        for (uint32_t exam = 0; exam < derived->n_exams; exam++)
            for (uint32_t slot = 0; slot < cohort->n_slots; slot++) {
                const size_t from = at;
                while (at < derived->n_cases && derived->cases[at].exam == exam && in.slots[at] == slot) at++;
                put_chain(cohort, in.places[exam], slot, &in, from, at);
            }
    }
    free_incoming(&in);
    return code;
}

bool es_cohort_take_dirty(struct es_cohort *cohort, uint16_t model, uint16_t finding)
{
    struct es_slot *slot = &cohort->slots[cohort->slot_of_model[model] + finding];
    const bool dirty = slot->dirty;
    slot->dirty = false;
    return dirty;
}
