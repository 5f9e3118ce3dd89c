/* SPDX-License-Identifier: Apache-2.0 */
/* One connection to PostgreSQL on a loop, from nothing to ready and back, never blocking.
 *
 *            pg_session_open                     PQconnectPoll: OK            all settings made
 *   CLOSED ───────────────→ RESOLVING ──────→ CONNECTING ────────→ SETTING ────────────────→ READY
 *     ↑        (names only;   offload pool)   waits: socket        waits: socket             waits: socket, its owner's
 *     └────────────────────── any failure, the 10 s deadline, pg_session_close ─────────────────┘
 *
 * A READY session is in pipeline mode. What comes of it is told to its owner by `events`, never from within pg_session_open:
 * on_ready once; on_readable whenever there may be results; on_failed once, the session being CLOSED again and `failure` set.
 * With prepared: off (transaction poolers) SETTING is left out: each Sync begins with the settings instead.
 *
 * Ownership: a session lies inside its owner. It belongs to one loop at a time; pg_session_leave and pg_session_join move a READY one.
 * Failure: as on_failed. PQfinish blocks at most for a send of a few bytes. */
#ifndef LEAT_STORE_PG_SESSION_H
#define LEAT_STORE_PG_SESSION_H

#include "loop/offload.h"
#include "store/pg/failure.h"
#include "store/pg/target.h"

enum session_state { SESSION_CLOSED, SESSION_RESOLVING, SESSION_CONNECTING, SESSION_SETTING, SESSION_READY };

struct session;
struct resolution;

struct session_events {
    void (*on_ready)(struct session *session);
    void (*on_readable)(struct session *session);
    void (*on_failed)(struct session *session);
};

/* What sessions of a store share; immutable. */
struct session_plan {
    const struct target *target;
    struct offload *offload;
    bool prepared;
    struct slice settings[SESSION_KINDS]; /* as one statement; with prepared: off, local to a transaction */
};

struct session {
    uint32_t magic;
    enum session_state state;
    enum session_kind kind;
    const struct session_plan *plan;
    const struct session_events *events;
    PGconn *conn; /* NULL in CLOSED and RESOLVING */
    struct loop *loop;
    struct watch watch;
    uint32_t watched;  /* the events asked for */
    struct task begin; /* pg_session_open's work, at the turn's end */
    struct timer deadline;
    struct resolution *resolution; /* in RESOLVING */
    unsigned *jobs_out;            /* the port's count of jobs on the offload pool */
    struct mono ready_at;
    struct failure failure;
};

void pg_session_init(struct session *session, const struct session_plan *plan, enum session_kind kind,
                     const struct session_events *events);

/* Begins to connect on a loop. jobs_out: counted up while a job of it is on the offload pool. */
void pg_session_open(struct session *session, struct loop *loop, unsigned *jobs_out);

/* From any state; tells nobody. */
void pg_session_close(struct session *session);

/* Closes it and tells on_failed: for an owner that found the connection broken. */
void pg_session_fail(struct session *session, const char *sqlstate, const char *text);
void pg_session_fail_with(struct session *session, const struct failure *failure);

/* Writes what libpq holds back, now and whenever the socket lets it. */
void pg_session_flush(struct session *session);

/* Moves a READY session between loops. pg_session_join can fail: the session is then CLOSED. */
void pg_session_leave(struct session *session);
bool pg_session_join(struct session *session, struct loop *loop) must_check;

/* Whether a READY session that lay idle is still fit: nothing came, nobody hung up. */
bool pg_session_is_sound(const struct session *session);

#endif
