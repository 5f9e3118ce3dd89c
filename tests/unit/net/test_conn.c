/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a connection: heads, answers, pipelining, keeping and closing. */
#include "harness.h"

#include <unistd.h>

#include "net/conn.h"

#define HELLO "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n"

static void done(int fd, struct buf *heard)
{
    close(fd);
    buf_done(heard);
}

static struct buf heard_init(void)
{
    struct buf heard;
    buf_init(&heard, 256 * 1024 * 1024);
    return heard;
}

static void a_connection_lives_from_accept_to_close(void **state)
{
    struct harness *harness = *state;
    struct buf heard = heard_init();
    int fd = client_open(harness);
    TURN_UNTIL(harness, net_count(harness->net) == 1);
    assert_int_equal(gate_count(harness->gate), 1);
    client_say_lit(harness, fd, HELLO);
    client_hear_answers(harness, fd, &heard, 1);
    assert_true(slice_ends(buf_slice(&heard), SLICE("\r\n\r\nhello")));
    done(fd, &heard);
    TURN_UNTIL(harness, net_count(harness->net) == 0);
    assert_int_equal(gate_count(harness->gate), 0);
    assert_int_equal(harness->requests, 1);
    assert_int_equal(harness->faults + harness->gone, 0);
}

static void a_kept_connection_answers_one_request_after_another(void **state)
{
    struct harness *harness = *state;
    struct buf heard = heard_init();
    int fd = client_open(harness);
    for (unsigned i = 1; i <= 200; i++) {
        client_say_lit(harness, fd, HELLO);
        client_hear_answers(harness, fd, &heard, i);
    }
    assert_int_equal(harness->requests, 200);
    done(fd, &heard);
}

static void an_idle_connection_holds_no_buffer(void **state)
{
    struct harness *harness = *state;
    struct buf heard = heard_init();
    int fd = client_open(harness);
    client_say_lit(harness, fd, "GET /park HTTP/1.1\r\nHost: x\r\n\r\n");
    TURN_UNTIL(harness, harness->parked_count == 1);
    assert_int_equal(harness->net->pool.lent_count, 1);
    harness_answer(harness, 0, SLICE("done"));
    assert_int_equal(harness->net->pool.lent_count, 0);
    client_hear_answers(harness, fd, &heard, 1);
    client_say_lit(harness, fd, "G");
    TURN_UNTIL(harness, harness->net->pool.lent_count == 1);
    done(fd, &heard);
    TURN_UNTIL(harness, net_count(harness->net) == 0);
    assert_int_equal(harness->net->pool.lent_count, 0);
}

static void a_head_split_at_every_byte_is_answered_the_same(void **state)
{
    struct harness *harness = *state;
    struct slice whole = SLICE(HELLO);
    for (size_t cut = 1; cut < whole.len; cut++) {
        struct buf heard = heard_init();
        int fd = client_open(harness);
        client_say(harness, fd, slice_of(whole.data, cut));
        harness_settle(harness);
        assert_int_equal(harness->requests, cut - 1);
        client_say(harness, fd, slice_skip(whole, cut));
        client_hear_answers(harness, fd, &heard, 1);
        done(fd, &heard);
    }
    assert_int_equal(harness->faults, 0);
}

static void a_head_that_comes_byte_by_byte_is_answered(void **state)
{
    struct harness *harness = *state;
    struct slice whole = SLICE(HELLO HELLO);
    struct buf heard = heard_init();
    int fd = client_open(harness);
    for (size_t i = 0; i < whole.len; i++) {
        client_say(harness, fd, slice_of(whole.data + i, 1));
        harness_settle(harness);
    }
    client_hear_answers(harness, fd, &heard, 2);
    done(fd, &heard);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct harness *harness = *state;
    struct buf heard = heard_init(), asked = heard_init();
    for (unsigned i = 0; i < 1000; i++)
        buf_format(&asked, "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", i % 3 ? "/hello" : "/absent");
    int fd = client_open(harness);
    client_say(harness, fd, buf_slice(&asked));
    client_hear_answers(harness, fd, &heard, 1000);
    struct slice rest = buf_slice(&heard);
    for (unsigned i = 0; i < 1000; i++) {
        const char *status = i % 3 ? "HTTP/1.1 200 " : "HTTP/1.1 404 ";
        assert_true(slice_starts(rest, slice_str(status)));
        const char *next = memmem(rest.data + 1, rest.len - 1, "HTTP/1.1 ", 9);
        rest = next ? slice_skip(rest, (size_t)(next - rest.data)) : SLICE("");
    }
    buf_done(&asked);
    done(fd, &heard);
}

