/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/recognise/recognise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/secret.h"
#include "metrics/catalogue.h"
#include "plugin/recognise/explain.h"
#include "plugin/recognise/internal.h"

void es_messages_free(struct es_message **messages, size_t count)
{
    if (messages == NULL) return;
    for (size_t i = 0; i < count; i++) {
        es_message_clear(messages[i]);
        es_secret_free(messages[i]);
    }
    free(messages);
}

void es_gather_tell(struct es_gathering *g, const char *name, const char *what)
{
    if (g->why_size > 0 && g->why[0] == '\0') (void)snprintf(g->why, g->why_size, name[0] != '\0' ? "finding %s: %s" : "%s%s", name, what);
}

void es_gather_copy(char *out, size_t size, const char *text)
{
    const size_t len = strnlen(text, size - 1);
    memcpy(out, text, len);
    out[len] = '\0';
}

struct es_message *es_gather_message(struct es_gathering *g, enum es_event_kind kind)
{
    struct es_message *message = g->count < g->room ? es_secret_new(sizeof *message) : NULL;
    if (message == NULL) {
        (void)es_fail(g->err, ES_E_MEMORY, "message: no memory");
        return NULL;
    }
    es_message_init(message);
    message->kind = kind;
    g->messages[g->count++] = message;
    return message;
}

/* Who, and what the configuration wants to know of how. */
static void take_facts(struct es_gathering *g, struct es_message *m)
{
    const struct es_identity *id = &g->facts->identity;
    es_gather_copy(m->study_uid, sizeof m->study_uid, id->study_uid);
    es_gather_copy(m->accession, sizeof m->accession, id->accession);
    es_gather_copy(m->accession_issuer, sizeof m->accession_issuer, id->accession_issuer);
    es_gather_copy(m->patient_id, sizeof m->patient_id, id->patient_id);
    es_gather_copy(m->patient_issuer, sizeof m->patient_issuer, id->patient_issuer);
    m->study_day = id->study_day;
    for (size_t i = 0; i < g->facts->n_attributes && m->n_attributes < ES_MAX_ATTRIBUTES; i++) {
        const struct es_fact *fact = &g->facts->attributes[i];
        if (!es_config_wants(g->config, fact->keyword)) continue;
        struct es_message_attribute *a = &m->attributes[m->n_attributes++];
        es_gather_copy(a->keyword, sizeof a->keyword, fact->keyword);
        a->state = fact->state;
        es_gather_copy(a->value, sizeof a->value, fact->state == ES_ATTRIBUTE_PRESENT ? fact->value : "");
    }
}

static enum es_errc make_exam(struct es_gathering *g, bool archive_copy)
{
    const struct es_facts *facts = g->facts;
    if (facts->identity.study_uid[0] == '\0')
        return es_fail(g->err, ES_E_REFUSED, "StudyInstanceUID: found none, expected one in an image");
    struct es_message *m = es_gather_message(g, ES_EVENT_EXAM);
    if (m == NULL) return ES_E_MEMORY;
    take_facts(g, m);
    m->attribute_source = ES_SOURCE_IMAGE;
    es_gather_copy(m->series_uid, sizeof m->series_uid, facts->identity.series_uid);
    /* One event a series: a message for each of a thousand slices would say the same a thousand times. */
    if (es_config_has_unit(g->config, ES_UNIT_IMAGE)) es_gather_copy(m->sop_uid, sizeof m->sop_uid, facts->identity.sop_uid);
    m->excluded = facts->exclusion;
    if (m->excluded == ES_EXCLUDED_NOT && archive_copy) m->excluded = ES_EXCLUDED_COPY;
    if (m->excluded == ES_EXCLUDED_NOT && facts->identity_removed && g->config->exclude_identity_removed)
        m->excluded = ES_EXCLUDED_IDENTITY_REMOVED;
    return ES_OK;
}

/* ---- the result ---- */

/* More references than an event keeps are none: a part of them would pair by chance. */
static enum es_errc take_references(struct es_gathering *g, char (*from)[ES_UID_SIZE], size_t count, char (**out)[ES_UID_SIZE], size_t *n_out)
{
    if (count == 0 || count > ES_MAX_EVENT_REFERENCES) return ES_OK;
    *out = es_secret_list(count, sizeof **out);
    if (*out == NULL) return es_fail(g->err, ES_E_MEMORY, "references: no memory");
    memcpy(*out, from, count * sizeof **out);
    *n_out = count;
    return ES_OK;
}

