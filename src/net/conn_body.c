/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request: handed up piece by piece where the owner asked for it, dropped where not; conn.h tells what a step
 * is. Pieces are slices of the input: nothing is copied. The head's bytes must stay until the request is answered, so
 * what does not come with the head is read into a second block. */
#include "net/conn.h"

#include "net/sys.h"

bool conn_body_forbids_reuse(const struct conn *conn)
{
    const struct exchange *exchange = conn->exchange;
    if (exchange->body_ended)
        return false;
    if (exchange->head.expect_continue && !exchange->continue_sent)
        return true;
    return exchange->head.framing == HTTP_BODY_LENGTH && exchange->body.left > BODY_DROPPED_BYTES_MAX;
}

/* Empty room for input. False: memory is out. */
static bool make_room(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    PRE(exchange_input_left(exchange) == 0);
    if (exchange->head_in == NULL) {
        struct block *block = pool_large_take(&conn->net->pool);
        if (block == NULL)
            return false;
        exchange->head_in = exchange->in;
        exchange->in = block;
    }
    exchange->in_at = exchange->in_len = 0;
    return true;
}

/* Reads more of the body. IO_OK: there is input. */
static enum io read_more(struct conn *conn)
{
    if (!conn->readable)
        return IO_AGAIN;
    if (!make_room(conn))
        return IO_ERROR;
    enum io io = conn_read(conn);
    if (io == IO_OK) {
        conn->exchange->body_received_bytes += conn->exchange->in_len;
        conn->run_bytes += conn->exchange->in_len;
    }
    return io;
}

/* Takes the framing off what is there; notes the end. */
static enum http_got decode(struct exchange *exchange, struct slice *ret_piece)
{
    size_t used;
    enum http_got got = http_body_decode(&exchange->body, exchange->in->bytes + exchange->in_at,
                                         exchange_input_left(exchange), &used, ret_piece);
    exchange->in_at += used;
    exchange->body_ended = http_body_ended(&exchange->body);
    return got;
}

/* ---- handing it up ---- */

static enum turn hand_up(struct conn *conn, struct slice piece)
{
    struct exchange *exchange = conn->exchange;
    exchange->body_last_told = exchange->body_ended;
    if (exchange->body_last_told)
        conn_window_end(conn);
    conn->net->events->on_body(conn->net->owner, conn, piece, exchange->body_last_told);
    return GO_ON;
}

static enum turn read_for_owner(struct conn *conn)
{
    if (conn->run_bytes >= BODY_BYTES_PER_RUN) {
        conn_run_later(conn);
        return WAIT;
    }
    switch (read_more(conn)) {
    case IO_OK:
        return GO_ON;
    case IO_AGAIN:
        conn_window_begin(conn, WINDOW_BODY);
        return WAIT;
    default:
        conn_lose(conn); /* it broke off in mid-body */
        return GO_ON;
    }
}

enum turn conn_body_pump(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    if (!exchange->body_wanted || exchange->body_paused || exchange->body_last_told)
        return WAIT;
    if (exchange->body_ended)
        return hand_up(conn, SLICE(""));
    if (exchange_input_left(exchange) == 0)
        return read_for_owner(conn);
    struct slice piece;
    switch (decode(exchange, &piece)) {
    case HTTP_PIECE:
        return hand_up(conn, piece);
    case HTTP_FAULT:
        conn_fault(conn, exchange->body.fault.status, exchange->body.fault.reason);
        return GO_ON;
    default:
        return GO_ON;
    }
}

/* ---- dropping it ---- */

/* The connection ends after the answer: the rest of the body stays unread. */
static enum turn give_up(struct conn *conn)
{
    conn->closing = true;
    conn_move(conn, CONN_FLUSH);
    return GO_ON;
}

static enum turn read_to_drop(struct conn *conn)
{
    enum io io = read_more(conn);
    if (io == IO_OK)
        return GO_ON;
    if (io != IO_AGAIN)
        return give_up(conn);
    if (conn->deadline.us == NO_DEADLINE.us)
        conn_deadline_set(conn, DROP_MS);
    if (conn_send_ready(conn) == IO_ERROR)
        conn_cut(conn);
    return WAIT;
}

enum turn conn_step_drop(struct conn *conn)
{
    struct exchange *exchange = conn->exchange;
    if (exchange->body_ended) {
        conn->deadline = NO_DEADLINE;
        conn_forget_request(conn);
        conn_move(conn, CONN_FLUSH);
        return GO_ON;
    }
    if (exchange->body.bytes > BODY_DROPPED_BYTES_MAX)
        return give_up(conn);
    if (exchange_input_left(exchange) == 0)
        return read_to_drop(conn);
    struct slice dropped;
    return decode(exchange, &dropped) == HTTP_FAULT ? give_up(conn) : GO_ON;
}
