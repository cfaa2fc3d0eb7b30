/* SPDX-License-Identifier: Apache-2.0 */
/* A shared ledger whose table is distributed by identity, on real PostgreSQL servers (tests/postgresql/run.sh, distribute.sh): as it is, over
 * partitions, and over two servers. The other programs test_shared* run in these modes too; here is what only they show. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/report/report.h"
#include "shared_node.h"
#include "testlib.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)

static const char *mode(void) { return getenv("ES_POSTGRESQL_MODE") ? getenv("ES_POSTGRESQL_MODE") : ""; }

/* The release without what tells where it comes from. */
static char *report_of(struct es_site *site)
{
    static const char *const provenance[] = {"ledger", "software", "basis", "as_of_seq"};
    const struct es_report_options options = {.from = ES_NO_DAY, .to = ES_NO_DAY, .audience = ES_AUDIENCE_INTERNAL};
    cJSON *release = NULL;
    CU_ASSERT_EQUAL_FATAL(es_report_build(site, &options, &release, NULL), ES_OK);
    for (size_t i = 0; i < sizeof provenance / sizeof provenance[0]; i++) cJSON_DeleteItemFromObjectCaseSensitive(release, provenance[i]);
    char *text = cJSON_Print(release);
    cJSON_Delete(release);
    if (!text) CU_FAIL_FATAL("no memory");
    return text;
}

static void forget(struct es_site *site, const char *patient)
{
    struct es_sought who = {0};
    struct es_person person;
    snprintf(who.patient_id, sizeof who.patient_id, "%s", patient);
    CU_ASSERT_EQUAL_FATAL(es_site_find_person(site, &who, &person, NULL), ES_OK);
    CU_ASSERT_EQUAL(person.count, 3);
    CU_ASSERT_EQUAL(es_site_forget(site, &person, NULL), ES_OK);
    es_person_clear(&person);
}

