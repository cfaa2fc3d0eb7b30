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

struct kept {
    cJSON *record; /* owned */
    uint64_t turn; /* 0: none was needed */
    size_t chain, place;
    bool stands;
};

struct reading {
    struct kept *kept; /* owned */
    size_t n, room;
    uint64_t *turns;   /* owned: those that were taken */
    size_t n_turns, turns_room;
    char sha256[2 * ES_SHA256_SIZE + 1];
    char *text; /* owned: the parts so far */
    size_t len, parts;
    bool no_memory;
};

static void *room_for(void *items, size_t *room, size_t count, size_t size)
{
    if (count < *room) return items;
    void *grown = reallocarray(items, count + 16, size);
    if (grown) *room = count + 16;
    return grown;
}

/** The record is whole. One that does not read was written by nobody here and is left out. */
static void finish(struct reading *r, size_t chain)
{
    cJSON *record = NULL;
    r->parts = 0;
    if (es_json_parse(&record, r->text, r->len, false, NULL) != ES_OK) return;
    const double turn = es_view_number(record, "turn");
    struct kept *grown = room_for(r->kept, &r->room, r->n, sizeof *r->kept);
    if (grown) {
        const uint64_t number = turn >= 1 && turn < 9007199254740992.0 ? (uint64_t)turn : 0;
        r->kept = grown;
        r->kept[r->n] = (struct kept){record, number, chain, r->n, number == 0};
        r->n++;
        return;
    }
    cJSON_Delete(record);
    r->no_memory = true;
}

/** A turn was taken: the last record that was made for it in the same chain stands, and all others of that turn were never shown. */
static void take_turn(struct reading *r, uint64_t turn, size_t chain)
{
    uint64_t *grown = room_for(r->turns, &r->turns_room, r->n_turns, sizeof *r->turns);
    if (!grown) {
        r->no_memory = true;
        return;
    }
    r->turns = grown;
    r->turns[r->n_turns++] = turn;
    for (size_t i = r->n; i > 0; i--) {
        struct kept *at = &r->kept[i - 1];
        if (at->turn != turn || at->chain != chain) continue;
        at->stands = true;
        return;
    }
}

static void take_text(struct reading *r, const cJSON *published, const char *sha256, size_t chain)
{
    const char *text = es_view_string(published, "text");
    const double part = es_view_number(published, "part"), of = es_view_number(published, "of");
    const size_t more = strlen(text);
    if (part == 1) {
        r->len = r->parts = 0;
        (void)snprintf(r->sha256, sizeof r->sha256, "%s", sha256);
    }
    if ((double)(r->parts + 1) != part || strcmp(r->sha256, sha256) != 0) return;
    char *grown = realloc(r->text, r->len + more + 1);
    if (!grown) {
        r->no_memory = true;
        return;
    }
    memcpy(grown + r->len, text, more + 1);
    r->text = grown;
    r->len += more;
    r->parts++;
    if (part == of) finish(r, chain);
}

static bool take_part(void *context, const char *document, size_t chain)
{
    struct reading *r = context;
    cJSON *root = NULL;
    if (es_json_parse(&root, document, strlen(document), false, NULL) != ES_OK) return true;
    const cJSON *published = cJSON_GetObjectItemCaseSensitive(root, "published");
    const double turn = es_view_number(published, "turn");
    if (turn >= 1 && turn < 9007199254740992.0) take_turn(r, (uint64_t)turn, chain);
    else take_text(r, published, es_view_string(root, "sha256"), chain);
    cJSON_Delete(root);
    return !r->no_memory;
}

static int by_turn(const void *left, const void *right)
{
    const struct kept *a = left, *b = right;
    if (a->turn != b->turn) return a->turn > b->turn ? 1 : -1;
    return a->place > b->place ? 1 : -1;
}

/** The first turn that nobody took: whoever takes it knows all that stands before it. */
static uint64_t next_turn(const struct reading *r)
{
    uint64_t next = 1;
    for (size_t i = 0; i < r->n_turns; i++) { /* ascending but for what came from several chains at once */
        if (r->turns[i] != next) continue;
        next++;
        i = SIZE_MAX; /* once more from the first */
    }
    return next;
}

static enum es_errc put_out(struct reading *r, const char *schema, cJSON *out, struct es_error *err)
{
    /* Those without a turn are of a ledger of one chain, in its order, or from before there were turns. */
    if (r->n > 1) qsort(r->kept, r->n, sizeof *r->kept, by_turn);
    for (size_t i = 0; i < r->n; i++) {
        const char *found = es_view_string(cJSON_GetObjectItemCaseSensitive(r->kept[i].record, "release"), "schema");
        if (!r->kept[i].stands || (schema ? strcmp(found, schema) != 0 : !*found)) continue;
        if (!cJSON_AddItemToArray(out, r->kept[i].record)) return es_fail(err, ES_E_MEMORY, "no memory for earlier releases");
        r->kept[i].record = NULL;
    }
    return ES_OK;
}

