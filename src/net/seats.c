/* SPDX-License-Identifier: Apache-2.0 */
/* Spreading new connections over the workers; seats.h says how. */
#include "net/seats.h"

#include "base/check.h"
#include "base/mem.h"

void seats_init(struct seats *seats)
{
    pthread_mutex_init(&seats->lock, NULL);
    for (unsigned i = 0; i < SEATS_MAX; i++) {
        seats->seats[i].seats = seats;
        list_init(&seats->seats[i].arrivals);
    }
}

void seats_done(struct seats *seats)
{
    for (unsigned i = 0; i < SEATS_MAX; i++)
        PRE(seats->seats[i].net == NULL);
    pthread_mutex_destroy(&seats->lock);
}

/* Takes what has arrived; ret_net NULL: its net has gone. */
static void take_arrivals(struct seat *seat, struct list *ret_arrivals, struct net **ret_net)
{
    list_init(ret_arrivals);
    pthread_mutex_lock(&seat->seats->lock);
    seat->posted = false;
    *ret_net = seat->net;
    list_move_all(ret_arrivals, &seat->arrivals);
    pthread_mutex_unlock(&seat->seats->lock);
}

static void receive(struct letter *letter)
{
    struct seat *seat = container_of(letter, struct seat, letter);
    struct list arrivals;
    struct net *net;
    take_arrivals(seat, &arrivals, &net);
    for (struct list *link; (link = list_shift(&arrivals)) != NULL;) {
        struct arrival *arrival = container_of(link, struct arrival, link);
        seat->seats->on_arrival(net, arrival->fd, &arrival->peer);
        mem_free(arrival);
    }
}

/* With the lock held. A letter still on its way to the loop of who sat there before keeps a seat from being taken. */
static struct seat *free_seat(struct seats *seats)
{
    for (unsigned i = 0; i < SEATS_MAX; i++)
        if (seats->seats[i].net == NULL && !seats->seats[i].posted)
            return &seats->seats[i];
    UNREACHABLE("there are more workers than seats");
}

struct seat *seats_take(struct seats *seats, struct net *net, struct loop *loop,
                        void (*on_arrival)(struct net *net, int fd, const struct sockaddr_storage *peer))
{
    pthread_mutex_lock(&seats->lock);
    struct seat *seat = free_seat(seats);
    seat->net = net;
    seat->loop = loop;
    seat->open = false;
    seat->letter.on_receive = receive;
    seats->on_arrival = on_arrival;
    pthread_mutex_unlock(&seats->lock);
    return seat;
}

void seats_open(struct seat *seat, bool open)
{
    pthread_mutex_lock(&seat->seats->lock);
    seat->open = open;
    pthread_mutex_unlock(&seat->seats->lock);
}

void seats_leave(struct seat *seat,
                 void (*on_orphan)(void *context, int fd, const struct sockaddr_storage *peer), void *context)
{
    struct list arrivals;
    list_init(&arrivals);
    pthread_mutex_lock(&seat->seats->lock);
    seat->net = NULL;
    seat->open = false;
    list_move_all(&arrivals, &seat->arrivals);
    pthread_mutex_unlock(&seat->seats->lock);
    for (struct list *link; (link = list_shift(&arrivals)) != NULL;) {
        struct arrival *arrival = container_of(link, struct arrival, link);
        seats_count_out(seat);
        on_orphan(context, arrival->fd, &arrival->peer);
        mem_free(arrival);
    }
    POST(atomic_load(&seat->count) == 0);
}

/* With the lock held. */
static struct seat *least_seat(struct seat *own)
{
    struct seat *least = own;
    for (unsigned i = 0; i < SEATS_MAX; i++) {
        struct seat *seat = &own->seats->seats[i];
        if (seat->open && atomic_load(&seat->count) < atomic_load(&least->count))
            least = seat;
    }
    return atomic_load(&least->count) + 1 < atomic_load(&own->count) ? least : own;
}

/* With the lock held. True: the letter is to be posted. */
static bool arrive(struct seat *seat, int fd, const struct sockaddr_storage *peer)
{
    struct arrival *arrival = mem_must(sizeof *arrival);
    arrival->fd = fd;
    arrival->peer = *peer;
    list_push(&seat->arrivals, &arrival->link);
    bool first = !seat->posted;
    seat->posted = true;
    return first;
}

bool seats_hand_over(struct seat *own, int fd, const struct sockaddr_storage *peer)
{
    pthread_mutex_lock(&own->seats->lock);
    struct seat *seat = least_seat(own);
    atomic_fetch_add(&seat->count, 1);
    /* Posted with the lock held: the loop cannot be ended before its net has given up the seat. */
    if (seat != own && arrive(seat, fd, peer))
        loop_post(seat->loop, &seat->letter);
    pthread_mutex_unlock(&own->seats->lock);
    return seat != own;
}
