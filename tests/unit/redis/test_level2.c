/* SPDX-License-Identifier: Apache-2.0 */
/* The second level on real servers of Redis, flushed, evicting, frozen, slow, full, clustered: it may miss, but what it gives is current. */
#include "harness.h"

#include <stdio.h>

#include "redis/level2.h"

enum { TAG = 0xa3f1, LOOKUPS = 20 };

struct asked {
    struct redis_lookup lookup;
    unsigned ends;
    enum redis_verdict verdict;
    int64_t left_ms;
    char bytes[64];
};

struct test {
    struct redis_server *server;
    struct harness harness;
    struct redis_bumps *bumps;
    struct redis_level2 level2;
    struct asked asked[LOOKUPS];
};

static void on_bump(void *context, uint32_t tag)
{
    (void)context, (void)tag;
}

static void on_bump_all(void *context)
{
    (void)context;
}

static int begin_kind(void **state, const char *kind, bool by_proxy)
{
    struct test *test = test_calloc(1, sizeof *test);
    char url[64];
    test->server = redis_server_start(kind);
    if (by_proxy)
        snprintf(url, sizeof url, "redis://127.0.0.1:%s", redis_server_tell(test->server, "proxy_on"));
    harness_open(&test->harness, by_proxy ? url : redis_server_url(test->server));
    struct redis_bumps_events events = {.on_bump = on_bump, .on_bump_all = on_bump_all};
    test->bumps = redis_bumps_open(test->harness.plan, test->harness.loop, &events);
    test->level2 = (struct redis_level2){.redis = test->harness.redis,
                                         .bumps = test->bumps,
                                         .budget_ms = 2000, /* of a machine under load */
                                         .lease_ms = 2000,
                                         .wait_ms = 10000};
    AWAIT(&test->harness, redis_is_up(test->harness.redis) && redis_bumps_is_trusted(test->bumps) &&
                              redis_is_up(redis_bumps_client(test->bumps)) &&
                              !redis_bumps_is_pending(test->bumps, TAG) &&
                              redis_lag_us(test->harness.redis, SLICE("leat:e:{k}")) < 1000000);
    *state = test;
    return 0;
}

static int begin(void **state)
{
    return begin_kind(state, "plain", false);
}

static int begin_password(void **state)
{
    return begin_kind(state, "password", false);
}

static int begin_cluster(void **state)
{
    return begin_kind(state, "cluster", false);
}

static int begin_proxy(void **state)
{
    return begin_kind(state, "plain", true);
}

static int begin_evicting(void **state)
{
    return begin_kind(state, "plain maxmemory=1800kb maxmemory-policy=allkeys-lru", false);
}

static int end(void **state)
{
    struct test *test = *state;
    for (int i = 0; i < LOOKUPS; i++)
        redis_level2_cancel(&test->asked[i].lookup);
    redis_bumps_close(test->bumps);
    AWAIT(&test->harness, redis_bumps_is_quiet(test->bumps));
    redis_bumps_free(test->bumps);
    harness_end(&test->harness);
    redis_server_stop(test->server);
    test_free(test);
    return 0;
}

static void on_end(struct redis_lookup *lookup, enum redis_verdict verdict, struct slice bytes,
                   int64_t left_ms)
{
    struct asked *asked = container_of(lookup, struct asked, lookup);
    asked->ends++;
    asked->verdict = verdict;
    asked->left_ms = left_ms;
    snprintf(asked->bytes, sizeof asked->bytes, SLICE_FMT, SLICE_ARG(bytes));
}

static bool ask(struct test *test, struct asked *asked, const char *key)
{
    static const uint32_t tags[] = {TAG, 7};
    memset(asked, 0, sizeof *asked);
    asked->lookup.on_end = on_end;
    memset(asked->lookup.secret, 's', sizeof asked->lookup.secret);
    return redis_level2_ask(&test->level2, &asked->lookup, slice_str(key), tags, 2);
}

static enum redis_verdict verdict_of(struct test *test, struct asked *asked, const char *key)
{
    if (!ask(test, asked, key))
        return REDIS_LEVEL2_MISS;
    AWAIT(&test->harness, asked->ends == 1);
    return asked->verdict;
}

static void put(struct test *test, struct asked *asked, const char *key, const char *bytes)
{
    assert_int_equal(verdict_of(test, asked, key), REDIS_LEVEL2_FILL);
    redis_level2_put(&asked->lookup, 2, slice_str(bytes), 60000);
}

