/* SPDX-License-Identifier: Apache-2.0 */
/** @file lines.h
 * A stream line by line, with a ceiling: what has no line feed costs no more memory than the longest line that is read.
 *
 * A line ends at LF, CR LF or the end of the stream, which are no part of it. It may name a patient: its memory is dicom/secret.h's.
 * One thread.
 */
#ifndef ES_PLUGIN_LINES_H
#define ES_PLUGIN_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/** A stream being read. */
struct es_lines {
    FILE *in;        /* borrowed */
    size_t most;     /* bytes of a line that is read */
    char *text;      /* owned; the line at hand; NUL-terminated, and may hold NULs */
    size_t len;      /* its bytes; of one that is too long all that were passed over */
    uint64_t number; /* of the line at hand, from 1 */
    uint64_t done;   /* bytes read so far, line ends included */
};

enum es_line { ES_LINE_END, ES_LINE_READ, ES_LINE_TOO_LONG };

/** Begin. @return false: no memory. End with es_lines_close() either way */
bool es_lines_open(struct es_lines *lines, FILE *in, size_t most);
/** The next line. ES_LINE_END also when the stream failed: ferror(in). */
enum es_line es_lines_next(struct es_lines *lines);
/** Wipe and free. */
void es_lines_close(struct es_lines *lines);

#endif
