/* SPDX-License-Identifier: Apache-2.0 */
/* Expected answers: read by eye, as a radiologist would; the sorts of cues are those of NegEx (doi:10.1006/jbin.2001.1029). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/narrative/narrative.h"
#include "testlib.h"

static const char *const pneumothorax[] = {"pneumothora(?:x|ces)"};
static const char *const effusion[] = {"(?:pleural )?effusions?", "blunt(?:ed|ing) [a-z ]*costophrenic"};
static const char *const no_effusion[] = {"costophrenic angles are (?:clear|sharp)"};

static struct es_text_reader *reader(void)
{
    struct es_text_reader *out = NULL;
    CU_ASSERT_EQUAL_FATAL(es_text_reader_new(&out, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_text_reader_add(out, (struct es_text_list){pneumothorax, 1}, (struct es_text_list){NULL, 0}, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_text_reader_add(out, (struct es_text_list){effusion, 2}, (struct es_text_list){no_effusion, 1}, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_text_reader_count(out), 2);
    return out;
}

/* Y yes, N no, ? indeterminate, - not stated: pneumothorax, then effusion. */
struct text {
    const char *text, *expected;
};

static void expect_all(const struct text *cases, size_t n)
{
    struct es_text_reader *r = reader();
    for (size_t i = 0; i < n; i++) {
        struct es_text_statement out[2];
        struct es_error err = {0};
        char got[3] = "";
        CU_ASSERT_EQUAL_FATAL(es_text_read(r, cases[i].text, strlen(cases[i].text), out, &err), ES_OK);
        for (size_t k = 0; k < 2; k++) got[k] = "-NY?"[out[k].answer];
        CU_ASSERT_STRING_EQUAL(got, cases[i].expected);
        if (strcmp(got, cases[i].expected) != 0) printf("    %s, expected %s: %s\n", got, cases[i].expected, cases[i].text);
    }
    es_text_reader_free(r);
}

static void negation_reaches_over_its_clause(void)
{
    static const struct text cases[] = {
        {"No pneumothorax.", "N-"},
        {"There is no evidence of pneumothorax or pleural effusion.", "NN"},
        {"Small left apical pneumothorax. No pleural effusion.", "YN"},
        {"PNEUMOTHORAX: NONE", "N-"},
        {"Pneumothorax has been ruled out.", "N-"},
        {"A pneumothorax is not seen.", "N-"},
        {"Effusion is present, pneumothorax is not seen.", "NY"},
        {"No pneumothorax, but there is a moderate effusion.", "NY"},
        {"No pneumothorax, however a small effusion has developed.", "NY"},
        {"The lungs are clear without effusion; pneumothorax on the left", "YN"},
        {"Negative for pneumothorax.", "N-"},
        {"Previously described effusion has resolved.", "-N"},
        {"Effusion, consolidation and pneumothorax are not identified.", "NN"},
        {"Moderate effusion with no pneumothorax.", "NY"},
        {"Neither pneumothorax nor effusion.", "NN"},
        {"Nodules and notable effusion.", "-Y"}, /* "no" and "not" are words of their own */
        {"The costophrenic angles are clear.", "-N"},
        {"Blunting of the left costophrenic angle.", "-Y"},
    };
    expect_all(cases, sizeof cases / sizeof cases[0]);
}

static void what_looks_like_negation_is_none(void)
{
    static const struct text cases[] = {
        {"No change in the right pneumothorax.", "Y-"},
        {"No significant interval change of effusion.", "-Y"},
        {"Effusion, not significantly changed.", "-Y"},
        {"Not only effusion but pneumothorax.", "YY"},
        {"There is no doubt about the pneumothorax.", "Y-"},
    };
    expect_all(cases, sizeof cases / sizeof cases[0]);
}

static void doubt_and_contradiction_are_indeterminate(void)
{
    static const struct text cases[] = {
        {"Possible small pneumothorax.", "?-"},
        {"A pneumothorax cannot be excluded.", "?-"},
        {"Cannot exclude effusion.", "-?"},
        {"Pneumothorax?", "?-"},
        {"? pneumothorax", "?-"},
        {"Rule out pneumothorax.", "?-"},
        {"Possible effusion is ruled out.", "-N"},
        {"There may be an effusion, no pneumothorax.", "N?"},
        {"Moderate effusion with possible pneumothorax.", "?Y"},
        {"No pneumothorax. Tiny left pneumothorax.", "?-"},
        {"Possible pneumothorax. On review: definite pneumothorax.", "Y-"},
        {"Possible effusion. No effusion.", "-?"},
    };
    expect_all(cases, sizeof cases / sizeof cases[0]);
    struct es_text_reader *r = reader();
    struct es_text_statement out[2];
    static const char both[] = "No pneumothorax. Tiny left pneumothorax, possible right pneumothorax.";
    CU_ASSERT_EQUAL(es_text_read(r, both, sizeof both - 1, out, NULL), ES_OK);
    CU_ASSERT(out[0].yes == 1 && out[0].no == 1 && out[0].doubt == 1);
    CU_ASSERT(out[1].yes == 0 && out[1].no == 0 && out[1].doubt == 0);
    es_text_reader_free(r);
}

