/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a connection.
 *
 *                 accepted
 *                    │
 *   ┌────────────► IDLE ──── idle too long, client leaves, drain ──────────────────────────────┐
 *   │                │ a byte                                                                  │
 *   │                ▼                                                                         │
 *   │  ┌──────────► HEAD ──── client leaves in mid-head ──────────────────────────────────────►┤
 *   │  │  more       │ whole head: on_request        (a faulty or late one: on_fault)          │
 *   │  │ in the      ▼                                                                         │
 *   │  │ buffer    BUSY ◄─┐ on_body, on_sent ──── client gone: on_gone ───────────────────────►┤
 *   │  │             │    └─┘                                                                  │
 *   │  │             │ conn_done                                                               │
 *   │  │             ├──────────► DROP: the rest of a body nobody asked for                    │
 *   │  │             ▼              │                                                          │
 *   │  └────────── FLUSH ◄──────────┘ ──── reads too slowly, is gone ─────────────────────────►┤
 *   │   all sent     │                                                                         │
 *   └────────────────┤ all sent, and it is to end                                              │
 *                    ▼                                                                         ▼
 *                 LINGER ──── client has shut its side, too long, too much ────────────────► CLOSED
 *
 * Who wakes it: IDLE, HEAD and LINGER an edge of EPOLLIN or the deadline; BUSY the owner, and for a body EPOLLIN, for a
 * streamed answer EPOLLOUT; FLUSH EPOLLOUT or the deadline. The descriptor is watched once, for all edges: while BUSY an
 * edge is noted in `readable`, and read when the state wants input.
 *
 * conn_run is the one loop: it calls the state's step until one waits. What comes in from outside (an edge, the owner, the
 * deadline) only changes flags or the state, then calls conn_run; within conn_run the owner's calls return at once and
 * the loop on the stack goes on. So a thousand pipelined requests use the stack of one.
 *
 * The timer is lazy: a request sets `deadline`, a number; the timer is touched only when it would come too late. When it
 * comes it looks at the deadline and, if that has moved on, is set again: one timer a connection and half a minute. */
#include "net/conn.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/gate.h"

static enum turn step_closed(struct conn *conn);
static void expire_close(struct conn *conn);
static void expire_head(struct conn *conn);
static void expire_window(struct conn *conn);
static void expire_drop(struct conn *conn);

#define TO(state) (1u << CONN_##state)

static const struct {
    const char *name;
    enum turn (*step)(struct conn *conn);
    void (*expire)(struct conn *conn); /* the deadline has passed */
    unsigned may_go_to;
} states[CONN_STATES] = {
    [CONN_IDLE] = {"idle", conn_step_idle, expire_close, TO(HEAD) | TO(CLOSED)},
    [CONN_HEAD] = {"head", conn_step_head, expire_head, TO(BUSY) | TO(FLUSH) | TO(IDLE) | TO(CLOSED)},
    [CONN_BUSY] = {"busy", conn_step_busy, expire_window, TO(FLUSH) | TO(DROP) | TO(CLOSED)},
    [CONN_DROP] = {"drop", conn_step_drop, expire_drop, TO(FLUSH) | TO(CLOSED)},
    [CONN_FLUSH] = {"flush", conn_step_flush, expire_window, TO(HEAD) | TO(IDLE) | TO(LINGER) | TO(CLOSED)},
    [CONN_LINGER] = {"linger", conn_step_linger, expire_close, TO(CLOSED)},
    [CONN_CLOSED] = {"closed", step_closed, NULL, 0},
};

void conn_move(struct conn *conn, enum conn_state to)
{
    CHECK_MAGIC(conn, CONN_MAGIC);
    PRE(states[conn->state].may_go_to & (1u << to));
    conn->state = to;
}

static enum turn step_closed(struct conn *conn)
{
    (void)conn;
    return WAIT;
}

