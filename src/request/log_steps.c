/* SPDX-License-Identifier: Apache-2.0 */
/* A request's line in the access log. Problems and slow requests are always there, with the database's own words and,
 * where `log.sql` is on, the SQL text; of the others one in `log.sample`. */
#include "base/log.h"
#include "request/worker.h"

static bool is_slow(const struct request *request)
{
    int64_t slow_ms = request->snapshot->model->config->log.slow_ms;
    return slow_ms > 0 && mono_diff_us(clock_mono(), request->began) > slow_ms * 1000;
}

bool worker_log_due(const struct request *request)
{
    const struct config *config = request->snapshot->model->config;
    if (request->answer.status >= 400)
        return true;
    if (request->background)
        return false;
    if (config->log.sample && request->worker->request_count % config->log.sample == 0)
        return true;
    return is_slow(request);
}

const struct slice method_words[METER_METHODS] = {
    [HTTP_GET] = SLICE_INIT("GET"),         [HTTP_HEAD] = SLICE_INIT("HEAD"),
    [HTTP_POST] = SLICE_INIT("POST"),       [HTTP_PUT] = SLICE_INIT("PUT"),
    [HTTP_PATCH] = SLICE_INIT("PATCH"),     [HTTP_DELETE] = SLICE_INIT("DELETE"),
    [HTTP_OPTIONS] = SLICE_INIT("OPTIONS"), [HTTP_OTHER] = SLICE_INIT("-"),
};

_Static_assert(HTTP_OTHER + 1 == METER_METHODS, "each method has its word");

/* What was routed to: the resource or the query, not the path with its ids. */
static struct slice route_text(const struct request *request)
{
    if (request->route.resource)
        return request->route.resource->config->name.text;
    if (request->route.query)
        return request->route.query->config->path;
    if (request->route.upstream)
        return request->route.upstream->path.text;
    return (struct slice){0};
}

/* The statement of a slow request, or of one that failed at the database; not of one whose client only asked wrongly. */
static struct slice sql_text(const struct request *request)
{
    const struct problem *problem = &request->problem;
    bool failed = problem->status >= 500 || problem->cause.len;
    if (!request->plan || !request->snapshot->model->config->log.sql || (!failed && !is_slow(request)))
        return (struct slice){0};
    bool of_total = problem_is(&request->total_fetch.problem) && !problem_is(&request->fetch.problem);
    return of_total ? request->total_fetch.statement.text : request->plan->statement.text;
}

void request_log(struct request *request)
{
    CHECK_MAGIC(request, REQUEST_MAGIC);
    struct worker *worker = request->worker;
    bool client_gone = request->cancelled && !problem_is(&request->problem);
    if (!request->log_due && !client_gone)
        return;
    if (!log_level_on(request->answer.status >= 500 ? LOG_ERROR : LOG_INFO))
        return;
    char client[INET6_ADDRSTRLEN];
    address_format(&request->principal.address, client);
    struct access access = {.at = clock_wall(),
                            .id = slice_of(request->id, 16),
                            .method = method_words[request->method],
                            .target = request->target,
                            .client = slice_str(client),
                            .status = client_gone ? 499 : request->answer.status,
                            .bytes = request->sent_bytes,
                            .took_us = request->took_us,
                            .wait_us = request->fetch.wait_us,
                            .database_us = request->fetch.run_us,
                            .rows = request->page.rows,
                            .route = route_text(request),
                            .lane = slice_str(request->fetch.lane),
                            .problem = request->problem.code,
                            .cause = request->problem.cause,
                            .sql = sql_text(request)};
    access_log_line(&worker->log, &access);
    loop_at_turn_end(worker->loop, &worker->log_flush);
}
