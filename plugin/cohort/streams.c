/* SPDX-License-Identifier: Apache-2.0 */
/* Epochs: stretches of one model version and finding with the same device, threshold and reference sources (cohort.h). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/cohort/internal.h"

/* What was seen of one setting in a slot. */
struct seen {
    bool resulted, failed;
    int32_t begin, last, failed_begin; /* first and last exam day of results; first of failures */
};

static void begin_at(int32_t *begin, bool any, int32_t day)
{
    if (!any || (day != ES_NO_DAY && (*begin == ES_NO_DAY || day < *begin))) *begin = day;
}

static void last_at(int32_t *last, bool any, int32_t day)
{
    if (!any || day > *last) *last = day; /* ES_NO_DAY is the smallest */
}

static bool is_ok(const struct es_case_row *row) { return row->result == ES_RESULT_OK; }

/* The threshold in force: what was sent, else what is configured. */
static double threshold_of(const struct es_cohort *cohort, const struct es_slot *slot, uint32_t setting)
{
    const double sent = cohort->by_number[setting]->threshold;
    return isnan(sent) ? cohort->config->models[slot->model].findings[slot->finding].threshold : sent;
}

static bool same_number(double a, double b) { return a == b || (isnan(a) && isnan(b)); }

static bool add_epoch(struct es_epochs *out, const struct es_epoch *epoch)
{
    if (!ES_GROW(out->list, out->room, (uint64_t)out->count + 1)) return false;
    out->list[out->count] = *epoch;
    out->list[out->count].from = out->list[out->count].to = ES_NO_DAY;
    out->count++;
    return true;
}

static void gather(const struct es_cohort *cohort, const struct es_slot *slot, struct seen *seen)
{
    for (uint32_t i = 0; i < slot->count; i++) {
        const struct es_case_row *row = &slot->rows[i];
        if (row->exam == ES_NO_ROW || row->result == 0 || row->excluded || cohort->exams[row->exam].excluded != ES_EXCLUDED_NOT)
            continue;
        struct seen *of = &seen[row->setting];
        const int32_t day = cohort->exams[row->exam].day;
        if (is_ok(row)) {
            begin_at(&of->begin, of->resulted, day);
            last_at(&of->last, of->resulted, day);
            of->resulted = true;
        } else {
            begin_at(&of->failed_begin, of->failed, day);
            of->failed = true;
        }
    }
}

/* ---- results: reference sources whose days overlap share an epoch ---- */

/* What begins no epoch of its own where there would be more than ES_MAX_EPOCHS: each includes those before it. */
enum together { NOTHING, DEVICES, SOURCES, THRESHOLDS, VERSIONS };

/* Days of the results of one setting; and of all results of one reference source of a version, device and threshold. */
struct span {
    const struct es_setting_key *key;
    double threshold; /* in force */
    uint32_t setting;
    int32_t first, last; /* exam days; ES_NO_DAY when none has one */
    enum together together; /* the same of all that are compared */
};

/* By version, device, threshold: results that may share an epoch stand together. */
static int base_order(const struct span *a, const struct span *b)
{
    int order = a->together < VERSIONS ? strcmp(a->key->version, b->key->version) : 0;
    if (order == 0 && a->together < DEVICES) order = memcmp(&a->key->device, &b->key->device, sizeof a->key->device);
    if (order == 0 && a->together < THRESHOLDS && !same_number(a->threshold, b->threshold))
        order = isnan(a->threshold) || a->threshold < b->threshold ? -1 : 1;
    return order;
}
static int by_base(const void *left, const void *right)
{
    const struct span *a = left, *b = right;
    const int order = base_order(a, b);
    return order ? order : strcmp(a->key->source, b->key->source);
}
static int by_first(const void *left, const void *right)
{
    const struct span *a = left, *b = right;
    if (a->first != b->first) return a->first < b->first ? -1 : 1;
    return strcmp(a->key->source, b->key->source);
}
static int by_source(const void *left, const void *right)
{
    const struct span *a = left, *b = right;
    return strcmp(a->key->source, b->key->source);
}

