/* SPDX-License-Identifier: Apache-2.0 */
/* Accepting and refusing connections; listener.h says how.
 *
 * Failure: an accept that fails because of the client is passed over; because of us (descriptors, memory) it is refused or
 * waits. Nothing that happens here reaches connections that are open. */
#include "net/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/gate.h"
#include "net/sys.h"

enum { ACCEPTS_PER_TURN = 16, PAUSE_MS = 100, REFUSED_LINGERING_MAX = 64 };

#define REFUSAL_BODY \
    "{\"type\":\"about:blank\",\"title\":\"Service Unavailable\",\"status\":503,\"code\":\"overloaded\"," \
    "\"detail\":\"too many connections\"}"

static const char refusal[] = "HTTP/1.1 503 Service Unavailable\r\n"
                              "Content-Type: application/problem+json\r\n"
                              "Content-Length: 117\r\n"
                              "Retry-After: 5\r\n"
                              "Connection: close\r\n"
                              "\r\n" REFUSAL_BODY;
_Static_assert(sizeof REFUSAL_BODY - 1 == 117, "the refusal states its length");

int listener_reserve_open(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void say_refused(int fd)
{
    struct iovec piece = {(void *)refusal, sizeof refusal - 1};
    size_t sent;
    if (sys_send(fd, &piece, 1, &sent) == IO_OK)
        shutdown(fd, SHUT_WR);
}

/* It lingers, so that it sees the refusal; when too many do, it does not. */
static void refuse(struct net *net, int fd, const struct sockaddr_storage *peer)
{
    say_refused(fd);
    if (net->kind_counts[CONN_REFUSED] >= REFUSED_LINGERING_MAX)
        close(fd);
    else if (conn_open(net, fd, peer, CONN_REFUSED) != OK)
        return; /* and the descriptor is closed */
}

void listener_take(struct net *net, int fd, const struct sockaddr_storage *peer)
{
    if (conn_open(net, fd, peer, CONN_COUNTED) == OK)
        return;
    seats_count_out(net->seat);
    gate_leave(net->gate, peer);
}

static void admit(struct net *net, int fd, const struct sockaddr_storage *peer)
{
    if (!gate_enter(net->gate, peer))
        refuse(net, fd, peer);
    else if (!seats_hand_over(net->seat, fd, peer))
        listener_take(net, fd, peer);
}

static void admit_apart(struct net *net, int fd, const struct sockaddr_storage *peer)
{
    if (net->kind_counts[CONN_APART] >= NET_APART_MAX)
        refuse(net, fd, peer);
    else if (conn_open(net, fd, peer, CONN_APART) != OK)
        return; /* and the descriptor is closed */
}

static void watch_again(struct timer *timer)
{
    struct listener *listener = container_of(timer, struct listener, pause);
    if (loop_watch_level(listener->net->loop, &listener->watch, EPOLLIN | EPOLLEXCLUSIVE) != OK)
        loop_timer_set(listener->net->loop, timer, PAUSE_MS);
}

static void pause_for_a_moment(struct listener *listener)
{
    loop_unwatch(&listener->watch);
    loop_timer_set(listener->net->loop, &listener->pause, PAUSE_MS);
}

/* No descriptor is left: gives up the reserve to tell the next in the queue so. */
static void refuse_by_reserve(struct listener *listener)
{
    struct net *net = listener->net;
    struct sockaddr_storage peer;
    int fd = -1;
    if (net->reserve_fd >= 0) {
        close(net->reserve_fd);
        fd = sys_accept(listener->watch.fd, &peer);
    }
    if (fd >= 0) {
        say_refused(fd);
        close(fd);
    }
    net->reserve_fd = listener_reserve_open();
    if (fd < 0 || net->reserve_fd < 0)
        pause_for_a_moment(listener);
}

/* Takes one. False: none is to be had now. */
static bool accept_one(struct listener *listener)
{
    struct sockaddr_storage peer;
    int fd = sys_accept(listener->watch.fd, &peer);
    if (fd >= 0) {
        (listener->apart ? admit_apart : admit)(listener->net, fd, &peer);
        return true;
    }
    switch (errno) {
    case EAGAIN:
        return false;
    case EMFILE:
    case ENFILE:
        refuse_by_reserve(listener);
        return false;
    case ENOBUFS:
    case ENOMEM:
        pause_for_a_moment(listener);
        return false;
    default:
        return true; /* this one is gone already (ECONNABORTED, network errors of accept(2)) */
    }
}

static void on_events(struct watch *watch, uint32_t events)
{
    (void)events;
    struct listener *listener = container_of(watch, struct listener, watch);
    for (unsigned i = 0; i < ACCEPTS_PER_TURN && accept_one(listener); i++)
        ;
}

enum error listener_open(struct net *net, int listen_fd, bool apart)
{
    /* Connections inherit it from the socket that listens: one system call less for each. */
    if (setsockopt(listen_fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)) != 0)
        return ERR_SYSTEM;
    struct listener *listener = mem_must(sizeof *listener);
    listener->watch = (struct watch){.fd = listen_fd, .on_events = on_events};
    listener->pause.on_due = watch_again;
    listener->net = net;
    listener->apart = apart;
    enum error error = loop_watch_level(net->loop, &listener->watch, EPOLLIN | EPOLLEXCLUSIVE);
    if (error != OK) {
        mem_free(listener);
        return error;
    }
    list_push(&net->listeners, &listener->link);
    return OK;
}

void listener_close(struct listener *listener)
{
    loop_unwatch(&listener->watch);
    loop_timer_stop(&listener->pause);
    list_remove(&listener->link);
    mem_free(listener);
}

void listener_finish(struct listener *listener)
{
    while (accept_one(listener))
        ;
    listener_close(listener);
}
