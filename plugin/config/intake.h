/* SPDX-License-Identifier: Apache-2.0 */
/** @file intake.h
 * What the files of "Intake" share: intake.c (rules), intake_map.c (Map and its sources), intake_findings.c
 * (coded findings, patterns of texts). Nobody else includes this.
 */
#ifndef ES_PLUGIN_CONFIG_INTAKE_H
#define ES_PLUGIN_CONFIG_INTAKE_H

#include "plugin/config/check.h"
#include "plugin/config/intake_rule.h"

/** A source: "column", "$.path" or "OBR-18" by the rule's kind, or an object that says more. */
enum es_errc config_read_source(struct config_reader *reader, const cJSON *item, const struct config_place *place, enum es_intake_kind kind,
                                struct es_intake_source *out);
/** Map, over the defaults of the rule's kind. */
enum es_errc config_read_map(struct config_reader *reader, const cJSON *item, const struct config_place *place, struct es_intake_rule *rule);
/** Findings and Language; either may be NULL. */
enum es_errc config_read_intake_findings(struct config_reader *reader, const cJSON *findings, const cJSON *language,
                                         const struct config_place *place, struct es_intake_rule *rule);

#endif
