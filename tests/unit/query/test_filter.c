/* SPDX-License-Identifier: Apache-2.0 */
/* Filters: what each operator becomes on both stores, and what is refused with which words. */
#include "worlds.h"

#include <stdio.h>

/* The condition a filter becomes, and the text of its bind ("" when it has none). */
static void expect(struct world *world, const char *filter, const char *condition, const char *bind)
{
    char query[400];
    snprintf(query, sizeof(query), "select=id&order=id&%s", filter);
    const struct plan *plan = world_list(world, "transactions", query);
    struct slice text = plan->statement.text;
    char begin[200];
    snprintf(begin, sizeof(begin), "SELECT \"id\" FROM \"%s\".\"transactions\"",
             world->dialect == DIALECT_PG ? "public" : "main");
    assert_true(slice_starts(text, slice_str(begin)));
    text = slice_skip(text, strlen(begin));
    char expected[400];
    snprintf(expected, sizeof(expected), "%s%s ORDER BY 1 LIMIT 101", condition[0] ? " WHERE " : "",
             condition);
    assert_slice(text, expected);
    assert_int_equal(plan->statement.bind_count, bind ? 1 : 0);
    if (bind)
        assert_slice(plan->statement.binds[0].text, bind);
}

static void each_comparison_becomes_its_sign_on_postgresql(void **state)
{
    (void)state;
    expect(&pg, "user_id=5", "\"user_id\" = $1::integer", "5");
    expect(&pg, "user_id=eq.5", "\"user_id\" = $1::integer", "5");
    expect(&pg, "user_id=neq.5", "\"user_id\" <> $1::integer", "5");
    expect(&pg, "amount=gt.1.50", "\"amount\" > $1::numeric", "1.5");
    expect(&pg, "amount=gte.1.50", "\"amount\" >= $1::numeric", "1.5");
    expect(&pg, "amount=lt.-3", "\"amount\" < $1::numeric", "-3");
    expect(&pg, "amount=lte.007", "\"amount\" <= $1::numeric", "7");
    expect(&pg, "currency=EUR", "\"currency\" = $1::text", "EUR");
    expect(&pg, "status=approved", "\"status\" = $1::public.tx_status", "approved");
}

static void each_comparison_becomes_its_sign_on_sqlite(void **state)
{
    (void)state;
    expect(&sqlite, "user_id=5", "\"user_id\" = ?1", "5");
    expect(&sqlite, "user_id=neq.5", "\"user_id\" <> ?1", "5");
    expect(&sqlite, "amount=gt.1.50", "\"amount\" > ?1", "150");
    expect(&sqlite, "amount=lte.7", "\"amount\" <= ?1", "700");
    expect(&sqlite, "currency=EUR", "\"currency\" = ?1", "EUR");
}

static void patterns_take_stars_for_percent_signs(void **state)
{
    (void)state;
    expect(&pg, "note=like.Jo*n%25", "\"note\" LIKE $1::text", "Jo%n%");
    expect(&pg, "note=ilike.*x\\*", "\"note\" ILIKE $1::text", "%x\\*");
    expect(&sqlite, "note=like.Jo*n", "\"note\" LIKE ?1 ESCAPE '\\'", "Jo%n");
    expect(&sqlite, "note=ilike.Jo*n", "leat_ilike(\"note\", ?1)", "Jo%n");
    assert_refused(&pg, "transactions", "note=like.x\\", "bad-value");
}

static void lists_are_one_bind(void **state)
{
    (void)state;
    expect(&pg, "user_id=in.(1,02,3)", "\"user_id\" = ANY($1::integer[])", "{\"1\",\"2\",\"3\"}");
    expect(&pg, "currency=in.(EUR,\"a,b\",\"q\\\"\\\\\")", "\"currency\" = ANY($1::text[])",
           "{\"EUR\",\"a,b\",\"q\\\"\\\\\"}");
    expect(&pg, "currency=in.(NULL,{},,x y)", "\"currency\" = ANY($1::text[])",
           "{\"NULL\",\"{}\",\"\",\"x y\"}");
    expect(&pg, "user_id=in.()", "\"user_id\" = ANY($1::integer[])", "{}");
    expect(&sqlite, "user_id=in.(1,2)", "\"user_id\" IN (SELECT value FROM json_each(?1))", "[1,2]");
    expect(&sqlite, "amount=in.(1,2.50)", "\"amount\" IN (SELECT value FROM json_each(?1))", "[100,250]");
    expect(&sqlite, "currency=in.(EUR,\"q\\\"\\\\\")", "\"currency\" IN (SELECT value FROM json_each(?1))",
           "[\"EUR\",\"q\\\"\\\\\"]");
    expect(&sqlite, "ok=in.(true,false)", "\"ok\" IN (SELECT value FROM json_each(?1))", "[1,0]");
}

