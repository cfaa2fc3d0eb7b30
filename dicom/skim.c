/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/skim.h"

#include <string.h>

#include "dicom/elements_add.h"
#include "dicom/little_endian.h"
#include "dicom/storing.h"
#include "dicom/vr.h"


/** Where we are in the bytes. `p` is borrowed. */
struct reader {
    const uint8_t *p;     /* the bytes at hand: those of the object from offset `from` up to `until` */
    size_t from, until;
    size_t len, pos;      /* of the object; where we are in it, never before `from` */
    const struct es_skim_source *source; /* gives others; NULL when there are none */
    bool explicit_vr;
    bool skipping; /* hop only, keep nothing, judge nothing: es_skim_end() */
    unsigned steps, items;
    size_t row; /* of es_attributes: the first that root elements have not passed; both rise */
    struct es_elements *out;
    struct es_error *err;
};

/** What the items of a sequence are to us. */
enum mode {
    SKIP,  /* nothing is kept; still walked, so that what is broken is not passed over */
    OUTER, /* items may hold row->codes */
    CODES  /* items hold code values */
};

/** One element header. */
struct head {
    uint32_t tag, length;
    size_t at; /* where the header began */
    char vr[2];
    bool has_vr;
};

static enum es_errc walk_set(struct reader *r, size_t end, bool undefined, unsigned depth, enum mode mode,
                             const struct es_attribute *row);

/** Other bytes, from where we are on. @return whether there are n, all of them within the object */
static bool fetch(struct reader *r, size_t n)
{
    size_t got = 0;
    const uint8_t *more = r->source ? r->source->read(r->source->context, r->pos, &got) : NULL;
    if (!more) return false;
    r->p = more;
    r->from = r->pos;
    r->until = r->pos + (got < r->len - r->pos ? got : r->len - r->pos);
    return n <= r->until - r->pos;
}

/** Whether n bytes from where we are can be looked at. Those that were at hand before may be gone afterwards. */
static inline bool at_hand(struct reader *r, size_t n) { return (r->pos <= r->until && n <= r->until - r->pos) || fetch(r, n); }

/** The bytes where we are. */
static inline const uint8_t *here(const struct reader *r) { return r->p + (r->pos - r->from); }

static enum es_errc unusual(struct reader *r, uint32_t tag, const char *what)
{
    return es_fail_at(r->err, ES_E_UNSUPPORTED, tag, r->pos, "skim: (%04x,%04x) %s", (unsigned)(tag >> 16),
                      (unsigned)(tag & 0xFFFF), what);
}

/* The end of the object's bytes means "give more"; the end of an enclosing length means that something is wrong inside. */
static enum es_errc ends(struct reader *r, uint32_t tag, size_t end)
{
    if (end != r->len) return unusual(r, tag, "passes the end of the item or sequence around it");
    return es_fail_at(r->err, ES_E_PARSE, tag, r->pos, "skim: (%04x,%04x) ends behind the %zu bytes given", (unsigned)(tag >> 16),
                      (unsigned)(tag & 0xFFFF), r->len);
}

ES_STORING static enum es_errc read_head(struct reader *r, size_t end, struct head *h)
{
    if (++r->steps > ES_SKIM_STEPS) return unusual(r, 0, "more elements than are skimmed");
    if (end - r->pos < 8 || !at_hand(r, end - r->pos < 12 ? 8 : 12)) return ends(r, 0, end);
    const uint8_t *p = here(r);
    *h = (struct head){.tag = es_tag_at(p), .at = r->pos};
    if (!r->explicit_vr || h->tag >> 16 == 0xFFFE) {
        h->length = es_u32(p + 4);
        r->pos += 8;
        return ES_OK;
    }
    const unsigned form = es_vr_properties(p + 4);
    if (form == 0) return unusual(r, h->tag, "has no known VR");
    memcpy(h->vr, p + 4, sizeof h->vr);
    h->has_vr = true;
    if (!(form & ES_VR_WIDE)) {
        h->length = es_u16(p + 6);
        r->pos += 8;
        return ES_OK;
    }
    if (end - r->pos < 12) return ends(r, h->tag, end);
    if (es_u16(p + 6) != 0 && !r->skipping) return unusual(r, h->tag, "has reserved bytes that are not zero");
    h->length = es_u32(p + 8);
    r->pos += 12;
    return ES_OK;
}

