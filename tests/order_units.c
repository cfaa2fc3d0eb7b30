/* SPDX-License-Identifier: Apache-2.0 */
#include "order_units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/secret.h"
#include "order_measures.h"

#define DAY 20060
#define AT(day) ((int64_t)(day) * 86400)

const char es_order_config[] =
    "{\"Enable\":true,\"Disclosure\":{\"Internal\":\"none\"},\"Site\":\"A\"," ES_WORLD_SITE ","
    "{\"Name\":\"screen\",\"Recognise\":{\"AlgorithmName\":\"Screen\"},\"Eligible\":{\"ViewPosition\":[\"CC\",\"MLO\"]},"
    "\"References\":{\"Precedence\":[\"pathology\",\"report\"]},"
    "\"Findings\":[{\"Name\":\"cancer\",\"Unit\":\"side\",\"Combine\":\"max\",\"Threshold\":0.5,\"ReferenceWithin\":\"1d\"},"
    "{\"Name\":\"recall\",\"Unit\":\"exam\",\"Combine\":\"mean\",\"Threshold\":0.4,\"ReferenceWithin\":\"1d\"},"
    "{\"Name\":\"marker\",\"Unit\":\"image\",\"Threshold\":0.5,\"ReferenceWithin\":\"1d\"}]}" ES_ORDER_GAUGE "]}";

static struct es_message *image(unsigned study, unsigned number, const char *laterality, const char *view)
{
    struct es_message *message = es_say_exam(study, study == 58 ? 35 : study - 20, DAY + (int)study % 10, "F", "055Y");
    snprintf(message->series_uid, sizeof message->series_uid, "1.2.3.%u.%u", study, number / 2);
    snprintf(message->sop_uid, sizeof message->sop_uid, "1.2.3.%u.%u.%u", study, number / 2, number);
    es_say_attribute(message, "ImageLaterality", laterality);
    es_say_attribute(message, "ViewPosition", view);
    return message;
}

static struct es_message *of_side(struct es_message *message, char side)
{
    message->unit = ES_UNIT_SIDE;
    message->unit_id[0] = side;
    return message;
}

static struct es_message *of_image(struct es_message *message, unsigned study, unsigned number)
{
    message->unit = ES_UNIT_IMAGE;
    snprintf(message->unit_id, sizeof message->unit_id, "1.2.3.%u.%u.%u", study, number / 2, number);
    return message;
}

/* A result of the screening model, each an object of its own. */
static struct es_message *result(unsigned study, const char *version, const char *finding, double score, int64_t produced)
{
    static unsigned object;
    struct es_message *message = es_say_result(study, version, finding, score, produced);
    snprintf(message->model_name, sizeof message->model_name, "screen");
    snprintf(message->sop_uid, sizeof message->sop_uid, "1.9.%u", ++object);
    return message;
}

static struct es_message *about(struct es_message *message, const char *finding)
{
    snprintf(message->findings[0].name, sizeof message->findings[0].name, "%s", finding);
    return message;
}

static struct es_message *reference(unsigned study, const char *source, const char *finding, int32_t label, int64_t established)
{
    return about(es_say_reference(study, source, ES_REFERENCE_FINAL, label, established), finding);
}

static struct es_message *named(struct es_message *message, const char *event_id)
{
    snprintf(message->event_id, sizeof message->event_id, "%s", event_id);
    return message;
}

