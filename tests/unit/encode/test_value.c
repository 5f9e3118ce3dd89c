/* SPDX-License-Identifier: Apache-2.0 */
/* Values: each kind's text form to JSON, on both dialects. What PostgreSQL itself says to these is in test_to_json.c. */
#include "lib/unit.h"

#include "base/check.h"
#include "base/json.h"
#include "encode/value.h"

struct example {
    enum value_kind kind;
    const char *cell, *json;
    unsigned scale;
};

static void assert_example(enum dialect dialect, const struct example *example)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    struct type type = {.kind = example->kind, .scale = example->scale};
    encode_value(&out, dialect, &type, slice_str(example->cell));
    assert_false(out.failed);
    assert_slice(buf_slice(&out), example->json);
    assert_true(json_is_valid(buf_slice(&out)));
    buf_done(&out);
}

#define ASSERT_EXAMPLES(dialect, examples) \
    do { \
        for (size_t i_ = 0; i_ < ARRAY_LEN(examples); i_++) \
            assert_example((dialect), &(examples)[i_]); \
    } while (0)

static void null_is_null_in_every_kind(void **state)
{
    (void)state;
    for (enum value_kind kind = VALUE_BOOL; kind <= VALUE_DYNAMIC; kind++) {
        struct example null = {kind, NULL, "null", 2};
        assert_example(DIALECT_PG, &null);
        assert_example(DIALECT_SQLITE, &null);
    }
}

static void postgres_scalars_are_written_as_json_writes_them(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {VALUE_BOOL, "t", "true", 0},
        {VALUE_BOOL, "f", "false", 0},
        {VALUE_INT, "-9223372036854775808", "-9223372036854775808", 0},
        {VALUE_NUMERIC, "12345678901234567890.0100", "12345678901234567890.0100", 0},
        {VALUE_NUMERIC, "NaN", "\"NaN\"", 0},
        {VALUE_NUMERIC, "Infinity", "\"Infinity\"", 0},
        {VALUE_NUMERIC, "-Infinity", "\"-Infinity\"", 0},
        {VALUE_FLOAT, "1e+300", "1e+300", 0},
        {VALUE_FLOAT, "-0", "-0", 0},
        {VALUE_FLOAT, "NaN", "\"NaN\"", 0},
        {VALUE_TEXT, "", "\"\"", 0},
        {VALUE_TEXT, "a\"b\\c/\n\t\x01\x7f\xc3\xa9", "\"a\\\"b\\\\c/\\n\\t\\u0001\x7f\xc3\xa9\"", 0},
        {VALUE_ENUM, "it's \"so\"", "\"it's \\\"so\\\"\"", 0},
        {VALUE_UUID, "0b6f2e1c-6a8e-4f5b-9d3a-2f1e4c5d6a7b", "\"0b6f2e1c-6a8e-4f5b-9d3a-2f1e4c5d6a7b\"", 0},
        {VALUE_BYTEA, "\\x00ff", "\"\\\\x00ff\"", 0},
        {VALUE_INTERVAL, "1 year 2 mons -3 days 04:05:06.7", "\"1 year 2 mons -3 days 04:05:06.7\"", 0},
        {VALUE_TIME, "24:00:00", "\"24:00:00\"", 0},
        {VALUE_TIMETZ, "09:05:07.5-08:30", "\"09:05:07.5-08:30\"", 0},
        {VALUE_JSON, "{\"a\":  [1, 2]}", "{\"a\":  [1, 2]}", 0},
        {VALUE_OTHER, "[1,2]", "[1,2]", 0},
    };
    ASSERT_EXAMPLES(DIALECT_PG, examples);
}

