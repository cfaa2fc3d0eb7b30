/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/intake/document.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/intake/intake.h"

#define MAX_UP 6 /* folders above a result in which its task or payload may stand */
#define MAX_BESIDE (4u << 20)

enum es_errc es_document_slurp(const char *path, size_t most, char **out, size_t *len, struct es_error *err)
{
    FILE *in = fopen(path, "rbe");
    size_t room = 65536, n = 0;
    if (in == NULL) return errno == ENOMEM ? es_fail(err, ES_E_MEMORY, "memory ran out") : es_fail(err, ES_E_IO, "could not be opened");
    char *text = malloc(room + 1);
    enum es_errc code = text != NULL ? ES_OK : es_fail(err, ES_E_MEMORY, "memory ran out");
    while (code == ES_OK) {
        n += fread(text + n, 1, room - n, in);
        if (n < room || n > most) break;
        char *more = realloc(text, 2 * room + 1);
        if (more == NULL) code = es_fail(err, ES_E_MEMORY, "memory ran out");
        else text = more;
        room *= 2;
    }
    if (code == ES_OK && ferror(in) != 0) code = es_fail(err, ES_E_IO, "could not be read to its end");
    if (code == ES_OK && n > most) code = es_fail(err, ES_E_LIMIT, "found more than %zu bytes, expected fewer", most);
    (void)fclose(in);
    if (code != ES_OK) {
        free(text);
        return code;
    }
    text[n] = '\0';
    *out = text;
    *len = n;
    return ES_OK;
}

/* ---- records ---- */

