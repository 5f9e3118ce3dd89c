/* SPDX-License-Identifier: Apache-2.0 */
/* .sql files: heads, parameters, and how a statement is cut; and, word for word, what is said of bad ones. */
#include "lib/mistakes.h"

#include "query_reading.h"

#define TWO "/* leat\nparams: {a: int, b: text?}\n*/ "

static void assert_cut(const char *text, enum sql_variant variant, const char *expected)
{
    struct query_reading *reading = read_variant(text, variant);
    char space[2000];
    assert_complaints(&reading->complaints, "");
    const struct config_query *query = &reading->query;
    const struct config_sql *sql = variant == SQL_PG       ? &query->pg
                                   : variant == SQL_SQLITE ? &query->sqlite
                                                           : &query->any;
    assert_string_equal(cut_text(sql, space), expected);
    query_free(reading);
}

static void a_head_is_read_with_all_its_keys(void **state)
{
    (void)state;
    struct query_reading *reading =
        read_variant("/* leat\n"
                     "summary:  Worst first\n"
                     "params:\n"
                     "  since:    timestamptz = 24h ago       # computed by Leat\n"
                     "  severity: text? in [low, medium, 'very high']\n"
                     "  top:      int = 10 in 1..100\n"
                     "read:     anonymous\n"
                     "order:    events.desc,src_ip\n"
                     "page:     {size: 5}\n"
                     "envelope: {top: rows, next: next}\n"
                     "*/\n"
                     "SELECT :since, :severity, :top",
                     SQL_ANY);
    assert_complaints(&reading->complaints, "");
    const struct config_query *query = &reading->query;
    assert_slice(query->summary, "Worst first");
    assert_int_equal(query->param_count, 3);
    assert_slice(query->params[0].name.text, "since");
    assert_slice(query->params[0].type, "timestamptz");
    assert_slice(query->params[0].fallback, "24h ago");
    assert_int_equal(query->params[0].name.at.line, 4);
    assert_int_equal(query->params[0].name.at.column, 3);
    assert_true(query->params[1].optional);
    assert_int_equal(query->params[1].in_count, 3);
    assert_slice(query->params[1].in[2], "very high");
    assert_null(query->params[1].fallback.data);
    assert_true(query->params[2].has_range);
    assert_int_equal(query->params[2].low, 1);
    assert_int_equal(query->params[2].high, 100);
    assert_slice(query->params[2].fallback, "10");
    assert_int_equal(query->read, ROLE_ANONYMOUS);
    assert_slice(query->order.text, "events.desc,src_ip");
    assert_int_equal(query->page.size, 5);
    assert_int_equal(query->page.max, 1000);
    assert_slice(query->envelope.rows, "top");
    assert_int_equal(query->returns, RETURNS_ROWS);
    query_free(reading);
}

static void a_paged_query_has_an_envelope_of_its_name(void **state)
{
    (void)state;
    struct query_reading *reading = read_variant("/* leat\norder: id\n*/ SELECT id FROM t", SQL_ANY);
    assert_slice(reading->query.envelope.rows, "name");
    assert_slice(reading->query.envelope.next, "next_cursor");
    query_free(reading);
}

static void an_unpaged_query_has_no_envelope(void **state)
{
    (void)state;
    struct query_reading *reading = read_variant("/* leat\nread: anonymous\n*/ SELECT id FROM t", SQL_ANY);
    assert_int_equal(reading->query.envelope.count, 0);
    query_free(reading);
}

static void an_empty_head_will_do(void **state)
{
    (void)state;
    assert_cut("/* leat */ SELECT 1", SQL_ANY, "SELECT 1");
    assert_cut("/*leat*/SELECT 1", SQL_ANY, "SELECT 1");
    assert_cut("\n\n  /* leat\n*/\nSELECT 1\n", SQL_ANY, "SELECT 1");
}

static void a_head_may_stand_in_one_line(void **state)
{
    (void)state;
    assert_cut("/* leat {params: {a: int}} */ SELECT :a", SQL_ANY, "SELECT {0}");
}

static void a_name_used_twice_is_one_parameter(void **state)
{
    (void)state;
    assert_cut(TWO "SELECT :a, :b, :a", SQL_ANY, "SELECT {0}, {1}, {0}");
}

