/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/report/versions/between.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/record/between.h"
#include "plugin/report/view.h"

enum { COUNTS = 2 + ES_PAIR_NEITHER + 1 }; /* of a group's pairs in a record: pairs, patients, and the four cells */

/* What a version's units tell of it, in the cells of a report. */
static const enum es_cell_key told_cells[] = {ES_CELL_POSITIVES, ES_CELL_TP, ES_CELL_FN, ES_CELL_NEGATIVES, ES_CELL_TN, ES_CELL_FP, ES_CELL_CASES};
enum { TOLD = sizeof told_cells / sizeof told_cells[0] };

static const struct es_between *between_of(const struct es_pair_beside *b)
{
    return b->report ? b->report->between : NULL;
}

/* ---- what was told ---- */

static bool read_side(struct es_pair_beside *b, int side)
{
    const struct es_between *between = between_of(b);
    char place[ES_PLACE_SIZE];
    const cJSON *record;
    bool there = false;
    es_told_place(b->options->model, b->options->versions[side], b->finding, place);
    if (!es_told_read(between->now, place, 0, &b->now[side], &there)) return false;
    cJSON_ArrayForEach(record, between->earlier)
    {
        there = true;
        for (size_t view = 0; there; view++) {
            struct es_told *grown = reallocarray(b->then[side], b->n_then[side] + 1, sizeof *grown);
            if (!grown) return false;
            b->then[side] = grown;
            const bool good = es_told_read(record, place, view, &grown[b->n_then[side]++], &there);
            if (!good) return false;
        }
    }
    return true;
}

static void begin_record(struct es_pair_beside *b)
{
    struct es_tree *t = &b->report->tree;
    for (int side = 0; side < 2; side++)
        for (int view = 0; view < ES_PAIR_VIEWS; view++) {
            char place[ES_PLACE_SIZE];
            es_told_place(b->options->model, b->options->versions[side], b->finding, place);
            cJSON *entry = es_tree_object(t, between_of(b)->cells, NULL);
            es_tree_text(t, entry, "finding", place);
            b->keys[side][view] = es_tree_array(t, entry, "keys");
            b->cells[side][view] = es_tree_array(t, entry, "groups");
        }
}

bool es_pair_beside_open(struct es_pair_beside *b, struct es_report *report, const struct es_versions_options *options,
                         const struct es_disclosure *rule, const char *finding)
{
    *b = (struct es_pair_beside){0};
    if (!report->between || rule->kind == ES_DISCLOSE_ALL) return true;
    *b = (struct es_pair_beside){.report = report, .options = options, .finding = finding,
                                 .rule = {.kind = rule->kind, .floor = rule->kind == ES_DISCLOSE_NHS ? 8 : rule->floor, .external = true}};
    begin_record(b);
    return read_side(b, 0) && read_side(b, 1);
}

void es_pair_beside_close(struct es_pair_beside *b)
{
    for (int side = 0; side < 2; side++) {
        es_told_clear(&b->now[side]);
        for (size_t i = 0; i < b->n_then[side]; i++) es_told_clear(&b->then[side][i]);
        free(b->then[side]);
    }
    *b = (struct es_pair_beside){0};
}

/* ---- counts ---- */

struct count {
    double value, people;
};

/** What one view of one version tells of a group. */
static void view_of(const struct es_pair_group *g, int side, int view, struct count out[TOLD])
{
    const int at = (view == ES_VIEW_ALL ? ES_SHARE_ALL_BEFORE : ES_SHARE_BEFORE) + side;
    for (int m = 0; m < ES_PAIR_MEASURES; m++) {
        const struct es_cluster_sums *s = &g->measure[m].share[at];
        const double n = (double)s->n, x = (double)s->x;
        out[3 * m] = (struct count){n, (double)s->patients};
        out[3 * m + 1] = (struct count){x, x};
        out[3 * m + 2] = (struct count){n - x, n - x};
    }
    out[6] = (struct count){out[0].value + out[3].value, out[0].value + out[3].value};
}

static bool apart_by_few(const struct es_release_rule *rule, struct count now, double value, double people)
{
    if (isnan(value) || now.value == value) return false;
    if (rule->kind == ES_DISCLOSE_NHS && es_release_round5(now.value) == es_release_round5(value)) return false; /* the same number is printed */
    return fabs(now.value - value) < rule->floor || fabs(now.people - people) < rule->floor;
}

