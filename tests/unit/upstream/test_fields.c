/* SPDX-License-Identifier: Apache-2.0 */
/* Which fields of a request go to a service. */
#include <string.h>

#include "lib/unit.h"
#include "upstream/fields.h"

static struct arena arena;

static const struct upstream_from from = {.address = SLICE_INIT("192.0.2.7"),
                                          .proto = SLICE_INIT("http"),
                                          .request_id = SLICE_INIT("0123456789abcdef")};

/* The fields that pass of these, as "name: value\n" lines. */
static const char *passed(const char *fields, const struct upstream_from *as)
{
    static struct http_field room[HTTP_FIELDS_MAX];
    struct http_head head;
    struct http_limits limits = {.line_bytes_max = 8192, .head_bytes_max = 16384, .body_bytes_max = 1 << 20};
    struct slice text = arena_format(&arena, "GET /x HTTP/1.1\r\nHost: example\r\n%s\r\n", fields);
    unsigned count;
    http_head_init(&head, room, HTTP_FIELDS_MAX);
    assert_int_equal(http_head_parse(&head, &limits, text.data, text.len), HTTP_DONE);
    struct http_field *passing = upstream_fields_of_request(&head, as, &arena, &count);
    struct slice lines = SLICE("");
    for (unsigned i = 0; i < count; i++)
        lines = arena_format(&arena, SLICE_FMT SLICE_FMT ": " SLICE_FMT "\n", SLICE_ARG(lines),
                             SLICE_ARG(passing[i].name), SLICE_ARG(passing[i].value));
    return lines.data;
}

static bool has(const char *lines, const char *line)
{
    return strstr(lines, line) != NULL;
}

static void what_is_of_the_connection_stays_here(void **state)
{
    (void)state;
    const char *lines =
        passed("Connection: x-named, close\r\nX-Named: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\n"
               "Trailer: A\r\nUpgrade: websocket\r\nProxy-Connection: close\r\nProxy-Authorization: x\r\n"
               "Transfer-Encoding: chunked\r\nX-Kept: yes\r\n",
               &from);
    assert_true(has(lines, "X-Kept: yes\n"));
    static const char *const gone[] = {"X-Named", "Keep-Alive", "TE:",       "Trailer",
                                       "Upgrade", "Proxy-",     "Transfer-", "Connection"};
    for (size_t i = 0; i < ARRAY_LEN(gone); i++)
        assert_false(has(lines, gone[i]));
}

static void nobody_speaks_for_a_proxy_but_leat(void **state)
{
    (void)state;
    const char *lines = passed("X-Forwarded-For: 10.0.0.1\r\nX-Forwarded-Proto: https\r\nForwarded: for=x\r\n"
                               "X-Real-IP: 10.0.0.2\r\nX-Forwarded-Host: evil\r\nX-Request-Id: forged\r\n"
                               "X_Forwarded_For: 10.0.0.3\r\n",
                               &from);
    assert_true(has(lines, "X-Forwarded-For: 192.0.2.7\n"));
    assert_true(has(lines, "X-Forwarded-Proto: http\n"));
    assert_true(has(lines, "X-Forwarded-Host: example\n"));
    assert_true(has(lines, "X-Request-Id: 0123456789abcdef\n"));
    assert_false(has(lines, "10.0.0."));
    assert_false(has(lines, "evil"));
    assert_false(has(lines, "forged"));
}

static void authorization_passes_only_where_it_is_declared(void **state)
{
    (void)state;
    struct upstream_from as = from;
    assert_false(has(passed("Authorization: Bearer x\r\n", &as), "Authorization"));
    as.authorization = true;
    assert_true(has(passed("Authorization: Bearer x\r\n", &as), "Authorization: Bearer x\n"));
}

static void declared_fields_are_dropped_and_added(void **state)
{
    (void)state;
    const struct slice drop[] = {SLICE_INIT("Cookie")};
    const struct http_field add[] = {{.name = SLICE_INIT("X-Key"), .value = SLICE_INIT("secret")}};
    struct upstream_from as = from;
    as.drop = drop, as.drop_count = 1, as.add = add, as.add_count = 1;
    const char *lines = passed("cookie: a=b\r\nx-key: forged\r\n", &as);
    assert_false(has(lines, "a=b"));
    assert_false(has(lines, "forged"));
    assert_true(has(lines, "X-Key: secret\n"));
}

static void conditions_stay_here_where_the_answer_is_kept(void **state)
{
    (void)state;
    struct upstream_from as = from;
    const char *fields = "If-None-Match: \"a\"\r\nRange: bytes=0-1\r\n";
    assert_true(has(passed(fields, &as), "If-None-Match"));
    as.whole = true;
    assert_false(has(passed(fields, &as), "If-None-Match"));
    assert_false(has(passed(fields, &as), "Range"));
}

static void a_trace_goes_on_with_the_request_as_parent(void **state)
{
    (void)state;
    const char *lines =
        passed("traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n", &from);
    assert_true(has(lines, "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-0123456789abcdef-01\n"));
}

static void a_malformed_trace_is_begun_anew(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "traceparent: 00-00000000000000000000000000000000-00f067aa0ba902b7-01\r\n",
        "traceparent: 00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01\r\n",
        "traceparent: ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n",
        "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x\r\n"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        const char *lines = passed(bad[i], &from), *at = strstr(lines, "traceparent: 00-");
        assert_non_null(at);
        assert_non_null(strstr(at, "0123456789abcdef-0123456789abcdef-01\n"));
        assert_null(strstr(at + 1, "traceparent"));
    }
}

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, 4096);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_of_the_connection_stays_here),
        TEST(nobody_speaks_for_a_proxy_but_leat),
        TEST(authorization_passes_only_where_it_is_declared),
        TEST(declared_fields_are_dropped_and_added),
        TEST(conditions_stay_here_where_the_answer_is_kept),
        TEST(a_trace_goes_on_with_the_request_as_parent),
        TEST(a_malformed_trace_is_begun_anew),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