/** Whether the element is a sequence. Under implicit VR only the table, an undefined length or the bytes can tell. */
ES_STORING static bool is_sequence(struct reader *r, const struct head *h, bool wanted_sequence, size_t end)
{
    if (h->has_vr) return h->vr[0] == 'S' && h->vr[1] == 'Q';
    if (wanted_sequence || h->length == ES_UNDEFINED_LENGTH) return true;
    if (r->skipping || h->length < 8 || end - r->pos < 8 || !at_hand(r, 8)) return false;
    return es_tag_at(here(r)) == ES_TAG_ITEM;
}

ES_STORING static enum es_errc walk_items(struct reader *r, size_t end, bool undefined, unsigned depth, enum mode mode,
                                          const struct es_attribute *row)
{
    if (depth > ES_SKIM_DEPTH) return unusual(r, 0, "lies too deep");
    while (undefined || r->pos < end) {
        struct head h;
        const bool explicit_vr = r->explicit_vr;
        const enum es_errc code = read_head(r, end, &h);
        if (code != ES_OK) return code;
        if (undefined && h.tag == ES_TAG_SEQUENCE_END) return h.length == 0 ? ES_OK : unusual(r, h.tag, "has a length");
        if (h.tag != ES_TAG_ITEM) return unusual(r, h.tag, "stands where an item is expected");
        const bool open = h.length == ES_UNDEFINED_LENGTH;
        if (!open && h.length > end - r->pos) return ends(r, h.tag, end);
        if (mode == CODES && ++r->items > ES_MAX_CODE_ITEMS) return unusual(r, row->tag, "has more items than are kept");
        const enum es_errc inner = walk_set(r, open ? end : r->pos + h.length, open, depth, mode, row);
        if (inner != ES_OK) return inner;
        r->explicit_vr = explicit_vr;
    }
    return ES_OK;
}

ES_STORING static enum es_errc walk_sequence(struct reader *r, const struct head *h, size_t end, unsigned depth, enum mode mode,
                                  const struct es_attribute *row)
{
    if (h->length == ES_UNDEFINED_LENGTH) return walk_items(r, end, true, depth + 1, mode, row);
    if (h->length > end - r->pos) return ends(r, h->tag, end);
    return walk_items(r, r->pos + h->length, false, depth + 1, mode, row);
}

/** Keep a value that is wanted where we are. */
ES_STORING static enum es_errc keep(struct reader *r, const struct head *h, enum mode mode, const struct es_attribute *row, bool root)
{
    const bool nested = mode == CODES && es_attribute_nested(h->tag);
    if (!root && !nested) return ES_OK;
    const bool whole = at_hand(r, h->length);
    if (whole)
        (void)es_elements_add_part(r->out, h->tag, nested ? row->tag : 0, nested ? r->items - 1 : 0, h->has_vr ? h->vr : NULL, here(r), h->length,
                                   r->until - r->pos);
    return !whole || r->out->unusual ? unusual(r, h->tag, "is longer than is kept") : ES_OK;
}

/** A wanted sequence that an explicit VR file calls UN holds implicit VR little endian (PS3.5 6.2.2). */
static enum es_errc walk_unknown(struct reader *r, const struct head *h, const struct es_attribute *row, unsigned depth)
{
    const size_t end = r->pos + h->length;
    const bool explicit_vr = r->explicit_vr;
    r->explicit_vr = false;
    r->items = 0;
    const enum es_errc code = walk_items(r, end, false, depth + 1, row->codes == row->tag ? CODES : OUTER, row);
    r->explicit_vr = explicit_vr;
    return code;
}

/** The row of a root element. Tags rise, and so does the table: no search. */
ES_STORING static const struct es_attribute *next_row(struct reader *r, uint32_t tag)
{
    while (r->row < es_n_attributes && es_attributes[r->row].tag < tag) r->row++;
    return r->row < es_n_attributes && es_attributes[r->row].tag == tag ? &es_attributes[r->row] : NULL;
}