enum es_errc es_gather_object(struct es_gathering *g, struct es_message *m)
{
    const struct es_report_facts *report = g->facts->report;
    take_facts(g, m);
    m->attribute_source = ES_SOURCE_RESULT_OBJECT;
    m->produced = report->produced_us;
    m->zone_known = report->produced_zone_known;
    enum es_errc code = take_references(g, report->series, report->n_series, &m->series_refs, &m->n_series_refs);
    if (code == ES_OK) code = take_references(g, report->images, report->n_images, &m->image_refs, &m->n_image_refs);
    if (code == ES_OK) code = take_references(g, report->studies, report->n_studies, &m->study_refs, &m->n_study_refs);
    return code;
}

/* What every message of a result says. */
static enum es_errc take_result(struct es_gathering *g, struct es_message *m, const struct es_voice *voice)
{
    es_gather_copy(m->sop_uid, sizeof m->sop_uid, g->facts->identity.sop_uid);
    es_gather_copy(m->model_name, sizeof m->model_name, voice->model->name);
    es_gather_copy(m->model_version, sizeof m->model_version, voice->version);
    es_gather_copy(m->model_manufacturer, sizeof m->model_manufacturer, voice->algorithm->manufacturer);
    es_gather_copy(m->device_uid, sizeof m->device_uid, voice->algorithm->device_uid);
    m->model_rule = voice->algorithm->source;
    m->result_status = ES_RESULT_OK;
    return es_gather_object(g, m);
}

bool es_gather_is_of(const struct es_message *m, const struct es_finding_config *finding, char side)
{
    return m->unit == finding->unit && (finding->unit != ES_UNIT_SIDE || m->unit_id[0] == side);
}

const char *es_gather_sides(const struct es_gathering *g, const struct es_finding_config *finding)
{
    return finding->unit == ES_UNIT_SIDE && g->facts->kind == ES_OBJECT_SR ? "LR" : "";
}

bool es_gather_unit(struct es_gathering *g, const struct es_finding_config *finding, char side, struct es_message *m)
{
    const struct es_report_facts *report = g->facts->report;
    const bool series = finding->unit == ES_UNIT_SERIES, image = finding->unit == ES_UNIT_IMAGE, one_side = finding->unit == ES_UNIT_SIDE && side != 0;
    if ((series && report->n_series != 1) || (image && report->n_images != 1) || (finding->unit != ES_UNIT_EXAM && !series && !image && !one_side)) {
        es_gather_tell(g, finding->name, "the object does not tell its one unit");
        return false;
    }
    if (m == NULL) return true;
    m->unit = finding->unit;
    if (series) es_gather_copy(m->unit_id, sizeof m->unit_id, report->series[0]);
    if (image) es_gather_copy(m->unit_id, sizeof m->unit_id, report->images[0]);
    if (one_side) (void)snprintf(m->unit_id, sizeof m->unit_id, "%c", side);
    return true;
}

/* Two models may ask for one finding: it is one thing that was stated, and stated once. */
static bool is_there(const struct es_message *m, const char *name)
{
    for (size_t i = 0; i < m->n_findings; i++)
        if (strcmp(m->findings[i].name, name) == 0) return true;
    return false;
}

struct es_message *es_gather_reference(struct es_gathering *g, const struct es_finding_config *finding, char side, const char *source,
                                       enum es_reference_status status)
{
    struct es_message *m = NULL;
    for (size_t i = 0; i < g->count && m == NULL; i++)
        if (g->messages[i]->kind == ES_EVENT_REFERENCE && es_gather_is_of(g->messages[i], finding, side)) m = g->messages[i];
    if (m == NULL) {
        if (!es_gather_unit(g, finding, side, NULL)) return NULL;
        m = es_gather_message(g, ES_EVENT_REFERENCE);
        if (m == NULL || es_gather_object(g, m) != ES_OK) return NULL;
        m->n_attributes = 0; /* a reference describes nobody */
        (void)es_gather_unit(g, finding, side, m);
        m->reference_status = status;
        es_gather_copy(m->source, sizeof m->source, source);
    }
    return is_there(m, finding->name) || m->n_findings == ES_MAX_EVENT_FINDINGS ? NULL : m;
}

/* The message of a voice and a unit type, begun when the first of its findings comes; `first` is the first message of the voice.
 * NULL: no memory, or the unit cannot be told. */
