/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/program.h"

#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "dicom/dataset.h"
#include "plugin/base/hash.h"
#include "plugin/version.h"

static const struct es_command commands[] = {
    {"facts", "[--pretty] [--identifiers] [--explain -c CONF [--aet TITLE]] FILE...", "what was read from DICOM files, as JSON, one object a file", es_command_facts,
     es_help_facts},
    {"ingest", "-c CONF PATH...", "take files or folders: DICOM and JSON Lines", es_command_ingest, es_help_ingest},
    {"report", "-c CONF [-f FORMAT] [-o PATH] [--from DAY] [--to DAY] [--as-of ENTRY] [--audience WHO]", "the subgroup report", es_command_report,
     es_help_report},
    {"compare", "-c CONF [-f FORMAT] [-o PATH] [--from DAY] [--to DAY] [--audience WHO] MODEL@V1 MODEL@V2",
     "two versions of a model on the same cases, by group", es_command_compare, es_help_compare},
    {"forget", "-c CONF [--dry-run] <IDENTIFIER", "erase one person; the chain still verifies", es_command_forget, es_help_forget},
    {"rotate", "-c CONF", "add a key for pseudonyms; nothing that is written changes", es_command_rotate, es_help_rotate},
    {"trace", "-c CONF [-o PATH] <IDENTIFIER", "one exam or patient: events, pairing, rules tried, rows", es_command_trace, es_help_trace},
    {"verify", "-c CONF", "prove the chain, rebuild the cohort and compare", es_command_verify, es_help_verify},
};

static void usage(FILE *out)
{
    fputs("usage: evensight COMMAND ...\n\n", out);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].summary);
    fputs("\n`evensight COMMAND --help` tells more. Exit status: 0 done; 1 some input was refused; 2 usage, configuration or output;\n"
          "3 the ledger could not be opened or written.\n",
          out);
}

int es_complain(int status, const char *command, const char *fmt, ...)
{
    va_list args;
    es_progress_end();
    fprintf(stderr, "evensight %s: ", command);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fputc('\n', stderr);
    return status;
}

int es_exit_status(const struct es_error *err)
{
    switch (err->code) {
    case ES_E_CONFIG:
    case ES_E_ARG: return ES_EXIT_USAGE;
    default: return ES_EXIT_LEDGER;
    }
}

/* moment: for reading, as of then; NULL: now. */
static enum es_errc try_site(struct es_opened *out, const char *config_path, enum es_site_mode mode, const struct es_moment *moment,
                             struct es_error *err)
{
    *out = (struct es_opened){0};
    if (!config_path) return es_fail(err, ES_E_ARG, "-c CONF is needed");
    enum es_errc rc = es_config_read(&out->config, config_path, err);
    if (rc != ES_OK) {
        es_error_prefix(err, "%s", config_path);
        err->code = ES_E_CONFIG; /* a configuration that cannot be read is a wrong configuration */
        return ES_E_CONFIG;
    }
    rc = moment ? es_site_open_as_of(&out->site, out->config, moment->points, moment->count, &es_program_progress, err)
                : es_site_open(&out->site, out->config, mode, &es_program_progress, err);
    es_progress_end();
    if (rc == ES_OK) return ES_OK;
    es_config_free(out->config);
    out->config = NULL;
    return rc;
}

enum es_errc es_try_site(struct es_opened *out, const char *config_path, enum es_site_mode mode, struct es_error *err)
{
    return try_site(out, config_path, mode, NULL, err);
}

int es_open_site(struct es_opened *out, const char *command, const char *config_path, enum es_site_mode mode)
{
    struct es_error err = {0};
    if (es_try_site(out, config_path, mode, &err) == ES_OK) return ES_EXIT_DONE;
    return es_complain(es_exit_status(&err), command, "%s", err.text);
}

int es_open_to_record(struct es_opened *out, const char *command, const char *config_path, bool *recorded)
{
    struct es_error busy = {0};
    *recorded = es_try_site(out, config_path, ES_SITE_WRITE, &busy) == ES_OK;
    if (*recorded) return ES_EXIT_DONE;
    if (busy.code != ES_E_BUSY) return es_complain(es_exit_status(&busy), command, "%s", busy.text);
    fprintf(stderr, "evensight %s: %s; what is shown is not recorded\n", command, busy.text);
    return es_open_site(out, command, config_path, ES_SITE_READ);
}

void es_advise_first(const char *command, bool by_itself)
{
    fprintf(stderr, "evensight %s: %sstop the process that holds the ledger, ask once more, and start it again\n", command,
            by_itself ? "with \"ReleaseEvery\" in \"Disclosure\" the plugin makes the first one by itself, soon after it starts; without, " : "");
}

int es_open_site_as_of(struct es_opened *out, const char *command, const char *config_path, const struct es_moment *moment)
{
    struct es_error err = {0};
    if (try_site(out, config_path, ES_SITE_READ, moment, &err) == ES_OK) return ES_EXIT_DONE;
    return es_complain(es_exit_status(&err), command, "%s", err.text);
}

void es_close_site(struct es_opened *opened)
{
    es_site_close(opened->site);
    es_config_free(opened->config);
    *opened = (struct es_opened){0};
}

static bool asks_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) return true;
    return false;
}

/* Files with patients in clear are read here by libraries that do not wipe their memory: this process leaves no core dump, and only the
 * superuser may look into it. LeakSanitizer looks into its own process and needs to be let. */
static void keep_memory_private(void)
{
    (void)setrlimit(RLIMIT_CORE, &(const struct rlimit){0, 0});
#if !defined(__SANITIZE_ADDRESS__)
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* also where core_pattern is a pipe, which the limit above does not stop (core(5)) */
#endif
}

int main(int argc, char **argv)
{
    keep_memory_private();
    if (argc < 2) {
        usage(stderr);
        return ES_EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage(stdout);
        return ES_EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("evensight " ES_VERSION);
        return ES_EXIT_DONE;
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argv[1], commands[i].name) != 0) continue;
        if (asks_help(argc - 1, argv + 1)) {
            printf("usage: evensight %s %s\n\n%s", commands[i].name, commands[i].arguments, commands[i].help);
            return ES_EXIT_DONE;
        }
        es_dicom_process_setup(true); /* this process is our own: its data dictionary may be extended */
        es_hash_setup();
        const int status = commands[i].run(argc - 1, argv + 1);
        if (fflush(stdout) != 0 || ferror(stdout)) return es_complain(ES_EXIT_USAGE, argv[1], "standard output could not be written");
        return status;
    }
    fprintf(stderr, "evensight: found command \"%.40s\", expected one of:", argv[1]);
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) fprintf(stderr, " %s", commands[i].name);
    fputc('\n', stderr);
    return ES_EXIT_USAGE;
}
