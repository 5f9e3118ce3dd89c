/* SPDX-License-Identifier: Apache-2.0 */
/* What the limiter is made of. Of limiter.c and exchange.c alone; limiter.h says who may do what. */
#ifndef LEAT_LIMIT_OWN_H
#define LEAT_LIMIT_OWN_H

#include <pthread.h>

#include "base/map.h"
#include "limit/limiter.h"

#define LIMITER_MAGIC 0x4c696d69u

/* A key that was asked for in this interval, and its quota. */
struct limit_active {
    uint64_t key;
    struct limit_quota quota;
};

struct limiter {
    uint32_t magic;
    uint64_t seed;
    int64_t offset_ns;         /* limit time less monotonic time */
    atomic_uint share_default; /* LIMIT_SHARE_WHOLE / instances */
    struct limit_table *table;
    pthread_mutex_t lock; /* of accounts' identity and refs */
    struct limit_account accounts[LIMIT_RULES_MAX];

    unsigned self;               /* the exchange's: which instance this is */
    pthread_mutex_t active_lock; /* of the two below */
    unsigned active_count;
    struct limit_active active[LIMIT_CLAIMS_MAX];
    unsigned sent_count; /* the exchange's: what was exported last, in the order of keys */
    struct limit_active sent[LIMIT_CLAIMS_MAX];
};

/* exchange.c: a key's first demand in an interval. */
void limiter_note_active(struct limiter *limiter, const struct limit_charge *charge, struct limit_slot *slot);

#endif
