/* SPDX-License-Identifier: Apache-2.0 */
/* Shares between instances: the arithmetic, and four real limiters that exchange each 100 ms under skewed demand, in simulated time. */
#include "lib/unit.h"

#include <stdio.h>

#include "limit/limiter.h"
#include "limit/share.h"

#define S INT64_C(1000000000)
#define MS INT64_C(1000000)
enum { NODES = 4, EXCHANGE_MS = 100 };

static struct limit_quota quota = {.kind = LIMIT_BUCKET, .unit = LIMIT_SECOND, .count = 1000, .burst = 500};

static const struct limit_quota window = {.kind = LIMIT_FIXED,
                                          .unit = LIMIT_MINUTE,
                                          .count = 700,
                                          .burst = 700};

static void shares_are_never_more_than_the_whole_and_what_is_taken_is_kept(void **unused)
{
    (void)unused;
    struct unit_random random = {3};
    for (unsigned round = 0; round < 20000; round++) {
        unsigned count = 1 + (unsigned)unit_random_below(&random, 9), shares = 0, demands[9], takens[9],
                 asked = 0;
        int64_t deltas = 0;
        struct limit_deal deals[9];
        const struct limit_quota *of = round % 2 ? &quota : &window;
        for (unsigned i = 0; i < count; i++) {
            demands[i] = (unsigned)unit_random_below(&random, round % 3 * 500000 + 1);
            asked += demands[i];
            takens[i] = (unsigned)unit_random_below(&random, 200000);
        }
        int64_t per_interval = (int64_t)unit_random_below(&random, 400000);
        enum limit_dealt dealt = limit_share_deal(of, demands, takens, count, per_interval, deals);
        assert_int_equal(dealt == LIMIT_IDLE, asked == 0);
        for (unsigned i = 0; i < count && asked; i++) {
            assert_true(deals[i].share > 0);
            shares += deals[i].share;
            deltas += deals[i].delta;
            assert_true(of == &quota || deals[i].delta % LIMIT_TOKEN == 0);
        }
        assert_true(shares <= LIMIT_SHARE_WHOLE);
        assert_int_equal(deltas, 0);
    }
}

