/* SPDX-License-Identifier: Apache-2.0 */
/* Where a database is and what is said to it at first: the URL taken apart into libpq's keywords, host names resolved
 * (which blocks, so on the offload pool), and the settings every connection has.
 *
 * Ownership: all in the arena given, but a resolution, which frees itself. Immutable after pg_target_parse: any thread.
 * Failure: a malformed URL is ERR_INVALID with one sentence; a name that does not resolve is told in the resolution. */
#ifndef LEAT_STORE_PG_TARGET_H
#define LEAT_STORE_PG_TARGET_H

#include "base/arena.h"
#include "base/error.h"

enum { TARGET_KEYWORDS_MAX = 64 };

struct target {
    unsigned count;
    const char
        *keywords[TARGET_KEYWORDS_MAX]; /* as PQconnectStartParams takes them, without the closing NULL */
    const char *values[TARGET_KEYWORDS_MAX];
    const char *host, *port; /* comma lists, as given; NULL: libpq's default */
    bool has_names;          /* some host is a name: to be resolved before PQconnectStart */
};

enum error pg_target_parse(struct arena *arena, struct slice url, struct target *ret_target,
                           char ret_why[512]) must_check;

/* The same, to read a replication slot from: where the kernel, too, looks whether the other side is still there, for a slot may take long to
 * be made. */
void pg_target_for_replication(const struct target *target, struct target *ret_target);

/* Host, address and port lists of the same length, as libpq wants them: a host with several addresses stands several times. */
struct addresses {
    char hosts[2048], addresses[2048], ports[1024];
    char why[256]; /* when it failed */
};

/* Blocking. False: not one name could be resolved (why says which). */
bool pg_target_resolve(const struct target *target, struct addresses *ret_addresses) must_check;

/* Which settings a connection gets. */
enum session_kind {
    SESSION_POINT, /* pipelined reads by key: the planner must keep the index, whatever the array's length */
    SESSION_LIST,  /* pipelined short reads */
    SESSION_SLOW,  /* one statement at a time */
    SESSION_WRITE, /* one transaction at a time, the only kind that may write */
    SESSION_CATALOG, /* the blocking one of the catalogue: every name qualified */
    SESSION_KINDS
};

enum { FAST_TIMEOUT_MS = 250 };

/* `SELECT set_config('DateStyle', 'ISO', false), …`: one statement. local: for this transaction alone, as a pooler that hands
 * a server connection on after each transaction needs it. NUL-terminated. */
struct slice pg_settings_text(struct arena *arena, enum session_kind kind, int64_t timeout_ms, bool local);

#endif
