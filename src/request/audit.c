/* SPDX-License-Identifier: Apache-2.0 */
/* See audit.h. */
#include "request/audit.h"

#include "auth/ledger.h"
#include "request/worker.h"

bool audit_is_due(const struct request *request)
{
    bool writes = request->route.write || (request->plan && request->plan->writes);
    return writes && (request->snapshot->model->config->auth.audit & AUDIT_WRITES);
}

/* What was written to: a resource, a query, a function. */
static struct slice name_of(const struct route *route)
{
    if (route->kind == ROUTE_QUERY)
        return route->query->config->path;
    return route->kind == ROUTE_RPC ? route->rpc->config->name.text : route->resource->config->name.text;
}

static struct slice method_of(const struct request *request)
{
    static const struct slice names[] = {[HTTP_POST] = SLICE_INIT("POST"),
                                         [HTTP_PUT] = SLICE_INIT("PUT"),
                                         [HTTP_PATCH] = SLICE_INIT("PATCH"),
                                         [HTTP_DELETE] = SLICE_INIT("DELETE")};
    PRE(request->method < ARRAY_LEN(names) && names[request->method].data);
    return names[request->method];
}

static bool ignore_row(void *context, const struct slice *cells, unsigned count)
{
    (void)context, (void)cells, (void)count;
    return true;
}

void audit_say(struct request *request)
{
    const struct principal *principal = &request->principal;
    struct arena *arena = &request->arena;
    char address[INET6_ADDRSTRLEN];
    address_format(&principal->address, address);
    const struct ledger_event event = {.event = SLICE("write"),
                                       .account = principal->key_id,
                                       .user = principal->caller.user,
                                       .tenant = principal->caller.tenant,
                                       .role = principal->caller.role_name,
                                       .address = slice_str(address),
                                       .request = slice_of(request->id, 16),
                                       .method = method_of(request),
                                       .resource = name_of(&request->route),
                                       .row = request->route.kind == ROUTE_ROW ? request->route.id
                                                                               : (struct slice){0},
                                       .status = request->answer.status};
    request->fetch.statement =
        ledger_audit(arena, request->snapshot->model->catalog->dialect, &event, clock_wall());
    request->fetch.statement.own = true;
    request->fetch.sink = (struct row_sink){ignore_row, NULL};
}
