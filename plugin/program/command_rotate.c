/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "plugin/program/program.h"

const char es_help_rotate[] =
    "Adds a key to the file of PseudonymKeyFile (written beside it, synchronised, renamed; same owner, 0640) and records its id in the\n"
    "ledger. From then on pseudonyms are made with it. Nothing that is written changes: a value that the ledger knows under an older key is\n"
    "told by an alias event when it comes again, so patients, exams and labellers stay who they were and a resend stays a duplicate.\n"
    "Every older key is needed as long as the ledger is; who holds one can still test identifiers against what was written with it.\n"
    "While the plugin runs it holds the ledger: stop it first. Of a shared ledger stop all nodes once nothing waits in their spools (status),\n"
    "rotate at one, and give the file to all before they start; a node that still writes is named, and nothing changes. Then make a backup\n"
    "of the file, apart from those of the ledger.\n\n"
    "  -c, --config CONF   the configuration\n";

int es_command_rotate(int argc, char **argv)
{
    const char *config = NULL;
    int status = es_only_config(argc, argv, &config);
    if (status != ES_EXIT_DONE) return status;
    struct es_opened opened;
    struct es_error err = {0};
    status = es_open_site(&opened, "rotate", config, ES_SITE_WRITE);
    if (status != ES_EXIT_DONE) return status;
    const enum es_errc code = es_site_rotate(opened.site, &err);
    const struct es_key *key = es_site_key(opened.site);
    if (code == ES_OK)
        printf("key %u, %s, makes pseudonyms from now on; make a backup of the key file\n", es_key_epochs(key), es_key_id(key));
    else status = es_complain(ES_EXIT_LEDGER, "rotate", "%s", err.text);
    es_close_site(&opened);
    return status;
}
