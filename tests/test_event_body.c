/* SPDX-License-Identifier: Apache-2.0 */
/* The canonical body as it is read: what is refused and where, its tables, and events that point into an arena. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event_bodies.h"
#include "plugin/event/body.h"

/* Bodies with one thing wrong, and the message. */
static void decoding_refuses_every_byte_that_does_not_belong(void)
{
    static const struct bad_body cases[] = {
        {"02", "event body: found schema 2, expected 1"},
        {"01", "event body: found no kind"},
        {"0101", "event body: byte 1: found 1 bytes, expected a field"},
        {"010102000000" "0202", "event body: field 1 at byte 6: found 2 bytes, expected 1"},
        {"010101000000" "00", "event body: field 1 at byte 6: found a value outside its list"},
        {"010101000000" "7f", "event body: field 1 at byte 6: found a value outside its list"},
        {"010101000000" "02" "0101000000" "02", "event body: byte 7: found field 1, which is unknown or out of order"},
        {"010101000000" "02" "6301000000" "02", "event body: byte 7: found field 99, which is unknown or out of order"},
        {"010101000000" "02" "0f02000000" "6d", "event body: field 15 at byte 7: it runs past the end"},
        {"010101000000" "02" "0f00000000", "event body: field 15 at byte 12: found an empty or too long text"},
        {"010101000000" "02" "0f01000000" "ff", "event body: field 15 at byte 12: found bytes that are no UTF-8 text"},
        {"010101000000" "02" "0f01000000" "00", "event body: field 15 at byte 12: found bytes that are no UTF-8 text"},
        {"010101000000" "02" "0f09000000" "616161616161616100", "event body: field 15 at byte 12: found bytes that are no UTF-8 text"},
        {"010101000000" "02" "0f0c000000" "6161616100616161616161" "61", "event body: field 15 at byte 12: found bytes that are no UTF-8 text"},
        {"010101000000" "02" "0f09000000" "6161616161616161c3", "event body: field 15 at byte 12: found bytes that are no UTF-8 text"},
        {"010101000000" "02" "1501000000" "00", "event body: field 21 at byte 12: found another value, expected 1"},
        {"010101000000" "02" "0904000000" "00000080", "event body: field 9 at byte 12: found an unset day"},
        {"010101000000" "02" "1d00000000", "event body: field 29 at byte 12: found no record, expected at least one"},
        {"010101000000" "02" "1d04000000" "09000000", "event body: field 29 at byte 12: a record runs past its field"},
        {"010101000000" "02" "1d03000000" "000305", "event body: field 29 at byte 12: a record runs past its field"},
        {"010101000000" "02" "1d04000000" "00000000", "event body: field 29 at byte 12: found a record without its name"},
        {"010101000000" "02" "1d14000000" "06000000" "010100000062" "06000000" "010100000061", "event body: field 29 at byte 22: found records out of order"},
        {"010101000000" "02" "1d17000000" "13000000" "010100000062" "0208000000" "0000000000000080", "event body: field 2 at byte 27: found a number that is not finite, or -0"},
        {"010101000000" "02" "1d17000000" "13000000" "010100000062" "0208000000" "000000000000f07f", "event body: field 2 at byte 27: found a number that is not finite, or -0"},
        {"010101000000" "02" "1e01000000" "01", "event body: field 30 at byte 12: found a length that is no multiple of 17"},
    };
    refuse_bodies(cases, sizeof cases / sizeof cases[0]);
    struct es_event event = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_event_decode(&event, NULL, 0, &err), ES_E_PARSE);
}

/* Texts of every length up to three words of eight bytes, with letters of two bytes at each place of them. */
static void texts_of_any_length_are_read_as_they_were_written(void)
{
    uint8_t body[64] = {1, 1, 1, 0, 0, 0, 2, 15};
    struct es_event event;
    for (size_t len = 1; len <= 25; len++)
        for (size_t place = 0; place < len; place++) {
            char text[32] = "";
            memset(text, 'a', len);
            if (place + 1 < len) memcpy(text + place, "\xc3\xa9", 2);
            body[8] = (uint8_t)len;
            memcpy(body + 12, text, len);
            CU_ASSERT_EQUAL_FATAL(es_event_decode(&event, body, 12 + len, NULL), ES_OK);
            CU_ASSERT_STRING_EQUAL(event.model_name, text);
            es_event_clear(&event);
        }
}

static void check_numbers(const struct body_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) CU_ASSERT_EQUAL(fields[i].number, i + 1);
}
static void rows_stand_at_their_numbers(void)
{
    check_numbers(event_body_fields, EVENT_FIELDS);
    check_numbers(event_body_attribute, ATTRIBUTE_FIELDS);
    check_numbers(event_body_finding, FINDING_FIELDS);
    check_numbers(event_body_lesion, LESION_FIELDS);
}

static void an_arena_holds_what_a_decoded_event_points_to(void)
{
    struct es_arena arena = {0};
    struct es_finding finding = {.name = "f", .evaluable = true, .has_label = true};
    struct es_event event = {.kind = ES_EVENT_REFERENCE, .study_day = ES_NO_DAY, .produced = ES_NO_INSTANT, .findings = &finding, .n_findings = 1};
    struct es_event again;
    struct es_key *key = NULL;
    uint8_t *body = NULL, *same = NULL;
    size_t len = 0, same_len = 0;
    CU_ASSERT_EQUAL_FATAL(es_key_from_bytes(&key, (const uint8_t[32]){1}, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_event_encode(&event, key, &body, &len, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_event_decode_into(&arena, &again, body, len, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_event_encode(&again, key, &same, &same_len, NULL), ES_OK);
    CU_ASSERT(len == same_len && memcmp(body, same, len) == 0);
    CU_ASSERT(again.n_findings == 1 && again.findings != &finding && again.findings->has_label);
    for (size_t cut = 0; cut < len; cut++) {
        es_arena_reset(&arena);
        if (es_event_decode_into(&arena, &again, body, cut, NULL) != ES_OK) CU_ASSERT_PTR_NULL(again.findings);
    }
    free(body);
    free(same);
    es_key_close(key);
    es_arena_clear(&arena);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"decoding_refuses_every_byte_that_does_not_belong", decoding_refuses_every_byte_that_does_not_belong},
        {"texts_of_any_length_are_read_as_they_were_written", texts_of_any_length_are_read_as_they_were_written},
        {"rows_stand_at_their_numbers", rows_stand_at_their_numbers},
        {"an_arena_holds_what_a_decoded_event_points_to", an_arena_holds_what_a_decoded_event_points_to},
        {NULL, NULL}};
    return es_test_main("event_body", tests, argc, argv);
}
