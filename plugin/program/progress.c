/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/program.h"

#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#define BAR 30
#define QUIET_SECONDS 1.0
#define STEP_SECONDS 0.1

static struct timespec began, drawn;
static bool started, shown;

static double seconds_since(const struct timespec *then, const struct timespec *now)
{
    return (double)(now->tv_sec - then->tv_sec) + 1e-9 * (double)(now->tv_nsec - then->tv_nsec);
}

void es_progress_show(const char *what, uint64_t done, uint64_t total)
{
    struct timespec now;
    if (!isatty(STDERR_FILENO) || clock_gettime(CLOCK_MONOTONIC, &now) != 0) return;
    if (!started) {
        started = true;
        began = drawn = now;
        return;
    }
    if (seconds_since(&began, &now) < QUIET_SECONDS || (shown && seconds_since(&drawn, &now) < STEP_SECONDS)) return;
    drawn = now;
    shown = true;
    if (total == 0) {
        fprintf(stderr, "\r\033[K%s: %" PRIu64, what, done);
    } else {
        const unsigned filled = (unsigned)(BAR * (double)done / (double)total);
        fprintf(stderr, "\r\033[K%s [", what);
        for (unsigned i = 0; i < BAR; i++) fputc(i < filled ? '#' : '.', stderr);
        fprintf(stderr, "] %" PRIu64 " of %" PRIu64, done, total);
    }
    (void)fflush(stderr);
}

void es_progress_end(void)
{
    if (shown) fputs("\r\033[K", stderr);
    started = shown = false;
}

static void show(void *context, const char *what, uint64_t done, uint64_t total)
{
    (void)context;
    es_progress_show(what, done, total);
}

const struct es_progress es_program_progress = {show, NULL};
