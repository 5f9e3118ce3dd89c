/* SPDX-License-Identifier: Apache-2.0 */
/* Claims out, shares in: the limiter's side of the rounds between instances. The arithmetic is share.c's.
 *
 * All claims of a round lie in the order of their keys, so the lists are merged as they are. A key that others claimed and this
 * instance did not gets the share of one that asked for nothing: else the others would deal what is still held here. */
#include <limits.h>
#include <stdlib.h>

#include "limit/own.h"
#include "limit/share.h"

void limiter_instances(struct limiter *limiter, unsigned count, unsigned self)
{
    PRE(count > 0 && count <= LIMIT_INSTANCES_MAX && self < count);
    limiter->self = self;
    atomic_store(&limiter->share_default, LIMIT_SHARE_WHOLE / count);
}

void limiter_note_active(struct limiter *limiter, const struct limit_charge *charge, struct limit_slot *slot)
{
    (void)pthread_mutex_lock(&limiter->active_lock);
    if (limiter->active_count < LIMIT_CLAIMS_MAX)
        limiter->active[limiter->active_count++] = (struct limit_active){charge->key, *charge->quota};
    else
        atomic_store_explicit(&slot->demand, 0, memory_order_relaxed); /* its next demand tries again */
    (void)pthread_mutex_unlock(&limiter->active_lock);
}

static int by_key(const void *a, const void *b)
{
    uint64_t left = ((const struct limit_active *)a)->key, right = ((const struct limit_active *)b)->key;
    return (left > right) - (left < right);
}

static int32_t narrow(int64_t level)
{
    if (level > INT32_MAX)
        return INT32_MAX;
    return level < INT32_MIN ? INT32_MIN : (int32_t)level;
}

static unsigned share_of(const struct limiter *limiter, const struct limit_slot *slot)
{
    unsigned share = atomic_load_explicit(&slot->share, memory_order_relaxed);
    return share ? share : atomic_load_explicit(&limiter->share_default, memory_order_relaxed);
}

/* False: the key has left the table. */
static bool claim_of(struct limiter *limiter, const struct limit_active *active, struct limit_time now,
                     struct limit_claim *ret_claim)
{
    struct limit_slot *slot = limit_table_find(limiter->table, active->key);
    uint64_t state;
    if (!slot || !limit_slot_read(slot, active->key, &state))
        return false;
    int64_t level = limit_state_level(&active->quota, share_of(limiter, slot), state, now);
    *ret_claim = (struct limit_claim){
        .key = active->key,
        .demand = atomic_exchange_explicit(&slot->demand, 0, memory_order_relaxed),
        .level = narrow(level),
        .count = active->quota.count,
    };
    return true;
}

unsigned limiter_export(struct limiter *limiter, struct limit_time now,
                        struct limit_claim ret_claims[LIMIT_CLAIMS_MAX])
{
    CHECK_MAGIC(limiter, LIMITER_MAGIC);
    (void)pthread_mutex_lock(&limiter->active_lock);
    unsigned active_count = limiter->active_count;
    memcpy(limiter->sent, limiter->active, active_count * sizeof *limiter->active);
    limiter->active_count = 0;
    (void)pthread_mutex_unlock(&limiter->active_lock);
    qsort(limiter->sent, active_count, sizeof *limiter->sent, by_key);
    unsigned count = 0;
    for (unsigned i = 0; i < active_count; i++) {
        bool twice = count && limiter->sent[count - 1].key == limiter->sent[i].key;
        if (!twice && claim_of(limiter, &limiter->sent[i], now, &ret_claims[count]))
            limiter->sent[count++] = limiter->sent[i];
    }
    limiter->sent_count = count;
    return count;
}

/* One key's claims of a round, by instance. */
struct round_key {
    uint64_t key;
    unsigned count; /* of the quota */
    unsigned demands[LIMIT_INSTANCES_MAX];
    int64_t levels[LIMIT_INSTANCES_MAX];
    bool claimed[LIMIT_INSTANCES_MAX];
};

/* The least key that is not merged yet, with all its claims. False: none is left. */
static bool next_key(const struct limit_claims *instances, unsigned count, unsigned *at,
                     struct round_key *ret_round)
{
    *ret_round = (struct round_key){.key = UINT64_MAX};
    for (unsigned i = 0; i < count; i++)
        if (at[i] < instances[i].count && instances[i].items[at[i]].key < ret_round->key)
            ret_round->key = instances[i].items[at[i]].key;
    for (unsigned i = 0; i < count; i++) {
        const struct limit_claim *claim = &instances[i].items[at[i]];
        if (at[i] >= instances[i].count || claim->key != ret_round->key)
            continue;
        ret_round->count = claim->count;
        ret_round->demands[i] = claim->demand;
        ret_round->levels[i] = claim->level;
        ret_round->claimed[i] = true;
        at[i]++;
    }
    return ret_round->key != UINT64_MAX;
}

/* Of a key that this instance claimed: the level moves by what was dealt. */
static void apply_level(struct limiter *limiter, struct limit_slot *slot, const struct limit_active *sent,
                        const struct limit_deal *deal, struct limit_time now)
{
    uint64_t old;
    while (limit_slot_read(slot, sent->key, &old)) {
        int64_t level = limit_state_level(&sent->quota, share_of(limiter, slot), old, now);
        uint64_t state = limit_state_of_level(&sent->quota, deal->share, old, level + deal->level_delta, now);
        if (limit_slot_swap(slot, &old, state))
            return;
    }
}

static const struct limit_active *sent_of(const struct limiter *limiter, uint64_t key)
{
    struct limit_active sought = {.key = key};
    return bsearch(&sought, limiter->sent, limiter->sent_count, sizeof sought, by_key);
}

static void apply(struct limiter *limiter, const struct round_key *round, const struct limit_quota *quota,
                  const struct limit_deal *deal, struct limit_time now)
{
    struct limit_ask ask = {.key = round->key, .quota = quota, .weight = 1};
    const struct limit_active *sent = round->claimed[limiter->self] ? sent_of(limiter, round->key) : NULL;
    struct limit_slot *slot = limit_table_make(limiter->table, &ask, now);
    if (!slot)
        return; /* no room: the overflow bucket has the equal share */
    if (sent)
        apply_level(limiter, slot, sent, deal, now);
    atomic_store_explicit(&slot->share, deal->share, memory_order_relaxed);
}

void limiter_import(struct limiter *limiter, struct limit_time now, const struct limit_claims *instances,
                    unsigned count, unsigned interval_ms)
{
    CHECK_MAGIC(limiter, LIMITER_MAGIC);
    PRE(count > limiter->self && count <= LIMIT_INSTANCES_MAX);
    unsigned at[LIMIT_INSTANCES_MAX] = {0};
    struct round_key round;
    while (next_key(instances, count, at, &round)) {
        struct limit_quota quota = {.count = round.count, .burst = round.count};
        if (!limit_key_is_sound(round.key, &quota))
            continue; /* what came over the network is no bug of ours */
        struct limit_deal deals[LIMIT_INSTANCES_MAX];
        limit_share_deal(round.demands, round.levels, round.claimed, count,
                         limit_share_interval(&quota, interval_ms), deals);
        apply(limiter, &round, &quota, &deals[limiter->self], now);
    }
}
