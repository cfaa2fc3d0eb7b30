/* SPDX-License-Identifier: Apache-2.0 */
/* What a segmentation says of itself, real ones and made ones. Its pixels: test_seg_pixels.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_rows.h"
#include "dicom/dataset.h"
#include "dicom/text.h"
#include "seg_read.h"

static bool same(const char *what, const char *found, const char *expected)
{
    if (strcmp(found, expected) == 0) return true;
    printf("    %s is %s, not %s\n", what, found, expected);
    return false;
}

/** "" stands for NAN. */
static bool same_number(const char *what, double found, const char *expected)
{
    double value = NAN;
    if (expected[0] && !es_text_number(expected, strlen(expected), &value)) return false;
    if ((isnan(value) && isnan(found)) || fabs(found - value) <= 1e-12 * fabs(value)) return true;
    printf("    %s is %.17g, not %s\n", what, found, expected);
    return false;
}

static bool open_file(const char *file)
{
    char relative[256];
    (void)snprintf(relative, sizeof relative, "dicom/%s", file);
    es_facts_free(&facts);
    return es_facts_read_file(es_testdata(relative), &facts, NULL) == ES_OK && facts.seg != NULL;
}

static struct csv_rows table(const char *name)
{
    struct csv_rows rows = {.text = es_test_slurp(es_testdata(name), NULL)};
    rows.next = rows.text;
    return rows;
}

/** Columns: file,type,frames,rows,columns,row_spacing,column_spacing,slice_spacing,slices,planes,first_position,planes_with_image,segments,oriented */
static bool object_is(char *const c[])
{
    const struct es_seg_facts *s = facts.seg;
    double images = 0;
    for (size_t i = 0; i < s->n_planes; i++) images += s->planes[i].instance[0] != '\0';
    return same("type", es_seg_type_name(s->type), c[1]) && same_number("frames", s->frames, c[2]) && same_number("rows", s->rows, c[3]) &&
           same_number("columns", s->columns, c[4]) && same_number("row spacing", s->spacing[0], c[5]) &&
           same_number("column spacing", s->spacing[1], c[6]) && same_number("slice spacing", s->slice_spacing, c[7]) &&
           same("slices", es_seg_slices_name(s->slices), c[8]) && same_number("planes", (double)s->n_planes, c[9]) &&
           same_number("first position", s->planes[0].position, c[10]) && same_number("planes with image", images, c[11]) &&
           same_number("segments", (double)s->n_segments, c[12]) && same_number("oriented", s->has_orientation, c[13]) &&
           same("unread", s->unread, "") && s->skipped == 0;
}

static void every_real_segmentation_says_what_its_dump_says(void)
{
    struct csv_rows rows = table("dicom/expected-segmentations.csv");
    size_t n = 0;
    for (; csv_next(&rows); n++) {
        const bool right = rows.n == 14 && open_file(rows.cell[0]) && object_is(rows.cell);
        if (!right) printf("    %s\n", rows.cell[0]);
        CU_ASSERT_TRUE(right);
    }
    CU_ASSERT_EQUAL(n, 6);
    free(rows.text);
    es_facts_free(&facts);
}

/** Columns: file,number,label,category,property,scheme,maker,algorithm,version,voxels,planes,area_mm2,volume_ml */
static bool segment_is(char *const c[])
{
    double number = -1;
    if (!es_text_number(c[1], strlen(c[1]), &number)) return false;
    const struct es_seg_segment *s = NULL;
    for (size_t i = 0; i < facts.seg->n_segments; i++)
        if (facts.seg->segments[i].number == number) s = &facts.seg->segments[i];
    return s && same("label", s->label, c[2]) && same("category", s->category.value, c[3]) && same("property", s->property.value, c[4]) &&
           same("scheme", s->property.scheme, c[5]) && same("maker", es_seg_maker_name(s->maker), c[6]) &&
           same("algorithm", s->algorithm_name, c[7]) && same("version", s->algorithm_version, c[8]) &&
           same_number("voxels", (double)s->voxels, c[9]) && same_number("planes", s->planes, c[10]) &&
           same_number("area", s->area_mm2, c[11]) && same_number("volume", s->volume_ml, c[12]);
}

static void every_segment_of_the_table_is_there(void)
{
    struct csv_rows rows = table("dicom/expected-segments.csv");
    size_t n = 0;
    for (; csv_next(&rows); n++) {
        const bool right = rows.n == 13 && open_file(rows.cell[0]) && segment_is(rows.cell);
        if (!right) printf("    %s segment %s\n", rows.cell[0], rows.n > 1 ? rows.cell[1] : "");
        CU_ASSERT_TRUE(right);
    }
    CU_ASSERT_EQUAL(n, 11);
    free(rows.text);
    es_facts_free(&facts);
}

