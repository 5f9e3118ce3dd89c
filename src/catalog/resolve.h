/* SPDX-License-Identifier: Apache-2.0 */
/* What a configuration says of tables and columns, resolved against the catalogue: lists of columns, orders, keys. Internal
 * to catalog/. Failure: complaints that name the place, what was found, and the nearest right word. Pure. */
#ifndef LEAT_CATALOG_RESOLVE_H
#define LEAT_CATALOG_RESOLVE_H

#include "catalog/model.h"

/* The columns that may be named, and by whom they are asked for. */
struct columns_known {
    struct slice owner; /* the resource or query, for complaints */
    const struct column *const *columns;
    unsigned count;
    const struct table *table; /* to tell a hidden column from an absent one; may be NULL */
};

struct resolver {
    struct arena *arena;
    const struct catalog *catalog;
    struct complaints *complaints;
};

/* The table a resource names, or NULL and a complaint. */
const struct table *resolve_table(const struct resolver *r, const struct config_resource *resource);

/* All that are named; those that there are not are complained of. */
struct tables_told resolve_tables(const struct resolver *r, const struct config_tables *named);

/* The column of that name among the known ones, or NULL and a complaint. */
const struct column *resolve_column(const struct resolver *r, const struct columns_known *known,
                                    struct place at, struct slice name);

/* All columns of the resource's table, hidden ones too. */
struct columns_known resolve_known(const struct resolver *r, const struct config_resource *config,
                                   const struct table *table);

/* '*,-password_hash' or 'id,name' → marks the table's columns that are exposed; others stay as they are. */
void resolve_marks(const struct resolver *r, const struct config_resource *config, const struct table *table,
                   const struct word *names, bool *exposed);
/* `columns:`, of all roles together: the columns that are exposed, in the table's order. */
void resolve_exposed(const struct resolver *r, const struct config_resource *config,
                     struct resource *resource);

/* Nothing but names, `*` and directions: no embedding, renaming, cast or JSON path. What is quoted is a name. */
bool names_are_plain(struct slice names);

/* 'a,b' or '*' → columns in the order in which they are named. `what`: the key, for complaints. */
unsigned resolve_names(const struct resolver *r, const struct columns_known *known, const struct word *names,
                       const char *what, const struct column ***ret_columns);

/* 'created_at.desc.nullslast,id' → terms. */
unsigned resolve_order(const struct resolver *r, const struct columns_known *known, const struct word *order,
                       struct order_term **ret_terms);

/* writes.c: `deleted:` and `set:`. */
void resolve_writes(const struct resolver *r, struct resource *resource);

/* tenants.c: `tenant:`; when the resources are there, `columns:` by role and whose the rows of each table are. */
void resolve_tenant(const struct resolver *r, const struct config *config, struct resource *resource);
void resolve_by_role(const struct resolver *r, struct model *model);
void resolve_tenants(const struct resolver *r, struct model *model);

/* `:tenant` is of the type of the columns that say whose rows are. */
void resolve_tenant_type(const struct resolver *r, const struct model *model, const struct named_query *query,
                         struct type *ret_type);
/* Whether a query that touches rows of tenants is bound to the caller's, or says that it is not. */
void check_query_tenant(const struct model *model, const struct named_query *query,
                        struct complaints *complaints);

/* acting.c: `rights: database`: whether the database can decide, and has the roles. */
void resolve_acting(const struct resolver *r, const struct config *config);

/* Whether any rows are tenants'. */
bool has_tenants(const struct model *model);

/* local.c: `local:` of the policies of caches, when the resources are there. */
void resolve_locals(const struct resolver *r, struct model *model);

/* signals.c: what raises them, and what hangs on them; before resources are seen by role. */
void resolve_signals(const struct resolver *r, struct model *model);

/* rpc.c: `functions:`, when the resources are there. */
void resolve_rpcs(const struct resolver *r, struct model *model);

#endif
