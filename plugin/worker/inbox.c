/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/worker/inbox.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dicom/secret.h"
#include "dicom/storing.h"

_Static_assert(sizeof(struct es_elements) <= 4096, "an item carries at most 4 KiB of elements");

struct place {
    struct es_stored item; /* first, so that one leads to the other */
    bool ready;            /* handed over: the worker's; else its producer's */
};

struct es_inbox {
    pthread_mutex_t lock;
    size_t first, count;    /* places in use, in order of their reservation */
    size_t filled;          /* of these, handed over */
    size_t wanted;          /* wake the worker when so many are; 0: it does not sleep */
    struct place *ring;
    uint64_t offered, refused;
    struct es_id_set refused_ids;
    struct es_job *jobs, **jobs_end;
    size_t n_jobs;
    unsigned host_calls;
    bool host_open, stop;
    pthread_cond_t work;    /* something for the worker */
    pthread_cond_t answers; /* a job was answered, or a call to the host ended */
};

enum es_errc es_inbox_new(struct es_inbox **out, struct es_error *err)
{
    struct es_inbox *inbox = calloc(1, sizeof *inbox);
    struct place *ring = es_secret_list(ES_INBOX_ITEMS, sizeof *ring);
    if (inbox == NULL || ring == NULL) {
        free(inbox);
        es_secret_free(ring);
        return es_fail(err, ES_E_MEMORY, "memory ran out");
    }
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_mutex_init(&inbox->lock, NULL);
    pthread_cond_init(&inbox->work, &attributes);
    pthread_cond_init(&inbox->answers, &attributes);
    pthread_condattr_destroy(&attributes);
    inbox->ring = ring;
    inbox->jobs_end = &inbox->jobs;
    *out = inbox;
    return ES_OK;
}

void es_inbox_free(struct es_inbox *inbox)
{
    if (inbox == NULL) return;
    while (inbox->jobs != NULL) {
        struct es_job *job = inbox->jobs;
        inbox->jobs = job->next;
        es_job_free(job);
    }
    pthread_mutex_destroy(&inbox->lock);
    pthread_cond_destroy(&inbox->work);
    pthread_cond_destroy(&inbox->answers);
    es_secret_free(inbox->ring);
    free(inbox);
}

static struct timespec in_ms(unsigned ms)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += ms / 1000;
    at.tv_nsec += (long)(ms % 1000) * 1000000L;
    if (at.tv_nsec >= 1000000000L) {
        at.tv_sec++;
        at.tv_nsec -= 1000000000L;
    }
    return at;
}

static void copy_item(struct es_stored *into, const struct es_stored *from)
{
    into->kind = from->kind;
    memcpy(into->id, from->id, sizeof into->id);
    if (from->kind != ES_ITEM_FETCH) es_elements_copy(&into->elements, &from->elements);
}

ES_STORING struct es_stored *es_inbox_reserve(struct es_inbox *inbox, const char *id)
{
    struct place *place = NULL;
    pthread_mutex_lock(&inbox->lock);
    inbox->offered++;
    if (inbox->count < ES_INBOX_ITEMS && !inbox->stop) place = &inbox->ring[(inbox->first + inbox->count++) % ES_INBOX_ITEMS];
    else {
        inbox->refused++;
        es_id_set_add(&inbox->refused_ids, id);
    }
    pthread_mutex_unlock(&inbox->lock);
    if (place == NULL) return NULL;
    es_prefetch(place, 1024); /* what most headers fill: the first elements, and of the values as many bytes */
    es_prefetch(place->item.elements.bytes, 512);
    return &place->item;
}

ES_STORING void es_inbox_commit(struct es_inbox *inbox, struct es_stored *item)
{
    pthread_mutex_lock(&inbox->lock);
    ((struct place *)(void *)item)->ready = true;
    /* Waking costs a system call, and the processor: only when the worker would otherwise sleep on. */
    if (++inbox->filled == inbox->wanted) pthread_cond_signal(&inbox->work);
    pthread_mutex_unlock(&inbox->lock);
}

struct es_job *es_job_new(enum es_job_kind kind, const void *body, size_t len)
{
    if (len > ES_INBOX_BODY) return NULL;
    struct es_job *job = calloc(1, sizeof *job);
    char *copy = es_secret_new(len + 1);
    if (job == NULL || copy == NULL) {
        free(job);
        es_secret_free(copy);
        return NULL;
    }
    if (len > 0) memcpy(copy, body, len);
    copy[len] = '\0';
    job->kind = kind;
    job->body = copy;
    job->len = len;
    return job;
}

void es_job_free(struct es_job *job)
{
    if (job == NULL) return;
    es_secret_free(job->body);
    free(job->answer);
    free(job);
}

