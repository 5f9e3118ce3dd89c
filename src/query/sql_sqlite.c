/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's dialect: `?1`, and lists by json_each. That LIKE minds the case, and that there is a leat_ilike(text, pattern), is the
 * store's doing: every connection of store/sqlite/ is made so. */
#include <math.h>

#include "query/sql.h"
#include "query/value.h"

static void write_column(struct text *text, const struct column *column)
{
    text_add(text, column->sql);
}

static void write_bind(struct text *text, unsigned n, const struct type *type)
{
    (void)type;
    PRE(n > 0);
    text_byte(text, '?');
    text_uint(text, n);
}

static void write_sign(struct text *text, const struct type *type, struct slice sign)
{
    (void)type;
    text_byte(text, ' ');
    text_add(text, sign);
    text_byte(text, ' ');
}

static void write_any_of(struct text *text, const struct column *column, unsigned n)
{
    text_add(text, column->sql);
    text_lit(text, " IN (SELECT value FROM json_each(");
    write_bind(text, n, &column->type);
    text_lit(text, "))");
}

static void write_like(struct text *text, const struct column *column, unsigned n, bool ignore_case)
{
    text_add(text, ignore_case ? SLICE("leat_ilike(") : SLICE(""));
    text_add(text, column->sql);
    text_add(text, ignore_case ? SLICE(", ") : SLICE(" LIKE "));
    write_bind(text, n, &column->type);
    text_add(text, ignore_case ? SLICE(")") : SLICE(" ESCAPE '\\'"));
}

/* The comparison with one of the list's values. */
static void write_compared(struct text *text, const struct condition *condition)
{
    bool like = condition->op == FILTER_LIKE, ilike = condition->op == FILTER_ILIKE;
    text_add(text, ilike ? SLICE("leat_ilike(") : SLICE(""));
    text_add(text, condition->column->sql);
    if (like)
        text_lit(text, " LIKE leat_value ESCAPE '\\'");
    else if (ilike)
        text_lit(text, ", leat_value)");
    else
        write_sign(text, &condition->column->type, operator_sign(condition->op));
    text_add(text, like || ilike ? SLICE("") : SLICE("leat_value"));
}

/* The greatest of all comparisons, or the least: of NULL it is NULL, of an empty list false for any and true for all. json_each() has
 * columns of its own, which would take the place of the table's: they are hidden behind one of ours. `eq(any)` is `in`, which
 * an index serves. */
static void write_quantified(struct text *text, const struct condition *condition)
{
    PRE(condition->quantifier != QUANTIFIER_NONE);
    bool any = condition->quantifier == QUANTIFIER_ANY;
    if (any && condition->op == FILTER_EQ) {
        write_any_of(text, condition->column, condition->bind_at);
        return;
    }
    text_add(text, any ? SLICE("(SELECT CASE count(*) WHEN 0 THEN 0 ELSE max(")
                       : SLICE("(SELECT CASE count(*) WHEN 0 THEN 1 ELSE min("));
    write_compared(text, condition);
    text_lit(text, ") END FROM (SELECT value AS leat_value FROM json_each(");
    write_bind(text, condition->bind_at, &condition->column->type);
    text_lit(text, ")))");
}

static void write_special(struct text *text, const struct condition *condition)
{
    PRE(condition->op == FILTER_ISDISTINCT);
    text_add(text, condition->column->sql);
    text_lit(text, " IS NOT ");
    write_bind(text, condition->bind_at, &condition->column->type);
}

static void write_path_text(struct text *text, const struct json_step *steps, unsigned count)
{
    text_lit(text, "'$");
    for (unsigned i = 0; i < count; i++) {
        bool from_end = steps[i].is_index && steps[i].key.data[0] == '-';
        text_add(text, steps[i].is_index ? SLICE("[") : SLICE(".\""));
        text_add(text, from_end ? SLICE("#") : SLICE(""));
        text_add(text, steps[i].key);
        text_add(text, steps[i].is_index ? SLICE("]") : SLICE("\""));
    }
    text_byte(text, '\'');
}

/* `->>` as PostgreSQL has it: true and false are words, all else is text. What is no JSON is written as a string, in which no path
 * leads anywhere: asked for one, SQLite would fail instead, and with it the whole list. (1.1 µs a row become 1.3.) */
