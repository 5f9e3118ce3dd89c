/* SPDX-License-Identifier: Apache-2.0 */
/* The client: which link a command goes by, and what follows when a node sends it elsewhere. See redis.h.
 *
 * Nodes are never freed before the client is: a node that left the map is closed, and its place taken by the next new one. */
#include "redis/redis.h"

#include <stdio.h>

#include "base/mem.h"
#include "redis/link_parts.h"
#include "redis/slots.h"

enum {
    REDIS_MAGIC = 0x52454449,
    REDIRECTS_MAX = 5,
    REFRESH_MS = 500,
    SLOTS_DEADLINE_MS = 1000,
    SCRATCH_KEEP_BYTES = 256 * 1024
};

struct node {
    struct redis_link link;
    struct redis *redis;
    bool mapped; /* it holds slots */
};

struct redis {
    uint32_t magic;
    struct redis_plan *plan;
    struct loop *loop;
    bool closed, cluster;
    bool map_known; /* of a Cluster: without it nothing is taken */
    struct node *nodes[REDIS_NODES_MAX];
    unsigned node_count;
    uint8_t owner[REDIS_SLOTS]; /* of a Cluster: places in nodes */
    struct redis_command asking_slots;
    struct timer refresh;
    struct buf scratch;
};

static const struct redis_link_events events;

/* ---- nodes ---- */

static bool is_ready(const struct node *node)
{
    return node->link.state == REDIS_LINK_READY;
}

static struct node *any_ready(const struct redis *redis)
{
    for (unsigned i = 0; i < redis->node_count; i++)
        if (is_ready(redis->nodes[i]))
            return redis->nodes[i];
    return NULL;
}

static struct node *find_node(const struct redis *redis, struct redis_host host)
{
    for (unsigned i = 0; i < redis->node_count; i++) {
        struct redis_link *link = &redis->nodes[i]->link;
        if (link->state != REDIS_LINK_OFF && link->port == host.port &&
            slice_eq(slice_str(link->host), host.name))
            return redis->nodes[i];
    }
    return NULL;
}

/* A place that is free, or a new one; NULL: there are too many. */
static struct node *free_node(struct redis *redis)
{
    for (unsigned i = 0; i < redis->node_count; i++)
        if (redis->nodes[i]->link.state == REDIS_LINK_OFF && redis->nodes[i]->link.jobs_out == 0)
            return redis->nodes[i];
    if (redis->node_count == REDIS_NODES_MAX)
        return NULL;
    struct node *node = mem_must(sizeof *node);
    node->redis = redis;
    redis_link_init(&node->link, redis->plan, &events, false);
    redis->nodes[redis->node_count++] = node;
    return node;
}

static struct node *find_or_open(struct redis *redis, struct redis_host host)
{
    char name[REDIS_HOST_BYTES_MAX + 1];
    struct node *node = find_node(redis, host);
    if (node == NULL && (node = free_node(redis)) != NULL) {
        snprintf(name, sizeof name, SLICE_FMT, SLICE_ARG(host.name));
        redis_link_open(&node->link, redis->loop, name, host.port);
    }
    return node;
}

static void open_seeds(struct redis *redis)
{
    for (unsigned i = 0; i < redis->plan->url->host_count; i++)
        (void)find_or_open(redis, redis->plan->url->hosts[i]);
}

/* ---- the Cluster's map ---- */

static bool is_whole(const struct redis *redis)
{
    for (unsigned i = 0; i < redis->node_count; i++)
        if (redis->nodes[i]->mapped && !is_ready(redis->nodes[i]))
            return false;
    return true;
}

static void ask_slots(struct redis *redis)
{
    static const struct slice words[] = {SLICE_INIT("CLUSTER"), SLICE_INIT("SLOTS")};
    struct node *node = any_ready(redis);
    if (redis->asking_slots.link != NULL || node == NULL)
        return;
    buf_clear(&redis->scratch);
    redis_encode(&redis->scratch, words, ARRAY_LEN(words));
    (void)!redis_link_send(&node->link, &redis->asking_slots, 1, buf_slice(&redis->scratch),
                           SLOTS_DEADLINE_MS);
}

static void refresh_soon(struct redis *redis)
{
    if (redis->cluster && !redis->closed && redis->refresh.loop == NULL)
        loop_timer_set(redis->loop, &redis->refresh, REFRESH_MS);
}

static void on_refresh(struct timer *timer)
{
    struct redis *redis = container_of(timer, struct redis, refresh);
    CHECK_MAGIC(redis, REDIS_MAGIC);
    if (any_ready(redis) == NULL)
        open_seeds(redis);
    ask_slots(redis);
    refresh_soon(redis);
}

