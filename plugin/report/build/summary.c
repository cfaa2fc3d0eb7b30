/* SPDX-License-Identifier: Apache-2.0 */
/* The summary, in plain words, read from the disclosed tree: it cannot say more than the tree shows. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "metrics/special.h"
#include "plugin/report/build/build.h"
#include "plugin/report/view.h"

#define MAX_TOLD 8 /* sentences of one kind; the lists themselves are complete */

struct summary {
    struct es_tree *t;
    const cJSON *release;
    cJSON *alarms, *floors, *disparities, *parities, *undecided, *gaps, *sentences;
    uint64_t judged, mirrored, before_plan, unsequenced;
};

/** "chexnet 1.0 effusion, sex F" */
static void subject(char *out, size_t size, const char *model, const char *version, const char *finding, const cJSON *group)
{
    char label[ES_VIEW_LABEL];
    es_view_label(group, label, sizeof label);
    snprintf(out, size, "%s%s%s %s, %s", model, *version ? " " : "", version, finding, label);
}

static cJSON *item(struct summary *s, cJSON *list, const struct es_view_finding *at, const cJSON *group, const char *metric,
                   const char *words)
{
    cJSON *out = es_tree_object(s->t, list, NULL);
    es_tree_text(s->t, out, "model", at->model_name);
    es_tree_text_or_null(s->t, out, "version", at->version);
    es_tree_text(s->t, out, "finding", at->name);
    es_tree_count(s->t, out, "epoch", at->epoch_id);
    es_tree_copy(s->t, out, "group", cJSON_GetObjectItemCaseSensitive(group, "group"));
    es_tree_text(s->t, out, "metric", metric);
    es_tree_text(s->t, out, "words", words);
    return out;
}

static void floors(struct summary *s, const struct es_view_finding *at, const cJSON *group)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(group, "against_floor"))
    {
        if (strcmp(es_view_string(entry, "verdict"), "below") != 0) continue;
        char words[240], value[24], lo[24], hi[24], least[24], level[16], interval[100] = "";
        es_view_fixed(es_view_number(entry, "value"), 2, value, sizeof value);
        es_view_fixed(es_view_number(entry, "lo"), 2, lo, sizeof lo);
        es_view_fixed(es_view_number(entry, "hi"), 2, hi, sizeof hi);
        es_view_fixed(es_view_number(entry, "floor"), 2, least, sizeof least);
        es_view_percent_of(es_view_number(entry, "level"), level, sizeof level);
        if (!isnan(es_view_number(entry, "lo"))) snprintf(interval, sizeof interval, " (%s %% %s to %s)", level, lo, hi);
        snprintf(words, sizeof words, "%s %s%s is below the floor of %s", entry->string, value, interval, least);
        item(s, s->floors, at, group, entry->string, words);
    }
}

/** The latest alarm of each chart, and how many there were. */
static void alarms(struct summary *s, const struct es_view_finding *at)
{
    const cJSON *chart, *alarm;
    cJSON_ArrayForEach(chart, cJSON_GetObjectItemCaseSensitive(at->finding, "charts"))
    {
        if (strcmp(es_view_string(chart, "state"), "alarm") != 0) continue;
        const cJSON *last = NULL;
        cJSON_ArrayForEach(alarm, cJSON_GetObjectItemCaseSensitive(at->finding, "alarms"))
        {
            if (strcmp(es_view_string(alarm, "metric"), es_view_string(chart, "metric")) == 0 &&
                cJSON_Compare(cJSON_GetObjectItemCaseSensitive(alarm, "group"), cJSON_GetObjectItemCaseSensitive(chart, "group"), true))
                last = alarm;
        }
        cJSON *out = item(s, s->alarms, at, chart, es_view_string(chart, "metric"), es_view_string(last, "words"));
        es_tree_text_or_null(s->t, out, "exam_day", es_view_string(last, "exam_day"));
        if (cJSON_GetObjectItemCaseSensitive(chart, "alarms")) es_tree_number(s->t, out, "alarms", es_view_number(chart, "alarms"));
    }
}

