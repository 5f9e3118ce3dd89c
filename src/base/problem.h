/* SPDX-License-Identifier: Apache-2.0 */
/* What is wrong with a request, as data. Whoever finds it fills one; respond/ alone turns it into HTTP (RFC 9457 in the
 * plain manner, PostgREST's members in its manner); the log gets `cause`, a client never does.
 * All slices point into the request's arena or are literals. Pure. */
#ifndef LEAT_BASE_PROBLEM_H
#define LEAT_BASE_PROBLEM_H

#include "base/slice.h"

struct problem {
    unsigned status;       /* HTTP status code, 0: no problem */
    struct slice code;     /* a stable word for programs: "unknown-column", "wrong-type" (doc/problems.md) */
    struct slice pg_code;  /* PostgREST's code or SQLSTATE, postgrest manner: "PGRST204", "22P02" */
    struct slice detail;   /* one sentence for people: what is wrong, where */
    struct slice details;  /* what PostgREST says beside its message (postgrest manner alone); may be empty */
    bool details_are_json; /* no sentence, but JSON */
    struct slice hint;     /* what to do about it; may be empty */
    struct slice place;    /* the parameter, header or path segment at fault; may be empty */
    struct slice column;   /* may be empty */
    struct slice constraint; /* of a write that broke one; may be empty */
    struct slice value;      /* what was given, cut to PROBLEM_VALUE_MAX; data NULL: none */
    struct slice nearest;    /* the right word nearest to a mistyped one; may be empty */
    struct slice allow;      /* for 405: the Allow header */
    struct slice cause;      /* for the log alone: the database's own words, errno */
    unsigned retry_after_s;
};

#define PROBLEM_VALUE_MAX 100

static inline bool problem_is(const struct problem *problem)
{
    return problem->status != 0;
}

#endif
