/* SPDX-License-Identifier: Apache-2.0 */
/** @file between.h
 * Releases for outsiders as records of the ledger, and what a new one must be laid beside.
 *
 * A release for outsiders (rule floor:N or nhs) is made at most once every `ReleaseEvery`, recorded in the ledger whole, and shown again from
 * there, byte for byte, until the next is made: so a report asked for every minute is one report. A new one is built against every
 * earlier one (disclosure/between.c). As the record is in the ledger, an earlier moment shows what was shown then, erasures
 * change nothing that was shown, and the same ledger gives the same bytes.
 *
 * There are two kinds: reports, and comparisons of two versions of one model. Each is laid beside all earlier ones of both.
 *
 * Where several nodes share a ledger, two could make a release at the same moment, neither beside the other. So each release takes a turn: a record
 * is made for the first turn that nobody has taken, beside all that stand before it, and is followed in the same batch by an event that says
 * no more than the turn's number. That event is the same from every node, so its identity is, and the ledger takes an identity once, from one
 * of them. A record stands when its own node's event was taken; another made for that turn never does and is never shown. Turns order the records.
 *
 * A record is {"release": the tree as shown, "cells": [{"finding", "groups": [[[count, people] | null, ...], ...]}], "beside": {...}} with true counts
 * where they were shown (null where not) and the true counts outside the findings. A comparison's cells have their "keys" with them
 * (disclosure/told.h), and beside them "pairs" (versions/between.c). Counts only, for the ledger; never shown.
 */
#ifndef ES_PLUGIN_REPORT_RECORD_BETWEEN_H
#define ES_PLUGIN_REPORT_RECORD_BETWEEN_H

#include "plugin/report/report.h"
#include "plugin/report/tree.h"

struct es_between {
    const cJSON *earlier;   /* list of records of both kinds, oldest first; borrowed */
    const cJSON *now;       /* for a comparison: the record of a report that is made at this moment and not shown; borrowed */
    cJSON *cells, *beside;  /* a list and an object of the record to be; written */
    cJSON *pairs;           /* of a comparison: a list of the record to be; written */
};

/** A kind of release for outsiders. */
struct es_external {
    /** Is an earlier release one of the same subject, which stands until the next is due? */
    bool (*same)(const void *context, const cJSON *release);
    /** Make it beside earlier ones. */
    enum es_errc (*build)(const void *context, struct es_site *site, const struct es_between *between, cJSON **out, struct es_error *err);
    const void *context;
};
/** The last release of a kind, or the next where it is due and may be recorded. @param out  owned by the caller
 * @return ES_E_STATE when there is none and none may be recorded; ES_E_IO while a shared ledger is away; ES_E_BUSY when other nodes took one turn
 * after the other */
ES_MUST_USE enum es_errc es_external_release(struct es_site *site, const struct es_external *kind, bool record, cJSON **out, struct es_error *err);

/** es_report_build() beside earlier releases. @param between  NULL: by itself */
ES_MUST_USE enum es_errc es_report_build_after(struct es_site *site, const struct es_report_options *options, const struct es_between *between,
                                               cJSON **out, struct es_error *err);

/** All records of the ledger that stand and whose release has this schema (NULL: any), oldest first.
 * @param out   owned by the caller: a list
 * @param turn  the first that nobody took, as far as is known here; may be NULL */
ES_MUST_USE enum es_errc es_between_read(struct es_site *site, const char *schema, cJSON **out, uint64_t *turn, struct es_error *err);
/** Append a record, in as many events as its length needs.
 * @param turn   of a shared ledger: the one that it was made for, which is added to it; else 0
 * @param taken  does it stand? false: another node took the turn; written on ES_OK */
ES_MUST_USE enum es_errc es_between_write(struct es_site *site, cJSON *record, uint64_t turn, bool *taken, struct es_error *err);
/** A release as it will be read from the ledger ever after: the same numbers, and nothing that is not recorded. @param out  owned by the caller */
ES_MUST_USE enum es_errc es_between_as_recorded(const cJSON *release, cJSON **out, struct es_error *err);
/** There is none, and none may be recorded. @return ES_E_STATE */
ES_MUST_USE enum es_errc es_between_none(struct es_error *err);
/** May a release follow one that was made at that moment? False while the ledger tells no time. @param next  day from which; ES_NO_DAY when not known; written */
bool es_between_due(const struct es_config *config, const char *as_of, int64_t now, int32_t *next);
/** Add to "disclosure" of a release: how many were made before, from when the next can be, and what that means in words. */
void es_between_tell(struct es_tree *tree, cJSON *release, const struct es_config *config, size_t earlier);

#endif