/* "a+b+c"; what does not fit is cut with "...". */
static void join_sources(const struct span *spans, size_t n, char out[ES_NAME_SIZE])
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < n; i++) {
        const int wrote = snprintf(out + used, ES_NAME_SIZE - used, "%s%s", i ? "+" : "", spans[i].key->source);
        if (wrote < 0 || (size_t)wrote >= ES_NAME_SIZE - used) {
            memcpy(out + ES_NAME_SIZE - 4, "...", 4);
            return;
        }
        used += (size_t)wrote;
    }
}

/* There may be something that begins none of its own then. */
static bool too_many(const struct es_epochs *epochs) { return epochs->count > ES_MAX_EPOCHS && epochs->together < VERSIONS; }

/* The spans of one reference source become one: spans are sorted by source. */
static size_t merge_same_source(struct span *spans, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && by_source(&spans[i], &spans[kept - 1]) == 0) {
            begin_at(&spans[kept - 1].first, true, spans[i].first);
            last_at(&spans[kept - 1].last, true, spans[i].last);
        } else {
            spans[kept++] = spans[i];
        }
    }
    return kept;
}

/* Epochs of one version, device and threshold. unlabelled: results without a reference (n of them) stand before the others. */
static bool epochs_of_base(struct span *spans, size_t n_unlabelled, size_t n, struct es_epochs *out)
{
    const uint32_t first = out->count;
    struct es_epoch epoch = {.setting = spans[0].setting, .threshold = spans[0].threshold, .resulted = true};
    struct span *sources = spans + n_unlabelled;
    const enum together together = spans[0].together;
    const size_t n_sources = merge_same_source(sources, n - n_unlabelled);
    if (together < VERSIONS) memcpy(epoch.version, spans[0].key->version, sizeof epoch.version);
    if (together >= THRESHOLDS) epoch.threshold = (double)NAN;
    qsort(sources, n_sources, sizeof *sources, by_first);
    for (size_t from = 0, to; from < n_sources; from = to) {
        int32_t last = together < SOURCES ? sources[from].last : INT32_MAX; /* sources without any day come first and join the first epoch */
        for (to = from + 1; to < n_sources && (last == ES_NO_DAY || sources[to].first <= last); to++) last_at(&last, true, sources[to].last);
        epoch.begin = ES_NO_DAY;
        for (size_t i = from; i < to; i++) begin_at(&epoch.begin, true, sources[i].first);
        qsort(sources + from, to - from, sizeof *sources, by_source);
        join_sources(sources + from, to - from, epoch.source);
        for (size_t i = from; i < to; i++) sources[i].setting = out->count; /* from here on: the epoch's number */
        if (!add_epoch(out, &epoch)) return false;
    }
    if (n_sources == 0) {
        epoch.begin = ES_NO_DAY;
        epoch.source[0] = '\0';
        if (!add_epoch(out, &epoch)) return false;
    }
    /* Results that have no reference yet began the first epoch too. */
    for (size_t i = 0; i < n_unlabelled; i++) begin_at(&out->list[first].begin, true, spans[i].first);
    qsort(sources, n_sources, sizeof *sources, by_source);
    return true;
}

/* Epoch of a setting that has a reference source; spans as epochs_of_base() left them. */
static uint32_t epoch_of_source(const struct span *sources, size_t n, const struct span *wanted)
{
    const struct span *found = n ? bsearch(wanted, sources, n, sizeof *sources, by_source) : NULL;
    return found ? found->setting : UINT32_MAX;
}

