/* SPDX-License-Identifier: Apache-2.0 */
/* ROC points and calibration bins of everyone and of each level of each axis, from the rows of one stream.
 *
 * Thinning is exact: every point is one of the full empirical curve, none is interpolated. A point is kept when at least
 * ceil(n/100) cases have been passed since the last one, so that there are at most 101. Under a floor of k people it is kept only
 * when those passed are at least k patients (for outsiders: of positives and of negatives 0 or at least k each), and thresholds
 * are left out, so that no step tells one person's score. Calibration bins are merged with their neighbour by the same rule. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/calibration.h"
#include "metrics/order.h"
#include "plugin/report/build/build.h"
#include "plugin/report/disclosure/disclosure.h"
#include "plugin/report/view.h"

#define POINTS 101
#define BINS 10

struct curve_rule {
    enum es_disclosure_kind kind;
    uint32_t floor; /* people; 0: none */
    bool external;
};

/** Working room for one stream. */
struct curve_work {
    const struct es_sheet *sheet;
    struct curve_rule rule;
    bool probability;    /* every score lies in [0,1] */
    double threshold;    /* of the stream; NAN: decisions as sent */
    uint32_t *order;     /* rows with score and label, ascending score */
    uint32_t count;
    uint32_t *rows, n;   /* those of the group at hand, ascending score */
    uint32_t *stamp[3];  /* [patient]: last step in which a case of this class, or any, was seen */
    uint32_t step;
    uint32_t *seen, *hit; /* [patient]: cases, positives of the bin at hand; 0 otherwise */
};

/** Cases and people between two points. */
struct passed {
    uint64_t cases[2], people[3]; /* negatives, positives; people also of either */
};

static bool open(struct curve_work *w, const struct es_sheet *sheet)
{
    const size_t rows = sheet->rows ? sheet->rows : 1, patients = sheet->patients ? sheet->patients : 1;
    uint64_t *key = calloc(rows, 2 * sizeof *key);
    uint32_t *spare = calloc(rows, sizeof *spare);
    w->sheet = sheet;
    w->probability = true;
    w->order = calloc(rows, sizeof *w->order);
    w->rows = calloc(rows, sizeof *w->rows);
    for (int i = 0; i < 3; i++) w->stamp[i] = calloc(patients, sizeof *w->stamp[i]);
    w->seen = calloc(patients, sizeof *w->seen);
    w->hit = calloc(patients, sizeof *w->hit);
    const bool ok = key && spare && w->order && w->rows && w->stamp[0] && w->stamp[1] && w->stamp[2] && w->seen && w->hit;
    for (uint32_t r = 0; ok && r < sheet->rows; r++) {
        if (sheet->stage[r] != ES_STAGE_REFERENCED || sheet->label[r] == ES_NO_ANSWER || isnan(sheet->score[r])) continue;
        w->order[w->count++] = r;
        w->probability &= sheet->score[r] >= 0 && sheet->score[r] <= 1;
    }
    if (ok) es_order_by_score(sheet->score, w->order, w->count, key, spare);
    free(key);
    free(spare);
    return ok;
}

static void close_work(struct curve_work *w)
{
    free(w->order);
    free(w->rows);
    free(w->stamp[0]);
    free(w->stamp[1]);
    free(w->stamp[2]);
    free(w->seen);
    free(w->hit);
}

/** Count a row into what was passed; a patient counts once a step and class. */
static void pass(struct curve_work *w, struct passed *p, uint32_t row)
{
    const uint8_t y = w->sheet->label[row];
    const uint32_t patient = w->sheet->patient[row];
    p->cases[y]++;
    const int classes[2] = {y, 2}; /* its own, and any */
    for (int i = 0; i < 2; i++) {
        const int class = classes[i];
        if (w->stamp[class][patient] == w->step) continue;
        w->stamp[class][patient] = w->step;
        p->people[class]++;
    }
}

/** May a step over these be told? */
static bool told(const struct curve_rule *rule, const struct passed *p)
{
    const uint64_t k = rule->floor;
    if (k == 0) return true;
    if (rule->external) return (p->cases[0] == 0 || p->people[0] >= k) && (p->cases[1] == 0 || p->people[1] >= k);
    return p->people[2] >= k;
}

