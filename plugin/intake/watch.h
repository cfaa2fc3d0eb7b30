/* SPDX-License-Identifier: Apache-2.0 */
/** @file watch.h
 * Why a file became the messages it became: for the engineer who writes a rule of "Intake".
 *
 * A watch stands in the sink that reads the file and becomes one JSON object a rule: of each record where it stands, which keys of the map
 * had a value and which not, which observation was read as which finding, and what became of it; then every record counted by outcome,
 * every key by how often it had a value, and the columns that no key names. Names of keys, columns, findings and codes stand there; a
 * value never does. Codes are shown as they came, since a rule is written by them. One thread.
 */
#ifndef ES_PLUGIN_INTAKE_WATCH_H
#define ES_PLUGIN_INTAKE_WATCH_H

#include "plugin/intake/record.h"

#define ES_WATCH_LISTED 100 /* records of a rule that are listed; the others are counted */

/** NULL in place of a watch: nobody asked, and nothing happens. */
struct es_intake_watch;

/** A rule begins to read the file. */
void es_watch_rule(struct es_intake_watch *watch, const struct es_intake_rule *rule);
/** The header of a CSV file, which holds all columns that the rule names. */
void es_watch_columns(struct es_intake_watch *watch, const char *const *names, size_t count);
/** A record begins. @param wanted  Where lets it in */
void es_watch_record(struct es_intake_watch *watch, uint64_t where, bool wanted);
/** The value of one slot of the map, by its number. @param there  it has one, or stays blank on purpose */
void es_watch_value(struct es_intake_watch *watch, size_t slot, bool there);
/** An observation begins. @param codes  list of "VALUE,SCHEME", borrowed */
void es_watch_observation(struct es_intake_watch *watch, const cJSON *codes);
/** A finding was sought in the observation at hand, in a text or by From.JSON.
 * @param in     "observation", "text" or "From.JSON"
 * @param found  an element of "findings"; NULL: nothing was stated
 * @param why    when nothing can be used; NULL or "": not said */
void es_watch_finding(struct es_intake_watch *watch, const char *in, const char *finding, const cJSON *found, const char *why);

/** Read a file by every rule that fits and say why; nothing is kept of it.
 * @param out  owned by the caller, cJSON_Delete()
 * @return ES_OK (also when all of it is refused: the reasons stand in it), ES_E_MEMORY */
ES_MUST_USE enum es_errc es_intake_explain(cJSON **out, const struct es_config *config, const char *path, struct es_error *err);

#endif