static bool epochs_of_results(const struct es_cohort *cohort, const struct es_slot *slot, const struct seen *seen, struct es_epochs *out)
{
    const enum together together = (enum together)out->together;
    const size_t room = (size_t)cohort->n_settings + 1;
    struct span *spans = calloc(room, 2 * sizeof *spans);
    size_t n = 0;
    bool good = spans != NULL;
    if (!good) return false;
    for (uint32_t i = 0; i < cohort->n_settings; i++)
        if (seen[i].resulted)
            spans[n++] = (struct span){&cohort->by_number[i]->key, threshold_of(cohort, slot, i), i, seen[i].begin, seen[i].last, together};
    qsort(spans, n, sizeof *spans, by_base);
    for (size_t from = 0, to; good && from < n && !too_many(out); from = to) {
        struct span *copy = spans + room;
        const uint32_t first = out->count;
        size_t unlabelled = 0;
        for (to = from; to < n && base_order(&spans[to], &spans[from]) == 0; to++) unlabelled += spans[to].key->source[0] == '\0';
        memcpy(copy, spans + from, (to - from) * sizeof *copy);
        good = epochs_of_base(copy, unlabelled, to - from, out);
        size_t distinct = 0;
        for (size_t i = from + unlabelled; i < to; i++) distinct += i == from + unlabelled || by_source(&spans[i], &spans[i - 1]) != 0;
        for (size_t i = from; good && i < to; i++)
            out->exact[spans[i].setting] = i >= from + unlabelled ? epoch_of_source(copy + unlabelled, distinct, &spans[i])
                                           : out->count == first + 1 ? first : UINT32_MAX;
    }
    free(spans);
    return good;
}

