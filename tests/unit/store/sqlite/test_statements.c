/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of prepared statements. */
#include "store/sqlite/statements.h"

#include <stdio.h>

#include "lib/unit.h"

struct cache {
    sqlite3 *db;
    struct lite_statements statements;
};

static int set_up(void **state)
{
    struct cache *cache = calloc(1, sizeof *cache);
    assert_int_equal(sqlite3_open(":memory:", &cache->db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(cache->db, "CREATE TABLE t (a INT, b)", NULL, NULL, NULL), SQLITE_OK);
    lite_statements_init(&cache->statements, cache->db, 3);
    *state = cache;
    return 0;
}

static int tear_down(void **state)
{
    struct cache *cache = *state;
    lite_statements_done(&cache->statements);
    assert_int_equal(sqlite3_close(cache->db), SQLITE_OK); /* fails while a statement is left */
    free(cache);
    return 0;
}

static struct lite_statement *get(struct cache *cache, const char *sql)
{
    return lite_statements_get(&cache->statements, slice_str(sql));
}

static void a_text_is_prepared_once(void **state)
{
    struct lite_statement *first = get(*state, "SELECT 1");
    assert_non_null(first);
    assert_ptr_equal(get(*state, "SELECT 1"), first);
    assert_ptr_not_equal(get(*state, "SELECT 2"), first);
}

static void the_least_recently_used_is_dropped(void **state)
{
    struct cache *cache = *state;
    struct lite_statement *first = get(cache, "SELECT 1");
    get(cache, "SELECT 2");
    get(cache, "SELECT 3");
    get(cache, "SELECT 1");
    get(cache, "SELECT 4");
    assert_int_equal(cache->statements.count, 3);
    assert_ptr_equal(get(cache, "SELECT 1"), first);
    assert_null(map_get(&cache->statements.by_text, SLICE("SELECT 2")));
    assert_non_null(map_get(&cache->statements.by_text, SLICE("SELECT 3")));
}

static void what_cannot_be_prepared_is_not_kept(void **state)
{
    struct cache *cache = *state;
    assert_null(get(cache, "SELEKT"));
    assert_null(get(cache, "SELECT absent FROM t"));
    assert_null(get(cache, "  -- nothing"));
    assert_int_equal(cache->statements.count, 0);
}

static void the_text_is_copied(void **state)
{
    char sql[] = "SELECT 1";
    struct lite_statement *statement = get(*state, sql);
    memset(sql, 'x', sizeof sql - 1);
    assert_ptr_equal(get(*state, "SELECT 1"), statement);
}

static void clearing_leaves_it_usable(void **state)
{
    struct cache *cache = *state;
    get(cache, "SELECT 1");
    get(cache, "SELECT 2");
    lite_statements_clear(&cache->statements);
    assert_int_equal(cache->statements.count, 0);
    assert_non_null(get(cache, "SELECT 1"));
}

static void columns_without_a_declared_type_are_known_and_read_anew_after_a_change(void **state)
{
    struct cache *cache = *state;
    struct lite_statement *statement = get(cache, "SELECT * FROM t");
    assert_int_equal(statement->columns, 2);
    assert_false(statement->dynamic[0]);
    assert_true(statement->dynamic[1]);
    const char *change = "ALTER TABLE t ADD COLUMN c TEXT; INSERT INTO t VALUES (1, 2, 'x')";
    assert_int_equal(sqlite3_exec(cache->db, change, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement->stmt), SQLITE_ROW);
    assert_true(lite_statement_columns(statement));
    assert_int_equal(statement->columns, 3);
    assert_false(statement->dynamic[2]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_text_is_prepared_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_least_recently_used_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_cannot_be_prepared_is_not_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_text_is_copied, set_up, tear_down),
        cmocka_unit_test_setup_teardown(clearing_leaves_it_usable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            columns_without_a_declared_type_are_known_and_read_anew_after_a_change, set_up, tear_down),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
