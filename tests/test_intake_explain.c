/* SPDX-License-Identifier: Apache-2.0 */
/* What `facts --explain` says of files that are not DICOM: which row, segment, resource or value became what, and which not and why. */
#include "intake_world.h"
#include "plugin/intake/watch.h"

/* The explanation of a file's text under these rules, as one line without the file's path; the caller frees it. No canary may be in it. */
static char *explained(const char *rules, const char *name, const char *text)
{
    static struct intake_world w;
    static const char *const canaries[] = {"KANARIE", "4711", "19500101", "Small left"};
    char path[512];
    cJSON *out = NULL;
    (void)snprintf(path, sizeof path, "%s/%s", es_test_tempdir(), name);
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_FATAL(fwrite(text, 1, strlen(text), file) == strlen(text) && fclose(file) == 0);
    world_open(&w, rules);
    CU_ASSERT_EQUAL_FATAL(es_intake_explain(&out, w.config, path, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(cJSON_GetObjectItemCaseSensitive(out, "file")->valuestring, path);
    char *line = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(out, "rules"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(line);
    for (size_t i = 0; i < sizeof canaries / sizeof canaries[0]; i++) CU_ASSERT_PTR_NULL(strstr(line, canaries[i]));
    cJSON_Delete(out);
    world_close(&w);
    return line;
}

static void expect(const char *rules, const char *name, const char *text, const char *expected)
{
    char *line = explained(rules, name, text);
    CU_ASSERT_STRING_EQUAL(line, expected);
    if (strcmp(line, expected) != 0) printf("    got:      %s\n    expected: %s\n", line, expected);
    cJSON_free(line);
}

#define SCORES                                                                                                                            \
    "{\"Name\":\"scores\",\"Kind\":\"csv\",\"Files\":[\"*.csv\"],\"Event\":\"result\",\"Model\":\"m\",\"Where\":{\"Column\":\"kind\",\"Is\":[\"ai\"]}," \
    "\"Map\":{\"study_uid\":\"exam\",\"patient_id\":\"mrn\",\"findings\":[{\"finding\":{\"Constant\":\"effusion\"},\"score\":\"score\"}]}}"
#define SCORE_KEYS(uid, score, without)                                                                                                  \
    "\"keys\":[{\"key\":\"study_uid\",\"from\":[\"column exam\"]," uid "},{\"key\":\"patient_id\",\"from\":[\"column mrn\"],\"with_a_value\":4,\"without\":0}," \
    "{\"key\":\"findings[0].finding\",\"from\":[\"constant\"],\"with_a_value\":" without "},{\"key\":\"findings[0].score\",\"from\":[\"column score\"]," score "}]"

static void rows_say_what_became_of_them(void)
{
    expect(SCORES, "a.csv",
           "exam,mrn,name,kind,score\n1.2.1,4711,KANARIE,ai,0.8\n1.2.2,4711,KANARIE,ai,\n,4711,KANARIE,ai,0.5\n1.2.4,4711,KANARIE,human,1\n1.2.5,4711,KANARIE,ai,KANARIE\n",
           "[{\"rule\":\"scores\",\"kind\":\"csv\",\"records\":[{\"at\":2,\"messages\":[{\"event\":\"result\",\"model\":\"m\",\"findings\":1}]},"
           "{\"at\":3,\"without\":[\"findings[0].score\"],\"outcome\":\"says nothing of a finding\"},"
           "{\"at\":4,\"without\":[\"study_uid\"],\"messages\":[{\"event\":\"result\",\"refused\":\"study_uid: found neither it nor accession, expected one of them\"}]},"
           "{\"at\":5,\"outcome\":\"not let in by Where\"},"
           "{\"at\":6,\"without\":[\"findings[0].score\"],\"refused\":\"findings[0].score: found a text, expected a number\"}],"
           "\"unread_columns\":[\"name\"],"
           "\"counts\":{\"records\":5,\"not_let_in_by_where\":1,\"silent\":1,\"messages\":1,\"refused\":2},"
           SCORE_KEYS("\"with_a_value\":3,\"without\":1", "\"with_a_value\":2,\"without\":2", "4,\"without\":0") "}]");
}

/* A header that lacks a column may be no header at all: none of it is shown. */
static void a_header_that_lacks_a_column_is_not_shown(void)
{
    char *line = explained(SCORES, "b.csv", "1.2.1,4711,KANARIE,ai,0.8\n");
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "\"refused\":[{\"at\":1,\"refused\":\"header: found no column \\\"exam\\\", which the rule scores names\""));
    CU_ASSERT_PTR_NULL(strstr(line, "unread_columns"));
    cJSON_free(line);
}

static void rows_past_the_listed_are_counted(void)
{
    static char text[200 * 40] = "exam,mrn,kind,score\n";
    for (int i = 0; i < 150; i++) (void)snprintf(text + strlen(text), 40, "1.2.%d,4711,ai,0.5\n", i + 1);
    char *line = explained(SCORES, "c.csv", text);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "{\"at\":101,"));
    CU_ASSERT_PTR_NULL(strstr(line, "{\"at\":102,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "\"counts\":{\"records\":150,\"not_let_in_by_where\":0,\"silent\":0,\"messages\":150,\"refused\":0}"));
    cJSON_free(line);
}

