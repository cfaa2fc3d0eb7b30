/* SPDX-License-Identifier: Apache-2.0 */
/* What the ledger holds about one person: found by identifier, followed through aliases, bundles and linked attributes. */
#include <stdlib.h>
#include <string.h>

#include "plugin/event/pseudonyms.h"
#include "plugin/site/keys.h"

/* ---- finding ---- */

/* Small sorted-at-the-end sets: a person has tens of exams, not millions. */
struct names {
    struct es_pseudonym *items;
    size_t count;
    uint32_t room;
};

struct search {
    struct es_site *site;
    struct es_person *person;
    uint32_t seqs_room, forgotten_room;
    struct es_list patients, roots; /* numbers of patients; roots of bundles */
    struct names studies, accessions;
    struct es_error *err;
};

static enum es_errc no_memory(const struct search *search) { return es_fail(search->err, ES_E_MEMORY, "site: out of memory"); }

static bool named(const struct names *names, const struct es_pseudonym *name)
{
    if (!es_pseudonym_set(name)) return false;
    for (size_t i = 0; i < names->count; i++)
        if (memcmp(&names->items[i], name, sizeof *name) == 0) return true;
    return false;
}

static bool add_name(struct names *names, const struct es_pseudonym *name)
{
    if (!es_pseudonym_set(name) || named(names, name)) return true;
    if (!ES_GROW(names->items, names->room, names->count + 1)) return false;
    names->items[names->count++] = *name;
    return true;
}

static bool listed(const struct es_list *list, uint32_t item)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (list->items[i] == item) return true;
    return false;
}

static bool add_seq(struct search *search, uint64_t seq)
{
    struct es_person *person = search->person;
    if (!ES_GROW(person->seqs, search->seqs_room, person->count + 1)) return false;
    person->seqs[person->count++] = seq;
    return true;
}

/* The patient and every alias, and the bundles of their exams. */
static bool add_patient(struct search *search, uint32_t patient)
{
    struct es_graph *graph = &search->site->graph;
    uint32_t member = patient;
    if (listed(&search->patients, patient)) return true;
    do {
        if (!es_list_add(&search->patients, member)) return false;
        for (uint32_t link = graph->patients[member].first_link; link != ES_NONE; link = graph->links[link].next) {
            const uint32_t root = es_graph_root(graph, graph->links[link].node);
            if (!listed(&search->roots, root) && !es_list_add(&search->roots, root)) return false;
        }
        member = graph->patients[member].next_member;
    } while (member != patient);
    return true;
}

static enum es_errc identifier(struct search *search, enum es_pseudonym_kind kind, const char *value, const char *prefix, struct es_pseudonym *out)
{
    char normal[ES_ID_SIZE];
    es_normalise_id(value, prefix, normal, sizeof normal);
    const enum es_errc code = es_site_pseudonym(search->site, kind, NULL, normal, out);
    explicit_bzero(normal, sizeof normal);
    return code == ES_OK ? ES_OK : no_memory(search);
}

/* The patient that an identifier names. Several issuers: one must be told. */
static enum es_errc seek_patient(struct search *search, const struct es_sought *sought)
{
    struct es_graph *graph = &search->site->graph;
    struct es_event event = {.kind = ES_EVENT_DEMOGRAPHICS};
    enum es_errc code = identifier(search, ES_PSEUDONYM_PATIENT, sought->patient_id, search->site->config->patient_id_prefix, &event.patient);
    if (code == ES_OK) code = identifier(search, ES_PSEUDONYM_PATIENT_ISSUER, sought->patient_issuer, NULL, &event.patient_issuer);
    if (code != ES_OK) return code;
    if (!es_pseudonym_set(&event.patient)) return es_fail(search->err, ES_E_ARG, "patient_id: found a dummy value, expected an identifier");
    const uint32_t patient = es_graph_find_patient(graph, &event);
    if (patient == ES_NONE) return ES_OK;
    uint32_t known = 0, one = ES_NONE;
    for (uint32_t at = graph->patients[patient].issuers; !sought->patient_issuer[0] && at != ES_NONE; at = graph->patients[at].issuers) {
        if (graph->patients[at].named == 0) continue;
        known++;
        one = at;
    }
    if (known == 1 && !add_patient(search, one)) return no_memory(search); /* the only issuer is meant */
    if (known > 1) return es_fail(search->err, ES_E_ARG, "patient_id: found %u issuers of it, expected patient_issuer to tell which", known);
    return add_patient(search, patient) ? ES_OK : no_memory(search);
}

typedef bool look(struct search *search, uint32_t seq, const struct es_event *event, void *context);

