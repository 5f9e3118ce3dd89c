/* SPDX-License-Identifier: Apache-2.0 */
/* Clients that leave: before, while and after they are answered; by half or altogether. */
#include "harness.h"

#include <unistd.h>

#define HELLO "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"
#define PARK "GET /park HTTP/1.1\r\nHost: x\r\n\r\n"

static struct buf buf_new(void)
{
    struct buf buf;
    buf_init(&buf, 256 * 1024 * 1024);
    return buf;
}

static void reset(int fd)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close(fd);
}

static void one_who_closes_while_its_request_is_worked_on_is_gone(void **state)
{
    struct harness *harness = *state;
    int fd = client_open(harness);
    client_say_lit(harness, fd, PARK);
    TURN_UNTIL(harness, harness->parked_count == 1);
    close(fd);
    TURN_UNTIL(harness, harness->gone == 1);
    assert_int_equal(net_count(harness->net), 0);
    assert_null(harness->parked[0]);
}

static void one_who_resets_while_its_request_is_worked_on_is_gone(void **state)
{
    struct harness *harness = *state;
    int fd = client_open(harness);
    client_say_lit(harness, fd, PARK);
    TURN_UNTIL(harness, harness->parked_count == 1);
    reset(fd);
    TURN_UNTIL(harness, harness->gone == 1);
    assert_int_equal(net_count(harness->net), 0);
}

static void one_who_resets_while_idle_is_forgotten(void **state)
{
    struct harness *harness = *state;
    int fd = client_open(harness);
    TURN_UNTIL(harness, net_count(harness->net) == 1);
    reset(fd);
    TURN_UNTIL(harness, net_count(harness->net) == 0);
    assert_int_equal(harness->gone + harness->faults + harness->requests, 0);
}

static void one_who_leaves_in_mid_head_is_forgotten(void **state)
{
    struct harness *harness = *state;
    int fd = client_open(harness);
    client_say_lit(harness, fd, "GET /hello HT");
    harness_settle(harness);
    close(fd);
    TURN_UNTIL(harness, net_count(harness->net) == 0);
    assert_int_equal(harness->gone + harness->faults + harness->requests, 0);
}

static void one_who_resets_in_mid_answer_frees_what_was_held_for_it(void **state)
{
    struct harness *harness = *state;
    int fd = client_open_small(harness, 4096);
    client_say_lit(harness, fd, "GET /big/9000000 HTTP/1.1\r\nHost: x\r\n\r\n");
    TURN_UNTIL(harness, harness->requests == 1);
    harness_settle(harness);
    assert_true(net_held_bytes(harness->net) > 0);
    reset(fd);
    TURN_UNTIL(harness, net_count(harness->net) == 0);
    assert_int_equal(net_held_bytes(harness->net), 0);
}

static void one_who_leaves_a_streamed_answer_is_gone(void **state)
{
    struct harness *harness = *state;
    struct buf heard = buf_new();
    int fd = client_open_small(harness, 4096);
    client_say_lit(harness, fd, "GET /stream/1000 HTTP/1.1\r\nHost: x\r\n\r\n");
    client_hear_bytes(harness, fd, &heard, 1000000);
    close(fd);
    TURN_UNTIL(harness, harness->gone == 1);
    assert_int_equal(net_count(harness->net), 0);
    buf_done(&heard);
}

static void requests_sent_before_the_client_shut_its_side_are_answered(void **state)
{
    struct harness *harness = *state;
    struct buf heard = buf_new();
    int fd = client_open(harness);
    client_say_lit(harness, fd, HELLO HELLO "GET /absent HTTP/1.1\r\nHost: x\r\n\r\n");
    shutdown(fd, SHUT_WR); /* before the server has turned */
    assert_true(client_hear_end(harness, fd, &heard));
    assert_int_equal(answers_in(buf_slice(&heard)), 3);
    assert_int_equal(harness->gone, 0);
    close(fd);
    buf_done(&heard);
}

static void a_parked_request_of_a_client_that_had_shut_its_side_before_is_answered(void **state)
{
    struct harness *harness = *state;
    struct buf heard = buf_new();
    int fd = client_open(harness);
    client_say_lit(harness, fd, PARK HELLO);
    shutdown(fd, SHUT_WR);
    TURN_UNTIL(harness, harness->parked_count == 1);
    harness_settle(harness);
    assert_int_equal(harness->gone, 0);
    harness_answer(harness, 0, SLICE("late"));
    assert_true(client_hear_end(harness, fd, &heard));
    assert_int_equal(answers_in(buf_slice(&heard)), 2);
    close(fd);
    buf_done(&heard);
}

static void a_large_answer_to_a_client_that_has_shut_its_side_arrives_whole(void **state)
{
    struct harness *harness = *state;
    struct buf heard = buf_new();
    int fd = client_open_small(harness, 4096);
    client_say_lit(harness, fd, "GET /big/3000000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    shutdown(fd, SHUT_WR);
    assert_true(client_hear_end(harness, fd, &heard));
    assert_int_equal(answers_in(buf_slice(&heard)), 1);
    close(fd);
    buf_done(&heard);
}

static void a_body_sent_before_the_client_shut_its_side_arrives(void **state)
{
    struct harness *harness = *state;
    struct buf heard = buf_new();
    int fd = client_open(harness);
    client_say_lit(harness, fd, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
    TURN_UNTIL(harness, harness->pieces == 1);
    client_say_lit(harness, fd, "def");
    shutdown(fd, SHUT_WR);
    assert_true(client_hear_end(harness, fd, &heard));
    assert_true(slice_ends(buf_slice(&heard), SLICE("\r\n\r\nabcdef")));
    close(fd);
    buf_done(&heard);
}

static void connections_that_end_with_the_net_are_told_as_gone(void **state)
{
    (void)state;
    struct harness *harness = harness_new(&harness_limits);
    int busy = client_open(harness), idle = client_open(harness), reading = client_open(harness);
    client_say_lit(harness, busy, PARK);
    client_say_lit(harness, reading, "GET /hel");
    TURN_UNTIL(harness, harness->parked_count == 1 && net_count(harness->net) == 3);
    harness_settle(harness);
    net_free(harness->net);
    assert_int_equal(harness->gone, 1);
    assert_int_equal(gate_count(harness->gate), 0);
    gate_free(harness->gate);
    loop_turn(harness->loop, 0);
    harness->gate = gate_new(1, 1);
    harness->net = NULL;
    harness_free(harness);
    close(busy);
    close(idle);
    close(reading);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, harness_begin, harness_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(one_who_closes_while_its_request_is_worked_on_is_gone),
        TEST(one_who_resets_while_its_request_is_worked_on_is_gone),
        TEST(one_who_resets_while_idle_is_forgotten),
        TEST(one_who_leaves_in_mid_head_is_forgotten),
        TEST(one_who_resets_in_mid_answer_frees_what_was_held_for_it),
        TEST(one_who_leaves_a_streamed_answer_is_gone),
        TEST(requests_sent_before_the_client_shut_its_side_are_answered),
        TEST(a_parked_request_of_a_client_that_had_shut_its_side_before_is_answered),
        TEST(a_large_answer_to_a_client_that_has_shut_its_side_arrives_whole),
        TEST(a_body_sent_before_the_client_shut_its_side_arrives),
        cmocka_unit_test(connections_that_end_with_the_net_are_told_as_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