/** Does a view differ from what was told of the group by few? */
static bool tells_few(const struct es_pair_beside *b, const struct es_told_group *told, const struct count counts[TOLD])
{
    bool few = false;
    for (size_t i = 0; told && i < TOLD; i++) few |= apart_by_few(&b->rule, counts[i], told->value[told_cells[i]], told->people[told_cells[i]]);
    return few;
}

/** Would a report of this moment withhold a count of the view? 0 is always shown, and cases are the sum of what is looked at. */
static bool withheld(const struct es_told_group *told, const struct count counts[TOLD])
{
    for (size_t i = 0; i + 1 < TOLD; i++)
        if (counts[i].value > 0 && (!told || isnan(told->value[told_cells[i]]))) return true;
    return false;
}

static bool side_held(const struct es_pair_beside *b, const struct es_pair_group *g, int side, const cJSON *key)
{
    struct count all[TOLD], paired[TOLD];
    view_of(g, side, ES_VIEW_ALL, all);
    view_of(g, side, ES_VIEW_PAIRED, paired);
    const struct es_told_group *now = es_told_find(&b->now[side], key);
    bool held = withheld(now, all) || tells_few(b, now, all) || tells_few(b, now, paired);
    for (size_t i = 0; !held && i < b->n_then[side]; i++) {
        const struct es_told_group *then = es_told_find(&b->then[side][i], key);
        held = tells_few(b, then, all) || tells_few(b, then, paired);
    }
    return held;
}

/* ---- pairs ---- */

static void pairs_of(const struct es_pair_counts *c, double out[COUNTS])
{
    out[0] = (double)c->paired.n;
    out[1] = (double)c->paired.patients;
    for (int i = 0; i <= ES_PAIR_NEITHER; i++) out[2 + i] = (double)c->cell[i];
}

/** Is the record one of these two versions? */
static bool same_pair(const struct es_pair_beside *b, const cJSON *record)
{
    const cJSON *compared = es_view_at(record, "release", "compared");
    return compared && strcmp(es_view_string(compared, "model"), b->options->model) == 0 &&
           strcmp(es_view_string(compared, "before"), b->options->versions[0]) == 0 && strcmp(es_view_string(compared, "after"), b->options->versions[1]) == 0;
}

static const cJSON *by_key(const cJSON *groups, const cJSON *key)
{
    const cJSON *group;
    cJSON_ArrayForEach(group, groups)
    {
        if (cJSON_Compare(cJSON_GetObjectItemCaseSensitive(group, "group"), key, true)) return group;
    }
    return NULL;
}

static bool pairs_held(const struct es_pair_beside *b, const struct es_pair_group *g, const cJSON *key)
{
    const cJSON *record, *entry, *item;
    cJSON_ArrayForEach(record, between_of(b)->earlier)
    {
        if (!same_pair(b, record)) continue;
        cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(record, "pairs"))
        {
            const char *measure = es_view_string(entry, "measure");
            if (!*measure || strcmp(es_view_string(entry, "finding"), b->finding) != 0) continue;
            const bool sensitivity = strcmp(measure, es_pair_measure_name(ES_PAIR_SENSITIVITY)) == 0;
            const cJSON *then = by_key(cJSON_GetObjectItemCaseSensitive(entry, "groups"), key);
            double now[COUNTS];
            size_t i = 0;
            pairs_of(&g->measure[sensitivity ? ES_PAIR_SENSITIVITY : ES_PAIR_SPECIFICITY], now);
            cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(then, "counts"))
            {
                if (i < COUNTS && apart_by_few(&b->rule, (struct count){now[i], now[i]}, item->valuedouble, item->valuedouble)) return true;
                i++;
            }
        }
    }
    return false;
}

/* ---- hiding ---- */

static void hide_one(struct es_pair_verdict *v, size_t i)
{
    v->results[i].hidden = v->results[i].alone_hidden[0] = v->results[i].alone_hidden[1] = true;
    v->hidden = true;
}

void es_pair_hide_all(struct es_pair_verdict verdicts[ES_PAIR_MEASURES])
{
    for (int m = 0; m < ES_PAIR_MEASURES; m++)
        for (size_t i = 0; i < verdicts[m].count; i++) hide_one(&verdicts[m], i);
}

