/* SPDX-License-Identifier: Apache-2.0 */
/* PLAN, FETCH and ENCODE of a read: query string → plan → rows → JSON.
 *
 * The page's rows and, where a list is paged by number, the total are fetched at the same time; the request goes on when
 * both are back. Rows are written as JSON while the store hands them out: nothing is held but the answer itself. */
#include "request/read_steps.h"
#include "base/log.h"
#include "request/acting.h"
#include "request/asked.h"
#include "request/batch.h"
#include "request/cache_step.h"
#include "request/call_step.h"
#include "request/change_steps.h"
#include "request/links.h"
#include "request/login.h"
#include "request/steps.h"
#include "request/stream_steps.h"
#include "request/worker.h"
#include "request/write_steps.h"

static const struct config *config_of(const struct request *request)
{
    return request->snapshot->model->config;
}

/* --- PLAN --- */

/* One row is its object, stripped or not; a value is JSON. */
static unsigned formats_offered(const struct route *route)
{
    bool query = route->kind == ROUTE_QUERY;
    if (route->kind == ROUTE_RPC)
        return call_formats(route->rpc);
    if (query && (route->query->config->returns == RETURNS_VALUE || route->query->column_count == 0))
        return FORMAT_BIT(FORMAT_JSON);
    if (route->kind == ROUTE_ROW || (query && route->query->config->returns == RETURNS_ROW))
        return FORMATS_ALL & ~FORMAT_BIT(FORMAT_STRIPPED);
    return FORMATS_ALL;
}

static enum error make_plan(struct request *request)
{
    const struct route *route = &request->route;
    struct plan_context context = {.model = request->snapshot->model,
                                   .arena = &request->arena,
                                   .manner = route->manner,
                                   .now = clock_wall(),
                                   .exports = format_is_export(request->format),
                                   .count = request->prefer.count,
                                   .caller = request->principal.caller,
                                   .cache = request->snapshot->plans};
    if (route->kind == ROUTE_ROW)
        return plan_row(&context, route->resource, route->id, request->query_string, &request->plan,
                        &request->problem);
    if (route->kind == ROUTE_RPC)
        return call_plan(request, &context);
    if (route->kind == ROUTE_QUERY)
        return query_plan(request, &context);
    PRE(route->kind == ROUTE_LIST);
    context.range = request->range;
    return plan_list(&context, route->resource, request->query_string, &request->plan, &request->problem);
}

/* An export is written as its rows come: it cannot be turned round. */
static enum step refuse_backwards(struct request *request)
{
    enum step next =
        request_fail(request, 400, SLICE("bad-cursor"),
                     SLICE("A cursor that points back cannot be followed in an export, which only goes on."));
    request->problem.place = SLICE("cursor");
    request->problem.pg_code = SLICE("PGRST100");
    return next;
}

/* Ranges are PostgREST's, of what is a list there. */
static bool may_range(const struct route *route)
{
    return route->manner == MANNER_POSTGREST && (route->kind == ROUTE_LIST || route->kind == ROUTE_RPC);
}

enum error request_asked(struct request *request)
{
    PRE(request->head != NULL && !request->route.write);
    request->answer.caching.vary_accept = true;
    if (asked_preferences(request) != OK || (may_range(&request->route) && asked_range(request) != OK))
        return ERR_PROBLEM;
    return accept_choose(request->head, formats_offered(&request->route), &request->arena, &request->format,
                         &request->problem);
}

/* Of what was asked by GET, CACHE has read the head. */
static enum error plan_read(struct request *request)
{
    enum error error = request->route.body ? request_asked(request) : OK;
    return error == OK ? make_plan(request) : error;
}

enum step step_plan(struct request *request)
{
    if (request->route.kind == ROUTE_BATCH)
        return batch_plan(request);
    if (request->route.kind == ROUTE_LOGIN)
        return login_plan(request);
    if (request->route.kind == ROUTE_LOGOUT)
        return STEP_FETCH;
    if (request->route.write)
        return write_plan(request);
    if (plan_read(request) != OK)
        return STEP_RESPOND;
    if (!request->plan->want_total)
        request->prefer.count = COUNT_NONE;
    request->answer.preference_applied = prefer_applied(&request->prefer, true, &request->arena);
    if (request->plan->backwards && format_is_export(request->format))
        return refuse_backwards(request);
    acting_planned(request);
    return cache_planned(request);
}

/* --- FETCH --- */

