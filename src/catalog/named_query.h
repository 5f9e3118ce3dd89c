/* SPDX-License-Identifier: Apache-2.0 */
/* Named queries as the model has them: an .sql file resolved for this store. Part of model.h, which says who owns them.
 * Immutable after loading: any thread. */
#ifndef LEAT_CATALOG_NAMED_QUERY_H
#define LEAT_CATALOG_NAMED_QUERY_H

#include "catalog/catalog.h"
#include "config/query.h"

struct order_term;

/* Tables that a configuration names. */
struct tables_told {
    const struct table **items;
    unsigned count;
    bool told; /* else nobody knows */
};

struct query_param {
    const struct config_param *config;
    struct type type;
};

/* A named query for this store. */
struct named_query {
    const struct config_query *config;
    const struct config_sql *sql; /* the file that serves this store */
    struct query_param *params;
    unsigned param_count;
    bool changes;           /* it may change something: asked for by POST, a transaction of its own */
    struct column *columns; /* of the answer, as the database described the statement; NULL until described */
    unsigned column_count;  /* none: it answers how many rows it has changed */
    struct slice text;      /* the statement as sent, parameters as $n / ?n, with casts */
    struct order_term *order; /* of a paged one: config->order against `columns`; see model_settle_queries */
    unsigned order_count;
    unsigned index;

    /* What it hangs on, for keys and tags of kept answers. */
    unsigned uses; /* bits of enum caller_part: of `:role`, `:tenant`, `:user`, which it binds */
    /* Those that it reads or writes, and below views; in the catalogue's order. */
    const struct table **tables;
    unsigned table_count;
    bool
        tables_known; /* the database has told all that its own text reads or writes, or the head the others */
    bool tables_untold;         /* functions that it may call read others, of which the head says nothing */
    struct tables_told changed; /* by one that changes something */
};

/* A table of the catalogue that the query touches: noted once. */
void named_query_note(struct arena *arena, struct named_query *query, const struct table *table);

#endif
