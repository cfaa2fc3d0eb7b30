/* SPDX-License-Identifier: Apache-2.0 */
/* Make the demo stream: DICOM objects (one DX image and one Comprehensive SR per image) and JSON Lines events.
 *
 *   make_stream [--patients N | --exams N] [--dicom DIR] [--jsonl FILE] [--references FILE] PREDICTIONS.csv
 *
 * --dicom writes DIR/000, DIR/001, ... with 100 exams each; --jsonl every event; --references the reference lines only.
 * The SR follows PS3.16 TID 1500: a Measurement Group (TID 1501) per finding with its Finding code, the algorithm
 * (TID 4019) and one NUM (122157, DCM, "Probability") in ({probability}, UCUM). That concept is PS3.16's own word for a
 * probability; (111047, DCM, "Probability of cancer") would say something else. A score that NumericValue (DS, 16 characters)
 * would round also gets FloatingPointValue (FD, PS3.3 C.18.1). A development tool: it is not installed. */
#include "testdata/make_objects.h"

#include <dcmtk/dcmsr/codes/dcm.h>
#include <dcmtk/dcmsr/codes/ucum.h>
#include <dcmtk/dcmsr/dsrdoc.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/stat.h>

#include "testdata/stream/table.h"

namespace {

void put_patient_and_study(DcmItem &set, const stream_row &row, conditions &check)
{
    char text[65], date[16];
    const auto put = [&](const DcmTagKey &tag, const char *value) { check(set.putAndInsertString(tag, value)); };
    put(DCM_SpecificCharacterSet, "ISO_IR 192");
    stream_date(row.day, "", date);
    put(DCM_StudyDate, date);
    put(DCM_StudyTime, "100000");
    stream_accession(&row, text);
    put(DCM_AccessionNumber, text);
    put(DCM_ReferringPhysicianName, "");
    put(DCM_PatientName, "");
    stream_patient_id(&row, text);
    put(DCM_PatientID, text);
    put(DCM_PatientBirthDate, "");
    put(DCM_PatientSex, row.sex);
    std::snprintf(text, sizeof text, "%03uY", row.age);
    put(DCM_PatientAge, text);
    put(DCM_StudyID, "1");
    stream_uid(&row, STREAM_STUDY, text);
    put(DCM_StudyInstanceUID, text);
    put(DCM_TimezoneOffsetFromUTC, "+0000");
}

/* A DX image, For Presentation (PS3.3 A.26): the header is what matters, the pixels are 8 x 8 and grey. */
OFCondition make_image(DcmFileFormat &file, const stream_row &row)
{
    conditions check;
    DcmDataset &set = *file.getDataset();
    char text[65], date[16];
    const auto put = [&](const DcmTagKey &tag, const char *value) { check(set.putAndInsertString(tag, value)); };
    put_patient_and_study(set, row, check);
    put(DCM_ImageType, "ORIGINAL\\PRIMARY\\");
    put(DCM_SOPClassUID, UID_DigitalXRayImageStorageForPresentation);
    stream_uid(&row, STREAM_IMAGE, text);
    put(DCM_SOPInstanceUID, text);
    stream_date(row.day, "", date);
    put(DCM_ContentDate, date);
    put(DCM_ContentTime, "100000");
    put(DCM_AcquisitionDate, date);
    put(DCM_AcquisitionTime, "100000");
    put(DCM_Modality, "DX");
    put(DCM_PresentationIntentType, "FOR PRESENTATION");
    put(DCM_Manufacturer, "");
    put(DCM_BodyPartExamined, "CHEST");
    put(DCM_ViewPosition, row.view);
    stream_uid(&row, STREAM_IMAGE_SERIES, text);
    put(DCM_SeriesInstanceUID, text);
    put(DCM_SeriesNumber, "1");
    put(DCM_InstanceNumber, "1");
    put(DCM_PatientOrientation, "");
    put(DCM_ImageLaterality, "U");
    put(DCM_BurnedInAnnotation, "NO");
    put(DCM_PixelIntensityRelationship, "LOG");
    check(set.putAndInsertSint16(DCM_PixelIntensityRelationshipSign, -1));
    put(DCM_RescaleIntercept, "0");
    put(DCM_RescaleSlope, "1");
    put(DCM_RescaleType, "US");
    put(DCM_LossyImageCompression, "00");
    put(DCM_PresentationLUTShape, "IDENTITY");
    Uint8 pixels[64];
    for (unsigned i = 0; i < sizeof pixels; i++) pixels[i] = static_cast<Uint8>(i * 4);
    put_pixels(set, pixels, check);
    return check.first;
}

/* The tree with the cursor on a container; adds children and steps back up. */
struct branch {
    DSRDocumentTree &tree;
    conditions &check;

