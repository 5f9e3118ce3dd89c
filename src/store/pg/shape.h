/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker knows of each statement text: how often it is used, what it costs, which lane it runs on, where it is
 * prepared, and which reads of it wait to be gathered.
 *
 * The lane of a shape:
 *
 *            first run, on a slow lane,           p95 > 50 ms, or an answer > 256 KiB,
 *            measured: cheap                      or 57014 on the fast lane
 *   UNKNOWN ─────────────────────────→ FAST ─────────────────────────→ SLOW
 *      └─ measured: dear ─────────────────────────────────────────────→ │
 *                                      FAST ←──── p95 < 20 ms and small ┘
 *
 * A text never run could answer a gigabyte: its first run is on a slow lane, row by row, cancellable. Reads by one key are at
 * most one row and start FAST.
 *
 * Ownership: the table owns the shapes; at most SHAPES_MAX, least recently used ones go first, but never one that is held
 * (shape_hold). One worker's thread. Cannot fail. */
#ifndef LEAT_STORE_PG_SHAPE_H
#define LEAT_STORE_PG_SHAPE_H

#include "base/clock.h"
#include "base/list.h"
#include "base/map.h"
#include "store/store.h"

enum { SHAPES_MAX = 1024, SHAPE_LANES_MAX = 4, ANSWER_BYTES_FAST_MAX = 256 * 1024 };

enum shape_lane { SHAPE_UNKNOWN, SHAPE_FAST, SHAPE_SLOW };

/* Where a text is prepared: on each fast lane of the worker, under a name of its own ("s17"), or not. */
enum prepared_state { PREPARED_NOT, PREPARED_SENT, PREPARED_READY };

struct prepared {
    enum prepared_state state;
    uint32_t name;
    uint32_t segment; /* SENT: the Sync's group its Parse went with */
};

struct form {
    struct slice text; /* NUL-terminated */
    struct prepared on[SHAPE_LANES_MAX];
};

struct shape {
    uint32_t magic;
    struct list recent; /* in the table's order of use */
    struct form single, gather;
    unsigned key_cell; /* of the gathered form */
    bool gathers;
    enum shape_lane lane;
    unsigned holds; /* reads that wait or run, operations in flight */
    uint64_t uses;
    int64_t p95_us;        /* at the database; 0: not measured */
    uint64_t answer_bytes; /* high-water mark, sinking slowly */
    struct mono
        alone_until; /* until then it has a Sync of its own: it failed, or a group it was in was slow */
    struct list
        waiting;      /* reads to be gathered; or, of an UNKNOWN one, held until its first run is measured */
    struct list turn; /* among the port's shapes that have waiting ones */
    const struct fetch *trial; /* UNKNOWN: its first run, under way; others are held behind it for a while */
    struct mono trial_since;
};

struct shapes {
    struct map by_text;
    struct list recent; /* least recently used first */
    unsigned count;
    uint32_t next_name; /* of prepared statements */
};

/* A shape that leaves the table: its prepared statements are to be dropped. */
typedef void shape_gone_fn(struct shape *shape, void *context);

void pg_shapes_init(struct shapes *shapes);
void pg_shapes_done(struct shapes *shapes);

/* The shape of a statement, made when it is new; counts a use. gone is called for one that has to make room. */
struct shape *pg_shapes_use(struct shapes *shapes, const struct statement *statement, shape_gone_fn *gone,
                            void *context);

/* Walks from the least recently used one; NULL at the end. */
struct shape *pg_shapes_next(const struct shapes *shapes, const struct shape *before);

static inline void shape_hold(struct shape *shape)
{
    shape->holds++;
}
static inline void shape_release(struct shape *shape)
{
    PRE(shape->holds > 0);
    shape->holds--;
}

/* A run was measured: its lane follows. */
void pg_shape_measure(struct shape *shape, int64_t run_us, uint64_t answer_bytes);

/* It ran into the fast lane's timeout. */
void pg_shape_timed_out(struct shape *shape, int64_t run_us);

/* A run was given up after so long: it takes at least that. */
void pg_shape_measure_least(struct shape *shape, int64_t run_us);

/* Forgets what was measured (the schema may have changed); what is prepared stays the caller's business. */
void pg_shape_forget(struct shape *shape);

#endif
