/* SPDX-License-Identifier: Apache-2.0 */
/* Connections on loan: opening, taking over, running, giving back, losing. See loan.h. */
#include "store/pg/loan.h"

#include "base/mem.h"
#include "store/pg/read.h"

enum { LOAN_MAGIC = 0x5047534c, SILENCE_MS_MAX = 10000, LAST_WRITES_MS_MAX = 2000, TURN_MS = 20 };

static const struct loan_work *const works[] = {
    [LOAN_SLOW] = &pg_slow_work,
    [LOAN_WRITE] = &pg_write_work,
};

#define BIT(state) (1u << (state))
static const unsigned moves[] = {
    [LOAN_OPENING] = BIT(LOAN_FREE) | BIT(LOAN_GONE),
    [LOAN_FREE] = BIT(LOAN_RUNNING) | BIT(LOAN_GONE),
    [LOAN_RUNNING] = BIT(LOAN_FREE) | BIT(LOAN_CANCELLING) | BIT(LOAN_GONE),
    [LOAN_CANCELLING] = BIT(LOAN_CALL_DUE) | BIT(LOAN_RESULT_DUE) | BIT(LOAN_GONE),
    [LOAN_CALL_DUE] = BIT(LOAN_FREE) | BIT(LOAN_GONE),
    [LOAN_RESULT_DUE] = BIT(LOAN_FREE) | BIT(LOAN_CANCELLING) | BIT(LOAN_GONE),
    [LOAN_GONE] = 0,
};
#undef BIT

static bool busy(enum loan_state state)
{
    return state != LOAN_OPENING && state != LOAN_FREE && state != LOAN_GONE;
}

/* Whether results are awaited. */
static bool listens(enum loan_state state)
{
    return busy(state) && state != LOAN_CALL_DUE;
}

void pg_loan_move(struct loan *loan, enum loan_state to)
{
    CHECK_MAGIC(loan, LOAN_MAGIC);
    PRE(moves[loan->state] & 1u << to);
    if (busy(loan->state) != busy(to))
        gauge_add(&loan->port->counters.loans_running, busy(to) ? 1 : -1);
    if (loan->state == LOAN_OPENING)
        loan->port->demands[loan->kind].opening--;
    loan->state = to;
}

static struct demand *demand_of(const struct loan *loan)
{
    return &loan->port->demands[loan->kind];
}

/* ---- ends ---- */

void pg_loan_free(struct loan *loan)
{
    CHECK_MAGIC(loan, LOAN_MAGIC);
    pg_session_close(&loan->session);
    list_remove(&loan->link);
    pg_named_done(&loan->named);
    PQfreeCancel(loan->cancel); /* takes NULL */
    loan->magic = 0;
    mem_free(loan);
}

void pg_loan_drop(struct loan *loan)
{
    bool call_out = loan->cancel != NULL;
    PRE(loan->fetch == NULL);
    pg_loan_move(loan, LOAN_GONE);
    pg_session_close(&loan->session);
    list_remove(&loan->link);
    pg_pool_gone(&loan->port->store->pool, loan->kind);
    if (!call_out)
        pg_loan_free(loan);
}

struct fetch *pg_loan_take_fetch(struct loan *loan)
{
    struct fetch *fetch = loan->fetch;
    loan->fetch = NULL;
    if (fetch != NULL)
        fetch->store_data[1] = NULL;
    return fetch;
}

void pg_loan_enqueue_again(struct pg_port *port, struct fetch *fetch)
{
    count_up(&port->counters.resent, 1);
    fetch->problem = (struct problem){0};
    pg_port_enqueue(port, fetch);
}

static void close_loan(struct loan *loan, const struct failure *failure, bool may_repeat)
{
    struct pg_port *port = loan->port;
    struct problem problem;
    bool again = loan->fetch != NULL && works[loan->kind]->outlives(loan, failure, &problem) && may_repeat;
    struct fetch *fetch = pg_loan_take_fetch(loan);
    pg_loan_drop(loan);
    if (again)
        pg_loan_enqueue_again(port, fetch);
    else if (fetch != NULL)
        pg_read_end(port, fetch, &problem);
}

