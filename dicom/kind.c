/* SPDX-License-Identifier: Apache-2.0 */
/* What an object is, by its SOP class. PS3.4 B.5 (standard SOP classes), PS3.6 table A-1. */
#include <string.h>

#include "dicom/readers.h"

#define STORAGE "1.2.840.10008.5.1.4.1.1."

/** One SOP class, or all below it when it ends with a dot. The first row that fits counts. */
static const struct {
    const char *uid; /* behind STORAGE */
    enum es_object_kind kind;
} classes[] = {
    {"88.", ES_OBJECT_SR},      /* structured reports, CAD, key objects, dose */
    {"7", ES_OBJECT_RESULT},    /* secondary capture: screens, burned-in results; no exam of its own */
    {"7.", ES_OBJECT_RESULT},
    {"11.", ES_OBJECT_RESULT},  /* presentation states */
    {"30", ES_OBJECT_RESULT},   /* parametric map */
    {"66.4", ES_OBJECT_RESULT}, /* segmentation */
    {"66.5", ES_OBJECT_RESULT}, /* surface segmentation */
    {"66.6", ES_OBJECT_RESULT}, /* tractography */
    {"66.7", ES_OBJECT_RESULT}, /* label map segmentation */
    {"66.8", ES_OBJECT_RESULT}, /* height map segmentation */
    {"90.1", ES_OBJECT_RESULT}, /* content assessment */
    {"91.1", ES_OBJECT_RESULT}, /* bulk annotations */
    {"104.", ES_OBJECT_RESULT}, /* encapsulated documents */
    {"481.3", ES_OBJECT_RESULT},/* RT structure set */
    {"1", ES_OBJECT_IMAGE},
    {"1.", ES_OBJECT_IMAGE},    /* DX, MG, IO */
    {"2", ES_OBJECT_IMAGE},
    {"2.", ES_OBJECT_IMAGE},
    {"3", ES_OBJECT_IMAGE},
    {"3.1", ES_OBJECT_IMAGE},
    {"4", ES_OBJECT_IMAGE},
    {"4.2", ES_OBJECT_OTHER},   /* spectroscopy */
    {"4.", ES_OBJECT_IMAGE},
    {"5", ES_OBJECT_IMAGE},
    {"6", ES_OBJECT_IMAGE},
    {"6.", ES_OBJECT_IMAGE},
    {"12.", ES_OBJECT_IMAGE},
    {"13.", ES_OBJECT_IMAGE},
    {"14.", ES_OBJECT_IMAGE},
    {"20", ES_OBJECT_IMAGE},
    {"77.1.5.3", ES_OBJECT_OTHER}, /* stereometric relationship */
    {"77.1.5.8", ES_OBJECT_OTHER}, /* volume analysis */
    {"77.", ES_OBJECT_IMAGE},
    {"81.1", ES_OBJECT_IMAGE},
    {"82.1", ES_OBJECT_IMAGE},
    {"128", ES_OBJECT_IMAGE},
    {"128.1", ES_OBJECT_IMAGE},
    {"130", ES_OBJECT_IMAGE},
    {"481.1", ES_OBJECT_IMAGE},
};

enum es_object_kind es_kind_of_class(const char *uid)
{
    if (strcmp(uid, "1.2.840.10008.1.3.10") == 0) return ES_OBJECT_DIRECTORY;
    if (strncmp(uid, STORAGE, sizeof STORAGE - 1) != 0) return ES_OBJECT_OTHER;
    uid += sizeof STORAGE - 1;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        const size_t n = strlen(classes[i].uid);
        const bool below = classes[i].uid[n - 1] == '.';
        if (below ? strncmp(uid, classes[i].uid, n) == 0 : strcmp(uid, classes[i].uid) == 0) return classes[i].kind;
    }
    return ES_OBJECT_OTHER;
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
