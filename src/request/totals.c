/* SPDX-License-Identifier: Apache-2.0 */
/* Kept totals: a map from key to entry, and the entries in the order in which they were put. */
#include "request/totals.h"

#include <pthread.h>

#include "base/list.h"
#include "base/map.h"
#include "base/mem.h"

struct total {
    struct list link;
    struct slice key; /* generation, then the key's bytes; the entry's own */
    struct mono at;
    uint64_t value;
};

struct totals {
    pthread_mutex_t lock; /* guards all below */
    struct map map;
    struct list oldest;
    unsigned count;
};

struct totals *totals_new(void)
{
    struct totals *totals = mem_must(sizeof *totals);
    (void)pthread_mutex_init(&totals->lock, NULL);
    list_init(&totals->oldest);
    return totals;
}

static void drop(struct totals *totals, struct total *total)
{
    (void)map_remove(&totals->map, total->key);
    list_remove(&total->link);
    totals->count--;
    mem_free((char *)total->key.data);
    mem_free(total);
}

void totals_free(struct totals *totals)
{
    if (!totals)
        return;
    while (!list_empty(&totals->oldest))
        drop(totals, container_of(totals->oldest.next, struct total, link));
    map_done(&totals->map);
    (void)pthread_mutex_destroy(&totals->lock);
    mem_free(totals);
}

struct key {
    char bytes[sizeof(uint64_t) + TOTAL_KEY_MAX];
    struct slice slice;
};

static bool key_make(struct key *key, uint64_t generation, struct slice text)
{
    if (text.len == 0 || text.len > TOTAL_KEY_MAX)
        return false;
    memcpy(key->bytes, &generation, sizeof generation);
    memcpy(key->bytes + sizeof generation, text.data, text.len);
    key->slice = slice_of(key->bytes, sizeof generation + text.len);
    return true;
}

bool totals_get(struct totals *totals, uint64_t generation, struct slice text, struct mono now,
                int64_t ttl_ms, uint64_t *ret_total)
{
    struct key key;
    if (ttl_ms <= 0 || !key_make(&key, generation, text))
        return false;
    (void)pthread_mutex_lock(&totals->lock);
    const struct total *total = map_get(&totals->map, key.slice);
    bool fresh = total && mono_diff_us(now, total->at) <= ttl_ms * 1000;
    if (fresh)
        *ret_total = total->value;
    (void)pthread_mutex_unlock(&totals->lock);
    return fresh;
}

void totals_put(struct totals *totals, uint64_t generation, struct slice text, struct mono now,
                uint64_t value)
{
    struct key key;
    if (!key_make(&key, generation, text))
        return;
    (void)pthread_mutex_lock(&totals->lock);
    struct total *old = map_get(&totals->map, key.slice);
    if (old)
        drop(totals, old);
    if (totals->count == TOTALS_MAX)
        drop(totals, container_of(totals->oldest.next, struct total, link));
    struct total *total = mem_must(sizeof *total);
    total->key = slice_of(mem_dup(key.slice.data, key.slice.len), key.slice.len);
    total->at = now;
    total->value = value;
    map_put(&totals->map, total->key, total);
    list_push(&totals->oldest, &total->link);
    totals->count++;
    POST(totals->count <= TOTALS_MAX);
    (void)pthread_mutex_unlock(&totals->lock);
}