static void has(char *line, const char *const *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        CU_ASSERT_PTR_NOT_NULL(strstr(line, wanted[i]));
        if (strstr(line, wanted[i]) == NULL) printf("    lacks %s\n    in %s\n", wanted[i], line);
    }
    cJSON_free(line);
}

static void segments_say_which_finding_read_them(void)
{
    static const char *const wanted[] = {
        "{\"at\":3,\"without\":[", "\"observations\":[{\"Codes\":[\"60046008,SCT\"],\"read_as\":[{\"finding\":\"effusion\",\"as\":\"label\"}]},",
        "{\"Codes\":[\"KVP,99X\"],\"read\":\"by no finding of the rule\"},{\"Codes\":[\"GDT\"],\"read\":\"by no finding of the rule\"}],",
        "\"findings\":[{\"finding\":\"pneumothorax\",\"in\":\"text\",\"left_out\":\"nothing is stated\"}],\"messages\":[{\"event\":\"reference\",\"findings\":1}]}",
        ("{\"Codes\":[\"60046008,SCT\"],\"read_as\":[{\"finding\":\"effusion\",\"left_out\":\"finding effusion: found an answer that is neither Present nor Absent\"}]}],"
         "\"refused\":\"finding effusion: found an answer that is neither Present nor Absent\"}")};
    has(explained("{\"Name\":\"ris\",\"Kind\":\"hl7\",\"Files\":[\"*.hl7\"],\"Event\":\"reference\",\"Source\":\"radiology-report\",\"Findings\":[{\"Finding\":"
                  "\"effusion\",\"Codes\":[\"60046008,SCT\"],\"Present\":[\"52101004,SCT\"],\"Absent\":[\"2667000,SCT\"]},"
                  "{\"Finding\":\"pneumothorax\",\"Positive\":[\"pneumothora(x|ces)\"]}]}",
                  "a.hl7",
                  "MSH|^~\\&|RIS||||20260310||ORU^R01|1|P|2.5.1\rPID|1||4711||KANARIE^JAN||19500101|M\rOBR|1|||||||||||||||||A4||||20260310|||F\r"
                  "OBX|1|CWE|60046008^Effusion^SCT||52101004^Present^SCT||||||F\rOBX|2|NM|KVP^kv^99X||120||||||F\rOBX|3|FT|GDT||Small left effusion.||||||F\r"
                  "OBR|2|||||||||||||||||A5||||20260310|||F\rOBX|1|CWE|60046008^Effusion^SCT||1^KANARIE^SCT||||||F\r"),
        wanted, sizeof wanted / sizeof wanted[0]);
}

