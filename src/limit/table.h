/* SPDX-License-Identifier: Apache-2.0 */
/* The states of all keys: a bounded table of slots, 24 bytes each, found without a lock and changed by compare-and-swap.
 *
 * A key is looked for in PROBES slots from its home on; slots are filled, never emptied. A newcomer takes an empty one, or that of a
 * full key, which says nothing (limit_state_is_full): so forgetting never lets more through. Where there is neither it has no slot.
 *
 *   state ─ take, give: compare-and-swap ─► state …
 *     │ full, and a newcomer wants the slot (under the shard's lock): compare-and-swap
 *     ▼
 *   CLOSED → the new key → its first state
 *
 * Who found the old key before that cannot charge the new one: between reading a state and swapping it the state of the new key would
 * have to be the very same, but a full state is older than any that is made from its end on. A key is read again behind its
 * state, for the state may have been the new key's already.
 * Threads: any. Failure: none after making. */
#ifndef LEAT_LIMIT_TABLE_H
#define LEAT_LIMIT_TABLE_H

#include <stdatomic.h>

#include "base/error.h"
#include "limit/quota.h"

struct limit_table;

/* At most so many keys, rounded up to a power of two. NULL: no memory. */
struct limit_table *limit_table_new(unsigned keys_max) must_check;
void limit_table_free(struct limit_table *table); /* takes NULL */

/* Which key: a hash of what the rule counts by, with the quota's kind and unit in its low bits. Never 0. */
uint64_t limit_key(uint64_t hash, const struct limit_quota *quota);
/* Sets the quota's kind and unit by a key that came from elsewhere. False: it is none, or the quota's count or burst is out of bounds. */
bool limit_key_is_sound(uint64_t key, struct limit_quota *quota);

struct limit_slot {
    _Atomic uint64_t key;    /* 0: empty */
    _Atomic uint64_t state;  /* of quota.h, or CLOSED */
    _Atomic uint32_t share;  /* in 65,536ths; 0: not dealt, so the equal one */
    _Atomic uint32_t demand; /* asked for since the last exchange, refused ones too */
};

enum limit_taken { LIMIT_TAKEN, LIMIT_REFUSED, LIMIT_NO_SLOT };

/* How to take: what is asked of a key, by whom. */
struct limit_ask {
    uint64_t key;
    const struct limit_quota *quota;
    unsigned weight;
    unsigned share_default; /* LIMIT_SHARE_WHOLE / instances */
};

/* Takes, or is refused; a newcomer gets a slot. ret_standing is of right after. ret_slot: where the key was found; NULL with NO_SLOT. */
enum limit_taken limit_table_take(struct limit_table *table, const struct limit_ask *ask,
                                  struct limit_time now, struct limit_standing *ret_standing,
                                  struct limit_slot **ret_slot);

/* Takes back what was taken. Nothing where the key is gone: then it was full again. */
void limit_table_give(struct limit_table *table, const struct limit_ask *ask, struct limit_time now);

/* Looks, and changes nothing. */
void limit_table_look(struct limit_table *table, const struct limit_ask *ask, struct limit_time now,
                      struct limit_standing *ret_standing);

/* The slot of a key; NULL: it has none. It may become another key's at any time but while `limit_table_swap` sees the old. */
struct limit_slot *limit_table_find(struct limit_table *table, uint64_t key);
/* The same, with a slot made for it. NULL: there is no room. */
struct limit_slot *limit_table_make(struct limit_table *table, const struct limit_ask *ask,
                                    struct limit_time now);
/* Its state while it is still that key's; false: it is no more. And another in its place, if it is still the old one. */
bool limit_slot_read(const struct limit_slot *slot, uint64_t key, uint64_t *ret_state);
bool limit_slot_swap(struct limit_slot *slot, uint64_t *old, uint64_t state);

/* Slots in use, for the metric. */
unsigned limit_table_used(const struct limit_table *table);

#endif
