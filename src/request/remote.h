/* SPDX-License-Identifier: Apache-2.0 */
/* What a process has of Redis: a thread of its own, whose loop exchanges bumps with the other instances (redis/bumps.h), deals shares of
 * limits with them while there are rules (limit_rounds.h), and looks how Redis is. No request waits for it: a worker adds what it has
 * written to a set, and is told what others have written by the tags that all workers share.
 *
 *   remote_start ─► running ─► remote_stop: says farewell, waits until nothing is out ─► joined, freed
 *
 * Ownership: the service's. Threads: start and stop on the main thread; all else from any.
 * Failure: at start, files of TLS that cannot be read. Afterwards none: Redis away is a state, told by the log and in /health. */
#ifndef LEAT_REQUEST_REMOTE_H
#define LEAT_REQUEST_REMOTE_H

#include "cache/tags.h"
#include "config/redis.h"
#include "loop/offload.h"
#include "observe/metrics.h"
#include "redis/bumps.h"

struct limiter;
struct remote;

/* NULL: why. config names a Redis; tags: of this process, made stale by what others write; limiter: of this process, one of
 * several; both must outlive it. */
struct remote *remote_start(const struct config_redis *config, struct offload *offload, struct tags *tags,
                            struct limiter *limiter, char ret_why[256]);
/* Before the offload pool ends; nothing may be told any more. Takes NULL. */
void remote_stop(struct remote *remote);

/* Written here, and stale here already: for all others. Take NULL: there is no Redis. */
void remote_tell(struct remote *remote, uint32_t tag);
void remote_tell_all(struct remote *remote);

struct remote_state {
    bool up, trusted; /* trusted: what others write is heard */
    int64_t lag_us;
    char why[256]; /* when it is not up */
};
void remote_state(struct remote *remote, struct remote_state *ret_state);

/* leat_redis_… and what the rounds of limits have: families for /metrics. Takes NULL: none. */
void remote_metrics(struct remote *remote, struct metrics_page *page);

/* What connections to it share. */
struct redis_plan *remote_plan(struct remote *remote);
const struct redis_bumps *remote_bumps(const struct remote *remote);

#endif