/* Every event of a bundle that is still there, until one cannot be kept for want of memory. */
static enum es_errc each_event(struct search *search, uint32_t root, look *at, void *context)
{
    const struct es_graph *graph = &search->site->graph;
    const uint32_t last = graph->nodes[root];
    uint32_t seq = last;
    bool good = true;
    if (last == 0) return ES_OK;
    do {
        struct es_event event;
        bool there = false;
        const enum es_errc code = es_site_read(search->site, seq, NULL, &event, &there, search->err);
        if (code != ES_OK) return code;
        if (there) {
            good = at(search, seq, &event, context);
            es_event_clear(&event);
        }
        seq = graph->next[seq];
    } while (good && seq != last);
    return good ? ES_OK : no_memory(search);
}

struct sought {
    const struct es_pseudonym *name;
    bool accession, any;
};
static bool look_for_patient(struct search *search, uint32_t seq, const struct es_event *event, void *context)
{
    struct sought *sought = context;
    const struct es_pseudonym *name = sought->accession ? &event->accession : &event->study;
    (void)seq;
    if (event->kind != ES_EVENT_EXAM || memcmp(name, sought->name, sizeof *name) != 0) return true;
    const uint32_t patient = es_graph_find_patient(&search->site->graph, event);
    if (patient == ES_NONE) return true;
    sought->any = true;
    return add_patient(search, patient);
}

/* A study or accession number: the patients of its exams, or itself where none is named. */
static enum es_errc seek_exam(struct search *search, const struct es_pseudonym *name, bool accession)
{
    struct es_graph *graph = &search->site->graph;
    struct sought sought = {.name = name, .accession = accession};
    const uint32_t node = es_index_find(&graph->keys, name);
    if (node == ES_INDEX_NONE) return ES_OK;
    const uint32_t root = es_graph_root(graph, node);
    if (graph->nodes[root] == 0) return ES_OK;
    const enum es_errc code = each_event(search, root, look_for_patient, &sought);
    if (code != ES_OK || sought.any) return code;
    const bool good = add_name(accession ? &search->accessions : &search->studies, name) &&
                      (listed(&search->roots, root) || es_list_add(&search->roots, root));
    return good ? ES_OK : no_memory(search);
}

/* ---- gathering ---- */

/* Is this exam the person's: by patient, or because it was sought itself and names nobody? */
static bool is_theirs(struct search *search, const struct es_event *event)
{
    const uint32_t patient = es_graph_find_patient(&search->site->graph, event);
    return patient != ES_NONE ? listed(&search->patients, patient) : named(&search->studies, &event->study) || named(&search->accessions, &event->accession);
}

/* Round one of a bundle: whose exams are in it, and by which names they go. */
static bool learn(struct search *search, const struct es_event *event, bool *others)
{
    if (event->kind != ES_EVENT_EXAM) return true;
    if (!is_theirs(search, event)) {
        *others = true;
        return true;
    }
    return add_name(&search->studies, &event->study) && add_name(&search->accessions, &event->accession);
}

/* Round two: everything, unless another's exam is in the bundle too. */
static bool belongs(struct search *search, const struct es_event *event, bool others)
{
    if (!others) return true;
    if (event->kind == ES_EVENT_EXAM) return is_theirs(search, event);
    return named(&search->studies, &event->study) || named(&search->studies, &event->same_as) ||
           (!es_pseudonym_set(&event->study) && named(&search->accessions, &event->accession));
}

struct round {
    bool gather, others;
};
static bool look_at_bundle(struct search *search, uint32_t seq, const struct es_event *event, void *context)
{
    struct round *round = context;
    if (!round->gather) return learn(search, event, &round->others);
    if (!belongs(search, event, round->others)) return true;
    search->person->exams += event->kind == ES_EVENT_EXAM;
    return add_seq(search, seq) && add_name(&search->studies, &event->study) && add_name(&search->accessions, &event->accession);
}

static enum es_errc gather_patient(struct search *search, uint32_t patient)
{
    const struct es_graph *graph = &search->site->graph;
    const uint32_t last = graph->patients[patient].last_event;
    uint32_t seq = last;
    if (last != 0) do {
            if (!add_seq(search, seq)) return no_memory(search);
            seq = graph->next[seq];
        } while (seq != last);
    for (uint32_t i = 0; i < graph->n_merges; i++)
        if ((graph->merges[i].a == patient || graph->merges[i].b == patient) && !add_seq(search, graph->merges[i].seq)) return no_memory(search);
    return ES_OK;
}

static int by_seq(const void *left, const void *right)
{
    const uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return a < b ? -1 : a > b;
}

/* Erased ones are no longer there to be found; one entry may have been met twice. */
static enum es_errc settle_seqs(struct search *search)
{
    struct es_person *person = search->person;
    size_t kept = 0;
    if (person->count == 0) return ES_OK;
    qsort(person->seqs, person->count, sizeof *person->seqs, by_seq);
    for (size_t i = 0; i < person->count; i++) {
        struct es_entry entry;
        uint8_t *body = NULL;
        if (kept > 0 && person->seqs[kept - 1] == person->seqs[i]) continue;
        const enum es_errc code = es_ledger_read(search->site->ledger, person->seqs[i], &entry, &body, search->err);
        if (code != ES_OK) return code;
        if (body) person->seqs[kept++] = person->seqs[i];
        free(body);
    }
    person->count = kept;
    return ES_OK;
}

