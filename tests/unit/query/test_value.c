/* SPDX-License-Identifier: Apache-2.0 */
/* Values: canonical texts for every kind on both stores, and what is refused. */
#include "world.h"

#include "query/value.h"

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 64 * 1024);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

/* 2026-01-31T09:05:07.123456Z */
static struct value_scope scope_of(enum dialect dialect)
{
    return (struct value_scope){&arena, dialect, {1769850307123456}};
}

static bool parse(enum dialect dialect, struct type type, const char *text, struct bind *ret_bind)
{
    struct value_scope scope = scope_of(dialect);
    struct value_refusal refusal = {{NULL, 0}, {{NULL, 0}, {NULL, 0}, 0}};
    bool good = value_parse(&scope, &type, slice_str(text), ret_bind, &refusal);
    assert_true(good || refusal.expected.len > 0);
    return good;
}

/* expected NULL: refused. */
static void expect_on(enum dialect dialect, struct type type, const char *text, const char *expected)
{
    struct bind bind;
    bool good = parse(dialect, type, text, &bind);
    if (good != (expected != NULL))
        fail_msg("\"%s\" is %s", text, good ? "taken" : "refused");
    if (good)
        assert_slice(bind.text, expected);
}

static void expect(enum value_kind kind, const char *text, const char *expected)
{
    expect_on(DIALECT_PG, (struct type){.kind = kind, .bits = 64}, text, expected);
}

static void expect_lite(enum value_kind kind, const char *text, const char *expected)
{
    expect_on(DIALECT_SQLITE, (struct type){.kind = kind, .bits = 64}, text, expected);
}

static void integers_keep_to_the_range_of_their_column(void **state)
{
    (void)state;
    const struct type small = {.kind = VALUE_INT, .bits = 16}, normal = {.kind = VALUE_INT, .bits = 32};
    expect_on(DIALECT_PG, small, "32767", "32767");
    expect_on(DIALECT_PG, small, "-32768", "-32768");
    expect_on(DIALECT_PG, small, "32768", NULL);
    expect_on(DIALECT_PG, normal, "2147483647", "2147483647");
    expect_on(DIALECT_PG, normal, "-2147483649", NULL);
    expect(VALUE_INT, "9223372036854775807", "9223372036854775807");
    expect(VALUE_INT, "-9223372036854775808", "-9223372036854775808");
    expect(VALUE_INT, "9223372036854775808", NULL);
    expect(VALUE_INT, " 007 ", "7");
    expect(VALUE_INT, "+5", "5");
    expect(VALUE_INT, "1.0", NULL);
    expect(VALUE_INT, "1e3", NULL);
    expect(VALUE_INT, "0x10", NULL);
    expect(VALUE_INT, "", NULL);
    expect(VALUE_INT, "1 2", NULL);
    expect(VALUE_INT, "--1", NULL);
}

static void numbers_have_one_text_however_they_are_written(void **state)
{
    (void)state;
    expect(VALUE_NUMERIC, "1.50", "1.5");
    expect(VALUE_NUMERIC, "0001.500", "1.5");
    expect(VALUE_NUMERIC, "+.5", "0.5");
    expect(VALUE_NUMERIC, "-0.00", "0");
    expect(VALUE_NUMERIC, "5.", "5");
    expect(VALUE_NUMERIC, "123456789012345678901234567890.123", "123456789012345678901234567890.123");
    expect(VALUE_NUMERIC, "1e10", "1e10");
    expect(VALUE_NUMERIC, "nan", "NaN");
    expect(VALUE_NUMERIC, "-inf", "-Infinity");
    expect(VALUE_NUMERIC, ".", NULL);
    expect(VALUE_NUMERIC, "1e", NULL);
    expect(VALUE_NUMERIC, "1e999999", NULL);
    expect(VALUE_NUMERIC, "1,5", NULL);
    expect(VALUE_NUMERIC, "1_000", NULL);
    expect(VALUE_NUMERIC, "1'--", NULL);
}