static void resources_say_which_finding_read_them(void)
{
    static const char *const wanted[] = {
        ("\"observations\":[{\"Codes\":[\"60046008,SCT\"],\"read_as\":[{\"finding\":\"effusion\",\"as\":\"score\"}]},"
         "{\"Codes\":[\"1,LN\"],\"read\":\"by no finding of the rule\"}]"),
        "\"messages\":[{\"event\":\"result\",\"model\":\"m\",\"findings\":1}]", "\"counts\":{\"records\":1,\"not_let_in_by_where\":0,\"silent\":0,\"messages\":1,\"refused\":0}"};
    has(explained("{\"Name\":\"fhir\",\"Kind\":\"fhir\",\"Files\":[\"*.json\"],\"Event\":\"result\",\"Model\":\"m\",\"Findings\":[{\"Finding\":\"effusion\",\"Codes\":"
                  "[\"60046008,SCT\"]}]}",
                  "a.json",
                  "{\"resourceType\":\"Observation\",\"id\":\"o1\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":\"http://snomed.info/sct\",\"code\":\"60046008\"}]},"
                  "\"subject\":{\"identifier\":{\"value\":\"4711\"}},\"derivedFrom\":[{\"identifier\":{\"system\":\"urn:dicom:uid\",\"value\":\"urn:oid:1.2.3\"}}],"
                  "\"valueQuantity\":{\"value\":83,\"code\":\"%\"},\"component\":[{\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"1\"}]},"
                  "\"valueString\":\"KANARIE\"}]}"),
        wanted, sizeof wanted / sizeof wanted[0]);
}

#define PATHS "{\"Name\":\"js\",\"Kind\":\"json\",\"Files\":[\"*.json\"],\"Event\":\"result\",\"Model\":\"m\",\"Map\":{\"study_uid\":\"$.study\"}}"

static void documents_say_what_paths_found(void)
{
    expect(PATHS, "b.json", "{\"study\":\"1.2.4711\",\"effusion\":0.4,\"name\":\"KANARIE\"}",
           "[{\"rule\":\"js\",\"kind\":\"json\",\"records\":[{\"findings\":[{\"finding\":\"effusion\",\"in\":\"From.JSON\",\"as\":\"score\"}],"
           "\"messages\":[{\"event\":\"result\",\"model\":\"m\",\"findings\":1}]}],"
           "\"counts\":{\"records\":1,\"not_let_in_by_where\":0,\"silent\":0,\"messages\":1,\"refused\":0},"
           "\"keys\":[{\"key\":\"study_uid\",\"from\":[\"path $.study\"],\"with_a_value\":1,\"without\":0}]}]");
    expect(PATHS, "d.json", "{\"study\":\"1.2.4711\",\"effusion\":\"KANARIE\"}",
           "[{\"rule\":\"js\",\"kind\":\"json\",\"records\":[{\"findings\":[{\"finding\":\"effusion\",\"in\":\"From.JSON\",\"left_out\":\"finding effusion: a text that is no number\"}],\"outcome\":\"says nothing of a finding\"}],"
           "\"counts\":{\"records\":1,\"not_let_in_by_where\":0,\"silent\":1,\"messages\":0,\"refused\":0},"
           "\"keys\":[{\"key\":\"study_uid\",\"from\":[\"path $.study\"],\"with_a_value\":1,\"without\":0}]}]");
}

static void what_is_no_document_says_so(void)
{
    char *line = explained("{\"Name\":\"js\",\"Kind\":\"json\",\"Files\":[\"*.json\"],\"Event\":\"result\",\"Model\":\"m\",\"Map\":{\"study_uid\":\"$.study\"}}", "c.json", "{\"KANARIE\"");
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "\"records\":[],\"refused\":[{\"refused\":\"line 1, column"));
    cJSON_free(line);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"rows_say_what_became_of_them", rows_say_what_became_of_them},
                                           {"a_header_that_lacks_a_column_is_not_shown", a_header_that_lacks_a_column_is_not_shown},
                                           {"rows_past_the_listed_are_counted", rows_past_the_listed_are_counted},
                                           {"segments_say_which_finding_read_them", segments_say_which_finding_read_them},
                                           {"resources_say_which_finding_read_them", resources_say_which_finding_read_them},
                                           {"documents_say_what_paths_found", documents_say_what_paths_found},
                                           {"what_is_no_document_says_so", what_is_no_document_says_so},
                                           {NULL, NULL}};
    return es_test_main("intake_explain", tests, argc, argv);
}
