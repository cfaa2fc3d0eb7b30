/* SPDX-License-Identifier: Apache-2.0 */
/* Messages built after HL7 v2.5.1 chapters 2 and 7 and IHE Radiology; AI's ORU with the accession number in OBR-18. */
#include "intake_world.h"

static const char reference[] =
    "{\"Name\":\"ris\",\"Kind\":\"hl7\",\"Files\":[\"*.hl7\"],\"Event\":\"reference\",\"Source\":\"radiology-report\","
    "\"Findings\":[{\"Finding\":\"effusion\",\"Codes\":[\"60046008,SCT\"],\"Present\":[\"52101004,SCT\",\"POSITIVE\"],\"Absent\":[\"2667000,SCT\",\"negative\"],"
    "\"Positive\":[\"effusion\"]},{\"Finding\":\"pneumothorax\",\"Positive\":[\"pneumothora(x|ces)\"]},"
    "{\"Finding\":\"density\",\"Codes\":[\"DENS,L\"]},{\"Finding\":\"lvef\",\"Codes\":[\"8806-2,LN\"]}]}";

#define HEAD "MSH|^~\\&|RIS|H|EV|H|20260301120000||ORU^R01|M1|P|2.5.1\r"
#define PID "PID|1||77^^^X^PI~P1^^^H&1.2.3&ISO^MR||KANARIE^JAN||19500101|M\r"

static void reports_are_read_with_their_identifiers(void)
{
    world_expect(reference,
                 HEAD PID "ORC|RE\rOBR|1|PL1|F1^RIS|XR^Chest|||20260301100000|||||||||||A1||||20260301113000+0100|||F|||||||Dr1&Smith&Jane\r"
                          "OBX|1|FT|GDT||No pneumothorax.\\.br\\Small left\\T\\right effusion.||||||F\r"
                          "ZDS|1.2.840.1^Evensight^Application^DICOM\r",
                 "4 {\"accession\":\"A1\",\"established\":\"2026-03-01T11:30:00+01:00\",\"event\":\"reference\",\"event_id\":\"F1^RIS\",\"event_source\":\"ris\","
                 "\"findings\":[{\"finding\":\"pneumothorax\",\"label\":0},{\"finding\":\"effusion\",\"label\":1}],\"labeller\":\"Dr1\",\"patient_id\":\"P1\","
                 "\"patient_issuer\":\"H\",\"source\":\"radiology-report\",\"status\":\"final\",\"study_uid\":\"1.2.840.1\"}\n");
}

static void coded_values_and_numbers_are_findings(void)
{
    world_expect(reference,
                 HEAD "OBR|1||F7|||||||||||||||A2|||||||P\r"
                      "OBX|1|CWE|60046008^Effusion^SCT||2667000^Absent^SCT||||||F\r"
                      "OBX|2|NM|8806-2^EF^LN||54.5|%|||||C\r"
                      "OBX|3|CE|DENS^^L||C^dense^L\r"
                      "OBX|4|ED|PDF||^application^pdf^Base64^AAAA||||||F\r"
                      "OBX|5|NM|OTHER^^L||1||||||N\r",
                 "2 {\"accession\":\"A2\",\"established\":\"2026-03-01T12:00:00\",\"event\":\"reference\",\"event_id\":\"F7\",\"event_source\":\"ris\","
                 "\"findings\":[{\"finding\":\"effusion\",\"label\":0}],\"source\":\"radiology-report\",\"status\":\"final\"}\n"
                 "2 {\"accession\":\"A2\",\"established\":\"2026-03-01T12:00:00\",\"event\":\"reference\",\"event_id\":\"F7\",\"event_source\":\"ris\","
                 "\"findings\":[{\"finding\":\"lvef\",\"units\":\"%\",\"value\":54.5}],\"source\":\"radiology-report\",\"status\":\"corrected\"}\n"
                 "2 {\"accession\":\"A2\",\"established\":\"2026-03-01T12:00:00\",\"event\":\"reference\",\"event_id\":\"F7\",\"event_source\":\"ris\","
                 "\"findings\":[{\"category\":\"C\",\"finding\":\"density\"}],\"source\":\"radiology-report\",\"status\":\"preliminary\"}\n");
}

