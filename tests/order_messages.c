/* SPDX-License-Identifier: Apache-2.0 */
#include "order_messages.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "order_measures.h"
#include "order_units.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)

struct es_message *es_order_messages[ES_ORDER_MOST];
size_t es_order_n_messages;

static struct es_message *keep(struct es_message *message)
{
    if (es_order_n_messages == ES_ORDER_MOST) abort();
    return es_order_messages[es_order_n_messages++] = message;
}

static struct es_message *named(struct es_message *message, const char *event_id)
{
    snprintf(message->event_id, sizeof message->event_id, "%s", event_id);
    return message;
}

static void retract(const char *event_id)
{
    struct es_message *message = keep(es_say(ES_EVENT_RETRACT, 0));
    snprintf(message->retract_event_id, sizeof message->retract_event_id, "%s", event_id);
}

static void alias(unsigned study, unsigned old, const char *event_id)
{
    struct es_message *message = keep(named(es_say(ES_EVENT_ALIAS, study), event_id));
    snprintf(message->same_as, sizeof message->same_as, "1.2.3.%u", old);
}

static void patient_alias(unsigned patient, unsigned old, const char *event_id)
{
    struct es_message *message = keep(named(es_say(ES_EVENT_PATIENT_ALIAS, 0), event_id));
    snprintf(message->patient_id, sizeof message->patient_id, "PAT%u", patient);
    snprintf(message->same_as, sizeof message->same_as, "PAT%u", old);
}

static void demographics(unsigned patient, const char *decile, int32_t valid_from, const char *event_id)
{
    (void)keep(named(es_say_demographics(patient, "imd_decile", decile, valid_from), event_id));
}

static struct es_message *accession(struct es_message *message, const char *number, const char *issuer)
{
    snprintf(message->accession, sizeof message->accession, "%s", number);
    snprintf(message->accession_issuer, sizeof message->accession_issuer, "%s", issuer);
    return message;
}

static struct es_message *series(struct es_message *message, unsigned number)
{
    snprintf(message->series_uid, sizeof message->series_uid, "1.2.3.%u.%u", 77u, number);
    return message;
}

static struct es_message *issued(struct es_message *message, const char *issuer)
{
    snprintf(message->patient_issuer, sizeof message->patient_issuer, "%s", issuer);
    return message;
}

static struct es_message *issued_alias(struct es_message *message, const char *issuer)
{
    snprintf(message->same_as_issuer, sizeof message->same_as_issuer, "%s", issuer);
    return message;
}

static struct es_message *without_study(struct es_message *message)
{
    message->study_uid[0] = '\0';
    return message;
}

/* Patients of two issuers: which exams are whose is a matter of the whole set. */
static void fill_issuers(void)
{
    keep(issued(es_say_exam(31, 21, DAY + 50, "F", "050Y"), "ISS1"));
    keep(issued(es_say_exam(32, 21, DAY + 50, "M", "051Y"), "ISS2"));
    keep(es_say_exam(33, 21, DAY + 51, "F", "052Y"));                              /* of whom? a patient of its own */
    keep(issued(es_say_exam(34, 22, DAY + 51, "F", "053Y"), "ISS1"));
    keep(es_say_exam(35, 22, DAY + 52, "F", "053Y"));                              /* one issuer: the same patient */
    keep(issued(es_say_exam(36, 23, DAY + 52, "F", "054Y"), "ISS1"));
    keep(es_say_exam(37, 23, DAY + 53, "F", "054Y"));
    keep(named(issued(es_say_exam(38, 23, DAY + 53, "F", "054Y"), "ISS2"), "wrong-issuer"));
    retract("wrong-issuer");                                                       /* and so one issuer again */
    patient_alias(24, 21, "merge-4");
    issued_alias(issued(es_order_messages[es_order_n_messages - 1], "ISS1"), "ISS2");                /* 24 of ISS1 is 21 of ISS2, not of ISS1 */
    keep(issued(es_say_exam(39, 24, DAY + 54, "M", "055Y"), "ISS1"));
    demographics(22, "2", DAY, "d7");                                              /* reaches 34 and 35 */
    demographics(21, "7", DAY, "d8");                                              /* reaches 33 alone */
    demographics(21, "1", DAY, "d9");
    issued(es_order_messages[es_order_n_messages - 1], "ISS2");                                      /* reaches 32 and 39 */
    keep(es_say_exam(40, 25, DAY + 54, "F", "056Y"));
    demographics(25, "3", DAY, "d10");
    issued(es_order_messages[es_order_n_messages - 1], "ISS3");                                      /* the only issuer known: reaches 40 */
    patient_alias(26, 25, "merge-5");
    issued_alias(es_order_messages[es_order_n_messages - 1], "ISS4");
    retract("merge-5");                                                            /* or it would be two issuers */
}

