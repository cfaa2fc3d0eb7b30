/* SPDX-License-Identifier: Apache-2.0 */
/* es_fact_read() and what it needs: an element of any VR becomes a fact with a state. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dicom/readers.h"
#include "dicom/vr.h"

static void invalid(struct es_fact *fact, const char *reason)
{
    fact->state = ES_ATTRIBUTE_INVALID;
    fact->value[0] = '\0';
    (void)snprintf(fact->reason, sizeof fact->reason, "%s", reason);
}

static enum es_text_status decode(const struct es_elements *elements, const struct es_element *e, char *out, size_t size)
{
    const struct es_element *charset = es_elements_find(elements, 0x00080005);
    return es_text_decode(charset ? es_elements_value(elements, charset) : "", charset ? charset->length : 0,
                          es_elements_value(elements, e), e->length, out, size);
}

enum es_text_status es_element_text(const struct es_elements *elements, uint32_t tag, char *out, size_t size)
{
    const struct es_element *e = es_elements_find(elements, tag);
    out[0] = '\0';
    if (!e || es_vr_is_binary(e->vr) || (e->flags & ES_ELEMENT_WRONG_VR)) return ES_TEXT_BLANK;
    const enum es_text_status status = decode(elements, e, out, size);
    return status == ES_TEXT_OK && (e->flags & ES_ELEMENT_CUT) ? ES_TEXT_TOO_LONG : status;
}

/** The first number of a binary value in little endian bytes. */
static bool binary_number(const struct es_elements *elements, const struct es_element *e, double *out)
{
    const uint8_t *p = elements->bytes + e->offset;
    if (e->vr[0] == 'U' && e->vr[1] == 'S' && e->length >= 2) {
        *out = (double)(p[0] | p[1] << 8);
        return true;
    }
    if (e->vr[0] == 'F' && e->vr[1] == 'L' && e->length >= 4) {
        const uint32_t bits = (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        float value;
        memcpy(&value, &bits, sizeof value);
        *out = (double)value;
        return isfinite(value);
    }
    return false;
}

static bool number_of(const struct es_elements *elements, const struct es_element *e, double *out)
{
    if (e->flags & (ES_ELEMENT_CUT | ES_ELEMENT_WRONG_VR)) return false;
    if (es_vr_is_binary(e->vr)) return binary_number(elements, e, out);
    return es_text_number(es_elements_value(elements, e), e->length, out);
}

bool es_element_number(const struct es_elements *elements, uint32_t tag, double *out)
{
    const struct es_element *e = es_elements_find(elements, tag);
    return e && number_of(elements, e, out);
}

static void number_fact(const struct es_elements *elements, const struct es_element *e, struct es_fact *out)
{
    double value = 0;
    if (e->length == 0) {
        out->state = ES_ATTRIBUTE_BLANK;
    } else if (!number_of(elements, e, &value)) {
        char text[ES_FACT_VALUE];
        const bool several = !es_vr_is_binary(e->vr) && memchr(es_elements_value(elements, e), '\\', e->length);
        if (!es_vr_is_binary(e->vr) && decode(elements, e, text, sizeof text) == ES_TEXT_BLANK) out->state = ES_ATTRIBUTE_BLANK;
        else invalid(out, several ? "several_values" : "not_a_number");
    } else {
        out->state = ES_ATTRIBUTE_PRESENT;
        es_text_write_number(value, out->value, sizeof out->value);
    }
}

/** The text of a leaf of a code item; "" when it is not there. */
static enum es_text_status leaf(const struct es_elements *elements, uint32_t parent, unsigned item, uint32_t tag, char *out,
                                size_t size)
{
    const struct es_element *e = es_elements_nested(elements, parent, item, tag);
    out[0] = '\0';
    if (!e) return ES_TEXT_BLANK;
    if (e->flags & ES_ELEMENT_CUT) return ES_TEXT_TOO_LONG;
    return decode(elements, e, out, size);
}

/** "value^scheme" of each item, joined by backslashes: a person may be of several ethnic groups. */
static void code_fact(const struct es_elements *elements, const struct es_attribute *row, struct es_fact *out)
{
    const unsigned items = es_elements_items(elements, row->tag);
    size_t used = 0;
    for (unsigned i = 0; i < items; i++) {
        char value[ES_FACT_VALUE], scheme[17];
        enum es_text_status status = leaf(elements, row->tag, i, 0x00080100, value, sizeof value);
        if (status == ES_TEXT_BLANK) status = leaf(elements, row->tag, i, 0x00080119, value, sizeof value);
        if (status == ES_TEXT_BLANK) status = leaf(elements, row->tag, i, 0x00080120, value, sizeof value);
        if (status == ES_TEXT_BLANK) continue;
        const enum es_text_status scheme_status = leaf(elements, row->tag, i, 0x00080102, scheme, sizeof scheme);
        if (status == ES_TEXT_TOO_LONG || scheme_status == ES_TEXT_TOO_LONG) {
            invalid(out, "too_long");
            return;
        }
        if (status == ES_TEXT_BAD || scheme_status == ES_TEXT_BAD) {
            invalid(out, "bad_characters");
            return;
        }
        const int n = snprintf(out->value + used, sizeof out->value - used, "%s%s^%s", used ? "\\" : "", value, scheme);
        if (n < 0 || (size_t)n >= sizeof out->value - used) {
            invalid(out, "too_long");
            return;
        }
        used += (size_t)n;
    }
    out->state = used ? ES_ATTRIBUTE_PRESENT : ES_ATTRIBUTE_BLANK;
}

static void text_fact(const struct es_elements *elements, const struct es_element *e, struct es_fact *out)
{
    if (es_vr_is_binary(e->vr)) {
        invalid(out, "wrong_vr");
        return;
    }
    switch (decode(elements, e, out->value, sizeof out->value)) {
    case ES_TEXT_BLANK: out->state = ES_ATTRIBUTE_BLANK; break;
    case ES_TEXT_TOO_LONG: invalid(out, "too_long"); break;
    case ES_TEXT_BAD: invalid(out, "bad_characters"); break;
    case ES_TEXT_OK:
        if (e->flags & ES_ELEMENT_CUT) invalid(out, "too_long");
        else out->state = ES_ATTRIBUTE_PRESENT;
        break;
    }
}

void es_fact_read(const struct es_elements *elements, const struct es_attribute *row, const struct es_element *e, struct es_fact *out)
{
    out->keyword = row->keyword;
    out->state = ES_ATTRIBUTE_ABSENT;
    if (!e) return;
    if (e->flags & ES_ELEMENT_WRONG_VR) invalid(out, "wrong_vr");
    else if (row->codes && (e->flags & ES_ELEMENT_CUT)) invalid(out, "too_many_items");
    else if (row->codes) code_fact(elements, row, out);
    else if (strcmp(row->vr, "DS") == 0 || es_vr_is_binary(row->vr)) number_fact(elements, e, out);
    else text_fact(elements, e, out);
}
