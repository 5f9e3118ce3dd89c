/* SPDX-License-Identifier: Apache-2.0 */
/* Asking a connection and waiting for the answer: at start and at a reload, where there is no loop. libpq's own PQexec would
 * wait for ever for a server that has gone silent.
 *
 * Each returns what its namesake of libpq does. When nothing comes for silence_ms the connection is shut, and this and all
 * further answers are errors. One thread at a time. */
#ifndef LEAT_STORE_PG_ASK_H
#define LEAT_STORE_PG_ASK_H

#include <libpq-fe.h>
#include <stdint.h>

PGresult *pg_ask_next(PGconn *conn, int64_t silence_ms); /* PQgetResult */
PGresult *pg_ask(PGconn *conn, const char *sql, int64_t silence_ms);
PGresult *pg_ask_prepare(PGconn *conn, const char *sql, int64_t silence_ms);
PGresult *pg_ask_describe(PGconn *conn, int64_t silence_ms);

#endif
