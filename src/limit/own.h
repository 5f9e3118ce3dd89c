/* SPDX-License-Identifier: Apache-2.0 */
/* What the limiter is made of. Of limiter.c and exchange.c alone; limiter.h says who may do what. */
#ifndef LEAT_LIMIT_OWN_H
#define LEAT_LIMIT_OWN_H

#include <pthread.h>

#include "base/map.h"
#include "limit/limiter.h"

#define LIMITER_MAGIC 0x4c696d69u

/* A key that is claimed in the next round, and its quota. */
struct limit_active {
    uint64_t key;
    struct limit_quota quota;
    unsigned tries;  /* rounds in which not all claimed it yet */
    uint32_t demand; /* as it was claimed */
};

/* In a slot's demand: it is among the active. */
#define LIMIT_DEMAND_NOTED (1u << 31)

struct limiter {
    uint32_t magic;
    uint64_t seed;
    int64_t offset_ns;         /* limit time less monotonic time */
    atomic_uint share_default; /* LIMIT_SHARE_WHOLE / instances */
    struct limit_table *table;
    pthread_mutex_t lock; /* of accounts' identity and refs */
    struct limit_account accounts[LIMIT_RULES_MAX];
    atomic_uint accounts_used; /* refs, all together */

    unsigned self;               /* the exchange's: which instance this is */
    pthread_mutex_t active_lock; /* of the two below; the count may be looked at without */
    atomic_uint active_count;
    struct limit_active *active; /* one of the lists */
    unsigned sent_count; /* the exchange's, as all below: what was exported last, in the order of keys */
    struct limit_active *sent, *spare;
    struct limit_time sent_at;
    struct limit_active lists[3][LIMIT_CLAIMS_MAX];
};

static inline unsigned limiter_share(const struct limiter *limiter, const struct limit_slot *slot)
{
    unsigned share = atomic_load_explicit(&slot->share, memory_order_relaxed);
    return share ? share : atomic_load_explicit(&limiter->share_default, memory_order_relaxed);
}

/* exchange.c: a key of which little is left here is claimed in the next round. */
void limiter_note_active(struct limiter *limiter, struct limit_slot *slot, const struct limit_active *active);

#endif
