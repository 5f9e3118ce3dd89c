/* SPDX-License-Identifier: Apache-2.0 */
/* A list on its way to a plan: of a resource (plan.c) or of a paged named query (named.c), which share all but where the rows
 * come from. Pure; in the build's arena. */
#ifndef LEAT_QUERY_LISTING_H
#define LEAT_QUERY_LISTING_H

#include "query/cursor.h"
#include "query/sql.h"

struct listing {
    struct build build;
    struct plan *plan;
    struct slice from;
    struct conditions conditions;
    const struct bind *params; /* of a named query: they come before all other binds */
    unsigned param_count;
    struct order order;
    struct cells cells;
    struct keyset *keyset;
    bool one_pass;
};

/* In this order. With conditions, order, cells and paging known: the keys, the order's cells, whether a total is wanted. */
void listing_settle(struct listing *listing, struct slice name, const struct envelope *envelope);

/* With the keys known: from the cursor on; data NULL: there is none. */
bool listing_continue(struct listing *listing, struct slice cursor, unsigned first_bind) must_check;

/* With all that known: the statements. */
void listing_write(struct listing *listing);

const struct dialect_sql *dialect_sql_of(const struct model *model);

#endif
