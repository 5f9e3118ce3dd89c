/* SPDX-License-Identifier: Apache-2.0 */
/* What the owner of a connection calls; net.h says what each does. Within conn_run these only set flags: the loop on the
 * stack goes on from there. */
#include "net/conn.h"

#include "http/writer.h"

void *conn_user(const struct conn *conn)
{
    CHECK_MAGIC(conn, CONN_MAGIC);
    return conn->user;
}

void conn_set_user(struct conn *conn, void *user)
{
    CHECK_MAGIC(conn, CONN_MAGIC);
    conn->user = user;
}

const struct sockaddr_storage *conn_peer(const struct conn *conn)
{
    CHECK_MAGIC(conn, CONN_MAGIC);
    return &conn->peer;
}

bool conn_is_apart(const struct conn *conn)
{
    return conn->kind == CONN_APART;
}

uint64_t conn_id(const struct conn *conn)
{
    CHECK_MAGIC(conn, CONN_MAGIC);
    return conn->id;
}

/* The exchange of a connection whose owner is at work. */
static struct exchange *exchange_of(const struct conn *conn)
{
    CHECK_MAGIC(conn, CONN_MAGIC);
    PRE(conn->asked);
    return conn->exchange;
}

static void run_unless_running(struct conn *conn)
{
    if (!conn->running)
        conn_run_later(conn);
}

void conn_body_read(struct conn *conn)
{
    struct exchange *exchange = exchange_of(conn);
    PRE(!exchange->body_wanted);
    exchange->body_wanted = exchange->fault.status == 0;
    if (exchange->head.expect_continue && !exchange->body_ended && exchange_input_left(exchange) == 0) {
        http_write_continue(&exchange->out.bytes);
        output_commit(&exchange->out);
    }
    exchange->continue_sent = true;
    run_unless_running(conn);
}

void conn_body_pause(struct conn *conn)
{
    struct exchange *exchange = exchange_of(conn);
    exchange->body_paused = true;
    if (exchange->window.kind == WINDOW_BODY)
        conn_window_end(conn);
}

void conn_body_resume(struct conn *conn)
{
    exchange_of(conn)->body_paused = false;
    run_unless_running(conn);
}

struct buf *conn_out(struct conn *conn)
{
    return &exchange_of(conn)->out.bytes;
}

void conn_out_take(struct conn *conn, struct buf *body)
{
    output_take(&exchange_of(conn)->out, body);
}

void conn_out_share(struct conn *conn, struct slice body, void (*release)(void *owner), void *owner)
{
    output_share(&exchange_of(conn)->out, body, release, owner);
}

void conn_send(struct conn *conn)
{
    struct exchange *exchange = exchange_of(conn);
    PRE(conn->net->events->on_sent != NULL);
    exchange->answer_begun = exchange->sent_wanted = true;
    output_commit(&exchange->out);
    run_unless_running(conn);
}

/* Whether the connection cannot be used again, whatever the owner wishes. */
static bool is_spent(const struct conn *conn)
{
    return conn->closing || !conn->exchange->head.keep_alive || conn_body_forbids_reuse(conn);
}

bool conn_must_close(const struct conn *conn)
{
    PRE(exchange_of(conn) != NULL);
    return conn->net->draining || is_spent(conn);
}

void conn_done(struct conn *conn, bool close)
{
    PRE(exchange_of(conn) != NULL);
    conn->closing = close || is_spent(conn);
    conn->asked = false;
    conn->answered = true;
    conn_run(conn);
}

void conn_abort(struct conn *conn)
{
    PRE(exchange_of(conn) != NULL);
    conn->asked = false;
    conn_cut(conn);
    if (!conn->running)
        conn_bury(conn);
}

bool conn_answerable(const struct conn *conn)
{
    return !exchange_of(conn)->answer_begun;
}