/** Is this the second of exactly two known levels with cases? Then its difference is the first's with the sign turned. */
static bool mirrors(const cJSON *groups, const cJSON *group)
{
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(group, "group"), *other;
    int before = 0, after = 0;
    bool past = false;
    if (es_view_axes(key) != 1) return false;
    cJSON_ArrayForEach(other, groups)
    {
        const cJSON *its = cJSON_GetObjectItemCaseSensitive(other, "group");
        if (other == group) past = true;
        else if (es_view_axes(its) == 1 && strcmp(its->child->string, key->child->string) == 0 && !es_view_unknown(its)) {
            const struct es_view_count cases = es_view_count(other, "cases");
            if (cases.shown == ES_SHOWN_NUMBER && cases.n == 0) continue;
            if (past) after++;
            else before++;
        }
    }
    return before == 1 && after == 0;
}

static void comparisons(struct summary *s, const struct es_view_finding *at, const cJSON *groups, const cJSON *group)
{
    const cJSON *c;
    cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(group, "against_rest"))
    {
        s->before_plan += strcmp(es_view_string(c, "reason"), "before_plan") == 0;
        s->unsequenced += strcmp(es_view_string(c, "reason"), "no_sequential_test") == 0;
        if (strcmp(es_view_string(c, "family"), "primary") != 0) continue;
        const char *verdict = es_view_string(c, "verdict"), *words = es_view_string(c, "words");
        if (strcmp(verdict, "disparity") == 0 || strcmp(verdict, "parity") == 0) {
            item(s, *verdict == 'd' ? s->disparities : s->parities, at, group, c->string, words);
            s->judged++;
            s->mirrored += mirrors(groups, group);
            continue;
        }
        const bool compared = *verdict != '\0';
        cJSON *out = item(s, s->undecided, at, group, c->string, words);
        es_tree_text(s->t, out, "reason", es_view_string(c, compared ? "reason" : "why"));
        const cJSON *needed = cJSON_GetObjectItemCaseSensitive(c, "cases_needed");
        if (cJSON_IsObject(needed)) es_tree_copy(s->t, out, "cases_needed", needed);
        es_tree_text_or_null(s->t, out, "until", es_view_string(needed, "until"));
    }
}

static void gap(struct summary *s, const char *axis, const char *level, const char *what, const char *text)
{
    cJSON *out = es_tree_object(s->t, s->gaps, NULL);
    es_tree_text(s->t, out, "axis", axis);
    if (level) es_tree_text(s->t, out, "level", level);
    es_tree_text(s->t, out, "what", what);
    es_tree_text(s->t, out, "text", text);
}

/** An attribute that says nothing, for everyone or for more than a fifth of the exams. */
static void unknown_gaps(struct summary *s)
{
    const cJSON *axis;
    cJSON_ArrayForEach(axis, cJSON_GetObjectItemCaseSensitive(s->release, "axes"))
    {
        const char *name = es_view_string(axis, "name"), *linked = es_view_string(axis, "linked");
        const cJSON *states = es_view_at(s->release, "attributes", *linked ? linked : es_view_string(axis, "attribute")), *state;
        uint64_t total = 0, known = 0;
        bool shown = states != NULL;
        cJSON_ArrayForEach(state, states)
        {
            const struct es_view_count n = es_view_count(states, state->string);
            shown &= n.shown == ES_SHOWN_NUMBER;
            total += n.n;
            if (strcmp(state->string, "present") == 0) known = n.n;
        }
        if (!shown || total == 0 || (double)(total - known) <= 0.2 * (double)total) continue;
        char text[240], some[24], all[24];
        es_view_grouped(total - known, some, sizeof some);
        es_view_grouped(total, all, sizeof all);
        if (known == 0)
            snprintf(text, sizeof text, "%s is unknown for every exam (%s): nothing can be said about it", name, all);
        else
            snprintf(text, sizeof text, "%s is unknown for %.0f %% of exams (%s of %s)", name,
                     100 * (double)(total - known) / (double)total, some, all);
        gap(s, name, NULL, "unknown", text);
    }
}

/** Is part/whole clearly below the rest's: by 5 points or more, and by more standard errors (pooled) than chance gives one of `levels`
 * levels with probability 0.005 (Bonferroni; 2.58 of one, 3.66 of 40)? Not a test of the plan. */
