/* SPDX-License-Identifier: Apache-2.0 */
#include "order_measures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/hash.h"
#include "plugin/intake/jsonl.h"

#define EXAM(n, sex) "{\"event\":\"exam\",\"study_uid\":\"1.2.3.7" n "\",\"patient_id\":\"PAT4" n "\",\"study_date\":\"2024121" n "\",\"demographics\":{\"PatientSex\":\"" sex "\",\"PatientAge\":\"05" n "Y\"}}"
#define OF(n) "\"study_uid\":\"1.2.3.7" n "\",\"model\":{\"name\":\"gauge\",\"version\":\"1\"}"
#define RESULT(n, id, hour, findings) "{\"event\":\"result\"," OF(n) ",\"produced\":\"2024-12-20T" hour ":00:00Z\",\"event_id\":\"" id "\",\"event_source\":\"g\",\"findings\":[" findings "]}"
#define REFERENCE(n, id, hour, findings) "{\"event\":\"reference\",\"study_uid\":\"1.2.3.7" n "\",\"source\":\"core\",\"established\":\"2024-12-20T" hour ":30:00Z\",\"event_id\":\"" id "\",\"event_source\":\"g\",\"findings\":[" findings "]}"
#define OVERLAP(n, id, method, findings) "{\"event\":\"overlap\"," OF(n) ",\"method\":\"" method "\",\"event_id\":\"" id "\",\"event_source\":\"g\",\"findings\":[" findings "]}"
#define RETRACT(id) "{\"event\":\"retract\",\"retract_event_id\":\"" id "\",\"event_source\":\"g\"}"
#define MASK "{\"finding\":\"heart\",\"mask\":true}"
#define DICE(v, rest) "{\"finding\":\"heart\",\"dice\":" v rest "}"

