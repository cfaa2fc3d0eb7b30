/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/base/hash.h"
#include "plugin/pseudonym/pseudonym.h"
#include "testlib.h"

/* FIPS 180-2 appendix B.1, B.2, and the empty message (NIST CAVP SHA256ShortMsg). */
static void sha256_gives_the_vectors_of_fips_180(void)
{
    static const struct { const char *message, *digest; } cases[] = {
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const size_t len = strlen(cases[i].message), cut = len / 3;
        const struct es_hash_part parts[] = {{cases[i].message, cut}, {cases[i].message + cut, len - cut}};
        uint8_t digest[ES_SHA256_SIZE];
        char hex[2 * ES_SHA256_SIZE + 1];
        CU_ASSERT_EQUAL_FATAL(es_sha256(parts, 2, digest, NULL), ES_OK);
        es_hex(digest, sizeof digest, hex);
        CU_ASSERT_STRING_EQUAL(hex, cases[i].digest);
    }
}

/* FIPS 180-2 appendix B.3: one million times "a". */
static void sha256_of_a_million_letters(void)
{
    char *letters = malloc(1000000);
    CU_ASSERT_PTR_NOT_NULL_FATAL(letters);
    memset(letters, 'a', 1000000);
    const struct es_hash_part part = {letters, 1000000};
    uint8_t digest[ES_SHA256_SIZE];
    char hex[2 * ES_SHA256_SIZE + 1];
    CU_ASSERT_EQUAL(es_sha256(&part, 1, digest, NULL), ES_OK);
    es_hex(digest, sizeof digest, hex);
    CU_ASSERT_STRING_EQUAL(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(letters);
}

/* RFC 4231 test cases 1 to 4 (keys of at most 32 bytes; HMAC pads a shorter key with zeros, so 32 bytes are given). */
static void identity_is_hmac_sha256_of_rfc_4231(void)
{
    static const struct { size_t key_len; uint8_t key_byte; const char *key, *data; size_t data_len; uint8_t data_byte; const char *hmac; } cases[] = {
        {20, 0x0b, NULL, "Hi There", 8, 0, "b0344c61d8db38535ca8afceaf0bf12b"},
        {4, 0, "Jefe", "what do ya want for nothing?", 28, 0, "5bdcc146bf60754e6a042426089575c7"},
        {20, 0xaa, NULL, NULL, 50, 0xdd, "773ea91e36800e46854db8ebd09181a7"},
        {25, 1, NULL, NULL, 50, 0xcd, "82558a389a443c0ea4cc819899f2083a"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t bytes[32] = {0}, data[64], out[16];
        for (size_t k = 0; k < cases[i].key_len; k++)
            bytes[k] = cases[i].key != NULL ? (uint8_t)cases[i].key[k] : i == 3 ? (uint8_t)(k + 1) : cases[i].key_byte;
        if (cases[i].data != NULL) memcpy(data, cases[i].data, cases[i].data_len);
        else memset(data, cases[i].data_byte, cases[i].data_len);
        struct es_key *key = NULL;
        char hex[33];
        CU_ASSERT_EQUAL_FATAL(es_key_from_bytes(&key, bytes, NULL), ES_OK);
        CU_ASSERT_EQUAL(es_key_identity(key, data, cases[i].data_len, out), ES_OK);
        es_hex(out, sizeof out, hex);
        CU_ASSERT_STRING_EQUAL(hex, cases[i].hmac);
        es_key_close(key);
    }
}

static struct es_key *key_of(uint8_t first)
{
    uint8_t bytes[32] = {first};
    struct es_key *key = NULL;
    CU_ASSERT_EQUAL_FATAL(es_key_from_bytes(&key, bytes, NULL), ES_OK);
    return key;
}

/* Expected: Python hmac.new(bytes([1] + [0] * 31), b"\1\0\0\0\1" + b"\0\0\0\0" + b"\5\0\0\0" + b"1.2.3", "sha256").digest()[:16] */
static void pseudonym_is_hmac_over_length_prefixed_parts(void)
{
    struct es_key *key = key_of(1);
    struct es_pseudonym p;
    char hex[2 * ES_PSEUDONYM_SIZE + 1];
    CU_ASSERT_EQUAL(es_key_pseudonym(key, ES_PSEUDONYM_STUDY, NULL, "1.2.3", &p), ES_OK);
    es_hex(p.bytes, sizeof p.bytes, hex);
    CU_ASSERT_STRING_EQUAL(hex, "01fd90de08b72c69f16536100b45faecf4");
    CU_ASSERT_EQUAL(es_key_pseudonym(key, ES_PSEUDONYM_PATIENT, "HOSP", "42", &p), ES_OK);
    es_hex(p.bytes, sizeof p.bytes, hex);
    CU_ASSERT_STRING_EQUAL(hex, "01deaaed5655f2090034def93aa84b0a6b");
    CU_ASSERT_STRING_EQUAL(es_key_id(key), "e8cd635a6458c21b");
    es_key_close(key);
}

static void kinds_issuers_and_splits_do_not_collide(void)
{
    struct es_key *key = key_of(7), *other = key_of(8);
    static const struct { enum es_pseudonym_kind kind; const char *issuer, *value; } parts[] = {
        {ES_PSEUDONYM_STUDY, "", "AB"}, {ES_PSEUDONYM_SERIES, "", "AB"}, {ES_PSEUDONYM_STUDY, "A", "B"},
        {ES_PSEUDONYM_STUDY, "AB", "AB"}, {ES_PSEUDONYM_STUDY, "", "ab"}};
    enum { N = sizeof parts / sizeof parts[0] };
    struct es_pseudonym p[N + 1];
    for (size_t i = 0; i < N; i++)
        CU_ASSERT_EQUAL(es_key_pseudonym(key, parts[i].kind, parts[i].issuer, parts[i].value, &p[i]), ES_OK);
    CU_ASSERT_EQUAL(es_key_pseudonym(other, parts[0].kind, parts[0].issuer, parts[0].value, &p[N]), ES_OK);
    for (size_t i = 0; i <= N; i++)
        for (size_t j = 0; j < i; j++) CU_ASSERT_NOT_EQUAL(memcmp(&p[i], &p[j], sizeof p[0]), 0);
    CU_ASSERT_STRING_NOT_EQUAL(es_key_id(key), es_key_id(other));
    es_key_close(key);
    es_key_close(other);
}

static void an_empty_value_is_the_absent_pseudonym(void)
{
    struct es_key *key = key_of(3);
    struct es_pseudonym p;
    memset(&p, 0xff, sizeof p);
    CU_ASSERT_EQUAL(es_key_pseudonym(key, ES_PSEUDONYM_PATIENT, "X", "", &p), ES_OK);
    CU_ASSERT_FALSE(es_pseudonym_set(&p));
    CU_ASSERT_EQUAL(es_key_pseudonym(key, ES_PSEUDONYM_PATIENT, "X", "1", &p), ES_OK);
    CU_ASSERT_TRUE(es_pseudonym_set(&p));
    es_key_close(key);
}

static void a_created_key_is_read_back_and_never_overwritten(void)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/site.key", es_test_tempdir());
    struct es_key *made = NULL, *read = NULL, *again = NULL;
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_key_create(&made, path, &err), ES_OK);
    struct stat st;
    CU_ASSERT_EQUAL(stat(path, &st), 0);
    CU_ASSERT_EQUAL(st.st_mode & 07777, 0640);
    CU_ASSERT_EQUAL(st.st_size, 65);
    CU_ASSERT_EQUAL_FATAL(es_key_read(&read, path, &err), ES_OK);
    CU_ASSERT_STRING_EQUAL(es_key_id(made), es_key_id(read));
    CU_ASSERT_EQUAL(es_key_create(&again, path, &err), ES_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cannot be created: File exists"));
    CU_ASSERT_PTR_NULL(again);
    es_key_close(made);
    es_key_close(read);
}

static void bad_key_files_say_what_is_wrong(void)
{
    static const struct { const char *content; enum es_errc code; const char *text; } cases[] = {
        {NULL, ES_E_IO, "No such file or directory"},
        {"", ES_E_STATE, "found fewer characters, expected 64 hex digits and a newline"},
        {"00112233445566778899aabbccddeeff00112233445566778899aabbccddeef\n", ES_E_STATE, "found fewer characters"},
        {"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0\n", ES_E_STATE, "found more characters"},
        {"00112233445566778899aabbccddeeff00112233445566778899aabbccddeefg\n", ES_E_STATE, "found a character that is no hex digit"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char path[1024];
        (void)snprintf(path, sizeof path, "%s/k", es_test_tempdir());
        if (cases[i].content != NULL) {
            FILE *file = fopen(path, "w");
            CU_ASSERT_PTR_NOT_NULL_FATAL(file);
            (void)fputs(cases[i].content, file);
            (void)fclose(file);
        }
        struct es_key *key = NULL;
        struct es_error err = {0};
        CU_ASSERT_EQUAL(es_key_read(&key, path, &err), cases[i].code);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].text));
        CU_ASSERT_PTR_NULL(strstr(err.text, "0011")); /* no part of a key in a message */
        CU_ASSERT_PTR_NULL(key);
    }
    struct es_key *key = NULL;
    struct es_error err = {0};
    CU_ASSERT_EQUAL(es_key_create(&key, "/nonexistent/site.key", &err), ES_E_IO);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "cannot be created"));
}