static bool clearly_below(uint64_t part, uint64_t whole, uint64_t rest_part, uint64_t rest_whole, unsigned levels)
{
    if (whole < 10 || rest_whole < 10) return false;
    const double a = (double)part / (double)whole, b = (double)rest_part / (double)rest_whole;
    const double pooled = (double)(part + rest_part) / (double)(whole + rest_whole);
    const double se = sqrt(pooled * (1 - pooled) * (1 / (double)whole + 1 / (double)rest_whole));
    return b - a >= 0.05 && b - a > es_norm_isf(0.005 / levels) * se;
}

/** The denominator of a stage. What is not due yet is not missing yet: a result whose reference window is still open, an exam whose
 * result is still expected. */
static struct es_view_count whole_of(const cJSON *funnel, const char *whole)
{
    struct es_view_count all = es_view_count(funnel, whole);
    const struct es_view_count open = es_view_count(funnel, strcmp(whole, "resulted") == 0 ? "maturing" : "pending");
    if (open.shown != ES_SHOWN_NUMBER || open.n > all.n) return open;
    all.n -= open.n;
    return all;
}

/** The funnel's part and whole of all other known levels of the axis. @return how many these are; 0 when one of them is not shown */
static unsigned rest_of(const cJSON *groups, const char *axis, const cJSON *self, const char *part, const char *whole, uint64_t *rest_part,
                        uint64_t *rest_whole)
{
    const cJSON *group;
    unsigned levels = 0;
    *rest_part = *rest_whole = 0;
    cJSON_ArrayForEach(group, groups)
    {
        const cJSON *key = cJSON_GetObjectItemCaseSensitive(group, "group");
        if (group == self || es_view_axes(key) != 1 || strcmp(key->child->string, axis) != 0 || es_view_unknown(key)) continue;
        const cJSON *funnel = cJSON_GetObjectItemCaseSensitive(group, "funnel");
        const struct es_view_count p = es_view_count(funnel, part), w = whole_of(funnel, whole);
        if (p.shown != ES_SHOWN_NUMBER || w.shown != ES_SHOWN_NUMBER) return 0;
        levels++;
        *rest_part += p.n;
        *rest_whole += w.n;
    }
    return levels;
}

/** Unknowns that stand clearly more often on one side of the AI's decision: by 5 points or more, and 0 outside the interval. */
static void unknown_by_result(struct summary *s, const struct es_view_finding *at)
{
    const cJSON *entry;
    cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(at->finding, "missingness"))
    {
        const double lo = es_view_number(entry, "lo"), hi = es_view_number(entry, "hi");
        char text[ES_VIEW_LABEL + 400];
        if (!(fabs(es_view_number(entry, "difference")) >= 0.05 && (lo > 0 || hi < 0))) continue;
        snprintf(text, sizeof text, "%.100s, %.100s: %s", at->model_name, at->name, es_view_string(entry, "words"));
        gap(s, entry->string, NULL, "unknown_by_result", text);
    }
}

static void stage_gap(struct summary *s, const struct es_view_finding *at, const cJSON *groups, const cJSON *group, const char *part,
                      const char *whole, const char *sentence)
{
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(group, "group"), *funnel = cJSON_GetObjectItemCaseSensitive(group, "funnel");
    if (es_view_axes(key) != 1 || es_view_unknown(key)) return;
    const struct es_view_count p = es_view_count(funnel, part), w = whole_of(funnel, whole);
    uint64_t rest_part = 0, rest_whole = 0;
    if (p.shown != ES_SHOWN_NUMBER || w.shown != ES_SHOWN_NUMBER) return;
    const unsigned others = rest_of(groups, key->child->string, group, part, whole, &rest_part, &rest_whole);
    if (others == 0 || !clearly_below(p.n, w.n, rest_part, rest_whole, others + 1)) return;
    char who[ES_VIEW_LABEL + 200], text[ES_VIEW_LABEL + 400];
    subject(who, sizeof who, at->model_name, at->version, at->name, key);
    snprintf(text, sizeof text, "%s: %.0f %% of %s against %.0f %% in the rest", who, 100 * (double)p.n / (double)w.n, sentence,
             100 * (double)rest_part / (double)rest_whole);
    gap(s, key->child->string, key->child->valuestring, part, text);
}

