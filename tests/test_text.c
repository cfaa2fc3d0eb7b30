/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/text.h"
#include "testlib.h"

static void check(const char *charset, const char *bytes, size_t len, enum es_text_status status, const char *utf8)
{
    char out[65];
    CU_ASSERT_EQUAL(es_text_decode(charset, strlen(charset), bytes, len, out, sizeof out), status);
    CU_ASSERT_STRING_EQUAL(out, utf8);
    if (strcmp(out, utf8) != 0) printf("    %s: %s, not %s\n", charset, out, utf8);
}

/* Bytes and text: PS3.5 H.3.1, H.3.2 (Japanese), I.2 (Korean), J.1, J.2, J.3 (Chinese), K.2; PS3.3 C.12.1.1.2 for the terms. */
static void character_sets_of_the_standard_are_read(void)
{
    check("", "Smith", 5, ES_TEXT_OK, "Smith");
    check("ISO_IR 100", "Buc^J\xe9r\xf4me", 10, ES_TEXT_OK, "Buc^Jérôme");
    check("ISO_IR 144", "\xbb\xee\xda" "ce\xdc\xd1yp\xd3", 10, ES_TEXT_OK, "Люкceмбypг");
    check("ISO_IR 127", "\xe2\xc8\xc7\xe6\xea", 5, ES_TEXT_OK, "قباني");
    check("ISO_IR 126", "\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", 9, ES_TEXT_OK, "Διονυσιος");
    check("ISO_IR 13", "\xd4\xcf\xc0\xde^\xc0\xdb\xb3", 8, ES_TEXT_OK, "ﾔﾏﾀﾞ^ﾀﾛｳ");
    check("\\ISO 2022 IR 87", "\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", 21, ES_TEXT_OK, "山田^太郎");
    check("\\ISO 2022 IR 149", "\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7", 15, ES_TEXT_OK, "洪^吉洞");
    check("\\ISO 2022 IR 58", "\x1b$)A\xcd\xf5^\x1b$)A\xd0\xa1\xb6\xab", 15, ES_TEXT_OK, "王^小东");
    check("ISO_IR 192", "\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1", 10, ES_TEXT_OK, "王^小東");
    check("GB18030", "\xcd\xf5^\xd0\xa1\xb6\xab", 7, ES_TEXT_OK, "王^小东");
    check("GB18030", "\xc4\xd0", 2, ES_TEXT_OK, "男");
    check("GBK", "\xcd\xf5", 2, ES_TEXT_OK, "王");
    check("ISO_IR 166", "\xb9\xd2", 2, ES_TEXT_OK, "นา");
}

static void text_is_trimmed_and_has_no_controls(void)
{
    check("", "  F ", 4, ES_TEXT_OK, "F");
    check("", "F\0", 2, ES_TEXT_OK, "F");
    check("", "a\tb\r\nc", 6, ES_TEXT_OK, "a b  c");
    check("ISO_IR 192", "a\xc2\x85"
                        "b",
          4, ES_TEXT_OK, "a b"); /* a C1 control */
    check("", " \0 ", 3, ES_TEXT_BLANK, "");
    check("", "", 0, ES_TEXT_BLANK, "");
}

static void text_that_cannot_be_read_is_marked(void)
{
    check("", "\xe9", 1, ES_TEXT_BAD, "\xef\xbf\xbd");
    check("ISO_IR 192", "a\xff"
                        "b",
          3, ES_TEXT_BAD, "a\xef\xbf\xbd"
                          "b");
    check("ISO_IR 9999", "\xe9", 1, ES_TEXT_BAD, "\xef\xbf\xbd");
    check("nonsense", "A", 1, ES_TEXT_OK, "A"); /* ASCII is ASCII everywhere */
    check("\\ISO 2022 IR 87", "a\x1bZb", 4, ES_TEXT_BAD, "a\xef\xbf\xbdZb");
}

