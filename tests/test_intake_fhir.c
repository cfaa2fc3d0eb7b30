/* SPDX-License-Identifier: Apache-2.0 */
/* Resources built after HL7 FHIR R4 (4.0.1) and R5 (5.0.0): Observation, DiagnosticReport, ImagingStudy, Device, Patient. */
#include <stdlib.h>
#include <string.h>

#include "intake_world.h"
#include "plugin/intake/fhir.h"

#define FINDINGS                                                                                                                          \
    "\"Findings\":[{\"Finding\":\"effusion\",\"Codes\":[\"60046008,SCT\"],\"Present\":[\"52101004,SCT\",\"POS\"],\"Absent\":[\"2667000,SCT\",\"NEG\"],"  \
    "\"Positive\":[\"effusion\"]},{\"Finding\":\"pneumothorax\",\"Codes\":[\"36118008,SCT\"],\"Positive\":[\"pneumothora(x|ces)\"]},"       \
    "{\"Finding\":\"lvef\",\"Codes\":[\"10230-1,LN\"]}]"
/* Without Event the author decides: a device gives results, a person references. */
static const char rule[] = "{\"Name\":\"fhir\",\"Kind\":\"fhir\",\"Files\":[\"*.json\"],\"Source\":\"radiology-report\"," FINDINGS "}";

#define CODE(value) "\"code\":{\"coding\":[{\"system\":\"http://snomed.info/sct\",\"code\":\"" value "\"}]}"
#define STUDY "{\"resourceType\":\"ImagingStudy\",\"id\":\"s1\",\"identifier\":[{\"system\":\"urn:dicom:uid\",\"value\":\"urn:oid:1.2.3\"}," \
              "{\"type\":{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/v2-0203\",\"code\":\"ACSN\"}]},\"system\":\"urn:oid:1.9\",\"value\":\"A1\"}]}"
#define PATIENT "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"name\":[{\"family\":\"KANARIE\"}],\"identifier\":[{\"system\":\"urn:x\",\"value\":\"77\"}," \
                "{\"type\":{\"coding\":[{\"code\":\"MR\"}]},\"system\":\"http://hospital/mrn\",\"value\":\"P1\"}]}"
#define DEVICE "{\"resourceType\":\"Device\",\"id\":\"d1\",\"manufacturer\":\"ACME\",\"deviceName\":[{\"name\":\"m\",\"type\":\"model-name\"}],\"version\":[{\"value\":\"2.0\"}]}"

static void results_of_a_device_in_a_bundle(void)
{
    world_expect(rule,
                 "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
                 "{\"fullUrl\":\"urn:uuid:1\",\"resource\":" STUDY "},{\"resource\":" PATIENT "},{\"fullUrl\":\"http://x/Device/d1\",\"resource\":" DEVICE "},"
                 "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o1\",\"status\":\"final\",\"issued\":\"2026-03-01T10:02:11Z\"," CODE("60046008") ","
                 "\"subject\":{\"reference\":\"Patient/p1\"},\"partOf\":[{\"reference\":\"urn:uuid:1\"}],\"device\":{\"reference\":\"Device/d1/_history/3\"},"
                 "\"valueQuantity\":{\"value\":83,\"unit\":\"%\",\"system\":\"http://unitsofmeasure.org\",\"code\":\"%\"},"
                 "\"component\":[{" CODE("36118008") ",\"valueBoolean\":false}]}}]}",
                 "1 {\"accession\":\"A1\",\"accession_issuer\":\"1.9\",\"event\":\"result\",\"event_id\":\"Observation/o1\",\"event_source\":\"fhir\","
                 "\"findings\":[{\"decision\":false,\"finding\":\"pneumothorax\"},{\"finding\":\"effusion\",\"score\":0.83}],"
                 "\"model\":{\"manufacturer\":\"ACME\",\"name\":\"m\",\"version\":\"2.0\"},\"patient_id\":\"P1\",\"patient_issuer\":\"http://hospital/mrn\","
                 "\"produced\":\"2026-03-01T10:02:11Z\",\"study_uid\":\"1.2.3\"}\n");
}