static void tell(struct summary *s, const char *text)
{
    es_tree_text(s->t, s->sentences, NULL, text);
}

static void tell_items(struct summary *s, const cJSON *list, const char *kind)
{
    const cJSON *entry;
    int told = 0;
    cJSON_ArrayForEach(entry, list)
    {
        char who[ES_VIEW_LABEL + 200], text[ES_VIEW_LABEL + 600];
        if (told++ == MAX_TOLD) {
            snprintf(text, sizeof text, "%s: %d more, listed below.", kind, cJSON_GetArraySize(list) - MAX_TOLD);
            tell(s, text);
            return;
        }
        subject(who, sizeof who, es_view_string(entry, "model"), es_view_string(entry, "version"), es_view_string(entry, "finding"),
                cJSON_GetObjectItemCaseSensitive(entry, "group"));
        /* an alarm or a missed floor names its metric itself */
        if (list == s->floors || list == s->alarms)
            snprintf(text, sizeof text, "%s: %s: %s.", kind, who, es_view_string(entry, "words"));
        else
            snprintf(text, sizeof text, "%s: %s, %s: %s.", kind, who, es_view_string(entry, "metric"), es_view_string(entry, "words"));
        tell(s, text);
    }
}

/** How many cannot be judged, by reason. */
static void tell_undecided(struct summary *s)
{
    static const struct {
        const char *reason, *words;
    } reasons[] = {{"min_cases", "too few cases"},
                   {"min_patients", "too few patients"},
                   {"verification", "unverified cases could turn the difference round"},
                   {"min_n", "too few cases or patients for a verdict at any look"},
                   {"interval", "the interval leaves both open"},
                   {"no_sequential_test", "no test that may be looked at every day"},
                   {"no_range", "no range of the measurement is configured"},
                   {"zero_variance", "all cases are alike"},
                   {"suppressed", "withheld, as they would tell of few patients"}};
    const int total = cJSON_GetArraySize(s->undecided);
    char text[640];
    if (total == 0) return;
    int at = snprintf(text, sizeof text, "Cannot be judged yet: %d", total), left = total;
    const char *join = " (";
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        const cJSON *entry;
        int n = 0;
        cJSON_ArrayForEach(entry, s->undecided) n += strcmp(es_view_string(entry, "reason"), reasons[i].reason) == 0;
        if (n) at += snprintf(text + at, sizeof text - (size_t)at, "%s%d: %s", join, n, reasons[i].words);
        if (n) join = "; ";
        left -= n;
    }
    if (left) at += snprintf(text + at, sizeof text - (size_t)at, "%s%d: nothing to compare", join, left);
    snprintf(text + at, sizeof text - (size_t)at, ").");
    tell(s, text);
    const cJSON *entry;
    bool withheld = false;
    cJSON_ArrayForEach(entry, s->undecided) withheld |= strcmp(es_view_string(entry, "reason"), "suppressed") == 0;
    if (withheld) tell(s, "Of what is withheld nothing is said: there may be disparities in it.");
}

static bool same_gap(const cJSON *a, const cJSON *b)
{
    return strcmp(es_view_string(a, "axis"), es_view_string(b, "axis")) == 0 &&
           strcmp(es_view_string(a, "level"), es_view_string(b, "level")) == 0 &&
           strcmp(es_view_string(a, "what"), es_view_string(b, "what")) == 0;
}

/** One sentence for a group's gap, however many findings show it. */
static void tell_gaps(struct summary *s)
{
    const cJSON *entry, *other;
    cJSON_ArrayForEach(entry, s->gaps)
    {
        char line[ES_VIEW_LABEL + 480], more[48] = "";
        int others = 0;
        bool told = false, past = false;
        cJSON_ArrayForEach(other, s->gaps)
        {
            if (other == entry) past = true;
            else if (same_gap(entry, other)) {
                if (past) others++;
                else told = true;
            }
        }
        if (told) continue;
        if (others) snprintf(more, sizeof more, " (and so for %d more finding%s)", others, others == 1 ? "" : "s");
        snprintf(line, sizeof line, "Coverage: %s%s.", es_view_string(entry, "text"), more);
        tell(s, line);
    }
}

