/* SPDX-License-Identifier: Apache-2.0 */
/** @file internal.h
 * What the files of the site share: site.c (open, close, questions), graph.c (which events belong together), derive.c
 * (bundles to cohort), keys.c and former.c (several keys), take.c (batches), replay.c (the ledger read again), chains.c (documents and heads of each chain),
 * refresh.c (what other nodes appended), as_of.c (an earlier state), person.c
 * (one person's entries), forget.c (their erasure), series.c (bundles that series bring together).
 *
 * Bodies stay in the ledger and are read again by seq when their bundle is derived: 4 bytes an event are kept in memory, 8 a study or
 * accession number beside its key, 36 a patient beside the key, 8 a patient's exam, 16 to 32 a series.
 *
 * Patients are told apart by (identifier, issuer): one identifier from two issuers is two patients. An identifier without issuer is the
 * same patient as the one with an issuer when exactly one issuer is known for it; when two or more are known it is a patient of its own,
 * and its exams count as ambiguous. Known: named by an unretracted exam, demographics or patient alias. Aliases join identifiers
 * with their issuers. All this is settled from the whole ledger, so that no order can matter.
 */
#ifndef ES_PLUGIN_SITE_INTERNAL_H
#define ES_PLUGIN_SITE_INTERNAL_H

#include "plugin/base/grow.h"
#include "plugin/base/pages.h"
#include "plugin/event/names.h"
#include "plugin/pseudonym/index.h"
#include "plugin/site/site.h"

#define ES_NONE UINT32_MAX

/** Nodes are the studies and accession numbers; bundles are the sets of a union-find over them. Only a root has events, so one number is
 * enough: a root's last event (0: none; events form a ring by `next`), another's parent with this bit. */
#define ES_CHILD 0x80000000u
#define ES_MAX_EVENTS (ES_CHILD - 1)
struct es_patient {
    uint32_t parent, next_member; /* union-find and ring of the patients that are one */
    uint32_t first_link;          /* into links; ES_NONE */
    uint32_t last_event;          /* demographics; a ring by `next` */
    uint32_t named;               /* unretracted events that name it */
    uint32_t plain;               /* the same identifier without issuer; itself when it has none */
    uint32_t issuers;             /* the next one of the same identifier, of a plain one the first; ES_NONE */
    /* of a root, about all that are one with it: */
    uint32_t best;                /* the one with the smallest key */
    uint8_t rank;                 /* no way to the root is longer (union by rank: Tarjan and van Leeuwen, J ACM 31:245, 1984) */
    bool told;                    /* demographics name one of them */
    bool unclear;                 /* an identifier of theirs has no issuer where two or more are known */
};
/** A patient alias. */
struct es_merge {
    uint32_t a, b, seq;
    bool off; /* retracted */
};
struct es_link {
    uint32_t node, next;
};
struct es_list {
    uint32_t *items;
    uint32_t count, room;
};

/** Which exams have a series or image, and what waits for one (series.c). */
struct es_series {
    uint64_t *slots;         /* [size]: 32 bits of the pseudonym, then a node's number + 1; 0: free */
    uint64_t size;
    uint32_t count;
    struct es_index wanted;  /* series and images named before their exam came */
    uint32_t *first;         /* [wanted.count]: into waiting; ES_NONE */
    uint32_t first_room;
    struct es_link *waiting;
    uint32_t n_waiting, waiting_room;
};

struct es_graph {
    struct es_series series;
    bool images;                /* images are units: exams tell theirs, and results are paired by them */
    struct es_index keys, people;
    uint32_t *nodes;
    uint32_t nodes_room;
    struct es_patient *patients;
    uint32_t patients_room;
    struct es_link *links;
    uint32_t n_links, links_room;
    uint32_t *next;             /* [seq]: ring of a bundle's (or a patient's demographics) events */
    uint32_t next_room;
    struct es_index targets;    /* what retractions name */
    struct es_list retractions; /* [target]: seq of a retraction */
    struct es_merge *merges;    /* ascending by seq */
    uint32_t n_merges, merges_room;
    struct es_list unsettled;   /* plain patients whose known issuers changed */
    bool with_issuer;           /* any patient has an issuer */
    bool with_demographics;     /* any demographics event came */
    uint32_t whole;             /* root + 1 of a patient all of whose bundles are touched; 0: not known */
    struct es_list touched;     /* nodes whose bundles must be derived again */
    uint32_t touched_most;      /* at so many the list is settled first */
    struct es_list gone;        /* roots that were merged into others */
};

