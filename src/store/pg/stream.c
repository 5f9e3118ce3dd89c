/* SPDX-License-Identifier: Apache-2.0 */
/* Making the slot, reading the copy, saying how far it was read. See stream.h, and "Streaming Replication Protocol" in PostgreSQL's manual. */
#include "store/pg/stream.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "store/pg/tellers.h"
#include "store/pg/triggers.h"

enum {
    STREAM_MAGIC = 0x73747265,
    QUESTION_BYTES_MAX = 1024 * 1024,
    SNAPSHOT_BYTES_MAX = 1024 * 1024,
    NAME_BYTES = 64,
    MESSAGES_SINCE = 140000, /* PostgreSQL 14: its own writes can be told from those of others */
};

enum stream_state { STREAM_CLOSED, STREAM_OPENING, STREAM_SLOT, STREAM_STARTING, STREAMING };

struct pg_stream {
    uint32_t magic;
    enum stream_state state;
    struct pg_store *store;
    struct pg_stream_events events;
    struct target target; /* the store's, for replication */
    struct session_plan plan;
    struct session session;
    struct heard *heard;
    struct buf question;
    char name[NAME_BYTES]; /* the slot's */
    unsigned openings;
    uint64_t reached; /* all that was committed before it has come */
    uint64_t wanted;  /* where the log was at the last second */
    bool marks;       /* the next answer says what is wanted */
    bool committed;   /* a commit came in what is being read */
    bool begun;       /* an answer has come since the copy began */
    struct buf seen;  /* the snapshot of the last answer */
};

/* ---- moves ---- */

static const unsigned moves[] = {
    [STREAM_CLOSED] = 1u << STREAM_OPENING,
    [STREAM_OPENING] = 1u << STREAM_SLOT | 1u << STREAM_CLOSED,
    [STREAM_SLOT] = 1u << STREAM_STARTING | 1u << STREAM_CLOSED,
    [STREAM_STARTING] = 1u << STREAMING | 1u << STREAM_CLOSED,
    [STREAMING] = 1u << STREAM_CLOSED,
};

static void move(struct pg_stream *stream, enum stream_state to)
{
    CHECK_MAGIC(stream, STREAM_MAGIC);
    PRE(moves[stream->state] & 1u << to);
    stream->state = to;
}

static struct pg_stream *stream_of(struct session *session)
{
    struct pg_stream *stream = container_of(session, struct pg_stream, session);
    CHECK_MAGIC(stream, STREAM_MAGIC);
    return stream;
}

static void fail(struct pg_stream *stream, const char *why)
{
    pg_session_fail(&stream->session, "08006", why);
}

/* ---- what is read ---- */

static void send_status(struct pg_stream *stream, bool wants_reply)
{
    char bytes[PGOUTPUT_STATUS_BYTES];
    PRE(stream->state == STREAMING);
    pgoutput_write_status(bytes, stream->reached, wants_reply);
    if (PQputCopyData(stream->session.conn, bytes, sizeof bytes) >=
        0) /* < 0: broken, which reading will tell */
        pg_session_flush(&stream->session);
}

static enum error take_envelope(struct pg_stream *stream, const struct pgoutput_envelope *envelope)
{
    struct pgoutput message;
    if (envelope->keepalive) {
        stream->reached = envelope->position > stream->reached ? envelope->position : stream->reached;
        if (envelope->wants_reply)
            send_status(stream, false);
        return OK;
    }
    enum error error = pgoutput_read(envelope->payload, &message);
    if (error)
        return error;
    stream->committed |= message.kind == PGOUTPUT_COMMIT;
    return heard_take(stream->heard, &message);
}

static enum error take_bytes(struct pg_stream *stream, struct slice bytes)
{
    struct pgoutput_envelope envelope;
    enum error error = pgoutput_envelope_read(bytes, &envelope);
    return error ? error : take_envelope(stream, &envelope);
}

