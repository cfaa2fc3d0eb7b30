/* SPDX-License-Identifier: Apache-2.0 */
/* The property that everything rests on: the same set of messages, in any order, in any batches, with duplicates, and with the site
 * closed and opened in between, gives the same cohort and the same report. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "order_measures.h"
#include "order_messages.h"
#include "order_units.h"
#include "plugin/base/hash.h"
#include "plugin/report/report.h"
#include "site_world.h"
#include "testlib.h"

#define DAY 20000
#define AT(day) ((int64_t)(day) * 86400)
#ifdef __SANITIZE_ADDRESS__
#define PERMUTATIONS 200 /* some six times slower; the release build does them all */
#else
#define PERMUTATIONS 1000
#endif
#define ROTATED (PERMUTATIONS / 10) /* with the key rotated once to four times */
#define VERIFIED 100 /* so many of them have their ledger proved and their cohort rebuilt too */

/* One retraction names its target by identity, which the key decides. */
static void name_identity(const struct es_site *site)
{
    struct es_event event;
    uint8_t *body = NULL;
    size_t len = 0;
    if (es_event_make(&event, es_order_messages[ES_ORDER_NAMED], es_site_config(site), es_site_key(site), NULL) != ES_OK ||
        es_event_encode(&event, es_site_key(site), &body, &len, NULL) != ES_OK)
        abort();
    es_hex(event.identity, ES_IDENTITY_SIZE, es_order_messages[es_order_n_messages - 1]->retract);
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

/* rotations: up to so many, between batches. */
static void take_shuffled(struct es_world *world, uint64_t *state, int rotations)
{
    const struct es_message *list[3 * ES_ORDER_MOST];
    struct es_receipt receipts[3 * ES_ORDER_MOST];
    size_t n = 0;
    for (size_t i = 0; i < es_order_n_messages; i++)
        for (uint32_t times = 1 + (random_below(state, 4) == 0); times > 0; times--) list[n++] = es_order_messages[i];
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
        if (rotations > 0 && random_below(state, 8) == 0) {
            CU_ASSERT_EQUAL_FATAL(es_site_rotate(world->site, NULL), ES_OK);
            rotations--;
        }
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
    CU_ASSERT_EQUAL(es_cohort_count(es_site_cohort(world->site), ES_NO_DAY, ES_NO_DAY, &counts, NULL), ES_OK);
    CU_ASSERT_EQUAL(counts.exams, 9 + 9 + 5 + 6); /* 71 to 76; 18 is 8, 9 is not 1; of the issuers 31 to 40 without 38; 51 to 55, which is 58 */
    /* 1, 2 and 3 are one; 4, 5, 6, 7; and nobody's exam. Issuers: 21 of ISS1; 21 of ISS2 with 24; 21; 22; 23; 25 */
    CU_ASSERT_EQUAL(counts.patients, 6 + 6 + 5 + 6);
    CU_ASSERT_EQUAL(counts.excluded[ES_EXCLUDED_PHANTOM], 1);
    CU_ASSERT_EQUAL(counts.ambiguous, 1 + 1); /* a result by accession number; the exam 33 */
    CU_ASSERT_EQUAL(counts.results_without_exam, 1); /* 59 */
    CU_ASSERT_EQUAL(counts.references_without_exam, 1);
    CU_ASSERT_EQUAL(counts.retracted, 5 + 1 + 1 + 4); /* an alias, two exams, a label, two results; two overlaps, g3, h4; patients' events are in no bundle */
    /* references: 2 of study 1, 1 of 3, 1 of 8 and 18, 1 of 5, 2 of 4; results: 1 of 4, 1 failure of 8 */
    CU_ASSERT_EQUAL(counts.revised, 6 + 3 + 2); /* and h1 for one finding, h6 */
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

/* Counted by hand from order_measures.c. */
static void check_measures(const char *report)
{
    static const struct { const char *finding, *metric; double n, value; } expected[] = {
        {"lvef", "bias", 2, (35 - 47 + 55 - 50) / 2.0},  /* 1 by the later reference, 3 by the result that is left */
        {"heart", "hd95", 0, 0},                          /* its method came with the distance, the other stands */
        {"heart", "empty_share", 3, 1.0 / 3},             /* 1, 4, 6; both are empty in 5 */
        {"density", "level_shift", 1, -1},
        {"mark", "lesion_sensitivity", 3, 1.0 / 3},       /* 1 of 2 in study 1, none of 1 in 5 */
        {"mark", "false_marks", 3, 2.0 / 3}};             /* one in 1, one in 2; a second mark on a lesion is none */
    static const struct { const char *finding, *why; double n; } lost[] = {
        {"lvef", "units", 1}, {"heart", "no_overlap", 2}, {"heart", "both_empty", 1}, {"density", "level", 1}};
    cJSON *release = cJSON_Parse(report);
    size_t found = 0, missing = 0;
    const cJSON *model, *finding;
    cJSON_ArrayForEach(model, cJSON_GetObjectItemCaseSensitive(release, "models"))
        cJSON_ArrayForEach(finding, cJSON_GetObjectItemCaseSensitive(model, "findings"))
        {
            const cJSON *metrics = cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(finding, "groups"), 0), "metrics");
            const cJSON *not_compared = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(finding, "references"), "not_compared");
            const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(finding, "finding"));
            for (size_t i = 0; name && i < sizeof expected / sizeof expected[0]; i++) {
                const cJSON *metric = cJSON_GetObjectItemCaseSensitive(metrics, expected[i].metric);
                if (strcmp(name, expected[i].finding) != 0 || !metric || number(metric, "n") != expected[i].n) continue;
                if (expected[i].n > 0) CU_ASSERT_DOUBLE_EQUAL(number(metric, "value"), expected[i].value, 1e-9);
                found++;
            }
            for (size_t i = 0; name && i < sizeof lost / sizeof lost[0]; i++)
                if (strcmp(name, lost[i].finding) == 0 && cJSON_GetObjectItemCaseSensitive(not_compared, lost[i].why))
                    missing += number(not_compared, lost[i].why) == lost[i].n;
        }
    CU_ASSERT_EQUAL(found, sizeof expected / sizeof expected[0]);
    CU_ASSERT_EQUAL(missing, sizeof lost / sizeof lost[0]);
    cJSON_Delete(release);
}

