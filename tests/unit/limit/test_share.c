/* SPDX-License-Identifier: Apache-2.0 */
/* Shares between instances: the arithmetic, and four real limiters that exchange each 100 ms under skewed demand, in simulated time. */
#include "lib/unit.h"

#include <stdio.h>

#include "limit/limiter.h"
#include "limit/share.h"

#define S INT64_C(1000000000)
#define MS INT64_C(1000000)
enum { NODES = 4, EXCHANGE_MS = 100 };

static const struct limit_quota quota = {.kind = LIMIT_BUCKET,
                                         .unit = LIMIT_SECOND,
                                         .count = 1000,
                                         .burst = 500};

static void shares_are_never_more_than_the_whole_and_levels_are_kept(void **unused)
{
    (void)unused;
    struct unit_random random = {3};
    for (unsigned round = 0; round < 20000; round++) {
        unsigned count = 1 + (unsigned)unit_random_below(&random, 9), shares = 0, demands[9];
        int64_t levels[9], deltas = 0;
        bool claimed[9];
        struct limit_deal deals[9];
        for (unsigned i = 0; i < count; i++) {
            claimed[i] = unit_random_below(&random, 4) > 0;
            demands[i] = claimed[i] ? (unsigned)unit_random_below(&random, 1000) : 0;
            levels[i] = (int64_t)unit_random_below(&random, 200000) - 100000;
        }
        limit_share_deal(demands, levels, claimed, count, (int64_t)unit_random_below(&random, 400000), deals);
        for (unsigned i = 0; i < count; i++) {
            assert_true(deals[i].share > 0);
            shares += deals[i].share;
            deltas += deals[i].level_delta;
            assert_true(claimed[i] || deals[i].level_delta == 0);
        }
        assert_true(shares <= LIMIT_SHARE_WHOLE);
        assert_int_equal(deltas, 0);
    }
}

static void equal_demand_and_none_at_all_share_equally(void **unused)
{
    (void)unused;
    const unsigned demands[2][4] = {{0}, {50, 50, 50, 50}};
    const int64_t levels[4] = {0};
    const bool claimed[4] = {true, true, true, true};
    struct limit_deal deals[4];
    for (unsigned i = 0; i < 2; i++) {
        limit_share_deal(demands[i], levels, claimed, 4, 100000, deals);
        for (unsigned j = 0; j < 4; j++)
            assert_in_range(deals[j].share, LIMIT_SHARE_WHOLE / 4 - 2, LIMIT_SHARE_WHOLE / 4);
    }
}

/* --- four instances --- */

struct cluster {
    struct limiter *nodes[NODES];
    struct limit_account *accounts[NODES];
    struct limit_claim *claims[NODES];
    unsigned counts[NODES];
    struct unit_random random;
    unsigned passed_by_ms[60000]; /* in all, each millisecond */
    uint64_t asked, passed, wrongly_refused;
    uint64_t single; /* the state of one exact limiter that is asked the same */
};

static const struct limit_time begin = {INT64_C(1763812800) * S};

static struct limiter *node_new(void)
{
    struct limiter_options options = {.keys_max = 4096, .seed = 1234, .wall = {begin.ns / 1000}};
    struct limiter *limiter = limiter_new(&options);
    assert_non_null(limiter);
    return limiter;
}

static void cluster_make(struct cluster *cluster)
{
    *cluster = (struct cluster){.random = {11}, .single = limit_state_fresh(&quota, begin)};
    for (unsigned i = 0; i < NODES; i++) {
        cluster->nodes[i] = node_new();
        cluster->claims[i] = malloc(LIMIT_CLAIMS_MAX * sizeof *cluster->claims[i]);
        limiter_instances(cluster->nodes[i], NODES, i);
        cluster->accounts[i] = limiter_account(cluster->nodes[i], 1, &quota);
        assert_non_null(cluster->accounts[i]);
    }
}

static void cluster_end(struct cluster *cluster)
{
    for (unsigned i = 0; i < NODES; i++) {
        limiter_account_unref(cluster->nodes[i], cluster->accounts[i]);
        limiter_free(cluster->nodes[i]);
        free(cluster->claims[i]);
    }
}

static bool ask(struct cluster *cluster, unsigned node, struct limit_time now)
{
    struct limit_charge charge = {.quota = &quota, .account = cluster->accounts[node], .weight = 1};
    charge.key = limiter_key(cluster->nodes[node], 1, &SLICE("somebody"), 1, &quota);
    return limiter_take(cluster->nodes[node], &charge, 1, now);
}

static void ask_all(struct cluster *cluster, const double per_ms[NODES], unsigned ms)
{
    struct limit_time now = {begin.ns + ms * MS};
    for (unsigned node = 0; node < NODES; node++) {
        double wanted = per_ms[node];
        unsigned asks = (unsigned)wanted;
        asks += (double)unit_random_below(&cluster->random, 1000000) / 1e6 < wanted - asks;
        while (asks--) {
            bool passed = ask(cluster, node, now);
            bool fair = limit_state_take(&quota, LIMIT_SHARE_WHOLE, &cluster->single, 1, now);
            cluster->asked++;
            cluster->passed += passed;
            cluster->passed_by_ms[ms] += passed;
            cluster->wrongly_refused += fair && !passed;
        }
    }
}

