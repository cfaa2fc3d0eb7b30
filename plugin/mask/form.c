/* SPDX-License-Identifier: Apache-2.0 */
/* The stored form of a mask (mask.h), out and in. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/mask/mask.h"

#define HEAD ((size_t)2 + 12 + 8 + 1 + 11 * 8 + ES_PSEUDONYM_SIZE)
#define PLANE ((size_t)ES_PSEUDONYM_SIZE + 4 + 1 + 8)
#define MOST_OF_A_RUN ((size_t)20) /* four LEB128 numbers of 32 bits */
enum { HAS_SPACING = 1, HAS_SLICES = 2, HAS_ORIENTATION = 4 };

/* ---- out ---- */

static uint8_t *put(uint8_t *at, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) *at++ = (uint8_t)(value >> (8 * i));
    return at;
}

/* What is not known is 0, and so is -0. */
static uint8_t *put_double(uint8_t *at, double value, bool known)
{
    uint64_t bits = 0;
    if (known && value != 0) memcpy(&bits, &value, sizeof bits);
    return put(at, bits, 8);
}

static uint8_t *put_number(uint8_t *at, uint32_t value)
{
    for (; value >= 0x80; value >>= 7) *at++ = (uint8_t)(value | 0x80);
    *at++ = (uint8_t)value;
    return at;
}

static uint8_t *put_runs(uint8_t *at, const struct es_mask *mask)
{
    struct es_mask_run last = {0, 0, 0, 0};
    for (size_t i = 0; i < mask->n_runs; i++) {
        const struct es_mask_run *run = &mask->runs[i];
        const bool plane = run->plane == last.plane && i > 0, row = plane && run->row == last.row;
        at = put_number(at, run->plane - last.plane);
        at = put_number(at, plane ? run->row - last.row : run->row);
        at = put_number(at, row ? run->column - (last.column + last.length) : run->column);
        at = put_number(at, run->length - 1);
        last = *run;
    }
    return at;
}

static enum es_errc put_name(const struct es_key *key, enum es_pseudonym_kind kind, const char *name, const struct es_pseudonym *kept, uint8_t **at)
{
    struct es_pseudonym p = *kept;
    if (name[0] != '\0') {
        const enum es_errc code = es_key_pseudonym(key, kind, "", name, &p);
        if (code != ES_OK) return code;
    }
    memcpy(*at, p.bytes, sizeof p.bytes);
    *at += sizeof p.bytes;
    return ES_OK;
}

enum es_errc es_mask_encode(const struct es_mask *mask, const struct es_key *key, uint8_t **bytes, size_t *len,
                            uint8_t address[ES_MASK_ADDRESS_SIZE], struct es_error *err)
{
    const bool spaced = !isnan(mask->spacing[0]) && !isnan(mask->spacing[1]), sliced = !isnan(mask->slice_spacing);
    const size_t most = HEAD + mask->n_planes * PLANE + mask->n_runs * MOST_OF_A_RUN; /* both are below their ceilings */
    uint8_t *form = malloc(most), *at = form;
    if (form == NULL) return es_fail(err, ES_E_MEMORY, "mask: no room for %zu bytes", most);
    *at++ = 'M';
    *at++ = 1;
    at = put(at, mask->rows, 4);
    at = put(at, mask->columns, 4);
    at = put(at, mask->n_planes, 4);
    at = put(at, mask->n_runs, 8);
    *at++ = (uint8_t)((spaced ? HAS_SPACING : 0) | (sliced ? HAS_SLICES : 0) | (mask->has_orientation ? HAS_ORIENTATION : 0));
    for (int i = 0; i < 2; i++) at = put_double(at, mask->spacing[i], spaced);
    at = put_double(at, mask->slice_spacing, sliced);
    for (int i = 0; i < 6; i++) at = put_double(at, mask->orientation[i], mask->has_orientation);
    for (int i = 0; i < 2; i++) at = put_double(at, mask->origin[i], mask->has_orientation);
    enum es_errc code = put_name(key, ES_PSEUDONYM_SERIES, mask->space, &mask->space_hash, &at);
    for (size_t i = 0; i < mask->n_planes && code == ES_OK; i++) {
        const struct es_mask_plane *plane = &mask->planes[i];
        code = put_name(key, ES_PSEUDONYM_INSTANCE, plane->image, &plane->source, &at);
        at = put(at, plane->frame, 4);
        *at++ = (uint8_t)!isnan(plane->position);
        at = put_double(at, plane->position, !isnan(plane->position));
    }
    at = put_runs(at, mask);
    if (code == ES_OK && (size_t)(at - form) > ES_MAX_MASK_BYTES)
        code = es_fail(err, ES_E_LIMIT, "mask: %zu bytes, at most %zu are kept", (size_t)(at - form), ES_MAX_MASK_BYTES);
    if (code == ES_OK) code = es_key_identity(key, form, (size_t)(at - form), address);
    if (code != ES_OK) {
        free(form);
        return es_fail(err, code, "mask: its pseudonyms cannot be made");
    }
    *bytes = form;
    *len = (size_t)(at - form);
    return ES_OK;
}

/* ---- in ---- */

struct reading {
    const uint8_t *at, *end;
    bool bad;
};

static uint64_t get(struct reading *r, unsigned bytes)
{
    uint64_t value = 0;
    if ((size_t)(r->end - r->at) < bytes) {
        r->bad = true;
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++) value |= (uint64_t)*r->at++ << (8 * i);
    return value;
}

