/* SPDX-License-Identifier: Apache-2.0 */
/** @file fhir_internal.h
 * What fhir.c (resources of a bundle) and fhir_record.c (records as JSON) share.
 */
#ifndef ES_PLUGIN_INTAKE_FHIR_INTERNAL_H
#define ES_PLUGIN_INTAKE_FHIR_INTERNAL_H

#include "plugin/intake/fhir.h"

/** A resource by the names that references use. */
struct es_fhir_name {
    char *name; /* "Observation/17", or the entry's fullUrl; owned */
    const cJSON *resource;
};
struct es_fhir_bundle {
    struct es_fhir_name *names; /* sorted */
    size_t n;
};

/** The resource that a Reference object names: in the bundle, or contained in `from`. NULL: not there. */
const cJSON *es_fhir_resolve(const struct es_fhir_bundle *bundle, const cJSON *from, const cJSON *reference);
/** Text of a member, or "". */
const char *es_fhir_text(const cJSON *object, const char *key);
/** "preliminary", "final", "corrected", "cancelled" for FHIR's status. */
const char *es_fhir_status(const char *status);
/** Does a report speak for an observation that it names? Not where a device made it and a person reports: whoever is a Practitioner,
 * a PractitionerRole or a CareTeam by the reference's type, by what it resolves to or by its address. */
bool es_fhir_speaks_for(const struct es_fhir_bundle *bundle, const cJSON *report, const cJSON *observation);
/** A record of a DiagnosticReport or Observation.
 * @param parent  a report that names the observation without speaking for it, for what the observation does not say; or NULL
 * @param too_many  set: it has more than ES_FHIR_MAX_RESULTS observations, of which the rest is left out
 * @return NULL: memory ran out */
cJSON *es_fhir_json(const struct es_fhir_bundle *bundle, const cJSON *resource, const cJSON *parent, bool *too_many);

#endif
