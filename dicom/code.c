/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "dicom/sr.h"
#include "dicom/text.h"

bool es_code_read(const struct es_item *item, uint32_t sequence, struct es_code *out)
{
    static const uint32_t values[] = {0x00080100, 0x00080119, 0x00080120};
    const struct es_item *code = es_item_next(item, sequence, NULL);
    *out = (struct es_code){.value = ""};
    if (!code) return false;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char text[ES_FACT_VALUE];
        /* a code cut short is another code */
        if (es_item_text(code, values[i], text, sizeof text) && es_text_ascii(text, strlen(text), out->value, sizeof out->value) == ES_TEXT_OK)
            break;
        out->value[0] = '\0';
    }
    char scheme[sizeof out->scheme];
    if (!out->value[0]) return false;
    if (!es_item_text(code, 0x00080102, scheme, sizeof scheme) ||
        es_text_ascii(scheme, strlen(scheme), out->scheme, sizeof out->scheme) != ES_TEXT_OK)
        out->scheme[0] = '\0';
    return true;
}

bool es_code_is(const struct es_code *code, const char *value, const char *scheme)
{
    return strcmp(code->value, value) == 0 && strcmp(code->scheme, scheme) == 0;
}
