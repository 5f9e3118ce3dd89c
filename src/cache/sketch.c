/* SPDX-License-Identifier: Apache-2.0 */
/* The sketch of misses. See sketch.h. */
#include "cache/sketch.h"

#include "base/mem.h"

enum { ROWS = 4, COUNTS_PER_KEY = 8, ADDS_PER_KEY = 10, COUNTS_MIN = 1024 };

/* A key's places: two halves of a good hash make as many as are wanted (Kirsch and Mitzenmacher, 2006). */
static uint64_t place(const struct sketch *sketch, struct cache_key key, unsigned row)
{
    return (key.high + row * (key.low | 1)) & sketch->mask;
}

/* A table twice as large says the same when it is the old one two times: a place's lower bits choose as before. */
void sketch_grow(struct sketch *sketch, uint64_t keys)
{
    uint64_t old = sketch_bytes(sketch), size = old ? old : COUNTS_MIN;
    while (size < keys * COUNTS_PER_KEY)
        size *= 2;
    sketch->halve_at = size / COUNTS_PER_KEY * ADDS_PER_KEY;
    if (size == old)
        return;
    uint8_t *counts = mem_try(size);
    if (!counts)
        return;
    for (uint64_t at = 0; old && at < size; at += old)
        memcpy(counts + at, sketch->counts, old);
    mem_free(sketch->counts);
    sketch->counts = counts;
    sketch->mask = size - 1;
}

void sketch_done(struct sketch *sketch)
{
    mem_free(sketch->counts);
    *sketch = (struct sketch){0};
}

unsigned sketch_count(const struct sketch *sketch, struct cache_key key)
{
    unsigned least = UINT8_MAX;
    for (unsigned row = 0; sketch->counts && row < ROWS; row++) {
        unsigned count = sketch->counts[place(sketch, key, row)];
        least = count < least ? count : least;
    }
    return sketch->counts ? least : 0;
}

static void halve(struct sketch *sketch)
{
    for (uint64_t i = 0; i <= sketch->mask; i++)
        sketch->counts[i] >>= 1;
    sketch->added /= 2;
}

void sketch_add(struct sketch *sketch, struct cache_key key)
{
    unsigned count = sketch_count(sketch, key);
    if (!sketch->counts || count == UINT8_MAX)
        return;
    for (unsigned row = 0; row < ROWS; row++) {
        uint8_t *at = &sketch->counts[place(sketch, key, row)];
        *at += *at == count;
    }
    if (++sketch->added >= sketch->halve_at)
        halve(sketch);
}
