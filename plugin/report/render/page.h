/* SPDX-License-Identifier: Apache-2.0 */
/** @file page.h
 * A growing text: what every renderer of a release writes into.
 *
 * Text of the release reaches the page through es_page_text() alone, which escapes it; es_page_put() and es_page_putf() are for
 * our own markup and for numbers. A page that could not grow stays as it is and says so at the end (es_page_take).
 */
#ifndef ES_PLUGIN_REPORT_RENDER_PAGE_H
#define ES_PLUGIN_REPORT_RENDER_PAGE_H

#include "plugin/report/report.h"
#include "plugin/report/view.h"

#define ES_MAX_PAGE ((size_t)256 << 20) /* bytes of a page; past it rendering is ES_E_LIMIT */

/** `{0}` is empty. */
struct es_page {
    char *data; /* owned; NUL-terminated once anything was put */
    size_t len, size;
    enum es_errc failed; /* ES_OK, ES_E_MEMORY or ES_E_LIMIT; the first failure stays */
};
void es_page_put(struct es_page *page, const char *markup);
/** Short markup of at most 400 bytes; never with %s of a text from a release, and without floating conversions. */
void es_page_putf(struct es_page *page, const char *fmt, ...) ES_PRINTF(2, 3);
/** Text of the release, escaped for HTML content and double-quoted attributes; ill-formed UTF-8 replaced. */
void es_page_text(struct es_page *page, const char *text);
/** Text of the release for a terminal: ill-formed UTF-8 and controls replaced, a line's end and a tab a blank. */
void es_page_plain(struct es_page *page, const char *text);
/** A number with fixed decimals, a count, a count with its share of a whole ("1,234 (56 %)"). */
void es_page_fixed(struct es_page *page, double value, int decimals);
void es_page_count(struct es_page *page, struct es_view_count count);
/** Limits of an interval ("0.12 to 0.34"); a p-value, as "<0.001" where it is less. */
void es_page_limits(struct es_page *page, double lo, double hi, int decimals);
void es_page_p(struct es_page *page, double p);
void es_page_share(struct es_page *page, struct es_view_count part, struct es_view_count whole);
/** A group's label, escaped. @param group  the {"axis":"level"} object */
void es_page_label(struct es_page *page, const cJSON *group);
/** "chexnet 1.0, effusion" and ", epoch 2" past the first. */
void es_page_finding(struct es_page *page, const struct es_view_finding *at);
/** Hand over the bytes and leave the page empty. @return the page's failure */
ES_MUST_USE enum es_errc es_page_take(struct es_page *page, struct es_bytes *out, struct es_error *err);

/** Any tree as JSON text, in the form of es_render_json(). @return ES_OK, ES_E_MEMORY, ES_E_PARSE (too deep) */
ES_MUST_USE enum es_errc es_page_json(const cJSON *tree, struct es_bytes *out, struct es_error *err);

#endif
