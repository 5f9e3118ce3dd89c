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

static void write_json_string(struct text *text, struct slice s)
{
    text_byte(text, '"');
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c < 0x20) {
            text_lit(text, "\\u00");
            text_byte(text, "0123456789abcdef"[c >> 4]);
            text_byte(text, "0123456789abcdef"[c & 15]);
            continue;
        }
        if (c == '"' || c == '\\')
            text_byte(text, '\\');
        text_byte(text, (char)c);
    }
    text_byte(text, '"');
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
            write_json_string(&text, values[i].text);
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
    .is = write_is,
    .list = make_list,
    .compares_rows = false,
    .limits_branches = false,
    .asks_tails_late = false,
    .nulls_least = true,
    .index_ends_in_rowid = true,
};
