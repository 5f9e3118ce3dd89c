/* SPDX-License-Identifier: Apache-2.0 */
/* UPSTREAM: another service answers. The request goes to it, its body out of the spool; the answer comes back
 *
 *   whole        where it is small and says so, or has come at once: it waits in the call until its end, then RESPOND has it. What
 *                breaks off before is a 502
 *   in pieces    all others, as the client takes them: the service waits for the client, by the call's own bound. What breaks off is
 *                cut, as STREAM does
 *
 * It can fail as a call can (upstream/upstream.h); each outcome is a problem of its own. */
#include "request/upstream_step.h"

#include "base/mem.h"
#include "request/cache_step.h"
#include "request/depends.h"
#include "request/signals.h"
#include "request/steps.h"
#include "request/upstream_head.h"
#include "request/worker.h"
#include "upstream/fields.h"

/* An answer that says it is no longer than this is held whole. */
enum { HOLD_BYTES_MAX = UPSTREAM_HELD_BYTES_MAX / 2 };

/* What is asked; of the request's arena, but for what points into its head. */
struct outgoing {
    struct slice target;
    struct http_field *fields;
    unsigned count;
    enum http_method method; /* GET in the place of HEAD, where the answer is to be kept */
};

static const struct config_upstream *config_of(const struct request *request)
{
    PRE(request->route.kind == ROUTE_UPSTREAM);
    return request->route.upstream;
}

/* --- the services of a snapshot --- */

/* The one at the same path; NULL: there is none. */
static struct upstream *service_before(const struct snapshot *before, const struct config_upstream *config)
{
    const struct config *old = before ? before->model->config : NULL;
    for (unsigned i = 0; old && i < old->upstream_count; i++)
        if (slice_eq(old->upstreams[i].path.text, config->path.text))
            return before->upstreams[i];
    return NULL;
}

struct upstream *upstream_service_new(const struct config_upstream *config, const struct snapshot *before)
{
    struct upstream_options options = {.origin = config->origin,
                                       .connect_ms = config->connect_ms,
                                       .timeout_ms = config->timeout_ms,
                                       .whole_ms = config->whole_ms,
                                       .rate_min = config->rate_min,
                                       .answer_bytes_max = config->answer_bytes_max,
                                       .retries = config->retries,
                                       .concurrent_max = config->concurrent_max,
                                       .breaker = {.failures = config->breaker_failures,
                                                   .window_ms = config->breaker_window_ms,
                                                   .open_ms = config->breaker_open_ms}};
    struct upstream *kept = service_before(before, config);
    return kept && upstream_is(kept, &options) ? upstream_ref(kept) : upstream_new(&options);
}

struct upstream **upstreams_new(const struct config *config, const struct snapshot *before)
{
    if (config->upstream_count == 0)
        return NULL;
    struct upstream **upstreams = mem_must(config->upstream_count * sizeof *upstreams);
    for (unsigned i = 0; i < config->upstream_count; i++)
        upstreams[i] = upstream_service_new(&config->upstreams[i], before);
    return upstreams;
}

void upstreams_free(struct upstream **upstreams, const struct config *config)
{
    for (unsigned i = 0; upstreams && i < config->upstream_count; i++)
        upstream_unref(upstreams[i]);
    mem_free(upstreams);
}

static struct upstream *service_of(const struct request *request)
{
    const struct config *config = request->snapshot->model->config;
    size_t number = (size_t)(config_of(request) - config->upstreams);
    PRE(number < config->upstream_count);
    return request->snapshot->upstreams[number];
}

/* --- asking --- */

static void on_news(void *context)
{
    struct request *request = context;
    CHECK_MAGIC(request, REQUEST_MAGIC);
    request_resume(request, STEP_UPSTREAM);
}

static void on_turn(struct task *task)
{
    request_resume(container_of(task, struct request, turn), STEP_UPSTREAM);
}

