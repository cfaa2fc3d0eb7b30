/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/program.h"

#include <getopt.h>
#include <stdlib.h>

#include "plugin/intake/intake.h"
#include "plugin/intake/watch.h"
#include "plugin/program/facts_json.h"
#include "plugin/program/files.h"
#include "plugin/recognise/explain.h"

const char es_help_facts[] =
    "Prints one JSON object a file: what kind of object it is, demographics and acquisition attributes with their states (present,\n"
    "absent, blank, invalid, not_stated, unmapped, conflict), and the findings of a structured report. A file that cannot be read\n"
    "is named on stderr with its reason; the rest goes on.\n\n"
    "With --explain and a configuration: which model each algorithm is and by which key not, what every rule of From matched (by concept\n"
    "or tag, never by the patient's words), what became of the object, and what no rule read, each with a rule that would read it.\n"
    "Of a file that rules of \"Intake\" read: which row, segment or resource became what, which observation is which finding, which keys\n"
    "had no value, which columns no key names; never a value.\n\n"
    "      --explain       say what the configuration makes of each file\n"
    "  -c, --config CONF   the configuration, for --explain\n"
    "      --aet TITLE     the application entity that sent it, for Recognise by RemoteAET\n"
    "      --pretty        indented, for reading\n"
    "      --identifiers   show UIDs and identifiers instead of (present) and (absent)\n";

/* What to print, and of whose making. */
struct wanted {
    bool pretty, identifiers;
    const struct es_config *config; /* NULL: no explanation */
    const char *aet;
};

static int print_tree(const char *path, cJSON *json, bool pretty)
{
    char *text = json ? (pretty ? cJSON_Print(json) : cJSON_PrintUnformatted(json)) : NULL;
    int status = ES_EXIT_DONE;
    if (text) puts(text);
    else status = es_complain(ES_EXIT_REFUSED, "facts", "%s: memory ran out", path);
    cJSON_free(text);
    cJSON_Delete(json);
    return status;
}

/* A file that rules of "Intake" read, or should. */
static int one_message(const char *path, const struct wanted *wanted)
{
    struct es_error err = {0};
    cJSON *json = NULL;
    char rules[200];
    switch (es_intake_fits(wanted->config, path)) {
    case ES_INTAKE_READ: break;
    case ES_INTAKE_BESIDE: return ES_EXIT_DONE; /* with the file that it belongs to */
    case ES_INTAKE_NO_RULE:
        es_intake_list(wanted->config, rules, sizeof rules);
        return es_complain(ES_EXIT_REFUSED, "facts", "%s: found no rule of Intake that reads it; rules: %s", path, rules);
    }
    if (es_intake_explain(&json, wanted->config, path, &err) != ES_OK) json = NULL;
    return print_tree(path, json, wanted->pretty);
}

static int one_file(const char *path, const struct wanted *wanted)
{
    struct es_error err = {0};
    struct es_facts facts = {0};
    cJSON *json = NULL;
    if (wanted->config && (es_intake_fits(wanted->config, path) != ES_INTAKE_NO_RULE || es_files_wants_rule(path))) return one_message(path, wanted);
    if (es_facts_read_file(path, &facts, &err) != ES_OK) return es_complain(ES_EXIT_REFUSED, "facts", "%s: %s", path, err.text);
    if (!wanted->config) json = es_facts_json(path, &facts, wanted->identifiers);
    else if (es_explain(&json, path, &facts, wanted->config, wanted->aet, &err) != ES_OK) json = NULL;
    es_facts_free(&facts);
    return print_tree(path, json, wanted->pretty);
}

static int all_files(char **paths, int count, const struct wanted *wanted)
{
    int status = ES_EXIT_DONE;
    for (int i = 0; i < count; i++)
        if (one_file(paths[i], wanted) != ES_EXIT_DONE) status = ES_EXIT_REFUSED;
    return status;
}

int es_command_facts(int argc, char **argv)
{
    enum { PRETTY = 256, IDENTIFIERS, EXPLAIN, AET };
    static const struct option options[] = {{"pretty", no_argument, NULL, PRETTY},   {"identifiers", no_argument, NULL, IDENTIFIERS},
                                            {"explain", no_argument, NULL, EXPLAIN}, {"config", required_argument, NULL, 'c'},
                                            {"aet", required_argument, NULL, AET},   {0}};
    struct wanted wanted = {.aet = ""};
    struct es_config *config = NULL;
    const char *path = NULL;
    bool explain = false;
    for (int c; (c = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
        if (c == PRETTY) wanted.pretty = true;
        else if (c == IDENTIFIERS) wanted.identifiers = true;
        else if (c == EXPLAIN) explain = true;
        else if (c == AET) wanted.aet = optarg;
        else if (c == 'c') path = optarg;
        else return ES_EXIT_USAGE;
    }
    if (optind == argc) return es_complain(ES_EXIT_USAGE, "facts", "no file was named");
    if (explain != (path != NULL)) return es_complain(ES_EXIT_USAGE, "facts", "--explain and -c CONF go together");
    struct es_error err = {0};
    if (path && es_config_read(&config, path, &err) != ES_OK) return es_complain(ES_EXIT_USAGE, "facts", "%s: %s", path, err.text);
    wanted.config = config;
    const int status = all_files(argv + optind, argc - optind, &wanted);
    es_config_free(config);
    return status;
}
