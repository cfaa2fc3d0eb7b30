/* SPDX-License-Identifier: Apache-2.0 */
#include <sys/stat.h>
#include <unistd.h>

#include "intake_world.h"

static void records_of_a_document_are_read_one_by_one(void)
{
    world_expect("{\"Name\":\"ai\",\"Kind\":\"json\",\"Files\":[\"*\"],\"Event\":\"result\",\"Each\":\"$.cases[*]\","
                 "\"Map\":{\"study_uid\":\"@.uid\",\"produced\":\"$.run.time\",\"model\":{\"name\":\"$.run.model\",\"version\":\"$.run.version\"},"
                 "\"findings\":[{\"finding\":{\"Constant\":\"effusion\"},\"score\":\"@.scores[?@.label==\\\"EFF\\\"].p\",\"threshold\":{\"Constant\":0.5}},"
                 "{\"finding\":{\"Constant\":\"pneumothorax\"},\"decision\":\"@.ptx\"}]}}",
                 "{\"run\":{\"model\":\"m\",\"version\":3,\"time\":\"2026-03-01T10:00:00Z\"},\"cases\":["
                 "{\"uid\":\"1.2\",\"scores\":[{\"label\":\"PTX\",\"p\":0.1},{\"label\":\"EFF\",\"p\":0.83}],\"ptx\":true},"
                 "{\"uid\":\"1.3\",\"scores\":[],\"ptx\":null},{\"uid\":\"1.4\",\"scores\":[{\"label\":\"EFF\",\"p\":[1]}]}]}",
                 "1 {\"event\":\"result\",\"findings\":[{\"decision\":true,\"finding\":\"pneumothorax\"},{\"finding\":\"effusion\",\"score\":0.83,\"threshold\":0.5}],"
                 "\"model\":{\"name\":\"m\",\"version\":\"3\"},\"produced\":\"2026-03-01T10:00:00Z\",\"study_uid\":\"1.2\"}\n"
                 "2 silent\n"
                 "3 refused: findings[0].score: found a list or an object, expected a text, a number, true or false\n");
}

/* From.JSON of the model is a map of its own. */
static void the_models_rules_apply_to_its_json(void)
{
    static const char rule[] = "{\"Name\":\"ai\",\"Kind\":\"jsonl\",\"Files\":[\"*\"],\"Event\":\"result\",\"Model\":\"m\",\"Map\":{\"study_uid\":\"@.uid\"}}";
    world_expect(rule,
                 "{\"uid\":\"1.2\",\"effusion\":0.25}\n\n{\"uid\":\"1.3\",\"effusion\":\"83 %\"}\r\n{\"uid\":\"1.4\",\"effusion\":true}\n{\"uid\":\"1.5\",\"effusion\":7}\n"
                 "{\"uid\":\"1.6\"}\n{\"uid\n",
                 "1 {\"event\":\"result\",\"findings\":[{\"finding\":\"effusion\",\"score\":0.25}],\"model\":{\"name\":\"m\"},\"study_uid\":\"1.2\"}\n"
                 "3 {\"event\":\"result\",\"findings\":[{\"finding\":\"effusion\",\"score\":0.83}],\"model\":{\"name\":\"m\"},\"study_uid\":\"1.3\"}\n"
                 "4 {\"event\":\"result\",\"findings\":[{\"decision\":true,\"finding\":\"effusion\"}],\"model\":{\"name\":\"m\"},\"study_uid\":\"1.4\"}\n"
                 "5 silent\n6 silent\n"
                 "7 refused: line 1, column 2: found a string without its closing quote\n");
}

/* RFC 8259 section 6: whole numbers beyond 2^53 are not exact; of two persons they would make one. */
static void an_identifier_is_an_exact_number_or_refused(void)
{
    static const char rule[] = "{\"Name\":\"ai\",\"Kind\":\"jsonl\",\"Files\":[\"*\"],\"Event\":\"demographics\",\"Source\":\"s\",\"Map\":{\"patient_id\":\"@.id\",\"attributes\":{\"a\":\"@.a\"}}}";
    world_expect(rule, "{\"id\":9007199254740991,\"a\":\"1\"}\n{\"id\":9007199254740993,\"a\":\"1\"}\n{\"id\":12345678901234567890,\"a\":\"1\"}\n{\"id\":1.5,\"a\":1e400}\n",
                 "1 {\"attributes\":{\"a\":\"1\"},\"event\":\"demographics\",\"patient_id\":\"9007199254740991\",\"source\":\"s\"}\n"
                 "2 refused: patient_id: found a number beyond 9007199254740991, which is not exact, expected it as text in quotes\n"
                 "3 refused: patient_id: found a number beyond 9007199254740991, which is not exact, expected it as text in quotes\n"
                 "4 refused: attributes.a: found a number beyond 9007199254740991, which is not exact, expected it as text in quotes\n");
}

