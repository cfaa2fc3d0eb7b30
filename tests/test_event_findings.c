/* SPDX-License-Identifier: Apache-2.0 */
/* What a finding may carry beside a score: level, mask, lesions, and what two masks share. From the JSON line to the body. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event_bodies.h"
#include "plugin/base/hash.h"
#include "plugin/event/event.h"
#include "plugin/intake/jsonl.h"

#define RESULT(finding) "{\"event\":\"result\",\"study_uid\":\"1.2.3\",\"model\":{\"name\":\"m\"},\"findings\":[" finding "]}"
#define REFERENCE(finding) "{\"event\":\"reference\",\"study_uid\":\"1.2.3\",\"source\":\"s\",\"findings\":[" finding "]}"
#define OVERLAP(rest) "{\"event\":\"overlap\",\"study_uid\":\"1.2.3\",\"model\":{\"name\":\"m\",\"version\":\"1\"}," rest "}"
#define FINDING(rest) "\"method\":\"es-overlap-1\",\"findings\":[{\"finding\":\"f\"," rest "}]"

static struct es_config *config;
static struct es_key *key;
static struct es_message message; /* big: not on the stack */

static void set_up(void)
{
    static const char text[] = "{\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\"}]}]}";
    static const uint8_t bytes[32] = {1};
    if (config != NULL) return;
    CU_ASSERT_EQUAL_FATAL(es_config_parse(&config, text, sizeof text - 1, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_key_from_bytes(&key, bytes, NULL), ES_OK);
}

/* Line to event. @return the failure of either step */
static enum es_errc take(const char *line, struct es_event *event, struct es_error *err)
{
    set_up();
    enum es_errc code = es_message_from_json(&message, line, strlen(line), err);
    if (code == ES_OK) code = es_event_make(event, &message, config, key, err);
    es_message_clear(&message);
    return code;
}

static struct es_event taken(const char *line)
{
    struct es_event event = {0};
    struct es_error err = {0};
    const enum es_errc code = take(line, &event, &err);
    if (code != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, ES_OK);
    return event;
}

static void body_hex(struct es_event *event, char *hex, size_t size)
{
    uint8_t *body = NULL;
    size_t len = 0;
    CU_ASSERT_EQUAL_FATAL(es_event_encode(event, key, &body, &len, NULL), ES_OK);
    CU_ASSERT_TRUE_FATAL(2 * len < size);
    es_hex(body, len, hex);
    free(body);
}

/* The body reads back to the event that gives it again; cut anywhere it is refused or another event, never a crash. */
static void reads_back(struct es_event *event)
{
    uint8_t *body = NULL, *again = NULL;
    size_t len = 0, again_len = 0;
    struct es_event read = {0};
    CU_ASSERT_EQUAL_FATAL(es_event_encode(event, key, &body, &len, NULL), ES_OK);
    struct es_error err = {0};
    const enum es_errc code = es_event_decode(&read, body, len, &err);
    if (code != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_event_encode(&read, key, &again, &again_len, NULL), ES_OK);
    CU_ASSERT_TRUE(len == again_len && memcmp(body, again, len) == 0);
    es_event_clear(&read);
    for (size_t cut = 0; cut < len; cut++)
        if (es_event_decode(&read, body, cut, NULL) == ES_OK) es_event_clear(&read);
    free(body);
    free(again);
}

static void levels_words_and_masks_are_kept(void)
{
    struct es_event event = taken(RESULT("{\"finding\":\"f\",\"level\":-3}"));
    CU_ASSERT_TRUE(event.findings[0].has_level && event.findings[0].level == -3);
    reads_back(&event);
    es_event_clear(&event);
    event = taken(RESULT("{\"finding\":\"f\",\"category\":\"4A\",\"mask\":true,\"value\":12.5,\"units\":\"ml\"}"));
    CU_ASSERT_STRING_EQUAL(event.findings[0].category, "4A");
    CU_ASSERT_TRUE(event.findings[0].mask && event.findings[0].has_value);
    reads_back(&event);
    es_event_clear(&event);
    event = taken(REFERENCE("{\"finding\":\"f\",\"category\":\"John Smith\"}")); /* no token: hashed */
    CU_ASSERT_EQUAL(event.findings[0].category[0], '~');
    CU_ASSERT_PTR_NULL(strstr(event.findings[0].category, "Smith"));
    es_event_clear(&event);
    event = taken(REFERENCE("{\"finding\":\"f\",\"mask\":true}")); /* a mask alone is something */
    CU_ASSERT_TRUE(event.findings[0].mask && event.findings[0].evaluable);
    es_event_clear(&event);
}

static void lesions_are_sorted_records(void)
{
    struct es_event event = taken(RESULT("{\"finding\":\"f\",\"lesions\":[{\"box\":[1,1,2,3],\"score\":0.5},{\"place\":[-0.0,1,4],\"radius\":2.5}]}"));
    const struct es_finding *f = &event.findings[0];
    CU_ASSERT_TRUE_FATAL(f->has_lesions && f->n_lesions == 2);
    CU_ASSERT_TRUE(f->lesions[0].has_radius && f->lesions[0].radius == 2.5 && !signbit(f->lesions[0].place[0]) && f->lesions[0].place[2] == 4);
    CU_ASSERT_TRUE(f->lesions[1].has_corner && f->lesions[1].corner[0] == 2 && f->lesions[1].corner[1] == 3 && f->lesions[1].corner[2] == 0);
    reads_back(&event);
    es_event_clear(&event);
    event = taken(REFERENCE("{\"finding\":\"f\",\"lesions\":[]}")); /* looked at, none there */
    CU_ASSERT_TRUE(event.findings[0].has_lesions && event.findings[0].n_lesions == 0);
    reads_back(&event);
    es_event_clear(&event);
}

/* Written by hand from the table of event/body.c. */
static const char lesion_body[] =
    "01"
    "01" "01000000" "02"                   /* kind: result */
    "02" "11000000" "01fd90de08b72c69f16536100b45faecf4" /* study 1.2.3 under this key (Python's hmac) */
    "0f" "01000000" "6d"                   /* model m */
    "16" "01000000" "01"                   /* status ok */
    "1d" "43000000"                        /* findings: 67 bytes */
      "3f000000"                           /* a record of 63: 6 + 6 + 51 */
        "01" "01000000" "66"               /* name f */
        "0c" "01000000" "01"               /* lesions were told */
        "0d" "2e000000"                    /* lesions: 46 bytes */
          "2a000000"                       /* a record of 42: 29 + 13 */
            "01" "18000000" "000000000000f03f" "0000000000000040" "0000000000000000" /* place 1 2 0 */
            "04" "08000000" "000000000000e03f"; /* score 0.5 */
static const char overlap_body[] =
    "01"
    "01" "01000000" "0d"                   /* kind: overlap */
    "02" "11000000" "01fd90de08b72c69f16536100b45faecf4"
    "0f" "01000000" "6d"
    "10" "01000000" "31"                   /* version 1 */
    "1d" "1d000000"                        /* findings: 29 bytes */
      "19000000"                           /* a record of 25: 6 + 6 + 13 */
        "01" "01000000" "66"
        "0e" "01000000" "01"               /* measured */
        "0f" "08000000" "000000000000e83f" /* Dice 0.75 */
    "27" "10000000" "000102030405060708090a0b0c0d0e0f" /* result */
    "28" "10000000" "101112131415161718191a1b1c1d1e1f" /* reference */
    "29" "0c000000" "65732d6f7665726c61702d31";        /* es-overlap-1 */

static void the_canonical_bodies_are_as_they_were(void)
{
    char hex[1024];
    struct es_event event = taken(RESULT("{\"finding\":\"f\",\"lesions\":[{\"place\":[1,2],\"score\":0.5}]}"));
    body_hex(&event, hex, sizeof hex);
    if (strcmp(hex, lesion_body) != 0) printf("    %s\n    %s\n", hex, lesion_body);
    CU_ASSERT_STRING_EQUAL(hex, lesion_body);
    es_event_clear(&event);
    event = taken(OVERLAP("\"result\":\"000102030405060708090a0b0c0d0e0f\",\"reference\":\"101112131415161718191a1b1c1d1e1f\"," FINDING("\"dice\":0.75")));
    body_hex(&event, hex, sizeof hex);
    if (strcmp(hex, overlap_body) != 0) printf("    %s\n    %s\n", hex, overlap_body);
    CU_ASSERT_STRING_EQUAL(hex, overlap_body);
    reads_back(&event);
    es_event_clear(&event);
}

/* METRICS C3: one empty mask is Dice 0 and no distance; two are no number at all. */
static void overlaps_keep_the_conventions_of_empty_masks(void)
{
    struct es_event event = taken(OVERLAP(FINDING("\"dice\":0.9,\"iou\":0.8,\"volume_difference\":-0.1,\"hd95\":3.5,\"mean_surface_distance\":1")));
    const struct es_overlap_values *v = &event.findings[0].overlap;
    CU_ASSERT_EQUAL(v->state, ES_OVERLAP_MEASURED);
    CU_ASSERT_TRUE(v->has_dice && v->has_iou && v->has_volume_difference && v->has_hd95 && v->has_surface_distance);
    CU_ASSERT_TRUE(v->dice == 0.9 && v->iou == 0.8 && v->volume_difference == -0.1 && v->hd95 == 3.5 && v->surface_distance == 1);
    CU_ASSERT_EQUAL(es_event_instant(&event), ES_NO_INSTANT); /* a comparison says nothing about now */
    reads_back(&event);
    es_event_clear(&event);
    event = taken(OVERLAP(FINDING("\"empty\":\"result\",\"volume_difference\":-1")));
    v = &event.findings[0].overlap;
    CU_ASSERT_TRUE(v->state == ES_OVERLAP_RESULT_EMPTY && v->has_dice && v->dice == 0 && v->has_iou && !v->has_hd95);
    reads_back(&event);
    es_event_clear(&event);
    event = taken(OVERLAP(FINDING("\"empty\":\"both\"")));
    v = &event.findings[0].overlap;
    CU_ASSERT_TRUE(v->state == ES_OVERLAP_BOTH_EMPTY && !v->has_dice && !v->has_iou);
    reads_back(&event);
    es_event_clear(&event);
}

static void every_fault_is_named(void)
{
    static const struct { const char *line, *text; } cases[] = {
        {RESULT("{\"finding\":\"f\",\"level\":1.5}"), "findings[0].level: found another number, expected a whole one in -1000..1000"},
        {RESULT("{\"finding\":\"f\",\"level\":1001}"), "findings[0].level: found another number, expected a whole one in -1000..1000"},
        {RESULT("{\"finding\":\"f\",\"level\":\"3\"}"), "findings[0].level: found string, expected a whole number"},
        {RESULT("{\"finding\":\"f\",\"level\":1,\"category\":\"B\"}"), "findings[0]: found level and category, expected one of them"},
        {RESULT("{\"finding\":\"f\",\"lesions\":7}"), "findings[0].lesions: found number, expected list"},
        {RESULT("{\"finding\":\"f\",\"lesions\":[7]}"), "findings[0].lesions[0]: found number, expected object"},
        {RESULT("{\"finding\":\"f\",\"lesions\":[{\"score\":1}]}"), "findings[0]: found a lesion without place or box, expected one of them"},
        {RESULT("{\"finding\":\"f\",\"lesions\":[{\"place\":[1]}]}"), "findings[0].lesions[0].place: found another count, expected 2 or 3 numbers"},
        {RESULT("{\"finding\":\"f\",\"lesions\":[{\"box\":[1,2,3]}]}"), "findings[0].lesions[0].box: found another count, expected 4 or 6 numbers"},
        {RESULT("{\"finding\":\"f\",\"lesions\":[{\"place\":7}]}"), "findings[0].lesions[0].place: found number, expected a list of 2 or 3 numbers"},
        {RESULT("{\"finding\":\"f\",\"lesions\":[{\"place\":[1,\"SECRET\"]}]}"), "findings[0].lesions[0].place: found string, expected numbers"},
        {RESULT("{\"finding\":\"f\",\"lesions\":[{\"place\":[1,1e999]}]}"), "findings[0].lesions[0].place: found a number that is not finite"},
        {RESULT("{\"finding\":\"f\",\"lesions\":[{\"place\":[1,2],\"box\":[1,2,3,4]}]}"), "findings[0].lesions[0].box: found place and box, expected one of them"},
        {RESULT("{\"finding\":\"f\",\"lesions\":[{\"box\":[1,2,3,4],\"radius\":1}]}"), "findings[0]: found a lesion with box and radius, expected one of them"},
        {RESULT("{\"finding\":\"f\",\"lesions\":[{\"box\":[1,2,0,4]}]}"), "findings[0]: found a lesion's box whose second corner lies below its first"},
        {RESULT("{\"finding\":\"f\",\"lesions\":[{\"place\":[1,2],\"radius\":0}]}"), "findings[0]: found a lesion's radius that is not above 0"},
        {REFERENCE("{\"finding\":\"f\",\"lesions\":[{\"place\":[1,2],\"score\":1}]}"), "findings[0].lesions[0].score: no key of reference messages"},
        {REFERENCE("{\"finding\":\"f\"}"), "findings[0]: found none of label, value, level, category, lesions and mask, expected one, or \"evaluable\":false"},
        {REFERENCE("{\"finding\":\"f\",\"dice\":1}"), "findings[0].dice: no key of reference messages"},
        {OVERLAP(FINDING("\"value\":1")), "findings[0].value: no key of overlap messages"},
        {OVERLAP("\"method\":\"x\",\"findings\":[]"), "findings: found none, expected at least one"},
        {OVERLAP("\"findings\":[{\"finding\":\"f\",\"dice\":1}]"), "method: found none, expected how the masks were compared, with its version"},
        {OVERLAP("\"method\":\"John Smith\",\"findings\":[{\"finding\":\"f\",\"dice\":1}]"),
         "method: found another text, expected at most 32 of A-Z a-z 0-9 and \"_.+-\" with at most 8 digits"},
        {OVERLAP("\"result\":\"00\"," FINDING("\"dice\":1")), "result: found one of result and reference, expected both identities or none"},
        {OVERLAP("\"result\":\"00\",\"reference\":\"00\"," FINDING("\"dice\":1")), "result: found no identity, expected 32 hex digits"},
        {OVERLAP(FINDING("\"iou\":1")), "findings[0]: found no dice, expected it, or \"empty\""},
        {OVERLAP(FINDING("\"dice\":1.5")), "findings[0]: found a dice or iou outside 0..1"},
        {OVERLAP(FINDING("\"dice\":1,\"iou\":-1")), "findings[0]: found a dice or iou outside 0..1"},
        {OVERLAP(FINDING("\"dice\":1,\"hd95\":-1")), "findings[0]: found a distance that is negative or not finite"},
        {OVERLAP(FINDING("\"dice\":1,\"volume_difference\":-2")),
         "findings[0]: found a volume_difference below -1 or not finite, expected (result - reference) / reference"},
        {OVERLAP(FINDING("\"empty\":\"both\",\"dice\":1")), "findings[0]: found numbers of two empty masks, expected none"},
        {OVERLAP(FINDING("\"empty\":\"reference\",\"hd95\":1")), "findings[0]: found a distance to an empty mask, expected none"},
        {OVERLAP(FINDING("\"empty\":\"result\",\"dice\":0.5")), "findings[0]: found an overlap with an empty mask, expected 0"},
        {OVERLAP(FINDING("\"empty\":\"reference\",\"volume_difference\":0")), "findings[0]: found a volume_difference from an empty reference, expected none"},
        {OVERLAP(FINDING("\"empty\":\"SECRET\"")), "findings[0].empty: found another word, expected both, result, reference"},
        {"{\"event\":\"overlap\",\"study_uid\":\"1.2\"," FINDING("\"dice\":1") "}", "model.name: found none, expected the model's name in the configuration"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_event event = {0};
        struct es_error err = {0};
        CU_ASSERT_EQUAL(take(cases[i].line, &event, &err), ES_E_REFUSED);
        if (strcmp(err.text, cases[i].text) != 0) printf("    case %zu: %s\n", i, err.text);
        CU_ASSERT_STRING_EQUAL(err.text, cases[i].text);
        CU_ASSERT_PTR_NULL(event.findings);
    }
}

static void too_many_lesions_are_refused(void)
{
    char *line = malloc(20000);
    struct es_event event = {0};
    struct es_error err = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    int len = snprintf(line, 20000, "{\"event\":\"result\",\"study_uid\":\"1.2\",\"model\":{\"name\":\"m\"},\"findings\":[{\"finding\":\"f\",\"lesions\":[");
    for (int i = 0; i <= ES_MAX_EVENT_LESIONS; i++) len += snprintf(line + len, 20000 - (size_t)len, "%s{\"place\":[1,2]}", i > 0 ? "," : "");
    (void)snprintf(line + len, 20000 - (size_t)len, "]}]}");
    CU_ASSERT_EQUAL(take(line, &event, &err), ES_E_REFUSED);
    CU_ASSERT_STRING_EQUAL(err.text, "findings[0].lesions: found more than 256 lesions");
    free(line);
}

/* Bodies with one thing wrong within a finding: the lesions of lesion_body, edited. */
static void decoding_refuses_lesions_that_do_not_belong(void)
{
#define HEAD "01" "01" "01000000" "02" "1d"
    static const struct bad_body cases[] = {
        {HEAD "14000000" "10000000" "0101000000" "66" "0d05000000" "01000000" "01", "event body: byte 31: found 1 bytes, expected a field"},
        {HEAD "13000000" "0f000000" "0101000000" "66" "0d04000000" "00000000", "event body: field 13 at byte 27: found a lesion without its place"},
        {HEAD "0f000000" "0b000000" "0101000000" "66" "0d00000000", "event body: field 13 at byte 27: found no record, expected at least one"},
        {HEAD "24000000" "20000000" "0101000000" "66" "0d15000000" "11000000" "010c000000" "000000000000000000000000",
         "event body: field 1 at byte 36: found 12 bytes, expected 24"},
    };
#undef HEAD
    refuse_bodies(cases, sizeof cases / sizeof cases[0]);
}

static void lesions_have_one_order(void)
{
    const struct es_lesion a = {.has_place = true, .place = {1, 2, 3}};
    struct es_lesion b = a;
    CU_ASSERT_EQUAL(es_lesion_order(&a, &b), 0);
    b.has_score = true;
    CU_ASSERT_TRUE(es_lesion_order(&a, &b) < 0 && es_lesion_order(&b, &a) > 0);
    b = a;
    b.has_radius = true;
    b.radius = 2;
    CU_ASSERT_TRUE(es_lesion_order(&a, &b) < 0);
    b = a;
    b.place[2] = 2;
    CU_ASSERT_TRUE(es_lesion_order(&a, &b) > 0);
    b = a;
    b.has_corner = true;
    CU_ASSERT_TRUE(es_lesion_order(&a, &b) < 0);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"levels_words_and_masks_are_kept", levels_words_and_masks_are_kept},
        {"lesions_are_sorted_records", lesions_are_sorted_records},
        {"the_canonical_bodies_are_as_they_were", the_canonical_bodies_are_as_they_were},
        {"overlaps_keep_the_conventions_of_empty_masks", overlaps_keep_the_conventions_of_empty_masks},
        {"every_fault_is_named", every_fault_is_named},
        {"too_many_lesions_are_refused", too_many_lesions_are_refused},
        {"decoding_refuses_lesions_that_do_not_belong", decoding_refuses_lesions_that_do_not_belong},
        {"lesions_have_one_order", lesions_have_one_order},
        {NULL, NULL}};
    const int status = es_test_main("event_findings", tests, argc, argv);
    es_config_free(config);
    es_key_close(key);
    return status;
}
