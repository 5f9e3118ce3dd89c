/* SPDX-License-Identifier: Apache-2.0 */
/* Loading the catalogue: what its parts share. One thread, blocking. */
#ifndef LEAT_STORE_SQLITE_CATALOG_H
#define LEAT_STORE_SQLITE_CATALOG_H

#include <sqlite3.h>

#include "catalog/catalog.h"

struct lite_loader {
    sqlite3 *db;
    struct catalog *catalog;
    sqlite3_stmt *columns, *indexes, *index_columns, *foreign_keys,
        *texts; /* each with the table's (or index's) name as ?1 */
};

/* The rows a statement has with this name bound; then it stands before the first again, the name still bound.
 * False: it failed. */
bool lite_loader_rows(sqlite3_stmt *stmt, struct slice name, unsigned *ret_count);
/* A column of the present row, copied. */
struct slice lite_loader_text(struct lite_loader *loader, sqlite3_stmt *stmt, int at);
/* SQLite's names are the same in capitals and small letters. UINT_MAX: absent. */
unsigned lite_loader_position(const struct table *table, struct slice column);
/* NULL: absent. */
struct table *lite_loader_table(const struct catalog *catalog, struct slice name);
/* `SELECT *` of it, prepared; NULL: it cannot be read. */
sqlite3_stmt *lite_loader_star(struct lite_loader *loader, const struct table *table);

/* keys.c: the indexes of a table whose columns are loaded; then the foreign keys of all tables. False: it
 * failed. */
bool lite_load_indexes(struct lite_loader *loader, struct table *table);
bool lite_load_foreign_keys(struct lite_loader *loader);

/* made.c: what the texts tell of tables and views whose columns are loaded. */
void lite_load_made(struct lite_loader *loader);

/* views.c: the tables that views are made of, when all are loaded. */
void lite_load_views(struct lite_loader *loader);

#endif
