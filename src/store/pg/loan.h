/* SPDX-License-Identifier: Apache-2.0 */
/* A connection on loan: a worker has it for a while, then it lies idle in the process's pool (pool.h). It runs one fetch at a time:
 * a slow lane (slow.c) one statement, row by row; a write lane (write.c) the statements of one transaction.
 *
 *   OPENING ──ready──→ FREE ──a fetch──→ RUNNING ──its Sync came──→ FREE ──→ next fetch, or back to the pool
 *                                          │ cancel (PQcancel, on the offload pool; slow lanes alone)
 *                                          ↓
 *                                      CANCELLING ──Sync──→ CALL_DUE ────call returned──→ FREE
 *                                          └────call returned──→ RESULT_DUE ──Sync──→ FREE
 *                                                                    └─ 250 ms: cancelled again: the first came too early
 *
 * It is free only when the call has returned AND the statement's result has come: else the cancel could hit the next statement.
 * A read that is given up ends at once, and what its statement still answers is dropped. A write runs to its end.
 *
 * Ownership: a port's while it has it (port->loans), else the pool's. Failure: a lost connection is closed and forgotten; what
 * becomes of its fetch its kind knows. */
#ifndef LEAT_STORE_PG_LOAN_H
#define LEAT_STORE_PG_LOAN_H

#include "loop/offload.h"
#include "store/pg/named.h"
#include "store/pg/pool.h"
#include "store/pg/session.h"
#include "store/store.h"

struct pg_port;

enum loan_state {
    LOAN_OPENING,
    LOAN_FREE,
    LOAN_RUNNING,
    LOAN_CANCELLING,
    LOAN_CALL_DUE,
    LOAN_RESULT_DUE,
    LOAN_GONE
};

/* Of a slow lane: whose result comes next. */
enum slow_stage { STAGE_PREAMBLE, STAGE_ACT, STAGE_READ, STAGE_SYNC };

/* Of a write lane: what was sent, in order, whose results have not all come. */
enum unit_op { UNIT_PREAMBLE, UNIT_ACT, UNIT_DROP, UNIT_PARSE, UNIT_STATEMENT, UNIT_ROLLBACK, UNIT_SYNC };
enum { UNIT_OPS_MAX = 8 };

struct unit {
    enum unit_op ops[UNIT_OPS_MAX]; /* a ring */
    unsigned head, tail;            /* counted without wrapping */
    bool asked;                     /* on_statement was called */
    bool synced;                    /* its Sync was sent: it is for the database to say whether it stands */
    bool undone;                    /* it failed or was rolled back: nothing of it will stand */
    bool again;                     /* it failed by another's fault and runs once more */
    bool full;                      /* the sink wants no more rows */
    bool acts;                      /* what was sent last acts as the caller (fetch->as) */
    struct named_text *named;       /* its first statement is sent by name */
};

struct loan {
    uint32_t magic;
    enum loan_state state;
    enum loan_kind kind;
    struct session session;
    struct pg_port *port; /* NULL in the pool */
    struct list link;     /* in port->loans, or in the pool */
    struct fetch *fetch;  /* NULL: none, or it ended */
    struct mono sent_at;
    /* a slow lane's */
    enum slow_stage stage;
    bool acts; /* as a caller: its stage is not left out */
    uint64_t answer_bytes;
    struct mono cancelled_at;
    PGcancel *cancel; /* in CANCELLING, CALL_DUE; GONE with the call still out */
    struct job job;
    /* a write lane's */
    struct unit unit;
    struct named named; /* prepared on this connection */
};

/* What the two kinds do each in its way. */
struct loan_work {
    const char *lane; /* of fetches that run on it */
    /* Sends loan->fetch; false: the connection is broken. */
    bool (*send)(struct loan *loan);
    /* The next result of libpq, NULL where it gives NULL; false: stop reading: the loan is gone or was given back. */
    bool (*take)(struct loan *loan, const PGresult *result);
    /* The connection was lost with this fetch: is it to be run again? Else ret_problem is how it ends. */
    bool (*outlives)(const struct loan *loan, const struct failure *failure, struct problem *ret_problem);
};

extern const struct loan_work pg_slow_work, pg_write_work;

/* Runs the port's waiting fetches as far as the pool allows. */
void pg_loan_pump(struct pg_port *port);

/* At a tick: cancels what could not be cancelled before, closes connections that say nothing. */
void pg_loan_tick(struct pg_port *port, struct mono now);

/* The port goes away: closes its loans; one whose cancel call is still out is freed when it comes home. Turns the loop for a moment
 * while writes are under way. */
void pg_loan_close_all(struct pg_port *port, const struct failure *failure);

/* Of the pool's idle ones. */
void pg_loan_free(struct loan *loan);

/* The parts of a loan, for slow.c and write.c. */
void pg_loan_move(struct loan *loan, enum loan_state to);
void pg_loan_lost(struct loan *loan, const struct failure *failure);
/* Closes it; it has no fetch. Frees it, but where a cancel call is out, which does on coming home. */
void pg_loan_drop(struct loan *loan);
/* FREE: the next fetch of this port, or back to the pool. */
void pg_loan_next(struct loan *loan);
/* Parts it from its fetch. NULL: it had none. */
struct fetch *pg_loan_take_fetch(struct loan *loan);
/* The fetch waits again, to be sent anew. */
void pg_loan_enqueue_again(struct pg_port *port, struct fetch *fetch);

/* Gives up the statement a slow lane runs; its read has ended. */
void pg_slow_cancel(struct loan *loan);

#endif
