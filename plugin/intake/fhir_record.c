/* SPDX-License-Identifier: Apache-2.0 */
/* A DiagnosticReport or an Observation as a record: whose, when, by whom, and what was observed. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/charset.h"
#include "plugin/base/hash.h"
#include "plugin/base/json.h"
#include "plugin/intake/fhir_internal.h"


struct building {
    const struct es_fhir_bundle *bundle;
    cJSON *root, *observations;
    size_t n;
    bool memory;
};

static const cJSON *member(const cJSON *object, const char *key) { return cJSON_GetObjectItemCaseSensitive(object, key); }

/* First of a list, or the item itself. */
static const cJSON *first_of(const cJSON *item) { return cJSON_IsArray(item) ? item->child : item; }

static void put(struct building *b, cJSON *object, const char *key, const char *text)
{
    if (text[0] == '\0' || object == NULL || cJSON_GetObjectItemCaseSensitive(object, key) != NULL) return; /* the first word stands */
    if (cJSON_AddStringToObject(object, key, text) == NULL) b->memory = true;
}

static const char *plain_uid(const char *text) { return strncmp(text, "urn:oid:", 8) == 0 ? text + 8 : text; }

const char *es_fhir_status(const char *status)
{
    static const struct {
        const char *fhir, *ours;
    } words[] = {{"final", "final"},         {"amended", "corrected"},      {"corrected", "corrected"}, {"appended", "corrected"},
                 {"modified", "corrected"},  {"cancelled", "cancelled"},    {"entered-in-error", "cancelled"},
                 {"registered", "preliminary"}, {"partial", "preliminary"}, {"preliminary", "preliminary"}, {"unknown", "preliminary"},
                 {"specimen-in-process", "preliminary"}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i].fhir, status) == 0) return words[i].ours;
    return "preliminary";
}

/* What kind of resource a reference is to: as it says, as it resolves, by its address. "" when nothing tells. */
static void type_of(const struct es_fhir_bundle *bundle, const cJSON *from, const cJSON *reference, char out[64])
{
    const char *said = es_fhir_text(es_fhir_resolve(bundle, from, reference), "resourceType"), *address = es_fhir_text(reference, "reference");
    if (said[0] == '\0') said = es_fhir_text(reference, "type");
    (void)snprintf(out, 64, "%s", said);
    const char *end = strstr(address, "/_history/");
    if (end == NULL) end = address + strlen(address);
    while (end > address && *end != '/') end--;
    const char *begin = end;
    while (begin > address && begin[-1] != '/') begin--;
    if (out[0] == '\0' && *end == '/') (void)snprintf(out, 64, "%.*s", (int)(end - begin < 63 ? end - begin : 63), begin);
}

/* ---- identifiers ---- */

static bool typed(const cJSON *identifier, const char *code)
{
    const cJSON *codings = member(member(identifier, "type"), "coding");
    for (const cJSON *coding = cJSON_IsArray(codings) ? codings->child : NULL; coding != NULL; coding = coding->next)
        if (strcmp(es_fhir_text(coding, "code"), code) == 0) return true;
    return false;
}

static const char *issuer_of(const cJSON *identifier)
{
    const char *system = plain_uid(es_fhir_text(identifier, "system"));
    return system[0] != '\0' ? system : es_fhir_text(member(identifier, "assigner"), "display");
}

/* An identifier that may be the study's UID (not where it is of a report, an observation or a selection), or its accession number. */
static void put_study(struct building *b, const cJSON *identifier, bool of_study)
{
    const char *value = es_fhir_text(identifier, "value");
    if (strcmp(es_fhir_text(identifier, "system"), "urn:dicom:uid") == 0) {
        if (of_study) put(b, b->root, "study_uid", plain_uid(value));
    } else if (typed(identifier, "ACSN") && member(b->root, "accession") == NULL) {
        put(b, b->root, "accession", value);
        put(b, b->root, "accession_issuer", issuer_of(identifier));
    }
}

static void put_studies(struct building *b, const cJSON *identifiers, bool of_study)
{
    if (cJSON_IsObject(identifiers)) put_study(b, identifiers, of_study);
    for (const cJSON *item = cJSON_IsArray(identifiers) ? identifiers->child : NULL; item != NULL; item = item->next) put_study(b, item, of_study);
}

/* A study, or the order and procedure that it comes of; what nothing is said of is taken for one. */
static bool is_study(const char *type)
{
    static const char *const types[] = {"", "ImagingStudy", "ServiceRequest", "Procedure"};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(types[i], type) == 0) return true;
    return false;
}

