/* SPDX-License-Identifier: Apache-2.0 */
/* Which reader serves which kind, what each expects, and how cells come back out of cursors. See value.h.
 * Kinds that only the database understands (intervals, JSON, extension types) pass as text: what it does not like it says with
 * SQLSTATE class 22, which the store makes a 400. */
#include "query/value.h"

#include "base/check.h"
#include "query/value_parse.h"

static const struct kind_reader {
    value_reader *read;
    bool verbatim; /* white space around it belongs to it */
    struct slice expected;
} readers[] = {
    [VALUE_BOOL] = {value_read_bool, false, SLICE_INIT("`true` or `false`")},
    [VALUE_INT] = {value_read_int, false, SLICE_INIT("an integer, such as 42")},
    [VALUE_NUMERIC] = {value_read_numeric, false, SLICE_INIT("a number, such as 12.50")},
    [VALUE_FLOAT] = {value_read_float, false, SLICE_INIT("a number, such as 0.25 or 1e6")},
    [VALUE_DECIMAL] = {value_read_decimal, false, SLICE_INIT("a number, such as 12.50")},
    [VALUE_TEXT] = {value_read_text, true, SLICE_INIT("a text")},
    [VALUE_UUID] = {value_read_uuid, false,
                    SLICE_INIT("a UUID, such as 0b6f2e1c-6a8e-4f5b-9d3a-2f1e4c5d6a7b")},
    [VALUE_DATE] = {value_read_date, false, SLICE_INIT("a date, such as 2026-01-31 or `7 days ago`")},
    [VALUE_TIMESTAMP] = {value_read_timestamp, false,
                         SLICE_INIT("a time, such as 2026-01-31T09:05:07 or `24h ago`")},
    [VALUE_TIMESTAMPTZ] = {value_read_timestamptz, false,
                           SLICE_INIT("a time, such as 2026-01-31T09:05:07Z or `24h ago`")},
    [VALUE_TIME] = {value_read_time, false, SLICE_INIT("a time of day, such as 09:05:07")},
    [VALUE_TIMETZ] = {value_read_timetz, false,
                      SLICE_INIT("a time of day with its zone, such as 09:05:07+02:00")},
    [VALUE_INTERVAL] = {value_read_text, true, SLICE_INIT("an interval, such as `2 days`")},
    [VALUE_BYTEA] = {value_read_bytea, false, SLICE_INIT("bytes in hexadecimal, such as \\x01ff")},
    [VALUE_ENUM] = {value_read_enum, true, SLICE_INIT("one of its labels")},
    [VALUE_JSON] = {value_read_text, true, SLICE_INIT("JSON")},
    [VALUE_OTHER] = {value_read_text, true, SLICE_INIT("a value of its type")},
    [VALUE_NESTED] = {value_read_text, true, SLICE_INIT("a value of its type")},
    [VALUE_DYNAMIC] = {value_read_text, true, SLICE_INIT("a value of its type")},
};

struct bind bind_text(struct arena *arena, struct slice text)
{
    return (struct bind){.kind = BIND_TEXT, .text = arena_copy(arena, text)};
}

struct bind bind_integer(struct arena *arena, int64_t value)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (value < 0)
        digits[--at] = '-';
    struct slice text = arena_copy(arena, slice_of(digits + at, sizeof(digits) - at));
    return (struct bind){.kind = BIND_INT, .text = text, .integer = value};
}

/* "one of `low`, `high`": all of them while they are few. */
static struct slice labels_text(struct arena *arena, const struct type *type)
{
    struct slice text = SLICE("one of ");
    for (unsigned i = 0; i < type->label_count && text.len < 400; i++)
        text = arena_format(arena, SLICE_FMT "%s`" SLICE_FMT "`", SLICE_ARG(text), i ? ", " : "",
                            SLICE_ARG(type->labels[i]));
    return text;
}

static struct slice expected_text(struct arena *arena, const struct type *type)
{
    int64_t high = type->bits == 16 ? INT16_MAX : INT32_MAX;
    if (type->kind == VALUE_ENUM)
        return labels_text(arena, type);
    if (type->kind == VALUE_INT && (type->bits == 16 || type->bits == 32))
        return arena_format(arena, "an integer from %lld to %lld, such as 42", (long long)-high - 1,
                            (long long)high);
    return readers[type->kind].expected;
}