static void what_is_quoted_or_commented_is_no_parameter(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "SELECT ':a' || 'it''s :a', \":a\" FROM t",
        "SELECT 1 -- :a\n, 2",
        "SELECT 1 /* :a ; 'unclosed */ , 2",
        "SELECT x::text, y:: int",
        "SELECT $$ :a ; $$, $tag$ :a $$ ; $tag$",
        "SELECT E'it\\'s :a', e'\\\\', 'plain\\'",
        "SELECT f(x := 1)",
        "SELECT `:a`",
        "SELECT '\xc3\xa9:a'",
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char text[300], expected[300];
        snprintf(text, sizeof text, TWO "%s, :a, :b", texts[i]);
        snprintf(expected, sizeof expected, "%s, {0}, {1}", texts[i]);
        assert_cut(text, SQL_ANY, expected);
    }
}

static void an_array_slice_is_no_parameter(void **state)
{
    (void)state;
    assert_cut(TWO "SELECT x[1:a], x[n:b], (f())[1:a], x[:a], x[1 : :b]", SQL_PG,
               "SELECT x[1:a], x[n:b], (f())[1:a], x[{0}], x[1 : {1}]");
}

static void comments_nest_on_postgresql_but_not_on_sqlite(void **state)
{
    (void)state;
    assert_cut(TWO "SELECT 1 /* a /* b */ :a */ , :a, :b", SQL_PG, "SELECT 1 /* a /* b */ :a */ , {0}, {1}");
    assert_cut(TWO "SELECT 1 /* a /* b */ + :a , :b", SQL_SQLITE, "SELECT 1 /* a /* b */ + {0} , {1}");
}

static void sqlite_quotes_by_brackets(void **state)
{
    (void)state;
    assert_cut(TWO "SELECT [:a], :a, :b", SQL_SQLITE, "SELECT [:a], {0}, {1}");
    assert_cut(TWO "SELECT ARRAY[:a], :b", SQL_PG, "SELECT ARRAY[{0}], {1}");
    assert_cut(TWO "SELECT 'a\\', :a, :b", SQL_SQLITE, "SELECT 'a\\', {0}, {1}");
}

static void a_semicolon_at_the_end_is_cut_off_with_what_follows(void **state)
{
    (void)state;
    assert_cut(TWO "SELECT :a, :b ; -- the end :a\n /* really */ ;; \n", SQL_ANY, "SELECT {0}, {1}");
    assert_cut(TWO "SELECT :a, :b -- no semicolon", SQL_ANY, "SELECT {0}, {1}");
}

static void statements_that_read_may_begin_in_four_ways(void **state)
{
    (void)state;
    static const char *const texts[] = {"select 1", "WITH x AS (SELECT 1) SELECT * FROM x", "VALUES (1)",
                                        "TABLE t", "(SELECT 1) UNION (SELECT 2)"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char text[300];
        snprintf(text, sizeof text, "/* leat */%s", texts[i]);
        assert_cut(text, SQL_ANY, texts[i]);
    }
}

static void what_stands_before_the_statement_is_not_sent(void **state)
{
    (void)state;
    struct query_reading *reading =
        read_variant("/* leat */\n-- a comment\n /* another */ Select 1", SQL_ANY);
    assert_slice(reading->query.any.pieces[0], "Select 1");
    assert_int_equal(reading->query.any.at.line, 3);
    assert_int_equal(reading->query.any.at.column, 16);
    query_free(reading);
}

static void what_sqlite_would_take_for_its_own_parameter_is_noted(void **state)
{
    (void)state;
    static const char *const texts[] = {"SELECT ?", "SELECT a ? 'b'", "SELECT @x", "SELECT $x",
                                        "SELECT a[1:x]"};
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        char text[300];
        snprintf(text, sizeof text, "/* leat\n*/\n%s", texts[i]);
        struct query_reading *reading = read_variant(text, i == 3 ? SQL_SQLITE : SQL_ANY);
        assert_complaints(&reading->complaints, "");
        const struct config_sql *sql = i == 3 ? &reading->query.sqlite : &reading->query.any;
        assert_int_equal(sql->foreign.line, 3);
        query_free(reading);
    }
    struct query_reading *reading = read_variant("/* leat\n*/ SELECT a @> b, c::int, d -> '?'", SQL_ANY);
    assert_int_equal(reading->query.any.foreign.line, 0);
    query_free(reading);
}

