/* SPDX-License-Identifier: Apache-2.0 */
/* One value: from the database's text form to JSON, by a table of kinds for each dialect.
 *
 * PostgreSQL: byte for byte what to_json() writes (src/backend/utils/adt/json.c, datum_to_json and JsonEncodeDateTime), given
 * the session settings of store/pg. SQLite stores any value in any column, so there each cell is looked at before it
 * is believed to be a number or JSON: what does not fit its declared type is written as a JSON string. */
#include "encode/value.h"

#include "base/check.h"
#include "base/json.h"
#include "encode/nested.h"

typedef void (*write_fn)(struct buf *out, const struct type *type, struct slice cell);

static void write_raw(struct buf *out, const struct type *type, struct slice cell)
{
    (void)type;
    buf_add(out, cell);
}

static void write_string(struct buf *out, const struct type *type, struct slice cell)
{
    (void)type;
    buf_json(out, cell);
}

/* For text without anything to escape. */
static void write_quoted(struct buf *out, const struct type *type, struct slice cell)
{
    (void)type;
    char *to = buf_room(out, cell.len + 2);
    if (!to)
        return;
    to[0] = '"';
    memcpy(to + 1, cell.data, cell.len);
    to[cell.len + 1] = '"';
    out->len += cell.len + 2;
}

