/* SPDX-License-Identifier: Apache-2.0 */
/* Heads of answers, line by line, as libcurl hands them on. */
#include <stdio.h>

#include "lib/unit.h"
#include "upstream/answer.h"

static struct answer_reader *reader_new(void)
{
    struct answer_reader *reader = test_calloc(1, sizeof *reader);
    answer_begin(reader);
    return reader;
}

static void reader_free(struct answer_reader *reader)
{
    answer_done(reader);
    test_free(reader);
}

/* Each line of the text in turn; false at the first that is refused. */
static bool reads(struct answer_reader *reader, const char *text)
{
    struct slice rest = slice_str(text);
    while (rest.len) {
        size_t end = slice_find(rest, '\n') + 1;
        if (!answer_line(reader, slice_of(rest.data, end)))
            return false;
        rest = slice_skip(rest, end);
    }
    return true;
}

static void status_fields_and_length_are_read(void **state)
{
    (void)state;
    struct answer_reader *reader = reader_new();
    assert_true(reads(reader, "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nX-Empty:\r\n"
                              "Content-Length:  12 \r\n"));
    assert_false(reader->whole);
    assert_true(reads(reader, "\r\n"));
    assert_true(reader->whole);
    assert_int_equal(reader->answer.status, 404);
    assert_int_equal(reader->answer.field_count, 3);
    assert_slice(reader->answer.fields[0].name, "Content-Type");
    assert_slice(reader->answer.fields[0].value, "text/html");
    assert_slice(reader->answer.fields[1].value, "");
    assert_true(reader->answer.has_length);
    assert_int_equal(reader->answer.length, 12);
    reader_free(reader);
}

static void heads_of_1xx_are_passed_over_and_trailers_dropped(void **state)
{
    (void)state;
    struct answer_reader *reader = reader_new();
    assert_true(
        reads(reader, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n"));
    assert_true(reads(reader, "Trailer-Field: x\r\n\r\n"));
    assert_int_equal(reader->answer.status, 200);
    assert_int_equal(reader->answer.field_count, 1);
    reader_free(reader);
}

static void what_is_no_answer_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "HTTP/2 200\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 99 x\r\n\r\n",
        "HTTP/1.1 600 x\r\n\r\n",
        "HTTP/1.1 +20 x\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: nameless\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA : c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: b\rX-Split: c\r\n\r\n",
        "HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
    };
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct answer_reader *reader = reader_new();
        if (reads(reader, bad[i]))
            fail_msg("taken: %s", bad[i]);
        assert_non_null(reader->refuse);
        reader_free(reader);
    }
}

static void a_head_is_bounded_in_fields_and_bytes(void **state)
{
    (void)state;
    struct answer_reader *reader = reader_new();
    assert_true(reads(reader, "HTTP/1.1 200 OK\r\n"));
    for (unsigned i = 0; i <= HTTP_FIELDS_MAX; i++)
        assert_true(reads(reader, "A: b\r\n"));
    assert_false(reads(reader, "\r\n"));
    answer_begin(reader);
    bool taken = true;
    for (unsigned i = 0; taken && i < 100000; i++)
        taken = reads(reader, "HTTP/1.1 100 Continue\r\n\r\n");
    assert_false(taken);
    reader_free(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_fields_and_length_are_read),
        cmocka_unit_test(heads_of_1xx_are_passed_over_and_trailers_dropped),
        cmocka_unit_test(what_is_no_answer_is_refused),
        cmocka_unit_test(a_head_is_bounded_in_fields_and_bytes),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
