/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of requests: handed up piece by piece, held back, refused, dropped. */
#include "harness.h"

#include <unistd.h>

#define HELLO "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"

static struct buf buf_new(void)
{
    struct buf buf;
    buf_init(&buf, 256 * 1024 * 1024);
    return buf;
}

static void end(int fd, struct buf *a, struct buf *b)
{
    close(fd);
    buf_done(a);
    buf_done(b);
}

/* Bytes that show when one is lost, doubled or out of place. */
static void add_pattern(struct buf *buf, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        buf_byte(buf, (char)('a' + (i * 7 + i / 251) % 26));
}

static bool ends_with_pattern(struct slice heard, size_t bytes)
{
    struct buf pattern = buf_new();
    add_pattern(&pattern, bytes);
    bool same = slice_ends(heard, buf_slice(&pattern));
    buf_done(&pattern);
    return same;
}

static void add_request(struct buf *asked, const char *target, size_t bytes)
{
    buf_format(asked, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n", target, bytes);
    add_pattern(asked, bytes);
}

static void a_body_that_comes_with_its_head_is_echoed(void **state)
{
    struct harness *harness = *state;
    struct buf asked = buf_new(), heard = buf_new();
    add_request(&asked, "/body", 100);
    int fd = client_open(harness);
    client_say(harness, fd, buf_slice(&asked));
    client_hear_answers(harness, fd, &heard, 1);
    assert_true(ends_with_pattern(buf_slice(&heard), 100));
    end(fd, &asked, &heard);
}

static void a_body_split_at_every_byte_arrives_the_same_and_the_next_request_behind_it(void **state)
{
    struct harness *harness = *state;
    struct buf asked = buf_new();
    add_request(&asked, "/body", 20);
    buf_lit(&asked, HELLO);
    for (size_t cut = 1; cut < asked.len; cut++) {
        struct buf heard = buf_new();
        int fd = client_open(harness);
        client_say(harness, fd, slice_of(asked.data, cut));
        harness_settle(harness);
        client_say(harness, fd, slice_skip(buf_slice(&asked), cut));
        client_hear_answers(harness, fd, &heard, 2);
        assert_true(slice_contains(buf_slice(&heard), "\r\n\r\nahovcjqxelszgnubipwdHTTP/1.1 200"));
        close(fd);
        buf_done(&heard);
    }
    assert_int_equal(harness->faults, 0);
    buf_done(&asked);
}

static void a_chunked_body_split_at_every_byte_arrives_the_same(void **state)
{
    struct harness *harness = *state;
    struct slice whole = SLICE("POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                               "3\r\nabc\r\nA;x=y\r\n0123456789\r\n0\r\nX-Sum: t\r\n\r\n" HELLO);
    for (size_t cut = 1; cut < whole.len; cut++) {
        struct buf heard = buf_new();
        int fd = client_open(harness);
        client_say(harness, fd, slice_of(whole.data, cut));
        harness_settle(harness);
        client_say(harness, fd, slice_skip(whole, cut));
        client_hear_answers(harness, fd, &heard, 2);
        assert_true(slice_contains(buf_slice(&heard), "\r\n\r\nabc0123456789HTTP/1.1 200"));
        close(fd);
        buf_done(&heard);
    }
    assert_int_equal(harness->faults, 0);
}

static void a_large_body_is_streamed_in_pieces(void **state)
{
    struct harness *harness = *state;
    struct buf asked = buf_new(), heard = buf_new();
    add_request(&asked, "/body", 3000000);
    buf_lit(&asked, HELLO);
    int fd = client_open(harness);
    client_say(harness, fd, buf_slice(&asked));
    TURN_UNTIL(harness, harness->body_last || harness->requests == 2);
    client_hear_answers(harness, fd, &heard, 2);
    const char *second = memmem(heard.data + 3000000, heard.len - 3000000, "HTTP/1.1 200", 12);
    assert_non_null(second);
    assert_true(ends_with_pattern(slice_of(heard.data, (size_t)(second - heard.data)), 3000000));
    end(fd, &asked, &heard);
}

static void an_asked_for_body_that_is_absent_is_an_empty_last_piece(void **state)
{
    struct harness *harness = *state;
    struct buf asked = buf_new(), heard = buf_new();
    int fd = client_open(harness);
    client_say_lit(harness, fd, "GET /body HTTP/1.1\r\nHost: x\r\n\r\n");
    client_hear_answers(harness, fd, &heard, 1);
    assert_int_equal(harness->pieces, 1);
    assert_int_equal(harness->body.len, 0);
    end(fd, &asked, &heard);
}

static void hold_body(struct harness *harness, struct conn *conn, const struct http_head *head)
{
    (void)head;
    harness->parked[harness->parked_count++] = conn;
    conn_body_read(conn);
    conn_body_pause(conn);
}

static void a_body_held_back_is_not_read_and_comes_when_it_is_let(void **state)
{
    struct harness *harness = *state;
    harness->on_request = hold_body;
    struct buf asked = buf_new(), heard = buf_new();
    add_request(&asked, "/x", 4000000);
    int fd = client_open_small(harness, 8192);
    size_t said = 0;
    for (unsigned i = 0; i < 2000; i++) { /* as much as the kernel takes while nobody reads */
        ssize_t sent = send(fd, asked.data + said, asked.len - said, MSG_NOSIGNAL);
        said += sent > 0 ? (size_t)sent : 0;
        loop_turn(harness->loop, 0);
    }
    assert_true(said < asked.len);
    assert_int_equal(harness->pieces, 0);
    conn_body_resume(harness->parked[0]);
    assert_int_equal(harness->pieces, 0); /* never before it returns */
    client_say(harness, fd, slice_skip(buf_slice(&asked), said));
    client_hear_answers(harness, fd, &heard, 1);
    assert_true(ends_with_pattern(buf_slice(&heard), 4000000));
    assert_true(harness->pieces > 100);
    end(fd, &asked, &heard);
}

static void a_body_may_be_asked_for_later(void **state)
{
    struct harness *harness = *state;
    struct buf asked = buf_new(), heard = buf_new();
    add_request(&asked, "/park", 50000);
    int fd = client_open(harness);
    client_say(harness, fd, buf_slice(&asked));
    TURN_UNTIL(harness, harness->parked_count == 1);
    harness_settle(harness);
    conn_body_read(harness->parked[0]);
    assert_int_equal(harness->pieces, 0);
    client_hear_answers(harness, fd, &heard, 1);
    assert_true(ends_with_pattern(buf_slice(&heard), 50000));
    end(fd, &asked, &heard);
}

static void one_who_expects_100_continue_gets_it_when_the_body_is_asked_for(void **state)
{
    struct harness *harness = *state;
    struct buf heard = buf_new(), unused = buf_new();
    int fd = client_open(harness);
    client_say_lit(harness, fd,
                   "POST /body HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
    client_hear_bytes(harness, fd, &heard, 25);
    assert_true(slice_eq(buf_slice(&heard), SLICE("HTTP/1.1 100 Continue\r\n\r\n")));
    client_say_lit(harness, fd, "abc" HELLO);
    client_hear_answers(harness, fd, &heard, 3);
    assert_true(slice_contains(buf_slice(&heard), "\r\n\r\nabcHTTP/1.1 200"));
    end(fd, &heard, &unused);
}

static void one_who_expects_100_continue_but_sends_at_once_gets_none(void **state)
{
    struct harness *harness = *state;
    struct buf heard = buf_new(), unused = buf_new();
    int fd = client_open(harness);
    client_say_lit(harness, fd,
                   "POST /body HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc");
    client_hear_answers(harness, fd, &heard, 1);
    assert_true(slice_starts(buf_slice(&heard), SLICE("HTTP/1.1 200 ")));
    end(fd, &heard, &unused);
}

static void one_who_expects_100_continue_and_is_refused_is_closed(void **state)
{
    struct harness *harness = *state;
    struct buf heard = client_ask(
        harness,
        SLICE("POST /absent HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
    assert_int_equal(answers_in(buf_slice(&heard)), 1);
    assert_true(slice_contains(buf_slice(&heard), "Connection: close\r\n"));
    buf_done(&heard);
}

static void a_small_body_nobody_asked_for_is_dropped_and_the_connection_kept(void **state)
{
    struct harness *harness = *state;
    struct buf asked = buf_new(), heard = buf_new();
    add_request(&asked, "/absent", 60000);
    add_request(&asked, "/absent", 10);
    buf_lit(&asked, HELLO);
    int fd = client_open(harness);
    client_say(harness, fd, buf_slice(&asked));
    client_hear_answers(harness, fd, &heard, 3);
    assert_true(slice_ends(buf_slice(&heard), SLICE("\r\n\r\nhello")));
    assert_int_equal(harness->requests, 3);
    end(fd, &asked, &heard);
}

static void the_answer_comes_before_the_body_it_does_not_want(void **state)
{
    struct harness *harness = *state;
    struct buf heard = buf_new(), unused = buf_new();
    int fd = client_open(harness);
    client_say_lit(harness, fd, "POST /absent HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nab");
    client_hear_answers(harness, fd, &heard, 1);
    client_say_lit(harness, fd, "cde" HELLO);
    client_hear_answers(harness, fd, &heard, 2);
    end(fd, &heard, &unused);
}

static void a_large_body_nobody_asked_for_ends_the_connection_after_the_answer(void **state)
{
    struct harness *harness = *state;
    struct buf asked = buf_new();
    add_request(&asked, "/absent", 500000);
    buf_lit(&asked, HELLO);
    struct buf heard = client_ask(harness, buf_slice(&asked));
    assert_int_equal(answers_in(buf_slice(&heard)), 1);
    assert_true(slice_contains(buf_slice(&heard), "Connection: close\r\n"));
    buf_done(&asked);
    buf_done(&heard);
}

static void a_long_chunked_body_nobody_asked_for_ends_the_connection_after_the_answer(void **state)
{
    struct harness *harness = *state;
    struct buf asked = buf_new();
    buf_lit(&asked, "POST /absent HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (unsigned i = 0; i < 200; i++) {
        buf_lit(&asked, "400\r\n");
        add_pattern(&asked, 1024);
        buf_lit(&asked, "\r\n");
    }
    buf_lit(&asked, "0\r\n\r\n" HELLO);
    struct buf heard = client_ask(harness, buf_slice(&asked));
    assert_int_equal(answers_in(buf_slice(&heard)), 1);
    buf_done(&asked);
    buf_done(&heard);
}

static void a_body_longer_than_allowed_is_413_by_its_length(void **state)
{
    struct harness *harness = *state;
    struct buf heard =
        client_ask(harness, SLICE("POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\nab"));
    assert_true(slice_starts(buf_slice(&heard), SLICE("HTTP/1.1 413 ")));
    assert_int_equal(harness->requests, 0);
    buf_done(&heard);
}

static void a_chunked_body_that_grows_longer_than_allowed_is_413(void **state)
{
    struct harness *harness = *state;
    struct net_limits limits = harness_limits;
    limits.body_bytes_max = 1000;
    net_limits_set(harness->net, &limits);
    struct buf asked = buf_new();
    buf_lit(&asked, "POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (unsigned i = 0; i < 100; i++)
        buf_lit(&asked, "10\r\n0123456789abcdef\r\n");
    struct buf heard = client_ask(harness, buf_slice(&asked));
    assert_true(slice_starts(buf_slice(&heard), SLICE("HTTP/1.1 413 ")));
    assert_int_equal(harness->faults, 1);
    assert_int_equal(harness->gone, 0);
    buf_done(&asked);
    buf_done(&heard);
}

static void broken_chunking_is_400_and_closes(void **state)
{
    struct harness *harness = *state;
    struct buf heard =
        client_ask(harness, SLICE("POST /body HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "3\r\nabcX\r\n" HELLO));
    assert_true(slice_starts(buf_slice(&heard), SLICE("HTTP/1.1 400 ")));
    assert_int_equal(harness->fault_status, 400);
    assert_int_equal(harness->requests, 1);
    buf_done(&heard);
}

static void broken_chunking_in_a_body_that_is_dropped_closes_after_the_answer(void **state)
{
    struct harness *harness = *state;
    struct buf heard =
        client_ask(harness, SLICE("POST /absent HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                                  "3\r\nabcX\r\n" HELLO));
    assert_int_equal(answers_in(buf_slice(&heard)), 1);
    assert_int_equal(harness->requests, 1);
    buf_done(&heard);
}

static void a_body_that_breaks_off_is_told_as_gone(void **state)
{
    struct harness *harness = *state;
    struct buf heard = buf_new(), unused = buf_new();
    int fd = client_open(harness);
    client_say_lit(harness, fd, "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
    TURN_UNTIL(harness, harness->pieces == 1);
    end(fd, &heard, &unused);
    TURN_UNTIL(harness, harness->gone == 1);
    assert_int_equal(net_count(harness->net), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, harness_begin, harness_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_body_that_comes_with_its_head_is_echoed),
        TEST(a_body_split_at_every_byte_arrives_the_same_and_the_next_request_behind_it),
        TEST(a_chunked_body_split_at_every_byte_arrives_the_same),
        TEST(a_large_body_is_streamed_in_pieces),
        TEST(an_asked_for_body_that_is_absent_is_an_empty_last_piece),
        TEST(a_body_held_back_is_not_read_and_comes_when_it_is_let),
        TEST(a_body_may_be_asked_for_later),
        TEST(one_who_expects_100_continue_gets_it_when_the_body_is_asked_for),
        TEST(one_who_expects_100_continue_but_sends_at_once_gets_none),
        TEST(one_who_expects_100_continue_and_is_refused_is_closed),
        TEST(a_small_body_nobody_asked_for_is_dropped_and_the_connection_kept),
        TEST(the_answer_comes_before_the_body_it_does_not_want),
        TEST(a_large_body_nobody_asked_for_ends_the_connection_after_the_answer),
        TEST(a_long_chunked_body_nobody_asked_for_ends_the_connection_after_the_answer),
        TEST(a_body_longer_than_allowed_is_413_by_its_length),
        TEST(a_chunked_body_that_grows_longer_than_allowed_is_413),
        TEST(broken_chunking_is_400_and_closes),
        TEST(broken_chunking_in_a_body_that_is_dropped_closes_after_the_answer),
        TEST(a_body_that_breaks_off_is_told_as_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