static const char *const lines[] = {
    EXAM("1", "F"), EXAM("2", "M"), EXAM("3", "F"), EXAM("4", "M"), EXAM("5", "F"), EXAM("6", "M"),
    /* 1: a value revised twice and one of another unit; a mask compared by two methods; a lesion found and one missed */
    RESULT("1", "g1", "08", "{\"finding\":\"lvef\",\"value\":35,\"units\":\"%\"}," MASK ",{\"finding\":\"density\",\"category\":\"c\"},"
                            "{\"finding\":\"mark\",\"lesions\":[{\"place\":[10,10],\"score\":0.9},{\"place\":[50,50],\"score\":0.6},{\"place\":[11,10],\"score\":0.7}]}"),
    REFERENCE("1", "h1", "09", "{\"finding\":\"lvef\",\"value\":0.45,\"units\":\"1\"}," MASK ",{\"finding\":\"density\",\"category\":\"d\"},"
                               "{\"finding\":\"mark\",\"lesions\":[{\"place\":[11,11],\"radius\":4},{\"place\":[90,90],\"radius\":4}]}"),
    REFERENCE("1", "h1b", "10", "{\"finding\":\"lvef\",\"value\":47,\"units\":\"%\"}"),
    OVERLAP("1", "o1", "a-1", DICE("0.9", ",\"hd95\":4")),
    OVERLAP("1", "o1b", "a-2", DICE("0.91", ",\"iou\":0.83,\"mean_surface_distance\":1.5")),
    /* 2: units that do not meet, a level out of the list, a mask that was never compared, lesions of which the reference has none */
    RESULT("2", "g2", "08", "{\"finding\":\"lvef\",\"value\":35,\"units\":\"mm\"}," MASK ",{\"finding\":\"density\",\"category\":\"E\"},"
                            "{\"finding\":\"mark\",\"lesions\":[{\"place\":[1,1],\"score\":0.8}]}"),
    REFERENCE("2", "h2", "09", "{\"finding\":\"lvef\",\"value\":45,\"units\":\"%\"}," MASK ",{\"finding\":\"density\",\"category\":\"A\"},{\"finding\":\"mark\",\"lesions\":[]}"),
    OVERLAP("2", "o2", "a-1", DICE("0.5", "")), RETRACT("o2"),
    /* 3: the result is run again, and the first is taken back; the overlap was of that one (see below) */
    RESULT("3", "g3", "08", "{\"finding\":\"lvef\",\"value\":52,\"units\":\"%\"}," MASK),
    RESULT("3", "g3b", "11", "{\"finding\":\"lvef\",\"value\":55,\"units\":\"%\"}," MASK),
    REFERENCE("3", "h3", "09", "{\"finding\":\"lvef\",\"value\":50,\"units\":\"%\"}," MASK), RETRACT("g3"),
    /* 4: the reference is taken back, and another comes; masks that are empty */
    RESULT("4", "g4", "08", "{\"finding\":\"lvef\",\"value\":61,\"units\":\"%\"}," MASK ",{\"finding\":\"density\",\"category\":\"b\"}"),
    REFERENCE("4", "h4", "09", "{\"finding\":\"lvef\",\"value\":20,\"units\":\"%\"}," MASK ",{\"finding\":\"density\",\"level\":0}"),
    REFERENCE("4", "h4b", "12", MASK), RETRACT("h4"),
    OVERLAP("4", "o4", "a-1", "{\"finding\":\"heart\",\"empty\":\"result\"}"), OVERLAP("4", "o4b", "a-1", DICE("0.7", "")), RETRACT("o4b"),
    /* 5: both masks empty; a level that cannot be told; no mark */
    RESULT("5", "g5", "08", MASK ",{\"finding\":\"density\",\"level\":1},{\"finding\":\"mark\",\"lesions\":[]}"),
    REFERENCE("5", "h5", "09", MASK ",{\"finding\":\"density\",\"evaluable\":false},{\"finding\":\"mark\",\"lesions\":[{\"place\":[5,5],\"radius\":2}]}"),
    OVERLAP("5", "o5", "a-1", "{\"finding\":\"heart\",\"empty\":\"both\"}"),
    /* 6: overlaps that name what was compared: of the reference that is, and of one that is no longer */
    RESULT("6", "g6", "08", MASK), REFERENCE("6", "h6", "09", MASK), REFERENCE("6", "h6b", "10", MASK),
    OVERLAP("6", "o6", "a-1", DICE("0.6", "")), OVERLAP("6", "o6b", "a-1", DICE("0.8", ",\"volume_difference\":-0.1")),
    OVERLAP("3", "o3", "a-1", DICE("0.4", "")),
};
#define LINES (sizeof lines / sizeof lines[0])
/** Which overlap names which events. */
static const char *const names[][3] = {{"o6", "g6", "h6"}, {"o6b", "g6", "h6b"}, {"o3", "g3", "h3"}};
static struct es_message *made[LINES];

void es_order_measures(struct es_message *(*keep)(struct es_message *))
{
    for (size_t i = 0; i < LINES; i++) {
        struct es_error err = {0};
        struct es_message *message = malloc(sizeof *message);
        if (!message || es_message_from_json(message, lines[i], strlen(lines[i]), &err) != ES_OK) {
            fprintf(stderr, "line %zu: %s\n", i, err.text);
            abort();
        }
        made[i] = keep(message);
    }
}

static struct es_message *of(const char *event_id)
{
    for (size_t i = 0; i < LINES; i++)
        if (strcmp(made[i]->event_id, event_id) == 0) return made[i];
    abort();
}

static void identity(const struct es_site *site, const char *event_id, char hex[2 * ES_IDENTITY_SIZE + 1])
{
    struct es_event event;
    uint8_t *body = NULL;
    size_t len = 0;
    if (es_event_make(&event, of(event_id), es_site_config(site), es_site_key(site), NULL) != ES_OK ||
        es_event_encode(&event, es_site_key(site), &body, &len, NULL) != ES_OK)
        abort();
    es_hex(event.identity, ES_IDENTITY_SIZE, hex);
    free(body);
    es_event_clear(&event);
}

void es_order_measures_name(const struct es_site *site)
{
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        identity(site, names[i][1], of(names[i][0])->result_identity);
        identity(site, names[i][2], of(names[i][0])->reference_identity);
    }
}

size_t es_order_measures_named(const struct es_message *out[6])
{
    static const char *const ids[] = {"g3", "h3", "g6", "h6", "h6b"};
    for (size_t i = 0; i < sizeof ids / sizeof ids[0]; i++) out[i] = of(ids[i]);
    return sizeof ids / sizeof ids[0];
}
