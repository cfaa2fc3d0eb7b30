/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/worker/catchup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/time.h"
#include "plugin/worker/catchup_internal.h"
#include "plugin/worker/internal.h"

/* Names of what is remembered in the ledger, beside its chain. */
#define NOTE_CURSOR "host.cursor" /* "SEQ DATE" */
#define NOTE_MARK "host.mark"     /* "SEQ HASH" */
#define NOTE_WALK "host.walk"     /* "pending" while a walk is not done */
#define NOTE_AGAIN "host.again"   /* "SEQ" while objects wait to be asked for again: from there the log is read after a start */

enum es_errc es_catchup_new(struct es_catchup **out, const struct es_host *host, unsigned pause_ms, struct es_error *err)
{
    struct es_catchup *catchup = calloc(1, sizeof *catchup);
    if (catchup != NULL) catchup->page = calloc(ES_HOST_ROWS, sizeof *catchup->page);
    if (catchup == NULL || catchup->page == NULL) {
        free(catchup);
        return es_fail(err, ES_E_MEMORY, "memory ran out");
    }
    catchup->host = host;
    catchup->pause_ms = pause_ms;
    es_doubt_init(&catchup->doubt);
    catchup->state.gap_noticed = catchup->state.gap_closed = ES_NO_INSTANT;
    *out = catchup;
    return ES_OK;
}

void es_catchup_free(struct es_catchup *catchup)
{
    if (catchup == NULL) return;
    es_aside_clear(&catchup->aside);
    free(catchup->instances);
    free(catchup->page);
    free(catchup);
}

const struct es_catchup_state *es_catchup_state(const struct es_catchup *catchup) { return &catchup->state; }

void es_catchup_owe(struct es_catchup *catchup) { catchup->state.up_to_date = false; }

void es_catchup_overflowed(struct es_catchup *catchup, struct es_inbox *inbox)
{
    es_doubt_overflowed(&catchup->doubt, inbox);
    catchup->state.up_to_date = false;
}

bool es_catchup_due(const struct es_catchup *catchup)
{
    return !catchup->state.up_to_date || es_aside_due(&catchup->aside, es_worker_now_ms()) != NULL;
}

void es_catchup_restart(struct es_catchup *catchup)
{
    catchup->loaded = catchup->checked = false;
    catchup->state.up_to_date = false;
    es_doubt_restart(&catchup->doubt);
    es_aside_clear(&catchup->aside); /* the log, or the walk, comes upon them again */
    catchup->state.waiting = 0;
    catchup->noted_again = catchup->walk_waits = false;
    es_catchup_walk_reset(catchup);
}

/* Decimal digits, then a space or the end. @return where the rest begins, or NULL */
static const char *leading_number(const char *text, uint64_t *out)
{
    char *end = NULL;
    if (text[0] < '0' || text[0] > '9') return NULL;
    *out = strtoull(text, &end, 10);
    if (*end == ' ') return end + 1;
    return *end == '\0' ? end : NULL;
}

static enum es_errc load_notes(struct es_catchup *catchup, struct es_ledger *ledger, struct es_error *err)
{
    char text[128];
    enum es_errc rc = es_ledger_note_get(ledger, NOTE_CURSOR, text, sizeof text, err);
    if (rc != ES_OK) return rc;
    const char *rest = leading_number(text, &catchup->state.cursor);
    if (rest == NULL) catchup->state.cursor = 0;
    snprintf(catchup->date, sizeof catchup->date, "%.31s", rest != NULL ? rest : "");
    const bool is_new = rest == NULL;
    rc = es_ledger_note_get(ledger, NOTE_MARK, text, sizeof text, err);
    if (rc != ES_OK) return rc;
    rest = leading_number(text, &catchup->mark_seq);
    if (rest == NULL) catchup->mark_seq = 0;
    snprintf(catchup->mark, sizeof catchup->mark, "%.34s", rest != NULL ? rest : "");
    rc = es_ledger_note_get(ledger, NOTE_WALK, text, sizeof text, err);
    if (rc != ES_OK) return rc;
    catchup->state.walking = is_new || text[0] != '\0';
    rc = es_ledger_note_get(ledger, NOTE_AGAIN, text, sizeof text, err);
    if (rc != ES_OK) return rc;
    uint64_t again = 0;
    catchup->noted_again = leading_number(text, &again) != NULL;
    if (catchup->noted_again && again < catchup->state.cursor) catchup->state.cursor = again;
    catchup->loaded = true;
    return ES_OK;
}

