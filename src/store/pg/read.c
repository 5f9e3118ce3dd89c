/* SPDX-License-Identifier: Apache-2.0 */
/* A read's moves, its rows and its one end. See read.h. */
#include "store/pg/read.h"

#include "base/mem.h"
#include "store/pg/loan.h"

enum { CELL_HEAD_BYTES = 4 }; /* of the protocol */

#define BIT(state) (1u << (state))
static const unsigned moves[] = {
    [READ_NEW] = BIT(READ_QUEUED) | BIT(READ_HELD) | BIT(READ_WAITING),
    [READ_QUEUED] = BIT(READ_SENT) | BIT(READ_WAITING) | BIT(READ_ENDED),
    /* HELD again: the trial failed without telling anything, and another begins */
    [READ_HELD] = BIT(READ_HELD) | BIT(READ_QUEUED) | BIT(READ_WAITING) | BIT(READ_ENDED),
    [READ_SENT] = BIT(READ_QUEUED) | BIT(READ_HELD) | BIT(READ_WAITING) | BIT(READ_ENDED),
    [READ_WAITING] = BIT(READ_RUNNING) | BIT(READ_ENDED),
    [READ_RUNNING] = BIT(READ_WAITING) | BIT(READ_QUEUED) | BIT(READ_HELD) | BIT(READ_ENDED),
    [READ_ENDED] = 0,
};
#undef BIT

static bool waits(enum read_state state)
{
    return state == READ_QUEUED || state == READ_HELD || state == READ_WAITING;
}

void pg_read_move(struct pg_port *port, struct fetch *fetch, enum read_state to)
{
    enum read_state from = read_state(fetch);
    PRE(from <= READ_ENDED && moves[from] & 1u << to);
    fetch->state = (fetch->state & ~0xffu) | to;
    if (waits(from) != waits(to))
        gauge_add(&port->counters.waiting, waits(to) ? 1 : -1);
    if (from == READ_WAITING || to == READ_WAITING)
        port->demands[read_loan_kind(fetch)].count += to == READ_WAITING ? 1u : -1u;
}

void pg_read_begin(struct pg_port *port, struct fetch *fetch, struct shape *shape)
{
    PRE(fetch->on_end != NULL && fetch->sink.on_row != NULL && fetch->arena != NULL);
    fetch->state = READ_NEW;
    list_init(&fetch->link);
    fetch->store_data[0] = shape;
    fetch->store_data[1] = fetch->store_data[2] = NULL;
    fetch->problem = (struct problem){0};
    fetch->rows = 0;
    fetch->changed = 0;
    fetch->wait_us = fetch->run_us = 0;
    fetch->lane = "";
    fetch->submitted = loop_now(port->loop);
    fetch->sent = fetch->submitted;
    shape_hold(shape);
    count_up(&port->counters.fetches, 1);
}

bool pg_read_try(struct fetch *fetch)
{
    if (fetch->state >> READ_TRIES_SHIFT >= READ_TRIES_MAX)
        return false;
    fetch->state += 1u << READ_TRIES_SHIFT;
    return true;
}

bool pg_read_outlives_loss(const struct fetch *fetch)
{
    return fetch->rows == 0 && fetch->state >> READ_TRIES_SHIFT <= READ_LOSSES_MAX;
}

/* ---- the end ---- */

static void settle(struct pg_port *port, struct fetch *fetch, const struct problem *problem)
{
    struct mono now = loop_now(port->loop);
    bool was_sent = read_state(fetch) == READ_SENT || read_state(fetch) == READ_RUNNING;
    struct shape *shape = read_shape(fetch);
    if (read_loan(fetch) != NULL)
        read_loan(fetch)->fetch = NULL;
    fetch->store_data[1] = NULL;
    list_remove(&fetch->link);
    pg_read_move(port, fetch, READ_ENDED);
    if (shape->trial == fetch)
        pg_port_end_trial(port, shape);
    shape_release(shape);
    fetch->wait_us = mono_diff_us(was_sent ? fetch->sent : now, fetch->submitted);
    fetch->run_us = was_sent ? mono_diff_us(now, fetch->sent) : 0;
    if (problem == NULL)
        return;
    fetch->problem = *problem;
    count_up(&port->counters.failures, 1);
}

void pg_read_end(struct pg_port *port, struct fetch *fetch, const struct problem *problem)
{
    settle(port, fetch, problem);
    fetch->on_end(fetch);
}

void pg_read_end_soon(struct pg_port *port, struct fetch *fetch, const struct problem *problem)
{
    PRE(read_state(fetch) != READ_ENDED);
    settle(port, fetch, problem);
    list_push(&port->ended, &fetch->link);
    pg_port_wake(port);
}

void pg_read_fail(struct pg_port *port, struct fetch *fetch, const struct failure *failure)
{
    struct problem problem = fetch->write ? pg_failure_problem_of_write(failure, fetch->arena)
                                          : pg_failure_problem(failure, fetch->arena);
    pg_read_end(port, fetch, &problem);
}

void pg_read_fail_all(struct pg_port *port, struct list *reads, const struct failure *failure)
{
    struct list failing;
    list_init(&failing);
    list_move_all(&failing, reads); /* an on_end may submit another */
    for (struct list *link; (link = failing.next) != &failing;)
        pg_read_fail(port, container_of(link, struct fetch, link), failure);
}

void pg_read_fail_tried(struct pg_port *port, struct fetch *fetch)
{
    struct failure failure;
    pg_failure_make(&failure, "40001", "sent too often, each time in vain");
    pg_read_fail(port, fetch, &failure);
}

void pg_read_flush_ended(struct pg_port *port)
{
    struct list ended;
    list_init(&ended);
    list_move_all(&ended, &port->ended); /* an on_end may end others */
    for (struct list *link; (link = list_shift(&ended)) != NULL;) {
        struct fetch *fetch = container_of(link, struct fetch, link);
        PRE(read_state(fetch) == READ_ENDED);
        fetch->on_end(fetch);
    }
}

/* ---- rows ---- */

static void cells_reserve(struct pg_port *port, unsigned count)
{
    if (count <= port->cells_max)
        return;
    mem_free(port->cells);
    port->cells = mem_must(count * sizeof *port->cells); /* a result has at most 1,664 columns */
    port->cells_max = count;
}

bool pg_read_give_row(struct pg_port *port, struct fetch *fetch, const PGresult *result, int row)
{
    unsigned count = (unsigned)PQnfields(result);
    cells_reserve(port, count);
    for (unsigned i = 0; i < count; i++) {
        int len = PQgetlength(result, row, (int)i);
        port->given_bytes += (unsigned)len + CELL_HEAD_BYTES;
        bool null = len == 0 && PQgetisnull(result, row, (int)i);
        port->cells[i] = (struct slice){null ? NULL : PQgetvalue(result, row, (int)i), (size_t)len};
    }
    fetch->rows++;
    return fetch->sink.on_row(fetch->sink.context, port->cells, count);
}
