/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/facts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dicom/dataset.h"
#include "dicom/object.h"
#include "dicom/outline.h"
#include "dicom/readers.h"
#include "dicom/report.h"
#include "dicom/secret.h"
#include "dicom/seg.h"
#include "dicom/skim.h"

#define PART ((size_t)4096)        /* of a file, read at a time: most headers are shorter */
#define BEGINNING ((size_t)16384 - 64) /* of a report or result, before all of it is read: most have their pixels or their end within */

static enum es_errc read_identity(const struct es_elements *elements, struct es_identity *identity, struct es_error *err)
{
    es_identity_read(elements, identity);
    if (!identity->sop_class_uid[0] && !identity->study_uid[0] && !identity->series_uid[0] && !es_elements_find(elements, 0x00080060))
        return es_fail(err, ES_E_PARSE, "no DICOM object: SOPClassUID, StudyInstanceUID, SeriesInstanceUID and Modality expected, none found");
    return ES_OK;
}

/** The first element at the root of each row of the table; NULL where there is none. One pass: elements mostly rise, as the rows do. */
static void find_rows(const struct es_elements *elements, const struct es_element *found[ES_MAX_ATTRIBUTE_ROWS])
{
    size_t row = 0;
    memset(found, 0, es_n_attributes * sizeof found[0]);
    for (const struct es_element *e = elements->element, *end = e + elements->count; e < end; e++) {
        if (e->parent) continue;
        if (row > 0 && es_attributes[row - 1].tag >= e->tag) row = 0;
        while (row < es_n_attributes && es_attributes[row].tag < e->tag) row++;
        if (row < es_n_attributes && es_attributes[row].tag == e->tag && !found[row]) found[row] = e;
    }
}

/** All that a header says, when it is known whose and of what kind. */
static void read_header(const struct es_elements *elements, const struct es_identity *identity, enum es_object_kind kind, struct es_facts *out)
{
    const struct es_element *found[ES_MAX_ATTRIBUTE_ROWS];
    find_rows(elements, found);
    memset(out, 0, sizeof *out);
    out->identity = *identity;
    out->kind = kind;
    out->form = es_form_of_class(identity->sop_class_uid);
    out->exclusion = es_exclusion_read(elements, &out->identity_removed);
    for (size_t i = 0; i < es_n_attributes && out->n_attributes < ES_MAX_ATTRIBUTES; i++) {
        const struct es_attribute *row = &es_attributes[i];
        if (!(row->use & (ES_USE_DEMOGRAPHICS | ES_USE_ACQUISITION))) continue;
        struct es_fact *fact = &out->attributes[out->n_attributes++];
        if (row->use & ES_USE_DEMOGRAPHICS) es_demographic_read(elements, row, found[i], fact);
        else es_acquisition_read(elements, row, found[i], fact);
    }
    es_equipment_read(elements, kind, &out->algorithm);
}

enum es_errc es_facts_from_elements(const struct es_elements *elements, struct es_facts *out, struct es_error *err)
{
    struct es_identity identity;
    const enum es_errc code = read_identity(elements, &identity, err);
    if (code == ES_OK) read_header(elements, &identity, es_kind_read(elements, &identity), out);
    return code;
}

static void mark_partial(struct es_facts *facts, const char *why)
{
    facts->partial = true;
    (void)snprintf(facts->partial_reason, sizeof facts->partial_reason, "%s", why);
}

static bool is_result(enum es_object_kind kind) { return kind == ES_OBJECT_SR || kind == ES_OBJECT_RESULT; }

/** What a report or result says behind its header, which `out` has: by an outline when it is as plain as most are, else parsed by DCMTK.
 * @param skimmed  whether its elements were found without DCMTK */
static enum es_errc read_result(const void *bytes, size_t len, uint64_t total, const struct es_elements *elements, bool skimmed, struct es_facts *out,
                                struct es_error *err)
{
    struct es_outline *outline = NULL;
    struct es_dataset *dataset = NULL;
    const bool pixels = es_seg_class(out->identity.sop_class_uid);
    enum es_errc code = skimmed && !pixels ? es_outline_new(&outline, bytes, len, total) : ES_E_UNSUPPORTED;
    if (code == ES_OK) code = es_object_read(es_outline_root(outline), elements, out, err);
    else {
        code = es_dataset_parse(&dataset, bytes, len, pixels ? ES_DATASET_PIXELS : ES_DATASET_WHOLE, err);
        if (code == ES_OK) code = es_object_read(es_dataset_root(dataset), elements, out, err);
        if (code == ES_OK && pixels) code = es_seg_read(dataset, elements, &out->seg, err);
        if (code == ES_OK && es_dataset_broken(dataset)) mark_partial(out, es_dataset_broken(dataset));
    }
    if (code != ES_OK) es_facts_free(out);
    es_outline_free(outline);
    es_dataset_free(dataset);
    return code;
}