static void a_list_of_any_length_is_one_shape(void **state)
{
    (void)state;
    struct plan *short_one = world_list(&pg, "transactions", "user_id=in.(1)");
    struct plan *long_one = world_list(&pg, "transactions", "user_id=in.(1,2,3,4,5)");
    assert_true(slice_eq(short_one->statement.text, long_one->statement.text));
}

static void is_takes_words_and_no_bind(void **state)
{
    (void)state;
    expect(&pg, "note=is.null", "\"note\" IS NULL", NULL);
    expect(&pg, "note=is.not_null", "\"note\" IS NOT NULL", NULL);
    expect(&pg, "ok=is.true", "\"ok\" IS TRUE", NULL);
    expect(&pg, "ok=is.UNKNOWN", "\"ok\" IS UNKNOWN", NULL);
    expect(&sqlite, "ok=is.true", "\"ok\" IS 1", NULL);
    expect(&sqlite, "ok=is.false", "\"ok\" IS 0", NULL);
    assert_refused(&pg, "transactions", "note=is.true", "wrong-operator");
    assert_refused(&pg, "transactions", "note=is.nul", "unknown-operator");
    assert_slice(pg.problem.nearest, "null");
}

static void not_negates_every_operator(void **state)
{
    (void)state;
    expect(&pg, "user_id=not.eq.5", "NOT (\"user_id\" = $1::integer)", "5");
    expect(&pg, "note=not.is.null", "NOT (\"note\" IS NULL)", NULL);
    expect(&sqlite, "user_id=not.in.(5)", "NOT (\"user_id\" IN (SELECT value FROM json_each(?1)))", "[5]");
    assert_refused(&pg, "transactions", "user_id=not.5", "unknown-operator");
    assert_refused(&pg, "transactions", "user_id=not.not.eq.5", "unknown-operator");
}

static void plain_values_with_dots_are_values(void **state)
{
    (void)state;
    expect(&pg, "note=3.14", "\"note\" = $1::text", "3.14");
    expect(&pg, "note=hello.world", "\"note\" = $1::text", "hello.world");
    expect(&pg, "note=eq", "\"note\" = $1::text", "eq");
    expect(&pg, "note=", "\"note\" = $1::text", "");
    expect(&pg, "note=eq.in.the.end", "\"note\" = $1::text", "in.the.end");
    assert_refused(&pg, "transactions", "note=in.the.end", "bad-list");
}

static void the_postgrest_manner_wants_an_operator(void **state)
{
    (void)state;
    pg.manner = MANNER_POSTGREST;
    assert_refused(&pg, "transactions", "user_id=5", "operator-required");
    assert_slice(pg.problem.hint, "Write `user_id=eq.5`.");
    assert_refused(&pg, "transactions", "user_id=eqq.5", "unknown-operator");
    assert_slice(pg.problem.nearest, "eq");
    assert_refused(&pg, "transactions", "note=3.14", "unknown-operator");
    assert_slice(pg.problem.hint, "Write `note=eq.3.14` to compare with the whole text.");
    pg.manner = MANNER_PLAIN;
}

static void parameters_of_writes_are_refused_and_never_left_out(void **state)
{
    (void)state;
    static const char *const queries[] = {
        "columns=id",
        "on_conflict=id",
    };
    for (size_t i = 0; i < ARRAY_LEN(queries); i++)
        assert_refused(&pg, "transactions", queries[i], "unknown-parameter");
}

static void unknown_columns_are_told_with_the_nearest(void **state)
{
    (void)state;
    assert_refused(&pg, "transactions", "amont=gt.5", "unknown-column");
    assert_slice(pg.problem.detail, "`transactions` has no column `amont`.");
    assert_slice(pg.problem.nearest, "amount");
    assert_slice(pg.problem.hint, "Did you mean `amount`?");
    assert_slice(pg.problem.pg_code, "42703");
    assert_refused(&pg, "transactions", "limt=5", "unknown-column");
    assert_slice(pg.problem.nearest, "limit");
    assert_refused(&pg, "transactions", "zebra=5", "unknown-column");
    assert_slice(pg.problem.hint,
                 "Its columns: id, user_id, amount, currency, status, created_at, note, ok, meta, tags.");
}

