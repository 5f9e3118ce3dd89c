/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks, as far as rights and rows hang on it: PLAN binds it, keys of kept answers are made of it.
 * Ownership: the slices live as long as the request. Pure. */
#ifndef LEAT_CATALOG_CALLER_H
#define LEAT_CATALOG_CALLER_H

#include "base/slice.h"

struct caller {
    unsigned role;             /* the bit of its own role: whose `rows:` hold */
    unsigned roles;            /* bits of all roles whose rights it has */
    struct slice role_name;    /* of a known caller; data NULL: anonymous */
    struct slice user, tenant; /* data NULL: none */
    struct slice scope; /* of an API key that may less than its role: see scope_allows; data NULL: no less */
};

/* Parts of a caller that an answer hangs on. */
enum caller_part { CALLER_ROLE = 1u << 0, CALLER_TENANT = 1u << 1, CALLER_USER = 1u << 2 };
/* Whether a scope ("read:incidents,write:*,call:search") lets one do this (read, write, call) to that. */
bool scope_allows(struct slice scope, struct slice verb, struct slice name);
/* Whether it is one: for who writes it down. */
bool scope_is_good(struct slice scope);

/* Whether one of the caller's roles is among those that may. */
static inline bool caller_may(const struct caller *caller, unsigned roles)
{
    return (caller->roles & roles) != 0;
}

/* The same, and its scope lets it. */
static inline bool caller_may_do(const struct caller *caller, unsigned roles, struct slice verb,
                                 struct slice name)
{
    return caller_may(caller, roles) && (!caller->scope.data || scope_allows(caller->scope, verb, name));
}

static inline bool caller_is_known(const struct caller *caller)
{
    return caller->role_name.data != NULL;
}

#endif
