/* SPDX-License-Identifier: Apache-2.0 */
/* A site's key rotated: the file, what stays one person, who stays away, and what is said when a key is missing. That rotations at
 * random moments change no report: test_order. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/base/hash.h"
#include "site_world.h"
#include "testlib.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)
#define FIRST "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a"

static char *key_path(const struct es_world *world)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/site.key", world->folder);
    return path;
}

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file) != 0) abort();
}

static size_t get_file(const char *path, char *text, size_t size)
{
    FILE *file = fopen(path, "r");
    if (!file) return 0;
    const size_t n = fread(text, 1, size - 1, file);
    text[n] = '\0';
    fclose(file);
    return n;
}

static void a_key_goes_behind_those_of_the_file(void)
{
    char path[300], text[2000], before[2000];
    struct es_key *key = NULL;
    struct es_error err = {0};
    struct stat status;
    snprintf(path, sizeof path, "%s/site.key", es_test_tempdir());
    put_file(path, FIRST "\n");
    CU_ASSERT_EQUAL(chmod(path, 0600), 0);
    for (unsigned epoch = 2; epoch <= ES_MAX_KEYS; epoch++) {
        (void)get_file(path, before, sizeof before);
        CU_ASSERT_EQUAL_FATAL(es_key_add(&key, path, &err), ES_OK);
        CU_ASSERT_EQUAL(es_key_epochs(key), epoch);
        CU_ASSERT_EQUAL(get_file(path, text, sizeof text), epoch * 65);
        CU_ASSERT_EQUAL(strncmp(text, before, strlen(before)), 0);
        CU_ASSERT_STRING_NOT_EQUAL(es_key_id(key), es_key_id(es_key_at(key, epoch - 1)));
        es_key_close(key);
    }
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 07777, 0640);
    CU_ASSERT_EQUAL(es_key_add(&key, path, &err), ES_E_LIMIT);
    CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "holds 16 keys already, at most 16 are told apart"));
    snprintf(before, sizeof before, "%.290s.new", path);
    CU_ASSERT_NOT_EQUAL(access(before, F_OK), 0);
}

static void the_first_key_names_as_it_did(void)
{
    struct es_key *one = NULL, *two = NULL;
    uint8_t bytes[2][ES_KEY_SIZE];
    struct es_pseudonym a, b, c;
    memset(bytes[0], 1, ES_KEY_SIZE);
    memset(bytes[1], 2, ES_KEY_SIZE);
    CU_ASSERT_EQUAL_FATAL(es_key_from_bytes(&one, bytes[0], NULL), ES_OK);
    CU_ASSERT_EQUAL_FATAL(es_key_from_list(&two, (const uint8_t(*)[ES_KEY_SIZE])bytes, 2, NULL), ES_OK);
    CU_ASSERT_STRING_EQUAL(es_key_id(one), es_key_id(es_key_at(two, 1)));
    CU_ASSERT_EQUAL(es_key_pseudonym(one, ES_PSEUDONYM_STUDY, NULL, "1.2.3", &a), ES_OK);
    CU_ASSERT_EQUAL(es_key_pseudonym(es_key_at(two, 1), ES_PSEUDONYM_STUDY, NULL, "1.2.3", &b), ES_OK);
    CU_ASSERT_EQUAL(es_key_pseudonym(two, ES_PSEUDONYM_STUDY, NULL, "1.2.3", &c), ES_OK);
    CU_ASSERT_EQUAL(memcmp(&a, &b, sizeof a), 0);
    CU_ASSERT_EQUAL(a.bytes[0], 1);
    CU_ASSERT_EQUAL(c.bytes[0], 2);
    CU_ASSERT_NOT_EQUAL(memcmp(a.bytes + 1, c.bytes + 1, sizeof a - 1), 0);
    es_key_close(one);
    es_key_close(two);
    CU_ASSERT_EQUAL(es_key_from_list(&two, (const uint8_t(*)[ES_KEY_SIZE])bytes, 0, NULL), ES_E_LIMIT);
}

static void bad_files_of_several_keys_say_what_is_wrong(void)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        {FIRST "\n" FIRST "\n", "line 2: found the key of line 1 again, expected another"},
        {FIRST "\nabcd\n", "line 2: found fewer characters, expected 64 hex digits and a newline"},
        {FIRST "\n\n", "line 2: found fewer characters"},
        {"# keys\n" FIRST "\n", "line 1: found fewer characters"},
    };
    char path[300];
    snprintf(path, sizeof path, "%s/site.key", es_test_tempdir());
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct es_key *key = NULL;
        struct es_error err = {0};
        put_file(path, cases[i].text);
        CU_ASSERT_EQUAL(es_key_read(&key, path, &err), ES_E_STATE);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, cases[i].words));
        CU_ASSERT_PTR_NULL(strstr(err.text, "5a5a"));
        err = (struct es_error){0};
        CU_ASSERT_EQUAL(es_key_add(&key, path, &err), ES_E_STATE);
    }
}

static void rotate(struct es_world *world)
{
    struct es_error err = {0};
    CU_ASSERT_EQUAL_FATAL(es_site_rotate(world->site, &err), ES_OK);
}

static struct es_cohort_counts counts_of(struct es_world *world)
{
    struct es_cohort_counts counts;
    CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(world->site), ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
    return counts;
}

static void patients_and_exams_stay_who_they_were(void)
{
    struct es_world world;
    uint64_t entries = 0;
    es_world_open(&world, NULL);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_result(1, "1.0", "effusion", 0.9, AT(DAY) + 60)), ES_OUTCOME_TAKEN);
    for (int turn = 0; turn < 2; turn++) {
        rotate(&world);
        CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_DUPLICATE);
        CU_ASSERT_EQUAL(es_world_take(&world, es_say_result(1, "1.0", "effusion", 0.9, AT(DAY) + 60)), ES_OUTCOME_DUPLICATE);
        /* another exam of the patient, and one of a patient whom no older key ever named */
        CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(10 + (unsigned)turn, 1, DAY + 1, "F", "050Y")), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(20 + (unsigned)turn, 2 + (unsigned)turn, DAY + 1, "M", "050Y")), ES_OUTCOME_TAKEN);
        CU_ASSERT_EQUAL(counts_of(&world).patients, 2 + (unsigned)turn);
        es_world_reopen(&world, ES_SITE_WRITE);
        CU_ASSERT_EQUAL(counts_of(&world).patients, 2 + (unsigned)turn);
    }
    /* the label of the first exam comes after two rotations */
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_reference(1, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 1))), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(counts_of(&world).references_without_exam, 0);
    CU_ASSERT_EQUAL(counts_of(&world).exams, 5);
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, NULL), ES_OK);
    es_world_close(&world);
}

