/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an answer is kept, for how long, and under which key: all that it is asked by, and what of the caller it may hang on. */
#include "base/buf.h"
#include "request/keeping.h"
#include "request/upstream_step.h"

const struct cache_policy *keeping_policy_of(const struct request *request, int64_t *ret_ttl_ms)
{
    const struct route *route = &request->route;
    const struct cache_policy *policy = NULL;
    int64_t ttl_ms = 0;
    if (route->kind == ROUTE_LIST || route->kind == ROUTE_ROW) {
        policy = &route->resource->config->cache;
        ttl_ms = route->kind == ROUTE_ROW ? policy->row_ms : policy->list_ms;
    } else if (route->kind == ROUTE_QUERY && !route->query->changes) {
        policy = &route->query->config->cache;
        ttl_ms = policy->list_ms;
    } else if (route->kind == ROUTE_UPSTREAM && upstream_may_be_kept(request)) {
        policy = &route->upstream->cache;
        ttl_ms = policy->list_ms;
    }
    bool export = format_is_export(request->format) && route->kind != ROUTE_ROW;
    *ret_ttl_ms = ttl_ms;
    return ttl_ms > 0 && !export ? policy : NULL;
}

unsigned keeping_parts_of(const struct cache_policy *policy)
{
    static const unsigned parts[] = {[SHARE_AUTO] = 0,
                                     [SHARE_ROLE] = CALLER_ROLE,
                                     [SHARE_TENANT] = CALLER_ROLE | CALLER_TENANT,
                                     [SHARE_USER] = CALLER_ROLE | CALLER_TENANT | CALLER_USER};
    return parts[policy->share];
}

static void add_number(struct buf *out, uint64_t number)
{
    buf_append(out, (const char *)&number, sizeof number);
}

/* With its length before it: no two texts run into each other. */
static void add_text(struct buf *out, struct slice text)
{
    add_number(out, text.data ? text.len : UINT64_MAX);
    buf_add(out, text);
}

static void add_route(struct buf *out, const struct request *request)
{
    const struct route *route = &request->route;
    bool query = route->kind == ROUTE_QUERY;
    add_number(out, (uint64_t)route->kind << 8 | (uint64_t)route->manner);
    add_number(out, query ? route->query->index : route->resource->index);
    add_text(out, route->kind == ROUTE_ROW ? route->id : SLICE(""));
    add_text(out, route->schema);
    add_text(out, request->query_string);
}

static void add_asked(struct buf *out, const struct request *request)
{
    const struct prefer *prefer = &request->prefer;
    add_number(out, (uint64_t)request->format << 16 | (uint64_t)prefer->count << 8 | prefer->strict);
    add_number(out, request->range.given);
    if (request->range.given) {
        add_number(out, (uint64_t)request->range.first);
        add_number(out, (uint64_t)request->range.rows);
    }
}

/* Of another service's answer: what it may choose its form by, too. */
static void add_service(struct buf *out, const struct request *request)
{
    const struct http_head *head = request->head;
    const struct config *config = request->snapshot->model->config;
    add_number(out, (uint64_t)ROUTE_UPSTREAM << 8);
    add_number(out, (uint64_t)(request->route.upstream - config->upstreams));
    add_text(out, head->host); /* it is told whom it was asked as, and may write that into its answer */
    add_text(out, head->path);
    add_text(out, request->query_string);
    add_text(out, http_head_get(head, HTTP_ACCEPT));
    add_text(out, http_head_find(head, SLICE("Accept-Language")));
}

/* Rights are in every key, so that nobody is served what another role made. */
static void add_caller(struct buf *out, const struct caller *caller, unsigned parts)
{
    add_number(out, (uint64_t)caller->roles << 32 | parts);
    add_text(out, caller->scope);
    if (parts & CALLER_ROLE) {
        add_number(out, caller->role);
        add_text(out, caller->role_name);
    }
    if (parts & CALLER_TENANT)
        add_text(out, caller->tenant);
    if (parts & CALLER_USER)
        add_text(out, caller->user);
}

bool keeping_make_key(struct request *request, struct slice *ret_question)
{
    struct keeping *keeping = request->keeping;
    struct buf *out = &request->worker->key;
    buf_clear(out);
    add_number(out, request->snapshot->model->number);
    if (request->route.kind == ROUTE_UPSTREAM) {
        add_service(out, request);
    } else {
        add_route(out, request);
        add_asked(out, request);
    }
    add_caller(out, &request->principal.caller, keeping->parts);
    keeping->key = cache_key_of(&request->worker->service->cache_secret, buf_slice(out));
    *ret_question = slice_skip(buf_slice(out), sizeof(uint64_t));
    bool made = !out->failed;
    if (!made)
        buf_done(out);
    return made;
}
