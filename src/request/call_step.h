/* SPDX-License-Identifier: Apache-2.0 */
/* PLAN and ENCODE of a function's call and of a named query, where they differ from those of a list: arguments come in the query string or
 * in the body, and the answer may be nothing, or a number. Failure: request->problem. */
#ifndef LEAT_REQUEST_CALL_STEP_H
#define LEAT_REQUEST_CALL_STEP_H

#include "query/call.h"
#include "request/request.h"

/* The forms its answer may take. */
unsigned call_formats(const struct rpc *rpc);

/* What a body of this Content-Type is to a function of one argument; TEXT and BYTES are for such alone. */
enum call_body call_body_of(struct slice content_type);

/* The body is read; request->plan is set. */
enum error call_plan(struct request *request, struct plan_context *context) must_check;

/* The same of a named query, which has a body when it changes something. */
enum error query_plan(struct request *request, const struct plan_context *context) must_check;

/* Nothing, no row, or how many rows were changed: then the answer is set. */
bool call_is_answered(struct request *request);

#endif
