/* SPDX-License-Identifier: Apache-2.0 */
/* test_vectors [DIR]: run every reference vector of a folder, default testdata/vectors.
 *
 * One line a file (cases, fields compared, worst relative error of the passing numbers), each failure by file, case and field,
 * and "N passed, N failed" (cases) at the end. A file no runner knows is a failure, as is a folder without vectors. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testlib.h"
#include "vectors.h"

static const struct es_vec_section *section_of(const char *file)
{
    const struct es_vec_section *const tables[] = {es_vec_core, es_vec_kernels};
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct es_vec_section *s = tables[t]; s->file != NULL; s++)
            if (strcmp(s->file, file) == 0) return s;
    return NULL;
}

static int is_vector_file(const struct dirent *entry)
{
    const size_t length = strlen(entry->d_name);
    return length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0;
}

/** Run one file and add up its cases. */
static void run_file(const char *dir, const char *file, size_t *passed, size_t *failed)
{
    const struct es_vec_section *section = section_of(file);
    struct es_vec v;
    if (section == NULL) {
        printf("%-32s unknown file: no runner knows it\n", file);
        ++*failed;
        return;
    }
    if (!es_vec_open(&v, dir, file)) {
        ++*failed;
        return;
    }
    section->run(&v);
    if (v.cases == 0) es_vec_fail(&v, "cases", "none");
    const size_t bad = v.cases == 0 ? 1 : v.failed_cases;
    printf("%-32s %4zu cases %6zu fields  worst %.1e%s\n", file, v.cases, v.fields, v.worst, bad ? "  FAILED" : "");
    *passed += v.cases - (v.cases == 0 ? 0 : bad);
    *failed += bad;
    es_vec_close(&v);
}

int main(int argc, char **argv)
{
    const char *dir = argc > 1 ? argv[1] : es_testdata("vectors");
    struct dirent **entries = NULL;
    size_t passed = 0, failed = 0;
    if (argc > 2) {
        fprintf(stderr, "usage: test_vectors [DIR]\n");
        return 2;
    }
    const int count = scandir(dir, &entries, is_vector_file, alphasort);
    if (count <= 0) {
        printf("%s: %s\n", dir, count < 0 ? "cannot be read" : "no vector files");
        failed++;
    }
    for (int i = 0; i < count; i++) {
        run_file(dir, entries[i]->d_name, &passed, &failed);
        free(entries[i]);
    }
    free(entries);
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
