/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/intake/fhir_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"

const char *es_fhir_text(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsString(item) ? item->valuestring : "";
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct es_fhir_name *)a)->name, ((const struct es_fhir_name *)b)->name);
}

const cJSON *es_fhir_resolve(const struct es_fhir_bundle *bundle, const cJSON *from, const cJSON *reference)
{
    const char *name = es_fhir_text(reference, "reference");
    if (name[0] == '#') {
        const cJSON *contained = cJSON_GetObjectItemCaseSensitive(from, "contained");
        for (const cJSON *item = cJSON_IsArray(contained) ? contained->child : NULL; item != NULL; item = item->next)
            if (strcmp(es_fhir_text(item, "id"), name + 1) == 0) return item;
        return NULL;
    }
    if (name[0] == '\0' || bundle->n == 0) return NULL;
    char plain[256];
    (void)snprintf(plain, sizeof plain, "%s", name);
    char *version = strstr(plain, "/_history/"); /* a version of it is it */
    if (version != NULL) *version = '\0';
    const struct es_fhir_name wanted = {.name = plain};
    const struct es_fhir_name *found = bsearch(&wanted, bundle->names, bundle->n, sizeof wanted, by_name);
    return found != NULL ? found->resource : NULL;
}

static bool is_type(const cJSON *resource, const char *type) { return strcmp(es_fhir_text(resource, "resourceType"), type) == 0; }

bool es_fhir_is(const cJSON *document)
{
    return is_type(document, "Bundle") || is_type(document, "Observation") || is_type(document, "DiagnosticReport");
}

static bool add_name(struct es_fhir_bundle *bundle, const char *first, const char *second, const cJSON *resource)
{
    const size_t size = strlen(first) + strlen(second) + 2;
    char *name = malloc(size);
    if (name == NULL) return false;
    (void)snprintf(name, size, "%s%s%s", first, second[0] != '\0' ? "/" : "", second);
    bundle->names[bundle->n++] = (struct es_fhir_name){name, resource};
    return true;
}

/* Each entry under its fullUrl and under its type and id. */
static enum es_errc index_bundle(struct es_fhir_bundle *bundle, const cJSON *entries, size_t count, struct es_error *err)
{
    bundle->names = calloc(2 * count + 1, sizeof *bundle->names);
    bool good = bundle->names != NULL;
    for (const cJSON *entry = good ? entries->child : NULL; good && entry != NULL; entry = entry->next) {
        const cJSON *resource = cJSON_GetObjectItemCaseSensitive(entry, "resource");
        const char *url = es_fhir_text(entry, "fullUrl"), *type = es_fhir_text(resource, "resourceType"), *id = es_fhir_text(resource, "id");
        if (url[0] != '\0') good = add_name(bundle, url, "", resource);
        if (good && type[0] != '\0' && id[0] != '\0') good = add_name(bundle, type, id, resource);
    }
    if (!good) return es_fail(err, ES_E_MEMORY, "memory ran out");
    qsort(bundle->names, bundle->n, sizeof *bundle->names, by_name);
    return ES_OK;
}

struct reported {
    const cJSON *observation, *report;
};

struct reading {
    const struct es_intake_rule *rule;
    const struct es_config *config;
    const char *file;
    const cJSON *document;
    const struct es_intake_sink *sink;
    struct es_fhir_bundle bundle;
    struct reported *reported; /* observations that a report names; sorted by address */
    size_t n_reported;
    uint64_t where;
    struct es_error *err;
};

static int by_address(const void *a, const void *b)
{
    const uintptr_t x = (uintptr_t)((const struct reported *)a)->observation, y = (uintptr_t)((const struct reported *)b)->observation;
    return x < y ? -1 : x > y;
}

static enum es_errc note_reported(struct reading *r, const cJSON *report)
{
    const cJSON *results = cJSON_GetObjectItemCaseSensitive(report, "result");
    for (const cJSON *item = cJSON_IsArray(results) ? results->child : NULL; item != NULL; item = item->next) {
        const cJSON *found = es_fhir_resolve(&r->bundle, report, item);
        if (found == NULL) continue;
        if (r->n_reported % 64 == 0) {
            struct reported *more = reallocarray(r->reported, r->n_reported + 64, sizeof *more);
            if (more == NULL) return es_fail(r->err, ES_E_MEMORY, "memory ran out");
            r->reported = more;
        }
        r->reported[r->n_reported++] = (struct reported){found, report};
    }
    return ES_OK;
}

