/* SPDX-License-Identifier: Apache-2.0 */
/* The model: what is served. The configuration resolved against the catalogue — resources with their columns, keys and orders,
 * named queries with their parameters — as one immutable snapshot, ref-counted: a request pins the one it began with, a reload
 * makes another. Its number is part of every key of plans and caches, so old answers cannot outlive changed rights.
 * Threads: model_ref/_unref from any; the rest is read-only. */
#ifndef LEAT_CATALOG_MODEL_H
#define LEAT_CATALOG_MODEL_H

#include "catalog/catalog.h"
#include "catalog/named_query.h"
#include "config/config.h"

#define KEY_COLUMNS_MAX 16

struct order_term {
    const struct column *column;
    bool descending;
    bool nulls_first; /* default: PostgreSQL's: last ascending, first descending */
};

/* How rows of one resource belong to rows of another: by a foreign key, or by two of a table between. Seen from `source`; each key
 * gives one relation to either side, a key on itself both to the same resource. Through views by what their columns are
 * (column.origin): a view may have the row of its table twice, even where the relation is to one. */
enum relation_kind { RELATION_MANY_TO_ONE, RELATION_ONE_TO_ONE, RELATION_ONE_TO_MANY, RELATION_MANY_TO_MANY };

struct relation {
    enum relation_kind kind;
    const struct resource *source, *target;
    const struct foreign_key *key; /* MANY_TO_MANY: from the table between to the source */
    bool outgoing;  /* the source has the key's columns; else the target, or the table between */
    unsigned count; /* of the pairs of columns: source.from[i] = target.to[i]; */
    const struct column **from, **to;
    /* MANY_TO_MANY: source.from[i] = through.through_from[i] and through.through_to[i] = target.to[i] */
    const struct resource *through;        /* a resource too: its rights hold */
    const struct foreign_key *through_key; /* from the table between to the target */
    unsigned through_count;                /* of the second pairs; `count` of the first */
    const struct column **through_from, **through_to;
};

static inline bool relation_is_to_one(const struct relation *relation)
{
    return relation->kind == RELATION_MANY_TO_ONE || relation->kind == RELATION_ONE_TO_ONE;
}

struct resource_any {
    const struct column *column;
    struct slice word; /* `?column=word` filters nothing */
};

struct resource_set {
    const struct column *column;
    const struct config_set *config;
};

struct resource {
    const struct config_resource *config;
    const struct table *table;
    const struct column **columns; /* exposed ones, in the table's order */
    unsigned column_count;
    const struct column **key;    /* primary key or declared `key:`; exposed or not */
    unsigned key_count;           /* 0: no key: no `/{id}`, no cursors */
    const struct column **select; /* the default selection; all columns where select_is_text */
    unsigned select_count;
    struct order_term
        *order; /* the default, without the key that ends every order; none where order_is_text */
    unsigned order_count;
    /* config->select, config->order say more than names of columns (embedding, renaming, casts, JSON paths): query/ reads them,
     * and complains of them at start. So with config->rows. */
    bool select_is_text, order_is_text;
    struct resource_any *any;
    unsigned any_count;
    struct relation *relations; /* by target, then kind */
    unsigned relation_count;
    const struct column
        *deleted; /* soft delete: marked by the moment, or true (VALUE_BOOL); may be hidden; NULL: none */
    const struct column *
        version; /* says whether a row is the one it was; may be hidden, PostgreSQL's xmin where none is declared; NULL: none */
    const struct column
        *tenant;            /* whose a row is: filtered by the caller's, filled with it; NULL: not bound */
    bool of_all;            /* `tenant: none`: rows of all tenants */
    struct resource **seen; /* as callers of a role see it, by the place of its bit; NULL: all alike */
    const struct column **behind; /* those of config->behind, in its order */
    struct resource_set *set;     /* what Leat fills in on writes; columns may be hidden */
    unsigned set_count;
    struct raises raises; /* by its writes */
    unsigned index;       /* in model->resources */
};

/* A function that is served: all of its overloads; which one is called follows from the arguments given. */
struct rpc {
    const struct config_function *config;
    const struct function **overloads;
    unsigned overload_count;
    struct tables_told changed;
    const struct resource *resource; /* that its rows belong to, by row_table: for embedding; NULL: none */
    unsigned index;
};

struct local_columns;

struct model {
    uint32_t magic;
    unsigned refs; /* atomic */
    uint64_t number;
    struct arena arena;
    const struct config *config;   /* owned */
    const struct catalog *catalog; /* owned */
    struct resource *resources;
    unsigned resource_count;
    struct named_query *queries;
    unsigned query_count;
    struct rpc *rpcs;
    unsigned rpc_count;
    struct tables_told *upstream_tables; /* `tables:` of each of config->upstreams */
    struct tables_told *signal_tables;   /* of each of config->cache.signals */
    struct raises login_raises;
    struct tables_told *followed; /* of each table of the catalogue: what its triggers and rules change */
    const struct column *
        *tenants; /* of each table of the catalogue, served or not; NULL: its rows are nobody's */
    struct local_columns *locals; /* of each table of the catalogue: local.h */
    bool has_locals;
};

/* Resolves. Takes over config and catalog on success; on failure they stay the caller's and the complaints say what is wrong
 * (an unknown table with the nearest name, a column that is not there, an order by a column without order, a resource name that
 * is reserved: v1, auth, batch, rpc). Columns of named queries are filled in by store_describe afterwards. */
enum error model_build(struct config *config, struct catalog *catalog, struct complaints *complaints,
                       struct model **ret_model) must_check;

/* After store_describe: whether the columns of named queries are as they must be (each with a name of its own; one, of a value),
 * and the `order` of paged ones resolved against them. */
enum error model_settle_queries(struct model *model, struct complaints *complaints) must_check;

struct model *model_ref(const struct model *model);
void model_unref(const struct model *model); /* takes NULL */

/* The resource as callers of the role see it: `columns` by role. Of several roles at once, as all of them together do. */
const struct resource *resource_seen(const struct resource *resource, unsigned role);

/* A resource's exposed column by its name in the answer; NULL: none such (or hidden: the same to a client). */
const struct column *resource_column(const struct resource *resource, struct slice name);

/* Adds a resource for every table and view with a readable name to a configuration made without a file; columns that look
 * like secrets (password, secret, token, api_key, hash, salt, ssn, …) are hidden. */
void model_open_resources(struct config *config, const struct catalog *catalog);
/* Whether it is the table of `idempotency:`, or one in which identity is kept, which are Leat's: never served. */
bool table_is_own(const struct config *config, const struct table *table);
bool column_looks_secret(struct slice name);

#endif
