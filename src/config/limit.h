/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration says of limits: rules that count requests. Part of config.h, which says who owns it.
 * Immutable after loading: any thread. */
#ifndef LEAT_CONFIG_LIMIT_H
#define LEAT_CONFIG_LIMIT_H

#include "config/auth.h"

enum { LIMITS_EACH_MAX = 8, LIMIT_WEIGHT_MAX = 1000, LIMIT_NAME_MAX = 40 };

/* What a rule counts by: bits; several together make one key. */
enum limit_per {
    PER_ADDRESS = 1 << 0, /* IPv6: the first 64 bits */
    PER_USER = 1 << 1,
    PER_KEY = 1 << 2, /* an API key */
    PER_TENANT = 1 << 3,
    PER_ROLE = 1 << 4,
    PER_ROUTE = 1 << 5,
    PER_ACCOUNT = 1 << 6, /* the account that somebody tries to log in to */
};

enum limit_when { WHEN_READ = 1 << 0, WHEN_WRITE = 1 << 1 };
enum limit_on { LIMIT_ON_REQUEST, LIMIT_ON_LOGIN_FAILED };

/* "200/min": units in the order of limit/quota.h: s, min, h, d. */
struct config_rate {
    unsigned count; /* 0: not given */
    unsigned unit;
};

struct config_tier {
    unsigned role; /* its bit */
    struct config_rate rate;
};

struct config_limit {
    unsigned per;
    struct config_rate rate;
    unsigned burst;  /* 0: as much as the rate's count */
    unsigned window; /* 0: a token bucket; else fixed, sliding, as enum limit_kind */
    unsigned roles;  /* of `when`: the callers' own roles; ROLES_NONE: any */
    unsigned ways;   /* of `when`: reads, writes; 0: both */
    unsigned on;
    struct config_tier *tiers;
    unsigned tier_count;
    unsigned weight;
    bool shadow;
    struct slice name; /* data NULL: none was given */
    struct place at;
};

struct config_limits {
    struct config_limit *items;
    unsigned count;
    unsigned number; /* of the list among all of the configuration, from 1; 0: it is empty */
};

/* When the database has more to do than it can. */
struct config_shed {
    int64_t target_ms, interval_ms; /* of waiting for the database; target 0: off */
    unsigned least;                 /* 0: sixteen for each connection */
};

struct config_limiter {
    unsigned keys; /* that are counted at once */
};

#endif