static void sides_and_plain_answers(void)
{
    world_expect(reference,
                 HEAD "OBR|1||F7^RIS\rOBX|1|ST|60046008^Effusion^SCT||Positive||||||F|||||||||LEFT^^HL70163\r"
                      "OBX|2|ST|60046008^Effusion^SCT||NEGATIVE ||||||F|||||||||RT\r",
                 "2 {\"accession\":\"F7\",\"accession_issuer\":\"RIS\",\"established\":\"2026-03-01T12:00:00\",\"event\":\"reference\",\"event_id\":\"F7^RIS\",\"event_source\":\"ris\","
                 "\"findings\":[{\"finding\":\"effusion\",\"label\":1}],\"source\":\"radiology-report\",\"status\":\"final\",\"unit\":{\"id\":\"L\",\"type\":\"side\"}}\n"
                 "2 {\"accession\":\"F7\",\"accession_issuer\":\"RIS\",\"established\":\"2026-03-01T12:00:00\",\"event\":\"reference\",\"event_id\":\"F7^RIS\",\"event_source\":\"ris\","
                 "\"findings\":[{\"finding\":\"effusion\",\"label\":0}],\"source\":\"radiology-report\",\"status\":\"final\",\"unit\":{\"id\":\"R\",\"type\":\"side\"}}\n");
}

/* OBR-25 X takes everything back, OBX-11 D or X one observation. */
static void what_is_cancelled_is_taken_back(void)
{
    world_expect(reference, HEAD "OBR|1||F7|||||||||||||||A2|||||||X\rOBX|1|ST|60046008^^SCT||Positive||||||F\r",
                 "2 {\"accession\":\"A2\",\"established\":\"2026-03-01T12:00:00\",\"event\":\"reference\",\"event_id\":\"F7\",\"event_source\":\"ris\",\"source\":\"radiology-report\",\"status\":\"cancelled\"}\n");
    world_expect(reference, HEAD "OBR|1||F7|||||||||||||||A2|||||||C\rOBX|1|ST|60046008^^SCT||Positive||||||D\r",
                 "2 {\"accession\":\"A2\",\"established\":\"2026-03-01T12:00:00\",\"event\":\"reference\",\"event_id\":\"F7\",\"event_source\":\"ris\","
                 "\"findings\":[{\"evaluable\":false,\"finding\":\"effusion\"}],\"source\":\"radiology-report\",\"status\":\"cancelled\"}\n");
}

/* A batch, framed as MLLP does, with CRLF; AI results with scores; the fields that a rule names. */
static void batches_and_framing_are_read_through(void)
{
    static const char rule[] =
        "{\"Name\":\"ai\",\"Kind\":\"hl7\",\"Files\":[\"*\"],\"Event\":\"result\",\"Model\":\"m\",\"Map\":{\"accession_issuer\":\"OBR-3.2\",\"model\":{\"version\":\"OBX-17.1\"},"
        "\"demographics\":{\"PatientSex\":{\"Field\":\"PID-8\"}},\"event_id\":[\"ZZZ-1\",{\"Field\":\"MSH-10\"}]},"
        "\"Findings\":[{\"Finding\":\"effusion\",\"Codes\":[\"EFF\"]},{\"Finding\":\"pneumothorax\",\"Codes\":[\"PTX\"],\"As\":\"decision\"}]}";
    world_expect(rule,
                 "FHS|^~\\&|AI\r\nBHS|^~\\&|AI\r\n\x0b" "MSH|^~\\&|AI||||20260301||ORU^R01|M1|P|2.5.1\r\nPID|1||P1||||19500101|F\r\n"
                 "OBR|1||F1^AI|||||||||||||||A1||||||F\r\nOBX|1|NM|EFF^^99X||83|%|||||F||||||2.1^x\r\n\x1c\r\n"
                 "\x0b" "MSH|^~\\&|AI||||20260302||ORU^R01|M2|P|2.5.1\r\nOBR|1|||||||||||||||||A2\r\nOBX|1|NM|PTX^^99X||1\r\n"
                 "OBR|2|||||||||||||||||A3\r\nOBX|1|NM|PTX||2\r\nOBR|3|||||||||||||||||A4\r\nOBX|1|NM|EFF||\r\n\x1c\r\nBTS|2\r\nFTS|1\r\n",
                 "5 {\"accession\":\"A1\",\"accession_issuer\":\"AI\",\"demographics\":{\"PatientSex\":\"F\"},\"event\":\"result\",\"event_id\":\"M1\",\"event_source\":\"ai\","
                 "\"findings\":[{\"finding\":\"effusion\",\"score\":0.83}],\"model\":{\"name\":\"m\",\"version\":\"2.1\"},\"patient_id\":\"P1\",\"produced\":\"2026-03-01T00:00:00\"}\n"
                 "9 {\"accession\":\"A2\",\"event\":\"result\",\"event_id\":\"M2\",\"event_source\":\"ai\",\"findings\":[{\"decision\":true,\"finding\":\"pneumothorax\"}],"
                 "\"model\":{\"name\":\"m\"},\"produced\":\"2026-03-02T00:00:00\"}\n"
                 "11 refused: finding pneumothorax: found another number, expected 0 or 1\n"
                 "13 silent\n");
}

