/* SPDX-License-Identifier: Apache-2.0 */
/* Claims out, shares in: the limiter's side of the rounds between instances. The arithmetic is share.c's.
 *
 *   little is left here ─▶ claimed ─▶ all claimed it: dealt ─▶ still asked for, and not plenty: claimed again
 *                             └──────▶ some did: the others do so in the next round
 *
 * A key is dealt only when all have claimed it, those too that were not asked: else what they hold would be nobody's. All claims of a
 * round lie in the order of their keys, so the lists are merged as they are. */
#include <limits.h>
#include <stdlib.h>

#include "limit/own.h"
#include "limit/share.h"

enum { TRIES_MAX = 3 }; /* an instance whose table is full cannot claim: each keeps what it has */

void limiter_instances(struct limiter *limiter, unsigned count, unsigned self)
{
    PRE(count > 0 && count <= LIMIT_INSTANCES_MAX && self < count);
    limiter->self = self;
    atomic_store(&limiter->share_default, LIMIT_SHARE_WHOLE / count);
}

/* False: there are as many as a round can hold. */
static bool add_active(struct limiter *limiter, const struct limit_active *active)
{
    if (atomic_load_explicit(&limiter->active_count, memory_order_relaxed) == LIMIT_CLAIMS_MAX)
        return false; /* without the lock: while no round comes it is so for long */
    (void)pthread_mutex_lock(&limiter->active_lock);
    unsigned count = atomic_load_explicit(&limiter->active_count, memory_order_relaxed);
    bool room = count < LIMIT_CLAIMS_MAX;
    if (room) {
        limiter->active[count] = *active;
        atomic_store_explicit(&limiter->active_count, count + 1, memory_order_relaxed);
    }
    (void)pthread_mutex_unlock(&limiter->active_lock);
    return room;
}

void limiter_note_active(struct limiter *limiter, struct limit_slot *slot, const struct limit_active *active)
{
    uint32_t before = atomic_fetch_or_explicit(&slot->demand, LIMIT_DEMAND_NOTED, memory_order_relaxed);
    if (!(before & LIMIT_DEMAND_NOTED) && !add_active(limiter, active))
        atomic_store_explicit(&slot->demand, 0, memory_order_relaxed); /* its next demand tries again */
}

static int by_key(const void *a, const void *b)
{
    uint64_t left = ((const struct limit_active *)a)->key, right = ((const struct limit_active *)b)->key;
    return (left > right) - (left < right);
}

static uint32_t narrow(uint64_t number)
{
    return number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
}

static const struct limit_active *sent_of(const struct limiter *limiter, uint64_t key)
{
    struct limit_active sought = {.key = key};
    return bsearch(&sought, limiter->sent, limiter->sent_count, sizeof sought, by_key);
}

/* The mean of this round's and the last claim: so that who is asked by fits and starts is not given to and taken from at each. */
static uint32_t smooth(uint32_t demand, const struct limit_active *sent)
{
    uint64_t mean = ((uint64_t)demand * LIMIT_TOKEN + (sent ? sent->demand : 0)) / 2;
    return mean < LIMIT_TOKEN / 16 ? 0 : narrow(mean);
}

/* False: the key has left the table. */
static bool claim_of(struct limiter *limiter, struct limit_active *active, struct limit_time now,
                     struct limit_claim *ret_claim)
{
    struct limit_slot *slot = limit_table_find(limiter->table, active->key);
    uint64_t state;
    if (!slot || !limit_slot_read(slot, active->key, &state))
        return false;
    uint32_t demand = atomic_exchange_explicit(&slot->demand, 0, memory_order_relaxed);
    active->demand = smooth(demand & ~LIMIT_DEMAND_NOTED, sent_of(limiter, active->key));
    *ret_claim = (struct limit_claim){
        .key = active->key,
        .demand = active->demand,
        .taken =
            narrow((uint64_t)limit_state_taken(&active->quota, limiter_share(limiter, slot), state, now)),
        .count = active->quota.count,
        .burst = active->quota.burst,
    };
    return true;
}

/* The list of the active, and an empty one in its place. */
static unsigned take_active(struct limiter *limiter, struct limit_active **ret_list)
{
    (void)pthread_mutex_lock(&limiter->active_lock);
    unsigned count = atomic_load_explicit(&limiter->active_count, memory_order_relaxed);
    *ret_list = limiter->active;
    limiter->active = limiter->spare;
    atomic_store_explicit(&limiter->active_count, 0, memory_order_relaxed);
    (void)pthread_mutex_unlock(&limiter->active_lock);
    return count;
}

