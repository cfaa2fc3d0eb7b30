/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/attributes.h"

#include "dicom/vr.h"

enum { ID = ES_USE_IDENTITY, DEMO = ES_USE_DEMOGRAPHICS, ACQ = ES_USE_ACQUISITION, EXCL = ES_USE_EXCLUSION };

const struct es_attribute es_attributes[] = {
    /* tag       VR    ret    PS3.6 keyword                   use         codes are in */
    {0x00020002, "UI", false, "MediaStorageSOPClassUID", ID, 0},
    {0x00020003, "UI", false, "MediaStorageSOPInstanceUID", ID, 0},
    {0x00020010, "UI", false, "TransferSyntaxUID", ID, 0},
    {0x00080005, "CS", false, "SpecificCharacterSet", ID, 0},
    {0x00080016, "UI", false, "SOPClassUID", ID, 0},
    {0x00080018, "UI", false, "SOPInstanceUID", ID, 0},
    {0x00080020, "DA", false, "StudyDate", ID, 0},
    {0x00080050, "SH", false, "AccessionNumber", ID, 0},
    {0x00080051, "SQ", false, "IssuerOfAccessionNumberSequence", ID, 0x00080051},
    {0x00080060, "CS", false, "Modality", ACQ, 0},
    {0x00080068, "CS", false, "PresentationIntentType", ACQ, 0},
    {0x00080070, "LO", false, "Manufacturer", ACQ, 0},
    {0x00080080, "LO", false, "InstitutionName", ACQ | EXCL, 0},
    {0x00081010, "SH", false, "StationName", ACQ, 0},
    {0x00081032, "SQ", false, "ProcedureCodeSequence", ACQ, 0x00081032},
    {0x0008103E, "LO", false, "SeriesDescription", ID, 0},
    {0x00081040, "LO", false, "InstitutionalDepartmentName", ACQ, 0},
    {0x00081090, "LO", false, "ManufacturerModelName", ACQ, 0},
    {0x00082218, "SQ", false, "AnatomicRegionSequence", ACQ, 0x00082218},
    {0x00100020, "LO", false, "PatientID", ID, 0},
    {0x00100021, "LO", false, "IssuerOfPatientID", ID, 0},
    {0x00100024, "SQ", false, "IssuerOfPatientIDQualifiersSequence", ID, 0x00100024},
    {0x00100030, "DA", false, "PatientBirthDate", ID, 0},
    {0x00100040, "CS", false, "PatientSex", DEMO, 0},
    {0x00100041, "SQ", false, "GenderIdentitySequence", DEMO, 0x00100044},
    {0x00100043, "SQ", false, "SexParametersForClinicalUseCategorySequence", DEMO, 0x00100046},
    {0x00100050, "SQ", false, "PatientInsurancePlanCodeSequence", DEMO, 0x00100050},
    {0x00100101, "SQ", false, "PatientPrimaryLanguageCodeSequence", DEMO, 0x00100101},
    {0x00100200, "CS", false, "QualityControlSubject", EXCL, 0},
    {0x00101010, "AS", false, "PatientAge", DEMO, 0},
    {0x00101020, "DS", false, "PatientSize", DEMO, 0},
    {0x00101022, "DS", false, "PatientBodyMassIndex", DEMO, 0},
    {0x00101030, "DS", false, "PatientWeight", DEMO, 0},
    {0x00102150, "LO", false, "CountryOfResidence", DEMO, 0},
    {0x00102152, "LO", false, "RegionOfResidence", DEMO, 0},
    {0x00102160, "SH", true, "EthnicGroup", DEMO, 0},
    {0x00102161, "SQ", false, "EthnicGroupCodeSequence", DEMO, 0x00102161},
    {0x00102162, "UC", false, "EthnicGroups", DEMO, 0},
    {0x001021A0, "CS", false, "SmokingStatus", DEMO, 0},
    {0x001021C0, "US", false, "PregnancyStatus", DEMO, 0},
    {0x00102201, "LO", false, "PatientSpeciesDescription", EXCL, 0},
    {0x00102202, "SQ", false, "PatientSpeciesCodeSequence", EXCL, 0x00102202},
    {0x00102203, "CS", false, "PatientSexNeutered", EXCL, 0},
    {0x00102292, "LO", false, "PatientBreedDescription", EXCL, 0},
    {0x00102293, "SQ", false, "PatientBreedCodeSequence", EXCL, 0x00102293},
    {0x00102299, "LO", false, "ResponsibleOrganization", EXCL, 0},
    {0x00109431, "FL", false, "ExaminedBodyThickness", DEMO, 0},
    {0x00120062, "CS", false, "PatientIdentityRemoved", EXCL, 0},
    {0x00180015, "CS", false, "BodyPartExamined", ACQ | EXCL, 0},
    {0x00180050, "DS", false, "SliceThickness", ACQ, 0},
    {0x00180060, "DS", false, "KVP", ACQ, 0},
    {0x00180087, "DS", false, "MagneticFieldStrength", ACQ, 0},
    {0x00181000, "LO", false, "DeviceSerialNumber", ACQ, 0},
    {0x00181002, "UI", false, "DeviceUID", ID, 0},
    {0x00181020, "LO", false, "SoftwareVersions", ACQ, 0},
    {0x001811A0, "DS", false, "BodyPartThickness", ACQ, 0},
    {0x001811A2, "DS", false, "CompressionForce", ACQ, 0},
    {0x00181210, "SH", false, "ConvolutionKernel", ACQ, 0},
    {0x00181411, "DS", false, "ExposureIndex", ACQ, 0},
    {0x00181413, "DS", false, "DeviationIndex", ACQ, 0},
    {0x00185101, "CS", false, "ViewPosition", ACQ, 0},
    {0x00187004, "CS", false, "DetectorType", ACQ, 0},
    {0x0018700A, "SH", false, "DetectorID", ACQ, 0},
    {0x0020000D, "UI", false, "StudyInstanceUID", ID, 0},
    {0x0020000E, "UI", false, "SeriesInstanceUID", ID, 0},
    {0x00200060, "CS", false, "Laterality", ACQ, 0},
    {0x00200062, "CS", false, "ImageLaterality", ACQ, 0},
    {0x00280300, "CS", false, "QualityControlImage", EXCL, 0},
    {0x00281300, "CS", false, "BreastImplantPresent", ACQ, 0},
    {ES_LAST_WANTED_TAG, "SQ", false, "RequestedProcedureCodeSequence", ACQ, 0x00321064},
};
const size_t es_n_attributes = sizeof es_attributes / sizeof es_attributes[0];
_Static_assert(sizeof es_attributes / sizeof es_attributes[0] <= ES_MAX_ATTRIBUTE_ROWS, "whoever keeps something a row has room");

const struct es_attribute *es_attribute_find(uint32_t tag)
{
    size_t low = 0, high = es_n_attributes;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (es_attributes[middle].tag == tag) return &es_attributes[middle];
        if (es_attributes[middle].tag < tag) low = middle + 1;
        else high = middle;
    }
    return NULL;
}

bool es_attribute_nested(uint32_t tag)
{
    switch (tag) {
    case 0x00080100: /* CodeValue */
    case 0x00080102: /* CodingSchemeDesignator */
    case 0x00080119: /* LongCodeValue */
    case 0x00080120: /* URNCodeValue */
    case 0x00400031: /* LocalNamespaceEntityID */
    case 0x00400032: /* UniversalEntityID */
        return true;
    default:
        return false;
    }
}

bool es_attribute_is_fact(const struct es_attribute *row)
{
    return (row->use & (ES_USE_DEMOGRAPHICS | ES_USE_ACQUISITION)) != 0;
}

bool es_attribute_is_free_text(const struct es_attribute *row) { return (es_vr_properties(row->vr) & ES_VR_FREE) != 0; }
