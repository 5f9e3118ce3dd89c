/* SPDX-License-Identifier: Apache-2.0 */
/* The operator in front of a filter's value, as PostgREST's grammar has it: `gte.100`, `not.in.(1,2)`, `like(any).{a*,b*}`,
 * `fts(english).cat`; or none in the plain manner.
 * Failure: a problem that names the nearest operator. Pure. */
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
    FILTER_MATCH,
    FILTER_IMATCH,
    FILTER_IN,
    FILTER_IS,
    FILTER_ISDISTINCT,
    FILTER_FTS,   /* to_tsquery */
    FILTER_PLFTS, /* plainto_tsquery */
    FILTER_PHFTS, /* phraseto_tsquery */
    FILTER_WFTS,  /* websearch_to_tsquery */
    FILTER_CS,    /* @> contains */
    FILTER_CD,    /* <@ is contained */
    FILTER_OV,    /* && overlaps */
    FILTER_SL,    /* << strictly left */
    FILTER_SR,    /* >> strictly right */
    FILTER_NXR,   /* &< does not extend to the right */
    FILTER_NXL,   /* &> does not extend to the left */
    FILTER_ADJ,   /* -|- adjacent */
    FILTER_COUNT
};

/* One value, or a list of which any or all must fit. */
enum quantifier { QUANTIFIER_NONE, QUANTIFIER_ANY, QUANTIFIER_ALL };

struct operator_read {
    enum filter_op op;
    bool negated;
    enum quantifier quantifier;
    struct slice config;  /* of a text search, `english`; empty: the database's own */
    struct slice word;    /* as written; "eq" where none was */
    struct slice operand; /* what stands behind it */
};

/* What an operator is in SQL, the same on both stores but for what the dialects say: `<>`, `@>`; empty: it is no sign. */
struct slice operator_sign(enum filter_op op);

/* The function that makes a query of the operand of a text search. */
struct slice operator_search(enum filter_op op);

static inline bool operator_is_search(enum filter_op op)
{
    return op >= FILTER_FTS && op <= FILTER_WFTS;
}

/* A value without an operator was just refused, such as `gtt.7` for a number: names the operator that was meant, if one is near.
 * Always false. */
bool operator_refuse_meant(struct build *build, struct slice value);

/* Whether it begins with an operator and a dot, or with `not.`. */
bool operator_begins(struct slice value);

/* bare: a value without an operator is one to be equal to. */
bool operator_read(struct build *build, const struct param *param, bool bare,
                   struct operator_read *ret_read) must_check;

#endif
