/* SPDX-License-Identifier: Apache-2.0 */
/** @file site.h
 * Configuration + key + ledger + bundles + cohort, as one thing to open, feed, ask and close. One thread owns it; while a long ledger is
 * read again at opening, a second one reads ahead (relay.h).
 */
#ifndef ES_PLUGIN_SITE_H
#define ES_PLUGIN_SITE_H

#include "plugin/cohort/cohort.h"
#include "plugin/intake/jsonl.h" /* a line to a message */
#include "plugin/ledger/ledger.h"
#include "plugin/recognise/recognise.h"    /* an object to messages */

struct es_site;

enum es_site_mode {
    ES_SITE_READ,  /* no lease, nothing appended; a missing ledger is ES_E_IO */
    ES_SITE_WRITE  /* takes the lease; creates ledger and key when both are new; appends config and plan events when they changed */
};

/** Progress of a long step; may be NULL. total 0: not known. */
struct es_progress {
    void (*report)(void *context, const char *what, uint64_t done, uint64_t total);
    void *context;
};

/** Open: key, ledger, replay into the cohort.
 * @param config  borrowed; must outlive the site
 * @return ES_OK, or what key and ledger say (ES_E_IO, ES_E_STATE for a missing or other key, ES_E_BUSY, ...) */
ES_MUST_USE enum es_errc es_site_open(struct es_site **out, const struct es_config *config, enum es_site_mode mode,
                                      const struct es_progress *progress, struct es_error *err);
/** Open for reading as the ledger stood at an earlier moment, with the configuration and the plan recorded by then; ledger, key file and
 * site of `config` only say where they are. A report of it is byte for byte the one that was made then by the same version.
 * @param points  the last entry of each chain (links are not looked at), as a report's heads give them; node "": this node's. Chains
 *                that are not named are not read
 * @return also ES_E_ARG: no such entry, no configuration yet, or the moment lies before an erasure (named) that took entries out of it */
ES_MUST_USE enum es_errc es_site_open_as_of(struct es_site **out, const struct es_config *config, const struct es_head *points, size_t count,
                                            const struct es_progress *progress, struct es_error *err);
void es_site_close(struct es_site *site);

enum es_outcome { ES_OUTCOME_TAKEN, ES_OUTCOME_DUPLICATE, ES_OUTCOME_REVISED, ES_OUTCOME_REFUSED };
/** What became of one message. */
struct es_receipt {
    enum es_outcome outcome;
    struct es_error error; /* when refused */
};

/** Take a batch: make events, append them in one commit, re-derive the touched bundles. Refused messages do not stop the others.
 * `received` is the clock, once a batch. @return ES_OK (look at receipts); else the batch is to be given again: nothing of it was kept, or,
 * where memory ran out or the ledger could not be read behind the commit, all of it was, which then comes as duplicates: the next call
 * reads the ledger anew first, and until then es_site_is_whole() is false */
ES_MUST_USE enum es_errc es_site_take(struct es_site *site, const struct es_message *const *messages, size_t count,
                                      struct es_receipt *receipts, struct es_error *err);

const struct es_config *es_site_config(const struct es_site *site);
struct es_cohort *es_site_cohort(struct es_site *site);
struct es_ledger *es_site_ledger(struct es_site *site);
const struct es_key *es_site_key(const struct es_site *site);
/** Greatest content instant of the live events; ES_NO_INSTANT when there is none. An instant more than two days after its receipt is a
 * clock that runs ahead and is left out. */
int64_t es_site_now(const struct es_site *site);
/** Of a shared ledger: take in what other nodes appended; come back when it was away, and hand over what waited in the spool. Does
 * nothing for a ledger of one chain but to mend what a failure left (es_site_is_whole()). @return ES_OK; ES_E_IO while the ledger is away: the site stays as it is */
ES_MUST_USE enum es_errc es_site_refresh(struct es_site *site, struct es_error *err);
/** Does memory hold all that a ledger of one chain does? false behind a failure in the middle of a call; es_site_refresh() and the next
 * es_site_take() mend it. */
bool es_site_is_whole(const struct es_site *site);
/** Number of the last event that is not a release or alarm: what a report is computed from. 0 when there is none. */
uint64_t es_site_basis(const struct es_site *site);
/** The same as heads, one a chain that has such an event, sorted by node. *heads owned by the caller. */
ES_MUST_USE enum es_errc es_site_heads(const struct es_site *site, struct es_head **heads, size_t *count, struct es_error *err);
/** Plan in force: day from which cases bear verdicts; *declared is true when the plan itself says since when and the day lies before
 * its event was recorded (the report then says "declared in retrospect"). ES_NO_DAY when there is no plan event. */
