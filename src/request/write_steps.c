/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a write. See write_steps.h. */
#include "request/write_steps.h"

#include "request/asked.h"
#include "request/batch.h"
#include "request/behind.h"
#include "request/cache_step.h"
#include "request/precondition.h"
#include "request/records.h"
#include "request/steps.h"
#include "request/unit.h"
#include "request/worker.h"
#include "request/write_answer.h"

static bool is_plain(const struct request *request)
{
    return request->route.manner == MANNER_PLAIN;
}

/* --- PLAN: what is asked --- */

static enum write_verb verb_of(enum http_method method)
{
    switch (method) {
    case HTTP_POST:
        return WRITE_POST;
    case HTTP_PATCH:
        return WRITE_PATCH;
    case HTTP_PUT:
        return WRITE_PUT;
    case HTTP_DELETE:
        return WRITE_DELETE;
    default:
        UNREACHABLE("ROUTE lets no other method write");
    }
}

/* One object or a form; a list of one is a list. */
static bool is_alone(struct request *request)
{
    char first[256];
    struct slice begin;
    size_t len = 0;
    if (request->body_format == BODY_FORM)
        return true;
    if (request->body_format != BODY_JSON)
        return false;
    if (!spool_in_memory(&request->body_in, &begin)) {
        if (spool_read(&request->body_in, 0, first, sizeof first, &len) != OK)
            return false;
        begin = slice_of(first, len);
    }
    return slice_starts(slice_trim(begin), SLICE("{"));
}

/* Whether the answer shows the rows. Plain: of one row, as it is then; PostgREST's clients ask for it. */
static bool shows_rows(const struct request *request)
{
    const struct writing *writing = request->writing;
    if (request->prefer.returns != RETURN_DEFAULT)
        return request->prefer.returns == RETURN_REPRESENTATION;
    return is_plain(request) && writing->of_one && writing->asked.verb != WRITE_DELETE;
}

static bool names_row(const struct request *request)
{
    const struct writing *writing = request->writing;
    return writing->asked.verb == WRITE_POST && writing->alone && request->route.resource->key_count > 0 &&
           (is_plain(request) || request->prefer.returns == RETURN_HEADERS_ONLY);
}

/* Whether the answer is to be kept as that of the row, of the path or a new one, asked for as it is: a GET without a query string and
 * preferences. */
static bool goes_through(const struct request *request)
{
    const struct writing *writing = request->writing;
    const struct resource *resource = request->route.resource;
    const struct cache_policy *policy = &resource->config->cache;
    bool of_row = request->route.kind == ROUTE_ROW ? writing->asked.verb != WRITE_DELETE
                                                   : is_plain(request) && writing->asked.names;
    bool bare =
        request->query_string.len == 0 && request->prefer.count == COUNT_NONE && !request->prefer.strict;
    return policy->writes == WRITES_THROUGH && policy->row_ms > 0 && of_row && bare && writing->asked.shows &&
           !resource->deleted && !request->idempotency && !batch_is_chained(request);
}

static enum error ask(struct request *request)
{
    struct writing *writing = request->writing;
    const struct route *route = &request->route;
    writing->context = (struct plan_context){.model = request->snapshot->model,
                                             .arena = &request->arena,
                                             .manner = route->manner,
                                             .now = clock_wall(),
                                             .caller = request->principal.caller};
    if (asked_preferences(request) != OK)
        return ERR_PROBLEM;
    writing->asked =
        (struct write_asked){.resource = route->resource,
                             .verb = verb_of(request->method),
                             .id = route->kind == ROUTE_ROW ? route->id : (struct slice){NULL, 0},
                             .query_string = request->query_string,
                             .prefer = &request->prefer};
    writing->alone = writing->asked.verb != WRITE_DELETE && is_alone(request);
    writing->of_one = route->kind == ROUTE_ROW || (writing->asked.verb == WRITE_POST && writing->alone);
    writing->asked.shows = shows_rows(request);
    writing->asked.names = names_row(request);
    writing->asked.keeps = goes_through(request);
    return write_begin(&writing->context, &writing->asked, &writing->write, &request->problem);
}

/* What the answer's rows may be written as. */
static enum error choose_format(struct request *request)
{
    unsigned offered = FORMAT_BIT(FORMAT_JSON) | FORMAT_BIT(FORMAT_OBJECT) | FORMAT_BIT(FORMAT_STRIPPED) |
                       FORMAT_BIT(FORMAT_OBJECT_STRIPPED) | FORMAT_BIT(FORMAT_CSV);
    request->format = FORMAT_JSON;
    if (!request->writing->asked.shows)
        return OK;
    request->answer.caching.vary_accept = true;
    return accept_choose(request->head, offered, &request->arena, &request->format, &request->problem);
}

