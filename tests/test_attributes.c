/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "dicom/attributes.h"
#include "dicom/facts.h"
#include "testlib.h"

static void table_rises_without_duplicates(void)
{
    for (size_t i = 1; i < es_n_attributes; i++) {
        CU_ASSERT(es_attributes[i - 1].tag < es_attributes[i].tag);
        for (size_t k = 0; k < i; k++) CU_ASSERT_STRING_NOT_EQUAL(es_attributes[i].keyword, es_attributes[k].keyword);
    }
    CU_ASSERT_EQUAL(es_attributes[es_n_attributes - 1].tag, ES_LAST_WANTED_TAG);
}

static void every_row_is_complete(void)
{
    for (size_t i = 0; i < es_n_attributes; i++) {
        const struct es_attribute *row = &es_attributes[i];
        CU_ASSERT_EQUAL(strlen(row->vr), 2);
        CU_ASSERT(row->keyword[0] >= 'A' && row->keyword[0] <= 'Z');
        CU_ASSERT(row->use != 0);
        CU_ASSERT_EQUAL(strcmp(row->vr, "SQ") == 0, row->codes != 0);
        CU_ASSERT_PTR_EQUAL(es_attribute_find(row->tag), row);
    }
    CU_ASSERT_PTR_NULL(es_attribute_find(0x00100010)); /* PatientName is not wanted */
    CU_ASSERT_PTR_NULL(es_attribute_find(0));
    CU_ASSERT_PTR_NULL(es_attribute_find(UINT32_MAX));
}

static void facts_have_room_for_every_row(void)
{
    size_t facts = 0;
    for (size_t i = 0; i < es_n_attributes; i++) facts += es_attribute_is_fact(&es_attributes[i]);
    CU_ASSERT(facts > 30 && facts <= ES_MAX_ATTRIBUTES);
}

/* PS3.6: the only retired one; the others by tag and VR as in table 6-1. */
static void known_rows_are_those_of_ps36(void)
{
    static const struct {
        uint32_t tag;
        const char *vr, *keyword;
        bool retired;
    } rows[] = {{0x00100040, "CS", "PatientSex", false},          {0x00101010, "AS", "PatientAge", false},
                {0x00102160, "SH", "EthnicGroup", true},          {0x00102161, "SQ", "EthnicGroupCodeSequence", false},
                {0x00102162, "UC", "EthnicGroups", false},        {0x00100041, "SQ", "GenderIdentitySequence", false},
                {0x00101030, "DS", "PatientWeight", false},       {0x001021C0, "US", "PregnancyStatus", false},
                {0x00080051, "SQ", "IssuerOfAccessionNumberSequence", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct es_attribute *row = es_attribute_find(rows[i].tag);
        CU_ASSERT_PTR_NOT_NULL_FATAL(row);
        CU_ASSERT_STRING_EQUAL(row->vr, rows[i].vr);
        CU_ASSERT_STRING_EQUAL(row->keyword, rows[i].keyword);
        CU_ASSERT_EQUAL(row->retired, rows[i].retired);
    }
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"table_rises_without_duplicates", table_rises_without_duplicates},
                                           {"every_row_is_complete", every_row_is_complete},
                                           {"facts_have_room_for_every_row", facts_have_room_for_every_row},
                                           {"known_rows_are_those_of_ps36", known_rows_are_those_of_ps36},
                                           {NULL, NULL}};
    return es_test_main("attributes", tests, argc, argv);
}
