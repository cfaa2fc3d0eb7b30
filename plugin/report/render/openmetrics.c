/* SPDX-License-Identifier: Apache-2.0 */
/* The release for a monitoring server: OpenMetrics text 1.0 (RFC-style document of the OpenMetrics working group, 2020; the format that
 * Prometheus scrapes). A family's samples stand together, so families are the outer loop. A statistic that is suppressed or not estimable
 * has no sample: absence is not 0. A unit line stands only where the name ends in the unit, as the format demands. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/base/time.h"
#include "plugin/report/render/page.h"

#define MAX_AXES 64
#define LABEL_SIZE 96

/** Label names of the axes: made of [a-zA-Z0-9_], apart from each other and from our own. */
struct labels {
    const cJSON *release;
    const char *axis[MAX_AXES];
    char name[MAX_AXES][LABEL_SIZE];
    size_t n;
};

static bool taken(const struct labels *l, const char *name)
{
    static const char *const ours[] = {"site", "model", "version", "finding", "epoch", "metric", "stage", "evensight_verdict", "software", "schema"};
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (strcmp(ours[i], name) == 0) return true;
    for (size_t i = 0; i < l->n; i++)
        if (strcmp(l->name[i], name) == 0) return true;
    return strncmp(name, "__", 2) == 0;
}

static void add_axis(struct labels *l, const char *axis)
{
    char plain[LABEL_SIZE - 16], name[LABEL_SIZE];
    size_t n = 0;
    for (const char *c = axis; *c && n + 1 < sizeof plain; c++) {
        const bool ok = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_' || (*c >= '0' && *c <= '9');
        plain[n++] = *c && ok ? *c : '_';
    }
    plain[n] = '\0';
    const bool digit = plain[0] >= '0' && plain[0] <= '9';
    snprintf(name, sizeof name, "%s%s", digit || !plain[0] ? "axis_" : "", plain);
    if (taken(l, name)) snprintf(name, sizeof name, "axis%zu_%s", l->n + 1, plain);
    l->axis[l->n] = axis;
    memcpy(l->name[l->n++], name, sizeof name);
}

static void read_labels(struct labels *l, const cJSON *release)
{
    const cJSON *axis;
    l->release = release;
    cJSON_ArrayForEach(axis, cJSON_GetObjectItemCaseSensitive(release, "axes"))
    {
        if (l->n < MAX_AXES) add_axis(l, es_view_string(axis, "name"));
    }
}

/** Escaped as the format says: backslash, quote and line feed. */
static void put_escaped(struct es_page *page, const char *text)
{
    while (*text) {
        char bytes[5] = {0};
        const uint32_t c = es_utf8_next(&text);
        bytes[es_utf8_put(c, bytes)] = '\0';
        es_page_put(page, c == '\\' ? "\\\\" : c == '"' ? "\\\"" : c == '\n' ? "\\n" : bytes);
    }
}

static void put_label(struct es_page *page, const char *name, const char *value)
{
    es_page_put(page, name);
    es_page_put(page, "=\"");
    put_escaped(page, value);
    es_page_put(page, "\"");
}

/** {site=...,model=...,...} with one more label when `extra` is given. */
static void put_labels(struct es_page *page, const struct labels *l, const struct es_view_finding *at, const cJSON *group, const char *extra,
                       const char *extra_value)
{
    const cJSON *level;
    es_page_put(page, "{");
    put_label(page, "site", es_view_string(l->release, "site"));
    es_page_put(page, ",");
    put_label(page, "model", at->model_name);
    es_page_put(page, ",");
    put_label(page, "version", at->version);
    es_page_put(page, ",");
    put_label(page, "finding", at->name);
    es_page_putf(page, ",epoch=\"%u\"", at->epoch_id);
    cJSON_ArrayForEach(level, cJSON_GetObjectItemCaseSensitive(group, "group"))
    {
        for (size_t i = 0; i < l->n; i++) {
            if (strcmp(l->axis[i], level->string) != 0) continue;
            es_page_put(page, ",");
            put_label(page, l->name[i], cJSON_IsString(level) ? level->valuestring : "");
        }
    }
    if (extra) {
        es_page_put(page, ",");
        put_label(page, extra, extra_value);
    }
}

