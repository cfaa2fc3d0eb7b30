/* SPDX-License-Identifier: Apache-2.0 */
/* Exams with segmentations of known overlap: make_masks DIR COUNT writes DIR/images, DIR/results and DIR/references.
 *
 * Each exam has two CT slices, a block of 2 x 2 x 3 voxels that a reader drew, and the model's, moved by 0, 1 or 2 columns in turn: Dice
 * is 1, 2/3 or 1/3. Sexes take turns too. Every third exam's model object is fractional and RLE, every
 * fourth reader's implicit VR. */
#include <stdlib.h>
#include <sys/stat.h>

#include "tests/seg_make.h"

static bool put(const char *folder, const char *kind, unsigned exam, unsigned number, struct made m)
{
    char path[1024];
    const int n = snprintf(path, sizeof path, "%s/%s/%u-%u.dcm", folder, kind, exam, number);
    FILE *file = n > 0 && (size_t)n < sizeof path ? fopen(path, "wb") : NULL;
    bool good = file && fwrite(m.p, 1, m.len, file) == m.len;
    if (file) good = fclose(file) == 0 && good;
    free(m.p);
    return good;
}

static bool make_folder(const char *folder, const char *kind)
{
    char path[1024];
    const int n = snprintf(path, sizeof path, "%s/%s", folder, kind);
    return n > 0 && (size_t)n < sizeof path && mkdir(path, 0777) == 0;
}

/** A block of two planes, two rows and three columns. */
static void draw(uint8_t voxels[2 * 8 * 8], unsigned column)
{
    memset(voxels, 0, 2 * 8 * 8);
    for (unsigned plane = 0; plane < 2; plane++)
        for (unsigned row = 2; row < 4; row++) memset(voxels + plane * 64 + row * 8 + column, 1, 3);
}

static bool make_exam(const char *folder, unsigned exam)
{
    uint8_t voxels[2 * 8 * 8];
    char patient[16], accession[16];
    (void)snprintf(patient, sizeof patient, "MASK%u", exam);
    (void)snprintf(accession, sizeof accession, "AM%u", exam);
    struct seg_plan plan = {.syntax = EXPLICIT_UID, .type = "BINARY", .maker = "AUTOMATIC", .exam = exam, .object = 1, .rows = 8, .columns = 8,
                            .planes = 2, .bits = 1, .row_spacing = 0.5, .column_spacing = 2, .between = 3, .thickness = 3, .step = 3,
                            .voxels = voxels, .patient = patient, .accession = accession, .sex = exam % 2 ? "F" : "M", .age = "061Y",
                            .reader = "Reader^One"};
    bool good = put(folder, "images", exam, 1, make_slice(&plan, 0)) && put(folder, "images", exam, 2, make_slice(&plan, 1));
    draw(voxels, 1 + exam % 3);
    if (exam % 3 == 0) plan.syntax = RLE_SYNTAX_UID;
    if (exam % 3 == 0) plan.bits = 8;
    if (exam % 3 == 0) plan.type = "FRACTIONAL"; /* 255 of 255 */
    for (size_t i = 0; exam % 3 == 0 && i < sizeof voxels; i++) voxels[i] = voxels[i] ? 255 : 0;
    good = good && put(folder, "results", exam, 1, make_seg(&plan));
    draw(voxels, 1);
    plan.syntax = exam % 4 == 0 ? "1.2.840.10008.1.2" : EXPLICIT_UID;
    plan.type = "BINARY";
    plan.bits = 1;
    plan.maker = "MANUAL";
    plan.object = 2;
    plan.time = "110000";
    return good && put(folder, "references", exam, 1, make_seg(&plan));
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {"images", "results", "references"};
    char *end = NULL;
    const unsigned long count = argc == 3 ? strtoul(argv[2], &end, 10) : 0;
    if (count == 0 || count > 10000 || *end != '\0') {
        fprintf(stderr, "usage: make_masks DIR COUNT\n");
        return 2;
    }
    bool good = true;
    for (size_t i = 0; i < 3; i++) good = good && make_folder(argv[1], kinds[i]);
    for (unsigned exam = 1; good && exam <= count; exam++) good = make_exam(argv[1], exam);
    if (!good) perror("make_masks");
    return good ? 0 : 1;
}
