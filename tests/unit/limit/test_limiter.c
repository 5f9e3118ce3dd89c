/* SPDX-License-Identifier: Apache-2.0 */
/* Many rules and many keys: all or none, shadow, a crowded table, threads. */
#include "lib/unit.h"

#include <pthread.h>
#include <stdio.h>

#include "limit/limiter.h"

#define S INT64_C(1000000000)
enum { RULES = 3 };

static const struct limit_time noon = {INT64_C(1763812800) * S};
static const struct limit_quota quotas[RULES] = {
    {.kind = LIMIT_BUCKET, .unit = LIMIT_MINUTE, .count = 100, .burst = 10},
    {.kind = LIMIT_SLIDING, .unit = LIMIT_HOUR, .count = 4, .burst = 4},
    {.kind = LIMIT_FIXED, .unit = LIMIT_DAY, .count = 6, .burst = 6}};

struct fixture {
    struct limiter *limiter;
    struct limit_account *accounts[RULES];
};

static struct fixture make(unsigned keys_max)
{
    struct limiter_options options = {.keys_max = keys_max, .seed = 99, .wall = {noon.ns / 1000}};
    struct fixture fixture = {.limiter = limiter_new(&options)};
    assert_non_null(fixture.limiter);
    for (unsigned i = 0; i < RULES; i++) {
        fixture.accounts[i] = limiter_account(fixture.limiter, 100 + i, &quotas[i]);
        assert_non_null(fixture.accounts[i]);
    }
    return fixture;
}

static void end(struct fixture *fixture)
{
    for (unsigned i = 0; i < RULES; i++)
        limiter_account_unref(fixture->limiter, fixture->accounts[i]);
    limiter_free(fixture->limiter);
}

static void charge_all(const struct fixture *fixture, const char *who, struct limit_charge charges[RULES])
{
    const struct slice name = slice_str(who);
    for (unsigned i = 0; i < RULES; i++)
        charges[i] = (struct limit_charge){
            .quota = &quotas[i],
            .account = fixture->accounts[i],
            .key = limiter_key(fixture->limiter, 100 + i, &name, 1, &quotas[i]),
            .weight = 1,
        };
}

static void all_rules_must_agree_and_a_refusal_gives_back(void **unused)
{
    (void)unused;
    struct fixture fixture = make(1000);
    struct limit_charge charges[RULES];
    charge_all(&fixture, "one", charges);
    for (unsigned i = 0; i < 4; i++)
        assert_true(limiter_take(fixture.limiter, charges, RULES, noon));
    for (unsigned i = 0; i < 20; i++) {
        assert_false(limiter_take(fixture.limiter, charges, RULES, noon));
        assert_int_equal(charges[0].outcome, LIMIT_PASSED);
        assert_int_equal(charges[1].outcome, LIMIT_STOPPED);
        assert_int_equal(charges[2].outcome, LIMIT_NOT_ASKED);
        assert_ptr_equal(limit_tightest(charges, RULES), &charges[1]);
        assert_true(charges[1].standing.retry_ns > 0);
    }
    limiter_look(fixture.limiter, charges, RULES, noon);
    assert_int_equal(charges[0].standing.remaining, 6);
    assert_int_equal(charges[1].standing.remaining, 0);
    assert_int_equal(charges[2].standing.remaining, 2);
    assert_int_equal(atomic_load(&fixture.accounts[0]->allowed), 4);
    assert_int_equal(atomic_load(&fixture.accounts[1]->refused), 20);
    assert_int_equal(atomic_load(&fixture.accounts[0]->refused), 0);
    end(&fixture);
}

static void the_tightest_is_the_one_with_the_least_remaining(void **unused)
{
    (void)unused;
    struct fixture fixture = make(1000);
    struct limit_charge charges[RULES];
    charge_all(&fixture, "one", charges);
    assert_true(limiter_take(fixture.limiter, charges, RULES, noon));
    const struct limit_charge *tightest = limit_tightest(charges, RULES);
    assert_ptr_equal(tightest, &charges[1]);
    assert_int_equal(tightest->standing.remaining, 3);
    assert_int_equal(tightest->standing.limit, 4);
    assert_null(limit_tightest(charges, 0));
    end(&fixture);
}

static void a_rule_in_shadow_counts_and_never_refuses(void **unused)
{
    (void)unused;
    struct fixture fixture = make(1000);
    struct limit_charge charges[RULES];
    charge_all(&fixture, "one", charges);
    charges[1].shadow = true;
    for (unsigned i = 0; i < 6; i++)
        assert_true(limiter_take(fixture.limiter, charges, RULES, noon));
    assert_int_equal(atomic_load(&fixture.accounts[1]->shadowed), 2);
    assert_int_equal(atomic_load(&fixture.accounts[1]->refused), 0);
    assert_false(limiter_take(fixture.limiter, charges, RULES, noon));
    assert_ptr_equal(limit_tightest(charges, RULES), &charges[2]);
    end(&fixture);
}

static void what_passed_can_be_given_back(void **unused)
{
    (void)unused;
    struct fixture fixture = make(1000);
    struct limit_charge charges[RULES];
    charge_all(&fixture, "one", charges);
    for (unsigned i = 0; i < 50; i++) {
        assert_true(limiter_take(fixture.limiter, charges, RULES, noon));
        limiter_give(fixture.limiter, charges, RULES, noon);
    }
    end(&fixture);
}