static void write_pg_bool(struct buf *out, const struct type *type, struct slice cell)
{
    (void)type;
    if (cell.len == 1 && cell.data[0] == 't')
        buf_lit(out, "true");
    else
        buf_lit(out, "false");
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* NaN, Infinity and -Infinity are strings; all else that numeric and float print is a JSON number. */
static void write_pg_number(struct buf *out, const struct type *type, struct slice cell)
{
    char last = cell.len ? cell.data[cell.len - 1] : 0;
    if (is_digit(last))
        write_raw(out, type, cell);
    else
        write_quoted(out, type, cell);
}

/* "2026-01-31 09:05:07.5+00 BC" → "2026-01-31T09:05:07.5+00:00 BC"; "infinity" as it is. UTC alone: the session's zone. */
static void write_pg_timestamp(struct buf *out, const struct type *type, struct slice cell)
{
    size_t space = slice_find(cell, ' ');
    char *to = space < cell.len ? buf_room(out, cell.len + 5) : NULL;
    if (!to) {
        write_quoted(out, type, cell);
        return;
    }
    char *at = to;
    *at++ = '"';
    memcpy(at, cell.data, cell.len);
    at[space] = 'T';
    size_t plus = type->kind == VALUE_TIMESTAMPTZ ? slice_find(cell, '+') : cell.len;
    if (plus < cell.len && plus + 3 <= cell.len) {
        memcpy(at + plus + 3, ":00", 3);
        memcpy(at + plus + 6, cell.data + plus + 3, cell.len - plus - 3);
        at += 3;
    }
    at += cell.len;
    *at++ = '"';
    out->len += (size_t)(at - to);
}

static const write_fn pg_writers[] = {
    [VALUE_BOOL] = write_pg_bool,
    [VALUE_INT] = write_raw,
    [VALUE_NUMERIC] = write_pg_number,
    [VALUE_FLOAT] = write_pg_number,
    [VALUE_TEXT] = write_string,
    [VALUE_UUID] = write_quoted,
    [VALUE_DATE] = write_quoted,
    [VALUE_TIMESTAMP] = write_pg_timestamp,
    [VALUE_TIMESTAMPTZ] = write_pg_timestamp,
    [VALUE_TIME] = write_quoted,
    [VALUE_TIMETZ] = write_quoted,
    [VALUE_INTERVAL] = write_quoted,
    [VALUE_BYTEA] = write_string,
    [VALUE_ENUM] = write_string,
    [VALUE_JSON] = write_raw,
    [VALUE_OTHER] = write_raw,
    [VALUE_DYNAMIC] = write_raw,
};

/* SQLite text may hold any bytes; JSON may not. */
static void write_any_string(struct buf *out, const struct type *type, struct slice cell)
{
    (void)type;
    buf_json_mended(out, cell);
}

static void write_sqlite_bool(struct buf *out, const struct type *type, struct slice cell)
{
    if (slice_eq(cell, SLICE("1")))
        buf_lit(out, "true");
    else if (slice_eq(cell, SLICE("0")))
        buf_lit(out, "false");
    else
        write_any_string(out, type, cell);
}

static void write_sqlite_number(struct buf *out, const struct type *type, struct slice cell)
{
    if (json_is_number(cell))
        write_raw(out, type, cell);
    else
        write_any_string(out, type, cell);
}

/* The scaled integer with its point: 1234 with scale 2 is 12.34, -5 is -0.05. */
static void write_sqlite_decimal(struct buf *out, const struct type *type, struct slice cell)
{
    bool negative = cell.len && cell.data[0] == '-';
    struct slice digits = slice_skip(cell, negative);
    int64_t value;
    if (!slice_to_int(cell, &value)) {
        write_sqlite_number(out, type, cell);
        return;
    }
    if (negative)
        buf_byte(out, '-');
    size_t scale = type->scale, whole = digits.len > scale ? digits.len - scale : 0;
    if (whole == 0)
        buf_byte(out, '0');
    buf_append(out, digits.data, whole);
    if (scale == 0)
        return;
    buf_byte(out, '.');
    for (size_t zeros = whole ? 0 : scale - digits.len; zeros; zeros--)
        buf_byte(out, '0');
    buf_append(out, digits.data + whole, digits.len - whole);
}

static void write_sqlite_blob(struct buf *out, const struct type *type, struct slice cell)
{
    (void)type;
    static const char hex[] = "0123456789abcdef";
    char *to = buf_room(out, cell.len * 2 + 5);
    if (!to)
        return;
    memcpy(to, "\"\\\\x", 4);
    to += 4;
    for (size_t i = 0; i < cell.len; i++) {
        *to++ = hex[(unsigned char)cell.data[i] >> 4];
        *to++ = hex[(unsigned char)cell.data[i] & 15];
    }
    *to = '"';
    out->len += cell.len * 2 + 5;
}

static void write_sqlite_json(struct buf *out, const struct type *type, struct slice cell)
{
    if (json_is_valid(cell))
        write_raw(out, type, cell);
    else
        write_any_string(out, type, cell);
}

static void write_nested(struct buf *out, const struct type *type, struct slice cell)
{
    encode_nested(out, type->nested, cell);
}

static const write_fn sqlite_writers[] = {
    [VALUE_BOOL] = write_sqlite_bool,       [VALUE_INT] = write_sqlite_number,
    [VALUE_NUMERIC] = write_sqlite_number,  [VALUE_FLOAT] = write_sqlite_number,
    [VALUE_DECIMAL] = write_sqlite_decimal, [VALUE_TEXT] = write_any_string,
    [VALUE_UUID] = write_any_string,        [VALUE_DATE] = write_any_string,
    [VALUE_TIMESTAMP] = write_any_string,   [VALUE_TIMESTAMPTZ] = write_any_string,
    [VALUE_TIME] = write_any_string,        [VALUE_TIMETZ] = write_any_string,
    [VALUE_INTERVAL] = write_any_string,    [VALUE_BYTEA] = write_sqlite_blob,
    [VALUE_ENUM] = write_any_string,        [VALUE_JSON] = write_sqlite_json,
    [VALUE_OTHER] = write_any_string,       [VALUE_DYNAMIC] = write_raw,
    [VALUE_NESTED] = write_nested,
};

void encode_value(struct buf *out, enum dialect dialect, const struct type *type, struct slice cell)
{
    if (!cell.data && !(type->nested && type->nested->list)) {
        buf_lit(out, "null");
        return;
    }
    bool pg = dialect == DIALECT_PG;
    PRE(type->kind < (pg ? ARRAY_LEN(pg_writers) : ARRAY_LEN(sqlite_writers)));
    write_fn write = (pg ? pg_writers : sqlite_writers)[type->kind];
    PRE(write != NULL);
    write(out, type, cell);
}