/* Places in the map become places in nodes; who has left is closed. */
static void take_map(struct redis *redis, const struct redis_slots *slots)
{
    uint8_t places[REDIS_NODES_MAX + 1];
    for (unsigned i = 0; i < redis->node_count; i++)
        redis->nodes[i]->mapped = false;
    for (unsigned i = 0; i < slots->count; i++) {
        struct node *node = find_or_open(redis, slots->nodes[i]);
        places[i] = REDIS_NODE_NONE;
        for (unsigned at = 0; at < redis->node_count; at++)
            if (redis->nodes[at] == node)
                places[i] = (uint8_t)at;
        if (node != NULL)
            node->mapped = true;
    }
    for (unsigned slot = 0; slot < REDIS_SLOTS; slot++)
        redis->owner[slot] = slots->owner[slot] < slots->count ? places[slots->owner[slot]] : REDIS_NODE_NONE;
    for (unsigned i = 0; i < redis->node_count; i++)
        if (!redis->nodes[i]->mapped && any_ready(redis) != redis->nodes[i])
            redis_link_close(&redis->nodes[i]->link);
    redis->map_known = true;
    if (is_whole(redis))
        loop_timer_stop(&redis->refresh);
}

static void on_slots(struct redis *redis, const struct redis_link *link, const struct redis_reply *reply)
{
    struct redis_slots slots;
    if (reply == NULL || redis_slots_read(reply, slice_str(link->host), &slots) != OK || slots.count == 0)
        refresh_soon(redis);
    else
        take_map(redis, &slots);
}

/* ---- links' events ---- */

static void on_ready(struct redis_link *link)
{
    struct node *node = container_of(link, struct node, link);
    struct redis *redis = node->redis;
    if (redis->plan->url->cluster && !link->in_cluster) {
        redis_link_lose(link, "it is no node of a cluster");
        return;
    }
    redis->cluster = link->in_cluster;
    if (redis->cluster && (!node->mapped || !is_whole(redis)))
        ask_slots(redis);
}

static void on_lost(struct redis_link *link)
{
    refresh_soon(container_of(link, struct node, link)->redis);
}

static void end(struct redis_command *command, const struct redis_reply *reply, enum redis_failure failure)
{
    IMPLIES(reply == NULL, failure != REDIS_FINE);
    command->failure = failure;
    if (reply == NULL)
        atomic_fetch_add_explicit(&command->redis->plan->counters.failures[failure], 1, memory_order_relaxed);
    mem_free(command->bytes);
    command->bytes = NULL;
    command->on_end(command, reply);
}

static void send_on(struct redis *redis, struct redis_command *command, const struct redis_redirect *redirect,
                    const struct redis_link *from)
{
    struct redis_host to = redirect->to;
    if (to.name.len == 0)
        to.name = slice_str(from->host);
    struct node *node = find_or_open(redis, to);
    int64_t left_ms = mono_diff_us(command->due, loop_now(redis->loop)) / 1000;
    struct slice bytes = slice_of(command->bytes, command->byte_count);
    enum error error = ERR_ABSENT;
    if (node != NULL && left_ms > 0 && redirect->ask) {
        buf_clear(&redis->scratch);
        buf_lit(&redis->scratch, "*1\r\n$6\r\nASKING\r\n");
        buf_add(&redis->scratch, bytes);
        error = redis->scratch.failed
                    ? ERR_MEMORY
                    : redis_link_send(&node->link, command, 2, buf_slice(&redis->scratch), left_ms);
    } else if (node != NULL && left_ms > 0) {
        error = redis_link_send(&node->link, command, 1, bytes, left_ms);
    }
    if (error != OK)
        end(command, NULL, left_ms > 0 ? REDIS_REDIRECTED : REDIS_LATE);
}

static void on_end(struct redis_link *link, struct redis_command *command, const struct redis_reply *reply)
{
    struct redis *redis = container_of(link, struct node, link)->redis;
    CHECK_MAGIC(redis, REDIS_MAGIC);
    struct redis_redirect redirect;
    if (command == &redis->asking_slots) {
        on_slots(redis, link, reply);
    } else if (command->bytes != NULL && reply != NULL && reply->kind == REDIS_ERROR &&
               redis_redirect_read(reply->text, &redirect)) {
        if (!redirect.ask)
            ask_slots(redis);
        if (++command->redirects > REDIRECTS_MAX)
            end(command, NULL, REDIS_REDIRECTED);
        else
            send_on(redis, command, &redirect, link);
    } else {
        end(command, reply, command->failure);
    }
}

static const struct redis_link_events events = {.on_ready = on_ready, .on_lost = on_lost, .on_end = on_end};

/* ---- what users call ---- */

struct redis *redis_open(struct redis_plan *plan, struct loop *loop)
{
    struct redis *redis = mem_must(sizeof *redis);
    redis->magic = REDIS_MAGIC;
    redis->plan = plan;
    redis->loop = loop;
    redis->cluster = plan->url->cluster;
    redis->refresh.on_due = on_refresh;
    redis->asking_slots.redis = redis;
    memset(redis->owner, REDIS_NODE_NONE, sizeof redis->owner);
    buf_init(&redis->scratch, plan->limits.out_bytes);
    open_seeds(redis);
    return redis;
}

