/* SPDX-License-Identifier: Apache-2.0 */
/* Rows within a cell: how an answer's embedded rows come up from SQLite in one statement, without JSON being built in SQL.
 *
 *   leat_tuple(spec, v1, …)    the values as one BLOB: for each a length, u32 little-endian, and the bytes of its cell;
 *                              NULL is the length 0xFFFFFFFF and no bytes. spec: a text with one letter a value:
 *                                .  as a declared column's cell     d  as one without declared type: ready JSON
 *                                t  a BLOB that is a tuple or a list of tuples: its bytes, or NULL
 *   leat_tuples(tuple)         an aggregate: for each row the tuple's length, u32, and the tuple, in the order in which rows come;
 *                              no rows: the empty BLOB
 *
 * A result column whose name begins with LITE_TUPLE_PREFIX is handed out as its bytes. For our own SQL alone: only readers have these
 * functions, so that named queries, described on another connection, are refused them, and nothing in a schema may call them.
 * Failure: SQLITE_TOOBIG above bytes_max, SQLITE_NOMEM; a spec that does not fit its values is an error. */
#ifndef LEAT_STORE_SQLITE_TUPLES_H
#define LEAT_STORE_SQLITE_TUPLES_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#define LITE_TUPLE_PREFIX "leat_tuple"

/* bytes_max: of one tuple or list; SQLite itself makes none above 10^9. False: out of memory. */
bool lite_tuples_add(sqlite3 *db, size_t bytes_max);

#endif
