/* SPDX-License-Identifier: Apache-2.0 */
/* Subscribers: they hear what is published while they are up, and say when they are not. */
#include "harness.h"

#include <stdio.h>

#include "redis/subscriber.h"

struct test {
    struct redis_server *server;
    struct harness harness;
    struct redis_subscriber subscriber;
    unsigned ups, downs, messages;
    char last[64];
};

static struct test *of(struct redis_subscriber *subscriber)
{
    return container_of(subscriber, struct test, subscriber);
}

static void on_up(struct redis_subscriber *subscriber)
{
    of(subscriber)->ups++;
}

static void on_down(struct redis_subscriber *subscriber)
{
    of(subscriber)->downs++;
}

static void on_message(struct redis_subscriber *subscriber, struct slice message)
{
    struct test *test = of(subscriber);
    test->messages++;
    snprintf(test->last, sizeof test->last, SLICE_FMT, SLICE_ARG(message));
}

static int begin_kind(void **state, const char *kind, bool by_proxy)
{
    struct test *test = test_calloc(1, sizeof *test);
    char url[64];
    test->server = redis_server_start(kind);
    if (by_proxy)
        snprintf(url, sizeof url, "redis://127.0.0.1:%s", redis_server_tell(test->server, "proxy_on"));
    harness_begin(&test->harness, by_proxy ? url : redis_server_url(test->server));
    test->subscriber = (struct redis_subscriber){.channel = SLICE("leat:news"),
                                                 .on_up = on_up,
                                                 .on_down = on_down,
                                                 .on_message = on_message};
    redis_subscriber_open(&test->subscriber, test->harness.plan, test->harness.loop);
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

static int begin_tls(void **state)
{
    return begin_kind(state, "tls", false);
}

static int begin_cluster(void **state)
{
    return begin_kind(state, "cluster", false);
}

static int begin_proxy(void **state)
{
    return begin_kind(state, "plain", true);
}

static int end(void **state)
{
    struct test *test = *state;
    redis_subscriber_close(&test->subscriber);
    AWAIT(&test->harness, redis_subscriber_is_quiet(&test->subscriber));
    redis_subscriber_done(&test->subscriber);
    harness_end(&test->harness);
    redis_server_stop(test->server);
    test_free(test);
    return 0;
}

static void publish(struct test *test, const char *message)
{
    redis_server_tell(test->server, "cli PUBLISH leat:news %s", message);
}

static void what_is_published_is_heard(void **state)
{
    struct test *test = *state;
    AWAIT(&test->harness, test->ups == 1);
    publish(test, "one");
    publish(test, "two");
    AWAIT(&test->harness, test->messages == 2);
    assert_string_equal(test->last, "two");
    redis_server_tell(test->server, "cli PUBLISH leat:other x");
    publish(test, "three");
    AWAIT(&test->harness, test->messages == 3);
    assert_string_equal(test->last, "three");
    assert_int_equal(test->downs, 0);
}

static void an_idle_subscriber_stays_up(void **state)
{
    struct test *test = *state;
    AWAIT(&test->harness, test->ups == 1);
    uint64_t connection = test->subscriber.link.connection;
    struct mono begun = clock_mono();
    AWAIT(&test->harness, mono_diff_us(clock_mono(), begun) > 2500000); /* some PINGs long */
    assert_int_equal(test->subscriber.link.connection, connection);
    publish(test, "one");
    AWAIT(&test->harness, test->messages == 1);
}

static void a_restart_is_told_and_then_it_hears_again(void **state)
{
    struct test *test = *state;
    AWAIT(&test->harness, test->ups == 1);
    redis_server_tell(test->server, "kill");
    AWAIT(&test->harness, test->downs == 1);
    redis_server_tell(test->server, "start");
    AWAIT(&test->harness, test->ups == 2);
    publish(test, "one");
    AWAIT(&test->harness, test->messages == 1);
}

static void a_frozen_server_is_told(void **state)
{
    struct test *test = *state;
    AWAIT(&test->harness, test->ups == 1);
    redis_server_tell(test->server, "pause");
    AWAIT(&test->harness, test->downs == 1);
    redis_server_tell(test->server, "resume");
    AWAIT(&test->harness, test->ups == 2);
}

static void a_network_that_swallows_is_told(void **state)
{
    struct test *test = *state;
    AWAIT(&test->harness, test->ups == 1);
    redis_server_tell(test->server, "proxy_set silent True");
    AWAIT(&test->harness, test->downs == 1);
    redis_server_tell(test->server, "proxy_set silent False");
    AWAIT(&test->harness, test->ups == 2);
}

static void another_node_takes_over_from_a_lost_one(void **state)
{
    struct test *test = *state;
    AWAIT(&test->harness, test->ups == 1);
    redis_server_tell(test->server, "kill 0");
    AWAIT(&test->harness, test->downs == 1 && test->ups == 2);
    redis_server_tell(test->server, "cli_at 2 PUBLISH leat:news one");
    AWAIT(&test->harness, test->messages == 1);
}

#define TEST(test, how) cmocka_unit_test_setup_teardown(test, how, end)
static const struct CMUnitTest tests[] = {
    TEST(what_is_published_is_heard, begin),
    TEST(what_is_published_is_heard, begin_password),
    TEST(what_is_published_is_heard, begin_tls),
    TEST(what_is_published_is_heard, begin_cluster),
    TEST(an_idle_subscriber_stays_up, begin),
    TEST(a_restart_is_told_and_then_it_hears_again, begin),
    TEST(a_frozen_server_is_told, begin),
    TEST(a_network_that_swallows_is_told, begin_proxy),
    TEST(another_node_takes_over_from_a_lost_one, begin_cluster),
};

UNIT_TEST_MAIN(tests)
