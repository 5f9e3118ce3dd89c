/* SPDX-License-Identifier: Apache-2.0 */
/* PLAN of a function's call, as PostgREST has it: `/rpc/NAME`.
 *
 *   GET  /rpc/mills_on?river=Teign&built=gt.1700&select=id,rivers(name)     argument, then filters and select of what comes out
 *   POST /rpc/mills_on?select=id        {"river": "Teign"}                  arguments are the body's members
 *   POST /rpc/echo                      [1, 2]                              or the body is the one argument, which has no name
 *
 * Which overload is called follows from the names of the arguments. Its rows are a list like any other, in the order in which it gives
 * them: SELECT … FROM public.mills_on("river" => $1::text) AS leat_call WHERE ….
 * Failure: a problem. Pure; in the context's arena. */
#ifndef LEAT_QUERY_CALL_H
#define LEAT_QUERY_CALL_H

#include "base/record.h"
#include "query/plan.h"

enum call_body { CALL_BODY_NONE, CALL_BODY_JSON, CALL_BODY_TEXT, CALL_BODY_BYTES };

struct call {
    bool by_post;               /* else by GET: arguments are of the query string */
    const struct field *values; /* members of the body */
    unsigned value_count;
    enum call_body body_kind;
    struct slice body; /* whole, for a function of one argument without a name; valid JSON where it says so */
    bool body_is_one;  /* `Prefer: params=single-object`: or with one */
    bool body_is_list; /* no object: there are no members */
};

enum error plan_call(const struct plan_context *context, const struct rpc *rpc, const struct call *call,
                     struct slice query_string, struct plan **ret_plan,
                     struct problem *ret_problem) must_check;

/* Whether an overload takes the members of an object, and so whether the body has to be read as one. */
bool rpc_takes_members(const struct rpc *rpc);

#endif
