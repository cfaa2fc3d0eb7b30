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
#include "dicom/readers.h"
#include "dicom/secret.h"
#include "dicom/seg.h"
#include "dicom/skim.h"
#include "dicom/report.h"

#define PART ((size_t)4096) /* of a file, read at a time: most headers are shorter */

enum es_errc es_facts_from_elements(const struct es_elements *elements, struct es_facts *out, struct es_error *err)
{
    struct es_identity identity;
    es_identity_read(elements, &identity);
    if (!identity.sop_class_uid[0] && !identity.study_uid[0] && !identity.series_uid[0] && !es_elements_find(elements, 0x00080060))
        return es_fail(err, ES_E_PARSE, "no DICOM object: SOPClassUID, StudyInstanceUID, SeriesInstanceUID and Modality expected, none found");
    size_t n = 0;
    memset(out, 0, offsetof(struct es_facts, attributes)); /* what lies between is written below */
    out->identity = identity;
    out->kind = es_kind_read(elements, &out->identity);
    out->form = es_form_of_class(out->identity.sop_class_uid);
    out->exclusion = es_exclusion_read(elements, &out->identity_removed);
    for (size_t i = 0; i < es_n_attributes && n < ES_MAX_ATTRIBUTES; i++) {
        const struct es_attribute *row = &es_attributes[i];
        if (!es_attribute_is_fact(row)) continue;
        struct es_fact *fact = &out->attributes[n++];
        if (row->use & ES_USE_DEMOGRAPHICS) es_demographic_read(elements, row, fact);
        else es_acquisition_read(elements, row, fact);
    }
    memset(&out->attributes[n], 0, sizeof *out - offsetof(struct es_facts, attributes) - n * sizeof out->attributes[0]);
    out->n_attributes = n;
    es_equipment_read(elements, out->kind, &out->algorithm);
    return ES_OK;
}

static void mark_partial(struct es_facts *facts, const char *why)
{
    facts->partial = true;
    (void)snprintf(facts->partial_reason, sizeof facts->partial_reason, "%s", why);
}

static bool is_result(const struct es_facts *facts) { return facts->kind == ES_OBJECT_SR || facts->kind == ES_OBJECT_RESULT; }

/** The way of everything that is not a plain image: DCMTK, the header first, the whole object only for reports and results.
 * @param skimmed  the header's elements of a report or result, when they are known: then it is parsed once; else NULL */
static enum es_errc read_dataset(const void *bytes, size_t len, const struct es_elements *skimmed, struct es_facts *out,
                                 struct es_error *err)
{
    struct es_dataset *dataset = NULL;
    struct es_elements elements;
    enum es_errc code = ES_OK;
    if (skimmed) es_elements_copy(&elements, skimmed);
    else {
        code = es_dataset_parse(&dataset, bytes, len, ES_DATASET_HEADER, err);
        if (code != ES_OK) return code;
        es_dataset_elements(dataset, &elements);
    }
    code = es_facts_from_elements(&elements, out, err);
    if (code == ES_OK && is_result(out)) {
        es_dataset_free(dataset);
        dataset = NULL;
        const bool pixels = es_seg_class(out->identity.sop_class_uid);
        code = es_dataset_parse(&dataset, bytes, len, pixels ? ES_DATASET_PIXELS : ES_DATASET_WHOLE, err);
        if (code == ES_OK) code = es_object_read(dataset, &elements, out, err);
        if (code == ES_OK && pixels) code = es_seg_read(dataset, &elements, &out->seg, err);
        if (code != ES_OK) es_facts_free(out);
    }
    if (code == ES_OK && es_dataset_broken(dataset)) mark_partial(out, es_dataset_broken(dataset));
    es_dataset_free(dataset);
    return code;
}

/** Whether bytes that were skimmed are all that is to be said of the object. */
static bool is_plain(const struct es_facts *facts)
{
    return facts->kind == ES_OBJECT_IMAGE || facts->kind == ES_OBJECT_OTHER;
}


