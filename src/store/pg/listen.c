/* SPDX-License-Identifier: Apache-2.0 */
/* A connection that LISTENs, or that asks what a replication stream beside it means. See store/listen.h, triggers.h and stream.h.
 *
 *   WAITING ──back-off over──▶ OPENING ──ready: LISTEN──────────────▶ ASKING ──answered──▶ HEARS
 *      ▲                          │    └─▶ the stream opens, starts ──▶┘                    │ a question each second, so that a
 *      └──────────── failed, lost, or no answer within two seconds ─────────────────────────┘ connection that died is found
 *
 * With a stream there are more questions: whenever transactions wait to be told, until they are visible. The two fail together.
 * Both are beyond the pool's count, and live as long as their listener. Failure: they are opened again, with back-off. */
#include <stdlib.h>

#include "base/mem.h"
#include "store/pg/port.h"
#include "store/pg/stream.h"
#include "store/pg/triggers.h"

enum { LISTENER_MAGIC = 0x50474c49, SILENT_PINGS_MAX = 2, BACKOFF_MS_MAX = 1000, QUIET_TURN_MS = 10 };
enum { AGAIN_MS_MIN = 1 };

struct pg_listener {
    struct listener base;
    uint32_t magic;
    struct session session;
    struct loop *loop;
    struct timer timer; /* the next look, or the next attempt */
    unsigned failures;  /* in a row */
    unsigned silent;    /* looks in a row that found it silent */
    unsigned jobs_out;
    bool asking, hears;
    bool answered;            /* since the last look */
    struct pg_stream *stream; /* NULL: it LISTENs */
    struct timer again;       /* the next question, while transactions wait to be told */
    int64_t again_ms;
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

/* What is still not visible, mostly for it waits for a standby, is asked for more and more seldom; what may be so by now, at once. */
static bool settle(struct pg_listener *listener)
{
    bool told = false;
    if (pg_stream_settle(listener->stream, &listener->base.events, &told) != OK) {
        pg_session_fail(&listener->session, "08P01", "the database answers what cannot be understood");
        return false;
    }
    int64_t twice = listener->again_ms * 2;
    listener->again_ms = told ? AGAIN_MS_MIN : twice < LISTEN_PING_MS ? twice : LISTEN_PING_MS;
    if (pg_stream_waits(listener->stream))
        loop_timer_set(listener->loop, &listener->again, listener->again_ms);
    return true;
}

/* An answer was read to its end. */
static void answered(struct pg_listener *listener)
{
    listener->asking = false;
    listener->answered = true;
    if (!listener->stream || settle(listener))
        hears(listener);
}

/* False: it is an error, or no answer to what was asked. */
static bool read_result(struct pg_listener *listener, const PGresult *result, struct failure *ret_failure)
{
    bool good = PQresultStatus(result) != PGRES_FATAL_ERROR;
    if (!good)
        pg_failure_of_result(result, ret_failure);
    else if (listener->stream && pg_stream_answer(listener->stream, result) != OK)
        pg_failure_make(ret_failure, "08P01", "the database answers what cannot be understood");
    else
        return true;
    return false;
}

/* False: the session has failed. */
static bool read_results(struct pg_listener *listener)
{
    PGconn *conn = listener->session.conn;
    while (listener->asking && !PQisBusy(conn)) {
        PGresult *result = PQgetResult(conn);
        if (!result) {
            answered(listener);
            return listener->session.state == SESSION_READY;
        }
        struct failure failure;
        bool good = read_result(listener, result, &failure);
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
    PRE(!listener->asking);
    loop_timer_stop(&listener->again);
    if (!sql || PQsendQuery(listener->session.conn, sql) != 1) {
        pg_session_fail(&listener->session, "08006", "the connection that listens was lost");
        return;
    }
    listener->asking = true;
    pg_session_flush(&listener->session);
}

static void begin_asking(struct pg_listener *listener, const char *sql)
{
    listener->silent = 0;
    listener->answered = false;
    loop_timer_set(listener->loop, &listener->timer, LISTEN_PING_MS);
    ask(listener, sql);
}

static void on_ready(struct session *session)
{
    struct pg_listener *listener = container_of(session, struct pg_listener, session);
    if (PQexitPipelineMode(session->conn) != 1)
        pg_session_fail(session, "08006", "the connection cannot leave pipeline mode");
    else if (listener->stream)
        pg_stream_open(listener->stream, listener->loop, &listener->jobs_out);
    else
        begin_asking(listener, "LISTEN " PG_CHANNEL);
}

static const char *question(struct pg_listener *listener)
{
    return listener->stream ? pg_stream_question(listener->stream) : "SELECT 'listening to " PG_CHANNEL "'";
}

static void look(struct pg_listener *listener)
{
    bool silent = listener->asking && !listener->answered;
    bool keeps_up = !listener->stream || pg_stream_keeps_up(listener->stream);
    listener->silent = silent || !keeps_up ? listener->silent + 1 : 0;
    listener->answered = false;
    if (listener->silent >= SILENT_PINGS_MAX) {
        pg_session_fail(&listener->session, "08006",
                        silent ? "the database has not answered for two seconds"
                               : "the replication is more than two seconds behind");
        return;
    }
    loop_timer_set(listener->loop, &listener->timer, LISTEN_PING_MS);
    if (!listener->asking)
        ask(listener, question(listener));
}

static void on_due(struct timer *timer)
{
    struct pg_listener *listener = container_of(timer, struct pg_listener, timer);
    CHECK_MAGIC(listener, LISTENER_MAGIC);
    if (listener->session.state == SESSION_CLOSED)
        pg_session_open(&listener->session, listener->loop, &listener->jobs_out);
    else
        look(listener);
}

static void on_again(struct timer *timer)
{
    struct pg_listener *listener = container_of(timer, struct pg_listener, again);
    CHECK_MAGIC(listener, LISTENER_MAGIC);
    if (!listener->asking)
        ask(listener, question(listener));
}

static void on_failed(struct session *session)
{
    struct pg_listener *listener = container_of(session, struct pg_listener, session);
    int64_t wait_ms = pg_backoff_ms(++listener->failures, (uint64_t)random());
    listener->asking = listener->hears = false;
    loop_timer_stop(&listener->again);
    if (listener->stream)
        pg_stream_close(listener->stream);
    loop_timer_set(listener->loop, &listener->timer, wait_ms < BACKOFF_MS_MAX ? wait_ms : BACKOFF_MS_MAX);
    listener->base.events.on_hearing(listener->base.events.context, false, session->failure.cause);
}

static const struct session_events events = {on_ready, on_readable, on_failed};

/* ---- the stream beside it ---- */

static void on_started(void *context)
{
    struct pg_listener *listener = context;
    begin_asking(listener, question(listener));
}

/* What came while an answer was waited for has the next question, after that. */
static void on_heard(void *context)
{
    struct pg_listener *listener = context;
    if (!listener->hears)
        return;
    listener->again_ms = AGAIN_MS_MIN;
    if (listener->again.loop)
        loop_timer_set(listener->loop, &listener->again, listener->again_ms);
    else if (!listener->asking)
        ask(listener, question(listener));
}

static void on_stream_failed(void *context, const struct failure *failure)
{
    struct pg_listener *listener = context;
    pg_session_fail_with(&listener->session, failure);
}

/* ---- life ---- */

struct listener *pg_listen(struct store *store, struct loop *loop, const struct listener_events *to)
{
    struct pg_listener *listener = mem_must(sizeof *listener);
    listener->base = (struct listener){store, *to};
    listener->magic = LISTENER_MAGIC;
    listener->loop = loop;
    listener->timer.on_due = on_due;
    listener->again.on_due = on_again;
    listener->again_ms = AGAIN_MS_MIN;
    if (store_of(listener)->options.replication)
        listener->stream =
            pg_stream_new(store_of(listener),
                          &(struct pg_stream_events){listener, on_started, on_heard, on_stream_failed});
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
    loop_timer_stop(&listener->again);
    pg_session_close(&listener->session);
    if (listener->stream)
        pg_stream_close(listener->stream);
    while (listener->jobs_out > 0)
        loop_turn(listener->loop, QUIET_TURN_MS);
    listener->magic = 0;
    pg_stream_free(listener->stream);
    mem_free(listener);
}
