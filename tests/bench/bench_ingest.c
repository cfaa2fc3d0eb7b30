/* SPDX-License-Identifier: Apache-2.0 */
/* Messages through a site: as many as the NIH chest X-ray predictions hold (22,433 exams of 6,187 patients, one result with seven
 * findings and one reference each), in batches, durable at each. Prints times; asserts nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "plugin/site.h"

#define EXAMS 22433
#define PATIENTS 6187
#define BATCH 1000
static const char *const findings[] = {"atelectasis", "cardiomegaly", "effusion", "infiltration", "mass", "nodule", "pneumothorax"};
#define FINDINGS (sizeof findings / sizeof findings[0])

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void stop(const char *what, const struct es_error *err)
{
    fprintf(stderr, "%s: %s\n", what, err->text);
    exit(1);
}

static char *configuration(const char *folder)
{
    static char text[4096];
    size_t used = (size_t)snprintf(text, sizeof text,
        "{\"Enable\":true,\"Site\":\"A\",\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\","
        "\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"},{\"Name\":\"age\",\"Attribute\":\"PatientAge\",\"Bands\":[0,18,40,60,80]},"
        "{\"Name\":\"view\",\"Attribute\":\"ViewPosition\"}],"
        "\"Models\":[{\"Name\":\"net\",\"Recognise\":{\"AlgorithmName\":\"Net\"},\"Findings\":[", folder, folder);
    for (size_t i = 0; i < FINDINGS; i++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s{\"Name\":\"%s\",\"Task\":\"binary\",\"Threshold\":0.5}", i ? "," : "", findings[i]);
    snprintf(text + used, sizeof text - used, "]}]}");
    return text;
}

static void attribute(struct es_message *message, const char *keyword, const char *value)
{
    struct es_message_attribute *out = &message->attributes[message->n_attributes++];
    snprintf(out->keyword, sizeof out->keyword, "%s", keyword);
    snprintf(out->value, sizeof out->value, "%s", value);
    out->state = ES_ATTRIBUTE_PRESENT;
}

static void say(struct es_message *message, enum es_event_kind kind, unsigned exam)
{
    char age[16];
    es_message_init(message);
    message->kind = kind;
    snprintf(message->study_uid, sizeof message->study_uid, "1.2.826.0.1.3680043.2.%u", exam);
    snprintf(message->accession, sizeof message->accession, "ACC%u", exam);
    if (kind == ES_EVENT_EXAM) {
        snprintf(message->patient_id, sizeof message->patient_id, "P%u", exam % PATIENTS + 1);
        snprintf(message->series_uid, sizeof message->series_uid, "1.2.826.0.1.3680043.3.%u", exam);
        snprintf(age, sizeof age, "%03uY", 20 + exam % 70);
        message->study_day = 20000 + (int32_t)(exam / 100);
        attribute(message, "PatientSex", exam % 2 ? "F" : "M");
        attribute(message, "PatientAge", age);
        attribute(message, "ViewPosition", exam % 3 ? "PA" : "AP");
        return;
    }
    message->produced = (int64_t)(20000 + exam / 100) * INT64_C(86400000000) + exam;
    message->zone_known = true;
    snprintf(message->model_name, sizeof message->model_name, "%s", kind == ES_EVENT_RESULT ? "net" : "");
    snprintf(message->model_version, sizeof message->model_version, "%s", kind == ES_EVENT_RESULT ? "1" : "");
    snprintf(message->source, sizeof message->source, "%s", kind == ES_EVENT_REFERENCE ? "report" : "");
    message->result_status = ES_RESULT_OK;
    message->reference_status = ES_REFERENCE_FINAL;
    for (size_t i = 0; i < FINDINGS; i++) {
        struct es_finding *finding = &message->findings[message->n_findings++];
        snprintf(finding->name, sizeof finding->name, "%s", findings[i]);
        finding->has_score = kind == ES_EVENT_RESULT;
        finding->score = (double)((exam * 7919 + i * 104729) % 1000) / 1000;
        finding->has_label = kind == ES_EVENT_REFERENCE;
        finding->label = (exam + i) % 5 == 0;
        finding->evaluable = true;
    }
}

static void ingest(struct es_site *site, enum es_event_kind kind, const char *what, unsigned exams)
{
    struct es_message *messages = calloc(BATCH, sizeof *messages);
    const struct es_message **list = calloc(BATCH, sizeof *list);
    struct es_receipt *receipts = calloc(BATCH, sizeof *receipts);
    if (!messages || !list || !receipts) exit(1);
    double spent = 0;
    for (unsigned from = 0; from < exams; from += BATCH) {
        const unsigned count = exams - from < BATCH ? exams - from : BATCH;
        struct es_error err = {0};
        for (unsigned i = 0; i < count; i++) {
            say(&messages[i], kind, from + i + 1);
            list[i] = &messages[i];
        }
        const double start = seconds();
        if (es_site_take(site, list, count, receipts, &err) != ES_OK) stop("take", &err);
        spent += seconds() - start;
    }
    printf("%-10s %7u messages in %6.2f s: %6.0f a second\n", what, exams, spent, exams / spent);
    free(messages);
    free(list);
    free(receipts);
}

int main(int argc, char **argv)
{
    const unsigned exams = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : EXAMS;
    char folder[] = "/tmp/evensight-bench.XXXXXX", path[80];
    struct es_config *config = NULL;
    struct es_site *site = NULL;
    struct es_error err = {0};
    struct rusage usage;
    if (!mkdtemp(folder)) return 1;
    const char *text = configuration(folder);
    if (es_config_parse(&config, text, strlen(text), NULL, &err) != ES_OK) stop("configuration", &err);
    if (es_site_open(&site, config, ES_SITE_WRITE, NULL, &err) != ES_OK) stop("open", &err);
    double start = seconds();
    ingest(site, ES_EVENT_EXAM, "exams", exams);
    ingest(site, ES_EVENT_RESULT, "results", exams);
    ingest(site, ES_EVENT_REFERENCE, "references", exams);
    printf("%-10s %7u messages in %6.2f s, making them included\n", "all", 3 * exams, seconds() - start);
    es_site_close(site);
    start = seconds();
    if (es_site_open(&site, config, ES_SITE_WRITE, NULL, &err) != ES_OK) stop("open again", &err);
    printf("open again: %.2f s\n", seconds() - start);
    getrusage(RUSAGE_SELF, &usage);
    printf("peak memory: %ld MiB\n", usage.ru_maxrss / 1024);
    es_site_close(site);
    es_config_free(config);
    static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lease", "site.key"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder) == 0 ? 0 : 1;
}
