/* SPDX-License-Identifier: Apache-2.0 */
/* A fast lane: one pipelined connection of a worker.
 *
 *   DOWN ──back-off over──→ OPENING ──ready──→ OPEN ──recycle due──→ DRAINING ──last volley answered──→ OPENING
 *    ↑                         │                │                      │
 *    └───────── failed ────────┘←─── lost: its reads are sent again on another lane or after reconnecting ───┘
 *
 * What is sent at the end of one turn is a volley: up to 32 statements in segments, each closed by a Sync. The reads of a segment
 * are one implicit transaction: an error in one aborts those behind it, and they are sent again. So a shape that failed lately
 * has a segment of its own, and so has one whose segment took long without telling whose fault it was. A lane has at most
 * VOLLEYS_MAX volleys in flight: what comes meanwhile gathers, and goes out in fewer, larger statements.
 *
 *   ops:   [preamble] parse read read gather Sync | read Sync        ring, oldest at head
 *           head ↑         ↑ cursor: whose result comes next   ↑ tail
 *
 * `head` moves at a Sync's result, `cursor` with each operation: on a lost connection all reads from head on are at hand.
 * Prepared state is noted from the Parse's own result: a Parse behind an error is lost, one before it persists.
 * Statements here are never cancelled (PQcancel hits whatever runs): the database's timeout of 250 ms ends them. */
#ifndef LEAT_STORE_PG_LANE_H
#define LEAT_STORE_PG_LANE_H

#include "store/pg/session.h"
#include "store/store.h"

struct pg_port;
struct shape;
struct prepared;

enum {
    LANE_OPS_MAX = 512,
    VOLLEYS_MAX = 3,
    VOLLEY_STATEMENTS_MAX = 32,
    SEGMENT_BYTES_MAX = 64 * 1024,
    PREPARED_MAX = 256,
    DROPS_MAX = 2 * PREPARED_MAX,
};

enum op_kind { OP_PREAMBLE, OP_ACT, OP_DROP, OP_PARSE, OP_READ, OP_GATHER, OP_SYNC };

struct op {
    enum op_kind kind;
    bool ends_volley, failed;
    struct shape *shape;       /* of PARSE, READ, GATHER: held until the segment is done */
    struct prepared *prepared; /* of PARSE, and of READ and GATHER when sent by name */
    uint32_t name;             /* of PARSE and DROP, and of READ and GATHER when sent by name */
    uint64_t answer_bytes;
    struct mono sent_at; /* of SYNC: when its segment was sent */
    struct list fetches; /* of READ (one) and GATHER; those that ended have left */
};

enum lane_state { LANE_DOWN, LANE_OPENING, LANE_OPEN, LANE_DRAINING };

struct lane {
    uint32_t magic;
    enum lane_state state;
    struct session session;
    struct pg_port *port;
    unsigned index;
    struct timer retry;
    unsigned failures;           /* in a row: the back-off's exponent */
    struct mono failed_at;       /* the last attempt */
    unsigned volleys;            /* in flight */
    unsigned head, cursor, tail; /* of ops, counted without wrapping */
    uint32_t segment;            /* number of the segment being built */
    struct mono sync_at;         /* the last Sync came */
    unsigned prepared_count;
    uint32_t drops[DROPS_MAX]; /* names to be deallocated */
    unsigned drop_count;
    struct op ops[LANE_OPS_MAX];
};

void pg_lane_init(struct lane *lane, struct pg_port *port, unsigned index, enum session_kind kind);
void pg_lane_open(struct lane *lane);
/* For good; reads in flight end with the failure. */
void pg_lane_close(struct lane *lane, const struct failure *failure);

/* Whether it is for point or list reads; a port's only lane is for both. */
bool pg_lane_serves(const struct lane *lane, enum session_kind kind);

bool pg_lane_has_room(const struct lane *lane);

/* Reads for it may wait in the hope that it will be open soon. */
bool pg_lane_is_coming(const struct lane *lane);

/* Another connection found the database well: a lane that is DOWN does not wait for its back-off to pass. */
void pg_lane_hurry(struct lane *lane);

/* Takes reads of its kind from the port's queues and sends them as one volley. */
void pg_lane_send_volley(struct lane *lane);

/* Names of a shape that goes away or is to be prepared anew. */
void pg_lane_drop_prepared(struct lane *lane, struct prepared *prepared);

/* The parts of a lane, for each other: lane.c (the connection), volley.c (sending), answer.c (results). */
struct op *pg_lane_op(struct lane *lane, unsigned at);
void pg_lane_read_answers(struct lane *lane);
/* The connection is lost: closes it and begins anew. */
void pg_lane_lose(struct lane *lane, const struct failure *failure);

/* At a tick: reconnects when the server has said nothing for too long, recycles when it is time. */
void pg_lane_tick(struct lane *lane, struct mono now);

#endif
