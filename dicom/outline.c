/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/outline.h"

#include <stdlib.h>
#include <string.h>

#include "dicom/little_endian.h"
#include "dicom/vr.h"

#define BULK 0x56000000u /* where es_dataset_parse() stops too */
#define PIXEL_DATA 0x7FE00010u
#define FIRST_NODES 128

enum kind { VALUE, SEQUENCE, AN_ITEM };

/* In the order in which they stand, what is inside behind what is around it. */
struct es_node {
    uint32_t tag;
    uint32_t length;       /* of a value, in bytes; of an item, in elements */
    uint32_t at;           /* where the value begins */
    uint32_t end;          /* the first node that is no more inside */
    uint32_t around, self; /* places in es_outline.nodes */
    char vr[2];
    uint8_t kind;
};

struct es_outline {
    const uint8_t *bytes;
    uint32_t count, room;
    struct es_node nodes[];
};

/** A sequence or item that is being read. */
struct open {
    uint32_t node, previous; /* previous: the last tag in it */
    bool undefined;          /* of undefined length: a delimiter ends it */
    size_t limit;            /* where it ends, or what is around it */
};

struct reading {
    struct es_outline *outline;
    const uint8_t *p;
    size_t len, pos;
    uint64_t total;
    unsigned depth;
    struct open open[ES_OUTLINE_DEPTH];
};

struct head {
    uint32_t tag, length;
    char vr[2];
};

/* ---- reading ---- */

/** The header of an element in explicit VR (PS3.5 7.1.2) or of an item or delimiter (7.5). */
static bool read_head(struct reading *r, size_t limit, struct head *h)
{
    const uint8_t *p = r->p + r->pos;
    if (limit - r->pos < 8) return false;
    h->tag = es_tag_at(p);
    if (h->tag >> 16 == 0xFFFE) {
        h->length = es_u32(p + 4);
        r->pos += 8;
        return true;
    }
    const unsigned form = es_vr_properties(p + 4);
    if (form == 0) return false;
    memcpy(h->vr, p + 4, sizeof h->vr);
    if (!(form & ES_VR_WIDE)) {
        h->length = es_u16(p + 6);
        r->pos += 8;
        return true;
    }
    if (limit - r->pos < 12 || es_u16(p + 6) != 0) return false;
    h->length = es_u32(p + 8);
    r->pos += 12;
    return true;
}

/** Bytes of one number of a VR; 1 of all others. */
static uint32_t unit_of(const char vr[2])
{
    static const struct {
        char vr[3];
        uint8_t bytes;
    } rows[] = {{"US", 2}, {"SS", 2}, {"OW", 2}, {"UL", 4}, {"SL", 4}, {"FL", 4}, {"AT", 4}, {"OF", 4}, {"OL", 4},
                {"FD", 8}, {"OD", 8}, {"OV", 8}, {"SV", 8}, {"UV", 8}};
    if (!es_vr_is_binary(vr)) return 1;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (memcmp(rows[i].vr, vr, 2) == 0) return rows[i].bytes;
    return 1;
}

static enum es_errc add(struct reading *r, const struct head *h, enum kind kind)
{
    struct es_outline *outline = r->outline;
    if (outline->count == outline->room) {
        if (outline->room >= ES_OUTLINE_NODES) return ES_E_UNSUPPORTED;
        struct es_outline *more = realloc(outline, sizeof *outline + (size_t)outline->room * 2 * sizeof outline->nodes[0]);
        if (!more) return ES_E_MEMORY;
        more->room *= 2;
        r->outline = outline = more;
    }
    const uint32_t around = r->depth > 0 ? r->open[r->depth - 1].node : 0, self = outline->count++;
    if (kind != AN_ITEM) outline->nodes[around].length++;
    outline->nodes[self] = (struct es_node){.tag = h->tag,
                                         .length = kind == VALUE ? h->length : 0,
                                         .at = (uint32_t)r->pos,
                                         .end = self + 1,
                                         .around = around,
                                         .self = self,
                                         .vr = {h->vr[0], h->vr[1]},
                                         .kind = (uint8_t)kind};
    return ES_OK;
}

