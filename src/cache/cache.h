/* SPDX-License-Identifier: Apache-2.0 */
/* Answers kept in the process, shared by all workers, and the question who makes a missing one: of all that ask for a key one makes
 * it (it holds the fill), the others wait for it.
 *
 *             cache_ask
 *   ┌───────┬────┴────┬─────────┬────────┬───────┬────────┐
 * FRESH   STALE    REFRESH    FILL     WAIT    VARIES    PASS
 * serve   serve    serve, and  │        │      ask again  make it,
 *                  fill ───────┤        │      with more  keep nothing
 *                              ▼        ▼
 *                       cache_fill_end ─► on_wake: serve waiter->entry,
 *                        exactly once              or ask again
 *
 * Who waits was promised an answer no older than its own question. It may serve waiter->entry if waiter->in_time (the fill began after
 * it asked) or entry_is_current, and else asks again with the same waiter: it waits at most once more.
 *
 * Deadlines of waiters are the caller's (cache_wait_cancel). A fill has none: whoever holds one ends it, whatever happens.
 *
 * What stays is chosen by S3-FIFO (Yang et al., SOSP '23) with bytes for sizes: see shard.h. memory_bytes bounds entries, their forms
 * and the tables that find them; what was dropped and is still being sent is not counted.
 *
 * Failure: without memory for a fill the verdict is PASS. Threads: any; a waiter's own fields belong to whoever asked until it waits. */
#ifndef LEAT_CACHE_CACHE_H
#define LEAT_CACHE_CACHE_H

#include "cache/entry.h"
#include "observe/metrics.h"

struct cache;
struct fill;

struct cache_options {
    uint64_t memory_bytes; /* 0: nothing is kept, but fills are still shared */
    unsigned shards;       /* a power of two; 0: by memory */
    const struct tags *tags;
};

enum cache_verdict {
    CACHE_FRESH,   /* ret_entry */
    CACHE_STALE,   /* ret_entry: past its time, within its grace; somebody makes a new one */
    CACHE_REFRESH, /* ret_entry, and ret_fill: serve it and see to a new one */
    CACHE_FILL,    /* ret_fill: make it */
    CACHE_WAIT,    /* another makes it: on_wake comes */
    CACHE_VARIES,  /* ret_entry is a marker: ask again with the parts of the key it names */
    CACHE_PASS,    /* make it for yourself */
};

enum fill_end {
    FILL_KEEP,  /* entry: for the cache and for all who wait */
    FILL_SHARE, /* entry: for those who wait, not for the cache */
    FILL_FAIL, /* it cannot be made now: those who wait get the old entry if its error_until allows, else `entry`, which may be NULL */
    FILL_LEAVE, /* given up by its holder alone: those who wait ask again, and one of them fills */
};

/* Who waits for another's fill. Zero it and set on_wake; it must stay where it is until on_wake, or until cache_wait_cancel is true. */
struct waiter {
    /* On the filler's thread, without locks: post a letter. */
    void (*on_wake)(struct waiter *waiter);
    struct entry *entry; /* a reference for the woken, or NULL */
    enum fill_end end;
    bool in_time;         /* the fill began after it first asked: its answer will do, current or not */
    bool is_old;          /* FILL_FAIL: `entry` is the one of before */
    struct mono since;    /* the cache's: when it first asked */
    struct cache_key key; /* the cache's, like what follows */
    struct fill *fill;    /* NULL: it does not wait */
    struct list link;
};

struct cache *cache_new(const struct cache_options *options);
void cache_free(struct cache *cache); /* without fills; takes NULL */
/* Another budget; what is too much is dropped here. */
void cache_resize(struct cache *cache, uint64_t memory_bytes);

/* waiter NULL: who does not want to wait gets PASS. An entry is given with a reference. now: the turn's time will do. */
enum cache_verdict cache_ask(struct cache *cache, struct cache_key key, struct mono now,
                             struct waiter *waiter, struct entry **ret_entry,
                             struct fill **ret_fill) must_check;

/* The entry that stands in for a new one that cannot be made, with a reference; NULL: none that may. Before cache_fill_end. */
struct entry *cache_fill_old(const struct fill *fill, struct mono now);
/* Takes the fill, not the caller's reference to the entry. The entry's key must be the fill's. */
void cache_fill_end(struct cache *cache, struct fill *fill, struct entry *entry, enum fill_end end);

/* True: it no longer waits, and on_wake will not come. False: on_wake has come or is about to. */
bool cache_wait_cancel(struct cache *cache, struct waiter *waiter) must_check;

/* Puts an entry in without a fill: a write's own answer, another level's. There is made room for it, and it takes the place of an older one, but one that is not current
 * never that of one that is. False: it is not kept. */
bool cache_put(struct cache *cache, struct entry *entry);
/* The entry if it is fresh, with a reference, or NULL: for who will not fill. */
struct entry *cache_find(struct cache *cache, struct cache_key key, struct mono now);
/* The entry as it lies there, whatever its age, with a reference; NULL: none. It does not count as a use. */
struct entry *cache_peek(struct cache *cache, struct cache_key key);
bool cache_drop(struct cache *cache, struct cache_key key); /* false: it was not there */
void cache_drop_all(struct cache *cache);
/* Drops those for which it says so, with a shard locked: do little, and call nothing of the cache. Returns how many. */
uint64_t cache_drop_if(struct cache *cache, bool (*is_due)(void *context, const struct entry *entry),
                       void *context);

/* entry_add_form, counted. */
bool cache_add_form(struct cache *cache, struct entry *entry, enum entry_form form, struct slice bytes);

/* Calls for each entry, with its shard locked: do little, and call nothing of the cache. Stops at false. */
void cache_each(struct cache *cache, bool (*on_entry)(void *context, struct entry *entry), void *context);

struct cache_stats {
    uint64_t memory_bytes, bytes, entries;
    uint64_t fresh, stale, fills, refreshes, waits, passes, varies; /* verdicts */
    uint64_t missed;                                                /* of cache_find */
    uint64_t invalidated;                                           /* found, but a write came since */
    uint64_t stored, refused, evicted;                              /* refused: not let in, or too large */
    uint64_t fill_failures, fills_open, waiters;
};
void cache_stats(struct cache *cache, struct cache_stats *ret_stats);
void cache_metrics(struct cache *cache, struct metrics_page *page); /* the same */

#endif
