/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers with units, by one table for each kind, the largest unit first. See units.h. */
#include "config/units.h"

#include "base/check.h"

struct unit {
    const char *word;
    int64_t factor;
};

static const struct unit durations[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000},
                                        {"s", 1000},     {"ms", 1},      {NULL, 0}};
static const struct unit sizes[] = {
    {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}, {NULL, 0}};
static const struct unit rates[] = {
    {"GiB/s", 1 << 30}, {"MiB/s", 1 << 20}, {"KiB/s", 1 << 10}, {"B/s", 1}, {NULL, 0}};

static size_t count_digits(struct slice text)
{
    size_t digits = 0;
    while (digits < text.len && text.data[digits] >= '0' && text.data[digits] <= '9')
        digits++;
    return digits;
}

static bool read_with(const struct unit *units, struct slice text, int64_t *ret_value)
{
    PRE(units->word && ret_value);
    size_t digits = count_digits(text);
    int64_t number, value;
    if (!slice_to_int(slice_of(text.data, digits), &number))
        return false;
    struct slice word = slice_skip(text, digits);
    for (; units->word; units++) {
        if (!slice_eq(word, slice_str(units->word)))
            continue;
        if (__builtin_mul_overflow(number, units->factor, &value) || value > INT64_C(1) << 62)
            return false;
        *ret_value = value;
        return true;
    }
    return false;
}

const char *units_meant(struct slice text)
{
    static const char *const meant[][2] = {
        {"k", "KiB"},   {"kb", "KiB"},   {"m", "MiB"},     {"mb", "MiB"},   {"g", "GiB"},     {"gb", "GiB"},
        {"bytes", "B"}, {"sec", "s"},    {"secs", "s"},    {"second", "s"}, {"seconds", "s"}, {"min", "m"},
        {"mins", "m"},  {"minute", "m"}, {"minutes", "m"}, {"hour", "h"},   {"hours", "h"},   {"day", "d"},
        {"days", "d"},  {"msec", "ms"},  {"bps", "B/s"},
    };
    struct slice word = slice_trim(slice_skip(text, count_digits(text)));
    for (size_t i = 0; i < ARRAY_LEN(meant); i++)
        if (slice_eq_nocase(word, slice_str(meant[i][0])))
            return meant[i][1];
    return NULL;
}

static void print_with(const struct unit *units, const char *zero_unit, struct buf *out, int64_t value)
{
    PRE(value >= 0);
    if (value == 0) {
        buf_format(out, "0%s", zero_unit);
        return;
    }
    while (value % units->factor)
        units++;
    buf_int(out, value / units->factor);
    buf_add(out, slice_str(units->word));
}

bool units_read_duration(struct slice text, int64_t *ret_ms)
{
    return read_with(durations, text, ret_ms);
}

bool units_read_bytes(struct slice text, int64_t *ret_bytes)
{
    return read_with(sizes, text, ret_bytes);
}

bool units_read_rate(struct slice text, int64_t *ret_bytes_per_s)
{
    return read_with(rates, text, ret_bytes_per_s);
}

void units_print_duration(struct buf *out, int64_t ms)
{
    print_with(durations, "s", out, ms);
}

void units_print_bytes(struct buf *out, int64_t bytes)
{
    print_with(sizes, "B", out, bytes);
}

void units_print_rate(struct buf *out, int64_t bytes_per_s)
{
    print_with(rates, "B/s", out, bytes_per_s);
}
