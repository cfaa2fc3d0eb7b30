/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Lines that were posted: taken in batches, answered with what became of each line. */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/secret.h"
#include "plugin/worker/load.h"

#define LINES 256        /* messages of one commit */
#define MAX_REASONS 100  /* refused lines that are named, the first of them; all are counted */

struct reason {
    uint64_t line;
    char text[ES_ERROR_TEXT];
};

struct lines {
    struct es_site *site;
    struct es_message *messages[LINES];
    uint64_t numbers[LINES]; /* line of each message, from 1 */
    struct es_receipt *receipts;
    size_t n;
    struct es_load_counts counts;
    uint64_t committed; /* lines of committed batches */
    struct reason reasons[MAX_REASONS]; /* by rising line */
    size_t n_reasons;
};

/* A line that is no message is known at once, one that a rule refuses at its batch's commit: put into its place by its number. */
static void refuse(struct lines *all, uint64_t line, const struct es_error *why)
{
    all->counts.refused++;
    if (all->n_reasons == MAX_REASONS && line > all->reasons[MAX_REASONS - 1].line) return;
    size_t at = all->n_reasons < MAX_REASONS ? all->n_reasons++ : MAX_REASONS - 1;
    for (; at > 0 && all->reasons[at - 1].line > line; at--) all->reasons[at] = all->reasons[at - 1];
    all->reasons[at].line = line;
    memcpy(all->reasons[at].text, why->text, sizeof all->reasons[at].text);
}

static enum es_errc flush(struct lines *all, struct es_error *err)
{
    if (all->n == 0) return ES_OK;
    const enum es_errc rc =
        es_site_take(all->site, (const struct es_message *const *)all->messages, all->n, all->receipts, err);
    for (size_t i = 0; rc == ES_OK && i < all->n; i++) {
        switch (all->receipts[i].outcome) {
        case ES_OUTCOME_TAKEN: all->counts.taken++; break;
        case ES_OUTCOME_REVISED: all->counts.revised++; break;
        case ES_OUTCOME_DUPLICATE: all->counts.duplicate++; break;
        case ES_OUTCOME_REFUSED: refuse(all, all->numbers[i], &all->receipts[i].error); break;
        }
    }
    if (rc == ES_OK) all->committed = all->numbers[all->n - 1];
    for (size_t i = 0; i < all->n; i++) es_message_clear(all->messages[i]);
    all->n = 0;
    return rc;
}

static bool blank(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r') return false;
    }
    return true;
}

static enum es_errc take_line(struct lines *all, const char *line, size_t len, uint64_t number, struct es_error *err)
{
    if (blank(line, len)) return ES_OK;
    if (all->n == LINES) {
        const enum es_errc rc = flush(all, err);
        if (rc != ES_OK) return rc;
    }
    struct es_message **slot = &all->messages[all->n];
    if (*slot == NULL) *slot = es_secret_new(sizeof **slot);
    if (*slot == NULL) return es_fail(err, ES_E_MEMORY, "memory ran out");
    es_message_init(*slot);
    struct es_error why = {0};
    if (es_message_from_json(*slot, line, len, &why) != ES_OK) {
        es_message_clear(*slot);
        refuse(all, number, &why);
        return ES_OK;
    }
    all->numbers[all->n++] = number;
    return ES_OK;
}

static char *answer_of(struct lines *all, enum es_errc rc, const struct es_error *why)
{
    cJSON *answer = cJSON_CreateObject();
    cJSON_AddNumberToObject(answer, "taken", (double)all->counts.taken);
    cJSON_AddNumberToObject(answer, "revised", (double)all->counts.revised);
    cJSON_AddNumberToObject(answer, "duplicate", (double)all->counts.duplicate);
    cJSON_AddNumberToObject(answer, "refused", (double)all->counts.refused);
    if (rc != ES_OK) {
        cJSON_AddNumberToObject(answer, "committed_lines", (double)all->committed);
        cJSON_AddStringToObject(answer, "reason", why != NULL ? why->text : es_errc_name(rc));
    }
    cJSON *list = cJSON_AddArrayToObject(answer, "lines");
    for (size_t i = 0; i < all->n_reasons; i++) {
        cJSON *entry = cJSON_CreateObject();
        cJSON_AddNumberToObject(entry, "line", (double)all->reasons[i].line);
        cJSON_AddStringToObject(entry, "reason", all->reasons[i].text);
        cJSON_AddItemToArray(list, entry);
    }
    if (all->counts.refused > all->n_reasons)
        cJSON_AddNumberToObject(answer, "lines_left_out", (double)(all->counts.refused - all->n_reasons));
    char *text = cJSON_PrintUnformatted(answer);
    cJSON_Delete(answer);
    return text;
}

enum es_errc es_load_lines(struct es_site *site, const char *body, size_t len, struct es_load_counts *counts, char **answer,
                           struct es_error *err)
{
    struct lines *all = calloc(1, sizeof *all);
    if (all != NULL) {
        all->site = site;
        all->receipts = calloc(LINES, sizeof *all->receipts);
    }
    enum es_errc rc = ES_OK;
    struct es_error why = {0};
    if (all == NULL || all->receipts == NULL) rc = es_fail(err, ES_E_MEMORY, "memory ran out");
    uint64_t number = 0;
    for (size_t at = 0; rc == ES_OK && at < len;) {
        const char *end = memchr(body + at, '\n', len - at);
        const size_t line = end != NULL ? (size_t)(end - (body + at)) : len - at;
        rc = take_line(all, body + at, line, ++number, &why);
        at += line + 1;
    }
    if (rc == ES_OK) rc = flush(all, &why);
    if (all != NULL) {
        *answer = answer_of(all, rc, &why);
        if (*answer == NULL && rc == ES_OK) rc = es_fail(err, ES_E_MEMORY, "memory ran out");
        counts->taken += all->counts.taken;
        counts->revised += all->counts.revised;
        counts->duplicate += all->counts.duplicate;
        counts->refused += all->counts.refused;
    }
    if (rc != ES_OK && err != NULL && err->code == ES_OK) *err = why;
    for (size_t i = 0; all != NULL && i < LINES; i++) {
        if (i < all->n && all->messages[i] != NULL) es_message_clear(all->messages[i]);
        es_secret_free(all->messages[i]);
    }
    if (all != NULL) free(all->receipts);
    free(all);
    return rc;
}
