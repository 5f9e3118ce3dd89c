/* SPDX-License-Identifier: Apache-2.0 */
/* What filters let through on real databases: the same rows on PostgreSQL and SQLite for each operator and kind of value. */
#include <stdio.h>

#include "database.h"
#include "lib/pg.h"
#include "world.h"

static const struct world_table tables_pg[] = {
    {.name = "t",
     .columns = {COLUMN("id", VALUE_INT, "bigint", .bits = 64),
                 COLUMN("n", VALUE_INT, "integer", .bits = 32, .nullable = true),
                 COLUMN("s", VALUE_TEXT, "character varying(20)", .nullable = true),
                 COLUMN("r", VALUE_FLOAT, "double precision", .bits = 64, .nullable = true),
                 COLUMN("m", VALUE_NUMERIC, "numeric(12,2)", .nullable = true),
                 COLUMN("b", VALUE_BOOL, "boolean", .nullable = true),
                 COLUMN("d", VALUE_DATE, "date", .nullable = true),
                 COLUMN("ts", VALUE_TIMESTAMPTZ, "timestamp with time zone", .nullable = true),
                 COLUMN("u", VALUE_UUID, "uuid", .nullable = true),
                 COLUMN("x", VALUE_BYTEA, "bytea", .nullable = true),
                 COLUMN("c", VALUE_TEXT, "public.citext", .nullable = true)},
     .key = "id"},
    {.name = NULL},
};

static const struct world_table tables_lite[] = {
    {.name = "t",
     .columns = {COLUMN("id", VALUE_INT, "INTEGER", .bits = 64),
                 COLUMN("n", VALUE_INT, "INTEGER", .bits = 64, .nullable = true),
                 COLUMN("s", VALUE_TEXT, "TEXT", .nullable = true),
                 COLUMN("r", VALUE_FLOAT, "REAL", .bits = 64, .nullable = true),
                 COLUMN("m", VALUE_DECIMAL, "DECIMAL(12,2)", .scale = 2, .nullable = true),
                 COLUMN("b", VALUE_BOOL, "BOOLEAN", .nullable = true),
                 COLUMN("d", VALUE_DATE, "DATE", .nullable = true),
                 COLUMN("ts", VALUE_TIMESTAMPTZ, "TIMESTAMP", .nullable = true),
                 COLUMN("u", VALUE_UUID, "UUID", .nullable = true),
                 COLUMN("x", VALUE_BYTEA, "BLOB", .nullable = true)},
     .key = "id"},
    {.name = NULL},
};

#define UUID_A "00000000-0000-4000-8000-00000000000a"
#define UUID_B "00000000-0000-4000-8000-00000000000b"

static const char rows_pg[] =
    "INSERT INTO t VALUES"
    "(1, 1, 'Anna', 0.1, 1.00, true, '2024-01-01', '2024-01-01T00:00:00Z', '" UUID_A "', '\\x00ff'),"
    "(2, 2, 'anna', 0.5, 1.23, false, '2024-02-29', '2024-01-01T12:00:00Z', '" UUID_B "', '\\x01'),"
    "(3, -3, 'A%b_c', 1e300, -1.23, true, '2025-01-01', '2024-01-01T12:00:00.000001Z', NULL, '\\x'),"
    "(4, 0, '', -0.1, 0, NULL, '1969-12-31', '1969-12-31T23:59:59Z', NULL, NULL),"
    "(5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
    "(6, 7, 'a,b \"q\" \\', 2, 1.24, false, '2024-01-02', '2024-01-01T10:00:00Z', NULL, NULL),"
    "(7, 7, '\xc3\xa9t\xc3\xa9', 2, 99.99, true, '2024-01-02', '2024-01-01T10:00:00Z', NULL, NULL)";

static const char rows_lite[] =
    "INSERT INTO t VALUES"
    "(1, 1, 'Anna', 0.1, 100, true, '2024-01-01', '2024-01-01T00:00:00.000000Z', '" UUID_A "', x'00ff'),"
    "(2, 2, 'anna', 0.5, 123, false, '2024-02-29', '2024-01-01T12:00:00.000000Z', '" UUID_B "', x'01'),"
    "(3, -3, 'A%b_c', 1e300, -123, true, '2025-01-01', '2024-01-01T12:00:00.000001Z', NULL, x''),"
    "(4, 0, '', -0.1, 0, NULL, '1969-12-31', '1969-12-31T23:59:59.000000Z', NULL, NULL),"
    "(5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),"
    "(6, 7, 'a,b \"q\" \\', 2, 124, false, '2024-01-02', '2024-01-01T10:00:00.000000Z', NULL, NULL),"
    "(7, 7, '\xc3\xa9t\xc3\xa9', 2, 9999, true, '2024-01-02', '2024-01-01T10:00:00.000000Z', NULL, NULL)";

