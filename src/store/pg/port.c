/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's port: where a read goes, what happens at a turn's end and at each tick. See port.h.
 * Failure: none of its own; what cannot be served now ends with a problem. */
#include "store/pg/port.h"

#include <limits.h>

#include "base/mem.h"
#include "store/pg/gather.h"
#include "store/pg/loan.h"
#include "store/pg/read.h"

enum { PORT_MAGIC = 0x50475054, TICK_MS = 20, TRIAL_US = 40000, SPREAD_READS_MIN = 4 };

static struct pg_port *port_of(struct port *port)
{
    struct pg_port *mine = container_of(port, struct pg_port, base);
    CHECK_MAGIC(mine, PORT_MAGIC);
    return mine;
}

/* ---- where a read goes ---- */

static void queue_point(struct pg_port *port, struct fetch *fetch, struct shape *shape)
{
    pg_read_move(port, fetch, READ_QUEUED);
    list_push(&shape->waiting, &fetch->link);
    if (list_empty(&shape->turn))
        list_push(&port->point_shapes, &shape->turn);
}

static void queue_list(struct pg_port *port, struct fetch *fetch)
{
    pg_read_move(port, fetch, READ_QUEUED);
    list_push(&port->list_reads, &fetch->link);
}

static void queue_loan(struct pg_port *port, struct fetch *fetch)
{
    pg_read_move(port, fetch, READ_WAITING);
    list_push(&port->demands[read_loan_kind(fetch)].fetches, &fetch->link);
}

/* The first run of a text is on trial on a slow lane; what comes while it runs is held for a moment, since it is likely to turn out
 * cheap. */
static void queue_unknown(struct pg_port *port, struct fetch *fetch, struct shape *shape)
{
    struct mono now = loop_now(port->loop);
    if (shape->trial == NULL) {
        shape->trial = fetch;
        shape->trial_since = now;
    }
    if (shape->trial == fetch || mono_diff_us(now, shape->trial_since) > TRIAL_US) {
        queue_loan(port, fetch);
        return;
    }
    pg_read_move(port, fetch, READ_HELD);
    list_push(&shape->waiting, &fetch->link);
    if (list_empty(&shape->turn))
        list_push(&port->trials, &shape->turn);
}

void pg_port_enqueue(struct pg_port *port, struct fetch *fetch)
{
    struct shape *shape = read_shape(fetch);
    PRE(list_empty(&fetch->link) && read_state(fetch) != READ_ENDED);
    if (fetch->write || fetch->stream)
        queue_loan(port, fetch);
    else if (shape->lane == SHAPE_UNKNOWN)
        queue_unknown(port, fetch, shape);
    else if (shape->lane == SHAPE_SLOW)
        queue_loan(port, fetch);
    else if (shape->gathers && fetch->as == NULL)
        queue_point(port, fetch, shape);
    else
        queue_list(port, fetch);
    pg_port_wake(port);
}

static void release_held(struct pg_port *port, struct shape *shape)
{
    struct list held;
    list_init(&held);
    list_move_all(&held, &shape->waiting);
    list_remove(&shape->turn);
    for (struct list *link; (link = list_shift(&held)) != NULL;)
        pg_port_enqueue(port, container_of(link, struct fetch, link));
}

void pg_port_end_trial(struct pg_port *port, struct shape *shape)
{
    shape->trial = NULL;
    release_held(port, shape);
}

const char **pg_port_values(struct pg_port *port, const struct statement *statement)
{
    if (statement->bind_count > port->values_max) {
        mem_free(port->values);
        port->values = mem_must(statement->bind_count * sizeof *port->values);
        port->values_max = statement->bind_count;
    }
    for (unsigned i = 0; i < statement->bind_count; i++)
        port->values[i] = statement->binds[i].kind == BIND_NULL ? NULL : statement->binds[i].text.data;
    return port->values;
}

/* ---- lanes ---- */

static struct lane *coming_lane(struct pg_port *port, enum session_kind kind)
{
    for (unsigned i = 0; i < port->lane_count; i++)
        if (pg_lane_serves(&port->lanes[i], kind) && pg_lane_is_coming(&port->lanes[i]))
            return &port->lanes[i];
    return NULL;
}