static void sentences(struct summary *s)
{
    char text[240];
    const cJSON *plan = cJSON_GetObjectItemCaseSensitive(s->release, "plan");
    const int disparities = cJSON_GetArraySize(s->disparities), parities = cJSON_GetArraySize(s->parities);
    tell_items(s, s->alarms, "Alarm"); /* first: it asks for somebody to look */
    snprintf(text, sizeof text, "%llu comparisons of the plan were judged: %d with a disparity, %d within the margin.",
             (unsigned long long)s->judged, disparities, parities);
    tell(s, text);
    if (s->mirrored > 0) {
        snprintf(text, sizeof text, "%llu of them are the same difference seen from the other side (axes of two levels).",
                 (unsigned long long)s->mirrored);
        tell(s, text);
    }
    if (s->before_plan > 0) {
        snprintf(text, sizeof text,
                 "%llu comparisons that the plan names rest on exams from before the plan's day (%s): they bear no verdict.",
                 (unsigned long long)s->before_plan, es_view_string(plan, "since"));
        tell(s, text);
    }
    if (s->unsequenced > 0) {
        snprintf(text, sizeof text,
                 "%llu comparisons that the plan names have no test that may be looked at every day: they bear no verdict "
                 "(a plan of fixed looks would judge them).",
                 (unsigned long long)s->unsequenced);
        tell(s, text);
    }
    tell_items(s, s->floors, "Below its floor");
    tell_items(s, s->disparities, "Disparity");
    if (s->judged > 0 && disparities == 0) tell(s, "No disparity was shown; what could not be judged is listed, and is not evidence of fairness.");
    tell_undecided(s);
    tell_gaps(s);
    es_report_new_versions(s->t, s->release, cJSON_GetObjectItemCaseSensitive(s->release, "summary"), s->sentences);
    const double configurations = es_view_number(cJSON_GetObjectItemCaseSensitive(s->release, "ledger"), "configurations");
    if (configurations > 1) {
        snprintf(text, sizeof text, "The configuration changed %.0f time%s since the ledger began: all figures are by the present one.",
                 configurations - 1, configurations > 2 ? "s" : "");
        tell(s, text);
    }
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(plan, "declared_in_retrospect")))
        tell(s, "The plan was declared in retrospect: it speaks of exams from before it was recorded.");
    char looks[80];
    es_view_looks(s->release, looks, sizeof looks);
    snprintf(text, sizeof text, "Verdicts are %s. The 95 %% intervals of single figures are fixed-size: each is for one look.", looks);
    tell(s, text);
}

void es_report_summary(struct es_tree *tree, cJSON *release)
{
    struct summary s = {.t = tree, .release = release};
    cJSON *out = cJSON_GetObjectItemCaseSensitive(release, "summary");
    cJSON *judged = es_tree_number(tree, out, "judged", 0);
    s.alarms = es_tree_array(tree, out, "alarms");
    s.floors = es_tree_array(tree, out, "floors_missed");
    s.disparities = es_tree_array(tree, out, "disparities");
    s.parities = es_tree_array(tree, out, "parities");
    s.undecided = es_tree_array(tree, out, "cannot_be_judged");
    s.gaps = es_tree_array(tree, out, "coverage_gaps");
    s.sentences = es_tree_array(tree, out, "sentences");
    if (tree->failed) return;
    unknown_gaps(&s);
    struct es_view_finding at = {0};
    while (es_view_next(release, &at)) {
        const cJSON *group, *groups = cJSON_GetObjectItemCaseSensitive(at.finding, "groups");
        alarms(&s, &at);
        unknown_by_result(&s, &at);
        cJSON_ArrayForEach(group, groups)
        {
            floors(&s, &at, group);
            comparisons(&s, &at, groups, group);
            stage_gap(&s, &at, groups, group, "resulted", "eligible", "eligible exams have a result");
            stage_gap(&s, &at, groups, group, "referenced", "resulted", "results past their window have a reference");
        }
    }
    cJSON_SetNumberValue(judged, (double)s.judged);
    sentences(&s);
}
