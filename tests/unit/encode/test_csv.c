/* SPDX-License-Identifier: Apache-2.0 */
/* CSV: what is quoted, what NULL and empty look like, how each kind of value is written, and that a reader gets back what went in. */
#include "lib/unit.h"

#include "base/check.h"
#include "encode/csv.h"

static struct buf out, scratch;

static int begin(void **state)
{
    (void)state;
    buf_init(&out, 1 << 16);
    buf_init(&scratch, 1 << 16);
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_done(&out);
    buf_done(&scratch);
    return 0;
}

/* One value as a row of one column, without the line's end. */
static struct slice write_cell(enum dialect dialect, struct type type, struct slice cell)
{
    struct column column = {.name = SLICE("a"), .type = type};
    const struct column *columns[] = {&column};
    struct page_spec spec = {.dialect = dialect,
                             .columns = columns,
                             .column_count = 1,
                             .line_end = SLICE("\r\n")};
    buf_clear(&out);
    csv_write_row(&out, &scratch, &spec, &cell);
    assert_false(out.failed);
    assert_true(slice_ends(buf_slice(&out), SLICE("\r\n")));
    return slice_of(out.data, out.len - 2);
}

static struct slice write_json(const char *json)
{
    buf_clear(&out);
    buf_clear(&scratch);
    buf_add(&scratch, slice_str(json));
    csv_write_json(&out, &scratch);
    return buf_slice(&out);
}

static void the_names_are_a_line_quoted_where_they_must_be(void **state)
{
    (void)state;
    struct column id = {.name = SLICE("id")}, odd = {.name = SLICE("a,\"b\"")};
    const struct column *columns[] = {&id, &odd};
    struct page_spec spec = {.columns = columns, .column_count = 2, .line_end = SLICE("\n")};
    csv_write_names(&out, &spec);
    assert_slice(buf_slice(&out), "id,\"a,\"\"b\"\"\"\n");
}

static void null_is_nothing_and_empty_text_is_quoted(void **state)
{
    (void)state;
    struct type text = {.kind = VALUE_TEXT};
    assert_slice(write_cell(DIALECT_PG, text, (struct slice){NULL, 0}), "");
    assert_slice(write_cell(DIALECT_PG, text, SLICE("")), "\"\"");
    assert_slice(write_cell(DIALECT_SQLITE, text, SLICE("")), "\"\"");
}

