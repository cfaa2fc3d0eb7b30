/* SPDX-License-Identifier: Apache-2.0 */
/* Rows: for every exam, model, finding and unit what was said, by whom, and whether it was right. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/bundle/internal.h"

#define MAX_FAILED 8 /* each makes a row of every unit: further versions of one product that fail on one exam do not */

/* Everything of one exam, model and finding. */
struct scene {
    struct es_bundle *bundle;
    const struct es_finding_config *config;
    struct es_cell *cells;
    size_t n_cells;
    struct es_label *labels;
    size_t n_labels;
    struct es_pseudonym *units;
    size_t n_units;
    struct es_cell *failures; /* of the whole exam, where the units are finer: each holds for the units of which nothing of its version came;
                                 one a version, of at most MAX_FAILED versions */
    size_t n_failures;
    const struct es_derived_case *base; /* exam, model, finding, eligible, excluded */
};

static int by_unit(const void *left, const void *right) { return es_pseudonym_order(left, right); }

/* By unit, version, those of the unit itself first, then the finer unit the result spoke of, then first produced first. */
static int by_cell(const void *left, const void *right)
{
    const struct es_cell *a = left, *b = right;
    const struct es_event *x = a->result->event, *y = b->result->event;
    int order = es_pseudonym_order(&a->unit, &b->unit);
    if (order == 0) order = strcmp(x->model_version, y->model_version);
    if (order == 0) order = (int)a->finer - (int)b->finer;
    if (order == 0 && x->unit != y->unit) order = x->unit < y->unit ? -1 : 1;
    if (order == 0) order = es_pseudonym_order(&x->unit_id, &y->unit_id);
    return order ? order : es_first_produced(x, y);
}

/* The reference of one unit: the greatest over its sources. */
static void judge(const struct es_label *labels, size_t n, struct es_derived_case *out)
{
    if (n == 0) return;
    const struct es_label *live = &labels[n - 1];
    const struct es_event *event = live->reference->event;
    const struct es_finding *finding = live->finding;
    out->has_reference = true;
    out->reference_pairing = live->reference->rule;
    memcpy(out->reference_source, event->source, sizeof out->reference_source);
    out->evaluable = finding->evaluable;
    out->label = finding->evaluable && finding->has_label && (finding->label == 0 || finding->label == 1) ? (uint8_t)finding->label
                                                                                                        : (uint8_t)ES_NO_ANSWER;
    out->established = event->produced;
    out->saw_ai = event->saw_ai;
    for (size_t i = 0; i + 1 < n; i++)
        if (strcmp(labels[i].reference->event->source, event->source) != 0 &&
            (labels[i].finding->evaluable != finding->evaluable || labels[i].finding->label != finding->label))
            out->sources_disagree = true;
}

/* ---- rows ---- */

static bool add_row(struct es_bundle *bundle, const struct es_derived_case *row)
{
    struct es_derived *out = bundle->out;
    if (out->n_cases == bundle->cases_room) {
        size_t room;
        if (__builtin_mul_overflow(bundle->cases_room, (size_t)2, &room)) return false;
        for (size_t i = 0; room == 0 && i < bundle->config->n_models; i++) bundle->cases_room += bundle->config->models[i].n_findings;
        if (room == 0) room = bundle->cases_room + 1; /* an exam's, with nothing finer and one version */
        struct es_derived_case *cases = es_arena_take(bundle->keep, room, sizeof *cases);
        if (!cases) return false;
        if (out->n_cases) memcpy(cases, out->cases, out->n_cases * sizeof *cases);
        out->cases = cases;
        bundle->cases_room = room;
    }
    out->cases[out->n_cases++] = *row;
    return true;
}

/* A row a version; a failure that tells no version stands back when a version is known for the unit, and a result without a value
 * when another version tells one. */
static bool unit_rows(struct scene *scene, const struct es_pseudonym *unit, const struct es_cell *cells, size_t n_cells,
                      const struct es_label *labels, size_t n_labels)
{
    bool known = false, added = false;
    int most = 0; /* what any version tells of the unit */
    struct es_derived_case base = *scene->base;
    base.unit = *unit;
    if (scene->config->unit != ES_UNIT_EXAM) {
        const struct es_eligibility *rule = &scene->bundle->config->models[base.model].eligible;
        base.eligible = es_bundle_eligible(scene->bundle, base.exam, scene->config->unit, unit, rule);
        base.excluded |= es_unit_excluded(scene->bundle, base.exam, scene->config->unit, unit);
    }
    judge(labels, n_labels, &base);
    for (size_t i = 0; i < n_cells; i++) {
        known |= cells[i].result->event->model_version[0] != '\0';
        if (es_cell_tells(&cells[i]) > most) most = es_cell_tells(&cells[i]);
    }
    for (size_t from = 0, to; from < n_cells; from = to) {
        const char *version = cells[from].result->event->model_version;
        int told = 0;
        for (to = from; to < n_cells && strcmp(cells[to].result->event->model_version, version) == 0; to++)
            if (es_cell_tells(&cells[to]) > told) told = es_cell_tells(&cells[to]);
        if (known && version[0] == '\0' && told == 0) continue;
        if (told == 1 && most > 1) continue; /* a screen or document bears the version of what made it: it is no other result */
        struct es_derived_case row = base;
        memcpy(row.version, version, strlen(version) + 1);
        const struct es_cell *stands = es_bundle_decide(scene->config, cells + from, to - from, &row);
        if (!es_bundle_measure(scene->bundle, scene->config, stands ? stands->result->event : NULL, stands ? stands->finding : NULL,
                               n_labels ? &labels[n_labels - 1] : NULL, &row))
            return false;
        if (!add_row(scene->bundle, &row)) return false;
        added = true;
    }
    if (added) return true;
    if (!es_bundle_measure(scene->bundle, scene->config, NULL, NULL, n_labels ? &labels[n_labels - 1] : NULL, &base)) return false;
    return add_row(scene->bundle, &base);
}

