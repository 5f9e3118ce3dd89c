/* SPDX-License-Identifier: Apache-2.0 */
/* The order of a list: what the request or the resource says, ended by the key, so that it is total.
 * Failure: a problem. Pure; in the build's arena. */
#ifndef LEAT_QUERY_ORDER_H
#define LEAT_QUERY_ORDER_H

#include "query/filter.h"

struct order {
    struct order_term *terms;
    unsigned count;
    unsigned declared; /* the first so many were asked for; the rest is the key */
};

/* `a.desc,b.asc.nullslast`; text.data NULL: the resource's default. */
bool order_parse(struct build *build, struct slice text, const struct conditions *conditions,
                 struct order *ret_order) must_check;

/* The same order from its end. */
void order_reverse(struct order *order);

#endif
