/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: the n-th call of one kind fails, counted from the moment a file is opened.
 *
 *   ES_FAIL_FROM   counting begins when the first file is opened whose path begins so; without it at main
 *   ES_FAIL_SERVE  a socket: from that moment on each request (fail.h) is answered by a fork of this process, which runs on to the end, so that
 *                  a run costs neither the loading of libraries nor DCMTK's dictionary. Without it one run:
 *   ES_FAIL        write (write, pwrite), sync (fsync, fdatasync) or memory (malloc, calloc, realloc, mmap of no file)
 *   ES_FAIL_AT     which call fails, from 1
 *   ES_FAIL_ON     set: every later one too
 *
 * Spared: allocations that DCMTK makes by malloc itself, which it does not check; what it makes by operator new fails like all else, and comes
 * back as an exception. Writes to what is no regular file are left alone, so that the program can still say what went wrong. Any thread. */
#include "fail.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*loader_fini)(void), void *stack_end);

static struct fail_request asked; /* of kind FAIL_NOTHING outside main, and until the file is opened */
static struct fail_request wanted;
static const char *from; /* NULL once it was opened */
static unsigned long own_calls, *calls = &own_calls;
static int (*real_main)(int, char **, char **);

static int fails(enum fail_kind kind)
{
    if (asked.kind != kind) return 0;
    const unsigned long n = __atomic_add_fetch(calls, 1, __ATOMIC_RELAXED);
    return asked.at != 0 && (asked.on ? n >= asked.at : n == asked.at);
}

static int is_file(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/* The functions that we stand before, found before anything is failed. */
static struct {
    void *(*mmap)(void *, size_t, int, int, int, off_t);
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*pwrite64)(int, const void *, size_t, off64_t);
    int (*fsync)(int);
    int (*fdatasync)(int);
    int (*open)(const char *, int, ...);
    FILE *(*fopen)(const char *, const char *);
} real;

static void find(void *slot, const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) abort();
    memcpy(slot, &found, sizeof found);
}

static void find_all(void)
{
    find(&real.mmap, "mmap");
    find(&real.write, "write");
    find(&real.pwrite64, "pwrite64");
    find(&real.fsync, "fsync");
    find(&real.fdatasync, "fdatasync");
    find(&real.open, "open");
    find(&real.fopen, "fopen");
}

/* What secret.c takes its blocks from. */
void *mmap(void *address, size_t len, int access, int flags, int fd, off_t offset)
{
    if (real.mmap == NULL) find_all();
    if ((flags & MAP_ANONYMOUS) != 0 && fails(FAIL_MEMORY)) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return real.mmap(address, len, access, flags, fd, offset);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    if (real.write == NULL) find_all();
    if (!is_file(fd) || !fails(FAIL_WRITE)) return real.write(fd, bytes, len);
    errno = ENOSPC;
    return -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t where)
{
    if (real.pwrite64 == NULL) find_all();
    if (!is_file(fd) || !fails(FAIL_WRITE)) return real.pwrite64(fd, bytes, len, where);
    errno = ENOSPC;
    return -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t where) { return pwrite64(fd, bytes, len, where); }

static int no_sync(void)
{
    errno = EIO;
    return -1;
}

int fsync(int fd)
{
    if (real.fsync == NULL) find_all();
    return fails(FAIL_SYNC) ? no_sync() : real.fsync(fd);
}
int fdatasync(int fd)
{
    if (real.fdatasync == NULL) find_all();
    return fails(FAIL_SYNC) ? no_sync() : real.fdatasync(fd);
}

/* ---- whose allocations are spared ---- */

static struct span {
    uintptr_t begin, end;
} spared_spans[16];
static size_t n_spared;

static int note_spared(struct dl_phdr_info *library, size_t size, void *unused)
{
    static const char *const names[] = {"libdcmdata", "libofstd", "liboflog"};
    (void)size;
    (void)unused;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strstr(library->dlpi_name, names[i]) == NULL) continue;
        for (size_t k = 0; k < library->dlpi_phnum && n_spared < sizeof spared_spans / sizeof spared_spans[0]; k++) {
            const ElfW(Phdr) *part = &library->dlpi_phdr[k];
            if (part->p_type != PT_LOAD || (part->p_flags & PF_X) == 0) continue;
            const uintptr_t begin = library->dlpi_addr + part->p_vaddr;
            spared_spans[n_spared++] = (struct span){begin, begin + part->p_memsz};
        }
    }
    return 0;
}

