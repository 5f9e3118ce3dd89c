/* SPDX-License-Identifier: Apache-2.0 */
/* The beginning and the end of a request, and its cancel.
 *
 * A cancelled request whose fetch is out lives on without a sink until the store has given the fetch back: the fetch, its
 * page and its arena are the request's, so nothing late can find freed memory. */
#include <stdio.h>

#include "base/mem.h"
#include "request/batch.h"
#include "request/cache_step.h"
#include "request/forms.h"
#include "request/records.h"
#include "request/stream.h"
#include "request/stream_steps.h"
#include "request/upstream_step.h"
#include "request/worker.h"
#include "request/write_steps.h"

#define ARENA_CHUNK_BYTES 4096
/* Requests kept for reuse per worker; their arenas keep one chunk each. */
#define IDLE_MAX 1024

/* splitmix64 (Vigna 2015): ids that look random and do not repeat within 2^64. */
static uint64_t next_id(struct worker *worker)
{
    uint64_t z = worker->id_state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void id_write(char text[17], uint64_t id)
{
    static const char digits[] = "0123456789abcdef";
    for (unsigned i = 0; i < 16; i++)
        text[i] = digits[id >> (60 - 4 * i) & 15];
    text[16] = 0;
}

static struct request *take(struct worker *worker)
{
    struct list *link = list_shift(&worker->idle);
    if (link) {
        worker->idle_count--;
        return container_of(link, struct request, link);
    }
    struct request *request = mem_must(sizeof *request);
    request->magic = REQUEST_MAGIC;
    arena_init(&request->arena, ARENA_CHUNK_BYTES);
    arena_init(&request->total_arena, ARENA_CHUNK_BYTES);
    return request;
}

/* All but what is kept from one request to the next: magic and arenas. */
static void clear(struct request *request)
{
    struct arena arena = request->arena, total_arena = request->total_arena;
    memset(request, 0, sizeof *request);
    request->magic = REQUEST_MAGIC;
    request->arena = arena;
    request->total_arena = total_arena;
}

struct request *request_new(struct worker *worker, const struct request_sink *sink, void *sink_context)
{
    CHECK_MAGIC(worker, WORKER_MAGIC);
    PRE(sink != NULL);
    struct request *request = take(worker);
    clear(request);
    request->worker = worker;
    request->snapshot = snapshot_ref(worker->snapshot);
    request->tap = tap_ref(worker->tap);
    request->sink = sink;
    request->sink_context = sink_context;
    request->began = clock_mono();
    id_write(request->id, next_id(worker));
    worker->request_count++;
    meter_begin(worker->meter);
    list_push(&worker->running, &request->link);
    return request;
}

static enum meter_cache cache_way(const struct cache_told *told)
{
    if (told->collapsed)
        return METER_CACHE_SHARED;
    if (told->way == TOLD_HIT)
        return told->ttl_s < 0 ? METER_CACHE_STALE : METER_CACHE_HIT;
    if (told->way == TOLD_BYPASS)
        return METER_CACHE_BYPASS;
    if (told->way == TOLD_NOTHING)
        return METER_CACHE_NONE;
    return METER_CACHE_MISS;
}

static void count_statement(struct request *request, const struct fetch *fetch)
{
    if (fetch->lane && *fetch->lane)
        meter_statement(request->worker->meter, fetch->lane, fetch->wait_us, fetch->run_us);
}

/* By what was routed to, its method and the status; of a client that left before there was one: 499, as in the log. */
static void request_count(struct request *request)
{
    unsigned status = request->answer.status ? request->answer.status : 499;
    struct meter_event event = {.name = request->snapshot->meter_numbers[request->route.number],
                                .method = request->method,
                                .status = status,
                                .cache = cache_way(&request->answer.cache),
                                .cache_age_s = request->answer.cache.age_s,
                                .took_us = request->took_us,
                                .bytes = request->sent_bytes};
    if (request->background)
        meter_end_background(request->worker->meter);
    else
        meter_end(request->worker->meter, &event);
    if (request->entry) /* it asked no database */
        return;
    count_statement(request, &request->fetch);
    count_statement(request, &request->total_fetch);
}

/* Onto the free list, where that has room. */
static void retire(struct request *request)
{
    struct worker *worker = request->worker;
    if (worker->idle_count == IDLE_MAX) {
        request_free(request);
        return;
    }
    list_unshift(&worker->idle, &request->link); /* the warmest first */
    worker->idle_count++;
}

void request_end(struct request *request)
{
    CHECK_MAGIC(request, REQUEST_MAGIC);
    PRE(request->step == STEP_END);
    PRE(!request->fetch_out && !request->total_out && !request->job_out);
    request->took_us = mono_diff_us(clock_mono(), request->began);
    request_count(request);
    request_shed_left(request);
    request_log(request);
    request_stop_upstream(request);
    loop_task_cancel(&request->turn);
    if (request->batch)
        loop_task_cancel(&request->batch->turn);
    cache_done(request);
    stream_free(request->stream);
    forms_done(request);
    buf_done(&request->body);
    page_done(&request->page);
    write_done(request);
    records_end(request);
    spool_done(&request->body_in);
    snapshot_unref(request->snapshot);
    tap_unref(request->tap);
    arena_reset(&request->arena);
    arena_reset(&request->total_arena);
    list_remove(&request->link);
    struct part *part = request->part;
    retire(request);
    if (part)
        batch_part_ended(part);
}

void request_free(struct request *request)
{
    CHECK_MAGIC(request, REQUEST_MAGIC);
    arena_done(&request->arena);
    arena_done(&request->total_arena);
    request->magic = 0;
    mem_free(request);
}

void request_cancel(struct request *request)
{
    CHECK_MAGIC(request, REQUEST_MAGIC);
    PRE(!request->cancelled);
    request->head = NULL;
    request->peer = NULL;
    enum cache_left left = cache_client_left(request);
    if (left == CACHE_STAYS)
        return;
    request->cancelled = true;
    request->sink = NULL;
    request_stop_stream(request);
    request_stop_upstream(request);
    if (request->fetch_out)
        store_cancel(request->tap->port, &request->fetch);
    if (request->total_out)
        store_cancel(request->tap->port, &request->total_fetch);
    if (request->batch)
        batch_cancel(request->batch);
    if (request->fetch_out || request->total_out || request->job_out || left == CACHE_WAITS ||
        (request->batch && request->batch->running))
        return; /* on_end, the job, the letter or the last part will come, and ends it */
    request->step = STEP_END;
    request_end(request);
}

void request_abandon(struct request *request)
{
    CHECK_MAGIC(request, REQUEST_MAGIC);
    PRE(request->step == STEP_UPSTREAM && !request->fetch_out && !request->total_out);
    request->cancelled = true;
    request->sink = NULL;
    request->step = STEP_END;
    request_end(request);
}
