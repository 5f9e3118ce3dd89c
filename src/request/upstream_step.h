/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that another service answers: what a snapshot and a worker keep for them, and what the steps ask. */
#ifndef LEAT_REQUEST_UPSTREAM_STEP_H
#define LEAT_REQUEST_UPSTREAM_STEP_H

#include "request/request.h"
#include "upstream/upstream.h"

struct metrics_page;
struct snapshot;

/* A service as it is configured; the one that `before` has at the same path and just so is taken over. */
struct upstream *upstream_service_new(const struct config_upstream *config, const struct snapshot *before);
/* The services of a configuration, in its order. One that `before` (NULL: there is none) has at the same path and just so is
 * taken over, with its breaker and counts; the others begin anew. NULL: none. */
struct upstream **upstreams_new(const struct config *config, const struct snapshot *before);
void upstreams_free(struct upstream **upstreams, const struct config *config);
/* upstream_metrics.c: how they fare. */
void upstreams_metrics(struct upstream *const *upstreams, const struct config *config,
                       struct metrics_page *page);

/* Whether the answer to this may be another's, too: it is read, and the service does not hear who asks. */
bool upstream_may_be_kept(const struct request *request);
/* Asks, when it runs, what `asker` asks; its route, caller and query string are set. Copies all. */
void upstream_ask_again(struct request *request, const struct request *asker);

/* Of a cancelled request, and at any one's end: its call is given up. */
void request_stop_upstream(struct request *request);

#endif
