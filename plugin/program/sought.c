/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "plugin/program/program.h"

#define MAX_SOUGHT 4096

int es_read_sought(const char *command, struct es_sought *sought)
{
    char text[MAX_SOUGHT + 1];
    struct es_error err = {0};
    if (isatty(STDIN_FILENO)) fputs("whom, as JSON ({\"patient_id\":\"...\"}), then Ctrl-D: ", stderr);
    const size_t len = fread(text, 1, sizeof text, stdin);
    enum es_errc code = len > MAX_SOUGHT ? es_fail(&err, ES_E_ARG, "found more than %d bytes, expected one object", MAX_SOUGHT)
                                         : es_sought_parse(sought, text, len, &err);
    explicit_bzero(text, sizeof text);
    return code == ES_OK ? ES_EXIT_DONE : es_complain(ES_EXIT_USAGE, command, "standard input: %s", err.text);
}
