/* SPDX-License-Identifier: Apache-2.0 */
/* Parts of a batch as one transaction: their units, one behind the other, are one unit of the store's. See batch.h.
 *
 *   fetch of the batch:   statement → on_statement: the part's own on_statement ┬ NEXT: its next statement
 *                                                                               ├ COMMIT: the next part's first statement; COMMIT behind the last
 *                                                                               └ ROLLBACK: the whole
 *   on_end → each part's on_end, with how it ended
 *
 * So what a part does between its statements, and its answer, are those of a write of its own (unit.h); a read has a work here. */
#include "request/batch.h"

#include <stdlib.h>

#include "request/read_steps.h"
#include "request/steps.h"
#include "request/unit.h"
#include "request/worker.h"

/* --- on the store's thread --- */

static void take_statement(struct fetch *fetch, const struct part *part)
{
    fetch->statement = part->request->fetch.statement;
    fetch->sink = part->request->fetch.sink;
}

/* All answers lie in memory until the commit. */
static bool fits(struct batch *batch, struct request *request)
{
    uint64_t max = batch->request->snapshot->model->config->answers.bytes_max;
    batch->answer_bytes += request->page.body.len + request->body.len;
    if (batch->answer_bytes <= max)
        return true;
    (void)request_fail_large(request, max);
    return false;
}

static enum verdict part_done(struct batch *batch, struct fetch *fetch)
{
    struct part *part = batch->joined[batch->at];
    if (!fits(batch, part->request)) {
        fetch->problem = part->request->problem;
        return VERDICT_ROLLBACK;
    }
    if (++batch->at == batch->joined_count)
        return VERDICT_COMMIT;
    take_statement(fetch, batch->joined[batch->at]);
    return VERDICT_NEXT;
}

static enum verdict on_statement(struct fetch *fetch)
{
    struct request *request = container_of(fetch, struct request, fetch);
    CHECK_MAGIC(request, REQUEST_MAGIC);
    struct batch *batch = request->batch;
    struct part *part = batch->joined[batch->at];
    struct fetch *own = &part->request->fetch;
    own->changed = fetch->changed;
    own->rows = fetch->rows;
    switch (own->on_statement(own)) {
    case VERDICT_NEXT:
        take_statement(fetch, part);
        return VERDICT_NEXT;
    case VERDICT_COMMIT:
        return part_done(batch, fetch);
    case VERDICT_ROLLBACK:
        fetch->problem = own->problem;
        return VERDICT_ROLLBACK;
    }
    UNREACHABLE("three verdicts");
}

/* --- on the worker's --- */

/* culprit: joined_count: none. Parts may end in this. */
static void resume_all(struct batch *batch, const struct problem *own, unsigned culprit,
                       const struct problem *others)
{
    for (unsigned i = 0; i < batch->joined_count; i++) {
        struct part *part = batch->joined[i];
        struct fetch *fetch = &part->request->fetch;
        fetch->problem = i == culprit ? *own : *others;
        fetch->session = batch->request->fetch.session;
        fetch->on_end(fetch);
    }
}

static void resolve(struct batch *batch)
{
    struct request *request = batch->request;
    const struct problem problem = request->fetch.problem;
    bool of_all = problem.status == 503 || batch->at == batch->joined_count;
    if (!problem_is(&problem) || of_all) {
        request->problem = problem; /* no part's own: the database's absence, a constraint at the commit */
        resume_all(batch, &problem, batch->joined_count, &problem);
    } else {
        resume_all(batch, &problem, batch->at, &failed_dependency);
    }
}

static void on_end(struct fetch *fetch)
{
    struct request *request = container_of(fetch, struct request, fetch);
    CHECK_MAGIC(request, REQUEST_MAGIC);
    request->fetch_out = false;
    resolve(request->batch);
}

void chain_join(struct request *request)
{
    struct part *part = request->part;
    struct batch *batch = part->batch;
    PRE(part->state == PART_RUNS && !batch->settled && request->fetch.on_statement);
    part->state = PART_JOINED;
    batch->joined[batch->joined_count++] = part;
    loop_at_turn_end(request->worker->loop, &batch->turn);
}

static int compare_parts(const void *a, const void *b)
{
    const struct part *const *x = a, *const *y = b;
    return (*x)->number < (*y)->number ? -1 : 1;
}

static bool all_are_well(const struct batch *batch)
{
    for (unsigned i = 0; i < batch->count; i++)
        if (batch->parts[i].state == PART_WAITS ||
            (batch->parts[i].state == PART_ENDED && batch->parts[i].status >= 400))
            return false;
    return !batch->request->cancelled;
}

void chain_settle(struct batch *batch)
{
    struct request *request = batch->request;
    PRE(batch->joined_count > 0);
    if (!all_are_well(batch)) {
        resume_all(batch, &failed_dependency, batch->joined_count, &failed_dependency);
        return;
    }
    qsort(batch->joined, batch->joined_count, sizeof *batch->joined, compare_parts);
    request->fetch = (struct fetch){.as = batch->joined[0]->request->fetch.as, /* one caller's, all of them */
                                    .on_end = on_end,
                                    .on_statement = on_statement,
                                    .write = true,
                                    .arena = &request->arena};
    take_statement(&request->fetch, batch->joined[0]);
    request->fetch_out = true;
    if (store_submit(request->tap->port, &request->fetch) == SUBMIT_PENDING)
        return;
    request->fetch_out = false;
    resolve(batch);
}

/* --- a read in a transaction --- */

static void begin_read(struct request *request)
{
    request->fetch.sink = (struct row_sink){page_row, &request->page};
}

/* Its count follows in the same transaction, where one is wanted. */
static enum verdict on_read(struct request *request)
{
    const struct statement *count = read_next_count(request);
    if (!count)
        return VERDICT_COMMIT;
    request->fetch.statement = *count;
    request->fetch.sink = read_count_sink(request);
    return VERDICT_NEXT;
}

static void compose_read(struct request *request)
{
    if (!request->page.body.failed)
        (void)read_compose(request);
    else if (request->page.body.no_memory)
        (void)request_fail_memory(request);
    else
        (void)request_fail_large(request, request->snapshot->model->config->answers.bytes_max);
}

static const struct work read_work = {.begin = begin_read, .on_statement = on_read, .compose = compose_read};

enum step chain_read(struct request *request)
{
    request->fetch.statement = request->plan->statement;
    return unit_fetch(request, &read_work, true);
}
