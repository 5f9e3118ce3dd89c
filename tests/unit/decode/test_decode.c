/* SPDX-License-Identifier: Apache-2.0 */
/* Each format's records and faults, each body in pieces of every length from 1 to all: always the same transcript. */
#include "lib/memory.h"

#include <stdio.h>

#include "decoding.h"

static void assert_decodes_within(enum body_format format, struct decode_limits limits, struct slice body,
                                  const char *expected)
{
    for (size_t len = 1; len <= body.len + 1; len++) {
        struct buf transcript;
        buf_init(&transcript, 1 << 20);
        decoding_run(format, body, &limits, decoding_every, &len, &transcript);
        assert_slice(buf_slice(&transcript), expected);
        buf_done(&transcript);
    }
}

#define assert_decodes(format, body, expected) \
    assert_decodes_within((format), DECODING_LIMITS, SLICE(body), (expected))

/* ---- the byte order mark ---- */

#define MARK "\xef\xbb\xbf"

static void a_byte_order_mark_in_front_is_passed_over(void **state)
{
    (void)state;
    assert_decodes(BODY_JSON, MARK "{\"a\":1}", "1 alone a=number:1\nfine\n");
    assert_decodes(BODY_NDJSON, MARK "{\"a\":1}\n", "1 a=number:1\nfine\n");
    assert_decodes(BODY_CSV, MARK "a\n" MARK "1\n", "1 a=text:" MARK "1\nfine\n");
    assert_decodes(BODY_CSV, MARK "\"a\"\n1\n", "1 a=text:1\nfine\n");
    assert_decodes(BODY_FORM, MARK "a=1", "1 alone a=text:1\nfine\n");
    assert_decodes(BODY_JSON, MARK "x",
                   "400 malformed-body: The body must be a JSON object or an array of objects. (Record 1; "
                   "line 1, byte 4 of the body.)\n");
}

static void what_only_begins_like_a_byte_order_mark_belongs_to_the_body(void **state)
{
    (void)state;
    assert_decodes(BODY_CSV, "\xef\xbc\xa1\n1\n", "1 \xef\xbc\xa1=text:1\nfine\n");
    assert_decodes(BODY_CSV, "\xef\xbb\xbe\n1\n", "1 \xef\xbb\xbe=text:1\nfine\n");
    assert_decodes(
        BODY_CSV, "\xef\xbb",
        "400 malformed-body: These bytes are not UTF-8. (Record 1; line 1, byte 1 of the body.)\n");
    assert_decodes(BODY_JSON, MARK MARK "{}",
                   "400 malformed-body: The body must be a JSON object or an array of objects. (Record 1; "
                   "line 1, byte 4 of the body.)\n");
}

/* ---- JSON ---- */

static void an_object_is_one_record(void **state)
{
    (void)state;
    assert_decodes(BODY_JSON, "{\"a\":1}", "1 alone a=number:1\nfine\n");
    assert_decodes(BODY_JSON, " \t\r\n{} \n", "1 alone\nfine\n");
    assert_decodes(
        BODY_JSON,
        "{\"n\": null, \"t\":true ,\"f\" : false,\"s\":\"x\", \"o\": { \"k\" : [ 1 , {} ] } , \"r\":[ ] }",
        "1 alone n=null: t=true: f=false: s=string:x o=object:{ \"k\" : [ 1 , {} ] } r=array:[ ]\nfine\n");
}

static void an_array_is_a_record_for_each_element(void **state)
{
    (void)state;
    assert_decodes(BODY_JSON, "[]", "fine\n");
    assert_decodes(BODY_JSON, " [ ] ", "fine\n");
    assert_decodes(BODY_JSON, "[{\"a\":1}]", "1 a=number:1\nfine\n");
    assert_decodes(BODY_JSON, "[{\"a\":\"]}\\\"{\"},\n {\"b\":{\"c\":\"}\"}}\n,{}]\n",
                   "1 a=string:]}\"{\n2 b=object:{\"c\":\"}\"}\n3\nfine\n");
}

