/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to content networks. See purge.h. */
#include "request/purge.h"

#include "base/log.h"
#include "base/mem.h"
#include "request/upstream_step.h"
#include "request/worker.h"
#include "upstream/upstream.h"

enum { PURGE_MAGIC = 0x50757267, BODY_BYTES_MAX = 64 * 1024, STOP_TURNS = 200, STOP_TURN_MS = 10 };

struct purge {
    uint32_t magic;
    struct worker *worker;
    struct snapshot *snapshot;
    const struct config_signal *signal; /* the snapshot's */
    struct upstream_call *call;         /* NULL: it waits to be tried again */
    struct spool body;
    struct timer again;
    unsigned tries;
    bool raised; /* once more, since the call began */
    struct list link;
};

static void purge_free(struct purge *purge)
{
    loop_timer_stop(&purge->again);
    upstream_free(purge->call);
    spool_done(&purge->body);
    snapshot_unref(purge->snapshot);
    list_remove(&purge->link);
    purge->magic = 0;
    mem_free(purge);
}

static void call(struct purge *purge);

/* ---- how a call ended ---- */

static void fail(struct purge *purge, unsigned status, struct slice why)
{
    atomic_fetch_add(&purge->worker->service->signals.failed, 1);
    log_event(LOG_ERROR, "purge failed", LOG_TEXT("signal", purge->signal->name.text),
              LOG_INT("status", status), LOG_INT("tries", purge->tries), LOG_TEXT("why", why));
    purge_free(purge);
}

static void try_again(struct purge *purge)
{
    atomic_fetch_add(&purge->worker->service->signals.retried, 1);
    upstream_free(purge->call);
    purge->call = NULL;
    loop_timer_set(purge->worker->loop, &purge->again, (int64_t)PURGE_AGAIN_MS << (purge->tries - 1));
}

static void done(struct purge *purge)
{
    atomic_fetch_add(&purge->worker->service->signals.purged, 1);
    if (!purge->raised) {
        purge_free(purge);
        return;
    }
    upstream_free(purge->call);
    purge->tries = 0;
    call(purge);
}

static void ended(struct purge *purge, enum upstream_outcome outcome)
{
    const struct upstream_answer *answer = upstream_answer(purge->call);
    unsigned status = outcome == UPSTREAM_OK ? answer->status : 0;
    bool refused = status >= 400 && status < 500 && status != 408 && status != 429;
    if (status > 0 && status < 400)
        done(purge);
    else if (refused || purge->tries >= PURGE_TRIES_MAX)
        fail(purge, status, upstream_cause(purge->call));
    else
        try_again(purge);
}

/* Nobody wants to know what the answer says. */
static void on_news(void *context)
{
    struct purge *purge = context;
    struct buf piece;
    CHECK_MAGIC(purge, PURGE_MAGIC);
    upstream_take(purge->call, &piece);
    buf_done(&piece);
    enum upstream_outcome outcome = upstream_outcome(purge->call);
    if (outcome != UPSTREAM_GOING)
        ended(purge, outcome);
}

/* ---- calling ---- */

static void call(struct purge *purge)
{
    struct worker *worker = purge->worker;
    const struct config_cache *cache = &purge->snapshot->model->config->cache;
    const struct config_purge *config = &purge->signal->purge;
    const struct config_upstream *service = &config->service;
    const struct upstream_asked asked = {.method = config->method,
                                         .target = service->base.len ? service->base : SLICE("/"),
                                         .fields = service->add,
                                         .field_count = service->add_count,
                                         .body = spool_bytes(&purge->body) ? &purge->body : NULL,
                                         .on_news = on_news,
                                         .context = purge};
    if (!worker->upstream)
        worker->upstream = upstream_client_new(worker->loop);
    purge->tries++;
    purge->raised = false;
    purge->call =
        upstream_start(worker->upstream, purge->snapshot->purges[purge->signal - cache->signals], &asked);
    enum upstream_outcome outcome = upstream_outcome(purge->call);
    if (outcome != UPSTREAM_GOING)
        ended(purge, outcome);
}

static void on_again(struct timer *timer)
{
    call(container_of(timer, struct purge, again));
}

static struct purge *find(struct worker *worker, const struct config_signal *signal)
{
    LIST_EACH (&worker->purges, link)
        if (container_of(link, struct purge, link)->signal == signal)
            return container_of(link, struct purge, link);
    return NULL;
}

void purge_ask(struct worker *worker, struct snapshot *snapshot, const struct config_signal *signal)
{
    const struct config_purge *config = &signal->purge;
    struct purge *purge = find(worker, signal);
    if (!config->service.url.text.data)
        return;
    if (purge) { /* one that waits says it anyway */
        purge->raised = true;
        return;
    }
    purge = mem_must(sizeof *purge);
    purge->magic = PURGE_MAGIC;
    purge->worker = worker;
    purge->snapshot = snapshot_ref(snapshot);
    purge->signal = signal;
    purge->again.on_due = on_again;
    spool_init(&purge->body, &worker->service->spool_space, BODY_BYTES_MAX, BODY_BYTES_MAX);
    list_push(&worker->purges, &purge->link);
    if (spool_append(&purge->body, config->body) == OK)
        call(purge);
    else
        fail(purge, 0, SLICE("there is no memory"));
}

/* ---- ends ---- */

static bool any_is_out(const struct worker *worker)
{
    LIST_EACH (&worker->purges, link)
        if (container_of(link, struct purge, link)->call)
            return true;
    return false;
}

void purges_stop(struct worker *worker)
{
    for (unsigned i = 0; i < STOP_TURNS && any_is_out(worker); i++)
        loop_turn(worker->loop, STOP_TURN_MS);
    while (!list_empty(&worker->purges))
        fail(container_of(worker->purges.next, struct purge, link), 0, SLICE("Leat stops"));
}

struct upstream **purges_new(const struct config *config)
{
    unsigned count = config->cache.signal_count;
    struct upstream **purges = mem_must((count + 1) * sizeof *purges);
    for (unsigned i = 0; i < count; i++) {
        const struct config_upstream *service = &config->cache.signals[i].purge.service;
        if (service->url.text.data)
            purges[i] = upstream_service_new(service, NULL);
    }
    return purges;
}

void purges_free(struct upstream **purges, const struct config *config)
{
    for (unsigned i = 0; i < config->cache.signal_count; i++)
        upstream_unref(purges[i]);
    mem_free(purges);
}
