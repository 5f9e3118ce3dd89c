/* SPDX-License-Identifier: Apache-2.0 */
/* A shard's table, queues and eviction. See shard.h. Who is in is in the table and in one of the queues, and has one reference of the
 * shard's. The tables grow with the number of entries and never shrink; their bytes are counted. */
#include "cache/shard.h"

#include "base/mem.h"

enum {
    FILL_MAGIC = 0x46696c6c,
    BUCKETS_MIN = 64,
    SMALL_PART = 20, /* small has 1/20 of the bytes */
    GHOST_PART = 6,  /* the ghost remembers a sixth as many as are in */
    LARGEST_PART = 4 /* of the budget one entry may take */
};

void shard_init(struct shard *shard, uint64_t budget_bytes, uint64_t random)
{
    *shard = (struct shard){.budget_bytes = budget_bytes, .random = random | 1};
    pthread_mutex_init(&shard->lock, NULL);
    list_init(&shard->small);
    list_init(&shard->main);
    shard->buckets = mem_must(BUCKETS_MIN * sizeof(struct entry *));
    shard->mask = BUCKETS_MIN - 1;
    sketch_grow(&shard->missed, BUCKETS_MIN);
    ghost_grow(&shard->ghost, BUCKETS_MIN);
}

void shard_done(struct shard *shard)
{
    PRE(shard->count == 0);
    for (unsigned i = 0; i < SHARD_FILLS; i++)
        PRE(shard->fills[i] == NULL);
    ghost_done(&shard->ghost);
    sketch_done(&shard->missed);
    mem_free(shard->buckets);
    pthread_mutex_destroy(&shard->lock);
}

uint64_t shard_bytes(const struct shard *shard)
{
    return shard->bytes + (shard->mask + 1) * sizeof(struct entry *) + sketch_bytes(&shard->missed) +
           ghost_bytes(&shard->ghost);
}

/* ---- the table ---- */

static struct entry **bucket_of(const struct shard *shard, struct cache_key key)
{
    return &shard->buckets[key.low & shard->mask];
}

struct entry *shard_find(const struct shard *shard, struct cache_key key)
{
    struct entry *entry = *bucket_of(shard, key);
    while (entry && !cache_key_eq(entry->key, key))
        entry = entry->next;
    return entry;
}

static void table_add(struct shard *shard, struct entry *entry)
{
    struct entry **bucket = bucket_of(shard, entry->key);
    entry->next = *bucket;
    *bucket = entry;
}

static void table_remove(struct shard *shard, struct entry *entry)
{
    struct entry **at = bucket_of(shard, entry->key);
    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
}

/* Without memory the chains become longer, and that is all. */
static void grow(struct shard *shard)
{
    uint64_t old = shard->mask + 1;
    struct entry **before = shard->buckets, **buckets = mem_try(2 * old * sizeof *buckets);
    if (!buckets)
        return;
    shard->buckets = buckets;
    shard->mask = 2 * old - 1;
    for (uint64_t i = 0; i < old; i++) {
        struct entry *entry = before[i];
        while (entry) {
            struct entry *next = entry->next;
            table_add(shard, entry);
            entry = next;
        }
    }
    mem_free(before);
    sketch_grow(&shard->missed, 2 * old);
    ghost_grow(&shard->ghost, 2 * old);
}

/* ---- the queues ---- */

static void charge(struct shard *shard, struct entry *entry)
{
    entry->charged = (uint32_t)entry_bytes(entry);
    shard->bytes += entry->charged;
    if (entry->where == WHERE_SMALL)
        shard->small_bytes += entry->charged;
}

static void discharge(struct shard *shard, struct entry *entry)
{
    PRE(shard->bytes >= entry->charged);
    shard->bytes -= entry->charged;
    if (entry->where == WHERE_SMALL)
        shard->small_bytes -= entry->charged;
}

