/* SPDX-License-Identifier: Apache-2.0 */
/** @file internal.h
 * The columns themselves, shared by cohort.c (rows), values.c (values under numbers), counts.c, same.c,
 * levels.c, streams.c, turns.c, sheet.c and pairs.c.
 *
 * A case is 40 bytes, 48 where a unit is less than an exam, its place in an exam's chain 4, an exam 24 and 2 for each attribute, its patient
 * 22 to 28, its place in patient order 4. Cases stand in one table for each model and finding (a slot), exams in one table; an exam's cases of a slot are a chain.
 */
#ifndef ES_PLUGIN_COHORT_INTERNAL_H
#define ES_PLUGIN_COHORT_INTERNAL_H

#define HASH_NONFATAL_OOM 1 /* uthash would end the process, and the archive with it: an element that found no room has no hh.tbl */
#include <uthash.h>

#include "plugin/base/grow.h"
#include "plugin/base/pages.h"
#include "plugin/cohort/cohort.h"
#include "plugin/pseudonym/index.h"

#define ES_NO_ROW UINT32_MAX

/** One value of one attribute: state and text under a number. */
struct es_value {
    char text[ES_FACT_VALUE + 1]; /* one letter for the state, then the value: the key */
    enum es_attribute_state state;
    uint16_t code;
    UT_hash_handle hh;
};
/** Distinct values of one attribute among all exams. With more, whichever came first, every value of it counts as invalid: it tells nothing
 * about groups, and no value may be told from another by when it arrived. */
#define ES_MAX_VALUES 65000
#define ES_MAX_CODES 65535 /* values that no exam has any more are among them; all further ones share the last */
#define ES_RECENT 64 /* places of `recent`: ages of a century seldom meet */
struct es_dictionary {
    struct es_value *table;    /* uthash */
    struct es_value **by_code; /* [count] */
    uint32_t count, room;
    struct es_value *recent[ES_RECENT]; /* the last value of each first letters: nearly every value has just been asked for */
};

/** What makes an epoch, beside the configuration. Zero-padded: compared and hashed by its bytes. */
struct es_setting_key {
    char version[ES_NAME_SIZE], source[ES_NAME_SIZE];
    struct es_pseudonym device;
    uint64_t threshold; /* bits of the double that was sent; of the one quiet NAN when none was */
};
struct es_setting {
    struct es_setting_key key;
    double threshold;
    uint32_t number;
    UT_hash_handle hh;
};

struct es_exam_row {
    uint64_t key;     /* of the study's pseudonym */
    uint32_t patient; /* number in patients */
    int32_t day;
    uint32_t next;    /* of the bundle, or of the free list */
    uint8_t excluded, used;
};

struct es_case_row {
    uint32_t exam, next; /* next of the same exam and slot, or of the free list */
    double score;
    int64_t produced, established;
    uint32_t setting;
    unsigned result : 3, result_pairing : 3, reference_pairing : 3, decision : 2, label : 2, eligible : 2, saw_ai : 2, has_reference : 1,
        evaluable : 1, sources_disagree : 1, mismatch : 1, has_score : 1, excluded : 1, compared : 3, decision_changed : 1, spare : 5;
};
_Static_assert(sizeof(struct es_case_row) == 40, "memory figures rest on this");

/** Cases of one model and finding. */
struct es_slot {
    struct es_case_measures **measures; /* [room], owned: NULL where nothing was compared; none at all for binary findings */
    uint64_t *units;                    /* [room]: of the unit's pseudonym; NULL where every unit is an exam */
    uint32_t measures_room, units_room;
    bool measured, divided;             /* has measures; units are less than an exam */
    struct es_case_row *rows; /* [count]; free ones have exam ES_NO_ROW */
    uint32_t count, room, used, free;
    uint16_t model, finding;
    bool dirty;
};

#define ES_TROUBLES (7 + 2 * ES_ORPHANS) /* those of es_cohort_counts: results_without_exam .. unknown_finding; then orphans */
/** Troubles of one bundle, counted beside cases. */
struct es_trouble {
    uint32_t bundle, counts[ES_TROUBLES];
    UT_hash_handle hh;
};

/** Exams in patient order: by the patient's pseudonym, day, study. Made when asked for. */
struct es_order {
    uint32_t *exams;
    uint32_t count, room;
    bool stale;
};

struct es_cohort {
    const struct es_config *config;
    struct es_wanted wanted;
    struct es_dictionary dictionaries[ES_MAX_WANTED];
    struct es_index patients;
    struct es_setting *settings;     /* uthash */
    struct es_setting **by_number, *last_setting; /* the last one that was asked for: nearly always the next one too */
    uint32_t n_settings, settings_room;
    struct es_exam_row *exams;
    uint16_t *codes;                 /* [exam][wanted.n] */
    uint32_t *first;                 /* [exam][n_slots]: first case */
    uint32_t n_exams, exams_room, codes_room, first_room, used_exams, free_exam;
    struct es_slot *slots;
    uint32_t n_slots;
    uint32_t slot_of_model[ES_MAX_MODELS];
    uint32_t *bundles;               /* [n_bundles]: first exam */
    uint32_t n_bundles, bundles_room;
    struct es_trouble *troubles;     /* uthash */
    uint64_t trouble[ES_TROUBLES];
    struct es_order *order;
    void *scratch;                   /* of the bundle at hand */
    size_t scratch_size;
};