/* Whether so many reads by key wait that another lane is worth the waking of its backend. */
static bool points_are_many(const struct pg_port *port)
{
    unsigned count = 0;
    LIST_EACH (&port->point_shapes, turn)
        LIST_EACH (&container_of(turn, struct shape, turn)->waiting, read)
            if (++count == SPREAD_READS_MIN)
                return true;
    return false;
}

/* The first one with room; spread: the one with the least in flight. */
static struct lane *lane_with_room(struct pg_port *port, enum session_kind kind, bool spread)
{
    struct lane *best = NULL;
    for (unsigned i = 0; i < port->lane_count; i++) {
        struct lane *lane = &port->lanes[i];
        if (pg_lane_serves(lane, kind) && pg_lane_has_room(lane) &&
            (best == NULL || (spread && lane->volleys < best->volleys)))
            best = lane;
    }
    return best;
}

static void pump(struct pg_port *port)
{
    struct lane *lane;
    while (!list_empty(&port->point_shapes) &&
           (lane = lane_with_room(port, SESSION_POINT, points_are_many(port))) != NULL)
        pg_lane_send_volley(lane);
    while (!list_empty(&port->list_reads) && (lane = lane_with_room(port, SESSION_LIST, true)) != NULL)
        pg_lane_send_volley(lane);
    pg_loan_pump(port);
}

void pg_port_fail_waiting(struct pg_port *port, enum session_kind kind, const struct failure *failure)
{
    if (coming_lane(port, kind) != NULL)
        return; /* another may still serve them */
    if (kind == SESSION_LIST) {
        pg_read_fail_all(port, &port->list_reads, failure);
        return;
    }
    struct list shapes;
    list_init(&shapes);
    list_move_all(&shapes, &port->point_shapes);
    for (struct list *link; (link = list_shift(&shapes)) != NULL;)
        pg_read_fail_all(port, &container_of(link, struct shape, turn)->waiting, failure);
}

/* ---- time ---- */

static bool overdue(struct pg_port *port, struct fetch *fetch, struct mono now)
{
    int64_t wait_ms = port->store->options.pool_wait_ms;
    bool late = fetch->deadline.us != 0 && now.us >= fetch->deadline.us;
    return late || (wait_ms > 0 && mono_diff_us(now, fetch->submitted) > wait_ms * 1000);
}

static void end_overdue(struct pg_port *port, struct list *reads, struct mono now)
{
    LIST_EACH_SAFE (reads, link, after) {
        struct fetch *fetch = container_of(link, struct fetch, link);
        if (!overdue(port, fetch, now))
            continue;
        struct problem problem = pg_problem_pool(mono_diff_us(now, fetch->submitted) / 1000, fetch->arena);
        pg_read_end_soon(port, fetch, &problem);
    }
}

/* Reads alone: of a write that runs the outcome is awaited. */
static void end_overdue_running(struct pg_port *port, struct mono now)
{
    LIST_EACH_SAFE (&port->loans, link, after) {
        struct loan *loan = container_of(link, struct loan, link);
        struct fetch *fetch = loan->fetch;
        if (fetch == NULL || fetch->write || fetch->deadline.us == 0 || now.us < fetch->deadline.us)
            continue;
        struct problem problem = pg_problem_timeout(mono_diff_us(now, fetch->submitted) / 1000, fetch->arena);
        pg_read_end_soon(port, fetch, &problem);
        pg_slow_cancel(loan);
    }
}

static void tick_trials(struct pg_port *port, struct mono now)
{
    LIST_EACH_SAFE (&port->trials, link, after) {
        struct shape *shape = container_of(link, struct shape, turn);
        end_overdue(port, &shape->waiting, now);
        if (mono_diff_us(now, shape->trial_since) > TRIAL_US)
            release_held(port, shape);
    }
}

static bool is_busy(struct pg_port *port)
{
    struct port_counters *counters = &port->counters;
    return atomic_load_explicit(&counters->waiting, memory_order_relaxed) > 0 ||
           atomic_load_explicit(&counters->lanes_busy, memory_order_relaxed) > 0 || !list_empty(&port->loans);
}

static bool needs_ticks(struct pg_port *port)
{
    return is_busy(port) || pg_pool_is_over(&port->store->pool);
}

static void trim_pool(struct pg_port *port, struct mono now)
{
    for (struct loan *loan; (loan = pg_pool_trim(&port->store->pool, now)) != NULL;)
        pg_loan_free(loan);
}

