/* SPDX-License-Identifier: Apache-2.0 */
/* Records of releases for outsiders in the ledger: read, written, and when the next may be made. */
#include "plugin/report/record/between.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/hash.h"
#include "plugin/base/json.h"
#include "plugin/base/time.h"
#include "plugin/report/view.h"

#define PART_BYTES (384u * 1024) /* of a record in one event, whose limit is 1 MiB: every byte may need an escape */

#define DEFAULT_EVERY (30 * ES_MICROSECONDS_A_DAY)

/* ---- reading ---- */

struct reading {
    cJSON *out;
    const char *schema;
    char sha256[2 * ES_SHA256_SIZE + 1];
    char *text; /* owned: the parts so far */
    size_t len, parts;
    bool no_memory;
};

/** The record is whole. One that does not read was written by nobody here and is left out. */
static void finish(struct reading *r)
{
    cJSON *record = NULL;
    if (es_json_parse(&record, r->text, r->len, false, NULL) == ES_OK) {
        const char *schema = es_view_string(cJSON_GetObjectItemCaseSensitive(record, "release"), "schema");
        if (r->schema ? strcmp(schema, r->schema) != 0 : !*schema) cJSON_Delete(record);
        else if (!cJSON_AddItemToArray(r->out, record)) {
            cJSON_Delete(record);
            r->no_memory = true;
        }
    }
    r->len = r->parts = 0;
}

static bool take_part(void *context, const char *document)
{
    struct reading *r = context;
    cJSON *root = NULL;
    if (es_json_parse(&root, document, strlen(document), false, NULL) != ES_OK) return true;
    const cJSON *published = cJSON_GetObjectItemCaseSensitive(root, "published");
    const char *text = es_view_string(published, "text"), *sha256 = es_view_string(root, "sha256");
    const double part = es_view_number(published, "part"), of = es_view_number(published, "of");
    const size_t more = strlen(text);
    if (part == 1) {
        r->len = r->parts = 0;
        (void)snprintf(r->sha256, sizeof r->sha256, "%s", sha256);
    }
    if ((double)(r->parts + 1) == part && strcmp(r->sha256, sha256) == 0) {
        char *grown = realloc(r->text, r->len + more + 1);
        if (grown) {
            memcpy(grown + r->len, text, more + 1);
            r->text = grown;
            r->len += more;
            r->parts++;
        }
        r->no_memory |= !grown;
        if (grown && part == of) finish(r);
    }
    cJSON_Delete(root);
    return !r->no_memory;
}

enum es_errc es_between_read(struct es_site *site, const char *schema, cJSON **out, struct es_error *err)
{
    struct reading r = {.out = cJSON_CreateArray(), .schema = schema};
    bool whole = true;
    if (!r.out) return es_fail(err, ES_E_MEMORY, "no memory for earlier releases");
    enum es_errc code = es_site_walk_releases(site, take_part, &r, &whole, err);
    if (code == ES_OK && r.no_memory) code = es_fail(err, ES_E_MEMORY, "no memory for earlier releases");
    free(r.text);
    if (code != ES_OK) cJSON_Delete(r.out);
    else *out = r.out;
    return code;
}

/* ---- writing ---- */

/** The end of a part: at most so many bytes, and no character cut. */
static size_t part_end(const char *text, size_t from, size_t len)
{
    size_t end = len - from > PART_BYTES ? from + PART_BYTES : len;
    while (end < len && ((unsigned char)text[end] & 0xC0) == 0x80) end--;
    return end;
}

static enum es_errc make_part(struct es_message **out, char *text, size_t from, size_t end, const char *sha256, size_t part, size_t of,
                              struct es_error *err)
{
    struct es_tree t = {0};
    cJSON *doc = cJSON_CreateObject();
    const char kept = text[end];
    struct es_message *message = malloc(sizeof *message);
    if (!message || !doc) {
        free(message);
        cJSON_Delete(doc);
        return es_fail(err, ES_E_MEMORY, "no memory to record a release");
    }
    es_message_init(message);
    message->kind = ES_EVENT_RELEASE;
    *out = message;
    text[end] = '\0';
    es_tree_text(&t, doc, "audience", "external");
    es_tree_text(&t, doc, "sha256", sha256);
    cJSON *published = es_tree_object(&t, doc, "published");
    es_tree_count(&t, published, "part", part);
    es_tree_count(&t, published, "of", of);
    es_tree_text(&t, published, "text", text + from);
    text[end] = kept;
    const enum es_errc e = t.failed ? es_fail(err, ES_E_MEMORY, "no memory to record a release") : es_json_canonical(doc, &message->document, err);
    cJSON_Delete(doc);
    return e;
}

