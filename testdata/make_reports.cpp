/* SPDX-License-Identifier: Apache-2.0 */
/* Structured reports of make_results: PS3.16 TID 1500, 4000, 4100 and 2010, and Basic Text. */
#include "make_results.h"

#include <dcmtk/dcmsr/dsrdoc.h>

namespace {

struct code {
    const char *value, *scheme, *meaning;
    DSRCodedEntryValue entry() const { return DSRCodedEntryValue(value, scheme, meaning); }
};

const code percent = {"%", "UCUM", "Percent"}, probability_unit = {"{probability}", "UCUM", "Probability"};
const code present = {"52101004", "SCT", "Present"}, absent = {"2667000", "SCT", "Absent"};
const code intent = {"111056", "DCM", "Rendering Intent"}, required = {"111150", "DCM", "Presentation Required: Rendering device is expected to present"};
const code hidden = {"111152", "DCM", "Not for Presentation: Rendering device expected not to present"};
const code calcifications = {"F-01775", "SRT", "Calcification Cluster"}, breast_density = {"F-01796", "SRT", "Mammography breast density"};

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

} // namespace

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

static void cad_beginning(Report &r, const code &summary)
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
static void cad_detections(Report &r, const code &summary, bool succeeded, const code &what)
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

static void cad_finding(Report &r, const code &what, const code &shown, const char *certainty, const char *cancer, float x, float y)
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
