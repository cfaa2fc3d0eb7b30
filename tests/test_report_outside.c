/* SPDX-License-Identifier: Apache-2.0 */
/* Reports for outsiders one after the other, by hand: what a total leaves, rests, rounding; when the next is made; how it is kept. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/report/record/between.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"

enum { FLOOR = 5 };

static struct es_site site;

static double cases_of(const cJSON *group) { return es_view_number(group, "cases"); }

static const cJSON *groups_of(const cJSON *report)
{
    struct es_view_finding at = {0};
    return es_view_next(report, &at) ? cJSON_GetObjectItemCaseSensitive(at.finding, "groups") : NULL;
}

static const cJSON *key_of(const cJSON *group) { return cJSON_GetObjectItemCaseSensitive(group, "group"); }

static void set_up(enum es_disclosure_kind kind, int64_t every_days)
{
    stand_in_for_outsiders(&site, kind, FLOOR, every_days);
}

/** Referenced exams of one age: so many found, missed, wrongly and rightly marked. */
static void add(uint8_t sex, uint32_t found, uint32_t missed, uint32_t false_alerts, uint32_t rightly_none)
{
    const uint32_t n[4] = {found, missed, false_alerts, rightly_none};
    for (uint8_t k = 0; k < 4; k++)
        if (n[k] > 0)
            stand_in_add(&site, n[k], (struct stand_in_row){.sex = sex, .age = 1, .stage = ES_STAGE_REFERENCED, .mark = ES_MARK_HAS_REFERENCE,
                                                             .decision = k % 2 == 0, .label = k < 2});
}

static const cJSON *level_of(const cJSON *report, const char *sex)
{
    const cJSON *group;
    cJSON_ArrayForEach(group, groups_of(report))
    {
        const cJSON *key = key_of(group);
        if (cJSON_GetArraySize(key) == (*sex ? 1 : 0) && strcmp(es_view_string(key, "sex"), sex) == 0) return group;
    }
    CU_FAIL_FATAL("no such group");
    return NULL;
}

/** Under `kind`: three levels of 80, 80 and 40 on the first day; what comes on the second is added by the caller. */
static cJSON *first_day(enum es_disclosure_kind kind)
{
    set_up(kind, 1);
    add(1, 20, 20, 20, 20);
    add(2, 20, 20, 20, 20);
    add(3, 10, 10, 10, 10);
    return stand_in_external(&site, true);
}

static cJSON *second_day(void)
{
    site.days++;
    return stand_in_external(&site, true);
}

/* One man and forty women more, nobody of the third level: the total is shown, so to withhold the men and the third level, the smallest, would
 * tell that one came to these two. */
static void what_a_total_leaves_is_not_told(void)
{
    cJSON *one = first_day(ES_DISCLOSE_FLOOR);
    CU_ASSERT_EQUAL(cases_of(level_of(one, "")), 200);
    CU_ASSERT_EQUAL(cases_of(level_of(one, "O")), 40);
    add(1, 10, 10, 10, 10);
    add(2, 1, 0, 0, 0);
    cJSON *two = second_day();
    const double everyone = cases_of(level_of(two, "")), women = cases_of(level_of(two, "F")), men = cases_of(level_of(two, "M"));
    CU_ASSERT_TRUE(isnan(men));
    CU_ASSERT_TRUE(isnan(everyone) || isnan(women));
    CU_ASSERT_FALSE(isnan(everyone) && isnan(women)); /* and no more than that is withheld */
    cJSON_Delete(one);
    cJSON_Delete(two);
    stand_in_end(&site);
}

