/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's port to PostgreSQL: its shapes, its fast lanes, what runs on lanes on loan; and the store they share.
 *
 *   store_submit → shape ┬ reads by one key ─→ shape->waiting ─┐  end of the turn,
 *                        ├ known cheap ──────→ list_reads ─────┴→ a lane with room: one volley (lane.h) → rows → on_end
 *                        ├ unknown, dear ────→ demands[SLOW] ───→ a slow lane (loan.h) ─────────────────→ rows → on_end
 *                        └ a write ──────────→ demands[WRITE] ──→ a write lane (loan.h) ─→ rows, Sync ──→ on_end
 *
 * Ownership: the port owns lanes and shapes; reads are its callers'. All on the worker's thread, but for what pool.h locks and
 * the counters, which any thread reads. */
#ifndef LEAT_STORE_PG_PORT_H
#define LEAT_STORE_PG_PORT_H

#include <stdatomic.h>

#include "base/buf.h"
#include "store/driver.h"
#include "store/pg/lane.h"
#include "store/pg/pool.h"
#include "store/pg/shape.h"

enum { PG_INSTANCE_LEN = 16 };

struct pg_store {
    struct store base;
    uint32_t magic;
    struct arena arena; /* what lives as long as the store */
    struct store_options options;
    struct target target;
    struct session_plan sessions;
    struct slice preambles
        [SESSION_KINDS]; /* the first statement of each Sync, where settings or an instance must be told; else empty */
    struct slice catalog_settings,
        describe_settings; /* local to a transaction: a pooler's connection is not ours */
    unsigned lanes_per_port;
    struct offload *offload;
    char instance[PG_INSTANCE_LEN + 1]; /* what its writes are known by: `leat.instance` of their sessions */
    struct pool pool;
};

/* Written by the worker's thread alone, read by any. */
struct port_counters {
    _Atomic uint64_t fetches, failures, reconnects, gathered, resent;
    _Atomic unsigned waiting, lanes_open, lanes_busy, loans_running;
};

/* The fetches that wait for a connection on loan of one kind, in order. */
struct demand {
    struct list fetches;
    unsigned count, opening; /* connections being opened for them */
    struct pool_waiter waiter;
    struct pg_port *port;
};

struct pg_port {
    struct port base;
    uint32_t magic;
    unsigned worker;
    struct pg_store *store;
    struct loop *loop;
    struct shapes shapes;
    unsigned lane_count;
    struct lane lanes[SHAPE_LANES_MAX];
    struct list point_shapes; /* shapes with reads to be gathered */
    struct list list_reads;   /* fetches for the list lanes, in order */
    struct demand demands[LOAN_KINDS];
    struct list loans;  /* struct loan: the port's at the moment */
    struct list trials; /* UNKNOWN shapes with reads held behind a first run, by shape->turn */
    struct list ended;  /* fetches whose on_end is due at the turn's end */
    unsigned jobs_out;  /* jobs on the offload pool */
    bool closing;
    struct task turn_end;
    struct timer tick;   /* runs while anything waits or runs: deadlines, trials, silent connections */
    struct slice *cells; /* of the row being given */
    unsigned cells_max;
    uint64_t given_bytes; /* in cells, since whoever counts them set it to 0 */
    const char **values;  /* of the binds being sent */
    unsigned values_max;
    struct buf keys; /* the array being written for a gathered read */
    struct port_counters counters;
    struct list link; /* in the pool's list of ports */
};

static inline void count_up(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + by,
                          memory_order_relaxed);
}

static inline void gauge_add(_Atomic unsigned *gauge, int by)
{
    atomic_store_explicit(gauge, atomic_load_explicit(gauge, memory_order_relaxed) + (unsigned)by,
                          memory_order_relaxed);
}

/* Gives a read its place by what is known of its shape; it is sent at the turn's end at the earliest. */
void pg_port_enqueue(struct pg_port *port, struct fetch *fetch);

/* Asks for port_pump at this turn's end, and for the tick. */
void pg_port_wake(struct pg_port *port);

/* The values of a statement's binds as libpq takes them; good until the next call. */
const char **pg_port_values(struct pg_port *port, const struct statement *statement);

/* Ends all reads that wait for a list or point lane. */
void pg_port_fail_waiting(struct pg_port *port, enum session_kind kind, const struct failure *failure);

/* UNKNOWN shapes: the first run is over: those held behind it go where they now belong. */
void pg_port_end_trial(struct pg_port *port, struct shape *shape);

extern const struct store_driver store_driver_pg;
struct port *pg_port_attach(struct store *store, struct loop *loop, unsigned worker);
bool pg_port_is_quiet(struct port *port);
void pg_port_detach(struct port *port);
enum submit pg_port_submit(struct port *port, struct fetch *fetch);
void pg_port_cancel(struct port *port, struct fetch *fetch);
void pg_port_refresh(struct port *port);

/* listen.c */
struct listener *pg_listen(struct store *store, struct loop *loop, const struct listener_events *events);
bool pg_listener_is_quiet(const struct listener *listener);
void pg_unlisten(struct listener *listener);

#endif