static void character_sets_and_escapes_are_decoded(void)
{
    static const char rule[] = "{\"Name\":\"d\",\"Kind\":\"hl7\",\"Files\":[\"*\"],\"Event\":\"demographics\",\"Source\":\"adt\",\"Map\":{\"attributes\":{\"race\":\"PID-10.2\",\"note\":\"PID-22\"}}}";
    static const char latin[] = "MSH|^~\\&|||||||ADT^A08|1|P|2.5|||||DE|8859/1\rPID|1||P\xe4|||||||w^wei\xdf||||||||||||\\F\\\\S\\\\R\\\\E\\\\X41\\\\H\\b\\N\\\\Z7\\\r";
    world_expect_bytes(rule, "f", latin, sizeof latin - 1,
                       "1 {\"attributes\":{\"note\":\"|^~\\\\Ab\",\"race\":\"wei\303\237\"},\"event\":\"demographics\",\"patient_id\":\"P\303\244\",\"source\":\"adt\"}\n");
    world_expect(rule, "MSH|^~\\&|||||||ADT|1|P|2.5|||||DE|KLINGON\rPID|1||P1\r", "1 refused: MSH-18: found another character set, expected one of HL7 table 0211, or Charset in the rule\n");
    static const char unnamed[] = "MSH|^~\\&|||||||ADT|1|P|2.5\rPID|1||P\xe4\r";
    world_expect_bytes(rule, "f", unnamed, sizeof unnamed - 1, "1 refused: found bytes that are no UTF-8 text and no MSH-18; Charset of the rule says which they are\n");
}

#define HIGHEST                                                                                                                           \
    "{\"Name\":\"ris\",\"Kind\":\"hl7\",\"Files\":[\"*\"],\"Event\":\"reference\",\"Source\":\"r\",\"Findings\":[{\"Finding\":\"effusion\",\"Combine\":\"highest\"," \
    "\"Codes\":[\"60046008,SCT\"],\"Present\":[\"Y,L\"],\"Absent\":[\"N,L\"]},{\"Finding\":\"lvef\",\"Combine\":\"highest\",\"Codes\":[\"8806-2,LN\"]}]}"
#define EFFUSION(answer, status) "OBX|1|CWE|60046008^E^SCT||" answer "^x^L||||||" status "\r"
#define LVEF(value, units, status) "OBX|1|NM|8806-2^EF^LN||" value "|" units "|||||" status "\r"

