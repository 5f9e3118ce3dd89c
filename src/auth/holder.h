/* SPDX-License-Identifier: Apache-2.0 */
/* Who holds a credential that was found good, and the cache of such: for a while a worker need not verify a token again, nor ask the
 * database for a key or a session.
 *
 * The cache is a table of KNOWN_SLOTS places, one for each hash: a newcomer drops who was there. It holds salted hashes, never credentials.
 * What it tells is no older than `fresh_until`; who asks when that is over is told to look again (and, for a moment, nobody else is: so
 * that many requests of one session ask the database once). Whether something was revoked since is the asker's to see to: an entry keeps
 * how many revocations there were when it was last known to hold.
 *
 * Ownership: entries own their texts. Failure: without memory nothing is kept. One thread. */
#ifndef LEAT_AUTH_HOLDER_H
#define LEAT_AUTH_HOLDER_H

#include "auth/credential.h"
#include "auth/identify.h"
#include "base/clock.h"

enum { KNOWN_SLOTS = 1024 };

struct holder {
    enum credential credential;
    struct slice user, tenant, role; /* data NULL: none */
    struct slice key_id, scope;      /* of an API key; scope data NULL: all that its role may */
    char token_id[TOKEN_ID_LEN + 1]; /* by which it is revoked */
    int64_t expires_s;               /* since 1970; 0: never */
    int64_t stored_s, confirmed_s;   /* of a session: its end as the database has it, and when that said so */
    struct mono fresh_until;         /* us INT64_MAX: as long as it holds */
    uint64_t generation, revocations; /* the model's number; see above */
};

struct known;

struct known *known_new(void);
void known_free(struct known *known); /* takes NULL */

/* The hash that a credential is known by here. */
void known_hash(const struct known *known, struct slice credential,
                unsigned char ret_hash[CREDENTIAL_HASH_BYTES]);

/* NULL: unknown, not fresh, expired, or of another generation. The holder is the cache's until the next call. */
struct holder *known_get(struct known *known, const unsigned char hash[CREDENTIAL_HASH_BYTES],
                         uint64_t generation, struct mono now, struct wall wall);
void known_put(struct known *known, const unsigned char hash[CREDENTIAL_HASH_BYTES],
               const struct holder *holder);
void known_drop(struct known *known, const unsigned char hash[CREDENTIAL_HASH_BYTES]);

/* Makes it the principal's; texts are copied into the arena. */
void holder_become(const struct holder *holder, const struct config_auth *auth, struct arena *arena,
                   struct principal *principal);

/* The id of what is revoked: half a BLAKE2b-256 as digits. */
void token_id(struct slice bytes, char ret_id[TOKEN_ID_LEN + 1]);

#endif
