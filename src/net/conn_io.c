/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of a connection that read heads, send answers and linger; conn.h tells what a step is, conn.c has the picture. */
#include "net/conn.h"

#include "net/sys.h"

enum io conn_read(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    size_t room = exchange->in->cap - exchange->in_len, got;
    enum io io = sys_read(conn->watch.fd, exchange->in->bytes + exchange->in_len, room, &got);
    /* A short read has emptied the socket: what comes later is a new edge. Only the end must still be read. */
    if (io == IO_AGAIN || (io == IO_OK && got < room && !conn->eof_ahead))
        conn->readable = false;
    if (io != IO_OK)
        return io;
    exchange->in_len += got;
    exchange->head_tried = false;
    return IO_OK;
}

enum io conn_send_ready(struct conn *conn)
{
    if (!conn->writable)
        return IO_AGAIN;
    enum io io = output_send(&conn->exchange->out, conn->watch.fd);
    if (io == IO_AGAIN)
        conn->writable = false;
    return io;
}

/* ---- IDLE ---- */

static enum turn rest(struct conn *conn)
{
    pool_exchange_give(&conn->net->pool, conn->exchange);
    conn->exchange = NULL;
    conn_move(conn, CONN_IDLE);
    conn_deadline_set(conn, conn->net->limits.idle_timeout_ms);
    return WAIT;
}

enum turn conn_step_idle(struct conn *conn)
{
    if (!conn->readable)
        return WAIT;
    conn->exchange = pool_exchange_take(&conn->net->pool);
    if (conn->exchange == NULL) {
        conn_cut(conn); /* no memory for so much as an answer */
        return WAIT;
    }
    conn_move(conn, CONN_HEAD);
    return GO_ON;
}

/* ---- HEAD ---- */

void conn_heads_uncount(struct conn *conn)
{
    PRE(conn->net->heads_bytes >= conn->exchange->heads_bytes);
    conn->net->heads_bytes -= conn->exchange->heads_bytes;
    conn->exchange->heads_bytes = 0;
}

/* Counts a head that is not whole by the memory it holds. */
static bool heads_count(struct conn *conn)
{
    size_t holds = sizeof *conn->exchange + conn->exchange->in->cap;
    conn_heads_uncount(conn);
    if (conn->net->heads_bytes + holds > conn->net->limits.heads_bytes_total)
        return false;
    conn->exchange->heads_bytes = holds;
    conn->net->heads_bytes += holds;
    return true;
}

static enum turn wait_for_head(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    if (!heads_count(conn)) {
        conn_fault(conn, 503, "too many requests are arriving at once");
        return GO_ON;
    }
    if (!exchange->head_waits) {
        exchange->head_waits = true;
        conn_deadline_set(conn, conn->net->limits.head_timeout_ms);
    }
    return WAIT;
}

/* Moves the input to the front of its block, or into a larger one. False: there is no larger one. */
static bool make_room(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    size_t left = exchange_input_left(exchange);
    struct block *from = exchange->in, *to = from;
    if (exchange->in_at == 0) {
        to = from->cap < conn->net->pool.large_bytes ? pool_large_take(&conn->net->pool) : NULL;
        if (to == NULL)
            return false;
    }
    memmove(to->bytes, from->bytes + exchange->in_at, left);
    if (to != from)
        pool_block_give(&conn->net->pool, from);
    exchange->in = to;
    exchange->in_at = 0;
    exchange->in_len = left;
    return true;
}

static enum turn read_head(struct conn *conn)
{
    if (conn->exchange->in_len == conn->exchange->in->cap && !make_room(conn)) {
        conn_fault(conn, 503, "there is no memory for the head of this request");
        return GO_ON;
    }
    enum io io = conn_read(conn);
    if (io == IO_ERROR)
        conn_cut(conn);
    else if (io == IO_CLOSED)
        conn_close(conn);
    return GO_ON;
}

static enum turn begin_request(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    const struct http_head *head = &exchange->head;
    conn_heads_uncount(conn);
    exchange->in_at += head->bytes;
    exchange->body_ended = head->framing == HTTP_BODY_NONE;
    if (!exchange->body_ended)
        http_body_init(&exchange->body, head, conn->net->limits.body_bytes_max);
    conn->user = NULL;
    conn->deadline = NO_DEADLINE;
    conn->asked = true;
    conn->run_requests++;
    conn_move(conn, CONN_BUSY);
    conn->net->events->on_request(conn->net->owner, conn, head);
    return GO_ON;
}

/* Nothing but the head's end, or its failing, comes of what has been read so far. */
static enum http_got parse(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    if (exchange->head_tried || exchange_input_left(exchange) == 0)
        return HTTP_MORE;
    exchange->head_tried = true;
    return http_head_parse(&exchange->head, &conn->net->http_limits, exchange->in->bytes + exchange->in_at,
                           exchange_input_left(exchange));
}

enum turn conn_step_head(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    enum http_got got = parse(conn);
    if (got == HTTP_DONE)
        return begin_request(conn);
    if (got == HTTP_FAULT) {
        conn_fault(conn, exchange->head.fault.status, exchange->head.fault.reason);
        return GO_ON;
    }
    if (output_pending(&exchange->out) > 0) {
        conn_move(conn, CONN_FLUSH); /* the answers to what came before */
        return GO_ON;
    }
    if (conn->readable)
        return read_head(conn);
    return exchange_input_left(exchange) > 0 ? wait_for_head(conn) : rest(conn);
}