static struct {
    struct world world;
    struct database database;
} pg, lite;
static struct postgres *server;

static int open_both(void **state)
{
    (void)state;
    server = postgres_start(NULL);
    database_open_pg(&pg.database, postgres_url(server));
    database_open_sqlite(&lite.database);
    world_open(&pg.world, DIALECT_PG, tables_pg, "  t: {}\n");
    world_open(&lite.world, DIALECT_SQLITE, tables_lite, "  t: {}\n");
    database_run(&pg.database, "CREATE EXTENSION citext");
    database_run(&pg.database,
                 "CREATE TABLE t (id bigint PRIMARY KEY, n int, s varchar(20), r double precision,"
                 " m numeric(12,2), b boolean, d date, ts timestamptz, u uuid, x bytea, c public.citext)");
    database_run(&lite.database,
                 "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, s TEXT, r REAL, m INTEGER, b BOOLEAN,"
                 " d TEXT, ts TEXT, u TEXT, x BLOB)");
    database_run(&pg.database, "%s", rows_pg);
    database_run(&pg.database, "UPDATE t SET c = s WHERE id < 5");
    database_run(&pg.database, "SET search_path = ''");
    database_run(&lite.database, "%s", rows_lite);
    return 0;
}

static int close_both(void **state)
{
    (void)state;
    world_close(&pg.world);
    world_close(&lite.world);
    database_close(&pg.database);
    database_close(&lite.database);
    postgres_stop(server);
    return 0;
}

/* "1,2,7": the ids of the answer. */
static void read_ids(struct world *world, struct database *database, const char *query, char *ret_ids)
{
    char text[400];
    snprintf(text, sizeof(text), "%s%s&select=id", query, strstr(query, "order=") ? "" : "&order=id");
    const struct plan *plan = world_list(world, "t", text);
    struct slice *cells;
    unsigned columns, rows = database_rows(database, &plan->statement, &world->arena, &cells, &columns);
    size_t at = 0;
    ret_ids[0] = '\0';
    for (unsigned i = 0; i < rows; i++)
        at += (size_t)snprintf(ret_ids + at, 100 - at, "%s%s", i ? "," : "", cells[(size_t)i * columns].data);
}

static void expect(const char *query, const char *expected)
{
    char ids[100];
    read_ids(&pg.world, &pg.database, query, ids);
    if (strcmp(ids, expected) != 0)
        fail_msg("PostgreSQL, %s: %s, not %s", query, ids, expected);
    read_ids(&lite.world, &lite.database, query, ids);
    if (strcmp(ids, expected) != 0)
        fail_msg("SQLite, %s: %s, not %s", query, ids, expected);
}

static void numbers_compare_by_value(void **state)
{
    (void)state;
    expect("n=7", "6,7");
    expect("n=neq.7", "1,2,3,4");
    expect("n=not.eq.7", "1,2,3,4");
    expect("n=gt.1", "2,6,7");
    expect("n=gte.1", "1,2,6,7");
    expect("n=lt.0", "3");
    expect("n=lte.0", "3,4");
    expect("n=in.(1,2,-3)", "1,2,3");
    expect("n=not.in.(1,2,-3)", "4,6,7");
    expect("n=in.()", "");
    expect("r=0.1", "1");
    expect("r=gt.1e299", "3");
    expect("r=lt.Infinity", "1,2,3,4,6,7");
    expect("r=in.(0.5,2,Infinity,-Infinity)", "2,6,7");
}

static void decimals_compare_exactly_whatever_their_digits(void **state)
{
    (void)state;
    expect("m=1.23", "2");
    expect("m=1.230", "2");
    expect("m=1.234", "");
    expect("m=neq.1.234", "1,2,3,4,6,7");
    expect("m=gt.1.234", "6,7");
    expect("m=gte.1.234", "6,7");
    expect("m=lt.1.234", "1,2,3,4");
    expect("m=lte.-1.234", "");
    expect("m=gte.-1.234", "1,2,3,4,6,7");
    expect("m=lt.-1.229", "3");
    expect("m=in.(1,1.234,99.99)", "1,7");
}

static void texts_compare_by_bytes_and_patterns_mind_the_case(void **state)
{
    (void)state;
    expect("s=Anna", "1");
    expect("s=eq.", "4");
    expect("s=like.A*", "1,3");
    expect("s=like.*n_a", "1,2");
    expect("s=ilike.a*", "1,2,3,6");
    expect("s=like.A\\%25*", "3");
    expect("s=like.*\\_c", "3");
    expect("s=like.A?b*", "");
    expect("s=like.[A]*", "");
    expect("s=like._t_", "7");
    expect("s=not.like.A*", "2,4,6,7");
    expect("s=in.(anna,\"a,b%20\\\"q\\\"%20\\\\\",%C3%A9t%C3%A9)", "2,6,7");
    expect("s=eq.a,b%20%22q%22%20%5C", "6");
    expect("s=eq.Anna%20is%20longer%20than%20twenty%20letters", "");
}