/** Two neighbouring steps as one: a patient may be in both, so people are at least the greater number. */
static struct passed joined(const struct passed *a, const struct passed *b)
{
    struct passed out;
    for (int y = 0; y < 2; y++) out.cases[y] = a->cases[y] + b->cases[y];
    for (int c = 0; c < 3; c++) out.people[c] = a->people[c] > b->people[c] ? a->people[c] : b->people[c];
    return out;
}

/** Steps of the thinned curve from the greatest score down, with the score each step ends at. @return how many; 0: may not be told */
static size_t thin(struct curve_work *w, struct passed steps[POINTS], double ends[POINTS])
{
    const uint64_t stride = ((uint64_t)w->n + POINTS - 2) / (POINTS - 1);
    struct passed now = {0};
    size_t count = 0;
    w->step++;
    for (uint32_t i = w->n; i-- > 0;) {
        const double score = w->sheet->score[w->rows[i]];
        pass(w, &now, w->rows[i]);
        const bool last = i == 0, tied = !last && w->sheet->score[w->rows[i - 1]] == score;
        if (tied || (!last && (now.cases[0] + now.cases[1] < stride || !told(&w->rule, &now)))) continue;
        steps[count] = now;
        ends[count++] = score;
        now = (struct passed){0};
        w->step++;
    }
    /* What was left over for the last step may be too few: it goes with the steps before. */
    while (count > 1 && !told(&w->rule, &steps[count - 1])) {
        steps[count - 2] = joined(&steps[count - 2], &steps[count - 1]);
        ends[count - 2] = ends[count - 1];
        count--;
    }
    return count > 0 && told(&w->rule, &steps[0]) ? count : 0;
}

static double shown(const struct curve_rule *rule, uint64_t x, uint64_t of)
{
    if (rule->kind == ES_DISCLOSE_NHS) return fmin(1, es_release_round5((double)x) / es_release_round5((double)of));
    return (double)x / (double)of;
}

static void roc(struct es_tree *t, cJSON *parent, struct curve_work *w)
{
    struct passed steps[POINTS];
    double ends[POINTS];
    uint64_t total[2] = {0, 0}, at[2] = {0, 0};
    cJSON *out = es_tree_object(t, parent, "roc");
    for (uint32_t i = 0; i < w->n; i++) total[w->sheet->label[w->rows[i]]]++;
    if (total[0] == 0 || total[1] == 0) {
        es_report_not_estimable(t, out, w->n == 0 ? ES_NO_CASES : total[1] == 0 ? ES_NO_POSITIVES : ES_NO_NEGATIVES);
        return;
    }
    const size_t count = thin(w, steps, ends);
    if (count == 0) {
        es_tree_text(t, out, "status", ES_SUPPRESSED_WORD);
        return;
    }
    es_tree_text(t, out, "status", "estimated");
    cJSON *points = es_tree_array(t, out, "points");
    for (size_t i = 0; i <= count; i++) { /* the first stands above every score */
        if (i > 0)
            for (int y = 0; y < 2; y++) at[y] += steps[i - 1].cases[y];
        cJSON *point = es_tree_array(t, points, NULL);
        es_tree_number(t, point, NULL, shown(&w->rule, at[0], total[0]));
        es_tree_number(t, point, NULL, shown(&w->rule, at[1], total[1]));
        if (w->rule.floor == 0) es_tree_number(t, point, NULL, i > 0 ? ends[i - 1] : (double)NAN);
    }
}

/** One bin: rows[from..to) of the group. */
struct bin {
    uint32_t from, to;
    unsigned first, last; /* of the ten */
    struct passed passed;
};

