/* SPDX-License-Identifier: Apache-2.0 */
/* Small objects that once took minutes: work must grow with what is in them, not with its square. The first took more than a minute of
 * processor time without an end, the second 7 s; now both 0.2 s. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dicom/dataset.h"
#include "dicom/facts.h"
#include "dicom_make.h"
#include "testlib.h"

#define SECONDS 5 /* processor time, under a sanitizer too */

static struct es_facts facts;

static double now(void)
{
    struct timespec t;
    return clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t) == 0 ? (double)t.tv_sec + 1e-9 * (double)t.tv_nsec : 0;
}

static struct made empty(void) { return (struct made){.explicit_vr = true}; }

/** Empty private elements of one VR, in order. */
static void add_private(struct made *m, size_t count)
{
    uint32_t group = 0x0009, element = 0x1000;
    for (size_t i = 0; i < count; i++) {
        make_head(m, group << 16 | element, "CS", 0);
        if (++element > 0xFFFF) {
            element = 0x1000;
            group += group == 0x000F ? 4 : 2; /* 0011 stands behind PatientID and the like */
        }
    }
}

/** A report with so many private elements before its content. Takes content. */
static void read_in_time(size_t private, struct made content)
{
    struct made m = make_begin(true, NULL);
    make_text(&m, 0x00080016, "UI", SR_CLASS);
    make_text(&m, 0x00080060, "CS", "SR");
    add_private(&m, private);
    make_text(&m, 0x0020000D, "UI", "1.2.3");
    make_nest(&m, 0x0040A730, "SQ", content, false);
    const double begin = now();
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    CU_ASSERT(now() - begin < SECONDS);
    free(m.p);
    CU_ASSERT_PTR_NOT_NULL_FATAL(facts.report);
}

static void items_are_read_whatever_stands_before_them(void)
{
    struct made content = empty();
    for (int i = 0; i < 20000; i++) make_head(&content, 0xFFFEE000u, "", 0);
    read_in_time(90000, content);
    CU_ASSERT_EQUAL(facts.report->items_read, 20000);
    es_facts_free(&facts);
}

/* ReferencedContentItemIdentifier, PS3.3 C.17.3.2.5: the root is 1, its first child 1\1. */
static void add_reference(struct made *content, uint32_t child)
{
    struct made item = empty();
    const uint8_t way[8] = {1, 0, 0, 0, (uint8_t)child, (uint8_t)(child >> 8), (uint8_t)(child >> 16), 0};
    make_text(&item, 0x0040A010, "CS", "CONTAINS");
    make_raw(&item, 0x0040DB73, "UL", way, sizeof way);
    make_nest(content, 0xFFFEE000u, "", item, false);
}

static void references_to_items_are_followed(void)
{
    struct made content = empty();
    for (int i = 0; i < 50000; i++) add_reference(&content, 1);
    read_in_time(0, content);
    CU_ASSERT_EQUAL(facts.report->items_read, 50000);
    CU_ASSERT_EQUAL(facts.report->faults.dangling_references, 0);
    es_facts_free(&facts);
    content = empty();
    add_reference(&content, 2);
    add_reference(&content, 3);
    add_reference(&content, 0);
    add_reference(&content, 1);
    add_reference(&content, 4);
    add_reference(&content, 5);
    read_in_time(0, content);
    CU_ASSERT_EQUAL(facts.report->faults.dangling_references, 1); /* six items: none is the 0th */
    es_facts_free(&facts);
}

/* A creator of its own for each of many elements, and one element without one. PS3.5 7.8.1. */
static void creators_are_found_in_each_group(void)
{
    struct made m = make_begin(true, NULL);
    make_text(&m, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.7");
    for (uint32_t group = 0x0029; group < 0x0031; group += 2) {
        char name[16];
        for (uint32_t block = 0x10; block < 0x20; block++) {
            (void)snprintf(name, sizeof name, "%02x of %02x", (unsigned)block, (unsigned)group);
            if (block != 0x1F) make_text(&m, group << 16 | block, "LO", name);
        }
        for (uint32_t block = 0x10; block < 0x20; block++) make_text(&m, group << 16 | block << 8 | 0x42, "LO", "value");
    }
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    free(m.p);
    CU_ASSERT_PTR_NOT_NULL_FATAL(facts.report);
    CU_ASSERT_EQUAL_FATAL(facts.report->n_values, 64); /* SOPClassUID is a UI, which is passed over */
    for (size_t i = 0; i < 64; i++) {
        const struct es_tag_value *v = &facts.report->values[i];
        char name[16] = "";
        if (i % 16 != 15) (void)snprintf(name, sizeof name, "%02x of %02x", (unsigned)(0x10 + i % 16), (unsigned)(0x29 + 2 * (i / 16)));
        CU_ASSERT_STRING_EQUAL(v->creator, name);
        CU_ASSERT_EQUAL(v->path[0], (uint32_t)(0x29 + 2 * (i / 16)) << 16 | 0x42);
    }
    es_facts_free(&facts);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"items_are_read_whatever_stands_before_them", items_are_read_whatever_stands_before_them},
                                           {"references_to_items_are_followed", references_to_items_are_followed},
                                           {"creators_are_found_in_each_group", creators_are_found_in_each_group},
                                           {NULL, NULL}};
    es_dicom_process_setup(true);
    return es_test_main("sr_large", tests, argc, argv);
}