/** A sequence or an item begins. */
static enum es_errc enter(struct reading *r, const struct head *h, enum kind kind, size_t limit)
{
    const bool undefined = h->length == ES_UNDEFINED_LENGTH;
    if (r->depth == ES_OUTLINE_DEPTH || (!undefined && h->length > limit - r->pos)) return ES_E_UNSUPPORTED;
    const enum es_errc code = add(r, h, kind);
    if (code == ES_OK)
        r->open[r->depth++] = (struct open){.node = r->outline->count - 1, .undefined = undefined, .limit = undefined ? limit : r->pos + h->length};
    return code;
}

static void leave(struct reading *r)
{
    r->depth--;
    r->outline->nodes[r->open[r->depth].node].end = r->outline->count;
}

/** Something in a sequence: an item, or its end. */
static enum es_errc read_item(struct reading *r, const struct open *top)
{
    struct head h = {.vr = ""};
    if (!read_head(r, top->limit, &h)) return ES_E_UNSUPPORTED;
    if (h.tag == ES_TAG_SEQUENCE_END && top->undefined && h.length == 0) {
        leave(r);
        return ES_OK;
    }
    return h.tag == ES_TAG_ITEM ? enter(r, &h, AN_ITEM, top->limit) : ES_E_UNSUPPORTED;
}

/** Whether pixel data is well and all there, with nothing behind it. Fragments are not followed. */
static bool is_last(const struct reading *r, const struct head *h)
{
    if (h->tag != PIXEL_DATA || h->vr[0] != 'O' || (h->vr[1] != 'B' && h->vr[1] != 'W')) return false;
    return h->length == ES_UNDEFINED_LENGTH || ((h->length & 1) == 0 && h->length == r->total - r->pos);
}

/** Something in an item or in the data set itself: an element, or its end. @param done  set: the pixel data begins */
static enum es_errc read_element(struct reading *r, struct open *top, bool *done)
{
    struct head h = {.vr = ""};
    if (!read_head(r, top->limit, &h)) return ES_E_UNSUPPORTED;
    if (h.tag == ES_TAG_ITEM_END && top->undefined && h.length == 0) {
        leave(r);
        return ES_OK;
    }
    const uint32_t group = h.tag >> 16;
    if (group <= 7 || group >= 0xFFFE || h.tag <= top->previous) return ES_E_UNSUPPORTED;
    top->previous = h.tag;
    if (r->depth == 1 && h.tag >= BULK) {
        *done = true;
        return is_last(r, &h) ? ES_OK : ES_E_UNSUPPORTED;
    }
    const bool creator = (group & 1) != 0 && (h.tag & 0xFFFF) >= 0x10 && (h.tag & 0xFFFF) <= 0xFF; /* PS3.5 7.8.1: LO; of others DCMTK makes what it will */
    if (creator && (h.vr[0] != 'L' || h.vr[1] != 'O')) return ES_E_UNSUPPORTED;
    if (h.vr[0] == 'S' && h.vr[1] == 'Q') return enter(r, &h, SEQUENCE, top->limit);
    if (h.length == ES_UNDEFINED_LENGTH || (h.length & 1) || h.length > top->limit - r->pos || h.length % unit_of(h.vr) != 0) return ES_E_UNSUPPORTED;
    const enum es_errc code = add(r, &h, VALUE);
    r->pos += h.length;
    return code;
}