/** es_facts_read() of the first len bytes of an object of `total`. @param cut  set: an element claims more than the whole object holds */
static enum es_errc read_facts(const void *bytes, size_t len, uint64_t total, struct es_facts *out, bool *cut, struct es_error *err)
{
    struct es_elements elements;
    struct es_facts facts;
    struct es_error end = {0};
    const bool skimmed = es_skim_to_end(bytes, len, total, &elements, &end, NULL) == ES_OK;
    enum es_errc code = skimmed ? es_facts_from_elements(&elements, &facts, NULL) : ES_E_UNSUPPORTED;
    const bool result = code == ES_OK && is_result(&facts);
    if (code != ES_OK || !is_plain(&facts)) code = read_dataset(bytes, len, result ? &elements : NULL, &facts, err);
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
    uint64_t size;
    char bytes[PART];
};

static const uint8_t *read_part(void *context, uint64_t at, size_t *len)
{
    struct parts *parts = context;
    const uint64_t left = at < parts->size ? parts->size - at : 0; /* not asked for beyond its end, which is a call of its own to find */
    const ssize_t n = read_at(parts->fd, parts->bytes, left < PART ? (size_t)left : PART, at);
    *len = n > 0 ? (size_t)n : 0;
    return n > 0 ? (const uint8_t *)parts->bytes : NULL;
}

/** A plain image by its header alone. @return ES_E_UNSUPPORTED when it is none, or none that can be read so */
static enum es_errc read_plain(int fd, uint64_t size, struct es_facts *out)
{
    struct es_elements elements;
    struct es_error end = {0};
    struct parts parts;
    const struct es_skim_source source = {read_part, &parts};
    parts.fd = fd;
    parts.size = size;
    if (size > SIZE_MAX || es_skim_parts(&source, (size_t)size, &elements, &end, NULL) != ES_OK) return ES_E_UNSUPPORTED;
    if (es_facts_from_elements(&elements, out, NULL) != ES_OK || !is_plain(out)) return ES_E_UNSUPPORTED;
    if (end.code != ES_OK) mark_partial(out, end.text);
    return ES_OK;
}

static enum es_errc read_whole(int fd, uint64_t size, struct es_facts *out, struct es_error *err)
{
    const size_t want = size < ES_MAX_OBJECT_BYTES ? (size_t)size : ES_MAX_OBJECT_BYTES;
    char *bytes = es_secret_new(want);
    if (!bytes) return es_fail(err, ES_E_MEMORY, "read file: no %zu bytes", want);
    const ssize_t n = read_at(fd, bytes, want, 0);
    bool cut = false;
    enum es_errc code = ES_OK;
    if (n < 0) code = es_fail(err, ES_E_IO, "read file: %s", strerror(errno));
    else code = read_facts(bytes, (size_t)n, size > want && (size_t)n == want ? size : (uint64_t)n, out, &cut, err);
    es_secret_free(bytes);
    /* an object cut by our own ceiling is not the sender's fault, but it is not whole either */
    if (code == ES_OK && out->partial && !cut && size > want) {
        es_facts_free(out);
        code = es_fail(err, ES_E_LIMIT, "read file: its header does not end within the %zu bytes that are read of a file", want);
    }
    return code;
}

enum es_errc es_facts_read_file(const char *path, struct es_facts *out, struct es_error *err)
{
    struct stat st;
    struct es_facts facts;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return es_fail(err, ES_E_IO, "open file: %s", strerror(errno));
    enum es_errc code;
    if (fstat(fd, &st) != 0) code = es_fail(err, ES_E_IO, "open file: %s", strerror(errno));
    else if (!S_ISREG(st.st_mode)) code = es_fail(err, ES_E_IO, "open file: no regular file");
    else code = read_plain(fd, (uint64_t)st.st_size, &facts);
    if (code == ES_E_UNSUPPORTED) code = read_whole(fd, (uint64_t)st.st_size, &facts, err);
    (void)close(fd);
    if (code == ES_OK) *out = facts;
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
