/* SPDX-License-Identifier: Apache-2.0 */
/* How often a key was missed lately, to about one part in a hundred, in eight bytes for each key the cache holds: a count-min sketch
 * with conservative update (Estan and Varghese, 2002), halved at times so that the past fades (TinyLFU: Einziger et al., 2017).
 * It never says too little but for the halving. Whoever has one locks. Failure: without memory it stays as large as it was. */
#ifndef LEAT_CACHE_SKETCH_H
#define LEAT_CACHE_SKETCH_H

#include "cache/key.h"

struct sketch {
    uint8_t *counts; /* mask + 1 */
    uint64_t mask;
    uint64_t added, halve_at;
};

/* Zeroed, it is empty and says 0. For so many keys; what it knows it keeps. */
void sketch_grow(struct sketch *sketch, uint64_t keys);
void sketch_done(struct sketch *sketch);

void sketch_add(struct sketch *sketch, struct cache_key key);
unsigned sketch_count(const struct sketch *sketch, struct cache_key key); /* to 255 */

static inline uint64_t sketch_bytes(const struct sketch *sketch)
{
    return sketch->counts ? sketch->mask + 1 : 0;
}

#endif