static void put_sample(struct es_page *page, double value)
{
    char text[ES_JSON_NUMBER_SIZE];
    es_json_number(value, text);
    es_page_putf(page, "} %s\n", text);
}

static void put_family(struct es_page *page, const char *name, const char *suffix, const char *type, const char *help, const char *more)
{
    es_page_put(page, "# TYPE evensight_");
    es_page_put(page, name);
    es_page_put(page, suffix);
    es_page_putf(page, " %s\n# HELP evensight_", type);
    es_page_put(page, name);
    es_page_put(page, suffix);
    es_page_put(page, " ");
    put_escaped(page, help);
    put_escaped(page, more);
    es_page_put(page, "\n");
}

/** Every group of every finding, one call each. */
typedef void (*each_group)(struct es_page *page, const struct labels *l, const struct es_view_finding *at, const cJSON *group, const void *what);
static void each(struct es_page *page, const struct labels *l, each_group put, const void *what)
{
    struct es_view_finding at = {0};
    while (es_view_next(l->release, &at)) {
        const cJSON *group;
        cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at.finding, "groups")) put(page, l, &at, group, what);
    }
}

/** One number of one metric: value, lo or hi. */
struct figure {
    const char *metric, *suffix, *key;
};

static void put_figure(struct es_page *page, const struct labels *l, const struct es_view_finding *at, const cJSON *group, const void *what)
{
    const struct figure *f = what;
    const cJSON *metric = es_view_at(group, "metrics", f->metric);
    if (strcmp(es_view_string(metric, "status"), "estimated") != 0 || !isfinite(es_view_number(metric, f->key))) return;
    es_page_put(page, "evensight_");
    es_page_put(page, f->metric);
    es_page_put(page, f->suffix);
    put_labels(page, l, at, group, NULL, NULL);
    put_sample(page, es_view_number(metric, f->key));
}

static void put_count(struct es_page *page, const struct labels *l, const struct es_view_finding *at, const cJSON *group, const void *what)
{
    const char *key = what;
    const struct es_view_count n = es_view_count(group, key);
    if (n.shown != ES_SHOWN_NUMBER) return;
    es_page_putf(page, "evensight_%s", key);
    put_labels(page, l, at, group, NULL, NULL);
    put_sample(page, (double)n.n);
}

static void put_funnel(struct es_page *page, const struct labels *l, const struct es_view_finding *at, const cJSON *group, const void *what)
{
    (void)what;
    const cJSON *stage, *funnel = cJSON_GetObjectItemCaseSensitive(group, "funnel");
    cJSON_ArrayForEach(stage, funnel)
    {
        if (!cJSON_IsNumber(stage)) continue;
        es_page_put(page, "evensight_exams");
        put_labels(page, l, at, group, "stage", stage->string);
        put_sample(page, stage->valuedouble);
    }
}

static void put_difference(struct es_page *page, const struct labels *l, const struct es_view_finding *at, const cJSON *group, const void *what)
{
    (void)what;
    const cJSON *c;
    cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(group, "against_rest"))
    {
        if (!isfinite(es_view_number(c, "difference"))) continue;
        es_page_put(page, "evensight_difference");
        put_labels(page, l, at, group, "metric", c->string);
        put_sample(page, es_view_number(c, "difference"));
    }
}

static void put_verdict(struct es_page *page, const struct labels *l, const struct es_view_finding *at, const cJSON *group, const void *what)
{
    static const char *const states[] = {"disparity", "parity", "not_enough"};
    (void)what;
    const cJSON *c;
    cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(group, "against_rest"))
    {
        const char *verdict = es_view_string(c, "verdict");
        for (size_t i = 0; *verdict && i < sizeof states / sizeof states[0]; i++) {
            es_page_put(page, "evensight_verdict");
            put_labels(page, l, at, group, "metric", c->string);
            es_page_putf(page, ",evensight_verdict=\"%s\"} %d\n", states[i], strcmp(states[i], verdict) == 0);
        }
    }
}

