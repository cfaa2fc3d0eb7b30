/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/inflate.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#define ZLIB_CONST
#include <zlib.h>

#include "dicom/secret.h"

enum es_errc es_inflate(const void *bytes, size_t len, size_t most, void **out, size_t *out_len, struct es_error *err)
{
    z_stream z = {.avail_in = len < UINT_MAX ? (uInt)len : UINT_MAX};
    size_t room = 65536, used = 0;
    unsigned char *plain = NULL;
    if (inflateInit2(&z, -15) != Z_OK) return es_fail(err, ES_E_MEMORY, "inflate: zlib could not start");
    z.next_in = bytes;
    for (int rc = Z_OK; rc == Z_OK && used < most;) {
        if (!plain || used == room) {
            if (plain) room *= 2;
            if (room > most) room = most;
            unsigned char *more = es_secret_resize(plain, room);
            if (!more) {
                es_secret_free(plain);
                (void)inflateEnd(&z);
                return es_fail(err, ES_E_MEMORY, "inflate: no %zu bytes", room);
            }
            plain = more;
        }
        z.next_out = plain + used;
        z.avail_out = (uInt)(room - used);
        rc = inflate(&z, Z_NO_FLUSH);
        used = room - z.avail_out;
    }
    (void)inflateEnd(&z);
    if (used == 0) {
        es_secret_free(plain);
        return es_fail(err, ES_E_PARSE, "inflate: %zu bytes of a deflated data set give nothing", len);
    }
    *out = plain;
    *out_len = used;
    return ES_OK;
}

void es_inflate_free(void *bytes)
{
    es_secret_free(bytes);
}
