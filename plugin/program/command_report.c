/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/program.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/report/report.h"

const char es_help_report[] =
    "Prints the report on standard output, or writes it to PATH. The same ledger, configuration and version give the same bytes.\n\n"
    "  -c, --config CONF     the configuration\n"
    "  -f, --format FORMAT   json (default), html, csv, openmetrics, text, or plots (PNG files; PATH is then a folder)\n"
    "  -o, --output PATH     where to; a file is replaced whole or left as it was\n"
    "      --from DAY        first exam date counted, YYYY-MM-DD\n"
    "      --to DAY          last exam date counted, YYYY-MM-DD\n"
    "      --as-of ENTRY     as the ledger stood behind that entry, with the configuration and the plan of then; byte for byte the report\n"
    "                        that was made then by the same version. A report's provenance names its entry (NODE:ENTRY,... where\n"
    "                        several nodes share a ledger). Nothing is recorded\n"
    "      --audience WHO    internal (default) or external: which disclosure rule of the configuration applies. A report for outsiders is\n"
    "                        recorded and shown again as it stands until the next is due (Disclosure.ReleaseEvery); it has no --from and --to\n";

static enum es_errc render_text(const cJSON *release, struct es_bytes *out, struct es_error *err)
{
    struct winsize size = {0};
    unsigned columns = 140;
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 60) columns = size.ws_col;
    return es_render_text(release, columns, out, err);
}

static const struct {
    const char *name;
    enum es_errc (*render)(const cJSON *, struct es_bytes *, struct es_error *); /* NULL: plots */
} formats[] = {{"json", es_render_json},
               {"html", es_render_html},
               {"csv", es_render_csv},
               {"openmetrics", es_render_openmetrics},
               {"text", render_text},
               {"plots", NULL}};

static bool format_known(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i].name, name) == 0) return true;
    return false;
}

static enum es_errc put_plots(const cJSON *release, const char *folder, struct es_error *err)
{
    struct es_plot_list list = {0};
    enum es_errc rc = es_plot_names(release, &list, err);
    if (rc != ES_OK) return rc;
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) rc = es_fail(err, ES_E_ARG, "%s: %s", folder, strerror(errno));
    for (size_t i = 0; i < list.count && rc == ES_OK; i++) {
        char path[4096];
        struct es_bytes bytes = {0};
        es_progress_show("drawing", i, list.count);
        rc = es_render_plot(release, list.names[i], &bytes, err);
        const int n = snprintf(path, sizeof path, "%s/%s", folder, list.names[i]);
        if (rc == ES_OK && (n < 0 || (size_t)n >= sizeof path)) rc = es_fail(err, ES_E_ARG, "the folder's path is too long");
        if (rc == ES_OK) rc = es_put_file(path, &bytes, err);
        es_bytes_free(&bytes);
    }
    es_progress_end();
    es_plot_list_free(&list);
    return rc;
}

static enum es_errc put_release(const cJSON *release, const struct es_request *request, struct es_error *err)
{
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        if (strcmp(formats[i].name, request->format) != 0) continue;
        if (!formats[i].render) return put_plots(release, request->output, err);
        struct es_bytes bytes = {0};
        enum es_errc rc = formats[i].render(release, &bytes, err);
        if (rc == ES_OK) rc = es_put_output(request->output, &bytes, err);
        es_bytes_free(&bytes);
        return rc;
    }
    return es_fail(err, ES_E_ARG, "no such format");
}

static int parse(int argc, char **argv, struct es_request *request)
{
    const int status = es_request_parse(argc, argv, request);
    if (status != ES_EXIT_DONE) return status;
    if (optind != argc) return es_complain(ES_EXIT_USAGE, "report", "found %d arguments too many, expected none", argc - optind);
    if (!format_known(request->format))
        return es_complain(ES_EXIT_USAGE, "report", "-f: found \"%.20s\", expected json, html, csv, openmetrics, text or plots",
                           request->format);
    if (strcmp(request->format, "plots") == 0 && !request->output)
        return es_complain(ES_EXIT_USAGE, "report", "-f plots needs -o FOLDER");
    return ES_EXIT_DONE;
}

/* A report is of a ledger that is there: a mistyped path must not make an empty one. */
static int ledger_there(const char *config_path)
{
    struct es_config *config = NULL;
    struct es_error err = {0};
    bool is_new = false;
    int status = ES_EXIT_DONE;
    if (es_config_read(&config, config_path, &err) != ES_OK)
        return es_complain(ES_EXIT_USAGE, "report", "%s: %s", config_path, err.text);
    if (es_ledger_is_new(config->ledger, &is_new, &err) != ES_OK) status = es_complain(ES_EXIT_LEDGER, "report", "%s", err.text);
    else if (is_new)
        status = es_complain(ES_EXIT_LEDGER, "report", "%s: found no ledger; `evensight ingest` or the plugin makes one", config->ledger);
    es_config_free(config);
    return status;
}

/* A report is recorded as shown, which needs the writer's lease. While another process holds it (the plugin, an ingest), the
 * report is made all the same and the reader is told. */
static int open_for_report(struct es_opened *out, const char *config_path, bool *recorded)
{
    if (!config_path) return es_complain(ES_EXIT_USAGE, "report", "-c CONF is needed");
    const int there = ledger_there(config_path);
    return there != ES_EXIT_DONE ? there : es_open_to_record(out, "report", config_path, recorded);
}

int es_command_report(int argc, char **argv)
{
    struct es_request request;
    int status = parse(argc, argv, &request);
    if (status != ES_EXIT_DONE) return status;
    struct es_opened opened;
    bool recorded = true;
    if (request.as_of.count > 0) recorded = false; /* it was when it was first shown */
    status = request.as_of.count > 0 ? es_open_site_as_of(&opened, "report", request.config, &request.as_of)
                                     : open_for_report(&opened, request.config, &recorded);
    if (status != ES_EXIT_DONE) return status;
    struct es_error err = {0};
    cJSON *release = NULL;
    const bool outsiders = es_for_outsiders(&request, opened.site);
    enum es_errc rc = outsiders ? es_request_whole(&request, &err) : es_report_build(opened.site, &request.options, &release, &err);
    if (rc == ES_OK && outsiders) rc = es_report_external(opened.site, recorded, &release, &err);
    if (rc == ES_OK && recorded && !outsiders) rc = es_report_record(opened.site, release, &err);
    if (rc == ES_OK) rc = put_release(release, &request, &err);
    if (rc != ES_OK) status = es_complain(es_exit_status(&err), "report", "%s", err.text);
    if (rc == ES_E_STATE && outsiders && !recorded && request.as_of.count == 0) es_advise_first("report", true);
    cJSON_Delete(release);
    es_close_site(&opened);
    return status;
}
