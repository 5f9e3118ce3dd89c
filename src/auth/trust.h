/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a configuration trusts: its own secret, foreign keys, the table of logins. Made with each snapshot, from a model.
 * Ownership: the snapshot's; the model must outlive it. Immutable: any thread. Failure: complaints with their places. Reads the files
 * that `jwks:` names. */
#ifndef LEAT_AUTH_TRUST_H
#define LEAT_AUTH_TRUST_H

#include "auth/accounts.h"
#include "auth/jwt.h"

struct trust {
    struct arena arena;
    struct jwt_issuer own; /* without keys where the secret is `auto` */
    bool secret_is_auto;
    struct jwt_issuer *foreign;
    unsigned foreign_count;
    struct accounts accounts;
};

enum error trust_new(const struct model *model, struct complaints *complaints,
                     struct trust **ret_trust) must_check;
void trust_free(struct trust *trust); /* takes NULL */

/* The issuer that our own tokens are of, still without a key. */
struct jwt_issuer trust_own_issuer(void);

#endif
