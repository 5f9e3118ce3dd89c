/* SPDX-License-Identifier: Apache-2.0 */
/* The cache: verdicts, fills, waiters. See cache.h. A shard's lock is held for a look and a few links; entries are freed and waiters woken
 * after it. */
#include "cache/cache.h"

#include <math.h>

#include "base/mem.h"
#include "cache/shard.h"

enum {
    CACHE_MAGIC = 0x43616368,
    SHARDS_MAX = 64,
    SHARD_BYTES_MIN = 16 << 20, /* 4,096 entries of 4 KiB */
    EARLY_COSTS_MAX = 20        /* a refresh so many costs before its time has a chance of 2 in 10^9 */
};

struct cache {
    uint32_t magic;
    unsigned shard_count;
    const struct tags *tags;
    struct shard *shards;
};

/* ---- as a whole ---- */

static unsigned shards_for(const struct cache_options *options)
{
    unsigned shards = 1;
    while (shards < SHARDS_MAX && options->memory_bytes / (2 * shards) >= SHARD_BYTES_MIN)
        shards *= 2;
    return options->shards ? options->shards : shards;
}

struct cache *cache_new(const struct cache_options *options)
{
    struct cache *cache = mem_must(sizeof *cache);
    cache->magic = CACHE_MAGIC;
    cache->tags = options->tags;
    cache->shard_count = shards_for(options);
    PRE((cache->shard_count & (cache->shard_count - 1)) == 0);
    cache->shards = mem_must(cache->shard_count * sizeof *cache->shards);
    for (unsigned i = 0; i < cache->shard_count; i++)
        shard_init(&cache->shards[i], options->memory_bytes / cache->shard_count,
                   0x9e3779b97f4a7c15u * (i + 1));
    return cache;
}

void cache_free(struct cache *cache)
{
    if (!cache)
        return;
    cache_drop_all(cache);
    for (unsigned i = 0; i < cache->shard_count; i++)
        shard_done(&cache->shards[i]);
    mem_free(cache->shards);
    cache->magic = 0;
    mem_free(cache);
}

static struct shard *shard_of(const struct cache *cache, struct cache_key key)
{
    CHECK_MAGIC(cache, CACHE_MAGIC);
    return &cache->shards[(key.high >> 48) & (cache->shard_count - 1)];
}

static void lock(struct shard *shard)
{
    pthread_mutex_lock(&shard->lock);
}

/* Unlocks, and then lets go of what fell out. */
static void unlock(struct shard *shard, struct entry *dropped)
{
    pthread_mutex_unlock(&shard->lock);
    shard_release(dropped);
}

void cache_resize(struct cache *cache, uint64_t memory_bytes)
{
    CHECK_MAGIC(cache, CACHE_MAGIC);
    for (unsigned i = 0; i < cache->shard_count; i++) {
        struct entry *dropped = NULL;
        lock(&cache->shards[i]);
        cache->shards[i].budget_bytes = memory_bytes / cache->shard_count;
        shard_trim(&cache->shards[i], &dropped);
        unlock(&cache->shards[i], dropped);
    }
}

/* ---- asking ---- */

/* What the age of an entry says; CACHE_FILL: it does not help. */
static enum cache_verdict judge(const struct cache *cache, const struct entry *entry, struct mono now,
                                bool *ret_invalidated)
{
    *ret_invalidated = false;
    if (now.us >= entry->grace_until.us)
        return CACHE_FILL;
    if (!entry_is_current(cache->tags, entry)) {
        *ret_invalidated = true;
        return CACHE_FILL;
    }
    bool fresh = now.us < entry->fresh_until.us;
    if (entry->kind == ENTRY_ANSWER)
        return fresh ? CACHE_FRESH : CACHE_STALE;
    if (!fresh)
        return CACHE_FILL;
    return entry->kind == ENTRY_VARIES ? CACHE_VARIES : CACHE_PASS;
}

