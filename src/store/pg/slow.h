/* SPDX-License-Identifier: Apache-2.0 */
/* A slow lane: a connection that runs one statement at a time, row by row, and whose statement can be cancelled.
 *
 *   OPENING ──ready──→ FREE ──a read──→ RUNNING ──its Sync came──→ FREE ──→ next read, or back to the pool
 *                                          │ cancel (PQcancel, on the offload pool)
 *                                          ↓
 *                                      CANCELLING ──Sync──→ CALL_DUE ────call returned──→ FREE
 *                                          └────call returned──→ RESULT_DUE ──Sync──→ FREE
 *
 * It is free only when the call has returned AND the statement's result has come: else the cancel could hit the next statement.
 * The read itself ends at once when it is given up; what the statement still answers is dropped.
 *
 * Ownership: a port's while it has it (port->slows), else the pool's. Failure: a lost connection is closed and forgotten; its read
 * is sent again once when no row was given yet, else fails. */
#ifndef LEAT_STORE_PG_SLOW_H
#define LEAT_STORE_PG_SLOW_H

#include "loop/offload.h"
#include "store/pg/session.h"
#include "store/store.h"

struct pg_port;
struct shape;

enum slow_state {
    SLOW_OPENING,
    SLOW_FREE,
    SLOW_RUNNING,
    SLOW_CANCELLING,
    SLOW_CALL_DUE,
    SLOW_RESULT_DUE,
    SLOW_GONE
};

/* Whose result comes next. */
enum slow_stage { STAGE_PREAMBLE, STAGE_READ, STAGE_SYNC };

struct slow {
    uint32_t magic;
    enum slow_state state;
    enum slow_stage stage;
    struct session session;
    struct pg_port *port; /* NULL in the pool */
    struct list link;     /* in port->slows, or in the pool */
    struct fetch *fetch;  /* NULL: none, or it ended */
    struct mono sent_at;
    uint64_t answer_bytes;
    PGcancel *cancel; /* in CANCELLING, CALL_DUE; GONE with the call still out */
    struct job job;
};

/* Runs the port's waiting reads on slow lanes as far as the pool allows. */
void pg_slow_pump(struct pg_port *port);

/* Gives up the statement a slow lane runs; its read has ended. */
void pg_slow_cancel(struct slow *slow);

/* At a tick: cancels what could not be cancelled before, closes connections that say nothing. */
void pg_slow_tick(struct pg_port *port, struct mono now);

/* The port goes away: closes its slow lanes; one whose cancel call is still out is freed when it comes home. */
void pg_slow_close_all(struct pg_port *port, const struct failure *failure);

/* Of the pool's idle ones. */
void pg_slow_free(struct slow *slow);

#endif
