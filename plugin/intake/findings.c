/* SPDX-License-Identifier: Apache-2.0 */
/* What a record states of findings: coded observations, From.JSON, the text of a report; in this order, the first that speaks of one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/base/json.h"
#include "plugin/intake/watch.h"

struct gathering {
    const struct es_intake_rule *rule;
    const struct es_config *config;
    const struct es_model_config *model;
    bool reference;
    struct es_intake_watch *watch;
    struct es_stated *room;
    size_t count;
    size_t last; /* where the observation at hand was put; SIZE_MAX: it says nothing */
    struct es_error *err;
};

static enum es_errc memory(struct gathering *g)
{
    return es_fail(g->err, ES_E_MEMORY, "memory ran out");
}

/* SIZE_MAX: not stated. */
static size_t place_of(const struct gathering *g, const char *name, char side)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->room[i].side == side && strcmp(cJSON_GetObjectItemCaseSensitive(g->room[i].finding, "finding")->valuestring, name) == 0) return i;
    return SIZE_MAX;
}

static bool stated(const struct gathering *g, const char *name, char side) { return place_of(g, name, side) != SIZE_MAX; }

static cJSON *new_finding(struct gathering *g, const char *name, const char *status, char side)
{
    if (g->count == ES_MAX_EVENT_FINDINGS) {
        (void)es_fail(g->err, ES_E_REFUSED, "found more than %d findings, expected fewer", ES_MAX_EVENT_FINDINGS);
        return NULL;
    }
    cJSON *finding = cJSON_CreateObject();
    if (finding == NULL || cJSON_AddStringToObject(finding, "finding", name) == NULL) {
        es_json_free(finding);
        (void)memory(g);
        return NULL;
    }
    g->room[g->count++] = (struct es_stated){finding, status, side};
    return finding;
}

/* yes, no, or (references) not to be told. */
static enum es_errc put_answer(struct gathering *g, cJSON *finding, int answer)
{
    if (finding == NULL) return g->err->code;
    cJSON *made = answer < 0         ? cJSON_AddFalseToObject(finding, "evaluable")
                  : g->reference     ? cJSON_AddNumberToObject(finding, "label", answer)
                                     : cJSON_AddBoolToObject(finding, "decision", answer);
    return made != NULL ? ES_OK : memory(g);
}

static const struct es_finding_config *config_of(const struct gathering *g, const char *name)
{
    if (g->model != NULL) {
        const int at = es_model_finding(g->model, name);
        return at >= 0 ? &g->model->findings[at] : NULL;
    }
    for (size_t i = 0; i < g->config->n_models; i++) {
        const int at = es_model_finding(&g->config->models[i], name);
        if (at >= 0) return &g->config->models[i].findings[at];
    }
    return NULL;
}

/* ---- coded observations ---- */

/* "VALUE,SCHEME" of a record against the rule's code. */
static bool code_is(const struct es_code *wanted, const char *found)
{
    const size_t len = strlen(wanted->value);
    if (strncmp(found, wanted->value, len) != 0 || (found[len] != ',' && found[len] != '\0')) return false;
    return strcmp(wanted->scheme, "*") == 0 || (found[len] == ',' && strcmp(found + len + 1, wanted->scheme) == 0);
}

static bool any_code(const struct es_code *wanted, size_t n, const cJSON *found)
{
    for (const cJSON *item = cJSON_IsArray(found) ? found->child : NULL; item != NULL; item = item->next)
        for (size_t i = 0; i < n; i++)
            if (cJSON_IsString(item) && code_is(&wanted[i], item->valuestring)) return true;
    return false;
}

/* A plain text as an answer: letters' case and blanks around it make no difference. */
static bool is_text(const struct es_code *wanted, size_t n, const char *text)
{
    char a[ES_FACT_VALUE], b[ES_FACT_VALUE];
    es_attribute_fold(text, a, sizeof a);
    for (size_t i = 0; i < n; i++) {
        es_attribute_fold(wanted[i].value, b, sizeof b);
        if (strcmp(a, b) == 0) return true;
    }
    return false;
}