static void what_is_not_said_is_not_stated(void)
{
    static const struct text cases[] = {
        {"", "--"},
        {"The heart is enlarged.", "--"},
        {"No fracture.", "--"},
        {"HISTORY: Pneumothorax.\nFINDINGS: Clear lungs.", "--"},
        {"CLINICAL QUESTION: effusion? FINDINGS: No pneumothorax.", "N-"},
        {"Indication:\nPneumothorax yesterday.\n\nSmall effusion.", "-Y"},
        {"Indication: pneumothorax yesterday.\n\nSmall effusion.", "-Y"},
        {"Comparison: 1 May, effusion.\nImpression: no effusion", "-N"},
        {"Pneumothorax:\nNone.", "N-"},
        {"Pneumothorax:\n\nEffusion: yes", "-Y"},
    };
    expect_all(cases, sizeof cases / sizeof cases[0]);
}

static void lines_are_wrapped_or_a_list(void)
{
    static const struct text cases[] = {
        {"No focal consolidation or\npneumothorax is seen.", "N-"},
        {"No focal consolidation,\nPneumothorax or effusion.", "NN"},
        {"No pneumothorax\nPleural effusion on the left", "NY"},
        {"- no pneumothorax\n- effusion 1.5 cm", "NY"},
        {"1 no pneumothorax\r\n2 effusion\r\n", "NY"},
        {"no pneumothorax. small effusion.", "NY"},
        {"No\n\npneumothorax", "Y-"}, /* an empty line ends what came before */
    };
    expect_all(cases, sizeof cases / sizeof cases[0]);
}

