/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/worker/doubt.h"

#include <string.h>

void es_doubt_restart(struct es_doubt *doubt)
{
    doubt->back_from = 0;
    doubt->passed[0] = doubt->passed[1] = ES_DOUBT_NOWHERE;
}

void es_doubt_init(struct es_doubt *doubt)
{
    memset(doubt, 0, sizeof *doubt);
    es_doubt_restart(doubt);
}

void es_doubt_overflowed(struct es_doubt *doubt, struct es_inbox *inbox)
{
    es_inbox_take_refused(inbox, &doubt->refused);
    doubt->overflowed = true;
}

bool es_doubt_refused(const struct es_doubt *doubt, const char *id) { return es_id_set_has(&doubt->refused, id); }

void es_doubt_passed(struct es_doubt *doubt, uint64_t cursor, uint64_t now_ms)
{
    const uint64_t age = now_ms - doubt->since;
    if (age >= ES_DOUBT_MS) {
        doubt->passed[1] = age < 2 * ES_DOUBT_MS ? doubt->passed[0] : ES_DOUBT_NOWHERE;
        doubt->passed[0] = ES_DOUBT_NOWHERE;
        doubt->since = now_ms;
    }
    if (doubt->passed[0] == ES_DOUBT_NOWHERE) doubt->passed[0] = cursor;
}

uint64_t es_doubt_back(const struct es_doubt *doubt, uint64_t cursor)
{
    const uint64_t back = doubt->passed[0] < doubt->passed[1] ? doubt->passed[0] : doubt->passed[1];
    return doubt->overflowed && back < cursor ? back : ES_DOUBT_NOWHERE;
}

void es_doubt_went_back(struct es_doubt *doubt, uint64_t from)
{
    if (doubt->back_from < from) doubt->back_from = from;
    doubt->passed[0] = doubt->passed[1] = ES_DOUBT_NOWHERE;
}

bool es_doubt_settled(const struct es_doubt *doubt, uint64_t seq, const char *id)
{
    return seq <= doubt->back_from && !es_doubt_refused(doubt, id);
}

void es_doubt_asked(struct es_doubt *doubt, uint64_t cursor, uint64_t last)
{
    if (doubt->overflowed) { /* the row of whatever was refused before is in the log by now */
        doubt->until = last;
        doubt->overflowed = false;
    } else if (doubt->until != 0 && cursor >= doubt->until) {
        memset(&doubt->refused, 0, sizeof doubt->refused);
        doubt->until = 0;
    }
}
