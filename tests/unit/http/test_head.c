/* SPDX-License-Identifier: Apache-2.0 */
/* Heads beside the data files: exact limits, known fields, resuming without looking twice, moved bytes. */
#include "lib/unit.h"

#include "unit/http/reading.h"

static const struct slice small = SLICE_INIT("GET /ab HTTP/1.1\r\nHost: a\r\n\r\n"); /* 18 + 9 + 2 bytes */

static enum http_got parse_within(size_t line_max, size_t head_max, unsigned *ret_status)
{
    struct http_limits limits = {line_max, head_max, 0};
    struct reading reading;
    reading_whole(&reading, &limits, small);
    *ret_status = reading.fault.status;
    reading_end(&reading);
    return reading.got;
}

static void a_request_line_of_exactly_the_limit_passes(void **state)
{
    (void)state;
    unsigned status = 0;
    assert_int_equal(parse_within(18, 1000, &status), HTTP_DONE);
    assert_int_equal(parse_within(17, 1000, &status), HTTP_FAULT);
    assert_int_equal(status, 414);
}

static void a_head_of_exactly_the_limit_passes(void **state)
{
    (void)state;
    unsigned status = 0;
    assert_int_equal(small.len, 29);
    assert_int_equal(parse_within(1000, 29, &status), HTTP_DONE);
    for (size_t max = 18; max < 29; max++) {
        assert_int_equal(parse_within(1000, max, &status), HTTP_FAULT);
        assert_int_equal(status, 431);
    }
    assert_int_equal(parse_within(1000, 17, &status), HTTP_FAULT);
    assert_int_equal(status, 414);
}

static void limits_are_the_same_however_the_bytes_are_cut(void **state)
{
    (void)state;
    for (size_t max = 0; max < 32; max++) {
        struct http_limits limits = {max < 20 ? max : 1000, max < 20 ? 1000 : max, 0};
        struct reading whole, cut;
        reading_whole(&whole, &limits, small);
        reading_bytewise(&cut, &limits, small);
        assert_null(reading_differs(&whole, &cut));
        reading_end(&whole);
        reading_end(&cut);
    }
}

static void a_line_that_fills_its_room_is_refused_before_its_end_comes(void **state)
{
    (void)state;
    struct http_limits limits = {10, 1000, 0};
    struct reading reading;
    reading_whole(&reading, &limits, SLICE("GET /abcd"));
    assert_int_equal(reading.got, HTTP_MORE);
    reading_end(&reading);
    reading_whole(&reading, &limits, SLICE("GET /abcde"));
    assert_int_equal(reading.got, HTTP_FAULT);
    assert_int_equal(reading.fault.status, 414);
    reading_end(&reading);
}

