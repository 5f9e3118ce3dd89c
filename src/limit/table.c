/* SPDX-License-Identifier: Apache-2.0 */
/* Slots found by open addressing within shards. See table.h for why a swap never charges another key. */
#include "limit/table.h"

#include <pthread.h>
#include <sys/mman.h>

#include "base/mem.h"

#define TABLE_MAGIC 0x4c746162u
#define CLOSED UINT64_MAX

enum { SHARDS = 64, PROBES = 32, KEY_BITS = 4 };

struct shard {
    pthread_mutex_t lock; /* of making slots: their keys change under it alone */
    atomic_uint used;
};

struct limit_table {
    uint32_t magic;
    uint64_t mask; /* slots of a shard, less 1 */
    struct limit_slot *slots;
    size_t bytes;
    struct shard shards[SHARDS];
};

struct limit_table *limit_table_new(unsigned keys_max)
{
    uint64_t per_shard = PROBES;
    while (per_shard * SHARDS < keys_max)
        per_shard *= 2;
    struct limit_table *table = mem_try(sizeof *table);
    if (!table)
        return NULL;
    table->bytes = per_shard * SHARDS * sizeof *table->slots;
    /* Pages come as keys do. */
    void *slots = mmap(NULL, table->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (slots == MAP_FAILED) {
        mem_free(table);
        return NULL;
    }
    table->magic = TABLE_MAGIC;
    table->mask = per_shard - 1;
    table->slots = slots;
    for (unsigned i = 0; i < SHARDS; i++)
        (void)pthread_mutex_init(&table->shards[i].lock, NULL);
    return table;
}

void limit_table_free(struct limit_table *table)
{
    if (!table)
        return;
    CHECK_MAGIC(table, TABLE_MAGIC);
    for (unsigned i = 0; i < SHARDS; i++)
        (void)pthread_mutex_destroy(&table->shards[i].lock);
    (void)munmap(table->slots, table->bytes);
    mem_free(table);
}

/* Kind and unit say when a state is full, without its rule. */
uint64_t limit_key(uint64_t hash, const struct limit_quota *quota)
{
    return hash << KEY_BITS | ((uint64_t)quota->kind + 1) << 2 | (uint64_t)quota->unit;
}

static enum limit_kind kind_of(uint64_t key)
{
    return (enum limit_kind)((key >> 2 & 3) - 1);
}

static enum limit_unit unit_of(uint64_t key)
{
    return (enum limit_unit)(key & 3);
}

bool limit_key_is_sound(uint64_t key, struct limit_quota *quota)
{
    if ((key >> 2 & 3) == 0 || quota->count == 0 || quota->count > LIMIT_COUNT_MAX || quota->burst == 0 ||
        quota->burst > LIMIT_COUNT_MAX)
        return false;
    quota->kind = kind_of(key);
    quota->unit = unit_of(key);
    return true;
}

/* The i-th slot that may be a key's. */
static struct limit_slot *slot_at(const struct limit_table *table, uint64_t key, unsigned i)
{
    uint64_t shard = key >> 58, at = ((key >> KEY_BITS) + i) & table->mask;
    return &table->slots[shard * (table->mask + 1) + at];
}

struct limit_slot *limit_table_find(struct limit_table *table, uint64_t key)
{
    PRE(key != 0);
    for (unsigned i = 0; i < PROBES; i++) {
        struct limit_slot *slot = slot_at(table, key, i);
        uint64_t found = atomic_load_explicit(&slot->key, memory_order_acquire);
        if (found == key)
            return slot;
        if (found == 0)
            return NULL;
    }
    return NULL;
}

bool limit_slot_read(const struct limit_slot *slot, uint64_t key, uint64_t *ret_state)
{
    uint64_t state = atomic_load_explicit(&slot->state, memory_order_acquire);
    if (state == CLOSED || atomic_load_explicit(&slot->key, memory_order_acquire) != key)
        return false;
    *ret_state = state;
    return true;
}

bool limit_slot_swap(struct limit_slot *slot, uint64_t *old, uint64_t state)
{
    PRE(state != CLOSED);
    return atomic_compare_exchange_strong_explicit(&slot->state, old, state, memory_order_acq_rel,
                                                   memory_order_acquire);
}

static unsigned share_of(const struct limit_slot *slot, const struct limit_ask *ask)
{
    unsigned share = atomic_load_explicit(&slot->share, memory_order_relaxed);
    return share ? share : ask->share_default;
}

/* An empty slot, or one whose full key is closed now; NULL: all are in use. Under the lock. */
static struct limit_slot *slot_to_fill(struct limit_table *table, uint64_t key, struct limit_time now)
{
    for (unsigned i = 0; i < PROBES; i++) {
        struct limit_slot *slot = slot_at(table, key, i);
        uint64_t old = atomic_load_explicit(&slot->key, memory_order_relaxed);
        if (old == 0) {
            atomic_fetch_add_explicit(&table->shards[key >> 58].used, 1, memory_order_relaxed);
            return slot;
        }
        uint64_t state = atomic_load_explicit(&slot->state, memory_order_acquire);
        if (limit_state_is_full(kind_of(old), unit_of(old), state, now) &&
            atomic_compare_exchange_strong(&slot->state, &state, CLOSED))
            return slot;
    }
    return NULL;
}

struct limit_slot *limit_table_make(struct limit_table *table, const struct limit_ask *ask,
                                    struct limit_time now)
{
    CHECK_MAGIC(table, TABLE_MAGIC);
    struct shard *shard = &table->shards[ask->key >> 58];
    (void)pthread_mutex_lock(&shard->lock);
    struct limit_slot *slot = limit_table_find(table, ask->key);
    if (!slot && (slot = slot_to_fill(table, ask->key, now))) {
        uint64_t fresh = limit_state_fresh(ask->quota, now);
        if (atomic_load_explicit(&slot->key, memory_order_relaxed) == 0) {
            atomic_store_explicit(&slot->state, fresh, memory_order_release);
            atomic_store_explicit(&slot->key, ask->key, memory_order_release);
        } else {
            atomic_store_explicit(&slot->key, ask->key, memory_order_release);
            atomic_store_explicit(&slot->share, 0, memory_order_relaxed);
            atomic_store_explicit(&slot->demand, 0, memory_order_relaxed);
            atomic_store_explicit(&slot->state, fresh, memory_order_release);
        }
    }
    (void)pthread_mutex_unlock(&shard->lock);
    return slot;
}

enum limit_taken limit_table_take(struct limit_table *table, const struct limit_ask *ask,
                                  struct limit_time now, struct limit_standing *ret_standing,
                                  struct limit_slot **ret_slot)
{
    CHECK_MAGIC(table, TABLE_MAGIC);
    struct limit_slot *slot = limit_table_find(table, ask->key);
    for (;; slot = NULL) {
        if (!slot && !(slot = limit_table_make(table, ask, now)))
            break;
        unsigned share = share_of(slot, ask);
        uint64_t old;
        while (limit_slot_read(slot, ask->key, &old)) {
            uint64_t state = old;
            bool taken = limit_state_take(ask->quota, share, &state, ask->weight, now);
            if (taken && !limit_slot_swap(slot, &old, state))
                continue;
            limit_state_look(ask->quota, share, state, taken ? 0 : ask->weight, now, ret_standing);
            *ret_slot = slot;
            return taken ? LIMIT_TAKEN : LIMIT_REFUSED;
        }
    }
    *ret_slot = NULL;
    return LIMIT_NO_SLOT;
}

void limit_table_give(struct limit_table *table, const struct limit_ask *ask, struct limit_time now)
{
    struct limit_slot *slot = limit_table_find(table, ask->key);
    uint64_t old;
    while (slot && limit_slot_read(slot, ask->key, &old)) {
        uint64_t state = limit_state_give(ask->quota, share_of(slot, ask), old, ask->weight, now);
        if (limit_slot_swap(slot, &old, state))
            return;
    }
}

void limit_table_look(struct limit_table *table, const struct limit_ask *ask, struct limit_time now,
                      struct limit_standing *ret_standing)
{
    struct limit_slot *slot = limit_table_find(table, ask->key);
    uint64_t state = limit_state_fresh(ask->quota, now);
    unsigned share = slot ? share_of(slot, ask) : ask->share_default;
    if (slot && !limit_slot_read(slot, ask->key, &state))
        state = limit_state_fresh(ask->quota, now);
    limit_state_look(ask->quota, share, state, 0, now, ret_standing);
}

unsigned limit_table_used(const struct limit_table *table)
{
    unsigned used = 0;
    for (unsigned i = 0; i < SHARDS; i++)
        used += atomic_load_explicit(&table->shards[i].used, memory_order_relaxed);
    return used;
}
