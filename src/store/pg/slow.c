/* SPDX-License-Identifier: Apache-2.0 */
/* Slow lanes: lending, running, cancelling. See slow.h. */
#include "store/pg/slow.h"

#include "base/mem.h"
#include "store/pg/read.h"

enum { SLOW_MAGIC = 0x5047534c, SILENCE_MS_MAX = 10000 };

#define BIT(state) (1u << (state))
static const unsigned moves[] = {
    [SLOW_OPENING] = BIT(SLOW_FREE) | BIT(SLOW_GONE),
    [SLOW_FREE] = BIT(SLOW_RUNNING) | BIT(SLOW_GONE),
    [SLOW_RUNNING] = BIT(SLOW_FREE) | BIT(SLOW_CANCELLING) | BIT(SLOW_GONE),
    [SLOW_CANCELLING] = BIT(SLOW_CALL_DUE) | BIT(SLOW_RESULT_DUE) | BIT(SLOW_GONE),
    [SLOW_CALL_DUE] = BIT(SLOW_FREE) | BIT(SLOW_GONE),
    [SLOW_RESULT_DUE] = BIT(SLOW_FREE) | BIT(SLOW_GONE),
    [SLOW_GONE] = 0,
};

static bool busy(enum slow_state state)
{
    return state != SLOW_OPENING && state != SLOW_FREE && state != SLOW_GONE;
}

static void move(struct slow *slow, enum slow_state to)
{
    CHECK_MAGIC(slow, SLOW_MAGIC);
    PRE(moves[slow->state] & BIT(to));
    if (busy(slow->state) != busy(to))
        gauge_add(&slow->port->counters.slow_running, busy(to) ? 1 : -1);
    if (slow->state == SLOW_OPENING)
        slow->port->slow_opening--;
    slow->state = to;
}
#undef BIT

void pg_slow_free(struct slow *slow)
{
    CHECK_MAGIC(slow, SLOW_MAGIC);
    pg_session_close(&slow->session);
    list_remove(&slow->link);
    PQfreeCancel(slow->cancel); /* takes NULL */
    slow->magic = 0;
    mem_free(slow);
}

/* It is no more; a cancel call that is out frees it on coming home. */
static void gone(struct slow *slow)
{
    bool call_out = slow->cancel != NULL;
    PRE(slow->fetch == NULL);
    move(slow, SLOW_GONE);
    pg_session_close(&slow->session);
    list_remove(&slow->link);
    pg_pool_gone(&slow->port->store->pool);
    if (!call_out)
        pg_slow_free(slow);
}

static void lost(struct slow *slow, const struct failure *failure)
{
    struct pg_port *port = slow->port;
    struct fetch *fetch = slow->fetch;
    slow->fetch = NULL;
    gone(slow);
    pg_pool_was_lost(&port->store->pool, failure);
    count_up(&port->counters.reconnects, 1);
    pg_port_wake(port);
    if (fetch == NULL)
        return;
    fetch->store_data[1] = NULL; /* the slow lane may be freed by now */
    if (pg_read_outlives_loss(fetch)) {
        count_up(&port->counters.resent, 1);
        pg_port_enqueue(port, fetch);
    } else {
        pg_read_fail(port, fetch, failure);
    }
}

static void lost_conn(struct slow *slow)
{
    struct failure failure;
    pg_failure_of_connection(slow->session.conn, &failure);
    lost(slow, &failure);
}

/* ---- running ---- */

static bool send_statement(struct slow *slow, const struct statement *statement)
{
    PGconn *conn = slow->session.conn;
    struct pg_port *port = slow->port;
    struct slice preamble = port->store->preambles[SESSION_SLOW];
    slow->stage = preamble.len > 0 ? STAGE_PREAMBLE : STAGE_READ;
    if (preamble.len > 0 && PQsendQueryParams(conn, preamble.data, 0, NULL, NULL, NULL, NULL, 0) != 1)
        return false;
    const char *const *values = pg_port_values(port, statement);
    if (PQsendQueryParams(conn, statement->text.data, (int)statement->bind_count, NULL, values, NULL, NULL,
                          0) != 1)
        return false;
    if (slow->stage == STAGE_READ)
        PQsetSingleRowMode(conn);
    return PQpipelineSync(conn) == 1;
}

/* False: it is not FREE any more, maybe gone. True: that read had been sent too often and is ended. */
static bool run(struct slow *slow, struct fetch *fetch)
{
    struct pg_port *port = slow->port;
    PRE(slow->fetch == NULL && read_state(fetch) == READ_WAITING);
    list_remove(&fetch->link);
    if (!pg_read_try(fetch)) {
        pg_read_fail_tried(port, fetch);
        return true;
    }
    move(slow, SLOW_RUNNING);
    pg_read_move(port, fetch, READ_RUNNING);
    slow->fetch = fetch;
    slow->answer_bytes = 0;
    slow->sent_at = fetch->sent = loop_now(port->loop);
    fetch->store_data[1] = slow;
    fetch->lane = "slow";
    if (send_statement(slow, &fetch->statement))
        pg_session_flush(&slow->session);
    else
        lost_conn(slow);
    return false;
}