static struct es_message *of_nodule(struct es_message *message)
{
    snprintf(message->findings[0].name, sizeof message->findings[0].name, "nodule");
    return message;
}

/* References live for each finding, and sources that overlap in time or do not. */
static void fill_references(void)
{
    keep(es_say_reference(2, "report", ES_REFERENCE_FINAL, 0, AT(DAY + 8)));
    keep(of_nodule(es_say_reference(2, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 9))));       /* beside the one before */
    struct es_message *both = keep(es_say_reference(5, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 8)));
    both->findings[1] = both->findings[0];
    both->n_findings = 2;
    snprintf(both->findings[1].name, sizeof both->findings[1].name, "nodule");
    keep(of_nodule(es_say_reference(5, "report", ES_REFERENCE_CORRECTED, 0, AT(DAY + 9))));   /* half of it superseded */
    keep(es_say_reference(9, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 10)));
    keep(of_nodule(es_say_reference(9, "report", ES_REFERENCE_CANCELLED, 1, AT(DAY + 11))));  /* cancels nothing that was said */
    keep(es_say_reference(4, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 8)));
    keep(of_nodule(es_say_reference(4, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 8))));
    keep(named(es_say_reference(4, "report", ES_REFERENCE_CANCELLED, 1, AT(DAY + 9)), "all"))->n_findings = 0;
    static const char *const sources[] = {"report", "biopsy", "report", "biopsy", "follow-up", "follow-up"};
    for (unsigned i = 0; i < 6; i++) { /* studies 31 to 36 */
        keep(es_say_result(31 + i, "4.0", "effusion", 0.3 + 0.1 * i, AT(DAY + 60)));
        keep(es_say_reference(31 + i, sources[i], ES_REFERENCE_FINAL, (int32_t)i % 2, AT(DAY + 70)));
    }
}

