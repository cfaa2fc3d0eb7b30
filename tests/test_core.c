/* SPDX-License-Identifier: Apache-2.0 */
/* What a core dump shows of patients: nothing of what our own code reads, waits with or has read.
 *
 * A child process does the real work (the worker with a host in memory, the C interface), then aborts; its core file is searched for planted
 * names, birth dates and UIDs, in bytes and in UTF-16. The test itself holds them in memory of secret.h only, since a child inherits it. Where
 * core_pattern leads elsewhere gcore takes the picture (gdb heeds MADV_DONTDUMP too); without it the tests are skipped. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dicom/dataset.h"
#include "dicom/secret.h"
#include "plugin/base/json.h"
#include "plugin/evensight.h"
#include "testlib.h"
#include "worker_host.h"

/* ---- what is planted ---- */

enum { NAME, BIRTH, UID, SOUGHT, WORDS = SOUGHT, CANARIES }; /* words: for texts, which are kept nowhere as they are */
/* One letter on, so that the text does not stand in the program. */
static const char *const told[CANARIES] = {"LBOBSJF", "2:56171:", "2/3/88112345", "LBOBSJF_Kbotfo>"};
static char (*canary)[32]; /* in secret memory */

static void make_canaries(void)
{
    canary = es_secret_list(CANARIES, sizeof *canary);
    if (canary == NULL) CU_FAIL_FATAL("no memory");
    for (size_t c = 0; c < CANARIES; c++)
        for (size_t i = 0; told[c][i] != '\0'; i++) canary[c][i] = (char)(told[c][i] - 1);
}

static void fill(uint8_t *value, size_t len, const char *with)
{
    const size_t n = strlen(with);
    for (size_t i = 0; i < len; i++) value[i] = (uint8_t)with[i % n];
}

static size_t little(const uint8_t *p, size_t bytes)
{
    size_t n = 0;
    for (size_t i = bytes; i-- > 0;) n = n << 8 | p[i];
    return n;
}

/* Every text of an object in explicit VR little endian, at any depth: names and texts, dates, the UIDs of study, series and instance. What codes
 * and algorithms are called stays, so that the object is understood. @return how many values were replaced */
static unsigned plant(uint8_t *p, size_t len)
{
    unsigned planted = 0;
    for (size_t at = 132; at + 8 <= len;) {
        const uint32_t tag = (uint32_t)little(p + at, 2) << 16 | (uint32_t)little(p + at + 2, 2);
        const char *vr = (const char *)p + at + 4;
        if (tag >> 16 == 0xFFFE || memcmp(vr, "SQ", 2) == 0) {
            at += tag >> 16 == 0xFFFE ? 8 : 12; /* whatever its length is: on with what is inside */
            continue;
        }
        const bool is_long = memcmp(vr, "OB", 2) == 0 || memcmp(vr, "OW", 2) == 0 || memcmp(vr, "UT", 2) == 0 || memcmp(vr, "UN", 2) == 0 || memcmp(vr, "UC", 2) == 0;
        const size_t head = is_long ? 12 : 8, n = is_long ? little(p + at + 8, 4) : little(p + at + 6, 2);
        if (head + n > len - at) break;
        const bool text = strstr("PN LO LT ST UT UC SH", (const char[]){vr[0], vr[1], '\0'}) != NULL;
        const bool uid = tag == 0x0020000D || tag == 0x0020000E || tag == 0x00080018;
        if (tag == 0x00100030 && n == 8) fill(p + at + head, n, canary[BIRTH]);
        else if (uid && n >= 12) memcpy(p + at + head, canary[UID], 12);
        else if (text && n >= 8 && tag >> 16 != 2 && tag != 0x00080100 && tag != 0x00080102) fill(p + at + head, n, canary[WORDS]);
        else planted--;
        planted++;
        at += head + n;
    }
    return planted;
}