static void every_type_has_a_good_default_and_a_bad_one(void **state)
{
    (void)state;
    static const struct {
        const char *type, *good[4], *bad[5];
    } cases[] = {
        {"smallint", {"32767", "-32768"}, {"32768", "x", "1.5"}},
        {"int", {"2147483647", "-5"}, {"2147483648", "''"}},
        {"integer", {"1"}, {"1e3"}},
        {"bigint", {"9223372036854775807"}, {"9223372036854775808"}},
        {"numeric", {"1.50", "-2", "1e9", "1E-5"}, {"1.5x", "e", "1-2"}},
        {"double precision", {"0.5"}, {"half"}},
        {"double", {"0.5"}, {"half"}},
        {"real", {"3"}, {"NaN?"}},
        {"boolean", {"true", "false"}, {"yes", "1"}},
        {"bool", {"true"}, {"t"}},
        {"text", {"anything", "'quoted in it'", "\"\""}, {""}},
        {"uuid",
         {"123e4567-e89b-12d3-a456-426614174000"},
         {"123e4567", "123e4567+e89b-12d3-a456-426614174000"}},
        {"timestamptz",
         {"now", "24h ago", "7d ago", "2026-01-01T00:00:00Z"},
         {"yesterday", "24 ago", "5 minutes ago", "soon ago"}},
        {"date", {"now", "2026-01-01"}, {"01/02/2026", "2026"}},
        {"timestamp", {"90m ago"}, {"ago"}},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (unsigned bad = 0; bad < 2; bad++) {
            for (unsigned j = 0; j < 4 && (bad ? cases[i].bad[j] : cases[i].good[j]); j++) {
                char text[300];
                snprintf(text, sizeof text, "/* leat\nparams:\n  p: %s = %s\n*/ SELECT :p", cases[i].type,
                         bad ? cases[i].bad[j] : cases[i].good[j]);
                struct query_reading *reading = read_variant(text, SQL_ANY);
                if (complaints_errors(&reading->complaints) != bad)
                    fail_msg("%s", text);
                query_free(reading);
            }
        }
    }
}

static const struct mistake mistakes[] = {
#include "query_mistakes.h"
};

static void is_told_word_for_word(void **state)
{
    const struct mistake *mistake = *state;
    struct query_reading *reading = read_variant(mistake->text, SQL_ANY);
    assert_complaints(&reading->complaints, mistake->said);
    query_free(reading);
}

int main(void)
{
    const struct CMUnitTest sentences[] = {
        cmocka_unit_test(a_head_is_read_with_all_its_keys),
        cmocka_unit_test(a_paged_query_has_an_envelope_of_its_name),
        cmocka_unit_test(an_unpaged_query_has_no_envelope),
        cmocka_unit_test(an_empty_head_will_do),
        cmocka_unit_test(a_head_may_stand_in_one_line),
        cmocka_unit_test(a_name_used_twice_is_one_parameter),
        cmocka_unit_test(what_is_quoted_or_commented_is_no_parameter),
        cmocka_unit_test(an_array_slice_is_no_parameter),
        cmocka_unit_test(comments_nest_on_postgresql_but_not_on_sqlite),
        cmocka_unit_test(sqlite_quotes_by_brackets),
        cmocka_unit_test(a_semicolon_at_the_end_is_cut_off_with_what_follows),
        cmocka_unit_test(statements_that_read_may_begin_in_four_ways),
        cmocka_unit_test(what_stands_before_the_statement_is_not_sent),
        cmocka_unit_test(what_sqlite_would_take_for_its_own_parameter_is_noted),
        cmocka_unit_test(every_type_has_a_good_default_and_a_bad_one),
    };
    struct CMUnitTest tests[ARRAY_LEN(sentences) + ARRAY_LEN(mistakes)];
    memcpy(tests, sentences, sizeof sentences);
    mistakes_add(mistakes, ARRAY_LEN(mistakes), is_told_word_for_word, tests + ARRAY_LEN(sentences));
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
