/* SPDX-License-Identifier: Apache-2.0 */
/* Releases for outsiders that the worker makes by itself: when they are due by the ledger's own time, once, and each beside the earlier ones.
 * The exams are of 1995 and of 2015, all read today: what looked at the wall clock would find every release due, or none. */
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/time.h"
#include "plugin/report/record/between.h"
#include "plugin/report/view.h"
#include "site_world.h"
#include "testlib.h"
#include "worker_host.h"

#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define CONFIG(disclosure)                                                                                           \
    "{\"Enable\":true,\"Site\":\"A\",\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\","       \
    "\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}],"                                                    \
    "\"Models\":[{\"Name\":\"net\",\"Recognise\":{\"AlgorithmName\":\"Net\"},\"Findings\":[{\"Name\":\"effusion\",\"Task\":\"binary\",\"Threshold\":0.5}]}]," \
    "\"Disclosure\":" disclosure "}"
#define MONTHLY CONFIG("{\"External\":\"floor:5\",\"ReleaseEvery\":\"30d\"}")

static const int32_t eras[] = {9131, 16436}; /* 1995-01-01, 2015-01-01 */
enum { ERAS = sizeof eras / sizeof eras[0] };

/* ---- a site that is fed while no worker runs, or by the worker ---- */

/** Exams of one sex on one day, half with the finding, each read and referenced. @param first  number of the first: of study and patient */
static void say(struct es_world *world, unsigned first, unsigned n, const char *sex, int32_t day)
{
    for (unsigned i = first; i < first + n; i++) {
        const int64_t at = (int64_t)day * 86400;
        CU_ASSERT_EQUAL(es_world_take(world, es_say_exam(i, i, day, sex, "050Y")), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL(es_world_take(world, es_say_result(i, "1.0", "effusion", i % 3 ? 0.8 : 0.2, at)), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL(es_world_take(world, es_say_reference(i, "report", ES_REFERENCE_FINAL, i % 2 == 0, at)), ES_OUTCOME_TAKEN);
    }
}

static void open_first(struct es_world *world, const char *config, int32_t day)
{
    es_world_open_in(world, config, es_test_tempdir(), KEY);
    say(world, 1, 40, "F", day);
    say(world, 101, 40, "M", day);
}

/** With another configuration. */
static void open_again(struct es_world *world, const char *config)
{
    char folder[sizeof world->folder];
    memcpy(folder, world->folder, sizeof folder);
    es_world_close(world);
    es_world_open_in(world, config, folder, KEY);
}

static struct es_worker *work(struct es_world *world)
{
    struct es_worker_status status;
    es_site_close(world->site);
    world->site = NULL;
    host_reset();
    struct es_worker *worker = start(world->config);
    open_and_settle(worker, &status);
    return worker;
}

static void rest(struct es_world *world, struct es_worker *worker)
{
    struct es_error err = {0};
    end_worker(worker);
    CU_ASSERT_EQUAL_FATAL(es_site_open(&world->site, world->config, ES_SITE_WRITE, NULL, &err), ES_OK);
}

/** Let a worker run until nothing waits. */
static void run_once(struct es_world *world) { rest(world, work(world)); }

/** A line of JSON posted to a worker at work, and what comes of it waited for. */
static void post(struct es_worker *worker, const char *line, int expected)
{
    struct es_worker_status status;
    struct es_job *job = es_job_new(ES_JOB_INGEST, line, strlen(line));
    CU_ASSERT_TRUE_FATAL(job != NULL && es_worker_ask(worker, &job, 10000));
    CU_ASSERT_EQUAL(job->status, expected);
    es_job_free(job);
    if (expected == 200) CU_ASSERT_TRUE(settled(worker, &status));
}

static void post_result(struct es_worker *worker, unsigned number, int32_t day)
{
    char line[200], date[ES_DAY_TEXT];
    es_day_format(day, date);
    snprintf(line, sizeof line,
             "{\"event\":\"result\",\"study_uid\":\"1.2.9.%u\",\"model\":{\"name\":\"net\",\"version\":\"1.0\"},\"produced\":\"%sT00:00:00Z\","
             "\"findings\":[{\"finding\":\"effusion\",\"score\":0.2}]}\n", number, date);
    post(worker, line, 200);
}

/** Records of the ledger, oldest first. @return owned */
static cJSON *records(struct es_world *world)
{
    cJSON *out = NULL;
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_between_read(world->site, "evensight-report/1", &out, NULL, &err), ES_OK);
    return out;
}

static int n_records(struct es_world *world)
{
    cJSON *all = records(world);
    const int n = cJSON_GetArraySize(all);
    cJSON_Delete(all);
    return n;
}

/** Exams seen of a sex ("": everyone) in the i-th record; NAN when withheld. */
static double seen_of(const cJSON *all, int i, const char *sex)
{
    struct es_view_finding at = {0};
    const cJSON *release = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(all, i), "release"), *group;
    CU_ASSERT_TRUE_FATAL(release != NULL && es_view_next(release, &at));
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at.finding, "groups"))
    {
        const cJSON *key = cJSON_GetObjectItemCaseSensitive(group, "group");
        if (cJSON_GetArraySize(key) == (*sex ? 1 : 0) && strcmp(es_view_string(key, "sex"), sex) == 0) return es_view_number(cJSON_GetObjectItemCaseSensitive(group, "funnel"), "seen");
    }
    CU_FAIL_FATAL("no such group");
    return NAN;
}

