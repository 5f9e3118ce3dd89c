/* SPDX-License-Identifier: Apache-2.0 */
/* Buffers: the cap, sticky failure, numbers, and JSON strings against a slow writer of the same. */
#include "lib/memory.h"

#include <stdio.h>

#include "base/buf.h"

static void pieces_stand_one_after_the_other(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    buf_lit(&buf, "GET ");
    buf_add(&buf, SLICE("/api"));
    buf_byte(&buf, '?');
    buf_format(&buf, "%s=%d", "id", 17);
    buf_add(&buf, (struct slice){NULL, 0});
    assert_slice(buf_slice(&buf), "GET /api?id=17");
    buf_done(&buf);
}

static void it_grows_to_its_cap_and_not_beyond(void **state)
{
    (void)state;
    for (size_t max = 1; max < 3000; max = max * 3 / 2 + 1) {
        struct buf buf;
        buf_init(&buf, max);
        for (size_t i = 0; i < max; i++)
            buf_byte(&buf, 'x');
        assert_false(buf.failed);
        assert_int_equal(buf.len, max);
        buf_byte(&buf, 'x');
        assert_true(buf.failed);
        assert_int_equal(buf.len, max);
        assert_true(buf.cap <= max);
        buf_done(&buf);
    }
}

static void failure_is_sticky_until_cleared(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 4);
    buf_lit(&buf, "ab");
    buf_lit(&buf, "toolong");
    buf_lit(&buf, "c");
    assert_true(buf.failed);
    assert_slice(buf_slice(&buf), "ab");
    buf_clear(&buf);
    buf_lit(&buf, "abcd");
    assert_false(buf.failed);
    assert_slice(buf_slice(&buf), "abcd");
    buf_done(&buf);
}

static void a_size_that_would_overflow_is_refused(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, SIZE_MAX);
    buf_lit(&buf, "ab");
    assert_null(buf_room(&buf, SIZE_MAX));
    assert_true(buf.failed);
    buf_done(&buf);
}

static void out_of_memory_keeps_what_was_written(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100000);
    buf_lit(&buf, "kept");
    memory_arm("1");
    assert_null(buf_room(&buf, 50000));
    assert_true(buf.failed);
    assert_slice(buf_slice(&buf), "kept");
    buf_done(&buf);
}

static void numbers_are_written_as_printf_writes_them(void **state)
{
    (void)state;
    struct unit_random random = {1};
    struct buf buf;
    buf_init(&buf, 100);
    for (int i = 0; i < 20000; i++) {
        uint64_t number = unit_random_next(&random) >> unit_random_below(&random, 64);
        char expected[32];
        buf_clear(&buf);
        buf_uint(&buf, number);
        snprintf(expected, sizeof expected, "%ju", (uintmax_t)number);
        assert_slice(buf_slice(&buf), expected);
        buf_clear(&buf);
        buf_int(&buf, -(int64_t)(number >> 1));
        snprintf(expected, sizeof expected, "%jd", -(intmax_t)(number >> 1));
        assert_slice(buf_slice(&buf), expected);
    }
    buf_done(&buf);
}

static void the_ends_of_the_number_ranges_are_written(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 100);
    buf_int(&buf, INT64_MIN);
    buf_byte(&buf, ' ');
    buf_int(&buf, INT64_MAX);
    buf_byte(&buf, ' ');
    buf_uint(&buf, UINT64_MAX);
    buf_byte(&buf, ' ');
    buf_uint(&buf, 0);
    assert_slice(buf_slice(&buf), "-9223372036854775808 9223372036854775807 18446744073709551615 0");
    buf_done(&buf);
}

static void a_number_that_does_not_fit_leaves_no_piece_of_itself(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 3);
    buf_lit(&buf, "ab");
    buf_int(&buf, -17);
    assert_true(buf.failed);
    assert_slice(buf_slice(&buf), "ab");
    buf_done(&buf);
}

/* RFC 8259 section 7, byte by byte. */
static struct slice json_slowly(struct slice text, char *to)
{
    char *end = to;
    *end++ = '"';
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        const char *at = byte ? strchr("\bb\ff\nn\rr\tt\"\"\\\\", byte) : NULL;
        if (byte == '"' || byte == '\\' || (at && byte < 0x20))
            end += snprintf(end, 8, "\\%c", byte < 0x20 ? at[1] : byte);
        else if (byte < 0x20)
            end += snprintf(end, 8, "\\u%04x", byte);
        else
            *end++ = (char)byte;
    }
    *end++ = '"';
    return slice_of(to, (size_t)(end - to));
}

