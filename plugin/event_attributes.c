/* SPDX-License-Identifier: Apache-2.0 */
/* What of an attribute may be kept (DESIGN 5): levels, whole numbers, ages in years, equipment tokens. Never a birth date, never
 * free text about a person: what does not look like a token is kept as a state only. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dicom/age.h"
#include "dicom/attributes.h"
#include "plugin/event.h"

#define OLDEST_AGE 90        /* over 89 is one class: 45 CFR 164.514(b)(2)(i)(C) */
#define MAX_TOKEN 32         /* of a demographic or linked value */
#define MAX_DIGITS 5         /* six and more in a row are a number of somebody, or a date */

static bool blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static void trim(const char *value, char *out, size_t size)
{
    while (blank(*value)) value++;
    size_t len = strlen(value);
    while (len > 0 && blank(value[len - 1])) len--;
    if (len >= size) len = size - 1;
    memcpy(out, value, len);
    out[len] = '\0';
}

void es_attribute_fold(const char *value, char *out, size_t size)
{
    if (size == 0) return;
    trim(value, out, size);
    for (char *p = out; *p != '\0'; p++)
        if (*p >= 'a' && *p <= 'z') *p = (char)(*p - 'a' + 'A');
}

/* 1 to 4 digits and at most one fraction: a size, a weight, a decile; never a date. */
static bool plain_number(const char *value)
{
    size_t whole = strspn(value, "0123456789");
    if (whole == 0 || whole > 4) return false;
    if (value[whole] == '\0') return true;
    const size_t fraction = value[whole] == '.' ? strspn(value + whole + 1, "0123456789") : 0;
    return fraction > 0 && value[whole + 1 + fraction] == '\0';
}

/* Looks like a code or a word, not like a date, a number of a person or a sentence. */
static bool token_like(const char *value)
{
    size_t len = 0, run = 0, longest = 0, digits = 0;
    bool letters = false;
    for (; value[len] != '\0'; len++) {
        const char c = value[len];
        if (!digit(c) && !letter(c) && strchr(" _.+/^-", c) == NULL) return false;
        run = digit(c) ? run + 1 : 0;
        digits += digit(c);
        if (run > longest) longest = run;
        letters = letters || letter(c);
    }
    if (len == 0 || len > MAX_TOKEN) return false;
    return plain_number(value) || (longest <= MAX_DIGITS && (letters || digits <= MAX_DIGITS));
}

/* Coded values are "value^scheme": a SNOMED CT number is no person's. */
static bool coded(const char *value)
{
    const char *hat = strchr(value, '^');
    if (hat == NULL || hat == value || hat[1] == '\0') return false;
    for (const char *p = value; *p != '\0'; p++)
        if (!digit(*p) && !letter(*p) && strchr("_.^-", *p) == NULL) return false;
    return true;
}

/* Whole numbers of at most nine digits, for banded linked attributes. */
static bool whole_number(const char *value)
{
    const size_t sign = value[0] == '-' ? 1 : 0, digits = strspn(value + sign, "0123456789");
    return digits > 0 && digits <= 9 && value[sign + digits] == '\0';
}

static void make_age(struct es_event_attribute *out, const char *value)
{
    const struct es_age_evidence evidence = {.weight_kg = (double)NAN, .size_m = (double)NAN};
    const struct es_age age = es_age_judge(es_age_read(value, strlen(value)), &evidence);
    if (!age.valid) {
        out->state = ES_ATTRIBUTE_INVALID;
        return;
    }
    if (age.days < ES_INFANT_DAYS && !age.in_years) {
        (void)snprintf(out->value, sizeof out->value, "%dd", age.days);
        return;
    }
    (void)snprintf(out->value, sizeof out->value, "%d", age.years >= OLDEST_AGE ? OLDEST_AGE : age.years);
}

static const struct es_attribute *attribute_of(const char *keyword)
{
    for (size_t i = 0; i < es_n_attributes; i++)
        if (strcmp(es_attributes[i].keyword, keyword) == 0) return es_attribute_is_fact(&es_attributes[i]) ? &es_attributes[i] : NULL;
    return NULL;
}

/* The axis that says how this attribute is read: one with a vocabulary or bands before one without. */
static const struct es_axis_config *axis_of(const struct es_config *config, const char *keyword)
{
    const struct es_axis_config *found = NULL;
    for (size_t i = 0; i < config->n_axes; i++) {
        const struct es_axis_config *axis = &config->axes[i];
        if (strcmp(axis->attribute, keyword) != 0 && strcmp(axis->linked, keyword) != 0) continue;
        if (found == NULL || axis->vocabulary != NULL || (axis->n_bands > 0 && found->vocabulary == NULL)) found = axis;
    }
    return found;
}

static enum es_errc make_term(struct es_event_attribute *out, const struct es_vocabulary *vocabulary, const char *value,
                              const struct es_key *key, struct es_error *err)
{
    const struct es_term term = es_vocabulary_find(vocabulary, value);
    char folded[ES_FACT_VALUE];
    out->state = term.state;
    if (term.state == ES_ATTRIBUTE_PRESENT) {
        (void)snprintf(out->value, sizeof out->value, "%s", term.level);
    } else if (term.state == ES_ATTRIBUTE_UNMAPPED) {
        es_attribute_fold(value, folded, sizeof folded);
        if (es_key_pseudonym(key, ES_PSEUDONYM_VALUE, out->keyword, folded, &out->unmapped) != ES_OK)
            return es_fail(err, ES_E_MEMORY, "attribute %s: no memory for its keyed hash", out->keyword);
        explicit_bzero(folded, sizeof folded);
    }
    return ES_OK;
}

enum es_errc es_attribute_make(struct es_event_attribute *out, const struct es_message_attribute *sent, const struct es_config *config,
                               const struct es_key *key, struct es_error *err)
{
    const struct es_attribute *attribute = attribute_of(sent->keyword);
    const struct es_axis_config *axis = axis_of(config, sent->keyword);
    const bool linked = attribute == NULL && es_config_links(config, sent->keyword);
    if (attribute == NULL && !linked) {
        /* the sender's word is repeated only when it is one */
        const bool plain = sent->keyword[strspn(sent->keyword, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")] == '\0';
        return es_fail(err, ES_E_REFUSED, "attribute %.64s: found a name that is neither a PS3.6 keyword that is read nor a Linked name",
                       plain ? sent->keyword : "(unprintable)");
    }
    struct es_event_attribute made = {.state = sent->state};
    memcpy(made.keyword, sent->keyword, sizeof made.keyword);
    char value[ES_FACT_VALUE];
    enum es_errc code = ES_OK;
    trim(sent->value, value, sizeof value);
    if (made.state == ES_ATTRIBUTE_PRESENT && value[0] == '\0') made.state = ES_ATTRIBUTE_BLANK;
    if (made.state == ES_ATTRIBUTE_PRESENT) {
        if (strcmp(made.keyword, "PatientAge") == 0) {
            make_age(&made, value);
        } else if (axis != NULL && axis->vocabulary != NULL) {
            code = make_term(&made, axis->vocabulary, value, key, err);
        } else {
            const bool about_people = linked || (attribute->use & ES_USE_DEMOGRAPHICS) != 0;
            const bool banded = axis != NULL && axis->n_bands > 0;
            const bool good = banded ? whole_number(value) : !about_people || token_like(value) || (!linked && coded(value));
            if (good) memcpy(made.value, value, sizeof made.value);
            else made.state = ES_ATTRIBUTE_INVALID;
        }
    }
    explicit_bzero(value, sizeof value);
    if (code == ES_OK) *out = made;
    return code;
}
