/* SPDX-License-Identifier: Apache-2.0 */
/* Make result objects of the shapes that AI products send and public archives do not hold, for the tests in dicom/made/.
 *
 *   make_results FOLDER
 *
 * Nobody's results: people, dates and UIDs (2.25, made of the file's number) are invented, and the same each time. Reports follow
 * PS3.16 TID 1500, 4000, 4100 and 2010, the presentation state PS3.3 A.33.1 with a vendor's private block. dsrdump and dciodvfy accept
 * them (made.sh). A development tool: it is not installed. */
#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmsr/dsrdoc.h>

#include <cstdio>
#include <string>

namespace {

struct conditions {
    OFCondition first;
    void operator()(const OFCondition &next) { if (first.good() && next.bad()) first = next; }
};

struct code {
    const char *value, *scheme, *meaning;
    DSRCodedEntryValue entry() const { return DSRCodedEntryValue(value, scheme, meaning); }
};

const code percent = {"%", "UCUM", "Percent"}, probability_unit = {"{probability}", "UCUM", "Probability"};
const code present = {"52101004", "SCT", "Present"}, absent = {"2667000", "SCT", "Absent"};
const code intent = {"111056", "DCM", "Rendering Intent"}, required = {"111150", "DCM", "Presentation Required: Rendering device is expected to present"};
const code hidden = {"111152", "DCM", "Not for Presentation: Rendering device expected not to present"};
const code calcifications = {"F-01775", "SRT", "Calcification Cluster"}, breast_density = {"F-01796", "SRT", "Mammography breast density"};

/* 2.25.46811 NUMBER 000 PART: PS3.5 B.2 by form; made by no UUID, and nobody else's. */
std::string uid(int number, int part)
{
    char text[65];
    std::snprintf(text, sizeof text, "2.25.46811%03d000%03d", number, part);
    return text;
}

/* ---- every object ---- */

void put_common(DcmItem &set, int number, conditions &check, const char *modality)
{
    const auto put = [&](const DcmTagKey &tag, const char *value) { check(set.putAndInsertString(tag, value)); };
    put(DCM_SpecificCharacterSet, "ISO_IR 192");
    put(DCM_InstanceCreationDate, "20260301");
    put(DCM_InstanceCreationTime, "101500");
    put(DCM_StudyDate, "20260301");
    put(DCM_StudyTime, "100000");
    put(DCM_AccessionNumber, "");
    put(DCM_Modality, modality);
    put(DCM_Manufacturer, "Example Maker");
    put(DCM_ReferringPhysicianName, "");
    put(DCM_SeriesDescription, "Example AI results");
    put(DCM_ManufacturerModelName, "Example Server");
    put(DCM_PatientName, "Nobody^Test");
    put(DCM_PatientID, "MADE-1");
    put(DCM_PatientBirthDate, "");
    put(DCM_PatientSex, "F");
    put(DCM_DeviceSerialNumber, "1");
    put(DCM_SoftwareVersions, "9.0");
    put(DCM_StudyInstanceUID, uid(0, 1).c_str());
    put(DCM_SeriesInstanceUID, uid(number, 2).c_str());
    put(DCM_SOPInstanceUID, uid(number, 3).c_str());
    put(DCM_StudyID, "1");
    if (std::string(modality) == "PR" || std::string(modality) == "OT") put(DCM_Laterality, ""); /* type 2C of a series of images */
    put(DCM_SeriesNumber, "9");
    put(DCM_InstanceNumber, "1");
}

OFCondition save(DcmFileFormat &file, const std::string &path)
{
    return file.saveFile(path.c_str(), EXS_LittleEndianExplicit, EET_ExplicitLength, EGL_recalcGL, EPD_withoutPadding);
}

/* ---- structured reports ---- */

class Report {
public:
    Report(DSRTypes::E_DocumentType type, const code &title, int number, bool mammography, const char *pattern = nullptr)
        : tree_(document_.getTree()), number_(number), mammography_(mammography)
    {
        check(document_.createNewDocument(type));
        add(DSRTypes::RT_isRoot, DSRTypes::VT_Container, title);
        if (pattern) check(tree_.getCurrentContentItem().setTemplateIdentification(pattern, "DCMR"));
    }
    /* A sibling behind the current item, or its first child after down(). */
    void add(DSRTypes::E_RelationshipType relationship, DSRTypes::E_ValueType type, const code &concept)
    {
        check(tree_.addContentItem(relationship, type, down_ ? DSRTypes::AM_belowCurrent : DSRTypes::AM_afterCurrent)
                  ? EC_Normal : EC_IllegalParameter);
        down_ = false;
        check(tree_.getCurrentContentItem().setConceptName(concept.entry()));
    }
    void container(const code &concept, DSRTypes::E_RelationshipType relationship = DSRTypes::RT_contains)
    {
        add(relationship, DSRTypes::VT_Container, concept);
    }
    void coded(DSRTypes::E_RelationshipType relationship, const code &concept, const code &value)
    {
        add(relationship, DSRTypes::VT_Code, concept);
        check(tree_.getCurrentContentItem().setCodeValue(value.entry()));
    }
    void number(DSRTypes::E_RelationshipType relationship, const code &concept, const char *value, const code &units)
    {
        add(relationship, DSRTypes::VT_Num, concept);
        check(tree_.getCurrentContentItem().setNumericValue(DSRNumericMeasurementValue(value, units.entry())));
    }
    void text(DSRTypes::E_RelationshipType relationship, const code &concept, const char *value)
    {
        add(relationship, DSRTypes::VT_Text, concept);
        check(tree_.getCurrentContentItem().setStringValue(value));
    }
    void image(DSRTypes::E_RelationshipType relationship)
    {
        const OFString sop_class = mammography_ ? UID_DigitalMammographyXRayImageStorageForPresentation : UID_DigitalXRayImageStorageForPresentation;
        check(tree_.addContentItem(relationship, DSRTypes::VT_Image, down_ ? DSRTypes::AM_belowCurrent : DSRTypes::AM_afterCurrent)
                  ? EC_Normal : EC_IllegalParameter);
        down_ = false;
        check(tree_.getCurrentContentItem().setImageReference(DSRImageReferenceValue(sop_class, uid(0, 5).c_str())));
        check(document_.getCurrentRequestedProcedureEvidence().addItem(uid(0, 1).c_str(), uid(0, 4).c_str(), sop_class, uid(0, 5).c_str()));
    }
    void point(float x, float y)
    {
        add(DSRTypes::RT_hasProperties, DSRTypes::VT_SCoord, {"111010", "DCM", "Center"});
        DSRSpatialCoordinatesValue value(DSRTypes::GT_Point);
        value.getGraphicDataList().addItem(x, y);
        check(tree_.getCurrentContentItem().setSpatialCoordinates(value));
        down();
        image(DSRTypes::RT_selectedFrom);
        up();
    }
    void language()
    {
        coded(DSRTypes::RT_hasConceptMod, {"121049", "DCM", "Language of Content Item and Descendants"}, {"en", "RFC5646", "English"});
    }
    void algorithm(DSRTypes::E_RelationshipType relationship, const char *name, const char *version)
    {
        text(relationship, {"111001", "DCM", "Algorithm Name"}, name);
        text(relationship, {"111003", "DCM", "Algorithm Version"}, version);
    }
    void down() { down_ = true; }
    void up()
    {
        if (!down_) check(tree_.goUp() > 0 ? EC_Normal : EC_IllegalParameter);
        down_ = false;
    }
    OFCondition write(const std::string &path, const char *modality)
    {
        DcmFileFormat file;
        check(document_.setSeriesDescription("Example AI results"));
        check(document_.setManufacturer("Example Maker"));
        if (document_.getDocumentType() != DSRTypes::DT_KeyObjectSelectionDocument) check(document_.completeDocument());
        check(document_.write(*file.getDataset()));
        DcmDataset &set = *file.getDataset();
        put_common(set, number_, check, modality);
        check(set.putAndInsertString(DCM_ContentDate, "20260301"));
        check(set.putAndInsertString(DCM_ContentTime, "101500"));
        check(set.putAndInsertString(DCM_TimezoneOffsetFromUTC, "+0100"));
        return check.first.good() ? save(file, path) : check.first;
    }

private:
    DSRDocument document_;
    DSRDocumentTree &tree_;
    int number_;
    bool mammography_, down_ = false;
    conditions check;
};

/* TID 1500 with two algorithms, a percentage, a probability, presence and absence by code, a modifier, a qualitative evaluation. */
OFCondition make_probability(const std::string &path)
{
    using T = DSRTypes;
    const code group = {"125007", "DCM", "Measurement Group"}, finding = {"121071", "DCM", "Finding"};
    Report r(T::DT_ComprehensiveSR, {"126000", "DCM", "Imaging Measurement Report"}, 1, false, "1500");
    r.down();
    r.language();
    r.coded(T::RT_hasConceptMod, {"121058", "DCM", "Procedure reported"}, {"36643-5", "LN", "Chest X-ray 2 views"});
    r.container({"111028", "DCM", "Image Library"});
    r.down();
    r.container({"126200", "DCM", "Image Library Group"});
    r.down();
    r.image(T::RT_contains);
    r.up();
    r.up();
    r.container({"126010", "DCM", "Imaging Measurements"});
    r.down();
    r.container(group);
    r.down();
    r.algorithm(T::RT_hasConceptMod, "Effusion Finder", "2.1");
    r.coded(T::RT_contains, finding, {"60046008", "SCT", "Pleural effusion"});
    r.number(T::RT_contains, {"122157", "DCM", "Probability"}, "83", percent);
    r.coded(T::RT_contains, {"408729009", "SCT", "Finding context"}, present);
    r.up();
    r.container(group);
    r.down();
    r.algorithm(T::RT_hasConceptMod, "Nodule Finder", "0.9");
    r.coded(T::RT_contains, finding, {"27925004", "SCT", "Nodule"});
    r.coded(T::RT_hasConceptMod, {"363698007", "SCT", "Finding Site"}, {"39607008", "SCT", "Lung"});
    r.number(T::RT_contains, {"122157", "DCM", "Probability"}, "0.12", probability_unit);
    r.coded(T::RT_contains, {"408729009", "SCT", "Finding context"}, absent);
    r.number(T::RT_contains, {"81827009", "SCT", "Diameter"}, "6.5", {"mm", "UCUM", "mm"});
    r.down();
    r.coded(T::RT_hasConceptMod, {"121401", "DCM", "Derivation"}, {"56851009", "SCT", "Maximum"});
    r.up();
    r.up();
    r.up();
    r.container({"C0034375", "UMLS", "Qualitative Evaluations"});
    r.down();
    r.coded(T::RT_contains, {"371926006", "SCT", "Image quality"}, {"111208", "DCM", "Quality within limits"});
    return r.write(path, "SR");
}

void cad_beginning(Report &r, const code &summary)
{
    using T = DSRTypes;
    r.down();
    r.language();
    r.container({"111028", "DCM", "Image Library"});
    r.down();
    r.image(T::RT_contains);
    r.up();
    r.coded(T::RT_contains, {"111017", "DCM", "CAD Processing and Findings Summary"}, summary);
}

/* TID 4015 to 4018: what was tried, by which algorithm, and whether it succeeded. */
void cad_detections(Report &r, const code &summary, bool succeeded, const code &what)
{
    using T = DSRTypes;
    r.coded(T::RT_contains, {"111064", "DCM", "Summary of Detections"}, summary);
    r.down();
    if (succeeded) r.container({"111063", "DCM", "Successful Detections"}, T::RT_inferredFrom);
    else r.container({"111025", "DCM", "Failed Detections"}, T::RT_inferredFrom);
    r.down();
    r.coded(T::RT_contains, {"111022", "DCM", "Detection Performed"}, what);
    r.down();
    r.algorithm(T::RT_hasProperties, "Example CAD", "4.2");
    r.up();
    r.up();
    r.up();
    r.coded(T::RT_contains, {"111065", "DCM", "Summary of Analyses"}, {"111225", "DCM", "Not Attempted"});
}

void cad_finding(Report &r, const code &what, const code &shown, const char *certainty, const char *cancer, float x, float y)
{
    using T = DSRTypes;
    r.coded(T::RT_contains, {"111059", "DCM", "Single Image Finding"}, what);
    r.down();
    r.coded(T::RT_hasConceptMod, intent, shown);
    r.number(T::RT_hasProperties, {"111012", "DCM", "Certainty of Finding"}, certainty, percent);
    r.number(T::RT_hasProperties, {"111047", "DCM", "Probability of cancer"}, cancer, percent);
    r.point(x, y);
    r.up();
}

/* TID 4000: a cluster that is shown, a density that is not. */
OFCondition make_mammography(const std::string &path)
{
    using T = DSRTypes;
    Report r(T::DT_MammographyCadSR, {"111036", "DCM", "Mammography CAD Report"}, 2, true, "4000");
    cad_beginning(r, {"111242", "DCM", "All algorithms succeeded; with findings"});
    r.down();
    r.container({"111034", "DCM", "Individual Impression/Recommendation"}, T::RT_inferredFrom);
    r.down();
    r.coded(T::RT_hasConceptMod, intent, required);
    cad_finding(r, calcifications, required, "87", "62", 1201.5F, 803.0F);
    cad_finding(r, breast_density, hidden, "41", "95", 640.0F, 1412.0F);
    r.up();
    r.up();
    cad_detections(r, {"111222", "DCM", "Succeeded"}, true, calcifications);
    return r.write(path, "SR");
}

/* TID 4000: nothing worked. */
OFCondition make_mammography_failed(const std::string &path)
{
    Report r(DSRTypes::DT_MammographyCadSR, {"111036", "DCM", "Mammography CAD Report"}, 3, true, "4000");
    cad_beginning(r, {"111245", "DCM", "No algorithms succeeded; without findings"});
    cad_detections(r, {"111224", "DCM", "Failed"}, false, calcifications);
    return r.write(path, "SR");
}

/* TID 4100: it worked, and there is nothing. */
OFCondition make_chest_none(const std::string &path)
{
    Report r(DSRTypes::DT_ChestCadSR, {"112000", "DCM", "Chest CAD Report"}, 4, false, "4100");
    cad_beginning(r, {"111241", "DCM", "All algorithms succeeded; without findings"});
    cad_detections(r, {"111222", "DCM", "Succeeded"}, true, {"112033", "DCM", "Abnormal opacity"});
    return r.write(path, "SR");
}

/* Basic Text: words of a machine. */
OFCondition make_basic_text(const std::string &path)
{
    using T = DSRTypes;
    Report r(T::DT_BasicTextSR, {"18748-4", "LN", "Diagnostic imaging report"}, 5, false);
    r.down();
    r.container({"121070", "DCM", "Findings"});
    r.down();
    r.text(T::RT_contains, {"121071", "DCM", "Finding"}, "No pneumothorax. Small left pleural effusion.");
    r.text(T::RT_contains, {"111412", "DCM", "Narrative Summary"}, "Effusion score: 0.71 of 1");
    return r.write(path, "SR");
}

/* TID 2010: images of interest. */
OFCondition make_key_object(const std::string &path)
{
    using T = DSRTypes;
    Report r(T::DT_KeyObjectSelectionDocument, {"113000", "DCM", "Of Interest"}, 6, false, "2010");
    r.down();
    r.text(T::RT_contains, {"113012", "DCM", "Key Object Description"}, "Flagged by Example AI");
    r.image(T::RT_contains);
    return r.write(path, "KO");
}

/* ---- other objects ---- */

void put_private(DcmItem &item, Uint16 element, DcmEVR vr, const char *value, conditions &check)
{
    check(item.putAndInsertString(DcmTag(0x0029, 0x0010, EVR_LO), "EXAMPLE CXR AI 1.0"));
    check(item.putAndInsertString(DcmTag(0x0029, element, vr), value));
}

DcmItem *item_of(DcmItem &set, const DcmTag &sequence, conditions &check)
{
    DcmItem *item = nullptr;
    check(set.findOrCreateSequenceItem(sequence, item, -2));
    return item;
}

void put_image_reference(DcmItem &item, const DcmTagKey &sequence, conditions &check)
{
    DcmItem *reference = item_of(item, sequence, check);
    if (!reference) return;
    check(reference->putAndInsertString(DCM_ReferencedSOPClassUID, UID_DigitalXRayImageStorageForPresentation));
    check(reference->putAndInsertString(DCM_ReferencedSOPInstanceUID, uid(0, 5).c_str()));
}

void put_text_object(DcmItem &set, const char *text, conditions &check)
{
    static const Float32 top_left[] = {10, 10}, bottom_right[] = {400, 40};
    DcmItem *annotation = item_of(set, DCM_GraphicAnnotationSequence, check);
    if (!annotation) return;
    put_image_reference(*annotation, DCM_ReferencedImageSequence, check);
    check(annotation->putAndInsertString(DCM_GraphicLayer, "AI"));
    DcmItem *object = item_of(*annotation, DCM_TextObjectSequence, check);
    if (!object) return;
    check(object->putAndInsertString(DCM_BoundingBoxAnnotationUnits, "PIXEL"));
    check(object->putAndInsertString(DCM_UnformattedTextValue, text));
    check(object->putAndInsertFloat32Array(DCM_BoundingBoxTopLeftHandCorner, top_left, 2));
    check(object->putAndInsertFloat32Array(DCM_BoundingBoxBottomRightHandCorner, bottom_right, 2));
    check(object->putAndInsertString(DCM_BoundingBoxTextHorizontalJustification, "LEFT"));
}

/* A chest X-ray product's presentation state: a text, and a private block with a score, a version and JSON. */
OFCondition make_presentation(const std::string &path)
{
    static const char json[] = "{\"schema\":2,\"findings\":{\"effusion\":{\"score\":0.83,\"flag\":true},\"pneumothorax\":{\"score\":0.04,\"flag\":false}},"
                               "\"threshold\":0.5,\"status\":\"DONE\"}";
    conditions check;
    DcmFileFormat file;
    DcmDataset &set = *file.getDataset();
    const auto put = [&](const DcmTagKey &tag, const char *value) { check(set.putAndInsertString(tag, value)); };
    put_common(set, 7, check, "PR");
    put(DCM_SOPClassUID, UID_GrayscaleSoftcopyPresentationStateStorage);
    put(DCM_ContentLabel, "AI_RESULT");
    put(DCM_ContentDescription, "Example AI annotations");
    put(DCM_PresentationCreationDate, "20260301");
    put(DCM_PresentationCreationTime, "101500");
    put(DCM_ContentCreatorName, "");
    put(DCM_PresentationLUTShape, "IDENTITY");
    DcmItem *series = item_of(set, DCM_ReferencedSeriesSequence, check);
    if (series) {
        check(series->putAndInsertString(DCM_SeriesInstanceUID, uid(0, 4).c_str()));
        put_image_reference(*series, DCM_ReferencedImageSequence, check);
    }
    DcmItem *area = item_of(set, DCM_DisplayedAreaSelectionSequence, check);
    if (area) {
        put_image_reference(*area, DCM_ReferencedImageSequence, check);
        check(area->putAndInsertString(DCM_DisplayedAreaTopLeftHandCorner, "1\\1"));
        check(area->putAndInsertString(DCM_DisplayedAreaBottomRightHandCorner, "2000\\2000"));
        check(area->putAndInsertString(DCM_PresentationSizeMode, "SCALE TO FIT"));
        check(area->putAndInsertString(DCM_PresentationPixelAspectRatio, "1\\1"));
    }
    put_text_object(set, "Pleural effusion suspected (83 %)", check);
    put_text_object(set, "No pneumothorax", check);
    DcmItem *layer = item_of(set, DCM_GraphicLayerSequence, check);
    if (layer) {
        check(layer->putAndInsertString(DCM_GraphicLayer, "AI"));
        check(layer->putAndInsertString(DCM_GraphicLayerOrder, "1"));
    }
    put_private(set, 0x1010, EVR_DS, "0.83", check);
    put_private(set, 0x1011, EVR_LO, "1.0.3", check);
    put_private(set, 0x1020, EVR_UT, json, check);
    DcmItem *box = item_of(set, DcmTag(0x0029, 0x1030, EVR_SQ), check);
    if (box) put_private(*box, 0x1031, EVR_DS, "0.91", check);
    return check.first.good() ? save(file, path) : check.first;
}

/* A screen with burned-in words. */
OFCondition make_capture(const std::string &path)
{
    static const Uint8 pixels[64] = {0};
    conditions check;
    DcmFileFormat file;
    DcmDataset &set = *file.getDataset();
    const auto put = [&](const DcmTagKey &tag, const char *value) { check(set.putAndInsertString(tag, value)); };
    const auto put_number = [&](const DcmTagKey &tag, Uint16 value) { check(set.putAndInsertUint16(tag, value)); };
    put_common(set, 8, check, "OT");
    put(DCM_SOPClassUID, UID_SecondaryCaptureImageStorage);
    put(DCM_ConversionType, "WSD");
    put(DCM_DateOfSecondaryCapture, "20260301");
    put(DCM_TimeOfSecondaryCapture, "101500");
    put(DCM_PatientOrientation, "");
    put(DCM_BurnedInAnnotation, "YES");
    put_image_reference(set, DCM_SourceImageSequence, check);
    put_number(DCM_SamplesPerPixel, 1);
    put(DCM_PhotometricInterpretation, "MONOCHROME2");
    put_number(DCM_Rows, 8);
    put_number(DCM_Columns, 8);
    put_number(DCM_BitsAllocated, 8);
    put_number(DCM_BitsStored, 8);
    put_number(DCM_HighBit, 7);
    put_number(DCM_PixelRepresentation, 0);
    check(set.putAndInsertUint8Array(DCM_PixelData, pixels, sizeof pixels));
    return check.first.good() ? save(file, path) : check.first;
}

/* A document of one empty page. */
OFCondition make_document(const std::string &path)
{
    static const char pdf[] = "%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
                              "3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";
    conditions check;
    DcmFileFormat file;
    DcmDataset &set = *file.getDataset();
    const auto put = [&](const DcmTagKey &tag, const char *value) { check(set.putAndInsertString(tag, value)); };
    std::string bytes(pdf);
    if (bytes.size() % 2 != 0) bytes += '\n';
    put_common(set, 9, check, "DOC");
    put(DCM_SOPClassUID, UID_EncapsulatedPDFStorage);
    put(DCM_ConversionType, "WSD");
    put(DCM_ContentDate, "20260301");
    put(DCM_ContentTime, "101500");
    put(DCM_AcquisitionDateTime, "");
    put(DCM_BurnedInAnnotation, "YES");
    put(DCM_DocumentTitle, "Example AI report");
    put(DCM_MIMETypeOfEncapsulatedDocument, "application/pdf");
    check(set.insertEmptyElement(DCM_ConceptNameCodeSequence));
    check(set.putAndInsertUint8Array(DCM_EncapsulatedDocument, reinterpret_cast<const Uint8 *>(bytes.data()), static_cast<unsigned long>(bytes.size())));
    return check.first.good() ? save(file, path) : check.first;
}

} // namespace

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        OFCondition (*make)(const std::string &path);
    } objects[] = {{"sr-probability.dcm", make_probability},   {"cad-mammography.dcm", make_mammography},
                   {"cad-mammography-failed.dcm", make_mammography_failed}, {"cad-chest-none.dcm", make_chest_none},
                   {"sr-basic-text.dcm", make_basic_text},     {"ko-of-interest.dcm", make_key_object},
                   {"gsps-private.dcm", make_presentation},    {"sc-screen.dcm", make_capture},
                   {"pdf-report.dcm", make_document}};
    if (argc != 2) {
        std::fprintf(stderr, "usage: make_results FOLDER\n");
        return 2;
    }
    for (const auto &object : objects) {
        const std::string path = std::string(argv[1]) + "/" + object.name;
        const OFCondition made = object.make(path);
        if (made.good()) continue;
        std::fprintf(stderr, "%s: %s\n", path.c_str(), made.text());
        return 1;
    }
    return 0;
}
