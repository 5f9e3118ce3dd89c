/* SPDX-License-Identifier: Apache-2.0 */
/* CSV. Most kinds of value are the same in the database's text form and in CSV; the others go by way of JSON, so that the two
 * forms of an answer never differ in what they say.
 *
 *     cell → [as it is]                    → quotes where needed
 *     cell → encode_value → JSON ┬ string  → unescaped → quotes where needed
 *                                └ other   → quotes where needed
 */
#include "encode/csv.h"

#include "base/check.h"
#include "encode/nested.h"
#include "encode/value.h"

#define KIND_BIT(kind) (1u << (kind))

/* Kinds whose JSON is the cell itself, or the cell in quotes. */
enum {
    PLAIN_ON_BOTH = KIND_BIT(VALUE_INT) | KIND_BIT(VALUE_NUMERIC) | KIND_BIT(VALUE_FLOAT) |
                    KIND_BIT(VALUE_TEXT) | KIND_BIT(VALUE_UUID) | KIND_BIT(VALUE_DATE) |
                    KIND_BIT(VALUE_TIME) | KIND_BIT(VALUE_TIMETZ) | KIND_BIT(VALUE_INTERVAL) |
                    KIND_BIT(VALUE_ENUM),
    PLAIN_ON_PG = PLAIN_ON_BOTH | KIND_BIT(VALUE_BYTEA) | KIND_BIT(VALUE_JSON),
    PLAIN_ON_SQLITE = PLAIN_ON_BOTH | KIND_BIT(VALUE_TIMESTAMP) | KIND_BIT(VALUE_TIMESTAMPTZ) |
                      KIND_BIT(VALUE_JSON) | KIND_BIT(VALUE_OTHER),
};

/* Empty text is quoted too: unquoted it would be NULL; and so is the word, which stands for NULL where CSV is taken. */
static bool needs_quotes(struct slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] == '"' || text.data[i] == ',' || text.data[i] == '\n' || text.data[i] == '\r')
            return true;
    return text.len == 0 || slice_eq(text, SLICE("NULL"));
}

void csv_write_text(struct buf *out, struct slice text)
{
    if (!needs_quotes(text)) {
        buf_add(out, text);
        return;
    }
    buf_byte(out, '"');
    for (;;) {
        size_t len = slice_find(text, '"');
        buf_append(out, text.data, len);
        if (len == text.len)
            break;
        buf_lit(out, "\"\"");
        text = slice_skip(text, len + 1);
    }
    buf_byte(out, '"');
}

/* ---- from JSON ---- */

static unsigned hex_value(char c)
{
    return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
}

static unsigned read_hex4(const char *digits)
{
    return hex_value(digits[0]) << 12 | hex_value(digits[1]) << 8 | hex_value(digits[2]) << 4 |
           hex_value(digits[3]);
}

static char *put_utf8(char *to, unsigned point)
{
    if (point < 0x80) {
        *to++ = (char)point;
    } else if (point < 0x800) {
        *to++ = (char)(0xc0 | point >> 6);
        *to++ = (char)(0x80 | (point & 0x3f));
    } else {
        if (point < 0x10000) {
            *to++ = (char)(0xe0 | point >> 12);
        } else {
            *to++ = (char)(0xf0 | point >> 18);
            *to++ = (char)(0x80 | (point >> 12 & 0x3f));
        }
        *to++ = (char)(0x80 | (point >> 6 & 0x3f));
        *to++ = (char)(0x80 | (point & 0x3f));
    }
    return to;
}

static bool is_surrogate(unsigned point, unsigned first)
{
    return point >= first && point < first + 0x400;
}

/* Behind "\u": the digits taken are returned. A lone surrogate, which is no character, becomes U+FFFD. */
static size_t take_point(struct slice digits, unsigned *ret_point)
{
    unsigned point = digits.len >= 4 ? read_hex4(digits.data) : 0xfffd;
    *ret_point = point;
    if (!is_surrogate(point, 0xd800) && !is_surrogate(point, 0xdc00))
        return 4;
    *ret_point = 0xfffd;
    if (!is_surrogate(point, 0xd800) || digits.len < 10 || digits.data[4] != '\\' || digits.data[5] != 'u')
        return 4;
    unsigned low = read_hex4(digits.data + 6);
    if (!is_surrogate(low, 0xdc00))
        return 4;
    *ret_point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    return 10;
}

