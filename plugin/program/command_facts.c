/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/program.h"

#include <getopt.h>
#include <stdlib.h>

#include "plugin/program/facts_json.h"

const char es_help_facts[] =
    "Prints one JSON object a file: what kind of object it is, demographics and acquisition attributes with their states (present,\n"
    "absent, blank, invalid, not_stated, unmapped, conflict), and the findings of a structured report. A file that cannot be read\n"
    "is named on stderr with its reason; the rest goes on.\n\n"
    "      --pretty        indented, for reading\n"
    "      --identifiers   show UIDs and identifiers instead of (present) and (absent)\n";

static int one_file(const char *path, bool pretty, bool identifiers)
{
    struct es_error err = {0};
    struct es_facts facts = {0};
    if (es_facts_read_file(path, &facts, &err) != ES_OK) return es_complain(ES_EXIT_REFUSED, "facts", "%s: %s", path, err.text);
    cJSON *json = es_facts_json(path, &facts, identifiers);
    char *text = json ? (pretty ? cJSON_Print(json) : cJSON_PrintUnformatted(json)) : NULL;
    int status = ES_EXIT_DONE;
    if (text) puts(text);
    else status = es_complain(ES_EXIT_REFUSED, "facts", "%s: memory ran out", path);
    cJSON_free(text);
    cJSON_Delete(json);
    es_facts_free(&facts);
    return status;
}

int es_command_facts(int argc, char **argv)
{
    enum { PRETTY = 256, IDENTIFIERS };
    static const struct option options[] = {{"pretty", no_argument, NULL, PRETTY}, {"identifiers", no_argument, NULL, IDENTIFIERS}, {0}};
    bool pretty = false, identifiers = false;
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (c == PRETTY) pretty = true;
        else if (c == IDENTIFIERS) identifiers = true;
        else return ES_EXIT_USAGE;
    }
    if (optind == argc) return es_complain(ES_EXIT_USAGE, "facts", "no file was named");
    int status = ES_EXIT_DONE;
    for (int i = optind; i < argc; i++)
        if (one_file(argv[i], pretty, identifiers) != ES_EXIT_DONE) status = ES_EXIT_REFUSED;
    return status;
}
