/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a link: address, socket, greeting, beats, loss and back-off. See link.h. */
#include "redis/link.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

#include "base/map.h"
#include "base/mem.h"
#include "loop/fault.h"
#include "redis/link_parts.h"

enum { BEAT_MS = 250, LAG_US_FINE = 5000, GREETING_BYTES_MAX = 8192 };

#define BIT(state) (1u << REDIS_LINK_##state)
static const unsigned moves[] = {
    [REDIS_LINK_OFF] = BIT(RESOLVING),
    [REDIS_LINK_RESOLVING] = BIT(CONNECTING) | BIT(LOST) | BIT(OFF),
    [REDIS_LINK_CONNECTING] = BIT(SECURING) | BIT(GREETING) | BIT(LOST) | BIT(OFF),
    [REDIS_LINK_SECURING] = BIT(GREETING) | BIT(LOST) | BIT(OFF),
    [REDIS_LINK_GREETING] = BIT(READY) | BIT(LOST) | BIT(OFF),
    [REDIS_LINK_READY] = BIT(LOST) | BIT(OFF),
    [REDIS_LINK_LOST] = BIT(RESOLVING) | BIT(OFF),
};
#undef BIT

static void move(struct redis_link *link, enum redis_link_state to)
{
    CHECK_MAGIC(link, REDIS_LINK_MAGIC);
    PRE(moves[link->state] & 1u << to);
    link->state = to;
}

/* ---- ends ---- */

/* Nothing of the present connection is left but the commands that went by it. */
static void drop_connection(struct redis_link *link)
{
    link->connection++;
    loop_task_cancel(&link->flush);
    loop_task_cancel(&link->begin);
    loop_timer_stop(&link->deadline);
    loop_timer_stop(&link->beat);
    if (link->watch.fd >= 0) {
        loop_unwatch(&link->watch);
        close(link->watch.fd);
        link->watch.fd = -1;
    }
    redis_tls_close(link->tls);
    link->tls = NULL;
    redis_reader_free(link->reader);
    link->reader = NULL;
    buf_done(&link->out);
    buf_done(&link->wire);
    link->sent = 0;
    link->pinged = false;
}

/* The n-th attempt's wait: doubled up to the most, and scattered over as much again, so that not all return at once. */
static int64_t back_off_ms(const struct redis_link *link)
{
    const struct redis_limits *limits = &link->plan->limits;
    unsigned doublings = link->attempts < 16 ? link->attempts : 16;
    int64_t ms = limits->again_ms_min << doublings;
    ms = ms < limits->again_ms_max ? ms : limits->again_ms_max;
    struct mono now = clock_mono();
    uint64_t scatter = hash_bytes(slice_of((const char *)&now, sizeof now));
    return ms / 2 + (int64_t)(scatter % (uint64_t)(ms / 2 + 1));
}

void redis_link_lose(struct redis_link *link, const char *why)
{
    snprintf(link->why, sizeof link->why, "%s", why); /* before what it may point into goes */
    drop_connection(link);
    move(link, REDIS_LINK_LOST);
    atomic_fetch_add_explicit(&link->plan->counters.losses, 1, memory_order_relaxed);
    loop_timer_set(link->loop, &link->deadline, back_off_ms(link));
    link->attempts++;
    uint64_t connection = link->connection;
    redis_row_lose_all(link);
    if (link->connection == connection)
        link->events->on_lost(link);
}

struct redis_resolution {
    struct job job;
    struct redis_link *link; /* of which jobs_out is touched on the loop's thread alone */
    bool wanted;
    char host[REDIS_HOST_BYTES_MAX + 1];
    unsigned port;
    struct redis_addresses addresses;
    char why[256];
};

void redis_link_close(struct redis_link *link)
{
    CHECK_MAGIC(link, REDIS_LINK_MAGIC);
    if (link->state == REDIS_LINK_OFF)
        return;
    if (link->resolution != NULL)
        link->resolution->wanted = false;
    link->resolution = NULL;
    drop_connection(link);
    move(link, REDIS_LINK_OFF);
    redis_row_lose_all(link);
}

/* ---- READY: beats ---- */

static void ping(struct redis_link *link)
{
    if (redis_link_send(link, NULL, 1, SLICE("*1\r\n$4\r\nPING\r\n"), 0) == OK && link->push) {
        link->pinged = true;
        link->waiting_since = loop_now(link->loop);
    }
}

static void beat(struct timer *timer)
{
    struct redis_link *link = container_of(timer, struct redis_link, beat);
    int64_t silent_us = mono_diff_us(loop_now(link->loop), link->waiting_since);
    bool waits = redis_row_waits(link);
    if (waits && silent_us >= link->plan->limits.silent_ms * 1000) {
        redis_link_lose(link, "it is silent");
        return;
    }
    /* Also to see whether one that was slow still is. */
    if (!waits && (silent_us >= link->plan->limits.silent_ms * 500 || link->lag_us > LAG_US_FINE))
        ping(link);
    loop_timer_set(link->loop, &link->beat, BEAT_MS);
}

