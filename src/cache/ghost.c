/* SPDX-License-Identifier: Apache-2.0 */
/* Fingerprints of what was dropped. See ghost.h. */
#include "cache/ghost.h"

#include "base/mem.h"

enum { WAYS = 4, SETS_MIN = 32 };

static struct ghost_mark *set_of(const struct ghost *ghost, struct cache_key key)
{
    return &ghost->marks[(key.high & ghost->mask) * WAYS];
}

static uint32_t print_of(struct cache_key key)
{
    return (uint32_t)(key.low >> 32);
}

void ghost_grow(struct ghost *ghost, uint64_t keys)
{
    uint64_t old = ghost->marks ? ghost->mask + 1 : 0, sets = old ? old : SETS_MIN;
    while (sets * WAYS < keys)
        sets *= 2;
    if (sets == old)
        return;
    mem_free(ghost->marks);
    ghost->marks = mem_try(sets * WAYS * sizeof *ghost->marks);
    ghost->mask = sets - 1;
}

void ghost_done(struct ghost *ghost)
{
    mem_free(ghost->marks);
    *ghost = (struct ghost){0};
}

void ghost_add(struct ghost *ghost, struct cache_key key)
{
    if (!ghost->marks)
        return;
    struct ghost_mark *set = set_of(ghost, key), *oldest = set;
    ghost->number += 1 + (ghost->number == UINT32_MAX); /* never 0 */
    for (unsigned way = 1; way < WAYS; way++)
        if (ghost->number - set[way].number > ghost->number - oldest->number)
            oldest = &set[way];
    *oldest = (struct ghost_mark){print_of(key), ghost->number};
}

bool ghost_take(struct ghost *ghost, struct cache_key key, uint64_t window)
{
    if (!ghost->marks)
        return false;
    struct ghost_mark *set = set_of(ghost, key);
    for (unsigned way = 0; way < WAYS; way++) {
        struct ghost_mark *mark = &set[way];
        if (mark->number == 0 || mark->print != print_of(key))
            continue;
        bool late = ghost->number - mark->number < window;
        mark->number = 0;
        return late;
    }
    return false;
}

uint64_t ghost_bytes(const struct ghost *ghost)
{
    return ghost->marks ? (ghost->mask + 1) * WAYS * sizeof *ghost->marks : 0;
}
