/* SPDX-License-Identifier: Apache-2.0 */
/* What the catalogue knows from the texts of CREATE statements: CHECKs, where views have their columns from, what may be
 * written to; and the keys that come in. */
#include <stdio.h>

#include "fixture.h"

#include "base/check.h"
#include "lib/catalog.h"
#include "store/sqlite/token.h"

static struct catalog *load(const char *sql)
{
    struct fixture fixture;
    struct catalog *catalog;
    char why[512];
    fixture_init(&fixture, sql);
    if (store_driver_sqlite.catalog(fixture.store, &catalog, why) != OK)
        fail_msg("%s", why);
    fixture_free(&fixture);
    return catalog;
}

/* "name:(expression)|…" */
static void assert_checks(const struct table *of, const char *expected)
{
    char text[1000] = "";
    for (unsigned i = 0; i < of->check_count; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s" SLICE_FMT ":" SLICE_FMT, i ? "|" : "",
                 SLICE_ARG(of->checks[i].name), SLICE_ARG(of->checks[i].expression));
    assert_string_equal(text, expected);
}

static void checks_of_columns_and_of_tables_are_cut_out(void **state)
{
    (void)state;
    struct catalog *catalog = load(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, n INT CHECK (n > 0), m INT NOT NULL CONSTRAINT small CHECK ((m < 9) AND m > abs(1)),"
        " check(n<m), CONSTRAINT \"odd \"\"name\" CHECK (n IN (1, 2)), CONSTRAINT pair UNIQUE (n, m) CHECK (m));");
    assert_checks(table_named(catalog, "a"),
                  ":(n > 0)|small:((m < 9) AND m > abs(1))|:(n<m)|odd \"name:(n IN (1, 2))|:(m)");
    catalog_free(catalog);
}

static void texts_and_comments_and_other_clauses_are_no_checks(void **state)
{
    (void)state;
    struct catalog *catalog = load(
        "CREATE TABLE \"a CHECK (x)\" (\"CHECK\" TEXT DEFAULT 'CHECK (1)', [check (] TEXT, `b``(` TEXT DEFAULT (1 + (2)),"
        " /* CHECK (2) ( */ c TEXT -- CHECK (3) (\n"
        ", d TEXT CHECK (d <> ')' /* ) */ AND d <> 'it''s )'), e GENERATED ALWAYS AS (length(c)), CONSTRAINT u UNIQUE (c),"
        " CHECK (\"CHECK\" <> ''));"
        "CREATE TABLE b AS SELECT 1 AS one;");
    assert_checks(table_named(catalog, "a CHECK (x)"),
                  ":(d <> ')' /* ) */ AND d <> 'it''s )')|:(\"CHECK\" <> '')");
    assert_checks(table_named(catalog, "b"), "");
    catalog_free(catalog);
}

static void a_column_tells_its_default_as_it_was_written(void **state)
{
    (void)state;
    struct catalog *catalog = load(
        "CREATE TABLE a (id INTEGER PRIMARY KEY, n INT DEFAULT 7, t TEXT DEFAULT 'it''s', at TEXT DEFAULT CURRENT_TIMESTAMP,"
        " e INT DEFAULT (1 + 1), g INT AS (n) STORED, z TEXT DEFAULT NULL);");
    static const char *const expected[] = {"", "7", "'it''s'", "CURRENT_TIMESTAMP", "1 + 1", "", "NULL"};
    const struct table *a = table_named(catalog, "a");
    assert_int_equal(a->column_count, ARRAY_LEN(expected));
    for (unsigned i = 0; i < a->column_count; i++)
        assert_slice(a->columns[i].fallback, expected[i]);
    catalog_free(catalog);
}

static void a_views_column_knows_the_tables_column_that_it_is(void **state)
{
    (void)state;
    struct catalog *catalog = load(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT); CREATE TABLE orders (n INT, user_id INT);"
        "CREATE VIEW a AS SELECT email, id AS number, id + 1 AS more, rowid AS r FROM users;"
        "CREATE VIEW b AS SELECT a.number AS deep, a.more, o.user_id, count(*) AS n FROM orders AS o, a GROUP BY 1;"
        "CREATE VIEW aa AS SELECT deep FROM b;");
    assert_origins(catalog, "users", "- -");
    assert_origins(catalog, "a", "users.email users.id - users.id");
    assert_origins(catalog, "b", "users.id - orders.user_id -");
    assert_origins(catalog, "aa", "users.id");
    catalog_free(catalog);
}

