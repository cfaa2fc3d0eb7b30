/* SPDX-License-Identifier: Apache-2.0 */
/* DICOM bytes to facts, and the skim and the outline against DCMTK: whatever they accept, DCMTK must read in the same way. Where they differ
 * the skim or the outline is wrong. Bytes that DCMTK cannot read to the end of the header are compared as far as it came. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/dataset.h"
#include "dicom/facts.h"
#include "dicom/skim.h"
#include "dicom/outline.h"
#include "tests/skim_parts.h"
#include "tests/outline_compare.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

/** Whether what DCMTK could read before it gave up is the beginning of what was skimmed. */
static int begins_with(const struct es_elements *whole, const struct es_elements *part)
{
    if (part->count > whole->count || part->used > whole->used) return 0;
    return memcmp(whole->element, part->element, part->count * sizeof part->element[0]) == 0 &&
           memcmp(whole->bytes, part->bytes, part->used) == 0;
}

static void differ(const struct es_elements *skimmed, const struct es_elements *parsed)
{
    (void)fprintf(stderr, "skim kept %u elements, DCMTK %u\n", (unsigned)skimmed->count, (unsigned)parsed->count);
    for (size_t i = 0; i < skimmed->count || i < parsed->count; i++)
        (void)fprintf(stderr, "  %08x/%08x/%u %.2s %u | %08x/%08x/%u %.2s %u\n", skimmed->element[i].tag, skimmed->element[i].parent,
                      skimmed->element[i].item, skimmed->element[i].vr, skimmed->element[i].length, parsed->element[i].tag,
                      parsed->element[i].parent, parsed->element[i].item, parsed->element[i].vr, parsed->element[i].length);
    abort();
}

/* Read part by part it is the same object; one that is not read so is read whole. A cut end that is found is that of the whole. */
static void compare_parts(const uint8_t *bytes, size_t len, const struct es_elements *skimmed, const struct es_error *end)
{
    static const size_t sizes[] = {132, 257, 4096};
    static struct es_elements elements;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct skim_parts parts = {.bytes = bytes, .len = len, .part = sizes[i]};
        struct es_error found = {0};
        if (skim_in_parts(&parts, &elements, &found, NULL) != ES_OK) continue;
        if (!es_elements_equal(skimmed, &elements) || (found.code != ES_OK && strcmp(found.text, end->text) != 0)) abort();
    }
}

static void compare(const uint8_t *bytes, size_t len)
{
    static struct es_elements skimmed, parsed;
    struct es_dataset *dataset = NULL;
    static struct es_elements again;
    struct es_error end = {0}, apart = {0};
    if (es_skim(bytes, len, &skimmed, NULL) != ES_OK) return;
    /* the end is looked for from where the skim stopped, or from the start: no difference */
    es_skim_end(bytes, len, len, &apart);
    if (es_skim_to_end(bytes, len, len, &again, &end, NULL) != ES_OK || !es_elements_equal(&skimmed, &again) ||
        strcmp(end.text, apart.text) != 0)
        abort();
    compare_parts(bytes, len, &skimmed, &end);
    if (es_dataset_parse(&dataset, bytes, len, ES_DATASET_HEADER, NULL) != ES_OK) {
        memset(&parsed, 0, sizeof parsed);
        differ(&skimmed, &parsed);
        return;
    }
    es_dataset_elements(dataset, &parsed);
    const int same = es_dataset_broken(dataset) ? begins_with(&skimmed, &parsed) : es_elements_equal(&skimmed, &parsed);
    if (!same) differ(&skimmed, &parsed);
    es_dataset_free(dataset);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const char *why = NULL;
    static int ready;
    static struct es_facts facts;
    struct es_error err = {0};
    if (!ready) es_dicom_process_setup(true);
    ready = 1;
    const enum es_errc code = es_facts_read(bytes, len, &facts, &err);
    if (code == ES_OK) es_facts_free(&facts);
    else if (err.code != code || err.text[0] == '\0') abort(); /* no failure without its words */
    compare(bytes, len);
    if (!outline_agrees(bytes, len, &why)) {
        (void)fprintf(stderr, "outline and DCMTK: %s\n", why);
        abort();
    }
    return 0;
}
