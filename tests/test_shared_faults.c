/* SPDX-License-Identifier: Apache-2.0 */
/* What may happen to the server of a shared ledger, tried on a real one (tests/postgresql/run.sh): cut off around a commit, silent, read-only, full,
 * out of connections, with another password, put back from a backup. What was acknowledged is there once, what is wrong is said. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "shared_node.h"
#include "shared_proxy.h"
#include "testlib.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)

static double seconds(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static uint64_t waiting_of(struct node *node, bool *away)
{
    uint64_t waiting = 0;
    *away = es_ledger_is_away(es_site_ledger(node->site), &waiting);
    return waiting;
}

/* Taken, and in the spool. */
static void goes_to_the_spool(struct node *node, unsigned study)
{
    bool away;
    const uint64_t before = waiting_of(node, &away);
    CU_ASSERT_EQUAL(take(node, es_say_exam(study, study, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(waiting_of(node, &away), before + 1);
    CU_ASSERT_TRUE(away);
}

/* The next look says so. */
static void refresh_says(struct node *node, enum es_errc code, const char *words)
{
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_site_refresh(node->site, &err), code);
    if (strstr(err.text, words)) return;
    fprintf(stderr, "found: %s\nexpected: %s\n", err.text, words);
    CU_FAIL("words");
}

static void all_is_there(struct node *node, uint64_t exams)
{
    bool away;
    refresh(node);
    CU_ASSERT_EQUAL(waiting_of(node, &away), 0);
    CU_ASSERT_FALSE(away);
    CU_ASSERT_NOT_EQUAL(access(node_path(node, "spool.db"), F_OK), 0);
    CU_ASSERT_EQUAL(exams_of(node->site), exams);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM evensight.entry"), 2 + (long)exams); /* configuration and plan */
    uint64_t entries = 0;
    CU_ASSERT_EQUAL(es_site_verify(node->site, &entries, NULL), ES_OK);
    CU_ASSERT_EQUAL(entries, 2 + exams);
}

/* ---- the line ---- */

static void a_commit_whose_answer_is_lost_is_there_once(void)
{
    static const enum proxy_mode modes[] = {PROXY_CUT_BEHIND_COMMIT, PROXY_CUT_BEFORE_COMMIT};
    for (int i = 0; i < 2; i++) {
        struct proxy proxy;
        struct node a;
        if (!fresh_database()) return;
        proxy_start(&proxy);
        node_start(&a, "north");
        CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
        proxy.mode = (int)modes[i];
        goes_to_the_spool(&a, 2); /* whether the server has it cannot be known */
        CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM evensight.entry"), i == 0 ? 4 : 3);
        goes_to_the_spool(&a, 3);
        proxy.mode = PROXY_PASS;
        all_is_there(&a, 3);
        CU_ASSERT_EQUAL(take(&a, es_say_exam(2, 2, DAY, "F", "050Y")), ES_OUTCOME_DUPLICATE);
        node_close(&a);
        proxy_end(&proxy);
    }
}

static void an_erasure_whose_answer_is_lost_can_be_asked_for_again(void)
{
    struct proxy proxy;
    struct node a;
    struct es_person person;
    struct es_error err = {0};
    const struct es_sought who = {.patient_id = "PAT1"};
    if (!fresh_database()) return;
    proxy_start(&proxy);
    node_start(&a, "north");
    CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL_FATAL(es_site_find_person(a.site, &who, &person, NULL), ES_OK);
    proxy.mode = PROXY_CUT_BEHIND_COMMIT;
    CU_ASSERT_EQUAL(es_site_forget(a.site, &person, &err), ES_E_IO);
    es_person_clear(&person);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM evensight.entry WHERE body IS NULL"), 1);
    proxy.mode = PROXY_PASS;
    refresh(&a);
    CU_ASSERT_EQUAL(exams_of(a.site), 0);
    CU_ASSERT_EQUAL_FATAL(es_site_find_person(a.site, &who, &person, NULL), ES_OK);
    CU_ASSERT_EQUAL(person.count, 0);
    CU_ASSERT_EQUAL(es_site_forget(a.site, &person, NULL), ES_OK); /* what the table's file still holds goes now */
    es_person_clear(&person);
    same_cohorts(&a, &a);
    node_close(&a);
    proxy_end(&proxy);
}

/* 20 s without a byte (postgresql_connection.c); a connection that is not answered is given up after 3 s. */
static void a_server_that_says_nothing_holds_nobody(void)
{
    struct proxy proxy;
    struct node a;
    if (!fresh_database()) return;
    proxy_start(&proxy);
    node_start(&a, "north");
    proxy.mode = PROXY_SILENT;
    double began = seconds();
    goes_to_the_spool(&a, 1);
    CU_ASSERT_TRUE(seconds() - began < 30);
    began = seconds();
    goes_to_the_spool(&a, 2);
    CU_ASSERT_TRUE(seconds() - began < 2);
    refresh_says(&a, ES_E_IO, "ledger: no connection: ");
    CU_ASSERT_TRUE(seconds() - began < 10);
    proxy.mode = PROXY_PASS;
    all_is_there(&a, 2);
    node_close(&a);
    proxy_end(&proxy);
}

static void who_took_the_name_of_a_node_that_was_away_is_named(void)
{
    struct proxy proxy;
    struct node a, b;
    char words[100];
    bool away;
    if (!fresh_database()) return;
    proxy_start(&proxy);
    node_start(&a, "north");
    CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    proxy.mode = PROXY_REFUSE;
    goes_to_the_spool(&a, 2);
    snprintf(url, sizeof url, "%s", direct);
    node_start(&b, "north");
    CU_ASSERT_EQUAL(take(&b, es_say_exam(3, 3, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    proxy.mode = PROXY_PASS;
    snprintf(words, sizeof words, "ledger: node north is being written by process %ld on ", (long)getpid());
    refresh_says(&a, ES_E_BUSY, words);
    goes_to_the_spool(&a, 4);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM evensight.entry"), 4);
    node_close(&b);
    for (int i = 0; i < 100 && es_site_refresh(a.site, NULL) != ES_OK; i++) usleep(100000);
    CU_ASSERT_EQUAL(waiting_of(&a, &away), 0);
    all_is_there(&a, 4);
    node_close(&a);
    proxy_end(&proxy);
}

/* ---- the server ---- */

/* A role of its own, since a superuser is above most of this; the nodes' URL names it. */
static void as_role(const char *role)
{
    char commands[300], name[64];
    snprintf(commands, sizeof commands, "DROP ROLE IF EXISTS %s", role);
    sql(commands);
    snprintf(commands, sizeof commands, "CREATE ROLE %s LOGIN PASSWORD 'opensesame'; CREATE SCHEMA evensight AUTHORIZATION %s; GRANT CREATE ON DATABASE %s TO %s",
             role, role, strrchr(direct, '/') + 1, role);
    sql(commands);
    snprintf(name, sizeof name, "%s", strchr(direct, '@'));
    snprintf(url, sizeof url, "postgresql://%s:opensesame%s", role, name);
}

#define END_SESSIONS "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'evensight'"

static void what_keeps_a_server_from_writing_is_said_and_waited_for(void)
{
    static const struct {
        const char *before, *after, *words;
    } cases[] = {
        {"ALTER ROLE keeper SET default_transaction_read_only = on; " END_SESSIONS, "ALTER ROLE keeper SET default_transaction_read_only = off",
         "ledger: the PostgreSQL server is read-only"},
        {"ALTER ROLE keeper CONNECTION LIMIT 0; " END_SESSIONS, "ALTER ROLE keeper CONNECTION LIMIT -1", "too many connections for role"},
        {"ALTER ROLE keeper NOLOGIN; " END_SESSIONS, "ALTER ROLE keeper LOGIN", "is not permitted to log in"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct node a;
        if (!fresh_database()) return;
        as_role("keeper");
        node_start(&a, "north");
        CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
        sql(cases[i].before);
        goes_to_the_spool(&a, 2);
        refresh_says(&a, ES_E_IO, cases[i].words);
        goes_to_the_spool(&a, 3);
        sql(cases[i].after);
        all_is_there(&a, 3);
        node_close(&a);
        sql("DROP OWNED BY keeper CASCADE");
    }
}

/* A session that stays, and may not write any more: a standby that took over answers so. */
static void a_session_that_turns_read_only_goes_to_the_spool(void)
{
    struct node a;
    if (!fresh_database()) return;
    as_role("reader");
    node_start(&a, "north");
    sql("CREATE FUNCTION evensight.no() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''cannot write'' USING ERRCODE = ''25006''; END';"
        " CREATE TRIGGER no BEFORE INSERT ON evensight.entry FOR EACH ROW EXECUTE FUNCTION evensight.no()");
    goes_to_the_spool(&a, 1);
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_site_refresh(a.site, &err), ES_E_IO);
    CU_ASSERT_STRING_EQUAL(err.text, "ledger: the PostgreSQL server is read-only");
    goes_to_the_spool(&a, 2);
    sql("DROP TRIGGER no ON evensight.entry");
    all_is_there(&a, 2);
    node_close(&a);
    sql("DROP OWNED BY reader CASCADE");
}

static void a_wrong_password_is_said_without_it(void)
{
    struct node a;
    struct es_error err = {0};
    if (!fresh_database()) return;
    as_role("secretive");
    control("passwords secretive");
    node_start(&a, "north");
    sql("ALTER ROLE secretive PASSWORD 'abracadabra'; " END_SESSIONS);
    goes_to_the_spool(&a, 1);
    CU_ASSERT_EQUAL(es_site_refresh(a.site, &err), ES_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "password authentication failed for user \"secretive\""));
    CU_ASSERT_PTR_NULL(strstr(err.text, "opensesame"));
    node_close(&a);
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(node_try(&a, "north", a.folder, NULL, NET, &err), ES_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "password authentication failed for user \"secretive\""));
    CU_ASSERT_PTR_NULL(strstr(err.text, "opensesame"));
    node_close(&a);
    sql("ALTER ROLE secretive PASSWORD 'opensesame'");
    char folder[256];
    snprintf(folder, sizeof folder, "%s", a.folder);
    node_open(&a, "north", folder, NULL, NET);
    all_is_there(&a, 1);
    node_close(&a);
    sql("DROP OWNED BY secretive CASCADE");
}

/* The table on a file system of 8 MiB, which something else fills. */
static void a_full_disk_of_the_server_is_said_and_waited_for(void)
{
    char folder[300], commands[500];
    struct node a;
    struct stat server;
    if (!fresh_database()) return;
    snprintf(folder, sizeof folder, "%s/full.%ld", getenv("ES_POSTGRESQL_DIR"), (long)getpid());
    if (mkdir(folder, 0700) != 0 || mount("none", folder, "tmpfs", 0, "size=8m,mode=0700") != 0) {
        (void)rmdir(folder);
        es_test_skip("no file system of its own can be mounted here");
        return;
    }
    CU_ASSERT_EQUAL(stat(getenv("ES_POSTGRESQL_DIR"), &server), 0);
    CU_ASSERT_EQUAL(chown(folder, server.st_uid, server.st_gid), 0);
    node_start(&a, "north");
    CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    snprintf(commands, sizeof commands, "CREATE TABLESPACE small_%ld LOCATION '%s'", (long)getpid(), folder);
    sql(commands);
    snprintf(commands, sizeof commands, "ALTER TABLE evensight.entry SET TABLESPACE small_%ld; CREATE TABLE filler (b text) TABLESPACE small_%ld", (long)getpid(),
             (long)getpid());
    sql(commands);
    /* As much as goes in, ever smaller pieces; then rows of ours until there is no page left. */
    sql("DO \\$\\$ DECLARE n integer := 4096; BEGIN WHILE n > 0 LOOP BEGIN INSERT INTO filler SELECT repeat('x', 1900) FROM generate_series(1, n);"
        " EXCEPTION WHEN disk_full THEN n := n / 2; END; END LOOP; END \\$\\$");
    bool away = false;
    unsigned taken = 1;
    for (unsigned i = 2; i < 400 && !away; i++) {
        CU_ASSERT_EQUAL(take(&a, es_say_exam(i, i, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
        taken = i;
        (void)waiting_of(&a, &away);
    }
    CU_ASSERT_TRUE(away);
    refresh_says(&a, ES_E_IO, "ledger: the PostgreSQL server has no space left");
    goes_to_the_spool(&a, 1001);
    sql("DROP TABLE filler");
    all_is_there(&a, taken + 1);
    node_close(&a);
    snprintf(commands, sizeof commands, "ALTER TABLE evensight.entry SET TABLESPACE pg_default");
    sql(commands);
    snprintf(commands, sizeof commands, "DROP TABLESPACE small_%ld", (long)getpid());
    sql(commands);
    CU_ASSERT_EQUAL(umount(folder), 0);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* ---- backups ---- */

#define KEEP "CREATE SCHEMA kept; CREATE TABLE kept.entry AS TABLE evensight.entry; CREATE TABLE kept.head AS TABLE evensight.head"
#define PUT_BACK "BEGIN; TRUNCATE evensight.entry, evensight.head; INSERT INTO evensight.entry TABLE kept.entry; INSERT INTO evensight.head TABLE kept.head; COMMIT"

static void an_older_backup_is_noticed_and_nothing_goes_behind_it(void)
{
    struct node a, b;
    struct es_error err = {0};
    if (!fresh_database()) return;
    node_start(&a, "north");
    node_start(&b, "south");
    CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&b, es_say_exam(2, 2, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    refresh(&a);
    sql(KEEP);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(3, 3, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&b, es_say_exam(4, 4, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    refresh(&a);
    refresh(&b);
    sql(PUT_BACK);
    /* at once, without a look between: the batch finds out */
    struct es_message *exam = es_say_exam(5, 5, DAY, "F", "050Y");
    const struct es_message *list[] = {exam};
    struct es_receipt receipt;
    CU_ASSERT_EQUAL(es_site_take(a.site, list, 1, &receipt, &err), ES_E_STATE);
    CU_ASSERT_STRING_EQUAL(err.text, "ledger: the head of node north is no longer 4: the database was restored from a backup, or changed by hand");
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM evensight.entry"), 4);
    refresh_says(&a, ES_E_STATE, "ledger: node north: entry 4 is gone: the database was restored from a backup, or changed by hand");
    /* grown again behind it: by number it would do */
    node_restart(&b, "south", NULL, NET);
    CU_ASSERT_EQUAL(exams_of(b.site), 2);
    CU_ASSERT_EQUAL(take(&b, es_say_exam(6, 6, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(take(&b, es_say_exam(7, 7, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    node_restart(&a, "north", NULL, NET);
    CU_ASSERT_EQUAL(exams_of(a.site), 4);
    sql("DROP SCHEMA kept CASCADE; " KEEP);
    CU_ASSERT_EQUAL(take(&b, es_say_exam(8, 8, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    refresh(&a);
    sql(PUT_BACK);
    node_restart(&b, "south", NULL, NET);
    CU_ASSERT_EQUAL(take(&b, es_say_exam(9, 9, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    refresh_says(&a, ES_E_STATE, "ledger: node south: entry 4 is not the one it was: the database was restored from a backup, or changed by hand");
    CU_ASSERT_EQUAL(take(&b, es_say_exam(10, 10, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    refresh_says(&a, ES_E_STATE, "ledger: node south: entry 4 is not the one it was: the database was restored from a backup, or changed by hand");
    es_unsay(exam);
    /* from before a node was there at all */
    sql("DELETE FROM evensight.entry WHERE node = 'south'; DELETE FROM evensight.head WHERE node = 'south'");
    refresh_says(&a, ES_E_STATE, "ledger: node south: entry 4 is gone: the database was restored from a backup, or changed by hand");
    node_close(&b);
    node_restart(&a, "north", NULL, NET); /* goes on from what is there */
    CU_ASSERT_EQUAL(exams_of(a.site), 1);
    uint64_t entries = 0;
    CU_ASSERT_EQUAL(es_site_verify(a.site, &entries, NULL), ES_OK);
    node_close(&a);
}

/* The same while the node could not see it: the server comes back as it was some time ago. */
static void what_waited_is_not_put_behind_an_older_backup(void)
{
    struct node a;
    bool away;
    if (!fresh_database()) return;
    node_start(&a, "north");
    sql(KEEP);
    CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    control("kill");
    goes_to_the_spool(&a, 2);
    control("start");
    sql(PUT_BACK);
    for (int i = 0; i < 100 && waiting_of(&a, &away) > 0 && away; i++) { /* until the server is heard again */
        usleep(100000);
        if (es_site_refresh(a.site, NULL) == ES_OK) CU_FAIL("an older backup was not noticed");
    }
    refresh_says(&a, ES_E_STATE, "ledger: node north: entry 3 is gone: the database was restored from a backup, or changed by hand");
    CU_ASSERT_EQUAL(waiting_of(&a, &away), 1); /* it waits for somebody to look */
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM evensight.entry"), 2);
    node_restart(&a, "north", NULL, NET);
    all_is_there(&a, 1);
    node_close(&a);
}

static void a_row_that_is_not_there_is_named_when_it_is_read(void)
{
    struct node a;
    struct es_error err = {0};
    if (!fresh_database()) return;
    node_start(&a, "north");
    for (unsigned i = 1; i <= 3; i++) CU_ASSERT_EQUAL(take(&a, es_say_exam(i, i, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    char folder[256];
    snprintf(folder, sizeof folder, "%s", a.folder);
    node_close(&a);
    sql("DELETE FROM evensight.entry WHERE seq = 4");
    CU_ASSERT_EQUAL(node_try(&a, "north", folder, NULL, NET, &err), ES_E_STATE);
    CU_ASSERT_STRING_EQUAL(err.text, "ledger: node north: entry 4 is not there, expected every one up to the last");
    node_close(&a);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"a_commit_whose_answer_is_lost_is_there_once", a_commit_whose_answer_is_lost_is_there_once},
        {"an_erasure_whose_answer_is_lost_can_be_asked_for_again", an_erasure_whose_answer_is_lost_can_be_asked_for_again},
        {"a_server_that_says_nothing_holds_nobody", a_server_that_says_nothing_holds_nobody},
        {"who_took_the_name_of_a_node_that_was_away_is_named", who_took_the_name_of_a_node_that_was_away_is_named},
        {"what_keeps_a_server_from_writing_is_said_and_waited_for", what_keeps_a_server_from_writing_is_said_and_waited_for},
        {"a_session_that_turns_read_only_goes_to_the_spool", a_session_that_turns_read_only_goes_to_the_spool},
        {"a_wrong_password_is_said_without_it", a_wrong_password_is_said_without_it},
        {"a_full_disk_of_the_server_is_said_and_waited_for", a_full_disk_of_the_server_is_said_and_waited_for},
        {"an_older_backup_is_noticed_and_nothing_goes_behind_it", an_older_backup_is_noticed_and_nothing_goes_behind_it},
        {"what_waited_is_not_put_behind_an_older_backup", what_waited_is_not_put_behind_an_older_backup},
        {"a_row_that_is_not_there_is_named_when_it_is_read", a_row_that_is_not_there_is_named_when_it_is_read},
        {NULL, NULL},
    };
    return es_test_main("shared_faults", tests, argc, argv);
}