int32_t es_site_plan_day(const struct es_site *site, bool *declared_in_retrospect, uint64_t *plan_seq);
/** The documents of release events that keep what was shown to outsiders, each with its chain's index; a chain's own in their order. *whole is
 * false when `each` stopped. */
ES_MUST_USE enum es_errc es_site_walk_releases(struct es_site *site, bool (*each)(void *context, const char *document, size_t chain), void *context,
                                               bool *whole, struct es_error *err);
/** Do several nodes write into the ledger? *away: does it not answer now? */
bool es_site_is_shared(const struct es_site *site, bool *away);
/** Configurations recorded so far (1: never changed), and the entry of the last. */
uint64_t es_site_configurations(const struct es_site *site, uint64_t *seq);
/** Changed since the last call? (for hosts that render when needed) */
bool es_site_take_dirty(struct es_site *site);

/** Whom to look for: one or more of these, identifiers in clear; "" is not given. Wipe after use. */
struct es_sought {
    char patient_id[ES_ID_SIZE], patient_issuer[ES_ID_SIZE], study_uid[ES_UID_SIZE], accession[ES_ID_SIZE];
};
/** What stands in the ledger about one person. */
struct es_person {
    uint64_t *seqs; /* owned; ascending: entries that speak of the person */
    size_t count, exams;
    struct es_pseudonym *forgotten; /* owned; by which a later message of the same person is known (forget.c) */
    size_t n_forgotten;
};
/** Read {"patient_id":…,"patient_issuer":…,"study_uid":…,"accession":…} (some of it). @return ES_E_ARG: what was found and expected */
ES_MUST_USE enum es_errc es_sought_parse(struct es_sought *out, const char *text, size_t len, struct es_error *err);
/** Everything of the person: that patient under all aliases; a study or accession number stands for its patient, or for the exam alone
 * where it names none.
 * @return ES_OK, count 0 when nothing is known; ES_E_ARG when the identifier has several issuers and none was told */
ES_MUST_USE enum es_errc es_site_find_person(struct es_site *site, const struct es_sought *sought, struct es_person *out,
                                             struct es_error *err);
void es_person_clear(struct es_person *person);
/** Erase the person: salt and body of every entry go, an `erasure` event stays that names the entries and holds keyed hashes, by which later
 * messages of the person are refused. The site is rebuilt. The caller removes what stands outside the ledger.
 * @return ES_OK; ES_E_BUSY: erased, but the journal could not be cut (a reader); ES_E_STATE, ES_E_IO */
ES_MUST_USE enum es_errc es_site_forget(struct es_site *site, const struct es_person *person, struct es_error *err);

/** A bundle's events, as its derivation gets them: retractions beside, patients resolved; and their entries. */
struct es_gathered {
    const struct es_event *const *events, *const *linked;
    const uint32_t *seqs, *linked_seqs;
    size_t n_events, n_linked;
};
/** Bundles that an identifier leads to: of a study or accession number its own, of a patient those of all exams.
 * @param bundles  owned by the caller (free); *n is 0 when no entry names it
 * @return ES_OK; ES_E_ARG when the identifier has several issuers and none was told */
ES_MUST_USE enum es_errc es_site_find_bundles(struct es_site *site, const struct es_sought *sought, uint32_t **bundles, size_t *n,
                                              struct es_error *err);
/** Gather one bundle and hand it over; all is borrowed, for the call only. */
ES_MUST_USE enum es_errc es_site_visit(struct es_site *site, uint32_t bundle,
                                       enum es_errc (*visit)(void *context, const struct es_gathered *bundle, struct es_error *err),
                                       void *context, struct es_error *err);

/** Add a key: to the key file, durably, then to the ledger. Pseudonyms are made with it from then on; a value that is known under an older key
 * stays the same (keys.h). Nothing that is written changes.
 * @return ES_OK; ES_E_LIMIT: ES_MAX_KEYS are there; ES_E_BUSY: another node writes into the ledger, nothing changed; ES_E_IO: the file is as
 * it was, or the key is recorded when the ledger is next opened */
ES_MUST_USE enum es_errc es_site_rotate(struct es_site *site, struct es_error *err);
/** The pseudonym by which the ledger knows a value (normalised): the oldest one, or that of the current key where none is known. */
ES_MUST_USE enum es_errc es_site_pseudonym(struct es_site *site, enum es_pseudonym_kind kind, const char *issuer, const char *value,
                                           struct es_pseudonym *out);

/** Prove the chain, rebuild the cohort from the ledger and compare. @return ES_OK or ES_E_STATE with the first fault */
ES_MUST_USE enum es_errc es_site_verify(struct es_site *site, uint64_t *entries, struct es_error *err);

#endif
