/* SPDX-License-Identifier: Apache-2.0 */
/* `Range: 0-24`, counted in items: how PostgREST's clients may say `limit` and `offset` in the head of a request.
 * Pure; in the given arena. Failure: a 416. */
#ifndef LEAT_QUERY_RANGE_H
#define LEAT_QUERY_RANGE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/problem.h"

struct range {
    bool given;
    int64_t first; /* from 0 */
    int64_t rows;  /* INT64_MAX: to the end */
};

/* value, unit: of `Range` and `Range-Unit`; data NULL: absent. Ranges of other units, such as bytes, are as if not given (RFC 9110
 * section 14.2). */
enum error range_parse(struct slice value, struct slice unit, struct arena *arena, struct range *ret_range,
                       struct problem *ret_problem) must_check;

/* The 416 of a limit below 0. */
void range_refuse_limit(struct slice value, struct problem *ret_problem);

/* The 416 of a page that would begin behind the end. */
void range_refuse_beyond(uint64_t offset, uint64_t total, struct arena *arena, struct problem *ret_problem);

#endif
