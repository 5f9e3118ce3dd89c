/* SPDX-License-Identifier: Apache-2.0 */
/* Named queries as SQLite describes them, and those it refuses. */
#include "fixture.h"

static const char schema[] =
    "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, price DECIMAL(9,2), made TIMESTAMP);";

struct described {
    struct fixture fixture;
    struct config config;
    struct config_sql sql;
    struct named_query query;
    struct catalog catalog; /* nothing is in it */
    struct model model;
    struct arena arena;
    struct complaints complaints;
    enum error error;
};

static void describe(struct described *it, const char *text)
{
    *it = (struct described){.sql.at = {.file = "top.sql", .line = 7, .column = 1}};
    fixture_init(&it->fixture, schema);
    arena_init(&it->arena, 4096);
    arena_init(&it->model.arena, 4096);
    it->complaints.arena = &it->arena;
    it->query = (struct named_query){.sql = &it->sql, .text = slice_str(text)};
    it->model.config = &it->config;
    it->model.catalog = &it->catalog;
    it->model.queries = &it->query;
    it->model.query_count = 1;
    it->error = store_driver_sqlite.describe(it->fixture.store, &it->model, &it->complaints);
}

static void described_done(struct described *it)
{
    arena_done(&it->arena);
    arena_done(&it->model.arena);
    fixture_free(&it->fixture);
}

static void columns_have_their_names_and_declared_types(void **state)
{
    (void)state;
    struct described it;
    describe(
        &it,
        "SELECT id, price AS cost, max(made) AS \"last\", count(*) AS n FROM t WHERE name = ?1 GROUP BY id; -- done\n");
    assert_int_equal(it.error, OK);
    assert_int_equal(it.complaints.count, 0);
    assert_int_equal(it.query.column_count, 4);
    assert_slice(it.query.columns[1].name, "cost");
    assert_slice(it.query.columns[1].json, "\"cost\":");
    assert_int_equal(it.query.columns[0].type.kind, VALUE_INT);
    assert_int_equal(it.query.columns[1].type.kind, VALUE_DECIMAL);
    assert_int_equal(it.query.columns[1].type.scale, 2);
    assert_int_equal(it.query.columns[2].type.kind, VALUE_DYNAMIC);
    assert_int_equal(it.query.columns[3].type.kind, VALUE_DYNAMIC);
    described_done(&it);
}

static void assert_refused(const char *text, const char *complaint)
{
    struct described it;
    describe(&it, text);
    assert_int_equal(it.error, ERR_INVALID);
    assert_int_equal(it.complaints.count, 1);
    assert_slice(it.complaints.items[0].text, complaint);
    assert_int_equal(it.complaints.items[0].at.line, 7);
    described_done(&it);
}

static void what_is_wrong_is_refused_with_the_place(void **state)
{
    (void)state;
    assert_refused("SELECT nme FROM t", "SQLite refuses the query: no such column: nme");
    assert_refused("SELECT id FROM tt", "SQLite refuses the query: no such table: tt");
    assert_refused("SELEKT 1", "SQLite refuses the query: near \"SELEKT\": syntax error");
    assert_refused("-- nothing\n", "SQLite refuses the query: there is no statement in it");
    assert_refused("SELECT 1 AS a; SELECT 2",
                   "SQLite refuses the query: there is more than one statement in it");
}

static void tuples_are_not_for_named_queries(void **state)
{
    (void)state;
    assert_refused("SELECT leat_tuple('.', id) AS x FROM t",
                   "SQLite refuses the query: no such function: leat_tuple");
    assert_refused(
        "SELECT id AS leat_tuple_1 FROM t",
        "SQLite refuses the query: a column's name begins with leat_tuple: those are Leat's own, use another");
}

static void what_changes_rows_is_known_by_its_statement(void **state)
{
    (void)state;
    const struct {
        const char *text;
        bool changes;
        unsigned columns;
    } cases[] = {
        {"SELECT id FROM t", false, 1},
        {"DELETE FROM t RETURNING id, price", true, 2},
        {"UPDATE t SET name = ''", true, 0},
        {"WITH a (id) AS (VALUES (1)) INSERT INTO t (id) SELECT id FROM a", true, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct described it;
        describe(&it, cases[i].text);
        assert_int_equal(it.error, OK);
        assert_int_equal(it.query.changes, cases[i].changes);
        assert_int_equal(it.query.column_count, cases[i].columns);
        if (cases[i].columns == 2)
            assert_int_equal(it.query.columns[1].type.kind, VALUE_DECIMAL);
        described_done(&it);
    }
}

static void what_does_more_than_change_rows_is_refused(void **state)
{
    (void)state;
    const char *statements[] = {
        "DROP TABLE t",
        "PRAGMA journal_mode",
        "PRAGMA query_only = 0",
        "ATTACH 'x' AS y",
        "BEGIN",
        "VACUUM",
        "SELECT * FROM pragma_database_list",
    };
    for (size_t i = 0; i < ARRAY_LEN(statements); i++)
        assert_refused(statements[i],
                       "SQLite refuses the query: it does more than read rows and change them");
}

static void a_described_query_runs_and_its_dynamic_cells_are_json(void **state)
{
    (void)state;
    struct described it;
    const char *sql = "SELECT count(*) AS n, sum(price) / 100.0 AS total, max(name) AS last FROM t";
    describe(&it, sql);
    assert_int_equal(it.error, OK);
    database_run(it.fixture.path, "INSERT INTO t VALUES (1, 'a', 150, NULL), (2, 'b', 275, NULL)");
    assert_read(&it.fixture, sql, "2|4.25|\"b\"", "offload");
    described_done(&it);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_have_their_names_and_declared_types),
        cmocka_unit_test(what_is_wrong_is_refused_with_the_place),
        cmocka_unit_test(tuples_are_not_for_named_queries),
        cmocka_unit_test(what_changes_rows_is_known_by_its_statement),
        cmocka_unit_test(what_does_more_than_change_rows_is_refused),
        cmocka_unit_test(a_described_query_runs_and_its_dynamic_cells_are_json),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