static const char *status_of(const cJSON *observation)
{
    static const char *const words[] = {"preliminary", "final", "corrected", "cancelled"};
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(observation, "status");
    for (size_t i = 0; cJSON_IsString(status) && i < sizeof words / sizeof words[0]; i++)
        if (strcmp(words[i], status->valuestring) == 0) return words[i];
    return NULL;
}

static enum es_errc put_number(struct gathering *g, const struct es_intake_finding *f, const cJSON *observation, double number, cJSON *finding)
{
    const struct es_finding_config *config = config_of(g, f->name);
    const cJSON *units = cJSON_GetObjectItemCaseSensitive(observation, "units");
    const bool binary = config == NULL || config->task == ES_TASK_BINARY, percent = cJSON_IsString(units) && strcmp(units->valuestring, "%") == 0;
    const bool ranked = binary || (config != NULL && config->task == ES_TASK_ORDINAL);
    enum es_intake_as as = f->as;
    if (finding == NULL) return g->err->code;
    if (as == ES_AS_TASK && g->reference && ranked && !binary) { /* a level of a scale */
        return cJSON_AddNumberToObject(finding, "level", number) != NULL ? ES_OK : memory(g);
    }
    if (as == ES_AS_TASK) as = g->reference ? (binary ? ES_AS_LABEL : ES_AS_VALUE) : ranked ? ES_AS_SCORE : ES_AS_VALUE;
    if (f->scale > 0) number *= f->scale;
    else if (percent && as == ES_AS_SCORE && binary) number /= 100;
    if (as == ES_AS_LABEL || as == ES_AS_DECISION) {
        if (number != 0 && number != 1) return es_fail(g->err, ES_E_REFUSED, "finding %s: found another number, expected 0 or 1", f->name);
        return put_answer(g, finding, number == 1);
    }
    if (cJSON_AddNumberToObject(finding, as == ES_AS_SCORE ? "score" : "value", number) == NULL) return memory(g);
    if (as == ES_AS_VALUE && cJSON_IsString(units) && units->valuestring[0] != '\0' && strlen(units->valuestring) < 17 &&
        cJSON_AddStringToObject(finding, "units", units->valuestring) == NULL)
        return memory(g);
    return ES_OK;
}

/* Text of one observation, by the finding's patterns. -2: nothing is stated. */
static enum es_errc text_answer(struct gathering *g, const struct es_intake_finding *f, const char *text, int *answer)
{
    struct es_text_statement *all = calloc(es_text_reader_count(g->rule->reader) + 1, sizeof *all);
    struct es_error why = {0};
    *answer = -2;
    if (all == NULL) return memory(g);
    const enum es_errc code = es_text_read(g->rule->reader, text, strlen(text), all, &why);
    if (code == ES_OK) {
        static const int answers[] = {[ES_TEXT_NOT_STATED] = -2, [ES_TEXT_NO] = 0, [ES_TEXT_YES] = 1, [ES_TEXT_INDETERMINATE] = -1};
        *answer = answers[all[f->text].answer];
    }
    free(all);
    return code == ES_OK ? ES_OK : es_fail(g->err, code == ES_E_MEMORY ? code : ES_E_REFUSED, "%s", why.text);
}

/* A word of an ordinal scale: the answer's code without its scheme, else its text. */
static enum es_errc put_category(struct gathering *g, cJSON *finding, const cJSON *answers, const cJSON *text)
{
    char word[ES_NAME_SIZE];
    const cJSON *first = cJSON_IsArray(answers) && answers->child != NULL ? answers->child : text;
    if (finding == NULL) return g->err->code;
    if (!cJSON_IsString(first)) return es_fail(g->err, ES_E_REFUSED, "findings: found an answer without a code or a text");
    const size_t len = first == text ? strlen(first->valuestring) : strcspn(first->valuestring, ",");
    (void)snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), first->valuestring);
    return cJSON_AddStringToObject(finding, "category", word) != NULL ? ES_OK : memory(g);
}

