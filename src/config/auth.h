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

/* Where a caller's parts stand: columns of the table of users, or claims of foreign tokens. data NULL: it has no such part. */
struct config_claims {
    struct word user, tenant, role;
};

/* Whose tokens are believed beside our own. Exactly one of jwks and secret is given. */
struct config_foreign {
    unsigned alg; /* one of enum jwt_alg (auth/jwt.h) */
    struct word jwks, secret;
    struct word issuer, audience; /* data NULL: not asked for */
    struct config_claims claims;
    struct place at;
};

enum config_sessions { SESSIONS_TOKEN, SESSIONS_STORED };
enum config_audit { AUDIT_LOGINS = 1u << 0, AUDIT_WRITES = 1u << 1 };

/* As long as a signature of HMAC-SHA-256 (RFC 7518, 3.2). */
enum { SECRET_LEN_MIN = 32 };

struct config_auth {
    struct config_role *roles; /* `roles: viewer < analyst < admin`, or a list of such chains */
    unsigned role_count;
    unsigned role; /* the bit of who is known and has no role of its own; ROLE_ANONYMOUS: none was declared */
    struct config_claims claims;
    bool by_database; /* `rights: database`: statements act as their caller, whose rows the database tells */
    struct place rights_at;
    struct word tenant; /* a table that has this column is bound to the caller's tenant */
    struct word secret; /* what our own tokens are signed with; `auto`: made by Leat, kept in the database */
    struct {
        struct word table, account, password, seen; /* table data NULL: there is no login; seen: may be so */
    } login;
    int64_t session_ms;
    enum config_sessions sessions;
    struct config_foreign *foreign;
    unsigned foreign_count;
    unsigned audit; /* bits of enum config_audit */
};

/* Whether anybody can be known at all: else credentials are not looked at. */
static inline bool config_auth_is_on(const struct config_auth *auth)
{
    return auth->role_count || auth->login.table.text.data || auth->foreign_count;
}

/* The role of that name, or NULL. `anonymous` is none of them. */
const struct config_role *config_role_find(const struct config_auth *auth, struct slice name);
/* What a bit is called: "viewer", "anonymous". */
struct slice config_role_name(const struct config_auth *auth, unsigned bit);
/* The bit of the role that operators have: the last that is declared, where it stands above another. ROLES_NONE: no role has more
 * rights than all others, so none is an operator's. */
unsigned config_operators(const struct config_auth *auth);

#endif
