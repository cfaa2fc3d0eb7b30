/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/program.h"

#include <getopt.h>
#include <string.h>

#include "plugin/report/render/page.h"
#include "plugin/report/trace.h"

const char es_help_trace[] =
    "Tells one exam or patient whole, as JSON: every event with what became of it, the rules by which results and references were\n"
    "paired with exams, in the order in which they were tried, why one was not, and the rows that were counted. Identifiers are\n"
    "numbered within the answer and never shown. For staff: small numbers are not withheld. Writes nothing.\n"
    "Whom is told on standard input, never on the command line (which other users see), as one JSON object with some of\n"
    "  {\"patient_id\":\"...\", \"patient_issuer\":\"...\", \"study_uid\":\"...\", \"accession\":\"...\"}\n"
    "A study or accession number stands for its own exam and whatever belongs with it. Exit status 1: no entry names it.\n\n"
    "  -c, --config CONF   the configuration\n"
    "  -o, --output PATH   the file to write; standard output unless given\n";

static int tell(struct es_site *site, const struct es_sought *sought, const char *output)
{
    cJSON *trace = NULL;
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    size_t found = 0;
    enum es_errc code = es_trace(site, sought, &trace, &found, &err);
    if (code != ES_OK) return es_complain(code == ES_E_ARG ? ES_EXIT_USAGE : ES_EXIT_LEDGER, "trace", "%s", err.text);
    code = es_page_json(trace, &bytes, &err);
    cJSON_Delete(trace);
    if (code == ES_OK) code = es_put_output(output, &bytes, &err);
    es_bytes_free(&bytes);
    if (code != ES_OK) return es_complain(ES_EXIT_USAGE, "trace", "%s", err.text);
    return found ? ES_EXIT_DONE : es_complain(ES_EXIT_REFUSED, "trace", "no entry of the ledger names it");
}

int es_command_trace(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {"output", required_argument, NULL, 'o'}, {0}};
    const char *config = NULL, *output = NULL;
    for (int c; (c = getopt_long(argc, argv, "c:o:", options, NULL)) != -1;) {
        if (c == 'c') config = optarg;
        else if (c == 'o') output = optarg;
        else return ES_EXIT_USAGE;
    }
    if (optind != argc)
        return es_complain(ES_EXIT_USAGE, "trace", "found %d arguments too many; the identifier is read from standard input", argc - optind);
    struct es_sought sought;
    struct es_opened opened;
    int status = es_read_sought("trace", &sought);
    if (status == ES_EXIT_DONE) status = es_open_site(&opened, "trace", config, ES_SITE_READ);
    if (status == ES_EXIT_DONE) {
        status = tell(opened.site, &sought, output);
        es_close_site(&opened);
    }
    explicit_bzero(&sought, sizeof sought);
    return status;
}