/** One element behind its header: into sequences, past values, keeping what is wanted. */
ES_STORING static enum es_errc walk_element(struct reader *r, const struct head *h, size_t end, unsigned depth, enum mode mode,
                                 const struct es_attribute *row)
{
    const bool root = depth == 0;
    const struct es_attribute *wanted = root ? next_row(r, h->tag) : NULL;
    const bool codes_here = mode == OUTER && h->tag == row->codes;
    const bool wanted_sequence = codes_here || (wanted && wanted->codes);
    const bool unknown = h->has_vr && h->vr[0] == 'U' && h->vr[1] == 'N';
    if (is_sequence(r, h, wanted_sequence, end)) {
        if (wanted && !wanted->codes) return unusual(r, h->tag, "is a sequence");
        if (mode == CODES && es_attribute_nested(h->tag)) return unusual(r, h->tag, "is a sequence");
        if (wanted) {
            r->items = 0;
            if (!es_elements_add(r->out, h->tag, 0, 0, "SQ", NULL, 0)) return unusual(r, h->tag, "does not fit");
            return walk_sequence(r, h, end, depth, wanted->codes == wanted->tag ? CODES : OUTER, wanted);
        }
        return walk_sequence(r, h, end, depth, codes_here ? CODES : SKIP, row);
    }
    if (h->length == ES_UNDEFINED_LENGTH) return unusual(r, h->tag, "has an undefined length");
    if (h->length & 1) return unusual(r, h->tag, "has an odd length");
    if (h->length > end - r->pos) return ends(r, h->tag, end);
    if (wanted_sequence) {
        if (!unknown || !wanted) return unusual(r, h->tag, "is no sequence");
        if (!es_elements_add(r->out, h->tag, 0, 0, "SQ", NULL, 0)) return unusual(r, h->tag, "does not fit");
        return walk_unknown(r, h, wanted, depth);
    }
    const enum es_errc code = keep(r, h, mode, row, wanted != NULL);
    r->pos += h->length;
    return code;
}

#define FORBIDDEN 0x0007FFFFu /* up to here: commands, file meta information, and groups PS3.5 7.1 forbids */

ES_STORING static bool odd_group(uint32_t tag) { return tag <= FORBIDDEN || tag >= 0xFFFE0000u; }

/** The bytes that an element in explicit VR takes which is as plain as can be and no sequence, header included; 0 for all others. Judges as
 * read_head() and walk_element() do, but has nothing to say. @param len  bytes that it may take, at least 8 */
ES_STORING static inline size_t plain_size(const uint8_t *p, size_t len)
{
    const unsigned form = es_vr_properties(p + 4);
    const size_t head = form & ES_VR_WIDE ? 12 : 8;
    if (form == 0 || len < head) return 0;
    const uint32_t length = head == 8 ? es_u16(p + 6) : es_u32(p + 8);
    if ((length & 1) | (length > len - head)) return 0; /* an undefined length is odd */
    return head == 12 && (es_u16(p + 6) != 0 || (p[4] == 'S' && p[5] == 'Q')) ? 0 : head + length;
}

/** The same of a sequence whose items hold plain elements only; all of it within `len` bytes. @param steps  how many headers it has */
ES_STORING static size_t plain_sequence(const uint8_t *p, size_t len, unsigned *steps)
{
    if (len < 12 || p[4] != 'S' || p[5] != 'Q' || es_u16(p + 6) != 0) return 0;
    const bool open = es_u32(p + 8) == ES_UNDEFINED_LENGTH;
    if (!open && es_u32(p + 8) > len - 12) return 0;
    const size_t end = open ? len : 12 + (size_t)es_u32(p + 8);
    size_t at = 12;
    for (*steps = 2; end - at >= 8; (*steps)++) {
        const uint32_t tag = es_tag_at(p + at), length = es_u32(p + at + 4);
        at += 8;
        if (open && tag == ES_TAG_SEQUENCE_END && length == 0) return at;
        const bool open_item = length == ES_UNDEFINED_LENGTH;
        if (tag != ES_TAG_ITEM || (!open_item && length > end - at)) return 0;
        const size_t item_end = open_item ? end : at + length;
        for (uint32_t last = FORBIDDEN; at != item_end || open_item; (*steps)++) {
            if (item_end - at < 8) return 0;
            const uint32_t inner = es_tag_at(p + at);
            const bool ends_item = open_item && inner == ES_TAG_ITEM_END && es_u32(p + at + 4) == 0;
            const size_t size = ends_item ? 8 : inner > last && !odd_group(inner) ? plain_size(p + at, item_end - at) : 0;
            if (size == 0) return 0;
            last = inner;
            at += size;
            if (ends_item) break;
        }
    }
    return open || at != end ? 0 : at;
}

/** Keep a wanted plain value of a text VR, all of it at hand. @return false, and nothing is done, when it is to be looked at more closely */
ES_STORING static inline bool keep_plain(struct reader *r, const uint8_t *p)
{
    const size_t readable = r->until - r->pos;
    if (es_vr_properties(p + 4) & (ES_VR_WIDE | ES_VR_BINARY)) return false;
    return readable >= 8 && es_elements_add_short(r->out, es_tag_at(p), (const char *)p + 4, p + 8, es_u16(p + 6), readable - 8);
}

