/* SPDX-License-Identifier: Apache-2.0 */
/* Raising signals. See signals.h. */
#include "request/signals.h"

#include "request/depends.h"
#include "request/purge.h"
#include "request/steps.h"
#include "request/worker.h"
#include "request/write_steps.h"

static void raise_signal(struct worker *worker, struct snapshot *snapshot, const struct config_signal *signal)
{
    atomic_fetch_add(&worker->service->signals.raised, 1);
    depends_bump_signal(worker->service, snapshot->model, signal);
    purge_ask(worker, snapshot, signal);
}

enum step signal_answer(struct request *request)
{
    PRE(request->route.kind == ROUTE_SIGNAL && request->route.signal != NULL);
    raise_signal(request->worker, request->snapshot, request->route.signal);
    request->answer.status = 204;
    request->answer.caching.no_store = true;
    return STEP_RESPOND;
}

void signals_raise(struct worker *worker, struct snapshot *snapshot, const struct resource *resource,
                   uint32_t bits)
{
    for (unsigned i = 0; i < resource->raises.count; i++)
        if (bits & UINT32_C(1) << i)
            raise_signal(worker, snapshot, resource->raises.items[i]);
}

static bool is_among(const struct table *table, const struct tables_told *tables)
{
    bool among = !tables->told;
    for (unsigned i = 0; i < tables->count && !among; i++)
        among = tables->items[i] == table;
    return among;
}

void signals_raise_for_tables(struct worker *worker, struct snapshot *snapshot,
                              const struct tables_told *tables)
{
    const struct model *model = snapshot->model;
    for (unsigned i = 0; model->config->cache.signal_count > 0 && i < model->resource_count; i++)
        if (is_among(model->resources[i].table, tables))
            signals_raise(worker, snapshot, &model->resources[i], UINT32_MAX);
}

void signals_raise_for_change(struct request *request, const struct tables_told *tables, bool sure)
{
    const struct resource *resource = request->route.resource;
    if (!request->route.write)
        signals_raise_for_tables(request->worker, request->snapshot, tables);
    else if (resource->raises.count > 0)
        signals_raise(request->worker, request->snapshot, resource,
                      sure ? write_raised(request->writing->write) : UINT32_MAX);
}

void signals_raise_for_login(struct request *request)
{
    const struct model *model = request->snapshot->model;
    for (unsigned i = 0; i < model->login_raises.count; i++)
        raise_signal(request->worker, request->snapshot, model->login_raises.items[i]);
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
