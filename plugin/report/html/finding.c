/* SPDX-License-Identifier: Apache-2.0 */
/* One chapter: a model's finding in one epoch. Facts, forest plots, figures by group, each group against the rest. */
#include <math.h>
#include <string.h>

#include "plugin/report/html/html.h"
#include "plugin/report/plot/forest.h"

#define COLUMNS 7 /* metrics of a table that still fits a page */
#define MAX_FURTHER 64

/* Metrics of the main table with the short heads that a column has room for; others follow in a table of their own. */
static const struct {
    const char *name, *head;
} main_columns[] = {{"bias", "Bias"},
                    {"mae", "MAE"},
                    {"agreement_lower", "Lower limit"},
                    {"agreement_upper", "Upper limit"},
                    {"ccc", "CCC"},
                    {"icc", "ICC"},
                    {"weighted_kappa", "Weighted kappa"},
                    {"exact_agreement", "Exact"},
                    {"within_one", "Within one"},
                    {"level_shift", "Shift"},
                    {"dice", "Dice"},
                    {"iou", "IoU"},
                    {"volume_difference", "Volume"},
                    {"hd95", "HD95, mm"},
                    {"surface_distance", "Surface, mm"},
                    {"empty_share", "One empty"},
                    {"lesion_sensitivity", "Lesions found"},
                    {"false_marks", "False marks"},
                    {"froc", "FROC"},
                    {"sensitivity", "Sensitivity"},
                    {"specificity", "Specificity"},
                    {"ppv", "PPV"},
                    {"npv", "NPV"},
                    {"prevalence", "Prevalence"},
                    {"auroc", "AUROC"},
                    {"oe_ratio", "O:E"}};
#define MAIN (sizeof main_columns / sizeof main_columns[0])

static const char *short_head(const char *metric)
{
    for (size_t i = 0; i < MAIN; i++) {
        if (strcmp(main_columns[i].name, metric) == 0) return main_columns[i].head;
    }
    return NULL;
}

static void fact(struct es_page *page, const char *name, const char *value)
{
    if (!value[0]) return;
    es_page_putf(page, "<div><dt>%s</dt><dd>", name);
    es_page_text(page, value);
    es_page_put(page, "</dd></div>\n");
}

static void verified(struct es_page *page, const char *name, const cJSON *verification, const char *part, const char *whole)
{
    const struct es_view_count of = es_view_count(verification, whole);
    if (of.shown == ES_SHOWN_ABSENT) return;
    es_page_putf(page, "<div><dt>%s</dt><dd>", name);
    es_page_share(page, es_view_count(verification, part), of);
    es_page_put(page, " of ");
    es_page_count(page, of);
    es_page_put(page, "</dd></div>\n");
}

/* Why cases whose reference stands are in no mean; for staff, and as words where the rule hides how many. */
static void not_compared(struct es_page *page, const cJSON *counts)
{
    static const struct {
        const char *key, *name;
    } reasons[] = {{"both_empty", "both masks empty"}, {"no_value", "no value"}, {"units", "units do not meet"}, {"level", "level not in the list"},
                   {"no_overlap", "masks not compared yet"}, {"other_grid", "masks of another image or grid"}};
    bool any = false;
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        const struct es_view_count count = es_view_count(counts, reasons[i].key);
        if (count.shown == ES_SHOWN_ABSENT || (count.shown == ES_SHOWN_NUMBER && count.n == 0)) continue;
        es_page_putf(page, "%s%s ", any ? ", " : "<div><dt>In no mean</dt><dd>", reasons[i].name);
        es_page_count(page, count);
        any = true;
    }
    if (any) es_page_put(page, "</dd></div>\n");
}

/* Whose word stands, where several may; and what contradicts itself, where anything does. */
static void references(struct es_page *page, const cJSON *references)
{
    static const struct {
        const char *key, *name;
    } troubles[] = {{"sources_disagree", "Reference sources disagree"}, {"decision_mismatch", "Decision not as score and threshold say"},
                   {"decision_changed", "Decision changed by a later result of the same version (the first is counted)"}};
    const cJSON *sources = cJSON_GetObjectItemCaseSensitive(references, "sources"), *source = NULL;
    if (sources && sources->child && sources->child->next) {
        es_page_put(page, "<div><dt>Reference taken from</dt><dd>");
        cJSON_ArrayForEach(source, sources)
        {
            if (source != sources->child) es_page_put(page, ", ");
            es_page_text(page, source->string);
            es_page_put(page, " ");
            es_page_count(page, es_view_count(sources, source->string));
        }
        es_page_put(page, "</dd></div>\n");
    }
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        const struct es_view_count count = es_view_count(references, troubles[i].key);
        if (count.shown != ES_SHOWN_NUMBER || count.n == 0) continue;
        es_page_putf(page, "<div><dt>%s</dt><dd>", troubles[i].name);
        es_page_count(page, count);
        es_page_put(page, count.n == 1 ? " case</dd></div>\n" : " cases</dd></div>\n");
    }
    not_compared(page, cJSON_GetObjectItemCaseSensitive(references, "not_compared"));
}