/* ---- made objects ---- */

/* The rules of seg.h, one row a case: positions of three planes, SpacingBetweenSlices, SliceThickness. */
static void the_distance_of_planes_follows_the_named_rules(void)
{
    static const struct {
        double places[3], between, thickness;
        enum es_seg_slices rule;
        double spacing;
    } cases[] = {
        {{0, 3, 6}, 3, 5, ES_SLICES_BETWEEN, 3},          {{0, 3, 9}, 3, 5, ES_SLICES_BETWEEN, 3},
        {{0, 6, 12}, 3, 5, ES_SLICES_BETWEEN, 3},         {{0, 3, 6}, 5, 5, ES_SLICES_POSITIONS, 3},
        {{0, 3, 6}, 0, 5, ES_SLICES_POSITIONS, 3},        {{0, 3, 9}, 0, 0, ES_SLICES_POSITIONS, 3},
        {{0, 3, 7.3}, 0, 5, ES_SLICES_UNKNOWN, NAN},      {{0, 3.0001, 6}, 3, 5, ES_SLICES_BETWEEN, 3},
        {{0, -3, -6}, 0, 5, ES_SLICES_POSITIONS, 3},      {{5, 5, 5}, 0, 4, ES_SLICES_THICKNESS, 4},
    };
    static const uint8_t voxels[96] = {1};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct seg_plan plan = plan_of();
        plan.planes = 3;
        plan.places = cases[i].places;
        plan.between = cases[i].between;
        plan.thickness = cases[i].thickness;
        plan.voxels = voxels;
        const struct es_seg_facts *seg = read_plan(&plan);
        CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
        CU_ASSERT_EQUAL(seg->slices, cases[i].rule);
        if (isnan(cases[i].spacing)) CU_ASSERT(isnan(seg->slice_spacing) && isnan(seg->segments[0].volume_ml));
        if (!isnan(cases[i].spacing)) CU_ASSERT_DOUBLE_EQUAL(seg->slice_spacing, cases[i].spacing, 1e-9);
        CU_ASSERT_EQUAL(seg->n_planes, i == 9 ? 1 : 3);
    }
    es_facts_free(&facts);
}