enum es_errc es_document_take(const struct es_intake_rule *rule, const struct es_config *config, const char *file, const cJSON *document,
                              const struct es_intake_sink *sink, struct es_error *err)
{
    const cJSON *one = document, **records = &one;
    const char *inner = rule->kind == ES_INTAKE_MERCURE ? "result" : rule->kind == ES_INTAKE_MONAI ? "metadata" : NULL;
    const cJSON *answers = inner != NULL ? cJSON_GetObjectItemCaseSensitive(document, inner) : NULL;
    struct es_error why = {0};
    enum es_errc code = ES_OK;
    bool limited = false;
    size_t count = 1;
    if (rule->each != NULL) {
        records = calloc(ES_MAX_RECORDS, sizeof *records);
        if (records == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
        count = es_json_path_find(rule->each, document, records, ES_MAX_RECORDS, &limited);
        if (limited || count > ES_MAX_RECORDS) {
            (void)es_fail(&why, ES_E_REFUSED, "found more than %d records in one document, expected fewer; JSON Lines has no such limit", ES_MAX_RECORDS);
            sink->refuse(sink->context, 0, &why);
            count = 0;
        } else if (count == 0) {
            sink->silent(sink->context, 0);
        }
    }
    for (size_t i = 0; code == ES_OK && i < count; i++) {
        const struct es_record record = {.file = file, .where = rule->each != NULL ? i + 1 : 0, .document = document, .current = records[i],
                                         .answers = rule->each == NULL ? answers : NULL};
        code = es_record_take(rule, config, &record, sink, err);
        if (rule->each != NULL) sink->progress(sink->context, i + 1, count);
    }
    if (records != &one) free(records);
    return code;
}

/* ---- what stands beside a file ---- */

/* The folder of a path, `up` folders higher; "." below the working directory. False: there is none. */
static bool folder_of(const char *path, unsigned up, char *out, size_t size)
{
    if (strlen(path) >= size) return false;
    memcpy(out, path, strlen(path) + 1);
    for (unsigned i = 0; i <= up; i++) {
        char *slash = strrchr(out, '/');
        if (slash == NULL || slash == out) {
            if (i < up || slash == out) return false;
            memcpy(out, ".", 2);
            return true;
        }
        *slash = '\0';
    }
    return true;
}

/* A JSON file as a tree. One that is not there, or is none, is NULL: what it would have said is then absent. That memory ran out is another
 * fact, and is kept in *starved. */
static cJSON *read_json(const char *path, bool *starved)
{
    char *text = NULL;
    size_t len = 0;
    cJSON *tree = NULL;
    enum es_errc code = es_document_slurp(path, MAX_BESIDE, &text, &len, NULL);
    if (code == ES_OK) code = es_json_parse(&tree, text, len, false, NULL);
    if (code == ES_E_MEMORY) *starved = true;
    if (text != NULL) explicit_bzero(text, len);
    free(text);
    return code == ES_OK ? tree : NULL;
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* The first entry of a folder by name that ends so; "" for any folder. */
static bool first_entry(const char *folder, const char *end, bool want_folder, char *out, size_t size, bool *starved)
{
    DIR *dir = opendir(folder);
    char best[256] = "";
    if (dir == NULL) {
        if (errno == ENOMEM) *starved = true;
        return false;
    }
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        if (entry->d_name[0] == '.' || !ends_with(entry->d_name, end) || (entry->d_type == DT_DIR) != want_folder) continue;
        if (best[0] == '\0' || strcmp(entry->d_name, best) < 0) (void)snprintf(best, sizeof best, "%s", entry->d_name);
    }
    (void)closedir(dir);
    const int n = snprintf(out, size, "%s/%s", folder, best);
    return best[0] != '\0' && n > 0 && (size_t)n < size;
}

static cJSON *mercure_task(const char *path, bool *starved)
{
    char folder[4096], name[4200];
    for (unsigned up = 0; up <= 1; up++) {
        if (!folder_of(path, up, folder, sizeof folder)) break;
        static const char *const places[] = {"task.json", "in/task.json"};
        for (size_t i = 0; i < 2; i++) {
            (void)snprintf(name, sizeof name, "%s/%s", folder, places[i]);
            cJSON *task = read_json(name, starved);
            if (task != NULL) return task;
        }
    }
    return NULL;
}

static cJSON *mercure_tags(const char *path, bool *starved)
{
    char folder[4096], inner[4200], name[4400];
    for (unsigned up = 0; up <= 1; up++) {
        if (!folder_of(path, up, folder, sizeof folder)) break;
        (void)snprintf(inner, sizeof inner, "%s/in", folder);
        if (first_entry(folder, ".tags", false, name, sizeof name, starved) || first_entry(inner, ".tags", false, name, sizeof name, starved))
            return read_json(name, starved);
    }
    return NULL;
}

/* PAYLOAD/dcm/STUDY/SERIES/INSTANCE.dcm.json: the first by name; the payload's folder is one above the file. */
static cJSON *monai_input(const char *path, bool *starved)
{
    char folder[4096], dcm[4200], study[4400], series[4700], name[5000];
    for (unsigned up = 0; up <= MAX_UP; up++) {
        if (!folder_of(path, up, folder, sizeof folder)) break;
        (void)snprintf(dcm, sizeof dcm, "%s/dcm", folder);
        if (first_entry(dcm, "", true, study, sizeof study, starved) && first_entry(study, "", true, series, sizeof series, starved) &&
            first_entry(series, ".dcm.json", false, name, sizeof name, starved))
            return read_json(name, starved);
    }
    return NULL;
}

static bool add(cJSON *object, const char *key, cJSON *item)
{
    if (item == NULL || cJSON_AddItemToObject(object, key, item)) return true;
    cJSON_Delete(item);
    return false;
}

enum es_errc es_document_around(const struct es_intake_rule *rule, const char *path, cJSON *own, cJSON **out, struct es_error *err)
{
    const bool mercure = rule->kind == ES_INTAKE_MERCURE;
    cJSON *document = cJSON_CreateObject();
    bool starved = false, good = document != NULL && add(document, mercure ? "result" : "metadata", own);
    if (document == NULL) es_json_free(own);
    if (good && mercure) good = add(document, "task", mercure_task(path, &starved)) && add(document, "tags", mercure_tags(path, &starved));
    else if (good) good = add(document, "input", monai_input(path, &starved));
    if (good && !starved) {
        *out = document;
        return ES_OK;
    }
    es_json_free(document);
    return es_fail(err, ES_E_MEMORY, "memory ran out");
}