static void pipelined_requests_in_the_buffer_are_answered_in_one_piece(void **state)
{
    struct harness *harness = *state;
    struct buf heard = heard_init();
    int fd = client_open(harness);
    client_say_lit(harness, fd, HELLO HELLO HELLO HELLO);
    TURN_UNTIL(harness, harness->requests > 0);
    assert_int_equal(harness->requests, 4); /* within the turn that brought the first */
    client_hear_answers(harness, fd, &heard, 4);
    done(fd, &heard);
}

static void a_flood_of_pipelined_requests_yields_to_others(void **state)
{
    struct harness *harness = *state;
    struct buf asked = heard_init(), heard = heard_init(), heard_by_other = heard_init();
    for (unsigned i = 0; i < 1000; i++)
        buf_lit(&asked, HELLO);
    int flood = client_open(harness), other = client_open(harness);
    TURN_UNTIL(harness, net_count(harness->net) == 2);
    client_say(harness, flood, buf_slice(&asked));
    client_say_lit(harness, other, "GET /absent HTTP/1.1\r\nHost: x\r\n\r\n");
    loop_turn(harness->loop, 0);
    assert_true(harness->requests < 500);
    client_hear_answers(harness, other, &heard_by_other, 1);
    client_hear_answers(harness, flood, &heard, 1000);
    buf_done(&asked);
    done(flood, &heard);
    done(other, &heard_by_other);
}

static void a_request_behind_a_parked_one_waits_for_it(void **state)
{
    struct harness *harness = *state;
    struct buf heard = heard_init();
    int fd = client_open(harness);
    client_say_lit(harness, fd, HELLO "GET /park HTTP/1.1\r\nHost: x\r\n\r\n" HELLO);
    client_hear_answers(harness, fd, &heard, 1); /* what precedes it is not held back */
    client_say_lit(harness, fd, HELLO);
    harness_settle(harness);
    assert_int_equal(harness->requests, 2);
    harness_answer(harness, 0, SLICE("parked"));
    client_hear_answers(harness, fd, &heard, 4);
    assert_true(slice_contains(buf_slice(&heard), "\r\n\r\nparkedHTTP/1.1 200 "));
    done(fd, &heard);
}

static void a_large_answer_arrives_whole_and_the_next_behind_it(void **state)
{
    struct harness *harness = *state;
    struct buf heard = heard_init();
    int fd = client_open_small(harness, 4096);
    client_say_lit(harness, fd, "GET /big/8000000 HTTP/1.1\r\nHost: x\r\n\r\n" HELLO);
    TURN_UNTIL(harness, harness->requests == 1);
    harness_settle(harness);
    assert_int_equal(harness->requests, 1); /* the next waits until all is taken */
    assert_true(net_held_bytes(harness->net) > 0);
    client_hear_bytes(harness, fd, &heard, 8000000);
    client_hear_answers(harness, fd, &heard, 2);
    assert_int_equal(net_held_bytes(harness->net), 0);
    done(fd, &heard);
}

static void large_and_small_answers_keep_their_order(void **state)
{
    struct harness *harness = *state;
    struct buf heard = heard_init(), asked = heard_init();
    unsigned count = 0;
    for (; count < 60; count++)
        buf_format(&asked, "GET /big/%u HTTP/1.1\r\nHost: x\r\n\r\n", count % 4 ? count : count * 3000);
    int fd = client_open(harness);
    client_say(harness, fd, buf_slice(&asked));
    client_hear_answers(harness, fd, &heard, count);
    struct slice rest = buf_slice(&heard);
    for (unsigned i = 0; i < count; i++) {
        const char *end = memmem(rest.data, rest.len, "\r\n\r\n", 4);
        assert_non_null(end);
        size_t body = 0;
        while (end + 4 + body < rest.data + rest.len && end[4 + body] == 'x')
            body++;
        assert_int_equal(body, i % 4 ? i : i * 3000);
        rest = slice_skip(rest, (size_t)(end + 4 + body - rest.data));
    }
    buf_done(&asked);
    done(fd, &heard);
}

