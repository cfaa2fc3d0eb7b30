/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/recognise/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/seg.h"
#include "plugin/recognise/explain_internal.h"
#include "plugin/recognise/internal.h"

enum es_errc es_trace_new(struct es_trace **out, const struct es_facts *facts, struct es_error *err)
{
    const struct es_report_facts *r = facts->report;
    const size_t counts[ES_TRACE_KINDS] = {r != NULL ? r->n_findings : 0, r != NULL ? r->n_values : 0, r != NULL ? r->n_texts : 0,
                                           facts->seg != NULL ? facts->seg->n_segments : 0};
    struct es_trace *t = calloc(1, sizeof *t);
    if (t == NULL) return es_fail(err, ES_E_MEMORY, "explain: no memory");
    t->facts = facts;
    t->algorithms = cJSON_CreateArray();
    t->rules = cJSON_CreateArray();
    t->outcomes = cJSON_CreateArray();
    t->bad = t->algorithms == NULL || t->rules == NULL || t->outcomes == NULL;
    for (size_t i = 0; i < ES_TRACE_KINDS; i++) {
        t->read[i] = calloc(counts[i] + 1, sizeof *t->read[i]);
        t->bad = t->bad || t->read[i] == NULL;
    }
    if (!t->bad) {
        *out = t;
        return ES_OK;
    }
    es_trace_free(t);
    return es_fail(err, ES_E_MEMORY, "explain: no memory");
}

void es_trace_free(struct es_trace *t)
{
    if (t == NULL) return;
    cJSON_Delete(t->algorithms);
    cJSON_Delete(t->rules);
    cJSON_Delete(t->outcomes);
    for (size_t i = 0; i < ES_TRACE_KINDS; i++) free(t->read[i]);
    free(t);
}

/* ---- the tree ---- */

static cJSON *put(struct es_trace *t, cJSON *into, const char *key, cJSON *item)
{
    const bool good = item != NULL && into != NULL && (key == NULL ? cJSON_AddItemToArray(into, item) : cJSON_AddItemToObject(into, key, item));
    if (good) return item;
    t->bad = true;
    cJSON_Delete(item);
    return NULL;
}

cJSON *es_explain_object(struct es_trace *t, cJSON *into, const char *key) { return put(t, into, key, cJSON_CreateObject()); }
cJSON *es_explain_list(struct es_trace *t, cJSON *into, const char *key) { return put(t, into, key, cJSON_CreateArray()); }

void es_explain_text(struct es_trace *t, cJSON *object, const char *key, const char *text)
{
    (void)put(t, object, key, cJSON_CreateString(text));
}

void es_explain_number(struct es_trace *t, cJSON *object, const char *key, double number)
{
    (void)put(t, object, key, cJSON_CreateNumber(number));
}

void es_explain_code(struct es_trace *t, cJSON *object, const char *key, const struct es_code *code)
{
    char text[sizeof code->value + sizeof code->scheme + 1];
    if (code->value[0] == '\0') return;
    (void)snprintf(text, sizeof text, "%s,%s", code->value, code->scheme);
    es_explain_text(t, object, key, text);
}

void es_explain_tag(struct es_trace *t, cJSON *object, const struct es_tag_value *value)
{
    char text[12 * ES_MAX_TAG_PATH] = "";
    size_t used = 0;
    for (uint8_t i = 0; i < value->depth && used < sizeof text; i++) {
        const unsigned group = value->path[i] >> 16, element = value->path[i] & 0xFFFF;
        const int n = snprintf(text + used, sizeof text - used, (group & 1) != 0 ? "%s%04X,xx%02X" : "%s%04X,%04X", i ? "/" : "", group, element);
        used += n > 0 ? (size_t)n : 0;
    }
    es_explain_text(t, object, "Tag", text);
    if (value->creator[0] != '\0') es_explain_text(t, object, "Creator", value->creator);
}

/* ---- what happens ---- */

void es_trace_model(struct es_trace *t, size_t algorithm, const char *model, const char *refusal)
{
    if (t == NULL) return;
    const struct es_report_facts *r = t->facts->report;
    const struct es_algorithm *a = r != NULL && algorithm < r->n_algorithms ? &r->algorithms[algorithm] : &t->facts->algorithm;
    cJSON *at = cJSON_GetArrayItem(t->algorithms, (int)algorithm);
    if (at == NULL) {
        at = es_explain_object(t, t->algorithms, NULL);
        es_explain_text(t, at, "source", es_algorithm_source_name(a->source));
        if (a->name[0] != '\0') es_explain_text(t, at, "AlgorithmName", a->name);
        if (a->version[0] != '\0') es_explain_text(t, at, "Version", a->version);
        if (a->manufacturer[0] != '\0') es_explain_text(t, at, "Manufacturer", a->manufacturer);
        if (a->device_uid[0] != '\0') es_explain_text(t, at, "DeviceUID", "(present)");
        if (a->series_description[0] != '\0') es_explain_text(t, at, "SeriesDescription", "(present)");
        (void)es_explain_list(t, at, "models");
    }
    cJSON *verdict = es_explain_object(t, cJSON_GetObjectItemCaseSensitive(at, "models"), NULL);
    es_explain_text(t, verdict, "model", model);
    (void)put(t, verdict, "recognised", cJSON_CreateBool(refusal == NULL));
    if (refusal != NULL) es_explain_text(t, verdict, "because", refusal[0] != '\0' ? refusal : "its Recognise asks for nothing");
}

