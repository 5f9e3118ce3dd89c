/* SPDX-License-Identifier: Apache-2.0 */
/* Reads by a port: inline on the loop, what they give, how they fail. */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

static const char schema[] =
    "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price DECIMAL(12,2), score REAL, on_sale BOOLEAN,"
    "  made TIMESTAMP, extra JSON, picture BLOB);"
    "INSERT INTO items VALUES (1, 'saw', 1999, 0.1, 1, '2026-01-01T00:00:00.000000Z', '{\"a\":1}', x'00ff'),"
    "  (2, 'nail', -5, 1e20, 0, NULL, NULL, NULL), (3, '', 0, 5.0, NULL, NULL, '[]', x'');"
    "CREATE INDEX items_name ON items (name);"
    "CREATE TABLE big (id INTEGER PRIMARY KEY, grp INTEGER, pad TEXT);"
    "INSERT INTO big WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)"
    "  SELECT i, i % 3, 'row ' || i FROM n;"
    "CREATE INDEX big_grp ON big (grp);";

static void a_row_by_key_comes_inline_in_the_texts_of_the_database(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read read;
    read_init(&read, "SELECT id, name, price, score, on_sale, made, extra FROM items WHERE id = ?1");
    read_bind_int(&read, 1);
    assert_int_equal(read_submit(&fixture, &read), SUBMIT_DONE);
    assert_slice(buf_slice(&read.out), "1|saw|1999|0.1|1|2026-01-01T00:00:00.000000Z|{\"a\":1}");
    assert_int_equal(read.fetch.rows, 1);
    assert_int_equal(read.fetch.problem.status, 0);
    assert_string_equal(read.fetch.lane, "inline");
    assert_true(read.fetch.run_us >= 0);
    assert_true(pthread_equal(read.sink_thread, pthread_self()));
    loop_turn(fixture.loop, 0);
    assert_int_equal(read.ends, 0);
    read_done(&read);
    fixture_free(&fixture);
}

static void null_and_empty_and_blob_cells_are_told_apart(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read read;
    read_init(&read, "SELECT picture FROM items WHERE id = 1");
    read_run(&fixture, &read);
    assert_int_equal(read.out.len, 2);
    assert_memory_equal(read.out.data, "\x00\xff", 2);
    read_done(&read);
    assert_read(&fixture, "SELECT id, price, score, made, picture FROM items WHERE id = 2",
                "2|-5|1e+20|<null>|<null>", "inline");
    assert_read(&fixture, "SELECT id, name, score, picture FROM items WHERE id = 3", "3||5|", "inline");
    fixture_free(&fixture);
}

static void a_column_without_a_declared_type_comes_as_json(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    assert_read(&fixture, "SELECT name || '\"', score * 2, id + 1, picture || NULL FROM items WHERE id = 1",
                "\"saw\\\"\"|0.2|2|<null>", "inline");
    assert_read(&fixture, "SELECT count(*), avg(price), max(name) FROM items WHERE id > 0",
                "3|664.6666666666666|\"saw\"", "offload");
    assert_read(&fixture, "SELECT x'00ff', CAST(x'61ff62' AS TEXT), 9e999 FROM items WHERE id = 1",
                "\"\\\\x00ff\"|\"a\xef\xbf\xbd"
                "b\"|\"Infinity\"",
                "inline");
    fixture_free(&fixture);
}

static void every_kind_of_bind_reaches_the_database(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read read;
    read_init(
        &read,
        "SELECT typeof(?1), typeof(?2), typeof(?3), typeof(?4), typeof(?5), ?2 || '' FROM items WHERE id = 1");
    read_bind_int(&read, 7);
    read_bind_text(&read, "");
    read.binds[read.fetch.statement.bind_count++] = (struct bind){.kind = BIND_REAL, .real = 1.5};
    read.binds[read.fetch.statement.bind_count++] = (struct bind){.kind = BIND_BLOB, .text = SLICE("ab")};
    read_bind_text(&read, NULL);
    read_run(&fixture, &read);
    assert_slice(buf_slice(&read.out), "\"integer\"|\"text\"|\"real\"|\"blob\"|\"null\"|\"\"");
    read_done(&read);
    fixture_free(&fixture);
}

static void binds_of_one_read_are_gone_at_the_next(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read first, second;
    const char *sql = "SELECT id FROM items WHERE id = ?1 AND ?2 = 5";
    read_init(&first, sql);
    read_bind_int(&first, 1);
    read_bind_int(&first, 5);
    read_run(&fixture, &first);
    assert_slice(buf_slice(&first.out), "1");
    read_init(&second, sql);
    read_bind_int(&second, 1);
    read_run(&fixture, &second);
    assert_int_equal(second.fetch.rows, 0);
    read_done(&first);
    read_done(&second);
    fixture_free(&fixture);
}