static enum es_errc read_one(struct gathering *g, const struct es_intake_finding *f, const cJSON *observation, char side)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(observation, "number"), *text = cJSON_GetObjectItemCaseSensitive(observation, "text");
    const cJSON *truth = cJSON_GetObjectItemCaseSensitive(observation, "truth"), *answers = cJSON_GetObjectItemCaseSensitive(observation, "answers");
    const char *status = status_of(observation);
    const struct es_finding_config *config = config_of(g, f->name);
    int answer = -2;
    if (status != NULL && strcmp(status, "cancelled") == 0) {
        if (g->reference) return put_answer(g, new_finding(g, f->name, status, side), -1);
        return ES_OK;
    }
    if (cJSON_IsNumber(number)) return put_number(g, f, observation, number->valuedouble, new_finding(g, f->name, status, side));
    if (config != NULL && config->task == ES_TASK_ORDINAL && f->n_present == 0 && f->n_absent == 0 && (answers != NULL || text != NULL))
        return put_category(g, new_finding(g, f->name, status, side), answers, text);
    if (cJSON_IsBool(truth)) answer = cJSON_IsTrue(truth);
    else if (any_code(f->present, f->n_present, answers)) answer = 1;
    else if (any_code(f->absent, f->n_absent, answers)) answer = 0;
    else if (cJSON_IsString(text) && is_text(f->present, f->n_present, text->valuestring)) answer = 1;
    else if (cJSON_IsString(text) && is_text(f->absent, f->n_absent, text->valuestring)) answer = 0;
    else if (cJSON_IsString(text) && f->text >= 0) {
        const enum es_errc code = text_answer(g, f, text->valuestring, &answer);
        if (code != ES_OK || (answer == -2 && !cJSON_IsArray(answers))) return code;
    }
    if (answer == -2) {
        if (!cJSON_IsArray(answers) && !cJSON_IsString(text)) return ES_OK; /* an observation without a value */
        return es_fail(g->err, ES_E_REFUSED, "finding %s: found an answer that is neither Present nor Absent", f->name);
    }
    if (answer == -1 && !g->reference) return ES_OK;
    return put_answer(g, new_finding(g, f->name, status, side), answer);
}

/* ---- several observations of one finding ---- */

const char *es_status_lesser(const char *a, const char *b)
{
    static const char *const order[] = {"preliminary", "corrected", "final"};
    if (a == NULL || b == NULL) return a != NULL ? a : b;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
        if (strcmp(a, order[i]) == 0 || strcmp(b, order[i]) == 0) return order[i];
    return a;
}

static bool cancelled(const struct es_stated *s) { return s->status != NULL && strcmp(s->status, "cancelled") == 0; }

/* Yes 2, not to be told 1, no 0; -1: no answer but a number or a word. */
static int answer_of(const cJSON *finding)
{
    const cJSON *label = cJSON_GetObjectItemCaseSensitive(finding, "label"), *decision = cJSON_GetObjectItemCaseSensitive(finding, "decision");
    if (cJSON_HasObjectItem(finding, "evaluable")) return 1;
    if (label != NULL) return label->valuedouble != 0 ? 2 : 0;
    return decision != NULL ? (cJSON_IsTrue(decision) ? 2 : 0) : -1;
}

/* The key under which a number stands. NULL: none does. */
static const char *number_key(const cJSON *finding)
{
    static const char *const keys[] = {"score", "value", "level"};
    for (size_t i = 0; i < 3; i++)
        if (cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(finding, keys[i]))) return keys[i];
    return NULL;
}

static bool same_units(const cJSON *a, const cJSON *b)
{
    const cJSON *x = cJSON_GetObjectItemCaseSensitive(a, "units"), *y = cJSON_GetObjectItemCaseSensitive(b, "units");
    return x == NULL || y == NULL ? x == y : strcmp(x->valuestring, y->valuestring) == 0;
}