/* --- PLAN: records --- */

static enum error on_record(void *context, const struct record *record)
{
    struct request *request = context;
    return write_add(request->writing->write, record, &request->problem);
}

/* Records until there are enough for a statement, or no more. A piece of the body is taken whole. */
static enum error fill(struct request *request)
{
    struct writing *writing = request->writing;
    size_t at_once = write_piece_bytes(writing->write, RECORDS_PIECE_BYTES);
    enum error error = OK;
    while (error == OK && !writing->body_ended && !write_is_full(writing->write))
        error = records_some(request, at_once, &writing->body_ended);
    return error;
}

static enum error first_statement(struct request *request)
{
    struct writing *writing = request->writing;
    const struct decode_sink sink = {on_record, request};
    enum error error = OK;
    writing->body_ended = writing->asked.verb == WRITE_DELETE;
    if (!writing->body_ended)
        error = records_begin(request, &sink);
    if (error == OK)
        error = fill(request);
    if (error == OK && writing->asked.verb == WRITE_POST && write_pending(writing->write) == 0)
        return OK; /* an empty list: nothing is written */
    return error == OK ? write_statement(writing->write, &request->fetch.statement, &request->problem)
                       : error;
}

static void keep(struct request *request)
{
    const struct write *write = request->writing->write;
    if (write_keeps(write) && is_plain(request) && request->format == FORMAT_JSON)
        cache_writes(request, write_shown(write), write_key(write));
}

static enum error plan(struct request *request)
{
    enum error error = ask(request);
    if (error == OK)
        error = precondition_plan(request, &request->writing->context);
    if (error == OK)
        error = choose_format(request);
    if (error == OK)
        error = first_statement(request);
    if (error == OK)
        keep(request);
    return error;
}

enum step write_plan(struct request *request)
{
    PRE(request->route.write && !request->writing);
    request->writing = ARENA_NEW(&request->arena, struct writing);
    switch (plan(request)) {
    case OK:
        return STEP_FETCH;
    case ERR_MEMORY:
        return request_fail_memory(request);
    default:
        return STEP_RESPOND;
    }
}

void write_done(struct request *request)
{
    if (request->writing)
        write_end(request->writing->write);
    request->writing = NULL;
}

/* --- FETCH --- */

static void set_sink(struct request *request)
{
    const struct row_sink shown = {page_row, &request->page};
    request->fetch.sink = write_sink(request->writing->write, shown);
}

/* --- FETCH: between statements --- */

static enum verdict roll_back(struct request *request)
{
    PRE(problem_is(&request->problem));
    request->fetch.problem = request->problem;
    return VERDICT_ROLLBACK;
}

static bool too_many(const struct request *request)
{
    const struct writing *writing = request->writing;
    return request->prefer.strict && request->prefer.affected_max >= 0 &&
           write_changed(writing->write) > (uint64_t)request->prefer.affected_max;
}

static enum verdict refuse_affected(struct request *request)
{
    unsigned long long changed = write_changed(request->writing->write);
    request->problem = (struct problem){
        .status = 400,
        .code = SLICE("too-many-affected"),
        .pg_code = SLICE("PGRST124"),
        .detail = SLICE("Query result exceeds max-affected preference constraint."),
        .details = arena_format(&request->arena, "The query affects %llu rows", changed),
        .hint = SLICE("Nothing was changed."),
        .place = SLICE("Prefer"),
    };
    return roll_back(request);
}

static enum verdict refuse_not_one(struct request *request)
{
    (void)request_fail_not_one(request, write_changed(request->writing->write),
                               SLICE("Nothing was changed."));
    return roll_back(request);
}

static enum verdict refuse_large(struct request *request)
{
    request->problem = (struct problem){
        .status = 422,
        .code = SLICE("answer-too-large"),
        .detail = SLICE("What was written is more than one answer may hold; nothing was changed."),
        .hint = SLICE("Ask for less: `Prefer: return=minimal`, or fewer columns with `select`."),
    };
    return roll_back(request);
}

static enum verdict refuse_hindered(struct request *request)
{
    request->problem = (struct problem){
        .status = 409,
        .code = SLICE("unique-violation"),
        .pg_code = SLICE("23505"),
        .detail = SLICE("There is already a row with one of these keys, which may not be changed."),
        .hint = SLICE("Nothing was changed."),
    };
    return roll_back(request);
}

