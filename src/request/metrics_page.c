/* SPDX-License-Identifier: Apache-2.0 */
/* See metrics_page.h. A new part's metrics are a line in write_parts. Failure: a page that outgrows its buf is a 503. */
#include "request/metrics_page.h"

#include "cache/cache.h"
#include "observe/process.h"
#include "request/auth_steps.h"
#include "request/limit_step.h"
#include "request/outside.h"
#include "request/second_level.h"
#include "request/shed_step.h"
#include "request/signals.h"
#include "request/upstream_step.h"
#include "request/worker.h"

/* A template asked by all methods, with all classes, takes some 100 KB of it. */
#define PAGE_BYTES_MAX (64 << 20)

static void write_build(struct metrics_page *page)
{
    metrics_family(page, METRICS_GAUGE, "leat_build_info", "Which Leat this is.");
    metrics_uint(page, 1, METRICS_LABEL("version", SLICE(LEAT_VERSION)));
}

static void write_service(struct service *service, struct metrics_page *page)
{
    (void)pthread_mutex_lock(&service->lock);
    struct reload_result reloads = service->reloads;
    (void)pthread_mutex_unlock(&service->lock);
    metrics_gauge(page, "leat_ready", "Whether /health/ready says so.", health_ready(service));
    metrics_gauge(page, "leat_workers", "Threads that serve.", service->worker_count);
    metrics_counter(page, "leat_reloads_total", "Reloads that have ended.", reloads.ended);
    metrics_gauge(page, "leat_reload_refused", "Whether the last reload was refused.", reloads.refused);
    metrics_gauge(page, "leat_offload_waiting", "Jobs that wait for a thread of the offload pool.",
                  offload_waiting(service->offload));
    metrics_gauge(page, "leat_spool_bytes", "Bytes of the disk that large bodies and answers take.",
                  atomic_load(&service->spool_space.bytes_taken));
    metrics_gauge(page, "leat_spool_bytes_max", "Bytes of the disk that they may take.",
                  service->spool_space.bytes_max);
}

static void write_parts(struct request *request, struct metrics_page *page)
{
    struct service *service = request->worker->service;
    write_build(page);
    process_metrics(page, service->started);
    write_service(service, page);
    gate_metrics(service->gate, page);
    cache_metrics(service->cache, page);
    limit_metrics(request->snapshot->limits, page);
    shed_metrics(service, page);
    auth_metrics(service, request->snapshot, page);
    upstreams_metrics(request->snapshot->upstreams, request->snapshot->model->config, page);
    remote_metrics(service->remote, page);
    outside_metrics(service->outside, page);
    second_level_metrics(service, page);
    signals_metrics(service, request->snapshot->model->config, page);
    store_metrics(request->snapshot->supply->store, page);
    meters_write(service->meter_names, service->meters, service->worker_count, method_words, page);
}

enum step metrics_answer(struct request *request)
{
    PRE(request->route.kind == ROUTE_METRICS);
    struct metrics_page page = {.out = &request->body};
    buf_init(&request->body, PAGE_BYTES_MAX);
    write_parts(request, &page);
    if (request->body.failed)
        return request_fail_memory(request);
    request->answer.status = 200;
    request->answer.caching.no_store = true;
    request->answer.type = SLICE("text/plain; version=0.0.4; charset=utf-8");
    return STEP_RESPOND;
}
