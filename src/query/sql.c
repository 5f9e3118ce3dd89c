/* SPDX-License-Identifier: Apache-2.0 */
/* SELECTs, written alike for both stores; where they differ the dialect's table is asked. See sql.h.
 * Columns of the answer are named in ORDER BY by their numbers: a name could be taken for the JSON text of an output column. */
#include "query/sql.h"

#define TEXT_ROOM 1024

unsigned cells_raw(struct cells *cells, const struct column *column)
{
    for (unsigned i = 0; i < cells->count; i++) {
        bool raw = i >= cells->visible || column->type.kind != VALUE_OTHER;
        if (cells->columns[i] == column && raw)
            return i;
    }
    cells->columns[cells->count] = column;
    return cells->count++;
}

static void write_cells(struct text *text, const struct dialect_sql *sql, const struct cells *cells)
{
    for (unsigned i = 0; i < cells->count; i++) {
        if (i)
            text_byte(text, ',');
        if (i < cells->visible)
            sql->column(text, cells->columns[i]);
        else
            text_add(text, cells->columns[i]->sql);
    }
}

static void write_from(struct text *text, const struct dialect_sql *sql, const struct cells *cells,
                       struct slice from)
{
    text_lit(text, "SELECT ");
    write_cells(text, sql, cells);
    text_lit(text, " FROM ");
    text_add(text, from);
}

static struct slice comparison(enum filter_op op)
{
    static const struct slice signs[] = {
        [FILTER_EQ] = SLICE_INIT("="),   [FILTER_NEQ] = SLICE_INIT("<>"), [FILTER_GT] = SLICE_INIT(">"),
        [FILTER_GTE] = SLICE_INIT(">="), [FILTER_LT] = SLICE_INIT("<"),   [FILTER_LTE] = SLICE_INIT("<="),
    };
    PRE((unsigned)op < ARRAY_LEN(signs));
    return signs[op];
}

static void write_test(struct text *text, const struct dialect_sql *sql, const struct condition *condition,
                       unsigned bind)
{
    const struct column *column = condition->column;
    switch (condition->op) {
    case FILTER_IS:
        sql->is(text, column, condition->is);
        return;
    case FILTER_IN:
        sql->any_of(text, column, bind);
        return;
    case FILTER_LIKE:
        sql->like(text, column, bind, false);
        return;
    case FILTER_ILIKE:
        sql->like(text, column, bind, true);
        return;
    default:
        text_add(text, column->sql);
        sql->sign(text, &column->type, comparison(condition->op));
        sql->bind(text, bind, &column->type);
    }
}

/* Binds are numbered in the order of the conditions, from 1. */
static void write_conditions(struct text *text, const struct dialect_sql *sql,
                             const struct conditions *conditions)
{
    unsigned bind = 0;
    for (unsigned i = 0; i < conditions->count; i++) {
        const struct condition *condition = &conditions->items[i];
        bind += condition->op != FILTER_IS;
        text_add(text, i ? SLICE(" AND ") : SLICE(" WHERE "));
        text_add(text, condition->negated ? SLICE("NOT (") : SLICE(""));
        write_test(text, sql, condition, bind);
        text_add(text, condition->negated ? SLICE(")") : SLICE(""));
    }
}

/* Only what differs from the database's own habit is said, for the rest can hinder the use of an index. */
static void write_nulls(struct text *text, const struct dialect_sql *sql, const struct order_term *term)
{
    bool habit = sql->nulls_least != term->descending;
    if (!term->column->nullable || term->nulls_first == habit)
        return;
    text_add(text, term->nulls_first ? SLICE(" NULLS FIRST") : SLICE(" NULLS LAST"));
}

static void write_order(struct text *text, const struct dialect_sql *sql, const struct list_sql *list)
{
    for (unsigned i = 0; i < list->order_count; i++) {
        text_add(text, i ? SLICE(",") : SLICE(" ORDER BY "));
        text_uint(text, list->order[i].cell + 1);
        text_add(text, list->order[i].term.descending ? SLICE(" DESC") : SLICE(""));
        write_nulls(text, sql, &list->order[i].term);
    }
    text_lit(text, " LIMIT ");
    text_uint(text, list->rows);
    if (list->offset) {
        text_lit(text, " OFFSET ");
        text_uint(text, list->offset);
    }
}

/* One branch without its order. */
static void write_range(struct text *text, const struct dialect_sql *sql, const struct list_sql *list,
                        unsigned at)
{
    write_from(text, sql, list->cells, list->from);
    write_conditions(text, sql, list->conditions);
    text_add(text, list->conditions->count ? SLICE(" AND ") : SLICE(" WHERE "));
    keyset_write_branch(list->keyset, sql, text, at);
}