const struct envelope *request_envelope(const struct request *request)
{
    const struct route *route = &request->route;
    const struct plan *plan = request->plan;
    if (route->manner == MANNER_POSTGREST || plan->kind == PLAN_ROW || route->kind == ROUTE_RPC)
        return NULL;
    if (request->format != FORMAT_JSON && request->format != FORMAT_STRIPPED)
        return NULL;
    if (plan->kind == PLAN_QUERY && plan->returns != RETURNS_ROWS)
        return NULL;
    const struct envelope *envelope =
        plan->kind == PLAN_LIST ? &route->resource->config->envelope : &route->query->config->envelope;
    return envelope->count ? envelope : NULL;
}

static bool is_row(const struct plan *plan)
{
    return plan->kind == PLAN_ROW || (plan->kind == PLAN_QUERY && plan->returns == RETURNS_ROW);
}

static void begin_page(struct request *request)
{
    const struct plan *plan = request->plan;
    unsigned *order_cells = ARENA_ARRAY(&request->arena, unsigned, plan->order_count + 1);
    for (unsigned i = 0; i < plan->order_count; i++)
        order_cells[i] = plan->order[i].cell;
    bool value = plan->kind == PLAN_QUERY && plan->returns == RETURNS_VALUE;
    bool row = is_row(plan), export = format_is_export(request->format);
    bool csv = request->format == FORMAT_CSV, plain = request->route.manner == MANNER_PLAIN;
    struct page_spec spec = {.dialect = plan->dialect,
                             .form = csv      ? PAGE_CSV
                                     : export ? PAGE_NDJSON
                                              : PAGE_JSON,
                             .line_end = plain ? SLICE("\r\n") : SLICE("\n"),
                             .columns = plan->columns,
                             .column_count = plan->column_count,
                             .order_cells = order_cells,
                             .order_count =
                                 (plan->keyset && !export) || plan->kind == PLAN_ROW ? plan->order_count : 0,
                             .limit = row || value ? 1 : plan->limit,
                             .reverse = plan->backwards,
                             .bare_object = row,
                             .bare_value = value,
                             .bare_values = plan->bare_values && !csv,
                             .first_alone = format_is_object(request->format) && !row && !value,
                             .strip_nulls = format_is_stripped(request->format)};
    page_init(&request->page, &spec, request_envelope(request), &request->arena,
              config_of(request)->answers.bytes_max);
    if (!plan->writes && !request->part) /* what waits for a commit, or for other parts, is held whole */
        request_begin_stream(request);
}

/* What the head says whatever the rows are. */
static void begin_answer(struct request *request)
{
    request->answer.status = 200;
    request->answer.type = format_type(request->format);
    if (request->plan->capped)
        request->answer.page_size_used = request->plan->limit;
}

/* Where FETCH leads to when all that was sent is back. */
static enum step after_fetch(struct request *request)
{
    if (problem_is(&request->fetch.problem))
        request->problem = request->fetch.problem;
    else if (problem_is(&request->total_fetch.problem))
        request->problem = request->total_fetch.problem;
    acting_judge(request);
    return problem_is(&request->problem) ? STEP_RESPOND : STEP_ENCODE;
}

static void fetch_ended(struct request *request)
{
    bool all = !request->fetch_out && !request->total_out;
    if (request->fetching)
        return;
    if (request->step == STEP_STREAM && !request->cancelled)
        request_resume(request, STEP_STREAM);
    else if (all)
        request_resume(request, request->cancelled ? STEP_END : after_fetch(request));
    else if (request->fetch_out && request_may_stream(request)) /* what came meanwhile waited for the total */
        request_resume(request, STEP_STREAM);
}

static void on_page_end(struct fetch *fetch)
{
    struct request *request = container_of(fetch, struct request, fetch);
    CHECK_MAGIC(request, REQUEST_MAGIC);
    request->fetch_out = false;
    request_shed_left(request);
    fetch_ended(request);
}

/* Submits; true while it is out. */
static bool submit(struct request *request, struct fetch *fetch)
{
    return store_submit(request->tap->port, fetch) == SUBMIT_PENDING;
}

/* What was counted is not taken back by a plan that expects less. */
static bool on_total_row(void *context, const struct slice *cells, unsigned count)
{
    struct request *request = context;
    uint64_t total;
    if (count >= 1 && plan_read_count(cells[0], &total)) {
        request->total = total > request->total ? total : request->total;
        request->has_total = true;
    }
    return true;
}

static void total_ended(struct request *request);

static void on_total_end(struct fetch *fetch)
{
    struct request *request = container_of(fetch, struct request, total_fetch);
    CHECK_MAGIC(request, REQUEST_MAGIC);
    total_ended(request);
    fetch_ended(request);
}