/* "No pneumothorax. Small effusion." in base64 */
static void reports_and_what_they_name_are_one_record(void)
{
    world_expect(rule,
                 "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":" STUDY "},"
                 "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o1\",\"status\":\"amended\",\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"10230-1\"}]},"
                 "\"valueQuantity\":{\"value\":54,\"unit\":\"percent\",\"code\":\"%\"}}},"
                 "{\"resource\":{\"resourceType\":\"DiagnosticReport\",\"id\":\"r1\",\"status\":\"corrected\",\"issued\":\"2026-03-02T09:00:00+01:00\",\"imagingStudy\":[{\"reference\":\"ImagingStudy/s1\"}],"
                 "\"subject\":{\"identifier\":{\"system\":\"urn:oid:1.7\",\"value\":\"P1\"}},\"resultsInterpreter\":[{\"reference\":\"Practitioner/9\"}],"
                 "\"result\":[{\"reference\":\"Observation/o1\"},{\"reference\":\"Observation/none\"}],"
                 "\"presentedForm\":[{\"contentType\":\"application/pdf\",\"data\":\"AAAA\"},{\"contentType\":\"text/plain\",\"data\":\"Tm8gcG5ldW1vdGhvcmF4LiBTbWFsbCBlZmZ1c2lvbi4=\"}]}}]}",
                 "1 {\"accession\":\"A1\",\"accession_issuer\":\"1.9\",\"established\":\"2026-03-02T09:00:00+01:00\",\"event\":\"reference\",\"event_id\":\"DiagnosticReport/r1\","
                 "\"event_source\":\"fhir\",\"findings\":[{\"finding\":\"pneumothorax\",\"label\":0},{\"finding\":\"effusion\",\"label\":1},{\"finding\":\"lvef\",\"units\":\"%\",\"value\":54}],"
                 "\"labeller\":\"Practitioner/9\",\"patient_id\":\"P1\",\"patient_issuer\":\"1.7\",\"source\":\"radiology-report\",\"status\":\"corrected\",\"study_uid\":\"1.2.3\"}\n");
}

/* A radiologist's report that names what the AI observed: two authors, two messages. */
static void an_observation_of_a_device_stays_its_own_in_a_persons_report(void)
{
    world_expect(rule,
                 "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"DiagnosticReport\",\"id\":\"r1\",\"status\":\"final\",\"conclusion\":\"No effusion.\","
                 "\"performer\":[{\"reference\":\"Practitioner/9\"}],\"result\":[{\"reference\":\"Observation/o1\"}],"
                 "\"study\":[{\"identifier\":{\"system\":\"urn:dicom:uid\",\"value\":\"urn:oid:1.2.9\"}}]}},"
                 "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o1\",\"status\":\"final\"," CODE("60046008") ",\"device\":{\"display\":\"m\"},\"valueQuantity\":{\"value\":0.9}}}]}",
                 "1 {\"event\":\"reference\",\"event_id\":\"DiagnosticReport/r1\",\"event_source\":\"fhir\",\"findings\":[{\"finding\":\"effusion\",\"label\":0}],"
                 "\"labeller\":\"Practitioner/9\",\"source\":\"radiology-report\",\"status\":\"final\",\"study_uid\":\"1.2.9\"}\n"
                 "2 {\"event\":\"result\",\"event_id\":\"Observation/o1\",\"event_source\":\"fhir\",\"findings\":[{\"finding\":\"effusion\",\"score\":0.9}],"
                 "\"model\":{\"name\":\"m\"},\"study_uid\":\"1.2.9\"}\n");
}