static void long_text_is_cut_at_a_whole_character(void)
{
    char out[6];
    CU_ASSERT_EQUAL(es_text_decode("ISO_IR 192", 10, "aaaa\xc3\xa9", 6, out, sizeof out), ES_TEXT_TOO_LONG);
    CU_ASSERT_STRING_EQUAL(out, "aaaa");
    CU_ASSERT_EQUAL(es_text_decode("", 0, "aaaaa", 5, out, sizeof out), ES_TEXT_OK);
    CU_ASSERT_EQUAL(es_text_decode("", 0, "aaaaaa", 6, out, sizeof out), ES_TEXT_TOO_LONG);
    CU_ASSERT_STRING_EQUAL(out, "aaaaa");
}

/* 400 two-byte letters in UTF-8, EUC by shifts of ISO 2022 (PS3.5 H.3.1) and Latin-1: nothing is lost behind the 256th byte. */
static void texts_of_any_length_are_read_whole(void)
{
    static const struct { const char *charset, *begin, *letter, *end, *utf8; } cases[] = {
        {"ISO_IR 192", "", "\xc3\xa9", "", "\xc3\xa9"},
        {"ISO_IR 100", "", "\xe9", "", "\xc3\xa9"},
        {"\\ISO 2022 IR 87", "\x1b$B", ";3", "\x1b(B", "\xe5\xb1\xb1"},
        {"nonsense", "", "\xe9", "", "\xef\xbf\xbd"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2000] = "", expected[4000] = "", out[8001], small[2000];
        es_test_append(text, sizeof text, cases[i].begin);
        for (int k = 0; k < 400; k++) {
            es_test_append(text, sizeof text, cases[i].letter);
            es_test_append(expected, sizeof expected, cases[i].utf8);
        }
        es_test_append(text, sizeof text, cases[i].end);
        const size_t len = strlen(text);
        const enum es_text_status good = i == 3 ? ES_TEXT_BAD : ES_TEXT_OK;
        CU_ASSERT_EQUAL(es_text_decode_long(cases[i].charset, strlen(cases[i].charset), text, len, false, out, 4 * len + 1), good);
        CU_ASSERT_STRING_EQUAL(out, expected);
        CU_ASSERT_NOT_EQUAL(es_text_decode(cases[i].charset, strlen(cases[i].charset), text, len, small, sizeof small), ES_TEXT_OK);
    }
}

static void lines_stay_where_they_are_asked_for(void)
{
    static const char text[] = " a\r\nb\rc\fd\n\ne\tf\r\n", plain[] = "a\nb\nc\nd\n\ne f", wide[] = "\xc3\xa9\r\nb\n";
    char out[200];
    CU_ASSERT_EQUAL(es_text_decode_long("", 0, text, sizeof text - 1, true, out, sizeof out), ES_TEXT_OK);
    CU_ASSERT_STRING_EQUAL(out, plain);
    CU_ASSERT_EQUAL(es_text_decode_long("ISO_IR 192", 10, wide, sizeof wide - 1, true, out, sizeof out), ES_TEXT_OK);
    CU_ASSERT_STRING_EQUAL(out, "\xc3\xa9\nb");
    CU_ASSERT_EQUAL(es_text_decode_long("", 0, "a\r\nb", 4, false, out, sizeof out), ES_TEXT_OK);
    CU_ASSERT_STRING_EQUAL(out, "a  b");
    CU_ASSERT_EQUAL(es_text_decode_long("", 0, "\r\n", 2, true, out, sizeof out), ES_TEXT_BLANK);
    CU_ASSERT_STRING_EQUAL(out, "");
}

static void numbers_are_strict(void)
{
    static const struct {
        const char *text;
        double value;
    } good[] = {{"1", 1},           {"-119.07385253906", -119.07385253906}, {" 80.0000 ", 80}, {"4.961525E-01", 0.4961525},
                {"+.5", 0.5},       {"5.", 5},                              {"1e3", 1000},     {"0.000000", 0}};
    static const char *const bad[] = {"", " ", ".", "-", "1,5", "1\\2", "nan", "inf", "0x10", "1e", "1e99999", "1e400", "1 2", "ten"};
    double value = 0;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CU_ASSERT(es_text_number(good[i].text, strlen(good[i].text), &value));
        CU_ASSERT_EQUAL(value, good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        value = 42;
        CU_ASSERT_FALSE(es_text_number(bad[i], strlen(bad[i]), &value));
        CU_ASSERT_EQUAL(value, 42);
    }
}