static void submit_count(struct request *request, const struct statement *statement)
{
    request->total_fetch = (struct fetch){.statement = *statement,
                                          .sink = {on_total_row, request},
                                          .as = request->as,
                                          .on_end = on_total_end,
                                          .arena = &request->total_arena};
    request->total_out = true;
    if (!submit(request, &request->total_fetch))
        total_ended(request);
}

/* There are more than are counted: so they are planned. */
static void total_ended(struct request *request)
{
    const struct plan *plan = request->plan;
    request->total_out = false;
    if (!plan || request->cancelled || problem_is(&request->total_fetch.problem))
        return;
    bool counted = request->total_fetch.statement.text.data == plan->total.text.data;
    if (counted && plan->planned.text.len && request->total > plan->total_max)
        submit_count(request, &plan->planned);
}

static void submit_total(struct request *request)
{
    const struct plan *plan = request->plan;
    struct totals *totals = request->worker->service->totals;
    const struct route *route = &request->route;
    int64_t ttl_ms = route->kind == ROUTE_RPC     ? 0
                     : route->kind == ROUTE_QUERY ? route->query->config->page.total_ttl_ms
                                                  : route->resource->config->page.total_ttl_ms;
    request->has_total =
        plan->total_is_exact && totals_get(totals, request->snapshot->model->number, plan->total_key,
                                           loop_now(request->worker->loop), ttl_ms, &request->total);
    if (request->has_total)
        return;
    if (plan->total.text.len || plan->planned.text.len) {
        submit_count(request, plan->total.text.len ? &plan->total : &plan->planned);
        return;
    }
    request->total = plan->total_guess;
    request->has_total = true;
}

enum step step_fetch(struct request *request)
{
    const struct plan *plan = request->plan;
    if (request->route.kind == ROUTE_LOGIN)
        return login_fetch(request);
    if (request->route.kind == ROUTE_LOGOUT)
        return logout_fetch(request);
    if (!request_shed_admits(request))
        return STEP_RESPOND;
    if (request->route.write)
        return write_fetch(request);
    PRE(plan != NULL);
    if (worker_answers_full(request->worker, 0))
        return request_fail_full(request);
    begin_page(request);
    begin_answer(request);
    if (plan->writes)
        return change_fetch(request);
    if (batch_is_chained(request))
        return chain_read(request);
    request->target = arena_copy(&request->arena, request->target); /* for the log, should the client leave */
    request->as = acting_of(request);
    request->fetch = (struct fetch){.statement = plan->statement,
                                    .sink = {page_row, &request->page},
                                    .as = request->as,
                                    .on_end = on_page_end,
                                    .stream = format_is_export(request->format),
                                    .arena = &request->arena};
    request->fetching = true;
    if (plan->want_total)
        submit_total(request);
    request->fetch_out = true;
    request->fetch_out = submit(request, &request->fetch);
    request->fetching = false;
    return request->fetch_out || request->total_out ? STEP_WAIT : after_fetch(request);
}

/* The cursors of a page: onward from its last row, back from its first. A page reached by a cursor has something on the
 * side it came from; a page read backwards says by `more` what lies before it. */
static void find_cursors(struct request *request, struct page_facts *facts)
{
    const struct plan *plan = request->plan;
    const struct page *page = &request->page;
    if (!plan->keyset || plan->by_number || page->rows == 0 || format_is_export(request->format))
        return;
    bool onward = plan->backwards ? true : page->more;
    bool back = plan->backwards ? page->more : plan->from_cursor;
    if (onward)
        facts->next = plan_cursor(plan, &request->arena, page->last, false);
    if (back)
        facts->prev = plan_cursor(plan, &request->arena, page->first, true);
    facts->more = onward;
}

static void keep_total(struct request *request)
{
    if (!request->has_total || !request->plan->total_is_exact || request->total_fetch.rows == 0)
        return; /* none wanted, or a guess, or it was a kept one */
    totals_put(request->worker->service->totals, request->snapshot->model->number, request->plan->total_key,
               loop_now(request->worker->loop), request->total);
}

static void find_facts(struct request *request, struct page_facts *facts)
{
    const struct plan *plan = request->plan;
    *facts = (struct page_facts){.page = plan->page, .size = plan->limit, .more = request->page.more};
    facts->has_total = request->has_total;
    facts->total = request->total;
    facts->pages = plan->limit ? (request->total + plan->limit - 1) / plan->limit : 0;
    find_cursors(request, facts);
}

