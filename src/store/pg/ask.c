/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for answers with an end. See ask.h. */
#include "store/pg/ask.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/clock.h"

/* Waits for bytes. False: none came in time, and the connection is shut; libpq will find its end. */
static bool await_bytes(PGconn *conn, struct mono until)
{
    int64_t left_us = mono_diff_us(until, clock_mono());
    struct pollfd socket = {.fd = PQsocket(conn), .events = POLLIN};
    if (left_us > 0 && poll(&socket, 1, (int)(left_us / 1000 + 1)) != 0)
        return true;
    if (mono_diff_us(until, clock_mono()) > 0)
        return true;
    (void)shutdown(PQsocket(conn), SHUT_RDWR);
    return false;
}

PGresult *pg_ask_next(PGconn *conn, int64_t silence_ms)
{
    PRE(silence_ms > 0);
    struct mono until = mono_after_ms(clock_mono(), silence_ms);
    while (PQisBusy(conn)) {
        if (await_bytes(conn, until))
            until = mono_after_ms(clock_mono(), silence_ms);
        if (PQconsumeInput(conn) != 1)
            break;
    }
    return PQgetResult(conn);
}

/* The last result of what was sent, or the first that is an error: as PQexec has it. */
static PGresult *last_of(PGconn *conn, int sent, int64_t silence_ms)
{
    PGresult *last = NULL, *result;
    if (sent != 1)
        return NULL;
    while ((result = pg_ask_next(conn, silence_ms)) != NULL) {
        if (last != NULL && PQresultStatus(last) == PGRES_FATAL_ERROR) {
            PQclear(result);
            continue;
        }
        PQclear(last);
        last = result;
    }
    return last;
}

PGresult *pg_ask(PGconn *conn, const char *sql, int64_t silence_ms)
{
    return last_of(conn, PQsendQuery(conn, sql), silence_ms);
}

PGresult *pg_ask_prepare(PGconn *conn, const char *sql, int64_t silence_ms)
{
    return last_of(conn, PQsendPrepare(conn, "", sql, 0, NULL), silence_ms);
}

PGresult *pg_ask_describe(PGconn *conn, int64_t silence_ms)
{
    return last_of(conn, PQsendDescribePrepared(conn, ""), silence_ms);
}
