/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's releases: the current one made and swapped, marked in the ledger when it was shown, and the next for outsiders. */
#include "plugin/worker/internal.h"

#define OUTSIDE_MS 3600000u
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

/* A release that somebody has seen is an event; one that nobody asked for is not. */
void es_worker_record_shown(struct es_worker *worker)
{
    struct es_surface *surface = worker->surface;
    struct es_error err = {0};
    if (surface == NULL || surface->release == NULL || !atomic_load(&surface->shown)) return;
    if (surface->recorded || worker->site == NULL || es_worker_resting(worker)) return;
    if (es_report_record(worker->site, surface->release, &err) == ES_OK) surface->recorded = true;
    else es_worker_degrade(worker, &err);
}

/* The next release for outsiders, where the configuration says how often: looked at once an hour. */
static void release_outside(struct es_worker *worker)
{
    const struct es_config *config = es_site_config(worker->site);
    const uint64_t now = es_worker_now_ms();
    struct es_error err = {0};
    cJSON *release = NULL;
    if (config->release_every_us == 0 || config->external.kind == ES_DISCLOSE_ALL || now < worker->outside_at) return;
    worker->outside_at = now + OUTSIDE_MS;
    if (es_report_external(worker->site, true, &release, &err) == ES_OK) cJSON_Delete(release);
    else es_worker_degrade(worker, &err);
}

void es_worker_render(struct es_worker *worker, const struct es_inbox_view *view)
{
    const uint64_t now = es_worker_now_ms(), pause = worker->render_took * 3 > worker->pace.render_ms ? worker->render_took * 3
                                                                                            : worker->pace.render_ms;
    es_worker_record_shown(worker);
    if (!worker->dirty || worker->site == NULL) return;
    if (worker->rendered_at != 0 && now < worker->rendered_at + pause) return;
    const bool busy = view->items > 0 || worker->step_due;
    if (busy && worker->rendered_at != 0 && now < worker->dirty_since + BUSY_RENDER_MS) return;
    struct es_surface *made = NULL;
    struct es_error err = {0};
    if (es_worker_resting(worker)) return;
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
    if (worker->pause_ms != 0 && !es_load_any(worker->load)) es_worker_recover(worker);
    worker->dirty = false;
    worker->rendered_at = es_worker_now_ms();
    worker->render_took = worker->rendered_at - now;
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
    release_outside(worker);
}