static struct slice target_of(struct request *request, const struct http_head *head)
{
    struct slice base = config_of(request)->base, rest = request->route.rest;
    struct slice query = request->query_string;
    if (!base.len)
        base = head->path;
    else if (config_of(request)->is_prefix)
        base = arena_format(&request->arena, SLICE_FMT SLICE_FMT, SLICE_ARG(base), SLICE_ARG(rest));
    if (!query.data)
        return base;
    return arena_format(&request->arena, SLICE_FMT "?" SLICE_FMT, SLICE_ARG(base), SLICE_ARG(query));
}

/* How the client spoke: only a proxy of ours is believed that it was otherwise. */
static struct slice proto_of(const struct request *request, const struct http_head *head)
{
    struct slice told = http_head_get(head, HTTP_X_FORWARDED_PROTO);
    bool secure = request->principal.via_proxy && slice_eq_nocase(told, SLICE("https"));
    return secure ? SLICE("https") : SLICE("http");
}

static void prepare(struct request *request, const struct http_head *head)
{
    const struct config_upstream *config = config_of(request);
    char address[INET6_ADDRSTRLEN];
    address_format(&request->principal.address, address);
    struct upstream_from from = {.address = arena_copy(&request->arena, slice_str(address)),
                                 .proto = proto_of(request, head),
                                 .request_id = slice_of(request->id, 16),
                                 .authorization = config->authorization,
                                 .whole = cache_fills(request),
                                 .drop = config->drop,
                                 .drop_count = config->drop_count,
                                 .add = config->add,
                                 .add_count = config->add_count};
    struct outgoing *outgoing = request->outgoing = ARENA_NEW(&request->arena, struct outgoing);
    outgoing->target = target_of(request, head);
    outgoing->fields = upstream_fields_of_request(head, &from, &request->arena, &outgoing->count);
}

/* Nothing of it points into a head any more, which may go first. */
static void detach(struct request *request)
{
    struct outgoing *outgoing = request->outgoing;
    outgoing->target = arena_copy(&request->arena, outgoing->target);
    for (unsigned i = 0; i < outgoing->count; i++) {
        struct http_field *field = &outgoing->fields[i];
        field->name = arena_copy(&request->arena, field->name);
        field->value = arena_copy(&request->arena, field->value);
    }
}

void upstream_ask_again(struct request *request, const struct request *asker)
{
    PRE(asker->head != NULL && cache_fills(request));
    prepare(request, asker->head);
    detach(request);
}

static bool passes(const struct config_upstream *config, struct slice name)
{
    for (unsigned i = 0; i < config->drop_count; i++)
        if (slice_eq_nocase(config->drop[i], name))
            return false;
    return true;
}

bool upstream_may_be_kept(const struct request *request)
{
    const struct config_upstream *config = config_of(request);
    const struct http_head *head = request->head;
    bool reads = request->method == HTTP_GET || request->method == HTTP_HEAD;
    bool cookie = http_head_get(head, HTTP_COOKIE).data && passes(config, SLICE("Cookie"));
    bool authorization = http_head_get(head, HTTP_AUTHORIZATION).data && config->authorization &&
                         passes(config, SLICE("Authorization"));
    return reads && !cookie && !authorization;
}

static const struct tables_told *tables_of(const struct request *request)
{
    const struct model *model = request->snapshot->model;
    return &model->upstream_tables[config_of(request) - model->config->upstreams];
}

static enum step fail_call(struct request *request, enum upstream_outcome outcome);

static void start(struct request *request)
{
    struct worker *worker = request->worker;
    struct outgoing *outgoing = request->outgoing;
    outgoing->method = cache_fills(request) ? HTTP_GET : request->method;
    struct upstream_asked asked = {.method = outgoing->method,
                                   .target = outgoing->target,
                                   .fields = outgoing->fields,
                                   .field_count = outgoing->count,
                                   .body = spool_bytes(&request->body_in) ? &request->body_in : NULL,
                                   .on_news = on_news,
                                   .context = request};
    if (!worker->upstream)
        worker->upstream = upstream_client_new(worker->loop);
    request->turn.run = on_turn;
    request->call = upstream_start(worker->upstream, service_of(request), &asked);
}