/* ---- aliases of keys ---- */

/* The person's own names: what aliases lead to, and by which older pseudonyms stay known. */
struct aliased {
    struct search *search;
    struct es_index own;    /* of one person's things */
    struct es_index known;  /* by which a message is held against the erased */
};

static bool learn_own(void *context, struct es_pseudonym *p, bool personal)
{
    struct aliased *aliased = context;
    uint32_t number;
    return !personal || es_index_add(&aliased->own, p, &number, NULL);
}

static bool learn_known(struct aliased *aliased, const struct es_event *event)
{
    const struct es_pseudonym *names[] = {&event->study, &event->accession, &event->patient, &event->patient_issuer};
    bool good = true;
    uint32_t number;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (es_pseudonym_set(names[i])) good = good && es_index_add(&aliased->known, names[i], &number, NULL);
    return good;
}

static bool known_to_others(const struct search *search, uint32_t patient);

/* An identifier that others have from another issuer is not the person's alone. */
static bool is_shared(struct search *search, const struct es_pseudonym *id)
{
    const uint32_t plain = es_index_find(&search->site->graph.people, id);
    return plain != ES_INDEX_NONE && known_to_others(search, plain);
}

static enum es_errc gather_alias(struct aliased *aliased, uint32_t at)
{
    struct search *search = aliased->search;
    struct es_renames *renames = search->site->renames;
    const struct es_pseudonym to = es_site_renamed(search->site, &renames->to[at].to);
    bool theirs = es_index_find(&aliased->own, &to) != ES_INDEX_NONE && !is_shared(search, &to), there = false;
    if (!theirs && renames->to[at].image) {
        struct es_event event;
        const enum es_errc code = es_site_read(search->site, renames->to[at].seq, NULL, &event, &there, search->err);
        if (code != ES_OK) return code;
        const struct es_pseudonym study = es_site_renamed(search->site, &event.study);
        theirs = there && es_index_find(&aliased->own, &study) != ES_INDEX_NONE;
        if (there) es_event_clear(&event);
    }
    return !theirs || add_seq(search, renames->to[at].seq) ? ES_OK : no_memory(search);
}

static enum es_errc forget_name(struct search *search, const char *what, const struct es_pseudonym *name);

/* After a rotation: the alias events of the person go too. */
static enum es_errc gather_aliases(struct search *search)
{
    struct aliased aliased = {.search = search};
    enum es_errc code = ES_OK;
    const size_t count = search->person->count;
    if (!search->site->renames) return ES_OK;
    for (size_t i = 0; i < count && code == ES_OK; i++) {
        struct es_event event;
        bool there = false;
        code = es_site_read(search->site, (uint32_t)search->person->seqs[i], NULL, &event, &there, search->err);
        if (code != ES_OK || !there) continue;
        if (!es_event_pseudonyms(&event, learn_own, &aliased) || !learn_known(&aliased, &event)) code = no_memory(search);
        es_event_clear(&event);
    }
    for (uint32_t i = 0; i < search->site->renames->from.count && code == ES_OK && count > 0; i++) code = gather_alias(&aliased, i);
    for (uint32_t i = 0; i < aliased.known.count && code == ES_OK; i++) code = forget_name(search, "name", &aliased.known.keys[i]);
    es_index_clear(&aliased.own);
    es_index_clear(&aliased.known);
    return code == ES_OK ? settle_seqs(search) : code;
}

/* ---- by what they are known again ---- */

static enum es_errc forget_name(struct search *search, const char *what, const struct es_pseudonym *name)
{
    struct es_person *person = search->person;
    if (!ES_GROW(person->forgotten, search->forgotten_room, person->n_forgotten + 1)) return no_memory(search);
    const enum es_errc code = es_forgotten_name(search->site->key, what, name, &person->forgotten[person->n_forgotten]);
    if (code != ES_OK) return no_memory(search);
    person->n_forgotten++;
    return ES_OK;
}

static bool known_to_others(const struct search *search, uint32_t patient)
{
    const struct es_graph *graph = &search->site->graph;
    for (uint32_t at = graph->patients[graph->patients[patient].plain].issuers; at != ES_NONE; at = graph->patients[at].issuers)
        if (graph->patients[at].named > 0 && !listed(&search->patients, at)) return true;
    return false;
}