static void take_all(struct node *exams, struct node *results, unsigned from, unsigned to)
{
    for (unsigned i = from; i <= to; i++) {
        struct node *first = i % 2 ? exams : results, *second = i % 2 ? results : exams;
        const int32_t day = DAY + (int32_t)(i % 30);
        CU_ASSERT_EQUAL(take(first, es_say_exam(i, i / 2 + 1, day, i % 3 ? "F" : "M", "050Y")), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL(take(second, es_say_result(i, "1.0", "effusion", (i * 37 % 100) / 100.0, AT(day) + 60)), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL(take(first, es_say_reference(i, "report", ES_REFERENCE_FINAL, i * 53 % 100 > 60, AT(day + 1))), ES_OUTCOME_TAKEN);
    }
}

/* Everything a ledger does: two nodes and one distributed table, and one node with a file. */
static void the_report_is_that_of_one_node_with_a_file(void)
{
    struct node a, b, one;
    char shared[512];
    if (!fresh_database()) return;
    snprintf(shared, sizeof shared, "%s", url);
    snprintf(url, sizeof url, "sqlite:%s/one.db", es_test_tempdir());
    node_start(&one, "one");
    snprintf(url, sizeof url, "%s", shared);
    node_start(&a, "north");
    node_start(&b, "south");
    take_all(&a, &b, 1, 61);
    take_all(&one, &one, 1, 61);
    refresh(&a);
    refresh(&b);
    forget(b.site, "PAT1"); /* study 1 alone */
    forget(one.site, "PAT1");
    refresh(&a);
    /* a key more, and what came before is known under it */
    node_close(&b);
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_site_rotate(a.site, &err), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_site_rotate(one.site, &err), ES_OK);
    char *keys = es_test_slurp(node_path(&a, "site.key"), NULL);
    node_open(&b, "south", b.folder, keys, NET);
    free(keys);
    CU_ASSERT_EQUAL(take(&b, es_say_exam(2, 2, DAY + 2, "F", "050Y")), ES_OUTCOME_DUPLICATE);
    take_all(&b, &a, 62, 90);
    take_all(&one, &one, 62, 90);
    refresh(&a);
    refresh(&b);
    refresh(&a);
    char *texts[3] = {report_of(one.site), report_of(a.site), report_of(b.site)};
    CU_ASSERT_STRING_EQUAL(texts[1], texts[0]);
    CU_ASSERT_STRING_EQUAL(texts[2], texts[0]);
    CU_ASSERT_EQUAL(exams_of(one.site), 89);
    for (int i = 0; i < 3; i++) free(texts[i]);
    same_cohorts(&a, &b);
    if (mode()[0]) /* and it was distributed */
        for (int i = 0; i < 4; i++) {
            char query[100];
            snprintf(query, sizeof query, "SELECT count(*) FROM evensight.entry_%d", i);
            const long rows = sql_number(query);
            CU_ASSERT_TRUE(rows > 20 && rows < 200);
        }
    node_close(&a);
    node_close(&b);
    node_close(&one);
}

/* ---- clocks ---- */

static int64_t skew; /* microseconds that the clock of the node at work is ahead */
int64_t __real_es_clock(void);
int64_t __wrap_es_clock(void);
int64_t __wrap_es_clock(void) { return __real_es_clock() + skew; }

/* Today's events at two nodes whose clocks are two days apart, and one node's with the right time. */
static void clocks_that_differ_decide_nothing(void)
{
    struct node a, b, one;
    char shared[512];
    const int64_t a_day = INT64_C(86400000000);
    const int32_t today = (int32_t)(__real_es_clock() / a_day);
    if (!fresh_database()) return;
    snprintf(shared, sizeof shared, "%s", url);
    snprintf(url, sizeof url, "sqlite:%s/one.db", es_test_tempdir());
    node_start(&one, "one");
    snprintf(url, sizeof url, "%s", shared);
    node_start(&a, "north"); /* a plan holds from the day on which it was recorded: that one is told by a clock */
    node_start(&b, "south");
    for (unsigned i = 1; i <= 40; i++) {
        struct node *const nodes[] = {i % 2 ? &a : &b, i % 2 ? &b : &a, &one};
        const int64_t ahead[] = {i % 2 ? a_day : -a_day, i % 2 ? -a_day : a_day, 0};
        const int32_t day = today - (int32_t)(i % 20);
        for (int k = 0; k < 3; k++) {
            skew = ahead[k];
            if (k != 1) CU_ASSERT_EQUAL(take(nodes[k], es_say_exam(i, i, day, i % 3 ? "F" : "M", "050Y")), ES_OUTCOME_TAKEN);
            if (k != 0) CU_ASSERT_EQUAL(take(nodes[k], es_say_result(i, "1.0", "effusion", i / 50.0, AT(day) + 60)), ES_OUTCOME_TAKEN);
            if (k != 0) CU_ASSERT_EQUAL(take(nodes[k], es_say_reference(i, "report", ES_REFERENCE_FINAL, i * 53 % 100 > 60, AT(day) + 90)), ES_OUTCOME_TAKEN);
        }
    }
    skew = 0;
    refresh(&a);
    refresh(&b);
    CU_ASSERT_EQUAL(es_site_now(a.site), es_site_now(one.site));
    char *texts[3] = {report_of(one.site), report_of(a.site), report_of(b.site)};
    CU_ASSERT_STRING_EQUAL(texts[1], texts[0]);
    CU_ASSERT_STRING_EQUAL(texts[2], texts[0]);
    for (int i = 0; i < 3; i++) free(texts[i]);
    node_close(&a);
    node_close(&b);
    node_close(&one);
}

static void a_table_without_its_key_is_refused(void)
{
    struct node a;
    struct es_error err = {0};
    if (!fresh_database()) return;
    if (mode()[0]) {
        es_test_skip("one table is enough");
        return;
    }
    sql("CREATE SCHEMA evensight; CREATE TABLE evensight.entry (identity bytea, node text, seq bigint, received bigint, sent bigint, event_id bytea, salt bytea,"
        " body bytea, leaf bytea, link bytea)");
    CU_ASSERT_EQUAL(node_try(&a, "north", NULL, NODE_KEY, NET, &err), ES_E_STATE);
    CU_ASSERT_STRING_EQUAL(err.text, "ledger: table evensight.entry has no primary key of identity alone, expected one: every event must be there once");
    node_close(&a);
    /* each part has one, but the same identity may stand in two */
    sql("DROP TABLE evensight.entry; CREATE TABLE evensight.entry (identity bytea NOT NULL, node text, seq bigint NOT NULL, received bigint, sent bigint,"
        " event_id bytea, salt bytea, body bytea, leaf bytea, link bytea) PARTITION BY HASH (seq);"
        " CREATE TABLE evensight.entry_0 PARTITION OF evensight.entry (PRIMARY KEY (identity)) FOR VALUES WITH (MODULUS 1, REMAINDER 0)");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(node_try(&a, "north", NULL, NODE_KEY, NET, &err), ES_E_STATE);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "table evensight.entry has no primary key"));
    node_close(&a);
}

