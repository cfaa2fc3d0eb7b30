/* SPDX-License-Identifier: Apache-2.0 */
/* Random sites, shown to outsiders under floor:5: what rests on counts that the report does not print (gaps given another axis, corrected
 * rates, weak groups) is there only where none of those counts is small, and what is shown is the same as staff see. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plugin/report/report.h"
#include "plugin/report/view.h"
#include "report_site.h"
#include "testlib.h"
#include "testrandom.h"

enum { SEXES = 4, AGES = 3, FLOOR = 5 };
static struct es_site site;
/** [sex][age][label][decision] of the referenced; [sex][age][decision] of the overdue; level 0 is unknown. */
static uint32_t seen[SEXES][AGES][2][2], overdue[SEXES][AGES][2];

static void fill(struct es_test_random *r)
{
    static const uint32_t scales[] = {1, 12, 40, 60};
    memset(seen, 0, sizeof seen);
    memset(overdue, 0, sizeof overdue);
    stand_in_init(&site);
    site.config.plan.min_cases = site.config.plan.min_patients = 1;
    const uint32_t least = es_test_below(r, 3) ? 6 : 0; /* often a site without a small cell, so that something is shown */
    for (uint8_t sex = 0; sex < 3; sex++)
        for (uint8_t age = 0; age < AGES; age++)
            for (uint8_t k = 0; k < 6; k++) {
                const bool absent = es_test_below(r, 6) == 0 || (least && (sex == 0 || age == 0));
                const uint32_t scale = scales[least ? 2 + es_test_below(r, 2) : es_test_below(r, 4)];
                const uint32_t n = absent ? 0 : least + (uint32_t)es_test_below(r, scale);
                const bool open = k >= 4;
                stand_in_add(&site, n, (struct stand_in_row){.sex = sex, .age = age, .stage = open ? ES_STAGE_OVERDUE : ES_STAGE_REFERENCED,
                                                             .mark = open ? 0 : ES_MARK_HAS_REFERENCE, .decision = k % 2,
                                                             .label = open ? ES_NO_ANSWER : k / 2});
                if (open) overdue[sex][age][k % 2] = n;
                else seen[sex][age][k / 2][k % 2] = n;
            }
}

static bool small(uint32_t n)
{
    return n > 0 && n < FLOOR;
}

static bool crossing_has_small_cells(void)
{
    bool any = false;
    for (int i = 0; i < SEXES * AGES * 4; i++) any |= small((&seen[0][0][0][0])[i]);
    return any;
}

/** Of a level of sex; of an age when sex is SEXES. */
static bool level_has_small_cells(int sex, int age)
{
    uint32_t cells[6] = {0};
    for (int s = 0; s < SEXES; s++)
        for (int a = 0; a < AGES; a++)
            for (int k = 0; k < 6 && (sex == SEXES || s == sex) && (age == AGES || a == age); k++)
                cells[k] += k < 4 ? seen[s][a][k / 2][k % 2] : overdue[s][a][k % 2];
    bool any = false;
    for (int k = 0; k < 6; k++) any |= small(cells[k]);
    return any;
}

static bool some_level_has_small_cells(void)
{
    bool any = false;
    for (int s = 0; s < SEXES; s++) any |= level_has_small_cells(s, AGES);
    for (int a = 0; a < AGES; a++) any |= level_has_small_cells(SEXES, a);
    return any;
}

static bool estimated(const cJSON *object)
{
    return strcmp(es_view_string(object, "status"), "estimated") == 0;
}

static size_t adjusted(const cJSON *group)
{
    const cJSON *c, *entry;
    size_t shown = 0;
    cJSON_ArrayForEach(c, cJSON_GetObjectItemCaseSensitive(group, "against_rest"))
        cJSON_ArrayForEach(entry, cJSON_GetObjectItemCaseSensitive(c, "adjusted_for")) shown += estimated(entry);
    return shown;
}

static void outsiders_see_only_what_no_small_count_is_in(void)
{
    struct es_test_random r = {.seed = 4711};
    size_t gaps = 0, corrected = 0, weak = 0, withheld = 0;
    for (int round = 0; round < 120; round++) {
        fill(&r);
        cJSON *release = stand_in_release(&site, ES_AUDIENCE_EXTERNAL), *staff = stand_in_release(&site, ES_AUDIENCE_INTERNAL);
        const bool crossing = crossing_has_small_cells(), levels = some_level_has_small_cells();
        const cJSON *group, *entry, *groups = stand_in_part(release, "groups"), *theirs = stand_in_part(staff, "groups");
        int index = 0;
        withheld += crossing;
        cJSON_ArrayForEach(group, groups)
        {
            const size_t axes = es_view_axes(cJSON_GetObjectItemCaseSensitive(group, "group")), shown = adjusted(group);
            const cJSON *rate = es_view_at(group, "verification", "sensitivity");
            const cJSON *same = es_view_at(cJSON_GetArrayItem(theirs, index++), "verification", "sensitivity");
            if (crossing) CU_ASSERT_EQUAL(shown, 0);
            gaps += shown;
            if (axes > 0 && levels) CU_ASSERT_FALSE(estimated(rate));
            if (axes == 0 && level_has_small_cells(SEXES, AGES)) CU_ASSERT_FALSE(estimated(rate));
            if (!estimated(rate)) continue;
            corrected++;
            CU_ASSERT_EQUAL(es_view_number(rate, "value"), es_view_number(same, "value"));
        }
        struct es_view_finding at = {0};
        CU_ASSERT_TRUE_FATAL(es_view_next(release, &at));
        cJSON_ArrayForEach(entry, es_view_at(at.finding, "exploratory", "weak_groups"))
        {
            bool printed = false;
            cJSON_ArrayForEach(group, groups)
                printed |= cJSON_Compare(cJSON_GetObjectItemCaseSensitive(group, "group"), cJSON_GetObjectItemCaseSensitive(entry, "group"), true) &&
                           es_view_metric(group, es_view_string(entry, "metric")).status == ES_VIEW_ESTIMATED;
            CU_ASSERT_TRUE(printed);
            weak++;
        }
        cJSON_Delete(release);
        cJSON_Delete(staff);
    }
    printf("    %zu gaps, %zu corrected rates, %zu weak groups shown; %zu sites with small cells\n", gaps, corrected, weak, withheld);
    CU_ASSERT_TRUE(gaps > 20 && corrected > 20 && weak > 5 && withheld > 20);
}

static const struct es_test tests[] = {{"outsiders_see_only_what_no_small_count_is_in", outsiders_see_only_what_no_small_count_is_in}, {NULL, NULL}};

int main(int argc, char **argv)
{
    return es_test_main("report_attack", tests, argc, argv);
}
