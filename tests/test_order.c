/* SPDX-License-Identifier: Apache-2.0 */
/* The property that everything rests on: the same set of messages, in any order, in any batches, with duplicates, and with the site
 * closed and opened in between, gives the same cohort and the same report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/hash.h"
#include "plugin/report/report.h"
#include "order_units.h"
#include "site_world.h"
#include "testlib.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)
#define MOST 280
#ifdef __SANITIZE_ADDRESS__
#define PERMUTATIONS 500 /* some six times slower; the release build does them all */
#else
#define PERMUTATIONS 2000
#endif
#define VERIFIED 100 /* so many of them have their ledger proved and their cohort rebuilt too */

static struct es_message *messages[MOST];
static size_t n_messages;

static struct es_message *keep(struct es_message *message)
{
    if (n_messages == MOST) abort();
    return messages[n_messages++] = message;
}

static struct es_message *named(struct es_message *message, const char *event_id)
{
    snprintf(message->event_id, sizeof message->event_id, "%s", event_id);
    return message;
}

static void retract(const char *event_id)
{
    struct es_message *message = keep(es_say(ES_EVENT_RETRACT, 0));
    snprintf(message->retract_event_id, sizeof message->retract_event_id, "%s", event_id);
}

static void alias(unsigned study, unsigned old, const char *event_id)
{
    struct es_message *message = keep(named(es_say(ES_EVENT_ALIAS, study), event_id));
    snprintf(message->same_as, sizeof message->same_as, "1.2.3.%u", old);
}

static void patient_alias(unsigned patient, unsigned old, const char *event_id)
{
    struct es_message *message = keep(named(es_say(ES_EVENT_PATIENT_ALIAS, 0), event_id));
    snprintf(message->patient_id, sizeof message->patient_id, "PAT%u", patient);
    snprintf(message->same_as, sizeof message->same_as, "PAT%u", old);
}

static void demographics(unsigned patient, const char *decile, int32_t valid_from, const char *event_id)
{
    struct es_message *message = keep(named(es_say(ES_EVENT_DEMOGRAPHICS, 0), event_id));
    snprintf(message->patient_id, sizeof message->patient_id, "PAT%u", patient);
    snprintf(message->source, sizeof message->source, "linkage");
    snprintf(message->attributes[0].keyword, sizeof message->attributes[0].keyword, "imd_decile");
    snprintf(message->attributes[0].value, sizeof message->attributes[0].value, "%s", decile);
    message->attributes[0].state = ES_ATTRIBUTE_PRESENT;
    message->n_attributes = 1;
    message->valid_from = valid_from;
}

static struct es_message *accession(struct es_message *message, const char *number, const char *issuer)
{
    snprintf(message->accession, sizeof message->accession, "%s", number);
    snprintf(message->accession_issuer, sizeof message->accession_issuer, "%s", issuer);
    return message;
}

static struct es_message *series(struct es_message *message, unsigned number)
{
    snprintf(message->series_uid, sizeof message->series_uid, "1.2.3.%u.%u", 77u, number);
    return message;
}

static struct es_message *issued(struct es_message *message, const char *issuer)
{
    snprintf(message->patient_issuer, sizeof message->patient_issuer, "%s", issuer);
    return message;
}

static struct es_message *issued_alias(struct es_message *message, const char *issuer)
{
    snprintf(message->same_as_issuer, sizeof message->same_as_issuer, "%s", issuer);
    return message;
}

static struct es_message *without_study(struct es_message *message)
{
    message->study_uid[0] = '\0';
    return message;
}

