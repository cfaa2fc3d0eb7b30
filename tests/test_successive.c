/* SPDX-License-Identifier: Apache-2.0 */
/* Successive results and versions through the whole site: the first of a version is counted, a change of decision is told, and a version
 * that was not there before has its sentence. */
#include <stdio.h>
#include <string.h>

#include "plugin/report/report.h"
#include "plugin/report/trace.h"
#include "plugin/report/view.h"
#include "site_world.h"
#include "testlib.h"

#define DAY 20000 /* 2024-10-04 */
#define NOON(day) ((int64_t)(day) * 86400 + 43200)

static const char config[] = "{\"Site\":\"A\",\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\","
                             "\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}],"
                             "\"Models\":[{\"Name\":\"net\",\"Findings\":[{\"Name\":\"effusion\",\"Threshold\":0.5}]}],\"Disclosure\":{\"Internal\":\"none\"}}";

/* An object of its own each: one sent anew under its SOPInstanceUID replaces, and counts as revised. */
static void say(struct es_world *world, unsigned study, const char *version, double score, int64_t produced)
{
    static unsigned number;
    struct es_message *message = es_say_result(study, version, "effusion", score, produced);
    snprintf(message->sop_uid, sizeof message->sop_uid, "1.2.9.%u", ++number);
    CU_ASSERT_EQUAL(es_world_take(world, message), ES_OUTCOME_TAKEN);
}

static cJSON *report(struct es_world *world)
{
    const struct es_report_options options = {ES_NO_DAY, ES_NO_DAY, ES_AUDIENCE_INTERNAL};
    struct es_error err = {0};
    cJSON *release = NULL;
    if (es_report_build(world->site, &options, &release, &err) != ES_OK) {
        fprintf(stderr, "report: %s\n", err.text);
        CU_FAIL_FATAL("no report");
    }
    return release;
}

static double changed(const cJSON *release, const char *version)
{
    struct es_view_finding at = {0};
    while (es_view_next(release, &at))
        if (strcmp(at.version, version) == 0) return es_view_number(cJSON_GetObjectItemCaseSensitive(at.finding, "references"), "decision_changed");
    return -1;
}

static int sentences(const cJSON *release, const char *words)
{
    const cJSON *sentence;
    int n = 0;
    cJSON_ArrayForEach(sentence, es_view_at(release, "summary", "sentences")) n += strstr(sentence->valuestring, words) != NULL;
    return n;
}

/* How often the trace of a study's exam says that a decision was changed. */
static int traced(struct es_world *world, const char *study)
{
    struct es_sought sought = {0};
    cJSON *trace = NULL;
    size_t found = 0;
    int n = 0;
    snprintf(sought.study_uid, sizeof sought.study_uid, "%s", study);
    CU_ASSERT_EQUAL_FATAL(es_trace(world->site, &sought, &trace, &found, NULL), ES_OK);
    char *text = cJSON_PrintUnformatted(trace);
    for (const char *at = text; (at = strstr(at, "\"decision_changed\":true")) != NULL; at++) n++;
    cJSON_free(text);
    cJSON_Delete(trace);
    return n;
}

/* Three exams by 1.0: scored once; twice alike; first no, then yes. A week later 1.1 scores a fourth, and the third again. */
static void changes_and_new_versions_are_told(void)
{
    struct es_world world;
    es_world_open(&world, config);
    for (unsigned i = 1; i <= 4; i++) CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(i, i, i == 4 ? DAY + 7 : DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    say(&world, 1, "1.0", 0.9, NOON(DAY));
    say(&world, 2, "1.0", 0.2, NOON(DAY));
    say(&world, 2, "1.0", 0.3, NOON(DAY) + 60);
    say(&world, 3, "1.0", 0.8, NOON(DAY) + 60); /* arrives before the one that was made first */
    cJSON *release = report(&world);
    CU_ASSERT_EQUAL(changed(release, "1.0"), 0);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(es_view_at(release, "summary", "new_versions")), 0);
    CU_ASSERT_EQUAL(sentences(release, "was not seen before"), 0);
    cJSON_Delete(release);
    say(&world, 3, "1.0", 0.1, NOON(DAY));
    say(&world, 4, "1.1", 0.7, NOON(DAY + 7));
    say(&world, 3, "1.1", 0.2, NOON(DAY + 8));
    release = report(&world);
    CU_ASSERT_EQUAL(changed(release, "1.0"), 1);
    CU_ASSERT_EQUAL(changed(release, "1.1"), 0);
    cJSON_Delete(release);
    CU_ASSERT_EQUAL(traced(&world, "1.2.3.3"), 1); /* as es_say_exam() names it */
    CU_ASSERT_EQUAL(traced(&world, "1.2.3.2"), 0);
    es_world_close(&world);
}

static void a_version_that_comes_later_has_its_sentence(void)
{
    struct es_world world;
    es_world_open(&world, config);
    for (unsigned i = 1; i <= 3; i++) CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(i, i, i == 3 ? DAY + 7 : DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    say(&world, 1, "1.0", 0.9, NOON(DAY));
    say(&world, 2, "0.9", 0.9, NOON(DAY)); /* beside it from the first day: not new */
    say(&world, 3, "1.1", 0.7, NOON(DAY + 7));
    cJSON *release = report(&world);
    const cJSON *list = es_view_at(release, "summary", "new_versions");
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(list), 1);
    CU_ASSERT_STRING_EQUAL(es_view_string(list->child, "model"), "net");
    CU_ASSERT_STRING_EQUAL(es_view_string(list->child, "version"), "1.1");
    CU_ASSERT_STRING_EQUAL(es_view_string(list->child, "from"), "2024-10-11");
    CU_ASSERT_EQUAL(sentences(release, "Version 1.1 of net was not seen before exams of 2024-10-11: it is judged by itself."), 1);
    CU_ASSERT_EQUAL(sentences(release, "was not seen before"), 1);
    cJSON_Delete(release);
    es_world_close(&world);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"changes_and_new_versions_are_told", changes_and_new_versions_are_told},
                                           {"a_version_that_comes_later_has_its_sentence", a_version_that_comes_later_has_its_sentence},
                                           {NULL, NULL}};
    return es_test_main("successive", tests, argc, argv);
}
