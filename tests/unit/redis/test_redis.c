/* SPDX-License-Identifier: Apache-2.0 */
/* The client against real servers of Redis, well and ill: each command ends exactly once, nothing waits beyond its deadline, and
 * what was lost comes back by itself. */
#include "harness.h"

#include <stdio.h>

enum { MANY = 1000 };

struct test {
    struct redis_server *server;
    struct harness harness;
    struct question questions[MANY];
};

static int begin_kind(void **state, const char *kind)
{
    struct test *test = test_calloc(1, sizeof *test);
    test->server = redis_server_start(kind);
    harness_open(&test->harness, redis_server_url(test->server));
    *state = test;
    return 0;
}

static int begin(void **state)
{
    return begin_kind(state, "plain");
}

static int begin_password(void **state)
{
    return begin_kind(state, "password");
}

static int begin_tls(void **state)
{
    return begin_kind(state, "tls");
}

/* Through a proxy that may be told to be bad. */
static int begin_proxy(void **state)
{
    struct test *test = test_calloc(1, sizeof *test);
    char url[64];
    test->server = redis_server_start("plain");
    snprintf(url, sizeof url, "redis://127.0.0.1:%s", redis_server_tell(test->server, "proxy_on"));
    harness_open(&test->harness, url);
    *state = test;
    return 0;
}

static int end(void **state)
{
    struct test *test = *state;
    harness_end(&test->harness);
    redis_server_stop(test->server);
    test_free(test);
    return 0;
}

static void send_many(struct test *test, unsigned count, int64_t deadline_ms)
{
    char words[64];
    for (unsigned i = 0; i < count; i++) {
        snprintf(words, sizeof words, "ECHO %u", i);
        assert_int_equal(harness_send(&test->harness, &test->questions[i], words, deadline_ms), OK);
    }
}

static unsigned ended(const struct test *test, unsigned count)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < count; i++)
        sum += test->questions[i].ends;
    return sum;
}

static void assert_answered(const struct test *test, unsigned count)
{
    char expected[32];
    for (unsigned i = 0; i < count; i++) {
        snprintf(expected, sizeof expected, "$%u", i);
        assert_string_equal(test->questions[i].text, expected);
        assert_int_equal(test->questions[i].ends, 1);
    }
}

static void every_kind_of_reply_comes_home(void **state)
{
    struct test *test = *state;
    struct question question;
    assert_string_equal(harness_ask(&test->harness, &question, "SET leat:a 1"), "+OK");
    assert_string_equal(harness_ask(&test->harness, &question, "GET leat:a"), "$1");
    assert_string_equal(harness_ask(&test->harness, &question, "GET leat:b"), "(nil)");
    assert_string_equal(harness_ask(&test->harness, &question, "INCR leat:a"), ":2");
    assert_string_equal(harness_ask(&test->harness, &question, "MGET leat:a leat:b"), "*2");
    assert_string_equal(harness_ask(&test->harness, &question, "NOSUCH leat:a"),
                        "-ERR unknown command 'NOSUCH', with args beginning with: 'leat:a' ");
}

static void commands_of_a_turn_go_out_together_and_are_answered_in_order(void **state)
{
    struct test *test = *state;
    AWAIT(&test->harness, redis_is_up(test->harness.redis));
    send_many(test, MANY, 5000);
    AWAIT(&test->harness, ended(test, MANY) == MANY);
    assert_answered(test, MANY);
}

static void large_values_go_there_and_back(void **state)
{
    struct test *test = *state;
    struct question question = {0};
    size_t len = 5 << 20;
    char *value = test_malloc(len);
    memset(value, 'x', len);
    AWAIT(&test->harness, redis_is_up(test->harness.redis));
    struct slice words[] = {SLICE("SET"), SLICE("leat:large"), slice_of(value, len)};
    assert_int_equal(harness_send(&test->harness, &question, "PING", 5000), OK); /* sets on_end */
    AWAIT(&test->harness, question.ends == 1);
    assert_int_equal(redis_send(test->harness.redis, &question.command, words[1], words, 3, 5000), OK);
    AWAIT(&test->harness, question.ends == 2);
    assert_string_equal(question.text, "+OK");
    assert_string_equal(harness_ask(&test->harness, &question, "STRLEN leat:large"), ":5242880");
    assert_int_equal(strlen(harness_ask(&test->harness, &question, "GET leat:large")), 251);
    test_free(value);
}

