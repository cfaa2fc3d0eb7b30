/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/program.h"

#include <getopt.h>
#include <inttypes.h>

const char es_help_verify[] =
    "Reads the whole ledger, proves that every entry follows from the one before it, rebuilds the cohort from the entries\n"
    "and compares it with the one in use. Writes nothing. Prints one line; exit status 3 names the first bad entry.\n\n"
    "  -c, --config CONF   the configuration\n";

int es_command_verify(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {0}};
    const char *config = NULL;
    for (int c; (c = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
        if (c != 'c') return ES_EXIT_USAGE;
        config = optarg;
    }
    if (optind != argc) return es_complain(ES_EXIT_USAGE, "verify", "found %d arguments too many", argc - optind);
    struct es_opened opened;
    int status = es_open_site(&opened, "verify", config, ES_SITE_READ);
    if (status != ES_EXIT_DONE) return status;
    uint64_t entries = 0;
    struct es_error err = {0};
    if (es_site_verify(opened.site, &entries, &err) == ES_OK)
        printf("%" PRIu64 " entries, the chain holds, the cohort is what the ledger says\n", entries);
    else
        status = es_complain(ES_EXIT_LEDGER, "verify", "%s", err.text);
    es_close_site(&opened);
    return status;
}