static void a_hidden_column_is_as_unknown_as_any(void **state)
{
    (void)state;
    assert_refused(&pg, "transactions", "secret_hash=eq.x", "unknown-column");
    assert_int_equal(pg.problem.nearest.len, 0);
    assert_refused(&pg, "transactions", "secret_has=eq.x", "unknown-column");
    assert_int_equal(pg.problem.nearest.len, 0);
    assert_null(strstr(pg.problem.hint.data, "secret"));
    assert_refused(&pg, "transactions", "select=secret_hash", "unknown-column");
    assert_refused(&pg, "transactions", "order=secret_hash", "unknown-column");
}

static void operators_must_fit_the_type(void **state)
{
    (void)state;
    assert_refused(&pg, "transactions", "user_id=like.5*", "wrong-operator");
    assert_slice(pg.problem.detail, "`like` cannot be used on `user_id`, which is of type integer.");
    assert_slice(pg.problem.column, "user_id");
    assert_refused(&pg, "transactions", "meta=gt.1", "wrong-operator");
    assert_refused(&pg, "things", "point=(1,2)", "wrong-operator");
    assert_refused(&pg, "transactions", "tags=in.({a})", "wrong-operator");
    expect(&pg, "meta={\"a\":1}", "\"meta\" = $1::jsonb", "{\"a\":1}");
    expect(&pg, "tags={a,b}", "\"tags\" = $1::text[]", "{a,b}");
    assert_refused(&sqlite, "things", "raw=in.(\\x00)", "wrong-operator");
    assert_refused(&sqlite, "transactions", "meta=1", "wrong-operator");
    assert_refused(&sqlite, "totals", "n=1", "wrong-operator");
}

static void words_that_filter_nothing_filter_nothing(void **state)
{
    (void)state;
    expect(&pg, "status=all", "", NULL);
    assert_refused(&pg, "transactions", "status=eq.all", "wrong-type");
    assert_slice(pg.problem.detail,
                 "`all` is not a value for `status`: expected one of `pending`, `approved`, `rejected`.");
}

static void repeated_filters_are_both_meant(void **state)
{
    (void)state;
    const struct plan *plan = world_list(&pg, "transactions", "amount=gte.1&amount=lt.9&select=id&order=id");
    assert_sql(plan, "SELECT \"id\" FROM \"public\".\"transactions\" WHERE \"amount\" >= $1::numeric AND "
                     "\"amount\" < $2::numeric ORDER BY 1 LIMIT 101");
    assert_slice(plan->statement.binds[0].text, "1");
    assert_slice(plan->statement.binds[1].text, "9");
}

static void the_order_of_filters_makes_no_other_shape(void **state)
{
    (void)state;
    struct plan *one = world_list(&pg, "transactions", "amount=gte.1&user_id=5&currency=EUR");
    struct plan *other = world_list(&pg, "transactions", "currency=EUR&amount=gte.1&user_id=5");
    assert_true(slice_eq(one->statement.text, other->statement.text));
    assert_true(slice_eq(one->total_key, other->total_key));
    assert_true(one->shape == other->shape);
}

static void wrong_values_name_the_column_and_what_was_expected(void **state)
{
    (void)state;
    assert_refused(&pg, "transactions", "user_id=gt.abc", "wrong-type");
    assert_slice(pg.problem.column, "user_id");
    assert_slice(pg.problem.value, "abc");
    assert_slice(pg.problem.place, "user_id");
    assert_slice(pg.problem.pg_code, "22P02");
    assert_slice(pg.problem.detail,
                 "`abc` is not a value for `user_id`: expected an integer from -2147483648 to "
                 "2147483647, such as 42.");
    assert_refused(&pg, "transactions", "status=aproved", "wrong-type");
    assert_slice(pg.problem.nearest, "approved");
    assert_refused(&pg, "transactions", "user_id=in.(1,x)", "wrong-type");
    assert_slice(pg.problem.value, "x");
}

