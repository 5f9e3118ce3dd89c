/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting for answers with an end. See ask.h. */
#include "store/pg/ask.h"

#include <poll.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/clock.h"

enum { TIMEOUT_S_MAX = 600 };

/* ---- connecting ---- */

static int connect_timeout_s(PGconn *conn)
{
    int64_t timeout_s = 0;
    PQconninfoOption *options = PQconninfo(conn);
    for (PQconninfoOption *option = options; option && option->keyword; option++)
        if (strcmp(option->keyword, "connect_timeout") == 0 && option->val)
            slice_to_int(slice_str(option->val), &timeout_s);
    PQconninfoFree(options);
    return timeout_s > 0 && timeout_s < TIMEOUT_S_MAX ? (int)timeout_s : TIMEOUT_S_MAX;
}

/* False: the time is over. */
static bool await_socket(PGconn *conn, short events, struct mono until)
{
    struct pollfd socket = {.fd = PQsocket(conn), .events = events};
    for (int64_t left_us; (left_us = mono_diff_us(until, clock_mono())) > 0;)
        if (poll(&socket, 1, (int)(left_us / 1000 + 1)) > 0)
            return true;
    return false;
}

PGconn *pg_ask_connect(const char *const *keywords, const char *const *values, struct failure *ret_failure)
{
    PGconn *conn = PQconnectStartParams(keywords, values, 0);
    PQsetErrorVerbosity(conn, PQERRORS_VERBOSE); /* has the SQLSTATE of a refusal */
    struct mono until = mono_after_ms(clock_mono(), connect_timeout_s(conn) * 1000);
    bool in_time = true;
    PostgresPollingStatusType next =
        PQstatus(conn) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
    while (in_time && (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING)) {
        in_time = await_socket(conn, next == PGRES_POLLING_READING ? POLLIN : POLLOUT, until);
        next = in_time ? PQconnectPoll(conn) : next;
    }
    if (next == PGRES_POLLING_OK) {
        PQsetErrorVerbosity(conn, PQERRORS_DEFAULT);
        return conn;
    }
    if (in_time)
        pg_failure_of_connection(conn, ret_failure);
    else
        pg_failure_make(ret_failure, "08001", "nothing answers within `connect_timeout`");
    PQfinish(conn);
    return NULL;
}

PGconn *pg_ask_target(const struct target *target, struct failure *ret_failure)
{
    const char *keywords[TARGET_KEYWORDS_MAX + 1], *values[TARGET_KEYWORDS_MAX + 1];
    memcpy(keywords, target->keywords, sizeof target->keywords);
    memcpy(values, target->values, sizeof target->values);
    keywords[target->count] = values[target->count] = NULL;
    return pg_ask_connect(keywords, values, ret_failure);
}

/* ---- asking ---- */

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