static void before_it_is_up_nothing_is_taken(void **state)
{
    struct test *test = *state;
    assert_false(redis_is_up(test->harness.redis));
    assert_int_equal(harness_send(&test->harness, &test->questions[0], "PING", 1000), ERR_ABSENT);
    assert_int_equal(redis_lag_us(test->harness.redis, SLICE("a")), INT64_MAX);
    AWAIT(&test->harness, redis_is_up(test->harness.redis));
}

static void a_server_that_dies_ends_each_command_once_and_comes_back(void **state)
{
    struct test *test = *state;
    struct question question;
    AWAIT(&test->harness, redis_is_up(test->harness.redis));
    redis_server_tell(test->server, "pause");
    send_many(test, MANY, 5000);
    loop_turn(test->harness.loop, 0);
    redis_server_tell(test->server, "kill");
    AWAIT(&test->harness, ended(test, MANY) == MANY);
    for (unsigned i = 0; i < MANY; i++) {
        assert_string_equal(test->questions[i].text, "lost");
        assert_int_equal(test->questions[i].ends, 1);
    }
    assert_int_equal(harness_send(&test->harness, &question, "PING", 1000), ERR_ABSENT);
    redis_server_tell(test->server, "start");
    assert_string_equal(harness_ask(&test->harness, &question, "PING"), "+PONG");
}

static void a_frozen_server_is_noticed_by_deadline_and_by_silence(void **state)
{
    struct test *test = *state;
    struct question question;
    AWAIT(&test->harness, redis_is_up(test->harness.redis));
    redis_server_tell(test->server, "pause");
    send_many(test, 10, 50);
    struct mono begun = clock_mono();
    AWAIT(&test->harness, ended(test, 10) == 10);
    for (unsigned i = 0; i < 10; i++)
        assert_string_equal(test->questions[i].text, "late");
    assert_true(mono_diff_us(clock_mono(), begun) >= 50000);
    assert_true(redis_lag_us(test->harness.redis, SLICE("a")) >= 40000);
    AWAIT(&test->harness, !redis_is_up(test->harness.redis));
    assert_string_equal(redis_why(test->harness.redis), "it is silent");
    redis_server_tell(test->server, "resume");
    assert_string_equal(harness_ask(&test->harness, &question, "PING"), "+PONG");
}

static void an_idle_connection_to_a_frozen_server_is_lost_too(void **state)
{
    struct test *test = *state;
    AWAIT(&test->harness, redis_is_up(test->harness.redis));
    redis_server_tell(test->server, "pause");
    AWAIT(&test->harness, !redis_is_up(test->harness.redis));
    redis_server_tell(test->server, "resume");
    AWAIT(&test->harness, redis_is_up(test->harness.redis));
}

static void a_late_reply_is_dropped_and_those_behind_it_keep_their_order(void **state)
{
    struct test *test = *state;
    struct question late;
    AWAIT(&test->harness, redis_is_up(test->harness.redis));
    redis_server_tell(test->server, "proxy_set delay 0.2");
    assert_int_equal(harness_send(&test->harness, &late, "ECHO late", 30), OK);
    AWAIT(&test->harness, late.ends == 1);
    assert_string_equal(late.text, "late");
    send_many(test, 50, 10000);
    AWAIT(&test->harness, ended(test, 50) == 50);
    assert_answered(test, 50);
    assert_int_equal(late.ends, 1);
    assert_true(redis_lag_us(test->harness.redis, SLICE("a")) >= 100000);
    redis_server_tell(test->server, "proxy_set delay 0");
    AWAIT(&test->harness,
          redis_lag_us(test->harness.redis, SLICE("a")) < 100000); /* seen without being asked */
}