static void strings_and_names_are_unescaped(void **state)
{
    (void)state;
    assert_decodes(BODY_JSON, "{\"\\u0061\\n\":\"\\\"\\\\\\/\\t\\u00e9\\ud83d\\ude00 \xc3\xa9\"}",
                   "1 alone a\n=string:\"\\/\t\xc3\xa9\xf0\x9f\x98\x80 \xc3\xa9\nfine\n");
    assert_decodes(BODY_JSON, "{\"\":\"\"}", "1 alone =string:\nfine\n");
}

static void numbers_keep_their_text(void **state)
{
    (void)state;
    assert_decodes(
        BODY_JSON,
        "{\"a\":123456789012345678901234567890,\"b\":-0.10 ,\"c\":1E+400\n,\"d\":0.1000000000000000000000001}",
        "1 alone a=number:123456789012345678901234567890 b=number:-0.10 c=number:1E+400 "
        "d=number:0.1000000000000000000000001\nfine\n");
}

static void what_is_no_object_is_refused_with_its_place(void **state)
{
    (void)state;
    static const char *const bodies[] = {"1", "\"a\"", "null", "true", "x", "}"};
    for (unsigned i = 0; i < ARRAY_LEN(bodies); i++)
        assert_decodes_within(BODY_JSON, DECODING_LIMITS, slice_str(bodies[i]),
                              "400 malformed-body: The body must be a JSON object or an array of objects. "
                              "(Record 1; line 1, byte 1 of the body.)\n");
    assert_decodes(
        BODY_JSON, "[1,2]",
        "400 malformed-body: The elements of the array must be objects. (Record 1; line 1, byte 2 of the "
        "body.)\n");
    assert_decodes(
        BODY_JSON, "[{},\n 2]",
        "1\n400 malformed-body: The elements of the array must be objects. (Record 2; line 2, byte 7 of the "
        "body.)\n");
    assert_decodes(
        BODY_JSON, "[{},]",
        "1\n400 malformed-body: The elements of the array must be objects. (Record 2; line 1, byte 5 of the "
        "body.)\n");
    assert_decodes(
        BODY_JSON, "[{} {}]",
        "1\n400 malformed-body: Behind an element there must be `,` or `]`. (Record 2; line 1, byte 5 of "
        "the body.)\n");
    assert_decodes(
        BODY_JSON, "{}{}",
        "1 alone\n400 malformed-body: Something follows the end of the JSON. (Record 2; line 1, byte 3 of "
        "the body.)\n");
    assert_decodes(
        BODY_JSON, "[]]",
        "400 malformed-body: Something follows the end of the JSON. (Record 1; line 1, byte 3 of the "
        "body.)\n");
}

static void what_ends_early_is_refused(void **state)
{
    (void)state;
    assert_decodes(
        BODY_JSON, "",
        "400 malformed-body: The body is empty: a JSON object or an array of objects is needed. (Record 1; "
        "line 1, byte 1 of the body.)\n");
    assert_decodes(BODY_JSON, "{\"a\":1",
                   "400 malformed-body: The object has no end. (Record 1; line 1, byte 1 of the body.)\n");
    assert_decodes(BODY_JSON, "[",
                   "400 malformed-body: The array has no end. (Record 1; line 1, byte 2 of the body.)\n");
    assert_decodes(BODY_JSON, "[{}",
                   "1\n400 malformed-body: The array has no end. (Record 2; line 1, byte 4 of the body.)\n");
    assert_decodes(BODY_JSON, "[{},",
                   "1\n400 malformed-body: The array has no end. (Record 2; line 1, byte 5 of the body.)\n");
}

