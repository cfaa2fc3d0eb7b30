/* SPDX-License-Identifier: GPL-3.0-or-later */
/* REST routes under Root. On Orthanc's threads, of 100 KiB of stack: copy, wait, hand out bytes that are ready. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/base/time.h"
#include "plugin/orthanc/private.h"

#define JSON "application/json"
#define HTML "text/html; charset=utf-8"
#define WAIT_MS 30000 /* for the worker's answer */

typedef OrthancPluginErrorCode (*handler)(OrthancPluginRestOutput *output, const OrthancPluginHttpRequest *request);

static OrthancPluginContext *context(void) { return orthanc_plugin.context; }

/* Every answer says so: a release's bytes cannot. A header is printable ASCII. */
static void degraded_header(OrthancPluginRestOutput *output)
{
    struct es_worker_status status;
    char notice[ES_NOTICE_SIZE];
    if (orthanc_plugin.worker == NULL) return;
    es_worker_status(orthanc_plugin.worker, &status);
    if (es_worker_notice(&status, notice) == 0) return;
    for (char *c = notice; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x7F) *c = '?';
    OrthancPluginSetHttpHeader(context(), output, "Evensight-Degraded", notice);
}

static void common_headers(OrthancPluginRestOutput *output)
{
    degraded_header(output);
    OrthancPluginSetHttpHeader(context(), output, "Cache-Control", "no-store");
    OrthancPluginSetHttpHeader(context(), output, "X-Content-Type-Options", "nosniff");
}

static OrthancPluginErrorCode send_ok(OrthancPluginRestOutput *output, const void *bytes, size_t len, const char *type)
{
    common_headers(output);
    OrthancPluginAnswerBuffer(context(), output, bytes, (uint32_t)len, type);
    return OrthancPluginErrorCode_Success;
}

static OrthancPluginErrorCode send_status(OrthancPluginRestOutput *output, uint16_t status, const char *body, size_t len)
{
    common_headers(output);
    OrthancPluginSetHttpHeader(context(), output, "Content-Type", JSON);
    if (status == 503) OrthancPluginSetHttpHeader(context(), output, "Retry-After", "5");
    OrthancPluginSendHttpStatus(context(), output, status, body, (uint32_t)len);
    return OrthancPluginErrorCode_Success;
}

/* An error as {"reason": "..."}; the text is ours and needs no escape. */
static OrthancPluginErrorCode refuse(OrthancPluginRestOutput *output, uint16_t status, const char *reason)
{
    char body[256];
    const int n = snprintf(body, sizeof body, "{\"reason\":\"%s\"}\n", reason);
    return send_status(output, status, body, (size_t)n);
}

static OrthancPluginErrorCode route_status(OrthancPluginRestOutput *output, const OrthancPluginHttpRequest *request)
{
    (void)request;
    char text[ES_STATUS_SIZE];
    if (orthanc_plugin.worker == NULL) {
        char reason[2 * ES_ERROR_TEXT];
        const int n = snprintf(text, sizeof text, "{\"state\":\"misconfigured\",\"settled\":false,\"reason\":\"%s\"}\n",
                               es_json_escape(orthanc_plugin.reason, reason, sizeof reason));
        return send_status(output, 503, text, (size_t)n);
    }
    struct es_worker_status status;
    es_worker_status(orthanc_plugin.worker, &status);
    const size_t len = es_worker_status_json(&status, text, sizeof text);
    return status.phase == ES_WORKER_READY ? send_ok(output, text, len, JSON) : send_status(output, 503, text, len);
}

static OrthancPluginErrorCode send_page(OrthancPluginRestOutput *output, enum es_surface_page page, const char *type)
{
    struct es_surface *surface = es_worker_surface(orthanc_plugin.worker);
    if (surface == NULL) return refuse(output, 503, "no report has been made yet");
    const OrthancPluginErrorCode code = send_ok(output, surface->pages[page].data, surface->pages[page].len, type);
    es_surface_drop(surface);
    return code;
}

