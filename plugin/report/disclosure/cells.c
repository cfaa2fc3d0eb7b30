/* SPDX-License-Identifier: Apache-2.0 */
/* Which counts of one finding are not shown: small ones, and those from which a small one would follow. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/view.h"

/** Where each count stands in a group, and whose people are behind it ("" : its own units). */
static const struct {
    const char *section, *name, *people;
} keys[ES_CELL_KEYS] = {
    [ES_CELL_CASES] = {"", "cases", ""},
    [ES_CELL_PATIENTS] = {"", "patients", ""},
    [ES_CELL_POSITIVES] = {"denominators", "positives", "positives"},
    [ES_CELL_NEGATIVES] = {"denominators", "negatives", "negatives"},
    [ES_CELL_SEEN] = {"funnel", "seen", "seen"},
    [ES_CELL_EXCLUDED] = {"funnel", "excluded", "excluded"},
    [ES_CELL_INELIGIBLE] = {"funnel", "ineligible", "ineligible"},
    [ES_CELL_ELIGIBILITY_UNKNOWN] = {"funnel", "eligibility_unknown", "eligibility_unknown"},
    [ES_CELL_ELIGIBLE] = {"funnel", "eligible", ""},
    [ES_CELL_RESULTED] = {"funnel", "resulted", ""},
    [ES_CELL_REJECTED] = {"funnel", "rejected", "rejected"},
    [ES_CELL_FAILED] = {"funnel", "failed", "failed"},
    [ES_CELL_PENDING] = {"funnel", "pending", "pending"},
    [ES_CELL_MISSING] = {"funnel", "missing", "missing"},
    [ES_CELL_REFERENCED] = {"funnel", "referenced", "referenced"},
    [ES_CELL_INDETERMINATE] = {"funnel", "indeterminate", "indeterminate"},
    [ES_CELL_MATURING] = {"funnel", "maturing", "maturing"},
    [ES_CELL_OVERDUE] = {"funnel", "overdue", "overdue"},
    [ES_CELL_LATE] = {"funnel", "late", ""},
    [ES_CELL_OUT_OF_SCOPE] = {"funnel", "out_of_scope", ""},
    [ES_CELL_ALERTS] = {"verification", "alerts", ""},
    [ES_CELL_ALERTS_VERIFIED] = {"verification", "alerts_verified", ""},
    [ES_CELL_NON_ALERTS] = {"verification", "non_alerts", ""},
    [ES_CELL_NON_ALERTS_VERIFIED] = {"verification", "non_alerts_verified", ""},
    [ES_CELL_TP] = {NULL, NULL, NULL},
    [ES_CELL_FN] = {NULL, NULL, NULL},
    [ES_CELL_FP] = {NULL, NULL, NULL},
    [ES_CELL_TN] = {NULL, NULL, NULL}}; /* and so are those of measures, which disclosure/measures.c reads */

/** Sums within a group: the first is the sum of the others. Ends with ES_CELL_KEYS. */
static const enum es_cell_key sums[][7] = {
    {ES_CELL_SEEN, ES_CELL_EXCLUDED, ES_CELL_INELIGIBLE, ES_CELL_ELIGIBILITY_UNKNOWN, ES_CELL_ELIGIBLE, ES_CELL_KEYS, ES_CELL_KEYS},
    {ES_CELL_ELIGIBLE, ES_CELL_RESULTED, ES_CELL_REJECTED, ES_CELL_FAILED, ES_CELL_PENDING, ES_CELL_MISSING, ES_CELL_KEYS},
    {ES_CELL_RESULTED, ES_CELL_REFERENCED, ES_CELL_INDETERMINATE, ES_CELL_MATURING, ES_CELL_OVERDUE, ES_CELL_KEYS, ES_CELL_KEYS},
    {ES_CELL_CASES, ES_CELL_POSITIVES, ES_CELL_NEGATIVES, ES_CELL_KEYS, ES_CELL_KEYS, ES_CELL_KEYS, ES_CELL_KEYS},
    {ES_CELL_RESULTED, ES_CELL_ALERTS, ES_CELL_NON_ALERTS, ES_CELL_KEYS, ES_CELL_KEYS, ES_CELL_KEYS, ES_CELL_KEYS},
    {ES_CELL_POSITIVES, ES_CELL_TP, ES_CELL_FN, ES_CELL_KEYS, ES_CELL_KEYS, ES_CELL_KEYS, ES_CELL_KEYS},
    {ES_CELL_NEGATIVES, ES_CELL_FP, ES_CELL_TN, ES_CELL_KEYS, ES_CELL_KEYS, ES_CELL_KEYS, ES_CELL_KEYS}};