static void facts(struct es_page *page, const struct es_view_finding *at)
{
    const cJSON *verification = cJSON_GetObjectItemCaseSensitive(at->finding, "verification");
    const double threshold = es_view_number(at->epoch, "threshold");
    char cause[80];
    es_page_put(page, "<dl class=\"facts\">\n");
    fact(page, "Task", es_view_string(at->finding, "task"));
    fact(page, "Unit", es_view_string(at->finding, "unit"));
    if (es_view_string(at->finding, "units")[0]) fact(page, "Values in", es_view_string(at->finding, "units"));
    if (isfinite(threshold)) {
        char text[40];
        es_view_fixed(threshold, 4, text, sizeof text);
        fact(page, "Threshold", text);
    } else {
        fact(page, "Threshold", "decisions as sent");
    }
    fact(page, "Reference", es_view_string(at->epoch, "reference_source"));
    es_page_putf(page, "<div><dt>Epoch</dt><dd>%u", at->epoch_id);
    if (es_view_string(at->epoch, "from")[0]) {
        es_page_put(page, ", ");
        es_page_text(page, es_view_string(at->epoch, "from"));
        es_page_put(page, " to ");
        es_page_text(page, es_view_string(at->epoch, "to"));
    }
    es_page_put(page, "</dd></div>\n");
    es_view_plain(es_view_string(at->epoch, "cause"), cause, sizeof cause);
    if (strcmp(cause, "first") != 0) fact(page, "Begun by a change of", cause);
    verified(page, "Alerts with a reference", verification, "alerts_verified", "alerts");
    verified(page, "Non-alerts with a reference", verification, "non_alerts_verified", "non_alerts");
    references(page, cJSON_GetObjectItemCaseSensitive(at->finding, "references"));
    es_page_put(page, "</dl>\n");
}

static bool equal(struct es_view_count a, struct es_view_count b)
{
    return a.shown == b.shown && a.n == b.n;
}

/* Value, interval, and the denominator where no other column of the row already says it. */
static void cell(struct es_page *page, const cJSON *group, const char *metric)
{
    const struct es_view_metric m = es_view_metric(group, metric);
    const cJSON *of = cJSON_GetObjectItemCaseSensitive(group, "denominators");
    char text[160];
    es_page_put(page, "<td class=\"n\">");
    if (m.status == ES_VIEW_SUPPRESSED) {
        es_page_put(page, "<span class=\"mute\">suppressed</span></td>");
        return;
    }
    if (m.status != ES_VIEW_ESTIMATED) {
        es_forest_remark(&m, text, sizeof text);
        es_page_put(page, "<abbr title=\"");
        es_page_text(page, text);
        es_page_put(page, "\">--</abbr><span class=\"sub row why\">");
        es_page_text(page, text);
        es_page_put(page, "</span><span class=\"sub row\">n ");
        es_page_count(page, m.n);
        es_page_put(page, "</span></td>");
        return;
    }
    es_page_put(page, "<strong>");
    es_page_fixed(page, m.value, 3);
    es_page_put(page, m.few_patients ? "</strong>*" : "</strong>");
    if (m.ai_aware) es_page_put(page, "\xe2\x80\xa0"); /* dagger */
    es_page_put(page, "<span class=\"sub row\">");
    if (isfinite(m.lo) && isfinite(m.hi)) {
        es_page_fixed(page, m.lo, 3);
        es_page_put(page, "\xe2\x80\x93"); /* en dash */
        es_page_fixed(page, m.hi, 3);
    } else {
        es_page_put(page, "no interval");
    }
    es_page_put(page, "</span>");
    if (!equal(m.n, es_view_count(group, "cases")) && !equal(m.n, es_view_count(of, "positives")) &&
        !equal(m.n, es_view_count(of, "negatives"))) {
        es_page_put(page, "<span class=\"sub row\">n ");
        es_page_count(page, m.n);
        es_page_put(page, "</span>");
    }
    es_page_put(page, "</td>");
}

/* No case, and nothing claimed of it: one cell says so better than seven. */
static bool nobody(const cJSON *group, const char *const *metrics, size_t count)
{
    const struct es_view_count cases = es_view_count(group, "cases");
    for (size_t i = 0; i < count; i++) {
        if (es_view_metric(group, metrics[i]).status != ES_VIEW_NOT_ESTIMABLE) return false;
    }
    return cases.shown == ES_SHOWN_NUMBER && cases.n == 0;
}

static void group_row(struct es_page *page, const cJSON *group, const char *const *metrics, size_t count)
{
    const cJSON *levels = cJSON_GetObjectItemCaseSensitive(group, "group");
    es_page_putf(page, "<tr%s><th scope=\"row\">", es_view_unknown(levels) ? " class=\"unknown\"" : "");
    es_page_label(page, levels);
    es_page_put(page, "</th><td class=\"n\">");
    es_page_count(page, es_view_count(group, "cases"));
    es_page_put(page, "</td><td class=\"n\">");
    es_page_count(page, es_view_count(group, "patients"));
    es_page_put(page, "</td><td class=\"n\">");
    es_page_count(page, es_view_count(cJSON_GetObjectItemCaseSensitive(group, "denominators"), "positives"));
    es_page_put(page, "</td>");
    if (nobody(group, metrics, count))
        es_page_putf(page, "<td colspan=\"%zu\" class=\"mute\">-- not estimable: no case was seen</td>", count);
    else
        for (size_t i = 0; i < count; i++) cell(page, group, metrics[i]);
    es_page_put(page, "</tr>\n");
}

