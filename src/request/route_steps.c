/* SPDX-License-Identifier: Apache-2.0 */
/* ROUTE and IDENTIFY: what is asked for, and who asks. */
#include "request/auth_steps.h"
#include "request/batch.h"
#include "request/steps.h"
#include "request/worker.h"

/* Without a file everything may be read, but from this machine alone. */
static bool is_stranger(const struct request *request)
{
    return request->snapshot->model->config->open && !request->principal.loopback;
}

static enum step refuse_stranger(struct request *request)
{
    enum step next =
        request_fail(request, 403, SLICE("local-only"),
                     SLICE("Without a configuration file only this machine is answered, by its own name."));
    request->problem.hint =
        SLICE("Ask at localhost or 127.0.0.1; for others write a file by `leat init`, and serve that.");
    return next;
}

/* Said, not hidden: the path is no secret, and whoever sets up a scraper shall see what it lacks. */
static enum step refuse_operators_page(struct request *request)
{
    unsigned status = caller_is_known(&request->principal.caller) ? 403 : 401;
    enum step next = request_fail(request, status, SLICE("operators-only"),
                                  SLICE("This page is for operators: who asks from this machine, or in the "
                                        "last of the roles that stand in an order."));
    request->problem.hint = SLICE("Ask at localhost or 127.0.0.1, without a proxy between.");
    return next;
}

/* What can be asked as a part of a batch; else request->problem. */
static bool may_be_part(struct request *request)
{
    enum route_kind kind = request->route.kind;
    bool of_database = kind == ROUTE_LIST || kind == ROUTE_ROW || kind == ROUTE_QUERY || kind == ROUTE_RPC;
    if (kind == ROUTE_BATCH)
        (void)request_fail(request, 400, SLICE("not-in-batch"), SLICE("A batch is no part of a batch."));
    else if (!of_database && batch_is_chained(request))
        (void)request_fail(request, 400, SLICE("not-in-batch"),
                           SLICE("This is no part of a transaction: it is not the database's."));
    else if (batch_is_chained(request) && http_head_get(request->head, HTTP_IDEMPOTENCY_KEY).data)
        (void)request_fail(request, 400, SLICE("not-in-batch"),
                           SLICE("A part of a transaction takes no `Idempotency-Key`."));
    return !problem_is(&request->problem);
}

/* A part of a batch is asked by who asks for the batch. */
static void know_caller(struct request *request)
{
    const struct config *config = request->snapshot->model->config;
    if (request->part) {
        const struct request *batch = request->part->batch->request;
        request->principal = batch->principal;
        request->by_admin = batch->by_admin;
        request->is_operator = batch->is_operator;
        return;
    }
    identify(config, request->peer, request->head, &request->principal);
    request->is_operator = identify_operator(config, &request->principal, request->by_admin);
}

enum step step_route(struct request *request)
{
    PRE(request->head != NULL);
    cors_decide(request->snapshot->model->config, request->head, &request->arena, &request->answer.cors);
    enum error error = route_match(request->snapshot->routes, request->head, &request->arena, &request->route,
                                   &request->problem);
    request->answer.content_profile = request->route.schema;
    if (!error)
        return request->part && !may_be_part(request) ? STEP_RESPOND : STEP_IDENTIFY;
    know_caller(request); /* for the log */
    return is_stranger(request) ? refuse_stranger(request) : STEP_RESPOND;
}

static bool may_do(const struct config *config, const struct caller *caller, const struct route *route)
{
    static const struct slice read = SLICE_INIT("read"), write = SLICE_INIT("write"),
                              call = SLICE_INIT("call"), raise = SLICE_INIT("raise");
    if (route->kind == ROUTE_RPC)
        return caller_may_do(caller, route->rpc->config->call, call, route->rpc->config->name.text);
    if (route->kind == ROUTE_CACHE)
        return caller_may_do(caller, config->cache.api, route->body ? write : read, SLICE("cache"));
    if (route->kind == ROUTE_SIGNAL)
        return caller_may_do(caller, route->signal->raise, raise, route->signal->name.text);
    if (route->kind == ROUTE_UPSTREAM)
        return caller_may_do(caller, route->body ? route->upstream->write : route->upstream->read,
                             route->body ? write : read, route->upstream->path.text);
    if (route->kind == ROUTE_QUERY) {
        const struct config_query *query = route->query->config;
        bool changes = route->query->changes;
        return caller_may_do(caller, changes ? query->write : query->read, changes ? write : read,
                             query->path);
    }
    const struct config_resource *resource = route->resource->config;
    return caller_may_do(caller, route->write ? resource->write : resource->read, route->write ? write : read,
                         resource->name.text);
}

