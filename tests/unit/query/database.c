/* SPDX-License-Identifier: Apache-2.0 */
/* See database.h. */
#include "database.h"

#include <stdio.h>

#include "query/text.h"

/* --- SQLite --- */

/* leat_ilike(text, pattern), by the same rules as the store's, for ASCII. */
static bool matches(const char *text, const char *pattern)
{
    char c = *pattern;
    if (c == '\0')
        return *text == '\0';
    if (c == '%')
        return matches(text, pattern + 1) || (*text && matches(text + 1, pattern));
    if (*text == '\0')
        return false;
    if (c == '\\')
        c = *++pattern;
    else if (c == '_')
        c = *text;
    return (*text | 0x20) == (c | 0x20) && matches(text + 1, pattern + 1);
}

static void ilike(sqlite3_context *context, int count, sqlite3_value **values)
{
    assert_int_equal(count, 2);
    const char *text = (const char *)sqlite3_value_text(values[0]);
    const char *pattern = (const char *)sqlite3_value_text(values[1]);
    if (text && pattern)
        sqlite3_result_int(context, matches(text, pattern));
}

void database_open_sqlite(struct database *database)
{
    *database = (struct database){.dialect = DIALECT_SQLITE};
    assert_int_equal(sqlite3_open(":memory:", &database->lite), SQLITE_OK);
    sqlite3_create_function(database->lite, "leat_ilike", 2, SQLITE_UTF8, NULL, ilike, NULL, NULL);
    sqlite3_db_config(database->lite, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    database_run(database, "PRAGMA case_sensitive_like = ON");
}

static void bind_lite(sqlite3_stmt *stmt, int at, const struct bind *bind)
{
    switch (bind->kind) {
    case BIND_NULL:
        sqlite3_bind_null(stmt, at);
        return;
    case BIND_TEXT:
        sqlite3_bind_text(stmt, at, bind->text.data, (int)bind->text.len, SQLITE_STATIC);
        return;
    case BIND_INT:
        sqlite3_bind_int64(stmt, at, bind->integer);
        return;
    case BIND_REAL:
        sqlite3_bind_double(stmt, at, bind->real);
        return;
    case BIND_BLOB:
        sqlite3_bind_blob(stmt, at, bind->text.data, (int)bind->text.len, SQLITE_STATIC);
        return;
    }
}

static sqlite3_stmt *prepare_lite(struct database *database, const struct statement *statement,
                                  const char *prefix)
{
    char *text = sqlite3_mprintf("%s%.*s", prefix, SLICE_ARG(statement->text));
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(database->lite, text, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sqlite3_errmsg(database->lite), text);
    sqlite3_free(text);
    assert_int_equal(sqlite3_bind_parameter_count(stmt), statement->bind_count);
    for (unsigned i = 0; i < statement->bind_count; i++)
        bind_lite(stmt, (int)i + 1, &statement->binds[i]);
    return stmt;
}

/* A REAL with all its digits: SQLite's own text has but fifteen. */
static struct slice cell_lite(struct arena *arena, sqlite3_stmt *stmt, int at)
{
    if (sqlite3_column_type(stmt, at) == SQLITE_NULL)
        return (struct slice){NULL, 0};
    if (sqlite3_column_type(stmt, at) == SQLITE_FLOAT)
        return arena_format(arena, "%.17g", sqlite3_column_double(stmt, at));
    const char *bytes = (const char *)sqlite3_column_blob(stmt, at);
    return arena_copy(arena, slice_of(bytes ? bytes : "", (size_t)sqlite3_column_bytes(stmt, at)));
}

struct growing {
    struct slice *cells;
    unsigned count, cap;
};

static void add_cell(struct arena *arena, struct growing *rows, struct slice cell)
{
    if (rows->count == rows->cap) {
        struct slice *cells = ARENA_ARRAY(arena, struct slice, rows->cap * 2 + 64);
        if (rows->count)
            memcpy(cells, rows->cells, rows->count * sizeof(struct slice));
        rows->cells = cells;
        rows->cap = rows->cap * 2 + 64;
    }
    rows->cells[rows->count++] = cell;
}

static unsigned rows_lite(struct database *database, const struct statement *statement, struct arena *arena,
                          struct growing *rows, unsigned *ret_columns)
{
    sqlite3_stmt *stmt = prepare_lite(database, statement, "");
    unsigned count = 0;
    int code;
    *ret_columns = (unsigned)sqlite3_column_count(stmt);
    for (; (code = sqlite3_step(stmt)) == SQLITE_ROW; count++)
        for (unsigned i = 0; i < *ret_columns; i++)
            add_cell(arena, rows, cell_lite(arena, stmt, (int)i));
    if (code != SQLITE_DONE)
        fail_msg("%s: %.*s", sqlite3_errmsg(database->lite), SLICE_ARG(statement->text));
    sqlite3_finalize(stmt);
    return count;
}

/* --- PostgreSQL --- */

void database_open_pg(struct database *database, const char *url)
{
    *database = (struct database){.dialect = DIALECT_PG, .pg = PQconnectdb(url)};
    if (PQstatus(database->pg) != CONNECTION_OK)
        fail_msg("%s", PQerrorMessage(database->pg));
    database_run(database,
                 "SET client_min_messages = warning; SET timezone = 'UTC'; SET extra_float_digits = 1");
}

static PGresult *run_pg(struct database *database, const struct statement *statement)
{
    const char *values[64] = {NULL};
    assert_true(statement->bind_count <= ARRAY_LEN(values));
    for (unsigned i = 0; i < statement->bind_count; i++)
        values[i] = statement->binds[i].text.data;
    PGresult *result = PQexecParams(database->pg, statement->text.data, (int)statement->bind_count, NULL,
                                    values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail_msg("%s: %.*s", PQresultErrorMessage(result), SLICE_ARG(statement->text));
    return result;
}

static struct slice cell_pg(struct arena *arena, const PGresult *result, int row, int column)
{
    if (PQgetisnull(result, row, column))
        return (struct slice){NULL, 0};
    return arena_copy(arena,
                      slice_of(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column)));
}

static unsigned rows_pg(struct database *database, const struct statement *statement, struct arena *arena,
                        struct growing *rows, unsigned *ret_columns)
{
    PGresult *result = run_pg(database, statement);
    int count = PQntuples(result);
    *ret_columns = (unsigned)PQnfields(result);
    for (int row = 0; row < count; row++)
        for (unsigned i = 0; i < *ret_columns; i++)
            add_cell(arena, rows, cell_pg(arena, result, row, (int)i));
    PQclear(result);
    return (unsigned)count;
}

/* --- both --- */

void database_close(struct database *database)
{
    sqlite3_close(database->lite);
    if (database->pg)
        PQfinish(database->pg);
}

void database_run(struct database *database, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *sql = sqlite3_vmprintf(format, args);
    va_end(args);
    if (database->lite) {
        if (sqlite3_exec(database->lite, sql, NULL, NULL, NULL) != SQLITE_OK)
            fail_msg("%s: %s", sqlite3_errmsg(database->lite), sql);
    } else {
        PGresult *result = PQexec(database->pg, sql);
        if (PQresultStatus(result) != PGRES_COMMAND_OK && PQresultStatus(result) != PGRES_TUPLES_OK)
            fail_msg("%s: %s", PQresultErrorMessage(result), sql);
        PQclear(result);
    }
    sqlite3_free(sql);
}

unsigned database_rows(struct database *database, const struct statement *statement, struct arena *arena,
                       struct slice **ret_cells, unsigned *ret_columns)
{
    struct growing rows = {NULL, 0, 0};
    add_cell(arena, &rows, SLICE("")); /* so that there is room even for no rows */
    rows.count = 0;
    unsigned count = database->lite ? rows_lite(database, statement, arena, &rows, ret_columns)
                                    : rows_pg(database, statement, arena, &rows, ret_columns);
    *ret_cells = rows.cells;
    return count;
}

static struct slice explain_lite(struct database *database, const struct statement *statement,
                                 struct arena *arena)
{
    sqlite3_stmt *stmt = prepare_lite(database, statement, "EXPLAIN QUERY PLAN ");
    struct text text;
    text_init(&text, arena, 1024);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        text_add(&text, slice_str((const char *)sqlite3_column_text(stmt, 3)));
        text_byte(&text, '\n');
    }
    sqlite3_finalize(stmt);
    return text_done(&text);
}

