/* SPDX-License-Identifier: Apache-2.0 */
/** @file seg_read.h
 * One small segmentation, and reading what was made of it (seg_make.h) as the library does.
 */
#ifndef ES_TESTS_SEG_READ_H
#define ES_TESTS_SEG_READ_H

#include "dicom/facts.h"
#include "dicom/seg.h"
#include "seg_make.h"
#include "testlib.h"

/** Of the object that was read last. */
__attribute__((unused)) static struct es_facts facts;

/** Two planes of 4 x 8: 3 + 2 pixels on the first, 8 on the second. */
__attribute__((unused)) static const uint8_t shape[64] = {
    0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};

__attribute__((unused)) static struct seg_plan plan_of(void)
{
    const struct seg_plan plan = {.syntax = EXPLICIT_UID, .type = "BINARY", .maker = "AUTOMATIC", .exam = 1, .object = 1, .rows = 4, .columns = 8,
                                  .planes = 2, .bits = 1, .row_spacing = 0.5, .column_spacing = 2, .between = 3, .thickness = 3, .x = -10,
                                  .y = 20, .z = 100, .step = 3, .voxels = shape};
    return plan;
}

__attribute__((unused)) static const struct es_seg_facts *read_bytes(const void *bytes, size_t len)
{
    struct es_error err = {0};
    es_facts_free(&facts);
    if (es_facts_read(bytes, len, &facts, &err) == ES_OK) return facts.seg;
    printf("    %s\n", err.text);
    return NULL;
}

__attribute__((unused)) static const struct es_seg_facts *read_plan(const struct seg_plan *plan)
{
    struct made m = make_seg(plan);
    const struct es_seg_facts *seg = read_bytes(m.p, m.len);
    free(m.p);
    return seg;
}

#endif
