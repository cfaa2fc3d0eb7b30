/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of files, beside opening them and reading 4 KiB: bench_facts ROUNDS FILE... prints a line a file, in order: what kind of object it is, and the
 * microseconds of each, the median of the rounds with the file in the page cache. A file that is refused counts with the time it took. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "dicom/dataset.h"
#include "dicom/facts.h"

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e6 + (double)at.tv_nsec * 1e-3;
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static const char *kind; /* of the object that was read last */

static void facts_of(const char *path)
{
    static struct es_facts facts;
    kind = "refused";
    if (es_facts_read_file(path, &facts, NULL) != ES_OK) return;
    kind = es_object_kind_name(facts.kind);
    es_facts_free(&facts);
}

static void head_of(const char *path)
{
    char bytes[4096];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    if (read(fd, bytes, sizeof bytes) < 0) perror(path);
    (void)close(fd);
}

static double median_of(void (*each)(const char *path), const char *path, double *times, int rounds)
{
    for (int r = 0; r < rounds; r++) {
        const double begin = now();
        each(path);
        times[r] = now() - begin;
    }
    qsort(times, (size_t)rounds, sizeof *times, rising);
    return times[rounds / 2];
}

int main(int argc, char **argv)
{
    const int rounds = argc > 2 ? (int)strtol(argv[1], NULL, 10) : 0;
    if (rounds < 1) {
        fprintf(stderr, "usage: bench_facts ROUNDS FILE...\n");
        return 2;
    }
    double *times = calloc((size_t)rounds, sizeof *times);
    if (times == NULL) return 1;
    es_dicom_process_setup(true);
    for (int i = 2; i < argc; i++) {
        const double facts = median_of(facts_of, argv[i], times, rounds);
        printf("%s %.2f %.2f\n", kind, facts, median_of(head_of, argv[i], times, rounds));
    }
    free(times);
    return 0;
}
