/* SPDX-License-Identifier: Apache-2.0 */
#include "intake_world.h"

static const char scores[] =
    "{\"Name\":\"scores\",\"Kind\":\"csv\",\"Files\":[\"*.csv\"],\"Event\":\"result\",\"Model\":\"m\",\"Version\":\"2\",\"Blank\":[\"NA\"],"
    "\"Map\":{\"accession\":\"acc\",\"produced\":{\"Column\":\"when\",\"Date\":\"DD.MM.YYYY hh:mm\",\"Zone\":\"+01:00\"},"
    "\"unit\":{\"type\":{\"Column\":\"side\",\"Present\":\"side\"},\"id\":{\"Column\":\"side\",\"Values\":{\"left\":\"L\",\"right\":\"R\"}}},"
    "\"findings\":[{\"finding\":{\"Constant\":\"effusion\"},\"score\":{\"Column\":\"eff %\",\"Scale\":0.01}},"
    "{\"finding\":{\"Constant\":\"pneumothorax\"},\"decision\":{\"Column\":\"ptx\",\"Values\":{\"yes\":true,\"no\":false,\"?\":null}}}]}}";

static void several_columns_are_several_findings(void)
{
    world_expect(scores,
                 "acc,when,side,eff %,ptx\n"
                 "A1,01.03.2026 10:02,left,83,yes\n"
                 "A2,02.03.2026 11:00,,NA,no\n"
                 "A3,03.03.2026 12:00,right,,?\n"
                 "A4,04.03.2026 12:00,right,7,\n",
                 "2 {\"accession\":\"A1\",\"event\":\"result\",\"findings\":[{\"decision\":true,\"finding\":\"pneumothorax\"},"
                 "{\"finding\":\"effusion\",\"score\":0.83}],\"model\":{\"name\":\"m\",\"version\":\"2\"},\"produced\":\"2026-03-01T10:02:00+01:00\","
                 "\"unit\":{\"id\":\"L\",\"type\":\"side\"}}\n"
                 "3 {\"accession\":\"A2\",\"event\":\"result\",\"findings\":[{\"decision\":false,\"finding\":\"pneumothorax\"}],"
                 "\"model\":{\"name\":\"m\",\"version\":\"2\"},\"produced\":\"2026-03-02T11:00:00+01:00\"}\n"
                 "4 silent\n"
                 "5 {\"accession\":\"A4\",\"event\":\"result\",\"findings\":[{\"finding\":\"effusion\",\"score\":0.07}],"
                 "\"model\":{\"name\":\"m\",\"version\":\"2\"},\"produced\":\"2026-03-04T12:00:00+01:00\",\"unit\":{\"id\":\"R\",\"type\":\"side\"}}\n");
}

static const char people[] =
    "{\"Name\":\"people\",\"Kind\":\"csv\",\"Files\":[\"p.csv\"],\"Event\":\"demographics\",\"Source\":\"linkage\",\"Delimiter\":\";\","
    "\"Charset\":\"WINDOWS-1252\",\"Decimal\":\",\",\"Map\":{\"patient_id\":\"Nummer\",\"valid_from\":{\"Constant\":\"20250101\"},"
    "\"attributes\":{\"imd_decile\":\"Dezil\",\"name\":\"Stra\\u00dfe\"}}}";

/* RFC 4180 quotes, a line feed inside them, CRLF, an empty line, a mark of UTF-8, letters of another set. */
static void what_spreadsheets_write_is_read(void)
{
    static const char bytes[] = "\xef\xbb\xbf\"Nummer\" ; Dezil;Stra\xdf" "e\r\n"
                                "P1;\"3\";\"a \"\"b\"\"; c\"\r\n"
                                "\r\n"
                                "P2;;\"two\r\nlines\"\r\n"
                                "P3;5;M\xfcller";
    world_expect_bytes(people, "p.csv", bytes, sizeof bytes - 1,
                       "2 {\"attributes\":{\"imd_decile\":\"3\",\"name\":\"a \\\"b\\\"; c\"},\"event\":\"demographics\",\"patient_id\":\"P1\",\"source\":\"linkage\",\"valid_from\":\"20250101\"}\n"
                       "4 {\"attributes\":{\"imd_decile\":\"\",\"name\":\"two\\u000d\\u000alines\"},\"event\":\"demographics\",\"patient_id\":\"P2\",\"source\":\"linkage\",\"valid_from\":\"20250101\"}\n"
                       "4 not of the schema: attributes.name: found a control character\n"
                       "6 {\"attributes\":{\"imd_decile\":\"5\",\"name\":\"M\303\274ller\"},\"event\":\"demographics\",\"patient_id\":\"P3\",\"source\":\"linkage\",\"valid_from\":\"20250101\"}\n");
}

