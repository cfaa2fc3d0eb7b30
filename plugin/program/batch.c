/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/program/batch.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/secret.h"
#include "plugin/intake/intake.h"
#include "plugin/program/program.h"

#define SIZE 1000 /* messages a commit */

/* Where a message came from, for its refusal. */
struct place {
    char *path;
    uint64_t line, order; /* order: of coming */
};

/* A refusal that waits for its batch: what is no message is known at once, what a rule refuses at the commit. */
struct held {
    struct place place;
    struct es_error why;
};

struct es_batch {
    struct es_site *site;
    struct es_message *messages[SIZE];
    struct place places[SIZE];
    struct es_receipt receipts[SIZE];
    size_t count;
    struct held held[2 * SIZE]; /* at most SIZE lines that are no messages, and the messages */
    size_t n_held;
    uint64_t order;
    struct es_batch_counts counts;
};

enum es_errc es_batch_new(struct es_batch **out, struct es_site *site, struct es_error *err)
{
    *out = calloc(1, sizeof **out);
    if (!*out) return es_fail(err, ES_E_MEMORY, "memory ran out");
    (*out)->site = site;
    return ES_OK;
}

static void drop(struct es_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        free(batch->places[i].path);
        batch->places[i].path = NULL;
    }
    batch->count = 0;
}

/* Takes over the place's path. */
static void hold(struct es_batch *batch, struct place *place, const struct es_error *why)
{
    batch->counts.refused++;
    batch->held[batch->n_held++] = (struct held){*place, *why};
    place->path = NULL;
}

static int by_order(const void *left, const void *right)
{
    const struct held *a = left, *b = right;
    return a->place.order < b->place.order ? -1 : a->place.order > b->place.order;
}

static void tell(const char *path, uint64_t line, const struct es_error *why)
{
    es_progress_end();
    if (line) fprintf(stderr, "%s:%" PRIu64 ": %s\n", path, line, why->text);
    else fprintf(stderr, "%s: %s\n", path, why->text);
}

static void tell_held(struct es_batch *batch)
{
    if (batch->n_held > 1) qsort(batch->held, batch->n_held, sizeof *batch->held, by_order);
    for (size_t i = 0; i < batch->n_held; i++)
        tell(batch->held[i].place.path, batch->held[i].place.line, &batch->held[i].why);
    for (size_t i = 0; i < batch->n_held; i++) free(batch->held[i].place.path);
    batch->n_held = 0;
}

void es_batch_refuse(struct es_batch *batch, const char *path, uint64_t line, const struct es_error *why)
{
    struct place place = {batch->n_held < SIZE ? strdup(path) : NULL, line, batch->order++};
    if (place.path) {
        hold(batch, &place, why);
    } else {
        batch->counts.refused++;
        tell(path, line, why);
    }
}

void es_batch_free(struct es_batch *batch)
{
    if (!batch) return;
    tell_held(batch);
    drop(batch);
    for (size_t i = 0; i < SIZE; i++) {
        if (batch->messages[i]) es_message_clear(batch->messages[i]);
        es_secret_free(batch->messages[i]);
    }
    free(batch);
}

enum es_errc es_batch_flush(struct es_batch *batch, struct es_error *err)
{
    if (batch->count == 0 && batch->n_held == 0) return ES_OK;
    const enum es_errc rc =
        es_site_take(batch->site, (const struct es_message *const *)batch->messages, batch->count, batch->receipts, err);
    for (size_t i = 0; rc == ES_OK && i < batch->count; i++) {
        switch (batch->receipts[i].outcome) {
        case ES_OUTCOME_TAKEN: batch->counts.taken++; break;
        case ES_OUTCOME_REVISED: batch->counts.revised++; break;
        case ES_OUTCOME_DUPLICATE: batch->counts.duplicate++; break;
        case ES_OUTCOME_REFUSED:
            hold(batch, &batch->places[i], &batch->receipts[i].error);
            break;
        }
    }
    tell_held(batch);
    for (size_t i = 0; i < batch->count; i++) es_message_clear(batch->messages[i]);
    drop(batch);
    return rc;
}

