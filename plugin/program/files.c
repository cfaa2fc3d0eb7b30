/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What cannot be read is named and counted; the rest goes on. */
static void unread(struct es_files *files, const char *path, int why)
{
    files->unread++;
    fprintf(stderr, "%s: %s\n", path, strerror(why));
}

/* A folder to the folders, a file to the files; neither a link nor anything else. */
static enum es_errc sort_out(struct es_files *files, struct es_files *folders, const char *path, bool follow, struct es_error *err)
{
    struct stat status;
    if ((follow ? stat(path, &status) : lstat(path, &status)) != 0) {
        unread(files, path, errno);
        return ES_OK;
    }
    if (S_ISDIR(status.st_mode)) return add(folders, path, err);
    return S_ISREG(status.st_mode) ? add(files, path, err) : ES_OK;
}

static enum es_errc list(struct es_files *files, struct es_files *folders, const char *folder, struct es_error *err)
{
    const size_t len = strlen(folder);
    const char *slash = len > 0 && folder[len - 1] == '/' ? "" : "/";
    enum es_errc rc = ES_OK;
    DIR *open_folder = opendir(folder);
    if (!open_folder) {
        unread(files, folder, errno);
        return ES_OK;
    }
    errno = 0;
    for (const struct dirent *entry; rc == ES_OK && (entry = readdir(open_folder)); errno = 0) {
        char *path = NULL;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
        if (asprintf(&path, "%s%s%s", folder, slash, entry->d_name) < 0) {
            rc = es_fail(err, ES_E_MEMORY, "memory ran out after %zu file names", files->count);
            break;
        }
        rc = sort_out(files, folders, path, false, err);
        free(path);
    }
    if (rc == ES_OK && errno != 0) unread(files, folder, errno); /* its listing broke off */
    (void)closedir(open_folder);
    return rc;
}

/* Every file below a path, by name. Not by fts(3): glibc's does not check every allocation, and says nothing of a listing that breaks off. */
static enum es_errc walk(struct es_files *files, const char *path, struct es_error *err)
{
    struct es_files folders = {0};
    const size_t first = files->count;
    enum es_errc rc = sort_out(files, &folders, path, true, err);
    for (size_t i = 0; rc == ES_OK && i < folders.count; i++) rc = list(files, &folders, folders.paths[i], err);
    if (files->count > first) qsort(files->paths + first, files->count - first, sizeof *files->paths, by_name);
    es_files_clear(&folders);
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