static bool has_version(const struct es_cell *cells, size_t n, const char *version)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(cells[i].result->event->model_version, version) == 0) return true;
    return false;
}

/* A unit's cells, and the failures of the whole exam of which nothing of the same version speaks of the unit itself. */
static bool with_failures(struct scene *scene, const struct es_pseudonym *unit, const struct es_cell **cells, size_t *n_cells)
{
    const size_t own = *n_cells;
    size_t n = own;
    if (scene->n_failures == 0) return true;
    struct es_cell *all = es_arena_take(&scene->bundle->arena, own + scene->n_failures, sizeof *all);
    if (!all) return false;
    for (size_t i = 0; i < own; i++) all[i] = (*cells)[i];
    for (size_t i = 0; i < scene->n_failures; i++) {
        if (has_version(*cells, own, scene->failures[i].result->event->model_version)) continue;
        all[n] = scene->failures[i];
        all[n++].unit = *unit;
    }
    es_bundle_sort(all, n, sizeof *all, by_cell);
    *cells = all;
    *n_cells = n;
    return true;
}

static bool all_rows(struct scene *scene)
{
    size_t cell = 0, label = 0;
    for (size_t i = 0; i < scene->n_units; i++) {
        const struct es_pseudonym *unit = &scene->units[i];
        const size_t first_cell = cell, first_label = label;
        while (cell < scene->n_cells && es_pseudonym_order(&scene->cells[cell].unit, unit) == 0) cell++;
        while (label < scene->n_labels && es_pseudonym_order(&scene->labels[label].unit, unit) == 0) label++;
        const struct es_cell *cells = scene->cells + first_cell;
        size_t n_cells = cell - first_cell;
        if (!with_failures(scene, unit, &cells, &n_cells) ||
            !unit_rows(scene, unit, cells, n_cells, scene->labels + first_label, label - first_label))
            return false;
    }
    return true;
}

static void add_unit(struct scene *scene, const struct es_pseudonym *unit) { scene->units[scene->n_units++] = *unit; }

/* Units that are there even when nothing came: the exam; its series, images or sides, as its headers show them. Lesions, and sides that
 * no header tells, only when somebody names them. */
static void list_units(struct scene *scene)
{
    const struct es_pseudonym whole = {{0}};
    size_t unique = 0;
    scene->n_units = es_units_seen(scene->bundle, scene->base->exam, scene->config->unit, scene->units);
    for (size_t i = 0; i < scene->n_cells; i++) add_unit(scene, &scene->cells[i].unit);
    for (size_t i = 0; i < scene->n_labels; i++) add_unit(scene, &scene->labels[i].unit);
    if (scene->n_units == 0 || scene->config->unit == ES_UNIT_EXAM) add_unit(scene, &whole);
    es_bundle_sort(scene->units, scene->n_units, sizeof *scene->units, by_unit);
    for (size_t i = 0; i < scene->n_units; i++)
        if (unique == 0 || by_unit(&scene->units[i], &scene->units[unique - 1]) != 0) scene->units[unique++] = scene->units[i];
    scene->n_units = unique;
}

static int by_failure(const void *left, const void *right)
{
    const struct es_cell *a = left, *b = right;
    return es_failure_order(b->result->event, a->result->event);
}

/* One a version, the one that stands above. */
static void settle_failures(struct scene *scene)
{
    const size_t n = scene->n_failures;
    es_bundle_sort(scene->failures, n, sizeof *scene->failures, by_failure);
    scene->n_failures = 0;
    for (size_t i = 0; i < n && scene->n_failures < MAX_FAILED; i++)
        if (!has_version(scene->failures, scene->n_failures, scene->failures[i].result->event->model_version))
            scene->failures[scene->n_failures++] = scene->failures[i];
}