static struct slice explain_pg(struct database *database, const struct statement *statement,
                               struct arena *arena)
{
    struct text call, plan;
    struct slice *cells;
    unsigned columns;
    text_init(&call, arena, 256);
    text_init(&plan, arena, 1024);
    database_run(database, "SET plan_cache_mode = force_generic_plan; PREPARE shape AS %s",
                 statement->text.data);
    text_lit(&call, "EXPLAIN (COSTS OFF) EXECUTE shape");
    for (unsigned i = 0; i < statement->bind_count; i++) {
        char *quoted =
            PQescapeLiteral(database->pg, statement->binds[i].text.data, statement->binds[i].text.len);
        text_add(&call, i ? SLICE(",") : SLICE("("));
        text_add(&call, slice_str(quoted));
        PQfreemem(quoted);
    }
    text_add(&call, statement->bind_count ? SLICE(")") : SLICE(""));
    const struct statement explain = {.text = text_done(&call)};
    unsigned rows = database_rows(database, &explain, arena, &cells, &columns);
    for (unsigned i = 0; i < rows; i++) {
        text_add(&plan, cells[i * columns]);
        text_byte(&plan, '\n');
    }
    database_run(database, "DEALLOCATE shape");
    return text_done(&plan);
}

struct slice database_explain(struct database *database, const struct statement *statement,
                              struct arena *arena)
{
    return database->lite ? explain_lite(database, statement, arena) : explain_pg(database, statement, arena);
}
