/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to a real service: what goes out, what comes back, what is tried again, and what every fault of the service comes to. */
#include <stdio.h>

#include "harness.h"

static void an_answer_is_taken_whole(void **state)
{
    struct harness *harness = *state;
    struct asker asker;
    ask(harness, &asker, HTTP_GET, "/hello");
    assert_int_equal(asker.news, 0);
    assert_int_equal(asker_end(harness, &asker), UPSTREAM_OK);
    assert_slice(buf_slice(&asker.body), "hello");
    assert_int_equal(upstream_answer(asker.call)->status, 200);
    assert_true(upstream_answer(asker.call)->has_length);
    asker_done(&asker);
}

static void connections_are_used_again(void **state)
{
    struct harness *harness = *state;
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(ask_and_end(harness, i % 2 ? HTTP_POST : HTTP_GET, "/hello"), UPSTREAM_OK);
    assert_int_equal(atomic_load(&harness->requests), 10);
    assert_int_equal(atomic_load(&harness->connections), 1);
}

static void what_goes_out_is_what_was_asked_and_no_more(void **state)
{
    struct harness *harness = *state;
    const struct http_field fields[] = {{.name = SLICE_INIT("X-One"), .value = SLICE_INIT("1")},
                                        {.name = SLICE_INIT("X-Empty"), .value = SLICE_INIT("")}};
    struct asker asker = {0};
    ask_with(harness, &asker,
             (struct upstream_asked){.method = HTTP_DELETE,
                                     .target = SLICE("/echo/a/../%2e%2E/b?c={\"d\"}|e"),
                                     .fields = fields,
                                     .field_count = 2});
    assert_int_equal(asker_end(harness, &asker), UPSTREAM_OK);
    char expected[256];
    snprintf(expected, sizeof expected,
             "DELETE /echo/a/../%%2e%%2E/b?c={\"d\"}|e HTTP/1.1\r\nHost: %s\r\nX-One: 1\r\nX-Empty:\r\n\r\n",
             harness->origin + 7);
    assert_slice(buf_slice(&asker.body), expected);
    asker_done(&asker);
}

static void a_body_goes_out_with_its_length(void **state)
{
    struct harness *harness = *state;
    static const enum http_method methods[] = {HTTP_POST, HTTP_PUT, HTTP_PATCH, HTTP_DELETE};
    static const char *const words[] = {"POST", "PUT", "PATCH", "DELETE"};
    for (unsigned i = 0; i < ARRAY_LEN(methods); i++) {
        struct spool body;
        spool_init(&body, &harness->space, 1024, 1 << 20);
        assert_int_equal(spool_append(&body, SLICE("{\"a\":1}")), OK);
        struct asker asker = {0};
        ask_with(harness, &asker,
                 (struct upstream_asked){.method = methods[i], .target = SLICE("/echo"), .body = &body});
        assert_int_equal(asker_end(harness, &asker), UPSTREAM_OK);
        char expected[256];
        snprintf(expected, sizeof expected,
                 "%s /echo HTTP/1.1\r\nHost: %s\r\nContent-Length: 7\r\n\r\n{\"a\":1}", words[i],
                 harness->origin + 7);
        assert_slice(buf_slice(&asker.body), expected);
        asker_done(&asker);
        spool_done(&body);
    }
}

static void a_large_body_goes_out_of_its_file(void **state)
{
    struct harness *harness = *state;
    struct spool body;
    spool_init(&body, &harness->space, 1024, 1 << 20);
    for (unsigned i = 0; i < 200; i++) {
        char line[1001];
        memset(line, 'a' + (int)(i % 26), 1000);
        assert_int_equal(spool_append(&body, slice_of(line, 1000)), OK);
    }
    struct asker asker = {0};
    ask_with(harness, &asker,
             (struct upstream_asked){.method = HTTP_PUT, .target = SLICE("/echo"), .body = &body});
    assert_int_equal(asker_end(harness, &asker), UPSTREAM_OK);
    struct slice sent = slice_skip(buf_slice(&asker.body), asker.body.len - 200000);
    for (unsigned i = 0; i < 200000; i++)
        assert_int_equal(sent.data[i], 'a' + (int)(i / 1000 % 26));
    asker_done(&asker);
    spool_done(&body);
}

