/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/program.h"

#include <inttypes.h>

const char es_help_verify[] =
    "Reads the whole ledger, proves that every entry follows from the one before it, rebuilds the cohort from the entries\n"
    "and compares it with the one in use. Writes nothing. Prints one line; exit status 3 names the first bad entry.\n\n"
    "  -c, --config CONF   the configuration\n";

int es_command_verify(int argc, char **argv)
{
    const char *config = NULL;
    int status = es_only_config(argc, argv, &config);
    if (status != ES_EXIT_DONE) return status;
    struct es_opened opened;
    status = es_open_site(&opened, "verify", config, ES_SITE_READ);
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
