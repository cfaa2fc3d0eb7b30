/* SPDX-License-Identifier: Apache-2.0 */
/* What no rule read, and the rule that would read it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dicom/sr.h"
#include "dicom/text.h"
#include "plugin/base/json.h"
#include "plugin/recognise/explain_internal.h"
#include "plugin/recognise/internal.h"

#define MAX_LISTED 100 /* entries of each kind */
#define MAX_PATHS 20   /* of the JSON in one tag */

static bool same_code(const struct es_code *a, const struct es_code *b)
{
    return strcmp(a->value, b->value) == 0 && strcmp(a->scheme, b->scheme) == 0;
}

/* Would one rule read both? */
static bool alike(const struct es_sr_finding *a, const struct es_sr_finding *b)
{
    return a->type == b->type && same_code(&a->concept, &b->concept) && same_code(&a->finding, &b->finding) && same_code(&a->site, &b->site) &&
           a->intent == b->intent && a->n_modifiers == b->n_modifiers &&
           (a->n_modifiers == 0 || same_code(&a->modifiers[0], &b->modifiers[0])) && (a->type == ES_SR_NUM || same_code(&a->value, &b->value));
}

static void suggest_sr(struct es_trace *t, cJSON *entry, const struct es_sr_finding *f)
{
    static const struct es_code present = {"52101004", "SCT"}, absent = {"2667000", "SCT"};
    cJSON *sr = es_explain_object(t, es_explain_object(t, entry, "rule"), "SR");
    es_explain_code(t, sr, "Concept", &f->concept);
    es_explain_code(t, sr, "Finding", &f->finding);
    es_explain_code(t, sr, "Site", &f->site);
    if (f->n_modifiers > 0) es_explain_code(t, sr, "Modifier", &f->modifiers[0]);
    if (f->intent == ES_INTENT_HIDDEN) es_explain_text(t, sr, "Intent", "all");
    if (f->type == ES_SR_NUM) return;
    if (es_code_is(&f->concept, "111059", "DCM") || es_code_is(&f->concept, "111015", "DCM")) {
        cJSON_AddTrueToObject(sr, "Any");
        return;
    }
    es_explain_code(t, sr, "Present", es_code_same(&f->value, &absent) ? &present : &f->value);
    es_explain_code(t, sr, "Absent", &absent);
}

static void list_items(struct es_trace *t, cJSON *list)
{
    const struct es_report_facts *r = t->facts->report;
    bool *done = t->read[ES_TRACE_ITEM];
    size_t listed = 0;
    for (size_t i = 0; i < r->n_findings && listed < MAX_LISTED; i++) {
        size_t count = 0;
        if (done[i]) continue;
        for (size_t k = i; k < r->n_findings; k++) {
            if (done[k] || !alike(&r->findings[i], &r->findings[k])) continue;
            done[k] = true;
            count++;
        }
        cJSON *entry = es_explain_object(t, list, NULL);
        es_explain_text(t, entry, "content", r->findings[i].type == ES_SR_NUM ? "NUM" : "CODE");
        es_explain_number(t, entry, "count", (double)count);
        es_explain_code(t, entry, "units", &r->findings[i].units);
        suggest_sr(t, entry, &r->findings[i]);
        listed++;
    }
}

/* Outside any group: no rule reads these, and that is worth knowing. */
static void list_outside(struct es_trace *t, cJSON *list)
{
    const struct es_report_facts *r = t->facts->report;
    for (size_t i = 0; i < r->n_unread; i++) {
        cJSON *entry = es_explain_object(t, list, NULL);
        es_explain_text(t, entry, "content", r->unread[i].type == ES_SR_NUM ? "NUM" : "CODE");
        es_explain_number(t, entry, "count", (double)r->unread[i].count);
        es_explain_code(t, entry, "Concept", &r->unread[i].concept);
        es_explain_text(t, entry, "note", "outside any measurement group: no rule reads it");
    }
}

