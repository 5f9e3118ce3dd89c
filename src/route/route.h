/* SPDX-License-Identifier: Apache-2.0 */
/* ROUTE: method and path → what is asked for. A table made once per model; a match allocates nothing.
 *
 * Fixed paths beat `{id}`; query paths (dashboard/stats) beat resources; of two serve prefixes that claim one path the longer has
 * it. What another service answers by a prefix comes after all else: paths that are not served here, and methods that are not
 * possible at those that are. What nobody may read or write (read: none) is not routed: 404, as if absent.
 * Pure; a table is read-only after route_table_new: any thread. It points into the model, which must outlive it. */
#ifndef LEAT_ROUTE_ROUTE_H
#define LEAT_ROUTE_ROUTE_H

#include "base/problem.h"
#include "catalog/model.h"
#include "http/head.h"

struct route_table;

enum route_kind {
    ROUTE_LIST,
    ROUTE_ROW,
    ROUTE_QUERY,
    ROUTE_RPC,
    ROUTE_BATCH,
    ROUTE_LIVE,
    ROUTE_READY,
    ROUTE_HEALTH,
    ROUTE_OPENAPI,
    ROUTE_DOCS,
    ROUTE_LIMITS,
    ROUTE_CACHE,
    ROUTE_SIGNAL,
    ROUTE_METRICS,
    ROUTE_UPSTREAM,
    ROUTE_LOGIN,
    ROUTE_LOGOUT
};

struct route {
    enum route_kind kind;
    unsigned number;                        /* of its template; 0: nothing was matched */
    const struct resource *resource;        /* LIST, ROW */
    const struct named_query *query;        /* QUERY */
    const struct rpc *rpc;                  /* RPC */
    const struct config_upstream *upstream; /* UPSTREAM */
    const struct config_signal *signal;     /* SIGNAL */
    struct slice rest;                      /* UPSTREAM of a prefix: the path behind it, as sent */
    enum manner manner; /* plain for built-in paths; also set with a problem, by the path's prefix */
    struct slice id;    /* ROW, DOCS, LIMITS, CACHE: the last segment as sent, percent-encoded */
    bool write;         /* POST, PUT, PATCH or DELETE of a LIST or ROW */
    bool body;          /* the same, and POST of a QUERY or RPC: it has a body */
    struct slice
        schema; /* LIST, ROW in PostgREST's manner, where it chose between several or the request named it */
    bool preflight;     /* OPTIONS on a path that exists: 204 with Allow */
    struct slice allow; /* with preflight */
};

struct route_table *route_table_new(const struct model *model);
void route_table_free(struct route_table *table); /* takes NULL */

/* The templates that requests are counted by: "/api/users", "/api/users/{id}", "/health", "/legacy/{path}". Numbers are from 1 to the count. */
unsigned route_template_count(const struct route_table *table);
struct slice route_template(const struct route_table *table, unsigned number);

/* In PostgREST's manner `Accept-Profile`, of writes `Content-Profile`, chooses a schema: a resource is then looked for in it alone, by
 * its own name or its table's.
 * arena: for decoding, which few paths need, and for the words of a problem. On ERR_PROBLEM ret_route->manner is set all
 * the same. Problems: 404 unknown-path (nearest: of what somebody may read, not yet of what this caller may),
 * 405 method-not-allowed (allow), 406 unknown-schema, 400 bad-path (escapes, dot segments). */
enum error route_match(const struct route_table *table, const struct http_head *head, struct arena *arena,
                       struct route *ret_route, struct problem *ret_problem) must_check;

#endif