/* A zero byte ends a text of C: what stands behind it would be lost in silence. */
static void a_zero_byte_in_a_cell_is_refused(void)
{
    static const char bytes[] = "acc,when,side,eff %,ptx\nA1,01.03.2026 10:02,left,83,yes\nA2,01.03.2026 10:02,left,8\0" "3,yes\nA3,01.03.2026 10:02,left,83,yes\n";
    static struct intake_world w;
    struct es_error err = {0};
    world_open(&w, scores);
    const struct es_intake_sink sink = world_sink(&w);
    CU_ASSERT_EQUAL(es_intake_bytes(w.config, &w.config->intake[0], "f.csv", bytes, sizeof bytes - 1, &sink, &err), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(w.got, "2 {\"accession\":\"A1\""));
    CU_ASSERT_PTR_NOT_NULL(strstr(w.got, "3 refused: found a zero byte in a cell, expected text\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(w.got, "4 {\"accession\":\"A3\""));
    world_close(&w);
}

static void a_file_without_a_header_has_its_columns_named(void)
{
    world_expect("{\"Name\":\"uids\",\"Kind\":\"csv\",\"Files\":[\"*\"],\"Event\":\"alias\",\"Delimiter\":\"tab\",\"Columns\":[\"old\",\"new\"],"
                 "\"Map\":{\"study_uid\":\"new\",\"same_as\":\"old\"}}",
                 "1.2.3\t1.2.4\n1.2.5\t1.2.6\n",
                 "1 {\"event\":\"alias\",\"same_as\":\"1.2.3\",\"study_uid\":\"1.2.4\"}\n"
                 "2 {\"event\":\"alias\",\"same_as\":\"1.2.5\",\"study_uid\":\"1.2.6\"}\n");
}

static const char outcome[] =
    "{\"Name\":\"ris\",\"Kind\":\"csv\",\"Files\":[\"*\"],\"Event\":\"reference\",\"Source\":\"ris\",\"Where\":{\"Column\":\"kind\",\"Is\":[\"label\"]},"
    "\"Map\":{\"study_uid\":\"uid\",\"status\":{\"Column\":\"st\",\"Values\":{\"P\":\"preliminary\",\"F\":\"final\"},\"Otherwise\":\"final\"},"
    "\"labeller\":[\"who\",{\"Constant\":\"team\"}],\"reader_saw_ai\":{\"Column\":\"saw\",\"Values\":{\"1\":\"yes\",\"0\":\"no\"},\"Otherwise\":\"unknown\"},"
    "\"findings\":[{\"finding\":{\"Constant\":\"effusion\"},\"label\":\"eff\"},{\"finding\":{\"Constant\":\"density\"},\"category\":\"birads\"}]}}";

static void references_are_mapped_and_chosen(void)
{
    world_expect(outcome,
                 "kind,uid,st,who,saw,eff,birads\n"
                 "label,1.2.3,P,Dr A,1,1,C\n"
                 "note,1.2.3,P,Dr A,1,1,\n"
                 "label,1.2.4,,,9,0,\n",
                 "2 {\"event\":\"reference\",\"findings\":[{\"category\":\"C\",\"finding\":\"density\"},{\"finding\":\"effusion\",\"label\":1}],\"labeller\":\"Dr A\","
                 "\"reader_saw_ai\":\"yes\",\"source\":\"ris\",\"status\":\"preliminary\",\"study_uid\":\"1.2.3\"}\n"
                 "4 {\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":0}],\"labeller\":\"team\",\"reader_saw_ai\":\"unknown\","
                 "\"source\":\"ris\",\"status\":\"final\",\"study_uid\":\"1.2.4\"}\n");
}