static void a_sink_that_has_enough_ends_the_read_without_a_problem(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    const char *statements[] = {"SELECT id FROM big ORDER BY id LIMIT 50",
                                "SELECT id FROM big ORDER BY pad || 'x' DESC, id"};
    const char *rows[] = {"1;2;3", "9;99;999"};
    for (unsigned i = 0; i < 2; i++) {
        struct read read;
        read_init(&read, statements[i]);
        read.rows_max = 3;
        read_run(&fixture, &read);
        assert_slice(buf_slice(&read.out), rows[i]);
        assert_int_equal(read.fetch.rows, 3);
        assert_int_equal(read.fetch.problem.status, 0);
        read_done(&read);
    }
    fixture_free(&fixture);
}

static void lists_in_index_order_run_inline_and_sorts_and_counts_on_the_pool(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    assert_read(&fixture, "SELECT id FROM big ORDER BY id DESC LIMIT 3", "20000;19999;19998", "inline");
    assert_read(&fixture, "SELECT id FROM big WHERE grp = 2 ORDER BY id LIMIT 2", "2;5", "inline");
    assert_read(&fixture, "SELECT id FROM big ORDER BY pad LIMIT 2", "1;10", "offload");
    assert_read(&fixture, "SELECT count(*) FROM big", "20000", "offload");
    assert_read(&fixture, "SELECT id FROM big WHERE pad = 'row 7'", "7", "offload");
    fixture_free(&fixture);
}

static void an_inline_read_over_its_budget_is_run_again_on_the_pool_and_no_row_comes_twice(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    /* A search by index, then a filter that nothing matches until the end: more than a millisecond. */
    const char *sql =
        "SELECT id FROM big WHERE grp IN (0, 1, 2) AND length(replace(pad, '9', '')) = 4 ORDER BY grp, id LIMIT 9";
    struct read read;
    read_init(&read, sql);
    read_run(&fixture, &read);
    assert_string_equal(read.fetch.lane, "offload");
    assert_int_equal(read.fetch.problem.status, 0);
    assert_int_equal(read.fetch.rows, 4);
    assert_slice(buf_slice(&read.out), "9;99;999;9999");
    read_done(&read);
    /* Now its shape is known to be slow: it is not even tried. */
    read_init(&read, sql);
    assert_int_equal(read_submit(&fixture, &read), SUBMIT_PENDING);
    read_wait(&fixture, &read);
    assert_int_equal(read.fetch.rows, 4);
    read_done(&read);
    fixture_free(&fixture);
}

static void an_answer_too_large_to_be_kept_goes_to_the_pool(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT);"
                           "INSERT INTO t VALUES (1, printf('%.*c', 300000, 'x')), (2, 'y');");
    struct read read;
    read_init(&read, "SELECT id, text FROM t ORDER BY id LIMIT 2");
    read_run(&fixture, &read);
    assert_string_equal(read.fetch.lane, "offload");
    assert_int_equal(read.fetch.rows, 2);
    assert_int_equal(read.out.len, 2 + 300000 + 4);
    read_done(&read);
    fixture_free(&fixture);
}

static void reads_of_one_turn_see_one_state_and_the_next_turn_sees_the_write(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    const char *sql = "SELECT name FROM items WHERE id = 1";
    struct read read;
    read_init(&read, sql);
    assert_int_equal(read_submit(&fixture, &read), SUBMIT_DONE);
    database_run(fixture.path, "UPDATE items SET name = 'axe' WHERE id = 1");
    buf_clear(&read.out);
    assert_int_equal(read_submit(&fixture, &read), SUBMIT_DONE);
    assert_slice(buf_slice(&read.out), "saw");
    loop_turn(fixture.loop, 0);
    buf_clear(&read.out);
    assert_int_equal(read_submit(&fixture, &read), SUBMIT_DONE);
    assert_slice(buf_slice(&read.out), "axe");
    read_done(&read);
    fixture_free(&fixture);
}

static void a_change_of_the_schema_is_seen_without_a_refresh(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    assert_read(&fixture, "SELECT * FROM items WHERE id = 3", "3||0|5|<null>|<null>|[]|", "inline");
    database_run(fixture.path, "ALTER TABLE items ADD COLUMN more DEFAULT 'new'");
    assert_read(&fixture, "SELECT * FROM items WHERE id = 3", "3||0|5|<null>|<null>|[]||\"new\"", "inline");
    store_driver_sqlite.refresh(fixture.port);
    assert_read(&fixture, "SELECT * FROM items WHERE id = 3", "3||0|5|<null>|<null>|[]||\"new\"", "inline");
    database_run(fixture.path, "DROP TABLE items");
    struct read read;
    read_init(&read, "SELECT * FROM items WHERE id = 3");
    read_run(&fixture, &read);
    assert_int_equal(read.fetch.problem.status, 500);
    assert_slice(read.fetch.problem.code, "database-error");
    read_done(&read);
    fixture_free(&fixture);
}

