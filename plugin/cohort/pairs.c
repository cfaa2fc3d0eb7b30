/* SPDX-License-Identifier: Apache-2.0 */
/* Two versions of one model side by side, unit by unit (METRICS J9). */
#include <stdlib.h>
#include <string.h>

#include "plugin/cohort/internal.h"

/* What both versions said of one unit; NULL: nothing. */
struct pair {
    const struct es_case_row *row[2];
};

struct columns {
    uint32_t *patient;
    uint8_t *label, *decision[2], *ai_aware, *level[ES_MAX_AXES];
    const uint8_t **level_list;
    struct es_level_maps maps;
};

/* One block: rows are below 2^32, so nothing here can overflow 64 bits. Widest first, so that each column is aligned. */
static bool allocate(size_t axes, size_t rows, struct columns *out, void **memory)
{
    unsigned char *at = calloc(1, ES_MAX_AXES * sizeof(uint8_t *) + rows * (sizeof(uint32_t) + 4 + axes));
    if (!at) return false;
    *memory = at;
    out->level_list = (void *)at;
    at += ES_MAX_AXES * sizeof(uint8_t *);
    out->patient = (void *)at;
    at += rows * sizeof(uint32_t);
    uint8_t **const bytes[] = {&out->label, &out->decision[0], &out->decision[1], &out->ai_aware};
    for (size_t i = 0; i < 4; i++, at += rows) *bytes[i] = at;
    for (size_t i = 0; i < axes; i++, at += rows) out->level_list[i] = out->level[i] = at;
    return true;
}

/* 0 before, 1 after, -1 another version. */
static int side_of(const struct es_cohort *cohort, const struct es_case_row *row, const char *const versions[2])
{
    const char *version = cohort->by_number[row->setting]->key.version;
    for (int side = 0; side < 2; side++)
        if (strcmp(version, versions[side]) == 0) return side;
    return -1;
}

static bool decided(const struct es_case_row *row, enum es_stage stage)
{
    return row && row->decision != ES_NO_ANSWER && stage >= ES_STAGE_REFERENCED;
}

static void put(const struct es_cohort *cohort, const struct pair *pair, const bool has[2], bool referenced, const struct columns *columns,
                uint32_t at)
{
    const struct es_case_row *any = has[0] ? pair->row[0] : pair->row[1];
    columns->label[at] = referenced ? (uint8_t)any->label : (uint8_t)ES_NO_ANSWER;
    columns->ai_aware[at] = referenced && any->saw_ai != ES_SAW_NO;
    for (int side = 0; side < 2; side++)
        columns->decision[side][at] = has[side] ? (uint8_t)pair->row[side]->decision : (uint8_t)ES_NO_ANSWER;
    for (size_t i = 0; i < cohort->config->n_axes; i++) columns->level[i][at] = es_level_of(&columns->maps, cohort, any->exam, i);
}

/* Count the unit, and put its row when it has one. @return was a row put? */
static bool take(const struct es_cohort *cohort, const struct pair *pair, const struct es_clock *clock, const struct columns *columns,
                 uint32_t at, uint32_t *last_maturing, struct es_pairs *out)
{
    const struct es_case_row *any = pair->row[0] ? pair->row[0] : pair->row[1];
    const struct es_exam_row *exam = &cohort->exams[any->exam];
    enum es_stage stage[2] = {ES_STAGE_MISSING, ES_STAGE_MISSING};
    bool has[2];
    for (int side = 0; side < 2; side++) {
        if (pair->row[side]) stage[side] = es_case_stage(exam, pair->row[side], clock);
        has[side] = decided(pair->row[side], stage[side]);
    }
    /* The reference is the unit's, so both versions stand at the same stage behind the result. */
    const enum es_stage where = has[0] ? stage[0] : stage[1];
    if (has[0] && has[1] && where == ES_STAGE_MATURING) {
        out->maturing++;
        out->maturing_patients += exam->patient != *last_maturing;
        *last_maturing = exam->patient;
    }
    if (!(has[0] || has[1]) || where == ES_STAGE_MATURING) return false;
    put(cohort, pair, has, where == ES_STAGE_REFERENCED, columns, at);
    return true;
}

