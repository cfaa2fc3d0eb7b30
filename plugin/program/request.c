/* SPDX-License-Identifier: Apache-2.0 */
#include <getopt.h>
#include <string.h>

#include "plugin/base/time.h"
#include "plugin/program/program.h"

static bool audience(const char *command, const char *text, enum es_audience *out)
{
    if (strcmp(text, "internal") != 0 && strcmp(text, "external") != 0) {
        (void)es_complain(ES_EXIT_USAGE, command, "--audience: found \"%.20s\", expected internal or external", text);
        return false;
    }
    *out = strcmp(text, "external") == 0 ? ES_AUDIENCE_EXTERNAL : ES_AUDIENCE_INTERNAL;
    return true;
}

static bool day(const char *command, const char *option, const char *text, int32_t *out)
{
    if (es_day_parse(text, out)) return true;
    (void)es_complain(ES_EXIT_USAGE, command, "%s: found \"%.20s\", expected a date as YYYY-MM-DD", option, text);
    return false;
}

/* "12", or "north:12,south:7". */
static bool moment(const char *command, const char *text, struct es_moment *out)
{
    const char *at = text;
    *out = (struct es_moment){0};
    for (bool more = true; more; at++) {
        struct es_head *point = &out->points[out->count];
        const size_t part = strcspn(at, ","), name = strcspn(at, ":,");
        const char *digit = name < part ? at + name + 1 : at;
        bool good = out->count < sizeof out->points / sizeof out->points[0] && (name == part || (name > 0 && name < sizeof point->node)) && digit < at + part;
        if (good && name < part) memcpy(point->node, at, name);
        uint64_t number = 0;
        for (; good && digit < at + part; digit++) {
            good = *digit >= '0' && *digit <= '9' && number < UINT64_MAX / 10 - 1;
            number = number * 10 + (uint64_t)(*digit - '0');
        }
        if (!good) {
            (void)es_complain(ES_EXIT_USAGE, command,
                              "--as-of: found \"%.40s\", expected the number of an entry, or NODE:NUMBER,... as a report's ledger heads give them", text);
            return false;
        }
        point->seq = number;
        out->count++;
        at += part;
        more = *at == ',';
    }
    return true;
}

bool es_for_outsiders(const struct es_request *request, const struct es_site *site)
{
    return request->options.audience == ES_AUDIENCE_EXTERNAL && es_site_config(site)->external.kind != ES_DISCLOSE_ALL;
}

/* Two periods are two reports, and one could be subtracted from the other. */
enum es_errc es_request_whole(const struct es_request *request, struct es_error *err)
{
    if (request->options.from == ES_NO_DAY && request->options.to == ES_NO_DAY) return ES_OK;
    return es_fail(err, ES_E_ARG, "%s: found a day, expected none with --audience external, whose reports are of the whole period",
                   request->options.from != ES_NO_DAY ? "--from" : "--to");
}

int es_request_parse(int argc, char **argv, struct es_request *out)
{
    enum { FROM = 256, TO, AUDIENCE, AS_OF };
    static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {"format", required_argument, NULL, 'f'},
                                            {"output", required_argument, NULL, 'o'}, {"from", required_argument, NULL, FROM},
                                            {"to", required_argument, NULL, TO},      {"audience", required_argument, NULL, AUDIENCE},
                                            {"as-of", required_argument, NULL, AS_OF},
                                            {0}};
    *out = (struct es_request){.format = "json", .options = {.from = ES_NO_DAY, .to = ES_NO_DAY, .audience = ES_AUDIENCE_INTERNAL}};
    for (int c; (c = getopt_long(argc, argv, "c:f:o:", options, NULL)) != -1;) {
        bool good = true;
        switch (c) {
        case 'c': out->config = optarg; break;
        case 'f': out->format = optarg; break;
        case 'o': out->output = optarg; break;
        case FROM: good = day(argv[0], "--from", optarg, &out->options.from); break;
        case TO: good = day(argv[0], "--to", optarg, &out->options.to); break;
        case AUDIENCE: good = audience(argv[0], optarg, &out->options.audience); break;
        case AS_OF: good = moment(argv[0], optarg, &out->as_of); break;
        default: good = false; break;
        }
        if (!good) return ES_EXIT_USAGE;
    }
    return ES_EXIT_DONE;
}

int es_only_config(int argc, char **argv, const char **config)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'}, {0}};
    for (int c; (c = getopt_long(argc, argv, "c:", options, NULL)) != -1;) {
        if (c != 'c') return ES_EXIT_USAGE;
        *config = optarg;
    }
    if (optind != argc) return es_complain(ES_EXIT_USAGE, argv[0], "found %d arguments too many, expected none", argc - optind);
    return ES_EXIT_DONE;
}
