/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/age.h"

#include <math.h>

#include "dicom/text.h"

#define DAYS_PER_YEAR 365.25

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct es_age bad(const char *reason)
{
    return (struct es_age){.reason = reason};
}

struct es_age es_age_read(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && is_digit(text[n])) n++;
    if (n == len && n > 0) return bad("no_unit");
    if (len != 4 || n != 3) return bad("ill_formed");
    const int number = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
    double days = number;
    switch (text[3]) {
    case 'D': break;
    case 'W': days = number * 7.0; break;
    case 'M': days = ceil(number * DAYS_PER_YEAR / 12); break; /* up, so that 024M is two years and not one */
    case 'Y': days = ceil(number * DAYS_PER_YEAR); break;
    default: return bad("ill_formed");
    }
    const bool in_years = text[3] == 'Y';
    const int32_t years = in_years ? number : (int32_t)floor(days / DAYS_PER_YEAR);
    return (struct es_age){.valid = true, .days = (int32_t)days, .years = years, .in_years = in_years};
}

struct es_age es_age_judge(struct es_age age, const struct es_age_evidence *evidence)
{
    if (!age.valid) return age;
    if (age.years > ES_MAX_AGE_YEARS) return bad("implausible");
    if (age.days >= ES_INFANT_DAYS) return age;
    if (evidence->weight_kg > ES_INFANT_MAX_KG || evidence->size_m > ES_INFANT_MAX_M) return bad("implausible");
    const bool zero_years = age.days == 0 && age.in_years;
    if (zero_years && evidence->birth_known && evidence->birth_age >= 2 * ES_INFANT_DAYS) return bad("implausible");
    if (zero_years && evidence->dummies) return bad("dummy");
    return age;
}

bool es_age_conflicts(const struct es_age *age, const struct es_age_evidence *evidence)
{
    if (age->in_years) return age->years > evidence->birth_years + 1 || age->years < evidence->birth_years - 1;
    return evidence->birth_age < age->days - ES_AGE_TOLERANCE_DAYS || evidence->birth_age > age->days + ES_AGE_TOLERANCE_DAYS;
}

void es_age_write(const struct es_age *age, char *out)
{
    const bool infant = age->days < ES_INFANT_DAYS && !age->in_years;
    int number = infant ? (int)age->days : (int)age->years;
    if (!infant && !age->in_years && number < 2) number = 2; /* 730 days after 29 February the second birthday is a day away */
    out[0] = (char)('0' + number / 100 % 10);
    out[1] = (char)('0' + number / 10 % 10);
    out[2] = (char)('0' + number % 10);
    out[3] = infant ? 'D' : 'Y';
    out[4] = '\0';
}

bool es_age_from_birth(int32_t birth_day, int32_t study_day, struct es_age *out)
{
    static const int32_t dummies[] = {-98615, -62091, -25567}; /* 1700-01-01, 1800-01-01, 1900-01-01 */
    for (size_t i = 0; i < sizeof dummies / sizeof dummies[0]; i++)
        if (birth_day == dummies[i]) return false;
    if (birth_day > study_day) return false;
    const int32_t years = es_text_years_between(birth_day, study_day);
    if (years > ES_MAX_AGE_YEARS) return false;
    *out = (struct es_age){.valid = true, .days = study_day - birth_day, .years = years};
    return true;
}