/** The last configuration or plan that a chain holds. */
struct es_document {
    char *text; /* owned; NULL: none */
    uint64_t seq;
    int64_t received;
};
/** What is kept of each chain of the ledger; by index of es_ledger_place(). */
struct es_site_chain {
    uint64_t basis; /* last entry that is no release or alarm */
    uint64_t limit; /* of a site as of an earlier moment: the last entry that is read */
    struct es_document config, plan;
};
/** A result's and a reference's mask of one finding that are still to be compared. */
struct es_mask_pair {
    uint32_t result, reference; /* entries */
    char finding[ES_NAME_SIZE];
};
#define ES_MAX_MASK_PAIRS 65536u /* waiting at once; others are found again with the next message of their exam, or when the site is opened */

struct es_site {
    const struct es_config *config;
    struct es_key *key;
    struct es_names *names; /* of config; shared by a copy that verifies */
    struct es_ledger *ledger;
    struct es_cohort *cohort;
    struct es_graph graph;
    enum es_site_mode mode;
    int64_t now;
    uint64_t basis, seen;      /* greatest numbers: that counts; that was noted */
    bool dirty, now_stale, people_stale;
    bool stale;                /* the ledger holds what cohort and graph do not: memory ran out, or it went away, in the middle: to be rebuilt */
    struct es_site_chain *chains;
    size_t n_chains;
    const char *config_document, *plan_document; /* the latest ones of all chains; borrowed from them */
    uint64_t config_seq, plan_seq;
    int64_t plan_received;
    uint64_t configurations; /* config events so far */
    bool earlier;              /* as of an earlier moment: chains are read up to their limits */
    struct es_config *owned;   /* the configuration of then, of such a site */
    struct es_index forgotten; /* keyed hashes of erased pseudonyms */
    struct es_list releases;   /* entries of what outsiders were shown */
    struct es_renames *renames; /* what stands for what after a rotation (keys.h); NULL with one key */
    unsigned keys;             /* that the ledger was made with */
    struct es_mask_pair *pairs; /* owned */
    size_t n_pairs;
    uint32_t pairs_room;
    const struct es_progress *progress;
};

