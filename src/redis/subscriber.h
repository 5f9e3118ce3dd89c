/* SPDX-License-Identifier: Apache-2.0 */
/* A subscriber: one connection that listens to one channel, over and over. It says when it hears and when it does not, so that who
 * holds what messages would change knows when to distrust it: a message of a time in which the subscriber was down never comes.
 *
 *   DOWN ──(connected, SUBSCRIBE confirmed: on_up)──▶ UP ──(link lost: on_down)──▶ DOWN …
 *
 * While it is up Redis is asked PING whenever it said nothing for half of silent_ms; no answer within silent_ms is a loss. Of several
 * hosts the next is tried after each loss: a Cluster carries messages to all of its nodes.
 *
 * Ownership: its owner's, from open to free. Threads: its loop's. Events come from the loop, never from within a call. */
#ifndef LEAT_REDIS_SUBSCRIBER_H
#define LEAT_REDIS_SUBSCRIBER_H

#include "redis/link.h"

struct redis_subscriber {
    uint32_t magic;
    struct redis_link link;
    bool up;
    unsigned host_at;
    struct slice channel; /* its owner's */
    struct task next_host;
    void (*on_up)(struct redis_subscriber *subscriber);
    void (*on_down)(struct redis_subscriber *subscriber);
    void (*on_message)(struct redis_subscriber *subscriber, struct slice message);
};

/* Zero it and set channel and events before. */
void redis_subscriber_open(struct redis_subscriber *subscriber, struct redis_plan *plan, struct loop *loop);
void redis_subscriber_close(struct redis_subscriber *subscriber);
bool redis_subscriber_is_quiet(const struct redis_subscriber *subscriber);
/* Frees what it holds; it must be closed and quiet. */
void redis_subscriber_done(struct redis_subscriber *subscriber);

#endif
