/* SPDX-License-Identifier: Apache-2.0 */
/* Alarms leave their mark in the ledger: what was raised for whom, once, whoever makes the next report. */
#include <stdlib.h>
#include <string.h>

#include "plugin/base/json.h"
#include "plugin/report/report.h"
#include "plugin/report/tree.h"
#include "plugin/report/view.h"

#define BATCH 16 /* messages are large */

/** What stays the same however many cases follow: the identity is made of it. */
static enum es_errc document(const struct es_view_finding *at, const cJSON *alarm, char **out, struct es_error *err)
{
    struct es_tree t = {0};
    cJSON *doc = cJSON_CreateObject();
    es_tree_text(&t, doc, "model", at->model_name);
    es_tree_text_or_null(&t, doc, "version", at->version);
    es_tree_text(&t, doc, "finding", at->name);
    es_tree_copy(&t, doc, "group", cJSON_GetObjectItemCaseSensitive(alarm, "group"));
    es_tree_text(&t, doc, "metric", es_view_string(alarm, "metric"));
    es_tree_text(&t, doc, "direction", es_view_string(alarm, "direction"));
    es_tree_text_or_null(&t, doc, "exam_day", es_view_string(alarm, "exam_day"));
    const enum es_errc e = t.failed ? es_fail(err, ES_E_MEMORY, "no memory to record an alarm") : es_json_canonical(doc, out, err);
    cJSON_Delete(doc);
    return e;
}

struct batch {
    struct es_message *messages[BATCH]; /* owned */
    size_t n, taken;
};

static void clear(struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        es_message_clear(b->messages[i]);
        free(b->messages[i]);
    }
    b->n = 0;
}

static enum es_errc flush(struct es_site *site, struct batch *b, struct es_error *err)
{
    struct es_receipt receipts[BATCH] = {0};
    if (b->n == 0) return ES_OK;
    enum es_errc e = es_site_take(site, (const struct es_message *const *)b->messages, b->n, receipts, err);
    for (size_t i = 0; e == ES_OK && i < b->n; i++) {
        if (receipts[i].outcome == ES_OUTCOME_REFUSED) e = es_fail(err, receipts[i].error.code, "record an alarm: %s", receipts[i].error.text);
        b->taken += receipts[i].outcome == ES_OUTCOME_TAKEN;
    }
    clear(b);
    return e;
}

static enum es_errc add(struct es_site *site, struct batch *b, const struct es_view_finding *at, const cJSON *alarm, struct es_error *err)
{
    struct es_message *message = malloc(sizeof *message);
    if (!message) return es_fail(err, ES_E_MEMORY, "no memory to record an alarm");
    es_message_init(message);
    message->kind = ES_EVENT_ALARM;
    b->messages[b->n++] = message;
    const enum es_errc e = document(at, alarm, &message->document, err);
    return e == ES_OK && b->n == BATCH ? flush(site, b, err) : e;
}

/** For staff, over all exams: another period would begin its charts elsewhere. */
static bool whole(const cJSON *release)
{
    const cJSON *period = cJSON_GetObjectItemCaseSensitive(release, "period");
    return strcmp(es_view_string(cJSON_GetObjectItemCaseSensitive(release, "disclosure"), "audience"), "internal") == 0 &&
           !es_view_string(period, "from")[0] && !es_view_string(period, "to")[0];
}

enum es_errc es_report_record_alarms(struct es_site *site, const cJSON *release, size_t *taken, struct es_error *err)
{
    struct es_view_finding at = {0};
    struct batch batch = {0};
    enum es_errc e = ES_OK;
    while (e == ES_OK && whole(release) && es_view_next(release, &at)) {
        const cJSON *alarm;
        cJSON_ArrayForEach(alarm, cJSON_GetObjectItemCaseSensitive(at.finding, "alarms"))
        {
            /* a rule that rounds tells no day: then there is nothing to tell alarms apart by */
            if (e == ES_OK && cJSON_GetObjectItemCaseSensitive(alarm, "exam_day")) e = add(site, &batch, &at, alarm, err);
        }
    }
    if (e == ES_OK) e = flush(site, &batch, err);
    clear(&batch);
    if (e == ES_OK && taken) *taken = batch.taken;
    return e;
}
