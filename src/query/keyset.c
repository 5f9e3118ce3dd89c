/* SPDX-License-Identifier: Apache-2.0 */
/* The branches of a keyset page. See keyset.h.
 *
 * SQLite merges the branches of a compound from the left, two at a time, and a row is copied at each merge: the branch that will
 * most likely give the rows stands last, so that its rows pass one merge alone (101 rows of 8 columns from three branches:
 * 0.083 ms so, 0.147 ms in the natural order, 0.089 ms for the first page). PostgreSQL asks each branch for its first row at once; the
 * NULLs of the first term, which may be a large part of the table and without an order of their own, are its tail, asked only
 * when the others did not fill the page (sql.c; a page of 101 rows before 30,000 NULLs: 10 ms without, 0.17 ms so). */
#include "query/keyset.h"

#include "query/sql.h"
#include "query/value.h"

static bool compares_as_rows(const struct order *order, const struct bind *values)
{
    for (unsigned i = 0; i < order->count; i++)
        if (values[i].kind == BIND_NULL || order->terms[i].descending != order->terms[0].descending ||
            value_operator_schema(&order->terms[i].column->type).len)
            return false;
    return order->count > 1;
}

static void add_branch(struct keyset *keyset, unsigned equal, enum branch_end end)
{
    PRE(keyset->branch_count < 2 * keyset->order->count + 1);
    keyset->branches[keyset->branch_count++] = (struct branch){.equal = equal, .end = end};
}

static void add_null_branch(struct keyset *keyset, unsigned at)
{
    const struct order_term *term = &keyset->order->terms[at];
    if (term->column->nullable && !term->nulls_first)
        add_branch(keyset, at, BRANCH_NULL);
}

static void add_branches(struct keyset *keyset, unsigned at)
{
    if (keyset->values[at].kind != BIND_NULL) {
        add_branch(keyset, at, BRANCH_AFTER);
        add_null_branch(keyset, at);
    } else if (keyset->order->terms[at].nulls_first) {
        add_branch(keyset, at, BRANCH_NOT_NULL);
    }
}

/* Deepest first, so that the first term's NULLs stand last. */
static void add_all(struct keyset *keyset, bool as_rows)
{
    if (as_rows)
        add_branch(keyset, 0, BRANCH_ROWS);
    for (unsigned at = keyset->order->count; at-- > 0;) {
        if (as_rows)
            add_null_branch(keyset, at);
        else
            add_branches(keyset, at);
    }
}

/* The term whose branch will give most rows: the last one asked for, unless it has few values and so many ties. */
static unsigned richest_term(const struct order *order)
{
    PRE(order->count > 0 && order->declared <= order->count);
    unsigned last = order->declared ? order->declared - 1 : 0;
    enum value_kind kind = order->terms[last].column->type.kind;
    return kind == VALUE_BOOL || kind == VALUE_ENUM ? order->count - 1 : last;
}

static void put_last(struct keyset *keyset, unsigned term)
{
    PRE(keyset->branch_count > 0);
    unsigned last = keyset->branch_count - 1;
    for (unsigned i = 0; i < keyset->branch_count; i++) {
        struct branch branch = keyset->branches[i];
        if (branch.equal != term || branch.end == BRANCH_NULL)
            continue;
        for (unsigned k = i; k < last; k++)
            keyset->branches[k] = keyset->branches[k + 1];
        keyset->branches[last] = branch;
        return;
    }
}

struct keyset *keyset_make(struct build *build, const struct order *order, const struct bind *values,
                           unsigned first_bind)
{
    PRE(order && values && first_bind > 0);
    struct keyset *keyset = ARENA_NEW(build->arena, struct keyset);
    keyset->order = order;
    keyset->values = values;
    keyset->binds = ARENA_ARRAY(build->arena, unsigned, order->count + 1);
    keyset->branches = ARENA_ARRAY(build->arena, struct branch, 2 * order->count + 1);
    for (unsigned i = 0; i < order->count; i++)
        keyset->binds[i] = values[i].kind == BIND_NULL ? 0 : first_bind++;
    add_all(keyset, build->sql->compares_rows && compares_as_rows(order, values));
    const struct branch *last = &keyset->branches[keyset->branch_count - (keyset->branch_count > 0)];
    keyset->tail = build->sql->asks_tails_late && last->end == BRANCH_NULL && last->equal == 0;
    if (keyset->branch_count > 1 && !keyset->tail)
        put_last(keyset, richest_term(order));
    return keyset;
}

static void write_comparison(const struct keyset *keyset, const struct dialect_sql *sql, struct text *text,
                             unsigned at, struct slice sign)
{
    const struct column *column = keyset->order->terms[at].column;
    text_add(text, column->sql);
    if (keyset->values[at].kind == BIND_NULL) {
        text_lit(text, " IS NULL");
        return;
    }
    sql->sign(text, &column->type, sign);
    sql->bind(text, keyset->binds[at], &column->type);
}

static void write_rows(const struct keyset *keyset, const struct dialect_sql *sql, struct text *text,
                       struct slice sign)
{
    const struct order *order = keyset->order;
    text_lit(text, "ROW(");
    for (unsigned i = 0; i < order->count; i++) {
        text_add(text, i ? SLICE(", ") : SLICE(""));
        text_add(text, order->terms[i].column->sql);
    }
    text_lit(text, ") ");
    text_add(text, sign);
    text_lit(text, " ROW(");
    for (unsigned i = 0; i < order->count; i++) {
        text_add(text, i ? SLICE(", ") : SLICE(""));
        sql->bind(text, keyset->binds[i], &order->terms[i].column->type);
    }
    text_byte(text, ')');
}

void keyset_write_branch(const struct keyset *keyset, const struct dialect_sql *sql, struct text *text,
                         unsigned at)
{
    PRE(at < keyset->branch_count);
    const struct branch *branch = &keyset->branches[at];
    const struct order_term *term = &keyset->order->terms[branch->equal];
    struct slice sign = term->descending ? SLICE("<") : SLICE(">");
    IMPLIES(branch->end == BRANCH_ROWS, sql->compares_rows);
    if (branch->end == BRANCH_ROWS) {
        write_rows(keyset, sql, text, sign);
        return;
    }
    for (unsigned i = 0; i < branch->equal; i++) {
        write_comparison(keyset, sql, text, i, SLICE("="));
        text_lit(text, " AND ");
    }
    if (branch->end == BRANCH_AFTER) {
        write_comparison(keyset, sql, text, branch->equal, sign);
        return;
    }
    text_add(text, term->column->sql);
    text_add(text, branch->end == BRANCH_NULL ? SLICE(" IS NULL") : SLICE(" IS NOT NULL"));
}
