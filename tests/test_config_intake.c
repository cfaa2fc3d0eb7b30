/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/config/config.h"
#include "plugin/intake/intake.h"
#include "testlib.h"

#define MODEL "\"Models\":[{\"Name\":\"m\",\"Findings\":[{\"Name\":\"f\"}]}]"
#define RULE(more) "{" MODEL ",\"Intake\":[{\"Name\":\"r\",\"Files\":[\"*\"]," more "}]}"
#define MAP(more) RULE("\"Kind\":\"csv\",\"Event\":\"result\",\"Map\":{" more "}")
#define SOURCE(more) MAP("\"study_uid\":{" more "}")
#define FINDING(more) RULE("\"Kind\":\"fhir\",\"Findings\":[{" more "}]")

static const struct {
    const char *text, *message;
} faults[] = {
    /* rules */
    {"{" MODEL ",\"Intake\":{}}", "Intake: found object, expected a list"},
    {"{" MODEL ",\"Intake\":[3]}", "Intake[0]: found number 3, expected an object"},
    {RULE("\"Kind\":\"xml\""), "Intake[0].Kind: found string \"xml\", expected one of \"csv\", \"json\", \"jsonl\", \"hl7\", \"fhir\", \"mercure\", \"monai\", \"text\", \"png\""},
    {"{" MODEL ",\"Intake\":[{\"Kind\":\"csv\"}]}", "Intake[0].Name: found nothing, expected this key"},
    {"{" MODEL ",\"Intake\":[{\"Name\":\"r\",\"Kind\":\"fhir\"}]}", "Intake[0].Files: found nothing, expected this key"},
    {"{" MODEL ",\"Intake\":[{\"Name\":\"r\",\"Kind\":\"fhir\",\"Files\":[\"\"]}]}", "Intake[0].Files[0]: found string \"\", expected a pattern of file names, such as \"*.csv\""},
    {"{" MODEL ",\"Intake\":[{\"Name\":\"r\",\"Kind\":\"fhir\",\"Files\":[\"*\"]},{\"Name\":\"r\",\"Kind\":\"fhir\",\"Files\":[\"*\"]}]}",
     "Intake[1]: found a second rule named \"r\", expected names that differ"},
    {RULE("\"Kind\":\"csv\""), "Intake[0].Event: found nothing, expected this key"},
    {RULE("\"Kind\":\"csv\",\"Event\":\"plan\""),
     "Intake[0].Event: found string \"plan\", expected one of \"exam\", \"result\", \"reference\", \"alias\", \"patient_alias\", \"demographics\", \"retract\""},
    {RULE("\"Kind\":\"csv\",\"Event\":\"exam\""), "Intake[0].Map: found nothing, expected this key"},
    {RULE("\"Kind\":\"fhir\",\"Delimiter\":\";\""), "Intake[0].Delimiter: no key of Kind \"fhir\""},
    {RULE("\"Kind\":\"csv\",\"Event\":\"exam\",\"Each\":\"$\",\"Map\":{}"), "Intake[0].Each: no key of Kind \"csv\""},
    {RULE("\"Kind\":\"csv\",\"Event\":\"exam\",\"Delimiter\":\"::\""), "Intake[0].Delimiter: found string \"::\", expected one of \",\", \";\", \"|\", \"tab\""},
    {RULE("\"Kind\":\"csv\",\"Event\":\"exam\",\"Charset\":\"KLINGON\""), "Intake[0].Charset: found \"KLINGON\", which is no character set here, expected one that iconv -l lists"},
    {RULE("\"Kind\":\"csv\",\"Event\":\"exam\",\"Decimal\":\";\""), "Intake[0].Decimal: found string \";\", expected one of \".\", \",\""},
    {RULE("\"Kind\":\"fhir\",\"Model\":\"x\""), "Intake[0].Model: found \"x\", expected the name of a model"},
    {RULE("\"Kind\":\"fhir\",\"Source\":\"a b\""), "Intake[0].Source: found \"a b\", expected at most 32 of A-Z a-z 0-9 _ . + -"},
    {RULE("\"Kind\":\"json\",\"Event\":\"exam\",\"Each\":\"cases\",\"Map\":{}"), "Intake[0].Each: at character 1: found \"c\", expected \"$\" (the document) or \"@\" (the record)"},
    {RULE("\"Kind\":\"json\",\"Event\":\"exam\",\"Where\":\"$.a\",\"Map\":{}"), "Intake[0].Where: found no \"Is\", expected the list of texts that let a record in"},
    {RULE("\"Kind\":\"fhir\",\"Mapp\":{}"), "Intake[0].Mapp: unknown key, did you mean Map?"},
    {RULE("\"Kind\":\"csv\",\"Event\":\"exam\",\"Columns\":[]"), "Intake[0].Columns: found a list of 0, expected at least 1"},
    /* map */
    {RULE("\"Kind\":\"csv\",\"Event\":\"exam\",\"Map\":3"), "Intake[0].Map: found number 3, expected an object"},
    {MAP("\"study\":\"a\""), "Intake[0].Map.study: unknown key of result events, did you mean study_uid?"},
    {MAP("\"valid_from\":\"a\""), "Intake[0].Map.valid_from: unknown key of result events"},
    {MAP("\"unit\":\"a\""), "Intake[0].Map.unit: found string \"a\", expected an object"},
    {MAP("\"unit\":{\"side\":\"a\"}"), "Intake[0].Map.unit.side: unknown key of result events, did you mean id?"},
    {MAP("\"findings\":[{\"score\":\"a\"}]"), "Intake[0].Map.findings[0]: found no \"finding\", expected its name, such as {\"Constant\": \"effusion\"}"},
    {MAP("\"findings\":[{\"finding\":\"a\",\"label\":\"b\"}]"), "Intake[0].Map.findings[0].label: unknown key of result events"},
    {MAP("\"study_uid\":3"), "Intake[0].Map.study_uid: found number 3, expected a column, path or field, or an object with one of them"},
    {MAP("\"study_uid\":[]"), "Intake[0].Map.study_uid: found a list of 0, expected at least 1"},
    {MAP("\"study_uid\":\"\""), "Intake[0].Map.study_uid: found string \"\", expected the name of a column"},
    {SOURCE(""), "Intake[0].Map.study_uid: found 0 of Column, Path, Field, File and Constant, expected one"},
    {SOURCE("\"Column\":\"a\",\"Constant\":1"), "Intake[0].Map.study_uid: found 2 of Column, Path, Field, File and Constant, expected one"},
    {SOURCE("\"Path\":\"$.a\""), "Intake[0].Map.study_uid.Path: no key of a rule of Kind \"csv\""},
    {SOURCE("\"Field\":\"PID-3\""), "Intake[0].Map.study_uid.Field: no key of a rule of Kind \"csv\""},
    {SOURCE("\"Constant\":[]"), "Intake[0].Map.study_uid.Constant: found list, expected a text, a number, true or false"},
    {SOURCE("\"Column\":\"a\",\"Values\":{}"), "Intake[0].Map.study_uid.Values: found object, expected an object such as {\"Yes\": 1, \"No\": 0}"},
    {SOURCE("\"Column\":\"a\",\"Values\":{\"x\":[]}"), "Intake[0].Map.study_uid.Values.x: found list, expected a text, a number, true, false, or null for \"nothing was said\""},
    {SOURCE("\"Column\":\"a\",\"Date\":\"DD.MM\""),
     "Intake[0].Map.study_uid.Date: found string \"DD.MM\", expected a form such as \"DD.MM.YYYY\" or \"YYYY-MM-DD hh:mm:ss\" with YYYY, MM and DD once each"},
    {SOURCE("\"Column\":\"a\",\"Zone\":\"CET\""), "Intake[0].Map.study_uid.Zone: found string \"CET\", expected \"Z\" or an offset such as \"+01:00\""},
    {SOURCE("\"Column\":\"a\",\"Pattern\":\"(\""), "Intake[0].Map.study_uid.Pattern: found a pattern that is none: missing closing parenthesis at character 2"},
    {SOURCE("\"File\":\"a\",\"Pattern\":\"b\""), "Intake[0].Map.study_uid: found File and Pattern, expected one of them"},
    {SOURCE("\"Column\":\"a\",\"Scale\":0"), "Intake[0].Map.study_uid.Scale: found number 0, expected a number in 1e-09..1000000000"},
    {SOURCE("\"Column\":\"a\",\"Digits\":0"), "Intake[0].Map.study_uid.Digits: found number 0, expected a whole number in 1..32"},
    {SOURCE("\"Column\":\"a\",\"Is\":[\"x\"]"), "Intake[0].Map.study_uid.Is: found it here, expected it in Where only"},
    {SOURCE("\"Column\":\"a\",\"Sufix\":\"x\""), "Intake[0].Map.study_uid.Sufix: unknown key, did you mean Suffix?"},
    {RULE("\"Kind\":\"hl7\",\"Event\":\"result\",\"Map\":{\"accession\":\"PID3\"}"),
     "Intake[0].Map.accession: found string \"PID3\", expected a field such as \"PID-3.1\" or \"OBR-18\", or a path such as \"@.accession\""},
    {RULE("\"Kind\":\"text\",\"Event\":\"reference\",\"Map\":{\"accession\":\"a\"}"),
     "Intake[0].Map.accession: found string \"a\", expected {\"File\": \"pattern with a group\"} or {\"Constant\": ...}"},
    {RULE("\"Kind\":\"json\",\"Event\":\"result\",\"Map\":{\"accession\":\"$..a\"}"),
     "Intake[0].Map.accession: at character 3: found \".\", expected a name of letters, digits and _ (others stand as [\"name\"])"},
    /* findings and language */
    {FINDING("\"Finding\":\"g\",\"Codes\":[\"1,A\"]"), "Intake[0].Findings[0].Finding: found \"g\", expected the name of a finding of a model"},
    {FINDING("\"Finding\":\"f\""), "Intake[0].Findings[0]: found neither Codes nor Positive, expected one of them or both"},
    {FINDING("\"Finding\":\"f\",\"Codes\":[\",A\"]"), "Intake[0].Findings[0].Codes[0]: found string \",A\", expected a code as \"VALUE,SCHEME\", such as \"60046008,SCT\""},
    {FINDING("\"Finding\":\"f\",\"Codes\":[\"\"]"), "Intake[0].Findings[0].Codes[0]: found string \"\", expected a code or a text"},
    {FINDING("\"Finding\":\"f\",\"Positive\":[\"(\"]"), "Intake[0].Findings[0]: found a pattern that is none: positive[0]: missing closing parenthesis at character 2"},
    {FINDING("\"Finding\":\"f\",\"Positive\":[3]"), "Intake[0].Findings[0].Positive[0]: found number 3, expected a pattern"},
    {FINDING("\"Finding\":\"f\",\"Codes\":[\"a\"],\"Combine\":\"x\""),
     "Intake[0].Findings[0].Combine: found string \"x\", expected one of \"one\", \"highest\""},
    {FINDING("\"Finding\":\"f\",\"Codes\":[\"a\"],\"As\":\"x\""),
     "Intake[0].Findings[0].As: found string \"x\", expected one of \"task\", \"score\", \"value\", \"label\", \"decision\""},
    {FINDING("\"Finding\":\"f\",\"Codes\":[\"a\"]},{\"Finding\":\"f\",\"Codes\":[\"b\"]"), "Intake[0].Findings[1]: found \"f\" twice, expected each finding once"},
    {RULE("\"Kind\":\"fhir\",\"Language\":{\"Befor\":[]}"),
     "Intake[0].Language.Befor: unknown key, expected one of Before, After, DoubtBefore, DoubtAfter, Pseudo, Ends, Skip"},
    {RULE("\"Kind\":\"fhir\",\"Language\":{\"Before\":[\"[\"]}"), "Intake[0].Language: found a pattern that is none: before[0]: missing terminating ] for character class at character 2"},
    {RULE("\"Kind\":\"fhir\",\"Language\":3"), "Intake[0].Language: found number 3, expected an object of lists of patterns"},
};