static void what_nobody_waits_for_any_more_is_forgotten(void **state)
{
    struct test *test = *state;
    AWAIT(&test->harness, redis_is_up(test->harness.redis));
    send_many(test, 20, 5000);
    for (unsigned i = 0; i < 20; i += 2)
        redis_forget(&test->questions[i].command);
    AWAIT(&test->harness, ended(test, 20) == 10);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(test->questions[i].ends, i % 2);
}

static void bytes_that_come_one_by_one_are_put_together(void **state)
{
    struct test *test = *state;
    redis_server_tell(test->server, "proxy_set piece 1");
    AWAIT(&test->harness, redis_is_up(test->harness.redis));
    send_many(test, 50, 10000);
    AWAIT(&test->harness, ended(test, 50) == 50);
    assert_answered(test, 50);
}

static void a_connection_cut_anywhere_is_made_anew(void **state)
{
    struct test *test = *state;
    for (unsigned cut = 1; cut < 230; cut += 17) {
        struct question question;
        redis_server_tell(test->server, "proxy_set cut_after %u", cut);
        redis_server_tell(test->server, "proxy_cut");
        for (int i = 0; i < 20; i++)
            loop_turn(test->harness.loop, 5);
        redis_server_tell(test->server, "proxy_set cut_after None");
        redis_server_tell(test->server, "proxy_cut");
        AWAIT(&test->harness, redis_is_up(test->harness.redis) &&
                                  harness_send(&test->harness, &question, "ECHO x", 2000) == OK);
        AWAIT(&test->harness, question.ends == 1); /* in the end there is one that stands */
        if (strcmp(question.text, "$x") != 0)
            assert_string_equal(harness_ask(&test->harness, &question, "ECHO x"), "$x");
    }
}

static void a_reply_too_large_ends_the_connection_not_the_client(void **state)
{
    struct test *test = *state;
    struct question question;
    test->harness.plan->limits.reply_bytes = 4096;
    redis_server_tell(test->server, "cli SETRANGE large 100000 x");
    AWAIT(&test->harness, redis_is_up(test->harness.redis));
    assert_string_equal(harness_ask(&test->harness, &question, "GET large"), "lost");
    assert_string_equal(redis_why(test->harness.redis), "a reply is too large");
    assert_string_equal(harness_ask(&test->harness, &question, "ECHO small"), "$small");
}

static void what_is_on_its_way_is_bounded(void **state)
{
    struct test *test = *state;
    struct question more;
    test->harness.plan->limits.commands = 10;
    AWAIT(&test->harness, redis_is_up(test->harness.redis));
    send_many(test, 10, 5000);
    assert_int_equal(harness_send(&test->harness, &more, "PING", 1000), ERR_LIMIT);
    AWAIT(&test->harness, ended(test, 10) == 10);
    assert_string_equal(harness_ask(&test->harness, &more, "PING"), "+PONG");
    test->harness.plan->limits.out_bytes = 100;
    assert_int_equal(harness_send(&test->harness, &more, "ECHO 0123456789012345678901234567890123456789",
                                  1000),
                     OK);
    assert_int_equal(
        harness_send(&test->harness, &test->questions[0],
                     "ECHO 0123456789012345678901234567890123456789012345678901234567890123456789", 1000),
        ERR_LIMIT);
    AWAIT(&test->harness, more.ends == 1);
    assert_string_equal(more.text, "$0123456789012345678901234567890123456789");
}

static void a_wrong_password_is_told(void **state)
{
    struct test *test = *state;
    struct harness other;
    char url[128];
    const char *port = strrchr(redis_server_url(test->server), ':');
    snprintf(url, sizeof url, "redis://leat:wrong@127.0.0.1%s", port);
    harness_open(&other, url);
    AWAIT(&other, strstr(redis_why(other.redis), "WRONGPASS") != NULL);
    assert_false(redis_is_up(other.redis));
    harness_end(&other);
    snprintf(url, sizeof url, "redis://127.0.0.1%s", port);
    harness_open(&other, url);
    AWAIT(&other, strstr(redis_why(other.redis), "NOAUTH") != NULL);
    harness_end(&other);
}

