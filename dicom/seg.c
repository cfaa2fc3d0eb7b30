/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/seg.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/seg_internal.h"
#include "dicom/sr.h"
#include "dicom/text.h"

struct charset {
    const char *bytes;
    size_t len;
};

const char *es_seg_type_name(enum es_seg_type type)
{
    static const char *const names[] = {"other", "binary", "fractional", "labelmap"};
    return names[type];
}

const char *es_seg_maker_name(enum es_seg_maker maker)
{
    static const char *const names[] = {"unsaid", "manual", "semiautomatic", "automatic"};
    return names[maker];
}

const char *es_seg_slices_name(enum es_seg_slices rule)
{
    static const char *const names[] = {"unknown", "between", "positions", "thickness"};
    return names[rule];
}

bool es_seg_class(const char *sop_class_uid)
{
    return strcmp(sop_class_uid, "1.2.840.10008.5.1.4.1.1.66.4") == 0 || strcmp(sop_class_uid, "1.2.840.10008.5.1.4.1.1.66.7") == 0;
}

void es_seg_unread(struct es_seg_facts *facts, const char *fmt, ...)
{
    va_list args;
    if (facts->unread[0] != '\0') return;
    va_start(args, fmt);
    (void)vsnprintf(facts->unread, sizeof facts->unread, fmt, args);
    va_end(args);
}

uint32_t es_seg_find(const struct es_seg_facts *facts, uint32_t number)
{
    /* segments of binary objects are numbered from 1, of label maps often from 0: look there first */
    for (uint32_t before = 0; before < 2; before++)
        if (number >= before && number - before < facts->n_segments && facts->segments[number - before].number == number)
            return number - before;
    for (uint32_t i = 0; i < facts->n_segments; i++)
        if (facts->segments[i].number == number) return i;
    return ES_MAX_SEG_SEGMENTS;
}

/* ---- what there is ---- */

static void take(const struct charset *cs, const struct es_item *item, uint32_t tag, char out[ES_FACT_VALUE])
{
    char raw[257];
    (void)es_item_text(item, tag, raw, sizeof raw);
    (void)es_text_decode(cs->bytes, cs->len, raw, strlen(raw), out, ES_FACT_VALUE);
}

static enum es_seg_type type_of(const struct es_item *root)
{
    char text[17];
    (void)es_item_text(root, 0x00620001, text, sizeof text);
    if (strcmp(text, "BINARY") == 0) return ES_SEG_BINARY;
    if (strcmp(text, "FRACTIONAL") == 0) return ES_SEG_FRACTIONAL;
    return strcmp(text, "LABELMAP") == 0 ? ES_SEG_LABELMAP : ES_SEG_OTHER;
}

static enum es_seg_maker maker_of(const struct es_item *segment)
{
    char text[17];
    (void)es_item_text(segment, 0x00620008, text, sizeof text);
    if (strcmp(text, "MANUAL") == 0) return ES_SEG_MANUAL;
    if (strcmp(text, "SEMIAUTOMATIC") == 0) return ES_SEG_SEMIAUTOMATIC;
    return strcmp(text, "AUTOMATIC") == 0 ? ES_SEG_AUTOMATIC : ES_SEG_UNSAID;
}

static void read_segment(const struct charset *cs, const struct es_item *item, uint32_t number, struct es_seg_segment *out)
{
    const struct es_item *id = es_item_next(item, 0x00620007, NULL);
    memset(out, 0, sizeof *out);
    out->number = number;
    out->area_mm2 = out->volume_ml = NAN;
    take(cs, item, 0x00620005, out->label);
    (void)es_code_read(item, 0x00620003, &out->category);
    (void)es_code_read(item, 0x0062000F, &out->property);
    out->maker = maker_of(item);
    if (id) {
        take(cs, id, 0x00660036, out->algorithm_name);
        take(cs, id, 0x00660031, out->algorithm_version);
    }
    if (!out->algorithm_name[0]) take(cs, item, 0x00620009, out->algorithm_name);
}

static enum es_errc read_segments(const struct charset *cs, const struct es_item *root, struct es_seg_facts *facts, struct es_error *err)
{
    size_t room = 0;
    for (const struct es_item *item = es_item_next(root, 0x00620002, NULL); item; item = es_item_next(root, 0x00620002, item)) {
        double number = 0;
        if (!es_item_number(item, 0x00620004, &number) || number < 0 || number > 65535) {
            facts->skipped++;
            continue;
        }
        if (facts->n_segments == ES_MAX_SEG_SEGMENTS) {
            es_seg_unread(facts, "more than %d segments", ES_MAX_SEG_SEGMENTS);
            break;
        }
        if (facts->n_segments == room) {
            const size_t more = room ? room * 2 : 8;
            struct es_seg_segment *bigger = realloc(facts->segments, more * sizeof *bigger);
            if (!bigger) return es_fail(err, ES_E_MEMORY, "segmentation: no room for %zu segments", more);
            facts->segments = bigger;
            room = more;
        }
        read_segment(cs, item, (uint32_t)number, &facts->segments[facts->n_segments++]);
    }
    return ES_OK;
}

