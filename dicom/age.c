/* SPDX-License-Identifier: Apache-2.0 */
#include "dicom/age.h"

#include <math.h>

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
    return (struct es_age){.valid = true, .days = (int32_t)days, .in_years = text[3] == 'Y'};
}

struct es_age es_age_judge(struct es_age age, const struct es_age_evidence *evidence)
{
    if (!age.valid) return age;
    if (age.days >= (ES_MAX_AGE_YEARS + 1) * DAYS_PER_YEAR) return bad("implausible");
    if (age.days >= ES_INFANT_DAYS) return age;
    if (evidence->weight_kg > ES_INFANT_MAX_KG || evidence->size_m > ES_INFANT_MAX_M) return bad("implausible");
    const bool zero_years = age.days == 0 && age.in_years;
    if (zero_years && evidence->birth_known && evidence->birth_age >= 2 * ES_INFANT_DAYS) return bad("implausible");
    if (zero_years && evidence->placeholders) return bad("placeholder");
    return age;
}

bool es_age_conflicts(const struct es_age *age, int32_t birth_age)
{
    /* an age in years is rounded down: it stands for [days, days + 365] */
    const int32_t low = age->days - ES_AGE_TOLERANCE_DAYS;
    const int32_t high = age->days + ES_AGE_TOLERANCE_DAYS + (age->in_years ? 365 : 0);
    return birth_age < low || birth_age > high;
}

void es_age_write(int32_t days, char *out)
{
    const bool infant = days < ES_INFANT_DAYS;
    int number = infant ? (int)days : (int)floor(days / DAYS_PER_YEAR);
    if (!infant && number < 2) number = 2; /* 730 days: the second birthday has passed */
    out[0] = (char)('0' + number / 100 % 10);
    out[1] = (char)('0' + number / 10 % 10);
    out[2] = (char)('0' + number % 10);
    out[3] = infant ? 'D' : 'Y';
    out[4] = '\0';
}

bool es_age_from_birth(int32_t birth_day, int32_t study_day, int32_t *days)
{
    static const int32_t dummies[] = {-98615, -62091, -25567}; /* 1700-01-01, 1800-01-01, 1900-01-01 */
    for (size_t i = 0; i < sizeof dummies / sizeof dummies[0]; i++)
        if (birth_day == dummies[i]) return false;
    if (birth_day > study_day) return false;
    const int64_t age = (int64_t)study_day - birth_day;
    if ((double)age >= (ES_MAX_AGE_YEARS + 1) * DAYS_PER_YEAR) return false;
    *days = (int32_t)age;
    return true;
}
