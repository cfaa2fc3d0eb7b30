/* SPDX-License-Identifier: Apache-2.0 */
/** @file rule.h
 * One rule of "Intake": which files it reads, and how what stands in them becomes messages. Made by plugin/config/intake*.c, used by
 * plugin/intake/; neither changes it afterwards. One thread at a time (patterns are matched in it).
 *
 * A rule's Map is a message of the schema (intake/jsonl.h) with sources for values: a column, a path, a field, the file's name, a
 * constant. So there is one schema for all that arrives, and one place that checks it.
 */
#ifndef ES_PLUGIN_INTAKE_RULE_H
#define ES_PLUGIN_INTAKE_RULE_H

#include "plugin/base/json_path.h"
#include "plugin/base/pattern.h"
#include "plugin/event/event.h"
#include "plugin/intake/jsonl.h"
#include "plugin/narrative/narrative.h"

enum es_intake_kind {
    ES_INTAKE_CSV,
    ES_INTAKE_JSON,
    ES_INTAKE_JSONL,
    ES_INTAKE_HL7,
    ES_INTAKE_FHIR,
    ES_INTAKE_MERCURE, /* result.json beside task.json */
    ES_INTAKE_MONAI,   /* metadata.json */
    ES_INTAKE_TEXT,    /* the whole file is one report */
    ES_INTAKE_PNG,     /* the whole file is one mask */
    ES_INTAKE_KINDS
};
const char *es_intake_kind_name(enum es_intake_kind kind);

enum es_intake_source_kind {
    ES_TAKE_COLUMN,   /* CSV: by the header's name */
    ES_TAKE_PATH,     /* JSON: base/json_path.h; $ the document, @ the record */
    ES_TAKE_FIELD,    /* HL7: "PID-3.1", "OBR-18" */
    ES_TAKE_CONTENT,  /* PNG: the file itself, in base64, for mask_png */
    ES_TAKE_FILE,     /* the first group of `pattern` in the file's path */
    ES_TAKE_CONSTANT
};

/** Where one value comes from, and what is done to it, in this order: pattern, values, digits, prefix and suffix, date, scale. */
struct es_intake_source {
    enum es_intake_source_kind kind;
    char text[ES_JSON_PATH_SIZE];  /* column, path, field; "" otherwise */
    size_t column;                 /* of a CSV file's header, set while it is read; SIZE_MAX: not there */
    struct es_json_path *path;     /* owned; PATH */
    struct es_pattern *pattern;    /* owned; its first group is the value; what it does not match is absent */
    cJSON *constant;               /* owned; CONSTANT */
    cJSON *present, *otherwise;    /* owned; the value when there is any; when there is none, or none that values lists. NULL: not said */
    cJSON *values;                 /* owned; object: text as it stands -> value; null: nothing was said */
    cJSON *is;                     /* owned; list of texts; of "Where" */
    uint32_t digits;               /* a whole number is filled up to so many with zeroes, "42" -> "042"; 0: it is not */
    char prefix[65], suffix[33];
    char date[41];                 /* "DD.MM.YYYY hh:mm:ss"; "": ISO 8601 or YYYYMMDD */
    char zone[7];                  /* "+01:00" or "Z"; appended to a time without one */
    double scale;                  /* numbers are multiplied by it; 0: they are not */
};

/** One value of the message. */
struct es_intake_slot {
    const char *group;          /* "", "unit", "model", "demographics", "acquisition", "attributes" or "findings" */
    char key[ES_NAME_SIZE];
    uint16_t finding;           /* index, of group "findings" */
    enum es_message_type type;
    struct es_intake_source *sources; /* owned; the first that gives a value */
    size_t n_sources;
};

enum es_intake_as { ES_AS_TASK, ES_AS_SCORE, ES_AS_VALUE, ES_AS_LABEL, ES_AS_DECISION };
/** Several observations of one finding and side in one record. HIGHEST: yes stands above not to be told, that above no; of numbers in
 * one unit the greatest. The status is the least settled one; a cancelled observation counts only where all are. */
enum es_intake_combine { ES_INTAKE_ONE, /* the record is refused */ ES_INTAKE_HIGHEST };
#define ES_INTAKE_CODES 16
/** One finding of coded observations or texts (HL7, FHIR, reports). */
struct es_intake_finding {
    char name[ES_NAME_SIZE];
    struct es_code codes[ES_INTAKE_CODES]; /* what is observed; scheme "*": any */
    size_t n_codes;
    struct es_code present[ES_INTAKE_CODES], absent[ES_INTAKE_CODES]; /* answers that mean yes and no; scheme "*": any, or plain text */
    size_t n_present, n_absent;
    enum es_intake_as as;
    enum es_intake_combine combine;
    double scale;               /* 0: by units */
    int text;                   /* its number in the reader; -1: it has no patterns */
};

#define ES_INTAKE_TIME 40 /* bytes of a time as text, its NUL included */
#define ES_INTAKE_FILES 16
#define ES_INTAKE_LISTED 64     /* texts that mean blank; columns of a file without a header: ES_INTAKE_COLUMNS */
#define ES_INTAKE_COLUMNS 1024
struct es_intake_rule {
    char name[ES_NAME_SIZE];
    enum es_intake_kind kind;
    char files[ES_INTAKE_FILES][128]; /* glob patterns of the file's name, or of its path where they hold a slash */
    size_t n_files;
    enum es_event_kind event;   /* 0: by author (FHIR): a device's is a result, all else a reference */
    char source[ES_NAME_SIZE], model[ES_NAME_SIZE], version[ES_NAME_SIZE]; /* constants; "": mapped, or none */
    char delimiter;
    char charset[33];           /* as iconv(3) knows it; "": UTF-8, for HL7 what MSH-18 says */
    char decimal;               /* '.' or ',' */
    cJSON *blank;               /* owned; list of texts; NULL: none */
    cJSON *columns;             /* owned; list of names; NULL: the first row is a header */
    struct es_json_path *each;  /* owned; NULL: the document is the one record */
    struct es_intake_source *where; /* owned; NULL: every record */
    struct es_intake_slot *slots;   /* owned */
    size_t n_slots, n_findings_mapped;
    struct es_intake_source *text;  /* owned; the report's text; NULL: none, or what the kind itself calls text */
    struct es_intake_finding *findings; /* owned */
    size_t n_findings;
    struct es_text_reader *reader;  /* owned; NULL: no finding has patterns */
    cJSON *document;            /* owned; the rule as it stood, without what only names files: for the canonical document */
};

/** Free what a rule owns. */
void es_intake_rule_clear(struct es_intake_rule *rule);
void es_intake_source_clear(struct es_intake_source *source);

#endif