static void enqueue(struct shard *shard, struct entry *entry, enum entry_where where)
{
    entry->where = (uint8_t)where;
    entry->uses = 0;
    charge(shard, entry);
    list_push(where == WHERE_SMALL ? &shard->small : &shard->main, &entry->link);
}

static void dequeue(struct shard *shard, struct entry *entry)
{
    PRE(entry->where != WHERE_OUT);
    list_remove(&entry->link);
    discharge(shard, entry);
    entry->where = WHERE_OUT;
}

void shard_remove(struct shard *shard, struct entry *entry, struct entry **dropped)
{
    dequeue(shard, entry);
    table_remove(shard, entry);
    shard->count--;
    entry->next = *dropped;
    *dropped = entry;
}

void shard_release(struct entry *dropped)
{
    while (dropped) {
        struct entry *next = dropped->next;
        entry_unref(dropped);
        dropped = next;
    }
}

uint64_t shard_remove_if(struct shard *shard, bool (*is_due)(void *context, const struct entry *entry),
                         void *context, struct entry **dropped)
{
    struct list *const queues[] = {&shard->small, &shard->main};
    uint64_t before = shard->count;
    for (size_t i = 0; i < ARRAY_LEN(queues); i++) {
        LIST_EACH_SAFE (queues[i], link, after) {
            struct entry *entry = container_of(link, struct entry, link);
            if (is_due(context, entry))
                shard_remove(shard, entry, dropped);
        }
    }
    return before - shard->count;
}

bool shard_each(struct shard *shard, bool (*on_entry)(void *context, struct entry *entry), void *context)
{
    struct list *const queues[] = {&shard->small, &shard->main};
    for (size_t i = 0; i < ARRAY_LEN(queues); i++)
        LIST_EACH (queues[i], link)
            if (!on_entry(context, container_of(link, struct entry, link)))
                return false;
    return true;
}

/* ---- eviction ---- */

static struct entry *oldest(const struct list *queue)
{
    return list_empty(queue) ? NULL : container_of(queue->next, struct entry, link);
}

/* The next to fall out of main; those used meanwhile go round. NULL: main is empty. */
static struct entry *loser_of_main(struct shard *shard)
{
    struct entry *entry;
    while ((entry = oldest(&shard->main)) && entry->uses > 0) {
        entry->uses--;
        list_remove(&entry->link);
        list_push(&shard->main, &entry->link);
    }
    return entry;
}

/* While nothing has to go, what small has too much of goes to main: else main would be empty when the cache is full, and a loop longer
 * than what fits would never find anything in it. */
static void settle(struct shard *shard)
{
    struct entry *entry;
    while (shard->small_bytes > shard->budget_bytes / SMALL_PART && (entry = oldest(&shard->small))) {
        dequeue(shard, entry);
        enqueue(shard, entry, WHERE_MAIN);
    }
}

/* The next to fall out: of small while it is too large, but those of it that were used meanwhile go to main. NULL: there is nothing. */
static struct entry *next_loser(struct shard *shard)
{
    while (shard->small_bytes > shard->budget_bytes / SMALL_PART || list_empty(&shard->main)) {
        struct entry *entry = oldest(&shard->small);
        if (!entry || entry->uses == 0)
            return entry;
        dequeue(shard, entry);
        enqueue(shard, entry, WHERE_MAIN);
    }
    return loser_of_main(shard);
}

static void evict(struct shard *shard, struct entry *loser, struct entry **dropped)
{
    if (loser->where == WHERE_SMALL)
        ghost_add(&shard->ghost, loser->key);
    shard->stats.evicted++;
    shard_remove(shard, loser, dropped);
}

void shard_trim(struct shard *shard, struct entry **dropped)
{
    struct entry *loser;
    while (shard_bytes(shard) > shard->budget_bytes && (loser = next_loser(shard)))
        evict(shard, loser, dropped);
}