enum step request_fail_large(struct request *request, uint64_t bytes_max)
{
    enum step next = request_fail(request, 422, SLICE("answer-too-large"),
                                  arena_format(&request->arena, "The answer is larger than %llu bytes.",
                                               (unsigned long long)bytes_max));
    request->problem.hint = SLICE("Ask for fewer rows with `limit` or fewer columns with `select`.");
    return next;
}

static enum step no_such_row(struct request *request)
{
    const struct route *route = &request->route;
    if (route->kind == ROUTE_QUERY)
        return request_fail(request, 404, SLICE("not-found"),
                            arena_format(&request->arena, "The query `" SLICE_FMT "` found no row.",
                                         SLICE_ARG(route->query->config->path)));
    plan_row_absent(&request->arena, route->resource, route->id, &request->problem);
    return STEP_RESPOND;
}

/* PostgREST's words, for its clients look for them. */
enum step request_fail_not_one(struct request *request, unsigned long long rows, struct slice hint)
{
    struct slice details = arena_format(&request->arena, "The result contains %llu rows", rows);
    enum step next =
        request_fail(request, 406, SLICE("not-one-row"),
                     arena_format(&request->arena,
                                  "One object is asked for, and the result contains %llu rows.", rows));
    request->problem.details = details;
    request->problem.hint = hint;
    request->problem.pg_code = SLICE("PGRST116");
    request->problem.place = SLICE("Accept");
    return next;
}

bool request_lacks_rows(struct request *request)
{
    const struct page *page = &request->page;
    bool one = page->spec.bare_object || page->spec.bare_value;
    if (one && page->rows == 0 && request->route.kind != ROUTE_RPC)
        (void)no_such_row(request);
    if (page->spec.first_alone && page->rows != 1)
        (void)request_fail_not_one(request, request->page.rows,
                                   SLICE("Filter by a key, or ask for `application/json`."));
    return problem_is(&request->problem);
}

const struct statement *read_next_count(struct request *request)
{
    const struct plan *plan = request->plan;
    const struct statement *next = NULL, *asked = &request->total_fetch.statement;
    if (!plan->want_total)
        return NULL;
    if (!asked->text.data)
        next = plan->total.text.len ? &plan->total : plan->planned.text.len ? &plan->planned : NULL;
    else if (asked->text.data == plan->total.text.data && request->total > plan->total_max)
        next = plan->planned.text.len ? &plan->planned : NULL;
    if (next) {
        request->total_fetch.statement = *next;
    } else if (!asked->text.data) {
        request->total = plan->total_guess;
        request->has_total = true;
    }
    return next;
}

struct row_sink read_count_sink(struct request *request)
{
    return (struct row_sink){on_total_row, request};
}

static void fail_body(struct request *request)
{
    if (request->page.body.no_memory)
        (void)request_fail_memory(request);
    else
        (void)request_fail_large(request, config_of(request)->answers.bytes_max);
}

bool read_compose(struct request *request)
{
    struct page *page = &request->page;
    if (request_lacks_rows(request) || call_is_answered(request))
        return false;
    bool whole = request->answer.framing == FRAMING_LENGTH; /* else its head is gone */
    if (whole && !asked_part_say(request))
        return false;
    if (request->plan->kind == PLAN_ROW && request->plan->order_count && page->first)
        request->version = page->first[0];
    struct page_facts facts;
    find_facts(request, &facts);
    page_finish(page, request_envelope(request), &facts);
    if (page->body.failed)
        fail_body(request);
    else if (whole && request->plan->kind == PLAN_LIST && request_envelope(request) == NULL &&
             !format_is_export(request->format)) /* a bare array says by headers where it stands */
        request->answer.link = links_write(request, &facts);
    return !page->body.failed;
}

enum step step_encode(struct request *request)
{
    if (request->route.write)
        return write_encode(request);
    struct page *page = &request->page;
    if (!read_compose(request))
        return STEP_RESPOND;
    keep_total(request);
    if (request_stream_failed(request))
        return request_fail_stream(request);
    if (worker_answers_full(request->worker, page->body.len)) /* it was not yet when this one set out */
        return request_fail_full(request);
    bool by_stream = request_goes_by_stream(request);
    if (by_stream)
        cache_gives_up(request);
    if (by_stream && !request->sink->begin) /* it takes whole answers alone */
        return request_fail_large(request, config_of(request)->answers.bytes_max);
    if (request->answer.framing != FRAMING_LENGTH) {
        request->answer.content_range = (struct slice){0};
        request->answer.link = (struct slice){0};
    }
    return by_stream ? STEP_STREAM : STEP_RESPOND;
}