/* Keyed hash of a row, in hex; under the first key, which stays whatever keys come. */
static enum es_errc row_mark(const struct es_key *key, const struct es_host_change *row, char out[2 * ES_PSEUDONYM_SIZE + 1])
{
    static const char digits[] = "0123456789abcdef";
    char text[160];
    struct es_pseudonym hash;
    snprintf(text, sizeof text, "%" PRIu64 "|%s|%s", row->seq, row->id, row->date);
    const enum es_errc rc = es_key_pseudonym(es_key_at(key, 1), ES_PSEUDONYM_HOST, "change", text, &hash);
    for (size_t i = 0; rc == ES_OK && i < ES_PSEUDONYM_SIZE; i++) {
        out[2 * i] = digits[hash.bytes[i] >> 4];
        out[2 * i + 1] = digits[hash.bytes[i] & 15];
    }
    out[2 * ES_PSEUDONYM_SIZE] = '\0';
    return rc;
}

static enum es_errc call_changes(struct es_catchup *catchup, struct es_inbox *inbox, uint64_t since, unsigned limit,
                                 struct es_host_change *rows, size_t *count, uint64_t *last, struct es_error *err)
{
    if (!es_inbox_host_enter(inbox)) return es_fail(err, ES_E_BUSY, "the host is closed");
    const enum es_errc rc = catchup->host->changes(catchup->host->context, since, limit, rows, count, last, err);
    es_inbox_host_leave(inbox);
    return rc;
}

/* The log is not the one we followed: everything is walked, and the cursor starts at the log's end. */
static enum es_errc begin_walk(struct es_catchup *catchup, struct es_site *site, uint64_t last, const struct es_host_change *first,
                               struct es_error *err)
{
    struct es_ledger *ledger = es_site_ledger(site);
    char text[128] = "";
    enum es_errc rc = es_ledger_note_set(ledger, NOTE_WALK, "pending", err);
    if (rc == ES_OK && first != NULL) {
        rc = row_mark(es_site_key(site), first, catchup->mark);
        catchup->mark_seq = first->seq;
        snprintf(text, sizeof text, "%" PRIu64 " %s", first->seq, catchup->mark);
    } else {
        catchup->mark_seq = 0;
        catchup->mark[0] = '\0';
    }
    if (rc == ES_OK) rc = es_ledger_note_set(ledger, NOTE_MARK, text, err);
    snprintf(text, sizeof text, "%" PRIu64 " ", last);
    if (rc == ES_OK) rc = es_ledger_note_set(ledger, NOTE_CURSOR, text, err);
    if (rc != ES_OK) return rc;
    catchup->state.cursor = last;
    es_doubt_restart(&catchup->doubt);
    catchup->date[0] = '\0';
    catchup->state.walking = true;
    es_catchup_walk_reset(catchup);
    return ES_OK;
}

