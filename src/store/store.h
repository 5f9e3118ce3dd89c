/* SPDX-License-Identifier: Apache-2.0 */
/* The one interface to databases. store/pg/ and store/sqlite/ implement it (store/driver.h) and are the only users of libpq and
 * libsqlite3; nobody else knows which it is, but for the dialect of the SQL text (catalog.h).
 *
 * A worker has a port. A read is a `struct fetch` inside its request: text, binds, a sink for the rows, on_end.
 *
 *   store_submit → SUBMIT_DONE     it ran inline: rows were given to the sink, fetch->problem tells how it ended
 *                → SUBMIT_PENDING  on_end comes exactly once, later, on the port's thread, whatever happens
 *   store_cancel                   asks for an early end: on_end still comes, soon, with code "cancelled"; but a write that runs goes on,
 *                                  and its on_end tells how it ended
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
 * Ownership: the fetch and all it points to belong to the caller and must stay until on_end. The sink may be called on
 * another thread than the port's (SQLite's offload pool), but never at the same time as the caller's own code: between submit and
 * on_end the caller leaves the fetch, its sink's context and its arena alone.
 * Failure: as a struct problem: 503 "database-unavailable" | "pool-exhausted" (both with retry_after_s), 504 "query-timeout", 400 for a
 * value the database refused (SQLSTATE class 22), 500 "database-error" else; `cause` has the database's words for the log. Of writes: 409
 * "unique-violation" | "foreign-key-violation" | "exclusion-violation", 400 "not-null-violation" | "check-violation", each with `constraint`
 * and, where known, `column` and `value`; 400 "raised" for RAISE in a trigger; 403 "not-permitted" (42501); 409 "serialization-failure"
 * when a second try failed, too. */
#ifndef LEAT_STORE_STORE_H
#define LEAT_STORE_STORE_H

#include "base/arena.h"
#include "base/problem.h"
#include "catalog/model.h"
#include "loop/offload.h"

struct store;
struct port;

/* A bound value. `text` is always there (PostgreSQL binds text); SQLite binds by kind. */
struct bind {
    enum bind_kind { BIND_NULL, BIND_TEXT, BIND_INT, BIND_REAL, BIND_BLOB } kind;
    struct slice text; /* NUL-terminated behind its length; data NULL for BIND_NULL */
    int64_t integer;
    double real;
};

/* A read of one row by its one-column key can share a statement with others of the same shape: `text` takes one bind, an array of keys
 * (pg: `… WHERE id = ANY($1::bigint[])`), and its rows bear the key's text in cell `key_cell` (behind the visible ones; the sink is
 * given the cells before it... all of them, as for the single form, whose rows have the same cells). */
struct gather {
    struct slice text;
    unsigned key_cell;
};

struct statement {
    struct slice text; /* equal text = the same shape: prepared, measured and given its lane by it */
    const struct bind *binds;
    unsigned bind_count;
    unsigned
        runs; /* SQLite's writes: run so many times, each with the next bind_count of the binds; 0: once */
    const struct gather
        *gather; /* NULL: runs alone. Its key is binds[0], in the canonical text of its type */
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
    void (*on_end)(struct fetch *fetch);
    bool stream; /* see above */
    bool write;
    /* Of a write, when a statement ended well and all its rows were given; NULL: COMMIT. On the sink's thread. */
    enum verdict (*on_statement)(struct fetch *fetch);
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

enum submit { SUBMIT_DONE, SUBMIT_PENDING };

struct store_options {
    struct slice url; /* sqlite:PATH | postgresql://… */
    unsigned workers;
    unsigned pool_size, pool_overflow;
    int64_t pool_wait_ms, pool_recycle_ms, timeout_ms;
    bool prepared;
    unsigned gather_max;
    uint64_t answer_bytes_max; /* no answer larger than this is asked to be held */
};

/* "sqlite" → DIALECT_SQLITE…; false: the URL begins with nothing known. */
bool store_url_dialect(struct slice url, enum dialect *ret_dialect);
/* The URL with its password as ***. */
struct slice store_url_masked(struct arena *arena, struct slice url);

/* Opens; connects lazily, but for SQLite, where an absent file is an error. ret_why: one sentence that says what to do. */
enum error store_open(const struct store_options *options, struct offload *offload, struct store **ret_store,
                      char ret_why[512]) must_check;

/* Reads the catalogue. Blocking, on a connection of its own: at start, in `leat check`, and on the offload pool for a reload. */
enum error store_catalog(struct store *store, struct catalog **ret_catalog, char ret_why[512]) must_check;
/* Reads the functions into that catalogue, where some are to be served. Blocking likewise. On SQLite there are none. */
enum error store_functions(struct store *store, struct catalog *catalog, char ret_why[512]) must_check;

/* Asks the database what each named query answers (columns, types), and wraps its text where a column must be turned to JSON by
 * the database. A query the database refuses is a complaint with the file and line. Blocking. */
enum error store_describe(struct store *store, struct model *model, struct complaints *complaints) must_check;

struct port *store_attach(struct store *store, struct loop *loop, unsigned worker);
/* Of a port without fetches: nothing it began is under way on another thread, so that detaching it waits for nobody and turns no
 * loop: it may then be done in a callback. */
bool store_is_quiet(struct port *port);
/* Ends all its fetches (503) and closes its connections; may turn the loop. Takes NULL. */
void store_detach(struct port *port);

enum submit store_submit(struct port *port, struct fetch *fetch) must_check;
void store_cancel(struct port *port, struct fetch *fetch);

/* After a reload: forgets what it knows of shapes and prepared statements (the schema may have changed). */
void store_refresh(struct port *port);

/* A copy of the state, for health and metrics; any thread. */
struct store_state {
    bool up; /* the last try to connect or run succeeded */
    unsigned connections, busy, waiting, connections_max;
    uint64_t fetches, failures, reconnects, gathered, resent;
    char why[256]; /* when not up: the last error, for operators */
};
void store_state(struct store *store, struct store_state *ret_state);

void store_close(struct store *store); /* after all ports are detached; takes NULL */

#endif