static enum step ask(struct request *request)
{
    if (worker_answers_full(request->worker, 0))
        return request_fail_full(request);
    if (!request->outgoing)
        prepare(request, request->head);
    request->target = arena_copy(&request->arena, request->target); /* for the log, should the client leave */
    if (request->arena.failed)
        return request_fail_memory(request);
    if (cache_fills(request)) {
        cache_note_tables(request, tables_of(request));
        detach(request);
        if (cache_asks_others(request))
            return STEP_WAIT;
    }
    start(request);
    enum upstream_outcome outcome = upstream_outcome(request->call);
    return outcome == UPSTREAM_GOING ? STEP_WAIT : fail_call(request, outcome);
}

/* What the service has done with a write is not known, unless it refused it, or was never asked. Before anybody hears of it. */
static void note_written(struct request *request, enum upstream_outcome outcome)
{
    const struct upstream_answer *from = upstream_answer(request->call);
    bool refused = from && from->status >= 400 && from->status < 500;
    bool never = outcome == UPSTREAM_UNREACHABLE || outcome == UPSTREAM_OPEN || outcome == UPSTREAM_FULL;
    if (!request->route.body || refused || never)
        return;
    depends_bump_tables(request->worker->service, request->snapshot->model, tables_of(request));
    signals_raise_for_tables(request->worker, request->snapshot, tables_of(request));
}

/* --- failing --- */

static const struct {
    unsigned status;
    struct slice code, detail;
} problems[UPSTREAM_OUTCOMES] = {
    [UPSTREAM_UNREACHABLE] = {502, SLICE_INIT("upstream-unreachable"),
                              SLICE_INIT("The service behind this path cannot be reached.")},
    [UPSTREAM_TIMED_OUT] = {504, SLICE_INIT("upstream-timeout"),
                            SLICE_INIT("The service behind this path did not answer in time.")},
    [UPSTREAM_BROKEN] = {502, SLICE_INIT("upstream-broken"),
                         SLICE_INIT("The service behind this path gave no proper answer.")},
    [UPSTREAM_TOO_LARGE] = {502, SLICE_INIT("upstream-too-large"),
                            SLICE_INIT("The service behind this path answered with more than is taken.")},
    [UPSTREAM_OPEN] = {503, SLICE_INIT("upstream-open"),
                       SLICE_INIT("The service behind this path has failed: it is left alone for a while.")},
    [UPSTREAM_FULL] = {503, SLICE_INIT("upstream-full"),
                       SLICE_INIT("Too many requests wait for the service behind this path.")},
};

static enum step fail_call(struct request *request, enum upstream_outcome outcome)
{
    PRE(outcome > UPSTREAM_OK && outcome < UPSTREAM_OUTCOMES);
    if (request->call && !request->streaming)
        note_written(request, outcome);
    if (outcome == UPSTREAM_NO_MEMORY)
        return request_fail_memory(request);
    enum step next =
        request_fail(request, problems[outcome].status, problems[outcome].code, problems[outcome].detail);
    if (request->call)
        request->problem.cause = arena_copy(&request->arena, upstream_cause(request->call));
    if (request->problem.status == 503)
        request->problem.retry_after_s = (unsigned)(upstream_wait_ms(service_of(request)) / 1000) + 1;
    return next;
}

/* --- the answer's body --- */

static enum step end(struct request *request, bool whole)
{
    const struct request_sink *sink = request->sink;
    request->sink = NULL;
    if (!whole)
        request->answer.status = request->problem.status;
    request->log_due = worker_log_due(request);
    request->sent_bytes += sink->end(request->sink_context, request, whole);
    return STEP_END;
}

static bool begin(struct request *request, const struct upstream_answer *from)
{
    struct answer *answer = &request->answer;
    note_written(request, UPSTREAM_GOING);
    if (!upstream_head_tell(request, from, false))
        return false;
    answer->date = slice_of(request->worker->date, 29);
    answer->request_id = slice_of(request->id, 16);
    answer->framing = from->has_length ? FRAMING_LENGTH : FRAMING_CHUNKED;
    answer->body_bytes = from->length;
    request->streaming = true;
    request->sent_bytes = request->sink->begin(request->sink_context, request);
    return true;
}

