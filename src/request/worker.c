/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's thread: it makes its loop's inhabitants, runs, and takes them down in the reverse order.
 *
 *   start → running → draining (net says Connection: close, idle ones go) → stopped (loop left) → joined
 *
 * On stopping, connections are cut first; their requests end when the store has given back what they wait for, within
 * STOP_TURNS; then the taps are closed, which ends the rest. */
#include "request/worker.h"

#include <stdlib.h>
#include <sys/random.h>

#include "auth/holder.h"
#include "base/log.h"
#include "base/mem.h"
#include "encode/compress.h"
#include "request/behind.h"
#include "request/doubts.h"
#include "request/keeper.h"
#include "request/outside.h"
#include "request/purge.h"
#include "request/second_level.h"
#include "request/warm.h"
#include "upstream/upstream.h"

#define KEY_BYTES_MAX (64 * 1024) /* more than a head may have */
#define STOP_TURNS 200
#define STOP_TURN_MS 10
#define BEHIND_STOP_MS 2500 /* with the turns less than a stop may take: decision 0012 */

struct worker_letter {
    struct letter letter;
    struct worker *worker;
    struct snapshot *snapshot;
    unsigned idle_ms;
    struct pause *pause;
};

static struct net_limits limits_of(const struct config *config, unsigned workers)
{
    return (struct net_limits){.head_bytes_max = config->http.head_bytes,
                               .heads_bytes_total = config->http.heads_bytes_total / workers,
                               .body_bytes_max = config->http.body_bytes,
                               .connections_max = config->http.connections,
                               .per_address_max = config->http.per_address,
                               .head_timeout_ms = (unsigned)config->http.head_ms,
                               .idle_timeout_ms = (unsigned)config->http.idle_ms,
                               .body_rate_min = config->http.body_rate,
                               .read_rate_min = config->http.read_rate};
}

static void note_drained(struct worker *worker)
{
    if (worker->draining && !worker->drained && net_count(worker->net) == 0) {
        worker->drained = true;
        atomic_fetch_add(&worker->service->workers_drained, 1);
    }
}

static void on_tick(struct timer *timer)
{
    struct worker *worker = container_of(timer, struct worker, tick);
    CHECK_MAGIC(worker, WORKER_MAGIC);
    wall_format_http(clock_wall(), worker->date);
    note_drained(worker);
    loop_timer_set(worker->loop, timer, worker->draining ? 20 : 1000);
}

static void on_log_flush(struct task *task)
{
    access_log_flush(&container_of(task, struct worker, log_flush)->log);
}

static void set_up(struct worker *worker)
{
    struct service *service = worker->service;
    struct net_limits limits = limits_of(worker->snapshot->model->config, service->worker_count);
    worker->net = net_new(worker->loop, &limits, service->gate, &connection_events, worker);
    worker->tap = tap_open(worker->snapshot->supply, worker->loop, worker->number, &worker->taps);
    worker->known = known_new();
    worker->behind = behind_new(worker);
    worker->doubts = doubts_new(worker);
    worker->tick.on_due = on_tick;
    worker->log_flush.run = on_log_flush;
    on_tick(&worker->tick);
    for (unsigned i = 0; i < service->listen_count; i++)
        if (net_accept_from(worker->net, service->listen_fds[i]) != OK)
            log_event(LOG_ERROR, "cannot accept", LOG_INT("worker", worker->number));
    if (worker->number > 0)
        return;
    if (service->admin_fd >= 0 && net_accept_apart(worker->net, service->admin_fd) != OK)
        log_event(LOG_ERROR, "cannot accept", LOG_STR("at", "admin"));
    worker->health_check = health_check_start(worker);
    worker->warm = warm_start(worker);
    worker->keeper = keeper_start(worker);
    outside_start(service->outside, worker);
}

static void requests_free(struct list *requests)
{
    struct list *link;
    while ((link = list_shift(requests)) != NULL)
        request_free(container_of(link, struct request, link));
}

/* What goes on without a client, for those who will ask later. */
static void end_calls(struct worker *worker)
{
    LIST_EACH_SAFE (&worker->running, link, after) {
        struct request *request = container_of(link, struct request, link);
        if (request->step == STEP_UPSTREAM)
            request_abandon(request);
    }
}

/* By the clock: a transaction of many statements is many turns of the loop. */
static void write_what_waits(struct worker *worker)
{
    struct mono until = mono_after_ms(clock_mono(), BEHIND_STOP_MS);
    behind_stop(worker->behind);
    while (behind_is_out(worker->behind) && mono_diff_us(until, clock_mono()) > 0)
        loop_turn(worker->loop, STOP_TURN_MS);
    behind_give_up(worker->behind);
}

static void take_down(struct worker *worker)
{
    loop_timer_stop(&worker->tick);
    net_free(worker->net);
    worker->net = NULL;
    if (worker->health_check)
        health_check_stop(worker->health_check);
    end_calls(worker);
    doubts_stop(worker->doubts);
    second_level_close(worker->second_level);
    if (worker->warm)
        warm_stop(worker->warm);
    if (worker->keeper)
        keeper_stop(worker->keeper);
    if (worker->number == 0)
        outside_stop(worker->service->outside);
    for (unsigned i = 0; i < STOP_TURNS && !list_empty(&worker->running); i++)
        loop_turn(worker->loop, STOP_TURN_MS);
    write_what_waits(worker);
    tap_unref(worker->tap);
    while (!list_empty(&worker->taps))
        tap_end(container_of(worker->taps.next, struct tap, link));
    loop_turn(worker->loop, 0); /* for letters of streams that ended meanwhile */
    POST(list_empty(&worker->running));
    second_level_end(worker->second_level);
    purges_stop(worker);
    upstream_client_free(worker->upstream);
    health_check_free(worker->health_check);
    keeper_free(worker->keeper);
    behind_free(worker->behind);
    doubts_free(worker->doubts);
    known_free(worker->known);
    loop_task_cancel(&worker->log_flush);
    access_log_done(&worker->log);
    requests_free(&worker->idle);
    snapshot_unref(worker->snapshot);
}

