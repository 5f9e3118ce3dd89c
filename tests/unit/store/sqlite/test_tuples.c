/* SPDX-License-Identifier: Apache-2.0 */
/* leat_tuple and leat_tuples: their bytes, their order, their limits; and that readers hand them out as they are. */
#include "store/sqlite/tuples.h"

#include <stdio.h>

#include "fixture.h"

enum { BYTES_MAX = 1000 };

struct database {
    sqlite3 *db;
    char error[128];
};

static int set_up(void **state)
{
    struct database *database = calloc(1, sizeof *database);
    assert_int_equal(sqlite3_open(":memory:", &database->db), SQLITE_OK);
    assert_true(lite_tuples_add(database->db, BYTES_MAX));
    *state = database;
    return 0;
}

static int tear_down(void **state)
{
    struct database *database = *state;
    assert_int_equal(sqlite3_close(database->db), SQLITE_OK);
    free(database);
    return 0;
}

/* The code of a statement's first step; a BLOB it answers must be these bytes. */
static int answer(struct database *database, const char *sql, const char *bytes, size_t len)
{
    sqlite3_stmt *stmt;
    if (sqlite3_prepare_v2(database->db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(database->db));
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        assert_int_equal(sqlite3_column_type(stmt, 0), SQLITE_BLOB);
        assert_int_equal(sqlite3_column_bytes(stmt, 0), len);
        if (len > 0)
            assert_memory_equal(sqlite3_column_blob(stmt, 0), bytes, len);
    }
    snprintf(database->error, sizeof database->error, "%s", sqlite3_errmsg(database->db));
    sqlite3_finalize(stmt);
    return code;
}

#define assert_bytes(database, sql, literal) \
    assert_int_equal(answer(database, sql, "" literal, sizeof(literal) - 1), SQLITE_ROW)

static void a_tuple_has_each_cell_behind_its_length(void **state)
{
    assert_bytes(*state, "SELECT leat_tuple('....', 42, 'a\"b', x'00ff', -1.5)",
                 "\2\0\0\0"
                 "42"
                 "\3\0\0\0"
                 "a\"b"
                 "\2\0\0\0"
                 "\0\xff"
                 "\4\0\0\0"
                 "-1.5");
}

static void what_has_no_declared_type_is_ready_json(void **state)
{
    assert_bytes(*state, "SELECT leat_tuple('dddd', 42, 'a\"b', x'0f', 9e999)",
                 "\2\0\0\0"
                 "42"
                 "\6\0\0\0"
                 "\"a\\\"b\""
                 "\7\0\0\0"
                 "\"\\\\x0f\""
                 "\x0a\0\0\0"
                 "\"Infinity\"");
}

static void null_and_nothing_differ(void **state)
{
    assert_bytes(*state, "SELECT leat_tuple('.d.t', NULL, NULL, '', NULL)",
                 "\xff\xff\xff\xff"
                 "\xff\xff\xff\xff"
                 "\0\0\0\0"
                 "\xff\xff\xff\xff");
    assert_bytes(*state, "SELECT leat_tuple('')", "");
}

static void a_long_cell_has_its_length_in_little_endian(void **state)
{
    char expected[304] = "\x2c\1\0\0";
    memset(expected + 4, 'x', 300);
    assert_int_equal(answer(*state, "SELECT leat_tuple('.', replace(hex(zeroblob(150)), '0', 'x'))", expected,
                            sizeof expected),
                     SQLITE_ROW);
}

static void tuples_lists_them_in_the_order_they_come_in(void **state)
{
    assert_bytes(*state,
                 "SELECT leat_tuples(j) FROM (SELECT leat_tuple('.', column1) AS j"
                 " FROM (VALUES (2), (33), (1)) ORDER BY column1 DESC)",
                 "\6\0\0\0"
                 "\2\0\0\0"
                 "33"
                 "\5\0\0\0"
                 "\1\0\0\0"
                 "2"
                 "\5\0\0\0"
                 "\1\0\0\0"
                 "1");
}

static void no_rows_are_an_empty_list_and_not_null(void **state)
{
    assert_bytes(*state, "SELECT leat_tuples(leat_tuple('.', 1)) WHERE 0", "");
}

static void tuples_lie_in_tuples(void **state)
{
    assert_bytes(*state, "SELECT leat_tuple('.t', 7, leat_tuples(leat_tuple('.', 1)))",
                 "\1\0\0\0"
                 "7"
                 "\x09\0\0\0"
                 "\5\0\0\0"
                 "\1\0\0\0"
                 "1");
}