static void without_positions_source_images_tell_planes_apart(void)
{
    static const unsigned sources[2] = {4, 1};
    struct seg_plan plan = plan_of();
    plan.unplaced = true;
    plan.sources = sources;
    plan.row_spacing = plan.column_spacing = plan.between = plan.thickness = 0;
    const struct es_seg_facts *seg = read_plan(&plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
    CU_ASSERT_EQUAL_FATAL(seg->n_planes, 2);
    CU_ASSERT_STRING_EQUAL(seg->planes[0].instance, SEG_ROOT ".1.3.2");
    CU_ASSERT_STRING_EQUAL(seg->planes[1].instance, SEG_ROOT ".1.3.5");
    CU_ASSERT(isnan(seg->planes[0].position));
    CU_ASSERT_FALSE(seg->has_orientation);
    CU_ASSERT_EQUAL(seg->segments[0].voxels, 13);
    CU_ASSERT_EQUAL(seg->segments[0].runs[0].length, 8); /* the second frame lies on the first plane */
    CU_ASSERT(isnan(seg->segments[0].area_mm2));
    es_facts_free(&facts);
}

static void what_identifies_and_describes_is_read(void)
{
    struct seg_plan plan = plan_of();
    plan.maker = "MANUAL";
    plan.reader = "Reader^One";
    const struct es_seg_facts *seg = read_plan(&plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
    CU_ASSERT_STRING_EQUAL(seg->reader, "Reader^One");
    CU_ASSERT_STRING_EQUAL(seg->frame_of_reference, SEG_ROOT ".1.6.1");
    CU_ASSERT_EQUAL(seg->segments[0].maker, ES_SEG_MANUAL);
    CU_ASSERT_STRING_EQUAL(seg->segments[0].property.value, "10200004");
    CU_ASSERT_DOUBLE_EQUAL(seg->origin[0], -10, 0);
    CU_ASSERT_DOUBLE_EQUAL(seg->origin[1], 20, 0);
    CU_ASSERT_DOUBLE_EQUAL(seg->planes[1].position, 103, 0);
    es_facts_free(&facts);
}

/* ---- what cannot be read ---- */

static void faults_leave_the_description_and_say_why(void)
{
    static const struct {
        const char *what, *why;
    } cases[] = {
        {"type", "SegmentationType is none of BINARY, FRACTIONAL and LABELMAP"},
        {"bits", "BitsAllocated 16 in a fractional segmentation"},
        {"short", "pixel data of 8 bytes, expected 16384"},
        {"jpeg", "pixel data compressed by other than RLE"},
        {"empty", "no Rows or no Columns"},
        {"frames", "NumberOfFrames outside 1..65536"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct seg_plan plan = plan_of();
        if (i == 0) plan.type = "SURFACE";
        if (i == 1) plan.type = "FRACTIONAL";
        if (i == 1) plan.bits = 16;
        if (i == 3) plan.syntax = RLE_SYNTAX_UID;
        struct made m = make_seg(&plan);
        /* Rows and Columns, NumberOfFrames and the transfer syntax where they stand */
        for (size_t at = 0; at + 12 < m.len; at++) {
            static const uint8_t rows[8] = {0x28, 0, 0x10, 0, 'U', 'S', 2, 0}, frames[8] = {0x28, 0, 8, 0, 'I', 'S', 2, 0};
            if ((i == 2 || i == 4) && memcmp(m.p + at, rows, 8) == 0) {
                m.p[at + 8] = 0;
                m.p[at + 9] = i == 2 ? 0x20 : 0; /* 8192 rows of 8 columns, 2 planes, 1 bit each */
            }
            if (i == 5 && memcmp(m.p + at, frames, 8) == 0) memcpy(m.p + at + 8, "-1", 2);
            if (i == 3 && memcmp(m.p + at, RLE_SYNTAX_UID, 19) == 0) memcpy(m.p + at, "1.2.840.10008.1.2.4", 19);
        }
        if (i == 3) { /* JPEG Baseline is 1.2.840.10008.1.2.4.50: the name is one character pair longer, so a private syntax stands here */
            free(m.p);
            plan.syntax = "1.2.840.10008.1.2.4.50";
            plan.bits = 8;
            m = make_seg(&plan);
            for (size_t at = 0; at + 12 < m.len; at++)
                if (memcmp(m.p + at, "\xE0\x7F\x10\x00OB", 6) == 0) {
                    struct made cut = {.explicit_vr = true};
                    make_bytes(&cut, m.p, at);
                    make_head(&cut, 0x7FE00010, "OB", 0xFFFFFFFFu);
                    make_head(&cut, 0xFFFEE000u, "", 0);
                    make_raw(&cut, 0xFFFEE000u, "", "\xFF\xD8\xFF\xD9", 4);
                    make_head(&cut, 0xFFFEE0DDu, "", 0);
                    free(m.p);
                    m = cut;
                    break;
                }
        }
        const struct es_seg_facts *seg = read_bytes(m.p, m.len);
        CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
        if (!same(cases[i].what, seg->unread, cases[i].why)) CU_FAIL("another reason");
        CU_ASSERT_EQUAL_FATAL(seg->n_segments, 1);
        CU_ASSERT_STRING_EQUAL(seg->segments[0].label, "Liver");
        CU_ASSERT_EQUAL(seg->segments[0].voxels, 0);
        CU_ASSERT(isnan(seg->segments[0].volume_ml));
        free(m.p);
    }
    es_facts_free(&facts);
}

/* Cut anywhere: facts or a refusal in words, never more voxels than were drawn. */
static void an_object_cut_anywhere_is_read_or_refused(void)
{
    struct seg_plan plan = plan_of();
    struct made m = make_seg(&plan);
    for (size_t len = 132; len < m.len; len += 7) {
        struct es_error err = {0};
        struct es_facts cut;
        uint8_t *copy = malloc(len);
        CU_ASSERT_PTR_NOT_NULL_FATAL(copy);
        memcpy(copy, m.p, len);
        if (es_facts_read(copy, len, &cut, &err) == ES_OK) {
            CU_ASSERT(cut.seg == NULL || cut.seg->n_segments == 0 || cut.seg->segments[0].voxels <= 13);
            es_facts_free(&cut);
        } else {
            CU_ASSERT(err.text[0] != '\0');
        }
        free(copy);
    }
    free(m.p);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"every_real_segmentation_says_what_its_dump_says", every_real_segmentation_says_what_its_dump_says},
        {"every_segment_of_the_table_is_there", every_segment_of_the_table_is_there},
        {"the_distance_of_planes_follows_the_named_rules", the_distance_of_planes_follows_the_named_rules},
        {"without_positions_source_images_tell_planes_apart", without_positions_source_images_tell_planes_apart},
        {"what_identifies_and_describes_is_read", what_identifies_and_describes_is_read},
        {"faults_leave_the_description_and_say_why", faults_leave_the_description_and_say_why},
        {"an_object_cut_anywhere_is_read_or_refused", an_object_cut_anywhere_is_read_or_refused},
        {NULL, NULL}};
    es_dicom_process_setup(true); /* DCMTK is silent then */
    return es_test_main("seg", tests, argc, argv);
}