static struct es_message *issued(struct es_message *message, const char *issuer)
{
    snprintf(message->patient_issuer, sizeof message->patient_issuer, "%s", issuer);
    return message;
}

static bool each_alias(void *context, const struct es_entry *entry)
{
    if (entry->body && es_event_peek(entry->body, entry->len) == ES_EVENT_KEY_ALIAS) ++*(unsigned *)context;
    return true;
}
static unsigned aliases_of(struct es_world *world)
{
    unsigned n = 0;
    CU_ASSERT_EQUAL(es_ledger_walk(es_site_ledger(world->site), 0, UINT64_MAX, each_alias, &n, NULL), ES_OK);
    return n;
}

static void who_was_erased_stays_away_under_every_key(void)
{
    struct es_world world;
    uint64_t entries = 0;
    es_world_open(&world, NULL);
    for (unsigned i = 1; i <= 3; i++) CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(i, i, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(es_world_forget(&world, "{\"patient_id\":\"PAT1\"}"), 1); /* before any rotation */
    rotate(&world);
    es_world_refuses_erased(&world, es_say_exam(1, 1, DAY, "F", "050Y"));
    es_world_refuses_erased(&world, es_say_exam(70, 1, DAY, "F", "050Y"));
    es_world_refuses_erased(&world, es_say_result(1, "1.0", "effusion", 0.9, AT(DAY) + 60));
    /* an issuer that is new with this key, for a patient of the key before: the names of one person are of two keys */
    CU_ASSERT_EQUAL(es_world_take(&world, issued(es_say_exam(12, 2, DAY + 1, "F", "050Y"), "SOUTH")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(aliases_of(&world), 1);
    CU_ASSERT_EQUAL(es_world_forget(&world, "{\"patient_id\":\"PAT2\"}"), 3); /* both exams and the alias */
    CU_ASSERT_EQUAL(aliases_of(&world), 0);
    CU_ASSERT_EQUAL(counts_of(&world).exams, 1);
    for (int turn = 0; turn < 3; turn++) {
        es_world_refuses_erased(&world, issued(es_say_exam(80, 2, DAY, "F", "050Y"), "SOUTH"));
        es_world_refuses_erased(&world, es_say_exam(2, 0, DAY, "F", "050Y"));
        es_world_refuses_erased(&world, es_say_reference(12, "report", ES_REFERENCE_FINAL, 1, AT(DAY)));
        es_world_refuses_erased(&world, es_say_exam(71, 1, DAY, "F", "050Y"));
        CU_ASSERT_EQUAL(aliases_of(&world), 0);
        if (turn == 0) rotate(&world);
        else es_world_reopen(&world, ES_SITE_WRITE);
    }
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(90, 3, DAY + 2, "F", "050Y")), ES_OUTCOME_TAKEN); /* others come as ever */
    CU_ASSERT_EQUAL(counts_of(&world).patients, 1);
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, NULL), ES_OK);
    es_world_close(&world);
}