void pg_loan_lost(struct loan *loan, const struct failure *failure)
{
    struct pg_port *port = loan->port;
    pg_pool_was_lost(&port->store->pool, failure);
    count_up(&port->counters.reconnects, 1);
    pg_port_wake(port);
    close_loan(loan, failure, !port->closing);
}

static void lost_conn(struct loan *loan)
{
    struct failure failure;
    pg_failure_of_connection(loan->session.conn, &failure);
    pg_loan_lost(loan, &failure);
}

/* ---- running ---- */

/* False: it is not FREE any more, maybe gone. True: that fetch had been sent too often and is ended. */
static bool run(struct loan *loan, struct fetch *fetch)
{
    struct pg_port *port = loan->port;
    PRE(loan->fetch == NULL && read_state(fetch) == READ_WAITING);
    list_remove(&fetch->link);
    if (!pg_read_try(fetch)) {
        pg_read_fail_tried(port, fetch);
        return true;
    }
    pg_loan_move(loan, LOAN_RUNNING);
    pg_read_move(port, fetch, READ_RUNNING);
    loan->fetch = fetch;
    loan->sent_at = fetch->sent = loop_now(port->loop);
    fetch->store_data[1] = loan;
    fetch->lane = works[loan->kind]->lane;
    if (works[loan->kind]->send(loan))
        pg_session_flush(&loan->session);
    else
        lost_conn(loan);
    return false;
}

static struct fetch *first_waiting(const struct demand *demand)
{
    return container_of(demand->fetches.next, struct fetch, link);
}

void pg_loan_next(struct loan *loan)
{
    struct pg_port *port = loan->port;
    struct pool *pool = &port->store->pool;
    struct demand *demand = demand_of(loan);
    PRE(loan->state == LOAN_FREE);
    if (!list_empty(&demand->fetches) && !pg_pool_others_wait(pool, &demand->waiter)) {
        if (!run(loan, first_waiting(demand)))
            return;
    }
    list_remove(&loan->link);
    pg_session_leave(&loan->session);
    loan->port = NULL;
    if (!pg_pool_give(pool, loan, loop_now(port->loop))) {
        enum loan_kind kind = loan->kind;
        pg_loan_free(loan);
        pg_pool_gone(pool, kind);
    }
    if (!list_empty(&demand->fetches))
        pg_port_wake(port);
}

/* Opened or taken over: runs one before it looks whether others wait, else two kinds would open it for each other for ever. */
static void begin(struct loan *loan)
{
    const struct demand *demand = demand_of(loan);
    if (list_empty(&demand->fetches) || run(loan, first_waiting(demand)))
        pg_loan_next(loan);
}

static void on_readable(struct session *session)
{
    struct loan *loan = container_of(session, struct loan, session);
    PGconn *conn = session->conn;
    if (PQconsumeInput(conn) != 1) {
        lost_conn(loan);
        return;
    }
    for (bool more = true; more && listens(loan->state) && !PQisBusy(conn);) {
        PGresult *result = PQgetResult(conn);
        more = works[loan->kind]->take(loan, result);
        PQclear(result); /* takes NULL */
    }
}

/* ---- having some ---- */

static void on_ready(struct session *session)
{
    struct loan *loan = container_of(session, struct loan, session);
    pg_pool_is_up(&loan->port->store->pool);
    pg_loan_move(loan, LOAN_FREE);
    begin(loan);
}

static void on_failed(struct session *session)
{
    struct loan *loan = container_of(session, struct loan, session);
    struct pg_port *port = loan->port;
    struct failure failure = session->failure;
    PRE(loan->state == LOAN_OPENING);
    pg_pool_is_down(&port->store->pool, &failure, loop_now(port->loop));
    pg_loan_drop(loan);
    pg_port_wake(port);
}

