/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration says of other HTTP services: which paths they answer, and how long they may take. Part of config.h, which says
 * who owns it. Immutable after loading: any thread. */
#ifndef LEAT_CONFIG_UPSTREAM_H
#define LEAT_CONFIG_UPSTREAM_H

#include "config/cache.h"
#include "config/limit.h"
#include "http/head.h"

/* `/api/parse: http://…/parse` is answered by the service's own path; where the URL has none, by the path as it was asked for.
 * A prefix ends in a slash, and so does its URL's path. */
struct config_upstream {
    struct word path; /* "/api/parse"; "/legacy/": whatever begins so and nothing else answers */
    bool is_prefix;
    struct word url;
    struct slice origin;  /* of the URL: "http://127.0.0.1:9000" */
    struct slice base;    /* of the URL: "/parse"; empty: it has no path */
    unsigned read, write; /* roles that may: GET, HEAD and OPTIONS; the others */
    unsigned methods;     /* bits: 1 << enum http_method */
    int64_t connect_ms, timeout_ms, whole_ms;
    unsigned rate_min, retries, concurrent_max;
    unsigned breaker_failures;
    int64_t breaker_window_ms, breaker_open_ms;
    uint64_t body_bytes_max, answer_bytes_max;
    bool authorization; /* passes */
    struct slice *drop; /* names of fields of requests that do not pass */
    unsigned drop_count;
    struct http_field *add; /* fields that every request bears */
    unsigned add_count;
    struct cache_policy cache;   /* of GET; off, unless declared here */
    struct config_tables tables; /* that answers are made of, and other methods change */
    struct config_limits limits;
};

#endif
