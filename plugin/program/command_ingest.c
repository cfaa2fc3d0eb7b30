/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/program.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plugin/base/lines.h"
#include "plugin/intake/intake.h"
#include "plugin/program/batch.h"
#include "plugin/program/files.h"

const char es_help_ingest[] =
    "Takes every file named, and every file below every folder named: DICOM objects, JSON Lines of events (names ending in .jsonl\n"
    "or .ndjson; - reads them from standard input), and what the rules of \"Intake\" in the configuration read: CSV, JSON, HL7 v2,\n"
    "FHIR, folders of mercure and MONAI Deploy, report texts. What is refused is named on stderr by file and line with its reason,\n"
    "never with a value, and the rest goes on.\n"
    "Each batch is on disk before the next begins. A summary stands on stderr; standard output stays empty.\n\n"
    "  -c, --config CONF   the configuration\n";

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* ES_E_IO and ES_E_STATE end the run: the ledger said no. */
static enum es_errc take_lines(struct es_batch *batch, FILE *in, const char *path, uint64_t size, struct es_error *err)
{
    struct es_lines lines;
    struct es_error why = {0};
    enum es_errc rc = es_lines_open(&lines, in, ES_MAX_LINE) ? ES_OK : es_fail(err, ES_E_MEMORY, "memory ran out");
    for (enum es_line line; rc == ES_OK && (line = es_lines_next(&lines)) != ES_LINE_END;) {
        if (line == ES_LINE_TOO_LONG) {
            why = (struct es_error){0};
            es_fail(&why, ES_E_LIMIT, "a line of %zu bytes, at most %u are read", lines.len, ES_MAX_LINE);
            es_batch_refuse(batch, path, lines.number, &why);
        } else if (lines.len > 0) {
            rc = es_batch_json(batch, path, lines.number, lines.text, lines.len, err);
        }
        es_progress_show("reading", lines.done, size);
    }
    if (rc == ES_OK && ferror(in)) {
        why = (struct es_error){0};
        es_fail(&why, ES_E_IO, "could not be read to its end");
        es_batch_refuse(batch, path, lines.number, &why);
    }
    es_lines_close(&lines);
    return rc;
}

static enum es_errc take_jsonl(struct es_batch *batch, const char *path, struct es_error *err)
{
    struct stat st;
    FILE *in = fopen(path, "rb");
    if (!in) {
        struct es_error unopened = {0};
        es_fail(&unopened, ES_E_IO, "could not be opened");
        es_batch_refuse(batch, path, 0, &unopened);
        return ES_OK;
    }
    const enum es_errc rc = take_lines(batch, in, path, fstat(fileno(in), &st) == 0 ? (uint64_t)st.st_size : 0, err);
    (void)fclose(in);
    return rc;
}

static void no_rule(struct es_batch *batch, const struct es_config *config, const char *path)
{
    char rules[200];
    struct es_error why = {0};
    es_intake_list(config, rules, sizeof rules);
    es_fail(&why, ES_E_REFUSED, "found no rule of Intake that reads it; rules: %s", rules);
    es_batch_refuse(batch, path, 0, &why);
}

static enum es_errc take_path(struct es_batch *batch, const struct es_config *config, const char *path, struct es_error *err)
{
    if (strcmp(path, "-") == 0) return take_lines(batch, stdin, "(standard input)", 0, err);
    switch (es_intake_fits(config, path)) {
    case ES_INTAKE_READ: return es_batch_intake(batch, path, err);
    case ES_INTAKE_BESIDE: return ES_OK;
    case ES_INTAKE_NO_RULE: break;
    }
    if (ends_with(path, ".jsonl") || ends_with(path, ".ndjson")) return take_jsonl(batch, path, err);
    if (!es_files_wants_rule(path)) return es_batch_dicom(batch, path, err);
    no_rule(batch, config, path);
    return ES_OK;
}

static enum es_errc take_paths(struct es_batch *batch, const struct es_config *config, const struct es_files *files, struct es_error *err)
{
    enum es_errc rc = ES_OK;
    for (size_t i = 0; i < files->count && rc == ES_OK; i++) {
        rc = take_path(batch, config, files->paths[i], err);
        es_progress_show("files", i + 1, files->count);
    }
    return rc == ES_OK ? es_batch_flush(batch, err) : rc;
}

static int ingest(struct es_site *site, char **paths, int count)
{
    struct es_files files = {0};
    struct es_batch *batch = NULL;
    struct es_error err = {0};
    int status = ES_EXIT_DONE;
    enum es_errc rc = es_files_gather(&files, paths, (size_t)count, &err);
    if (rc == ES_OK) rc = es_batch_new(&batch, site, &err);
    if (rc == ES_OK) rc = take_paths(batch, es_site_config(site), &files, &err);
    es_progress_end();
    if (batch) {
        const struct es_batch_counts counts = es_batch_count(batch);
        fprintf(stderr,
                "taken %" PRIu64 ", revised %" PRIu64 ", duplicates %" PRIu64 ", refused %" PRIu64
                ", files that say nothing here %" PRIu64,
                counts.taken, counts.revised, counts.duplicate, counts.refused + files.unread, counts.silent);
        if (counts.unsaid > 0) fprintf(stderr, ", records that say nothing %" PRIu64, counts.unsaid);
        fputc('\n', stderr);
        if (counts.refused + files.unread > 0) status = ES_EXIT_REFUSED;
    }
    if (rc != ES_OK) status = es_complain(rc == ES_E_ARG ? ES_EXIT_USAGE : ES_EXIT_LEDGER, "ingest", "%s", err.text);
    es_batch_free(batch);
    es_files_clear(&files);
    return status;
}

int es_command_ingest(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {0}};
    const char *config = NULL;
    for (int c; (c = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
        if (c != 'c') return ES_EXIT_USAGE;
        config = optarg;
    }
    if (optind == argc) return es_complain(ES_EXIT_USAGE, "ingest", "no file or folder was named");
    struct es_opened opened;
    int status = es_open_site(&opened, "ingest", config, ES_SITE_WRITE);
    if (status != ES_EXIT_DONE) return status;
    status = ingest(opened.site, argv + optind, argc - optind);
    es_close_site(&opened);
    return status;
}