static void only_what_must_be_is_quoted(void **state)
{
    (void)state;
    static const struct {
        const char *text, *csv;
    } cases[] = {
        {"plain", "plain"},   {"with blank", "with blank"},
        {"a,b", "\"a,b\""},   {"a\nb", "\"a\nb\""},
        {"a\rb", "\"a\rb\""}, {"say \"hi\"", "\"say \"\"hi\"\"\""},
        {"\"", "\"\"\"\""},   {"\"\"", "\"\"\"\"\"\""},
        {"a;b\tc", "a;b\tc"}, {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"NULL", "\"NULL\""}, {"null", "null"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        buf_clear(&out);
        csv_write_text(&out, slice_str(cases[i].text));
        assert_slice(buf_slice(&out), cases[i].csv);
    }
}

static void each_kind_of_postgresql_is_written_as_in_json_without_its_quotes(void **state)
{
    (void)state;
    static const struct {
        enum value_kind kind;
        const char *cell, *csv;
    } cases[] = {
        {VALUE_BOOL, "t", "true"},
        {VALUE_BOOL, "f", "false"},
        {VALUE_INT, "-42", "-42"},
        {VALUE_NUMERIC, "12.50", "12.50"},
        {VALUE_NUMERIC, "NaN", "NaN"},
        {VALUE_FLOAT, "Infinity", "Infinity"},
        {VALUE_DATE, "2026-01-31", "2026-01-31"},
        {VALUE_TIMESTAMP, "2026-01-31 09:05:07.5", "2026-01-31T09:05:07.5"},
        {VALUE_TIMESTAMPTZ, "2026-01-31 09:05:07+00", "2026-01-31T09:05:07+00:00"},
        {VALUE_TIMESTAMPTZ, "infinity", "infinity"},
        {VALUE_BYTEA, "\\x00ff", "\\x00ff"},
        {VALUE_JSON, "{\"a\": [1, \"b\"]}", "\"{\"\"a\"\": [1, \"\"b\"\"]}\""},
        {VALUE_JSON, "\"text\"", "\"\"\"text\"\"\""},
        {VALUE_JSON, "null", "null"},
        {VALUE_OTHER, "[1,2]", "\"[1,2]\""},
        {VALUE_OTHER, "\"10.0.0.1\"", "10.0.0.1"},
        {VALUE_OTHER, "\"[1,5)\"", "\"[1,5)\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_slice(write_cell(DIALECT_PG, (struct type){.kind = cases[i].kind}, slice_str(cases[i].cell)),
                     cases[i].csv);
}

static void each_kind_of_sqlite_is_written_as_in_json_without_its_quotes(void **state)
{
    (void)state;
    static const struct {
        struct type type;
        const char *cell, *csv;
    } cases[] = {
        {{.kind = VALUE_BOOL}, "1", "true"},
        {{.kind = VALUE_BOOL}, "2", "2"},
        {{.kind = VALUE_DECIMAL, .scale = 2}, "1234", "12.34"},
        {{.kind = VALUE_TIMESTAMPTZ}, "2026-01-31T09:05:07.123456Z", "2026-01-31T09:05:07.123456Z"},
        {{.kind = VALUE_BYTEA}, "\x01\xff", "\\x01ff"},
        {{.kind = VALUE_JSON}, "{\"a\":1}", "\"{\"\"a\"\":1}\""},
        {{.kind = VALUE_JSON}, "no json", "no json"},
        {{.kind = VALUE_DYNAMIC}, "17", "17"},
        {{.kind = VALUE_DYNAMIC}, "\"a\\nb\"", "\"a\nb\""},
        {{.kind = VALUE_TEXT}, "a\xff", "a\xef\xbf\xbd"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_slice(write_cell(DIALECT_SQLITE, cases[i].type, slice_str(cases[i].cell)), cases[i].csv);
}

static void strings_of_json_lose_their_escapes(void **state)
{
    (void)state;
    static const struct {
        const char *json, *csv;
    } cases[] = {
        {"null", ""},
        {"\"\"", "\"\""},
        {" \"a\" ", "a"},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\"\"\\/\b\f\n\r\t\""},
        {"\"\\u00e9\\u20AC\\u0041\"", "\xc3\xa9\xe2\x82\xac"
                                      "A"},
        {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
        {"\"\\ud83d\"", "\xef\xbf\xbd"},
        {"\"\\ud83dx\"", "\xef\xbf\xbdx"},
        {"\"\\ud83d\\u0041\"", "\xef\xbf\xbd"
                               "A"},
        {"\"\\ude00\"", "\xef\xbf\xbd"},
        {"true", "true"},
        {"{\"a\":\"\\n\"}", "\"{\"\"a\"\":\"\"\\n\"\"}\""},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_slice(write_json(cases[i].json), cases[i].csv);
}

/* Whatever the bytes, a reader by RFC 4180 gets them back. */
static void a_reader_gets_back_what_was_written(void **state)
{
    (void)state;
    struct unit_random random = {.state = 42};
    for (unsigned round = 0; round < 2000; round++) {
        char text[12], read[40];
        size_t len = unit_random_below(&random, sizeof text), at = 0, got = 0;
        for (size_t i = 0; i < len; i++)
            text[i] = "ab\",\r\n"[unit_random_below(&random, 6)];
        buf_clear(&out);
        csv_write_text(&out, slice_of(text, len));
        bool quoted = out.data[0] == '"';
        for (at = quoted; at < out.len - quoted; at++) {
            read[got++] = out.data[at];
            if (quoted && out.data[at] == '"')
                assert_int_equal(out.data[++at], '"');
        }
        assert_true(slice_eq(slice_of(read, got), slice_of(text, len)));
    }
}

static void a_value_too_large_fails_the_whole(void **state)
{
    (void)state;
    struct buf small;
    buf_init(&small, 8);
    struct column column = {.name = SLICE("a"), .type = {.kind = VALUE_OTHER}};
    const struct column *columns[] = {&column};
    struct page_spec spec = {.columns = columns, .column_count = 1, .line_end = SLICE("\n")};
    struct slice cell = SLICE("\"0123456789\"");
    csv_write_row(&out, &small, &spec, &cell);
    assert_true(out.failed);
    buf_done(&small);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

static const struct CMUnitTest tests[] = {
    TEST(the_names_are_a_line_quoted_where_they_must_be),
    TEST(null_is_nothing_and_empty_text_is_quoted),
    TEST(only_what_must_be_is_quoted),
    TEST(each_kind_of_postgresql_is_written_as_in_json_without_its_quotes),
    TEST(each_kind_of_sqlite_is_written_as_in_json_without_its_quotes),
    TEST(strings_of_json_lose_their_escapes),
    TEST(a_reader_gets_back_what_was_written),
    TEST(a_value_too_large_fails_the_whole),
};

UNIT_TEST_MAIN(tests)
