/* SPDX-License-Identifier: Apache-2.0 */
/* Units of analysis: which an exam has, and how results and references of finer units come to coarser ones. The expected columns were
 * worked out by hand from the words of bundle/bundle.h and bundle/internal.h. */
#include "bundle_world.h"

#define NONE ES_NO_ANSWER

static struct es_event *of(struct es_event *event, enum es_unit_type type, struct es_pseudonym unit)
{
    event->unit = type;
    event->unit_id = unit;
    return event;
}

/* A header: its series, image and laterality ("" absent). */
static struct es_event *image(uint8_t identity, uint8_t series, uint8_t instance, const char *laterality)
{
    struct es_event *event = exam(1, identity, "F");
    if (series) event->series = name(series);
    if (instance) event->instance = name(instance);
    if (laterality[0]) with(event, "ImageLaterality", ES_ATTRIBUTE_PRESENT, laterality);
    return event;
}

static const struct es_derived_case *row_of(struct es_pseudonym unit, const char *version)
{
    for (size_t i = 0; i < derived.n_cases; i++)
        if (memcmp(&derived.cases[i].unit, &unit, sizeof unit) == 0 && strcmp(derived.cases[i].version, version) == 0) return &derived.cases[i];
    CU_FAIL_FATAL("no such row");
    return NULL;
}

/* ---- which units there are ---- */

static void sides_are_those_that_headers_show(void)
{
    static const struct { const char *first, *second; size_t rows; } cases[] = {
        {"L", "R", 2}, {"L", "L", 1}, {"B", "", 2}, {"R", "B", 2}, {"", "", 1}, {"U", "", 1}, {"", "R", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start("", ",\"Unit\":\"side\"");
        image(1, 21, 0, cases[i].first);
        image(2, 22, 0, cases[i].second);
        derive();
        if (derived.n_cases != cases[i].rows) fprintf(stderr, "laterality case %zu: %zu rows\n", i, derived.n_cases);
        CU_ASSERT_EQUAL(derived.n_cases, cases[i].rows);
        for (size_t k = 0; k < derived.n_cases; k++) CU_ASSERT_EQUAL(derived.cases[k].result, 0);
    }
    start("", ",\"Unit\":\"side\"");
    with(exam(1, 1, "F"), "Laterality", ES_ATTRIBUTE_PRESENT, "R"); /* of the series, where the image says nothing */
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
    CU_ASSERT_EQUAL(row_of(es_side_unit('R'), "")->result, 0);
}

static void a_side_of_which_nothing_came_is_a_row_beside_the_one_that_has_a_result(void)
{
    start("", ",\"Unit\":\"side\"");
    image(1, 21, 0, "L");
    image(2, 22, 0, "R");
    of(result(1, 3, "1.0", 0.9, NOON(DAY)), ES_UNIT_SIDE, es_side_unit('R'));
    of(reference(1, 4, "report", ES_REFERENCE_FINAL, 1, NOON(DAY)), ES_UNIT_SIDE, es_side_unit('L'));
    of(reference(1, 5, "report", ES_REFERENCE_FINAL, 0, NOON(DAY)), ES_UNIT_SIDE, es_side_unit('R'));
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 2);
    CU_ASSERT_EQUAL(row_of(es_side_unit('L'), "")->result, 0);
    CU_ASSERT_EQUAL(row_of(es_side_unit('L'), "")->label, 1);
    CU_ASSERT_EQUAL(row_of(es_side_unit('R'), "1.0")->decision, 1);
    CU_ASSERT_EQUAL(row_of(es_side_unit('R'), "1.0")->label, 0);
}

static void an_exam_s_label_says_nothing_of_its_sides(void)
{
    start("", ",\"Unit\":\"side\"");
    image(1, 21, 0, "L");
    reference(1, 2, "report", ES_REFERENCE_FINAL, 0, NOON(DAY));
    result(1, 3, "1.0", 0.9, NOON(DAY));
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
    CU_ASSERT_FALSE(derived.cases[0].has_reference);
    CU_ASSERT_EQUAL(derived.cases[0].result, 0);
    CU_ASSERT_EQUAL(derived.unknown_finding, 2); /* nobody is asked for an effusion of the exam: counted, not lost */
}

