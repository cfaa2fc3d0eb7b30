/* SPDX-License-Identifier: Apache-2.0 */
/** @file facts_json.h
 * Facts of one object as JSON, for people who look into a file.
 */
#ifndef ES_PLUGIN_FACTS_JSON_H
#define ES_PLUGIN_FACTS_JSON_H

#include <cjson/cJSON.h>

#include "dicom/facts.h"

/** One object: kind, states of the identifiers (their values only when asked for), demographics and acquisition with their
 * states and levels, algorithm and findings. PatientSex and EthnicGroup are looked up in their built-in vocabularies.
 * @return owned by the caller, NULL when memory ran out */
cJSON *es_facts_json(const char *file, const struct es_facts *facts, bool identifiers);
/** Add "segmentation" to an object: its shape, and each segment with what and who drew it and how large it is.
 * @return false when memory ran out */
bool es_seg_json(cJSON *parent, const struct es_seg_facts *seg);

#endif
