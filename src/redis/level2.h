/* SPDX-License-Identifier: Apache-2.0 */
/* The second level of the cache: answers in Redis, shared by all instances, and leases, so that of all instances one makes a missing one.
 *
 *   redis_level2_ask ─▶ generations of its tags, the answer ─┬─ current ───────────────────────────────▶ HIT
 *                       (one pipeline)                       └─ not ─▶ the lease is asked for, ─┬─ current ▶ HIT
 *                              ▲                                       and the answer again    ├─ taken ─▶ FILL: make it, then
 *                              │                                                               │          redis_level2_put or _leave
 *                              └──────────── 5, 10, … 40 ms ◀──── another has it ──────────────┘
 *                                            (for at most wait_ms, then ────────────────────────────────▶ MISS)
 *
 *   leat:e:{KEY}   the answer, sealed (seal.h) behind the generations it was made under    PX ttl
 *   leat:t:TAG     a tag's generation: a random token; a bump deletes it                   PX a day
 *   leat:l:{KEY}   the lease: its holder's token                                           PX lease_ms
 *
 * A generation is random, never counted: one that was evicted, deleted or flushed comes back as another, so nothing that was made under
 * the old one is ever current again. What keeps stale answers out is the order: generations are known, and those that were missing
 * made, BEFORE on_end, and thus before the statement is sent; the answer is stored under them; a write deletes them after COMMIT.
 * Whoever asks takes the process cache's own generations before redis_level2_ask.
 *
 * Who holds the lease stores the answer before he lets it go, and who takes it looks for the answer behind it: so no answer is made
 * twice while it is good.
 *
 * A question to Redis costs budget_ms at most. Without Redis, or while it is slower than that, or while a bump of ours is pending for a
 * tag, the verdict is MISS at once: what goes wrong is the hit rate alone.
 *
 * Ownership: a lookup lies in its owner until on_end and, after FILL, until put, leave or cancel. Texts are copied. Threads: the client's
 * loop. on_end comes from the loop, never from within redis_level2_ask. Failure: MISS. */
#ifndef LEAT_REDIS_LEVEL2_H
#define LEAT_REDIS_LEVEL2_H

#include "redis/bumps.h"
#include "redis/seal.h"
#include "redis/token.h"

enum {
    REDIS_LEVEL2_TAGS_MAX = 24,
    REDIS_LEVEL2_KEY_MAX = 64,
    REDIS_LEVEL2_PARTS = REDIS_LEVEL2_TAGS_MAX + 4
};

enum redis_verdict {
    REDIS_LEVEL2_HIT,  /* here it is */
    REDIS_LEVEL2_FILL, /* make it and put it: others wait */
    REDIS_LEVEL2_MISS, /* make it for yourself */
};

/* What a worker has of the second level. */
struct redis_level2 {
    struct redis *redis;
    const struct redis_bumps *bumps; /* the process's; NULL: none */
    int64_t budget_ms, lease_ms, wait_ms;
    atomic_ullong hits, fills, misses, waits, skips, puts; /* skips: misses for which Redis was not asked */
    atomic_ullong strange;                                 /* answers that were not sealed by us */
};

struct redis_lookup;

struct redis_lookup_part {
    struct redis_command command;
    struct redis_lookup *lookup;
};

/* Zero it and set what stands before level2. */
struct redis_lookup {
    /* bytes: of a HIT, valid until it returns; left_ms: how long it is still good. */
    void (*on_end)(struct redis_lookup *lookup, enum redis_verdict verdict, struct slice bytes,
                   int64_t left_ms);
    unsigned char secret[REDIS_SECRET_BYTES]; /* the same wherever this key is asked for */
    int64_t least_ms;                         /* an answer that is good for less is as none */
    struct redis_level2 *level2;              /* from here on its own; NULL: not under way */
    char key[REDIS_LEVEL2_KEY_MAX + 1];
    uint32_t tags[REDIS_LEVEL2_TAGS_MAX + 1]; /* the first is REDIS_TAG_ALL */
    unsigned tag_count;
    char generations[REDIS_LEVEL2_TAGS_MAX + 1][REDIS_TOKEN_LEN + 1];
    struct redis_lookup_part
        parts[REDIS_LEVEL2_PARTS]; /* the tags', then the lease's, the time left, the answer's */
    unsigned parts_left;
    bool failed, lease_asked, lease_won;
    char lease[REDIS_TOKEN_LEN + 1];
    int64_t left_ms;
    char *early; /* of a Cluster: the answer, when it came before the rest */
    size_t early_bytes;
    struct timer again;
    int64_t again_ms;
    struct mono until;
};

/* Tags in an order that is the same wherever this key is asked for. False: MISS at once; on_end is not called. */
bool redis_level2_ask(struct redis_level2 *level2, struct redis_lookup *lookup, struct slice key,
                      const uint32_t *tags, unsigned tag_count) must_check;

/* After FILL: stores the answer, which hangs on the first tag_count of the tags, and lets the lease go. Nothing is waited for. */
void redis_level2_put(struct redis_lookup *lookup, unsigned tag_count, struct slice bytes, int64_t ttl_ms);
/* After FILL: it could not be made, or is not to be kept: the next of those who wait makes it. */
void redis_level2_leave(struct redis_lookup *lookup);
/* Before on_end: it will not come. After FILL: as _leave. Takes one that is not under way. */
void redis_level2_cancel(struct redis_lookup *lookup);

#endif