/* A real file with everything planted. */
static uint8_t *planted_file(const char *relative, size_t *len)
{
    struct stat status;
    const int fd = open(es_testdata(relative), O_RDONLY);
    if (fd < 0 || fstat(fd, &status) != 0) _exit(10);
    uint8_t *bytes = es_secret_new((size_t)status.st_size);
    if (bytes == NULL || read(fd, bytes, (size_t)status.st_size) != (ssize_t)status.st_size) _exit(11);
    (void)close(fd);
    *len = (size_t)status.st_size;
    if (plant(bytes, *len) < 5) _exit(12);
    return bytes;
}

static void put(struct es_elements *elements, uint32_t tag, const char *vr, const char *text)
{
    (void)es_elements_add(elements, tag, 0, 0, vr, text, strlen(text));
}

/* An image as OnStored hands it over. */
static void plant_item(struct es_stored *item)
{
    struct es_elements *e = &item->elements;
    host_make_exam(0, e);
    es_elements_clear(e);
    put(e, 0x00080016, "UI", "1.2.840.10008.5.1.4.1.1.1.1");
    put(e, 0x00080018, "UI", canary[UID]);
    put(e, 0x00080020, "DA", "20260301");
    put(e, 0x00080050, "SH", canary[NAME]);
    put(e, 0x00080060, "CS", "DX");
    put(e, 0x00080080, "LO", canary[NAME]);
    put(e, 0x00100020, "LO", canary[NAME]);
    put(e, 0x00100030, "DA", canary[BIRTH]);
    put(e, 0x00102160, "SH", canary[NAME]);
    put(e, 0x0020000d, "UI", canary[UID]);
    put(e, 0x0020000e, "UI", canary[UID]);
}

/* Lines of every kind, taken and refused. */
static char *planted_lines(size_t *len)
{
    static const char form[] =
        "{\"event\":\"exam\",\"study_uid\":\"@3.1\",\"series_uid\":\"@3.2\",\"accession\":\"@1\",\"patient_id\":\"@1 @2\",\"patient_issuer\":\"@1\","
        "\"study_date\":\"20250101\",\"demographics\":{\"PatientSex\":\"F\",\"EthnicGroup\":\"@1\"},\"acquisition\":{\"Modality\":\"DX\",\"InstitutionName\":\"@1=@1\"}}\n"
        "{\"event\":\"result\",\"study_uid\":\"@3.1\",\"accession\":\"@1\",\"patient_id\":\"@1\",\"model\":{\"name\":\"m\",\"version\":\"1\",\"device_uid\":\"@3\"},"
        "\"produced\":\"2025-01-01T10:00:00Z\",\"findings\":[{\"finding\":\"f\",\"score\":0.7},{\"finding\":\"@1\",\"value\":1,\"units\":\"@1\"}],\"event_id\":\"@1\"}\n"
        "{\"event\":\"reference\",\"study_uid\":\"@3.1\",\"source\":\"report\",\"labeller\":\"@1\",\"established\":\"2025-01-20T10:00:00Z\",\"findings\":[{\"finding\":\"f\",\"label\":1}]}\n"
        "{\"event\":\"patient_alias\",\"patient_id\":\"@1\",\"same_as\":\"@1 @2\"}\n"
        "{\"event\":\"demographics\",\"patient_id\":\"@1\",\"source\":\"pas\",\"attributes\":{\"imd_decile\":\"@1\"}}\n"
        "{\"event\":\"exam\",\"study_uid\":\"@1\",\"patient_id\":\"@2\"}\n{\"event\":\"@1\"}\n{\"@1\":\"@2\"}\n"
        "{\"event\":\"exam\",\"patient_id\":\"@4 @4 @4 @4\",\"study_uid\":\"@3\",\n[\"@4 @4 @4 @4\",\"@2\n@1 @2\n";
    char *text = es_secret_new(8192), *at = text;
    if (text == NULL) _exit(13);
    for (const char *p = form; *p != '\0'; p++) { /* @1 to @4: a canary */
        const char *with = *p == '@' ? canary[*++p - '1'] : p;
        const size_t n = with == p ? 1 : strlen(with);
        if (n > (size_t)(text + 8192 - at)) _exit(14);
        memcpy(at, with, n);
        at += n;
    }
    *len = (size_t)(at - text);
    return text;
}