/* Two men more, all women as before: the women's report stands, but not what it says of the rest. */
static void a_rest_that_changed_by_few_is_withheld(void)
{
    cJSON *one = first_day(ES_DISCLOSE_FLOOR);
    CU_ASSERT_FALSE(isnan(es_view_number(es_view_at(level_of(one, "F"), "against_rest", "sensitivity"), "rest_value")));
    add(2, 2, 0, 0, 0);
    cJSON *two = second_day();
    CU_ASSERT_EQUAL(cases_of(level_of(two, "F")), 80);
    CU_ASSERT_EQUAL(es_view_number(es_view_at(level_of(two, "F"), "metrics", "sensitivity"), "value"), 0.5);
    CU_ASSERT_TRUE(isnan(es_view_number(es_view_at(level_of(two, "F"), "against_rest", "sensitivity"), "rest_value")));
    CU_ASSERT_TRUE(isnan(cases_of(level_of(two, ""))));
    cJSON_Delete(one);
    cJSON_Delete(two);
    stand_in_end(&site);
}

/* Single patients wait until they are enough; and a count that was withheld on one day is compared with what was shown before. */
static void single_patients_wait_until_they_are_enough(void)
{
    static const struct {
        uint32_t more;
        bool told;
    } steps[] = {{1, false}, {3, false}, {1, true}, {0, true}, {4, false}, {2, true}};
    double last = 0;
    cJSON *report = first_day(ES_DISCLOSE_FLOOR);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        cJSON_Delete(report);
        add(1, steps[i].more, 0, 0, 0);
        report = second_day();
        const double cases = cases_of(level_of(report, ""));
        CU_ASSERT_EQUAL(!isnan(cases), steps[i].told);
        if (!isnan(cases)) last = cases;
    }
    CU_ASSERT_EQUAL(last, 200 + 5 + 6);
    cJSON_Delete(report);
    stand_in_end(&site);
}

/* Rounding to 5 tells when the fifth half is passed: 200 and 203 are 200 and 205. */
static void a_rounded_count_does_not_tell_when_it_moves(void)
{
    cJSON *one = first_day(ES_DISCLOSE_NHS);
    CU_ASSERT_EQUAL(cases_of(level_of(one, "")), 200);
    add(1, 3, 0, 0, 0);
    cJSON *two = second_day();
    CU_ASSERT_TRUE(isnan(cases_of(level_of(two, ""))));
    CU_ASSERT_TRUE(isnan(cases_of(level_of(two, "F"))));
    CU_ASSERT_EQUAL(cases_of(level_of(two, "M")), 80);
    CU_ASSERT_STRING_EQUAL(es_view_string(es_view_at(level_of(two, "F"), "metrics", "sensitivity"), "status"), "suppressed");
    add(1, 5, 0, 0, 0);
    cJSON *three = second_day();
    CU_ASSERT_EQUAL(cases_of(level_of(three, "")), 210);
    cJSON_Delete(one);
    cJSON_Delete(two);
    cJSON_Delete(three);
    stand_in_end(&site);
}

static char *text_of(const cJSON *report)
{
    struct es_bytes bytes = {0};
    CU_ASSERT_EQUAL_FATAL(es_render_json(report, &bytes, NULL), ES_OK);
    return (char *)bytes.data;
}