static void bump(struct test *test, uint32_t tag)
{
    redis_bumps_add(test->bumps, tag);
    AWAIT(&test->harness, !redis_bumps_is_pending(test->bumps, tag));
}

static void what_was_put_is_found_until_a_tag_is_bumped(void **state)
{
    struct test *test = *state;
    struct asked *asked = &test->asked[0];
    put(test, asked, "k", "one");
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_HIT);
    assert_string_equal(asked->bytes, "one");
    bump(test, TAG + 1);
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_HIT);
    bump(test, TAG);
    put(test, asked, "k", "two");
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_HIT);
    assert_string_equal(asked->bytes, "two");
    redis_bumps_add_all(test->bumps);
    AWAIT(&test->harness, !redis_bumps_is_pending(test->bumps, TAG));
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_FILL);
}

static void an_answer_made_before_a_write_is_never_current_after_it(void **state)
{
    struct test *test = *state;
    struct asked *asked = &test->asked[0];
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_FILL); /* its statement is sent here */
    bump(test, TAG); /* and the write comes before its put */
    redis_level2_put(&asked->lookup, 2, SLICE("old"), 60000);
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_FILL);
    redis_level2_leave(&asked->lookup);
}

static void while_a_bump_is_pending_redis_is_not_asked(void **state)
{
    struct test *test = *state;
    struct asked *asked = &test->asked[0];
    put(test, asked, "k", "one");
    redis_bumps_add(test->bumps, TAG);
    assert_false(ask(test, asked, "k"));
    assert_int_equal(test->level2.skips, 1);
    AWAIT(&test->harness, !redis_bumps_is_pending(test->bumps, TAG));
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_FILL);
}

static void of_many_who_ask_one_fills_and_the_others_get_it(void **state)
{
    struct test *test = *state;
    unsigned fills = 0, ended = 0;
    for (int i = 0; i < LOOKUPS; i++)
        assert_true(ask(test, &test->asked[i], "k"));
    AWAIT(&test->harness, test->level2.fills == 1 && test->level2.waits >= LOOKUPS - 1);
    for (int i = 0; i < LOOKUPS; i++) {
        ended += test->asked[i].ends;
        if (test->asked[i].ends && test->asked[i].verdict == REDIS_LEVEL2_FILL && ++fills)
            redis_level2_put(&test->asked[i].lookup, 2, SLICE("made once"), 60000);
    }
    assert_int_equal(fills, 1);
    assert_int_equal(ended, 1);
    AWAIT(&test->harness, test->level2.hits == LOOKUPS - 1);
    for (int i = 0; i < LOOKUPS; i++)
        if (test->asked[i].verdict == REDIS_LEVEL2_HIT)
            assert_string_equal(test->asked[i].bytes, "made once");
    assert_int_equal(test->level2.misses, 0);
}

static void a_lease_that_is_left_or_runs_out_is_the_next_ones(void **state)
{
    struct test *test = *state;
    assert_int_equal(verdict_of(test, &test->asked[0], "k"), REDIS_LEVEL2_FILL);
    assert_true(ask(test, &test->asked[1], "k"));
    AWAIT(&test->harness, test->level2.waits > 0);
    redis_level2_leave(&test->asked[0].lookup);
    AWAIT(&test->harness, test->asked[1].ends == 1);
    assert_int_equal(test->asked[1].verdict, REDIS_LEVEL2_FILL);
    assert_true(ask(test, &test->asked[2], "k")); /* the second does nothing: its lease ends */
    AWAIT(&test->harness, test->asked[2].ends == 1);
    assert_int_equal(test->asked[2].verdict, REDIS_LEVEL2_FILL);
    redis_level2_leave(&test->asked[1].lookup); /* too late: the lease is another's */
    AWAIT(&test->harness, redis_lag_us(test->harness.redis, SLICE("a")) < INT64_MAX);
    test->level2.wait_ms = 30;
    assert_int_equal(verdict_of(test, &test->asked[3], "k"), REDIS_LEVEL2_MISS);
}

static void what_it_hangs_on_may_be_less_than_what_was_asked_about(void **state)
{
    struct test *test = *state;
    struct asked *asked = &test->asked[0];
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_FILL);
    redis_level2_put(&asked->lookup, 1, SLICE("one"), 60000);
    bump(test, 7); /* the second tag */
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_HIT);
    bump(test, TAG);
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_FILL);
}

