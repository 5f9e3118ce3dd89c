/* SPDX-License-Identifier: Apache-2.0 */
/* Receiving: results of a fast lane, in the order of its operations. See lane.h.
 *
 *   a result           what becomes of the operation's reads
 *   tuples             rows, on_end
 *   an error           of a READ: sent again once if that may help (40001, 40P01, 0A000, 26000), on a slow lane after 57014, else
 *                      the problem; its shape has a segment of its own for 10 s
 *                      of a GATHER: all of them again, each alone: whose fault it was shows then
 *                      of a Parse, or of whom a read acts as: it is the read's behind it
 *                      57P0x, 08: the connection is going: the lane is lost
 *   pipeline aborted   sent again: a neighbour failed
 *   Sync               the segment is measured and leaves the ring */
#include "store/pg/acting.h"
#include "store/pg/gather.h"
#include "store/pg/read.h"

enum { ALONE_AFTER_ERROR_MS = 10000, ALONE_AFTER_SLOW_MS = 2000, SEGMENT_SLOW_US = 50000 };

/* ---- what becomes of reads ---- */

static void end_all(struct pg_port *port, struct op *op)
{
    for (struct list *link; (link = op->fetches.next) != &op->fetches;)
        pg_read_end(port, container_of(link, struct fetch, link), NULL);
}

static void send_again(struct lane *lane, struct op *op, unsigned mark)
{
    for (struct list *link; (link = list_shift(&op->fetches)) != NULL;) {
        struct fetch *fetch = container_of(link, struct fetch, link);
        fetch->state |= mark;
        count_up(&lane->port->counters.resent, 1);
        pg_port_enqueue(lane->port, fetch);
    }
}

/* ---- errors ---- */

static void prepared_failed(struct lane *lane, struct op *op, const struct failure *failure)
{
    if (op->prepared == NULL || op->prepared->name != op->name || !pg_failure_is_prepared(failure))
        return;
    if (pg_failure_is(failure, "0A000")) {
        pg_lane_drop_prepared(lane, op->prepared);
    } else if (op->prepared->state == PREPARED_READY) { /* 26000: it is not there */
        op->prepared->state = PREPARED_NOT;
        lane->prepared_count--;
    }
}

static void read_failed(struct lane *lane, struct op *op, const struct failure *failure)
{
    struct mono now = loop_now(lane->port->loop);
    struct shape *shape = op->shape;
    prepared_failed(lane, op, failure);
    if (pg_failure_is(failure, "57014"))
        pg_shape_timed_out(shape, FAST_TIMEOUT_MS * 1000);
    else
        shape->alone_until = mono_after_ms(now, ALONE_AFTER_ERROR_MS);
    if (list_empty(&op->fetches))
        return;
    struct fetch *first = container_of(op->fetches.next, struct fetch, link);
    bool again = pg_failure_is_passing(failure) && !(first->state & READ_RETRIED);
    if (op->kind == OP_GATHER)
        send_again(lane, op, READ_ALONE);
    else if (pg_failure_is(failure, "57014"))
        send_again(lane, op, 0);
    else if (again)
        send_again(lane, op, READ_RETRIED);
    else
        pg_read_fail(lane->port, first, failure);
}

static void parse_lost(struct op *op)
{
    PRE(op->kind == OP_PARSE);
    if (op->prepared->name == op->name && op->prepared->state == PREPARED_SENT)
        op->prepared->state = PREPARED_NOT;
}

/* The operation whose reads an operation's error is about. */
static struct op *blamed(struct lane *lane, struct op *op)
{
    unsigned at = lane->cursor;
    if (op->kind == OP_PARSE)
        parse_lost(op);
    while (pg_lane_op(lane, at)->kind != OP_READ && pg_lane_op(lane, at)->kind != OP_GATHER)
        at++;
    struct op *behind = pg_lane_op(lane, at);
    POST(op->shape == NULL || behind->shape == op->shape);
    if (op->kind == OP_PARSE)
        behind->prepared = NULL; /* it never was */
    return behind;
}

/* False: the connection is going. */
static bool op_failed(struct lane *lane, struct op *op, const PGresult *result)
{
    struct failure failure;
    pg_failure_of_result(result, &failure);
    if (pg_failure_is_connection(&failure)) {
        pg_lane_lose(lane, &failure);
        return false;
    }
    op->failed = true;
    if (op->kind == OP_ACT)
        pg_acting_failed(&failure);
    if (op->kind == OP_DROP || op->kind == OP_PREAMBLE)
        return true; /* what stands behind it is aborted and sent again */
    read_failed(lane, blamed(lane, op), &failure);
    return true;
}

static void op_aborted(struct lane *lane, struct op *op)
{
    op->failed = true;
    if (op->kind == OP_PARSE)
        parse_lost(op);
    else if (op->kind == OP_DROP && lane->drop_count < DROPS_MAX)
        lane->drops[lane->drop_count++] = op->name;
    else
        send_again(lane, op, 0);
}