static double get_double(struct reading *r, bool known)
{
    const uint64_t bits = get(r, 8);
    double value = 0;
    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value) || (!known && bits != 0) || (value == 0 && bits != 0)) r->bad = true; /* -0 is not written: one mask, one form */
    return known ? value : (double)NAN;
}

static uint32_t get_number(struct reading *r)
{
    uint32_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        const uint64_t byte = get(r, 1);
        if ((shift == 28 && byte > 15) || (shift > 0 && byte == 0)) r->bad = true; /* past 32 bits, or longer than need be */
        value |= (uint32_t)(byte & 0x7F) << shift;
        if (byte < 0x80) return value;
    }
    r->bad = true;
    return 0;
}

static void get_pseudonym(struct reading *r, struct es_pseudonym *out)
{
    for (size_t i = 0; i < sizeof out->bytes; i++) out->bytes[i] = (uint8_t)get(r, 1);
}

static void get_runs(struct reading *r, struct es_mask *mask)
{
    uint64_t plane = 0, row = 0, column = 0; /* 64 bits: sums of hostile numbers stay whole */
    for (size_t i = 0; i < mask->n_runs && !r->bad; i++) {
        const uint32_t planes = get_number(r), rows = get_number(r), columns = get_number(r);
        const uint64_t length = (uint64_t)get_number(r) + 1;
        const bool same_plane = planes == 0 && i > 0, same_row = same_plane && rows == 0;
        plane += planes;
        row = same_plane ? row + rows : rows;
        if (same_row && columns == 0) r->bad = true; /* touches the last: there is one form of a mask */
        column = same_row ? column + columns : columns;
        if (plane >= mask->n_planes || row >= mask->rows || column + length > mask->columns) r->bad = true;
        mask->runs[i] = (struct es_mask_run){(uint32_t)plane, (uint32_t)row, (uint32_t)column, (uint32_t)length};
        column += length;
    }
}

static void get_all(struct reading *r, struct es_mask *mask, unsigned known)
{
    for (int i = 0; i < 2; i++) mask->spacing[i] = get_double(r, known & HAS_SPACING);
    mask->slice_spacing = get_double(r, known & HAS_SLICES);
    mask->has_orientation = known & HAS_ORIENTATION;
    for (int i = 0; i < 6; i++) mask->orientation[i] = get_double(r, mask->has_orientation);
    for (int i = 0; i < 2; i++) mask->origin[i] = get_double(r, mask->has_orientation);
    for (int i = 0; i < 2; i++)
        if ((known & HAS_SPACING) && !(mask->spacing[i] > 0)) r->bad = true;
    if ((known & HAS_SLICES) && !(mask->slice_spacing > 0)) r->bad = true;
    get_pseudonym(r, &mask->space_hash);
    for (size_t i = 0; i < mask->n_planes; i++) {
        get_pseudonym(r, &mask->planes[i].source);
        mask->planes[i].frame = (uint32_t)get(r, 4);
        const uint64_t placed = get(r, 1);
        if (placed > 1) r->bad = true;
        mask->planes[i].position = get_double(r, placed == 1);
    }
    get_runs(r, mask);
}

enum es_errc es_mask_decode(struct es_mask **out, const uint8_t *bytes, size_t len, struct es_error *err)
{
    struct reading r = {bytes, bytes + len, false};
    if (len < HEAD || bytes[0] != 'M' || bytes[1] != 1) return es_fail(err, ES_E_PARSE, "mask: %zu bytes that are no mask", len);
    r.at += 2;
    const uint32_t rows = (uint32_t)get(&r, 4), columns = (uint32_t)get(&r, 4), planes = (uint32_t)get(&r, 4);
    const uint64_t runs = get(&r, 8), known = get(&r, 1);
    if (rows > ES_MAX_MASK_SIDE || columns > ES_MAX_MASK_SIDE || planes > ES_MAX_MASK_PLANES || runs > ES_MAX_MASK_RUNS || known > 7)
        return es_fail(err, ES_E_LIMIT, "mask: its shape is past what is read");
    if ((size_t)(r.end - r.at) < planes * PLANE || (size_t)(r.end - r.at) - planes * PLANE < runs * 4)
        return es_fail(err, ES_E_PARSE, "mask: %zu bytes are too few for %u planes and %llu runs", len, planes, (unsigned long long)runs);
    struct es_mask *mask = calloc(1, sizeof *mask);
    if (mask != NULL) {
        mask->planes = calloc(planes > 0 ? planes : 1, sizeof *mask->planes);
        mask->runs = malloc((runs > 0 ? (size_t)runs : 1) * sizeof *mask->runs);
    }
    if (mask == NULL || mask->planes == NULL || mask->runs == NULL) {
        es_mask_free(mask);
        return es_fail(err, ES_E_MEMORY, "mask: out of memory");
    }
    mask->rows = rows;
    mask->columns = columns;
    mask->n_planes = planes;
    mask->n_runs = (size_t)runs;
    get_all(&r, mask, (unsigned)known);
    if (r.bad || r.at != r.end) {
        es_mask_free(mask);
        return es_fail(err, ES_E_PARSE, "mask: its stored form is damaged");
    }
    *out = mask;
    return ES_OK;
}