/* XFetch (Vattani, Chierichetti, Lowenstein, VLDB '15): each asker of a fresh entry refreshes it early with the probability
 * exp(-left / cost), so that one does so about when it is needed, and none has to wait. */
static bool is_due_early(struct shard *shard, const struct entry *entry, struct mono now)
{
    int64_t left_us = mono_diff_us(entry->fresh_until, now);
    if (left_us >= (int64_t)entry->cost_us * EARLY_COSTS_MAX)
        return false;
    shard->random ^= shard->random << 13;
    shard->random ^= shard->random >> 7;
    shard->random ^= shard->random << 17;
    double between_0_and_1 = (double)((shard->random >> 11) + 1) * 0x1p-53;
    return -log(between_0_and_1) * entry->cost_us >= (double)left_us;
}

/* Nobody makes it yet: the asker does. */
static struct fill *open_fill(struct shard *shard, struct cache_key key, struct entry *old, struct mono now)
{
    struct fill *fill = shard_open_fill(shard, key);
    if (fill && old && old->kind == ENTRY_ANSWER && now.us < old->error_until.us)
        fill->old = entry_ref(old);
    return fill;
}

/* An entry that may be served: whether the asker is the one who sees to the next. */
static enum cache_verdict serve(struct shard *shard, struct entry *entry, enum cache_verdict verdict,
                                struct mono now, struct fill **ret_fill)
{
    shard_use(entry);
    bool wants_fill = verdict == CACHE_STALE || (verdict == CACHE_FRESH && is_due_early(shard, entry, now));
    if (!wants_fill || shard_find_fill(shard, entry->key))
        return verdict;
    struct fill *fill = open_fill(shard, entry->key, entry, now);
    if (!fill)
        return verdict;
    *ret_fill = fill;
    return CACHE_REFRESH;
}

static void await(struct shard *shard, struct fill *fill, struct waiter *waiter)
{
    PRE(waiter->on_wake && !waiter->fill);
    if (waiter->since.us == 0)
        waiter->since = clock_mono();
    waiter->entry = NULL;
    waiter->fill = fill;
    waiter->key = fill->key;
    list_push(&fill->waiters, &waiter->link);
    shard->stats.waiters++;
}

/* No entry that may be served. */
static enum cache_verdict miss(struct shard *shard, struct cache_key key, struct entry *old, struct mono now,
                               struct waiter *waiter, struct fill **ret_fill)
{
    if (old)
        shard_use(old);
    else
        sketch_add(&shard->missed, key);
    struct fill *fill = shard_find_fill(shard, key);
    if (fill && waiter) {
        await(shard, fill, waiter);
        return CACHE_WAIT;
    }
    if (fill)
        return CACHE_PASS;
    *ret_fill = open_fill(shard, key, old, now);
    return *ret_fill ? CACHE_FILL : CACHE_PASS;
}

static void count(struct cache_stats *stats, enum cache_verdict verdict)
{
    uint64_t *const counters[] = {
        [CACHE_FRESH] = &stats->fresh,       [CACHE_STALE] = &stats->stale, [CACHE_FILL] = &stats->fills,
        [CACHE_REFRESH] = &stats->refreshes, [CACHE_WAIT] = &stats->waits,  [CACHE_PASS] = &stats->passes,
        [CACHE_VARIES] = &stats->varies,
    };
    ++*counters[verdict];
}

enum cache_verdict cache_ask(struct cache *cache, struct cache_key key, struct mono now,
                             struct waiter *waiter, struct entry **ret_entry, struct fill **ret_fill)
{
    struct shard *shard = shard_of(cache, key);
    bool invalidated = false;
    lock(shard);
    struct entry *entry = shard_find(shard, key);
    enum cache_verdict verdict = entry ? judge(cache, entry, now, &invalidated) : CACHE_FILL;
    shard->stats.invalidated += invalidated;
    if (verdict == CACHE_FILL)
        verdict = miss(shard, key, entry, now, waiter, ret_fill);
    else
        verdict = serve(shard, entry, verdict, now, ret_fill);
    bool given = verdict == CACHE_FRESH || verdict == CACHE_STALE || verdict == CACHE_REFRESH ||
                 verdict == CACHE_VARIES;
    if (given)
        *ret_entry = entry_ref(entry);
    count(&shard->stats, verdict);
    unlock(shard, NULL);
    return verdict;
}