void conn_run(struct conn *conn)
{
    CHECK_MAGIC(conn, CONN_MAGIC);
    if (conn->running)
        return;
    conn->running = true;
    conn->run_requests = 0;
    conn->run_bytes = 0;
    while (states[conn->state].step(conn) == GO_ON)
        ;
    conn->running = false;
    if (conn->state == CONN_CLOSED)
        conn_bury(conn);
}

void conn_run_later(struct conn *conn)
{
    loop_at_turn_end(conn->net->loop, &conn->task);
}

static void run_task(struct task *task)
{
    conn_run(container_of(task, struct conn, task));
}

/* ---- edges ---- */

/* Whether the client's having shut its side means that nobody waits for an answer. Not where it did so before its request
 * was read, or while its body is on the way: those may be halves of a connection used to the full. */
static bool means_gone(const struct conn *conn)
{
    return conn->asked && !conn->eof_ahead && conn->exchange->body_ended;
}

static void take_edges(struct conn *conn, uint32_t events)
{
    if (events & EPOLLIN)
        conn->readable = true;
    if (events & EPOLLOUT)
        conn->writable = true;
    if (events & EPOLLRDHUP) {
        if (means_gone(conn)) {
            conn_lose(conn);
            return;
        }
        conn->readable = conn->eof_ahead = true;
    }
    if ((events & (EPOLLHUP | EPOLLERR)) == 0)
        return;
    if (conn->state == CONN_LINGER)
        conn_close(conn); /* both sides are shut; the kernel may still be sending the answer */
    else
        conn_lose(conn);
}

static void on_events(struct watch *watch, uint32_t events)
{
    struct conn *conn = container_of(watch, struct conn, watch);
    CHECK_MAGIC(conn, CONN_MAGIC);
    PRE(!conn->running);
    conn->running = true;
    take_edges(conn, events);
    conn->running = false;
    conn_run(conn);
}

/* ---- deadlines ---- */

void conn_deadline_set(struct conn *conn, int64_t after_ms)
{
    conn->deadline = mono_after_ms(loop_now(conn->net->loop), after_ms);
    if (conn->timer.loop == NULL || mono_diff_us(conn->timer.due, conn->deadline) > 16 * 1000)
        loop_timer_set(conn->net->loop, &conn->timer, after_ms);
}

static void on_due(struct timer *timer)
{
    struct conn *conn = container_of(timer, struct conn, timer);
    CHECK_MAGIC(conn, CONN_MAGIC);
    if (conn->deadline.us == NO_DEADLINE.us)
        return;
    int64_t left_us = mono_diff_us(conn->deadline, loop_now(conn->net->loop));
    if (left_us > 0) {
        loop_timer_set(conn->net->loop, timer, (left_us + 999) / 1000);
        return;
    }
    conn->deadline = NO_DEADLINE;
    conn->running = true;
    states[conn->state].expire(conn);
    conn->running = false;
    conn_run(conn);
}

static void expire_close(struct conn *conn)
{
    conn_close(conn);
}

static void expire_head(struct conn *conn)
{
    conn_fault(conn, 408, "the head of the request did not arrive in time");
}

static void expire_drop(struct conn *conn)
{
    conn->closing = true;
    conn_move(conn, CONN_FLUSH);
}

/* ---- windows ---- */

static unsigned window_ms(const struct conn *conn)
{
    unsigned ms = conn->net->limits.rate_window_ms;
    return ms > 0 ? ms : 5000;
}

static unsigned window_rate_min(const struct conn *conn, int kind)
{
    return kind == WINDOW_BODY ? conn->net->limits.body_rate_min : conn->net->limits.read_rate_min;
}

/* What has come so far, or what the client (not merely the kernel) has taken of our answers so far. */
static uint64_t window_bytes(const struct conn *conn, int kind)
{
    if (kind == WINDOW_BODY)
        return conn->exchange->body_received_bytes;
    int in_kernel = 0;
    if (ioctl(conn->watch.fd, SIOCOUTQ, &in_kernel) != 0)
        in_kernel = 0;
    return conn->exchange->out.taken_bytes - (uint64_t)in_kernel;
}

