/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_rows.h"
#include "dicom/dataset.h"
#include "dicom/seg.h"
#include "metrics/overlap.h"
#include "plugin/mask/mask.h"
#include "seg_make.h"
#include "testlib.h"

static struct es_key *key;

static struct es_mask *of_text(const char *text, uint32_t rows, uint32_t columns)
{
    struct es_mask *mask = NULL;
    struct es_error err = {0};
    if (es_mask_of_runs(&mask, text, strlen(text), rows, columns, &err) != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mask);
    return mask;
}

/** Out and in again; the given one is freed. */
static struct es_mask *stored(struct es_mask *mask)
{
    uint8_t *bytes = NULL, address[ES_MASK_ADDRESS_SIZE];
    size_t len = 0;
    struct es_mask *out = NULL;
    struct es_error err = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mask);
    CU_ASSERT_EQUAL_FATAL(es_mask_encode(mask, key, &bytes, &len, address, &err), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_mask_decode(&out, bytes, len, &err), ES_OK);
    free(bytes);
    es_mask_free(mask);
    return out;
}

static struct es_mask *of_plan(const struct seg_plan *plan)
{
    static const size_t first[1] = {0};
    struct made m = make_seg(plan);
    struct es_facts facts;
    struct es_mask *mask = NULL;
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(facts.seg);
    CU_ASSERT_EQUAL_FATAL(es_mask_of_seg(&mask, facts.seg, first, 1, NULL), ES_OK);
    es_facts_free(&facts);
    free(m.p);
    return stored(mask);
}

static struct es_mask_overlap compared(struct es_mask *result, struct es_mask *reference)
{
    struct es_mask_overlap o;
    CU_ASSERT_EQUAL_FATAL(es_mask_compare(result, reference, &o, NULL), ES_OK);
    es_mask_free(result);
    es_mask_free(reference);
    return o;
}

/* ---- runs in text ---- */

static void runs_in_text_are_read_in_row_order(void)
{
    struct es_mask *mask = of_text(" 3 4  11 1\n", 3, 4); /* pixels 3 4 | 5 6 of rows of four; 11 */
    static const struct es_mask_run expected[] = {{0, 0, 2, 2}, {0, 1, 0, 2}, {0, 2, 2, 1}};
    CU_ASSERT_EQUAL_FATAL(mask->n_runs, 3);
    CU_ASSERT_EQUAL(memcmp(mask->runs, expected, sizeof expected), 0);
    CU_ASSERT_EQUAL(es_mask_voxels(mask), 5);
    es_mask_free(mask);
    mask = of_text("", 3, 4);
    CU_ASSERT_EQUAL(mask->n_runs, 0);
    es_mask_free(mask);
    mask = of_text("1 2 2 2 3 1", 1, 4); /* overlap and touch */
    CU_ASSERT_EQUAL(mask->n_runs, 1);
    CU_ASSERT_EQUAL(es_mask_voxels(mask), 3);
    es_mask_free(mask);
    mask = of_text("1 4 2 1", 1, 5); /* one within another */
    CU_ASSERT_EQUAL(mask->n_runs, 1);
    CU_ASSERT_EQUAL(es_mask_voxels(mask), 4);
    es_mask_free(mask);
}

static void faults_of_runs_in_text_are_named(void)
{
    static const struct {
        const char *text, *why;
    } cases[] = {
        {"3", "number 1: found a start without a length"},
        {"3 x", "number 2: found no whole number, expected a length"},
        {"-1 2", "number 1: found no whole number, expected a start"},
        {"1 1 0 2", "number 3: found a run outside pixels 1..12"},
        {"1 0", "number 1: found a run outside pixels 1..12"},
        {"12 2", "number 1: found a run outside pixels 1..12"},
        {"13 1", "number 1: found a run outside pixels 1..12"},
        {"1 18446744073709551615", "number 2: found no whole number, expected a length"},
        {"1 9999999999999999999", "number 1: found a run outside pixels 1..12"},
        {"1.5 2", "number 1: found no whole number, expected a start"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_mask *mask = NULL;
        struct es_error err = {0};
        CU_ASSERT_EQUAL(es_mask_of_runs(&mask, cases[i].text, strlen(cases[i].text), 3, 4, &err), ES_E_PARSE);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].why);
        CU_ASSERT_PTR_NULL(mask);
    }
    struct es_mask *mask = NULL;
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_mask_of_runs(&mask, "", 0, 0, 4, &err), ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, "found 0 rows and 4 columns, expected 1..1048576");
}

