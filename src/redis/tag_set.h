/* SPDX-License-Identifier: Apache-2.0 */
/* A set of tags (numbers below 2^20), as bits: any thread adds and asks, one takes out. It cannot be full and never fails; it is 128 KiB.
 * A second row of bits says which words of the first may hold any, so that to take out costs little when there are few. */
#ifndef LEAT_REDIS_TAG_SET_H
#define LEAT_REDIS_TAG_SET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum { TAG_SET_TAGS = 1 << 20, TAG_SET_WORDS = TAG_SET_TAGS / 64 };

struct tag_set {
    _Atomic uint64_t filled[TAG_SET_WORDS / 64];
    _Atomic uint64_t words[TAG_SET_WORDS];
};

static inline void tag_set_add(struct tag_set *set, uint32_t tag)
{
    uint32_t word = tag / 64;
    atomic_fetch_or(&set->words[word], UINT64_C(1) << tag % 64);
    atomic_fetch_or(&set->filled[word / 64], UINT64_C(1) << word % 64);
}

static inline bool tag_set_has(const struct tag_set *set, uint32_t tag)
{
    return atomic_load(&set->words[tag / 64]) >> tag % 64 & 1;
}

/* Moves all of `from` to `to`, where they are before they leave. Calls on_tag for each (NULL: none). Returns how many. */
unsigned tag_set_move(struct tag_set *to, struct tag_set *from, void (*on_tag)(void *context, uint32_t tag),
                      void *context);

/* Empties it; whoever adds meanwhile may lose what it adds. */
void tag_set_clear(struct tag_set *set);

#endif
