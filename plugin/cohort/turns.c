/* SPDX-License-Identifier: Apache-2.0 */
/* Which epoch was in force on a day: that of the latest result by then. Versions and thresholds may come back, and two may run side
 * by side, so the day an epoch began does not tell. */
#include <stdlib.h>

#include "plugin/cohort/internal.h"

struct placed {
    int32_t day;
    uint32_t epoch;
};

static int by_day(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    if (a->day != b->day) return a->day < b->day ? -1 : 1;
    return a->epoch < b->epoch ? -1 : a->epoch > b->epoch;
}

bool es_epoch_turns(const struct es_cohort *cohort, const struct es_slot *slot, struct es_epochs *epochs)
{
    if (epochs->count < 2) return true;
    struct placed *list = calloc((size_t)slot->count + 1, sizeof *list);
    uint32_t n = 0, turns = 0;
    if (!list) return false;
    for (uint32_t i = 0; i < slot->count; i++) {
        const struct es_case_row *row = &slot->rows[i];
        if (row->exam == ES_NO_ROW || row->result != ES_RESULT_OK || cohort->exams[row->exam].day == ES_NO_DAY) continue;
        list[n++] = (struct placed){cohort->exams[row->exam].day, es_epoch_of(cohort, epochs, row)};
    }
    qsort(list, n, sizeof *list, by_day);
    /* A day's last in epoch order stands for it; a turn is a day whose epoch differs from the turn before. */
    for (uint32_t i = 0; i < n; i++) {
        if (i + 1 < n && list[i + 1].day == list[i].day) continue;
        if (turns == 0 || list[turns - 1].epoch != list[i].epoch) list[turns++] = list[i];
    }
    epochs->turns = calloc((size_t)turns + 1, sizeof *epochs->turns);
    for (uint32_t i = 0; epochs->turns && i < turns; i++)
        epochs->turns[i] = (struct es_epoch_turn){list[i].day, list[i].epoch};
    epochs->n_turns = epochs->turns ? turns : 0;
    free(list);
    return epochs->turns != NULL;
}

uint32_t es_epoch_on(const struct es_epochs *epochs, int32_t day)
{
    uint32_t low = 0, high = epochs->n_turns; /* turns before `low` are by `day`, those from `high` on are later */
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (epochs->turns[middle].day <= day) low = middle + 1;
        else high = middle;
    }
    return epochs->turns[low ? low - 1 : 0].epoch;
}