static size_t make_bins(struct curve_work *w, struct bin bins[BINS])
{
    size_t count = 0;
    uint32_t i = 0;
    for (unsigned k = 0; k < BINS; k++) {
        struct bin *b = &bins[count];
        *b = (struct bin){.from = i, .first = k, .last = k};
        w->step++;
        for (; i < w->n && es_calibration_bin(w->sheet->score[w->rows[i]], BINS) == k; i++) pass(w, &b->passed, w->rows[i]);
        b->to = i;
        if (b->to == b->from) continue; /* nobody: no bin */
        if (count > 0 && !told(&w->rule, &bins[count - 1].passed)) {
            b[-1].passed = joined(&b[-1].passed, &b->passed);
            b[-1].to = b->to;
            b[-1].last = k;
        } else {
            count++;
        }
    }
    while (count > 1 && !told(&w->rule, &bins[count - 1].passed)) {
        bins[count - 2].passed = joined(&bins[count - 2].passed, &bins[count - 1].passed);
        bins[count - 2].to = bins[count - 1].to;
        bins[count - 2].last = bins[count - 1].last;
        count--;
    }
    return count > 0 && told(&w->rule, &bins[0].passed) ? count : 0;
}

/** Patient sums of a bin; leaves seen and hit at 0. */
static struct es_cluster_sums sums_of(struct curve_work *w, const struct bin *b, double *mean)
{
    struct es_cluster_sums sums = {0};
    double score = 0;
    for (uint32_t i = b->from; i < b->to; i++) {
        const uint32_t patient = w->sheet->patient[w->rows[i]];
        w->seen[patient]++;
        w->hit[patient] += w->sheet->label[w->rows[i]];
        score += w->sheet->score[w->rows[i]]; /* ascending, so the same in any order of arrival */
    }
    for (uint32_t i = b->from; i < b->to; i++) {
        const uint32_t patient = w->sheet->patient[w->rows[i]];
        if (w->seen[patient] == 0) continue;
        es_cluster_add(&sums, w->hit[patient], w->seen[patient]);
        w->seen[patient] = w->hit[patient] = 0;
    }
    *mean = score / (double)(b->to - b->from);
    return sums;
}

static void put_bin(struct es_tree *t, cJSON *list, struct curve_work *w, const struct bin *b)
{
    const struct es_level level = es_level_default();
    const bool rounded = w->rule.kind == ES_DISCLOSE_NHS;
    double mean = 0;
    const struct es_cluster_sums sums = sums_of(w, b, &mean);
    const struct es_limits limits = es_wilson_clustered(&sums, level.alpha);
    cJSON *out = es_tree_object(t, list, NULL);
    es_tree_number(t, out, "from", (double)b->first / BINS);
    es_tree_number(t, out, "to", (double)(b->last + 1) / BINS);
    es_tree_number(t, out, "n", rounded ? es_release_round5((double)sums.n) : (double)sums.n);
    es_tree_number(t, out, "patients", rounded ? es_release_round5((double)sums.patients) : (double)sums.patients);
    es_tree_number(t, out, "mean_score", rounded ? nearbyint(mean * 100) / 100 : mean);
    es_tree_number(t, out, "observed", shown(&w->rule, sums.x, sums.n));
    es_tree_number(t, out, "lo", rounded ? (double)NAN : limits.lo);
    es_tree_number(t, out, "hi", rounded ? (double)NAN : limits.hi);
}

static void calibration(struct es_tree *t, cJSON *parent, struct curve_work *w, bool everyone)
{
    struct bin bins[BINS + 1];
    cJSON *out = es_tree_object(t, parent, "calibration");
    if (w->n == 0 || !w->probability) {
        es_report_not_estimable(t, out, w->n == 0 ? ES_NO_CASES : ES_NOT_PROBABILITY);
        return;
    }
    const bool apart = everyone || !(w->rule.external && w->rule.kind == ES_DISCLOSE_FLOOR);
    const size_t count = apart ? make_bins(w, bins) : 0;
    if (count == 0) {
        es_tree_text(t, out, "status", ES_SUPPRESSED_WORD);
        if (!apart) es_tree_text(t, out, "words", "bins by group are for staff: beside those of everyone they would tell small cells");
        return;
    }
    es_tree_text(t, out, "status", "estimated");
    cJSON *list = es_tree_array(t, out, "bins");
    for (size_t i = 0; i < count; i++) put_bin(t, list, w, &bins[i]);
}

