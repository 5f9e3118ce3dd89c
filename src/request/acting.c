/* SPDX-License-Identifier: Apache-2.0 */
/* See acting.h. */
#include "request/acting.h"

#include "base/buf.h"
#include "request/worker.h"

enum { ACTING_CLAIMS_MAX = 64 * 1024 };

static const struct config_auth *auth_of(const struct request *request)
{
    return &request->snapshot->model->config->auth;
}

static void add_claim(struct buf *out, struct slice name, struct slice value)
{
    buf_format(out, "%c\"" SLICE_FMT "\":", out->len ? ',' : '{', SLICE_ARG(name));
    if (value.data)
        buf_json(out, value);
    else
        buf_lit(out, "null");
}

const struct acting *acting_of(struct request *request)
{
    const struct config_auth *auth = auth_of(request);
    const struct caller *caller = &request->principal.caller;
    struct buf claims;
    if (!auth->by_database)
        return NULL;
    struct acting *as = ARENA_NEW(&request->arena, struct acting);
    as->role = arena_copy(&request->arena, config_role_name(auth, caller->role));
    buf_init(&claims, ACTING_CLAIMS_MAX);
    add_claim(&claims, SLICE("sub"), caller->user);
    add_claim(&claims, SLICE("tenant"), caller->tenant);
    add_claim(&claims, SLICE("role"), as->role);
    buf_byte(&claims, '}');
    /* Where memory is out the claims are none, which no row is anybody's by. */
    as->claims = claims.failed ? SLICE("{}") : arena_copy(&request->arena, buf_slice(&claims));
    buf_done(&claims);
    return as;
}

void acting_planned(struct request *request)
{
    struct plan *plan = request->plan;
    PRE(plan != NULL);
    if (!auth_of(request)->by_database)
        return;
    plan->uses |= CALLER_ROLE | CALLER_TENANT | CALLER_USER;
    plan->tables_unknown = true;
    plan->total_key = (struct slice){0};
}

void acting_judge(struct request *request)
{
    struct problem *problem = &request->problem;
    bool known = caller_is_known(&request->principal.caller);
    if (auth_of(request)->by_database && !known && slice_eq(problem->code, SLICE("not-permitted")))
        problem->status = 401;
}
