/* SPDX-License-Identifier: Apache-2.0 */
/* A fast lane's connection: opening it, losing it, opening it again with back-off, recycling it. See lane.h.
 * Reads in flight on a lost connection are sent again: reading twice does no harm. */
#include "store/pg/lane.h"

#include <stdlib.h>

#include "store/pg/read.h"

enum { LANE_MAGIC = 0x50474c4e, SILENCE_US_MAX = 10000000, HURRY_MS_MIN = 50 };

static const unsigned moves[] = {
    [LANE_DOWN] = 1u << LANE_OPENING,
    [LANE_OPENING] = 1u << LANE_OPEN | 1u << LANE_DOWN,
    [LANE_OPEN] = 1u << LANE_DRAINING | 1u << LANE_OPENING | 1u << LANE_DOWN,
    [LANE_DRAINING] = 1u << LANE_OPENING | 1u << LANE_DOWN,
};

static void move(struct lane *lane, enum lane_state to)
{
    CHECK_MAGIC(lane, LANE_MAGIC);
    PRE(moves[lane->state] & 1u << to);
    if ((lane->state == LANE_OPEN || lane->state == LANE_DRAINING) && to != LANE_DRAINING)
        gauge_add(&lane->port->counters.lanes_open, -1);
    if (to == LANE_OPEN)
        gauge_add(&lane->port->counters.lanes_open, 1);
    lane->state = to;
}

struct op *pg_lane_op(struct lane *lane, unsigned at)
{
    return &lane->ops[at % LANE_OPS_MAX];
}

bool pg_lane_is_coming(const struct lane *lane)
{
    return lane->state != LANE_DOWN;
}

bool pg_lane_serves(const struct lane *lane, enum session_kind kind)
{
    return lane->session.kind == kind || lane->port->lane_count == 1;
}

bool pg_lane_has_room(const struct lane *lane)
{
    return lane->state == LANE_OPEN && lane->volleys < VOLLEYS_MAX;
}

/* ---- what was in flight ---- */

/* Empties the ring; its reads come into `list` in the order they were sent. */
static void take_reads(struct lane *lane, struct list *list)
{
    for (unsigned at = lane->head; at != lane->tail; at++) {
        struct op *op = pg_lane_op(lane, at);
        list_move_all(list, &op->fetches);
        if (op->shape != NULL)
            shape_release(op->shape);
        op->shape = NULL;
    }
    lane->head = lane->cursor = lane->tail;
    if (lane->volleys > 0)
        gauge_add(&lane->port->counters.lanes_busy, -1);
    lane->volleys = 0;
}

static void send_again(struct lane *lane, struct list *reads, const struct failure *failure)
{
    for (struct list *link; (link = list_shift(reads)) != NULL;) {
        struct fetch *fetch = container_of(link, struct fetch, link);
        if (!pg_read_outlives_loss(fetch)) {
            pg_read_fail(lane->port, fetch, failure);
        } else {
            count_up(&lane->port->counters.resent, 1);
            pg_port_enqueue(lane->port, fetch);
        }
    }
}

static void forget_prepared(struct lane *lane)
{
    for (struct shape *shape = NULL; (shape = pg_shapes_next(&lane->port->shapes, shape)) != NULL;)
        shape->single.on[lane->index].state = shape->gather.on[lane->index].state = PREPARED_NOT;
    lane->prepared_count = lane->drop_count = 0;
}

/* ---- opening and losing ---- */

void pg_lane_open(struct lane *lane)
{
    move(lane, LANE_OPENING);
    loop_timer_stop(&lane->retry);
    pg_session_open(&lane->session, lane->port->loop, &lane->port->jobs_out);
}

static void retry_due(struct timer *timer)
{
    pg_lane_open(container_of(timer, struct lane, retry));
}

/* But not more often than twenty times a second, as when others have taken all the connections there are. */
void pg_lane_hurry(struct lane *lane)
{
    int64_t since_ms = mono_diff_us(loop_now(lane->port->loop), lane->failed_at) / 1000;
    if (lane->state != LANE_DOWN)
        return;
    if (since_ms >= HURRY_MS_MIN)
        pg_lane_open(lane);
    else
        loop_timer_set(lane->port->loop, &lane->retry, HURRY_MS_MIN - since_ms);
}

void pg_lane_lose(struct lane *lane, const struct failure *failure)
{
    struct list reads;
    list_init(&reads);
    pg_session_close(&lane->session);
    take_reads(lane, &reads);
    forget_prepared(lane);
    count_up(&lane->port->counters.reconnects, 1);
    pg_pool_was_lost(&lane->port->store->pool, failure);
    pg_lane_open(lane);
    send_again(lane, &reads, failure);
}

