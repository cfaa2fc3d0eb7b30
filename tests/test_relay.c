/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <unistd.h>

#include "plugin/site/relay.h"
#include "testlib.h"

#define CHUNKS 3000

/* What was made and used, and where it is to fail. */
struct work {
    uint64_t fail_made, fail_used; /* UINT64_MAX: never */
    uint64_t used, sum;
    bool in_order;
    uint64_t made[ES_RELAY_HANDS]; /* each hand counts its own */
    unsigned slow;                 /* microseconds that making takes the second hand */
};

struct slot {
    uint64_t chunk, value;
};

static enum es_errc make(void *context, unsigned hand, uint64_t chunk, void *slot, struct es_error *err)
{
    struct work *work = context;
    struct slot *out = slot;
    if (hand == 1 && work->slow) usleep(work->slow);
    work->made[hand]++;
    *out = (struct slot){chunk, chunk * chunk};
    return chunk >= work->fail_made ? es_fail(err, ES_E_PARSE, "chunk %llu cannot be made", (unsigned long long)chunk) : ES_OK;
}

static enum es_errc use(void *context, uint64_t chunk, void *slot, struct es_error *err)
{
    struct work *work = context;
    const struct slot *in = slot;
    work->in_order &= in->chunk == chunk && chunk == work->used;
    work->used++;
    work->sum += in->value;
    return chunk >= work->fail_used ? es_fail(err, ES_E_LIMIT, "chunk %llu cannot be used", (unsigned long long)chunk) : ES_OK;
}

static enum es_errc run(struct work *work, uint64_t chunks, bool help, struct es_error *err)
{
    struct slot slots[ES_RELAY_SLOTS];
    struct es_relay relay = {.chunks = chunks, .make = make, .use = use, .context = work};
    for (size_t i = 0; i < ES_RELAY_SLOTS; i++) relay.slots[i] = &slots[i];
    return es_relay_run(&relay, help, err);
}

static void chunks_are_used_in_order_whoever_made_them(void)
{
    static const unsigned slow[] = {0, 0, 300};
    for (int i = 0; i < 3; i++) {
        struct work work = {.fail_made = UINT64_MAX, .fail_used = UINT64_MAX, .in_order = true, .slow = slow[i]};
        const uint64_t chunks = slow[i] ? 200 : CHUNKS;
        CU_ASSERT_EQUAL(run(&work, chunks, i > 0, NULL), ES_OK);
        CU_ASSERT_TRUE(work.in_order);
        CU_ASSERT_EQUAL(work.used, chunks);
        CU_ASSERT_EQUAL(work.made[0] + work.made[1], chunks);
        CU_ASSERT_EQUAL(work.sum, (chunks - 1) * chunks * (2 * chunks - 1) / 6); /* squares of 0 .. chunks - 1 */
        if (i == 0) CU_ASSERT_EQUAL(work.made[1], 0);
    }
}

static void nothing_to_do_is_done(void)
{
    struct work work = {.fail_made = UINT64_MAX, .fail_used = UINT64_MAX, .in_order = true};
    CU_ASSERT_EQUAL(run(&work, 0, true, NULL), ES_OK);
    CU_ASSERT_EQUAL(work.used, 0);
}

static void the_first_failure_in_order_is_told(void)
{
    for (int help = 0; help < 2; help++) {
        struct work work = {.fail_made = 70, .fail_used = UINT64_MAX, .in_order = true};
        struct es_error err = {0};
        CU_ASSERT_EQUAL(run(&work, CHUNKS, help, &err), ES_E_PARSE);
        CU_ASSERT_STRING_EQUAL(err.text, "chunk 70 cannot be made");
        CU_ASSERT_EQUAL(work.used, 70);
        work = (struct work){.fail_made = 70, .fail_used = 30, .in_order = true};
        err = (struct es_error){0};
        CU_ASSERT_EQUAL(run(&work, CHUNKS, help, &err), ES_E_LIMIT);
        CU_ASSERT_STRING_EQUAL(err.text, "chunk 30 cannot be used");
        CU_ASSERT_EQUAL(run(&work, CHUNKS, help, NULL), ES_E_LIMIT);
    }
}

int main(int argc, char **argv)
{
    static const struct es_test tests[] = {{"chunks_are_used_in_order_whoever_made_them", chunks_are_used_in_order_whoever_made_them},
                                           {"nothing_to_do_is_done", nothing_to_do_is_done},
                                           {"the_first_failure_in_order_is_told", the_first_failure_in_order_is_told},
                                           {NULL, NULL}};
    return es_test_main("relay", tests, argc, argv);
}