/* Combine "highest": by hand. The status is the least settled; what was cancelled counts only alone; a side is a finding of its own. */
static void several_observations_of_a_finding_are_combined_as_the_rule_says(void)
{
    static const struct { const char *observations, *said; } cases[] = {
        {EFFUSION("N", "F") EFFUSION("Y", "F"), "2 {\"accession\":\"A2\",\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":1}],\"source\":\"r\",\"status\":\"final\"}\n"},
        {EFFUSION("Y", "P") EFFUSION("N", "F"), "2 {\"accession\":\"A2\",\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":1}],\"source\":\"r\",\"status\":\"preliminary\"}\n"},
        {EFFUSION("N", "F") EFFUSION("N", "C"), "2 {\"accession\":\"A2\",\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":0}],\"source\":\"r\",\"status\":\"corrected\"}\n"},
        {EFFUSION("Y", "X") EFFUSION("N", "F"), "2 {\"accession\":\"A2\",\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":0}],\"source\":\"r\",\"status\":\"final\"}\n"},
        {EFFUSION("N", "F") EFFUSION("Y", "X"), "2 {\"accession\":\"A2\",\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":0}],\"source\":\"r\",\"status\":\"final\"}\n"},
        {EFFUSION("Y", "X") EFFUSION("N", "X"), "2 {\"accession\":\"A2\",\"event\":\"reference\",\"findings\":[{\"evaluable\":false,\"finding\":\"effusion\"}],\"source\":\"r\",\"status\":\"cancelled\"}\n"},
        {LVEF("40", "%", "F") LVEF("55", "%", "F") LVEF("50", "%", "F"), "2 {\"accession\":\"A2\",\"event\":\"reference\",\"findings\":[{\"finding\":\"lvef\",\"units\":\"%\",\"value\":55}],\"source\":\"r\",\"status\":\"final\"}\n"},
        {LVEF("40", "%", "F") LVEF("0.55", "1", "F"), "2 refused: finding lvef: found observations of other kinds or units, expected some that Combine can compare\n"},
        {EFFUSION("Y", "F") "OBX|1|CWE|60046008^E^SCT||N^x^L||||||F|||||||||L\r",
         "2 {\"accession\":\"A2\",\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":1}],\"source\":\"r\",\"status\":\"final\"}\n"
         "2 {\"accession\":\"A2\",\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":0}],\"source\":\"r\",\"status\":\"final\",\"unit\":{\"id\":\"L\",\"type\":\"side\"}}\n"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[600];
        snprintf(text, sizeof text, "MSH|^~\\&|RIS|||||||M1|P|2.5.1\rOBR|1|||||||||||||||||A2\r%s", cases[i].observations);
        world_expect(HIGHEST, text, cases[i].said);
    }
}

/* Of several orders of one patient each has its own study; what stands before the first is of all of them, and a patient's is his own. */
static void an_order_takes_nothing_from_the_one_before_it(void)
{
    static const char rule[] = "{\"Name\":\"r\",\"Kind\":\"hl7\",\"Files\":[\"*\"],\"Event\":\"reference\",\"Source\":\"s\",\"Map\":{\"labeller_version\":{\"Field\":\"PV1-2\"}},"
                               "\"Findings\":[{\"Finding\":\"effusion\",\"Codes\":[\"E,L\"],\"Present\":[\"Y,L\"]}]}";
    world_expect(rule,
                 "MSH|^~\\&|RIS|||||||M1|P|2.5.1\rPID|1||P1\rPV1|1|I\r"
                 "OBR|1|||||||||||||||||A1\rZDS|1.2.3^^A^DICOM\rOBX|1|CWE|E^^L||Y^^L||||||F|||||Dr1\r"
                 "OBR|2|||||||||||||||||A2\rOBX|1|CWE|E^^L||Y^^L||||||F\r"
                 "PID|2||P2\rOBR|1|||||||||||||||||A3\rOBX|1|CWE|E^^L||Y^^L||||||F\r",
                 "4 {\"accession\":\"A1\",\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":1}],\"labeller\":\"Dr1\",\"labeller_version\":\"I\",\"patient_id\":\"P1\",\"source\":\"s\",\"status\":\"final\",\"study_uid\":\"1.2.3\"}\n"
                 "7 {\"accession\":\"A2\",\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":1}],\"labeller_version\":\"I\",\"patient_id\":\"P1\",\"source\":\"s\",\"status\":\"final\"}\n"
                 "10 {\"accession\":\"A3\",\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":1}],\"patient_id\":\"P2\",\"source\":\"s\",\"status\":\"final\"}\n");
}

