/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/facts_json.h"

#include <stdio.h>
#include <string.h>

#include "dicom/attributes.h"
#include "dicom/vocabulary.h"
#include "plugin/base/time.h"

/* Adding to a tree fails only when memory ran out: the tree is then short, and the caller sees `ok`. */
struct tree {
    cJSON *node;
    bool *ok;
};

static void text(struct tree t, const char *key, const char *value)
{
    if (!cJSON_AddStringToObject(t.node, key, value)) *t.ok = false;
}

static void given(struct tree t, const char *key, const char *value)
{
    if (value[0]) text(t, key, value);
}

static void number(struct tree t, const char *key, double value)
{
    if (!cJSON_AddNumberToObject(t.node, key, value)) *t.ok = false;
}

static void flag(struct tree t, const char *key, bool value)
{
    if (!cJSON_AddBoolToObject(t.node, key, value)) *t.ok = false;
}

static struct tree object(struct tree t, const char *key)
{
    struct tree child = {cJSON_AddObjectToObject(t.node, key), t.ok};
    if (!child.node) *t.ok = false;
    return child;
}

static void code(struct tree t, const char *key, const struct es_code *c)
{
    char both[sizeof c->value + sizeof c->scheme + 1];
    if (!c->value[0]) return;
    (void)snprintf(both, sizeof both, "%s,%s", c->value, c->scheme);
    text(t, key, both);
}

static void identifier(struct tree t, const char *key, const char *value, bool show)
{
    if (show && value[0]) text(t, key, value);
    else text(t, key, value[0] ? "(present)" : "(absent)");
}

static void identity(struct tree t, const struct es_identity *id, bool show)
{
    char day[ES_DAY_TEXT] = "";
    identifier(t, "StudyInstanceUID", id->study_uid, show);
    identifier(t, "SeriesInstanceUID", id->series_uid, show);
    identifier(t, "SOPInstanceUID", id->sop_uid, show);
    identifier(t, "AccessionNumber", id->accession, show);
    identifier(t, "IssuerOfAccessionNumber", id->accession_issuer, show);
    identifier(t, "PatientID", id->patient_id, show);
    identifier(t, "IssuerOfPatientID", id->patient_issuer, show);
    if (id->study_day != INT32_MIN) es_day_format(id->study_day, day);
    text(t, "StudyDate", day[0] ? day : "(absent)");
    text(t, "SOPClassUID", id->sop_class_uid);
}

/* The vocabulary that an attribute has by the standard or by default. */
static const struct es_vocabulary *vocabulary_of(const char *keyword)
{
    if (strcmp(keyword, "PatientSex") == 0) return es_vocabulary_builtin("dicom-sex");
    if (strcmp(keyword, "EthnicGroup") == 0) return es_vocabulary_builtin("nhs-ethnic-category");
    return NULL;
}

static void fact(struct tree t, const struct es_fact *f)
{
    struct tree child = object(t, f->keyword);
    if (!child.node) return;
    const struct es_vocabulary *vocabulary = vocabulary_of(f->keyword);
    struct es_term term = {f->state, NULL, NULL};
    if (vocabulary && f->state == ES_ATTRIBUTE_PRESENT) term = es_vocabulary_find(vocabulary, f->value);
    text(child, "state", es_attribute_state_name(term.state));
    given(child, "value", f->value);
    if (term.level) text(child, "level", term.level);
    if (term.group && term.level && strcmp(term.group, term.level) != 0) text(child, "group", term.group);
    given(child, "reason", f->reason);
    if (f->derived) flag(child, "derived", true);
}

static void facts_of(struct tree t, const struct es_facts *facts, unsigned use)
{
    for (size_t i = 0; i < es_n_attributes; i++) {
        if (!(es_attributes[i].use & use)) continue;
        const struct es_fact *f = es_facts_attribute(facts, es_attributes[i].keyword);
        /* Who: every state, for an absence is a finding. How: there are too many to list those that are absent. */
        if (f && (use == ES_USE_DEMOGRAPHICS || f->state != ES_ATTRIBUTE_ABSENT)) fact(t, f);
    }
}

static void algorithm(struct tree t, const struct es_algorithm *a)
{
    text(t, "source", es_algorithm_source_name(a->source));
    given(t, "name", a->name);
    given(t, "version", a->version);
    given(t, "manufacturer", a->manufacturer);
    given(t, "device_uid", a->device_uid);
}

