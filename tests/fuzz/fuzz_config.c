/* SPDX-License-Identifier: Apache-2.0 */
/* A whole configuration. Held: no refusal without its words, and what is accepted has documents that read back to themselves. File names in
 * it are looked for in a folder that is not there. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    struct es_config *config = NULL, *again = NULL;
    struct es_error err = {0};
    const enum es_errc code = es_config_parse(&config, (const char *)bytes, len, "/not/there", &err);
    if (code != ES_OK) {
        if (config != NULL || err.code != code || err.text[0] == '\0') abort();
        return 0;
    }
    if (es_config_from_documents(&again, config->document, config->plan_document, &err) != ES_OK) abort();
    if (strcmp(again->document, config->document) != 0 || strcmp(again->plan_document, config->plan_document) != 0) abort();
    es_config_free(again);
    es_config_free(config);
    return 0;
}
