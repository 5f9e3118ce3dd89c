/* SPDX-License-Identifier: Apache-2.0 */
/* The operator in front of a filter's value: `gte.100`, `not.in.(1,2)`, or none in the plain manner.
 * Failure: a problem that names the nearest operator, or says that it is of a later version. Pure. */
#ifndef LEAT_QUERY_OPERATOR_H
#define LEAT_QUERY_OPERATOR_H

#include "query/params.h"

enum filter_op {
    FILTER_EQ,
    FILTER_NEQ,
    FILTER_GT,
    FILTER_GTE,
    FILTER_LT,
    FILTER_LTE,
    FILTER_LIKE,
    FILTER_ILIKE,
    FILTER_IN,
    FILTER_IS
};

struct operator_read {
    enum filter_op op;
    bool negated;
    struct slice word;    /* as written; "eq" where none was */
    struct slice operand; /* what stands behind it */
};

/* A value without an operator was just refused, such as `gtt.7` for a number: names the operator that was meant, if one is near.
 * Always false. */
bool operator_refuse_meant(struct build *build, struct slice value);

bool operator_read(struct build *build, const struct param *param, struct operator_read *ret_read) must_check;

#endif
