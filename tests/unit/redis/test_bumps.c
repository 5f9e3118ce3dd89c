/* SPDX-License-Identifier: Apache-2.0 */
/* Two instances that tell each other what they write, by a real Redis that is well, killed, frozen, cut off, full. */
#include "harness.h"

#include <pthread.h>
#include <stdio.h>

#include "redis/bumps.h"

enum { TAG = 0xa3f1 };

struct instance {
    struct harness harness; /* with a loop of its own: as two processes */
    struct redis_bumps *bumps;
    unsigned bumps_heard, all_heard;
    uint32_t last;
};

struct test {
    struct redis_server *server;
    struct instance a, b; /* b by a proxy, where there is one */
};

static void on_bump(void *context, uint32_t tag)
{
    struct instance *instance = context;
    instance->bumps_heard++;
    instance->last = tag;
}

static void on_bump_all(void *context)
{
    ((struct instance *)context)->all_heard++;
}

static void instance_begin(struct instance *instance, const char *url)
{
    harness_begin(&instance->harness, url);
    struct redis_bumps_events events = {.context = instance, .on_bump = on_bump, .on_bump_all = on_bump_all};
    instance->bumps = redis_bumps_open(instance->harness.plan, instance->harness.loop, &events);
}

static void instance_end(struct instance *instance)
{
    if (instance->bumps == NULL)
        return;
    redis_bumps_close(instance->bumps);
    AWAIT(&instance->harness, redis_bumps_is_quiet(instance->bumps));
    redis_bumps_free(instance->bumps);
    harness_end(&instance->harness);
    instance->bumps = NULL;
}

/* Without `bye`, as one that died: its connections go, and nothing is said. */
static void instance_die(struct instance *instance)
{
    redis_close(redis_bumps_client(instance->bumps));
    instance_end(instance);
}

static bool turn_both(struct test *test)
{
    if (test->a.bumps)
        loop_turn(test->a.harness.loop, 2);
    if (test->b.bumps)
        loop_turn(test->b.harness.loop, 2);
    return true;
}

