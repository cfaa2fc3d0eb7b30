/* SPDX-License-Identifier: Apache-2.0 */
/** @file seg_make.h
 * Small segmentations and the CT slices they are drawn on, in memory: PS3.3 A.51, complete enough for dciodvfy.
 *
 * Axial planes, columns along x, rows along y, planes along z.
 */
#ifndef ES_TESTS_SEG_MAKE_H
#define ES_TESTS_SEG_MAKE_H

#include <stdio.h>

#include "dicom_make.h"

#define SEG_CLASS "1.2.840.10008.5.1.4.1.1.66.4"
#define LABELMAP_CLASS "1.2.840.10008.5.1.4.1.1.66.7"
#define RLE_SYNTAX_UID "1.2.840.10008.1.2.5"
#define EXPLICIT_UID "1.2.840.10008.1.2.1"
#define SEG_ROOT "1.2.826.0.1.3680043.10.1477" /* UIDs of made objects are below this */

/** What is to be made. Text "" or NULL leaves an element blank. */
struct seg_plan {
    const char *syntax;        /* EXPLICIT_UID, "1.2.840.10008.1.2" or RLE_SYNTAX_UID */
    const char *type;          /* BINARY, FRACTIONAL, LABELMAP */
    const char *fractional;    /* PROBABILITY, OCCUPANCY */
    const char *maker;         /* MANUAL, SEMIAUTOMATIC, AUTOMATIC */
    const char *algorithm, *version, *label, *property, *reader, *accession, *patient, *sex, *age, *time;
    unsigned exam, object;     /* numbers that UIDs are made of: equal exams are one study; object tells objects of it apart */
    unsigned rows, columns, planes, segments; /* segments: 0 is 1; a frame for each plane and segment but in a label map */
    unsigned bits;             /* 1, 8, 16 */
    unsigned before;           /* SegmentNumber of the first is one more; of a label map with 16 bits */
    double row_spacing, column_spacing, between, thickness; /* mm; 0: not said */
    double x, y, z, step;      /* of the first plane's first pixel, and the planes' distance */
    const double *places;      /* of each plane, instead of z and step; NULL */
    bool unplaced;             /* no position, orientation or frame of reference: a projection */
    bool unnamed;              /* no source images */
    bool by_frame;             /* source images in functional groups only */
    const unsigned *sources;   /* slice number of each plane from 0; NULL: 0, 1, ... */
    const uint8_t *voxels;     /* planes x rows x columns: 0 or 1, a fraction, a label; of several segments one after the other */
};

__attribute__((unused)) static void make_number(struct made *m, uint32_t tag, double value)
{
    char text[17];
    (void)snprintf(text, sizeof text, "%.6g", value);
    make_text(m, tag, "DS", text);
}
__attribute__((unused)) static void make_us(struct made *m, uint32_t tag, unsigned value)
{
    const uint8_t b[2] = {(uint8_t)value, (uint8_t)(value >> 8)};
    make_raw(m, tag, "US", b, 2);
}
__attribute__((unused)) static void make_uid(struct made *m, uint32_t tag, unsigned exam, unsigned kind, unsigned number)
{
    char text[65];
    (void)snprintf(text, sizeof text, SEG_ROOT ".%u.%u.%u", exam, kind, number);
    make_text(m, tag, "UI", text);
}
__attribute__((unused)) static struct made make_inner(const struct made *outer)
{
    const struct made inner = {.explicit_vr = outer->explicit_vr};
    return inner;
}
/** A sequence of one item. Takes item. */
__attribute__((unused)) static void make_one(struct made *m, uint32_t tag, struct made item)
{
    struct made items = make_inner(m);
    make_nest(&items, 0xFFFEE000u, "", item, false);
    make_nest(m, tag, "SQ", items, false);
}
__attribute__((unused)) static const char *seg_text(const char *text) { return text ? text : ""; }

