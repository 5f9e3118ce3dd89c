/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of the buckets, against its own promise, at every bound and at random. */
#include "lib/unit.h"

#include "observe/histogram.h"

static void bounds_grow_and_each_belongs_to_its_own_bucket(void **state)
{
    (void)state;
    int64_t before = 0;
    for (unsigned i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
        int64_t bound = histogram_bound_us(i);
        assert_true(bound > before);
        assert_int_equal(histogram_bucket(bound), i);
        assert_int_equal(histogram_bucket(bound + 1), i + 1);
        before = bound;
    }
    assert_int_equal(before, 100000000);
    assert_int_equal(histogram_bucket(INT64_MAX), HISTOGRAM_BUCKETS - 1);
}

static void a_bucket_is_at_most_a_fifth_as_wide_as_what_it_holds(void **state)
{
    (void)state;
    for (unsigned i = 10; i + 1 < HISTOGRAM_BUCKETS; i++) {
        int64_t low = histogram_bound_us(i - 1);
        assert_true((histogram_bound_us(i) - low) * 5 <= low);
    }
}

static void random_durations_lie_within_their_buckets(void **state)
{
    (void)state;
    struct unit_random random = {.state = 7};
    for (unsigned i = 0; i < 200000; i++) {
        int64_t us = (int64_t)(unit_random_next(&random) >> (36 + i % 28));
        unsigned bucket = histogram_bucket(us);
        assert_true(us <= histogram_bound_us(bucket));
        assert_true(bucket == 0 || us > histogram_bound_us(bucket - 1));
    }
}

static void one_two_and_five_of_each_power_are_bounds(void **state)
{
    (void)state;
    for (int64_t power = 1; power <= 10000000; power *= 10)
        for (int64_t us = power; us <= 5 * power; us += us == power ? power : 3 * power)
            assert_int_equal(histogram_bound_us(histogram_bucket(us)), us);
}

static void what_is_negative_counts_as_nothing(void **state)
{
    (void)state;
    struct histogram histogram = {0};
    histogram_note(&histogram, -5);
    histogram_note(&histogram, 7);
    assert_int_equal(counter_read(&histogram.counts[0]), 1);
    assert_int_equal(counter_read(&histogram.counts[6]), 1);
    assert_int_equal(counter_read(&histogram.sum_us), 7);
}

static void a_sum_holds_what_its_parts_hold(void **state)
{
    (void)state;
    struct histogram one = {0}, other = {0}, sum = {0};
    histogram_note(&one, 120);
    histogram_note(&other, 120);
    histogram_note(&other, 90000000);
    histogram_add(&sum, &one);
    histogram_add(&sum, &other);
    assert_int_equal(counter_read(&sum.counts[histogram_bucket(120)]), 2);
    assert_int_equal(counter_read(&sum.counts[histogram_bucket(90000000)]), 1);
    assert_int_equal(counter_read(&sum.sum_us), 90000240);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(bounds_grow_and_each_belongs_to_its_own_bucket),
    cmocka_unit_test(a_bucket_is_at_most_a_fifth_as_wide_as_what_it_holds),
    cmocka_unit_test(random_durations_lie_within_their_buckets),
    cmocka_unit_test(one_two_and_five_of_each_power_are_bounds),
    cmocka_unit_test(what_is_negative_counts_as_nothing),
    cmocka_unit_test(a_sum_holds_what_its_parts_hold),
};

UNIT_TEST_MAIN(tests)