static void a_streamed_answer_waits_for_its_reader_and_arrives_whole(void **state)
{
    struct harness *harness = *state;
    struct buf heard = heard_init();
    int fd = client_open_small(harness, 4096);
    client_say_lit(harness, fd, "GET /stream/200 HTTP/1.1\r\nHost: x\r\n\r\n" HELLO);
    TURN_UNTIL(harness, harness->requests == 1);
    harness_settle(harness);
    assert_true(harness->sents < 150); /* held back: the client has read nothing */
    client_hear_bytes(harness, fd, &heard, 200 * 65536);
    client_hear_answers(harness, fd, &heard, 2);
    assert_int_equal(harness->sents, 200);
    done(fd, &heard);
}

static void connection_close_is_honoured(void **state)
{
    struct buf heard =
        client_ask(*state, SLICE("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));
    assert_int_equal(answers_in(buf_slice(&heard)), 1);
    assert_true(slice_contains(buf_slice(&heard), "Connection: close\r\n"));
    buf_done(&heard);
}

static void what_follows_a_closing_request_is_not_answered(void **state)
{
    struct harness *harness = *state;
    struct buf heard =
        client_ask(harness, SLICE("GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" HELLO HELLO));
    assert_int_equal(answers_in(buf_slice(&heard)), 1);
    assert_int_equal(harness->requests, 1);
    buf_done(&heard);
}

static void a_client_of_http_1_0_is_answered_and_closed(void **state)
{
    struct buf heard = client_ask(*state, SLICE("GET /hello HTTP/1.0\r\n\r\n"));
    assert_int_equal(answers_in(buf_slice(&heard)), 1);
    buf_done(&heard);
}

static void a_malformed_request_is_a_fault_after_which_the_connection_ends(void **state)
{
    struct harness *harness = *state;
    struct buf heard = client_ask(harness, SLICE(HELLO "GET /hello HTTP/1.1\r\nHost : x\r\n\r\n" HELLO));
    assert_int_equal(answers_in(buf_slice(&heard)), 2);
    assert_true(slice_contains(buf_slice(&heard), "HTTP/1.1 400 "));
    assert_int_equal(harness->faults, 1);
    assert_int_equal(harness->fault_status, 400);
    assert_int_equal(harness->requests, 1);
    buf_done(&heard);
    TURN_UNTIL(harness, net_count(harness->net) == 0);
}

static void a_client_sees_the_fault_though_it_goes_on_sending(void **state)
{
    struct harness *harness = *state;
    struct buf asked = heard_init();
    buf_lit(&asked, "BAD\r\n\r\n");
    for (unsigned i = 0; i < 20000; i++)
        buf_lit(&asked, "more and more");
    struct buf heard = client_ask(harness, buf_slice(&asked));
    assert_true(slice_starts(buf_slice(&heard), SLICE("HTTP/1.1 400 ")));
    buf_done(&asked);
    buf_done(&heard);
}

static void a_head_larger_than_the_small_buffer_is_taken(void **state)
{
    struct harness *harness = *state;
    struct buf asked = heard_init(), heard = heard_init();
    buf_lit(&asked, HELLO "GET /hello HTTP/1.1\r\nHost: x\r\n");
    for (unsigned i = 0; i < 14; i++)
        buf_format(&asked, "X-%u: %01000u\r\n", i, i);
    buf_lit(&asked, "\r\n" HELLO);
    int fd = client_open(harness);
    for (size_t at = 0; at < asked.len; at += 777) {
        client_say(harness, fd, slice_of(asked.data + at, asked.len - at < 777 ? asked.len - at : 777));
        harness_settle(harness);
    }
    client_hear_answers(harness, fd, &heard, 3);
    buf_done(&asked);
    done(fd, &heard);
}

static void a_head_beyond_its_limit_is_431(void **state)
{
    struct harness *harness = *state;
    struct buf asked = heard_init();
    buf_lit(&asked, "GET /hello HTTP/1.1\r\nHost: x\r\n");
    for (unsigned i = 0; i < 40; i++)
        buf_format(&asked, "X-%u: %01000u\r\n", i, i);
    buf_lit(&asked, "\r\n");
    struct buf heard = client_ask(harness, buf_slice(&asked));
    assert_true(slice_starts(buf_slice(&heard), SLICE("HTTP/1.1 431 ")));
    buf_done(&asked);
    buf_done(&heard);
}

static void a_target_beyond_the_heads_limit_is_414(void **state)
{
    struct harness *harness = *state;
    struct buf asked = heard_init();
    buf_format(&asked, "GET /%020000u HTTP/1.1\r\nHost: x\r\n\r\n", 0);
    struct buf heard = client_ask(harness, buf_slice(&asked));
    assert_true(slice_starts(buf_slice(&heard), SLICE("HTTP/1.1 414 ")));
    buf_done(&asked);
    buf_done(&heard);
}

static void a_head_of_exactly_the_limit_is_answered_and_of_a_byte_more_is_not(void **state)
{
    struct harness *harness = *state;
    for (size_t more = 0; more < 2; more++) {
        struct buf asked = heard_init();
        buf_lit(&asked, "GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX: ");
        while (asked.len < harness_limits.head_bytes_max - 4 + more)
            buf_byte(&asked, 'a');
        buf_lit(&asked, "\r\n\r\n");
        struct buf heard = client_ask(harness, buf_slice(&asked));
        assert_true(slice_starts(buf_slice(&heard), more ? SLICE("HTTP/1.1 431 ") : SLICE("HTTP/1.1 200 ")));
        buf_done(&asked);
        buf_done(&heard);
    }
}

static void abort_now(struct harness *harness, struct conn *conn, const struct http_head *head)
{
    (void)harness;
    (void)head;
    conn_abort(conn);
}

static void an_aborted_connection_is_cut_without_a_word(void **state)
{
    struct harness *harness = *state;
    harness->on_request = abort_now;
    struct buf heard = heard_init();
    int fd = client_open(harness);
    client_say_lit(harness, fd, HELLO HELLO);
    client_hear_end(harness, fd, &heard);
    assert_int_equal(heard.len, 0);
    assert_int_equal(harness->requests, 1);
    assert_int_equal(harness->gone, 0);
    assert_int_equal(net_count(harness->net), 0);
    done(fd, &heard);
}

static void a_parked_connection_may_be_aborted_later(void **state)
{
    struct harness *harness = *state;
    struct buf heard = heard_init();
    int fd = client_open(harness);
    client_say_lit(harness, fd, "GET /park HTTP/1.1\r\nHost: x\r\n\r\n");
    TURN_UNTIL(harness, harness->parked_count == 1);
    conn_abort(harness->parked[0]);
    client_hear_end(harness, fd, &heard);
    assert_int_equal(heard.len, 0);
    assert_int_equal(harness->gone, 0);
    done(fd, &heard);
}

static void connections_have_numbers_of_their_own(void **state)
{
    struct harness *harness = *state;
    int a = client_open(harness), b = client_open(harness);
    client_say_lit(harness, a, "GET /park HTTP/1.1\r\nHost: x\r\n\r\n");
    client_say_lit(harness, b, "GET /park HTTP/1.1\r\nHost: x\r\n\r\n");
    TURN_UNTIL(harness, harness->parked_count == 2);
    assert_true(conn_id(harness->parked[0]) != conn_id(harness->parked[1]));
    assert_int_equal(conn_peer(harness->parked[0])->ss_family, AF_INET);
    close(a);
    close(b);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, harness_begin, harness_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_lives_from_accept_to_close),
        TEST(a_kept_connection_answers_one_request_after_another),
        TEST(an_idle_connection_holds_no_buffer),
        TEST(a_head_split_at_every_byte_is_answered_the_same),
        TEST(a_head_that_comes_byte_by_byte_is_answered),
        TEST(pipelined_requests_are_answered_in_order),
        TEST(pipelined_requests_in_the_buffer_are_answered_in_one_piece),
        TEST(a_flood_of_pipelined_requests_yields_to_others),
        TEST(a_request_behind_a_parked_one_waits_for_it),
        TEST(a_large_answer_arrives_whole_and_the_next_behind_it),
        TEST(large_and_small_answers_keep_their_order),
        TEST(a_streamed_answer_waits_for_its_reader_and_arrives_whole),
        TEST(connection_close_is_honoured),
        TEST(what_follows_a_closing_request_is_not_answered),
        TEST(a_client_of_http_1_0_is_answered_and_closed),
        TEST(a_malformed_request_is_a_fault_after_which_the_connection_ends),
        TEST(a_client_sees_the_fault_though_it_goes_on_sending),
        TEST(a_head_larger_than_the_small_buffer_is_taken),
        TEST(a_head_beyond_its_limit_is_431),
        TEST(a_target_beyond_the_heads_limit_is_414),
        TEST(a_head_of_exactly_the_limit_is_answered_and_of_a_byte_more_is_not),
        TEST(an_aborted_connection_is_cut_without_a_word),
        TEST(a_parked_connection_may_be_aborted_later),
        TEST(connections_have_numbers_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
