/* SPDX-License-Identifier: Apache-2.0 */
/* Connections as a source of requests and a sink of answers: the one place where net/ and the steps meet.
 * A fault that net/ found becomes a request too, which begins at RESPOND: it gets its id, its problem, its log line. */
#include "cache/entry.h"
#include "http/writer.h"
#include "request/stream_steps.h"
#include "request/worker.h"

/* A body no larger than this is copied behind its head, so that both leave in one write and pipelined answers join. */
#define BODY_COPY_BYTES_MAX (16 * 1024)

/* Writes the head; returns its bytes. */
static uint64_t write_head(struct conn *conn, struct request *request)
{
    struct buf *out = conn_out(conn);
    struct answer *answer = &request->answer;
    if (answer->framing == FRAMING_CHUNKED && request->head->version_minor == 0)
        answer->framing = FRAMING_CLOSE;
    answer->close = answer->close || answer->framing == FRAMING_CLOSE || conn_must_close(conn);
    size_t before = out->len;
    respond_head(out, answer);
    return out->len - before;
}

static void leave(struct conn *conn, struct request *request)
{
    request->head = NULL;
    conn_set_user(conn, NULL);
}

static void let_entry_go(void *entry)
{
    entry_unref(entry);
}

/* Returns its bytes. What is kept is shared with whoever else is sent it. */
static uint64_t write_body(struct conn *conn, struct request *request)
{
    struct slice body = request_body(request);
    if (body.len <= BODY_COPY_BYTES_MAX) {
        buf_add(conn_out(conn), body);
    } else if (request->entry) {
        conn_out_share(conn, body, let_entry_go, entry_ref(request->entry));
    } else {
        buf_trim(&request->body); /* a slow reader may let it lie */
        conn_out_take(conn, &request->body);
    }
    return body.len;
}

static uint64_t deliver(void *context, struct request *request)
{
    struct conn *conn = context;
    uint64_t bytes = write_head(conn, request);
    if (!request->answer.no_body)
        bytes += write_body(conn, request);
    leave(conn, request);
    conn_done(conn, request->answer.close); /* the connection may be gone from here on */
    return bytes;
}

static void read_body(void *context)
{
    struct conn *conn = context;
    conn_body_read(conn);
}

/* --- an answer in pieces --- */

static uint64_t begin_answer(void *context, struct request *request)
{
    return write_head(context, request);
}

static uint64_t send_piece(void *context, struct request *request, struct buf *piece)
{
    struct conn *conn = context;
    bool chunked = request->answer.framing == FRAMING_CHUNKED;
    uint64_t bytes = piece->len;
    PRE(bytes > 0);
    if (chunked)
        http_write_chunk_begin(conn_out(conn), bytes);
    conn_out_take(conn, piece);
    if (chunked)
        http_write_chunk_end(conn_out(conn));
    return bytes;
}

static void flush(void *context)
{
    conn_send(context);
}

static uint64_t end_answer(void *context, struct request *request, bool whole)
{
    struct conn *conn = context;
    leave(conn, request);
    if (!whole) {
        conn_abort(conn);
        return 0;
    }
    if (request->answer.framing == FRAMING_CHUNKED && !request->answer.no_body)
        http_write_chunks_last(conn_out(conn));
    conn_done(conn, request->answer.close);
    return 0;
}

static const struct request_sink connection_sink = {.deliver = deliver,
                                                    .begin = begin_answer,
                                                    .send = send_piece,
                                                    .flush = flush,
                                                    .end = end_answer,
                                                    .read_body = read_body};

static void on_sent(void *owner, struct conn *conn)
{
    (void)owner;
    request_sent(conn_user(conn));
}

static struct request *begin(struct worker *worker, struct conn *conn)
{
    struct request *request = request_new(worker, &connection_sink, conn);
    request->peer = conn_peer(conn);
    request->by_admin = conn_is_apart(conn);
    address_of_peer(request->peer, &request->principal.address);
    conn_set_user(conn, request);
    return request;
}

static void on_request(void *owner, struct conn *conn, const struct http_head *head)
{
    struct worker *worker = owner;
    CHECK_MAGIC(worker, WORKER_MAGIC);
    struct request *request = begin(worker, conn);
    request->head = head;
    request->method = head->method;
    request->query_string = head->query;
    request->target = head->target;
    request->answer.keep_alive_1_0 = head->version_minor == 0 && head->keep_alive;
    request->answer.no_body = head->method == HTTP_HEAD;
    request_run(request);
}

static void on_body(void *owner, struct conn *conn, struct slice piece, bool last)
{
    (void)owner;
    struct request *request = conn_user(conn);
    PRE(request != NULL);
    request_body_piece(request, piece, last);
}

static struct slice fault_code(unsigned status)
{
    static const struct {
        unsigned status;
        struct slice code;
    } codes[] = {
        {408, SLICE_INIT("request-timeout")}, {413, SLICE_INIT("body-too-large")},
        {414, SLICE_INIT("target-too-long")}, {417, SLICE_INIT("expectation-failed")},
        {431, SLICE_INIT("head-too-large")},  {501, SLICE_INIT("not-implemented")},
        {503, SLICE_INIT("overloaded")},      {505, SLICE_INIT("version-not-supported")},
    };
    for (unsigned i = 0; i < ARRAY_LEN(codes); i++)
        if (codes[i].status == status)
            return codes[i].code;
    return SLICE("malformed-request");
}

static void on_fault(void *owner, struct conn *conn, unsigned status, const char *reason)
{
    struct worker *worker = owner;
    CHECK_MAGIC(worker, WORKER_MAGIC);
    if (conn_user(conn))
        request_cancel(conn_user(conn));
    if (!conn_answerable(conn)) {
        conn_abort(conn);
        return;
    }
    struct request *request = begin(worker, conn);
    request->method = HTTP_OTHER;
    request->step = request_fail(request, status, fault_code(status), slice_str(reason));
    request->problem.retry_after_s = status == 503 ? 1 : 0;
    request->answer.close = true;
    request_run(request);
}

static void on_gone(void *owner, struct conn *conn)
{
    (void)owner;
    struct request *request = conn_user(conn);
    PRE(request != NULL);
    request_cancel(request);
}

const struct net_events connection_events = {.on_request = on_request,
                                             .on_body = on_body,
                                             .on_fault = on_fault,
                                             .on_gone = on_gone,
                                             .on_sent = on_sent};
