/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Tokens (RFC 7519) in their compact form: header.claims.signature, each base64url without padding.
 *
 * A key is of one algorithm, said by our configuration and never by a token (RFC 8725, 3.1): a header that names another is refused, so
 * that nobody signs by HMAC with a public key's bytes, or not at all. `kid` chooses among an issuer's keys and does nothing else;
 * jku, x5u and jwk are never followed; a token with `crit` is refused, for nothing critical is understood. A token must have an
 * `exp`; an `aud` must be the issuer's audience, and one must be there where an audience is asked for. Clocks may differ by
 * JWT_LEEWAY_S.
 *
 * Ownership: keys own their bytes; claims are slices of the arena. Failure: ERR_INVALID and a word why, for the log alone: who asks is told
 * only that it is refused. Pure; any thread (keys are read only once they are made). */
#ifndef LEAT_AUTH_JWT_H
#define LEAT_AUTH_JWT_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"

enum {
    JWT_BYTES_MAX = 8192,
    JWT_CLAIM_BYTES_MAX = 255,
    JWT_LEEWAY_S = 60,
    JWT_KEYS_MAX = 64,
    JWT_SECRET_BYTES_MIN = 32
};

enum jwt_alg { JWT_HS256, JWT_RS256, JWT_ES256, JWT_EDDSA };

/* "RS256" → JWT_RS256. */
bool jwt_alg_read(struct slice name, enum jwt_alg *ret_alg);

struct jwt_key; /* one secret or public key with its kid: jwt_key.h */

/* Keys of one algorithm. */
struct jwt_keys {
    enum jwt_alg alg;
    struct jwt_key *keys;
    unsigned count;
};

/* HS256 with one secret, which is copied. */
void jwt_keys_of_secret(struct slice secret, struct jwt_keys *ret_keys);
/* Takes zeroed ones. */
void jwt_keys_done(struct jwt_keys *keys);

/* Whose tokens are believed, and where in them stands what. */
struct jwt_issuer {
    struct jwt_keys keys;
    struct slice issuer, audience;   /* data NULL: not asked for */
    struct slice user, tenant, role; /* names of claims; data NULL: not read */
};

struct jwt_claims {
    struct slice user, tenant, role; /* data NULL: it has none */
    int64_t expires_s;               /* since 1970 */
    unsigned issuer;                 /* which of those that were given */
};

/* The claims of a token of one of these issuers. ret_why is set on failure. */
enum error jwt_verify(const struct jwt_issuer *issuers, unsigned count, struct slice token, struct wall now,
                      struct arena *arena, struct jwt_claims *ret_claims, const char **ret_why) must_check;

/* A token of our own, signed with the issuer's only key, which is a secret; id: what makes it another than all others. */
struct slice jwt_sign(const struct jwt_issuer *issuer, const struct jwt_claims *claims, struct slice id,
                      struct wall now, struct arena *arena);

/* Another secret that follows from the issuer's only key, which is a secret: for another use than tokens. */
enum { JWT_DERIVED_BYTES = 32 };
void jwt_derive(const struct jwt_issuer *issuer, struct slice purpose,
                unsigned char ret_secret[JWT_DERIVED_BYTES]);

/* What a token's signature is made over: its name for revocation, since a signature may be written in several ways (ECDSA). */
struct slice jwt_signed_part(struct slice token);

#endif