static void identifiers_are_normalised(void)
{
    static const struct { const char *value, *prefix, *expected; } cases[] = {
        {"  ab12 ", "", "AB12"}, {"000123", "", "123"}, {"HX000123", "hx", "123"}, {"HX", "HX", "HX"}, {"A000", NULL, "A000"},
        {"0", "", ""}, {"0000", "", ""}, {"00", "", ""}, {"unknown", "", ""}, {"Anonymous", "", ""}, {"", "", ""}, {"   ", "", ""},
        {"XXXX", "", ""}, {"9999999", "", ""}, {"--", "", ""}, {"n/a", "", ""}, {"HXUNKNOWN", "HX", ""}, {"7", "", "7"},
        {"111", "", "111"}, {"TEST1", "", "TEST1"}, {"\xc3\xa9" "1", "", "\xc3\xa9" "1"}, {"HX12", "HY", "HX12"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char out[65];
        es_normalise_id(cases[i].value, cases[i].prefix, out, sizeof out);
        CU_ASSERT_STRING_EQUAL(out, cases[i].expected);
    }
}

static void hex_reads_what_it_writes_and_refuses_the_rest(void)
{
    uint8_t bytes[3] = {9, 9, 9};
    CU_ASSERT_TRUE(es_unhex("00aBfF", bytes, 3));
    CU_ASSERT_EQUAL(bytes[0], 0);
    CU_ASSERT_EQUAL(bytes[1], 0xab);
    CU_ASSERT_EQUAL(bytes[2], 0xff);
    CU_ASSERT_FALSE(es_unhex("00aBf", bytes, 3));
    CU_ASSERT_FALSE(es_unhex("00aBfg", bytes, 3));
    CU_ASSERT_EQUAL(bytes[2], 0xff);
    uint8_t a[16] = {0}, b[16] = {0};
    CU_ASSERT_EQUAL(es_random(a, sizeof a, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_random(b, sizeof b, NULL), ES_OK);
    CU_ASSERT_NOT_EQUAL(memcmp(a, b, sizeof a), 0);
    CU_ASSERT_EQUAL(es_random(a, (1u << 20) + 1, NULL), ES_E_ARG);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"sha256_gives_the_vectors_of_fips_180", sha256_gives_the_vectors_of_fips_180},
        {"sha256_of_a_million_letters", sha256_of_a_million_letters},
        {"identity_is_hmac_sha256_of_rfc_4231", identity_is_hmac_sha256_of_rfc_4231},
        {"pseudonym_is_hmac_over_length_prefixed_parts", pseudonym_is_hmac_over_length_prefixed_parts},
        {"kinds_issuers_and_splits_do_not_collide", kinds_issuers_and_splits_do_not_collide},
        {"an_empty_value_is_the_absent_pseudonym", an_empty_value_is_the_absent_pseudonym},
        {"a_created_key_is_read_back_and_never_overwritten", a_created_key_is_read_back_and_never_overwritten},
        {"bad_key_files_say_what_is_wrong", bad_key_files_say_what_is_wrong},
        {"identifiers_are_normalised", identifiers_are_normalised},
        {"hex_reads_what_it_writes_and_refuses_the_rest", hex_reads_what_it_writes_and_refuses_the_rest},
        {NULL, NULL}};
    return es_test_main("pseudonym", tests, argc, argv);
}
