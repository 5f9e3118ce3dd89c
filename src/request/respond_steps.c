/* SPDX-License-Identifier: Apache-2.0 */
/* RESPOND: the head's data and the body's bytes are complete; they are kept, take their form (forms.h) and go to the sink. */
#include "cache/entry.h"
#include "request/cache_step.h"
#include "request/forms.h"
#include "request/steps.h"
#include "request/worker.h"

static void write_problem(struct request *request)
{
    struct answer *answer = &request->answer;
    const struct problem *problem = &request->problem;
    page_done(&request->page);
    buf_done(&request->body);
    buf_init(&request->body, 64 * 1024);
    struct slice id = cache_fills(request) ? SLICE("") : slice_of(request->id, 16);
    respond_problem_body(&request->body, problem, request->route.manner, id, &answer->type);
    answer->status = problem->status;
    answer->allow = problem->allow;
    answer->retry_after_s = problem->retry_after_s;
    answer->location = answer->link = answer->preference_applied = answer->content_profile =
        (struct slice){0};
    if (problem->status != 416)
        answer->content_range = (struct slice){0};
    answer->page_size_used = 0;
    answer->replayed = answer->body_lost = false;
    answer->framing = FRAMING_LENGTH;
    answer->coding = CODING_IDENTITY;
    answer->foreign = answer->sealed = false;
    answer->fields = (struct slice){0};
    answer->caching = (struct caching){.no_store = true, .vary_accept = answer->caching.vary_accept};
}

/* What the log line needs of the head, which is gone after delivery. */
static void note_for_log(struct request *request)
{
    request->log_due = worker_log_due(request);
    if (request->log_due)
        request->target = arena_copy(&request->arena, request->target);
}

struct slice request_body(const struct request *request)
{
    const struct entry *entry = request->entry;
    if (!entry)
        return buf_slice(&request->body);
    return request->answer.coding == CODING_IDENTITY ? entry_body(entry)
                                                     : forms_kept(entry, request->answer.coding);
}

/* The body is whole. True: the offload pool is at it. */
static bool take_form(struct request *request)
{
    request->formed = true;
    if (problem_is(&request->problem)) {
        write_problem(request);
    } else if (request->page.body.len) {
        request->body = request->page.body;
        request->page.body = (struct buf){0};
    }
    cache_answered(request);
    return !problem_is(&request->problem) && request->head && forms_begin(request);
}

enum step step_respond(struct request *request)
{
    PRE(request->sink != NULL);
    struct answer *answer = &request->answer;
    if (!request->formed && take_form(request))
        return STEP_WAIT;
    answer->body_bytes = request_body(request).len;
    answer->no_body = answer->no_body || answer->status == 204 || answer->status == 304;
    answer->date = slice_of(request->worker->date, 29);
    answer->request_id = slice_of(request->id, 16);
    note_for_log(request);
    const struct request_sink *sink = request->sink;
    request->sink = NULL;
    request->sent_bytes = sink->deliver(request->sink_context, request);
    return STEP_END;
}
