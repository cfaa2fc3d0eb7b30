/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/sr.h"

#include <stdlib.h>
#include <string.h>

#include "dicom/references.h"
#include "dicom/report.h"
#include "dicom/secret.h"
#include "dicom/sr_algorithm.h"
#include "dicom/sr_cad.h"
#include "dicom/sr_item.h"

/** An open content item of the walk. */
struct frame {
    const struct es_item *item, *child; /* child: the one last visited */
    bool in_group, is_group;            /* is_group: its direct children are findings */
    bool measured;                      /* in a group of TID 1500: nothing below it is of a CAD report */
    bool is_cad;                        /* a CAD finding: its properties are findings too */
    bool listed, succeeded;             /* in a list of detections or analyses, and which */
    struct es_sr_finding base;          /* what its findings share: group, algorithm, finding, site, intent, modifiers */
};

struct walk {
    struct es_report_facts *report;
    struct es_sr_observation observation;
    struct es_sr_cad cad;
    uint32_t groups;
    size_t bytes;     /* of texts */
    const struct es_item **references; /* owned; items that refer to others */
    size_t n_references;
    uint64_t lookups; /* steps to what they refer to */
    size_t depth;
    struct frame frames[ES_MAX_SR_DEPTH];
    struct es_error *err;
};

static enum es_errc no_memory(struct walk *w)
{
    return es_fail(w->err, ES_E_MEMORY, "report: no memory");
}

static bool is_value(const struct es_sr_content *c)
{
    return strcmp(c->type, "NUM") == 0 || strcmp(c->type, "CODE") == 0;
}

/** A NUM or CODE as a finding that begins as `base`. */
static enum es_errc add_finding(struct walk *w, const struct es_sr_finding *base, const struct es_item *item, const struct es_sr_content *c)
{
    struct es_report_facts *r = w->report;
    if (!c->concept.value[0]) {
        r->faults.empty_codes++;
        r->items_skipped++;
        return ES_OK;
    }
    if (r->n_findings >= ES_MAX_SR_FINDINGS) {
        r->items_skipped++;
        return ES_OK;
    }
    struct es_sr_finding *f = es_report_finding(r);
    if (!f) return no_memory(w);
    *f = *base;
    f->type = strcmp(c->type, "NUM") == 0 ? ES_SR_NUM : ES_SR_CODE;
    f->concept = c->concept;
    es_sr_modifiers(item, f);
    const uint64_t bad = r->faults.bad_numbers;
    if (f->type == ES_SR_NUM) {
        es_sr_number(item, f, &r->faults);
        if (r->faults.bad_numbers > bad) r->items_skipped++; /* kept as a measurement without a value */
    } else if (!es_code_read(item, ES_SR_CODE_VALUE, &f->value)) { /* a CODE without a code says nothing */
        r->faults.empty_codes++;
        r->items_skipped++;
        return ES_OK;
    }
    r->n_findings++;
    return ES_OK;
}

/** A direct child of a group. */
static enum es_errc add_child(struct walk *w, const struct frame *group, const struct es_sr_finding *base, const struct es_item *item,
                              const struct es_sr_content *c)
{
    const bool contained = !c->relationship[0] || strcmp(c->relationship, "CONTAINS") == 0;
    if (!is_value(c) || es_sr_is_header(&c->concept)) return ES_OK;
    if (!contained && !(group->is_cad && strcmp(c->relationship, "HAS PROPERTIES") == 0)) return ES_OK;
    return add_finding(w, base, item, c);
}

/** Words of a machine about itself, whatever relation they stand in: TID 4019, observers, tracking. */
static bool is_context(const struct es_code *c)
{
    static const char *const concepts[] = {"111001", "111002", "111003", "112039", "121013", "121014", "121015", "121016", "122405"};
    for (size_t i = 0; i < sizeof concepts / sizeof concepts[0]; i++)
        if (es_code_is(c, concepts[i], "DCM")) return true;
    return false;
}

static enum es_errc add_text(struct walk *w, const struct es_sr_finding *base, const struct es_item *item, const struct es_sr_content *c)
{
    static const char *const context[] = {"HAS OBS CONTEXT", "HAS ACQ CONTEXT", "HAS CONCEPT MOD"};
    if (strcmp(c->type, "TEXT") != 0 || is_context(&c->concept)) return ES_OK;
    for (size_t i = 0; i < sizeof context / sizeof context[0]; i++)
        if (strcmp(c->relationship, context[i]) == 0) return ES_OK;
    struct es_report_text text = {.concept = c->concept, .finding = base->finding, .algorithm = base->algorithm};
    struct es_item_cursor value;
    if (!es_item_find(item, 0x0040A160, &value)) return ES_OK;
    text.text = es_report_decode(&value, w->observation.charset, w->observation.charset_len, true, &w->report->faults.bad_texts);
    if (!text.text) return ES_OK;
    return es_report_text(w->report, &text, &w->bytes) ? ES_OK : no_memory(w);
}

