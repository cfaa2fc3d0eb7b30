/* SPDX-License-Identifier: Apache-2.0 */
/* Make result objects of the shapes that AI products send and public archives do not hold, for the tests in dicom/made/.
 *
 *   make_results FOLDER
 *
 * Nobody's results: people, dates and UIDs (2.25, made of the file's number) are invented, and the same each time. Reports follow
 * PS3.16 TID 1500, 4000, 4100 and 2010, the presentation state PS3.3 A.33.1 with a vendor's private block. dsrdump and dciodvfy accept
 * them (made.sh). A development tool: it is not installed. */
#include "make_results.h"

#include <cstdio>

std::string uid(int number, int part)
{
    char text[65];
    std::snprintf(text, sizeof text, "2.25.46811%03d000%03d", number, part);
    return text;
}

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

namespace {

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
    put_common(set, 8, check, "OT");
    put(DCM_SOPClassUID, UID_SecondaryCaptureImageStorage);
    put(DCM_ConversionType, "WSD");
    put(DCM_DateOfSecondaryCapture, "20260301");
    put(DCM_TimeOfSecondaryCapture, "101500");
    put(DCM_PatientOrientation, "");
    put(DCM_BurnedInAnnotation, "YES");
    put_image_reference(set, DCM_SourceImageSequence, check);
    put_pixels(set, pixels, check);
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
