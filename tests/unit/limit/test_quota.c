/* SPDX-License-Identifier: Apache-2.0 */
/* One key's arithmetic at chosen instants: buckets, windows, heavy charges, shares. Random ones: test_oracle.c. */
#include "lib/unit.h"

#include "limit/quota.h"

#define S INT64_C(1000000000)
/* A Sunday noon and a half: no window of any unit begins here. */
#define NOON (INT64_C(1763812800) * S + S / 2)

static const struct limit_quota bucket = {.kind = LIMIT_BUCKET,
                                          .unit = LIMIT_SECOND,
                                          .count = 10,
                                          .burst = 5};
static const struct limit_quota fixed = {.kind = LIMIT_FIXED, .unit = LIMIT_MINUTE, .count = 6, .burst = 6};
static const struct limit_quota sliding = {.kind = LIMIT_SLIDING,
                                           .unit = LIMIT_MINUTE,
                                           .count = 6,
                                           .burst = 6};

static struct limit_time at(int64_t ns)
{
    return (struct limit_time){ns};
}

/* How many of weight 1 pass at once. */
static unsigned pass(const struct limit_quota *quota, unsigned share, uint64_t *state, int64_t now)
{
    unsigned passed = 0;
    while (limit_state_take(quota, share, state, 1, at(now)))
        passed++;
    return passed;
}

static struct limit_standing look(const struct limit_quota *quota, uint64_t state, unsigned weight,
                                  int64_t now)
{
    struct limit_standing standing;
    limit_state_look(quota, LIMIT_SHARE_WHOLE, state, weight, at(now), &standing);
    return standing;
}

static void a_bucket_lets_its_burst_through_and_then_its_rate(void **unused)
{
    (void)unused;
    uint64_t state = limit_state_fresh(&bucket, at(NOON));
    assert_int_equal(pass(&bucket, LIMIT_SHARE_WHOLE, &state, NOON), 5);
    assert_int_equal(pass(&bucket, LIMIT_SHARE_WHOLE, &state, NOON + S / 10 - 1), 0);
    assert_int_equal(pass(&bucket, LIMIT_SHARE_WHOLE, &state, NOON + S / 10), 1);
    assert_int_equal(pass(&bucket, LIMIT_SHARE_WHOLE, &state, NOON + 100 * S), 5);
}

static void an_emptied_bucket_says_when(void **unused)
{
    (void)unused;
    uint64_t state = limit_state_fresh(&bucket, at(NOON));
    (void)pass(&bucket, LIMIT_SHARE_WHOLE, &state, NOON);
    struct limit_standing standing = look(&bucket, state, 2, NOON);
    assert_int_equal(standing.limit, 5);
    assert_int_equal(standing.remaining, 0);
    assert_int_equal(standing.reset_ns, S / 2);
    assert_int_equal(standing.retry_ns, S / 5);
    assert_int_equal(limit_seconds(standing.retry_ns), 1);
}

static void what_is_given_back_can_be_taken_again(void **unused)
{
    (void)unused;
    const struct limit_quota *quotas[] = {&bucket, &fixed, &sliding};
    for (unsigned i = 0; i < 3; i++) {
        uint64_t state = limit_state_fresh(quotas[i], at(NOON));
        unsigned all = pass(quotas[i], LIMIT_SHARE_WHOLE, &state, NOON);
        state = limit_state_give(quotas[i], LIMIT_SHARE_WHOLE, state, 3, at(NOON));
        assert_int_equal(pass(quotas[i], LIMIT_SHARE_WHOLE, &state, NOON), 3);
        assert_true(all >= 5);
    }
}

