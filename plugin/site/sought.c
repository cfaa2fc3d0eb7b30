/* SPDX-License-Identifier: Apache-2.0 */
/* Whom to look for, as told in JSON. */
#include <stddef.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/site/site.h"

static const struct {
    const char *key;
    size_t offset, size;
} sought_keys[] = {
    {"patient_id", offsetof(struct es_sought, patient_id), ES_ID_SIZE},
    {"patient_issuer", offsetof(struct es_sought, patient_issuer), ES_ID_SIZE},
    {"study_uid", offsetof(struct es_sought, study_uid), ES_UID_SIZE},
    {"accession", offsetof(struct es_sought, accession), ES_ID_SIZE},
};
#define SOUGHT_KEYS (sizeof sought_keys / sizeof sought_keys[0])

static enum es_errc sought_member(struct es_sought *out, const cJSON *item, struct es_error *err)
{
    for (size_t i = 0; i < SOUGHT_KEYS; i++) {
        if (strcmp(item->string, sought_keys[i].key) != 0) continue;
        if (!cJSON_IsString(item)) return es_fail(err, ES_E_ARG, "%s: found %s, expected a string", sought_keys[i].key, es_json_kind(item));
        const size_t len = strlen(item->valuestring);
        if (len >= sought_keys[i].size)
            return es_fail(err, ES_E_ARG, "%s: found %zu bytes, expected at most %zu", sought_keys[i].key, len, sought_keys[i].size - 1);
        memcpy((char *)out + sought_keys[i].offset, item->valuestring, len + 1);
        return ES_OK;
    }
    return es_fail(err, ES_E_ARG, "found another key, expected patient_id, patient_issuer, study_uid or accession");
}

enum es_errc es_sought_parse(struct es_sought *out, const char *text, size_t len, struct es_error *err)
{
    cJSON *tree = NULL;
    struct es_error inner = {0};
    memset(out, 0, sizeof *out);
    if (es_json_parse(&tree, text, len, false, &inner) != ES_OK)
        return es_fail(err, inner.code == ES_E_MEMORY ? ES_E_MEMORY : ES_E_ARG, "found no JSON (%s), expected an object such as {\"patient_id\":\"...\"}", inner.text);
    enum es_errc code = cJSON_IsObject(tree) ? ES_OK : es_fail(err, ES_E_ARG, "found %s, expected an object such as {\"patient_id\":\"...\"}", es_json_kind(tree));
    for (const cJSON *item = code == ES_OK ? tree->child : NULL; item && code == ES_OK; item = item->next) code = sought_member(out, item, err);
    if (code == ES_OK && !out->patient_id[0] && !out->study_uid[0] && !out->accession[0])
        code = es_fail(err, ES_E_ARG, "found no identifier, expected patient_id, study_uid or accession");
    es_json_free(tree);
    return code;
}
