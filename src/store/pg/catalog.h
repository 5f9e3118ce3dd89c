/* SPDX-License-Identifier: Apache-2.0 */
/* The catalogue of a PostgreSQL database, and what its named queries answer: both by a blocking connection of their own.
 *
 * In: tables, partitioned tables (not their partitions), views, materialized views, foreign tables of all schemas but the system's,
 * that the role may read and no extension owns; of them the columns it may read.
 * Threads: any, one call at a time per store is not required. Failure: ret_why or complaints say in one sentence what to do. */
#ifndef LEAT_STORE_PG_CATALOG_H
#define LEAT_STORE_PG_CATALOG_H

#include <libpq-fe.h>

#include "store/store.h"

enum error pg_catalog_read(struct store *store, struct catalog **ret_catalog, char ret_why[512]) must_check;

/* Prepares each named query in a read-only session, takes its columns, and wraps those texts whose answer holds columns that only
 * the database can turn to JSON. */
enum error pg_catalog_describe(struct store *store, struct model *model,
                               struct complaints *complaints) must_check;

/* functions.c: the functions that the role may call, of all schemas but the system's; procedures, triggers, aggregates and those that
 * take what has no type of its own (anyelement) are none. */
enum error pg_catalog_functions(struct store *store, struct catalog *catalog, char ret_why[512]) must_check;

/* The blocking connection; NULL and ret_why on failure. Asked by ask.h, with pg_catalog_silence_ms. */
struct pg_store;
int64_t pg_catalog_silence_ms(const struct pg_store *store);
PGconn *pg_catalog_connect(struct pg_store *store, char ret_why[512]);
/* Several queries, each ended by `;`, in one message and one snapshot, names being written with their schema. `answers`: first BEGIN's and
 * that of the settings, then theirs, last COMMIT's; the caller's to clear, whatever comes. False: one failed. */
bool pg_catalog_ask(PGconn *conn, const struct pg_store *store, const char *sql, PGresult **answers,
                    unsigned count, char ret_why[512]);

#endif
