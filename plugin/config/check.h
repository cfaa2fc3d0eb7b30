/* SPDX-License-Identifier: Apache-2.0 */
/** @file check.h
 * Checking of configuration objects by tables: one row a key, one message form for every fault.
 *
 * Private to plugin/config/. A message is `PATH: found WHAT, expected WHAT`. Configuration values may stand in messages: they
 * are the operator's own, never a patient's.
 */
#ifndef ES_PLUGIN_CONFIG_CHECK_H
#define ES_PLUGIN_CONFIG_CHECK_H

#include "plugin/base/json.h"
#include "plugin/config/config.h"

/** What one parse carries along. */
struct config_reader {
    struct es_config *config;
    const char *base;     /* directory of relative file names; NULL: the working directory */
    bool stored;          /* a document of the ledger: vocabularies stand inside, files are not looked for */
    struct es_error *err; /* may be NULL */
};

/** Place of a value: a chain of links on the stack, from the value up. Printed only when something is wrong. */
struct config_place {
    const struct config_place *up;
    const char *key; /* NULL: an index */
    size_t index;
};

enum config_kind {
    CONFIG_BOOL,     /* bool */
    CONFIG_NUMBER,   /* double within lo..hi */
    CONFIG_COUNT,    /* uint32_t, whole, within lo..hi */
    CONFIG_NAME,     /* char[size]: 1..size-1 of [A-Za-z0-9 _.+-] */
    CONFIG_TEXT,     /* char[size]: UTF-8 without control characters, may be empty */
    CONFIG_CHOICE,   /* int32_t: one of `words` (ends with NULL), stored as its index */
    CONFIG_DURATION, /* int64_t microseconds: "90s", "15m", "1h", "30d"; "0d" */
    CONFIG_DAY,      /* int32_t: "YYYY-MM-DD" or "YYYYMMDD" */
    CONFIG_FILE,     /* char[size]: a path, relative ones from the base */
    CONFIG_OTHER     /* read() decides */
};

typedef enum es_errc config_read_fn(struct config_reader *reader, const cJSON *item, const struct config_place *place, void *into);

/** One key: how it is read and where it goes. */
struct config_key {
    const char *name;
    enum config_kind kind;
    bool required;
    size_t offset, size;      /* of the target in the object; size of a char array */
    double lo, hi;            /* NUMBER, COUNT */
    const char *const *words; /* CHOICE */
    config_read_fn *read;     /* OTHER; gets the whole object as `into` */
};

/** Read an object by its table. Unknown, doubled and missing keys are faults. `into` holds the defaults beforehand. */
enum es_errc config_object(struct config_reader *reader, const cJSON *item, const struct config_place *place,
                           const struct config_key *keys, size_t count, void *into);

/** `PATH: found FOUND, expected EXPECTED`; returns ES_E_CONFIG. */
enum es_errc config_fault(struct config_reader *reader, const struct config_place *place, const cJSON *found, const char *expected,
                          ...) ES_PRINTF(4, 5);
/** `PATH: TEXT`; returns ES_E_CONFIG. */
enum es_errc config_wrong(struct config_reader *reader, const struct config_place *place, const char *format, ...) ES_PRINTF(3, 4);
enum es_errc config_memory(struct config_reader *reader);

/** A list of at least `least` and at most `most` items; its length in *count. */
enum es_errc config_list(struct config_reader *reader, const cJSON *item, const struct config_place *place, size_t least, size_t most,
                         size_t *count);
/** A text into a buffer; `name` holds it to the characters of names. */
enum es_errc config_text(struct config_reader *reader, const cJSON *item, const struct config_place *place, bool name, char *out,
                         size_t size);
/** "VALUE,SCHEME" into a code; both parts needed. */
enum es_errc config_code(struct config_reader *reader, const cJSON *item, const struct config_place *place, struct es_code *out);
/** A path, relative ones from the base. */
enum es_errc config_file(struct config_reader *reader, const cJSON *item, const struct config_place *place, char *out, size_t size);

/* The parts, each in its file. */
config_read_fn config_read_axes, config_read_intersections, config_read_models, config_read_plan, config_read_intake;
/** A list of From rules. *out and *n_out are set as soon as there is something to free. */
enum es_errc config_read_rules(struct config_reader *reader, const cJSON *item, const struct config_place *list, struct es_from_rule **out,
                               size_t *n_out);
/** "References" of a model or a finding. @param out  written whole */
enum es_errc config_read_references(struct config_reader *reader, const cJSON *item, const struct config_place *place,
                                    struct es_precedence *out);
/** Make the canonical documents of a configuration that has been read. */
enum es_errc config_make_documents(struct config_reader *reader);
/** Index of an axis by name; -1 when there is none. */
int config_axis(const struct es_config *config, const char *name);

#endif