static void one(struct es_report *report, cJSON *list, struct curve_work *w, size_t grouping, uint8_t level)
{
    struct es_tree *t = &report->tree;
    const struct es_grouping *g = &report->groupings[grouping];
    w->n = 0;
    for (uint32_t i = 0; i < w->count; i++)
        if (g->n == 0 || w->sheet->level[g->axis[0]][w->order[i]] == level) w->rows[w->n++] = w->order[i];
    cJSON *out = es_tree_object(t, list, NULL);
    es_report_group_key(report, out, "group", (struct es_group_key){.grouping = (uint32_t)grouping, .level = {level}});
    roc(t, out, w);
    calibration(t, out, w, g->n == 0);
    if (!es_report_score_figures(t, out, w->sheet, w->rows, w->n, w->probability, w->threshold, !w->rule.external)) t->failed = true;
}

enum es_errc es_report_curves(struct es_report *report, const struct es_sheet *sheet, double threshold, cJSON *out, struct es_error *err)
{
    const struct es_disclosure *d = report->options->audience == ES_AUDIENCE_EXTERNAL ? &report->config->external : &report->config->internal;
    struct es_tree *t = &report->tree;
    struct curve_work w = {.threshold = threshold,
                           .rule = {.kind = d->kind,
                                    .floor = d->kind == ES_DISCLOSE_NHS ? 8 : d->kind == ES_DISCLOSE_FLOOR ? d->floor : 0,
                                    .external = report->options->audience == ES_AUDIENCE_EXTERNAL || d->kind == ES_DISCLOSE_NHS}};
    const bool ok = open(&w, sheet);
    if (ok && w.count > 0) {
        es_tree_count(t, out, "points_at_most", POINTS);
        es_tree_text(t, out, "thinning",
                     w.rule.floor ? "exact points of the curve, each step over at least 1/100 of the cases and over the floor's number of patients; no thresholds"
                                  : "exact points of the curve, each step over at least 1/100 of the cases; [fpr, tpr, threshold]");
        es_tree_text(t, out, "binning", w.rule.floor ? "ten equal bins, left-closed, neighbours merged until each holds the floor's number of patients"
                                                     : "ten equal bins, left-closed");
        cJSON *list = es_tree_array(t, out, "by_group");
        for (size_t g = 0; g < report->n_groupings; g++) {
            if (report->groupings[g].n > 1) continue;
            const uint8_t axis = report->groupings[g].axis[0], levels = report->groupings[g].n ? report->levels[axis].count : 1;
            for (uint8_t l = 1; l < levels; l++) one(report, list, &w, g, l);
            one(report, list, &w, g, 0); /* everyone, or unknown as the last level */
        }
    }
    close_work(&w);
    return ok && !t->failed ? ES_OK : es_fail(err, ES_E_MEMORY, "no memory for the curves of %u rows", sheet->rows);
}

/** A curve whose group does not show its AUROC is not shown. */
static void hide(struct es_tree *t, cJSON *curve, const cJSON *groups)
{
    static const char *const parts[] = {"roc", "calibration", "figures"};
    const cJSON *group, *key = cJSON_GetObjectItemCaseSensitive(curve, "group");
    cJSON_ArrayForEach(group, groups)
    {
        if (!cJSON_Compare(key, cJSON_GetObjectItemCaseSensitive(group, "group"), true)) continue;
        const cJSON *auroc = es_view_at(group, "metrics", "auroc");
        if (strcmp(es_view_string(auroc, "status"), ES_SUPPRESSED_WORD) != 0) return;
        for (size_t i = 0; i < 3; i++) {
            cJSON *nothing = cJSON_CreateObject();
            es_tree_text(t, nothing, "status", ES_SUPPRESSED_WORD);
            es_tree_set(t, curve, parts[i], nothing);
        }
        return;
    }
}

void es_release_curves(struct es_tree *t, cJSON *finding)
{
    cJSON *curve, *list = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(finding, "curves"), "by_group");
    cJSON_ArrayForEach(curve, list) hide(t, curve, cJSON_GetObjectItemCaseSensitive(finding, "groups"));
}