/** Over elements in explicit VR that are as plain as can be, without a call for most: nearly all of a header. Whatever else comes is left where it is.
 * @param previous  the last tag, not below FORBIDDEN; moved on */
ES_STORING static void hop(struct reader *r, size_t end, unsigned depth, uint32_t *previous)
{
    const uint32_t limit = depth == 0 ? ES_LAST_WANTED_TAG : ES_TAG_ITEM - 0xE001u;
    uint32_t last = *previous;
    while (end - r->pos >= 8 && at_hand(r, end - r->pos < 12 ? 8 : 12) && r->steps < ES_SKIM_STEPS) {
        const uint8_t *p = here(r);
        const uint32_t tag = es_tag_at(p);
        if (tag - last - 1 >= limit - last) break; /* not behind the last, or beyond the limit */
        const struct es_attribute *wanted = depth == 0 ? next_row(r, tag) : NULL;
        size_t size = plain_size(p, end - r->pos);
        unsigned steps = 1;
        if (wanted && (size == 0 || wanted->codes || !keep_plain(r, p))) break;
        if (size == 0 && depth < ES_SKIM_DEPTH) size = plain_sequence(p, (end < r->until ? end : r->until) - r->pos, &steps);
        if (size == 0 || steps > ES_SKIM_STEPS - r->steps) break;
        last = tag;
        r->steps += steps;
        r->pos += size;
    }
    *previous = last;
}

/** A data set or an item of one. At the root (depth 0) it ends with the first tag behind the last wanted one. */
ES_STORING static enum es_errc walk_set(struct reader *r, size_t end, bool undefined, unsigned depth, enum mode mode,
                             const struct es_attribute *row)
{
    uint32_t previous = FORBIDDEN;
    while (undefined || r->pos < end) {
        struct head h;
        if (r->explicit_vr && (depth == 0 || mode == SKIP)) hop(r, end, depth, &previous);
        if (r->pos == end && !undefined) break;
        enum es_errc code = read_head(r, end, &h);
        if (code != ES_OK) return code;
        if (undefined && h.tag == ES_TAG_ITEM_END) return h.length == 0 ? ES_OK : unusual(r, h.tag, "has a length");
        if (odd_group(h.tag)) return unusual(r, h.tag, "does not belong here");
        if (h.tag <= previous) return unusual(r, h.tag, "is repeated or out of order");
        previous = h.tag;
        if (depth == 0 && h.tag > ES_LAST_WANTED_TAG) {
            r->pos = h.at;
            return ES_OK;
        }
        code = walk_element(r, &h, end, depth, mode, row);
        if (code != ES_OK) return code;
    }
    return ES_OK;
}

/** Whether the data set is written in a way we know. @param syntax  its TransferSyntaxUID, not terminated */
ES_STORING static enum es_errc set_syntax(struct reader *r, const char *syntax, size_t len)
{
    /* PS3.5 A.1; A.2; A.4: all compressed syntaxes of 1.2.840.10008.1.2.4 and .5 write the header in explicit little endian */
    static const char little[] = "1.2.840.10008.1.2";
    const size_t n = sizeof little - 1;
    bool known = len >= n && memcmp(syntax, little, n) == 0;
    r->explicit_vr = len != n;
    if (len == n + 2) known = known && (memcmp(syntax + n, ".1", 2) == 0 || memcmp(syntax + n, ".5", 2) == 0);
    else if (len > n) known = known && len > n + 2 && memcmp(syntax + n, ".4.", 3) == 0;
    return known ? ES_OK : unusual(r, 0x00020010, "is a transfer syntax that is not skimmed");
}

/** Preamble and file meta information (PS3.10 7.1); then the reader stands on the data set. A group length that is wrong is no matter when
 * only the end is looked for. */