/** The shape of the pixels. @return false when they cannot be read; facts->unread says why */
static bool read_shape(struct seg_reading *r)
{
    struct es_seg_facts *f = r->facts;
    double rows = 0, columns = 0, bits = 0, full = 255, frames = 1;
    char text[33];
    if (es_item_text(r->root, 0x00280008, text, sizeof text)) (void)es_text_number(text, strlen(text), &frames);
    (void)es_item_number(r->root, 0x00280010, &rows);
    (void)es_item_number(r->root, 0x00280011, &columns);
    (void)es_item_number(r->root, 0x00280100, &bits);
    (void)es_item_number(r->root, 0x0062000E, &full);
    (void)es_item_text(r->root, 0x00620010, text, sizeof text);
    r->occupancy = strcmp(text, "OCCUPANCY") == 0;
    if (!(frames >= 1 && frames <= ES_MAX_SEG_FRAMES))
        es_seg_unread(f, "NumberOfFrames outside 1..%d", ES_MAX_SEG_FRAMES);
    else if (!(rows >= 1 && rows <= 65535 && columns >= 1 && columns <= 65535))
        es_seg_unread(f, "no Rows or no Columns");
    else if (f->type == ES_SEG_OTHER)
        es_seg_unread(f, "SegmentationType is none of BINARY, FRACTIONAL and LABELMAP");
    else if (!(bits == 8 || (bits == 1 && f->type == ES_SEG_BINARY) || (bits == 16 && f->type != ES_SEG_FRACTIONAL)))
        es_seg_unread(f, "BitsAllocated %.0f in a %s segmentation", bits, es_seg_type_name(f->type));
    else if (frames * rows * columns > (double)ES_MAX_SEG_PIXELS)
        es_seg_unread(f, "%.0f pixels, at most %llu are read", frames * rows * columns, (unsigned long long)ES_MAX_SEG_PIXELS);
    else if (f->n_segments == 0)
        es_seg_unread(f, "no SegmentSequence");
    if (f->unread[0]) return false;
    f->frames = (uint32_t)frames;
    r->rows = f->rows = (uint32_t)rows;
    r->columns = f->columns = (uint32_t)columns;
    r->bits = (uint32_t)bits;
    r->full = full >= 1 ? full : 255;
    return true;
}

/* ---- how large ---- */

/** Area and volume of a segment from its runs. */
static void measure(const struct seg_reading *r, size_t index)
{
    struct es_seg_facts *f = r->facts;
    struct es_seg_segment *s = &f->segments[index];
    const double pixel = f->spacing[0] * f->spacing[1];
    const bool fractions = f->type == ES_SEG_FRACTIONAL && r->occupancy;
    uint64_t here = 0, most = 0;
    s->voxels = 0;
    s->planes = 0;
    for (size_t i = 0; i < s->n_runs; i++) {
        if (i == 0 || s->runs[i].plane != s->runs[i - 1].plane) {
            here = 0;
            s->planes++;
        }
        here += s->runs[i].length;
        s->voxels += s->runs[i].length;
        if (here > most) most = here;
    }
    s->area_mm2 = (double)most * pixel;
    s->volume_ml = (fractions ? r->fractions[index] : (double)s->voxels) * pixel * f->slice_spacing / 1000;
}

static enum es_errc read_all(struct seg_reading *r, const struct charset *cs, struct es_error *err)
{
    struct es_seg_facts *f = r->facts;
    f->type = type_of(r->root);
    f->spacing[0] = f->spacing[1] = f->slice_spacing = NAN;
    take(cs, r->root, 0x00700084, f->reader);
    if (!es_item_text(r->root, 0x00200052, f->frame_of_reference, sizeof f->frame_of_reference) || !es_text_is_uid(f->frame_of_reference))
        f->frame_of_reference[0] = '\0';
    enum es_errc code = read_segments(cs, r->root, f, err);
    if (code != ES_OK || !read_shape(r)) return code;
    code = es_seg_frames(r, err);
    if (code == ES_OK && !f->unread[0]) code = es_seg_pixels(r, err);
    if (code != ES_OK || f->unread[0]) return code;
    for (size_t i = 0; i < f->n_segments; i++) measure(r, i);
    return ES_OK;
}

enum es_errc es_seg_read(const struct es_dataset *dataset, const struct es_elements *elements, struct es_seg_facts **out,
                         struct es_error *err)
{
    const struct es_element *e = es_elements_find(elements, 0x00080005);
    const struct charset cs = {e ? es_elements_value(elements, e) : "", e ? e->length : 0};
    struct seg_reading r = {.dataset = dataset, .root = es_dataset_root(dataset), .thickness = NAN, .between = NAN};
    r.facts = calloc(1, sizeof *r.facts);
    if (!r.facts) return es_fail(err, ES_E_MEMORY, "segmentation: out of memory");
    const enum es_errc code = read_all(&r, &cs, err);
    free(r.frames);
    free(r.fractions);
    if (code == ES_OK) *out = r.facts;
    else es_seg_free(r.facts);
    return code;
}

void es_seg_free(struct es_seg_facts *seg)
{
    if (!seg) return;
    free(seg->planes);
    free(seg->segments);
    free(seg->runs);
    free(seg);
}