static void tick_due(struct timer *timer)
{
    struct pg_port *port = container_of(timer, struct pg_port, tick);
    struct mono now = loop_now(port->loop);
    LIST_EACH (&port->point_shapes, link)
        end_overdue(port, &container_of(link, struct shape, turn)->waiting, now);
    end_overdue(port, &port->list_reads, now);
    for (unsigned kind = 0; kind < LOAN_KINDS; kind++)
        end_overdue(port, &port->demands[kind].fetches, now);
    end_overdue_running(port, now);
    tick_trials(port, now);
    pg_loan_tick(port, now);
    for (unsigned i = 0; i < port->lane_count; i++)
        pg_lane_tick(&port->lanes[i], now);
    trim_pool(port, now);
    if (needs_ticks(port))
        pg_port_wake(port);
}

static void turn_end(struct task *task)
{
    struct pg_port *port = container_of(task, struct pg_port, turn_end);
    pg_read_flush_ended(port);
    pump(port);
    if (port->tick.loop == NULL && needs_ticks(port))
        loop_timer_set(port->loop, &port->tick, TICK_MS);
}

void pg_port_wake(struct pg_port *port)
{
    loop_at_turn_end(port->loop, &port->turn_end);
}

static void called(struct letter *letter)
{
    struct demand *demand = container_of(letter, struct demand, waiter.letter);
    struct pg_port *port = demand->port;
    pg_pool_answered(&port->store->pool, &demand->waiter);
    if (!port->closing)
        pg_port_wake(port);
}

/* ---- what the driver offers ---- */

static void shape_gone(struct shape *shape, void *context)
{
    struct pg_port *port = context;
    for (unsigned i = 0; i < port->lane_count; i++) {
        pg_lane_drop_prepared(&port->lanes[i], &shape->single.on[i]);
        pg_lane_drop_prepared(&port->lanes[i], &shape->gather.on[i]);
    }
}

/* The lane that serves this kind while there is no other. */
static struct lane *lane_for(struct pg_port *port, enum session_kind kind)
{
    return &port->lanes[kind == SESSION_POINT ? 0 : port->lane_count - 1];
}

/* Whether no lane of a kind can be had. When another connection has found the database well again, ours does not wait for its
 * back-off to pass: a service that says it is ready is. */
static bool is_away(struct pg_port *port, enum session_kind kind)
{
    if (coming_lane(port, kind) != NULL)
        return false;
    if (!atomic_load_explicit(&port->store->pool.up, memory_order_relaxed))
        return true;
    pg_lane_hurry(lane_for(port, kind));
    return false;
}

/* What it needs is known to be away: better a clear answer now than a wait. */
static bool refuse(struct pg_port *port, const struct shape *shape, struct fetch *fetch)
{
    enum session_kind kind = shape->gathers && fetch->as == NULL ? SESSION_POINT : SESSION_LIST;
    struct failure failure;
    if (port->closing)
        pg_failure_make(&failure, "57P01", "the service is stopping");
    else if (!fetch->write && !fetch->stream && shape->lane == SHAPE_FAST && is_away(port, kind))
        failure = lane_for(port, kind)->session.failure;
    else
        return false;
    fetch->problem = pg_failure_problem(&failure, fetch->arena);
    count_up(&port->counters.failures, 1);
    return true;
}

enum submit pg_port_submit(struct port *base, struct fetch *fetch)
{
    struct pg_port *port = port_of(base);
    struct shape *shape = pg_shapes_use(&port->shapes, &fetch->statement, shape_gone, port);
    pg_read_begin(port, fetch, shape);
    if (refuse(port, shape, fetch)) {
        shape_release(shape);
        return SUBMIT_DONE;
    }
    pg_port_enqueue(port, fetch);
    return SUBMIT_PENDING;
}

void pg_port_cancel(struct port *base, struct fetch *fetch)
{
    struct pg_port *port = port_of(base);
    struct loan *loan = read_loan(fetch);
    if (read_state(fetch) == READ_ENDED || (fetch->write && loan != NULL))
        return; /* its on_end is due; of a write that runs, when the outcome is certain */
    struct problem problem = pg_problem_cancelled();
    if (loan != NULL && !fetch->stream)
        pg_shape_measure_least(read_shape(fetch), mono_diff_us(loop_now(port->loop), loan->sent_at));
    pg_read_end_soon(port, fetch, &problem);
    if (loan != NULL)
        pg_slow_cancel(loan);
}