/* FREE: the next read of this port, or back to the pool. */
static void next(struct slow *slow)
{
    struct pg_port *port = slow->port;
    struct pool *pool = &port->store->pool;
    PRE(slow->state == SLOW_FREE);
    if (!list_empty(&port->slow_reads) && !pg_pool_others_wait(pool, &port->waiter)) {
        if (!run(slow, container_of(port->slow_reads.next, struct fetch, link)))
            return;
    }
    list_remove(&slow->link);
    pg_session_leave(&slow->session);
    slow->port = NULL;
    if (!pg_pool_give(pool, slow, loop_now(port->loop))) {
        pg_slow_free(slow);
        pg_pool_gone(pool);
    }
    if (!list_empty(&port->slow_reads))
        pg_port_wake(port);
}

/* ---- results ---- */

static void measure(struct slow *slow, struct fetch *fetch)
{
    int64_t run_us = mono_diff_us(loop_now(slow->port->loop), slow->sent_at);
    pg_shape_measure(read_shape(fetch), run_us, slow->answer_bytes);
}

static void read_done(struct slow *slow)
{
    struct fetch *fetch = slow->fetch;
    if (fetch == NULL)
        return;
    measure(slow, fetch);
    pg_read_end(slow->port, fetch, NULL);
}

static void give_row(struct slow *slow, const PGresult *result)
{
    struct fetch *fetch = slow->fetch;
    if (fetch == NULL)
        return;
    slow->port->given_bytes = 0;
    bool more = pg_read_give_row(slow->port, fetch, result, 0);
    slow->answer_bytes += slow->port->given_bytes;
    if (more)
        return;
    read_done(slow);
    pg_slow_cancel(slow);
}

/* False: the connection is going. */
static bool read_failed(struct slow *slow, const PGresult *result)
{
    struct failure failure;
    struct pg_port *port = slow->port;
    struct fetch *fetch = slow->fetch;
    pg_failure_of_result(result, &failure);
    if (pg_failure_is_connection(&failure)) {
        lost(slow, &failure);
        return false;
    }
    if (fetch == NULL)
        return true;
    if (pg_failure_is(&failure, "57014"))
        pg_shape_timed_out(read_shape(fetch), mono_diff_us(loop_now(port->loop), slow->sent_at));
    if (pg_failure_is_passing(&failure) && fetch->rows == 0 && !(fetch->state & READ_RETRIED)) {
        slow->fetch = NULL;
        fetch->store_data[1] = NULL;
        fetch->state |= READ_RETRIED;
        count_up(&port->counters.resent, 1);
        pg_port_enqueue(port, fetch);
    } else {
        pg_read_fail(port, fetch, &failure);
    }
    return true;
}

static void statement_over(struct slow *slow)
{
    PRE(slow->stage == STAGE_SYNC);
    POST(slow->fetch == NULL);
    pg_pool_is_up(&slow->port->store->pool);
    if (slow->state == SLOW_CANCELLING) {
        move(slow, SLOW_CALL_DUE);
        return;
    }
    move(slow, SLOW_FREE);
    next(slow);
}

static void result_ended(struct slow *slow)
{
    slow->stage++;
    PRE(slow->stage <= STAGE_SYNC);
    if (slow->stage == STAGE_READ)
        PQsetSingleRowMode(slow->session.conn);
}

/* False: stop reading: the connection is gone, or given back. */
static bool take_result(struct slow *slow, const PGresult *result)
{
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
        give_row(slow, result);
        return true;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
        if (slow->stage == STAGE_READ)
            read_done(slow);
        return true;
    case PGRES_PIPELINE_ABORTED:
        return true; /* the preamble failed, and has ended the read */
    case PGRES_PIPELINE_SYNC:
        statement_over(slow);
        return false;
    default:
        return read_failed(slow, result);
    }
}

static void on_readable(struct session *session)
{
    struct slow *slow = container_of(session, struct slow, session);
    PGconn *conn = session->conn;
    if (PQconsumeInput(conn) != 1) {
        lost_conn(slow);
        return;
    }
    while (!PQisBusy(conn) && busy(slow->state) && slow->state != SLOW_CALL_DUE) {
        PGresult *result = PQgetResult(conn);
        if (result == NULL) {
            result_ended(slow);
            continue;
        }
        bool more = take_result(slow, result);
        PQclear(result);
        if (!more)
            return;
    }
}

/* ---- cancelling ---- */

static void call_run(struct job *job)
{
    char ignored[256]; /* a cancel that fails leaves the statement to its timeout */
    PQcancel(container_of(job, struct slow, job)->cancel, ignored, sizeof ignored);
}

static void call_done(struct job *job)
{
    struct slow *slow = container_of(job, struct slow, job);
    CHECK_MAGIC(slow, SLOW_MAGIC);
    slow->port->jobs_out--;
    atomic_store(&slow->port->store->pool.cancelling, false);
    PQfreeCancel(slow->cancel);
    slow->cancel = NULL;
    if (slow->state == SLOW_GONE) {
        pg_slow_free(slow);
    } else if (slow->state == SLOW_CANCELLING) {
        move(slow, SLOW_RESULT_DUE);
    } else {
        move(slow, SLOW_FREE);
        next(slow);
    }
}

