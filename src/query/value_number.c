/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers: integers with their ranges, numeric, floats, and SQLite's DECIMAL(p,s), which is a scaled integer.
 * It fails by saying no: the request is then a 400. Pure. */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "query/value_parse.h"

static size_t span_digits(struct slice s)
{
    size_t n = 0;
    while (n < s.len && s.data[n] >= '0' && s.data[n] <= '9')
        n++;
    return n;
}

/* A decimal number cut into its parts. Leading zeros are no digits; neither are trailing ones behind the point. */
struct decimal {
    bool negative, has_exponent;
    struct slice whole, fraction;
};

static bool decimal_cut(struct slice text, struct decimal *ret_decimal)
{
    struct decimal d = {0};
    d.negative = text.len && text.data[0] == '-';
    if (d.negative || (text.len && text.data[0] == '+'))
        text = slice_skip(text, 1);
    d.whole = slice_of(text.data, span_digits(text));
    text = slice_skip(text, d.whole.len);
    if (text.len && text.data[0] == '.') {
        text = slice_skip(text, 1);
        d.fraction = slice_of(text.data, span_digits(text));
        text = slice_skip(text, d.fraction.len);
    }
    if (d.whole.len + d.fraction.len == 0)
        return false;
    if (text.len && (text.data[0] | 0x20) == 'e') {
        d.has_exponent = true;
        text = slice_skip(text, 1);
        if (text.len && (text.data[0] == '-' || text.data[0] == '+'))
            text = slice_skip(text, 1);
        size_t digits = span_digits(text);
        if (digits == 0 || digits > 5)
            return false;
        text = slice_skip(text, digits);
    }
    if (text.len)
        return false;
    while (d.whole.len && d.whole.data[0] == '0')
        d.whole = slice_skip(d.whole, 1);
    while (d.fraction.len && d.fraction.data[d.fraction.len - 1] == '0')
        d.fraction.len--;
    *ret_decimal = d;
    return true;
}

/* "-12.5" from its parts: the same text for the same number, however it was written. */
static struct slice decimal_text(struct arena *arena, const struct decimal *d)
{
    bool zero = d->whole.len + d->fraction.len == 0;
    char *text = arena_alloc(arena, d->whole.len + d->fraction.len + sizeof "-0."), *end = text;
    if (d->negative && !zero)
        *end++ = '-';
    if (d->whole.len == 0)
        *end++ = '0';
    end = mempcpy(end, d->whole.data, d->whole.len);
    if (d->fraction.len) {
        *end++ = '.';
        end = mempcpy(end, d->fraction.data, d->fraction.len);
    }
    *end = '\0';
    return slice_of(text, (size_t)(end - text));
}

bool value_read_int(const struct value_scope *scope, const struct type *type, struct slice text,
                    struct bind *ret_bind)
{
    int64_t value;
    bool plus = text.len && text.data[0] == '+';
    if (!slice_to_int(slice_skip(text, plus), &value))
        return false;
    unsigned bits = type->bits ? type->bits : 64;
    PRE(bits > 1 && bits <= 64);
    int64_t high = (int64_t)(UINT64_MAX >> (65 - bits));
    if (value > high || value < -high - 1)
        return false;
    *ret_bind = bind_integer(scope->arena, value);
    return true;
}

/* "nan", "inf", "-Infinity"… in any case, as PostgreSQL takes them. */
static bool is_nan(struct slice text)
{
    return slice_eq_nocase(text, SLICE("nan"));
}

bool value_is_infinity(struct slice text, struct slice *ret_canonical)
{
    bool negative = text.len && text.data[0] == '-';
    struct slice word = slice_skip(text, negative || (text.len && text.data[0] == '+'));
    if (!slice_eq_nocase(word, SLICE("infinity")) && !slice_eq_nocase(word, SLICE("inf")))
        return false;
    *ret_canonical = negative ? SLICE("-Infinity") : SLICE("Infinity");
    return true;
}

/* Whether "%.15g" would write these very digits: then a double tells them from all others. */
static bool is_short(const struct decimal *d)
{
    size_t zeros = 0;
    while (d->whole.len == 0 && zeros < d->fraction.len && d->fraction.data[zeros] == '0')
        zeros++;
    return !d->has_exponent && d->whole.len + d->fraction.len - zeros <= DBL_DIG && zeros < 4;
}

/* The same text for the same number, however it was written. */
static struct slice real_text(struct arena *arena, const struct decimal *d, double real)
{
    if (is_short(d))
        return decimal_text(arena, d);
    struct slice text = arena_format(arena, "%.*g", DBL_DIG, real);
    if (strtod(text.data, NULL) != real)
        text = arena_format(arena, "%.17g", real);
    return text;
}

