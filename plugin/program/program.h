/* SPDX-License-Identifier: Apache-2.0 */
/** @file program.h
 * What the commands of the `evensight` program share. The program is a thin host: arguments in, library calls, answers out.
 */
#ifndef ES_PLUGIN_PROGRAM_H
#define ES_PLUGIN_PROGRAM_H

#include <stdbool.h>
#include <stdio.h>

#include "plugin/config/config.h"
#include "plugin/report/report.h"
#include "plugin/site/site.h"

/** Exit status of every command. */
enum es_exit {
    ES_EXIT_DONE = 0,
    ES_EXIT_REFUSED = 1, /* some input was refused, each named on stderr; everything else was taken */
    ES_EXIT_USAGE = 2,   /* usage, configuration, or an output that cannot be written */
    ES_EXIT_LEDGER = 3   /* the ledger could not be opened or written */
};

/** One command. main.c holds the table. */
struct es_command {
    const char *name, *arguments, *summary;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; returns enum es_exit */
    const char *help;                  /* printed by --help, after the usage line */
};

int es_command_compare(int argc, char **argv);
int es_command_facts(int argc, char **argv);
int es_command_forget(int argc, char **argv);
int es_command_rotate(int argc, char **argv);
int es_command_ingest(int argc, char **argv);
int es_command_report(int argc, char **argv);
int es_command_trace(int argc, char **argv);
int es_command_verify(int argc, char **argv);
extern const char es_help_compare[], es_help_facts[], es_help_forget[], es_help_ingest[], es_help_report[], es_help_rotate[], es_help_trace[],
    es_help_verify[];

/** Print "evensight COMMAND: text" to stderr and return the status. */
int es_complain(int status, const char *command, const char *fmt, ...) ES_PRINTF(3, 4);
/** Arguments of a command that takes a configuration and nothing else. @return ES_EXIT_DONE or ES_EXIT_USAGE, complained on stderr */
int es_only_config(int argc, char **argv, const char **config);
/** Exit status for a failure: configuration 2, ledger 3. */
int es_exit_status(const struct es_error *err);

/** A configuration and a site, opened by path. Either both are open or neither. */
struct es_opened {
    struct es_config *config;
    struct es_site *site;
};
/** Read the configuration and open the site. */
ES_MUST_USE enum es_errc es_try_site(struct es_opened *out, const char *config_path, enum es_site_mode mode, struct es_error *err);
/** The same; complains on stderr. @return ES_EXIT_DONE or the exit status */
int es_open_site(struct es_opened *out, const char *command, const char *config_path, enum es_site_mode mode);
void es_close_site(struct es_opened *opened);

/** Write a file whole, or leave it as it was. */
ES_MUST_USE enum es_errc es_put_file(const char *path, const struct es_bytes *bytes, struct es_error *err);
/** The same; NULL and "-" are standard output. */
ES_MUST_USE enum es_errc es_put_output(const char *path, const struct es_bytes *bytes, struct es_error *err);

/** Points in the chains of a ledger, as --as-of tells them. */
struct es_moment {
    struct es_head points[16];
    size_t count; /* 0: not asked for */
};
/** To record what is shown; while another process writes, for reading only. @param recorded  which of the two; written */
int es_open_to_record(struct es_opened *out, const char *command, const char *config_path, bool *recorded);
/** What to do when no report for outsiders was made yet, and the ledger is another process's: on standard error. @param by_itself  would the plugin
 * make one? */
void es_advise_first(const char *command, bool by_itself);
/** For reading, as the ledger stood at a moment. */
int es_open_site_as_of(struct es_opened *out, const char *command, const char *config_path, const struct es_moment *moment);
/** What report and compare are both asked with. */
struct es_request {
    const char *config, *format, *output; /* borrowed from argv; format "json" unless given */
    struct es_moment as_of;
    struct es_report_options options;
};
/** Read the options; optind then stands at the first operand. Complains by the command's name (argv[0]).
 * @return ES_EXIT_DONE or ES_EXIT_USAGE */
int es_request_parse(int argc, char **argv, struct es_request *out);
/** Is it for outsiders, under a rule that withholds anything? */
bool es_for_outsiders(const struct es_request *request, const struct es_site *site);
/** For outsiders: the whole period. @return ES_E_ARG when days were given */
ES_MUST_USE enum es_errc es_request_whole(const struct es_request *request, struct es_error *err);

/** Whom a command is about, read from standard input as one JSON object. Wipe after use. @return ES_EXIT_DONE or ES_EXIT_USAGE */
int es_read_sought(const char *command, struct es_sought *sought);

/** A progress line on stderr, only on a terminal, and only for what takes longer than a second. */
void es_progress_show(const char *what, uint64_t done, uint64_t total);
/** End the line, if one was shown. */
void es_progress_end(void);
/** es_progress_show() as a library callback. */
extern const struct es_progress es_program_progress;

#endif
