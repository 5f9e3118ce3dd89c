/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration says of kept answers. Part of config.h, which says who owns it. Immutable after loading: any thread. */
#ifndef LEAT_CONFIG_CACHE_H
#define LEAT_CONFIG_CACHE_H

#include "config/auth.h"

/* Who shares an answer. Whatever the plan uses of its caller is in the key in any case: this can only part callers further. */
enum cache_share { SHARE_AUTO, SHARE_ROLE, SHARE_TENANT, SHARE_USER };

/* Tables by their names: what answers are made of, what a write changes. */
struct config_tables {
    struct word *names;
    unsigned count;
    bool told; /* else nobody knows */
};

/* What a write of one row does to the kept answer of that row: ends it, or takes its place by what it answers itself. */
enum cache_writes { WRITES_END, WRITES_THROUGH };

/* How long an answer is kept: at the latest, for a write to what it reads ends it at once. */
struct cache_policy {
    int64_t list_ms, row_ms; /* lists and queries; rows by key. 0: not kept */
    int64_t grace_ms;        /* beyond that, served while a new one is made */
    int64_t errors_ms;       /* beyond that, served when a new one cannot be made */
    int64_t absent_ms;       /* 404: that there is no such row */
    int64_t client_ms;       /* how long clients may use it without asking: max-age */
    int64_t
        shared_ms; /* likewise proxies and content networks, of what is the same for everybody: s-maxage */
    enum cache_share share;
    struct slice *tags; /* Surrogate-Key and Cache-Tag, for content networks */
    unsigned tag_count;
    struct word local; /* 'ssn,iban' or '*': columns whose values are not put into Redis; data NULL: none */
    enum cache_writes writes;
};

/* What is made ready before anybody asks. */
struct config_warm {
    struct slice *paths; /* as the file says: below the first plain prefix, or from `/` on */
    unsigned count;
    unsigned top;  /* so many of the hot ones of each hour */
    unsigned rate; /* so many a second */
};

/* Whether what others write to the database is heard; TRIGGERS: what tells of it is made at start. */
enum changes { CHANGES_OFF, CHANGES_LISTEN, CHANGES_TRIGGERS, CHANGES_REPLICATION };

struct config_signal;

/* `memory: auto`: a part of what memory there is, in percent. */
#define CACHE_MEMORY_AUTO UINT64_MAX
enum { CACHE_MEMORY_AUTO_PERCENT = 40 };

struct config_cache {
    uint64_t memory_bytes; /* of the process; 0: nothing is kept in it; CACHE_MEMORY_AUTO */
    unsigned api; /* bits of the roles that may keep values of their own here; ROLES_NONE: not served */
    uint64_t api_memory_bytes; /* for those values */
    struct config_warm warm;
    enum changes changes;          /* key `changes:` of the root */
    struct config_signal *signals; /* key `signals:` of the root */
    unsigned signal_count;
    struct cache_policy
        policy; /* `cache:` of the root and of `defaults:`; what resources and queries begin with */
};

#endif