static void a_fixed_window_ends_with_the_minute(void **unused)
{
    (void)unused;
    uint64_t state = limit_state_fresh(&fixed, at(NOON));
    assert_int_equal(pass(&fixed, LIMIT_SHARE_WHOLE, &state, NOON), 6);
    struct limit_standing standing = look(&fixed, state, 1, NOON);
    assert_int_equal(standing.retry_ns, 60 * S - S / 2);
    assert_int_equal(standing.reset_ns, 60 * S - S / 2);
    assert_int_equal(pass(&fixed, LIMIT_SHARE_WHOLE, &state, NOON + 59 * S), 0);
    assert_int_equal(pass(&fixed, LIMIT_SHARE_WHOLE, &state, NOON + 60 * S - S / 2), 6);
}

static void a_sliding_window_forgets_evenly(void **unused)
{
    (void)unused;
    int64_t minute = NOON - S / 2;
    uint64_t state = limit_state_fresh(&sliding, at(NOON));
    assert_int_equal(pass(&sliding, LIMIT_SHARE_WHOLE, &state, NOON), 6);
    assert_int_equal(pass(&sliding, LIMIT_SHARE_WHOLE, &state, minute + 60 * S), 0);
    assert_int_equal(pass(&sliding, LIMIT_SHARE_WHOLE, &state, minute + 70 * S), 1);
    assert_int_equal(pass(&sliding, LIMIT_SHARE_WHOLE, &state, minute + 90 * S), 2);
    struct limit_standing standing = look(&sliding, state, 1, minute + 90 * S);
    assert_int_equal(standing.retry_ns, 10 * S);
    assert_int_equal(standing.reset_ns, 90 * S);
}

static void a_charge_heavier_than_the_quota_leaves_a_debt(void **unused)
{
    (void)unused;
    uint64_t state = limit_state_fresh(&bucket, at(NOON));
    assert_true(limit_state_take(&bucket, LIMIT_SHARE_WHOLE, &state, 20, at(NOON)));
    assert_false(limit_state_take(&bucket, LIMIT_SHARE_WHOLE, &state, 1, at(NOON + 3 * S / 2)));
    assert_true(limit_state_take(&bucket, LIMIT_SHARE_WHOLE, &state, 1, at(NOON + 8 * S / 5)));
    assert_false(limit_state_take(&bucket, LIMIT_SHARE_WHOLE, &state, 20, at(NOON + 2 * S)));
    state = limit_state_fresh(&sliding, at(NOON));
    assert_true(limit_state_take(&sliding, LIMIT_SHARE_WHOLE, &state, 9, at(NOON)));
    assert_false(limit_state_take(&sliding, LIMIT_SHARE_WHOLE, &state, 9, at(NOON + 60 * S)));
    assert_true(limit_state_take(&sliding, LIMIT_SHARE_WHOLE, &state, 9, at(NOON + 120 * S)));
}

static void a_clock_that_goes_back_lets_nothing_more_through(void **unused)
{
    (void)unused;
    const struct limit_quota *quotas[] = {&bucket, &fixed, &sliding};
    for (unsigned i = 0; i < 3; i++) {
        uint64_t state = limit_state_fresh(quotas[i], at(NOON));
        (void)pass(quotas[i], LIMIT_SHARE_WHOLE, &state, NOON);
        assert_int_equal(pass(quotas[i], LIMIT_SHARE_WHOLE, &state, NOON - 3600 * S), 0);
        assert_int_equal(pass(quotas[i], LIMIT_SHARE_WHOLE, &state, NOON), 0);
    }
}

static void the_greatest_quotas_and_charges_overflow_nothing(void **unused)
{
    (void)unused;
    for (unsigned kind = LIMIT_BUCKET; kind <= LIMIT_SLIDING; kind++)
        for (unsigned unit = LIMIT_SECOND; unit <= LIMIT_DAY; unit++)
            for (unsigned count = 1; count <= LIMIT_COUNT_MAX; count += LIMIT_COUNT_MAX - 1) {
                struct limit_quota quota = {.kind = kind,
                                            .unit = unit,
                                            .count = count,
                                            .burst = LIMIT_COUNT_MAX};
                uint64_t state = limit_state_fresh(&quota, at(NOON));
                assert_true(limit_state_take(&quota, LIMIT_SHARE_WHOLE, &state, LIMIT_COUNT_MAX, at(NOON)));
                assert_false(limit_state_take(&quota, 1, &state, LIMIT_COUNT_MAX, at(NOON)));
                struct limit_standing standing;
                limit_state_look(&quota, 1, state, LIMIT_COUNT_MAX, at(NOON), &standing);
                assert_true(standing.retry_ns > 0);
            }
}