/* Undoes the escapes where it lies: text is never longer than its JSON. */
static struct slice unescape(char *data, size_t len)
{
    static const char letters[256] = {['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t'};
    char *to = data;
    for (size_t at = 0; at < len;) {
        char c = data[at++];
        if (c != '\\' || at == len) {
            *to++ = c;
            continue;
        }
        c = data[at++];
        if (c == 'u') {
            unsigned point;
            at += take_point(slice_of(data + at, len - at), &point);
            to = put_utf8(to, point);
        } else {
            *to++ = letters[(unsigned char)c] ? letters[(unsigned char)c] : c;
        }
    }
    POST(to <= data + len);
    return slice_of(data, (size_t)(to - data));
}

void csv_write_json(struct buf *out, struct buf *json)
{
    struct slice text = slice_trim(buf_slice(json));
    bool string = text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"';
    if (slice_eq(text, SLICE("null")))
        return;
    if (string)
        text = unescape(json->data + (text.data - json->data) + 1, text.len - 2);
    csv_write_text(out, text);
}

/* ---- rows ---- */

/* SQLite's text may hold any bytes: what is no UTF-8 is mended as JSON is. */
static bool is_plain(enum dialect dialect, const struct type *type, struct slice cell)
{
    if (dialect == DIALECT_PG)
        return PLAIN_ON_PG & KIND_BIT(type->kind);
    return (PLAIN_ON_SQLITE & KIND_BIT(type->kind)) && slice_is_utf8(cell);
}

static void write_value(struct buf *out, struct buf *scratch, enum dialect dialect, const struct type *type,
                        struct slice cell)
{
    if (!cell.data)
        return;
    if (is_plain(dialect, type, cell)) {
        csv_write_text(out, cell);
        return;
    }
    buf_clear(scratch);
    encode_value(scratch, dialect, type, cell);
    out->failed = out->failed || scratch->failed;
    out->no_memory = out->no_memory || scratch->no_memory;
    csv_write_json(out, scratch);
}

static void write_comma(struct buf *out, bool *first)
{
    if (!*first)
        buf_byte(out, ',');
    *first = false;
}

/* The columns of a spread row stand where it stands. */
static void write_names(struct buf *out, const struct column *const *columns, unsigned count, bool *first)
{
    for (unsigned i = 0; i < count; i++) {
        const struct nested *nested = columns[i]->type.nested;
        if (nested && nested->spread) {
            write_names(out, nested->columns, nested->count, first);
            continue;
        }
        write_comma(out, first);
        csv_write_text(out, columns[i]->name);
    }
}

/* tuple.data NULL: there is no such row. */
static void write_spread(struct buf *out, struct buf *scratch, const struct nested *nested,
                         struct slice tuple, bool *first)
{
    struct slice rest = tuple;
    for (unsigned i = 0; i < nested->count; i++) {
        const struct type *type = &nested->columns[i]->type;
        struct slice cell = {NULL, 0};
        if (tuple.data && !nested_take(&rest, &cell))
            cell = (struct slice){NULL, 0};
        if (type->nested && type->nested->spread) {
            write_spread(out, scratch, type->nested, cell, first);
            continue;
        }
        write_comma(out, first);
        write_value(out, scratch, DIALECT_SQLITE, type, cell);
    }
}

void csv_write_names(struct buf *out, const struct page_spec *spec)
{
    bool first = true;
    write_names(out, spec->columns, spec->column_count, &first);
    buf_add(out, spec->line_end);
}

void csv_write_row(struct buf *out, struct buf *scratch, const struct page_spec *spec,
                   const struct slice *cells)
{
    PRE(spec->line_end.len > 0);
    bool first = true;
    for (unsigned i = 0; i < spec->column_count; i++) {
        const struct type *type = &spec->columns[i]->type;
        if (type->nested && type->nested->spread) {
            write_spread(out, scratch, type->nested, cells[i], &first);
            continue;
        }
        write_comma(out, &first);
        write_value(out, scratch, spec->dialect, type, cells[i]);
    }
    buf_add(out, spec->line_end);
}