/* One call at a time in the process: at a server that has gone silent it does not return, and must leave threads of the offload
 * pool for others. Who finds one under way, or cannot have it, is asked again by the tick. */
void pg_slow_cancel(struct slow *slow)
{
    PRE(slow->fetch == NULL);
    if (slow->state != SLOW_RUNNING || slow->stage == STAGE_SYNC)
        return;
    struct pool *pool = &slow->port->store->pool;
    if (atomic_exchange(&pool->cancelling, true))
        return;
    slow->cancel = PQgetCancel(slow->session.conn);
    slow->job = (struct job){.run = call_run, .on_done = call_done, .home = slow->port->loop};
    if (slow->cancel != NULL && offload_submit(slow->port->store->offload, &slow->job) == OK) {
        slow->port->jobs_out++;
        move(slow, SLOW_CANCELLING);
        return;
    }
    PQfreeCancel(slow->cancel);
    slow->cancel = NULL;
    atomic_store(&pool->cancelling, false);
}

/* ---- having some ---- */

static void on_ready(struct session *session)
{
    struct slow *slow = container_of(session, struct slow, session);
    pg_pool_is_up(&slow->port->store->pool);
    move(slow, SLOW_FREE);
    next(slow);
}

static void on_failed(struct session *session)
{
    struct slow *slow = container_of(session, struct slow, session);
    struct pg_port *port = slow->port;
    struct failure failure = session->failure;
    PRE(slow->state == SLOW_OPENING);
    pg_pool_is_down(&port->store->pool, &failure, loop_now(port->loop));
    gone(slow);
    pg_port_wake(port);
}

static const struct session_events events = {on_ready, on_readable, on_failed};

static void open_another(struct pg_port *port)
{
    struct slow *slow = mem_must(sizeof *slow);
    slow->magic = SLOW_MAGIC;
    slow->state = SLOW_OPENING;
    slow->port = port;
    port->slow_opening++;
    list_push(&port->slows, &slow->link);
    pg_session_init(&slow->session, &port->store->sessions, SESSION_SLOW, &events);
    pg_session_open(&slow->session, port->loop, &port->jobs_out);
}

/* One that lay idle: checked before use. */
static void take_over(struct pg_port *port, struct slow *slow)
{
    PRE(slow->state == SLOW_FREE);
    slow->port = port;
    slow->session.jobs_out = &port->jobs_out;
    list_push(&port->slows, &slow->link);
    if (!pg_session_is_sound(&slow->session) || !pg_session_join(&slow->session, port->loop)) {
        gone(slow);
        return;
    }
    if (run(slow, container_of(port->slow_reads.next, struct fetch, link)))
        next(slow);
}

void pg_slow_pump(struct pg_port *port)
{
    while (!list_empty(&port->slow_reads)) {
        struct slow *slow = NULL;
        struct failure failure;
        bool may_open = port->slow_opening < port->slow_reads_count;
        switch (pg_pool_take(&port->store->pool, &port->waiter, may_open, loop_now(port->loop), &slow,
                             &failure)) {
        case POOL_GIVEN:
            take_over(port, slow);
            break;
        case POOL_MAY_OPEN:
            open_another(port);
            break;
        case POOL_DOWN:
            pg_read_fail_all(port, &port->slow_reads, &failure);
            return;
        case POOL_FULL:
            return;
        }
    }
}

/* ---- time and end ---- */

static bool is_silent(const struct slow *slow, int64_t timeout_ms, struct mono now)
{
    return busy(slow->state) && slow->state != SLOW_CALL_DUE && timeout_ms > 0 &&
           mono_diff_us(now, slow->sent_at) > (timeout_ms + SILENCE_MS_MAX) * 1000;
}

void pg_slow_tick(struct pg_port *port, struct mono now)
{
    struct failure failure;
    pg_failure_make(&failure, "08006", "the database is silent, long after its timeout");
    LIST_EACH_SAFE (&port->slows, link, after) {
        struct slow *slow = container_of(link, struct slow, link);
        if (is_silent(slow, port->store->options.timeout_ms, now))
            lost(slow, &failure);
        else if (slow->state == SLOW_RUNNING && slow->fetch == NULL)
            pg_slow_cancel(slow);
    }
}

void pg_slow_close_all(struct pg_port *port, const struct failure *failure)
{
    pg_read_fail_all(port, &port->slow_reads, failure);
    for (struct list *link; (link = port->slows.next) != &port->slows;) {
        struct slow *slow = container_of(link, struct slow, link);
        struct fetch *fetch = slow->fetch;
        slow->fetch = NULL;
        gone(slow);
        if (fetch == NULL)
            continue;
        fetch->store_data[1] = NULL;
        pg_read_fail(port, fetch, failure);
    }
}
