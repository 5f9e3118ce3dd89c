/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a connection and waiting for the answer: at start and at a reload, where there is no loop. libpq's own PQexec would
 * wait for ever for a server that has gone silent.
 *
 * But for pg_ask_connect each returns what its namesake of libpq does. When nothing comes for silence_ms the connection
 * is shut, and this and all further answers are errors. One thread at a time. */
#ifndef LEAT_STORE_PG_ASK_H
#define LEAT_STORE_PG_ASK_H

#include <stdint.h>

#include "store/pg/failure.h"
#include "store/pg/target.h"

/* PQconnectdbParams, with two differences: a refusal's SQLSTATE is known, and `connect_timeout` holds for all hosts
 * together. NULL: *ret_failure says why. */
PGconn *pg_ask_connect(const char *const *keywords, const char *const *values, struct failure *ret_failure);
PGconn *pg_ask_target(const struct target *target, struct failure *ret_failure);

PGresult *pg_ask_next(PGconn *conn, int64_t silence_ms); /* PQgetResult */
PGresult *pg_ask(PGconn *conn, const char *sql, int64_t silence_ms);
PGresult *pg_ask_prepare(PGconn *conn, const char *sql, int64_t silence_ms);
PGresult *pg_ask_describe(PGconn *conn, int64_t silence_ms);

#endif
