/* SPDX-License-Identifier: Apache-2.0 */
/* Durations, sizes and rates: read, printed, refused. */
#include "lib/unit.h"

#include "base/check.h"

#include "config/units.h"

static void durations_are_read_in_every_unit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {{"0s", 0},      {"1ms", 1},     {"250ms", 250},  {"1s", 1000},
                 {"90s", 90000}, {"5m", 300000}, {"1h", 3600000}, {"7d", 604800000}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int64_t ms = -1;
        assert_true(units_read_duration(slice_str(cases[i].text), &ms));
        assert_int_equal(ms, cases[i].ms);
    }
}

static void what_is_not_a_number_and_one_unit_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "s",
                                      "30",
                                      "30 s",
                                      "s30",
                                      "-1s",
                                      "+1s",
                                      "1.5s",
                                      "1h30m",
                                      "30S",
                                      "30sec",
                                      "1e3s",
                                      " 30s",
                                      "30s ",
                                      "0x1s",
                                      "1w",
                                      "99999999999999999999s"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        int64_t ms = 77;
        assert_false(units_read_duration(slice_str(bad[i]), &ms));
        assert_int_equal(ms, 77);
    }
}

static void a_product_that_overflows_is_refused(void **state)
{
    (void)state;
    int64_t value;
    assert_false(units_read_duration(SLICE("9223372036854775807d"), &value));
    assert_false(units_read_bytes(SLICE("9223372036854775807GiB"), &value));
    assert_true(units_read_bytes(SLICE("1024GiB"), &value));
    assert_int_equal(value, INT64_C(1) << 40);
}

static void sizes_are_powers_of_two_alone(void **state)
{
    (void)state;
    int64_t bytes;
    assert_true(units_read_bytes(SLICE("3KiB"), &bytes));
    assert_int_equal(bytes, 3072);
    assert_false(units_read_bytes(SLICE("3KB"), &bytes));
    assert_false(units_read_bytes(SLICE("3"), &bytes));
    assert_true(units_read_rate(SLICE("500B/s"), &bytes));
    assert_int_equal(bytes, 500);
    assert_false(units_read_rate(SLICE("500B"), &bytes));
}

static void printed_values_are_read_back_the_same(void **state)
{
    (void)state;
    struct unit_random random = {.state = 7};
    for (unsigned i = 0; i < 2000; i++) {
        int64_t value = (int64_t)unit_random_below(&random, (size_t)1 << unit_random_below(&random, 40)),
                back = -1;
        struct buf text;
        buf_init(&text, 64);
        units_print_duration(&text, value);
        assert_true(units_read_duration(buf_slice(&text), &back));
        assert_int_equal(back, value);
        buf_clear(&text);
        units_print_bytes(&text, value);
        assert_true(units_read_bytes(buf_slice(&text), &back));
        assert_int_equal(back, value);
        buf_clear(&text);
        units_print_rate(&text, value);
        assert_true(units_read_rate(buf_slice(&text), &back));
        assert_int_equal(back, value);
        buf_done(&text);
    }
}

static void the_largest_unit_that_divides_is_printed(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 64);
    units_print_duration(&text, 90000);
    buf_byte(&text, ' ');
    units_print_duration(&text, 3600000);
    buf_byte(&text, ' ');
    units_print_bytes(&text, 1536);
    buf_byte(&text, ' ');
    units_print_bytes(&text, 0);
    assert_slice(buf_slice(&text), "90s 1h 1536B 0B");
    buf_done(&text);
}

static void usual_wrong_units_have_a_right_one(void **state)
{
    (void)state;
    assert_string_equal(units_meant(SLICE("16KB")), "KiB");
    assert_string_equal(units_meant(SLICE("30 sec")), "s");
    assert_null(units_meant(SLICE("30")));
    assert_null(units_meant(SLICE("30parsec")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_are_read_in_every_unit),
        cmocka_unit_test(what_is_not_a_number_and_one_unit_is_refused),
        cmocka_unit_test(a_product_that_overflows_is_refused),
        cmocka_unit_test(sizes_are_powers_of_two_alone),
        cmocka_unit_test(printed_values_are_read_back_the_same),
        cmocka_unit_test(the_largest_unit_that_divides_is_printed),
        cmocka_unit_test(usual_wrong_units_have_a_right_one),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