static void a_spec_that_does_not_fit_is_an_error(void **state)
{
    struct database *database = *state;
    const char *statements[] = {
        "SELECT leat_tuple()",          "SELECT leat_tuple(NULL)",       "SELECT leat_tuple('..', 1)",
        "SELECT leat_tuple('.', 1, 2)", "SELECT leat_tuple('x', 1)",     "SELECT leat_tuple('t', 'text')",
        "SELECT leat_tuple('t', 1)",    "SELECT leat_tuple(x'2e00', 1)",
    };
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        assert_int_equal(answer(database, statements[i], NULL, 0), SQLITE_ERROR);
        assert_string_equal(database->error, "leat_tuple: its spec does not fit its values");
    }
    assert_int_equal(answer(database, "SELECT leat_tuples(1)", NULL, 0), SQLITE_ERROR);
    assert_int_equal(answer(database, "SELECT leat_tuples(NULL)", NULL, 0), SQLITE_ERROR);
}

static void what_is_larger_than_it_may_be_is_too_big(void **state)
{
    struct database *database = *state;
    assert_int_equal(answer(database, "SELECT leat_tuple('.', zeroblob(997))", NULL, 0), SQLITE_TOOBIG);
    const char *list = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200)"
                       " SELECT leat_tuples(leat_tuple('.', i)) FROM n";
    assert_int_equal(answer(database, list, NULL, 0), SQLITE_TOOBIG);
}

static void nothing_in_a_schema_may_call_them(void **state)
{
    struct database *database = *state;
    assert_int_equal(sqlite3_exec(database->db, "CREATE VIEW v AS SELECT leat_tuple('.', 1) AS x", NULL, NULL,
                                  NULL),
                     SQLITE_OK);
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_prepare_v2(database->db, "SELECT x FROM v", -1, &stmt, NULL), SQLITE_ERROR);
    assert_string_equal(sqlite3_errmsg(database->db), "unsafe use of leat_tuple()");
}

/* ---- by way of a port ---- */

static const char schema[] =
    "CREATE TABLE parents (id INTEGER PRIMARY KEY); INSERT INTO parents VALUES (1), (2);"
    "CREATE TABLE children (id INTEGER PRIMARY KEY, parent_id INTEGER, word TEXT);"
    "CREATE INDEX children_parent ON children (parent_id, id);"
    "INSERT INTO children VALUES (10, 1, 'a'), (11, 1, 'b');";

static const char embedding[] =
    "SELECT p.c0, (SELECT leat_tuples(j) FROM (SELECT leat_tuple('..', t1.id, t1.word) AS j FROM children t1"
    " WHERE t1.parent_id = p.c0 ORDER BY t1.id LIMIT 1000)) AS leat_tuple_1"
    " FROM (SELECT t0.id AS c0 FROM parents t0 ORDER BY t0.id LIMIT 101) p";

static void embedded_rows_found_by_an_index_come_inline_and_raw(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    struct read read;
    read_init(&read, embedding);
    read_run(&fixture, &read);
    assert_int_equal(read.fetch.problem.status, 0);
    static const char expected[] = "1|\x0b\0\0\0"
                                   "\2\0\0\0"
                                   "10"
                                   "\1\0\0\0"
                                   "a"
                                   "\x0b\0\0\0"
                                   "\2\0\0\0"
                                   "11"
                                   "\1\0\0\0"
                                   "b"
                                   ";2|";
    assert_int_equal(read.out.len, sizeof expected - 1);
    assert_memory_equal(read.out.data, expected, sizeof expected - 1);
    assert_string_equal(read.fetch.lane, "inline");
    read_done(&read);
    fixture_free(&fixture);
}

/* More than may be held inline goes to the pool; more than an answer may be is a 422. */
static void a_list_too_long_for_the_loop_runs_on_the_pool_and_one_too_long_for_an_answer_is_refused(
    void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, schema);
    database_run(fixture.path, "UPDATE children SET word = hex(zeroblob(200000))");
    struct read read;
    read_init(&read, embedding);
    read_run(&fixture, &read);
    assert_int_equal(read.fetch.problem.status, 0);
    assert_string_equal(read.fetch.lane, "offload");
    assert_in_range(read.out.len, 800000, 801000);
    read_done(&read);
    database_run(fixture.path, "UPDATE children SET word = hex(zeroblob(2000000))");
    read_init(&read, embedding);
    read_run(&fixture, &read);
    assert_int_equal(read.fetch.problem.status, 422);
    assert_slice(read.fetch.problem.code, "answer-too-large");
    read_done(&read);
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_tuple_has_each_cell_behind_its_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_has_no_declared_type_is_ready_json, set_up, tear_down),
        cmocka_unit_test_setup_teardown(null_and_nothing_differ, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_cell_has_its_length_in_little_endian, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tuples_lists_them_in_the_order_they_come_in, set_up, tear_down),
        cmocka_unit_test_setup_teardown(no_rows_are_an_empty_list_and_not_null, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tuples_lie_in_tuples, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_spec_that_does_not_fit_is_an_error, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_larger_than_it_may_be_is_too_big, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_in_a_schema_may_call_them, set_up, tear_down),
        cmocka_unit_test(embedded_rows_found_by_an_index_come_inline_and_raw),
        cmocka_unit_test(
            a_list_too_long_for_the_loop_runs_on_the_pool_and_one_too_long_for_an_answer_is_refused),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