static inline uint64_t es_unit_of(const struct es_slot *slot, uint32_t row) { return slot->divided ? slot->units[row] : 0; }
static inline uint64_t es_short_key(const struct es_pseudonym *p)
{
    uint64_t key;
    __builtin_memcpy(&key, p->bytes + 1, sizeof key);
    return key;
}
static inline const uint16_t *es_exam_codes(const struct es_cohort *cohort, uint32_t exam)
{
    return cohort->codes + (size_t)exam * cohort->wanted.n;
}
static inline uint32_t es_first_case(const struct es_cohort *cohort, uint32_t exam, uint32_t slot)
{
    return cohort->first[(size_t)exam * cohort->n_slots + slot];
}
/** The code of an attribute's state and value, new or known. @return false when memory ran out */
bool es_value_code(struct es_dictionary *dictionary, const struct es_event_attribute *attribute, uint16_t *code);
void es_dictionary_free(struct es_dictionary *dictionary);
/** Have the exams more than ES_MAX_VALUES values of an attribute? Goes through all exams, where so many were ever seen. */
bool es_cohort_crowded(const struct es_cohort *cohort, size_t attribute);
/** What stands behind a code. @param crowded  es_cohort_crowded() */
const struct es_value *es_value_at(const struct es_dictionary *dictionary, uint32_t code, bool crowded);
/** The number of a case's setting, new or known. @return false when memory ran out */
bool es_setting_number(struct es_cohort *cohort, const struct es_derived_case *row, uint32_t *number);
/** Put what a bundle's derivation had to leave out in the place of what it had left out before (counts.c). */
ES_MUST_USE enum es_errc es_cohort_trouble(struct es_cohort *cohort, uint32_t bundle, const struct es_derived *derived, struct es_error *err);
/** Days in the period? Exams without a day are in when both ends are open. */
static inline bool es_in_period(int32_t day, int32_t from, int32_t to)
{
    if (day == ES_NO_DAY) return from == ES_NO_DAY && to == ES_NO_DAY;
    return (from == ES_NO_DAY || day >= from) && (to == ES_NO_DAY || day <= to);
}
/** Number of an attribute among the wanted ones; -1 when it is none. */
int es_cohort_attribute(const struct es_cohort *cohort, const char *keyword);
/** Exams in patient order, rebuilt when they changed. */
ES_MUST_USE enum es_errc es_cohort_order(const struct es_cohort *cohort, struct es_error *err);

/** What decides where a unit stands. */
struct es_clock {
    int64_t now, expect_within, reference_within;
    int32_t plan_day;
    bool binary; /* a label must be 0 or 1 */
    bool alert_below; /* low values alert */
};
/** Where a unit stands in the funnel at an instant (DESIGN 8). */
enum es_stage es_case_stage(const struct es_exam_row *exam, const struct es_case_row *row, const struct es_clock *clock);

/** Level of each code of an axis's attribute. @param map  [dictionary count] */
ES_MUST_USE enum es_errc es_cohort_level_map(const struct es_cohort *cohort, size_t axis, const struct es_levels *levels, uint8_t *map,
                                             struct es_error *err);

/** For each axis: the attribute it is made of, and the level of each of that attribute's codes. `{0}` is empty. */
struct es_level_maps {
    uint8_t *map[ES_MAX_AXES]; /* owned */
    int attribute[ES_MAX_AXES];
};
/** Fill levels and maps of every axis; both are to be cleared also after a failure. @param levels  [ES_MAX_AXES], `{0}` */
ES_MUST_USE enum es_errc es_cohort_level_maps(const struct es_cohort *cohort, struct es_levels *levels, struct es_level_maps *maps,
                                              struct es_error *err);
void es_level_maps_clear(struct es_level_maps *maps);
static inline uint8_t es_level_of(const struct es_level_maps *maps, const struct es_cohort *cohort, uint32_t exam, size_t axis)
{
    return maps->map[axis][es_exam_codes(cohort, exam)[maps->attribute[axis]]];
}

/** One epoch of a slot. */
struct es_epoch {
    uint32_t setting;        /* a setting that has this version, device and threshold; UINT32_MAX: none was told */
    char version[ES_NAME_SIZE];
    char source[ES_NAME_SIZE]; /* reference sources, sorted, joined by "+" */
    double threshold;        /* in force: sent, else configured */
    bool resulted;           /* a result was seen, not only failures */
    int32_t begin, from, to; /* first exam day of its own cases; span of all assigned ones */
};
/** From this exam day on the latest result was of this epoch (number from 0). */
struct es_epoch_turn {
    int32_t day;
    uint32_t epoch;
};
/** The epochs of a slot, and how to tell a case's. */
struct es_epochs {
    struct es_epoch *list; /* in order: list[i] is epoch i + 1 */
    uint32_t count, room;
    unsigned together;     /* what begins no epoch of its own, because there would be too many (streams.c) */
    double configured;     /* threshold where none is sent */
    struct es_epoch_turn *turns; /* ascending days; none while there is one epoch */
    uint32_t n_turns;
    uint32_t *exact;       /* [settings]: epoch of results with this setting; UINT32_MAX: to be told by day */
};
ES_MUST_USE enum es_errc es_cohort_epochs(const struct es_cohort *cohort, uint32_t slot, struct es_epochs *out, struct es_error *err);
void es_epochs_clear(struct es_epochs *epochs);
/** Fill the turns of finished epochs (turns.c). @return false when memory ran out */
bool es_epoch_turns(const struct es_cohort *cohort, const struct es_slot *slot, struct es_epochs *epochs);
/** The epoch in force on a day: of the latest result by then, else of the first one. There are turns. */
uint32_t es_epoch_on(const struct es_epochs *epochs, int32_t day);
/** Number (from 0) of a case's epoch. */
uint32_t es_epoch_of(const struct es_cohort *cohort, const struct es_epochs *epochs, const struct es_case_row *row);

#endif
