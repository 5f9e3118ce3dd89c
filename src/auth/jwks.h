/* SPDX-License-Identifier: Apache-2.0 */
/* A JSON Web Key Set (RFC 7517): {"keys": [{"kty": "RSA", "n": …, "e": …, "kid": …}, …]}. Those keys of it are taken that fit the
 * algorithm the configuration pins: RSA of 2048 to 8192 bits for RS256, EC on P-256 for ES256, OKP Ed25519 for EdDSA, oct of 32 bytes
 * and more for HS256. Others, those with another `alg` and those not for signatures are passed over.
 * Failure: ERR_INVALID with a sentence of why: a key that is of the right kind but broken, none that fits, more than JWT_KEYS_MAX.
 * Pure. */
#ifndef LEAT_AUTH_JWKS_H
#define LEAT_AUTH_JWKS_H

#include "auth/jwt.h"

enum { JWKS_BYTES_MAX = 256 * 1024 };

/* A single key without a set around it is taken too. */
enum error jwks_read(struct slice json, enum jwt_alg alg, struct jwt_keys *ret_keys,
                     const char **ret_why) must_check;

#endif
