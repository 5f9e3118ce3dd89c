/* SPDX-License-Identifier: Apache-2.0 */
/* That pages behind a cursor are index ranges on both stores: what the databases say of their plans, and how many rows SQLite
 * steps over. */
#include <stdio.h>

#include "database.h"
#include "lib/pg.h"
#include "world.h"

#define ROWS 20000

static struct world pg_world, lite_world;
static struct database pg, lite;
static struct postgres *server;

static const struct world_table tables_pg[] = {
    {.name = "t",
     .columns = {COLUMN("id", VALUE_INT, "bigint", .bits = 64),
                 COLUMN("user_id", VALUE_INT, "integer", .bits = 32), COLUMN("status", VALUE_TEXT, "text"),
                 COLUMN("created_at", VALUE_TIMESTAMPTZ, "timestamptz", .nullable = true),
                 COLUMN("updated_at", VALUE_TIMESTAMPTZ, "timestamptz"),
                 COLUMN("meta", VALUE_OTHER, "text[]", .nullable = true)},
     .key = "id",
     .indexes = {INDEX("id", .primary = true), INDEX("user_id,created_at desc"), INDEX("created_at,id"),
                 INDEX("status,updated_at,id")}},
    {.name = NULL},
};

static const struct world_table tables_lite[] = {
    {.name = "t",
     .columns = {COLUMN("id", VALUE_INT, "INTEGER", .bits = 64),
                 COLUMN("user_id", VALUE_INT, "INTEGER", .bits = 64), COLUMN("status", VALUE_TEXT, "TEXT"),
                 COLUMN("created_at", VALUE_TIMESTAMPTZ, "TIMESTAMP", .nullable = true),
                 COLUMN("updated_at", VALUE_TIMESTAMPTZ, "TIMESTAMP")},
     .key = "id",
     .indexes = {INDEX("id", .primary = true), INDEX("user_id,created_at desc"), INDEX("created_at"),
                 INDEX("status,updated_at")}},
    {.name = NULL},
};

static void open_pg(void)
{
    server = postgres_start(NULL);
    database_open_pg(&pg, postgres_url(server));
    world_open(&pg_world, DIALECT_PG, tables_pg, "  t: {}\n");
    database_run(&pg, "CREATE TABLE t (id bigint PRIMARY KEY, user_id int NOT NULL, status text NOT NULL,"
                      " created_at timestamptz, updated_at timestamptz NOT NULL, meta text[])");
    database_run(
        &pg,
        "INSERT INTO t SELECT i, i %% 500, 's' || i %% 5, CASE WHEN i %% 20 > 0 THEN"
        " timestamptz '2024-01-01' + (i * 7919 %% 5000) * interval '1 minute' END,"
        " timestamptz '2024-01-01' + (i * 7919 %% 5000) * interval '1 minute' FROM generate_series(1, %d) i",
        ROWS);
    database_run(&pg, "CREATE INDEX a ON t(user_id, created_at DESC); CREATE INDEX b ON t(created_at, id);"
                      "CREATE INDEX c ON t(status, updated_at, id)");
    database_run(&pg, "VACUUM ANALYZE t");
}

static void open_lite(void)
{
    database_open_sqlite(&lite);
    world_open(&lite_world, DIALECT_SQLITE, tables_lite, "  t: {}\n");
    database_run(&lite,
                 "CREATE TABLE t (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL, status TEXT NOT NULL,"
                 " created_at TEXT, updated_at TEXT NOT NULL)");
    database_run(&lite,
                 "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO t"
                 " SELECT i, i %% 500, 's' || i %% 5, CASE WHEN i %% 20 THEN"
                 " printf('2024-01-01T%%08d.000000Z', i * 7919 %% 5000) END,"
                 " printf('2024-01-01T%%08d.000000Z', i * 7919 %% 5000) FROM n",
                 ROWS);
    database_run(&lite, "CREATE INDEX a ON t(user_id, created_at DESC); CREATE INDEX b ON t(created_at);"
                        "CREATE INDEX c ON t(status, updated_at)");
    database_run(&lite, "ANALYZE");
}

static int open_both(void **state)
{
    (void)state;
    open_pg();
    open_lite();
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    world_close(&pg_world);
    world_close(&lite_world);
    database_close(&pg);
    database_close(&lite);
    postgres_stop(server);
    return 0;
}

/* The plan of the page behind (or before) the row that stands at `at` in the list. */
static const struct plan *deep_page(struct world *world, struct database *database, const char *query,
                                    unsigned at, bool backwards)
{
    char text[2000];
    struct slice *row, cells[8];
    unsigned columns;
    snprintf(text, sizeof(text), "%s&limit=1&offset=%u", query, at);
    const struct plan *plan = world_list(world, "t", text);
    assert_true(database_rows(database, &plan->statement, &world->arena, &row, &columns) > 0);
    for (unsigned i = 0; i < plan->order_count; i++)
        cells[i] = row[plan->order[i].cell];
    struct slice cursor = plan_cursor(plan, &world->arena, cells, backwards);
    snprintf(text, sizeof(text), "%s&limit=100&cursor=%.*s", query, SLICE_ARG(cursor));
    return world_list(world, "t", text);
}

