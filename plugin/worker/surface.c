/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/worker/surface.h"

#include <stdlib.h>
#include <string.h>

struct es_surface *es_surface_hold(struct es_surface *surface)
{
    if (surface != NULL) atomic_fetch_add(&surface->references, 1);
    return surface;
}

void es_surface_drop(struct es_surface *surface)
{
    if (surface == NULL || atomic_fetch_sub(&surface->references, 1) != 1) return;
    for (int i = 0; i < ES_PAGES; i++) es_bytes_free(&surface->pages[i]);
    cJSON_Delete(surface->release);
    free(surface);
}

static void copy_key(cJSON *to, const cJSON *from, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(from, key);
    if (item != NULL) cJSON_AddItemToObject(to, key, cJSON_Duplicate(item, true));
}

/* A page of its own that shows some keys of the release, and of each finding's groups the funnel: nothing that the release hides
 * can be in it. */
static cJSON *excerpt(const cJSON *release, const char *const *keys, bool funnels)
{
    cJSON *page = cJSON_CreateObject();
    for (; page != NULL && *keys != NULL; keys++) copy_key(page, release, *keys);
    if (page == NULL || !funnels) return page;
    cJSON *list = cJSON_AddArrayToObject(page, "funnels");
    const cJSON *model = NULL, *finding = NULL, *group = NULL;
    cJSON_ArrayForEach(model, cJSON_GetObjectItemCaseSensitive(release, "models")) {
        cJSON_ArrayForEach(finding, cJSON_GetObjectItemCaseSensitive(model, "findings")) {
            cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(finding, "groups")) {
                cJSON *row = cJSON_CreateObject();
                if (row == NULL || list == NULL) { cJSON_Delete(row); continue; }
                const cJSON *name = cJSON_GetObjectItemCaseSensitive(model, "name");
                if (name != NULL) cJSON_AddItemToObject(row, "model", cJSON_Duplicate(name, true));
                copy_key(row, model, "version");
                copy_key(row, finding, "finding");
                copy_key(row, finding, "epoch");
                copy_key(row, group, "group");
                copy_key(row, group, "funnel");
                cJSON_AddItemToArray(list, row);
            }
        }
    }
    return page;
}

static enum es_errc page_of(cJSON *tree, struct es_bytes *out, struct es_error *err)
{
    char *text = tree != NULL ? cJSON_PrintUnformatted(tree) : NULL;
    cJSON_Delete(tree);
    if (text == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    *out = (struct es_bytes){(unsigned char *)text, strlen(text)};
    return ES_OK;
}

static enum es_errc plot_list(const cJSON *release, struct es_bytes *out, struct es_error *err)
{
    struct es_plot_list list = {0};
    const enum es_errc rc = es_plot_names(release, &list, err);
    if (rc != ES_OK) return rc;
    cJSON *names = cJSON_CreateArray();
    for (size_t i = 0; names != NULL && i < list.count; i++) cJSON_AddItemToArray(names, cJSON_CreateString(list.names[i]));
    es_plot_list_free(&list);
    return page_of(names, out, err);
}

enum es_errc es_surface_make(struct es_surface **out, struct es_site *site, struct es_error *err)
{
    static const char *const coverage[] = {"schema", "site", "as_of", "period", "disclosure", "note", "excluded", "attributes",
                                           "representation", NULL};
    static const char *const unpaired[] = {"schema", "site", "as_of", "disclosure", "unpaired", "unpaired_why", "excluded", NULL};
    const struct es_report_options options = {.from = ES_NO_DAY, .to = ES_NO_DAY, .audience = ES_AUDIENCE_INTERNAL};
    struct es_surface *made = calloc(1, sizeof *made);
    if (made == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    atomic_init(&made->references, 1);
    atomic_init(&made->shown, false);
    made->basis = es_site_basis(site);
    enum es_errc rc = es_report_build(site, &options, &made->release, err);
    if (rc == ES_OK) rc = es_render_json(made->release, &made->pages[ES_PAGE_JSON], err);
    if (rc == ES_OK) rc = es_render_html(made->release, &made->pages[ES_PAGE_HTML], err);
    if (rc == ES_OK) rc = es_render_csv(made->release, &made->pages[ES_PAGE_CSV], err);
    if (rc == ES_OK) rc = es_render_text(made->release, ES_SURFACE_COLUMNS, &made->pages[ES_PAGE_TEXT], err);
    if (rc == ES_OK) rc = es_render_openmetrics(made->release, &made->pages[ES_PAGE_METRICS], err);
    if (rc == ES_OK) rc = page_of(excerpt(made->release, coverage, true), &made->pages[ES_PAGE_COVERAGE], err);
    if (rc == ES_OK) rc = page_of(excerpt(made->release, unpaired, false), &made->pages[ES_PAGE_UNPAIRED], err);
    if (rc == ES_OK) rc = plot_list(made->release, &made->pages[ES_PAGE_PLOTS], err);
    if (rc != ES_OK) {
        es_surface_drop(made);
        return rc;
    }
    *out = made;
    return ES_OK;
}