/* ---- BUSY ---- */

void conn_forget_request(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    PRE(exchange->body_ended);
    pool_block_give(&conn->net->pool, exchange->head_in);
    exchange->head_in = NULL;
    exchange_next(exchange);
}

static enum turn tell_fault(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    exchange->fault_told = true;
    conn->asked = true;
    conn->net->events->on_fault(conn->net->owner, conn, exchange->fault.status, exchange->fault.reason);
    return GO_ON;
}

static enum turn end_request(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    conn->answered = false;
    conn_window_end(conn);
    if (output_failed(&exchange->out)) {
        conn_cut(conn); /* the answer did not fit or memory was out: it cannot be sent, nor what follows */
        return WAIT;
    }
    output_commit(&exchange->out);
    conn_move(conn, !exchange->body_ended && !conn->closing ? CONN_DROP : CONN_FLUSH);
    if (conn->state == CONN_FLUSH && !conn->closing)
        conn_forget_request(conn);
    return GO_ON;
}

/* Sends what may go while the request is being worked on: answers before it in the pipeline, or a part of its own. */
static enum turn send_meanwhile(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    if (output_pending(&exchange->out) > 0) {
        enum io io = conn_send_ready(conn);
        if (io == IO_ERROR)
            conn_lose(conn);
        else if (io == IO_AGAIN && exchange->window.kind != WINDOW_BODY)
            conn_window_begin(conn, WINDOW_OUTPUT);
        if (io != IO_OK)
            return WAIT;
    }
    if (exchange->window.kind == WINDOW_OUTPUT)
        conn_window_end(conn);
    if (!exchange->sent_wanted)
        return WAIT;
    exchange->sent_wanted = false;
    conn->net->events->on_sent(conn->net->owner, conn);
    return GO_ON;
}

enum turn conn_step_busy(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    if (conn->answered)
        return end_request(conn);
    if (exchange->fault.status != 0 && !exchange->fault_told)
        return tell_fault(conn);
    if (conn_body_pump(conn) == GO_ON)
        return GO_ON;
    return send_meanwhile(conn);
}

/* ---- FLUSH ---- */

/* Whether what the client sent or sends would, unread, make the kernel answer our closing by a reset. */
static bool must_linger(const struct conn *conn)
{
    const struct exchange *exchange = conn->exchange;
    return exchange->fault.status != 0 || !exchange->body_ended || exchange_input_left(exchange) > 0 ||
           conn->readable;
}

static enum turn finish(struct conn *conn)
{
    if (!must_linger(conn)) {
        conn_close(conn);
        return WAIT;
    }
    conn_move(conn, CONN_LINGER);
    shutdown(conn->watch.fd, SHUT_WR);
    pool_exchange_give(&conn->net->pool, conn->exchange);
    conn->exchange = NULL;
    conn_deadline_set(conn, LINGER_MS);
    return GO_ON;
}

/* All is sent: on with what is there, unless others have waited long enough. */
static enum turn next_request(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    if (exchange->window.kind != WINDOW_NONE) {
        conn_window_end(conn);
        exchange->head_waits = false; /* its deadline was overwritten */
    }
    if (exchange_input_left(exchange) == 0 && !conn->readable)
        return rest(conn);
    conn_move(conn, CONN_HEAD);
    if (conn->run_requests < REQUESTS_PER_RUN)
        return GO_ON;
    conn_run_later(conn);
    return WAIT;
}

/* Whether the answer can wait for the next one, to go out with it. */
static bool may_gather(const struct conn *conn)
{
    const struct exchange *exchange = conn->exchange;
    return !conn->closing && conn->run_requests < REQUESTS_PER_RUN && exchange_input_left(exchange) > 0 &&
           !exchange->head_tried && output_pending(&exchange->out) < OUTPUT_PER_WRITE;
}

enum turn conn_step_flush(struct conn *conn)
{
    if (may_gather(conn)) {
        conn_move(conn, CONN_HEAD);
        return GO_ON;
    }
    switch (conn_send_ready(conn)) {
    case IO_OK:
        return conn->closing ? finish(conn) : next_request(conn);
    case IO_AGAIN:
        conn_window_begin(conn, WINDOW_OUTPUT);
        return WAIT;
    default:
        conn_cut(conn);
        return WAIT;
    }
}

/* ---- LINGER ---- */

enum turn conn_step_linger(struct conn *conn)
{
    if (!conn->readable)
        return WAIT;
    if (conn->run_bytes >= BODY_BYTES_PER_RUN) {
        conn_run_later(conn);
        return WAIT;
    }
    struct net *net = conn->net;
    size_t got = 0;
    enum io io = sys_read(conn->watch.fd, net->scratch, sizeof net->scratch, &got);
    conn->lingered_bytes += got;
    conn->run_bytes += got;
    if (io == IO_AGAIN || (io == IO_OK && got < sizeof net->scratch && !conn->eof_ahead))
        conn->readable = false;
    else if (io != IO_OK || conn->lingered_bytes > LINGER_BYTES_MAX)
        conn_close(conn);
    return GO_ON;
}