/* Patients of two issuers: which exams are whose is a matter of the whole set. */
static void fill_issuers(void)
{
    keep(issued(es_say_exam(31, 21, DAY + 50, "F", "050Y"), "ISS1"));
    keep(issued(es_say_exam(32, 21, DAY + 50, "M", "051Y"), "ISS2"));
    keep(es_say_exam(33, 21, DAY + 51, "F", "052Y"));                              /* of whom? a patient of its own */
    keep(issued(es_say_exam(34, 22, DAY + 51, "F", "053Y"), "ISS1"));
    keep(es_say_exam(35, 22, DAY + 52, "F", "053Y"));                              /* one issuer: the same patient */
    keep(issued(es_say_exam(36, 23, DAY + 52, "F", "054Y"), "ISS1"));
    keep(es_say_exam(37, 23, DAY + 53, "F", "054Y"));
    keep(named(issued(es_say_exam(38, 23, DAY + 53, "F", "054Y"), "ISS2"), "wrong-issuer"));
    retract("wrong-issuer");                                                       /* and so one issuer again */
    patient_alias(24, 21, "merge-4");
    issued_alias(issued(messages[n_messages - 1], "ISS1"), "ISS2");                /* 24 of ISS1 is 21 of ISS2, not of ISS1 */
    keep(issued(es_say_exam(39, 24, DAY + 54, "M", "055Y"), "ISS1"));
    demographics(22, "2", DAY, "d7");                                              /* reaches 34 and 35 */
    demographics(21, "7", DAY, "d8");                                              /* reaches 33 alone */
    demographics(21, "1", DAY, "d9");
    issued(messages[n_messages - 1], "ISS2");                                      /* reaches 32 and 39 */
    keep(es_say_exam(40, 25, DAY + 54, "F", "056Y"));
    demographics(25, "3", DAY, "d10");
    issued(messages[n_messages - 1], "ISS3");                                      /* the only issuer known: reaches 40 */
    patient_alias(26, 25, "merge-5");
    issued_alias(messages[n_messages - 1], "ISS4");
    retract("merge-5");                                                            /* or it would be two issuers */
}

static struct es_message *of_nodule(struct es_message *message)
{
    snprintf(message->findings[0].name, sizeof message->findings[0].name, "nodule");
    return message;
}

/* References live for each finding, and sources that overlap in time or do not. */
static void fill_references(void)
{
    keep(es_say_reference(2, "report", ES_REFERENCE_FINAL, 0, AT(DAY + 8)));
    keep(of_nodule(es_say_reference(2, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 9))));       /* beside the one before */
    struct es_message *both = keep(es_say_reference(5, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 8)));
    both->findings[1] = both->findings[0];
    both->n_findings = 2;
    snprintf(both->findings[1].name, sizeof both->findings[1].name, "nodule");
    keep(of_nodule(es_say_reference(5, "report", ES_REFERENCE_CORRECTED, 0, AT(DAY + 9))));   /* half of it superseded */
    keep(es_say_reference(9, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 10)));
    keep(of_nodule(es_say_reference(9, "report", ES_REFERENCE_CANCELLED, 1, AT(DAY + 11))));  /* cancels nothing that was said */
    keep(es_say_reference(4, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 8)));
    keep(of_nodule(es_say_reference(4, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 8))));
    keep(named(es_say_reference(4, "report", ES_REFERENCE_CANCELLED, 1, AT(DAY + 9)), "all"))->n_findings = 0;
    static const char *const sources[] = {"report", "biopsy", "report", "biopsy", "follow-up", "follow-up"};
    for (unsigned i = 0; i < 6; i++) { /* studies 31 to 36 */
        keep(es_say_result(31 + i, "4.0", "effusion", 0.3 + 0.1 * i, AT(DAY + 60)));
        keep(es_say_reference(31 + i, sources[i], ES_REFERENCE_FINAL, (int32_t)i % 2, AT(DAY + 70)));
    }
}

