/* SPDX-License-Identifier: Apache-2.0 */
/* SELECTs, written alike for both stores; where they differ the dialect's table is asked. See sql.h.
 * Columns of the answer are named in ORDER BY by their numbers: a name could be taken for the JSON text of an output column. */
#include "query/sql.h"

#define TEXT_ROOM 1024

/* An order by a child's column has no SQL yet when its cell is added: it is the same as itself alone. */
static bool is_same(const struct column *a, const struct column *b)
{
    return a == b || (a->sql.len > 0 && slice_eq(a->sql, b->sql));
}

unsigned cells_add(struct arena *arena, struct cells *cells, const struct column *column)
{
    ARENA_GROW(arena, cells->columns, cells->count, cells->room);
    cells->columns[cells->count] = column;
    return cells->count++;
}

unsigned cells_raw(struct arena *arena, struct cells *cells, const struct column *column)
{
    for (unsigned i = 0; i < cells->count; i++) {
        bool raw = i >= cells->visible || column->type.kind != VALUE_OTHER;
        if (raw && is_same(cells->columns[i], column))
            return i;
    }
    return cells_add(arena, cells, column);
}

void cells_of_level(struct arena *arena, const struct level *level, struct cells *ret_cells)
{
    *ret_cells = (struct cells){0};
    for (unsigned i = 0; i < level->field_count; i++)
        if (level->fields[i].column)
            (void)cells_add(arena, ret_cells, level->fields[i].column);
    ret_cells->visible = ret_cells->count;
}

void sql_cells(struct text *text, const struct dialect_sql *sql, const struct cells *cells, bool named)
{
    for (unsigned i = 0; i < cells->count; i++) {
        const struct column *column = cells->columns[i];
        text_add(text, i ? SLICE(",") : SLICE(""));
        if (i < cells->visible)
            sql->column(text, column);
        else
            text_add(text, column->sql);
        if (named) {
            text_lit(text, " AS c");
            text_uint(text, i + 1);
        } else if (column->computed && !sql->embeds_json) {
            text_lit(text, " AS leat_tuple"); /* the store hands it out as it is */
        }
    }
}

void sql_group(struct text *text, const struct level *level, const struct cells *cells)
{
    bool first = true;
    for (unsigned i = 0; i < cells->count && level && level->aggregates; i++) {
        if (cells->columns[i]->aggregate)
            continue;
        text_add(text, first ? SLICE(" GROUP BY ") : SLICE(","));
        text_add(text, cells->columns[i]->sql);
        first = false;
    }
}

static bool is_decorated(const struct list_sql *list)
{
    return list->level && !level_is_flat(list->level);
}

static void write_from(struct text *text, const struct dialect_sql *sql, const struct list_sql *list)
{
    text_lit(text, "SELECT ");
    sql_cells(text, sql, list->cells, is_decorated(list));
    text_lit(text, " FROM ");
    text_add(text, list->from);
}

static void write_test(struct text *text, const struct dialect_sql *sql, const struct condition *condition)
{
    const struct column *column = condition->column;
    IMPLIES(condition_binds(condition), condition->bind_at > 0);
    if (condition->quantifier != QUANTIFIER_NONE) {
        sql->quantified(text, condition);
        return;
    }
    switch (condition->op) {
    case FILTER_IS:
        sql->is(text, column, condition->is);
        return;
    case FILTER_IN:
        sql->any_of(text, column, condition->bind_at);
        return;
    case FILTER_LIKE:
        sql->like(text, column, condition->bind_at, false);
        return;
    case FILTER_ILIKE:
        sql->like(text, column, condition->bind_at, true);
        return;
    case FILTER_EQ:
    case FILTER_NEQ:
    case FILTER_GT:
    case FILTER_GTE:
    case FILTER_LT:
    case FILTER_LTE:
        text_add(text, column->sql);
        sql->sign(text, &column->type, operator_sign(condition->op));
        sql->bind(text, condition->bind_at, &column->type);
        return;
    default:
        sql->special(text, condition);
    }
}

static void write_condition(struct text *text, const struct dialect_sql *sql,
                            const struct condition *condition);

/* `a AND b AND …`. SQLite lets an expression be 1,000 deep, and each AND is one deeper: many stand in halves of halves. */
static void write_joined(struct text *text, const struct dialect_sql *sql, const struct condition *items,
                         unsigned count, struct slice word)
{
    enum { IN_A_ROW_MAX = 100 };
    if (count > IN_A_ROW_MAX) {
        unsigned half = count / 2;
        text_byte(text, '(');
        write_joined(text, sql, items, half, word);
        text_byte(text, ')');
        text_add(text, word);
        text_byte(text, '(');
        write_joined(text, sql, items + half, count - half, word);
        text_byte(text, ')');
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        text_add(text, i ? word : SLICE(""));
        write_condition(text, sql, &items[i]);
    }
}