void es_order_units(struct es_message *(*keep)(struct es_message *))
{
    static const char *const views[] = {"CC", "MLO", "CC", "MLO"};
    for (unsigned study = 51; study <= 55; study++)
        for (unsigned number = 0; number < 4; number++) keep(image(study, number, number < 2 ? "L" : "R", views[number]));
    keep(image(52, 4, "R", "SPOT"));                                   /* out of scope for a finding of an image */
    keep(image(53, 4, "", ""));                                        /* its eligibility and side cannot be told */
    keep(image(54, 4, "R", "CC"))->excluded = ES_EXCLUDED_QUALITY_CONTROL;
    keep(image(58, 0, "L", "CC"));                                     /* a further image of 55, under another study */
    struct es_message *alias = keep(es_say(ES_EVENT_ALIAS, 58));
    snprintf(alias->same_as, sizeof alias->same_as, "1.2.3.55");
    for (unsigned study = 51; study <= 54; study++) {
        for (unsigned number = 0; number < 5; number++) {
            const double score = 0.1 * number + 0.05 * (study - 50);
            keep(of_image(result(study, "1.0", "marker", score, AT(DAY) + number), study, number));
            keep(of_image(result(study, "1.0", "recall", 0.9 - score, AT(DAY) + 9 - number), study, number));
            if (study != 52) keep(of_image(result(study, "2.0", "cancer", score, AT(DAY) + 20), study, number));
        }
    }
    keep(of_image(result(51, "1.0", "recall", 0.99, AT(DAY) + 900), 51, 0));   /* run again: the first counts */
    keep(of_side(result(52, "1.0", "cancer", 0.8, AT(DAY) + 5), 'L'));
    keep(of_side(result(52, "1.0", "cancer", 0.3, AT(DAY) + 5), 'R'));
    keep(of_side(result(53, "2.0", "cancer", 0.2, AT(DAY) + 25), 'L'));        /* stands before its images */
    keep(result(51, "1.0", "recall", 0.41, AT(DAY) + 60));                     /* of the exam itself */
    struct es_message *failure = keep(es_say_failure(55, "2.0", ES_RESULT_FAILED, AT(DAY) + 6));
    snprintf(failure->model_name, sizeof failure->model_name, "screen");
    keep(of_side(reference(51, "report", "cancer", 0, AT(DAY) + 100), 'L'));
    keep(of_side(reference(51, "report", "cancer", 0, AT(DAY) + 100), 'R'));
    keep(of_side(reference(51, "pathology", "cancer", 1, AT(DAY) + 50), 'L'));  /* earlier, and stands */
    keep(of_side(reference(52, "report", "cancer", 1, AT(DAY) + 100), 'L'));
    keep(of_side(reference(52, "other", "cancer", 0, AT(DAY) + 900), 'L'));     /* later, of no rank */
    keep(of_side(reference(53, "report", "recall", 0, AT(DAY) + 100), 'L'));
    keep(of_side(reference(53, "report", "recall", 0, AT(DAY) + 100), 'R'));    /* both sides: the exam is negative */
    keep(of_side(reference(54, "report", "recall", 0, AT(DAY) + 100), 'R'));    /* one side: nothing yet */
    keep(of_image(reference(52, "report", "recall", 1, AT(DAY) + 100), 52, 3)); /* one image: the exam is positive */
    keep(of_image(reference(54, "report", "cancer", -1, AT(DAY) + 100), 54, 0));
    keep(of_image(reference(54, "report", "cancer", 0, AT(DAY) + 100), 54, 1)); /* all of L told, one cannot be */
    keep(named(of_side(reference(55, "pathology", "cancer", 1, AT(DAY) + 100), 'R'), "wrong-side"));
    struct es_message *retraction = keep(es_say(ES_EVENT_RETRACT, 0));
    snprintf(retraction->retract_event_id, sizeof retraction->retract_event_id, "wrong-side");
    keep(of_side(reference(55, "report", "cancer", 0, AT(DAY) + 100), 'R'));
    struct es_message *elsewhere = keep(result(60, "3.0", "recall", 0.6, AT(DAY) + 70)); /* of a new study: paired by its source series */
    elsewhere->series_refs = es_secret_list(1, sizeof *elsewhere->series_refs);
    if (!elsewhere->series_refs) abort();
    elsewhere->n_series_refs = 1;
    snprintf(elsewhere->series_refs[0], sizeof elsewhere->series_refs[0], "1.2.3.51.0");
    keep(es_say_result(59, "9.0", "effusion", 0.5, AT(DAY) + 86400 * 20));       /* so that the windows are closed; of no exam */
}