static void fill(const struct es_cohort *cohort, uint32_t number, const char *const versions[2], int32_t from, int32_t to,
                 const struct es_clock *clock, const struct columns *columns, struct es_pairs *out)
{
    const struct es_slot *slot = &cohort->slots[number];
    uint32_t last = ES_NO_ROW, last_maturing = ES_NO_ROW;
    for (uint32_t i = 0; i < cohort->order->count; i++) {
        const uint32_t number_of_exam = cohort->order->exams[i];
        const struct es_exam_row *exam = &cohort->exams[number_of_exam];
        if (!es_in_period(exam->day, from, to)) continue;
        /* A chain stands in the order of units, so the versions of one unit are neighbours. */
        for (uint32_t at = es_first_case(cohort, number_of_exam, number); at != ES_NO_ROW;) {
            const uint64_t unit = es_unit_of(slot, at);
            struct pair pair = {0};
            for (; at != ES_NO_ROW && es_unit_of(slot, at) == unit; at = slot->rows[at].next) {
                const int side = side_of(cohort, &slot->rows[at], versions);
                if (side >= 0) pair.row[side] = &slot->rows[at];
            }
            if (!(pair.row[0] || pair.row[1]) || !take(cohort, &pair, clock, columns, out->rows, &last_maturing, out)) continue;
            if (exam->patient != last) out->patients++;
            last = exam->patient;
            columns->patient[out->rows++] = out->patients - 1;
        }
    }
}

enum es_errc es_cohort_pairs(const struct es_cohort *cohort, uint16_t model, uint16_t finding, const char *const versions[2],
                             int32_t from, int32_t to, int64_t now, struct es_pairs *out, struct es_error *err)
{
    struct es_pairs pairs = {0};
    struct columns columns = {0};
    if (model >= cohort->config->n_models || finding >= cohort->config->models[model].n_findings)
        return es_fail(err, ES_E_ARG, "cohort: model %u finding %u is not configured", model, finding);
    const struct es_model_config *configured = &cohort->config->models[model];
    const uint32_t number = cohort->slot_of_model[model] + finding;
    const struct es_clock clock = {.now = now, .expect_within = configured->expect_within_us, .plan_day = ES_NO_DAY,
                                   .reference_within = configured->findings[finding].reference_within_us, .binary = true};
    enum es_errc code = es_cohort_order(cohort, err);
    if (code == ES_OK && !allocate(cohort->config->n_axes, cohort->slots[number].used, &columns, &pairs.memory))
        code = es_fail(err, ES_E_MEMORY, "cohort: out of memory");
    if (code == ES_OK) code = es_cohort_level_maps(cohort, pairs.levels, &columns.maps, err);
    if (code == ES_OK) {
        fill(cohort, number, versions, from, to, &clock, &columns, &pairs);
        pairs.axes = (uint8_t)cohort->config->n_axes;
        pairs.patient = columns.patient;
        pairs.level = columns.level_list;
        pairs.label = columns.label;
        pairs.decision[0] = columns.decision[0];
        pairs.decision[1] = columns.decision[1];
        pairs.ai_aware = columns.ai_aware;
    }
    es_level_maps_clear(&columns.maps);
    if (code != ES_OK) es_pairs_clear(&pairs);
    else *out = pairs;
    return code;
}

void es_pairs_clear(struct es_pairs *pairs)
{
    if (!pairs) return;
    for (size_t i = 0; i < ES_MAX_AXES; i++) es_levels_clear(&pairs->levels[i]);
    free(pairs->memory);
    memset(pairs, 0, sizeof *pairs);
}