/* What has no line feed is passed over, however long, and the next line is read. */
static void lines_that_are_too_long_are_passed_over(void)
{
    static const char rule[] = "{\"Name\":\"ai\",\"Kind\":\"jsonl\",\"Files\":[\"*\"],\"Event\":\"result\",\"Model\":\"m\",\"Map\":{\"study_uid\":\"@.uid\"}}";
    static const char line[] = "\r\n{\"uid\":\"1.2\",\"effusion\":0.25}\r\n";
    const size_t most = 1u << 20, len = most + 2;
    char *text = malloc(2 * len + 2 * sizeof line);
    CU_ASSERT_PTR_NOT_NULL_FATAL(text);
    memset(text, ' ', 2 * len + 2 * sizeof line);
    memset(text, 'x', len);
    memcpy(text + len, line, sizeof line - 1);
    memcpy(text + len + sizeof line - 1, "{}", 2); /* and blanks: exactly as many as are read */
    world_expect_bytes(rule, "f", text, len + sizeof line - 1 + most,
                       "1 refused: found a line of 1048578 bytes, expected at most 1048576\n"
                       "2 {\"event\":\"result\",\"findings\":[{\"finding\":\"effusion\",\"score\":0.25}],\"model\":{\"name\":\"m\"},\"study_uid\":\"1.2\"}\n"
                       "3 silent\n");
    free(text);
}