/* The round-th world of its kind says what the first one says, byte for byte. */
static void same_report(const char *report, struct es_world *world, const char *kind, int round, uint64_t seed)
{
    char *other = report_of(world);
    if (strcmp(report, other) != 0) {
        size_t at = 0;
        while (report[at] == other[at]) at++;
        fprintf(stderr, "%s %d (seed %llu): reports differ at byte %zu: %.200s\n", kind, round, (unsigned long long)seed, at, other + (at > 100 ? at - 100 : 0));
        CU_FAIL("it shows in the report");
    }
    free(other);
}

static void any_order_and_any_batches_give_the_same_cohort_and_report(void)
{
    struct es_world base, world;
    uint64_t state = 20260301, entries = 0;
    char difference[120];
    struct es_error err = {0};
    es_order_fill();
    make_places();
    open_at(&base, 0);
    name_identity(base.site);
    es_order_measures_name(base.site);
    take_shuffled(&base, &state, 0);
    check_counts(&base);
    check_streams(&base);
    char *report = report_of(&base);
    check_funnels(report);
    check_measures(report);
    for (int i = 0; i < PERMUTATIONS; i++) {
        const uint64_t seed = state;
        open_at(&world, 1);
        take_shuffled(&world, &state, 0);
        const bool same = es_cohort_same(es_site_cohort(base.site), es_site_cohort(world.site), difference, sizeof difference);
        if (!same || es_site_now(base.site) != es_site_now(world.site)) {
            fprintf(stderr, "permutation %d (seed %llu): %s\n", i, (unsigned long long)seed, same ? "another now" : difference);
            CU_FAIL_FATAL("order matters");
        }
        same_report(report, &world, "permutation", i, seed);
        if (i % (PERMUTATIONS / VERIFIED) == 0 && es_site_verify(world.site, &entries, &err) != ES_OK) {
            fprintf(stderr, "permutation %d: %s\n", i, err.text);
            CU_FAIL("verify");
        }
        drop(&world);
    }
    free(report);
    drop(&base);
    for (int i = 0; i < 2; i++) (void)rmdir(places[i]);
    es_order_free();
}