/* ---- a host that holds planted objects ---- */

static struct {
    uint8_t *bytes;
    size_t len;
} objects[3];

static enum es_errc fetch(void *context, const char *id, struct es_host_object *out, struct es_error *err)
{
    (void)context;
    const unsigned long i = strtoul(id, NULL, 10);
    if (i >= sizeof objects / sizeof objects[0] || objects[i].bytes == NULL) return es_fail(err, ES_E_REFUSED, "gone");
    out->bytes = objects[i].bytes;
    out->len = objects[i].len;
    return ES_OK;
}

static void make_objects(void)
{
    static const char *const files[] = {"dicom/images/ct-m-043y.dcm", "dicom/ai-sr/sr-tid1500-radiomics-device.dcm", "dicom/ai-sr/sr-tid1500-bidirectional-px.dcm"};
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) objects[i].bytes = planted_file(files[i], &objects[i].len);
}

/* A configuration that reads every report as a result. */
static void configure(const char *folder, char *text, size_t size)
{
    snprintf(text, size, "{\"Evensight\":{\"Site\":\"T\",\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\",\"Axes\":[{\"Name\":\"sex\","
             "\"Attribute\":\"PatientSex\"},{\"Name\":\"group\",\"Attribute\":\"EthnicGroup\",\"Vocabulary\":\"nhs-ethnic-category\"}],\"Models\":[{\"Name\":\"m\","
             "\"Recognise\":{\"SeriesDescription\":\".\"},\"Findings\":[{\"Name\":\"f\",\"Task\":\"binary\",\"Threshold\":0.5},{\"Name\":\"g\","
             "\"Task\":\"measurement\",\"From\":[{\"SR\":{\"Concept\":\"C0JK,IBSI\"}}]}]}]}}", folder, folder);
}

static struct es_worker *start_planted(const char *folder)
{
    char text[2048];
    struct es_config *config = NULL;
    static const struct es_worker_pace pace = {.batch_ms = 5, .render_ms = 20, .catchup_ms = 20, .retry_ms = 20};
    static struct es_host table;
    struct es_worker *worker = NULL;
    table = host_table;
    table.fetch = fetch;
    host_reset();
    configure(folder, text, sizeof text);
    if (es_config_parse(&config, text, strlen(text), NULL, NULL) != ES_OK || es_worker_start(&worker, config, &table, &pace, NULL) != ES_OK) _exit(15);
    return worker;
}

static void offer_all(struct es_worker *worker)
{
    struct es_stored *item = es_secret_new(sizeof *item);
    if (item == NULL) _exit(16);
    item->kind = ES_ITEM_FACTS;
    snprintf(item->id, sizeof item->id, "9");
    plant_item(item);
    if (!hand_over(worker, item)) _exit(17);
    item->kind = ES_ITEM_FETCH;
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++) {
        snprintf(item->id, sizeof item->id, "%zu", i);
        if (!hand_over(worker, item)) _exit(18);
    }
    es_secret_wipe_deep_stack();
}

static struct es_job *post_all(struct es_worker *worker, unsigned wait_ms)
{
    size_t len = 0;
    char *lines = planted_lines(&len);
    struct es_job *job = es_job_new(ES_JOB_INGEST, lines, len);
    if (job == NULL) _exit(19);
    if (!es_worker_ask(worker, &job, wait_ms)) job = NULL;
    es_secret_wipe_deep_stack();
    return job;
}

static bool wait_for(struct es_worker *worker, bool settled, struct es_worker_status *status)
{
    for (int i = 0; i < 1000; i++) {
        es_worker_status(worker, status);
        if (settled ? status->settled : status->phase == ES_WORKER_DEGRADED) return true;
        usleep(10000);
    }
    return false;
}

/* ---- scenes ---- */

