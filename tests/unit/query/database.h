/* SPDX-License-Identifier: Apache-2.0 */
/* A real database for tests of PLAN, asked directly through its driver: what a plan's statement answers, and how it is planned.
 * A failed step fails the test. One thread. */
#ifndef LEAT_TESTS_QUERY_DATABASE_H
#define LEAT_TESTS_QUERY_DATABASE_H

#include "lib/unit.h"

#include <libpq-fe.h>
#include <sqlite3.h>

#include "base/check.h"
#include "store/store.h"

struct database {
    enum dialect dialect;
    sqlite3 *lite;
    PGconn *pg;
};

/* In memory, set as the SQLite store sets its connections. */
void database_open_sqlite(struct database *database);
void database_open_pg(struct database *database, const char *url);
void database_close(struct database *database);

void database_run(struct database *database, const char *format, ...) printf_like(2, 3);

/* The rows of a statement: cells one after the other, `*ret_columns` a row, as the stores give them. Returns how many rows. */
unsigned database_rows(struct database *database, const struct statement *statement, struct arena *arena,
                       struct slice **ret_cells, unsigned *ret_columns);

/* How the database would run it: EXPLAIN QUERY PLAN, or EXPLAIN (COSTS OFF) of the generic plan. */
struct slice database_explain(struct database *database, const struct statement *statement,
                              struct arena *arena);

#endif
