/* SPDX-License-Identifier: Apache-2.0 */
/* Prepared statements by text: statements.h says what for. */
#include "store/sqlite/statements.h"

#include "base/check.h"
#include "base/mem.h"
#include "store/sqlite/tuples.h"

void lite_statements_init(struct lite_statements *statements, sqlite3 *db, unsigned max)
{
    PRE(max > 0);
    *statements = (struct lite_statements){.db = db, .max = max};
    list_init(&statements->recent);
}

static void statement_free(struct lite_statement *statement)
{
    sqlite3_finalize(statement->stmt);
    mem_free(statement->dynamic);
    mem_free((char *)statement->text.data);
    mem_free(statement);
}

static void drop(struct lite_statements *statements, struct lite_statement *statement)
{
    map_remove(&statements->by_text, statement->text);
    list_remove(&statement->link);
    statements->count--;
    statement_free(statement);
}

void lite_statements_clear(struct lite_statements *statements)
{
    LIST_EACH_SAFE (&statements->recent, link, after)
        drop(statements, container_of(link, struct lite_statement, link));
    POST(statements->count == 0);
}

void lite_statements_done(struct lite_statements *statements)
{
    lite_statements_clear(statements);
    map_done(&statements->by_text);
}

static bool is_tuple(sqlite3_stmt *stmt, int column)
{
    const char *name = sqlite3_column_name(stmt, column); /* NULL: out of memory */
    return name && strncmp(name, LITE_TUPLE_PREFIX, sizeof LITE_TUPLE_PREFIX - 1) == 0;
}

bool lite_statement_columns(struct lite_statement *statement)
{
    int prepares = sqlite3_stmt_status(statement->stmt, SQLITE_STMTSTATUS_REPREPARE, 0);
    if (statement->dynamic && prepares == statement->prepares)
        return true;
    unsigned columns = (unsigned)sqlite3_column_count(statement->stmt);
    bool *dynamic = mem_try(columns + 1);
    if (!dynamic)
        return false;
    for (unsigned i = 0; i < columns; i++) {
        const char *declared = sqlite3_column_decltype(statement->stmt, (int)i);
        dynamic[i] = (declared == NULL || *declared == '\0') && !is_tuple(statement->stmt, (int)i);
    }
    mem_free(statement->dynamic);
    statement->dynamic = dynamic;
    statement->columns = columns;
    statement->prepares = prepares;
    return true;
}

static struct lite_statement *prepare(struct lite_statements *statements, struct slice text)
{
    sqlite3_stmt *stmt = NULL;
    int code =
        sqlite3_prepare_v3(statements->db, text.data, (int)text.len, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    if (code != SQLITE_OK || stmt == NULL) /* NULL: nothing but white space and comments */
        return NULL;
    struct lite_statement *statement = mem_must(sizeof *statement);
    statement->text = slice_of(mem_dup(text.data, text.len), text.len);
    statement->stmt = stmt;
    if (lite_statement_columns(statement))
        return statement;
    statement_free(statement);
    return NULL;
}

static void keep(struct lite_statements *statements, struct lite_statement *statement)
{
    if (statements->count == statements->max)
        drop(statements, container_of(statements->recent.prev, struct lite_statement, link));
    map_put(&statements->by_text, statement->text, statement);
    list_unshift(&statements->recent, &statement->link);
    statements->count++;
}

struct lite_statement *lite_statements_get(struct lite_statements *statements, struct slice text)
{
    PRE(text.len > 0);
    struct lite_statement *statement = map_get(&statements->by_text, text);
    if (!statement) {
        statement = prepare(statements, text);
        if (statement)
            keep(statements, statement);
        return statement;
    }
    if (statements->recent.next != &statement->link) {
        list_remove(&statement->link);
        list_unshift(&statements->recent, &statement->link);
    }
    return statement;
}
