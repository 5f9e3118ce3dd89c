/* SPDX-License-Identifier: Apache-2.0 */
/* What lies in Redis can be read, and written, by whoever else may use that Redis: it is sealed (XChaCha20-Poly1305), so that it tells
 * nothing without the secret, and what others made, changed, or moved from another key is found out. `about` is not hidden; a seal is good for
 * it alone.
 *
 *   24 random bytes, the bytes encrypted, 16 bytes of proof
 *
 * Pure but for random numbers. Failure: as said. Any thread. */
#ifndef LEAT_REDIS_SEAL_H
#define LEAT_REDIS_SEAL_H

#include "base/buf.h"
#include "base/check.h"
#include "base/error.h"

enum { REDIS_SECRET_BYTES = 32, REDIS_SEAL_BYTES = 24 + 16 };

/* The same wherever the words are. */
void redis_secret_of(struct slice words, unsigned char ret_secret[REDIS_SECRET_BYTES]);

/* Appends bytes.len + REDIS_SEAL_BYTES. It fails only as the buf does. */
void redis_seal(struct buf *out, const unsigned char secret[REDIS_SECRET_BYTES], struct slice about,
                struct slice bytes);

/* Into ret_bytes, which has room for sealed.len. False: it is not what was sealed with this secret, about this. */
bool redis_unseal(const unsigned char secret[REDIS_SECRET_BYTES], struct slice about, struct slice sealed,
                  char *ret_bytes, size_t *ret_len) must_check;

#endif
