/* SPDX-License-Identifier: Apache-2.0 */
/* See tag_set.h. */
#include "redis/tag_set.h"

#include <stddef.h>

#include "base/check.h"

static unsigned move_word(struct tag_set *to, struct tag_set *from, uint32_t word,
                          void (*on_tag)(void *context, uint32_t tag), void *context)
{
    uint64_t bits = atomic_load(&from->words[word]);
    if (bits == 0)
        return 0;
    atomic_fetch_or(&to->words[word], bits);
    atomic_fetch_or(&to->filled[word / 64], UINT64_C(1) << word % 64);
    atomic_fetch_and(&from->words[word], ~bits);
    for (uint64_t left = bits; on_tag && left != 0; left &= left - 1)
        on_tag(context, word * 64 + (uint32_t)__builtin_ctzll(left));
    return (unsigned)__builtin_popcountll(bits);
}

unsigned tag_set_move(struct tag_set *to, struct tag_set *from, void (*on_tag)(void *context, uint32_t tag),
                      void *context)
{
    unsigned count = 0;
    PRE(to != from);
    for (uint32_t i = 0; i < TAG_SET_WORDS / 64; i++)
        /* The mark goes before the words are read: who adds behind our back marks again. */
        for (uint64_t left = atomic_exchange(&from->filled[i], 0); left != 0; left &= left - 1)
            count += move_word(to, from, i * 64 + (uint32_t)__builtin_ctzll(left), on_tag, context);
    return count;
}

void tag_set_clear(struct tag_set *set)
{
    for (uint32_t i = 0; i < TAG_SET_WORDS / 64; i++)
        for (uint64_t left = atomic_exchange(&set->filled[i], 0); left != 0; left &= left - 1)
            atomic_store(&set->words[i * 64 + (uint32_t)__builtin_ctzll(left)], 0);
}
