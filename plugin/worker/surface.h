/* SPDX-License-Identifier: Apache-2.0 */
/** @file surface.h
 * One release, rendered: the pages a host hands out, as bytes that are ready. Immutable once made, counted by reference, so that
 * a host's thread may go on sending one while the worker puts the next in its place.
 */
#ifndef ES_PLUGIN_SURFACE_H
#define ES_PLUGIN_SURFACE_H

#include <stdatomic.h>

#include "plugin/report/report.h"

enum es_surface_page { ES_PAGE_JSON, ES_PAGE_HTML, ES_PAGE_CSV, ES_PAGE_TEXT, ES_PAGE_METRICS, ES_PAGE_COVERAGE, ES_PAGE_UNPAIRED, ES_PAGE_PLOTS, ES_PAGES };
#define ES_SURFACE_COLUMNS 100 /* of the text page */

struct es_surface {
    atomic_uint references;
    atomic_bool shown;             /* somebody has asked for one of its pages */
    uint64_t basis;                /* sequence number of the last event in it */
    struct es_bytes pages[ES_PAGES];
    cJSON *release;                /* for the worker only: plots, recording */
    bool recorded;                 /* for the worker only */
};

/** Build the current release of a site and render its pages. Starts with one reference. */
ES_MUST_USE enum es_errc es_surface_make(struct es_surface **out, struct es_site *site, struct es_error *err);
/** Another reference to the same. */
struct es_surface *es_surface_hold(struct es_surface *surface);
/** Give one back; the last frees. NULL is allowed. */
void es_surface_drop(struct es_surface *surface);

#endif