/** Sums that hold where the finding has the measures they are of: in other groups they are left out. */
static const enum es_cell_key measured[][5] = {
    {ES_CELL_CASES, ES_CELL_EXACT, ES_CELL_ONE_OFF, ES_CELL_FAR, ES_CELL_KEYS},
    {ES_CELL_DRAWN, ES_CELL_ONE_EMPTY, ES_CELL_TWO_DRAWN, ES_CELL_KEYS, ES_CELL_KEYS},
    {ES_CELL_LESIONS, ES_CELL_FOUND, ES_CELL_MISSED, ES_CELL_KEYS, ES_CELL_KEYS}};
#define MEASURED (sizeof measured / sizeof measured[0])

static struct es_cell *row(const struct es_release_table *t, size_t group)
{
    return t->cells + group * ES_CELL_KEYS;
}

static const cJSON *section(const cJSON *group, const char *name)
{
    return *name ? cJSON_GetObjectItemCaseSensitive(group, name) : group;
}

/** The two cells that a rate splits its denominator into. */
static void read_rate(const cJSON *group, const char *name, struct es_cell *right, struct es_cell *wrong)
{
    const cJSON *metric = es_view_at(group, "metrics", name);
    const double n = es_view_number(metric, "n"), x = nearbyint(es_view_number(metric, "value") * n);
    if (strcmp(es_view_string(metric, "status"), "estimated") != 0 || isnan(x)) return;
    right->value = right->people = x;
    wrong->value = wrong->people = n - x;
}

static void read_cells(const cJSON *group, struct es_cell *cells)
{
    const cJSON *hidden = cJSON_GetObjectItemCaseSensitive(group, ES_HIDDEN);
    for (size_t k = 0; k < ES_CELL_TP; k++) {
        const double n = es_view_number(section(group, keys[k].section), keys[k].name);
        const double people = *keys[k].people ? es_view_number(hidden, keys[k].people) : (double)NAN;
        cells[k].value = isnan(n) ? 0 : n;
        cells[k].people = isnan(people) ? cells[k].value : people;
    }
    read_rate(group, "sensitivity", &cells[ES_CELL_TP], &cells[ES_CELL_FN]);
    read_rate(group, "specificity", &cells[ES_CELL_TN], &cells[ES_CELL_FP]);
    es_release_measures_read(group, cells);
    es_release_leftovers_read(group, cells);
    cells[ES_CELL_CASES].people = cells[ES_CELL_PATIENTS].value;
    /* A sum has at least the people of its largest part. */
    for (size_t s = 3; s-- > 1;) {
        double most = 0;
        for (size_t i = 1; sums[s][i] != ES_CELL_KEYS; i++) most = fmax(most, cells[sums[s][i]].people);
        cells[sums[s][0]].people = most;
    }
}

