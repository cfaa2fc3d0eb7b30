/* SPDX-License-Identifier: Apache-2.0 */
/* The rules From.JSON and FailedWhen of a model, applied to a document. How a value becomes a finding is recognise/rules.c's. */
#include <stdio.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/intake/record.h"
#include "plugin/recognise/internal.h"

#define MAX_VALUES 256 /* that one path may select */

static void tell(char *why, size_t size, const char *name, const char *what)
{
    if (size > 0 && why[0] == '\0') (void)snprintf(why, size, "finding %s: %s", name, what);
}

/* One rule: how many of the values that its path selects are usable. */
static size_t apply(const struct es_finding_config *config, const struct es_from_rule *rule, const cJSON *root, struct es_finding *out, char *why,
                    size_t size)
{
    struct es_json_path *path = NULL;
    const cJSON *values[MAX_VALUES];
    bool limited = false;
    size_t seen = 0;
    if (rule->kind != ES_FROM_JSON || es_json_path_new(&path, rule->path, NULL) != ES_OK) return 0;
    const size_t n = es_json_path_find(path, root, values, MAX_VALUES, &limited);
    es_json_path_free(path);
    if (n > MAX_VALUES || limited) {
        tell(why, size, config->name, "a path that selects too many values");
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        struct es_finding one;
        if (cJSON_IsNull(values[i]) || (cJSON_IsString(values[i]) && values[i]->valuestring[0] == '\0')) continue; /* nothing was said */
        const struct es_reading reading = es_read_value(rule, values[i]);
        const char *wrong = es_reading_take(config, rule, &reading, &one);
        if (reading.kind == ES_READ_NOTHING && wrong == NULL) continue;
        if (wrong != NULL) {
            tell(why, size, config->name, wrong);
            continue;
        }
        if (seen == 0) *out = one;
        else es_reading_combine(config->combine, out, &one, seen);
        seen++;
    }
    return seen;
}

static bool find(const struct es_finding_config *config, const struct es_from_rule *rules, size_t n, const cJSON *root, struct es_finding *out,
                 char *why, size_t size)
{
    for (size_t r = 0; r < n; r++)
        if (apply(config, &rules[r], root, out, why, size) > 0) return true;
    return false;
}

size_t es_findings_from_json(const struct es_model_config *model, const cJSON *root, struct es_finding *findings, char *why, size_t why_size)
{
    size_t count = 0;
    if (why_size > 0) why[0] = '\0';
    for (size_t i = 0; root != NULL && i < model->n_findings; i++)
        if (find(&model->findings[i], model->findings[i].from, model->findings[i].n_from, root, &findings[count], why, why_size)) count++;
    return count;
}

bool es_json_says_failed(const struct es_model_config *model, const cJSON *root)
{
    static const struct es_finding_config failed = {.name = "FailedWhen", .task = ES_TASK_BINARY, .combine = ES_COMBINE_ANY};
    struct es_finding found = {0};
    return root != NULL && find(&failed, model->failed, model->n_failed, root, &found, NULL, 0) && (found.has_decision ? found.decision : found.score > 0);
}