static void half_a_share_lets_half_through(void **unused)
{
    (void)unused;
    const struct limit_quota quota = {.kind = LIMIT_BUCKET, .unit = LIMIT_SECOND, .count = 100, .burst = 40};
    uint64_t state = limit_state_fresh(&quota, at(NOON));
    assert_int_equal(limit_state_taken(&quota, LIMIT_SHARE_WHOLE / 2, state, at(NOON)), 0);
    assert_int_equal(pass(&quota, LIMIT_SHARE_WHOLE / 2, &state, NOON), 20);
    assert_int_equal(pass(&quota, LIMIT_SHARE_WHOLE / 2, &state, NOON + S / 10), 5);
    state = limit_state_fresh(&sliding, at(NOON));
    assert_int_equal(pass(&sliding, LIMIT_SHARE_WHOLE / 2, &state, NOON), 3);
}

static void what_is_dealt_is_taken_of_the_new_share(void **unused)
{
    (void)unused;
    const struct limit_quota *quotas[] = {&bucket, &fixed, &sliding};
    for (unsigned i = 0; i < 3; i++)
        for (int64_t taken = 0; taken <= 8000; taken += 1000) {
            struct limit_dealing dealing = {.share_before = LIMIT_SHARE_WHOLE,
                                            .share = LIMIT_SHARE_WHOLE / 2,
                                            .delta = taken,
                                            .claimed_at = at(NOON)};
            uint64_t state = limit_state_fresh(quotas[i], at(NOON));
            state = limit_state_deal(quotas[i], &dealing, state, at(NOON));
            assert_int_equal(limit_state_taken(quotas[i], dealing.share, state, at(NOON)), taken);
            dealing = (struct limit_dealing){LIMIT_SHARE_WHOLE / 2, LIMIT_SHARE_WHOLE, -taken, at(NOON)};
            state = limit_state_deal(quotas[i], &dealing, state, at(NOON));
            assert_int_equal(limit_state_taken(quotas[i], LIMIT_SHARE_WHOLE, state, at(NOON)), 0);
        }
}

/* Else a new window would begin with what was taken in the old. */
static void what_was_claimed_of_a_window_that_has_ended_is_not_dealt(void **unused)
{
    (void)unused;
    const struct limit_dealing dealing = {LIMIT_SHARE_WHOLE, LIMIT_SHARE_WHOLE, 3000, at(NOON - 60 * S)};
    uint64_t state = limit_state_fresh(&fixed, at(NOON));
    state = limit_state_deal(&fixed, &dealing, state, at(NOON));
    assert_int_equal(limit_state_taken(&fixed, LIMIT_SHARE_WHOLE, state, at(NOON)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bucket_lets_its_burst_through_and_then_its_rate),
        cmocka_unit_test(an_emptied_bucket_says_when),
        cmocka_unit_test(what_is_given_back_can_be_taken_again),
        cmocka_unit_test(a_fixed_window_ends_with_the_minute),
        cmocka_unit_test(a_sliding_window_forgets_evenly),
        cmocka_unit_test(a_charge_heavier_than_the_quota_leaves_a_debt),
        cmocka_unit_test(a_clock_that_goes_back_lets_nothing_more_through),
        cmocka_unit_test(the_greatest_quotas_and_charges_overflow_nothing),
        cmocka_unit_test(half_a_share_lets_half_through),
        cmocka_unit_test(what_is_dealt_is_taken_of_the_new_share),
        cmocka_unit_test(what_was_claimed_of_a_window_that_has_ended_is_not_dealt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
