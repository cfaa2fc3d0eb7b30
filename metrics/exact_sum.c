/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics/exact_sum.h"

#include <math.h>
#include <string.h>

#include "metrics/int128.h"

/* Each addition changes a limb by less than 2^32, so 2^30 of them stay inside an int64_t. */
#define MAX_WAITING (1u << 30)
#define DIGIT_MASK UINT64_C(0xffffffff)

#define SUM_BASE (-1074)
#define PRODUCT_BASE (-2148)
/* Widest intermediate: n times a sum of products, 64 bits more than the products themselves, and one bit for the difference. */
#define WIDE_DIGITS (ES_EXACT_PRODUCT_LIMBS + 6)

/** Pass carries on: afterwards every limb but the last is in [0, 2^32), which makes the form unique. */
static void settle(int64_t *limb, int count)
{
    for (int i = 0; i + 1 < count; i++) {
        const int64_t low = (int64_t)((uint64_t)limb[i] & DIGIT_MASK);
        limb[i + 1] += (limb[i] - low) / INT64_C(0x100000000);
        limb[i] = low;
    }
}

/** Split a finite double into an odd-or-even 53-bit integer and its exponent: x = (-1)^negative mantissa 2^exponent. */
static void split(double x, bool *negative, uint64_t *mantissa, int *exponent)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    const int field = (int)((bits >> 52) & 0x7ff);
    *negative = (bits >> 63) != 0;
    *mantissa = bits & UINT64_C(0xfffffffffffff);
    if (field != 0) *mantissa |= UINT64_C(1) << 52;
    *exponent = (field == 0 ? 1 : field) - 1075;
}

/** Add (or take away) an integer of up to 106 bits at bit position `place`. */
static void deposit(int64_t *limb, es_u128 value, int place, bool negative)
{
    int i = place / 32;
    const int shift = place % 32;
    const uint64_t first = (uint64_t)(value << shift) & DIGIT_MASK;
    es_u128 rest = value >> (32 - shift);
    limb[i] += negative ? -(int64_t)first : (int64_t)first;
    while (rest != 0) {
        const int64_t digit = (int64_t)((uint64_t)rest & DIGIT_MASK);
        i++;
        limb[i] += negative ? -digit : digit;
        rest >>= 32;
    }
}

bool es_exact_sum_add(struct es_exact_sum *sum, double x)
{
    if (!isfinite(x)) return false;
    bool negative;
    uint64_t mantissa;
    int exponent;
    split(x, &negative, &mantissa, &exponent);
    if (mantissa == 0) return true;
    deposit(sum->limb, mantissa, exponent - SUM_BASE, negative);
    if (++sum->waiting >= MAX_WAITING) {
        settle(sum->limb, ES_EXACT_SUM_LIMBS);
        sum->waiting = 0;
    }
    return true;
}

bool es_exact_product_add(struct es_exact_product *sum, double x, double y)
{
    if (!isfinite(x) || !isfinite(y)) return false;
    bool nx, ny;
    uint64_t mx, my;
    int ex, ey;
    split(x, &nx, &mx, &ex);
    split(y, &ny, &my, &ey);
    if (mx == 0 || my == 0) return true;
    deposit(sum->limb, (es_u128)mx * my, ex + ey - PRODUCT_BASE, nx != ny);
    if (++sum->waiting >= MAX_WAITING) {
        settle(sum->limb, ES_EXACT_PRODUCT_LIMBS);
        sum->waiting = 0;
    }
    return true;
}

/** into += sign * from, both settled; the result is settled. */
static void combine(int64_t *into, const int64_t *from, int count, int sign)
{
    for (int i = 0; i < count; i++) into[i] += sign * from[i];
    settle(into, count);
}

static void sum_combine(struct es_exact_sum *into, const struct es_exact_sum *from, int sign)
{
    struct es_exact_sum copy = *from;
    settle(copy.limb, ES_EXACT_SUM_LIMBS);
    settle(into->limb, ES_EXACT_SUM_LIMBS);
    combine(into->limb, copy.limb, ES_EXACT_SUM_LIMBS, sign);
    into->waiting = 0;
}

static void product_combine(struct es_exact_product *into, const struct es_exact_product *from, int sign)
{
    struct es_exact_product copy = *from;
    settle(copy.limb, ES_EXACT_PRODUCT_LIMBS);
    settle(into->limb, ES_EXACT_PRODUCT_LIMBS);
    combine(into->limb, copy.limb, ES_EXACT_PRODUCT_LIMBS, sign);
    into->waiting = 0;
}