bool es_inbox_ask(struct es_inbox *inbox, struct es_job **job, unsigned timeout_ms)
{
    const struct timespec until = in_ms(timeout_ms);
    struct es_job *mine = *job;
    bool done = false;
    pthread_mutex_lock(&inbox->lock);
    if (inbox->stop || inbox->n_jobs == ES_INBOX_JOBS) {
        pthread_mutex_unlock(&inbox->lock);
        es_job_free(mine);
        *job = NULL;
        return false;
    }
    mine->next = NULL;
    *inbox->jobs_end = mine;
    inbox->jobs_end = &mine->next;
    inbox->n_jobs++;
    pthread_cond_signal(&inbox->work);
    while (!mine->done && pthread_cond_timedwait(&inbox->answers, &inbox->lock, &until) == 0) {}
    done = mine->done;
    if (!done) {
        mine->abandoned = true; /* the worker frees it */
        *job = NULL;
    }
    pthread_mutex_unlock(&inbox->lock);
    return done;
}

void es_inbox_stop(struct es_inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->stop = true;
    pthread_cond_broadcast(&inbox->work);
    pthread_mutex_unlock(&inbox->lock);
}

void es_inbox_host_open(struct es_inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->host_open = true;
    pthread_cond_signal(&inbox->work);
    pthread_mutex_unlock(&inbox->lock);
}

void es_inbox_host_close(struct es_inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->host_open = false;
    while (inbox->host_calls > 0) pthread_cond_wait(&inbox->answers, &inbox->lock);
    pthread_mutex_unlock(&inbox->lock);
}

void es_inbox_counts(struct es_inbox *inbox, size_t *waiting, uint64_t *offered, uint64_t *refused)
{
    pthread_mutex_lock(&inbox->lock);
    *waiting = inbox->count;
    *offered = inbox->offered;
    *refused = inbox->refused;
    pthread_mutex_unlock(&inbox->lock);
}

struct es_inbox_view es_inbox_wait(struct es_inbox *inbox, unsigned timeout_ms, size_t items_wanted)
{
    const struct timespec until = in_ms(timeout_ms);
    pthread_mutex_lock(&inbox->lock);
    inbox->wanted = items_wanted;
    const bool was_open = inbox->host_open;
    while (inbox->filled < items_wanted && inbox->jobs == NULL && !inbox->stop && inbox->host_open == was_open) {
        if (pthread_cond_timedwait(&inbox->work, &inbox->lock, &until) != 0) break;
    }
    inbox->wanted = 0;
    const struct es_inbox_view view = {.items = inbox->filled,
                                       .job = inbox->jobs != NULL,
                                       .stop = inbox->stop,
                                       .host_open = inbox->host_open,
                                       .offered = inbox->offered,
                                       .refused = inbox->refused};
    pthread_mutex_unlock(&inbox->lock);
    return view;
}

bool es_inbox_take(struct es_inbox *inbox, struct es_stored *out)
{
    pthread_mutex_lock(&inbox->lock);
    struct place *place = &inbox->ring[inbox->first];
    const bool any = inbox->count > 0 && place->ready;
    pthread_mutex_unlock(&inbox->lock);
    if (!any) return false;
    copy_item(out, &place->item); /* ours alone until it is given back */
    pthread_mutex_lock(&inbox->lock);
    place->ready = false;
    inbox->filled--;
    inbox->first = (inbox->first + 1) % ES_INBOX_ITEMS;
    if (--inbox->count == 0) inbox->first = 0; /* few pages are ever touched, and those are warm */
    pthread_mutex_unlock(&inbox->lock);
    return true;
}

void es_inbox_take_refused(struct es_inbox *inbox, struct es_id_set *into)
{
    pthread_mutex_lock(&inbox->lock);
    for (size_t i = 0; i < ES_ID_SET_BITS / 64; i++) into->bits[i] |= inbox->refused_ids.bits[i];
    memset(&inbox->refused_ids, 0, sizeof inbox->refused_ids);
    pthread_mutex_unlock(&inbox->lock);
}

struct es_job *es_inbox_take_job(struct es_inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    struct es_job *job = inbox->jobs;
    if (job != NULL) {
        inbox->jobs = job->next;
        if (inbox->jobs == NULL) inbox->jobs_end = &inbox->jobs;
        inbox->n_jobs--;
    }
    pthread_mutex_unlock(&inbox->lock);
    return job;
}

void es_inbox_answer(struct es_inbox *inbox, struct es_job *job, int status, char *answer, size_t len)
{
    pthread_mutex_lock(&inbox->lock);
    job->status = status;
    job->answer = answer;
    job->answer_len = len;
    job->done = true;
    const bool abandoned = job->abandoned;
    if (!abandoned) pthread_cond_broadcast(&inbox->answers);
    pthread_mutex_unlock(&inbox->lock);
    if (abandoned) es_job_free(job);
}

bool es_inbox_host_enter(struct es_inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    const bool open = inbox->host_open && !inbox->stop;
    if (open) inbox->host_calls++;
    pthread_mutex_unlock(&inbox->lock);
    return open;
}

void es_inbox_host_leave(struct es_inbox *inbox)
{
    pthread_mutex_lock(&inbox->lock);
    inbox->host_calls--;
    pthread_cond_broadcast(&inbox->answers);
    pthread_mutex_unlock(&inbox->lock);
}
