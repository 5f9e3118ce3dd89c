/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a batch. See batch.h. It goes on at the end of a turn, when a part has joined or ended, so that no part's stack stands
 * under another's. */
#include "request/batch.h"

#include "request/steps.h"
#include "request/worker.h"

/* Parts that run at the same time, where they are not one transaction. */
enum { PARTS_AT_ONCE = 8 };

const struct problem failed_dependency = {
    .status = 424,
    .code = SLICE_INIT("failed-dependency"),
    .detail = SLICE_INIT("Another part of the transaction failed; nothing was changed."),
};

/* --- a part's source and sink --- */

static uint64_t deliver(void *context, struct request *request)
{
    struct part *part = context;
    batch_take_answer(part, request);
    return 0;
}

static void on_body_due(struct task *task)
{
    struct part *part = container_of(task, struct part, body_due);
    PRE(part->request && part->body.data);
    request_body_piece(part->request, part->body, true);
}

static void read_body(void *context)
{
    struct part *part = context;
    part->body_due.run = on_body_due;
    loop_at_turn_end(part->request->worker->loop, &part->body_due);
}

/* Whole answers alone. */
static const struct request_sink part_sink = {.deliver = deliver, .read_body = read_body};

static struct problem of_fault(const struct http_fault *fault)
{
    return (struct problem){.status = fault->status,
                            .code = fault->status == 414   ? SLICE("target-too-long")
                                    : fault->status == 431 ? SLICE("head-too-large")
                                                           : SLICE("malformed-request"),
                            .detail = slice_str(fault->reason)};
}

/* The head as http/ has it. False: refused. */
static bool parse_head(struct part *part)
{
    struct request *request = part->batch->request;
    const struct config *config = request->snapshot->model->config;
    const struct http_limits limits = {.line_bytes_max = config->http.head_bytes,
                                       .head_bytes_max = config->http.head_bytes,
                                       .body_bytes_max = UINT64_MAX};
    part->head_bytes = batch_head(&request->arena, part);
    http_head_init(&part->head, ARENA_ARRAY(&request->arena, struct http_field, HTTP_FIELDS_MAX),
                   HTTP_FIELDS_MAX);
    enum http_got got = http_head_parse(&part->head, &limits, part->head_bytes.data, part->head_bytes.len);
    if (got == HTTP_DONE && part->head.bytes == part->head_bytes.len)
        return true;
    struct http_fault fault = got == HTTP_FAULT ? part->head.fault : (struct http_fault){400, "No head."};
    struct problem problem = of_fault(&fault);
    batch_refuse(part, &problem);
    return false;
}

/* The same configuration and database as the batch, whatever came meanwhile. */
static void share(struct request *request, const struct request *batch)
{
    snapshot_unref(request->snapshot);
    tap_unref(request->tap);
    request->snapshot = snapshot_ref(batch->snapshot);
    request->tap = tap_ref(batch->tap);
}

static void begin(struct part *part)
{
    struct batch *batch = part->batch;
    const struct request *bearer = batch->request;
    batch->begun++;
    part->state = PART_ENDED;
    if (!parse_head(part))
        return;
    struct request *request = request_new(bearer->worker, &part_sink, part);
    share(request, bearer);
    part->state = PART_RUNS;
    part->request = request;
    batch->running++;
    request->part = part;
    request->head = &part->head;
    request->method = part->head.method;
    request->query_string = part->head.query;
    request->target = part->head.target;
    request->answer.no_body = part->head.method == HTTP_HEAD;
    request_run(request); /* it may have ended when this returns */
}

void batch_part_ended(struct part *part)
{
    struct batch *batch = part->batch;
    PRE(part->state != PART_ENDED && batch->running > 0);
    loop_task_cancel(&part->body_due);
    part->state = PART_ENDED;
    part->request = NULL;
    batch->running--;
    loop_at_turn_end(batch->request->worker->loop, &batch->turn);
}

/* --- BATCH --- */

static bool failed(const struct part *part)
{
    return part->state == PART_ENDED && part->status >= 400;
}

/* In a transaction nothing follows a part that failed. */
static bool may_begin(const struct batch *batch)
{
    if (batch->begun == batch->count || batch->request->cancelled)
        return false;
    if (!batch->transaction)
        return batch->running < PARTS_AT_ONCE;
    return batch->begun == 0 || !failed(&batch->parts[batch->begun - 1]);
}

static bool has_failed(const struct batch *batch)
{
    for (unsigned i = 0; i < batch->begun; i++)
        if (failed(&batch->parts[i]))
            return true;
    return false;
}