#define AWAIT_BOTH(test, condition) \
    do { \
        struct mono begun_both = clock_mono(); \
        while (!(condition) && turn_both(test)) \
            if (mono_diff_us(clock_mono(), begun_both) > 20000000) \
                fail_msg("waited too long for: %s", #condition); \
    } while (0)

static void await_trust(struct test *test)
{
    AWAIT_BOTH(test, redis_bumps_is_trusted(test->a.bumps) && redis_bumps_is_trusted(test->b.bumps));
    /* Each has heard the other: from here on a gap is one. */
    AWAIT_BOTH(test, redis_bumps_counters(test->a.bumps)->heard > 1 &&
                         redis_bumps_counters(test->b.bumps)->heard > 1);
    /* And each is settled: what that made stale was heard. */
    AWAIT_BOTH(test, !redis_bumps_is_pending(test->a.bumps, REDIS_TAG_ALL) &&
                         !redis_bumps_is_pending(test->b.bumps, REDIS_TAG_ALL));
    unsigned long long heard_a = redis_bumps_counters(test->a.bumps)->heard;
    unsigned long long heard_b = redis_bumps_counters(test->b.bumps)->heard;
    AWAIT_BOTH(test, redis_bumps_counters(test->a.bumps)->heard > heard_a + 1 &&
                         redis_bumps_counters(test->b.bumps)->heard > heard_b + 1);
    test->a.all_heard = test->b.all_heard = 0;
}

static int begin_kind(void **state, const char *kind, bool by_proxy)
{
    struct test *test = test_calloc(1, sizeof *test);
    char url[64];
    test->server = redis_server_start(kind);
    instance_begin(&test->a, redis_server_url(test->server));
    if (by_proxy)
        snprintf(url, sizeof url, "redis://127.0.0.1:%s", redis_server_tell(test->server, "proxy_on"));
    instance_begin(&test->b, by_proxy ? url : redis_server_url(test->server));
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

static int begin_small(void **state)
{
    return begin_kind(state, "plain maxmemory=1500kb", false);
}

static int end(void **state)
{
    struct test *test = *state;
    instance_end(&test->a);
    instance_end(&test->b);
    redis_server_stop(test->server);
    test_free(test);
    return 0;
}

static void a_bump_is_heard_by_the_other_and_not_by_oneself(void **state)
{
    struct test *test = *state;
    await_trust(test);
    redis_bumps_add(test->a.bumps, TAG);
    assert_true(redis_bumps_is_pending(test->a.bumps, TAG));
    assert_false(redis_bumps_is_pending(test->a.bumps, TAG + 1));
    AWAIT_BOTH(test, test->b.bumps_heard == 1);
    assert_int_equal(test->b.last, TAG);
    AWAIT_BOTH(test, !redis_bumps_is_pending(test->a.bumps, TAG));
    redis_bumps_add(test->b.bumps, TAG + 1);
    AWAIT_BOTH(test, test->a.bumps_heard == 1);
    assert_int_equal(test->a.last, TAG + 1);
    assert_int_equal(test->b.bumps_heard, 1);
    assert_int_equal(test->a.all_heard + test->b.all_heard, 0);
}

/* Nobody was there to notice who died between COMMIT and message. */
static void who_begins_alone_makes_all_stale_and_who_finds_another_does_not(void **state)
{
    struct test *test = *state;
    await_trust(test);
    instance_end(&test->b);
    redis_server_tell(test->server, "cli SET leat:t:all old");
    instance_begin(&test->b, redis_server_url(test->server));
    assert_true(redis_bumps_is_pending(test->b.bumps, TAG));
    AWAIT_BOTH(test, !redis_bumps_is_pending(test->b.bumps, REDIS_TAG_ALL));
    assert_string_equal(redis_server_tell(test->server, "cli EXISTS leat:t:all"), "1");
    instance_end(&test->a);
    instance_end(&test->b);
    instance_begin(&test->b, redis_server_url(test->server));
    AWAIT_BOTH(test, !redis_bumps_is_pending(test->b.bumps, REDIS_TAG_ALL));
    assert_string_equal(redis_server_tell(test->server, "cli EXISTS leat:t:all"), "0");
}

static void the_second_level_is_stale_before_the_others_are_told(void **state)
{
    struct test *test = *state;
    await_trust(test);
    redis_server_tell(test->server, "cli SET leat:t:0a3f1 old");
    redis_bumps_add(test->a.bumps, TAG);
    AWAIT_BOTH(test, test->b.bumps_heard == 1);
    assert_string_equal(redis_server_tell(test->server, "cli EXISTS leat:t:0a3f1"), "0");
}

static void bumps_of_a_turn_go_out_as_one_message(void **state)
{
    struct test *test = *state;
    await_trust(test);
    unsigned long long rounds = redis_bumps_counters(test->a.bumps)->rounds;
    for (uint32_t i = 0; i < 100; i++) {
        redis_bumps_add(test->a.bumps, i);
        redis_bumps_add(test->a.bumps, i);
    }
    AWAIT_BOTH(test, test->b.bumps_heard == 100 && !redis_bumps_is_pending(test->a.bumps, 99));
    assert_int_equal(redis_bumps_counters(test->a.bumps)->rounds, rounds + 1);
}

static void too_many_of_them_are_told_as_all(void **state)
{
    struct test *test = *state;
    await_trust(test);
    redis_server_tell(test->server, "cli SET leat:t:all old");
    for (uint32_t i = 0; i < REDIS_ROUND_TAGS_MAX * 3; i++)
        redis_bumps_add(test->a.bumps, i * 601);
    AWAIT_BOTH(test, test->b.all_heard == 1);
    AWAIT_BOTH(test, !redis_bumps_is_pending(test->a.bumps, 0));
    assert_string_equal(redis_server_tell(test->server, "cli EXISTS leat:t:all"), "0");
    redis_bumps_add(test->a.bumps, TAG);
    AWAIT_BOTH(test, test->b.bumps_heard == 1); /* and then one by one again */
}

static void one_that_was_cut_off_tells_first_what_it_kept(void **state)
{
    struct test *test = *state;
    await_trust(test);
    redis_server_tell(test->server, "proxy_set silent True");
    AWAIT_BOTH(test, !redis_bumps_is_trusted(test->b.bumps));
    assert_int_equal(test->b.all_heard, 1);
    redis_bumps_add(test->b.bumps, TAG);
    AWAIT_BOTH(test, redis_bumps_counters(test->a.bumps)->silences == 1); /* a missed it, once */
    assert_int_equal(test->a.all_heard, 1);
    assert_true(redis_bumps_is_trusted(test->a.bumps));
    assert_int_equal(test->a.bumps_heard, 0);
    redis_server_tell(test->server, "proxy_set silent False");
    AWAIT_BOTH(test, test->a.bumps_heard == 1 || test->a.all_heard > 1);
    AWAIT_BOTH(test, redis_bumps_is_trusted(test->b.bumps) && !redis_bumps_is_pending(test->b.bumps, TAG));
    assert_int_equal(redis_bumps_counters(test->a.bumps)->gaps, 0);
    assert_true(test->b.all_heard >= 2);
}

static void a_restarted_redis_is_distrusted_until_heard_again(void **state)
{
    struct test *test = *state;
    await_trust(test);
    redis_server_tell(test->server, "kill");
    AWAIT_BOTH(test, !redis_bumps_is_trusted(test->a.bumps) && !redis_bumps_is_trusted(test->b.bumps));
    redis_bumps_add(test->a.bumps, TAG);
    redis_server_tell(test->server, "start");
    AWAIT_BOTH(test, redis_bumps_is_trusted(test->a.bumps) && redis_bumps_is_trusted(test->b.bumps) &&
                         !redis_bumps_is_pending(test->a.bumps, TAG));
    assert_true(test->a.all_heard >= 2 && test->b.all_heard >= 2);
    AWAIT_BOTH(test, !redis_bumps_is_pending(test->b.bumps, TAG));
    unsigned heard = test->b.bumps_heard;
    redis_bumps_add(test->a.bumps, TAG);
    AWAIT_BOTH(test, test->b.bumps_heard > heard);
}

static void a_frozen_redis_is_distrusted(void **state)
{
    struct test *test = *state;
    await_trust(test);
    redis_server_tell(test->server, "pause");
    AWAIT_BOTH(test, !redis_bumps_is_trusted(test->a.bumps) && !redis_bumps_is_trusted(test->b.bumps));
    redis_server_tell(test->server, "resume");
    AWAIT_BOTH(test, redis_bumps_is_trusted(test->a.bumps) && redis_bumps_is_trusted(test->b.bumps));
}

static void one_that_dies_makes_all_stale_and_one_that_leaves_does_not(void **state)
{
    struct test *test = *state;
    await_trust(test);
    instance_end(&test->b);
    struct mono begun = clock_mono();
    AWAIT_BOTH(test, mono_diff_us(clock_mono(), begun) > 1600000); /* longer than a silence */
    assert_int_equal(test->a.all_heard, 0);
    instance_begin(&test->b, redis_server_url(test->server));
    await_trust(test);
    instance_die(&test->b);
    AWAIT_BOTH(test, test->a.all_heard == 1);
    assert_int_equal(redis_bumps_counters(test->a.bumps)->silences, 1);
}

static void a_full_redis_still_tells(void **state)
{
    struct test *test = *state;
    await_trust(test);
    redis_server_tell(test->server, "cli SET leat:t:0a3f1 old");
    redis_server_tell(test->server, "cli CONFIG SET maxmemory 1");
    redis_bumps_add(test->a.bumps, TAG);
    AWAIT_BOTH(test, test->b.bumps_heard == 1);
    assert_string_equal(redis_server_tell(test->server, "cli EXISTS leat:t:0a3f1"), "0");
}

static void *add_many(void *context)
{
    struct instance *instance = context;
    for (uint32_t i = 0; i < 20000; i++)
        redis_bumps_add(instance->bumps, i % 300);
    return NULL;
}

static void any_thread_may_add(void **state)
{
    struct test *test = *state;
    pthread_t threads[2];
    await_trust(test);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_many, &test->a), 0);
    AWAIT_BOTH(test, test->b.bumps_heard > 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    AWAIT_BOTH(test, !redis_bumps_is_pending(test->a.bumps, 299));
    unsigned heard = test->b.bumps_heard;
    redis_bumps_add(test->a.bumps, 299);
    AWAIT_BOTH(test, test->b.bumps_heard > heard);
}

#define TEST(test, how) cmocka_unit_test_setup_teardown(test, how, end)
static const struct CMUnitTest tests[] = {
    TEST(a_bump_is_heard_by_the_other_and_not_by_oneself, begin),
    TEST(a_bump_is_heard_by_the_other_and_not_by_oneself, begin_password),
    TEST(a_bump_is_heard_by_the_other_and_not_by_oneself, begin_cluster),
    TEST(who_begins_alone_makes_all_stale_and_who_finds_another_does_not, begin),
    TEST(the_second_level_is_stale_before_the_others_are_told, begin),
    TEST(bumps_of_a_turn_go_out_as_one_message, begin),
    TEST(too_many_of_them_are_told_as_all, begin),
    TEST(one_that_was_cut_off_tells_first_what_it_kept, begin_proxy),
    TEST(a_restarted_redis_is_distrusted_until_heard_again, begin),
    TEST(a_frozen_redis_is_distrusted, begin),
    TEST(one_that_dies_makes_all_stale_and_one_that_leaves_does_not, begin),
    TEST(a_full_redis_still_tells, begin_small),
    TEST(any_thread_may_add, begin),
};

UNIT_TEST_MAIN(tests)
