/* SPDX-License-Identifier: Apache-2.0 */
/* The background check and the three answers made from it.
 *   /health/live   200 as long as the process answers at all
 *   /health/ready  200 when the database answered at the last check and the process is not draining, else 503
 *   /health        both, with the check's age and, for operators, why it failed */
#include "request/health.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "request/cache_api.h"
#include "request/documents.h"
#include "request/limit_step.h"
#include "request/metrics_page.h"
#include "request/signals.h"
#include "request/steps.h"
#include "request/worker.h"

#define CHECK_EVERY_MS 1000
#define CHECK_DEADLINE_MS 900
#define CHECK_STALE_US 5000000

struct health_check {
    struct worker *worker;
    struct timer timer;
    struct tap *tap; /* while it is out */
    struct fetch fetch;
    struct arena arena;
    bool out, stopped;
};

void health_init(struct health *health)
{
    (void)pthread_mutex_init(&health->lock, NULL);
}

static void note(struct health_check *check)
{
    struct health *health = &check->worker->service->health;
    struct health_result *last = &health->last;
    const struct fetch *fetch = &check->fetch;
    bool up = !problem_is(&fetch->problem);
    struct slice why = fetch->problem.cause.len ? fetch->problem.cause : fetch->problem.detail;
    (void)pthread_mutex_lock(&health->lock);
    bool changed = !last->checked || up != last->up;
    last->checked = true;
    last->up = up;
    last->checked_at = clock_mono();
    last->took_us = fetch->wait_us + fetch->run_us;
    (void)snprintf(last->why, sizeof last->why, SLICE_FMT, SLICE_ARG(up ? (struct slice){0} : why));
    (void)pthread_mutex_unlock(&health->lock);
    if (changed && up)
        log_event(LOG_INFO, "database up");
    if (changed && !up)
        log_event(LOG_ERROR, "database down", LOG_TEXT("why", why));
}

static void ended(struct health_check *check)
{
    struct worker *worker = check->worker;
    if (check->tap == worker->tap && !check->stopped) /* else it asked a database that was left meanwhile */
        note(check);
    arena_reset(&check->arena);
    tap_unref(check->tap);
    check->out = false;
    if (!check->stopped)
        loop_timer_set(worker->loop, &check->timer, CHECK_EVERY_MS);
}

static void on_end(struct fetch *fetch)
{
    ended(container_of(fetch, struct health_check, fetch));
}

static bool on_row(void *context, const struct slice *cells, unsigned count)
{
    (void)context, (void)cells, (void)count;
    return true;
}

static void on_due(struct timer *timer)
{
    struct health_check *check = container_of(timer, struct health_check, timer);
    PRE(!check->out);
    struct mono now = loop_now(check->worker->loop);
    check->fetch = (struct fetch){.statement = {.text = SLICE("SELECT 1")},
                                  .sink = {on_row, check},
                                  .on_end = on_end,
                                  .arena = &check->arena,
                                  .deadline = mono_after_ms(now, CHECK_DEADLINE_MS)};
    check->tap = tap_ref(check->worker->tap);
    check->out = true;
    if (store_submit(check->tap->port, &check->fetch) == SUBMIT_DONE)
        ended(check);
}

struct health_check *health_check_start(struct worker *worker)
{
    struct health_check *check = mem_must(sizeof *check);
    check->worker = worker;
    check->timer.on_due = on_due;
    arena_init(&check->arena, 1024);
    loop_timer_set(worker->loop, &check->timer, 1);
    return check;
}

void health_check_stop(struct health_check *check)
{
    check->stopped = true;
    loop_timer_stop(&check->timer);
    if (check->out)
        store_cancel(check->tap->port, &check->fetch);
}

void health_check_free(struct health_check *check)
{
    if (!check)
        return;
    PRE(!check->out);
    arena_done(&check->arena);
    mem_free(check);
}

/* A copy of the last result. */
static struct health_result last_result(struct service *service)
{
    (void)pthread_mutex_lock(&service->health.lock);
    struct health_result copy = service->health.last;
    (void)pthread_mutex_unlock(&service->health.lock);
    return copy;
}

static bool up_now(const struct health_result *health)
{
    return health->checked && health->up && mono_diff_us(clock_mono(), health->checked_at) < CHECK_STALE_US;
}

/* Where there are credentials they can be judged. */
static bool knows_identities(struct service *service)
{
    (void)pthread_mutex_lock(&service->lock);
    const struct snapshot *snapshot = service->snapshot;
    bool knows =
        !config_auth_is_on(&snapshot->model->config->auth) || identity_is_ready(snapshot->supply->identity);
    (void)pthread_mutex_unlock(&service->lock);
    return knows;
}