static struct es_message *message_of(struct es_gathering *g, const struct es_voice *voice, size_t first, const struct es_finding_config *finding)
{
    for (size_t i = first; i < g->count; i++)
        if (es_gather_is_of(g->messages[i], finding, voice->side)) return g->messages[i];
    if (!es_gather_unit(g, finding, voice->side, NULL)) return NULL;
    struct es_message *m = es_gather_message(g, ES_EVENT_RESULT);
    if (m == NULL || take_result(g, m, voice) != ES_OK) return NULL;
    (void)es_gather_unit(g, finding, voice->side, m);
    return m;
}

/* ---- what failed ---- */

/* A CAD report says itself when it is none; PS3.16 CID 6047 and 6042. NULL: it worked, as far as it says. */
static const char *failure_of(const struct es_gathering *g, const struct es_voice *voice, enum es_result_status *status)
{
    const struct es_report_facts *report = g->facts->report;
    *status = ES_RESULT_FAILED;
    if (report->cad == ES_CAD_FAILED) return "cad_none_succeeded";
    if (report->cad == ES_CAD_PARTLY_WITHOUT) return "cad_not_all_succeeded";
    if (report->cad == ES_CAD_NOT_ATTEMPTED) {
        *status = ES_RESULT_REJECTED;
        return "cad_not_attempted";
    }
    if (voice->algorithms != 0 && (voice->algorithms & ~report->failed_algorithms) == 0) return "cad_failed";
    return NULL;
}

/* FailedWhen: rules that say yes of an object that holds no result. */
static bool says_failed(struct es_gathering *g, const struct es_voice *voice)
{
    static const struct es_finding_config failed = {.name = "FailedWhen", .task = ES_TASK_BINARY, .combine = ES_COMBINE_ANY};
    struct es_finding found = {0};
    const bool yes = es_find_finding(g, voice, &failed, voice->model->failed, voice->model->n_failed, &found) == ES_FOUND &&
                     (found.has_decision ? found.decision : found.score > 0);
    es_finding_clear(&found);
    return yes;
}

static enum es_errc make_failure(struct es_gathering *g, const struct es_voice *voice, enum es_result_status status, const char *reason)
{
    struct es_message *m = es_gather_message(g, ES_EVENT_FAILURE);
    if (m == NULL) return ES_E_MEMORY;
    const enum es_errc code = take_result(g, m, voice);
    m->n_attributes = 0; /* a failure describes nobody */
    m->result_status = status;
    es_gather_copy(m->reason, sizeof m->reason, reason);
    es_trace_failure(g->trace, voice->model->name, reason);
    return code;
}

/* ---- what was found ---- */

/* Burned-in pixels, a document or a choice of images: that it came is all that can be told of its findings. */
static bool is_opaque(enum es_result_form form)
{
    return form == ES_FORM_SECONDARY_CAPTURE || form == ES_FORM_DOCUMENT || form == ES_FORM_KEY_OBJECT;
}

/* What an object says of one finding. NOT: nothing, not even silence. A finding without a value: resulted, value unknown. */
static enum es_found read_finding(struct es_gathering *g, const struct es_voice *voice, const struct es_finding_config *config,
                                  struct es_finding *out, bool *silence)
{
    const enum es_result_form form = g->facts->form;
    const bool absence = config->absence == ES_ABSENCE_NEGATIVE && g->facts->kind == ES_OBJECT_SR && !is_opaque(form);
    const enum es_found found = es_find_finding(g, voice, config, config->from, config->n_from, out);
    *silence = false;
    if (found == ES_FOUND || voice->side != '\0') return found == ES_FOUND ? ES_FOUND : ES_FOUND_NOT; /* a side that is not named may not have been imaged */
    /* Neither what could not be used nor what a partly failed analysis left out may pass for a no. */
    const bool unknown = is_opaque(form) || (absence && (found == ES_FOUND_UNUSABLE || g->facts->report->cad == ES_CAD_PARTLY_WITH));
    if (unknown) {
        *out = (struct es_finding){.evaluable = true};
        es_gather_copy(out->name, sizeof out->name, config->name);
        es_trace_unknown(g->trace, voice->model->name, config->name);
        return ES_FOUND;
    }
    *silence = absence; /* an answer only where the configuration says so; the bundle reads it as one */
    if (absence) es_trace_silence(g->trace, voice->model->name, config->name);
    return ES_FOUND_NOT;
}

