/* SPDX-License-Identifier: Apache-2.0 */
/* Charges against many rules, all or none. See limiter.h. */
#include "limit/limiter.h"

#include "base/mem.h"
#include "limit/own.h"

struct limiter *limiter_new(const struct limiter_options *options)
{
    struct limiter *limiter = mem_try(sizeof *limiter);
    if (!limiter)
        return NULL;
    limiter->magic = LIMITER_MAGIC;
    limiter->seed = options->seed ? options->seed : hash_bytes(SLICE("limiter"));
    limiter->offset_ns = (options->wall.us - options->now.us) * 1000;
    limiter->share_default = LIMIT_SHARE_WHOLE;
    limiter->active = limiter->lists[0];
    limiter->sent = limiter->lists[1];
    limiter->spare = limiter->lists[2];
    limiter->table = limit_table_new(options->keys_max);
    if (!limiter->table) {
        mem_free(limiter);
        return NULL;
    }
    (void)pthread_mutex_init(&limiter->lock, NULL);
    (void)pthread_mutex_init(&limiter->active_lock, NULL);
    return limiter;
}

void limiter_free(struct limiter *limiter)
{
    if (!limiter)
        return;
    CHECK_MAGIC(limiter, LIMITER_MAGIC);
    (void)pthread_mutex_destroy(&limiter->lock);
    (void)pthread_mutex_destroy(&limiter->active_lock);
    limit_table_free(limiter->table);
    mem_free(limiter);
}

struct limit_time limiter_time(const struct limiter *limiter, struct mono now)
{
    int64_t ns = now.us * 1000 + limiter->offset_ns;
    return (struct limit_time){ns > 0 ? ns : 0};
}

struct limit_account *limiter_account(struct limiter *limiter, uint64_t identity,
                                      const struct limit_quota *quota)
{
    PRE(identity != 0);
    struct limit_account *found = NULL, *room = NULL;
    (void)pthread_mutex_lock(&limiter->lock);
    for (unsigned i = 0; i < LIMIT_RULES_MAX && !found; i++) {
        struct limit_account *account = &limiter->accounts[i];
        if (account->identity == identity)
            found = account;
        else if (!room && account->refs == 0)
            room = account;
    }
    if (!found && room) {
        *room = (struct limit_account){.identity = identity};
        atomic_store(&room->overflow, limit_state_fresh(quota, (struct limit_time){0}));
        found = room;
    }
    if (found) {
        found->refs++;
        atomic_fetch_add(&limiter->accounts_used, 1);
    }
    (void)pthread_mutex_unlock(&limiter->lock);
    return found;
}

void limiter_account_unref(struct limiter *limiter, struct limit_account *account)
{
    (void)pthread_mutex_lock(&limiter->lock);
    PRE(account->refs > 0);
    account->refs--;
    atomic_fetch_sub(&limiter->accounts_used, 1);
    (void)pthread_mutex_unlock(&limiter->lock);
}

bool limiter_is_used(const struct limiter *limiter)
{
    return atomic_load(&limiter->accounts_used) > 0;
}

uint64_t limiter_key(const struct limiter *limiter, uint64_t identity, const struct slice *parts,
                     unsigned count, const struct limit_quota *quota)
{
    uint64_t hash = limiter->seed ^ identity;
    for (unsigned i = 0; i < count; i++)
        hash = hash_seeded(parts[i], hash);
    return limit_key(hash, quota);
}

static struct limit_ask ask_of(const struct limiter *limiter, const struct limit_charge *charge)
{
    return (struct limit_ask){charge->key, charge->quota, charge->weight,
                              atomic_load_explicit(&limiter->share_default, memory_order_relaxed)};
}

/* The bucket of those that found no slot; of windows it is a window likewise. */
static bool take_overflow(struct limit_charge *charge, const struct limit_ask *ask, struct limit_time now)
{
    struct limit_account *account = charge->account;
    uint64_t old = atomic_load(&account->overflow), state;
    bool taken;
    do {
        state = old;
        taken = limit_state_take(ask->quota, ask->share_default, &state, ask->weight, now);
    } while (taken && !atomic_compare_exchange_weak(&account->overflow, &old, state));
    limit_state_look(ask->quota, ask->share_default, state, taken ? 0 : ask->weight, now, &charge->standing);
    atomic_fetch_add_explicit(&account->overflowed, 1, memory_order_relaxed);
    charge->overflow = true;
    return taken;
}

static void give_overflow(struct limit_charge *charge, const struct limit_ask *ask, struct limit_time now)
{
    uint64_t old = atomic_load(&charge->account->overflow), state;
    do
        state = limit_state_give(ask->quota, ask->share_default, old, ask->weight, now);
    while (!atomic_compare_exchange_weak(&charge->account->overflow, &old, state));
}

/* Alone there is nothing to share; a key that still has what it was dealt among several is dealt the whole once more. */
static bool is_shared(const struct limiter *limiter, const struct limit_slot *slot)
{
    return atomic_load_explicit(&limiter->share_default, memory_order_relaxed) != LIMIT_SHARE_WHOLE ||
           atomic_load_explicit(&slot->share, memory_order_relaxed) != 0;
}

