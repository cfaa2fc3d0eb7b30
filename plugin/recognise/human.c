/* SPDX-License-Identifier: Apache-2.0 */
/* What a person states in a structured report: references, by the same rules that read a model's results. */
#include <string.h>

#include "plugin/recognise/internal.h"

#define REFERENCE_SOURCE "structured-report"

bool es_is_by_person(const struct es_facts *facts, const struct es_algorithm *algorithm)
{
    const bool unnamed = algorithm->source == ES_ALGORITHM_NONE || algorithm->source == ES_ALGORITHM_EQUIPMENT;
    return facts->kind == ES_OBJECT_SR && facts->report != NULL && facts->report->human_observer && unnamed;
}

/* The algorithms of the report that are none: what a person says through a workstation. */
static uint64_t by_person(const struct es_facts *facts)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < facts->report->n_algorithms && i < ES_MAX_VOICES; i++)
        if (es_is_by_person(facts, &facts->report->algorithms[i])) bits |= UINT64_C(1) << i;
    return bits;
}

/* A decision is a label, a measured value a value; a person's probability is neither. */
static enum es_errc add_reference(struct es_gathering *g, const struct es_voice *voice, const struct es_finding_config *config)
{
    struct es_finding found;
    if (es_find_finding(g, voice, config, config->from, config->n_from, &found) != ES_FOUND) return ES_OK;
    if (!found.has_decision && !found.has_value) {
        es_gather_tell(g, config->name, "a score in a person's report, which is no reference");
        return ES_OK;
    }
    struct es_message *m =
        es_gather_reference(g, config, voice->side, REFERENCE_SOURCE, g->facts->report->complete ? ES_REFERENCE_FINAL : ES_REFERENCE_PRELIMINARY);
    if (m == NULL) return g->err->code == ES_E_MEMORY ? ES_E_MEMORY : ES_OK;
    found.has_label = found.has_decision;
    found.label = found.decision;
    found.has_decision = found.decision = false;
    m->findings[m->n_findings++] = found;
    return ES_OK;
}

enum es_errc es_sr_references(struct es_gathering *g)
{
    enum es_errc code = ES_OK;
    if (g->facts->kind != ES_OBJECT_SR || g->facts->form == ES_FORM_KEY_OBJECT || g->facts->report == NULL) return ES_OK;
    const uint64_t bits = by_person(g->facts);
    for (size_t i = 0; bits != 0 && i < g->config->n_models; i++) {
        const struct es_model_config *model = &g->config->models[i];
        const struct es_voice voice = {.model = model, .algorithm = &g->facts->report->algorithm, .algorithms = bits};
        for (size_t k = 0; k < model->n_findings && code == ES_OK; k++) {
            const char *sides = es_gather_sides(g, &model->findings[k]);
            struct es_voice one = voice;
            if (*sides == '\0') code = add_reference(g, &one, &model->findings[k]);
            for (; *sides != '\0' && code == ES_OK; sides++) {
                one.side = *sides;
                code = add_reference(g, &one, &model->findings[k]);
            }
        }
    }
    return code;
}