static void list_texts(struct es_trace *t, cJSON *list)
{
    const struct es_report_facts *r = t->facts->report;
    bool *done = t->read[ES_TRACE_TEXT];
    size_t listed = 0;
    for (size_t i = 0; i < r->n_texts && listed < MAX_LISTED; i++) {
        size_t count = 0;
        if (done[i]) continue;
        for (size_t k = i; k < r->n_texts; k++) {
            if (done[k] || !same_code(&r->texts[i].concept, &r->texts[k].concept)) continue;
            done[k] = true;
            count++;
        }
        cJSON *entry = es_explain_object(t, list, NULL);
        es_explain_text(t, entry, "content", "TEXT");
        es_explain_number(t, entry, "count", (double)count);
        cJSON *text = es_explain_object(t, es_explain_object(t, entry, "rule"), "Text");
        es_explain_code(t, text, "Concept", &r->texts[i].concept);
        es_explain_text(t, text, "Present", "PATTERN");
        listed++;
    }
}

static void suggest_tag(struct es_trace *t, cJSON *rules, const struct es_tag_value *value, const char *key, const char *what)
{
    cJSON *rule = es_explain_object(t, es_explain_object(t, rules, NULL), value->creator[0] != '\0' ? "PrivateTag" : "Tag");
    es_explain_tag(t, rule, value);
    if (key != NULL) es_explain_text(t, rule, key, what);
}

/* Names of the vendor's own, that a path can be written of. */
static bool is_plain_name(const char *name)
{
    size_t n = 0;
    for (; name[n] != '\0'; n++) {
        const char c = name[n];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (n > 0 && c >= '0' && c <= '9'))) return false;
    }
    return n > 0 && n <= 40;
}

/* Numbers, decisions and texts of the first two levels. */
static void suggest_json(struct es_trace *t, cJSON *rules, const struct es_tag_value *value, const cJSON *tree)
{
    size_t paths = 0;
    for (const cJSON *a = tree->child; a != NULL && paths < MAX_PATHS; a = a->next) {
        char path[96];
        if (a->string == NULL || !is_plain_name(a->string)) continue;
        (void)snprintf(path, sizeof path, "$.%s", a->string);
        if (!cJSON_IsObject(a) && !cJSON_IsArray(a)) {
            suggest_tag(t, rules, value, "JSON", path);
            paths++;
            continue;
        }
        for (const cJSON *b = cJSON_IsObject(a) ? a->child : NULL; b != NULL && paths < MAX_PATHS; b = b->next) {
            if (b->string == NULL || !is_plain_name(b->string) || cJSON_IsObject(b) || cJSON_IsArray(b)) continue;
            (void)snprintf(path, sizeof path, "$.%s.%s", a->string, b->string);
            suggest_tag(t, rules, value, "JSON", path);
            paths++;
        }
    }
}

/* What an integration engineer would look at: the vendor's own tags, and a content assessment (PS3.3 C.33). */
static bool is_interesting(const struct es_tag_value *value)
{
    return value->creator[0] != '\0' || value->path[value->depth - 1] >> 16 == 0x0082;
}

static void list_tags(struct es_trace *t, cJSON *list)
{
    const struct es_report_facts *r = t->facts->report;
    size_t listed = 0;
    for (size_t i = 0; i < r->n_values && listed < MAX_LISTED; i++) {
        const struct es_tag_value *value = &r->values[i];
        double number = 0;
        cJSON *tree = NULL;
        if (t->read[ES_TRACE_TAG][i] || !is_interesting(value)) continue;
        cJSON *entry = es_explain_object(t, list, NULL);
        es_explain_text(t, entry, "content", value->vr);
        const bool is_number = es_text_number(value->text, strlen(value->text), &number);
        const bool is_json = !is_number && es_json_parse(&tree, value->text, strlen(value->text), false, NULL) == ES_OK && cJSON_IsObject(tree);
        es_explain_text(t, entry, "holds", is_number ? "a number" : is_json ? "JSON" : "text");
        cJSON *rules = es_explain_list(t, entry, "rules");
        if (is_json) suggest_json(t, rules, value, tree);
        else suggest_tag(t, rules, value, is_number ? NULL : "Present", "PATTERN");
        es_json_free(tree);
        listed++;
    }
}

