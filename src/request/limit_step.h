/* SPDX-License-Identifier: Apache-2.0 */
/* LIMIT for others than requests themselves: events that rules count by their name, and pages about limits.
 * Threads: the worker's. Failure: request->problem. */
#ifndef LEAT_REQUEST_LIMIT_STEP_H
#define LEAT_REQUEST_LIMIT_STEP_H

#include "limit/rules.h"
#include "request/request.h"

struct metrics_page;

/* What was taken for an event, so that it can be given back. */
struct limit_event {
    struct limit_charge charges[LIMIT_CHARGES_MAX];
    unsigned count;
};

/* Before what may come to the event begins (a login, before its hash is made): takes what rules with `on:` that event count by the
 * request's address and that account. False: a limit is used up, request->problem is a 429 that says until when. */
bool request_limit_event(struct request *request, enum limit_on on, struct slice account,
                         struct limit_event *ret_event) must_check;
/* It did not come to the event (the login succeeded, or was none): gives it all back. */
void request_limit_event_undo(struct request *request, struct limit_event *event);

/* Who asks, as rules count it; its route is not said. */
struct limit_caller request_limit_caller(const struct request *request);

/* GET PREFIX/v1/limits/me, and /limits/{user} for operators. */
enum step limit_page_answer(struct request *request);

/* Families leat_limit_… */
void limit_metrics(const struct limit_rules *rules, struct metrics_page *page);

#endif