/* Everything at once: what can collide is put near each other. */
void es_order_fill(void)
{
    keep(series(es_say_exam(1, 1, DAY, "F", "050Y"), 1));
    keep(series(es_say_exam(1, 1, DAY, "F", "051Y"), 2));                          /* ages conflict */
    keep(accession(es_say_exam(2, 2, DAY + 3, "M", "030Y"), "A1", "ISS1"));
    keep(accession(es_say_exam(3, 3, DAY + 4, "", "070Y"), "A2", "ISS1"));
    keep(accession(es_say_exam(4, 3, DAY + 5, "F", "071Y"), "A2", "ISS2"));        /* one number, two issuers */
    keep(es_say_exam(5, 4, DAY + 6, "F", "017Y"));                                 /* ineligible */
    keep(es_say_exam(6, 0, DAY + 7, "M", ""));                                     /* nobody's, no age */
    keep(es_say_exam(7, 5, DAY + 8, "M", "044Y"))->excluded = ES_EXCLUDED_PHANTOM;
    keep(es_say_exam(8, 6, DAY + 9, "F", "066Y"));
    keep(es_say_exam(9, 7, DAY + 9, "F", "045Y"));
    keep(named(es_say_exam(9, 8, DAY + 9, "M", "045Y"), "wrong-exam"));
    for (unsigned study = 1; study <= 9; study++) {
        keep(es_say_result(study, "1.0", "effusion", 0.1 * study, AT(DAY + (int)study)));
        if (study % 2) keep(es_say_result(study, "2.0", "effusion", 0.9 - 0.1 * study, AT(DAY + (int)study) + 5));
    }
    keep(named(es_say_result(2, "1.0", "nodule", 0.4, AT(DAY + 3) + 9), "nodule"));
    snprintf(es_order_messages[es_order_n_messages - 1]->sop_uid, sizeof es_order_messages[0]->sop_uid, "1.9.1");
    keep(es_say_failure(3, "", ES_RESULT_TIMEOUT, AT(DAY + 4)));
    keep(es_say_failure(8, "2.0", ES_RESULT_REJECTED, AT(DAY + 9)));
    keep(es_say_failure(8, "2.0", ES_RESULT_FAILED, AT(DAY + 9)));
    keep(without_study(accession(es_say_result(0, "1.0", "effusion", 0.77, AT(DAY + 6)), "A2", "")));    /* ambiguous */
    keep(without_study(accession(es_say_result(0, "3.0", "effusion", 0.66, AT(DAY + 6)), "A2", "ISS2")));
    keep(without_study(accession(es_say_reference(0, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 7)), "A1", "")));
    keep(without_study(accession(es_say_reference(0, "report", ES_REFERENCE_FINAL, 0, AT(DAY + 7)), "A9", ""))); /* no exam */
    keep(es_say_reference(1, "report", ES_REFERENCE_PRELIMINARY, 0, AT(DAY + 1)));
    keep(es_say_reference(1, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 1)));
    keep(es_say_reference(1, "report", ES_REFERENCE_CORRECTED, 0, AT(DAY + 1)));
    keep(es_say_reference(1, "pathology", ES_REFERENCE_CORRECTED, 1, AT(DAY + 40)));
    keep(es_say_reference(3, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 9)));
    keep(es_say_reference(3, "report", ES_REFERENCE_CANCELLED, 1, AT(DAY + 8)));
    keep(es_say_reference(6, "report", ES_REFERENCE_FINAL, -1, AT(DAY + 9)));
    keep(es_say_reference(8, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 9)));
    keep(named(es_say_reference(8, "report", ES_REFERENCE_CORRECTED, 0, AT(DAY + 400)), "wrong-label"));
    keep(es_say_reference(18, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 10)));
    alias(18, 8, "alias-1");
    alias(9, 1, "alias-2");
    retract("alias-2");
    retract("wrong-exam");
    retract("wrong-label");
    retract("nodule");
    retract("never-sent");
    patient_alias(2, 1, "merge-1");
    patient_alias(3, 2, "merge-2");
    patient_alias(6, 7, "merge-3");
    retract("merge-3");
    demographics(1, "3", DAY - 5, "d1");
    demographics(1, "4", DAY + 4, "d2");
    demographics(3, "9", DAY + 5, "d3");
    demographics(2, "8", DAY + 5, "d4");
    demographics(6, "5", DAY + 1, "d5");
    demographics(6, "6", DAY + 2, "d6");
    retract("d6");
    struct es_message *unknown = keep(es_say_result(1, "1.0", "effusion", 0.5, AT(DAY)));
    snprintf(unknown->model_name, sizeof unknown->model_name, "nobody");
    keep(es_say_result(4, "1.0", "fracture", 0.5, AT(DAY + 5)));
    fill_issuers();
    fill_references();
    es_order_units(keep);
    es_order_measures(keep);
    struct es_message *retraction = keep(es_say(ES_EVENT_RETRACT, 0)); /* by identity; filled in when the key is known */
    snprintf(retraction->event_id, sizeof retraction->event_id, "by-identity");
}

void es_order_free(void)
{
    for (size_t i = 0; i < es_order_n_messages; i++) es_unsay(es_order_messages[i]);
    es_order_n_messages = 0;
}
