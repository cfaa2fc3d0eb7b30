/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/base/units.h"

#include <stddef.h>
#include <string.h>

/* value in base units = value x factor */
struct unit {
    const char *code, *base;
    double factor;
};
static const struct unit units[] = {
    {"1", "1", 1},          {"%", "1", 0.01},       {"{probability}", "1", 1}, {"[0,1]", "1", 1},     {"{ratio}", "1", 1},
    {"{score}", "{score}", 1},
    {"um", "mm", 1e-3},     {"mm", "mm", 1},        {"cm", "mm", 10},          {"m", "mm", 1e3},
    {"mm2", "mm2", 1},      {"cm2", "mm2", 100},    {"m2", "mm2", 1e6},
    {"mm3", "ml", 1e-3},    {"cm3", "ml", 1},       {"ml", "ml", 1},           {"mL", "ml", 1},       {"l", "ml", 1e3}, {"L", "ml", 1e3},
    {"mg", "g", 1e-3},      {"g", "g", 1},          {"kg", "g", 1e3},
    {"ms", "s", 1e-3},      {"s", "s", 1},          {"min", "s", 60},          {"h", "s", 3600},
    {"d", "d", 1},          {"wk", "d", 7},         {"mo", "mo", 1},           {"a", "mo", 12},
    {"deg", "deg", 1},      {"rad", "deg", 57.295779513082323},
    {"HU", "HU", 1},        {"[hnsf'U]", "HU", 1},
    {"mm[Hg]", "mm[Hg]", 1},
    {"mm/s", "mm/s", 1},    {"cm/s", "mm/s", 10},   {"m/s", "mm/s", 1e3},
    {"ml/min", "ml/min", 1}, {"mL/min", "ml/min", 1},
    {"g/cm2", "g/cm2", 1},
    {"mg/cm3", "mg/cm3", 1}, {"g/ml", "mg/cm3", 1e3}, {"g/mL", "mg/cm3", 1e3},
    {"kg/m2", "kg/m2", 1},
    {"/min", "/min", 1},    {"{beats}/min", "/min", 1},
};

static const struct unit *find(const char *code)
{
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(units[i].code, code) == 0) return &units[i];
    return NULL;
}

bool es_units_known(const char *code)
{
    return find(code) != NULL;
}

const char *es_units_base(const char *code)
{
    const struct unit *unit = find(code);
    return unit ? unit->base : "";
}

bool es_units_convert(double value, const char *from, const char *to, double *out)
{
    const struct unit *source = find(from), *target = find(to[0] != '\0' ? to : es_units_base(from));
    *out = value;
    if (from[0] == '\0' && to[0] == '\0') return true;
    if (source == NULL || target == NULL || strcmp(source->base, target->base) != 0) return false;
    if (source != target) *out = value * source->factor / target->factor;
    return true;
}
