/* SPDX-License-Identifier: Apache-2.0 */
/* A reload, on the main thread: another snapshot is loaded, the workers take it, each between two requests.
 *
 *   begun ─► load ─┬─► refused: nothing has changed
 *                  └─► the present one ─► a letter to each worker ─► all have taken it: ended
 *
 * A request keeps the snapshot it began with. Another database than before is opened beside the old one, which goes when its
 * last request has ended (supply.h). Failure: told in the log and in /health; the old snapshot stays. */
#include <time.h>

#include "base/log.h"
#include "request/cache_api.h"
#include "request/worker.h"

enum { RELOAD_LOOK_NS = 1000000, RELOAD_MS_MAX = 5000 };

static void note_begun(struct service *service)
{
    (void)pthread_mutex_lock(&service->lock);
    service->reloads.begun++;
    (void)pthread_mutex_unlock(&service->lock);
}

/* why: NULL when it was taken. */
static void note_ended(struct service *service, const char *why)
{
    struct reload_result *reloads = &service->reloads;
    (void)pthread_mutex_lock(&service->lock);
    reloads->ended++;
    reloads->refused = why != NULL;
    size_t len = why ? strlen(why) : 0;
    PRE(reloads->ended == reloads->begun && len < sizeof reloads->why);
    memcpy(reloads->why, why ? why : "", len + 1);
    (void)pthread_mutex_unlock(&service->lock);
}

/* A worker that runs a long statement of its own is not waited for beyond RELOAD_MS_MAX: it takes the letter later. */
static void await_workers(struct service *service)
{
    struct mono until = mono_after_ms(clock_mono(), RELOAD_MS_MAX);
    while (atomic_load(&service->snapshots_taken) != service->snapshots_posted &&
           mono_diff_us(until, clock_mono()) > 0)
        (void)nanosleep(&(struct timespec){.tv_nsec = RELOAD_LOOK_NS}, NULL);
}

/* Makes it the present one. */
static void take(struct service *service, struct snapshot *snapshot)
{
    (void)pthread_mutex_lock(&service->lock);
    struct snapshot *old = service->snapshot;
    service->snapshot = snapshot;
    (void)pthread_mutex_unlock(&service->lock);
    const struct config *config = snapshot->model->config;
    gate_limits_set(service->gate, config->http.connections, config->http.per_address);
    cache_resize(service->cache, service_cache_bytes(config));
    space_resize(service->space, cache_api_memory(config));
    service->snapshots_posted += service->worker_count;
    for (unsigned i = 0; i < service->worker_count; i++)
        worker_post_snapshot(service->workers[i], snapshot);
    snapshot_unref(old);
    await_workers(service);
}

void service_reload(const struct service_options *options, struct service *service)
{
    struct snapshot *snapshot = NULL;
    struct supply *before = service->snapshot->supply; /* compared, not used */
    int exit_code = 0;
    char why[512];
    note_begun(service);
    if (service_load(options, service, &snapshot, &exit_code, why) != OK) {
        log_event(LOG_ERROR, "reload refused: the old configuration stays");
        note_ended(service, why);
        return;
    }
    take(service, snapshot);
    log_event(LOG_INFO, "reloaded", LOG_INT("resources", snapshot->model->resource_count),
              LOG_INT("queries", snapshot->model->query_count),
              LOG_STR("database", snapshot->supply == before ? "kept" : "another"));
    note_ended(service, NULL);
}