static void a_float_has_one_text_however_it_was_written(void **state)
{
    (void)state;
    static const char *const same[][4] = {
        {"0.1", "1e-1", "+00.10", "0.1000000000000000000"},
        {"-21.625", "-2.1625e1", "-021.6250", "-21625e-3"},
        {"100", "1e2", "100.0", "+100."},
        {"1e-05", "0.00001", "1e-5", ".00001"},
        {"0", "-0", "0.000", "0e5"},
        {"1e+15", "1000000000000000", "1e15", "1000000000000000.0"},
        {"0.30000000000000004", "0.30000000000000004", "3.0000000000000004e-1", "0.300000000000000040"},
    };
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        for (size_t k = 0; k < ARRAY_LEN(same[i]); k++) {
            struct bind bind;
            assert_true(parse(DIALECT_PG, (struct type){.kind = VALUE_FLOAT, .bits = 64}, same[i][k], &bind));
            assert_slice(bind.text, same[i][0]);
            assert_true(bind.real == strtod(same[i][k], NULL));
        }
}

static void floats_are_written_so_that_they_come_back_the_same(void **state)
{
    (void)state;
    struct bind bind;
    assert_true(parse(DIALECT_SQLITE, (struct type){.kind = VALUE_FLOAT, .bits = 64}, "0.1", &bind));
    assert_int_equal(bind.kind, BIND_REAL);
    assert_true(bind.real == 0.1 && strtod(bind.text.data, NULL) == 0.1);
    assert_true(parse(DIALECT_SQLITE, (struct type){.kind = VALUE_FLOAT, .bits = 64}, "-Infinity", &bind));
    assert_true(bind.real < -1e308);
    expect(VALUE_FLOAT, "NaN", "NaN");
    expect(VALUE_FLOAT, "infinity", "Infinity");
    expect(VALUE_FLOAT, "1e400", NULL);
    expect(VALUE_FLOAT, "0x1p3", NULL);
    expect(VALUE_FLOAT, "-0", "0");
    expect_lite(VALUE_FLOAT, "nan", NULL);
    expect_on(DIALECT_PG, (struct type){.kind = VALUE_FLOAT, .bits = 32}, "1e39", NULL);
}

static void decimals_of_sqlite_are_scaled_integers(void **state)
{
    (void)state;
    const struct type money = {.kind = VALUE_DECIMAL, .scale = 2};
    struct bind bind;
    expect_on(DIALECT_SQLITE, money, "12.5", "1250");
    expect_on(DIALECT_SQLITE, money, "-0.01", "-1");
    expect_on(DIALECT_SQLITE, money, "7", "700");
    expect_on(DIALECT_SQLITE, money, "7.100", "710");
    expect_on(DIALECT_SQLITE, money, "-0", "0");
    expect_on(DIALECT_SQLITE, money, "1e2", NULL);
    expect_on(DIALECT_SQLITE, money, "NaN", NULL);
    expect_on(DIALECT_SQLITE, money, "99999999999999999.99", NULL);
    assert_true(parse(DIALECT_SQLITE, money, "1.23", &bind));
    assert_int_equal(bind.kind, BIND_INT);
    assert_int_equal(bind.integer, 123);
}

static void a_decimal_between_two_steps_compares_as_their_middle(void **state)
{
    (void)state;
    const struct type money = {.kind = VALUE_DECIMAL, .scale = 2};
    struct bind bind;
    assert_true(parse(DIALECT_SQLITE, money, "1.234", &bind));
    assert_int_equal(bind.kind, BIND_REAL);
    assert_true(bind.real == 123.5);
    assert_true(parse(DIALECT_SQLITE, money, "-1.23000000000000000000000001", &bind));
    assert_true(bind.real == -123.5);
    assert_true(parse(DIALECT_SQLITE, money, "-0.001", &bind));
    assert_true(bind.real == -0.5);
    expect_on(DIALECT_SQLITE, money, "9999999999999999.001", NULL);
}

static void booleans_are_the_words_postgresql_takes(void **state)
{
    (void)state;
    expect(VALUE_BOOL, "TRUE", "true");
    expect(VALUE_BOOL, "f", "false");
    expect(VALUE_BOOL, "off", "false");
    expect(VALUE_BOOL, "2", NULL);
    expect_lite(VALUE_BOOL, "yes", "1");
    expect_lite(VALUE_BOOL, "n", "0");
}