/* The page with what has to stand at its head: a strip that says at any time how things are, or how they are now. */
static OrthancPluginErrorCode send_beside(OrthancPluginRestOutput *output, enum es_surface_page page, const char *type, const char *head)
{
    struct es_bytes whole = {0};
    struct es_surface *surface = es_worker_surface(orthanc_plugin.worker);
    if (surface == NULL) return refuse(output, 503, "no report has been made yet");
    char frame[ES_FRAME_SIZE];
    if (head == NULL) es_worker_frame(surface->basis, frame);
    const enum es_errc rc = es_page_beside(&surface->pages[page], head != NULL ? head : frame, &whole, NULL);
    es_surface_drop(surface);
    if (rc != ES_OK) return refuse(output, 503, "memory ran out");
    const OrthancPluginErrorCode code = send_ok(output, whole.data, whole.len, type);
    es_bytes_free(&whole);
    return code;
}

static void page_policy(OrthancPluginRestOutput *output)
{
    OrthancPluginSetHttpHeader(context(), output, "Content-Security-Policy",
                               "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-src 'self'; frame-ancestors 'self'");
}

/* The release's own bytes; while degraded with a banner at their head. */
static OrthancPluginErrorCode send_html(OrthancPluginRestOutput *output)
{
    struct es_worker_status status;
    struct es_bytes banner = {0};
    es_worker_status(orthanc_plugin.worker, &status);
    if (es_worker_banner(&status, &banner, NULL) != ES_OK) return refuse(output, 503, "memory ran out");
    page_policy(output);
    const OrthancPluginErrorCode code = banner.len > 0 ? send_beside(output, ES_PAGE_HTML, HTML, (const char *)banner.data) : send_page(output, ES_PAGE_HTML, HTML);
    es_bytes_free(&banner);
    return code;
}

static OrthancPluginErrorCode send_text(OrthancPluginRestOutput *output)
{
    static const char type[] = "text/plain; charset=utf-8";
    struct es_worker_status status;
    char notice[ES_NOTICE_SIZE + 2];
    es_worker_status(orthanc_plugin.worker, &status);
    const size_t len = es_worker_notice(&status, notice);
    if (len == 0) return send_page(output, ES_PAGE_TEXT, type);
    memcpy(notice + len, "\n\n", 3);
    return send_beside(output, ES_PAGE_TEXT, type, notice);
}

