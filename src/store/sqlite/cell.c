/* SPDX-License-Identifier: Apache-2.0 */
/* Values as the text of cells: cell.h says why here. */
#include "store/sqlite/cell.h"

#include <math.h>

#include "base/check.h"
#include "store/sqlite/number.h"

void lite_cell_integer(struct buf *to, int64_t value)
{
    char *text = buf_room(to, LITE_NUMBER_MAX);
    to->len += text ? lite_write_integer(text, value) : 0;
}

void lite_cell_real(struct buf *to, double value, bool json)
{
    char text[LITE_NUMBER_MAX + 2] = "\"";
    size_t len = lite_write_real(text + 1, value);
    if (!json || isfinite(value)) {
        buf_append(to, text + 1, len);
        return;
    }
    text[1 + len] = '"';
    buf_append(to, text, len + 2);
}

void lite_cell_json_blob(struct buf *to, struct slice blob)
{
    static const char digits[] = "0123456789abcdef";
    buf_lit(to, "\"\\\\x");
    char *text = buf_room(to, 2 * blob.len + 1);
    if (!text)
        return;
    for (size_t i = 0; i < blob.len; i++) {
        *text++ = digits[(unsigned char)blob.data[i] >> 4];
        *text++ = digits[(unsigned char)blob.data[i] & 15];
    }
    *text = '"';
    to->len += 2 * blob.len + 1;
}

static struct slice value_bytes(sqlite3_value *value)
{
    bool blob = sqlite3_value_type(value) == SQLITE_BLOB;
    const char *bytes = blob ? sqlite3_value_blob(value) : (const char *)sqlite3_value_text(value);
    return slice_of(bytes, bytes ? (size_t)sqlite3_value_bytes(value) : 0); /* after it: it may convert */
}

void lite_cell_value(struct buf *to, sqlite3_value *value, bool json)
{
    int type = sqlite3_value_type(value);
    PRE(type != SQLITE_NULL);
    if (type == SQLITE_INTEGER)
        lite_cell_integer(to, sqlite3_value_int64(value));
    else if (type == SQLITE_FLOAT)
        lite_cell_real(to, sqlite3_value_double(value), json);
    else if (!json)
        buf_add(to, value_bytes(value));
    else if (type == SQLITE_TEXT)
        buf_json_mended(to, value_bytes(value));
    else
        lite_cell_json_blob(to, value_bytes(value));
}