/* What a rule is, or what was matched, without any word of the patient's. */
static void name_matched(struct es_trace *t, cJSON *object, enum es_trace_kind kind, size_t index)
{
    const struct es_report_facts *r = t->facts->report;
    if (kind == ES_TRACE_TAG) {
        es_explain_tag(t, object, &r->values[index]);
        return;
    }
    const struct es_sr_finding *f = kind == ES_TRACE_ITEM ? &r->findings[index] : NULL;
    es_explain_text(t, object, "content", f == NULL ? "TEXT" : f->type == ES_SR_NUM ? "NUM" : "CODE");
    es_explain_code(t, object, "Concept", f != NULL ? &f->concept : &r->texts[index].concept);
    if (f == NULL) return;
    es_explain_code(t, object, "Finding", &f->finding);
    es_explain_code(t, object, "Site", &f->site);
    if (f->n_modifiers > 0) es_explain_code(t, object, "Modifier", &f->modifiers[0]);
    es_explain_code(t, object, "units", &f->units);
}

/* The entry of a rule, begun at its first match. */
static cJSON *rule_entry(struct es_trace *t, const char *model, const char *finding, size_t number)
{
    cJSON *last = cJSON_GetArrayItem(t->rules, cJSON_GetArraySize(t->rules) - 1);
    if (last != NULL && !cJSON_HasObjectItem(last, "used")) return last;
    cJSON *entry = es_explain_object(t, t->rules, NULL);
    char place[32];
    (void)snprintf(place, sizeof place, strcmp(finding, "FailedWhen") == 0 ? "FailedWhen[%zu]" : "From[%zu]", number);
    es_explain_text(t, entry, "model", model);
    if (strcmp(finding, "FailedWhen") != 0) es_explain_text(t, entry, "finding", finding);
    es_explain_text(t, entry, "rule", place);
    (void)es_explain_list(t, entry, "matches");
    return entry;
}

void es_trace_match(struct es_trace *t, const char *model, const char *finding, size_t rule, enum es_trace_kind kind, size_t index,
                    const struct es_finding *found, const char *wrong)
{
    if (t == NULL) return;
    cJSON *entry = rule_entry(t, model, finding, rule);
    cJSON *match = es_explain_object(t, cJSON_GetObjectItemCaseSensitive(entry, "matches"), NULL);
    t->read[kind][index] = true;
    name_matched(t, match, kind, index);
    if (wrong != NULL) es_explain_text(t, match, "left_out", wrong);
    else if (found->has_decision) (void)put(t, match, "decision", cJSON_CreateBool(found->decision));
    else es_explain_number(t, match, found->has_score ? "score" : "value", found->has_score ? found->score : found->value);
}

void es_explain_segment(struct es_trace *t, cJSON *object, const struct es_seg_segment *segment)
{
    es_explain_text(t, object, "content", "SEGMENT");
    es_explain_number(t, object, "SegmentNumber", segment->number);
    es_explain_code(t, object, "Property", &segment->property);
    if (segment->label[0] != '\0') es_explain_text(t, object, "Label", "(present)");
    es_explain_text(t, object, "SegmentAlgorithmType", es_seg_maker_name(segment->maker));
}

void es_trace_segments(struct es_trace *t, const char *model, const char *finding, size_t number, const struct es_from_rule *rule,
                       enum es_seg_role role, const char *wrong)
{
    if (t == NULL) return;
    cJSON *matches = cJSON_GetObjectItemCaseSensitive(rule_entry(t, model, finding, number), "matches");
    for (size_t i = 0; i < t->facts->seg->n_segments; i++) {
        const struct es_seg_segment *segment = &t->facts->seg->segments[i];
        if (es_seg_refusal(rule, role, segment) != NULL) continue;
        cJSON *match = es_explain_object(t, matches, NULL);
        t->read[ES_TRACE_SEGMENT][i] = true;
        es_explain_segment(t, match, segment);
        es_explain_text(t, match, "as", es_seg_role_name(role));
        if (wrong != NULL) es_explain_text(t, match, "left_out", wrong);
        else if (rule->measure == ES_MEASURE_MASK) es_explain_number(t, match, "voxels", (double)segment->voxels);
        else es_explain_number(t, match, "value", rule->measure == ES_MEASURE_VOLUME ? segment->volume_ml : segment->area_mm2);
    }
}

void es_trace_read(struct es_trace *t, enum es_trace_kind kind, size_t index)
{
    if (t != NULL) t->read[kind][index] = true;
}

