/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of people through the whole site: several of one person under either policy, and a vocabulary's row that comes later. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "site_world.h"
#include "testlib.h"

#define DAY 20000

#define CONFIG(axes) "{\"Site\":\"A\",\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\",\"Axes\":[" axes "]," \
    "\"Models\":[{\"Name\":\"net\",\"Findings\":[{\"Name\":\"effusion\",\"Threshold\":0.5}]}],\"Disclosure\":{\"Internal\":\"none\"}}"

static void exam(struct es_world *world, unsigned study, const char *keyword, const char *value)
{
    struct es_message *message = es_say(ES_EVENT_EXAM, study);
    snprintf(message->patient_id, sizeof message->patient_id, "PAT%u", study);
    message->study_day = DAY;
    es_say_attribute(message, keyword, value);
    CU_ASSERT_EQUAL(es_world_take(world, message), ES_OUTCOME_TAKEN);
}

/* Units seen in a group, by its label; -1 when there is no such group. */
static double seen(struct es_world *world, const char *wanted)
{
    const struct es_report_options options = {ES_NO_DAY, ES_NO_DAY, ES_AUDIENCE_INTERNAL};
    struct es_error err = {0};
    cJSON *release = NULL;
    double found = -1;
    struct es_view_finding at = {0};
    const cJSON *group = NULL;
    if (es_report_build(world->site, &options, &release, &err) != ES_OK) {
        fprintf(stderr, "report: %s\n", err.text);
        CU_FAIL_FATAL("no report");
    }
    CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
    cJSON_ArrayForEach(group, cJSON_GetObjectItemCaseSensitive(at.finding, "groups"))
    {
        char label[ES_VIEW_LABEL];
        es_view_label(cJSON_GetObjectItemCaseSensitive(group, "group"), label, sizeof label);
        if (strcmp(label, wanted) == 0) found = es_view_number(cJSON_GetObjectItemCaseSensitive(group, "funnel"), "seen");
    }
    cJSON_Delete(release);
    return found;
}

/* Six people: White; White and Asian; White twice; Black and MENA; asked and not told; something beyond the list beside White. */
static void six_people(struct es_world *world)
{
    static const char *const answers[] = {"White", "2106-3^CDCREC\\Asian", "White\\2106-3", "MENA\\2054-5", "ASKU", "White\\Martian"};
    for (unsigned i = 0; i < 6; i++) exam(world, i + 1, "EthnicGroups", answers[i]);
}

static void several_answers_are_a_level_of_their_own(void)
{
    struct es_world world;
    es_world_open(&world, CONFIG("{\"Name\":\"race\",\"Attribute\":\"EthnicGroups\",\"Vocabulary\":\"omb-2024\"}"));
    six_people(&world);
    static const struct { const char *label; double seen; } cases[] = {
        {"everyone", 6}, {"race White", 2}, {"race multiple", 2}, {"race Asian", -1}, {"race unknown", 2}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) CU_ASSERT_EQUAL(seen(&world, cases[i].label), cases[i].seen);
    es_world_close(&world);
}

static void alone_or_in_combination_is_an_axis_a_level_and_each_adds_up(void)
{
    struct es_world world;
    es_world_open(&world, CONFIG("{\"Name\":\"race\",\"Attribute\":\"EthnicGroups\",\"Vocabulary\":\"omb-2024\","
                                 "\"Multiple\":\"alone-or-in-combination\"}"));
    CU_ASSERT_EQUAL(world.config->n_axes, 7);
    six_people(&world);
    static const struct { const char *level; double yes; } cases[] = {
        {"AIAN", -1}, {"Asian", 1}, {"Black", 1}, {"Hispanic", -1}, {"MENA", 1}, {"NHPI", -1}, {"White", 3}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char label[64];
        snprintf(label, sizeof label, "race %s yes", cases[i].level);
        CU_ASSERT_EQUAL(seen(&world, label), cases[i].yes);
        snprintf(label, sizeof label, "race %s no", cases[i].level);
        CU_ASSERT_EQUAL(seen(&world, label), 4 - (cases[i].yes > 0 ? cases[i].yes : 0));
        snprintf(label, sizeof label, "race %s unknown", cases[i].level);
        CU_ASSERT_EQUAL(seen(&world, label), 2);
    }
    struct es_config *stored = NULL; /* and the recorded configuration says the same */
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_config_from_documents(&stored, world.config->document, world.config->plan_document, &err), ES_OK);
    CU_ASSERT_EQUAL(stored->n_axes, 7);
    CU_ASSERT_STRING_EQUAL(stored->axes[6].name, "race White");
    CU_ASSERT_STRING_EQUAL(stored->axes[6].combination, "White");
    CU_ASSERT_STRING_EQUAL(stored->document, world.config->document);
    es_config_free(stored);
    es_world_close(&world);
}