/* A status that is not ok makes a failure; one that says nothing makes nothing. */
static void failures_come_by_their_status(void)
{
    world_expect("{\"Name\":\"jobs\",\"Kind\":\"csv\",\"Files\":[\"*\"],\"Event\":\"result\",\"Model\":\"m\",\"Map\":{\"study_uid\":\"uid\","
                 "\"status\":{\"Column\":\"state\",\"Values\":{\"done\":\"ok\",\"error\":\"failed\",\"slow\":\"timeout\",\"no\":\"rejected\",\"running\":null}},"
                 "\"reason\":{\"Column\":\"why\",\"Pattern\":\"^([A-Za-z]{1,32})$\",\"Otherwise\":\"other\"},"
                 "\"findings\":[{\"finding\":{\"Constant\":\"effusion\"},\"score\":\"s\"}]}}",
                 "uid,state,why,s\n1.2,done,,0.5\n1.3,error,ValueError,\n1.4,slow,after 60 s,\n1.5,running,,\n1.6,no,,0.1\n1.7,lost,,\n",
                 "2 {\"event\":\"result\",\"findings\":[{\"finding\":\"effusion\",\"score\":0.5}],\"model\":{\"name\":\"m\"},\"status\":\"ok\",\"study_uid\":\"1.2\"}\n"
                 "3 {\"event\":\"failure\",\"model\":{\"name\":\"m\"},\"reason\":\"ValueError\",\"status\":\"failed\",\"study_uid\":\"1.3\"}\n"
                 "4 {\"event\":\"failure\",\"model\":{\"name\":\"m\"},\"reason\":\"other\",\"status\":\"timeout\",\"study_uid\":\"1.4\"}\n"
                 "5 silent\n"
                 "6 {\"event\":\"failure\",\"model\":{\"name\":\"m\"},\"reason\":\"other\",\"status\":\"rejected\",\"study_uid\":\"1.6\"}\n"
                 "7 refused: status: found a value that Values does not list\n");
}

static void report_texts_in_a_column_are_read_and_not_kept(void)
{
    world_expect("{\"Name\":\"reports\",\"Kind\":\"csv\",\"Files\":[\"*\"],\"Event\":\"reference\",\"Source\":\"report\",\"Text\":\"text\","
                 "\"Map\":{\"accession\":\"acc\",\"labeller_version\":{\"Constant\":\"words-1\"}},"
                 "\"Findings\":[{\"Finding\":\"effusion\",\"Positive\":[\"effusion\"]},{\"Finding\":\"pneumothorax\",\"Positive\":[\"pneumothora(x|ces)\"]}]}",
                 "acc,text\nA1,\"No pneumothorax.\nSmall effusion.\"\nA2,Possible effusion.\nA3,Normal heart.\n",
                 "2 {\"accession\":\"A1\",\"event\":\"reference\",\"findings\":[{\"finding\":\"pneumothorax\",\"label\":0},{\"finding\":\"effusion\",\"label\":1}],"
                 "\"labeller_version\":\"words-1\",\"source\":\"report\"}\n"
                 "4 {\"accession\":\"A2\",\"event\":\"reference\",\"findings\":[{\"evaluable\":false,\"finding\":\"effusion\"}],\"labeller_version\":\"words-1\",\"source\":\"report\"}\n"
                 "5 silent\n");
}

static void what_is_wrong_is_named_by_line_without_its_value(void)
{
    world_expect(scores,
                 "acc,when,side,eff %,ptx\n"
                 "A1,2026-03-01,left,83,yes\n"
                 "A2,02.03.2026 11:00,upper,1,no\n"
                 "A3,02.03.2026 11:00,left,many,no\n"
                 "A4,02.03.2026 11:00\n"
                 "A5,02.03.2026 11:00,left,1,perhaps\n",
                 "2 refused: produced: found a text that does not follow Date\n"
                 "3 refused: unit.id: found a value that Values does not list\n"
                 "4 refused: findings[0].score: found a text, expected a number\n"
                 "5 refused: found 2 columns, expected 5\n"
                 "6 refused: findings[1].decision: found a value that Values does not list\n");
    world_expect(scores, "acc,when,eff %,eff %,ptx\n",
                 "1 refused: header: found no column \"side\", which the rule scores names\n"
                 "1 refused: header: found no column \"side\", which the rule scores names\n"
                 "1 refused: header: found column \"eff %\" twice, expected once\n");
    world_expect(scores, "\n\n", "0 refused: found no header, expected a row of column names\n");
    world_expect(scores, "acc,when,side,eff %,ptx\nA1,\"x\"y,,,\n", "2 refused: found a quote in the wrong place, or one that is never closed, expected well-formed CSV\n");
    world_expect(scores, "acc,when,side,eff %,ptx\nA1,\"01.03.2026 10:00,left,1,yes\n",
                 "2 refused: found a quote in the wrong place, or one that is never closed, expected well-formed CSV\n");
    world_expect_bytes(scores, "f", "\xff\xfe" "a\0", 4, "0 refused: found UTF-16, expected UTF-8 or a set of single bytes; save it as \"CSV UTF-8\"\n");
    world_expect_bytes(scores, "f", "acc,when,side,eff %,ptx\nA\xe9,,,,\n", 31,
                       "2 refused: found bytes that are no text of the character set UTF-8; Charset says which they are\n");
    world_expect_bytes(scores, "f", "", 0, "");
}

