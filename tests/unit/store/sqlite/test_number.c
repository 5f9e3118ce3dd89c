/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers as PostgreSQL writes them. The expected texts are PostgreSQL 15's own, of `SELECT x::float8`. */
#include "store/sqlite/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "lib/unit.h"

static void assert_real(double value, const char *expected)
{
    char text[LITE_NUMBER_MAX];
    assert_slice(slice_of(text, lite_write_real(text, value)), expected);
}

static void reals_are_laid_out_as_float8out_does(void **state)
{
    (void)state;
    assert_real(0, "0");
    assert_real(-0.0, "-0");
    assert_real(5, "5");
    assert_real(-100, "-100");
    assert_real(0.1, "0.1");
    assert_real(-1.5, "-1.5");
    assert_real(12345.678, "12345.678");
    assert_real(0.0001, "0.0001");
    assert_real(0.00001, "1e-05");
    assert_real(1.23456789e-5, "1.23456789e-05");
    assert_real(1e-7, "1e-07");
    assert_real(1e14, "100000000000000");
    assert_real(999999999999999, "999999999999999");
    assert_real(1e15, "1e+15");
    assert_real(1e20, "1e+20");
    assert_real(1e300, "1e+300");
    assert_real(INFINITY, "Infinity");
    assert_real(-INFINITY, "-Infinity");
}

static void reals_have_as_many_digits_as_they_need(void **state)
{
    (void)state;
    assert_real(0.1 + 0.2, "0.30000000000000004");
    assert_real(1.0 / 3, "0.3333333333333333");
    assert_real(9007199254740993.0, "9.007199254740992e+15");
    assert_real(123456789012345678.0, "1.2345678901234568e+17");
    assert_real(DBL_MAX, "1.7976931348623157e+308");
    assert_real(DBL_MIN, "2.2250738585072014e-308");
    assert_real(5e-324, "5e-324");
    assert_real(664.0 + 2.0 / 3, "664.6666666666666");
}

static double any_double(struct unit_random *random)
{
    uint64_t bits = unit_random_next(random);
    double value;
    switch (bits % 4) {
    case 0:
        return (double)(bits >> 40) / 1000;
    case 1:
        return (double)(bits >> 11) / 9007199254740992.0;
    case 2:
        bits &= 0xfffffffffffff; /* below the smallest normal one */
        break;
    default:
        break;
    }
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void every_real_reads_back_as_the_same_double(void **state)
{
    (void)state;
    struct unit_random random = {.state = 42};
    for (int i = 0; i < 100000; i++) {
        double value = any_double(&random);
        if (!isfinite(value))
            continue;
        char text[LITE_NUMBER_MAX + 1];
        text[lite_write_real(text, value)] = '\0';
        double back = strtod(text, NULL);
        if (memcmp(&back, &value, sizeof value) != 0)
            fail_msg("%.17g became %s", value, text);
    }
}

static void no_shorter_text_would_read_back_as_the_same_double(void **state)
{
    (void)state;
    struct unit_random random = {.state = 7};
    for (int i = 0; i < 20000; i++) {
        double value = (double)(unit_random_next(&random) >> 11) / 9007199254740992.0;
        char text[LITE_NUMBER_MAX + 1], shorter[400];
        text[lite_write_real(text, value)] = '\0';
        int digits = 0;
        bool leading = true;
        for (const char *at = text; *at && *at != 'e'; at++) {
            leading &= *at == '0' || *at == '.';
            digits += !leading && *at != '.';
        }
        snprintf(shorter, sizeof shorter, "%.*g", digits - 1, value);
        assert_true(digits <= 1 || strtod(shorter, NULL) != value);
    }
}

static void assert_integer(int64_t value)
{
    char text[LITE_NUMBER_MAX], expected[LITE_NUMBER_MAX];
    snprintf(expected, sizeof expected, "%lld", (long long)value);
    assert_slice(slice_of(text, lite_write_integer(text, value)), expected);
}

static void integers_are_written_to_both_ends_of_their_range(void **state)
{
    (void)state;
    assert_integer(INT64_MAX);
    assert_integer(INT64_MIN);
    uint64_t power = 1;
    for (int digits = 0; digits < 19; digits++, power *= 10) {
        int64_t value = (int64_t)power;
        assert_integer(value);
        assert_integer(value - 1);
        assert_integer(-value);
        assert_integer(1 - value);
    }
    struct unit_random random = {.state = 3};
    for (int i = 0; i < 100000; i++)
        assert_integer((int64_t)(unit_random_next(&random) >> (i % 64)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reals_are_laid_out_as_float8out_does),
        cmocka_unit_test(reals_have_as_many_digits_as_they_need),
        cmocka_unit_test(every_real_reads_back_as_the_same_double),
        cmocka_unit_test(no_shorter_text_would_read_back_as_the_same_double),
        cmocka_unit_test(integers_are_written_to_both_ends_of_their_range),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
