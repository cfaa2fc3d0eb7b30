/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/report/trace.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/grow.h"
#include "plugin/base/hash.h"
#include "plugin/base/time.h"
#include "plugin/report/tree.h"

/* What is numbered in place of being shown. */
enum labelled { A_STUDY, A_SERIES, AN_IMAGE, AN_ACCESSION, AN_ISSUER, A_PATIENT, A_LABELLER, A_DEVICE, A_UNIT, AN_EVENT_ID, LABELLED };
static const char *const kinds[LABELLED] = {"study",   "series",   "image",  "accession", "issuer",
                                            "patient", "labeller", "device", "unit",      "event_id"};

struct names {
    struct es_pseudonym *items;
    size_t count;
    uint32_t room;
};

struct trace {
    struct es_site *site;
    struct es_tree tree;
    cJSON *bundles;
    struct names names[LABELLED];
    struct es_pseudonym study, accession; /* sought; absent when not */
};

/* Put {"study": "study-3"}; nothing when it is absent. */
static void label(struct trace *trace, cJSON *parent, const char *key, enum labelled kind, const struct es_pseudonym *name)
{
    struct names *names = &trace->names[kind];
    char text[40];
    size_t at = 0;
    if (!es_pseudonym_set(name) || trace->tree.failed) return;
    while (at < names->count && memcmp(&names->items[at], name, sizeof *name) != 0) at++;
    if (!ES_GROW(names->items, names->room, (uint64_t)at + 1)) {
        trace->tree.failed = true;
        return;
    }
    if (at == names->count) names->items[names->count++] = *name;
    (void)snprintf(text, sizeof text, "%s-%zu", kinds[kind], at + 1);
    es_tree_text(&trace->tree, parent, key, text);
}

static void labels(struct trace *trace, cJSON *parent, const char *key, enum labelled kind, const struct es_pseudonym *list, size_t n)
{
    cJSON *out = n ? es_tree_array(&trace->tree, parent, key) : NULL;
    for (size_t i = 0; i < n; i++) label(trace, out, NULL, kind, &list[i]);
}

static void day(struct trace *trace, cJSON *parent, const char *key, int32_t value)
{
    char text[ES_DAY_TEXT];
    if (value == ES_NO_DAY) return;
    es_day_format(value, text);
    es_tree_text(&trace->tree, parent, key, text);
}

static void instant(struct trace *trace, cJSON *parent, const char *key, int64_t value)
{
    char text[ES_INSTANT_TEXT];
    if (value == ES_NO_INSTANT) return;
    es_instant_format(value, text);
    es_tree_text(&trace->tree, parent, key, text);
}

static void word(struct trace *trace, cJSON *parent, const char *key, const char *text)
{
    if (text[0]) es_tree_text(&trace->tree, parent, key, text);
}

static bool sought(const struct trace *trace, const struct es_pseudonym *study, const struct es_pseudonym *accession)
{
    return (es_pseudonym_set(&trace->study) && memcmp(&trace->study, study, sizeof *study) == 0) ||
           (es_pseudonym_set(&trace->accession) && memcmp(&trace->accession, accession, sizeof *accession) == 0);
}

/* A side is a letter and is shown; other units are numbered, series and images as such. */
static void unit(struct trace *trace, cJSON *parent, enum es_unit_type type, const struct es_pseudonym *id)
{
    const struct es_pseudonym left = es_side_unit('L'), right = es_side_unit('R');
    es_tree_text(&trace->tree, parent, "unit", es_unit_type_name(type));
    if (memcmp(id, &left, sizeof left) == 0) es_tree_text(&trace->tree, parent, "unit_id", "L");
    else if (memcmp(id, &right, sizeof right) == 0) es_tree_text(&trace->tree, parent, "unit_id", "R");
    else label(trace, parent, "unit_id", type == ES_UNIT_SERIES ? A_SERIES : type == ES_UNIT_IMAGE ? AN_IMAGE : A_UNIT, id);
}

static void attributes(struct trace *trace, cJSON *parent, const struct es_event_attribute *list, size_t n)
{
    cJSON *out = n ? es_tree_object(&trace->tree, parent, "attributes") : NULL;
    for (size_t i = 0; i < n; i++) {
        cJSON *one = es_tree_object_as(&trace->tree, out, list[i].keyword);
        es_tree_text(&trace->tree, one, "state", es_attribute_state_name(list[i].state));
        word(trace, one, "value", list[i].value);
    }
}

/* ---- exams ---- */

