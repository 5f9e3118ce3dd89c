/* SPDX-License-Identifier: Apache-2.0 */
/* Which overload of a function a call means, and with which arguments. See call.h, whose rules of failure hold. */
#ifndef LEAT_QUERY_CALL_CHOOSE_H
#define LEAT_QUERY_CALL_CHOOSE_H

#include "query/call.h"
#include "query/params.h"

struct calling {
    struct build *build;
    const struct rpc *rpc;
    const struct call *call;
    struct field *values; /* the arguments by name; of a URL a variadic one may be there several times */
    unsigned value_count;
    const struct function *function; /* the one that is called */
    bool whole;                      /* its one argument is the body */
};

/* Takes out of a GET's parameters those that are arguments; the others stay, in their order. */
void call_take_params(struct calling *calling, struct params *params);

/* Finds the function. */
bool call_choose(struct calling *calling) must_check;

#endif
