/* SPDX-License-Identifier: Apache-2.0 */
/* The steps' functions, one adapter each: it hands its stage what the stage needs and names the next step.
 * Only steps.c calls them. */
#ifndef LEAT_REQUEST_STEPS_H
#define LEAT_REQUEST_STEPS_H

#include "request/request.h"

enum step step_route(struct request *request);    /* route_steps.c */
enum step step_identify(struct request *request); /* route_steps.c */
enum step step_limit(struct request *request);    /* limit_step.c */
enum step step_builtin(struct request *request);  /* health.c */
enum step step_cache(struct request *request);    /* cache_step.c */
enum step step_body(struct request *request);     /* body_step.c */
enum step step_plan(struct request *request);     /* read_steps.c */
enum step step_batch(struct request *request);    /* batch.c */
enum step step_fetch(struct request *request);    /* read_steps.c */
enum step step_encode(struct request *request);   /* read_steps.c */
enum step step_stream(struct request *request);   /* stream_steps.c */
enum step step_upstream(struct request *request); /* upstream_step.c */
enum step step_respond(struct request *request);  /* respond_steps.c */

/* read_steps.c: what the head of a read asks: `Prefer`, `Range`, and of `Accept` the format. On failure request->problem. */
enum error request_asked(struct request *request) must_check;
/* read_steps.c: which envelope the answer bears; NULL: a bare array, or the bare object or value. */
const struct envelope *request_envelope(const struct request *request);
/* read_steps.c: the one row that the answer is to be is not there; request->problem says so. */
bool request_lacks_rows(struct request *request);

#endif