static void put_exam(struct trace *trace, cJSON *list, const struct es_derived *derived, uint32_t number, const struct es_note *notes,
                     size_t n_notes)
{
    const struct es_derived_exam *exam = &derived->exams[number];
    bool asked = false;
    cJSON *out = es_tree_object(&trace->tree, list, NULL);
    es_tree_count(&trace->tree, out, "exam", number + 1);
    for (size_t i = 0; i < n_notes; i++)
        asked |= notes[i].event->kind == ES_EVENT_EXAM && notes[i].exam == number && sought(trace, &notes[i].event->study, &notes[i].event->accession);
    if (asked) es_tree_bool(&trace->tree, out, "sought", true);
    label(trace, out, "study", A_STUDY, &exam->study);
    label(trace, out, "patient", A_PATIENT, &exam->patient);
    day(trace, out, "day", exam->day);
    if (exam->excluded != ES_EXCLUDED_NOT) es_tree_text(&trace->tree, out, "excluded", es_exclusion_name(exam->excluded));
    attributes(trace, out, exam->attributes, exam->n_attributes);
}

/* ---- events ---- */

static void findings(struct trace *trace, cJSON *parent, const struct es_event *event)
{
    struct es_tree *t = &trace->tree;
    cJSON *out = event->n_findings ? es_tree_array(t, parent, "findings") : NULL;
    for (size_t i = 0; i < event->n_findings; i++) {
        const struct es_finding *f = &event->findings[i];
        cJSON *one = es_tree_object(t, out, NULL);
        es_tree_text(t, one, "finding", f->name);
        if (f->has_score) es_tree_number(t, one, "score", f->score);
        if (f->has_value) es_tree_number(t, one, "value", f->value);
        word(trace, one, "units", f->units);
        if (f->has_threshold) es_tree_number(t, one, "threshold", f->threshold);
        if (f->has_decision) es_tree_bool(t, one, "decision", f->decision);
        if (f->has_label) es_tree_number(t, one, "label", f->label);
        if (event->kind == ES_EVENT_REFERENCE) es_tree_bool(t, one, "evaluable", f->evaluable);
    }
}

static void said(struct trace *trace, cJSON *out, const struct es_event *event)
{
    static const char *const results[] = {"", "ok", "failed", "rejected", "timeout"};
    static const char *const references[] = {"", "preliminary", "final", "corrected", "cancelled"};
    static const char *const saw[] = {"unknown", "no", "yes"};
    const bool result = event->kind == ES_EVENT_RESULT || event->kind == ES_EVENT_FAILURE, reference = event->kind == ES_EVENT_REFERENCE;
    if (result || reference) unit(trace, out, event->unit, &event->unit_id);
    if (result) {
        es_tree_text(&trace->tree, out, "model", event->model_name);
        word(trace, out, "version", event->model_version);
        label(trace, out, "device", A_DEVICE, &event->device);
        es_tree_text(&trace->tree, out, "status", (unsigned)event->result_status <= ES_RESULT_TIMEOUT ? results[event->result_status] : "");
    }
    if (reference) {
        es_tree_text(&trace->tree, out, "source", event->source);
        label(trace, out, "labeller", A_LABELLER, &event->labeller);
        es_tree_text(&trace->tree, out, "status", (unsigned)event->reference_status <= ES_REFERENCE_CANCELLED ? references[event->reference_status] : "");
        es_tree_text(&trace->tree, out, "reader_saw_ai", (unsigned)event->saw_ai <= ES_SAW_YES ? saw[event->saw_ai] : "unknown");
    }
    if (result || reference) instant(trace, out, reference ? "established" : "produced", event->produced);
    word(trace, out, "reason", event->reason);
    findings(trace, out, event);
}

static void named(struct trace *trace, cJSON *out, const struct es_event *event)
{
    label(trace, out, "study", A_STUDY, &event->study);
    label(trace, out, "series", A_SERIES, &event->series);
    label(trace, out, "image", AN_IMAGE, &event->instance);
    label(trace, out, "accession", AN_ACCESSION, &event->accession);
    label(trace, out, "accession_issuer", AN_ISSUER, &event->accession_issuer);
    label(trace, out, "patient", A_PATIENT, &event->patient);
    label(trace, out, "same_as", event->kind == ES_EVENT_PATIENT_ALIAS ? A_PATIENT : A_STUDY, &event->same_as);
    labels(trace, out, "source_studies", A_STUDY, event->study_refs, event->n_study_refs);
    labels(trace, out, "source_series", A_SERIES, event->series_refs, event->n_series_refs);
    labels(trace, out, "source_images", AN_IMAGE, event->image_refs, event->n_image_refs);
    label(trace, out, "event_id", AN_EVENT_ID, &event->event_id);
}

