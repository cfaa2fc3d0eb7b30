/* SPDX-License-Identifier: Apache-2.0 */
/* What of an attribute may be kept (DESIGN 5): levels, whole numbers, ages in years, equipment tokens. Never a birth date, never
 * free text about a person: what does not look like a token is kept as a state only. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dicom/age.h"
#include "dicom/attributes.h"
#include "plugin/event/event.h"

#define OLDEST_AGE 90        /* over 89 is one class: 45 CFR 164.514(b)(2)(i)(C) */
#define MAX_TOKEN 32         /* of a demographic or linked value */
#define MAX_DIGITS 5         /* six and more are a number of somebody, or a date */

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

static size_t digits_of(const char *value)
{
    size_t digits = 0;
    for (; *value != '\0'; value++) digits += digit(*value);
    return digits;
}

/* A month in words, as a word of its own. */
static bool month_at(const char *word, size_t len)
{
    static const char *const months[] = {"january", "february", "march", "april", "may", "june", "july", "august", "september", "sept",
                                         "october", "november", "december"};
    for (size_t i = 0; i < sizeof months / sizeof months[0]; i++)
        if ((len == 3 || len == strlen(months[i])) && strncasecmp(word, months[i], len) == 0) return true;
    return false;
}

/* "Jan 1950", "may-1950": a month beside four digits in a row. */
static bool month_and_year(const char *value)
{
    bool month = false, year = false;
    for (const char *p = value; *p != '\0';) {
        const char *start = p;
        while (letter(*p)) p++;
        month = month || (p > start && month_at(start, (size_t)(p - start)));
        start = p;
        while (digit(*p)) p++;
        year = year || p - start == 4;
        if (*p != '\0' && !letter(*p) && !digit(*p)) p++;
    }
    return month && year;
}

/* Looks like a code or a word, not like a date, a number of a person or a sentence: digits count whatever stands between them. */
static bool token_like(const char *value)
{
    size_t len = 0;
    for (; value[len] != '\0'; len++)
        if (!digit(value[len]) && !letter(value[len]) && strchr(" _.+/^-", value[len]) == NULL) return false;
    return len > 0 && len <= MAX_TOKEN && digits_of(value) <= MAX_DIGITS && !month_and_year(value);
}

/* YYYYMMDD, DDMMYYYY or MMDDYYYY, wherever it begins within a run of digits (a time may follow, a prefix go before). */
static bool has_date(const char *value)
{
    for (const char *p = value; *p != '\0'; p++) {
        if (strspn(p, "0123456789") < 8) continue;
        const int a = (p[0] - '0') * 10 + p[1] - '0', b = (p[2] - '0') * 10 + p[3] - '0', c = (p[4] - '0') * 10 + p[5] - '0',
                  d = (p[6] - '0') * 10 + p[7] - '0';
        const bool year_first = a >= 18 && a <= 21 && c >= 1 && c <= 12 && d >= 1 && d <= 31;
        const bool year_last = c >= 18 && c <= 21 && a >= 1 && b >= 1 && ((a <= 31 && b <= 12) || (a <= 12 && b <= 31));
        if (year_first || year_last) return true;
    }
    return false;
}

