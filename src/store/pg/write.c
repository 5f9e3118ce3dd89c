/* SPDX-License-Identifier: Apache-2.0 */
/* Write lanes: one unit at a time, its statements and one Sync, without BEGIN and COMMIT: the Sync commits, an error rolls back.
 *
 *   no on_statement:   [settings] [parse] statement Sync              one flush, one round trip
 *   with it:           [settings] [parse] statement Flush ─ on_statement ┬ COMMIT ───→ Sync
 *                                             ↑                          ├ ROLLBACK ─→ ROLLBACK Sync
 *                                             └──── statement Flush ─────┴ NEXT
 *
 * A unit that acts as a caller (acting.h) says so before its first statement, and around those that are Leat's own.
 * The fetch ends when the Sync's result comes, not before: a deferred constraint fails at the Sync itself.
 * Only the first statement is sent by name, and only it may fail by it: once on_statement was called, or a row was given, a unit
 * cannot be run anew.
 *
 * Failure: an error is a problem; 40001, 40P01 and a fault of the prepared statement run the unit once more. A lost connection: before
 * the Sync was sent, nothing is committed: once more, else 503 "database-unavailable"; after it, 503 "outcome-unknown", but for a
 * backend that ended in good order. */
#include <stdio.h>

#include "store/pg/acting.h"
#include "store/pg/loan.h"
#include "store/pg/read.h"

/* ---- what was sent ---- */

static void push(struct unit *unit, enum unit_op op)
{
    PRE(unit->tail - unit->head < UNIT_OPS_MAX);
    unit->ops[unit->tail++ % UNIT_OPS_MAX] = op;
}

static bool awaits(const struct unit *unit, enum unit_op op)
{
    return unit->head != unit->tail && unit->ops[unit->head % UNIT_OPS_MAX] == op;
}

/* ---- sending ---- */

static bool send_text(struct loan *loan, enum unit_op op, const char *text)
{
    push(&loan->unit, op);
    return PQsendQueryParams(loan->session.conn, text, 0, NULL, NULL, NULL, NULL, 0) == 1;
}

static bool send_preamble(struct loan *loan)
{
    struct slice preamble = loan->port->store->preambles[SESSION_WRITE];
    return preamble.len == 0 || send_text(loan, UNIT_PREAMBLE, preamble.data);
}

/* Whom the next statement acts as: the caller where there is one, but for Leat's own statements. */
static bool send_acting(struct loan *loan, bool own)
{
    const struct acting *as = own ? NULL : loan->fetch->as;
    if (loan->unit.acts == (as != NULL))
        return true;
    push(&loan->unit, UNIT_ACT);
    loan->unit.acts = as != NULL;
    return pg_acting_send(loan->session.conn, as);
}

static bool send_drop(struct loan *loan)
{
    char name[NAME_BYTES_MAX], text[40];
    uint32_t number = pg_named_take_dropped(&loan->named);
    if (number == 0)
        return true;
    pg_named_name(number, name);
    snprintf(text, sizeof text, "DEALLOCATE %s", name);
    return send_text(loan, UNIT_DROP, text);
}

static bool send_parse(struct loan *loan)
{
    char name[NAME_BYTES_MAX];
    const struct named_text *named = loan->unit.named;
    pg_named_name(named->number, name);
    push(&loan->unit, UNIT_PARSE);
    return PQsendPrepare(loan->session.conn, name, named->text.data, 0, NULL) == 1;
}

/* A statement is prepared at its shape's second use. Who makes room for it is dropped in the same unit, and first: a refused Parse
 * does not keep it, and the statement, should it be refused, is then the only one to be dropped. */
static bool prepare(struct loan *loan)
{
    const struct fetch *fetch = loan->fetch;
    struct slice text = fetch->statement.text;
    if (!loan->session.plan->prepared || text.len > NAMED_TEXT_BYTES_MAX || read_shape(fetch)->uses < 2)
        return true;
    loan->unit.named = pg_named_find(&loan->named, text);
    if (loan->unit.named == NULL)
        loan->unit.named = pg_named_add(&loan->named, text);
    return send_drop(loan) && (loan->unit.named->ready || send_parse(loan));
}

