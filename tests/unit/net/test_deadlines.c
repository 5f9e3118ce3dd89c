/* SPDX-License-Identifier: Apache-2.0 */
/* What is too slow: heads, bodies, readers, idlers. The limits here are tens of milliseconds; nothing is asserted about
 * how long anything takes. */
#include "harness.h"

#include <unistd.h>

#define HELLO "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"

static struct buf buf_new(void)
{
    struct buf buf;
    buf_init(&buf, 256 * 1024 * 1024);
    return buf;
}

static struct harness *harness_with(void (*adjust)(struct net_limits *limits))
{
    struct net_limits limits = harness_limits;
    adjust(&limits);
    return harness_new(&limits);
}

static void end(struct harness *harness, int fd, struct buf *heard)
{
    close(fd);
    buf_done(heard);
    harness_free(harness);
}

static void head_short(struct net_limits *limits)
{
    limits->head_timeout_ms = 30;
}

static void a_head_that_does_not_end_is_408(void **state)
{
    (void)state;
    struct harness *harness = harness_with(head_short);
    struct buf heard = buf_new();
    int fd = client_open(harness);
    client_say_lit(harness, fd, "GET /hello HTTP/1.1\r\nHos");
    assert_true(client_hear_end(harness, fd, &heard));
    assert_true(slice_starts(buf_slice(&heard), SLICE("HTTP/1.1 408 ")));
    assert_int_equal(harness->faults, 1);
    end(harness, fd, &heard);
}

static void a_head_that_trickles_is_408_all_the_same(void **state)
{
    (void)state;
    struct harness *harness = harness_with(head_short);
    struct buf heard = buf_new();
    int fd = client_open(harness);
    while (harness->faults == 0) {
        client_say_lit(harness, fd, "X");
        loop_turn(harness->loop, 5);
        assert_true(heard.len < 10000);
    }
    assert_true(client_hear_end(harness, fd, &heard));
    assert_int_equal(harness->fault_status, 408);
    end(harness, fd, &heard);
}

static void the_heads_deadline_holds_for_the_second_request_too(void **state)
{
    (void)state;
    struct harness *harness = harness_with(head_short);
    struct buf heard = buf_new();
    int fd = client_open(harness);
    client_say_lit(harness, fd, HELLO HELLO "GET /hel");
    assert_true(client_hear_end(harness, fd, &heard));
    assert_int_equal(answers_in(buf_slice(&heard)), 3);
    assert_int_equal(harness->fault_status, 408);
    end(harness, fd, &heard);
}

static void idle_short(struct net_limits *limits)
{
    limits->idle_timeout_ms = 30;
}

static void an_idle_connection_is_closed_without_a_word(void **state)
{
    (void)state;
    struct harness *harness = harness_with(idle_short);
    struct buf heard = buf_new();
    int fd = client_open(harness);
    client_say_lit(harness, fd, HELLO);
    assert_true(client_hear_end(harness, fd, &heard));
    assert_int_equal(answers_in(buf_slice(&heard)), 1);
    assert_int_equal(harness->faults, 0);
    end(harness, fd, &heard);
}

static void one_who_never_says_anything_is_closed(void **state)
{
    (void)state;
    struct harness *harness = harness_with(idle_short);
    struct buf heard = buf_new();
    int fd = client_open(harness);
    assert_true(client_hear_end(harness, fd, &heard));
    assert_int_equal(heard.len, 0);
    end(harness, fd, &heard);
}

static void a_request_that_is_worked_on_has_no_deadline_of_ours(void **state)
{
    (void)state;
    struct harness *harness = harness_with(idle_short);
    struct buf heard = buf_new();
    int fd = client_open(harness), idler = client_open(harness);
    client_say_lit(harness, fd, "GET /park HTTP/1.1\r\nHost: x\r\n\r\n");
    TURN_UNTIL(harness, harness->parked_count == 1);
    assert_true(client_hear_end(harness, idler, &heard)); /* so the idle time has passed */
    assert_int_equal(net_count(harness->net), 1);
    harness_answer(harness, 0, SLICE("late"));
    client_hear_answers(harness, fd, &heard, 1);
    assert_true(client_hear_end(harness, fd, &heard)); /* and holds again after the answer */
    close(idler);
    end(harness, fd, &heard);
}

static void body_slow(struct net_limits *limits)
{
    limits->body_rate_min = 1000000000; /* more than single bytes can come to */
    limits->rate_window_ms = 40;
}