/* Labellers, hashed names and units, values outside vocabularies, event ids: each is the same under two keys. */
static void what_else_is_hashed_meets_too(void)
{
    struct es_world world;
    es_world_open(&world, NULL);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    struct es_message *named = es_say_result(1, "1.0", "some private words", 0.9, AT(DAY) + 60);
    snprintf(named->event_id, sizeof named->event_id, "id-1");
    named->findings[0].has_value = true;
    named->findings[0].value = 3;
    snprintf(named->findings[0].units, sizeof named->findings[0].units, "odd units");
    CU_ASSERT_EQUAL(es_world_take(&world, named), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(counts_of(&world).unknown_finding, 1);
    rotate(&world);
    /* revised in its slot, not counted as one more */
    named = es_say_result(1, "1.0", "some private words", 0.8, AT(DAY) + 61);
    named->findings[0].has_value = true;
    named->findings[0].value = 4;
    snprintf(named->findings[0].units, sizeof named->findings[0].units, "odd units");
    CU_ASSERT_EQUAL(es_world_take(&world, named), ES_OUTCOME_REVISED);
    CU_ASSERT_TRUE(aliases_of(&world) >= 3); /* study, finding, units */
    struct es_message *retract = es_say(ES_EVENT_RETRACT, 0);
    snprintf(retract->retract_event_id, sizeof retract->retract_event_id, "id-1");
    CU_ASSERT_EQUAL(es_world_take(&world, retract), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL(counts_of(&world).retracted, 1);
    es_world_reopen(&world, ES_SITE_WRITE);
    CU_ASSERT_EQUAL(counts_of(&world).retracted, 1);
    es_world_close(&world);
}

static void refuse(struct es_world *world, enum es_errc code, const char *words)
{
    struct es_site *site = NULL;
    for (int mode = ES_SITE_READ; mode <= ES_SITE_WRITE; mode++) {
        struct es_error err = {0};
        CU_ASSERT_EQUAL(es_site_open(&site, world->config, (enum es_site_mode)mode, NULL, &err), code);
        if (!strstr(err.text, words)) fprintf(stderr, "    %s\n", err.text);
        CU_ASSERT_PTR_NOT_NULL(strstr(err.text, words));
        CU_ASSERT_PTR_NULL(site);
    }
}

static void a_missing_or_other_key_is_named(void)
{
    struct es_world world;
    char both[300], text[300];
    es_world_open(&world, NULL);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    rotate(&world);
    es_site_close(world.site);
    world.site = NULL;
    (void)get_file(key_path(&world), both, sizeof both);
    snprintf(text, sizeof text, "%.65s", both);
    put_file(key_path(&world), text); /* an old backup */
    refuse(&world, ES_E_STATE, "key: the ledger was made with 2 keys or more,");
    refuse(&world, ES_E_STATE, "holds 1: restore its newest backup");
    put_file(key_path(&world), both + 65); /* the new key alone */
    refuse(&world, ES_E_STATE, "made with key ");
    snprintf(text, sizeof text, "%.65s%s\n", both, FIRST);
    put_file(key_path(&world), text);
    refuse(&world, ES_E_STATE, "key: key 2 of the ledger is ");
    CU_ASSERT_EQUAL(unlink(key_path(&world)), 0);
    refuse(&world, ES_E_STATE, "is not there, but the ledger was made with one: restore it from a backup");
    put_file(key_path(&world), both);
    CU_ASSERT_EQUAL_FATAL(es_site_open(&world.site, world.config, ES_SITE_WRITE, NULL, NULL), ES_OK);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_DUPLICATE);
    es_world_close(&world);
}

/* Killed between the file and the ledger: the next who writes records the key. */
static void a_key_that_only_the_file_has_is_recorded_later(void)
{
    struct es_world world;
    struct es_key *key = NULL;
    uint64_t entries = 0;
    es_world_open(&world, NULL);
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_TAKEN);
    CU_ASSERT_EQUAL_FATAL(es_key_add(&key, key_path(&world), NULL), ES_OK);
    const uint64_t before = es_ledger_count(es_site_ledger(world.site));
    es_world_reopen(&world, ES_SITE_READ);
    CU_ASSERT_EQUAL(counts_of(&world).exams, 1);
    es_world_reopen(&world, ES_SITE_WRITE);
    CU_ASSERT_EQUAL(es_ledger_count(es_site_ledger(world.site)), before + 1);
    CU_ASSERT_STRING_EQUAL(es_key_id(es_site_key(world.site)), es_key_id(key));
    CU_ASSERT_EQUAL(es_world_take(&world, es_say_exam(1, 1, DAY, "F", "050Y")), ES_OUTCOME_DUPLICATE);
    CU_ASSERT_EQUAL(es_site_verify(world.site, &entries, NULL), ES_OK);
    es_key_close(key);
    es_world_close(&world);
}

