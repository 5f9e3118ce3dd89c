/* SPDX-License-Identifier: Apache-2.0 */
/* Random events against an oracle that counts otherwise: a bucket's level in tokens, windows' counts in a list; clocks that step both
 * ways; and whatever the limiter says of itself must come true. LEAT_LIMIT_EVENTS: how many events (default a million). */
#include "lib/unit.h"

#include <stdio.h>

#include "limit/quota.h"

#define S INT64_C(1000000000)
#define WHOLE LIMIT_SHARE_WHOLE

/* --- the oracle --- */

struct oracle {
    struct limit_quota quota;
    /* a bucket: its level at a time, in units of increment: parts of a token */
    __int128 level;
    int64_t since;
    /* windows: counts of the last two that anything came in, and which the later was */
    int64_t latest, here, before;
};

static __int128 increment(const struct limit_quota *quota)
{
    return (limit_unit_ns(quota->unit) + quota->count - 1) / quota->count;
}

static bool oracle_bucket(struct oracle *oracle, unsigned weight, int64_t now)
{
    __int128 one = increment(&oracle->quota), full = one * oracle->quota.burst;
    __int128 level = oracle->level + (now - oracle->since);
    if (level > full)
        level = full;
    unsigned needs = weight < oracle->quota.burst ? weight : oracle->quota.burst;
    if (level < one * needs)
        return false;
    oracle->level = level - one * weight;
    oracle->since = now;
    return true;
}

static bool oracle_window(struct oracle *oracle, unsigned weight, int64_t now)
{
    int64_t unit = limit_unit_ns(oracle->quota.unit), number = now / unit;
    int64_t left = number < oracle->latest ? unit : unit - now % unit;
    number = number < oracle->latest ? oracle->latest : number;
    int64_t here = number == oracle->latest ? oracle->here : 0, before = 0;
    if (oracle->quota.kind == LIMIT_SLIDING)
        before = number == oracle->latest ? oracle->before : number == oracle->latest + 1 ? oracle->here : 0;
    __int128 used = (__int128)here * unit + (__int128)before * left;
    unsigned most = weight > oracle->quota.count ? weight : oracle->quota.count;
    if (used + (__int128)weight * unit > (__int128)most * unit)
        return false;
    oracle->here = here + weight;
    oracle->before = before;
    oracle->latest = number;
    return true;
}

static bool oracle_take(struct oracle *oracle, unsigned weight, int64_t now)
{
    return oracle->quota.kind == LIMIT_BUCKET ? oracle_bucket(oracle, weight, now)
                                              : oracle_window(oracle, weight, now);
}

/* --- what the limiter says of itself --- */

static bool try(const struct limit_quota *quota, uint64_t state, unsigned weight, int64_t now)
{
    return limit_state_take(quota, WHOLE, &state, weight, (struct limit_time){now});
}

static void remaining_comes_true(const struct limit_quota *quota, uint64_t state, unsigned remaining,
                                 int64_t now)
{
    for (unsigned i = 0; i < remaining; i++)
        assert_true(limit_state_take(quota, WHOLE, &state, 1, (struct limit_time){now}));
    assert_false(try(quota, state, 1, now));
}

static void all_comes_true(const struct limit_quota *quota, uint64_t state, unsigned weight, bool passed,
                           int64_t now)
{
    struct limit_standing standing, later;
    limit_state_look(quota, WHOLE, state, passed ? 0 : weight, (struct limit_time){now}, &standing);
    remaining_comes_true(quota, state, standing.remaining, now);
    int64_t full_at = now + standing.reset_ns;
    limit_state_look(quota, WHOLE, state, 0, (struct limit_time){full_at}, &later);
    assert_int_equal(later.remaining, later.limit);
    assert_int_equal(passed, standing.retry_ns == 0);
    if (!passed) {
        int64_t step = quota->kind == LIMIT_BUCKET ? 1 : 1000;
        assert_true(try(quota, state, weight, now + standing.retry_ns));
        assert_false(try(quota, state, weight, now + standing.retry_ns - step));
    }
}