static void assert_json(struct slice text)
{
    char *slow = malloc(text.len * 6 + 16), *exact = malloc(text.len + !text.len);
    if (text.len)
        memcpy(exact, text.data, text.len); /* so that a sanitizer sees a read beyond the end */
    struct buf buf;
    buf_init(&buf, 1 << 20);
    buf_json(&buf, slice_of(exact, text.len));
    assert_false(buf.failed);
    assert_true(slice_eq(buf_slice(&buf), json_slowly(text, slow)));
    buf_done(&buf);
    free(exact);
    free(slow);
}

static void every_byte_is_escaped_right_at_every_place(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t len = 1; len <= 20; len++) {
            for (size_t at = 0; at < len; at++) {
                char text[20];
                memset(text, 'x', sizeof text);
                text[at] = (char)byte;
                assert_json(slice_of(text, len));
            }
        }
    }
}

static void random_bytes_are_escaped_as_a_slow_writer_does(void **state)
{
    (void)state;
    struct unit_random random = {7};
    for (int round = 0; round < 3000; round++) {
        char text[300];
        size_t len = unit_random_below(&random, sizeof text);
        size_t range = round % 2 ? 256 : 64; /* the lower, the more escapes */
        for (size_t i = 0; i < len; i++)
            text[i] = (char)unit_random_below(&random, range);
        assert_json(slice_of(text, len));
    }
}

static void json_of_nothing_is_two_quotes(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 2);
    buf_json(&buf, (struct slice){NULL, 0});
    assert_slice(buf_slice(&buf), "\"\"");
    buf_done(&buf);
}

static void json_of_bytes_that_are_no_text_is_text(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    buf_json_mended(&buf, SLICE("plain \" \xc3\xa4"));
    buf_json_mended(&buf, SLICE("\xff\n\xe2\x82\xac\xc3"));
    buf_json_mended(&buf, SLICE("a\xed\xa0\x80z"));
    buf_json_mended(&buf, (struct slice){NULL, 0});
    assert_slice(buf_slice(&buf), "\"plain \\\" \xc3\xa4\""
                                  "\"\xef\xbf\xbd\\n\xe2\x82\xac\xef\xbf\xbd\""
                                  "\"a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"\"\"");
    buf_done(&buf);
}

static void json_that_does_not_fit_leaves_no_piece_of_itself(void **state)
{
    (void)state;
    for (size_t max = 5; max < 40; max++) {
        struct buf buf;
        buf_init(&buf, max);
        buf_lit(&buf, "kept");
        buf_json(&buf, SLICE("\x01 and more \" text \\ with\nescapes in it"));
        assert_true(buf.failed);
        assert_slice(buf_slice(&buf), "kept");
        buf_done(&buf);
    }
}

static void trimming_keeps_the_bytes_and_gives_back_the_rest(void **state)
{
    (void)state;
    struct buf buf;
    buf_init(&buf, 1000);
    buf_trim(&buf); /* of an empty one: nothing */
    buf_lit(&buf, "bytes");
    buf_trim(&buf);
    assert_int_equal(buf.cap, 5);
    assert_slice(buf_slice(&buf), "bytes");
    buf_lit(&buf, " and more");
    assert_slice(buf_slice(&buf), "bytes and more");
    buf_done(&buf);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(trimming_keeps_the_bytes_and_gives_back_the_rest),
    cmocka_unit_test(pieces_stand_one_after_the_other),
    cmocka_unit_test(it_grows_to_its_cap_and_not_beyond),
    cmocka_unit_test(failure_is_sticky_until_cleared),
    cmocka_unit_test(a_size_that_would_overflow_is_refused),
    cmocka_unit_test_teardown(out_of_memory_keeps_what_was_written, memory_disarm),
    cmocka_unit_test(numbers_are_written_as_printf_writes_them),
    cmocka_unit_test(the_ends_of_the_number_ranges_are_written),
    cmocka_unit_test(a_number_that_does_not_fit_leaves_no_piece_of_itself),
    cmocka_unit_test(every_byte_is_escaped_right_at_every_place),
    cmocka_unit_test(random_bytes_are_escaped_as_a_slow_writer_does),
    cmocka_unit_test(json_of_nothing_is_two_quotes),
    cmocka_unit_test(json_of_bytes_that_are_no_text_is_text),
    cmocka_unit_test(json_that_does_not_fit_leaves_no_piece_of_itself),
};

UNIT_TEST_MAIN(tests)