/** What outsiders are shown, as who may not write. @return owned */
static char *shown(struct es_world *world)
{
    cJSON *release = NULL;
    struct es_bytes bytes = {0};
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_report_external(world->site, false, &release, &err), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_render_json(release, &bytes, &err), ES_OK);
    cJSON_Delete(release);
    return (char *)bytes.data;
}

/* ---- tests ---- */

static void a_release_is_made_when_it_is_due_and_not_before(void)
{
    for (int e = 0; e < ERAS; e++) {
        struct es_world world;
        open_first(&world, MONTHLY, eras[e]);
        CU_ASSERT_EQUAL(n_records(&world), 0);
        run_once(&world);
        CU_ASSERT_EQUAL(n_records(&world), 1);
        char *first = shown(&world);
        run_once(&world); /* a restart makes none */
        say(&world, 201, 10, "F", eras[e] + 29);
        run_once(&world);
        CU_ASSERT_EQUAL(n_records(&world), 1);
        char *again = shown(&world);
        CU_ASSERT_STRING_EQUAL(first, again);
        say(&world, 301, 10, "F", eras[e] + 30);
        run_once(&world);
        cJSON *all = records(&world);
        CU_ASSERT_EQUAL(cJSON_GetArraySize(all), 2);
        CU_ASSERT_EQUAL(seen_of(all, 0, "F"), 40);
        CU_ASSERT_EQUAL(seen_of(all, 1, "F"), 60);
        cJSON_Delete(all);
        free(first);
        free(again);
        es_world_close(&world);
    }
}

/* Whatever hour it is here: each message moves the ledger's time on. */
static void a_worker_at_work_makes_the_next_as_soon_as_the_ledger_s_time_has_come(void)
{
    for (int e = 0; e < ERAS; e++) {
        struct es_world world;
        open_first(&world, MONTHLY, eras[e]);
        struct es_worker *worker = work(&world);
        const int32_t made = eras[e] + 1; /* the end of the exams' day */
        post_result(worker, 1, made + 29);
        post_result(worker, 2, made + 30);
        post_result(worker, 3, made + 45);
        post_result(worker, 4, made + 59);
        post_result(worker, 5, made + 60);
        post_result(worker, 6, es_instant_day(es_clock()) + 400); /* a clock that runs ahead tells no time */
        rest(&world, worker);
        cJSON *all = records(&world);
        static const int32_t days[] = {0, 30, 60};
        CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(all), 3);
        for (int i = 0; i < 3; i++) {
            char day[ES_DAY_TEXT];
            es_day_format(made + days[i], day);
            CU_ASSERT_EQUAL(strncmp(es_view_string(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(all, i), "release"), "as_of"), day, 10), 0);
        }
        cJSON_Delete(all);
        es_world_close(&world);
    }
}

static void an_empty_ledger_makes_none(void)
{
    struct es_world world;
    es_world_open_in(&world, MONTHLY, es_test_tempdir(), KEY);
    run_once(&world);
    CU_ASSERT_EQUAL(n_records(&world), 0);
    es_world_close(&world);
}

static void without_releaseevery_or_without_a_rule_the_worker_makes_none(void)
{
    static const char *const configs[] = {CONFIG("{\"External\":\"floor:5\"}"), CONFIG("{\"External\":\"none\",\"ReleaseEvery\":\"30d\"}")};
    for (size_t i = 0; i < sizeof configs / sizeof configs[0]; i++) {
        struct es_world world;
        open_first(&world, configs[i], eras[0]);
        run_once(&world);
        CU_ASSERT_EQUAL(n_records(&world), 0);
        es_world_close(&world);
    }
}