void es_trace_rule(struct es_trace *t, const char *model, const char *finding, size_t number, const struct es_from_rule *rule, size_t used,
                   size_t unusable)
{
    static const char *const kinds[] = {"SR", "JSON", "Tag", "PrivateTag", "Text", "Seg"}; /* enum es_from_kind */
    if (t == NULL) return;
    cJSON *entry = rule_entry(t, model, finding, number);
    if ((size_t)rule->kind < sizeof kinds / sizeof kinds[0]) es_explain_text(t, entry, "kind", kinds[rule->kind]);
    es_explain_number(t, entry, "used", (double)used);
    es_explain_number(t, entry, "left_out", (double)unusable);
}

static void outcome(struct es_trace *t, const char *model, const char *finding, const char *what)
{
    if (t == NULL) return;
    cJSON *entry = es_explain_object(t, t->outcomes, NULL);
    es_explain_text(t, entry, "model", model);
    if (finding != NULL) es_explain_text(t, entry, "finding", finding);
    es_explain_text(t, entry, "outcome", what);
}

void es_trace_failure(struct es_trace *t, const char *model, const char *reason)
{
    char what[ES_NAME_SIZE + 16];
    (void)snprintf(what, sizeof what, "failed: %s", reason);
    outcome(t, model, NULL, what);
}

void es_trace_unknown(struct es_trace *t, const char *model, const char *finding) { outcome(t, model, finding, "resulted, value unknown"); }
void es_trace_silence(struct es_trace *t, const char *model, const char *finding) { outcome(t, model, finding, "not mentioned, which means no"); }

/* ---- the whole ---- */

static void explain_messages(struct es_trace *t, cJSON *root, struct es_message **messages, size_t count, const char *why)
{
    cJSON *list = es_explain_list(t, root, "messages");
    for (size_t i = 0; i < count; i++) {
        const struct es_message *m = messages[i];
        cJSON *one = es_explain_object(t, list, NULL);
        es_explain_text(t, one, "event", es_event_kind_name(m->kind));
        if (m->model_name[0] != '\0') es_explain_text(t, one, "model", m->model_name);
        if (m->model_version[0] != '\0') es_explain_text(t, one, "version", m->model_version);
        if (m->kind == ES_EVENT_RESULT) es_explain_text(t, one, "unit", es_unit_type_name(m->unit));
        if (m->kind == ES_EVENT_RESULT) es_explain_number(t, one, "findings", (double)m->n_findings);
        if (m->kind == ES_EVENT_FAILURE) es_explain_text(t, one, "reason", m->reason);
    }
    if (why[0] != '\0') es_explain_text(t, root, count > 0 ? "left_out" : "silent_because", why);
}

static void explain_faults(struct es_trace *t, cJSON *root, const struct es_report_facts *r)
{
    const char *name;
    uint64_t n = 0;
    cJSON *object = NULL;
    for (size_t i = 0; es_report_fault(&r->faults, i, &name, &n); i++) {
        if (n == 0) continue;
        if (object == NULL) object = es_explain_object(t, root, "faults");
        es_explain_number(t, object, name, (double)n);
    }
    if (r->items_skipped > 0) es_explain_number(t, root, "items_skipped", (double)r->items_skipped);
}

static void explain_object(struct es_trace *t, cJSON *root)
{
    const struct es_facts *facts = t->facts;
    es_explain_text(t, root, "kind", es_object_kind_name(facts->kind));
    if (facts->form != ES_FORM_NONE) es_explain_text(t, root, "form", es_result_form_name(facts->form));
    if (facts->report == NULL) return;
    if (facts->report->title.value[0] != '\0') es_explain_code(t, root, "title", &facts->report->title);
    if (facts->report->cad != ES_CAD_NONE) es_explain_text(t, root, "cad_summary", es_cad_summary_name(facts->report->cad));
    explain_faults(t, root, facts->report);
}

enum es_errc es_explain(cJSON **out, const char *file, const struct es_facts *facts, const struct es_config *config, const char *remote_aet,
                        struct es_error *err)
{
    struct es_trace *t = NULL;
    struct es_message **messages = NULL;
    size_t count = 0;
    char why[160] = "";
    struct es_error refused = {0};
    enum es_errc code = es_trace_new(&t, facts, err);
    if (code != ES_OK) return code;
    cJSON *root = cJSON_CreateObject();
    t->config = config;
    t->bad = root == NULL;
    code = es_messages_traced(facts, config, remote_aet, false, &messages, &count, why, sizeof why, t, &refused);
    t->bad = t->bad || code == ES_E_MEMORY;
    es_explain_text(t, root, "file", file);
    explain_object(t, root);
    (void)put(t, root, "algorithms", cJSON_Duplicate(t->algorithms, true));
    (void)put(t, root, "rules", cJSON_Duplicate(t->rules, true));
    (void)put(t, root, "outcomes", cJSON_Duplicate(t->outcomes, true));
    if (code != ES_OK) es_explain_text(t, root, "refused", refused.text);
    explain_messages(t, root, messages, count, why);
    es_explain_unread(t, root);
    es_messages_free(messages, count);
    const bool bad = t->bad;
    es_trace_free(t);
    if (!bad) {
        *out = root;
        return ES_OK;
    }
    cJSON_Delete(root);
    return es_fail(err, ES_E_MEMORY, "explain: no memory");
}