unsigned limiter_export(struct limiter *limiter, struct limit_time now,
                        struct limit_claim ret_claims[LIMIT_CLAIMS_MAX])
{
    CHECK_MAGIC(limiter, LIMITER_MAGIC);
    struct limit_active *list;
    unsigned active_count = take_active(limiter, &list), count = 0;
    qsort(list, active_count, sizeof *list, by_key);
    for (unsigned i = 0; i < active_count; i++) {
        bool twice = count && list[count - 1].key == list[i].key;
        if (!twice && claim_of(limiter, &list[i], now, &ret_claims[count]))
            list[count++] = list[i];
    }
    limiter->spare = limiter->sent;
    limiter->sent = list;
    limiter->sent_count = count;
    limiter->sent_at = now;
    return count;
}

/* One key's claims of a round, by instance. */
struct round_key {
    uint64_t key;
    struct limit_quota quota;
    unsigned claims; /* of so many instances */
    unsigned demands[LIMIT_INSTANCES_MAX];
    unsigned takens[LIMIT_INSTANCES_MAX];
};

static void take_claim(struct round_key *round, unsigned instance, const struct limit_claim *claim)
{
    round->quota.count = claim->count;
    round->quota.burst = claim->burst;
    round->demands[instance] = claim->demand;
    round->takens[instance] = claim->taken;
    round->claims++;
}

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
        take_claim(ret_round, i, claim);
        at[i]++;
    }
    return ret_round->key != UINT64_MAX;
}

static void apply_deal(struct limiter *limiter, struct limit_slot *slot, const struct round_key *round,
                       const struct limit_deal *deal, struct limit_time now)
{
    const struct limit_dealing dealing = {.share_before = limiter_share(limiter, slot),
                                          .share = deal->share,
                                          .delta = deal->delta,
                                          .claimed_at = limiter->sent_at};
    uint64_t old;
    while (limit_slot_read(slot, round->key, &old))
        if (limit_slot_swap(slot, &old, limit_state_deal(&round->quota, &dealing, old, now)))
            break;
    unsigned share = deal->share == LIMIT_SHARE_WHOLE ? 0 : deal->share; /* of one alone: as if never dealt */
    atomic_store_explicit(&slot->share, share, memory_order_relaxed);
}

/* Not all have claimed it: the others do in the next round. */
static void try_again(struct limiter *limiter, struct limit_slot *slot, const struct round_key *round)
{
    const struct limit_active *sent = sent_of(limiter, round->key);
    struct limit_active again = {.key = round->key,
                                 .quota = round->quota,
                                 .tries = sent ? sent->tries + 1 : 1};
    if (again.tries <= TRIES_MAX)
        limiter_note_active(limiter, slot, &again);
}

static void end_key(struct limiter *limiter, const struct round_key *round, unsigned count,
                    struct limit_time now, unsigned interval_ms)
{
    struct limit_deal deals[LIMIT_INSTANCES_MAX];
    struct limit_ask ask = {.key = round->key, .quota = &round->quota, .weight = 1};
    struct limit_slot *slot = limit_table_make(limiter->table, &ask, now);
    if (!slot)
        return; /* no room: the overflow bucket has the equal share */
    if (round->claims < count) {
        try_again(limiter, slot, round);
        return;
    }
    int64_t per_interval = limit_share_interval(&round->quota, interval_ms);
    enum limit_dealt dealt =
        limit_share_deal(&round->quota, round->demands, round->takens, count, per_interval, deals);
    if (dealt != LIMIT_IDLE)
        apply_deal(limiter, slot, round, &deals[limiter->self], now);
    if (dealt == LIMIT_SCARCE && count > 1)
        limiter_note_active(limiter, slot, &(struct limit_active){.key = round->key, .quota = round->quota});
}

void limiter_import(struct limiter *limiter, struct limit_time now, const struct limit_claims *instances,
                    unsigned count, unsigned interval_ms)
{
    CHECK_MAGIC(limiter, LIMITER_MAGIC);
    PRE(count > limiter->self && count <= LIMIT_INSTANCES_MAX);
    unsigned at[LIMIT_INSTANCES_MAX] = {0};
    struct round_key round;
    while (next_key(instances, count, at, &round))
        if (limit_key_is_sound(round.key, &round.quota)) /* what came over the network is no bug of ours */
            end_key(limiter, &round, count, now, interval_ms);
}