/* @return whether there was something to tell of it */
static bool add_result(struct es_gathering *g, const struct es_voice *voice, size_t first, const struct es_finding_config *config)
{
    struct es_finding finding = {0};
    bool silence = false;
    const enum es_found found = read_finding(g, voice, config, &finding, &silence);
    if (found != ES_FOUND && !silence) return false;
    struct es_message *m = message_of(g, voice, first, config);
    if (m != NULL && found == ES_FOUND) m->findings[m->n_findings++] = finding; /* at most ES_MAX_FINDINGS, which fit */
    else es_finding_clear(&finding);
    return true;
}

static enum es_errc make_result(struct es_gathering *g, const struct es_voice *voice)
{
    const struct es_model_config *model = voice->model;
    const size_t first = g->count;
    enum es_result_status status;
    const char *failed = failure_of(g, voice, &status);
    if (failed != NULL) return make_failure(g, voice, status, failed);
    if (says_failed(g, voice)) return make_failure(g, voice, ES_RESULT_FAILED, "failed_when");
    for (size_t i = 0; i < model->n_findings; i++) {
        const struct es_finding_config *config = &model->findings[i];
        struct es_voice sided = *voice;
        bool told = false;
        for (const char *side = es_gather_sides(g, config); *side != '\0'; side++) {
            sided.side = *side;
            told = add_result(g, &sided, first, config) || told;
        }
        sided.side = '\0';
        if (!told) (void)add_result(g, &sided, first, config); /* of sides: says that none is told */
        if (g->err->code == ES_E_MEMORY) return ES_E_MEMORY;
    }
    return ES_OK;
}
_Static_assert(ES_MAX_FINDINGS <= ES_MAX_EVENT_FINDINGS, "an event holds every finding of a model");

static enum es_errc make_results(struct es_gathering *g)
{
    struct es_voice voices[ES_MAX_VOICES];
    size_t n = 0;
    enum es_errc code = es_recognise_models(g, voices, &n);
    if (code == ES_OK) code = es_seg_references(g);
    if (code == ES_OK) code = es_sr_references(g);
    if (code != ES_OK) return code;
    const size_t drawn = g->count;
    if (n == 0 && drawn > 0) return ES_OK;
    if (n == 0) es_gather_tell(g, "", "no model recognises it");
    else if (g->facts->report == NULL) es_gather_tell(g, "", "recognised, but its content could not be read");
    else {
        for (size_t i = 0; i < n && code == ES_OK; i++) code = make_result(g, &voices[i]);
        if (code == ES_OK && g->count == drawn) es_gather_tell(g, "", "no rule matched a finding");
    }
    return code;
}

static enum es_errc make_messages(struct es_gathering *g, bool archive_copy)
{
    const enum es_object_kind kind = g->facts->kind;
    if (kind == ES_OBJECT_IMAGE) return make_exam(g, archive_copy);
    if (kind == ES_OBJECT_DIRECTORY) es_gather_tell(g, "", "a directory, no image");
    else if (kind == ES_OBJECT_OTHER) es_gather_tell(g, "", "neither an image nor a result");
    else return make_results(g);
    return ES_OK;
}

enum es_errc es_messages_traced(const struct es_facts *facts, const struct es_config *config, const char *remote_aet, bool archive_copy,
                                struct es_message ***messages, size_t *count, char *why, size_t why_size, struct es_trace *trace,
                                struct es_error *err)
{
    struct es_error inner = {0};
    struct es_gathering g = {.facts = facts, .config = config, .remote_aet = remote_aet, .why = why, .why_size = why_size, .trace = trace, .err = &inner};
    if (why_size > 0) why[0] = '\0';
    g.room = (ES_MAX_VOICES + 1) * (ES_UNIT_TYPES + 1); /* one more: what a human drew or stated, and the other side */
    g.messages = calloc(g.room, sizeof *g.messages);
    if (g.messages == NULL) return es_fail(err, ES_E_MEMORY, "messages: no memory");
    const enum es_errc code = make_messages(&g, archive_copy);
    if (code != ES_OK || g.count == 0) {
        es_messages_free(g.messages, g.count);
        g.messages = NULL;
        g.count = 0;
    }
    if (code != ES_OK) return es_fail(err, code, "%s", inner.text);
    *messages = g.messages;
    *count = g.count;
    return ES_OK;
}

enum es_errc es_messages_from_facts(const struct es_facts *facts, const struct es_config *config, const char *remote_aet, bool archive_copy,
                                    struct es_message ***messages, size_t *count, char *why, size_t why_size, struct es_error *err)
{
    return es_messages_traced(facts, config, remote_aet, archive_copy, messages, count, why, why_size, NULL, err);
}