ES_STORING static enum es_errc read_meta(struct reader *r, bool strict)
{
    if (r->len < 132 || !at_hand(r, 132)) return es_fail(r->err, ES_E_PARSE, "skim: %zu bytes given, a preamble alone has 132", r->len);
    if (memcmp(here(r) + 128, "DICM", 4) != 0) return unusual(r, 0, "no preamble");
    uint32_t previous = 0;
    size_t meta_end = 0;
    r->explicit_vr = true;
    for (r->pos = 132;;) {
        if (r->len - r->pos < 8 || !at_hand(r, 8)) return ends(r, 0, r->len);
        if (es_u16(here(r)) != 0x0002) break;
        struct head h;
        const enum es_errc code = read_head(r, r->len, &h);
        if (code != ES_OK) return code;
        if (h.tag <= previous) return unusual(r, h.tag, "is repeated or out of order");
        previous = h.tag;
        if ((h.vr[0] == 'S' && h.vr[1] == 'Q') || (h.length & 1)) return unusual(r, h.tag, "is malformed");
        if (h.length > r->len - r->pos) return ends(r, h.tag, r->len);
        if (h.tag == 0x00020000) {
            if (h.length != 4 || h.vr[0] != 'U' || h.vr[1] != 'L' || !at_hand(r, 4)) return unusual(r, h.tag, "is malformed");
            meta_end = r->pos + 4 + es_u32(here(r));
        }
        if (next_row(r, h.tag) && keep(r, &h, SKIP, NULL, true) != ES_OK) return ES_E_UNSUPPORTED;
        r->pos += h.length;
    }
    if (strict && meta_end != 0 && meta_end != r->pos) return unusual(r, 0x00020000, "is not the length of the group");
    const struct es_element *syntax = es_elements_find(r->out, 0x00020010);
    if (!syntax) return unusual(r, 0x00020010, "is missing");
    return set_syntax(r, es_elements_value(r->out, syntax), syntax->length);
}

/** es_skim() with a reader of the caller's, which then stands on the first element that was not wanted. */
ES_STORING static enum es_errc skim(struct reader *r)
{
    es_elements_clear(r->out);
    const enum es_errc code = read_meta(r, true);
    return code == ES_OK ? walk_set(r, r->len, false, 0, SKIP, NULL) : code;
}

ES_STORING enum es_errc es_skim(const void *bytes, size_t len, struct es_elements *out, struct es_error *err)
{
    struct reader r = {.p = bytes, .until = len, .len = len, .out = out, .err = err};
    return skim(&r);
}

/** From element to element of the root, from where the reader stands. */
static void hop_to_end(struct reader *r, uint64_t total, struct es_error *err)
{
    r->skipping = true;
    r->out = NULL;
    r->err = NULL;
    while (r->pos < r->len) {
        struct head h;
        if (read_head(r, r->len, &h) != ES_OK) return;
        if (h.length == ES_UNDEFINED_LENGTH) {
            if (h.tag >> 16 == 0x7FE0) return; /* encapsulated: fragments are not followed */
            r->source = NULL; /* nor items beyond the bytes at hand: there may be any number */
            if (walk_items(r, r->len, true, 1, SKIP, NULL) != ES_OK) return;
            continue;
        }
        if (h.length > total - r->pos) {
            (void)es_fail_at(err, ES_E_PARSE, h.tag, h.at, "(%04x,%04x) claims %u bytes, %llu remain", (unsigned)(h.tag >> 16),
                             (unsigned)(h.tag & 0xFFFF), (unsigned)h.length, (unsigned long long)(total - r->pos));
            return;
        }
        if (h.length > r->len - r->pos) return;
        r->pos += h.length;
    }
}

enum es_errc es_skim_to_end(const void *bytes, size_t len, uint64_t total, struct es_elements *out, struct es_error *end,
                            struct es_error *err)
{
    struct reader r = {.p = bytes, .until = len, .len = len, .out = out, .err = err};
    const enum es_errc code = skim(&r);
    if (code == ES_OK) hop_to_end(&r, total, end);
    return code;
}

enum es_errc es_skim_parts(const struct es_skim_source *source, size_t len, struct es_elements *out, struct es_error *end, struct es_error *err)
{
    struct reader r = {.source = source, .len = len, .out = out, .err = err};
    const enum es_errc code = skim(&r);
    if (code == ES_OK) hop_to_end(&r, len, end);
    return code;
}

enum es_errc es_skim_sequence(const struct es_attribute *row, const void *bytes, size_t len, struct es_elements *elements,
                              unsigned *next, struct es_error *err)
{
    struct reader r = {.p = bytes, .until = len, .len = len, .items = *next, .out = elements, .err = err};
    if (!row->codes) return es_fail(err, ES_E_ARG, "skim: %s is no sequence", row->keyword);
    const enum es_errc code = walk_items(&r, len, false, 1, row->codes == row->tag ? CODES : OUTER, row);
    *next = r.items;
    return code == ES_OK ? ES_OK : ES_E_UNSUPPORTED;
}

void es_skim_end(const void *bytes, size_t len, uint64_t total, struct es_error *end)
{
    struct es_elements meta;
    struct reader r = {.p = bytes, .until = len, .len = len, .out = &meta};
    es_elements_clear(&meta);
    if (read_meta(&r, false) != ES_OK) return;
    hop_to_end(&r, total, end);
}
