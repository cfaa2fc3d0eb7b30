/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/report/view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum es_errc es_view_check(const cJSON *release, struct es_error *err)
{
    if (!cJSON_IsObject(release)) return es_fail(err, ES_E_PARSE, "release: no JSON object");
    const char *schema = es_view_string(release, "schema");
    if (strcmp(schema, "evensight-report/1") != 0)
        return es_fail(err, ES_E_PARSE, "release: schema is \"%.40s\", expected \"evensight-report/1\"", schema);
    if (!cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(release, "models")))
        return es_fail(err, ES_E_PARSE, "release: models is no array");
    return ES_OK;
}

const char *es_view_string(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    return text ? text : "";
}

double es_view_number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

const cJSON *es_view_at(const cJSON *object, const char *key, const char *inner)
{
    return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(object, key), inner);
}

struct es_view_count es_view_count(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    struct es_view_count count = {ES_SHOWN_ABSENT, 0};
    if (cJSON_IsString(item)) count.shown = ES_SHOWN_SUPPRESSED;
    /* 2^53: beyond it a JSON number no longer counts one by one */
    if (cJSON_IsNumber(item) && item->valuedouble >= 0.0 && item->valuedouble <= 9007199254740992.0) {
        count.shown = ES_SHOWN_NUMBER;
        count.n = (uint64_t)item->valuedouble;
    }
    return count;
}

static bool has_flag(const cJSON *object, const char *name)
{
    const cJSON *flag = NULL;
    cJSON_ArrayForEach(flag, cJSON_GetObjectItemCaseSensitive(object, "flags"))
    {
        if (cJSON_IsString(flag) && strcmp(flag->valuestring, name) == 0) return true;
    }
    return false;
}

struct es_view_metric es_view_metric(const cJSON *group, const char *name)
{
    const cJSON *item = es_view_at(group, "metrics", name);
    struct es_view_metric metric = {ES_VIEW_ABSENT,
                                    NAN,
                                    NAN,
                                    NAN,
                                    es_view_count(item, "n"),
                                    es_view_count(item, "patients"),
                                    es_view_string(item, "method"),
                                    es_view_string(item, "words"),
                                    has_flag(item, "ai_aware"),
                                    has_flag(item, "few_clusters")};
    const char *status = es_view_string(item, "status");
    if (strcmp(status, "suppressed") == 0) metric.status = ES_VIEW_SUPPRESSED;
    if (strcmp(status, "not_estimable") == 0) metric.status = ES_VIEW_NOT_ESTIMABLE;
    if (strcmp(status, "estimated") == 0) {
        metric.value = es_view_number(item, "value");
        metric.lo = es_view_number(item, "lo");
        metric.hi = es_view_number(item, "hi");
        metric.status = isfinite(metric.value) ? ES_VIEW_ESTIMATED : ES_VIEW_NOT_ESTIMABLE;
    }
    return metric;
}

/* Epoch ids are counted within a finding; a row that names its finding must name this one. */
static const cJSON *epoch_of(const cJSON *model, const char *finding, unsigned id)
{
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(model, "epochs"))
    {
        const char *named = es_view_string(row, "finding");
        if (es_view_number(row, "id") == (double)id && (named[0] == '\0' || strcmp(named, finding) == 0)) return row;
    }
    return NULL;
}

bool es_view_next(const cJSON *release, struct es_view_finding *at)
{
    const cJSON *model = at->model ? at->model : cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(release, "models"), 0);
    const cJSON *finding =
        at->finding ? at->finding->next : cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(model, "findings"), 0);
    while (model && !finding) {
        model = model->next;
        finding = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(model, "findings"), 0);
    }
    if (!finding) return false;
    const double id = es_view_number(finding, "epoch");
    at->model = model;
    at->finding = finding;
    at->model_name = es_view_string(model, "name");
    at->version = es_view_string(model, "version");
    at->name = es_view_string(finding, "finding");
    at->epoch_id = id >= 0.0 && id <= 1e6 ? (unsigned)id : 0;
    at->epoch = epoch_of(model, at->name, at->epoch_id);
    at->index++;
    return true;
}

size_t es_view_axes(const cJSON *group)
{
    size_t axes = 0;
    const cJSON *level = NULL;
    cJSON_ArrayForEach(level, group) axes++;
    return axes;
}

bool es_view_unknown(const cJSON *group)
{
    const cJSON *level = NULL;
    cJSON_ArrayForEach(level, group)
    {
        if (cJSON_IsString(level) && strcmp(level->valuestring, "unknown") == 0) return true;
    }
    return false;
}