static void on_ready(struct session *session)
{
    struct lane *lane = container_of(session, struct lane, session);
    lane->failures = 0;
    move(lane, LANE_OPEN);
    pg_pool_is_up(&lane->port->store->pool);
    pg_port_wake(lane->port);
}

/* While connecting, or by pg_session_fail of ours. */
static void on_failed(struct session *session)
{
    struct lane *lane = container_of(session, struct lane, session);
    struct pg_port *port = lane->port;
    struct failure failure = session->failure;
    PRE(lane->state == LANE_OPENING);
    move(lane, LANE_DOWN);
    lane->failed_at = loop_now(port->loop);
    pg_pool_is_down(&port->store->pool, &failure, loop_now(port->loop));
    loop_timer_set(port->loop, &lane->retry, pg_backoff_ms(++lane->failures, (uint64_t)random()));
    pg_port_fail_waiting(port, SESSION_POINT, &failure);
    pg_port_fail_waiting(port, SESSION_LIST, &failure);
}

static void on_readable(struct session *session)
{
    pg_lane_read_answers(container_of(session, struct lane, session));
}

static const struct session_events events = {on_ready, on_readable, on_failed};

void pg_lane_init(struct lane *lane, struct pg_port *port, unsigned index, enum session_kind kind)
{
    PRE(kind == SESSION_POINT || kind == SESSION_LIST);
    lane->magic = LANE_MAGIC;
    lane->state = LANE_DOWN;
    lane->port = port;
    lane->index = index;
    lane->retry.on_due = retry_due;
    for (unsigned i = 0; i < LANE_OPS_MAX; i++)
        list_init(&lane->ops[i].fetches);
    pg_session_init(&lane->session, &port->store->sessions, kind, &events);
}

void pg_lane_close(struct lane *lane, const struct failure *failure)
{
    struct list reads;
    list_init(&reads);
    loop_timer_stop(&lane->retry);
    pg_session_close(&lane->session);
    take_reads(lane, &reads);
    if (lane->state != LANE_DOWN)
        move(lane, LANE_DOWN);
    for (struct list *link; (link = reads.next) != &reads;)
        pg_read_fail(lane->port, container_of(link, struct fetch, link), failure);
}

/* ---- time ---- */

static void end_overdue(struct lane *lane, struct mono now)
{
    for (unsigned at = lane->cursor; at != lane->tail; at++)
        LIST_EACH_SAFE (&pg_lane_op(lane, at)->fetches, link, after) {
            struct fetch *fetch = container_of(link, struct fetch, link);
            if (fetch->deadline.us == 0 || now.us < fetch->deadline.us)
                continue;
            struct problem problem =
                pg_problem_timeout(mono_diff_us(now, fetch->submitted) / 1000, fetch->arena);
            pg_read_end_soon(lane->port, fetch, &problem);
        }
}

/* When the answer to the oldest segment in flight has been awaited since. */
static struct mono waiting_since(struct lane *lane)
{
    unsigned at = lane->head;
    while (pg_lane_op(lane, at)->kind != OP_SYNC)
        at++;
    struct mono sent_at = pg_lane_op(lane, at)->sent_at;
    return sent_at.us > lane->sync_at.us ? sent_at : lane->sync_at;
}

void pg_lane_tick(struct lane *lane, struct mono now)
{
    CHECK_MAGIC(lane, LANE_MAGIC);
    if (lane->state != LANE_OPEN && lane->state != LANE_DRAINING)
        return;
    end_overdue(lane, now);
    if (lane->volleys > 0 && mono_diff_us(now, waiting_since(lane)) > SILENCE_US_MAX) {
        struct failure failure;
        pg_failure_make(&failure, "08006", "the database has said nothing for 10 s");
        pg_lane_lose(lane, &failure);
        return;
    }
    /* Lanes of a port are recycled one after the other. */
    int64_t recycle_ms = lane->port->store->options.pool_recycle_ms + lane->index * 1000;
    if (lane->state == LANE_OPEN && recycle_ms > 0 &&
        mono_diff_us(now, lane->session.ready_at) > recycle_ms * 1000)
        move(lane, LANE_DRAINING);
    if (lane->state == LANE_DRAINING && lane->volleys == 0) {
        pg_session_close(&lane->session);
        forget_prepared(lane);
        pg_lane_open(lane);
    }
}
