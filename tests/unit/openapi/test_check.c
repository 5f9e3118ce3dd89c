/* SPDX-License-Identifier: Apache-2.0 */
/* CHECK expressions, as PostgreSQL and people write them: what is understood of them, and that of all else nothing is claimed. */
#include "lib/unit.h"

#include <stdio.h>

#include "base/check.h"
#include "openapi/check.h"

static const struct {
    const char *name, *type;
    enum value_kind kind;
    bool deterministic;
} columns[] = {
    {"amount", "numeric(12,2)", VALUE_NUMERIC, true},
    {"n", "integer", VALUE_INT, true},
    {"scaled", "DECIMAL(12,2)", VALUE_DECIMAL, true},
    {"status", "character varying", VALUE_TEXT, true},
    {"name", "text", VALUE_TEXT, true},
    {"mail", "citext", VALUE_TEXT, false},
    {"padded", "character", VALUE_TEXT, false},
    {"is on", "boolean", VALUE_BOOL, true},
    {"day", "date", VALUE_DATE, true},
    {"Odd \"name\"", "text", VALUE_TEXT, true},
};

/* expected: for each column about which something is said, ` NAME what`; "" nothing. */
static const struct {
    const char *expression, *expected;
} cases[] = {
    /* numbers */
    {"(amount > (0)::numeric)", " amount >0"},
    {"((amount >= (0)::numeric))", " amount >=0"},
    {"(amount < 100.50)", " amount <100.50"},
    {"(n <= 5)", " n <=5"},
    {"n = 5", " n >=5 <=5"},
    {"n == 5", " n >=5 <=5"},
    {"(n >= '-5'::integer)", " n >=-5"},
    {"n>=-5", " n >=-5"},
    {"(n >= (- 5))", " n >=-5"},
    {"0 < n", " n >0"},
    {"(100 >= n)", " n <=100"},
    {"((n)::double precision > (0)::double precision)", " n >0"},
    {"((n >= 1) AND (n <= 5))", " n >=1 <=5"},
    {"n BETWEEN 1 AND 5", " n >=1 <=5"},
    {"n BETWEEN 1 AND 5 AND amount > 0", " amount >0 n >=1 <=5"},
    {"amount > 0 AND n between -2 and 5 AND length(name) > 2", " amount >0 n >=-2 <=5 name len>=3"},
    {"\"n\" > 5", " n >5"},
    {"[n] > 5 AND `amount` < 3", " amount <3 n >5"},
    {"N > 5", " n >5"},
    {"\"N\" > 5", ""},
    {"(scaled >= 0)", " scaled >=0"},
    {"(scaled >= 100)", ""},
    {"n IN (1, 2,3)", " n in 1|2|3"},
    {"(n = ANY (ARRAY[1, 2, 3]))", " n in 1|2|3"},
    {"(n IS NULL) OR (n > 0)", " n >0"},
    {"((n IS NULL) OR ((n > 0) AND (n < 9)))", " n >0 <9"},
    /* texts */
    {"((status)::text = ANY ((ARRAY['open'::character varying, 'held'::character varying])::text[]))",
     " status in open|held"},
    {"(status = ANY (ARRAY['it''s'::text, ''::text]))", " status in it's|"},
    {"status IN ('open', 'held')", " status in open|held"},
    {"(length(name) >= 3)", " name len>=3"},
    {"(char_length((status)::text) <= 20)", " status len<=20"},
    {"((length(name) > 3) AND (length(name) < 20))", " name len>=4 len<=19"},
    {"character_length(name) = 5", " name len>=5 len<=5"},
    {"length(name) BETWEEN 2 AND 4", " name len>=2 len<=4"},
    {"20 >= length(name)", " name len<=20"},
    {"(name ~ '^[a-z]+$'::text)", " name re ^[a-z]+$"},
    {"((name)::text ~ '^\\d{3}(-x)?$'::text)", " name re ^\\d{3}(-x)?$"},
    {"\"Odd \"\"name\"\"\" IN ('a')", " Odd \"name\" in a"},
    /* what is not understood says nothing, and keeps what stands beside it */
    {"", ""},
    {"(n <> 5)", ""},
    {"n != 5", ""},
    {"(n > 0) OR (amount > 0)", ""},
    {"n IS NULL OR amount > 0", ""},
    {"n IS NULL OR n > 0 OR amount > 5", ""},
    {"n IS NULL OR (amount IS NULL OR amount > 0)", ""},
    {"n IS NOT NULL OR n > 0", ""},
    {"NOT (n > 0)", ""},
    {"NOT n > 0 AND amount > 1", " amount >1"},
    {"(n > amount)", ""},
    {"n > 0 AND is_valid(n) AND amount < 5", " amount <5 n >0"},
    {"(n + 1) > 0", ""},
    {"n + 1 > 0", ""},
    {"n > 0 + 1", ""},
    {"((amount)::integer > 5)", ""},
    {"(amount)::numeric(5,1) > 5", ""},
    {"CASE WHEN n > 0 THEN amount > 0 AND n > 5 AND amount < 9 ELSE true END", ""},
    {"(CASE WHEN n > 0 THEN n > 1 AND n > 5 AND n > 6 END) AND amount > 0", " amount >0"},
    {"(n > 0) IS TRUE", ""},
    {"n > 'five'", ""},
    {"n > 1e5", ""},
    {"n > 0x10", ""},
    {"n IN (1, amount)", ""},
    {"n IN (SELECT 1)", ""},
    {"n NOT IN (1, 2)", ""},
    {"n IN (1, 2) IS FALSE", ""},
    {"(n <> ALL (ARRAY[1, 2]))", ""},
    {"(name = ANY (ARRAY[lower('a'::text)]))", ""},
    {"status > 'a'", ""},
    {"mail IN ('a@b')", ""},
    {"length(mail) > 5", ""},
    {"padded IN ('a')", ""},
    {"length(padded) < 5", ""},
    {"length(lower(name)) > 5", ""},
    {"length(name) > -1", ""},
    {"length(name) < 0", ""},
    {"length(name) > n", ""},
    {"octet_length(name) < 5", ""},
    {"day > '2020-01-01'::date", ""},
    {"\"is on\" IN (0, 1)", ""},
    {"name LIKE 'a%'", ""},
    {"(name ~* '^a'::text)", ""},
    {"(name !~ '^a'::text)", ""},
    {"(name ~~ 'a%'::text)", ""},
    {"name ~ '[[:alpha:]]'", ""},
    {"name ~ '(?i)a'", ""},
    {"name ~ '\\mword'", ""},
    {"name ~ '***=a'", ""},
    {"name ~ 'a\\'", ""},
    {"'^a' ~ name", ""},
    /* no expression at all */
    {"((((", ""},
    {"n > 'unclosed", ""},
    {"n >", ""},
    {"> 5", ""},
    {"n IN (", ""},
    {"n = ANY (ARRAY[", ""},
    {"n BETWEEN 1", ""},
    {"(n)::", ""},
    {"AND OR AND", ""},
    {"length(", ""},
    {"-", ""},
};