static void eligibility_and_exclusion_are_the_unit_s_own(void)
{
    static const char rule[] = ",\"Eligible\":{\"ViewPosition\":[\"PA\"]}";
    start(rule, ",\"Unit\":\"image\"");
    with(image(1, 21, 31, ""), "ViewPosition", ES_ATTRIBUTE_PRESENT, "PA");
    with(image(2, 21, 32, ""), "ViewPosition", ES_ATTRIBUTE_PRESENT, "LL");
    image(3, 21, 33, "");
    with(image(4, 21, 34, ""), "ViewPosition", ES_ATTRIBUTE_PRESENT, "PA")->excluded = ES_EXCLUDED_QUALITY_CONTROL;
    for (uint8_t i = 0; i < 4; i++) of(result(1, (uint8_t)(10 + i), "1.0", 0.9, NOON(DAY)), ES_UNIT_IMAGE, name((uint8_t)(32 + i)));
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 5); /* 35 is named by a result, no header is known of it */
    CU_ASSERT_EQUAL(row_of(name(31), "")->eligible, ES_ELIGIBLE_YES);
    CU_ASSERT_EQUAL(row_of(name(32), "1.0")->eligible, ES_ELIGIBLE_NO); /* a result out of scope */
    CU_ASSERT_EQUAL(row_of(name(33), "1.0")->eligible, ES_ELIGIBLE_UNKNOWN);
    CU_ASSERT_EQUAL(row_of(name(35), "1.0")->eligible, ES_ELIGIBLE_UNKNOWN);
    CU_ASSERT_TRUE(row_of(name(34), "1.0")->excluded);
    CU_ASSERT_FALSE(row_of(name(33), "1.0")->excluded);
    CU_ASSERT_EQUAL(derived.exams[0].excluded, ES_EXCLUDED_NOT);
    start(rule, "");
    with(image(1, 21, 31, ""), "ViewPosition", ES_ATTRIBUTE_PRESENT, "LL");
    with(image(2, 21, 32, ""), "ViewPosition", ES_ATTRIBUTE_PRESENT, "PA");
    derive();
    CU_ASSERT_EQUAL(derived.cases[0].eligible, ES_ELIGIBLE_YES); /* of an exam any image is enough */
}

/* ---- results of parts ---- */

/* Images 31 (L), 32 (L), 33 (R): scores 0.2, 0.7, 0.4 produced in the order 32, 33, 31. By hand: of L max 0.7, mean 0.45, first 0.7 (32),
 * latest 0.2 (31), any: yes; of the exam max 0.7, mean 1.3/3, first 0.7, latest 0.2. */
static void results_of_images_are_combined_to_sides_series_and_exams(void)
{
    static const struct { const char *combine; double left, exam; uint8_t left_says, exam_says; } cases[] = {
        {"max", 0.7, 0.7, 1, 1}, {"mean", 0.45, 1.3 / 3, 0, 0}, {"first", 0.7, 0.7, 1, 1}, {"latest", 0.2, 0.2, 0, 0}, {"any", 0.7, 0.7, 1, 1}};
    static const char *const units[] = {"exam", "side", "series"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t u = 0; u < 3; u++) {
            char option[80];
            snprintf(option, sizeof option, ",\"Combine\":\"%s\",\"Unit\":\"%s\"", cases[i].combine, units[u]);
            start("", option);
            image(1, 21, 31, "L");
            image(2, 21, 32, "L");
            image(3, 22, 33, "R");
            of(result(1, 4, "1.0", 0.2, NOON(DAY) + 3), ES_UNIT_IMAGE, name(31));
            of(result(1, 5, "1.0", 0.7, NOON(DAY) + 1), ES_UNIT_IMAGE, name(32));
            of(result(1, 6, "1.0", 0.4, NOON(DAY) + 2), ES_UNIT_IMAGE, name(33));
            derive();
            CU_ASSERT_EQUAL_FATAL(derived.n_cases, u == 0 ? 1 : 2);
            const struct es_pseudonym nobody = {{0}}, own[] = {nobody, es_side_unit('L'), name(21)}, other[] = {nobody, es_side_unit('R'), name(22)};
            const struct es_derived_case *row = row_of(own[u], "1.0");
            CU_ASSERT_DOUBLE_EQUAL(row->score, u == 0 ? cases[i].exam : cases[i].left, 1e-15);
            CU_ASSERT_EQUAL(row->decision, u == 0 ? cases[i].exam_says : cases[i].left_says);
            if (u > 0) CU_ASSERT_EQUAL(row_of(other[u], "1.0")->score, 0.4);
            CU_ASSERT_EQUAL(derived.unknown_finding, 0);
        }
}

