/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/files.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/intake/hl7.h"

static enum es_errc add(struct es_files *files, const char *path, struct es_error *err)
{
    if (files->count == files->room) {
        const size_t room = files->room ? files->room * 2 : 64;
        char **more = reallocarray(files->paths, room, sizeof *more);
        if (!more) return es_fail(err, ES_E_MEMORY, "memory ran out after %zu file names", files->count);
        files->paths = more;
        files->room = room;
    }
    files->paths[files->count] = strdup(path);
    if (!files->paths[files->count]) return es_fail(err, ES_E_MEMORY, "memory ran out after %zu file names", files->count);
    files->count++;
    return ES_OK;
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

/* What cannot be read is named and counted; the rest goes on. */
static void unread(struct es_files *files, const char *path, int why)
{
    files->unread++;
    fprintf(stderr, "%s: %s\n", path, strerror(why));
}

static enum es_errc walk(struct es_files *files, char *path, struct es_error *err)
{
    char *const roots[] = {path, NULL};
    FTS *fts = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, by_name);
    if (!fts) {
        unread(files, path, errno);
        return ES_OK;
    }
    enum es_errc rc = ES_OK;
    for (const FTSENT *entry; rc == ES_OK && (entry = fts_read(fts));) {
        if (entry->fts_info == FTS_F) rc = add(files, entry->fts_path, err);
        else if (entry->fts_info == FTS_NS || entry->fts_info == FTS_ERR || entry->fts_info == FTS_DNR)
            unread(files, entry->fts_path, entry->fts_errno);
    }
    (void)fts_close(fts);
    return rc;
}

enum es_errc es_files_gather(struct es_files *out, char **paths, size_t count, struct es_error *err)
{
    *out = (struct es_files){0};
    enum es_errc rc = ES_OK;
    for (size_t i = 0; i < count && rc == ES_OK; i++)
        rc = strcmp(paths[i], "-") == 0 ? add(out, paths[i], err) : walk(out, paths[i], err);
    if (rc != ES_OK) es_files_clear(out);
    return rc;
}

void es_files_clear(struct es_files *files)
{
    for (size_t i = 0; i < files->count; i++) free(files->paths[i]);
    free(files->paths);
    *files = (struct es_files){0};
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

bool es_files_wants_rule(const char *path)
{
    static const char *const ends[] = {".csv", ".tsv", ".json", ".hl7", ".txt", ".xml"};
    char head[512];
    size_t at = 0;
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (ends_with(path, ends[i])) return true;
    FILE *in = fopen(path, "rb");
    if (!in) return false;
    const size_t n = fread(head, 1, sizeof head, in);
    (void)fclose(in);
    while (at < n && strchr(" \t\r\n", head[at]) && head[at] != '\0') at++;
    return es_hl7_is(head, n) || (at < n && (head[at] == '{' || head[at] == '['));
}
