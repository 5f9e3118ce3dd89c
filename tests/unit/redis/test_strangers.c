/* SPDX-License-Identifier: Apache-2.0 */
/* What answers where a Redis should: something else, or one that lost its mind. Each is left, said why, and tried again. */
#include "harness.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct stranger {
    struct harness harness;
    int listen_fd, fd;
};

#define HELLO "*4\r\n$5\r\nproto\r\n:2\r\n$4\r\nmode\r\n$10\r\nstandalone\r\n"

static int begin(void **state)
{
    struct stranger *stranger = test_calloc(1, sizeof *stranger);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof address;
    char url[64];
    stranger->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(stranger->listen_fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(stranger->listen_fd, 16), 0);
    assert_int_equal(getsockname(stranger->listen_fd, (struct sockaddr *)&address, &len), 0);
    snprintf(url, sizeof url, "redis://127.0.0.1:%u", ntohs(address.sin_port));
    harness_open(&stranger->harness, url);
    stranger->fd = -1;
    *state = stranger;
    return 0;
}

static int end(void **state)
{
    struct stranger *stranger = *state;
    harness_end(&stranger->harness);
    close(stranger->listen_fd);
    if (stranger->fd >= 0)
        close(stranger->fd);
    test_free(stranger);
    return 0;
}

/* Takes the next connection and says this. */
static void meet(struct stranger *stranger, const char *words)
{
    if (stranger->fd >= 0)
        close(stranger->fd);
    stranger->fd = -1;
    AWAIT(&stranger->harness, (stranger->fd = accept(stranger->listen_fd, NULL, NULL)) >= 0);
    assert_int_equal(send(stranger->fd, words, strlen(words), MSG_NOSIGNAL), strlen(words));
}

static void who_speaks_otherwise_is_left_and_tried_again(void **state)
{
    struct stranger *stranger = *state;
    static const struct {
        const char *words, *why;
    } cases[] = {
        {"HTTP/1.1 400 Bad Request\r\n\r\n", "Protocol error, got \"H\" as reply type byte"},
        {"-ERR unknown command 'HELLO'\r\n", "it refuses: ERR unknown command 'HELLO'"},
        {"$99999999999999999999\r\n", "Bad bulk string length"},
        {"*2147483647\r\n", "a reply is too large"},
        {HELLO "+OK\r\n", "a reply that nothing asked for"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        meet(stranger, cases[i].words);
        AWAIT(&stranger->harness, strcmp(redis_why(stranger->harness.redis), cases[i].why) == 0);
        assert_false(redis_is_up(stranger->harness.redis));
    }
    meet(stranger, HELLO);
    AWAIT(&stranger->harness, redis_is_up(stranger->harness.redis));
}

static void who_says_nothing_is_given_up_in_time(void **state)
{
    struct stranger *stranger = *state;
    stranger->harness.plan->limits.connect_ms = 100;
    meet(stranger, "");
    AWAIT(&stranger->harness,
          strcmp(redis_why(stranger->harness.redis), "it cannot be reached in time") == 0);
    meet(stranger, HELLO);
    AWAIT(&stranger->harness, redis_is_up(stranger->harness.redis));
}

static void garbage_in_the_midst_ends_each_command_once(void **state)
{
    struct stranger *stranger = *state;
    struct question questions[3];
    meet(stranger, HELLO);
    AWAIT(&stranger->harness, redis_is_up(stranger->harness.redis));
    for (int i = 0; i < 3; i++)
        assert_int_equal(harness_send(&stranger->harness, &questions[i], "PING", 5000), OK);
    assert_int_equal(send(stranger->fd, "+PONG\r\n\0garbage", 15, MSG_NOSIGNAL), 15);
    AWAIT(&stranger->harness, questions[0].ends + questions[1].ends + questions[2].ends == 3);
    assert_string_equal(questions[0].text, "+PONG");
    assert_string_equal(questions[1].text, "lost");
    assert_string_equal(questions[2].text, "lost");
}

static void who_reads_nothing_makes_no_more_wait_than_fits(void **state)
{
    struct stranger *stranger = *state;
    enum { MANY = 64, VALUE = 1 << 20 };
    struct question *questions = test_calloc(MANY, sizeof *questions);
    char *value = test_calloc(1, VALUE);
    unsigned taken = 0;
    meet(stranger, HELLO);
    AWAIT(&stranger->harness, redis_is_up(stranger->harness.redis));
    enum error error = OK;
    for (; taken < MANY && error == OK; taken += error == OK) {
        assert_int_equal(harness_send(&stranger->harness, &questions[taken], "PING", 100),
                         OK); /* sets on_end */
        redis_forget(&questions[taken].command);
        struct slice words[] = {SLICE("ECHO"), slice_of(value, VALUE)};
        error =
            redis_send(stranger->harness.redis, &questions[taken].command, (struct slice){0}, words, 2, 1000);
    }
    assert_int_equal(error, ERR_LIMIT);
    assert_in_range(taken, 10, 16);
    for (unsigned i = 0; i < taken; i++)
        AWAIT(&stranger->harness, questions[i].ends == 1);
    test_free(value);
    test_free(questions);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)
static const struct CMUnitTest tests[] = {
    TEST(who_speaks_otherwise_is_left_and_tried_again),
    TEST(who_says_nothing_is_given_up_in_time),
    TEST(garbage_in_the_midst_ends_each_command_once),
    TEST(who_reads_nothing_makes_no_more_wait_than_fits),
};

UNIT_TEST_MAIN(tests)