/* The verdict when all that was to be written is. */
static enum verdict settle(struct request *request)
{
    if (too_many(request))
        return refuse_affected(request);
    if (format_is_object(request->format) && write_changed(request->writing->write) != 1)
        return refuse_not_one(request);
    if (write_is_hindered(request->writing->write))
        return refuse_hindered(request);
    return VERDICT_COMMIT;
}

static enum verdict next_records(struct request *request)
{
    struct writing *writing = request->writing;
    enum error error = fill(request);
    if (error == OK && write_pending(writing->write) == 0)
        return settle(request);
    if (error == OK)
        error = write_statement(writing->write, &request->fetch.statement, &request->problem);
    if (error == ERR_MEMORY)
        (void)request_fail_memory(request);
    set_sink(request);
    return error == OK ? VERDICT_NEXT : roll_back(request);
}

static enum verdict on_statement(struct request *request)
{
    struct writing *writing = request->writing;
    struct fetch *fetch = &request->fetch;
    bool more = write_next(writing->write, fetch->changed, &fetch->statement);
    set_sink(request);
    if (request->page.body.failed)
        return refuse_large(request);
    if (more)
        return VERDICT_NEXT;
    if (writing->body_ended)
        return settle(request);
    return next_records(request);
}

/* --- FETCH: the whole --- */

static void blame(struct request *request)
{
    write_blame(request->writing->write, &request->problem);
}

/* Whether what becomes of it hangs on what the first statement does. */
static bool is_conditional(const struct request *request)
{
    const struct writing *writing = request->writing;
    return !writing->body_ended || write_goes_on(writing->write) || format_is_object(request->format) ||
           (request->prefer.strict && request->prefer.affected_max >= 0) ||
           write_may_be_hindered(writing->write) || (writing->asked.shows && !writing->of_one);
}

/* --- FETCH: later --- */

/* Whether the answer may be given before it is written: of one row, nothing is asked but that it be, and nothing is written with it. */
static bool may_wait(const struct request *request)
{
    const struct writing *writing = request->writing;
    const struct config_auth *auth = &request->snapshot->model->config->auth;
    bool asks = request->prefer.returns == RETURN_REPRESENTATION || request->prefer.affected_max >= 0 ||
                format_is_object(request->format);
    return writing->asked.verb == WRITE_PATCH && request->route.kind == ROUTE_ROW && !asks &&
           !request->part && !request->precondition && !request->idempotency && !auth->by_database &&
           !(auth->audit & AUDIT_WRITES) && !write_goes_on(writing->write);
}

/* What it is about: a later one of the same takes its place. Two callers of other rights are not the same. */
static bool behind_key(struct request *request, struct buf *out)
{
    const struct caller *caller = &request->principal.caller;
    const struct slice parts[] = {request->route.resource->config->name.text, request->route.id,
                                  caller->tenant, caller->role_name, request->fetch.statement.text};
    buf_clear(out);
    for (unsigned i = 0; i < ARRAY_LEN(parts); i++) {
        buf_add(out, parts[i]);
        buf_byte(out, '\0');
    }
    return !out->failed;
}

/* True: it will be. */
static bool leave_for_later(struct request *request)
{
    int64_t within_ms = may_wait(request) ? write_may_wait_ms(request->writing->write) : 0;
    struct buf *key = &request->worker->key;
    if (within_ms == 0 || !behind_key(request, key))
        return false;
    const struct behind_asked asked = {.key = buf_slice(key),
                                       .statement = &request->fetch.statement,
                                       .snapshot = request->snapshot,
                                       .resource = request->route.resource,
                                       .raises_at = write_raises_at(request->writing->write),
                                       .within_ms = within_ms};
    if (!behind_write(request->worker->behind, &asked))
        return false;
    page_done(&request->page);
    request->answer.status = 202;
    return true;
}

static const struct work write_work = {set_sink, on_statement, write_answer_compose, blame};

enum step write_fetch(struct request *request)
{
    PRE(request->writing && request->writing->write);
    write_answer_begin(request);
    if (request->route.kind == ROUTE_ROW) /* for the answer, which may be composed when the head is gone */
        request->route.id = arena_copy(&request->arena, request->route.id);
    if (request->fetch.statement.text.len == 0 && !request->idempotency)
        return STEP_ENCODE; /* nothing to write */
    if (request->route.resource->config->behind_count > 0 && leave_for_later(request))
        return STEP_RESPOND;
    if (request->precondition)
        return precondition_fetch(request, &write_work);
    return unit_fetch(request, &write_work, is_conditional(request));
}

/* --- ENCODE --- */

/* Of a unit that went without being asked, and of none. */
enum step write_encode(struct request *request)
{
    PRE(!request->idempotency);
    write_answer_compose(request);
    return STEP_RESPOND;
}