/* What a reference to a study, a selection of images or an order tells: by itself, or in the resource that it names. */
static void put_reference(struct building *b, const cJSON *from, const cJSON *reference)
{
    const cJSON *resource = es_fhir_resolve(b->bundle, from, reference);
    char type[64];
    type_of(b->bundle, from, reference, type);
    put_studies(b, member(reference, "identifier"), is_study(type));
    if (resource == NULL) return;
    put_studies(b, member(resource, "identifier"), is_study(type));
    put(b, b->root, "study_uid", plain_uid(es_fhir_text(resource, "studyUid"))); /* ImagingSelection */
}

static void put_whose(struct building *b, const cJSON *resource)
{
    static const char *const links[] = {"imagingStudy", "study", "partOf", "derivedFrom", "focus", "basedOn"};
    for (size_t i = 0; i < sizeof links / sizeof links[0]; i++) {
        const cJSON *list = member(resource, links[i]);
        if (cJSON_IsObject(list)) put_reference(b, resource, list);
        for (const cJSON *item = cJSON_IsArray(list) ? list->child : NULL; item != NULL; item = item->next) put_reference(b, resource, item);
    }
    put_studies(b, member(resource, "identifier"), false);
}

static void put_patient(struct building *b, const cJSON *resource)
{
    const cJSON *subject = member(resource, "subject"), *patient = es_fhir_resolve(b->bundle, resource, subject);
    const cJSON *list = member(patient, "identifier"), *best = member(subject, "identifier");
    for (const cJSON *item = cJSON_IsArray(list) ? list->child : NULL; item != NULL; item = item->next)
        if (strcmp(es_fhir_text(item, "use"), "old") != 0 && (best == NULL || (typed(item, "MR") && !typed(best, "MR")))) best = item;
    if (member(b->root, "patient_id") != NULL) return;
    put(b, b->root, "patient_id", es_fhir_text(best, "value"));
    if (member(b->root, "patient_id") != NULL) put(b, b->root, "patient_issuer", issuer_of(best));
}

/* ---- author ---- */

static void put_device(struct building *b, const cJSON *resource)
{
    const cJSON *reference = member(resource, "device");
    if (reference == NULL || member(b->root, "device") != NULL) return;
    const cJSON *device = es_fhir_resolve(b->bundle, resource, reference);
    cJSON *out = cJSON_AddObjectToObject(b->root, "device");
    if (out == NULL) b->memory = true;
    const cJSON *r4 = first_of(member(device, "deviceName")), *r5 = first_of(member(device, "name")), *version = first_of(member(device, "version"));
    put(b, out, "name", es_fhir_text(r4, "name"));
    put(b, out, "name", es_fhir_text(r5, "value"));
    put(b, out, "name", es_fhir_text(device, "displayName"));
    put(b, out, "name", es_fhir_text(reference, "display"));
    put(b, out, "version", es_fhir_text(version, "value"));
    put(b, out, "manufacturer", es_fhir_text(device, "manufacturer"));
}

/* A person by an identifier, by name of the resource, by what is shown; a urn: names somebody in this bundle only. */
static void put_labeller(struct building *b, const cJSON *resource)
{
    static const char *const links[] = {"resultsInterpreter", "performer"};
    for (size_t i = 0; i < 2; i++) {
        const cJSON *person = first_of(member(resource, links[i])), *resolved = es_fhir_resolve(b->bundle, resource, person);
        const bool passing = strncmp(es_fhir_text(person, "reference"), "urn:", 4) == 0 || es_fhir_text(person, "reference")[0] == '#';
        put(b, b->root, "labeller", es_fhir_text(member(person, "identifier"), "value"));
        if (passing) put(b, b->root, "labeller", es_fhir_text(first_of(member(resolved, "identifier")), "value"));
        else put(b, b->root, "labeller", es_fhir_text(person, "reference"));
        put(b, b->root, "labeller", es_fhir_text(person, "display"));
        put(b, b->root, "labeller", es_fhir_text(person, "reference"));
    }
}

static void put_time(struct building *b, const cJSON *resource)
{
    static const char *const keys[] = {"issued", "effectiveDateTime", "effectiveInstant"};
    for (size_t i = 0; i < 3; i++)
        if (strlen(es_fhir_text(resource, keys[i])) >= 10) put(b, b->root, "time", es_fhir_text(resource, keys[i]));
}

/* ---- observations ---- */

