/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer is found by: 128 bits made of all that makes it differ from other answers (snapshot, route, query string, format,
 * who asks). Two questions with the same key get the same answer, so nobody may be able to make two of them: the hash is
 * SipHash-2-4-128, a keyed pseudo-random function, and not a fast hash whose collisions can be calculated. Instances that share a
 * second level share the secret. Pure, cannot fail; any thread. */
#ifndef LEAT_CACHE_KEY_H
#define LEAT_CACHE_KEY_H

#include "base/slice.h"

struct cache_key {
    uint64_t high, low;
};

struct cache_secret {
    unsigned char bytes[16];
};

/* Of this process alone. */
void cache_secret_random(struct cache_secret *ret_secret);
/* The same in all processes that are given the same words. */
void cache_secret_of(struct slice words, struct cache_secret *ret_secret);

struct cache_key cache_key_of(const struct cache_secret *secret, struct slice bytes);

static inline bool cache_key_eq(struct cache_key a, struct cache_key b)
{
    return a.high == b.high && a.low == b.low;
}

#endif
