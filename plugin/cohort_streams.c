/* SPDX-License-Identifier: Apache-2.0 */
/* Epochs: stretches of one model version and finding with the same device, threshold and reference source. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/cohort_internal.h"

/* What was seen of one setting in a slot. */
struct seen {
    bool resulted, failed;
    int32_t begin, failed_begin; /* first exam day */
};

static void begin_at(int32_t *begin, bool any, int32_t day)
{
    if (!any || (day != ES_NO_DAY && (*begin == ES_NO_DAY || day < *begin))) *begin = day;
}

static bool is_ok(const struct es_case_row *row) { return row->result == ES_RESULT_OK; }

/* The threshold in force: what was sent, else what is configured. */
static double threshold_of(const struct es_cohort *cohort, const struct es_slot *slot, uint32_t setting)
{
    const double sent = cohort->by_number[setting]->threshold;
    return isnan(sent) ? cohort->config->models[slot->model].findings[slot->finding].threshold : sent;
}

static bool same_number(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static const char *source_of(const struct es_cohort *cohort, uint32_t setting)
{
    return setting == UINT32_MAX ? "" : cohort->by_number[setting]->key.source;
}

/* Same version, device and threshold: all but the reference source. */
static bool same_base(const struct es_cohort *cohort, const struct es_slot *slot, const struct es_epoch *epoch, uint32_t setting)
{
    if (epoch->setting == UINT32_MAX || !epoch->resulted) return false;
    const struct es_setting_key *a = &cohort->by_number[epoch->setting]->key, *b = &cohort->by_number[setting]->key;
    return strcmp(a->version, b->version) == 0 && memcmp(&a->device, &b->device, sizeof a->device) == 0 &&
           same_number(epoch->threshold, threshold_of(cohort, slot, setting));
}

static bool add_epoch(struct es_epochs *out, const struct es_epoch *epoch)
{
    if (out->count == out->room) {
        const uint32_t room = out->room ? out->room * 2 : 4;
        struct es_epoch *list = realloc(out->list, room * sizeof *list);
        if (!list || room < out->room) return false;
        out->list = list;
        out->room = room;
    }
    out->list[out->count] = *epoch;
    out->list[out->count].from = out->list[out->count].to = ES_NO_DAY;
    out->count++;
    return true;
}

static void gather(const struct es_cohort *cohort, const struct es_slot *slot, struct seen *seen)
{
    for (uint32_t i = 0; i < slot->count; i++) {
        const struct es_case_row *row = &slot->rows[i];
        if (row->exam == ES_NO_ROW || row->result == 0 || cohort->exams[row->exam].excluded != ES_EXCLUDED_NOT) continue;
        struct seen *of = &seen[row->setting];
        const int32_t day = cohort->exams[row->exam].day;
        if (is_ok(row)) {
            begin_at(&of->begin, of->resulted, day);
            of->resulted = true;
        } else {
            begin_at(&of->failed_begin, of->failed, day);
            of->failed = true;
        }
    }
}

/* Results: one epoch for each version, device, threshold and reference source that were seen together. */
static bool epochs_of_results(const struct es_cohort *cohort, const struct es_slot *slot, const struct seen *seen, bool with_source,
                              struct es_epochs *out)
{
    for (uint32_t i = 0; i < cohort->n_settings; i++) {
        if (!seen[i].resulted || (source_of(cohort, i)[0] != '\0') != with_source) continue;
        uint32_t found = 0;
        bool any = false;
        for (; found < out->count && !any; found++)
            if (same_base(cohort, slot, &out->list[found], i) &&
                (!with_source || strcmp(source_of(cohort, out->list[found].setting), source_of(cohort, i)) == 0)) {
                any = true;
                if (with_source) begin_at(&out->list[found].begin, true, seen[i].begin);
            }
        if (any) continue;
        struct es_epoch epoch = {.setting = i, .threshold = threshold_of(cohort, slot, i), .resulted = true, .begin = seen[i].begin};
        memcpy(epoch.version, cohort->by_number[i]->key.version, sizeof epoch.version);
        if (!add_epoch(out, &epoch)) return false;
    }
    return true;
}

/* Results that have no reference yet began their stream too: the earliest of its reference sources begins with them. */
static void begin_with_unlabelled(const struct es_cohort *cohort, const struct es_slot *slot, const struct seen *seen,
                                  struct es_epochs *out)
{
    for (uint32_t i = 0; i < cohort->n_settings; i++) {
        struct es_epoch *first = NULL;
        if (!seen[i].resulted || source_of(cohort, i)[0] != '\0') continue;
        for (uint32_t k = 0; k < out->count; k++) {
            struct es_epoch *epoch = &out->list[k];
            if (!same_base(cohort, slot, epoch, i)) continue;
            if (!first || epoch->begin < first->begin ||
                (epoch->begin == first->begin &&
                 strcmp(source_of(cohort, epoch->setting), source_of(cohort, first->setting)) < 0))
                first = epoch;
        }
        if (first) begin_at(&first->begin, true, seen[i].begin);
    }
}

/* A version of which only failures were seen is an epoch of its own. */
static bool epochs_of_failures(const struct es_cohort *cohort, const struct es_slot *slot, const struct seen *seen,
                               struct es_epochs *out)
{
    for (uint32_t i = 0; i < cohort->n_settings; i++) {
        const char *version = cohort->by_number[i]->key.version;
        uint32_t found = 0;
        if (!seen[i].failed || version[0] == '\0') continue;
        while (found < out->count && strcmp(out->list[found].version, version) != 0) found++;
        if (found < out->count) {
            if (!out->list[found].resulted) begin_at(&out->list[found].begin, true, seen[i].failed_begin);
            continue;
        }
        struct es_epoch epoch = {.setting = UINT32_MAX, .begin = seen[i].failed_begin,
                                 .threshold = cohort->config->models[slot->model].findings[slot->finding].threshold};
        memcpy(epoch.version, version, sizeof epoch.version);
        if (!add_epoch(out, &epoch)) return false;
    }
    return true;
}

/* qsort has no context: the keys of the settings are copied beside. */
struct sortable {
    struct es_epoch epoch;
    struct es_setting_key key;
};
static int by_begin(const void *left, const void *right)
{
    const struct sortable *a = left, *b = right;
    if (a->epoch.begin != b->epoch.begin) return a->epoch.begin < b->epoch.begin ? -1 : 1;
    int order = strcmp(a->epoch.version, b->epoch.version);
    if (order == 0) order = strcmp(a->key.source, b->key.source);
    if (order == 0) order = memcmp(&a->key.device, &b->key.device, sizeof a->key.device);
    if (order == 0 && !same_number(a->epoch.threshold, b->epoch.threshold))
        order = isnan(a->epoch.threshold) || a->epoch.threshold < b->epoch.threshold ? -1 : 1;
    return order;
}

static bool sort_epochs(const struct es_cohort *cohort, struct es_epochs *out)
{
    if (out->count < 2) return true;
    struct sortable *list = calloc(out->count, sizeof *list);
    if (!list) return false;
    for (uint32_t i = 0; i < out->count; i++) {
        list[i].epoch = out->list[i];
        if (out->list[i].setting != UINT32_MAX) list[i].key = cohort->by_number[out->list[i].setting]->key;
    }
    qsort(list, out->count, sizeof *list, by_begin);
    for (uint32_t i = 0; i < out->count; i++) out->list[i] = list[i].epoch;
    free(list);
    return true;
}

static void exact_epochs(const struct es_cohort *cohort, const struct es_slot *slot, struct es_epochs *out)
{
    for (uint32_t i = 0; i < cohort->n_settings; i++) {
        uint32_t matches = 0, at = UINT32_MAX;
        const char *source = source_of(cohort, i);
        for (uint32_t k = 0; k < out->count; k++)
            if (same_base(cohort, slot, &out->list[k], i) &&
                (source[0] == '\0' || strcmp(source, source_of(cohort, out->list[k].setting)) == 0)) {
                matches++;
                at = k;
            }
        out->exact[i] = matches == 1 ? at : UINT32_MAX;
    }
}

uint32_t es_epoch_of(const struct es_cohort *cohort, const struct es_epochs *epochs, const struct es_case_row *row)
{
    const struct es_setting_key *key = &cohort->by_number[row->setting]->key;
    const double sent = cohort->by_number[row->setting]->threshold, threshold = isnan(sent) ? epochs->configured : sent;
    const int32_t day = cohort->exams[row->exam].day;
    uint32_t best = UINT32_MAX, first = UINT32_MAX;
    if (is_ok(row) && epochs->exact[row->setting] != UINT32_MAX) return epochs->exact[row->setting];
    for (uint32_t i = 0; i < epochs->count; i++) {
        const struct es_epoch *epoch = &epochs->list[i];
        if (key->version[0] != '\0' && strcmp(key->version, epoch->version) != 0) continue;
        if (is_ok(row) && epoch->setting != UINT32_MAX &&
            (memcmp(&cohort->by_number[epoch->setting]->key.device, &key->device, sizeof key->device) != 0 ||
             !same_number(epoch->threshold, threshold)))
            continue;
        if (first == UINT32_MAX) first = i;
        if (epoch->begin <= day) best = i;
    }
    return best != UINT32_MAX ? best : first != UINT32_MAX ? first : 0;
}

static void spans(const struct es_cohort *cohort, const struct es_slot *slot, struct es_epochs *out)
{
    for (uint32_t i = 0; i < slot->count; i++) {
        if (slot->rows[i].exam == ES_NO_ROW) continue;
        const int32_t day = cohort->exams[slot->rows[i].exam].day;
        struct es_epoch *epoch = &out->list[es_epoch_of(cohort, out, &slot->rows[i])];
        if (day == ES_NO_DAY) continue;
        if (epoch->from == ES_NO_DAY || day < epoch->from) epoch->from = day;
        if (epoch->to == ES_NO_DAY || day > epoch->to) epoch->to = day;
    }
}

enum es_errc es_cohort_epochs(const struct es_cohort *cohort, uint32_t number, struct es_epochs *out, struct es_error *err)
{
    const struct es_slot *slot = &cohort->slots[number];
    struct es_epochs epochs = {.configured = cohort->config->models[slot->model].findings[slot->finding].threshold};
    struct seen *seen = calloc((size_t)cohort->n_settings + 1, sizeof *seen);
    epochs.exact = calloc((size_t)cohort->n_settings + 1, sizeof *epochs.exact);
    bool good = seen && epochs.exact;
    if (good) {
        gather(cohort, slot, seen);
        good = epochs_of_results(cohort, slot, seen, true, &epochs) && epochs_of_results(cohort, slot, seen, false, &epochs);
    }
    if (good) {
        begin_with_unlabelled(cohort, slot, seen, &epochs);
        good = epochs_of_failures(cohort, slot, seen, &epochs);
    }
    if (good && epochs.count == 0) {
        const struct es_epoch silent = {.setting = UINT32_MAX, .begin = ES_NO_DAY,
                                        .threshold = cohort->config->models[slot->model].findings[slot->finding].threshold};
        good = add_epoch(&epochs, &silent);
    }
    good = good && sort_epochs(cohort, &epochs);
    free(seen);
    if (!good) {
        es_epochs_clear(&epochs);
        return es_fail(err, ES_E_MEMORY, "cohort: out of memory");
    }
    exact_epochs(cohort, slot, &epochs);
    spans(cohort, slot, &epochs);
    *out = epochs;
    return ES_OK;
}

void es_epochs_clear(struct es_epochs *epochs)
{
    free(epochs->list);
    free(epochs->exact);
    memset(epochs, 0, sizeof *epochs);
}

/* ---- as the report sees them ---- */

static void cause_of(const struct es_cohort *cohort, const struct es_epoch *epoch, const struct es_epoch *before, char *out, size_t size)
{
    static const struct es_setting_key none;
    const struct es_setting_key *a = epoch->setting == UINT32_MAX ? &none : &cohort->by_number[epoch->setting]->key;
    const struct es_setting_key *b = !before || before->setting == UINT32_MAX ? &none : &cohort->by_number[before->setting]->key;
    if (!before) {
        snprintf(out, size, "first");
        return;
    }
    const bool changed[] = {strcmp(epoch->version, before->version) != 0, !same_number(epoch->threshold, before->threshold),
                            memcmp(&a->device, &b->device, sizeof a->device) != 0, strcmp(a->source, b->source) != 0};
    static const char *const words[] = {"version", "threshold", "device", "reference_source"};
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < 4 && used < size; i++)
        if (changed[i]) used += (size_t)snprintf(out + used, size - used, "%s%s", used ? "+" : "", words[i]);
}

