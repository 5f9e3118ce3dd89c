/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong at the database, and what a client is told of it: one table from SQLSTATE to problem.
 * Ownership: a failure points to nothing; the problem's texts are literals or lie in the arena given. Any thread. */
#ifndef LEAT_STORE_PG_FAILURE_H
#define LEAT_STORE_PG_FAILURE_H

#include <libpq-fe.h>

#include "base/arena.h"
#include "base/problem.h"
#include "store/pg/refusal.h"

struct failure {
    char sqlstate[6];                          /* "08006" when libpq knows none */
    char message[400], detail[400], hint[400]; /* its own words, for clients where the table says so */
    char cause[512];                           /* message, detail and hint in one line, for the log */
    struct refusal refusal;
    bool fatal;   /* the session ends with it */
    bool orderly; /* the backend ended by itself, and rolled back what it had not committed */
};

/* Of a result with an error, and of a connection that failed (connecting or in the middle). */
void pg_failure_of_result(const PGresult *result, struct failure *ret_failure);
void pg_failure_of_connection(const PGconn *conn, struct failure *ret_failure);
void pg_failure_make(struct failure *ret_failure, const char *sqlstate, const char *text);

/* Compares the beginning: "57P" for a class of them. */
bool pg_failure_is(const struct failure *failure, const char *sqlstate);

/* The connection is going away: the statement itself is not to blame. */
bool pg_failure_is_connection(const struct failure *failure);

/* Sending the same statement again may do better, once. */
bool pg_failure_is_passing(const struct failure *failure);

/* The prepared statement, not the text, was at fault. */
bool pg_failure_is_prepared(const struct failure *failure);

/* What to do about a database that does not connect: the end of a sentence to whoever starts the program. */
const char *pg_failure_advice(const struct failure *failure);

struct problem pg_failure_problem(const struct failure *failure, struct arena *arena);
/* The same of a write, of which some are no fault of the database's. */
struct problem pg_failure_problem_of_write(const struct failure *failure, struct arena *arena);

/* What the store itself ends a fetch with. unknown: whether a write was committed. */
struct problem pg_problem_unknown(const struct failure *failure, struct arena *arena);
struct problem pg_problem_cancelled(void);
struct problem pg_problem_timeout(int64_t timeout_ms, struct arena *arena);
struct problem pg_problem_pool(int64_t wait_ms, struct arena *arena);

#endif
