/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes. One (XXH64) of bytes that come in pieces, the same however they were cut, in every process and version. It tells apart what
 * differs by chance, not what somebody made to collide. Pure, cannot fail; one thread at a time. */
#ifndef LEAT_BASE_DIGEST_H
#define LEAT_BASE_DIGEST_H

#include "base/slice.h"

struct digest {
    uint64_t state[11]; /* XXH64's own */
};

void digest_begin(struct digest *digest);
void digest_add(struct digest *digest, struct slice bytes);
/* The bytes and how many they are, so that two fields one after the other are not taken for one. */
void digest_add_field(struct digest *digest, struct slice bytes);
uint64_t digest_end(const struct digest *digest);

/* Of bytes that are there, in one step and twice as long (XXH3, 128 bits): 32 hex digits and NUL. */
void digest_whole(struct slice bytes, char ret_hex[33]);

#endif
