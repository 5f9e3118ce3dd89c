/* SPDX-License-Identifier: Apache-2.0 */
/* The application's own users: the table of `auth.login`, found in the catalogue, and the SQL by which a login asks it.
 * Ownership: the model, which must outlive it, and the arena given. Failure: complaints at the configuration's places. Pure. */
#ifndef LEAT_AUTH_ACCOUNTS_H
#define LEAT_AUTH_ACCOUNTS_H

#include "base/clock.h"
#include "catalog/model.h"
#include "store/fetch.h"

enum { ACCOUNT_BYTES_MAX = 320 }; /* an e-mail address, RFC 5321: 64 + @ + 255 */

struct accounts {
    const struct table *table; /* NULL: there is no login */
    const struct column *account, *password, *user;
    const struct column *tenant, *role, *seen; /* each may be NULL */
    struct slice find, rehash, see;            /* SQL */
};

/* The cells of a user that is found; data NULL: it has none. */
enum { ACCOUNT_USER, ACCOUNT_TENANT, ACCOUNT_ROLE, ACCOUNT_HASH, ACCOUNT_CELLS };

enum error accounts_find_table(const struct model *model, struct arena *arena, struct complaints *complaints,
                               struct accounts *ret_accounts) must_check;

/* At most two rows: more than one is none. What is deleted softly is not found. */
struct statement accounts_find(const struct accounts *accounts, struct arena *arena, struct slice account);
/* Sets the hash of a user whose hash is still the old one. */
struct statement accounts_rehash(const struct accounts *accounts, struct arena *arena, struct slice user,
                                 struct slice old_hash, struct slice new_hash);
/* Sets `seen`, which there is. */
struct statement accounts_see(const struct accounts *accounts, struct arena *arena, struct slice user,
                              struct wall when);
/* INSERT of a new user; tenant and role may have data NULL. */
struct statement accounts_add(const struct accounts *accounts, enum dialect dialect, struct arena *arena,
                              struct slice account, struct slice hash, struct slice tenant,
                              struct slice role);

#endif
