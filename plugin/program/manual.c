/* SPDX-License-Identifier: Apache-2.0 */
/* Writes the manual page: copies its template and, at the line `@METRICS@`, lists the catalogue. Run by the build. */
#include <stdio.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/version.h"

/* roff: a backslash is doubled, a leading dot or quote is escaped. */
static void put(const char *text, FILE *out)
{
    if (*text == '.' || *text == '\'') fputs("\\&", out);
    for (; *text; text++) {
        if (*text == '\\') fputs("\\e", out);
        else if (*text == '-') fputs("\\-", out);
        else fputc(*text, out);
    }
}

static void metrics(FILE *out)
{
    for (size_t i = 0; i < es_metrics_count; i++) {
        const struct es_metric *m = &es_metrics[i];
        fputs(".TP\n.B ", out);
        put(m->name, out);
        fputc('\n', out);
        put(m->doc, out);
        fprintf(out, "\nUnit: %s. Interval: %s. Source: ", m->unit, es_interval_name(m->interval));
        put(m->source, out);
        fputs(".\n", out);
    }
}

int main(int argc, char **argv)
{
    char line[1024];
    if (argc != 3) return 2;
    FILE *in = fopen(argv[1], "r"), *out = fopen(argv[2], "w");
    if (!in || !out) {
        perror(in ? argv[2] : argv[1]);
        return 1;
    }
    while (fgets(line, sizeof line, in)) {
        const char *version = strstr(line, "@VERSION@");
        if (strcmp(line, "@METRICS@\n") == 0) metrics(out);
        else if (version) fprintf(out, "%.*s%s%s", (int)(version - line), line, ES_VERSION, version + strlen("@VERSION@"));
        else fputs(line, out);
    }
    const int bad = ferror(in) || fclose(out) != 0;
    (void)fclose(in);
    return bad ? 1 : 0;
}
