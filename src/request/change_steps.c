/* SPDX-License-Identifier: Apache-2.0 */
/* Rows → the page, then, all rows being there, the answer, then the commit. See change_steps.h. */
#include "request/change_steps.h"

#include "request/asked.h"
#include "request/call_step.h"
#include "request/steps.h"
#include "request/unit.h"
#include "request/worker.h"

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

/* Its one statement is all. */
static enum verdict commit(struct request *request)
{
    (void)request;
    return VERDICT_COMMIT;
}

static const struct work change = {.begin = set_sink, .on_statement = commit, .compose = compose};

enum step change_fetch(struct request *request)
{
    PRE(request->plan->writes);
    request->fetch.statement = request->plan->statement;
    return unit_fetch(request, &change, true);
}