static bool send_statement(struct loan *loan, const struct named_text *named)
{
    PGconn *conn = loan->session.conn;
    const struct statement *statement = &loan->fetch->statement;
    const char *const *values = pg_port_values(loan->port, statement);
    int count = (int)statement->bind_count;
    char name[NAME_BYTES_MAX];
    push(&loan->unit, UNIT_STATEMENT);
    loan->unit.full = false;
    if (named == NULL)
        return PQsendQueryParams(conn, statement->text.data, count, NULL, values, NULL, NULL, 0) == 1;
    pg_named_name(named->number, name);
    return PQsendQueryPrepared(conn, name, count, values, NULL, NULL, 0) == 1;
}

static bool send_sync(struct loan *loan)
{
    PRE(!loan->unit.synced);
    push(&loan->unit, UNIT_SYNC);
    loan->unit.synced = true;
    return PQpipelineSync(loan->session.conn) == 1;
}

/* The rows of a statement come one by one. */
static void statement_is_first(struct loan *loan)
{
    if (awaits(&loan->unit, UNIT_STATEMENT))
        PQsetSingleRowMode(loan->session.conn);
}

static bool send_unit(struct loan *loan)
{
    loan->unit = (struct unit){0};
    loan->fetch->session = (unsigned)PQbackendPID(loan->session.conn);
    if (!send_preamble(loan) || !send_acting(loan, loan->fetch->statement.own) || !prepare(loan) ||
        !send_statement(loan, loan->unit.named))
        return false;
    statement_is_first(loan);
    return loan->fetch->on_statement == NULL ? send_sync(loan) : PQsendFlushRequest(loan->session.conn) == 1;
}

/* ---- a lost connection ---- */

static bool may_repeat(const struct loan *loan)
{
    const struct fetch *fetch = loan->fetch;
    return !loan->unit.asked && fetch->rows == 0 && !(fetch->state & READ_RETRIED);
}

static bool outlives(const struct loan *loan, const struct failure *failure, struct problem *ret_problem)
{
    const struct unit *unit = &loan->unit;
    struct fetch *fetch = loan->fetch;
    if (unit->undone) {
        *ret_problem = fetch->problem;
        return unit->again;
    }
    bool undone = !unit->synced || failure->orderly;
    *ret_problem = undone ? pg_failure_problem_of_write(failure, fetch->arena)
                          : pg_problem_unknown(failure, fetch->arena);
    if (!undone || !may_repeat(loan))
        return false;
    fetch->state |= READ_RETRIED;
    return true;
}

static bool lose(struct loan *loan)
{
    struct failure failure;
    pg_failure_of_connection(loan->session.conn, &failure);
    pg_loan_lost(loan, &failure);
    return false;
}

/* ---- errors ---- */

static void named_failed(struct loan *loan, const struct failure *failure)
{
    struct unit *unit = &loan->unit;
    struct named_text *text = unit->named;
    unit->named = NULL;
    if (text == NULL)
        return;
    if (!text->ready || pg_failure_is(failure, "26000"))
        pg_named_forget(&loan->named, text);
    else if (pg_failure_is(failure, "0A000"))
        pg_named_drop(&loan->named, text);
}

/* False: the connection is going. */
static bool failed(struct loan *loan, const PGresult *result)
{
    struct failure failure;
    struct unit *unit = &loan->unit;
    struct fetch *fetch = loan->fetch;
    pg_failure_of_result(result, &failure);
    if (awaits(unit, UNIT_ACT))
        pg_acting_failed(&failure);
    if (failure.fatal || pg_failure_is_connection(&failure)) { /* it may have hit a commit */
        pg_loan_lost(loan, &failure);
        return false;
    }
    named_failed(loan, &failure);
    fetch->problem = pg_failure_problem_of_write(&failure, fetch->arena);
    unit->again = pg_failure_is_passing(&failure) && may_repeat(loan);
    unit->undone = true;
    if (unit->again)
        fetch->state |= READ_RETRIED;
    return true;
}

/* ---- results ---- */

static void give_rows(struct loan *loan, const PGresult *result)
{
    struct unit *unit = &loan->unit;
    int count = PQntuples(result);
    for (int row = 0; row < count && !unit->full; row++)
        unit->full = !pg_read_give_row(loan->port, loan->fetch, result, row);
}

