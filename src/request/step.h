/* SPDX-License-Identifier: Apache-2.0 */
/* Where a request is on its way. Plain data; any thread. */
#ifndef LEAT_REQUEST_STEP_H
#define LEAT_REQUEST_STEP_H

/* The way of a request: see the table in steps.c. */
enum step {
    STEP_ROUTE,
    STEP_IDENTIFY,
    STEP_LIMIT,
    STEP_BUILTIN,
    STEP_CACHE,
    STEP_BODY,
    STEP_PLAN,
    STEP_BATCH,
    STEP_FETCH,
    STEP_ENCODE,
    STEP_STREAM,
    STEP_UPSTREAM,
    STEP_RESPOND,
    STEP_END,
    STEP_COUNT,
    STEP_WAIT /* parked: whoever was asked wakes it with request_resume */
};

/* "route", "plan"…: for Server-Timing, logs and tests. */
const char *step_name(enum step step);

#endif
