/* SPDX-License-Identifier: Apache-2.0 */
/* What a process knows of a database's identities beside its users: the secret of its own tokens, where it is `auto`, and what was
 * revoked. A supply has one; the keeper (keeper.h) fills it, every half a second.
 *
 * Threads: any. The secret is set once and stays; what was revoked lies under a lock that is taken only where the count of revocations
 * has changed since a credential was last found good. */
#ifndef LEAT_REQUEST_IDENTITY_H
#define LEAT_REQUEST_IDENTITY_H

#include "auth/holder.h"
#include "auth/jwt.h"

struct identity;

enum { REVOKED_MAX = 1 << 20 };

struct identity *identity_new(void);
void identity_free(struct identity *identity); /* takes NULL */

/* Whether revocations were read, and the secret where one is to come: before, no credential can be judged. */
bool identity_is_ready(const struct identity *identity);
void identity_set_ready(struct identity *identity);

/* The issuer of our own tokens; NULL: its secret is not known yet. */
const struct jwt_issuer *identity_own(const struct identity *identity);
void identity_set_secret(struct identity *identity, struct slice secret);

/* ERR_LIMIT: REVOKED_MAX are held. */
enum error identity_revoke(struct identity *identity, const char id[TOKEN_ID_LEN + 1],
                           int64_t expires_s) must_check;
bool identity_has_revoked(struct identity *identity, const char id[TOKEN_ID_LEN + 1]);
/* How many there have been in all. */
uint64_t identity_revocations(const struct identity *identity);
/* Forgets what has ended by itself. */
void identity_sweep(struct identity *identity, int64_t now_s);

#endif