static void postgres_moments_get_their_t_and_a_whole_offset(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {VALUE_DATE, "2026-01-31", "\"2026-01-31\"", 0},
        {VALUE_DATE, "0044-03-15 BC", "\"0044-03-15 BC\"", 0},
        {VALUE_DATE, "infinity", "\"infinity\"", 0},
        {VALUE_TIMESTAMP, "2026-01-31 09:05:07", "\"2026-01-31T09:05:07\"", 0},
        {VALUE_TIMESTAMP, "0044-03-15 09:05:07.25 BC", "\"0044-03-15T09:05:07.25 BC\"", 0},
        {VALUE_TIMESTAMP, "-infinity", "\"-infinity\"", 0},
        {VALUE_TIMESTAMPTZ, "2026-01-31 09:05:07.123456+00", "\"2026-01-31T09:05:07.123456+00:00\"", 0},
        {VALUE_TIMESTAMPTZ, "0044-03-15 09:05:07+00 BC", "\"0044-03-15T09:05:07+00:00 BC\"", 0},
        {VALUE_TIMESTAMPTZ, "294276-12-31 23:59:59.999999+00", "\"294276-12-31T23:59:59.999999+00:00\"", 0},
        {VALUE_TIMESTAMPTZ, "infinity", "\"infinity\"", 0},
    };
    ASSERT_EXAMPLES(DIALECT_PG, examples);
}

static void sqlite_values_are_written_by_their_declared_type(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {VALUE_BOOL, "1", "true", 0},
        {VALUE_BOOL, "0", "false", 0},
        {VALUE_INT, "-9223372036854775808", "-9223372036854775808", 0},
        {VALUE_FLOAT, "1e-07", "1e-07", 0},
        {VALUE_TEXT, "caf\xc3\xa9 \"x\"", "\"caf\xc3\xa9 \\\"x\\\"\"", 0},
        {VALUE_TIMESTAMPTZ, "2026-01-31T09:05:07.123456Z", "\"2026-01-31T09:05:07.123456Z\"", 0},
        {VALUE_UUID, "0b6f2e1c-6a8e-4f5b-9d3a-2f1e4c5d6a7b", "\"0b6f2e1c-6a8e-4f5b-9d3a-2f1e4c5d6a7b\"", 0},
        {VALUE_BYTEA, "", "\"\\\\x\"", 0},
        {VALUE_BYTEA, "\x01\xab\xff", "\"\\\\x01abff\"", 0},
        {VALUE_JSON, " {\"a\": [1, null]} ", " {\"a\": [1, null]} ", 0},
        {VALUE_DYNAMIC, "17", "17", 0},
    };
    ASSERT_EXAMPLES(DIALECT_SQLITE, examples);
}

static void sqlite_decimals_keep_all_their_digits(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {VALUE_DECIMAL, "1234", "12.34", 2},
        {VALUE_DECIMAL, "-1234", "-12.34", 2},
        {VALUE_DECIMAL, "100", "1.00", 2},
        {VALUE_DECIMAL, "5", "0.05", 2},
        {VALUE_DECIMAL, "-5", "-0.05", 2},
        {VALUE_DECIMAL, "50", "0.50", 2},
        {VALUE_DECIMAL, "0", "0.00", 2},
        {VALUE_DECIMAL, "0", "0", 0},
        {VALUE_DECIMAL, "-42", "-42", 0},
        {VALUE_DECIMAL, "9223372036854775807", "0.9223372036854775807", 19},
        {VALUE_DECIMAL, "-9223372036854775808", "-9223372036854.775808", 6},
        {VALUE_DECIMAL, "1", "0.0000000000000000000000000001", 28},
    };
    ASSERT_EXAMPLES(DIALECT_SQLITE, examples);
}

