/* SPDX-License-Identifier: Apache-2.0 */
/* Hearing what others write to the database.
 *
 *   PostgreSQL   a connection of its own that LISTENs to what triggers NOTIFY (store/pg/triggers.h): tables, and of single rows the key.
 *                What this process writes itself is left out.
 *                With `replication` of the store's options, a replication slot instead (store/pg/stream.h), which reads a publication
 *   SQLite       the writer looks every LISTEN_LOOK_MS whether another connection has committed: that something was written, not what
 *
 *   DEAF ──(it hears from here on)──▶ HEARS: on_hearing(true)      what was written before is not told
 *        ◀──(lost: on_hearing(false))──
 *
 * Ownership: the caller's, from store_listen to store_unlisten; the store must outlive it. Events come on the loop's thread or the
 * store's own, never two at once, and never from within a call of these: do little in them. Failure: none; it goes on by itself. */
#ifndef LEAT_STORE_LISTEN_H
#define LEAT_STORE_LISTEN_H

#include "store/store.h"

enum { LISTEN_LOOK_MS = 10, LISTEN_PING_MS = 1000 };

enum change_kind {
    CHANGE_ADDED, /* rows came to a table */
    CHANGE_ROW,   /* a row was changed or deleted: `key` */
    CHANGE_ROWS,  /* who knows which rows of a table */
    CHANGE_ALL,   /* who knows which tables */
};

struct change {
    enum change_kind kind;
    struct slice schema, table; /* empty: of CHANGE_ALL */
    struct slice key;           /* the primary key's values as text, a NUL between them */
};

struct listener_events {
    void *context;
    void (*on_change)(void *context, const struct change *change);
    void (*on_hearing)(void *context, bool hears, const char *why); /* why: of false */
};

struct listener;

struct listener *store_listen(struct store *store, struct loop *loop, const struct listener_events *events);
/* Nothing of it is under way on another thread: store_unlisten waits for nobody. */
bool store_listener_is_quiet(const struct listener *listener);
/* No event comes any more. May turn the loop, unless it is quiet. Takes NULL. */
void store_unlisten(struct listener *listener);

/* What tells, in the database. */
enum teller { TELLER_TRIGGERS, TELLER_PUBLICATION, TELLERS };

/* What the database needs for it, as SQL that may be run again and again; empty: nothing. remove: takes that away. */
struct slice store_tellers_sql(const struct store *store, enum teller teller, bool remove);
/* Runs it. Blocking, on a connection of its own. */
enum error store_tellers_run(struct store *store, enum teller teller, bool remove,
                             char ret_why[512]) must_check;
/* Whether a replication slot can be read. ret_unheard: which tables nobody will tell of, or empty. Blocking likewise. */
enum error store_replication_check(struct store *store, char ret_why[512], char ret_unheard[512]) must_check;

#endif