/** Whether the item that another refers to is there: ReferencedContentItemIdentifier (0040,DB73), ordinals from the root; PS3.3 C.17.3.2.5. */
static void check_target(struct walk *w, const struct es_item *root, const struct es_item *item)
{
    uint8_t way[4 * ES_MAX_SR_DEPTH];
    const size_t n = es_item_bytes(item, 0x0040DB73, way, sizeof way) / 4;
    const struct es_item *at = root;
    for (size_t i = 1; i < n && at; i++) { /* the first is the root itself */
        const uint32_t ordinal = way[4 * i] | (uint32_t)way[4 * i + 1] << 8 | (uint32_t)way[4 * i + 2] << 16 | (uint32_t)way[4 * i + 3] << 24;
        struct es_item_cursor content;
        const struct es_item *child = NULL;
        w->lookups += es_item_count(at); /* what finding its content may cost */
        if (w->lookups >= ES_MAX_SR_LOOKUPS) return;
        (void)es_item_find(at, ES_SR_CONTENT, &content);
        for (uint32_t k = 0; k < ordinal; k++) {
            if (w->lookups++ >= ES_MAX_SR_LOOKUPS) return;
            child = es_cursor_next(&content, child);
            if (!child) break;
        }
        at = child;
    }
    if (n > 0 && !at) w->report->faults.dangling_references++;
}

/** Remember an item that refers to another. The way there passes the sequences that are being walked: it is gone afterwards. */
static bool remember_reference(struct walk *w, const struct es_item *item)
{
    struct es_item_cursor reference;
    if (!es_item_find(item, 0x0040DB73, &reference) || w->n_references >= ES_MAX_SR_REFERENCES) return true;
    if (w->n_references == 0 || (w->n_references >= 16 && (w->n_references & (w->n_references - 1)) == 0)) {
        const struct es_item **more = es_secret_resize(w->references, (w->n_references ? w->n_references * 2 : 16) * sizeof *more);
        if (!more) return false;
        w->references = more;
    }
    w->references[w->n_references++] = item;
    return true;
}

static enum es_errc read_references(struct walk *w, const struct es_item *item, const struct es_sr_content *c)
{
    char uid[ES_UID_SIZE];
    if (!remember_reference(w, item)) return no_memory(w);
    if (strcmp(c->type, "IMAGE") == 0 || strcmp(c->type, "COMPOSITE") == 0) {
        const size_t before = w->report->n_images;
        const enum es_errc code = es_references_item(item, w->report, w->err);
        w->report->faults.dangling_references += w->report->n_images - before; /* the evidence was read first */
        if (!es_item_next(item, 0x00081199, NULL)) w->report->faults.dangling_references++;
        return code;
    }
    /* (121232, DCM, "Source series for segmentation"); TID 1411 */
    if (strcmp(c->type, "UIDREF") == 0 && es_code_is(&c->concept, "121232", "DCM") && es_item_text(item, 0x0040A124, uid, sizeof uid))
        return es_references_series(uid, w->report, w->err);
    return ES_OK;
}

/** A container whose direct children are findings: TID 1410, 1411, 1501; TID 1420; TID 1500 row 12. */
static bool is_group(const struct es_sr_content *c)
{
    return strcmp(c->type, "CONTAINER") == 0 && (es_code_is(&c->concept, "125007", "DCM") || es_code_is(&c->concept, "126011", "DCM") ||
                                                 es_code_is(&c->concept, "C0034375", "UMLS"));
}

/** Open an item so that its children are visited next. Too deep: they are not, and the item counts as skipped. */
static void push(struct walk *w, const struct es_item *item, const struct es_sr_content *c, const struct frame *like)
{
    if (!es_item_next(item, ES_SR_CONTENT, NULL)) return;
    if (w->depth == ES_MAX_SR_DEPTH) {
        w->report->items_skipped++;
        return;
    }
    struct frame *f = &w->frames[w->depth++];
    *f = *like;
    f->item = item;
    f->child = NULL;
    if (f->is_cad || !is_group(c)) return;
    f->is_group = f->in_group = f->measured = true;
    f->base = (struct es_sr_finding){.group = w->groups++, .algorithm = like->base.algorithm};
    es_sr_group(item, &f->base.finding, &f->base.site, &f->base.side);
}

/** The nearest identification of an item: its own, or the one around it. */
static bool find_algorithm(struct walk *w, const struct es_item *item, bool in_group, uint32_t *algorithm)
{
    struct es_algorithm found;
    if (!es_sr_identify(&w->observation, item, in_group, &found)) return true;
    if (!es_report_algorithm(w->report, &found, algorithm)) return false;
    if (w->observation.first == 0) w->observation.first = *algorithm + 1;
    if (!in_group && w->observation.container == 0) w->observation.container = *algorithm + 1;
    return true;
}

