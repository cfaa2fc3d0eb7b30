/* SPDX-License-Identifier: Apache-2.0 */
/* The worker's status as text, for a host's threads: plain formatting into a given buffer. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "plugin/base/time.h"
#include "plugin/worker/worker.h"

const char *es_worker_phase_name(enum es_worker_phase phase)
{
    static const char *const names[] = {"starting", "ready", "degraded", "stopped"};
    return (size_t)phase < sizeof names / sizeof names[0] ? names[phase] : "unknown";
}

const char *es_json_escape(const char *text, char *out, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    size_t n = 0;
    for (; *text != '\0' && n + 7 < size; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            out[n++] = '\\';
            out[n++] = (char)c;
        } else if (c < 0x20) {
            out[n++] = '\\';
            out[n++] = 'u';
            out[n++] = '0';
            out[n++] = '0';
            out[n++] = digits[c >> 4];
            out[n++] = digits[c & 15];
        } else out[n++] = (char)c;
    }
    out[n] = '\0';
    return out;
}

/* Append; what does not fit is left out. */
ES_PRINTF(4, 5)
static void put(char *out, size_t size, size_t *at, const char *format, ...)
{
    if (*at >= size) return;
    va_list arguments;
    va_start(arguments, format);
    const int n = vsnprintf(out + *at, size - *at, format, arguments);
    va_end(arguments);
    if (n > 0) *at += (size_t)n < size - *at ? (size_t)n : size - *at - 1;
}

static void put_instant(char *out, size_t size, size_t *at, const char *key, int64_t instant)
{
    char text[ES_INSTANT_TEXT];
    if (instant == ES_NO_INSTANT) {
        put(out, size, at, ",\"%s\":null", key);
        return;
    }
    es_instant_format(instant, text);
    put(out, size, at, ",\"%s\":\"%s\"", key, text);
}

size_t es_worker_status_json(const struct es_worker_status *status, char *out, size_t size)
{
    const struct es_load_counts *c = &status->counts;
    const struct es_catchup_state *catchup = &status->catchup;
    char reason[2 * ES_ERROR_TEXT], from[2 * ES_HOST_DATE_SIZE];
    size_t at = 0;
    out[0] = '\0';
    put(out, size, &at, "{\"state\":\"%s\",\"settled\":%s", es_worker_phase_name(status->phase), status->settled ? "true" : "false");
    if (status->phase == ES_WORKER_DEGRADED) {
        put(out, size, &at, ",\"reason\":\"%s\"", es_json_escape(status->reason, reason, sizeof reason));
        put_instant(out, size, &at, "since", status->degraded_since);
    }
    put(out, size, &at, ",\"inbox\":{\"offered\":%" PRIu64 ",\"waiting\":%zu,\"overflowed\":%" PRIu64 "}", status->offered,
        status->waiting, status->overflowed);
    put(out, size, &at,
        ",\"objects\":{\"skimmed\":%" PRIu64 ",\"fetched\":%" PRIu64 ",\"silent\":%" PRIu64 ",\"gone\":%" PRIu64
        ",\"too_large\":%" PRIu64 ",\"unreadable\":%" PRIu64 ",\"waiting\":%zu}",
        c->skimmed, c->fetched, c->silent, c->gone, c->too_large, c->unreadable, catchup->waiting);
    put(out, size, &at,
        ",\"events\":{\"taken\":%" PRIu64 ",\"revised\":%" PRIu64 ",\"duplicate\":%" PRIu64 ",\"refused\":%" PRIu64 "}", c->taken,
        c->revised, c->duplicate, c->refused);
    put(out, size, &at, ",\"ledger\":{\"seq\":%" PRIu64 ",\"spooled\":%" PRIu64 "}", status->ledger_seq, status->spooled);
    put(out, size, &at, ",\"masks\":{\"kept\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"limit\":%" PRIu64 ",\"dropped\":%" PRIu64 "}", status->masks.masks,
        status->masks.bytes, status->masks_limit, status->masks.dropped);
    if (status->has_release) put(out, size, &at, ",\"release\":{\"basis\":%" PRIu64 "}", status->release_basis);
    else put(out, size, &at, ",\"release\":null");
    put(out, size, &at, ",\"catch_up\":{\"cursor\":%" PRIu64 ",\"up_to_date\":%s,\"walking\":%s,\"series_walked\":%" PRIu64 "}",
        catchup->cursor, catchup->up_to_date ? "true" : "false", catchup->walking ? "true" : "false", catchup->series_walked);
    if (catchup->gap) {
        put(out, size, &at, ",\"gap\":{\"after\":\"%s\"", es_json_escape(catchup->gap_from, from, sizeof from));
        put_instant(out, size, &at, "noticed", catchup->gap_noticed);
        put_instant(out, size, &at, "closed", catchup->gap_closed);
        put(out, size, &at, "}");
    } else put(out, size, &at, ",\"gap\":null");
    put(out, size, &at, "}\n");
    return at;
}

