/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dicom/age.h"
#include "dicom/readers.h"

#define TAG_STUDY_DATE 0x00080020u
#define TAG_BIRTH_DATE 0x00100030u
#define TAG_SEX 0x00100040u
#define TAG_AGE 0x00101010u
#define TAG_SIZE 0x00101020u
#define TAG_BMI 0x00101022u
#define TAG_WEIGHT 0x00101030u

static bool day_of(const struct es_elements *elements, uint32_t tag, int32_t *day)
{
    const struct es_element *e = es_elements_find(elements, tag);
    return e && !e->flags && es_text_date(es_elements_value(elements, e), e->length, day);
}

/* @param birth_fault  why a birth date that is there cannot be believed; "" when it can, or there is none, or no study date tells */
static struct es_age_evidence evidence_of(const struct es_elements *elements, const char **birth_fault)
{
    char text[ES_FACT_VALUE];
    struct es_age_evidence evidence = {.weight_kg = (double)NAN, .size_m = (double)NAN};
    int32_t birth = 0, study = 0;
    const bool born = day_of(elements, TAG_BIRTH_DATE, &birth), studied = day_of(elements, TAG_STUDY_DATE, &study);
    if (born && studied) {
        struct es_age age = {.valid = false};
        evidence.birth_known = es_age_from_birth(birth, study, &age);
        evidence.birth_age = age.days;
        evidence.birth_years = age.years;
        evidence.dummies = !evidence.birth_known;
        if (!evidence.birth_known) *birth_fault = "birth_date_implausible";
    } else if (!born && es_element_text(elements, TAG_BIRTH_DATE, text, sizeof text) != ES_TEXT_BLANK) {
        *birth_fault = "birth_date_malformed";
    }
    explicit_bzero(text, sizeof text);
    if (!es_element_number(elements, TAG_WEIGHT, &evidence.weight_kg)) evidence.weight_kg = (double)NAN;
    if (!es_element_number(elements, TAG_SIZE, &evidence.size_m)) evidence.size_m = (double)NAN;
    if (evidence.weight_kg == 0 || evidence.size_m == 0) evidence.dummies = true;
    return evidence;
}

static void set_reason(struct es_fact *fact, const char *reason)
{
    (void)snprintf(fact->reason, sizeof fact->reason, "%s", reason);
}

/** PatientAge, then the birth date; see age.h. A derived age keeps in `reason` why PatientAge was not believed. */
static void age_fact(const struct es_elements *elements, struct es_fact *fact)
{
    const char *birth_fault = "";
    const struct es_age_evidence evidence = evidence_of(elements, &birth_fault);
    struct es_age age = {.valid = false, .reason = ""};
    if (fact->state == ES_ATTRIBUTE_PRESENT) age = es_age_judge(es_age_read(fact->value, strlen(fact->value)), &evidence);
    if (age.valid && evidence.birth_known && es_age_conflicts(&age, &evidence)) {
        fact->state = ES_ATTRIBUTE_CONFLICT;
        fact->value[0] = '\0';
        set_reason(fact, "differs_from_birth_date");
    } else if (age.valid) {
        es_age_write(&age, fact->value);
    } else {
        if (fact->state == ES_ATTRIBUTE_PRESENT) {
            fact->state = ES_ATTRIBUTE_INVALID;
            fact->value[0] = '\0';
            set_reason(fact, age.reason);
        }
        /* a newborn's birth date is no better than the age it was made from when an adult's size or weight stands beside it */
        const struct es_age born = {.valid = true, .days = evidence.birth_age, .years = evidence.birth_years};
        if (evidence.birth_known && !es_age_judge(born, &evidence).valid) birth_fault = "birth_date_implausible";
        if (birth_fault[0] != '\0' && fact->state != ES_ATTRIBUTE_INVALID) {
            fact->state = ES_ATTRIBUTE_INVALID;
            set_reason(fact, birth_fault);
        }
        if (!evidence.birth_known || birth_fault[0] != '\0') return;
        fact->state = ES_ATTRIBUTE_PRESENT;
        fact->derived = true;
        es_age_write(&born, fact->value);
    }
}

/** PatientSize in metres, PatientWeight in kilograms, BMI: zero is "unknown"; 170 is centimetres in a field of metres. */
static void body_fact(const struct es_elements *elements, uint32_t tag, struct es_fact *fact)
{
    const double most = tag == TAG_SIZE ? 3 : tag == TAG_WEIGHT ? 700 : 250;
    double value = 0;
    if (fact->state != ES_ATTRIBUTE_PRESENT || !es_element_number(elements, tag, &value)) return;
    if (value > 0 && value <= most) return;
    fact->state = ES_ATTRIBUTE_INVALID;
    fact->value[0] = '\0';
    set_reason(fact, "implausible");
}

void es_demographic_read(const struct es_elements *elements, const struct es_attribute *row, const struct es_element *e, struct es_fact *out)
{
    es_fact_read(elements, row, e, out);
    switch (row->tag) {
    case TAG_SEX: es_text_upper(out->value); break;
    case TAG_AGE: age_fact(elements, out); break;
    case TAG_SIZE:
    case TAG_BMI:
    case TAG_WEIGHT: body_fact(elements, row->tag, out); break;
    default: break;
    }
}
