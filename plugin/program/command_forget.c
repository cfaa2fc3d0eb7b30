/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/program.h"

#include <getopt.h>
#include <inttypes.h>
#include <string.h>

const char es_help_forget[] =
    "Erases one person: what the ledger holds of the patient's exams, results and references goes, in every table and in the\n"
    "journal; the chain still verifies, since fingerprints stay. A later message of the same person is refused.\n"
    "Whom is told on standard input, never on the command line (which other users see), as one JSON object with some of\n"
    "  {\"patient_id\":\"...\", \"patient_issuer\":\"...\", \"study_uid\":\"...\", \"accession\":\"...\"}\n"
    "A study or accession number stands for its patient. Reports as of an entry before the erasure can no longer be made.\n"
    "Backups and earlier reports are not touched: they are yours to see to. While the plugin runs it holds the ledger: stop it first.\n\n"
    "  -c, --config CONF   the configuration\n"
    "      --dry-run       say what would be erased, and erase nothing\n";

static int erase(struct es_site *site, const struct es_person *person, bool dry_run)
{
    struct es_error err = {0};
    uint64_t entries = 0;
    if (dry_run) {
        printf("%zu entries of %zu exam messages would be erased\n", person->count, person->exams);
        return ES_EXIT_DONE;
    }
    enum es_errc code = es_site_forget(site, person, &err);
    if (code != ES_OK) return es_complain(ES_EXIT_LEDGER, "forget", "%s", err.text);
    code = es_ledger_verify(es_site_ledger(site), &entries, &err);
    if (code != ES_OK) return es_complain(ES_EXIT_LEDGER, "forget", "erased, but: %s", err.text);
    printf("%zu entries of %zu exam messages erased; %" PRIu64 " entries, the chain holds\n", person->count, person->exams, entries);
    return ES_EXIT_DONE;
}

int es_command_forget(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {"dry-run", no_argument, NULL, 'n'}, {0}};
    const char *config = NULL;
    bool dry_run = false;
    for (int c; (c = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
        if (c == 'c') config = optarg;
        else if (c == 'n') dry_run = true;
        else return ES_EXIT_USAGE;
    }
    if (optind != argc)
        return es_complain(ES_EXIT_USAGE, "forget", "found %d arguments too many; the identifier is read from standard input", argc - optind);
    struct es_sought sought;
    struct es_opened opened;
    struct es_person person;
    struct es_error err = {0};
    int status = es_read_sought("forget", &sought);
    if (status == ES_EXIT_DONE) status = es_open_site(&opened, "forget", config, dry_run ? ES_SITE_READ : ES_SITE_WRITE);
    if (status != ES_EXIT_DONE) return status;
    const enum es_errc code = es_site_find_person(opened.site, &sought, &person, &err);
    explicit_bzero(&sought, sizeof sought);
    if (code != ES_OK) {
        status = es_complain(code == ES_E_ARG || code == ES_E_REFUSED ? ES_EXIT_USAGE : ES_EXIT_LEDGER, "forget", "%s", err.text);
    } else {
        status = erase(opened.site, &person, dry_run);
        es_person_clear(&person);
    }
    es_close_site(&opened);
    return status;
}
