/* SPDX-License-Identifier: Apache-2.0 */
/* Which lane a request will wait in, and whether it is let in. The arithmetic is limit/shed.h's. See shed_step.h. */
#include "request/shed_step.h"

#include "base/map.h"
#include "observe/metrics.h"
#include "request/worker.h"

/* Requests for each connection that are let in always. */
#define LEAST_EACH 16
#define BULK_BODY_BYTES (UINT64_C(1) << 20)

static struct shed_options options_of(const struct request *request)
{
    const struct config *config = request->snapshot->model->config;
    unsigned workers = request->worker->service->worker_count;
    unsigned lanes = config->database.pool_size + config->database.pool_overflow;
    unsigned least = config->shed.least ? config->shed.least : LEAST_EACH * lanes;
    return (struct shed_options){.target_us = config->shed.target_ms * 1000,
                                 .interval_us = config->shed.interval_ms * 1000,
                                 .least = (least + workers - 1) / workers};
}

static uint8_t *shape_of(struct request *request)
{
    return &request->worker->shed.quick[hash_bytes(request->plan->statement.text) % SHED_SHAPES];
}

static bool writes(const struct request *request)
{
    return request->route.write || (request->plan && request->plan->writes);
}

static enum lane_kind lane_of(struct request *request)
{
    if (writes(request))
        return LANE_WRITE;
    return *shape_of(request) ? LANE_QUICK : LANE_SLOW;
}

/* False: refused. */
static bool has_room(struct request *request, enum lane_kind kind, enum shed_class class)
{
    struct shed_options options = options_of(request);
    struct shed_lane *lane = &request->worker->shed.lanes[kind];
    if (shed_has_room(lane, &options, class, loop_now(request->worker->loop)))
        return true;
    shed_refuse(lane, class);
    (void)request_fail(request, 503, SLICE("over-capacity"),
                       SLICE("More is asked of the database than it can do in time."));
    request->problem.retry_after_s = 1;
    return false;
}

bool request_shed_refuses(struct request *request)
{
    PRE(request->route.body && request->head);
    bool bulk = request->head->content_length >= BULK_BODY_BYTES;
    return !has_room(request, LANE_WRITE, bulk ? SHED_BULK : SHED_USUAL);
}

bool request_shed_admits(struct request *request)
{
    PRE(!request->shed);
    enum lane_kind kind = lane_of(request);
    enum shed_class class = format_is_export(request->format) ? SHED_BULK : SHED_USUAL;
    if (kind != LANE_WRITE && !has_room(request, kind, class))
        return false;
    request->shed = &request->worker->shed.lanes[kind];
    shed_enter(request->shed);
    return true;
}

/* The lane that it came to is the shape's next time. What never came to one waited in that for which it was taken. */
static void note_lane(struct request *request)
{
    const struct fetch *fetch = &request->fetch;
    struct slice lane = slice_str(fetch->lane);
    bool is_inline = slice_eq(lane, SLICE("inline"));
    struct shed_lane *noted = request->shed;
    if (!writes(request) && lane.len) {
        bool quick = is_inline || slice_eq(lane, SLICE("fast"));
        *shape_of(request) = quick;
        noted = &request->worker->shed.lanes[quick ? LANE_QUICK : LANE_SLOW];
    }
    if (!is_inline && fetch->wait_us >= 0 && fetch->run_us >= 0)
        shed_note(noted, fetch->wait_us, fetch->run_us);
}

void request_shed_left(struct request *request)
{
    if (!request->shed)
        return;
    if (request->plan || request->route.write)
        note_lane(request);
    shed_leave(request->shed);
    request->shed = NULL;
}

/* --- metrics --- */

enum gauge { ROOM, UNDER_WAY };

static uint64_t sum_of(const struct service *service, enum lane_kind kind, enum gauge which)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < service->worker_count; i++) {
        const struct shed_lane *lane = &service->workers[i]->shed.lanes[kind];
        sum += atomic_load_explicit(which == ROOM ? &lane->room : &lane->under_way, memory_order_relaxed);
    }
    return sum;
}

static uint64_t refused_of(const struct service *service, enum lane_kind kind, enum shed_class class)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < service->worker_count; i++)
        sum +=
            atomic_load_explicit(&service->workers[i]->shed.lanes[kind].refused[class], memory_order_relaxed);
    return sum;
}

void shed_metrics(const struct service *service, struct metrics_page *page)
{
    static const struct slice lanes[LANE_KINDS] = {[LANE_SLOW] = SLICE_INIT("slow"),
                                                   [LANE_QUICK] = SLICE_INIT("quick"),
                                                   [LANE_WRITE] = SLICE_INIT("write")};
    static const struct slice classes[SHED_CLASSES] = {
        [SHED_USUAL] = SLICE_INIT("usual"), [SHED_BULK] = SLICE_INIT("bulk")};
    metrics_family(page, METRICS_GAUGE, "leat_shed_room", "Requests that may be under way at the database.");
    for (unsigned i = 0; i < LANE_KINDS; i++)
        metrics_uint(page, sum_of(service, i, ROOM), METRICS_LABEL("lane", lanes[i]));
    metrics_family(page, METRICS_GAUGE, "leat_shed_under_way",
                   "Requests that are under way at the database.");
    for (unsigned i = 0; i < LANE_KINDS; i++)
        metrics_uint(page, sum_of(service, i, UNDER_WAY), METRICS_LABEL("lane", lanes[i]));
    metrics_family(page, METRICS_COUNTER, "leat_shed_refused_total",
                   "Requests refused by 503 over-capacity.");
    for (unsigned i = 0; i < LANE_KINDS; i++)
        for (unsigned j = 0; j < SHED_CLASSES; j++)
            metrics_uint(page, refused_of(service, i, j), METRICS_LABEL("lane", lanes[i]),
                         METRICS_LABEL("class", classes[j]));
}
