/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/base/lines.h"

#include "dicom/secret.h"

bool es_lines_open(struct es_lines *lines, FILE *in, size_t most)
{
    *lines = (struct es_lines){.in = in, .most = most};
    lines->text = es_secret_new(most + 2); /* a CR that is no part of it, and the NUL */
    return lines->text != NULL;
}

enum es_line es_lines_next(struct es_lines *lines)
{
    size_t n = 0;
    int c, last = 0;
    flockfile(lines->in);
    while ((c = getc_unlocked(lines->in)) != EOF && c != '\n') {
        if (n <= lines->most) lines->text[n] = (char)c;
        last = c;
        n++;
    }
    funlockfile(lines->in);
    if (n == 0 && c == EOF) return ES_LINE_END;
    lines->number++;
    lines->done += n + (c == '\n');
    lines->len = n - (n > 0 && last == '\r');
    if (lines->len > lines->most) return ES_LINE_TOO_LONG;
    lines->text[lines->len] = '\0';
    return ES_LINE_READ;
}

void es_lines_close(struct es_lines *lines)
{
    es_secret_free(lines->text);
    lines->text = NULL;
}