static void uuids_have_one_form(void **state)
{
    (void)state;
    const char *canonical = "0b6f2e1c-6a8e-4f5b-9d3a-2f1e4c5d6a7b";
    expect(VALUE_UUID, canonical, canonical);
    expect(VALUE_UUID, "0B6F2E1C-6A8E-4F5B-9D3A-2F1E4C5D6A7B", canonical);
    expect(VALUE_UUID, "{0b6f2e1c6a8e4f5b9d3a2f1e4c5d6a7b}", canonical);
    expect(VALUE_UUID, "0b6f-2e1c-6a8e-4f5b-9d3a-2f1e-4c5d-6a7b", canonical);
    expect(VALUE_UUID, "0b6f2e1c-6a8e-4f5b-9d3a-2f1e4c5d6a7", NULL);
    expect(VALUE_UUID, "0b6f2e1c-6a8e-4f5b-9d3a-2f1e4c5d6a7b0", NULL);
    expect(VALUE_UUID, "0b6f2e1c--6a8e-4f5b-9d3a-2f1e4c5d6a7b", NULL);
    expect(VALUE_UUID, "-0b6f2e1c6a8e4f5b9d3a2f1e4c5d6a7b", NULL);
    expect(VALUE_UUID, "0b6f2e1c6a8e4f5b9d3a2f1e4c5d6a7b-", NULL);
    expect(VALUE_UUID, "g", NULL);
}

static void dates_are_days_of_the_calendar(void **state)
{
    (void)state;
    expect(VALUE_DATE, "2024-02-29", "2024-02-29");
    expect(VALUE_DATE, "2023-02-29", NULL);
    expect(VALUE_DATE, "1900-02-29", NULL);
    expect(VALUE_DATE, "2000-02-29", "2000-02-29");
    expect(VALUE_DATE, "0001-01-01", "0001-01-01");
    expect(VALUE_DATE, "9999-12-31", "9999-12-31");
    expect(VALUE_DATE, "0000-01-01", NULL);
    expect(VALUE_DATE, "2024-13-01", NULL);
    expect(VALUE_DATE, "2024-1-1", NULL);
    expect(VALUE_DATE, "2024-01-01T00:00:00Z", NULL);
    expect(VALUE_DATE, "infinity", "infinity");
    expect_lite(VALUE_DATE, "infinity", NULL);
    expect(VALUE_DATE, "now", "2026-01-31");
    expect(VALUE_DATE, "31 days ago", "2025-12-31");
}