static void only_a_writer_rotates(void)
{
    struct es_world world;
    struct es_error err = {0};
    char before[300], after[300];
    es_world_open(&world, NULL);
    es_world_reopen(&world, ES_SITE_READ);
    (void)get_file(key_path(&world), before, sizeof before);
    CU_ASSERT_EQUAL(es_site_rotate(world.site, &err), ES_E_STATE);
    CU_ASSERT_STRING_EQUAL(err.text, "site: opened for reading, a key was to be added");
    (void)get_file(key_path(&world), after, sizeof after);
    CU_ASSERT_STRING_EQUAL(before, after);
    es_world_close(&world);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"a_key_goes_behind_those_of_the_file", a_key_goes_behind_those_of_the_file},
        {"the_first_key_names_as_it_did", the_first_key_names_as_it_did},
        {"bad_files_of_several_keys_say_what_is_wrong", bad_files_of_several_keys_say_what_is_wrong},
        {"patients_and_exams_stay_who_they_were", patients_and_exams_stay_who_they_were},
        {"who_was_erased_stays_away_under_every_key", who_was_erased_stays_away_under_every_key},
        {"what_else_is_hashed_meets_too", what_else_is_hashed_meets_too},
        {"a_missing_or_other_key_is_named", a_missing_or_other_key_is_named},
        {"a_key_that_only_the_file_has_is_recorded_later", a_key_that_only_the_file_has_is_recorded_later},
        {"only_a_writer_rotates", only_a_writer_rotates},
        {NULL, NULL},
    };
    return es_test_main("rotation", tests, argc, argv);
}
