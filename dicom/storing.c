/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/storing.h"

#include "dicom/attributes.h"
#include "dicom/readers.h"
#include "dicom/vr.h"

/* The linker's names for the ends of a section. */
extern const char __start_es_storing[] __attribute__((visibility("hidden")));
extern const char __stop_es_storing[] __attribute__((visibility("hidden")));

void es_storing_prefetch(void)
{
    es_prefetch(__start_es_storing, (size_t)(__stop_es_storing - __start_es_storing));
    es_prefetch(es_attributes, es_n_attributes * sizeof es_attributes[0]);
    es_prefetch(es_vrs, sizeof es_vrs);
    es_kind_prefetch();
}