/* Makes room. False: who would have to go was missed more often than the newcomer, and stays. */
static bool make_room(struct shard *shard, const struct entry *newcomer, bool contested,
                      struct entry **dropped)
{
    uint64_t bytes = entry_bytes(newcomer);
    unsigned missed = sketch_count(&shard->missed, newcomer->key);
    struct entry *loser;
    while (shard_bytes(shard) + bytes > shard->budget_bytes && (loser = next_loser(shard))) {
        if (contested && loser->where == WHERE_SMALL && sketch_count(&shard->missed, loser->key) > missed) {
            list_remove(&loser->link);
            list_push(&shard->small, &loser->link);
            return false;
        }
        evict(shard, loser, dropped);
    }
    return true;
}

/* ---- coming in ---- */

static void replace(struct shard *shard, struct entry *old, struct entry *entry, struct entry **dropped)
{
    entry->where = old->where;
    entry->uses = old->uses;
    entry->hits = old->hits;
    list_insert_before(&old->link, &entry->link);
    shard_remove(shard, old, dropped);
    charge(shard, entry);
    table_add(shard, entry);
    shard->count++;
    shard->stats.stored++;
    shard_trim(shard, dropped);
}

static void add(struct shard *shard, struct entry *entry, bool contested, struct entry **dropped)
{
    bool remembered = ghost_take(&shard->ghost, entry->key, shard->count / GHOST_PART);
    if (shard_bytes(shard) + entry_bytes(entry) <= shard->budget_bytes)
        settle(shard);
    else if (!make_room(shard, entry, contested, dropped)) {
        ghost_add(&shard->ghost, entry->key);
        entry_unref(entry);
        shard->stats.refused++;
        return;
    }
    enqueue(shard, entry, remembered ? WHERE_MAIN : WHERE_SMALL);
    table_add(shard, entry);
    shard->stats.stored++;
    if (++shard->count > shard->mask)
        grow(shard);
}

void shard_insert(struct shard *shard, struct entry *entry, bool contested, struct entry **dropped)
{
    PRE(entry->where == WHERE_OUT);
    struct entry *old = shard_find(shard, entry->key);
    if (entry_bytes(entry) > shard->budget_bytes / LARGEST_PART) {
        shard->stats.refused++;
        if (old)
            shard_remove(shard, old, dropped);
        return;
    }
    entry_ref(entry);
    if (!old)
        add(shard, entry, contested, dropped);
    else
        replace(shard, old, entry, dropped);
}

void shard_recharge(struct shard *shard, struct entry *entry, struct entry **dropped)
{
    if (entry->where == WHERE_OUT)
        return;
    discharge(shard, entry);
    charge(shard, entry);
    shard_trim(shard, dropped);
}

/* ---- fills ---- */

static struct fill **fills_of(const struct shard *shard, struct cache_key key)
{
    return (struct fill **)&shard->fills[(key.low >> 32) % SHARD_FILLS];
}

struct fill *shard_find_fill(const struct shard *shard, struct cache_key key)
{
    struct fill *fill = *fills_of(shard, key);
    while (fill && !cache_key_eq(fill->key, key))
        fill = fill->next;
    return fill;
}

struct fill *shard_open_fill(struct shard *shard, struct cache_key key)
{
    struct fill *fill = mem_try(sizeof *fill), **first = fills_of(shard, key);
    if (!fill)
        return NULL;
    fill->magic = FILL_MAGIC;
    fill->key = key;
    fill->began = clock_mono();
    list_init(&fill->waiters);
    fill->next = *first;
    *first = fill;
    shard->stats.fills_open++;
    return fill;
}

void shard_close_fill(struct shard *shard, struct fill *fill)
{
    CHECK_MAGIC(fill, FILL_MAGIC);
    struct fill **at = fills_of(shard, fill->key);
    while (*at != fill)
        at = &(*at)->next;
    *at = fill->next;
    shard->stats.fills_open--;
}