/* --- random events --- */

static struct limit_quota random_quota(struct unit_random *random)
{
    struct limit_quota quota = {.kind = (enum limit_kind)unit_random_below(random, 3),
                                .unit = (enum limit_unit)unit_random_below(random, 4),
                                .count = 1 + (unsigned)unit_random_below(random, 50)};
    quota.burst = quota.kind == LIMIT_BUCKET ? 1 + (unsigned)unit_random_below(random, 50) : quota.count;
    if (unit_random_below(random, 2))
        limit_quota_settle(&quota);
    return quota;
}

/* Mostly small steps, now and then a great one or one back; whole microseconds, as clocks have. */
static int64_t random_step(struct unit_random *random, const struct limit_quota *quota)
{
    int64_t mean = limit_unit_ns(quota->unit) / quota->count / 1000 + 1;
    int64_t step = (int64_t)unit_random_below(random, (size_t)mean * 2) * 1000;
    switch (unit_random_below(random, 50)) {
    case 0:
        return limit_unit_ns(quota->unit) * 3 + step;
    case 1:
        return -step;
    case 2:
        return -limit_unit_ns(quota->unit) - step;
    default:
        return unit_random_below(random, 3) ? step : 0;
    }
}

static unsigned random_weight(struct unit_random *random)
{
    return unit_random_below(random, 10) ? 1 : 1 + (unsigned)unit_random_below(random, 60);
}

static void one_life(struct unit_random *random, unsigned events)
{
    struct limit_quota quota = random_quota(random);
    int64_t now = INT64_C(1763812800) * S + (int64_t)unit_random_below(random, 86400000) * 1000000;
    struct oracle oracle = {.quota = quota, .level = increment(&quota) * quota.burst, .since = now};
    uint64_t state = limit_state_fresh(&quota, (struct limit_time){now});
    oracle.latest = now / limit_unit_ns(quota.unit);
    while (events--) {
        unsigned weight = random_weight(random);
        now += random_step(random, &quota);
        bool expected = oracle_take(&oracle, weight, now);
        bool passed = limit_state_take(&quota, WHOLE, &state, weight, (struct limit_time){now});
        if (passed != expected)
            fail_msg("kind %d unit %d count %u burst %u weight %u: %d", quota.kind, quota.unit, quota.count,
                     quota.burst, weight, passed);
        if (events % 8 == 0)
            all_comes_true(&quota, state, weight, passed, now);
    }
}

static void random_events_are_decided_as_the_oracle_says(void **unused)
{
    (void)unused;
    const char *wanted = getenv("LEAT_LIMIT_EVENTS");
    unsigned long events = wanted ? strtoul(wanted, NULL, 10) : 1000000;
    struct unit_random random = {42};
    for (unsigned long done = 0; done < events; done += 500)
        one_life(&random, 500);
}

/* In true time, whatever the clock says: never more than the burst and what the rate gives. */
static void backward_steps_never_give_more_than_the_rate(void **unused)
{
    (void)unused;
    struct unit_random random = {7};
    const struct limit_quota quota = {.kind = LIMIT_BUCKET, .unit = LIMIT_SECOND, .count = 100, .burst = 10};
    int64_t began = INT64_C(1763812800) * S, truth = began;
    uint64_t state = limit_state_fresh(&quota, (struct limit_time){truth});
    int64_t passed = 0;
    for (unsigned i = 0; i < 50000; i++) {
        truth += (int64_t)unit_random_below(&random, 8000000);
        int64_t behind = unit_random_below(&random, 3) ? 0 : (int64_t)unit_random_below(&random, (size_t)S);
        passed += limit_state_take(&quota, WHOLE, &state, 1, (struct limit_time){truth - behind});
        assert_true(passed <= 10 + (truth - began) / (S / 100));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_events_are_decided_as_the_oracle_says),
        cmocka_unit_test(backward_steps_never_give_more_than_the_rate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
