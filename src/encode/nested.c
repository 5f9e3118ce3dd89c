/* SPDX-License-Identifier: Apache-2.0 */
/* Rows within a cell, as SQLite's leat_tuple() and leat_tuples() frame them (catalog.h, struct nested): a length, then the bytes;
 * UINT32_MAX is NULL. The frames are the store's own; one that does not fit is our bug, and ends as null. */
#include "encode/nested.h"

#include "base/check.h"
#include "encode/value.h"

bool nested_take(struct slice *rest, struct slice *ret_bytes)
{
    uint32_t len;
    if (rest->len < sizeof len)
        return false;
    memcpy(&len, rest->data, sizeof len);
    *rest = slice_skip(*rest, sizeof len);
    *ret_bytes = (struct slice){NULL, 0};
    if (len == UINT32_MAX)
        return true;
    if (len > rest->len)
        return false;
    *ret_bytes = slice_of(rest->data, len);
    *rest = slice_skip(*rest, len);
    return true;
}

/* What is spread of a row that is not there: null each, lists too, as a join leaves them. */
static void write_absent(struct buf *out, const struct nested *nested, bool *first)
{
    for (unsigned i = 0; i < nested->count; i++) {
        const struct column *column = nested->columns[i];
        if (column->type.nested && column->type.nested->spread) {
            write_absent(out, column->type.nested, first);
            continue;
        }
        if (!*first)
            buf_byte(out, ',');
        *first = false;
        buf_add(out, column->json);
        buf_lit(out, "null");
    }
}

static void write_members(struct buf *out, const struct nested *nested, struct slice tuple, bool *first)
{
    struct slice rest = tuple;
    for (unsigned i = 0; i < nested->count; i++) {
        struct slice cell;
        if (!nested_take(&rest, &cell))
            cell = (struct slice){NULL, 0};
        encode_member(out, DIALECT_SQLITE, nested->columns[i], cell, first);
    }
}

static void write_object(struct buf *out, const struct nested *nested, struct slice tuple)
{
    bool first = true;
    if (!tuple.data) {
        buf_lit(out, "null");
        return;
    }
    buf_byte(out, '{');
    write_members(out, nested, tuple, &first);
    buf_byte(out, '}');
}

void encode_nested(struct buf *out, const struct nested *nested, struct slice cell)
{
    PRE(nested && !nested->spread);
    if (!nested->list) {
        write_object(out, nested, cell);
        return;
    }
    struct slice rest = cell, tuple;
    buf_byte(out, '[');
    for (unsigned i = 0; rest.len && nested_take(&rest, &tuple); i++) {
        if (i)
            buf_byte(out, ',');
        write_object(out, nested, tuple);
    }
    buf_byte(out, ']');
}

void encode_member(struct buf *out, enum dialect dialect, const struct column *column, struct slice cell,
                   bool *first)
{
    const struct nested *nested = column->type.nested;
    bool absent = !cell.data && !(nested && nested->list);
    if (nested && nested->spread && absent) {
        write_absent(out, nested, first);
        return;
    }
    if (nested && nested->spread) {
        write_members(out, nested, cell, first);
        return;
    }
    if (!*first)
        buf_byte(out, ',');
    *first = false;
    buf_add(out, column->json);
    encode_value(out, dialect, &column->type, cell);
}