static void every_fault_has_its_message(void)
{
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct es_config *config = NULL;
        struct es_error err = {0};
        CU_ASSERT_EQUAL(es_config_parse(&config, faults[i].text, strlen(faults[i].text), NULL, &err), ES_E_CONFIG);
        char expected[ES_ERROR_TEXT];
        (void)snprintf(expected, sizeof expected, "%s", faults[i].message); /* texts are cut at their room */
        CU_ASSERT_STRING_EQUAL(err.text, expected);
        if (strcmp(err.text, expected) != 0) printf("    %s\n      got: %s\n", faults[i].text, err.text);
        es_config_free(config);
    }
}

static const char good[] =
    "{" MODEL ",\"Intake\":[{\"Name\":\"a\",\"Kind\":\"csv\",\"Files\":[\"a*.csv\",\"out/b.csv\"],\"Event\":\"reference\",\"Source\":\"s\",\"Delimiter\":\"tab\","
    "\"Map\":{\"study_uid\":\"u\",\"findings\":[{\"finding\":{\"Constant\":\"f\"},\"label\":{\"Column\":\"l\",\"Values\":{\"Y\":1,\"N\":0}}}]}},"
    "{\"Name\":\"b\",\"Kind\":\"fhir\",\"Files\":[\"*.json\"],\"Findings\":[{\"Finding\":\"f\",\"Codes\":[\"1,SCT\"],\"Positive\":[\"x\"]}],\"Language\":{\"Ends\":[]}}]}";