/* What stands on equipment: letters, digits and the marks of model names; several values are told apart by backslashes. */
static bool equipment_like(const char *value)
{
    for (const char *p = value; *p != '\0'; p++)
        if (!digit(*p) && !letter(*p) && strchr(" _.,/()+-&'\\", *p) == NULL) return false;
    return !has_date(value);
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

/* Whole numbers of few digits, for banded linked attributes. */
static bool whole_number(const char *value)
{
    const size_t sign = value[0] == '-' ? 1 : 0, digits = strspn(value + sign, "0123456789");
    return digits > 0 && digits <= MAX_DIGITS && value[sign + digits] == '\0';
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

static enum es_errc make_unmapped(struct es_event_attribute *out, const char *value, const struct es_key *key, struct es_error *err)
{
    char folded[ES_FACT_VALUE];
    es_attribute_fold(value, folded, sizeof folded);
    out->state = ES_ATTRIBUTE_UNMAPPED;
    const enum es_errc code = es_key_pseudonym(key, ES_PSEUDONYM_VALUE, out->keyword, folded, &out->unmapped);
    explicit_bzero(folded, sizeof folded);
    return code == ES_OK ? ES_OK : es_fail(err, ES_E_MEMORY, "attribute %s: no memory for its keyed hash", out->keyword);
}

/* Several answers of one person, "A\D": kept as their levels in the vocabulary's order, each once, so that the configuration in force may
 * read them as several or by any of them. What one of them says beyond the list makes all unmapped. */
static enum es_errc make_terms(struct es_event_attribute *out, const struct es_vocabulary *vocabulary, const char *value,
                               const struct es_key *key, struct es_error *err)
{
    const char *levels[ES_FACT_VALUE / 2 + 1];
    size_t n = 0, used = 0;
    bool not_stated = false, absent = false;
    for (const char *from = value; from != NULL;) {
        char one[ES_FACT_VALUE];
        const char *to = strchr(from, '\\');
        (void)snprintf(one, sizeof one, "%.*s", to != NULL ? (int)(to - from) : (int)strlen(from), from);
        const struct es_term term = es_vocabulary_find(vocabulary, one);
        explicit_bzero(one, sizeof one);
        from = to != NULL ? to + 1 : NULL;
        if (term.state == ES_ATTRIBUTE_UNMAPPED) return make_unmapped(out, value, key, err);
        not_stated |= term.state == ES_ATTRIBUTE_NOT_STATED;
        absent |= term.state == ES_ATTRIBUTE_ABSENT;
        if (term.state != ES_ATTRIBUTE_PRESENT) continue;
        size_t at = n;
        bool known = false;
        for (size_t i = 0; i < n && !known; i++) known = strcmp(levels[i], term.level) == 0;
        if (known) continue;
        for (; at > 0 && es_vocabulary_order(vocabulary, levels[at - 1]) > es_vocabulary_order(vocabulary, term.level); at--) levels[at] = levels[at - 1];
        levels[at] = term.level;
        n++;
    }
    out->state = n > 0 ? ES_ATTRIBUTE_PRESENT : not_stated ? ES_ATTRIBUTE_NOT_STATED : absent ? ES_ATTRIBUTE_ABSENT : ES_ATTRIBUTE_BLANK;
    for (size_t i = 0; i < n; i++) {
        const int put = snprintf(out->value + used, sizeof out->value - used, "%s%s", i > 0 ? "\\" : "", levels[i]);
        if (put < 0 || (size_t)put >= sizeof out->value - used) { /* a part of them would be another answer */
            out->state = ES_ATTRIBUTE_INVALID;
            memset(out->value, 0, sizeof out->value);
            return ES_OK;
        }
        used += (size_t)put;
    }
    return ES_OK;
}

static enum es_errc make_term(struct es_event_attribute *out, const struct es_vocabulary *vocabulary, const char *value,
                              const struct es_key *key, struct es_error *err)
{
    if (strchr(value, '\\') != NULL) return make_terms(out, vocabulary, value, key, err);
    const struct es_term term = es_vocabulary_find(vocabulary, value);
    out->state = term.state;
    if (term.state == ES_ATTRIBUTE_UNMAPPED) return make_unmapped(out, value, key, err);
    if (term.state == ES_ATTRIBUTE_PRESENT) (void)snprintf(out->value, sizeof out->value, "%s", term.level);
    return ES_OK;
}

/* A value without a vocabulary, held to what it can be. row is NULL for a linked one. */
static enum es_errc make_plain(struct es_event_attribute *out, const struct es_attribute *row, bool banded, const char *value,
                               const struct es_key *key, struct es_error *err)
{
    bool good;
    if (row == NULL) {
        good = banded ? whole_number(value) : token_like(value);
    } else if ((row->use & ES_USE_DEMOGRAPHICS) != 0) {
        good = !es_attribute_is_free_text(row) && (plain_number(value) || token_like(value) || coded(value));
    } else {
        good = row->codes != 0 || equipment_like(value);
        if (!good) return make_unmapped(out, value, key, err);
    }
    if (good) (void)snprintf(out->value, sizeof out->value, "%s", value);
    else out->state = ES_ATTRIBUTE_INVALID;
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
            code = make_plain(&made, attribute, axis != NULL && axis->n_bands > 0, value, key, err);
        }
    }
    explicit_bzero(value, sizeof value);
    if (code == ES_OK) *out = made;
    return code;
}
