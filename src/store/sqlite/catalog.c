/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue from a SQLite file: tables, views and their columns; keys.c has the indexes and foreign
 * keys.
 *
 * Read by the table-valued forms of the PRAGMAs, on a connection of its own, in one read transaction. Left
 * out: SQLite's own tables, the shadow tables of virtual ones, hidden columns, and what cannot be read (a
 * view on a table that is gone, a virtual table whose module is not here).
 * A column's type is what sqlite3_column_decltype says of `SELECT *`, for that is what the rows go by
 * later. Failure: the file cannot be opened, is damaged or locked: one sentence. */
#include "store/sqlite/catalog.h"

#include <limits.h>
#include <stdio.h>

#include "store/sqlite/guard.h"
#include "store/sqlite/scaled.h"
#include "store/sqlite/store.h"

/* ---- small tools ---- */

bool lite_loader_rows(sqlite3_stmt *stmt, struct slice name, unsigned *ret_count)
{
    sqlite3_reset(stmt);
    sqlite3_bind_text(stmt, 1, name.data, (int)name.len, SQLITE_STATIC);
    unsigned count = 0;
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        count++;
    sqlite3_reset(stmt);
    *ret_count = count;
    return code == SQLITE_DONE;
}

struct slice lite_loader_text(struct lite_loader *loader, sqlite3_stmt *stmt, int at)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);
    size_t len = (size_t)sqlite3_column_bytes(stmt, at);
    return arena_copy(&loader->catalog->arena, slice_of(text ? text : "", text ? len : 0));
}

unsigned lite_loader_position(const struct table *table, struct slice column)
{
    for (unsigned i = 0; i < table->column_count; i++)
        if (slice_eq_nocase(table->columns[i].name, column))
            return i;
    return UINT_MAX;
}

struct table *lite_loader_table(const struct catalog *catalog, struct slice name)
{
    for (unsigned i = 0; i < catalog->table_count; i++)
        if (slice_eq_nocase(catalog->tables[i].name, name))
            return &catalog->tables[i];
    return NULL;
}

/* ---- columns ---- */

/* Filters on it can be answered by comparing bytes: its collation is BINARY. */
static bool is_bytewise(sqlite3 *db, const struct table *table, const struct column *column)
{
    const char *collation = NULL;
    int code = sqlite3_table_column_metadata(db, "main", table->name.data, column->name.data, NULL,
                                             &collation, NULL, NULL, NULL);
    return code != SQLITE_OK || collation == NULL || sqlite3_stricmp(collation, "BINARY") == 0;
}

/* pragma_table_xinfo: name, "notnull", dflt_value, pk, hidden; as the SELECT * of `star` has it at the same
 * place. */
static void load_column(struct lite_loader *loader, struct table *table, sqlite3_stmt *star)
{
    enum { NAME, NOT_NULL, FALLBACK, KEY, HIDDEN };
    sqlite3_stmt *stmt = loader->columns;
    struct arena *arena = &loader->catalog->arena;
    struct column *column = &table->columns[table->column_count];
    column->name = lite_loader_text(loader, stmt, NAME);
    column_names_make(arena, column);
    column->type = lite_column_type(loader->db, arena, star, (int)table->column_count);
    column->position = table->column_count++;
    column->nullable = sqlite3_column_int(stmt, NOT_NULL) == 0;
    column->has_default = sqlite3_column_type(stmt, FALLBACK) != SQLITE_NULL;
    column->generated = sqlite3_column_int(stmt, HIDDEN) >= 2;
    if (column->has_default)
        column->fallback = lite_loader_text(loader, stmt, FALLBACK);
    column->deterministic = is_bytewise(loader->db, table, column);
    int key = sqlite3_column_int(stmt, KEY); /* its place in the primary key, from 1 */
    if (key > 0) {
        table->key[key - 1] = column->position;
        table->key_count = (unsigned)key > table->key_count ? (unsigned)key : table->key_count;
    }
}

