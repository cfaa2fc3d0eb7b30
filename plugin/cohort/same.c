/* SPDX-License-Identifier: Apache-2.0 */
/* Two cohorts compared as multisets of rows: each row's content is hashed, the hashes are added, so no order can matter.
 * Adding 128 bits of well-mixed hashes tells multisets apart but for chance (Clarke et al. 2003, doi:10.1007/978-3-540-40061-5_12). */
#include <stdio.h>
#include <string.h>

#include "plugin/cohort/internal.h"

struct digest {
    uint64_t count, low, high;
};

struct mixer {
    uint64_t low, high;
};

static uint64_t spread(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static void mix(struct mixer *mixer, uint64_t value)
{
    mixer->low = spread(mixer->low ^ value) + UINT64_C(0x9e3779b97f4a7c15);
    mixer->high = spread(mixer->high + value) ^ UINT64_C(0xd1b54a32d192ed03);
}

static void mix_bytes(struct mixer *mixer, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    mix(mixer, len);
    for (; len > 0;) {
        uint64_t word = 0;
        const size_t take = len < sizeof word ? len : sizeof word;
        memcpy(&word, at, take);
        mix(mixer, word);
        at += take;
        len -= take;
    }
}

static void add(struct digest *digest, const struct mixer *mixer)
{
    digest->count++;
    digest->low += mixer->low;
    digest->high += mixer->high;
}

/* crowded: of each attribute */
static struct mixer exam_hash(const struct es_cohort *cohort, uint32_t number, const bool crowded[ES_MAX_WANTED])
{
    const struct es_exam_row *exam = &cohort->exams[number];
    struct mixer mixer = {1, 2};
    mix(&mixer, exam->key);
    mix_bytes(&mixer, cohort->patients.keys[exam->patient].bytes, ES_PSEUDONYM_SIZE);
    mix(&mixer, (uint64_t)(int64_t)exam->day);
    mix(&mixer, exam->excluded);
    for (size_t i = 0; i < cohort->wanted.n; i++) {
        const char *text = es_value_at(&cohort->dictionaries[i], es_exam_codes(cohort, number)[i], crowded[i])->text;
        mix_bytes(&mixer, text, strlen(text));
    }
    return mixer;
}

static void exams_digest(const struct es_cohort *cohort, struct digest *out)
{
    bool crowded[ES_MAX_WANTED] = {false};
    for (size_t i = 0; i < cohort->wanted.n; i++) crowded[i] = es_cohort_crowded(cohort, i);
    for (uint32_t i = 0; i < cohort->n_exams; i++) {
        if (!cohort->exams[i].used) continue;
        const struct mixer mixer = exam_hash(cohort, i, crowded);
        add(out, &mixer);
    }
}

static void slot_digest(const struct es_cohort *cohort, const struct es_slot *slot, struct digest *out)
{
    for (uint32_t i = 0; i < slot->count; i++) {
        const struct es_case_row *row = &slot->rows[i];
        if (row->exam == ES_NO_ROW) continue;
        struct mixer mixer = {3, 4};
        uint64_t bits[2];
        mix(&mixer, cohort->exams[row->exam].key);
        mix(&mixer, es_unit_of(slot, i));
        mix_bytes(&mixer, (const char *)row + offsetof(struct es_case_row, score),
                  offsetof(struct es_case_row, setting) - offsetof(struct es_case_row, score));
        bits[0] = (uint64_t)row->result | (uint64_t)row->result_pairing << 8 | (uint64_t)row->reference_pairing << 16 |
                  (uint64_t)row->decision << 24 | (uint64_t)row->label << 32 | (uint64_t)row->eligible << 40 |
                  (uint64_t)row->saw_ai << 48;
        bits[1] = (uint64_t)row->has_reference | (uint64_t)row->evaluable << 1 | (uint64_t)row->sources_disagree << 2 |
                  (uint64_t)row->mismatch << 3 | (uint64_t)row->has_score << 4 |
                  (uint64_t)row->excluded << 5 | (uint64_t)row->compared << 6 | (uint64_t)row->decision_changed << 9;
        mix_bytes(&mixer, bits, sizeof bits);
        if (slot->measured && slot->measures[i])
            mix_bytes(&mixer, (const char *)slot->measures[i], es_case_measures_size(slot->measures[i]));
        mix_bytes(&mixer, &cohort->by_number[row->setting]->key, sizeof cohort->by_number[row->setting]->key);
        add(out, &mixer);
    }
}

static bool same(const struct digest *a, const struct digest *b, const char *what, char *difference, size_t size)
{
    if (a->count != b->count) {
        snprintf(difference, size, "%s: %llu rows against %llu", what, (unsigned long long)a->count, (unsigned long long)b->count);
        return false;
    }
    if (a->low != b->low || a->high != b->high) {
        snprintf(difference, size, "%s: %llu rows each, with other contents", what, (unsigned long long)a->count);
        return false;
    }
    return true;
}

bool es_cohort_same(const struct es_cohort *a, const struct es_cohort *b, char *difference, size_t size)
{
    static const char *const troubles[7] = {"results_without_exam", "references_without_exam", "ambiguous", "retracted", "revised",
                                            "unknown_model", "unknown_finding"};
    struct digest left = {0}, right = {0};
    if (a->n_slots != b->n_slots || a->wanted.n != b->wanted.n) {
        snprintf(difference, size, "made under other configurations");
        return false;
    }
    exams_digest(a, &left);
    exams_digest(b, &right);
    if (!same(&left, &right, "exams", difference, size)) return false;
    for (uint32_t i = 0; i < a->n_slots; i++) {
        char what[64];
        left = right = (struct digest){0};
        slot_digest(a, &a->slots[i], &left);
        slot_digest(b, &b->slots[i], &right);
        snprintf(what, sizeof what, "model %u finding %u", a->slots[i].model, a->slots[i].finding);
        if (!same(&left, &right, what, difference, size)) return false;
    }
    for (int i = 0; i < ES_TROUBLES; i++)
        if (a->trouble[i] != b->trouble[i]) {
            snprintf(difference, size, "%s: %llu against %llu", i < 7 ? troubles[i] : "reasons of orphans", (unsigned long long)a->trouble[i],
                     (unsigned long long)b->trouble[i]);
            return false;
        }
    if (size) difference[0] = '\0';
    return true;
}