void es_view_label(const cJSON *group, char *out, size_t size)
{
    char raw[ES_VIEW_LABEL];
    size_t len = 0;
    const cJSON *level = NULL;
    raw[0] = '\0';
    cJSON_ArrayForEach(level, group)
    {
        const char *name = level->string ? level->string : "";
        const char *value = cJSON_IsString(level) ? level->valuestring : "";
        const int n = snprintf(raw + len, sizeof raw - len, "%s%s %s", len ? ", " : "", name,
                               strcmp(value, "*") ? value : "(every level)");
        if (n < 0 || (size_t)n >= sizeof raw - len) break; /* cut; the clean copy below drops half a character */
        len += (size_t)n;
    }
    es_utf8_clean(raw[0] ? raw : "everyone", out, size);
}

/* A member of the metric's row in the release's table; "" where there is none. */
static const char *of_metric(const cJSON *release, const char *metric, const char *member)
{
    const cJSON *row = NULL;
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(release, "metrics"))
        if (strcmp(es_view_string(row, "name"), metric) == 0) return es_view_string(row, member);
    return "";
}

const char *es_view_title(const cJSON *release, const char *metric)
{
    const char *title = of_metric(release, metric, "title");
    return title[0] ? title : metric;
}

const char *es_view_units(const cJSON *release, const struct es_view_finding *at, const char *metric)
{
    return strcmp(of_metric(release, metric, "unit"), "value") == 0 ? es_view_string(at->finding, "units") : "";
}

void es_view_percent_of(double level, char *out, size_t size)
{
    const double percent = 100.0 * level;
    es_view_fixed(percent, fabs(percent - nearbyint(percent)) < 1e-6 ? 0 : 1, out, size);
}

void es_view_looks(const cJSON *release, char *out, size_t size)
{
    const cJSON *plan = cJSON_GetObjectItemCaseSensitive(release, "plan");
    const struct es_view_count looks = es_view_count(plan, "planned_looks");
    if (strcmp(es_view_string(plan, "mode"), "fixed") != 0)
        (void)snprintf(out, size, "sequential: may be looked at every day");
    else
        (void)snprintf(out, size, "fixed-size: %llu planned look%s; not for daily looking", (unsigned long long)looks.n,
                       looks.n == 1 ? "" : "s");
}

void es_view_plain(const char *code, char *out, size_t size)
{
    es_utf8_clean(code, out, size);
    for (char *c = out; *c; c++) {
        if (*c == '_') *c = ' ';
    }
}

void es_view_fixed(double value, int decimals, char *out, size_t size)
{
    static const uint64_t scale[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    if (!isfinite(value) || fabs(value) > 1e12 || decimals < 0 || decimals > 6) {
        (void)snprintf(out, size, "--");
        return;
    }
    const uint64_t units = (uint64_t)llround(fabs(value) * (double)scale[decimals]);
    const char *sign = value < 0.0 && units != 0 ? "\xe2\x88\x92" : ""; /* minus sign, as wide as a digit; no "-0.00" */
    if (decimals == 0) (void)snprintf(out, size, "%s%llu", sign, (unsigned long long)units);
    else
        (void)snprintf(out, size, "%s%llu.%0*llu", sign, (unsigned long long)(units / scale[decimals]), decimals,
                       (unsigned long long)(units % scale[decimals]));
}

void es_view_grouped(uint64_t n, char *out, size_t size)
{
    char digits[24];
    const int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    size_t to = 0;
    for (int i = 0; i < len && to + 2 < size; i++) {
        if (i && (len - i) % 3 == 0) out[to++] = ',';
        out[to++] = digits[i];
    }
    out[to] = '\0';
}

void es_view_count_text(struct es_view_count count, char *out, size_t size)
{
    if (count.shown == ES_SHOWN_NUMBER) es_view_grouped(count.n, out, size);
    else (void)snprintf(out, size, "%s", count.shown == ES_SHOWN_SUPPRESSED ? "suppressed" : "--");
}

void es_view_percent(struct es_view_count part, struct es_view_count whole, char *out, size_t size)
{
    if (part.shown != ES_SHOWN_NUMBER || whole.shown != ES_SHOWN_NUMBER || whole.n == 0) {
        (void)snprintf(out, size, "--");
        return;
    }
    const double percent = 100.0 * (double)part.n / (double)whole.n;
    if (part.n != 0 && percent < 0.5) (void)snprintf(out, size, "<1 %%");
    else if (part.n < whole.n && percent >= 99.5) (void)snprintf(out, size, ">99 %%");
    else (void)snprintf(out, size, "%lld %%", llround(percent));
}
