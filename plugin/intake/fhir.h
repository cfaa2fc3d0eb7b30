/* SPDX-License-Identifier: Apache-2.0 */
/** @file fhir.h
 * FHIR R4 and R5: Observation and DiagnosticReport, alone or in a Bundle, as records.
 *
 * Source: HL7 FHIR R4 (4.0.1) and R5 (5.0.0): Observation, DiagnosticReport, ImagingStudy, ImagingSelection, Device, Patient,
 * ServiceRequest; identifiers as ImagingStudy describes them (system urn:dicom:uid with value urn:oid:UID; type ACSN of v2-0203 with the
 * issuer as system). A DiagnosticReport and the Observations that it names as results are one record; an Observation that no report
 * names is one by itself, and so is one that a Device made and a person's report names. As JSON, for paths with @:
 *
 *     {"study_uid" (of ImagingStudy and ImagingSelection: other resources have UIDs of their own),"accession","accession_issuer","patient_id","patient_issuer": texts,
 *      "time": issued, else effectiveDateTime, "status": preliminary, final, corrected or cancelled, "labeller": of a person,
 *      "device": {"name","version","manufacturer"} where a Device is the author, "id": "Observation/17",
 *      "text": conclusion and presentedForm (text/plain), "observations": as in hl7.h}, "resource": the resource itself
 *
 * Schemes of codes: SCT, LN, DCM, RADLEX, UCUM for their systems, else the system's URI. Any thread.
 */
#ifndef ES_PLUGIN_INTAKE_FHIR_H
#define ES_PLUGIN_INTAKE_FHIR_H

#include "plugin/intake/record.h"

#define ES_FHIR_MAX_ENTRIES 100000 /* resources of a Bundle */
#define ES_FHIR_MAX_RESULTS 1000    /* observations and their components of one record; one with more is refused */

/** Is it a FHIR resource that says something here: a Bundle, an Observation or a DiagnosticReport? */
bool es_fhir_is(const cJSON *document);
/** Read a document by a rule: `where` is the number of the record.
 * @return ES_OK (look at the sink), ES_E_MEMORY, or what the sink's take() said */
ES_MUST_USE enum es_errc es_fhir_take(const struct es_intake_rule *rule, const struct es_config *config, const char *file, const cJSON *document,
                                      const struct es_intake_sink *sink, struct es_error *err);

#endif