static void what_the_acl_forbids_is_an_error_of_that_command_alone(void **state)
{
    struct test *test = *state;
    struct question question;
    assert_true(strncmp(harness_ask(&test->harness, &question, "GET other:a"), "-NOPERM", 7) == 0);
    assert_string_equal(harness_ask(&test->harness, &question, "GET leat:a"), "(nil)");
}

static void a_certificate_of_nobody_known_is_refused(void **state)
{
    struct test *test = *state;
    struct harness other;
    char url[512];
    snprintf(url, sizeof url, "%s", redis_server_url(test->server));
    *strchr(url, '?') = '\0';
    harness_open(&other, url);
    AWAIT(&other, strstr(redis_why(other.redis), "not trusted") != NULL);
    assert_false(redis_is_up(other.redis));
    harness_end(&other);
}

static void a_database_and_a_host_name_are_heeded(void **state)
{
    struct test *test = *state;
    struct harness other;
    struct question question;
    char url[128];
    snprintf(url, sizeof url, "redis://localhost%s/3", strrchr(redis_server_url(test->server), ':'));
    harness_open(&other, url);
    assert_string_equal(harness_ask(&other, &question, "SET a 1"), "+OK");
    assert_string_equal(harness_ask(&test->harness, &question, "GET a"), "(nil)");
    harness_end(&other);
    harness_open(&other, "redis://no-such-host.invalid");
    AWAIT(&other, strstr(redis_why(other.redis), "cannot be resolved") != NULL);
    harness_end(&other);
    harness_open(&other, "redis://no-such-host.invalid"); /* left while it is looked up */
    loop_turn(other.loop, 0);
    harness_end(&other);
}

static void closing_ends_what_is_on_its_way(void **state)
{
    struct test *test = *state;
    AWAIT(&test->harness, redis_is_up(test->harness.redis));
    send_many(test, 10, 5000);
    redis_close(test->harness.redis);
    assert_int_equal(ended(test, 10), 10);
    assert_int_equal(harness_send(&test->harness, &test->questions[0], "PING", 1000), ERR_ABSENT);
}

#define TEST(test, how) cmocka_unit_test_setup_teardown(test, how, end)
static const struct CMUnitTest tests[] = {
    TEST(every_kind_of_reply_comes_home, begin),
    TEST(every_kind_of_reply_comes_home, begin_password),
    TEST(every_kind_of_reply_comes_home, begin_tls),
    TEST(commands_of_a_turn_go_out_together_and_are_answered_in_order, begin),
    TEST(commands_of_a_turn_go_out_together_and_are_answered_in_order, begin_tls),
    TEST(large_values_go_there_and_back, begin),
    TEST(large_values_go_there_and_back, begin_tls),
    TEST(before_it_is_up_nothing_is_taken, begin),
    TEST(a_server_that_dies_ends_each_command_once_and_comes_back, begin),
    TEST(a_server_that_dies_ends_each_command_once_and_comes_back, begin_tls),
    TEST(a_frozen_server_is_noticed_by_deadline_and_by_silence, begin),
    TEST(an_idle_connection_to_a_frozen_server_is_lost_too, begin),
    TEST(a_late_reply_is_dropped_and_those_behind_it_keep_their_order, begin_proxy),
    TEST(what_nobody_waits_for_any_more_is_forgotten, begin),
    TEST(bytes_that_come_one_by_one_are_put_together, begin_proxy),
    TEST(a_connection_cut_anywhere_is_made_anew, begin_proxy),
    TEST(a_reply_too_large_ends_the_connection_not_the_client, begin),
    TEST(what_is_on_its_way_is_bounded, begin),
    TEST(a_wrong_password_is_told, begin_password),
    TEST(what_the_acl_forbids_is_an_error_of_that_command_alone, begin_password),
    TEST(a_certificate_of_nobody_known_is_refused, begin_tls),
    TEST(a_database_and_a_host_name_are_heeded, begin),
    TEST(closing_ends_what_is_on_its_way, begin),
};

UNIT_TEST_MAIN(tests)