void redis_close(struct redis *redis)
{
    CHECK_MAGIC(redis, REDIS_MAGIC);
    redis->closed = true;
    loop_timer_stop(&redis->refresh);
    for (unsigned i = 0; i < redis->node_count; i++)
        redis_link_close(&redis->nodes[i]->link);
    loop_timer_stop(&redis->refresh);
}

bool redis_is_quiet(const struct redis *redis)
{
    bool quiet = redis->closed;
    for (unsigned i = 0; i < redis->node_count; i++)
        quiet = quiet && redis->nodes[i]->link.jobs_out == 0;
    return quiet;
}

void redis_free(struct redis *redis)
{
    if (redis == NULL)
        return;
    CHECK_MAGIC(redis, REDIS_MAGIC);
    PRE(redis_is_quiet(redis));
    for (unsigned i = 0; i < redis->node_count; i++) {
        redis_link_done(&redis->nodes[i]->link);
        mem_free(redis->nodes[i]);
    }
    buf_done(&redis->scratch);
    redis->magic = 0;
    mem_free(redis);
}

bool redis_is_up(const struct redis *redis)
{
    return any_ready(redis) != NULL && (!redis->cluster || redis->map_known);
}

const char *redis_why(const struct redis *redis)
{
    for (unsigned i = 0; i < redis->node_count; i++)
        if (redis->nodes[i]->link.state == REDIS_LINK_LOST)
            return redis->nodes[i]->link.why;
    return redis_is_up(redis) ? "" : "it is not connected yet";
}

struct redis_plan *redis_plan_of(const struct redis *redis)
{
    return redis->plan;
}

struct loop *redis_loop_of(const struct redis *redis)
{
    return redis->loop;
}

/* The ready link that a command with this key goes by, or NULL. */
static struct redis_link *route(const struct redis *redis, struct slice key)
{
    struct node *node = redis_is_up(redis) ? any_ready(redis) : NULL;
    if (node != NULL && redis->cluster && key.data != NULL) {
        uint8_t place = redis->owner[redis_slot(key)];
        if (place != REDIS_NODE_NONE)
            node = redis->nodes[place]; /* of a slot that nobody holds any node can say so */
    }
    return node != NULL && is_ready(node) ? &node->link : NULL;
}

int64_t redis_lag_us(const struct redis *redis, struct slice key)
{
    const struct redis_link *link = route(redis, key);
    return link ? redis_link_lag_us(link) : INT64_MAX;
}

/* For where a Cluster may send it on to. */
static enum error keep_bytes(struct redis *redis, struct redis_command *command)
{
    command->bytes = mem_try(redis->scratch.len);
    if (command->bytes == NULL)
        return ERR_MEMORY;
    memcpy(command->bytes, redis->scratch.data, redis->scratch.len);
    command->byte_count = redis->scratch.len;
    return OK;
}

static enum error submit(struct redis *redis, struct redis_command *command, struct slice key,
                         const struct slice *words, unsigned count, int64_t deadline_ms)
{
    struct redis_link *link = redis->closed ? NULL : route(redis, key);
    if (link == NULL)
        return ERR_ABSENT;
    buf_clear(&redis->scratch);
    redis_encode(&redis->scratch, words, count);
    if (redis->scratch.failed)
        return redis->scratch.no_memory ? ERR_MEMORY : ERR_LIMIT;
    command->redis = redis;
    command->redirects = 0;
    command->due = mono_after_ms(loop_now(redis->loop), deadline_ms);
    enum error error = redis->cluster ? keep_bytes(redis, command) : OK;
    if (error == OK)
        error = redis_link_send(link, command, 1, buf_slice(&redis->scratch), deadline_ms);
    return error;
}

enum error redis_send(struct redis *redis, struct redis_command *command, struct slice key,
                      const struct slice *words, unsigned count, int64_t deadline_ms)
{
    CHECK_MAGIC(redis, REDIS_MAGIC);
    PRE(command->on_end != NULL && command->link == NULL && command->bytes == NULL && count > 0);
    enum error error = submit(redis, command, key, words, count, deadline_ms);
    struct redis_counters *counters = &redis->plan->counters;
    atomic_fetch_add_explicit(error == OK ? &counters->commands : &counters->refused, 1,
                              memory_order_relaxed);
    if (error != OK) {
        mem_free(command->bytes);
        command->bytes = NULL;
    }
    if (redis->scratch.cap > SCRATCH_KEEP_BYTES)
        buf_done(&redis->scratch);
    return error;
}

void redis_forget(struct redis_command *command)
{
    redis_link_forget(command);
    mem_free(command->bytes);
    command->bytes = NULL;
}
