/* SPDX-License-Identifier: Apache-2.0 */
/* The way of a request, as one table, and the driver that walks it.
 *
 *                            ┌────────────────────── problem ─────────────────────────────┐
 *   (net, http)              │       │        │          │        │          │         ▼
 *   head parsed → ROUTE → IDENTIFY → LIMIT → CACHE ───→ PLAN → FETCH → ENCODE → RESPOND → END
 *                            │       │ │      │ ⏳ who   ▲ │   ⏳ database │      ▲
 *                            │       │ │      │  makes it│ ├→ CACHE         │      │
 *                            │       │ │      └─ kept ──┼─│────────────────┼──────┤
 *                            │       │ └────→ BODY ─────┘ │      └─────────┴→ STREAM → END: large answers, in pieces
 *                            │       │       ⏳ the client └→ BATCH ─→ RESPOND   ⏳ rows, the client
 *                            │       │                       ⏳ its parts
 *                            │       ├─(BODY, CACHE)─→ UPSTREAM ─→ RESPOND, or END: large answers, in pieces
 *                            │       │                 ⏳ another service, the client
 *                            └───────┴──────→ BUILTIN ─→ RESPOND
 *
 * A step does its work and names the next, or parks the request (STEP_WAIT); then the one it waits for calls
 * request_resume. A request that parks nowhere runs from its first byte to its last in one stack. The driver asserts each
 * move. It does not time the steps: nothing reads such times yet. */
#include "request/steps.h"

#include "request/worker.h"

#define TO(step) (1u << STEP_##step)

static const struct step_row {
    const char *name;
    enum step (*run)(struct request *request);
    unsigned next;         /* the steps it may go to */
    const char *waits_for; /* what may wake it when it parks; NULL: it never does */
} steps[STEP_COUNT] = {
    [STEP_ROUTE] = {"route", step_route, TO(IDENTIFY) | TO(RESPOND), NULL},
    [STEP_IDENTIFY] = {"identify", step_identify, TO(LIMIT) | TO(BODY) | TO(BUILTIN) | TO(RESPOND),
                       "the database"},
    [STEP_LIMIT] = {"limit", step_limit, TO(BODY) | TO(CACHE) | TO(BUILTIN) | TO(RESPOND), NULL},
    [STEP_BUILTIN] = {"builtin", step_builtin, TO(RESPOND), "the offload pool"},
    [STEP_CACHE] = {"cache", step_cache, TO(CACHE) | TO(PLAN) | TO(UPSTREAM) | TO(RESPOND),
                    "another request with the same answer"},
    [STEP_BODY] = {"body", step_body, TO(PLAN) | TO(BUILTIN) | TO(UPSTREAM) | TO(RESPOND), "the client"},
    [STEP_PLAN] = {"plan", step_plan, TO(FETCH) | TO(BATCH) | TO(CACHE) | TO(RESPOND), "Redis"},
    [STEP_BATCH] = {"batch", step_batch, TO(RESPOND), "its parts"},
    [STEP_FETCH] = {"fetch", step_fetch, TO(ENCODE) | TO(STREAM) | TO(RESPOND),
                    "the database, a password's hash"},
    [STEP_ENCODE] = {"encode", step_encode, TO(STREAM) | TO(RESPOND), NULL},
    [STEP_STREAM] = {"stream", step_stream, TO(STREAM) | TO(END), "the database, and the client"},
    [STEP_UPSTREAM] = {"upstream", step_upstream, TO(UPSTREAM) | TO(RESPOND) | TO(END),
                       "the other service, and the client"},
    [STEP_RESPOND] = {"respond", step_respond, TO(RESPOND) | TO(END), "the offload pool"},
    [STEP_END] = {"end", NULL, 0, NULL},
};

const char *step_name(enum step step)
{
    PRE(step < STEP_COUNT);
    return steps[step].name;
}

static void move(struct request *request, enum step next)
{
    PRE(steps[request->step].next & 1u << next);
    request->step = next;
}

/* Whether memory ran out where something else can still be answered. While rows come the arena is the store's. */
static bool lacks_memory(const struct request *request)
{
    return !request->fetch_out && !request->total_out && !request->streaming && request->arena.failed;
}

/* Memory ran out somewhere in the last step: whatever it made is not to be trusted. */
enum step request_fail_memory(struct request *request)
{
    request->arena.failed = false; /* the answer to this is small: the arena's reserve serves it */
    request->plan = NULL;
    enum step next = request_fail(request, 503, SLICE("out-of-memory"),
                                  SLICE("The server has no memory left for this request."));
    request->problem.retry_after_s = 1;
    return next;
}

void request_run(struct request *request)
{
    CHECK_MAGIC(request, REQUEST_MAGIC);
    while (request->step != STEP_END) {
        const struct step_row *row = &steps[request->step];
        enum step next = row->run(request);
        if (next == STEP_WAIT) {
            POST(row->waits_for != NULL);
            return;
        }
        if (next != STEP_END && lacks_memory(request))
            next = request_fail_memory(request);
        move(request, next);
    }
    request_end(request);
}

void request_resume(struct request *request, enum step next)
{
    CHECK_MAGIC(request, REQUEST_MAGIC);
    PRE(steps[request->step].waits_for != NULL);
    if (request->cancelled) {
        request->step = STEP_END;
    } else {
        if (lacks_memory(request))
            next = request_fail_memory(request);
        move(request, next);
    }
    request_run(request);
}

enum step request_fail(struct request *request, unsigned status, struct slice code, struct slice detail)
{
    PRE(status >= 400 && status < 600);
    request->problem = (struct problem){.status = status, .code = code, .detail = detail};
    return STEP_RESPOND;
}

enum step request_fail_full(struct request *request)
{
    enum step next =
        request_fail(request, 503, SLICE("answers-full"), SLICE("Too many answers wait for slow readers."));
    request->problem.retry_after_s = 1;
    return next;
}