/* Everything at once: what can collide is put near each other. */
static void fill(void)
{
    keep(series(es_say_exam(1, 1, DAY, "F", "050Y"), 1));
    keep(series(es_say_exam(1, 1, DAY, "F", "051Y"), 2));                          /* ages conflict */
    keep(accession(es_say_exam(2, 2, DAY + 3, "M", "030Y"), "A1", "ISS1"));
    keep(accession(es_say_exam(3, 3, DAY + 4, "", "070Y"), "A2", "ISS1"));
    keep(accession(es_say_exam(4, 3, DAY + 5, "F", "071Y"), "A2", "ISS2"));        /* one number, two issuers */
    keep(es_say_exam(5, 4, DAY + 6, "F", "017Y"));                                 /* ineligible */
    keep(es_say_exam(6, 0, DAY + 7, "M", ""));                                     /* nobody's, no age */
    keep(es_say_exam(7, 5, DAY + 8, "M", "044Y"))->excluded = ES_EXCLUDED_PHANTOM;
    keep(es_say_exam(8, 6, DAY + 9, "F", "066Y"));
    keep(es_say_exam(9, 7, DAY + 9, "F", "045Y"));
    keep(named(es_say_exam(9, 8, DAY + 9, "M", "045Y"), "wrong-exam"));
    for (unsigned study = 1; study <= 9; study++) {
        keep(es_say_result(study, "1.0", "effusion", 0.1 * study, AT(DAY + (int)study)));
        if (study % 2) keep(es_say_result(study, "2.0", "effusion", 0.9 - 0.1 * study, AT(DAY + (int)study) + 5));
    }
    keep(named(es_say_result(2, "1.0", "nodule", 0.4, AT(DAY + 3) + 9), "nodule"));
    snprintf(messages[n_messages - 1]->sop_uid, sizeof messages[0]->sop_uid, "1.9.1");
    keep(es_say_failure(3, "", ES_RESULT_TIMEOUT, AT(DAY + 4)));
    keep(es_say_failure(8, "2.0", ES_RESULT_REJECTED, AT(DAY + 9)));
    keep(es_say_failure(8, "2.0", ES_RESULT_FAILED, AT(DAY + 9)));
    keep(without_study(accession(es_say_result(0, "1.0", "effusion", 0.77, AT(DAY + 6)), "A2", "")));    /* ambiguous */
    keep(without_study(accession(es_say_result(0, "3.0", "effusion", 0.66, AT(DAY + 6)), "A2", "ISS2")));
    keep(without_study(accession(es_say_reference(0, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 7)), "A1", "")));
    keep(without_study(accession(es_say_reference(0, "report", ES_REFERENCE_FINAL, 0, AT(DAY + 7)), "A9", ""))); /* no exam */
    keep(es_say_reference(1, "report", ES_REFERENCE_PRELIMINARY, 0, AT(DAY + 1)));
    keep(es_say_reference(1, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 1)));
    keep(es_say_reference(1, "report", ES_REFERENCE_CORRECTED, 0, AT(DAY + 1)));
    keep(es_say_reference(1, "pathology", ES_REFERENCE_CORRECTED, 1, AT(DAY + 40)));
    keep(es_say_reference(3, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 9)));
    keep(es_say_reference(3, "report", ES_REFERENCE_CANCELLED, 1, AT(DAY + 8)));
    keep(es_say_reference(6, "report", ES_REFERENCE_FINAL, -1, AT(DAY + 9)));
    keep(es_say_reference(8, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 9)));
    keep(named(es_say_reference(8, "report", ES_REFERENCE_CORRECTED, 0, AT(DAY + 400)), "wrong-label"));
    keep(es_say_reference(18, "report", ES_REFERENCE_FINAL, 1, AT(DAY + 10)));
    alias(18, 8, "alias-1");
    alias(9, 1, "alias-2");
    retract("alias-2");
    retract("wrong-exam");
    retract("wrong-label");
    retract("nodule");
    retract("never-sent");
    patient_alias(2, 1, "merge-1");
    patient_alias(3, 2, "merge-2");
    patient_alias(6, 7, "merge-3");
    retract("merge-3");
    demographics(1, "3", DAY - 5, "d1");
    demographics(1, "4", DAY + 4, "d2");
    demographics(3, "9", DAY + 5, "d3");
    demographics(2, "8", DAY + 5, "d4");
    demographics(6, "5", DAY + 1, "d5");
    demographics(6, "6", DAY + 2, "d6");
    retract("d6");
    struct es_message *unknown = keep(es_say_result(1, "1.0", "effusion", 0.5, AT(DAY)));
    snprintf(unknown->model_name, sizeof unknown->model_name, "nobody");
    keep(es_say_result(4, "1.0", "fracture", 0.5, AT(DAY + 5)));
    fill_issuers();
    fill_references();
    es_order_units(keep);
    struct es_message *retraction = keep(es_say(ES_EVENT_RETRACT, 0)); /* by identity; filled in when the key is known */
    snprintf(retraction->event_id, sizeof retraction->event_id, "by-identity");
}

