/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of Redis. See remote.h. */
#include "request/remote.h"

#include <pthread.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "request/limit_rounds.h"

enum { REMOTE_MAGIC = 0x52454d4f, LOOK_MS = 250, FAREWELL_TURN_MS = 10 };

struct remote {
    uint32_t magic;
    struct redis_plan *plan;
    struct tags *tags;
    struct loop *loop;
    struct redis_bumps *bumps;
    struct limiter *limiter;
    _Atomic(struct limit_rounds *) rounds; /* NULL: there were no rules yet. Its thread sets it, once */
    struct timer look;
    bool looked; /* at least once */
    pthread_t thread;
    pthread_mutex_t lock;      /* guards state */
    struct remote_state state; /* of the last look */
};

/* ---- what others wrote ---- */

static void on_bump(void *context, uint32_t tag)
{
    struct remote *remote = context;
    tags_bump(remote->tags, tag);
}

static void on_bump_all(void *context)
{
    struct remote *remote = context;
    tags_bump_all(remote->tags);
}

/* ---- how it is ---- */

static void say_changed(const struct remote_state *state)
{
    if (state->up)
        log_event(LOG_INFO, "redis up");
    else
        log_event(LOG_WARN, "redis down", LOG_STR("why", state->why));
}

/* Rules may come by a reload. */
static void join_rounds(struct remote *remote)
{
    if (atomic_load(&remote->rounds) != NULL || !limiter_is_used(remote->limiter))
        return;
    struct redis *redis = redis_bumps_client(remote->bumps);
    atomic_store(&remote->rounds, limit_rounds_open(remote->plan, redis, remote->loop, remote->limiter));
}

static void on_look(struct timer *timer)
{
    struct remote *remote = container_of(timer, struct remote, look);
    CHECK_MAGIC(remote, REMOTE_MAGIC);
    struct redis *redis = redis_bumps_client(remote->bumps);
    struct remote_state state = {.up = redis_is_up(redis), .trusted = redis_bumps_is_trusted(remote->bumps)};
    state.lag_us = state.up ? redis_lag_us(redis, (struct slice){0}) : 0;
    if (!state.up)
        snprintf(state.why, sizeof state.why, "%s", redis_why(redis));
    (void)pthread_mutex_lock(&remote->lock);
    bool changed = remote->looked && state.up != remote->state.up;
    bool first_up = !remote->looked && state.up;
    remote->state = state;
    (void)pthread_mutex_unlock(&remote->lock);
    remote->looked = true;
    if (changed || first_up)
        say_changed(&state);
    join_rounds(remote);
    loop_timer_set(remote->loop, timer, LOOK_MS);
}

void remote_state(struct remote *remote, struct remote_state *ret_state)
{
    CHECK_MAGIC(remote, REMOTE_MAGIC);
    (void)pthread_mutex_lock(&remote->lock);
    *ret_state = remote->state;
    (void)pthread_mutex_unlock(&remote->lock);
}

/* ---- the thread ---- */

/* A name that is looked up is waited for: the job comes home to this loop. */
static void farewell(struct remote *remote)
{
    struct limit_rounds *rounds = atomic_load(&remote->rounds);
    loop_timer_stop(&remote->look);
    if (rounds != NULL)
        limit_rounds_close(rounds);
    redis_bumps_close(remote->bumps);
    while (!redis_bumps_is_quiet(remote->bumps) || (rounds != NULL && !limit_rounds_is_quiet(rounds)))
        loop_turn(remote->loop, FAREWELL_TURN_MS);
}

static void *run(void *context)
{
    struct remote *remote = context;
    CHECK_MAGIC(remote, REMOTE_MAGIC);
    loop_run(remote->loop);
    farewell(remote);
    return NULL;
}

struct remote *remote_start(const struct config_redis *config, struct offload *offload, struct tags *tags,
                            struct limiter *limiter, char ret_why[256])
{
    struct redis_plan *plan = redis_plan_new(&config->url, offload, ret_why);
    if (plan == NULL)
        return NULL;
    struct remote *remote = mem_must(sizeof *remote);
    remote->magic = REMOTE_MAGIC;
    remote->plan = plan;
    remote->tags = tags;
    remote->limiter = limiter;
    remote->loop = loop_new();
    POST(remote->loop != NULL); /* as a worker's at start */
    (void)pthread_mutex_init(&remote->lock, NULL);
    snprintf(remote->state.why, sizeof remote->state.why, "it is not connected yet");
    const struct redis_bumps_events events = {remote, on_bump, on_bump_all};
    remote->bumps = redis_bumps_open(plan, remote->loop, &events);
    remote->look.on_due = on_look;
    join_rounds(remote);
    loop_timer_set(remote->loop, &remote->look, LOOK_MS);
    int error = pthread_create(&remote->thread, NULL, run, remote);
    if (error)
        UNREACHABLE("no thread for Redis at start");
    return remote;
}

