/* SPDX-License-Identifier: Apache-2.0 */
/* A list on its way to a plan: of a resource (plan.c) or of a paged named query (named.c), which share all but where the rows
 * come from. Pure; in the build's arena. */
#ifndef LEAT_QUERY_LISTING_H
#define LEAT_QUERY_LISTING_H

#include "query/cursor.h"
#include "query/sql.h"

/* A statement's binds, in the order of their numbers. */
struct binds {
    struct bind *items;
    unsigned count, room;
};

struct listing {
    struct build build;
    struct build_counts counts;
    struct plan *plan;
    struct slice from;
    struct level *level; /* NULL: a query */
    struct binds binds;  /* of a named query its parameters come first */
    struct conditions *conditions;
    struct order order;
    struct cells cells;
    struct keyset *keyset;
    bool one_pass, unlimited;
    enum prefer_count count; /* how its total is found */
    unsigned page_max;
};

/* A list or row of a resource, its level empty. */
void listing_begin(struct listing *listing, const struct plan_context *context,
                   const struct resource *resource, struct problem *problem);

/* The level's selection and filters, its rules and those of all below. */
bool listing_read(struct listing *listing, struct slice select, const struct param *filters,
                  unsigned filter_count) must_check;

/* What the answer's writer needs to know of the level's fields: plan->columns. */
void listing_columns(struct listing *listing);

/* The order's cells, and where they stand in the answer: plan->order. */
void listing_order(struct listing *listing);

/* The same as the statement goes, by the page's cells: listing->order was turned round for a cursor that points back. */
struct plan_order *listing_page_order(struct listing *listing);

/* row.c: a row's key out of its path. */
bool plan_read_key(struct build *build, struct slice id, const struct bind **ret_binds) must_check;

void binds_add(struct arena *arena, struct binds *binds, struct bind bind);

/* The conditions' binds get their numbers. */
void binds_number(struct arena *arena, struct binds *binds, const struct conditions *conditions);

/* What the levels below add to a statement, behind the numbers of its conditions: their binds, the SQL of orders by their columns,
 * and the cells that they are found by, which outlive the arena. */
void listing_children(struct listing *listing, struct arena *arena, struct binds *binds);

/* In this order. With conditions, order, cells and paging known: the keys, the order's cells, whether a total is wanted. */
void listing_settle(struct listing *listing, struct slice name, const struct envelope *envelope,
                    const struct page_policy *page);

/* With the keys known: from the cursor on; data NULL: there is none. */
bool listing_continue(struct listing *listing, struct slice cursor) must_check;

/* With all that known: the statements. */
void listing_write(struct listing *listing);

const struct dialect_sql *dialect_sql_of(const struct model *model);

#endif
