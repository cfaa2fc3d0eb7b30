/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons of two versions for outsiders: the last that was made, or the next when it is due and no count of it differs by few. */
#include <math.h>
#include <string.h>

#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/record/between.h"
#include "plugin/report/versions/versions.h"
#include "plugin/report/view.h"

/** What two trees of one shape differ by. */
struct apart {
    double step; /* counts that differ must differ by so many */
    bool few, counts; /* some count differs by few; some count differs */
};

/** The member of the same name; in a list, the entry of the same finding, measure, axes or group. */
static const cJSON *same_member(const cJSON *a, const cJSON *then)
{
    static const char *const names[] = {"finding", "measure", "axes", "group"};
    const cJSON *b, *name = NULL;
    if (a->string) return cJSON_GetObjectItemCaseSensitive(then, a->string);
    for (size_t i = 0; i < 4 && !name; i++) name = cJSON_GetObjectItemCaseSensitive(a, names[i]);
    cJSON_ArrayForEach(b, then)
    {
        if (name && cJSON_Compare(name, cJSON_GetObjectItemCaseSensitive(b, name->string), true)) return b;
    }
    return NULL;
}

/** Does a group of the same counts have other figures: an answer was corrected, or one case stands in the place of another? */
static bool corrected(const cJSON *now, const cJSON *then)
{
    static const char *const figures[] = {"before", "after", "change", "standard_error", "design_effect"};
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        const double x = es_view_number(now, figures[i]), y = es_view_number(then, figures[i]);
        if (!isnan(es_view_number(now, "cases")) && (x < y || x > y)) return true;
    }
    return false;
}

static void look(const cJSON *now, const cJSON *then, struct apart *apart, int depth)
{
    const cJSON *a = now ? now->child : NULL, *b;
    if (cJSON_IsNumber(now) && cJSON_IsNumber(then)) {
        const double x = now->valuedouble, y = then->valuedouble;
        /* shares, limits and p are at most 1 */
        const bool count = floor(x) == x && floor(y) == y && (x > y || x < y) && (x > 1 || y > 1) && strcmp(now->string ? now->string : "", "judged") != 0;
        apart->counts |= count;
        apart->few |= count && fabs(x - y) < apart->step;
        return;
    }
    if (strcmp(es_view_string(now, "status"), es_view_string(then, "status")) != 0) return; /* one of them is not shown, or could not be made */
    if (depth > 16) apart->few = true; /* no tree of ours */
    for (; a && depth <= 16; a = a->next) {
        struct apart inside = {.step = apart->step};
        b = same_member(a, then);
        if (!b) continue;
        look(a, b, &inside, depth + 1);
        apart->few |= inside.few || (cJSON_IsObject(a) && !inside.counts && corrected(a, b));
        apart->counts |= inside.counts;
    }
}

static bool may_follow(const cJSON *tree, const cJSON *earlier, const struct es_disclosure *rule)
{
    const cJSON *record;
    cJSON_ArrayForEach(record, earlier)
    {
        const cJSON *then = cJSON_GetObjectItemCaseSensitive(record, "release");
        struct apart apart = {.step = rule->kind == ES_DISCLOSE_NHS ? 8 + 5 : rule->floor};
        look(cJSON_GetObjectItemCaseSensitive(tree, "findings"), cJSON_GetObjectItemCaseSensitive(then, "findings"), &apart, 0);
        if (apart.few) return false;
    }
    return true;
}

/** Keep the records of the two versions asked for. */
static void keep_pair(cJSON *earlier, const struct es_versions_options *options)
{
    cJSON *record, *next;
    for (record = earlier->child; record; record = next) {
        const cJSON *compared = es_view_at(record, "release", "compared");
        next = record->next;
        if (strcmp(es_view_string(compared, "model"), options->model) != 0 || strcmp(es_view_string(compared, "before"), options->versions[0]) != 0 ||
            strcmp(es_view_string(compared, "after"), options->versions[1]) != 0)
            cJSON_Delete(cJSON_DetachItemViaPointer(earlier, record));
    }
}

static enum es_errc next_comparison(struct es_site *site, const struct es_versions_options *options, const cJSON *earlier, cJSON *last, cJSON **out,
                                    struct es_error *err)
{
    const struct es_config *config = es_site_config(site);
    struct es_tree t = {0};
    cJSON *tree = NULL, *record = NULL;
    enum es_errc e = es_versions_build(site, options, &tree, err);
    if (e != ES_OK) return e;
    if (last && !may_follow(tree, earlier, &config->external)) {
        cJSON_Delete(tree);
        return es_between_as_recorded(last, out, err);
    }
    es_between_tell(&t, tree, config, (size_t)cJSON_GetArraySize(earlier));
    record = cJSON_CreateObject();
    es_tree_copy(&t, record, "release", tree);
    if (t.failed) e = es_fail(err, ES_E_MEMORY, "no memory for a release for outsiders");
    if (e == ES_OK) e = es_between_write(site, record, err);
    if (e == ES_OK) e = es_between_as_recorded(tree, out, err);
    cJSON_Delete(tree);
    cJSON_Delete(record);
    return e;
}

enum es_errc es_versions_external(struct es_site *site, const struct es_versions_options *options, bool record, cJSON **out, struct es_error *err)
{
    const struct es_config *config = es_site_config(site);
    const struct es_versions_options whole = {options->model, {options->versions[0], options->versions[1]}, ES_NO_DAY, ES_NO_DAY, ES_AUDIENCE_EXTERNAL};
    cJSON *earlier = NULL;
    int32_t next = ES_NO_DAY;
    *out = NULL;
    if (config->external.kind == ES_DISCLOSE_ALL) return es_versions_build(site, &whole, out, err);
    enum es_errc e = es_between_read(site, "evensight-compare/1", &earlier, err);
    if (e != ES_OK) return e;
    keep_pair(earlier, options);
    const int n = cJSON_GetArraySize(earlier);
    cJSON *last = n > 0 ? cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(earlier, n - 1), "release") : NULL;
    if (last && (!record || !es_between_due(config, es_view_string(last, "as_of"), es_site_now(site), &next))) e = es_between_as_recorded(last, out, err);
    else if (record) e = next_comparison(site, &whole, earlier, last, out, err);
    else e = es_between_none(err);
    cJSON_Delete(earlier);
    return e;
}