/* ---- good results ---- */

static void give_rows(struct lane *lane, struct op *op, const PGresult *result)
{
    lane->port->given_bytes = 0;
    if (op->kind == OP_GATHER) {
        pg_gather_give_rows(lane->port, &op->fetches, result, op->shape->key_cell);
    } else if (!list_empty(&op->fetches)) {
        struct fetch *fetch = container_of(op->fetches.next, struct fetch, link);
        int count = PQntuples(result), row = 0;
        while (row < count && pg_read_give_row(lane->port, fetch, result, row))
            row++;
    }
    unsigned shares = op->kind == OP_GATHER && PQntuples(result) > 0 ? (unsigned)PQntuples(result) : 1;
    op->answer_bytes = lane->port->given_bytes / shares;
    end_all(lane->port, op);
}

static void op_done(struct lane *lane, struct op *op, const PGresult *result)
{
    if (op->kind == OP_READ || op->kind == OP_GATHER) {
        give_rows(lane, op, result);
    } else if (op->kind == OP_PARSE && op->prepared->state == PREPARED_SENT &&
               op->prepared->name == op->name) {
        op->prepared->state = PREPARED_READY;
        lane->prepared_count++;
    }
}

/* ---- the end of a segment ---- */

static void judge(struct op *op, int64_t share_us, bool lone, bool slow, struct mono now)
{
    if (op->kind != OP_READ && op->kind != OP_GATHER)
        return;
    if (lone || !slow)
        pg_shape_measure(op->shape, share_us, op->answer_bytes);
    else
        op->shape->alone_until = mono_after_ms(now, ALONE_AFTER_SLOW_MS);
}

static bool any_failed(struct lane *lane)
{
    for (unsigned at = lane->head; at != lane->cursor; at++)
        if (pg_lane_op(lane, at)->failed)
            return true;
    return false;
}

/* The time of a segment is told by its Sync alone; it is shared out evenly. One that took long without telling whose fault it was
 * has each of its shapes measured alone for a while. */
static void measure(struct lane *lane, const struct op *sync, struct mono now)
{
    struct mono begun = sync->sent_at.us > lane->sync_at.us ? sync->sent_at : lane->sync_at;
    int64_t took_us = mono_diff_us(now, begun);
    unsigned statements = 0;
    for (unsigned at = lane->head; at != lane->cursor; at++)
        statements += pg_lane_op(lane, at)->kind == OP_READ || pg_lane_op(lane, at)->kind == OP_GATHER;
    if (statements == 0 || any_failed(lane))
        return;
    for (unsigned at = lane->head; at != lane->cursor; at++)
        judge(pg_lane_op(lane, at), took_us / statements, statements == 1, took_us > SEGMENT_SLOW_US, now);
}

static void segment_done(struct lane *lane, struct op *sync)
{
    struct mono now = loop_now(lane->port->loop);
    PRE(sync->kind == OP_SYNC && pg_lane_op(lane, lane->cursor) == sync);
    measure(lane, sync, now);
    lane->sync_at = now;
    for (; lane->head != lane->cursor; lane->head++) {
        struct op *op = pg_lane_op(lane, lane->head);
        POST(list_empty(&op->fetches));
        if (op->shape != NULL)
            shape_release(op->shape);
        op->shape = NULL;
    }
    lane->head = ++lane->cursor;
    pg_pool_is_up(&lane->port->store->pool);
    if (!sync->ends_volley)
        return;
    if (--lane->volleys == 0)
        gauge_add(&lane->port->counters.lanes_busy, -1);
    pg_port_wake(lane->port);
}

/* ---- reading ---- */

/* False: the lane was lost. */
static bool take_result(struct lane *lane, const PGresult *result)
{
    struct op *op = pg_lane_op(lane, lane->cursor);
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
        op_done(lane, op, result);
        return true;
    case PGRES_PIPELINE_ABORTED:
        op_aborted(lane, op);
        return true;
    case PGRES_PIPELINE_SYNC:
        segment_done(lane, op);
        return true;
    default: /* an error; or COPY, which no pipeline can do: libpq then ends it with an error too */
        return op_failed(lane, op, result);
    }
}

void pg_lane_read_answers(struct lane *lane)
{
    PGconn *conn = lane->session.conn;
    if (PQconsumeInput(conn) != 1 || (lane->cursor == lane->tail && PQstatus(conn) != CONNECTION_OK)) {
        struct failure failure;
        pg_failure_of_connection(conn, &failure);
        pg_lane_lose(lane, &failure);
        return;
    }
    while (!PQisBusy(conn) && lane->cursor != lane->tail) {
        PGresult *result = PQgetResult(conn);
        if (result == NULL) {
            lane->cursor++;
            continue;
        }
        bool stands = take_result(lane, result);
        PQclear(result);
        if (!stands)
            return;
    }
}