static int by_stream(const void *left, const void *right)
{
    const struct es_stream *a = left, *b = right;
    if (a->model != b->model) return a->model < b->model ? -1 : 1;
    const int order = strcmp(a->version, b->version);
    if (order) return order;
    if (a->finding != b->finding) return a->finding < b->finding ? -1 : 1;
    return a->epoch < b->epoch ? -1 : a->epoch > b->epoch;
}

enum es_errc es_cohort_streams(const struct es_cohort *cohort, struct es_stream **streams, size_t *count, struct es_error *err)
{
    struct es_stream *list = NULL;
    size_t n = 0;
    enum es_errc code = ES_OK;
    for (uint32_t number = 0; code == ES_OK && number < cohort->n_slots; number++) {
        struct es_epochs epochs = {0};
        code = es_cohort_epochs(cohort, number, &epochs, err);
        if (code != ES_OK) break;
        struct es_stream *grown = realloc(list, (n + epochs.count) * sizeof *list);
        if (!grown) code = es_fail(err, ES_E_MEMORY, "cohort: out of memory");
        else list = grown;
        for (uint32_t i = 0; code == ES_OK && i < epochs.count; i++) {
            const struct es_epoch *epoch = &epochs.list[i];
            struct es_stream *stream = &list[n++];
            *stream = (struct es_stream){.model = cohort->slots[number].model, .finding = cohort->slots[number].finding,
                                         .epoch = i + 1, .from = epoch->from, .to = epoch->to, .threshold = epoch->threshold};
            memcpy(stream->version, epoch->version, sizeof stream->version);
            memcpy(stream->reference_source, source_of(cohort, epoch->setting),
                   strlen(source_of(cohort, epoch->setting)) + 1);
            cause_of(cohort, epoch, i ? &epochs.list[i - 1] : NULL, stream->cause, sizeof stream->cause);
        }
        es_epochs_clear(&epochs);
    }
    if (code != ES_OK) {
        free(list);
        return code;
    }
    if (n) qsort(list, n, sizeof *list, by_stream);
    *streams = list;
    *count = n;
    return ES_OK;
}