static enum es_errc take(struct es_site *site, struct es_message **messages, size_t n, struct es_error *err)
{
    struct es_receipt *receipts = calloc(n, sizeof *receipts);
    enum es_errc e = receipts ? es_site_take(site, (const struct es_message *const *)messages, n, receipts, err)
                              : es_fail(err, ES_E_MEMORY, "no memory to record a release");
    for (size_t i = 0; e == ES_OK && i < n; i++)
        if (receipts[i].outcome == ES_OUTCOME_REFUSED)
            e = es_fail(err, receipts[i].error.code, "record a release for outsiders: %s", receipts[i].error.text);
    free(receipts);
    return e;
}

enum es_errc es_between_write(struct es_site *site, const cJSON *record, struct es_error *err)
{
    uint8_t digest[ES_SHA256_SIZE];
    char sha256[2 * ES_SHA256_SIZE + 1], *text = cJSON_PrintUnformatted(record);
    const size_t len = text ? strlen(text) : 0;
    size_t of = 0, n = 0, at = 0;
    for (size_t end = 0; end < len; of++) end = part_end(text, end, len);
    struct es_message **messages = calloc(of ? of : 1, sizeof(struct es_message *));
    enum es_errc e = text && messages ? es_sha256(&(struct es_hash_part){text, len}, 1, digest, err)
                                      : es_fail(err, ES_E_MEMORY, "no memory to record a release");
    if (e == ES_OK) es_hex(digest, sizeof digest, sha256);
    while (e == ES_OK && n < of) {
        const size_t end = part_end(text, at, len);
        e = make_part(&messages[n], text, at, end, sha256, n + 1, of, err);
        at = end;
        n++;
    }
    if (e == ES_OK) e = take(site, messages, of, err);
    for (size_t i = 0; messages && i < of; i++) {
        if (messages[i]) es_message_clear(messages[i]);
        free(messages[i]);
    }
    free(messages);
    cJSON_free(text);
    return e;
}

enum es_errc es_between_as_recorded(const cJSON *release, cJSON **out, struct es_error *err)
{
    char *text = cJSON_PrintUnformatted(release);
    *out = text ? cJSON_Parse(text) : NULL;
    cJSON_free(text);
    return *out ? ES_OK : es_fail(err, ES_E_MEMORY, "no memory for a release for outsiders");
}

/* ---- when, and in words ---- */

enum es_errc es_between_none(struct es_error *err)
{
    return es_fail(err, ES_E_STATE, "no report for outsiders was made by then; one is recorded as it is made, so that the next cannot be subtracted from it");
}


bool es_between_due(const struct es_config *config, const char *as_of, int64_t now, int32_t *next)
{
    int64_t made = 0, after = 0;
    const int64_t every = config->release_every_us > 0 ? config->release_every_us : DEFAULT_EVERY;
    bool zone = false;
    *next = ES_NO_DAY;
    if (!es_instant_parse(as_of, &made, &zone)) return now != ES_NO_INSTANT; /* it was of an empty ledger */
    if (__builtin_add_overflow(made, every, &after)) return false;
    *next = es_instant_day(after);
    if (after % ES_MICROSECONDS_A_DAY) *next += 1;
    return now != ES_NO_INSTANT && now >= after;
}

void es_between_tell(struct es_tree *t, cJSON *release, const struct es_config *config, size_t earlier)
{
    char next[ES_DAY_TEXT] = "", words[400];
    int32_t day = ES_NO_DAY;
    cJSON *out = cJSON_GetObjectItemCaseSensitive(release, "disclosure");
    (void)es_between_due(config, es_view_string(release, "as_of"), ES_NO_INSTANT, &day);
    if (day != ES_NO_DAY) es_day_format(day, next);
    (void)snprintf(words, sizeof words,
                   "shown again as it stands until a next report for outsiders is made, %s%s; what changed by too few patients since an earlier one is "
                   "suppressed until it has changed by enough",
                   *next ? "from " : "once the ledger tells a time", next);
    es_tree_count(t, out, "earlier_releases", earlier);
    es_tree_text_or_null(t, out, "next_from", next);
    es_tree_text(t, out, "words", words);
}