static void a_comma_may_be_the_decimal_sign(void)
{
    static const char rule[] = "{\"Name\":\"v\",\"Kind\":\"csv\",\"Files\":[\"*\"],\"Event\":\"result\",\"Model\":\"m\",\"Delimiter\":\";\",\"Decimal\":\",\","
                               "\"Map\":{\"study_uid\":\"u\",\"findings\":[{\"finding\":{\"Constant\":\"lvef\"},\"value\":\"v\",\"units\":{\"Constant\":\"%\"}}]}}";
    world_expect(rule, "u;v\n1.2;54,5\n1.3;54.5\n1.4;\n",
                 "2 {\"event\":\"result\",\"findings\":[{\"finding\":\"lvef\",\"units\":\"%\",\"value\":54.5}],\"model\":{\"name\":\"m\"},\"study_uid\":\"1.2\"}\n"
                 "3 refused: findings[0].value: found a text, expected a number with a comma\n"
                 "4 silent\n");
}

/* One row an exam: its lesions as JSON in a cell; an empty list says that none is there, an empty cell nothing. */
static void lesions_stand_in_a_cell_as_json(void)
{
    static const char rule[] = "{\"Name\":\"v\",\"Kind\":\"csv\",\"Files\":[\"*\"],\"Event\":\"reference\",\"Source\":\"panel\",\"Delimiter\":\";\","
                               "\"Map\":{\"study_uid\":\"u\",\"findings\":[{\"finding\":{\"Constant\":\"effusion\"},\"lesions\":\"l\"}]}}";
    world_expect(rule, "u;l\n1.2;\"[{\"\"place\"\":[10,20.5],\"\"radius\"\":4},{\"\"box\"\":[1,2,3,4]}]\"\n1.3;[]\n1.4;\n1.5;none\n1.6;7\n",
                 "2 {\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"lesions\":[{\"place\":[10,20.5],\"radius\":4},{\"box\":[1,2,3,4]}]}],\"source\":\"panel\",\"study_uid\":\"1.2\"}\n"
                 "3 {\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"lesions\":[]}],\"source\":\"panel\",\"study_uid\":\"1.3\"}\n"
                 "4 silent\n"
                 "5 refused: findings[0].lesions: found a text or a number, expected a list of objects, or one as JSON in a text\n"
                 "6 refused: findings[0].lesions: found a text or a number, expected a list of objects, or one as JSON in a text\n");
}

static const struct es_test tests[] = {
    {"several_columns_are_several_findings", several_columns_are_several_findings},
    {"what_spreadsheets_write_is_read", what_spreadsheets_write_is_read},
    {"a_zero_byte_in_a_cell_is_refused", a_zero_byte_in_a_cell_is_refused},
    {"a_file_without_a_header_has_its_columns_named", a_file_without_a_header_has_its_columns_named},
    {"references_are_mapped_and_chosen", references_are_mapped_and_chosen},
    {"failures_come_by_their_status", failures_come_by_their_status},
    {"report_texts_in_a_column_are_read_and_not_kept", report_texts_in_a_column_are_read_and_not_kept},
    {"what_is_wrong_is_named_by_line_without_its_value", what_is_wrong_is_named_by_line_without_its_value},
    {"lesions_stand_in_a_cell_as_json", lesions_stand_in_a_cell_as_json},
    {"a_comma_may_be_the_decimal_sign", a_comma_may_be_the_decimal_sign},
    {NULL, NULL},
};

int main(int argc, char **argv) { return es_test_main("intake_csv", tests, argc, argv); }