bool es_release_table_make(struct es_release_table *table, cJSON *finding, struct es_release_rule rule)
{
    cJSON *group, *groups = cJSON_GetObjectItemCaseSensitive(finding, "groups");
    const size_t n = (size_t)cJSON_GetArraySize(groups);
    table->rule = rule;
    table->group = calloc(n ? n : 1, sizeof(cJSON *));
    table->cells = calloc(n ? n : 1, ES_CELL_KEYS * sizeof *table->cells);
    if (!table->group || !table->cells) return false;
    cJSON_ArrayForEach(group, groups)
    {
        read_cells(group, row(table, table->groups));
        table->group[table->groups++] = group;
    }
    return rule.kind != ES_DISCLOSE_FLOOR || !rule.external || (es_release_lines(table) && es_release_squares(table));
}

void es_release_table_free(struct es_release_table *table)
{
    free(table->group);
    free(table->cells);
    free(table->lines);
    free(table->members);
    es_release_then_free(table);
    es_release_squares_free(table);
    *table = (struct es_release_table){0};
}

/** When one hidden part of a shown total follows from the others, or the hidden parts together are few, or a hidden total follows from
 * its parts: hide the smallest shown part that is not 0. cells[0] is the total, NULL where it is not printed. @return true when
 * something was hidden */
static bool complete(struct es_cell *const *cells, size_t n, double least_shown)
{
    size_t hidden = 0;
    double sum = 0;
    struct es_cell *least = NULL;
    for (size_t i = 1; i < n; i++) {
        struct es_cell *c = cells[i];
        if (!(c->value > 0)) continue;
        if (c->hidden) {
            hidden++;
            sum += c->value;
        } else if (!least || c->value < least->value) {
            least = c;
        }
    }
    const bool total_hidden = cells[0] && cells[0]->hidden && cells[0]->value > 0;
    const bool follows = total_hidden ? hidden == 0 : hidden == 1 || (hidden > 1 && sum < least_shown);
    if (!follows || !least) return false;
    least->hidden = true;
    return true;
}

/** Members of a sum of measures in a group, total first. @return how many; 0 where it does not hold */
static size_t measured_sum(size_t sum, const struct es_cell *cells, enum es_cell_key members[5])
{
    size_t n = 0;
    double whole = 0;
    for (; n < 5 && measured[sum][n] != ES_CELL_KEYS; n++) {
        members[n] = measured[sum][n];
        if (n > 0) whole += cells[members[n]].value;
    }
    return whole > 0 && whole == cells[members[0]].value ? n : 0;
}

static bool sums_of(struct es_release_table *t, size_t group)
{
    struct es_cell *cells = row(t, group);
    bool changed = false;
    for (size_t s = 0; s < sizeof sums / sizeof sums[0]; s++) {
        struct es_cell *members[7];
        size_t n = 0;
        for (; n < 7 && sums[s][n] != ES_CELL_KEYS; n++) members[n] = &cells[sums[s][n]];
        changed |= complete(members, n, t->rule.floor);
    }
    for (size_t s = 0; s < MEASURED; s++) {
        enum es_cell_key keys_of[5];
        struct es_cell *members[5];
        const size_t n = measured_sum(s, cells, keys_of);
        for (size_t i = 0; i < n; i++) members[i] = &cells[keys_of[i]];
        if (n > 0) changed |= complete(members, n, t->rule.floor);
    }
    /* Two names of one number. */
    struct es_cell *a = &cells[ES_CELL_CASES], *b = &cells[ES_CELL_REFERENCED];
    if (a->hidden != b->hidden && a->value == b->value) a->hidden = b->hidden = changed = true;
    return changed;
}

static bool lines(struct es_release_table *t, struct es_cell **cells)
{
    bool changed = false;
    for (size_t l = 0; l < t->n_lines; l++) {
        const struct es_release_line *line = &t->lines[l];
        for (size_t k = 0; k < ES_CELL_KEYS; k++) {
            if (k == ES_CELL_PATIENTS) continue; /* a patient may stand in two levels: no sum */
            cells[0] = line->total == SIZE_MAX ? NULL : &row(t, line->total)[k];
            for (size_t i = 0; i < line->n; i++) cells[i + 1] = &row(t, t->members[line->first + i])[k];
            changed |= complete(cells, line->n + 1, t->rule.floor);
        }
    }
    return changed;
}