/* One retraction names its target by identity, which the key decides. */
static void name_identity(const struct es_site *site)
{
    struct es_event event;
    uint8_t *body = NULL;
    size_t len = 0;
    if (es_event_make(&event, messages[11], es_site_config(site), es_site_key(site), NULL) != ES_OK ||
        es_event_encode(&event, es_site_key(site), &body, &len, NULL) != ES_OK)
        abort();
    es_hex(event.identity, ES_IDENTITY_SIZE, messages[n_messages - 1]->retract);
    free(body);
    es_event_clear(&event);
}

static uint32_t random_below(uint64_t *state, uint32_t n)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407); /* Knuth, MMIX */
    return (uint32_t)((*state >> 33) % n);
}

/* Many ledgers are made: in memory where the machine has such a place. */
static char places[2][64];
static void make_places(void)
{
    for (int i = 0; i < 2; i++) {
        snprintf(places[i], sizeof places[i], "%s", "/dev/shm/evensight-order.XXXXXX");
        if (!mkdtemp(places[i])) snprintf(places[i], sizeof places[i], "%s", es_test_tempdir());
    }
}

static void open_at(struct es_world *world, int place)
{
    es_world_open_in(world, es_order_config, places[place], "5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a");
}

/* The report without what names the ledger itself: each ledger has salts and receipt times of its own. */
static char *report_of(struct es_world *world)
{
    const struct es_report_options options = {ES_NO_DAY, ES_NO_DAY, ES_AUDIENCE_INTERNAL};
    struct es_error err = {0};
    struct es_bytes bytes = {0};
    cJSON *release = NULL;
    if (es_report_build(world->site, &options, &release, &err) != ES_OK) {
        fprintf(stderr, "report: %s\n", err.text);
        CU_FAIL_FATAL("no report");
    }
    cJSON_DeleteItemFromObject(release, "ledger");
    if (es_render_json(release, &bytes, &err) != ES_OK) CU_FAIL_FATAL("no JSON");
    cJSON_Delete(release);
    return (char *)bytes.data;
}

static void take_shuffled(struct es_world *world, uint64_t *state)
{
    const struct es_message *list[3 * MOST];
    struct es_receipt receipts[3 * MOST];
    size_t n = 0;
    for (size_t i = 0; i < n_messages; i++)
        for (uint32_t times = 1 + (random_below(state, 4) == 0); times > 0; times--) list[n++] = messages[i];
    for (size_t i = n - 1; i > 0; i--) {
        const uint32_t k = random_below(state, (uint32_t)i + 1);
        const struct es_message *swap = list[i];
        list[i] = list[k];
        list[k] = swap;
    }
    for (size_t from = 0; from < n;) {
        size_t count = 1 + random_below(state, random_below(state, 3) == 0 ? 3 : 40);
        struct es_error err = {0};
        if (count > n - from) count = n - from;
        if (es_site_take(world->site, list + from, count, receipts, &err) != ES_OK) {
            fprintf(stderr, "take: %s\n", err.text);
            CU_FAIL_FATAL("take");
        }
        for (size_t i = 0; i < count; i++)
            if (receipts[i].outcome == ES_OUTCOME_REFUSED) {
                fprintf(stderr, "refused: %s\n", receipts[i].error.text);
                CU_FAIL_FATAL("refused");
            }
        from += count;
        if (random_below(state, 20) == 0) es_world_reopen(world, ES_SITE_WRITE);
    }
}