static void a_body_of_exactly_the_limit_passes(void **state)
{
    (void)state;
    struct slice request = SLICE("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
    for (uint64_t max = 2; max <= 3; max++) {
        struct http_limits limits = {1000, 1000, max};
        struct reading reading;
        reading_whole(&reading, &limits, request);
        assert_int_equal(reading.got, max == 3 ? HTTP_DONE : HTTP_FAULT);
        assert_int_equal(reading.fault.status, max == 3 ? 0 : 413);
        reading_end(&reading);
    }
}

static void the_room_for_fields_is_never_passed(void **state)
{
    (void)state;
    struct http_limits limits = {1000, 1000, 0};
    struct http_field room[3];
    struct http_head head;
    memset(&room[2], 0xee, sizeof(room[2]));
    http_head_init(&head, room, 2);
    struct slice request = SLICE("GET / HTTP/1.1\r\nHost: a\r\nX: 1\r\nY: 2\r\n\r\n");
    assert_int_equal(http_head_parse(&head, &limits, request.data, request.len), HTTP_FAULT);
    assert_int_equal(head.fault.status, 431);
    assert_int_equal(*(unsigned char *)&room[2], 0xee);
}

static void known_fields_are_found_and_walked_in_order(void **state)
{
    (void)state;
    struct reading reading;
    reading_whole(&reading, NULL,
                  SLICE(
                      "GET / HTTP/1.1\r\nAccept: a\r\nHost: h\r\nACCEPT: b\r\nX-Own: c\r\naccept: \r\n\r\n"));
    struct slice value;
    unsigned position = 0, count = 0;
    const char *const expected[] = {"a", "b", ""};
    while (http_head_next(&reading.head, HTTP_ACCEPT, &position, &value))
        assert_slice(value, expected[count++]);
    assert_int_equal(count, 3);
    assert_slice(http_head_get(&reading.head, HTTP_ACCEPT), "a");
    assert_slice(http_head_find(&reading.head, SLICE("x-OWN")), "c");
    assert_null(http_head_get(&reading.head, HTTP_COOKIE).data);
    assert_null(http_head_find(&reading.head, SLICE("X-Ow")).data);
    position = 0;
    assert_false(http_head_next(&reading.head, HTTP_COOKIE, &position, &value));
    reading_end(&reading);
}

/* Each call may look at the new bytes and at one before them: overwriting what was seen must change nothing. */
static void bytes_of_an_unfinished_line_are_looked_at_once(void **state)
{
    (void)state;
    struct http_limits limits = {1000, 1000, 0};
    struct http_field room[4];
    struct http_head head;
    char bytes[64] = "GET /abcdefghijklmnop";
    http_head_init(&head, room, 4);
    assert_int_equal(http_head_parse(&head, &limits, bytes, 21), HTTP_MORE);
    assert_int_equal(head.seen, 21);
    memset(bytes, '\n', 20);
    memcpy(bytes + 21, "qrs", 3);
    assert_int_equal(http_head_parse(&head, &limits, bytes, 24), HTTP_MORE);
    assert_int_equal(head.seen, 24);
}

static void a_pending_carriage_return_is_looked_at_again(void **state)
{
    (void)state;
    struct http_limits limits = {1000, 1000, 0};
    struct http_field room[4];
    struct http_head head;
    http_head_init(&head, room, 4);
    assert_int_equal(http_head_parse(&head, &limits, "GET / HTTP/1.1\r", 15), HTTP_MORE);
    assert_int_equal(http_head_parse(&head, &limits, "GET / HTTP/1.1\rX", 16), HTTP_FAULT);
    assert_int_equal(head.fault.status, 400);
}

static void what_is_no_http_is_refused_before_its_line_ends(void **state)
{
    (void)state;
    struct reading reading;
    reading_whole(&reading, NULL, SLICE("\x16\x03\x01"));
    assert_int_equal(reading.got, HTTP_FAULT);
    reading_end(&reading);
    reading_whole(&reading, NULL, SLICE("GET / HTTP/1.1\r\nHost: a\r\nX: \x01"));
    assert_int_equal(reading.got, HTTP_FAULT);
    reading_end(&reading);
}

static void no_bytes_at_all_want_more(void **state)
{
    (void)state;
    struct reading reading;
    reading_whole(&reading, NULL, SLICE(""));
    assert_int_equal(reading.got, HTTP_MORE);
    reading_end(&reading);
}

static void every_byte_in_every_place_gives_one_verdict(void **state)
{
    (void)state;
    struct slice request =
        SLICE("PUT /a?b HTTP/1.1\r\nHost: a:1\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n"
              "2;e=\"f\"\r\nab\r\n0\r\nT: v\r\n\r\n");
    char changed[128];
    memcpy(changed, request.data, request.len);
    for (size_t at = 0; at < request.len; at++) {
        for (int byte = 0; byte < 256; byte++) {
            struct reading whole, bytewise;
            changed[at] = (char)byte;
            reading_whole(&whole, NULL, slice_of(changed, request.len));
            reading_bytewise(&bytewise, NULL, slice_of(changed, request.len));
            assert_null(reading_differs(&whole, &bytewise));
            reading_end(&whole);
            reading_end(&bytewise);
        }
        changed[at] = request.data[at];
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_line_of_exactly_the_limit_passes),
        cmocka_unit_test(a_head_of_exactly_the_limit_passes),
        cmocka_unit_test(limits_are_the_same_however_the_bytes_are_cut),
        cmocka_unit_test(a_line_that_fills_its_room_is_refused_before_its_end_comes),
        cmocka_unit_test(a_body_of_exactly_the_limit_passes),
        cmocka_unit_test(the_room_for_fields_is_never_passed),
        cmocka_unit_test(known_fields_are_found_and_walked_in_order),
        cmocka_unit_test(bytes_of_an_unfinished_line_are_looked_at_once),
        cmocka_unit_test(a_pending_carriage_return_is_looked_at_again),
        cmocka_unit_test(what_is_no_http_is_refused_before_its_line_ends),
        cmocka_unit_test(no_bytes_at_all_want_more),
        cmocka_unit_test(every_byte_in_every_place_gives_one_verdict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