static void wrong_sql_is_a_500_whose_cause_has_the_words_of_the_database(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read read;
    read_init(&read, "SELECT absent FROM items");
    assert_int_equal(read_submit(&fixture, &read), SUBMIT_DONE);
    assert_int_equal(read.fetch.problem.status, 500);
    assert_slice(read.fetch.problem.code, "database-error");
    assert_slice(read.fetch.problem.cause, "SQLite 1: no such column: absent");
    read_done(&read);
    fixture_free(&fixture);
}

static void nothing_can_be_written(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    const char *statements[] = {
        "DELETE FROM items",
        "PRAGMA query_only = OFF",
        "ATTACH '/tmp/x.db' AS x",
        "CREATE TABLE x (a)",
        "VACUUM",
        "INSERT INTO items (id) VALUES (9) RETURNING id",
        "SELECT load_extension('/tmp/x.so')",
        "SELECT * FROM pragma_table_info('items')",
    };
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        struct read read;
        read_init(&read, statements[i]);
        read_run(&fixture, &read);
        assert_int_equal(read.fetch.problem.status, 500);
        read_done(&read);
    }
    assert_read(&fixture, "SELECT count(*) FROM items", "3", NULL);
    fixture_free(&fixture);
}

static void a_run_time_error_by_a_value_is_a_400(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read read;
    read_init(&read, "SELECT id FROM items WHERE id = 1 AND leat_ilike(name, ?1)");
    read_bind_text(&read, "sa\\");
    read_run(&fixture, &read);
    assert_int_equal(read.fetch.problem.status, 400);
    assert_slice(read.fetch.problem.code, "invalid-value");
    read_done(&read);
    read_init(&read, "SELECT abs(?1) FROM items WHERE id = 1");
    read_bind_int(&read, INT64_MIN);
    read_run(&fixture, &read);
    assert_int_equal(read.fetch.problem.status, 400);
    read_done(&read);
    fixture_free(&fixture);
}

static void like_minds_capitals_and_uses_the_index_for_a_prefix(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    assert_read(&fixture, "SELECT id FROM items WHERE name LIKE 'SA%' ESCAPE '\\' ORDER BY name LIMIT 5", "",
                "inline");
    assert_read(&fixture, "SELECT id FROM items WHERE name LIKE 'sa%' ESCAPE '\\' ORDER BY name LIMIT 5", "1",
                "inline");
    assert_read(&fixture, "SELECT id FROM items WHERE leat_ilike(name, 'SA%') ORDER BY name LIMIT 5", "1",
                "inline");
    fixture_free(&fixture);
}

static void a_list_of_values_is_searched_inline_by_json_each(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read read;
    read_init(&read, "SELECT id FROM big WHERE id IN (SELECT value FROM json_each(?1)) ORDER BY id LIMIT 9");
    read_bind_text(&read, "[3,1,30000,2]");
    assert_int_equal(read_submit(&fixture, &read), SUBMIT_DONE);
    assert_slice(buf_slice(&read.out), "1;2;3");
    buf_clear(&read.out);
    read.binds[0].text = SLICE("[3,");
    read_run(&fixture, &read);
    assert_int_equal(read.fetch.problem.status, 400);
    read_done(&read);
    fixture_free(&fixture);
}

static void more_shapes_than_the_cache_holds_still_run(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    for (int round = 0; round < 2; round++)
        for (int i = 1; i <= 300; i++) {
            char sql[64], rows[16];
            snprintf(sql, sizeof sql, "SELECT id FROM big WHERE id = %d", i);
            snprintf(rows, sizeof rows, "%d", i);
            assert_read(&fixture, sql, rows, "inline");
        }
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_by_key_comes_inline_in_the_texts_of_the_database),
        cmocka_unit_test(null_and_empty_and_blob_cells_are_told_apart),
        cmocka_unit_test(a_column_without_a_declared_type_comes_as_json),
        cmocka_unit_test(every_kind_of_bind_reaches_the_database),
        cmocka_unit_test(binds_of_one_read_are_gone_at_the_next),
        cmocka_unit_test(a_sink_that_has_enough_ends_the_read_without_a_problem),
        cmocka_unit_test(lists_in_index_order_run_inline_and_sorts_and_counts_on_the_pool),
        cmocka_unit_test(an_inline_read_over_its_budget_is_run_again_on_the_pool_and_no_row_comes_twice),
        cmocka_unit_test(an_answer_too_large_to_be_kept_goes_to_the_pool),
        cmocka_unit_test(reads_of_one_turn_see_one_state_and_the_next_turn_sees_the_write),
        cmocka_unit_test(a_change_of_the_schema_is_seen_without_a_refresh),
        cmocka_unit_test(wrong_sql_is_a_500_whose_cause_has_the_words_of_the_database),
        cmocka_unit_test(nothing_can_be_written),
        cmocka_unit_test(a_run_time_error_by_a_value_is_a_400),
        cmocka_unit_test(like_minds_capitals_and_uses_the_index_for_a_prefix),
        cmocka_unit_test(a_list_of_values_is_searched_inline_by_json_each),
        cmocka_unit_test(more_shapes_than_the_cache_holds_still_run),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