/** Preamble and the file meta information that PS3.10 7.1 asks for. */
__attribute__((unused)) static struct made make_file(const char *syntax, const char *class_uid, unsigned exam, unsigned kind, unsigned number)
{
    static const uint8_t preamble[128];
    struct made m = {.explicit_vr = true}, body = {.explicit_vr = true};
    make_bytes(&m, preamble, sizeof preamble);
    make_bytes(&m, "DICM", 4);
    make_raw(&body, 0x00020001, "OB", "\0\1", 2);
    make_text(&body, 0x00020002, "UI", class_uid);
    make_uid(&body, 0x00020003, exam, kind, number);
    make_text(&body, 0x00020010, "UI", syntax);
    make_text(&body, 0x00020012, "UI", SEG_ROOT ".0");
    const uint8_t size[4] = {(uint8_t)body.len, (uint8_t)(body.len >> 8), 0, 0};
    make_raw(&m, 0x00020000, "UL", size, 4);
    make_bytes(&m, body.p, body.len);
    free(body.p);
    m.explicit_vr = strcmp(syntax, "1.2.840.10008.1.2") != 0;
    return m;
}

enum { UID_STUDY = 1, UID_SOURCE = 2, UID_SLICE = 3, UID_SERIES = 4, UID_OBJECT = 5, UID_FRAME = 6, UID_DIMENSION = 7 };

__attribute__((unused)) static void seg_patient(struct made *m, const struct seg_plan *p)
{
    make_text(m, 0x00100010, "PN", "Canary^Mask");
    make_text(m, 0x00100020, "LO", p->patient ? p->patient : "P1");
    make_text(m, 0x00100030, "DA", "");
    make_text(m, 0x00100040, "CS", seg_text(p->sex));
    if (p->age) make_text(m, 0x00101010, "AS", p->age);
}

/** One CT slice of the series that a segmentation of the same exam is drawn on. Free p. */
__attribute__((unused)) static struct made make_slice(const struct seg_plan *p, unsigned number)
{
    struct made m = make_file(EXPLICIT_UID, CT_CLASS, p->exam, UID_SLICE, number + 1);
    char text[64];
    const size_t pixels = (size_t)p->rows * p->columns * 2;
    uint8_t *zeros = calloc(1, pixels ? pixels : 1);
    if (!zeros) abort();
    make_text(&m, 0x00080008, "CS", "ORIGINAL\\PRIMARY\\AXIAL");
    make_text(&m, 0x00080016, "UI", CT_CLASS);
    make_uid(&m, 0x00080018, p->exam, UID_SLICE, number + 1);
    make_text(&m, 0x00080020, "DA", "20260301");
    make_text(&m, 0x00080023, "DA", "20260301");
    make_text(&m, 0x00080030, "TM", "090000");
    make_text(&m, 0x00080033, "TM", "090000");
    make_text(&m, 0x00080050, "SH", seg_text(p->accession));
    make_text(&m, 0x00080060, "CS", "CT");
    make_text(&m, 0x00080070, "LO", "Maker");
    make_text(&m, 0x00080090, "PN", "");
    make_text(&m, 0x00081090, "LO", "Scanner 1");
    seg_patient(&m, p);
    make_text(&m, 0x00180015, "CS", "LIVER");
    if (p->thickness > 0) make_number(&m, 0x00180050, p->thickness);
    make_text(&m, 0x00180060, "DS", "120");
    make_text(&m, 0x00185100, "CS", "HFS");
    make_uid(&m, 0x0020000D, p->exam, UID_STUDY, 1);
    make_uid(&m, 0x0020000E, p->exam, UID_SOURCE, 1);
    make_text(&m, 0x00200010, "SH", "1");
    make_text(&m, 0x00200011, "IS", "1");
    make_text(&m, 0x00200012, "IS", "");
    (void)snprintf(text, sizeof text, "%u", number + 1);
    make_text(&m, 0x00200013, "IS", text);
    (void)snprintf(text, sizeof text, "%.6g\\%.6g\\%.6g", p->x, p->y, p->places ? p->places[number] : p->z + number * p->step);
    make_text(&m, 0x00200032, "DS", text);
    make_text(&m, 0x00200037, "DS", "1\\0\\0\\0\\1\\0");
    make_uid(&m, 0x00200052, p->exam, UID_FRAME, 1);
    make_text(&m, 0x00201040, "LO", "");
    make_us(&m, 0x00280002, 1);
    make_text(&m, 0x00280004, "CS", "MONOCHROME2");
    make_us(&m, 0x00280010, p->rows);
    make_us(&m, 0x00280011, p->columns);
    (void)snprintf(text, sizeof text, "%.6g\\%.6g", p->row_spacing, p->column_spacing);
    make_text(&m, 0x00280030, "DS", text);
    make_us(&m, 0x00280100, 16);
    make_us(&m, 0x00280101, 12);
    make_us(&m, 0x00280102, 11);
    make_us(&m, 0x00280103, 0);
    make_text(&m, 0x00281052, "DS", "-1024");
    make_text(&m, 0x00281053, "DS", "1");
    make_raw(&m, 0x7FE00010, "OW", zeros, pixels);
    free(zeros);
    return m;
}