/* What was held, or what has come since, unless the socket has not taken what went before. */
static enum step send_more(struct request *request)
{
    enum upstream_outcome outcome = upstream_outcome(request->call);
    struct buf piece = request->body;
    bool held = piece.len > 0;
    if (request->sending)
        return STEP_WAIT;
    if (held)
        request->body = (struct buf){0};
    else
        upstream_take(request->call, &piece);
    bool some = piece.len > 0;
    if (some)
        request->sent_bytes += request->sink->send(request->sink_context, request, &piece);
    buf_done(&piece);
    if (!held && outcome == UPSTREAM_OK)
        return end(request, true);
    if (!held && outcome != UPSTREAM_GOING) {
        (void)fail_call(request, outcome);
        return end(request, false); /* at once: what waits in the socket makes nothing whole */
    }
    if (some) {
        request->sending = true;
        request->sink->flush(request->sink_context);
    }
    return STEP_WAIT;
}

/* Its body passes in pieces, and is not kept. */
static enum step pass_on(struct request *request, const struct upstream_answer *from)
{
    cache_gives_up(request);
    if (!request->sink->begin) /* it takes whole answers alone */
        return request_fail_large(request, request->snapshot->model->config->answers.bytes_max);
    if (!begin(request, from))
        return request_fail_memory(request);
    return request->answer.no_body ? end(request, true) : send_more(request);
}

/* To be kept: all of it is gathered, as long as it is no larger than what is held in memory. */
static enum step gather(struct request *request, const struct upstream_answer *from)
{
    uint64_t most = request->snapshot->model->config->answers.bytes_max;
    enum upstream_outcome outcome = upstream_outcome(request->call);
    struct buf piece;
    upstream_take(request->call, &piece);
    if (!request->body.data)
        buf_init(&request->body, most + UPSTREAM_HELD_BYTES_MAX);
    buf_add(&request->body, buf_slice(&piece));
    buf_done(&piece);
    if (request->body.failed)
        return request_fail_memory(request);
    if (request->body.len > most)
        return pass_on(request, from);
    if (outcome == UPSTREAM_GOING)
        return STEP_WAIT;
    return upstream_head_tell(request, from, true) ? STEP_RESPOND : request_fail_memory(request);
}

/* Its head says whether it may be. */
static bool may_keep(struct request *request, const struct upstream_answer *from)
{
    int64_t ttl_ms;
    if (!cache_fills(request))
        return false;
    bool may = upstream_head_may_be_kept(from, &ttl_ms);
    if (may)
        cache_limit(request, ttl_ms);
    else
        cache_gives_up(request);
    return may;
}

static enum step go_on(struct request *request)
{
    const struct upstream_answer *from = upstream_answer(request->call);
    enum upstream_outcome outcome = upstream_outcome(request->call);
    if (request->streaming)
        return send_more(request);
    if (outcome > UPSTREAM_OK)
        return fail_call(request, outcome);
    if (!from)
        return STEP_WAIT;
    if (may_keep(request, from))
        return gather(request, from);
    bool small = from->has_length && from->length <= HOLD_BYTES_MAX;
    bool ends_now = request->outgoing->method == HTTP_HEAD;
    if (outcome == UPSTREAM_GOING && (small || ends_now))
        return STEP_WAIT;
    if (outcome == UPSTREAM_GOING ||
        request->method == HTTP_HEAD) /* HEAD: its length is not that of a body */
        return pass_on(request, from);
    note_written(request, outcome);
    upstream_take(request->call, &request->body);
    return upstream_head_tell(request, from, false) ? STEP_RESPOND : request_fail_memory(request);
}

enum step step_upstream(struct request *request)
{
    PRE(request->sink != NULL);
    loop_task_cancel(&request->turn);
    return request->call ? go_on(request) : ask(request);
}

void request_stop_upstream(struct request *request)
{
    if (request->call && upstream_outcome(request->call) == UPSTREAM_GOING && !request->streaming)
        note_written(request, UPSTREAM_GOING);
    loop_task_cancel(&request->turn);
    upstream_free(request->call);
    request->call = NULL;
}
