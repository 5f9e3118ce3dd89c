/* SPDX-License-Identifier: Apache-2.0 */
/* What is asked of a database, and what comes of it: a statement with its binds, a sink for its rows, an end.
 *
 * A write is a fetch with `write` set: one transaction, committed at its end. on_end comes when the outcome is certain: with status
 * 0 it is committed, with a problem nothing of it is there, but for one: 503 "outcome-unknown", when the connection was lost
 * after the commit had been sent.
 *
 *   statement → rows to the sink → on_statement ─ COMMIT ───→ committed → on_end
 *       ↑                              │ NEXT    └ ROLLBACK ─→ rolled back → on_end (fetch->problem as on_statement left it)
 *       └── exchanged statement, sink ─┘
 *
 * A bulk answer has `stream` set: it is never held by the store nor limited in bytes, and runs where it delays no other (a slow lane,
 * the offload pool), its rows given one by one.
 *
 * Ownership and failure: store.h. */
#ifndef LEAT_STORE_FETCH_H
#define LEAT_STORE_FETCH_H

#include "base/arena.h"
#include "base/problem.h"
#include "loop/offload.h"

/* A bound value. `text` is always there (PostgreSQL binds text); SQLite binds by kind. */
struct bind {
    enum bind_kind { BIND_NULL, BIND_TEXT, BIND_INT, BIND_REAL, BIND_BLOB } kind;
    struct slice text; /* NUL-terminated behind its length; data NULL for BIND_NULL */
    int64_t integer;
    double real;
};

/* A read of one row by its one-column key can share a statement with others of the same shape and the same further binds: `text` takes
 * an array of keys in the place of the key (pg: `… WHERE id = ANY($1::bigint[])`), and its rows bear the key's text in cell `key_cell` (behind the visible ones; the sink is
 * given the cells before it... all of them, as for the single form, whose rows have the same cells). */
struct gather {
    struct slice text;
    unsigned key_cell;
};

/* Whom statements act as where the database itself decides who may (PostgreSQL): set before them in their transaction, and gone with
 * it. Both texts are NUL-terminated behind their length. */
struct acting {
    struct slice role;   /* of the database */
    struct slice claims; /* JSON: current_setting('request.jwt.claims') */
};

struct statement {
    struct slice text; /* equal text = the same shape: prepared, measured and given its lane by it */
    const struct bind *binds;
    unsigned bind_count;
    unsigned
        runs; /* SQLite's writes: run so many times, each with the next bind_count of the binds; 0: once */
    const struct gather
        *gather; /* NULL: runs alone. Its key is binds[0], in the canonical text of its type */
    bool own;    /* Leat's, in the unit of a caller: acts as the connection's own role */
};

/* What takes the rows, one by one. cells: the database's text form, data NULL for NULL; valid during the call alone.
 * Returns false when it wants no more (its cap is reached): the fetch then ends without a problem. */
struct row_sink {
    bool (*on_row)(void *context, const struct slice *cells, unsigned count);
    void *context;
};

/* What becomes of a write whose statement ended well. */
enum verdict {
    VERDICT_COMMIT,
    VERDICT_ROLLBACK, /* fetch->problem was set, or the caller keeps in mind why */
    VERDICT_NEXT /* fetch->statement, and the sink if need be, were exchanged for the next of this transaction */
};

struct fetch {
    struct statement statement;
    struct row_sink sink;
    const struct acting *as; /* NULL: the connection's own role. Such a read is alone in its Sync */
    void (*on_end)(struct fetch *fetch);
    bool stream; /* see above */
    bool write;
    bool makes; /* a write that may make tables: of Leat's own alone, never of a request's text */
    /* Of a write, when a statement ended well and all its rows were given; NULL: COMMIT. On the sink's thread. */
    enum verdict (*on_statement)(struct fetch *fetch);
    /* pg: the server's number of the session that a write was sent to last: where its outcome is unknown, that may commit it yet. 0: none
     * may. */
    unsigned session;
    uint64_t changed;     /* rows the last statement wrote, RETURNING or not; pg: of a SELECT, that it gave */
    struct arena *arena;  /* for the problem's texts */
    struct mono deadline; /* for waiting and running together; us 0: the store's own limits alone */

    struct problem problem;  /* at the end: status 0 = all rows were given */
    unsigned rows;           /* given to the sink */
    int64_t wait_us, run_us; /* waiting for a connection; at the database */
    const char *lane;        /* "fast", "slow", "write", "inline", "offload": for logs and tests */

    struct list link; /* from here on the store's own */
    unsigned state;
    void *store_data[4];
    struct mono submitted, sent;
    struct job job;
};

#endif
