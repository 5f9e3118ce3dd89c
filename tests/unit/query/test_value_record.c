/* SPDX-License-Identifier: Apache-2.0 */
/* Values of records by the kind of their column: what each token becomes, on both stores, and what is refused. */
#include "lib/unit.h"

#include "query/value_record.h"

static const struct type boolean = {.kind = VALUE_BOOL, .name = SLICE_INIT("boolean")},
                         small = {.kind = VALUE_INT, .bits = 16, .name = SLICE_INIT("smallint")},
                         whole = {.kind = VALUE_INT, .bits = 64, .name = SLICE_INIT("bigint")},
                         numeric = {.kind = VALUE_NUMERIC, .name = SLICE_INIT("numeric")},
                         decimal = {.kind = VALUE_DECIMAL, .scale = 2, .name = SLICE_INIT("DECIMAL(12,2)")},
                         real = {.kind = VALUE_FLOAT, .bits = 64, .name = SLICE_INIT("double precision")},
                         text = {.kind = VALUE_TEXT, .name = SLICE_INIT("text")},
                         moment = {.kind = VALUE_TIMESTAMPTZ, .name = SLICE_INIT("timestamptz")},
                         bytes = {.kind = VALUE_BYTEA, .name = SLICE_INIT("bytea")},
                         json = {.kind = VALUE_JSON, .name = SLICE_INIT("jsonb")},
                         range = {.kind = VALUE_OTHER, .name = SLICE_INIT("int4range")},
                         ints = {.kind = VALUE_OTHER, .is_array = true, .name = SLICE_INIT("integer[]")},
                         docs = {.kind = VALUE_OTHER, .is_array = true, .name = SLICE_INIT("jsonb[]")};

struct sample {
    enum dialect dialect;
    const struct type *type;
    enum token token;
    const char *given;
    const char *bound; /* NULL: refused */
};

static bool read_one(const struct sample *sample, struct arena *arena, struct bind *ret_bind,
                     struct value_refusal *ret_refusal)
{
    struct value_scope scope = {arena, sample->dialect, {1769850307123456}};
    bool empty = sample->token == TOKEN_NULL || sample->token == TOKEN_TRUE || sample->token == TOKEN_FALSE;
    struct field field = {.token = sample->token};
    field.text = empty ? (struct slice){NULL, 0} : slice_str(sample->given);
    return value_from_field(&scope, sample->type, &field, ret_bind, ret_refusal);
}

static void check(const struct sample *samples, size_t count)
{
    struct arena arena;
    arena_init(&arena, 4096);
    for (size_t i = 0; i < count; i++) {
        struct bind bind = {0};
        struct value_refusal refusal = {0};
        bool taken = read_one(&samples[i], &arena, &bind, &refusal);
        if (taken != (samples[i].bound != NULL))
            fail_msg("%.*s: %s is %s", SLICE_ARG(samples[i].type->name), samples[i].given,
                     taken ? "taken" : "refused");
        if (taken)
            assert_slice(bind.text, samples[i].bound);
        else
            assert_true(refusal.expected.len > 0);
    }
    arena_done(&arena);
}

static void tokens_become_what_their_column_holds(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        {DIALECT_PG, &boolean, TOKEN_TRUE, "", "true"},
        {DIALECT_SQLITE, &boolean, TOKEN_FALSE, "", "0"},
        {DIALECT_PG, &boolean, TOKEN_STRING, "yes", "true"},
        {DIALECT_PG, &boolean, TOKEN_NUMBER, "2", NULL},
        {DIALECT_PG, &small, TOKEN_NUMBER, "-32768", "-32768"},
        {DIALECT_PG, &small, TOKEN_NUMBER, "32768", NULL},
        {DIALECT_PG, &whole, TOKEN_NUMBER, "9223372036854775807", "9223372036854775807"},
        {DIALECT_PG, &whole, TOKEN_NUMBER, "9223372036854775808", NULL},
        {DIALECT_PG, &whole, TOKEN_NUMBER, "1.5", NULL},
        {DIALECT_PG, &whole, TOKEN_STRING, "42", "42"},
        {DIALECT_PG, &whole, TOKEN_TEXT, "42", "42"},
        {DIALECT_PG, &whole, TOKEN_TRUE, "", NULL},
        {DIALECT_PG, &real, TOKEN_NUMBER, "1e400", NULL},
        {DIALECT_SQLITE, &real, TOKEN_STRING, "NaN", NULL},
        {DIALECT_PG, &text, TOKEN_STRING, "", ""},
        {DIALECT_PG, &text, TOKEN_STRING, " a ", " a "},
        {DIALECT_PG, &text, TOKEN_NUMBER, "1.50", "1.50"},
        {DIALECT_PG, &text, TOKEN_TRUE, "", "true"},
        {DIALECT_PG, &text, TOKEN_ARRAY, "[]", NULL},
        {DIALECT_PG, &text, TOKEN_OBJECT, "{}", NULL},
        {DIALECT_SQLITE, &moment, TOKEN_STRING, "2026-01-31T10:00:00+02:00", "2026-01-31T08:00:00.000000Z"},
        {DIALECT_PG, &moment, TOKEN_NUMBER, "12", NULL},
        {DIALECT_PG, &bytes, TOKEN_STRING, "\\x00Ff", "\\x00ff"},
        {DIALECT_PG, &bytes, TOKEN_STRING, "\\x0", NULL},
        {DIALECT_PG, &range, TOKEN_STRING, "[1,5)", "[1,5)"},
        {DIALECT_PG, &range, TOKEN_ARRAY, "[1,5]", NULL},
    };
    check(samples, ARRAY_LEN(samples));
}

