/* SPDX-License-Identifier: Apache-2.0 */
/* Bumps: a tag that is written here is made stale in all instances, and in the second level (level2.h).
 *
 *   COMMIT ─► local bump, redis_bumps_add ─► answer          the writer waits for nothing
 *                     │ (gathered per turn)
 *                     ▼ a round, one at a time
 *             DEL of the tags' generations  ─► all answered ─► PUBLISH ─► answered: done
 *             (the second level is stale now)                  (the other instances are)
 *
 *   messages:  v1 INSTANCE SEQUENCE bump TAG TAG …      v1 INSTANCE SEQUENCE all      v1 INSTANCE SEQUENCE beat | new | bye
 *
 * A round that fails is begun again, with what was added since, under the same sequence number: who hears it twice bumps twice, which
 * harms nothing. What waits is a set of bits (tag_set.h) and thus bounded; more than ROUND_TAGS_MAX of them are told as `all`.
 *
 * What could go unheard makes everything stale at once (on_bump_all):
 *   - a gap in an instance's sequence, or one never heard before that has told things already;
 *   - an instance that falls silent for a second without `bye`: it may have died between COMMIT and message. The second level is
 *     made stale as a whole, too;
 *   - our own beats not coming back for a second, or the subscription lost: DISTRUSTED, until a beat comes back over a new one.
 *     Writes of other instances are not heard meanwhile: what is held may be as old as its policy allows, and no older;
 *   - our own beginning, when in three beats nobody is heard who says `beat`, and not `new`: nobody was there to notice that somebody
 *     died. Again the second level is made stale as a whole.
 *
 *   DISTRUSTED ──(subscribed, and a beat sent since then came back: on_bump_all, `all` is told)──▶ TRUSTED
 *              ◀──(subscription lost, or a second without a beat of ours: on_bump_all)─────────────
 *
 * Ownership: one per process, on one loop; it has a client and a subscriber of its own. Threads: add, add_all, is_pending and
 * is_trusted from any; all else, and the callbacks, on the loop's. Failure: none; it goes on by itself. */
#ifndef LEAT_REDIS_BUMPS_H
#define LEAT_REDIS_BUMPS_H

#include "redis/redis.h"

struct redis_bumps;

struct redis_bumps_events {
    void *context;
    void (*on_bump)(void *context, uint32_t tag); /* another instance's */
    void (*on_bump_all)(void *context);
};

enum { REDIS_BUMPS_BEAT_MS = 250, REDIS_BUMPS_SILENT_MS = 1000, REDIS_ROUND_TAGS_MAX = 512 };

struct redis_bumps *redis_bumps_open(struct redis_plan *plan, struct loop *loop,
                                     const struct redis_bumps_events *events);
/* Says `bye` when it can. Nothing may be added any more. Then turn the loop until it is quiet, then free. */
void redis_bumps_close(struct redis_bumps *bumps);
bool redis_bumps_is_quiet(const struct redis_bumps *bumps);
void redis_bumps_free(struct redis_bumps *bumps); /* takes NULL */

void redis_bumps_add(struct redis_bumps *bumps, uint32_t tag);
void redis_bumps_add_all(struct redis_bumps *bumps);

/* Whether the second level may not know of a bump yet, and must not be asked about this tag: of one of ours; or, in our first three beats, of
 * one that went untold because its teller died and nobody was there to notice: then all is bumped. Also of REDIS_TAG_ALL. */
bool redis_bumps_is_pending(const struct redis_bumps *bumps, uint32_t tag);
/* Whether other instances' writes are heard. */
bool redis_bumps_is_trusted(const struct redis_bumps *bumps);

/* The client of its loop: for what else is exchanged there. */
struct redis *redis_bumps_client(struct redis_bumps *bumps);

struct redis_bumps_counters {
    atomic_ullong rounds, rounds_failed, told, heard, heard_all, gaps, silences, distrusts, malformed;
};
const struct redis_bumps_counters *redis_bumps_counters(const struct redis_bumps *bumps);

/* "leat:t:0a3f1": the key of a tag's generation; REDIS_TAG_ALL is that of all of them. Returns its length. */
enum { REDIS_TAG_ALL = 1 << 20, REDIS_TAG_KEY_MAX = 96 };
size_t redis_tag_key(const struct redis_plan *plan, uint32_t tag, char ret_key[REDIS_TAG_KEY_MAX]);

#endif
