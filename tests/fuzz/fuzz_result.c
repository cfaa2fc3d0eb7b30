/* SPDX-License-Identifier: Apache-2.0 */
/* A DICOM object to results: every kind of rule over whatever it holds, and the explanation of it. Held: no failure without its words,
 * numbers of findings are finite, probabilities are in 0..1, and what becomes a message is no other for being watched. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/dataset.h"
#include "plugin/recognise/explain.h"
#include "plugin/recognise/recognise.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct es_config *config;

static void tear_down(void)
{
    es_config_free(config);
}

static void set_up(void)
{
    static const char text[] =
        "{\"Models\":[{\"Name\":\"any\",\"Recognise\":{\"SeriesDescription\":\"\"},\"Findings\":[{\"Name\":\"none\"}]},"
        "{\"Name\":\"all\",\"Recognise\":{\"SeriesDescription\":\".*\"},"
        "\"FailedWhen\":[{\"Text\":{\"Present\":\"error\"}},{\"SR\":{\"Concept\":\"111017,DCM\",\"Present\":\"111245,DCM\",\"Absent\":\"111241,DCM\"}}],"
        "\"Findings\":[{\"Name\":\"cancer\",\"AbsenceMeans\":\"negative\",\"From\":[{\"SR\":{\"Concept\":\"111047,DCM\"}},{\"SR\":{\"Finding\":\"129769006,SCT\",\"Any\":true}}]},"
        "{\"Name\":\"probability\",\"Combine\":\"mean\",\"From\":[{\"SR\":{\"Concept\":\"122157,DCM\",\"Intent\":\"all\"}},{\"SR\":{\"Concept\":\"126401,DCM\",\"Scale\":0.01}}]},"
        "{\"Name\":\"size\",\"Task\":\"measurement\",\"Unit\":\"series\",\"From\":[{\"SR\":{\"Concept\":\"118565006,SCT\",\"Modifier\":\"126030,DCM\"}}]},"
        "{\"Name\":\"tag\",\"Unit\":\"image\",\"From\":[{\"PrivateTag\":{\"Creator\":\"EXAMPLE CXR AI 1.0\",\"Tag\":\"0029,xx20\",\"JSON\":\"$.findings.*.score\"}},"
        "{\"Tag\":{\"Tag\":\"0070,0081\",\"Number\":\"([0-9.]+)\"}},{\"Tag\":{\"Tag\":\"0070,0001/0070,0008/0070,0006\",\"Present\":\"a\",\"Absent\":\"b\"}}]},"
        "{\"Name\":\"text\",\"From\":[{\"Text\":{\"Present\":\"pneumothorax|effusion\",\"Absent\":\"clear\"}},{\"Text\":{\"Number\":\"([0-9]+)\",\"Scale\":0.01}}]}]}]}";
    if (config != NULL) return;
    es_dicom_process_setup(true);
    if (es_config_parse(&config, text, sizeof text - 1, NULL, NULL) != ES_OK) abort();
    (void)atexit(tear_down);
}

static void check(const struct es_message *m)
{
    for (size_t i = 0; i < m->n_findings; i++) {
        const struct es_finding *f = &m->findings[i];
        if ((f->has_score && !(f->score >= 0 && f->score <= 1)) || (f->has_value && !isfinite(f->value))) abort();
    }
    if (m->kind == ES_EVENT_FAILURE && m->reason[0] == '\0') abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static struct es_facts facts;
    struct es_message **messages = NULL;
    size_t count = 0;
    char why[160];
    struct es_error err = {0};
    set_up();
    if (es_facts_read(bytes, len, &facts, NULL) != ES_OK) return 0;
    const enum es_errc code = es_messages_from_facts(&facts, config, "", false, &messages, &count, why, sizeof why, &err);
    if (code != ES_OK && (err.code != code || err.text[0] == '\0')) abort();
    for (size_t i = 0; code == ES_OK && i < count; i++) check(messages[i]);
    if (code == ES_OK && count == 0 && why[0] == '\0') abort(); /* no silence without its reason */
    es_messages_free(messages, code == ES_OK ? count : 0);
    cJSON *tree = NULL;
    if (es_explain(&tree, "file", &facts, config, "", &err) != ES_OK) abort();
    if ((size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(tree, "messages")) != (code == ES_OK ? count : 0)) abort();
    cJSON_Delete(tree);
    es_facts_free(&facts);
    return 0;
}
