/* SPDX-License-Identifier: Apache-2.0 */
/* Rows → the page, then, all rows being there, the answer, then the commit. See change_steps.h. With an Idempotency-Key the statement is
 * the work that the key guards (idempotency.h). */
#include "request/change_steps.h"

#include "request/asked.h"
#include "request/call_step.h"
#include "request/idempotency.h"
#include "request/steps.h"
#include "request/worker.h"

/* --- on the store's thread --- */

static void set_sink(struct request *request)
{
    request->fetch.sink = (struct row_sink){page_row, &request->page};
}

static void fail_body(struct request *request)
{
    if (request->page.body.no_memory)
        (void)request_fail_memory(request);
    else
        (void)request_fail_large(request, request->snapshot->model->config->answers.bytes_max);
}

/* It is not done again to be counted: what came is all there is, unless more would have come. */
static void count(struct request *request)
{
    const struct page *page = &request->page;
    request->total = request->plan->offset + page->rows;
    request->has_total =
        request->plan->want_total && !page->more && (page->rows > 0 || request->plan->offset == 0);
}

static void compose(struct request *request)
{
    struct page *page = &request->page;
    const struct page_facts facts = {.size = page->rows, .more = page->more};
    if (page->body.failed) {
        fail_body(request);
        return;
    }
    if (request_lacks_rows(request) || call_is_answered(request))
        return;
    count(request);
    page_finish(page, request_envelope(request), &facts);
    if (page->body.failed)
        fail_body(request);
    else if (request->plan->kind == PLAN_LIST)
        request->answer.content_range = asked_content_range(request);
}

static enum verdict commit(struct request *request)
{
    (void)request;
    return VERDICT_COMMIT;
}

static enum verdict on_statement(struct fetch *fetch)
{
    struct request *request = container_of(fetch, struct request, fetch);
    CHECK_MAGIC(request, REQUEST_MAGIC);
    compose(request);
    if (request->arena.failed)
        (void)request_fail_memory(request);
    fetch->problem = request->problem;
    return problem_is(&request->problem) ? VERDICT_ROLLBACK : VERDICT_COMMIT;
}

/* --- on the worker's --- */

static bool submit(struct request *request)
{
    request->fetching = true;
    request->fetch_out = true;
    request->fetch_out = store_submit(request->tap->port, &request->fetch) == SUBMIT_PENDING;
    request->fetching = false;
    return request->fetch_out;
}

static enum step after_fetch(struct request *request)
{
    while (idempotency_goes_on(request))
        if (submit(request))
            return STEP_WAIT;
    if (problem_is(&request->fetch.problem))
        request->problem = request->fetch.problem;
    return STEP_RESPOND;
}

static void on_end(struct fetch *fetch)
{
    struct request *request = container_of(fetch, struct request, fetch);
    CHECK_MAGIC(request, REQUEST_MAGIC);
    request->fetch_out = false;
    if (request->fetching)
        return;
    enum step next = after_fetch(request);
    if (next != STEP_WAIT)
        request_resume(request, next);
}

static const struct guarded guarded_change = {set_sink, commit, compose};

enum step change_fetch(struct request *request)
{
    PRE(request->plan->writes && request->route.body);
    request->target = arena_copy(&request->arena, request->target); /* for the log, should the client leave */
    request->fetch = (struct fetch){.statement = request->plan->statement,
                                    .on_end = on_end,
                                    .on_statement = on_statement,
                                    .write = true,
                                    .arena = &request->arena};
    set_sink(request);
    if (request->idempotency)
        idempotency_begin(request, &guarded_change);
    return submit(request) ? STEP_WAIT : after_fetch(request);
}