static void null_is_null_for_every_column(void **state)
{
    (void)state;
    const struct type *const types[] = {&boolean, &whole, &numeric, &text, &json, &ints, &range};
    struct arena arena;
    arena_init(&arena, 1024);
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        struct sample sample = {DIALECT_PG, types[i], TOKEN_NULL, "", ""};
        struct bind bind = {.kind = BIND_INT};
        struct value_refusal refusal;
        assert_true(read_one(&sample, &arena, &bind, &refusal));
        assert_true(bind.kind == BIND_NULL && bind.text.data == NULL);
    }
    arena_done(&arena);
}

static void digits_are_kept_or_rounded_to_those_of_the_column(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        {DIALECT_PG, &numeric, TOKEN_NUMBER, "12.50", "12.50"},
        {DIALECT_PG, &numeric, TOKEN_NUMBER, "0.10000000000000000000000001", "0.10000000000000000000000001"},
        {DIALECT_PG, &numeric, TOKEN_STRING, "nan", "nan"},
        {DIALECT_PG, &numeric, TOKEN_STRING, "12,5", NULL},
        {DIALECT_SQLITE, &decimal, TOKEN_NUMBER, "12.5", "1250"},
        {DIALECT_SQLITE, &decimal, TOKEN_NUMBER, "1.005", "101"},
        {DIALECT_SQLITE, &decimal, TOKEN_NUMBER, "-1.005", "-101"},
        {DIALECT_SQLITE, &decimal, TOKEN_NUMBER, "1.00499", "100"},
        {DIALECT_SQLITE, &decimal, TOKEN_NUMBER, "92233720368547758.07", "9223372036854775807"},
        {DIALECT_SQLITE, &decimal, TOKEN_NUMBER, "92233720368547758.08", NULL},
        {DIALECT_SQLITE, &decimal, TOKEN_STRING, "x", NULL},
    };
    check(samples, ARRAY_LEN(samples));
}

static void json_columns_take_every_token(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        {DIALECT_PG, &json, TOKEN_OBJECT, "{\"a\": 1.50}", "{\"a\": 1.50}"},
        {DIALECT_PG, &json, TOKEN_ARRAY, "[]", "[]"},
        {DIALECT_PG, &json, TOKEN_NUMBER, "1.50", "1.50"},
        {DIALECT_PG, &json, TOKEN_TRUE, "", "true"},
        {DIALECT_SQLITE, &json, TOKEN_STRING, "a \"b\"\n", "\"a \\\"b\\\"\\u000a\""},
        {DIALECT_PG, &json, TOKEN_TEXT, "{\"a\":1}", "{\"a\":1}"},
        {DIALECT_PG, &json, TOKEN_TEXT, "{a:1}", NULL},
        {DIALECT_PG, &json, TOKEN_TEXT, "", NULL},
    };
    check(samples, ARRAY_LEN(samples));
}

static void lists_become_literals_of_arrays(void **state)
{
    (void)state;
    static const struct sample samples[] = {
        {DIALECT_PG, &ints, TOKEN_ARRAY, "[]", "{}"},
        {DIALECT_PG, &ints, TOKEN_ARRAY, " [ 1 , null,-3 ] ", "{\"1\",NULL,\"-3\"}"},
        {DIALECT_PG, &ints, TOKEN_ARRAY, "[[1],[2]]", "{{\"1\"},{\"2\"}}"},
        {DIALECT_PG, &ints, TOKEN_ARRAY, "[\"a,\\\"b\\\"\",\"\",\"null\"]",
         "{\"a,\\\"b\\\"\",\"\",\"null\"}"},
        {DIALECT_PG, &ints, TOKEN_ARRAY, "[[[[[[[1]]]]]]]", NULL},
        {DIALECT_PG, &ints, TOKEN_ARRAY, "[\"\\u0000\"]", NULL},
        {DIALECT_PG, &ints, TOKEN_ARRAY, "[\"\\ud800\"]", NULL},
        {DIALECT_PG, &ints, TOKEN_STRING, "{1,2}", "{1,2}"},
        {DIALECT_PG, &ints, TOKEN_OBJECT, "{}", NULL},
        {DIALECT_PG, &docs, TOKEN_ARRAY, "[[1,2],null]", "{\"[1,2]\",\"null\"}"},
    };
    check(samples, ARRAY_LEN(samples));
}

static void a_nul_is_refused_on_both_stores(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1024);
    for (int i = 0; i < 2; i++) {
        struct value_scope scope = {&arena, i ? DIALECT_SQLITE : DIALECT_PG, {0}};
        struct field field = {.token = TOKEN_STRING, .text = slice_of("a\0b", 3)};
        struct bind bind;
        struct value_refusal refusal;
        assert_false(value_from_field(&scope, &text, &field, &bind, &refusal));
        assert_slice(refusal.expected, "a value without the character U+0000");
    }
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_become_what_their_column_holds),
        cmocka_unit_test(null_is_null_for_every_column),
        cmocka_unit_test(digits_are_kept_or_rounded_to_those_of_the_column),
        cmocka_unit_test(json_columns_take_every_token),
        cmocka_unit_test(lists_become_literals_of_arrays),
        cmocka_unit_test(a_nul_is_refused_on_both_stores),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
