/* SPDX-License-Identifier: Apache-2.0 */
/* Messages through a site: as many as the NIH chest X-ray predictions hold (22,433 exams of 6,187 patients, one result with seven
 * findings and one reference each), in batches, durable at each; then late labels one by one, and the site opened again. Prints times;
 * asserts nothing. Usage: bench_ingest [EXAMS [FINDINGS [FOLDER]]]; 1000000 1 is 3,000,000 events and 1,000,000 cases. With FOLDER
 * the ledger is kept there; one that is there already is only opened again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "plugin/site/internal.h" /* to time what follows a commit without the commit */

#define EXAMS 22433
#define PATIENTS 6187
#define BATCH 1000
static const char *const findings[] = {"atelectasis", "cardiomegaly", "effusion", "infiltration", "mass", "nodule", "pneumothorax"};
#define FINDINGS (sizeof findings / sizeof findings[0])
static size_t n_findings = FINDINGS;

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
    for (size_t i = 0; i < n_findings; i++)
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
    for (size_t i = 0; i < n_findings; i++) {
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

static int by_time(const void *left, const void *right)
{
    const double a = *(const double *)left, b = *(const double *)right;
    return a < b ? -1 : a > b;
}

/* One late label each for exams spread over all: from the appended event to the cohort's row, and to that from the message. */
#define LATE 1000
static void late_labels(struct es_site *site, unsigned exams)
{
    static double follow[LATE], make[LATE];
    struct es_message *message = malloc(sizeof *message);
    struct es_error err = {0};
    if (!message) exit(1);
    for (unsigned i = 0; i < LATE; i++) {
        struct es_event event, *events[] = {&event};
        bool revised[] = {false};
        struct es_batch batch = {.events = events, .revised = revised, .n = 1};
        struct es_entry entry = {.received = INT64_C(2000000000000000), .sent = ES_NO_INSTANT};
        enum es_taken taken;
        uint8_t *body = NULL;
        double start = seconds();
        say(message, ES_EVENT_REFERENCE, (unsigned)((uint64_t)i * 7919 % exams) + 1);
        message->reference_status = ES_REFERENCE_CORRECTED;
        if (es_event_make(&event, message, es_site_config(site), es_site_key(site), &err) != ES_OK ||
            es_event_encode(&event, es_site_key(site), &body, &entry.len, &err) != ES_OK)
            stop("late label", &err);
        make[i] = seconds() - start;
        entry.body = body;
        memcpy(entry.identity, event.identity, sizeof entry.identity);
        if (es_ledger_append(es_site_ledger(site), &entry, 1, &taken, &err) != ES_OK) stop("append", &err);
        start = seconds();
        batch.first_seq = entry.seq;
        if (taken == ES_TAKEN && (es_site_note(site, &event, entry.seq, entry.received, false, &err) != ES_OK ||
                                  es_site_settle(site, &err) != ES_OK || es_site_derive(site, &batch, &err) != ES_OK))
            stop("follow", &err);
        follow[i] = seconds() - start;
        free(body);
        es_event_clear(&event);
        es_message_clear(message);
    }
    qsort(follow, LATE, sizeof *follow, by_time);
    qsort(make, LATE, sizeof *make, by_time);
    printf("late label: to the event %.1f us, from the commit to the cohort %.1f us (median), %.1f us (99%%)\n", make[LATE / 2] * 1e6,
           follow[LATE / 2] * 1e6, follow[LATE - LATE / 100] * 1e6);
    free(message);
}

static long peak_mib(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss / 1024;
}

static double processor(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

/* Memory of this process now, in MiB; 0 when it cannot be told. */
static long memory_mib(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    char line[128] = "";
    if (!file) return 0;
    const char *got = fgets(line, sizeof line, file), *second = got ? strchr(line, ' ') : NULL;
    fclose(file);
    return second ? strtol(second, NULL, 10) * sysconf(_SC_PAGESIZE) / (1024 * 1024) : 0;
}

static void ingest_all(const struct es_config *config, unsigned exams)
{
    struct es_site *site = NULL;
    struct es_error err = {0};
    if (es_site_open(&site, config, ES_SITE_WRITE, NULL, &err) != ES_OK) stop("open", &err);
    const double start = seconds();
    ingest(site, ES_EVENT_EXAM, "exams", exams);
    ingest(site, ES_EVENT_RESULT, "results", exams);
    ingest(site, ES_EVENT_REFERENCE, "references", exams);
    printf("%-10s %7u messages in %6.2f s, making them included\n", "all", 3 * exams, seconds() - start);
    late_labels(site, exams);
    printf("memory: %ld MiB, at most %ld MiB\n", memory_mib(), peak_mib());
    es_site_close(site);
}

static void open_again(const struct es_config *config)
{
    struct es_site *site = NULL;
    struct es_error err = {0};
    const double before = processor(), start = seconds();
    if (es_site_open(&site, config, ES_SITE_WRITE, NULL, &err) != ES_OK) stop("open again", &err);
    printf("open again: %.2f s (%.2f s of a processor) for %llu events; memory %ld MiB, at most %ld MiB\n", seconds() - start,
           processor() - before, (unsigned long long)es_ledger_count(es_site_ledger(site)), memory_mib(), peak_mib());
    es_site_close(site);
}

static bool clear_folder(const char *folder)
{
    static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lease", "site.key"};
    char path[512];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    return rmdir(folder) == 0;
}

int main(int argc, char **argv)
{
    const unsigned exams = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : EXAMS;
    char own[] = "/tmp/evensight-bench.XXXXXX", path[512];
    struct es_config *config = NULL;
    struct es_error err = {0};
    if (argc > 2) n_findings = (size_t)strtoul(argv[2], NULL, 10);
    const char *folder = argc > 3 ? argv[3] : mkdtemp(own);
    if (exams == 0 || n_findings == 0 || n_findings > FINDINGS) return 2;
    if (!folder) return 1;
    const char *text = configuration(folder);
    if (es_config_parse(&config, text, strlen(text), NULL, &err) != ES_OK) stop("configuration", &err);
    snprintf(path, sizeof path, "%s/ledger.db", folder);
    if (access(path, F_OK) != 0) ingest_all(config, exams);
    for (int i = 0; i < 2; i++) open_again(config);
    es_config_free(config);
    return argc > 3 || clear_folder(folder) ? 0 : 1;
}