/** ReferencedSOPClassUID and ReferencedSOPInstanceUID of a slice. */
__attribute__((unused)) static void seg_reference(struct made *item, const struct seg_plan *p, unsigned plane)
{
    make_text(item, 0x00081150, "UI", CT_CLASS);
    make_uid(item, 0x00081155, p->exam, UID_SLICE, (p->sources ? p->sources[plane] : plane) + 1);
}

__attribute__((unused)) static void seg_common_references(struct made *m, const struct seg_plan *p)
{
    struct made instances = make_inner(m), series = make_inner(m);
    for (unsigned i = 0; i < p->planes; i++) {
        struct made item = make_inner(m);
        seg_reference(&item, p, i);
        make_nest(&instances, 0xFFFEE000u, "", item, false);
    }
    make_nest(&series, 0x0008114A, "SQ", instances, false);
    make_uid(&series, 0x0020000E, p->exam, UID_SOURCE, 1);
    make_one(m, 0x00081115, series);
}

__attribute__((unused)) static void seg_segments(struct made *m, const struct seg_plan *p)
{
    struct made items = make_inner(m);
    const bool manual = strcmp(p->maker, "MANUAL") == 0;
    for (unsigned s = 0; s < (p->segments ? p->segments : 1); s++) {
        struct made item = make_inner(m);
        char label[32];
        (void)snprintf(label, sizeof label, s ? "%s %u" : "%s", p->label ? p->label : "Liver", s + 1);
        make_code(&item, 0x00620003, "123037004", "SCT", false);
        make_us(&item, 0x00620004, p->before + s + 1);
        make_text(&item, 0x00620005, "LO", label);
        if (!manual) {
            struct made id = make_inner(m);
            make_code(&id, 0x0066002F, "123110", "DCM", false);
            make_text(&id, 0x00660031, "LO", p->version ? p->version : "1.0");
            make_text(&id, 0x00660036, "LO", p->algorithm ? p->algorithm : "SegNet");
            make_one(&item, 0x00620007, id);
        }
        make_text(&item, 0x00620008, "CS", p->maker);
        if (!manual) make_text(&item, 0x00620009, "LO", p->algorithm ? p->algorithm : "SegNet");
        make_code(&item, 0x0062000F, p->property ? p->property : "10200004", "SCT", false);
        make_nest(&items, 0xFFFEE000u, "", item, false);
    }
    make_nest(m, 0x00620002, "SQ", items, false);
}

__attribute__((unused)) static struct made seg_shared(const struct made *m, const struct seg_plan *p)
{
    struct made item = make_inner(m), measures = make_inner(m), orientation = make_inner(m);
    char text[64];
    make_text(&orientation, 0x00200037, "DS", "1\\0\\0\\0\\1\\0");
    if (p->thickness > 0) make_number(&measures, 0x00180050, p->thickness);
    if (p->between > 0) make_number(&measures, 0x00180088, p->between);
    (void)snprintf(text, sizeof text, "%.6g\\%.6g", p->row_spacing, p->column_spacing);
    if (p->row_spacing > 0) make_text(&measures, 0x00280030, "DS", text);
    if (p->unplaced) free(orientation.p);
    else make_one(&item, 0x00209116, orientation);
    if (p->row_spacing > 0) make_one(&item, 0x00289110, measures);
    else free(measures.p);
    return item;
}

__attribute__((unused)) static void seg_frame_item(struct made *items, const struct seg_plan *p, unsigned plane, unsigned segment)
{
    struct made item = make_inner(items), part;
    char text[64];
    if (!p->unnamed) {
        struct made source = make_inner(items);
        seg_reference(&source, p, plane);
        make_text(&source, 0x0028135A, "CS", "YES");
        make_code(&source, 0x0040A170, "121322", "DCM", false);
        part = make_inner(items);
        make_one(&part, 0x00082112, source);
        make_code(&part, 0x00089215, "113076", "DCM", false);
        make_one(&item, 0x00089124, part);
    }
    const uint32_t values[2] = {segment + 1, plane + 1};
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)(values[i / 4] >> (8 * (i % 4)));
    part = make_inner(items);
    make_raw(&part, 0x00209157, "UL", bytes, sizeof bytes);
    make_one(&item, 0x00209111, part);
    if (!p->unplaced) {
        part = make_inner(items);
        (void)snprintf(text, sizeof text, "%.6g\\%.6g\\%.6g", p->x, p->y, p->places ? p->places[plane] : p->z + plane * p->step);
        make_text(&part, 0x00200032, "DS", text);
        make_one(&item, 0x00209113, part);
    }
    if (strcmp(p->type, "LABELMAP") != 0) {
        part = make_inner(items);
        make_us(&part, 0x0062000B, segment + 1);
        make_one(&item, 0x0062000A, part);
    }
    make_nest(items, 0xFFFEE000u, "", item, false);
}