/* Each must be refused, whatever the words: nested too, since what is nested goes on as text. */
static void json_that_is_none_is_refused_wherever_it_stands(void **state)
{
    (void)state;
    static const char *const values[] = {
        "",
        "01",
        "1.",
        ".5",
        "+1",
        "1e",
        "--1",
        "0x10",
        "NaN",
        "tru",
        "truex",
        "nulll",
        "Null",
        "'a'",
        "\"\\x\"",
        "\"\t\"",
        "\"\\u12\"",
        "[1,]",
        "[1 2]",
        "[,]",
        "{1:2}",
        "{\"a\"}",
        "[}",
        "{]",
        "[1}",
        "{\"a\":1,}",
        "1 2",
        "\"a\" 1",
        "{\"a\" 1}",
        "\"\xff\"",
        "\"\xed\xa0\x80\"",
        "\"\\ud800\"",
        "1\v",
        "\f1",
        "[\"\\ud800x\"]",
        "[01]",
        "[{\"a\":tru}]",
        "{\"\\q\":1}",
        "fals",
        "\"\\udc00\"",
    };
    for (unsigned i = 0; i < ARRAY_LEN(values); i++) {
        char body[100];
        snprintf(body, sizeof body, "{\"m\":[{\"n\":%s}]}", values[i]);
        const char *const texts[] = {body, strchr(body, ':') + 2};
        for (unsigned t = 0; t < 2; t++) {
            struct slice text = t == 0 ? slice_str(texts[0]) : slice_of(texts[1], strlen(texts[1]) - 2);
            for (enum body_format format = BODY_JSON; format <= BODY_NDJSON; format++) {
                struct buf transcript;
                buf_init(&transcript, 4096);
                decoding_run(format, text, &DECODING_LIMITS, decoding_whole, NULL, &transcript);
                if (!slice_starts(buf_slice(&transcript), SLICE("400 malformed-body: ")))
                    fail_msg(SLICE_FMT " was read as " SLICE_FMT, SLICE_ARG(text),
                             SLICE_ARG(buf_slice(&transcript)));
                buf_done(&transcript);
            }
        }
    }
}

static void faults_inside_an_object_are_told_with_their_line_and_byte(void **state)
{
    (void)state;
    assert_decodes(
        BODY_JSON, "[{\"a\":1},\n{\"a\":01}]",
        "1 a=number:1\n400 malformed-body: This is no JSON number. (Record 2; line 2, byte 16 of the "
        "body.)\n");
    assert_decodes(
        BODY_JSON, "{\"a\":\n\"\xff\"}",
        "400 malformed-body: These bytes are not UTF-8. (Record 1; line 2, byte 8 of the body.)\n");
}

static void a_name_that_stands_twice_is_refused(void **state)
{
    (void)state;
    assert_decodes(
        BODY_JSON, "{\"a\":1,\"b\":2,\"\\u0061\":3}",
        "400 malformed-body: `a` stands twice in one record. (Record 1; line 1, byte 1 of the body.)\n");
    assert_decodes(
        BODY_FORM, "a=1&b=2&a=3",
        "400 malformed-body: `a` stands twice in one record. (Record 1; line 1, byte 1 of the body.)\n");
    assert_decodes(
        BODY_CSV, "a,b,a\n",
        "400 malformed-body: `a` stands twice in one record. (Record 1; line 1, byte 1 of the body.)\n");
    assert_decodes(BODY_JSON, "{\"a\":{\"b\":1,\"b\":2}}", "1 alone a=object:{\"b\":1,\"b\":2}\nfine\n");
}

static void a_name_that_stands_twice_is_found_among_many(void **state)
{
    (void)state;
    for (unsigned count = 40; count < 60; count++)
        for (unsigned twice = 0; twice < 2; twice++) {
            struct buf body, transcript;
            buf_init(&body, 1 << 16);
            buf_init(&transcript, 1 << 16);
            buf_byte(&body, '{');
            for (unsigned i = 0; i < count; i++)
                buf_format(&body, "%s\"%u\":1", i ? "," : "", i == count - 1 && twice ? 7 : i);
            buf_byte(&body, '}');
            decoding_run(BODY_JSON, buf_slice(&body), &DECODING_LIMITS, decoding_whole, NULL, &transcript);
            assert_true(
                slice_starts(buf_slice(&transcript),
                             twice ? SLICE("400 malformed-body: `7` stands twice") : SLICE("1 alone 0=")));
            buf_done(&body);
            buf_done(&transcript);
        }
}

/* ---- NDJSON ---- */