static void an_account_outlives_what_held_it_and_counts_on(void **unused)
{
    (void)unused;
    struct fixture fixture = make(1000);
    struct limit_account *again = limiter_account(fixture.limiter, 101, &quotas[1]);
    assert_ptr_equal(again, fixture.accounts[1]);
    limiter_account_unref(fixture.limiter, again);
    end(&fixture);
}

static void there_is_an_end_to_accounts(void **unused)
{
    (void)unused;
    struct limiter_options options = {.keys_max = 100, .seed = 5};
    struct limiter *limiter = limiter_new(&options);
    assert_non_null(limiter);
    struct limit_account *first = limiter_account(limiter, 1, &quotas[0]);
    assert_non_null(first);
    for (uint64_t i = 2; i <= LIMIT_RULES_MAX; i++)
        assert_non_null(limiter_account(limiter, i, &quotas[0]));
    assert_null(limiter_account(limiter, LIMIT_RULES_MAX + 1, &quotas[0]));
    limiter_account_unref(limiter, first);
    assert_ptr_equal(limiter_account(limiter, LIMIT_RULES_MAX + 1, &quotas[0]), first);
    limiter_free(limiter);
}

static bool take_one(const struct fixture *fixture, unsigned rule, unsigned who, struct limit_time now)
{
    char name[16];
    (void)snprintf(name, sizeof name, "%u", who);
    const struct slice who_is = slice_str(name);
    struct limit_charge charge = {.quota = &quotas[rule], .account = fixture->accounts[rule], .weight = 1};
    charge.key = limiter_key(fixture->limiter, 100 + rule, &who_is, 1, &quotas[rule]);
    return limiter_take(fixture->limiter, &charge, 1, now);
}

/* Ten times more keys than slots: never does one pass more often than its rule says, evicted or not. */
static void a_crowded_table_lets_no_key_through_more_often(void **unused)
{
    (void)unused;
    for (unsigned rule = 0; rule < RULES; rule++) {
        enum { KEYS = 20000 };
        struct fixture fixture = make(1);
        static unsigned passed[KEYS];
        memset(passed, 0, sizeof passed);
        for (unsigned round = 0; round < 12; round++)
            for (unsigned who = 0; who < KEYS; who++)
                passed[who] += take_one(&fixture, rule, who, noon);
        for (unsigned who = 0; who < KEYS; who++)
            assert_true(passed[who] <= quotas[rule].burst);
        assert_true(limiter_keys(fixture.limiter) <= 64 * 32);
        assert_true(atomic_load(&fixture.accounts[rule]->overflowed) > 0);
        end(&fixture);
    }
}

static void full_buckets_make_room_for_newcomers(void **unused)
{
    (void)unused;
    struct fixture fixture = make(1);
    struct limit_time now = noon;
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned who = 0; who < 1000; who++)
            assert_true(take_one(&fixture, round % RULES, round * 1000 + who, now));
        now.ns += 3 * 86400 * S;
    }
    for (unsigned rule = 0; rule < RULES; rule++)
        assert_int_equal(atomic_load(&fixture.accounts[rule]->overflowed), 0);
    end(&fixture);
}

/* --- threads --- */

enum { THREADS = 4, TAKES = 20000, PEOPLE = 6000 };

struct runner {
    const struct fixture *fixture;
    struct unit_random random;
    unsigned passed[PEOPLE];
};

/* Some keys are asked for by all all the time, many others fight for slots. */
static void *run(void *context)
{
    struct runner *runner = context;
    for (unsigned i = 0; i < TAKES; i++) {
        unsigned who = (unsigned)(i % 2 ? unit_random_below(&runner->random, 4)
                                        : unit_random_below(&runner->random, PEOPLE));
        struct limit_time now = {noon.ns + i};
        runner->passed[who] += take_one(runner->fixture, 0, who, now);
    }
    return NULL;
}

static void threads_together_let_no_more_through(void **unused)
{
    (void)unused;
    struct fixture fixture = make(1);
    static struct runner runners[THREADS];
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        runners[i] = (struct runner){.fixture = &fixture, .random = {i + 1}};
        assert_int_equal(pthread_create(&threads[i], NULL, run, &runners[i]), 0);
    }
    for (unsigned i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    for (unsigned who = 0; who < PEOPLE; who++) {
        unsigned passed = 0;
        for (unsigned i = 0; i < THREADS; i++)
            passed += runners[i].passed[who];
        assert_true(passed <= quotas[0].burst + 10); /* its own bucket's, and the overflow bucket's */
        if (who < 4)
            assert_true(passed >= quotas[0].burst);
    }
    end(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rules_must_agree_and_a_refusal_gives_back),
        cmocka_unit_test(the_tightest_is_the_one_with_the_least_remaining),
        cmocka_unit_test(a_rule_in_shadow_counts_and_never_refuses),
        cmocka_unit_test(what_passed_can_be_given_back),
        cmocka_unit_test(an_account_outlives_what_held_it_and_counts_on),
        cmocka_unit_test(there_is_an_end_to_accounts),
        cmocka_unit_test(a_crowded_table_lets_no_key_through_more_often),
        cmocka_unit_test(full_buckets_make_room_for_newcomers),
        cmocka_unit_test(threads_together_let_no_more_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
