/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/age.h"
#include "dicom/facts.h"
#include "dicom_make.h"
#include "testlib.h"

/* PS3.5 6.2, AS: nnnD, nnnW, nnnM, nnnY and nothing else. */
static void only_the_four_forms_are_ages(void)
{
    static const struct {
        const char *text, *written, *reason;
    } cases[] = {{"084Y", "084Y", NULL},       {"000Y", "000Y", NULL},        {"001Y", "001Y", NULL}, {"002Y", "002Y", NULL},
                 {"018M", "548D", NULL},       {"024M", "002Y", NULL},        {"003W", "021D", NULL}, {"729D", "729D", NULL},
                 {"730D", "002Y", NULL},       {"120Y", "120Y", NULL},        {"24", NULL, "no_unit"}, {"0Y", NULL, "ill_formed"},
                 {"045y", NULL, "ill_formed"}, {"-001Y", NULL, "ill_formed"}, {"", NULL, "ill_formed"}, {"45Y", NULL, "ill_formed"},
                 {"0045Y", NULL, "ill_formed"}, {"045Z", NULL, "ill_formed"},  {"4 5Y", NULL, "ill_formed"}, {"045", NULL, "no_unit"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct es_age age = es_age_read(cases[i].text, strlen(cases[i].text));
        char written[5] = "";
        CU_ASSERT_EQUAL(age.valid, cases[i].written != NULL);
        if (age.valid) {
            es_age_write(&age, written);
            CU_ASSERT_STRING_EQUAL(written, cases[i].written);
        } else {
            CU_ASSERT_STRING_EQUAL(age.reason, cases[i].reason);
        }
    }
}

/* Every whole number of years is written back as it was given. */
static void years_survive(void)
{
    for (int y = 0; y <= ES_MAX_AGE_YEARS; y++) {
        char text[16], written[5];
        (void)snprintf(text, sizeof text, "%03dY", y);
        const struct es_age age = es_age_read(text, 4);
        es_age_write(&age, written);
        CU_ASSERT_STRING_EQUAL(written, text);
    }
}

/** The PatientAge of a made header. NULL leaves an attribute out. */
static struct es_fact age_of(const char *age, const char *birth, const char *study, const char *size, const char *weight)
{
    struct es_facts facts = {0};
    struct es_fact fact = {0};
    struct made m = make_begin(true, NULL);
    make_text(&m, 0x00080016, "UI", CT_CLASS);
    if (study) make_text(&m, 0x00080020, "DA", study);
    if (birth) make_text(&m, 0x00100030, "DA", birth);
    if (age) make_text(&m, 0x00101010, "AS", age);
    if (size) make_text(&m, 0x00101020, "DS", size);
    if (weight) make_text(&m, 0x00101030, "DS", weight);
    make_text(&m, 0x0020000D, "UI", "1.2.3");
    CU_ASSERT_EQUAL_FATAL(es_facts_read(m.p, m.len, &facts, NULL), ES_OK);
    fact = *es_facts_attribute(&facts, "PatientAge");
    es_facts_free(&facts);
    free(m.p);
    return fact;
}

static void ages_are_judged_by_what_stands_beside_them(void)
{
    static const struct {
        const char *age, *birth, *study, *size, *weight;
        enum es_attribute_state state;
        const char *value, *reason;
        bool derived;
    } cases[] = {
        {"084Y", NULL, NULL, NULL, NULL, ES_ATTRIBUTE_PRESENT, "084Y", "", false},
        {NULL, NULL, NULL, NULL, NULL, ES_ATTRIBUTE_ABSENT, "", "", false},
        {"", NULL, NULL, NULL, NULL, ES_ATTRIBUTE_BLANK, "", "", false},
        {"24", NULL, NULL, NULL, NULL, ES_ATTRIBUTE_INVALID, "", "no_unit", false},
        {"0Y", NULL, NULL, NULL, NULL, ES_ATTRIBUTE_INVALID, "", "ill_formed", false},
        {"122Y", NULL, NULL, NULL, NULL, ES_ATTRIBUTE_INVALID, "", "implausible", false},
        {"400Y", NULL, NULL, NULL, NULL, ES_ATTRIBUTE_INVALID, "", "implausible", false},
        {"000Y", NULL, NULL, "1.75", NULL, ES_ATTRIBUTE_INVALID, "", "implausible", false},
        {"000Y", NULL, NULL, NULL, "71.5", ES_ATTRIBUTE_INVALID, "", "implausible", false},
        {"000Y", NULL, NULL, NULL, "3.9", ES_ATTRIBUTE_PRESENT, "000Y", "", false},
        {"000Y", NULL, NULL, NULL, "0", ES_ATTRIBUTE_INVALID, "", "dummy", false},
        {"000Y", "19000101", "20200101", NULL, NULL, ES_ATTRIBUTE_INVALID, "", "dummy", false},
        {"000Y", "19600101", "20200101", NULL, NULL, ES_ATTRIBUTE_PRESENT, "060Y", "implausible", true},
        {"000Y", NULL, NULL, NULL, NULL, ES_ATTRIBUTE_PRESENT, "000Y", "", false},
        {"000Y", "20191001", "20200101", NULL, NULL, ES_ATTRIBUTE_PRESENT, "000Y", "", false},
        {NULL, "19600615", "20200614", NULL, NULL, ES_ATTRIBUTE_PRESENT, "059Y", "", true},
        {NULL, "19600615", "20200615", NULL, NULL, ES_ATTRIBUTE_PRESENT, "060Y", "", true}, /* on the birthday itself */
        {NULL, "20160229", "20180227", NULL, NULL, ES_ATTRIBUTE_PRESENT, "729D", "", true},
        {NULL, "20160229", "20190228", NULL, NULL, ES_ATTRIBUTE_PRESENT, "002Y", "", true},
        {NULL, "20160229", "20190301", NULL, NULL, ES_ATTRIBUTE_PRESENT, "003Y", "", true},
        {"", "20191001", "20200101", NULL, NULL, ES_ATTRIBUTE_PRESENT, "092D", "", true},
        {"400Y", "19600615", "20200616", NULL, NULL, ES_ATTRIBUTE_PRESENT, "060Y", "implausible", true},
        {"060Y", "19600615", "20200616", NULL, NULL, ES_ATTRIBUTE_PRESENT, "060Y", "", false},
        {"061Y", "19600615", "20200616", NULL, NULL, ES_ATTRIBUTE_PRESENT, "061Y", "", false},
        {"062Y", "19600615", "20200616", NULL, NULL, ES_ATTRIBUTE_CONFLICT, "", "differs_from_birth_date", false},
        {"058Y", "19600615", "20200616", NULL, NULL, ES_ATTRIBUTE_CONFLICT, "", "differs_from_birth_date", false},
        {"060Y", "17000101", "20200616", NULL, NULL, ES_ATTRIBUTE_PRESENT, "060Y", "", false},
        {"060Y", "18000101", "20200616", NULL, NULL, ES_ATTRIBUTE_PRESENT, "060Y", "", false},
        {NULL, "19000101", "20200616", NULL, NULL, ES_ATTRIBUTE_INVALID, "", "birth_date_implausible", false},
        {NULL, "18950607", "20200616", NULL, NULL, ES_ATTRIBUTE_INVALID, "", "birth_date_implausible", false},
        {NULL, "20210101", "20200616", NULL, NULL, ES_ATTRIBUTE_INVALID, "", "birth_date_implausible", false},
        {NULL, "19600615", NULL, NULL, NULL, ES_ATTRIBUTE_ABSENT, "", "", false},
        {NULL, "1960", "20200616", NULL, NULL, ES_ATTRIBUTE_INVALID, "", "birth_date_malformed", false},
        {NULL, "20200616", "20200616", "1.8", NULL, ES_ATTRIBUTE_INVALID, "", "birth_date_implausible", false},
        {"", "18950607", "20200616", NULL, NULL, ES_ATTRIBUTE_INVALID, "", "birth_date_implausible", false},
        {NULL, "15 June 1960", NULL, NULL, NULL, ES_ATTRIBUTE_INVALID, "", "birth_date_malformed", false},
        {NULL, " ", "20200616", NULL, NULL, ES_ATTRIBUTE_ABSENT, "", "", false},
        {NULL, "", "20200616", NULL, NULL, ES_ATTRIBUTE_ABSENT, "", "", false},
        {"24", "18950607", "20200616", NULL, NULL, ES_ATTRIBUTE_INVALID, "", "no_unit", false},
        {NULL, "20200616", "20200616", "0.5", "3.4", ES_ATTRIBUTE_PRESENT, "000D", "", true},
        {"006M", "20191001", "20200401", NULL, "7.5", ES_ATTRIBUTE_PRESENT, "183D", "", false},
        {"100D", "20190308", "20200616", NULL, NULL, ES_ATTRIBUTE_PRESENT, "100D", "", false}, /* a year and a day apart, and one more */
        {"100D", "20190307", "20200616", NULL, NULL, ES_ATTRIBUTE_CONFLICT, "", "differs_from_birth_date", false},
        {"500D", "20200203", "20200616", NULL, NULL, ES_ATTRIBUTE_PRESENT, "500D", "", false},
        {"500D", "20200204", "20200616", NULL, NULL, ES_ATTRIBUTE_CONFLICT, "", "differs_from_birth_date", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct es_fact f = age_of(cases[i].age, cases[i].birth, cases[i].study, cases[i].size, cases[i].weight);
        CU_ASSERT_EQUAL(f.state, cases[i].state);
        CU_ASSERT_STRING_EQUAL(f.value, cases[i].value);
        CU_ASSERT_STRING_EQUAL(f.reason, cases[i].reason);
        CU_ASSERT_EQUAL(f.derived, cases[i].derived);
        if (f.state != cases[i].state || strcmp(f.value, cases[i].value) != 0) printf("    case %zu: %s %s %s\n", i, es_attribute_state_name(f.state), f.value, f.reason);
    }
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"only_the_four_forms_are_ages", only_the_four_forms_are_ages},
                                           {"years_survive", years_survive},
                                           {"ages_are_judged_by_what_stands_beside_them", ages_are_judged_by_what_stands_beside_them},
                                           {NULL, NULL}};
    return es_test_main("age", tests, argc, argv);
}
