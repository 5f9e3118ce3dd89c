/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of this driver share: the store (the process's) and its ports (a worker's). README.md has the picture.
 *
 *   submit ─ inline? ─► run on the loop, in the turn's read transaction ─► SUBMIT_DONE
 *          ├─ write ──► the writer's queue (writer.h) ─► on_end
 *          └──────────► waiting ─► a runner (a connection and a job) on the offload pool ─► on_end
 *
 * Threads: a port and all its lists belong to its loop's thread. A runner's reader is used by the pool's
 * thread between offload_submit and on_done, by the port's thread otherwise; `stage`, `cancelled` and `db`
 * are for both. */
#ifndef LEAT_STORE_SQLITE_STORE_H
#define LEAT_STORE_SQLITE_STORE_H

#include <pthread.h>

#include "store/driver.h"
#include "store/sqlite/reader.h"

enum {
    LITE_STORE_MAGIC = 0x4c535452,
    LITE_PORT_MAGIC = 0x4c50524f,
    LITE_RUNNER_MAGIC = 0x4c52554e,
};

struct lite_store {
    struct store base;
    uint32_t magic;
    char *path;
    const char *note; /* for operators: the file is not in WAL mode; "" */
    locale_t locale;
    struct offload *offload;
    unsigned workers, runners_max; /* of a port */
    int64_t wait_ms, timeout_ms;
    size_t answer_bytes_max;
    uint64_t map_bytes_max; /* a larger file is read, not mapped */
    pthread_mutex_t lock;   /* guards what follows */
    struct list ports;
    struct lite_counts {
        uint64_t fetches, failures, reopened;
    } gone; /* of ports that were detached */
    struct lite_writer *writer;
    _Atomic uint64_t commits; /* of the writer's */
    atomic_bool committing;   /* one may be there already that is not counted yet */
    char why[256];            /* by lock */
    atomic_bool down;         /* the last read that the file's state could fail did fail */
};

enum lite_stage { STAGE_IDLE, STAGE_QUEUED, STAGE_RUNNING, STAGE_ABANDONED };

struct lite_runner {
    uint32_t magic;
    struct job job;
    struct list link; /* in its port's idle or busy */
    struct lite_port *port;
    struct fetch *fetch;        /* NULL: idle or abandoned */
    struct lite_reader *reader; /* opened on the pool; NULL until then */
    struct mono limit;          /* the present fetch is stopped then; us 0: never */
    uint64_t reopened;          /* of its port, when it was last looked at */
    bool broken, stale;         /* to be done when it comes home: close the reader, forget its statements */
    _Atomic(enum lite_stage) stage;
    _Atomic(sqlite3 *) db; /* for sqlite3_interrupt; closed only by the port's thread */
    atomic_bool cancelled;
};

struct lite_port {
    struct port base;
    uint32_t magic;
    struct lite_store *store;
    struct loop *loop;
    struct list link; /* in store->ports */

    struct lite_reader *reader; /* inline; NULL: to be opened */
    struct mono file_seen;      /* when the path was last looked at */
    bool in_turn;               /* the turn's read transaction is open */
    uint64_t turn_commits;      /* the store's, before it began */
    struct task turn_end;

    struct list waiting; /* fetches, by link */
    struct list ended;   /* fetches whose on_end comes at the turn's end */
    struct task tell_ended;
    struct list idle, busy; /* runners */
    unsigned runner_count, busy_count, waiting_count;
    unsigned writes_count; /* that have not come home */
    struct timer patrol, torn_look;
    bool closing;

    _Atomic uint64_t fetches, failures, reopened; /* written by this thread alone */
    _Atomic unsigned state_connections, state_busy, state_waiting;
};

static inline struct lite_store *lite_store_of(struct store *store)
{
    struct lite_store *lite = (struct lite_store *)store;
    CHECK_MAGIC(lite, LITE_STORE_MAGIC);
    return lite;
}

static inline struct lite_port *lite_port_of(struct port *port)
{
    struct lite_port *lite = (struct lite_port *)port;
    CHECK_MAGIC(lite, LITE_PORT_MAGIC);
    return lite;
}

/* The sole writer's increment: no locked instruction. */
static inline void lite_count(_Atomic uint64_t *counter)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + 1,
                          memory_order_relaxed);
}

/* port.c */
struct port *lite_attach(struct store *store, struct loop *loop, unsigned worker);
bool lite_is_quiet(struct port *port);
void lite_detach(struct port *port);
enum submit lite_submit(struct port *port, struct fetch *fetch);
void lite_refresh(struct port *port);
void lite_port_note(struct lite_port *port, const struct problem *problem);

/* listen.c */
struct listener *lite_listen(struct store *store, struct loop *loop, const struct listener_events *events);
bool lite_listener_is_quiet(const struct listener *listener);
void lite_unlisten(struct listener *listener);

/* pool.c */
void lite_pool_init(struct lite_port *port);
void lite_pool_done(struct lite_port *port);
void lite_pool_submit(struct lite_port *port, struct fetch *fetch);
void lite_pool_refresh(struct lite_port *port);
void lite_pool_let_go(struct lite_port *port); /* closes the connections that nobody uses */
void lite_cancel(struct port *port, struct fetch *fetch);

/* pool.c, for write.c and group.c: the end of a fetch, now or at the turn's end; how long one may wait and run */
void lite_end(struct lite_port *port, struct fetch *fetch);
void lite_end_later(struct lite_port *port, struct fetch *fetch, struct problem problem);
bool lite_waited_too_long(const struct lite_port *port, const struct fetch *fetch, struct mono now);
struct mono lite_limit_of(const struct lite_store *store, const struct fetch *fetch);
void lite_pool_patrol(struct lite_port *port); /* something is out */

/* write.c */
void lite_write_submit(struct lite_port *port, struct fetch *fetch);
void lite_write_cancel(struct lite_port *port, struct fetch *fetch);
void lite_write_patrol(struct lite_port *port, struct mono now);
void lite_write_stop(struct lite_port *port); /* ends those that have not begun */

/* catalog.c, describe.c */
enum error lite_catalog(struct store *store, struct catalog **ret_catalog, char why[512]);
enum error lite_describe(struct store *store, struct model *model, struct complaints *complaints);

#endif
