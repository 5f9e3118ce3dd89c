/* SPDX-License-Identifier: Apache-2.0 */
/* What makes answers stale. A tag stands for something that is written (a table of a tenant, a row); it has a generation, and an answer
 * remembers the generations it was made under. A write is one increment, whatever hangs on it: nobody looks for answers.
 *
 *   reader   tags_now ─► sends its statement ─► stores the answer with what tags_now gave
 *   writer   COMMIT ─► tags_bump ─► answers its client
 *
 * In whatever order these meet, an answer that does not hold the write is not current once the writer's client has its answer: a
 * statement sent before COMMIT was preceded by a look at a generation that the bump then left behind.
 *
 * Tags are places in a fixed table: two things may share one, and then a write to one makes answers of the other stale too early.
 * Generations wrap after 2^32 writes of one tag. Pure, cannot fail; any thread. */
#ifndef LEAT_CACHE_TAGS_H
#define LEAT_CACHE_TAGS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAGS_BITS = 20, TAGS_COUNT = 1 << TAGS_BITS };

struct tags {
    uint32_t magic;
    _Atomic uint32_t epoch; /* added to each: what is never less is equal only if neither has grown */
    _Atomic uint32_t generations[TAGS_COUNT];
};

/* What an answer depends on, as it was. */
struct tag_seen {
    uint32_t tag, generation;
};

struct tags *tags_new(void);
void tags_free(struct tags *tags); /* takes NULL */

/* The tag of a thing by the hash of its name; the same in all instances if the hash is. */
static inline uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)(hash >> (64 - TAGS_BITS));
}

/* To be asked for BEFORE the statement is sent. */
struct tag_seen tags_now(const struct tags *tags, uint32_t tag);

/* After COMMIT, before the answer. */
void tags_bump(struct tags *tags, uint32_t tag);
/* All of them: what happened outside is not known. */
void tags_bump_all(struct tags *tags);

/* Whether none of them was bumped since. */
bool tags_same(const struct tags *tags, const struct tag_seen *seen, size_t count);

#endif
