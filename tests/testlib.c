/* SPDX-License-Identifier: Apache-2.0 */
#include "testlib.h"

#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATHS 8

static bool skipped_this;
static unsigned passed, failed, skipped;
static char tempdirs[64][64];
static size_t n_tempdirs;

static const char *path_join(const char *base, const char *relative)
{
    static char paths[PATHS][1024];
    static unsigned next;
    char *path = paths[next++ % PATHS];
    (void)snprintf(path, sizeof paths[0], "%s/%s", base, relative);
    return path;
}

const char *es_testdata(const char *relative)
{
    return path_join(ES_SOURCE_DIR "/testdata", relative);
}

const char *es_bulkdata(const char *relative)
{
    const char *path = path_join(ES_SOURCE_DIR "/../shared/data", relative);
    return access(path, R_OK) == 0 ? path : NULL;
}

void es_test_skip(const char *reason)
{
    skipped_this = true;
    printf("    skipped: %s\n", reason);
}

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static void remove_tempdirs(void)
{
    for (size_t i = 0; i < n_tempdirs; i++) (void)nftw(tempdirs[i], remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *es_test_tempdir(void)
{
    if (n_tempdirs == sizeof tempdirs / sizeof tempdirs[0]) abort();
    if (n_tempdirs == 0) (void)atexit(remove_tempdirs);
    char *dir = tempdirs[n_tempdirs];
    (void)snprintf(dir, sizeof tempdirs[0], "%s", "/tmp/evensight-test.XXXXXX");
    if (!mkdtemp(dir)) abort();
    n_tempdirs++;
    return dir;
}

char *es_test_slurp(const char *path, size_t *len)
{
    FILE *f = fopen(path, "rb");
    if (!f) return NULL;
    char *bytes = NULL;
    size_t used = 0, room = 0;
    for (;;) {
        if (used + 1 >= room) {
            room = room ? room * 2 : 65536;
            char *more = realloc(bytes, room);
            if (!more) abort();
            bytes = more;
        }
        const size_t got = fread(bytes + used, 1, room - used - 1, f);
        if (got == 0) break;
        used += got;
    }
    (void)fclose(f);
    bytes[used] = '\0';
    if (len) *len = used;
    return bytes;
}

static bool chosen(const char *name, int argc, char **argv)
{
    if (argc < 2) return true;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0) return true;
    return false;
}

static void run_one(const char *module, CU_pSuite suite, const struct es_test *test)
{
    CU_pTest handle = CU_add_test(suite, test->name, test->run);
    if (!handle) abort();
    skipped_this = false;
    printf("  %s.%s\n", module, test->name);
    (void)fflush(stdout);
    (void)CU_run_test(suite, handle);
    const unsigned bad = CU_get_number_of_failures();
    for (CU_pFailureRecord r = CU_get_failure_list(); r; r = r->pNext)
        printf("    FAILED %s:%u: %s\n", r->strFileName, r->uiLineNumber, r->strCondition);
    if (bad) failed++;
    else if (skipped_this) skipped++;
    else passed++;
}

int es_test_main(const char *module, const struct es_test *tests, int argc, char **argv)
{
    if (CU_initialize_registry() != CUE_SUCCESS) abort();
    CU_pSuite suite = CU_add_suite(module, NULL, NULL);
    if (!suite) abort();
    for (; tests->name; tests++)
        if (chosen(tests->name, argc, argv)) run_one(module, suite, tests);
    CU_cleanup_registry();
    printf("%s: %u passed, %u failed, %u skipped\n", module, passed, failed, skipped);
    if (failed) return 1;
    return passed == 0 && skipped > 0 ? 77 : 0;
}

void es_test_append(char *out, size_t size, const char *text)
{
    const size_t at = strlen(out);
    const int more = snprintf(out + at, size - at, "%s", text);
    CU_ASSERT_FATAL(more >= 0 && (size_t)more < size - at);
}