/* Does the second one stand in place of the first? -1: they cannot be compared. */
static int stands_above(const cJSON *first, const cJSON *second)
{
    const int a = answer_of(first), b = answer_of(second);
    const char *key = number_key(first), *other = number_key(second);
    if (a >= 0 && b >= 0) return b > a;
    if (a >= 0 || b >= 0) return a == 1 || b == 1 ? a == 1 : -1; /* a number says more than that nothing can be told */
    if (key == NULL || other == NULL || strcmp(key, other) != 0 || !same_units(first, second)) return -1;
    return cJSON_GetObjectItemCaseSensitive(second, key)->valuedouble > cJSON_GetObjectItemCaseSensitive(first, key)->valuedouble;
}

/* The last one read joins the one that was there, by the finding's Combine. */
static enum es_errc combine(struct gathering *g, const struct es_intake_finding *f, size_t there)
{
    struct es_stated *a = &g->room[there], *b = &g->room[g->count - 1];
    int above = cancelled(a) || cancelled(b) ? cancelled(a) : stands_above(a->finding, b->finding);
    const char *status = cancelled(a) ? b->status : cancelled(b) ? a->status : es_status_lesser(a->status, b->status);
    if (above < 0)
        return es_fail(g->err, ES_E_REFUSED, "finding %s: found observations of other kinds or units, expected some that Combine can compare", f->name);
    if (above) {
        cJSON *kept = a->finding;
        a->finding = b->finding;
        b->finding = kept;
    }
    a->status = status;
    cJSON_Delete(b->finding);
    *b = (struct es_stated){0};
    g->count--;
    g->last = there;
    return ES_OK;
}

static enum es_errc read_observation(struct gathering *g, const struct es_intake_finding *f, const cJSON *observation)
{
    const cJSON *where = cJSON_GetObjectItemCaseSensitive(observation, "side");
    const char side = cJSON_IsString(where) ? where->valuestring[0] : '\0';
    const size_t there = place_of(g, f->name, side), before = g->count;
    g->last = SIZE_MAX;
    if (there != SIZE_MAX && f->combine == ES_INTAKE_ONE)
        return es_fail(g->err, ES_E_REFUSED, "finding %s: found two observations of it, expected one, or Combine", f->name);
    const enum es_errc code = read_one(g, f, observation, side);
    if (code != ES_OK || g->count == before) return code;
    g->last = before;
    return there == SIZE_MAX ? ES_OK : combine(g, f, there);
}

static enum es_errc read_observations(struct gathering *g, const cJSON *list)
{
    for (const cJSON *observation = cJSON_IsArray(list) ? list->child : NULL; observation != NULL; observation = observation->next) {
        const cJSON *codes = cJSON_GetObjectItemCaseSensitive(observation, "codes");
        es_watch_observation(g->watch, codes);
        for (size_t i = 0; i < g->rule->n_findings; i++) {
            const struct es_intake_finding *f = &g->rule->findings[i];
            if (!any_code(f->codes, f->n_codes, codes)) continue;
            const enum es_errc code = read_observation(g, f, observation);
            es_watch_finding(g->watch, "observation", f->name, code == ES_OK && g->last != SIZE_MAX ? g->room[g->last].finding : NULL,
                             code != ES_OK ? g->err->text : NULL);
            if (code != ES_OK) return code;
        }
    }
    return ES_OK;
}

/* ---- From.JSON ---- */

/* Those that the model's JSON rules did not find. */
static void watch_silence(const struct gathering *g, const struct es_finding *found, size_t n, const char *why)
{
    char named[ES_NAME_SIZE + 16];
    for (size_t i = 0; g->watch != NULL && i < g->model->n_findings; i++) {
        const struct es_finding_config *f = &g->model->findings[i];
        bool asked = false, there = false;
        for (size_t r = 0; r < f->n_from; r++) asked |= f->from[r].kind == ES_FROM_JSON;
        for (size_t k = 0; k < n; k++) there |= strcmp(found[k].name, f->name) == 0;
        (void)snprintf(named, sizeof named, "finding %s: ", f->name);
        if (asked && !there) es_watch_finding(g->watch, "From.JSON", f->name, NULL, strncmp(why, named, strlen(named)) == 0 ? why : NULL);
    }
}

