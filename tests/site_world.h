/* SPDX-License-Identifier: Apache-2.0 */
/** @file site_world.h
 * A small site for tests: a configuration, a ledger in a fresh directory, and messages made in one line each.
 */
#ifndef ES_TESTS_SITE_WORLD_H
#define ES_TESTS_SITE_WORLD_H

#include "plugin/site/site.h"

struct es_world {
    struct es_config *config;
    struct es_site *site;
    char folder[256];
};

/** The middle of a configuration, from its ledger to two models with three findings; axes sex, age and a linked one. What precedes and
 * follows is the test's: further models after a comma, then "]}". */
#define ES_WORLD_SITE \
    "\"Ledger\":\"sqlite:%s/ledger.db\",\"PseudonymKeyFile\":\"%s/site.key\"," \
    "\"Axes\":[{\"Name\":\"sex\",\"Attribute\":\"PatientSex\"},{\"Name\":\"age\",\"Attribute\":\"PatientAge\",\"Bands\":[0,18,40,60,80]}," \
    "{\"Name\":\"deprivation\",\"Linked\":\"imd_decile\"}]," \
    "\"Models\":[{\"Name\":\"net\",\"Recognise\":{\"AlgorithmName\":\"Net\"},\"Eligible\":{\"MinAge\":18},\"ExpectWithin\":\"1h\"," \
    "\"Findings\":[{\"Name\":\"effusion\",\"Task\":\"binary\",\"Threshold\":0.5,\"ReferenceWithin\":\"30d\"}," \
    "{\"Name\":\"nodule\",\"Task\":\"binary\",\"Threshold\":0.3,\"AbsenceMeans\":\"negative\",\"ReferenceWithin\":\"30d\"}]}," \
    "{\"Name\":\"second\",\"Recognise\":{\"AlgorithmName\":\"Second\"}," \
    "\"Findings\":[{\"Name\":\"effusion\",\"Task\":\"binary\",\"Threshold\":0.5}]}"
/** The configuration text of a world: two models, three findings, axes sex, age and a linked one. */
extern const char es_world_config[];
/** Parse `text` (NULL: es_world_config) with ledger and key in a fresh directory, and open for writing. Fails the test when it cannot. */
void es_world_open(struct es_world *world, const char *text);
/** The same in a directory that is there; key: 64 hex digits of the site's key, or NULL for a fresh one. */
void es_world_open_in(struct es_world *world, const char *text, const char *folder, const char *key);
/** Close and open again. */
void es_world_reopen(struct es_world *world, enum es_site_mode mode);
void es_world_close(struct es_world *world);

/** A message on the heap. */
struct es_message *es_say(enum es_event_kind kind, unsigned study);
/** An exam of study and patient on a day since 1970, with PatientSex and PatientAge ("" leaves out). */
struct es_message *es_say_exam(unsigned study, unsigned patient, int32_t day, const char *sex, const char *age);
/** A result of "net" with one score for a finding; produced in seconds since 1970. */
struct es_message *es_say_result(unsigned study, const char *version, const char *finding, double score, int64_t produced_s);
struct es_message *es_say_failure(unsigned study, const char *version, enum es_result_status status, int64_t produced_s);
struct es_message *es_say_reference(unsigned study, const char *source, enum es_reference_status status, int32_t label, int64_t established_s);
/** A linked attribute of a patient. */
struct es_message *es_say_demographics(unsigned patient, const char *keyword, const char *value, int32_t valid_from);
/** One more attribute; "" is a blank one. */
void es_say_attribute(struct es_message *message, const char *keyword, const char *value);
/** Take one message, free it, and give its receipt's outcome; fails the test when the batch fails. */
enum es_outcome es_world_take(struct es_world *world, struct es_message *message);
/** Take one message of a person who was erased, free it: it must be refused by its reason. */
void es_world_refuses_erased(struct es_world *world, struct es_message *message);
/** What the ledger holds of a person, sought as on the command line, as {"patient_id":"PAT1"}. Ends the test where it cannot be told. */
void es_world_find(struct es_world *world, const char *sought, struct es_person *person);
/** Erase a person. @return how many entries went */
size_t es_world_forget(struct es_world *world, const char *sought);
void es_unsay(struct es_message *message);
/** The sheet of a finding's first epoch, all days. Ends the test where it is not well formed. @return es_sheet_holder_clear() it; empty without an epoch */
struct es_sheet_holder es_world_sheet(struct es_world *world, uint16_t model, uint16_t finding, int64_t now);

#endif
