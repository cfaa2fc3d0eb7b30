/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/site/relay.h"

#include <pthread.h>

enum state { FREE, MAKING, MADE };

/* Chunks that one hand makes, one behind the other: what it read last for the one is often the first it needs for the next. */
#define RUN 4u
_Static_assert(ES_RELAY_SLOTS >= ES_RELAY_HANDS * RUN, "each hand has room for its run");

struct running {
    const struct es_relay *relay;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t next, used; /* the first chunk that is of no run, the next one to be used */
    struct {
        uint64_t next, end;
    } run[ES_RELAY_HANDS];
    bool stop;
    enum state state[ES_RELAY_SLOTS];
    enum es_errc code[ES_RELAY_SLOTS];
    struct es_error err[ES_RELAY_SLOTS];
};

/* Is there a chunk left for this hand? Runs are taken in order, so the chunk to be used next is made, being made, or the next of a hand's. */
static bool has_next(struct running *r, unsigned hand)
{
    if (r->run[hand].next == r->run[hand].end) {
        const uint64_t left = r->relay->chunks - r->next;
        r->run[hand].next = r->next;
        r->run[hand].end = r->next += left < RUN ? left : RUN;
    }
    return r->run[hand].next < r->run[hand].end;
}

/* Make the hand's next chunk when there is room for it; the lock is held before and after. */
static bool make_next(struct running *r, unsigned hand)
{
    const struct es_relay *relay = r->relay;
    if (r->stop || !has_next(r, hand) || r->run[hand].next - r->used >= ES_RELAY_SLOTS) return false;
    const uint64_t chunk = r->run[hand].next++;
    const size_t slot = (size_t)(chunk % ES_RELAY_SLOTS);
    r->state[slot] = MAKING;
    pthread_mutex_unlock(&r->lock);
    struct es_error err = {0};
    const enum es_errc code = relay->make(relay->context, hand, chunk, relay->slots[slot], &err);
    pthread_mutex_lock(&r->lock);
    r->code[slot] = code;
    r->err[slot] = err;
    r->state[slot] = MADE;
    pthread_cond_broadcast(&r->changed);
    return true;
}

static void *second_hand(void *context)
{
    struct running *r = context;
    pthread_mutex_lock(&r->lock);
    while (!r->stop && has_next(r, 1))
        if (!make_next(r, 1)) pthread_cond_wait(&r->changed, &r->lock);
    pthread_mutex_unlock(&r->lock);
    return NULL;
}

static enum es_errc use_all(struct running *r, struct es_error *err)
{
    const struct es_relay *relay = r->relay;
    enum es_errc code = ES_OK;
    while (code == ES_OK && r->used < relay->chunks) {
        const size_t slot = (size_t)(r->used % ES_RELAY_SLOTS);
        if (r->state[slot] == MADE) {
            code = r->code[slot];
            if (code != ES_OK && err) *err = r->err[slot];
            pthread_mutex_unlock(&r->lock);
            if (code == ES_OK) code = relay->use(relay->context, r->used, relay->slots[slot], err);
            pthread_mutex_lock(&r->lock);
            r->state[slot] = FREE;
            r->used++;
            pthread_cond_broadcast(&r->changed);
        } else if (!make_next(r, 0)) {
            pthread_cond_wait(&r->changed, &r->lock);
        }
    }
    return code;
}

enum es_errc es_relay_run(const struct es_relay *relay, bool help, struct es_error *err)
{
    struct running r = {.relay = relay, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    pthread_t thread;
    const bool helped = help && pthread_create(&thread, NULL, second_hand, &r) == 0;
    pthread_mutex_lock(&r.lock);
    const enum es_errc code = use_all(&r, err);
    r.stop = true;
    pthread_cond_broadcast(&r.changed);
    pthread_mutex_unlock(&r.lock);
    if (helped) pthread_join(thread, NULL);
    return code;
}
