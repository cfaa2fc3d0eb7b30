/* SPDX-License-Identifier: Apache-2.0 */
/* What whoever looks at a release must know of the worker: since when it is degraded and why. Beside the release, never in it. */
#include "plugin/worker/notice.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/time.h"
#include "plugin/report/render/page.h"

size_t es_worker_notice(const struct es_worker_status *status, char out[ES_NOTICE_SIZE])
{
    char since[ES_INSTANT_TEXT] = "";
    out[0] = '\0';
    if (status->phase != ES_WORKER_DEGRADED) return 0;
    es_instant_format(status->degraded_since - status->degraded_since % 1000000, since);
    (void)snprintf(out, ES_NOTICE_SIZE, "Degraded since %s: %s. What is shown may stand still until this is over; nothing that was acknowledged is lost.",
                   since, status->reason);
    for (char *c = out; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7F) *c = ' ';
    return strlen(out);
}

/* Colours and their reasons as in report/html/style.c. */
static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta http-equiv=\"refresh\" content=\"30\">\n"
    "<title>State of the monitor</title>\n<style>\n"
    "body{margin:0;font:15px/1.4 \"DejaVu Sans\",Verdana,\"Segoe UI\",system-ui,sans-serif}\n"
    "p{margin:0;padding:.15rem .8rem;border-left:10px solid}a{color:inherit}\n"
    ".warn{background:#a34700;border-color:#a34700;color:#fff;font-weight:700}.blue{border-color:#00568a;color:#00568a;font-weight:700}\n"
    ".grey{border-color:#8a8a8a;color:#545454}\n</style>\n</head>\n<body>\n";

enum es_errc es_worker_strip(const struct es_worker_status *status, uint64_t basis, const char *report, int64_t now, struct es_bytes *out, struct es_error *err)
{
    struct es_page page = {0};
    char notice[ES_NOTICE_SIZE], at[ES_INSTANT_TEXT];
    es_instant_format(now - now % 1000000, at);
    es_page_put(&page, head);
    if (es_worker_notice(status, notice) > 0) {
        es_page_put(&page, "<p class=\"warn\" role=\"alert\">");
        es_page_text(&page, notice);
    } else if (status->phase != ES_WORKER_READY) {
        es_page_putf(&page, "<p class=\"grey\" role=\"status\">The monitor is %s", es_worker_phase_name(status->phase));
    } else if (status->has_release && status->release_basis != basis) {
        es_page_put(&page, "<p class=\"blue\" role=\"status\">A newer report has been made: <a href=\"");
        es_page_put(&page, report);
        es_page_put(&page, "\" target=\"_top\">show it</a>");
    } else {
        es_page_put(&page, "<p class=\"grey\" role=\"status\">The monitor is running, and this is its current report");
    }
    es_page_putf(&page, " <small>(looked at %s)</small></p>\n</body>\n</html>\n", at);
    return es_page_take(&page, out, err);
}

enum es_errc es_worker_banner(const struct es_worker_status *status, struct es_bytes *out, struct es_error *err)
{
    struct es_page page = {0};
    char notice[ES_NOTICE_SIZE];
    if (es_worker_notice(status, notice) > 0) {
        es_page_put(&page, "<p role=\"alert\" style=\"margin:0 0 .8rem;padding:.4rem .8rem;background:#a34700;color:#fff;font-weight:700\">");
        es_page_text(&page, notice);
        es_page_put(&page, "</p>\n");
    }
    es_page_put(&page, "");
    return es_page_take(&page, out, err);
}

void es_worker_frame(uint64_t basis, char out[ES_FRAME_SIZE])
{
    (void)snprintf(out, ES_FRAME_SIZE,
                   "<iframe src=\"strip?basis=%" PRIu64 "\" title=\"State of the monitor\" "
                   "style=\"display:block;width:100%%;height:3rem;border:0;margin:0 0 .6rem\"></iframe>\n",
                   basis);
}

enum es_errc es_page_beside(const struct es_bytes *page, const char *what, struct es_bytes *out, struct es_error *err)
{
    static const char body[] = "<body>\n";
    const size_t more = strlen(what);
    const unsigned char *found = memmem(page->data, page->len, body, sizeof body - 1);
    const size_t at = found != NULL ? (size_t)(found - page->data) + sizeof body - 1 : 0;
    size_t len, size;
    if (__builtin_add_overflow(page->len, more, &len) || __builtin_add_overflow(len, (size_t)1, &size) || (out->data = malloc(size)) == NULL)
        return es_fail(err, ES_E_MEMORY, "memory ran out");
    memcpy(out->data, page->data, at);
    memcpy(out->data + at, what, more);
    memcpy(out->data + at + more, page->data + at, page->len - at);
    out->data[len] = '\0';
    out->len = len;
    return ES_OK;
}
