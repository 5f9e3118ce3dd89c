/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a read (a struct fetch; a write too, which is WAITING and RUNNING alone) within this store.
 *
 *                    ┌──→ QUEUED ──turn's end, a lane has room──→ SENT ──┐
 *   NEW ─pg_port_enqueue┼──→ HELD ──its shape's first run measured──→ ↑ ↓     │ rows, problem,
 *                    └──→ WAITING ──a lane on loan is free──→ RUNNING ──────→┼─→ ENDED → on_end
 *        any of them ──cancel, deadline, pool.wait──→ ENDED ─(turn's end)─┘
 *   SENT, RUNNING → QUEUED, WAITING: sent again (its neighbour failed, the connection broke, the timeout of the fast lane)
 *
 * QUEUED and HELD lie in a list of the port's or a shape's; SENT in its operation's; WAITING in one of the port's demands. A read that
 * ends leaves its list: what then comes for it from the database is dropped.
 * store_data[0] is its shape, [1] the connection on loan it runs on, [2] the next of the same key while rows are handed out. */
#ifndef LEAT_STORE_PG_READ_H
#define LEAT_STORE_PG_READ_H

#include "store/pg/port.h"

enum read_state { READ_NEW, READ_QUEUED, READ_HELD, READ_SENT, READ_WAITING, READ_RUNNING, READ_ENDED };

/* Facts that survive a state, in the bits of fetch->state above it. */
enum {
    READ_RETRIED = 1u << 8,
    READ_ALONE = 1u << 9,
    READ_TRIES_SHIFT = 16,
    READ_TRIES_MAX = 6,
    READ_LOSSES_MAX = 3
};

static inline enum read_state read_state(const struct fetch *fetch)
{
    return fetch->state & 0xff;
}
/* Of which it is WAITING or RUNNING. */
static inline enum loan_kind read_loan_kind(const struct fetch *fetch)
{
    return fetch->write ? LOAN_WRITE : LOAN_SLOW;
}
static inline struct shape *read_shape(const struct fetch *fetch)
{
    return fetch->store_data[0];
}
/* NULL: it runs on none. */
static inline struct loan *read_loan(const struct fetch *fetch)
{
    return fetch->store_data[1];
}

void pg_read_begin(struct pg_port *port, struct fetch *fetch, struct shape *shape);
void pg_read_move(struct pg_port *port, struct fetch *fetch, enum read_state to);

/* Counts a sending; false: it was sent too often already. */
bool pg_read_try(struct fetch *fetch) must_check;

/* Whether a read whose connection was lost is sent again: others may have been cut with it, so more than once. */
bool pg_read_outlives_loss(const struct fetch *fetch);

/* Ends it now: takes it out of its list, calls on_end, after which it is not ours. problem NULL: it went well. */
void pg_read_end(struct pg_port *port, struct fetch *fetch, const struct problem *problem);
/* The same at the turn's end: for callers in whose stack the read's owner may be. */
void pg_read_end_soon(struct pg_port *port, struct fetch *fetch, const struct problem *problem);
void pg_read_fail(struct pg_port *port, struct fetch *fetch, const struct failure *failure);
void pg_read_fail_all(struct pg_port *port, struct list *reads, const struct failure *failure);
/* One for which pg_read_try said no. */
void pg_read_fail_tried(struct pg_port *port, struct fetch *fetch);
/* Calls on_end of those that end soon. */
void pg_read_flush_ended(struct pg_port *port);

/* Gives row `row` of a result to the sink; false: the sink wants no more. */
bool pg_read_give_row(struct pg_port *port, struct fetch *fetch, const PGresult *result, int row);

#endif
