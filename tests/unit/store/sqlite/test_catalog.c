/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue as read from real files. */
#include <limits.h>

#include "fixture.h"

#include "lib/catalog.h"

static struct catalog *load(struct fixture *fixture)
{
    struct catalog *catalog;
    char why[512];
    if (store_driver_sqlite.catalog(fixture->store, &catalog, why) != OK)
        fail_msg("%s", why);
    return catalog;
}

static void tables_views_and_columns_come_with_their_types(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture,
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, nick TEXT COLLATE NOCASE,"
        " balance DECIMAL(12,2) DEFAULT 0, born DATE, seen TIMESTAMP, free, \"odd \"\"name\" BLOB);"
        "CREATE VIEW lively AS SELECT id, email, seen, balance * 2 AS twice, count(*) AS n FROM users;");
    struct catalog *catalog = load(&fixture);
    assert_int_equal(catalog->dialect, DIALECT_SQLITE);
    assert_true(slice_starts(catalog->server, SLICE("SQLite 3.")));
    assert_int_equal(catalog->table_count, 2);
    const struct table *users = table_named(catalog, "users");
    assert_int_equal(users->kind, TABLE_TABLE);
    assert_slice(users->schema, "main");
    assert_slice(users->sql, "\"main\".\"users\"");
    assert_int_equal(users->column_count, 8);
    assert_true(users->rows_estimate < 0);
    const enum value_kind kinds[] = {VALUE_INT,  VALUE_TEXT,        VALUE_TEXT,    VALUE_DECIMAL,
                                     VALUE_DATE, VALUE_TIMESTAMPTZ, VALUE_DYNAMIC, VALUE_BYTEA};
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(users->columns[i].type.kind, kinds[i]);
        assert_int_equal(users->columns[i].position, i);
    }
    assert_slice(users->columns[7].name, "odd \"name");
    assert_slice(users->columns[7].sql, "\"odd \"\"name\"");
    assert_slice(users->columns[7].json, "\"odd \\\"name\":");
    assert_int_equal(column_named(users, "balance")->type.scale, 2);
    assert_true(column_named(users, "balance")->has_default);
    assert_false(column_named(users, "email")->has_default);
    assert_false(column_named(users, "email")->nullable);
    assert_true(column_named(users, "nick")->nullable);
    assert_true(column_named(users, "email")->deterministic);
    assert_false(column_named(users, "nick")->deterministic);
    const struct table *lively = table_named(catalog, "lively");
    assert_int_equal(lively->kind, TABLE_VIEW);
    assert_int_equal(lively->key_count, 0);
    assert_int_equal(column_named(lively, "seen")->type.kind, VALUE_TIMESTAMPTZ);
    assert_int_equal(column_named(lively, "twice")->type.kind, VALUE_DYNAMIC);
    assert_int_equal(column_named(lively, "n")->type.kind, VALUE_DYNAMIC);
    catalog_free(catalog);
    fixture_free(&fixture);
}

static void keys_are_found_in_every_form(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, "CREATE TABLE rowid_key (id INTEGER PRIMARY KEY);"
                           "CREATE TABLE text_key (code TEXT PRIMARY KEY, n INT);"
                           "CREATE TABLE two (a INT, b INT, c INT, PRIMARY KEY (c, a));"
                           "CREATE TABLE bare (a INT, b INT, PRIMARY KEY (b, a)) WITHOUT ROWID;"
                           "CREATE TABLE keyless (a INT);");
    struct catalog *catalog = load(&fixture);
    const struct table *rowid_key = table_named(catalog, "rowid_key");
    assert_int_equal(rowid_key->key_count, 1);
    assert_false(rowid_key->columns[0].nullable);
    assert_int_equal(rowid_key->index_count, 1);
    assert_true(rowid_key->indexes[0].primary && rowid_key->indexes[0].unique);
    const struct table *text_key = table_named(catalog, "text_key");
    assert_int_equal(text_key->key_count, 1);
    assert_true(text_key->columns[0].nullable); /* SQLite allows it */
    assert_int_equal(text_key->index_count, 1);
    const struct table *two = table_named(catalog, "two");
    assert_int_equal(two->key_count, 2);
    assert_int_equal(two->key[0], 2);
    assert_int_equal(two->key[1], 0);
    const struct table *bare = table_named(catalog, "bare");
    assert_int_equal(bare->key_count, 2);
    assert_int_equal(bare->key[0], 1);
    assert_false(bare->columns[0].nullable);
    assert_false(bare->columns[1].nullable);
    assert_int_equal(bare->index_count, 1);
    assert_true(bare->indexes[0].primary);
    assert_int_equal(table_named(catalog, "keyless")->key_count, 0);
    assert_int_equal(table_named(catalog, "keyless")->index_count, 0);
    catalog_free(catalog);
    fixture_free(&fixture);
}