static bool read_finite(struct arena *arena, const struct type *type, struct slice text,
                        struct bind *ret_bind)
{
    struct decimal d;
    if (!decimal_cut(text, &d))
        return false;
    double real = strtod(arena_copy(arena, text).data, NULL);
    if (!isfinite(real) || (type->bits == 32 && fabs(real) > (double)FLT_MAX))
        return false;
    ret_bind->real = real + 0.0; /* -0 is 0 */
    ret_bind->text = real_text(arena, &d, ret_bind->real);
    return true;
}

bool value_read_float(const struct value_scope *scope, const struct type *type, struct slice text,
                      struct bind *ret_bind)
{
    struct bind bind = {.kind = BIND_REAL};
    if (is_nan(text)) {
        if (scope->dialect == DIALECT_SQLITE)
            return false; /* SQLite would make it NULL */
        bind.real = NAN;
        bind.text = SLICE("NaN");
    } else if (value_is_infinity(text, &bind.text)) {
        bind.real = bind.text.data[0] == '-' ? -HUGE_VAL : HUGE_VAL;
    } else if (!read_finite(scope->arena, type, text, &bind)) {
        return false;
    }
    *ret_bind = bind;
    return true;
}

/* A NUMERIC of SQLite's without digits: an integer or a real, as it was stored. */
static bool read_number(const struct value_scope *scope, struct slice text, struct bind *ret_bind)
{
    static const struct type integer = {.kind = VALUE_INT, .bits = 64},
                             real = {.kind = VALUE_FLOAT, .bits = 64};
    return value_read_int(scope, &integer, text, ret_bind) || value_read_float(scope, &real, text, ret_bind);
}

bool value_read_numeric(const struct value_scope *scope, const struct type *type, struct slice text,
                        struct bind *ret_bind)
{
    (void)type;
    struct decimal d;
    struct slice word;
    if (scope->dialect == DIALECT_SQLITE)
        return read_number(scope, text, ret_bind);
    if (is_nan(text))
        *ret_bind = bind_text(scope->arena, SLICE("NaN"));
    else if (value_is_infinity(text, &word))
        *ret_bind = bind_text(scope->arena, word);
    else if (!decimal_cut(text, &d))
        return false;
    else
        *ret_bind = bind_text(scope->arena, d.has_exponent ? text : decimal_text(scope->arena, &d));
    return true;
}

/* Digits times ten to the power `scale`, as an integer; false when it does not fit. */
static bool scaled(const struct decimal *d, unsigned scale, int64_t *ret_value)
{
    int64_t value = 0;
    for (size_t i = 0; i < d->whole.len + scale; i++) {
        size_t at = i - d->whole.len; /* in the fraction, once i is past the whole */
        char digit = i < d->whole.len ? d->whole.data[i] : at < d->fraction.len ? d->fraction.data[at] : '0';
        if (__builtin_mul_overflow(value, 10, &value) || __builtin_add_overflow(value, digit - '0', &value))
            return false;
    }
    *ret_value = d->negative ? -value : value;
    return true;
}

/* A number with more digits than the scale lies between two steps of the column's. It compares with every step as the
 * middle between its two neighbours does, which a double holds exactly up to 2^52. */
bool value_read_decimal(const struct value_scope *scope, const struct type *type, struct slice text,
                        struct bind *ret_bind)
{
    struct decimal d;
    int64_t value;
    if (!decimal_cut(text, &d) || d.has_exponent || !scaled(&d, type->scale, &value))
        return false;
    if (d.fraction.len <= type->scale) {
        *ret_bind = bind_integer(scope->arena, value);
        return true;
    }
    if (value > INT64_C(1) << 51 || value < -(INT64_C(1) << 51))
        return false;
    double middle = (double)value + (d.negative ? -0.5 : 0.5);
    struct slice written = arena_format(scope->arena, "%.1f", middle);
    *ret_bind = (struct bind){.kind = BIND_REAL, .text = written, .real = middle};
    return true;
}

bool value_round_decimal(const struct value_scope *scope, const struct type *type, struct slice text,
                         struct bind *ret_bind)
{
    struct decimal d;
    int64_t value;
    if (!decimal_cut(text, &d) || d.has_exponent || !scaled(&d, type->scale, &value))
        return false;
    bool away = d.fraction.len > type->scale && d.fraction.data[type->scale] >= '5';
    if (away && __builtin_add_overflow(value, d.negative ? -1 : 1, &value))
        return false;
    *ret_bind = bind_integer(scope->arena, value);
    return true;
}