static void another_language_replaces_the_english(void)
{
    static const char *const before[] = {"\\b(?:geen|zonder)\\b"}, *const after[] = {"\\bniet gezien\\b"}, *const words[] = {"pneumothorax"};
    const struct es_text_language dutch = {.before = {before, 1}, .after = {after, 1}, .ends = {words, 0}};
    struct es_text_reader *r = NULL;
    struct es_text_statement out;
    CU_ASSERT_EQUAL_FATAL(es_text_reader_new(&r, &dutch, NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_text_reader_add(r, (struct es_text_list){words, 1}, (struct es_text_list){NULL, 0}, NULL), ES_OK);
    static const struct text cases[] = {{"Geen pneumothorax.", "N"}, {"Pneumothorax niet gezien.", "N"}, {"No pneumothorax.", "Y"}, {"Mogelijk pneumothorax?", "?"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        CU_ASSERT_EQUAL(es_text_read(r, cases[i].text, strlen(cases[i].text), &out, NULL), ES_OK);
        CU_ASSERT_EQUAL("-NY?"[out.answer], cases[i].expected[0]);
    }
    es_text_reader_free(r);
}

static void what_is_new_or_partly_gone_is_there(void)
{
    static const struct text cases[] = {
        {"A small effusion, not seen on the prior study.", "-Y"},
        {"New left effusion which was not present previously.", "-Y"},
        {"New effusion not previously seen.", "-Y"},
        {"Small effusion, previously not visible.", "-Y"},
        {"Effusion has nearly resolved.", "-Y"},
        {"Near-complete resolution of the effusion.", "-Y"},
        {"Partial interval clearing of the effusion.", "-Y"},
        {"Effusion has completely resolved.", "-N"},
        {"Interval resolution of the effusion.", "-N"},
        {"There is no pneumothorax and the effusion is unchanged.", "NY"},
        {"No sign of pneumothorax and the effusion has increased.", "NY"},
        {"No evidence of pneumothorax and effusion.", "NN"},
    };
    expect_all(cases, sizeof cases / sizeof cases[0]);
}

static void denials_come_in_many_words(void)
{
    static const struct text cases[] = {
        {"Pneumothorax is not visible.", "N-"},
        {"Pneumothorax is no longer visible.", "N-"},
        {"Pneumothorax not apparent, small effusion.", "NY"},
        {"Pneumothorax is not noted.", "N-"},
        {"There is no longer a pneumothorax.", "N-"},
        {"Pneumothorax is no longer seen, effusion persists.", "NY"},
        {"Pneumothorax has not developed.", "N-"},
        {"Effusion has not recurred.", "-N"},
        {"The left side is clear of effusion.", "-N"},
        {"Please evaluate for pneumothorax.", "?-"},
        {"If there is a pneumothorax, CT is advised.", "?-"},
        {"History of pneumothorax.", "?-"},
    };
    expect_all(cases, sizeof cases / sizeof cases[0]);
}

static void every_fault_has_its_text(void)
{
    static const char *const open[] = {"fine", "(open"}, *const empty[] = {"a*"};
    struct es_text_language bad = {.doubt_after = {open, 2}};
    struct es_text_reader *r = NULL;
    struct es_error err = {0};
    struct es_text_statement out[3];
    CU_ASSERT_EQUAL(es_text_reader_new(&r, &bad, &err), ES_E_CONFIG);
    CU_ASSERT_STRING_EQUAL(err.text, "doubt_after[1]: missing closing parenthesis at character 6");
    CU_ASSERT_PTR_NULL(r);
    r = reader();
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_text_reader_add(r, (struct es_text_list){empty, 1}, (struct es_text_list){NULL, 0}, &err), ES_E_CONFIG);
    CU_ASSERT_STRING_EQUAL(err.text, "positive[0]: found a pattern that matches an empty text, expected one that needs a letter");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_text_reader_add(r, (struct es_text_list){NULL, 0}, (struct es_text_list){NULL, 0}, &err), ES_E_CONFIG);
    CU_ASSERT_STRING_EQUAL(err.text, "positive: found no pattern, expected at least one");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_text_reader_add(r, (struct es_text_list){open, 1}, (struct es_text_list){open, 65}, &err), ES_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.text, "negative: found 65 patterns, expected at most 64");
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_text_read(r, "caf\xe9", 4, out, &err), ES_E_PARSE);
    CU_ASSERT_STRING_EQUAL(err.text, "text: found bytes that are no UTF-8 text");
    char *long_text = malloc(ES_TEXT_MAX + 1);
    CU_ASSERT_PTR_NOT_NULL_FATAL(long_text);
    memset(long_text, 'a', ES_TEXT_MAX + 1);
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_text_read(r, long_text, ES_TEXT_MAX + 1, out, &err), ES_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.text, "text: found 262145 bytes, expected at most 262144");
    for (size_t i = 0; i + 9 <= ES_TEXT_MAX; i += 9) memcpy(long_text + i, "effusion ", 9);
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_text_read(r, long_text, ES_TEXT_MAX, out, &err), ES_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.text, "text: found more than 10000 matches, expected fewer");
    for (size_t i = 0; i + 3 <= ES_TEXT_MAX; i += 3) memcpy(long_text + i, "no ", 3);
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_text_read(r, long_text, ES_TEXT_MAX, out, &err), ES_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.text, "text: found more than 256 cues in a sentence, expected fewer");
    /* a pattern that takes exponential time: PCRE2's match limit ends it */
    static const char *const slow[] = {"(?:(?:a+)+)+[0-9]"};
    CU_ASSERT_EQUAL(es_text_reader_add(r, (struct es_text_list){slow, 1}, (struct es_text_list){NULL, 0}, NULL), ES_OK);
    memset(long_text, 'a', 100);
    err = (struct es_error){0};
    CU_ASSERT_EQUAL(es_text_read(r, long_text, 100, out, &err), ES_E_LIMIT);
    CU_ASSERT_STRING_EQUAL(err.text, "text: a pattern reached its limit of steps: what it says is not known");
    free(long_text);
    es_text_reader_free(r);
    es_text_reader_free(NULL);
}

static const struct es_test tests[] = {
    {"negation_reaches_over_its_clause", negation_reaches_over_its_clause},
    {"what_is_new_or_partly_gone_is_there", what_is_new_or_partly_gone_is_there},
    {"denials_come_in_many_words", denials_come_in_many_words},
    {"what_looks_like_negation_is_none", what_looks_like_negation_is_none},
    {"doubt_and_contradiction_are_indeterminate", doubt_and_contradiction_are_indeterminate},
    {"what_is_not_said_is_not_stated", what_is_not_said_is_not_stated},
    {"lines_are_wrapped_or_a_list", lines_are_wrapped_or_a_list},
    {"another_language_replaces_the_english", another_language_replaces_the_english},
    {"every_fault_has_its_text", every_fault_has_its_text},
    {NULL, NULL},
};

int main(int argc, char **argv) { return es_test_main("report_text", tests, argc, argv); }
