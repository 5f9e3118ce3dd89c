/* SPDX-License-Identifier: Apache-2.0 */
/* Heads and problems: their exact bytes in both manners, what never reaches a client, and that nothing a client sends can make a
 * header or break the JSON. */
#include "lib/unit.h"

#include "base/check.h"
#include "respond/respond.h"

static struct buf out;

static int begin(void **state)
{
    (void)state;
    buf_init(&out, 1 << 16);
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_done(&out);
    return 0;
}

/* ---- heads ---- */

static void a_usual_head_has_exactly_these_bytes(void **state)
{
    (void)state;
    struct answer answer = {.status = 200,
                            .body_bytes = 12345,
                            .date = SLICE("Sat, 31 Jan 2026 09:05:07 GMT"),
                            .request_id = SLICE("0123456789abcdef")};
    respond_head(&out, &answer);
    assert_slice(buf_slice(&out), "HTTP/1.1 200 OK\r\n"
                                  "Content-Type: application/json\r\n"
                                  "Content-Length: 12345\r\n"
                                  "Date: Sat, 31 Jan 2026 09:05:07 GMT\r\n"
                                  "X-Request-Id: 0123456789abcdef\r\n\r\n");
}

static void every_member_of_an_answer_has_its_header(void **state)
{
    (void)state;
    struct answer answer = {.status = 405,
                            .type = SLICE("application/problem+json"),
                            .content_range = SLICE("0-24/100"),
                            .link = SLICE("</api/users?cursor=x>; rel=\"next\""),
                            .allow = SLICE("GET, HEAD, OPTIONS"),
                            .location = SLICE("/api/users/5"),
                            .retry_after_s = 7,
                            .page_size_used = 100,
                            .caching = {.no_store = true, .vary_accept = true},
                            .close = true};
    respond_head(&out, &answer);
    assert_slice(buf_slice(&out), "HTTP/1.1 405 Method Not Allowed\r\n"
                                  "Content-Type: application/problem+json\r\n"
                                  "Content-Length: 0\r\n"
                                  "Content-Range: 0-24/100\r\n"
                                  "Link: </api/users?cursor=x>; rel=\"next\"\r\n"
                                  "Allow: GET, HEAD, OPTIONS\r\n"
                                  "Location: /api/users/5\r\n"
                                  "Retry-After: 7\r\n"
                                  "X-Page-Size: 100\r\n"
                                  "Cache-Control: no-store\r\n"
                                  "Vary: Accept\r\n"
                                  "Connection: close\r\n\r\n");
}

static void a_counted_answer_tells_its_limit_twice(void **state)
{
    (void)state;
    struct answer answer = {.status = 200,
                            .limit = {.fields = SLICE("X-RateLimit-Limit: 10\r\n"
                                                      "RateLimit-Policy: \"a\";q=10;w=60\r\n"),
                                      .name = SLICE("a"),
                                      .remaining = 3,
                                      .reset_s = 42}};
    respond_each(&out, &answer);
    assert_slice(buf_slice(&out), "X-RateLimit-Limit: 10\r\n"
                                  "RateLimit-Policy: \"a\";q=10;w=60\r\n"
                                  "X-RateLimit-Remaining: 3\r\n"
                                  "X-RateLimit-Reset: 42\r\n"
                                  "RateLimit: \"a\";r=3;t=42\r\n\r\n");
}

static void what_may_be_kept_bears_its_tag_and_is_asked_about(void **state)
{
    (void)state;
    struct answer answer = {.status = 304, .caching.etag = SLICE("\"5f0c\"")};
    respond_head(&out, &answer);
    assert_slice(buf_slice(&out), "HTTP/1.1 304 Not Modified\r\n"
                                  "ETag: \"5f0c\"\r\n"
                                  "Cache-Control: no-cache\r\n\r\n");
}

static void a_page_may_load_from_here_alone(void **state)
{
    (void)state;
    struct answer answer = {.status = 200, .page = true};
    respond_head(&out, &answer);
    assert_non_null(memmem(out.data, out.len, "\r\nContent-Security-Policy: default-src 'self'; ", 47));
    assert_non_null(memmem(out.data, out.len, "\r\nX-Content-Type-Options: nosniff\r\n", 35));
}