static void moments_are_utc_to_the_microsecond(void **state)
{
    (void)state;
    const char *moment = "2026-01-31T09:05:07.000000Z";
    expect(VALUE_TIMESTAMPTZ, "2026-01-31T09:05:07Z", moment);
    expect(VALUE_TIMESTAMPTZ, "2026-01-31 09:05:07", moment);
    expect(VALUE_TIMESTAMPTZ, "2026-01-31T11:05:07+02:00", moment);
    expect(VALUE_TIMESTAMPTZ, "2026-01-31T11:05:07 02:00", moment);
    expect(VALUE_TIMESTAMPTZ, "2026-01-31T03:35:07-0530", moment);
    expect(VALUE_TIMESTAMPTZ, "2026-01-31T11:05:07+02", moment);
    expect(VALUE_TIMESTAMPTZ, "2026-01-31T09:05", "2026-01-31T09:05:00.000000Z");
    expect(VALUE_TIMESTAMPTZ, "2026-01-31", "2026-01-31T00:00:00.000000Z");
    expect(VALUE_TIMESTAMPTZ, "2026-01-31T09:05:07.5z", "2026-01-31T09:05:07.500000Z");
    expect(VALUE_TIMESTAMPTZ, "2026-01-31T09:05:07.1234565Z", "2026-01-31T09:05:07.123457Z");
    expect(VALUE_TIMESTAMPTZ, "2026-01-31T23:59:59.9999999Z", "2026-02-01T00:00:00.000000Z");
    expect(VALUE_TIMESTAMPTZ, "1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z");
    expect(VALUE_TIMESTAMPTZ, "0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000000Z");
    expect(VALUE_TIMESTAMPTZ, "0001-01-01T00:00:00+01:00", NULL);
    expect(VALUE_TIMESTAMPTZ, "9999-12-31T23:59:59-01:00", NULL);
    expect(VALUE_TIMESTAMPTZ, "2026-01-31T24:00:00Z", NULL);
    expect(VALUE_TIMESTAMPTZ, "2026-01-31T09:60:00Z", NULL);
    expect(VALUE_TIMESTAMPTZ, "2026-01-31T09:05:07.Z", NULL);
    expect(VALUE_TIMESTAMPTZ, "2026-01-31T09:05:07Zx", NULL);
    expect(VALUE_TIMESTAMPTZ, "yesterday", NULL);
    expect(VALUE_TIMESTAMPTZ, "-infinity", "-infinity");
    expect(VALUE_TIMESTAMP, "2026-01-31T11:05:07+02:00", "2026-01-31T09:05:07.000000");
    expect_lite(VALUE_TIMESTAMPTZ, "2026-01-31T09:05:07Z", moment);
    expect_lite(VALUE_TIMESTAMPTZ, "infinity", NULL);
}

static void moments_can_be_told_from_now(void **state)
{
    (void)state;
    expect(VALUE_TIMESTAMPTZ, "now", "2026-01-31T09:05:07.123456Z");
    expect(VALUE_TIMESTAMPTZ, "24h ago", "2026-01-30T09:05:07.123456Z");
    expect(VALUE_TIMESTAMPTZ, "7 days ago", "2026-01-24T09:05:07.123456Z");
    expect(VALUE_TIMESTAMPTZ, "90s ago", "2026-01-31T09:03:37.123456Z");
    expect(VALUE_TIMESTAMPTZ, "2 weeks ago", "2026-01-17T09:05:07.123456Z");
    expect(VALUE_TIMESTAMPTZ, "1 month ago", NULL);
    expect(VALUE_TIMESTAMPTZ, "ago", NULL);
    expect(VALUE_TIMESTAMPTZ, "h ago", NULL);
    expect(VALUE_TIMESTAMPTZ, "-1h ago", NULL);
    expect(VALUE_TIMESTAMPTZ, "99999999999999999999h ago", NULL);
    expect(VALUE_TIMESTAMPTZ, "99999999999999h ago", NULL);
    expect(VALUE_TIMESTAMPTZ, "999999999 days ago", NULL);
}

static void times_of_day_keep_their_zone_where_they_have_one(void **state)
{
    (void)state;
    expect(VALUE_TIME, "09:05", "09:05:00.000000");
    expect(VALUE_TIME, "09:05:07.25", "09:05:07.250000");
    expect(VALUE_TIME, "09:05:07Z", NULL);
    expect(VALUE_TIME, "23:59:59.9999999", NULL);
    expect(VALUE_TIMETZ, "09:05:07+02", "09:05:07.000000+02:00");
    expect(VALUE_TIMETZ, "09:05:07-05:30", "09:05:07.000000-05:30");
    expect(VALUE_TIMETZ, "09:05:07", NULL);
}

static void bytes_are_hexadecimal(void **state)
{
    (void)state;
    struct bind bind;
    expect(VALUE_BYTEA, "\\x01FF", "\\x01ff");
    expect(VALUE_BYTEA, "\\x", "\\x");
    expect(VALUE_BYTEA, "\\x0", NULL);
    expect(VALUE_BYTEA, "\\xgg", NULL);
    expect(VALUE_BYTEA, "01ff", NULL);
    assert_true(parse(DIALECT_SQLITE, (struct type){.kind = VALUE_BYTEA}, "\\x00ff", &bind));
    assert_int_equal(bind.kind, BIND_BLOB);
    assert_int_equal(bind.text.len, 2);
    assert_memory_equal(bind.text.data, "\x00\xff", 2);
}

