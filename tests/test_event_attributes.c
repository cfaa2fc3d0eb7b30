/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of an attribute: a level, a number or a token, and never a text that nobody asked for. */
#include <stdio.h>
#include <string.h>

#include "event_bodies.h"
#include "plugin/event/body.h"

/* Ages: PS3.5 6.2 AS; years over 89 are 90 (45 CFR 164.514(b)(2)(i)(C)). */
static void attributes_are_kept_as_levels_numbers_and_tokens(void)
{
    static const struct { const char *keyword, *value; enum es_attribute_state state; const char *kept; } cases[] = {
        {"PatientSex", " f ", ES_ATTRIBUTE_PRESENT, "F"},
        {"PatientSex", "female-ish", ES_ATTRIBUTE_UNMAPPED, ""},
        {"PatientSex", "   ", ES_ATTRIBUTE_BLANK, ""},
        {"PatientAge", "084Y", ES_ATTRIBUTE_PRESENT, "84"},
        {"PatientAge", "089Y", ES_ATTRIBUTE_PRESENT, "89"},
        {"PatientAge", "090Y", ES_ATTRIBUTE_PRESENT, "90"},
        {"PatientAge", "104Y", ES_ATTRIBUTE_PRESENT, "90"},
        {"PatientAge", "400Y", ES_ATTRIBUTE_INVALID, ""},
        {"PatientAge", "24", ES_ATTRIBUTE_INVALID, ""},
        {"PatientAge", "400D", ES_ATTRIBUTE_PRESENT, "400d"},
        {"PatientAge", "010W", ES_ATTRIBUTE_PRESENT, "70d"},
        {"EthnicGroup", "A", ES_ATTRIBUTE_PRESENT, "A"},
        {"EthnicGroup", "Z", ES_ATTRIBUTE_NOT_STATED, ""},
        {"ManufacturerModelName", " MX 8000 (rev. 2) ", ES_ATTRIBUTE_PRESENT, "MX 8000 (rev. 2)"},
        {"imd_decile", "3", ES_ATTRIBUTE_PRESENT, "3"},
        {"imd_decile", "1931-05-07", ES_ATTRIBUTE_INVALID, ""},
        {"imd_decile", "19310507", ES_ATTRIBUTE_INVALID, ""},
        {"imd_decile", "9434765919", ES_ATTRIBUTE_INVALID, ""},
        {"imd_decile", "AB123456C", ES_ATTRIBUTE_INVALID, ""},
        {"imd_decile", "born in Leeds, 1931", ES_ATTRIBUTE_INVALID, ""},
        {"imd_decile", "this is more than thirty-two bytes", ES_ATTRIBUTE_INVALID, ""},
        {"imd_decile", "NHS 943 476 5919", ES_ATTRIBUTE_INVALID, ""},
        {"imd_decile", "943-476-5919", ES_ATTRIBUTE_INVALID, ""},
        {"imd_decile", "01 Jan 1950", ES_ATTRIBUTE_INVALID, ""},
        {"imd_decile", "Jan 1950", ES_ATTRIBUTE_INVALID, ""},
        {"imd_decile", "1 september 1950", ES_ATTRIBUTE_INVALID, ""},
        {"imd_decile", "1950/MAY", ES_ATTRIBUTE_INVALID, ""},
        {"imd_decile", "1234.567890", ES_ATTRIBUTE_INVALID, ""},
        {"imd_decile", "123456", ES_ATTRIBUTE_INVALID, ""},
        {"imd_decile", "12345", ES_ATTRIBUTE_PRESENT, "12345"},
        {"imd_decile", "Mayfair 1950", ES_ATTRIBUTE_PRESENT, "Mayfair 1950"},
        {"imd_decile", "decile 3 of 10", ES_ATTRIBUTE_PRESENT, "decile 3 of 10"},
        {"visits", "19500101", ES_ATTRIBUTE_INVALID, ""},
        {"PatientAge", "000Y", ES_ATTRIBUTE_PRESENT, "0"},
        {"PatientWeight", "71.123456789", ES_ATTRIBUTE_PRESENT, "71.123456789"},
        {"EthnicGroups", "anything", ES_ATTRIBUTE_INVALID, ""}, /* free text without a vocabulary */
        {"StationName", "CT-1 (room 2), A&E", ES_ATTRIBUTE_PRESENT, "CT-1 (room 2), A&E"},
        {"StationName", "CT19500101", ES_ATTRIBUTE_UNMAPPED, ""},
        {"StationName", "AE01011950X", ES_ATTRIBUTE_UNMAPPED, ""},
        {"StationName", "SMITH^JOHN", ES_ATTRIBUTE_UNMAPPED, ""},
        {"InstitutionName", "H\xc3\xb4pital", ES_ATTRIBUTE_UNMAPPED, ""},
        {"DeviceSerialNumber", "00431287", ES_ATTRIBUTE_PRESENT, "00431287"},
        {"visits", "12", ES_ATTRIBUTE_PRESENT, "12"},
        {"visits", "many", ES_ATTRIBUTE_INVALID, ""},
    };
    struct es_config *config = NULL;
    struct es_key *key = NULL;
    event_site(&config, &key);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_message_attribute sent = {.state = ES_ATTRIBUTE_PRESENT};
        struct es_event_attribute kept;
        snprintf(sent.keyword, sizeof sent.keyword, "%s", cases[i].keyword);
        snprintf(sent.value, sizeof sent.value, "%s", cases[i].value);
        CU_ASSERT_EQUAL_FATAL(es_attribute_make(&kept, &sent, config, key, NULL), ES_OK);
        if (kept.state != cases[i].state || strcmp(kept.value, cases[i].kept) != 0) printf("    case %zu: %s \"%s\"\n", i, es_attribute_state_name(kept.state), kept.value);
        CU_ASSERT_EQUAL(kept.state, cases[i].state);
        CU_ASSERT_STRING_EQUAL(kept.value, cases[i].kept);
        CU_ASSERT_EQUAL(es_pseudonym_set(&kept.unmapped), kept.state == ES_ATTRIBUTE_UNMAPPED);
    }
    es_config_free(config);
    es_key_close(key);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"attributes_are_kept_as_levels_numbers_and_tokens", attributes_are_kept_as_levels_numbers_and_tokens}, {NULL, NULL}};
    return es_test_main("event_attributes", tests, argc, argv);
}
