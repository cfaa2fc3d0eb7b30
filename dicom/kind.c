/* SPDX-License-Identifier: Apache-2.0 */
/* What an object is, by its SOP class. PS3.4 B.5 (standard SOP classes), PS3.6 table A-1. */
#include <string.h>

#include "dicom/readers.h"
#include "dicom/storing.h"

#define STORAGE "1.2.840.10008.5.1.4.1.1."

/** One SOP class, or all below it when it ends with a dot. The first row that fits counts. */
static const struct {
    char uid[12]; /* behind STORAGE */
    enum es_object_kind kind;
    enum es_result_form form;
} classes[] = {
    {"88.50", ES_OBJECT_SR, ES_FORM_CAD},                     /* mammography CAD */
    {"88.59", ES_OBJECT_SR, ES_FORM_KEY_OBJECT},              /* key object selection */
    {"88.65", ES_OBJECT_SR, ES_FORM_CAD},                     /* chest CAD */
    {"88.69", ES_OBJECT_SR, ES_FORM_CAD},                     /* colon CAD */
    {"88.", ES_OBJECT_SR, ES_FORM_REPORT},                    /* other structured reports, dose too */
    {"7", ES_OBJECT_RESULT, ES_FORM_SECONDARY_CAPTURE},       /* secondary capture: screens, burned-in results; no exam of its own */
    {"7.", ES_OBJECT_RESULT, ES_FORM_SECONDARY_CAPTURE},
    {"11.", ES_OBJECT_RESULT, ES_FORM_PRESENTATION},          /* presentation states */
    {"30", ES_OBJECT_RESULT, ES_FORM_OTHER},                  /* parametric map */
    {"66.4", ES_OBJECT_RESULT, ES_FORM_SEGMENTATION},         /* segmentation */
    {"66.5", ES_OBJECT_RESULT, ES_FORM_SEGMENTATION},         /* surface segmentation */
    {"66.6", ES_OBJECT_RESULT, ES_FORM_OTHER},                /* tractography */
    {"66.7", ES_OBJECT_RESULT, ES_FORM_SEGMENTATION},         /* label map segmentation */
    {"66.8", ES_OBJECT_RESULT, ES_FORM_SEGMENTATION},         /* height map segmentation */
    {"90.1", ES_OBJECT_RESULT, ES_FORM_OTHER},                /* content assessment */
    {"91.1", ES_OBJECT_RESULT, ES_FORM_OTHER},                /* bulk annotations */
    {"104.", ES_OBJECT_RESULT, ES_FORM_DOCUMENT},             /* encapsulated documents */
    {"481.3", ES_OBJECT_RESULT, ES_FORM_OTHER},               /* RT structure set */
    {"1", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"1.", ES_OBJECT_IMAGE, ES_FORM_NONE},                    /* DX, MG, IO */
    {"2", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"2.", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"3", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"3.1", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"4", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"4.2", ES_OBJECT_OTHER, ES_FORM_NONE},                   /* spectroscopy */
    {"4.", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"5", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"6", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"6.", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"12.", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"13.", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"14.", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"20", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"77.1.5.3", ES_OBJECT_OTHER, ES_FORM_NONE},              /* stereometric relationship */
    {"77.1.5.8", ES_OBJECT_OTHER, ES_FORM_NONE},              /* volume analysis */
    {"77.", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"81.1", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"82.1", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"128", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"128.1", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"130", ES_OBJECT_IMAGE, ES_FORM_NONE},
    {"481.1", ES_OBJECT_IMAGE, ES_FORM_NONE},
};

#define N_CLASSES (sizeof classes / sizeof classes[0])

/** Whether a row is this class, or ends with a dot and is above it. Asked on an archive's storing thread: no call. */
ES_STORING static bool fits(const char *row, const char *uid)
{
    while (*row != '\0' && *row == *uid) row++, uid++;
    return *row == '\0' && (*uid == '\0' || row[-1] == '.');
}

/** Index of the first row that fits; N_CLASSES when none does. */
ES_STORING static size_t find_class(const char *uid)
{
    size_t i = 0;
    if (!fits(STORAGE, uid)) return N_CLASSES;
    while (i < N_CLASSES && !fits(classes[i].uid, uid + sizeof STORAGE - 1)) i++;
    return i;
}

ES_STORING enum es_object_kind es_kind_of_class(const char *uid)
{
    const size_t i = find_class(uid);
    if (i < N_CLASSES) return classes[i].kind;
    return strcmp(uid, "1.2.840.10008.1.3.10") == 0 ? ES_OBJECT_DIRECTORY : ES_OBJECT_OTHER;
}

enum es_result_form es_form_of_class(const char *uid)
{
    const size_t i = find_class(uid);
    return i < N_CLASSES ? classes[i].form : ES_FORM_NONE;
}

enum es_object_kind es_kind_read(const struct es_elements *elements, const struct es_identity *identity)
{
    static const char *const imaging[] = {"CR", "DX", "MG", "IO", "CT", "MR", "US", "XA", "RF", "NM", "PT", "OP", "SM", "ES", "OPT"};
    char modality[17];
    if (identity->sop_class_uid[0]) return es_kind_of_class(identity->sop_class_uid);
    if (es_element_text(elements, 0x00080060, modality, sizeof modality) != ES_TEXT_OK) return ES_OBJECT_OTHER;
    for (size_t i = 0; i < sizeof imaging / sizeof imaging[0]; i++)
        if (strcmp(modality, imaging[i]) == 0) return ES_OBJECT_IMAGE;
    return ES_OBJECT_OTHER;
}

void es_kind_prefetch(void) { es_prefetch(classes, sizeof classes); }