static void a_method_that_usually_has_a_body_says_that_it_has_none(void **state)
{
    struct harness *harness = *state;
    struct asker asker;
    ask(harness, &asker, HTTP_POST, "/echo");
    assert_int_equal(asker_end(harness, &asker), UPSTREAM_OK);
    assert_non_null(memmem(asker.body.data, asker.body.len, "Content-Length: 0\r\n\r\n", 21));
    asker_done(&asker);
}

static void an_answer_to_head_has_no_body(void **state)
{
    struct harness *harness = *state;
    struct asker asker;
    ask(harness, &asker, HTTP_HEAD, "/hello");
    assert_int_equal(asker_end(harness, &asker), UPSTREAM_OK);
    assert_int_equal(upstream_answer(asker.call)->length, 5);
    assert_int_equal(asker.body.len, 0);
    asker_done(&asker);
    assert_int_equal(ask_and_end(harness, HTTP_GET, "/hello"), UPSTREAM_OK);
    assert_int_equal(atomic_load(&harness->connections), 1);
}

static void a_service_waits_for_an_owner_who_takes_nothing(void **state)
{
    struct harness *harness = *state;
    struct asker asker = {.holds = true};
    ask_with(harness, &asker, (struct upstream_asked){.method = HTTP_GET, .target = SLICE("/big/8388608")});
    TURN_UNTIL(harness, asker.news > 0);
    unsigned quiet = 0, news = asker.news;
    while (quiet < 10) { /* all that comes without a taker has come */
        loop_turn(harness->loop, 1);
        quiet = asker.news == news ? quiet + 1 : 0;
        news = asker.news;
    }
    assert_int_equal(upstream_outcome(asker.call), UPSTREAM_GOING);
    struct buf piece;
    upstream_take(asker.call, &piece);
    assert_in_range(piece.len, 1, UPSTREAM_HELD_BYTES_MAX);
    buf_add(&asker.body, buf_slice(&piece));
    buf_done(&piece);
    asker.holds = false;
    assert_int_equal(asker_end(harness, &asker), UPSTREAM_OK);
    assert_int_equal(asker.body.len, 8388608);
    asker_done(&asker);
}

static void what_an_owner_gives_up_is_cancelled(void **state)
{
    struct harness *harness = *state;
    struct asker asker;
    struct upstream_counts counts;
    ask(harness, &asker, HTTP_GET, "/hang");
    TURN_UNTIL(harness, atomic_load(&harness->requests) == 1);
    asker_done(&asker);
    upstream_counts(harness->upstream, &counts);
    assert_int_equal(counts.cancelled, 1);
    assert_int_equal(counts.in_flight, 0);
    assert_int_equal(ask_and_end(harness, HTTP_GET, "/hello"), UPSTREAM_OK);
}

/* --- faults --- */

static void nobody_listens(void **state)
{
    struct harness *harness = *state;
    struct asker asker;
    harness->options.origin = SLICE("http://127.0.0.1:1");
    harness_upstream(harness);
    ask(harness, &asker, HTTP_POST, "/hello");
    assert_int_equal(asker_end(harness, &asker), UPSTREAM_UNREACHABLE);
    assert_true(upstream_cause(asker.call).len > 0);
    assert_null(upstream_answer(asker.call));
    asker_done(&asker);
    struct upstream_counts counts;
    upstream_counts(harness->upstream, &counts);
    assert_int_equal(counts.retries, 1);
}

static void a_name_that_does_not_exist_is_unreachable(void **state)
{
    struct harness *harness = *state;
    harness->options.origin = SLICE("http://nobody.invalid:1");
    harness->options.retries = 0;
    harness_upstream(harness);
    assert_int_equal(ask_and_end(harness, HTTP_GET, "/hello"), UPSTREAM_UNREACHABLE);
}

static void an_idempotent_call_is_tried_again_when_nothing_was_answered(void **state)
{
    struct harness *harness = *state;
    assert_int_equal(ask_and_end(harness, HTTP_GET, "/drop-first/1"), UPSTREAM_OK);
    assert_int_equal(atomic_load(&harness->requests), 2);
}

static void it_is_tried_again_so_often_and_no_more(void **state)
{
    struct harness *harness = *state;
    harness->options.retries = 2;
    harness_upstream(harness);
    assert_int_equal(ask_and_end(harness, HTTP_DELETE, "/drop"), UPSTREAM_BROKEN);
    assert_int_equal(atomic_load(&harness->requests), 3);
}

