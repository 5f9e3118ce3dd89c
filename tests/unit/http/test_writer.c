/* SPDX-License-Identifier: Apache-2.0 */
/* Answers: their exact bytes, and that no value can make a header of its own. */
#include "lib/unit.h"

#include "unit/http/reading.h"

#include "http/chars.h"
#include "http/writer.h"

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

static void a_whole_head_has_exactly_these_bytes(void **state)
{
    (void)state;
    http_write_status(&out, 200);
    http_write_date(&out, "Sat, 31 Jan 2026 09:05:07 GMT");
    http_write_field(&out, SLICE("Content-Type"), SLICE("application/json"));
    http_write_length(&out, 18446744073709551615u);
    http_write_connection(&out, 1, true);
    http_write_end(&out);
    assert_slice(buf_slice(&out),
                 "HTTP/1.1 200 OK\r\nDate: Sat, 31 Jan 2026 09:05:07 GMT\r\n"
                 "Content-Type: application/json\r\nContent-Length: 18446744073709551615\r\n\r\n");
}

static void every_status_has_a_line_and_the_common_ones_a_phrase(void **state)
{
    (void)state;
    for (unsigned status = 100; status <= 599; status++) {
        buf_clear(&out);
        http_write_status(&out, status);
        assert_true(out.len > 15 && slice_ends(buf_slice(&out), SLICE("\r\n")));
        assert_int_equal(strtoul(out.data + 9, NULL, 10), status);
    }
    assert_slice(http_status_phrase(404), "Not Found");
    assert_slice(http_status_phrase(503), "Service Unavailable");
    assert_slice(http_status_phrase(431), "Request Header Fields Too Large");
    assert_slice(http_status_phrase(299), "Unknown");
    assert_slice(http_status_phrase(0), "Unknown");
    assert_slice(http_status_phrase(1000000), "Unknown");
}

static void connection_says_what_the_version_does_not_imply(void **state)
{
    (void)state;
    http_write_connection(&out, 1, true);
    assert_int_equal(out.len, 0);
    http_write_connection(&out, 1, false);
    http_write_connection(&out, 0, true);
    http_write_connection(&out, 0, false);
    assert_slice(buf_slice(&out), "Connection: close\r\nConnection: keep-alive\r\nConnection: close\r\n");
}

static void no_value_can_make_a_header_of_its_own(void **state)
{
    (void)state;
    http_write_field(&out, SLICE("X"), SLICE("a\r\nSet-Cookie: b\r\n\r\n<html>"));
    assert_slice(buf_slice(&out), "X: a  Set-Cookie: b    <html>\r\n");
    for (int byte = 0; byte < 256; byte++) {
        char value[3] = {'a', (char)byte, 'b'};
        buf_clear(&out);
        http_write_field(&out, SLICE("X"), slice_of(value, 3));
        assert_int_equal(out.len, 8);
        assert_int_equal(out.data[4], char_is((char)byte, CHAR_VALUE) ? (char)byte : ' ');
    }
}

static void blanks_around_a_value_are_dropped(void **state)
{
    (void)state;
    http_write_field(&out, SLICE("X"), SLICE(" \t a b\r\n"));
    http_write_field(&out, SLICE("Y"), SLICE(""));
    assert_slice(buf_slice(&out), "X: a b\r\nY: \r\n");
}

static void what_is_chunked_here_is_understood_there(void **state)
{
    (void)state;
    struct reading reading;
    char big[5000];
    memset(big, 'x', sizeof(big));
    buf_lit(&out, "POST / HTTP/1.1\r\nHost: a\r\n");
    http_write_chunked(&out);
    http_write_end(&out);
    http_write_chunk(&out, SLICE("abc"));
    http_write_chunk(&out, SLICE(""));
    http_write_chunk_begin(&out, sizeof(big));
    buf_append(&out, big, sizeof(big));
    http_write_chunk_end(&out);
    http_write_chunks_last(&out);
    reading_whole(&reading, NULL, buf_slice(&out));
    assert_int_equal(reading.got, HTTP_DONE);
    assert_int_equal(reading.used, out.len);
    assert_int_equal(reading.body_text.len, 3 + sizeof(big));
    reading_end(&reading);
}

static void sizes_of_chunks_are_hexadecimal(void **state)
{
    (void)state;
    http_write_chunk_begin(&out, 1);
    http_write_chunk_begin(&out, 0x10);
    http_write_chunk_begin(&out, UINT64_MAX);
    assert_slice(buf_slice(&out), "1\r\n10\r\nffffffffffffffff\r\n");
}

static void a_full_buffer_says_so(void **state)
{
    (void)state;
    struct buf small;
    buf_init(&small, 20);
    http_write_status(&small, 200);
    http_write_field(&small, SLICE("X-Long"), SLICE("value"));
    assert_true(small.failed);
    buf_done(&small);
}

static void continue_is_a_whole_answer(void **state)
{
    (void)state;
    http_write_continue(&out);
    assert_slice(buf_slice(&out), "HTTP/1.1 100 Continue\r\n\r\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_whole_head_has_exactly_these_bytes, begin, end),
        cmocka_unit_test_setup_teardown(every_status_has_a_line_and_the_common_ones_a_phrase, begin, end),
        cmocka_unit_test_setup_teardown(connection_says_what_the_version_does_not_imply, begin, end),
        cmocka_unit_test_setup_teardown(no_value_can_make_a_header_of_its_own, begin, end),
        cmocka_unit_test_setup_teardown(blanks_around_a_value_are_dropped, begin, end),
        cmocka_unit_test_setup_teardown(what_is_chunked_here_is_understood_there, begin, end),
        cmocka_unit_test_setup_teardown(sizes_of_chunks_are_hexadecimal, begin, end),
        cmocka_unit_test_setup_teardown(a_full_buffer_says_so, begin, end),
        cmocka_unit_test_setup_teardown(continue_is_a_whole_answer, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
