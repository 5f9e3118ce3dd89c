/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds of several instances over a real Redis: all are given the very same, whoever comes, goes or is cut off. */
#include "harness.h"

#include <stdio.h>

#include "redis/rounds.h"

enum { INSTANCES = 4, INTERVAL_MS = 20, DEALS_MAX = 4096 };

struct instance {
    struct redis_rounds *rounds;
    unsigned offers, deals, self, count; /* of the last deal */
    char said[32], last[256];            /* by itself; by all, as it was dealt */
    struct test *test;
};

struct test {
    struct redis_server *server;
    struct harness harness, other; /* other: by a proxy */
    struct instance instances[INSTANCES];
    /* What was dealt with an offer of the first instance's: all who heard it must have heard the same. */
    char dealt[DEALS_MAX][256];
    unsigned compared;
};

static void on_offer(void *context, struct buf *out)
{
    struct instance *instance = context;
    int number = (int)(instance - instance->test->instances);
    snprintf(instance->said, sizeof instance->said, "%d:%u", number, ++instance->offers);
    buf_add(out, slice_str(instance->said));
}

/* The number that the first instance said in it, or 0. */
static unsigned number_in(const struct slice *offers, unsigned count)
{
    int64_t number = 0;
    for (unsigned i = 0; i < count; i++)
        if (slice_starts(offers[i], SLICE("0:")))
            assert_true(slice_to_int(slice_skip(offers[i], 2), &number));
    return (unsigned)number;
}

static void on_deal(void *context, const struct slice *offers, unsigned count, unsigned self)
{
    struct instance *instance = context;
    size_t len = 0;
    instance->deals++;
    instance->count = count;
    instance->self = self;
    for (unsigned i = 0; i < count; i++)
        len += (size_t)snprintf(instance->last + len, sizeof instance->last - len, SLICE_FMT " ",
                                SLICE_ARG(offers[i]));
    assert_slice(offers[self], instance->said);
    unsigned number = number_in(offers, count);
    if (number == 0 || number >= DEALS_MAX)
        return;
    char *dealt = instance->test->dealt[number];
    if (dealt[0] != '\0') {
        assert_string_equal(dealt, instance->last);
        instance->test->compared++;
    }
    snprintf(dealt, sizeof instance->test->dealt[number], "%s", instance->last);
}

static void join(struct test *test, unsigned number, struct harness *harness)
{
    struct redis_rounds_events events = {&test->instances[number], on_offer, on_deal};
    test->instances[number].test = test;
    test->instances[number].rounds =
        redis_rounds_open(harness->plan, harness->redis, harness->loop, INTERVAL_MS, &events);
}

static void leave(struct test *test, unsigned number, struct harness *harness)
{
    struct instance *instance = &test->instances[number];
    if (instance->rounds == NULL)
        return;
    redis_rounds_close(instance->rounds);
    AWAIT(harness, redis_rounds_is_quiet(instance->rounds));
    redis_rounds_free(instance->rounds);
    instance->rounds = NULL;
}

static int begin(void **state)
{
    struct test *test = test_calloc(1, sizeof *test);
    char url[64];
    test->server = redis_server_start("plain");
    harness_open(&test->harness, redis_server_url(test->server));
    snprintf(url, sizeof url, "redis://127.0.0.1:%s", redis_server_tell(test->server, "proxy_on"));
    harness_open(&test->other, url);
    *state = test;
    return 0;
}

static int end(void **state)
{
    struct test *test = *state;
    for (unsigned i = 0; i < INSTANCES; i++)
        leave(test, i, i == INSTANCES - 1 ? &test->other : &test->harness);
    harness_end(&test->harness);
    harness_end(&test->other);
    redis_server_stop(test->server);
    test_free(test);
    return 0;
}

/* Both loops turn. */
#define AWAIT_BOTH(test, condition) AWAIT(&(test)->harness, (loop_turn((test)->other.loop, 0), (condition)))

/* All of the first so many are in one deal, and know it. */
static bool all_in(const struct test *test, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (test->instances[i].count != count)
            return false;
    return true;
}

static void one_alone_is_dealt_what_it_said(void **state)
{
    struct test *test = *state;
    join(test, 0, &test->harness);
    AWAIT(&test->harness, test->instances[0].deals >= 3);
    assert_int_equal(test->instances[0].count, 1);
    assert_int_equal(test->instances[0].self, 0);
}

static void all_are_given_the_very_same(void **state)
{
    struct test *test = *state;
    for (unsigned i = 0; i < 3; i++)
        join(test, i, &test->harness);
    AWAIT(&test->harness, all_in(test, 3));
    unsigned compared = test->compared;
    AWAIT(&test->harness, test->compared > compared + 20);
    unsigned selves =
        1u << test->instances[0].self | 1u << test->instances[1].self | 1u << test->instances[2].self;
    assert_int_equal(selves, 7);
}

static void who_comes_later_and_who_leaves_are_reckoned_with(void **state)
{
    struct test *test = *state;
    join(test, 0, &test->harness);
    AWAIT(&test->harness, test->instances[0].deals > 10);
    join(test, 1, &test->harness);
    join(test, 2, &test->harness);
    AWAIT(&test->harness, all_in(test, 3));
    leave(test, 2, &test->harness);
    AWAIT(&test->harness, all_in(test, 2));
    leave(test, 1, &test->harness);
    AWAIT(&test->harness, all_in(test, 1));
}

static void one_that_is_cut_off_is_left_out_and_taken_in_again(void **state)
{
    struct test *test = *state;
    for (unsigned i = 0; i < 3; i++)
        join(test, i, &test->harness);
    join(test, 3, &test->other);
    AWAIT_BOTH(test, all_in(test, 4));
    redis_server_tell(test->server, "proxy_set silent True");
    AWAIT_BOTH(test, all_in(test, 3));
    redis_server_tell(test->server, "proxy_set silent False");
    AWAIT_BOTH(test, all_in(test, 4));
}

static void without_redis_there_are_no_rounds_and_then_again(void **state)
{
    struct test *test = *state;
    for (unsigned i = 0; i < 2; i++)
        join(test, i, &test->harness);
    AWAIT(&test->harness, all_in(test, 2));
    for (unsigned i = 0; i < 10; i++) { /* whatever it cuts off: an offer, a deal that nobody has heard yet */
        redis_server_tell(test->server, "restart");
        unsigned deals = test->instances[0].deals;
        AWAIT(&test->harness, test->instances[0].deals > deals + 3 && all_in(test, 2));
    }
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)
static const struct CMUnitTest tests[] = {
    TEST(one_alone_is_dealt_what_it_said),
    TEST(all_are_given_the_very_same),
    TEST(who_comes_later_and_who_leaves_are_reckoned_with),
    TEST(one_that_is_cut_off_is_left_out_and_taken_in_again),
    TEST(without_redis_there_are_no_rounds_and_then_again),
};

UNIT_TEST_MAIN(tests)
