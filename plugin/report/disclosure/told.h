/* SPDX-License-Identifier: Apache-2.0 */
/** @file told.h
 * What a recorded release for outsiders told of one version's finding, in the cells of a report's table, whichever kind of release it was.
 *
 * A report tells a version epoch by epoch: a view each, and one of their sum. A comparison tells, of each of its two versions, all units and
 * those that both decided: two views. The names of findings are "model|version|finding" and, in a report, "|epoch" behind it.
 */
#ifndef ES_PLUGIN_REPORT_DISCLOSURE_TOLD_H
#define ES_PLUGIN_REPORT_DISCLOSURE_TOLD_H

#include <cjson/cJSON.h>

#include "plugin/report/disclosure/disclosure.h"

#define ES_PLACE_SIZE 400

struct es_told_group {
    const cJSON *key;                                  /* {"sex":"F"}; borrowed of the record */
    double value[ES_CELL_KEYS], people[ES_CELL_KEYS]; /* NAN where it was not shown */
};
/** One view. `{0}` is empty. */
struct es_told {
    struct es_told_group *groups; /* owned: es_told_clear() */
    size_t n;
};

/** Into "model|version|finding". */
void es_told_place(const char *model, const char *version, const char *finding, char out[ES_PLACE_SIZE]);
/** The `view`th view of a record, counted from 0. @param place  without an epoch
 * @param there  is there such a view? @return false when memory ran out */
bool es_told_read(const cJSON *record, const char *place, size_t view, struct es_told *out, bool *there);
void es_told_clear(struct es_told *told);
/** A group of the view by its key; NULL. */
const struct es_told_group *es_told_find(const struct es_told *told, const cJSON *key);

#endif