static void bytes_and_runs_give_one_mask(void)
{
    static const uint8_t bytes[12] = {0, 0, 7, 255, 1, 1, 0, 0, 0, 0, 1, 0};
    struct es_mask *a = NULL, *b = of_text("3 4 11 1", 3, 4);
    CU_ASSERT_EQUAL_FATAL(es_mask_of_bytes(&a, bytes, 3, 4, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(a->n_runs, b->n_runs);
    CU_ASSERT_EQUAL(memcmp(a->runs, b->runs, a->n_runs * sizeof *a->runs), 0);
    es_mask_free(a);
    es_mask_free(b);
}

/* ---- stored form ---- */

static void the_stored_form_keeps_all_but_identifiers(void)
{
    static const uint8_t voxels[96] = {[5] = 1, [6] = 1, [40] = 1, [95] = 1};
    struct seg_plan plan = {.syntax = EXPLICIT_UID, .type = "BINARY", .maker = "AUTOMATIC", .exam = 7, .object = 1, .rows = 4, .columns = 8,
                            .planes = 3, .bits = 1, .row_spacing = 0.5, .column_spacing = 2, .between = 3, .step = 3, .voxels = voxels};
    struct made m = make_seg(&plan);
    struct es_facts facts;
    static const size_t first[1] = {0};
    struct es_mask *mask = NULL, *back = NULL;
    uint8_t *bytes = NULL, *again = NULL, address[2][ES_MASK_ADDRESS_SIZE];
    size_t len = 0, len_again = 0;
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_mask_of_seg(&mask, facts.seg, first, 1, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_mask_encode(mask, key, &bytes, &len, address[0], NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_mask_decode(&back, bytes, len, NULL), ES_OK);
    CU_ASSERT_EQUAL(memmem(bytes, len, SEG_ROOT, 10), NULL);
    CU_ASSERT_EQUAL(back->planes[0].image[0], '\0');
    CU_ASSERT(es_pseudonym_set(&back->planes[2].source));
    CU_ASSERT_EQUAL(back->planes[2].position, 6);
    CU_ASSERT_EQUAL(back->spacing[1], 2);
    CU_ASSERT_EQUAL_FATAL(back->n_runs, mask->n_runs);
    CU_ASSERT_EQUAL(memcmp(back->runs, mask->runs, mask->n_runs * sizeof *mask->runs), 0);
    CU_ASSERT_EQUAL_FATAL(es_mask_encode(back, key, &again, &len_again, address[1], NULL), ES_OK);
    CU_ASSERT_EQUAL(len, len_again);
    CU_ASSERT_EQUAL(memcmp(bytes, again, len), 0);
    CU_ASSERT_EQUAL(memcmp(address[0], address[1], sizeof address[0]), 0);
    free(again);
    free(bytes);
    es_mask_free(mask);
    es_mask_free(back);
    es_facts_free(&facts);
    free(m.p);
}

/* Every byte changed, every length: read or refused, and what is read has one form. */
static void a_damaged_stored_form_is_refused_or_is_another_mask(void)
{
    struct es_mask *mask = of_text("1 2 5 1 200 3", 20, 20), *back = NULL;
    uint8_t *bytes = NULL, address[ES_MASK_ADDRESS_SIZE];
    size_t len = 0;
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_mask_encode(mask, key, &bytes, &len, address, NULL), ES_OK);
    for (size_t cut = 0; cut < len; cut++) {
        uint8_t *part = malloc(cut ? cut : 1);
        CU_ASSERT_PTR_NOT_NULL_FATAL(part);
        memcpy(part, bytes, cut);
        CU_ASSERT_NOT_EQUAL(es_mask_decode(&back, part, cut, NULL), ES_OK);
        free(part);
    }
    for (size_t i = 0; i < len; i++)
        for (unsigned flip = 1; flip < 256; flip <<= 1) {
            bytes[i] ^= (uint8_t)flip;
            if (es_mask_decode(&back, bytes, len, NULL) == ES_OK) {
                uint8_t *again = NULL;
                size_t n = 0;
                CU_ASSERT_EQUAL_FATAL(es_mask_encode(back, key, &again, &n, address, NULL), ES_OK);
                CU_ASSERT(n == len && memcmp(again, bytes, len) == 0);
                free(again);
                es_mask_free(back);
            }
            bytes[i] ^= (uint8_t)flip;
        }
    bytes[1] = 2;
    char expected[64];
    (void)snprintf(expected, sizeof expected, "mask: %zu bytes that are no mask", len);
    CU_ASSERT_EQUAL(es_mask_decode(&back, bytes, len, &err), ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, expected);
    free(bytes);
    es_mask_free(mask);
}

/* ---- comparison ---- */

static const uint8_t none[64], cube[64] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}, moved[64] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

static struct seg_plan plan_of(const uint8_t *voxels)
{
    const struct seg_plan plan = {.syntax = EXPLICIT_UID, .type = "BINARY", .maker = "AUTOMATIC", .exam = 1, .object = 1, .rows = 4, .columns = 8,
                                  .planes = 2, .bits = 1, .row_spacing = 0.5, .column_spacing = 2, .between = 3, .thickness = 3, .x = -10,
                                  .y = 20, .z = 100, .step = 3, .voxels = voxels};
    return plan;
}

/* 12 voxels each, 8 in common: Dice 16/24; every voxel is on the surface (two thick at most in two axes); four of twelve are one column,
 * 2 mm, from the other. The 95th percentile of 8 zeros and 4 twos is 2, the mean distance 8 x 2 / 24. */
static void a_shift_by_one_column_of_two_millimetres(void)
{
    const struct seg_plan result = plan_of(moved), reference = plan_of(cube);
    const struct es_mask_overlap o = compared(of_plan(&result), of_plan(&reference));
    CU_ASSERT_EQUAL(o.match, ES_MASK_COMPARED);
    CU_ASSERT_EQUAL(o.n_result, 12);
    CU_ASSERT_EQUAL(o.n_both, 8);
    CU_ASSERT_DOUBLE_EQUAL(o.dice, 2.0 / 3, 1e-15);
    CU_ASSERT_DOUBLE_EQUAL(o.iou, 0.5, 1e-15);
    CU_ASSERT_EQUAL(o.volume_difference, 0);
    CU_ASSERT_DOUBLE_EQUAL(o.hd95, 2, 1e-12);
    CU_ASSERT_DOUBLE_EQUAL(o.surface_distance, 2.0 / 3, 1e-12);
}

static void empty_masks_give_no_number_or_nought(void)
{
    struct seg_plan full = plan_of(cube), empty = plan_of(none);
    struct es_mask_overlap o = compared(of_plan(&empty), of_plan(&empty));
    CU_ASSERT(isnan(o.dice) && isnan(o.iou) && isnan(o.volume_difference) && isnan(o.hd95) && isnan(o.surface_distance));
    o = compared(of_plan(&full), of_plan(&empty));
    CU_ASSERT(o.dice == 0 && o.iou == 0 && isnan(o.volume_difference) && isnan(o.hd95));
    o = compared(of_plan(&empty), of_plan(&full));
    CU_ASSERT(o.dice == 0 && o.iou == 0 && o.volume_difference == -1 && isnan(o.surface_distance));
}

/* One that leaves out a plane on which nothing is drawn, its frames in another order, and cut to a part of the grid. */
static void planes_match_by_image_or_position_whatever_their_order(void)
{
    static const uint8_t three[96] = {[32 + 10] = 1, [64 + 10] = 1, [64 + 11] = 1};
    static const uint8_t swapped[64] = {[10] = 1, [11] = 1, [32 + 10] = 1};
    static const uint8_t cropped[8] = {1, 1, 0, 0, 1, 0, 0, 0}; /* rows 1..1 + one, columns 2 to 5 */
    static const double places[2] = {106, 103};
    static const unsigned sources[2] = {2, 1};
    struct seg_plan whole = plan_of(three), part = plan_of(swapped), crop = plan_of(cropped);
    whole.planes = 3;
    part.places = places;
    part.sources = sources;
    struct es_mask_overlap o = compared(of_plan(&whole), of_plan(&part));
    CU_ASSERT(o.match == ES_MASK_COMPARED && o.dice == 1 && o.hd95 == 0);
    part.unnamed = true; /* by position alone */
    o = compared(of_plan(&part), of_plan(&whole));
    CU_ASSERT(o.match == ES_MASK_COMPARED && o.dice == 1 && o.hd95 == 0);
    crop.rows = 1;
    crop.columns = 4;
    crop.places = places;
    crop.sources = sources;
    crop.x = -10 + 2 * 2;
    crop.y = 20 + 0.5;
    o = compared(of_plan(&crop), of_plan(&whole));
    CU_ASSERT(o.match == ES_MASK_COMPARED && o.dice == 1);
    /* without a frame of reference: by image alone, and no distance across planes */
    whole.unplaced = part.unplaced = true;
    part.unnamed = false;
    o = compared(of_plan(&whole), of_plan(&part));
    CU_ASSERT(o.match == ES_MASK_COMPARED && o.dice == 1 && isnan(o.hd95));
}

static void other_grids_and_images_are_not_compared(void)
{
    static const struct {
        const char *what;
        enum es_mask_match match;
    } cases[] = {{"exam", ES_MASK_OTHER_IMAGE},      {"row spacing", ES_MASK_OTHER_GRID}, {"half a pixel", ES_MASK_OTHER_GRID},
                 {"slice spacing", ES_MASK_OTHER_PLANES}, {"half a slice", ES_MASK_OTHER_PLANES}, {"other image", ES_MASK_OTHER_PLANES},
                 {"size", ES_MASK_OTHER_GRID}};
    static const unsigned sources[2] = {1, 2};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct seg_plan a = plan_of(cube), b = plan_of(cube);
        if (i == 0) b.exam = 2;
        if (i == 1) b.row_spacing = 0.6;
        if (i == 2) b.x -= 1;
        if (i == 3) b.between = b.step = 4;
        if (i == 4) b.z += 1.5;
        if (i == 5) b.sources = sources;
        if (i == 6) a.unplaced = b.unplaced = true;
        if (i == 6) b.columns = 4;
        const struct es_mask_overlap o = compared(of_plan(&a), of_plan(&b));
        if (o.match != cases[i].match) printf("    %s: %s\n", cases[i].what, es_mask_match_name(o.match));
        CU_ASSERT_EQUAL(o.match, cases[i].match);
        CU_ASSERT(isnan(o.dice));
    }
}