static const char *scheme_of(const char *system)
{
    static const char *const schemes[][2] = {{"http://snomed.info/sct", "SCT"},
                                             {"http://loinc.org", "LN"},
                                             {"http://dicom.nema.org/resources/ontology/DCM", "DCM"},
                                             {"http://www.radlex.org", "RADLEX"},
                                             {"http://radlex.org", "RADLEX"},
                                             {"http://unitsofmeasure.org", "UCUM"}};
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++)
        if (strcmp(schemes[i][0], system) == 0) return schemes[i][1];
    return system;
}

static void put_codes(struct building *b, cJSON *list, const cJSON *concept)
{
    const cJSON *codings = member(concept, "coding");
    for (const cJSON *coding = cJSON_IsArray(codings) ? codings->child : NULL; list != NULL && coding != NULL; coding = coding->next) {
        char both[512];
        const char *code = es_fhir_text(coding, "code"), *scheme = scheme_of(es_fhir_text(coding, "system"));
        if (code[0] == '\0') continue;
        (void)snprintf(both, sizeof both, "%.200s%s%.300s", code, scheme[0] != '\0' ? "," : "", scheme);
        cJSON *item = cJSON_CreateString(both);
        if (item == NULL || !cJSON_AddItemToArray(list, item)) b->memory = true;
    }
}

static void put_value(struct building *b, cJSON *out, const cJSON *item)
{
    const cJSON *quantity = member(item, "valueQuantity"), *number = member(quantity, "value"), *concept = member(item, "valueCodeableConcept");
    const cJSON *truth = member(item, "valueBoolean"), *whole = member(item, "valueInteger"), *reading = first_of(member(item, "interpretation"));
    if (number == NULL) number = whole;
    if (cJSON_IsNumber(number) && isfinite(number->valuedouble) && member(quantity, "comparator") == NULL) {
        if (cJSON_AddNumberToObject(out, "number", number->valuedouble) == NULL) b->memory = true;
        put(b, out, "units", es_fhir_text(quantity, "code"));
        put(b, out, "units", es_fhir_text(quantity, "unit"));
    } else if (cJSON_IsBool(truth)) {
        if (cJSON_AddBoolToObject(out, "truth", cJSON_IsTrue(truth)) == NULL) b->memory = true;
    } else if (concept != NULL || (reading != NULL && es_fhir_text(item, "valueString")[0] == '\0')) {
        if (concept == NULL) concept = reading; /* POS, NEG */
        cJSON *answers = cJSON_AddArrayToObject(out, "answers");
        if (answers == NULL) b->memory = true;
        put_codes(b, answers, concept);
        put(b, out, "text", es_fhir_text(concept, "text"));
    } else {
        put(b, out, "text", es_fhir_text(item, "valueString"));
    }
}

static void put_side(struct building *b, cJSON *out, const cJSON *site)
{
    const cJSON *codings = member(site, "coding");
    for (const cJSON *coding = cJSON_IsArray(codings) ? codings->child : NULL; coding != NULL; coding = coding->next) {
        if (strcmp(es_fhir_text(coding, "code"), "7771000") == 0) put(b, out, "side", "L");
        if (strcmp(es_fhir_text(coding, "code"), "24028007") == 0) put(b, out, "side", "R");
    }
}

static void put_one(struct building *b, const cJSON *item, const char *status, const cJSON *site)
{
    cJSON *out = b->n < ES_FHIR_MAX_RESULTS ? cJSON_CreateObject() : NULL;
    if (b->n++ >= ES_FHIR_MAX_RESULTS) return;
    if (out == NULL || !cJSON_AddItemToArray(b->observations, out)) {
        cJSON_Delete(out);
        b->memory = true;
        return;
    }
    cJSON *codes = cJSON_AddArrayToObject(out, "codes");
    if (codes == NULL) b->memory = true;
    put_codes(b, codes, member(item, "code"));
    put(b, out, "status", es_fhir_status(status));
    put_side(b, out, site);
    put_value(b, out, item);
}

static void put_observation(struct building *b, const cJSON *observation)
{
    const char *status = es_fhir_text(observation, "status");
    const cJSON *site = member(observation, "bodySite"), *components = member(observation, "component");
    put_one(b, observation, status, site);
    for (const cJSON *item = cJSON_IsArray(components) ? components->child : NULL; item != NULL; item = item->next) put_one(b, item, status, site);
}

/* ---- the report's text ---- */

