/* SPDX-License-Identifier: Apache-2.0 */
/* Tables and columns found by their names, and names made safe for SQL and JSON. */
#include "shop.h"

static void a_table_of_the_home_schema_needs_no_schema(void **state)
{
    (void)state;
    static const enum dialect dialects[] = {DIALECT_PG, DIALECT_SQLITE};
    for (size_t i = 0; i < ARRAY_LEN(dialects); i++) {
        struct catalog *catalog = shop_catalog(dialects[i]);
        bool many = true;
        assert_ptr_equal(catalog_find(catalog, SLICE("users"), &many), &catalog->tables[0]);
        assert_false(many);
        catalog_free(catalog);
    }
}

static void a_table_is_found_with_its_schema(void **state)
{
    (void)state;
    struct catalog *catalog = shop_catalog(DIALECT_PG);
    bool many;
    assert_ptr_equal(catalog_find(catalog, SLICE("public.users"), &many), &catalog->tables[0]);
    assert_ptr_equal(catalog_find(catalog, SLICE("audit.logs"), &many), &catalog->tables[3]);
    assert_ptr_equal(catalog_find(catalog, SLICE("app.events"), &many), &catalog->tables[5]);
    assert_null(catalog_find(catalog, SLICE("audit.users"), &many));
    assert_null(catalog_find(catalog, SLICE("."), &many));
    assert_null(catalog_find(catalog, SLICE(""), &many));
    catalog_free(catalog);
}

static void a_name_that_only_one_schema_has_is_found(void **state)
{
    (void)state;
    struct catalog *catalog = shop_catalog(DIALECT_PG);
    bool many = true;
    assert_ptr_equal(catalog_find(catalog, SLICE("logs"), &many), &catalog->tables[3]);
    assert_false(many);
    catalog_free(catalog);
}

static void a_name_that_several_schemas_have_is_said_to_be_so(void **state)
{
    (void)state;
    struct catalog *catalog = shop_catalog(DIALECT_PG);
    bool many = false;
    assert_null(catalog_find(catalog, SLICE("events"), &many));
    assert_true(many);
    assert_null(catalog_find(catalog, SLICE("nothing"), &many));
    assert_false(many);
    catalog_free(catalog);
}

static void a_column_is_found_by_its_exact_name(void **state)
{
    (void)state;
    struct catalog *catalog = shop_catalog(DIALECT_PG);
    assert_non_null(table_column(&catalog->tables[0], SLICE("email")));
    assert_null(table_column(&catalog->tables[0], SLICE("Email")));
    assert_null(table_column(&catalog->tables[0], SLICE("emai")));
    catalog_free(catalog);
}

static void names_are_quoted_for_sql_and_for_json(void **state)
{
    (void)state;
    struct arena arena;
    arena_init(&arena, 1024);
    static const struct {
        const char *name, *sql, *json;
    } cases[] = {
        {"id", "\"id\"", "\"id\":"},
        {"a\"b", "\"a\"\"b\"", "\"a\\\"b\":"},
        {"\"\"", "\"\"\"\"\"\"", "\"\\\"\\\"\":"},
        {"a\nb", "\"a\nb\"", "\"a\\nb\":"},
        {"a\\b", "\"a\\b\"", "\"a\\\\b\":"},
        {"\x01", "\"\x01\"", "\"\\u0001\":"},
        {"größe", "\"größe\"", "\"größe\":"},
        {"", "\"\"", "\"\":"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct column column = {.name = slice_str(cases[i].name)};
        column_names_make(&arena, &column);
        assert_slice(column.sql, cases[i].sql);
        assert_slice(column.json, cases[i].json);
    }
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_of_the_home_schema_needs_no_schema),
        cmocka_unit_test(a_table_is_found_with_its_schema),
        cmocka_unit_test(a_name_that_only_one_schema_has_is_found),
        cmocka_unit_test(a_name_that_several_schemas_have_is_said_to_be_so),
        cmocka_unit_test(a_column_is_found_by_its_exact_name),
        cmocka_unit_test(names_are_quoted_for_sql_and_for_json),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
