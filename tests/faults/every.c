/* SPDX-License-Identifier: Apache-2.0 */
/* One command of the program with the n-th call of a kind failing, for n = 1, 1 + STEP, ... until a run makes fewer calls; each from the same ledger.
 *
 *   every FAIL PROGRAM BASE DIR KIND once|on STEP COMMAND [ARGUMENT...]
 *
 * FAIL: the library of fail.c. BASE: a folder with the ledger and key as they stand before; empty for none. DIR: has conf.json, which names
 * DIR/ledger.db and DIR/site.key; its other files are made anew from BASE for each run. KIND: write, sync or memory. The command runs as
 * PROGRAM COMMAND -c DIR/conf.json ARGUMENT..., its standard input is the file DIR/../stdin; a COMMAND that is a path is a program of its own.
 *
 * Held for every n: no crash and no hang; a documented exit status, with words for whatever is not 0; what is on standard output is what
 * undisturbed runs print, or its beginning; every entry that was acknowledged before is there and the chain holds; status 0 acknowledges
 * everything; the next run, undisturbed, takes what is missing; and the figures are those of an undisturbed run. */
#include "fail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_TOLD 10
#define MAX_ARGUMENTS 32

static const char *library, *program, *base, *dir;
static char stdin_path[PATH_MAX], conf_path[PATH_MAX], ledger_path[PATH_MAX], key_path[PATH_MAX];