static enum es_errc check_log(struct es_catchup *catchup, struct es_inbox *inbox, struct es_site *site, struct es_error *err)
{
    struct es_host_change row;
    size_t count = 0;
    uint64_t last = 0;
    const bool is_new = catchup->state.cursor == 0 && catchup->mark_seq == 0 && catchup->state.walking;
    const uint64_t since = catchup->mark_seq > 0 ? catchup->mark_seq - 1 : 0;
    enum es_errc rc = call_changes(catchup, inbox, since, 1, &row, &count, &last, err);
    if (rc != ES_OK) return rc;
    char mark[2 * ES_PSEUDONYM_SIZE + 1] = "";
    if (count > 0 && (rc = row_mark(es_site_key(site), &row, mark)) != ES_OK) return es_fail(err, rc, "the key gave no hash");
    const bool same = catchup->mark_seq == 0 || (count > 0 && strcmp(mark, catchup->mark) == 0);
    if (is_new || !same || last < catchup->state.cursor) {
        if (!is_new) {
            catchup->state.gap = true;
            catchup->state.gap_noticed = es_clock();
            catchup->state.gap_closed = ES_NO_INSTANT;
            snprintf(catchup->state.gap_from, sizeof catchup->state.gap_from, "%s", catchup->date);
            catchup->host->log(catchup->host->context,
                               same ? "the log of changes ends before what was read of it: all series are walked"
                                    : "a remembered row of the log of changes is not there: all series are walked");
            /* The first row of the new log is the one to remember. */
            if (since > 0 && (rc = call_changes(catchup, inbox, 0, 1, &row, &count, &last, err)) != ES_OK) return rc;
        }
        rc = begin_walk(catchup, site, last, count > 0 ? &row : NULL, err);
    }
    if (rc == ES_OK) catchup->checked = true;
    return rc;
}

/* The host has it and cannot give it now: it is asked for again. @return what failed when it cannot be kept for that */
static enum es_errc put_aside(struct es_catchup *catchup, const char *id, struct es_load *load, const struct es_error *why,
                              struct es_error *err)
{
    char line[ES_ERROR_TEXT + 80];
    const bool first = catchup->aside.count == 0;
    const enum es_errc rc = es_aside_put(&catchup->aside, id, es_worker_now_ms(), catchup->pause_ms);
    catchup->state.waiting = catchup->aside.count;
    if (rc == ES_E_MEMORY) return es_fail(err, rc, "memory ran out");
    if (rc == ES_E_LIMIT) return es_fail(err, ES_E_IO, "%d objects wait to be read, and one more: %s", ES_ASIDE_OBJECTS, why->text);
    if (rc == ES_E_REFUSED) {
        es_load_lost(load, id, ES_LOAD_UNREADABLE);
        es_aside_read(&catchup->aside, id);
        snprintf(line, sizeof line, "an object is given up after %d tries: %s", ES_ASIDE_TRIES, why->text);
        catchup->host->log(catchup->host->context, line);
    } else if (first) {
        snprintf(line, sizeof line, "an object cannot be read, it is asked for again: %s", why->text);
        catchup->host->log(catchup->host->context, line);
    }
    return ES_OK;
}

