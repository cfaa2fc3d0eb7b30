/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/tag_values.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/report.h"
#include "dicom/secret.h"
#include "dicom/text.h"

#define UNFORMATTED_TEXT 0x00700006u

#define BLOCKS 0xF0     /* that a private group may have: elements 0010 to 00FF */
#define FIRST_VALUES 64 /* most objects have no more */

/** A level of the walk: an item of a sequence of the item above. */
struct level {
    const struct es_item *item;
    struct es_item_cursor at;
    bool open;                       /* the sequence at the cursor is being read below */
    const struct es_item *inside;    /* the item of it that is open */
    uint32_t group;                  /* of the private elements last seen; they come in the order of tags, creators first */
    const void *creators[BLOCKS];    /* places of cursors */
};

struct reading {
    struct es_report_facts *report;
    const char *charset;
    size_t charset_len, bytes, text_bytes, walked;
    size_t depth; /* levels in use */
    struct level levels[ES_MAX_TAG_PATH];
    struct es_error *err;
};

static bool is_private(uint32_t tag)
{
    return (tag >> 16 & 1) != 0;
}

/** PS3.5 7.8: elements 0010 to 00FF of an odd group name the creators of blocks. */
static bool is_creator(uint32_t tag)
{
    return is_private(tag) && (tag & 0xFFFF) >= 0x10 && (tag & 0xFFFF) <= 0xFF;
}

/** A private tag without its block, so that the place a block was given says nothing. */
static uint32_t bare(uint32_t tag)
{
    return is_private(tag) && !is_creator(tag) ? tag & 0xFFFF00FFu : tag;
}

static bool passed_over(uint32_t tag, const char *vr)
{
    static const uint32_t tags[] = {0x0040A730, 0x52009229, 0x52009230, 0x00283006, 0x00420011}; /* content, frames, LUT data, document */
    const uint32_t group = tag >> 16;
    if (group < 8 || group == 0x0010 || group >= 0x5000 || is_creator(tag)) return true;
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++)
        if (tags[i] == tag) return true;
    /* bulk of any kind, people and UIDs (PS3.5 6.2) */
    return vr[0] == 'O' || (vr[0] == 'P' && vr[1] == 'N') || (vr[0] == 'U' && vr[1] == 'I');
}

/** US, SS, UL, SL, FL or FD. */
static bool is_number(const char *vr)
{
    if (vr[0] == 'F') return vr[1] == 'L' || vr[1] == 'D';
    return (vr[0] == 'U' || vr[0] == 'S') && (vr[1] == 'S' || vr[1] == 'L');
}

/** The value as text, numbers in bytes as digits; NULL when there is none. UN is read as text: what is none of it counts in bad_texts. */
static char *value_text(struct reading *r, const struct es_item_cursor *at)
{
    double number = 0;
    if (!is_number(at->vr)) return es_report_decode(at, r->charset, r->charset_len, false, &r->report->faults.bad_texts);
    if (!es_cursor_number(at, &number)) return NULL;
    char text[ES_NUMBER_SIZE];
    if (fabs(number) < 1e9 && number == trunc(number) && !signbit(number)) es_text_write_number(number, text, sizeof text);
    else (void)snprintf(text, sizeof text, "%.17g", number);
    return es_secret_text(text);
}

/** The creator of an element's block; "" when it is a standard tag, or its block has none. */
static void creator_of(const struct reading *r, const struct level *level, uint32_t tag, char out[ES_FACT_VALUE])
{
    char raw[257];
    const uint32_t block = tag >> 8 & 0xFF;
    out[0] = '\0';
    if (!is_private(tag) || level->group != tag >> 16 || block < 0x10 || !level->creators[block - 0x10]) return;
    const struct es_item_cursor creator = {.at = level->creators[block - 0x10]};
    (void)es_cursor_text(&creator, raw, sizeof raw);
    (void)es_text_decode(r->charset, r->charset_len, raw, strlen(raw), out, ES_FACT_VALUE);
}

/** Remember the creators of a group as they pass. */
static void note_creator(struct level *level)
{
    const uint32_t tag = level->at.tag;
    if (!is_private(tag)) return;
    if (level->group != tag >> 16) {
        level->group = tag >> 16;
        memset(level->creators, 0, sizeof level->creators);
    }
    if (is_creator(tag)) level->creators[(tag & 0xFF) - 0x10] = level->at.at;
}

