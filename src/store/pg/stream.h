/* SPDX-License-Identifier: Apache-2.0 */
/* A connection that reads a logical replication slot, beside an ordinary one by which its owner asks (listen.c).
 *
 *   CLOSED ─▶ OPENING ──ready──▶ SLOT ──made──▶ STARTING ──copy begins: on_started──▶ STREAMING: on_heard
 *     ▲                           waits for the writing transactions              │
 *     └────────────────────────── failed, lost: on_failed ────────────────────────┘
 *
 * The slot is temporary: the server drops it with the connection, however that ended, so that nothing is kept for a Leat that is gone. Hence
 * there is a gap between two connections.
 *
 * Ownership: the listener's, whose store and loop it uses. On the loop's thread. Failure: on_failed, once; then it is CLOSED. */
#ifndef LEAT_STORE_PG_STREAM_H
#define LEAT_STORE_PG_STREAM_H

#include "store/pg/heard.h"
#include "store/pg/port.h"

struct pg_stream;

struct pg_stream_events {
    void *context;
    void (*on_started)(void *context);
    void (*on_heard)(void *context); /* there is something to be asked for */
    void (*on_failed)(void *context, const struct failure *failure);
};

struct pg_stream *pg_stream_new(struct pg_store *store, const struct pg_stream_events *events);
void pg_stream_free(struct pg_stream *stream); /* CLOSED, and no job out; takes NULL */
void pg_stream_open(struct pg_stream *stream, struct loop *loop, unsigned *jobs_out);
void pg_stream_close(struct pg_stream *stream);

/* What is to be asked by the ordinary connection. NUL-terminated, valid until the next call; NULL: there is no memory for it. */
const char *pg_stream_question(struct pg_stream *stream);
/* Each result of that. ERR_INVALID: it is no answer. */
enum error pg_stream_answer(struct pg_stream *stream, const PGresult *result) must_check;
/* After the last: tells what is due. ret_told: whether something was. */
enum error pg_stream_settle(struct pg_stream *stream, const struct listener_events *to,
                            bool *ret_told) must_check;
/* A question would tell more, now or later. */
bool pg_stream_waits(const struct pg_stream *stream);

/* Each second. False: it has not come as far as the log was when this was last true: it is behind, or dead. */
bool pg_stream_keeps_up(struct pg_stream *stream);

#endif
