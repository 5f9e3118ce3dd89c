/* SPDX-License-Identifier: Apache-2.0 */
/* Keyset paging: "the rows behind this one" as index ranges.
 *
 * For the order (a, b, id) and the row (x, y, z) those rows are, deepest first:
 *
 *     a = x AND b = y AND id > z       the rest of the ties
 *     a = x AND b > y                  the rest of a's group
 *     a = x AND b IS NULL              and its NULLs, when they come last
 *     a > x
 *     a IS NULL
 *
 * Each line is a branch: one range of an index on (a, b, id). An OR of them would be a scan. Where the row itself has NULL the
 * comparison becomes IS NULL, and "behind NULL" is IS NOT NULL when NULLs come first, nothing when they come last. Going backwards is the
 * same over the reversed order.
 *
 * PostgreSQL has ROW(a,b,id) > ROW(x,y,z) as one range, for terms that all go one way and a row without NULL. It compares from the
 * left up to the first difference or NULL, so what it leaves out are exactly the branches that end in IS NULL above; these
 * stay beside it, where NULLs come last.
 * Pure; in the build's arena. */
#ifndef LEAT_QUERY_KEYSET_H
#define LEAT_QUERY_KEYSET_H

#include "query/order.h"

/* How a branch ends, behind `equal` terms that are as in the row. */
enum branch_end { BRANCH_AFTER, BRANCH_NULL, BRANCH_NOT_NULL, BRANCH_ROWS };

struct branch {
    unsigned equal; /* also the index of the term that decides */
    enum branch_end end;
};

struct keyset {
    const struct order *order;
    const struct bind *values; /* one a term; BIND_NULL where the row has NULL */
    unsigned *binds;           /* the number of each value's bind in the statement; 0: NULL, which has none */
    struct branch *branches;
    unsigned branch_count; /* 0: nothing can be behind */
    bool tail; /* the last branch is the first term's NULLs: all its rows come behind all others */
};

/* first_bind: the number of the first bind that is free. */
struct keyset *keyset_make(struct build *build, const struct order *order, const struct bind *values,
                           unsigned first_bind);

/* The branch's condition, without WHERE. */
void keyset_write_branch(const struct keyset *keyset, const struct dialect_sql *sql, struct text *text,
                         unsigned at);

#endif
