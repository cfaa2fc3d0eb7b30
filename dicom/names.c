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

const char *es_result_form_name(enum es_result_form form)
{
    static const char *const names[ES_FORMS] = {"none",         "report",            "cad",      "key_object", "presentation",
                                                "segmentation", "secondary_capture", "document", "other"};
    return NAME(names, form);
}

const char *es_rendering_intent_name(enum es_rendering_intent intent)
{
    static const char *const names[] = {"", "required", "optional", "not_for_presentation"};
    return NAME(names, intent);
}

const char *es_cad_summary_name(enum es_cad_summary summary)
{
    static const char *const names[] = {"none",
                                        "all_succeeded_without_findings",
                                        "all_succeeded_with_findings",
                                        "not_all_succeeded_without_findings",
                                        "not_all_succeeded_with_findings",
                                        "none_succeeded",
                                        "not_attempted"};
    return NAME(names, summary);
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

bool es_report_fault(const struct es_report_faults *faults, size_t index, const char **name, uint64_t *count)
{
    const struct {
        const char *name;
        uint64_t count;
    } rows[] = {{"empty_numbers", faults->empty_numbers},
                {"bad_numbers", faults->bad_numbers},
                {"empty_codes", faults->empty_codes},
                {"missing_relationships", faults->missing_relationships},
                {"dangling_references", faults->dangling_references},
                {"bad_texts", faults->bad_texts}};
    if (index >= sizeof rows / sizeof rows[0]) return false;
    *name = rows[index].name;
    *count = rows[index].count;
    return true;
}
