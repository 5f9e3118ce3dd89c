/* SPDX-License-Identifier: Apache-2.0 */
/* A key that tokens are verified with, and base64url: what jwt.c and jwks.c share. */
#ifndef LEAT_AUTH_JWT_KEY_H
#define LEAT_AUTH_JWT_KEY_H

#include <openssl/types.h>

#include "auth/jwt.h"

struct jwt_key {
    struct slice kid;    /* ours; data NULL: it has none */
    struct slice secret; /* ours; of HS256 */
    EVP_PKEY *public;    /* ours; of the others */
};

void jwt_key_done(struct jwt_key *key);

/* Whether the signature is this key's over these bytes. */
bool jwt_key_verifies(const struct jwt_key *key, enum jwt_alg alg, struct slice bytes,
                      struct slice signature);

/* Strict: the alphabet of RFC 4648 section 5, no padding, no bits left over. */
bool base64url_decode(struct arena *arena, struct slice text, struct slice *ret_bytes);
struct slice base64url_encode(struct arena *arena, struct slice bytes);

#endif