static void equal_demand_shares_equally_and_so_does_plenty(void **unused)
{
    (void)unused;
    const unsigned equal[4] = {50000, 50000, 50000, 50000}, one[4] = {1000, 0, 0, 0};
    const unsigned none[4] = {125000, 125000, 125000, 125000}, plenty[4] = {0};
    struct limit_deal deals[4];
    assert_int_equal(limit_share_deal(&quota, equal, none, 4, 100000, deals), LIMIT_SCARCE);
    for (unsigned i = 0; i < 4; i++)
        assert_in_range(deals[i].share, LIMIT_SHARE_WHOLE / 4 - 2, LIMIT_SHARE_WHOLE / 4);
    assert_int_equal(limit_share_deal(&quota, one, plenty, 4, 100000, deals), LIMIT_PLENTY);
    for (unsigned i = 0; i < 4; i++)
        assert_in_range(deals[i].share, LIMIT_SHARE_WHOLE / 4 - 300, LIMIT_SHARE_WHOLE / 4 + 300);
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

/* Asks one instance each so many ms, until ms: in all how many passed. */
static unsigned ask_slowly(struct cluster *cluster, bool in_turn, unsigned every_ms, unsigned until_ms)
{
    unsigned passed = 0, asks = 0;
    for (unsigned ms = 0; ms < until_ms; ms++) {
        exchange(cluster, ms);
        if (ms % every_ms == 0) {
            passed += ask(cluster, in_turn ? asks % NODES : 1, (struct limit_time){begin.ns + ms * MS});
            asks++;
        }
    }
    return passed;
}

/* One that always comes to the same instance has all that there is; of one that goes around each other instance may hold the last. */
static void a_slow_caller_has_what_is_left_whichever_instance_it_asks(void **unused)
{
    (void)unused;
    static struct cluster cluster;
    const struct limit_quota usual = quota;
    quota = (struct limit_quota){.kind = LIMIT_BUCKET, .unit = LIMIT_DAY, .count = 20, .burst = 20};
    for (unsigned in_turn = 0; in_turn < 2; in_turn++) {
        cluster_make(&cluster);
        assert_in_range(ask_slowly(&cluster, in_turn, 700, 40 * 700), in_turn ? 20 - NODES : 19, 20);
        cluster_end(&cluster);
    }
    for (unsigned in_turn = 0; in_turn < 2; in_turn++) {
        cluster_make(&cluster);
        assert_in_range(ask_slowly(&cluster, in_turn, 10, 5000), 19, 20);
        cluster_end(&cluster);
    }
    quota = usual;
}

/* Each of 600 rounds deals what is there: none of it is lost or made by that. */
static void a_window_that_is_dealt_all_the_time_lets_through_what_one_would(void **unused)
{
    (void)unused;
    static struct cluster cluster;
    const struct limit_quota usual = quota;
    const enum limit_kind kinds[] = {LIMIT_FIXED, LIMIT_SLIDING, LIMIT_BUCKET};
    for (unsigned i = 0; i < 3; i++) {
        quota = (struct limit_quota){.kind = kinds[i], .unit = LIMIT_DAY, .count = 60, .burst = 60};
        cluster_make(&cluster);
        unsigned passed = 0;
        for (unsigned ms = 0; ms < 60000; ms++) {
            exchange(&cluster, ms);
            if (ms % 50 == 0)
                passed += ask(&cluster, (unsigned)unit_random_below(&cluster.random, NODES),
                              (struct limit_time){begin.ns + ms * MS});
        }
        assert_in_range(passed, 60 - NODES, 60 + 2 * NODES);
        cluster_end(&cluster);
    }
    quota = usual;
}

/* A debt made on one instance is paid by all. */
static void debts_carry_over(void **unused)
{
    (void)unused;
    const unsigned demands[2] = {10000, 10000};
    const unsigned takens[2] = {330000, 230000};
    struct limit_deal deals[2];
    assert_int_equal(limit_share_deal(&quota, demands, takens, 2, 1000, deals), LIMIT_SCARCE);
    assert_int_equal(takens[0] + deals[0].delta, 280000); /* of a half each, that is 250,000 */
    assert_int_equal(takens[1] + deals[1].delta, 280000);
}

static unsigned passes(struct limiter *limiter, struct limit_account *account, unsigned asks,
                       struct limit_time now)
{
    unsigned passed = 0;
    struct limit_charge charge = {.quota = &quota, .account = account, .weight = 1};
    charge.key = limiter_key(limiter, 1, &SLICE("somebody"), 1, &quota);
    while (asks--)
        passed += limiter_take(limiter, &charge, 1, now);
    return passed;
}

static void who_is_left_alone_has_the_whole_again(void **unused)
{
    (void)unused;
    struct limiter *limiter = node_new();
    struct limit_account *account = limiter_account(limiter, 1, &quota);
    struct limit_claim *own = malloc(LIMIT_CLAIMS_MAX * sizeof *own);
    limiter_instances(limiter, 4, 0);
    assert_int_equal(passes(limiter, account, 1000, begin), quota.burst / 4);
    struct limit_claims all[4] = {{own, limiter_export(limiter, begin, own)}};
    assert_int_equal(all[0].count, 1);
    struct limit_claim other = own[0]; /* asks for as much */
    all[1] = all[2] = all[3] = (struct limit_claims){&other, 1};
    limiter_import(limiter, begin, all, 4, EXCHANGE_MS);
    limiter_instances(limiter, 1, 0);
    struct limit_time later = {begin.ns + 10 * S}; /* full again, of its share */
    assert_in_range(passes(limiter, account, 1000, later), quota.burst / 4 - 1, quota.burst / 4);
    all[0].count = limiter_export(limiter, later, own);
    assert_int_equal(all[0].count, 1);
    limiter_import(limiter, later, all, 1, EXCHANGE_MS);
    assert_int_equal(passes(limiter, account, 1000, (struct limit_time){later.ns + 10 * S}), quota.burst);
    assert_int_equal(limiter_export(limiter, later, own), 0); /* and there is nothing to deal any more */
    limiter_account_unref(limiter, account);
    limiter_free(limiter);
    free(own);
}

static void a_deal_among_fewer_is_followed_only_when_it_stays_so(void **unused)
{
    (void)unused;
    struct limit_circle circle = {0};
    struct limit_time now = begin;
    assert_true(limit_circle_admits(&circle, 2, now));
    assert_true(limit_circle_admits(&circle, 4, now));
    assert_false(limit_circle_admits(&circle, 3, now));
    now.ns += LIMIT_FEWER_NS - 1;
    assert_false(limit_circle_admits(&circle, 1, now));
    assert_true(limit_circle_admits(&circle, 4, now)); /* it was late, and came */
    now.ns += 1;
    assert_false(limit_circle_admits(&circle, 3, now));
    now.ns += LIMIT_FEWER_NS;
    assert_true(limit_circle_admits(&circle, 3, now));
    assert_true(limit_circle_admits(&circle, 3, now));
    assert_int_equal(circle.count, 3);
}

static void claims_that_make_no_sense_are_left_out(void **unused)
{
    (void)unused;
    struct limiter *limiter = node_new();
    limiter_instances(limiter, 2, 0);
    const struct limit_claim bad[] = {{0, 5, 5, 1, 1},    {1, 5, 5, 1, 1},
                                      {0x14, 5, 5, 0, 1}, {0x18, 5, 5, UINT32_MAX, 1},
                                      {0x24, 5, 5, 1, 0}, {0x28, 5, 5, 1, UINT32_MAX}};
    const struct limit_claims all[2] = {{bad, 6}, {bad, 2}};
    limiter_import(limiter, begin, all, 2, EXCHANGE_MS);
    assert_int_equal(limiter_keys(limiter), 0);
    limiter_free(limiter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_never_more_than_the_whole_and_what_is_taken_is_kept),
        cmocka_unit_test(equal_demand_shares_equally_and_so_does_plenty),
        cmocka_unit_test(skewed_demand_above_the_limit_is_held_to_it),
        cmocka_unit_test(skewed_demand_below_the_limit_is_not_refused),
        cmocka_unit_test(a_cold_burst_on_all_passes_no_more_than_one),
        cmocka_unit_test(demand_that_moves_is_followed_within_the_bound),
        cmocka_unit_test(a_slow_caller_has_what_is_left_whichever_instance_it_asks),
        cmocka_unit_test(a_window_that_is_dealt_all_the_time_lets_through_what_one_would),
        cmocka_unit_test(debts_carry_over),
        cmocka_unit_test(who_is_left_alone_has_the_whole_again),
        cmocka_unit_test(a_deal_among_fewer_is_followed_only_when_it_stays_so),
        cmocka_unit_test(claims_that_make_no_sense_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