enum es_errc es_between_read(struct es_site *site, const char *schema, cJSON **out, uint64_t *turn, struct es_error *err)
{
    struct reading r = {0};
    bool whole = true;
    cJSON *list = cJSON_CreateArray();
    if (!list) return es_fail(err, ES_E_MEMORY, "no memory for earlier releases");
    enum es_errc code = es_site_walk_releases(site, take_part, &r, &whole, err);
    if (code == ES_OK && r.no_memory) code = es_fail(err, ES_E_MEMORY, "no memory for earlier releases");
    if (code == ES_OK) code = put_out(&r, schema, list, err);
    if (code == ES_OK && turn) *turn = next_turn(&r);
    for (size_t i = 0; i < r.n; i++) cJSON_Delete(r.kept[i].record);
    free(r.kept);
    free(r.turns);
    free(r.text);
    if (code != ES_OK) cJSON_Delete(list);
    else *out = list;
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

/** An event about releases for outsiders, and the document it is to carry. @param out  owned by the caller, whatever is returned
 * @param doc  for end_event() */
static enum es_errc begin_event(struct es_message **out, cJSON **doc, struct es_error *err)
{
    *doc = cJSON_CreateObject();
    *out = malloc(sizeof **out);
    if (*out) es_message_init(*out);
    if (!*out || !*doc) {
        cJSON_Delete(*doc);
        return es_fail(err, ES_E_MEMORY, "no memory to record a release");
    }
    (*out)->kind = ES_EVENT_RELEASE;
    return ES_OK;
}

static enum es_errc end_event(struct es_message *message, cJSON *doc, const struct es_tree *t, struct es_error *err)
{
    const enum es_errc e = t->failed ? es_fail(err, ES_E_MEMORY, "no memory to record a release") : es_json_canonical(doc, &message->document, err);
    cJSON_Delete(doc);
    return e;
}

static enum es_errc make_part(struct es_message **out, char *text, size_t from, size_t end, const char *sha256, size_t part, size_t of,
                              struct es_error *err)
{
    struct es_tree t = {0};
    cJSON *doc = NULL;
    const enum es_errc e = begin_event(out, &doc, err);
    if (e != ES_OK) return e;
    const char kept = text[end];
    text[end] = '\0';
    es_tree_text(&t, doc, "audience", "external");
    es_tree_text(&t, doc, "sha256", sha256);
    cJSON *published = es_tree_object(&t, doc, "published");
    es_tree_count(&t, published, "part", part);
    es_tree_count(&t, published, "of", of);
    es_tree_text(&t, published, "text", text + from);
    text[end] = kept;
    return end_event(*out, doc, &t, err);
}

/** The event that takes a turn: the same from every node, so that the ledger takes it once. */
static enum es_errc make_turn(struct es_message **out, uint64_t turn, struct es_error *err)
{
    struct es_tree t = {0};
    cJSON *doc = NULL;
    const enum es_errc e = begin_event(out, &doc, err);
    if (e != ES_OK) return e;
    es_tree_text(&t, doc, "audience", "external");
    es_tree_count(&t, es_tree_object(&t, doc, "published"), "turn", turn);
    return end_event(*out, doc, &t, err);
}

static enum es_errc take(struct es_site *site, struct es_message **messages, size_t n, bool *last_taken, struct es_error *err)
{
    struct es_receipt *receipts = calloc(n, sizeof *receipts);
    enum es_errc e = receipts ? es_site_take(site, (const struct es_message *const *)messages, n, receipts, err)
                              : es_fail(err, ES_E_MEMORY, "no memory to record a release");
    for (size_t i = 0; e == ES_OK && i < n; i++)
        if (receipts[i].outcome == ES_OUTCOME_REFUSED)
            e = es_fail(err, receipts[i].error.code, "record a release for outsiders: %s", receipts[i].error.text);
    if (e == ES_OK) *last_taken = receipts[n - 1].outcome != ES_OUTCOME_DUPLICATE;
    free(receipts);
    return e;
}

/** Its parts, then the turn: one batch. */
static enum es_errc write_text(struct es_site *site, char *text, size_t len, uint64_t turn, bool *taken, struct es_error *err)
{
    uint8_t digest[ES_SHA256_SIZE];
    char sha256[2 * ES_SHA256_SIZE + 1];
    size_t of = 0, n = 0, at = 0;
    for (size_t end = 0; end < len; of++) end = part_end(text, end, len);
    struct es_message **messages = calloc(of + 1, sizeof(struct es_message *));
    enum es_errc e = messages ? es_sha256(&(struct es_hash_part){text, len}, 1, digest, err)
                              : es_fail(err, ES_E_MEMORY, "no memory to record a release");
    if (e == ES_OK) es_hex(digest, sizeof digest, sha256);
    while (e == ES_OK && n < of) {
        const size_t end = part_end(text, at, len);
        e = make_part(&messages[n], text, at, end, sha256, n + 1, of, err);
        at = end;
        n++;
    }
    if (e == ES_OK && turn > 0) e = make_turn(&messages[n++], turn, err);
    if (e == ES_OK) e = take(site, messages, n, taken, err);
    for (size_t i = 0; messages && i <= of; i++) {
        if (messages[i]) es_message_clear(messages[i]);
        free(messages[i]);
    }
    free(messages);
    return e;
}

enum es_errc es_between_write(struct es_site *site, cJSON *record, uint64_t turn, bool *taken, struct es_error *err)
{
    struct es_tree t = {0};
    if (turn > 0) es_tree_count(&t, record, "turn", turn);
    char *text = t.failed ? NULL : cJSON_PrintUnformatted(record);
    const enum es_errc e = text ? write_text(site, text, strlen(text), turn, taken, err) : es_fail(err, ES_E_MEMORY, "no memory to record a release");
    if (e == ES_OK && turn == 0) *taken = true;
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
