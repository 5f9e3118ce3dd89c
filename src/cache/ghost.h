/* SPDX-License-Identifier: Apache-2.0 */
/* Which keys were lately dropped without having been used: fingerprints in small sets, each with the number of its dropping, so
 * that "lately" is a difference. A full set forgets its oldest; one key in 2^32 is taken for another. Whoever has one locks.
 * Failure: without memory it remembers nothing. */
#ifndef LEAT_CACHE_GHOST_H
#define LEAT_CACHE_GHOST_H

#include "cache/key.h"

struct ghost_mark {
    uint32_t print;
    uint32_t number; /* 0: free */
};

struct ghost {
    struct ghost_mark *marks; /* mask + 1 sets of them */
    uint64_t mask;
    uint32_t number; /* of the last dropping */
};

/* For so many keys; when it has to grow it forgets all. Zeroed, it remembers nothing. */
void ghost_grow(struct ghost *ghost, uint64_t keys);
void ghost_done(struct ghost *ghost);

void ghost_add(struct ghost *ghost, struct cache_key key);
/* Whether it was among the last `window` dropped; it is forgotten by this. */
bool ghost_take(struct ghost *ghost, struct cache_key key, uint64_t window);

uint64_t ghost_bytes(const struct ghost *ghost);

#endif