static void check_number(const char *text)
{
    double value = 0;
    char written[ES_NUMBER_SIZE], expected[ES_NUMBER_SIZE];
    const double right = strtod(text, NULL);
    CU_ASSERT_FATAL(es_text_number(text, strlen(text), &value));
    CU_ASSERT(memcmp(&value, &right, sizeof value) == 0);
    es_text_write_number(value, written, sizeof written);
    (void)snprintf(expected, sizeof expected, "%.10g", value == 0 ? 0.0 : value);
    CU_ASSERT_STRING_EQUAL(written, expected);
    if (strcmp(written, expected) != 0) printf("    %s: %s, not %s\n", text, written, expected);
}

/* Read and written by ways of our own where they are short; the C library says what is right, in its C locale. */
static void numbers_are_those_of_the_c_library(void)
{
    static const char *const edges[] = {"0", "-0", "-0.0", ".5", "5.", "0.1", "0.0001", "0.00009", "0.000099999999", "1e-5", "9999999999", "9999999999.5",
                                        "10000000000", "99999999999", "999999999.95", "0.999999", "0.9999999", "0.99999999999", "123456.789012",
                                        "123456789012345", "1234567890123456", "0.123456789012345", "0.1234567890123456", "4.35", "2.675", "1.0000001"};
    uint64_t seed = 20201;
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) check_number(edges[i]);
    for (int i = 0; i < 200000; i++) {
        char text[ES_NUMBER_SIZE];
        seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        const int before = (int)(seed >> 60) % 12, behind = (int)(seed >> 56 & 15) % 12;
        size_t n = 0;
        if (seed >> 55 & 1) text[n++] = '-';
        for (int d = 0; d < before + behind + 1; d++) {
            seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            if (d == before) text[n++] = '.';
            text[n++] = (char)('0' + (seed >> 40) % 10);
        }
        text[n] = '\0';
        check_number(text);
        if (CU_get_number_of_failures() > 0) break;
    }
}

/** A decimal comma in the process's locale must not matter; where no such locale is installed, the C locale is the test. */
static void numbers_do_not_depend_on_the_locale(void)
{
    double value = 0;
    (void)setlocale(LC_ALL, "de_DE.UTF-8");
    CU_ASSERT(es_text_number("1.5", 3, &value));
    CU_ASSERT_EQUAL(value, 1.5);
    (void)setlocale(LC_ALL, "C");
}

/* Days by `date -u -d 2020-01-02 +%s` divided by 86400. */
static void dates_are_real_days(void)
{
    static const struct {
        const char *text;
        int32_t day;
    } good[] = {{"19700101", 0}, {"20200102", 18263}, {"2020.01.02", 18263}, {"19000101", -25567}, {"17000101", -98615},
                {"18000101", -62091}, {"20000229", 11016}, {"20240229", 19782}};
    static const char *const bad[] = {"", "2020", "20200132", "20201301", "20190229", "19000229", "2020-01-02", "00000000", "2020010A", "20200102-20200103"};
    int32_t day = 0;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        CU_ASSERT(es_text_date(good[i].text, strlen(good[i].text), &day));
        CU_ASSERT_EQUAL(day, good[i].day);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) CU_ASSERT_FALSE(es_text_date(bad[i], strlen(bad[i]), &day));
}

static void years_are_birthdays_passed(void)
{
    int32_t a = 0, b = 0, c = 0;
    (void)(es_text_date("19600615", 8, &a) && es_text_date("20200614", 8, &b) && es_text_date("20200615", 8, &c));
    CU_ASSERT_EQUAL(es_text_years_between(a, b), 59);
    CU_ASSERT_EQUAL(es_text_years_between(a, c), 60);
    CU_ASSERT_EQUAL(es_text_years_between(c, c), 0);
    (void)(es_text_date("17000101", 8, &a) && es_text_date("20000101", 8, &b));
    CU_ASSERT_EQUAL(es_text_years_between(a, b), 300);
}