/* Digits, the whole text. */
static bool read_whole(const char *text, uint64_t *out)
{
    char *end = NULL;
    errno = 0;
    const unsigned long long value = strtoull(text, &end, 10);
    *out = value;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

/* What asks for something else than it would get (another audience, other dates) is told so, and gets no report. A parameter's name is
 * repeated when it is a word, its value never. */
static OrthancPluginErrorCode refuse_parameter(OrthancPluginRestOutput *output, const char *name, const char *known)
{
    char reason[160];
    const size_t len = strlen(name);
    const bool word = len > 0 && len <= 40 && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == len;
    snprintf(reason, sizeof reason, "unknown parameter%s%s: %s", word ? " " : "", word ? name : "", known);
    return refuse(output, 400, reason);
}

static OrthancPluginErrorCode route_report(OrthancPluginRestOutput *output, const OrthancPluginHttpRequest *request)
{
    const char *format = "json";
    for (uint32_t i = 0; i < request->getCount; i++) {
        if (strcmp(request->getKeys[i], "format") != 0) return refuse_parameter(output, request->getKeys[i], "only format is known");
        format = request->getValues[i];
    }
    if (strcmp(format, "json") == 0) return send_page(output, ES_PAGE_JSON, JSON);
    if (strcmp(format, "html") == 0) return send_html(output);
    if (strcmp(format, "csv") == 0) return send_page(output, ES_PAGE_CSV, "text/csv; charset=utf-8");
    if (strcmp(format, "text") == 0) return send_text(output);
    return refuse(output, 400, "format is one of json, html, csv, text");
}

static OrthancPluginErrorCode route_json(OrthancPluginRestOutput *output, const OrthancPluginHttpRequest *request)
{
    (void)request;
    return send_page(output, ES_PAGE_JSON, JSON);
}

static OrthancPluginErrorCode route_html(OrthancPluginRestOutput *output, const OrthancPluginHttpRequest *request)
{
    (void)request;
    return send_html(output);
}

static OrthancPluginErrorCode route_app(OrthancPluginRestOutput *output, const OrthancPluginHttpRequest *request)
{
    (void)request;
    page_policy(output);
    return send_beside(output, ES_PAGE_HTML, HTML, NULL);
}

/* "basis=N" of the page around it. Orthanc takes "app/" and "app" for one, and the page's browser does not: so it is found from both. */
static OrthancPluginErrorCode route_strip(OrthancPluginRestOutput *output, const OrthancPluginHttpRequest *request)
{
    struct es_worker_status status;
    struct es_bytes strip = {0};
    uint64_t basis = 0;
    for (uint32_t i = 0; i < request->getCount; i++) {
        if (strcmp(request->getKeys[i], "basis") != 0) return refuse_parameter(output, request->getKeys[i], "only basis is known");
        if (!read_whole(request->getValues[i], &basis)) return refuse(output, 400, "basis is a whole number");
    }
    es_worker_status(orthanc_plugin.worker, &status);
    const char *page = strncmp(request->groups[0], "app/", 4) == 0 ? "./" : "app/";
    if (es_worker_strip(&status, basis, page, es_clock(), &strip, NULL) != ES_OK) return refuse(output, 503, "memory ran out");
    page_policy(output);
    const OrthancPluginErrorCode code = send_ok(output, strip.data, strip.len, HTML);
    es_bytes_free(&strip);
    return code;
}

static OrthancPluginErrorCode route_csv(OrthancPluginRestOutput *output, const OrthancPluginHttpRequest *request)
{
    (void)request;
    return send_page(output, ES_PAGE_CSV, "text/csv; charset=utf-8");
}

static OrthancPluginErrorCode route_coverage(OrthancPluginRestOutput *output, const OrthancPluginHttpRequest *request)
{
    (void)request;
    return send_page(output, ES_PAGE_COVERAGE, JSON);
}

static OrthancPluginErrorCode route_unpaired(OrthancPluginRestOutput *output, const OrthancPluginHttpRequest *request)
{
    (void)request;
    return send_page(output, ES_PAGE_UNPAIRED, JSON);
}

static OrthancPluginErrorCode route_plots(OrthancPluginRestOutput *output, const OrthancPluginHttpRequest *request)
{
    (void)request;
    return send_page(output, ES_PAGE_PLOTS, JSON);
}

/* The release's metrics and the worker's own, under one "# EOF". */
static OrthancPluginErrorCode route_metrics(OrthancPluginRestOutput *output, const OrthancPluginHttpRequest *request)
{
    (void)request;
    static const char type[] = "application/openmetrics-text; version=1.0.0; charset=utf-8", end[] = "# EOF\n";
    struct es_worker_status status;
    struct es_surface *surface = es_worker_surface(orthanc_plugin.worker);
    size_t len = surface != NULL ? surface->pages[ES_PAGE_METRICS].len : 0;
    char *text = malloc(len + ES_STATUS_SIZE + sizeof end);
    if (text == NULL) {
        es_surface_drop(surface);
        return refuse(output, 503, "memory ran out");
    }
    if (len > 0) memcpy(text, surface->pages[ES_PAGE_METRICS].data, len);
    es_surface_drop(surface);
    if (len >= sizeof end - 1 && memcmp(text + len - (sizeof end - 1), end, sizeof end - 1) == 0) len -= sizeof end - 1;
    es_worker_status(orthanc_plugin.worker, &status);
    len += es_worker_status_metrics(&status, text + len, ES_STATUS_SIZE);
    memcpy(text + len, end, sizeof end);
    const OrthancPluginErrorCode code = send_ok(output, text, len + sizeof end - 1, type);
    free(text);
    return code;
}

/* Hand a job to the worker and send its answer. */
static OrthancPluginErrorCode ask(OrthancPluginRestOutput *output, struct es_job *job, const char *type)
{
    if (job == NULL) return refuse(output, 503, "memory ran out");
    if (!es_worker_ask(orthanc_plugin.worker, &job, WAIT_MS) || job == NULL)
        return refuse(output, 503, "the worker is busy: send it again later, what was taken is not taken twice");
    OrthancPluginErrorCode code = OrthancPluginErrorCode_Success;
    if (job->status == 200) code = send_ok(output, job->answer, job->answer_len, type);
    else if (job->answer != NULL) code = send_status(output, (uint16_t)job->status, job->answer, job->answer_len);
    else
        code = refuse(output, (uint16_t)job->status,
                      job->status == 404 ? "the release has no such plot" : "the ledger cannot be written now: see status");
    es_job_free(job);
    return code;
}

static OrthancPluginErrorCode route_plot(OrthancPluginRestOutput *output, const char *name)
{
    const size_t len = strlen(name);
    if (len >= 200) return refuse(output, 404, "the release has no such plot");
    return ask(output, es_job_new(ES_JOB_PLOT, name, len), "image/png");
}

static const char *header(const OrthancPluginHttpRequest *request, const char *name)
{
    for (uint32_t i = 0; i < request->headersCount; i++) {
        if (strcasecmp(request->headersKeys[i], name) == 0) return request->headersValues[i];
    }
    return "";
}

/* A form cannot send this type, so a page that somebody is lured to cannot post with stored credentials. The filter below turns multipart
 * bodies away: Orthanc takes them apart, and hands on each part with the type that the part claims. */
static bool is_ndjson(const char *type)
{
    static const char wanted[] = "application/x-ndjson";
    const size_t len = sizeof wanted - 1;
    return strncasecmp(type, wanted, len) == 0 && (type[len] == '\0' || type[len] == ';' || type[len] == ' ');
}

static OrthancPluginErrorCode route_ingest(OrthancPluginRestOutput *output, const OrthancPluginHttpRequest *request)
{
    if (!is_ndjson(header(request, "content-type"))) return refuse(output, 415, "the content type has to be application/x-ndjson");
    if (header(request, "content-encoding")[0] != '\0') return refuse(output, 415, "no content encoding is understood");
    if (request->bodySize > ES_INBOX_BODY) return refuse(output, 413, "at most 8388608 bytes at a time");
    return ask(output, es_job_new(ES_JOB_INGEST, request->body, request->bodySize), JSON);
}

static const struct {
    const char *name;
    OrthancPluginHttpMethod method;
    handler handle;
    bool plain; /* shows the release and knows no parameter; scrapers may put theirs behind status and metrics */
} routes[] = {
    {"status", OrthancPluginHttpMethod_Get, route_status, false},
    {"report", OrthancPluginHttpMethod_Get, route_report, false},
    {"report.json", OrthancPluginHttpMethod_Get, route_json, true},
    {"report.html", OrthancPluginHttpMethod_Get, route_html, true},
    {"report.csv", OrthancPluginHttpMethod_Get, route_csv, true},
    {"coverage", OrthancPluginHttpMethod_Get, route_coverage, true},
    {"unpaired", OrthancPluginHttpMethod_Get, route_unpaired, true},
    {"metrics", OrthancPluginHttpMethod_Get, route_metrics, false},
    {"plots", OrthancPluginHttpMethod_Get, route_plots, true},
    {"app", OrthancPluginHttpMethod_Get, route_app, true},
    {"strip", OrthancPluginHttpMethod_Get, route_strip, false},
    {"app/strip", OrthancPluginHttpMethod_Get, route_strip, false},
    {"ingest/events", OrthancPluginHttpMethod_Post, route_ingest, false},
};

static OrthancPluginErrorCode dispatch(OrthancPluginRestOutput *output, const char *url, const OrthancPluginHttpRequest *request)
{
    char path[256];
    const int n = snprintf(path, sizeof path, "%s", request->groupsCount > 0 ? request->groups[0] : "");
    (void)url;
    if (n < 0 || (size_t)n >= sizeof path) return refuse(output, 404, "no such route");
    for (size_t len = strlen(path); len > 0 && path[len - 1] == '/'; len--) path[len - 1] = '\0';
    if (strncmp(path, "plots/", 6) == 0 && path[6] != '\0') {
        if (request->method == OrthancPluginHttpMethod_Get) return route_plot(output, path + 6);
        OrthancPluginSendMethodNotAllowed(context(), output, "GET");
        return OrthancPluginErrorCode_Success;
    }
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++) {
        if (strcmp(path, routes[i].name) != 0) continue;
        if (request->method == routes[i].method && routes[i].plain && request->getCount > 0)
            return refuse_parameter(output, request->getKeys[0], "none is known here");
        if (request->method == routes[i].method) return routes[i].handle(output, request);
        OrthancPluginSendMethodNotAllowed(context(), output, routes[i].method == OrthancPluginHttpMethod_Get ? "GET" : "POST");
        return OrthancPluginErrorCode_Success;
    }
    return refuse(output, 404, "no such route");
}