/** Its key as JSON. @return owned; NULL when memory ran out, which is in the tree */
static cJSON *key_of(struct es_report *report, struct es_group_key key)
{
    cJSON *holder = cJSON_CreateObject();
    report->tree.failed |= !holder;
    es_report_group_key(report, holder, "group", key);
    return holder;
}

void es_pair_beside_hide(const struct es_pair_beside *b, struct es_pair_verdict verdicts[ES_PAIR_MEASURES])
{
    if (!between_of(b)) return;
    for (size_t i = 0; i < verdicts[0].count; i++) {
        const struct es_pair_group *g = verdicts[0].results[i].group;
        if (verdicts[0].results[i].standing == ES_PAIR_UNVERIFIED || g->rows == 0) continue; /* nothing of it is told */
        cJSON *holder = key_of(b->report, g->key);
        const cJSON *key = cJSON_GetObjectItemCaseSensitive(holder, "group");
        const bool held = !key || side_held(b, g, 0, key) || side_held(b, g, 1, key) || pairs_held(b, g, key);
        cJSON_Delete(holder);
        if (!held) continue;
        if (b->rule.kind == ES_DISCLOSE_FLOOR) {
            es_pair_hide_all(verdicts);
            return;
        }
        for (int m = 0; m < ES_PAIR_MEASURES; m++) hide_one(&verdicts[m], i);
    }
}

/* ---- figures ---- */

static bool same_items(const cJSON *a, const cJSON *b, const char *const *names)
{
    for (; *names; names++)
        if (!cJSON_Compare(cJSON_GetObjectItemCaseSensitive(a, *names), cJSON_GetObjectItemCaseSensitive(b, *names), true)) return false;
    return true;
}

static bool figures_moved(const cJSON *now, const cJSON *then, const char *const *counts)
{
    static const char *const figures[] = {"before", "after", "change", "value", "lo", "hi", "standard_error", "design_effect", "p"};
    if (strcmp(es_view_string(now, "status"), "estimated") != 0 || strcmp(es_view_string(then, "status"), "estimated") != 0) return false;
    if (!same_items(now, then, counts)) return false;
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        if (es_release_moved(es_view_number(now, figures[i]), es_view_number(then, figures[i]))) return true;
    return false;
}

static bool group_moved(const cJSON *now, const cJSON *then)
{
    static const char *const pairs[] = {"cases", "patients", "pairs", NULL}, *const alone[] = {"cases", "right", NULL};
    return figures_moved(now, then, pairs) || figures_moved(es_view_at(now, "unpaired", "before"), es_view_at(then, "unpaired", "before"), alone) ||
           figures_moved(es_view_at(now, "unpaired", "after"), es_view_at(then, "unpaired", "after"), alone);
}

/** The entry of a list whose member `name` is the same. */
static const cJSON *entry_of(const cJSON *list, const char *name, const cJSON *value)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, list)
    {
        if (cJSON_Compare(cJSON_GetObjectItemCaseSensitive(entry, name), value, true)) return entry;
    }
    return NULL;
}

bool es_pair_beside_moved(const struct es_pair_beside *b, enum es_pair_measure measure, const cJSON *shown)
{
    const cJSON *record, *group;
    bool moved = false;
    if (!between_of(b)) return false;
    cJSON *finding = cJSON_CreateStringReference(b->finding), *name = cJSON_CreateStringReference(es_pair_measure_name(measure));
    cJSON_ArrayForEach(record, between_of(b)->earlier)
    {
        if (!same_pair(b, record)) continue;
        const cJSON *in = entry_of(es_view_at(record, "release", "findings"), "finding", finding);
        in = entry_of(cJSON_GetObjectItemCaseSensitive(in, "measures"), "measure", name);
        in = entry_of(cJSON_GetObjectItemCaseSensitive(in, "groupings"), "axes", cJSON_GetObjectItemCaseSensitive(shown, "axes"));
        cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(shown, "groups"))
        {
            const cJSON *then = by_key(cJSON_GetObjectItemCaseSensitive(in, "groups"), cJSON_GetObjectItemCaseSensitive(group, "group"));
            moved |= then && group_moved(group, then);
        }
    }
    moved |= !finding || !name;
    cJSON_Delete(finding);
    cJSON_Delete(name);
    return moved;
}

