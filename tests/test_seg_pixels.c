/* SPDX-License-Identifier: Apache-2.0 */
/* Pixels of segmentations: every way to write them gives the same runs. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "dicom/dataset.h"
#include "seg_read.h"

/** The shape, whatever it was written as. */
static void is_shape(const struct es_seg_facts *seg)
{
    static const struct es_seg_run runs[] = {{0, 0, 2, 3}, {0, 2, 0, 1}, {0, 2, 7, 1}, {1, 1, 0, 8}};
    CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
    CU_ASSERT_STRING_EQUAL(seg->unread, "");
    CU_ASSERT_EQUAL_FATAL(seg->n_segments, 1);
    const struct es_seg_segment *s = &seg->segments[0];
    CU_ASSERT_EQUAL(s->voxels, 13);
    CU_ASSERT_EQUAL_FATAL(s->n_runs, 4);
    CU_ASSERT_EQUAL(memcmp(s->runs, runs, sizeof runs), 0);
    CU_ASSERT_EQUAL(s->planes, 2);
    CU_ASSERT_DOUBLE_EQUAL(s->area_mm2, 8, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(s->volume_ml, 13 * 3 / 1000.0, 1e-15);
}

static void bits_bytes_words_and_syntaxes_say_the_same(void)
{
    static const char *const syntaxes[] = {EXPLICIT_UID, "1.2.840.10008.1.2", RLE_SYNTAX_UID};
    static const unsigned bits[] = {1, 8, 8, 16};
    static const char *const types[] = {"BINARY", "BINARY", "LABELMAP", "LABELMAP"};
    for (size_t i = 0; i < 3; i++)
        for (size_t k = 0; k < 4; k++) {
            struct seg_plan plan = plan_of();
            plan.syntax = syntaxes[i];
            plan.bits = bits[k];
            plan.type = types[k];
            is_shape(read_plan(&plan));
        }
    es_facts_free(&facts);
}

/** The object again with its data set deflated (PS3.5 A.5). */
static struct made deflated(const struct made *plain, size_t header)
{
    struct made m = make_begin(true, "1.2.840.10008.1.2.1.99");
    z_stream z = {0};
    uint8_t out[16384];
    if (deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
    z.next_in = plain->p + header;
    z.avail_in = (uInt)(plain->len - header);
    z.next_out = out;
    z.avail_out = sizeof out;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) abort();
    make_bytes(&m, out, z.total_out);
    (void)deflateEnd(&z);
    return m;
}

static void a_deflated_object_says_the_same(void)
{
    struct seg_plan plan = plan_of();
    struct made header = make_file(EXPLICIT_UID, SEG_CLASS, plan.exam, UID_OBJECT, plan.object), plain = make_seg(&plan), packed = deflated(&plain, header.len);
    CU_ASSERT(packed.len < plain.len);
    is_shape(read_bytes(packed.p, packed.len));
    free(header.p);
    free(plain.p);
    free(packed.p);
    es_facts_free(&facts);
}

/** 4 x 4 pixels. */
static struct seg_plan one_plane(const char *type, unsigned bits, const uint8_t *voxels)
{
    struct seg_plan plan = plan_of();
    plan.type = type;
    plan.bits = bits;
    plan.planes = 1;
    plan.columns = 4;
    plan.voxels = voxels;
    return plan;
}

static void fractions_are_inside_from_one_half(void)
{
    static const uint8_t levels[16] = {0, 127, 128, 255, 51, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    struct seg_plan plan = one_plane("FRACTIONAL", 8, levels);
    const struct es_seg_facts *seg = read_plan(&plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
    CU_ASSERT_EQUAL(seg->segments[0].voxels, 2);
    CU_ASSERT_DOUBLE_EQUAL(seg->segments[0].volume_ml, 2 * 3 / 1000.0, 1e-15);
    plan.fractional = "OCCUPANCY";
    seg = read_plan(&plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
    CU_ASSERT_EQUAL(seg->segments[0].voxels, 2);
    CU_ASSERT_DOUBLE_EQUAL(seg->segments[0].volume_ml, (127 + 128 + 255 + 51) / 255.0 * 3 / 1000, 1e-15);
    es_facts_free(&facts);
}

static void labels_are_told_apart_and_those_not_described_counted(void)
{
    static const uint8_t labels[16] = {1, 1, 2, 2, 2, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 3};
    struct seg_plan plan = one_plane("LABELMAP", 8, labels);
    plan.segments = 2;
    const struct es_seg_facts *seg = read_plan(&plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
    CU_ASSERT_EQUAL_FATAL(seg->n_segments, 2);
    CU_ASSERT_EQUAL(seg->segments[0].voxels, 2);
    CU_ASSERT_EQUAL(seg->segments[1].voxels, 3);
    CU_ASSERT_STRING_EQUAL(seg->segments[1].label, "Liver 2");
    CU_ASSERT_EQUAL(seg->skipped, 2);
    es_facts_free(&facts);
}

/** Labels past one byte, with 16 bits allocated (PS3.3 C.8.20.2). */
static void labels_of_two_bytes_are_told_apart(void)
{
    static const uint8_t labels[16] = {1, 1, 2, 2, 2, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 3};
    static const char *const syntaxes[] = {EXPLICIT_UID, RLE_SYNTAX_UID};
    for (size_t i = 0; i < 2; i++) {
        struct seg_plan plan = one_plane("LABELMAP", 16, labels);
        plan.syntax = syntaxes[i];
        plan.segments = 2;
        plan.before = 298;
        const struct es_seg_facts *seg = read_plan(&plan);
        CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
        CU_ASSERT_STRING_EQUAL(seg->unread, "");
        CU_ASSERT_EQUAL_FATAL(seg->n_segments, 2);
        CU_ASSERT_EQUAL(seg->segments[0].number, 299);
        CU_ASSERT_EQUAL(seg->segments[0].voxels, 2);
        CU_ASSERT_EQUAL(seg->segments[1].number, 300);
        CU_ASSERT_EQUAL(seg->segments[1].voxels, 3);
        CU_ASSERT_EQUAL(seg->skipped, 2); /* 301 and 307 */
    }
    es_facts_free(&facts);
}

static void segments_may_overlap(void)
{
    uint8_t both[128];
    struct seg_plan plan = plan_of();
    memcpy(both, shape, 64);
    memset(both + 64, 1, 64);
    plan.segments = 2;
    plan.voxels = both;
    const struct es_seg_facts *seg = read_plan(&plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
    CU_ASSERT_EQUAL_FATAL(seg->n_segments, 2);
    CU_ASSERT_EQUAL(seg->n_planes, 2);
    CU_ASSERT_EQUAL(seg->segments[0].voxels, 13);
    CU_ASSERT_EQUAL(seg->segments[1].voxels, 64);
    CU_ASSERT_EQUAL(seg->segments[1].n_runs, 8);
    es_facts_free(&facts);
}

/** Two frames of a segment on one plane, one within the other: what is drawn twice counts once. */
static void frames_that_lie_on_each_other_are_joined(void)
{
    static const uint8_t twice[64] = {1, 1, 1, 1, 1, 1, 0, 0, [8] = 1, [15] = 1, [32] = 0, 0, 1, 1, [40] = 1, 1, [46] = 1, 1};
    static const struct es_seg_run runs[] = {{0, 0, 0, 6}, {0, 1, 0, 2}, {0, 1, 6, 2}};
    static const double places[2] = {0, 0};
    struct seg_plan plan = plan_of();
    plan.places = places;
    plan.voxels = twice;
    const struct es_seg_facts *seg = read_plan(&plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
    CU_ASSERT_EQUAL(seg->n_planes, 1);
    CU_ASSERT_EQUAL_FATAL(seg->segments[0].n_runs, 3);
    CU_ASSERT_EQUAL(memcmp(seg->segments[0].runs, runs, sizeof runs), 0);
    CU_ASSERT_EQUAL(seg->segments[0].voxels, 10);
    es_facts_free(&facts);
}

/** A chessboard of more runs than an object may have: said, and none kept. */
static void more_runs_than_a_ceiling_are_refused(void)
{
    struct seg_plan plan = plan_of();
    plan.rows = 1450;
    plan.columns = 5800; /* 2,900 runs a row */
    plan.planes = 1;
    uint8_t *board = calloc(plan.rows, plan.columns);
    CU_ASSERT_PTR_NOT_NULL_FATAL(board);
    for (size_t i = 0; i < (size_t)plan.rows * plan.columns; i += 2) board[i] = 1;
    plan.voxels = board;
    const struct es_seg_facts *seg = read_plan(&plan);
    CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
    CU_ASSERT_STRING_EQUAL(seg->unread, "more than 4194304 runs");
    CU_ASSERT_EQUAL(seg->segments[0].n_runs, 0);
    free(board);
    es_facts_free(&facts);
}

static void a_broken_rle_frame_is_named(void)
{
    struct seg_plan plan = plan_of();
    plan.syntax = RLE_SYNTAX_UID;
    plan.bits = 8;
    struct made m = make_seg(&plan);
    m.p[m.len - 8 - 2] = 0x81; /* what ends the last frame now asks for a byte that is not there */
    const size_t cut = m.len;
    for (size_t at = cut - 100; at < cut; at++)
        if (m.p[at] == 1 && memcmp(m.p + at, "\1\0\0\0\x40\0\0\0", 8) == 0) m.p[at + 4] = 0x20;
    const struct es_seg_facts *seg = read_bytes(m.p, m.len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
    CU_ASSERT_STRING_EQUAL(seg->unread, "frame 2: its RLE segments do not give 32 bytes");
    for (size_t at = 132; at < cut; at++) /* a segment that begins behind its fragment */
        if (memcmp(m.p + at, "\1\0\0\0\x20\0\0\0", 8) == 0 || memcmp(m.p + at, "\1\0\0\0\x40\0\0\0", 8) == 0) memcpy(m.p + at + 4, "\xff\xff\xff\x7f", 4);
    seg = read_bytes(m.p, m.len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(seg);
    CU_ASSERT_STRING_EQUAL(seg->unread, "frame 1: its RLE segments do not give 32 bytes");
    free(m.p);
    es_facts_free(&facts);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"bits_bytes_words_and_syntaxes_say_the_same", bits_bytes_words_and_syntaxes_say_the_same},
        {"a_deflated_object_says_the_same", a_deflated_object_says_the_same},
        {"fractions_are_inside_from_one_half", fractions_are_inside_from_one_half},
        {"labels_are_told_apart_and_those_not_described_counted", labels_are_told_apart_and_those_not_described_counted},
        {"segments_may_overlap", segments_may_overlap},
        {"a_broken_rle_frame_is_named", a_broken_rle_frame_is_named},
        {"labels_of_two_bytes_are_told_apart", labels_of_two_bytes_are_told_apart},
        {"frames_that_lie_on_each_other_are_joined", frames_that_lie_on_each_other_are_joined},
        {"more_runs_than_a_ceiling_are_refused", more_runs_than_a_ceiling_are_refused},
        {NULL, NULL}};
    es_dicom_process_setup(true); /* DCMTK is silent then */
    return es_test_main("seg_pixels", tests, argc, argv);
}