static const struct index *index_named(const struct table *of, const char *name)
{
    for (unsigned i = 0; i < of->index_count; i++)
        if (slice_eq(of->indexes[i].name, slice_str(name)))
            return &of->indexes[i];
    fail_msg("no index %s", name);
    return NULL;
}

static void indexes_show_their_columns_directions_and_kinds(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT, c TEXT UNIQUE);"
                           "CREATE INDEX t_ab ON t (a, b DESC);"
                           "CREATE UNIQUE INDEX t_b ON t (b) WHERE a IS NOT NULL;"
                           "CREATE INDEX t_expr ON t (lower(c), a);");
    struct catalog *catalog = load(&fixture);
    const struct table *t = table_named(catalog, "t");
    assert_int_equal(t->index_count, 5);
    const struct index *ab = index_named(t, "t_ab");
    assert_int_equal(ab->count, 2);
    assert_int_equal(ab->columns[0], 1);
    assert_int_equal(ab->columns[1], 2);
    assert_false(ab->descending[0]);
    assert_true(ab->descending[1]);
    assert_false(ab->unique || ab->primary || ab->partial);
    assert_slice(ab->method, "btree");
    const struct index *b = index_named(t, "t_b");
    assert_true(b->unique && b->partial);
    const struct index *expression = index_named(t, "t_expr");
    assert_int_equal(expression->columns[0], UINT_MAX);
    assert_int_equal(expression->columns[1], 1);
    assert_true(index_named(t, "sqlite_autoindex_t_1")->unique);
    catalog_free(catalog);
    fixture_free(&fixture);
}

static void foreign_keys_join_their_tables_whatever_the_letters_case(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture,
        "CREATE TABLE Parent (a INT, B INT, PRIMARY KEY (a, B));"
        "CREATE TABLE child (id INTEGER PRIMARY KEY, x INT, y INT, up INT REFERENCES CHILD (ID) ON DELETE CASCADE,"
        " lost INT REFERENCES absent (id), FOREIGN KEY (x, y) REFERENCES parent ON UPDATE SET NULL);");
    struct catalog *catalog = load(&fixture);
    const struct table *child = table_named(catalog, "child"), *parent = table_named(catalog, "Parent");
    assert_int_equal(catalog->foreign_key_count, 2);
    assert_int_equal(child->foreign_key_count, 2);
    const struct foreign_key *two =
        child->foreign_keys[0]->count == 2 ? child->foreign_keys[0] : child->foreign_keys[1];
    const struct foreign_key *up =
        child->foreign_keys[0]->count == 2 ? child->foreign_keys[1] : child->foreign_keys[0];
    assert_ptr_equal(two->table, child);
    assert_ptr_equal(two->target, parent);
    assert_slice(two->name, "child_x_y_fkey");
    assert_int_equal(two->columns[0], 1);
    assert_int_equal(two->target_columns[1], 1);
    assert_true(two->on_update_acts && !two->on_delete_acts);
    assert_ptr_equal(up->target, child);
    assert_int_equal(up->columns[0], 3);
    assert_int_equal(up->target_columns[0], 0);
    assert_true(up->on_delete_acts && !up->on_update_acts);
    assert_true(two >= catalog->foreign_keys && two < catalog->foreign_keys + 2);
    catalog_free(catalog);
    fixture_free(&fixture);
}

static void generated_columns_are_there_and_marked(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, twice INT GENERATED ALWAYS AS (a * 2) STORED,"
        " half REAL AS (a / 2.0), last TEXT);");
    struct catalog *catalog = load(&fixture);
    const struct table *t = table_named(catalog, "t");
    assert_int_equal(t->column_count, 5);
    assert_true(column_named(t, "twice")->generated && column_named(t, "half")->generated);
    assert_false(column_named(t, "a")->generated || column_named(t, "last")->generated);
    assert_int_equal(column_named(t, "twice")->type.kind, VALUE_INT);
    assert_int_equal(column_named(t, "half")->type.kind, VALUE_FLOAT);
    catalog_free(catalog);
    fixture_free(&fixture);
}