static void *run(void *context)
{
    struct worker *worker = context;
    CHECK_MAGIC(worker, WORKER_MAGIC);
    set_up(worker);
    loop_run(worker->loop);
    take_down(worker);
    return NULL;
}

struct worker *worker_new(struct service *service, unsigned number)
{
    struct worker *worker = mem_must(sizeof *worker);
    worker->magic = WORKER_MAGIC;
    worker->number = number;
    worker->service = service;
    worker->loop = loop_new();
    worker->snapshot = snapshot_ref(service->snapshot);
    worker->meter = service->meters[number];
    list_init(&worker->running);
    list_init(&worker->idle);
    list_init(&worker->taps);
    list_init(&worker->purges);
    access_log_init(&worker->log);
    buf_init(&worker->key, KEY_BYTES_MAX);
    worker->second_level = second_level_open(worker);
    if (getrandom(&worker->id_state, sizeof worker->id_state, 0) != sizeof worker->id_state)
        worker->id_state = (uint64_t)clock_wall().us ^ (uint64_t)(uintptr_t)worker;
    return worker;
}

void worker_start(struct worker *worker)
{
    CHECK_MAGIC(worker, WORKER_MAGIC);
    if (pthread_create(&worker->thread, NULL, run, worker) != 0)
        UNREACHABLE("no thread for a worker at start");
}

static void post(struct worker *worker, void (*on_receive)(struct letter *), struct snapshot *snapshot,
                 unsigned idle_ms)
{
    struct worker_letter *letter = mem_must(sizeof *letter);
    letter->letter.on_receive = on_receive;
    letter->worker = worker;
    letter->snapshot = snapshot;
    letter->idle_ms = idle_ms;
    loop_post(worker->loop, &letter->letter);
}

/* New requests go to the snapshot's database; those under way keep the tap they have. */
static void follow_supply(struct worker *worker)
{
    struct supply *supply = worker->snapshot->supply;
    struct tap *old = worker->tap;
    if (supply == old->supply) {
        store_refresh(old->port);
        return;
    }
    worker->tap = tap_open(supply, worker->loop, worker->number, &worker->taps);
    tap_unref(old);
}

static void on_snapshot(struct letter *letter)
{
    struct worker_letter *news = container_of(letter, struct worker_letter, letter);
    struct worker *worker = news->worker;
    CHECK_MAGIC(worker, WORKER_MAGIC);
    snapshot_unref(worker->snapshot);
    worker->snapshot = news->snapshot;
    struct net_limits limits = limits_of(worker->snapshot->model->config, worker->service->worker_count);
    net_limits_set(worker->net, &limits);
    follow_supply(worker);
    warm_again(worker->warm);
    if (worker->number == 0)
        outside_follow(worker->service->outside);
    mem_free(news);
    atomic_fetch_add(&worker->service->snapshots_taken, 1);
}

void worker_post_snapshot(struct worker *worker, struct snapshot *snapshot)
{
    post(worker, on_snapshot, snapshot_ref(snapshot), 0);
}

static void on_drain(struct letter *letter)
{
    struct worker_letter *news = container_of(letter, struct worker_letter, letter);
    struct worker *worker = news->worker;
    CHECK_MAGIC(worker, WORKER_MAGIC);
    worker->draining = true;
    net_drain(worker->net, news->idle_ms);
    net_accept_stop(worker->net);
    loop_timer_set(worker->loop, &worker->tick, 20);
    mem_free(news);
}

void worker_post_drain(struct worker *worker, unsigned idle_ms)
{
    post(worker, on_drain, NULL, idle_ms);
}

static void on_pause(struct letter *letter)
{
    struct worker_letter *news = container_of(letter, struct worker_letter, letter);
    (void)pthread_barrier_wait(&news->pause->all_stand);
    (void)pthread_barrier_wait(&news->pause->all_go);
    mem_free(news);
}

void worker_post_pause(struct worker *worker, struct pause *pause)
{
    struct worker_letter *letter = mem_must(sizeof *letter);
    letter->letter.on_receive = on_pause;
    letter->pause = pause;
    loop_post(worker->loop, &letter->letter);
}

static void on_stop(struct letter *letter)
{
    struct worker_letter *news = container_of(letter, struct worker_letter, letter);
    loop_stop(news->worker->loop);
    mem_free(news);
}

void worker_post_stop(struct worker *worker)
{
    post(worker, on_stop, NULL, 0);
}

void worker_join(struct worker *worker)
{
    CHECK_MAGIC(worker, WORKER_MAGIC);
    (void)pthread_join(worker->thread, NULL);
}

void worker_free(struct worker *worker)
{
    CHECK_MAGIC(worker, WORKER_MAGIC);
    warm_free(worker->warm);
    loop_free(worker->loop);
    second_level_free(worker->second_level);
    decoder_free(worker->decoder);
    buf_done(&worker->key);
    compressor_free(worker->compressor);
    mem_free(worker);
}

bool worker_answers_full(const struct worker *worker, uint64_t more_bytes)
{
    const struct config *config = worker->snapshot->model->config;
    uint64_t bytes_max = config->answers.bytes_total / worker->service->worker_count;
    uint64_t held_bytes = worker->net ? net_held_bytes(worker->net) : 0; /* none: it is being taken down */
    return held_bytes + more_bytes > bytes_max;
}