static void finding(struct tree t, const struct es_sr_finding *f)
{
    static const char *const types[] = {"NUM", "CODE", "TEXT"};
    number(t, "group", f->group);
    text(t, "type", types[f->type]);
    code(t, "concept", &f->concept);
    code(t, "finding", &f->finding);
    code(t, "site", &f->site);
    for (uint32_t i = 0; i < f->n_modifiers; i++) {
        char key[24];
        (void)snprintf(key, sizeof key, i ? "modifier_%u" : "modifier", (unsigned)i + 1);
        code(t, key, &f->modifiers[i]);
    }
    if (f->intent != ES_INTENT_NONE) text(t, "intent", es_rendering_intent_name(f->intent));
    if (f->type == ES_SR_CODE) code(t, "value", &f->value);
    if (f->type == ES_SR_NUM && f->has_number) number(t, "value", f->number);
    if (f->type == ES_SR_NUM && !f->has_number && !cJSON_AddNullToObject(t.node, "value")) *t.ok = false;
    code(t, "units", &f->units);
    code(t, "qualifier", &f->qualifier);
}

static void report(struct tree t, const struct es_report_facts *r)
{
    code(t, "title", &r->title);
    struct tree who = object(t, "algorithm");
    if (who.node) algorithm(who, &r->algorithm);
    flag(t, "complete", r->complete);
    flag(t, "verified", r->verified);
    flag(t, "human_observer", r->human_observer);
    number(t, "referenced_studies", (double)r->n_studies);
    number(t, "referenced_series", (double)r->n_series);
    number(t, "referenced_images", (double)r->n_images);
    number(t, "items_read", (double)r->items_read);
    number(t, "items_skipped", (double)r->items_skipped);
    number(t, "texts", (double)r->n_texts); /* how many; never their words */
    if (r->cad != ES_CAD_NONE) text(t, "cad_summary", es_cad_summary_name(r->cad));
    struct tree wrong = object(t, "faults");
    const char *name;
    uint64_t n = 0;
    for (size_t i = 0; wrong.node && es_report_fault(&r->faults, i, &name, &n); i++) number(wrong, name, (double)n);
    cJSON *list = cJSON_AddArrayToObject(t.node, "findings");
    if (!list) *t.ok = false;
    for (size_t i = 0; list && i < r->n_findings; i++) {
        struct tree item = {cJSON_CreateObject(), t.ok};
        if (!item.node || !cJSON_AddItemToArray(list, item.node)) {
            *t.ok = false;
            return;
        }
        finding(item, &r->findings[i]);
        if (r->n_algorithms > 1) given(item, "algorithm", r->algorithms[r->findings[i].algorithm].name);
    }
}

cJSON *es_facts_json(const char *file, const struct es_facts *facts, bool identifiers)
{
    bool ok = true;
    struct tree t = {cJSON_CreateObject(), &ok};
    if (!t.node) return NULL;
    text(t, "file", file);
    text(t, "kind", es_object_kind_name(facts->kind));
    if (facts->form != ES_FORM_NONE) text(t, "form", es_result_form_name(facts->form));
    if (facts->partial) text(t, "partial", facts->partial_reason);
    if (facts->exclusion != ES_EXCLUDED_NOT) text(t, "excluded", es_exclusion_name(facts->exclusion));
    if (facts->identity_removed) flag(t, "identity_removed", true);
    struct tree child = object(t, "identity");
    if (child.node) identity(child, &facts->identity, identifiers);
    child = object(t, "demographics");
    if (child.node) facts_of(child, facts, ES_USE_DEMOGRAPHICS);
    child = object(t, "acquisition");
    if (child.node) facts_of(child, facts, ES_USE_ACQUISITION);
    if (facts->algorithm.source != ES_ALGORITHM_NONE) {
        child = object(t, "equipment_algorithm");
        if (child.node) algorithm(child, &facts->algorithm);
    }
    if (facts->report && facts->kind == ES_OBJECT_SR) {
        child = object(t, "report");
        if (child.node) report(child, facts->report);
    }
    if (facts->seg && !es_seg_json(t.node, facts->seg)) ok = false;
    if (!ok) {
        cJSON_Delete(t.node);
        return NULL;
    }
    return t.node;
}
