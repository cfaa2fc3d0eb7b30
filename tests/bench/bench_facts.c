/* SPDX-License-Identifier: Apache-2.0 */
/* Facts of files, beside opening them and reading 4 KiB: bench_facts ROUNDS FILE... prints microseconds of each: the mean over the files and the
 * median file, with the files in the page cache. A file that is refused counts with the time it took. */
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

static void facts_of(const char *path)
{
    static struct es_facts facts;
    if (es_facts_read_file(path, &facts, NULL) == ES_OK) es_facts_free(&facts);
}

static void head_of(const char *path)
{
    char bytes[4096];
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return;
    if (read(fd, bytes, sizeof bytes) < 0) perror(path);
    (void)close(fd);
}

/* Median over the rounds, for each file; then the mean and the median over the files. */
static void measure(void (*each)(const char *path), char **paths, int count, int rounds)
{
    double *times = calloc((size_t)rounds, sizeof *times), *files = calloc((size_t)count, sizeof *files), sum = 0;
    if (times == NULL || files == NULL) exit(1);
    for (int i = 0; i < count; i++) {
        for (int r = 0; r < rounds; r++) {
            const double begin = now();
            each(paths[i]);
            times[r] = now() - begin;
        }
        qsort(times, (size_t)rounds, sizeof *times, rising);
        files[i] = times[rounds / 2];
        sum += files[i];
    }
    qsort(files, (size_t)count, sizeof *files, rising);
    printf("%.2f %.2f ", sum / count, files[count / 2]);
    free(times);
    free(files);
}

int main(int argc, char **argv)
{
    const int rounds = argc > 2 ? (int)strtol(argv[1], NULL, 10) : 0;
    if (rounds < 1) {
        fprintf(stderr, "usage: bench_facts ROUNDS FILE...\n");
        return 2;
    }
    es_dicom_process_setup(true);
    measure(facts_of, argv + 2, argc - 2, rounds);
    measure(head_of, argv + 2, argc - 2, rounds);
    puts("");
    return 0;
}