static void times_and_zones_are_strict(void)
{
    int64_t us = 0;
    CU_ASSERT(es_text_time("173315.846322", 13, &us));
    CU_ASSERT_EQUAL(us, INT64_C(63195846322));
    CU_ASSERT(es_text_time("17", 2, &us));
    CU_ASSERT_EQUAL(us, INT64_C(61200000000));
    CU_ASSERT(es_text_time("10:20:30", 8, &us));
    CU_ASSERT_EQUAL(us, INT64_C(37230000000));
    CU_ASSERT(es_text_time("102030.5", 8, &us));
    CU_ASSERT_EQUAL(us, INT64_C(37230500000));
    CU_ASSERT_FALSE(es_text_time("24", 2, &us));
    CU_ASSERT_FALSE(es_text_time("1260", 4, &us));
    CU_ASSERT_FALSE(es_text_time("1", 1, &us));
    CU_ASSERT_FALSE(es_text_time("102030.", 7, &us));
    CU_ASSERT_FALSE(es_text_time("10203", 5, &us));
    CU_ASSERT(es_text_zone("-0500", 5, &us));
    CU_ASSERT_EQUAL(us, INT64_C(-18000000000));
    CU_ASSERT(es_text_zone("+0530", 5, &us));
    CU_ASSERT_EQUAL(us, INT64_C(19800000000));
    CU_ASSERT_FALSE(es_text_zone("0500", 4, &us));
    CU_ASSERT_FALSE(es_text_zone("+2500", 5, &us));
}

static void dummies_are_told_from_identifiers(void)
{
    static const char *const none[] = {"UNKNOWN", "anonymous", "N/A", "0", "000000", "XXXX", "999", "-", "???", "none"};
    static const char *const some[] = {"1CT1", "123456", "9", "99", "0001", "PD-1-Lung-00018", "X1", "unknown17"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) CU_ASSERT(es_text_is_dummy(none[i]));
    for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) CU_ASSERT_FALSE(es_text_is_dummy(some[i]));
    CU_ASSERT_FALSE(es_text_is_dummy(""));
}

static void uids_are_digits_and_dots(void)
{
    CU_ASSERT(es_text_is_uid("1.2.840.10008.1.2"));
    CU_ASSERT_FALSE(es_text_is_uid(""));
    CU_ASSERT_FALSE(es_text_is_uid("../../etc/passwd"));
    CU_ASSERT_FALSE(es_text_is_uid("1.2.3 "));
    CU_ASSERT_FALSE(es_text_is_uid("11111111111111111111111111111111111111111111111111111111111111111"));
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"character_sets_of_the_standard_are_read", character_sets_of_the_standard_are_read},
                                           {"text_is_trimmed_and_has_no_controls", text_is_trimmed_and_has_no_controls},
                                           {"text_that_cannot_be_read_is_marked", text_that_cannot_be_read_is_marked},
                                           {"long_text_is_cut_at_a_whole_character", long_text_is_cut_at_a_whole_character},
                                           {"texts_of_any_length_are_read_whole", texts_of_any_length_are_read_whole},
                                           {"lines_stay_where_they_are_asked_for", lines_stay_where_they_are_asked_for},
                                           {"numbers_are_strict", numbers_are_strict},
                                           {"numbers_are_those_of_the_c_library", numbers_are_those_of_the_c_library},
                                           {"numbers_do_not_depend_on_the_locale", numbers_do_not_depend_on_the_locale},
                                           {"dates_are_real_days", dates_are_real_days},
                                           {"years_are_birthdays_passed", years_are_birthdays_passed},
                                           {"times_and_zones_are_strict", times_and_zones_are_strict},
                                           {"dummies_are_told_from_identifiers", dummies_are_told_from_identifiers},
                                           {"uids_are_digits_and_dots", uids_are_digits_and_dots},
                                           {NULL, NULL}};
    return es_test_main("text", tests, argc, argv);
}
