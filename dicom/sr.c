/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/sr.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/references.h"
#include "dicom/sr_algorithm.h"
#include "dicom/text.h"

#define TAG_CONTENT 0x0040A730u
#define TAG_CONCEPT 0x0040A043u
#define TAG_RELATIONSHIP 0x0040A010u
#define TAG_VALUE_TYPE 0x0040A040u
#define TAG_CODE 0x0040A168u

/** An open content item of the walk. */
struct frame {
    const struct es_item *item, *child; /* child: the one last visited */
    bool in_group, is_group;
    uint32_t group;
    struct es_code finding, site; /* of the group */
};

struct walk {
    struct es_report_facts *report;
    struct es_sr_observation observation;
    uint32_t groups;
    size_t depth;
    struct frame frames[ES_MAX_SR_DEPTH];
    struct es_error *err;
};

/** What is common to all content items. */
struct content {
    char type[17], relationship[17];
    struct es_code concept;
};

static void read_content(const struct es_item *item, struct content *out)
{
    (void)es_item_text(item, TAG_VALUE_TYPE, out->type, sizeof out->type);
    (void)es_item_text(item, TAG_RELATIONSHIP, out->relationship, sizeof out->relationship);
    (void)es_code_read(item, TAG_CONCEPT, &out->concept);
}

static bool is_site(const struct es_code *c)
{
    return es_code_is(c, "363698007", "SCT") || es_code_is(c, "G-C0E3", "SRT") || es_code_is(c, "G-C0E3", "SNM3");
}

static bool is_finding(const struct es_code *c)
{
    return es_code_is(c, "121071", "DCM");
}

/** What describes a group rather than being found in it: Finding, Finding category, Finding Site, and TID 4019's family. */
static bool is_header(const struct es_code *c)
{
    return is_finding(c) || is_site(c) || es_code_is(c, "276214006", "SCT") || es_code_is(c, "111000", "DCM");
}

/** Finding and Finding Site of a group hold for all of it, wherever in it they stand. */
static void read_group(struct frame *frame)
{
    size_t seen = 0;
    const struct es_item *child = NULL;
    while (seen++ < ES_MAX_SR_ITEMS && (child = es_item_next(frame->item, TAG_CONTENT, child)) != NULL) {
        struct content c;
        read_content(child, &c);
        if (strcmp(c.type, "CODE") != 0) continue;
        if (is_finding(&c.concept) && !frame->finding.value[0]) (void)es_code_read(child, TAG_CODE, &frame->finding);
        if (is_site(&c.concept) && !frame->site.value[0]) (void)es_code_read(child, TAG_CODE, &frame->site);
    }
}

/** MeasuredValueSequence (0040,A300): PS3.3 C.18.1. An empty one is a measurement without a value, and the qualifier says why. */
static bool read_number(const struct es_item *item, struct es_sr_finding *out)
{
    (void)es_code_read(item, 0x0040A301, &out->qualifier);
    const struct es_item *value = es_item_next(item, 0x0040A300, NULL);
    if (!value) return true;
    (void)es_code_read(value, 0x004008EA, &out->units);
    if (es_item_number(value, 0x0040A161, &out->number) && isfinite(out->number)) {
        out->has_number = true;
        return true;
    }
    char text[65];
    out->number = 0;
    if (!es_item_text(value, 0x0040A30A, text, sizeof text)) return false;
    if (text[0] == '\0') return true;
    out->has_number = es_text_number(text, strlen(text), &out->number);
    return out->has_number;
}

/** Concept modifiers: Derivation, method, ... tell equal concepts of a group apart; a site of its own replaces the group's. */
static void read_modifiers(const struct es_item *item, struct es_sr_finding *out)
{
    size_t seen = 0;
    const struct es_item *child = NULL;
    while (seen++ < 256 && (child = es_item_next(item, TAG_CONTENT, child)) != NULL) {
        struct content c;
        struct es_code value;
        read_content(child, &c);
        if (strcmp(c.relationship, "HAS CONCEPT MOD") != 0 || strcmp(c.type, "CODE") != 0) continue;
        if (!es_code_read(child, TAG_CODE, &value) || es_code_is(&c.concept, "111000", "DCM")) continue;
        if (is_site(&c.concept)) out->site = value;
        else if (out->n_modifiers < ES_MAX_MODIFIERS) out->modifiers[out->n_modifiers++] = value;
    }
}

static struct es_sr_finding *new_finding(struct walk *w)
{
    struct es_report_facts *r = w->report;
    const size_t n = r->n_findings;
    if (n == 0 || (n >= 16 && (n & (n - 1)) == 0)) {
        struct es_sr_finding *more = realloc(r->findings, (n ? n * 2 : 16) * sizeof *more);
        if (!more) return NULL;
        r->findings = more;
    }
    r->findings[n] = (struct es_sr_finding){.group = 0};
    return &r->findings[n];
}

