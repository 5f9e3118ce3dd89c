/* SPDX-License-Identifier: Apache-2.0 */
/* Between a request's body and a call's plan. See call_step.h, query/call.h. A body is held in memory, so it may be no longer than a
 * record: `body.record_bytes`. */
#include "request/call_step.h"

#include <errno.h>

#include "base/json.h"
#include "request/asked.h"
#include "request/records.h"
#include "request/stream_steps.h"
#include "request/worker.h"

unsigned call_formats(const struct rpc *rpc)
{
    unsigned formats = FORMATS_ALL;
    for (unsigned i = 0; i < rpc->overload_count; i++) {
        const struct function *function = rpc->overloads[i];
        if (!function->returns_set && function->column_count == 0)
            return FORMAT_BIT(FORMAT_JSON) | FORMAT_BIT(FORMAT_OBJECT);
        if (!function->returns_set)
            formats &= ~FORMAT_BIT(FORMAT_STRIPPED);
        if (function->column_count == 0)
            formats &= ~(FORMAT_BIT(FORMAT_STRIPPED) | FORMAT_BIT(FORMAT_OBJECT_STRIPPED));
    }
    return formats;
}

/* --- the body --- */

enum call_body call_body_of(struct slice content_type)
{
    struct slice rest = content_type, type = slice_trim(slice_cut(&rest, ';'));
    enum body_format format;
    if (slice_eq_nocase(type, SLICE("text/plain")))
        return CALL_BODY_TEXT;
    if (slice_eq_nocase(type, SLICE("application/octet-stream")))
        return CALL_BODY_BYTES;
    return body_format_of(content_type, &format) && format == BODY_JSON ? CALL_BODY_JSON : CALL_BODY_NONE;
}

static enum error refuse_long(struct request *request, unsigned max)
{
    (void)request_fail(request, 413, SLICE("record-too-large"),
                       arena_format(&request->arena,
                                    "The body of a call is longer than the limit `body.record_bytes` of %u.",
                                    max));
    request->problem.place = SLICE("body");
    return ERR_PROBLEM;
}

static enum error refuse_body(struct request *request, struct slice detail)
{
    (void)request_fail(request, 400, SLICE("malformed-body"), detail);
    request->problem.pg_code = SLICE("PGRST102");
    request->problem.place = SLICE("body");
    return ERR_PROBLEM;
}

static enum error read_whole(struct request *request, struct slice *ret_body)
{
    unsigned max = request->snapshot->model->config->body.record_bytes;
    uint64_t bytes = spool_bytes(&request->body_in);
    size_t len;
    if (bytes > max)
        return refuse_long(request, max);
    if (spool_in_memory(&request->body_in, ret_body))
        return OK;
    char *room = arena_alloc(&request->arena, bytes + 1);
    enum error error = spool_read(&request->body_in, 0, room, bytes, &len);
    if (error != OK) {
        (void)request_fail(request, 503, SLICE("spool-full"),
                           SLICE("The body was lost on the disk: send it again."));
        request->problem.cause = arena_format(&request->arena, "spool: %s", strerror(errno));
        return ERR_PROBLEM;
    }
    *ret_body = slice_of(room, len);
    return OK;
}

/* --- its members --- */

struct gathering {
    struct request *request;
    struct record record;
};

static enum error take_record(void *context, const struct record *record)
{
    struct gathering *gathering = context;
    struct arena *arena = &gathering->request->arena;
    if (record->number > 1)
        return refuse_body(gathering->request,
                           SLICE("Here the body is one object of parameters, and there are several."));
    struct field *fields = ARENA_ARRAY(arena, struct field, record->count + 1);
    for (unsigned i = 0; i < record->count; i++) {
        fields[i] = record->fields[i];
        fields[i].name = arena_copy(arena, fields[i].name);
        fields[i].text = arena_copy(arena, fields[i].text);
    }
    gathering->record = *record;
    gathering->record.fields = fields;
    return OK;
}

static enum error read_members(struct request *request, struct record *ret_record)
{
    struct gathering gathering = {.request = request};
    const struct decode_sink sink = {take_record, &gathering};
    bool ended = false;
    enum error error = records_begin(request, &sink);
    while (error == OK && !ended)
        error = records_more(request, &ended);
    records_end(request);
    if (error == ERR_MEMORY)
        (void)request_fail_memory(request);
    *ret_record = gathering.record;
    return error;
}

static enum error read_body(struct request *request, struct call *call)
{
    struct slice type = http_head_get(request->head, HTTP_CONTENT_TYPE);
    if (spool_bytes(&request->body_in) == 0)
        return OK;
    call->body_kind = call_body_of(type);
    enum error error = read_whole(request, &call->body);
    if (error != OK || call->body_kind > CALL_BODY_JSON)
        return error;
    bool json = call->body_kind == CALL_BODY_JSON;
    call->body_is_list = json && !slice_starts(json_trim(call->body), SLICE("{"));
    if (json && (call->body_is_list || call->body_is_one || !rpc_takes_members(request->route.rpc)))
        return json_is_valid(call->body) ? OK
                                         : refuse_body(request, SLICE("The body is not well-formed JSON."));
    struct record record;
    error = read_members(request, &record);
    call->values = record.fields;
    call->value_count = record.count;
    return error;
}

enum error query_plan(struct request *request, const struct plan_context *context)
{
    PRE(request->route.query != NULL);
    struct record body = {0};
    if (request->route.body && spool_bytes(&request->body_in) > 0 && read_members(request, &body) != OK)
        return ERR_PROBLEM;
    return plan_query(context, request->route.query, request->query_string, &body, &request->plan,
                      &request->problem);
}

enum error call_plan(struct request *request, struct plan_context *context)
{
    PRE(request->route.rpc != NULL);
    bool by_post = request->route.body;
    struct call call = {.by_post = by_post,
                        .body_is_one = by_post && request->prefer.params == PARAMS_SINGLE_OBJECT};
    context->range = request->range;
    if (by_post && read_body(request, &call) != OK)
        return ERR_PROBLEM;
    return plan_call(context, request->route.rpc, &call, request->query_string, &request->plan,
                     &request->problem);
}

/* --- the answer --- */

static bool is_answered(struct request *request, unsigned status, struct slice body)
{
    struct page *page = &request->page;
    page_done(page);
    buf_add(&page->body, body);
    request->answer.status = status;
    return true;
}

bool call_is_answered(struct request *request)
{
    const struct plan *plan = request->plan;
    const struct page *page = &request->page;
    bool alone = page->spec.bare_object || page->spec.bare_value;
    if (plan->says_nothing)
        return is_answered(request, 204, SLICE(""));
    if (plan->writes && plan->column_count == 0)
        return is_answered(request, 200,
                           arena_format(&request->arena, "{\"changed\":%llu}",
                                        (unsigned long long)request->fetch.changed));
    return request->route.kind == ROUTE_RPC && alone && page->rows == 0 &&
           is_answered(request, 200, SLICE("null"));
}
