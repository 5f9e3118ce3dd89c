/* SPDX-License-Identifier: Apache-2.0 */
/* What others write to the database ends what is kept here as a write of our own does (depends.h), and is told to other instances: who
 * hears it from Redis tells nobody. Where `changes:` says so; store/listen.h says how it is heard.
 *
 *   DEAF ──(it hears)──▶ HEARS      everything is stale at that moment, for what was written before was not heard
 *     └ everything is stale once a second: what is served is not older than that
 *
 * Ownership: the service's; worker 0 starts it, and follows reloads to other databases. Threads: start, follow and stop on worker 0's,
 * metrics from any. Failure: told in the log, and tried again. */
#ifndef LEAT_REQUEST_OUTSIDE_H
#define LEAT_REQUEST_OUTSIDE_H

#include "observe/metrics.h"

enum { OUTSIDE_DEAF_MS = 1000 };

struct outside;
struct worker;

struct outside *outside_new(void);
void outside_free(struct outside *outside); /* takes NULL */

void outside_start(struct outside *outside, struct worker *worker);
/* The worker has another snapshot: perhaps another database, perhaps nothing is to be heard any more. */
void outside_follow(struct outside *outside);
/* False: it is to hear and does not yet, or not at the moment. Any thread. */
bool outside_is_settled(const struct outside *outside);
/* May turn the loop. */
void outside_stop(struct outside *outside);

/* leat_changes_…: families for /metrics; none where `changes` is off. */
void outside_metrics(struct outside *outside, struct metrics_page *page);

#endif