static void a_result_of_the_unit_itself_stands_before_those_of_its_parts(void)
{
    start("", ",\"Unit\":\"side\",\"Combine\":\"max\"");
    image(1, 21, 31, "L");
    of(result(1, 2, "1.0", 0.9, NOON(DAY)), ES_UNIT_IMAGE, name(31));
    of(result(1, 3, "1.0", 0.3, NOON(DAY) + 9), ES_UNIT_SIDE, es_side_unit('L'));
    of(result(1, 4, "2.0", 0.8, NOON(DAY) + 9), ES_UNIT_IMAGE, name(31));
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 2);
    CU_ASSERT_EQUAL(row_of(es_side_unit('L'), "1.0")->score, 0.3);
    CU_ASSERT_EQUAL(row_of(es_side_unit('L'), "2.0")->score, 0.8);
    /* Sides and images of one exam: the sides, so that no image counts twice in a mean. */
    start("", ",\"Combine\":\"mean\"");
    image(1, 21, 31, "L");
    of(result(1, 2, "1.0", 0.9, NOON(DAY)), ES_UNIT_IMAGE, name(31));
    of(result(1, 3, "1.0", 0.3, NOON(DAY)), ES_UNIT_SIDE, es_side_unit('L'));
    of(result(1, 4, "1.0", 0.1, NOON(DAY)), ES_UNIT_SIDE, es_side_unit('R'));
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
    CU_ASSERT_DOUBLE_EQUAL(derived.cases[0].score, 0.2, 1e-15);
}

static void several_results_of_one_part_count_once_the_first_produced(void)
{
    start("", ",\"Combine\":\"max\"");
    image(1, 21, 31, "");
    image(2, 21, 32, "");
    of(result(1, 3, "1.0", 0.3, NOON(DAY) + 1), ES_UNIT_IMAGE, name(31));
    of(result(1, 4, "1.0", 0.9, NOON(DAY) + 5), ES_UNIT_IMAGE, name(31)); /* run again later */
    of(result(1, 5, "1.0", 0.2, NOON(DAY) + 2), ES_UNIT_IMAGE, name(32));
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
    CU_ASSERT_EQUAL(derived.cases[0].score, 0.3);
    CU_ASSERT_EQUAL(derived.cases[0].produced, NOON(DAY) + 2); /* complete when the last came */
    CU_ASSERT_TRUE(derived.cases[0].decision_changed); /* by the latest of each image the exam would be 0.9 */
}

/* ---- references of parts ---- */