static void what_a_cache_keeps_of_a_head_and_what_it_adds_make_the_whole(void **state)
{
    (void)state;
    struct answer answer = {.status = 200,
                            .type = SLICE("text/csv"),
                            .coding = CODING_BROTLI,
                            .body_bytes = 7,
                            .date = SLICE("Sat, 31 Jan 2026 09:05:07 GMT"),
                            .request_id = SLICE("0123456789abcdef"),
                            .cache = {.way = TOLD_HIT, .age_s = 3, .ttl_s = 30},
                            .close = true};
    respond_fixed(&out, &answer);
    assert_slice(buf_slice(&out), "HTTP/1.1 200 OK\r\n"
                                  "Content-Type: text/csv\r\n"
                                  "Content-Encoding: br\r\n"
                                  "Content-Length: 7\r\n");
    struct answer asker = {.date = answer.date,
                           .request_id = answer.request_id,
                           .cache = answer.cache,
                           .close = true};
    respond_each(&out, &asker);
    struct buf whole;
    buf_init(&whole, 1 << 16);
    respond_head(&whole, &answer);
    assert_true(slice_eq(buf_slice(&whole), buf_slice(&out)));
    assert_non_null(memmem(out.data, out.len, "\r\nAge: 3\r\nCache-Status: Leat; hit; ttl=30\r\n", 43));
    buf_done(&whole);
}

static void what_has_no_body_says_no_length(void **state)
{
    (void)state;
    for (unsigned status = 204; status <= 304; status += 100) {
        struct answer answer = {.status = status, .body_bytes = 9};
        buf_clear(&out);
        respond_head(&out, &answer);
        assert_null(memmem(out.data, out.len, "Content-", 8));
    }
}

static void connection_is_named_only_where_the_version_needs_it(void **state)
{
    (void)state;
    struct answer kept = {.status = 200, .keep_alive_1_0 = true};
    respond_head(&out, &kept);
    assert_non_null(memmem(out.data, out.len, "\r\nConnection: keep-alive\r\n", 26));
    struct answer closed = {.status = 200, .keep_alive_1_0 = true, .close = true};
    buf_clear(&out);
    respond_head(&out, &closed);
    assert_non_null(memmem(out.data, out.len, "\r\nConnection: close\r\n", 21));
    assert_null(memmem(out.data, out.len, "keep-alive", 10));
}

static void a_401_says_how_to_be_known(void **state)
{
    (void)state;
    struct answer answer = {.status = 401};
    respond_head(&out, &answer);
    assert_non_null(memmem(out.data, out.len, "\r\nWWW-Authenticate: Bearer\r\n", 28));
}

/* How many lines the head has, and that it ends with the first empty one. */
static unsigned lines_of_head(void)
{
    unsigned lines = 0;
    const char *stop = memmem(out.data, out.len, "\r\n\r\n", 4);
    assert_non_null(stop);
    assert_int_equal((size_t)(stop - out.data) + 4, out.len);
    for (const char *at = out.data; at < stop + 2; at++) {
        assert_false(*at == '\0');
        lines += at[0] == '\r' && at[1] == '\n';
        assert_true(*at != '\n' || at[-1] == '\r');
    }
    return lines;
}

/* Values that a client may have had a hand in. */
static void no_value_of_an_answer_can_make_a_header(void **state)
{
    (void)state;
    static const struct slice attempts[] = {
        SLICE_INIT("a\r\nSet-Cookie: x=1"),
        SLICE_INIT("a\nSet-Cookie: x=1"),
        SLICE_INIT("a\rSet-Cookie: x=1"),
        SLICE_INIT("\r\n\r\n<html>"),
        SLICE_INIT("a\0\r\nb"),
        SLICE_INIT("\r\n folded"),
        SLICE_INIT("a\r\n"),
        SLICE_INIT("\x85\xe2\x80\xa8\x0b\x0c x"),
    };
    for (size_t i = 0; i < ARRAY_LEN(attempts); i++) {
        struct answer answer = {.status = 200,
                                .request_id = attempts[i],
                                .content_range = attempts[i],
                                .link = attempts[i],
                                .allow = attempts[i],
                                .location = attempts[i]};
        buf_clear(&out);
        respond_head(&out, &answer);
        assert_int_equal(lines_of_head(), 3 + 5);
        assert_null(memmem(out.data, out.len, "\r\nSet-Cookie", 12));
    }
}

static void a_head_beyond_the_cap_fails(void **state)
{
    (void)state;
    struct answer answer = {.status = 200, .link = SLICE("</a>; rel=\"next\"")};
    for (size_t cap = 1; cap < 100; cap++) {
        struct buf small;
        buf_init(&small, cap);
        respond_head(&small, &answer);
        if (!small.failed)
            assert_slice(slice_skip(buf_slice(&small), small.len - 4), "\r\n\r\n");
        assert_true(small.len <= cap);
        buf_done(&small);
    }
}