static void it_is_told_how_long_an_answer_is_good_and_one_for_too_short_is_none(void **state)
{
    struct test *test = *state;
    struct asked *asked = &test->asked[0], *demanding = &test->asked[1];
    put(test, asked, "k", "one");
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_HIT);
    assert_in_range(asked->left_ms, 1, 60000);
    assert_true(ask(test, demanding, "k"));
    demanding->lookup.least_ms = 60001;
    AWAIT(&test->harness, demanding->ends == 1);
    assert_int_equal(demanding->verdict, REDIS_LEVEL2_FILL);
}

/* What lies there is neither readable nor of use under another name, nor is it believed when somebody has changed it. */
static void what_others_put_there_is_not_believed(void **state)
{
    struct test *test = *state;
    struct asked *asked = &test->asked[0];
    put(test, asked, "k", "something telling");
    assert_null(strstr(redis_server_tell(test->server, "cli GET leat:e:{k}"), "telling"));
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_HIT);
    redis_server_tell(test->server, "cli COPY leat:e:{k} leat:e:{other}");
    assert_int_equal(verdict_of(test, asked, "other"), REDIS_LEVEL2_FILL);
    redis_server_tell(test->server, "cli SETRANGE leat:e:{k} 130 x"); /* behind the line of generations */
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_FILL);
    assert_int_equal(test->level2.strange, 4); /* each was looked at twice */
    redis_level2_put(&asked->lookup, 2, SLICE("anew"), 60000);
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_HIT);
    assert_true(ask(test, asked, "k"));
    asked->lookup.secret[0] = 'o';
    AWAIT(&test->harness, asked->ends == 1);
    assert_int_equal(asked->verdict, REDIS_LEVEL2_FILL);
}

/* Between the question and the lease another has made it, and let the lease go. */
static void who_takes_the_lease_after_the_answer_was_made_gets_the_answer(void **state)
{
    struct test *test = *state;
    struct asked *first = &test->asked[0], *second = &test->asked[1];
    unsigned fills = 0;
    for (int i = 0; i < 50; i++) {
        char key[16];
        snprintf(key, sizeof key, "k%d", i);
        assert_true(ask(test, first, key) && ask(test, second, key));
        AWAIT(&test->harness, first->ends || second->ends);
        struct asked *filler = first->ends ? first : second, *other = first->ends ? second : first;
        assert_int_equal(filler->verdict, REDIS_LEVEL2_FILL);
        fills++;
        redis_level2_put(&filler->lookup, 2, SLICE("made"), 60000);
        AWAIT(&test->harness, other->ends);
        assert_int_equal(other->verdict, REDIS_LEVEL2_HIT);
    }
    assert_int_equal(test->level2.fills, fills);
}

static void a_flushed_redis_gives_nothing_old(void **state)
{
    struct test *test = *state;
    struct asked *asked = &test->asked[0];
    put(test, asked, "k", "one");
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_HIT);
    redis_server_tell(test->server, "flush");
    put(test, asked, "k", "two");
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_HIT);
    assert_string_equal(asked->bytes, "two");
    redis_server_tell(test->server, "cli DEL leat:t:0a3f1"); /* a generation alone is evicted */
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_FILL);
}

/* Values that say under which write they were made: none may be found that is older than the last. */
static void one_that_evicts_gives_nothing_old(void **state)
{
    struct test *test = *state;
    struct asked *asked = &test->asked[0];
    char key[16], value[64];
    unsigned hits = 0, fills = 0;
    for (unsigned i = 0; i < 400; i++) {
        unsigned generation = i / 20;
        if (i % 20 == 0)
            bump(test, TAG);
        redis_server_tell(test->server, "cli SETRANGE filler%u 20000 x", i); /* pushes out others */
        snprintf(key, sizeof key, "k%u", i % 3);
        snprintf(value, sizeof value, "%u", generation);
        enum redis_verdict verdict = verdict_of(test, asked, key);
        if (verdict == REDIS_LEVEL2_HIT) {
            assert_string_equal(asked->bytes, value);
            hits++;
        } else if (verdict == REDIS_LEVEL2_FILL) {
            redis_level2_put(&asked->lookup, 2, slice_str(value), 60000);
            fills++;
        }
    }
    assert_true(hits > 0 && fills > 20);
    assert_string_not_equal(redis_server_tell(test->server, "cli EXISTS filler0"), "1"); /* it did evict */
}

static void a_full_redis_is_a_miss(void **state)
{
    struct test *test = *state;
    struct asked *asked = &test->asked[0];
    put(test, asked, "k", "one");
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_HIT);
    redis_server_tell(test->server, "cli CONFIG SET maxmemory 1");
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_HIT); /* what is there may be read */
    bump(test, TAG);
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_MISS);
    redis_server_tell(test->server, "cli CONFIG SET maxmemory 0");
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_FILL);
}