static void a_call_that_is_not_idempotent_is_sent_once(void **state)
{
    struct harness *harness = *state;
    harness->options.retries = 5;
    harness_upstream(harness);
    assert_int_equal(ask_and_end(harness, HTTP_POST, "/drop"), UPSTREAM_BROKEN);
    assert_int_equal(atomic_load(&harness->requests), 1);
}

static void on_a_kept_connection_that_dies_only_what_may_be_is_sent_again(void **state)
{
    struct harness *harness = *state;
    assert_int_equal(ask_and_end(harness, HTTP_GET, "/hello"), UPSTREAM_OK);
    assert_int_equal(ask_and_end(harness, HTTP_GET, "/drop-kept"), UPSTREAM_OK);
    assert_int_equal(atomic_load(&harness->requests), 3);
    assert_int_equal(ask_and_end(harness, HTTP_POST, "/drop-kept"), UPSTREAM_BROKEN);
    assert_int_equal(atomic_load(&harness->requests), 4);
}

static void what_is_wrong_with_an_answer_is_found(void **state)
{
    struct harness *harness = *state;
    static const struct slice bad[] = {
        SLICE_INIT("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"),
        SLICE_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
        SLICE_INIT("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n"),
        SLICE_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        SLICE_INIT("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
        SLICE_INIT("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 5\r\n\r\nhello"),
        SLICE_INIT("HTTP/1.1 200 OK\r\nX: a\x01\r\nContent-Length: 5\r\n\r\nhello"),
        SLICE_INIT("HTTP/1.1 200 OK\r\nX: a\rY: b\r\nContent-Length: 5\r\n\r\nhello"),
        SLICE_INIT("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
        SLICE_INIT("hello"),
        SLICE_INIT("HTTP/1.1 200 OK\r\nX: half a he"),
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        harness->raw = bad[i];
        struct asker asker;
        ask(harness, &asker, HTTP_GET, "/raw/");
        if (asker_end(harness, &asker) != UPSTREAM_BROKEN)
            fail_msg("outcome %d: %.*s", upstream_outcome(asker.call), SLICE_ARG(bad[i]));
        assert_true(upstream_cause(asker.call).len > 0);
        asker_done(&asker);
    }
    assert_int_equal(ask_and_end(harness, HTTP_GET, "/reset"), UPSTREAM_BROKEN);
}

static void what_is_beyond_the_length_is_dropped_with_the_connection(void **state)
{
    struct harness *harness = *state;
    struct asker asker;
    harness->raw = SLICE("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\nforged");
    ask(harness, &asker, HTTP_GET, "/raw/");
    assert_int_equal(asker_end(harness, &asker), UPSTREAM_OK);
    assert_slice(buf_slice(&asker.body), "hello");
    asker_done(&asker);
    ask(harness, &asker, HTTP_GET, "/hello");
    assert_int_equal(asker_end(harness, &asker), UPSTREAM_OK);
    assert_slice(buf_slice(&asker.body), "hello");
    asker_done(&asker);
    assert_int_equal(atomic_load(&harness->connections), 2);
}

static void an_answer_is_bounded_said_and_unsaid(void **state)
{
    struct harness *harness = *state;
    harness->options.answer_bytes_max = 1000;
    harness_upstream(harness);
    assert_int_equal(ask_and_end(harness, HTTP_GET, "/big/1000"), UPSTREAM_OK);
    struct asker asker;
    ask(harness, &asker, HTTP_GET, "/big/1001");
    assert_int_equal(asker_end(harness, &asker), UPSTREAM_TOO_LARGE);
    assert_int_equal(asker.body.len, 0);
    asker_done(&asker);
    char raw[1200] = "HTTP/1.1 200 OK\r\n\r\n";
    memset(raw + 19, 'x', 1100);
    harness->raw = slice_of(raw, 19 + 1100);
    assert_int_equal(ask_and_end(harness, HTTP_GET, "/raw/"), UPSTREAM_TOO_LARGE);
}

static void a_head_without_end_is_refused(void **state)
{
    struct harness *harness = *state;
    static char raw[200000] = "HTTP/1.1 200 OK\r\nX: ";
    memset(raw + 20, 'x', sizeof raw - 20);
    harness->raw = slice_of(raw, sizeof raw);
    assert_int_equal(ask_and_end(harness, HTTP_GET, "/raw/"), UPSTREAM_BROKEN);
}

static void redirects_are_answers(void **state)
{
    struct harness *harness = *state;
    struct asker asker;
    harness->raw = SLICE("HTTP/1.1 302 Found\r\nLocation: /hello\r\nContent-Length: 0\r\n\r\n");
    ask(harness, &asker, HTTP_GET, "/raw/");
    assert_int_equal(asker_end(harness, &asker), UPSTREAM_OK);
    assert_int_equal(upstream_answer(asker.call)->status, 302);
    asker_done(&asker);
    assert_int_equal(atomic_load(&harness->requests), 1);
}

static void nothing_of_the_environment_plays_a_part(void **state)
{
    struct harness *harness = *state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
    enum upstream_outcome outcome = ask_and_end(harness, HTTP_GET, "/hello");
    unsetenv("http_proxy");
    unsetenv("ALL_PROXY");
    assert_int_equal(outcome, UPSTREAM_OK);
}

static void so_many_calls_go_at_once_and_no_more(void **state)
{
    struct harness *harness = *state;
    struct asker askers[2], beyond;
    harness->options.concurrent_max = 2;
    harness_upstream(harness);
    ask(harness, &askers[0], HTTP_GET, "/hang");
    ask(harness, &askers[1], HTTP_GET, "/hang");
    ask(harness, &beyond, HTTP_GET, "/hello");
    assert_int_equal(upstream_outcome(beyond.call), UPSTREAM_FULL);
    asker_done(&beyond);
    asker_done(&askers[0]);
    assert_int_equal(ask_and_end(harness, HTTP_GET, "/hello"), UPSTREAM_OK);
    asker_done(&askers[1]);
}

static void a_service_that_fails_is_left_alone_and_probed(void **state)
{
    struct harness *harness = *state;
    harness->options.retries = 0;
    harness->options.breaker = (struct breaker_options){.failures = 3, .window_ms = 60000, .open_ms = 20};
    harness_upstream(harness);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(ask_and_end(harness, HTTP_GET, "/drop"), UPSTREAM_BROKEN);
    assert_int_equal(ask_and_end(harness, HTTP_GET, "/hello"), UPSTREAM_OPEN);
    assert_int_equal(atomic_load(&harness->requests), 3);
    TURN_UNTIL(harness, upstream_wait_ms(harness->upstream) == 0);
    assert_int_equal(ask_and_end(harness, HTTP_GET, "/hello"), UPSTREAM_OK);
    assert_int_equal(ask_and_end(harness, HTTP_GET, "/hello"), UPSTREAM_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVICE(an_answer_is_taken_whole),
        WITH_SERVICE(connections_are_used_again),
        WITH_SERVICE(what_goes_out_is_what_was_asked_and_no_more),
        WITH_SERVICE(a_body_goes_out_with_its_length),
        WITH_SERVICE(a_large_body_goes_out_of_its_file),
        WITH_SERVICE(a_method_that_usually_has_a_body_says_that_it_has_none),
        WITH_SERVICE(an_answer_to_head_has_no_body),
        WITH_SERVICE(a_service_waits_for_an_owner_who_takes_nothing),
        WITH_SERVICE(what_an_owner_gives_up_is_cancelled),
        WITH_SERVICE(nobody_listens),
        WITH_SERVICE(a_name_that_does_not_exist_is_unreachable),
        WITH_SERVICE(an_idempotent_call_is_tried_again_when_nothing_was_answered),
        WITH_SERVICE(it_is_tried_again_so_often_and_no_more),
        WITH_SERVICE(a_call_that_is_not_idempotent_is_sent_once),
        WITH_SERVICE(on_a_kept_connection_that_dies_only_what_may_be_is_sent_again),
        WITH_SERVICE(what_is_wrong_with_an_answer_is_found),
        WITH_SERVICE(what_is_beyond_the_length_is_dropped_with_the_connection),
        WITH_SERVICE(an_answer_is_bounded_said_and_unsaid),
        WITH_SERVICE(a_head_without_end_is_refused),
        WITH_SERVICE(redirects_are_answers),
        WITH_SERVICE(nothing_of_the_environment_plays_a_part),
        WITH_SERVICE(so_many_calls_go_at_once_and_no_more),
        WITH_SERVICE(a_service_that_fails_is_left_alone_and_probed),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