static void each_line_is_a_record(void **state)
{
    (void)state;
    assert_decodes(BODY_NDJSON, "", "fine\n");
    assert_decodes(BODY_NDJSON, "{\"a\":1}\n{\"a\":2}\r\n\n  {\"a\":\"\\n\"}  \n{}",
                   "1 a=number:1\n2 a=number:2\n3 a=string:\n\n4\nfine\n");
}

static void a_line_that_is_no_object_is_refused(void **state)
{
    (void)state;
    assert_decodes(
        BODY_NDJSON, "{}\n\n  1\n",
        "1\n400 malformed-body: Each line must be a JSON object. (Record 2; line 3, byte 7 of the body.)\n");
    assert_decodes(
        BODY_NDJSON, "{} {}\n",
        "400 malformed-body: Something follows the end of the object. (Record 1; line 1, byte 4 of the "
        "body.)\n");
}

static void a_line_never_borrows_from_the_next(void **state)
{
    (void)state;
    static const char *const bodies[] = {"{\"a\":1\n}\n", "{\"a\":1\n,\"b\":2}\n", "{\"a\":[1\n]}\n",
                                         "{\"a\"\n:1}\n", "{\n}\n"};
    for (unsigned i = 0; i < ARRAY_LEN(bodies); i++) {
        struct buf body, transcript;
        buf_init(&body, 4096);
        buf_init(&transcript, 4096);
        buf_add(&body, slice_str(bodies[i]));
        while (body.len < 300) /* so that the lines are read where they lie */
            buf_lit(&body, "{}\n");
        decoding_run(BODY_NDJSON, buf_slice(&body), &DECODING_LIMITS, decoding_whole, NULL, &transcript);
        assert_true(slice_starts(buf_slice(&transcript), SLICE("400 malformed-body: ")));
        buf_done(&body);
        buf_done(&transcript);
    }
}

/* ---- CSV ---- */

static void the_header_names_the_values(void **state)
{
    (void)state;
    assert_decodes(BODY_CSV, "a,b\n1,x\r\n2,\n", "1 a=text:1 b=text:x\n2 a=text:2 b=text:\nfine\n");
    assert_decodes(BODY_CSV, "\n\"a b\",\"c\"\"d\"\r\n\n1,2", "1 a b=text:1 c\"d=text:2\nfine\n");
    assert_decodes(BODY_CSV, "a\n", "fine\n");
}

static void values_in_quotes_may_hold_anything(void **state)
{
    (void)state;
    assert_decodes(BODY_CSV, "a,b\n\"x,\"\"y\"\"\r\nz\",\"\"\n\"\"\"\", q \n",
                   "1 a=text:x,\"y\"\r\nz b=text:\n2 a=text:\" b=text: q \nfine\n");
}

static void null_is_null_without_quotes(void **state)
{
    (void)state;
    assert_decodes(BODY_CSV, "a,b,NULL\nNULL,\"NULL\",null\n",
                   "1 a=null: b=text:NULL NULL=text:null\nfine\n");
}

static void csv_that_breaks_the_rules_is_refused_with_its_place(void **state)
{
    (void)state;
    assert_decodes(
        BODY_CSV, "",
        "400 malformed-body: There is no header line that names the columns. (Record 1; line 1, byte 1 of "
        "the body.)\n");
    assert_decodes(
        BODY_CSV, "a,b\n1\n",
        "400 malformed-body: There are 1 values, but the header names 2 columns. (Record 1; line 2, byte 5 "
        "of the body.)\n");
    assert_decodes(
        BODY_CSV, "a,b\n1,2\n1,2,3\n",
        "1 a=text:1 b=text:2\n400 malformed-body: There are 3 values, but the header names 2 columns. "
        "(Record 2; line 3, byte 9 of the body.)\n");
    assert_decodes(
        BODY_CSV, "a\nx\"y\"\n",
        "400 malformed-body: A value with `\"` must stand in quotes. (Record 1; line 2, byte 4 of the "
        "body.)\n");
    assert_decodes(
        BODY_CSV, "a\n\"x\"y\n",
        "400 malformed-body: Behind a value in quotes there must be `,` or the line's end. (Record 1; line "
        "2, byte 6 of the body.)\n");
    assert_decodes(
        BODY_CSV, "a\n\"x\n",
        "400 malformed-body: A value in quotes has no end. (Record 1; line 2, byte 3 of the body.)\n");
    assert_decodes(
        BODY_CSV, "a,\n",
        "400 malformed-body: A column of the header has no name. (Record 1; line 1, byte 1 of the body.)\n");
    assert_decodes(
        BODY_CSV, "a\n\xff\n",
        "400 malformed-body: These bytes are not UTF-8. (Record 1; line 2, byte 3 of the body.)\n");
}