static void pairing(struct trace *trace, cJSON *parent, const struct es_note *note)
{
    struct es_tree *t = &trace->tree;
    cJSON *out = es_tree_object(t, parent, "pairing");
    if (note->unknown_model) {
        es_tree_text(t, out, "why", "unknown_model");
        return;
    }
    es_tree_text(t, out, "rule", es_pairing_name(note->rule));
    if (note->exam != UINT32_MAX) es_tree_count(t, out, "exam", (uint64_t)note->exam + 1);
    if (note->orphan != ES_ORPHAN_NOT) es_tree_text(t, out, "why", es_orphan_name(note->orphan));
    cJSON *tried = es_tree_object(t, out, "tried");
    for (int rule = ES_PAIRED_INSTANCE; rule <= ES_PAIRED_ACCESSION; rule++)
        es_tree_text(t, tried, es_pairing_name((enum es_pairing)rule), es_tried_name((enum es_tried)note->tried[rule]));
}

static void put_event(struct trace *trace, cJSON *list, const struct es_event *event, uint32_t seq, const struct es_note *note)
{
    struct es_tree *t = &trace->tree;
    char identity[2 * ES_IDENTITY_SIZE + 1];
    cJSON *out = es_tree_object(t, list, NULL);
    es_hex(event->identity, ES_IDENTITY_SIZE, identity);
    es_tree_count(t, out, "entry", seq);
    es_tree_text(t, out, "event", es_event_kind_name(event->kind));
    es_tree_text(t, out, "identity", identity);
    named(trace, out, event);
    day(trace, out, "study_date", event->study_day);
    day(trace, out, "valid_from", event->valid_from);
    if (event->excluded != ES_EXCLUDED_NOT) es_tree_text(t, out, "excluded", es_exclusion_name(event->excluded));
    said(trace, out, event);
    attributes(trace, out, event->attributes, event->n_attributes);
    if (!note) return;
    es_tree_text(t, out, "standing", es_standing_name(note->standing));
    const bool live = note->standing == ES_STANDS || note->standing == ES_STANDS_PARTLY;
    if (event->kind == ES_EVENT_EXAM && note->exam != UINT32_MAX) es_tree_count(t, out, "exam", (uint64_t)note->exam + 1);
    if (live && (event->kind == ES_EVENT_RESULT || event->kind == ES_EVENT_FAILURE || event->kind == ES_EVENT_REFERENCE)) pairing(trace, out, note);
}

/* ---- rows ---- */

static void put_case(struct trace *trace, cJSON *list, const struct es_derived *derived, const struct es_derived_case *row)
{
    static const char *const eligible[] = {"no", "unknown", "yes"};
    struct es_tree *t = &trace->tree;
    const struct es_config *config = es_site_config(trace->site);
    const struct es_model_config *model = &config->models[row->model];
    const struct es_finding_config *finding = &model->findings[row->finding];
    cJSON *out = es_tree_object(t, list, NULL);
    es_tree_count(t, out, "exam", (uint64_t)row->exam + 1);
    es_tree_text(t, out, "model", model->name);
    word(trace, out, "version", row->version);
    es_tree_text(t, out, "finding", finding->name);
    unit(trace, out, finding->unit, &row->unit);
    es_tree_text(t, out, "stage", es_stage_name(es_derived_stage(config, derived, row, es_site_now(trace->site))));
    es_tree_text(t, out, "eligible", eligible[row->eligible]);
    if (row->result != 0) {
        instant(trace, out, "produced", row->produced);
        es_tree_text(t, out, "result_paired_by", es_pairing_name(row->result_pairing));
        if (row->has_score) es_tree_number(t, out, "score", row->score);
        if (!isnan(row->threshold_sent)) es_tree_number(t, out, "threshold_sent", row->threshold_sent);
        if (row->decision != ES_NO_ANSWER) es_tree_number(t, out, "decision", row->decision);
        if (row->mismatch) es_tree_bool(t, out, "decision_mismatch", true);
        if (row->decision_changed) es_tree_bool(t, out, "decision_changed", true);
    }
    if (row->has_reference) {
        es_tree_text(t, out, "reference_source", row->reference_source);
        es_tree_text(t, out, "reference_paired_by", es_pairing_name(row->reference_pairing));
        instant(trace, out, "established", row->established);
        es_tree_bool(t, out, "evaluable", row->evaluable);
        if (row->label != ES_NO_ANSWER) es_tree_number(t, out, "label", row->label);
        if (row->sources_disagree) es_tree_bool(t, out, "sources_disagree", true);
    }
}

static int by_seq(const void *left, const void *right)
{
    const uint32_t a = **(const uint32_t *const *)left, b = **(const uint32_t *const *)right;
    return a < b ? -1 : a > b;
}