/* ---- problems ---- */

static const struct problem mistyped = {.status = 400,
                                        .code = SLICE_INIT("unknown-column"),
                                        .pg_code = SLICE_INIT("PGRST204"),
                                        .detail = SLICE_INIT("`users` has no column `emial`."),
                                        .hint = SLICE_INIT("Did you mean `email`?"),
                                        .place = SLICE_INIT("emial"),
                                        .column = SLICE_INIT("emial"),
                                        .value = SLICE_INIT("eq.\"x\""),
                                        .nearest = SLICE_INIT("email"),
                                        .allow = SLICE_INIT("GET"),
                                        .cause = SLICE_INIT("SELECT secret FROM users"),
                                        .retry_after_s = 3};

static struct slice body_of(const struct problem *problem, enum manner manner, struct slice *ret_type)
{
    buf_clear(&out);
    respond_problem_body(&out, problem, manner, SLICE("0123456789abcdef"), ret_type);
    assert_false(out.failed);
    return buf_slice(&out);
}

static void a_problem_in_the_plain_manner_follows_rfc_9457(void **state)
{
    (void)state;
    struct slice type;
    assert_slice(
        body_of(&mistyped, MANNER_PLAIN, &type),
        "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,\"code\":\"unknown-column\","
        "\"detail\":\"`users` has no column `emial`.\",\"hint\":\"Did you mean `email`?\",\"place\":\"emial\","
        "\"column\":\"emial\",\"value\":\"eq.\\\"x\\\"\",\"nearest\":\"email\",\"request_id\":\"0123456789abcdef\"}");
    assert_slice(type, "application/problem+json");
}

static void a_body_without_length_is_framed_by_chunks_or_by_the_close(void **state)
{
    (void)state;
    struct answer answer = {.status = 200, .framing = FRAMING_CHUNKED, .body_bytes = 5};
    respond_head(&out, &answer);
    assert_slice(buf_slice(&out), "HTTP/1.1 200 OK\r\n"
                                  "Content-Type: application/json\r\n"
                                  "Transfer-Encoding: chunked\r\n\r\n");
    buf_clear(&out);
    answer.framing = FRAMING_CLOSE;
    answer.close = true;
    respond_head(&out, &answer);
    assert_slice(buf_slice(&out), "HTTP/1.1 200 OK\r\n"
                                  "Content-Type: application/json\r\n"
                                  "Connection: close\r\n\r\n");
}

static void postgrests_details_are_told_in_its_manner_alone(void **state)
{
    (void)state;
    struct problem problem = {.status = 406,
                              .code = SLICE("not-one-row"),
                              .pg_code = SLICE("PGRST116"),
                              .detail = SLICE("One."),
                              .details = SLICE("The result contains 0 rows")};
    struct slice type;
    respond_problem_body(&out, &problem, MANNER_POSTGREST, SLICE("1"), &type);
    assert_slice(buf_slice(&out), "{\"code\":\"PGRST116\",\"details\":\"The result contains 0 rows\","
                                  "\"hint\":null,\"message\":\"One.\"}");
    buf_clear(&out);
    respond_problem_body(&out, &problem, MANNER_PLAIN, SLICE("1"), &type);
    assert_null(memmem(out.data, out.len, "0 rows", 6));
}

static void a_problem_in_the_postgrest_manner_has_its_four_members(void **state)
{
    (void)state;
    struct slice type;
    assert_slice(body_of(&mistyped, MANNER_POSTGREST, &type),
                 "{\"code\":\"PGRST204\",\"details\":null,\"hint\":\"Did you mean `email`?\","
                 "\"message\":\"`users` has no column `emial`.\"}");
    assert_slice(type, "application/json; charset=utf-8");
}

static void what_a_problem_does_not_say_is_left_out(void **state)
{
    (void)state;
    struct slice type;
    struct problem bare = {.status = 503};
    assert_slice(body_of(&bare, MANNER_PLAIN, &type),
                 "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,"
                 "\"request_id\":\"0123456789abcdef\"}");
    bare.code = SLICE("pool-exhausted");
    assert_slice(body_of(&bare, MANNER_POSTGREST, &type),
                 "{\"code\":\"pool-exhausted\",\"details\":null,\"hint\":null,\"message\":null}");
}

static void the_cause_never_reaches_a_client(void **state)
{
    (void)state;
    struct slice type;
    for (enum manner manner = MANNER_PLAIN; manner <= MANNER_POSTGREST; manner++) {
        struct slice body = body_of(&mistyped, manner, &type);
        assert_null(memmem(body.data, body.len, "secret", 6));
        assert_null(memmem(body.data, body.len, "SELECT", 6));
    }
}