/* ---- forms ---- */

static void a_form_is_one_record(void **state)
{
    (void)state;
    assert_decodes(BODY_FORM, "", "1 alone\nfine\n");
    assert_decodes(BODY_FORM,
                   "a=1&&b=x+y%26%3d&c&d=", "1 alone a=text:1 b=text:x y&= c=text: d=text:\nfine\n");
    assert_decodes(
        BODY_FORM, "a=1&b=%4",
        "400 malformed-body: A `%` here begins no escape, or what it stands for is not UTF-8. (Record 1; "
        "line 1, byte 5 of the body.)\n");
}

/* ---- limits ---- */

static void a_record_may_be_as_long_as_its_limit(void **state)
{
    (void)state;
    struct decode_limits limits = {.record_bytes_max = 8, .fields_max = 2};
    assert_decodes_within(BODY_NDJSON, limits, SLICE("{\"a\":11}\r\n{\"a\":22}\n"),
                          "1 a=number:11\n2 a=number:22\nfine\n");
    assert_decodes_within(
        BODY_NDJSON, limits, SLICE("{}\n{\"a\":11111}\n"),
        "1\n413 record-too-large: This record is too long. (Record 2; line 2, byte 4 of the body.)\n");
    assert_decodes_within(
        BODY_JSON, limits, SLICE("[{\"a\":11111}]"),
        "413 record-too-large: This record is too long. (Record 1; line 1, byte 2 of the body.)\n");
    assert_decodes_within(
        BODY_CSV, limits, SLICE("a\n12345678901\n"),
        "413 record-too-large: This record is too long. (Record 1; line 2, byte 3 of the body.)\n");
    assert_decodes_within(
        BODY_FORM, limits, SLICE("a=123456789"),
        "413 record-too-large: This record is too long. (Record 1; line 1, byte 1 of the body.)\n");
}

static void a_record_may_have_as_many_members_as_its_limit(void **state)
{
    (void)state;
    struct decode_limits limits = {.record_bytes_max = 100, .fields_max = 2};
    static const char *const expected =
        "413 record-too-large: This record has too many members. (Record 1; line 1, byte 1 of the body.)\n";
    assert_decodes_within(BODY_JSON, limits, SLICE("{\"a\":1,\"b\":2}"),
                          "1 alone a=number:1 b=number:2\nfine\n");
    assert_decodes_within(BODY_JSON, limits, SLICE("{\"a\":1,\"b\":2,\"c\":3}"), expected);
    assert_decodes_within(BODY_CSV, limits, SLICE("a,b,c\n"), expected);
    assert_decodes_within(BODY_FORM, limits, SLICE("a&b&c"), expected);
}

static void depth_is_bounded(void **state)
{
    (void)state;
    for (unsigned depth = 120; depth < 140; depth++) {
        struct buf body, transcript;
        buf_init(&body, 4096);
        buf_init(&transcript, 4096);
        buf_lit(&body, "{\"a\":");
        for (unsigned i = 1; i < depth; i++)
            buf_byte(&body, '[');
        for (unsigned i = 1; i < depth; i++)
            buf_byte(&body, ']');
        buf_byte(&body, '}');
        decoding_run(BODY_JSON, buf_slice(&body), &DECODING_LIMITS, decoding_whole, NULL, &transcript);
        struct slice expected =
            depth <= 128 ? SLICE("1 alone") : SLICE("400 malformed-body: This is nested too deeply.");
        assert_true(slice_starts(buf_slice(&transcript), expected));
        buf_done(&body);
        buf_done(&transcript);
    }
}

/* ---- the sink, memory ---- */

