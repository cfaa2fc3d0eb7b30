/* SPDX-License-Identifier: Apache-2.0 */
/* "References" of a model or a finding: whose word stands where sources differ. */
#include <stdio.h>
#include <string.h>

#include "plugin/config/check.h"
#include "plugin/event/names.h"

static enum es_errc read_precedence(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into)
{
    struct es_precedence *out = into;
    size_t count = 0, i = 0;
    enum es_errc code = config_list(reader, item, place, 1, ES_MAX_SOURCES, &count);
    if (code != ES_OK) return code;
    for (const cJSON *entry = item->child; entry != NULL; entry = entry->next, i++) {
        const struct config_place here = {place, NULL, i};
        char text[ES_NAME_SIZE];
        if (!cJSON_IsString(entry) || strlen(entry->valuestring) >= sizeof text || !es_is_token(entry->valuestring))
            return config_fault(reader, &here, entry, "the name of a reference source, 1 to %d of A-Z a-z 0-9 and _.+-", ES_TOKEN_MAX);
        (void)snprintf(text, sizeof text, "%s", entry->valuestring);
        if (es_precedence_rank(out, text) > 0) return config_wrong(reader, &here, "given twice, expected once");
        (void)snprintf(out->source[out->n++], sizeof out->source[0], "%.32s", text);
    }
    return ES_OK;
}
_Static_assert(sizeof((struct es_precedence *)0)->source[0] > ES_TOKEN_MAX, "every token fits");

static const struct config_key keys[] = {
    {"Precedence", CONFIG_OTHER, true, 0, 0, 0, 0, NULL, read_precedence},
};

enum es_errc config_read_references(struct config_reader *reader, const cJSON *item, const struct config_place *place,
                                    struct es_precedence *out)
{
    *out = (struct es_precedence){0};
    return config_object(reader, item, place, keys, sizeof keys / sizeof keys[0], out);
}

unsigned es_precedence_rank(const struct es_precedence *precedence, const char *source)
{
    for (unsigned i = 0; i < precedence->n; i++)
        if (strcmp(precedence->source[i], source) == 0) return precedence->n - i;
    return 0;
}