/* The copy ended: an error says why, or the server stops. */
static void end_copy(struct pg_stream *stream)
{
    struct failure failure;
    PGresult *result = PQgetResult(stream->session.conn);
    if (result && PQresultStatus(result) == PGRES_FATAL_ERROR)
        pg_failure_of_result(result, &failure);
    else
        pg_failure_make(&failure, "08006", "the server has ended the replication");
    PQclear(result);
    pg_session_fail_with(&stream->session, &failure);
}

static void read_copy(struct pg_stream *stream)
{
    char *data;
    int len;
    enum error error = OK;
    stream->committed = false;
    while (!error && (len = PQgetCopyData(stream->session.conn, &data, 1)) > 0) {
        error = take_bytes(stream, slice_of(data, (size_t)len));
        PQfreemem(data);
    }
    if (error == ERR_LIMIT)
        fail(stream, "more was written than can be kept until it is visible");
    else if (error)
        fail(stream, "the replication tells what cannot be understood");
    else if (len < 0)
        end_copy(stream);
    else if (stream->committed && heard_waits(stream->heard))
        stream->events.on_heard(stream->events.context);
}

/* ---- slot and start ---- */

static void send_start(struct pg_stream *stream)
{
    char sql[256];
    bool messages = PQserverVersion(stream->session.conn) >= MESSAGES_SINCE;
    snprintf(sql, sizeof sql,
             "START_REPLICATION SLOT %s LOGICAL 0/0 (proto_version '1', publication_names '%s'%s)",
             stream->name, PG_PUBLICATION, messages ? ", messages 'true'" : "");
    move(stream, STREAM_STARTING);
    if (PQsendQuery(stream->session.conn, sql) == 1)
        pg_session_flush(&stream->session);
    else
        fail(stream, "the connection that replicates was lost");
}

static void send_slot(struct pg_stream *stream)
{
    char sql[256];
    snprintf(stream->name, sizeof stream->name, "leat_%s_%u", stream->store->instance, ++stream->openings);
    snprintf(sql, sizeof sql, "CREATE_REPLICATION_SLOT %s TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT",
             stream->name);
    move(stream, STREAM_SLOT);
    if (PQexitPipelineMode(stream->session.conn) == 1 && PQsendQuery(stream->session.conn, sql) == 1)
        pg_session_flush(&stream->session);
    else
        fail(stream, "the connection that replicates was lost");
}

static void begin_streaming(struct pg_stream *stream)
{
    move(stream, STREAMING);
    stream->events.on_started(stream->events.context);
}

/* One result of making the slot or of the start. False: the state is another now. */
static bool read_result(struct pg_stream *stream)
{
    struct failure failure;
    PGresult *result = PQgetResult(stream->session.conn);
    ExecStatusType status = PQresultStatus(result); /* of NULL: an error */
    bool good = status == PGRES_TUPLES_OK || status == PGRES_COPY_BOTH;
    bool ended = result == NULL;
    if (!ended && !good)
        pg_failure_of_result(result, &failure);
    PQclear(result);
    if (ended)
        send_start(stream);
    else if (!good)
        pg_session_fail_with(&stream->session, &failure);
    else if (status == PGRES_COPY_BOTH)
        begin_streaming(stream);
    return status == PGRES_TUPLES_OK;
}

static void on_readable(struct session *session)
{
    struct pg_stream *stream = stream_of(session);
    if (PQconsumeInput(session->conn) != 1) {
        fail(stream, "the connection that replicates was lost");
        return;
    }
    while (stream->state == STREAM_SLOT || stream->state == STREAM_STARTING)
        if (PQisBusy(session->conn) || !read_result(stream))
            break;
    if (stream->state == STREAMING)
        read_copy(stream);
}

static void on_ready(struct session *session)
{
    send_slot(stream_of(session));
}

static void forget(struct pg_stream *stream)
{
    if (stream->state != STREAM_CLOSED)
        move(stream, STREAM_CLOSED);
    heard_clear(stream->heard);
    buf_done(&stream->question);
    buf_done(&stream->seen);
    stream->reached = stream->wanted = 0;
    stream->marks = stream->begun = false;
}

