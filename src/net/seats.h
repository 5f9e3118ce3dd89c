/* SPDX-License-Identifier: Apache-2.0 */
/* Spreads new connections over the workers. A burst of them would all go to whoever wakes first (EPOLLEXCLUSIVE wakes one),
 * and kept connections stay where they are for life; so a worker that already has more than another hands what it has
 * accepted to the one that has least, by a letter.
 *
 * Each worker's net has a seat, from net_new to net_free. The seats lie in the gate, which outlives the loops' turning: a
 * letter that comes after its net has gone finds an empty seat. The one lock is taken at accepting and ending alone.
 *
 * Ownership: a descriptor handed over belongs to the seat until its net takes it; seats_leave closes what nobody took.
 * Any thread, but for what is said. Failure: none. */
#ifndef LEAT_NET_SEATS_H
#define LEAT_NET_SEATS_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "loop/loop.h"

enum { SEATS_MAX = 256 };

struct net;
struct gate;

/* A connection on its way to another worker. */
struct arrival {
    struct list link;
    int fd;
    struct sockaddr_storage peer;
};

struct seat {
    struct seats *seats;
    struct net *net; /* NULL: nobody sits here */
    struct loop *loop;
    bool open;   /* it takes arrivals */
    bool posted; /* the letter is on its way */
    struct list arrivals;
    struct letter letter;
    atomic_uint count; /* connections the worker has or will have */
};

struct seats {
    pthread_mutex_t lock; /* guards all of the seats but their counts */
    /* On the worker's thread: it is the net's now. */
    void (*on_arrival)(struct net *net, int fd, const struct sockaddr_storage *peer);
    struct seat seats[SEATS_MAX];
};

void seats_init(struct seats *seats);
void seats_done(struct seats *seats);

/* A seat for this net, closed. There are fewer workers than seats. */
struct seat *seats_take(struct seats *seats, struct net *net, struct loop *loop,
                        void (*on_arrival)(struct net *net, int fd, const struct sockaddr_storage *peer));

/* Arrivals may come, or may no longer. */
void seats_open(struct seat *seat, bool open);

/* Gives the seat up. On the worker's thread. on_orphan is called for each that was on its way. */
void seats_leave(struct seat *seat,
                 void (*on_orphan)(void *context, int fd, const struct sockaddr_storage *peer),
                 void *context);

/* Counts a new connection to the seat that shall have it: `own`, unless another open one has less by two or more. When it is
 * another the descriptor is sent there and true is returned. */
bool seats_hand_over(struct seat *own, int fd, const struct sockaddr_storage *peer);

/* The connection has ended. */
static inline void seats_count_out(struct seat *seat)
{
    atomic_fetch_sub(&seat->count, 1);
}

#endif