/* The charset of "text/plain; charset=..." (RFC 2045 5.1); "" where none is said: UTF-8. */
static void charset_of(const char *type, char out[32])
{
    const char *at = strcasestr(type, "charset=");
    out[0] = '\0';
    if (at == NULL) return;
    at += 8 + (at[8] == '"');
    (void)snprintf(out, 32, "%.*s", (int)strcspn(at, "\"; "), at);
}

/* The text of one form. NULL: it is no plain text, or cannot be read. @return owned by the caller; to be wiped */
static char *text_of_form(const cJSON *form, size_t *len)
{
    const char *type = es_fhir_text(form, "contentType");
    char charset[32], *text = NULL;
    size_t bytes_len = 0;
    char *bytes = strncasecmp(type, "text/plain", 10) == 0 ? es_base64_decode(es_fhir_text(form, "data"), &bytes_len) : NULL;
    charset_of(type, charset);
    if (bytes != NULL && es_charset_decode(charset, bytes, bytes_len, &text, len, NULL) != ES_OK) text = NULL;
    if (bytes != NULL) explicit_bzero(bytes, bytes_len);
    free(bytes);
    return text;
}

static void put_text(struct building *b, const cJSON *report)
{
    const cJSON *forms = member(report, "presentedForm");
    put(b, b->root, "text", es_fhir_text(report, "conclusion"));
    for (const cJSON *form = cJSON_IsArray(forms) ? forms->child : NULL; form != NULL && member(b->root, "text") == NULL; form = form->next) {
        size_t len = 0;
        char *text = text_of_form(form, &len);
        if (text == NULL) continue;
        put(b, b->root, "text", text);
        explicit_bzero(text, len);
        free(text);
    }
}

bool es_fhir_speaks_for(const struct es_fhir_bundle *bundle, const cJSON *report, const cJSON *observation)
{
    const cJSON *performers = member(report, "performer");
    bool person = member(report, "resultsInterpreter") != NULL;
    for (const cJSON *performer = first_of(performers); performer != NULL && !person; performer = cJSON_IsArray(performers) ? performer->next : NULL) {
        char type[64];
        type_of(bundle, report, performer, type);
        person = strncmp(type, "Practitioner", 12) == 0 || strcmp(type, "CareTeam") == 0;
    }
    return !person || member(observation, "device") == NULL;
}

static void put_all(struct building *b, const cJSON *resource)
{
    const bool report = strcmp(es_fhir_text(resource, "resourceType"), "DiagnosticReport") == 0;
    const char *status = es_fhir_status(es_fhir_text(resource, "status"));
    char id[ES_ID_SIZE];
    (void)snprintf(id, sizeof id, "%s/%s", es_fhir_text(resource, "resourceType"), es_fhir_text(resource, "id"));
    if (es_fhir_text(resource, "id")[0] != '\0') put(b, b->root, "id", id);
    put_whose(b, resource);
    put_patient(b, resource);
    put_time(b, resource);
    put_device(b, resource);
    put_labeller(b, resource);
    if (report) {
        const cJSON *results = member(resource, "result");
        put_text(b, resource);
        for (const cJSON *item = cJSON_IsArray(results) ? results->child : NULL; item != NULL; item = item->next) {
            const cJSON *observation = es_fhir_resolve(b->bundle, resource, item);
            if (observation == NULL || !es_fhir_speaks_for(b->bundle, resource, observation)) continue;
            put_observation(b, observation);
            put_device(b, observation);
            put_whose(b, observation);
            put_patient(b, observation);
        }
    } else {
        put_observation(b, resource);
    }
    /* A person's single observation that was taken back cancels its finding, not all that its author said of the study. */
    if (report || member(b->root, "device") != NULL || strcmp(status, "cancelled") != 0) put(b, b->root, "status", status);
}

cJSON *es_fhir_json(const struct es_fhir_bundle *bundle, const cJSON *resource, const cJSON *parent, bool *too_many)
{
    struct building b = {.bundle = bundle, .root = cJSON_CreateObject()};
    if (b.root != NULL) b.observations = cJSON_AddArrayToObject(b.root, "observations");
    if (b.observations == NULL) b.memory = true;
    else put_all(&b, resource);
    if (!b.memory && parent != NULL) {
        put_whose(&b, parent);
        put_patient(&b, parent);
        put_time(&b, parent);
    }
    if (!b.memory && !cJSON_AddItemReferenceToObject(b.root, "resource", (cJSON *)(uintptr_t)resource)) b.memory = true;
    *too_many = b.n > ES_FHIR_MAX_RESULTS;
    if (!b.memory) return b.root;
    es_json_free(b.root);
    return NULL;
}
