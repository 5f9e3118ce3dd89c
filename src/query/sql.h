/* SPDX-License-Identifier: Apache-2.0 */
/* Writing SQL. A dialect is one const table of functions; everything else is written alike for both stores.
 * The text depends on the shape alone: names come from the catalogue, values go into binds, limit and offset are checked
 * integers. Pure; all in the arena. */
#ifndef LEAT_QUERY_SQL_H
#define LEAT_QUERY_SQL_H

#include "query/filter.h"
#include "query/keyset.h"
#include "query/level.h"

/* A step of a path into JSON. */
struct json_step {
    struct slice key; /* tame */
    bool is_index;
    bool as_text; /* `->>`: the last */
};

/* What differs between the stores. `n` numbers a bind from 1. */
struct dialect_sql {
    /* A column as the answer's writer wants its cell. */
    void (*column)(struct text *text, const struct column *column);
    void (*bind)(struct text *text, unsigned n, const struct type *type);
    /* "=", "<"…, with blanks around. */
    void (*sign)(struct text *text, const struct type *type, struct slice sign);
    void (*any_of)(struct text *text, const struct column *column, unsigned n);
    void (*like)(struct text *text, const struct column *column, unsigned n, bool ignore_case);
    /* A comparison with any or all of the values of a list. */
    void (*quantified)(struct text *text, const struct condition *condition);
    /* Operators of one store alone, and `isdistinct`. */
    void (*special)(struct text *text, const struct condition *condition);
    void (*path)(struct text *text, const struct column *base, const struct json_step *steps, unsigned count);
    struct type path_type; /* of a path whose last arrow is `->` */
    /* False: there is no such cast. */
    bool (*cast)(struct text *text, const struct column *column, const struct type *type);
    void (*is)(struct text *text, const struct column *column, enum is_word word);
    /* Embedded rows come as JSON that the database made; else as tuples (catalog.h, struct nested). */
    bool embeds_json;
    /* A list of values as one bind. */
    struct bind (*list)(struct arena *arena, const struct bind *values, unsigned count);

    /* EXPLAIN says how many rows a statement may give. */
    bool explains;
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

/* What a row of a page consists of: the visible columns, as the answer's writer wants them, then raw ones, hidden, for order, keys
 * and children. (Of a named query all are raw.) */
struct cells {
    const struct column **columns;
    unsigned visible, count, room;
    unsigned told, told_count; /* hidden ones, handed out with embedded rows, too, behind the order's */
};

/* The cell that holds a column in its raw form (what cursors, children and gathered reads need): a visible one, or a hidden one that
 * is added. */
unsigned cells_raw(struct arena *arena, struct cells *cells, const struct column *column);

/* Adds a cell, whatever is there already. */
unsigned cells_add(struct arena *arena, struct cells *cells, const struct column *column);

/* The cells of a level's page: the columns among its fields. */
void cells_of_level(struct arena *arena, const struct level *level, struct cells *ret_cells);

/* All that one SELECT of a list says. */
struct list_sql {
    struct slice from;                   /* a table's name, or a query in parentheses */
    const struct level *level;           /* the root; NULL: a named query */
    struct cells *cells;                 /* sql_list adds what children need */
    const struct conditions *conditions; /* none for a query */
    const struct plan_order *order;      /* its cells are those of the page */
    unsigned order_count;
    const struct keyset *keyset; /* NULL: from the beginning */
    bool one_pass;               /* the branches are joined by OR: a query is not run once for each */
    bool unlimited;
    unsigned rows;   /* LIMIT */
    uint64_t offset; /* 0: none */
};

struct slice sql_list(struct arena *arena, const struct dialect_sql *sql, const struct list_sql *list);
struct slice sql_count(struct arena *arena, const struct dialect_sql *sql, struct slice from,
                       const struct conditions *conditions);
/* `SELECT 1 FROM …`: as many rows, and nothing in them. */
struct slice sql_rows(struct arena *arena, const struct dialect_sql *sql, struct slice from,
                      const struct conditions *conditions);

/* The row of a key; gathered: of any of the keys in the one bind. conditions: the rules of its resource. */
struct slice sql_row(struct arena *arena, const struct dialect_sql *sql, const struct resource *resource,
                     const struct cells *cells, const struct conditions *conditions, bool gathered);

/* --- shared by the files that write SQL --- */

/* ` WHERE a AND b`, or with another word in front. */
void sql_conditions(struct text *text, const struct dialect_sql *sql, const struct conditions *conditions,
                    struct slice first);
void sql_order_term(struct text *text, const struct dialect_sql *sql, const struct order_term *term,
                    struct slice what);
/* `expression AS c1, …`. */
void sql_cells(struct text *text, const struct dialect_sql *sql, const struct cells *cells, bool named);
void sql_group(struct text *text, const struct level *level, const struct cells *cells);

/* --- sql_embed.c --- */

/* `EXISTS (SELECT 1 FROM …)`: a row of the child, seen from its parent's own SELECT. */
void sql_exists(struct text *text, const struct dialect_sql *sql, const struct level *child);

/* The fields of the root over a page: `SELECT p0.c1,(SELECT …) FROM (page) AS p0 …`; the caller writes the page in between. */
void sql_embed_begin(struct text *text, const struct dialect_sql *sql, const struct level *level,
                     const struct cells *cells, const struct plan_order *order, unsigned order_count);
void sql_embed_end(struct text *text, const struct dialect_sql *sql, const struct level *level,
                   const struct cells *cells, const struct plan_order *order, unsigned order_count);

/* Adds the cells that the level's children are found by. */
void sql_embed_cells(struct arena *arena, const struct level *level, struct cells *cells);

/* The SQL of what the level, and all that it shows, orders by columns of children; when their binds have their numbers. */
void sql_child_orders(struct arena *arena, const struct dialect_sql *sql, struct level *level);

#endif
