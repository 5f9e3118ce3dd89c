/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's part in a listening socket: it takes connections from it, or refuses them. All workers share the socket; the
 * kernel wakes one of them (EPOLLEXCLUSIVE). Level-triggered, a few connections a turn.
 *
 * When descriptors are out, one that is held in reserve is given up, so that the newest connection can still be told 503;
 * when even that does not help the listener pauses for a moment: it never spins.
 * One thread. The socket is not the listener's to close. */
#ifndef LEAT_NET_LISTENER_H
#define LEAT_NET_LISTENER_H

#include "net/conn.h"

struct listener {
    struct watch watch;
    struct timer pause; /* set: not watched until it comes */
    struct list link;   /* net->listeners */
    struct net *net;
    bool apart; /* net_accept_apart */
};

enum error listener_open(struct net *net, int listen_fd, bool apart) must_check;

/* A connection that another worker has accepted, and counted, for this one. */
void listener_take(struct net *net, int fd, const struct sockaddr_storage *peer);

/* Takes what waits in the queue, then ends it. */
void listener_finish(struct listener *listener);

/* Ends it at once. */
void listener_close(struct listener *listener);

/* The descriptor held in reserve. */
int listener_reserve_open(void);

#endif