/* ---- the record ---- */

static void note_view(const struct es_pair_beside *b, const struct es_pair_verdict verdicts[ES_PAIR_MEASURES], size_t i, int side, int view)
{
    struct es_tree *t = &b->report->tree;
    const struct es_pair_group *g = verdicts[0].results[i].group;
    struct count counts[TOLD];
    bool told[TOLD];
    for (int m = 0; m < ES_PAIR_MEASURES; m++) {
        const struct es_pair_result *r = &verdicts[m].results[i];
        const bool shown = view == ES_VIEW_ALL ? !r->alone_hidden[side] : !r->hidden && r->counts->paired.n > 0;
        for (int c = 0; c < 3; c++) told[3 * m + c] = shown;
    }
    told[6] = told[0] && told[3];
    if (!told[0] && !told[3]) return;
    view_of(g, side, view, counts);
    es_report_group_key(b->report, es_tree_object(t, b->keys[side][view], NULL), "group", g->key);
    cJSON *list = es_tree_array(t, b->cells[side][view], NULL);
    for (int k = 0; k < ES_CELL_KEYS; k++) {
        int at = 0;
        while (at < TOLD && (int)told_cells[at] != k) at++;
        if (at < TOLD && told[at]) {
            cJSON *pair = es_tree_array(t, list, NULL);
            es_tree_number(t, pair, NULL, counts[at].value);
            es_tree_number(t, pair, NULL, counts[at].people);
        } else {
            es_tree_number(t, list, NULL, (double)NAN);
        }
    }
}

static void note_pairs(const struct es_pair_beside *b, const struct es_pair_verdict *v)
{
    struct es_tree *t = &b->report->tree;
    cJSON *entry = es_tree_object(t, between_of(b)->pairs, NULL);
    es_tree_text(t, entry, "finding", b->finding);
    es_tree_text(t, entry, "measure", es_pair_measure_name(v->measure));
    cJSON *groups = es_tree_array(t, entry, "groups");
    for (size_t i = 0; i < v->count; i++) {
        const struct es_pair_result *r = &v->results[i];
        double counts[COUNTS];
        if (r->hidden || r->standing == ES_PAIR_UNVERIFIED || r->counts->paired.n == 0) continue;
        pairs_of(r->counts, counts);
        cJSON *group = es_tree_object(t, groups, NULL);
        es_report_group_key(b->report, group, "group", r->group->key);
        cJSON *list = es_tree_array(t, group, "counts");
        for (int c = 0; c < COUNTS; c++) es_tree_number(t, list, NULL, counts[c]);
    }
}

void es_pair_beside_note(const struct es_pair_beside *b, const struct es_pair_verdict verdicts[ES_PAIR_MEASURES])
{
    if (!between_of(b)) return;
    for (size_t i = 0; i < verdicts[0].count; i++) {
        if (verdicts[0].results[i].standing == ES_PAIR_UNVERIFIED) continue;
        for (int side = 0; side < 2; side++)
            for (int view = 0; view < ES_PAIR_VIEWS; view++) note_view(b, verdicts, i, side, view);
    }
    for (int m = 0; m < ES_PAIR_MEASURES; m++) note_pairs(b, &verdicts[m]);
}

bool es_pair_beside_units(const struct es_pair_beside *b, const char *name, uint64_t count)
{
    const struct es_between *between = between_of(b);
    const cJSON *record, *entry;
    if (!between) return true;
    cJSON_ArrayForEach(record, between->earlier)
    {
        if (!same_pair(b, record)) continue;
        cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(record, "pairs"))
        {
            const double then = es_view_number(cJSON_GetObjectItemCaseSensitive(entry, "units"), name), now = (double)count;
            if (strcmp(es_view_string(entry, "finding"), b->finding) == 0 && apart_by_few(&b->rule, (struct count){now, now}, then, then)) return false;
        }
    }
    struct es_tree *t = &b->report->tree;
    cJSON *noted = es_tree_object(t, between->pairs, NULL);
    es_tree_text(t, noted, "finding", b->finding);
    es_tree_count(t, es_tree_object(t, noted, "units"), name, count);
    return true;
}