static const struct session_events events = {on_ready, on_readable, on_failed};

static void open_another(struct pg_port *port, enum loan_kind kind)
{
    struct loan *loan = mem_must(sizeof *loan);
    loan->magic = LOAN_MAGIC;
    loan->state = LOAN_OPENING;
    loan->kind = kind;
    loan->port = port;
    port->demands[kind].opening++;
    pg_named_init(&loan->named);
    list_push(&port->loans, &loan->link);
    pg_session_init(&loan->session, &port->store->sessions, kind == LOAN_WRITE ? SESSION_WRITE : SESSION_SLOW,
                    &events);
    pg_session_open(&loan->session, port->loop, &port->jobs_out);
}

/* One that lay idle: checked before use. */
static void take_over(struct pg_port *port, struct loan *loan)
{
    PRE(loan->state == LOAN_FREE);
    loan->port = port;
    loan->session.jobs_out = &port->jobs_out;
    list_push(&port->loans, &loan->link);
    if (!pg_session_is_sound(&loan->session) || !pg_session_join(&loan->session, port->loop)) {
        pg_loan_drop(loan);
        return;
    }
    begin(loan);
}

static void pump(struct pg_port *port, enum loan_kind kind)
{
    struct demand *demand = &port->demands[kind];
    while (!list_empty(&demand->fetches)) {
        struct loan *loan = NULL;
        struct failure failure;
        bool may_open = demand->opening < demand->count;
        switch (pg_pool_take(&port->store->pool, &demand->waiter, may_open, loop_now(port->loop), &loan,
                             &failure)) {
        case POOL_GIVEN:
            take_over(port, loan);
            break;
        case POOL_EXCHANGED:
            pg_loan_free(loan);
            open_another(port, kind);
            break;
        case POOL_MAY_OPEN:
            open_another(port, kind);
            break;
        case POOL_DOWN:
            pg_read_fail_all(port, &demand->fetches, &failure);
            return;
        case POOL_FULL:
            return;
        }
    }
}

void pg_loan_pump(struct pg_port *port)
{
    for (unsigned kind = 0; kind < LOAN_KINDS; kind++)
        pump(port, kind);
}

/* ---- time and end ---- */

static bool is_silent(const struct loan *loan, int64_t timeout_ms, struct mono now)
{
    return listens(loan->state) && timeout_ms > 0 &&
           mono_diff_us(now, loan->sent_at) > (timeout_ms + SILENCE_MS_MAX) * 1000;
}

void pg_loan_tick(struct pg_port *port, struct mono now)
{
    struct failure failure;
    pg_failure_make(&failure, "08006", "the database is silent, long after its timeout");
    LIST_EACH_SAFE (&port->loans, link, after) {
        struct loan *loan = container_of(link, struct loan, link);
        if (is_silent(loan, port->store->options.timeout_ms, now))
            pg_loan_lost(loan, &failure);
        else if (loan->kind == LOAN_SLOW && loan->fetch == NULL)
            pg_slow_cancel(loan);
    }
}

static bool any_writes_run(const struct pg_port *port)
{
    LIST_EACH (&port->loans, link) {
        const struct loan *loan = container_of(link, struct loan, link);
        if (loan->kind == LOAN_WRITE && loan->fetch != NULL)
            return true;
    }
    return false;
}

static void await_writes(struct pg_port *port)
{
    struct mono until = mono_after_ms(clock_mono(), LAST_WRITES_MS_MAX);
    while (any_writes_run(port) && clock_mono().us < until.us)
        loop_turn(port->loop, TURN_MS);
}

void pg_loan_close_all(struct pg_port *port, const struct failure *failure)
{
    PRE(port->closing);
    for (unsigned kind = 0; kind < LOAN_KINDS; kind++)
        pg_read_fail_all(port, &port->demands[kind].fetches, failure);
    await_writes(port);
    for (struct list *link; (link = port->loans.next) != &port->loans;)
        close_loan(container_of(link, struct loan, link), failure, false);
}