/** Hide what can be told from one another in a group, whatever the lines say. */
static void tie(struct es_cell *c)
{
    if (c[ES_CELL_CASES].hidden || c[ES_CELL_PATIENTS].hidden)
        c[ES_CELL_CASES].hidden = c[ES_CELL_PATIENTS].hidden = c[ES_CELL_POSITIVES].hidden = c[ES_CELL_NEGATIVES].hidden =
            c[ES_CELL_REFERENCED].hidden = true;
    for (size_t k = ES_CELL_EXACT; c[ES_CELL_CASES].hidden && k <= ES_CELL_FALSE_MARKS; k++) c[k].hidden = true; /* they are not shown without cases */
    bool any = false; /* one hidden rate hides all that the confusion table is made of */
    for (size_t k = ES_CELL_TP; k <= ES_CELL_TN; k++) any |= c[k].hidden && c[k].value > 0;
    for (size_t k = ES_CELL_TP; any && k <= ES_CELL_TN; k++) c[k].hidden = true;
}

static void tie_all(struct es_cell *c)
{
    es_release_leftovers_tie(c); /* it may hide a rate or a share of the funnel */
    tie(c);
    es_release_leftovers_tie(c);
}

static void hide_all(struct es_release_table *t)
{
    for (size_t i = 0; i < t->groups * ES_CELL_KEYS; i++) t->cells[i].hidden = true;
}

static void hide_staff(struct es_release_table *t)
{
    for (size_t g = 0; g < t->groups; g++) {
        struct es_cell *c = row(t, g);
        static const enum es_cell_key denominators[] = {ES_CELL_CASES, ES_CELL_PATIENTS, ES_CELL_POSITIVES, ES_CELL_NEGATIVES};
        for (size_t i = 0; i < 4; i++) c[denominators[i]].hidden = es_release_small(&t->rule, c[denominators[i]].people);
        tie(c);
        if (c[ES_CELL_CASES].hidden)
            for (size_t k = ES_CELL_ALERTS; k < ES_CELL_TP; k++) c[k].hidden = c[k].value > 0;
    }
}

/* ---- the audit ---- */

static bool audit_columns(struct es_release_table *t)
{
    uint64_t *value = calloc(t->groups + 1, sizeof *value);
    uint8_t *hidden = calloc(t->groups + 1, 1), *few = calloc(t->groups + 1, 1);
    bool changed = false, failed = !value || !hidden || !few;
    for (size_t k = 0; k < ES_CELL_KEYS && !failed; k++) {
        if (k == ES_CELL_PATIENTS) continue; /* a patient may stand in two levels: no sum */
        for (size_t g = 0; g < t->groups; g++) {
            const struct es_cell *c = &row(t, g)[k];
            value[g] = (uint64_t)c->value;
            hidden[g] = c->hidden && c->value > 0;
            few[g] = c->small && hidden[g];
        }
        const struct es_release_column column = {value, hidden, few, 1};
        changed |= es_release_audit_column(t, &column, &failed);
        for (size_t g = 0; g < t->groups; g++) row(t, g)[k].hidden |= hidden[g] != 0;
    }
    if (failed) hide_all(t);
    free(value);
    free(hidden);
    free(few);
    return changed && !failed;
}

/** The lines of one count. */
static void line_sums(const struct es_release_table *t, size_t key, struct es_release_sum *out, size_t *n, size_t *cells, size_t *at)
{
    for (size_t l = 0; l < t->n_lines; l++) {
        const struct es_release_line *line = &t->lines[l];
        if (line->total == SIZE_MAX) continue;
        out[(*n)++] = (struct es_release_sum){cells + *at, line->n + 1};
        cells[(*at)++] = line->total * ES_CELL_KEYS + key;
        for (size_t i = 0; i < line->n; i++) cells[(*at)++] = t->members[line->first + i] * ES_CELL_KEYS + key;
    }
}