static void a_mistyped_operator_before_no_value_is_told(void **state)
{
    (void)state;
    assert_refused(&pg, "transactions", "user_id=gtt.7", "wrong-type");
    assert_slice(pg.problem.value, "gtt.7");
    assert_slice(pg.problem.hint, "Did you mean `gt`?");
    assert_refused(&pg, "transactions", "user_id=gt.gtt.7", "wrong-type");
    assert_int_equal(pg.problem.hint.len, 0);
    assert_refused(&pg, "transactions", "user_id=zebra.7", "wrong-type");
    assert_int_equal(pg.problem.hint.len, 0);
}

static void broken_lists_are_refused(void **state)
{
    (void)state;
    static const char *const queries[] = {"user_id=in.1,2", "user_id=in.(1", "user_id=in.",
                                          "currency=in.(\"a)", "currency=in.(\"a\"b)"};
    for (size_t i = 0; i < ARRAY_LEN(queries); i++)
        assert_refused(&pg, "transactions", queries[i], "bad-list");
}

static void limits_are_named(void **state)
{
    (void)state;
    char query[2000] = "";
    assert_refused(&pg, "transactions", "user_id=in.(1,2,3,4,5,6)", "too-much-asked");
    assert_non_null(strstr(pg.problem.detail.data, "`query.in_values` of 5"));
    for (unsigned i = 0; i < 11; i++)
        strncat(query, "user_id=1&", sizeof(query) - strlen(query) - 1);
    assert_refused(&pg, "transactions", query, "too-much-asked");
    assert_non_null(strstr(pg.problem.detail.data, "`query.conditions` of 10"));
    for (unsigned i = 0; i < 11; i++)
        strncat(query, "user_id=1&", sizeof(query) - strlen(query) - 1);
    assert_refused(&pg, "transactions", query, "too-much-asked");
    assert_non_null(strstr(pg.problem.detail.data, "`query.params` of 20"));
    snprintf(query, sizeof(query), "note=%0300d", 1);
    assert_refused(&pg, "transactions", query, "too-much-asked");
    assert_non_null(strstr(pg.problem.detail.data, "`query.value_bytes` of 256"));
}

static void text_that_is_not_utf8_or_has_nul_is_refused(void **state)
{
    (void)state;
    static const char *const queries[] = {"note=a%00b", "note=%ff", "note=%c0%af",
                                          "note=%2",    "note=%zz", "n%ff=1"};
    for (size_t i = 0; i < ARRAY_LEN(queries); i++)
        assert_refused(&pg, "transactions", queries[i], "bad-encoding");
}

static void a_filter_without_a_value_is_refused(void **state)
{
    (void)state;
    assert_refused(&pg, "transactions", "note", "missing-parameter");
    assert_refused(&pg, "transactions", "limit=", "missing-parameter");
    assert_refused(&pg, "transactions", "order", "missing-parameter");
    assert_refused(&pg, "transactions", "limit=1&limit=2", "repeated-parameter");
    assert_refused(&pg, "transactions", "select=id&fields=id", "repeated-parameter");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_comparison_becomes_its_sign_on_postgresql),
        cmocka_unit_test(each_comparison_becomes_its_sign_on_sqlite),
        cmocka_unit_test(patterns_take_stars_for_percent_signs),
        cmocka_unit_test(lists_are_one_bind),
        cmocka_unit_test(a_list_of_any_length_is_one_shape),
        cmocka_unit_test(is_takes_words_and_no_bind),
        cmocka_unit_test(not_negates_every_operator),
        cmocka_unit_test(plain_values_with_dots_are_values),
        cmocka_unit_test(the_postgrest_manner_wants_an_operator),
        cmocka_unit_test(parameters_of_writes_are_refused_and_never_left_out),
        cmocka_unit_test(unknown_columns_are_told_with_the_nearest),
        cmocka_unit_test(a_hidden_column_is_as_unknown_as_any),
        cmocka_unit_test(operators_must_fit_the_type),
        cmocka_unit_test(words_that_filter_nothing_filter_nothing),
        cmocka_unit_test(repeated_filters_are_both_meant),
        cmocka_unit_test(the_order_of_filters_makes_no_other_shape),
        cmocka_unit_test(wrong_values_name_the_column_and_what_was_expected),
        cmocka_unit_test(a_mistyped_operator_before_no_value_is_told),
        cmocka_unit_test(broken_lists_are_refused),
        cmocka_unit_test(limits_are_named),
        cmocka_unit_test(text_that_is_not_utf8_or_has_nul_is_refused),
        cmocka_unit_test(a_filter_without_a_value_is_refused),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, worlds_open, worlds_close);
}
