/* SPDX-License-Identifier: Apache-2.0 */
/* What a named query answers: it is prepared (never run) with the rights it will have, and asked for its
 * columns. Refused, with the file and line: SQL that is wrong, that does more than read and change rows, that is two
 * statements, two columns of one name.
 *
 * A column that is a plain column of a table has that one's declared type; any other (count(*), avg(x), a
 * || b) has none, and its values are written by what each is: VALUE_DYNAMIC. So sum() of a DECIMAL(p,s) is
 * the integer of units: the query divides. */
#include "store/sqlite/guard.h"
#include "store/sqlite/scaled.h"
#include "store/sqlite/store.h"
#include "store/sqlite/tuples.h"

/* White space, comments and semicolons alone. */
static bool is_blank(sqlite3 *db, const char *sql)
{
    while (*sql == ';' || *sql == ' ' || *sql == '\n' || *sql == '\t' || *sql == '\r')
        sql++;
    sqlite3_stmt *stmt = NULL;
    bool blank = *sql == '\0' || (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK && stmt == NULL);
    sqlite3_finalize(stmt);
    return blank;
}

/* A name that the rows of this store know by (tuples.h). */
static bool has_reserved_column(sqlite3_stmt *stmt)
{
    for (int i = 0; i < sqlite3_column_count(stmt); i++) {
        const char *name = sqlite3_column_name(stmt, i);
        if (!name || strncmp(name, LITE_TUPLE_PREFIX, sizeof LITE_TUPLE_PREFIX - 1) == 0)
            return true;
    }
    return false;
}

/* Why the statement cannot be served; NULL: it can. */
static const char *refusal(sqlite3 *db, sqlite3_stmt *stmt, int code, bool changes, const char *rest)
{
    static const char more[] = "it does more than read rows and change them";
    if ((code & 0xff) == SQLITE_AUTH ||
        (code != SQLITE_OK && strcmp(sqlite3_errmsg(db), "not authorized") == 0))
        return more;
    if (code != SQLITE_OK)
        return sqlite3_errmsg(db);
    if (stmt == NULL)
        return "there is no statement in it";
    if (!changes && (!sqlite3_stmt_readonly(stmt) || sqlite3_column_count(stmt) == 0))
        return more;
    if (has_reserved_column(stmt))
        return "a column's name begins with " LITE_TUPLE_PREFIX ": those are Leat's own, use another";
    return is_blank(db, rest) ? NULL : "there is more than one statement in it";
}

static void add_column(struct arena *arena, struct named_query *query, sqlite3_stmt *stmt)
{
    int at = (int)query->column_count;
    struct column *column = &query->columns[query->column_count++];
    const char *name = sqlite3_column_name(stmt, at);
    column->name = arena_copy(arena, slice_str(name ? name : ""));
    column_names_make(arena, column);
    column->type = lite_column_type(sqlite3_db_handle(stmt), arena, stmt, at);
    column->position = (unsigned)at;
    column->nullable = true;
    column->deterministic = true;
}

/* What a statement that is prepared says of itself to the authorizer. */
struct touching {
    const struct catalog *catalog;
    struct arena *arena;
    struct named_query *query;
    bool changes; /* it changes rows */
};

/* A read of no column, as count(*) does, is told as one of the column "". */
static void note_table(struct touching *touching, int action, const char *name)
{
    bool touches = action == SQLITE_READ || action == SQLITE_INSERT || action == SQLITE_UPDATE ||
                   action == SQLITE_DELETE;
    const struct catalog *catalog = touching->catalog;
    for (unsigned i = 0; touches && name && i < catalog->table_count; i++)
        if (slice_eq_nocase(catalog->tables[i].name, slice_str(name)))
            named_query_note(touching->arena, touching->query, &catalog->tables[i]);
}

/* Rows of the schema are nobody's to change; a table-valued PRAGMA begins so, too. */
static int authorize(void *context, int action, const char *a, const char *b, const char *c, const char *d)
{
    struct touching *touching = context;
    bool now = action == SQLITE_INSERT || action == SQLITE_UPDATE || action == SQLITE_DELETE;
    if (now && sqlite3_stricmp(a, "sqlite_master") == 0)
        return SQLITE_DENY;
    touching->changes = touching->changes || now;
    note_table(touching, action, a);
    return lite_authorize_changing(NULL, action, a, b, c, d);
}

/* touching: the authorizer's. */
static bool describe(sqlite3 *db, struct named_query *query, struct touching *touching,
                     struct complaints *complaints)
{
    struct arena *arena = touching->arena;
    touching->changes = false;
    touching->query = query;
    sqlite3_stmt *stmt = NULL;
    struct slice text = arena_copy(arena, query->text);
    const char *rest = "";
    int code = sqlite3_prepare_v2(db, text.data, (int)text.len + 1, &stmt, &rest);
    const char *why = refusal(db, stmt, code, touching->changes, rest);
    if (why) {
        complain(complaints, query->sql->at, "SQLite refuses the query: %s", why);
        sqlite3_finalize(stmt);
        return false;
    }
    unsigned count = (unsigned)sqlite3_column_count(stmt);
    query->changes = query->changes || touching->changes;
    query->tables_known = true;
    query->columns = ARENA_ARRAY(arena, struct column, count + 1);
    query->column_count = 0;
    while (query->column_count < count)
        add_column(arena, query, stmt);
    sqlite3_finalize(stmt);
    return true;
}

enum error lite_describe(struct store *base, struct model *model, struct complaints *complaints)
{
    struct lite_store *store = lite_store_of(base);
    char why[512];
    sqlite3 *db;
    if (lite_connection_open(store->path, store->locale, &db, why) != OK) {
        complain(complaints, model->config->database.url.at, "%s", why);
        return ERR_INVALID;
    }
    bool good = true;
    struct touching touching = {.catalog = model->catalog, .arena = &model->arena};
    sqlite3_set_authorizer(db, authorize, &touching);
    lite_guard_enter();
    for (unsigned i = 0; i < model->query_count; i++)
        good = describe(db, &model->queries[i], &touching, complaints) && good;
    lite_guard_leave();
    if (lite_guard_is_torn()) {
        complain(complaints, model->config->database.url.at,
                 "the file has changed while it was read; try again");
        good = false;
    }
    lite_connection_close(db);
    return good ? OK : ERR_INVALID;
}