static enum es_errc read_json(struct gathering *g, const cJSON *root)
{
    struct es_finding *found = g->model != NULL ? calloc(g->model->n_findings + 1, sizeof *found) : NULL;
    enum es_errc code = ES_OK;
    if (g->model == NULL) return ES_OK;
    if (found == NULL) return memory(g);
    char why[160] = "";
    const size_t n = es_findings_from_json(g->model, root, found, why, sizeof why);
    watch_silence(g, found, n, why);
    for (size_t i = 0; code == ES_OK && i < n; i++) {
        if (stated(g, found[i].name, '\0')) continue;
        cJSON *finding = new_finding(g, found[i].name, NULL, '\0');
        if (finding == NULL) code = g->err->code;
        else if (found[i].has_decision) code = put_answer(g, finding, found[i].decision);
        else if (cJSON_AddNumberToObject(finding, found[i].has_score ? "score" : "value", found[i].has_score ? found[i].score : found[i].value) == NULL)
            code = memory(g);
        if (code == ES_OK) es_watch_finding(g->watch, "From.JSON", found[i].name, finding, NULL);
    }
    free(found);
    return code;
}

/* ---- the report's text ---- */

static enum es_errc read_text(struct gathering *g, const char *text, size_t len)
{
    const size_t n = es_text_reader_count(g->rule->reader);
    struct es_error why = {0};
    struct es_text_statement *all = calloc(n + 1, sizeof *all);
    if (all == NULL) return memory(g);
    enum es_errc code = es_text_read(g->rule->reader, text, len, all, &why);
    if (code != ES_OK) (void)es_fail(g->err, code = code == ES_E_MEMORY ? code : ES_E_REFUSED, "%s", why.text);
    for (size_t i = 0; code == ES_OK && i < g->rule->n_findings; i++) {
        const struct es_intake_finding *f = &g->rule->findings[i];
        const enum es_text_answer answer = f->text >= 0 ? all[f->text].answer : ES_TEXT_NOT_STATED;
        if (f->text >= 0 && answer == ES_TEXT_NOT_STATED) es_watch_finding(g->watch, "text", f->name, NULL, NULL);
        if (answer == ES_TEXT_NOT_STATED || stated(g, f->name, '\0') || (answer == ES_TEXT_INDETERMINATE && !g->reference)) continue;
        code = put_answer(g, new_finding(g, f->name, NULL, '\0'), answer == ES_TEXT_INDETERMINATE ? -1 : answer == ES_TEXT_YES);
        if (code == ES_OK) es_watch_finding(g->watch, "text", f->name, g->room[g->count - 1].finding, NULL);
    }
    free(all);
    return code;
}

enum es_errc es_record_findings(const struct es_intake_rule *rule, const struct es_config *config, enum es_event_kind kind,
                                const struct es_model_config *model, const struct es_record *record, struct es_intake_watch *watch,
                                struct es_stated *room, size_t *count, struct es_error *err)
{
    struct es_error own = {0};
    struct gathering g = {rule, config, model, kind == ES_EVENT_REFERENCE, watch, room, 0, SIZE_MAX, err != NULL ? err : &own};
    size_t len = 0;
    const char *text = rule->reader != NULL ? es_record_text(rule, record, &len) : NULL;
    enum es_errc code = read_observations(&g, cJSON_GetObjectItemCaseSensitive(record->current, "observations"));
    if (code == ES_OK && kind == ES_EVENT_RESULT) code = read_json(&g, record->answers != NULL ? record->answers : record->current);
    if (code == ES_OK && text != NULL && len > 0) code = read_text(&g, text, len);
    *count = g.count;
    return code;
}
