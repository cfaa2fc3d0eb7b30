/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "plugin/program/program.h"

/* Whole or not at all: written beside the target, then renamed. */
enum es_errc es_put_file(const char *path, const struct es_bytes *bytes, struct es_error *err)
{
    char temporary[4096];
    const int n = snprintf(temporary, sizeof temporary, "%s.part", path);
    if (n < 0 || (size_t)n >= sizeof temporary) return es_fail(err, ES_E_ARG, "the output path is longer than %zu bytes", sizeof temporary);
    FILE *file = fopen(temporary, "wb");
    if (!file) return es_fail(err, ES_E_ARG, "%s: %s", temporary, strerror(errno));
    const bool written = fwrite(bytes->data, 1, bytes->len, file) == bytes->len;
    const bool closed = fclose(file) == 0;
    if (written && closed && rename(temporary, path) == 0) return ES_OK;
    const int why = errno;
    (void)unlink(temporary);
    return es_fail(err, ES_E_ARG, "%s: %s", path, strerror(why));
}

enum es_errc es_put_output(const char *path, const struct es_bytes *bytes, struct es_error *err)
{
    if (path && strcmp(path, "-") != 0) return es_put_file(path, bytes, err);
    if (fwrite(bytes->data, 1, bytes->len, stdout) == bytes->len) return ES_OK;
    return es_fail(err, ES_E_ARG, "standard output could not be written");
}
