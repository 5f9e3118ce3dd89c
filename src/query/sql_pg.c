/* SPDX-License-Identifier: Apache-2.0 */
/* PostgreSQL's dialect: `$1::type`, arrays as lists, and columns that C does not write as to_json(). */
#include "query/sql.h"
#include "query/value.h"

static void write_column(struct text *text, const struct column *column)
{
    bool json = column->type.kind == VALUE_OTHER;
    text_add(text, json ? SLICE("to_json(") : SLICE(""));
    text_add(text, column->sql);
    text_add(text, json ? SLICE(")::text") : SLICE(""));
}

static void write_bind(struct text *text, unsigned n, const struct type *type)
{
    PRE(n > 0);
    text_byte(text, '$');
    text_uint(text, n);
    text_lit(text, "::");
    text_add(text, value_cast_name(type));
}

static void write_sign(struct text *text, const struct type *type, struct slice sign)
{
    struct slice schema = value_operator_schema(type);
    text_add(text, schema.len ? SLICE(" OPERATOR(") : SLICE(" "));
    text_add(text, schema);
    text_add(text, schema.len ? SLICE(".") : SLICE(""));
    text_add(text, sign);
    text_add(text, schema.len ? SLICE(") ") : SLICE(" "));
}

static void write_any_of(struct text *text, const struct column *column, unsigned n)
{
    text_add(text, column->sql);
    write_sign(text, &column->type, SLICE("="));
    text_lit(text, "ANY(");
    write_bind(text, n, &column->type);
    text_lit(text, "[])");
}

static void write_like(struct text *text, const struct column *column, unsigned n, bool ignore_case)
{
    bool own = value_operator_schema(&column->type).len > 0;
    text_add(text, column->sql);
    if (own)
        write_sign(text, &column->type, ignore_case ? SLICE("~~*") : SLICE("~~"));
    else
        text_add(text, ignore_case ? SLICE(" ILIKE ") : SLICE(" LIKE "));
    text_byte(text, '$');
    text_uint(text, n);
    text_lit(text, "::text");
}

/* An operator's sign between the two sides, and the type that its right side is bound as. */
static void write_operator(struct text *text, const struct condition *condition)
{
    const struct type *type = &condition->column->type;
    if (condition->op < FILTER_LIKE || value_operator_schema(type).len) {
        write_sign(text, type, operator_sign(condition->op));
        return;
    }
    text_byte(text, ' ');
    text_add(text, operator_sign(condition->op));
    text_byte(text, ' ');
}

static void write_operand(struct text *text, const struct condition *condition)
{
    static const struct type plain = {.kind = VALUE_TEXT, .name = SLICE_INIT("text")};
    bool pattern = condition->op >= FILTER_LIKE && condition->op <= FILTER_IMATCH;
    write_bind(text, condition->bind_at, pattern ? &plain : &condition->column->type);
}

static void write_quantified(struct text *text, const struct condition *condition)
{
    PRE(condition->quantifier != QUANTIFIER_NONE);
    text_add(text, condition->column->sql);
    write_operator(text, condition);
    text_add(text, condition->quantifier == QUANTIFIER_ANY ? SLICE("ANY(") : SLICE("ALL("));
    write_operand(text, condition);
    text_lit(text, "[])");
}

/* The language, where one is named, as the regconfig of that name. */
static void write_language(struct text *text, struct slice config)
{
    if (config.len == 0)
        return;
    text_byte(text, '\'');
    text_add(text, config);
    text_lit(text, "'::regconfig,");
}

static void write_search(struct text *text, const struct condition *condition)
{
    bool vector = slice_eq(condition->column->type.name, SLICE("tsvector"));
    text_add(text, vector ? SLICE("") : SLICE("to_tsvector("));
    if (!vector)
        write_language(text, condition->config);
    text_add(text, condition->column->sql);
    text_add(text, vector ? SLICE(" @@ ") : SLICE(") @@ "));
    text_add(text, operator_search(condition->op));
    text_byte(text, '(');
    write_language(text, condition->config);
    text_byte(text, '$');
    text_uint(text, condition->bind_at);
    text_lit(text, "::text)");
}

static void write_special(struct text *text, const struct condition *condition)
{
    if (operator_is_search(condition->op)) {
        write_search(text, condition);
        return;
    }
    text_add(text, condition->column->sql);
    if (condition->op == FILTER_ISDISTINCT)
        text_lit(text, " IS DISTINCT FROM ");
    else
        write_operator(text, condition);
    write_operand(text, condition);
}

/* A tame key has no quotes and no backslashes. */
static void write_path(struct text *text, const struct column *base, const struct json_step *steps,
                       unsigned count)
{
    bool json = base->type.kind == VALUE_JSON;
    text_add(text, json ? SLICE("(") : SLICE("(to_jsonb("));
    text_add(text, base->sql);
    text_add(text, json ? SLICE("") : SLICE(")"));
    for (unsigned i = 0; i < count; i++) {
        text_add(text, steps[i].as_text ? SLICE("->>") : SLICE("->"));
        text_add(text, steps[i].is_index ? SLICE("") : SLICE("'"));
        text_add(text, steps[i].key);
        text_add(text, steps[i].is_index ? SLICE("") : SLICE("'"));
    }
    text_byte(text, ')');
}

static bool write_cast(struct text *text, const struct column *column, const struct type *type)
{
    text_lit(text, "CAST(");
    text_add(text, column->sql);
    text_lit(text, " AS ");
    text_add(text, type->name);
    text_byte(text, ')');
    return true;
}

static void write_is(struct text *text, const struct column *column, enum is_word word)
{
    static const struct slice words[] = {
        [IS_NULL] = SLICE_INIT(" IS NULL"),       [IS_NOT_NULL] = SLICE_INIT(" IS NOT NULL"),
        [IS_TRUE] = SLICE_INIT(" IS TRUE"),       [IS_FALSE] = SLICE_INIT(" IS FALSE"),
        [IS_UNKNOWN] = SLICE_INIT(" IS UNKNOWN"),
    };
    PRE((unsigned)word < ARRAY_LEN(words));
    text_add(text, column->sql);
    text_add(text, words[word]);
}

static struct bind make_list(struct arena *arena, const struct bind *values, unsigned count)
{
    struct text text;
    text_init(&text, arena, 256);
    text_byte(&text, '{');
    for (unsigned i = 0; i < count; i++) {
        text_add(&text, i ? SLICE(",") : SLICE(""));
        text_array_element(&text, values[i].text);
    }
    text_byte(&text, '}');
    return (struct bind){.kind = BIND_TEXT, .text = text_done(&text)};
}

const struct dialect_sql sql_pg = {
    .column = write_column,
    .bind = write_bind,
    .sign = write_sign,
    .any_of = write_any_of,
    .like = write_like,
    .quantified = write_quantified,
    .special = write_special,
    .path = write_path,
    .path_type = {.kind = VALUE_JSON, .name = SLICE_INIT("jsonb"), .orderable = true},
    .cast = write_cast,
    .is = write_is,
    .list = make_list,
    .embeds_json = true,
    .explains = true,
    .compares_rows = true,
    .limits_branches = true,
    .asks_tails_late = true,
    .nulls_least = false,
    .index_ends_in_rowid = false,
};