static void drop(struct es_world *world)
{
    static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.lease", "site.key"};
    es_world_close(world);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char path[300];
        snprintf(path, sizeof path, "%s/%s", world->folder, names[i]);
        unlink(path);
    }
}

/* Counted by hand from fill(): a set that came to nothing would be the same in any order too. */
static void check_counts(const struct es_world *world)
{
    struct es_cohort_counts counts;
    es_cohort_count(es_site_cohort(world->site), ES_NO_DAY, ES_NO_DAY, &counts);
    CU_ASSERT_EQUAL(counts.exams, 9 + 9 + 5); /* 18 is 8, 9 is not 1; of the issuers 31 to 40 without 38; 51 to 55, which is 58 */
    /* 1, 2 and 3 are one; 4, 5, 6, 7; and nobody's exam. Issuers: 21 of ISS1; 21 of ISS2 with 24; 21; 22; 23; 25 */
    CU_ASSERT_EQUAL(counts.patients, 6 + 6 + 5);
    CU_ASSERT_EQUAL(counts.excluded[ES_EXCLUDED_PHANTOM], 1);
    CU_ASSERT_EQUAL(counts.ambiguous, 1 + 1); /* a result by accession number; the exam 33 */
    CU_ASSERT_EQUAL(counts.results_without_exam, 1); /* 59 */
    CU_ASSERT_EQUAL(counts.references_without_exam, 1);
    CU_ASSERT_EQUAL(counts.retracted, 5 + 1 + 1); /* an alias, two exams, a label, two results; patients' events are in no bundle */
    /* references: 2 of study 1, 1 of 3, 1 of 8 and 18, 1 of 5, 2 of 4; results: 1 of 4, 1 failure of 8 */
    CU_ASSERT_EQUAL(counts.revised, 6 + 3);
    CU_ASSERT_EQUAL(counts.unknown_model, 1);
    CU_ASSERT_EQUAL(counts.unknown_finding, 1 + 2); /* a fracture; and of images without a side, 53.4, or a header, 51.4 */
    CU_ASSERT_EQUAL(counts.sources_disagree, 1 + 1 + 2); /* study 1: a row of each model; the left sides of 51 and 52 */
}

/* Of 31 and 33 by report, 32 and 34 by biopsy: one epoch; 35 and 36 by follow-up overlap with 34 by no day. */
static void check_streams(const struct es_world *world)
{
    struct es_stream *streams = NULL;
    size_t n = 0, found = 0;
    if (es_cohort_streams(es_site_cohort(world->site), &streams, &n, NULL) != ES_OK) CU_FAIL_FATAL("streams");
    for (size_t i = 0; i < n; i++) {
        if (streams[i].model != 0 || streams[i].finding != 0 || strcmp(streams[i].version, "4.0") != 0) continue;
        CU_ASSERT_STRING_EQUAL(streams[i].reference_source, found ? "follow-up" : "biopsy+report");
        found++;
    }
    CU_ASSERT_EQUAL(found, 2);
    free(streams);
}

static double number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!cJSON_IsNumber(item)) CU_FAIL_FATAL("a count that is no number");
    return item->valuedouble;
}