void pg_port_refresh(struct port *base)
{
    struct pg_port *port = port_of(base);
    for (struct shape *shape = NULL; (shape = pg_shapes_next(&port->shapes, shape)) != NULL;) {
        shape_gone(shape, port);
        pg_shape_forget(shape);
    }
}

/* ---- coming and going ---- */

static void init_lists(struct pg_port *port)
{
    list_init(&port->point_shapes);
    list_init(&port->list_reads);
    list_init(&port->loans);
    list_init(&port->trials);
    list_init(&port->ended);
    list_init(&port->link);
}

static void init_demand(struct pg_port *port, enum loan_kind kind)
{
    struct demand *demand = &port->demands[kind];
    list_init(&demand->fetches);
    demand->waiter = (struct pool_waiter){.loop = port->loop, .kind = kind};
    demand->waiter.letter.on_receive = called;
    demand->port = port;
}

struct port *pg_port_attach(struct store *store, struct loop *loop, unsigned worker)
{
    struct pg_store *mine = container_of(store, struct pg_store, base);
    struct pg_port *port = mem_must(sizeof *port);
    port->base.store = store;
    port->magic = PORT_MAGIC;
    port->worker = worker;
    port->store = mine;
    port->loop = loop;
    init_lists(port);
    pg_shapes_init(&port->shapes);
    buf_init(&port->keys, GATHER_BYTES_MAX + 16);
    port->turn_end.run = turn_end;
    port->tick.on_due = tick_due;
    for (unsigned kind = 0; kind < LOAN_KINDS; kind++)
        init_demand(port, kind);
    port->lane_count = mine->lanes_per_port;
    for (unsigned i = 0; i < port->lane_count; i++)
        pg_lane_init(&port->lanes[i], port, i, i < port->lane_count / 2 ? SESSION_POINT : SESSION_LIST);
    pg_pool_add_port(&mine->pool, &port->link, port->lane_count);
    for (unsigned i = 0; i < port->lane_count; i++)
        pg_lane_open(&port->lanes[i]);
    return &port->base;
}

static bool is_called(struct pg_port *port)
{
    for (unsigned kind = 0; kind < LOAN_KINDS; kind++)
        if (pg_pool_is_calling(&port->store->pool, &port->demands[kind].waiter))
            return true;
    return false;
}

static void leave_lines(struct pg_port *port)
{
    for (unsigned kind = 0; kind < LOAN_KINDS; kind++)
        pg_pool_leave_line(&port->store->pool, &port->demands[kind].waiter);
}

/* Slow lanes too: what a client that left had asked is to be cancelled first, not just left alone. */
bool pg_port_is_quiet(struct port *base)
{
    struct pg_port *port = port_of(base);
    leave_lines(port);
    return list_empty(&port->loans) && port->jobs_out == 0 && !is_called(port);
}

/* What other threads may still do for it: jobs on the offload pool, the pool's letter. */
static void await_others(struct pg_port *port)
{
    while (port->jobs_out > 0 || is_called(port))
        loop_turn(port->loop, TICK_MS);
}

void pg_port_detach(struct port *base)
{
    struct pg_port *port = port_of(base);
    struct failure failure;
    pg_failure_make(&failure, "57P01", "the service is stopping");
    port->closing = true;
    for (unsigned i = 0; i < port->lane_count; i++)
        pg_lane_close(&port->lanes[i], &failure);
    pg_port_fail_waiting(port, SESSION_POINT, &failure);
    pg_port_fail_waiting(port, SESSION_LIST, &failure);
    for (struct list *link; (link = list_shift(&port->trials)) != NULL;)
        pg_read_fail_all(port, &container_of(link, struct shape, turn)->waiting, &failure);
    pg_loan_close_all(port, &failure);
    pg_read_flush_ended(port);
    leave_lines(port);
    await_others(port);
    loop_task_cancel(&port->turn_end);
    loop_timer_stop(&port->tick);
    POST(list_empty(&port->loans) && list_empty(&port->ended));
    pg_pool_remove_port(&port->store->pool, &port->link, port->lane_count);
    pg_shapes_done(&port->shapes);
    buf_done(&port->keys);
    mem_free(port->cells);
    mem_free(port->values);
    port->magic = 0;
    mem_free(port);
}