/* ---- the end of a fill ---- */

struct entry *cache_fill_old(const struct fill *fill, struct mono now)
{
    return fill->old && now.us < fill->old->error_until.us ? entry_ref(fill->old) : NULL;
}

/* An entry a write has overtaken can only stand in for one that cannot be made, and never takes the place of one that is current. */
static void keep(const struct cache *cache, struct shard *shard, struct entry *entry, bool contested,
                 struct entry **dropped)
{
    struct mono now = clock_mono();
    struct entry *old = shard_find(shard, entry->key);
    if (entry == old)
        return;
    if (!entry_is_current(cache->tags, entry) &&
        (now.us >= entry->error_until.us || (old && entry_is_fresh(cache->tags, old, now))))
        return;
    shard_insert(shard, entry, contested, dropped);
}

static void wake_all(struct list *woken, const struct fill *fill, struct entry *entry, enum fill_end end,
                     bool is_old)
{
    LIST_EACH_SAFE (woken, link, after) {
        struct waiter *waiter = container_of(link, struct waiter, link);
        waiter->entry = entry ? entry_ref(entry) : NULL;
        waiter->end = end;
        waiter->is_old = is_old;
        waiter->in_time = waiter->since.us < fill->began.us;
        waiter->on_wake(waiter); /* it may be gone after this */
    }
}

/* From here on cache_wait_cancel says that the wake is on its way. */
static void take_waiters(struct shard *shard, struct fill *fill, struct list *woken)
{
    list_move_all(woken, &fill->waiters);
    LIST_EACH (woken, link) {
        container_of(link, struct waiter, link)->fill = NULL;
        shard->stats.waiters--;
    }
}

void cache_fill_end(struct cache *cache, struct fill *fill, struct entry *entry, enum fill_end end)
{
    PRE(!entry || cache_key_eq(entry->key, fill->key));
    PRE(entry || end == FILL_FAIL || end == FILL_LEAVE);
    struct shard *shard = shard_of(cache, fill->key);
    struct entry *dropped = NULL;
    struct list woken;
    list_init(&woken);
    lock(shard);
    shard_close_fill(shard, fill);
    take_waiters(shard, fill, &woken);
    if (end == FILL_KEEP)
        keep(cache, shard, entry, true, &dropped);
    shard->stats.fill_failures += end == FILL_FAIL;
    unlock(shard, dropped);
    struct entry *old = end == FILL_FAIL ? cache_fill_old(fill, clock_mono()) : NULL;
    wake_all(&woken, fill, end == FILL_LEAVE ? NULL : old ? old : entry, end, old != NULL);
    entry_unref(old);
    entry_unref(fill->old);
    fill->magic = 0;
    mem_free(fill);
}

bool cache_wait_cancel(struct cache *cache, struct waiter *waiter)
{
    struct shard *shard = shard_of(cache, waiter->key);
    lock(shard);
    bool waits = waiter->fill != NULL;
    if (waits) {
        list_remove(&waiter->link);
        waiter->fill = NULL;
        shard->stats.waiters--;
    }
    unlock(shard, NULL);
    return waits;
}

/* ---- without a fill ---- */

bool cache_put(struct cache *cache, struct entry *entry)
{
    struct shard *shard = shard_of(cache, entry->key);
    struct entry *dropped = NULL;
    lock(shard);
    if (!shard_find(shard, entry->key))
        sketch_add(&shard->missed, entry->key);
    keep(cache, shard, entry, false, &dropped);
    bool kept = shard_find(shard, entry->key) == entry;
    unlock(shard, dropped);
    return kept;
}