/* The counts by runs against the kernel's by voxels, on masks of which nothing is special. */
static void counts_by_runs_are_those_by_voxels(void)
{
    uint32_t state = 12345;
    for (int round = 0; round < 40; round++) {
        uint8_t a[5 * 6 * 7], b[5 * 6 * 7];
        for (size_t i = 0; i < sizeof a; i++) {
            state = state * 1664525u + 1013904223u;
            a[i] = state >> 30 == 0;
            state = state * 1664525u + 1013904223u;
            b[i] = a[i] ? state >> 30 != 1 : state >> 30 == 3;
        }
        struct seg_plan x = plan_of(a), y = plan_of(b);
        x.planes = y.planes = 5;
        x.rows = y.rows = 6;
        x.columns = y.columns = 7;
        const struct es_grid grid = {3, {5, 6, 7}, {3, 0.5, 2}};
        struct es_overlap direct;
        CU_ASSERT_EQUAL_FATAL(es_overlap_measure(&grid, a, b, &direct), ES_OVERLAP_OK);
        const struct es_mask_overlap o = compared(of_plan(&x), of_plan(&y));
        CU_ASSERT(o.n_result == direct.n_ai && o.n_reference == direct.n_ref && o.n_both == direct.n_both);
        CU_ASSERT_DOUBLE_EQUAL(o.dice, direct.dice, 1e-15);
        CU_ASSERT_DOUBLE_EQUAL(o.hd95, direct.hd95, 1e-12);
        CU_ASSERT_DOUBLE_EQUAL(o.surface_distance, direct.assd, 1e-12);
    }
}

