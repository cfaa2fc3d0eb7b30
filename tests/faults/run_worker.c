/* SPDX-License-Identifier: Apache-2.0 */
/* The worker as a host runs it, for every.c: six exams handed over, which are in the host's log too, results and references posted until they are
 * acknowledged, and the end when all of it is in the release.
 *
 *   run_worker -c CONF
 *
 * Exit status 0: all is acknowledged and settled. 2: it could not be started. 3: it stayed degraded, or did not come to its end, with its reason. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/dataset.h"
#include "plugin/base/hash.h"
#include "worker_host.h"

#define EXAMS 6
#define TICK_US 5000
#define DEGRADED_TICKS 80 /* 0.4 s: much longer than the pause after a failure */
#define ALL_TICKS 4000     /* 20 s */

static char lines[EXAMS * 512];

static void make_lines(void)
{
    size_t len = 0;
    for (int i = 1; i <= EXAMS; i++)
        len += (size_t)snprintf(lines + len, sizeof lines - len,
                                "{\"event\":\"result\",\"study_uid\":\"1.2.3.2.%d\",\"model\":{\"name\":\"m\",\"version\":\"1\"},\"produced\":\"2026-03-01T10:00:00Z\","
                                "\"status\":\"ok\",\"findings\":[{\"finding\":\"f\",\"score\":0.7}]}\n"
                                "{\"event\":\"reference\",\"study_uid\":\"1.2.3.2.%d\",\"source\":\"report\",\"status\":\"final\","
                                "\"established\":\"2026-03-20T10:00:00Z\",\"reader_saw_ai\":\"no\",\"findings\":[{\"finding\":\"f\",\"label\":1}]}\n",
                                i, i);
}

/* Was all of it taken, now or before? */
static bool post(struct es_worker *worker)
{
    struct es_job *job = es_job_new(ES_JOB_INGEST, lines, strlen(lines));
    if (job == NULL || !es_worker_ask(worker, &job, 5000) || job == NULL) return false;
    const bool taken = job->status == 200 && job->answer != NULL && strstr(job->answer, "\"refused\":0") != NULL;
    es_job_free(job);
    return taken;
}

static int drive(struct es_worker *worker)
{
    struct es_worker_status status = {0};
    bool posted = false;
    unsigned degraded = 0;
    es_worker_host_open(worker);
    for (size_t i = 0; i < EXAMS; i++) (void)offer(worker, i);
    for (unsigned tick = 0; tick < ALL_TICKS; tick++) {
        es_worker_status(worker, &status);
        degraded = status.phase == ES_WORKER_DEGRADED ? degraded + 1 : 0;
        if (degraded > DEGRADED_TICKS) break;
        if (!posted && status.phase == ES_WORKER_READY) posted = post(worker);
        else if (posted && status.settled && status.has_release && status.catchup.cursor == EXAMS) return 0;
        (void)usleep(TICK_US);
    }
    fprintf(stderr, "%s, %s, posted %d, settled %d: %s\n", es_worker_phase_name(status.phase), status.has_release ? "a release" : "no release", posted,
            status.settled, status.reason);
    return 3;
}

int main(int argc, char **argv)
{
    static const struct es_worker_pace pace = {.batch_ms = 5, .render_ms = 10, .catchup_ms = 10, .retry_ms = 10};
    struct es_config *config = NULL;
    struct es_worker *worker = NULL;
    struct es_error err = {0};
    char other_name[4096];
    if (argc != 3 || strcmp(argv[1], "-c") != 0) return 2;
    es_dicom_process_setup(true);
    es_hash_setup();
    host_reset();
    host_store(EXAMS);
    make_lines();
    /* What reads the configuration is tried by the program: calls are counted from the next opening under its own name. */
    const int n = snprintf(other_name, sizeof other_name, "/.%s", argv[2]);
    if (n < 0 || (size_t)n >= sizeof other_name || es_config_read(&config, other_name, &err) != ES_OK) {
        fprintf(stderr, "configuration: %s\n", err.text);
        return 2;
    }
    FILE *begin = fopen(argv[2], "rb");
    if (begin != NULL) (void)fclose(begin);
    int result = 2;
    if (es_worker_start(&worker, config, &host_table, &pace, &err) == ES_OK) result = drive(worker);
    else fprintf(stderr, "start: %s\n", err.text);
    if (worker != NULL) es_worker_host_close(worker);
    es_worker_stop(worker);
    es_config_free(config);
    return result;
}