/* Less than half of the share is left: the others are asked whether they have more than they need. */
static bool is_scarce(const struct limiter *limiter, const struct limit_slot *slot,
                      const struct limit_standing *standing)
{
    return (uint64_t)standing->remaining * 2 * LIMIT_SHARE_WHOLE <
           (uint64_t)standing->limit * limiter_share(limiter, slot);
}

/* What was asked for, refused or not: the exchange wants to know, of keys that are worth a word. */
static void note_demand(struct limiter *limiter, struct limit_slot *slot, const struct limit_charge *charge)
{
    if (!is_shared(limiter, slot))
        return;
    bool noted = atomic_load_explicit(&slot->demand, memory_order_relaxed) & LIMIT_DEMAND_NOTED;
    if (!noted && !is_scarce(limiter, slot, &charge->standing))
        return;
    atomic_fetch_add_explicit(&slot->demand, charge->weight, memory_order_relaxed);
    if (!noted)
        limiter_note_active(limiter, slot,
                            &(struct limit_active){.key = charge->key, .quota = *charge->quota});
}

static bool take_one(struct limiter *limiter, struct limit_charge *charge, struct limit_time now)
{
    struct limit_ask ask = ask_of(limiter, charge);
    struct limit_slot *slot;
    charge->overflow = false;
    enum limit_taken taken = limit_table_take(limiter->table, &ask, now, &charge->standing, &slot);
    if (taken == LIMIT_NO_SLOT)
        taken = take_overflow(charge, &ask, now) ? LIMIT_TAKEN : LIMIT_REFUSED;
    else
        note_demand(limiter, slot, charge);
    charge->outcome = taken == LIMIT_TAKEN ? LIMIT_PASSED : LIMIT_STOPPED;
    return taken == LIMIT_TAKEN;
}

static void give_one(struct limiter *limiter, struct limit_charge *charge, struct limit_time now)
{
    struct limit_ask ask = ask_of(limiter, charge);
    if (charge->outcome != LIMIT_PASSED)
        return;
    if (charge->overflow)
        give_overflow(charge, &ask, now);
    else
        limit_table_give(limiter->table, &ask, now);
}

/* How it ended, for the metrics. */
static void count_outcomes(struct limit_charge *charges, unsigned count, bool passed)
{
    for (unsigned i = 0; i < count; i++) {
        struct limit_account *account = charges[i].account;
        if (passed && charges[i].outcome == LIMIT_PASSED)
            atomic_fetch_add_explicit(&account->allowed, 1, memory_order_relaxed);
        else if (charges[i].outcome == LIMIT_STOPPED)
            atomic_fetch_add_explicit(charges[i].shadow ? &account->shadowed : &account->refused, 1,
                                      memory_order_relaxed);
    }
}

bool limiter_take(struct limiter *limiter, struct limit_charge *charges, unsigned count,
                  struct limit_time now)
{
    CHECK_MAGIC(limiter, LIMITER_MAGIC);
    unsigned asked = 0;
    bool passed = true;
    while (asked < count && passed) {
        struct limit_charge *charge = &charges[asked++];
        passed = take_one(limiter, charge, now) || charge->shadow;
    }
    for (unsigned i = asked; i < count; i++)
        charges[i].outcome = LIMIT_NOT_ASKED;
    for (unsigned i = 0; i < asked && !passed; i++)
        give_one(limiter, &charges[i], now);
    count_outcomes(charges, asked, passed);
    return passed;
}

void limiter_give(struct limiter *limiter, struct limit_charge *charges, unsigned count,
                  struct limit_time now)
{
    CHECK_MAGIC(limiter, LIMITER_MAGIC);
    for (unsigned i = 0; i < count; i++)
        give_one(limiter, &charges[i], now);
}

void limiter_look(struct limiter *limiter, struct limit_charge *charges, unsigned count,
                  struct limit_time now)
{
    CHECK_MAGIC(limiter, LIMITER_MAGIC);
    for (unsigned i = 0; i < count; i++) {
        struct limit_ask ask = ask_of(limiter, &charges[i]);
        limit_table_look(limiter->table, &ask, now, &charges[i].standing);
        charges[i].outcome = LIMIT_PASSED;
    }
}

const struct limit_charge *limit_tightest(const struct limit_charge *charges, unsigned count)
{
    const struct limit_charge *tightest = NULL;
    for (unsigned i = 0; i < count; i++) {
        const struct limit_charge *charge = &charges[i];
        if (charge->outcome == LIMIT_NOT_ASKED || charge->shadow)
            continue;
        if (charge->outcome == LIMIT_STOPPED)
            return charge;
        if (!tightest || charge->standing.remaining < tightest->standing.remaining)
            tightest = charge;
    }
    return tightest;
}

unsigned limiter_keys(const struct limiter *limiter)
{
    return limit_table_used(limiter->table);
}