static void rules_are_part_of_the_stored_configuration_but_for_their_files(void)
{
    struct es_config *config = NULL, *again = NULL;
    CU_ASSERT_EQUAL_FATAL(es_config_parse(&config, good, sizeof good - 1, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(config->n_intake, 2);
    CU_ASSERT_PTR_NOT_NULL(strstr(config->document, "\"Intake\":[{\"Delimiter\":\"tab\",\"Event\":\"reference\",\"Kind\":\"csv\",\"Map\":{"));
    CU_ASSERT_PTR_NULL(strstr(config->document, "a*.csv"));
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_config_from_documents(&again, config->document, config->plan_document, &err), ES_OK);
    CU_ASSERT_STRING_EQUAL(again->document, config->document);
    CU_ASSERT_EQUAL(again->intake[0].delimiter, '\t');
    CU_ASSERT_EQUAL(again->intake[0].n_files, 0);
    es_config_free(again);
    es_config_free(config);
}

static void files_find_their_rules(void)
{
    static const struct {
        const char *path;
        enum es_intake_fit fit;
    } cases[] = {{"a1.csv", ES_INTAKE_READ},   {"x/y/a.csv", ES_INTAKE_READ}, {"b.csv", ES_INTAKE_NO_RULE}, {"x/out/b.csv", ES_INTAKE_READ},
                 {"out/b.csv", ES_INTAKE_READ}, {"out/x/b.csv", ES_INTAKE_NO_RULE}, {"q.json", ES_INTAKE_READ}, {"task.jsonx", ES_INTAKE_NO_RULE}};
    struct es_config *config = NULL;
    char list[200];
    CU_ASSERT_EQUAL_FATAL(es_config_parse(&config, good, sizeof good - 1, NULL, NULL), ES_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_EQUAL(es_intake_fits(config, cases[i].path), cases[i].fit);
        if (es_intake_fits(config, cases[i].path) != cases[i].fit) printf("    %s\n", cases[i].path);
    }
    es_intake_list(config, list, sizeof list);
    CU_ASSERT_STRING_EQUAL(list, "a (csv: a*.csv out/b.csv), b (fhir: *.json)");
    es_intake_list(config, list, 20);
    CU_ASSERT_EQUAL(strlen(list), 19);
    es_config_free(config);
}

static const struct es_test tests[] = {
    {"every_fault_has_its_message", every_fault_has_its_message},
    {"rules_are_part_of_the_stored_configuration_but_for_their_files", rules_are_part_of_the_stored_configuration_but_for_their_files},
    {"files_find_their_rules", files_find_their_rules},
    {NULL, NULL},
};

int main(int argc, char **argv) { return es_test_main("config_intake", tests, argc, argv); }