static void several_values_are_combined(void)
{
    static const char text[] = "{\"Models\":[{\"Name\":\"m\",\"Findings\":["
                               "{\"Name\":\"a\",\"From\":[{\"JSON\":\"$.none\"},{\"JSON\":\"$.v[*]\"}]},{\"Name\":\"b\",\"Combine\":\"mean\",\"From\":[{\"JSON\":\"$.v[*]\"}]},"
                               "{\"Name\":\"c\",\"Combine\":\"latest\",\"From\":[{\"JSON\":\"$.v[*]\"}]},{\"Name\":\"d\",\"Combine\":\"first\",\"From\":[{\"JSON\":\"$.d[*]\"}]},"
                               "{\"Name\":\"e\",\"From\":[{\"JSON\":\"$.d[*]\"}]},{\"Name\":\"l\",\"Task\":\"measurement\",\"From\":[{\"JSON\":\"$.l\"}]}]}]}";
    struct es_config *config = NULL;
    struct es_finding found[6];
    char why[160];
    cJSON *root = cJSON_Parse("{\"v\":[0.25,null,0.75,0.8],\"d\":[false,true],\"l\":\"54.5\"}"), *bad = cJSON_Parse("{\"v\":[2,{}],\"d\":\"x\"}");
    CU_ASSERT_EQUAL_FATAL(es_config_parse(&config, text, sizeof text - 1, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_findings_from_json(&config->models[0], root, found, why, sizeof why), 6);
    CU_ASSERT_STRING_EQUAL(why, "");
    CU_ASSERT_DOUBLE_EQUAL(found[0].score, 0.8, 0);
    CU_ASSERT_DOUBLE_EQUAL(found[1].score, 0.6, 1e-15); /* of three, not of two and one */
    CU_ASSERT_DOUBLE_EQUAL(found[2].score, 0.8, 0);
    CU_ASSERT(found[3].has_decision && !found[3].decision);
    CU_ASSERT(found[4].has_decision && found[4].decision);
    CU_ASSERT(found[5].has_value && !found[5].has_score && found[5].value == 54.5);
    CU_ASSERT_EQUAL(es_findings_from_json(&config->models[0], bad, found, why, sizeof why), 0);
    CU_ASSERT_STRING_EQUAL(why, "finding a: a number outside 0..1");
    CU_ASSERT_FALSE(es_json_says_failed(&config->models[0], root));
    cJSON_Delete(root);
    cJSON_Delete(bad);
    es_config_free(config);
}

static void failed_when_of_the_model_makes_a_failure(void)
{
    static const char text[] = "{\"Models\":[{\"Name\":\"m\",\"FailedWhen\":[{\"JSON\":\"$.error\"}],\"Findings\":[{\"Name\":\"a\",\"From\":[{\"JSON\":\"$.a\"}]}]}],"
                               "\"Intake\":[{\"Name\":\"r\",\"Kind\":\"jsonl\",\"Files\":[\"*\"],\"Event\":\"result\",\"Model\":\"m\",\"Map\":{\"study_uid\":\"$.u\"}}]}";
    static const char lines[] = "{\"u\":\"1.2\",\"error\":true,\"a\":0.5}\n{\"u\":\"1.3\",\"error\":false,\"a\":0.5}\n";
    static struct intake_world w;
    w.len = 0;
    CU_ASSERT_EQUAL_FATAL(es_config_parse(&w.config, text, sizeof text - 1, NULL, NULL), ES_OK);
    const struct es_intake_sink sink = world_sink(&w);
    CU_ASSERT_EQUAL(es_intake_bytes(w.config, &w.config->intake[0], "f", lines, sizeof lines - 1, &sink, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(w.got, "1 {\"event\":\"failure\",\"model\":{\"name\":\"m\"},\"reason\":\"failed_when\",\"status\":\"failed\",\"study_uid\":\"1.2\"}\n"
                                  "2 {\"event\":\"result\",\"findings\":[{\"finding\":\"a\",\"score\":0.5}],\"model\":{\"name\":\"m\"},\"study_uid\":\"1.3\"}\n");
    world_close(&w);
}

static void put(const char *folder, const char *name, const char *text)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    for (char *p = path + strlen(folder) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        (void)mkdir(path, 0700);
        *p = '/';
    }
    FILE *out = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    (void)fputs(text, out);
    (void)fclose(out);
}

static void expect_file(const char *rule, const char *folder, const char *name, const char *expected)
{
    static struct intake_world w;
    char path[1024];
    world_open(&w, rule);
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    const struct es_intake_sink sink = world_sink(&w);
    CU_ASSERT_EQUAL(es_intake_fits(w.config, path), ES_INTAKE_READ);
    CU_ASSERT_EQUAL(es_intake_file(w.config, path, &sink, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(w.got, expected);
    if (strcmp(w.got, expected) != 0) printf("    got:\n%s    expected:\n%s", w.got, expected);
    world_close(&w);
}

/* The kernel gives such a read EIO; getline(3) then ends as it does at the end of a file. */
static void a_file_that_cannot_be_read_to_its_end_is_refused(void)
{
    static const char *const rules[] = {
        "{\"Name\":\"l\",\"Kind\":\"jsonl\",\"Files\":[\"*\"],\"Event\":\"result\",\"Model\":\"m\",\"Map\":{\"study_uid\":\"$.u\"}}",
        "{\"Name\":\"j\",\"Kind\":\"json\",\"Files\":[\"*\"],\"Event\":\"result\",\"Model\":\"m\",\"Map\":{\"study_uid\":\"$.u\"}}"};
    const char *folder = es_test_tempdir();
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/broken", folder);
    CU_ASSERT_EQUAL_FATAL(symlink("/proc/self/mem", path), 0);
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) expect_file(rules[i], folder, "broken", "0 refused: could not be read to its end\n");
}

static const char mercure[] = "{\"Name\":\"mercure\",\"Kind\":\"mercure\",\"Files\":[\"result.json\"],\"Model\":\"m\",\"Version\":\"1\"}";

/* Folders as mercure makes them: task.json and tags beside the result or in the module's input folder. */
static void mercure_results_are_read_with_their_task(void)
{
    const char *folder = es_test_tempdir();
    put(folder, "a/result.json", "{\"effusion\":0.4,\"__mercure_notification\":{\"text\":\"KANARIE\"}}");
    put(folder, "a/task.json", "{\"id\":\"x\",\"info\":{\"action\":\"process\",\"uid\":\"1.2.3.4\",\"uid_type\":\"series\",\"mrn\":\"P1\",\"acc\":\"A1\"},\"study\":{}}");
    put(folder, "a/1.2.3.4#1.2.3.4.5.tags", "{\"StudyInstanceUID\":\"1.2.3\",\"PatientSex\":\"F\"}");
    expect_file(mercure, folder, "a/result.json",
                "0 {\"accession\":\"A1\",\"event\":\"result\",\"findings\":[{\"finding\":\"effusion\",\"score\":0.4}],\"model\":{\"name\":\"m\",\"version\":\"1\"},"
                "\"patient_id\":\"P1\",\"series_uid\":\"1.2.3.4\",\"status\":\"ok\",\"study_uid\":\"1.2.3\"}\n");
    put(folder, "b/out/result.json", "{\"exception\":\"ValueError\",\"effusion\":0.4}");
    put(folder, "b/in/task.json", "{\"info\":{\"uid\":\"1.2.9\",\"uid_type\":\"study\",\"mrn\":\"\",\"acc\":\"A2\"},\"study\":{\"study_uid\":\"1.2.9\"}}");
    expect_file(mercure, folder, "b/out/result.json",
                "0 {\"accession\":\"A2\",\"event\":\"failure\",\"model\":{\"name\":\"m\",\"version\":\"1\"},\"reason\":\"ValueError\",\"status\":\"failed\",\"study_uid\":\"1.2.9\"}\n");
    static struct intake_world w;
    world_open(&w, mercure);
    CU_ASSERT_EQUAL(es_intake_fits(w.config, "x/task.json"), ES_INTAKE_BESIDE);
    CU_ASSERT_EQUAL(es_intake_fits(w.config, "x/1#2.tags"), ES_INTAKE_BESIDE);
    CU_ASSERT_EQUAL(es_intake_fits(w.config, "x/other.json"), ES_INTAKE_NO_RULE);
    world_close(&w);
}

/* MONAI Deploy's storage: PAYLOAD/dcm/STUDY/SERIES/INSTANCE.dcm.json, PAYLOAD/workflows/INSTANCE/EXECUTION/metadata.json. */
static void monai_results_are_read_with_their_input(void)
{
    static const char rule[] = "{\"Name\":\"monai\",\"Kind\":\"monai\",\"Files\":[\"workflows/*/*/metadata.json\"],\"Model\":\"m\"}";
    const char *folder = es_test_tempdir();
    static const char input[] = "{\"0020000D\":{\"vr\":\"UI\",\"Value\":[\"1.2.7\"]},\"00080050\":{\"vr\":\"SH\",\"Value\":[\"A7\"]},"
                                "\"00100020\":{\"vr\":\"LO\",\"Value\":[\"P7\"]},\"00100021\":{\"vr\":\"LO\"}}";
    put(folder, "p1/dcm/1.2.7/1.2.7.1/1.2.7.1.1.dcm.json", input);
    put(folder, "p1/workflows/w/e/metadata.json", "{\"effusion\":\"0.9\"}");
    put(folder, "p1/workflows/w/f/metadata.json", "{\"exception\":\"RuntimeError: no GPU\",\"exception_message\":\"KANARIE\"}");
    expect_file(rule, folder, "p1/workflows/w/e/metadata.json",
                "0 {\"accession\":\"A7\",\"event\":\"result\",\"findings\":[{\"finding\":\"effusion\",\"score\":0.9}],\"model\":{\"name\":\"m\"},\"patient_id\":\"P7\","
                "\"status\":\"ok\",\"study_uid\":\"1.2.7\"}\n");
    expect_file(rule, folder, "p1/workflows/w/f/metadata.json",
                "0 {\"accession\":\"A7\",\"event\":\"failure\",\"model\":{\"name\":\"m\"},\"patient_id\":\"P7\",\"reason\":\"exception\",\"status\":\"failed\",\"study_uid\":\"1.2.7\"}\n");
    expect_file("{\"Name\":\"monai\",\"Kind\":\"monai\",\"Files\":[\"metadata.json\"],\"Model\":\"m\",\"Map\":{\"study_uid\":{\"File\":\"/workflows/([a-z]+)/\",\"Prefix\":\"1.9.\"},"
                "\"accession\":{\"Constant\":\"A\"},\"patient_id\":{\"Constant\":\"P\"}}}",
                folder, "p1/workflows/w/e/metadata.json",
                "0 {\"accession\":\"A\",\"event\":\"result\",\"findings\":[{\"finding\":\"effusion\",\"score\":0.9}],\"model\":{\"name\":\"m\"},\"patient_id\":\"P\","
                "\"status\":\"ok\",\"study_uid\":\"1.9.w\"}\n");
}

/* A worklist item (PS3.3 C.30, PS3.18 F.2) that was cancelled. */
static void a_cancelled_procedure_step_is_a_failure(void)
{
    static const char rule[] =
        "{\"Name\":\"ups\",\"Kind\":\"json\",\"Files\":[\"*.json\"],\"Event\":\"result\",\"Model\":\"m\",\"Map\":{"
        "\"study_uid\":\"$[\\\"00404021\\\"].Value[0][\\\"0020000D\\\"].Value[0]\","
        "\"status\":{\"Path\":\"$[\\\"00741000\\\"].Value[0]\",\"Values\":{\"CANCELED\":\"failed\",\"COMPLETED\":null,\"SCHEDULED\":null,\"IN PROGRESS\":null}},"
        "\"reason\":{\"Path\":\"$[\\\"00741002\\\"].Value[0][\\\"0074100E\\\"].Value[0][\\\"00080100\\\"].Value[0]\",\"Otherwise\":\"cancelled\"}}}";
    world_expect(rule,
                 "{\"00741000\":{\"vr\":\"CS\",\"Value\":[\"CANCELED\"]},\"00404021\":{\"vr\":\"SQ\",\"Value\":[{\"0020000D\":{\"vr\":\"UI\",\"Value\":[\"1.2.3\"]}}]},"
                 "\"00741002\":{\"vr\":\"SQ\",\"Value\":[{\"0074100E\":{\"vr\":\"SQ\",\"Value\":[{\"00080100\":{\"vr\":\"SH\",\"Value\":[\"110501\"]}}]}}]}}",
                 "0 {\"event\":\"failure\",\"model\":{\"name\":\"m\"},\"reason\":\"110501\",\"status\":\"failed\",\"study_uid\":\"1.2.3\"}\n");
    world_expect(rule, "{\"00741000\":{\"vr\":\"CS\",\"Value\":[\"IN PROGRESS\"]}}", "0 silent\n");
    world_expect(rule, "\xef\xbb\xbf{\"00741000\":{}}", "0 silent\n");
    world_expect(rule, "nothing", "0 refused: line 1, column 1: found what is no JSON\n");
}

static void lesions_are_passed_on_as_they_stand(void)
{
    world_expect("{\"Name\":\"det\",\"Kind\":\"json\",\"Files\":[\"*\"],\"Event\":\"reference\",\"Source\":\"panel\",\"Map\":{\"study_uid\":\"$.u\","
                 "\"findings\":[{\"finding\":{\"Constant\":\"effusion\"},\"lesions\":\"$.boxes\"}]}}",
                 "{\"u\":\"1.2\",\"boxes\":[]}",
                 "0 {\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"lesions\":[]}],\"source\":\"panel\",\"study_uid\":\"1.2\"}\n");
}

/* A plain text: its name says whose it is. */
static void a_report_as_a_file_of_its_own_is_read(void)
{
    static const char rule[] = "{\"Name\":\"txt\",\"Kind\":\"text\",\"Files\":[\"*.txt\"],\"Event\":\"reference\",\"Source\":\"report\","
                               "\"Map\":{\"accession\":{\"File\":\"([A-Z0-9]+)[.]txt$\"}},\"Findings\":[{\"Finding\":\"effusion\",\"Positive\":[\"effusion\"]}]}";
    world_expect_bytes(rule, "reports/A17.txt", "Left effusion.\n", 15,
                       "0 {\"accession\":\"A17\",\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":1}],\"source\":\"report\"}\n");
    world_expect_bytes(rule, "reports/A17.txt", "Normal.\n", 8, "0 silent\n");
    world_expect_bytes(rule, "reports/A17.txt", "caf\xe9\n", 5, "0 refused: found bytes that are no text of the character set UTF-8\n");
}

static const struct es_test tests[] = {
    {"records_of_a_document_are_read_one_by_one", records_of_a_document_are_read_one_by_one},
    {"the_models_rules_apply_to_its_json", the_models_rules_apply_to_its_json},
    {"an_identifier_is_an_exact_number_or_refused", an_identifier_is_an_exact_number_or_refused},
    {"lines_that_are_too_long_are_passed_over", lines_that_are_too_long_are_passed_over},
    {"several_values_are_combined", several_values_are_combined},
    {"failed_when_of_the_model_makes_a_failure", failed_when_of_the_model_makes_a_failure},
    {"a_file_that_cannot_be_read_to_its_end_is_refused", a_file_that_cannot_be_read_to_its_end_is_refused},
    {"mercure_results_are_read_with_their_task", mercure_results_are_read_with_their_task},
    {"monai_results_are_read_with_their_input", monai_results_are_read_with_their_input},
    {"a_cancelled_procedure_step_is_a_failure", a_cancelled_procedure_step_is_a_failure},
    {"lesions_are_passed_on_as_they_stand", lesions_are_passed_on_as_they_stand},
    {"a_report_as_a_file_of_its_own_is_read", a_report_as_a_file_of_its_own_is_read},
    {NULL, NULL},
};

int main(int argc, char **argv) { return es_test_main("intake_json", tests, argc, argv); }