/* A report of 200 lines in repetitions of one OBX-5, and lines by each way of 2.7: what stands last is read, and reaches no line before it. */
static void every_line_of_a_report_is_read(void)
{
    static const char *const breaks[] = {"~", "\\.br\\", "\\X0D0A\\", "\\X0D\\\\X0A\\", "\\X0A\\", "\\.sp\\", "\\.ce\\"};
    static char text[16384];
    for (size_t i = 0; i < sizeof breaks / sizeof breaks[0]; i++) {
        (void)snprintf(text, sizeof text, "MSH|^~\\&|RIS|||||||M1|P|2.5.1\rOBR|1|||||||||||||||||A1\rOBX|1|TX|GDT||");
        for (int k = 0; k < 200; k++) (void)snprintf(text + strlen(text), sizeof text - strlen(text), "Line%sNo lesion%s", breaks[i], breaks[i]);
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "Large\\.sk2\\effusion||||||F\r");
        world_expect(reference, text,
                     "2 {\"accession\":\"A1\",\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":1}],\"source\":\"radiology-report\",\"status\":\"final\"}\n");
    }
}

/* More than a reader of reports takes: refused, not read in part. */
static void a_report_that_is_too_long_is_refused(void)
{
    char *text = calloc(1, 400000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    (void)snprintf(text, 400000, "MSH|^~\\&|RIS|||||||M1|P|2.5.1\rOBR|1|||||||||||||||||A1\r");
    for (size_t k = 0, at = strlen(text); k < 3; k++) {
        at += (size_t)snprintf(text + at, 400000 - at, "OBX|1|TX|GDT||");
        memset(text + at, 'x', 100000);
        at += 100000;
        at += (size_t)snprintf(text + at, 400000 - at, "\rOBX|1|TX|GDT||No effusion||||||F\r");
    }
    world_expect(reference, text, "2 refused: text: found 300039 bytes, expected at most 262144\n");
    free(text);
}

/* Hexadecimal data of several bytes: of UTF-8, or what cannot be told. */
static void hexadecimal_escapes_are_bytes(void)
{
    static const char rule[] = "{\"Name\":\"d\",\"Kind\":\"hl7\",\"Files\":[\"*\"],\"Event\":\"demographics\",\"Source\":\"adt\",\"Map\":{\"attributes\":{\"race\":\"PID-10\"}}}";
    static const char *const cases[][2] = {{"a\\X4142\\b", "aABb"}, {"a\\XC3A4\\b", "a\303\244b"}, {"a\\XE4\\b", "a\357\277\275b"}, {"a\\X4\\b", "a\357\277\275b"}, {"a\\XZZ41\\b", "a\357\277\275b"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[200], expected[200];
        (void)snprintf(text, sizeof text, "MSH|^~\\&|||||||ADT|1|P|2.5\rPID|1||P1|||||||%s\r", cases[i][0]);
        (void)snprintf(expected, sizeof expected, "1 {\"attributes\":{\"race\":\"%s\"},\"event\":\"demographics\",\"patient_id\":\"P1\",\"source\":\"adt\"}\n", cases[i][1]);
        world_expect(rule, text, expected);
    }
}

/* HL7 tables 0085 (OBX-11) and 0123 (OBR-25), of v2.8. */
static void statuses_are_those_of_their_tables(void)
{
    static const struct { char obx, obr; const char *said; } cases[] = {
        {'F', 'P', "final"},       {'U', 'P', "final"},       {'V', 'P', "final"},       {'A', 'P', "corrected"}, {'B', 'F', "corrected"}, {'C', 'F', "corrected"},
        {'P', 'F', "preliminary"}, {'R', 'F', "preliminary"}, {'S', 'F', "preliminary"}, {' ', 'A', "preliminary"}, {' ', 'R', "preliminary"}, {' ', 'M', "preliminary"},
        {' ', 'C', "corrected"},   {'F', 'C', "corrected"},   {' ', 'F', "final"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[300], expected[300];
        (void)snprintf(text, sizeof text, "MSH|^~\\&|RIS|||||||M1|P|2.8\rOBR|1|||||||||||||||||A2|||||||%c\rOBX|1|CWE|60046008^^SCT||52101004^^SCT||||||%c\r", cases[i].obr, cases[i].obx);
        (void)snprintf(expected, sizeof expected, "2 {\"accession\":\"A2\",\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":1}],\"source\":\"radiology-report\",\"status\":\"%s\"}\n", cases[i].said);
        world_expect(reference, text, expected);
    }
}

/* A cut identifier could be somebody else's. */
static void identifiers_that_are_too_long_are_refused(void)
{
    char text[400];
    (void)snprintf(text, sizeof text, "MSH|^~\\&|RIS|||||||M1|P|2.8\rPID|1||%080d\rOBR|1|||||||||||||||||A2|||||||F\rOBX|1|CWE|60046008^^SCT||52101004^^SCT||||||F\r", 7);
    static struct intake_world w;
    struct es_error err = {0};
    world_open(&w, reference);
    const struct es_intake_sink sink = world_sink(&w);
    CU_ASSERT_EQUAL(es_intake_bytes(w.config, &w.config->intake[0], "f", text, strlen(text), &sink, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(w.got, "not of the schema: patient_id: found 80 bytes, expected at most 64"));
    world_close(&w);
}

static void what_is_wrong_is_named(void)
{
    world_expect(reference, "OBX|1|ST\rMSH|^~\\&|x\rPID|1\r",
                 "1 refused: found a segment that belongs to no message, expected MSH before it\n2 refused: found a message without OBR, expected an ORU with one\n");
    world_expect(reference, "MSH\r", "1 refused: MSH: found a segment that is too short, expected its separators\n");
    world_expect(reference, "MSH||||||||\r", "1 refused: MSH-1: found no separators, expected such as |^~\\&\n");
    world_expect(reference, HEAD "OBR|1||F7\rOBX|1|CWE|60046008^^SCT||MAYBE^^L\rOBR|2||F8\rOBX|1|ST|60046008^^SCT||Positive\rOBX|2|ST|60046008^^SCT||Positive\r",
                 "2 refused: finding effusion: found an answer that is neither Present nor Absent\n4 refused: finding effusion: found two observations of it, expected one, or Combine\n");
    world_expect(reference, "", "");
}

static const struct es_test tests[] = {
    {"reports_are_read_with_their_identifiers", reports_are_read_with_their_identifiers},
    {"coded_values_and_numbers_are_findings", coded_values_and_numbers_are_findings},
    {"sides_and_plain_answers", sides_and_plain_answers},
    {"what_is_cancelled_is_taken_back", what_is_cancelled_is_taken_back},
    {"batches_and_framing_are_read_through", batches_and_framing_are_read_through},
    {"character_sets_and_escapes_are_decoded", character_sets_and_escapes_are_decoded},
    {"several_observations_of_a_finding_are_combined_as_the_rule_says", several_observations_of_a_finding_are_combined_as_the_rule_says},
    {"an_order_takes_nothing_from_the_one_before_it", an_order_takes_nothing_from_the_one_before_it},
    {"every_line_of_a_report_is_read", every_line_of_a_report_is_read},
    {"a_report_that_is_too_long_is_refused", a_report_that_is_too_long_is_refused},
    {"hexadecimal_escapes_are_bytes", hexadecimal_escapes_are_bytes},
    {"statuses_are_those_of_their_tables", statuses_are_those_of_their_tables},
    {"identifiers_that_are_too_long_are_refused", identifiers_that_are_too_long_are_refused},
    {"what_is_wrong_is_named", what_is_wrong_is_named},
    {NULL, NULL},
};

int main(int argc, char **argv) { return es_test_main("intake_hl7", tests, argc, argv); }