/** Every sum of the finding: lines for each count, and the sums within each group; behind them the lines of the leftovers, which stand in
 * no other sum. @param joined  written: how many sums stand before those @return NULL when memory ran out */
static struct es_release_sum *all_sums(struct es_release_table *t, size_t *n, size_t *joined, size_t **cells)
{
    const size_t within = sizeof sums / sizeof sums[0];
    static const enum es_cell_key equal[][3] = { /* where they are equal, they are taken for the same; else they are not */
        {ES_CELL_CASES, ES_CELL_REFERENCED, ES_CELL_KEYS}, /* two names of one number */
        {ES_CELL_ALERTS_VERIFIED, ES_CELL_TP, ES_CELL_FP},
        {ES_CELL_NON_ALERTS_VERIFIED, ES_CELL_FN, ES_CELL_TN}};
    size_t room = t->groups * (within * 7 + 9 + MEASURED * 5), at = 0;
    for (size_t l = 0; l < t->n_lines; l++) room += (t->lines[l].n + 1) * ES_CELL_KEYS;
    struct es_release_sum *out = calloc(t->n_lines * ES_CELL_KEYS + t->groups * (within + 3 + MEASURED) + 1, sizeof *out);
    *cells = calloc(room + 1, sizeof **cells);
    *n = 0;
    if (!out || !*cells) {
        free(out);
        return NULL;
    }
    for (size_t k = 0; k < ES_CELL_UNSCORED; k++)
        if (k != ES_CELL_PATIENTS) line_sums(t, k, out, n, *cells, &at);
    for (size_t g = 0; g < t->groups; g++) {
        for (size_t e = 0; e < sizeof equal / sizeof equal[0]; e++) {
            const size_t parts = equal[e][2] == ES_CELL_KEYS ? 2 : 3;
            double sum = row(t, g)[equal[e][1]].value;
            if (parts == 3) sum += row(t, g)[equal[e][2]].value;
            if (row(t, g)[equal[e][0]].value != sum) continue;
            out[(*n)++] = (struct es_release_sum){*cells + at, parts};
            for (size_t i = 0; i < parts; i++) (*cells)[at++] = g * ES_CELL_KEYS + equal[e][i];
        }
        for (size_t s = 0; s < MEASURED; s++) {
            enum es_cell_key members[5];
            const size_t parts = measured_sum(s, row(t, g), members);
            if (parts == 0) continue;
            out[(*n)++] = (struct es_release_sum){*cells + at, parts};
            for (size_t i = 0; i < parts; i++) (*cells)[at++] = g * ES_CELL_KEYS + members[i];
        }
        for (size_t s = 0; s < within; s++) {
            struct es_release_sum sum = {*cells + at, 0};
            double parts = 0;
            for (; sum.n < 7 && sums[s][sum.n] != ES_CELL_KEYS; sum.n++) {
                sum.cells[sum.n] = g * ES_CELL_KEYS + sums[s][sum.n];
                if (sum.n > 0) parts += row(t, g)[sums[s][sum.n]].value;
            }
            if (parts != row(t, g)[sums[s][0]].value) continue; /* levels and masks have no classes, a rate may not be there */
            out[(*n)++] = sum;
            at += sum.n;
        }
    }
    *joined = *n;
    for (size_t k = ES_CELL_UNSCORED; k < ES_CELL_KEYS; k++) line_sums(t, k, out, n, *cells, &at);
    return out;
}

/** The sums together, then each leftover's by themselves: their systems are apart, and small. */
static bool audit_sums(struct es_release_table *t, const struct es_release_sum *all, size_t n, size_t joined)
{
    const size_t leftovers = ES_CELL_KEYS - ES_CELL_UNSCORED, each = (n - joined) / leftovers;
    bool changed = es_release_audit_sums(t, all, joined, ES_CELL_KEYS);
    for (size_t k = 0; k < leftovers; k++) changed |= es_release_audit_sums(t, all + joined + k * each, each, ES_CELL_UNSCORED + k);
    return changed;
}