/* A version of which only failures were seen is an epoch of its own. */
static bool epochs_of_failures(const struct es_cohort *cohort, const struct es_slot *slot, const struct seen *seen,
                               struct es_epochs *out)
{
    for (uint32_t i = 0; i < cohort->n_settings && !too_many(out); i++) {
        const char *version = out->together < VERSIONS ? cohort->by_number[i]->key.version : "";
        uint32_t found = 0;
        if (!seen[i].failed || cohort->by_number[i]->key.version[0] == '\0') continue;
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

/* A product that gives itself a device, a threshold or a version of its own for every result has no epochs by them. What is told apart is what
 * is seen of all cases, so no order of arrival matters. */
static bool list_epochs(const struct es_cohort *cohort, const struct es_slot *slot, const struct seen *seen, struct es_epochs *out)
{
    bool good = true;
    for (out->together = NOTHING; good; out->together++) {
        for (uint32_t i = 0; i < cohort->n_settings; i++) out->exact[i] = UINT32_MAX;
        out->count = 0;
        good = epochs_of_results(cohort, slot, seen, out) && epochs_of_failures(cohort, slot, seen, out);
        if (!too_many(out)) break;
    }
    return good;
}

/* qsort has no context: the device and the number before sorting are copied beside. */
struct sortable {
    struct es_epoch epoch;
    struct es_pseudonym device;
    uint32_t before;
};
static int by_begin(const void *left, const void *right)
{
    const struct sortable *a = left, *b = right;
    if (a->epoch.begin != b->epoch.begin) return a->epoch.begin < b->epoch.begin ? -1 : 1;
    int order = strcmp(a->epoch.version, b->epoch.version);
    if (order == 0) order = strcmp(a->epoch.source, b->epoch.source);
    if (order == 0) order = memcmp(&a->device, &b->device, sizeof a->device);
    if (order == 0 && !same_number(a->epoch.threshold, b->epoch.threshold))
        order = isnan(a->epoch.threshold) || a->epoch.threshold < b->epoch.threshold ? -1 : 1;
    return order;
}

static bool sort_epochs(const struct es_cohort *cohort, struct es_epochs *out)
{
    struct sortable *list = calloc(out->count, sizeof *list);
    uint32_t *place = calloc(out->count, sizeof *place);
    const bool good = list && place;
    for (uint32_t i = 0; good && i < out->count; i++) {
        list[i] = (struct sortable){.epoch = out->list[i], .before = i};
        if (out->list[i].setting != UINT32_MAX) list[i].device = cohort->by_number[out->list[i].setting]->key.device;
    }
    if (good) qsort(list, out->count, sizeof *list, by_begin);
    for (uint32_t i = 0; good && i < out->count; i++) {
        out->list[i] = list[i].epoch;
        place[list[i].before] = i;
    }
    for (uint32_t i = 0; good && i < cohort->n_settings; i++)
        if (out->exact[i] != UINT32_MAX) out->exact[i] = place[out->exact[i]];
    free(list);
    free(place);
    return good;
}

uint32_t es_epoch_of(const struct es_cohort *cohort, const struct es_epochs *epochs, const struct es_case_row *row)
{
    const struct es_setting_key *key = &cohort->by_number[row->setting]->key;
    const double sent = cohort->by_number[row->setting]->threshold, threshold = isnan(sent) ? epochs->configured : sent;
    const int32_t day = cohort->exams[row->exam].day;
    uint32_t best = UINT32_MAX, first = UINT32_MAX;
    if (is_ok(row) && epochs->exact[row->setting] != UINT32_MAX) return epochs->exact[row->setting];
    if (!is_ok(row) && key->version[0] == '\0' && epochs->n_turns > 0) return es_epoch_on(epochs, day);
    for (uint32_t i = 0; i < epochs->count; i++) {
        const struct es_epoch *epoch = &epochs->list[i];
        /* a failure that tells no version may be of any; a result is of those that tell none */
        const bool versions = epochs->together < VERSIONS && (is_ok(row) || key->version[0] != '\0');
        if (versions && strcmp(key->version, epoch->version) != 0) continue;
        if (is_ok(row) && epoch->setting != UINT32_MAX && epochs->together < DEVICES &&
            memcmp(&cohort->by_number[epoch->setting]->key.device, &key->device, sizeof key->device) != 0)
            continue;
        if (is_ok(row) && epoch->setting != UINT32_MAX && epochs->together < THRESHOLDS && !same_number(epoch->threshold, threshold)) continue;
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
        good = list_epochs(cohort, slot, seen, &epochs);
    }
    if (good && epochs.count == 0) {
        const struct es_epoch silent = {.setting = UINT32_MAX, .begin = ES_NO_DAY,
                                        .threshold = cohort->config->models[slot->model].findings[slot->finding].threshold};
        good = add_epoch(&epochs, &silent);
    }
    good = good && sort_epochs(cohort, &epochs) && es_epoch_turns(cohort, slot, &epochs);
    free(seen);
    if (!good) {
        es_epochs_clear(&epochs);
        return es_fail(err, ES_E_MEMORY, "cohort: out of memory");
    }
    spans(cohort, slot, &epochs);
    *out = epochs;
    return ES_OK;
}

void es_epochs_clear(struct es_epochs *epochs)
{
    free(epochs->list);
    free(epochs->exact);
    free(epochs->turns);
    memset(epochs, 0, sizeof *epochs);
}

/* ---- as the report sees them ---- */

static void cause_of(const struct es_cohort *cohort, const struct es_epochs *epochs, uint32_t number, char *out, size_t size)
{
    static const char *const joined[] = {"", "+devices_together", "+sources_together", "+thresholds_together", "+versions_together"};
    const struct es_epoch *epoch = &epochs->list[number], *before = number ? epoch - 1 : NULL;
    static const struct es_setting_key none;
    const struct es_setting_key *a = epoch->setting == UINT32_MAX ? &none : &cohort->by_number[epoch->setting]->key;
    const struct es_setting_key *b = !before || before->setting == UINT32_MAX ? &none : &cohort->by_number[before->setting]->key;
    if (!before) {
        snprintf(out, size, "first%s", joined[epochs->together]);
        return;
    }
    const bool changed[] = {strcmp(epoch->version, before->version) != 0, !same_number(epoch->threshold, before->threshold),
                            epochs->together < DEVICES && memcmp(&a->device, &b->device, sizeof a->device) != 0,
                            strcmp(epoch->source, before->source) != 0};
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
        struct es_stream *grown = realloc(list, (n + epochs.count + 1) * sizeof *list);
        if (!grown) code = es_fail(err, ES_E_MEMORY, "cohort: out of memory");
        else list = grown;
        for (uint32_t i = 0; code == ES_OK && i < epochs.count; i++) {
            const struct es_epoch *epoch = &epochs.list[i];
            struct es_stream *stream = &list[n++];
            *stream = (struct es_stream){.model = cohort->slots[number].model, .finding = cohort->slots[number].finding,
                                         .epoch = i + 1, .from = epoch->from, .to = epoch->to, .threshold = epoch->threshold};
            memcpy(stream->version, epoch->version, sizeof stream->version);
            memcpy(stream->reference_source, epoch->source, sizeof stream->reference_source);
            cause_of(cohort, &epochs, i, stream->cause, sizeof stream->cause);
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