static void run_sql(const struct es_world *world, const char *sql)
{
    char path[300];
    sqlite3 *db = NULL;
    snprintf(path, sizeof path, "%s/ledger.db", world->folder);
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(path, &db), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(sqlite3_busy_timeout(db, 10000), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* A ledger that takes small entries and no record of a release: the worker says so, goes on taking what comes, and makes up for it once. */
static void a_release_that_was_due_while_degraded_is_made_once_afterwards(void)
{
    struct es_world world;
    struct es_worker_status status;
    open_first(&world, MONTHLY, eras[1]);
    struct es_worker *worker = work(&world);
    run_sql(&world, "CREATE TRIGGER full BEFORE INSERT ON entry WHEN length(NEW.body) > 5000 BEGIN SELECT RAISE(ABORT, 'no room'); END");
    struct es_job *job = NULL;
    static const char line[] = "{\"event\":\"result\",\"study_uid\":\"1.2.9.1\",\"model\":{\"name\":\"net\",\"version\":\"1.0\"},\"produced\":\"2015-02-15T00:00:00Z\","
                               "\"findings\":[{\"finding\":\"effusion\",\"score\":0.2}]}\n";
    CU_ASSERT_TRUE_FATAL((job = es_job_new(ES_JOB_INGEST, line, sizeof line - 1)) != NULL && es_worker_ask(worker, &job, 10000));
    CU_ASSERT_EQUAL(job->status, 200);
    es_job_free(job);
    CU_ASSERT_TRUE(phase_is(worker, ES_WORKER_DEGRADED, &status));
    CU_ASSERT_PTR_NOT_NULL(strstr(status.reason, "no room"));
    usleep(300000); /* it is tried again, more than once */
    run_sql(&world, "DROP TRIGGER full");
    CU_ASSERT_TRUE(phase_is(worker, ES_WORKER_READY, &status));
    CU_ASSERT_TRUE(settled(worker, &status));
    rest(&world, worker);
    CU_ASSERT_EQUAL(n_records(&world), 2);
    run_once(&world);
    CU_ASSERT_EQUAL(n_records(&world), 2);
    es_world_close(&world);
}

/* The same with a ledger that cannot even be opened when the worker starts. */
static void a_release_that_is_due_waits_for_a_ledger_that_cannot_be_opened(void)
{
    struct es_world world;
    struct es_worker_status status;
    char path[300];
    sqlite3 *db = NULL;
    open_first(&world, MONTHLY, eras[0]);
    run_once(&world);
    say(&world, 201, 10, "M", eras[0] + 31);
    es_site_close(world.site);
    world.site = NULL;
    snprintf(path, sizeof path, "%s/ledger.db", world.folder);
    CU_ASSERT_EQUAL_FATAL(sqlite3_open(path, &db), SQLITE_OK);
    CU_ASSERT_EQUAL_FATAL(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
    host_reset();
    struct es_worker *worker = start(world.config);
    es_worker_host_open(worker);
    CU_ASSERT_TRUE(phase_is(worker, ES_WORKER_DEGRADED, &status));
    CU_ASSERT_EQUAL_FATAL(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    CU_ASSERT_TRUE(settled(worker, &status));
    rest(&world, worker);
    CU_ASSERT_EQUAL(n_records(&world), 2);
    es_world_close(&world);
}

static void the_next_is_laid_beside_the_last(void)
{
    struct es_world world;
    open_first(&world, MONTHLY, eras[0]);
    run_once(&world);
    say(&world, 201, 2, "F", eras[0] + 30);
    run_once(&world);
    say(&world, 203, 3, "F", eras[0] + 60);
    run_once(&world);
    cJSON *all = records(&world);
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(all), 3);
    CU_ASSERT_EQUAL(seen_of(all, 0, ""), 80);
    CU_ASSERT_TRUE(isnan(seen_of(all, 1, "")) && isnan(seen_of(all, 1, "F"))); /* two women more are not told */
    CU_ASSERT_EQUAL(seen_of(all, 1, "M"), 40);
    CU_ASSERT_EQUAL(seen_of(all, 2, "F"), 45); /* five are */
    CU_ASSERT_EQUAL(seen_of(all, 2, ""), 85);
    cJSON_Delete(all);
    es_world_close(&world);
}

static void an_erased_person_is_not_told_by_the_next(void)
{
    struct es_world world;
    open_first(&world, MONTHLY, eras[1]);
    run_once(&world);
    char *first = shown(&world);
    CU_ASSERT_TRUE(es_world_forget(&world, "{\"patient_id\":\"PAT101\"}") > 0);
    run_once(&world); /* not due: what was shown stands, with the person in it */
    char *again = shown(&world);
    CU_ASSERT_STRING_EQUAL(first, again);
    say(&world, 201, 10, "F", eras[1] + 30);
    run_once(&world);
    cJSON *all = records(&world);
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(all), 2);
    CU_ASSERT_EQUAL(seen_of(all, 0, "M"), 40);
    CU_ASSERT_TRUE(isnan(seen_of(all, 1, "M"))); /* 39 */
    CU_ASSERT_TRUE(isnan(seen_of(all, 1, "")) || isnan(seen_of(all, 1, "F")));
    cJSON_Delete(all);
    free(first);
    free(again);
    es_world_close(&world);
}

static void a_stricter_rule_holds_beside_what_a_laxer_one_showed(void)
{
    struct es_world world;
    open_first(&world, MONTHLY, eras[0]);
    run_once(&world);
    say(&world, 201, 7, "F", eras[0] + 30);
    open_again(&world, CONFIG("{\"External\":\"floor:10\",\"ReleaseEvery\":\"30d\"}"));
    run_once(&world);
    say(&world, 208, 3, "F", eras[0] + 60);
    run_once(&world);
    open_again(&world, CONFIG("{\"External\":\"nhs\",\"ReleaseEvery\":\"30d\"}"));
    say(&world, 301, 3, "M", eras[0] + 90);
    run_once(&world);
    cJSON *all = records(&world);
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(all), 4);
    CU_ASSERT_EQUAL(seen_of(all, 0, "F"), 40);
    CU_ASSERT_TRUE(isnan(seen_of(all, 1, "F"))); /* seven more: enough for a floor of 5, not of 10 */
    CU_ASSERT_EQUAL(seen_of(all, 2, "F"), 50);
    CU_ASSERT_EQUAL(seen_of(all, 3, "F"), 50);
    CU_ASSERT_TRUE(isnan(seen_of(all, 3, "M"))); /* 43 would round to 45 */
    cJSON_Delete(all);
    es_world_close(&world);
}

static void another_releaseevery_counts_from_the_last(void)
{
    struct es_world world;
    open_first(&world, MONTHLY, eras[1]);
    run_once(&world);
    say(&world, 201, 10, "F", eras[1] + 8);
    run_once(&world);
    CU_ASSERT_EQUAL(n_records(&world), 1);
    open_again(&world, CONFIG("{\"External\":\"floor:5\",\"ReleaseEvery\":\"7d\"}"));
    run_once(&world);
    CU_ASSERT_EQUAL(n_records(&world), 2);
    open_again(&world, CONFIG("{\"External\":\"floor:5\",\"ReleaseEvery\":\"90d\"}"));
    say(&world, 301, 10, "F", eras[1] + 97);
    run_once(&world);
    CU_ASSERT_EQUAL(n_records(&world), 2);
    say(&world, 401, 10, "F", eras[1] + 98);
    run_once(&world);
    CU_ASSERT_EQUAL(n_records(&world), 3);
    es_world_close(&world);
}

static const struct es_test tests[] = {
    {"a_release_is_made_when_it_is_due_and_not_before", a_release_is_made_when_it_is_due_and_not_before},
    {"a_worker_at_work_makes_the_next_as_soon_as_the_ledger_s_time_has_come", a_worker_at_work_makes_the_next_as_soon_as_the_ledger_s_time_has_come},
    {"an_empty_ledger_makes_none", an_empty_ledger_makes_none},
    {"without_releaseevery_or_without_a_rule_the_worker_makes_none", without_releaseevery_or_without_a_rule_the_worker_makes_none},
    {"a_release_that_was_due_while_degraded_is_made_once_afterwards", a_release_that_was_due_while_degraded_is_made_once_afterwards},
    {"a_release_that_is_due_waits_for_a_ledger_that_cannot_be_opened", a_release_that_is_due_waits_for_a_ledger_that_cannot_be_opened},
    {"the_next_is_laid_beside_the_last", the_next_is_laid_beside_the_last},
    {"an_erased_person_is_not_told_by_the_next", an_erased_person_is_not_told_by_the_next},
    {"a_stricter_rule_holds_beside_what_a_laxer_one_showed", a_stricter_rule_holds_beside_what_a_laxer_one_showed},
    {"another_releaseevery_counts_from_the_last", another_releaseevery_counts_from_the_last},
    {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("worker_release", tests, argc, argv);
}
