/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/report.h"

#include <stdlib.h>
#include <string.h>

#include "dicom/secret.h"
#include "dicom/text.h"

struct es_report_facts *es_report_new(const struct es_algorithm *fallback)
{
    struct es_report_facts *report = es_secret_new(sizeof *report);
    if (!report) return NULL;
    report->algorithms = es_secret_new(sizeof *report->algorithms);
    if (!report->algorithms) {
        es_secret_free(report);
        return NULL;
    }
    report->algorithm = report->algorithms[0] = *fallback;
    report->n_algorithms = 1;
    report->produced_us = INT64_MIN;
    return report;
}

void es_report_free(struct es_report_facts *report)
{
    if (!report) return;
    for (size_t i = 0; i < report->n_texts; i++) es_secret_free(report->texts[i].text);
    for (size_t i = 0; i < report->n_values; i++) es_secret_free(report->values[i].text);
    es_secret_free(report->texts);
    es_secret_free(report->values);
    es_secret_free(report->algorithms);
    es_secret_free(report->findings);
    es_secret_free(report->series);
    es_secret_free(report->images);
    es_secret_free(report->studies);
    es_secret_free(report);
}

/** Room for one more of a list that doubles from 16. `count` never passes the limits above, so nothing overflows. */
static void *grow(void *list, size_t count, size_t size)
{
    if (count > 0 && (count < 16 || (count & (count - 1)) != 0)) return list;
    return es_secret_resize(list, (count ? count * 2 : 16) * size);
}

struct es_sr_finding *es_report_finding(struct es_report_facts *report)
{
    if (report->n_findings >= ES_MAX_SR_FINDINGS) return NULL;
    struct es_sr_finding *more = grow(report->findings, report->n_findings, sizeof *more);
    if (!more) return NULL;
    report->findings = more;
    more[report->n_findings] = (struct es_sr_finding){.group = 0};
    return &more[report->n_findings];
}

static bool same_algorithm(const struct es_algorithm *a, const struct es_algorithm *b)
{
    return a->source == b->source && strcmp(a->name, b->name) == 0 && strcmp(a->version, b->version) == 0 &&
           strcmp(a->manufacturer, b->manufacturer) == 0 && strcmp(a->device_uid, b->device_uid) == 0;
}

bool es_report_algorithm(struct es_report_facts *report, const struct es_algorithm *algorithm, uint32_t *index)
{
    for (size_t i = 0; i < report->n_algorithms; i++) {
        if (!same_algorithm(&report->algorithms[i], algorithm)) continue;
        *index = (uint32_t)i;
        return true;
    }
    *index = 0;
    if (report->n_algorithms >= ES_MAX_REPORT_ALGORITHMS) {
        report->items_skipped++;
        return true;
    }
    struct es_algorithm *more = es_secret_resize(report->algorithms, (report->n_algorithms + 1) * sizeof *more);
    if (!more) return false;
    report->algorithms = more;
    *index = (uint32_t)report->n_algorithms;
    more[report->n_algorithms++] = *algorithm;
    return true;
}

bool es_report_text(struct es_report_facts *report, const struct es_report_text *text, size_t *bytes)
{
    const size_t len = strlen(text->text);
    if (report->n_texts >= ES_MAX_REPORT_TEXTS || *bytes + len > ES_MAX_REPORT_BYTES) {
        report->items_skipped++;
        es_secret_free(text->text);
        return true;
    }
    struct es_report_text *more = grow(report->texts, report->n_texts, sizeof *more);
    if (!more) {
        es_secret_free(text->text);
        return false;
    }
    report->texts = more;
    more[report->n_texts++] = *text;
    *bytes += len;
    return true;
}

void es_report_unread(struct es_report_facts *report, enum es_sr_value type, const struct es_code *concept)
{
    for (size_t i = 0; i < report->n_unread; i++) {
        struct es_unread_item *u = &report->unread[i];
        if (u->type != type || strcmp(u->concept.value, concept->value) != 0 || strcmp(u->concept.scheme, concept->scheme) != 0) continue;
        u->count++;
        return;
    }
    if (report->n_unread < ES_MAX_UNREAD) report->unread[report->n_unread++] = (struct es_unread_item){type, *concept, 1};
}

void es_report_time(const struct es_item *root, struct es_report_facts *report)
{
    /* Content, presentation state creation, secondary capture, instance creation; PS3.3 C.17.2, C.11.10, C.8.6.1, C.12.1 */
    static const uint32_t pairs[][2] = {{0x00080023, 0x00080033}, {0x00700082, 0x00700083}, {0x00181012, 0x00181014}, {0x00080012, 0x00080013}};
    char date[17], time[17], zone[17];
    int32_t day = 0;
    int64_t us = 0, offset = 0;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0] && report->produced_us == INT64_MIN; i++) {
        if (!es_item_text(root, pairs[i][0], date, sizeof date) || !es_text_date(date, strlen(date), &day)) continue;
        if (!es_item_text(root, pairs[i][1], time, sizeof time) || !es_text_time(time, strlen(time), &us)) continue;
        report->produced_us = day * INT64_C(86400000000) + us;
    }
    if (report->produced_us == INT64_MIN) return;
    if (!es_item_text(root, 0x00080201, zone, sizeof zone) || !es_text_zone(zone, strlen(zone), &offset)) return;
    report->produced_us -= offset;
    report->produced_zone_known = true;
}

char *es_report_decode(const struct es_item_cursor *element, const char *charset, size_t charset_len, bool lines, uint64_t *bad)
{
    char few[1024], wide[4 * 128 + 4]; /* enough for most; more come from pages of their own, which cost a call each way */
    char *raw = few, *decoded = wide, *text = NULL;
    size_t n = es_cursor_bytes(element, few, sizeof few), room = 0;
    if (n == sizeof few) {
        raw = es_secret_new(ES_MAX_REPORT_TEXT);
        if (!raw) return NULL;
        n = es_cursor_bytes(element, raw, ES_MAX_REPORT_TEXT);
    } else if (n == 0) {
        char begin[2];
        (void)es_cursor_text(element, begin, sizeof begin); /* of what was too long to keep, only that it is there is known */
        *bad += begin[0] != '\0';
    }
    if (n == 0 || __builtin_mul_overflow(n + 1, (size_t)4, &room)) decoded = NULL; /* no character needs more than 4 bytes of UTF-8 */
    else if (room > sizeof wide) decoded = es_secret_new(room);
    if (decoded) {
        const enum es_text_status status = es_text_decode_long(charset, charset_len, raw, n, lines, decoded, room);
        if (status == ES_TEXT_BAD || n == ES_MAX_REPORT_TEXT) ++*bad;
        if (decoded[0]) text = es_secret_text(decoded); /* most are far shorter than they could be */
        if (decoded != wide) es_secret_free(decoded);
    }
    if (raw != few) es_secret_free(raw);
    return text;
}