void conn_window_begin(struct conn *conn, int kind)
{
    struct window *window = &conn->exchange->window;
    if ((int)window->kind == kind || window_rate_min(conn, kind) == 0)
        return;
    window->kind = kind;
    window->bytes = window_bytes(conn, kind);
    conn_deadline_set(conn, window_ms(conn));
}

void conn_window_end(struct conn *conn)
{
    conn->exchange->window.kind = WINDOW_NONE;
    conn->deadline = NO_DEADLINE;
}

static void expire_window(struct conn *conn)
{
    struct window *window = &conn->exchange->window;
    int kind = window->kind;
    uint64_t moved = window_bytes(conn, kind) - window->bytes;
    uint64_t least = (uint64_t)window_rate_min(conn, kind) * window_ms(conn) / 1000;
    if (moved >= least) {
        window->kind = WINDOW_NONE;
        conn_window_begin(conn, kind);
    } else if (kind == WINDOW_BODY) {
        conn_fault(conn, 408, "the body of the request comes too slowly");
    } else {
        conn_lose(conn);
    }
}

/* ---- birth and death ---- */

enum error conn_open(struct net *net, int fd, const struct sockaddr_storage *peer, enum conn_kind kind)
{
    CHECK_MAGIC(net, NET_MAGIC);
    PRE(kind < CONN_KINDS);
    bool refused = kind == CONN_REFUSED;
    struct conn *conn = mem_must(sizeof *conn);
    *conn = (struct conn){.magic = CONN_MAGIC,
                          .state = refused ? CONN_LINGER : CONN_IDLE,
                          .net = net,
                          .watch = {.fd = fd, .on_events = on_events},
                          .timer.on_due = on_due,
                          .task.run = run_task,
                          .deadline = NO_DEADLINE,
                          .id = gate_next_id(net->gate),
                          .kind = kind,
                          .peer = *peer};
    enum error error = loop_watch(net->loop, &conn->watch, EPOLLIN | EPOLLOUT | EPOLLRDHUP);
    if (error != OK) {
        close(fd);
        mem_free(conn);
        return error;
    }
    net->kind_counts[kind]++;
    list_push(&net->conns, &conn->link);
    conn_deadline_set(conn, refused ? LINGER_MS : net->limits.idle_timeout_ms);
    return OK;
}

void conn_close(struct conn *conn)
{
    struct net *net = conn->net;
    conn_move(conn, CONN_CLOSED);
    if (conn->exchange != NULL) {
        conn_heads_uncount(conn);
        pool_exchange_give(&net->pool, conn->exchange);
        conn->exchange = NULL;
    }
    loop_timer_stop(&conn->timer);
    loop_task_cancel(&conn->task);
    loop_watch_close(&conn->watch);
    list_remove(&conn->link);
    net->kind_counts[conn->kind]--;
    if (conn->kind == CONN_COUNTED) {
        seats_count_out(net->seat);
        gate_leave(net->gate, &conn->peer);
    }
}

void conn_cut(struct conn *conn)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(conn->watch.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    conn_close(conn);
}

void conn_bury(struct conn *conn)
{
    PRE(conn->state == CONN_CLOSED && !conn->running);
    conn->magic = 0;
    mem_free(conn);
}

void conn_lose(struct conn *conn)
{
    PRE(conn->running);
    if (conn->asked) {
        conn->asked = false;
        conn->net->events->on_gone(conn->net->owner, conn);
    }
    if (conn->state != CONN_CLOSED)
        conn_cut(conn);
}

void conn_fault(struct conn *conn, unsigned status, const char *reason)
{
    PRE(conn->state == CONN_HEAD || conn->state == CONN_BUSY);
    struct exchange *exchange = conn->exchange;
    if (conn->state == CONN_HEAD) {
        conn_heads_uncount(conn);
        conn_move(conn, CONN_BUSY);
        conn->user = NULL;
    }
    conn_window_end(conn);
    exchange->fault = (struct http_fault){status, reason};
    exchange->body_wanted = false;
    conn->closing = true;
}
