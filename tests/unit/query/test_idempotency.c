/* SPDX-License-Identifier: Apache-2.0 */
/* What is a key, and that the statements name the table, and no value of a request's. The flow tests run them. */
#include "lib/unit.h"

#include "query/idempotency.h"

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 4096);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static void a_key_is_what_stands_in_its_quotes(void **state)
{
    (void)state;
    static const struct {
        const char *field, *key;
    } cases[] = {
        {"abc", "abc"},         {"\"abc\"", "abc"},     {" abc ", "abc"}, {"a,b;c=\\", "a,b;c=\\"},
        {"\"a\\\"b\"", "a\"b"}, {"\"a\\\\b\"", "a\\b"}, {"~", "~"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct slice key;
        assert_true(idempotency_key_read(slice_str(cases[i].field), &arena, &key));
        assert_slice(key, cases[i].key);
    }
}

static void what_is_no_key_is_refused(void **state)
{
    (void)state;
    static const char *const fields[] = {"",          " ",    "\"\"",    "\"",      "\"a",      "a\"",
                                         "a\"b",      "a b",  "\"a b\"", "\"a\\\"", "\"a\\b\"", "\"a\"b\"",
                                         "\"a\";b=1", "a\tb", "\x7f",    "\xc3\xa4"};
    struct slice key;
    for (size_t i = 0; i < ARRAY_LEN(fields); i++)
        assert_false(idempotency_key_read(slice_str(fields[i]), &arena, &key));
}

static void a_key_has_at_most_255_characters(void **state)
{
    (void)state;
    char text[2 * 256 + 2];
    struct slice key;
    memset(text, 'x', sizeof text);
    assert_true(idempotency_key_read(slice_of(text, 255), &arena, &key));
    assert_false(idempotency_key_read(slice_of(text, 256), &arena, &key));
    memset(text, '\\', sizeof text);
    text[0] = text[2 * 255 + 1] = '"';
    assert_true(idempotency_key_read(slice_of(text, 2 * 255 + 2), &arena, &key));
    assert_int_equal(key.len, 255);
}

static struct idempotency_entry entry_of(enum dialect dialect, const char *table)
{
    struct idempotency_entry entry = {.dialect = dialect,
                                      .caller = SLICE("caller"),
                                      .key = SLICE("key"),
                                      .fingerprint = SLICE("print"),
                                      .now = {.us = 100000 * INT64_C(1000000)},
                                      .keep_ms = 60000};
    idempotency_place(&arena, slice_str(table), &entry);
    return entry;
}

static void the_table_is_named_as_its_store_names_tables(void **state)
{
    (void)state;
    assert_slice(entry_of(DIALECT_PG, "used").table, "\"public\".\"used\"");
    assert_slice(entry_of(DIALECT_PG, "own.us\"ed").table, "\"own\".\"us\"\"ed\"");
    assert_slice(entry_of(DIALECT_SQLITE, "used").table, "\"used\"");
    assert_slice(entry_of(DIALECT_SQLITE, "used").index, "\"used_created_at\"");
}

static void a_claim_takes_over_what_is_older_than_it_need_be(void **state)
{
    (void)state;
    for (enum dialect dialect = DIALECT_PG; dialect <= DIALECT_SQLITE; dialect++) {
        struct idempotency_entry entry = entry_of(dialect, "used");
        struct statement claim = idempotency_claim(&arena, &entry);
        assert_int_equal(claim.bind_count, 5);
        assert_slice(claim.binds[3].text, "100000");
        assert_slice(claim.binds[4].text, "99940");
        assert_non_null(strstr(claim.text.data, dialect == DIALECT_PG ? "<= $5" : "<= ?5"));
        assert_null(strchr(claim.text.data, '@'));
    }
}

static void making_ends_and_is_one_text_for_people(void **state)
{
    (void)state;
    for (enum dialect dialect = DIALECT_PG; dialect <= DIALECT_SQLITE; dialect++) {
        struct idempotency_entry entry = entry_of(dialect, "used");
        unsigned n = 0;
        while (idempotency_make(&arena, &entry, n).text.len)
            n++;
        assert_int_equal(n, dialect == DIALECT_PG ? 3 : 2);
        assert_non_null(
            strstr(idempotency_make_text(&arena, &entry).data, "; CREATE INDEX IF NOT EXISTS \"used_"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_is_what_stands_in_its_quotes, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(what_is_no_key_is_refused, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_key_has_at_most_255_characters, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(the_table_is_named_as_its_store_names_tables, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(a_claim_takes_over_what_is_older_than_it_need_be, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(making_ends_and_is_one_text_for_people, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
