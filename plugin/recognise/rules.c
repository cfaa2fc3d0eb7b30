/* SPDX-License-Identifier: Apache-2.0 */
/* Findings by the rules of "From". A new kind of rule is a row of `sources`. */
#include <math.h>
#include <string.h>

#include "dicom/sr.h"
#include "metrics/catalogue.h"
#include "plugin/recognise/explain.h"
#include "plugin/recognise/internal.h"

static bool code_matches(const struct es_code *wanted, const struct es_code *found)
{
    return wanted->value[0] == '\0' || es_code_same(wanted, found);
}

/* ---- items of a structured report ---- */

static bool sr_matches(const struct es_from_rule *rule, const struct es_sr_finding *item)
{
    if (!code_matches(&rule->concept, &item->concept) || !code_matches(&rule->finding, &item->finding) || !code_matches(&rule->site, &item->site))
        return false;
    if (item->intent == ES_INTENT_HIDDEN && !rule->hidden) return false;
    if (rule->modifier.value[0] == '\0') return true;
    for (uint32_t i = 0; i < item->n_modifiers; i++)
        if (code_matches(&rule->modifier, &item->modifiers[i])) return true;
    return false;
}

static struct es_reading read_sr(const struct es_from_rule *rule, const struct es_sr_finding *item)
{
    struct es_reading out = {.kind = ES_READ_NOTHING, .units = item->units.value};
    if (rule->any) {
        out.kind = ES_READ_DECISION;
        out.decision = true;
    } else if (item->type == ES_SR_CODE) {
        const bool yes = rule->present.value[0] != '\0' && code_matches(&rule->present, &item->value);
        const bool no = rule->absent.value[0] != '\0' && code_matches(&rule->absent, &item->value);
        if (yes || no) out.kind = ES_READ_DECISION;
        else out.unusable = "a code that is neither Present nor Absent";
        out.decision = yes;
    } else if (item->type == ES_SR_NUM && item->has_number && isfinite(item->number)) {
        out.kind = ES_READ_NUMBER;
        out.number = item->number;
    } else {
        out.unusable = "an item without a number";
    }
    return out;
}

/* ---- tags and texts ---- */

bool es_tag_matches(const struct es_from_rule *rule, const struct es_tag_value *value)
{
    if (rule->tag_depth != value->depth || memcmp(rule->tag, value->path, rule->tag_depth * sizeof rule->tag[0]) != 0) return false;
    return rule->kind == ES_FROM_TAG || strcmp(rule->creator, value->creator) == 0;
}

/* ---- one reading as a finding ---- */

/* Factor by units; 0 for units that are no probability. */
static double probability_scale(const char *units)
{
    static const char *const ones[] = {"", "1", "{probability}", "[0,1]"};
    if (strcmp(units, "%") == 0) return 0.01;
    for (size_t i = 0; i < sizeof ones / sizeof ones[0]; i++)
        if (strcmp(units, ones[i]) == 0) return 1;
    return 0;
}

const char *es_reading_take(const struct es_finding_config *config, const struct es_from_rule *rule, const struct es_reading *reading,
                            struct es_finding *out)
{
    *out = (struct es_finding){.evaluable = true};
    es_gather_copy(out->name, sizeof out->name, config->name);
    if (reading->kind == ES_READ_NOTHING) return reading->unusable;
    if (reading->kind == ES_READ_DECISION) {
        out->has_decision = true;
        out->decision = reading->decision;
        return NULL;
    }
    if (config->task != ES_TASK_BINARY && config->task != ES_TASK_ORDINAL) {
        out->has_value = true;
        out->value = rule->scale > 0 ? reading->number * rule->scale : reading->number;
        es_gather_copy(out->units, sizeof out->units, reading->units);
        return isfinite(out->value) ? NULL : "a number that is not finite";
    }
    const double scale = rule->scale > 0 ? rule->scale : config->task == ES_TASK_ORDINAL ? 1 : probability_scale(reading->units);
    out->has_score = true;
    /* 83 % is 0.83: dividing rounds once, multiplying by 0.01 does not */
    out->score = scale == 0.01 ? reading->number / 100 : reading->number * scale;
    if (scale == 0) return "a unit that is no probability; give the rule a Scale";
    if (config->task == ES_TASK_BINARY && !(out->score >= 0 && out->score <= 1)) return "a number outside 0..1";
    return NULL;
}

void es_reading_combine(enum es_combine how, struct es_finding *into, const struct es_finding *next, size_t seen)
{
    double *a = into->has_score ? &into->score : &into->value;
    const double b = into->has_score ? next->score : next->value;
    if (into->has_decision != next->has_decision || into->has_score != next->has_score) return; /* the first kind of item stands */
    if (into->has_decision) {
        if (how == ES_COMBINE_LATEST) into->decision = next->decision;
        else if (how != ES_COMBINE_FIRST) into->decision = into->decision || next->decision;
        return;
    }
    if (how == ES_COMBINE_LATEST) *a = b;
    else if (how == ES_COMBINE_MEAN) *a += (b - *a) / (double)(seen + 1);
    else if (how != ES_COMBINE_FIRST && b > *a) *a = b;
}

/* A rule at work: what it matched so far. */
struct matching {
    struct es_gathering *g;
    const struct es_voice *voice;
    const struct es_finding_config *config;
    const struct es_from_rule *rule;
    size_t number; /* of the rule */
    struct es_finding *out;
    size_t seen, unusable;
};

