/* SPDX-License-Identifier: Apache-2.0 */
/* `rights: database`, against the database: it must know roles and rows, and have each role that a caller may be of. See resolve.h.
 * Failure: complaints. */
#include "base/check.h"
#include "catalog/resolve.h"

static bool may_act_as(const struct catalog *catalog, struct slice role)
{
    for (unsigned i = 0; i < catalog->role_count; i++)
        if (slice_eq(catalog->roles[i], role))
            return true;
    return false;
}

static void check_role(const struct resolver *r, struct place at, struct slice role)
{
    struct slice quoted = identifier_quote(r->arena, role);
    if (!may_act_as(r->catalog, role))
        complain(r->complaints, at,
                 "`rights: database`: there is no role `" SLICE_FMT
                 "` in the database that this connection may act as: CREATE ROLE " SLICE_FMT
                 ", and GRANT it to the user of `database.url`",
                 SLICE_ARG(role), SLICE_ARG(quoted));
}

void resolve_acting(const struct resolver *r, const struct config *config)
{
    const struct config_auth *auth = &config->auth;
    PRE(r->catalog != NULL);
    if (!auth->by_database)
        return;
    if (r->catalog->dialect == DIALECT_SQLITE) {
        complain(
            r->complaints, auth->rights_at,
            "`rights: database`: SQLite knows no roles: take it out, and say by `auth.tenant`, `rows:` and "
            "`columns:` whose rows are and who sees what");
        return;
    }
    for (unsigned i = 0; i < auth->role_count; i++)
        check_role(r, auth->roles[i].at, auth->roles[i].name);
    check_role(r, auth->rights_at, config_role_name(auth, ROLE_ANONYMOUS));
}
