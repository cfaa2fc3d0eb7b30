/* SPDX-License-Identifier: Apache-2.0 */
/* Which model an object comes from. */
#include <string.h>

#include "plugin/base/pattern.h"
#include "plugin/recognise/explain.h"
#include "plugin/recognise/internal.h"

/* "" is not asked for; else equal after trimming and case. */
static bool says(const char *wanted, const char *found)
{
    char a[256], b[256];
    if (wanted[0] == '\0') return true;
    es_attribute_fold(wanted, a, sizeof a);
    es_attribute_fold(found, b, sizeof b);
    return strcmp(a, b) == 0;
}

const char *es_recognise_refusal(const struct es_recognise *r, const struct es_algorithm *algorithm, const char *remote_aet)
{
    const struct {
        const char *key, *wanted, *found;
    } keys[] = {{"AlgorithmName", r->algorithm_name, algorithm->name},         {"Version", r->version, algorithm->version},
                {"Manufacturer", r->manufacturer, algorithm->manufacturer},    {"DeviceUID", r->device_uid, algorithm->device_uid},
                {"RemoteAET", r->remote_aet, remote_aet}};
    bool asks = r->series_description[0] != '\0';
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        asks = asks || keys[i].wanted[0] != '\0';
        if (!says(keys[i].wanted, keys[i].found)) return keys[i].key;
    }
    if (!asks) return "";
    return r->series_description[0] == '\0' || es_pattern_match(r->series_description, algorithm->series_description) ? NULL
                                                                                                                 : "SeriesDescription";
}

/* The one model that an algorithm is; NULL: none. */
static enum es_errc find_model(struct es_gathering *g, const struct es_algorithm *algorithm, size_t index, const struct es_model_config **out)
{
    const struct es_model_config *found = NULL;
    for (size_t i = 0; i < g->config->n_models; i++) {
        const struct es_model_config *model = &g->config->models[i];
        const bool person = es_is_by_person(g->facts, algorithm);
        const char *refusal = person ? "a person's report: references" : es_recognise_refusal(&model->recognise, algorithm, g->remote_aet);
        es_trace_model(g->trace, index, model->name, refusal);
        if (refusal != NULL) continue;
        if (found != NULL)
            return es_fail(g->err, ES_E_REFUSED, "object: found that models %s and %s both recognise it, expected one", found->name, model->name);
        found = model;
    }
    *out = found;
    return ES_OK;
}

/* VersionFrom, where a product writes its version somewhere of its own; else what the algorithm says. */
static void find_version(const struct es_gathering *g, const struct es_model_config *model, const struct es_algorithm *algorithm, char out[ES_NAME_SIZE])
{
    const struct es_report_facts *report = g->facts->report;
    es_gather_copy(out, ES_NAME_SIZE, algorithm->version);
    for (size_t r = 0; report != NULL && r < model->n_version; r++)
        for (size_t i = 0; i < report->n_values; i++) {
            if (!es_tag_matches(&model->version[r], &report->values[i]) || !es_read_name(&model->version[r], report->values[i].text, out)) continue;
            es_trace_read(g->trace, ES_TRACE_TAG, i);
            return;
        }
}

static void add_voice(const struct es_gathering *g, struct es_voice voices[ES_MAX_VOICES], size_t *n, const struct es_model_config *model,
                      const struct es_algorithm *algorithm, size_t index)
{
    char version[ES_NAME_SIZE];
    size_t i = 0;
    find_version(g, model, algorithm, version);
    while (i < *n && (voices[i].model != model || strcmp(voices[i].version, version) != 0)) i++;
    if (i == *n) {
        voices[(*n)++] = (struct es_voice){.model = model, .algorithm = algorithm};
        memcpy(voices[i].version, version, sizeof version);
    }
    voices[i].algorithms |= UINT64_C(1) << index;
}

enum es_errc es_recognise_models(struct es_gathering *g, struct es_voice voices[ES_MAX_VOICES], size_t *n)
{
    const struct es_report_facts *report = g->facts->report;
    const struct es_algorithm *list = report != NULL && report->n_algorithms > 0 ? report->algorithms : &g->facts->algorithm;
    const size_t count = report != NULL && report->n_algorithms > 0 ? report->n_algorithms : 1;
    *n = 0;
    for (size_t i = 0; i < count && i < ES_MAX_VOICES; i++) {
        const struct es_model_config *model = NULL;
        const enum es_errc code = find_model(g, &list[i], i, &model);
        if (code != ES_OK) return code;
        if (model != NULL) add_voice(g, voices, n, model, &list[i], i);
    }
    return ES_OK;
}