static enum es_errc add_finding(struct walk *w, const struct frame *group, const struct es_item *item, const struct content *c)
{
    const bool number = strcmp(c->type, "NUM") == 0;
    if (!number && strcmp(c->type, "CODE") != 0) return ES_OK;
    if (c->relationship[0] && strcmp(c->relationship, "CONTAINS") != 0) return ES_OK;
    if (is_header(&c->concept)) return ES_OK;
    if (w->report->n_findings >= ES_MAX_SR_FINDINGS || !c->concept.value[0]) {
        w->report->items_skipped++;
        return ES_OK;
    }
    struct es_sr_finding *f = new_finding(w);
    if (!f) return es_fail(w->err, ES_E_MEMORY, "report: no room for %zu findings", w->report->n_findings + 1);
    f->group = group->group;
    f->type = number ? ES_SR_NUM : ES_SR_CODE;
    f->concept = c->concept;
    f->finding = group->finding;
    f->site = group->site;
    const bool good = number ? read_number(item, f) : es_code_read(item, TAG_CODE, &f->value);
    read_modifiers(item, f);
    if (!good && !number) w->report->items_skipped++; /* a CODE without a code says nothing */
    else w->report->n_findings++;
    if (!good && number) w->report->items_skipped++;  /* kept as a measurement without a value */
    return ES_OK;
}

static enum es_errc read_references(struct walk *w, const struct es_item *item, const struct content *c)
{
    char uid[ES_UID_SIZE];
    if (strcmp(c->type, "IMAGE") == 0 || strcmp(c->type, "COMPOSITE") == 0) return es_references_item(item, w->report, w->err);
    /* (121232, DCM, "Source series for segmentation"); TID 1411 */
    if (strcmp(c->type, "UIDREF") == 0 && es_code_is(&c->concept, "121232", "DCM") && es_item_text(item, 0x0040A124, uid, sizeof uid))
        return es_references_series(uid, w->report, w->err);
    return ES_OK;
}

/** Open an item so that its children are visited next. Too deep: they are not, and the item counts as skipped. */
static void push(struct walk *w, const struct es_item *item, const struct content *c, bool in_group)
{
    if (!es_item_next(item, TAG_CONTENT, NULL)) return;
    if (w->depth == ES_MAX_SR_DEPTH) {
        w->report->items_skipped++;
        return;
    }
    struct frame *f = &w->frames[w->depth++];
    *f = (struct frame){.item = item, .in_group = in_group};
    if (strcmp(c->type, "CONTAINER") != 0 || !es_code_is(&c->concept, "125007", "DCM")) return;
    f->is_group = f->in_group = true;
    f->group = w->groups++;
    read_group(f);
}

static enum es_errc visit(struct walk *w, const struct frame *parent, const struct es_item *item)
{
    struct content c;
    read_content(item, &c);
    w->report->items_read++;
    (void)es_sr_observe(&w->observation, item, &c.concept, parent->item, parent->in_group);
    enum es_errc code = read_references(w, item, &c);
    if (code == ES_OK && parent->is_group) code = add_finding(w, parent, item, &c);
    if (code == ES_OK) push(w, item, &c, parent->in_group);
    return code;
}

static enum es_errc walk_content(struct walk *w)
{
    while (w->depth > 0) {
        struct frame *top = &w->frames[w->depth - 1];
        top->child = es_item_next(top->item, TAG_CONTENT, top->child);
        if (!top->child) {
            w->depth--;
            continue;
        }
        if (w->report->items_read >= ES_MAX_SR_ITEMS) {
            w->report->items_skipped++;
            return ES_OK;
        }
        const enum es_errc code = visit(w, top, top->child);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

/** ContentDate and ContentTime, by TimezoneOffsetFromUTC where that is given. */
static void read_time(const struct es_item *root, struct es_report_facts *r)
{
    char date[17], time[17], zone[17];
    int32_t day = 0;
    int64_t us = 0, offset = 0;
    r->produced_us = INT64_MIN;
    if (!es_item_text(root, 0x00080023, date, sizeof date) || !es_text_date(date, strlen(date), &day)) return;
    if (!es_item_text(root, 0x00080033, time, sizeof time) || !es_text_time(time, strlen(time), &us)) return;
    r->produced_us = day * INT64_C(86400000000) + us;
    if (!es_item_text(root, 0x00080201, zone, sizeof zone) || !es_text_zone(zone, strlen(zone), &offset)) return;
    r->produced_us -= offset;
    r->produced_zone_known = true;
}

static bool flag_is(const struct es_item *root, uint32_t tag, const char *word)
{
    char text[17];
    return es_item_text(root, tag, text, sizeof text) && strcmp(text, word) == 0;
}

enum es_errc es_sr_read(const struct es_item *root, const char *charset, size_t charset_len, const struct es_algorithm *fallback,
                        struct es_report_facts **out, struct es_error *err)
{
    struct walk *w = calloc(1, sizeof *w);
    struct es_report_facts *report = calloc(1, sizeof *report);
    if (!w || !report) {
        free(w);
        free(report);
        return es_fail(err, ES_E_MEMORY, "report: no room for the walk");
    }
    w->report = report;
    w->err = err;
    w->observation.charset = charset;
    w->observation.charset_len = charset_len;
    struct content top;
    read_content(root, &top);
    report->title = top.concept;
    read_time(root, report);
    report->complete = flag_is(root, 0x0040A491, "COMPLETE");
    report->verified = flag_is(root, 0x0040A493, "VERIFIED");
    push(w, root, &top, false);
    enum es_errc code = walk_content(w);
    if (code == ES_OK) code = es_references_evidence(root, report, err);
    es_sr_conclude(&w->observation, fallback, &report->algorithm);
    report->human_observer = w->observation.person && !w->observation.device;
    free(w);
    if (code == ES_OK) *out = report;
    else es_report_free(report);
    return code;
}

void es_report_free(struct es_report_facts *report)
{
    if (!report) return;
    free(report->findings);
    free(report->series);
    free(report->images);
    free(report->studies);
    free(report);
}