static void a_report_stands_until_the_next_is_due(void)
{
    set_up(ES_DISCLOSE_FLOOR, 30);
    struct es_error err = {0};
    cJSON *none = NULL;
    CU_ASSERT_EQUAL(es_report_external(&site, false, &none, &err), ES_E_STATE);
    CU_ASSERT_STRING_EQUAL(err.text, "no report for outsiders was made by then; one is recorded as it is made, so that the next cannot be subtracted from it");
    add(1, 20, 20, 20, 20);
    cJSON *one = stand_in_external(&site, true);
    char *first = text_of(one);
    CU_ASSERT_STRING_EQUAL(es_view_string(cJSON_GetObjectItemCaseSensitive(one, "disclosure"), "next_from"), "2025-03-22");
    CU_ASSERT_EQUAL(es_view_number(cJSON_GetObjectItemCaseSensitive(one, "disclosure"), "earlier_releases"), 0);
    add(1, 20, 20, 20, 20);
    for (site.days = 0; site.days < 32; site.days++) {
        cJSON *again = stand_in_external(&site, site.days < 30); /* at last as one who may not write, however late */
        char *text = text_of(again);
        CU_ASSERT_STRING_EQUAL(text, first);
        free(text);
        cJSON_Delete(again);
    }
    cJSON *two = stand_in_external(&site, true);
    CU_ASSERT_EQUAL(cases_of(level_of(two, "")), 160);
    CU_ASSERT_EQUAL(es_view_number(cJSON_GetObjectItemCaseSensitive(two, "disclosure"), "earlier_releases"), 1);
    struct es_bytes bytes = {0};
    CU_ASSERT_EQUAL(es_render_text(two, 100, &bytes, NULL), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "2025-04-23"));
    es_bytes_free(&bytes);
    CU_ASSERT_EQUAL(es_render_html(two, &bytes, NULL), ES_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr((const char *)bytes.data, "from 2025-04-23; what changed by too few"));
    es_bytes_free(&bytes);
    free(first);
    cJSON_Delete(one);
    cJSON_Delete(two);
    stand_in_end(&site);
}

/* A record longer than an event holds is kept in several, and read whole; a part that is missing takes the record with it. */
static void long_records_are_kept_in_parts(void)
{
    static char note[900 * 1024];
    set_up(ES_DISCLOSE_FLOOR, 30);
    memset(note, '"', sizeof note - 1);
    for (size_t i = 0; i + 2 < sizeof note; i += 7) memcpy(note + i, "\xC3\xA9", 2);
    cJSON *record = cJSON_CreateObject(), *release = cJSON_AddObjectToObject(record, "release"), *back = NULL;
    cJSON_AddStringToObject(release, "schema", "evensight-report/1");
    cJSON_AddStringToObject(release, "note", note);
    bool taken = false;
    CU_ASSERT_EQUAL_FATAL(es_between_write(&site, record, 0, &taken, NULL), ES_OK);
    CU_ASSERT_TRUE(taken);
    CU_ASSERT_TRUE(site.n_releases >= 3);
    for (size_t i = 0; i < site.n_releases; i++) CU_ASSERT_TRUE(strlen(site.releases[i]) < (1u << 20) - 64);
    CU_ASSERT_EQUAL_FATAL(es_between_read(&site, "evensight-report/1", &back, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(cJSON_GetArraySize(back), 1);
    CU_ASSERT_STRING_EQUAL(es_view_string(es_view_at(cJSON_GetArrayItem(back, 0), "release", "note") ? cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(back, 0), "release") : NULL, "note"), note);
    cJSON_Delete(back);
    CU_ASSERT_EQUAL(es_between_read(&site, "evensight-compare/1", &back, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(back), 0);
    cJSON_Delete(back);
    free(site.releases[1]);
    memmove(&site.releases[1], &site.releases[2], (site.n_releases - 2) * sizeof site.releases[0]);
    site.n_releases--;
    CU_ASSERT_EQUAL(es_between_read(&site, "evensight-report/1", &back, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL(cJSON_GetArraySize(back), 0);
    cJSON_Delete(back);
    cJSON_Delete(record);
    stand_in_end(&site);
}

static const struct es_test tests[] = {{"what_a_total_leaves_is_not_told", what_a_total_leaves_is_not_told},
                                       {"a_rest_that_changed_by_few_is_withheld", a_rest_that_changed_by_few_is_withheld},
                                       {"single_patients_wait_until_they_are_enough", single_patients_wait_until_they_are_enough},
                                       {"a_rounded_count_does_not_tell_when_it_moves", a_rounded_count_does_not_tell_when_it_moves},
                                       {"a_report_stands_until_the_next_is_due", a_report_stands_until_the_next_is_due},
                                       {"long_records_are_kept_in_parts", long_records_are_kept_in_parts},
                                       {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_outside", tests, argc, argv);
}