/* ---- GREETING ---- */

void redis_link_greet(struct redis_link *link)
{
    const struct redis_url *url = link->plan->url;
    struct slice hello[7] = {SLICE("HELLO"), SLICE("2")}, select[2] = {SLICE("SELECT")};
    char db[16];
    unsigned count = 2;
    if (url->password.data != NULL) {
        hello[count++] = SLICE("AUTH");
        hello[count++] = url->user.data ? url->user : SLICE("default");
        hello[count++] = url->password;
    }
    hello[count++] = SLICE("SETNAME");
    hello[count++] = SLICE("leat");
    redis_encode(&link->out, hello, count);
    link->greetings = 1;
    if (url->db > 0) {
        snprintf(db, sizeof db, "%u", url->db);
        select[1] = slice_str(db);
        redis_encode(&link->out, select, 2);
        link->greetings++;
    }
    move(link, REDIS_LINK_GREETING);
    loop_at_turn_end(link->loop, &link->flush);
}

/* HELLO is answered by names and values in turn. */
static bool says_cluster(const struct redis_reply *reply)
{
    for (unsigned i = 0; reply->kind == REDIS_ARRAY && i + 1 < reply->count; i += 2)
        if (slice_eq(reply->items[i]->text, SLICE("mode")))
            return slice_eq(reply->items[i + 1]->text, SLICE("cluster"));
    return false;
}

void redis_link_greeted(struct redis_link *link, const struct redis_reply *reply)
{
    PRE(link->state == REDIS_LINK_GREETING && link->greetings > 0);
    if (reply->kind == REDIS_ERROR) {
        char why[256];
        snprintf(why, sizeof why, "it refuses: %.200s", reply->text.data);
        redis_link_lose(link, why);
        return;
    }
    if (reply->kind == REDIS_ARRAY)
        link->in_cluster = says_cluster(reply);
    if (--link->greetings > 0)
        return;
    loop_timer_stop(&link->deadline);
    link->attempts = 0;
    link->lag_us = 0;
    move(link, REDIS_LINK_READY);
    atomic_fetch_add_explicit(&link->plan->counters.connections, 1, memory_order_relaxed);
    loop_timer_set(link->loop, &link->beat, BEAT_MS);
    link->events->on_ready(link);
}

/* ---- CONNECTING ---- */

static bool connect_to(struct redis_link *link, unsigned at)
{
    const struct sockaddr *address = (const struct sockaddr *)&link->addresses.items[at];
    link->watch.fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (link->watch.fd < 0)
        return false;
    bool begun = !fault_hits(FAULT_CONNECT) &&
                 (connect(link->watch.fd, address, link->addresses.lens[at]) == 0 || errno == EINPROGRESS);
    if (begun && redis_link_watch(link, EPOLLOUT))
        return true;
    close(link->watch.fd);
    link->watch.fd = -1;
    return false;
}

/* The next address that lets us try. */
static void try_next(struct redis_link *link)
{
    char why[256];
    while (link->address_at < link->addresses.count)
        if (connect_to(link, link->address_at++))
            return;
    snprintf(why, sizeof why, "it cannot be reached: %s", strerror(errno));
    redis_link_lose(link, why);
}

static void secure(struct redis_link *link)
{
    link->tls = redis_tls_open(link->plan->tls, link->host);
    if (link->tls == NULL || redis_tls_shake(link->tls) != IO_AGAIN) {
        redis_link_lose(link, "TLS cannot begin");
        return;
    }
    move(link, REDIS_LINK_SECURING);
    loop_at_turn_end(link->loop, &link->flush);
}

