/* SPDX-License-Identifier: Apache-2.0 */
/* The connections of one worker, all together: begin, limits, drain, end. net.h says what is promised. */
#include "net/net.h"

#include <unistd.h>

#include "base/mem.h"
#include "net/conn.h"
#include "net/gate.h"
#include "net/listener.h"

enum { LARGE_BYTES_MIN = 16 * 1024, HEAD_SLACK_BYTES = 256 };

/* A large block takes the longest head, and a byte more to see that it is too long. */
static size_t large_bytes(const struct net_limits *limits)
{
    size_t head = limits->head_bytes_max;
    return (head > LARGE_BYTES_MIN ? head : LARGE_BYTES_MIN) + HEAD_SLACK_BYTES;
}

static void limits_copy(struct net *net, const struct net_limits *limits)
{
    net->limits = *limits;
    net->http_limits = (struct http_limits){.line_bytes_max = limits->head_bytes_max,
                                            .head_bytes_max = limits->head_bytes_max,
                                            .body_bytes_max = limits->body_bytes_max};
}

struct net *net_new(struct loop *loop, const struct net_limits *limits, struct gate *gate,
                    const struct net_events *events, void *owner)
{
    PRE(events->on_request && events->on_body && events->on_fault && events->on_gone);
    struct net *net = mem_must(sizeof *net);
    net->magic = NET_MAGIC;
    net->loop = loop;
    net->events = events;
    net->owner = owner;
    net->gate = gate;
    list_init(&net->conns);
    list_init(&net->listeners);
    limits_copy(net, limits);
    pool_init(&net->pool, large_bytes(limits), &net->held_bytes);
    net->reserve_fd = listener_reserve_open();
    net->seat = seats_take(gate_seats(gate), net, loop, listener_take);
    return net;
}

static void close_orphan(void *gate, int fd, const struct sockaddr_storage *peer)
{
    close(fd);
    gate_leave(gate, peer);
}

void net_free(struct net *net)
{
    if (net == NULL)
        return;
    CHECK_MAGIC(net, NET_MAGIC);
    while (!list_empty(&net->listeners))
        listener_close(container_of(net->listeners.next, struct listener, link));
    while (!list_empty(&net->conns)) {
        struct conn *conn = container_of(net->conns.next, struct conn, link);
        PRE(!conn->running);
        conn->running = true;
        conn_lose(conn);
        conn->running = false;
        conn_bury(conn);
    }
    seats_leave(net->seat, close_orphan, net->gate);
    for (unsigned i = 0; i < CONN_KINDS; i++)
        POST(net->kind_counts[i] == 0);
    POST(net->heads_bytes == 0 && net->held_bytes == 0);
    pool_done(&net->pool);
    if (net->reserve_fd >= 0)
        close(net->reserve_fd);
    net->magic = 0;
    mem_free(net);
}

enum error net_accept_from(struct net *net, int listen_fd)
{
    CHECK_MAGIC(net, NET_MAGIC);
    enum error error = listener_open(net, listen_fd, false);
    if (error == OK)
        seats_open(net->seat, true);
    return error;
}

enum error net_accept_apart(struct net *net, int listen_fd)
{
    CHECK_MAGIC(net, NET_MAGIC);
    return listener_open(net, listen_fd, true);
}

void net_accept_stop(struct net *net)
{
    CHECK_MAGIC(net, NET_MAGIC);
    seats_open(net->seat, false);
    while (!list_empty(&net->listeners))
        listener_finish(container_of(net->listeners.next, struct listener, link));
}

void net_limits_set(struct net *net, const struct net_limits *limits)
{
    CHECK_MAGIC(net, NET_MAGIC);
    unsigned idle_ms = net->limits.idle_timeout_ms;
    limits_copy(net, limits);
    if (net->draining && idle_ms < limits->idle_timeout_ms)
        net->limits.idle_timeout_ms = idle_ms;
    pool_large_set(&net->pool, large_bytes(limits));
}

void net_drain(struct net *net, unsigned idle_ms)
{
    CHECK_MAGIC(net, NET_MAGIC);
    net->draining = true;
    if (idle_ms < net->limits.idle_timeout_ms)
        net->limits.idle_timeout_ms = idle_ms;
    LIST_EACH (&net->conns, link) {
        struct conn *conn = container_of(link, struct conn, link);
        struct mono latest = mono_after_ms(loop_now(net->loop), net->limits.idle_timeout_ms);
        if (conn->state == CONN_IDLE && mono_diff_us(conn->deadline, latest) > 0)
            conn_deadline_set(conn, net->limits.idle_timeout_ms);
    }
}

unsigned net_count(const struct net *net)
{
    return atomic_load(&net->seat->count);
}

uint64_t net_held_bytes(const struct net *net)
{
    return net->held_bytes;
}