static void adds_up(const cJSON *group)
{
    const cJSON *f = cJSON_GetObjectItemCaseSensitive(group, "funnel");
    const double eligible = number(f, "resulted") + number(f, "rejected") + number(f, "failed") + number(f, "pending") + number(f, "missing");
    CU_ASSERT_EQUAL(number(f, "seen"), number(f, "excluded") + number(f, "ineligible") + number(f, "eligibility_unknown") + number(f, "eligible"));
    CU_ASSERT_EQUAL(number(f, "eligible"), eligible);
    CU_ASSERT_EQUAL(number(f, "resulted"), number(f, "referenced") + number(f, "indeterminate") + number(f, "maturing") + number(f, "overdue"));
}

/* DESIGN 8: every line of every group adds up, and the references counted by source are those of the funnel. */
static void check_funnels(const char *report)
{
    cJSON *release = cJSON_Parse(report);
    const cJSON *model = NULL, *finding = NULL, *group = NULL, *source = NULL;
    double disagree = 0, groups = 0;
    cJSON_ArrayForEach(model, cJSON_GetObjectItemCaseSensitive(release, "models"))
    {
        cJSON_ArrayForEach(finding, cJSON_GetObjectItemCaseSensitive(model, "findings"))
        {
            const cJSON *list = cJSON_GetObjectItemCaseSensitive(finding, "groups");
            const cJSON *references = cJSON_GetObjectItemCaseSensitive(finding, "references");
            const cJSON *everyone = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(list, 0), "funnel");
            double told = 0;
            cJSON_ArrayForEach(group, list)
            {
                adds_up(group);
                groups++;
            }
            cJSON_ArrayForEach(source, cJSON_GetObjectItemCaseSensitive(references, "sources")) told += source->valuedouble;
            CU_ASSERT_EQUAL(told, number(everyone, "referenced") + number(everyone, "indeterminate"));
            disagree += number(references, "sources_disagree");
        }
    }
    CU_ASSERT_TRUE(groups > 50);
    CU_ASSERT_TRUE(disagree > 0);
    cJSON_Delete(release);
}

static void any_order_and_any_batches_give_the_same_cohort_and_report(void)
{
    struct es_world base, world;
    uint64_t state = 20260301, entries = 0;
    char difference[120];
    struct es_error err = {0};
    fill();
    make_places();
    open_at(&base, 0);
    name_identity(base.site);
    take_shuffled(&base, &state);
    check_counts(&base);
    check_streams(&base);
    char *report = report_of(&base);
    check_funnels(report);
    for (int i = 0; i < PERMUTATIONS; i++) {
        const uint64_t seed = state;
        open_at(&world, 1);
        take_shuffled(&world, &state);
        const bool same = es_cohort_same(es_site_cohort(base.site), es_site_cohort(world.site), difference, sizeof difference);
        if (!same || es_site_now(base.site) != es_site_now(world.site)) {
            fprintf(stderr, "permutation %d (seed %llu): %s\n", i, (unsigned long long)seed, same ? "another now" : difference);
            CU_FAIL_FATAL("order matters");
        }
        char *other = report_of(&world);
        if (strcmp(report, other) != 0) {
            size_t at = 0;
            while (report[at] == other[at]) at++;
            fprintf(stderr, "permutation %d (seed %llu): reports differ at byte %zu\n", i, (unsigned long long)seed, at);
            CU_FAIL("order shows in the report");
        }
        free(other);
        if (i % (PERMUTATIONS / VERIFIED) == 0 && es_site_verify(world.site, &entries, &err) != ES_OK) {
            fprintf(stderr, "permutation %d: %s\n", i, err.text);
            CU_FAIL("verify");
        }
        drop(&world);
    }
    free(report);
    drop(&base);
    for (int i = 0; i < 2; i++) (void)rmdir(places[i]);
    for (size_t i = 0; i < n_messages; i++) es_unsay(messages[i]);
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"any_order_and_any_batches_give_the_same_cohort_and_report", any_order_and_any_batches_give_the_same_cohort_and_report},
        {NULL, NULL}};
    return es_test_main("order", tests, argc, argv);
}
