/* SPDX-License-Identifier: Apache-2.0 */
/* The promise of doc/values.md against a real PostgreSQL: for values of its types, at their edges and thousands at random,
 * what encode_value writes is to_json(value), byte for byte; and a whole row is row_to_json(row).
 *
 * The session's settings, the kinds of types and the choice of what the database turns to JSON are those of store/pg. The
 * values come from tests/data/values. */
#include "lib/unit.h"

#include <stdio.h>

#include "base/check.h"
#include "base/json.h"
#include "encode/page.h"
#include "encode/value.h"
#include "lib/pg.h"
#include "store/pg/target.h"
#include "store/pg/types.h"

enum { BODY_MAX = 1 << 22, SQL_MAX = 1 << 16, COLUMNS_MAX = 64 };

struct server {
    struct postgres *postgres;
    PGconn *conn;
    struct arena arena;
    struct buf out;
};

static PGresult *query(struct server *server, const char *sql)
{
    PGresult *result = PQexec(server->conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK)
        fail_msg("%s\n%s", PQresultErrorMessage(result), sql);
    return result;
}

static void run(struct server *server, const char *sql)
{
    PQclear(query(server, sql));
}

/* A file of tests/data/values. */
static struct slice read_sql(struct server *server, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/values/%s", TEST_DATA, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    char *text = arena_alloc(&server->arena, SQL_MAX);
    size_t len = fread(text, 1, SQL_MAX - 1, file);
    fclose(file);
    assert_true(len < SQL_MAX - 1);
    text[len] = 0;
    return slice_of(text, len);
}

static int begin(void **state)
{
    struct server *server = calloc(1, sizeof *server);
    server->postgres = postgres_start(NULL);
    arena_init(&server->arena, 1 << 16);
    buf_init(&server->out, BODY_MAX);
    server->conn = PQconnectdb(postgres_url(server->postgres));
    assert_int_equal(PQstatus(server->conn), CONNECTION_OK);
    PQsetClientEncoding(server->conn, "UTF8");
    run(server, pg_settings_text(&server->arena, SESSION_SLOW, 60000, false).data);
    run(server, "SET default_transaction_read_only = off");
    run(server, read_sql(server, "types.sql").data);
    *state = server;
    return 0;
}

static int end(void **state)
{
    struct server *server = *state;
    PQfinish(server->conn);
    postgres_stop(server->postgres);
    buf_done(&server->out);
    arena_done(&server->arena);
    free(server);
    return 0;
}

/* ---- values ---- */

/* The type of a result's column as store/pg finds it. */
static struct type type_of(struct server *server, const PGresult *result, int column)
{
    char sql[4096];
    struct types types = {0};
    bool deterministic;
    snprintf(sql, sizeof sql, "%s SELECT '%u'::oid %s", TYPES_SQL_BEGIN, PQftype(result, column),
             TYPES_SQL_END);
    PGresult *found = query(server, sql);
    pg_types_take(&types, &server->arena, found);
    struct type type = pg_types_find(&types, PQftype(result, column), PQfmod(result, column), &deterministic);
    pg_types_done(&types);
    PQclear(found);
    return type;
}

