/* SPDX-License-Identifier: Apache-2.0 */
/* Which node of a Redis Cluster holds a key: the slot of a key, the map of slots, and what nodes say when the map is old.
 *
 *   slot = CRC16(key, or what stands between its first `{` and the next `}`) mod 16384
 *   CLUSTER SLOTS → [[first, last, [host, port, id, …], replica, …], …]
 *   -MOVED 3999 127.0.0.1:6381      the slot lives there now
 *   -ASK 3999 127.0.0.1:6381        it is moving there: this once, behind ASKING
 *
 * Pure. Failure: ERR_INVALID, what is returned through pointers being untouched. Texts point into what was read. */
#ifndef LEAT_REDIS_SLOTS_H
#define LEAT_REDIS_SLOTS_H

#include "config/redis.h"
#include "redis/reply.h"

enum { REDIS_SLOTS = 16384, REDIS_NODES_MAX = 64, REDIS_NODE_NONE = 255 };

struct redis_slots {
    struct redis_host nodes[REDIS_NODES_MAX]; /* masters */
    unsigned count;
    uint8_t owner[REDIS_SLOTS]; /* a place in nodes, or REDIS_NODE_NONE */
};

struct redis_redirect {
    bool ask;
    struct redis_host to; /* name empty: the host that said so */
};

unsigned redis_slot(struct slice key);

/* asked: the host that answered, for entries without one. */
enum error redis_slots_read(const struct redis_reply *reply, struct slice asked,
                            struct redis_slots *ret_slots) must_check;

/* False: the text of this error is no redirection. */
bool redis_redirect_read(struct slice text, struct redis_redirect *ret_redirect);

#endif
