/* SPDX-License-Identifier: Apache-2.0 */
/* A part of the cache with a lock and a budget of its own: a hash table, two queues, the memory of what was dropped, and the fills of
 * its keys. Only cache.c uses it, with the lock held, but where said.
 *
 * What stays is chosen as S3-FIFO does (Yang et al., "FIFO queues are all you need for cache eviction", SOSP '23):
 *
 *              remembered by the ghost
 *        ┌───────────────────────────────┐
 *   new ─┴► small, 1/20 ── used ──► main ◄┘──┐
 *             │ unused               │  └────┘ used: once more round, one use less
 *             ▼                      ▼ unused
 *           ghost, dropped         dropped
 *
 * and what is about to fall out of small is compared with the newcomer for whom there is to be room: if it was missed more often, it
 * stays and the newcomer does not come in (TinyLFU's rule, applied to misses alone, so that a hit writes one byte and the sketch is
 * left alone). Measured by bench/cache on Zipf's law, loops, scans and shifting favourites: better than either alone. */
#ifndef LEAT_CACHE_SHARD_H
#define LEAT_CACHE_SHARD_H

#include <pthread.h>

#include "cache/cache.h"
#include "cache/ghost.h"
#include "cache/sketch.h"

enum { SHARD_FILLS = 64, USES_MAX = 7 };
enum entry_where { WHERE_OUT, WHERE_SMALL, WHERE_MAIN };

/* Somebody makes the entry of this key. */
struct fill {
    uint32_t magic;
    struct cache_key key;
    struct mono began;
    struct entry *old; /* a reference, when it may stand in */
    struct list waiters;
    struct fill *next;
};

struct shard {
    pthread_mutex_t lock; /* guards all that follows, and the fields of its entries that say so */
    uint64_t budget_bytes, bytes, small_bytes;
    struct entry **buckets; /* mask + 1 */
    uint64_t mask, count;
    struct list small, main; /* oldest first */
    struct sketch missed;
    struct ghost ghost;
    struct fill *fills[SHARD_FILLS];
    uint64_t random;
    struct cache_stats stats; /* what is counted; the rest stays 0 */
} __attribute__((aligned(64)));

void shard_init(struct shard *shard, uint64_t budget_bytes, uint64_t random);
void shard_done(struct shard *shard); /* not locked */

struct entry *shard_find(const struct shard *shard, struct cache_key key);
/* Notes a use. */
static inline void shard_use(struct entry *entry)
{
    entry->hits++;
    if (entry->uses < USES_MAX)
        entry->uses++;
}

/* Takes a reference if it lets the entry in; one with the same key is replaced, and hands over its place and uses. contested: who would
 * have to go may be preferred. What falls out is put before *dropped, chained by `next`, for shard_release. */
void shard_insert(struct shard *shard, struct entry *entry, bool contested, struct entry **dropped);
void shard_remove(struct shard *shard, struct entry *entry, struct entry **dropped);
/* Counts its bytes anew, and makes room if they are too many. */
void shard_recharge(struct shard *shard, struct entry *entry, struct entry **dropped);
/* Drops until the budget is kept. */
void shard_trim(struct shard *shard, struct entry **dropped);

/* Drops those for which it says so; returns how many. */
uint64_t shard_remove_if(struct shard *shard, bool (*is_due)(void *context, const struct entry *entry),
                         void *context, struct entry **dropped);

/* Lets go of what was dropped: not locked, for freeing takes its time. */
void shard_release(struct entry *dropped);

/* False: on_entry said so. */
bool shard_each(struct shard *shard, bool (*on_entry)(void *context, struct entry *entry), void *context);

/* All it takes. */
uint64_t shard_bytes(const struct shard *shard);

struct fill *shard_find_fill(const struct shard *shard, struct cache_key key);
struct fill *shard_open_fill(struct shard *shard, struct cache_key key); /* NULL: no memory */
/* Out of the shard; its memory is the caller's. */
void shard_close_fill(struct shard *shard, struct fill *fill);

#endif