static struct slice cell(const PGresult *result, int row, int column)
{
    if (PQgetisnull(result, row, column))
        return (struct slice){NULL, 0};
    return slice_of(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

static void compare(struct buf *out, const struct type *type, struct slice value, struct slice expected)
{
    buf_clear(out);
    encode_value(out, DIALECT_PG, type, value);
    if (!expected.data)
        expected = SLICE("null");
    if (!slice_eq(buf_slice(out), expected))
        fail_msg(SLICE_FMT ": wrote %.*s, to_json() " SLICE_FMT, SLICE_ARG(type->name), (int)out->len,
                 out->data, SLICE_ARG(expected));
    if (!json_is_valid(expected))
        fail_msg("taken for no JSON: " SLICE_FMT, SLICE_ARG(expected));
}

/* Compares all values of a query for one column; returns how many. */
static int compare_query(struct server *server, struct slice source)
{
    static char sql[SQL_MAX];
    snprintf(sql, sizeof sql, "SELECT v FROM (" SLICE_FMT ") s(v) LIMIT 0", SLICE_ARG(source));
    PGresult *described = query(server, sql);
    struct type type = type_of(server, described, 0);
    PQclear(described);
    snprintf(sql, sizeof sql, "WITH s(v) AS MATERIALIZED (" SLICE_FMT ") SELECT %s, to_json(v)::text FROM s",
             SLICE_ARG(source), type.kind == VALUE_OTHER ? "to_json(v)" : "v");
    PGresult *result = query(server, sql);
    int rows = PQntuples(result);
    for (int row = 0; row < rows; row++)
        compare(&server->out, &type, cell(result, row, 0), cell(result, row, 1));
    PQclear(result);
    return rows;
}

/* The next statement of a file: up to a `;` that ends its line. */
static bool statement_next(struct slice *rest, struct slice *ret_statement)
{
    const char *at = rest->len ? memmem(rest->data, rest->len, ";\n", 2) : NULL;
    if (!at)
        return false;
    *ret_statement = slice_of(rest->data, (size_t)(at - rest->data));
    *rest = slice_skip(*rest, ret_statement->len + 2);
    return true;
}

static int compare_file(struct server *server, const char *name)
{
    struct slice rest = read_sql(server, name), statement;
    int values = 0;
    run(server, "SELECT setseed(0.25)");
    while (statement_next(&rest, &statement))
        values += compare_query(server, statement);
    assert_int_equal(slice_trim(rest).len, 0);
    return values;
}

static void scalars_at_their_edges_are_written_as_by_to_json(void **state)
{
    assert_in_range(compare_file(*state, "scalars.sql"), 450, 10000);
}

static void scalars_at_random_are_written_as_by_to_json(void **state)
{
    assert_in_range(compare_file(*state, "random.sql"), 20000, 100000);
}

static void all_other_types_are_embedded_as_to_json_writes_them(void **state)
{
    assert_in_range(compare_file(*state, "others.sql"), 150, 10000);
}

/* ---- rows ---- */

static const char rows_sql[] =
    "CREATE TABLE everything (id bigint, \"a \"\"quoted\"\" name\" text, \"back\\slash\" numeric, \"h\xc3\xa9\" timestamptz,"
    " at timestamp, day date, ok boolean, ratio float8, raw bytea, doc jsonb, tags text[], feels mood, of_pair pair, empty text);"
    "INSERT INTO everything SELECT g, any_text(g % 20), spread()::numeric * g, any_moment(g), any_moment(g), any_moment(g)::date,"
    " g % 2 = 0, spread() * g, decode(md5(g::text), 'hex'), jsonb_build_object(any_text(2), g), ARRAY[any_text(3), NULL],"
    " (enum_range(NULL::mood))[1 + g % 4], ROW(g, any_moment(g))::pair, NULL FROM generate_series(1, 500) g";

/* The columns of a result, as the catalogue would have them; returns how many. */
static unsigned columns_of(struct server *server, const PGresult *result, const struct column **ret_columns)
{
    int count = PQnfields(result);
    assert_in_range(count, 1, COLUMNS_MAX);
    for (int i = 0; i < count; i++) {
        struct column *column = ARENA_NEW(&server->arena, struct column);
        column->name = arena_copy(&server->arena, slice_str(PQfname(result, i)));
        column->type = type_of(server, result, i);
        column_names_make(&server->arena, column);
        ret_columns[i] = column;
    }
    return (unsigned)count;
}

/* The statement a list's would be, with row_to_json behind. */
static const char *rows_select(struct server *server, const struct column *const *columns, unsigned count)
{
    struct buf sql;
    buf_init(&sql, SQL_MAX);
    for (unsigned i = 0; i < count; i++)
        buf_format(&sql, columns[i]->type.kind == VALUE_OTHER ? "%s to_json(" SLICE_FMT ")" : "%s " SLICE_FMT,
                   i ? "," : "SELECT", SLICE_ARG(columns[i]->sql));
    buf_lit(&sql, ", row_to_json(everything)::text FROM everything ORDER BY id");
    const char *text = arena_copy(&server->arena, buf_slice(&sql)).data;
    buf_done(&sql);
    return text;
}

static void a_row_is_written_as_by_row_to_json(void **state)
{
    struct server *server = *state;
    const struct column *columns[COLUMNS_MAX];
    struct slice cells[COLUMNS_MAX];
    run(server, "SELECT setseed(0.5)");
    run(server, rows_sql);
    PGresult *described = query(server, "SELECT * FROM everything LIMIT 0");
    unsigned count = columns_of(server, described, columns);
    PGresult *result = query(server, rows_select(server, columns, count));
    struct page_spec spec = {
        .dialect = DIALECT_PG, .columns = columns, .column_count = count, .limit = 1, .bare_object = true};
    for (int row = 0; row < PQntuples(result); row++) {
        struct page page;
        for (unsigned i = 0; i < count; i++)
            cells[i] = cell(result, row, (int)i);
        page_init(&page, &spec, NULL, &server->arena, BODY_MAX);
        assert_true(page_row(&page, cells, count));
        page_finish(&page, NULL, NULL);
        assert_slice(buf_slice(&page.body), PQgetvalue(result, row, (int)count));
        buf_done(&page.body);
    }
    assert_int_equal(PQntuples(result), 500);
    PQclear(described);
    PQclear(result);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(scalars_at_their_edges_are_written_as_by_to_json),
    cmocka_unit_test(scalars_at_random_are_written_as_by_to_json),
    cmocka_unit_test(all_other_types_are_embedded_as_to_json_writes_them),
    cmocka_unit_test(a_row_is_written_as_by_row_to_json),
};

int main(void)
{
    return cmocka_run_group_tests_name(__FILE__, tests, begin, end);
}