/* R5: study instead of imagingStudy, name instead of deviceName, ImagingSelection; contained resources. */
static void fhir_r5_and_contained_resources_are_read(void)
{
    world_expect(rule,
                 "{\"resourceType\":\"Observation\",\"id\":\"o2\",\"status\":\"preliminary\",\"effectiveDateTime\":\"2026-03-01\"," CODE("60046008") ","
                 "\"contained\":[{\"resourceType\":\"ImagingSelection\",\"id\":\"sel\",\"studyUid\":\"urn:oid:1.2.9\"},"
                 "{\"resourceType\":\"Device\",\"id\":\"dev\",\"name\":[{\"value\":\"m\"}],\"version\":[{\"value\":\"3\"}]}],"
                 "\"derivedFrom\":[{\"reference\":\"#sel\"}],\"device\":{\"reference\":\"#dev\"},\"valueCodeableConcept\":{\"coding\":[{\"system\":\"http://snomed.info/sct\",\"code\":\"2667000\"}]}}",
                 "1 {\"event\":\"result\",\"event_id\":\"Observation/o2\",\"event_source\":\"fhir\",\"findings\":[{\"decision\":false,\"finding\":\"effusion\"}],"
                 "\"model\":{\"name\":\"m\",\"version\":\"3\"},\"produced\":\"2026-03-01T00:00:00\",\"study_uid\":\"1.2.9\"}\n");
    world_expect(rule,
                 "{\"resourceType\":\"DiagnosticReport\",\"id\":\"r2\",\"status\":\"final\",\"study\":[{\"identifier\":{\"system\":\"urn:dicom:uid\",\"value\":\"urn:oid:1.2.9\"}}],"
                 "\"conclusion\":\"Possible effusion.\"}",
                 "1 {\"event\":\"reference\",\"event_id\":\"DiagnosticReport/r2\",\"event_source\":\"fhir\",\"findings\":[{\"evaluable\":false,\"finding\":\"effusion\"}],"
                 "\"source\":\"radiology-report\",\"status\":\"final\",\"study_uid\":\"1.2.9\"}\n");
}

static void what_was_entered_in_error_is_taken_back(void)
{
    world_expect(rule,
                 "{\"resourceType\":\"Observation\",\"id\":\"o1\",\"status\":\"entered-in-error\"," CODE("60046008") ",\"device\":{\"display\":\"m\"},\"valueBoolean\":true}",
                 "1 {\"event\":\"retract\",\"event_source\":\"fhir\",\"reason\":\"cancelled\",\"retract_event_id\":\"Observation/o1\"}\n");
    world_expect(rule,
                 "{\"resourceType\":\"Observation\",\"id\":\"o1\",\"status\":\"entered-in-error\"," CODE("60046008") ",\"bodySite\":{\"coding\":[{\"code\":\"7771000\"}]},\"valueBoolean\":true}",
                 "1 {\"event\":\"reference\",\"event_id\":\"Observation/o1\",\"event_source\":\"fhir\",\"findings\":[{\"evaluable\":false,\"finding\":\"effusion\"}],"
                 "\"source\":\"radiology-report\",\"status\":\"cancelled\",\"unit\":{\"id\":\"L\",\"type\":\"side\"}}\n");
    world_expect(rule, "{\"resourceType\":\"DiagnosticReport\",\"id\":\"r1\",\"status\":\"cancelled\",\"conclusion\":\"effusion\"}",
                 "1 {\"event\":\"reference\",\"event_id\":\"DiagnosticReport/r1\",\"event_source\":\"fhir\",\"source\":\"radiology-report\",\"status\":\"cancelled\"}\n");
}