static enum es_errc read_set(struct reading *r)
{
    const struct head root = {.tag = ES_TAG_ITEM, .vr = ""};
    enum es_errc code = add(r, &root, AN_ITEM);
    r->open[r->depth++] = (struct open){.limit = r->len};
    for (bool done = false; code == ES_OK && !done;) {
        struct open *top = &r->open[r->depth - 1];
        if (r->depth == 1 && r->pos == r->total) break;
        if (r->depth > 1 && !top->undefined && r->pos == top->limit) leave(r);
        else if (r->outline->nodes[top->node].kind == SEQUENCE) code = read_item(r, top);
        else code = read_element(r, top, &done);
    }
    if (code == ES_OK) leave(r);
    return code;
}

/** Whether a transfer syntax writes the data set as we read it: PS3.5 A.2, and those compressed ones of A.4 that DCMTK knows. */
static bool known_syntax(const char *uid, size_t len)
{
    static const char little[] = "1.2.840.10008.1.2.";
    static const char *const ends[] = {"1", "5", "4.50", "4.51", "4.57", "4.70", "4.80", "4.81", "4.90", "4.91"};
    const size_t n = sizeof little - 1;
    while (len > 0 && (uid[len - 1] == '\0' || uid[len - 1] == ' ')) len--;
    if (len <= n || memcmp(uid, little, n) != 0) return false;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (strlen(ends[i]) == len - n && memcmp(uid + n, ends[i], len - n) == 0) return true;
    return false;
}

/** File meta information (PS3.10 7.1), its group length first; then the data set is next. */
static bool read_meta(struct reading *r)
{
    static const uint8_t begin[] = {'D', 'I', 'C', 'M', 2, 0, 0, 0, 'U', 'L', 4, 0};
    const size_t preamble = 128, first = preamble + sizeof begin + 4;
    bool known = false;
    if (r->len < first || memcmp(r->p + preamble, begin, sizeof begin) != 0) return false;
    const uint32_t length = es_u32(r->p + first - 4);
    if (length > r->len - first) return false;
    uint32_t previous = 0x00020000;
    r->pos = first;
    while (r->pos < first + length) {
        struct head h;
        if (!read_head(r, first + length, &h) || h.tag >> 16 != 2 || h.tag <= previous) return false;
        if ((h.vr[0] == 'S' && h.vr[1] == 'Q') || (h.length & 1) || h.length > ES_MAX_VALUE || h.length > first + length - r->pos) return false;
        previous = h.tag;
        if (h.tag == 0x00020010) known = known_syntax((const char *)r->p + r->pos, h.length);
        r->pos += h.length;
    }
    return known;
}

enum es_errc es_outline_new(struct es_outline **out, const void *bytes, size_t len, uint64_t total)
{
    struct reading r = {.p = bytes, .len = len, .total = total};
    *out = NULL;
    if (len > ES_MAX_OBJECT_BYTES || !read_meta(&r)) return ES_E_UNSUPPORTED;
    r.outline = malloc(sizeof *r.outline + FIRST_NODES * sizeof r.outline->nodes[0]);
    if (!r.outline) return ES_E_MEMORY;
    r.outline->bytes = bytes;
    r.outline->count = 0;
    r.outline->room = FIRST_NODES;
    const enum es_errc code = read_set(&r);
    if (code == ES_OK) *out = r.outline;
    else free(r.outline);
    return code;
}

void es_outline_free(struct es_outline *outline) { free(outline); }

/* ---- what was read ---- */

static const struct es_outline *view_of(const struct es_node *node)
{
    const char *first = (const char *)(node - node->self);
    return (const struct es_outline *)(const void *)(first - offsetof(struct es_outline, nodes));
}

static const void *handle_of(const struct es_node *node) { return (const void *)((uintptr_t)node | 1); }

const struct es_node *es_outline_node(const void *handle) { return (const struct es_node *)((uintptr_t)handle & ~(uintptr_t)1); }

const struct es_item *es_outline_root(const struct es_outline *outline) { return handle_of(&outline->nodes[0]); }

const struct es_node *es_outline_find(const struct es_item *item, uint32_t tag)
{
    const struct es_node *around = es_outline_node(item), *end = around + (around->end - around->self);
    const struct es_node *e = around + 1;
    while (e < end && e->tag < tag) e += e->end - e->self;
    return e < end && e->tag == tag ? e : NULL;
}