bool es_list_add(struct es_list *list, uint32_t item);
void es_graph_clear(struct es_graph *graph);
/** A node's bundle must be derived again. false: out of memory. */
bool es_graph_touch(struct es_graph *graph, uint32_t node);
/** Roots of what was touched, each once, ascending. */
void es_graph_settle_touched(struct es_graph *graph);
uint32_t es_graph_root(struct es_graph *graph, uint32_t node);
/** Two bundles become one. false: out of memory. */
bool es_graph_unite(struct es_graph *graph, uint32_t a, uint32_t b);
/** Put an event's bundle together with the exams whose series or images it names or has. */
bool es_graph_series(struct es_graph *graph, const struct es_event *event, uint32_t node);
/** What a series or image is looked up by. */
uint32_t es_series_print(const struct es_pseudonym *key);
/** Ask memory for the place where it is looked up first. */
void es_series_prefetch(const struct es_series *series, uint32_t print);
void es_series_clear(struct es_series *series);
/** The patient that stands for all that are one with it. Changes nothing: several threads may ask. */
uint32_t es_graph_person(const struct es_graph *graph, uint32_t patient);
/** All that was touched is derived. */
void es_graph_untouch(struct es_graph *graph);
/** The smallest key among a patient's aliases, which stands for all of them. */
const struct es_pseudonym *es_graph_canonical(const struct es_graph *graph, uint32_t patient);
/** Demographics name one of the patient's aliases. */
bool es_graph_told(const struct es_graph *graph, uint32_t patient);
/** Put one event into its bundle, or to its patient; touch what changes. false: out of memory or numbers. */
bool es_graph_add(struct es_graph *graph, const struct es_event *event, uint32_t seq);
/** Number of a patient, added when new. */
bool es_graph_patient(struct es_graph *graph, const struct es_pseudonym *id, const struct es_pseudonym *issuer, uint32_t *patient);
/** Number of the patient an event names; ES_NONE. */
uint32_t es_graph_find_patient(const struct es_graph *graph, const struct es_event *event);
/** An unretracted event names its patients (change 1), or does so no longer (-1). replay: people are settled at the end anyway. */
bool es_graph_name(struct es_graph *graph, const struct es_event *event, int change, bool replay);
/** Keep a patient alias, and join its patients unless it is retracted or settling comes. */
bool es_graph_merge(struct es_graph *graph, const struct es_event *event, uint32_t seq, bool retracted, bool replay);
/** The alias at seq is retracted: settle afterwards. */
void es_graph_unmerge(struct es_graph *graph, uint64_t seq);
/** Join everybody anew by aliases and issuers, and touch those whose issuers changed. */
bool es_graph_settle_people(struct es_graph *graph);
/** Does any identifier of the patient have no issuer where two or more are known? */
bool es_graph_unclear(const struct es_graph *graph, uint32_t patient);
/** Touch every bundle of a patient and its aliases. */
bool es_graph_touch_person(struct es_graph *graph, uint32_t patient);
/** Touch what a retracted event decided. */
bool es_graph_touch_event(struct es_graph *graph, const struct es_event *event);
/** Seq of a retraction of this event; 0 when there is none. */
uint32_t es_graph_retraction(const struct es_graph *graph, const struct es_event *event);
/** Is the retraction at seq the one that took the target out, and not a further one of the same? */
bool es_graph_first_retraction(struct es_graph *graph, const struct es_event *retraction, uint32_t seq, const struct es_event *target);

/** Read and decode an entry. *there is false (and out untouched) when it was erased.
 * @param arena  where what the event points to stands; NULL: the event owns it, es_event_clear() */
ES_MUST_USE enum es_errc es_site_read(struct es_site *site, uint32_t seq, struct es_arena *arena, struct es_event *out, bool *there,
                                      struct es_error *err);
/** Decode an entry as walked or read; names that are configured now are put back. arena: as of es_site_read(). */
ES_MUST_USE enum es_errc es_site_decode(const struct es_site *site, const struct es_entry *entry, struct es_arena *arena,
                                        struct es_event *out, struct es_error *err);

/** The batch in hand: its events by seq, and what became of them. */
struct es_batch {
    uint64_t first_seq;
    struct es_event **events; /* [n]; by seq - first_seq */
    bool *revised;            /* [n] */
    size_t n;
};
/** The batch's own event of a seq; NULL: it is not of the batch, or there is none. */
static inline const struct es_event *es_batch_event(const struct es_batch *batch, uint32_t seq)
{
    return batch && seq >= batch->first_seq && seq - batch->first_seq < batch->n ? batch->events[seq - batch->first_seq] : NULL;
}
/** Derive every touched bundle and put it into the cohort. batch may be NULL. */
ES_MUST_USE enum es_errc es_site_derive(struct es_site *site, const struct es_batch *batch, struct es_error *err);

/** Events of one bundle in hand: those of the batch are borrowed, the others read into the arena. `{0}` is empty. */
struct es_in_hand {
    const struct es_event **list;
    uint32_t *seqs;
    size_t count, room;
    struct es_arena arena;
};
void es_in_hand_clear(struct es_in_hand *events);
void es_in_hand_free(struct es_in_hand *events);
/** false: out of memory. */
bool es_in_hand_add(struct es_in_hand *events, const struct es_event *event, uint32_t seq);
/** Add one event by seq; an erased one is left out. */
ES_MUST_USE enum es_errc es_gather_one(struct es_site *site, const struct es_batch *batch, uint32_t seq, struct es_in_hand *events,
                                       struct es_error *err);