/* FHIR R4 Observation.status and DiagnosticReport.status. */
static void every_status_has_its_meaning(void)
{
    static const char *const words[][2] = {{"registered", "preliminary"}, {"partial", "preliminary"}, {"preliminary", "preliminary"}, {"final", "final"},
                                           {"amended", "corrected"}, {"corrected", "corrected"}, {"appended", "corrected"}, {"unknown", "preliminary"}};
    char text[512], expected[512];
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        (void)snprintf(text, sizeof text, "{\"resourceType\":\"DiagnosticReport\",\"status\":\"%s\",\"conclusion\":\"effusion\"}", words[i][0]);
        (void)snprintf(expected, sizeof expected, "1 {\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":1}],\"source\":\"radiology-report\",\"status\":\"%s\"}\n", words[i][1]);
        world_expect(rule, text, expected);
    }
}

static void answers_of_all_types(void)
{
    world_expect(rule, "{\"resourceType\":\"Observation\",\"status\":\"final\"," CODE("60046008") ",\"interpretation\":[{\"coding\":[{\"code\":\"POS\"}]}]}",
                 "1 {\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":1}],\"source\":\"radiology-report\",\"status\":\"final\"}\n");
    world_expect(rule, "{\"resourceType\":\"Observation\",\"status\":\"final\"," CODE("60046008") ",\"valueString\":\"neg\"}",
                 "1 {\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":0}],\"source\":\"radiology-report\",\"status\":\"final\"}\n");
    world_expect(rule, "{\"resourceType\":\"Observation\",\"status\":\"final\"," CODE("36118008") ",\"valueString\":\"No pneumothorax\"}",
                 "1 {\"event\":\"reference\",\"findings\":[{\"finding\":\"pneumothorax\",\"label\":0}],\"source\":\"radiology-report\",\"status\":\"final\"}\n");
    world_expect(rule, "{\"resourceType\":\"Observation\",\"status\":\"final\"," CODE("36118008") ",\"valueInteger\":1}",
                 "1 {\"event\":\"reference\",\"findings\":[{\"finding\":\"pneumothorax\",\"label\":1}],\"source\":\"radiology-report\",\"status\":\"final\"}\n");
    world_expect(rule, "{\"resourceType\":\"Observation\",\"status\":\"final\"," CODE("60046008") ",\"dataAbsentReason\":{\"coding\":[{\"code\":\"unknown\"}]}}", "1 silent\n");
}

/* Whoever stands behind a reference: by its type, by what it resolves to, by an absolute address (FHIR R4 2.3.0.1). A radiologist's
 * words never become a device's. */
