/* SPDX-License-Identifier: Apache-2.0 */
/* An object in memory that is handed out part by part, each in a block of just its size: a source for es_skim_parts(). */
#ifndef ES_TESTS_SKIM_PARTS_H
#define ES_TESTS_SKIM_PARTS_H

#include <stdlib.h>
#include <string.h>

#include "dicom/skim.h"

struct skim_parts {
    const uint8_t *bytes;
    size_t len, part; /* of a part, at least 132 */
    uint8_t *given;   /* the newest; free() it */
    size_t reads, most_at;
};

static const uint8_t *skim_part(void *context, uint64_t at, size_t *len)
{
    struct skim_parts *parts = context;
    if (at >= parts->len) return NULL;
    *len = parts->len - (size_t)at < parts->part ? parts->len - (size_t)at : parts->part;
    free(parts->given);
    parts->given = malloc(*len);
    if (!parts->given) return NULL;
    memcpy(parts->given, parts->bytes + at, *len);
    parts->reads++;
    if (at > parts->most_at) parts->most_at = (size_t)at;
    return parts->given;
}

/* es_skim_parts() of an object in parts of so many bytes. */
static enum es_errc skim_in_parts(struct skim_parts *parts, struct es_elements *out, struct es_error *end, struct es_error *err)
{
    const struct es_skim_source source = {skim_part, parts};
    const enum es_errc code = es_skim_parts(&source, parts->len, out, end, err);
    free(parts->given);
    parts->given = NULL;
    return code;
}

#endif
