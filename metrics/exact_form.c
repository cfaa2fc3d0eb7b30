/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/exact_form.h"

#include <stdbool.h>

/* a * b * s as a signed 128-bit integer; false when it does not fit. */
static bool product(es_u128 a, es_u128 b, es_u128 s, es_i128 *out)
{
    es_u128 t;
    if (a == 0 || b == 0 || s == 0) {
        *out = 0;
        return true;
    }
    if (__builtin_mul_overflow(a, b, &t)) return false;
    return !__builtin_mul_overflow(t, s, out);
}

double es_form(es_u128 a, es_u128 b, es_u128 c, es_u128 d, es_u128 xu, es_u128 xv, es_u128 yu, es_u128 yv)
{
    es_i128 t[4], plus, minus, all;
    if (product(a, c, xu, &t[0]) && product(a, d, xv, &t[1]) && product(b, c, yu, &t[2]) && product(b, d, yv, &t[3]) &&
        !__builtin_sub_overflow(t[0], t[1], &plus) && !__builtin_sub_overflow(t[3], t[2], &minus) &&
        !__builtin_add_overflow(plus, minus, &all))
        return (double)all;
    return ((double)a * (double)c * (double)xu - (double)a * (double)d * (double)xv) -
           ((double)b * (double)c * (double)yu - (double)b * (double)d * (double)yv);
}
