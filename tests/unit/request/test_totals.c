/* SPDX-License-Identifier: Apache-2.0 */
/* Kept totals. */
#include <stdio.h>

#include "lib/unit.h"
#include "request/totals.h"

static const struct mono noon = {.us = 43200000000};

static void a_total_is_found_until_it_is_too_old(void **state)
{
    (void)state;
    struct totals *totals = totals_new();
    totals_put(totals, 1, SLICE("things?a=1"), noon, 42);
    uint64_t total = 0;
    assert_true(totals_get(totals, 1, SLICE("things?a=1"), mono_after_ms(noon, 5000), 5000, &total));
    assert_int_equal(total, 42);
    assert_false(totals_get(totals, 1, SLICE("things?a=1"), mono_after_ms(noon, 5001), 5000, &total));
    totals_free(totals);
}

static void a_total_of_another_generation_or_query_is_not_found(void **state)
{
    (void)state;
    struct totals *totals = totals_new();
    totals_put(totals, 1, SLICE("things"), noon, 42);
    uint64_t total = 7;
    assert_false(totals_get(totals, 2, SLICE("things"), noon, 5000, &total));
    assert_false(totals_get(totals, 1, SLICE("thing"), noon, 5000, &total));
    assert_int_equal(total, 7);
    totals_free(totals);
}

static void without_a_ttl_nothing_is_kept_for_anyone(void **state)
{
    (void)state;
    struct totals *totals = totals_new();
    totals_put(totals, 1, SLICE("things"), noon, 42);
    uint64_t total;
    assert_false(totals_get(totals, 1, SLICE("things"), noon, 0, &total));
    totals_free(totals);
}

static void a_newer_total_replaces_the_older(void **state)
{
    (void)state;
    struct totals *totals = totals_new();
    totals_put(totals, 1, SLICE("things"), noon, 42);
    totals_put(totals, 1, SLICE("things"), mono_after_ms(noon, 1000), 43);
    uint64_t total = 0;
    assert_true(totals_get(totals, 1, SLICE("things"), mono_after_ms(noon, 5500), 5000, &total));
    assert_int_equal(total, 43);
    totals_free(totals);
}

static void beyond_the_bound_the_oldest_goes_first(void **state)
{
    (void)state;
    struct totals *totals = totals_new();
    char key[32];
    for (unsigned i = 0; i <= TOTALS_MAX; i++) {
        int len = snprintf(key, sizeof key, "things?n=%u", i);
        totals_put(totals, 1, slice_of(key, (size_t)len), noon, i);
    }
    uint64_t total = 0;
    assert_false(totals_get(totals, 1, SLICE("things?n=0"), noon, 5000, &total));
    assert_true(totals_get(totals, 1, SLICE("things?n=1"), noon, 5000, &total));
    assert_true(totals_get(totals, 1, slice_str(key), noon, 5000, &total));
    assert_int_equal(total, TOTALS_MAX);
    totals_free(totals);
}

static void a_key_that_is_too_long_is_not_kept(void **state)
{
    (void)state;
    static char key[TOTAL_KEY_MAX + 1];
    memset(key, 'k', sizeof key);
    struct totals *totals = totals_new();
    totals_put(totals, 1, slice_of(key, sizeof key), noon, 42);
    totals_put(totals, 1, slice_of(key, TOTAL_KEY_MAX), noon, 43);
    uint64_t total = 0;
    assert_false(totals_get(totals, 1, slice_of(key, sizeof key), noon, 5000, &total));
    assert_true(totals_get(totals, 1, slice_of(key, TOTAL_KEY_MAX), noon, 5000, &total));
    totals_free(totals);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_total_is_found_until_it_is_too_old),
    cmocka_unit_test(a_total_of_another_generation_or_query_is_not_found),
    cmocka_unit_test(without_a_ttl_nothing_is_kept_for_anyone),
    cmocka_unit_test(a_newer_total_replaces_the_older),
    cmocka_unit_test(beyond_the_bound_the_oldest_goes_first),
    cmocka_unit_test(a_key_that_is_too_long_is_not_kept),
};

UNIT_TEST_MAIN(tests)