static void a_persons_report_is_one_however_its_author_is_named(void)
{
    static const char *const authors[] = {"{\"reference\":\"urn:uuid:9\"}", "{\"reference\":\"http://x/fhir/PractitionerRole/9\"}", "{\"type\":\"Practitioner\",\"identifier\":{\"value\":\"L1\"}}",
                                          "{\"display\":\"Radiology\"},{\"reference\":\"Practitioner/9\"}"};
    static const char *const labellers[] = {"L9", "http://x/fhir/PractitionerRole/9", "L1", "Radiology"};
    for (size_t i = 0; i < sizeof authors / sizeof authors[0]; i++) {
        char text[2048], expected[1024];
        (void)snprintf(text, sizeof text,
                       "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":{\"resourceType\":\"DiagnosticReport\",\"id\":\"r1\",\"status\":\"final\",\"conclusion\":\"No effusion.\","
                       "\"performer\":[%s],\"result\":[{\"reference\":\"Observation/o1\"}]}},"
                       "{\"fullUrl\":\"urn:uuid:9\",\"resource\":{\"resourceType\":\"Practitioner\",\"identifier\":[{\"value\":\"L9\"}]}},"
                       "{\"resource\":{\"resourceType\":\"Observation\",\"id\":\"o1\",\"status\":\"final\"," CODE("60046008") ",\"device\":{\"display\":\"m\"},\"valueQuantity\":{\"value\":0.9}}}]}",
                       authors[i]);
        (void)snprintf(expected, sizeof expected,
                       "1 {\"event\":\"reference\",\"event_id\":\"DiagnosticReport/r1\",\"event_source\":\"fhir\",\"findings\":[{\"finding\":\"effusion\",\"label\":0}],"
                       "\"labeller\":\"%s\",\"source\":\"radiology-report\",\"status\":\"final\"}\n"
                       "2 {\"event\":\"result\",\"event_id\":\"Observation/o1\",\"event_source\":\"fhir\",\"findings\":[{\"finding\":\"effusion\",\"score\":0.9}],\"model\":{\"name\":\"m\"}}\n",
                       labellers[i]);
        world_expect(rule, text, expected);
    }
}

/* The UID of a selection (R5), of an observation or of a document is not that of the study (DICOM SR to FHIR: each has urn:dicom:uid of its own). */
static void only_a_studys_own_uid_names_it(void)
{
    world_expect(rule,
                 "{\"resourceType\":\"Observation\",\"id\":\"o2\",\"status\":\"final\"," CODE("60046008") ",\"identifier\":[{\"system\":\"urn:dicom:uid\",\"value\":\"urn:oid:1.8.8\"},"
                 "{\"type\":{\"coding\":[{\"code\":\"ACSN\"}]},\"value\":\"A1\"}],"
                 "\"contained\":[{\"resourceType\":\"ImagingSelection\",\"id\":\"sel\",\"identifier\":[{\"system\":\"urn:dicom:uid\",\"value\":\"urn:oid:1.7.7\"}],\"studyUid\":\"urn:oid:1.2.9\"}],"
                 "\"derivedFrom\":[{\"reference\":\"#sel\"}],\"valueBoolean\":true}",
                 "1 {\"accession\":\"A1\",\"event\":\"reference\",\"event_id\":\"Observation/o2\",\"event_source\":\"fhir\",\"findings\":[{\"finding\":\"effusion\",\"label\":1}],"
                 "\"source\":\"radiology-report\",\"status\":\"final\",\"study_uid\":\"1.2.9\"}\n");
    world_expect(rule,
                 "{\"resourceType\":\"Observation\",\"id\":\"o2\",\"status\":\"final\"," CODE("60046008") ",\"identifier\":[{\"system\":\"urn:dicom:uid\",\"value\":\"urn:oid:1.8.8\"},"
                 "{\"type\":{\"coding\":[{\"code\":\"ACSN\"}]},\"value\":\"A1\"}],\"valueBoolean\":true}",
                 "1 {\"accession\":\"A1\",\"event\":\"reference\",\"event_id\":\"Observation/o2\",\"event_source\":\"fhir\",\"findings\":[{\"finding\":\"effusion\",\"label\":1}],"
                 "\"source\":\"radiology-report\",\"status\":\"final\"}\n");
}

/* Identifier.use (R4 datatypes): what is old is not used any more. A text is in the character set that it names (RFC 2046 4.1.2). */
static void old_identifiers_and_other_character_sets(void)
{
    world_expect(rule,
                 "{\"resourceType\":\"DiagnosticReport\",\"status\":\"final\",\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"p\",\"identifier\":[{\"use\":\"old\",\"value\":\"P0\"},"
                 "{\"use\":\"old\",\"type\":{\"coding\":[{\"code\":\"MR\"}]},\"value\":\"P00\"},{\"use\":\"official\",\"value\":\"P1\"}]}],\"subject\":{\"reference\":\"#p\"},"
                 "\"presentedForm\":[{\"contentType\":\"text/plain;charset=iso-8859-1\",\"data\":\"SGVyemdy9t9lIG5vcm1hbC4gU21hbGwgZWZmdXNpb24u\"}]}", /* Latin-1: "Herzgroesse normal. Small effusion." */
                 "1 {\"event\":\"reference\",\"findings\":[{\"finding\":\"effusion\",\"label\":1}],\"patient_id\":\"P1\",\"source\":\"radiology-report\",\"status\":\"final\"}\n");
}

/* A thousand are taken, one more is refused whole: what is left out could be the finding. */
static void a_record_with_too_many_observations_is_refused(void)
{
    static const char head[] = "{\"resourceType\":\"Observation\",\"id\":\"o1\",\"status\":\"final\",\"device\":{\"display\":\"m\"}," CODE("1") ",\"component\":[";
    static const char part[] = "{" CODE("2") ",\"valueBoolean\":true},", last[] = "{" CODE("60046008") ",\"valueBoolean\":true}]}";
    for (size_t parts = ES_FHIR_MAX_RESULTS - 1; parts <= ES_FHIR_MAX_RESULTS; parts++) { /* and the observation itself */
        const size_t size = sizeof head + parts * sizeof part + sizeof last;
        char *text = calloc(1, size);
        CU_ASSERT_PTR_NOT_NULL_FATAL(text);
        size_t n = sizeof head - 1;
        memcpy(text, head, n);
        for (size_t i = 0; i + 1 < parts; i++, n += sizeof part - 1) memcpy(text + n, part, sizeof part - 1);
        memcpy(text + n, last, sizeof last);
        world_expect(rule, text,
                     parts < ES_FHIR_MAX_RESULTS ? "1 {\"event\":\"result\",\"event_id\":\"Observation/o1\",\"event_source\":\"fhir\",\"findings\":[{\"decision\":true,"
                                                   "\"finding\":\"effusion\"}],\"model\":{\"name\":\"m\"}}\n"
                                                 : "1 refused: result: found more than 1000 observations of one record, expected fewer\n");
        free(text);
    }
}

static void what_is_wrong_is_named(void)
{
    world_expect(rule, "{\"resourceType\":\"Patient\"}", "0 refused: resourceType: found another resource, expected Bundle, DiagnosticReport or Observation\n");
    world_expect(rule, "[]", "0 refused: resourceType: found another resource, expected Bundle, DiagnosticReport or Observation\n");
    world_expect(rule, "{\"resourceType\":\"Bundle\"}", "0 silent\n");
    world_expect(rule, "{\"resourceType\":\"Observation\",\"status\":\"final\"," CODE("60046008") ",\"valueCodeableConcept\":{\"coding\":[{\"code\":\"x\"}]}}",
                 "1 refused: finding effusion: found an answer that is neither Present nor Absent\n");
    world_expect(rule, "{\"resourceType\":\"Observation\",\"status\":\"final\"," CODE("36118008") ",\"valueQuantity\":{\"value\":0.5}}",
                 "1 refused: finding pneumothorax: found another number, expected 0 or 1\n");
}

static const struct es_test tests[] = {
    {"results_of_a_device_in_a_bundle", results_of_a_device_in_a_bundle},
    {"reports_and_what_they_name_are_one_record", reports_and_what_they_name_are_one_record},
    {"an_observation_of_a_device_stays_its_own_in_a_persons_report", an_observation_of_a_device_stays_its_own_in_a_persons_report},
    {"fhir_r5_and_contained_resources_are_read", fhir_r5_and_contained_resources_are_read},
    {"what_was_entered_in_error_is_taken_back", what_was_entered_in_error_is_taken_back},
    {"every_status_has_its_meaning", every_status_has_its_meaning},
    {"answers_of_all_types", answers_of_all_types},
    {"a_persons_report_is_one_however_its_author_is_named", a_persons_report_is_one_however_its_author_is_named},
    {"only_a_studys_own_uid_names_it", only_a_studys_own_uid_names_it},
    {"old_identifiers_and_other_character_sets", old_identifiers_and_other_character_sets},
    {"a_record_with_too_many_observations_is_refused", a_record_with_too_many_observations_is_refused},
    {"what_is_wrong_is_named", what_is_wrong_is_named},
    {NULL, NULL},
};

int main(int argc, char **argv) { return es_test_main("intake_fhir", tests, argc, argv); }
