/* SPDX-License-Identifier: Apache-2.0 */
/* Generations. See tags.h.
 *
 * Why the sum of two counters that are read one after the other will do: both only grow, so the sum seen later is equal to the sum
 * seen before only if neither has grown between. */
#include "cache/tags.h"

#include "base/mem.h"

enum { TAGS_MAGIC = 0x54616773 };

struct tags *tags_new(void)
{
    struct tags *tags = mem_must(sizeof *tags);
    tags->magic = TAGS_MAGIC;
    return tags;
}

void tags_free(struct tags *tags)
{
    if (!tags)
        return;
    CHECK_MAGIC(tags, TAGS_MAGIC);
    tags->magic = 0;
    mem_free(tags);
}

static uint32_t generation(const struct tags *tags, uint32_t tag)
{
    PRE(tag < TAGS_COUNT);
    return atomic_load_explicit(&tags->generations[tag], memory_order_acquire) +
           atomic_load_explicit(&tags->epoch, memory_order_acquire);
}

struct tag_seen tags_now(const struct tags *tags, uint32_t tag)
{
    CHECK_MAGIC(tags, TAGS_MAGIC);
    return (struct tag_seen){tag, generation(tags, tag)};
}

void tags_bump(struct tags *tags, uint32_t tag)
{
    CHECK_MAGIC(tags, TAGS_MAGIC);
    PRE(tag < TAGS_COUNT);
    atomic_fetch_add_explicit(&tags->generations[tag], 1, memory_order_acq_rel);
}

void tags_bump_all(struct tags *tags)
{
    CHECK_MAGIC(tags, TAGS_MAGIC);
    atomic_fetch_add_explicit(&tags->epoch, 1, memory_order_acq_rel);
}

bool tags_same(const struct tags *tags, const struct tag_seen *seen, size_t count)
{
    CHECK_MAGIC(tags, TAGS_MAGIC);
    for (size_t i = 0; i < count; i++)
        if (generation(tags, seen[i].tag) != seen[i].generation)
            return false;
    return true;
}