static const struct es_note *note_of(const struct es_note *notes, size_t n, const struct es_event *event)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(notes[i].event->identity, event->identity, ES_IDENTITY_SIZE) == 0) return &notes[i];
    return NULL;
}

/* Events in the order in which they came. */
static bool put_events(struct trace *trace, cJSON *list, const struct es_event *const *events, const uint32_t *seqs, size_t n,
                       const struct es_note *notes, size_t n_notes)
{
    const uint32_t **order = calloc(n ? n : 1, sizeof *order);
    if (!order) return false;
    for (size_t i = 0; i < n; i++) order[i] = &seqs[i];
    qsort(order, n, sizeof *order, by_seq);
    for (size_t i = 0; i < n; i++)
        put_event(trace, list, events[order[i] - seqs], *order[i], note_of(notes, n_notes, events[order[i] - seqs]));
    free(order);
    return true;
}

static enum es_errc put_bundle(void *context, const struct es_gathered *bundle, struct es_error *err)
{
    struct trace *trace = context;
    struct es_derived derived = {0};
    struct es_arena arena = {0};
    size_t n_notes = 0;
    struct es_note *notes = calloc(bundle->n_events ? bundle->n_events : 1, sizeof *notes);
    if (!notes) return es_fail(err, ES_E_MEMORY, "trace: out of memory");
    enum es_errc code = es_bundle_explain(bundle->events, bundle->n_events, bundle->linked, bundle->n_linked, es_site_config(trace->site),
                                          &arena, &derived, notes, &n_notes, err);
    if (code == ES_OK) {
        struct es_tree *t = &trace->tree;
        cJSON *out = es_tree_object(t, trace->bundles, NULL), *list = es_tree_array(t, out, "exams");
        for (uint32_t i = 0; i < derived.n_exams; i++) put_exam(trace, list, &derived, i, notes, n_notes);
        bool good = put_events(trace, es_tree_array(t, out, "events"), bundle->events, bundle->seqs, bundle->n_events, notes, n_notes);
        good = good && put_events(trace, es_tree_array(t, out, "linked"), bundle->linked, bundle->linked_seqs, bundle->n_linked, NULL, 0);
        list = es_tree_array(t, out, "cases");
        for (size_t i = 0; i < derived.n_cases; i++) put_case(trace, list, &derived, &derived.cases[i]);
        if (!good || t->failed) code = es_fail(err, ES_E_MEMORY, "trace: out of memory");
    }
    es_arena_clear(&arena);
    free(notes);
    return code;
}

static enum es_errc name_sought(struct trace *trace, const struct es_sought *sought, struct es_error *err)
{
    char normal[ES_ID_SIZE];
    es_normalise_id(sought->accession, es_site_config(trace->site)->accession_prefix, normal, sizeof normal);
    const bool good = es_site_pseudonym(trace->site, ES_PSEUDONYM_STUDY, NULL, sought->study_uid, &trace->study) == ES_OK &&
                      es_site_pseudonym(trace->site, ES_PSEUDONYM_ACCESSION, NULL, normal, &trace->accession) == ES_OK;
    explicit_bzero(normal, sizeof normal);
    return good ? ES_OK : es_fail(err, ES_E_MEMORY, "trace: out of memory");
}

enum es_errc es_trace(struct es_site *site, const struct es_sought *sought, cJSON **out, size_t *found, struct es_error *err)
{
    struct trace trace = {.site = site};
    uint32_t *bundles = NULL;
    size_t n = 0;
    cJSON *root = cJSON_CreateObject();
    if (!root) return es_fail(err, ES_E_MEMORY, "trace: out of memory");
    es_tree_text(&trace.tree, root, "schema", "evensight-trace/1");
    es_tree_text(&trace.tree, root, "site", es_site_config(site)->site);
    trace.bundles = es_tree_array(&trace.tree, root, "bundles");
    enum es_errc code = name_sought(&trace, sought, err);
    if (code == ES_OK) code = es_site_find_bundles(site, sought, &bundles, &n, err);
    for (size_t i = 0; i < n && code == ES_OK; i++) code = es_site_visit(site, bundles[i], put_bundle, &trace, err);
    if (code == ES_OK && trace.tree.failed) code = es_fail(err, ES_E_MEMORY, "trace: out of memory");
    for (int kind = 0; kind < LABELLED; kind++) free(trace.names[kind].items);
    free(bundles);
    if (code != ES_OK) {
        cJSON_Delete(root);
        return code;
    }
    *out = root;
    *found = n;
    return ES_OK;
}
