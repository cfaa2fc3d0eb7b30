/* SPDX-License-Identifier: Apache-2.0 */
/** @file hl7.h
 * HL7 v2 messages (ORU^R01 and the like), one or a batch of them: segments, fields, escapes; and observations as records.
 *
 * Source: HL7 v2.5.1 and v2.8 chapter 2 (encoding rules; 2.7 escape sequences; 2.10.3 batch protocol; FHS, BHS, BTS, FTS), chapter 7
 * (OBR, OBX; tables 0085 and 0123), IHE Radiology TF (accession number in OBR-18, Study Instance UID in ZDS-1 or IPC-3), Minimal Lower
 * Layer Protocol (0x0B message 0x1C 0x0D). A record is an OBR with the segments up to the next one; as JSON, for paths with @:
 *
 *     {"study_uid","accession","accession_issuer","patient_id","patient_issuer": texts,
 *      "time": instant (OBR-22, else OBR-7, else MSH-7), "status": of a reference (OBR-25, else the least settled of the text's OBX-11), "labeller": OBR-32 or OBX-16,
 *      "id": MSH-10 and the OBR's number, "text": TX, FT and ST observations, line by line,
 *      "observations": [{"codes":["value,scheme",...], "number"|"text"|"answers":["value,scheme",...], "units", "status", "side"}]}
 *
 * accession: OBR-18, else OBR-20, else OBR-3.1 (its issuer OBR-3.2), else OBR-2.1. study_uid: ZDS-1.1, else IPC-3.1, else an OBX-5 under
 * (113014,DCM), (110180,DCM) or a text field that is a UID under these codes. A deleted value ("" in quotes) is absent.
 * Any thread; a message is one thread's.
 */
#ifndef ES_PLUGIN_INTAKE_HL7_H
#define ES_PLUGIN_INTAKE_HL7_H

#include "plugin/intake/record.h"

#define ES_HL7_MAX_MESSAGE (4u << 20)  /* bytes of one message */
#define ES_HL7_MAX_SEGMENTS 4096       /* of one message */
#define ES_HL7_MAX_FILE (256u << 20)

/** One OBR and what belongs to it. Opaque. */
struct es_hl7_record;

/** A field by its name ("PID-3", "PID-3.1", "OBX-5.1.2"): of the record's own segments first, then of its patient's before the first
 * order, then of the message's head; never of another order. Of a field that repeats the first. Decoded to UTF-8, escapes resolved.
 * @param room  where the text is written when it had to be changed
 * @param text  set to the value; into room, or static
 * @return false: absent, deleted, or not to be decoded */
bool es_hl7_field(const struct es_hl7_record *record, const char *name, char *room, size_t size, const char **text, size_t *len);

/** Read a file's bytes by a rule: every record of every message.
 * @return ES_OK (look at the sink), ES_E_MEMORY, or what the sink's take() said */
ES_MUST_USE enum es_errc es_hl7_take(const struct es_intake_rule *rule, const struct es_config *config, const char *file, const char *bytes,
                                     size_t len, const struct es_intake_sink *sink, struct es_error *err);
/** Does it look like HL7 v2: MSH, FHS or BHS, maybe after framing bytes? */
bool es_hl7_is(const char *bytes, size_t len);

#endif