void remote_stop(struct remote *remote)
{
    if (remote == NULL)
        return;
    CHECK_MAGIC(remote, REMOTE_MAGIC);
    loop_stop(remote->loop);
    (void)pthread_join(remote->thread, NULL);
    limit_rounds_free(atomic_load(&remote->rounds));
    redis_bumps_free(remote->bumps);
    loop_free(remote->loop);
    redis_plan_free(remote->plan);
    (void)pthread_mutex_destroy(&remote->lock);
    mem_free(remote);
}

/* ---- what is written here ---- */

void remote_tell(struct remote *remote, uint32_t tag)
{
    if (remote != NULL)
        redis_bumps_add(remote->bumps, tag);
}

void remote_tell_all(struct remote *remote)
{
    if (remote != NULL)
        redis_bumps_add_all(remote->bumps);
}

static void write_connection(const struct redis_counters *counters, struct metrics_page *page)
{
    metrics_counter(page, "leat_redis_connections_total", "Connections to Redis that were made.",
                    counters->connections);
    metrics_counter(page, "leat_redis_losses_total",
                    "Connections to Redis that were lost, or could not be made.", counters->losses);
    metrics_counter(page, "leat_redis_commands_total", "Commands sent to Redis.", counters->commands);
    metrics_counter(page, "leat_redis_errors_total", "Commands that Redis answered by an error.",
                    counters->errors);
    metrics_family(page, METRICS_COUNTER, "leat_redis_failures_total",
                   "Commands without an answer of Redis.");
    metrics_uint(page, counters->failures[REDIS_LOST], METRICS_LABEL("why", SLICE("lost")));
    metrics_uint(page, counters->failures[REDIS_LATE], METRICS_LABEL("why", SLICE("late")));
    metrics_uint(page, counters->failures[REDIS_REDIRECTED], METRICS_LABEL("why", SLICE("redirected")));
    metrics_uint(page, counters->refused, METRICS_LABEL("why", SLICE("refused")));
    metrics_counter(page, "leat_redis_received_bytes_total", "Bytes that came from Redis.",
                    counters->bytes_in);
    metrics_counter(page, "leat_redis_sent_bytes_total", "Bytes sent to Redis.", counters->bytes_out);
}

static void write_bumps(const struct redis_bumps_counters *counters, struct metrics_page *page)
{
    metrics_counter(page, "leat_redis_bumps_told_total", "Tags told to other instances.", counters->told);
    metrics_counter(page, "leat_redis_messages_heard_total", "Messages of other instances.", counters->heard);
    metrics_family(page, METRICS_COUNTER, "leat_redis_stale_all_total",
                   "Times that everything was made stale.");
    metrics_uint(page, counters->heard_all, METRICS_LABEL("why", SLICE("told")));
    metrics_uint(page, counters->gaps, METRICS_LABEL("why", SLICE("gap")));
    metrics_uint(page, counters->silences, METRICS_LABEL("why", SLICE("silence")));
    metrics_uint(page, counters->distrusts, METRICS_LABEL("why", SLICE("distrust")));
}

void remote_metrics(struct remote *remote, struct metrics_page *page)
{
    struct remote_state state;
    if (remote == NULL)
        return;
    remote_state(remote, &state);
    metrics_gauge(page, "leat_redis_up", "Whether Redis answers.", state.up);
    metrics_gauge(page, "leat_redis_hears", "Whether other instances' writes are heard.", state.trusted);
    write_connection(&remote->plan->counters, page);
    write_bumps(redis_bumps_counters(remote->bumps), page);
    limit_rounds_metrics(atomic_load(&remote->rounds), page);
}

struct redis_plan *remote_plan(struct remote *remote)
{
    return remote->plan;
}

const struct redis_bumps *remote_bumps(const struct remote *remote)
{
    return remote->bumps;
}