static void a_body_that_comes_too_slowly_is_408(void **state)
{
    (void)state;
    struct harness *harness = harness_with(body_slow);
    struct buf heard = buf_new();
    int fd = client_open(harness);
    client_say_lit(harness, fd, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc");
    while (harness->faults == 0) {
        client_say_lit(harness, fd, "x");
        loop_turn(harness->loop, 5);
    }
    assert_true(client_hear_end(harness, fd, &heard));
    assert_true(slice_starts(buf_slice(&heard), SLICE("HTTP/1.1 408 ")));
    assert_int_equal(harness->gone, 0);
    end(harness, fd, &heard);
}

static void body_easy(struct net_limits *limits)
{
    limits->body_rate_min = 50; /* a byte a window; the client sends one before each turn */
    limits->rate_window_ms = 20;
}

static void a_body_that_comes_fast_enough_survives_many_windows(void **state)
{
    (void)state;
    struct harness *harness = harness_with(body_easy);
    struct buf heard = buf_new();
    int fd = client_open(harness);
    client_say_lit(harness, fd, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n");
    for (unsigned i = 0; i < 60; i++) {
        client_say_lit(harness, fd, "x");
        loop_turn(harness->loop, 5);
    }
    client_hear_answers(harness, fd, &heard, 1);
    assert_int_equal(harness->faults, 0);
    end(harness, fd, &heard);
}

static void hold_body(struct harness *harness, struct conn *conn, const struct http_head *head)
{
    (void)head;
    harness->parked[harness->parked_count++] = conn;
    conn_body_read(conn);
    conn_body_pause(conn);
}

static void a_body_its_consumer_holds_back_is_not_too_slow(void **state)
{
    (void)state;
    struct harness *harness = harness_with(body_slow);
    harness->on_request = hold_body;
    struct buf heard = buf_new();
    int fd = client_open(harness);
    client_say_lit(harness, fd, "POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n");
    TURN_UNTIL(harness, harness->parked_count == 1);
    for (unsigned i = 0; i < 20; i++)
        loop_turn(harness->loop, 10);
    assert_int_equal(harness->faults, 0);
    conn_body_resume(harness->parked[0]);
    client_say_lit(harness, fd, "abc");
    client_hear_answers(harness, fd, &heard, 1);
    end(harness, fd, &heard);
}

static void reader_slow(struct net_limits *limits)
{
    limits->read_rate_min = 1000000;
    limits->rate_window_ms = 40;
}

static void a_reader_that_takes_nothing_is_cut(void **state)
{
    (void)state;
    struct harness *harness = harness_with(reader_slow);
    struct buf heard = buf_new();
    int fd = client_open_small(harness, 4096);
    client_say_lit(harness, fd, "GET /big/20000000 HTTP/1.1\r\nHost: x\r\n\r\n");
    TURN_UNTIL(harness, harness->requests == 1);
    TURN_UNTIL(harness, net_count(harness->net) == 0);
    assert_int_equal(net_held_bytes(harness->net), 0);
    assert_int_equal(harness->gone, 0); /* the request was done */
    end(harness, fd, &heard);
}

static void a_reader_that_takes_nothing_of_a_streamed_answer_is_told_as_gone(void **state)
{
    (void)state;
    struct harness *harness = harness_with(reader_slow);
    struct buf heard = buf_new();
    int fd = client_open_small(harness, 4096);
    client_say_lit(harness, fd, "GET /stream/1000 HTTP/1.1\r\nHost: x\r\n\r\n");
    TURN_UNTIL(harness, harness->gone == 1);
    assert_true(harness->sents < 1000);
    assert_int_equal(net_count(harness->net), 0);
    end(harness, fd, &heard);
}

static void reader_easy(struct net_limits *limits)
{
    limits->read_rate_min = 100;
    limits->rate_window_ms = 20;
}

static void a_reader_that_is_slow_but_reads_gets_it_all(void **state)
{
    (void)state;
    struct harness *harness = harness_with(reader_easy);
    struct buf heard = buf_new();
    int fd = client_open_small(harness, 4096);
    client_say_lit(harness, fd, "GET /big/8000000 HTTP/1.1\r\nHost: x\r\n\r\n");
    TURN_UNTIL(harness, harness->requests == 1);
    for (unsigned i = 0; i < 200; i++) { /* a little before each turn */
        char piece[65536];
        ssize_t got = recv(fd, piece, sizeof piece, 0);
        if (got > 0)
            buf_append(&heard, piece, (size_t)got);
        loop_turn(harness->loop, 1);
    }
    assert_true(heard.len < 8000000);
    client_hear_answers(harness, fd, &heard, 1);
    assert_int_equal(harness->gone, 0);
    end(harness, fd, &heard);
}

static void many_slow_readers_hold_what_they_asked_for_and_no_more(void **state)
{
    (void)state;
    enum { READERS = 50, ANSWER_BYTES = 5000000 };
    struct harness *harness = harness_new(&harness_limits);
    int fds[READERS];
    for (unsigned i = 0; i < READERS; i++) {
        fds[i] = client_open_small(harness, 4096);
        for (unsigned n = 0; n < 20; n++) /* they ask for more than they read */
            client_say_lit(harness, fds[i], "GET /big/5000000 HTTP/1.1\r\nHost: x\r\n\r\n");
    }
    TURN_UNTIL(harness, harness->requests == READERS);
    harness_settle(harness);
    assert_int_equal(harness->requests, READERS);
    assert_true(net_held_bytes(harness->net) <= (uint64_t)READERS * ANSWER_BYTES);
    for (unsigned i = 0; i < READERS; i++)
        close(fds[i]);
    TURN_UNTIL(harness, net_count(harness->net) == 0);
    assert_int_equal(net_held_bytes(harness->net), 0);
    harness_free(harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_that_does_not_end_is_408),
        cmocka_unit_test(a_head_that_trickles_is_408_all_the_same),
        cmocka_unit_test(the_heads_deadline_holds_for_the_second_request_too),
        cmocka_unit_test(an_idle_connection_is_closed_without_a_word),
        cmocka_unit_test(one_who_never_says_anything_is_closed),
        cmocka_unit_test(a_request_that_is_worked_on_has_no_deadline_of_ours),
        cmocka_unit_test(a_body_that_comes_too_slowly_is_408),
        cmocka_unit_test(a_body_that_comes_fast_enough_survives_many_windows),
        cmocka_unit_test(a_body_its_consumer_holds_back_is_not_too_slow),
        cmocka_unit_test(a_reader_that_takes_nothing_is_cut),
        cmocka_unit_test(a_reader_that_takes_nothing_of_a_streamed_answer_is_told_as_gone),
        cmocka_unit_test(a_reader_that_is_slow_but_reads_gets_it_all),
        cmocka_unit_test(many_slow_readers_hold_what_they_asked_for_and_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
