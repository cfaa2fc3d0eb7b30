/* SPDX-License-Identifier: Apache-2.0 */
/* Values and settings under numbers: each is kept once, however many cases have it. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "plugin/cohort/internal.h"

/* Where a value that was asked for lately stands, by its state and first two letters. */
static struct es_value **recent_of(struct es_dictionary *dictionary, const char *text)
{
    const unsigned first = (unsigned char)text[1], second = first ? (unsigned char)text[2] : 0;
    return &dictionary->recent[((unsigned char)text[0] + first * 10 + second) % ES_RECENT];
}

bool es_value_code(struct es_dictionary *dictionary, const struct es_event_attribute *attribute, uint16_t *code)
{
    struct es_value *value = NULL;
    char text[ES_FACT_VALUE + 1] = {(char)('a' + (int)attribute->state)};
    if (attribute->state == ES_ATTRIBUTE_PRESENT) memcpy(text + 1, attribute->value, strnlen(attribute->value, ES_FACT_VALUE - 1));
    struct es_value **recent = recent_of(dictionary, text);
    if (*recent && strcmp((*recent)->text, text) == 0) value = *recent;
    else HASH_FIND_STR(dictionary->table, text, value);
    if (!value) {
        if (dictionary->count == ES_MAX_CODES) {
            *code = ES_MAX_CODES - 1;
            return true;
        }
        if (!ES_GROW(dictionary->by_code, dictionary->room, (uint64_t)dictionary->count + 1) || !(value = calloc(1, sizeof *value)))
            return false;
        memcpy(value->text, text, sizeof text);
        value->state = attribute->state;
        if (dictionary->count == ES_MAX_CODES - 1) {
            value->state = ES_ATTRIBUTE_INVALID;
            memcpy(value->text, "#", 2);
        }
        value->code = (uint16_t)dictionary->count;
        HASH_ADD_STR(dictionary->table, text, value);
        if (!value->hh.tbl) {
            free(value);
            return false;
        }
        dictionary->by_code[dictionary->count++] = value;
    }
    *recent = value;
    *code = value->code;
    return true;
}

bool es_cohort_crowded(const struct es_cohort *cohort, size_t attribute)
{
    const struct es_dictionary *dictionary = &cohort->dictionaries[attribute];
    uint64_t seen[(ES_MAX_CODES + 63) / 64] = {0};
    uint32_t values = 0;
    if (dictionary->count <= ES_MAX_VALUES) return false;
    for (uint32_t i = 0; i < cohort->n_exams; i++) {
        if (!cohort->exams[i].used) continue;
        const uint16_t code = es_exam_codes(cohort, i)[attribute];
        if (code == ES_MAX_CODES - 1) return true; /* the shared one */
        const uint64_t bit = UINT64_C(1) << code % 64;
        if (seen[code / 64] & bit) continue;
        seen[code / 64] |= bit;
        values += dictionary->by_code[code]->state == ES_ATTRIBUTE_PRESENT;
    }
    return values > ES_MAX_VALUES;
}

const struct es_value *es_value_at(const struct es_dictionary *dictionary, uint32_t code, bool crowded)
{
    static const struct es_value one_of_many = {.text = "#", .state = ES_ATTRIBUTE_INVALID};
    const struct es_value *value = dictionary->by_code[code];
    return crowded && (value->state == ES_ATTRIBUTE_PRESENT || code == ES_MAX_CODES - 1) ? &one_of_many : value;
}

bool es_setting_number(struct es_cohort *cohort, const struct es_derived_case *row, uint32_t *number)
{
    struct es_setting_key key;
    struct es_setting *setting = NULL;
    const double threshold = isnan(row->threshold_sent) ? (double)NAN : row->threshold_sent;
    memset(&key, 0, sizeof key);
    memcpy(key.version, row->version, strnlen(row->version, ES_NAME_SIZE - 1));
    memcpy(key.source, row->reference_source, strnlen(row->reference_source, ES_NAME_SIZE - 1));
    key.device = row->device;
    memcpy(&key.threshold, &threshold, sizeof key.threshold);
    setting = cohort->last_setting;
    if (!setting || memcmp(&setting->key, &key, sizeof key) != 0) HASH_FIND(hh, cohort->settings, &key, sizeof key, setting);
    if (!setting) {
        if (!ES_GROW(cohort->by_number, cohort->settings_room, (uint64_t)cohort->n_settings + 1) || !(setting = calloc(1, sizeof *setting)))
            return false;
        setting->key = key;
        setting->threshold = threshold;
        setting->number = cohort->n_settings;
        HASH_ADD(hh, cohort->settings, key, sizeof setting->key, setting);
        if (!setting->hh.tbl) {
            free(setting);
            return false;
        }
        cohort->by_number[cohort->n_settings++] = setting;
    }
    cohort->last_setting = setting;
    *number = setting->number;
    return true;
}

void es_dictionary_free(struct es_dictionary *dictionary)
{
    HASH_CLEAR(hh, dictionary->table);
    for (uint32_t i = 0; i < dictionary->count; i++) free(dictionary->by_code[i]);
    free(dictionary->by_code);
}
