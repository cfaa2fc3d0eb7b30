/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/intake/mask_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/base/hash.h"
#include "plugin/mask/png.h"

#define MAX_SPACING 1e4 /* mm */

struct reading {
    const cJSON *object;
    const char *path;
    struct es_error *err;
};

static const char *text_of(const struct reading *r, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(r->object, key);
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static enum es_errc wrong(const struct reading *r, const char *key, const char *what)
{
    return es_fail(r->err, ES_E_REFUSED, "%s.%s: %s", r->path, key, what);
}

/* A whole number of a range; `otherwise` when it is not given. */
static enum es_errc whole(const struct reading *r, const char *key, double low, double high, double otherwise, double *out)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(r->object, key);
    *out = otherwise;
    if (!cJSON_IsNumber(item)) return ES_OK;
    *out = item->valuedouble;
    if (*out >= low && *out <= high && *out == (double)(int64_t)*out) return ES_OK;
    return es_fail(r->err, ES_E_REFUSED, "%s.%s: found another number, expected a whole one in %.0f..%.0f", r->path, key, low, high);
}

/* A callee's refusal, with the key before it. */
static enum es_errc passed_on(const struct reading *r, const char *key, enum es_errc code, const struct es_error *why)
{
    if (code == ES_OK || code == ES_E_MEMORY) return code == ES_OK ? ES_OK : es_fail(r->err, code, "%s", why->text);
    return wrong(r, key, why->text);
}

static enum es_errc from_runs(const struct reading *r, struct es_mask **out)
{
    static const char *const keys[] = {"mask_rle", "mask_rle_2", "mask_rle_3"};
    double rows = 0, columns = 0;
    enum es_errc code = whole(r, "mask_rows", 1, ES_MAX_MASK_SIDE, 0, &rows);
    if (code == ES_OK) code = whole(r, "mask_columns", 1, ES_MAX_MASK_SIDE, 0, &columns);
    if (code == ES_OK && (rows == 0 || columns == 0)) return wrong(r, "mask_rle", "found without mask_rows and mask_columns, expected both");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && code == ES_OK; i++) {
        struct es_mask *mask = NULL;
        struct es_error why = {0};
        const char *text = text_of(r, keys[i]);
        if (text == NULL) continue;
        code = es_mask_of_runs(&mask, text, strlen(text), (uint32_t)rows, (uint32_t)columns, &why);
        if (code == ES_OK && *out != NULL) {
            code = es_mask_join(*out, mask, &why);
            es_mask_free(mask);
        } else if (code == ES_OK) {
            *out = mask;
        }
        code = passed_on(r, keys[i], code, &why);
    }
    return code;
}

static enum es_errc from_png(const struct reading *r, const char *text, struct es_mask **out)
{
    double value = ES_PNG_ANY;
    size_t len = 0;
    struct es_error why = {0};
    enum es_errc code = whole(r, "mask_png_value", 0, 65535, ES_PNG_ANY, &value);
    if (code != ES_OK) return code;
    char *bytes = es_base64_decode(text, &len);
    if (bytes == NULL) return wrong(r, "mask_png", "found text that is not base64");
    code = es_mask_of_png(out, bytes, len, (int32_t)value, &why);
    free(bytes);
    return passed_on(r, "mask_png", code, &why);
}

static enum es_errc take_spacing(const struct reading *r, struct es_mask *mask)
{
    static const char *const keys[2] = {"mask_row_spacing", "mask_column_spacing"};
    double spacing[2] = {0, 0};
    for (int i = 0; i < 2; i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(r->object, keys[i]);
        if (!cJSON_IsNumber(item)) continue;
        spacing[i] = item->valuedouble;
        if (!(spacing[i] > 0 && spacing[i] < MAX_SPACING)) return wrong(r, keys[i], "found no distance in mm, expected one above 0 and below 10000");
    }
    if ((spacing[0] > 0) != (spacing[1] > 0)) return wrong(r, spacing[0] > 0 ? keys[0] : keys[1], "found one spacing, expected both or none");
    if (spacing[0] > 0) memcpy(mask->spacing, spacing, sizeof spacing);
    return ES_OK;
}

static enum es_errc name_image(const struct reading *r, const struct es_message *m, struct es_mask *mask)
{
    const char *name = text_of(r, "mask_image");
    if (name == NULL || name[0] == '\0') name = m->unit_id[0] != '\0' ? m->unit_id : m->study_uid[0] != '\0' ? m->study_uid : m->accession;
    if (strlen(name) >= sizeof mask->planes[0].image) return wrong(r, "mask_image", "found a name that is too long, expected at most 64 characters");
    memcpy(mask->planes[0].image, name, strlen(name) + 1);
    return ES_OK;
}

enum es_errc es_intake_mask(const cJSON *object, const char *path, const struct es_message *message, struct es_finding *finding, struct es_error *err)
{
    const struct reading r = {object, path, err};
    const char *png = text_of(&r, "mask_png");
    const bool runs = text_of(&r, "mask_rle") != NULL || text_of(&r, "mask_rle_2") != NULL || text_of(&r, "mask_rle_3") != NULL;
    struct es_mask *mask = NULL;
    if (png == NULL && !runs) return ES_OK;
    if (png != NULL && runs) return wrong(&r, "mask_png", "found beside mask_rle, expected one of them");
    enum es_errc code = runs ? from_runs(&r, &mask) : from_png(&r, png, &mask);
    if (code == ES_OK) code = take_spacing(&r, mask);
    if (code == ES_OK) code = name_image(&r, message, mask);
    if (code != ES_OK) {
        es_mask_free(mask);
        return code;
    }
    finding->mask = true;
    finding->voxels = mask;
    return ES_OK;
}