static void write_condition(struct text *text, const struct dialect_sql *sql,
                            const struct condition *condition)
{
    bool group = condition->kind == CONDITION_AND || condition->kind == CONDITION_OR;
    text_add(text, condition->negated ? SLICE("NOT ") : SLICE(""));
    text_add(text, condition->negated || group ? SLICE("(") : SLICE(""));
    if (condition->kind == CONDITION_TEST)
        write_test(text, sql, condition);
    else if (condition->kind == CONDITION_EXISTS)
        sql_exists(text, sql, condition->child);
    else
        write_joined(text, sql, condition->parts, condition->part_count,
                     condition->kind == CONDITION_AND ? SLICE(" AND ") : SLICE(" OR "));
    text_add(text, condition->negated || group ? SLICE(")") : SLICE(""));
}

void sql_conditions(struct text *text, const struct dialect_sql *sql, const struct conditions *conditions,
                    struct slice first)
{
    text_add(text, conditions->count ? first : SLICE(""));
    write_joined(text, sql, conditions->items, conditions->count, SLICE(" AND "));
}

static void write_where(struct text *text, const struct dialect_sql *sql, const struct conditions *conditions)
{
    sql_conditions(text, sql, conditions, SLICE(" WHERE "));
}

/* Only what differs from the database's own habit is said, for the rest can hinder the use of an index. */
static void write_nulls(struct text *text, const struct dialect_sql *sql, const struct order_term *term)
{
    bool habit = sql->nulls_least != term->descending;
    if (!term->column->nullable || term->nulls_first == habit)
        return;
    text_add(text, term->nulls_first ? SLICE(" NULLS FIRST") : SLICE(" NULLS LAST"));
}

void sql_order_term(struct text *text, const struct dialect_sql *sql, const struct order_term *term,
                    struct slice what)
{
    text_add(text, what);
    text_add(text, term->descending ? SLICE(" DESC") : SLICE(""));
    write_nulls(text, sql, term);
}

static void write_order(struct text *text, const struct dialect_sql *sql, const struct list_sql *list)
{
    for (unsigned i = 0; i < list->order_count; i++) {
        text_add(text, i ? SLICE(",") : SLICE(" ORDER BY "));
        text_uint(text, list->order[i].cell + 1);
        sql_order_term(text, sql, &list->order[i].term, SLICE(""));
    }
    if (!list->unlimited) {
        text_lit(text, " LIMIT ");
        text_uint(text, list->rows);
    }
    if (list->offset) {
        text_lit(text, " OFFSET ");
        text_uint(text, list->offset);
    }
}

/* One branch without its order. */
static void write_range(struct text *text, const struct dialect_sql *sql, const struct list_sql *list,
                        unsigned at)
{
    write_from(text, sql, list);
    write_where(text, sql, list->conditions);
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
    write_from(text, sql, list);
    write_where(text, sql, list->conditions);
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

static void write_page(struct text *text, const struct dialect_sql *sql, const struct list_sql *list)
{
    if (list->keyset && list->keyset->branch_count > 1 && !list->one_pass)
        write_branches(text, sql, list);
    else
        write_single(text, sql, list);
    sql_group(text, list->level, list->cells);
    write_order(text, sql, list);
}

struct slice sql_list(struct arena *arena, const struct dialect_sql *sql, const struct list_sql *list)
{
    PRE(list->cells->count >= list->cells->visible);
    IMPLIES(list->one_pass, list->conditions->count == 0);
    struct text text;
    text_init(&text, arena, TEXT_ROOM);
    if (!is_decorated(list)) {
        write_page(&text, sql, list);
        return text_done(&text);
    }
    sql_embed_begin(&text, sql, list->level, list->cells, list->order, list->order_count);
    write_page(&text, sql, list);
    sql_embed_end(&text, sql, list->level, list->cells, list->order, list->order_count);
    return text_done(&text);
}

static struct slice write_of_all(struct arena *arena, const struct dialect_sql *sql, struct slice what,
                                 struct slice from, const struct conditions *conditions)
{
    PRE(from.len > 0);
    struct text text;
    text_init(&text, arena, TEXT_ROOM);
    text_add(&text, what);
    text_add(&text, from);
    write_where(&text, sql, conditions);
    return text_done(&text);
}

struct slice sql_count(struct arena *arena, const struct dialect_sql *sql, struct slice from,
                       const struct conditions *conditions)
{
    return write_of_all(arena, sql, SLICE("SELECT count(*) FROM "), from, conditions);
}

struct slice sql_rows(struct arena *arena, const struct dialect_sql *sql, struct slice from,
                      const struct conditions *conditions)
{
    return write_of_all(arena, sql, SLICE("SELECT 1 FROM "), from, conditions);
}

struct slice sql_row(struct arena *arena, const struct dialect_sql *sql, const struct resource *resource,
                     const struct cells *cells, const struct conditions *conditions, bool gathered)
{
    PRE(resource->key_count > 0);
    IMPLIES(gathered, resource->key_count == 1);
    struct text text;
    text_init(&text, arena, TEXT_ROOM);
    text_lit(&text, "SELECT ");
    sql_cells(&text, sql, cells, false);
    text_lit(&text, " FROM ");
    text_add(&text, resource->table->sql);
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
    sql_conditions(&text, sql, conditions, SLICE(" AND "));
    return text_done(&text);
}
