/* SPDX-License-Identifier: Apache-2.0 */
/* The words for the enumerations of facts.h, as they stand in JSON, in configurations and in the ledger. */
#include "dicom/facts.h"

#define NAME(table, index) ((size_t)(index) < sizeof(table) / sizeof(table)[0] ? (table)[index] : "unknown")

const char *es_attribute_state_name(enum es_attribute_state state)
{
    static const char *const names[ES_ATTRIBUTE_STATES] = {"absent", "blank", "invalid", "not_stated", "unmapped", "conflict", "present"};
    return NAME(names, state);
}

const char *es_object_kind_name(enum es_object_kind kind)
{
    static const char *const names[] = {"image", "sr", "result", "directory", "other"};
    return NAME(names, kind);
}

const char *es_exclusion_name(enum es_exclusion exclusion)
{
    static const char *const names[ES_EXCLUSIONS] = {"not", "phantom", "veterinary", "quality_control", "copy", "identity_removed"};
    return NAME(names, exclusion);
}

const char *es_algorithm_source_name(enum es_algorithm_source source)
{
    static const char *const names[] = {"none",    "tid4019_group",          "tid4019_container", "device_observer",
                                        "segment", "contributing_equipment", "equipment"};
    return NAME(names, source);
}