/* The real liver against itself, moved: 4 + 314 + 4 voxels on three planes. */
static void a_real_segmentation_agrees_with_itself(void)
{
    struct es_facts facts;
    static const size_t first[1] = {0};
    struct es_mask *a = NULL, *b = NULL;
    CU_ASSERT_EQUAL_FATAL(es_facts_read_file(es_testdata("dicom/ai-seg/seg-ct-liver-label.dcm"), &facts, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_mask_of_seg(&a, facts.seg, first, 1, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_mask_of_seg(&b, facts.seg, first, 1, NULL), ES_OK);
    es_facts_free(&facts);
    const struct es_mask_overlap o = compared(stored(a), stored(b));
    CU_ASSERT(o.dice == 1 && o.n_both == 322 && o.hd95 == 0 && o.surface_distance == 0);
}

/* ---- real masks against a physician's ---- */

#define CELL_MASKS 6
struct pair {
    struct es_mask *lungs, *heart;
};

static void name_image(struct es_mask *mask, const char *image)
{
    (void)snprintf(mask->planes[0].image, sizeof mask->planes[0].image, "%s", image);
}

/* Columns 11 to 16: left lung, right lung, heart of the model, then of the physician; lungs are both. */
static struct pair read_pair(char *const cells[], const char *image)
{
    struct pair out = {of_text(cells[0], 1024, 1024), of_text(cells[2], 1024, 1024)};
    struct es_mask *right = of_text(cells[1], 1024, 1024);
    CU_ASSERT_EQUAL(es_mask_join(out.lungs, right, NULL), ES_OK);
    es_mask_free(right);
    name_image(out.lungs, image);
    name_image(out.heart, image);
    return (struct pair){stored(out.lungs), stored(out.heart)};
}

static double cell_number(const char *text)
{
    return strtod(text, NULL);
}

static void chest_masks_agree_with_the_published_dice_of_each_image(void)
{
    const char *masks = es_bulkdata("predictions/chexmask-nih/masks.csv");
    if (!masks) {
        es_test_skip("data/predictions/chexmask-nih is not there");
        return;
    }
    struct csv_rows rows = {.text = es_test_slurp(masks, NULL)};
    struct csv_rows published = {.text = es_test_slurp(es_bulkdata("predictions/chexmask-nih/published_per_image.csv"), NULL)};
    struct csv_rows expected = {.text = es_test_slurp(es_bulkdata("predictions/expected/chexmask-nih_per_image.csv"), NULL)};
    rows.next = rows.text;
    published.next = published.text;
    expected.next = expected.text;
    size_t n = 0;
    double worst = 0;
    (void)csv_next(&rows);
    (void)csv_next(&published);
    (void)csv_next(&expected);
    while (csv_next(&rows) && csv_next(&published) && csv_next(&expected)) {
        CU_ASSERT_STRING_EQUAL_FATAL(rows.cell[0], published.cell[0]);
        CU_ASSERT_STRING_EQUAL_FATAL(rows.cell[0], expected.cell[0]);
        const struct pair ai = read_pair(rows.cell + 10, rows.cell[0]), reference = read_pair(rows.cell + 13, rows.cell[0]);
        const struct es_mask_overlap lungs = compared(ai.lungs, reference.lungs), heart = compared(ai.heart, reference.heart);
        const double found[6] = {lungs.dice, heart.dice, lungs.dice, heart.dice, lungs.iou, heart.iou};
        const double wanted[6] = {cell_number(published.cell[4]), cell_number(published.cell[5]), cell_number(expected.cell[5]),
                                  cell_number(expected.cell[6]),  cell_number(expected.cell[7]),  cell_number(expected.cell[8])};
        for (int i = 0; i < 6; i++) {
            CU_ASSERT_DOUBLE_EQUAL(found[i], wanted[i], 1e-9);
            worst = fmax(worst, fabs(found[i] - wanted[i]));
        }
        CU_ASSERT_EQUAL((double)lungs.n_result, cell_number(expected.cell[9]));
        CU_ASSERT_EQUAL((double)heart.n_reference, cell_number(expected.cell[12]));
        n++;
    }
    CU_ASSERT_EQUAL(n, 50);
    printf("    %zu images, worst difference %.3g\n", n, worst);
    free(rows.text);
    free(published.text);
    free(expected.text);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"runs_in_text_are_read_in_row_order", runs_in_text_are_read_in_row_order},
        {"faults_of_runs_in_text_are_named", faults_of_runs_in_text_are_named},
        {"bytes_and_runs_give_one_mask", bytes_and_runs_give_one_mask},
        {"the_stored_form_keeps_all_but_identifiers", the_stored_form_keeps_all_but_identifiers},
        {"a_damaged_stored_form_is_refused_or_is_another_mask", a_damaged_stored_form_is_refused_or_is_another_mask},
        {"a_shift_by_one_column_of_two_millimetres", a_shift_by_one_column_of_two_millimetres},
        {"empty_masks_give_no_number_or_nought", empty_masks_give_no_number_or_nought},
        {"planes_match_by_image_or_position_whatever_their_order", planes_match_by_image_or_position_whatever_their_order},
        {"other_grids_and_images_are_not_compared", other_grids_and_images_are_not_compared},
        {"counts_by_runs_are_those_by_voxels", counts_by_runs_are_those_by_voxels},
        {"a_real_segmentation_agrees_with_itself", a_real_segmentation_agrees_with_itself},
        {"chest_masks_agree_with_the_published_dice_of_each_image", chest_masks_agree_with_the_published_dice_of_each_image},
        {NULL, NULL}};
    static const uint8_t bytes[32] = {1, 2, 3};
    struct es_error err = {0};
    es_dicom_process_setup(true);
    if (es_key_from_bytes(&key, bytes, &err) != ES_OK) return 1;
    const int status = es_test_main("mask", tests, argc, argv);
    es_key_close(key);
    return status;
}