/** The way of everything whose header is not plain: DCMTK, the header first, the whole object only for reports and results. */
static enum es_errc read_dataset(const void *bytes, size_t len, struct es_facts *out, struct es_error *err)
{
    struct es_dataset *dataset = NULL;
    struct es_elements elements;
    enum es_errc code = es_dataset_parse(&dataset, bytes, len, ES_DATASET_HEADER, err);
    if (code != ES_OK) return code;
    es_dataset_elements(dataset, &elements);
    code = es_facts_from_elements(&elements, out, err);
    const bool result = code == ES_OK && is_result(out->kind);
    if (code == ES_OK && !result && es_dataset_broken(dataset)) mark_partial(out, es_dataset_broken(dataset));
    es_dataset_free(dataset);
    return result ? read_result(bytes, len, len, &elements, false, out, err) : code;
}

/** Whether the header is all that is to be said of the object. */
static bool is_plain(enum es_object_kind kind) { return kind == ES_OBJECT_IMAGE || kind == ES_OBJECT_OTHER; }

/** es_facts_read() of the first len bytes of an object of `total`. @param cut  set: an element claims more than the whole object holds */
static enum es_errc read_facts(const void *bytes, size_t len, uint64_t total, struct es_facts *out, bool *cut, struct es_error *err)
{
    struct es_elements elements;
    struct es_facts facts;
    struct es_error end = {0};
    const bool skimmed = es_skim_to_end(bytes, len, total, &elements, &end, NULL) == ES_OK;
    enum es_errc code = skimmed ? es_facts_from_elements(&elements, &facts, NULL) : ES_E_UNSUPPORTED;
    if (code == ES_OK && is_result(facts.kind)) code = read_result(bytes, len, total, &elements, true, &facts, err);
    else if (code != ES_OK || !is_plain(facts.kind)) code = read_dataset(bytes, len, &facts, err);
    if (code != ES_OK) return code;
    /* A cut end in words of what was claimed and what is there, which are better than DCMTK's. */
    if (!skimmed) es_skim_end(bytes, len, total, &end);
    *cut = end.code != ES_OK;
    if (*cut) mark_partial(&facts, end.text);
    *out = facts;
    return ES_OK;
}

enum es_errc es_facts_read(const void *bytes, size_t len, struct es_facts *out, struct es_error *err)
{
    bool cut = false;
    if (!bytes && len > 0) return es_fail(err, ES_E_ARG, "facts: no bytes given");
    return read_facts(bytes, len, len, out, &cut, err);
}

/** Read `len` bytes of a file, fewer only at its end. @return how many, or -1 with errno */
static ssize_t read_at(int fd, char *bytes, size_t len, uint64_t at)
{
    size_t used = 0;
    while (used < len) {
        const ssize_t n = pread(fd, bytes + used, len - used, (off_t)(at + used));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        used += (size_t)n;
    }
    return (ssize_t)used;
}

/** A file that is read in parts. */
struct parts {
    int fd;
    uint64_t size, at; /* at: where the bytes at hand are of it */
    size_t len;        /* how many those are */
    char bytes[PART];
};

static const uint8_t *read_part(void *context, uint64_t at, size_t *len)
{
    struct parts *parts = context;
    const uint64_t left = at < parts->size ? parts->size - at : 0; /* not asked for beyond its end, which is a call of its own to find */
    const ssize_t n = read_at(parts->fd, parts->bytes, left < PART ? (size_t)left : PART, at);
    parts->at = at;
    *len = parts->len = n > 0 ? (size_t)n : 0;
    return n > 0 ? (const uint8_t *)parts->bytes : NULL;
}