static struct arena arena;

static struct table table_of(const char *expression)
{
    struct table table = {.column_count = ARRAY_LEN(columns), .check_count = 1};
    table.columns = ARENA_ARRAY(&arena, struct column, ARRAY_LEN(columns));
    table.checks = ARENA_NEW(&arena, struct check_constraint);
    table.checks[0].expression = slice_str(expression);
    for (unsigned i = 0; i < ARRAY_LEN(columns); i++)
        table.columns[i] =
            (struct column){.name = slice_str(columns[i].name),
                            .type = {.kind = columns[i].kind, .name = slice_str(columns[i].type)},
                            .position = i,
                            .deterministic = columns[i].deterministic};
    return table;
}

/* What is said of a column, in the order of the struct. */
static void describe(const struct bounds *bounds, char *text, size_t room)
{
    size_t len = 0;
#define ADD(...) (len += (size_t)snprintf(text + len, room - len, __VA_ARGS__))
    text[0] = 0;
    if (bounds->low.len)
        ADD(" >%s" SLICE_FMT, bounds->above_low ? "" : "=", SLICE_ARG(bounds->low));
    if (bounds->high.len)
        ADD(" <%s" SLICE_FMT, bounds->below_high ? "" : "=", SLICE_ARG(bounds->high));
    if (bounds->has_length_min)
        ADD(" len>=%u", bounds->length_min);
    if (bounds->has_length_max)
        ADD(" len<=%u", bounds->length_max);
    for (unsigned i = 0; i < bounds->value_count; i++)
        ADD("%s" SLICE_FMT, i ? "|" : " in ", SLICE_ARG(bounds->values[i]));
    if (bounds->pattern.len)
        ADD(" re " SLICE_FMT, SLICE_ARG(bounds->pattern));
#undef ADD
}

static void describe_all(const char *expression, char *text, size_t room)
{
    struct table table = table_of(expression);
    const struct bounds *bounds = checks_read(&arena, &table);
    text[0] = 0;
    for (unsigned i = 0; i < ARRAY_LEN(columns); i++) {
        char one[500];
        describe(&bounds[i], one, sizeof one);
        if (one[0])
            snprintf(text + strlen(text), room - strlen(text), " %s%s", columns[i].name, one);
    }
}

static void each_expression_says_what_it_says_and_no_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char said[1000];
        describe_all(cases[i].expression, said, sizeof said);
        if (strcmp(said, cases[i].expected) != 0)
            print_error("%s:\n", cases[i].expression);
        assert_string_equal(said, cases[i].expected);
        arena_reset(&arena);
    }
}

static void an_expression_cut_anywhere_is_read_to_its_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        for (size_t len = 0; len < strlen(cases[i].expression); len++) {
            char cut[200], said[1000];
            snprintf(cut, sizeof cut, "%.*s", (int)len, cases[i].expression);
            describe_all(cut, said, sizeof said);
            arena_reset(&arena);
        }
}

static void an_expression_without_end_is_left_alone(void **state)
{
    (void)state;
    static char deep[20000];
    char said[1000];
    memset(deep, '(', sizeof deep - 1);
    describe_all(deep, said, sizeof said);
    assert_string_equal(said, "");
    for (size_t i = 0; i + 10 < sizeof deep; i += 10)
        memcpy(deep + i, "n > 0 AND ", 11);
    describe_all(deep, said, sizeof said);
    assert_string_equal(said, "");
}

static int begin(void **state)
{
    (void)state;
    arena_init(&arena, 1024);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(each_expression_says_what_it_says_and_no_more, begin, end),
    cmocka_unit_test_setup_teardown(an_expression_cut_anywhere_is_read_to_its_end, begin, end),
    cmocka_unit_test_setup_teardown(an_expression_without_end_is_left_alone, begin, end),
};

UNIT_TEST_MAIN(tests)
