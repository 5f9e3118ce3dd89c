/* SPDX-License-Identifier: Apache-2.0 */
/* Sequences of questions, and what share of them the cache, an LRU of as many entries, and the best fixed set of entries answer.
 * test_eviction.c asks a few, bench.c many. */
#ifndef LEAT_TESTS_CACHE_WORKLOAD_H
#define LEAT_TESTS_CACHE_WORKLOAD_H

#include "kit.h"

enum workload_kind {
    ZIPF, /* key k with a probability of 1/k */
    LOOP, /* half as many again as fit, one after the other, round and round */
    SCAN, /* Zipf, and every fourth stretch of as many as fit twice walks through keys never asked again soon */
    TWO_SIDED, /* every other question is Zipf's, the rest an endless scan */
    SHIFTING,  /* Zipf whose favourites change after a hundred times as many questions as fit */
    RECENT, /* a key among the last, a quarter as many as fit; every fifth question later there is a new one */
};

struct workload {
    enum workload_kind kind;
    uint64_t keys, fit;
    struct unit_random random;
    double *kept;    /* Walker's alias method: the chance of a column to be itself … */
    uint64_t *alias; /* … and who it is else */
};

void workload_init(struct workload *workload, enum workload_kind kind, uint64_t keys, uint64_t fit);
void workload_done(struct workload *workload);
uint64_t workload_next(struct workload *workload, uint64_t question);

/* In percent, of the questions from `warm` on. */
double ratio_of_cache(struct workload *workload, uint64_t questions, uint64_t warm, unsigned shards);
double ratio_of_lru(struct workload *workload, uint64_t questions, uint64_t warm);
/* Of Zipf's law alone: the `fit` most asked are always in. */
double ratio_of_best(const struct workload *workload);

#endif