__attribute__((unused)) static void seg_dimensions(struct made *m, const struct seg_plan *p)
{
    static const uint32_t pointers[2][2] = {{0x0062000B, 0x0062000A}, {0x00200032, 0x00209113}};
    struct made uid = make_inner(m), items = make_inner(m);
    make_uid(&uid, 0x00209164, p->exam, UID_DIMENSION, 1);
    make_one(m, 0x00209221, uid);
    for (int i = 0; i < 2; i++) {
        struct made item = make_inner(m);
        uint8_t at[2][4];
        for (int k = 0; k < 2; k++)
            for (int b = 0; b < 4; b++) at[k][b] = (uint8_t)(pointers[i][k] >> (b < 2 ? 16 + 8 * b : 8 * (b - 2)));
        make_uid(&item, 0x00209164, p->exam, UID_DIMENSION, 1);
        make_raw(&item, 0x00209165, "AT", at[0], 4);
        make_raw(&item, 0x00209167, "AT", at[1], 4);
        make_nest(&items, 0xFFFEE000u, "", item, false);
    }
    make_nest(m, 0x00209222, "SQ", items, false);
}

/** One RLE segment (PS3.5 G.3): repeats and literals. */
__attribute__((unused)) static void rle_pack(struct made *out, const uint8_t *bytes, size_t len)
{
    for (size_t i = 0, n; i < len; i += n) {
        for (n = 1; i + n < len && n < 128 && bytes[i + n] == bytes[i];) n++;
        const uint8_t head = n > 1 ? (uint8_t)(257 - n) : 0;
        make_bytes(out, &head, 1);
        make_bytes(out, &bytes[i], 1);
    }
    if (out->len % 2) make_bytes(out, "", 1);
}

/** A frame's bytes as one RLE fragment. */
__attribute__((unused)) static void rle_frame(struct made *m, const uint8_t *frame, size_t pixels, unsigned bits)
{
    struct made body = {.explicit_vr = true}, header = {.explicit_vr = true};
    const unsigned n = bits == 16 ? 2 : 1;
    uint32_t at[16] = {n};
    for (unsigned s = 0; s < n; s++) {
        at[1 + s] = 64 + (uint32_t)body.len;
        if (n == 1) {
            rle_pack(&body, frame, pixels);
            continue;
        }
        uint8_t *plane = malloc(pixels);
        if (!plane) abort();
        for (size_t i = 0; i < pixels; i++) plane[i] = frame[2 * i + 1 - s];
        rle_pack(&body, plane, pixels);
        free(plane);
    }
    for (int i = 0; i < 16; i++) make_u32(&header, at[i]);
    make_bytes(&header, body.p, body.len);
    free(body.p);
    make_nest(m, 0xFFFEE000u, "", header, false);
}

__attribute__((unused)) static void seg_pixels(struct made *m, const struct seg_plan *p, unsigned frames)
{
    const size_t pixels = (size_t)p->rows * p->columns, all = pixels * frames;
    const size_t len = (all * p->bits + 7) / 8;
    uint8_t *bytes = calloc(1, len + len % 2);
    if (!bytes) abort();
    for (size_t i = 0; i < all; i++) {
        if (p->bits == 1) bytes[i >> 3] |= (uint8_t)((p->voxels[i] ? 1 : 0) << (i & 7));
        else bytes[i * p->bits / 8] = (uint8_t)(p->voxels[i] ? p->before + p->voxels[i] : 0);
        if (p->bits == 16 && p->voxels[i]) bytes[2 * i + 1] = (uint8_t)((p->before + p->voxels[i]) >> 8);
    }
    if (strcmp(p->syntax, RLE_SYNTAX_UID) != 0) {
        make_raw(m, 0x7FE00010, p->bits == 16 ? "OW" : "OB", bytes, len + len % 2);
    } else {
        make_head(m, 0x7FE00010, "OB", 0xFFFFFFFFu);
        make_head(m, 0xFFFEE000u, "", 0);
        for (unsigned f = 0; f < frames; f++) rle_frame(m, bytes + f * pixels * p->bits / 8, (p->bits == 1 ? pixels / 8 : pixels), p->bits);
        make_head(m, 0xFFFEE0DDu, "", 0);
    }
    free(bytes);
}

