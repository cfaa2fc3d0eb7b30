/* SPDX-License-Identifier: Apache-2.0 */
/* Measurements, levels, masks and lesions from messages to the figures of a sheet: units, what cannot be compared, retractions, order. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metrics/catalogue.h"
#include "plugin/base/hash.h"
#include "plugin/base/units.h"
#include "plugin/intake/jsonl.h"
#include "site_world.h"
#include "testlib.h"

#define KEY "0101010101010101010101010101010101010101010101010101010101010101"
#define CONFIG(findings) "{\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"}],\"Ledger\":\"sqlite:%s/l.db\",\"PseudonymKeyFile\":\"%s/site.key\"," \
               "\"Models\":[{\"Name\":\"m\",\"Findings\":[" findings "]}]}"
static const char config[] = CONFIG(
    "{\"Name\":\"lvef\",\"Task\":\"measurement\",\"Units\":\"%\",\"Threshold\":40,\"AlertWhen\":\"below\"},"
    "{\"Name\":\"heart\",\"Task\":\"segmentation\"},"
    "{\"Name\":\"density\",\"Task\":\"ordinal\",\"Levels\":[\"A\",\"B\",\"C\",\"D\"]},"
    "{\"Name\":\"nodule\",\"Task\":\"detection\",\"Threshold\":0.5},"
    "{\"Name\":\"mass\",\"Task\":\"detection\",\"Match\":\"iou\"},"
    "{\"Name\":\"volume\",\"Task\":\"measurement\"}");
enum { LVEF, HEART, DENSITY, NODULE, MASS, VOLUME };

#define EXAM(n, sex) "{\"event\":\"exam\",\"study_uid\":\"1.2." n "\",\"patient_id\":\"P" n "\",\"study_date\":\"20250101\",\"demographics\":{\"PatientSex\":\"" sex "\"}}"
#define RESULT(n, findings) "{\"event\":\"result\",\"study_uid\":\"1.2." n "\",\"model\":{\"name\":\"m\",\"version\":\"1\"},\"produced\":\"2025-01-01T10:00:00Z\",\"event_id\":\"r" n "\",\"event_source\":\"t\",\"findings\":[" findings "]}"
#define REFERENCE(n, findings) "{\"event\":\"reference\",\"study_uid\":\"1.2." n "\",\"source\":\"s\",\"established\":\"2025-01-02T10:00:00Z\",\"event_id\":\"f" n "\",\"event_source\":\"t\",\"findings\":[" findings "]}"
#define OVERLAP(n, rest) "{\"event\":\"overlap\",\"study_uid\":\"1.2." n "\",\"model\":{\"name\":\"m\",\"version\":\"1\"},\"event_id\":\"o" n "\",\"event_source\":\"t\"," rest "}"
#define RETRACT(id) "{\"event\":\"retract\",\"retract_event_id\":\"" id "\",\"event_source\":\"t\"}"

static void say(struct es_world *world, const char *line)
{
    struct es_message *message = malloc(sizeof *message);
    struct es_error err = {0};
    CU_ASSERT_PTR_NOT_NULL_FATAL(message);
    const enum es_errc code = es_message_from_json(message, line, strlen(line), &err);
    if (code != ES_OK) printf("    %s\n", err.text);
    CU_ASSERT_EQUAL_FATAL(code, ES_OK);
    CU_ASSERT_EQUAL(es_world_take(world, message), ES_OUTCOME_TAKEN);
}

static void open_world(struct es_world *world)
{
    es_world_open(world, config);
}

static struct es_sheet_holder sheet_of(const struct es_world *world, uint16_t finding)
{
    struct es_sheet_holder out = {0};
    struct es_stream *streams = NULL;
    size_t n = 0;
    const char *fault = NULL;
    CU_ASSERT_EQUAL_FATAL(es_cohort_streams(es_site_cohort(world->site), &streams, &n, NULL), ES_OK);
    for (size_t i = 0; i < n; i++)
        if (streams[i].finding == finding && streams[i].epoch == 1)
            CU_ASSERT_EQUAL_FATAL(es_cohort_sheet(es_site_cohort(world->site), &streams[i], ES_NO_DAY, ES_NO_DAY, INT64_MAX, ES_NO_DAY, &out, NULL), ES_OK);
    free(streams);
    if (!es_sheet_check(&out.sheet, &fault)) printf("    %s\n", fault);
    CU_ASSERT_TRUE(es_sheet_check(&out.sheet, &fault));
    return out;
}

static void is_row(const struct es_sheet *s, uint32_t row, enum es_stage stage, double first, double second)
{
    CU_ASSERT_TRUE_FATAL(row < s->rows);
    CU_ASSERT_EQUAL(s->stage[row], stage);
    if (isnan(first)) CU_ASSERT_TRUE(isnan(s->measure[0][row]));
    if (!isnan(first)) CU_ASSERT_DOUBLE_EQUAL(s->measure[0][row], first, 1e-12);
    if (!isnan(second)) CU_ASSERT_DOUBLE_EQUAL(s->measure[1][row], second, 1e-12);
}

/* UCUM 2.1; 1 in = 25.4 mm is not among them on purpose. */
static void units_are_converted_by_a_table_or_refused(void)
{
    static const struct { const char *from, *to; double value, out; bool good; } cases[] = {
        {"%", "1", 54, 0.54, true},   {"1", "%", 0.54, 54, true}, {"cm", "mm", 1.5, 15, true},  {"L", "ml", 0.25, 250, true},
        {"cm3", "ml", 7, 7, true},    {"", "", 7, 7, true},       {"%", "", 54, 0.54, true},    {"mm", "ml", 7, 7, false},
        {"", "mm", 7, 7, false},      {"~ab", "mm", 7, 7, false}, {"~ab", "", 7, 7, false},     {"{score}", "1", 7, 7, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double out = 0;
        CU_ASSERT_EQUAL(es_units_convert(cases[i].value, cases[i].from, cases[i].to, &out), cases[i].good);
        if (cases[i].good) CU_ASSERT_DOUBLE_EQUAL(out, cases[i].out, 1e-12);
    }
    CU_ASSERT_TRUE(es_units_known("%") && !es_units_known("") && !es_units_known("furlong"));
}

static void measurements_meet_in_one_unit_or_are_counted(void)
{
    struct es_world world;
    open_world(&world);
    say(&world, EXAM("1", "F"));
    say(&world, RESULT("1", "{\"finding\":\"lvef\",\"value\":0.35,\"units\":\"1\"},{\"finding\":\"volume\",\"value\":0.2,\"units\":\"l\"}"));
    say(&world, REFERENCE("1", "{\"finding\":\"lvef\",\"value\":45,\"units\":\"%\"},{\"finding\":\"volume\",\"value\":190,\"units\":\"ml\"}"));
    struct es_sheet_holder h = sheet_of(&world, LVEF);
    CU_ASSERT_EQUAL(h.sheet.measures, ES_MEASURES_VALUES);
    is_row(&h.sheet, 0, ES_STAGE_REFERENCED, 35, 45);
    CU_ASSERT_EQUAL(h.sheet.decision[0], 1); /* below 40: an alert */
    CU_ASSERT_EQUAL(h.sheet.label[0], 0);    /* 45: none */
    CU_ASSERT_DOUBLE_EQUAL(h.sheet.score[0], -35, 1e-12); /* low values rank high */
    es_sheet_holder_clear(&h);
    h = sheet_of(&world, VOLUME); /* no Units configured: in the base of their kind */
    is_row(&h.sheet, 0, ES_STAGE_REFERENCED, 200, 190);
    CU_ASSERT_EQUAL(h.sheet.label[0], ES_NO_ANSWER);
    CU_ASSERT_TRUE(isnan(h.sheet.score[0]));
    es_sheet_holder_clear(&h);
    say(&world, EXAM("2", "F"));
    say(&world, RESULT("2", "{\"finding\":\"lvef\",\"value\":35,\"units\":\"mm\"},{\"finding\":\"volume\",\"value\":200}"));
    say(&world, REFERENCE("2", "{\"finding\":\"lvef\",\"value\":45,\"units\":\"%\"},{\"finding\":\"volume\",\"value\":190,\"units\":\"ml\"}"));
    h = sheet_of(&world, LVEF);
    CU_ASSERT_EQUAL(h.not_compared[ES_COMPARED_UNITS], 1);
    es_sheet_holder_clear(&h);
    h = sheet_of(&world, VOLUME); /* 200 of what? never taken for millilitres */
    CU_ASSERT_EQUAL(h.sheet.rows, 2);
    CU_ASSERT_EQUAL(h.sheet.stage[0] == ES_STAGE_INDETERMINATE, h.sheet.stage[1] != ES_STAGE_INDETERMINATE);
    CU_ASSERT_EQUAL(h.not_compared[ES_COMPARED_NO_VALUE] + h.not_compared[ES_COMPARED_UNITS], 1);
    es_sheet_holder_clear(&h);
    es_world_close(&world);
}

static void levels_are_words_or_numbers_of_the_list(void)
{
    struct es_world world;
    open_world(&world);
    say(&world, EXAM("1", "F"));
    say(&world, RESULT("1", "{\"finding\":\"density\",\"category\":\"c\"}"));
    say(&world, REFERENCE("1", "{\"finding\":\"density\",\"category\":\"D\"}"));
    struct es_sheet_holder h = sheet_of(&world, DENSITY);
    is_row(&h.sheet, 0, ES_STAGE_REFERENCED, 2, 3);
    es_sheet_holder_clear(&h);
    say(&world, EXAM("2", "F"));
    say(&world, RESULT("2", "{\"finding\":\"density\",\"category\":\"E\"}"));
    say(&world, REFERENCE("2", "{\"finding\":\"density\",\"category\":\"D\"}"));
    h = sheet_of(&world, DENSITY);
    CU_ASSERT_EQUAL(h.not_compared[ES_COMPARED_LEVEL], 1);
    es_sheet_holder_clear(&h);
    es_world_close(&world);
}

static void identity_of(const struct es_world *world, const char *line, char hex[2 * ES_IDENTITY_SIZE + 1])
{
    static struct es_message message;
    struct es_event event = {0};
    struct es_key *key = NULL;
    uint8_t bytes[32], *body = NULL;
    size_t len = 0;
    CU_ASSERT_TRUE_FATAL(es_unhex(KEY, bytes, sizeof bytes));
    CU_ASSERT_EQUAL_FATAL(es_key_from_bytes(&key, bytes, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_message_from_json(&message, line, strlen(line), NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_event_make(&event, &message, world->config, key, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_event_encode(&event, key, &body, &len, NULL), ES_OK);
    es_hex(event.identity, ES_IDENTITY_SIZE, hex);
    free(body);
    es_event_clear(&event);
    es_message_clear(&message);
    es_key_close(key);
}

/* An overlap counts for the two events it names, and no longer when one of them goes or is superseded. */
static void overlaps_stand_and_fall_with_what_was_compared(void)
{
    static const char result[] = RESULT("1", "{\"finding\":\"heart\",\"mask\":true}"), reference[] = REFERENCE("1", "{\"finding\":\"heart\",\"mask\":true}");
    char left[33], right[33], line[900];
    struct es_world first, world;
    es_world_open(&first, config); /* its folder is used again, with a key that is known */
    es_site_close(first.site);
    first.site = NULL;
    char folder[300];
    snprintf(folder, sizeof folder, "%s", first.folder);
    snprintf(line, sizeof line, "rm -rf '%s'/l.db* '%s'/site.key", folder, folder);
    CU_ASSERT_EQUAL_FATAL(system(line), 0);
    es_config_free(first.config);
    es_world_open_in(&world, config, folder, KEY);
    say(&world, EXAM("1", "F"));
    say(&world, result);
    say(&world, reference);
    struct es_sheet_holder h = sheet_of(&world, HEART);
    is_row(&h.sheet, 0, ES_STAGE_INDETERMINATE, NAN, NAN);
    CU_ASSERT_EQUAL(h.not_compared[ES_COMPARED_NO_OVERLAP], 1);
    es_sheet_holder_clear(&h);
    identity_of(&world, result, left);
    identity_of(&world, reference, right);
    snprintf(line, sizeof line, OVERLAP("1", "\"method\":\"a-1\",\"result\":\"%s\",\"reference\":\"%s\",\"findings\":[{\"finding\":\"heart\",\"dice\":0.9,\"hd95\":4}]"), left, right);
    say(&world, line);
    h = sheet_of(&world, HEART);
    is_row(&h.sheet, 0, ES_STAGE_REFERENCED, ES_PART_MEASURED, 0.9);
    CU_ASSERT_EQUAL(h.sheet.measure[4][0], 4);
    CU_ASSERT_TRUE(isnan(h.sheet.measure[5][0]));
    es_sheet_holder_clear(&h);
    /* another method of the same pair: one of the two stands, whichever came first */
    snprintf(line, sizeof line, OVERLAP("1", "\"method\":\"a-2\",\"result\":\"%s\",\"reference\":\"%s\",\"findings\":[{\"finding\":\"heart\",\"dice\":0.8}]"), left, right);
    say(&world, line);
    h = sheet_of(&world, HEART);
    is_row(&h.sheet, 0, ES_STAGE_REFERENCED, ES_PART_MEASURED, 0.8);
    es_sheet_holder_clear(&h);
    say(&world, RETRACT("f1"));
    h = sheet_of(&world, HEART);
    is_row(&h.sheet, 0, ES_STAGE_OVERDUE, NAN, NAN);
    es_sheet_holder_clear(&h);
    /* a new reference of the slot: its masks were not compared yet */
    say(&world, "{\"event\":\"reference\",\"study_uid\":\"1.2.1\",\"source\":\"s\",\"established\":\"2025-01-03T10:00:00Z\",\"findings\":[{\"finding\":\"heart\",\"mask\":true}]}");
    h = sheet_of(&world, HEART);
    is_row(&h.sheet, 0, ES_STAGE_INDETERMINATE, NAN, NAN);
    es_sheet_holder_clear(&h);
    es_world_close(&world);
}

/* METRICS C4: centre in lesion; a second mark on a lesion is neither hit nor false. */
static void marks_are_matched_to_lesions(void)
{
    struct es_world world;
    open_world(&world);
    say(&world, EXAM("1", "F"));
    say(&world, RESULT("1", "{\"finding\":\"nodule\",\"lesions\":[{\"place\":[11,10,0],\"score\":0.9},{\"place\":[9,10,0],\"score\":0.6},{\"place\":[50,50,0],\"score\":0.7},"
                            "{\"place\":[80,80,0],\"score\":0.2},{\"place\":[30,31,0],\"score\":0.4}]},"
                            "{\"finding\":\"mass\",\"lesions\":[{\"box\":[0,0,10,10]},{\"box\":[100,100,110,110]}]}"));
    say(&world, REFERENCE("1", "{\"finding\":\"nodule\",\"lesions\":[{\"place\":[10,10,0],\"radius\":5},{\"place\":[30,30,0],\"radius\":5}]},"
                               "{\"finding\":\"mass\",\"lesions\":[{\"box\":[5,5,15,15]},{\"box\":[109,109,119,119]}]}"));
    struct es_sheet_holder h = sheet_of(&world, NODULE);
    is_row(&h.sheet, 0, ES_STAGE_REFERENCED, 2, 1); /* the second lesion's mark is below 0.5 */
    CU_ASSERT_EQUAL(h.sheet.measure[2][0], 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(h.sheet.marks);
    CU_ASSERT_EQUAL(h.sheet.mark_from[1], 4); /* two false marks, two hits: 0.9 and 0.4 */
    double hits = 0;
    for (uint32_t i = 0; i < 4; i++) hits += h.sheet.marks[i].hit ? h.sheet.marks[i].score : 0;
    CU_ASSERT_DOUBLE_EQUAL(hits, 1.3, 1e-12);
    es_sheet_holder_clear(&h);
    h = sheet_of(&world, MASS); /* IoU 25/175 is enough, 1/199 is not; no scores: no curve */
    is_row(&h.sheet, 0, ES_STAGE_REFERENCED, 2, 1);
    CU_ASSERT_EQUAL(h.sheet.measure[2][0], 1);
    CU_ASSERT_PTR_NULL(h.sheet.marks);
    es_sheet_holder_clear(&h);
    es_world_close(&world);
}

/* Any order of the same messages gives the same cohort. */
static void order_of_arrival_changes_nothing(void)
{
    static const char *const lines[] = {
        EXAM("1", "F"), EXAM("2", "M"),
        RESULT("1", "{\"finding\":\"lvef\",\"value\":35,\"units\":\"%\"},{\"finding\":\"heart\",\"mask\":true},{\"finding\":\"nodule\",\"lesions\":[{\"place\":[1,2],\"score\":0.9}]}"),
        REFERENCE("1", "{\"finding\":\"lvef\",\"value\":0.45,\"units\":\"1\"},{\"finding\":\"heart\",\"mask\":true},{\"finding\":\"nodule\",\"lesions\":[{\"place\":[1,2],\"radius\":3}]}"),
        OVERLAP("1", "\"method\":\"a-1\",\"findings\":[{\"finding\":\"heart\",\"dice\":0.9}]"),
        OVERLAP("1", "\"method\":\"a-2\",\"findings\":[{\"finding\":\"heart\",\"empty\":\"result\"}]"),
        RESULT("2", "{\"finding\":\"density\",\"level\":2},{\"finding\":\"heart\",\"mask\":true}"), REFERENCE("2", "{\"finding\":\"density\",\"category\":\"C\"},{\"finding\":\"heart\",\"mask\":true}"),
        OVERLAP("2", "\"method\":\"a-1\",\"findings\":[{\"finding\":\"heart\",\"dice\":0.7}]"), RETRACT("o2")};
    enum { LINES = sizeof lines / sizeof lines[0] };
    struct es_world one;
    es_world_open(&one, config);
    for (int i = 0; i < LINES; i++) say(&one, lines[i]);
    for (unsigned turn = 1; turn <= 12; turn++) {
        struct es_world other;
        int order[LINES];
        unsigned state = turn * 2654435761u;
        for (int i = 0; i < LINES; i++) order[i] = i;
        for (int i = LINES - 1; i > 0; i--) {
            state = state * 1664525u + 1013904223u;
            const int k = (int)((state >> 16) % (unsigned)(i + 1)), swap = order[i];
            order[i] = order[k];
            order[k] = swap;
        }
        es_world_open(&other, config);
        for (int i = 0; i < LINES; i++) say(&other, lines[order[i]]);
        static const uint16_t findings[] = {LVEF, HEART, DENSITY, NODULE};
        for (size_t f = 0; f < sizeof findings / sizeof findings[0]; f++) {
            struct es_sheet_holder a = sheet_of(&one, findings[f]), b = sheet_of(&other, findings[f]);
            double sums[2] = {0, 0}; /* keys differ, and with them the patients' order */
            CU_ASSERT_EQUAL_FATAL(a.sheet.rows, b.sheet.rows);
            for (uint32_t r = 0; r < a.sheet.rows; r++)
                for (unsigned c = 0; c < es_measure_columns(a.sheet.measures); c++) {
                    sums[0] += (isnan(a.sheet.measure[c][r]) ? 1000 : a.sheet.measure[c][r]) + 17 * a.sheet.stage[r];
                    sums[1] += (isnan(b.sheet.measure[c][r]) ? 1000 : b.sheet.measure[c][r]) + 17 * b.sheet.stage[r];
                }
            CU_ASSERT_DOUBLE_EQUAL(sums[0], sums[1], 1e-9);
            es_sheet_holder_clear(&a);
            es_sheet_holder_clear(&b);
        }
        es_world_reopen(&other, ES_SITE_READ); /* and read again it is the same */
        es_world_close(&other);
    }
    es_world_close(&one);
}

/* ---- CheXmask: Dice and cardiothoracic ratio of 50 radiographs ---- */


/* The n-th comma-separated field as a number; NAN when it is empty. */
static double field(const char *line, int n)
{
    for (; n > 0 && line; n--) line = (line = strchr(line, ',')) ? line + 1 : NULL;
    if (!line || *line == ',' || *line == '\n' || *line == '\0') return (double)NAN;
    return strtod(line, NULL);
}

static void text_field(const char *line, int n, char *out, size_t size)
{
    for (; n > 0 && line; n--) line = (line = strchr(line, ',')) ? line + 1 : NULL;
    snprintf(out, size, "%.*s", line ? (int)strcspn(line, ",\n") : 0, line ? line : "");
}

static void say_image(struct es_world *world, const char *row, int number)
{
    char patient[32], sex[8], line[700];
    text_field(row, 1, patient, sizeof patient);
    text_field(row, 3, sex, sizeof sex);
    snprintf(line, sizeof line, "{\"event\":\"exam\",\"study_uid\":\"1.2.%d\",\"patient_id\":\"%s\",\"study_date\":\"20250101\",\"demographics\":{\"PatientSex\":\"%s\"}}", number, patient, sex);
    say(world, line);
    snprintf(line, sizeof line, "{\"event\":\"result\",\"study_uid\":\"1.2.%d\",\"model\":{\"name\":\"m\",\"version\":\"1\"},\"findings\":[{\"finding\":\"ctr\",\"value\":%.17g,\"units\":\"1\"},{\"finding\":\"heart\",\"mask\":true},{\"finding\":\"lungs\",\"mask\":true}]}", number, field(row, 13));
    say(world, line);
    snprintf(line, sizeof line, "{\"event\":\"reference\",\"study_uid\":\"1.2.%d\",\"source\":\"physician\",\"findings\":[{\"finding\":\"ctr\",\"value\":%.17g,\"units\":\"1\"},{\"finding\":\"heart\",\"mask\":true},{\"finding\":\"lungs\",\"mask\":true}]}", number, field(row, 14));
    say(world, line);
    snprintf(line, sizeof line, "{\"event\":\"overlap\",\"study_uid\":\"1.2.%d\",\"model\":{\"name\":\"m\",\"version\":\"1\"},\"method\":\"numpy-1\",\"findings\":[{\"finding\":\"lungs\",\"dice\":%.17g,\"iou\":%.17g},{\"finding\":\"heart\",\"dice\":%.17g,\"iou\":%.17g}]}",
             number, field(row, 5), field(row, 7), field(row, 6), field(row, 8));
    say(world, line);
}

static void is(const struct es_sweep *sweep, size_t group, const char *metric, double value, double lo, double hi)
{
    const struct es_level level = es_level_default();
    const struct es_estimate e = es_metric_find(metric)->finish(es_sweep_summary(sweep, group), &level);
    CU_ASSERT_EQUAL_FATAL(e.status, ES_ESTIMATED);
    if (!(fabs(e.value - value) < 1e-9)) printf("    %s: %.12g, expected %.12g\n", metric, e.value, value);
    CU_ASSERT_DOUBLE_EQUAL(e.value, value, 1e-9);
    if (!isnan(lo)) CU_ASSERT_DOUBLE_EQUAL(e.lo, lo, 1e-8);
    if (!isnan(hi)) CU_ASSERT_DOUBLE_EQUAL(e.hi, hi, 1e-8);
}

/* expected/chexmask-nih.csv: mean, t interval and limits of agreement by NumPy and SciPy, everyone, F and M. */
static void chexmask_figures_are_those_of_numpy(void)
{
    static const char text[] = CONFIG("{\"Name\":\"ctr\",\"Task\":\"measurement\",\"Units\":\"1\"},{\"Name\":\"lungs\",\"Task\":\"segmentation\"},{\"Name\":\"heart\",\"Task\":\"segmentation\"}");
    static const struct es_grouping groupings[] = {{0, {0}}, {1, {0}}};
    static const struct { const char *measure, *metric; uint16_t finding; } rows[] = {
        {"dice_lungs", "dice", 1}, {"dice_heart", "dice", 2}, {"iou_lungs", "iou", 1}, {"iou_heart", "iou", 2}, {"ctr_diff", "bias", 0}};
    const char *images = es_bulkdata("predictions/expected/chexmask-nih_per_image.csv"), *figures = es_bulkdata("predictions/expected/chexmask-nih.csv");
    char line[1024], group[16], dimension[16], measure[32];
    FILE *in = images ? fopen(images, "r") : NULL;
    if (!in || !figures) {
        if (in) fclose(in);
        es_test_skip("bulk data not there");
        return;
    }
    struct es_world world;
    int number = 0, checked = 0;
    es_world_open(&world, text);
    while (fgets(line, sizeof line, in))
        if (number++ > 0) say_image(&world, line, number);
    fclose(in);
    struct es_sweep *sweeps[3] = {NULL, NULL, NULL};
    for (uint16_t f = 0; f < 3; f++) {
        struct es_sheet_holder h = sheet_of(&world, f);
        CU_ASSERT_TRUE_FATAL(es_sweep_run(&h.sheet, groupings, 2, &sweeps[f]));
        es_sheet_holder_clear(&h);
    }
    CU_ASSERT_PTR_NOT_NULL_FATAL(in = fopen(figures, "r"));
    while (fgets(line, sizeof line, in)) {
        text_field(line, 0, dimension, sizeof dimension);
        text_field(line, 1, group, sizeof group);
        text_field(line, 2, measure, sizeof measure);
        const size_t at = strcmp(dimension, "all") == 0 ? 0 : strcmp(dimension, "sex") != 0 ? 9 : group[0] == 'F' ? 1 : 2; /* levels: F, M, O, unknown */
        for (size_t i = 0; at < 9 && i < sizeof rows / sizeof rows[0]; i++) {
            if (strcmp(rows[i].measure, measure) != 0) continue;
            checked++;
            is(sweeps[rows[i].finding], at, rows[i].metric, field(line, 4), field(line, 6), field(line, 7));
            if (isnan(field(line, 11))) continue;
            const double mean = field(line, 4), z = 1.959963984540054 / 1.96; /* its limits are 1.96 SD, ours the quantile's */
            is(sweeps[0], at, "agreement_lower", mean + z * (field(line, 11) - mean), NAN, NAN);
            is(sweeps[0], at, "agreement_upper", mean + z * (field(line, 12) - mean), NAN, NAN);
        }
    }
    fclose(in);
    CU_ASSERT_EQUAL(checked, 15);
    for (int f = 0; f < 3; f++) es_sweep_free(sweeps[f]);
    es_world_close(&world);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"units_are_converted_by_a_table_or_refused", units_are_converted_by_a_table_or_refused},
        {"measurements_meet_in_one_unit_or_are_counted", measurements_meet_in_one_unit_or_are_counted},
        {"levels_are_words_or_numbers_of_the_list", levels_are_words_or_numbers_of_the_list},
        {"overlaps_stand_and_fall_with_what_was_compared", overlaps_stand_and_fall_with_what_was_compared},
        {"marks_are_matched_to_lesions", marks_are_matched_to_lesions},
        {"order_of_arrival_changes_nothing", order_of_arrival_changes_nothing},
        {"chexmask_figures_are_those_of_numpy", chexmask_figures_are_those_of_numpy},
        {NULL, NULL}};
    return es_test_main("tasks", tests, argc, argv);
}
