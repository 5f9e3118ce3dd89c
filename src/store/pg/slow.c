/* SPDX-License-Identifier: Apache-2.0 */
/* Slow lanes: one read at a time, row by row, and its cancelling. See loan.h for the states.
 * Failure: a read whose connection was lost is sent again when no row was given yet, else fails. */
#include "store/pg/acting.h"
#include "store/pg/loan.h"
#include "store/pg/read.h"

enum { CANCEL_AGAIN_MS = 250 };

/* ---- sending ---- */

static bool send_read(struct loan *loan)
{
    PGconn *conn = loan->session.conn;
    struct pg_port *port = loan->port;
    const struct statement *statement = &loan->fetch->statement;
    struct slice preamble = port->store->preambles[SESSION_SLOW];
    loan->answer_bytes = 0;
    loan->acts = loan->fetch->as != NULL;
    loan->stage = preamble.len > 0 ? STAGE_PREAMBLE : loan->acts ? STAGE_ACT : STAGE_READ;
    if (preamble.len > 0 && PQsendQueryParams(conn, preamble.data, 0, NULL, NULL, NULL, NULL, 0) != 1)
        return false;
    if (loan->acts && !pg_acting_send(conn, loan->fetch->as))
        return false;
    const char *const *values = pg_port_values(port, statement);
    if (PQsendQueryParams(conn, statement->text.data, (int)statement->bind_count, NULL, values, NULL, NULL,
                          0) != 1)
        return false;
    if (loan->stage == STAGE_READ)
        PQsetSingleRowMode(conn);
    return PQpipelineSync(conn) == 1;
}

static bool outlives(const struct loan *loan, const struct failure *failure, struct problem *ret_problem)
{
    *ret_problem = pg_failure_problem(failure, loan->fetch->arena);
    return pg_read_outlives_loss(loan->fetch);
}

/* ---- results ---- */

/* What a stream costs tells nothing of the next one of its shape, which may well be a page. */
static void measure(struct loan *loan, struct fetch *fetch)
{
    int64_t run_us = mono_diff_us(loop_now(loan->port->loop), loan->sent_at);
    if (!fetch->stream)
        pg_shape_measure(read_shape(fetch), run_us, loan->answer_bytes);
}

static void read_done(struct loan *loan)
{
    struct fetch *fetch = loan->fetch;
    if (fetch == NULL)
        return;
    measure(loan, fetch);
    pg_read_end(loan->port, fetch, NULL);
}

static void give_row(struct loan *loan, const PGresult *result)
{
    struct fetch *fetch = loan->fetch;
    if (fetch == NULL)
        return;
    loan->port->given_bytes = 0;
    bool more = pg_read_give_row(loan->port, fetch, result, 0);
    loan->answer_bytes += loan->port->given_bytes;
    if (more)
        return;
    read_done(loan);
    pg_slow_cancel(loan);
}

/* False: the connection is going. */
static bool read_failed(struct loan *loan, const PGresult *result)
{
    struct failure failure;
    struct pg_port *port = loan->port;
    struct fetch *fetch = loan->fetch;
    pg_failure_of_result(result, &failure);
    if (pg_failure_is_connection(&failure)) {
        pg_loan_lost(loan, &failure);
        return false;
    }
    if (fetch == NULL)
        return true;
    if (loan->stage == STAGE_ACT)
        pg_acting_failed(&failure);
    if (pg_failure_is(&failure, "57014") && !fetch->stream)
        pg_shape_timed_out(read_shape(fetch), mono_diff_us(loop_now(port->loop), loan->sent_at));
    if (pg_failure_is_passing(&failure) && fetch->rows == 0 && !(fetch->state & READ_RETRIED)) {
        fetch->state |= READ_RETRIED;
        pg_loan_enqueue_again(port, pg_loan_take_fetch(loan));
    } else {
        pg_read_fail(port, fetch, &failure);
    }
    return true;
}

static void statement_over(struct loan *loan)
{
    PRE(loan->stage == STAGE_SYNC);
    POST(loan->fetch == NULL);
    pg_pool_is_up(&loan->port->store->pool);
    if (loan->state == LOAN_CANCELLING) {
        pg_loan_move(loan, LOAN_CALL_DUE);
        return;
    }
    pg_loan_move(loan, LOAN_FREE);
    pg_loan_next(loan);
}

static void result_ended(struct loan *loan)
{
    loan->stage++;
    if (loan->stage == STAGE_ACT && !loan->acts)
        loan->stage++;
    PRE(loan->stage <= STAGE_SYNC);
    if (loan->stage == STAGE_READ)
        PQsetSingleRowMode(loan->session.conn);
}

static bool take(struct loan *loan, const PGresult *result)
{
    if (result == NULL) {
        result_ended(loan);
        return true;
    }
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
        give_row(loan, result);
        return true;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
        if (loan->stage == STAGE_READ)
            read_done(loan);
        return true;
    case PGRES_PIPELINE_ABORTED:
        return true; /* what stands before it failed, and has ended the read */
    case PGRES_PIPELINE_SYNC:
        statement_over(loan);
        return false;
    default:
        return read_failed(loan, result);
    }
}

const struct loan_work pg_slow_work = {"slow", send_read, take, outlives};

/* ---- cancelling ---- */

static void call_run(struct job *job)
{
    char ignored[256]; /* a cancel that fails leaves the statement to its timeout */
    PQcancel(container_of(job, struct loan, job)->cancel, ignored, sizeof ignored);
}

static void call_done(struct job *job)
{
    struct loan *loan = container_of(job, struct loan, job);
    PRE(loan->kind == LOAN_SLOW);
    loan->port->jobs_out--;
    atomic_store(&loan->port->store->pool.cancelling, false);
    PQfreeCancel(loan->cancel);
    loan->cancel = NULL;
    if (loan->state == LOAN_GONE) {
        pg_loan_free(loan);
    } else if (loan->state == LOAN_CANCELLING) {
        pg_loan_move(loan, LOAN_RESULT_DUE);
    } else {
        pg_loan_move(loan, LOAN_FREE);
        pg_loan_next(loan);
    }
}

/* A cancel that reaches a backend before its statement does cancels nothing. */
static bool is_to_be_cancelled(const struct loan *loan, struct mono now)
{
    bool in_vain =
        loan->state == LOAN_RESULT_DUE && mono_diff_us(now, loan->cancelled_at) > CANCEL_AGAIN_MS * 1000;
    return (loan->state == LOAN_RUNNING || in_vain) && loan->stage != STAGE_SYNC;
}

/* One call at a time in the process: at a server that has gone silent it does not return, and must leave threads of the offload
 * pool for others. Who finds one under way, or cannot have it, is asked again by the tick. */
void pg_slow_cancel(struct loan *loan)
{
    PRE(loan->kind == LOAN_SLOW && loan->fetch == NULL);
    if (!is_to_be_cancelled(loan, loop_now(loan->port->loop)))
        return;
    struct pool *pool = &loan->port->store->pool;
    if (atomic_exchange(&pool->cancelling, true))
        return;
    loan->cancel = PQgetCancel(loan->session.conn);
    loan->job = (struct job){.run = call_run, .on_done = call_done, .home = loan->port->loop};
    if (loan->cancel != NULL && offload_submit(loan->port->store->offload, &loan->job) == OK) {
        loan->port->jobs_out++;
        loan->cancelled_at = loop_now(loan->port->loop);
        pg_loan_move(loan, LOAN_CANCELLING);
        return;
    }
    PQfreeCancel(loan->cancel);
    loan->cancel = NULL;
    atomic_store(&pool->cancelling, false);
}