/* Room for one more message, cleared. The messages are big and used again. */
static enum es_errc next(struct es_batch *batch, const char *path, uint64_t line, struct es_message **out, struct es_error *err)
{
    if (batch->count == SIZE || batch->n_held >= SIZE) {
        const enum es_errc rc = es_batch_flush(batch, err);
        if (rc != ES_OK) return rc;
    }
    const size_t i = batch->count;
    if (!batch->messages[i]) batch->messages[i] = es_secret_new(sizeof *batch->messages[i]);
    batch->places[i] = (struct place){strdup(path), line, batch->order++};
    if (!batch->messages[i] || !batch->places[i].path) {
        free(batch->places[i].path);
        batch->places[i].path = NULL;
        return es_fail(err, ES_E_MEMORY, "memory ran out");
    }
    es_message_init(batch->messages[i]);
    *out = batch->messages[i];
    batch->count++;
    return ES_OK;
}

/* A line that is no message gives its place back. */
static void give_back(struct es_batch *batch, const struct es_error *why)
{
    batch->count--;
    hold(batch, &batch->places[batch->count], why);
}

enum es_errc es_batch_message(struct es_batch *batch, const char *path, uint64_t line, const cJSON *tree, struct es_error *err)
{
    struct es_message *message = NULL;
    const enum es_errc rc = next(batch, path, line, &message, err);
    if (rc != ES_OK) return rc;
    struct es_error why = {0};
    if (es_message_from_tree(message, tree, &why) == ES_OK) return ES_OK;
    give_back(batch, &why);
    return ES_OK;
}

enum es_errc es_batch_json(struct es_batch *batch, const char *path, uint64_t line, const char *text, size_t len,
                           struct es_error *err)
{
    struct es_message *message = NULL;
    const enum es_errc rc = next(batch, path, line, &message, err);
    if (rc != ES_OK) return rc;
    struct es_error why = {0};
    if (es_message_from_json(message, text, len, &why) == ES_OK) return ES_OK;
    give_back(batch, &why);
    return ES_OK;
}

static enum es_errc add_all(struct es_batch *batch, const char *path, struct es_message **messages, size_t count, struct es_error *err)
{
    enum es_errc rc = ES_OK;
    for (size_t i = 0; i < count && rc == ES_OK; i++) {
        struct es_message *message = NULL;
        rc = next(batch, path, 0, &message, err);
        if (rc != ES_OK) break;
        es_secret_free(batch->messages[batch->count - 1]); /* ours takes its place */
        batch->messages[batch->count - 1] = messages[i];
        messages[i] = NULL;
    }
    return rc;
}

/* ---- files read by the rules of "Intake" ---- */

struct intake {
    struct es_batch *batch;
    const char *path;
};

static enum es_errc intake_take(void *context, uint64_t where, const cJSON *message, struct es_error *err)
{
    const struct intake *in = context;
    return es_batch_message(in->batch, in->path, where, message, err);
}

static void intake_refuse(void *context, uint64_t where, const struct es_error *why)
{
    const struct intake *in = context;
    es_batch_refuse(in->batch, in->path, where, why);
}

static void intake_silent(void *context, uint64_t where)
{
    (void)where;
    ((struct intake *)context)->batch->counts.unsaid++;
}

static void intake_progress(void *context, uint64_t done, uint64_t total)
{
    (void)context;
    es_progress_show("reading", done, total);
}

enum es_errc es_batch_intake(struct es_batch *batch, const char *path, struct es_error *err)
{
    struct intake in = {batch, path};
    const struct es_intake_sink sink = {&in, intake_take, intake_refuse, intake_silent, intake_progress, NULL};
    return es_intake_file(es_site_config(batch->site), path, &sink, err);
}

enum es_errc es_batch_dicom(struct es_batch *batch, const char *path, struct es_error *err)
{
    struct es_facts facts = {0};
    struct es_error why = {0};
    struct es_message **messages = NULL;
    size_t count = 0;
    char silent[160] = "";
    if (es_facts_read_file(path, &facts, &why) != ES_OK) {
        es_batch_refuse(batch, path, 0, &why);
        return ES_OK;
    }
    enum es_errc rc = ES_OK;
    if (es_messages_from_facts(&facts, es_site_config(batch->site), "", false, &messages, &count, silent, sizeof silent, &why) != ES_OK)
        es_batch_refuse(batch, path, 0, &why);
    else if (count == 0) batch->counts.silent++;
    else rc = add_all(batch, path, messages, count, err);
    es_messages_free(messages, count);
    es_facts_free(&facts);
    return rc;
}

struct es_batch_counts es_batch_count(const struct es_batch *batch)
{
    return batch->counts;
}