static bool holds(struct slice text, const char *word)
{
    return strstr(text.data, word) != NULL;
}

static void assert_range(struct slice plan)
{
    static const char *const bad[] = {"Seq Scan", "TEMP B-TREE", "SCAN t", "OFFSET"};
    for (size_t i = 0; i < ARRAY_LEN(bad); i++)
        if (holds(plan, bad[i]))
            fail_msg("%s in\n%s", bad[i], plan.data);
}

static const char *const lists[] = {
    "order=created_at",
    "order=created_at.desc",
    "order=status,updated_at",
    "order=status.desc,updated_at.desc",
    "user_id=7&order=created_at.desc",
    "user_id=7&order=created_at",
    "order=id.desc",
    "",
};

static void each_deep_page_of_sqlite_is_made_of_index_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        unsigned rows = strstr(lists[i], "user_id") ? ROWS / 500 : ROWS;
        for (unsigned k = 0; k < 6; k++) {
            const struct plan *plan = deep_page(&lite_world, &lite, lists[i], rows * (k / 2) / 3, k % 2);
            assert_range(database_explain(&lite, &plan->statement, &lite_world.arena));
        }
    }
}

static void each_deep_page_of_postgresql_is_made_of_index_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        unsigned rows = strstr(lists[i], "user_id") ? ROWS / 500 : ROWS;
        for (unsigned k = 0; k < 6; k++) {
            const struct plan *plan = deep_page(&pg_world, &pg, lists[i], rows * (k / 2) / 3, k % 2);
            struct slice text = database_explain(&pg, &plan->statement, &pg_world.arena);
            assert_range(text);
            if (!strstr(lists[i], "user_id") && !holds(text, "Index Cond"))
                fail_msg("no index condition in\n%s", text.data);
        }
    }
}

static void the_first_page_needs_no_sorter_on_sqlite(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
        const struct plan *plan = world_list(&lite_world, "t", lists[i]);
        struct slice text = database_explain(&lite, &plan->statement, &lite_world.arena);
        if (holds(text, "TEMP B-TREE"))
            fail_msg("%s: %s\n%s", lists[i], plan->statement.text.data, text.data);
    }
}

static void row_comparison_is_used_where_all_terms_go_one_way(void **state)
{
    (void)state;
    const struct plan *plan = deep_page(&pg_world, &pg, "order=status,updated_at", 500, false);
    assert_non_null(
        strstr(plan->statement.text.data, "ROW(\"status\", \"updated_at\", \"id\") > ROW($1::text"));
    assert_null(strstr(plan->statement.text.data, "UNION"));
    plan = deep_page(&pg_world, &pg, "order=created_at", 500, false);
    assert_non_null(strstr(plan->statement.text.data, "ROW"));
    assert_non_null(strstr(plan->statement.text.data, "\"created_at\" IS NULL"));
    plan = deep_page(&pg_world, &pg, "order=created_at", ROWS - 10, false);
    assert_null(strstr(plan->statement.text.data, "ROW"));
    plan = deep_page(&pg_world, &pg, "order=status,updated_at.desc", 500, false);
    assert_null(strstr(plan->statement.text.data, "ROW"));
}

/* Counts what the statement steps through: SQLite's virtual machine, for 101 rows. */
static int steps(struct database *database, const struct statement *statement)
{
    sqlite3_stmt *stmt;
    assert_int_equal(sqlite3_prepare_v2(database->lite, statement->text.data, -1, &stmt, NULL), SQLITE_OK);
    for (unsigned i = 0; i < statement->bind_count; i++)
        sqlite3_bind_text(stmt, (int)i + 1, statement->binds[i].text.data, -1, SQLITE_STATIC);
    unsigned rows = 0;
    while (sqlite3_step(stmt) == SQLITE_ROW)
        rows++;
    assert_int_equal(rows, 101);
    int count = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
    sqlite3_finalize(stmt);
    return count;
}

static void a_deep_page_of_sqlite_steps_no_further_than_an_early_one(void **state)
{
    (void)state;
    static const char *const queries[] = {"order=created_at.desc", "order=created_at",
                                          "order=status,updated_at"};
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        const struct plan *early = deep_page(&lite_world, &lite, queries[i], 300, false);
        const struct plan *deep = deep_page(&lite_world, &lite, queries[i], ROWS * 9 / 10, false);
        int early_steps = steps(&lite, &early->statement), deep_steps = steps(&lite, &deep->statement);
        assert_true(deep_steps < early_steps * 3 / 2 + 500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_deep_page_of_sqlite_is_made_of_index_ranges),
        cmocka_unit_test(each_deep_page_of_postgresql_is_made_of_index_ranges),
        cmocka_unit_test(the_first_page_needs_no_sorter_on_sqlite),
        cmocka_unit_test(row_comparison_is_used_where_all_terms_go_one_way),
        cmocka_unit_test(a_deep_page_of_sqlite_steps_no_further_than_an_early_one),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, open_both, close_both);
}