static void statement_done(struct loan *loan, const PGresult *result)
{
    int64_t changed = 0;
    give_rows(loan, result);
    if (!slice_to_int(slice_str(PQcmdTuples((PGresult *)result)), &changed))
        changed = 0; /* a statement of another kind says nothing */
    loan->fetch->changed = (uint64_t)changed;
}

/* What to do after a statement. False: the connection is broken. */
static bool ask(struct loan *loan)
{
    struct unit *unit = &loan->unit;
    unit->asked = true;
    switch (loan->fetch->on_statement(loan->fetch)) {
    case VERDICT_COMMIT: /* what is deferred to it is the caller's */
        return send_acting(loan, false) && send_sync(loan);
    case VERDICT_ROLLBACK:
        unit->undone = true;
        return send_text(loan, UNIT_ROLLBACK, "ROLLBACK") && send_sync(loan);
    case VERDICT_NEXT:
        loan->sent_at = loop_now(loan->port->loop);
        if (!send_acting(loan, loan->fetch->statement.own) || !send_statement(loan, NULL) ||
            PQsendFlushRequest(loan->session.conn) != 1)
            return false;
        statement_is_first(loan);
        return true;
    }
    UNREACHABLE("three verdicts");
}

/* libpq says NULL behind each result but a Sync's; behind an error of the Sync, too. Only then it may be sent more: a NULL that
 * is due is lost by it. */
static bool result_ended(struct loan *loan)
{
    struct unit *unit = &loan->unit;
    if (awaits(unit, UNIT_SYNC))
        return true;
    bool of_statement = awaits(unit, UNIT_STATEMENT);
    unit->head++;
    statement_is_first(loan);
    if (unit->synced || !(of_statement || unit->undone))
        return true;
    if (!(unit->undone ? send_sync(loan) : ask(loan)))
        return lose(loan);
    pg_session_flush(&loan->session);
    return true;
}

static void good(struct loan *loan, const PGresult *result)
{
    struct unit *unit = &loan->unit;
    if (awaits(unit, UNIT_STATEMENT))
        statement_done(loan, result);
    else if (awaits(unit, UNIT_PARSE))
        unit->named->ready = true;
}

/* A statement that began a transaction of its own has committed nothing; nobody else is to work in it. */
static void left_open(struct loan *loan)
{
    struct failure failure;
    struct pg_port *port = loan->port;
    struct fetch *fetch = pg_loan_take_fetch(loan);
    pg_failure_make(&failure, "25001", "the statement left a transaction open");
    pg_loan_drop(loan);
    pg_port_wake(port);
    pg_read_fail(port, fetch, &failure);
}

static void end(struct pg_port *port, struct fetch *fetch)
{
    struct problem problem = fetch->problem;
    pg_read_end(port, fetch, problem_is(&problem) ? &problem : NULL);
}

/* The Sync's result: the outcome is certain. Where others wait the next is under way before the owner of this one is told, which
 * may take a while; else the owner may have the next. */
static void unit_over(struct loan *loan)
{
    PRE(awaits(&loan->unit, UNIT_SYNC));
    pg_pool_is_up(&loan->port->store->pool);
    if (PQtransactionStatus(loan->session.conn) != PQTRANS_IDLE) {
        left_open(loan);
        return;
    }
    struct pg_port *port = loan->port;
    bool again = loan->unit.again && !port->closing;
    bool others_wait = !list_empty(&port->demands[LOAN_WRITE].fetches);
    struct fetch *fetch = pg_loan_take_fetch(loan);
    pg_loan_move(loan, LOAN_FREE);
    if (again)
        pg_loan_enqueue_again(port, fetch);
    else if (!others_wait)
        end(port, fetch);
    pg_loan_next(loan);
    if (others_wait && !again)
        end(port, fetch);
}

static bool take(struct loan *loan, const PGresult *result)
{
    if (result == NULL)
        return result_ended(loan);
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
        give_rows(loan, result);
        return true;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
        good(loan, result);
        return true;
    case PGRES_PIPELINE_ABORTED:
        return true; /* behind an error */
    case PGRES_PIPELINE_SYNC:
        unit_over(loan);
        return false;
    default:
        return failed(loan, result);
    }
}

const struct loan_work pg_write_work = {"write", send_unit, take, outlives};