static bool may_log_out(const struct principal *principal)
{
    return principal->credential == CREDENTIAL_TOKEN || principal->credential == CREDENTIAL_SESSION;
}

static enum step refuse_logout(struct request *request)
{
    if (request->principal.credential == CREDENTIAL_NONE)
        return request_fail(request, 401, SLICE("not-allowed"), SLICE("Nobody is logged in here."));
    enum step next =
        request_fail(request, 403, SLICE("not-allowed"), SLICE("An API key is no login, and has no logout."));
    request->problem.hint = SLICE("A key is ended by `leat key revoke`.");
    return next;
}

/* Who is not known may become so; who is known may not. */
static enum step refuse_rights(struct request *request)
{
    const struct caller *caller = &request->principal.caller;
    if (!caller_is_known(caller))
        return request_fail(request, 401, SLICE("not-allowed"),
                            SLICE("This needs a role that the caller does not have."));
    return request_fail(request, 403, SLICE("not-allowed"),
                        arena_format(&request->arena,
                                     "This needs a role that the caller, of role `" SLICE_FMT
                                     "`, does not have.",
                                     SLICE_ARG(caller->role_name)));
}

static bool is_health(enum route_kind kind)
{
    return kind == ROUTE_LIVE || kind == ROUTE_READY || kind == ROUTE_HEALTH;
}

static bool is_for_operators(enum route_kind kind)
{
    return kind == ROUTE_METRICS;
}

/* Where there is an `admin:` address what is for operators is there alone, and nothing else but health is. */
static bool is_at_its_address(const struct request *request)
{
    enum route_kind kind = request->route.kind;
    bool admin = request->snapshot->model->config->admin.text.data != NULL;
    bool anywhere = is_health(kind) || kind == ROUTE_LIMITS; /* which tells each what is his */
    return !admin || anywhere || is_for_operators(kind) == request->by_admin;
}

static enum step refuse_address(struct request *request)
{
    enum step next =
        request_fail(request, 404, SLICE("unknown-path"), SLICE("Nothing is served here at this path."));
    request->problem.place = SLICE("path");
    if (request->by_admin)
        request->problem.hint = SLICE("This address is for operators; the API is at those of `listen`.");
    return next;
}

/* Where anybody may ask, and the field is passed on, whom it names is for the service to say. */
static bool is_for_the_service(const struct route *route)
{
    const struct config_upstream *upstream = route->upstream;
    return route->kind == ROUTE_UPSTREAM && upstream->authorization &&
           ((route->body ? upstream->write : upstream->read) & ROLE_ANONYMOUS);
}

enum step step_identify(struct request *request)
{
    struct route *route = &request->route;
    know_caller(request);
    if (!is_at_its_address(request))
        return refuse_address(request);
    if (route->preflight) {
        request->answer.status = 204;
        request->answer.allow = route->allow;
        return STEP_RESPOND;
    }
    if (is_health(route->kind))
        return STEP_BUILTIN;
    if (is_stranger(request))
        return refuse_stranger(request);
    if (route->kind == ROUTE_LOGIN)
        return STEP_LIMIT; /* whatever was shown: it may be what has just expired */
    enum step next;
    bool known = request->part != NULL /* as its batch is */ || is_for_the_service(route);
    return known || auth_identify(request, &next) ? request_identified(request) : next;
}

enum step request_identified(struct request *request)
{
    const struct route *route = &request->route;
    const struct config *config = request->snapshot->model->config;
    if (!request->part) /* the credential may have brought the role */
        request->is_operator = identify_operator(config, &request->principal, request->by_admin);
    if (route->kind == ROUTE_LIMITS)
        return STEP_BUILTIN;
    if (route->kind == ROUTE_OPENAPI || route->kind == ROUTE_DOCS)
        return STEP_LIMIT;
    if (route->kind == ROUTE_METRICS)
        return request->is_operator ? STEP_BUILTIN : refuse_operators_page(request);
    if (route->kind == ROUTE_BATCH)
        return STEP_BODY; /* each part has its rights, and its share of limits */
    if (route->kind == ROUTE_LOGOUT)
        return may_log_out(&request->principal) ? STEP_LIMIT : refuse_logout(request);
    if (!may_do(config, &request->principal.caller, route))
        return refuse_rights(request);
    return STEP_LIMIT;
}