/* SQLite keeps whatever it is given in whatever column. */
static void what_does_not_fit_its_declared_type_is_a_string(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {VALUE_BOOL, "2", "\"2\"", 0},
        {VALUE_BOOL, "true", "\"true\"", 0},
        {VALUE_BOOL, "", "\"\"", 0},
        {VALUE_INT, "abc", "\"abc\"", 0},
        {VALUE_INT, "", "\"\"", 0},
        {VALUE_INT, "007", "\"007\"", 0},
        {VALUE_INT, "+1", "\"+1\"", 0},
        {VALUE_INT, "1,2", "\"1,2\"", 0},
        {VALUE_INT, "1}", "\"1}\"", 0},
        {VALUE_FLOAT, "Infinity", "\"Infinity\"", 0},
        {VALUE_FLOAT, "1.", "\"1.\"", 0},
        {VALUE_FLOAT, ".5", "\".5\"", 0},
        {VALUE_DECIMAL, "abc", "\"abc\"", 2},
        {VALUE_DECIMAL, "-", "\"-\"", 2},
        {VALUE_DECIMAL, "99999999999999999999", "99999999999999999999", 2},
        {VALUE_DECIMAL, "1.5", "1.5", 2},
        {VALUE_JSON, "{\"a\":}", "\"{\\\"a\\\":}\"", 0},
        {VALUE_JSON, "[1,2", "\"[1,2\"", 0},
        {VALUE_JSON, "1,\"evil\":2", "\"1,\\\"evil\\\":2\"", 0},
        {VALUE_JSON, "", "\"\"", 0},
        {VALUE_JSON, "\"\xff\"", "\"\\\"\xef\xbf\xbd\\\"\"", 0},
        {VALUE_TEXT, "a\xff\xc3z", "\"a\xef\xbf\xbd\xef\xbf\xbdz\"", 0},
        {VALUE_TIMESTAMPTZ, "yesterday \xe2\x82", "\"yesterday \xef\xbf\xbd\xef\xbf\xbd\"", 0},
    };
    ASSERT_EXAMPLES(DIALECT_SQLITE, examples);
}

/* Whatever bytes SQLite has in a column of whatever type, the answer stays JSON. */
static void any_bytes_in_any_sqlite_column_give_valid_json(void **state)
{
    (void)state;
    static const char alphabet[] =
        "0123456789-+.eE{}[]\",:\\/ntruefalsnu \t\n\x01\x1f\x7f\x80\xbf\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xff";
    struct unit_random random = {20260131};
    struct buf out;
    buf_init(&out, 1 << 16);
    for (unsigned round = 0; round < 40000; round++) {
        char bytes[24];
        size_t len = unit_random_below(&random, sizeof bytes);
        for (size_t i = 0; i < len; i++)
            bytes[i] = alphabet[unit_random_below(&random, sizeof alphabet)];
        struct type type = {.kind = (enum value_kind)unit_random_below(&random, VALUE_OTHER + 1), .scale = 3};
        buf_clear(&out);
        encode_value(&out, DIALECT_SQLITE, &type, slice_of(bytes, len));
        if (!json_is_valid(buf_slice(&out)))
            fail_msg("kind %u wrote %.*s", type.kind, (int)out.len, out.data);
    }
    buf_done(&out);
}

/* Cut short at every place, nothing of a value beyond the cap is written. */
static void a_full_buffer_fails_and_keeps_within_its_cap(void **state)
{
    (void)state;
    static const struct example examples[] = {
        {VALUE_TIMESTAMPTZ, "2026-01-31 09:05:07.123456+00", "\"2026-01-31T09:05:07.123456+00:00\"", 0},
        {VALUE_TEXT, "a\nb\xc3\xa9\"", "\"a\\nb\xc3\xa9\\\"\"", 0},
        {VALUE_BYTEA, "\\x0102", "\"\\\\x0102\"", 0},
        {VALUE_NUMERIC, "Infinity", "\"Infinity\"", 0},
        {VALUE_JSON, "[1,2,3]", "[1,2,3]", 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(examples); i++) {
        for (size_t cap = 1; cap < strlen(examples[i].json); cap++) {
            struct buf out;
            buf_init(&out, cap);
            struct type type = {.kind = examples[i].kind};
            encode_value(&out, DIALECT_PG, &type, slice_str(examples[i].cell));
            assert_true(out.failed);
            assert_true(out.len <= cap);
            buf_done(&out);
        }
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(null_is_null_in_every_kind),
    cmocka_unit_test(postgres_scalars_are_written_as_json_writes_them),
    cmocka_unit_test(postgres_moments_get_their_t_and_a_whole_offset),
    cmocka_unit_test(sqlite_values_are_written_by_their_declared_type),
    cmocka_unit_test(sqlite_decimals_keep_all_their_digits),
    cmocka_unit_test(what_does_not_fit_its_declared_type_is_a_string),
    cmocka_unit_test(any_bytes_in_any_sqlite_column_give_valid_json),
    cmocka_unit_test(a_full_buffer_fails_and_keeps_within_its_cap),
};

UNIT_TEST_MAIN(tests)