struct entry *cache_peek(struct cache *cache, struct cache_key key)
{
    struct shard *shard = shard_of(cache, key);
    lock(shard);
    struct entry *entry = shard_find(shard, key);
    if (entry)
        entry_ref(entry);
    unlock(shard, NULL);
    return entry;
}

struct entry *cache_find(struct cache *cache, struct cache_key key, struct mono now)
{
    struct shard *shard = shard_of(cache, key);
    lock(shard);
    struct entry *entry = shard_find(shard, key);
    bool fresh = entry && entry_is_fresh(cache->tags, entry, now);
    if (fresh)
        shard_use(entry_ref(entry));
    shard->stats.fresh += fresh;
    shard->stats.missed += !fresh;
    unlock(shard, NULL);
    return fresh ? entry : NULL;
}

bool cache_drop(struct cache *cache, struct cache_key key)
{
    struct shard *shard = shard_of(cache, key);
    struct entry *dropped = NULL;
    lock(shard);
    struct entry *entry = shard_find(shard, key);
    if (entry)
        shard_remove(shard, entry, &dropped);
    unlock(shard, dropped);
    return entry != NULL;
}

uint64_t cache_drop_if(struct cache *cache, bool (*is_due)(void *context, const struct entry *entry),
                       void *context)
{
    CHECK_MAGIC(cache, CACHE_MAGIC);
    uint64_t count = 0;
    for (unsigned i = 0; i < cache->shard_count; i++) {
        struct entry *dropped = NULL;
        lock(&cache->shards[i]);
        count += shard_remove_if(&cache->shards[i], is_due, context, &dropped);
        unlock(&cache->shards[i], dropped);
    }
    return count;
}

static bool always(void *context, const struct entry *entry)
{
    (void)context, (void)entry;
    return true;
}

void cache_drop_all(struct cache *cache)
{
    cache_drop_if(cache, always, NULL);
}

bool cache_add_form(struct cache *cache, struct entry *entry, enum entry_form form, struct slice bytes)
{
    if (!entry_add_form(entry, form, bytes))
        return false;
    struct shard *shard = shard_of(cache, entry->key);
    struct entry *dropped = NULL;
    lock(shard);
    shard_recharge(shard, entry, &dropped);
    unlock(shard, dropped);
    return true;
}

void cache_each(struct cache *cache, bool (*on_entry)(void *context, struct entry *entry), void *context)
{
    CHECK_MAGIC(cache, CACHE_MAGIC);
    bool on = true;
    for (unsigned i = 0; on && i < cache->shard_count; i++) {
        lock(&cache->shards[i]);
        on = shard_each(&cache->shards[i], on_entry, context);
        unlock(&cache->shards[i], NULL);
    }
}

/* ---- figures ---- */

static void add_stats(struct cache_stats *sum, struct shard *shard)
{
    const struct cache_stats *one = &shard->stats;
    sum->memory_bytes += shard->budget_bytes;
    sum->bytes += shard_bytes(shard);
    sum->entries += shard->count;
    sum->fresh += one->fresh;
    sum->stale += one->stale;
    sum->fills += one->fills;
    sum->refreshes += one->refreshes;
    sum->waits += one->waits;
    sum->passes += one->passes;
    sum->varies += one->varies;
    sum->missed += one->missed;
    sum->invalidated += one->invalidated;
    sum->stored += one->stored;
    sum->refused += one->refused;
    sum->evicted += one->evicted;
    sum->fill_failures += one->fill_failures;
    sum->fills_open += one->fills_open;
    sum->waiters += one->waiters;
}

void cache_stats(struct cache *cache, struct cache_stats *ret_stats)
{
    CHECK_MAGIC(cache, CACHE_MAGIC);
    *ret_stats = (struct cache_stats){0};
    for (unsigned i = 0; i < cache->shard_count; i++) {
        lock(&cache->shards[i]);
        add_stats(ret_stats, &cache->shards[i]);
        unlock(&cache->shards[i], NULL);
    }
}
