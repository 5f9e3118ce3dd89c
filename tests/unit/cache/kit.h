/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the cache share: keys by number, entries by few words, a cache with its tags. */
#ifndef LEAT_TESTS_CACHE_KIT_H
#define LEAT_TESTS_CACHE_KIT_H

#include "lib/unit.h"

#include "base/map.h"
#include "cache/cache.h"

#define MIB ((uint64_t)1 << 20)
#define KIT_COST_US 1000

static inline struct cache_key key_of(uint64_t number)
{
    static const struct cache_secret secret = {"a test's secret"};
    return cache_key_of(&secret, slice_of((const char *)&number, sizeof number));
}

static inline struct mono in_ms(struct mono from, int64_t ms)
{
    return mono_after_ms(from, ms);
}

/* Fresh for a minute, with a minute's grace, and of use for an hour when there is nothing else; from now on. */
static inline struct entry_parts parts_of(uint64_t number, const char *body)
{
    struct mono now = clock_mono();
    return (struct entry_parts){.key = key_of(number),
                                .status = 200,
                                .stored = now,
                                .fresh_until = in_ms(now, 60000),
                                .grace_until = in_ms(now, 120000),
                                .error_until = in_ms(now, 3600000),
                                .cost_us = KIT_COST_US,
                                .body = slice_str(body)};
}

static inline struct entry *entry_of(uint64_t number, const char *body)
{
    struct entry_parts parts = parts_of(number, body);
    struct entry *entry = entry_new(&parts);
    assert_non_null(entry);
    return entry;
}

struct kit {
    struct tags *tags;
    struct cache *cache;
};

static inline void kit_open(struct kit *kit, uint64_t memory_bytes, unsigned shards)
{
    kit->tags = tags_new();
    kit->cache =
        cache_new(&(struct cache_options){.memory_bytes = memory_bytes, .shards = shards, .tags = kit->tags});
}

static inline void kit_close(struct kit *kit)
{
    cache_free(kit->cache);
    tags_free(kit->tags);
}

static inline struct cache_stats kit_stats(const struct kit *kit)
{
    struct cache_stats stats;
    cache_stats(kit->cache, &stats);
    return stats;
}

#endif