static void casts_drop_what_would_round_or_cut_a_value(void **state)
{
    (void)state;
    static const struct {
        struct type type;
        const char *cast;
    } casts[] = {
        {{.kind = VALUE_NUMERIC, .name = SLICE_INIT("numeric(12,2)")}, "numeric"},
        {{.kind = VALUE_TEXT, .name = SLICE_INIT("character varying(3)")}, "text"},
        {{.kind = VALUE_TEXT, .name = SLICE_INIT("text")}, "text"},
        {{.kind = VALUE_TEXT, .name = SLICE_INIT("character(5)")}, "bpchar"},
        {{.kind = VALUE_TEXT, .name = SLICE_INIT("public.citext")}, "public.citext"},
        {{.kind = VALUE_TIMESTAMP, .name = SLICE_INIT("timestamp(0) without time zone")}, "timestamp"},
        {{.kind = VALUE_INT, .bits = 16, .name = SLICE_INIT("smallint")}, "smallint"},
        {{.kind = VALUE_ENUM, .name = SLICE_INIT("public.\"Mood\"")}, "public.\"Mood\""},
        {{.kind = VALUE_OTHER, .name = SLICE_INIT("int4range")}, "int4range"},
    };
    for (size_t i = 0; i < ARRAY_LEN(casts); i++)
        assert_slice(value_cast_name(&casts[i].type), casts[i].cast);
}

static void cells_come_back_as_the_values_they_were(void **state)
{
    (void)state;
    struct value_scope lite = scope_of(DIALECT_SQLITE), pg = scope_of(DIALECT_PG);
    struct bind bind;
    const struct type decimal = {.kind = VALUE_DECIMAL, .scale = 2}, real = {.kind = VALUE_FLOAT, .bits = 64},
                      blob = {.kind = VALUE_BYTEA}, moment = {.kind = VALUE_TIMESTAMPTZ};
    assert_true(value_from_cell(&lite, &decimal, SLICE("-1250"), &bind));
    assert_true(bind.kind == BIND_INT && bind.integer == -1250);
    assert_true(value_from_cell(&lite, &real, SLICE("0.30000000000000004"), &bind));
    assert_true(bind.kind == BIND_REAL && bind.real == 0.30000000000000004);
    assert_true(value_from_cell(&lite, &blob, slice_of("\0\xff", 2), &bind));
    assert_true(bind.kind == BIND_BLOB && bind.text.len == 2);
    assert_true(value_from_cell(&pg, &moment, SLICE("0044-03-15 12:00:00+00 BC"), &bind));
    assert_slice(bind.text, "0044-03-15 12:00:00+00 BC");
    assert_false(value_from_cell(&lite, &decimal, SLICE("12.5"), &bind));
    assert_false(value_from_cell(&pg, &moment, slice_of("a\0b", 3), &bind));
    assert_false(value_from_cell(&pg, &moment, SLICE("\xff"), &bind));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_keep_to_the_range_of_their_column),
        cmocka_unit_test(numbers_have_one_text_however_they_are_written),
        cmocka_unit_test(a_float_has_one_text_however_it_was_written),
        cmocka_unit_test(floats_are_written_so_that_they_come_back_the_same),
        cmocka_unit_test(decimals_of_sqlite_are_scaled_integers),
        cmocka_unit_test(a_decimal_between_two_steps_compares_as_their_middle),
        cmocka_unit_test(booleans_are_the_words_postgresql_takes),
        cmocka_unit_test(uuids_have_one_form),
        cmocka_unit_test(dates_are_days_of_the_calendar),
        cmocka_unit_test(moments_are_utc_to_the_microsecond),
        cmocka_unit_test(moments_can_be_told_from_now),
        cmocka_unit_test(times_of_day_keep_their_zone_where_they_have_one),
        cmocka_unit_test(bytes_are_hexadecimal),
        cmocka_unit_test(casts_drop_what_would_round_or_cut_a_value),
        cmocka_unit_test(cells_come_back_as_the_values_they_were),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, open_arena, close_arena);
}
