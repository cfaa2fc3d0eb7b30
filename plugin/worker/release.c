/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's releases: the current one made and swapped, marked in the ledger when it was shown, and the next for outsiders. */
#include <stdio.h>

#include "plugin/report/record/between.h"
#include "plugin/report/view.h"
#include "plugin/worker/internal.h"

#define BUSY_RENDER_MS 10000u /* without a quiet moment a release is made so often */

/* Plots are drawn when somebody asks: most never are. */
int es_worker_plot(struct es_worker *worker, const struct es_job *job, char **answer, size_t *len)
{
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    if (worker->surface == NULL) return 503; /* written by this thread only */
    const enum es_errc rc = es_render_plot(worker->surface->release, job->body, &bytes, &err);
    if (rc != ES_OK) return rc == ES_E_ARG ? 404 : 500;
    *answer = (char *)bytes.data;
    *len = bytes.len;
    return 200;
}

/* The ledger took what a release leaves there: whatever was wrong with it is over, unless events still wait. */
static void written(struct es_worker *worker)
{
    if (worker->pause_ms != 0 && !es_load_any(worker->load)) es_worker_recover(worker);
}

/* A release that somebody has seen is an event; one that nobody asked for is not. */
void es_worker_record_shown(struct es_worker *worker)
{
    struct es_surface *surface = worker->surface;
    struct es_error err = {0};
    if (surface == NULL || surface->release == NULL || !atomic_load(&surface->shown)) return;
    if (surface->recorded || worker->site == NULL || es_worker_resting(worker)) return;
    surface->recorded = es_report_record(worker->site, surface->release, &err) == ES_OK;
    if (surface->recorded) written(worker);
    else es_worker_degrade(worker, &err);
}

/* The next release for outsiders, where the configuration says how often, by the ledger's own time. */
static void release_external(struct es_worker *worker)
{
    const struct es_config *config = worker->config;
    struct es_error err = {0};
    cJSON *release = NULL;
    int32_t next;
    if (config->release_every_us == 0 || config->external.kind == ES_DISCLOSE_ALL || worker->site == NULL || worker->away || es_worker_resting(worker)) return;
    const int64_t now = es_site_now(worker->site);
    if (now == ES_NO_INSTANT || !es_between_due(config, worker->external_as_of, now, &next)) return;
    if (es_report_external(worker->site, true, &release, &err) != ES_OK) {
        uint64_t waiting;
        if (es_ledger_is_away(es_site_ledger(worker->site), &waiting)) return; /* what comes goes to the spool meanwhile; a release waits */
        es_worker_degrade(worker, &err);
        return;
    }
    (void)snprintf(worker->external_as_of, sizeof worker->external_as_of, "%s", es_view_string(release, "as_of"));
    cJSON_Delete(release);
    written(worker);
}

static void make_release(struct es_worker *worker)
{
    struct es_surface *made = NULL;
    struct es_error err = {0};
    const uint64_t began = es_worker_now_ms();
    if (es_surface_make(&made, worker->site, &err) != ES_OK) {
        es_worker_degrade(worker, &err);
        return;
    }
    /* an alarm is recorded when it is found, whoever looks */
    if (es_report_record_alarms(worker->site, made->release, NULL, &err) != ES_OK) {
        es_surface_drop(made);
        es_worker_degrade(worker, &err);
        return;
    }
    written(worker);
    worker->dirty = false;
    worker->rendered_at = es_worker_now_ms();
    worker->render_took = worker->rendered_at - began;
    struct es_mask_stock stock;
    const bool counted = es_ledger_masks_stock(es_site_ledger(worker->site), &stock, NULL) == ES_OK; /* else as it was */
    pthread_mutex_lock(&worker->lock);
    struct es_surface *old = worker->surface;
    worker->surface = made;
    worker->status.has_release = true;
    worker->status.release_basis = made->basis;
    if (counted) worker->status.masks = stock;
    worker->status.masks_limit = (uint64_t)es_site_config(worker->site)->mask_store_limit << 20;
    pthread_mutex_unlock(&worker->lock);
    es_surface_drop(old);
}

/* Is it time for the next release? Not too often, and while things come in bulk less often. */
static bool release_due(const struct es_worker *worker, const struct es_inbox_view *view)
{
    const uint64_t now = es_worker_now_ms(), took = worker->render_took * 3;
    const uint64_t pause = took > worker->pace.render_ms ? took : worker->pace.render_ms;
    if (!worker->dirty || worker->site == NULL || es_worker_resting(worker)) return false;
    if (worker->rendered_at == 0) return true;
    const bool busy = view->items > 0 || worker->step_due;
    return now >= worker->rendered_at + pause && (!busy || now >= worker->dirty_since + BUSY_RENDER_MS);
}

void es_worker_render(struct es_worker *worker, const struct es_inbox_view *view)
{
    es_worker_record_shown(worker);
    if (release_due(worker, view)) make_release(worker);
    if (!worker->dirty) release_external(worker);
}