/** Add the events of a ring; 0: none. */
ES_MUST_USE enum es_errc es_gather_ring(struct es_site *site, const struct es_batch *batch, uint32_t last, struct es_in_hand *events,
                                        struct es_error *err);
/** Add the events of many bundles, read in the order of the ledger: seldom are they far from each other there.
 * @param events  empty before
 * @param ends    [n]; the i-th bundle's events end before events->list[ends[i]] */
ES_MUST_USE enum es_errc es_gather_bundles(struct es_site *site, const struct es_batch *batch, const uint32_t *roots, size_t n,
                                           struct es_in_hand *events, size_t *ends, struct es_error *err);

/** Working memory of deriving, empty before and after: the events of many bundles, those of one and its retractions, the demographics
 * of its patients. `{0}` is empty. */
struct es_hand {
    struct es_in_hand read, events, linked;
};
void es_hand_free(struct es_hand *hand);
#define ES_BUNDLES_AT_ONCE 128 /* neighbours in the ledger: fewer would read more pages twice, more would not stay near the processor */
/** What bundles say, read through site->ledger. Changes of the site no more than the pairs of masks: within es_site_bulk() on two threads,
 * each with its own copy of *site (another ledger handle, the same arrays).
 * @param n          at most ES_BUNDLES_AT_ONCE
 * @param arena      where what derived[] points to stands
 * @param derived    [n]; *n_derived of them are written, after a failure too */
ES_MUST_USE enum es_errc es_site_derive_bundles(struct es_site *site, const struct es_batch *batch, const uint32_t *roots, size_t n,
                                                struct es_hand *hand, struct es_arena *arena, struct es_derived *derived, size_t *n_derived,
                                                struct es_error *err);

/** Note every entry from 1 to `last`, as es_site_note() with `replay`. check: prove each identity too.
 * Large ledgers are read by two threads (relay.h). */
ES_MUST_USE enum es_errc es_site_bulk_read(struct es_site *site, uint64_t last, bool check, struct es_error *err);
/** Derive the bundles of the touched roots, ascending and distinct, into an empty cohort; likewise. */
ES_MUST_USE enum es_errc es_site_bulk_derive(struct es_site *site, struct es_error *err);
/** One entry as the graph needs it: es_event_decode_links() and what stands beside the body. */
ES_MUST_USE enum es_errc es_site_decode_links(const struct es_site *site, const struct es_entry *entry, struct es_event *out, struct es_error *err);

/** When an event's content says it happened, ES_NO_INSTANT too when that lies more than two days after its receipt. */
int64_t es_site_instant(const struct es_event *event, int64_t received);
/** What every new or replayed event does beside its bundle: now, basis, plan, configuration, retractions. */
ES_MUST_USE enum es_errc es_site_note(struct es_site *site, struct es_event *event, uint64_t seq, int64_t received, bool replay,
                                      struct es_error *err);
/** Settle patients and now after retractions. */
ES_MUST_USE enum es_errc es_site_settle(struct es_site *site, struct es_error *err);
/** Read the whole ledger into an empty site. check: prove each identity with the key. */
ES_MUST_USE enum es_errc es_site_replay(struct es_site *site, bool check, struct es_error *err);
/** Before anything is read: take on the configuration of an earlier moment, and end there (as_of.c). */
ES_MUST_USE enum es_errc es_site_turn_back(struct es_site *site, const struct es_head *points, size_t count, struct es_error *err);
/** Index of the chain an entry stands in, with room in site->chains; *seq is its place there. false: out of memory, or no such entry. */
bool es_site_chain(struct es_site *site, uint64_t number, size_t *chain, uint64_t *seq);
/** Is the entry within the limits of a site as of an earlier moment? true for every other site. */
bool es_site_sees(const struct es_site *site, uint64_t number);
/** Keep a chain's latest document, and find the latest of all: by receipt, then by name of the node. */
ES_MUST_USE enum es_errc es_site_note_document(struct es_site *site, const struct es_event *event, uint64_t number, int64_t received,
                                               struct es_error *err);
