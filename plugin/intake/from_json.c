/* SPDX-License-Identifier: Apache-2.0 */
/* The rules From.JSON of a model, applied to a document. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dicom/text.h"
#include "metrics/catalogue.h"
#include "plugin/intake/record.h"
#include "plugin/json.h"

#define MAX_VALUES 256 /* that one path may select */

static void tell(char *why, size_t size, const char *name, const char *what)
{
    if (size > 0 && why[0] == '\0') (void)snprintf(why, size, "finding %s: %s", name, what);
}

/* "0.83", "83 %". */
static bool text_number(const char *text, double *out, bool *percent)
{
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == ' ') len--;
    *percent = len > 0 && text[len - 1] == '%';
    if (*percent) len--;
    return len < 64 && es_text_number(text, len, out);
}

/* One value as a finding. False: nothing usable. */
static bool read_value(const struct es_finding_config *config, const struct es_from_rule *rule, const cJSON *item, struct es_finding *out, char *why,
                       size_t size)
{
    double number = 0;
    bool percent = false;
    *out = (struct es_finding){.evaluable = true};
    (void)snprintf(out->name, sizeof out->name, "%s", config->name);
    if (cJSON_IsNull(item) || (cJSON_IsString(item) && item->valuestring[0] == '\0')) return false;
    if (cJSON_IsBool(item)) {
        out->has_decision = true;
        out->decision = cJSON_IsTrue(item);
        return true;
    }
    if (cJSON_IsNumber(item)) number = item->valuedouble;
    else if (!cJSON_IsString(item) || !text_number(item->valuestring, &number, &percent)) {
        tell(why, size, config->name, "a value that is no number and neither true nor false");
        return false;
    }
    if (rule->scale > 0) number *= rule->scale;
    else if (percent) number /= 100;
    if (!isfinite(number)) {
        tell(why, size, config->name, "a number that is not finite");
        return false;
    }
    if (config->task == ES_TASK_BINARY && !(number >= 0 && number <= 1)) {
        tell(why, size, config->name, "a number outside 0..1");
        return false;
    }
    if (config->task == ES_TASK_BINARY || config->task == ES_TASK_ORDINAL) {
        out->has_score = true;
        out->score = number;
    } else {
        out->has_value = true;
        out->value = number;
    }
    return true;
}

/* Several values of one finding are one, by its Combine. */
static void combine(enum es_combine how, struct es_finding *into, const struct es_finding *next, size_t seen)
{
    if (into->has_decision != next->has_decision) return; /* the first sort stands */
    if (into->has_decision) {
        if (how == ES_COMBINE_LATEST) into->decision = next->decision;
        else if (how != ES_COMBINE_FIRST) into->decision = into->decision || next->decision;
        return;
    }
    double *a = into->has_score ? &into->score : &into->value;
    const double b = into->has_score ? next->score : next->value;
    if (how == ES_COMBINE_LATEST) *a = b;
    else if (how == ES_COMBINE_MEAN) *a += (b - *a) / (double)(seen + 1);
    else if (how != ES_COMBINE_FIRST && b > *a) *a = b;
}

static bool find(const struct es_finding_config *config, const cJSON *root, struct es_finding *out, char *why, size_t size)
{
    for (size_t r = 0; r < config->n_from; r++) {
        const struct es_from_rule *rule = &config->from[r];
        struct es_json_path *path = NULL;
        const cJSON *values[MAX_VALUES];
        bool limited = false;
        size_t seen = 0;
        if (rule->kind != ES_FROM_JSON || es_json_path_new(&path, rule->path, NULL) != ES_OK) continue;
        const size_t n = es_json_path_find(path, root, values, MAX_VALUES, &limited);
        es_json_path_free(path);
        if (n > MAX_VALUES || limited) {
            tell(why, size, config->name, "a path that selects too many values");
            continue;
        }
        for (size_t i = 0; i < n; i++) {
            struct es_finding one;
            if (!read_value(config, rule, values[i], &one, why, size)) continue;
            if (seen == 0) *out = one;
            else combine(config->combine, out, &one, seen);
            seen++;
        }
        if (seen > 0) return true;
    }
    return false;
}

size_t es_findings_from_json(const struct es_model_config *model, const cJSON *root, struct es_finding *findings, char *why, size_t why_size)
{
    size_t count = 0;
    if (why_size > 0) why[0] = '\0';
    for (size_t i = 0; root != NULL && i < model->n_findings; i++)
        if (find(&model->findings[i], root, &findings[count], why, why_size)) count++;
    return count;
}
