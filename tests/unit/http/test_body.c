/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies beside the data files: pieces, exact limits, what is left for the next request. */
#include "lib/unit.h"

#include <stdio.h>

#include "http/body.h"

static const struct http_limits usual = {1000, 1000, 1000};

/* A body decoder behind a head of this framing. */
static struct http_body body_of(const char *framing, uint64_t bytes_max)
{
    struct http_field room[4];
    struct http_head head;
    struct http_body body;
    char request[200];
    int len = snprintf(request, sizeof(request), "POST / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n", framing);
    http_head_init(&head, room, 4);
    assert_int_equal(http_head_parse(&head, &usual, request, (size_t)len), HTTP_DONE);
    http_body_init(&body, &head, bytes_max);
    return body;
}

static struct http_body chunked(uint64_t bytes_max)
{
    return body_of("Transfer-Encoding: chunked", bytes_max);
}

static void no_body_is_done_at_once_and_takes_nothing(void **state)
{
    (void)state;
    struct http_body body = body_of("X: y", 10);
    struct slice piece = {NULL, 0};
    size_t used = 99;
    assert_true(http_body_ended(&body));
    assert_int_equal(http_body_decode(&body, "GET", 3, &used, &piece), HTTP_DONE);
    assert_int_equal(used, 0);
    assert_null(piece.data);
}

static void a_length_is_handed_out_where_it_lies_and_not_a_byte_more(void **state)
{
    (void)state;
    struct http_body body = body_of("Content-Length: 5", 10);
    const char *bytes = "abcdeGET";
    struct slice piece;
    size_t used = 0;
    assert_int_equal(http_body_decode(&body, bytes, 2, &used, &piece), HTTP_PIECE);
    assert_ptr_equal(piece.data, bytes);
    assert_int_equal(piece.len, 2);
    assert_int_equal(http_body_decode(&body, bytes + 2, 0, &used, &piece), HTTP_MORE);
    assert_false(http_body_ended(&body));
    assert_int_equal(http_body_decode(&body, bytes + 2, 6, &used, &piece), HTTP_PIECE);
    assert_slice(piece, "cde");
    assert_int_equal(used, 3);
    assert_true(http_body_ended(&body));
    assert_int_equal(http_body_decode(&body, bytes + 5, 3, &used, &piece), HTTP_DONE);
    assert_int_equal(used, 0);
}

static void a_length_beyond_its_own_limit_is_a_fault_at_once(void **state)
{
    (void)state;
    struct http_body body = body_of("Content-Length: 5", 4);
    struct slice piece;
    size_t used;
    assert_int_equal(http_body_decode(&body, "abcde", 5, &used, &piece), HTTP_FAULT);
    assert_int_equal(body.fault.status, 413);
    assert_int_equal(used, 0);
}

static void chunks_are_handed_out_one_by_one(void **state)
{
    (void)state;
    struct http_body body = chunked(10);
    const char *bytes = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\nGET";
    size_t used = 0, at = 0;
    struct slice piece;
    assert_int_equal(http_body_decode(&body, bytes, strlen(bytes), &used, &piece), HTTP_PIECE);
    assert_slice(piece, "abc");
    at += used;
    assert_int_equal(http_body_decode(&body, bytes + at, strlen(bytes + at), &used, &piece), HTTP_PIECE);
    assert_slice(piece, "de");
    at += used;
    assert_false(http_body_ended(&body));
    assert_int_equal(http_body_decode(&body, bytes + at, strlen(bytes + at), &used, &piece), HTTP_DONE);
    at += used;
    assert_string_equal(bytes + at, "GET");
    assert_int_equal(body.bytes, 5);
}

static void chunks_may_come_to_the_limit_together_and_not_beyond(void **state)
{
    (void)state;
    for (uint64_t max = 4; max <= 5; max++) {
        struct http_body body = chunked(max);
        const char *bytes = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
        size_t used = 0, at = 0;
        struct slice piece;
        enum http_got got;
        while ((got = http_body_decode(&body, bytes + at, strlen(bytes + at), &used, &piece)) == HTTP_PIECE)
            at += used;
        assert_int_equal(got, max == 5 ? HTTP_DONE : HTTP_FAULT);
        assert_int_equal(body.fault.status, max == 5 ? 0 : 413);
        assert_int_equal(body.bytes, max == 5 ? 5 : 3);
    }
}

static void a_fault_stays_a_fault(void **state)
{
    (void)state;
    struct http_body body = chunked(10);
    struct slice piece;
    size_t used;
    assert_int_equal(http_body_decode(&body, "x", 1, &used, &piece), HTTP_FAULT);
    assert_int_equal(http_body_decode(&body, "3\r\nabc\r\n0\r\n\r\n", 13, &used, &piece), HTTP_FAULT);
    assert_int_equal(used, 0);
}

/* `count` bytes of extension, "a" in all but the first, on each of `chunks` chunks. */
static enum http_got with_extensions(size_t count, size_t chunks)
{
    struct http_body body = chunked(100000);
    struct slice piece;
    size_t used;
    enum http_got got = HTTP_MORE;
    for (size_t i = 0; i < chunks && got != HTTP_FAULT; i++) {
        got = http_body_decode(&body, "1;", 2, &used, &piece);
        for (size_t n = 1; n < count && got != HTTP_FAULT; n++)
            got = http_body_decode(&body, "a", 1, &used, &piece);
        if (got != HTTP_FAULT)
            got = http_body_decode(&body, "\r\nx", 3, &used, &piece);
        if (got == HTTP_PIECE)
            got = http_body_decode(&body, "\r\n", 2, &used, &piece);
    }
    return got;
}

static void extensions_are_bounded_in_a_line_and_in_all(void **state)
{
    (void)state;
    assert_int_equal(with_extensions(HTTP_CHUNK_LINE_EXTENSION_MAX, 1), HTTP_MORE);
    assert_int_equal(with_extensions(HTTP_CHUNK_LINE_EXTENSION_MAX + 1, 1), HTTP_FAULT);
    assert_int_equal(with_extensions(64, HTTP_CHUNK_EXTENSIONS_MAX / 64), HTTP_MORE);
    assert_int_equal(with_extensions(64, HTTP_CHUNK_EXTENSIONS_MAX / 64 + 1), HTTP_FAULT);
}

static void trailers_are_bounded_in_number(void **state)
{
    (void)state;
    for (size_t count = HTTP_TRAILERS_MAX; count <= HTTP_TRAILERS_MAX + 1; count++) {
        struct http_body body = chunked(10);
        struct slice piece;
        size_t used;
        enum http_got got = http_body_decode(&body, "0\r\n", 3, &used, &piece);
        for (size_t i = 0; i < count && got == HTTP_MORE; i++)
            got = http_body_decode(&body, "X: y\r\n", 6, &used, &piece);
        assert_int_equal(got, count == HTTP_TRAILERS_MAX ? HTTP_MORE : HTTP_FAULT);
        assert_int_equal(body.fault.status, count == HTTP_TRAILERS_MAX ? 0 : 431);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_body_is_done_at_once_and_takes_nothing),
        cmocka_unit_test(a_length_is_handed_out_where_it_lies_and_not_a_byte_more),
        cmocka_unit_test(a_length_beyond_its_own_limit_is_a_fault_at_once),
        cmocka_unit_test(chunks_are_handed_out_one_by_one),
        cmocka_unit_test(chunks_may_come_to_the_limit_together_and_not_beyond),
        cmocka_unit_test(a_fault_stays_a_fault),
        cmocka_unit_test(extensions_are_bounded_in_a_line_and_in_all),
        cmocka_unit_test(trailers_are_bounded_in_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