static void on_failed(struct session *session)
{
    struct pg_stream *stream = stream_of(session);
    forget(stream);
    stream->events.on_failed(stream->events.context, &session->failure);
}

static const struct session_events session_events = {on_ready, on_readable, on_failed};

/* ---- what is asked ---- */

const char *pg_stream_question(struct pg_stream *stream)
{
    PRE(stream->state == STREAMING);
    buf_clear(&stream->question);
    buf_clear(&stream->seen);
    heard_ask(stream->heard, &stream->question);
    buf_byte(&stream->question, 0);
    return stream->question.failed ? NULL : stream->question.data;
}

static struct slice field(const PGresult *result, int row, int column)
{
    return slice_of(PQgetvalue(result, row, column), (size_t)PQgetlength(result, row, column));
}

static enum error take_state(struct pg_stream *stream, const PGresult *result)
{
    int64_t position;
    if (PQntuples(result) != 1 || !slice_to_int(field(result, 0, 1), &position))
        return ERR_INVALID;
    buf_add(&stream->seen, field(result, 0, 0));
    if (stream->marks)
        stream->wanted = (uint64_t)position;
    if (stream->marks)
        send_status(stream, true);
    stream->marks = false;
    return OK;
}

enum error pg_stream_answer(struct pg_stream *stream, const PGresult *result)
{
    if (PQnfields(result) == 2)
        return take_state(stream, result);
    if (PQnfields(result) != 4)
        return ERR_INVALID;
    for (int row = 0; row < PQntuples(result); row++) {
        int64_t oid;
        if (!slice_to_int(field(result, row, 0), &oid))
            return ERR_INVALID;
        heard_place(stream->heard, &(struct heard_place){(uint32_t)oid, field(result, row, 1),
                                                         field(result, row, 2), field(result, row, 3)});
    }
    return OK;
}

enum error pg_stream_settle(struct pg_stream *stream, const struct listener_events *to, bool *ret_told)
{
    PRE(stream->state == STREAMING);
    struct slice snapshot = buf_slice(&stream->seen);
    enum error error = stream->begun ? OK : heard_begin(stream->heard, snapshot);
    stream->begun = true;
    return error ? error : heard_settle(stream->heard, snapshot, to, ret_told);
}

bool pg_stream_waits(const struct pg_stream *stream)
{
    return heard_waits(stream->heard);
}

bool pg_stream_keeps_up(struct pg_stream *stream)
{
    if (stream->state != STREAMING)
        return true;
    bool keeps_up = stream->reached >= stream->wanted;
    stream->marks |= keeps_up;
    if (!keeps_up)
        send_status(stream, true);
    return keeps_up;
}

/* ---- life ---- */

struct pg_stream *pg_stream_new(struct pg_store *store, const struct pg_stream_events *events)
{
    struct pg_stream *stream = mem_must(sizeof *stream);
    stream->magic = STREAM_MAGIC;
    stream->store = store;
    stream->events = *events;
    pg_target_for_replication(&store->target, &stream->target);
    stream->plan = store->sessions;
    stream->plan.target = &stream->target;
    stream->heard = heard_new(slice_str(store->instance));
    buf_init(&stream->question, QUESTION_BYTES_MAX);
    buf_init(&stream->seen, SNAPSHOT_BYTES_MAX);
    pg_session_init(&stream->session, &stream->plan, SESSION_SLOW, &session_events);
    return stream;
}

void pg_stream_open(struct pg_stream *stream, struct loop *loop, unsigned *jobs_out)
{
    move(stream, STREAM_OPENING);
    pg_session_open(&stream->session, loop, jobs_out);
}

void pg_stream_close(struct pg_stream *stream)
{
    CHECK_MAGIC(stream, STREAM_MAGIC);
    pg_session_close(&stream->session);
    forget(stream);
}

void pg_stream_free(struct pg_stream *stream)
{
    if (!stream)
        return;
    PRE(stream->state == STREAM_CLOSED);
    heard_free(stream->heard);
    stream->magic = 0;
    mem_free(stream);
}
