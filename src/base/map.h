/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table from byte strings to pointers: open addressing, linear probing, XXH3 (seeded per process, so that a
 * client cannot choose colliding keys). Keys are not copied: their bytes must outlive the entry.
 * Memory failure ends the process: maps are sized by us, never directly by a client. One thread at a time. */
#ifndef LEAT_BASE_MAP_H
#define LEAT_BASE_MAP_H

#include "base/slice.h"

struct map_entry {
    struct slice key; /* data NULL: free */
    uint64_t hash;
    void *value;
};

struct map {
    struct map_entry *entries;
    size_t count, cap; /* cap is 0 or a power of two */
};

/* A zeroed map is an empty map. */
void map_done(struct map *map);

/* The value, or NULL. */
void *map_get(const struct map *map, struct slice key);

/* Sets or replaces; value must not be NULL. */
void map_put(struct map *map, struct slice key, void *value);

/* Takes the key out; returns the value it had, or NULL. */
void *map_remove(struct map *map, struct slice key);

/* Walks: start with *position = 0; returns NULL at the end. The map must not change meanwhile. */
struct map_entry *map_next(const struct map *map, size_t *position);

/* The hash maps use: seeded once per process. */
uint64_t hash_bytes(struct slice bytes);

/* The same with a seed of the caller's. */
uint64_t hash_seeded(struct slice bytes, uint64_t seed);

/* An unseeded hash, the same in every process and version: for what leaves the process (cursors). */
uint64_t hash_stable(struct slice bytes);

#endif
