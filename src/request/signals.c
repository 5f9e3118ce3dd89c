/* SPDX-License-Identifier: Apache-2.0 */
/* Raising signals. See signals.h. */
#include "request/signals.h"

#include "request/depends.h"
#include "request/purge.h"
#include "request/steps.h"
#include "request/worker.h"

static void raise_signal(struct request *request, const struct config_signal *signal)
{
    atomic_fetch_add(&request->worker->service->signals.raised, 1);
    depends_bump_signal(request, signal);
    purge_ask(request->worker, request->snapshot, signal);
}

enum step signal_answer(struct request *request)
{
    PRE(request->route.kind == ROUTE_SIGNAL && request->route.signal != NULL);
    raise_signal(request, request->route.signal);
    request->answer.status = 204;
    request->answer.caching.no_store = true;
    return STEP_RESPOND;
}

void signals_raise_for_write(struct request *request)
{
    const struct config_cache *cache = &request->snapshot->model->config->cache;
    for (unsigned i = 0; request->route.write && i < cache->signal_count; i++)
        if (slice_eq(cache->signals[i].on.text, request->route.resource->config->name.text))
            raise_signal(request, &cache->signals[i]);
}

void signals_metrics(struct service *service, const struct config *config, struct metrics_page *page)
{
    const struct signal_counts *counts = &service->signals;
    if (config->cache.signal_count == 0)
        return;
    metrics_counter(page, "leat_signals_raised_total", "Signals that were raised here.",
                    atomic_load(&counts->raised));
    metrics_family(page, METRICS_COUNTER, "leat_purges_total", "Calls that purge content networks.");
    metrics_uint(page, atomic_load(&counts->purged), METRICS_LABEL("outcome", SLICE("done")));
    metrics_uint(page, atomic_load(&counts->retried), METRICS_LABEL("outcome", SLICE("retried")));
    metrics_uint(page, atomic_load(&counts->failed), METRICS_LABEL("outcome", SLICE("failed")));
}
