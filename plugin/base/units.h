/* SPDX-License-Identifier: Apache-2.0 */
/** @file units.h
 * Units of measurements: one table of what may be turned into what. Unequal units are never compared in silence.
 *
 * Codes are UCUM's (The Unified Code for Units of Measure, 2.1); the cubic centimetre is the millilitre.
 */
#ifndef ES_PLUGIN_UNITS_H
#define ES_PLUGIN_UNITS_H

#include <stdbool.h>

/** Is the code in the table? "" is not. */
bool es_units_known(const char *units);
/** A value in other units.
 * @param from  as sent; "" where none was
 * @param to    "": the base of its kind (mm, mm2, ml, g, s, deg, 1, ...)
 * @return false when they are not of one kind. Without units on both sides the number stands as it is; without on one side it is refused */
bool es_units_convert(double value, const char *from, const char *to, double *out);
/** The base of a code's kind; "" when it is not in the table. */
const char *es_units_base(const char *units);

#endif
