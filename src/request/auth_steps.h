/* SPDX-License-Identifier: Apache-2.0 */
/* IDENTIFY's credential: Authorization: Bearer, a token, a stored session or an API key, becomes the request's principal.
 *
 *   known to this worker, and fresh ─→ the principal
 *   a signed token ─ its keys ───────→ the principal
 *   a session ─→ [⏳ its copy in Redis, session_copy.h] ─┬─→ the principal
 *   an API key ─→ ⏳ the database ◀───────────── none ───┴─→ the principal
 *   anything else ─→ 401, the same for all; why stands in the log alone
 *
 * Threads: the request's worker. */
#ifndef LEAT_REQUEST_AUTH_STEPS_H
#define LEAT_REQUEST_AUTH_STEPS_H

#include "request/request.h"

struct metrics_page;
struct service;
struct snapshot;

/* True: the principal is known, or nobody. False: *ret_step is where the request goes, or WAIT: then it goes on by
 * request_identified. */
bool auth_identify(struct request *request, enum step *ret_step);

/* IDENTIFY, once the principal is known: may it? (route_steps.c) */
enum step request_identified(struct request *request);

/* 401: what was shown is no good; why: for the log. It is counted by LIMIT before it is told. */
enum step auth_refuse(struct request *request, const char *why);
/* 503: what is needed to judge is not there yet. */
enum step auth_unready(struct request *request);

/* Families leat_auth_… (auth_metrics.c) */
void auth_metrics(struct service *service, const struct snapshot *snapshot, struct metrics_page *page);

#endif
