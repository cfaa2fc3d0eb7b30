/* SPDX-License-Identifier: Apache-2.0 */
/** @file skim.h
 * The wanted elements of a plain header, straight from the bytes: what may run on an archive's storing thread.
 *
 * Allocates nothing, opens nothing, calls no library, uses under 4 KiB of stack (1 KiB unless sequences are nested; none of it for values), and
 * reads to ES_LAST_WANTED_TAG only. It knows explicit and implicit VR little endian (PS3.5 7.1, A.1, A.2; compressed syntaxes are explicit little
 * endian up to the pixels, A.4). Whatever is out of the ordinary it leaves to dataset.h: where the two could differ, this one must refuse. Any
 * thread.
 */
#ifndef ES_DICOM_SKIM_H
#define ES_DICOM_SKIM_H

#include "dicom/elements.h"
#include "dicom/error.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ES_SKIM_DEPTH 8       /* sequences within sequences */
#define ES_SKIM_STEPS 1000000 /* element headers read of one object */

/**
 * Skim one Part 10 object.
 *
 * @param bytes  borrowed; the object or its beginning
 * @param out    cleared, then filled; not to be read unless ES_OK is returned (a copy of it would not fit the stack)
 * @return ES_OK; ES_E_PARSE when the bytes end before the last wanted tag is reached or passed (give more of them, or the
 *         object is cut off); ES_E_UNSUPPORTED for all else: no preamble, other transfer syntaxes, tags repeated or out of
 *         order, odd lengths, unknown VRs, sequences too deep, values too long to keep
 */
ES_MUST_USE enum es_errc es_skim(const void *bytes, size_t len, struct es_elements *out, struct es_error *err);

/**
 * Skim an object and look for a cut end in one go: es_skim(), then es_skim_end() from where it stopped.
 *
 * @param end  as of es_skim_end(); looked for only when ES_OK is returned
 */
ES_MUST_USE enum es_errc es_skim_to_end(const void *bytes, size_t len, uint64_t total, struct es_elements *out, struct es_error *end,
                                        struct es_error *err);

/** Where the bytes of an object come from that is not in memory as a whole. */
struct es_skim_source {
    /** Bytes from an offset on, as many as are easily had: they are borrowed until the next call. A value that is wanted must fit in.
     * @return NULL when they cannot be read */
    const uint8_t *(*read)(void *context, uint64_t at, size_t *len);
    void *context;
};

/**
 * es_skim_to_end() of an object that is read in parts: only where the reader stands, so that long values are never read. A cut end is looked
 * for through elements whose length is given, and through the others as far as one part goes.
 *
 * @param len  bytes of the whole object
 * @return as es_skim(); ES_E_PARSE and ES_E_UNSUPPORTED mean: read it whole
 */
ES_MUST_USE enum es_errc es_skim_parts(const struct es_skim_source *source, size_t len, struct es_elements *out, struct es_error *end,
                                       struct es_error *err);

/**
 * Look for a cut end: hop from element to element over the top level, to PixelData if it comes that far.
 *
 * @param len    bytes at hand
 * @param total  bytes of the whole object, at least len
 * @param end    `{0}` before the call; left so when nothing is missing or nothing can be told. ES_E_PARSE when an element claims more
 *               than the object holds: its text names it, its claim and what remains
 */
void es_skim_end(const void *bytes, size_t len, uint64_t total, struct es_error *end);

/**
 * Read the raw bytes of a wanted sequence that came as UN: implicit VR little endian by PS3.5 6.2.2 note 2.
 *
 * @param row       of the table; its VR is SQ
 * @param elements  gets the leaves
 * @param next      index of the next code item; moved on
 * @return ES_OK, or ES_E_UNSUPPORTED when the bytes are no such sequence (then elements may hold a part of it)
 */
ES_MUST_USE enum es_errc es_skim_sequence(const struct es_attribute *row, const void *bytes, size_t len,
                                          struct es_elements *elements, unsigned *next, struct es_error *err);

#ifdef __cplusplus
}
#endif
#endif