/* The tables an administrator made, and a role that may make none. */
static void a_role_that_may_only_read_and_write_rows_will_do(void)
{
    struct node a;
    char command[1300], commands[300];
    struct es_error err = {0};
    if (!fresh_database()) return;
    if (mode()[0]) {
        es_test_skip("one table is enough");
        return;
    }
    snprintf(commands, sizeof commands, "DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN");
    sql(commands);
    snprintf(url, sizeof url, "postgresql://clerk%s", strchr(direct, '@'));
    CU_ASSERT_EQUAL(node_try(&a, "north", NULL, NODE_KEY, NET, &err), ES_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "ledger: the PostgreSQL role may not do this: permission denied for database"));
    node_close(&a);
    snprintf(command, sizeof command, "psql -q -X '%s' -f '%s'", direct, ES_POSTGRESQL_SQL);
    CU_ASSERT_EQUAL(system(command), 0);
    sql("GRANT USAGE ON SCHEMA evensight TO clerk; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA evensight TO clerk");
    node_start(&a, "north");
    CU_ASSERT_EQUAL(take(&a, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    node_restart(&a, "north", NULL, NET);
    CU_ASSERT_EQUAL(exams_of(a.site), 1);
    struct es_person person;
    CU_ASSERT_EQUAL_FATAL(es_site_find_person(a.site, &(struct es_sought){.patient_id = "PAT1"}, &person, NULL), ES_OK);
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_site_forget(a.site, &person, &err), ES_E_BUSY); /* gone, but from the table's file */
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "ledger: erased, but this role does not own evensight.entry"));
    es_person_clear(&person);
    CU_ASSERT_EQUAL(exams_of(a.site), 0);
    CU_ASSERT_EQUAL(sql_number("SELECT count(*) FROM evensight.entry WHERE body IS NULL"), 1);
    node_close(&a);
    sql("DROP OWNED BY clerk CASCADE; DROP ROLE clerk");
}

static void while_a_part_is_away_what_comes_waits(void)
{
    struct node a, b;
    uint64_t waiting = 0;
    char command[1200];
    if (!fresh_database()) return;
    if (strcmp(mode(), "servers") != 0) {
        es_test_skip("one server only");
        return;
    }
    node_start(&a, "north");
    node_start(&b, "south");
    take_all(&a, &b, 1, 10);
    snprintf(command, sizeof command, "\"%s\" kill \"%s/../second\"", getenv("ES_POSTGRESQL_CONTROL"), getenv("ES_POSTGRESQL_DIR"));
    CU_ASSERT_EQUAL(system(command), 0);
    for (unsigned i = 11; i <= 20; i++) CU_ASSERT_EQUAL(take(&a, es_say_exam(i, i, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_TRUE(es_ledger_is_away(es_site_ledger(a.site), &waiting));
    CU_ASSERT_TRUE(waiting > 0);
    CU_ASSERT_NOT_EQUAL(es_site_refresh(a.site, NULL), ES_OK);
    snprintf(command, sizeof command, "\"%s\" start \"%s/../second\"", getenv("ES_POSTGRESQL_CONTROL"), getenv("ES_POSTGRESQL_DIR"));
    CU_ASSERT_EQUAL(system(command), 0);
    refresh(&a);
    refresh(&b);
    refresh(&a);
    CU_ASSERT_EQUAL(exams_of(b.site), 20);
    same_cohorts(&a, &b);
    node_close(&a);
    node_close(&b);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"the_report_is_that_of_one_node_with_a_file", the_report_is_that_of_one_node_with_a_file},
        {"clocks_that_differ_decide_nothing", clocks_that_differ_decide_nothing},
        {"a_table_without_its_key_is_refused", a_table_without_its_key_is_refused},
        {"a_role_that_may_only_read_and_write_rows_will_do", a_role_that_may_only_read_and_write_rows_will_do},
        {"while_a_part_is_away_what_comes_waits", while_a_part_is_away_what_comes_waits},
        {NULL, NULL},
    };
    return es_test_main("shared_distributed", tests, argc, argv);
}