static void labels_of_parts_make_the_label_of_the_whole(void)
{
    /* What each side is said to be (-1: nothing, 2: cannot be told), the laterality of both headers, and the exam's label by hand. */
    static const struct { int left, right; const char *first, *second; bool told, evaluable; uint8_t label; } cases[] = {
        {1, 0, "L", "R", true, true, 1},   {0, 0, "L", "R", true, true, 0},   {0, -1, "L", "R", false, false, NONE},
        {1, -1, "L", "R", true, true, 1},  {-1, 0, "R", "R", true, true, 0},  {0, -1, "", "", false, false, NONE},
        {0, 0, "", "", true, true, 0},     {0, 2, "L", "R", true, false, NONE}, {1, 2, "L", "R", true, true, 1},
        {2, -1, "L", "R", false, false, NONE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start("", "");
        image(1, 21, 0, cases[i].first);
        image(2, 22, 0, cases[i].second);
        for (uint8_t k = 0; k < 2; k++) {
            const int says = k ? cases[i].right : cases[i].left;
            if (says < 0) continue;
            struct es_event *event = of(reference(1, (uint8_t)(5 + k), "report", ES_REFERENCE_FINAL, says == 1, NOON(DAY)), ES_UNIT_SIDE,
                                        es_side_unit(k ? 'R' : 'L'));
            event->findings[0].evaluable = says != 2;
            event->findings[0].has_label = says != 2;
        }
        derive();
        CU_ASSERT_EQUAL_FATAL(derived.n_cases, 1);
        const struct es_derived_case *row = &derived.cases[0];
        if (row->has_reference != cases[i].told || row->label != cases[i].label) fprintf(stderr, "label case %zu\n", i);
        CU_ASSERT_EQUAL(row->has_reference, cases[i].told);
        if (cases[i].told) CU_ASSERT_EQUAL(row->evaluable, cases[i].evaluable);
        CU_ASSERT_EQUAL(row->label, cases[i].label);
        CU_ASSERT_EQUAL(derived.unknown_finding, 0);
    }
}

static void a_lesion_makes_an_exam_positive_and_none_makes_it_negative(void)
{
    start("", "");
    image(1, 21, 0, "");
    of(reference(1, 2, "pathology", ES_REFERENCE_FINAL, 0, NOON(DAY)), ES_UNIT_LESION, name(61));
    derive();
    CU_ASSERT_FALSE(derived.cases[0].has_reference); /* one benign lesion: there may be others */
    of(reference(1, 3, "pathology", ES_REFERENCE_FINAL, 1, NOON(DAY)), ES_UNIT_LESION, name(62));
    derive();
    CU_ASSERT_EQUAL(derived.cases[0].label, 1);
    CU_ASSERT_STRING_EQUAL(derived.cases[0].reference_source, "pathology");
}

static void sides_are_judged_by_one_reader_at_a_time(void)
{
    start("", "");
    image(1, 21, 0, "L");
    image(2, 22, 0, "R");
    of(reference(1, 3, "report", ES_REFERENCE_FINAL, 0, NOON(DAY)), ES_UNIT_SIDE, es_side_unit('L'));
    of(reference(1, 4, "second", ES_REFERENCE_FINAL, 0, NOON(DAY)), ES_UNIT_SIDE, es_side_unit('R'));
    derive();
    CU_ASSERT_FALSE(derived.cases[0].has_reference); /* neither has told both sides */
    of(reference(1, 5, "second", ES_REFERENCE_FINAL, 1, NOON(DAY)), ES_UNIT_SIDE, es_side_unit('L'));
    of(reference(1, 6, "report", ES_REFERENCE_FINAL, 0, NOON(DAY + 1)), ES_UNIT_SIDE, es_side_unit('R'));
    derive();
    CU_ASSERT_EQUAL(derived.cases[0].label, 0); /* the report is the later */
    CU_ASSERT_TRUE(derived.cases[0].sources_disagree);
}

static void images_whose_side_no_header_tells_are_of_no_side(void)
{
    start("", ",\"Unit\":\"side\"");
    image(1, 21, 31, "B");
    of(result(1, 2, "1.0", 0.9, NOON(DAY)), ES_UNIT_IMAGE, name(31));
    derive();
    CU_ASSERT_EQUAL_FATAL(derived.n_cases, 2);
    CU_ASSERT_EQUAL(derived.cases[0].result, 0);
    CU_ASSERT_EQUAL(derived.cases[1].result, 0);
    CU_ASSERT_EQUAL(derived.unknown_finding, 1);
    es_arena_clear(&arena);
    es_config_free(config);
    config = NULL;
}

static void the_configured_precedence_of_sources_decides(void)
{
    /* Labels and statuses of pathology, radiology-report and follow-up (-1: none said, 2: cannot be told), and whose stands by hand. */
    enum { P = ES_REFERENCE_PRELIMINARY, F = ES_REFERENCE_FINAL, C = ES_REFERENCE_CORRECTED };
    static const char *const sources[] = {"pathology", "radiology-report", "follow-up"};
    static const struct { int says[3]; int status[3]; const char *stands; uint8_t label; bool disagree; } cases[] = {
        {{1, 0, 0}, {F, F, C}, "pathology", 1, true},        {{-1, 0, 1}, {F, F, C}, "radiology-report", 0, true},
        {{-1, -1, 1}, {F, F, F}, "follow-up", 1, false},     {{1, 0, -1}, {P, F, F}, "radiology-report", 0, true},
        {{1, 0, -1}, {P, P, F}, "pathology", 1, true},       {{2, 0, -1}, {F, F, F}, "pathology", NONE, true},
        {{1, 1, 1}, {F, C, C}, "pathology", 1, false},       {{0, 1, -1}, {F, C, F}, "pathology", 0, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start("", ",\"References\":{\"Precedence\":[\"pathology\",\"radiology-report\"]}");
        exam(1, 1, "F");
        for (uint8_t k = 0; k < 3; k++) {
            if (cases[i].says[k] < 0) continue;
            struct es_event *event = reference(1, (uint8_t)(5 + k), sources[k], (enum es_reference_status)cases[i].status[k],
                                               cases[i].says[k] == 1, NOON(DAY + k));
            event->findings[0].evaluable = event->findings[0].has_label = cases[i].says[k] != 2;
        }
        derive();
        if (strcmp(derived.cases[0].reference_source, cases[i].stands) != 0) fprintf(stderr, "precedence case %zu\n", i);
        CU_ASSERT_STRING_EQUAL(derived.cases[0].reference_source, cases[i].stands);
        CU_ASSERT_EQUAL(derived.cases[0].label, cases[i].label);
        CU_ASSERT_EQUAL(derived.cases[0].sources_disagree, cases[i].disagree);
    }
    start(",\"References\":{\"Precedence\":[\"a\"]}", ",\"References\":{\"Precedence\":[\"b\"]}},{\"Name\":\"nodule\",\"Threshold\":0.5");
    CU_ASSERT_EQUAL(es_precedence_rank(&config->models[0].findings[0].precedence, "b"), 1); /* its own */
    CU_ASSERT_EQUAL(es_precedence_rank(&config->models[0].findings[0].precedence, "a"), 0);
    CU_ASSERT_EQUAL(es_precedence_rank(&config->models[0].findings[1].precedence, "a"), 1); /* its model's */
    CU_ASSERT_PTR_NOT_NULL(strstr(config->document, "\"References\":{\"Precedence\":[\"a\"]}"));
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"sides_are_those_that_headers_show", sides_are_those_that_headers_show},
        {"a_side_of_which_nothing_came_is_a_row_beside_the_one_that_has_a_result",
         a_side_of_which_nothing_came_is_a_row_beside_the_one_that_has_a_result},
        {"an_exam_s_label_says_nothing_of_its_sides", an_exam_s_label_says_nothing_of_its_sides},
        {"eligibility_and_exclusion_are_the_unit_s_own", eligibility_and_exclusion_are_the_unit_s_own},
        {"results_of_images_are_combined_to_sides_series_and_exams", results_of_images_are_combined_to_sides_series_and_exams},
        {"a_result_of_the_unit_itself_stands_before_those_of_its_parts", a_result_of_the_unit_itself_stands_before_those_of_its_parts},
        {"several_results_of_one_part_count_once_the_first_produced", several_results_of_one_part_count_once_the_first_produced},
        {"labels_of_parts_make_the_label_of_the_whole", labels_of_parts_make_the_label_of_the_whole},
        {"a_lesion_makes_an_exam_positive_and_none_makes_it_negative", a_lesion_makes_an_exam_positive_and_none_makes_it_negative},
        {"sides_are_judged_by_one_reader_at_a_time", sides_are_judged_by_one_reader_at_a_time},
        {"images_whose_side_no_header_tells_are_of_no_side", images_whose_side_no_header_tells_are_of_no_side},
        {"the_configured_precedence_of_sources_decides", the_configured_precedence_of_sources_decides},
        {NULL, NULL}};
    return es_test_main("units", tests, argc, argv);
}