/** A report or result whose header is known, from its first bytes. @return ES_E_UNSUPPORTED when these are not enough */
static enum es_errc read_beginning(const struct parts *parts, const struct es_elements *elements, const struct es_identity *identity,
                              enum es_object_kind kind, struct es_facts *out, struct es_error *err)
{
    const char *bytes = parts->bytes;
    char *more = NULL;
    ssize_t n = (ssize_t)parts->len;
    struct es_outline *outline = NULL;
    if (es_seg_class(identity->sop_class_uid)) return ES_E_UNSUPPORTED; /* its pixels are wanted */
    if (parts->at != 0 || parts->len != parts->size) {
        bytes = more = es_secret_new(BEGINNING);
        n = more ? read_at(parts->fd, more, parts->size < BEGINNING ? (size_t)parts->size : BEGINNING, 0) : -1;
    }
    enum es_errc code = n > 0 ? es_outline_new(&outline, bytes, (size_t)n, parts->size) : ES_E_UNSUPPORTED;
    if (code != ES_OK) code = ES_E_UNSUPPORTED; /* without memory for it too: who reads the whole says what is wrong */
    if (code == ES_OK) {
        read_header(elements, identity, kind, out);
        code = es_object_read(es_outline_root(outline), elements, out, err);
        if (code != ES_OK) es_facts_free(out);
    }
    es_outline_free(outline);
    es_secret_free(more);
    return code;
}

/** An object with a plain header, without reading more of it than is needed. @return ES_E_UNSUPPORTED when it is none, or cannot be read so */
static enum es_errc read_plain(int fd, uint64_t size, struct es_facts *out, struct es_error *err)
{
    struct es_elements elements;
    struct es_identity identity;
    struct es_error end = {0};
    struct parts parts;
    const struct es_skim_source source = {read_part, &parts};
    parts.fd = fd;
    parts.size = size;
    if (size > SIZE_MAX || es_skim_parts(&source, (size_t)size, &elements, &end, NULL) != ES_OK) return ES_E_UNSUPPORTED;
    if (read_identity(&elements, &identity, NULL) != ES_OK) return ES_E_UNSUPPORTED;
    const enum es_object_kind kind = es_kind_read(&elements, &identity);
    if (is_result(kind)) return read_beginning(&parts, &elements, &identity, kind, out, err);
    if (!is_plain(kind)) return ES_E_UNSUPPORTED;
    read_header(&elements, &identity, kind, out);
    if (end.code != ES_OK) mark_partial(out, end.text);
    return ES_OK;
}

static enum es_errc read_whole(int fd, uint64_t size, struct es_facts *out, struct es_error *err)
{
    const size_t want = size < ES_MAX_OBJECT_BYTES ? (size_t)size : ES_MAX_OBJECT_BYTES;
    char *bytes = es_secret_new(want);
    if (!bytes) return es_fail(err, ES_E_MEMORY, "read file: no %zu bytes", want);
    const ssize_t n = read_at(fd, bytes, want, 0);
    struct es_facts facts;
    bool cut = false;
    enum es_errc code = ES_OK;
    if (n < 0) code = es_fail(err, ES_E_IO, "read file: %s", strerror(errno));
    else code = read_facts(bytes, (size_t)n, size > want && (size_t)n == want ? size : (uint64_t)n, &facts, &cut, err);
    es_secret_free(bytes);
    /* an object cut by our own ceiling is not the sender's fault, but it is not whole either */
    if (code == ES_OK && facts.partial && !cut && size > want) {
        es_facts_free(&facts);
        code = es_fail(err, ES_E_LIMIT, "read file: its header does not end within the %zu bytes that are read of a file", want);
    }
    if (code == ES_OK) *out = facts;
    return code;
}

enum es_errc es_facts_read_file(const char *path, struct es_facts *out, struct es_error *err)
{
    struct stat st;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return es_fail(err, ES_E_IO, "open file: %s", strerror(errno));
    const off_t end = lseek(fd, 0, SEEK_END); /* half of what fstat() costs; pipes and the like have none */
    enum es_errc code = end > 0 ? read_plain(fd, (uint64_t)end, out, err) : ES_E_UNSUPPORTED;
    if (code == ES_E_UNSUPPORTED) {
        if (fstat(fd, &st) != 0) code = es_fail(err, ES_E_IO, "open file: %s", strerror(errno));
        else if (!S_ISREG(st.st_mode)) code = es_fail(err, ES_E_IO, "open file: no regular file");
        else code = read_whole(fd, (uint64_t)st.st_size, out, err);
    }
    (void)close(fd);
    return code;
}

void es_facts_free(struct es_facts *facts)
{
    if (!facts) return;
    es_report_free(facts->report);
    es_seg_free(facts->seg);
    explicit_bzero(facts, sizeof *facts);
}

const struct es_fact *es_facts_attribute(const struct es_facts *facts, const char *keyword)
{
    for (size_t i = 0; i < facts->n_attributes; i++)
        if (strcmp(facts->attributes[i].keyword, keyword) == 0) return &facts->attributes[i];
    return NULL;
}
