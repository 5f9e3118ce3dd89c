/* SPDX-License-Identifier: Apache-2.0 */
/* The limiter's seat at the rounds between instances (redis/rounds.h): ten times a second it says what was asked of its keys, hears what the
 * others were asked, and has its shares dealt by that (limit/share.h). No request waits for it, and none knows of it.
 *
 *   alone ── a deal ──▶ one of N: shares by demand ── no deal comes any more ──▶ each keeps the share it has
 *                          ▲        └── fewer than N for a second: they deal the whole among them
 *                          └── a deal ──┘
 *
 * Ownership: its owner's, who keeps the client and the limiter longer. Threads: its loop's; the metrics from any. Failure: none. */
#ifndef LEAT_REQUEST_LIMIT_ROUNDS_H
#define LEAT_REQUEST_LIMIT_ROUNDS_H

#include "limit/limiter.h"
#include "observe/metrics.h"
#include "redis/rounds.h"

struct limit_rounds;

struct limit_rounds *limit_rounds_open(struct redis_plan *plan, struct redis *redis, struct loop *loop,
                                       struct limiter *limiter);
/* Then turn the loop until it is quiet, then free. */
void limit_rounds_close(struct limit_rounds *rounds);
bool limit_rounds_is_quiet(const struct limit_rounds *rounds);
void limit_rounds_free(struct limit_rounds *rounds); /* takes NULL */

/* leat_limit_instances, leat_limit_rounds_total. Takes NULL: there are none. */
void limit_rounds_metrics(const struct limit_rounds *rounds, struct metrics_page *page);

#endif