static void a_frozen_redis_costs_its_budget_once_and_then_nothing(void **state)
{
    struct test *test = *state;
    struct asked *asked = &test->asked[0];
    test->level2.budget_ms = 50;
    AWAIT(&test->harness, verdict_of(test, asked, "k") != REDIS_LEVEL2_MISS);
    redis_level2_cancel(&asked->lookup);
    redis_server_tell(test->server, "pause");
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_MISS);
    assert_false(ask(test, asked, "k"));
    redis_server_tell(test->server, "resume");
    AWAIT(&test->harness, verdict_of(test, asked, "k") != REDIS_LEVEL2_MISS);
}

static void a_slow_redis_is_not_asked_until_it_is_quick_again(void **state)
{
    struct test *test = *state;
    struct asked *asked = &test->asked[0];
    test->level2.budget_ms = 60;
    redis_server_tell(test->server, "proxy_set delay 0.2");
    AWAIT(&test->harness, !ask(test, asked, "k") || (redis_level2_cancel(&asked->lookup), false));
    redis_server_tell(test->server, "proxy_set delay 0");
    AWAIT(&test->harness, verdict_of(test, asked, "k") == REDIS_LEVEL2_FILL);
}

static void a_lost_redis_ends_each_lookup_once(void **state)
{
    struct test *test = *state;
    redis_server_tell(test->server, "pause");
    for (int i = 0; i < LOOKUPS; i++)
        assert_true(ask(test, &test->asked[i], "k"));
    redis_level2_cancel(&test->asked[0].lookup);
    redis_server_tell(test->server, "kill");
    AWAIT(&test->harness, test->level2.misses == LOOKUPS - 1);
    assert_int_equal(test->asked[0].ends, 0);
    for (int i = 1; i < LOOKUPS; i++)
        assert_int_equal(test->asked[i].ends, 1);
    assert_false(ask(test, &test->asked[0], "k"));
}

static void large_answers_come_back_whole(void **state)
{
    struct test *test = *state;
    struct asked *asked = &test->asked[0];
    size_t len = 3 << 20;
    char *bytes = test_malloc(len);
    memset(bytes, 'x', len);
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_FILL);
    redis_level2_put(&asked->lookup, 2, slice_of(bytes, len), 60000);
    test_free(bytes);
    assert_int_equal(verdict_of(test, asked, "k"), REDIS_LEVEL2_HIT);
    assert_int_equal(strlen(asked->bytes), sizeof asked->bytes - 1);
}

#define TEST(test, how) cmocka_unit_test_setup_teardown(test, how, end)
static const struct CMUnitTest tests[] = {
    TEST(what_was_put_is_found_until_a_tag_is_bumped, begin),
    TEST(what_was_put_is_found_until_a_tag_is_bumped, begin_password),
    TEST(what_was_put_is_found_until_a_tag_is_bumped, begin_cluster),
    TEST(an_answer_made_before_a_write_is_never_current_after_it, begin),
    TEST(while_a_bump_is_pending_redis_is_not_asked, begin),
    TEST(of_many_who_ask_one_fills_and_the_others_get_it, begin),
    TEST(of_many_who_ask_one_fills_and_the_others_get_it, begin_cluster),
    TEST(a_lease_that_is_left_or_runs_out_is_the_next_ones, begin),
    TEST(what_it_hangs_on_may_be_less_than_what_was_asked_about, begin),
    TEST(it_is_told_how_long_an_answer_is_good_and_one_for_too_short_is_none, begin),
    TEST(what_others_put_there_is_not_believed, begin),
    TEST(who_takes_the_lease_after_the_answer_was_made_gets_the_answer, begin),
    TEST(who_takes_the_lease_after_the_answer_was_made_gets_the_answer, begin_cluster),
    TEST(a_flushed_redis_gives_nothing_old, begin),
    TEST(one_that_evicts_gives_nothing_old, begin_evicting),
    TEST(a_full_redis_is_a_miss, begin),
    TEST(a_frozen_redis_costs_its_budget_once_and_then_nothing, begin),
    TEST(a_slow_redis_is_not_asked_until_it_is_quick_again, begin_proxy),
    TEST(a_lost_redis_ends_each_lookup_once, begin),
    TEST(large_answers_come_back_whole, begin),
};

UNIT_TEST_MAIN(tests)
