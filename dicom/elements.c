/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/elements.h"

#include <string.h>

#include "dicom/elements_add.h"
#include "dicom/storing.h"
#include "dicom/vr.h"

_Static_assert(sizeof(struct es_element) == 16, "entries are packed without holes");
_Static_assert(sizeof(struct es_elements) <= 4096, "a header's elements fit one queue slot");
_Static_assert(ES_MAX_ELEMENT_VALUE <= UINT16_MAX && ES_ELEMENT_BYTES <= UINT16_MAX, "offsets are 16 bits");

ES_STORING void es_elements_clear(struct es_elements *elements)
{
    memset(elements, 0, offsetof(struct es_elements, element));
}

void es_elements_copy(struct es_elements *into, const struct es_elements *from)
{
    memcpy(into, from, offsetof(struct es_elements, element) + from->count * sizeof from->element[0]);
    memcpy(into->bytes, from->bytes, from->used);
}

ES_STORING static const char *vr_of(uint32_t tag, uint32_t parent, const char *vr)
{
    if (vr && !(vr[0] == 'U' && vr[1] == 'N') && vr[0] != '?') return vr;
    const struct es_attribute *row = parent ? NULL : es_attribute_find(tag);
    return row ? row->vr : "LO";
}

struct es_element *es_elements_add(struct es_elements *elements, uint32_t tag, uint32_t parent, unsigned item, const char *vr,
                                   const void *bytes, size_t len)
{
    return es_elements_add_part(elements, tag, parent, item, vr, bytes, len, len);
}

ES_STORING struct es_element *es_elements_add_part(struct es_elements *elements, uint32_t tag, uint32_t parent, unsigned item, const char *vr,
                                                   const void *bytes, size_t len, size_t readable)
{
    vr = vr_of(tag, parent, vr);
    if (!es_vr_is_binary(vr)) {
        struct es_element *e = es_elements_add_short(elements, tag, vr, bytes, len, readable);
        if (e) {
            e->parent = parent;
            e->item = (uint8_t)item;
            return e;
        }
        len = es_text_length(bytes, len);
    }
    if (elements->count >= ES_MAX_ELEMENTS) {
        elements->unusual = 1;
        return NULL;
    }
    size_t room = ES_ELEMENT_BYTES - (size_t)elements->used;
    if (room > ES_MAX_ELEMENT_VALUE) room = ES_MAX_ELEMENT_VALUE;
    struct es_element *e = &elements->element[elements->count++];
    *e = (struct es_element){.tag = tag, .parent = parent, .vr = {vr[0], vr[1]}, .item = (uint8_t)item};
    if (len > room) {
        e->flags |= ES_ELEMENT_CUT;
        elements->unusual = 1;
        len = room;
    }
    e->offset = elements->used;
    e->length = (uint16_t)len;
    if (len > 0) memcpy(elements->bytes + elements->used, bytes, len);
    elements->used = (uint16_t)(elements->used + len);
    return e;
}

ES_STORING const struct es_element *es_elements_find(const struct es_elements *elements, uint32_t tag)
{
    const struct es_element *e = elements->element, *end = e + elements->count;
    for (; end - e >= 4; e += 4) /* most are sought in vain: one jump for four */
        if ((e[0].tag == tag) | (e[1].tag == tag) | (e[2].tag == tag) | (e[3].tag == tag)) break;
    for (; e < end; e++)
        if (e->tag == tag && e->parent == 0) return e;
    return NULL;
}

const struct es_element *es_elements_nested(const struct es_elements *elements, uint32_t parent, unsigned item, uint32_t tag)
{
    for (size_t i = 0; i < elements->count; i++) {
        const struct es_element *e = &elements->element[i];
        if (e->parent == parent && e->item == item && e->tag == tag) return e;
    }
    return NULL;
}

unsigned es_elements_items(const struct es_elements *elements, uint32_t parent)
{
    unsigned items = 0;
    for (size_t i = 0; i < elements->count; i++)
        if (elements->element[i].parent == parent && elements->element[i].item + 1u > items)
            items = elements->element[i].item + 1u;
    return items;
}

ES_STORING const char *es_elements_value(const struct es_elements *elements, const struct es_element *element)
{
    return (const char *)elements->bytes + element->offset;
}

bool es_elements_equal(const struct es_elements *a, const struct es_elements *b)
{
    if (a->count != b->count || a->used != b->used || a->unusual != b->unusual) return false;
    return memcmp(a->element, b->element, a->count * sizeof a->element[0]) == 0 && memcmp(a->bytes, b->bytes, a->used) == 0;
}