/* With a wrong configuration nothing is served but what is wrong. */
static OrthancPluginErrorCode status_only(OrthancPluginRestOutput *output, const char *url, const OrthancPluginHttpRequest *request)
{
    (void)url;
    if (request->method == OrthancPluginHttpMethod_Get) return route_status(output, request);
    OrthancPluginSendMethodNotAllowed(context(), output, "GET");
    return OrthancPluginErrorCode_Success;
}

/* Does the path lie under Root? Repeated slashes are one, as Orthanc takes them. */
static bool under_root(const char *uri)
{
    const char *root = orthanc_plugin.root;
    while (*root != '\0') {
        if (*uri != *root) return false;
        if (*uri == '/') {
            while (*uri == '/') uri++;
        } else uri++;
        root++;
    }
    return true;
}

/* Orthanc buffers a body whole before a route sees it: what is too long, or does not say how long it is, is turned away before, and so is what
 * consists of parts. Every other URL passes. */
static int32_t filter(OrthancPluginHttpMethod method, const char *uri, const char *ip, uint32_t headers, const char *const *keys,
                      const char *const *values, uint32_t arguments, const char *const *argument_keys,
                      const char *const *argument_values)
{
    (void)ip;
    (void)arguments;
    (void)argument_keys;
    (void)argument_values;
    if (method != OrthancPluginHttpMethod_Post && method != OrthancPluginHttpMethod_Put) return 1;
    if (!under_root(uri)) return 1;
    bool fine = false;
    for (uint32_t i = 0; i < headers; i++) {
        uint64_t length = 0;
        if (strcasecmp(keys[i], "content-type") == 0 && strcasestr(values[i], "multipart") != NULL) return 0;
        if (strcasecmp(keys[i], "transfer-encoding") == 0) return 0; /* beside a length it says another (RFC 9112 6.1) */
        if (strcasecmp(keys[i], "content-length") == 0) fine = read_whole(values[i], &length) && length <= ES_INBOX_BODY;
    }
    return fine;
}

