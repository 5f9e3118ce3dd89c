/* SPDX-License-Identifier: Apache-2.0 */
/* A connection's prepared statements by their text, the least recently used ones dropped. A statement keeps
 * which of its columns have no declared type, and the lane its shape runs in. One thread at a time. */
#ifndef LEAT_STORE_SQLITE_STATEMENTS_H
#define LEAT_STORE_SQLITE_STATEMENTS_H

#include <sqlite3.h>

#include "base/check.h"
#include "base/list.h"
#include "base/map.h"
#include "store/sqlite/lane.h"

struct lite_statement {
    struct slice text;
    sqlite3_stmt *stmt;
    bool *dynamic; /* by column: no declared type, and no tuples (tuples.h) */
    unsigned columns;
    int prepares; /* SQLite's count when `dynamic` was read: after a change of the schema it prepares again */
    struct lite_lane lane;
    struct list link;
};

struct lite_statements {
    sqlite3 *db;
    struct map by_text;
    struct list recent; /* most recently used first */
    unsigned count, max;
};

void lite_statements_init(struct lite_statements *statements, sqlite3 *db, unsigned max);
/* Finalizes all; it may be used on. */
void lite_statements_clear(struct lite_statements *statements);
void lite_statements_done(struct lite_statements *statements);

/* The statement of a text, prepared if need be. NULL: it cannot be; sqlite3_errcode and _errmsg of the
 * connection tell. */
struct lite_statement *lite_statements_get(struct lite_statements *statements, struct slice text);

/* To be called on a statement's first row: reads its columns anew if SQLite prepared it again. False: out
 * of memory. */
bool lite_statement_columns(struct lite_statement *statement) must_check;

#endif