bool health_ready(struct service *service)
{
    struct health_result health = last_result(service);
    return up_now(&health) && !atomic_load(&service->draining) && knows_identities(service);
}

/* Which process this is and what a refused reload said is for operators: `leat reload` needs both. */
static void write_reloads(struct request *request)
{
    struct service *service = request->worker->service;
    struct buf *out = &request->body;
    bool here = request->is_operator;
    (void)pthread_mutex_lock(&service->lock);
    struct reload_result reloads = service->reloads;
    (void)pthread_mutex_unlock(&service->lock);
    buf_format(out, ",\"reloads\":{\"begun\":%u,\"ended\":%u", reloads.begun, reloads.ended);
    if (reloads.ended)
        buf_format(out, ",\"last\":\"%s\"", reloads.refused ? "refused" : "taken");
    if (here && reloads.refused) {
        buf_lit(out, ",\"why\":");
        buf_json(out, slice_str(reloads.why));
    }
    buf_lit(out, "}");
    if (here)
        buf_format(out, ",\"pid\":%d", (int)getpid());
}

/* Its state is told, and makes nothing unready: without Redis answers are as right as with it. */
static void write_redis(struct request *request)
{
    struct remote *remote = request->worker->service->remote;
    struct buf *out = &request->body;
    struct remote_state state;
    if (!remote)
        return;
    remote_state(remote, &state);
    buf_format(out, ",\"redis\":{\"status\":\"%s\",\"hears\":%s,\"took_us\":%lld", state.up ? "up" : "down",
               state.trusted ? "true" : "false", (long long)state.lag_us);
    if (!state.up && request->principal.loopback) {
        buf_lit(out, ",\"why\":");
        buf_json(out, slice_str(state.why));
    }
    buf_lit(out, "}");
}

static void write_health(struct request *request)
{
    struct service *service = request->worker->service;
    struct health_result health = last_result(service);
    struct store_state state;
    store_state(request->snapshot->supply->store, &state);
    bool up = up_now(&health), draining = atomic_load(&service->draining);
    struct buf *out = &request->body;
    const char *database = up ? "up" : "down", *whole = draining ? "draining" : database;
    buf_format(out, "{\"status\":\"%s\",\"version\":\"" LEAT_VERSION "\",\"checks\":", whole);
    buf_format(out, "{\"database\":{\"status\":\"%s\"", database);
    if (health.checked)
        buf_format(out, ",\"age_ms\":%lld,\"took_us\":%lld",
                   (long long)mono_diff_us(clock_mono(), health.checked_at) / 1000,
                   (long long)health.took_us);
    if (!up && request->is_operator) {
        buf_lit(out, ",\"why\":");
        buf_json(out, slice_str(health.checked ? health.why : "not checked yet"));
    }
    buf_format(out, ",\"connections\":%u,\"busy\":%u,\"waiting\":%u}", state.connections, state.busy,
               state.waiting);
    write_redis(request);
    buf_format(out, "},\"clients\":%u", gate_count(service->gate));
    write_reloads(request);
    buf_lit(out, "}");
    request->answer.status = up && !draining ? 200 : 503;
}

enum step step_builtin(struct request *request)
{
    if (request->route.kind == ROUTE_OPENAPI || request->route.kind == ROUTE_DOCS)
        return documents_answer(request);
    if (request->route.kind == ROUTE_LIMITS)
        return limit_page_answer(request);
    if (request->route.kind == ROUTE_CACHE)
        return cache_api_answer(request);
    if (request->route.kind == ROUTE_SIGNAL)
        return signal_answer(request);
    if (request->route.kind == ROUTE_METRICS)
        return metrics_answer(request);
    buf_init(&request->body, 4096);
    request->answer.caching.no_store = true;
    request->answer.status = 200;
    switch (request->route.kind) {
    case ROUTE_LIVE:
        buf_lit(&request->body, "{\"status\":\"alive\"}");
        break;
    case ROUTE_READY:
        if (health_ready(request->worker->service)) {
            buf_lit(&request->body, "{\"status\":\"ready\"}");
            break;
        }
        buf_lit(&request->body, "{\"status\":\"unavailable\"}");
        request->answer.status = 503;
        request->answer.retry_after_s = 1;
        break;
    case ROUTE_HEALTH:
        write_health(request);
        break;
    default:
        UNREACHABLE("a route that is not built in");
    }
    return STEP_RESPOND;
}