sqlite3_stmt *lite_loader_star(struct lite_loader *loader, const struct table *table)
{
    sqlite3_stmt *star = NULL;
    char *sql = sqlite3_mprintf("SELECT * FROM %.*s", (int)table->sql.len, table->sql.data);
    if (sql && sqlite3_prepare_v2(loader->db, sql, -1, &star, NULL) != SQLITE_OK)
        star = NULL;
    sqlite3_free(sql);
    return star;
}

/* False: the table cannot be read and is left out. */
static bool load_columns(struct lite_loader *loader, struct table *table)
{
    sqlite3_stmt *star = lite_loader_star(loader, table);
    unsigned count;
    if (!star || !lite_loader_rows(loader->columns, table->name, &count)) {
        sqlite3_finalize(star);
        return false;
    }
    table->columns = ARENA_ARRAY(&loader->catalog->arena, struct column, count);
    table->key = ARENA_ARRAY(&loader->catalog->arena, unsigned, count);
    while (sqlite3_step(loader->columns) == SQLITE_ROW && table->column_count < count)
        load_column(loader, table, star);
    sqlite3_reset(loader->columns);
    bool whole = table->column_count == (unsigned)sqlite3_column_count(star) && table->column_count > 0;
    sqlite3_finalize(star);
    return whole;
}

/* ---- tables ---- */

static enum table_kind kind_of(struct slice word)
{
    if (slice_eq(word, SLICE("view")))
        return TABLE_VIEW;
    return slice_eq(word, SLICE("virtual")) ? TABLE_FOREIGN : TABLE_TABLE;
}

/* The key of a rowid table that is the rowid itself: never NULL, counted on where it is not given, and no index shows it. */
static void note_rowid(struct table *table)
{
    if (table->kind != TABLE_TABLE || table->key_count != 1)
        return;
    for (unsigned i = 0; i < table->index_count; i++)
        if (table->indexes[i].primary && table->indexes[i].name.len > 0)
            return;
    table->columns[table->key[0]].nullable = false;
    table->columns[table->key[0]].has_default = true;
}

static bool load_table(struct lite_loader *loader, sqlite3_stmt *tables)
{
    enum { NAME, KIND, ROWS, TRIGGERED };
    struct arena *arena = &loader->catalog->arena;
    struct table *table = &loader->catalog->tables[loader->catalog->table_count];
    *table = (struct table){.schema = SLICE("main"), .rows_estimate = -1};
    table->name = lite_loader_text(loader, tables, NAME);
    table->sql = arena_format(arena, "\"main\"." SLICE_FMT, SLICE_ARG(identifier_quote(arena, table->name)));
    table->kind = kind_of(lite_loader_text(loader, tables, KIND));
    if (sqlite3_column_type(tables, ROWS) != SQLITE_NULL)
        table->rows_estimate = sqlite3_column_double(tables, ROWS);
    table->triggered = sqlite3_column_int(tables, TRIGGERED);
    if (!load_columns(loader, table))
        return true;
    if (!lite_load_indexes(loader, table))
        return false;
    note_rowid(table);
    loader->catalog->table_count++;
    return true;
}

/* Rows by the last ANALYZE, where there was one: the first number of sqlite_stat1's `stat`. */
#define TRIGGERED_SQL \
    "EXISTS (SELECT 1 FROM main.sqlite_schema AS t WHERE t.type = 'trigger' AND t.tbl_name = l.name COLLATE NOCASE)"
static const char tables_sql[] =
    "SELECT name, type, NULL, " TRIGGERED_SQL
    " FROM pragma_table_list AS l WHERE schema = 'main' AND type IN ('table', 'view', 'virtual')"
    " AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