/** Take on another site's limits. */
ES_MUST_USE enum es_errc es_site_same_limits(struct es_site *site, const struct es_site *other, struct es_error *err);
/** Read everything anew. */
ES_MUST_USE enum es_errc es_site_rebuild(struct es_site *site, struct es_error *err);
/** Append what waited in the spool of a shared ledger, without what is of persons who were erased meanwhile, and take it in. */
ES_MUST_USE enum es_errc es_site_hand_over(struct es_site *site, struct es_error *err);
/** Take the keyed hashes of an erasure event into `forgotten`. */
ES_MUST_USE enum es_errc es_site_note_erasure(struct es_site *site, const struct es_event *event, struct es_error *err);
/** Did an erasure, told by its event's document, take entries within the limits of a site? @return ES_E_PARSE when it is none */
ES_MUST_USE enum es_errc es_erasure_touches(const struct es_site *site, const char *document, bool *touched, struct es_error *err);
/** What is kept of an erased pseudonym, under the site's first key, which never changes. @param what  "patient", "any_issuer", "study" or
 * "accession"; after a rotation also "name" of each of them and of issuers, by which an older pseudonym stays known */
ES_MUST_USE enum es_errc es_forgotten_name(const struct es_key *key, const char *what, const struct es_pseudonym *name, struct es_pseudonym *out);
/** Is a keyed hash of this pseudonym kept? */
bool es_site_is_forgotten_name(struct es_site *site, const char *what, const struct es_pseudonym *name);
/** Was a person erased whom this event speaks of? */
bool es_site_is_forgotten(struct es_site *site, const struct es_event *event);
/** Entries of erased persons that a node appended before it knew of the erasure are erased as well.
 * @param after  the erasures are behind this number, and so are entries that came from other nodes since */
ES_MUST_USE enum es_errc es_site_forget_leftovers(struct es_site *site, uint64_t after, struct es_error *err);
/** Append one event of our own that carries a document. */
ES_MUST_USE enum es_errc es_site_append_document(struct es_site *site, enum es_event_kind kind, const char *document,
                                                 struct es_error *err);
/** Erase entries and append the erasure event, in one transaction. The site is stale afterwards. */
ES_MUST_USE enum es_errc es_site_erase(struct es_site *site, const uint64_t *seqs, size_t count, const char *document,
                                       struct es_error *err);
/** Append events that were made from events that are there, in one commit; they are cleared, whatever comes of it. */
ES_MUST_USE enum es_errc es_site_append_events(struct es_site *site, struct es_event *events, size_t count, struct es_error *err);
/** Keep the masks that events bring, before these are appended (masks.c). Those of erased entries stay away. */
ES_MUST_USE enum es_errc es_site_keep_masks(struct es_site *site, const struct es_event *events, size_t count, struct es_error *err);
/** Note the pairs of masks of one bundle that are still to be compared. Nothing is compared yet. */
ES_MUST_USE enum es_errc es_site_find_pairs(struct es_site *site, const struct es_event *const *events, const uint32_t *seqs, size_t count,
                                            struct es_error *err);
/** Take over the pairs that a copy of the site found; whoever found what, they are in the order of their entries then. false: out of memory. */
bool es_site_join_pairs(struct es_site *site, const struct es_site *other);
/** Compare the noted pairs whose masks are both there, and append what came of it. On failure they stay noted. */
ES_MUST_USE enum es_errc es_site_compare_masks(struct es_site *site, struct es_error *err);
/** Remove the masks of entries, before these are erased. */
ES_MUST_USE enum es_errc es_site_forget_masks(struct es_site *site, const uint64_t *seqs, size_t count, struct es_error *err);
/** Free all but what was given: cohort, graph, documents. */
void es_site_clear(struct es_site *site);

#endif