enum es_errc es_catchup_fetch(struct es_catchup *catchup, struct es_inbox *inbox, const struct es_config *config, const char *id,
                              const struct es_elements *skimmed, struct es_load *load, struct es_error *err)
{
    const struct es_host *host = catchup->host;
    struct es_host_object *object = calloc(1, sizeof *object);
    if (object == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    if (!es_inbox_host_enter(inbox)) {
        free(object);
        return es_fail(err, ES_E_BUSY, "the host is closed");
    }
    struct es_error why = {0};
    object->has_elements = skimmed != NULL;
    if (skimmed != NULL) es_elements_copy(&object->elements, skimmed);
    enum es_errc rc = host->fetch(host->context, id, object, &why);
    es_inbox_host_leave(inbox);
    if (rc == ES_E_MEMORY || rc == ES_E_IO) { /* not settled: it is asked for again */
        free(object);
        return rc == ES_E_IO ? put_aside(catchup, id, load, &why, err) : es_fail(err, rc, "%s", why.text);
    }
    if (rc == ES_E_REFUSED) es_load_lost(load, id, ES_LOAD_GONE);
    else if (rc == ES_E_LIMIT) es_load_lost(load, id, ES_LOAD_TOO_LARGE);
    else if (rc != ES_OK) es_load_lost(load, id, ES_LOAD_UNREADABLE);
    else {
        rc = object->has_elements ? es_load_elements(load, config, id, &object->elements, object->archive_copy, err)
                                  : es_load_bytes(load, config, id, object->bytes, object->len, object->remote_aet,
                                                  object->archive_copy, err);
        host->release(host->context, object);
        if (rc != ES_OK) {
            free(object);
            return rc;
        }
    }
    es_aside_read(&catchup->aside, id);
    free(object);
    return ES_OK;
}

/* Those whose time has come, a bounded number of them. */
static enum es_errc step_aside(struct es_catchup *catchup, struct es_inbox *inbox, struct es_site *site, struct es_load *load,
                               struct es_error *err)
{
    const uint64_t now = es_worker_now_ms();
    enum es_errc rc = ES_OK;
    for (unsigned done = 0; rc == ES_OK && done < ES_HOST_ROWS; done++) {
        char id[ES_HOST_ID_SIZE];
        const char *due = es_aside_due(&catchup->aside, now);
        if (due == NULL) break;
        snprintf(id, sizeof id, "%s", due);
        rc = es_catchup_fetch(catchup, inbox, es_site_config(site), id, NULL, load, err);
    }
    return rc;
}

/* The inbox refused something: a row whose thread had not come to the inbox yet may have been passed. */
static enum es_errc look_back(struct es_catchup *catchup, struct es_ledger *ledger, struct es_error *err)
{
    char text[32];
    const uint64_t back = es_doubt_back(&catchup->doubt, catchup->state.cursor);
    if (back == ES_DOUBT_NOWHERE) return ES_OK;
    snprintf(text, sizeof text, "%" PRIu64 " ", back);
    const enum es_errc rc = es_ledger_note_set(ledger, NOTE_CURSOR, text, err);
    if (rc != ES_OK) return rc;
    es_doubt_went_back(&catchup->doubt, catchup->state.cursor);
    catchup->state.cursor = catchup->next_cursor = back;
    return ES_OK;
}

/* What was committed of an object stands for what the host holds, unless it was stored again and refused. */
bool es_catchup_is_committed(const struct es_catchup *catchup, const struct es_load *load, const char *id)
{
    return es_load_committed(load, id) && !es_doubt_refused(&catchup->doubt, id);
}

/* One row. *stop: it names what was committed, but a newer version may wait in the inbox: later. */
static enum es_errc pass_row(struct es_catchup *catchup, struct es_inbox *inbox, struct es_site *site, struct es_load *load, bool quiet,
                             const struct es_host_change *row, bool *stop, struct es_error *err)
{
    if (!row->new_instance || es_aside_has(&catchup->aside, row->id)) return ES_OK;
    if (es_doubt_settled(&catchup->doubt, row->seq, row->id)) return ES_OK;
    if (es_catchup_is_committed(catchup, load, row->id)) {
        *stop = !quiet;
        if (!quiet) return ES_OK;
        es_load_forget_one(load, row->id);
        es_doubt_passed(&catchup->doubt, catchup->next_cursor, es_worker_now_ms());
        return ES_OK;
    }
    return es_catchup_fetch(catchup, inbox, es_site_config(site), row->id, NULL, load, err);
}

static enum es_errc step_changes(struct es_catchup *catchup, struct es_inbox *inbox, struct es_site *site, struct es_load *load, bool quiet,
                                 struct es_error *err)
{
    struct es_host_change *rows = calloc(ES_HOST_ROWS, sizeof *rows);
    size_t count = 0;
    uint64_t last = 0;
    if (rows == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    bool stop = false;
    enum es_errc rc = look_back(catchup, es_site_ledger(site), err);
    if (rc == ES_OK) rc = call_changes(catchup, inbox, catchup->state.cursor, ES_HOST_ROWS, rows, &count, &last, err);
    if (rc == ES_OK) es_doubt_asked(&catchup->doubt, catchup->state.cursor, last);
    for (size_t i = 0; rc == ES_OK && i < count; i++) {
        rc = pass_row(catchup, inbox, site, load, quiet, &rows[i], &stop, err);
        if (rc != ES_OK || stop) break;
        catchup->next_cursor = rows[i].seq;
        snprintf(catchup->next_date, sizeof catchup->next_date, "%s", rows[i].date);
        if (catchup->mark_seq == 0 && catchup->next_mark_seq == 0 &&
            row_mark(es_site_key(site), &rows[i], catchup->next_mark) == ES_OK)
            catchup->next_mark_seq = rows[i].seq;
    }
    if (rc == ES_OK && count < ES_HOST_ROWS && !stop) catchup->state.up_to_date = true;
    free(rows);
    return rc;
}

enum es_errc es_catchup_step(struct es_catchup *catchup, struct es_inbox *inbox, struct es_site *site, struct es_load *load, bool quiet,
                             struct es_error *err)
{
    enum es_errc rc = ES_OK;
    if (!catchup->loaded) rc = load_notes(catchup, es_site_ledger(site), err);
    if (rc == ES_OK && !catchup->checked) rc = check_log(catchup, inbox, site, err);
    if (rc != ES_OK) return rc;
    catchup->next_cursor = catchup->state.cursor;
    catchup->next_mark_seq = 0;
    catchup->walk_done = false;
    rc = step_aside(catchup, inbox, site, load, err);
    if (rc != ES_OK) return rc;
    return catchup->state.walking ? es_catchup_walk_step(catchup, inbox, site, load, err) : step_changes(catchup, inbox, site, load, quiet, err);
}

/* Move the cursor, and the remembered row with it. */
static enum es_errc commit_cursor(struct es_catchup *catchup, struct es_ledger *ledger, struct es_error *err)
{
    char text[128];
    enum es_errc rc = ES_OK;
    if (catchup->next_mark_seq != 0) {
        snprintf(text, sizeof text, "%" PRIu64 " %s", catchup->next_mark_seq, catchup->next_mark);
        rc = es_ledger_note_set(ledger, NOTE_MARK, text, err);
        if (rc != ES_OK) return rc;
        catchup->mark_seq = catchup->next_mark_seq;
        memcpy(catchup->mark, catchup->next_mark, sizeof catchup->mark);
        catchup->next_mark_seq = 0;
    }
    if (catchup->next_cursor == catchup->state.cursor) return ES_OK;
    snprintf(text, sizeof text, "%" PRIu64 " %s", catchup->next_cursor, catchup->next_date);
    rc = es_ledger_note_set(ledger, NOTE_CURSOR, text, err);
    if (rc != ES_OK) return rc;
    catchup->state.cursor = catchup->next_cursor;
    memcpy(catchup->date, catchup->next_date, sizeof catchup->date);
    return ES_OK;
}

enum es_errc es_catchup_commit(struct es_catchup *catchup, struct es_site *site, struct es_error *err)
{
    struct es_ledger *ledger = es_site_ledger(site);
    char text[32];
    enum es_errc rc = ES_OK;
    es_aside_commit(&catchup->aside);
    catchup->state.waiting = catchup->aside.count;
    if (catchup->aside.count > 0 && !catchup->noted_again) { /* before the cursor passes them */
        snprintf(text, sizeof text, "%" PRIu64, catchup->state.cursor);
        rc = es_ledger_note_set(ledger, NOTE_AGAIN, text, err);
        catchup->noted_again = rc == ES_OK;
    }
    if (rc == ES_OK) rc = commit_cursor(catchup, ledger, err);
    if (rc == ES_OK && catchup->aside.count == 0 && catchup->noted_again) {
        rc = es_ledger_note_set(ledger, NOTE_AGAIN, "", err);
        catchup->noted_again = rc != ES_OK;
    }
    if (rc != ES_OK) return rc;
    if (catchup->walk_done) {
        catchup->walk_done = catchup->state.walking = false;
        catchup->walk_waits = true;
    }
    if (catchup->walk_waits && catchup->aside.count == 0) {
        rc = es_ledger_note_set(ledger, NOTE_WALK, "", err);
        if (rc != ES_OK) return rc;
        catchup->walk_waits = false;
        if (catchup->state.gap) catchup->state.gap_closed = es_clock();
    }
    return ES_OK;
}
