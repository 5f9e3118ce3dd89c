/* SPDX-License-Identifier: Apache-2.0 */
/* Rounds: every interval each instance says something, and each is given the very same: what all of them said, in the same order. So
 * that all can calculate alike from it, as shares of a limit are (limit/share.h).
 *
 *   every interval:  on_offer ─► PUBLISH offer ─┬─▶ the leader: the least name of those that were heard within a second
 *                                               │      all offers are there, or an interval is over ─► PUBLISH deal
 *   on_deal ◀── to all whose offers are in it ──┴────────────────────────────────────────────────────────┘
 *
 *   v1 NAME offer ROUND\nBYTES        v1 NAME deal ROUND COUNT\n(NAME LENGTH\nBYTES) × COUNT
 *
 * A round whose deal does not come is left out: after three intervals the next offer is asked for. Who hears a deal of a round that is
 * over, or that has not its own offer in it, leaves that out, too. Without Redis there are no rounds.
 *
 * Ownership: one per process, on one loop; the client is its owner's and must outlive it. Threads: its loop's.
 * Failure: none; it goes on by itself. */
#ifndef LEAT_REDIS_ROUNDS_H
#define LEAT_REDIS_ROUNDS_H

#include "redis/redis.h"

enum { REDIS_ROUND_MEMBERS_MAX = 64, REDIS_OFFER_BYTES_MAX = 128 * 1024 };

struct redis_rounds;

struct redis_rounds_events {
    void *context;
    /* Writes what this instance says into out; nothing is something, too. */
    void (*on_offer)(void *context, struct buf *out);
    /* What all said, by their names; self: the place of this instance. The slices are valid until it returns. */
    void (*on_deal)(void *context, const struct slice *offers, unsigned count, unsigned self);
};

struct redis_rounds *redis_rounds_open(struct redis_plan *plan, struct redis *redis, struct loop *loop,
                                       int64_t interval_ms, const struct redis_rounds_events *events);
void redis_rounds_close(struct redis_rounds *rounds);
bool redis_rounds_is_quiet(const struct redis_rounds *rounds);
void redis_rounds_free(struct redis_rounds *rounds); /* takes NULL */

#endif
