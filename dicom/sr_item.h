/* SPDX-License-Identifier: Apache-2.0 */
/** @file sr_item.h
 * One content item: its type, relationship and concept, its number, and what modifies it.
 *
 * Source: PS3.3 C.17.3, C.18.1; PS3.16 TID 300, 1410, 1411, 1501, 4004, 4006.
 */
#ifndef ES_DICOM_SR_ITEM_H
#define ES_DICOM_SR_ITEM_H

#include "dicom/sr.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ES_SR_CONTENT 0x0040A730u /* ContentSequence */
#define ES_SR_CODE_VALUE 0x0040A168u

/** What is common to all content items. */
struct es_sr_content {
    char type[17], relationship[17];
    struct es_code concept;
};
void es_sr_content(const struct es_item *item, struct es_sr_content *out);

/** Whether a code names where a finding is: Finding Site. */
bool es_sr_is_site(const struct es_code *concept);
/** What describes a group rather than being found in it: Finding, Finding category, Finding Site, algorithm family. */
bool es_sr_is_header(const struct es_code *concept);
/** Finding, Finding Site and its side of a group hold for all of it, wherever in it they stand. Fields that are set stay. */
void es_sr_group(const struct es_item *group, struct es_code *finding, struct es_code *site, char *side);
/** MeasuredValueSequence (0040,A300). An empty one is a measurement without a value, and the qualifier says why: counted. */
void es_sr_number(const struct es_item *item, struct es_sr_finding *out, struct es_report_faults *faults);
/** Concept modifiers: Derivation, method, laterality, ... tell equal concepts of a group apart; a site of its own replaces the
 * group's; a rendering intent is kept as that. */
void es_sr_modifiers(const struct es_item *item, struct es_sr_finding *out);

#ifdef __cplusplus
}
#endif
#endif
