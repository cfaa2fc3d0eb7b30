/* SPDX-License-Identifier: Apache-2.0 */
/* Masks from outside. One target a kind: fuzz_png (ES_FUZZ_MASK 'P'), fuzz_seg ('S'), and fuzz_mask, where the first byte says whether the
 * rest is runs in text ('R') or else a stored form. Whatever becomes a mask has one stored form, and agrees with itself. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/dataset.h"
#include "dicom/facts.h"
#include "dicom/seg.h"
#include "plugin/mask/png.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static struct es_key *key;

static void tear_down(void)
{
    es_key_close(key);
}

/** Out, in and out again: the same bytes. */
static void check(struct es_mask *mask)
{
    uint8_t *form = NULL, *again = NULL, address[2][ES_MASK_ADDRESS_SIZE];
    size_t len = 0, len_again = 0;
    struct es_mask *back = NULL;
    struct es_mask_overlap o;
    if (es_mask_encode(mask, key, &form, &len, address[0], NULL) != ES_OK || es_mask_decode(&back, form, len, NULL) != ES_OK ||
        es_mask_encode(back, key, &again, &len_again, address[1], NULL) != ES_OK)
        abort();
    if (len != len_again || memcmp(form, again, len) != 0 || memcmp(address[0], address[1], sizeof address[0]) != 0) abort();
    if (es_mask_compare(back, back, &o, NULL) != ES_OK) abort();
    if (o.match == ES_MASK_COMPARED && o.n_result > 0 && !(o.dice == 1 && o.iou == 1 && (isnan(o.hd95) || o.hd95 == 0))) abort();
    free(form);
    free(again);
    es_mask_free(back);
    es_mask_free(mask);
}

static void from_segmentation(const uint8_t *bytes, size_t len)
{
    static struct es_facts facts;
    if (es_facts_read(bytes, len, &facts, NULL) != ES_OK) return;
    for (size_t i = 0; facts.seg && i < facts.seg->n_segments; i++) {
        struct es_mask *mask = NULL;
        if (es_mask_of_seg(&mask, facts.seg, &i, 1, NULL) == ES_OK) check(mask);
    }
    es_facts_free(&facts);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    static const uint8_t secret[32] = {1};
    struct es_mask *mask = NULL;
    struct es_error err = {0};
    enum es_errc code = ES_OK;
    if (!key) {
        es_dicom_process_setup(true);
        if (es_key_from_bytes(&key, secret, NULL) != ES_OK) abort();
        (void)atexit(tear_down);
    }
#ifdef ES_FUZZ_MASK
    const uint8_t kind = ES_FUZZ_MASK;
#else
    if (len == 0) return 0;
    const uint8_t kind = bytes[0] == 'R' ? 'R' : 'M';
    bytes++;
    len--;
#endif
    if (kind == 'P') code = es_mask_of_png(&mask, bytes, len, len % 2 ? ES_PNG_ANY : 1, &err);
    else if (kind == 'R') code = es_mask_of_runs(&mask, (const char *)bytes, len, 1024, 777, &err);
    else if (kind == 'S') from_segmentation(bytes, len);
    else code = es_mask_decode(&mask, bytes, len, &err);
    if (code != ES_OK && (err.code != code || err.text[0] == '\0')) abort(); /* no failure without its words */
    if (mask) check(mask);
    return 0;
}