static void take(struct matching *m, enum es_trace_kind kind, size_t index, const struct es_reading *reading)
{
    struct es_finding one;
    if (reading->kind == ES_READ_NOTHING && reading->unusable == NULL) return; /* says nothing of it */
    const char *wrong = es_reading_take(m->config, m->rule, reading, &one);
    if (kind < ES_TRACE_KINDS) es_trace_match(m->g->trace, m->voice->model->name, m->config->name, m->number, kind, index, &one, wrong);
    if (wrong != NULL) {
        es_gather_tell(m->g, m->config->name, wrong);
        m->unusable++;
        return;
    }
    if (m->seen == 0) *m->out = one;
    else es_reading_combine(m->config->combine, m->out, &one, m->seen);
    m->seen++;
}

static bool speaks(const struct matching *m, uint32_t algorithm)
{
    return (m->voice->algorithms >> algorithm & 1) != 0;
}

static bool of_side(const struct matching *m, const struct es_sr_finding *item)
{
    return m->voice->side == '\0' || item->side == m->voice->side || item->side == 'B';
}

static void from_sr(struct matching *m)
{
    const struct es_report_facts *report = m->g->facts->report;
    for (size_t i = 0; i < report->n_findings; i++) {
        const struct es_sr_finding *item = &report->findings[i];
        if (!speaks(m, item->algorithm) || !sr_matches(m->rule, item) || !of_side(m, item)) continue;
        const struct es_reading reading = read_sr(m->rule, item);
        take(m, ES_TRACE_ITEM, i, &reading);
    }
}

static void from_tags(struct matching *m)
{
    const struct es_report_facts *report = m->g->facts->report;
    for (size_t i = 0; i < report->n_values; i++) {
        if (!es_tag_matches(m->rule, &report->values[i])) continue;
        const struct es_reading reading = es_read_text(m->rule, report->values[i].text);
        take(m, ES_TRACE_TAG, i, &reading);
    }
}

static void from_texts(struct matching *m)
{
    const struct es_report_facts *report = m->g->facts->report;
    struct es_text_reader *reader = NULL;
    for (size_t i = 0; i < report->n_texts; i++) {
        const struct es_report_text *text = &report->texts[i];
        if (!speaks(m, text->algorithm) || !code_matches(&m->rule->concept, &text->concept)) continue;
        const struct es_reading reading = es_read_prose(m->rule, &reader, text->text);
        take(m, ES_TRACE_TEXT, i, &reading);
    }
    es_text_reader_free(reader);
    /* doubt in one text is no denial, whatever another denies; only an order of texts (First, Latest) sets one aside */
    const bool ordered = m->config->combine == ES_COMBINE_FIRST || m->config->combine == ES_COMBINE_LATEST;
    if (m->seen > 0 && m->unusable > 0 && !ordered && m->out->has_decision && !m->out->decision) m->seen = 0;
}

/* The segments that a rule names and a model drew, together: their sum, or their mask. */
static void from_segments(struct matching *m)
{
    struct es_mask *mask = NULL;
    struct es_reading reading;
    if (m->g->facts->seg == NULL || !es_seg_reading(m->g->facts->seg, m->rule, ES_ROLE_RESULT, &reading, &mask)) return;
    es_trace_segments(m->g->trace, m->voice->model->name, m->config->name, m->number, m->rule, ES_ROLE_RESULT,
                      mask != NULL || reading.kind != ES_READ_NOTHING ? NULL : reading.unusable);
    if (mask == NULL) {
        take(m, ES_TRACE_KINDS, 0, &reading);
        return;
    }
    *m->out = (struct es_finding){.evaluable = true, .mask = true, .voxels = mask};
    es_gather_copy(m->out->name, sizeof m->out->name, m->config->name);
    m->seen = 1;
}

/* Where a kind of rule looks in a DICOM object; NULL: it is for other messages. */
static void (*const sources[])(struct matching *) = {
    [ES_FROM_SR] = from_sr, [ES_FROM_JSON] = NULL, [ES_FROM_TAG] = from_tags, [ES_FROM_PRIVATE_TAG] = from_tags, [ES_FROM_TEXT] = from_texts,
    [ES_FROM_SEG] = from_segments};

enum es_found es_find_finding(struct es_gathering *g, const struct es_voice *voice, const struct es_finding_config *config,
                              const struct es_from_rule *rules, size_t n_rules, struct es_finding *out)
{
    bool unusable = false;
    for (size_t r = 0; r < n_rules; r++) {
        struct matching m = {.g = g, .voice = voice, .config = config, .rule = &rules[r], .number = r, .out = out};
        if (voice->side != '\0' && rules[r].kind != ES_FROM_SR) continue; /* nothing else tells a side */
        if ((size_t)rules[r].kind < sizeof sources / sizeof sources[0] && sources[rules[r].kind] != NULL) sources[rules[r].kind](&m);
        es_trace_rule(g->trace, voice->model->name, config->name, r, &rules[r], m.seen, m.unusable);
        if (m.seen > 0) return ES_FOUND;
        unusable = unusable || m.unusable > 0;
    }
    return unusable ? ES_FOUND_UNUSABLE : ES_FOUND_NOT;
}
