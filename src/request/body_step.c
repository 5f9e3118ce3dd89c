/* SPDX-License-Identifier: Apache-2.0 */
/* BODY: what a write brings along. Its type is checked before any of it is asked for; then it comes piece by piece into the
 * request's spool: a small body stays in memory, the rest of a large one goes to the disk.
 *
 * It can fail by a type nobody here reads, and by the spool: its space, the disk, memory. A body that comes too slowly,
 * breaks off, or is longer than http.body_bytes is net's to tell: then this request is cancelled. */
#include <errno.h>

#include "request/call_step.h"
#include "request/idempotency.h"
#include "request/precondition.h"
#include "request/steps.h"
#include "request/worker.h"

/* Of each body, so many bytes stay in memory. */
#define BODY_MEMORY_BYTES_MAX (64 * 1024)

static enum step refuse_type(struct request *request, struct slice type)
{
    struct slice detail = SLICE("A body with this `Content-Type` cannot be read here.");
    enum step next = request_fail(request, 415, SLICE("unknown-body-type"), detail);
    request->problem.hint = SLICE("What can be: " BODY_TYPES "; all in UTF-8.");
    request->problem.place = SLICE("Content-Type");
    request->problem.value = arena_copy(&request->arena, type);
    return next;
}

static enum step refuse_coding(struct request *request, struct slice coding)
{
    struct slice detail = SLICE("A body with a `Content-Encoding` cannot be read here: send it as it is.");
    enum step next = request_fail(request, 415, SLICE("unknown-body-coding"), detail);
    request->problem.place = SLICE("Content-Encoding");
    request->problem.value = arena_copy(&request->arena, coding);
    return next;
}

static enum step refuse_size(struct request *request)
{
    request->answer.close = true; /* the rest of it would come yet */
    return request_fail(request, 413, SLICE("body-too-large"),
                        SLICE("The body is larger than the service behind this path takes."));
}

/* The most a body may have here; http.body_bytes, which holds for all, net has seen to. */
static uint64_t bytes_max(const struct request *request)
{
    uint64_t most = request->snapshot->model->config->http.body_bytes;
    uint64_t of_service =
        request->route.kind == ROUTE_UPSTREAM ? request->route.upstream->body_bytes_max : UINT64_MAX;
    return most < of_service ? most : of_service;
}

/* Where the body goes to. */
static enum step user_of(const struct request *request)
{
    if (request->route.kind == ROUTE_CACHE || request->route.kind == ROUTE_SIGNAL)
        return STEP_BUILTIN;
    return request->route.kind == ROUTE_UPSTREAM ? STEP_UPSTREAM : STEP_PLAN;
}

static void begin_spool(struct request *request)
{
    uint64_t most = bytes_max(request);
    spool_init(&request->body_in, &request->worker->service->spool_space, BODY_MEMORY_BYTES_MAX,
               most > BODY_MEMORY_BYTES_MAX ? most : BODY_MEMORY_BYTES_MAX);
}

/* A value that is kept as it comes says its type, but is not read here; with a signal nobody reads it. */
static bool is_taken_as_it_is(const struct request *request)
{
    return request->route.kind == ROUTE_CACHE || request->route.kind == ROUTE_SIGNAL;
}

static enum step ask_for_it(struct request *request)
{
    request->target = arena_copy(&request->arena, request->target); /* for the log, should the client leave */
    request->sink->read_body(request->sink_context);
    return STEP_WAIT;
}

/* Another service's: of any type and coding, as long as it is not too large. */
static enum step pass_body(struct request *request)
{
    if (request->head->framing == HTTP_BODY_NONE)
        return STEP_UPSTREAM;
    return request->head->content_length > bytes_max(request) ? refuse_size(request) : ask_for_it(request);
}

enum step step_body(struct request *request)
{
    const struct http_head *head = request->head;
    PRE(head != NULL && request->route.body);
    begin_spool(request);
    if (request->route.kind == ROUTE_UPSTREAM)
        return pass_body(request);
    if (!is_taken_as_it_is(request) && (precondition_read(request) != OK || idempotency_read(request) != OK))
        return STEP_RESPOND;
    if (head->framing == HTTP_BODY_NONE ||
        head->method == HTTP_DELETE) /* a DELETE's says nothing: it is dropped */
        return user_of(request);
    struct slice type = http_head_get(head, HTTP_CONTENT_TYPE),
                 coding = http_head_get(head, HTTP_CONTENT_ENCODING);
    if (coding.len > 0 && !slice_eq_nocase(coding, SLICE("identity")))
        return refuse_coding(request, coding);
    bool raw = is_taken_as_it_is(request) ||
               (request->route.kind == ROUTE_RPC && call_body_of(type) > CALL_BODY_JSON);
    if (!raw && !body_format_of(type, &request->body_format))
        return refuse_type(request, type);
    return ask_for_it(request);
}

static enum step fail(struct request *request, enum error error)
{
    int cause = errno;
    request->answer.close = true; /* the rest of the body would come yet */
    if (error == ERR_MEMORY)
        return request_fail_memory(request);
    enum step next = request_fail(request, 503, SLICE("spool-full"),
                                  SLICE("There is no room on the disk for this body now."));
    request->problem.retry_after_s = 10;
    if (error == ERR_SYSTEM)
        request->problem.cause = arena_format(&request->arena, "spool: %s", strerror(cause));
    return next;
}

void request_body_piece(struct request *request, struct slice piece, bool last)
{
    CHECK_MAGIC(request, REQUEST_MAGIC);
    PRE(request->step == STEP_BODY);
    if (spool_bytes(&request->body_in) + piece.len > bytes_max(request)) {
        request_resume(request, refuse_size(request));
        return;
    }
    enum error error = spool_append(&request->body_in, piece);
    idempotency_add(request, piece);
    if (error != OK)
        request_resume(request, fail(request, error));
    else if (last)
        request_resume(request, user_of(request));
}