void es_exact_sum_merge(struct es_exact_sum *into, const struct es_exact_sum *from) { sum_combine(into, from, 1); }
void es_exact_sum_subtract(struct es_exact_sum *into, const struct es_exact_sum *from) { sum_combine(into, from, -1); }
void es_exact_product_merge(struct es_exact_product *into, const struct es_exact_product *from)
{
    product_combine(into, from, 1);
}
void es_exact_product_subtract(struct es_exact_product *into, const struct es_exact_product *from)
{
    product_combine(into, from, -1);
}

/** A wide integer as sign and digits, least significant first. */
struct wide {
    bool negative;
    uint32_t digit[2 * WIDE_DIGITS];
};

/** Settled or not, limbs become sign and magnitude. */
static void to_wide(const int64_t *limb, int count, struct wide *out)
{
    int64_t settled[ES_EXACT_PRODUCT_LIMBS];
    memcpy(settled, limb, (size_t)count * sizeof *limb);
    settle(settled, count);
    *out = (struct wide){.negative = settled[count - 1] < 0};
    uint64_t borrow = out->negative ? 1 : 0;
    for (int i = 0; i <= count; i++) {
        /* the last limb keeps 64 bits: two digits */
        const uint64_t word = i < count - 1 ? (uint64_t)settled[i]
                              : i == count - 1 ? (uint64_t)settled[count - 1] & DIGIT_MASK
                                               : (uint64_t)settled[count - 1] >> 32;
        const uint64_t digit = out->negative ? (~word & DIGIT_MASK) + borrow : word; /* two's complement */
        out->digit[i] = (uint32_t)(digit & DIGIT_MASK);
        borrow = out->negative ? digit >> 32 : 0;
    }
}

static bool bit_at(const struct wide *w, int place) { return (w->digit[place / 32] >> (place % 32)) & 1u; }

static bool any_below(const struct wide *w, int place)
{
    for (int i = 0; i < place / 32; i++)
        if (w->digit[i] != 0) return true;
    return place % 32 != 0 && (w->digit[place / 32] & ((1u << (place % 32)) - 1u)) != 0;
}

/** Place of the highest bit that is set; -1 when there is none. */
static int high_bit(const struct wide *w)
{
    int top = 2 * WIDE_DIGITS - 1;
    while (top >= 0 && w->digit[top] == 0) top--;
    if (top < 0) return -1;
    int high = top * 32 + 31;
    while (!bit_at(w, high)) high--;
    return high;
}

/** The wide integer times 2^base, to nearest, ties to even; gradual underflow as IEEE 754 has it. */
static double round_wide(const struct wide *w, int base)
{
    const int high = high_bit(w);
    if (high < 0) return 0.0;
    int low = high - 52; /* place of the last bit kept */
    if (low < -1074 - base) low = -1074 - base;
    uint64_t mantissa = 0;
    for (int place = high; place >= low; place--) mantissa = mantissa << 1 | (place >= 0 && bit_at(w, place) ? 1u : 0u);
    if (low > 0 && bit_at(w, low - 1) && ((mantissa & 1) != 0 || any_below(w, low - 1))) mantissa++;
    const double value = ldexp((double)mantissa, low + base);
    return w->negative && value != 0.0 ? -value : value;
}

/** sqrt of the wide integer times 2^base over `divisor`; 0 when it is negative. Rounded at an even power of two near 1, so that
 * squares below or above the range of a double keep their digits. */
static double root_wide(const struct wide *w, int base, double divisor)
{
    const int high = high_bit(w);
    if (high < 0 || w->negative) return 0.0;
    const int shift = (high + base) - (high + base) % 2;
    return ldexp(sqrt(round_wide(w, base - shift) / divisor), shift / 2);
}

double es_exact_sum_value(const struct es_exact_sum *sum)
{
    struct wide w;
    to_wide(sum->limb, ES_EXACT_SUM_LIMBS, &w);
    return round_wide(&w, SUM_BASE);
}

double es_exact_product_value(const struct es_exact_product *sum)
{
    struct wide w;
    to_wide(sum->limb, ES_EXACT_PRODUCT_LIMBS, &w);
    return round_wide(&w, PRODUCT_BASE);
}

