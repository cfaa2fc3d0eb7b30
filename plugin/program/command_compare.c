/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/program.h"

#include <getopt.h>
#include <string.h>

#include "plugin/report/versions/versions.h"

const char es_help_compare[] =
    "Compares version V2 of a model with version V1, only on units that both decided and whose reference is due: the change of\n"
    "sensitivity and specificity of each group with its interval, the floors of the plan, and whether a gap between groups closed\n"
    "because the worse-off gained or because others lost (levelling down). What each version did on all of its own units stands\n"
    "beside, confounded by time. Findings of other tasks than binary are named as not compared. Nothing is recorded.\n\n"
    "  -c, --config CONF     the configuration\n"
    "  -f, --format FORMAT   json (default), text or html\n"
    "  -o, --output PATH     where to; a file is replaced whole or left as it was\n"
    "      --from DAY        first exam date counted, YYYY-MM-DD\n"
    "      --to DAY          last exam date counted, YYYY-MM-DD\n"
    "      --audience WHO    internal (default) or external: which disclosure rule of the configuration applies; for outsiders it is recorded\n"
    "                        and shown again until the next is due, and has no --from and --to\n";

struct request {
    struct es_request common;
    char model[ES_NAME_SIZE], version[2][ES_NAME_SIZE];
    struct es_versions_options options;
};

static const struct {
    const char *name;
    enum es_errc (*render)(const cJSON *, struct es_bytes *, struct es_error *);
} formats[] = {{"json", es_versions_json}, {"text", es_versions_text}, {"html", es_versions_html}};
#define FORMATS (sizeof formats / sizeof formats[0])

/* MODEL@VERSION, cut at the first "@": names of models have none. */
static bool split(const char *text, char model[ES_NAME_SIZE], char version[ES_NAME_SIZE])
{
    const char *at = strchr(text, '@');
    if (!at || at == text || !at[1]) return false;
    const size_t name = (size_t)(at - text), rest = strlen(at + 1);
    if (name >= ES_NAME_SIZE || rest >= ES_NAME_SIZE) return false;
    memcpy(model, text, name);
    model[name] = '\0';
    memcpy(version, at + 1, rest + 1);
    return true;
}

static int operands(int argc, char **argv, struct request *request)
{
    char other[ES_NAME_SIZE];
    if (argc - optind != 2)
        return es_complain(ES_EXIT_USAGE, "compare", "found %d models, expected two: MODEL@V1 MODEL@V2", argc - optind);
    for (int side = 0; side < 2; side++)
        if (!split(argv[optind + side], side ? other : request->model, request->version[side]))
            return es_complain(ES_EXIT_USAGE, "compare", "found \"%.80s\", expected MODEL@VERSION", argv[optind + side]);
    if (strcmp(request->model, other) != 0)
        return es_complain(ES_EXIT_USAGE, "compare", "found models \"%s\" and \"%s\", expected two versions of one", request->model, other);
    request->options.model = request->model;
    request->options.versions[0] = request->version[0];
    request->options.versions[1] = request->version[1];
    return ES_EXIT_DONE;
}

static int parse(int argc, char **argv, struct request *request)
{
    bool known = false;
    const int status = es_request_parse(argc, argv, &request->common);
    if (status != ES_EXIT_DONE) return status;
    for (size_t i = 0; i < FORMATS; i++) known |= strcmp(formats[i].name, request->common.format) == 0;
    if (!known)
        return es_complain(ES_EXIT_USAGE, "compare", "-f: found \"%.20s\", expected json, text or html", request->common.format);
    request->options.from = request->common.options.from;
    request->options.to = request->common.options.to;
    request->options.audience = request->common.options.audience;
    return operands(argc, argv, request);
}

static enum es_errc put(const cJSON *tree, const struct request *request, struct es_error *err)
{
    struct es_bytes bytes = {0};
    enum es_errc rc = ES_OK;
    for (size_t i = 0; i < FORMATS; i++)
        if (strcmp(formats[i].name, request->common.format) == 0) rc = formats[i].render(tree, &bytes, err);
    if (rc == ES_OK) rc = es_put_output(request->common.output, &bytes, err);
    es_bytes_free(&bytes);
    return rc;
}

int es_command_compare(int argc, char **argv)
{
    struct request request = {0};
    int status = parse(argc, argv, &request);
    if (status != ES_EXIT_DONE) return status;
    struct es_opened opened;
    bool record = false;
    if (request.common.as_of.count == 0 && request.options.audience == ES_AUDIENCE_EXTERNAL)
        status = es_open_to_record(&opened, "compare", request.common.config, &record);
    else
        status = request.common.as_of.count > 0 ? es_open_site_as_of(&opened, "compare", request.common.config, &request.common.as_of)
                                            : es_open_site(&opened, "compare", request.common.config, ES_SITE_READ);
    if (status != ES_EXIT_DONE) return status;
    struct es_error err = {0};
    cJSON *tree = NULL;
    const bool outsiders = es_for_outsiders(&request.common, opened.site);
    enum es_errc rc = outsiders ? es_request_whole(&request.common, &err) : es_versions_build(opened.site, &request.options, &tree, &err);
    if (rc == ES_OK && outsiders) rc = es_versions_external(opened.site, &request.options, record, &tree, &err);
    if (rc == ES_OK) rc = put(tree, &request, &err);
    if (rc != ES_OK) status = es_complain(es_exit_status(&err), "compare", "%s", err.text);
    if (rc == ES_E_STATE && outsiders && !record && request.common.as_of.count == 0) es_advise_first("compare", false);
    cJSON_Delete(tree);
    es_close_site(&opened);
    return status;
}
