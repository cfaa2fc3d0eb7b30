/* SPDX-License-Identifier: Apache-2.0 */
/** @file notice.h
 * Since when the worker is degraded and why, for whoever looks at a release. A release is the same bytes whatever happens to its ledger
 * afterwards, so all of this stands beside it: in what is put around a page as it is sent, in a strip that an open page loads again and
 * again, in a header of HTTP. For a host's threads: little stack, nothing waited for.
 */
#ifndef ES_PLUGIN_WORKER_NOTICE_H
#define ES_PLUGIN_WORKER_NOTICE_H

#include "plugin/worker/worker.h"

#define ES_NOTICE_SIZE (ES_ERROR_TEXT + 192)
#define ES_FRAME_SIZE 256

/** One sentence without control characters; "" unless the worker is degraded. @return its length */
size_t es_worker_notice(const struct es_worker_status *status, char out[ES_NOTICE_SIZE]);
/** The strip: a small HTML document that loads itself again every half minute. It says whether the worker is degraded, and whether a newer
 * release was made than that in the page.
 * @param basis  of the release in the page
 * @param report  address of the page, seen from the strip; our own text
 * @param now    our clock, microseconds
 * @param out    owned by the caller: es_bytes_free() */
ES_MUST_USE enum es_errc es_worker_strip(const struct es_worker_status *status, uint64_t basis, const char *report, int64_t now, struct es_bytes *out,
                                         struct es_error *err);
/** The element that shows the strip on a page, from "strip" beside the page. */
void es_worker_frame(uint64_t basis, char out[ES_FRAME_SIZE]);
/** The notice as an element of a page; empty unless the worker is degraded. @param out  owned by the caller */
ES_MUST_USE enum es_errc es_worker_banner(const struct es_worker_status *status, struct es_bytes *out, struct es_error *err);
/** A copy of a page with something at its head: behind "<body>" of HTML, in front of any other. @param out  owned by the caller */
ES_MUST_USE enum es_errc es_page_beside(const struct es_bytes *page, const char *what, struct es_bytes *out, struct es_error *err);

#endif