static void groups_of_a_vocabulary_take_several_answers_too(void)
{
    struct es_world world;
    es_world_open(&world, CONFIG("{\"Name\":\"ethnicity\",\"Attribute\":\"EthnicGroups\",\"Vocabulary\":\"nhs-ethnic-category-2021\",\"Level\":\"group\"},"
                                 "{\"Name\":\"any Asian\",\"Attribute\":\"EthnicGroups\",\"Vocabulary\":\"nhs-ethnic-category-2021\",\"Level\":\"group\","
                                 "\"Multiple\":\"alone-or-in-combination\",\"Combination\":\"Asian\"}"));
    exam(&world, 1, "EthnicGroups", "A\\B"); /* British and Irish: White */
    exam(&world, 2, "EthnicGroups", "A\\R");
    exam(&world, 3, "EthnicGroups", "R\\H");
    exam(&world, 4, "EthnicGroups", "Z\\A"); /* stated after all */
    exam(&world, 5, "EthnicGroups", "Z\\99");
    CU_ASSERT_EQUAL(seen(&world, "ethnicity White"), 2);
    CU_ASSERT_EQUAL(seen(&world, "ethnicity multiple"), 1);
    CU_ASSERT_EQUAL(seen(&world, "ethnicity Asian"), 1);
    CU_ASSERT_EQUAL(seen(&world, "ethnicity unknown"), 1);
    CU_ASSERT_EQUAL(seen(&world, "any Asian yes"), 2);
    CU_ASSERT_EQUAL(seen(&world, "any Asian no"), 2);
    es_world_close(&world);
}

static void write_list(const char *folder, const char *more)
{
    char path[400];
    snprintf(path, sizeof path, "%s/list.csv", folder);
    FILE *file = fopen(path, "w");
    if (!file || fprintf(file, "# Schemes: 99LAB\ncode,level,group,state,order\nA,Alpha,Greek,present,1\nAlpha,Alpha,Greek,present,1\n%s", more) < 0 ||
        fclose(file) != 0)
        abort();
}

/* Values outside are kept as keyed hashes: a row that is added afterwards finds them, as a bare code and as a code of its scheme. */
static void a_later_row_matches_values_seen_before_it(void)
{
    static const char text[] = CONFIG("{\"Name\":\"tribe\",\"Attribute\":\"EthnicGroup\",\"Vocabulary\":\"%s/list.csv\"}");
    struct es_world world;
    const char *folder = es_test_tempdir();
    write_list(folder, "");
    es_world_open_in(&world, text, folder, NULL);
    exam(&world, 1, "EthnicGroup", "a");
    exam(&world, 2, "EthnicGroup", " beta");
    exam(&world, 3, "EthnicGroup", "B^99LAB");
    exam(&world, 4, "EthnicGroup", "gamma");
    CU_ASSERT_EQUAL(seen(&world, "tribe Alpha"), 1);
    CU_ASSERT_EQUAL(seen(&world, "tribe Beta"), -1);
    CU_ASSERT_EQUAL(seen(&world, "tribe unknown"), 3);
    es_world_close(&world);
    write_list(folder, "B,Beta,Greek,present,2\nBeta,Beta,Greek,present,2\nGamma,,,not_stated,3\n");
    es_world_open_in(&world, text, folder, NULL);
    CU_ASSERT_EQUAL(seen(&world, "tribe Alpha"), 1);
    CU_ASSERT_EQUAL(seen(&world, "tribe Beta"), 2);
    CU_ASSERT_EQUAL(seen(&world, "tribe unknown"), 1);
    uint64_t states[ES_ATTRIBUTE_STATES], entries = 0;
    es_cohort_attribute_states(es_site_cohort(world.site), "EthnicGroup", ES_NO_DAY, ES_NO_DAY, states);
    CU_ASSERT_EQUAL(states[ES_ATTRIBUTE_PRESENT], 3);
    CU_ASSERT_EQUAL(states[ES_ATTRIBUTE_NOT_STATED], 1);
    CU_ASSERT_EQUAL(states[ES_ATTRIBUTE_UNMAPPED], 0);
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, NULL), ES_OK);
    es_world_close(&world);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"several_answers_are_a_level_of_their_own", several_answers_are_a_level_of_their_own},
        {"alone_or_in_combination_is_an_axis_a_level_and_each_adds_up", alone_or_in_combination_is_an_axis_a_level_and_each_adds_up},
        {"groups_of_a_vocabulary_take_several_answers_too", groups_of_a_vocabulary_take_several_answers_too},
        {"a_later_row_matches_values_seen_before_it", a_later_row_matches_values_seen_before_it},
        {NULL, NULL}};
    return es_test_main("answers", tests, argc, argv);
}