/* Of those that were never begun. */
static void leave_rest(struct batch *batch)
{
    for (; batch->begun < batch->count; batch->begun++) {
        struct part *part = &batch->parts[batch->begun];
        part->state = PART_ENDED;
        batch_refuse(part, &failed_dependency);
    }
}

/* True: all have ended. */
static bool advance(struct batch *batch)
{
    while (may_begin(batch))
        begin(&batch->parts[batch->begun]);
    if (batch->transaction && !batch->settled && batch->running == batch->joined_count) {
        batch->settled = true;
        if (batch->joined_count)
            chain_settle(batch);
    }
    if (batch->running)
        return false;
    if (batch->transaction && has_failed(batch))
        leave_rest(batch);
    return batch->begun == batch->count || batch->request->cancelled;
}

/* Nothing of a transaction that failed is done, what needed no statement neither. */
static void take_back(struct batch *batch)
{
    for (unsigned i = 0; i < batch->count; i++)
        if (batch->parts[i].status < 400)
            batch_refuse(&batch->parts[i], &failed_dependency);
}

static enum step finish(struct batch *batch)
{
    struct request *request = batch->request;
    loop_task_cancel(&batch->turn);
    if (problem_is(&request->problem) || request->cancelled)
        return STEP_RESPOND;
    if (batch->transaction && has_failed(batch))
        take_back(batch);
    batch_write(batch);
    request->answer.status = 200;
    request->answer.type = SLICE("application/json");
    return request->body.failed ? request_fail_memory(request) : STEP_RESPOND;
}

static void on_turn(struct task *task)
{
    struct batch *batch = container_of(task, struct batch, turn);
    if (advance(batch))
        request_resume(batch->request, finish(batch));
}

enum step step_batch(struct request *request)
{
    return advance(request->batch) ? finish(request->batch) : STEP_WAIT;
}

void batch_cancel(struct batch *batch)
{
    PRE(batch->request->cancelled);
    for (unsigned i = 0; i < batch->begun; i++) {
        struct part *part = &batch->parts[i];
        loop_task_cancel(&part->body_due);
        if (part->state == PART_RUNS)
            request_cancel(part->request);
    }
    if (batch->running == 0)
        loop_task_cancel(&batch->turn);
}

/* --- PLAN --- */

static enum error read_whole(struct request *request, struct slice *ret_body)
{
    uint64_t bytes = spool_bytes(&request->body_in),
             max = request->snapshot->model->config->body.record_bytes;
    size_t len;
    if (bytes > max) {
        (void)request_fail(request, 413, SLICE("record-too-large"),
                           SLICE("The body of a batch is longer than the limit `body.record_bytes`."));
        return ERR_PROBLEM;
    }
    if (spool_in_memory(&request->body_in, ret_body))
        return OK;
    char *room = arena_alloc(&request->arena, bytes + 1);
    enum error error = spool_read(&request->body_in, 0, room, bytes, &len);
    if (error != OK) {
        (void)request_fail(request, 503, SLICE("spool-full"),
                           SLICE("The body was lost on the disk: send it again."));
        return ERR_PROBLEM;
    }
    *ret_body = slice_of(room, len);
    return OK;
}

static enum step refuse_key(struct request *request)
{
    enum step next = request_fail(request, 400, SLICE("bad-idempotency-key"),
                                  SLICE("A batch as a whole takes no `Idempotency-Key`."));
    request->problem.hint = SLICE("Give each part that writes a key of its own, in its `headers`.");
    request->problem.place = SLICE("Idempotency-Key");
    return next;
}

enum step batch_plan(struct request *request)
{
    PRE(request->route.kind == ROUTE_BATCH && !request->batch);
    struct slice body = {0};
    if (request->body_format != BODY_JSON)
        return request_fail(request, 415, SLICE("unknown-body-type"), SLICE("A batch is JSON."));
    if (request->idempotency)
        return refuse_key(request);
    struct batch *batch = ARENA_NEW(&request->arena, struct batch);
    unsigned room = request->snapshot->model->config->batch_requests_max;
    batch->request = request;
    batch->turn.run = on_turn;
    batch->parts = ARENA_ARRAY(&request->arena, struct part, room + 1);
    batch->joined = ARENA_ARRAY(&request->arena, struct part *, room + 1);
    enum error error = read_whole(request, &body);
    if (error == OK)
        error = batch_read(request, body, batch);
    if (error == ERR_MEMORY)
        return request_fail_memory(request);
    if (error != OK)
        return STEP_RESPOND;
    request->target = arena_copy(&request->arena, request->target); /* for the log, should the client leave */
    request->batch = batch;
    return STEP_BATCH;
}