static enum es_errc keep(struct reading *r, struct es_tag_value *value)
{
    struct es_report_facts *report = r->report;
    const size_t n = report->n_values, len = strlen(value->text);
    if (n >= ES_MAX_TAG_VALUES || r->bytes + len > ES_MAX_REPORT_BYTES) {
        report->items_skipped++;
        es_secret_free(value->text);
        return ES_OK;
    }
    if (n == 0 || (n >= FIRST_VALUES && (n & (n - 1)) == 0)) {
        struct es_tag_value *more = es_secret_resize(report->values, (n ? n * 2 : FIRST_VALUES) * sizeof *more);
        if (!more) {
            es_secret_free(value->text);
            return es_fail(r->err, ES_E_MEMORY, "tags: no memory");
        }
        report->values = more;
    }
    report->values[report->n_values++] = *value;
    r->bytes += len;
    return ES_OK;
}

/** A text object, with its lines. */
static enum es_errc keep_text(struct reading *r, const struct es_item_cursor *at)
{
    uint64_t told = 0; /* as a value already */
    struct es_report_text copy = {.text = es_report_decode(at, r->charset, r->charset_len, true, &told)};
    if (!copy.text || !es_report_text(r->report, &copy, &r->text_bytes)) return es_fail(r->err, ES_E_MEMORY, "texts: no memory");
    return ES_OK;
}

static enum es_errc read_element(struct reading *r, const struct level *level)
{
    const struct es_item_cursor *at = &level->at;
    struct es_tag_value value = {.depth = (uint8_t)r->depth};
    for (size_t i = 0; i + 1 < r->depth; i++) value.path[i] = bare(r->levels[i].at.tag);
    value.path[r->depth - 1] = bare(at->tag);
    memcpy(value.vr, at->vr, sizeof value.vr);
    creator_of(r, level, at->tag, value.creator);
    value.text = value_text(r, at);
    if (!value.text) return ES_OK;
    enum es_errc code = at->tag == UNFORMATTED_TEXT ? keep_text(r, at) : ES_OK;
    if (code != ES_OK) es_secret_free(value.text);
    return code == ES_OK ? keep(r, &value) : code;
}

/** Go on below: the next item of the sequence that is being read. @return whether there is one */
static bool descend(struct reading *r)
{
    struct level *top = &r->levels[r->depth - 1];
    if (!top->open || r->depth == ES_MAX_TAG_PATH) return false;
    top->inside = es_cursor_next(&top->at, top->inside);
    if (!top->inside) {
        top->open = false;
        return false;
    }
    struct level *below = &r->levels[r->depth++];
    below->item = top->inside;
    below->at = (struct es_item_cursor){.at = NULL};
    below->open = false;
    below->group = 0; /* creators are cleared with the first private element */
    r->walked++;
    return true;
}

static enum es_errc read_all(struct reading *r)
{
    while (r->depth > 0) {
        struct level *top = &r->levels[r->depth - 1];
        if (descend(r)) continue;
        if (!es_item_walk(top->item, &top->at)) {
            r->depth--;
            continue;
        }
        if (r->walked++ >= ES_MAX_TAGS_WALKED) {
            r->report->items_skipped++;
            return ES_OK;
        }
        note_creator(top);
        if (passed_over(top->at.tag, top->at.vr)) continue;
        if (top->at.sequence) {
            top->open = true;
            top->inside = NULL;
            continue;
        }
        const enum es_errc code = read_element(r, top);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

enum es_errc es_tag_values_read(const struct es_item *root, const char *charset, size_t charset_len, struct es_report_facts *report,
                                struct es_error *err)
{
    struct reading *r = es_secret_new(sizeof *r); /* it points at what names a patient, and is too large for a small stack */
    if (!r) return es_fail(err, ES_E_MEMORY, "tags: no memory");
    r->report = report;
    r->charset = charset;
    r->charset_len = charset_len;
    r->depth = 1;
    r->err = err;
    r->levels[0].item = root;
    const enum es_errc code = read_all(r);
    es_secret_free(r);
    return code;
}