/** What a CAD report's item makes of the frame below it; findings of its own are added. */
static enum es_errc visit_cad(struct walk *w, enum es_sr_cad_place place, const struct es_item *item, const struct es_sr_content *c,
                              struct frame *below)
{
    const uint32_t algorithm = below->base.algorithm;
    struct es_code what;
    below->is_cad = below->is_group = below->in_group = place == ES_SR_CAD_FINDING || place == ES_SR_CAD_IMPRESSION;
    if (place == ES_SR_CAD_SUCCEEDED || place == ES_SR_CAD_FAILED) {
        below->listed = true;
        below->succeeded = place == ES_SR_CAD_SUCCEEDED;
    } else if (place == ES_SR_CAD_PERFORMED && below->listed && es_code_read(item, ES_SR_CODE_VALUE, &what)) {
        es_sr_performed(&w->observation, &what, algorithm, below->succeeded);
    }
    if (!below->is_cad) return ES_OK;
    struct es_sr_finding base = {.group = w->groups++, .algorithm = algorithm};
    es_sr_modifiers(item, &base);
    if (place == ES_SR_CAD_FINDING) (void)es_code_read(item, ES_SR_CODE_VALUE, &base.finding);
    below->base = base;
    base.n_modifiers = 0; /* add_finding() reads them again */
    return place == ES_SR_CAD_FINDING ? add_finding(w, &base, item, c) : ES_OK;
}

static enum es_errc visit(struct walk *w, const struct frame *parent, const struct es_item *item)
{
    struct es_sr_content c;
    struct frame below = *parent;
    es_sr_content(item, &c);
    w->report->items_read++;
    if (!c.relationship[0]) w->report->faults.missing_relationships++;
    es_sr_observe(&w->observation, item, &c.concept);
    const bool summary = es_sr_cad_observe(&w->cad, item, &c.concept);
    below.is_group = below.is_cad = false;
    if (!find_algorithm(w, item, parent->in_group || is_group(&c), &below.base.algorithm)) return no_memory(w);
    enum es_errc code = read_references(w, item, &c);
    if (code == ES_OK) code = add_text(w, &below.base, item, &c);
    const enum es_sr_cad_place place = parent->measured ? ES_SR_CAD_NOT : es_sr_cad_place(&c.concept, c.type);
    if (code == ES_OK && place != ES_SR_CAD_NOT) code = visit_cad(w, place, item, &c, &below);
    else if (code == ES_OK && parent->is_group) code = add_child(w, parent, &below.base, item, &c);
    else if (code == ES_OK && !summary && !parent->in_group && is_value(&c) && c.concept.value[0] && strcmp(c.relationship, "CONTAINS") == 0)
        es_report_unread(w->report, strcmp(c.type, "NUM") == 0 ? ES_SR_NUM : ES_SR_CODE, &c.concept);
    if (code == ES_OK) push(w, item, &c, &below);
    return code;
}

static enum es_errc walk_content(struct walk *w)
{
    while (w->depth > 0) {
        struct frame *top = &w->frames[w->depth - 1];
        top->child = es_item_next(top->item, ES_SR_CONTENT, top->child);
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

static bool flag_is(const struct es_item *root, uint32_t tag, const char *word)
{
    char text[17];
    return es_item_text(root, tag, text, sizeof text) && strcmp(text, word) == 0;
}

static enum es_errc read_root(struct walk *w, const struct es_item *root)
{
    struct es_report_facts *r = w->report;
    struct es_sr_content top;
    struct frame outside = {.item = NULL};
    es_sr_content(root, &top);
    r->title = top.concept;
    r->complete = flag_is(root, 0x0040A491, "COMPLETE");
    r->verified = flag_is(root, 0x0040A493, "VERIFIED");
    enum es_errc code = es_references_evidence(root, r, w->err);
    if (code != ES_OK) return code;
    if (!find_algorithm(w, root, false, &outside.base.algorithm)) return no_memory(w);
    push(w, root, &top, &outside);
    code = walk_content(w);
    if (code != ES_OK) return code;
    for (size_t i = 0; i < w->n_references && w->lookups < ES_MAX_SR_LOOKUPS; i++) check_target(w, root, w->references[i]);
    es_sr_conclude(&w->observation, r);
    r->cad = es_sr_cad_conclude(&w->cad, r->n_findings > 0);
    r->human_observer = w->observation.person && !w->observation.device;
    return ES_OK;
}

enum es_errc es_sr_read(const struct es_item *root, const char *charset, size_t charset_len, struct es_report_facts *report,
                        struct es_error *err)
{
    struct walk *w = es_secret_new(sizeof *w);
    if (!w) return es_fail(err, ES_E_MEMORY, "report: no room for the walk");
    w->report = report;
    w->err = err;
    w->observation.charset = charset;
    w->observation.charset_len = charset_len;
    const enum es_errc code = read_root(w, root);
    es_secret_free(w->references);
    es_secret_free(w);
    return code;
}