static void take_one(struct es_world *world, const struct es_message *message)
{
    struct es_receipt receipt;
    CU_ASSERT_EQUAL_FATAL(es_site_take(world->site, &message, 1, &receipt, NULL), ES_OK);
    CU_ASSERT_TRUE(receipt.outcome == ES_OUTCOME_TAKEN || receipt.outcome == ES_OUTCOME_REVISED);
}

/* What nothing but identities decides, which another key makes others: values of one patient that are valid from the same day. */
static void untie(void)
{
    for (size_t i = 0; i < es_order_n_messages; i++)
        if (es_order_messages[i]->kind == ES_EVENT_DEMOGRAPHICS) es_order_messages[i]->valid_from = DAY - 400 + (int32_t)i;
}

/* The key is rotated at random moments: nobody is forked, nothing is counted twice, and a second helping of everything is all duplicates. */
static void rotations_at_any_moment_change_nothing(void)
{
    struct es_world base, world;
    uint64_t state = 20261123, entries = 0;
    struct es_receipt receipts[ES_ORDER_MOST];
    struct es_error err = {0};
    es_order_fill();
    untie();
    make_places();
    open_at(&base, 0);
    name_identity(base.site);
    es_order_measures_name(base.site);
    const struct es_message *named[6];
    const size_t n_named = es_order_measures_named(named);
    take_shuffled(&base, &state, 0);
    char *report = report_of(&base);
    for (int i = 0; i < ROTATED; i++) {
        const uint64_t seed = state;
        open_at(&world, 1);
        take_one(&world, es_order_messages[ES_ORDER_NAMED]); /* an identity is known only of what was taken */
        for (size_t k = 0; k < n_named; k++) take_one(&world, named[k]);
        take_shuffled(&world, &state, 1 + i % 4);
        check_counts(&world);
        const uint64_t before = es_ledger_count(es_site_ledger(world.site));
        same_report(report, &world, "rotated", i, seed);
        CU_ASSERT_EQUAL_FATAL(es_site_rotate(world.site, NULL), ES_OK);
        CU_ASSERT_EQUAL_FATAL(es_site_take(world.site, (const struct es_message *const *)es_order_messages, es_order_n_messages, receipts, &err), ES_OK);
        for (size_t k = 0; k < es_order_n_messages; k++) CU_ASSERT_EQUAL(receipts[k].outcome, ES_OUTCOME_DUPLICATE);
        CU_ASSERT_EQUAL(es_ledger_count(es_site_ledger(world.site)), before + 1); /* the key */
        if (es_site_verify(world.site, &entries, &err) != ES_OK) {
            fprintf(stderr, "rotated %d: %s\n", i, err.text);
            CU_FAIL("verify");
        }
        drop(&world);
    }
    free(report);
    drop(&base);
    for (int i = 0; i < 2; i++) (void)rmdir(places[i]);
    es_order_free();
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {
        {"any_order_and_any_batches_give_the_same_cohort_and_report", any_order_and_any_batches_give_the_same_cohort_and_report},
        {"rotations_at_any_moment_change_nothing", rotations_at_any_moment_change_nothing},
        {NULL, NULL}};
    return es_test_main("order", tests, argc, argv);
}
