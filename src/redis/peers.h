/* SPDX-License-Identifier: Apache-2.0 */
/* What is known of the other instances by the messages they tell (bumps.h): up to where each was heard, and when. Pure but for its own
 * memory, which is bounded: of more instances than PEERS_MAX the longest unheard is forgotten. One thread. Cannot fail. */
#ifndef LEAT_REDIS_PEERS_H
#define LEAT_REDIS_PEERS_H

#include "base/clock.h"
#include "base/slice.h"
#include "redis/token.h"

enum { REDIS_PEERS_MAX = 128 };

enum redis_message_kind {
    REDIS_MESSAGE_BUMP,
    REDIS_MESSAGE_ALL,
    REDIS_MESSAGE_BEAT,
    REDIS_MESSAGE_NEW,
    REDIS_MESSAGE_BYE
};

struct redis_message {
    struct slice instance;
    uint64_t sequence;
    enum redis_message_kind kind;
    struct slice tags; /* those not yet taken out */
};

/* False: it is not one of ours. */
bool redis_message_read(struct slice text, struct redis_message *ret_message);
bool redis_message_next_tag(struct redis_message *message, uint32_t *ret_tag);

struct redis_peer {
    char instance[REDIS_TOKEN_LEN + 1]; /* empty: free */
    uint64_t sequence;
    struct mono heard_at;
    bool silent, settled; /* settled: it has said so, by a beat */
};

struct redis_peers {
    struct redis_peer items[REDIS_PEERS_MAX];
};

/* True: something it told before may have gone unheard. */
bool redis_peers_hear(struct redis_peers *peers, const struct redis_message *message, struct mono now);

/* Whether any is settled, and has not fallen silent or taken its leave. */
bool redis_peers_are_settled(const struct redis_peers *peers);

/* Whether one has been silent for so long and was not before. */
bool redis_peers_fell_silent(struct redis_peers *peers, struct mono now, int64_t silent_ms);

#endif
