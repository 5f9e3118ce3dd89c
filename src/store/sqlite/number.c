/* SPDX-License-Identifier: Apache-2.0 */
/* Integers and doubles → text: number.h says how.
 *
 * The fewest digits of a double are found in three tries, the cheapest first:
 *   1. it is an integer m < 10^15 divided by 10^k, k ≤ 12: then m's digits are it. (m and 10^k are exact
 *      doubles, and a division is rounded once, as reading a decimal is; two decimals of fifteen digits never
 *      share a double.)
 *   2. fifteen significant digits read back as the same; or sixteen; else seventeen always do.
 *   3. below the smallest normal double even fewer digits may do: every count is tried.
 * PostgreSQL's layout (src/common/d2s.c, to_chars): plain for 1e-4 ≤ |x| < 1e15, else d.ddde±XX. Its digits
 * are the same but for two rarities, where both read back as the same double: some powers of two outside
 * the reach of 1 (it finds sixteen digits where rounding to nearest needs seventeen), and decimals that lie
 * exactly between two doubles (1e23, which it writes as 9.999999999999999e+22). */
#include "store/sqlite/number.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/check.h"

enum { SCALE_MAX = 12, DIGITS_MAX = 17, PLAIN_FROM = -4, PLAIN_BELOW = 15 };

static const char pairs[] =
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839404142434445464748"
    "49505152535455565758596061626364656667686970717273747576777879808182838485868788899091929394959697"
    "9899";

static size_t write_digits(char *to, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    while (value >= 100) {
        at -= 2;
        memcpy(digits + at, pairs + value % 100 * 2, 2);
        value /= 100;
    }
    if (value >= 10) {
        at -= 2;
        memcpy(digits + at, pairs + value * 2, 2);
    } else {
        digits[--at] = (char)('0' + value);
    }
    memcpy(to, digits + at, sizeof digits - at);
    return sizeof digits - at;
}

size_t lite_write_integer(char *to, int64_t value)
{
    if (value >= 0)
        return write_digits(to, (uint64_t)value);
    *to = '-';
    return 1 + write_digits(to + 1, 0 - (uint64_t)value);
}

/* digits d1 d2 … and the exponent of the first: d1.d2… × 10^exponent. */
struct decimal {
    char digits[DIGITS_MAX + 3];
    size_t count;
    int exponent;
};

static bool decimal_small(double value, struct decimal *ret_decimal)
{
    double power = 1;
    for (int scale = 0; scale <= SCALE_MAX; scale++, power *= 10) {
        double scaled = rint(value * power);
        if (scaled >= 1e15)
            return false;
        if (scaled / power != value)
            continue;
        size_t count = write_digits(ret_decimal->digits, (uint64_t)scaled);
        ret_decimal->exponent = (int)count - 1 - scale;
        while (count > 1 && ret_decimal->digits[count - 1] == '0')
            count--;
        ret_decimal->count = count;
        return true;
    }
    return false;
}

/* printf's d.ddde±x, taken apart; trailing zeros are dropped. */
static bool decimal_rounded(double value, int digits, struct decimal *ret_decimal)
{
    char text[LITE_NUMBER_MAX];
    snprintf(text, sizeof text, "%.*e", digits - 1, value);
    if (strtod(text, NULL) != value)
        return false;
    size_t count = 0;
    const char *at = text;
    for (; *at != 'e'; at++)
        if (*at != '.')
            ret_decimal->digits[count++] = *at;
    while (count > 1 && ret_decimal->digits[count - 1] == '0')
        count--;
    ret_decimal->count = count;
    ret_decimal->exponent = (int)strtol(at + 1, NULL, 10);
    return true;
}

static struct decimal decimal_shortest(double value)
{
    struct decimal decimal;
    if (decimal_small(value, &decimal))
        return decimal;
    for (int digits = value < DBL_MIN ? 1 : DBL_DIG; digits <= DIGITS_MAX; digits++)
        if (decimal_rounded(value, digits, &decimal))
            return decimal;
    UNREACHABLE("seventeen digits always read back as the same double");
}

static size_t write_scientific(char *to, const struct decimal *decimal)
{
    char *at = to;
    *at++ = decimal->digits[0];
    if (decimal->count > 1) {
        *at++ = '.';
        memcpy(at, decimal->digits + 1, decimal->count - 1);
        at += decimal->count - 1;
    }
    *at++ = 'e';
    *at++ = decimal->exponent < 0 ? '-' : '+';
    unsigned exponent = (unsigned)abs(decimal->exponent);
    if (exponent < 10)
        *at++ = '0';
    at += write_digits(at, exponent);
    return (size_t)(at - to);
}

static size_t write_plain(char *to, const struct decimal *decimal)
{
    char *at = to;
    if (decimal->exponent < 0) {
        size_t zeros = (size_t)-decimal->exponent - 1;
        memcpy(at, "0.0000", 2 + zeros);
        at += 2 + zeros;
        memcpy(at, decimal->digits, decimal->count);
        return (size_t)(at + decimal->count - to);
    }
    size_t whole = (size_t)decimal->exponent + 1;
    size_t given = decimal->count < whole ? decimal->count : whole;
    memcpy(at, decimal->digits, given);
    memset(at + given, '0', whole - given);
    at += whole;
    if (decimal->count > whole) {
        *at++ = '.';
        memcpy(at, decimal->digits + whole, decimal->count - whole);
        at += decimal->count - whole;
    }
    return (size_t)(at - to);
}

static size_t write_word(char *to, const char *word)
{
    size_t len = strlen(word);
    memcpy(to, word, len);
    return len;
}

size_t lite_write_real(char *to, double value)
{
    if (isnan(value))
        return write_word(to, "NaN");
    size_t sign = signbit(value) ? 1 : 0;
    if (sign)
        *to++ = '-';
    if (isinf(value))
        return sign + write_word(to, "Infinity");
    struct decimal decimal = decimal_shortest(fabs(value));
    bool plain = decimal.exponent >= PLAIN_FROM && decimal.exponent < PLAIN_BELOW;
    size_t len = plain ? write_plain(to, &decimal) : write_scientific(to, &decimal);
    POST(sign + len <= LITE_NUMBER_MAX);
    return sign + len;
}
