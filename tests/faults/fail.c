/* SPDX-License-Identifier: Apache-2.0 */
/* For LD_PRELOAD: the n-th call of one kind fails, counted from the beginning of main.
 *
 *   ES_FAIL       write (write, pwrite), sync (fsync, fdatasync) or memory (malloc, calloc, realloc, mmap of no file)
 *   ES_FAIL_AT    which call fails, from 1; 0: none, they are only counted
 *   ES_FAIL_ON    set: every later one fails too, as on a disk that stays full
 *   ES_FAIL_FROM  counting begins when the file of this name is opened by fopen; without it at main
 *   ES_FAIL_OUT   a file that gets the number of calls made, when the program ends by itself
 *
 * Spared: allocations that DCMTK makes by malloc itself, which it does not check (its dictionary, read at the start, ends in its own
 * strlcpy); what it makes by operator new fails like all else, and comes back as an exception. Writes to what is no regular file are left alone, so that the program can still say what went wrong. One thread. */
#include <dlfcn.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*loader_fini)(void), void *stack_end);

static const char *kind, *from; /* kind: NULL outside main; from: NULL once it was opened */
static unsigned long calls, at;
static int on;
static int (*real_main)(int, char **, char **);

static int fails(const char *which)
{
    if (kind == NULL || from != NULL || strcmp(kind, which) != 0) return 0;
    calls++;
    return at != 0 && (on ? calls >= at : calls == at);
}

static int is_file(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
}

/* The function that we stand before. */
static void *next(const char *name)
{
    const char *was = kind;
    kind = NULL;
    void *found = dlsym(RTLD_NEXT, name);
    kind = was;
    if (found == NULL) abort();
    return found;
}

/* What secret.c takes its blocks from. */
void *mmap(void *address, size_t len, int access, int flags, int fd, off_t offset)
{
    static void *(*real)(void *, size_t, int, int, int, off_t);
    if (real == NULL) *(void **)&real = next("mmap");
    if ((flags & MAP_ANONYMOUS) != 0 && fails("memory")) {
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return real(address, len, access, flags, fd, offset);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    static ssize_t (*real)(int, const void *, size_t);
    if (real == NULL) *(void **)&real = next("write");
    if (!is_file(fd) || !fails("write")) return real(fd, bytes, len);
    errno = ENOSPC;
    return -1;
}

ssize_t pwrite64(int fd, const void *bytes, size_t len, off64_t where)
{
    static ssize_t (*real)(int, const void *, size_t, off64_t);
    if (real == NULL) *(void **)&real = next("pwrite64");
    if (!is_file(fd) || !fails("write")) return real(fd, bytes, len, where);
    errno = ENOSPC;
    return -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t where) { return pwrite64(fd, bytes, len, where); }

static int sync_by(const char *name, int fd)
{
    int (*real)(int) = NULL;
    *(void **)&real = next(name);
    if (!fails("sync")) return real(fd);
    errno = EIO;
    return -1;
}

int fsync(int fd) { return sync_by("fsync", fd); }
int fdatasync(int fd) { return sync_by("fdatasync", fd); }

/* Is the caller one of DCMTK's libraries? They lie in one piece each; what was found is kept. */
static int spared(const void *caller)
{
    static const char *const names[] = {"libdcmdata", "libofstd", "liboflog"};
    static const void *last_base;
    static int last;
    Dl_info info;
    const char *was = kind;
    kind = NULL;
    const int known = dladdr(caller, &info) != 0 && info.dli_fname != NULL;
    kind = was;
    if (!known) return 0;
    if (info.dli_fbase == last_base) return last;
    last_base = info.dli_fbase;
    last = 0;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strstr(info.dli_fname, names[i]) != NULL) last = 1;
    return last;
}

static int memory_fails(const void *caller)
{
    return kind != NULL && from == NULL && strcmp(kind, "memory") == 0 && !spared(caller) && fails("memory");
}

FILE *fopen(const char *path, const char *mode)
{
    static FILE *(*real)(const char *, const char *);
    if (real == NULL) *(void **)&real = next("fopen");
    if (from != NULL && strcmp(path, from) == 0) from = NULL;
    return real(path, mode);
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

static int counted_main(int argc, char **argv, char **environment)
{
    const char *number = getenv("ES_FAIL_AT"), *out = getenv("ES_FAIL_OUT");
    at = number != NULL ? strtoul(number, NULL, 10) : 0;
    on = getenv("ES_FAIL_ON") != NULL;
    from = getenv("ES_FAIL_FROM");
    kind = getenv("ES_FAIL");
    const int status = real_main(argc, argv, environment);
    kind = NULL;
    FILE *file = out != NULL ? fopen(out, "w") : NULL;
    if (file != NULL) {
        fprintf(file, "%lu\n", calls);
        (void)fclose(file);
    }
    return status;
}

/* What the dynamic loader and constructors do before main is not ours to fail. */
int __libc_start_main(int (*program)(int, char **, char **), int argc, char **argv, void (*init)(void), void (*fini)(void),
                      void (*loader_fini)(void), void *stack_end)
{
    int (*real)(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void), void (*)(void), void *) = NULL;
    *(void **)&real = next("__libc_start_main");
    real_main = program;
    return real(counted_main, argc, argv, init, fini, loader_fini, stack_end);
}