static void write_path(struct text *text, const struct column *base, const struct json_step *steps,
                       unsigned count)
{
    PRE(count > 0);
    bool as_text = steps[count - 1].as_text;
    text_lit(text, "CASE WHEN json_valid(");
    text_add(text, base->sql);
    text_add(text, as_text ? SLICE(") THEN CASE json_type(") : SLICE(") THEN "));
    text_add(text, base->sql);
    text_add(text, as_text ? SLICE(",") : SLICE("->"));
    write_path_text(text, steps, count);
    if (as_text) {
        text_lit(text, ") WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(");
        text_add(text, base->sql);
        text_lit(text, "->>");
        write_path_text(text, steps, count);
        text_lit(text, " AS TEXT) END");
    }
    text_lit(text, " END");
}

/* What a column's own form is worth as a number: a DECIMAL is scaled. */
static void write_plain(struct text *text, const struct column *column)
{
    text_add(text, column->sql);
    if (column->type.kind != VALUE_DECIMAL || column->type.scale == 0)
        return;
    text_lit(text, "/1");
    for (unsigned i = 0; i < column->type.scale; i++)
        text_byte(text, '0');
    text_lit(text, ".0");
}

static void write_text_cast(struct text *text, const struct column *column)
{
    if (column->type.kind == VALUE_BOOL) {
        text_lit(text, "CASE ");
        text_add(text, column->sql);
        text_lit(text, " WHEN 1 THEN 'true' WHEN 0 THEN 'false' END");
        return;
    }
    bool scaled = column->type.kind == VALUE_DECIMAL;
    text_add(text, scaled ? SLICE("printf('%.") : SLICE("CAST("));
    if (scaled) {
        text_uint(text, column->type.scale);
        text_lit(text, "f',");
    }
    write_plain(text, column);
    text_add(text, scaled ? SLICE(")") : SLICE(" AS TEXT)"));
}

static bool write_cast(struct text *text, const struct column *column, const struct type *type)
{
    if (type->kind == VALUE_TEXT) {
        write_text_cast(text, column);
        return true;
    }
    if (type->kind != VALUE_INT && type->kind != VALUE_FLOAT && type->kind != VALUE_NUMERIC)
        return false;
    text_lit(text, "CAST(");
    write_plain(text, column);
    text_add(text, type->kind == VALUE_INT ? SLICE(" AS INTEGER)") : SLICE(" AS REAL)"));
    return true;
}

static void write_is(struct text *text, const struct column *column, enum is_word word)
{
    static const struct slice words[] = {
        [IS_NULL] = SLICE_INIT(" IS NULL"),    [IS_NOT_NULL] = SLICE_INIT(" IS NOT NULL"),
        [IS_TRUE] = SLICE_INIT(" IS 1"),       [IS_FALSE] = SLICE_INIT(" IS 0"),
        [IS_UNKNOWN] = SLICE_INIT(" IS NULL"),
    };
    PRE((unsigned)word < ARRAY_LEN(words));
    text_add(text, column->sql);
    text_add(text, words[word]);
}

/* JSON has no infinity: a number beyond all doubles stands for it. */
static struct slice json_number(const struct bind *value)
{
    if (value->kind == BIND_REAL && isinf(value->real) && value->real > 0)
        return SLICE("9e999");
    if (value->kind == BIND_REAL && isinf(value->real))
        return SLICE("-9e999");
    return value->text;
}

/* A JSON array: numbers for what is bound as a number, strings for the rest. */
static struct bind make_list(struct arena *arena, const struct bind *values, unsigned count)
{
    struct text text;
    text_init(&text, arena, 256);
    text_byte(&text, '[');
    for (unsigned i = 0; i < count; i++) {
        text_add(&text, i ? SLICE(",") : SLICE(""));
        if (values[i].kind == BIND_TEXT)
            text_json(&text, values[i].text);
        else
            text_add(&text, json_number(&values[i]));
    }
    text_byte(&text, ']');
    return (struct bind){.kind = BIND_TEXT, .text = text_done(&text)};
}

const struct dialect_sql sql_sqlite = {
    .column = write_column,
    .bind = write_bind,
    .sign = write_sign,
    .any_of = write_any_of,
    .like = write_like,
    .quantified = write_quantified,
    .special = write_special,
    .path = write_path,
    .path_type = {.kind = VALUE_JSON, .name = SLICE_INIT("json")},
    .cast = write_cast,
    .is = write_is,
    .list = make_list,
    .compares_rows = false,
    .limits_branches = false,
    .asks_tails_late = false,
    .nulls_least = true,
    .index_ends_in_rowid = true,
};