static void put_alarm(struct es_page *page, const struct labels *l, const struct es_view_finding *at, const cJSON *group, const void *what)
{
    (void)what;
    const cJSON *chart;
    cJSON_ArrayForEach(chart, cJSON_GetObjectItemCaseSensitive(at->finding, "charts"))
    {
        const char *state = es_view_string(chart, "state");
        if (!*state || !cJSON_Compare(cJSON_GetObjectItemCaseSensitive(chart, "group"), cJSON_GetObjectItemCaseSensitive(group, "group"), true)) continue;
        es_page_put(page, "evensight_alarm");
        put_labels(page, l, at, group, "metric", es_view_string(chart, "metric"));
        put_sample(page, strcmp(state, "alarm") == 0);
    }
}

static void put_about(struct es_page *page, const cJSON *release)
{
    int64_t instant = 0;
    bool zone = false;
    put_family(page, "build", "", "info", "The release this comes from.", "");
    es_page_put(page, "evensight_build_info{");
    put_label(page, "site", es_view_string(release, "site"));
    es_page_put(page, ",");
    put_label(page, "software", es_view_string(release, "software"));
    es_page_put(page, ",");
    put_label(page, "schema", es_view_string(release, "schema"));
    es_page_put(page, "} 1\n");
    if (!es_instant_parse(es_view_string(release, "as_of"), &instant, &zone)) return;
    es_page_put(page, "# TYPE evensight_as_of_timestamp_seconds gauge\n# UNIT evensight_as_of_timestamp_seconds seconds\n"
                      "# HELP evensight_as_of_timestamp_seconds Time of the last event, seconds since 1970 UTC.\n"
                      "evensight_as_of_timestamp_seconds{");
    put_label(page, "site", es_view_string(release, "site"));
    put_sample(page, (double)(instant / 1000000));
}

enum es_errc es_render_openmetrics(const cJSON *release, struct es_bytes *out, struct es_error *err)
{
    static const struct figure figures[] = {{NULL, "", "value"}, {NULL, "_lo", "lo"}, {NULL, "_hi", "hi"}};
    static const char *const more[] = {"", " Lower limit, 95 %, fixed-size.", " Upper limit, 95 %, fixed-size."};
    const enum es_errc e = es_view_check(release, err);
    if (e != ES_OK) return e;
    struct es_page page = {0};
    struct labels labels = {0};
    read_labels(&labels, release);
    put_about(&page, release);
    put_family(&page, "exams", "", "gauge", "Units by stage of the funnel.", "");
    each(&page, &labels, put_funnel, NULL);
    put_family(&page, "cases", "", "gauge", "Units with result and reference, window closed.", "");
    each(&page, &labels, put_count, "cases");
    put_family(&page, "patients", "", "gauge", "Patients behind the cases.", "");
    each(&page, &labels, put_count, "patients");
    const cJSON *metric;
    cJSON_ArrayForEach(metric, cJSON_GetObjectItemCaseSensitive(release, "metrics"))
    {
        for (size_t i = 0; i < 3; i++) {
            const struct figure f = {es_view_string(metric, "name"), figures[i].suffix, figures[i].key};
            put_family(&page, f.metric, f.suffix, "gauge", es_view_string(metric, "doc"), more[i]);
            each(&page, &labels, put_figure, &f);
        }
    }
    put_family(&page, "difference", "", "gauge", "Group minus rest.", "");
    each(&page, &labels, put_difference, NULL);
    char looks[80], said[90];
    es_view_looks(release, looks, sizeof looks);
    (void)snprintf(said, sizeof said, "%s.", looks);
    put_family(&page, "verdict", "", "stateset", "Verdict of a planned comparison, ", said);
    each(&page, &labels, put_verdict, NULL);
    put_family(&page, "alarm", "", "gauge", "1 when the control chart of a planned rate has raised an alarm in this epoch, else 0.", "");
    each(&page, &labels, put_alarm, NULL);
    es_page_put(&page, "# EOF\n");
    return es_page_take(&page, out, err);
}