bool value_parse(const struct value_scope *scope, const struct type *type, struct slice text,
                 struct bind *ret_bind, struct value_refusal *ret_refusal)
{
    PRE((unsigned)type->kind < ARRAY_LEN(readers));
    const struct kind_reader *reader = &readers[type->kind];
    if (reader->read(scope, type, reader->verbatim ? text : slice_trim(text), ret_bind)) {
        POST(ret_bind->text.data && ret_bind->text.data[ret_bind->text.len] == '\0');
        return true;
    }
    ret_refusal->expected = expected_text(scope->arena, type);
    ret_refusal->nearest = nearest_begin(text);
    for (unsigned i = 0; i < type->label_count; i++)
        nearest_offer(&ret_refusal->nearest, type->labels[i]);
    return false;
}

/* PostgreSQL reads its own text back, whatever it is: only what no cell can hold is refused. */
static bool pg_cell(const struct value_scope *scope, struct slice cell, struct bind *ret_bind)
{
    *ret_bind = bind_text(scope->arena, cell);
    return memchr(cell.data, '\0', cell.len) == NULL && slice_is_utf8(cell);
}

bool value_from_cell(const struct value_scope *scope, const struct type *type, struct slice cell,
                     struct bind *ret_bind)
{
    PRE(cell.data);
    static const struct type integer = {.kind = VALUE_INT, .bits = 64};
    if (scope->dialect == DIALECT_PG)
        return pg_cell(scope, cell, ret_bind);
    switch (type->kind) {
    case VALUE_BOOL:
    case VALUE_INT:
    case VALUE_DECIMAL:
        return value_read_int(scope, &integer, cell, ret_bind);
    case VALUE_FLOAT:
        return value_read_float(scope, type, cell, ret_bind);
    case VALUE_NUMERIC:
        return value_read_numeric(scope, type, cell, ret_bind) || pg_cell(scope, cell, ret_bind);
    case VALUE_BYTEA:
        *ret_bind = (struct bind){.kind = BIND_BLOB, .text = arena_copy(scope->arena, cell)};
        return true;
    default:
        return pg_cell(scope, cell, ret_bind);
    }
}

bool value_is_relative(const struct type *type, struct slice text)
{
    bool moves = type->kind == VALUE_DATE || type->kind == VALUE_TIMESTAMP || type->kind == VALUE_TIMESTAMPTZ;
    struct slice word = slice_trim(text);
    return moves && (slice_eq(word, SLICE("now")) || slice_ends(word, SLICE(" ago")));
}

/* Text types are compared as text, but for char(n), whose padding counts for nothing, and citext and its like. */
static struct slice text_cast_name(struct slice name)
{
    static const struct {
        struct slice begins, cast;
    } names[] = {
        {SLICE_INIT("character varying"), SLICE_INIT("text")}, {SLICE_INIT("varchar"), SLICE_INIT("text")},
        {SLICE_INIT("character"), SLICE_INIT("bpchar")},       {SLICE_INIT("bpchar"), SLICE_INIT("bpchar")},
        {SLICE_INIT("char("), SLICE_INIT("bpchar")},
    };
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (slice_starts(name, names[i].begins))
            return names[i].cast;
    return name;
}

struct slice value_cast_name(const struct type *type)
{
    switch (type->kind) {
    case VALUE_BOOL:
        return SLICE("boolean");
    case VALUE_INT:
        if (slice_eq(type->name, SLICE("oid")))
            return type->name;
        return type->bits == 16 ? SLICE("smallint") : type->bits == 32 ? SLICE("integer") : SLICE("bigint");
    case VALUE_NUMERIC:
        return SLICE("numeric");
    case VALUE_FLOAT:
        return type->bits == 32 ? SLICE("real") : SLICE("double precision");
    case VALUE_UUID:
        return SLICE("uuid");
    case VALUE_DATE:
        return SLICE("date");
    case VALUE_TIMESTAMP:
        return SLICE("timestamp");
    case VALUE_TIMESTAMPTZ:
        return SLICE("timestamptz");
    case VALUE_TIME:
        return SLICE("time");
    case VALUE_TIMETZ:
        return SLICE("timetz");
    case VALUE_INTERVAL:
        return SLICE("interval");
    case VALUE_BYTEA:
        return SLICE("bytea");
    case VALUE_TEXT:
        return text_cast_name(type->name);
    default:
        return type->name;
    }
}

struct slice value_operator_schema(const struct type *type)
{
    bool quoted = false;
    size_t schema = 0;
    for (size_t i = 0; type->kind == VALUE_TEXT && i < type->name.len; i++) {
        quoted ^= type->name.data[i] == '"';
        if (type->name.data[i] == '.' && !quoted)
            schema = i;
    }
    return slice_of(type->name.data, schema);
}
