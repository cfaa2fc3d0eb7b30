/* SPDX-License-Identifier: Apache-2.0 */
/* A release leaves its mark in the ledger: what was shown, to whom, and from which events. */
#include <stdlib.h>
#include <string.h>

#include "plugin/base/hash.h"
#include "plugin/base/json.h"
#include "plugin/report/report.h"
#include "plugin/report/tree.h"
#include "plugin/report/view.h"

/** The event's document: digest of the JSON bytes, audience, period, basis. */
static enum es_errc document(const cJSON *release, char **out, struct es_error *err)
{
    struct es_bytes bytes = {0};
    struct es_tree t = {0};
    uint8_t digest[ES_SHA256_SIZE];
    char hex[2 * ES_SHA256_SIZE + 1];
    enum es_errc e = es_render_json(release, &bytes, err);
    if (e == ES_OK) e = es_sha256(&(struct es_hash_part){bytes.data, bytes.len}, 1, digest, err);
    es_bytes_free(&bytes);
    if (e != ES_OK) return e;
    es_hex(digest, sizeof digest, hex);
    cJSON *doc = cJSON_CreateObject();
    const cJSON *period = cJSON_GetObjectItemCaseSensitive(release, "period");
    es_tree_text(&t, doc, "sha256", hex);
    es_tree_text(&t, doc, "audience", es_view_string(cJSON_GetObjectItemCaseSensitive(release, "disclosure"), "audience"));
    es_tree_text_or_null(&t, doc, "from", es_view_string(period, "from"));
    es_tree_text_or_null(&t, doc, "to", es_view_string(period, "to"));
    es_tree_copy(&t, doc, "basis", es_view_at(release, "ledger", "heads"));
    e = t.failed ? es_fail(err, ES_E_MEMORY, "no memory to record a release") : es_json_canonical(doc, out, err);
    cJSON_Delete(doc);
    return e;
}

enum es_errc es_report_record(struct es_site *site, const cJSON *release, struct es_error *err)
{
    struct es_message *message = malloc(sizeof *message);
    if (!message) return es_fail(err, ES_E_MEMORY, "no memory to record a release");
    es_message_init(message);
    message->kind = ES_EVENT_RELEASE;
    enum es_errc e = es_report_record_alarms(site, release, NULL, err);
    if (e == ES_OK) e = document(release, &message->document, err);
    struct es_receipt receipt = {0};
    if (e == ES_OK) e = es_site_take(site, (const struct es_message *const *)&message, 1, &receipt, err);
    if (e == ES_OK && receipt.outcome == ES_OUTCOME_REFUSED) e = es_fail(err, receipt.error.code, "record a release: %s", receipt.error.text);
    es_message_clear(message);
    free(message);
    return e;
}