/* A row between everyone, the single attributes and the intersections. */
static void divider(struct es_page *page, size_t axes, size_t columns)
{
    es_page_putf(page, "<tr class=\"axis\"><th scope=\"rowgroup\" colspan=\"%zu\">%s</th></tr>\n", columns,
                 axes == 1 ? "By one attribute" : "By two or more attributes");
}

static void figures(struct es_page *page, const cJSON *release, const struct es_view_finding *at, const char *title,
                    const char *const *metrics, size_t count)
{
    const cJSON *group = NULL;
    size_t before = 0;
    es_page_putf(page, "<div class=\"scroll\"><table class=\"figs\"><caption>%s by group, with 95 %% intervals: ", title);
    es_page_finding(page, at);
    es_page_put(page, "</caption>\n<thead><tr><th scope=\"col\">Group</th><th scope=\"col\" class=\"n\">Cases</th>"
                      "<th scope=\"col\" class=\"n\">Patients</th><th scope=\"col\" class=\"n\">Positives</th>");
    for (size_t i = 0; i < count; i++) {
        const char *head = short_head(metrics[i]);
        es_page_put(page, "<th scope=\"col\" class=\"n\"><abbr title=\"");
        es_page_text(page, es_view_title(release, metrics[i]));
        es_page_put(page, "\">");
        const char *units = es_view_units(release, at, metrics[i]);
        es_page_text(page, head ? head : es_view_title(release, metrics[i]));
        if (units[0]) {
            es_page_put(page, " (");
            es_page_text(page, units);
            es_page_put(page, ")");
        }
        es_page_put(page, "</abbr></th>");
    }
    es_page_put(page, "</tr></thead>\n<tbody>\n");
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at->finding, "groups"))
    {
        const size_t axes = es_view_axes(cJSON_GetObjectItemCaseSensitive(group, "group"));
        const size_t part = axes > 1 ? 2 : axes;
        if (part != before) divider(page, part, 4 + count);
        before = part;
        group_row(page, group, metrics, count);
    }
    es_page_put(page,
                "</tbody></table></div>\n<p class=\"sub\">* rests on few patients. -- not estimable, with the reason and the "
                "denominator. \xe2\x80\xa0 agreement with an AI-aware reference: its reader may have "
                "seen the AI result. PPV and NPV depend on the prevalence beside them.</p>\n");
}

static void all_figures(struct es_page *page, const cJSON *release, const struct es_view_finding *at)
{
    const char *first[MAIN], *further[MAX_FURTHER];
    size_t n_first = 0, n_further = 0;
    const cJSON *row = NULL;
    for (size_t i = 0; i < MAIN; i++) {
        if (es_forest_has(at, main_columns[i].name)) first[n_first++] = main_columns[i].name;
    }
    cJSON_ArrayForEach(row, cJSON_GetObjectItemCaseSensitive(release, "metrics"))
    {
        const char *name = es_view_string(row, "name");
        if (!short_head(name) && n_further < MAX_FURTHER && es_forest_has(at, name)) further[n_further++] = name;
    }
    for (size_t i = 0; i < n_first; i += COLUMNS)
        figures(page, release, at, "Figures", first + i, n_first - i < COLUMNS ? n_first - i : COLUMNS);
    if (n_further == 0) return;
    es_page_put(page, "<details><summary>Further figures</summary>\n");
    for (size_t i = 0; i < n_further; i += COLUMNS)
        figures(page, release, at, "Further figures", further + i, n_further - i < COLUMNS ? n_further - i : COLUMNS);
    es_page_put(page, "</details>\n");
}

void es_html_finding(struct es_page *page, const cJSON *release, const struct es_view_finding *at)
{
    es_page_putf(page, "<section id=\"f%u\">\n<details class=\"chapter\" open><summary><h2>", at->index);
    es_page_finding(page, at);
    es_page_put(page, "</h2></summary>\n");
    facts(page, at);
    es_page_put(page, "<div class=\"figures\">\n");
    for (size_t i = 0; i < ES_FORESTS; i++) {
        if (es_forest_has(at, es_forest_metrics[i])) es_html_forest(page, release, at, es_forest_metrics[i]);
    }
    es_page_put(page, "</div>\n");
    es_html_comparisons(page, release, at);
    es_html_alarms(page, release, at);
    es_html_courses(page, release, at);
    es_html_fairness(page, release, at);
    es_html_verification(page, release, at);
    es_html_weak(page, release, at);
    es_html_population(page, release, at);
    es_html_expectation(page, at);
    es_html_drift(page, release, at);
    all_figures(page, release, at);
    es_html_scores(page, release, at);
    es_page_put(page, "<p class=\"sub back\"><a href=\"#summary\">Back to the summary</a></p>\n</details>\n</section>\n");
}