static void write_branch(struct text *text, const struct dialect_sql *sql, const struct list_sql *list,
                         unsigned at)
{
    text_add(text, sql->limits_branches ? SLICE("(") : SLICE(""));
    write_range(text, sql, list, at);
    if (!sql->limits_branches)
        return;
    write_order(text, sql, list);
    text_byte(text, ')');
}

/* The first so many branches, merged; the caller adds the order. */
static void write_merged(struct text *text, const struct dialect_sql *sql, const struct list_sql *list,
                         unsigned count)
{
    if (count == 1)
        write_range(text, sql, list, 0);
    for (unsigned i = 0; i < count && count > 1; i++) {
        text_add(text, i ? SLICE(" UNION ALL ") : SLICE(""));
        write_branch(text, sql, list, i);
    }
}

/* All but the tail as a page that is made first; its length decides whether the tail is asked at all. */
static void write_with_tail(struct text *text, const struct dialect_sql *sql, const struct list_sql *list)
{
    unsigned tail = list->keyset->branch_count - 1;
    text_lit(text, "WITH leat_page AS MATERIALIZED (");
    write_merged(text, sql, list, tail);
    write_order(text, sql, list);
    text_lit(text, ") SELECT * FROM leat_page UNION ALL (");
    write_range(text, sql, list, tail);
    text_lit(text, " AND (SELECT count(*) FROM leat_page) < ");
    text_uint(text, list->rows);
    write_order(text, sql, list);
    text_byte(text, ')');
}

static void write_branches(struct text *text, const struct dialect_sql *sql, const struct list_sql *list)
{
    const struct keyset *keyset = list->keyset;
    if (keyset->tail && keyset->branch_count > 1)
        write_with_tail(text, sql, list);
    else
        write_merged(text, sql, list, keyset->branch_count);
}

/* One SELECT: with no keyset, with one that leads nowhere, or with one that is joined into one condition. */
static void write_single(struct text *text, const struct dialect_sql *sql, const struct list_sql *list)
{
    unsigned branches = list->keyset ? list->keyset->branch_count : 0;
    write_from(text, sql, list->cells, list->from);
    write_conditions(text, sql, list->conditions);
    if (!list->keyset)
        return;
    text_add(text, list->conditions->count ? SLICE(" AND ") : SLICE(" WHERE "));
    if (branches == 0)
        text_lit(text, "1 = 0");
    for (unsigned i = 0; i < branches; i++) {
        text_add(text, i ? SLICE(" OR ") : SLICE(""));
        keyset_write_branch(list->keyset, sql, text, i);
    }
}

struct slice sql_list(struct arena *arena, const struct dialect_sql *sql, const struct list_sql *list)
{
    PRE(list->cells->count > 0 && list->cells->count >= list->cells->visible);
    IMPLIES(list->one_pass, list->conditions->count == 0);
    struct text text;
    text_init(&text, arena, TEXT_ROOM);
    if (list->keyset && list->keyset->branch_count > 1 && !list->one_pass)
        write_branches(&text, sql, list);
    else
        write_single(&text, sql, list);
    write_order(&text, sql, list);
    return text_done(&text);
}

struct slice sql_count(struct arena *arena, const struct dialect_sql *sql, struct slice from,
                       const struct conditions *conditions)
{
    PRE(from.len > 0);
    struct text text;
    text_init(&text, arena, TEXT_ROOM);
    text_lit(&text, "SELECT count(*) FROM ");
    text_add(&text, from);
    write_conditions(&text, sql, conditions);
    return text_done(&text);
}

struct slice sql_row(struct arena *arena, const struct dialect_sql *sql, const struct resource *resource,
                     const struct cells *cells, bool gathered)
{
    PRE(resource->key_count > 0);
    IMPLIES(gathered, resource->key_count == 1);
    struct text text;
    text_init(&text, arena, TEXT_ROOM);
    write_from(&text, sql, cells, resource->table->sql);
    for (unsigned i = 0; i < resource->key_count; i++) {
        const struct column *column = resource->key[i];
        text_add(&text, i ? SLICE(" AND ") : SLICE(" WHERE "));
        if (gathered) {
            sql->any_of(&text, column, 1);
            continue;
        }
        text_add(&text, column->sql);
        sql->sign(&text, &column->type, SLICE("="));
        sql->bind(&text, i + 1, &column->type);
    }
    return text_done(&text);
}
