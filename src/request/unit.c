/* SPDX-License-Identifier: Apache-2.0 */
/* The way there and back of a unit. See unit.h. */
#include "request/unit.h"

#include "request/acting.h"
#include "request/audit.h"
#include "request/batch.h"
#include "request/depends.h"
#include "request/doubts.h"
#include "request/idempotency.h"
#include "request/signals.h"
#include "request/steps.h"
#include "request/worker.h"

/* --- on the store's thread --- */

bool unit_compose(struct request *request)
{
    request->work->compose(request);
    if (request->arena.failed)
        (void)request_fail_memory(request);
    request->fetch.problem = request->problem;
    return !problem_is(&request->problem);
}

static enum verdict audit(struct request *request)
{
    if (!audit_is_due(request))
        return VERDICT_COMMIT;
    request->audited = true;
    audit_say(request);
    return VERDICT_NEXT;
}

static enum verdict on_statement(struct fetch *fetch)
{
    struct request *request = container_of(fetch, struct request, fetch);
    CHECK_MAGIC(request, REQUEST_MAGIC);
    if (request->audited)
        return VERDICT_COMMIT;
    enum verdict verdict = request->work->on_statement(request);
    if (verdict != VERDICT_COMMIT)
        return verdict;
    if (!unit_compose(request))
        return VERDICT_ROLLBACK;
    return audit(request);
}

/* --- on the worker's --- */

static bool submit(struct request *request)
{
    if (batch_is_chained(request)) {
        request->fetch_out = true;
        chain_join(request);
        return true;
    }
    request->fetching = true;
    request->fetch_out = true;
    request->fetch_out = store_submit(request->tap->port, &request->fetch) == SUBMIT_PENDING;
    request->fetching = false;
    return request->fetch_out;
}

/* It stands, or nobody knows: what hangs on it is stale before anybody is told. */
static void note_change(struct request *request)
{
    const struct problem *problem = &request->fetch.problem;
    bool unknown = slice_eq(problem->code, SLICE("outcome-unknown"));
    bool changes = request->route.write || (request->plan && request->plan->writes);
    if (!changes) /* a read in the transaction of a batch, a logout */
        return;
    if (!problem_is(problem) || unknown) {
        const struct tables_told tables = depends_written(request);
        depends_bump(request);
        signals_raise_for_change(request, &tables, !unknown);
        doubts_add(request->worker->doubts, &request->fetch, request->snapshot->model, &tables);
    }
}

static enum step after_fetch(struct request *request)
{
    note_change(request);
    while (idempotency_goes_on(request)) {
        if (submit(request))
            return STEP_WAIT;
        note_change(request);
    }
    if (problem_is(&request->fetch.problem)) {
        request->problem = request->fetch.problem;
        acting_judge(request);
        if (request->work->blame)
            request->work->blame(request);
    }
    bool composed = request->fetch.on_statement != NULL;
    return composed || problem_is(&request->problem) ? STEP_RESPOND : STEP_ENCODE;
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

enum step unit_fetch(struct request *request, const struct work *work, bool asks)
{
    PRE((request->route.body || batch_is_chained(request)) && !request->work);
    request->target = arena_copy(&request->arena, request->target); /* for the log, should the client leave */
    request->work = work;
    request->fetch =
        (struct fetch){.statement = request->fetch.statement,
                       .as = acting_of(request),
                       .on_end = on_end,
                       .on_statement =
                           asks || batch_is_chained(request) || audit_is_due(request) ? on_statement : NULL,
                       .write = true,
                       .arena = &request->arena};
    if (request->idempotency)
        idempotency_begin(request);
    else
        work->begin(request);
    return submit(request) ? STEP_WAIT : after_fetch(request);
}