/* Was the finding decided by a rule that was asked before? */
static bool decided(const struct es_trace *t, const char *model, const char *finding)
{
    for (const cJSON *at = t->rules->child; at != NULL; at = at->next) {
        const cJSON *f = cJSON_GetObjectItemCaseSensitive(at, "finding");
        if (cJSON_IsString(f) && strcmp(f->valuestring, finding) == 0 &&
            strcmp(cJSON_GetObjectItemCaseSensitive(at, "model")->valuestring, model) == 0)
            return true;
    }
    return false;
}

/* By which key a rule that did not read a segment says no. */
static const char *refusal(const struct es_trace *t, const struct es_model_config *model, const char *finding, const struct es_from_rule *rule,
                           const struct es_seg_segment *segment)
{
    const bool drawn = segment->maker == ES_SEG_MANUAL || (segment->maker == ES_SEG_SEMIAUTOMATIC && rule->semiautomatic == ES_ROLE_REFERENCE);
    const char *key = es_seg_refusal(rule, drawn ? ES_ROLE_REFERENCE : ES_ROLE_RESULT, segment);
    if (key != NULL) return segment->maker == ES_SEG_SEMIAUTOMATIC && strcmp(key, "SegmentAlgorithmType") == 0 ? "Semiautomatic" : key;
    return drawn || decided(t, model->name, finding) ? "an earlier rule" : "Recognise";
}

static void list_refusals(struct es_trace *t, cJSON *entry, const struct es_seg_segment *segment)
{
    cJSON *list = es_explain_list(t, entry, "because");
    for (size_t m = 0; m < t->config->n_models; m++) {
        const struct es_model_config *model = &t->config->models[m];
        for (size_t f = 0; f < model->n_findings; f++)
            for (size_t r = 0; r < model->findings[f].n_from; r++) {
                const struct es_from_rule *rule = &model->findings[f].from[r];
                char place[32];
                if (rule->kind != ES_FROM_SEG) continue;
                cJSON *no = es_explain_object(t, list, NULL);
                (void)snprintf(place, sizeof place, "From[%zu]", r);
                es_explain_text(t, no, "model", model->name);
                es_explain_text(t, no, "finding", model->findings[f].name);
                es_explain_text(t, no, "rule", place);
                es_explain_text(t, no, "key", refusal(t, model, model->findings[f].name, rule, segment));
            }
    }
}

static void list_segments(struct es_trace *t, cJSON *list)
{
    const struct es_seg_facts *seg = t->facts->seg;
    size_t listed = 0;
    for (size_t i = 0; seg != NULL && i < seg->n_segments && listed < MAX_LISTED; i++) {
        const struct es_seg_segment *segment = &seg->segments[i];
        if (t->read[ES_TRACE_SEGMENT][i]) continue;
        cJSON *entry = es_explain_object(t, list, NULL);
        es_explain_segment(t, entry, segment);
        list_refusals(t, entry, segment);
        listed++;
        if (segment->maker == ES_SEG_UNSAID) {
            es_explain_text(t, entry, "note", "who or what drew it is not said: no rule reads it");
            continue;
        }
        cJSON *rule = es_explain_object(t, es_explain_object(t, entry, "rule"), "Seg");
        es_explain_code(t, rule, "Property", &segment->property);
        es_explain_text(t, rule, "Measure", es_seg_measure_name(isnan(segment->volume_ml) ? ES_MEASURE_MASK : ES_MEASURE_VOLUME));
        if (segment->maker == ES_SEG_SEMIAUTOMATIC) es_explain_text(t, rule, "Semiautomatic", es_seg_role_name(ES_ROLE_RESULT));
    }
}

void es_explain_unread(struct es_trace *t, cJSON *object)
{
    cJSON *list = es_explain_list(t, object, "unread");
    if (t->facts->report == NULL || list == NULL) return;
    list_items(t, list);
    list_outside(t, list);
    list_texts(t, list);
    list_tags(t, list);
    list_segments(t, list);
}