/* Sessions have no search path: an extension's operators must be named with their schema. */
static void text_that_minds_no_case_is_compared_so(void **state)
{
    (void)state;
    static const char *const queries[][2] = {{"c=ANNA", "1,2"},      {"c=in.(anna,x)", "1,2"},
                                             {"c=like.A*", "1,2,3"}, {"c=gt.ANNA", ""},
                                             {"c=gte.ANNA", "1,2"},  {"c=neq.anna", "3,4"}};
    for (size_t i = 0; i < ARRAY_LEN(queries); i++) {
        char ids[100];
        read_ids(&pg.world, &pg.database, queries[i][0], ids);
        assert_string_equal(ids, queries[i][1]);
    }
    const struct plan *plan = world_list(&pg.world, "t", "select=id&order=c");
    const struct slice cells[] = {SLICE("anna"), SLICE("1")};
    struct slice cursor = plan_cursor(plan, &pg.world.arena, cells, false);
    char query[200], ids[100];
    snprintf(query, sizeof(query), "order=c&cursor=%.*s", SLICE_ARG(cursor));
    read_ids(&pg.world, &pg.database, query, ids);
    assert_string_equal(ids, "2,5,6,7");
}

static void booleans_have_three_states(void **state)
{
    (void)state;
    expect("b=true", "1,3,7");
    expect("b=is.true", "1,3,7");
    expect("b=not.is.true", "2,4,5,6");
    expect("b=is.false", "2,6");
    expect("b=is.unknown", "4,5");
    expect("b=is.not_null", "1,2,3,6,7");
    expect("b=neq.true", "2,6");
    expect("b=in.(false,true)", "1,2,3,6,7");
}

static void times_compare_as_moments(void **state)
{
    (void)state;
    expect("d=2024-02-29", "2");
    expect("d=gte.2024-01-02", "2,3,6,7");
    expect("d=in.(2024-01-01,1969-12-31)", "1,4");
    expect("ts=2024-01-01T12:00:00Z", "2");
    expect("ts=2024-01-01T14:00:00%2B02:00", "2");
    expect("ts=2024-01-01T14:00:00+02:00", "2");
    expect("ts=gt.2024-01-01T12:00:00", "3");
    expect("ts=lt.1970-01-01", "4");
    expect("ts=gte.2024-01-01%2010:00", "2,3,6,7");
    expect("ts=lt.now", "1,2,3,4,6,7");
    expect("ts=gt.1h%20ago", "");
}

static void uuids_and_bytes_compare_by_value(void **state)
{
    (void)state;
    expect("u={0000000000004000800000000000000A}", "1");
    expect("u=in.(" UUID_A "," UUID_B ")", "1,2");
    expect("u=gt." UUID_A, "2");
    expect("x=\\x00FF", "1");
    expect("x=\\x", "3");
    expect("x=gt.\\x00", "1,2");
    expect("u=is.null", "3,4,5,6,7");
}

static void null_stands_where_postgresql_puts_it(void **state)
{
    (void)state;
    expect("order=n", "3,4,1,2,6,7,5");
    expect("order=n.desc", "5,7,6,2,1,4,3");
    expect("order=n.nullsfirst", "5,3,4,1,2,6,7");
    expect("order=n.desc.nullslast", "7,6,2,1,4,3,5");
    expect("order=b,n.desc", "6,2,7,1,3,5,4");
    expect("order=b.desc.nullslast,n,id.desc", "3,1,7,2,6,4,5");
}

static void offsets_and_totals_count_the_same(void **state)
{
    (void)state;
    expect("limit=2&offset=0", "1,2,3"); /* and one more */
    expect("limit=2&offset=5", "6,7");
    expect("page=2&page_size=3", "4,5,6,7");
    expect("page=9&page_size=3", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_compare_by_value),
        cmocka_unit_test(decimals_compare_exactly_whatever_their_digits),
        cmocka_unit_test(texts_compare_by_bytes_and_patterns_mind_the_case),
        cmocka_unit_test(text_that_minds_no_case_is_compared_so),
        cmocka_unit_test(booleans_have_three_states),
        cmocka_unit_test(times_compare_as_moments),
        cmocka_unit_test(uuids_and_bytes_compare_by_value),
        cmocka_unit_test(null_stands_where_postgresql_puts_it),
        cmocka_unit_test(offsets_and_totals_count_the_same),
    };
    return cmocka_run_group_tests_name(__FILE__, tests, open_both, close_both);
}
