/* SPDX-License-Identifier: Apache-2.0 */
/* Workloads and their hit ratios. See workload.h. */
#include "workload.h"

#include <math.h>

/* ---- Zipf's law ---- */

static double zipf_sum(uint64_t keys)
{
    double sum = 0;
    for (uint64_t key = keys; key >= 1; key--)
        sum += 1.0 / (double)key;
    return sum;
}

/* Vose's way to make the table: columns that lack something are filled up by those that have too much. */
static void make_aliases(struct workload *workload)
{
    uint64_t keys = workload->keys, *stack = calloc(keys, sizeof *stack), low = 0, high = keys;
    double *share = calloc(keys, sizeof *share), sum = zipf_sum(keys);
    for (uint64_t key = 0; key < keys; key++) {
        share[key] = (double)keys / (double)(key + 1) / sum;
        stack[share[key] < 1 ? low++ : --high] = key;
    }
    while (low > 0 && high < keys) {
        uint64_t poor = stack[--low], rich = stack[high];
        workload->kept[poor] = share[poor];
        workload->alias[poor] = rich;
        share[rich] -= 1 - share[poor];
        if (share[rich] < 1) {
            high++;
            stack[low++] = rich;
        }
    }
    while (low > 0)
        workload->kept[stack[--low]] = 1;
    while (high < keys)
        workload->kept[stack[high++]] = 1;
    free(share);
    free(stack);
}

static uint64_t zipf_next(struct workload *workload)
{
    uint64_t column = unit_random_below(&workload->random, workload->keys);
    double chance = (double)(unit_random_next(&workload->random) >> 11) * 0x1p-53;
    return chance < workload->kept[column] ? column : workload->alias[column];
}

/* ---- workloads ---- */

void workload_init(struct workload *workload, enum workload_kind kind, uint64_t keys, uint64_t fit)
{
    *workload = (struct workload){.kind = kind, .keys = keys, .fit = fit, .random = {88172645463325252u}};
    workload->kept = calloc(keys, sizeof *workload->kept);
    workload->alias = calloc(keys, sizeof *workload->alias);
    make_aliases(workload);
}

void workload_done(struct workload *workload)
{
    free(workload->kept);
    free(workload->alias);
}

uint64_t workload_next(struct workload *workload, uint64_t question)
{
    uint64_t fit = workload->fit, keys = workload->keys;
    switch (workload->kind) {
    case ZIPF:
        return zipf_next(workload);
    case LOOP:
        return question % (fit * 3 / 2);
    case SCAN:
        return question / (2 * fit) % 4 == 3 ? keys + question % keys : zipf_next(workload);
    case TWO_SIDED:
        return question % 2 ? keys + question / 2 % keys : zipf_next(workload);
    case SHIFTING:
        return (zipf_next(workload) + question / (100 * fit) * 7919) % keys;
    case RECENT:
        return (question / 5 + unit_random_below(&workload->random, fit / 4)) % keys;
    }
    UNREACHABLE("no such workload");
}

double ratio_of_best(const struct workload *workload)
{
    return 100 * zipf_sum(workload->fit) / zipf_sum(workload->keys);
}

/* ---- the cache ---- */

static bool cache_has(struct kit *kit, uint64_t number)
{
    struct entry *entry = NULL;
    struct fill *fill = NULL;
    struct mono now = {1};
    enum cache_verdict verdict = cache_ask(kit->cache, key_of(number), now, NULL, &entry, &fill);
    if (verdict == CACHE_FRESH) {
        entry_unref(entry);
        return true;
    }
    struct mono never = {INT64_MAX};
    entry = entry_new(&(struct entry_parts){
        .key = key_of(number), .fresh_until = never, .grace_until = never, .error_until = never});
    cache_fill_end(kit->cache, fill, entry, FILL_KEEP);
    entry_unref(entry);
    return false;
}

/* What so many entries, and the tables for them, take. */
static uint64_t budget_for(uint64_t entries, unsigned shards)
{
    struct kit kit;
    kit_open(&kit, 1024 * MIB, shards);
    for (uint64_t i = 0; i < entries; i++)
        cache_has(&kit, i);
    uint64_t bytes = kit_stats(&kit).bytes;
    kit_close(&kit);
    return bytes;
}

double ratio_of_cache(struct workload *workload, uint64_t questions, uint64_t warm, unsigned shards)
{
    struct kit kit;
    kit_open(&kit, budget_for(workload->fit, shards), shards);
    uint64_t hits = 0;
    for (uint64_t i = 0; i < questions; i++) {
        bool hit = cache_has(&kit, workload_next(workload, i));
        hits += hit && i >= warm;
    }
    kit_close(&kit);
    return 100.0 * (double)hits / (double)(questions - warm);
}

/* ---- an LRU ---- */

struct lru {
    struct list link;
    bool in;
};

static bool lru_has(struct lru *keys, struct list *order, uint64_t key, uint64_t *count, uint64_t fit)
{
    struct lru *one = &keys[key];
    bool hit = one->in;
    if (hit)
        list_remove(&one->link);
    else if (*count == fit)
        container_of(list_shift(order), struct lru, link)->in = false;
    else
        ++*count;
    one->in = true;
    list_push(order, &one->link);
    return hit;
}

double ratio_of_lru(struct workload *workload, uint64_t questions, uint64_t warm)
{
    struct lru *keys = calloc(2 * workload->keys, sizeof *keys);
    struct list order;
    list_init(&order);
    uint64_t count = 0, hits = 0;
    for (uint64_t i = 0; i < questions; i++) {
        bool hit = lru_has(keys, &order, workload_next(workload, i), &count, workload->fit);
        hits += hit && i >= warm;
    }
    free(keys);
    return 100.0 * (double)hits / (double)(questions - warm);
}