static int memory_fails(const void *caller)
{
    if (asked.kind != FAIL_MEMORY) return 0;
    for (size_t i = 0; i < n_spared; i++)
        if ((uintptr_t)caller >= spared_spans[i].begin && (uintptr_t)caller < spared_spans[i].end) return 0;
    return fails(FAIL_MEMORY);
}

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

void *malloc(size_t size) { return memory_fails(__builtin_return_address(0)) ? no_memory() : __libc_malloc(size); }
void *calloc(size_t count, size_t size)
{
    return memory_fails(__builtin_return_address(0)) ? no_memory() : __libc_calloc(count, size);
}
void *realloc(void *old, size_t size)
{
    return memory_fails(__builtin_return_address(0)) ? no_memory() : __libc_realloc(old, size);
}

/* ---- from here on ---- */

/* Answer requests until there are no more; returns in each fork, with what it is to fail. */
static void serve(int socket)
{
    unsigned long *shared = real.mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct fail_answer answer;
    if (shared == MAP_FAILED) abort();
    while (read(socket, &wanted, sizeof wanted) == (ssize_t)sizeof wanted) {
        (void)lseek(STDIN_FILENO, 0, SEEK_SET);
        *shared = 0;
        const pid_t child = fork();
        if (child < 0) abort();
        if (child == 0) {
            (void)close(socket);
            (void)alarm(FAIL_SECONDS);
            calls = shared;
            return;
        }
        if (waitpid(child, &answer.status, 0) != child) abort();
        answer.calls = *shared;
        if (real.write(socket, &answer, sizeof answer) != (ssize_t)sizeof answer) break;
    }
    _exit(0);
}

static void begin(void)
{
    const char *socket = getenv("ES_FAIL_SERVE");
    if (socket != NULL) serve((int)strtol(socket, NULL, 10));
    asked = wanted;
}

static void opening(const char *path)
{
    if (from == NULL || strncmp(path, from, strlen(from)) != 0) return;
    from = NULL;
    begin();
}

FILE *fopen(const char *path, const char *mode)
{
    if (real.fopen == NULL) find_all();
    opening(path);
    return real.fopen(path, mode);
}

int open(const char *path, int flags, ...)
{
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    if (real.open == NULL) find_all();
    opening(path);
    return real.open(path, flags, mode);
}

/* On a machine of 64 bits the two are one. */
int open64(const char *path, int flags, ...) __attribute__((alias("open")));

static enum fail_kind kind_of(const char *name)
{
    static const char *const names[] = {[FAIL_WRITE] = "write", [FAIL_SYNC] = "sync", [FAIL_MEMORY] = "memory"};
    for (size_t i = FAIL_WRITE; name != NULL && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(name, names[i]) == 0) return (enum fail_kind)i;
    return FAIL_NOTHING;
}

static int counted_main(int argc, char **argv, char **environment)
{
    const char *number = getenv("ES_FAIL_AT");
    find_all();
    (void)dl_iterate_phdr(note_spared, NULL);
    wanted = (struct fail_request){kind_of(getenv("ES_FAIL")), getenv("ES_FAIL_ON") != NULL, number != NULL ? strtoul(number, NULL, 10) : 0};
    from = getenv("ES_FAIL_FROM");
    if (from == NULL) begin();
    const int status = real_main(argc, argv, environment);
    asked.kind = FAIL_NOTHING;
    if (calls == &own_calls) return status;
    (void)fflush(NULL);
    _exit(status); /* a fork: taking DCMTK's dictionary down would copy all its pages */
}

/* What the dynamic loader and constructors do before main is not ours to fail. */
int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*loader_fini)(void), void *stack_end)
{
    int (*start)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void), void *);
    find(&start, "__libc_start_main");
    real_main = program;
    return start(counted_main, argc, argv, init, fini, loader_fini, stack_end);
}