    void code(DSRTypes::E_RelationshipType relation, const DSRCodedEntryValue &name, const DSRCodedEntryValue &value)
    {
        check(tree.addChildContentItem(relation, DSRTypes::VT_Code, name));
        check(tree.getCurrentContentItem().setCodeValue(value));
        tree.goUp();
    }
    void string(DSRTypes::E_RelationshipType relation, DSRTypes::E_ValueType type, const DSRCodedEntryValue &name, const char *value)
    {
        check(tree.addChildContentItem(relation, type, name));
        check(tree.getCurrentContentItem().setStringValue(value));
        tree.goUp();
    }
    void container(const DSRCodedEntryValue &name) /* the cursor stays on it */
    {
        check(tree.addChildContentItem(DSRTypes::RT_contains, DSRTypes::VT_Container, name));
    }
};

void add_group(branch &at, const stream_row &row, int finding)
{
    const stream_finding &what = stream_findings[finding];
    char uid[65];
    at.container(CODE_DCM_MeasurementGroup);
    at.check(at.tree.getCurrentContentItem().setTemplateIdentification("1501", "DCMR"));
    at.string(DSRTypes::RT_hasObsContext, DSRTypes::VT_Text, CODE_DCM_TrackingIdentifier, what.name);
    stream_tracking_uid(&row, finding, uid);
    at.string(DSRTypes::RT_hasObsContext, DSRTypes::VT_UIDRef, CODE_DCM_TrackingUniqueIdentifier, uid);
    at.string(DSRTypes::RT_hasObsContext, DSRTypes::VT_Text, CODE_DCM_AlgorithmName, STREAM_ALGORITHM);
    at.string(DSRTypes::RT_hasObsContext, DSRTypes::VT_Text, CODE_DCM_AlgorithmVersion, STREAM_VERSION);
    at.code(DSRTypes::RT_contains, CODE_DCM_Finding, DSRCodedEntryValue(what.code, "SCT", what.meaning));
    at.check(at.tree.addChildContentItem(DSRTypes::RT_contains, DSRTypes::VT_Num, CODE_DCM_Probability));
    /* DS holds 16 characters; a longer score is rounded there and given in full as FD. */
    std::string text = row.score[finding];
    const double exact = std::strtod(row.score[finding], nullptr);
    if (text.size() > 16) {
        char rounded[24];
        std::snprintf(rounded, sizeof rounded, "%.9g", exact);
        text = rounded;
    }
    DSRNumericMeasurementValue value(text.c_str(), DSRCodedEntryValue("{probability}", "UCUM", "probability"));
    if (std::strtod(text.c_str(), nullptr) != exact) at.check(value.setFloatingPointRepresentation(exact));
    at.check(at.tree.getCurrentContentItem().setNumericValue(value));
    at.tree.goUp(); /* to the group */
    at.tree.goUp(); /* to the measurements */
}

OFCondition make_tree(DSRDocumentTree &tree, const stream_row &row)
{
    conditions check;
    branch at{tree, check};
    char uid[65];
    tree.addContentItem(DSRTypes::RT_isRoot, DSRTypes::VT_Container);
    check(tree.getCurrentContentItem().setConceptName(CODE_DCM_ImagingMeasurementReport));
    check(tree.getCurrentContentItem().setTemplateIdentification("1500", "DCMR"));
    at.code(DSRTypes::RT_hasConceptMod, DSRCodedEntryValue("121049", "DCM", "Language of Content Item and Descendants"),
            DSRCodedEntryValue("en", "RFC5646", "English"));
    at.code(DSRTypes::RT_hasObsContext, CODE_DCM_ObserverType, CODE_DCM_Device);
    at.string(DSRTypes::RT_hasObsContext, DSRTypes::VT_UIDRef, CODE_DCM_DeviceObserverUID, STREAM_ROOT ".9.1");
    at.code(DSRTypes::RT_hasConceptMod, CODE_DCM_ProcedureReported, DSRCodedEntryValue("399208008", "SCT", "Plain chest X-ray"));
    at.container(CODE_DCM_ImageLibrary);
    at.container(CODE_DCM_ImageLibraryGroup);
    check(tree.addChildContentItem(DSRTypes::RT_contains, DSRTypes::VT_Image, DSRCodedEntryValue()));
    stream_uid(&row, STREAM_IMAGE, uid);
    check(tree.getCurrentContentItem().setImageReference(DSRImageReferenceValue(UID_DigitalXRayImageStorageForPresentation, uid)));
    tree.goUp();
    tree.goUp();
    tree.goUp(); /* to the root */
    at.container(CODE_DCM_ImagingMeasurements);
    for (int i = 0; i < STREAM_FINDINGS; i++) add_group(at, row, i);
    return check.first;
}

OFCondition make_report(DcmFileFormat &file, const stream_row &row)
{
    conditions check;
    char study[65], series[65], image[65], text[65], date[16];
    stream_uid(&row, STREAM_STUDY, study);
    stream_uid(&row, STREAM_IMAGE_SERIES, series);
    stream_uid(&row, STREAM_IMAGE, image);
    stream_date(row.day, "", date);
    DSRDocument document(DSRTypes::DT_ComprehensiveSR);
    check(make_tree(document.getTree(), row));
    check(document.getCurrentRequestedProcedureEvidence().addItem(study, series, UID_DigitalXRayImageStorageForPresentation, image));
    check(document.setContentDate(date));
    check(document.setContentTime("100500"));
    check(document.setSeriesNumber("2"));
    check(document.setInstanceNumber("1"));
    check(document.completeDocument());
    DcmDataset &set = *file.getDataset();
    check(document.write(set));
    put_patient_and_study(set, row, check);
    stream_uid(&row, STREAM_REPORT_SERIES, text);
    check(set.putAndInsertString(DCM_SeriesInstanceUID, text));
    stream_uid(&row, STREAM_REPORT, text);
    check(set.putAndInsertString(DCM_SOPInstanceUID, text));
    check(set.putAndInsertString(DCM_InstanceCreationDate, date));
    check(set.putAndInsertString(DCM_InstanceCreationTime, "100500"));
    return check.first;
}

bool save(DcmFileFormat &file, const OFCondition &made, const std::string &path)
{
    OFCondition condition = made;
    if (condition.good()) condition = file.saveFile(path.c_str(), EXS_LittleEndianExplicit);
    if (condition.good()) return true;
    std::fprintf(stderr, "make_stream: %s: %s\n", path.c_str(), condition.text());
    return false;
}

bool make_folder(const std::string &path)
{
    if (mkdir(path.c_str(), 0777) == 0 || errno == EEXIST) return true;
    std::fprintf(stderr, "make_stream: %s: %s\n", path.c_str(), std::strerror(errno));
    return false;
}

bool write_objects(const std::string &folder, const stream_row *rows, size_t count)
{
    if (!make_folder(folder)) return false;
    std::string part;
    for (size_t i = 0; i < count; i++) {
        char name[64];
        if (i % 100 == 0) {
            std::snprintf(name, sizeof name, "/%03zu", i / 100);
            part = folder + name;
            if (!make_folder(part)) return false;
        }
        std::snprintf(name, sizeof name, "/%08u_%03u-", rows[i].patient, rows[i].follow_up);
        DcmFileFormat image, report;
        if (!save(image, make_image(image, rows[i]), part + name + "dx.dcm")) return false;
        if (!save(report, make_report(report, rows[i]), part + name + "sr.dcm")) return false;
    }
    return true;
}

bool write_lines(const char *path, const stream_row *rows, size_t count, bool references_only)
{
    FILE *out = std::fopen(path, "we");
    for (size_t i = 0; out != nullptr && i < count; i++) {
        if (!references_only) {
            stream_write_exam(out, &rows[i]);
            stream_write_result(out, &rows[i]);
        }
        stream_write_reference(out, &rows[i]);
    }
    const bool failed = out == nullptr || std::ferror(out) != 0;
    if ((out != nullptr && std::fclose(out) != 0) || failed) {
        std::fprintf(stderr, "make_stream: %s: %s\n", path, std::strerror(errno));
        return false;
    }
    return true;
}

int usage()
{
    std::fputs("usage: make_stream [--patients N | --exams N] [--dicom DIR] [--jsonl FILE] [--references FILE] PREDICTIONS.csv\n", stderr);
    return 2;
}

bool whole_number(const char *text, size_t &out)
{
    char *end = nullptr;
    errno = 0;
    const unsigned long value = std::strtoul(text, &end, 10);
    out = value;
    return end != text && *end == '\0' && errno == 0 && value > 0 && text[0] != '-';
}

} // namespace