/* All was read, taken or refused, and reported; the host's thread goes on. */
static void all_is_taken(const char *folder)
{
    struct es_worker_status status;
    struct es_worker *worker = start_planted(folder);
    make_objects();
    es_worker_host_open(worker);
    offer_all(worker);
    struct es_job *job = post_all(worker, 20000);
    if (job == NULL || job->status != 200 || strstr(job->answer, "\"refused\":7") == NULL) _exit(20);
    es_job_free(job);
    if (!wait_for(worker, true, &status) || status.counts.fetched != 3 || status.counts.skimmed != 1 || status.counts.taken + status.counts.revised != 7 || status.counts.refused != 7 || status.counts.silent != 1)
        _exit(21);
    if (es_worker_surface(worker) == NULL) _exit(22);
}

/* The ledger's file cannot grow: what was read waits as messages, what comes then waits as it came. */
static void all_is_waiting(const char *folder)
{
    struct es_worker_status status;
    struct rlimit full;
    struct es_worker *worker = start_planted(folder);
    make_objects();
    es_worker_host_open(worker);
    if (!wait_for(worker, true, &status)) _exit(23);
    (void)signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_FSIZE, &full) != 0 || setrlimit(RLIMIT_FSIZE, &(const struct rlimit){1, full.rlim_max}) != 0) _exit(24);
    offer_all(worker);
    if (!wait_for(worker, false, &status)) _exit(25);
    offer_all(worker);
    if (post_all(worker, 100) != NULL && status.counts.taken != 0) _exit(26);
    if (setrlimit(RLIMIT_FSIZE, &full) != 0) _exit(27);
}

/* The key is not there: nothing is opened, and everything stays in the inbox. */
static void nothing_is_opened(const char *folder)
{
    struct es_worker_status status;
    char path[300];
    snprintf(path, sizeof path, "%s/site.key", folder);
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs("no key\n", file) < 0 || fclose(file) != 0) _exit(28);
    struct es_worker *worker = start_planted(folder);
    make_objects();
    offer_all(worker);
    (void)post_all(worker, 100);
    if (!wait_for(worker, false, &status) || status.waiting != 4) _exit(29);
}

/* The C interface, on the caller's own thread. */
static void the_interface_is_used(const char *folder)
{
    char path[300], text[2048];
    evensight *handle = NULL;
    snprintf(path, sizeof path, "%s/conf.json", folder);
    configure(folder, text, sizeof text);
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs(text, file) < 0) _exit(30);
    if (fclose(file) != 0 || evensight_open(&handle, path) != EVENSIGHT_OK) _exit(31);
    make_objects();
    evensight_receipt receipt = {.size = sizeof receipt};
    for (size_t i = 0; i < sizeof objects / sizeof objects[0]; i++)
        if (evensight_take_object(handle, objects[i].bytes, objects[i].len, &receipt) != EVENSIGHT_OK && i == 0) _exit(32);
    size_t len = 0;
    char *lines = planted_lines(&len);
    if (evensight_take_events(handle, lines, len, &receipt) != EVENSIGHT_REFUSED || receipt.taken < 4 || receipt.refused != 7) _exit(33);
}

/* What the search is worth: a name left on the ordinary heap. */
static char *volatile left;
static void a_name_is_left(const char *folder)
{
    (void)folder;
    left = strdup(canary[NAME]);
}

/* ---- the core ---- */

static bool kernel_writes_here(void)
{
    char pattern[256] = "|";
    FILE *file = fopen("/proc/sys/kernel/core_pattern", "r");
    if (file == NULL) return false;
    const bool good = fgets(pattern, sizeof pattern, file) != NULL && pattern[0] != '|' && strchr(pattern, '/') == NULL;
    (void)fclose(file);
    return good;
}

static bool gcore_is_here(void)
{
    return system("command -v gcore >/dev/null 2>&1") == 0;
}

/* Do the work in a child and take a core of it into `folder`. */
static bool take_core(const char *folder, void (*scene)(const char *folder))
{
    const bool here = kernel_writes_here();
    struct rlimit most;
    int status = 0;
    const pid_t child = fork();
    if (child == 0) {
        if (chdir(folder) != 0 || getrlimit(RLIMIT_CORE, &most) != 0) _exit(2);
        most.rlim_cur = most.rlim_max;
        (void)setrlimit(RLIMIT_CORE, &most);
        scene(folder);
        if (here) abort();
        (void)raise(SIGSTOP);
        _exit(0);
    }
    if (waitpid(child, &status, here ? 0 : WUNTRACED) != child) return false;
    if (!here && WIFSTOPPED(status)) {
        char command[500];
        snprintf(command, sizeof command, "gcore -o \"%s/core\" %ld >/dev/null 2>&1", folder, (long)child);
        const bool taken = system(command) == 0;
        (void)kill(child, SIGKILL);
        (void)waitpid(child, &status, 0);
        return taken;
    }
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT) return true;
    printf("    the child ended with %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
    return false;
}

