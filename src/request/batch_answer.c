/* SPDX-License-Identifier: Apache-2.0 */
/* Answers of parts as JSON: `{"status":200,"headers":{"Content-Type":"application/json"},"body":[…]}`. JSON stands as it is, other text
 * as a JSON string, as does what others call JSON and is none. See batch.h. */
#include "base/json.h"
#include "request/batch.h"
#include "request/worker.h"

static uint64_t bytes_max(const struct batch *batch)
{
    return batch->request->snapshot->model->config->answers.bytes_max;
}

static bool is_json(struct slice type)
{
    struct slice name = slice_trim(slice_cut(&type, ';'));
    return slice_eq(name, SLICE("application/json")) || slice_ends(name, SLICE("+json"));
}

static struct slice type_of(const struct answer *answer)
{
    return answer->type.len ? answer->type : SLICE("application/json");
}

static void write_header(struct buf *out, bool *first, struct slice name, struct slice value)
{
    if (!value.len)
        return;
    buf_add(out, *first ? SLICE("") : SLICE(","));
    buf_json(out, name);
    buf_byte(out, ':');
    buf_json_mended(out, value);
    *first = false;
}

static struct slice number(struct arena *arena, unsigned value)
{
    return value ? arena_format(arena, "%u", value) : (struct slice){0};
}

/* What of an answer's head is about the answer, not about how it is sent. */
static void write_headers(struct buf *out, const struct answer *answer, bool has_body, struct arena *arena)
{
    const struct {
        struct slice name, value;
    } headers[] = {
        {SLICE("Content-Type"), has_body ? type_of(answer) : SLICE("")},
        {SLICE("Location"), answer->location},
        {SLICE("Content-Range"), answer->content_range},
        {SLICE("Link"), answer->link},
        {SLICE("ETag"), answer->caching.etag},
        {SLICE("Preference-Applied"), answer->preference_applied},
        {SLICE("Content-Profile"), answer->content_profile},
        {SLICE("Allow"), answer->allow},
        {SLICE("Retry-After"), number(arena, answer->retry_after_s)},
        {SLICE("X-Page-Size"), number(arena, answer->page_size_used)},
        {SLICE("Idempotency-Replayed"), answer->replayed ? SLICE("true") : SLICE("")},
        {SLICE("Idempotency-Body"), answer->body_lost ? SLICE("not-kept") : SLICE("")},
        {SLICE("X-Request-Id"), answer->request_id},
    };
    bool first = true;
    buf_byte(out, '{');
    for (size_t i = 0; i < ARRAY_LEN(headers); i++)
        write_header(out, &first, headers[i].name, headers[i].value);
    buf_byte(out, '}');
}

/* Values of the cache's API and answers of another service are as their makers left them. */
static bool stands_as_json(const struct part *part, const struct answer *answer, struct slice body)
{
    const struct request *request = part->request;
    bool foreign = request && (request->route.kind == ROUTE_CACHE || request->route.kind == ROUTE_UPSTREAM);
    return is_json(type_of(answer)) && (!foreign || json_is_valid(body));
}

static void write_answer(struct buf *out, const struct part *part, const struct answer *answer,
                         struct slice body)
{
    buf_lit(out, "{\"status\":");
    buf_uint(out, answer->status);
    buf_lit(out, ",\"headers\":");
    write_headers(out, answer, body.len > 0, &part->batch->request->arena);
    if (body.len) {
        buf_lit(out, ",\"body\":");
        if (stands_as_json(part, answer, body))
            buf_add(out, body);
        else
            buf_json_mended(out, body);
    }
    buf_byte(out, '}');
}

/* False: all answers together would be too large. */
static bool keep(struct part *part, const struct answer *answer, struct slice body)
{
    struct batch *batch = part->batch;
    struct arena *arena = &batch->request->arena;
    uint64_t max = bytes_max(batch), left = max > batch->answer_bytes ? max - batch->answer_bytes : 0;
    struct buf out;
    buf_init(&out, batch->transaction ? 8 * max /* chain.c has seen to it */
                   : left > 4096      ? left
                                      : 4096 /* for a problem */);
    write_answer(&out, part, answer, body);
    bool kept = !out.failed;
    if (kept) {
        part->status = answer->status;
        part->answer = arena_copy(arena, buf_slice(&out));
        batch->answer_bytes += out.len;
    }
    buf_done(&out);
    return kept;
}

void batch_refuse(struct part *part, const struct problem *problem)
{
    struct answer answer = {.status = problem->status, .retry_after_s = problem->retry_after_s};
    struct buf body;
    buf_init(&body, 2048);
    respond_problem_body(&body, problem, MANNER_PLAIN, slice_of(part->batch->request->id, 16), &answer.type);
    if (body.failed || !keep(part, &answer, buf_slice(&body)))
        part->answer = arena_format(&part->batch->request->arena, "{\"status\":%u,\"headers\":{}}",
                                    part->status = problem->status);
    buf_done(&body);
}

/* What was read is refused; what was done keeps its status, and says that its body is not there. */
static void leave_body(struct part *part, struct answer *answer)
{
    const struct problem problem = {
        .status = 422,
        .code = SLICE("answer-too-large"),
        .detail = SLICE("The answers of this batch are together larger than `answers.bytes_max`."),
        .hint = SLICE("Ask for less, or in several batches."),
    };
    answer->body_lost = true;
    if (part->method == HTTP_GET || answer->status >= 400 || !keep(part, answer, (struct slice){0}))
        batch_refuse(part, &problem);
}

void batch_take_answer(struct part *part, struct request *request)
{
    struct answer *answer = &request->answer;
    struct slice body = answer->no_body ? (struct slice){0} : request_body(request);
    if (!keep(part, answer, body))
        leave_body(part, answer);
}

void batch_write(struct batch *batch)
{
    static const struct slice begin = SLICE_INIT("{\"responses\":["), end = SLICE_INIT("\n]}");
    struct buf *out = &batch->request->body;
    size_t bytes = begin.len + end.len;
    for (unsigned i = 0; i < batch->count; i++)
        bytes += batch->parts[i].answer.len + 2;
    buf_init(out, bytes);
    buf_add(out, begin);
    for (unsigned i = 0; i < batch->count; i++) {
        buf_add(out, i ? SLICE(",\n") : SLICE("\n"));
        buf_add(out, batch->parts[i].answer);
    }
    buf_add(out, end);
}
