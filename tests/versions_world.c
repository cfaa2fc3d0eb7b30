/* SPDX-License-Identifier: Apache-2.0 */
#include "versions_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testlib.h"

static const char config_form[] =
    "{\"Site\":\"A\",\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\","
    "\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"},{\"Name\":\"age\",\"Attribute\":\"PatientAge\",\"Bands\":[0,60]}],"
    "\"Intersections\":[[\"sex\",\"age\"]],"
    "\"Models\":[{\"Name\":\"net\",\"ExpectWithin\":\"1h\",\"Findings\":[{\"Name\":\"effusion\",\"Task\":\"binary\",\"Threshold\":0.5,"
    "\"ReferenceWithin\":\"10d\"},{\"Name\":\"lvef\",\"Task\":\"measurement\"}]}],"
    "\"Plan\":{\"MinimumCases\":5,\"MinimumPatients\":5,\"Floor\":{\"sensitivity\":0.8}},"
    "\"Disclosure\":{\"Internal\":\"DISCLOSURE\",\"External\":\"floor:3\"}}";

struct es_world versions_world;
unsigned versions_study;

void versions_start(const char *internal)
{
    char text[1200];
    const char *at = strstr(config_form, "DISCLOSURE");
    versions_study = 0;
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - config_form), config_form, internal, at + strlen("DISCLOSURE"));
    es_world_open(&versions_world, text);
}

void versions_take(struct es_message *message)
{
    CU_ASSERT_NOT_EQUAL_FATAL(es_world_take(&versions_world, message), ES_OUTCOME_REFUSED);
}

/** One exam with what each version said (-1: nothing, else an alert) and its label (-1: none). */
void versions_unit(unsigned patient, const char *sex, int before, int after, int label, int32_t day)
{
    versions_study++;
    versions_take(es_say_exam(versions_study, patient, day, sex, "050Y"));
    if (before >= 0) versions_take(es_say_result(versions_study, "1.0", "effusion", before ? 0.9 : 0.1, AT(day)));
    if (after >= 0) versions_take(es_say_result(versions_study, "2.0", "effusion", after ? 0.8 : 0.2, AT(day) + 60));
    if (label >= 0) versions_take(es_say_reference(versions_study, "report", ES_REFERENCE_FINAL, label, AT(day + 5)));
}

void versions_units(unsigned count, const char *sex, int before, int after, int label)
{
    for (unsigned i = 0; i < count; i++) versions_unit(versions_study + 1, sex, before, after, label, DAY);
}

/** The last event closes all windows: an exam 40 days later that nobody answered. */
void versions_close_windows(void)
{
    versions_study++;
    versions_take(es_say_exam(versions_study, versions_study, DAY + 40, "F", "050Y"));
    versions_take(es_say_result(versions_study, "3.0-beta", "effusion", 0.5, AT(DAY + 40)));
}

cJSON *versions_compared(enum es_audience audience)
{
    const struct es_versions_options options = {"net", {"1.0", "2.0"}, ES_NO_DAY, ES_NO_DAY, audience};
    struct es_error err = {0};
    cJSON *tree = NULL;
    if (es_versions_build(versions_world.site, &options, &tree, &err) != ES_OK) {
        fprintf(stderr, "%s\n", err.text);
        CU_FAIL_FATAL("comparison");
    }
    return tree;
}

const cJSON *versions_get(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

const cJSON *versions_grouping(const cJSON *tree, int measure, int number)
{
    const cJSON *finding = cJSON_GetArrayItem(versions_get(tree, "findings"), 0);
    return cJSON_GetArrayItem(versions_get(cJSON_GetArrayItem(versions_get(finding, "measures"), measure), "groupings"), number);
}

const cJSON *versions_group(const cJSON *tree, int measure, int number, int index)
{
    return cJSON_GetArrayItem(versions_get(versions_grouping(tree, measure, number), "groups"), index);
}

/* M: 40 both right, 12 only before, 2 only after, 6 neither. F: 20, 3, 1, 6, and five that one version alone saw. */
void versions_levelled_down(void)
{
    versions_units(20, "F", 1, 1, 1);
    versions_units(3, "F", 1, 0, 1);
    versions_units(1, "F", 0, 1, 1);
    versions_units(6, "F", 0, 0, 1);
    versions_units(3, "F", 1, -1, 1);
    versions_units(2, "F", -1, 0, 1);
    versions_units(10, "F", 0, 0, 0);
    versions_units(40, "M", 1, 1, 1);
    versions_units(12, "M", 1, 0, 1);
    versions_units(2, "M", 0, 1, 1);
    versions_units(6, "M", 0, 0, 1);
    versions_close_windows();
}

bool versions_has_numbers(const cJSON *group)
{
    return versions_get(group, "cases") || versions_get(group, "pairs") || versions_get(group, "p") || versions_get(versions_get(versions_get(group, "unpaired"), "before"), "right");
}