int main(int argc, char **argv)
{
    const char *dicom = nullptr, *jsonl = nullptr, *references = nullptr, *predictions = nullptr;
    size_t patients = 0, exams = 0;
    for (int i = 1; i < argc; i++) {
        const std::string option = argv[i];
        const char *value = i + 1 < argc ? argv[i + 1] : nullptr;
        if (option.compare(0, 2, "--") != 0) {
            if (predictions != nullptr) return usage();
            predictions = argv[i];
            continue;
        }
        if (value == nullptr) return usage();
        i++;
        if (option == "--dicom") dicom = value;
        else if (option == "--jsonl") jsonl = value;
        else if (option == "--references") references = value;
        else if (option == "--patients") { if (!whole_number(value, patients)) return usage(); }
        else if (option == "--exams") { if (!whole_number(value, exams)) return usage(); }
        else return usage();
    }
    if (predictions == nullptr || (dicom == nullptr && jsonl == nullptr && references == nullptr)) return usage();

    stream_row *rows = nullptr;
    size_t count = 0;
    if (!stream_read(predictions, &rows, &count)) return 1;
    count = stream_take(rows, count, patients, exams);
    bool ok = true;
    if (dicom != nullptr) ok = write_objects(dicom, rows, count);
    if (ok && jsonl != nullptr) ok = write_lines(jsonl, rows, count, false);
    if (ok && references != nullptr) ok = write_lines(references, rows, count, true);
    if (ok) std::printf("%zu exams\n", count);
    std::free(rows);
    return ok ? 0 : 1;
}
