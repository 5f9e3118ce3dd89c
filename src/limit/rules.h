/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration's rules, ready to be asked: which of them count a request, by what key, against what quota.
 *
 *   config_limits ─ limit_rules_new ─► a list of rules for each of the configuration's lists, by its number
 *   caller ─ limit_rules_match ─► charges, for limiter_take
 *
 * Ownership: limit_rules_free frees them; they point into the configuration, and hold accounts of the limiter. Immutable but for the
 * accounts' counters: any thread. */
#ifndef LEAT_LIMIT_RULES_H
#define LEAT_LIMIT_RULES_H

#include "config/config.h"
#include "limit/limiter.h"

/* A quota that a rule grants: to all, or to a tier; with what headers say of it. */
struct limit_grant {
    struct limit_quota quota; /* a charge's quota is one of these: limit_grant_of */
    unsigned role;            /* of a tier; 0: to all others */
    struct slice name;        /* the rule's */
    struct slice fields;      /* X-RateLimit-Limit and RateLimit-Policy, whole lines */
};

struct limit_rule {
    const struct config_limit *config;
    struct slice name;
    struct slice scope; /* the route whose rule it is; empty: all */
    struct limit_account *account;
    struct limit_grant *grants; /* of the tiers, and last for all others */
    unsigned grant_count;
};

struct limit_list {
    struct limit_rule *items;
    unsigned count;
};

struct limit_rules {
    struct arena arena;
    struct limiter *limiter;
    struct limit_list *lists; /* by number; 0 is empty */
    unsigned list_count;      /* with 0 */
    struct slice *routes;     /* all that `per: route` may count: limit_caller.route */
    unsigned route_count;
};

/* NULL: the limiter has no room for so many rules. */
struct limit_rules *limit_rules_new(struct limiter *limiter, const struct config *config) must_check;
void limit_rules_free(struct limit_rules *rules); /* takes NULL */

/* What requests are counted by that are for no resource, query or function: logins, the cache's API, documents. */
#define LIMIT_ROUTE_AUTH SLICE("auth")
#define LIMIT_ROUTE_CACHE SLICE("cache")
#define LIMIT_ROUTE_DOCS SLICE("docs")
#define LIMIT_ROUTE_SIGNALS SLICE("signals")

/* The name that a function's calls are counted by: "rpc/search", for a resource may be called as it is. */
struct slice limit_route_of_function(struct arena *arena, struct slice name);

/* Who asks, as far as rules count by it. Parts with data NULL: the caller has none, so rules that count by them pass it over. */
struct limit_caller {
    const struct in6_addr *address;
    unsigned role; /* its bit */
    struct slice user, key, tenant, role_name, route, account;
    bool write;
};

/* Appends the charges of the rules of that list (config_limits.number) that count such a request; returns how many there are now. */
unsigned limit_rules_match(const struct limit_rules *rules, unsigned list, enum limit_on on,
                           const struct limit_caller *caller, struct limit_charge charges[LIMIT_CHARGES_MAX],
                           unsigned count);

/* One rule's charge. False: it does not count this caller. */
bool limit_rule_charge(const struct limiter *limiter, const struct limit_rule *rule,
                       const struct limit_caller *caller, struct limit_charge *ret_charge);

static inline const struct limit_grant *limit_grant_of(const struct limit_charge *charge)
{
    return container_of(charge->quota, const struct limit_grant, quota);
}

#endif