static void die(const char *what)
{
    fprintf(stderr, "every: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void path_in(char out[PATH_MAX], const char *folder, const char *name)
{
    const int n = snprintf(out, PATH_MAX, "%s/%s", folder, name);
    if (n < 0 || n >= PATH_MAX) die("a path that is too long");
}

/* ---- the ledger as it stood before ---- */

static void copy(const char *to, const char *path)
{
    static char bytes[1 << 20];
    const int in = open(path, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ssize_t n;
    if (in < 0 || out < 0) die(path);
    while ((n = read(in, bytes, sizeof bytes)) > 0)
        if (write(out, bytes, (size_t)n) != n) die(to);
    if (n < 0) die(path);
    (void)close(in);
    (void)close(out);
}

/* Each file of a folder but the configuration: removed, or copied from there. @return how many */
static size_t each_file(const char *folder, bool copied)
{
    size_t files = 0;
    DIR *open_folder = opendir(folder);
    char path[PATH_MAX], to[PATH_MAX];
    if (open_folder == NULL) die(folder);
    for (struct dirent *file; (file = readdir(open_folder)) != NULL;) {
        if (strcmp(file->d_name, "conf.json") == 0 || file->d_name[0] == '.') continue;
        path_in(path, folder, file->d_name);
        path_in(to, dir, file->d_name);
        files++;
        if (copied) copy(to, path);
        else if (unlink(path) != 0)
            die(path);
    }
    (void)closedir(open_folder);
    return files;
}

static size_t n_base; /* files in BASE */

static void again(void)
{
    (void)each_file(dir, false);
    n_base = each_file(base, true);
}

static bool same_bytes(const char *path, const char *other)
{
    static char bytes[1 << 20], others[1 << 20];
    const int a = open(path, O_RDONLY | O_CLOEXEC), b = open(other, O_RDONLY | O_CLOEXEC);
    const ssize_t n = a < 0 ? -1 : read(a, bytes, sizeof bytes), m = b < 0 ? -2 : read(b, others, sizeof others);
    if (a >= 0) (void)close(a);
    if (b >= 0) (void)close(b);
    return n == m && (size_t)n < sizeof bytes && memcmp(bytes, others, (size_t)n) == 0;
}

/* Is every file as in BASE, and none there that is not? A run that changed nothing need not be looked into further: whatever comes next starts
 * as the undisturbed run did. */
static bool untouched(void)
{
    DIR *folder = opendir(dir);
    char path[PATH_MAX], was[PATH_MAX];
    bool same = true;
    size_t files = 0;
    if (folder == NULL) die(dir);
    for (struct dirent *file; same && (file = readdir(folder)) != NULL;) {
        if (strcmp(file->d_name, "conf.json") == 0 || file->d_name[0] == '.') continue;
        path_in(path, dir, file->d_name);
        path_in(was, base, file->d_name);
        same = same_bytes(path, was);
        files++;
    }
    (void)closedir(folder);
    return same && files == n_base;
}

/* ---- programs that wait just before they read their configuration ---- */

struct server {
    int socket;
    char out_path[PATH_MAX], err_path[PATH_MAX];
};

static int output(char path[PATH_MAX], const char *name, const char *ending)
{
    const int n = snprintf(path, PATH_MAX, "%s.%s.%s", dir, name, ending);
    if (n < 0 || n >= PATH_MAX) die("a path that is too long");
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) die(path);
    return fd;
}

/* Waiting before it opens the first file whose path begins with `from`. */
static struct server *serve(const char *name, const char *path, const char *const *arguments, const char *from)
{
    char *given[MAX_ARGUMENTS + 5] = {0}; /* execv() changes none */
    for (size_t i = 0; arguments[i] != NULL; i++) memcpy(&given[i], &arguments[i], sizeof given[i]);
    struct server *server = calloc(1, sizeof *server);
    int ends[2];
    if (server == NULL || socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) die("a server");
    const int out = output(server->out_path, name, "out"), err = output(server->err_path, name, "err");
    const pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) {
        char number[16];
        const int in = open(stdin_path, O_RDONLY);
        snprintf(number, sizeof number, "%d", ends[1]);
        (void)close(ends[0]);
        if (in < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0) _exit(127);
        (void)close(in);
        if (setenv("LD_BIND_NOW", "1", 1) != 0 || setenv("ES_FAIL_SERVE", number, 1) != 0 || setenv("ES_FAIL_FROM", from, 1) != 0 || setenv("LD_PRELOAD", library, 1) != 0) _exit(127);
        (void)execv(path, given);
        _exit(127);
    }
    (void)close(ends[1]);
    (void)close(out);
    (void)close(err);
    if (fcntl(ends[0], F_SETFD, FD_CLOEXEC) != 0) die("fcntl");
    server->socket = ends[0];
    return server;
}

static struct fail_answer ask(const struct server *server, struct fail_request request)
{
    struct fail_answer answer;
    if (truncate(server->out_path, 0) != 0 || truncate(server->err_path, 0) != 0) die(server->out_path);
    if (write(server->socket, &request, sizeof request) != (ssize_t)sizeof request) die("asking");
    if (read(server->socket, &answer, sizeof answer) != (ssize_t)sizeof answer) die("a server that ended");
    return answer;
}

static int undisturbed(const struct server *server)
{
    const struct fail_answer answer = ask(server, (struct fail_request){0});
    return WIFEXITED(answer.status) ? WEXITSTATUS(answer.status) : -1;
}

struct text {
    char *bytes;
    size_t len;
};

static struct text read_whole(const char *path)
{
    struct stat status;
    struct text text;
    FILE *in = fopen(path, "rb");
    if (in == NULL || fstat(fileno(in), &status) != 0) die(path);
    text.bytes = calloc(1, (size_t)status.st_size + 1);
    if (text.bytes == NULL) die(path);
    text.len = fread(text.bytes, 1, (size_t)status.st_size, in);
    (void)fclose(in);
    return text;
}

/* ---- one n ---- */

static struct server *command, *verify, *figures;
static struct {
    long acknowledged, whole; /* entries before, and after an undisturbed run */
    int status;
    struct text out, figures;
    bool says_same; /* a second undisturbed run printed the same; one that makes a key does not */
} calm;
static struct {
    unsigned long runs, by_status[4], crashes, hangs, losses, others, untouched, next_runs;
} count;

static bool told(unsigned long *counter, const struct fail_request *request, const char *fmt, ...)
{
    va_list args;
    (*counter)++;
    if (count.crashes + count.hangs + count.losses + count.others > MAX_TOLD) return false;
    printf("    at %lu: ", request->at);
    va_start(args, fmt);
    vprintf(fmt, args);
    va_end(args);
    putchar('\n');
    fflush(stdout);
    return false;
}

/* The last line of what a run had to say. */
static const char *last_word(const struct server *server)
{
    static char line[400];
    struct text said = read_whole(server->err_path);
    while (said.len > 0 && said.bytes[said.len - 1] == '\n') said.bytes[--said.len] = '\0';
    const char *last = strrchr(said.bytes, '\n');
    snprintf(line, sizeof line, "%s", last != NULL ? last + 1 : said.bytes);
    free(said.bytes);
    return line;
}

/* Entries of a ledger whose chain holds; 0 for one that is empty or not there; -1 otherwise. */
static long entries(void)
{
    if (access(ledger_path, F_OK) != 0) return 0;
    if (undisturbed(verify) != 0) return strstr(last_word(verify), "is empty") != NULL ? 0 : -1;
    struct text out = read_whole(verify->out_path);
    char *end;
    const long found = strtol(out.bytes, &end, 10);
    const bool holds = strstr(end, "the chain holds") != NULL;
    free(out.bytes);
    return holds ? found : -1;
}

static bool begins(const struct text *found, const struct text *expected, bool whole)
{
    return found->len <= expected->len && memcmp(found->bytes, expected->bytes, found->len) == 0 && (!whole || found->len == expected->len);
}

static bool printed(int status)
{
    struct text out = read_whole(command->out_path);
    const bool right = begins(&out, &calm.out, status == 0);
    free(out.bytes);
    return right;
}

static bool same_figures(void)
{
    if (undisturbed(figures) != 0) return false;
    struct text found = read_whole(figures->out_path);
    const bool same = begins(&found, &calm.figures, true);
    free(found.bytes);
    return same;
}

static bool one(const struct fail_request *request, struct fail_answer *answer)
{
    again();
    *answer = ask(command, *request);
    count.runs++;
    if (WIFSIGNALED(answer->status) && WTERMSIG(answer->status) == SIGALRM) return told(&count.hangs, request, "hangs");
    if (!WIFEXITED(answer->status)) return told(&count.crashes, request, "ended by signal %d: %s", WTERMSIG(answer->status), last_word(command));
    const int status = WEXITSTATUS(answer->status);
    if (status > 3) return told(&count.others, request, "exit status %d: %s", status, last_word(command));
    count.by_status[status]++;
    if (status != 0 && last_word(command)[0] == '\0') return told(&count.others, request, "exit status %d and no word", status);
    if (calm.says_same && !printed(status)) return told(&count.others, request, "exit status %d, and other output than an undisturbed run's", status);
    if (status != 0 && untouched()) {
        count.untouched++;
        return true;
    }
    long after = entries();
    if (after < calm.acknowledged) return told(&count.losses, request, "%ld entries left of %ld acknowledged: %s", after, calm.acknowledged, last_word(verify));
    if (status == 0 && after != calm.whole) return told(&count.losses, request, "exit status 0 with %ld of %ld entries", after, calm.whole);
    if (after != calm.whole) {
        count.next_runs++;
        const int next = undisturbed(command);
        if (next != calm.status) return told(&count.others, request, "the next run ended with %d: %s", next, last_word(command));
        after = entries();
        const bool one_more = after == calm.whole + 1 && !calm.says_same; /* a key that was made is made, whatever failed after it */
        if (after != calm.whole && !one_more) return told(&count.losses, request, "%ld entries after the next run, %ld expected: %s", after, calm.whole, last_word(verify));
    }
    return same_figures() || told(&count.losses, request, "other figures than after an undisturbed run: %s", last_word(figures));
}

/* The command waits before it reads the configuration, the two that look at what became of the ledger before they read the key. */
static void start_all(char **arguments, int n)
{
    const char *own[MAX_ARGUMENTS + 5] = {program, arguments[0], "-c", conf_path};
    const bool is_program = strchr(arguments[0], '/') != NULL;
    if (n > MAX_ARGUMENTS) die("too many arguments");
    for (int i = 1; i < n; i++) own[3 + i] = arguments[i];
    command = serve("command", is_program ? arguments[0] : program, own + is_program, conf_path);
    again();
    calm.status = undisturbed(command);
    calm.out = read_whole(command->out_path);
    again();
    calm.says_same = undisturbed(command) == calm.status && printed(0);
    verify = serve("verify", program, (const char *const[]){program, "verify", "-c", conf_path, NULL}, key_path);
    calm.whole = entries();
    figures = serve("figures", program, (const char *const[]){program, "report", "-f", "openmetrics", "-c", conf_path, NULL}, key_path);
    if (calm.status < 0 || calm.status > 1 || calm.whole <= 0 || undisturbed(figures) != 0) die("an undisturbed run");
    calm.figures = read_whole(figures->out_path);
    again();
    calm.acknowledged = entries();
    if (calm.acknowledged < 0) die("the ledger to begin with");
    if (calm.acknowledged >= calm.whole) die("a command that adds no entry");
}

int main(int argc, char **argv)
{
    static const char *const kinds[] = {[FAIL_WRITE] = "write", [FAIL_SYNC] = "sync", [FAIL_MEMORY] = "memory"};
    struct fail_request request = {0};
    struct fail_answer answer = {0};
    if (argc < 9) {
        fputs("usage: every FAIL PROGRAM BASE DIR KIND once|on STEP COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    library = argv[1], program = argv[2], base = argv[3], dir = argv[4];
    for (size_t i = FAIL_WRITE; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(argv[5], kinds[i]) == 0) request.kind = (enum fail_kind)i;
    request.on = strcmp(argv[6], "on") == 0;
    const unsigned long step = strtoul(argv[7], NULL, 10);
    if (request.kind == FAIL_NOTHING || step == 0) die("KIND or STEP");
    path_in(conf_path, dir, "conf.json");
    path_in(ledger_path, dir, "ledger.db");
    path_in(key_path, dir, "site.key");
    path_in(stdin_path, dir, "../stdin");
    start_all(argv + 8, argc - 8);
    request.at = 1;
    do {
        (void)one(&request, &answer);
        request.at += step;
    } while (answer.calls + step >= request.at);
    printf("   ");
    for (int i = 8; i < argc; i++) printf(" %s", strrchr(argv[i], '/') != NULL ? strrchr(argv[i], '/') + 1 : argv[i]);
    printf(n_base > 0 ? ":" : ", into a new ledger:");
    printf(" %s %s: %lu runs, %lu calls in the last; ended with 0: %lu, 1: %lu, 2: %lu, 3: %lu; files untouched: %lu; run again: %lu\n", argv[5],
           request.on ? "and all from then on" : "once", count.runs, answer.calls, count.by_status[0], count.by_status[1], count.by_status[2],
           count.by_status[3], count.untouched, count.next_runs);
    printf("      crashes %lu, hangs %lu, losses %lu, other failures %lu\n", count.crashes, count.hangs, count.losses, count.others);
    return count.runs > 1 && count.crashes + count.hangs + count.losses + count.others == 0 ? 0 : 1;
}