/* The inside of an OpenMetrics label: three escapes; a control character is a blank. */
static const char *label(const char *text, char *out, size_t size)
{
    size_t n = 0;
    for (; *text != '\0' && n + 3 < size; text++) {
        if (*text == '"' || *text == '\\') out[n++] = '\\';
        out[n++] = (unsigned char)*text < 0x20 ? ' ' : *text;
    }
    out[n] = '\0';
    return out;
}

size_t es_worker_status_metrics(const struct es_worker_status *status, char *out, size_t size)
{
    const struct es_load_counts *c = &status->counts;
    const struct {
        const char *name, *help;
        uint64_t value;
        bool total;
    } rows[] = {
        {"evensight_worker_ready", "1 when the ledger is open and writable", status->phase == ES_WORKER_READY, false},
        {"evensight_worker_inbox_items", "Instances waiting for the worker", status->waiting, false},
        {"evensight_worker_spooled", "Events that wait for a shared ledger to come back", status->spooled, false},
        {"evensight_masks_kept", "Masks kept beside the ledger", status->masks.masks, false},
        {"evensight_masks_bytes", "Bytes of the masks that are kept", status->masks.bytes, false},
        {"evensight_masks_limit_bytes", "Bytes of masks that may be kept", status->masks_limit, false},
        {"evensight_masks_dropped", "Masks dropped for want of room", status->masks.dropped, true},
        {"evensight_worker_offered", "Instances handed over by the host", status->offered, true},
        {"evensight_worker_overflowed", "Instances the inbox had no room for, read from the host later", status->overflowed, true},
        {"evensight_worker_objects_skimmed", "Objects read from their header", c->skimmed, true},
        {"evensight_worker_objects_fetched", "Objects read from the host", c->fetched, true},
        {"evensight_worker_objects_silent", "Objects that say nothing here", c->silent, true},
        {"evensight_worker_objects_gone", "Objects the host no longer had when they were to be read", c->gone, true},
        {"evensight_worker_objects_too_large", "AI objects beyond the size that is read", c->too_large, true},
        {"evensight_worker_objects_unreadable", "Objects that could not be read", c->unreadable, true},
        {"evensight_worker_objects_waiting", "Objects the host holds and could not give yet, asked for again", status->catchup.waiting, false},
        {"evensight_worker_events_taken", "Events appended", c->taken, true},
        {"evensight_worker_events_revised", "Events that revised an earlier one", c->revised, true},
        {"evensight_worker_events_duplicate", "Events that were there already", c->duplicate, true},
        {"evensight_worker_events_refused", "Events refused", c->refused, true},
    };
    size_t at = 0;
    out[0] = '\0';
    put(out, size, &at, "# TYPE evensight_degraded gauge\n# HELP evensight_degraded 1 when what the report shows may stand still\nevensight_degraded %d\n",
        status->phase == ES_WORKER_DEGRADED);
    if (status->phase == ES_WORKER_DEGRADED) {
        char reason[2 * ES_ERROR_TEXT];
        put(out, size, &at, "# TYPE evensight_degraded_since_seconds gauge\n# UNIT evensight_degraded_since_seconds seconds\n"
            "# HELP evensight_degraded_since_seconds When it became so, and why\nevensight_degraded_since_seconds{reason=\"%s\"} %" PRId64 "\n",
            label(status->reason, reason, sizeof reason), status->degraded_since / 1000000);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        put(out, size, &at, "# TYPE %s %s\n# HELP %s %s\n%s%s %" PRIu64 "\n", rows[i].name, rows[i].total ? "counter" : "gauge",
            rows[i].name, rows[i].help, rows[i].name, rows[i].total ? "_total" : "", rows[i].value);
    return at;
}