void redis_link_connected(struct redis_link *link)
{
    int error = 0;
    socklen_t len = sizeof error;
    (void)getsockopt(link->watch.fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (error) {
        loop_watch_close(&link->watch);
        errno = error;
        try_next(link);
        return;
    }
    (void)setsockopt(link->watch.fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    (void)redis_link_watch(link, EPOLLIN);
    link->reader = redis_reader_new(link->plan->limits.reply_bytes);
    link->waiting_since = loop_now(link->loop);
    if (link->plan->tls)
        secure(link);
    else
        redis_link_greet(link);
}

static void begin_connecting(struct redis_link *link)
{
    move(link, REDIS_LINK_CONNECTING);
    link->address_at = 0;
    errno = EHOSTUNREACH;
    try_next(link);
}

/* ---- RESOLVING ---- */

static void resolve(struct job *job)
{
    struct redis_resolution *resolution = container_of(job, struct redis_resolution, job);
    redis_address_resolve(resolution->host, resolution->port, &resolution->addresses, resolution->why);
}

static void resolved(struct job *job)
{
    struct redis_resolution *resolution = container_of(job, struct redis_resolution, job);
    struct redis_link *link = resolution->link;
    CHECK_MAGIC(link, REDIS_LINK_MAGIC);
    link->jobs_out--;
    if (resolution->wanted) {
        link->resolution = NULL;
        link->addresses = resolution->addresses;
        if (link->addresses.count > 0)
            begin_connecting(link);
        else
            redis_link_lose(link, resolution->why);
    }
    mem_free(resolution);
}

static bool begin_resolving(struct redis_link *link)
{
    struct redis_resolution *resolution = mem_must(sizeof *resolution);
    resolution->job = (struct job){.run = resolve, .on_done = resolved, .home = link->loop};
    resolution->link = link;
    resolution->wanted = true;
    resolution->port = link->port;
    memcpy(resolution->host, link->host, sizeof resolution->host);
    if (offload_submit(link->plan->offload, &resolution->job) != OK) {
        mem_free(resolution);
        return false;
    }
    link->jobs_out++;
    link->resolution = resolution;
    return true;
}

static void begin(struct redis_link *link)
{
    loop_timer_set(link->loop, &link->deadline, link->plan->limits.connect_ms);
    if (redis_address_read(link->host, link->port, &link->addresses))
        begin_connecting(link);
    else if (!begin_resolving(link))
        redis_link_lose(link, "the offload pool is full");
}

/* At the turn's end, so that a failure is never told from within redis_link_open. */
static void on_begin(struct task *task)
{
    begin(container_of(task, struct redis_link, begin));
}

/* connect_ms are over, or the back-off is. */
static void on_deadline(struct timer *timer)
{
    struct redis_link *link = container_of(timer, struct redis_link, deadline);
    if (link->state == REDIS_LINK_LOST) {
        move(link, REDIS_LINK_RESOLVING);
        begin(link);
        return;
    }
    if (link->resolution != NULL)
        link->resolution->wanted = false;
    link->resolution = NULL;
    redis_link_lose(link, "it cannot be reached in time");
}

/* ---- what owners call ---- */

void redis_link_init(struct redis_link *link, struct redis_plan *plan, const struct redis_link_events *events,
                     bool push)
{
    memset(link, 0, sizeof *link);
    link->magic = REDIS_LINK_MAGIC;
    link->plan = plan;
    link->events = events;
    link->push = push;
    link->watch = (struct watch){.fd = -1, .on_events = redis_link_on_events};
    link->deadline.on_due = on_deadline;
    link->beat.on_due = beat;
    link->flush.run = redis_link_on_flush;
    link->begin.run = on_begin;
    buf_init(&link->out, plan->limits.out_bytes + GREETING_BYTES_MAX);
    buf_init(&link->wire, plan->limits.out_bytes * 2 + GREETING_BYTES_MAX * 16);
}

void redis_link_done(struct redis_link *link)
{
    CHECK_MAGIC(link, REDIS_LINK_MAGIC);
    PRE(link->state == REDIS_LINK_OFF && link->jobs_out == 0);
    mem_free(link->row);
    link->magic = 0;
}

void redis_link_open(struct redis_link *link, struct loop *loop, const char *host, unsigned port)
{
    CHECK_MAGIC(link, REDIS_LINK_MAGIC);
    PRE(strlen(host) <= REDIS_HOST_BYTES_MAX && port > 0);
    snprintf(link->host, sizeof link->host, "%s", host);
    link->port = port;
    link->loop = loop;
    link->attempts = 0;
    move(link, REDIS_LINK_RESOLVING);
    loop_at_turn_end(loop, &link->begin);
}

static enum error append(struct redis_link *link, struct slice bytes)
{
    if (link->out.len - (link->tls ? 0 : link->sent) + link->wire.len + bytes.len >
        link->plan->limits.out_bytes)
        return ERR_LIMIT;
    size_t before = link->out.len;
    buf_add(&link->out, bytes);
    if (!link->out.failed)
        return OK;
    link->out.len = before;
    link->out.failed = link->out.no_memory = false;
    return ERR_MEMORY;
}

enum error redis_link_send(struct redis_link *link, struct redis_command *command, unsigned replies,
                           struct slice bytes, int64_t deadline_ms)
{
    CHECK_MAGIC(link, REDIS_LINK_MAGIC);
    PRE(replies > 0 && (command == NULL || command->link == NULL));
    if (link->state != REDIS_LINK_READY)
        return ERR_ABSENT;
    if (link->row_end - link->row_first + replies > link->plan->limits.commands)
        return ERR_LIMIT;
    enum error error = append(link, bytes);
    if (error != OK)
        return error;
    loop_at_turn_end(link->loop, &link->flush);
    if (link->push)
        return OK;
    for (unsigned i = 1; i < replies; i++)
        redis_row_push(link, NULL);
    redis_row_push(link, command);
    if (command != NULL)
        redis_row_wait(link, command, deadline_ms);
    return OK;
}