/* Claims go out at one instant and come in at another, to each instance at its own. */
static void exchange(struct cluster *cluster, unsigned ms)
{
    struct limit_time now = {begin.ns + ms * MS};
    unsigned phase = ms % EXCHANGE_MS;
    if (phase == 0)
        for (unsigned i = 0; i < NODES; i++)
            cluster->counts[i] = limiter_export(cluster->nodes[i], now, cluster->claims[i]);
    for (unsigned i = 0; i < NODES; i++)
        if (phase == 20 + 15 * i) {
            struct limit_claims all[NODES];
            for (unsigned j = 0; j < NODES; j++)
                all[j] = (struct limit_claims){cluster->claims[j], cluster->counts[j]};
            limiter_import(cluster->nodes[i], now, all, NODES, EXCHANGE_MS);
        }
}

static void run(struct cluster *cluster, const double per_ms[NODES], unsigned from_ms, unsigned to_ms)
{
    cluster->asked = cluster->passed = cluster->wrongly_refused = 0;
    for (unsigned ms = from_ms; ms < to_ms; ms++) {
        exchange(cluster, ms);
        ask_all(cluster, per_ms, ms);
    }
}

/* The most that passed in any so long a time between two. */
static unsigned most_in(const struct cluster *cluster, unsigned from_ms, unsigned to_ms, unsigned long_ms)
{
    unsigned sum = 0, most = 0;
    for (unsigned ms = from_ms; ms < to_ms; ms++) {
        sum += cluster->passed_by_ms[ms];
        if (ms >= from_ms + long_ms)
            sum -= cluster->passed_by_ms[ms - long_ms];
        most = sum > most ? sum : most;
    }
    return most;
}

static void skewed_demand_above_the_limit_is_held_to_it(void **unused)
{
    (void)unused;
    static struct cluster cluster;
    const double per_ms[NODES] = {2.1, 0.6, 0.24, 0.06}; /* three times the limit */
    cluster_make(&cluster);
    run(&cluster, per_ms, 0, 1000);
    run(&cluster, per_ms, 1000, 41000);
    assert_true(most_in(&cluster, 1000, 41000, 1000) <= 1050);
    assert_true(most_in(&cluster, 1000, 41000, 30000) <= 30300);
    assert_true(cluster.passed >= 40000 * 98 / 100); /* who is refused is chance; that more are is not */
    cluster_end(&cluster);
}

static void skewed_demand_below_the_limit_is_not_refused(void **unused)
{
    (void)unused;
    static struct cluster cluster;
    const double per_ms[NODES] = {0.63, 0.18, 0.072, 0.018}; /* nine tenths of the limit */
    cluster_make(&cluster);
    run(&cluster, per_ms, 0, 1000);
    run(&cluster, per_ms, 1000, 31000);
    assert_true(cluster.wrongly_refused <= cluster.asked * 2 / 100);
    cluster_end(&cluster);
}

static void a_cold_burst_on_all_passes_no_more_than_one(void **unused)
{
    (void)unused;
    static struct cluster cluster;
    cluster_make(&cluster);
    unsigned passed = 0;
    for (unsigned i = 0; i < 4 * quota.burst; i++)
        passed += ask(&cluster, i % NODES, begin);
    assert_int_equal(passed, quota.burst);
    cluster_end(&cluster);
}

static void demand_that_moves_is_followed_within_the_bound(void **unused)
{
    (void)unused;
    static struct cluster cluster;
    const double first[NODES] = {2.7, 0.1, 0.1, 0.1}, then[NODES] = {0.1, 0.1, 0.1, 2.7};
    cluster_make(&cluster);
    run(&cluster, first, 0, 5000);
    run(&cluster, then, 5000, 10000);
    assert_true(most_in(&cluster, 6000, 10000, 1000) <= 1050);
    assert_true(most_in(&cluster, 0, 10000, 10000) <= 10500 * 101 / 100);
    cluster_end(&cluster);
}

/* A debt made on one instance is paid by all. */
static void debts_carry_over(void **unused)
{
    (void)unused;
    const unsigned demands[2] = {10, 10};
    const int64_t levels[2] = {-80000, 20000};
    const bool claimed[2] = {true, true};
    struct limit_deal deals[2];
    limit_share_deal(demands, levels, claimed, 2, 1000, deals);
    assert_int_equal(levels[0] + deals[0].level_delta, -30000);
    assert_int_equal(levels[1] + deals[1].level_delta, -30000);
}

static void claims_that_make_no_sense_are_left_out(void **unused)
{
    (void)unused;
    struct limiter *limiter = node_new();
    limiter_instances(limiter, 2, 0);
    const struct limit_claim bad[] = {{0, 5, 5, 1}, {1, 5, 5, 1}, {0x14, 5, 5, 0}, {0x18, 5, 5, UINT32_MAX}};
    const struct limit_claims all[2] = {{bad, 4}, {bad, 2}};
    limiter_import(limiter, begin, all, 2, EXCHANGE_MS);
    assert_int_equal(limiter_keys(limiter), 0);
    limiter_free(limiter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_never_more_than_the_whole_and_levels_are_kept),
        cmocka_unit_test(equal_demand_and_none_at_all_share_equally),
        cmocka_unit_test(skewed_demand_above_the_limit_is_held_to_it),
        cmocka_unit_test(skewed_demand_below_the_limit_is_not_refused),
        cmocka_unit_test(a_cold_burst_on_all_passes_no_more_than_one),
        cmocka_unit_test(demand_that_moves_is_followed_within_the_bound),
        cmocka_unit_test(debts_carry_over),
        cmocka_unit_test(claims_that_make_no_sense_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
