/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks, and dates compared with libc's on every day of four centuries. */
#include "lib/unit.h"

#include <time.h>

#include "base/clock.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)

static void assert_as_libc(int64_t seconds)
{
    struct tm tm;
    time_t time = (time_t)seconds;
    assert_non_null(gmtime_r(&time, &tm));
    char expected[64], text[28], http[30];
    wall_format((struct wall){seconds * SECOND_US + 123456}, text);
    strftime(expected, sizeof expected, "%Y-%m-%dT%H:%M:%S.123456Z", &tm);
    assert_string_equal(text, expected);
    wall_format_http((struct wall){seconds * SECOND_US + 999999}, http);
    strftime(expected, sizeof expected, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    assert_string_equal(http, expected);
}

static void dates_agree_with_libc_on_every_day_from_1900_to_2300(void **state)
{
    (void)state;
    const int64_t days = 400 * 1461 / 4;
    for (int64_t day = 0; day < days; day++)
        assert_as_libc(-2208988800 + day * 86400 + day * 7919 % 86400);
}

static void the_last_and_first_second_of_days_are_right(void **state)
{
    (void)state;
    static const int64_t seconds[] = {0, -1, 86399, 86400, 951782399, 951782400, 4107542399, 253402300799};
    for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++)
        assert_as_libc(seconds[i]);
}

static void a_time_before_1970_has_its_own_microseconds(void **state)
{
    (void)state;
    char text[28];
    wall_format((struct wall){-1}, text);
    assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
    wall_format((struct wall){0}, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000000Z");
}

static void the_year_zero_and_the_year_9999_can_be_written(void **state)
{
    (void)state;
    char text[28];
    wall_format((struct wall){-719528 * DAY_US}, text);
    assert_string_equal(text, "0000-01-01T00:00:00.000000Z");
    wall_format((struct wall){2932897 * DAY_US - 1}, text);
    assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
}

static void monotonic_time_never_goes_back(void **state)
{
    (void)state;
    struct mono before = clock_mono();
    for (int i = 0; i < 1000; i++) {
        struct mono now = clock_mono();
        assert_true(mono_diff_us(now, before) >= 0);
        before = now;
    }
}

static void wall_time_is_that_of_libc(void **state)
{
    (void)state;
    int64_t before = time(NULL);
    struct wall wall = clock_wall();
    assert_in_range(wall.us / SECOND_US, before - 1, time(NULL) + 1);
}

static void milliseconds_are_a_thousand_microseconds(void **state)
{
    (void)state;
    struct mono start = {5};
    assert_int_equal(mono_diff_us(mono_after_ms(start, 250), start), 250000);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(dates_agree_with_libc_on_every_day_from_1900_to_2300),
    cmocka_unit_test(the_last_and_first_second_of_days_are_right),
    cmocka_unit_test(a_time_before_1970_has_its_own_microseconds),
    cmocka_unit_test(the_year_zero_and_the_year_9999_can_be_written),
    cmocka_unit_test(monotonic_time_never_goes_back),
    cmocka_unit_test(wall_time_is_that_of_libc),
    cmocka_unit_test(milliseconds_are_a_thousand_microseconds),
};

UNIT_TEST_MAIN(tests)