static void a_view_of_several_parts_has_no_origins_nor_has_one_that_reads_it(void **state)
{
    (void)state;
    struct catalog *catalog =
        load("CREATE TABLE t (id INTEGER PRIMARY KEY); CREATE TABLE u (id INTEGER PRIMARY KEY);"
             "CREATE VIEW both AS SELECT id FROM t UNION ALL SELECT id FROM u;"
             "CREATE VIEW again AS SELECT id FROM \"Both\"; CREATE VIEW \"zz\" AS SELECT id FROM again;"
             "CREATE VIEW inner_one AS SELECT id FROM (SELECT id FROM t EXCEPT SELECT id FROM u);"
             "CREATE VIEW fine AS SELECT id AS \"union\" FROM t WHERE id <> 'union';");
    assert_origins(catalog, "both", "-");
    assert_origins(catalog, "again", "-");
    assert_origins(catalog, "zz", "-");
    assert_origins(catalog, "inner_one", "-");
    assert_origins(catalog, "fine", "t.id");
    catalog_free(catalog);
}

static void a_view_may_be_written_to_as_its_triggers_allow(void **state)
{
    (void)state;
    struct catalog *catalog = load(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, n INT); CREATE VIEW none AS SELECT * FROM t;"
        "CREATE VIEW ins AS SELECT * FROM t; CREATE VIEW upd AS SELECT * FROM t; CREATE VIEW del AS SELECT * FROM t;"
        "CREATE TRIGGER i INSTEAD OF INSERT ON ins BEGIN INSERT INTO t (n) VALUES (new.n); END;"
        "CREATE TRIGGER u INSTEAD OF UPDATE OF n ON upd BEGIN UPDATE t SET n = new.n WHERE id = old.id; END;"
        "CREATE TRIGGER d INSTEAD OF DELETE ON del BEGIN DELETE FROM t WHERE id = old.id; END;");
    static const struct {
        const char *name;
        bool insertable, updatable, deletable;
    } expected[] = {{"t", true, true, true},
                    {"none", false, false, false},
                    {"ins", true, false, false},
                    {"upd", false, true, false},
                    {"del", false, false, true}};
    for (unsigned i = 0; i < ARRAY_LEN(expected); i++) {
        const struct table *of = table_named(catalog, expected[i].name);
        assert_int_equal(of->insertable, expected[i].insertable);
        assert_int_equal(of->updatable, expected[i].updatable);
        assert_int_equal(of->deletable, expected[i].deletable);
    }
    catalog_free(catalog);
}

static void a_table_knows_the_keys_that_come_in(void **state)
{
    (void)state;
    struct catalog *catalog = load(
        "CREATE TABLE b (id INTEGER PRIMARY KEY, up INT REFERENCES b); CREATE TABLE a (b INT REFERENCES b);"
        "CREATE TABLE c (b1 INT REFERENCES b, b2 INT REFERENCES b);");
    const struct table *b = table_named(catalog, "b");
    assert_int_equal(b->reference_count, 4);
    assert_int_equal(table_named(catalog, "a")->reference_count, 0);
    unsigned from_c = 0;
    for (unsigned i = 0; i < b->reference_count; i++) {
        assert_ptr_equal(b->references[i]->target, b);
        from_c += b->references[i]->table == table_named(catalog, "c");
    }
    assert_int_equal(from_c, 2);
    catalog_free(catalog);
}

static void tokens_end_where_the_text_does(void **state)
{
    (void)state;
    static const char *const texts[] = {"'a", "\"a", "[a", "`a``", "/* a", "-- a", "(a", "(", "'", "["};
    for (unsigned i = 0; i < ARRAY_LEN(texts); i++) {
        struct slice rest = slice_str(texts[i]), token;
        while (lite_token_next(&rest, &token) != LITE_TOKEN_END)
            if (slice_eq(token, SLICE("(")))
                assert_slice(lite_token_parentheses(&rest, token), texts[i]);
        assert_int_equal(rest.len, 0);
    }
}

static void names_lose_their_quotes(void **state)
{
    (void)state;
    static const char *const names[][2] = {{"a", "a"},         {"\"a\"\"b\"", "a\"b"}, {"`a``b`", "a`b"},
                                           {"[a\"b]", "a\"b"}, {"'it''s'", "it's"},    {"\"\"", ""},
                                           {"\"\"\"\"", "\""}, {"\"open", "open"},     {"[a]", "a"}};
    struct arena arena;
    arena_init(&arena, 1024);
    for (unsigned i = 0; i < ARRAY_LEN(names); i++)
        assert_slice(lite_token_name(&arena, slice_str(names[i][0])), names[i][1]);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_of_columns_and_of_tables_are_cut_out),
        cmocka_unit_test(texts_and_comments_and_other_clauses_are_no_checks),
        cmocka_unit_test(a_column_tells_its_default_as_it_was_written),
        cmocka_unit_test(a_views_column_knows_the_tables_column_that_it_is),
        cmocka_unit_test(a_view_of_several_parts_has_no_origins_nor_has_one_that_reads_it),
        cmocka_unit_test(a_view_may_be_written_to_as_its_triggers_allow),
        cmocka_unit_test(a_table_knows_the_keys_that_come_in),
        cmocka_unit_test(tokens_end_where_the_text_does),
        cmocka_unit_test(names_lose_their_quotes),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, NULL, NULL);
}
