/* SPDX-License-Identifier: Apache-2.0 */
/* What an .sql file says: its parameters, its policy, its statement. Part of config.h, which says who owns it.
 * Immutable after loading: any thread. */
#ifndef LEAT_CONFIG_QUERY_H
#define LEAT_CONFIG_QUERY_H

#include "config/resource.h"

/* A named query: an .sql file, its head read and its text cut at the `:name`s. Files x.pg.sql and x.sqlite.sql of one
 * query are alternatives of which the store's own wins. */
enum query_returns { RETURNS_ROWS, RETURNS_ROW, RETURNS_VALUE };

/* Who gives a parameter its value: the client, or what is known of the caller (`:user`, `:tenant`, `:role`). */
enum param_from { PARAM_CLIENT, PARAM_USER, PARAM_TENANT, PARAM_ROLE };

struct config_param {
    struct word name;
    enum param_from from;
    struct slice type; /* bigint int text timestamptz date boolean numeric uuid double json … as written */
    bool optional;     /* `text?`: may be absent: NULL */
    struct slice fallback; /* `= 10`, `= 24h ago`; data NULL: none */
    struct slice *in;      /* `in [a, b]` */
    unsigned in_count;
    bool has_range; /* `in 1..100` */
    int64_t low, high;
};

struct config_sql {       /* one file */
    struct slice *pieces; /* text between parameters: count + 1 of them */
    unsigned *params;     /* index into config_query.params for each `:name` in turn */
    unsigned count;
    struct place at; /* where the SQL begins */
    /* line ≠ 0: the first `?`, `@x`, `$x` or `a:b`, which SQLite would take for a parameter of its own */
    struct place foreign;
};

struct config_query {
    struct slice path; /* "analytics/top_sources", "dashboard/stats" */
    struct slice summary;
    struct config_param *params;
    unsigned param_count;
    enum query_returns returns;
    unsigned read, write; /* write: who may ask for what changes something */
    bool of_all;          /* `tenant: none`: it is not bound to the caller's tenant */
    bool changes; /* its head has `write:`; one whose statement changes something is so without, too */
    struct config_tables signals;         /* that end its answers */
    struct config_tables tables, changed; /* beyond what the database tells */
    struct word order;                    /* pages by a unique key; empty: not paged */
    struct page_policy page;
    struct cache_policy cache;
    struct envelope envelope;
    struct config_limits limits;
    struct config_sql any, pg, sqlite; /* pieces NULL: no such file */
    struct place at;
};

#endif
