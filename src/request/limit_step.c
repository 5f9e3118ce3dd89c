/* SPDX-License-Identifier: Apache-2.0 */
/* LIMIT: whether the caller may ask for so much. All rules that count the request must agree; the tightest of them stands in the
 * answer's head. Health, preflights and the pages about limits are not counted. */
#include "request/limit_step.h"
#include "request/steps.h"
#include "request/worker.h"

/* Which list of rules is the route's own. */
static unsigned list_of(const struct route *route)
{
    if (route->kind == ROUTE_LIST || route->kind == ROUTE_ROW)
        return route->resource->config->limits.number;
    if (route->kind == ROUTE_UPSTREAM)
        return route->upstream->limits.number;
    if (route->kind == ROUTE_RPC)
        return route->rpc->config->limits.number;
    return route->kind == ROUTE_QUERY ? route->query->config->limits.number : 0;
}

static struct slice name_of(const struct route *route, struct arena *arena)
{
    if (route->kind == ROUTE_LIST || route->kind == ROUTE_ROW)
        return route->resource->config->name.text;
    if (route->kind == ROUTE_QUERY)
        return route->query->config->path;
    if (route->kind == ROUTE_CACHE)
        return LIMIT_ROUTE_CACHE;
    if (route->kind == ROUTE_SIGNAL)
        return LIMIT_ROUTE_SIGNALS;
    if (route->kind == ROUTE_UPSTREAM)
        return route->upstream->path.text;
    if (route->kind == ROUTE_RPC)
        return limit_route_of_function(arena, route->rpc->config->name.text);
    bool auth = route->kind == ROUTE_LOGIN || route->kind == ROUTE_LOGOUT;
    return auth ? LIMIT_ROUTE_AUTH : LIMIT_ROUTE_DOCS;
}

struct limit_caller request_limit_caller(const struct request *request)
{
    const struct caller *caller = &request->principal.caller;
    return (struct limit_caller){
        .address = &request->principal.address,
        .role = caller->role,
        .user = caller->user,
        .key = request->principal.key_id,
        .tenant = caller->tenant,
        .role_name = caller_is_known(caller) ? caller->role_name : SLICE("anonymous"),
        .write = request->route.body,
    };
}

static struct limit_time now_of(const struct request *request)
{
    return limiter_time(request->snapshot->limits->limiter, loop_now(request->worker->loop));
}

/* What the answer's head says. */
static void tell(struct request *request, const struct limit_charge *charge)
{
    const struct limit_grant *grant = limit_grant_of(charge);
    request->answer.limit = (struct limit_told){
        .fields = grant->fields,
        .name = grant->name,
        .remaining = charge->standing.remaining,
        .reset_s = limit_seconds(charge->standing.reset_ns),
    };
}

static void refuse(struct request *request, const struct limit_charge *charge)
{
    static const char *const units[] = {"second", "minute", "hour", "day"};
    const struct limit_quota *quota = charge->quota;
    (void)request_fail(request, 429, SLICE("rate-limited"),
                       arena_format(&request->arena, "The limit `" SLICE_FMT "` is used up: %u a %s.",
                                    SLICE_ARG(limit_grant_of(charge)->name), quota->count,
                                    units[quota->unit]));
    unsigned retry_s = limit_seconds(charge->standing.retry_ns);
    request->problem.retry_after_s = retry_s ? retry_s : 1;
    request->problem.hint =
        arena_format(&request->arena, "Ask again in %u s.", request->problem.retry_after_s);
}

/* Takes what they charge. False: refused. */
static bool take(struct request *request, struct limit_charge *charges, unsigned count)
{
    if (count == 0)
        return true;
    struct limiter *limiter = request->snapshot->limits->limiter;
    bool passed = limiter_take(limiter, charges, count, now_of(request));
    const struct limit_charge *tightest = limit_tightest(charges, count);
    if (tightest)
        tell(request, tightest);
    if (!passed)
        refuse(request, tightest);
    return passed;
}

/* False: refused. */
static bool take_request(struct request *request)
{
    const struct limit_rules *rules = request->snapshot->limits;
    unsigned root = request->snapshot->model->config->limits.number, own = list_of(&request->route);
    if (root == 0 && own == 0)
        return true;
    struct limit_charge charges[LIMIT_CHARGES_MAX];
    struct limit_caller caller = request_limit_caller(request);
    caller.route = name_of(&request->route, &request->arena);
    unsigned count = limit_rules_match(rules, root, LIMIT_ON_REQUEST, &caller, charges, 0);
    count = limit_rules_match(rules, own, LIMIT_ON_REQUEST, &caller, charges, count);
    return take(request, charges, count);
}

enum step step_limit(struct request *request)
{
    const struct route *route = &request->route;
    if (!take_request(request) ||
        problem_is(&request->problem)) /* who showed a bad credential is counted, too */
        return STEP_RESPOND;
    bool of_database = route->kind != ROUTE_CACHE && route->kind != ROUTE_SIGNAL;
    if (route->body && of_database && request_shed_refuses(request))
        return STEP_RESPOND;
    if (route->body)
        return STEP_BODY;
    bool page = route->kind == ROUTE_OPENAPI || route->kind == ROUTE_DOCS || route->kind == ROUTE_CACHE;
    return page ? STEP_BUILTIN : STEP_CACHE;
}

bool request_limit_event(struct request *request, enum limit_on on, struct slice account,
                         struct limit_event *ret_event)
{
    PRE(on != LIMIT_ON_REQUEST);
    struct limit_caller caller = request_limit_caller(request);
    caller.account = account;
    unsigned root = request->snapshot->model->config->limits.number;
    ret_event->count = limit_rules_match(request->snapshot->limits, root, on, &caller, ret_event->charges, 0);
    return take(request, ret_event->charges, ret_event->count);
}

void request_limit_event_undo(struct request *request, struct limit_event *event)
{
    limiter_give(request->snapshot->limits->limiter, event->charges, event->count, now_of(request));
    event->count = 0;
}