static void an_empty_value_is_shown_and_an_absent_one_is_not(void **state)
{
    (void)state;
    struct slice type;
    struct problem problem = {.status = 400, .value = SLICE("")};
    struct slice body = body_of(&problem, MANNER_PLAIN, &type);
    assert_non_null(memmem(body.data, body.len, ",\"value\":\"\",", 12));
    problem.value = (struct slice){NULL, 0};
    body = body_of(&problem, MANNER_PLAIN, &type);
    assert_null(memmem(body.data, body.len, "value", 5));
}

/* The value of a body's `value`, without its quotes. */
static struct slice shown_value(struct slice body)
{
    const char *from = memmem(body.data, body.len, "\"value\":\"", 9);
    assert_non_null(from);
    from += 9;
    const char *to = memmem(from, (size_t)(body.data + body.len - from), "\",\"request_id\"", 14);
    assert_non_null(to);
    return slice_of(from, (size_t)(to - from));
}

static void a_long_value_is_cut_between_two_characters(void **state)
{
    (void)state;
    char text[4 * PROBLEM_VALUE_MAX];
    for (size_t at = 0; at < sizeof text; at += 3)
        memcpy(text + at, "\xe2\x82\xac", sizeof text - at < 3 ? sizeof text - at : 3);
    for (size_t from = 0; from < 3; from++) {
        struct slice type;
        struct problem problem = {.status = 400, .value = slice_of(text + from, sizeof text - from)};
        struct slice shown = shown_value(body_of(&problem, MANNER_PLAIN, &type));
        assert_true(slice_is_utf8(shown));
        assert_in_range(shown.len, PROBLEM_VALUE_MAX - 4, PROBLEM_VALUE_MAX + 3 * 2);
    }
    struct slice type;
    memset(text, 'x', sizeof text);
    struct problem problem = {.status = 400, .value = slice_of(text, PROBLEM_VALUE_MAX)};
    assert_int_equal(shown_value(body_of(&problem, MANNER_PLAIN, &type)).len, PROBLEM_VALUE_MAX);
}

static void bytes_that_are_no_text_do_not_break_a_body(void **state)
{
    (void)state;
    struct slice type, bad = SLICE("\xff\"\r\n\x80<\xe2\x82");
    struct problem problem = {.status = 400,
                              .code = bad,
                              .detail = bad,
                              .hint = bad,
                              .place = bad,
                              .column = bad,
                              .value = bad,
                              .nearest = bad};
    for (enum manner manner = MANNER_PLAIN; manner <= MANNER_POSTGREST; manner++) {
        struct slice body = body_of(&problem, manner, &type);
        assert_true(slice_is_utf8(body));
        for (size_t i = 0; i < body.len; i++)
            assert_true((unsigned char)body.data[i] >= 0x20);
        assert_non_null(memmem(body.data, body.len, "\xef\xbf\xbd\\\"\\r\\n\xef\xbf\xbd<", 13));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static const struct CMUnitTest tests[] = {
    TEST(a_usual_head_has_exactly_these_bytes),
    TEST(every_member_of_an_answer_has_its_header),
    TEST(a_counted_answer_tells_its_limit_twice),
    TEST(what_may_be_kept_bears_its_tag_and_is_asked_about),
    TEST(a_page_may_load_from_here_alone),
    TEST(what_a_cache_keeps_of_a_head_and_what_it_adds_make_the_whole),
    TEST(what_has_no_body_says_no_length),
    TEST(connection_is_named_only_where_the_version_needs_it),
    TEST(a_401_says_how_to_be_known),
    TEST(no_value_of_an_answer_can_make_a_header),
    TEST(a_head_beyond_the_cap_fails),
    TEST(a_problem_in_the_plain_manner_follows_rfc_9457),
    TEST(a_body_without_length_is_framed_by_chunks_or_by_the_close),
    TEST(postgrests_details_are_told_in_its_manner_alone),
    TEST(a_problem_in_the_postgrest_manner_has_its_four_members),
    TEST(what_a_problem_does_not_say_is_left_out),
    TEST(the_cause_never_reaches_a_client),
    TEST(an_empty_value_is_shown_and_an_absent_one_is_not),
    TEST(a_long_value_is_cut_between_two_characters),
    TEST(bytes_that_are_no_text_do_not_break_a_body),
};

UNIT_TEST_MAIN(tests)
