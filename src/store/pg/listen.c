/* SPDX-License-Identifier: Apache-2.0 */
/* A connection that LISTENs. See store/listen.h and triggers.h.
 *
 *   WAITING ──back-off over──▶ OPENING ──ready: LISTEN──▶ ASKING ──answered──▶ HEARS
 *      ▲                          │                         │                    │ a question each second, so that a
 *      └──────────── failed, lost, or no answer within two seconds ──────────────┘ connection that died is found
 *
 * It is beyond the pool's count, and lives as long as its listener. Failure: it is opened again, with back-off. */
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/pg/ask.h"
#include "store/pg/catalog.h"
#include "store/pg/port.h"
#include "store/pg/triggers.h"

enum { LISTENER_MAGIC = 0x50474c49, SILENT_PINGS_MAX = 2, BACKOFF_MS_MAX = 1000, QUIET_TURN_MS = 10 };

struct pg_listener {
    struct listener base;
    uint32_t magic;
    struct session session;
    struct loop *loop;
    struct timer timer; /* the next question, or the next attempt */
    unsigned failures;  /* in a row */
    unsigned silent;    /* pings that passed since the question */
    unsigned jobs_out;
    bool asking, hears;
};

static struct pg_store *store_of(const struct pg_listener *listener)
{
    return container_of(listener->base.store, struct pg_store, base);
}

/* ---- what is heard ---- */

static void tell(struct pg_listener *listener, PGnotify *notify)
{
    struct change change;
    if (pg_change_read(notify->extra, slice_str(store_of(listener)->instance), &change))
        listener->base.events.on_change(listener->base.events.context, &change);
    PQfreemem(notify);
}

static void hears(struct pg_listener *listener)
{
    listener->failures = 0;
    if (listener->hears)
        return;
    listener->hears = true;
    listener->base.events.on_hearing(listener->base.events.context, true, "");
}

/* An answer was read to its end. */
static void answered(struct pg_listener *listener)
{
    listener->asking = false;
    hears(listener);
}

/* False: the session has failed. */
static bool read_results(struct pg_listener *listener)
{
    PGconn *conn = listener->session.conn;
    while (listener->asking && !PQisBusy(conn)) {
        PGresult *result = PQgetResult(conn);
        if (!result) {
            answered(listener);
            break;
        }
        bool good = PQresultStatus(result) != PGRES_FATAL_ERROR;
        struct failure failure;
        if (!good)
            pg_failure_of_result(result, &failure);
        PQclear(result);
        if (!good) {
            pg_session_fail_with(&listener->session, &failure);
            return false;
        }
    }
    return true;
}

static void on_readable(struct session *session)
{
    struct pg_listener *listener = container_of(session, struct pg_listener, session);
    CHECK_MAGIC(listener, LISTENER_MAGIC);
    bool alive = PQconsumeInput(session->conn) == 1;
    for (PGnotify *notify; (notify = PQnotifies(session->conn)) != NULL;)
        tell(listener, notify);
    if (read_results(listener) && !alive)
        pg_session_fail(session, "08006", "the connection that listens was lost");
}

/* ---- what is asked ---- */

static void ask(struct pg_listener *listener, const char *sql)
{
    if (PQsendQuery(listener->session.conn, sql) != 1) {
        pg_session_fail(&listener->session, "08006", "the connection that listens was lost");
        return;
    }
    listener->asking = true;
    listener->silent = 0;
    pg_session_flush(&listener->session);
    loop_timer_set(listener->loop, &listener->timer, LISTEN_PING_MS);
}

static void on_ready(struct session *session)
{
    struct pg_listener *listener = container_of(session, struct pg_listener, session);
    if (PQexitPipelineMode(session->conn) == 1)
        ask(listener, "LISTEN " PG_CHANNEL);
    else
        pg_session_fail(session, "08006", "the connection cannot leave pipeline mode");
}

static void on_due(struct timer *timer)
{
    struct pg_listener *listener = container_of(timer, struct pg_listener, timer);
    CHECK_MAGIC(listener, LISTENER_MAGIC);
    if (listener->session.state == SESSION_CLOSED)
        pg_session_open(&listener->session, listener->loop, &listener->jobs_out);
    else if (!listener->asking)
        ask(listener, "SELECT 'listening to " PG_CHANNEL "'");
    else if (++listener->silent < SILENT_PINGS_MAX)
        loop_timer_set(listener->loop, timer, LISTEN_PING_MS);
    else
        pg_session_fail(&listener->session, "08006", "the database has not answered for two seconds");
}

static void on_failed(struct session *session)
{
    struct pg_listener *listener = container_of(session, struct pg_listener, session);
    int64_t wait_ms = pg_backoff_ms(++listener->failures, (uint64_t)random());
    listener->asking = listener->hears = false;
    loop_timer_set(listener->loop, &listener->timer, wait_ms < BACKOFF_MS_MAX ? wait_ms : BACKOFF_MS_MAX);
    listener->base.events.on_hearing(listener->base.events.context, false, session->failure.cause);
}

static const struct session_events events = {on_ready, on_readable, on_failed};

/* ---- life ---- */

struct listener *pg_listen(struct store *store, struct loop *loop, const struct listener_events *to)
{
    struct pg_listener *listener = mem_must(sizeof *listener);
    listener->base = (struct listener){store, *to};
    listener->magic = LISTENER_MAGIC;
    listener->loop = loop;
    listener->timer.on_due = on_due;
    pg_session_init(&listener->session, &store_of(listener)->sessions, SESSION_SLOW, &events);
    pg_session_open(&listener->session, loop, &listener->jobs_out);
    return &listener->base;
}

bool pg_listener_is_quiet(const struct listener *base)
{
    return container_of(base, struct pg_listener, base)->jobs_out == 0;
}

void pg_unlisten(struct listener *base)
{
    struct pg_listener *listener = container_of(base, struct pg_listener, base);
    CHECK_MAGIC(listener, LISTENER_MAGIC);
    loop_timer_stop(&listener->timer);
    pg_session_close(&listener->session);
    while (listener->jobs_out > 0)
        loop_turn(listener->loop, QUIET_TURN_MS);
    listener->magic = 0;
    mem_free(listener);
}

/* ---- triggers ---- */

enum error pg_triggers_run(struct store *base, const char *sql, char ret_why[512])
{
    struct pg_store *store = container_of(base, struct pg_store, base);
    PGconn *conn = pg_catalog_connect(store, ret_why);
    if (conn == NULL)
        return ERR_SYSTEM;
    PGresult *result = pg_ask(conn, sql, pg_catalog_silence_ms(store));
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK;
    struct failure failure;
    if (!good && result)
        pg_failure_of_result(result, &failure);
    else if (!good)
        pg_failure_of_connection(conn, &failure);
    if (!good)
        snprintf(ret_why, 512, "the triggers that tell of writes cannot be changed: %.320s", failure.cause);
    PQclear(result);
    PQfinish(conn);
    return good ? OK : ERR_SYSTEM;
}
