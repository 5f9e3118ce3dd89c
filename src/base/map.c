/* SPDX-License-Identifier: Apache-2.0 */
/* Hash tables, open addressing with linear probing, at most three quarters full.
 * Removal closes the gap by moving later entries of the same run back (Knuth, volume 3, 6.4, algorithm R), so there
 * are no tombstones and a lookup ends at the first free entry. */
#include "base/map.h"

#include <errno.h>
#include <sys/random.h>

#include "base/check.h"
#include "base/mem.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

enum { CAP_MIN = 16 };

/* Written once, before main. */
static uint64_t hash_seed;

__attribute__((constructor)) static void set_seed(void)
{
    ssize_t got = 0;
    do
        got = getrandom(&hash_seed, sizeof hash_seed, 0);
    while (got < 0 && errno == EINTR);
    POST(got == sizeof hash_seed);
}

uint64_t hash_bytes(struct slice bytes)
{
    return XXH3_64bits_withSeed(bytes.data, bytes.len, hash_seed);
}

uint64_t hash_seeded(struct slice bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes.data, bytes.len, seed);
}

uint64_t hash_stable(struct slice bytes)
{
    return XXH3_64bits(bytes.data, bytes.len);
}

void map_done(struct map *map)
{
    mem_free(map->entries);
    *map = (struct map){0};
}

/* The entry with this key, or the free one where it would be put. */
static struct map_entry *find(const struct map *map, struct slice key, uint64_t hash)
{
    PRE(map->count < map->cap);
    for (size_t at = hash & (map->cap - 1);; at = (at + 1) & (map->cap - 1)) {
        struct map_entry *entry = &map->entries[at];
        if (!entry->key.data || (entry->hash == hash && slice_eq(entry->key, key)))
            return entry;
    }
}

void *map_get(const struct map *map, struct slice key)
{
    if (map->count == 0)
        return NULL;
    return find(map, key, hash_bytes(key))->value;
}

static void grow(struct map *map)
{
    struct map bigger = {.cap = map->cap ? map->cap * 2 : CAP_MIN, .count = map->count};
    bigger.entries = mem_must(bigger.cap * sizeof *bigger.entries);
    size_t position = 0;
    for (struct map_entry *entry; (entry = map_next(map, &position));)
        *find(&bigger, entry->key, entry->hash) = *entry;
    mem_free(map->entries);
    *map = bigger;
}

void map_put(struct map *map, struct slice key, void *value)
{
    PRE(key.data && value);
    if (map->count + 1 > map->cap / 4 * 3)
        grow(map);
    uint64_t hash = hash_bytes(key);
    struct map_entry *entry = find(map, key, hash);
    map->count += !entry->key.data;
    *entry = (struct map_entry){key, hash, value};
}

/* Entry `at` became free: what was pushed past it by probing moves back, so that no run has a hole. */
static void close_gap(struct map *map, size_t gap)
{
    size_t mask = map->cap - 1;
    for (size_t at = (gap + 1) & mask; map->entries[at].key.data; at = (at + 1) & mask) {
        size_t home = map->entries[at].hash & mask;
        if (((at - home) & mask) < ((at - gap) & mask))
            continue; /* its home lies behind the gap: it may not move before it */
        map->entries[gap] = map->entries[at];
        gap = at;
    }
    map->entries[gap] = (struct map_entry){0};
}

void *map_remove(struct map *map, struct slice key)
{
    if (map->count == 0)
        return NULL;
    struct map_entry *entry = find(map, key, hash_bytes(key));
    void *value = entry->value;
    if (entry->key.data) {
        close_gap(map, (size_t)(entry - map->entries));
        map->count--;
    }
    return value;
}

struct map_entry *map_next(const struct map *map, size_t *position)
{
    PRE(*position <= map->cap);
    while (*position < map->cap) {
        struct map_entry *entry = &map->entries[(*position)++];
        if (entry->key.data)
            return entry;
    }
    return NULL;
}