/* A button on Orthanc Explorer's first page. */
static void add_button(void)
{
    char script[1024];
    snprintf(script, sizeof script,
             "$('#lookup').live('pagebeforecreate', function () {\n"
             "  var button = $('<a>').attr('id', 'evensight-button').attr('data-role', 'button').attr('data-icon', 'grid')\n"
             "    .attr('href', '..%sapp/').attr('rel', 'external').text('Subgroup performance of AI (Evensight)');\n"
             "  $('#lookup div[data-role=\"content\"]').append(button);\n"
             "});\n",
             orthanc_plugin.root);
    OrthancPluginExtendOrthancExplorer(context(), script);
}

void orthanc_routes_register(void)
{
    char pattern[ES_NAME_SIZE + 16], page[ES_NAME_SIZE + 8];
    if (orthanc_plugin.worker == NULL) {
        snprintf(pattern, sizeof pattern, "%sstatus", orthanc_plugin.root);
        OrthancPluginRegisterRestCallbackNoLock(context(), pattern, status_only);
        return;
    }
    snprintf(pattern, sizeof pattern, "%s(.*)", orthanc_plugin.root);
    OrthancPluginRegisterRestCallbackNoLock(context(), pattern, dispatch);
    OrthancPluginRegisterIncomingHttpRequestFilter2(context(), filter);
    snprintf(page, sizeof page, "%sapp/", orthanc_plugin.root);
    OrthancPluginSetRootUri(context(), page);
    add_button();
}