/* Results that speak of this finding's units: of the same type, or of parts of them. */
static void list_cells(struct scene *scene, const struct es_paired *results, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct es_event *event = results[i].event;
        struct es_cell cell = {.result = &results[i]};
        const enum es_part part = es_unit_part(scene->bundle, scene->base->exam, scene->config->unit, event, &cell.unit);
        if (part == ES_PART_NONE) {
            if (!es_event_came(event) && event->unit == ES_UNIT_EXAM) scene->failures[scene->n_failures++] = cell;
            continue;
        }
        cell.finer = part == ES_PART_FINER;
        if (es_event_came(event)) {
            cell.finding = es_event_finding(event, scene->config->name);
            if (!cell.finding && scene->config->absence == ES_ABSENCE_UNKNOWN) continue;
        }
        scene->cells[scene->n_cells++] = cell;
    }
    es_bundle_sort(scene->cells, scene->n_cells, sizeof *scene->cells, by_cell);
}

static bool finding_rows(struct es_bundle *bundle, const struct es_derived_case *base, const struct es_paired *results,
                         size_t n_results, const struct es_paired *references, size_t n_references)
{
    struct scene scene = {.bundle = bundle, .base = base};
    size_t units = bundle->ranges[base->exam].count;
    scene.config = &bundle->config->models[base->model].findings[base->finding];
    if (__builtin_add_overflow(units, n_results, &units) || __builtin_add_overflow(units, n_references, &units) ||
        __builtin_add_overflow(units, (size_t)3, &units))
        return false;
    scene.cells = es_arena_take(&bundle->arena, n_results ? n_results : 1, sizeof *scene.cells);
    scene.failures = es_arena_take(&bundle->arena, n_results ? n_results : 1, sizeof *scene.failures);
    scene.labels = es_arena_take(&bundle->arena, n_references ? n_references : 1, sizeof *scene.labels);
    scene.units = es_arena_take(&bundle->arena, units, sizeof *scene.units);
    if (!scene.cells || !scene.failures || !scene.labels || !scene.units) return false;
    list_cells(&scene, results, n_results);
    settle_failures(&scene);
    if (!es_bundle_labels(bundle, base->exam, scene.config, references, n_references, scene.labels, &scene.n_labels)) return false;
    list_units(&scene);
    return all_rows(&scene);
}

/* Can a model's configuration use this finding of this unit? */
static bool model_knows(const struct es_bundle *bundle, const struct es_model_config *model, const struct es_paired *paired, const char *name)
{
    const int finding = es_model_finding(model, name);
    struct es_pseudonym unit;
    return finding >= 0 && es_unit_part(bundle, paired->exam, model->findings[finding].unit, paired->event, &unit) != ES_PART_NONE;
}

static void count_unknown(struct es_bundle *bundle)
{
    for (size_t i = 0; i < bundle->n_results; i++) {
        const struct es_event *event = bundle->results[i].event;
        bool unknown = false;
        for (size_t k = 0; k < event->n_findings && !unknown; k++)
            unknown = !model_knows(bundle, &bundle->config->models[bundle->results[i].model], &bundle->results[i], event->findings[k].name);
        bundle->out->unknown_finding += unknown;
    }
    for (size_t i = 0; i < bundle->n_references; i++) {
        const struct es_event *event = bundle->references[i].event;
        bool unknown = false;
        for (size_t k = 0; k < event->n_findings && !unknown; k++) {
            bool known = bundle->references[i].dead && bundle->references[i].dead[k]; /* superseded: nothing is asked of it */
            for (size_t m = 0; m < bundle->config->n_models && !known; m++)
                known = model_knows(bundle, &bundle->config->models[m], &bundle->references[i], event->findings[k].name);
            unknown = !known;
        }
        bundle->out->unknown_finding += unknown;
    }
}

enum es_errc es_bundle_cases(struct es_bundle *bundle)
{
    size_t result = 0, reference = 0;
    count_unknown(bundle);
    for (uint32_t exam = 0; exam < bundle->out->n_exams; exam++) {
        const size_t first_reference = reference;
        while (reference < bundle->n_references && bundle->references[reference].exam == exam) reference++;
        for (uint16_t model = 0; model < bundle->config->n_models; model++) {
            const struct es_model_config *config = &bundle->config->models[model];
            const size_t first_result = result;
            while (result < bundle->n_results && bundle->results[result].exam == exam && bundle->results[result].model == model)
                result++;
            struct es_derived_case base = {.exam = exam, .model = model, .threshold_sent = NAN, .score = NAN,
                .decision = ES_NO_ANSWER, .label = ES_NO_ANSWER, .produced = ES_NO_INSTANT, .established = ES_NO_INSTANT,
                .excluded = bundle->out->exams[exam].excluded != ES_EXCLUDED_NOT,
                .eligible = es_bundle_eligible(bundle, exam, ES_UNIT_EXAM, &(struct es_pseudonym){{0}}, &config->eligible)};
            for (base.finding = 0; base.finding < config->n_findings; base.finding++)
                if (!finding_rows(bundle, &base, result > first_result ? bundle->results + first_result : NULL, result - first_result,
                                  reference > first_reference ? bundle->references + first_reference : NULL, reference - first_reference))
                    return es_fail(bundle->err, ES_E_MEMORY, "bundle: out of memory");
        }
    }
    return ES_OK;
}
