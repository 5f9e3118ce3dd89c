/* SPDX-License-Identifier: Apache-2.0 */
/* Writing SQL. A dialect is one const table of functions; everything else is written alike for both stores.
 * The text depends on the shape alone: names come from the catalogue, values go into binds, limit and offset are checked
 * integers. Pure; all in the arena. */
#ifndef LEAT_QUERY_SQL_H
#define LEAT_QUERY_SQL_H

#include "query/filter.h"
#include "query/keyset.h"

/* What differs between the stores. `n` numbers a bind from 1. */
struct dialect_sql {
    /* A column as the answer's writer wants its cell. */
    void (*column)(struct text *text, const struct column *column);
    void (*bind)(struct text *text, unsigned n, const struct type *type);
    /* "=", "<"…, with blanks around. */
    void (*sign)(struct text *text, const struct type *type, struct slice sign);
    void (*any_of)(struct text *text, const struct column *column, unsigned n);
    void (*like)(struct text *text, const struct column *column, unsigned n, bool ignore_case);
    void (*is)(struct text *text, const struct column *column, enum is_word word);
    /* A list of values as one bind. */
    struct bind (*list)(struct arena *arena, const struct bind *values, unsigned count);

    /* ROW(a,b) < ROW(x,y) is an index range. */
    bool compares_rows;
    /* The branches of a UNION ALL need an ORDER BY and LIMIT of their own to be merged lazily. */
    bool limits_branches;
    /* The NULLs behind all else are asked only when the page is not full (keyset.h). */
    bool asks_tails_late;
    /* NULLS FIRST is what ascending order does unless told otherwise. */
    bool nulls_least;
    /* Rows of equal index keys come in the order of the primary key. */
    bool index_ends_in_rowid;
};

extern const struct dialect_sql sql_pg, sql_sqlite;

/* What a row of the answer consists of: the visible columns, as the answer's writer wants them, then raw ones, hidden, for order
 * and key. (Of a named query all are raw.) */
struct cells {
    const struct column **columns;
    unsigned visible, count;
};

/* The cell that holds a column in its raw form (what cursors and gathered reads need): a visible one, or a hidden one that is
 * added. There must be room. */
unsigned cells_raw(struct cells *cells, const struct column *column);

/* All that one SELECT of a list says. */
struct list_sql {
    struct slice from; /* a table's name, or a query in parentheses */
    const struct cells *cells;
    const struct conditions *conditions; /* none for a query */
    const struct plan_order *order;
    unsigned order_count;
    const struct keyset *keyset; /* NULL: from the beginning */
    bool one_pass;               /* the branches are joined by OR: a query is not run once for each */
    unsigned rows;               /* LIMIT */
    uint64_t offset;             /* 0: none */
};

struct slice sql_list(struct arena *arena, const struct dialect_sql *sql, const struct list_sql *list);
struct slice sql_count(struct arena *arena, const struct dialect_sql *sql, struct slice from,
                       const struct conditions *conditions);

/* The row of a key; gathered: of any of the keys in the one bind. */
struct slice sql_row(struct arena *arena, const struct dialect_sql *sql, const struct resource *resource,
                     const struct cells *cells, bool gathered);

#endif