/* With SQLite's trusted_schema off a file with one of these cannot be read at all. */
static void views_generated_columns_and_indexes_may_call_functions_of_json_and_read_virtual_tables(
    void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture,
                 "CREATE TABLE notes (id INTEGER PRIMARY KEY, body JSON,"
                 "  tag TEXT GENERATED ALWAYS AS (json_extract(body, '$.tag')) VIRTUAL);"
                 "INSERT INTO notes (id, body) VALUES (1, '{\"tag\": \"new\", \"n\": 7}');"
                 "CREATE INDEX notes_n ON notes (json_extract(body, '$.n'));"
                 "CREATE VIEW numbers AS SELECT id, body ->> 'n' AS n FROM notes;"
                 "CREATE VIRTUAL TABLE words USING fts5(text); INSERT INTO words VALUES ('found here');"
                 "CREATE VIEW found AS SELECT text FROM words WHERE words MATCH 'found';");
    struct catalog *catalog = load(&fixture);
    assert_int_equal(table_named(catalog, "notes")->index_count, 2); /* with the primary key */
    assert_int_equal(table_named(catalog, "numbers")->kind, TABLE_VIEW);
    assert_int_equal(table_named(catalog, "found")->kind, TABLE_VIEW);
    assert_read(&fixture, "SELECT tag, n, text FROM notes JOIN numbers USING (id), found",
                "new|7|\"found here\"", NULL);
    catalog_free(catalog);
    fixture_free(&fixture);
}

static void what_cannot_be_read_and_shadow_tables_are_left_out(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture,
        "CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT); CREATE VIEW v AS SELECT * FROM t;"
        "CREATE VIEW broken AS SELECT * FROM gone; CREATE VIRTUAL TABLE words USING fts5 (text);"
        "CREATE TABLE sqlitex (a INT); INSERT INTO t (a) VALUES (1); ANALYZE;");
    struct catalog *catalog = load(&fixture);
    assert_int_equal(catalog->table_count, 4);
    table_named(catalog, "t");
    table_named(catalog, "v");
    table_named(catalog, "sqlitex");
    const struct table *words = table_named(catalog, "words");
    assert_int_equal(words->kind, TABLE_FOREIGN);
    assert_int_equal(words->column_count, 1); /* its hidden columns are not there */
    catalog_free(catalog);
    fixture_free(&fixture);
}

static void rows_are_estimated_by_the_last_analyze(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(
        &fixture,
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT); CREATE INDEX t_a ON t (a); CREATE TABLE u (id INTEGER PRIMARY KEY);"
        "INSERT INTO t WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500) SELECT i, i FROM n;"
        "ANALYZE;");
    struct catalog *catalog = load(&fixture);
    assert_true(table_named(catalog, "t")->rows_estimate == 500);
    assert_true(table_named(catalog, "u")->rows_estimate < 0);
    catalog_free(catalog);
    fixture_free(&fixture);
}

static void decimals_of_other_software_are_known_by_a_real_among_them(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, "CREATE TABLE ours (id INTEGER PRIMARY KEY, price DECIMAL(8,2));"
                           "INSERT INTO ours VALUES (1, 1200), (2, NULL), (3, 50);"
                           "CREATE TABLE theirs (id INTEGER PRIMARY KEY, \"the \"\"price\" DECIMAL(8,2));"
                           "INSERT INTO theirs VALUES (1, 12), (2, 12.5);"
                           "CREATE VIEW cheap AS SELECT id, \"the \"\"price\" AS price FROM theirs;");
    struct catalog *catalog = load(&fixture);
    assert_int_equal(column_named(table_named(catalog, "ours"), "price")->type.kind, VALUE_DECIMAL);
    assert_int_equal(column_named(table_named(catalog, "theirs"), "the \"price")->type.kind, VALUE_NUMERIC);
    assert_int_equal(column_named(table_named(catalog, "cheap"), "price")->type.kind, VALUE_NUMERIC);
    catalog_free(catalog);
    fixture_free(&fixture);
}

static void an_empty_database_has_an_empty_catalogue(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, "SELECT 1");
    struct catalog *catalog = load(&fixture);
    assert_int_equal(catalog->table_count, 0);
    catalog_free(catalog);
    fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tables_views_and_columns_come_with_their_types),
        cmocka_unit_test(keys_are_found_in_every_form),
        cmocka_unit_test(indexes_show_their_columns_directions_and_kinds),
        cmocka_unit_test(foreign_keys_join_their_tables_whatever_the_letters_case),
        cmocka_unit_test(generated_columns_are_there_and_marked),
        cmocka_unit_test(
            views_generated_columns_and_indexes_may_call_functions_of_json_and_read_virtual_tables),
        cmocka_unit_test(what_cannot_be_read_and_shadow_tables_are_left_out),
        cmocka_unit_test(rows_are_estimated_by_the_last_analyze),
        cmocka_unit_test(decimals_of_other_software_are_known_by_a_real_among_them),
        cmocka_unit_test(an_empty_database_has_an_empty_catalogue),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