static enum error refuse_second(void *context, const struct record *record)
{
    *(uint64_t *)context = record->number;
    return record->number == 2 ? ERR_ABSENT : OK;
}

static void what_the_sink_says_ends_it(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1024);
    uint64_t seen = 0;
    struct decode_sink sink = {refuse_second, &seen};
    struct problem problem = {0};
    struct decoder *decoder = decoder_new();
    assert_non_null(decoder);
    for (int body = 0; body < 2; body++) { /* it serves one after the other */
        decode_begin(decoder, BODY_NDJSON, &DECODING_LIMITS, &sink, &arena);
        assert_int_equal(decode_feed(decoder, SLICE("{}\n{}\n{}\n"), true, &problem), ERR_ABSENT);
        assert_int_equal(seen, 2);
        assert_false(problem_is(&problem));
    }
    decoder_free(decoder);
    decoder_free(NULL);
    arena_done(&arena);
}

static void memory_that_is_out_is_an_error(void **state)
{
    (void)state;
    static const char *const bodies[] = {"[{\"a\":1},{\"b\":[1]}]", "{\"a\":1}\n{\"b\":2}\n",
                                         "a,b\n\"x\",y\n", "a=1&b=2"};
    struct arena arena;
    arena_init(&arena, 1024);
    uint64_t seen = 0;
    struct decode_sink sink = {refuse_second, &seen};
    for (enum body_format format = BODY_JSON; format <= BODY_FORM; format++)
        for (int nth = 1; nth < 6; nth++) {
            struct problem problem = {0};
            struct decoder *decoder = decoder_new();
            assert_non_null(decoder);
            decode_begin(decoder, format, &DECODING_LIMITS, &sink, &arena);
            char which[8];
            snprintf(which, sizeof which, "%d", nth);
            memory_arm(which);
            struct slice body = slice_str(bodies[format]);
            enum error error = decode_feed(decoder, slice_of(body.data, 4), false, &problem);
            if (error == OK)
                error = decode_feed(decoder, slice_skip(body, 4), true, &problem);
            memory_arm(NULL);
            assert_false(problem_is(&problem));
            assert_true(error == OK || error == ERR_MEMORY || error == ERR_ABSENT);
            assert_true(nth > 1 || error == ERR_MEMORY);
            decoder_free(decoder);
        }
    arena_done(&arena);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_byte_order_mark_in_front_is_passed_over),
    cmocka_unit_test(what_only_begins_like_a_byte_order_mark_belongs_to_the_body),
    cmocka_unit_test(an_object_is_one_record),
    cmocka_unit_test(an_array_is_a_record_for_each_element),
    cmocka_unit_test(strings_and_names_are_unescaped),
    cmocka_unit_test(numbers_keep_their_text),
    cmocka_unit_test(what_is_no_object_is_refused_with_its_place),
    cmocka_unit_test(what_ends_early_is_refused),
    cmocka_unit_test(json_that_is_none_is_refused_wherever_it_stands),
    cmocka_unit_test(faults_inside_an_object_are_told_with_their_line_and_byte),
    cmocka_unit_test(a_name_that_stands_twice_is_refused),
    cmocka_unit_test(a_name_that_stands_twice_is_found_among_many),
    cmocka_unit_test(each_line_is_a_record),
    cmocka_unit_test(a_line_that_is_no_object_is_refused),
    cmocka_unit_test(a_line_never_borrows_from_the_next),
    cmocka_unit_test(the_header_names_the_values),
    cmocka_unit_test(values_in_quotes_may_hold_anything),
    cmocka_unit_test(null_is_null_without_quotes),
    cmocka_unit_test(csv_that_breaks_the_rules_is_refused_with_its_place),
    cmocka_unit_test(a_form_is_one_record),
    cmocka_unit_test(a_record_may_be_as_long_as_its_limit),
    cmocka_unit_test(a_record_may_have_as_many_members_as_its_limit),
    cmocka_unit_test(depth_is_bounded),
    cmocka_unit_test(what_the_sink_says_ends_it),
    cmocka_unit_test_teardown(memory_that_is_out_is_an_error, memory_disarm),
};

UNIT_TEST_MAIN(tests)