/* An identifier without issuer means the person when nobody else is known by it; one that never had an issuer, with any issuer. */
static enum es_errc forget_patient(struct search *search, uint32_t patient)
{
    const struct es_graph *graph = &search->site->graph;
    const uint32_t plain = graph->patients[patient].plain;
    const bool others = known_to_others(search, plain);
    enum es_errc code = forget_name(search, "patient", &graph->people.keys[patient]);
    if (code == ES_OK && plain != patient && !others) code = forget_name(search, "patient", &graph->people.keys[plain]);
    if (code == ES_OK && plain == patient && graph->patients[plain].issuers == ES_NONE)
        code = forget_name(search, "any_issuer", &graph->people.keys[plain]);
    return code;
}

static enum es_errc forget_names(struct search *search)
{
    enum es_errc code = ES_OK;
    for (uint32_t i = 0; i < search->patients.count && code == ES_OK; i++) code = forget_patient(search, search->patients.items[i]);
    for (size_t i = 0; i < search->studies.count && code == ES_OK; i++) code = forget_name(search, "study", &search->studies.items[i]);
    for (size_t i = 0; i < search->accessions.count && code == ES_OK; i++) code = forget_name(search, "accession", &search->accessions.items[i]);
    return code;
}

static enum es_errc seek(struct search *search, const struct es_sought *sought)
{
    struct es_site *site = search->site;
    struct es_pseudonym name;
    enum es_errc code = sought->patient_id[0] ? seek_patient(search, sought) : ES_OK;
    if (code == ES_OK && sought->study_uid[0]) {
        code = es_site_pseudonym(site, ES_PSEUDONYM_STUDY, NULL, sought->study_uid, &name) == ES_OK ? ES_OK : no_memory(search);
        if (code == ES_OK) code = seek_exam(search, &name, false);
    }
    if (code == ES_OK && sought->accession[0]) {
        code = identifier(search, ES_PSEUDONYM_ACCESSION, sought->accession, site->config->accession_prefix, &name);
        if (code == ES_OK && es_pseudonym_set(&name)) code = seek_exam(search, &name, true);
    }
    return code;
}

enum es_errc es_site_find_person(struct es_site *site, const struct es_sought *sought, struct es_person *out, struct es_error *err)
{
    struct search search = {.site = site, .person = out, .err = err};
    *out = (struct es_person){0};
    enum es_errc code = es_ledger_hold(site->ledger, err);
    if (code != ES_OK) return code;
    code = seek(&search, sought);
    for (uint32_t i = 0; i < search.roots.count && code == ES_OK; i++) {
        struct round round = {0};
        code = each_event(&search, search.roots.items[i], look_at_bundle, &round);
        round.gather = true;
        if (code == ES_OK) code = each_event(&search, search.roots.items[i], look_at_bundle, &round);
    }
    for (uint32_t i = 0; i < search.patients.count && code == ES_OK; i++) code = gather_patient(&search, search.patients.items[i]);
    if (code == ES_OK) code = settle_seqs(&search);
    if (code == ES_OK) code = gather_aliases(&search);
    if (code == ES_OK) code = forget_names(&search);
    es_ledger_release(site->ledger);
    free(search.patients.items);
    free(search.roots.items);
    free(search.studies.items);
    free(search.accessions.items);
    if (code != ES_OK) es_person_clear(out);
    return code;
}

void es_person_clear(struct es_person *person)
{
    free(person->seqs);
    free(person->forgotten);
    *person = (struct es_person){0};
}

enum es_errc es_site_find_bundles(struct es_site *site, const struct es_sought *sought, uint32_t **bundles, size_t *n, struct es_error *err)
{
    struct search search = {.site = site, .err = err};
    struct es_pseudonym names[2] = {{{0}}, {{0}}}; /* study, accession number */
    enum es_errc code = sought->patient_id[0] ? seek_patient(&search, sought) : ES_OK;
    if (code == ES_OK && sought->study_uid[0] &&
        es_site_pseudonym(site, ES_PSEUDONYM_STUDY, NULL, sought->study_uid, &names[0]) != ES_OK)
        code = no_memory(&search);
    if (code == ES_OK && sought->accession[0])
        code = identifier(&search, ES_PSEUDONYM_ACCESSION, sought->accession, site->config->accession_prefix, &names[1]);
    for (int i = 0; i < 2 && code == ES_OK; i++) {
        const uint32_t node = es_pseudonym_set(&names[i]) ? es_index_find(&site->graph.keys, &names[i]) : ES_INDEX_NONE;
        if (node == ES_INDEX_NONE) continue;
        const uint32_t root = es_graph_root(&site->graph, node);
        if (!listed(&search.roots, root) && !es_list_add(&search.roots, root)) code = no_memory(&search);
    }
    free(search.patients.items);
    if (code != ES_OK) {
        free(search.roots.items);
        return code;
    }
    *bundles = search.roots.items;
    *n = search.roots.count;
    return ES_OK;
}
