/* SPDX-License-Identifier: Apache-2.0 */
/* The one interface to databases. store/pg/ and store/sqlite/ implement it (store/driver.h) and are the only users of libpq and
 * libsqlite3; nobody else knows which it is, but for the dialect of the SQL text (catalog.h).
 *
 * A worker has a port. What it asks is a `struct fetch` (fetch.h) inside a request: text, binds, a sink for the rows, on_end.
 *
 *   store_submit → SUBMIT_DONE     it ran inline: rows were given to the sink, fetch->problem tells how it ended
 *                → SUBMIT_PENDING  on_end comes exactly once, later, on the port's thread, whatever happens
 *   store_cancel                   asks for an early end: on_end still comes, soon, with code "cancelled"; but a write that runs goes on,
 *                                  and its on_end tells how it ended
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
#include "observe/metrics.h"
#include "store/fetch.h"

struct store;
struct port;

enum submit { SUBMIT_DONE, SUBMIT_PENDING };

struct store_options {
    struct slice url; /* sqlite:PATH | postgresql://… */
    unsigned workers;
    unsigned pool_size, pool_overflow;
    int64_t pool_wait_ms, pool_recycle_ms, timeout_ms;
    bool prepared;
    unsigned gather_max;
    uint64_t answer_bytes_max; /* no answer larger than this is asked to be held */
    bool replication;          /* PostgreSQL is listened to by a replication slot */
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
void store_metrics(struct store *store, struct metrics_page *page); /* the same, any thread */

void store_close(struct store *store); /* after all ports are detached; takes NULL */

#endif