/* The report that names an observation. NULL: none does. */
static const cJSON *report_of(const struct reading *r, const cJSON *observation)
{
    const struct reported wanted = {observation, NULL};
    const struct reported *found = r->n_reported > 0 ? bsearch(&wanted, r->reported, r->n_reported, sizeof wanted, by_address) : NULL;
    return found != NULL ? found->report : NULL;
}

static enum es_errc take_resource(struct reading *r, const cJSON *resource)
{
    const bool report = is_type(resource, "DiagnosticReport");
    if (!report && !is_type(resource, "Observation")) return ES_OK;
    const cJSON *parent = report ? NULL : report_of(r, resource);
    if (parent != NULL && es_fhir_speaks_for(&r->bundle, parent, resource)) return ES_OK;
    bool too_many = false;
    cJSON *json = es_fhir_json(&r->bundle, resource, parent, &too_many);
    if (json == NULL) return es_fail(r->err, ES_E_MEMORY, "memory ran out");
    r->where++;
    if (too_many) {
        struct es_error why = {0};
        (void)es_fail(&why, ES_E_REFUSED, "result: found more than %d observations of one record, expected fewer", ES_FHIR_MAX_RESULTS);
        r->sink->refuse(r->sink->context, r->where, &why);
        es_json_free(json);
        return ES_OK;
    }
    const struct es_record record = {.file = r->file, .where = r->where, .document = r->document, .current = json};
    const enum es_errc code = es_record_take(r->rule, r->config, &record, r->sink, r->err);
    es_json_free(json);
    return code;
}

static enum es_errc take_bundle(struct reading *r, const cJSON *entries)
{
    size_t count = 0, done = 0;
    enum es_errc code = ES_OK;
    for (const cJSON *entry = entries->child; entry != NULL; entry = entry->next) count++;
    if (count > ES_FHIR_MAX_ENTRIES) {
        struct es_error why = {0};
        (void)es_fail(&why, ES_E_REFUSED, "entry: found more than %d resources, expected fewer", ES_FHIR_MAX_ENTRIES);
        r->sink->refuse(r->sink->context, 0, &why);
        return ES_OK;
    }
    code = index_bundle(&r->bundle, entries, count, r->err);
    for (const cJSON *entry = entries->child; code == ES_OK && entry != NULL; entry = entry->next) {
        const cJSON *resource = cJSON_GetObjectItemCaseSensitive(entry, "resource");
        if (is_type(resource, "DiagnosticReport")) code = note_reported(r, resource);
    }
    if (code == ES_OK && r->n_reported > 1) qsort(r->reported, r->n_reported, sizeof *r->reported, by_address);
    for (const cJSON *entry = entries->child; code == ES_OK && entry != NULL; entry = entry->next) {
        code = take_resource(r, cJSON_GetObjectItemCaseSensitive(entry, "resource"));
        r->sink->progress(r->sink->context, ++done, count);
    }
    return code;
}

enum es_errc es_fhir_take(const struct es_intake_rule *rule, const struct es_config *config, const char *file, const cJSON *document,
                          const struct es_intake_sink *sink, struct es_error *err)
{
    struct reading r = {.rule = rule, .config = config, .file = file, .document = document, .sink = sink, .err = err};
    struct es_error why = {0};
    const cJSON *entries = cJSON_GetObjectItemCaseSensitive(document, "entry");
    enum es_errc code = ES_OK;
    if (!es_fhir_is(document)) {
        (void)es_fail(&why, ES_E_REFUSED, "resourceType: found another resource, expected Bundle, DiagnosticReport or Observation");
        sink->refuse(sink->context, 0, &why);
    } else if (is_type(document, "Bundle")) {
        if (cJSON_IsArray(entries)) code = take_bundle(&r, entries);
        else sink->silent(sink->context, 0);
    } else {
        code = take_resource(&r, document);
    }
    for (size_t i = 0; i < r.bundle.n; i++) free(r.bundle.names[i].name);
    free(r.bundle.names);
    free(r.reported);
    return code;
}