/** A segmentation. Free p. */
__attribute__((unused)) static struct made make_seg(const struct seg_plan *p)
{
    const bool label = strcmp(p->type, "LABELMAP") == 0, fractions = strcmp(p->type, "FRACTIONAL") == 0;
    const unsigned segments = label || p->segments == 0 ? 1 : p->segments, frames = p->planes * segments;
    struct made m = make_file(p->syntax, label ? LABELMAP_CLASS : SEG_CLASS, p->exam, UID_OBJECT, p->object);
    char text[64];
    make_text(&m, 0x00080008, "CS", "DERIVED\\PRIMARY");
    make_text(&m, 0x00080016, "UI", label ? LABELMAP_CLASS : SEG_CLASS);
    make_uid(&m, 0x00080018, p->exam, UID_OBJECT, p->object);
    make_text(&m, 0x00080020, "DA", "20260301");
    make_text(&m, 0x00080023, "DA", "20260301");
    make_text(&m, 0x00080030, "TM", "090000");
    make_text(&m, 0x00080033, "TM", p->time ? p->time : "100000");
    make_text(&m, 0x00080050, "SH", seg_text(p->accession));
    make_text(&m, 0x00080060, "CS", "SEG");
    make_text(&m, 0x00080070, "LO", "Segmenter");
    make_text(&m, 0x00080090, "PN", "");
    make_text(&m, 0x00081090, "LO", "Model 1");
    if (!p->unnamed && !p->by_frame) seg_common_references(&m, p);
    seg_patient(&m, p);
    make_text(&m, 0x00181000, "LO", "1");
    make_text(&m, 0x00181020, "LO", "1");
    make_uid(&m, 0x0020000D, p->exam, UID_STUDY, 1);
    make_uid(&m, 0x0020000E, p->exam, UID_SERIES, p->object);
    make_text(&m, 0x00200010, "SH", "1");
    (void)snprintf(text, sizeof text, "%u", 100 + p->object);
    make_text(&m, 0x00200011, "IS", text);
    make_text(&m, 0x00200013, "IS", "1");
    if (!p->unplaced) {
        make_uid(&m, 0x00200052, p->exam, UID_FRAME, 1);
        make_text(&m, 0x00201040, "LO", "");
    }
    seg_dimensions(&m, p);
    make_us(&m, 0x00280002, 1);
    make_text(&m, 0x00280004, "CS", "MONOCHROME2");
    (void)snprintf(text, sizeof text, "%u", frames);
    make_text(&m, 0x00280008, "IS", text);
    make_us(&m, 0x00280010, p->rows);
    make_us(&m, 0x00280011, p->columns);
    make_us(&m, 0x00280100, p->bits);
    make_us(&m, 0x00280101, p->bits);
    make_us(&m, 0x00280102, p->bits - 1);
    make_us(&m, 0x00280103, 0);
    make_text(&m, 0x00282110, "CS", "00");
    make_text(&m, 0x00620001, "CS", p->type);
    seg_segments(&m, p);
    if (fractions) make_us(&m, 0x0062000E, 255);
    if (fractions) make_text(&m, 0x00620010, "CS", p->fractional ? p->fractional : "PROBABILITY");
    make_text(&m, 0x00700080, "CS", "SEGMENTATION");
    make_text(&m, 0x00700081, "LO", "");
    make_text(&m, 0x00700084, "PN", seg_text(p->reader));
    make_one(&m, 0x52009229, seg_shared(&m, p));
    struct made items = make_inner(&m);
    for (unsigned s = 0; s < segments; s++)
        for (unsigned i = 0; i < p->planes; i++) seg_frame_item(&items, p, i, s);
    make_nest(&m, 0x52009230, "SQ", items, false);
    seg_pixels(&m, p, frames);
    return m;
}

#endif
