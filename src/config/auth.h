/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration says of callers: their roles, and where it is read who they are. Part of config.h, which says who owns it.
 * Immutable after loading: any thread. */
#ifndef LEAT_CONFIG_AUTH_H
#define LEAT_CONFIG_AUTH_H

#include "config/complaints.h"

/* A text with the place it was read from. */
struct word {
    struct slice text; /* data NULL: not given */
    struct place at;
};

/* Roles are bits: a set of them says who may. The first is everybody's, known or not; the others are those of `auth.roles`, in
 * the order in which they are declared. */
enum role { ROLE_ANONYMOUS = 1u << 0 };
enum { ROLES_DECLARED_MAX = 30 };
#define ROLES_NONE 0u
#define ROLES_ALL (~0u)

struct config_role {
    struct slice name;
    unsigned bit;
    unsigned rights; /* its own bit, those of all before it in its chain, and ROLE_ANONYMOUS */
    struct place at;
};

/* Where a caller's parts stand: columns of the table of users. data NULL: it has no such part. */
struct config_claims {
    struct word user, tenant, role;
};

struct config_auth {
    struct config_role *roles; /* `roles: viewer < analyst < admin`, or a list of such chains */
    unsigned role_count;
    unsigned role; /* the bit of who is known and has no role of its own; ROLE_ANONYMOUS: none was declared */
    struct config_claims claims;
    struct word tenant; /* a table that has this column is bound to the caller's tenant */
};

/* The role of that name, or NULL. `anonymous` is none of them. */
const struct config_role *config_role_find(const struct config_auth *auth, struct slice name);
/* What a bit is called: "viewer", "anonymous". */
struct slice config_role_name(const struct config_auth *auth, unsigned bit);
/* The bit of the role that operators have: the last that is declared, where it stands above another. ROLES_NONE: no role has more
 * rights than all others, so none is an operator's. */
unsigned config_operators(const struct config_auth *auth);

#endif
