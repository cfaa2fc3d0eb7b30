/* SPDX-License-Identifier: Apache-2.0 */
/* PNG files tied to an exam by their name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/hash.h"
#include "plugin/intake/intake.h"
#include "testlib.h"

static const char text[] =
    "{\"Models\":[{\"Name\":\"net\",\"Findings\":[{\"Name\":\"lungs\",\"Task\":\"segmentation\"}]}],\"Intake\":[{\"Name\":\"masks\",\"Kind\":\"png\","
    "\"Files\":[\"*_lungs.png\"],\"Event\":\"result\",\"Model\":\"net\",\"Version\":\"1\",\"Map\":{\"study_uid\":{\"File\":\"([0-9.]+)_lungs\"},"
    "\"produced\":{\"Constant\":\"2026-03-01T10:00:00Z\"},\"findings\":[{\"finding\":{\"Constant\":\"lungs\"},\"mask_png\":{\"Content\":true}}]}}]}";

/* 4 x 3 grey pixels, five of them inside; made by Python's zlib and struct after ISO/IEC 15948. */
static const char png[] = "iVBORw0KGgoAAAANSUhEUgAAAAQAAAADCAAAAACRn/EaAAAAEklEQVR4nGNgYGBkBCEQYGQAAAA5AAYB1UxRAAAAAElFTkSuQmCC";

static struct es_message message;
static char refusal[ES_ERROR_TEXT];
static size_t taken;

static enum es_errc take(void *context, uint64_t where, const cJSON *tree, struct es_error *err)
{
    (void)context;
    (void)where;
    struct es_error why = {0};
    taken++;
    if (es_message_from_tree(&message, tree, &why) != ES_OK) (void)snprintf(refusal, sizeof refusal, "%s", why.text);
    (void)err;
    return ES_OK;
}
static void refuse(void *context, uint64_t where, const struct es_error *why)
{
    (void)context;
    (void)where;
    (void)snprintf(refusal, sizeof refusal, "%s", why->text);
}
static void silent(void *context, uint64_t where)
{
    (void)context;
    (void)where;
}
static const struct es_intake_sink sink = {NULL, take, refuse, silent, NULL, NULL};

static void a_file_is_one_mask_of_the_exam_in_its_name(void)
{
    struct es_config *config = NULL;
    struct es_error err = {0};
    size_t len = 0;
    char *bytes = es_base64_decode(png, &len);
    if (es_config_parse(&config, text, sizeof text - 1, NULL, &err) != ES_OK) {
        printf("    %s\n", err.text);
        CU_FAIL_FATAL("configuration");
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(bytes);
    CU_ASSERT_EQUAL(es_intake_fits(config, "folder/1.2.3_lungs.png"), ES_INTAKE_READ);
    CU_ASSERT_EQUAL(es_intake_fits(config, "folder/1.2.3_heart.png"), ES_INTAKE_NO_RULE);
    CU_ASSERT_EQUAL_FATAL(es_intake_bytes(config, &config->intake[0], "folder/1.2.3_lungs.png", bytes, len, &sink, &err), ES_OK);
    CU_ASSERT_EQUAL(taken, 1);
    CU_ASSERT_STRING_EQUAL(refusal, "");
    CU_ASSERT_STRING_EQUAL(message.study_uid, "1.2.3");
    CU_ASSERT_STRING_EQUAL(message.model_name, "net");
    CU_ASSERT_EQUAL_FATAL(message.n_findings, 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(message.findings[0].voxels);
    CU_ASSERT_EQUAL(es_mask_voxels(message.findings[0].voxels), 5);
    es_message_clear(&message);
    CU_ASSERT_EQUAL(es_intake_bytes(config, &config->intake[0], "folder/1.2.3_lungs.png", bytes, len - 20, &sink, &err), ES_OK);
    CU_ASSERT_STRING_EQUAL(refusal, "findings[0].mask_png: PNG: the file ends early");
    free(bytes);
    es_config_free(config);
}

static void bytes_and_base64_go_both_ways(void)
{
    /* RFC 4648 10 */
    static const char *const cases[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *out = es_base64_encode(cases[i][0], strlen(cases[i][0]));
        CU_ASSERT_PTR_NOT_NULL_FATAL(out);
        CU_ASSERT_STRING_EQUAL(out, cases[i][1]);
        free(out);
    }
}

static void content_is_of_png_rules_only(void)
{
    static const char csv[] =
        "{\"Models\":[{\"Name\":\"net\",\"Findings\":[{\"Name\":\"lungs\"}]}],\"Intake\":[{\"Name\":\"m\",\"Kind\":\"csv\",\"Files\":[\"*.csv\"],\"Event\":\"result\","
        "\"Model\":\"net\",\"Map\":{\"study_uid\":{\"Content\":true}}}]}";
    struct es_config *config = NULL;
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_config_parse(&config, csv, sizeof csv - 1, NULL, &err), ES_E_CONFIG);
    CU_ASSERT_STRING_EQUAL(err.text, "Intake[0].Map.study_uid.Content: no key of a rule of Kind \"csv\"");
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"a_file_is_one_mask_of_the_exam_in_its_name", a_file_is_one_mask_of_the_exam_in_its_name},
        {"bytes_and_base64_go_both_ways", bytes_and_base64_go_both_ways},
        {"content_is_of_png_rules_only", content_is_of_png_rules_only},
        {NULL, NULL}};
    return es_test_main("intake_png", tests, argc, argv);
}