/** Hide small cells, what completes them, and what the audits ask for. Each round hides at least one more cell, so this ends. */
static void hide_cells(struct es_release_table *t)
{
    size_t n = 0, joined = 0, *places = NULL;
    struct es_cell **cells = calloc(t->groups + 1, sizeof *cells);
    struct es_release_sum *all = all_sums(t, &n, &joined, &places);
    bool changed = cells && all;
    if (!changed) hide_all(t); /* better nothing than too much */
    while (changed) {
        changed = false;
        for (size_t g = 0; g < t->groups; g++) {
            tie_all(row(t, g));
            changed |= sums_of(t, g);
        }
        changed |= lines(t, cells);
        if (!changed) changed = audit_columns(t);
        if (!changed) changed = audit_sums(t, all, n, joined);
        if (!changed) changed = es_release_between(t, all, n);
    }
    free(places);
    free(all);
    free(cells);
}

void es_release_hide(struct es_release_table *t)
{
    if (t->rule.kind == ES_DISCLOSE_FLOOR && !t->rule.external) {
        hide_staff(t);
        return;
    }
    for (size_t g = 0; g < t->groups; g++) {
        struct es_cell *c = row(t, g);
        for (size_t k = 0; k < ES_CELL_KEYS; k++) c[k].small = c[k].hidden = c[k].held || es_release_small(&t->rule, c[k].people);
        if (t->rule.kind == ES_DISCLOSE_NHS) continue;
        for (size_t k = ES_CELL_ALERTS; k < ES_CELL_TP; k += 2) {
            const bool few = es_release_small(&t->rule, c[k].value - c[k + 1].value);
            c[k + 1].hidden |= few;
            c[k + 1].small |= few && c[k + 1].value > 0;
        }
    }
    if (t->rule.kind == ES_DISCLOSE_FLOOR) hide_cells(t); /* nhs: rounding each number by itself is that rule's protection */
}

/* Staff see every count: what is withheld from them is the statistic on few patients (DESIGN 8: the internal rule applies to
 * denominators). A count hidden among its shown parts would be no secret, and would only look like one. */
void es_release_write(struct es_tree *tree, struct es_release_table *t)
{
    if (t->rule.kind == ES_DISCLOSE_FLOOR && !t->rule.external) return;
    for (size_t g = 0; g < t->groups; g++) {
        const struct es_cell *c = row(t, g);
        for (size_t k = 0; k < ES_CELL_TP; k++) {
            cJSON *parent = *keys[k].section ? cJSON_GetObjectItemCaseSensitive(t->group[g], keys[k].section) : t->group[g];
            cJSON *item = cJSON_GetObjectItemCaseSensitive(parent, keys[k].name);
            if (!item) continue;
            if (c[k].hidden)
                es_tree_set(tree, parent, keys[k].name, cJSON_CreateString(ES_SUPPRESSED_WORD));
            else if (t->rule.kind == ES_DISCLOSE_NHS)
                cJSON_SetNumberValue(item, es_release_round5(c[k].value));
        }
    }
}

bool es_release_told(const struct es_release_table *t, size_t group, size_t key)
{
    const cJSON *at = t->group[group];
    if (key < ES_CELL_TP) return cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(section(at, keys[key].section), keys[key].name));
    if (key > ES_CELL_TN) return !t->cells[group * ES_CELL_KEYS + key].hidden && t->cells[group * ES_CELL_KEYS + key].value > 0;
    const char *rate = key == ES_CELL_TP || key == ES_CELL_FN ? "sensitivity" : "specificity";
    return strcmp(es_view_string(es_view_at(at, "metrics", rate), "status"), "estimated") == 0;
}