double es_exact_product_root(const struct es_exact_product *sum, double divisor)
{
    struct wide w;
    to_wide(sum->limb, ES_EXACT_PRODUCT_LIMBS, &w);
    return root_wide(&w, PRODUCT_BASE, divisor);
}

bool es_exact_sum_equal(const struct es_exact_sum *a, const struct es_exact_sum *b)
{
    struct es_exact_sum x = *a, y = *b;
    settle(x.limb, ES_EXACT_SUM_LIMBS);
    settle(y.limb, ES_EXACT_SUM_LIMBS);
    return memcmp(x.limb, y.limb, sizeof x.limb) == 0;
}

bool es_exact_product_equal(const struct es_exact_product *a, const struct es_exact_product *b)
{
    struct es_exact_product x = *a, y = *b;
    settle(x.limb, ES_EXACT_PRODUCT_LIMBS);
    settle(y.limb, ES_EXACT_PRODUCT_LIMBS);
    return memcmp(x.limb, y.limb, sizeof x.limb) == 0;
}

/** out = a b, schoolbook, over the digits that a sum can have. */
static void multiply(const struct wide *a, const struct wide *b, struct wide *out)
{
    *out = (struct wide){.negative = a->negative != b->negative};
    for (int i = 0; i <= ES_EXACT_SUM_LIMBS; i++) {
        if (a->digit[i] == 0) continue;
        uint64_t carry = 0;
        for (int j = 0; j <= ES_EXACT_SUM_LIMBS; j++) {
            carry += (uint64_t)a->digit[i] * b->digit[j] + out->digit[i + j];
            out->digit[i + j] = (uint32_t)(carry & DIGIT_MASK);
            carry >>= 32;
        }
        out->digit[i + ES_EXACT_SUM_LIMBS + 1] = (uint32_t)carry;
    }
}

/** a *= n. */
static void scale(struct wide *a, uint64_t n)
{
    es_u128 carry = 0;
    for (int i = 0; i < 2 * WIDE_DIGITS; i++) {
        carry += (es_u128)a->digit[i] * n;
        a->digit[i] = (uint32_t)((uint64_t)carry & DIGIT_MASK);
        carry >>= 32;
    }
}

/** a -= b, as signed numbers. */
static void take(struct wide *a, const struct wide *b)
{
    if (a->negative != b->negative) {
        uint64_t carry = 0;
        for (int i = 0; i < 2 * WIDE_DIGITS; i++) {
            carry += (uint64_t)a->digit[i] + b->digit[i];
            a->digit[i] = (uint32_t)(carry & DIGIT_MASK);
            carry >>= 32;
        }
        return;
    }
    int top = 2 * WIDE_DIGITS - 1;
    while (top > 0 && a->digit[top] == b->digit[top]) top--;
    const bool swap = a->digit[top] < b->digit[top];
    const struct wide *big = swap ? b : a, *small = swap ? a : b;
    int64_t borrow = 0;
    for (int i = 0; i < 2 * WIDE_DIGITS; i++) {
        int64_t digit = (int64_t)big->digit[i] - small->digit[i] - borrow;
        borrow = digit < 0;
        if (borrow) digit += INT64_C(0x100000000);
        a->digit[i] = (uint32_t)digit;
    }
    if (swap) a->negative = !a->negative;
}

/** n sum xy - (sum x)(sum y). */
static void centred(const struct es_exact_sum *x, const struct es_exact_sum *y, const struct es_exact_product *xy, uint64_t n,
                    struct wide *out)
{
    struct wide wx, wy, right;
    to_wide(x->limb, ES_EXACT_SUM_LIMBS, &wx);
    to_wide(y->limb, ES_EXACT_SUM_LIMBS, &wy);
    to_wide(xy->limb, ES_EXACT_PRODUCT_LIMBS, out);
    scale(out, n);
    multiply(&wx, &wy, &right);
    take(out, &right);
}

double es_exact_moment(const struct es_exact_sum *x, const struct es_exact_sum *y, const struct es_exact_product *xy,
                       uint64_t n)
{
    struct wide w;
    if (n == 0) return NAN;
    centred(x, y, xy, n, &w);
    return round_wide(&w, PRODUCT_BASE) / (double)n;
}

double es_exact_deviation(const struct es_exact_sum *x, const struct es_exact_product *xx, uint64_t n)
{
    struct wide w;
    if (n < 2) return NAN;
    centred(x, x, xx, n, &w);
    return root_wide(&w, PRODUCT_BASE, (double)n * (double)(n - 1));
}