static bool holds(const uint8_t *bytes, size_t len, const char *text, bool wide)
{
    const size_t n = strlen(text), step = wide ? 2 : 1;
    uint8_t *needle = es_secret_new(n * step);
    if (needle == NULL) CU_FAIL_FATAL("no memory");
    for (size_t i = 0; i < n; i++) needle[i * step] = (uint8_t)text[i];
    const uint8_t *found = memmem(bytes, len, needle, n * step - (step - 1));
    es_secret_free(needle);
    return found != NULL;
}

/* Which canaries the core holds, one bit each; -1: there is none. Removes it. */
static int search_core(const char *folder)
{
    int found = -1;
    DIR *list = opendir(folder);
    for (const struct dirent *entry; list != NULL && found < 0 && (entry = readdir(list)) != NULL;) {
        char path[600];
        struct stat status;
        if (strncmp(entry->d_name, "core", 4) != 0) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        const int fd = open(path, O_RDONLY);
        if (fd < 0 || fstat(fd, &status) != 0 || status.st_size < 65536) continue;
        const uint8_t *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (bytes == MAP_FAILED) continue;
        found = 0;
        for (int c = 0; c < SOUGHT; c++)
            if (holds(bytes, (size_t)status.st_size, canary[c], false) || holds(bytes, (size_t)status.st_size, canary[c], true)) found |= 1 << c;
        (void)munmap((void *)(uintptr_t)bytes, (size_t)status.st_size);
        (void)close(fd);
        (void)unlink(path);
    }
    if (list != NULL) (void)closedir(list);
    return found;
}

static void try_scene(void (*scene)(const char *folder), int expected)
{
    char folder[256];
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    es_test_skip("a sanitizer's core is not that of the program");
    return;
#endif
    if (!kernel_writes_here() && !gcore_is_here()) {
        es_test_skip("no core file can be had here: core_pattern leads elsewhere, and there is no gcore");
        return;
    }
    snprintf(folder, sizeof folder, "%s", es_test_tempdir());
    make_canaries();
    const int found = take_core(folder, scene) ? search_core(folder) : -1;
    if (found != expected) printf("    found %d: 1 the name, 2 the birth date, 4 the UID; -1 no core\n", found);
    CU_ASSERT_EQUAL(found, expected);
    es_secret_free(canary);
}

static void a_name_on_the_heap_is_found(void) { try_scene(a_name_is_left, 1 << NAME); }
static void what_was_taken_is_not_in_a_core(void) { try_scene(all_is_taken, 0); }
static void what_waits_for_the_ledger_is_not_in_a_core(void) { try_scene(all_is_waiting, 0); }
static void what_waits_for_the_key_is_not_in_a_core(void) { try_scene(nothing_is_opened, 0); }
static void what_the_interface_took_is_not_in_a_core(void) { try_scene(the_interface_is_used, 0); }

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"a_name_on_the_heap_is_found", a_name_on_the_heap_is_found},
        {"what_was_taken_is_not_in_a_core", what_was_taken_is_not_in_a_core},
        {"what_waits_for_the_ledger_is_not_in_a_core", what_waits_for_the_ledger_is_not_in_a_core},
        {"what_waits_for_the_key_is_not_in_a_core", what_waits_for_the_key_is_not_in_a_core},
        {"what_the_interface_took_is_not_in_a_core", what_the_interface_took_is_not_in_a_core},
        {NULL, NULL},
    };
    es_dicom_process_setup(true); /* quiet, as in a program */
    return es_test_main("core", tests, argc, argv);
}