/** The node behind one in the same sequence or item; NULL at its end. */
static const struct es_node *behind(const struct es_node *node)
{
    const struct es_node *around = node - (node->self - node->around);
    return node->end < around->end ? node + (node->end - node->self) : NULL;
}

static const struct es_node *first_in(const struct es_node *node) { return node->end > node->self + 1 ? node + 1 : NULL; }

const struct es_item *es_outline_next(const struct es_node *sequence, const struct es_item *previous)
{
    const struct es_node *item = NULL;
    if (previous) item = behind(es_outline_node(previous));
    else if (sequence && sequence->kind == SEQUENCE) item = first_in(sequence);
    return item ? handle_of(item) : NULL;
}

bool es_outline_point(const struct es_node *element, struct es_item_cursor *cursor)
{
    if (!element) return false;
    *cursor = (struct es_item_cursor){.at = handle_of(element),
                                      .tag = element->tag,
                                      .vr = {element->vr[0], element->vr[1]},
                                      .sequence = element->kind == SEQUENCE,
                                      .length = element->kind == VALUE ? element->length : 0};
    return true;
}

bool es_outline_walk(const struct es_item *item, struct es_item_cursor *cursor)
{
    return es_outline_point(cursor->at ? behind(es_outline_node(cursor->at)) : first_in(es_outline_node(item)), cursor);
}

size_t es_outline_count(const struct es_item *item) { return es_outline_node(item)->length; }

size_t es_outline_bytes(const struct es_node *element, void *out, size_t room)
{
    if (!element || element->kind != VALUE || element->length > ES_MAX_VALUE) return 0;
    const size_t n = element->length < room ? element->length : room;
    if (n > 0) memcpy(out, view_of(element)->bytes + element->at, n);
    return n;
}

bool es_outline_text(const struct es_node *element, char *out, size_t size)
{
    char value[ES_VALUE_TEXT];
    out[0] = '\0';
    if (!element || element->kind != VALUE) return false;
    if (element->length > ES_MAX_VALUE) memset(value, '?', sizeof value);
    else (void)es_outline_bytes(element, value, sizeof value);
    return es_value_text(value, element->length, out, size);
}

bool es_outline_number(const struct es_node *element, double *out)
{
    uint8_t p[8];
    if (!element || element->kind != VALUE || element->length < unit_of(element->vr)) return false;
    const char *vr = element->vr;
    if (es_outline_bytes(element, p, sizeof p) == 0) return false;
    if (memcmp(vr, "US", 2) == 0) *out = (double)es_u16(p);
    else if (memcmp(vr, "SS", 2) == 0) *out = (double)(int16_t)es_u16(p);
    else if (memcmp(vr, "UL", 2) == 0) *out = (double)es_u32(p);
    else if (memcmp(vr, "SL", 2) == 0) *out = (double)(int32_t)es_u32(p);
    else if (memcmp(vr, "FL", 2) == 0) {
        const uint32_t bits = es_u32(p);
        float value;
        memcpy(&value, &bits, sizeof value);
        *out = (double)value;
    } else if (memcmp(vr, "FD", 2) == 0) {
        const uint64_t bits = (uint64_t)es_u32(p) | (uint64_t)es_u32(p + 4) << 32;
        memcpy(out, &bits, sizeof *out);
    } else return false;
    return true;
}

bool es_value_text(const char value[ES_VALUE_TEXT], size_t len, char *out, size_t size)
{
    size_t n = len;
    bool fits = n < ES_VALUE_TEXT;
    if (n > ES_VALUE_TEXT - 8) n = ES_VALUE_TEXT - 8; /* whole numbers, if it is any */
    while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\0')) n--;
    if (n >= size) {
        fits = false;
        n = size - 1;
    }
    memcpy(out, value, n);
    out[n] = '\0';
    return fits;
}