static const char tables_analyzed_sql[] =
    "SELECT l.name, l.type, (SELECT max(CAST(s.stat AS INTEGER)) FROM main.sqlite_stat1 AS s WHERE s.tbl = l.name),"
    " " TRIGGERED_SQL
    " FROM pragma_table_list AS l WHERE l.schema = 'main' AND l.type IN ('table', 'view', 'virtual')"
    " AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY l.name";

static bool load_tables(struct lite_loader *loader)
{
    sqlite3_stmt *tables = NULL;
    unsigned count;
    if (sqlite3_prepare_v2(loader->db, tables_analyzed_sql, -1, &tables, NULL) != SQLITE_OK &&
        sqlite3_prepare_v2(loader->db, tables_sql, -1, &tables, NULL) != SQLITE_OK)
        return false;
    bool good = lite_loader_rows(tables, SLICE(""), &count);
    loader->catalog->tables = ARENA_ARRAY(&loader->catalog->arena, struct table, count + 1);
    while (good && sqlite3_step(tables) == SQLITE_ROW && loader->catalog->table_count < count)
        good = load_table(loader, tables);
    sqlite3_finalize(tables);
    return good;
}

/* ---- all of it ---- */

static bool prepare_all(struct lite_loader *loader)
{
    const struct {
        sqlite3_stmt **stmt;
        const char *sql;
    } all[] = {
        {&loader->columns,
         "SELECT name, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1, 'main')"
         " WHERE hidden <> 1 ORDER BY cid"},
        {&loader->indexes,
         "SELECT name, \"unique\", origin, partial FROM pragma_index_list(?1, 'main') ORDER BY name"},
        {&loader->index_columns,
         "SELECT cid, \"desc\" FROM pragma_index_xinfo(?1, 'main') WHERE key ORDER BY seqno"},
        {&loader->foreign_keys, "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete"
                                " FROM pragma_foreign_key_list(?1, 'main') ORDER BY id, seq"},
        {&loader->texts, "SELECT sql FROM main.sqlite_schema WHERE name = ?1 AND type IN ('table', 'view')"},
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++)
        if (sqlite3_prepare_v2(loader->db, all[i].sql, -1, all[i].stmt, NULL) != SQLITE_OK)
            return false;
    return true;
}

static void finalize_all(struct lite_loader *loader)
{
    sqlite3_finalize(loader->columns);
    sqlite3_finalize(loader->indexes);
    sqlite3_finalize(loader->index_columns);
    sqlite3_finalize(loader->foreign_keys);
    sqlite3_finalize(loader->texts);
}

static bool load(struct lite_loader *loader)
{
    loader->catalog->server = arena_format(&loader->catalog->arena, "SQLite %s", sqlite3_libversion());
    if (sqlite3_exec(loader->db, "BEGIN", NULL, NULL, NULL) != SQLITE_OK || !prepare_all(loader) ||
        !load_tables(loader) || !lite_load_foreign_keys(loader))
        return false;
    lite_load_made(loader);
    lite_load_views(loader);
    catalog_link_references(loader->catalog);
    return !loader->catalog->arena.failed;
}

enum error lite_catalog(struct store *base, struct catalog **ret_catalog, char why[512])
{
    struct lite_store *store = lite_store_of(base);
    struct lite_loader loader = {0};
    enum error error = lite_connection_open(store->path, store->locale, &loader.db, why);
    if (error != OK)
        return error;
    loader.catalog = catalog_new(DIALECT_SQLITE);
    lite_guard_enter();
    bool loaded = load(&loader) && !lite_guard_is_torn();
    if (!loaded)
        snprintf(why, 512, "cannot read the tables of `%s`: %s", store->path,
                 lite_guard_is_torn() ? "the file has changed while it was read; try again"
                                      : sqlite3_errmsg(loader.db));
    finalize_all(&loader);
    lite_guard_leave();
    lite_connection_close(loader.db);
    if (loaded) {
        *ret_catalog = loader.catalog;
        return OK;
    }
    catalog_free(loader.catalog);
    return ERR_INVALID;
}
